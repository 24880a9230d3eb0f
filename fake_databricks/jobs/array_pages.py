"""Large arrays of a job or a run: API 2.2 answers with 100 elements of each at a time.

Source: the docstrings of ``jobs.get``, ``jobs.get_run`` and ``jobs.list`` in Databricks' SDK for Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from fake_databricks.errors import InvalidParameter
from fake_databricks.request.values import read_page_token

if TYPE_CHECKING:
    from fake_databricks.request.call import Call

ELEMENTS = 100
ARRAYS = (
    "tasks",
    "job_clusters",
    "environments",
    "parameters",
    "job_parameters",
    "repair_history",
    "iterations",
)
_TOKEN = "elements-"  # noqa: S105  the beginning of a page token


def page_of_arrays(
    view: Mapping[str, Any], version: str, start: int = 0
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a page of the arrays of a view, and how to ask for the next one.

    Args:
        view: a run, or the settings of a job.
        version: of the API; before 2.2 arrays are whole.
        start: how many elements came with the pages before.

    Returns:
        The view with 100 elements of each array, or none of an array that has no more; ``has_more`` and
        ``next_page_token``, or nothing on the last page (after an empty token Databricks' SDK asks for ever).
    """
    if version != "2.2":
        return {**view}, {}
    end = start + ELEMENTS
    arrays = {name: view[name] for name in ARRAYS if isinstance(view.get(name), list)}
    longest = max(map(len, arrays.values()), default=0)
    more = {"has_more": True, "next_page_token": f"{_TOKEN}{end}"} if longest > end else {}
    return {**view, **{name: array[start:end] for name, array in arrays.items()}}, more


def start_of(call: Call) -> int:
    """Return how many elements came with the pages before the one that is asked for.

    Raises:
        InvalidParameter: no answer can have had the page token.
    """
    token = call.parameters.text("page_token", "")
    if token and call.version != "2.2":
        raise InvalidParameter(
            f"Invalid page token: {token[:60]}. Before API 2.2 the first page has everything."
        )
    start = read_page_token(token, _TOKEN)
    if start % ELEMENTS:
        raise InvalidParameter(f"Invalid page token: {token[:60]}.")
    return start
