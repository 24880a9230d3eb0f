"""Paths that end with a version of a Delta table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.errors import SourceError
from nuvyn_executor.model import SourceType
from nuvyn_executor.sources.factory import DataSourceFactory
from nuvyn_executor.sources.time_travel import VersionSource, split_as_of

if TYPE_CHECKING:
    from pathlib import Path


class TestPaths:
    """ "a path ending `@v3` or `@20260101` / `@20260101123000000` (Databricks' forms)" """

    @pytest.mark.parametrize(
        ("path", "bare", "as_of"),
        [
            ("/d/t@v3", "/d/t", "v3"),
            ("/d/t/@v3", "/d/t", "v3"),
            ("/d/t@v3/", "/d/t", "v3"),
            ("dbfs:/d/t@20260101", "dbfs:/d/t", "20260101"),
            ("/d/t@20260101123000000", "/d/t", "20260101123000000"),
            ("s3://bucket/t@v0", "s3://bucket/t", "v0"),
            (
                "abfss://c@account.dfs.core.windows.net/t@v12",
                "abfss://c@account.dfs.core.windows.net/t",
                "v12",
            ),
            ("/d/t", "/d/t", ""),
            ("/d/t@3", "/d/t@3", ""),
            ("/d/t@V3", "/d/t@V3", ""),
            ("/d/t@2026", "/d/t@2026", ""),
            ("/d/t@v3.csv", "/d/t@v3.csv", ""),
            ("/d/@v3/t", "/d/@v3/t", ""),
            ("@v3", "@v3", ""),
            ("abfss://c@v3", "abfss://c@v3", ""),
        ],
    )
    def test_the_version_is_split_off(self, path: str, bare: str, as_of: str) -> None:
        assert split_as_of(path) == (bare, as_of)

    def test_a_path_that_exists_names_no_version(self, tmp_path: Path) -> None:
        (tmp_path / "t@v3").mkdir()
        assert split_as_of(f"{tmp_path}/t@v3") == (f"{tmp_path}/t@v3", "")


class TestSource:
    """One version of the Delta table of another source."""

    def test_the_dataset_has_the_version_and_the_name_of_the_table(self, tmp_path: Path) -> None:
        (tmp_path / "t" / "_delta_log").mkdir(parents=True)
        (tmp_path / "t" / "_delta_log" / "00000000000000000000.json").write_text("{}")
        source = DataSourceFactory(on_databricks=False).create(f"{tmp_path}/t@v3", SourceType.AUTO)
        assert isinstance(source, VersionSource)
        (dataset,) = discover(source, SourceType.AUTO, 9).datasets
        assert (dataset.name, dataset.path, dataset.as_of) == ("t", f"{tmp_path}/t", "v3")
        assert source.location == f"{tmp_path}/t@v3"

    def test_what_is_no_delta_table_has_no_versions(self, tmp_path: Path) -> None:
        source = DataSourceFactory(on_databricks=False).create(f"{tmp_path}@v3", SourceType.AUTO)
        assert isinstance(source, VersionSource)
        with pytest.raises(SourceError, match="is no Delta table, so it has no version @v3"):
            source.survey(9)
