"""The body that the platform gets."""

from __future__ import annotations

import json
import math
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Dict, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nuvyn_executor import wire
from nuvyn_executor.profiling.profiler import ColumnProfile
from nuvyn_executor.quality.tallies import ColumnFacts, ColumnTally, Suspect
from nuvyn_executor.redaction import Redactor
from nuvyn_executor.schema.details import Key
from nuvyn_executor.schema.tables import COLUMNS, EXECUTOR_RUNS, LOGS, SOURCES, TABLES, Column
from nuvyn_executor.store.memory import MemoryMetadataStore
from nuvyn_executor.transport.pages import Envelope, Pages
from nuvyn_executor.transport.payload import QualitySummary, RowCleaner, encode, idempotency_key
from nuvyn_executor.transport.row_spool import RowSpool

MEGABYTE = 1_000_000
SECTIONS = ("sources", "tables", "columns")


def source(source_id: str = "s1", **values: Any) -> Dict[str, Any]:
    return {**dict.fromkeys(SOURCES.column_types()), "source_id": source_id, "tenant_id": "t", **values}


def table(table_id: str = "t1", **values: Any) -> Dict[str, Any]:
    return {
        **dict.fromkeys(TABLES.column_types()),
        "table_id": table_id,
        "source_id": "s1",
        "tenant_id": "t",
        **values,
    }


def column(position: int = 1, **values: Any) -> Dict[str, Any]:
    return {
        **dict.fromkeys(COLUMNS.column_types()),
        "column_id": f"c{position}",
        "table_id": "t1",
        "source_id": "s1",
        "tenant_id": "t",
        "ordinal_position": position,
        **values,
    }


def pages(
    sources: Any = (), tables: Any = (), columns: Any = (), *, max_bytes: int = MEGABYTE, **options: Any
) -> List[Dict[str, Any]]:
    store, clean = MemoryMetadataStore(), RowCleaner(**options)
    for section, rows in ((TABLES, tables), (COLUMNS, columns)):
        store.create_table(section)
        store.append(section, rows)
    heads = [
        ("sources", encode(wire.sent_source(clean.row(SOURCES, row), None)))
        for row in sorted(sources, key=lambda row: str(row["source_id"]))
    ]
    with closing(RowSpool(store, clean, ["s1"])) as spool:
        envelope = Envelope("job_abc123def456", "t", {"s1": 1}, {"overall_score": 85})
        found = Pages(envelope, lambda: iter([*heads, *spool.lines({})]), max_bytes)
        bodies = [json.loads(page.content) for page in found]
        assert len(found) == len(bodies)
        assert [page.content for page in found] == [encode(body) for body in bodies]
        return bodies


def key_of(tenant: str, versions: Dict[str, int], body: Dict[str, Any]) -> str:
    return idempotency_key(tenant, versions, encode(wire.without_job(body)))


def summarize_quality(tables: Any) -> Dict[str, Any]:
    summary = QualitySummary()
    for row in tables:
        summary.add(row)
    return summary.scores()


def only(body: Dict[str, Any], section: str) -> Dict[str, Any]:
    (row,) = body["metadata"][section]
    assert isinstance(row, dict)
    return row


