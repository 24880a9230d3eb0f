"""The fast engine over a store: the same counts as over the local file, and ranges as fast as the server."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import TYPE_CHECKING, Any, List

import pytest

from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.model import CsvDialect, FileFormat, SourceType
from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan
from nuvyn_executor.profiling.polars import job
from nuvyn_executor.profiling.polars.parts import Piece, Reading
from nuvyn_executor.sources.spooled import SpooledSource

pytest.importorskip("obstore")
pytest.importorskip("polars")
pytest.importorskip("pyspark")
import polars as pl
from pyspark.sql import functions

from nuvyn_executor.profiling.polars.kernel import count_part
from tests.storage.stores import Store, store_of

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.profiling.counts import Counts

pytestmark = pytest.mark.process
ROWS = 300_000
NOW = 1_767_225_600_000_000


@pytest.fixture(params=["s3", "azure"])
def store(request: pytest.FixtureRequest) -> Store:
    return store_of(request.param, request)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("t.parquet", formats.PARQUET),
        ("t.csv", formats.CSV),
        ("t.csv.gz", formats.CSV),
        ("t.jsonl", formats.JSON),
        ("t.jsonl.gz", formats.JSON),
    ],
)
def test_the_counts_are_those_of_the_local_file(
    store: Store, tmp_path: Path, name: str, kind: FileFormat
) -> None:
    table = pl.DataFrame({"id": range(ROWS), "name": [f"name {number % 7919}" for number in range(ROWS)]})
    path = tmp_path / name
    if kind is formats.PARQUET:
        table.write_parquet(path, row_group_size=20_000)
    else:
        text = (table.write_csv() if kind is formats.CSV else table.write_ndjson()).encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    store.write(name, path.read_bytes())
    declared = ("bigint", "string") if kind is formats.PARQUET else (None, None)
    plan = ScanPlan(tuple(ColumnPlan(one, of) for one, of in zip(table.columns, declared, strict=True)))
    reading = Reading(kind, plan, NOW, CsvDialect() if kind is formats.CSV else None)
    source = store.source(name)
    (entry,) = source.survey(10).files
    shares = 1 if name.endswith(".gz") else 3

    def counted(where: str, how: Reading, etag: str = "") -> List[Counts]:
        size = entry.size_bytes
        return [count_part([Piece(where, size, index, shares, etag=etag)], how) for index in range(shares)]

    found = counted(entry.path, replace(reading, storage=source.storage), entry.etag)

    assert found == counted(str(path), reading)
    assert sum(one.tally.rows for one in found) == ROWS


def test_discovery_reads_the_objects(store: Store) -> None:
    store.write("sales/orders.csv", b"id;name\n1;a\n2;b\n")
    store.write("sales/day=1/part.json", b'{"a": 1}\n')

    found = discover(SpooledSource(store.source("sales"), on_databricks=False), SourceType.AUTO, 100)

    assert [(one.name, one.format) for one in found.datasets if one.name == "orders"]
    orders = next(one for one in found.datasets if one.name == "orders")
    assert orders.path == f"{store.root}sales/orders.csv"
    assert orders.dialect is not None
    assert orders.dialect.delimiter == ";"


def test_an_object_that_changed_before_the_task_began_fails_by_name(store: Store) -> None:
    store.write("t.csv", b"id\n1\n")
    source = store.source("t.csv")
    (entry,) = source.survey(10).files
    store.write("t.csv", b"id\n2\n")
    plan = ScanPlan((ColumnPlan("id"),))
    reading = Reading(formats.CSV, plan, NOW, CsvDialect(), storage=source.storage)

    with pytest.raises(DatasetUnreadable, match=r"t\.csv has changed"):
        job._counted(job.answer([Piece(entry.path, 5, etag=entry.etag)], reading))  # noqa: SLF001  as the driver does


def test_tasks_read_by_themselves_and_the_plan_shows_no_secret(spark: Any, store: Store) -> None:
    table = pl.DataFrame({"id": range(ROWS), "name": [f"name {number % 7919}" for number in range(ROWS)]})
    for number in range(3):
        store.write(f"t/part-0000{number}.csv", table.slice(number * 1000, 1000).write_csv().encode())
    objects = store.source("t")
    source = SpooledSource(objects, on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 100).datasets
    plan = ScanPlan((ColumnPlan("id"), ColumnPlan("name")))

    found = job.count(spark, dataset, plan, NOW, small_here=False, keeps_states=True, storage=source.storage)

    assert found.tally.rows == 3000
    secrets = [one for one in objects.storage.access.secrets if len(one) > 8]
    task = job._task([((), Reading.of(dataset, plan, NOW, storage=source.storage))])  # noqa: SLF001  what Spark is given
    shown = spark.range(1).select(functions.udf(task, "string")("id"))._jdf.queryExecution().toString()  # noqa: SLF001  the only way to the plan
    assert not any(one in shown for one in secrets)
