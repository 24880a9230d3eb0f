"""A sample is the same on every run; a bound on time ends between files, and never before the first."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nuvyn_executor.model import FileEntry
from nuvyn_executor.profiling import sampling_limits
from nuvyn_executor.profiling.counts import Counts
from nuvyn_executor.profiling.sampling_limits import (
    Coverage,
    choose_files,
    count_in_time,
    in_hash_order,
    waves,
)
from nuvyn_executor.profiling.sketch import Final, Sketch
from nuvyn_executor.quality.tallies import DatasetTally, Distinct

MEGA = 1024 * 1024


def entries(*sizes: int) -> Tuple[FileEntry, ...]:
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    return tuple(
        FileEntry(f"/d/2026-{i:04}.csv", f"2026-{i:04}.csv", size, at) for i, size in enumerate(sizes)
    )


class TestOrder:
    def test_it_is_that_of_the_names_hashes(self) -> None:
        files = entries(*[1] * 50)
        assert in_hash_order(files) == in_hash_order(files[::-1])
        assert in_hash_order(files) != files
        some = {entry.path for entry in in_hash_order(files)[:25]}
        assert some & {one.path for one in files[:25]}
        assert some & {one.path for one in files[25:]}


class TestChosen:
    """ "EXECUTOR_SAMPLE_ROWS, deterministic by hash" """

    def test_without_a_bound_all(self) -> None:
        assert choose_files(entries(1, 2), 10**9, None) == (entries(1, 2), 1.0)

    def test_few_rows_are_all_counted(self) -> None:
        assert choose_files(entries(1, 2), 150, 100) == (entries(1, 2), 1.0)

    def test_of_many_files_some(self) -> None:
        files = entries(*[10] * 100)
        some, share = choose_files(files, 100_000, 5_000)
        assert some == in_hash_order(files)[:5]
        assert share == 1.0

    def test_of_a_large_file_a_share_of_its_rows(self) -> None:
        files = entries(1000)
        assert choose_files(files, 100_000, 1_000) == (files, 0.01)

    def test_of_files_that_cannot_be_read_one_by_one_a_share_of_all_rows(self) -> None:
        files = entries(*[10] * 100)
        assert choose_files(files, 100_000, 1_000, are_divisible=False) == (files, 0.01)

    @given(st.lists(st.integers(0, 100), min_size=1, max_size=20), st.integers(1, 1000), st.integers(1, 1000))
    def test_there_is_always_something(self, sizes: List[int], rows: int, wanted: int) -> None:
        some, share = choose_files(entries(*sizes), rows, wanted)
        assert some
        assert 0 < share <= 1


class TestWaves:
    def test_each_is_about_as_large_as_those_before(self) -> None:
        files = entries(*[16 * MEGA] * 40)
        cut = waves(files)
        assert [len(wave) for wave in cut] == [4, 4, 8, 16, 8]
        assert [entry for wave in cut for entry in wave] == [*in_hash_order(files)]

    def test_a_large_file_is_one(self) -> None:
        assert [len(wave) for wave in waves(entries(10**12, 10**12))] == [1, 1]


class Watch:
    """A clock that goes on by a second for each megabyte that is counted."""

    def __init__(self, *, adds: bool) -> None:
        self.now = 0.0
        self.adds = adds
        self.counted: List[int] = []

    def count(self, files: Tuple[FileEntry, ...]) -> Counts:
        self.now += sum(entry.size_bytes for entry in files) / MEGA
        self.counted.append(len(files))
        state = None if self.adds else Final(Distinct(1))
        return Counts(DatasetTally(rows=len(files)), (), state)


class TestInTime:
    """ "A bound on time ends early and truthfully" """

    FILES = entries(*[16 * MEGA] * 40)

    def test_without_a_bound_all_in_one_go(self) -> None:
        watch = Watch(adds=True)
        assert count_in_time(self.FILES, None, watch.count, lambda: watch.now)[1] == self.FILES
        assert watch.counted == [40]

    def test_in_time_enough_all(self) -> None:
        watch = Watch(adds=True)
        counts, done = count_in_time(self.FILES, 1000, watch.count, lambda: watch.now)
        assert (counts.tally.rows, done) == (40, in_hash_order(self.FILES))
        assert watch.counted == [4, 4, 8, 16, 8]

    def test_what_does_not_fit_is_not_begun(self) -> None:
        watch = Watch(adds=True)
        counts, done = count_in_time(self.FILES, 300, watch.count, lambda: watch.now)
        assert (counts.tally.rows, done) == (16, in_hash_order(self.FILES)[:16])
        assert watch.now == 16 * 16

    def test_counts_that_do_not_add_are_made_again(self) -> None:
        watch = Watch(adds=False)
        counts, done = count_in_time(self.FILES, 500, watch.count, lambda: watch.now)
        assert watch.counted == [4, 8, 16]
        assert (counts.tally.rows, done) == (16, in_hash_order(self.FILES)[:16])

    def test_where_another_engine_goes_on_it_counts_all(self) -> None:
        """Files that Polars does not read as Spark would may come in any wave."""

        def count(files: Tuple[FileEntry, ...]) -> Counts:
            engine = "polars" if len(files) == 4 else "spark"
            return Counts(DatasetTally(rows=len(files)), (), Sketch(engine))

        counts, done = count_in_time(self.FILES[:16], 1e9, count, lambda: 0.0)
        assert (counts.tally.rows, len(done), counts.distinct_rows) == (16, 16, Sketch("spark"))

    @pytest.mark.parametrize("seconds", [0.001, 1])
    def test_some_are_always_read(self, seconds: float) -> None:
        watch = Watch(adds=True)
        assert count_in_time(self.FILES, seconds, watch.count, lambda: watch.now)[0].tally.rows == 4

    def test_no_files_are_counted_too(self) -> None:
        assert count_in_time((), 1.0, Watch(adds=True).count, lambda: 0.0)[1] == ()


def test_a_coverage_comes_back_as_it_was() -> None:
    coverage = Coverage(1000, is_estimate=True, files=3, share=0.25)
    assert Coverage.from_json(coverage.to_json()) == coverage
    assert Coverage.from_json(None) is None
    assert sampling_limits.WAVE_BYTES == 64 * MEGA
