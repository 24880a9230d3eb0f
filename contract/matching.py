"""Does a JSON value have the documented shape? Differences by JSON path. Pure.

:func:`same_shape` compares a job's result with the guide's example: keys, their order, JSON types.
"""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence, Tuple

MISSING = "nothing"


def json_type(value: Any) -> str:
    """Name the JSON type of a value: ``integer`` and ``number`` are both ``number``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, (list, tuple)) else "object"


def same_shape(  # noqa: PLR0913  each keyword is one thing that a case may allow
    documented: Any,
    actual: Any,
    *,
    nullable: Sequence[str] = (),
    maps: Sequence[str] = (),
    alternatives: Mapping[str, Sequence[Any]] = {},
    additional: Sequence[str] = ("details",),
    path: str = "$",
) -> List[str]:
    """Return how ``actual`` departs from the shape of ``documented``; empty when it does not.

    An object has the documented keys in the documented order; values have the documented JSON type (whole
    and decimal numbers are one type); each element of a list has the shape of some documented element, and
    where the documented list is empty, any. ``bool`` is not a number.

    Args:
        documented: the example.
        actual: what a program gave.
        nullable: JSON paths (``$.quality_metrics.accuracy``) where null is allowed.
        maps: JSON paths of objects whose keys are data; each value has the shape of a documented value.
        alternatives: other examples that are as good, by JSON path.
        additional: keys that may follow the documented ones, at the top only.
        path: where the two stand; ``$`` is the top.

    Returns:
        sentences ``PATH: wanted ..., got ...``.

    """
    rules = {"nullable": nullable, "maps": maps, "alternatives": alternatives, "additional": ()}
    examples = [documented, *alternatives.get(path, ())]
    if actual is None and path in nullable:
        return []
    found: List[str] = []
    for number, example in enumerate(examples):
        differences = _one_shape(example, actual, path, additional if path == "$" else (), rules)
        if not differences:
            return []
        found = found if number else differences
    return found


def _one_shape(
    example: Any, actual: Any, path: str, additional: Sequence[str], rules: Mapping[str, Any]
) -> List[str]:
    if json_type(example) != json_type(actual):
        return [f"{path}: wanted {json_type(example)}, got {json_type(actual)} {actual!r}"]
    if isinstance(example, dict):
        if path in rules["maps"]:
            return _map_shape(example, actual, path, rules)
        return _object_shape(example, actual, path, additional, rules)
    if isinstance(example, (list, tuple)):
        return _list_shape(example, actual, path, rules)
    return []


def _object_shape(
    example: Mapping[str, Any],
    actual: Mapping[str, Any],
    path: str,
    additional: Sequence[str],
    rules: Mapping[str, Any],
) -> List[str]:
    differences = [
        f"{path}.{key}: wanted {json_type(example[key])}, got {MISSING}"
        for key in example
        if key not in actual
    ]
    differences += [
        f"{path}.{key}: wanted {MISSING}, got {json_type(actual[key])}"
        for key in actual
        if key not in example and key not in additional
    ]
    wanted_order = [key for key in (*example, *additional) if key in actual]
    got_order = [key for key in actual if key in wanted_order]
    if not differences and wanted_order != got_order:
        differences.append(f"{path}: wanted keys in the order {wanted_order}, got {got_order}")
    for key in example:
        if key in actual:
            differences += same_shape(example[key], actual[key], path=f"{path}.{key}", **rules)
    return differences


def _map_shape(
    example: Mapping[str, Any], actual: Mapping[str, Any], path: str, rules: Mapping[str, Any]
) -> List[str]:
    differences: List[str] = []
    for key, value in actual.items():
        differences += _some_shape(list(example.values()), value, f"{path}[{key!r}]", rules)
    return differences


def _list_shape(
    example: Sequence[Any], actual: Sequence[Any], path: str, rules: Mapping[str, Any]
) -> List[str]:
    differences: List[str] = []
    for index, value in enumerate(actual):
        differences += _some_shape(list(example), value, f"{path}[{index}]", rules)
    return differences


def _some_shape(examples: List[Any], value: Any, path: str, rules: Mapping[str, Any]) -> List[str]:
    """Empty when the value has the shape of one of the examples (or there is none to compare with)."""
    first: Tuple[str, ...] = ()
    for example in examples:
        differences = same_shape(example, value, path=path, **rules)
        if not differences:
            return []
        first = first or tuple(differences)
    return list(first)
