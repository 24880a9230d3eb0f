"""Faults as data: which requests fail, how, and how often. They are set over HTTP, from any language."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Mapping

from fake_databricks.errors import InvalidParameter
from fake_databricks.request.values import read_boolean, read_integer, read_object, read_text

_PATTERN = re.compile(r"(?:(?P<method>[A-Z]+|\*) )?(?P<path>/\S*)")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"(?:[!-~\xa0-\xff](?:[\t -~\xa0-\xff]*[!-~\xa0-\xff])?)?")  # no blanks around it
_OF_THE_SERVER = ("content-length", "transfer-encoding")
_QUERY = re.compile(r"\?.*=")
MAX_DELAY_MS = 3_600_000
FIELDS = (
    "name",
    "pattern",
    "status_code",
    "body",
    "headers",
    "offset",
    "times",
    "after_handler",
    "delay_ms",
    "reset_connection",
)


@dataclass(frozen=True)
class Fault:
    """One rule: the requests that it matches, and how they fail.

    Attributes:
        name: identifies it, also in the journal.
        method: HTTP method or ``*``.
        path: shell pattern of the path, without query.
        status: status of the answer; 0 keeps the real answer, for a delay alone.
        body: body of the answer.
        headers: headers of the answer, such as Retry-After.
        offset: how many matching requests get the real answer first.
        times: how many matching requests fail after that; 0 is all.
        is_after: whether the call takes effect and only its answer is lost.
        delay_ms: by how much the answer is delayed.
        is_reset: whether the connection is cut, without an answer.
    """

    name: str
    method: str
    path: str
    status: int = 0
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    offset: int = 0
    times: int = 1
    is_after: bool = False
    delay_ms: int = 0
    is_reset: bool = False


def parse_fault(document: Mapping[str, Any], number: int) -> Fault:
    """Return the fault of a JSON document.

    Raises:
        InvalidParameter: a field is missing, wrong or unknown.
    """
    unknown = sorted(set(document) - set(FIELDS))
    if unknown:
        raise InvalidParameter(f"Unknown field of a fault: {', '.join(unknown)}.")
    match = _PATTERN.fullmatch(read_text("pattern", document.get("pattern")))
    if match is None:
        raise InvalidParameter("pattern must be 'METHOD /path', with * for anything.")
    if _QUERY.search(match.group("path")):
        raise InvalidParameter("pattern is compared with the path alone: leave out the query after '?'.")
    headers = read_object("headers", document.get("headers", {}))
    fault = Fault(
        name=read_text("name", document.get("name") or f"fault-{number}"),
        method=match.group("method") or "*",
        path=match.group("path"),
        status=read_integer("status_code", document.get("status_code", 0)),
        body=read_object("body", document.get("body", {})),
        headers={key: _header(key, value) for key, value in headers.items()},
        offset=read_integer("offset", document.get("offset", 0)),
        times=read_integer("times", document.get("times", 1)),
        is_after=read_boolean("after_handler", document.get("after_handler", False)),
        delay_ms=read_integer("delay_ms", document.get("delay_ms", 0)),
        is_reset=read_boolean("reset_connection", document.get("reset_connection", False)),
    )
    if fault.status and not 200 <= fault.status <= 599:  # noqa: PLR2004  what ends an exchange
        raise InvalidParameter(f"status_code must be between 200 and 599, got {fault.status}.")
    if not 0 <= fault.delay_ms <= MAX_DELAY_MS:
        raise InvalidParameter(f"delay_ms must be between 0 and {MAX_DELAY_MS}.")
    if fault.offset < 0 or fault.times < 0:
        raise InvalidParameter("offset and times must not be negative.")
    if not (fault.status or fault.delay_ms or fault.is_reset):
        raise InvalidParameter("A fault needs status_code, delay_ms or reset_connection.")
    return fault


def _header(name: str, value: Any) -> str:
    text = read_text(name, value)
    if name.lower() in _OF_THE_SERVER:
        raise InvalidParameter(f"Header {name!r} of a fault: the server writes it by itself; leave it out.")
    if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(text):
        raise InvalidParameter(
            f"Header {name[:60]!r} of a fault: letters, digits and '-', and a value of one line without "
            "blanks around it."
        )
    return text


class FaultTable:
    """The faults of one workspace, in the order of their creation; the first that applies is used."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._seen: dict[str, int] = {}
        self._number = 0
        self._lock = threading.Lock()

    def add(self, document: Mapping[str, Any]) -> Fault:
        """Add a fault; one of the same name is replaced, and its count begins again."""
        with self._lock:
            self._number += 1
            fault = parse_fault(document, self._number)
            self._faults = [*(other for other in self._faults if other.name != fault.name), fault]
            self._seen[fault.name] = 0
            return fault

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault of this request, or None, and count the request."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if fault.method not in ("*", method) or not fnmatchcase(path, fault.path):
                    continue
                self._seen[fault.name] += 1
                turn = self._seen[fault.name] - fault.offset
                if turn > 0 and (fault.times == 0 or turn <= fault.times):
                    return fault
        return None

    def counts(self) -> list[tuple[Fault, int]]:
        """Return each fault with the number of requests that matched it."""
        with self._lock:
            return [(fault, self._seen[fault.name]) for fault in self._faults]

    def clear(self, name: str = "") -> None:
        """Remove one fault, or all."""
        with self._lock:
            self._faults = [fault for fault in self._faults if name and fault.name != name]
