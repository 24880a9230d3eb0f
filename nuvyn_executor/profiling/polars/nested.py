"""Arrays, maps and structs in them: of their values only whether they are there and alike is counted.

So each value is replaced by a fingerprint of 64 bits. Two values are alike where Spark's ``to_json`` writes
the same for both, which is what Spark's own way compares (``profiling/spark/expressions.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, FrozenSet, Tuple

import polars as pl

from nuvyn_executor.profiling.polars.hashes import multiplier

if TYPE_CHECKING:
    from typing import Iterable

_TYPES = {
    pl.Int8: ("tinyint",),
    pl.Int16: ("smallint",),
    pl.Int32: ("int",),
    pl.Int64: ("bigint",),
    pl.Float32: ("float",),
    pl.Float64: ("double",),
    pl.Boolean: ("boolean",),
    pl.String: ("string",),
    pl.Categorical: ("string",),
    pl.Enum: ("string",),
    pl.Binary: ("binary",),
    pl.Date: ("date",),
}
_NULL, _EMPTY, _NEGATIVE_ZERO, _PLACE, _LENGTH = map(multiplier, range(1000, 1005))


def is_nested(declared: str) -> bool:
    """Whether a Spark SQL type is that of arrays or maps."""
    return declared.startswith(("array<", "map<"))


def stands_for(kind: Any, declared: str) -> bool:
    """Whether a Polars type may stand for a Spark SQL type; it never does if it is not counted.

    To a Polars without maps a map is a list of structs of ``key`` and ``value``, and a moment does not tell
    whether it has a zone.
    """
    return len(declared) in _ends(kind, declared, 0)


def _ends(kind: Any, text: str, start: int) -> FrozenSet[int]:
    """Return where Spark SQL types end that begin at ``start`` and that a Polars type may stand for."""
    if isinstance(kind, pl.List):
        fields: Any = getattr(kind.inner, "fields", ())
        ends = _ends_of_all([("array<", kind.inner)], text, start)
        if [field.name for field in fields] == ["key", "value"]:
            ends |= _ends_of_all([("map<", fields[0].dtype), (",", fields[1].dtype)], text, start)
        return ends
    if is_map(kind):
        return _ends_of_all([("map<", kind.key), (",", kind.value)], text, start)
    if isinstance(kind, pl.Struct):
        before = ["struct<", *("," for _ in kind.fields[1:])]
        parts = [(f"{word}{field.name}:", field.dtype) for word, field in zip(before, kind.fields)]
        return _ends_of_all(parts, text, start)
    return frozenset(start + len(one) for one in _names(kind) if text.startswith(one, start))


def _ends_of_all(parts: Iterable[Tuple[str, Any]], text: str, start: int) -> FrozenSet[int]:
    """Do the same for a type that has others in it, each after some words."""
    ends = frozenset((start,))
    for before, kind in parts:
        starts = (end + len(before) for end in ends if text.startswith(before, end))
        ends = frozenset(end for one in starts for end in _ends(kind, text, one))
    return frozenset(end + 1 for end in ends if text.startswith(">", end))


def _names(kind: Any) -> Tuple[str, ...]:
    if isinstance(kind, pl.Decimal):
        return (f"decimal({kind.precision},{kind.scale})",)
    if isinstance(kind, pl.Datetime):
        return () if kind.time_unit == "ns" else ("timestamp", "timestamp_ntz")
    return _TYPES.get(kind.base_type(), ())


def is_map(kind: Any) -> bool:
    """Whether a Polars type is that of maps; before Polars 2 there is none."""
    return hasattr(kind, "key") and hasattr(kind, "value")


def fingerprints(values: pl.Series) -> pl.Series:
    """Return a hash of each value, null for null.

    Args:
        values: of a type which :func:`stands_for` a type of Spark.

    Returns:
        a series of ``UInt64``, as long as ``values``.
    """
    if is_map(values.dtype):
        hashes = _of_lists(values.map.entries())  # there is one: Polars has maps
    elif isinstance(values.dtype, pl.List):
        hashes = _of_lists(values)
    elif isinstance(values.dtype, pl.Struct):
        hashes = _of_structs(values)
    else:
        hashes = _of_scalars(values)
    return _only_where(values.is_not_null(), hashes)


def _of_lists(values: pl.Series) -> pl.Series:
    """Add up the hashes of elements with their places. An empty list is not the same as none."""
    lengths = values.list.len().fill_null(0).cast(pl.UInt64)
    filled = lengths > 0
    elements = fingerprints(values.filter(filled).explode()).fill_null(_NULL)
    ends = lengths.cum_sum()
    starts = ends - lengths
    first = pl.DataFrame({"start": starts.filter(filled), "length": lengths.filter(filled)})
    begin = first.select(pl.col("start").repeat_by("length")).to_series().explode()
    place: pl.Series = pl.int_range(len(elements), dtype=pl.UInt64, eager=True) - begin
    mixed = (elements + place * _PLACE).hash()
    sums = pl.concat([pl.Series([0], dtype=pl.UInt64), mixed.cum_sum()])
    added: pl.Series = sums.gather(ends) - sums.gather(starts) + lengths * _LENGTH
    return added.hash()


def _of_structs(values: pl.Series) -> pl.Series:
    """Add up the hashes of fields, each times a number of its own."""
    hashes: pl.Series = pl.Series([_EMPTY], dtype=pl.UInt64).new_from_index(0, len(values))
    for index, name in enumerate(field.name for field in values.dtype.fields):  # type: ignore[attr-defined]
        hashes = hashes + fingerprints(values.struct.field(name)).fill_null(_NULL) * multiplier(index)
    return hashes.hash()


def _of_scalars(values: pl.Series) -> pl.Series:
    if values.dtype in (pl.Categorical, pl.Enum):
        values = values.cast(pl.String)
    if isinstance(values.dtype, pl.Datetime):  # another file may have another unit
        values = values.dt.cast_time_unit("us")
    hashes: pl.Series = values.hash()
    if values.dtype in (pl.Float32, pl.Float64):  # Polars takes 0.0 and -0.0 as the same
        is_negative_zero = (1 / values == float("-inf")).fill_null(value=False)
        hashes = hashes + is_negative_zero.cast(pl.UInt64) * _NEGATIVE_ZERO
    return hashes


def _only_where(there: pl.Series, hashes: pl.Series) -> pl.Series:
    if there.all():
        return hashes
    nulls: pl.Series = pl.Series([None], dtype=pl.UInt64).new_from_index(0, len(hashes))
    only: pl.Series = hashes.zip_with(there, nulls)
    return only