class TestBody:
    """Body: job_id, tenant_id, metadata (sources, tables, columns), quality_metrics."""

    def test_it_has_exactly_the_keys_of_the_guide_and_a_version(self) -> None:
        """Issue: "`schema_version`, additive changes only"."""
        (body,) = pages([source()], [table()], [column()])
        assert list(body) == ["job_id", "tenant_id", "metadata", "quality_metrics", "schema_version"]
        assert body["schema_version"] == wire.PAYLOAD_VERSION
        assert list(body["metadata"]) == list(SECTIONS)
        assert body["job_id"] == "job_abc123def456"
        assert body["tenant_id"] == "t"
        assert body["quality_metrics"] == {"overall_score": 85}

    def test_a_column_that_this_version_does_not_know_is_not_sent(self) -> None:
        (body,) = pages([source(notes="private")])
        assert "notes" not in only(body, "sources")

    def test_times_are_iso_8601_in_utc(self) -> None:
        cet = timezone(timedelta(hours=1))
        (body,) = pages(
            [
                source(
                    created_at=datetime(2024, 1, 31, 10, 0, 0, 5, tzinfo=cet),
                    updated_at=datetime(2024, 1, 31, 10, 0),  # noqa: DTZ001  Spark hands out such ones: UTC
                )
            ]
        )
        assert only(body, "sources")["created_at"] == "2024-01-31T09:00:00.000005Z"
        assert only(body, "sources")["updated_at"] == "2024-01-31T10:00:00Z"

    def test_what_json_has_no_number_for_is_null(self) -> None:
        (body,) = pages(tables=[table(accuracy=math.nan, validity=math.inf, completeness=Decimal("97.5"))])
        row = only(body, "tables")
        assert (row["accuracy"], row["validity"], row["completeness"]) == (None, None, 97.5)

    def test_a_file_name_that_is_no_utf_8_can_be_sent(self) -> None:
        (body,) = pages(tables=[table(table_name=b"caf\xe9".decode("utf-8", "surrogateescape"))])
        assert (
            json.loads(encode(body))["metadata"]["tables"][0]["table_name"] == "caf\N{REPLACEMENT CHARACTER}"
        )

    def test_every_text_goes_through_the_redactor(self) -> None:
        (body,) = pages(
            [source(source_path="/x?sig=abc", connection_details='{"requested_path": "y?sig=abc"}')],
            redact=Redactor(),
        )
        row = only(body, "sources")
        assert row["source_path"] == "/x?sig=[REDACTED]"
        assert row["connection_details"] == {"requested_path": "y?sig=[REDACTED]"}


class TestDetails:
    """`details` leaves as a JSON object."""

    def test_it_is_an_object_and_no_text(self) -> None:
        details = {"nulls": 3, "expected": "2024-01-31", "distinct_rsd": math.nan, "shapes": {"integer": 5}}
        (body,) = pages(columns=[column(details=json.dumps(details))])
        assert only(body, "columns")["details"] == {**details, "distinct_rsd": None}

    @pytest.mark.parametrize("text", [None, "", "not JSON", "[1]", "5"])
    def test_what_is_no_object_is_null(self, text: Any) -> None:
        (body,) = pages(columns=[column(details=text)])
        assert only(body, "columns")["details"] is None


CELLS = {"minimum": "Anna", "maximum": "Zoe"}
SAFE = {"nulls": 3, "length_min": 2, "length_max": 9, "shapes": {"integer": 5}}
SENT_OF_SOURCES = (
    "source_id", "tenant_id", "source_name", "source_path", "source_type", "files_found", "total_size_bytes",
    "connection_details", "metadata_version", "created_at", "updated_at", "base_version",
)  # fmt: skip
SENT_OF_TABLES = (
    "table_id", "source_id", "tenant_id", "table_name", "schema_name", "file_path", "file_format",
    "file_count", "size_bytes", "row_count", "column_count", "overall_score", "quality_level",
    "completeness", "accuracy", "consistency", "timeliness", "validity", "uniqueness", "details",
    "last_modified", "last_refreshed", "removed_at",
)  # fmt: skip
SENT_OF_COLUMNS = (
    "column_id", "table_id", "source_id", "tenant_id", "column_name", "ordinal_position", "data_type",
    "is_nullable", "is_primary_key", "null_count", "distinct_count", "distinct_is_approximate",
    "completeness", "validity", "uniqueness", "details", "removed_at",
)  # fmt: skip


