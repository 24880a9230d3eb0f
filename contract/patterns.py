"""Does an answer meet a case's expectation? Placeholders, captures, differences by JSON path. Pure.

A pattern is JSON. A plain object wants at least its keys; a plain list wants as many elements, each in its
place; anything else wants its equal (``1`` equals ``1.0``, ``true`` equals nothing but ``true``). In a
string, ``${name}`` is the value of a variable. An object whose keys begin with ``$`` is a placeholder; each
of its keys is one demand:

=============  ==============================================================================
``$type``      a JSON type: integer, number, string, boolean, array, object, null
``$capture``   the value becomes a variable of this name, once the whole answer is as expected
``$ref``       equals the variable of this name
``$match``     the text holds a match of this regular expression
``$no_match``  the text holds none
``$one_of``    equals one of these
``$min``       is not less
``$min_length``  the text has as many characters
``$items``     each element meets this pattern
``$min_items``  there are as many elements
``$contains``  some element meets this pattern
``$exact``     meets this pattern, and an object has no other keys (at this level)
``$absent``    the key is not there
``$optional``  the key may be missing
=============  ==============================================================================
"""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Tuple

NOTHING = "nothing"
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_LONGEST = 300


class Difference(NamedTuple):
    """One place where an answer is not as expected: JSON path, what was wanted, what was got."""

    path: str
    wanted: str
    got: str

    def __str__(self) -> str:
        """Return the difference in one line."""
        return f"{self.path}: wanted {self.wanted}, got {self.got}"


class UnknownVariableError(LookupError):
    """A case refers to a variable that nobody gave and no answer brought."""


