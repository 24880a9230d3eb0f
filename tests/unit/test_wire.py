"""The JSON of results: one line, the guide's numbers, and what stdout carries after a failure."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import pytest

from contract.corpus import failure_differences, result_differences
from nuvyn_executor import wire
from nuvyn_executor.errors import SourceNotFound
from nuvyn_executor.model import Discovery, FileEntry, JobType, Skipped
from nuvyn_executor.reading.previews import Preview
from nuvyn_executor.schema.tables import REQUIRED_TABLES
from nuvyn_executor.schema.validator import Conflict, SchemaReport

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone.utc)
NAMES = tuple(table.name for table in REQUIRED_TABLES)


class TestOneLine:
    """stdout carries one JSON document; a backend that reads the last line of `logs` finds it there."""

    @pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "\x0b\x0c\x1c\x1d\x1e", "\x85", "\u2028", "\u2029"])
    def test_no_text_breaks_the_line(self, text: str) -> None:
        line = wire.dump({"preview": text, text: 1})
        assert line.splitlines() == [line]
        assert json.loads(line) == {"preview": text, text: 1}

    def test_letters_stay_readable(self) -> None:
        assert wire.dump({"name": "Zoë 日本 🚀"}) == '{"name": "Zoë 日本 🚀"}'

    def test_what_is_no_json_is_refused(self) -> None:
        with pytest.raises(ValueError, match="not JSON compliant"):
            wire.dump({"score": math.nan})
        with pytest.raises(TypeError, match="set does not belong in a result"):
            wire.dump({"names": {"a"}})

    def test_moments_are_utc(self) -> None:
        berlin = NOW.astimezone(timezone(timedelta(hours=2)))
        assert wire.dump([berlin]) == '["2026-01-02T03:04:05.000006Z"]'


class TestNumbers:
    """Whole scores print as integers (`85`), others with two decimals (`87.86`)."""

    @pytest.mark.parametrize(
        ("score", "printed"),
        [
            (85.0, "85"),
            (87.857142, "87.86"),
            (0.0, "0"),
            (100.0, "100"),
            (90.5, "90.5"),
            (None, "null"),
            (math.nan, "null"),
        ],
    )
    def test_a_score_prints_as_in_the_guide(self, score: Optional[float], printed: str) -> None:
        assert wire.dump(wire.number(score)) == printed


class TestShapes:
    """The result of a job has exactly the guide's keys, in the guide's order, and at most `details`."""

    @pytest.mark.parametrize(
        "report",
        [
            SchemaReport("_executor_metadata", tables_found=NAMES),
            SchemaReport("s", schema_created=True, tables_found=NAMES, tables_created=NAMES),
            SchemaReport("s", tables_missing=NAMES, conflicts=(Conflict("logs", "run_id", "string", "int"),)),
        ],
    )
    def test_schema_validation(self, report: SchemaReport) -> None:
        document = wire.schema_validation(report)
        assert result_differences("schema_validation", document) == []
        assert document["validation_status"] == ("invalid" if report.conflicts else "valid")

    def test_data_reading(self) -> None:
        files = tuple(FileEntry(f"/data/{name}", name, 1024, NOW) for name in ("a.csv", "b.csv", "c.pdf"))
        discovery = Discovery(files, (), (Skipped("c.pdf", "is a PDF document", "Leave it out."),))
        document = wire.data_reading(
            "/data", discovery, [Preview("a.csv", 1024, "id,word")], [Skipped("b.csv", "vanished", "Again.")]
        )
        assert result_differences("data_reading", document) == []
        assert (document["files_found"], document["details"]["files_not_previewed"]) == (3, 2)
        assert [one["name"] for one in document["details"]["unreadable"]] == ["b.csv"]
        assert [one["name"] for one in document["details"]["skipped"]] == ["c.pdf"]

    @pytest.mark.parametrize("answer", [{"status": "received", "record_count": 100}])
    def test_api_transmission(self, answer: Any) -> None:
        document = wire.api_transmission(answer, 200, {})
        assert result_differences("api_transmission", document) == []


class TestFailures:
    """After a failure stdout carries job_id, job_type, status, and the error: type, message, remedy."""

    @pytest.mark.parametrize(
        "error", [SourceNotFound("Nothing lies at /x.", "Check the path."), RuntimeError("boom\n  at line 2")]
    )
    def test_every_error_has_the_agreed_shape(self, error: Exception) -> None:
        document = wire.failure("job_abc123def456", JobType.DATA_READING, error)
        assert failure_differences(document) == []
        assert document["error"]["message"] in ("Nothing lies at /x.", "boom")

    def test_before_there_is_a_job_there_is_no_id(self) -> None:
        assert failure_differences(wire.failure(None, None, SourceNotFound("a", "b"))) == []

    def test_an_error_without_words_is_called_by_its_type(self) -> None:
        assert wire.error_entry(KeyError())["message"] == "KeyError"
