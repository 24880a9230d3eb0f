"""A stored state tells whether a dataset has changed, and which files came since."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, Optional, Tuple

import pytest

from nuvyn_executor.discovery import formats
from nuvyn_executor.model import DAY_MICROS, CsvDialect, Dataset, FileEntry, epoch_micros
from nuvyn_executor.profiling import scan_state as module
from nuvyn_executor.profiling.commonest import Commonest
from nuvyn_executor.profiling.counts import Counts, Span
from nuvyn_executor.profiling.plan import ScanPlan, plan_text_column, plan_typed_column
from nuvyn_executor.profiling.scan_state import ScanState, Snapshot, pack_state, unpack_state
from nuvyn_executor.profiling.sketch import Final, Sketch
from nuvyn_executor.quality.tallies import ColumnTally, DatasetTally, Distinct, Shape

THEN = datetime(2026, 1, 1, tzinfo=timezone.utc)
NOW = epoch_micros(THEN)
PLAN = ScanPlan(
    (
        plan_text_column("updated_at", "t", ["2024-01-31", None], fences=True),
        plan_typed_column("price", "t", "double", [float(i) for i in range(40)], fences=True),
    ),
    pairs=((0, 1),),
    exact_distinct=False,
)


def entry(name: str, size: int = 100, at: datetime = THEN) -> FileEntry:
    return FileEntry(f"/data/{name}", name, size, at)


def dataset(*entries: FileEntry, **change: Any) -> Dataset:
    whole = Dataset("t", "", "/data", formats.CSV, entries, dialect=CsvDialect())
    return replace(whole, **change)


def counts(hashes: Tuple[int, ...] = (1, 2), coming: Optional[int] = None) -> Counts:
    future = int(coming is not None)
    column = ColumnTally(rows=3, shapes={Shape.TEXT: 3}, timestamps=future, future=future, next_micros=coming)
    states = [Sketch.of("h", hashes), Sketch.of("h", hashes)]
    spans = tuple(Span(0.5, 2, distinct=state) for state in states)
    return Counts(DatasetTally(3, (column, column)), spans, Sketch.of("h", hashes))


def state_of(*entries: FileEntry, of: Optional[Counts] = None, **change: Any) -> ScanState:
    return ScanState.of(
        Snapshot(dataset(*entries, **change)), PLAN, of or counts(), "polars", {"delimiter": ","}
    )


A, B, C = entry("a.csv"), entry("b.csv"), entry("c.csv")


class TestDivisible:
    """A bound on time ends between files, so only of a dataset that can be read file by file."""

    def test_a_dataset_is_read_file_by_file_where_its_files_are_its_rows(self) -> None:
        assert Snapshot(dataset(A, B)).is_divisible
        assert not Snapshot(dataset(A, B), is_plain=False).is_divisible
        assert not Snapshot(dataset(A, format=formats.EXCEL)).is_divisible


class TestUnchanged:
    """ "an unchanged dataset (same files, sizes, times, or same Delta version) is not read again" """

    def test_the_same_files_are_the_same_dataset(self) -> None:
        assert state_of(A, B).is_current(Snapshot(dataset(B, A)), NOW)

    @pytest.mark.parametrize(
        "now",
        [
            dataset(A),
            dataset(A, B, C),
            dataset(A, entry("b.csv", size=101)),
            dataset(A, entry("b.csv", at=THEN + timedelta(microseconds=1))),
            dataset(A, entry("b2.csv")),
            dataset(A, B, dialect=CsvDialect(delimiter=";")),
            dataset(A, B, partition_columns=("year",)),
            dataset(),
        ],
        ids=["deleted", "added", "resized", "rewritten", "renamed", "redelimited", "partitioned", "emptied"],
    )
    def test_anything_else_is_another_one(self, now: Dataset) -> None:
        assert not state_of(A, B).is_current(Snapshot(now), NOW)

    def test_until_a_moment_that_lay_in_the_future_has_come(self) -> None:
        """A moment is of the future when it is later than the present by more than a day."""
        coming = NOW + 5 * DAY_MICROS
        state = state_of(A, of=counts(coming=coming))
        assert state.is_current(Snapshot(dataset(A)), coming - DAY_MICROS - 1)
        assert not state.is_current(Snapshot(dataset(A)), coming - DAY_MICROS)
        grown = Snapshot(dataset(A, C))
        assert state.new_files(grown, NOW) == (C,)
        assert state.new_files(grown, coming) is None

    def test_where_files_hide_rows_only_the_version_tells(self) -> None:
        before = Snapshot(dataset(A), version="id@1", may_hide_rows=True)
        state = ScanState.of(before, PLAN, counts(), "spark", {})
        assert state.is_current(before, NOW)
        assert not state.is_current(replace(before, version="id@2"), NOW)
        plain = Snapshot(dataset(A), version="id@1")
        assert ScanState.of(plain, PLAN, counts(), "spark", {}).is_current(
            replace(plain, version="id@2"), NOW
        )

    def test_where_files_are_not_its_rows_only_the_version_tells(self) -> None:
        before = Snapshot(dataset(A), version="id@1", is_plain=False)
        state = ScanState.of(before, PLAN, counts(), "spark", {})
        assert state.is_current(replace(before, dataset=dataset(A, B)), NOW)
        assert not state.is_current(replace(before, version="id@2"), NOW)
        assert state.new_files(replace(before, version="id@2"), NOW) is None

    def test_another_schema_in_the_log_is_another_dataset(self) -> None:
        before = Snapshot(dataset(A), schema="a int")
        assert not ScanState.of(before, PLAN, counts(), "spark", {}).is_current(
            replace(before, schema="a int, b int"), NOW
        )


class TestAdded:
    """ "appended files are read alone and their tallies added" """

    def test_only_what_came_is_to_be_read(self) -> None:
        assert state_of(A, B).new_files(Snapshot(dataset(A, B, C)), NOW) == (C,)

    def test_nothing_came(self) -> None:
        assert state_of(A, B).new_files(Snapshot(dataset(A, B)), NOW) is None

    @pytest.mark.parametrize(
        "now", [dataset(A, C), dataset(A, entry("b.csv", size=7), C)], ids=["deleted", "rewritten"]
    )
    def test_what_was_counted_must_still_be_there(self, now: Dataset) -> None:
        assert state_of(A, B).new_files(Snapshot(now), NOW) is None

    def test_a_majority_of_new_bytes_decides_anew(self) -> None:
        assert state_of(A).new_files(Snapshot(dataset(A, entry("b.csv", size=101))), NOW) is None

    def test_counts_that_are_final_do_not_add(self) -> None:
        assert state_of(A, B, of=counts().final()).new_files(Snapshot(dataset(A, B, C)), NOW) is None

    def test_counts_without_different_values_add(self) -> None:
        bare = Counts(DatasetTally(0, (ColumnTally(), ColumnTally())), (Span(), Span()))
        assert state_of(A, of=bare).new_files(Snapshot(dataset(A, C)), NOW) == (C,)


class TestPacking:
    def test_it_comes_back_as_it_was(self) -> None:
        state = state_of(A, B)
        assert unpack_state(pack_state(state)) == state

    @pytest.mark.parametrize("text", [None, "", "garbage", "ä", base64.b64encode(b"garbage").decode()])
    def test_what_is_no_such_thing_is_nothing(self, text: str) -> None:
        assert unpack_state(text) is None

    @pytest.mark.parametrize("change", [{"written_by": "0.0.0"}, {"counts": {}}, {"plan": []}])
    def test_what_is_not_understood_is_nothing(self, change: Any) -> None:
        value = {**json.loads(state_of(A).to_json()), **change}
        text = base64.b64encode(zlib.compress(json.dumps(value).encode())).decode()
        assert unpack_state(text) is None

    def test_of_too_much_the_states_go_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        many = counts(tuple(i * 0x9E3779B97F4A7C15 % 2**64 for i in range(2000)))
        state = state_of(A, of=many)
        monkeypatch.setattr(module, "MOST_BYTES", 4000)
        back = unpack_state(pack_state(state))
        assert back is not None
        assert back.counts.distinct_rows == Final(Distinct(2000))
        assert back.is_current(Snapshot(dataset(A)), NOW)
        monkeypatch.setattr(module, "MOST_BYTES", 100)
        assert pack_state(state) is None


class TestClientTexts:
    """ "No data leaves by accident": where one of these texts holds a secret, no state is stored."""

    def test_they_are_those_of_columns_of_few_too(self) -> None:
        before = counts()
        spans = tuple(replace(one, commonest=Commonest({"sig=abc": 2})) for one in before.spans)
        state = state_of(A, of=replace(before, spans=spans))
        assert "sig=abc" in state.client_texts
        many = replace(before, spans=tuple(replace(one, commonest=Commonest(None)) for one in spans))
        assert "sig=abc" not in state_of(A, of=many).client_texts
