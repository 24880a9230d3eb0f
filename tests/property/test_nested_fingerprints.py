"""Two nested values have the same fingerprint just where they are the same value."""

from __future__ import annotations

from datetime import datetime
from typing import Any, List

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

pytest.importorskip("polars")
import polars as pl

from nuvyn_executor.profiling.polars.nested import fingerprints, stands_for

WHOLES = st.one_of(st.none(), st.integers(0, 2))
TEXTS = st.one_of(st.none(), st.sampled_from(["", "a", "aa"]))
ROWS = st.one_of(st.none(), st.fixed_dictionaries({"a": WHOLES, "b": TEXTS}))


def lists(values: Any) -> Any:
    return st.one_of(st.none(), st.lists(values, max_size=3))


DEEP = st.lists(lists(lists(WHOLES)), max_size=12)
OF_ROWS = st.lists(lists(ROWS), max_size=12)


def assert_alike_as(values: List[Any], kind: Any) -> None:
    prints = fingerprints(pl.Series(values, dtype=kind)).to_list()
    for value, print_ in zip(values, prints):
        assert (print_ is None) == (value is None)
        for other, other_print in zip(values, prints):
            assert (print_ == other_print) == (value == other), (value, other)


class TestFingerprints:
    @given(DEEP)
    @example(
        [[[0], [0]], [[0, 0]], [[0], [], [0]], [[], []], [[]], [], None, [None], [[None]], [[None, None]]]
    )
    def test_of_lists_of_lists(self, values: List[Any]) -> None:
        assert_alike_as(values, pl.List(pl.List(pl.Int64)))

    @given(OF_ROWS)
    @example([[{"a": None, "b": None}], [None], [{"a": 0, "b": None}], [{"a": None, "b": ""}], [], None])
    def test_of_lists_of_structs(self, values: List[Any]) -> None:
        assert_alike_as(values, pl.List(pl.Struct([pl.Field("a", pl.Int64), pl.Field("b", pl.String)])))

    def test_a_nan_is_like_another_and_a_zero_has_a_sign(self) -> None:
        (one, other, zero, negative) = fingerprints(
            pl.Series([[float("nan")], [float("nan")], [0.0], [-0.0]])
        ).to_list()
        assert one == other
        assert zero != negative

    def test_where_it_stands_does_not_matter(self) -> None:
        values = [[1, 2], None, [], [2, 1], [None]]
        alone = [fingerprints(pl.Series([one], dtype=pl.List(pl.Int64)))[0] for one in values]
        assert fingerprints(pl.Series(values, dtype=pl.List(pl.Int64))).to_list() == alone

    def test_a_moment_is_the_same_in_milliseconds_and_in_microseconds(self) -> None:
        moment = datetime(2024, 1, 2, 3, 4, 5)  # noqa: DTZ001  of no zone
        kinds = [pl.List(pl.Datetime(unit)) for unit in ("ms", "us")]
        (one, other) = (fingerprints(pl.Series([[moment]], dtype=kind)).to_list() for kind in kinds)
        assert one == other


# All those that a type of the test may stand for, and some that none does.
SPARK_TYPES = (
    "array<int>",
    "array<bigint>",
    "array<void>",
    "array<timestamp>",
    "array<timestamp_ntz>",
    "array<decimal(9,2)>",
    "array<decimal(9,3)>",
    "array<struct<key:string,value:array<tinyint>>>",
    "array<struct<key:string,value:array<int>>>",
    "map<string,array<tinyint>>",
    "map<string,array<int>>",
    "map<int,array<tinyint>>",
)


class TestTypes:
    @pytest.mark.parametrize(
        ("kind", "types"),
        [
            (pl.List(pl.Int32), {"array<int>"}),
            (pl.List(pl.UInt32), set()),
            (pl.List(pl.Null), set()),
            (pl.List(pl.Datetime("us")), {"array<timestamp>", "array<timestamp_ntz>"}),
            (pl.List(pl.Datetime("ns")), set()),
            (pl.List(pl.Decimal(9, 2)), {"array<decimal(9,2)>"}),
            (
                pl.List(pl.Struct([pl.Field("key", pl.String), pl.Field("value", pl.List(pl.Int8))])),
                {"array<struct<key:string,value:array<tinyint>>>", "map<string,array<tinyint>>"},
            ),
        ],
    )
    def test_are_those_of_spark(self, kind: Any, types: Any) -> None:
        assert {one for one in SPARK_TYPES if stands_for(kind, one)} == types

    def test_of_a_struct_of_many_moments_in_no_time(self) -> None:
        names = [f"m{i}" for i in range(60)]
        kind = pl.List(pl.Struct([pl.Field(name, pl.Datetime("us")) for name in names]))
        types = ",".join(f"{name}:{('timestamp', 'timestamp_ntz')[i % 2]}" for i, name in enumerate(names))

        assert stands_for(kind, f"array<struct<{types}>>")
        assert not stands_for(kind, f"array<struct<{types},more:timestamp>>")
        assert not stands_for(kind, f"array<struct<{types}>")
