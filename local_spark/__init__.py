"""What a Spark on this machine needs beside pyspark: a Java (``java``) and Delta's jars (``delta_jars``).

``maven`` fetches jars.

``nuvyn_executor`` and ``fake_databricks`` both start Spark and never import each other. So each of them holds
this package by a symbolic link: ``nuvyn_executor/spark/local_spark``, ``fake_databricks/engine/local_spark``.
A wheel holds a copy of the files. The modules import each other relatively, and nothing else but the standard
library of Python 3.8.
"""

from __future__ import annotations


class LocalSparkError(Exception):
    """Something that Spark needs is not on this machine.

    Args:
        message: one sentence that names what is missing.
        remedy: one sentence that says what to do about it.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


class PackageMissing(LocalSparkError):  # noqa: N818  it says what happened
    """pyspark or delta-spark is not installed; the importing package knows which of its extras brings it."""


class WrongSetting(LocalSparkError):  # noqa: N818  it says what happened
    """``EXECUTOR_DELTA_JARS`` names files that are not there."""
