"""A source of which nothing can be read says why, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.discovering import CSV, write
from tests.installation import LineScanner, memory_installation

if TYPE_CHECKING:
    from pathlib import Path


def test_a_reason_that_is_a_sentence_is_not_named_twice(tmp_path: Path) -> None:
    write(tmp_path, {"day=/x.csv": CSV})
    error = memory_installation(LineScanner()).run("metadata_extraction", tmp_path).error
    assert error["message"] == (
        f"The one file at {tmp_path} cannot be read as auto: day=/x.csv could not be read: "
        "its folder names no value of a partition column (day=)."
    )


def test_one_that_is_none_has_the_name_before_it(tmp_path: Path) -> None:
    write(tmp_path, {"x.pdf": b"%PDF-1.4"})
    error = memory_installation(LineScanner()).run("metadata_extraction", tmp_path).error
    assert error["message"] == f"The one file at {tmp_path} cannot be read as auto: x.pdf: is a PDF document."
