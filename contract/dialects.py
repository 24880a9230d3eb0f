"""Which cases a server can be asked: all of the guide's, or those that a real workspace answers too. Pure.

The guide's job has its task at the top level and its commands have no context; a real workspace has
``tasks[]`` and ``/api/1.2``. What cannot hold there is left out by name, and so is what needs it.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence, Tuple

Case = Mapping[str, Any]
DIALECTS = ("guide", "databricks")
_TASKS = ("spark_python_task", "notebook_task")
# What the cases call their things, with the place for the name of one play: a workspace may have such things.
_NAMES: Sequence[Tuple[str, str]] = (
    ("nuvyn-executor", "{name}"),
    ("/contract/", "/{name}/"),
    ("/path/to/executor/", "/{name}/executor/"),
    ("/mnt/client-data/", "/{name}/client-data/"),
    ('"name": "contract-', '"name": "{name}-'),
)


class Choice(NamedTuple):
    """The cases to be asked, and of each that is left out, why."""

    asked: List[Case]
    left_out: Dict[str, str]


def _body(case: Case) -> Mapping[str, Any]:
    body = case["request"].get("body")
    return body if isinstance(body, dict) else {}


# Why a real workspace does not answer such a request as the case demands; the first that fits is named.
_ONLY_IN_THE_GUIDE: Sequence[Tuple[Callable[[Case], bool], str]] = (
    (
        lambda case: case["request"]["path"].startswith("/api/2.0/commands/"),
        "a workspace has commands at /api/1.2, with a context",
    ),
    (
        lambda case: any(task in _body(case) for task in _TASKS),
        "a workspace has a job's task in tasks[], not at the top level",
    ),
    (
        lambda case: case["request"]["method"] == "GET" and "body" in case["request"],
        "a GET with a body: a workspace reads the query",
    ),
    (
        lambda case: "target" in case["request"],
        "a request line with the whole URL is for proxies",
    ),
    (
        lambda case: case["source"] == "design",
        "our own choice, which no workspace knows",
    ),
)


def choose(cases: Sequence[Case], dialect: str, name: str) -> Choice:
    """Return what to ask in a dialect.

    Args:
        cases: all cases, each after what it needs.
        dialect: ``guide`` or ``databricks``.
        name: what a play in a real workspace calls its files, jobs and scope, instead of the guide's names.

    """
    if dialect == "guide":
        return Choice(list(cases), {})
    asked: List[Case] = []
    left_out: Dict[str, str] = {}
    for case in cases:
        reasons = [reason for fits, reason in _ONLY_IN_THE_GUIDE if fits(case)]
        reasons += [f"it needs {need}" for need in case.get("needs", ()) if need in left_out]
        if reasons:
            left_out[case["id"]] = reasons[0]
        else:
            asked.append({**case, **{part: _renamed(case[part], name) for part in ("request", "response")}})
    return Choice(asked, left_out)


def _renamed(part: Any, name: str) -> Any:
    text = json.dumps(part)
    for old, new in _NAMES:
        text = text.replace(old, new.format(name=name))
    return json.loads(text)
