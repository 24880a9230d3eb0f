"""A walk through a folder and all below it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, List, Tuple

import pytest

from nuvyn_executor.sources.folder_walk import FolderWalk, entry_of

if TYPE_CHECKING:
    from pathlib import Path

TREE = (
    "a-b.csv",
    "a/x.csv",
    "a/y.json",
    "a/b/x.csv",
    "c/.hidden.csv",
    "c/_aside/x.csv",
    "c/_year=2024/x.csv",
    "t/_delta_log/0.json",
    "t/part-0.parquet",
)


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Path:
    for name in TREE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def walk(tree: Path, patterns: Tuple[str, ...] = (), limit: int = 1000) -> FolderWalk:
    done = FolderWalk(str(tree), patterns, limit)
    done.run()
    return done


class TestWalk:
    """Visible files in the order of their full names."""

    @pytest.mark.parametrize(
        ("patterns", "names"),
        [
            ((), ["a-b.csv", "a/b/x.csv", "a/x.csv", "a/y.json", "c/_year=2024/x.csv", "t/part-0.parquet"]),
            (("*.csv",), ["a-b.csv"]),
            (("a",), ["a/b/x.csv", "a/x.csv", "a/y.json"]),
            (("*", "x.csv"), ["a/x.csv"]),
            (("**", "x.csv"), ["a/b/x.csv", "a/x.csv", "c/_year=2024/x.csv"]),
            (("**", "b", "**"), ["a/b/x.csv"]),
            (("a", "[y-z]*"), ["a/y.json"]),
            (("c", "*"), ["c/_year=2024/x.csv"]),
            (("nothing",), []),
        ],
        ids=range(9),
    )
    def test_files_that_match_are_listed_in_order(
        self, tree: Path, patterns: Tuple[str, ...], names: List[str]
    ) -> None:
        done = walk(tree, patterns)
        assert [entry.name for entry in done.listing().files] == names
        assert done.found_anything is bool(names)

    @pytest.mark.parametrize(
        ("patterns", "delta"),
        [((), ("t",)), (("t",), ("t",)), (("t", "*.parquet"), ("t",)), (("t", "*.csv"), ()), (("a",), ())],
        ids=range(5),
    )
    def test_a_delta_table_counts_where_it_or_a_file_of_it_was_asked_for(
        self, tree: Path, patterns: Tuple[str, ...], delta: Tuple[str, ...]
    ) -> None:
        assert walk(tree, patterns).listing().delta_folders == delta

    @pytest.mark.parametrize(("limit", "count", "truncated"), [(3, 3, True), (6, 6, False), (7, 6, False)])
    def test_no_more_than_the_limit(self, tree: Path, limit: int, count: int, *, truncated: bool) -> None:
        listing = walk(tree, limit=limit).listing()
        assert (len(listing.files), listing.truncated) == (count, truncated)

    def test_a_folder_that_is_not_there_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            walk(tmp_path / "nothing")

    @pytest.mark.parametrize(
        ("seconds", "year"), [(0, 1970), (1_700_000_000, 2023), (1e18, 9999), (-1e18, 1970)]
    )
    def test_a_damaged_time_is_the_last_or_the_first(self, tmp_path: Path, seconds: float, year: int) -> None:
        found = list(tmp_path.stat())
        found[8] = int(seconds)
        assert entry_of("/x", "x", os.stat_result(found)).modified_at.year == year
