"""Counts of different values that add over the parts of a dataset. Pure.

Up to :data:`KEPT` hashes are stored as they are; more become HyperLogLog registers. Both depend only on the
*set* of hashes, so that neither the order of merging, nor repetition, nor the division into parts changes an
estimate.

Sources: P. Flajolet, E. Fusy, O. Gandouet, F. Meunier, "HyperLogLog: the analysis of a near-optimal
cardinality estimation algorithm" (2007); O. Ertl, "New cardinality estimation algorithms for HyperLogLog
sketches" (2017), whose estimator (algorithm 6) needs no correction for small or large numbers.
"""

from __future__ import annotations

import base64
import math
import sys
from array import array
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Mapping, Optional, Union

from nuvyn_executor.quality.tallies import Distinct

PRECISION = 12
REGISTERS = 1 << PRECISION
KEPT = 2048  # the most hashes that are stored as they are
RSD = 1.04 / math.sqrt(REGISTERS)

_HASH_BITS = 64
RANKED_BITS = _HASH_BITS - PRECISION  # the bits of a hash that make its rank


@dataclass(frozen=True)
class Sketch:
    """Different 64-bit hashes: all of them while they are few, HyperLogLog registers afterwards.

    Attributes:
        hash_name: the function that made the hashes, with its version.
        hashes: sorted, without repetition, eight bytes each, little endian; empty when there are registers.
        registers: one byte a register, its highest rank; empty while there are hashes. Their number is a
            power of two, :data:`REGISTERS` at most.
        exact: any number of hashes is stored, so that the count is exact.
    """

    hash_name: str
    hashes: bytes = b""
    registers: bytes = b""
    exact: bool = False

    @classmethod
    def of(cls, hash_name: str, hashes: Iterable[int], *, exact: bool = False) -> Sketch:
        """Make the sketch of some hashes (whole numbers of 64 bits), which may repeat."""
        different = sorted(set(hashes))
        if exact or len(different) <= KEPT:
            return cls(hash_name, packed(different), exact=exact)
        return cls(hash_name, registers=registers_of(different))

    def merge(self, other: Sketch) -> Sketch:
        """Return the sketch of the hashes of both; exact only if both are.

        Raises:
            ValueError: their hashes come from different functions.
        """
        if self.hash_name != other.hash_name:
            raise ValueError(
                f"hashes of {self.hash_name} and of {other.hash_name} do not merge: count the dataset anew"
            )
        if not self.registers and not other.registers:
            both = (*_unpacked(self.hashes), *_unpacked(other.hashes))
            return Sketch.of(self.hash_name, both, exact=self.exact and other.exact)
        fewest = min(len(one.registers or bytes(REGISTERS)) for one in (self, other))
        registers = greater_of(self._as_registers(fewest), other._as_registers(fewest))
        return Sketch(self.hash_name, registers=registers)

    def _as_registers(self, fewest: int) -> bytes:
        """Return so many registers, a power of two. Those with the same low bits become one."""
        registers = self.registers or registers_of(_unpacked(self.hashes))
        if len(registers) == fewest:
            return registers
        return bytes(max(registers[index::fewest]) for index in range(fewest))

    def estimate(self) -> Distinct:
        """Return how many different hashes there are, with the deviation of that number."""
        if not self.registers:
            return Distinct(len(self.hashes) // 8)
        return Distinct(round(cardinality(self.registers)), 1.04 / math.sqrt(len(self.registers)))

    def to_json(self) -> Dict[str, Any]:
        """Return the sketch as JSON values."""
        return {
            "hash": self.hash_name,
            "exact": self.exact,
            "registers" if self.registers else "hashes": _base64(self.registers or self.hashes),
        }


@dataclass(frozen=True)
class Final:
    """A number of different values without the state behind it, so that nothing adds to it.

    Attributes:
        distinct: the number, with its deviation.
    """

    distinct: Distinct

    def estimate(self) -> Distinct:
        """Return the number."""
        return self.distinct

    def to_json(self) -> Dict[str, Any]:
        """Return it as JSON values."""
        return {"count": self.distinct.count, "rsd": self.distinct.rsd}


State = Union[Sketch, Final]


def merged(one: Optional[State], other: Optional[State]) -> Optional[State]:
    """Merge two states. ``None`` is the state of nothing.

    Raises:
        ValueError: one of them is final, or their hashes come from different functions.
    """
    if one is None or other is None:
        return one if other is None else other
    if isinstance(one, Sketch) and isinstance(other, Sketch):
        return one.merge(other)
    raise ValueError(f"a final number of different values does not merge: {one!r} and {other!r}")


def state_from_json(value: Optional[Mapping[str, Any]]) -> Optional[State]:
    """Read what ``to_json`` wrote."""
    if value is None:
        return None
    if "count" in value:
        return Final(Distinct(int(value["count"]), float(value["rsd"])))
    hashes, registers = (base64.b64decode(value.get(name, "")) for name in ("hashes", "registers"))
    return Sketch(str(value["hash"]), hashes, registers, exact=bool(value["exact"]))


def registers_of(hashes: Iterable[int]) -> bytes:
    """Return the registers of hashes: low bits choose a register, leading zeros of the others its rank."""
    registers = bytearray(REGISTERS)
    for one in hashes:
        index, rank = one & (REGISTERS - 1), rank_of(one >> PRECISION)
        registers[index] = max(registers[index], rank)
    return bytes(registers)


def greater_of(one: bytes, other: bytes) -> bytes:
    """Return the greater of each two bytes at one place, all of them below 128, as ranks are.

    The bytes are digits of one whole number each: a loop over 4,096 pairs takes a hundred times as long.
    """
    size = len(one)
    tops = int.from_bytes(b"\x80" * size, "little")
    a, b = int.from_bytes(one, "little"), int.from_bytes(other, "little")
    at_least = ((a | tops) - b) & tops  # the highest bit of each byte: whether a's is not below b's
    from_a = (at_least << 1) - (at_least >> 7)  # all bits of these bytes
    return (b ^ ((a ^ b) & from_a)).to_bytes(size, "little")


def rank_of(rest: int) -> int:
    """Return one more than the leading zeros of a hash without its low bits."""
    return RANKED_BITS - rest.bit_length() + 1


def cardinality(registers: bytes) -> float:
    """Estimate how many different hashes made these registers.

    Args:
        registers: one byte each, the highest rank (:func:`rank_of`) of its hashes, or 0.
    """
    highest = RANKED_BITS + 1
    counts = [0] * (highest + 1)
    for rank in registers:
        counts[rank] += 1
    z = len(registers) * _tau(1 - counts[highest] / len(registers))
    for rank in range(highest - 1, 0, -1):
        z = 0.5 * (z + counts[rank])
    z += len(registers) * _sigma(counts[0] / len(registers))
    return len(registers) * len(registers) / (2 * math.log(2) * z)


def _sigma(x: float) -> float:
    if x == 1:
        return math.inf
    total, weight, previous = x, 1.0, -1.0
    while total != previous:
        x, previous = x * x, total
        total += x * weight
        weight += weight
    return total


def _tau(x: float) -> float:
    if x in (0, 1):
        return 0.0
    total, weight, previous = 1 - x, 1.0, -1.0
    while total != previous:
        x, previous = math.sqrt(x), total
        weight *= 0.5
        total -= (1 - x) ** 2 * weight
    return total / 3


def packed(hashes: Iterable[int]) -> bytes:
    """Write hashes as :attr:`Sketch.hashes` has them; they come sorted and different."""
    return _little_endian(array("Q", hashes)).tobytes()


def _unpacked(hashes: bytes) -> array[int]:
    return _little_endian(array("Q", hashes))


def _little_endian(values: array[int]) -> array[int]:
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
