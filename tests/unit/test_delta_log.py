"""Which files of a Delta table's log hold one of its versions."""

from __future__ import annotations

import pytest

from nuvyn_executor.reading.delta_log import files_to_read


def commit(version: int) -> str:
    return f"{version:020}.json"


def checkpoint(version: int, form: str = "parquet") -> str:
    return f"{version:020}.checkpoint.{form}"


def part(version: int, number: int, of: int) -> str:
    return checkpoint(version, f"{number:010}.{of:010}.parquet")


UUID_FORM = "80a083e8-7026-4e79-81be-64bd76c43a11.json"
COMMITS = [commit(version) for version in range(8)]
OTHERS = [f"{3:020}.crc", f"{0:020}.{4:020}.compacted.json", "_last_checkpoint", commit(8), checkpoint(8)]


class TestFilesToRead:
    def test_without_a_checkpoint_all_commits(self) -> None:
        assert files_to_read([*OTHERS, *COMMITS], 5) == ([], COMMITS[:6])

    @pytest.mark.parametrize("form", ["parquet", UUID_FORM, UUID_FORM.replace("json", "parquet")])
    def test_the_newest_checkpoint_and_what_came_after(self, form: str) -> None:
        names = [checkpoint(1), checkpoint(4, form), *COMMITS[5:], *OTHERS]
        assert files_to_read(names, 6) == ([checkpoint(4, form)], [commit(5), commit(6)])
        assert files_to_read(names, 4) == ([checkpoint(4, form)], [])

    def test_a_checkpoint_without_one_of_its_parts_does_not_count(self) -> None:
        parts = [part(4, 2, 3), part(4, 1, 3), part(4, 3, 3)]
        assert files_to_read([checkpoint(1), *parts, *COMMITS], 5) == (sorted(parts), [commit(5)])
        assert files_to_read([checkpoint(1), *parts[:2], *COMMITS], 5) == ([checkpoint(1)], COMMITS[2:6])

    def test_of_two_checkpoints_of_one_version_one(self) -> None:
        found, commits = files_to_read([checkpoint(4), checkpoint(4, UUID_FORM), *COMMITS], 5)
        assert (len(found), commits) == (1, [commit(5)])

    def test_a_commit_that_is_gone(self) -> None:
        with pytest.raises(ValueError, match="no version 2"):
            files_to_read([*COMMITS[:2], *COMMITS[3:]], 5)
