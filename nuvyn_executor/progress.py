"""Shows how far a job's scans are, on the last line of a terminal; the log goes by above it."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Callable, Iterator, List, Optional, Tuple

if TYPE_CHECKING:
    from typing import TextIO

    Tasks = Callable[[], Optional[Tuple[int, int]]]

_EVERY = 1.0  # seconds: a person sees that the command is alive, however long one dataset takes
_LEAST_SHARE = (
    0.05  # of less no time is foretold: the smallest datasets are done first, and are mostly overhead
)
_ERASE = "\r\x1b[K"  # go to the beginning of the line, and erase it
_UNITS = ("B", "kB", "MB", "GB", "TB")


def progress_line(stream: TextIO) -> Optional[ProgressLine]:
    """Return a line for a stream, if a person looks at it: a terminal that can erase a line."""
    if not stream.isatty() or not obeys(os.environ.get("TERM", "")):
        return None
    return ProgressLine(stream, every=_EVERY)


def obeys(terminal: str) -> bool:
    """Whether a terminal of this name (``TERM``) does more than to print what it gets."""
    return terminal not in ("", "dumb")


def columns_of(stream: TextIO) -> int:
    """Return how many columns a terminal has: as ``COLUMNS`` says, else as it says, else 80."""
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named):
        return int(named)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):  # no terminal, or none that says
        return 80


class ProgressLine:
    """A line that is drawn anew when a dataset has been scanned, and is gone when all have been.

    Several threads may call it. The log is written through it, so that neither breaks the other. A command
    in the background of its shell draws none, and a terminal that is gone is no error.

    Args:
        stream: the terminal.
        monotonic: seconds, rising.
        every: seconds after which it is drawn anew in any case; ``None`` is never.
    """

    def __init__(
        self,
        stream: TextIO,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        every: Optional[float] = None,
    ) -> None:
        self._stream = stream
        self._monotonic = monotonic
        self._every = every
        self._lock = threading.Lock()
        self._begun: Optional[float] = None
        self._done_at = 0.0
        self._datasets = self._datasets_done = 0
        self._bytes = self._bytes_done = 0
        self._rows = 0
        self._is_drawn = False
        self._waiting: Optional[Tuple[str, float]] = None
        self._ticker: Optional[threading.Thread] = None
        self._is_over = threading.Event()
        self._ask_tasks: Tasks = lambda: None
        self._tasks: Optional[Tuple[int, int]] = None

    def watch(self, tasks: Tasks) -> None:
        """Show how many tasks Spark has done of those that it is at.

        Args:
            tasks: returns both numbers, or ``None`` where that is not known.
        """
        self._ask_tasks = tasks

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Show what the command waits for, and for how long, as long as no scan is under way."""
        with self._lock:
            self._waiting = what, self._monotonic()
            self._draw()
            self._start_ticking()
        try:
            yield
        finally:
            with self._lock:
                self._waiting = None
                self._draw()

    def begin(self, datasets: int, size_bytes: int) -> None:
        """Add a source's datasets, and the bytes of their files, to what is to be scanned."""
        with self._lock:
            if self._begun is None:
                self._begun = self._done_at = self._monotonic()
            self._datasets += datasets
            self._bytes += size_bytes
            self._draw()
            self._start_ticking()

    def done(self, rows: int, size_bytes: int) -> None:
        """Add a dataset to what has been scanned."""
        with self._lock:
            self._datasets_done += 1
            self._bytes_done += size_bytes
            self._rows += rows
            self._done_at = self._monotonic()
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
        """Erase the line; it is not drawn again."""
        with self._lock:
            self._is_over.set()
            self._draw()

    def _start_ticking(self) -> None:
        if self._ticker is None and self._every is not None:
            self._ticker = threading.Thread(target=self._tick, args=(self._every,), daemon=True)
            self._ticker.start()

    def _tick(self, every: float) -> None:
        while not self._is_over.wait(every):
            tasks = self._ask_tasks()  # Java may take its time
            with self._lock:
                self._tasks = tasks
                self._draw()

    def _draw(self) -> None:
        self._erase()
        has_text = self._waiting is not None or self._datasets_done < self._datasets
        if has_text and not self._is_over.is_set() and self._is_watched():
            self._show(self._text(columns_of(self._stream) - 1))
            self._is_drawn = True
        self._show("")

    def _erase(self) -> None:
        if self._is_drawn and self._is_watched():  # else the shell has gone on on this line
            self._show(_ERASE)
        self._is_drawn = False

    def _show(self, text: str) -> None:
        with suppress(OSError, ValueError):  # the terminal is gone, and the job goes on
            self._stream.write(text)
            self._stream.flush()

    def _is_watched(self) -> bool:
        """Whether this command is in the foreground of its terminal."""
        try:
            return os.tcgetpgrp(self._stream.fileno()) == os.getpgrp()
        except (OSError, ValueError, AttributeError):  # not the terminal that it was started at, or Windows
            return True

    def _text(self, width: int) -> str:
        """Return as many parts as there is room for; what says most comes first."""
        first, *others = self._parts()
        text = first[:width]
        for part in others:
            if len(f"{text} · {part}") > width:
                break
            text = f"{text} · {part}"
        return text

    def _parts(self) -> List[str]:
        if self._waiting is not None and self._datasets_done == self._datasets:
            what, since = self._waiting
            waited = self._monotonic() - since
            return [what, f"{_duration(waited)} so far"] if waited >= 1 else [what]
        begun = self._done_at if self._begun is None else self._begun
        now = self._monotonic()
        seconds = self._done_at - begun  # until the last dataset was done: what is known is known of these
        is_under_way = bool(self._datasets_done) and seconds > 0
        share = self._share() if is_under_way else 0.0
        left = seconds / share - (now - begun) if share >= _LEAST_SHARE else 0.0
        parts = [f"{self._datasets_done:,} of {self._datasets:,} datasets"]
        if round(left) > 0:
            parts.append(f"{_duration(left)} left")
        elif now - begun >= 1:
            parts.append(f"{_duration(now - begun)} so far")
        if self._bytes:
            parts.append(f"{_size(self._bytes_done)} of {_size(self._bytes)}")
        if is_under_way:
            parts.append(f"{self._rows:,} rows, {self._rows / seconds:,.0f}/s")
        if self._tasks is not None:
            parts.append("{:,} of {:,} tasks".format(*self._tasks))
        return parts

    def _share(self) -> float:
        """Return which part has been scanned, above 0: by bytes, or by datasets where no bytes are known."""
        if self._bytes_done:
            return min(1.0, self._bytes_done / self._bytes)
        return self._datasets_done / self._datasets


def _size(size_bytes: int) -> str:
    power = min(len(str(size_bytes)) - 1, 3 * len(_UNITS) - 1) // 3
    return f"{size_bytes / 1000**power:,.{min(power, 1)}f} {_UNITS[power]}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