class TestMarks:
    """What is sent is said in `schema/tables.py`, not left out."""

    def test_these_columns_are_sent_and_no_other(self) -> None:
        (body,) = pages([source()], [table()], [column()])
        sent = [tuple(only(body, section)) for section in SECTIONS]
        assert sent == [SENT_OF_SOURCES, SENT_OF_TABLES, SENT_OF_COLUMNS]

    def test_with_samples_one_column_more_is_sent(self) -> None:
        (body,) = pages([source()], [table()], [column()], send_samples=True)
        sent = [set(only(body, section)) for section in SECTIONS]
        assert sent == [set(SENT_OF_SOURCES), set(SENT_OF_TABLES), {*SENT_OF_COLUMNS, "sample_value"}]

    @pytest.mark.parametrize("send_samples", [False, True])
    def test_a_column_that_is_not_marked_is_not_sent(
        self, monkeypatch: pytest.MonkeyPatch, *, send_samples: bool
    ) -> None:
        added = Column("first_value", "string", "a cell value that somebody adds and does not mark")
        wider = replace(COLUMNS, columns=(*COLUMNS.columns, added))
        monkeypatch.setattr("nuvyn_executor.transport.row_spool._SECTIONS", ((wider, ("column_id",)),))
        (body,) = pages(columns=[column(first_value="Anna")], send_samples=send_samples)
        assert len(only(body, "columns")) == len(SENT_OF_COLUMNS) + send_samples
        assert b"Anna" not in encode(body)

    @pytest.mark.parametrize("send_samples", [False, True])
    def test_a_key_of_details_that_is_not_marked_is_not_sent(self, *, send_samples: bool) -> None:
        details = json.dumps({**SAFE, "first_value": "Anna"})
        (body,) = pages(columns=[column(details=details)], send_samples=send_samples)
        assert only(body, "columns")["details"] == SAFE
        assert not Key("first_value", "a cell value").sent.is_allowed(send_samples=send_samples)

    def test_nothing_of_runs_and_logs_is_sent(self) -> None:
        assert [table.sent_columns(send_samples=True) for table in (EXECUTOR_RUNS, LOGS)] == [[], []]


class TestCellValues:
    """Cell values (samples, minima, maxima) are sent only with `EXECUTOR_SEND_SAMPLES=true`."""

    DETAILS = json.dumps({**CELLS, **SAFE})

    def test_without_it_none_of_them_leaves(self) -> None:
        (body,) = pages(columns=[column(details=self.DETAILS, sample_value="Gus")])
        assert only(body, "columns")["details"] == SAFE
        assert "sample_value" not in only(body, "columns")
        for name in ("Anna", "Zoe", "Gus"):
            assert name.encode() not in encode(body)

    def test_with_it_all_of_them_leave(self) -> None:
        (body,) = pages(columns=[column(details=self.DETAILS, sample_value="Gus")], send_samples=True)
        assert only(body, "columns")["details"] == json.loads(self.DETAILS)
        assert only(body, "columns")["sample_value"] == "Gus"

    @pytest.mark.parametrize("send_samples", [False, True])
    def test_distributions_never_leave(self, *, send_samples: bool) -> None:
        """Issue 18: "kept as tallies, masked, not sent by default"; the contract has no words for them."""
        shape = {"of": "numbers", "count": 3, "bins": [1, 2], "error": 0.0}
        more = {"distribution": shape, "quantiles": [4711, 4712], "commonest": [["Anna", 2]]}
        details = json.dumps({**SAFE, **more})
        (body,) = pages(columns=[column(details=details)], send_samples=send_samples)
        assert only(body, "columns")["details"] == SAFE

    def test_it_is_off_unless_said(self) -> None:
        assert pages(columns=[column(sample_value="Gus")]) == pages(
            columns=[column(sample_value="Gus")], send_samples=False
        )


