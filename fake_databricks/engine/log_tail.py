"""The end of a program's output, without the secrets in it; no I/O."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from fake_databricks.engine.ports import LOG_LIMIT

if TYPE_CHECKING:
    from fake_databricks.redaction import Redactor


class LogTail:
    """Holds the last ``limit`` bytes of an output, and a little more.

    Secrets are masked in the joined text, so a secret that came in two chunks is masked too.
    """

    def __init__(self, redactor: Redactor, limit: int = LOG_LIMIT) -> None:
        self._redactor = redactor
        self._limit = limit
        self._chunks: deque[bytes] = deque()
        self._held_bytes = 0
        self._fed_bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Add output, and drop the oldest chunks that the limit does not need."""
        if not chunk:
            return
        self._chunks.append(chunk)
        self._held_bytes += len(chunk)
        self._fed_bytes += len(chunk)
        while self._held_bytes - len(self._chunks[0]) >= self._limit:
            self._held_bytes -= len(self._chunks.popleft())

    @property
    def truncated(self) -> bool:
        """Whether the output was longer than the limit."""
        return self._fed_bytes > self._limit

    def shown(self) -> str:
        """Return the text, after a line that says how much was left out, as a notebook shows it."""
        if not self.truncated:
            return self.text()
        return f"*** WARNING: skipped {self._fed_bytes - self._limit} bytes of output ***\n{self.text()}"

    def text(self) -> str:
        """Return the end of the output, at most ``limit`` bytes in UTF-8."""
        return self._clean(self._read("replace"))

    def text_so_far(self) -> str:
        """Return the text of a program that goes on: half a character and half a secret at its end wait."""
        return self._clean(self._redactor.settled(self._read("ignore")))

    def _read(self, errors: str) -> str:
        text = b"".join(self._chunks).decode("utf-8", errors)
        if self._held_bytes < self._fed_bytes:
            text = text[self._redactor.cut_secret_length(text) :]
        return text

    def _clean(self, text: str) -> str:
        data = self._redactor.clean(text).encode("utf-8")
        return data[-self._limit :].decode("utf-8", errors="ignore")
