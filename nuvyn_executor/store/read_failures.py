"""Why a metadata table could not be read: its log or its files are damaged, gone, or closed. Pure."""

from __future__ import annotations

from nuvyn_executor.errors import StoreError
from nuvyn_executor.spark.conditions import failure_of

_CAUSE = "Caused by: "
_MOST_CHARACTERS = 400


def unreadable(error: Exception, name: str) -> StoreError:
    """Return the error that names a table and why it could not be read.

    Args:
        error: what reading it raised.
        name: of the table, with its schema.
    """
    lines = failure_of(error).text.splitlines()
    causes = [line[len(_CAUSE) :] for line in lines if line.startswith(_CAUSE)]
    cause = (causes[-1] if causes else lines[0])[:_MOST_CHARACTERS].rstrip(".")
    return StoreError(
        f"The metadata table {name} cannot be read: {cause}.",
        "Restore its files from a backup; or drop it and run schema_validation, and what it holds is lost.",
    )