def shown(value: Any) -> str:
    """Write a value as JSON, cut where it gets long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"


def resolve(template: Any, variables: Mapping[str, Any]) -> Any:
    """Put variables into a request: ``{"$ref": name}`` and, in strings, ``${name}``.

    Raises:
        UnknownVariableError: a variable has no value.

    """
    if isinstance(template, str):
        return _VARIABLE.sub(lambda found: str(_variable(found.group(1), variables)), template)
    if isinstance(template, list):
        return [resolve(item, variables) for item in template]
    if isinstance(template, dict):
        if set(template) == {"$ref"}:
            return _variable(template["$ref"], variables)
        return {key: resolve(item, variables) for key, item in template.items()}
    return template


def references(template: Any) -> List[str]:
    """Name the variables that a template or a pattern uses, in their order."""
    if isinstance(template, str):
        return _VARIABLE.findall(template)
    if isinstance(template, list):
        return [name for item in template for name in references(item)]
    if isinstance(template, dict):
        own = [template["$ref"]] if "$ref" in template else []
        return own + [name for key, item in template.items() if key != "$ref" for name in references(item)]
    return []


def captures(pattern: Any) -> List[str]:
    """Name the variables that a pattern brings."""
    if isinstance(pattern, list):
        return [name for item in pattern for name in captures(item)]
    if isinstance(pattern, dict):
        own = [pattern["$capture"]] if "$capture" in pattern else []
        return own + [name for item in pattern.values() for name in captures(item)]
    return []


def compare(
    pattern: Any, actual: Any, variables: Mapping[str, Any]
) -> Tuple[List[Difference], Dict[str, Any]]:
    """Compare an answer with a pattern.

    Args:
        pattern: what is wanted.
        actual: the answer's body, as JSON values.
        variables: what ``$ref`` and ``${name}`` mean.

    Returns:
        the differences in the order of the pattern, and what ``$capture`` found.

    Raises:
        UnknownVariableError: the pattern refers to a variable without a value.
        ValueError: the pattern has a placeholder that does not exist.

    """
    comparison = _Comparison(variables)
    comparison.visit(pattern, actual, "$")
    return comparison.differences, comparison.captured


def _variable(name: str, variables: Mapping[str, Any]) -> Any:
    if name not in variables:
        raise UnknownVariableError(name)
    return variables[name]


def _is_placeholder(pattern: Any) -> bool:
    return isinstance(pattern, dict) and any(key.startswith("$") for key in pattern)


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return set(left) == set(right) and all(_same(left[key], right[key]) for key in left)
    return bool(left == right)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TYPES: Dict[str, Callable[[Any], bool]] = {
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": _number,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


class _Comparison:
    """One walk over a pattern and an answer."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self.variables = variables
        self.differences: List[Difference] = []
        self.captured: Dict[str, Any] = {}

    def visit(self, pattern: Any, actual: Any, path: str) -> None:
        """Compare one place and all below it."""
        if _is_placeholder(pattern):
            for demand, value in pattern.items():
                self._demand(demand, value, actual, path)
        elif isinstance(pattern, dict):
            self._object(pattern, actual, path)
        elif isinstance(pattern, list):
            self._list(pattern, actual, path)
        else:
            wanted = resolve(pattern, self.variables)
            self._want(_same(wanted, actual), path, shown(wanted), actual)

    def _want(self, met: bool, path: str, wanted: str, actual: Any) -> bool:  # noqa: FBT001  private, a fact
        if not met:
            self.differences.append(Difference(path, wanted, shown(actual)))
        return met

    def _object(self, pattern: Mapping[str, Any], actual: Any, path: str) -> None:
        if not self._want(isinstance(actual, dict), path, "an object", actual):
            return
        for key, wanted in pattern.items():
            place = f"{path}.{key}"
            if key in actual:
                if _is_placeholder(wanted) and wanted.get("$absent"):
                    self._want(False, place, NOTHING, actual[key])  # noqa: FBT003  the demand is not met
                else:
                    self.visit(wanted, actual[key], place)
            elif not (_is_placeholder(wanted) and (wanted.get("$absent") or wanted.get("$optional"))):
                self.differences.append(Difference(place, _described(wanted, self.variables), NOTHING))

    def _list(self, pattern: List[Any], actual: Any, path: str) -> None:
        if not self._want(isinstance(actual, list), path, "a list", actual):
            return
        if len(actual) != len(pattern):
            self.differences.append(Difference(path, f"{len(pattern)} elements", f"{len(actual)} elements"))
        for index, wanted in enumerate(pattern[: len(actual)]):
            self.visit(wanted, actual[index], f"{path}[{index}]")

    def _demand(self, demand: str, value: Any, actual: Any, path: str) -> None:
        if demand == "$capture":
            self.captured[value] = actual
        elif demand in ("$optional", "$absent"):
            return  # the object around it has seen to that
        elif demand == "$exact":
            self.visit(value, actual, path)
            for key in actual if isinstance(actual, dict) and isinstance(value, dict) else ():
                self._want(key in value, f"{path}.{key}", NOTHING, actual[key])
        elif demand in ("$items", "$contains", "$min_items"):
            self._elements(demand, value, actual, path)
        else:
            self._value(demand, value, actual, path)

    def _elements(self, demand: str, value: Any, actual: Any, path: str) -> None:
        if not self._want(isinstance(actual, list), path, "a list", actual):
            return
        if demand == "$items":
            for index, element in enumerate(actual):
                self.visit(value, element, f"{path}[{index}]")
        elif demand == "$min_items":
            self._want(len(actual) >= value, path, f"at least {value} elements", actual)
        else:
            found = any(not compare(value, element, self.variables)[0] for element in actual)
            self._want(found, path, f"an element like {_described(value, self.variables)}", actual)

    def _value(self, demand: str, value: Any, actual: Any, path: str) -> None:
        wanted = _described({demand: value}, self.variables)
        if demand == "$type":
            met = _TYPES[value](actual)
        elif demand == "$ref":
            met = _same(_variable(value, self.variables), actual)
        elif demand == "$match":
            met = isinstance(actual, str) and re.search(_regex(value, self.variables), actual) is not None
        elif demand == "$no_match":
            met = isinstance(actual, str) and re.search(_regex(value, self.variables), actual) is None
        elif demand == "$one_of":
            met = any(_same(choice, actual) for choice in value)
        elif demand == "$min":
            met = _number(actual) and actual >= value
        elif demand == "$min_length":
            met = isinstance(actual, str) and len(actual) >= value
        else:
            raise ValueError(f"There is no placeholder {demand}.")
        self._want(met, path, wanted, actual)


def _regex(pattern: str, variables: Mapping[str, Any]) -> str:
    return _VARIABLE.sub(lambda found: re.escape(str(_variable(found.group(1), variables))), pattern)


def _described(pattern: Any, variables: Mapping[str, Any]) -> str:
    if not _is_placeholder(pattern):
        return shown(pattern)
    words = {
        "$type": lambda value: f"type {value}",
        "$ref": lambda value: shown(_variable(value, variables)),
        "$match": lambda value: f"text that matches {_regex(value, variables)!r}",
        "$no_match": lambda value: f"text without a match of {_regex(value, variables)!r}",
        "$one_of": lambda value: f"one of {shown(value)}",
        "$min": lambda value: f"at least {value}",
        "$min_length": lambda value: f"at least {value} characters",
    }
    said = [words[demand](value) for demand, value in pattern.items() if demand in words]
    return " and ".join(said) or shown(pattern)
