"""``python -m benchmarks where``: where the time of a scan goes. A profile of either engine, by samples.

Spark is looked at by Java's own Flight Recorder, which writes down the stacks of running threads, every 10 ms
for each; a sample counts for the innermost of its frames that is of one of :data:`KINDS`. Polars is looked at
from a thread beside it: a sample counts for the function of this package that called it. Each counts
everything once before, so that nothing of the profile is a start.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping, Optional, Sequence, Tuple

import nuvyn_executor
from benchmarks import data, machine
from benchmarks.local import CORES, MEMORY, NOW, session
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.polars.job import answer
from nuvyn_executor.profiling.polars.parts import Piece, Reading, parts_of
from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.profiling.spark import engine as spark_engine
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    import argparse
    from types import FrameType

HELP = "where the time of a scan goes: a profile of each engine"
ROWS = 500_000
FOLDERS: Mapping[str, Callable[[int], Path]] = {
    "parquet": data.parquet,
    "csv": data.csv,
    "wide": lambda _: data.wide_parquet(),
}
SHOWN = 0.01
KINDS: Sequence[Tuple[str, str]] = (
    ("regular expressions", r"java\.util\.regex\."),
    ("bytes to Java's text and back", r"UTF8String\.(toString|fromString)|java\.lang\.String"),
    ("parsing CSV", r"com\.univocity\.|catalyst\.csv\.|datasources\.csv\."),
    ("reading Parquet", r"org\.apache\.parquet\.|datasources\.parquet\.|\.vectorized\.|snappy|zstd"),
    ("hashing", r"XXH64|XxHash64|Murmur3"),
    (
        "numbers from text",
        r"UTF8String\.to(Long|Int|Short|Byte)|ToDouble|FloatingDecimal|BigDecimal|\.Decimal",
    ),
    ("moments from text", r"DateTimeUtils|java\.time\.|DateTimeFormatter"),
    ("trimming, comparing, measuring text", r"UTF8String|ByteArrayMethods|ByteArray\."),
    (
        "grouping",
        r"AggregationMap|BytesToBytesMap|\.agg_|\.hashAgg_|Aggregat|UnsafeRow|unsafe\.sort|\.sort\.",
    ),
    ("putting cells below each other", r"generate_|GenericArrayData|UnsafeArray"),
    ("memory", r"java\.util\.Arrays|unsafe\.(memory|Platform)|java\.nio\."),
    ("compiled expressions", r"GeneratedClass|catalyst\.expressions"),
)
"""What class and method of a frame tell of the work."""

_EVERY_SECONDS = 0.005
_TASKS = "Executor task launch worker"
_EVENTS = "jdk.ExecutionSample,jdk.NativeMethodSample"
_OURS = str(Path(nuvyn_executor.__file__).parent)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command line."""
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of Parquet and CSV (%(default)s)")
    parser.add_argument("--data", choices=FOLDERS, help="of this alone")


def main(rows: int = ROWS, data: Optional[str] = None) -> None:
    """Profile both engines on each kind of data, and print shares."""
    print(machine.describe())
    print(f"{CORES} cores, {MEMORY} for Java; shares of the samples, from {SHOWN:.0%} on")
    with tempfile.TemporaryDirectory() as scratch:
        spark = session(Path(scratch))
        try:
            for kind in [data] if data else FOLDERS:
                profile(spark, kind, FOLDERS[kind](rows), Path(scratch))
        finally:
            spark.stop()


