"""The counters of a scan as Spark columns: plan in, aggregates out. Nothing runs here.

A column goes through two projections, so that each text is trimmed, classified and parsed once, and one
aggregate. Aliases are positional (``c0_nulls``): whatever a column is called, its name never reaches SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from nuvyn_executor.profiling.plan import family
from nuvyn_executor.profiling.shapes import (
    ALLOWED,
    BROKEN_TEXT,
    DATE_SENTINELS,
    DATES,
    LOOKS,
    MAYBE_BROKEN,
    NUMBER_SENTINELS,
    NUMBERS,
    PATTERNS,
    PLACEHOLDERS,
    WHITE,
    Expected,
    merged,
)
from nuvyn_executor.quality.tallies import Shape

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan
    from nuvyn_executor.profiling.shapes import Look

SHAPES = tuple(Shape)
DAY_MICROS = 86_400_000_000
DISTINCT_RSD = 0.05
KEY_RSD = 0.02  # rows and keys decide a score; below 0.02 Spark's HLL costs more than the rest of the scan
ROW_HASH = "row_hash"
LONGEST_PLACEHOLDER = max(len(word) for word in PLACEHOLDERS)


def _functions() -> Any:
    from pyspark.sql import functions  # noqa: PLC0415  pyspark is there on a cluster, and only imported to scan

    return functions


def is_text(plan: ColumnPlan) -> bool:
    """Whether a column's values are texts to be understood."""
    return plan.declared_type in (None, "string")


@dataclass(frozen=True)
class Wanted:
    """What a read prepares, so that nothing else is computed.

    Attributes:
        columns: positions.
        counters: shapes and values, for :func:`column_counters`.
        hashes: of present values, for :func:`distinct_counter`.
        row_hash: of whole rows, which are then :attr:`columns`.
    """

    columns: Tuple[int, ...]
    counters: bool = True
    hashes: bool = False
    row_hash: bool = False


def prepared(frame: Any, plan: ScanPlan, wanted: Wanted, corrupt: Optional[str] = None) -> Any:
    """Add what a read needs: trimmed text, shape, value, hash. All else is left out."""
    f = _functions()
    plans = [(i, plan.columns[i]) for i in wanted.columns]
    texts = [(i, one) for i, one in plans if is_text(one)]
    raw = [f"c{i}" for i in wanted.columns] + ([corrupt] if corrupt is not None else [])
    rows = [_row_hash(plans).alias(ROW_HASH)] if wanted.row_hash else []
    data = frame.select(*raw, *rows, *[_trimmed(i).alias(f"c{i}_trimmed") for i, _ in texts])
    if wanted.counters:
        data = data.select(
            "*", *[_shape(f.col(f"c{i}_trimmed"), one).alias(f"c{i}_shape") for i, one in texts]
        )
        values = [_value(i, one).alias(f"c{i}_value") for i, one in plans if _has_value(one)]
        data = data.select("*", *values, *[_form(i).alias(f"c{i}_form") for i, _ in texts])
    if wanted.hashes:
        data = data.select(
            "*", *[f.when(_has_content(i, one), _hash(i, one)).alias(f"c{i}_hash") for i, one in plans]
        )
    return data


def is_moment(plan: ColumnPlan) -> bool:
    """Whether a column holds dates or times, declared or understood."""
    if is_text(plan):
        return plan.expected is Expected.MOMENT
    return family(str(plan.declared_type)) == "moment"


def is_present(i: int, plan: ColumnPlan) -> Any:
    """Say whether a cell has a value: neither NULL nor NaN nor a text that says nothing."""
    f = _functions()
    if is_text(plan):
        return f.col(f"c{i}_shape").isNotNull()
    present = f.col(f"c{i}").isNotNull()
    return present & ~f.isnan(f"c{i}") if plan.declared_type in ("float", "double") else present


def _has_content(i: int, plan: ColumnPlan) -> Any:
    """Say what :func:`is_present` says, without a shape."""
    f = _functions()
    return ~_says_nothing(f.col(f"c{i}_trimmed")) if is_text(plan) else is_present(i, plan)


