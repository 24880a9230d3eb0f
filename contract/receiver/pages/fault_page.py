"""Faults of the next bodies, to switch on and off. A key may here what it may by ``/_receiver/faults``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Mapping

from contract.receiver.answers import refusal
from contract.receiver.faults import Fault
from contract.receiver.pages.visit import whole_number
from fake_databricks.ui.page import Elsewhere

if TYPE_CHECKING:
    from contract.receiver.faults import Rule
    from contract.receiver.pages.visit import Visit

PATH = "/faults"
READY: Mapping[str, Mapping[str, Any]] = {
    "busy": {"status": 429, "headers": {"Retry-After": "5"}},
    "unavailable": {"status": 503, "times": 2},
    "answer-lost": {"drop": True, "store_first": True},
    "cut": {"cut_after": 10},
    "late": {"delay_seconds": 5},
    "slow": {"pause_seconds": 0.2},
    "refused": {"status": 400},
}
"""Faults that stand ready, by their names: documents as ``/_receiver/faults`` takes them."""
MOST_SHOWN = 500
_NUMBERS = ("status", "delay_seconds", "cut_after", "pause_seconds", "times")
_FLAGS = ("store_first", "drop")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_NOTHING = Fault()


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the page."""
    return {
        "key_of": _key_of(visit),
        "rules": [_row(rule) for rule in visit.faults.rules(visit.grant)],
        "ready": [
            {"name": name, "does": _fault(document).does, "times": document.get("times", 1)}
            for name, document in READY.items()
        ],
    }


def change(visit: Visit) -> dict[str, Any]:
    """Switch a fault on or off, or add one; then show the page again.

    Raises:
        Refused: 422, the form is of another key or has no such action, or the fault is wrong.
        Elsewhere: it is done.
    """
    form, action = visit.form, visit.form.get("action", "")
    if form.get("key_of", _key_of(visit)) != _key_of(visit):
        said = "This browser has signed in with another key since that page was loaded: load it again."
        raise refusal(422, "invalid_form", said)
    number = whole_number(form.get("number", ""))
    if action == "off" and number is not None:
        visit.faults.clear(visit.grant, number)
    elif action == "all-off":
        visit.faults.clear(visit.grant)
    elif action == "on" and form.get("name") in READY:
        visit.faults.ask(dict(READY[form["name"]]), visit.grant)
    elif action == "add":
        visit.faults.ask(read_fault(form), visit.grant)
    else:
        raise refusal(422, "invalid_form", "The form must switch a fault on or off, or add one.")
    raise Elsewhere(PATH)


def read_fault(form: Mapping[str, str]) -> dict[str, Any]:
    """Return the document of a fault from the fields of a form; empty fields are left out.

    A text that is no number stays a text, which the document may not have there.
    """
    filled = {name: text.strip() for name, text in form.items() if text.strip()}
    fault: dict[str, Any] = {name: _number(filled[name]) for name in _NUMBERS if name in filled}
    fault.update({name: True for name in _FLAGS if name in filled})
    if "message" in filled:
        fault["body"] = {"error": {"code": "scripted", "message": filled["message"]}}
    if "retry_after" in filled:
        fault["headers"] = {"Retry-After": filled["retry_after"]}
    return fault


def _number(text: str) -> Any:
    if not _NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _key_of(visit: Visit) -> str:
    """Return what tells the forms of two keys apart that do not switch the same faults."""
    return json.dumps(sorted(visit.grant.tenants))


def _fault(document: Mapping[str, Any]) -> Fault:
    return Fault(**{name: value for name, value in document.items() if name != "times"})


def _row(rule: Rule) -> dict[str, Any]:
    fields = {name: value for name, value in vars(rule.fault).items() if value != vars(_NOTHING)[name]}
    return {
        "number": rule.number,
        "does": rule.fault.does,
        "document": json.dumps(fields, ensure_ascii=False)[:MOST_SHOWN],
        "whose": "all keys" if rule.tenants is None else ", ".join(sorted(rule.tenants))[:MOST_SHOWN],
        "left": rule.left,
    }
