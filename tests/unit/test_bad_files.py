"""Of a dataset that cannot be read as a whole, the files that are to blame."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, List, Optional, Set, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.model import FileEntry
from nuvyn_executor.profiling.bad_files import MOST_BAD_FILES, find_bad

if TYPE_CHECKING:
    from nuvyn_executor.errors import ExecutorError

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def files(count: int) -> Tuple[FileEntry, ...]:
    return tuple(FileEntry(f"/d/{i}.csv", f"{i}.csv", 10, NOW) for i in range(count))


class Reader:
    """Reads files of which some are bad, and says how often it was asked."""

    def __init__(self, bad: Set[int]) -> None:
        self._bad = {f"/d/{i}.csv" for i in bad}
        self.asked: List[int] = []

    def refused(self, some: Tuple[FileEntry, ...]) -> Optional[ExecutorError]:
        self.asked.append(len(some))
        found = [entry.name for entry in some if entry.path in self._bad]
        return DatasetUnreadable(f"{found[0]} is bad.", "Upload it again.") if found else None


class TestFindBad:
    """ "with per-file failures still named" """

    @given(st.integers(1, 60), st.sets(st.integers(0, 59), max_size=MOST_BAD_FILES - 1))
    def test_finds_each_and_no_other(self, count: int, bad: Set[int]) -> None:
        bad = {i for i in bad if i < count}
        found = find_bad(files(count), Reader(bad).refused)
        assert set(found) == {f"/d/{i}.csv" for i in bad}
        assert all(why.is_failure and why.reason == f"{why.name} is bad." for why in found.values())

    def test_few_among_thousands_cost_few_reads(self) -> None:
        reader = Reader({7, 15_000})
        assert len(find_bad(files(20_000), reader.refused)) == 2
        assert len(reader.asked) < 64

    def test_of_no_files_nothing_is_read(self) -> None:
        reader = Reader(set())
        assert find_bad((), reader.refused) == {}
        assert reader.asked == []

    def test_where_none_can_be_read_it_does_not_try_them_all(self) -> None:
        reader = Reader(set(range(20_000)))
        with pytest.raises(DatasetUnreadable) as caught:
            find_bad(files(20_000), reader.refused)
        assert caught.value.message == (
            "The first 16 of its files that were tried could not be read, among them 0.csv: 0.csv is bad."
        )
        assert caught.value.remedy == "Upload it again."
        assert len(reader.asked) < 64

    def test_many_bad_ones_are_found_where_one_is_good(self) -> None:
        reader = Reader(set(range(1, 100)))
        assert len(find_bad(files(100), reader.refused)) == 99
