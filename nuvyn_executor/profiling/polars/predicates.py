"""Predicates of checks as expressions of Polars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nuvyn_executor.profiling.polars.patterns import whole
from nuvyn_executor.quality.checks.predicates import (
    A_TO_Z,
    NUMBERS_OF_LETTERS,
    Matches,
    OneOf,
    Remainder,
    Rotated,
    Without,
)

if TYPE_CHECKING:
    from nuvyn_executor.quality.checks.predicates import DigitSum, Predicate, Step

_INT64_DIGITS = 18
_TEXT = pl.col("text")
_REWRITTEN = pl.col("rewritten")


def satisfying(texts: pl.Series, predicate: Predicate) -> pl.Series:
    """Return which of some trimmed texts satisfy a predicate; all match the pattern of its form."""
    rewritten = _TEXT
    for step in predicate.steps:
        rewritten = _after(step, rewritten)
    frame = texts.alias("text").to_frame().select(rewritten.alias("rewritten"))
    return frame.select(_tested(predicate)).to_series()


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
