"""The guide's log lines, on stderr and for ``_executor_metadata.logs``.

A line is ``08:45:25 - nuvyn_executor.job_manager - INFO - ℹ️ 🚀 Starting job execution: job_abc123``:
time (UTC, as all that the executor writes), logger, level, the level's sign, message.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Callable, Deque, List, Optional, Protocol

if TYPE_CHECKING:
    Redact = Callable[[str], str]

ROOT = "nuvyn_executor"
# What ends a line, controls a terminal, or turns the direction of a text: the name of a file may hold it.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
SIGNS = {"DEBUG": "🔧", "INFO": "ℹ️", "WARNING": "⚠️", "ERROR": "❌", "CRITICAL": "❌"}
MAX_LINES = 10_000


class LogStream(Protocol):
    """Takes the lines of the log."""

    def write(self, text: str, /) -> int:
        """Write a text."""
        ...

    def flush(self) -> None:
        """Show what was written."""


@dataclass(frozen=True)
class LogLine:
    """One line as the ``logs`` table holds it; ``logged_at`` is UTC."""

    level: str
    logger: str
    message: str
    logged_at: datetime


class GuideFormatter(logging.Formatter):
    """Formats a record as the guide shows it; secrets are masked in the whole line, tracebacks included."""

    converter = staticmethod(time.gmtime)

    def __init__(self, redact: Redact) -> None:
        super().__init__("%(asctime)s - %(name)s - %(levelname)s - %(sign)s %(message)s", "%H:%M:%S")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Format one record."""
        record.sign = SIGNS.get(record.levelname, "")
        return self._redact(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        """Format the line, which a traceback may follow."""
        record.message = one_line(record.message)
        return super().formatMessage(record)


class LogBuffer(logging.Handler):
    """Holds the lines of a run until they are written to ``logs``.

    Of more than 10,000 unwritten lines the oldest are dropped, and counted in :attr:`dropped`.
    """

    def __init__(self, redact: Redact) -> None:
        super().__init__()
        self._redact = redact
        self._lines: Deque[LogLine] = deque(maxlen=MAX_LINES)
        self.dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Add one record."""
        message = one_line(record.getMessage())
        if record.exc_info:
            message = f"{message}\n{logging.Formatter().formatException(record.exc_info)}"
        if len(self._lines) == MAX_LINES:
            self.dropped += 1
        logged_at = datetime.fromtimestamp(record.created, tz=timezone.utc)
        self._lines.append(LogLine(record.levelname, record.name, self._redact(message), logged_at))

    def take(self) -> List[LogLine]:
        """Return the lines and remove them from the buffer."""
        self.acquire()
        try:
            lines = list(self._lines)
            self._lines.clear()
            return lines
        finally:
            self.release()

    def give_back(self, lines: List[LogLine]) -> None:
        """Add lines again that were taken and could not be stored."""
        self.acquire()
        try:
            together = [*lines, *self._lines]
            self.dropped += max(0, len(together) - MAX_LINES)
            self._lines = deque(together, maxlen=MAX_LINES)
        finally:
            self.release()


def one_line(message: str) -> str:
    r"""Return a message with its control characters as Python writes them: ``\n``."""
    return _CONTROLS.sub(lambda one: one.group().encode("unicode_escape").decode(), message)


def configure_logging(level: str, redact: Redact, stream: Optional[LogStream] = None) -> LogBuffer:
    """Log to a stream (stderr by default) in the guide's format, and to the buffer that is returned.

    A second call replaces the handlers of the first, so two runs in one process do not log twice.
    """
    logger = logging.getLogger(ROOT)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    printer = logging.StreamHandler(stream or sys.stderr)
    printer.setFormatter(GuideFormatter(redact))
    log_buffer = LogBuffer(redact)
    logger.addHandler(printer)
    logger.addHandler(log_buffer)
    logger.setLevel(level)
    logger.propagate = False
    return log_buffer
