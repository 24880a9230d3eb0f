"""The names that a program on Databricks finds defined (``spark``, ``dbutils``), made on first use."""

from __future__ import annotations

import builtins
import functools
from typing import TYPE_CHECKING, Any

from . import displays
from .dbutils import DBUtils
from .pictures import NoPicture
from .run_context import RunContext
from .spark import NO_SPARK

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from .import_hook import AfterImport


def spark() -> Any:
    """Return the Spark session of this process."""
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415  imported when a program asks for Spark
    except ImportError:  # a server without Spark needs no pyspark
        raise RuntimeError(NO_SPARK) from None
    known = SparkSession._instantiatedSession  # noqa: SLF001  asked for at every use of the name: no round trip
    if known is not None and known._sc._jsc is not None:  # noqa: SLF001  as above
        return known
    return SparkSession.builder.getOrCreate()


@functools.lru_cache(maxsize=1)
def dbutils() -> Any:
    """Return the one ``dbutils`` of this process."""
    return DBUtils()


def display(value: Any = None, *_: object, **__: object) -> None:
    """Show a DataFrame as a table, an object that draws itself as it does, anything else as text."""
    if not draw(value, displays.display_of):
        print(value)  # noqa: T201  that is its task


def draw(value: Any, how: Callable[[Any], dict[str, Any] | None] = displays.drawn_of) -> bool:
    """Show a value that draws itself; return False for one that is only text."""
    try:
        shown = how(value)
    except NoPicture as error:
        print(error)  # noqa: T201  its author looks there
        return True
    if shown is not None:
        show(shown)
    return shown is not None


def display_html(html: str = "", *_: object, **__: object) -> None:
    """Show HTML."""
    show({"kind": "html", "data": str(html)})


def show(shown: dict[str, Any]) -> None:
    """Show what is drawn: on the page of a command or of a notebook's run, and in the output of a run."""
    if RunContext.is_run and not RunContext.notebook:  # a program has no page for it, as on Databricks
        print(shown["data"] if shown["kind"] == "html" else displays.text_of(shown))  # noqa: T201  as above
        return
    if RunContext.is_run:
        seen = "" if shown["kind"] == "table" else ": the page of the run shows it"
        print(f"{displays.text_of(shown)}{seen}")  # noqa: T201  as above
    displays.SHOWN.shown.append(shown)


def sql_context() -> Any:
    """Return Spark's old entry point."""
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
    "displayHTML": lambda: display_html,
    "getArgument": lambda: dbutils().widgets.getArgument,
}
"""The function that makes the value of each name, called where the program has not defined the name."""


class LazyBuiltins(dict):  # type: ignore[type-arg]  # the builtins of a module: any name, any value
    """The builtins of a program's main module; a name that is not there is looked up in ``NAMES``."""

    def __init__(self) -> None:
        super().__init__(vars(builtins))

    def __missing__(self, name: str) -> Any:
        if name not in NAMES:
            raise KeyError(name)
        return NAMES[name]()


def install(after: AfterImport) -> None:
    """Put the names into ``databricks.sdk.runtime`` when a program imports it."""
    after.add("databricks.sdk.runtime", add_lazily)


def add_lazily(runtime: ModuleType) -> None:
    """Make the names of the SDK's module on first use."""

    def missing(name: str) -> Any:
        if name in NAMES:
            return NAMES[name]()
        raise AttributeError(f"module {runtime.__name__!r} has no attribute {name!r}")

    for name in NAMES:
        runtime.__dict__.pop(name, None)
    runtime.__getattr__ = missing  # type: ignore[method-assign]  # PEP 562
