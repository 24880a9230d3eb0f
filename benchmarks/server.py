"""``python -m benchmarks server``: how fast the local Databricks is, with the figures of the machine."""

from __future__ import annotations

import base64
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Tuple
from urllib.parse import urlsplit

from benchmarks import machine

if TYPE_CHECKING:
    import argparse

HELP = "the local Databricks: requests, runs, the first job"
ROOT = Path(__file__).resolve().parent.parent
INSTALL = "%pip install git+https://github.com/nuvyn-bldr/executor-script.git@main"
CONNECTIONS, REQUESTS, REPEATS, AT_ONCE = 4, 1000, 10, 20
IDLE_SECONDS = 30
FEW_TASKS, MANY_TASKS = 250, 1000
PREPARE = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
"""
PROGRAMS = {"starts Python": "", "imports pyspark": "import pyspark.sql", "opens a session": PREPARE}
STATEMENTS = {
    "asks Spark for a number": "SELECT 1",
    "reads a row of a Delta table": "SELECT * FROM bench.t WHERE a = 1",
    "adds a row to a Delta table": "INSERT INTO bench.t VALUES (2, 2)",
    "merges a row into a Delta table": "MERGE INTO bench.t t USING (SELECT 1 a, 3 b) s ON t.a = s.a"
    " WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
}
"""What programs do that do one thing each: their times say what a job waits for."""
TABLE = """
spark.sql("CREATE SCHEMA bench")
spark.sql("CREATE TABLE bench.t (a INT, b INT) USING DELTA")
spark.sql("INSERT INTO bench.t VALUES (1, 1)")
"""
Flat = Dict[str, Any]


class Caller:
    """One kept connection to the server.

    Args:
        url: the server.
        token: whose workspace.

    """

    def __init__(self, url: str, token: str) -> None:
        self.token = token
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=120)

    def __call__(self, method: str, path: str, body: Optional[Flat] = None) -> Any:
        """Ask, and give the answer's document; AssertionError when it is refused."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self._connection.getresponse()
        content = response.read()
        assert response.status == 200, content  # noqa: PLR2004  all went well
        return json.loads(content)

    def job(self, cluster: str, program: str, *parameters: str, **settings: Any) -> int:
        """Create a job of the guide's form; its number."""
        task = {"python_file": program, "parameters": list(parameters)}
        body = {"name": "benchmark", "existing_cluster_id": cluster, "spark_python_task": task, **settings}
        return int(self("POST", "/api/2.1/jobs/create", body)["job_id"])

    def run(self, job: int) -> float:
        """Run a job; the seconds from run-now to TERMINATED. AssertionError unless it succeeds."""
        begin = time.perf_counter()
        run = self("POST", "/api/2.1/jobs/run-now", {"job_id": job})["run_id"]
        while True:
            state = self("GET", f"/api/2.1/jobs/runs/get?run_id={run}")["state"]
            if state["life_cycle_state"] == "TERMINATED":
                assert state["result_state"] == "SUCCESS", state
                return time.perf_counter() - begin
            time.sleep(0.005)

    def install(self, cluster: str) -> None:
        """Install the executor, as the guide does."""
        body = {"language": "python", "clusterId": cluster, "command": INSTALL}
        command = self("POST", "/api/2.0/commands/execute", body)["id"]
        path = f"/api/2.0/commands/status?clusterId={cluster}&commandId={command}"
        while self("GET", path)["status"] not in {"Finished", "Error"}:
            time.sleep(0.05)


def tell(what: str, wanted: str, measured: str) -> None:
    """Print one figure."""
    print(f"{what:<58} {wanted:>14} {measured:>14}", flush=True)


def median(measure: Callable[[], float], repeats: int = REPEATS) -> float:
    """Measure so many times; the median."""
    return statistics.median(measure() for _ in range(repeats))


def requests(url: str, token: str, run: int) -> None:
    """Measure runs/get, one connection and several."""
    path = f"/api/2.1/jobs/runs/get?run_id={run}"

    def ask(count: int) -> List[float]:
        caller, seconds = Caller(url, token), []
        for _ in range(count):
            begin = time.perf_counter()
            caller("GET", path)
            seconds.append(time.perf_counter() - begin)
        return seconds

    tell(
        "runs/get, median at the client, one connection",
        "<= 1 ms",
        f"{median(lambda: statistics.median(ask(200))) * 1000:.2f} ms",
    )
    begin = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(ask, [REQUESTS] * CONNECTIONS))
    rate = CONNECTIONS * REQUESTS / (time.perf_counter() - begin)
    tell(f"runs/get, {CONNECTIONS} connections of one Python client", ">= 1,000/s", f"{rate:,.0f}/s")


def steps(caller: Caller, cluster: str) -> None:
    """Measure programs that each do one thing."""

    def runs(program: str, count: int) -> List[float]:
        content = base64.b64encode(program.encode()).decode()
        caller("POST", "/api/2.0/dbfs/put", {"path": "/step.py", "contents": content, "overwrite": True})
        job = caller.job(cluster, "dbfs:/step.py")
        return [caller.run(job) for _ in range(count)]

    runs(PREPARE + TABLE, 1)
    queries = {what: f"{PREPARE}spark.sql({query!r}).collect()" for what, query in STATEMENTS.items()}
    for what, program in {**PROGRAMS, **queries}.items():
        first, *warm = runs(program, 6)
        tell(f"  a program that {what}: first, warm", "", f"{first:.2f} {statistics.median(warm):.2f} s")


