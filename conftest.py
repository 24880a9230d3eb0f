"""What all tests share: one Spark session for the whole suite, because each costs a JVM."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Iterator, List

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Every JVM of the suite is short-lived: Java's second compiler costs it more than it gives (48 s of processor
# for a dozen small statements on Delta, 20 s without). Processes that tests start inherit it.
os.environ.setdefault("EXECUTOR_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Keep the marker ``spark`` and the fixture ``spark`` together.

    Who asks for the session is marked, so that ``-m "not spark"`` never starts a JVM; who is marked gets it.
    """
    for item in items:
        names: List[str] = getattr(item, "fixturenames", [])
        if "spark" in names:
            item.add_marker("spark")
        elif item.get_closest_marker("spark"):
            names.append("spark")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one session; what a test creates in it bears names of its own."""
    from nuvyn_executor.spark.session import build_local_session  # noqa: PLC0415  tests without Spark run without it

    session = build_local_session(
        tmp_path_factory.mktemp("warehouse"),
        java_options=os.environ["EXECUTOR_JAVA_OPTIONS"],
        delta_jars=os.environ.get("EXECUTOR_DELTA_JARS"),
        app_name="nuvyn-executor-tests",
    )
    yield session
    session.stop()
