"""What ``/dbfs`` and ``/Volumes`` mean where there is no Databricks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nuvyn_executor.errors import SourceNotFound
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path


class TestRoots:
    """ "`EXECUTOR_DBFS_ROOT` and `EXECUTOR_VOLUMES_ROOT` (unset: as now)" """

    @pytest.mark.parametrize(
        "path", ["/dbfs/mnt/data", "dbfs:/mnt/data", "dbfs:/Volumes/mnt/data", "/Volumes/mnt/*"]
    )
    def test_files_are_found_there(self, tmp_path: Path, path: str) -> None:
        (tmp_path / "mnt" / "data").mkdir(parents=True)
        (tmp_path / "mnt" / "data" / "x.csv").write_text("a\n1\n")
        roots = {"/dbfs": str(tmp_path), "/Volumes": str(tmp_path)}
        source = FileSystemSource(path, on_databricks=False, roots=roots)
        (entry,) = source.survey(9).files
        assert (source.location, entry.path) == (path, f"{tmp_path}/mnt/data/x.csv")
        assert source.spark_path(entry.path) == f"file://{entry.path}"
        assert source.read_range(entry, 0, 9) == b"a\n1\n"

    def test_the_remedy_says_what_a_path_means_here(self, tmp_path: Path) -> None:
        source = FileSystemSource("/dbfs/no", on_databricks=False, roots={"/dbfs": str(tmp_path)})
        with pytest.raises(SourceNotFound, match="Nothing lies at /dbfs/no") as caught:
            source.survey(9)
        assert f"here it means {tmp_path}/no" in caught.value.remedy
