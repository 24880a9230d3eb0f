"""The native engine counts the sheets of workbooks as Spark does."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple

import pytest

pytest.importorskip("polars")
pytest.importorskip("openpyxl")
import openpyxl

from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.polars import job
from nuvyn_executor.profiling.polars.parts import NotNative
from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource
from tests.polars_ways import NOW, USUAL, assert_same, ugly_table
from tests.scans import Counted, count_frame, rows_of, scan

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.profiling.counts import Counts

pytestmark = pytest.mark.spark

# What no cell can hold, by openpyxl or by Excel's own format.
NO_CELL = {*map(chr, range(32))} - {"\t", "\n", "\r"}


def save(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("data")
    for row in rows:
        sheet.append(row)
    book.save(path)


def both(spark: Any, folder: Path) -> Tuple[Counted, Counts]:
    """Count the one sheet of a folder in Spark's way and natively."""
    source = FileSystemSource(str(folder), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
    frame = open_frame(spark, source, dataset)
    profile = count_frame(frame, dataset.name, NOW)
    assert frame.texts is not None
    return profile, job.count_here(spark, profile.plan, NOW, frame.texts)


def cell_of(text: Optional[str]) -> Optional[str]:
    """Return a text that a cell can hold, and that no program takes for a formula."""
    if text is None or text.startswith("="):
        return None
    return "".join(character for character in text if character not in NO_CELL)


class TestSheets:
    def test_texts_that_look_like_something(self, spark: Any, folder: Path) -> None:
        table = ugly_table(6, varied=True)
        rows = [[cell_of(text) for text in row] for row in zip(*table.values())]
        save(folder / "ugly.xlsx", [[*USUAL], *rows])
        assert_same(*both(spark, folder))

    def test_cells_of_every_kind_in_more_blocks_than_one(
        self, spark: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("nuvyn_executor.profiling.polars.kernel._CELLS", 1000)
        chance = random.Random(5)  # noqa: S311  data, no secret
        kinds: List[List[Any]] = [
            [1, 2.5, -0.0, 1e300, 123456789012345, 0.1, None],
            [date(2024, 2, 29), datetime(2024, 1, 1, 10, 30), date(1900, 3, 1), None],  # noqa: DTZ001  cells
            [True, False, None],
            ["a", "", " b ", "\u65e5\u672c", "\U0001f600", "x" * 30_000, "n/a", None],
            [1, "1", True, date(2024, 1, 1), "word", None],
        ]
        rows = [[i, *(chance.choice(kind) for kind in kinds)] for i in range(1500)]
        save(folder / "mixed.xlsx", [["id", "number", "day", "flag", "text", "anything"], *rows])
        assert_same(*both(spark, folder))

    @pytest.mark.parametrize(("engine", "used"), [("auto", "polars"), ("spark", "spark")])
    def test_a_scan_says_what_counted(self, spark: Any, folder: Path, engine: str, used: str) -> None:
        save(folder / "few.xlsx", [["id", "word"], *([i, f"w{i % 3}"] for i in range(50))])
        found = scan(spark, folder, engine=engine)
        assert (found.state.engine, rows_of(found)) == (used, 50)
        assert [one.maximum for one in found.columns] == [49, None]
        assert scan(spark, folder, found, engine=engine).rows_read == 0

    def test_a_sheet_without_columns_is_for_spark(self, spark: Any, folder: Path) -> None:
        source = FileSystemSource(str(folder), on_databricks=False)
        save(folder / "few.xlsx", [["id"], [1]])
        (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
        frame = open_frame(spark, source, dataset)
        plan = replace(plan_scan(frame, dataset.name), columns=())
        assert frame.texts is not None
        with pytest.raises(NotNative, match="it has no columns"):
            job.count_here(spark, plan, NOW, frame.texts)
