"""What is said of metadata tables that could not be written."""

from __future__ import annotations

import errno
import os

import pytest

from nuvyn_executor.errors import StoreError
from nuvyn_executor.store.write_failures import explained

PLACE, SETTING = "/warehouse", "EXECUTOR_WAREHOUSE_DIR"


def oserror(number: int) -> OSError:
    return OSError(number, os.strerror(number), f"{PLACE}/x")


class TestExplained:
    """The disk full, the warehouse read only: one sentence that names the thing, and the remedy."""

    @pytest.mark.parametrize(
        ("error", "meaning"),
        [
            (oserror(errno.ENOSPC), "the disk is full"),
            (oserror(errno.EDQUOT), "the disk is full"),
            (Exception("Py4J ... \nCaused by: java.io.IOException: No space left on device"), "is full"),
            (oserror(errno.EROFS), "the place is read only"),
            (Exception("java.io.FileNotFoundException: /w/x (Read-only file system)"), "is read only"),
            (oserror(errno.EACCES), "may not write"),
            (oserror(errno.EPERM), "may not write"),
            (Exception("Mkdirs failed to create file:/w/t/_delta_log"), "no folder can be made"),
            (oserror(errno.ENOTDIR), "is a file"),
        ],
        ids=str,
    )
    def test_the_thing_and_the_remedy_are_named(self, error: Exception, meaning: str) -> None:
        found = explained(error, PLACE, SETTING)
        assert isinstance(found, StoreError)
        assert meaning in found.message
        assert PLACE in found.message
        assert SETTING in found.remedy

    def test_the_reason_is_found_below(self) -> None:
        error = ValueError("the commit failed")
        error.__cause__ = oserror(errno.ENOSPC)
        assert isinstance(explained(error, PLACE, SETTING), StoreError)

    def test_any_other_error_stays(self) -> None:
        error = ValueError("x")
        assert explained(error, PLACE, SETTING) is error
