"""Finds Databricks' ``dbutils``. It is no package: a process has it in one of several places."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Callable, Iterator, Optional


def find_dbutils() -> Optional[Any]:
    """Return Databricks' ``dbutils``, or ``None`` elsewhere."""
    return next((dbutils for dbutils in _candidates() if dbutils is not None), None)


def _candidates() -> Iterator[Optional[Any]]:
    yield vars(sys.modules["__main__"]).get("dbutils")
    # notebooks and, on recent runtimes, Python tasks run inside IPython
    yield _attempt(lambda: sys.modules["IPython"].get_ipython().user_ns.get("dbutils"))
    # where Databricks' own SDK looks
    yield _attempt(_from_runtime)
    yield _attempt(_from_spark)


def _from_runtime() -> Any:
    namespace = import_module("dbruntime").UserNamespaceInitializer.getOrCreate().get_namespace_globals()
    return namespace.get("dbutils")


def _from_spark() -> Any:
    # In this order: off Databricks the first line fails, so no Spark session is started in vain.
    dbutils = import_module("pyspark.dbutils").DBUtils
    return dbutils(import_module("pyspark.sql").SparkSession.builder.getOrCreate())


def _attempt(look: Callable[[], Any]) -> Optional[Any]:
    try:
        return look()
    except (ImportError, AttributeError, KeyError):  # it is not in this place; it may be in the next one
        return None
