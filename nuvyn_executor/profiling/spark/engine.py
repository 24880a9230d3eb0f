"""Counts a dataset with Spark itself, which works for every format and every type.

The cells of many columns are put below each other (``posexplode``), each gets a class
(:mod:`~nuvyn_executor.profiling.spark.cells`), and Spark counts the cells of each class of each column. The
code that Spark compiles for that is as small for two hundred columns as for two. An aggregate with counters
of its own for each column grows beyond what Java compiles (8,000 bytecodes a method) and Spark accepts (100
fields), and took ten times as long. Where a text column has a read of its own, its plan is constant, so that
Spark leaves out the code for other kinds of text.

Different values are grouped, too: by their hash where they are counted exactly, else by the hash's low bits,
with the least of its other bits, which makes a HyperLogLog register
(:mod:`~nuvyn_executor.profiling.sketch`). Spark's own ``approx_count_distinct`` is never compiled.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial, reduce
from operator import add
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.concurrency import at_once
from nuvyn_executor.profiling import value_patterns
from nuvyn_executor.profiling.commonest import FEW, Commonest
from nuvyn_executor.profiling.counts import Counts, Span
from nuvyn_executor.profiling.histogram import Histogram
from nuvyn_executor.profiling.sketch import (
    KEPT,
    PRECISION,
    RANKED_BITS,
    REGISTERS,
    Final,
    Sketch,
    State,
    merged,
)
from nuvyn_executor.profiling.spark import buckets, cells, expressions
from nuvyn_executor.profiling.spark.cells import Cell
from nuvyn_executor.profiling.spark.reads import reads_of
from nuvyn_executor.profiling.value_patterns import MOMENTS, Expected
from nuvyn_executor.quality.checks.registry import check_of
from nuvyn_executor.quality.tallies import ColumnTally, DatasetTally, Distinct, Shape

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan
    from nuvyn_executor.profiling.spark.reads import Read
    from nuvyn_executor.quality.checks.check import Check
    from nuvyn_executor.reading.frame import Frame

ENGINE = "spark"
HASH_NAME = "spark-xxhash64"
AT_ONCE = 4
ROW = "row"
"""The name of cells that are rows: a row's hash, or NULL for a record that did not parse."""
FEW_REGISTERS = REGISTERS // 4
"""For columns that are no keys. With more, there are more groups than Spark's fast map holds (65,536)."""
MOST_GROUPS = 100_000
"""The most groups that a read returns to the driver. With more, distributions are not measured."""
_CLASS_FROM = 40  # bits of a group's key: its class, its position, its register
_RANK_BITS = 6
_UNSIGNED = (1 << 64) - 1


@dataclass(frozen=True)
class Key:
    """The name of cells that are keys of several columns.

    Attributes:
        places: the positions of the columns.
    """

    places: Tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """Cells of one column and one class.

    Attributes:
        cell: what the class means.
        count: how many cells.
        number: their least and greatest number.
        whole: their least and greatest whole number, moment (microseconds since 1970), or length in bytes.
        different: the state of the different values; ``None`` if they are not counted.
        buckets: how many finite numbers, moments or lengths are in which bucket; ``None`` if not counted.
        texts: how many cells have which text; ``None`` if there are too many texts, or they are not counted.
    """

    cell: Cell
    count: int
    number: Tuple[Any, Any] = (None, None)
    whole: Tuple[Any, Any] = (None, None)
    different: Optional[State] = None
    buckets: Optional[Mapping[int, int]] = None
    texts: Optional[Mapping[str, int]] = None


def count(frame: Frame, plan: ScanPlan, now_micros: int) -> Counts:
    """Count a dataset.

    Args:
        frame: the dataset as a DataFrame of positional columns.
        plan: what to count in it.
        now_micros: the present, microseconds since 1970 UTC; later moments are in the future.
    """
    groups: Dict[Any, List[Group]] = defaultdict(list)
    reads = [partial(_answers, frame, plan, read, now_micros) for read in reads_of(frame, plan)]
    for answers in at_once(*reads, limit=AT_ONCE):
        for name, group in answers:
            groups[name].append(group)
    return _counts(plan, groups)


