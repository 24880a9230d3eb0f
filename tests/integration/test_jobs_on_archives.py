"""Jobs on compressed files and archives: figures as of the plain files, and nothing is unpacked twice."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping

import pytest

from nuvyn_executor import bootstrap
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import JobRequest, JobType, RunStatus, SourceType
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.first_rows import SparkRowPreviews
from nuvyn_executor.schema.tables import COLUMNS, TABLES
from nuvyn_executor.sources.filesystem import FileSystemSource
from nuvyn_executor.sources.spool_folder import SpoolPlace
from nuvyn_executor.sources.unpacked import UnpackedSource
from tests.discovering import write
from tests.installation import Installation, memory_installation
from tests.packing import LATER, reads_zstd, zipped, zstd

if TYPE_CHECKING:
    from tests.installation import Run

pytestmark = pytest.mark.spark

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "data"
MOMENT = datetime(*LATER, tzinfo=timezone.utc).timestamp()
# What depends on where a file lies, on how many bytes it takes there, and on when it was read.
PLACES = (
    *(
        "table_id",
        "column_id",
        "source_id",
        "schema_name",
        "file_path",
        "size_bytes",
        "scan_state",
        "last_run_id",
    ),
    *("last_refreshed", "created_at", "updated_at", "metadata_version", "transmitted_version"),
)
SEVERAL = 3


def aged(folder: Path) -> None:
    """Let all files be of the moment that members of archives have."""
    for path in folder.rglob("*"):
        os.utime(path, (MOMENT, MOMENT))


@pytest.fixture(name="plain", scope="module")
def _plain(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of plain files, of each kind one table."""
    folder = tmp_path_factory.mktemp("plain")
    copied = ["suppliers_utf16.csv", "order_items.jsonl", "returns.json", "products.xlsx"]
    orders = sorted(path.relative_to(EXAMPLES).as_posix() for path in (EXAMPLES / "orders").rglob("*.*"))
    write(folder, {name: (EXAMPLES / name).read_bytes() for name in (*copied, *orders)})
    header, *lines = (EXAMPLES / "customers.csv").read_bytes().splitlines(keepends=True)
    parts = {f"parts/part-{i:05}.csv": header + b"".join(lines[i::SEVERAL]) for i in range(SEVERAL)}
    write(folder, parts)
    rows = spark.range(2000).selectExpr("id", "concat('n', id % 97) AS name", "date'2024-01-01' AS day")
    for kind in ("parquet", "orc"):
        rows.coalesce(1).write.format(kind).save(str(folder / ".aside" / kind))
        (part,) = (folder / ".aside" / kind).glob(f"part-*.{kind}")
        part.rename(folder / f"typed_{kind}.{kind}")
    aged(folder)
    return folder


