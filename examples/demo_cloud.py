"""The same data in four places: ``make demo-cloud``, or ``python -m examples.demo_cloud``.

Starts an S3 server (moto), an Azure Blob server (Azurite) and PostgreSQL on this machine, puts the data of
``examples/data`` into them, and runs ``quality_assessment`` on each and on the local folder. The last table
has the scores of ``customers`` in all four places, and the exit code is 1 where they differ. Timeliness is
left out: uploaded files are new. Needs Python 3.10 or later; ``make install-servers`` installs the servers.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import tempfile
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple

from examples import demo_report as report
from examples.make_data import DATA
from fake_databricks.storage_servers import azure, postgres, s3
from fake_databricks.storage_servers.finding import ServerUnavailable, open_server
from nuvyn_executor import cli
from nuvyn_executor.config import ConfigManager
from nuvyn_executor.quality.dimensions import DIMENSIONS
from nuvyn_executor.spark.session import build_local_session

BUCKET = "client-data"
TABLE = "customers"
COMPARED = tuple(name for name in DIMENSIONS if name != "timeliness")
_ROWS_AT_ONCE = 200


class Place(NamedTuple):
    """Where the data lie: a title, the path, and the variables that open it."""

    title: str
    path: str
    environ: Mapping[str, str]


def main() -> int:
    """Run the demo; return the exit code."""
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="nuvyn-demo-") as folder:
        os.environ["EXECUTOR_WAREHOUSE_DIR"] = folder
        settings = ConfigManager(os.environ).load()
        try:
            places = list(open_places(stack))
        except ServerUnavailable as error:
            print(f"{error}\nRun make install-servers first.", file=sys.stderr)
            return 1
        spark = build_local_session(
            Path(folder),
            driver_memory=settings.driver_memory,
            java_options=settings.java_options,
            delta_jars=settings.delta_jars,
            app_name="nuvyn-demo-cloud",
        )
        exit_code = compare(places)
        spark.stop()
    return exit_code


def compare(places: Iterable[Place]) -> int:
    """Assess and print each place, and at the end ``customers`` of all of them; return the exit code."""
    found: Dict[str, Mapping[str, Any]] = {}
    for place in places:
        print(report.heading(place.title))
        print(f"$ nuvyn-executor quality_assessment {place.path}\n", flush=True)
        document = assess(place)
        print(report.score_table(document))
        (found[place.title],) = [one for one in document["details"]["datasets"] if one["name"] == TABLE]
    print(report.heading(f"{TABLE}, wherever they lie"))
    print(report.place_table(found, COMPARED))
    scores = [{name: one["quality_metrics"][name] for name in COMPARED} for one in found.values()]
    agree = all(one == scores[0] for one in scores)
    print(f"\nThe scores {'agree' if agree else 'differ'}.", flush=True)
    return 0 if agree else 1


def open_places(stack: ExitStack, data: Path = DATA) -> Iterator[Place]:
    """Start the servers and put the data of a folder into them.

    Raises:
        ServerUnavailable: one of the servers cannot be had on this machine.
    """
    yield Place("This machine", str(data), {})
    bucket = stack.enter_context(open_server(s3.KIND))
    container = stack.enter_context(open_server(azure.KIND))
    database = stack.enter_context(open_server(postgres.KIND))
    bucket.create_bucket(BUCKET)
    container.create_container(BUCKET)
    for path in sorted(data.rglob("*")):
        if path.is_file():
            name = f"shop/{path.relative_to(data).as_posix()}"
            bucket.put(BUCKET, name, path.read_bytes())
            container.put(BUCKET, name, path.read_bytes())
    yield Place("Amazon S3 (moto)", f"s3://{BUCKET}/shop", bucket.environment())
    yield Place(
        "Azure Blob Storage (Azurite)",
        f"wasbs://{BUCKET}@{container.account}.blob.core.windows.net/shop",
        container.environment(),
    )
    database.execute(*statements(data))
    yield Place(
        "PostgreSQL",
        f"postgresql://{database.host}:{database.port}/{database.database}",
        {"EXECUTOR_DATABASE_USER": database.user, "EXECUTOR_DATABASE_PASSWORD": database.password},
    )


def statements(data: Path = DATA) -> List[str]:
    """Return the SQL that makes a table of ``customers.csv``, every column as text."""
    with (data / "customers.csv").open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    columns = ", ".join(f'"{name}" text' for name in header)
    made = [f'CREATE TABLE "{TABLE}" ({columns})']
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        values = ", ".join(
            "(" + ", ".join(_literal(value) for value in row) + ")"
            for row in rows[first : first + _ROWS_AT_ONCE]
        )
        made.append(f'INSERT INTO "{TABLE}" VALUES {values}')  # noqa: S608  our own file, quoted
    return made


def _literal(value: str) -> str:
    return "NULL" if not value else "'" + value.replace("'", "''") + "'"


def assess(place: Place) -> Dict[str, Any]:
    """Run ``quality_assessment`` on a place; return its result.

    Raises:
        SystemExit: the job failed.
    """
    before = dict(os.environ)
    os.environ.update(place.environ)
    result, log = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(result), redirect_stderr(log):
            exit_code = cli.main(["quality_assessment", place.path])
    finally:
        os.environ.clear()
        os.environ.update(before)
    if exit_code:
        raise SystemExit(f"{log.getvalue()}\n{result.getvalue()}")
    document: Dict[str, Any] = json.loads(result.getvalue())
    return document


if __name__ == "__main__":
    sys.exit(main())