def asked_of(frame: Frame, plan: ScanPlan, read: Read, now_micros: int) -> Any:
    """Return the DataFrame of a read's groups: position, class, count, extremes, different values.

    In a read by value, each row is one value with the number of its cells.
    """
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    data = frame.data
    values = [expressions.cell_of(i, plan.columns[i], content=plan.distinct) for i in read.columns]
    if read.rows:
        values.append(_row(frame, plan))
    if read.pairs:
        paired = sorted({i for pair in plan.pairs for i in pair})
        for projection in expressions.moments({i: plan.columns[i] for i in paired}):
            data = data.selectExpr("*", *projection)
        values.extend(expressions.order_of(*pair) for pair in plan.pairs)
    if read.keys:
        values.extend(expressions.key_hash(key, plan.columns) for key in plan.keys)
    # A projection first: Spark compiles projections even of more columns than it compiles as a whole.
    data = data.selectExpr(*(f"{value} AS v{k}" for k, value in enumerate(values)))
    if len(values) == 1:  # the plan is constant then, and folded into the code
        data = data.selectExpr("0 AS position", "v0 AS cell")
    else:
        data = data.selectExpr(f"posexplode(array({', '.join(data.columns)})) AS (position, cell)")
    if read.by_value:
        data = data.groupBy("position", "cell").agg(f.expr("count(1) AS times"))
    plans = [*(plan.columns[i] for i in read.columns), *[None] * (len(values) - len(read.columns))]
    levels = expressions.levels(read.kind, plans, now_micros)
    for level in levels.projections:
        data = data.selectExpr("*", *level)
    if not read.columns or not (read.by_value or (plan.distinct and plan.exact_distinct)):
        read = replace(read, distributes=False)
    return _grouped(data, plan, read, levels.extremes, plans)


def _row(frame: Frame, plan: ScanPlan) -> str:
    """Return a row as a cell: the hash of its content, as text among texts; NULL if it did not parse."""
    row = expressions.row_hash(plan.columns) if plan.distinct and plan.columns else "0L"
    if frame.is_columnar:
        return row
    text = f"CAST({row} AS STRING)"
    return text if frame.corrupt is None else f"IF(`{frame.corrupt}` IS NULL, {text}, NULL)"


def _grouped(
    data: Any, plan: ScanPlan, read: Read, extremes: Sequence[str], plans: Sequence[Optional[ColumnPlan]]
) -> Any:
    """Group cells; ``plans`` are those of the positions."""
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    def extremes_of(name: str) -> List[str]:
        return [
            f"{end}({name.format(end=end, x=x)}) AS {end}_{x}" for x in extremes for end in ("min", "max")
        ]

    def asked(*more: str) -> List[Any]:
        return [f.expr(one) for one in (*more, *extremes_of("{x}"))]

    keys = ["position", "class"]
    cell_hash = f"IF(class = {cells.NULL}, NULL, xxhash64(cell)) AS hash"
    text = buckets.text_of(plans) if read.distributes and read.kind == expressions.TEXT else None
    texts = [] if text is None else [f"{text} AS text"]

    def with_buckets(groups: Any) -> Any:
        for projection in buckets.projections(plans, extremes):
            groups = groups.selectExpr("*", *projection)
        return groups

    if read.by_value:
        both = (f"{x} AS {end}_{x}" for x in extremes for end in ("min", "max"))
        values = data.selectExpr(*keys, "times AS cells", *both, cell_hash, *texts)
        return with_buckets(values) if read.distributes else values
    if not plan.distinct:
        return data.groupBy(*keys).agg(*asked("count(1) AS cells"))
    hashed = data.selectExpr(*keys, *extremes, cell_hash, *texts)
    again = [f.expr(one) for one in ("sum(cells) AS cells", *extremes_of("{end}_{x}"))]
    if plan.exact_distinct:
        groups = hashed.groupBy(*keys, "hash", *(["text"] if texts else [])).agg(*asked("count(1) AS cells"))
        again.append(f.expr("count(hash) AS groups"))
        if not read.distributes:
            return groups.groupBy(*keys).agg(*again)
        again += [f.expr(one) for one in (buckets.texts_of_groups() if texts else ())]
        return with_buckets(groups).groupBy(*keys, "bucket").agg(*again)
    masks = ", ".join(f"{_registers(name, plan) - 1}L" for name in _names(read, plan))
    key = f"shiftleft(CAST(class AS BIGINT), {_CLASS_FROM}) + position * {REGISTERS}L"
    split = hashed.selectExpr(
        *extremes,
        f"{key} + coalesce(hash & array({masks})[position], 0L) AS key",
        f"shiftrightunsigned(hash, {PRECISION}) AS rest",
    )
    groups = split.groupBy("key").agg(*asked("count(1) AS cells", "min(rest) AS rest"))
    rank = f"{RANKED_BITS + 1} - IF(rest = 0, 0, length(bin(rest)))"
    ranked = groups.selectExpr(
        "*",
        f"shiftright(key, {_CLASS_FROM}) AS class",
        f"shiftright(key, {PRECISION}) & {(1 << _CLASS_FROM - PRECISION) - 1} AS position",
        f"shiftleft(key & {REGISTERS - 1}, {_RANK_BITS}) + {rank} AS register",
    )
    return ranked.groupBy(*keys).agg(*again, f.expr("collect_list(register) AS registers"))


