"""Who has signed in: a random key in a cookie stands for a token, so that no page and no cookie has it."""

from __future__ import annotations

import secrets
import threading
from typing import Mapping

MAX_SESSIONS = 1000


class Sessions:
    """The keys of all people who have signed in; they end with the server, the oldest beyond the limit."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()

    def open(self, token: str) -> str:
        """Return a new key for a token."""
        key = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[key] = token
            while len(self._tokens) > MAX_SESSIONS:
                del self._tokens[next(iter(self._tokens))]
        return key

    def token(self, key: str) -> str:
        """Return the token of a key; empty for one that is not known."""
        return self._tokens.get(key, "")

    def close(self, key: str) -> None:
        """Forget a key."""
        with self._lock:
            self._tokens.pop(key, None)


def cookie_name(site: str, headers: Mapping[str, str]) -> str:
    """Return the name of a site's cookie: browsers do not tell the ports of one host apart."""
    port = headers.get("host", "").rpartition(":")[2]
    return f"{site}_{port}" if port.isascii() and port.isdigit() else site


def key_of(site: str, headers: Mapping[str, str]) -> str:
    """Return the key in the cookie of a request, or an empty text."""
    name = cookie_name(site, headers)
    pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    return next((value for found, _, value in pairs if found == name), "")


def cookie(site: str, headers: Mapping[str, str], key: str, *, is_https: bool) -> str:
    """Return ``Set-Cookie`` for a key; an empty key removes the cookie."""
    parts = [f"{cookie_name(site, headers)}={key}", "Path=/", "HttpOnly", "SameSite=Strict"]
    parts += ["Secure"] if is_https else []
    parts += [] if key else ["Max-Age=0"]
    return "; ".join(parts)
