"""The names that a program on Databricks finds defined (``spark``, ``dbutils``), made on first use."""

from __future__ import annotations

import builtins
import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SHOWN: list[Any] = []
"""What ``display`` was given, for the REPL."""


def spark() -> Any:
    """This process's session."""
    from pyspark.sql import SparkSession  # noqa: PLC0415  imported when a program asks for Spark

    known = SparkSession._instantiatedSession  # noqa: SLF001  asked for at every use of the name: no round trip
    if known is not None and known._sc._jsc is not None:  # noqa: SLF001  as above
        return known
    return SparkSession.builder.getOrCreate()


@functools.lru_cache(maxsize=1)
def dbutils() -> Any:
    """The one ``dbutils`` of this process."""
    from .dbutils import DBUtils  # noqa: PLC0415  as above

    return DBUtils()


def display(value: Any = None, *_: object, **__: object) -> None:
    """Show a DataFrame as a table (in a command), anything else as text."""
    if hasattr(value, "schema") and hasattr(value, "limit"):
        SHOWN.append(value)
    else:
        print(value)  # noqa: T201  that is its task


def sql_context() -> Any:
    """The old entry point."""
    from pyspark.sql import SQLContext  # noqa: PLC0415  as above

    return SQLContext.getOrCreate(spark().sparkContext)


NAMES: dict[str, Callable[[], Any]] = {
    "spark": spark,
    "dbutils": dbutils,
    "sc": lambda: spark().sparkContext,
    "sqlContext": sql_context,
    "sql": lambda: spark().sql,
    "table": lambda: spark().table,
    "display": lambda: display,
    "displayHTML": lambda: print,
    "getArgument": lambda: dbutils().widgets.getArgument,
}
"""What to call for a name that the program has not defined."""


class LazyBuiltins(dict):  # type: ignore[type-arg]  # the builtins of a module: any name, any value
    """The builtins of a program's main module, with the cluster's names behind them."""

    def __init__(self) -> None:
        super().__init__(vars(builtins))

    def __missing__(self, name: str) -> Any:
        if name not in NAMES:
            raise KeyError(name)
        return NAMES[name]()