def _names(read: Read, plan: ScanPlan) -> List[Any]:
    """Return the name of the cells at each position: a column, :data:`ROW`, a pair or a :class:`Key`."""
    return [
        *read.columns,
        *((ROW,) if read.rows else ()),
        *(plan.pairs if read.pairs else ()),
        *(map(Key, plan.keys) if read.keys else ()),
    ]


def _registers(name: Any, plan: ScanPlan) -> int:
    """Return the number of registers for a name of :func:`_names`. Rows and keys decide a score."""
    if isinstance(name, int):
        one = plan.columns[name]
        return REGISTERS if one.is_key or one.is_unique else FEW_REGISTERS
    return REGISTERS if name == ROW or isinstance(name, Key) else FEW_REGISTERS


# -- from answers to counts ------------------------------------------------------------------------------


def _answers(frame: Frame, plan: ScanPlan, read: Read, now_micros: int) -> List[Tuple[Any, Group]]:
    """Return the groups of a read by name.

    A read by value that finds many values is repeated without; so is one of distributions with many buckets.
    """
    asked = asked_of(frame, plan, read, now_micros)
    most = KEPT if read.by_value else MOST_GROUPS if "bucket" in asked.columns else None
    rows = [row.asDict() for row in (asked if most is None else asked.limit(most + 1)).collect()]
    if most is not None and len(rows) > most:
        without = replace(read, by_value=False) if read.by_value else replace(read, distributes=False)
        return _answers(frame, plan, without, now_micros)
    names = _names(read, plan)
    together: Dict[Tuple[int, int], List[Dict[str, Any]]] = defaultdict(list)
    for row in rows:
        together[row["position"], row["class"]].append(row)
    return [
        (
            names[position],
            Group(
                Cell.of(number),
                sum(row["cells"] for row in some),
                _extremes(some, "number"),
                _extremes(some, "whole"),
                _different(some, _registers(names[position], plan)) if plan.distinct else None,
                _buckets(some),
                _texts(some),
            ),
        )
        for (position, number), some in together.items()
    ]


def _extremes(rows: Sequence[Dict[str, Any]], name: str) -> Tuple[Any, Any]:
    return _widest([(row.get(f"min_{name}"), row.get(f"max_{name}")) for row in rows])


def _widest(ends: Sequence[Tuple[Any, Any]]) -> Tuple[Any, Any]:
    low, high = ([end[side] for end in ends if end[side] is not None] for side in (0, 1))
    return min(low, default=None), max(high, default=None)


