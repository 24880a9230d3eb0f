"""The end of a program's output, without the secrets in it; no I/O."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from fake_databricks.engine.ports import LOG_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "[REDACTED]"


class Redactor:
    """Replaces secret values, the longest first; empty ones are no secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted(
            {secret for secret in secrets if secret}, key=lambda secret: (-len(secret), secret)
        )

    def clean(self, text: str) -> str:
        """The text with a mask in the place of each secret."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    def clean_or_none(self, text: str | None) -> str | None:
        """The same, where there may be no text."""
        return None if text is None else self.clean(text)

    def beheaded(self, text: str) -> int:
        """How many of the first characters are the end of a secret whose begin was dropped."""
        for length in range(
            min(len(text), max((len(secret) for secret in self._secrets), default=1) - 1), 0, -1
        ):
            begin = text[:length]
            if any(secret.endswith(begin) for secret in self._secrets):
                return length
        return 0

    def unfinished(self, text: str) -> int:
        """How many of the last characters may be the begin of a secret whose rest has not come yet."""
        for length in range(
            min(len(text), max((len(secret) for secret in self._secrets), default=1) - 1), 0, -1
        ):
            end = text[-length:]
            if any(secret.startswith(end) for secret in self._secrets):
                return length
        return 0


class LogTail:
    """Keeps the last ``limit`` bytes that were fed, and a little more.

    A secret is masked wherever the chunks were cut, because masking is done on what was put together again.
    """

    def __init__(self, redactor: Redactor, limit: int = LOG_LIMIT) -> None:
        self._redactor = redactor
        self._limit = limit
        self._chunks: deque[bytes] = deque()
        self._kept = 0
        self._fed = 0

    def feed(self, chunk: bytes) -> None:
        """Take more output."""
        self._chunks.append(chunk)
        self._kept += len(chunk)
        self._fed += len(chunk)
        while self._kept - len(self._chunks[0]) >= self._limit:
            self._kept -= len(self._chunks.popleft())

    @property
    def truncated(self) -> bool:
        """Whether the begin is not there any more."""
        return self._fed > self._limit

    def text(self, *, final: bool) -> str:
        """The end of the output; while more may come, without what may turn out to be a secret."""
        joined = b"".join(self._chunks)
        text = joined.decode("utf-8", errors="replace")
        if self._kept < self._fed:
            text = text[self._redactor.beheaded(text) :]
        text = self._redactor.clean(text)
        if not final:
            text = text[: len(text) - self._redactor.unfinished(text)]
        data = text.encode("utf-8")
        if len(data) <= self._limit:
            return text
        return data[-self._limit :].decode("utf-8", errors="ignore")
