"""Shows how far a job's scans are, on the last line of a terminal; the log goes by above it."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Callable, Optional

if TYPE_CHECKING:
    from typing import TextIO

_ERASE = "\r\x1b[K"  # go to the beginning of the line, and erase it
_UNITS = ("B", "kB", "MB", "GB", "TB")


def progress_line(stream: TextIO) -> Optional[ProgressLine]:
    """Return a line for a stream, if a person looks at it: a terminal that can erase a line."""
    if not stream.isatty() or os.environ.get("TERM", "") in ("", "dumb"):
        return None
    return ProgressLine(stream)


class ProgressLine:
    """A line that is drawn anew when a dataset has been scanned, and is gone when all have been.

    Several threads may call it. The log is written through it, so that neither breaks the other.

    Args:
        stream: the terminal.
        monotonic: seconds, rising.
    """

    def __init__(self, stream: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._begun: Optional[float] = None
        self._datasets = self._datasets_done = 0
        self._bytes = self._bytes_done = 0
        self._rows = 0
        self._is_drawn = False

    def begin(self, datasets: int, size_bytes: int) -> None:
        """Add a source's datasets, and the bytes of their files, to what is to be scanned."""
        with self._lock:
            if self._begun is None:
                self._begun = self._monotonic()
            self._datasets += datasets
            self._bytes += size_bytes
            self._draw()

    def done(self, rows: int, size_bytes: int) -> None:
        """Add a dataset to what has been scanned."""
        with self._lock:
            self._datasets_done += 1
            self._bytes_done += size_bytes
            self._rows += rows
            self._draw()

    def write(self, text: str) -> int:
        """Write a text of the log above the line."""
        with self._lock:
            self._erase()
            written = self._stream.write(text)
            if text.endswith("\n"):
                self._draw()
            return written

    def flush(self) -> None:
        """Show what was written."""
        self._stream.flush()

    def close(self) -> None:
        """Erase the line; it is not drawn again before another source begins."""
        with self._lock:
            self._datasets_done = self._datasets
            self._draw()

    def _draw(self) -> None:
        self._erase()
        if self._datasets_done < self._datasets:
            self._stream.write(self._text()[: self._width() - 1])
            self._is_drawn = True
        self._stream.flush()

    def _erase(self) -> None:
        if self._is_drawn:
            self._stream.write(_ERASE)
            self._is_drawn = False

    def _text(self) -> str:
        # What says most comes first: a narrow terminal shows the beginning.
        parts = [f"{self._datasets_done:,} of {self._datasets:,} datasets"]
        seconds = 0.0 if self._begun is None else self._monotonic() - self._begun
        is_under_way = bool(self._datasets_done) and seconds > 0
        if is_under_way:
            parts.append(f"{_duration(seconds * (1 / self._share() - 1))} left")
        if self._bytes:
            parts.append(f"{_size(self._bytes_done)} of {_size(self._bytes)}")
        if is_under_way:
            parts.append(f"{self._rows:,} rows, {self._rows / seconds:,.0f}/s")
        return " · ".join(parts)

    def _share(self) -> float:
        """Return which part has been scanned, above 0: by bytes, or by datasets where no bytes are known."""
        if self._bytes_done:
            return min(1.0, self._bytes_done / self._bytes)
        return self._datasets_done / self._datasets

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except (OSError, ValueError):  # no terminal, or none that says
            return 80


def _size(size_bytes: int) -> str:
    power = min(len(str(size_bytes)) - 1, 3 * len(_UNITS) - 1) // 3
    return f"{size_bytes / 1000**power:,.{min(power, 1)}f} {_UNITS[power]}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
