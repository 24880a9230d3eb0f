"""Finds texts of a shape, without a pattern where something else is faster."""

from __future__ import annotations

import polars as pl

from nuvyn_executor.quality.tallies import Shape

_LONGEST = 19  # digits of the largest bigint
# The least whole number of so many digits; null for more digits than the longest.
_LEAST = pl.Series([0, 0, *(10**digits for digits in range(1, _LONGEST)), None, None], dtype=pl.Int64)


def matching(texts: pl.Series, shape: str, pattern: str) -> pl.Series:
    """Return which texts are of a shape: nearly all that its pattern matches, and no others.

    Args:
        texts: without nulls.
        shape: any but ``text``.
        pattern: the quick pattern of the shape.
    """
    return _is_whole(texts) if shape == Shape.INTEGER else texts.str.contains(pattern)


def _is_whole(texts: pl.Series) -> pl.Series:
    """Compare digits: if a number has as many as its text has characters, no sign or zero comes first."""
    numbers = texts.cast(pl.Int64, strict=False)
    digits = texts.str.len_bytes().clip(upper_bound=_LONGEST + 2)
    least = numbers.min()
    if isinstance(least, int) and least < 0:
        digits = digits - (numbers < 0).fill_null(value=False).cast(pl.UInt32)
        numbers = numbers.abs()
    is_whole: pl.Series = (numbers >= _LEAST.gather(digits)).fill_null(value=False)
    return is_whole
