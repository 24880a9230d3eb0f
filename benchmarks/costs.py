"""``python -m benchmarks costs``: what 10,000 tables of 10 TB would take, from what single things cost here.

Each of the executor's own code paths is measured alone with small data (:func:`measured`). A model
(:mod:`benchmarks.cost_model`) says what an estate takes of that. It is held against real runs of three small
estates, and then asked about the large one.

All costs are seconds of processors, as the system counts them for each process, and no seconds on the clock:
so other work on the machine moves them little.
"""

from __future__ import annotations

import gc
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, Sequence, Tuple

import polars as pl

from benchmarks import data, machine
from benchmarks.cost_model import SMALL, Estate, Prediction, Spent, UnitCosts, predict, slope, without
from benchmarks.growth import bytes_of, descendants, status_of
from benchmarks.local import CORES, MEMORY, NOW, session
from nuvyn_executor import bootstrap
from nuvyn_executor.config import ConfigManager
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.metadata.extractor import ExtractionLimits, MetadataExtractor
from nuvyn_executor.metadata.source_profile import PreviousRows, SourceProfile
from nuvyn_executor.model import JobRequest, JobType, SourceType
from nuvyn_executor.profiling.counts import total
from nuvyn_executor.profiling.polars import arrow_job
from nuvyn_executor.profiling.polars import job as native
from nuvyn_executor.profiling.polars.answers import counts_of
from nuvyn_executor.profiling.polars.parts import Piece, Reading, parts_of
from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.redaction import Redactor, Secret
from nuvyn_executor.schema.validator import SchemaValidator
from nuvyn_executor.source_runs import assessed
from nuvyn_executor.sources.filesystem import FileSystemSource
from nuvyn_executor.spark.derived_sessions import small_session
from nuvyn_executor.store.delta import DeltaMetadataStore
from nuvyn_executor.transport.api_client import APIClient
from nuvyn_executor.transport.transmitter import Transmitter

if TYPE_CHECKING:
    import argparse

    from nuvyn_executor.model import Dataset, Discovery
    from nuvyn_executor.profiling.profiler import DatasetProfile

HELP = "a model of 10,000 tables, 1M files, 10 TB: time and memory, from costs measured here"
ROUNDS, ROWS = 3, 500_000
WORKERS = (1, 4, 16, 64)
REQUEST_SECONDS = 0.03
LARGE = Estate(tables=10_000, files=1_000_000, size_bytes=10 * 10**12, columns=20, request=REQUEST_SECONDS)
MOST_FILES = 1_000_000
MIXED = (
    "id", "email", "created_at", "price", "status", "quantity", "token", "updated_at", "weight", "zip",
    "stock", "code", "order_date", "discount", "country", "active", "serial", "comment", "ratio", "product",
)  # fmt: skip
"""The columns in an order in which the first of them are as dear as all: numbers, texts and moments."""
KEY = "a-key-of-the-benchmark"
JOB = "job_000000000000"
DATASETS_AT_ONCE = 4
_TICK = os.sysconf("SC_CLK_TCK")
_OF_PROCESS, _OF_ENDED = slice(11, 13), slice(13, 15)  # of /proc/PID/stat, behind the name


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command line."""
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds that count (%(default)s)")


def main(rounds: int = ROUNDS) -> None:
    """Measure, hold the model against three estates, and print what the large one would take."""
    print(machine.describe())
    print(f"{CORES} cores, {MEMORY} for Java; medians of {rounds} rounds, after one\n")
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        spark = session(scratch / "warehouse")
        stack.callback(spark.stop)
        place = Place(spark, scratch, stack.enter_context(platform()), rounds)
        costs = measured(place)
        show_costs(costs)
        check(place, costs)
    show_large(costs)


# -- what is spent ---------------------------------------------------------------------------------------


def spent_so_far(java: int) -> Spent:
    """Return the seconds of processors until now: of this process, of Java's, and of those below Java.

    Linux only: it reads ``/proc``.
    """
    below = sum(seconds_of(pid, _OF_PROCESS) + seconds_of(pid, _OF_ENDED) for pid in descendants(java))
    return Spent(time.process_time(), seconds_of(java, _OF_PROCESS), below + seconds_of(java, _OF_ENDED))


def seconds_of(pid: int, which: slice) -> float:
    """Return seconds of processors of a process; 0 when it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return sum(map(int, text.rpartition(")")[2].split()[which])) / _TICK


