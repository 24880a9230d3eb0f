"""Reads texts as microseconds since 1970 UTC, as Spark's ``try_cast(... AS TIMESTAMP)`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nuvyn_executor.model import DAY_MICROS, FARTHEST_DAY
from nuvyn_executor.profiling.polars.predicates import after_steps
from nuvyn_executor.profiling.value_patterns import DATES
from nuvyn_executor.quality.checks.registry import form_of
from nuvyn_executor.quality.tallies import Shape

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan

_PLAIN = 19  # characters of 2024-01-31T10:00:00
_FARTHEST_ZONE = 18 * 60
_IN_PARTS = (Shape.DATE_SLASH, Shape.DATE_DOT, Shape.DATE_DASH)


def micros_of(texts: pl.Series, shape: str, plan: ColumnPlan) -> pl.Series:
    """Parse trimmed texts of one shape; null where no such moment exists. Times without a zone are UTC."""
    form = form_of(shape)
    assert form is not None
    if form.micros:
        # Doubles hold so many microseconds exactly.
        units: pl.Series = (texts.cast(pl.Float64) * form.micros).round().cast(pl.Int64)
        return units
    if shape in _IN_PARTS:  # three times as fast as step by step
        dash = texts.str.replace_all("[/.]", "-")
        days = dash.str.to_date("%d-%m-%Y" if plan.day_first else "%m-%d-%Y", strict=False, cache=False)
        return micros_of_days(days)
    plain = after_steps(texts, form.steps) if form.steps else texts
    if form.is_day_first and not plan.day_first:
        text = pl.col("text")
        year, month, day = (text.str.slice(at, length) for at, length in ((0, 5), (5, 2), (8, 2)))
        turned = year + day + "-" + month + text.str.slice(10)
        plain = plain.alias("text").to_frame().select(turned).to_series()
    if shape in DATES:
        return micros_of_days(plain.str.to_date("%Y-%m-%d", strict=False, cache=False))
    return _timestamps(plain)


def micros_of_days(days: pl.Series) -> pl.Series:
    """Return the midnights (UTC) of dates; dates that are too far away are clamped."""
    numbers: pl.Series = days.cast(pl.Int32).cast(pl.Int64).clip(-FARTHEST_DAY, FARTHEST_DAY)
    return numbers * DAY_MICROS


def _timestamps(texts: pl.Series) -> pl.Series:
    lengths = texts.str.len_bytes()
    if lengths.max() == _PLAIN:
        for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"):
            moments = texts.str.to_datetime(form, time_unit="us", strict=False, cache=False)
            if not moments.null_count() and not texts.str.ends_with(":60").any():
                micros: pl.Series = moments.cast(pl.Int64)
                return micros
    text = pl.col("text")

    def two(at: int) -> pl.Expr:
        return text.str.slice(at, 2).cast(pl.Int64)

    rest = text.str.slice(_PLAIN)
    fraction = rest.str.extract(r"^[.]([0-9]{1,6})").fill_null("")
    frame = texts.alias("text").to_frame().select(
        day=text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).cast(pl.Int32).cast(pl.Int64),
        hour=two(11),
        minute=two(14),
        second=two(17),
        micros=(fraction + "000000").str.slice(0, 6).cast(pl.Int64),
        sign=pl.when(rest.str.contains("-", literal=True)).then(-1).otherwise(1),
        zone_hour=rest.str.extract(r"[+-]([0-9]{2}):").cast(pl.Int64).fill_null(0),
        zone_minute=rest.str.extract(r"[+-][0-9]{2}:([0-9]{2})$").cast(pl.Int64).fill_null(0),
    )  # fmt: skip
    hour, minute, second = pl.col("hour"), pl.col("minute"), pl.col("second")
    zone = pl.col("zone_hour") * 60 + pl.col("zone_minute")
    seconds = (pl.col("day") * 24 + hour) * 3600 + minute * 60 + second - pl.col("sign") * zone * 60
    valid = (hour < 24) & (minute < 60) & (second < 60) & (pl.col("zone_minute") < 60)  # noqa: PLR2004  clocks
    return frame.select(
        pl.when(valid & (zone <= _FARTHEST_ZONE)).then(seconds * 1_000_000 + pl.col("micros"))
    ).to_series()
