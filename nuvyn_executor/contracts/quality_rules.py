"""The quality rules of a contract: the standard's metrics, as ``metric`` (v3.1) or ``rule`` (v3.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional, Sequence, Tuple

from nuvyn_executor.contracts.keys import METRICS, OPERATORS, QUALITY_TYPES, UNITS
from nuvyn_executor.contracts.patterns import NotTranslated, common_pattern, micros_of
from nuvyn_executor.contracts.yaml_nodes import BrokenContract
from nuvyn_executor.quality.declared import NONE_ALLOWED, Expectation, Kind, Limit, Metric, Rule

if TYPE_CHECKING:
    from nuvyn_executor.contracts.parser import Reading
    from nuvyn_executor.contracts.yaml_nodes import Node

_PAIR = 2
_OF_COLUMNS = {
    "nullValues": Metric.NULLS,
    "missingValues": Metric.MISSING,
    "invalidValues": Metric.INVALID,
    "duplicateValues": Metric.DUPLICATES,
}


def expectations_of(
    reading: Reading, node: Node, place: str, *, logical_type: Optional[str] = None
) -> List[Expectation]:
    """Return what the ``quality`` of a schema or of a property expects.

    Args:
        reading: takes notes of what is not checked.
        node: the schema or the property.
        place: its name: ``schema orders, property customer_id``.
        logical_type: of a property; ``None`` for a schema.
    """
    found: List[Expectation] = []
    for number, rule in enumerate(reading.list_of(node, "quality", place), 1):
        reading.check_keys(rule, "quality", place)
        name = reading.text(rule, "name") or reading.text(rule, "id") or str(number)
        clause = f"{place}, quality {name}"
        found.extend(_expectations(reading, rule, clause, logical_type))
    return found


def _expectations(
    reading: Reading, rule: Node, clause: str, logical_type: Optional[str]
) -> List[Expectation]:
    kind = reading.text(rule, "type") or "library"
    if kind != "library":
        _note_kind(reading, rule, kind, clause)
        return []
    word = reading.text(rule, "metric") or reading.text(rule, "rule")
    if not word:
        raise BrokenContract(f"{clause} has no metric", rule.line, f"Write metric: {_list(METRICS_V31)}.")
    if word not in METRICS:
        key = "metric" if reading.text(rule, "metric") else "rule"
        reading.unknown_word(rule, key, word, METRICS_V31, clause)
        return []
    return _of_metric(reading, rule, METRICS[word], clause, logical_type)


def _note_kind(reading: Reading, rule: Node, kind: str, clause: str) -> None:
    if kind not in QUALITY_TYPES:
        reading.unknown_word(rule, "type", kind, QUALITY_TYPES, clause)
        return
    what = {"text": "it is a text for people", "sql": "SQL is not run"}.get(kind)
    engine = reading.text(rule, "engine") or "another engine"
    reading.not_checked(clause, what or f"the rules of {engine} are not run")


def _of_metric(
    reading: Reading, rule: Node, metric: str, clause: str, logical_type: Optional[str]
) -> List[Expectation]:
    limit = _limit(reading, rule, clause)
    if metric == "rowCount":
        return [Expectation(f"{clause} (rowCount)", Metric.ROWS, limit)]
    clause = f"{clause} ({metric})"
    arguments = reading.child(rule, "arguments")
    if arguments is not None:
        reading.check_keys(arguments, "arguments", clause)
    if logical_type is None:
        return _of_schema(reading, arguments, clause, metric, limit)
    if metric == "invalidValues":
        return _invalid(reading, rule, clause, limit)
    return [Expectation(clause, _OF_COLUMNS[metric], limit)]


METRICS_V31 = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")


def _of_schema(
    reading: Reading, arguments: Optional[Node], clause: str, metric: str, limit: Limit
) -> List[Expectation]:
    columns = () if arguments is None else reading.texts(arguments, "properties")
    if metric != "duplicateValues" or not columns:
        reading.not_checked(
            clause, "of a schema, rowCount and duplicateValues with arguments.properties are checked"
        )
        return []
    return [Expectation(clause, Metric.DUPLICATES, limit, columns=columns)]


def _limit(reading: Reading, rule: Node, clause: str) -> Limit:
    """Return the limit; without an operator nothing is allowed (``rule: validValues`` of v3.0 has none)."""
    assert isinstance(rule.value, dict)
    given = [key for key in OPERATORS if key in rule.value]
    unit = (reading.text(rule, "unit") or "rows").lower()
    is_percent = unit in ("percent", "%", "percentage")
    if not is_percent and unit not in UNITS:
        reading.unknown_word(rule, "unit", unit, UNITS, clause)
    if not given:
        return NONE_ALLOWED
    if len(given) > 1:
        raise BrokenContract(
            f"{clause} has {' and '.join(given)}", rule.line, "Keep one of them; two rules may have one each."
        )
    (operator,) = given
    numbers = reading.numbers(rule, operator)
    wanted = _PAIR if operator.endswith("Between") else 1
    if len(numbers) != wanted:
        raise BrokenContract(
            f"{clause}: {operator} must be {'a list of two numbers' if wanted > 1 else 'a number'}",
            reading.line(rule, operator),
            f"Write {operator}: {'[0, 5]' if wanted > 1 else '0'}.",
        )
    return Limit(operator, tuple(sorted(numbers)), is_percent)


def _invalid(reading: Reading, rule: Node, clause: str, limit: Limit) -> List[Expectation]:
    holder = reading.child(rule, "arguments")
    found: List[Expectation] = []
    says_nothing = True
    for node in (one for one in (holder, rule) if one is not None):
        values = reading.child(node, "validValues")
        pattern = reading.text(node, "pattern")
        says_nothing = says_nothing and values is None and not pattern
        if values is not None:
            listed = one_of(reading.scalars(node, "validValues"), allows_none=limit.allows_none)
            found.append(Expectation(f"{clause}, validValues", Metric.INVALID, limit, listed))
        if pattern:
            found.extend(pattern_of(reading, pattern, f"{clause}, pattern", limit))
    if says_nothing:
        reading.not_checked(clause, "it has neither arguments.validValues nor arguments.pattern")
    return found


def pattern_of(reading: Reading, pattern: str, clause: str, limit: Limit = NONE_ALLOWED) -> List[Expectation]:
    """Return the expectation of a regular expression; nothing where not all engines understand it."""
    try:
        text = common_pattern(pattern)
    except NotTranslated as error:
        reading.not_checked(clause, f"it {error}")
        return []
    rule = Rule(Kind.PATTERN, text=text, allows_none=limit.allows_none)
    return [Expectation(clause, Metric.INVALID, limit, rule)]


def one_of(values: Sequence[Node], *, allows_none: bool = True) -> Rule:
    """Return the rule of a list of values, each as it is written; ``null`` is no value."""
    there = [one for one in values if one.value is not None]
    texts = [spelling for one in there for spelling in _spellings(one)]
    numbers = [float(one.value) for one in there if _is_number(one)]  # type: ignore[arg-type]  # just seen
    moments = [float(micros) for one in there for micros in _micros(one.text)]
    return Rule(
        Kind.ONE_OF, texts=tuple(dict.fromkeys(texts)), numbers=(*numbers, *moments), allows_none=allows_none
    )


def _spellings(one: Node) -> Tuple[str, ...]:
    text = one.text.strip()
    is_truth = text.lower() in ("true", "false")  # "NO" may be a country
    return (text.lower(), text.capitalize(), text.upper()) if is_truth else (text,)


def _is_number(one: Node) -> bool:
    return isinstance(one.value, (int, float)) and not isinstance(one.value, bool)


def _micros(text: str) -> Tuple[int, ...]:
    try:
        return (micros_of(text),)
    except ValueError:
        return ()


def missing_words(reading: Reading, node: Node, place: str) -> Optional[Tuple[str, ...]]:
    """Return the texts that stand for no value in a property; ``None`` where its rules name none."""
    found: List[str] = []
    is_declared = False
    for rule in reading.list_of(node, "quality", place):
        arguments = reading.child(rule, "arguments")
        if arguments is not None and reading.child(arguments, "missingValues") is not None:
            is_declared = True
            found += [one.text.strip() for one in reading.scalars(arguments, "missingValues")]
    return tuple(dict.fromkeys(word for word in found if word)) if is_declared else None


def _list(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
