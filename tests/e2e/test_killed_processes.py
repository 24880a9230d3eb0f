"""True kills of the command, on Delta: at calls of the store, of Spark and of the network."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, Mapping
from urllib.request import Request, urlopen

import pytest

from contract.receiver import Receiver
from nuvyn_executor.schema.tables import COLUMNS, EXECUTOR_RUNS, LOGS, REQUIRED_TABLES, SOURCES, TABLES
from tests.both_sides import by_key
from tests.delivery_world import as_sent
from tests.installation import Installation, delta_installation
from tests.killed_program import gateway_of
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[2]
POINTS = int(os.environ.get("KILL_POINTS", "2"))
"""How many kills; each takes some seconds."""
SEED = int(os.environ.get("KILL_SEED", "16"))
"""Other points with another number."""
SCHEMA = "killed_processes"
KEY = "nv-key-0123456789"
TENANT = "client-123"


class Killable:
    """Runs the command as processes in the JVM of the test."""

    def __init__(self, spark: Any, environ: Mapping[str, str]) -> None:
        self._environ: Dict[str, str] = {**os.environ, **environ, **gateway_of(spark)}

    def run(self, kill_at: int, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run ``full_pipeline``; kill it before a call, or never (0)."""
        argv = ["full_pipeline", str(folder), "csv", TENANT]
        return subprocess.run(
            [sys.executable, "-m", "tests.killed_program", str(kill_at), *argv],
            cwd=ROOT,
            env=self._environ,
            capture_output=True,
            encoding="utf-8",
            timeout=240,
            check=False,
        )


@pytest.fixture(name="url", scope="module")
def _url() -> Iterator[str]:
    with Receiver(KEY) as receiver:
        yield receiver.url


@pytest.fixture(name="site", scope="module")
def _site(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    yield delta_installation(tmp_path_factory.mktemp("warehouse"), SCHEMA)
    spark.sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def known_of(url: str) -> Any:
    """Return what the platform knows of the tenant."""
    request = Request(f"{url}/api/metadata?tenant_id={TENANT}", headers={"Authorization": f"Bearer {KEY}"})
    with urlopen(request, timeout=LONGEST) as answer:
        return by_key(json.load(answer)["metadata"])


def edit(folder: Path, number: int) -> None:
    """Change a table, and remove or add another."""
    (folder / "a.csv").write_text("id,word\n" + "1,one\n" * (1 + number % 5))
    other = folder / "b.csv"
    if other.exists():
        other.unlink()
    else:
        other.write_text("id,term\n1,one\n")


@pytest.mark.spark
@pytest.mark.process
class TestKilledAtAnyCall:
    """Kill -9 at 100 seeded points of `full_pipeline` (the store, the network, Spark)."""

    def test_the_next_run_repairs_all(
        self, spark: SparkSession, site: Installation, url: str, tmp_path: Path
    ) -> None:
        environ = {**site.environ, "NUVYN_API_ENDPOINT": url, "NUVYN_API_KEY": KEY}
        killable = Killable(spark, environ)
        edit(tmp_path, 0)
        whole = killable.run(0, tmp_path)
        assert whole.returncode == 0, whole.stderr
        calls = int(whole.stderr.split()[-1])
        dice = random.Random(SEED)  # noqa: S311  the points are the same each time
        for number in range(1, POINTS + 1):
            edit(tmp_path, number)
            point = dice.randint(1, calls)
            killed = killable.run(point, tmp_path)
            assert killed.returncode in (-signal.SIGKILL, 0), killed.stderr  # later runs make other calls
            run = site.run("full_pipeline", tmp_path, "csv", TENANT, **environ)
            assert run.exit_code == 0, run.document
            self.check(site, tmp_path, f"call {point} of {calls}")
            assert known_of(url) == as_sent(site.store, TENANT), point

    @staticmethod
    def check(site: Installation, folder: Path, where: str) -> None:
        """Check that no row is lost, doubled, pending or left ``Running``."""
        rows = {table.name: site.rows(table) for table in REQUIRED_TABLES}
        for table in REQUIRED_TABLES:
            keys = [row[table.key] for row in rows[table.name]]
            assert len(keys) == len(set(keys)), (where, table.name)
        files = {path.stem: len(path.read_text().splitlines()) - 1 for path in folder.iterdir()}
        present = {row["table_name"]: row["row_count"] for row in rows[TABLES.name] if not row["removed_at"]}
        assert present == files, where
        (source,) = rows[SOURCES.name]
        assert source["metadata_version"] == source["transmitted_version"], where
        assert {row["status"] for row in rows[EXECUTOR_RUNS.name]} <= {"Success", "Failed"}, where
        tables = {row["table_id"] for row in rows[TABLES.name]}
        assert {row["table_id"] for row in rows[COLUMNS.name]} == tables, where
        runs = {row["run_id"] for row in rows[EXECUTOR_RUNS.name]}
        assert {row["run_id"] for row in rows[LOGS.name]} <= runs, where
