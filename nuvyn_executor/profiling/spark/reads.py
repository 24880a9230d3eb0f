"""In which reads Spark counts a dataset: few, and of a size that Java compiles. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from nuvyn_executor.profiling.spark import expressions
from nuvyn_executor.profiling.spark.predicates import is_long
from nuvyn_executor.quality.checks.registry import check_of, form_of

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan
    from nuvyn_executor.quality.checks.check import Check
    from nuvyn_executor.reading.frame import Frame

TOGETHER = 60
"""Columns of one read. With 90 of them, the method that reads them is too long for Java to compile."""
ALONE_FROM = 1_000_000
"""Rows from which each text column has a read of its own, where columns can be read one by one."""
FEW_VALUES, SHORT_TEXT = 0.1, 100
"""The share of different values in a sample, and their mean length, up to which values are grouped first."""
MOST_SHAPES = 10
"""Shapes of one read, if some are not looked for in every column. With one of those beside the twelve that
are, and with their predicates, the method that classifies texts is too long for Java to compile."""

MOST_RULED = 10
"""Text columns of one read that have rules of a data contract, whose conditions are code of their own."""
FEW_STEPS = 2
"""Steps that rewrite values of a form, up to which its columns are read with the others."""


@dataclass(frozen=True)
class Read:
    """One aggregate over cells of one kind.

    Attributes:
        kind: see :func:`~nuvyn_executor.profiling.spark.expressions.kind_of`.
        columns: the positions of the columns.
        rows: rows are cells, too: hashes of their content.
        pairs: pairs of moments that have an order are cells, too: whether they are in order.
        keys: keys of several columns are cells, too: hashes of their values.
        by_value: there are so few different cells that they are grouped first, and each is classified once.
        distributes: it is counted, too, how numbers and few texts are distributed.
    """

    kind: str
    columns: Tuple[int, ...] = ()
    rows: bool = False
    pairs: bool = False
    keys: bool = False
    by_value: bool = False
    distributes: bool = True


def reads_of(frame: Frame, plan: ScanPlan) -> List[Read]:
    """Return the reads that count a dataset.

    Where columns can be read one by one (Parquet, Delta), rows have a read of their own, and so has each text
    column of a table of many rows. Where every read parses every record (CSV, JSON), there is one for all;
    more only if checks need more code than Java compiles.
    """
    kinds: Dict[str, List[int]] = defaultdict(list)
    for i, one in enumerate(plan.columns):
        kinds[expressions.kind_of(one)].append(i)
    texts, *apart = _groups(kinds.pop(expressions.TEXT, []), plan)
    others = list(kinds.items())
    keys = [Read(expressions.HASH, keys=True)] if plan.keys and plan.distinct else []
    if not frame.is_columnar:
        first = Read(expressions.TEXT, tuple(texts), rows=True, pairs=True)
        return [first, *_together([*((expressions.TEXT, columns) for columns in apart), *others]), *keys]
    reads = [Read(expressions.HASH, rows=True), *keys]
    if plan.pairs:
        reads.append(Read(expressions.TEXT, pairs=True))
    if frame.rows < ALONE_FROM:
        others = [*((expressions.TEXT, columns) for columns in (texts, *apart)), *others]
    else:
        alone = sorted(i for columns in (texts, *apart) for i in columns)
        reads.extend(Read(expressions.TEXT, (i,), by_value=_has_few_values(frame.sample[i])) for i in alone)
    return reads + _together(others)


def _groups(texts: Sequence[int], plan: ScanPlan) -> List[List[int]]:
    """Divide text columns by the code that they need. The first group may be empty."""
    common: List[int] = []
    others: List[int] = []
    long: Dict[str, List[int]] = defaultdict(list)
    ruled: Dict[str, List[int]] = defaultdict(list)
    for i in texts:
        one = plan.columns[i]
        check = check_of(one.expected) if expressions.is_text(one) else None
        needs = _needs_much_code(one, check)
        if one.rules:
            ruled[needs].append(i)
        elif needs:
            long[needs].append(i)
        elif check is None or check.anywhere:
            common.append(i)
        else:
            others.append(i)
    shapes = {shape for i in (*common, *others) for shape in plan.columns[i].shapes}
    apart = [*long.values(), *(part for some in ruled.values() for part in _parts(some))]
    if len(shapes) <= MOST_SHAPES or not others:
        return [sorted([*common, *others]), *apart]
    return [common, others, *apart]


def _parts(ruled: List[int]) -> List[List[int]]:
    return [ruled[start : start + MOST_RULED] for start in range(0, len(ruled), MOST_RULED)]


def _needs_much_code(plan: ColumnPlan, check: Optional[Check]) -> str:
    """Return the name of the check of a column, where that needs much code; else ``""``."""
    if check is None:
        return ""
    is_rewritten = any(_is_rewritten(shape) for shape in plan.shapes if shape in check.shapes)
    is_tested = any(form.predicate and is_long(form.predicate) for form in check.forms)
    return check.name if is_rewritten or (is_tested and not check.anywhere) else ""


def _is_rewritten(shape: str) -> bool:
    """Whether many steps rewrite values of a shape, which needs much code."""
    form = form_of(shape)
    return form is not None and len(form.steps) > FEW_STEPS


def _together(kinds: Sequence[Tuple[str, Sequence[int]]]) -> List[Read]:
    return [
        Read(kind, tuple(columns[start : start + TOGETHER]))
        for kind, columns in kinds
        for start in range(0, len(columns), TOGETHER)
    ]


def _has_few_values(sample: Sequence[Any]) -> bool:
    """Whether a sampled column has few different values, which are cheap to group by."""
    present = [value for value in sample if value is not None]
    size = sum(len(str(value)) for value in present)
    few = len(set(present)) <= FEW_VALUES * len(present) and size <= SHORT_TEXT * len(present)
    return bool(present) and few
