"""What all tests share: one Spark session for each process of the suite, because each session costs a JVM."""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, List, Optional

import pytest
from hypothesis import HealthCheck, settings

from tests.how_many import at_most

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Every JVM of the suite is short-lived: Java's second compiler costs it more than it gives (48 s of processor
# for a dozen small statements on Delta, 20 s without). Processes that tests start inherit it.
# With one compiler Java reserves 48 MB for compiled code: tests fill them, and then it compiles nothing more.
os.environ.setdefault("EXECUTOR_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m")

# The same examples in every run, and no clock: a failure on one machine is a failure on all, however busy.
# New examples: --hypothesis-profile=exploring
_ANY_MACHINE = settings(
    max_examples=at_most(100),  # Hypothesis' own number
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("exploring", _ANY_MACHINE)
settings.register_profile("suite", _ANY_MACHINE, derandomize=True, database=None)
settings.load_profile("suite")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Keep the marker ``spark`` and the fixture ``spark`` together.

    A test that asks for the session gets the marker, so that ``-m "not spark"`` never starts it. A test with
    the marker gets the session.
    """
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        if "spark" in item.fixturenames:
            item.add_marker("spark")
        elif item.get_closest_marker("spark"):
            # A new list: the parameters of a test share the old one, and those without the mark need no JVM.
            item.fixturenames = [*item.fixturenames, "spark"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return a scheduler that runs all files with the server of ``tests/fake`` in one worker."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415  not on Python 3.8

    scheduler = LoadFileScheduling(config, log)
    file_of = scheduler._split_scope  # noqa: SLF001  made to be overridden

    @lru_cache(maxsize=None)
    def uses_server(file: str) -> bool:
        return "spark_server" in Path(config.rootpath, file).read_text(encoding="utf-8")

    def group_of(test: str) -> str:
        file: str = file_of(test)
        return "spark_server" if uses_server(file) else file

    scheduler._split_scope = group_of  # noqa: SLF001  as above
    return scheduler


def pytest_make_parametrize_id(val: object) -> Optional[str]:
    """Name gzip content by its size: its header holds the time, and xdist's workers must agree on names."""
    return f"{len(val)} bytes of gzip" if isinstance(val, bytes) and val[:2] == b"\x1f\x8b" else None


@pytest.fixture(autouse=True)
def _log_reaches_pytest() -> None:
    """Let ``caplog`` see log lines. A job that ran before in this process has set that they go no further."""
    logging.getLogger("nuvyn_executor").propagate = True


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Return the one session; each test gives what it creates in it a name of its own."""
    from nuvyn_executor.spark.session import build_local_session  # noqa: PLC0415  tests without Spark run without it

    if os.environ.get("SPARK_REMOTE"):  # a server of Spark Connect, which stays
        from pyspark.sql import SparkSession  # noqa: PLC0415  as above

        yield SparkSession.builder.getOrCreate()
        return
    session = build_local_session(
        tmp_path_factory.mktemp("warehouse"),
        java_options=os.environ["EXECUTOR_JAVA_OPTIONS"],
        delta_jars=os.environ.get("EXECUTOR_DELTA_JARS"),
        app_name="nuvyn-executor-tests",
    )
    yield session
    session.stop()
