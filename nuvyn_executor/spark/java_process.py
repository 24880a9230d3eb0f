"""Whether Spark's Java process has ended: py4j has many errors for that, and none says so.

Java is ended from outside when the machine has no memory left. Python sees a connection that breaks, or one
that is refused, in whatever call comes next.
"""

from __future__ import annotations

import re
import sys
from typing import Any, Callable, Iterator, Optional, Set

from nuvyn_executor.errors import EngineError

# py4j's words for a call that Java did not answer. Those of an exception go on after the name of the call.
_NO_ANSWER = re.compile(
    r"Answer from Java side is empty|Error while (?:sending|receiving)|connect to the Java server"
    r"|\AAn error occurred while calling \S+\Z"
)
# Of a name that Java has not, and of any name that was looked up when Java ended.
_NO_SUCH_NAME = " does not exist in the JVM"


def java_answers() -> bool:
    """Whether the Java process of this process's Spark still answers; True where there is none."""
    pyspark: Any = sys.modules.get("pyspark")
    gateway = getattr(getattr(pyspark, "SparkContext", None), "_gateway", None)
    return gateway is None or answers(gateway)


def answers(gateway: Any) -> bool:
    """Whether the Java process at the other end of a py4j gateway answers."""
    try:
        gateway.jvm.java.lang.System.nanoTime()
    except Exception:  # noqa: BLE001  py4j has many for that
        return False
    return True


def named(error: Exception, java_answers: Callable[[], bool] = java_answers) -> Exception:
    """Return the error that names a Java process that ended, if an error comes of that; else the error.

    Args:
        error: any error.
        java_answers: whether Java still answers; asked only where the error leaves it open.
    """
    chain = list(_chain(error))
    if not any(_is_of_a_dead_java(one) for one in chain) and (
        not any(_may_be_of_a_dead_java(one) for one in chain) or java_answers()
    ):
        return error
    return EngineError(
        "Spark's Java process ended while the job ran; most often for lack of memory.",
        "Raise EXECUTOR_DRIVER_MEMORY, or take a larger driver on Databricks, and run the job again; what is "
        "stored stays.",
    )


def said(error: Exception) -> str:
    """Return what an error says, without Java's stack: that is a hundred lines, and the log has one."""
    return str(error).partition("\n\tat ")[0]


def _may_be_of_a_dead_java(error: BaseException) -> bool:
    return "Py4JError" in _kinds(error) and str(error).endswith(_NO_SUCH_NAME)


def _kinds(error: BaseException) -> Set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _is_of_a_dead_java(error: BaseException) -> bool:
    kinds = _kinds(error)
    if "Py4JNetworkError" in kinds:
        return True
    if "Py4JError" in kinds and "Py4JJavaError" not in kinds:
        return _NO_ANSWER.search(str(error)) is not None
    # py4j lets errors of its sockets pass; a store or the platform may refuse a connection, too.
    return isinstance(error, (ConnectionError, EOFError)) and _passed_py4j(error)


def _passed_py4j(error: BaseException) -> bool:
    place = error.__traceback__
    while place is not None:
        if str(place.tb_frame.f_globals.get("__name__", "")).split(".")[0] == "py4j":
            return True
        place = place.tb_next
    return False


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that it was raised for."""
    one: Optional[BaseException] = error
    seen = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
