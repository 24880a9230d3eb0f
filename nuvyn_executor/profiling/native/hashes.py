"""Different values of a column, from hashes that come in batches."""

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
_NO_HASHES = pl.Series([], dtype=pl.UInt64)
_MASK = (1 << 64) - 1


def hash_name() -> str:
    """Name the hash function: Polars changes it between versions, and between kinds of processors."""
    probe = pl.Series(["nuvyn", ""]).hash().to_list() + pl.Series([0, 1]).hash().to_list()
    return f"polars-{pl.__version__}-{zlib.crc32(repr(probe).encode()):08x}"


def multiplier(index: int) -> int:
    """Give the odd factor of a column's hash in its row's (splitmix64, Steele et al. 2014)."""
    z = (index + 1) * 0x9E3779B97F4A7C15 & _MASK
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return (z ^ (z >> 31)) | 1


class Sink:
    """Takes in hashes, and says at the end how many different ones there were.

    Args:
        exact: keep them all.
    """

    def __init__(self, *, exact: bool) -> None:
        self._exact = exact
        self._few: List[pl.Series] = []
        self._least: Optional[pl.DataFrame] = None
        self._bound = 0

    def add(self, hashes: pl.Series) -> None:
        """Take in hashes without nulls, which may repeat."""
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
            self._fold(few)
        self._fold(hashes.filter(hashes < self._bound) if self._bound else hashes)

    def state(self, name: str, *, keeps: bool) -> State:
        """Give the state: to add to others, or the mere number."""
        if self._least is not None:
            registers = bytearray(REGISTERS)
            for index, rest in self._least.iter_rows():
                registers[index] = rank_of(rest)
            sketch = Sketch(name, registers=bytes(registers))
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

    def _fold(self, hashes: pl.Series) -> None:
        """Keep of each register the least rest, which is the one with the most leading zeros."""
        if not len(hashes):
            return
        incoming = pl.DataFrame({"index": hashes % REGISTERS, "rest": hashes // REGISTERS})
        both = incoming if self._least is None else pl.concat([self._least, incoming])
        self._least = both.group_by("index").agg(pl.col("rest").min())
        if len(self._least) == REGISTERS:
            greatest = self._least["rest"].max()
            assert isinstance(greatest, int)
            self._bound = min((greatest + 1) << PRECISION, _MASK)
