"""Predicates of checks as expressions of Polars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

import polars as pl

from nuvyn_executor.profiling.polars.patterns import in_rust, whole
from nuvyn_executor.quality.checks.predicates import (
    A_TO_Z,
    MONTHS,
    NUMBERS_OF_LETTERS,
    Matches,
    MonthNumbers,
    OneOf,
    Remainder,
    Replaced,
    Rotated,
    TwentyFourHours,
    Without,
)

if TYPE_CHECKING:
    from nuvyn_executor.quality.checks.predicates import DigitSum, Predicate, Step

_INT64_DIGITS = 18
_TEXT = pl.col("text")
_REWRITTEN = pl.col("rewritten")


def satisfying(texts: pl.Series, predicate: Predicate) -> pl.Series:
    """Return which of some trimmed texts satisfy a predicate; all match the pattern of its form."""
    frame = after_steps(texts, predicate.steps).alias("rewritten").to_frame()
    return frame.select(_tested(predicate)).to_series()


def after_steps(texts: pl.Series, steps: Sequence[Step]) -> pl.Series:
    """Return some trimmed texts after some steps."""
    rewritten = _TEXT
    for step in steps:
        rewritten = _after(step, rewritten)
    return texts.alias("text").to_frame().select(rewritten).to_series()


def _tested(predicate: Predicate) -> pl.Expr:
    test = predicate.test
    if isinstance(test, OneOf):
        return _REWRITTEN.is_in(list(test.values))
    if isinstance(test, Matches):
        return _REWRITTEN.str.contains(whole(test.pattern))
    if isinstance(test, Remainder):
        return _remainder(test)
    return _digit_sum(test)


def _after(step: Step, text: pl.Expr) -> pl.Expr:
    if isinstance(step, Without):
        for character in step.characters:
            text = text.str.replace_all(character, "", literal=True)
        return text
    if isinstance(step, Rotated):
        return text.str.slice(step.count) + text.str.slice(0, step.count)
    if isinstance(step, Replaced):
        return text.str.replace_all(in_rust(step.pattern), step.template("${{{}}}"))
    if isinstance(step, MonthNumbers):
        numbers = [f"{number:02}" for number in range(1, 13)]
        name = text.str.slice(5, 3).str.to_lowercase()
        return text.str.slice(0, 5) + name.replace_strict(MONTHS, numbers, default=None) + text.str.slice(8)
    if isinstance(step, TwentyFourHours):
        afternoon = text.str.contains("PM", literal=True).cast(pl.Int64) * 12
        hour = text.str.slice(11, 2).cast(pl.Int64, strict=False) % 12 + afternoon
        rest = text.str.slice(13).str.replace("[AP]M", "")
        turned = text.str.slice(0, 11) + hour.cast(pl.String).str.zfill(2) + rest
        return pl.when(text.str.contains("M", literal=True)).then(turned).otherwise(text)
    return text.str.replace_many(list(A_TO_Z), list(NUMBERS_OF_LETTERS))


def _remainder(test: Remainder) -> pl.Expr:
    """Divide a number of any length, in parts that fit 64 bits."""
    parts = -(-test.longest // _INT64_DIGITS)
    padded = _REWRITTEN.str.pad_start(parts * _INT64_DIGITS, "0")
    left = pl.lit(0, pl.Int64)
    for part in range(parts):
        number = padded.str.slice(part * _INT64_DIGITS, _INT64_DIGITS).cast(pl.Int64)
        weight = pow(10, (parts - 1 - part) * _INT64_DIGITS, test.modulus)
        left = left + number % test.modulus * weight
    return left % test.modulus == test.remainder


def _digit_sum(test: DigitSum) -> pl.Expr:
    """Add what the digits count; zeros before them count nothing."""
    padded = _REWRITTEN.str.pad_start(test.longest, "0")
    total = pl.lit(0, pl.Int64)
    for place in range(test.longest):
        digit = padded.str.slice(test.longest - 1 - place, 1).cast(pl.Int64)
        values = [int(value) for value in test.values[place % len(test.values)]]
        total = total + digit.replace_strict(list(range(10)), values, return_dtype=pl.Int64)
    return total % test.modulus == 0
