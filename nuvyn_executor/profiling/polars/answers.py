"""What a task answers: JSON of its counts, or of the reason why it has none."""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Mapping

from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.profiling.counts import Counts
from nuvyn_executor.profiling.polars.parts import NotNative


def answered(count: Callable[[], Counts]) -> str:
    """Count in a task, and return the answer.

    Raises:
        OSError: a file cannot be read there.
    """
    try:
        return json.dumps(count().to_json())
    except NotNative as error:
        return refusal(str(error), everywhere=error.everywhere)
    except DatasetUnreadable as error:
        return json.dumps({"unreadable": error.message, "remedy": error.remedy})
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  there is another way to count
        return refusal(f"it could not be counted ({type(error).__name__}: {error})")


def refusal(reason: str, *, everywhere: bool = False, **more: Any) -> str:
    """Return the answer of a task that cannot count.

    Args:
        reason: why, as a clause.
        everywhere: no task can.
        more: what else the driver needs.
    """
    return json.dumps({"reason": reason, "everywhere": everywhere, **more})


def counts_of(answer: Mapping[str, Any]) -> Counts:
    """Return the counts of an answer.

    Raises:
        DatasetUnreadable: the storage could not read a file.
        NotNative: Polars could not count.
    """
    if "unreadable" in answer:
        raise DatasetUnreadable(answer["unreadable"], answer["remedy"])
    if "reason" in answer:
        raise NotNative(answer["reason"], everywhere=answer["everywhere"])
    return Counts.from_json(answer)


def failed(error: Exception) -> NotNative:
    """Return why tasks failed that gave no answer."""
    return NotNative(f"its tasks failed ({_cause(error)})", everywhere=_cannot_import(error))


def _cause(error: Exception) -> str:
    """Return the line with the cause: the last error of a worker's traceback, else the first line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line for line in lines if re.match(r"\w+(?:Error|Exception): ", line)]
    return (causes[-1:] or lines[:1] or [type(error).__name__])[0][:200]


def _cannot_import(error: Exception) -> bool:
    return re.search(r"ModuleNotFoundError|ImportError", str(error)) is not None