def profile(spark: Any, kind: str, folder: Path, scratch: Path) -> None:
    """Profile both engines on the dataset of a folder."""
    source = FileSystemSource(str(folder), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
    frame = open_frame(spark, source, dataset)
    plan = plan_scan(frame, dataset.name)
    reading = Reading.of(dataset, plan, NOW)
    pieces = [Piece(entry.path, entry.size_bytes) for entry in dataset.files]

    def by_polars() -> None:
        for part in parts_of(pieces, CORES):
            answer(part, reading)

    recording = scratch / f"{kind}.jfr"
    seconds, found = recorded(spark, lambda: spark_engine.count(frame, plan, NOW), recording)
    show(f"{kind}, {frame.rows:,} x {len(plan.columns)}, Spark: {seconds:.1f} s", found)
    seconds, found = sampled(by_polars)
    show(f"{kind}, {frame.rows:,} x {len(plan.columns)}, Polars: {seconds:.1f} s of one process", found)


def show(title: str, found: Mapping[str, int]) -> None:
    """Print each kind's share of the samples, the largest first."""
    total = sum(found.values())
    print(f"\n{title}, {total:,} samples")
    for what, count in sorted(found.items(), key=lambda one: -one[1]):
        if count >= SHOWN * total:
            print(f"  {what:<56} {count / total:>6.0%}", flush=True)


# -- Java ------------------------------------------------------------------------------------------------


def recorded(spark: Any, work: Callable[[], Any], path: Path) -> Tuple[float, Mapping[str, int]]:
    """Work twice, the second time watched by Java's Flight Recorder.

    Returns:
        Seconds, and how many samples of Spark's tasks are of which kind.
    """
    work()
    flight = spark._jvm.jdk.jfr  # noqa: SLF001  Java's own classes
    recording = flight.Recording(flight.Configuration.getConfiguration("profile"))
    recording.start()
    begin = time.perf_counter()
    work()
    seconds = time.perf_counter() - begin
    recording.stop()
    recording.dump(spark._jvm.java.io.File(str(path)).toPath())  # noqa: SLF001  as above
    recording.close()
    java = Path(str(spark._jvm.java.lang.System.getProperty("java.home")))  # noqa: SLF001  as above
    return seconds, Counter(map(kind_of, stacks(java / "bin" / "jfr", path)))


def stacks(tool: Path, path: Path) -> Iterable[Sequence[str]]:
    """Read the stacks of Spark's tasks from a recording, each from the innermost frame on."""
    printed = subprocess.run(  # noqa: S603  Java's own tool
        [str(tool), "print", "--json", "--stack-depth", "64", "--events", _EVENTS, str(path)],
        check=True,
        capture_output=True,
    )
    for event in json.loads(printed.stdout)["recording"]["events"]:
        values = event["values"]
        if str(values["sampledThread"]["javaName"]).startswith(_TASKS):
            methods = [frame["method"] for frame in values["stackTrace"]["frames"]]
            yield [f"{one['type']['name'].replace('/', '.')}.{one['name']}" for one in methods]


def kind_of(stack: Sequence[str]) -> str:
    """Return what kind of work a stack is at."""
    for frame in stack:
        for kind, pattern in KINDS:
            if re.search(pattern, frame):
                return kind
    return stack[0] if stack else "unknown"


# -- Python ----------------------------------------------------------------------------------------------


def sampled(work: Callable[[], Any]) -> Tuple[float, Mapping[str, int]]:
    """Work twice, the second time watched from another thread.

    Returns:
        Seconds, and in how many samples which function of this package was the innermost.
    """
    work()
    found: Counter[str] = Counter()
    done = threading.Event()
    worker = threading.get_ident()

    def watch() -> None:
        while not done.wait(_EVERY_SECONDS):
            found[function_of(sys._current_frames()[worker])] += 1  # noqa: SLF001  there is no other way

    watcher = threading.Thread(target=watch)
    watcher.start()
    begin = time.perf_counter()
    work()
    seconds = time.perf_counter() - begin
    done.set()
    watcher.join()
    return seconds, found


def function_of(frame: Optional[FrameType]) -> str:
    """Name the innermost function of this package that a frame was called from."""
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(_OURS + os.sep):
            return f"{Path(path).stem}.{getattr(frame.f_code, 'co_qualname', frame.f_code.co_name)}"
        frame = frame.f_back
    return "elsewhere"
