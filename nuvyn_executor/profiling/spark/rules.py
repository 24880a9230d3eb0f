"""Rules of data contracts as Spark SQL: the flags of the cells that break them. Nothing runs here."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Dict, List, Optional, Sequence, Tuple

from nuvyn_executor.profiling.spark import cells
from nuvyn_executor.profiling.spark.predicates import literal
from nuvyn_executor.quality.declared import LONGEST_MATCHED, Kind, Of

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan
    from nuvyn_executor.quality.declared import Rule

_NEAR = "1e-9"
_BROKEN = {Kind.AT_LEAST: "<", Kind.AT_MOST: ">", Kind.ABOVE: "<=", Kind.BELOW: ">="}


def broken_rules(
    plans: Sequence[Optional[ColumnPlan]], of: Sequence[str], moment: str = "whole"
) -> List[Tuple[str, int]]:
    """Return a condition for each rule of some columns, with the flag of the cells where it is true.

    Args:
        plans: by position; ``None`` for cells that belong to no column.
        of: which columns there are, by the constants of :class:`~nuvyn_executor.quality.declared.Of`:
            ``text``, ``number``, and one that holds moments.
        moment: the name of that one.
    """
    by_flag: Dict[int, List[Tuple[int, str]]] = defaultdict(list)
    for position, plan in enumerate(plans):
        for number, rule in enumerate(() if plan is None else plan.rules):
            by_flag[cells.rule_flag(number)].append((position, _broken(rule, of, moment)))
    several = len(plans) > 1
    return [(_at(conditions, several=several), flag) for flag, conditions in by_flag.items()]


def _at(conditions: Sequence[Tuple[int, str]], *, several: bool) -> str:
    if not several:
        ((_, condition),) = conditions
        return condition
    branches = " ".join(f"WHEN {position} THEN {condition}" for position, condition in conditions)
    return f"CASE position {branches} ELSE FALSE END"


def _broken(rule: Rule, of: Sequence[str], moment: str) -> str:
    """Return whether a cell breaks a rule; NULL, which is no number or no moment, does not."""
    if rule.kind == Kind.ONE_OF:
        return _in_list(rule, of, moment)
    if rule.kind == Kind.PATTERN:
        return f"(char_length(text) > {LONGEST_MATCHED} OR NOT text RLIKE {literal(rule.text)})"
    if rule.kind in (Kind.MIN_LENGTH, Kind.MAX_LENGTH):
        sign = "<" if rule.kind == Kind.MIN_LENGTH else ">"
        return f"char_length(text) {sign} {_double(rule.number)}"
    value = f"CAST({moment} AS DOUBLE)" if rule.of == Of.MOMENT else "number"
    if rule.kind == Kind.WHOLE:
        return f"coalesce({value} != rint({value}), FALSE)"
    if rule.kind == Kind.MULTIPLE_OF:
        quotient = f"{value} / {_double(rule.number)}"
        return f"coalesce(abs({quotient} - rint({quotient})) > {_NEAR}, FALSE)"
    return f"coalesce({value} {_BROKEN[rule.kind]} {_double(rule.number)}, FALSE)"


def _in_list(rule: Rule, of: Sequence[str], moment: str) -> str:
    parts = []
    if Of.TEXT in of and rule.texts:
        parts.append(f"text IN ({', '.join(map(literal, rule.texts))})")
    numbers = ", ".join(map(_double, rule.numbers))
    if Of.NUMBER in of and numbers:
        parts.append(f"coalesce(number IN ({numbers}), FALSE)")
    if Of.MOMENT in of and numbers:
        parts.append(f"coalesce(CAST({moment} AS DOUBLE) IN ({numbers}), FALSE)")
    return f"NOT ({' OR '.join(parts) or 'FALSE'})"


def _double(number: float) -> str:
    return f"CAST('{float(number)!r}' AS DOUBLE)"
