"""What a failure of Spark is called (its error conditions), and what it says, in every version of Spark.

Spark names what it foresees: ``PATH_NOT_FOUND``. The names stay from version to version and are the same on
Connect, and texts are neither. Errors of Hadoop, Parquet and Java have no names, so of these the texts count.
https://spark.apache.org/docs/latest/sql-error-conditions.html
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, Pattern, Tuple, Union

# The name stands before the text of an error, also of one that another error was raised for.
_BEFORE_TEXT = re.compile(r"(?:\A|: |\) )\[([A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)*)\] ", re.MULTILINE)
_STACK = re.compile(r"^\s+(?:at |\.\.\. \d+ more).*\n?", re.MULTILINE)
_CAUSE = re.compile(r"^Caused by: .*$", re.MULTILINE)
# Spark 4 has the first one and warns of the second, Spark 3.4 and 3.5 have the second, Spark 3.3 has none.
_ASKED = ("getCondition", "getErrorClass")
# Java's stack with the causes: pyspark 3 on Java, pyspark 4, Connect. No method has it in all of them.
_TRACES = ("stackTrace", "_stackTrace", "_stacktrace")


class Failure(NamedTuple):
    """What a failure of Spark is called and says.

    Attributes:
        conditions: the names, that of the error first and then those of its causes; none where it has none.
        text: the type of the error, its message without Java's stack, and one line for each cause.
    """

    conditions: Tuple[str, ...]
    text: str

    def is_named(self, *names: str) -> bool:
        """Whether the error or a cause has one of the names.

        A name stands for what is below it, too: ``FAILED_READ_FILE`` for ``FAILED_READ_FILE.NO_HINT``. One
        that ends with a star stands for all that begin so.
        """
        return any(_stands_for(name, one) for name in names for one in self.conditions)

    def means(self, names: Tuple[str, ...], words: Union[str, Pattern[str]]) -> bool:
        """Whether the error or a cause has one of the names, or says what has no name."""
        return self.is_named(*names) or (bool(words) and re.search(words, self.text) is not None)


def failure_of(error: BaseException) -> Failure:
    """Return what a failure is called and says; an error of something else has no names."""
    message = _STACK.sub("", str(error))
    trace = next((text for text in (_attribute(error, name) for name in _TRACES) if text), "")
    causes = [line for line in _CAUSE.findall(trace) if line not in message]
    text = "\n".join((f"{type(error).__name__}: {message}", *causes))
    own = _own_condition(error)
    named = [own] if own else []
    named.extend(_BEFORE_TEXT.findall("\n".join((message, *causes))))
    return Failure(tuple(dict.fromkeys(named)), text)


def _own_condition(error: BaseException) -> str:
    """Return the name that pyspark has for the error itself; ``""`` where it has none."""
    asked = next((getattr(error, name) for name in _ASKED if hasattr(error, name)), None)
    if asked is None:
        return ""
    try:
        name: Any = asked()
    except Exception:  # noqa: BLE001  it asks Java, which may have ended
        return ""
    return name if isinstance(name, str) else ""


def _attribute(error: BaseException, name: str) -> str:
    found = getattr(error, name, None)
    return found if isinstance(found, str) else ""


def _stands_for(name: str, condition: str) -> bool:
    if name.endswith("*"):
        return condition.startswith(name[:-1])
    return condition == name or condition.startswith(f"{name}.")
