"""``python -m benchmarks others``: other people's profilers over the same data, against Spark's own read.

They are installed into an environment of their own, ``.cache/venv-others``, the first time: none of them is a
requirement of anything here. One that cannot be installed or does not run is left out, and a line says why.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Sequence

from benchmarks import children, data, machine
from benchmarks.local import CORES, MEMORY
from benchmarks.rounds import figures, show, show_head
from nuvyn_executor.spark.local_spark.java import find_java

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

HELP = "other people's profilers, against Spark's own read"
ROWS, ROUNDS = 500_000, 1
FEW_ROWS = 10_000
CACHE = children.ROOT / ".cache"
HOME = CACHE / "venv-others"
LONGEST = 3600.0  # seconds for all turns of one tool


@dataclass(frozen=True)
class Tool:
    """Somebody else's profiler.

    Attributes:
        name: as :data:`benchmarks.foreign.TOOLS` has it.
        packages: what pip installs.
        most_rows: of more rows it is not asked, because it would take the rest of the day.
    """

    name: str
    packages: Sequence[str]
    most_rows: int = 10**9


TOOLS = (
    Tool("dqx", ("databricks-labs-dqx==0.17.0",)),
    Tool("deequ", ("pydeequ==1.7.0",)),
    Tool("deequ-profiler", ("pydeequ==1.7.0",), most_rows=500_000),
    Tool("ydata", ("ydata-profiling==4.18.4", "pyarrow"), most_rows=500_000),
)
NAMES = tuple(tool.name for tool in TOOLS)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command line."""
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of Parquet (%(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds that count (%(default)s)")
    parser.add_argument("--only", nargs="+", default=list(NAMES), choices=NAMES, help="(%(default)s)")


def main(rows: int = ROWS, rounds: int = ROUNDS, only: Sequence[str] = NAMES) -> None:
    """Install what is not there yet, measure, and print a table."""
    print(machine.describe())
    print(
        f"{CORES} cores, {MEMORY} for Java; medians of {rounds} rounds, after a turn over {FEW_ROWS:,} rows\n"
    )
    show_head()
    measure_all(rows, rounds, only)


def measure_all(rows: int, rounds: int, only: Sequence[str] = NAMES) -> None:
    """Measure tools and print their figures; those that take too long with fewer rows."""
    for tool in TOOLS:
        if tool.name in only:
            measure(tool, min(rows, tool.most_rows), rounds)


def measure(tool: Tool, rows: int, rounds: int) -> None:
    """Measure one tool and print its figures, or the line that says why there are none."""
    title = f"{' '.join(tool.packages)}: Parquet, {rows:,} x 20"
    program = [
        *("-m", "benchmarks.foreign", tool.name),
        *(str(data.parquet(rows)), str(data.parquet(FEW_ROWS)), str(rounds)),
    ]
    environment = {
        "BENCHMARK_CORES": str(CORES),
        "BENCHMARK_MEMORY": MEMORY,
        "BENCHMARK_IVY": str(CACHE / "ivy-others"),
        "JAVA_HOME": str(find_java()),
        "SPARK_VERSION": importlib.metadata.version("pyspark"),  # pydeequ asks for it
    }
    try:
        python = installed(tool)
        answer = children.run(program, LONGEST, python=python, environment=environment)
    except children.ChildFailed as reason:
        print(f"{title}: left out: {reason}", flush=True)
    else:
        show(title, figures(answer["seconds"]))


def installed(tool: Tool) -> Path:
    """Return the Python of the environment, with the tool in it.

    Raises:
        ChildFailed: pip could not install it; the text is pip's last line.
    """
    python, stamp = HOME / "bin" / "python", HOME / f".{tool.name}"
    wanted = [f"pyspark=={importlib.metadata.version('pyspark')}", *tool.packages]
    recipe = "\n".join((sys.version, *wanted))
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == recipe:
        return python
    if not python.is_file():
        shutil.rmtree(HOME, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)  # noqa: S603  this Python
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
    done = subprocess.run(install, capture_output=True, text=True, check=False)  # noqa: S603  the environment's pip
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise children.ChildFailed(f"pip: {said[-1] if said else 'it did not say why'}")
    stamp.write_text(recipe, encoding="utf-8")
    return python
