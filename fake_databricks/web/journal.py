"""The requests of a workspace and their answers, the newest last, without credentials and secret values."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Mapping

from fake_databricks.redaction import MASK

MAX_ENTRIES = 5_000
SECRET_FIELDS = ("string_value", "bytes_value", "value", "token_value")
MAX_BODY = 10_000
MAX_BYTES = 20_000_000
"""How many bytes of bodies, paths and headers a journal holds.

Then the oldest entries are dropped, as beyond MAX_ENTRIES.
"""


@dataclass(frozen=True)
class Entry:
    """One exchange: a request and its answer.

    Attributes:
        number: 1, 2, ... in the order of the requests.
        time: when the request came, in ms.
        method: HTTP method.
        path: path and query.
        headers: the headers by lower-case name; the credential is hidden.
        request: the body (bytes), or a note in its place (text).
        status: status of the answer; 0 if the connection was cut.
        response: the body of the answer, in the same form; None if there was none.
        fault: the name of the fault that made the answer, or empty.
        is_known: whether the call exists here.
        notes: probable mistakes that the answer does not name, such as a field that is not known.
    """

    number: int
    time: int
    method: str
    path: str
    headers: Mapping[str, str]
    request: Any
    status: int
    response: Any
    fault: str = ""
    is_known: bool = True
    notes: tuple[str, ...] = ()


class Journal:
    """The exchanges of one workspace."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._lock = threading.Lock()
        self._count = 0
        self._bytes = 0

    def add(self, **fields: Any) -> None:
        """Add an exchange."""
        with self._lock:
            self._count += 1
            entry = Entry(number=self._count, **fields)
            self._entries.append(entry)
            self._bytes += _size(entry)
            while len(self._entries) > MAX_ENTRIES or self._bytes > MAX_BYTES:
                self._bytes -= _size(self._entries.popleft())

    def entries(self, method: str = "", path: str = "") -> list[Entry]:
        """Return the exchanges of a method and of paths that contain a text; empty is any."""
        with self._lock:
            entries = list(self._entries)
        return [entry for entry in entries if method in ("", entry.method) and path in entry.path]

    def clear(self) -> None:
        """Delete all exchanges."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def count(self) -> int:
        """Return how many exchanges it holds."""
        with self._lock:
            return len(self._entries)


def _size(entry: Entry) -> int:
    headers = sum(len(name) + len(value) for name, value in entry.headers.items())
    return len(entry.request or b"") + len(entry.response or b"") + len(entry.path) + headers


def hide_secrets(body: Any, *, is_secret_call: bool) -> Any:
    """Return a body with the values of secrets replaced."""
    if not is_secret_call or not isinstance(body, dict):
        return body
    return {name: MASK if name in SECRET_FIELDS else value for name, value in body.items()}
