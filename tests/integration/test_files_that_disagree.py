"""Columnar files that Spark cannot read, alone or together: each is named with what is odd in it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Dict

import pytest

from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.first_rows import SparkRowPreviews
from nuvyn_executor.schema.tables import COLUMNS
from tests.discovering import write
from tests.installation import memory_installation, tables
from tests.parquet_files import BINARY, DECIMAL, DOUBLE, FLOAT16, INT32, INT64, Column, ids, parquet, text
from tests.parquet_files import FIXED as FIXED_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.installation import Run

pytestmark = pytest.mark.spark

NUMBERS = Column("price", DOUBLE, [struct.pack("<d", 1.5)] * 5)
TEXTS = Column("price", BINARY, [text(b"1.5")] * 5, converted=0)
BYTES = Column("price", BINARY, [text(b"\1\2")] * 5)
DIGITS = {"logical": (DECIMAL, [(1, 5, 2), (2, 5, 10)]), "converted": 5, "digits": (2, 10)}
DECIMALS = Column("price", INT64, [struct.pack("<q", 150)] * 5, **DIGITS)  # type: ignore[arg-type]
DECIMALS_AS_BYTES = Column("price", BINARY, [text(b"\x00\x96")] * 5, **DIGITS)  # type: ignore[arg-type]


@pytest.fixture(name="site", params=["auto", "spark"])
def _site(spark: Any, request: pytest.FixtureRequest) -> Any:
    return memory_installation(SparkScanner(spark, request.param), SparkRowPreviews(spark))


def unreadable(run: Run) -> Dict[str, str]:
    return {one["name"]: one["reason"] for one in run.details["unreadable"]}


class TestTypesThatDiffer:
    """Issue: "a folder of Parquet with conflicting types (name column, types, files, and read the files that
    agree)"
    """

    def test_the_files_that_agree_are_read(self, site: Any, tmp_path: Path) -> None:
        others = {"part-00003": TEXTS, "part-00005": BYTES}
        parts = {f"part-{i:05}": NUMBERS for i in range(6)}
        write(tmp_path, {f"{name}.parquet": parquet(ids(), one) for name, one in {**parts, **others}.items()})

        run = site.run("quality_assessment", tmp_path)

        others_are = "and double in 4 of the 6 files that have it."
        assert unreadable(run) == {
            f"{name}.parquet": f"{name}.parquet is left out: its column price is {kind}, {others_are}"
            for name, kind in (("part-00003", "string"), ("part-00005", "binary"))
        }
        (row,) = tables(site).values()
        assert (row["row_count"], row["column_count"]) == (20, 2)
        again = site.run("quality_assessment", tmp_path)
        assert set(unreadable(again)) == set(unreadable(run))
        assert "(as before, not read again)" in again.log

    def test_orc_too(self, site: Any, spark: Any, tmp_path: Path) -> None:
        frame = spark.range(5)
        for number, kind in enumerate(("double", "double", "string")):
            frame.selectExpr("id", f"cast(id as {kind}) AS price").coalesce(1).write.orc(
                str(tmp_path / f".{number}")
            )
            (part,) = (tmp_path / f".{number}").glob("part-*.orc")
            part.rename(tmp_path / f"part-{number:05}.orc")
        run = site.run("quality_assessment", tmp_path)
        assert unreadable(run) == {
            "part-00002.orc": (
                "part-00002.orc is left out: its column price is string, and double in 2 of the 3 files that "
                "have it."
            )
        }

    def test_decimals_as_bytes_are_read(self, site: Any, tmp_path: Path) -> None:
        """Issue: "BINARY decimal in one file". That needs a setting of another session, on Connect too."""
        parts = {f"part-{i:05}.parquet": parquet(ids(), DECIMALS) for i in range(3)}
        write(tmp_path, {**parts, "part-00001.parquet": parquet(ids(), DECIMALS_AS_BYTES)})
        run = site.run("quality_assessment", tmp_path)
        assert unreadable(run) == {}
        (row,) = tables(site).values()
        assert row["row_count"] == 15
        (price,) = (one for one in site.rows(COLUMNS) if one["column_name"] == "price")
        assert (price["data_type"], price["null_count"], price["distinct_count"]) == ("decimal(10,2)", 0, 1)


class TestFilesThatSparkDoesNotRead:
    """Issue: "Messages that blame the wrong thing: Parquet types ...; encrypted; ... codecs (brotli)" """

    def test_each_is_named_by_what_is_odd(self, site: Any, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "good.parquet": parquet(ids(), NUMBERS),
                "time.parquet": parquet(ids(), Column("at", INT32, [b"\0" * 4] * 5, converted=7)),
                "half.parquet": parquet(
                    ids(), Column("x", FIXED_BYTES, [b"\0\0"] * 5, (FLOAT16, []), length=2)
                ),
                "brotli.parquet": parquet(ids(), Column("x", INT32, [b"\0" * 4] * 5, codec=4)),
                "hidden.parquet": b"PARE" + parquet(ids(), NUMBERS)[4:-4] + b"PARE",
                "fewer.parquet": parquet(ids(), NUMBERS, rows=25),
            },
        )
        run = site.run("quality_assessment", tmp_path)
        odd = "is of a Parquet type that this Spark does not read."
        assert unreadable(run) == {
            "time.parquet": f"time.parquet could not be read: its column at (TIME_MILLIS) {odd}",
            "half.parquet": f"half.parquet could not be read: its column x (FLOAT16) {odd}",
            "brotli.parquet": (
                "brotli.parquet could not be read: it is compressed with BROTLI, which this Spark cannot "
                "unpack."
            ),
            "hidden.parquet": "is an encrypted Parquet file",
            "fewer.parquet": ("fewer.parquet says that it has 5 rows, and 25 can be read: it is damaged."),
        }
        assert list(tables(site)) == ["good"]
        preview = site.run("data_reading", tmp_path)
        assert unreadable(preview)["time.parquet"].endswith(odd)
