"""When a file of one column is doubted."""

from __future__ import annotations

import pytest

from nuvyn_executor.discovery.dialects import detect_dialect
from nuvyn_executor.discovery.doubts import doubts_of
from nuvyn_executor.discovery.file_head import FileHead


@pytest.mark.parametrize(
    ("text", "is_doubted"),
    [
        ("name\nSmith, John\nDoe, Jane\nRoe, Richard\n", True),
        ("betrag\n1.234,50\n2.345,60\n3.456,70\n", False),
        ("time\n10:30:00\n11:45:00\n12:00:00\n", False),
        ("word\none\ntwo\nthree\n", False),
        ("a,b\n1,2\n", False),
        ("", False),
    ],
)
def test_marks_that_belong_to_values_are_no_reason(text: str, *, is_doubted: bool) -> None:
    head = FileHead(text.encode(), is_all=True)
    assert bool([*doubts_of(head, detect_dialect(head, "t.csv"))]) is is_doubted
