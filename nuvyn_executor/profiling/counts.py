"""The counts of one part of a dataset, from either engine. Counts add. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import reduce
from operator import add
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple, TypeVar, Union

from nuvyn_executor.profiling.commonest import Commonest
from nuvyn_executor.profiling.histogram import Histogram
from nuvyn_executor.profiling.sketch import Final, State, merged, state_from_json
from nuvyn_executor.quality.tallies import ZERO, ColumnTally, DatasetTally

Number = Union[int, float]
_T = TypeVar("_T", int, float)
_Adding = TypeVar("_Adding", Histogram, Commonest)


@dataclass(frozen=True)
class Span:
    """Extremes and different values of a column's present values.

    Attributes:
        minimum, maximum: smallest and largest number; of moments, microseconds since 1970 UTC. ``None`` if
            there are none.
        length_min, length_max: bytes of the shortest and the longest text, in columns of neither numbers nor
            moments.
        distinct: the state of the different values; ``None`` if nothing was counted.
        histogram: of the numbers, of the moments (microseconds), or of the lengths; ``None`` where a part was
            not measured: then the whole is not.
        commonest: the texts, in columns of neither numbers nor moments; ``None`` as above.
    """

    minimum: Optional[Number] = None
    maximum: Optional[Number] = None
    length_min: Optional[int] = None
    length_max: Optional[int] = None
    distinct: Optional[State] = None
    histogram: Optional[Histogram] = None
    commonest: Optional[Commonest] = None

    def __add__(self, other: Span) -> Span:
        """Return the span of both; ``ValueError`` when the states of different values do not merge."""
        return Span(
            _least(self.minimum, other.minimum),
            _greatest(self.maximum, other.maximum),
            _least(self.length_min, other.length_min),
            _greatest(self.length_max, other.length_max),
            merged(self.distinct, other.distinct),
            _sum(self.histogram, other.histogram),
            _sum(self.commonest, other.commonest),
        )


@dataclass(frozen=True)
class Counts:
    """The counts of a part of a dataset. ``Counts() + c == c``; order and grouping do not matter.

    Attributes:
        tally: the counters.
        spans: one for each of ``tally.columns``.
        distinct_rows: the state of the different rows that parsed; ``None`` if nothing was counted.
        keys: the states of the different values of each key of several columns.

    Raises:
        ValueError: there are not as many spans as tallied columns.
    """

    tally: DatasetTally = ZERO
    spans: Tuple[Span, ...] = ()
    distinct_rows: Optional[State] = None
    keys: Tuple[Optional[State], ...] = ()

    def __post_init__(self) -> None:
        """Refuse spans that are not those of the tallied columns."""
        if len(self.spans) != len(self.tally.columns):
            raise ValueError(f"{len(self.tally.columns)} tallied columns, spans of {len(self.spans)}")

    def __add__(self, other: Counts) -> Counts:
        """Add column by column; ``ValueError`` when the parts are not of one dataset."""
        return Counts(
            self.tally + other.tally,
            tuple(one + two for one, two in zip(self.spans, other.spans))
            if self.spans and other.spans
            else self.spans or other.spans,
            merged(self.distinct_rows, other.distinct_rows),
            tuple(merged(one, two) for one, two in zip(self.keys, other.keys))
            if self.keys and other.keys
            else self.keys or other.keys,
        )

    @property
    def adds(self) -> bool:
        """Whether counts of other parts can be added: no count of different values is final."""
        states = (self.distinct_rows, *self.keys, *(span.distinct for span in self.spans))
        return not any(isinstance(one, Final) for one in states)

    def final(self) -> Counts:
        """Replace the states of different values by their numbers."""
        return Counts(
            self.tally,
            tuple(replace(span, distinct=_final(span.distinct)) for span in self.spans),
            _final(self.distinct_rows),
            tuple(map(_final, self.keys)),
        )

    def to_json(self) -> Dict[str, Any]:
        """Return the counts as JSON values; not-a-number and infinities as Python's JSON has them."""
        tally = self.tally
        return {
            "rows": tally.rows,
            "corrupt_rows": tally.corrupt_rows,
            "pairs": tally.pairs,
            "pair_violations": tally.pair_violations,
            "key_rows": list(tally.key_rows),
            "distinct_rows": None if self.distinct_rows is None else self.distinct_rows.to_json(),
            "keys": [None if one is None else one.to_json() for one in self.keys],
            "columns": [_column_json(one, span) for one, span in zip(tally.columns, self.spans)],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Counts:
        """Read what :meth:`to_json` wrote."""
        columns, spans = [], []
        for one in value["columns"]:
            rest = dict(one)
            span = rest.pop("span")
            spans.append(_span_from_json(span))
            columns.append(ColumnTally(**{**rest, "violations": tuple(rest["violations"])}))
        tally = DatasetTally(
            rows=value["rows"],
            columns=tuple(columns),
            corrupt_rows=value["corrupt_rows"],
            pairs=value["pairs"],
            pair_violations=value["pair_violations"],
            key_rows=tuple(value["key_rows"]),
        )
        keys = tuple(map(state_from_json, value["keys"]))
        return cls(tally, tuple(spans), state_from_json(value["distinct_rows"]), keys)


def total(counts: Iterable[Counts]) -> Counts:
    """Add any number of counts; without any, the result is ``Counts()``."""
    return reduce(add, counts, Counts())


def _final(state: Optional[State]) -> Optional[Final]:
    return None if state is None else Final(state.estimate())


def _column_json(tally: ColumnTally, span: Span) -> Dict[str, Any]:
    column = asdict(tally)
    column["shapes"] = dict(tally.shapes)
    states = {name: getattr(span, name) for name in ("distinct", "histogram", "commonest")}
    column["span"] = {
        **span.__dict__,
        **{name: None if state is None else state.to_json() for name, state in states.items()},
    }
    return column


def _span_from_json(value: Mapping[str, Any]) -> Span:
    histogram, commonest = value.get("histogram"), value.get("commonest")  # not in states of before
    return Span(
        **{
            **value,
            "distinct": state_from_json(value["distinct"]),
            "histogram": None if histogram is None else Histogram.from_json(histogram),
            "commonest": None if commonest is None else Commonest.from_json(commonest),
        }
    )


def _sum(one: Optional[_Adding], other: Optional[_Adding]) -> Optional[_Adding]:
    return None if one is None or other is None else one + other


def _seen(one: Optional[_T], other: Optional[_T]) -> List[_T]:
    return [value for value in (one, other) if value is not None]


def _least(one: Optional[_T], other: Optional[_T]) -> Optional[_T]:
    return min(_seen(one, other), default=None)


def _greatest(one: Optional[_T], other: Optional[_T]) -> Optional[_T]:
    return max(_seen(one, other), default=None)