def _row_hash(plans: Sequence[Tuple[int, ColumnPlan]]) -> Any:
    """Hash a whole row: its columns' hashes, which are never NULL, because ``xxhash64`` skips NULLs."""
    return _functions().xxhash64(*[_hash(i, one) for i, one in plans])


def column_counters(i: int, plan: ColumnPlan, now_micros: int) -> Dict[str, Any]:
    """Give the aggregates of one column, by alias."""
    f = _functions()
    raw, present = f.col(f"c{i}"), is_present(i, plan)
    counters: Dict[str, Any] = {"nulls": _count(raw.isNull())}
    if is_text(plan):
        counters["present"] = _count(present)
        counters.update(_text_counters(i, plan))
    elif plan.declared_type in ("float", "double"):
        counters["nans"] = _count(f.isnan(raw))
    if _has_value(plan):
        counters.update(_value_counters(i, plan, now_micros))
    return {f"c{i}_{name}": column for name, column in counters.items()}


def distinct_counter(hashed: Any, plan: ScanPlan, rsd: float) -> Any:
    """Count the different values of a column of hashes, NULL left out; exactly in a small dataset."""
    f = _functions()
    return f.size(f.collect_set(hashed)) if plan.exact_distinct else f.approx_count_distinct(hashed, rsd)


def pair_counters(plan: ScanPlan) -> Dict[str, Any]:
    """Give the aggregates of the moments that should follow each other, for every pair."""
    f = _functions()
    counters = {}
    for number, (earlier, later) in enumerate(plan.pairs):
        first, second = f.col(f"c{earlier}_value"), f.col(f"c{later}_value")
        counters[f"pair{number}_compared"] = _count(first.isNotNull() & second.isNotNull())
        counters[f"pair{number}_violated"] = _count(first > second)
    return counters


def _text_counters(i: int, plan: ColumnPlan) -> Dict[str, Any]:
    f = _functions()
    raw, trimmed, present = f.col(f"c{i}"), f.col(f"c{i}_trimmed"), is_present(i, plan)
    shape, form = f.col(f"c{i}_shape"), f.col(f"c{i}_form")
    counters = {"blanks": _count(trimmed == "")}
    for candidate in (Shape.PADDED, *plan.shapes):
        counters[f"shape_{candidate.value}"] = _count(form == SHAPES.index(candidate))
    if not _has_value(plan):
        counters["length_min"] = f.min(f.when(present, f.octet_length(raw)))
        counters["length_max"] = f.max(f.when(present, f.octet_length(raw)))
        counters["broken"] = _count(present & raw.rlike(MAYBE_BROKEN) & raw.rlike(BROKEN_TEXT))
    allowed = ALLOWED.get(plan.expected)
    if allowed is not None:
        fails = ~shape.isin(*{SHAPES.index(merged(one, plan.expected)) for one in allowed})
        if plan.expected is Expected.MOMENT:
            fails = fails | f.col(f"c{i}_value").isNull()
        counters["invalid"] = _count(present & fails)
    return counters


def _value_counters(i: int, plan: ColumnPlan, now_micros: int) -> Dict[str, Any]:
    f = _functions()
    value, present = f.col(f"c{i}_value"), is_present(i, plan)
    # Moments as microseconds: Python has no year 0, and its time zone is not Spark's.
    micros = f.expr(f"unix_micros(CAST(c{i}_value AS TIMESTAMP))")
    shown = f.when(present, micros if is_moment(plan) else value)
    counters = {"minimum": f.min(shown), "maximum": f.max(shown)}
    if is_moment(plan):
        counters["suspects"] = _count(present & f.to_date(value).cast("string").isin(*DATE_SENTINELS))
        if plan.says_when_written:
            future = micros > now_micros + DAY_MICROS
            counters["timestamps"] = _count(micros.isNotNull())
            counters["future"] = _count(future)
            counters["latest"] = f.max(f.when(~future, micros))
        return counters
    odd = value.isin(*[float(number) for number in NUMBER_SENTINELS])
    odd = odd | value.isin(float("inf"), float("-inf"))
    if plan.fences is not None:
        odd = odd | (value < plan.fences[0]) | (value > plan.fences[1])
    counters["suspects"] = _count(present & odd)
    return counters


