"""Compressed files and archives in real object stores: the figures of the same files on this machine."""

from __future__ import annotations

import bz2
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict

import pytest

from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.first_rows import SparkRowPreviews
from nuvyn_executor.schema.tables import COLUMNS, TABLES
from nuvyn_executor.sources.factory import DataSourceFactory
from tests.discovering import write
from tests.installation import Installation, memory_installation
from tests.packing import zipped
from tests.storage.stores import Store, store_of

if TYPE_CHECKING:
    from nuvyn_executor.model import JobRequest

pytestmark = pytest.mark.spark

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "data"
FIGURES = (
    "row_count",
    "column_count",
    "completeness",
    "validity",
    "uniqueness",
    "accuracy",
    "consistency",
    "size_bytes",
)


def files() -> Dict[str, bytes]:
    customers = (EXAMPLES / "customers.csv").read_bytes()
    header, *lines = customers.splitlines(keepends=True)
    parts = {f"part-{i}.csv": header + b"".join(lines[i::2]) for i in range(2)}
    return {
        "parts.zip": zipped(parts),
        "other.zip": zipped({n: (EXAMPLES / n).read_bytes() for n in ("products.xlsx", "returns.json")}),
        # Of one table some files are packed, and some are not.
        "tree/year=2024/a.csv": customers,
        "tree/year=2025/b.csv.bz2": bz2.compress(customers),
        "mixed/part-0.csv": customers,
        "mixed/part-1.csv.bz2": bz2.compress(customers),
    }


@pytest.fixture(name="store")
def _store(request: pytest.FixtureRequest) -> Store:
    store = store_of(request.param, request)
    for name, content in files().items():
        store.write(f"packed/{name}", content)
    return store


def installation_on(spark: Any, environment: Dict[str, str], engine: str) -> Installation:
    factory = DataSourceFactory(on_databricks=False, variables=environment)

    def source_of(request: JobRequest) -> Any:
        return factory.create(str(request.data_source_path), request.source_type)

    return memory_installation(SparkScanner(spark, engine), SparkRowPreviews(spark), source_of)


def figures(site: Installation) -> Dict[str, Any]:
    names = {row["table_id"]: row["table_name"] for row in site.rows(TABLES)}
    found = {row["table_name"]: [row[key] for key in FIGURES] for row in site.rows(TABLES)}
    types = {f"{names[row['table_id']]}.{row['column_name']}": row["data_type"] for row in site.rows(COLUMNS)}
    return {**found, **types}


class TestArchivesInStores:
    """Issue: compressed files "from local files and from object stores", with both engines, in all jobs."""

    @pytest.mark.parametrize(("store", "engine"), [("s3", "auto"), ("azure", "spark")], indirect=["store"])
    def test_figures_are_those_of_local_files(
        self, spark: Any, store: Store, tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "packed", files())
        (tmp_path / "tmp").mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
        local, remote = (installation_on(spark, store.environment, engine) for _ in range(2))

        expected = local.run("full_pipeline", tmp_path / "packed")
        found = remote.run("full_pipeline", f"{store.root}packed")
        again = remote.run("metadata_extraction", f"{store.root}packed")

        assert (expected.exit_code, found.exit_code) == (0, 0), found.log
        assert found.details["metadata_extraction"]["details"]["unreadable"] == []
        assert figures(remote) == figures(local)
        assert len(remote.rows(TABLES)) == 6
        assert found.details["data_reading"]["sample_data"] == expected.details["data_reading"]["sample_data"]
        assert again.log.count("(as before, not read again)") == 6
        assert again.log.count("Unpacking") == 1  # the workbook, to list its sheets
        assert [path.name for path in (tmp_path / "tmp").glob("nuvyn-*")] == []
