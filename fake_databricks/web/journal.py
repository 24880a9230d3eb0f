"""What was asked and answered, the newest last; credentials and secret values are not in it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Mapping

from fake_databricks.redaction import MASK

MAX_ENTRIES = 5_000
SECRET_FIELDS = ("string_value", "bytes_value", "value")
MAX_BODY = 10_000


@dataclass(frozen=True)
class Entry:
    """One exchange.

    Attributes:
        number: 1, 2, ... in the workspace.
        time: when it was asked, in ms.
        method: HTTP method.
        path: with the query.
        headers: by lower-case name; the credential is hidden.
        request: the body as it came (bytes), or a note in its place (text).
        status: of the answer; 0 where the connection was cut.
        response: its body, likewise; None where there was none.
        fault: the name of the fault that made it, or empty.
        is_known: whether there is such a call here.
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


class Journal:
    """The exchanges of one workspace."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self._lock = threading.Lock()
        self._count = 0

    def note(self, **fields: Any) -> None:
        """Write an exchange down."""
        with self._lock:
            self._count += 1
            self._entries.append(Entry(number=self._count, **fields))

    def entries(self, method: str = "", path: str = "") -> list[Entry]:
        """Return the exchanges of a method and of paths that contain a text; empty is any."""
        with self._lock:
            kept = list(self._entries)
        return [entry for entry in kept if method in ("", entry.method) and path in entry.path]

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._entries.clear()


def hidden(body: Any, *, is_secret_call: bool) -> Any:
    """Return a body without the values of secrets."""
    if not is_secret_call or not isinstance(body, dict):
        return body
    return {name: MASK if name in SECRET_FIELDS else value for name, value in body.items()}