def _different(rows: Sequence[Mapping[str, Any]], registers: int) -> State:
    """Return the state in the rows of one group: hashes, their number, or registers."""
    if "hash" in rows[0]:
        return Sketch.of(HASH_NAME, (row["hash"] & _UNSIGNED for row in rows if row["hash"] is not None))
    if "groups" in rows[0]:
        return Final(Distinct(sum(row["groups"] for row in rows)))
    ranks = bytearray(registers)
    for row in rows:
        for one in row["registers"]:
            ranks[one >> _RANK_BITS] = one & (1 << _RANK_BITS) - 1
    return Sketch(HASH_NAME, registers=bytes(ranks)) if any(ranks) else Sketch(HASH_NAME)


def _buckets(rows: Sequence[Mapping[str, Any]]) -> Optional[Mapping[int, int]]:
    if "bucket" not in rows[0]:
        return None
    counts: Dict[int, int] = defaultdict(int)
    for row in rows:
        if row["bucket"] is not None:
            counts[row["bucket"]] += row["cells"]
    return counts


def _texts(rows: Sequence[Mapping[str, Any]]) -> Optional[Mapping[str, int]]:
    """Return the texts of a group; ``None`` where one of its cells has too long a one, or too many have."""
    if "text" in rows[0]:  # one row a value
        found = [(row["text"], row["cells"]) for row in rows]
    elif "texts" in rows[0]:
        found = [tuple(one) for row in rows for one in row["texts"] or ()]
    else:
        return None
    is_all = len(found) == sum(row.get("groups", 1) for row in rows) and len(found) <= FEW
    return dict(found) if is_all and all(text is not None for text, _ in found) else None


def _counts(plan: ScanPlan, groups: Mapping[Any, List[Group]]) -> Counts:
    rows = sum(group.count for group in groups[ROW])
    parsed = [group for group in groups[ROW] if group.cell.missing != cells.NULL]
    compared = [group for pair in plan.pairs for group in groups[pair] if group.cell.missing != cells.NULL]
    keyed = (
        [[group for group in groups[Key(key)] if group.cell.missing != cells.NULL] for key in plan.keys]
        if plan.distinct
        else []
    )
    tally = DatasetTally(
        rows=rows,
        columns=tuple(_column_tally(rows, one, groups[i]) for i, one in enumerate(plan.columns)),
        corrupt_rows=rows - sum(group.count for group in parsed),
        pairs=sum(group.count for group in compared),
        pair_violations=sum(group.count for group in compared if not group.cell.missing),
        key_rows=tuple(sum(group.count for group in some) for some in keyed),
    )
    present = [[group for group in groups[i] if _is_there(group, one)] for i, one in enumerate(plan.columns)]
    different = [_state(some, plan) for some in present]
    spans = tuple(_span(*one) for one in zip(plan.columns, present, different))
    keys = tuple(_state(some, plan) for some in keyed)
    return Counts(tally, spans, _state(parsed, plan) if plan.columns else None, keys)


def _is_there(group: Group, plan: ColumnPlan) -> bool:
    """Whether cells have a value. A value that is no text is never a placeholder."""
    if expressions.is_text(plan) or group.cell.missing in (cells.NULL, cells.NAN):
        return not group.cell.missing
    return True


def _state(groups: Sequence[Group], plan: ScanPlan) -> Optional[State]:
    """Add the states of different values. No value has two classes, so that plain numbers add, too."""
    if not plan.distinct:
        return None
    states = [group.different for group in groups if group.different is not None]
    if any(isinstance(one, Final) for one in states):
        return Final(Distinct(sum(one.estimate().count for one in states)))
    nothing: Optional[State] = Sketch(HASH_NAME)
    return reduce(merged, states, nothing)


def _histogram(plan: ColumnPlan, present: Sequence[Group]) -> Optional[Histogram]:
    if not buckets.has_histogram(plan) or plan.dropped_bits is None:
        return None
    total = Histogram(plan.dropped_bits)
    for group in present:
        if group.buckets is None:
            return None
        total += Histogram.of(group.buckets, plan.dropped_bits)
    return total


def _commonest(plan: ColumnPlan, present: Sequence[Group]) -> Optional[Commonest]:
    if not buckets.has_commonest(plan):
        return None
    if not plan.may_be_few:
        return Commonest(None)
    if any(group.buckets is None for group in present):
        return None
    return reduce(add, (Commonest.of(group.texts) for group in present), Commonest())


