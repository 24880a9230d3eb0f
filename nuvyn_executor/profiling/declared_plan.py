"""Puts what a data contract declares in place of what was guessed from names and a sample. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Sequence, Tuple

from nuvyn_executor.profiling.plan import ScanPlan, ordered_pairs
from nuvyn_executor.profiling.value_patterns import MOMENTS, OF_MOMENTS, Expected, data_type_of
from nuvyn_executor.quality.checks.registry import semantic_type
from nuvyn_executor.quality.declared import MOST_RULES, Kind, Metric, Of, folded
from nuvyn_executor.reading.frame import family

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan
    from nuvyn_executor.quality.declared import ColumnTerms, Expectation, Rule, TableTerms

Again = Callable[[int, Optional[str], Optional[Tuple[str, ...]]], "ColumnPlan"]
_EXPECTED: Dict[str, str] = {
    "number": Expected.NUMBER,
    "integer": Expected.NUMBER,
    "date": Expected.MOMENT,
    "timestamp": Expected.MOMENT,
    "time": Expected.TEXT,
    "boolean": Expected.BOOLEAN,
}


def declared_plan(plan: ScanPlan, terms: TableTerms, again: Again) -> ScanPlan:
    """Return the plan of a dataset that a data contract declares.

    Args:
        plan: as it was guessed.
        terms: what is declared.
        again: plans the text column at a position anew: with another expectation, and with the texts that
            stand for no value; ``None`` is as it was guessed.
    """
    columns: List[ColumnPlan] = []
    fingerprint = terms.fingerprint
    if not any(_is_written(one, terms) for one in plan.columns):
        terms = replace(terms, written="")  # what was guessed is better than nothing
    for index, guessed in enumerate(plan.columns):
        one = terms.column(guessed.name)
        column = guessed if one is None or not _is_text(guessed) else _replanned(guessed, one, index, again)
        columns.append(_declared(column, one, terms))
    pairs = tuple(
        pair for pair in ordered_pairs(columns) if not any(_is_excluded(columns[i], terms) for i in pair)
    )
    return replace(
        plan, columns=tuple(columns), pairs=pairs, keys=key_places(columns, terms), terms=fingerprint
    )


def _replanned(guessed: ColumnPlan, terms: ColumnTerms, place: int, again: Again) -> ColumnPlan:
    """Return the plan of a text column with what is declared of its values."""
    markers = terms.missing_words
    plan = guessed if markers is None else again(place, None, markers)
    expected = _expected(plan, terms)
    if expected not in (None, plan.expected):
        plan = again(place, expected, markers)
    return replace(plan, is_key=guessed.is_key, not_key=guessed.not_key)


def _is_text(plan: ColumnPlan) -> bool:
    return plan.declared_type in (None, "string")


def key_places(columns: Sequence[ColumnPlan], terms: TableTerms) -> Tuple[Tuple[int, ...], ...]:
    """Return the positions of columns that together should not repeat, each set once."""
    found: Dict[Tuple[int, ...], None] = {}
    for expectation in terms.expectations:
        places = places_of(expectation.columns, columns, terms)
        if expectation.metric == Metric.DUPLICATES and len(places) > 1:
            found[places] = None
    return tuple(found)


def places_of(names: Sequence[str], columns: Sequence[ColumnPlan], terms: TableTerms) -> Tuple[int, ...]:
    """Return the positions of declared columns; nothing where one of them is not there."""
    declared = {
        folded(own.name): i for i, one in enumerate(columns) for own in [terms.column(one.name)] if own
    }
    by_name = {**{folded(one.name): i for i, one in enumerate(columns)}, **declared}
    places = tuple(by_name[folded(name)] for name in names if folded(name) in by_name)
    return places if len(places) == len(names) else ()


def _expected(plan: ColumnPlan, terms: ColumnTerms) -> Optional[str]:
    """Return what a column of text should hold; ``None`` for what was guessed."""
    if terms.is_excluded:
        return None
    if terms.check:
        return terms.check
    if terms.logical_type == "string" and data_type_of(plan.expected, {}) != "string":
        return Expected.TEXT
    if semantic_type(plan.expected) is not None and any(map(_says_what_is_valid, terms.expectations)):
        return Expected.TEXT
    expected = _EXPECTED.get(terms.logical_type)
    is_example = bool(terms.example) and expected == Expected.MOMENT
    if is_example and OF_MOMENTS.shapes_of([terms.example])[0] not in MOMENTS:
        return Expected.TEXT  # the format alone is checked
    return expected


def _says_what_is_valid(one: Expectation) -> bool:
    return one.rule is not None and one.rule.kind in (Kind.PATTERN, Kind.ONE_OF)


def _declared(plan: ColumnPlan, one: Optional[ColumnTerms], terms: TableTerms) -> ColumnPlan:
    if one is not None and one.is_excluded:
        return replace(
            plan,
            sample=None,
            suspect_examples={},
            fences=None,
            is_key=False,
            not_key=None,
            says_when_written=False,
            rules=(),
            is_unique=False,
            dropped_bits=None,
        )
    alone = [own.columns[0] for own in terms.expectations if len(own.columns) == 1]
    is_key = plan.is_key and not terms.key if one is None or one.is_key is None else one.is_key
    is_said = bool(terms.key) or (one is not None and one.is_key is not None)
    plan = replace(plan, is_key=is_key, not_key=None if is_said else plan.not_key)
    if terms.written:
        is_written = _is_written(plan, terms) and _of(plan) == Of.MOMENT
        plan = replace(plan, says_when_written=is_written, may_lie_ahead=False)
    if one is None:
        return replace(plan, is_unique=folded(plan.name) in map(folded, alone))
    rules = dict.fromkeys(own.rule for own in one.expectations if own.rule and _applies(own.rule, plan))
    is_unique = any(own.metric == Metric.DUPLICATES for own in one.expectations)
    return replace(
        plan,
        day_first=plan.day_first if one.day_first is None else one.day_first,
        rules=tuple(rules)[:MOST_RULES],
        is_unique=is_unique or any(folded(name) in one.names for name in alone),
    )


def _is_written(plan: ColumnPlan, terms: TableTerms) -> bool:
    """Whether a column is the one that the contract measures freshness by."""
    one = terms.column(plan.name)
    return folded(terms.written) in ((folded(plan.name),) if one is None else one.names)


def _of(plan: ColumnPlan) -> Optional[str]:
    """Return what the values of a column are; ``None`` for truth values, arrays and binaries."""
    if _is_text(plan):
        return {Expected.NUMBER: Of.NUMBER, Expected.MOMENT: Of.MOMENT}.get(plan.expected, Of.TEXT)
    return {"number": Of.NUMBER, "moment": Of.MOMENT}.get(family(str(plan.declared_type)))


def _applies(rule: Rule, plan: ColumnPlan) -> bool:
    """Whether values of a column can break a rule."""
    if rule.kind == Kind.ONE_OF:
        return _of(plan) is not None and (_is_text(plan) or bool(rule.numbers))
    if rule.of == Of.TEXT:
        return _is_text(plan)
    return rule.of == _of(plan)


def _is_excluded(plan: ColumnPlan, terms: TableTerms) -> bool:
    one = terms.column(plan.name)
    return one is not None and one.is_excluded