class TestPages:
    """Body in pages when large (`EXECUTOR_MAX_PAYLOAD_MB`, 5)."""

    def test_what_fits_is_one_page_without_a_number(self) -> None:
        (body,) = pages([source()], [table()], [column()])
        assert "page" not in body
        assert pages([source()], [table()], [column()], max_bytes=len(encode(body))) == [body]

    def test_what_does_not_fit_is_numbered(self) -> None:
        bodies = pages([source()], [table()], [column(n) for n in range(50)], max_bytes=3_000)
        assert [body["page"] for body in bodies] == [
            {"number": n, "of": len(bodies)} for n in range(1, len(bodies) + 1)
        ]
        assert len(bodies) > 3
        assert all(
            set(body) == {"job_id", "tenant_id", "metadata", "quality_metrics", "schema_version", "page"}
            for body in bodies
        )

    def test_a_row_above_the_limit_goes_alone(self) -> None:
        bodies = pages([source()], [table(table_name="x" * 5_000)], [column()], max_bytes=3_000)
        assert [[len(body["metadata"][key]) for key in SECTIONS] for body in bodies] == [
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
        ]

    def test_one_row_above_the_limit_is_one_page(self) -> None:
        (body,) = pages([source()], max_bytes=1)
        assert "page" not in body

    def test_nothing_at_all_is_one_empty_page(self) -> None:
        (body,) = pages(max_bytes=1)
        assert body["metadata"] == {"sources": [], "tables": [], "columns": []}

    def test_the_order_of_the_store_does_not_matter(self) -> None:
        rows = [column(n) for n in range(9)]
        assert pages([source("a"), source("b")], [table()], rows) == pages(
            [source("b"), source("a")], [table()], rows[::-1]
        )

    @given(
        st.lists(st.text(max_size=30), max_size=4),
        st.lists(st.text(max_size=200), max_size=6),
        st.lists(st.text(max_size=300), max_size=12),
        st.integers(1, 6_000),
    )
    def test_nothing_is_lost_or_doubled_and_no_page_is_too_large(
        self, names: List[str], tables: List[str], columns: List[str], limit: int
    ) -> None:
        rows: Tuple[List[Dict[str, Any]], ...] = (
            [source(f"s{n}", source_name=name) for n, name in enumerate(names)],
            [table(f"t{n}", table_name=name) for n, name in enumerate(tables)],
            [column(n, column_name=name) for n, name in enumerate(columns)],
        )
        (whole,) = pages(*rows, max_bytes=100 * MEGABYTE)
        bodies = pages(*rows, max_bytes=limit)
        for key in SECTIONS:
            assert [row for body in bodies for row in body["metadata"][key]] == whole["metadata"][key]
        for body in bodies:
            count = sum(len(body["metadata"][key]) for key in SECTIONS)
            assert len(encode(body)) <= limit or count <= 1
            assert count or len(bodies) == 1


class TestIdempotencyKey:
    """An `Idempotency-Key` that stays the same over retries."""

    def test_another_job_sends_the_same_under_the_same_key(self) -> None:
        (body,) = pages([source()])
        key = key_of("t", {"a": 1, "b": 2}, body)
        assert key == key_of("t", {"b": 2, "a": 1}, {**body, "job_id": "job_other"})
        assert len(key) == 64

    def test_another_tenant_version_or_content_has_another_key(self) -> None:
        (body,) = pages([source()])
        (other,) = pages([source(source_name="x")])
        keys = {
            key_of("t", {"a": 1}, body),
            key_of("u", {"a": 1}, body),
            key_of("t", {"a": 2}, body),
            key_of("t", {"a": 1}, other),
            key_of("t", {"a": 1}, {**body, "page": {"number": 1, "of": 2}}),
        }
        assert len(keys) == 5


class TestSummarizeQuality:
    """`quality_metrics` of a tenant, of the scores that stand on its tables."""

    def test_tables_weigh_by_their_rows(self) -> None:
        summary = summarize_quality(
            [
                table(row_count=300, overall_score=90.0, completeness=100.0),
                table(row_count=100, overall_score=50.0, completeness=None),
            ]
        )
        assert summary["overall_score"] == 80.0
        assert summary["completeness"] == 100.0
        assert summary["validity"] is None

    def test_removed_tables_do_not_count(self) -> None:
        gone = table(row_count=100, overall_score=50.0, removed_at=date(2024, 1, 1))
        assert summarize_quality([gone])["overall_score"] is None

    def test_nothing_is_unknown_and_not_zero(self) -> None:
        assert set(summarize_quality([]).values()) == {None}


class TestDetailsOfAColumn:
    def test_do_not_depend_on_the_order_in_which_an_engine_counts(self) -> None:
        """Each engine has an order of its own; the hash of what was sent changed, and all was sent again."""
        facts = ColumnFacts("url", "string", "text")
        texts = {
            wire.details_text(
                wire.column_details(facts, ColumnTally(40, shapes=shapes, suspects=suspects), ColumnProfile())
            )
            for shapes, suspects in (
                ({"url": 30, "text": 10}, {Suspect.STAND_IN: 1, Suspect.INFINITE: 2}),
                ({"text": 10, "url": 30}, {Suspect.INFINITE: 2, Suspect.STAND_IN: 1}),
            )
        }
        assert len(texts) == 1
