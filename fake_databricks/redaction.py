"""Masks the secret values of a workspace in texts and JSON values; no I/O."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "[REDACTED]"
MIN_LENGTH = 4
"""Shorter values are not masked: a mask for each ``1`` in a text would hide everything but the secret."""
T = TypeVar("T")
# scheme://user:password@host (and not host:port/path@...), the signature of a SAS, passwords among parameters
_IN_URLS = re.compile(
    r"(://[^\s/:@\"']*:)(?!\d{1,5}(?:[/?#,\s\"']|$))[^\s/@\"']+(?=@)|([?&;](?:sig|password|pwd)=)[^&;,\s\"'\\]+",
    re.IGNORECASE,
)


def forms(secret: str) -> tuple[str, ...]:
    """Return a secret as it is, and as the usual functions write it in HTML."""
    full = escape(secret)
    return (
        secret,
        escape(secret, quote=False),
        full,
        full.replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    )


class Redactor:
    """Replaces secret values, also as HTML writes them, the longest first.

    A blank value and a short one are no secrets.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted(
            {
                form
                for secret in secrets
                if secret.strip() and len(secret) >= MIN_LENGTH
                for form in forms(secret)
            },
            key=lambda secret: (-len(secret), secret),
        )

    def clean(self, content: T) -> T:
        """Return a text or a JSON value with a mask in the place of each secret; object keys stay."""
        return cast("T", self._clean(content)) if self._secrets else content

    def _clean(self, content: Any) -> Any:
        if isinstance(content, str):
            for secret in self._secrets:
                content = content.replace(secret, MASK)
            return content
        if isinstance(content, list):
            return [self._clean(item) for item in content]
        if isinstance(content, dict):
            return {key: self._clean(item) for key, item in content.items()}
        return content

    def cut_secret_length(self, text: str) -> int:
        """Return how many of the first characters are the end of a secret whose beginning was dropped."""
        longest = max((len(secret) for secret in self._secrets), default=1)
        for length in range(min(len(text), longest - 1), 0, -1):
            if any(secret.endswith(text[:length]) for secret in self._secrets):
                return length
        return 0

    def settled(self, text: str) -> str:
        """Return a text that goes on without what may be the beginning of a secret at its end."""
        longest = max((len(secret) for secret in self._secrets), default=1)
        first = max(0, len(text) - longest + 1)
        ends = (end for end in range(first, len(text)) if self._begins_one(text[end:]))
        return text[: self._before_secrets(text, next(ends, len(text)))]

    def _begins_one(self, part: str) -> bool:
        return any(secret.startswith(part) for secret in self._secrets)

    def _before_secrets(self, text: str, end: int) -> int:
        """Return an end, at or before this one, that is in the middle of no secret."""
        for secret in self._secrets:
            start = text.find(secret, max(0, end - len(secret) + 1), end + len(secret) - 1)
            if -1 < start < end < start + len(secret):
                return self._before_secrets(text, start)
        return end


def mask_urls(content: T) -> T:
    """Return a text or a JSON value with a mask in the place of passwords and signatures of URLs."""
    return cast("T", _mask_urls(content))


def _mask_urls(content: Any) -> Any:
    if isinstance(content, str):
        return _IN_URLS.sub(lambda found: f"{found[1] or found[2]}{MASK}", content)
    if isinstance(content, list):
        return [_mask_urls(item) for item in content]
    if isinstance(content, dict):
        return {key: _mask_urls(item) for key, item in content.items()}
    return content
