"""Python functions that run in Spark's tasks, one value at a time."""

from __future__ import annotations

import inspect
from typing import Any, Callable


def python_function(function: Callable[..., Any], returns: str) -> Callable[..., Any]:
    """Return a function of columns that calls a Python function in the tasks.

    Its values go there as pickles. From Spark 4.2 on they would go by Arrow by default, and a session without
    PyArrow or pandas warns of each function.

    Args:
        function: takes the values of a row.
        returns: its type, in the words of Spark's DDL.
    """
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    knows_arrow = "useArrow" in inspect.signature(f.udf).parameters  # since Spark 3.5
    made: Callable[..., Any] = f.udf(function, returns, **({"useArrow": False} if knows_arrow else {}))
    return made
