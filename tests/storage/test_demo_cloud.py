"""``make demo-cloud`` with one file in place of all: the same servers, the same jobs, the same last table."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from examples.demo_cloud import compare, open_places
from examples.make_data import DATA

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pytest.importorskip("obstore")
pytestmark = pytest.mark.process


@pytest.mark.usefixtures("s3_server", "azure_server", "postgres_server")  # which skip where there is none
def test_the_last_table_has_the_same_scores_for_each_place(
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    del spark
    (tmp_path / "data").mkdir()
    shutil.copy(DATA / "customers.csv", tmp_path / "data")
    monkeypatch.setenv("EXECUTOR_WAREHOUSE_DIR", str(tmp_path / "warehouse"))
    monkeypatch.setenv("EXECUTOR_SCHEMA_NAME", "demo_cloud")
    with ExitStack() as stack:
        assert compare(open_places(stack, tmp_path / "data")) == 0

    *_, heading, _, _, local, s3, azure, postgres, _, verdict = capsys.readouterr().out.splitlines()
    assert heading == "customers, wherever they lie"
    assert [line.split("  ")[0] for line in (local, s3, azure, postgres)] == [
        "This machine",
        "Amazon S3 (moto)",
        "Azure Blob Storage (Azurite)",
        "PostgreSQL",
    ]
    assert len({line[30:].strip() for line in (local, s3, azure, postgres)}) == 1
    assert verdict == "The scores agree."
