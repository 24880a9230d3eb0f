"""Spark SQL for the buckets of numbers (:mod:`~nuvyn_executor.profiling.histogram`). Nothing runs here."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional, Sequence, Tuple

from nuvyn_executor.profiling.commonest import FEW, LONGEST_BYTES
from nuvyn_executor.profiling.spark import expressions
from nuvyn_executor.profiling.value_patterns import Expected
from nuvyn_executor.reading.frame import family

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan

_DIGITS = 52
_LEAST_POWER = -1022


def has_histogram(plan: ColumnPlan) -> bool:
    """Whether numbers, moments or lengths of a column are counted: not of booleans and opaque values."""
    return plan.dropped_bits is not None and (
        expressions.is_text(plan) or expressions.kind_of(plan) != expressions.TEXT
    )


def has_commonest(plan: ColumnPlan) -> bool:
    """Whether the texts of a column are counted if they are few: not where they are numbers or moments."""
    if plan.dropped_bits is None:
        return False
    if expressions.is_text(plan):
        return plan.expected not in (Expected.NUMBER, Expected.MOMENT)
    return family(str(plan.declared_type)) == "boolean"


def projections(plans: Sequence[Optional[ColumnPlan]], extremes: Sequence[str]) -> List[List[str]]:
    """Return successive projections of groups of equal cells, of which the last one adds ``bucket``.

    It is NULL where a cell has no finite number. Spark has no function for the bits of a double, so they are
    calculated. Each step is exact: a logarithm that was rounded to that of the next power is corrected, and a
    division by a power of two loses nothing.

    Args:
        plans: by position; ``None`` for cells that belong to no column.
        extremes: which of ``number`` and ``whole`` the groups have.
    """
    ends = [f"CAST(min_{one} AS DOUBLE)" for one in ("number", "whole") if one in extremes]
    value = f"coalesce({', '.join(ends)}, CAST(NULL AS DOUBLE))"
    bits = [
        None if plan is None or not has_histogram(plan) else plan.dropped_bits for plan in plans
    ]  # fmt: skip
    dropped = ", ".join("CAST(NULL AS INT)" if one is None else str(one) for one in bits)
    power = f"floor(coalesce(log2(amount), {_LEAST_POWER}D))"
    near = (
        "greatest({0}L, near - IF(amount < pow(2D, near), 1L, 0L)) + IF(amount >= pow(2D, near + 1L), 1L, 0L)"
    )
    digits = f"CAST(amount / pow(2D, power) * {1 << _DIGITS}D AS BIGINT)"
    exact = f"(power - {_LEAST_POWER}L) * {1 << _DIGITS}L + {digits}"
    lowest = f"(-{(1 << 63) - 1}L - 1L)"
    return [
        [f"{value} AS value"],
        ["IF(abs(value) < CAST('Infinity' AS DOUBLE), abs(value), NULL) AS amount"],
        [f"greatest({_LEAST_POWER}L, least(1023L, {power})) AS near"],
        [f"{near.format(_LEAST_POWER)} AS power"],
        [f"shiftright({exact} + IF(value < 0, {lowest}, 0L), array({dropped})[position]) AS bucket"],
    ]


def text_of(plans: Sequence[Optional[ColumnPlan]]) -> Optional[str]:
    """Return the cell where it may be one of few texts, else NULL; ``None`` where no column has few."""
    few = [plan is not None and plan.may_be_few and has_commonest(plan) for plan in plans]
    if not any(few):
        return None
    flags = ", ".join(map(str, few))
    return f"IF(array({flags})[position] AND octet_length(cell) <= {LONGEST_BYTES}, cell, NULL)"


def texts_of_groups() -> Tuple[str, ...]:
    """Return the aggregate of a bucket's groups with the texts and their counts, if these are few."""
    pair = "IF(text IS NULL, NULL, named_struct('text', text, 'cells', cells))"
    return (f"IF(count(text) <= {FEW}, collect_list({pair}), NULL) AS texts",)