def _value(i: int, plan: ColumnPlan) -> Any:
    f = _functions()
    if plan.declared_type is not None and not is_text(plan):
        return f.col(f"c{i}") if is_moment(plan) else f.col(f"c{i}").cast("double")
    shape, text = f.col(f"c{i}_shape"), f"c{i}_trimmed"
    if is_moment(plan):
        day, month = ("0", "1") if plan.day_first else ("1", "0")
        parts = f"split({text}, '[/.]')"
        turned = f"concat({parts}[2], '-', lpad({parts}[{month}], 2, '0'), '-', lpad({parts}[{day}], 2, '0'))"
        in_parts = f.when(shape.isin(*_indexes(DATES[1:])), f.expr(f"try_cast({turned} AS TIMESTAMP)"))
        return in_parts.when(
            shape.isin(*_indexes((Shape.DATE_ISO, Shape.TIMESTAMP))), f.expr(f"try_cast({text} AS TIMESTAMP)")
        )
    numeric = f.expr(f"try_cast(translate({text}, ',', '.') AS DOUBLE)")
    return f.when(shape.isin(*_indexes((*NUMBERS, Shape.CODE))), numeric)


def _trimmed(i: int) -> Any:
    """Cut white space; of most texts there is none, which comparing bytes at both ends tells."""
    f = _functions()
    text = f.col(f"c{i}")
    is_padded = text < "!"  # white space and control characters are below it, and so is the empty text
    for character in WHITE:
        is_padded = is_padded | text.endswith(character)
    cut = f.expr(f"trim(BOTH '{_sql_text(WHITE)}' FROM c{i})")
    return f.when(is_padded, cut).otherwise(text)


def _shape(text: Any, plan: ColumnPlan) -> Any:
    """Classify a trimmed text: the first pattern that matches says what it is; NULL when nothing is there.

    No placeholder matches a pattern, so whether a text is one is asked last: of most values never.
    """
    f = _functions()
    classified = f.when(text.isNull(), None)
    for shape, pattern in PATTERNS:
        told = merged(shape, plan.expected)
        if told in plan.shapes:
            matches = _looks(text, LOOKS[shape]) & text.rlike(rf"\A(?:{pattern})\z")
            classified = classified.when(matches, SHAPES.index(told))
    return classified.when(_says_nothing(text), None).otherwise(SHAPES.index(Shape.TEXT))


def _says_nothing(text: Any) -> Any:
    f = _functions()
    return (f.octet_length(text) <= LONGEST_PLACEHOLDER) & f.lower(text).isin("", *PLACEHOLDERS)


def _looks(text: Any, look: Look) -> Any:
    f = _functions()
    length = f.octet_length(text)
    fits = length >= look.shortest
    if look.longest is not None:
        fits = fits & (length <= look.longest)
    return fits & text.contains(look.holds) if look.holds else fits


def _form(i: int) -> Any:
    """Say how a text is written: padded, or else its shape."""
    f = _functions()
    padded = f.octet_length(f"c{i}") != f.octet_length(f"c{i}_trimmed")
    shape = f.col(f"c{i}_shape")
    return f.when(padded & shape.isNotNull(), SHAPES.index(Shape.PADDED)).otherwise(shape)


def _has_value(plan: ColumnPlan) -> bool:
    if is_text(plan):
        return plan.expected in (Expected.NUMBER, Expected.MOMENT)
    return family(str(plan.declared_type)) in ("number", "moment")


def _hash(i: int, plan: ColumnPlan) -> Any:
    f = _functions()
    column = f.col(f"c{i}")
    if plan.expected is not Expected.OPAQUE:
        return f.xxhash64(column)
    nested = str(plan.declared_type).startswith(("array", "map", "struct"))
    return f.xxhash64(f.to_json(column) if nested else column.cast("string"))


def _count(condition: Any) -> Any:
    f = _functions()
    return f.count(f.when(condition, f.lit(1)))


def _indexes(shapes: Sequence[Shape]) -> List[int]:
    return [SHAPES.index(shape) for shape in shapes]


def _sql_text(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)
