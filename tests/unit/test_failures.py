"""What Spark raises, as a sentence for the person who reads it."""

from __future__ import annotations

import pytest

from nuvyn_executor.reading.failures import unreadable


class TestUnreadable:
    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ("java.io.FileNotFoundException: /d/a.parquet", "a file vanished while it was read"),
            ("An error occurred while calling o1.load.\n: it is odd\n\tat x.y", "it is odd"),
            ("top\nCaused by: in the middle\nCaused by: at the bottom", "at the bottom"),
        ],
    )
    def test_says_what_it_means_or_its_innermost_cause(self, said: str, told: str) -> None:
        message = unreadable("t", RuntimeError(said)).message
        assert message.rstrip(".") == f"t could not be read: {told}"

    def test_a_long_cause_is_cut_between_words(self) -> None:
        said = "no " * 98 + "secret-of-many-characters"
        assert unreadable("t", RuntimeError(said)).message == "t could not be read: " + ("no " * 98).strip()
        assert unreadable("t", RuntimeError("x" * 400)).message == "t could not be read: RuntimeError"
