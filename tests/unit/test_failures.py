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
            (
                "x\nCaused by: io.airlift.compress.MalformedInputException: Malformed input: offset=34073",
                "it ends too early or is not intact",
            ),
            (
                "x\nCaused by: com.github.luben.zstd.ZstdException: Data corruption detected",
                "it ends too early or is not intact",
            ),
            (
                "IllegalArgumentException: Buffer size too small. size = 262144 needed = 8388607 in footer",
                "it is no intact ORC file",
            ),
            # Java leaves the message out of an error that compiled code has raised often.
            (
                (
                    "x\nCaused by: com.univocity.parsers.common.TextParsingException: "
                    "java.lang.ArrayIndexOutOfBoundsException - null\nParser Configuration:\n"
                    "\tMaximum number of columns=20480\n\tNull value=\n\tat x.y\n"
                    "Caused by: java.lang.ArrayIndexOutOfBoundsException"
                ),
                "it has a record of more than 20480 fields",
            ),
        ],
    )
    def test_says_what_it_means_or_its_innermost_cause(self, said: str, told: str) -> None:
        message = unreadable("t", RuntimeError(said)).message
        assert message.rstrip(".") == f"t could not be read: {told}"

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            (
                "An error occurred while calling o1.load.",
                "t could not be read, and Spark does not say why (RuntimeError).",
            ),
            (
                "An error occurred while calling o1.x.\n: java.lang.NullPointerException\n\tat a.b(c.java)",
                "t could not be read, and Spark does not say why (NullPointerException).",
            ),
            (
                "x\nCaused by: java.lang.ClassNotFoundException: org.example.BrotliCodec",
                "t could not be read: Spark has no org.example.BrotliCodec, which it needs for that.",
            ),
            (
                "[DATA_SOURCE_NOT_FOUND] Failed to find the data source: avro. Please find packages",
                "t could not be read: Spark has no avro, which it needs for that.",
            ),
            (
                "SparkContext was shut down",
                "t could not be read: Spark has ended, as it does when it has too little memory.",
            ),
        ],
    )
    def test_a_bare_error_of_java_is_never_shown_alone(self, said: str, told: str) -> None:
        """Issue: "bare `Py4JError`, `ClassNotFoundException`"."""
        assert unreadable("t", RuntimeError(said)).message == told

    def test_only_this_process_can_say_that_spark_has_ended(self) -> None:
        refused = ConnectionRefusedError(111, "Connection refused")
        assert "Spark has ended" in unreadable("t", refused).message
        said = "Caused by: java.net.ConnectException: store:9000: Connection refused"
        assert "Spark has ended" not in unreadable("t", RuntimeError(said)).message

    def test_a_long_cause_is_cut_between_words(self) -> None:
        said = "no " * 98 + "secret-of-many-characters"
        assert unreadable("t", RuntimeError(said)).message == "t could not be read: " + ("no " * 98).strip()
        assert unreadable("t", RuntimeError("x" * 400)).message == (
            "t could not be read, and Spark does not say why (RuntimeError)."
        )
