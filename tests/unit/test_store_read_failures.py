"""What is said of a metadata table that could not be read."""

from __future__ import annotations

from nuvyn_executor.store.read_failures import unreadable

JAVA = """An error occurred while calling o61.sql.
: org.apache.spark.SparkException: Job aborted
\tat org.apache.spark.Some.where(Some.scala:1)
Caused by: org.apache.spark.SparkException: Encountered error while reading
Caused by: java.io.FileNotFoundException: /w/columns/x.parquet does not exist
\tat java.base/java.lang.Thread.run(Thread.java:829)
"""


class TestUnreadable:
    """One sentence that names the table and the cause, and the remedy: no pages of Java."""

    def test_the_last_cause_is_named(self) -> None:
        found = unreadable(Exception(JAVA), "main.columns")

        assert found.message == (
            "The metadata table main.columns cannot be read: "
            "java.io.FileNotFoundException: /w/columns/x.parquet does not exist."
        )
        assert "schema_validation" in found.remedy

    def test_without_a_cause_the_error_is(self) -> None:
        assert unreadable(ValueError("it is odd.\nmore"), "x.y").message == (
            "The metadata table x.y cannot be read: ValueError: it is odd."
        )
