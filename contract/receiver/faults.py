"""Faults on demand: which of the next POSTs of metadata fail, and how. Without HTTP."""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, List, Mapping, Optional, Tuple

from contract.receiver.answers import Answer, refusal

if TYPE_CHECKING:
    from contract.receiver.keys import Grant

MAX_SECONDS = 600.0
MAX_TIMES = 10_000
_NAME = re.compile(r"[A-Za-z0-9-]+")
_VALUE = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?")  # blanks around it would end the connection
_OF_THE_SERVER = ("content-length", "transfer-encoding")
_KINDS: Dict[str, Tuple[str, Tuple[type, ...]]] = {
    "status": ("whole number", (int,)),
    "body": ("JSON value", (object,)),
    "headers": ("object", (dict,)),
    "store_first": ("boolean", (bool,)),
    "drop": ("boolean", (bool,)),
    "delay_seconds": ("number", (int, float)),
    "cut_after": ("whole number", (int,)),
    "pause_seconds": ("number", (int, float)),
    "times": ("whole number", (int,)),
}


@dataclass(frozen=True)
class Fault:
    """How a POST fails. Without ``status`` and ``drop`` it is answered as usual, but late, cut or slowly.

    Attributes:
        status: the status to answer, instead of looking at the request; 0 keeps the usual answer.
        body: the JSON body of that answer; by default an error that says that it was asked for.
        headers: more headers of that answer, such as ``Retry-After``.
        store_first: whether the request is taken as usual before; then the true answer gets lost.
        drop: whether the connection is closed in place of an answer.
        delay_seconds: how long the answer is held back.
        cut_after: after how many bytes of the answer's body the connection is closed; -1 sends it whole.
        pause_seconds: the pause before each byte of the answer's body.
    """

    status: int = 0
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    store_first: bool = False
    drop: bool = False
    delay_seconds: float = 0.0
    cut_after: int = -1
    pause_seconds: float = 0.0

    @property
    def asks_the_platform(self) -> bool:
        """Whether the request is taken as usual."""
        return self.store_first or not (self.status or self.drop)

    @property
    def loses_the_answer(self) -> bool:
        """Whether the usual answer does not arrive as a whole."""
        return bool(self.drop or self.status or self.cut_after >= 0)

    @property
    def does(self) -> str:
        """What happens to a body, in the order in which it happens."""
        does = []
        if self.asks_the_platform:
            does.append("takes the body as usual")
        if self.delay_seconds:
            does.append(f"waits {self.delay_seconds:g} s")
        if self.drop:
            does.append("closes the connection without an answer")
        elif self.status:
            retry = self.headers.get("Retry-After")
            does.append(f"answers {self.status}" + (f" with Retry-After: {retry}" if retry else ""))
        if self.pause_seconds and not self.drop:
            does.append(f"pauses {self.pause_seconds:g} s before each byte of the answer")
        if self.cut_after >= 0 and not self.drop:
            does.append(f"closes the connection after {self.cut_after} bytes of the answer")
        return ", ".join(does)

    def answer(self, usual: Optional[Answer]) -> Optional[Answer]:
        """Return what is answered; ``None`` closes the connection.

        Args:
            usual: the usual answer, where the request was taken.
        """
        if self.drop:
            return None
        if not self.status:
            return usual
        said = {"error": {"code": "scripted", "message": f"scripted {self.status}"}}
        return Answer(self.status, said if self.body is None else self.body, self.headers)


