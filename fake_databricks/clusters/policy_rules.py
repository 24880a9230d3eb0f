"""What a cluster policy asks of the settings of a cluster. Pure.

A definition is JSON: from the path of an attribute (``node_type_id``, ``autoscale.max_workers``,
``spark_conf.spark.speculation``) to a rule for its value.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, Callable, Mapping

from fake_databricks.clusters.fields import CLUSTER_FIELDS
from fake_databricks.clusters.runtimes import runtime_of
from fake_databricks.errors import InvalidParameter

MAPS = ("spark_conf", "spark_env_vars", "custom_tags")
"""Attributes whose keys may have dots."""

CLUSTER_TYPE, COSTS = "cluster_type", "dbus_per_hour"
VIRTUAL = (CLUSTER_TYPE, COSTS)
"""What a policy may limit besides attributes: the kind of cluster, and its price, which is not known here."""

MAX_DIGITS = 4


@dataclass(frozen=True)
class RuleType:
    """How one type of rule works.

    Attributes:
        needs: the keys that such a rule must have.
        admits: whether it admits a value, which is text.
        wish: what the value must be, for the refusal.
    """

    needs: tuple[str, ...]
    admits: Callable[[Mapping[str, Any], str], bool]
    wish: Callable[[Mapping[str, Any]], str]


def _in_range(rule: Mapping[str, Any], value: str) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return float(rule.get("minValue", float("-inf"))) <= number <= float(rule.get("maxValue", float("inf")))


def _values(rule: Mapping[str, Any]) -> list[str]:
    return [as_text(item) for item in rule["values"]]


TYPES: Mapping[str, RuleType] = {
    "fixed": RuleType(
        ("value",), lambda rule, value: value == as_text(rule["value"]), lambda rule: as_text(rule["value"])
    ),
    "allowlist": RuleType(
        ("values",),
        lambda rule, value: value in _values(rule),
        lambda rule: f"one of {', '.join(_values(rule))}",
    ),
    "blocklist": RuleType(
        ("values",),
        lambda rule, value: value not in _values(rule),
        lambda rule: f"none of {', '.join(_values(rule))}",
    ),
    "regex": RuleType(
        ("pattern",),
        lambda rule, value: re.fullmatch(rule["pattern"], value) is not None,
        lambda rule: f"a match of {rule['pattern']}",
    ),
    "range": RuleType(
        (), _in_range, lambda rule: f"from {rule.get('minValue', '-')} to {rule.get('maxValue', '-')}"
    ),
    "unlimited": RuleType((), lambda _rule, _value: True, lambda _: "any"),
    "forbidden": RuleType((), lambda _rule, _value: False, lambda _: "absent"),
}


def as_text(value: Any) -> str:
    """Return a value as a policy compares it."""
    return value if isinstance(value, str) else json.dumps(value)


def read_definition(text: str) -> dict[str, dict[str, Any]]:
    """Return the rules of a definition.

    Raises:
        InvalidParameter: it is no JSON object, or a path or a rule in it is not known.
    """
    try:
        rules = json.loads(text)
    except ValueError as error:
        raise InvalidParameter(f"The policy definition is not JSON: {error}.") from None
    except RecursionError:
        raise InvalidParameter("The policy definition is nested too deeply.") from None
    if not isinstance(rules, dict):
        raise InvalidParameter("The policy definition must be a JSON object, from paths to rules.")
    for path, rule in rules.items():
        _check_path(path)
        _check_rule(path, rule)
    return rules


def _check_path(path: str) -> None:
    first = path.partition(".")[0]
    if first not in CLUSTER_FIELDS and path not in VIRTUAL:
        close = get_close_matches(first, [*CLUSTER_FIELDS, *VIRTUAL], 1)
        meant = f"; was '{close[0]}' meant?" if close else "."
        raise InvalidParameter(f"The policy definition has a rule for '{path}', which no cluster has{meant}")
    if "*" in path.split(".") and first not in MAPS:
        raise InvalidParameter(
            f"The policy definition has a rule for '{path}': '*' is not supported here; name each element."
        )


def _check_rule(path: str, rule: Any) -> None:
    kind = rule.get("type") if isinstance(rule, dict) else None
    if not isinstance(kind, str) or kind not in TYPES:
        raise InvalidParameter(f"The rule for '{path}' must have a type: one of {', '.join(TYPES)}.")
    missing = [key for key in TYPES[kind].needs if key not in rule]
    if missing:
        raise InvalidParameter(f"The rule for '{path}' of the type {kind} must have {missing[0]!r}.")
    if kind in ("allowlist", "blocklist") and not isinstance(rule["values"], list):
        raise InvalidParameter(f"The 'values' of the rule for '{path}' must be a list.")
    if kind == "regex":
        try:
            re.compile(rule["pattern"])
        except (re.error, TypeError):
            raise InvalidParameter(
                f"The 'pattern' of the rule for '{path}' is no regular expression."
            ) from None
    bounds = [rule[key] for key in ("minValue", "maxValue") if key in rule]
    if kind == "range" and not all(
        isinstance(bound, (int, float)) and not isinstance(bound, bool) for bound in bounds
    ):
        raise InvalidParameter(f"The bounds of the rule for '{path}' must be numbers.")


def apply(
    rules: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, Any],
    *,
    cluster_type: str,
    has_defaults: bool,
    can_run: Callable[[str], bool] = lambda _: True,
) -> dict[str, Any]:
    """Return settings with what the rules fix.

    Args:
        rules: of :func:`read_definition`.
        settings: of the request.
        cluster_type: ``all-purpose`` or ``job``.
        has_defaults: whether the default values of rules are used, too.
        can_run: whether a Spark is on this machine, for ``auto:latest-lts`` and the like.

    Raises:
        InvalidParameter: the settings contradict a rule; the message names all that do.
    """
    made = copy.deepcopy(dict(settings))
    complaints = []
    for path, rule in rules.items():
        if path == COSTS:
            continue
        value = cluster_type if path == CLUSTER_TYPE else _get(made, _steps(path))
        if value is None and rule["type"] == "fixed":
            _set(made, _steps(path), rule["value"])
        elif value is None and has_defaults and "defaultValue" in rule:
            _set(made, _steps(path), rule["defaultValue"])
        else:
            complaints += _complaint(path, rule, value, can_run)
    if complaints:
        raise InvalidParameter("; ".join(complaints))
    return made


def _complaint(path: str, rule: Mapping[str, Any], value: Any, can_run: Callable[[str], bool]) -> list[str]:
    kind = TYPES[rule["type"]]
    if value is None:
        if rule["type"] == "forbidden" or rule.get("isOptional"):
            return []
        return [f"Validation failed for {path}, the value must be present"]
    if path == "spark_version":
        rule, value = _with_versions(rule, can_run), runtime_of(as_text(value), can_run)
    if kind.admits(rule, as_text(value)):
        return []
    return [f'Validation failed for {path}, the value must be {kind.wish(rule)} (is "{as_text(value)}")']


def _with_versions(rule: Mapping[str, Any], can_run: Callable[[str], bool]) -> Mapping[str, Any]:
    """Return a rule for ``spark_version`` with the version that each ``auto:latest-lts`` stands for."""
    replaced = dict(rule)
    if "value" in rule:
        replaced["value"] = _version(rule["value"], can_run)
    if isinstance(rule.get("values"), list):
        replaced["values"] = [_version(item, can_run) for item in rule["values"]]
    return replaced


def _version(value: Any, can_run: Callable[[str], bool]) -> Any:
    return runtime_of(value, can_run) if isinstance(value, str) and value.startswith("auto:") else value


def _steps(path: str) -> list[str]:
    first, _, rest = path.partition(".")
    if first in MAPS:
        return [first, rest] if rest else [first]
    return path.split(".")


def _is_place(step: str) -> bool:
    return step.isascii() and step.isdigit() and len(step) <= MAX_DIGITS


def _get(document: Any, steps: list[str]) -> Any:
    for step in steps:
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and _is_place(step) and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document


def _set(document: dict[str, Any], steps: list[str], value: Any) -> None:
    """Set a value; what lies above it is made. A step that is a number adds to a list."""
    at: Any = document
    for step, following in pairwise(steps):
        new: Any = [] if _is_place(following) and step not in MAPS else {}
        if isinstance(at, list):
            at.append(new)
            at = new
        else:
            if not isinstance(at.get(step), (dict, list)):
                at[step] = new
            at = at[step]
    if isinstance(at, list):
        at.append(value)
    else:
        at[steps[-1]] = as_text(value) if steps[0] in MAPS else value
