"""Texts of CSV files without the lines that are no rows."""

from __future__ import annotations

import pytest

from nuvyn_executor.model import SkippedLines
from nuvyn_executor.reading.skipped_lines import without_skipped

SKIPPED = SkippedLines(frozenset(["Sales", "Total;;5", ";;"]), frozenset(["id;name;n"]))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_lines_are_left_out_whatever_ends_them(end: str, last: bool) -> None:  # noqa: FBT001  a case
    lines = ["Sales", "", "id;name;n", "1;Sales;2", ";;", "2;Total;;5", "Total;;5"]
    text = end.join(lines) + end * last

    rest = without_skipped(text, SKIPPED)

    assert rest.rstrip(end).split(end) == ["", "id;name;n", "1;Sales;2", "2;Total;;5"]
    assert "id;name;n" not in without_skipped(text, SKIPPED, headers=True)
    assert without_skipped(text, None) == text


def test_what_is_skipped_in_several_files_adds() -> None:
    one = SkippedLines(frozenset("a"), frozenset("h"), "#", 1, 2)
    other = SkippedLines(frozenset("b"), frozenset("h"), "", 3, 0)
    assert one + other == SkippedLines(frozenset("ab"), frozenset("h"), "#", 4, 2)
    assert sum((one, other), SkippedLines()) == one + other
