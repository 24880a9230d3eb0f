"""The versions of Databricks' runtime, ``spark_version``. Data.

The version chooses the Spark of a cluster: the server's own, or one that is installed beside it. A cluster
without it can be made, and does not start. On a server without Spark the versions are names alone.
"""

from __future__ import annotations

from typing import Callable, Mapping

from fake_databricks.engine.runtime import minor_of
from fake_databricks.errors import InvalidParameter

# version, whether it has long term support, its Spark, its Scala
_RUNTIMES: tuple[tuple[str, bool, str, tuple[str, ...]], ...] = (
    ("19", False, "4.2.0", ("2.13",)),
    ("18.2", False, "4.1.0", ("2.13",)),
    ("18.1", False, "4.1.0", ("2.13",)),
    ("18.0", False, "4.1.0", ("2.13",)),
    ("17.3", True, "4.0.0", ("2.13",)),
    ("17.2", False, "4.0.0", ("2.13",)),
    ("17.1", False, "4.0.0", ("2.13",)),
    ("17.0", False, "4.0.0", ("2.13",)),
    ("16.4", True, "3.5.2", ("2.12", "2.13")),
    ("16.3", False, "3.5.2", ("2.12",)),
    ("16.2", False, "3.5.2", ("2.12",)),
    ("16.1", False, "3.5.0", ("2.12",)),
    ("16.0", False, "3.5.0", ("2.12",)),
    ("15.4", True, "3.5.0", ("2.12",)),
    ("15.3", False, "3.5.0", ("2.12",)),
    ("15.2", False, "3.5.0", ("2.12",)),
    ("15.1", False, "3.5.0", ("2.12",)),
    ("14.3", True, "3.5.0", ("2.12",)),
    ("13.3", True, "3.4.1", ("2.12",)),
    ("12.2", True, "3.3.2", ("2.12",)),
    ("11.3", True, "3.3.0", ("2.12",)),
    ("10.4", True, "3.2.1", ("2.12",)),
    ("9.1", True, "3.1.2", ("2.12",)),
)
# between the version and its Scala: what it is called, and what it includes besides Spark and Scala
_VARIANTS: Mapping[str, tuple[str, str]] = {
    "": ("", ""),
    "cpu-ml-": (" ML", ""),
    "gpu-ml-": (" ML", "GPU, "),
    "photon-": (" Photon", ""),
    "aarch64-": (" aarch64", ""),
}
_AUTOMATIC = {
    "auto:latest": ("", False),
    "auto:latest-ml": ("cpu-ml-", False),
    "auto:latest-lts": ("", True),
    "auto:latest-lts-ml": ("cpu-ml-", True),
    "auto:latest-ml-gpu": ("gpu-ml-", False),
    "auto:latest-lts-ml-gpu": ("gpu-ml-", True),
}


def _key(version: str, variant: str, scala: str) -> str:
    return f"{version}.x-{variant}scala{scala}"


RUNTIMES: Mapping[str, str] = {
    _key(version, variant, scala): (
        f"{version}{' LTS' if is_lts else ''}{name} (includes Apache Spark {spark}, {more}Scala {scala})"
    )
    for version, is_lts, spark, scalas in _RUNTIMES
    for scala in scalas
    for variant, (name, more) in _VARIANTS.items()
}
"""From ``spark_version`` to its name; the newest first."""


def version_of(spark_version: str) -> str:
    """Return the version of Databricks that a ``spark_version`` names: ``17.3`` of ``17.3.x-scala2.13``."""
    return spark_version.partition(".x")[0]


SPARKS: Mapping[str, str] = {version: minor_of(spark) for version, _, spark, _ in _RUNTIMES}
"""From the version of Databricks to the first two numbers of its Spark; the newest first."""


def versions_with(spark: str) -> list[str]:
    """Return the versions of Databricks that have a Spark, ``4.0``; the newest first."""
    return [version for version, its_spark in SPARKS.items() if its_spark == spark]


def spark_asked_for(version: str) -> str:
    """Return the Spark of a version of Databricks.

    Args:
        version: as a person writes it: ``17``, ``17.3``, or a whole ``spark_version``.

    Raises:
        InvalidParameter: there is no such version.
    """
    wanted = version_of(version)
    for known, spark in SPARKS.items():
        if wanted in (known, known.partition(".")[0]):
            return spark
    raise InvalidParameter(f"There is no Databricks {version[:60]}; these are known: {', '.join(SPARKS)}.")


def runtime_of(spark_version: str, can_run: Callable[[str], bool] = lambda _: True) -> str:
    """Return the version that is meant: itself, or what ``auto:latest-lts`` of a policy stands for.

    Args:
        spark_version: a version, or ``auto:`` and what is wanted.
        can_run: whether a Spark, ``4.0``, is on this machine; ``auto:`` stands for the newest whose Spark is.

    Raises:
        InvalidParameter: there is no such version.
    """
    if spark_version in _AUTOMATIC:
        variant, needs_lts = _AUTOMATIC[spark_version]
        fit = [item for item in _RUNTIMES if item[1] or not needs_lts]
        version, _, _, scalas = next((item for item in fit if can_run(SPARKS[item[0]])), fit[0])
        return _key(version, variant, scalas[0])
    if spark_version not in RUNTIMES:
        raise InvalidParameter(
            f"Invalid spark version {spark_version[:60]}. clusters/spark-versions lists those that are known."
        )
    return spark_version