def _span(plan: ColumnPlan, present: Sequence[Group], different: Optional[State]) -> Span:
    span = _extremes_of(plan, present, different)
    return replace(span, histogram=_histogram(plan, present), commonest=_commonest(plan, present))


def _extremes_of(plan: ColumnPlan, present: Sequence[Group], different: Optional[State]) -> Span:
    if expressions.is_text(plan) and plan.expected not in (Expected.NUMBER, Expected.MOMENT):
        shortest, longest = _widest([one.whole for one in present])
        return Span(None, None, shortest, longest, different)
    if expressions.kind_of(plan) == expressions.TEXT and not expressions.is_text(plan):
        return Span(distinct=different)
    low, high = _widest([one.number if one.whole[0] is None else one.whole for one in present])
    return Span(low, high, distinct=different)


def _column_tally(rows: int, plan: ColumnPlan, groups: Sequence[Group]) -> ColumnTally:
    def missing(reason: int) -> int:
        return sum(one.count for one in groups if one.cell.missing == reason and not _is_there(one, plan))

    present = [group for group in groups if _is_there(group, plan)]
    shapes: Dict[str, int] = defaultdict(int)
    for group in present:
        shapes[_counted_shape(group.cell, plan)] += group.count
    dated = [
        group
        for group in present
        if plan.says_when_written and _has_moment(group.cell, plan) and not group.cell.suspect
    ]
    latest = [group.whole[1] for group in dated if not group.cell.future]
    coming = [group.whole[0] for group in dated if group.cell.future]
    check = check_of(plan.expected)
    is_checked = check is not None or plan.expected == Expected.TYPED
    suspects: Dict[str, int] = defaultdict(int)
    for group in present:
        is_other = check is not None and group.cell.shape not in check.shapes  # and so invalid
        if group.cell.suspect and _is_judged(plan) and not is_other:
            suspects[group.cell.suspect] += group.count
    return ColumnTally(
        rows=rows,
        nulls=missing(cells.NULL),
        nans=missing(cells.NAN),
        blanks=missing(cells.BLANK),
        placeholders=missing(cells.PLACEHOLDER),
        suspects=suspects,
        checked=sum(group.count for group in present) if is_checked else 0,
        invalid=sum(group.count for group in present if check and _fails(group.cell, check)),
        shapes=dict(shapes),
        timestamps=sum(group.count for group in dated),
        future=sum(group.count for group in dated if group.cell.future),
        latest_micros=max(latest, default=None),
        next_micros=min(coming, default=None),
        violations=tuple(
            sum(group.count for group in present if group.cell.broken >> number & 1)
            for number in range(len(plan.rules))
        ),
        unmet=sum(group.count for group in present if _is_unmet(group.cell, plan, check))
        if plan.rules
        else 0,
    )


def _is_unmet(cell: Cell, plan: ColumnPlan, check: Optional[Check]) -> bool:
    """Whether values are not what the column expects, or break a rule that allows none."""
    is_broken = any(cell.broken >> number & 1 for number, rule in enumerate(plan.rules) if rule.allows_none)
    return is_broken or (check is not None and _fails(cell, check))


def _counted_shape(cell: Cell, plan: ColumnPlan) -> str:
    """Return the shape that a present cell counts as in its column."""
    if not expressions.is_text(plan) or cell.shape is None:
        return Shape.TYPED
    return Shape.PADDED if cell.padded else value_patterns.merged(cell.shape, plan.expected)


def _fails(cell: Cell, check: Check) -> bool:
    return cell.invalid or cell.shape not in check.shapes


def _has_moment(cell: Cell, plan: ColumnPlan) -> bool:
    return not expressions.is_text(plan) or (cell.shape in MOMENTS and not cell.invalid)


def _is_judged(plan: ColumnPlan) -> bool:
    """Whether values of a column can be suspects: not booleans and opaque values."""
    return expressions.is_text(plan) or expressions.kind_of(plan) != expressions.TEXT
