"""Reads texts as microseconds since 1970 UTC, as Spark's ``try_cast(... AS TIMESTAMP)`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nuvyn_executor.model import DAY_MICROS, FARTHEST_DAY
from nuvyn_executor.quality.tallies import Shape

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan

_PLAIN = 19  # characters of 2024-01-31T10:00:00
_FARTHEST_ZONE = 18 * 60


def micros_of(texts: pl.Series, shape: str, plan: ColumnPlan) -> pl.Series:
    """Parse trimmed texts of one shape; null where no such moment exists. Times without a zone are UTC."""
    if shape == Shape.DATE_ISO:
        return _days(texts, "%Y-%m-%d")
    if shape in (Shape.DATE_SLASH, Shape.DATE_DOT):
        dash = texts.str.replace_all("[/.]", "-")
        return _days(dash, "%d-%m-%Y" if plan.day_first else "%m-%d-%Y")
    return _timestamps(texts)


def _days(texts: pl.Series, form: str) -> pl.Series:
    days = texts.str.to_date(form, strict=False, cache=False)
    return micros_of_days(days)


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
