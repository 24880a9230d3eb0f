"""Jobs on ORC and Avro: types, part files, partitions, previews, second runs and damage; tables in memory."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Tuple

import pytest

from nuvyn_executor.discovery import formats
from nuvyn_executor.errors import EngineError
from nuvyn_executor.model import RunStatus
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.first_rows import SparkRowPreviews
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.schema.tables import COLUMNS
from nuvyn_executor.sources.filesystem import FileSystemSource
from nuvyn_executor.spark.packages import with_package
from tests.discovering import look
from tests.installation import Installation, memory_installation, tables

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.model import FileFormat
    from tests.installation import Run

pytestmark = pytest.mark.spark
ANCIENT = "spark.sql.avro.datetimeRebaseModeInWrite"
MANY = 120_000  # more than are counted exactly: counts of new files add
DAMAGES: Dict[str, Callable[[bytes], bytes]] = {
    "in its middle": lambda content: _spoilt(content, len(content) // 2 - 400, 800),
    "before its end": lambda content: _spoilt(content, len(content) - 300, 250),
    "cut short": lambda content: content[: len(content) * 2 // 3],
    "zeros in its middle": lambda content: _spoilt(content, len(content) // 3, len(content) // 3, b"\0"),
}
CODECS: Dict[FileFormat, Dict[str, str]] = {formats.ORC: {}, formats.AVRO: {"zstd": "zstandard"}}
CLEAR = re.compile(
    r"\S+ could not be read: it is no intact (ORC|Avro) file\."
    r"|\S+ could not be read: it ends too early or is not intact\."
    r"|is an (ORC|Avro) file that is cut short: its end is missing"
)
TYPED = (
    "id",
    "concat('n', id) AS name",
    "cast(id AS decimal(10,2)) AS amount",
    "date'1500-01-01' + int(id) AS day",
    "timestamp'2024-01-31 10:00:00' AS moment",
    "named_struct('x', int(id), 'y', named_struct('z', id % 2 = 0)) AS s",
    "array(id) AS list",
)
TYPES = [
    ("id", "bigint"),
    ("name", "string"),
    ("amount", "decimal(10,2)"),
    ("day", "date"),
    ("moment", "timestamp"),
    ("s.x", "int"),
    ("s.y.z", "boolean"),
    ("list", "array<bigint>"),
]


@pytest.fixture(name="kind", params=[formats.ORC, formats.AVRO], ids=lambda one: one.value)
def _kind(spark: Any, request: pytest.FixtureRequest) -> Iterator[FileFormat]:
    kind: FileFormat = request.param
    try:
        with_package(
            spark, kind.spark_package, lambda: spark.read.format(kind.value).schema("a INT").load([])
        )
    except EngineError as error:
        pytest.skip(f"{error.message} The first run needs a network.")
    spark.conf.set(ANCIENT, "CORRECTED")
    yield kind
    spark.conf.unset(ANCIENT)


@pytest.fixture(name="site")
def _site(spark: Any) -> Installation:
    return memory_installation(SparkScanner(spark), SparkRowPreviews(spark))


def save(data: Any, kind: FileFormat, path: Path, *partitions: str, **options: str) -> None:
    data.coalesce(1).write.partitionBy(*partitions).options(**options).format(kind.value).save(str(path))


def add_part(data: Any, kind: FileFormat, folder: Path, number: int, **options: str) -> Path:
    save(data, kind, folder / f".{number}", **options)
    (part,) = (folder / f".{number}").glob("part-*")
    return part.rename(folder / f"part-{number:05d}.{kind.value}")


def _spoilt(content: bytes, at: int, length: int, filler: bytes = b"\xff") -> bytes:
    return content[:at] + filler * length + content[at + length :]


def columns(site: Installation, table: str) -> List[Tuple[str, str]]:
    wanted = tables(site)[table]["table_id"]
    rows = sorted(site.rows(COLUMNS, table_id=wanted), key=lambda row: int(row["ordinal_position"]))
    return [(row["column_name"], row["data_type"]) for row in rows]


def details(site: Installation, table: str) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(tables(site)[table]["details"])
    return found


class TestOrcAndAvro:
    """ "ORC and Avro are each one entry and one opener" """

    def test_a_folder_of_all_that_tables_can_be(
        self, spark: Any, site: Installation, folder: Path, kind: FileFormat
    ) -> None:
        rows = spark.range(5)
        part = add_part(rows.selectExpr(*TYPED), kind, folder, 0)
        part.rename(folder / f"single.{kind.value}")
        (folder / "parts").mkdir()
        add_part(rows.selectExpr("id", "named_struct('x', 1) AS s"), kind, folder / "parts", 0)
        later = rows.selectExpr("id", "named_struct('x', 1, 'later', 'b') AS s", "id AS added")
        add_part(later, kind, folder / "parts", 1)
        save(rows.selectExpr("id", "int(id % 2 + 2023) AS year"), kind, folder / "tree", "year")
        run = site.run("full_pipeline", folder)
        assert (run.exit_code, run.status) == (0, RunStatus.SUCCESS), run.log
        found = tables(site)
        assert {name: (row["row_count"], row["file_count"]) for name, row in found.items()} == {
            "single": (5, 1),
            "parts": (10, 2),
            "tree": (5, 2),
        }
        assert {row["file_format"] for row in found.values()} == {kind.value}
        assert columns(site, "single") == TYPES
        assert columns(site, "parts") == [
            ("id", "bigint"),
            ("s.x", "int"),
            ("s.later", "string"),
            ("added", "bigint"),
        ]
        assert columns(site, "tree") == [("id", "bigint"), ("year", "int")]
        (day,) = [row for row in site.rows(COLUMNS) if row["column_name"] == "day"]
        assert json.loads(day["details"])["minimum"] == "1500-01-01"
        (added,) = [row for row in site.rows(COLUMNS) if row["column_name"] == "added"]
        assert added["null_count"] == 5
        shown = run.details["data_reading"]["sample_data"]
        assert shown[f"single.{kind.value}"]["preview"].startswith(
            "id,name,amount,day,moment,s,list\n0,n0,0.00,"
        )

    def test_a_type_is_named_as_others_are(
        self, spark: Any, site: Installation, folder: Path, kind: FileFormat
    ) -> None:
        save(spark.range(3), kind, folder / "t")
        (folder / "x.csv").write_text("id\n1\n")
        run = site.run("metadata_extraction", folder, kind.value)
        assert run.document["source_type"] == kind.value
        assert [one["name"] for one in run.details["skipped"]] == ["x.csv"]
        assert "is csv, not" in run.details["skipped"][0]["reason"]

    def test_a_second_run_reads_what_came(
        self, spark: Any, site: Installation, folder: Path, kind: FileFormat
    ) -> None:
        add_part(spark.range(MANY), kind, folder, 0)
        site.run("metadata_extraction", folder)
        assert "(as before, not read again)" in site.run("metadata_extraction", folder).log
        add_part(spark.range(3), kind, folder, 1)
        site.run("metadata_extraction", folder)
        row = details(site, "things")
        assert (row["rows_scanned"], row["rows_read"]) == (MANY + 3, 3)
        assert (row["engine"], row["read_by"]) == ("polars", "spark")
        add_part(spark.range(2).selectExpr("id", "id AS more"), kind, folder, 2)
        site.run("metadata_extraction", folder)
        assert details(site, "things")["rows_read"] == MANY + 5
        assert columns(site, "things") == [("id", "bigint"), ("more", "bigint")]

    @pytest.mark.parametrize(
        ("damage", "codec"), [*((one, "snappy") for one in DAMAGES), ("zeros in its middle", "zstd")]
    )
    def test_a_part_that_is_damaged_is_named_in_one_sentence_and_the_rest_is_read(  # noqa: PLR0913, PLR0917
        self, spark: Any, site: Installation, folder: Path, kind: FileFormat, damage: str, codec: str
    ) -> None:
        """Spark 3 writes Snappy and Spark 4 zstd, whose damage is not always noticed: ORC has no checksums"""
        data = spark.range(2000).selectExpr("id", "uuid() AS word")
        for number in range(4):
            part = add_part(data, kind, folder, number, compression=CODECS[kind].get(codec, codec))
        part.write_bytes(DAMAGES[damage](part.read_bytes()))

        run = site.run("metadata_extraction", folder)

        assert (run.exit_code, run.status) == (0, RunStatus.PARTIAL), run.log
        assert run.names("unreadable") == [part.name]
        assert tables(site)["things"]["row_count"] == 6000
        (left_out,) = run.details["unreadable"]
        assert left_out["name"] == part.name
        assert CLEAR.fullmatch(left_out["reason"]), left_out

    def test_of_files_whose_types_do_not_fit_together_those_that_agree_are_read(
        self, spark: Any, site: Installation, folder: Path, kind: FileFormat
    ) -> None:
        add_part(spark.range(2).selectExpr("id AS a"), kind, folder, 0)
        add_part(spark.range(2).selectExpr("string(id) AS a"), kind, folder, 1)
        add_part(spark.range(2).selectExpr("id AS a"), kind, folder, 2)
        run: Run = site.run("metadata_extraction", folder)
        (left_out,) = run.details["unreadable"]
        assert "is left out: its column a is string, and bigint in 2 of the 3 files" in left_out["reason"]
        assert run.details["tables"][0]["rows"] == 4

    def test_rows_that_were_not_counted_are_estimated(
        self, spark: Any, folder: Path, kind: FileFormat
    ) -> None:
        rows = 30_000
        add_part(spark.range(rows).selectExpr("id", "md5(string(id)) AS word"), kind, folder, 0)
        add_part(spark.range(rows).selectExpr("id", "md5(string(id)) AS word"), kind, folder, 1)
        (dataset,) = look(folder).datasets
        frame = open_frame(spark, FileSystemSource(str(folder), on_databricks=False), dataset)
        assert frame.is_columnar == frame.rows_known == (kind == formats.ORC)
        assert abs(frame.rows - 2 * rows) <= (0 if frame.rows_known else rows * 0.1)
