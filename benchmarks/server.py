"""``python -m benchmarks server``: how fast the local Databricks is, with the figures of the machine."""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional
from urllib.parse import urlsplit

from benchmarks import machine

if TYPE_CHECKING:
    import argparse

HELP = "the local Databricks: requests, runs, the first job"
ROOT = Path(__file__).resolve().parent.parent
INSTALL = "%pip install git+https://github.com/nuvyn-bldr/executor-script.git@main"
CONNECTIONS, REQUESTS, REPEATS, AT_ONCE = 4, 1000, 10, 20
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


def main() -> None:
    """Start a server, measure, end it."""
    print(machine.describe())
    tell("", "wanted", "measured")
    begin = time.perf_counter()
    command = [sys.executable, "-m", "fake_databricks", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  our own server
        assert process.stdout is not None
        exports = [
            line for line in (process.stdout.readline() for _ in range(7)) if line.startswith("export ")
        ]
        try:
            url, token, cluster = (line.strip().partition("=")[2] for line in exports)
            measure(url, token, cluster, begin)
        finally:
            process.send_signal(signal.SIGTERM)