def parse_fault(document: Any) -> Fault:
    """Return the fault of a JSON document, without its ``times``.

    Raises:
        Refused: 422, a field is wrong or unknown.
    """
    if not isinstance(document, dict):
        raise _wrong('a fault is a JSON object, such as {"status": 503}')
    for name, value in document.items():
        _check_field(name, value)
    fault = Fault(**{name: value for name, value in document.items() if name != "times"})
    if fault.status and not 200 <= fault.status <= 599:  # noqa: PLR2004  what ends an exchange
        raise _wrong("status is between 200 and 599")
    if not all(0 <= value <= MAX_SECONDS for value in (fault.delay_seconds, fault.pause_seconds)):
        raise _wrong(f"delay_seconds and pause_seconds are between 0 and {MAX_SECONDS:.0f}")
    if not all(_is_header(*pair) for pair in fault.headers.items()):
        raise _wrong(
            "headers have letters, digits and '-' in their names, and as values text of one line without "
            f"blanks around it; {' and '.join(_OF_THE_SERVER)} are the server's own"
        )
    if not 1 <= document.get("times", 1) <= MAX_TIMES:
        raise _wrong(f"times is between 1 and {MAX_TIMES}")
    if fault == Fault(body=fault.body, headers=fault.headers, store_first=fault.store_first):
        raise _wrong("a fault needs status, drop, delay_seconds, cut_after or pause_seconds")
    return fault


def _check_field(name: str, value: Any) -> None:
    if name not in _KINDS:
        raise _wrong(f"{name[:60]!r} is no field of a fault: there are {', '.join(_KINDS)}")
    kind, types = _KINDS[name]
    if not isinstance(value, types) or (isinstance(value, bool) and kind.endswith("number")):
        raise _wrong(f"{name} is a {kind}")


def _is_header(name: str, value: Any) -> bool:
    is_name = _NAME.fullmatch(name) and name.lower() not in _OF_THE_SERVER
    return bool(is_name and isinstance(value, str) and _VALUE.fullmatch(value))


def _wrong(message: str) -> Exception:
    return refusal(422, "invalid_fault", message)


@dataclass
class Rule:
    """A fault that was asked for, and how many requests it still meets.

    Attributes:
        number: its place in the order in which faults were asked for, from 1.
        fault: how a request fails.
        left: how many requests.
        tenants: only those with a key for exactly these tenants; ``None`` is every request.
    """

    number: int
    fault: Fault
    left: int
    tenants: Optional[FrozenSet[str]]

    def is_seen_by(self, grant: Grant) -> bool:
        """Whether a key may see it and forget it."""
        return grant.is_for_all or self.tenants == grant.tenants


class FaultQueue:
    """The faults of the next requests: each is used once, in order."""

    def __init__(self) -> None:
        self._rules: List[Rule] = []
        self._asked = 0
        self._lock = threading.Lock()

    def add(self, fault: Fault, times: int = 1, tenants: Optional[FrozenSet[str]] = None) -> None:
        """Let the next requests fail.

        Args:
            fault: how.
            times: how many.
            tenants: only those with a key for exactly these tenants; ``None`` is every request.
        """
        if times < 1:
            return
        with self._lock:
            self._asked += 1
            self._rules.append(Rule(self._asked, fault, times, tenants))

    def ask(self, document: Any, grant: Grant) -> None:
        """Let the next requests fail as a key asks for; a tenant's key asks for its own requests alone.

        Raises:
            Refused: 422, the document is no fault.
        """
        fault = parse_fault(document)
        self.add(fault, document.get("times", 1), None if grant.is_for_all else grant.tenants)

    def take(self, grant: Optional[Grant]) -> Optional[Fault]:
        """Return the fault of this request, and forget it; ``grant`` is of its key, if that is known."""
        with self._lock:
            for index, rule in enumerate(self._rules):
                if rule.tenants is None or (grant is not None and grant.tenants == rule.tenants):
                    rule.left -= 1
                    if rule.left == 0:
                        del self._rules[index]
                    return rule.fault
        return None

    def rules(self, grant: Grant) -> List[Rule]:
        """Return copies of the rules that a key may see, in order."""
        with self._lock:
            return [replace(rule) for rule in self._rules if rule.is_seen_by(grant)]

    def waiting(self, grant: Grant) -> List[Dict[str, Any]]:
        """Return the fault of each of the next requests, of those that a key may see, as JSON objects."""
        return [shown for rule in self.rules(grant) for shown in [asdict(rule.fault)] * rule.left]

    def clear(self, grant: Grant, number: Optional[int] = None) -> None:
        """Forget the faults that a key may see: all of them, or those of one rule."""
        with self._lock:
            self._rules = [
                rule
                for rule in self._rules
                if not rule.is_seen_by(grant) or (number is not None and rule.number != number)
            ]
