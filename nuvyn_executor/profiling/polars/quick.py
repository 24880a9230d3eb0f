"""Tells texts of a shape, without matching a pattern where something is quicker."""

from __future__ import annotations

import polars as pl

from nuvyn_executor.quality.tallies import Shape

_LONGEST = 18  # digits of a number that fits a bigint, whatever they are
# The least whole number of so many digits; none of more than the longest, with or without a sign.
_LEAST = pl.Series([0, 0, *(10**digits for digits in range(1, _LONGEST)), None, None], dtype=pl.Int64)


def matching(texts: pl.Series, shape: str, pattern: str) -> pl.Series:
    """Return which texts are of a shape: none but those that its pattern matches, and nearly all of those.

    Args:
        texts: some, none of them null.
        shape: not ``TEXT``.
        pattern: the shape's quick one.
    """
    return _is_whole(texts) if shape == Shape.INTEGER else texts.str.contains(pattern)


def _is_whole(texts: pl.Series) -> pl.Series:
    """Compare digits: a number of as many as its text has characters has neither sign nor zero before it."""
    numbers = texts.cast(pl.Int64, strict=False)
    digits = texts.str.len_bytes().clip(upper_bound=_LONGEST + 2)
    least = numbers.min()
    if isinstance(least, int) and least < 0:
        digits = digits - (numbers < 0).fill_null(value=False).cast(pl.UInt32)
        numbers = numbers.abs()
    is_whole: pl.Series = (numbers >= _LEAST.gather(digits)).fill_null(value=False)
    return is_whole
