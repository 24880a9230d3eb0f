"""A full disk: recognised in the errors of files and of SQLite, and said in one sentence with the remedy."""

from __future__ import annotations

import errno
import os
import sqlite3

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
REMEDY = "free some space there, or start the server with --state on another disk"


def is_full(error: BaseException) -> bool:
    """Whether an error says that there is no space, or no more of it for this user or this file."""
    if isinstance(error, OSError):
        return error.errno in FULL
    return isinstance(error, sqlite3.OperationalError) and "full" in str(error)


def sentence(error: BaseException, place: str = "") -> str:
    """Return what to say; the place is that of the error, if it names one.

    Args:
        error: an error for which ``is_full`` holds.
        place: where it happened, for an error that does not name it.
    """
    named = os.fsdecode(error.filename) if isinstance(error, OSError) and error.filename else place
    where = f" at {named}" if named else ""
    reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error)
    return f"The disk of this server is full{where} ({reason}): {REMEDY}."