def java_of_this() -> int:
    """Return the id of the Java process below this one."""
    found = [pid for pid in descendants(os.getpid()) if status_of(pid).get("Name") == "java"]
    return found[0]


@dataclass(frozen=True)
class Place:
    """Where is measured.

    Attributes:
        spark: the session.
        scratch: a folder for data and tables.
        platform: takes what is sent.
        rounds: how many count.
    """

    spark: Any
    scratch: Path
    platform: str
    rounds: int

    def spent(self, way: Callable[[], Any], warm: int = 1) -> Spent:
        """Go a way some times; return the medians of what it spent, without the first."""
        java = java_of_this()
        found: List[Spent] = []
        for _ in range(warm + self.rounds):
            before = spent_so_far(java)
            way()
            after = spent_so_far(java)
            found.append(without(after, before))  # what workers spent that have ended meanwhile is not known
        some = found[warm:]
        return Spent(
            *(statistics.median(getattr(one, name) for one in some) for name in ("python", "java", "tasks"))
        )


@contextmanager
def platform() -> Iterator[str]:
    """Start a receiver in a process of its own; give its address."""
    program = [sys.executable, "-m", "contract.receiver"]
    environment = {**os.environ, "RECEIVER_API_KEY": KEY}
    with subprocess.Popen(  # noqa: S603  our own program
        program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


# -- the data --------------------------------------------------------------------------------------------


def estate_in(folder: Path, tables: int, files: int, rows: int, columns: int) -> Path:
    """Make tables of so many Parquet files each: one file, and links to it."""
    folder.mkdir(parents=True)
    first = folder.with_name(f"{folder.name}.parquet")
    columns_of(rows, columns).write_parquet(first, compression="snappy")
    for table in range(tables):
        place = folder / f"table_{table:05d}"
        place.mkdir()
        for number in range(files):
            os.link(first, place / f"part-{number:05d}.parquet")
    return folder


def columns_of(rows: int, columns: int) -> pl.DataFrame:
    """Return rows of so many columns: those of a shop, again and again."""
    shop = data.table(0, rows)
    names = [MIXED[number % len(MIXED)] for number in range(columns)]
    return pl.select(shop[name].alias(f"{name}_{number}") for number, name in enumerate(names))


def source_of(folder: Path) -> FileSystemSource:
    """Return the source of a folder."""
    return FileSystemSource(str(folder), on_databricks=False)


def found_in(folder: Path) -> Discovery:
    """Return what discovery finds in a folder."""
    return discover(source_of(folder), SourceType.AUTO, MOST_FILES)


# -- the costs -------------------------------------------------------------------------------------------


def measured(place: Place) -> UnitCosts:
    """Measure each cost with data of its own."""
    costs = UnitCosts(fixed_bytes=bytes_of(status_of(os.getpid()), "VmRSS"))
    for measure in (_discovery, _opening, _small, _tasks, _returned, _rows, _memory, _run):
        begin = time.perf_counter()
        costs = replace(costs, **measure(place, costs))
        print(f"# {measure.__name__.strip('_')}: {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    return costs


def _discovery(place: Place, _: UnitCosts) -> Mapping[str, Any]:
    """Measure listing and discovery: a thousand files in few tables, and in many."""
    few = estate_in(place.scratch / "few", 4, 250, 1_500, 20)
    many = estate_in(place.scratch / "many", 500, 2, 1_500, 20)
    files = 1000
    listed = place.spent(lambda: source_of(few).survey(MOST_FILES))
    in_few, in_many = (place.spent(partial(found_in, one)) for one in (few, many))
    of_table = slope((in_few, in_many), (4, 500))
    looked = without(without(in_few, listed), of_table * 4)
    return {
        "listed_file": listed * (1 / files),
        "looked_file": looked * (1 / files),
        "grouped_table": of_table,
    }


def _opening(place: Place, _: UnitCosts) -> Mapping[str, Any]:
    """Measure how a table is opened and planned, whose sample is full."""
    shapes = {"one": (1, 5), "wide": (1, 45), "long": (40, 5)}
    spent: Dict[str, Spent] = {}
    for name, (files, columns) in shapes.items():
        folder = estate_in(place.scratch / f"open_{name}", 1, files, 12_000, columns)
        (dataset,) = found_in(folder).datasets
        spent[name] = place.spent(partial(opened, place, folder, dataset))
    column = slope((spent["one"], spent["wide"]), (5, 45))
    file = slope((spent["one"], spent["long"]), (1, 40))
    return {
        "opened_table": without(spent["one"], column * 5 + file),
        "opened_column": column,
        "opened_file": file,
    }


def opened(place: Place, folder: Path, dataset: Dataset) -> Tuple[Any, Any]:
    """Open a dataset and plan its scan, as the scanner does."""
    frame = open_frame(place.spark, source_of(folder), dataset)
    return frame, plan_scan(frame, dataset.name)


def _small(place: Place, costs: UnitCosts) -> Mapping[str, Any]:
    """Measure scans of tables that the driver counts, from the listing to the profile."""
    spent: Dict[str, Spent] = {}
    sizes: Dict[str, int] = {}
    for name, (rows, columns) in {"few": (200, 5), "wide": (200, 45), "rows": (20_000, 5)}.items():
        folder = estate_in(place.scratch / f"small_{name}", 5, 1, rows, columns)
        datasets = found_in(folder).datasets
        sizes[name] = datasets[0].size_bytes
        scans = place.spent(partial(scanned, place, folder, datasets))
        spent[name] = scans * (1 / len(datasets))
    column = slope((spent["few"], spent["wide"]), (5, 45))
    byte = slope((spent["few"], spent["rows"]), (sizes["few"], sizes["rows"]))
    table = without(spent["few"], column * 5 + costs.opened_file + byte * sizes["few"])
    return {"small_table": table, "small_column": column, "small_byte": byte}


def scanned(place: Place, folder: Path, datasets: Sequence[Dataset]) -> List[DatasetProfile]:
    """Scan datasets, one after the other."""
    scanner, source, now = SparkScanner(place.spark), source_of(folder), bootstrap.now()
    return [scanner.scan(source, one, now) for one in datasets]


def _tasks(place: Place, _: UnitCosts) -> Mapping[str, Any]:
    """Measure what starts tasks, and what they count."""
    some, many = (place.spent(partial(start_tasks, place.spark, one)) for one in (2, 202))
    of_task = slope((some, many), (2, 202))
    job = without(some, of_task * 2)
    task = Spent(of_task.python, 0.0, of_task.java + of_task.tasks)
    bytes_by: Dict[str, Spent] = {}
    for kind, folder in {"parquet": data.parquet(ROWS), "csv": data.csv(ROWS)}.items():
        (dataset,) = found_in(folder).datasets
        frame, plan = opened(place, folder, dataset)
        pieces = [Piece(one.path, one.size_bytes) for one in dataset.files]
        begun = job.java + task.tasks * len(parts_of(pieces, CORES, len(plan.columns)))
        ways = {kind: partial(native.count, place.spark, dataset, plan, NOW)}
        if kind == "parquet":
            ways["handed"] = partial(arrow_job.count, place.spark, frame, plan, NOW)
        for name, way in ways.items():
            spent = place.spent(way)
            counted = max(0.0, spent.java + spent.tasks - begun)
            bytes_by[name] = Spent(tasks=counted / dataset.size_bytes)
    return {"task_bytes": bytes_by, "started_task": task, "started_job": job}


def start_tasks(spark: Any, tasks: int) -> None:
    """Run so many tasks that do nothing, as the counting of a dataset starts them."""
    from pyspark.sql import functions as f  # noqa: PLC0415  as the executor: imported only to scan

    nothing = f.udf(lambda _: "{}")
    spark.range(0, tasks, 1, tasks).select("id", nothing("id").alias("answer")).collect()


def answers_of(place: Place) -> Tuple[List[str], int]:
    """Return what tasks return of the parts of a table, and its number of columns."""
    folder = estate_in(place.scratch / "returned", 1, 8, 40_000, 20)
    (dataset,) = found_in(folder).datasets
    _, plan = opened(place, folder, dataset)
    reading = Reading.of(dataset, plan, NOW, keeps_states=True)
    parts = [(Piece(entry.path, entry.size_bytes),) for entry in dataset.files]
    return [native.answer(part, reading) for part in parts], len(plan.columns)


def _returned(place: Place, _: UnitCosts) -> Mapping[str, Any]:
    """Measure how the driver reads and adds what tasks return."""
    answers, columns = answers_of(place)
    spent = place.spent(lambda: total([counts_of(json.loads(one)) for one in answers]))
    tracemalloc.start()
    held = [counts_of(json.loads(one)) for one in answers]
    size = tracemalloc.get_traced_memory()[0] + sum(map(len, answers))
    tracemalloc.stop()
    each = len(held) * columns
    return {"returned_column": Spent(python=spent.python / each), "returned_bytes": size / each}


class Office:
    """The five tables of a benchmark, and what writes and sends their rows."""

    def __init__(self, place: Place, schema: str) -> None:
        location = place.scratch / "warehouse"
        environ = {
            "EXECUTOR_WAREHOUSE_DIR": str(location),
            "EXECUTOR_SCHEMA_NAME": schema,
            "NUVYN_API_ENDPOINT": place.platform,
            "NUVYN_API_KEY": KEY,
        }
        settings = ConfigManager(environ).load()
        redact = Redactor(settings.secrets())
        store = DeltaMetadataStore(small_session(place.spark), schema, location)
        SchemaValidator(store).validate()
        self._extractor = MetadataExtractor(
            SparkScanner(place.spark), store, bootstrap.now, ExtractionLimits(MOST_FILES), redact
        )
        client = APIClient(place.platform, Secret(KEY))
        self._transmitter = Transmitter(store, client, settings, bootstrap.now, redact)
        self._numbers = count()
        self._pending: List[str] = []

    def record(self, profile: SourceProfile) -> None:
        """Score a source and write its rows, for a tenant that has none yet."""
        tenant = f"tenant_{next(self._numbers)}"
        self._extractor.record(profile, assessed([profile]), tenant, JOB)
        self._pending.append(tenant)

    def send(self) -> None:
        """Send what was recorded last and is still pending."""
        self._transmitter.transmit(JOB, self._pending.pop())


def repeated(place: Place, name: str, columns: int, tables: int) -> SourceProfile:
    """Scan one table, and return the profile of a source that has it so many times."""
    folder = estate_in(place.scratch / name, 1, 1, 120_000, columns)
    discovery = found_in(folder)
    (one,) = scanned(place, folder, discovery.datasets)
    paths = [f"{folder}/copy_{number:05d}" for number in range(tables)]
    copies = [replace(one, dataset=replace(one.dataset, path=path, name=Path(path).name)) for path in paths]
    return SourceProfile(
        location=str(folder),
        source_type="parquet",
        discovery=replace(discovery, datasets=tuple(one.dataset for one in copies)),
        datasets=tuple(copies),
        unreadable=(),
        profiled_at=bootstrap.now(),
        previous=PreviousRows(),
    )


def _rows(place: Place, _: UnitCosts) -> Mapping[str, Any]:
    """Measure scores and rows in Delta, and what is sent of them."""
    recorded: Dict[str, Spent] = {}
    sent: Dict[str, Spent] = {}
    office = Office(place, "rows")
    for name, (tables, columns) in {"few": (40, 4), "wide": (40, 24), "many": (300, 4)}.items():
        profile = repeated(place, f"rows_{name}", columns, tables)
        recorded[name] = place.spent(partial(office.record, profile))
        sent[name] = place.spent(office.send)
    costs: Dict[str, Spent] = {}
    for what, spent in {"recorded": recorded, "sent": sent}.items():
        column = slope((spent["few"], spent["wide"]), (40 * 4, 40 * 24))
        costs[f"{what}_column"] = column
        costs[f"{what}_table"] = without(slope((spent["few"], spent["many"]), (40, 300)), column * 4)
    return costs


def _memory(place: Place, _: UnitCosts) -> Mapping[str, Any]:
    """Measure what a file, a table and a column need in the memory of the driver's Python."""
    in_few, in_many = (kept(partial(found_in, place.scratch / one)) for one in ("few", "many"))
    of_found = max(0.0, (in_many - in_few) / (500 - 4))
    shapes = {"few": (40, 4), "wide": (40, 24), "many": (300, 4)}
    held: Dict[str, float] = {}
    office = Office(place, "memory")
    for name, (tables, columns) in shapes.items():
        profile = repeated(place, f"memory_{name}", columns, tables)
        (dataset,) = found_in(place.scratch / f"memory_{name}").datasets
        scan = kept(partial(scanned, place, place.scratch / f"memory_{name}", [dataset]))
        held[name] = tables * scan + most(partial(office.record, profile))
    column = (held["wide"] - held["few"]) / (40 * 20)
    table = (held["many"] - held["few"]) / 260 - 4 * column
    return {
        "file_bytes": (in_few - 4 * of_found) / 1000,
        "table_bytes": of_found + max(0.0, table),
        "column_bytes": column,
    }


def kept(way: Callable[[], Any]) -> float:
    """Return the bytes of what a way returns, as Python counts them."""
    way()
    gc.collect()
    tracemalloc.start()
    result = way()
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del result
    return size


def most(way: Callable[[], Any]) -> float:
    """Return the most bytes that a way needs at a time."""
    tracemalloc.start()
    way()
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size


def _run(place: Place, costs: UnitCosts) -> Mapping[str, Any]:
    """Measure a run over one small table, and take off what the table costs."""
    estate = Estate(tables=1, files=1, columns=5, kind=SMALL)
    folder = estate_in(place.scratch / "run", 1, 1, 200, 5)
    estate = replace(estate, size_bytes=size_of(folder))
    runs = Runs(place)
    whole = place.spent(lambda: runs.run(folder))
    return {"run": without(whole, spent_in(predict(costs, estate)))}


# -- the check -------------------------------------------------------------------------------------------


class Runs:
    """Full pipelines, each into tables and for a tenant of its own run."""

    def __init__(self, place: Place) -> None:
        self._environ = {
            "EXECUTOR_WAREHOUSE_DIR": str(place.scratch / "warehouse"),
            "EXECUTOR_SCHEMA_NAME": "runs",
            "EXECUTOR_MAX_FILES_PER_JOB": str(MOST_FILES),
            "NUVYN_API_ENDPOINT": place.platform,
            "NUVYN_API_KEY": KEY,
        }
        self._numbers = count()

    def run(self, folder: Path) -> None:
        """Run the full pipeline over a folder for a tenant that has no rows yet."""
        request = JobRequest(
            JobType.FULL_PIPELINE, str(folder), SourceType.AUTO, f"client-{next(self._numbers)}"
        )
        with bootstrap.manager(self._environ, io.StringIO()) as manager:
            report = manager.execute(manager.create_job(request))
        assert report.exit_code == 0, report.error_message


CHECKED: Mapping[str, Tuple[int, int, int, int, str]] = {
    "8 tables x 4 files, 320,000 rows x 20": (8, 4, 80_000, 20, "parquet"),
    "40 tables x 10 files, 10,000 rows x 10": (40, 10, 1_000, 10, SMALL),
    "100 tables x 2 files, 1,000 rows x 5": (100, 2, 500, 5, SMALL),
}
"""Tables, files of each, rows of a file, columns, and what counts them."""


def check(place: Place, costs: UnitCosts) -> None:
    """Run three estates, and print what was measured and predicted."""
    print(f"\n{'three estates: seconds of processors':<44} {'measured':>9} {'predicted':>9} {'ratio':>6}")
    runs = Runs(place)
    for number, (title, (tables, files, rows, columns, kind)) in enumerate(CHECKED.items()):
        folder = estate_in(place.scratch / f"check_{number}", tables, files, rows, columns)
        estate = Estate(tables, tables * files, size_of(folder), columns, 1, CORES, DATASETS_AT_ONCE, kind)
        begin = time.perf_counter()
        found = replace(place, rounds=1).spent(partial(runs.run, folder), warm=0)
        seconds = time.perf_counter() - begin
        prediction = predict(costs, estate)
        print(
            f"{title:<44} {found.total:>9.1f} {prediction.processors:>9.1f} "
            f"{found.total / prediction.processors:>6.2f}"
        )
        expected = spent_in(prediction)
        for name in ("python", "java", "tasks"):
            one, other = getattr(found, name), getattr(expected, name)
            print(f"  {name:<42} {one:>9.1f} {other:>9.1f} {one / max(other, 0.1):>6.2f}")
        print(f"  {'on the clock':<42} {seconds:>9.1f} {prediction.processors / CORES:>9.1f}", flush=True)


def size_of(folder: Path) -> int:
    """Return the bytes of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def spent_in(prediction: Prediction) -> Spent:
    """Return what all phases of a prediction spend."""
    return sum((work.spent for phase in prediction.phases for work in phase.works), Spent())


# -- what it says ----------------------------------------------------------------------------------------


def show_costs(costs: UnitCosts) -> None:
    """Print each cost."""
    print(f"{'milliseconds of processors':<44} {'Python':>9} {'Java':>9} {'tasks':>9}")
    for name, spent in costs.times().items():
        times = 1e6 if name.endswith("_byte") else 1.0
        what = name.replace("_", " ") + (" (a million)" if times > 1 else "")
        shown = [f"{1000 * times * value:>9.3f}" for value in (spent.python, spent.java, spent.tasks)]
        print(f"  {what:<42} {' '.join(shown)}")
    for kind, spent in costs.task_bytes.items():
        print(f"  {f'task bytes, {kind} (a million)':<42} {'':>9} {'':>9} {1e9 * spent.tasks:>9.3f}")
    print("bytes of the driver's Python")
    for name in ("file_bytes", "table_bytes", "column_bytes", "returned_bytes", "fixed_bytes"):
        print(f"  {name.replace('_', ' '):<42} {getattr(costs, name):>9,.0f}", flush=True)


def show_large(costs: UnitCosts) -> None:
    """Print what the large estate takes on more and more workers."""
    print(
        f"\n{LARGE.tables:,} tables, {LARGE.files:,} files, {LARGE.size_bytes / 1e12:.0f} TB, "
        f"{LARGE.columns} columns each; {LARGE.slots} slots a worker, {LARGE.request * 1000:.0f} ms a request"
    )
    for kind in costs.task_bytes:
        for at_once in (DATASETS_AT_ONCE, 32):
            print(f"\n{kind}, {at_once} datasets at once")
            names = [one.name for one in predict(costs, LARGE).phases]
            print(
                f"{'workers':>8} {'hours':>7} {'serial':>7} {'GiB':>6} "
                + " ".join(f"{name.split()[0]:>9}" for name in names)
                + "  bottleneck"
            )
            for workers in WORKERS:
                found = predict(costs, replace(LARGE, workers=workers, at_once=at_once, kind=kind))
                first = found.bottleneck
                print(
                    f"{workers:>8} {found.seconds / 3600:>7.1f} {found.serial / 3600:>7.1f} "
                    f"{found.memory / 2**30:>6.1f} "
                    + " ".join(f"{one.seconds / 3600:>9.2f}" for one in found.phases)
                    + f"  {first.name}: {first.limit} ({first.largest})",
                    flush=True,
                )
