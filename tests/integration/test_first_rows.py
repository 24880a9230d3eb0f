"""What ``data_reading`` shows of files of declared types: what is scanned is shown."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping

import pytest

from nuvyn_executor.model import RunStatus
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.first_rows import SparkRowPreviews
from tests.installation import Installation, memory_installation

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pl = pytest.importorskip("polars")

FILES: Mapping[str, Callable[[], Any]] = {
    "twins": lambda: pl.DataFrame({"id": [1], "ID": [2]}),
    "nanos": lambda: pl.DataFrame({"id": [1], "at": pl.Series([10**18 + 1]).cast(pl.Datetime("ns"))}),
    "ancient": lambda: pl.DataFrame({"born": pl.Series([-719163]).cast(pl.Date)}),
    "nested": lambda: pl.DataFrame({"a": [{"b": 1, "c": None}], "l": [[{"x": 1}]], "d.e": ["x"]}),
}
SHOWN: Mapping[str, List[List[str]]] = {
    "twins": [["id", "ID"], ["1", "2"]],
    "nanos": [["id", "at"], ["1", "2001-09-09 01:46:40"]],
    "ancient": [["born"], ["0000-12-31"]],
    "nested": [["a", "l", "d.e"], ['{"b":1,"c":null}', '[{"x":1}]', "x"]],
}


@pytest.fixture(name="site")
def _site(spark: SparkSession) -> Installation:
    return memory_installation(SparkScanner(spark), SparkRowPreviews(spark))


class TestWhatIsScanned:
    """A file that the scan read was named `unreadable` by `data_reading`, and the run was `Partial`."""

    def test_is_shown(self, site: Installation, tmp_path: Path) -> None:
        for name, frame in FILES.items():
            frame().write_parquet(tmp_path / f"{name}.parquet")
        run = site.run("full_pipeline", tmp_path)

        assert run.status is RunStatus.SUCCESS, run.log
        previews = run.details["data_reading"]["sample_data"]
        shown: Dict[str, List[List[str]]] = {
            name: list(csv.reader(io.StringIO(previews[f"{name}.parquet"]["preview"]))) for name in FILES
        }
        assert shown == SHOWN

    def test_a_folder_that_names_no_value_is_named_so(self, site: Installation, tmp_path: Path) -> None:
        """It was `java.lang.AssertionError: assertion failed: Empty partition column value in 'day='`."""
        for folder in ("day=", "day=1"):
            (tmp_path / "t" / folder).mkdir(parents=True)
            FILES["nested"]().write_parquet(tmp_path / "t" / folder / "x.parquet")
        run = site.run("metadata_extraction", tmp_path)
        (bad,) = run.details["unreadable"]
        assert bad["name"] == "t/day=/x.parquet"
        assert bad["reason"].endswith("its folder names no value of a partition column (day=).")
        assert "java" not in bad["reason"]
