"""Counts the different values of a column, from hashes that come in batches."""

from __future__ import annotations

import zlib
from typing import List, Optional

import polars as pl

from nuvyn_executor.profiling.sketch import (
    KEPT,
    PRECISION,
    REGISTERS,
    Final,
    Sketch,
    State,
    packed,
    rank_of,
)
from nuvyn_executor.quality.tallies import Distinct

_LOOKED_AT = 4 * KEPT
# Folding has a fixed cost, so that hashes wait for others. Until then the bound is looser than it could be.
_FOLDED_AT_ONCE = 8 * REGISTERS
_WAITING = 64
_NO_HASHES = pl.Series([], dtype=pl.UInt64)
_MASK = (1 << 64) - 1


def hash_name() -> str:
    """Return a name for the hash function, which differs between versions of Polars and processors."""
    probe = pl.Series(["nuvyn", ""]).hash().to_list() + pl.Series([0, 1]).hash().to_list()
    return f"polars-{pl.__version__}-{zlib.crc32(repr(probe).encode()):08x}"


def multiplier(index: int) -> int:
    """Return the odd factor of a column in the hash of its row (splitmix64, Steele et al. 2014)."""
    z = (index + 1) * 0x9E3779B97F4A7C15 & _MASK
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return (z ^ (z >> 31)) | 1


def without(hashes: pl.Series, gone: pl.Series) -> pl.Series:
    """Remove the hashes of a few values."""
    left = hashes.alias("hash").to_frame().join(gone.alias("hash").to_frame(), on="hash", how="anti")
    return left.to_series()


class Sink:
    """Counts the different hashes among those that are added.

    Args:
        exact: store all of them.
    """

    def __init__(self, *, exact: bool) -> None:
        self._exact = exact
        self._few: List[pl.Series] = []
        # The least hash of each register, which has the highest rank; _MASK if there is none.
        self._least: Optional[pl.Series] = None
        self._bound = _MASK
        self._seen = 0
        self._waiting: List[pl.Series] = []  # those below the bound that are not yet in registers

    def add(self, hashes: pl.Series) -> None:
        """Add hashes, without nulls. They may repeat."""
        if self._exact:
            self._few.append(hashes.unique())
            return
        if self._least is None:
            few = self._joined([*self._few, hashes.head(_LOOKED_AT).unique()])
            if len(few) <= KEPT and len(hashes) > _LOOKED_AT:
                few = self._joined([few, hashes.slice(_LOOKED_AT).unique()])
            self._few = [few]
            if len(few) <= KEPT:
                return
            self._few = []
            self._least = pl.Series([_MASK], dtype=pl.UInt64).new_from_index(0, REGISTERS)
            self._take(few)
        start = 0
        while start < len(hashes):  # as many as were seen so far: few of them are below the bound
            step = self._seen
            self._take(hashes.slice(start, step))
            start += step

    def state(self, name: str, *, keeps: bool) -> State:
        """Return the state, which adds to others (``keeps``), or the number alone."""
        if self._least is not None:
            self._fold()
            ranks = (0 if one == _MASK else rank_of(one >> PRECISION) for one in self._least.to_list())
            sketch = Sketch(name, registers=bytes(ranks))
            return sketch if keeps else Final(sketch.estimate())
        different = self._joined(self._few)
        if not keeps:
            return Final(Distinct(len(different)))
        return Sketch(name, packed(different.sort().to_list()), exact=self._exact)

    @staticmethod
    def _joined(some: List[pl.Series]) -> pl.Series:
        if not some:
            return _NO_HASHES
        return some[0] if len(some) == 1 else pl.concat(some).unique()

    def _take(self, hashes: pl.Series) -> None:
        self._seen += len(hashes)
        self._waiting.append(hashes.filter(hashes < self._bound))
        if sum(map(len, self._waiting)) >= _FOLDED_AT_ONCE or len(self._waiting) == _WAITING:
            self._fold()

    def _fold(self) -> None:
        if not self._waiting:
            return
        assert self._least is not None
        less = pl.concat(self._waiting)
        self._waiting = []
        index = less % REGISTERS
        is_less = less < self._least.gather(index)
        least = pl.DataFrame({"index": index, "hash": less}).filter(is_less)
        if len(least):
            least = least.group_by("index").agg(pl.col("hash").min())
            self._least = self._least.scatter(least["index"], least["hash"])
            greatest = self._least.max()
            assert isinstance(greatest, int)
            self._bound = greatest