def many_tasks(caller: Caller) -> None:
    """Measure runs of many tasks that run no program, and say how often the time of few that of many is."""

    def run(number: int) -> float:
        test = {"op": "EQUAL_TO", "left": "{{job.run_id}}", "right": "{{job.run_id}}"}
        tasks = [{"task_key": f"t{index}", "condition_task": test} for index in range(number)]
        job = caller("POST", "/api/2.2/jobs/create", {"name": "benchmark", "tasks": tasks})["job_id"]
        begin = time.perf_counter()
        caller("POST", "/api/2.2/jobs/run-now", {"job_id": job})
        while caller("GET", f"/api/2.2/jobs/runs/list?job_id={job}&active_only=true").get("runs"):
            time.sleep(0.005)
        return time.perf_counter() - begin

    run(FEW_TASKS)
    few, many = (median(lambda number=number: run(number), 3) for number in (FEW_TASKS, MANY_TASKS))  # type: ignore[misc]
    tell(f"a run of {MANY_TASKS:,} conditions", "", f"{many:.2f} s")
    times = MANY_TASKS // FEW_TASKS
    tell(f"  {times} x as many tasks take longer", f"<= {1.5 * times:.0f} x", f"{many / few:.1f} x")


def measure(url: str, token: str, cluster: str, begin: float) -> None:
    """Measure a server that was started at ``begin``."""
    caller = Caller(url, token)
    tell("start to listening", "<= 1 s", f"{time.perf_counter() - begin:.2f} s")
    caller.install(cluster)
    tell("start to the executor being installed", "", f"{time.perf_counter() - begin:.2f} s")
    schema = caller.job(cluster, "dbfs:/executor/main.py", "schema_validation")
    cold = caller.run(schema)
    tell("start to the first schema_validation SUCCESS", "<= 10 s", f"{time.perf_counter() - begin:.2f} s")
    tell("  of it, run-now to TERMINATED", "", f"{cold:.2f} s")
    caller("POST", "/api/2.0/dbfs/put", {"path": "/p.py", "contents": "cGFzcwo=", "overwrite": True})
    plain = caller.job(cluster, "dbfs:/p.py", max_concurrent_runs=AT_ONCE)
    tell(
        "Python task without Spark, run-now to TERMINATED",
        "<= 0.3 s",
        f"{median(lambda: caller.run(plain)):.3f} s",
    )
    tell("schema_validation, warm", "<= 1 s", f"{median(lambda: caller.run(schema), 5):.2f} s")
    rows = "aWQsbmFtZQoxLEFkYQoyLEdyYWNlCg=="
    caller("POST", "/api/2.0/dbfs/put", {"path": "/mnt/data/a.csv", "contents": rows, "overwrite": True})
    extract = caller.job(cluster, "dbfs:/executor/main.py", "metadata_extraction", "/dbfs/mnt/data/", "auto")
    caller.run(extract)
    tell(
        "metadata_extraction of a small file, warm",
        "<= 3 s",
        f"{median(lambda: caller.run(extract), 5):.2f} s",
    )
    steps(caller, cluster)
    many_tasks(caller)
    run = caller("POST", "/api/2.1/jobs/run-now", {"job_id": plain})["run_id"]
    requests(url, token, run)
    callers = [Caller(url, token) for _ in range(AT_ONCE)]
    begin = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda each: each.run(plain), callers))
    tell(f"{AT_ONCE} runs at once on one cluster, all SUCCESS", "", f"{time.perf_counter() - begin:.2f} s")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare no options: there are none."""
    del parser


@contextmanager
def started(**environ: str) -> Iterator[Tuple[str, str, str]]:
    """Start a server; give its address, a token and the id of a cluster; end it."""
    command = [sys.executable, "-m", "fake_databricks", "--port", "0"]
    with subprocess.Popen(  # noqa: S603  our own server
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, **environ}
    ) as process:
        assert process.stdout is not None
        exports = [
            line for line in (process.stdout.readline() for _ in range(7)) if line.startswith("export ")
        ]
        try:
            url, token, cluster = (line.strip().partition("=")[2] for line in exports)
            yield url, token, cluster
        finally:
            process.send_signal(signal.SIGTERM)


def first_job_after_a_pause(what: str, **environ: str) -> None:
    """Measure the first job of a server that has had half a minute."""
    with started(**environ) as (url, token, cluster):
        begin = time.perf_counter()
        caller = Caller(url, token)
        caller.install(cluster)
        job = caller.job(cluster, "dbfs:/executor/main.py", "schema_validation")
        time.sleep(max(0.0, begin + IDLE_SECONDS - time.perf_counter()))
        caller = Caller(url, token)  # a server closes connections that rest
        tell(f"first schema_validation after {IDLE_SECONDS} s, {what}", "<= 4 s", f"{caller.run(job):.2f} s")


def main() -> None:
    """Start servers, measure, end them."""
    print(machine.describe())
    tell("", "wanted", "measured")
    begin = time.perf_counter()
    with started() as (url, token, cluster):
        measure(url, token, cluster, begin)
    first_job_after_a_pause("with the archive of classes")
    with tempfile.TemporaryDirectory() as cache:
        first_job_after_a_pause("without", XDG_CACHE_HOME=cache)
