"""``python -m benchmarks growth``: time and memory of a scan, as rows and different values become more.

Each engine goes through each size in a process of its own, beside Spark's own read, so that the most memory
that the process ever had is that engine's. The rows are all different, and so are the numbers in ``id`` and
nearly all texts in ``token``: what an engine keeps of different values grows with them, if it grows at all.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Sequence

from benchmarks import children, data, machine
from benchmarks.local import CORES, MEMORY, NOW, session
from benchmarks.rounds import BASE, figures, noop, timed
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.polars import job as native
from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.profiling.spark import engine as spark_engine
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    import argparse

    from nuvyn_executor.profiling.counts import Counts

HELP = "time and memory of scans of more and more rows"
ROWS = (1_000_000, 10_000_000, 50_000_000)
ROUNDS = 2
ENGINES = ("noop", "spark", "polars")
KIB, MIB = 2**10, 2**20
LOOK_EVERY = 0.1
_COLLECTED = re.compile(r"\d+[KM]->(\d+)([KM])\(\d+[KM]\)")


@dataclass(frozen=True)
class Memory:
    """The most that the processes of a measurement ever had, in MiB.

    Attributes:
        heap: what Java's collector ever left in its heap: what was in use, or had not been looked at yet.
        java: of Java's process (resident), with what it will not give back.
        driver: of the driver's Python process (resident).
        tasks: of the Python processes of all tasks at one time (resident, what they share counted in each).
    """

    heap: float
    java: float
    driver: float
    tasks: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command line."""
    parser.add_argument(
        "--rows", type=int, nargs="+", default=list(ROWS), help="numbers of rows (%(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds that count (%(default)s)")
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=ENGINES, help="(%(default)s)")


def main(rows: Sequence[int] = ROWS, rounds: int = ROUNDS, engines: Sequence[str] = ENGINES) -> None:
    """Make the data that are not there yet, measure, and print a table."""
    print(machine.describe())
    print(f"{CORES} cores, {MEMORY} for Java; medians of {rounds} rounds, after one; memory: MiB at most\n")
    columns = ("seconds", "ratio", "us a row", "Java heap", "Java", "driver", "tasks", "ids found")
    print(f"{'Parquet x 20':<22}" + "".join(f" {column:>10}" for column in columns))
    for number in rows:
        folder = data.parquet(number)
        for engine in engines:
            answer, memory = watched(folder, engine, rounds)
            figure = figures(answer["seconds"])[engine if engine != "noop" else BASE]
            found = answer["found"]
            cells = (
                f"{figure.seconds:.2f}", f"{figure.ratio:.2f}", f"{figure.seconds / number * 1e6:.2f}",
                f"{memory.heap:.0f}", f"{memory.java:.0f}", f"{memory.driver:.0f}", f"{memory.tasks:.0f}",
                "" if found is None else f"{found / number:.2%}",
            )  # fmt: skip
            print(
                f"{number:>12,}  {engine:<8}" + "".join(f" {cell:>10}" for cell in cells),
                flush=True,
            )


# -- beside the process that is measured -----------------------------------------------------------------


def watched(folder: Path, engine: str, rounds: int) -> Any:
    """Run one engine over one folder, and give its answer with the memory that it took."""
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "gc.log"
        child = children.start(
            ["-m", "benchmarks.growth", str(folder), engine, str(rounds)],
            environment={"EXECUTOR_JAVA_OPTIONS": f"-Xloggc:{log}"},
        )
        watch = Watch(child.pid)
        watch.start()
        try:
            answer = children.answer_of(child)
        finally:
            watch.end()
        collected = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    return answer, Memory(
        heap=most_kept(collected) / MIB,
        java=watch.java / MIB,
        driver=answer["driver"] / MIB,
        tasks=watch.tasks / MIB,
    )


def most_kept(log: str) -> int:
    """Read from Java's log of its collector how many bytes it left at most."""
    units = {"K": KIB, "M": MIB}
    return max((int(size) * units[unit] for size, unit in _COLLECTED.findall(log)), default=0)


class Watch(threading.Thread):
    """Looks at the processes below another one; Linux only, elsewhere it sees none.

    Attributes:
        java: the most bytes that the Java process ever had, as the system has kept it.
        tasks: the most bytes that the Python processes below Java were seen to have together.
    """

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.java = self.tasks = 0
        self._root = root
        self._ended = threading.Event()

    def run(self) -> None:
        """Look until told to end."""
        while not self._ended.wait(LOOK_EVERY):
            below = [status_of(pid) for pid in descendants(self._root)]
            java = [one for one in below if one.get("Name") == "java"]
            self.java = max([self.java, *(bytes_of(one, "VmHWM") for one in java)])
            pythons = [one for one in below if "python" in one.get("Name", "")]
            self.tasks = max(self.tasks, sum(bytes_of(one, "VmRSS") for one in pythons))

    def end(self) -> None:
        """Stop looking."""
        self._ended.set()
        self.join()


def descendants(root: int) -> Iterator[int]:
    """Return the processes below one, as the system lists them now."""
    for path in Path(f"/proc/{root}/task").glob("*/children"):
        for pid in map(int, _read(path).split()):
            yield pid
            yield from descendants(pid)


def status_of(pid: int) -> Dict[str, str]:
    """Read what the system says of a process; nothing when it has ended."""
    lines = (line.partition(":") for line in _read(Path(f"/proc/{pid}/status")).splitlines())
    return {name: value.strip() for name, _, value in lines}


def bytes_of(status: Dict[str, str], name: str) -> int:
    """Read a size out of a status; 0 when it is not there."""
    return int(status.get(name, "0 kB").split()[0]) * KIB


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:  # it has ended meanwhile
        return ""


# -- in the process that is measured ---------------------------------------------------------------------


def child(arguments: List[str]) -> None:
    """Measure one engine over one folder: folder, engine and rounds are named."""
    folder, engine, rounds = arguments
    with tempfile.TemporaryDirectory() as warehouse:
        spark = session(Path(warehouse))
        try:
            children.tell(measure(spark, Path(folder), engine, int(rounds)))
        finally:
            spark.stop()


def measure(spark: Any, folder: Path, engine: str, rounds: int) -> Dict[str, Any]:
    """Time Spark's own read and an engine, and say how many different values of ``id`` it found."""
    source = FileSystemSource(str(folder), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
    frame = open_frame(spark, source, dataset)
    plan = plan_scan(frame, dataset.name)
    last: List[Counts] = []

    def keep(counts: Counts) -> None:
        last[:] = [counts]

    engines: Dict[str, Callable[[], Counts]] = {
        "spark": lambda: spark_engine.count(frame, plan, NOW),
        "polars": lambda: native.count(spark, dataset, plan, NOW),
    }
    ways: Dict[str, Callable[[], Any]] = {BASE: lambda: noop(frame.data)}
    if engine in engines:
        ways[engine] = lambda: keep(engines[engine]())
    seconds = timed(ways, rounds)
    ids = last[0].spans[0].distinct if last else None
    return {
        "seconds": seconds,
        "found": None if ids is None else ids.estimate().count,
        # getrusage would tell the most of the process that started this one, if that was more.
        "driver": bytes_of(status_of(os.getpid()), "VmHWM"),
    }


if __name__ == "__main__":
    child(sys.argv[1:])