@pytest.fixture(name="packed", scope="module")
def _packed(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the same tables, packed in all ways."""
    folder = tmp_path_factory.mktemp("packed")

    def content(name: str) -> bytes:
        return (plain / name).read_bytes()

    write(folder, {"suppliers_utf16.csv.xz": lzma.compress(content("suppliers_utf16.csv"))})
    items = {"order_items.jsonl.zst": zstd} if reads_zstd() else {"order_items.jsonl.bz2": bz2.compress}
    write(folder, {name: pack(content("order_items.jsonl")) for name, pack in items.items()})
    several = ("returns.json", "typed_parquet.parquet", "typed_orc.orc", "products.xlsx")
    write(folder, {"several.zip": zipped({f"in/{name}": content(name) for name in several})})
    parts = sorted(path.name for path in (plain / "parts").iterdir())
    write(folder, {"parts.zip": zipped({name: content(f"parts/{name}") for name in parts})})
    for number, path in enumerate(sorted((plain / "orders").rglob("*.*"))):
        name = path.relative_to(plain).as_posix()
        write(folder, {f"{name}.bz2": bz2.compress(content(name))} if number else {name: content(name)})
    aged(folder)
    return folder


@pytest.fixture(name="new_site", scope="module")
def _new_site(spark: Any) -> Any:
    def new_site(engine: str = "auto") -> Installation:
        return memory_installation(SparkScanner(spark, engine), SparkRowPreviews(spark))

    return new_site


def figures(site: Installation) -> Dict[str, Any]:
    """Return all that the tables and columns say of the data."""
    tables = site.rows(TABLES)
    names = {row["table_id"]: row["table_name"] for row in tables}

    def shown(row: Mapping[str, Any]) -> Dict[str, Any]:
        kept = {key: value for key, value in row.items() if key not in PLACES}
        details = json.loads(kept.pop("details"))
        return {**kept, **{f"details.{key}": value for key, value in details.items() if "bytes" not in key}}

    found: Dict[str, Any] = {row["table_name"]: shown(row) for row in tables}
    assert len(found) == len(tables)
    for row in site.rows(COLUMNS):
        found[f"{names[row['table_id']]}.{row['ordinal_position']}"] = shown(row)
    return found


class TestFigures:
    """Issue: "the same scores to the last digit as the unpacked files", with both engines, in all jobs."""

    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_they_are_those_of_the_plain_files(
        self, new_site: Any, plain: Path, packed: Path, engine: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moment = bootstrap.now()
        monkeypatch.setattr(bootstrap, "now", lambda: moment)
        one, other = new_site(engine), new_site(engine)

        expected = one.run("quality_assessment", plain)
        found = other.run("quality_assessment", packed)

        assert found.exit_code == 0, found.log
        assert found.names("unreadable") == found.names("skipped") == []
        assert figures(other) == figures(one)
        assert len(other.rows(TABLES)) == 9
        for key in ("overall_score", "quality_level", "quality_metrics"):
            assert found.document[key] == expected.document[key]

    def test_previews_are_those_of_the_plain_files(self, new_site: Any, plain: Path, packed: Path) -> None:
        def previews(run: Run) -> List[str]:
            return sorted(one["preview"] for one in run.document["sample_data"].values())

        expected, found = (new_site().run("data_reading", path) for path in (plain, packed))

        assert previews(found) == previews(expected)
        assert "parts.zip/part-00000.csv" in found.document["sample_data"]
        sizes = [one["size"] for one in found.document["sample_data"].values()]
        assert sum(sizes) < sum(one["size"] for one in expected.document["sample_data"].values())


class TestASecondRun:
    """Issue: "an unchanged archive is not unpacked nor read again on the second run", a changed one is."""

    def test_reads_what_changed_and_nothing_else(self, new_site: Any, folder: Path) -> None:
        site = new_site()
        members = {
            "part-0.csv": b"id,word\n1,one\n",
            "part-1.csv": b"id,word\n2,two\n",
            "x.csv": b"a,b\n1,2\n",
        }
        write(folder, {"t.zip": zipped(members), "y.csv.bz2": bz2.compress(b"a,b\n1,2\n")})

        first = site.run("metadata_extraction", folder)
        second = site.run("metadata_extraction", folder)
        write(folder, {"t.zip": zipped({**members, "part-2.csv": b"id,word\n3,three\n"})})
        third = site.run("metadata_extraction", folder)

        assert first.log.count("Unpacking") == 3
        assert "Unpacking" not in second.log
        assert second.log.count("(as before, not read again)") == 3
        assert third.log.count("Unpacking") == third.log.count("Unpacking 3 files") == 1
        assert third.log.count("(as before, not read again)") == 2
        assert site.rows(TABLES, table_name="t")[0]["row_count"] == 3


class TestDamage:
    """Issue: named as damaged, other files still read; status Partial as for damaged gzip today."""

    def test_the_others_are_read(self, new_site: Any, folder: Path) -> None:
        lines = b"".join(b"%d,%d\n" % (i, i * 7919 % 100_003) for i in range(30_000))
        cut = bz2.compress(b"id,n\n" + lines)[:-99]
        broken = bytearray(zipped({f"part-{i}.csv": b"id,n\n" + lines for i in range(SEVERAL)}))
        broken[200_000:200_040] = b"\xaa" * 40  # in the second of them
        write(folder, {"cut.csv.bz2": cut, "good.csv.bz2": bz2.compress(b"id\n1\n"), "t.zip": bytes(broken)})

        run = new_site().run("metadata_extraction", folder)

        assert (run.exit_code, run.status) == (0, RunStatus.PARTIAL), run.log
        reasons = {one["name"]: one["reason"] for one in run.details["unreadable"]}
        assert reasons["cut.csv.bz2"] == "cut.csv.bz2 is a bzip2 file that is cut short."
        assert reasons["t.zip/part-1.csv"].startswith(
            "t.zip/part-1.csv is a damaged member of a zip archive ("
        )
        assert len(reasons) == 2
        assert {one["name"]: one["rows"] for one in run.details["tables"]} == {"good": 1, "t": 60_000}


class TestWhereCopiesGo:
    """Issue: "add a setting `EXECUTOR_SPOOL_DIR`"."""

    def test_to_the_folder_that_is_named_and_none_is_left(
        self, spark: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del spark
        monkeypatch.setattr(bootstrap, "runs_on_this_machine", lambda _: False)
        write(folder, {"a.json.bz2": bz2.compress(b'{"id":1}\n')})
        environ = {"EXECUTOR_SPOOL_DIR": str(tmp_path / "spool"), "EXECUTOR_WAREHOUSE_DIR": str(tmp_path)}
        with bootstrap.manager(environ, io.StringIO()) as manager:
            request = JobRequest(JobType.METADATA_EXTRACTION, str(folder))
            source: Any = manager._services.open_source(request)  # noqa: SLF001  what was put together
            (table,) = discover(source, SourceType.AUTO, 1).datasets
            (copy,) = source.unpacked(table).files

            assert copy.path.startswith(f"{tmp_path}/spool/")
            source.release()
            assert list((tmp_path / "spool").iterdir()) == []

    def test_where_tasks_run_on_other_machines_one_must_be_named(self, spark: Any, folder: Path) -> None:
        def source(_: JobRequest) -> UnpackedSource:
            files = FileSystemSource(str(folder), on_databricks=False)
            return UnpackedSource(files, on_databricks=False, place=SpoolPlace(tasks_see_it=lambda: False))

        site = memory_installation(SparkScanner(spark), open_source=source)
        write(folder, {"a.json.bz2": bz2.compress(b'{"id":1}\n'), "b.csv": b"id\n1\n"})

        run = site.run("metadata_extraction", folder)

        (refused,) = run.details["unreadable"]
        assert refused["reason"].startswith("a.json.bz2 would be unpacked to a disk of this machine")
        assert refused["remedy"].startswith("Set EXECUTOR_SPOOL_DIR to a folder that all machines see")
        assert run.status == RunStatus.PARTIAL
