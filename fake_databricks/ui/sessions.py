"""Who has signed in: a random key in a cookie stands for credentials, so that no page has one."""

from __future__ import annotations

import secrets
import threading
from typing import Mapping

MAX_SESSIONS = 1000
MAX_CREDENTIALS = 20
"""How many credentials one browser has at a time; of more the oldest is forgotten."""


class Sessions:
    """The keys of all people who have signed in; they end with the server, the oldest beyond the limit."""

    def __init__(self) -> None:
        self._credentials: dict[str, tuple[str, ...]] = {}  # the current one is the last
        self._lock = threading.Lock()

    def open(self, credential: str, before: str = "") -> str:
        """Return a new key for a credential.

        Args:
            credential: becomes the current one.
            before: a key whose credentials the new one takes over; it counts no more.
        """
        key = secrets.token_urlsafe(32)
        with self._lock:
            others = (item for item in self._credentials.pop(before, ()) if item != credential)
            self._credentials[key] = (*others, credential)[-MAX_CREDENTIALS:]
            while len(self._credentials) > MAX_SESSIONS:
                del self._credentials[next(iter(self._credentials))]
        return key

    def credentials(self, key: str) -> tuple[str, ...]:
        """Return all credentials of a key, the current one last; none for a key that is not known."""
        return self._credentials.get(key, ())

    def current(self, key: str) -> str:
        """Return the current credential of a key; empty for one that is not known."""
        return self._credentials.get(key, ("",))[-1]

    def choose(self, key: str, credential: str) -> None:
        """Make one of the credentials of a key the current one."""
        with self._lock:
            held = self._credentials.get(key, ())
            if credential in held:
                self._credentials[key] = (*(item for item in held if item != credential), credential)

    def forget(self, key: str, credential: str) -> None:
        """Forget one credential of a key, and the key after its last one."""
        with self._lock:
            rest = tuple(item for item in self._credentials.get(key, ()) if item != credential)
            if rest:
                self._credentials[key] = rest
            else:
                self._credentials.pop(key, None)

    def close(self, key: str) -> None:
        """Forget a key."""
        with self._lock:
            self._credentials.pop(key, None)


class Session:
    """What one browser has signed in with.

    Args:
        sessions: those of all browsers.
        key: of this one.
    """

    def __init__(self, sessions: Sessions, key: str) -> None:
        self._sessions, self._key = sessions, key

    @property
    def credentials(self) -> tuple[str, ...]:
        """All of them, the current one last."""
        return self._sessions.credentials(self._key)

    def choose(self, credential: str) -> None:
        """Make one of them the current one."""
        self._sessions.choose(self._key, credential)

    def forget(self, credential: str) -> None:
        """Sign out of one."""
        self._sessions.forget(self._key, credential)


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
