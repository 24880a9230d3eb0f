"""Why the metadata tables could not be written: a full disk, a place that is read only, a missing right.

Spark and Delta have many errors for these, with pages of Java; the operating system's words are somewhere in
them. Pure.
"""

from __future__ import annotations

import re
from typing import Iterator, Optional

from nuvyn_executor.errors import StoreError
from nuvyn_executor.spark.conditions import failure_of

# The words that a failure is known by, what happened, and what to do.
_MEANINGS = (
    (
        r"No space left on device|Disk quota exceeded|not enough space|File too large|ENOSPC",
        "the disk is full",
        "Free some space there",
    ),
    (r"Read-only file system", "the place is read only", "Make it writable"),
    (
        r"Permission denied|Operation not permitted|AccessDenied|PERMISSION_DENIED|INSUFFICIENT_PERMISSIONS",
        "the job's user may not write there",
        "Give that user the right to write there",
    ),
    # Hadoop does not say why.
    (r"Mkdirs failed to create", "no folder can be made there", "Make the place writable"),
    (
        r"Not a directory|NotADirectoryError|File exists: |FileExistsError",
        "a part of that path is a file",
        "Remove the file",
    ),
)


def explained(error: Exception, place: str, setting: str) -> Exception:
    """Return the error that says why nothing could be written, if that is known; else the error itself.

    Args:
        error: what the write raised.
        place: the folder or the schema of the tables.
        setting: the variable that names another place.
    """
    texts = [failure_of(one).text for one in _chain(error)]  # on Connect only the trace has the causes
    for pattern, meaning, remedy in _MEANINGS:
        if any(re.search(pattern, text) for text in texts):
            return StoreError(
                f"The metadata tables at {place} could not be written: {meaning}.",
                f"{remedy}, or name another place in {setting}, and run the job again; what is stored stays.",
            )
    return error


def _chain(error: BaseException) -> Iterator[BaseException]:
    one: Optional[BaseException] = error
    seen = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__
