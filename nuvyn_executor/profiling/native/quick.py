"""Tells texts of a shape without matching a pattern, where a whole batch is written alike."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Mapping, Optional, Tuple

import polars as pl

from nuvyn_executor.quality.tallies import Shape

_NEARLY_ALL = 0.9  # of a batch; with less, the pattern is quicker than another look at the rest
_LONGEST = 18  # digits of a number that fits a bigint, whatever they are
# The least whole number of so many digits; none of more than the longest, with or without a sign.
_LEAST = pl.Series([0, 0, *(10**digits for digits in range(1, _LONGEST)), None, None], dtype=pl.Int64)


@dataclass(frozen=True)
class _Fixed:
    """Ways to write a shape in which each character has its place.

    Attributes:
        alike: what may stand where a zero stands in a template.
    """

    templates: Tuple[bytes, ...]
    alike: str = string.digits

    @property
    def table(self) -> bytes:
        """Zeros for what is alike, and everything else as it is."""
        return bytes.maketrans(self.alike.encode(), b"0" * len(self.alike))


_FIXED: Mapping[Shape, _Fixed] = {
    Shape.DATE_ISO: _Fixed((b"0000-00-00",)),
    Shape.TIMESTAMP: _Fixed((b"0000-00-00 00:00:00", b"0000-00-00T00:00:00", b"0000-00-00T00:00:00Z")),
    Shape.UUID: _Fixed((b"00000000-0000-0000-0000-000000000000",), string.hexdigits),
}


def matching(texts: pl.Series, shape: Shape, pattern: str) -> pl.Series:
    """Tell which texts are of a shape: none but those that its pattern matches, and nearly all of those.

    Args:
        texts: some, none of them null.
        shape: not ``TEXT``.
        pattern: the shape's quick one.
    """
    if shape is Shape.INTEGER:
        return _is_whole(texts)
    found = _is_fixed(texts, _FIXED[shape]) if shape in _FIXED else None
    return texts.str.contains(pattern) if found is None else found


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


def _is_fixed(texts: pl.Series, fixed: _Fixed) -> Optional[pl.Series]:
    """Tell the texts as long as the first one; ``None`` unless nearly all are, and of its template."""
    template = texts[0].encode().translate(fixed.table)
    if template not in fixed.templates:
        return None
    is_long = texts.str.len_bytes() == len(template)
    count = int(is_long.sum())
    if count < _NEARLY_ALL * len(texts):
        return None
    some = texts if count == len(texts) else texts.filter(is_long)
    joined = some.str.join("\n")[0].encode().translate(fixed.table)
    return is_long if joined == b"\n".join([template] * count) else None
