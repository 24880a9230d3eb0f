"""``python -m benchmarks stores``: a scan of data in S3 against the same scan of the local folder.

The S3 server is moto on this machine, which is slower than a real one and takes a core of its own. So its own
transfer is measured in the same rounds, a plain download of all objects, eight at once, and taken off.
"""

from __future__ import annotations

import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping

from benchmarks import data, machine
from benchmarks.local import session
from benchmarks.rounds import Way, timed
from fake_databricks.storage_servers import s3
from fake_databricks.storage_servers.finding import open_server
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.sources.factory import DataSourceFactory

if TYPE_CHECKING:
    import argparse

    from nuvyn_executor.profiling.profiler import DatasetProfile

HELP = "a scan of data in an S3 server, against the local folder"
ROWS, ROUNDS = 5_000_000, 3
BUCKET = "benchmark"
WANTED = 1.5
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
FOLDERS: Mapping[str, Callable[[int], Path]] = {"parquet": data.parquet, "csv": data.csv}
_BLOCK = 8 * 1024 * 1024
_AT_ONCE = 8


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command line."""
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of each dataset (%(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds that count (%(default)s)")


def main(rows: int = ROWS, rounds: int = ROUNDS) -> None:
    """Put the data into the server, measure, and print a table."""
    print(machine.describe())
    print(f"medians of {rounds} rounds, after one that warms up\n")
    with ExitStack() as stack, tempfile.TemporaryDirectory() as warehouse:
        server = stack.enter_context(open_server(s3.KIND))
        server.create_bucket(BUCKET)
        spark = session(Path(warehouse))
        stack.callback(spark.stop)
        for kind, folder_of in FOLDERS.items():
            folder = folder_of(rows)
            for path in sorted(one for one in folder.rglob("*") if one.is_file()):
                server.put(BUCKET, f"{kind}/{path.relative_to(folder).as_posix()}", path.read_bytes())
            show(f"{kind}, {rows:,} rows", timed(ways(spark, server, kind, folder, rows), rounds))


def ways(spark: Any, server: Any, kind: str, folder: Path, rows: int) -> Dict[str, Way]:
    """Return the scan of the folder, that of the objects, and the server's own transfer."""
    factory = DataSourceFactory(on_databricks=False, variables=server.environment())

    def scanned(path: str) -> DatasetProfile:
        source: Any = factory.create(path, SourceType.AUTO)
        (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
        profile = SparkScanner(spark).scan(source, dataset, NOW)
        assert profile.rows == rows
        return profile

    def transferred() -> None:
        source: Any = factory.create(f"s3://{BUCKET}/{kind}", SourceType.AUTO)
        entries = source.survey(1000).files
        ranges = [(entry, at) for entry in entries for at in range(0, entry.size_bytes, _BLOCK)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(lambda one: len(source.read_range(one[0], one[1], _BLOCK)), ranges):
                pass

    return {
        "local": lambda: scanned(str(folder)),
        "transfer": transferred,
        "store": lambda: scanned(f"s3://{BUCKET}/{kind}"),
    }


def show(title: str, seconds: Mapping[str, Any]) -> None:
    """Print the seconds, and the ratio that is wanted."""
    local, transfer, store = (statistics.median(seconds[name]) for name in ("local", "transfer", "store"))
    ratios = [
        (there - moved) / here
        for here, moved, there in zip(seconds["local"], seconds["transfer"], seconds["store"])
    ]
    print(title)
    print(f"  {'the local folder':<40} {local:>8.2f} s")
    print(f"  {'a plain download':<40} {transfer:>8.2f} s")
    print(f"  {'objects in the store':<40} {store:>8.2f} s")
    print(
        f"  {'the last without the download, to the first':<40} {statistics.median(ratios):>5.2f} "
        f"(wanted: {WANTED} or less)",
        flush=True,
    )
