"""Fault rules, to switch on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from fake_databricks.errors import InvalidParameter
from fake_databricks.ui.page import Elsewhere

if TYPE_CHECKING:
    from fake_databricks.web.faults import Fault
    from fake_databricks.web.pages.visit import Visit

_BUSY = {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "try again"}
READY: Mapping[str, Mapping[str, Any]] = {
    "The next two calls of run-now answer 503, although the runs were created": {
        "name": "run-now-503",
        "pattern": "POST /api/*/jobs/run-now",
        "status_code": 503,
        "after_handler": True,
        "times": 2,
        "headers": {"Retry-After": "1"},
        "body": _BUSY,
    },
    "After its first two answers, runs/get answers 429": {
        "name": "runs-get-429",
        "pattern": "GET /api/*/jobs/runs/get",
        "status_code": 429,
        "offset": 2,
        "times": 0,
        "headers": {"Retry-After": "1"},
        "body": {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "Too many requests"},
    },
    "The connection of the next call is cut": {
        "name": "cut-next",
        "pattern": "* /api/*",
        "reset_connection": True,
    },
    "Every call takes two seconds longer": {
        "name": "slow",
        "pattern": "* /api/*",
        "delay_ms": 2000,
        "times": 0,
    },
    "The output of runs cannot be read: 500": {
        "name": "output-500",
        "pattern": "GET /api/*/jobs/runs/get-output",
        "status_code": 500,
        "times": 0,
        "body": {"error_code": "INTERNAL_ERROR", "message": "The output is not available."},
    },
}
"""Rules that stand ready, by what they do."""
TEXTS = ("name", "pattern", "status_code", "offset", "times", "delay_ms")
FLAGS = ("after_handler", "reset_connection")


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the page."""
    counted = visit.controls.faults.counts()
    on = {fault.name for fault, _ in counted}
    return {
        "faults": [_row(fault, seen) for fault, seen in counted],
        "ready": [
            {
                "meaning": meaning,
                "name": rule["name"],
                "pattern": rule["pattern"],
                "is_on": rule["name"] in on,
            }
            for meaning, rule in READY.items()
        ],
    }


def change(visit: Visit) -> dict[str, Any]:
    """Switch a rule on or off, or add one; then show the page again.

    Raises:
        InvalidParameter: the form has no such action, or the rule is wrong.
        Elsewhere: it is done.
    """
    faults, form = visit.controls.faults, visit.form
    action, name = form.get("action", ""), form.get("name", "")
    if action == "off" and name:
        faults.clear(name)
    elif action == "all-off":
        faults.clear()
    elif action == "on":
        rules = [rule for rule in READY.values() if rule["name"] == name]
        if not rules:
            raise InvalidParameter(f"No rule {name[:60]!r} stands ready.")
        faults.add(rules[0])
    elif action == "add":
        faults.add(read_rule(form))
    else:
        raise InvalidParameter("The form must say on, off, all-off or add.")
    raise Elsewhere("/faults")


def read_rule(form: Mapping[str, str]) -> dict[str, Any]:
    """Return the document of a rule from the fields of a form; empty fields are left out."""
    filled = {name: text.strip() for name, text in form.items() if text.strip()}
    rule: dict[str, Any] = {name: filled[name] for name in TEXTS if name in filled}
    rule.update({name: True for name in FLAGS if name in filled})
    if "message" in filled:
        rule["body"] = {"error_code": filled.get("error_code", "FAULT"), "message": filled["message"]}
    if "retry_after" in filled:
        rule["headers"] = {"Retry-After": filled["retry_after"]}
    return rule


def _row(fault: Fault, seen: int) -> dict[str, Any]:
    does = []
    if fault.delay_ms:
        does.append(f"waits {fault.delay_ms} ms")
    if fault.is_reset:
        does.append("cuts the connection")
    if fault.status:
        does.append(f"answers {fault.status}")
    if fault.is_after:
        does.append("after the call took effect")
    return {
        "name": fault.name,
        "pattern": f"{fault.method} {fault.path}",
        "does": ", ".join(does),
        "offset": fault.offset,
        "times": fault.times,
        "seen": seen,
    }
