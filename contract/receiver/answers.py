"""What is answered to a request, as a value. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence


@dataclass(frozen=True)
class Answer:
    """Status and JSON body of an answer, and headers beside the usual ones."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):  # noqa: N818  it says what happened
    """A request is not taken; ``answer`` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def refusal(status: int, code: str, message: str, **more: Any) -> Refused:
    """Build the refusal of a request: ``{"error": {"code", "message"}}``."""
    return Refused(Answer(status, {"error": {"code": code, "message": message, **more}}))


def missing_base(sources: Sequence[str]) -> Refused:
    """Build the refusal of rows that build on what has not come: 409, with the sources."""
    message = f"of {len(sources)} sources the version that these rows build on is not here: send all of them"
    error = {"code": "missing_base", "message": message}
    return Refused(Answer(409, {"error": error, "missing_base": list(sources)}))
