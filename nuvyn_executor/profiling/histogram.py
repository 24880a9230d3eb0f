"""How the numbers of a column are distributed, as counts that add over the parts of a dataset. Pure.

A bucket is all numbers whose 64 bits (IEEE 754, binary64) begin alike: the same sign, the same power of two
and the same first digits after it. So a bucket is as wide as its numbers are large, and which bucket a number
is in depends on that number alone. A histogram drops as few of the last bits as :data:`MOST` buckets allow,
and while no bit is dropped a bucket is one number. Both depend only on the numbers that were counted, so that
neither their order nor the division into parts changes a histogram.

Sources: C. Masson, J. Rim, H. Lee, "DDSketch" (2019), for buckets of a relative width, which add; I. Epicoco
et al., "UDDSketch" (2020), for joining all buckets in pairs where there are too many.
"""

from __future__ import annotations

import math
import struct
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Collection, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

MOST = 256
MOST_OF_SAMPLE = 128
"""The most buckets. The sample has half as many, which leaves room for what it does not have. With a range of
16 powers of two (1 to 65,536) a quantile is off by 6.25 % at most."""
BINS = 16
MOST_BARS = 40
"""So many different numbers are shown one by one."""
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles that are shown."""

_BITS = 64
_DIGITS = 52  # bits of a double after its power of two
_INSIDE = 0.01  # the share of numbers at either end that belong to the first and the last bin


class Bucket(NamedTuple):
    """Numbers from ``low`` to ``high``, and how many they are."""

    low: float
    high: float
    numbers: int


@dataclass(frozen=True)
class Histogram:
    """How many finite numbers are in which bucket.

    Attributes:
        dropped: the bits that do not decide, of 64; 0 is a bucket for each number.
        counts: by the other bits, as a signed whole number.
    """

    dropped: int = 0
    counts: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, counts: Mapping[int, int], dropped: int = 0) -> Histogram:
        """Return the histogram of some buckets; more bits are dropped where there are too many."""
        more = _too_many(counts)
        return cls(dropped + more, _joined(counts, more))

    @classmethod
    def of_numbers(cls, numbers: Iterable[float]) -> Histogram:
        """Count numbers one by one; those that are not finite are left out."""
        return cls.of(Counter(_keys_of(numbers)))

    @classmethod
    def of_counted(cls, counts: Mapping[int, int]) -> Histogram:
        """Return the histogram of whole numbers, each as often as its count."""
        found: Dict[int, int] = {}
        for key, count in zip(_keys_of(counts), counts.values()):  # several may be one double
            found[key] = found.get(key, 0) + count
        return cls.of(found)

    def __add__(self, other: Histogram) -> Histogram:
        """Return the histogram of the numbers of both."""
        dropped = max(self.dropped, other.dropped)
        counts = dict(_joined(self.counts, dropped - self.dropped))
        for key, count in _joined(other.counts, dropped - other.dropped).items():
            counts[key] = counts.get(key, 0) + count
        return Histogram.of(counts, dropped)

    @property
    def total(self) -> int:
        """How many numbers were counted."""
        return sum(self.counts.values())

    @property
    def is_exact(self) -> bool:
        """Whether each bucket is one number."""
        return self.dropped == 0

    @property
    def error(self) -> float:
        """By how much a quantile may be off, as a share of its amount: 0.03 is 3 %."""
        if self.is_exact:
            return 0.0
        if self.dropped <= _DIGITS:
            return 2.0 ** (self.dropped - _DIGITS - 1)
        # Buckets of several powers of two.
        return (2.0 ** min(1000, 1 << (self.dropped - _DIGITS)) - 1) / 2

    def buckets(self) -> List[Bucket]:
        """Return the buckets in order."""
        return sorted(Bucket(*_ends(key, self.dropped), count) for key, count in self.counts.items())

    def quantiles(self, shares: Sequence[float] = SHARES) -> Tuple[float, ...]:
        """Return the numbers below or at which these shares of all numbers are; none where there are none."""
        buckets = self.buckets()
        return tuple(_quantile(buckets, share) for share in shares) if buckets else ()

    def bins(self, minimum: float, maximum: float) -> Tuple[int, ...]:
        """Return about how many numbers are in each of some equal intervals, for a picture.

        They divide what lies between the smallest and the largest hundredth; these belong to the first and to
        the last interval. Where there are only few different numbers, the bins are these numbers.

        Args:
            minimum: the least number that was counted.
            maximum: the greatest.
        """
        buckets = self.buckets()
        if self.is_exact and len(buckets) <= MOST_BARS:
            return tuple(one.numbers for one in buckets)
        low, high = (_quantile(buckets, share) for share in (_INSIDE, 1 - _INSIDE))
        if not low < high:
            low, high = minimum, maximum
        width = high / BINS - low / BINS  # the difference of two doubles may be none
        if not width > 0:
            return (self.total,)
        bins = [0.0] * BINS
        for one in buckets:
            start, end = (
                (min(max(end, minimum, low), maximum, high) / width - low / width)
                for end in (one.low, one.high)
            )
            _spread(bins, start, end, one.numbers)
        return tuple(round(one) for one in bins)

    def to_json(self) -> Dict[str, Any]:
        """Return the histogram as JSON values."""
        keys = sorted(self.counts)
        return {"dropped": self.dropped, "keys": keys, "counts": [self.counts[key] for key in keys]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Histogram:
        """Read what :meth:`to_json` wrote."""
        return cls(int(value["dropped"]), dict(zip(value["keys"], value["counts"])))


def key_of(number: float) -> int:
    """Return the bits of a finite number as a signed whole number; the two zeros are one."""
    return _keys_of([number])[0]


def least_dropped(numbers: Iterable[float]) -> int:
    """Return how many bits the histogram of a column drops at least, by sampled numbers."""
    different = {*numbers}
    return _too_many(_keys_of(different), MOST_OF_SAMPLE) if len(different) > MOST_OF_SAMPLE else 0


def _keys_of(numbers: Iterable[float]) -> Sequence[int]:
    finite = [number + 0.0 for number in numbers if -math.inf < number < math.inf]
    return struct.unpack(f"<{len(finite)}q", struct.pack(f"<{len(finite)}d", *finite))


def _too_many(keys: Collection[int], most: int = MOST) -> int:
    """Return how many bits of different keys have to be dropped, so that there are not too many."""
    if len(keys) <= most:
        return 0
    ordered = sorted(keys)
    # Neighbours become one when all bits are dropped in which they differ; what differs in sign never does.
    apart = sorted(
        (
            _BITS if (one ^ other) < 0 else (one ^ other).bit_length()
            for one, other in zip(ordered, ordered[1:])
        ),
        reverse=True,
    )
    return apart[most - 1]


def _joined(counts: Mapping[int, int], bits: int) -> Mapping[int, int]:
    """Return the counts of buckets that have so many bits less."""
    if not bits:
        return counts
    found: Dict[int, int] = {}
    for key, count in counts.items():
        found[key >> bits] = found.get(key >> bits, 0) + count
    return found


def _ends(key: int, dropped: int) -> Tuple[float, float]:
    """Return the smallest and the largest number of a bucket."""
    is_negative = key < 0
    amount = key + (1 << (_BITS - 1 - dropped)) if is_negative else key
    low, high = _number(amount << dropped), _number(((amount + 1) << dropped) - 1)
    return (-high, -low) if is_negative else (low, high)


def _number(bits: int) -> float:
    (number,) = struct.unpack("<d", struct.pack("<q", bits))
    return float(number) if math.isfinite(number) else sys.float_info.max


def _quantile(buckets: Sequence[Bucket], share: float) -> float:
    wanted = share * sum(one.numbers for one in buckets)
    seen = 0
    for one in buckets:
        seen += one.numbers
        if seen >= wanted:
            return _middle(one)
    return buckets[-1].high


def _middle(bucket: Bucket) -> float:
    """Return the number that stands for a bucket: its middle, or zero where that is in it."""
    low, high, _ = bucket
    if low == high:
        return low
    if low <= 0 <= high:
        return 0.0  # a column has many zeros, and hardly a number like 1e-310
    return low / 2 + high / 2


def _spread(bins: List[float], start: float, end: float, count: int) -> None:
    """Add a count to the bins from a place to another, in proportion to what of it lies in each."""
    last = len(bins) - 1
    if not end > start:
        bins[min(last, max(0, int(start)))] += count
        return
    for index in range(max(0, int(start)), min(last, int(end)) + 1):
        inside = min(end, index + 1) - max(start, index)
        bins[index] += count * max(0.0, inside) / (end - start)
