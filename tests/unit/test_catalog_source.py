"""What a catalog answers, and what becomes of it; the catalog is a table of statements and answers."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping, Optional, Union

import pytest

from nuvyn_executor.errors import SourceAccessDenied, SourceError, SourceNotFound
from nuvyn_executor.model import DeclaredColumn
from nuvyn_executor.sources.catalog import CatalogSource
from nuvyn_executor.sources.catalog_names import parse_catalog_name

Answer = Union[Exception, List[Mapping[Any, Any]]]
NO_TABLE = ValueError("[TABLE_OR_VIEW_NOT_FOUND] The table or view `a`.`b` cannot be found.")
DENIED = ValueError(
    "[INSUFFICIENT_PERMISSIONS] Insufficient privileges: User lacks SELECT on main.sales.orders"
)
ILLEGAL = ValueError("Illegal table name main.sales.orders(line 1, pos 17)")
CHANGED = datetime(2026, 1, 2, tzinfo=timezone.utc)


def described(*columns: str, kind: str = "MANAGED", provider: str = "delta", **more: str) -> Answer:
    """Return the answer to ``DESCRIBE TABLE EXTENDED``."""
    details = {"Type": kind, "Provider": provider, **more}
    return [
        *({"col_name": name, "data_type": "int", "comment": None} for name in columns),
        {"col_name": "", "data_type": "", "comment": ""},
        {"col_name": "# Detailed Table Information", "data_type": "", "comment": ""},
        *({"col_name": name, "data_type": value, "comment": ""} for name, value in details.items()),
    ]


class Catalog:
    """A session that answers statements from a table, all others being about what is missing."""

    def __init__(self, answers: Dict[str, Answer]) -> None:
        self.answers = {"SELECT current_catalog()": [{0: "main"}], **answers}

    def sql(self, statement: str) -> Any:
        answer = self.answers.get(statement, NO_TABLE)

        class Rows:
            def collect(self) -> Any:
                if isinstance(answer, Exception):
                    raise answer
                return answer

        return Rows()


def source(path: str, answers: Dict[str, Answer], own: str = "_executor_metadata") -> CatalogSource:
    name = parse_catalog_name(path)
    assert name is not None
    return CatalogSource(name, path, lambda: Catalog(answers), own)


def shown(*names: str, temporary: bool = False) -> Answer:
    return [{"tableName": name, "isTemporary": temporary} for name in names]


TABLE = "DESCRIBE TABLE `main`.`sales`.`orders`"
EXTENDED = "DESCRIBE TABLE EXTENDED `main`.`sales`.`orders`"
HISTORY = "DESCRIBE HISTORY `main`.`sales`.`orders` LIMIT 1"
DETAIL = "DESCRIBE DETAIL `main`.`sales`.`orders`"
ALL = "SHOW TABLES IN `main`.`sales`"
VERSION: Dict[str, Answer] = {
    HISTORY: [{"version": 7, "timestamp": CHANGED}],
    DETAIL: [{"id": "id-1", "sizeInBytes": 12}],
}


class TestListing:
    """Each form leads to the same tables."""

    @pytest.mark.parametrize("path", ["main.sales.orders", "sales.orders", "`main`.`sales`.`orders`"])
    def test_a_table(self, path: str) -> None:
        found = source(path, {TABLE: []}).discover_tables(10)
        assert [(one.name, one.folder, one.path) for one in found.datasets] == [
            ("orders", "main.sales", "main.sales.orders")
        ]
        assert (found.files, found.datasets[0].files, found.truncated) == ((), (), False)

    @pytest.mark.parametrize("path", ["main.sales.*", "main.sales", "sales.*"])
    def test_a_schema(self, path: str) -> None:
        tables = [*shown("orders", "a-b"), *shown("temp", temporary=True)]  # type: ignore[misc]
        found = source(path, {ALL: tables}).discover_tables(10)
        assert [one.path for one in found.datasets] == ["main.sales.`a-b`", "main.sales.orders"]

    def test_no_more_than_the_limit(self) -> None:
        found = source("sales.*", {ALL: shown("c", "b", "a")}).discover_tables(2)
        assert ([one.name for one in found.datasets], found.truncated) == (["a", "b"], True)

    def test_of_a_table_and_a_schema_of_one_name_the_table_is_read(self) -> None:
        answers = {"DESCRIBE TABLE `main`.`main`.`sales`": [], ALL: shown("orders")}
        (found,) = source("main.sales", answers).discover_tables(9).datasets
        assert found.path == "main.main.sales"


class TestDeclared:
    """ "with comments in tables/columns details where cheap, views named as such" """

    @staticmethod
    def dataset(answer: Answer, more: Optional[Dict[str, Answer]] = None) -> Any:
        (found,) = (
            source("sales.orders", {TABLE: [], EXTENDED: answer, **(more or {})}).discover_tables(1).datasets
        )
        return found

    def test_a_delta_table(self) -> None:
        found = self.dataset(described("id", "word", Comment="all orders"), VERSION)
        assert (found.declared.kind, found.declared.comment) == ("table", "all orders")
        assert found.declared.columns == (DeclaredColumn("id", "int"), DeclaredColumn("word", "int"))
        assert (found.version, found.declared.stamp) == (7, "id-1@7")
        assert (found.size_bytes, found.modified_at) == (12, CHANGED)

    @pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED_VIEW"])
    def test_a_view_has_no_version(self, kind: str) -> None:
        found = self.dataset(described("id", kind=kind), VERSION)
        assert (found.declared.kind, found.version, found.declared.stamp) == ("view", None, "")

    @pytest.mark.parametrize("section", ["# Row Filter", "# Column Masks"])
    def test_what_depends_on_the_reader_has_no_version(self, section: str) -> None:
        answer = described("id", **{section: ""})
        assert self.dataset(answer, VERSION).version is None

    def test_a_parquet_table_has_no_version(self) -> None:
        assert self.dataset(described("id", provider="parquet"), VERSION).version is None

    def test_a_history_that_may_not_be_seen_is_no_error(self) -> None:
        found = self.dataset(described("id", Comment="c"), {HISTORY: DENIED})
        assert (found.version, found.declared.comment) == (None, "c")

    @pytest.mark.parametrize(("current", "version"), [("main", 7), ("other", None)])
    def test_delta_that_takes_two_parts_of_a_name(self, current: str, version: Optional[int]) -> None:
        """Delta 2.4 says "Illegal table name" to three parts. Two mean a table of the current catalog."""
        refused = dict.fromkeys(VERSION, ILLEGAL)
        shorter = {one.replace("`main`.", ""): answer for one, answer in VERSION.items()}
        answers = {TABLE: [], EXTENDED: described("id"), **refused, **shorter}
        answers["SELECT current_catalog()"] = [{0: current}]
        (found,) = source("main.sales.orders", answers).discover_tables(1).datasets
        assert (found.path, found.version) == ("main.sales.orders", version)

    def test_nor_is_a_table_that_cannot_be_described(self) -> None:
        assert self.dataset(DENIED).declared is None

    def test_a_column_that_is_named_like_a_detail_is_none(self) -> None:
        found = self.dataset(described("Type", "Comment", "Provider", provider="parquet"))
        assert (found.declared.kind, found.declared.comment) == ("table", "")


class TestFailures:
    """ "Permission and not-found errors in one sentence." """

    @pytest.mark.parametrize("path", ["main.sales.orders", "sales.orders", "sales.*", "main.sales.*"])
    def test_what_is_not_there(self, path: str) -> None:
        with pytest.raises(SourceNotFound, match=r"There is no table or schema .*, and no file of that name"):
            source(path, {}).discover_tables(9)

    @pytest.mark.parametrize(
        "message",
        [
            "[SCHEMA_NOT_FOUND] The schema `x` cannot be found.",
            "[REQUIRES_SINGLE_PART_NAMESPACE] spark_catalog requires a single-part namespace",
            "Nested databases are not supported by v1 session catalog: nocat.nope.",
            "[NO_SUCH_CATALOG_EXCEPTION] Catalog 'x' was not found.",
            "Catalog 'x' plugin class not found: spark.sql.catalog.x is not defined",
            "Table or view not found: x; line 1",
            "Database 'x' not found",
        ],
    )
    def test_the_words_for_that_differ(self, message: str) -> None:
        with pytest.raises(SourceNotFound):
            source("sales.*", {ALL: ValueError(message)}).discover_tables(9)

    @pytest.mark.parametrize(
        "error",
        [DENIED, ValueError("[UNAUTHORIZED_ACCESS] PERMISSION_DENIED: User does not have USE SCHEMA on x")],
    )
    @pytest.mark.parametrize(("path", "statement"), [("sales.orders", TABLE), ("main.sales.*", ALL)])
    def test_what_may_not_be_read(self, path: str, statement: str, error: Exception) -> None:
        with pytest.raises(SourceAccessDenied, match="may not be read") as caught:
            source(path, {statement: error}).discover_tables(9)
        assert "SELECT" in caught.value.remedy

    def test_an_empty_schema(self) -> None:
        with pytest.raises(SourceError, match=r"The schema main\.sales has no tables that can be seen"):
            source("sales.*", {ALL: []}).discover_tables(9)

    def test_another_failure_is_its_first_line(self) -> None:
        with pytest.raises(
            SourceError, match=r"^The table or schema sales\.\* cannot be read: It rains\."
        ) as caught:
            source("sales.*", {ALL: ValueError("\nIt rains.\n\tat java.lang.Thread")}).discover_tables(9)
        assert "java" not in str(caught.value)


class TestOwnSchema:
    """ "`_executor_metadata` itself is never a source" """

    @pytest.mark.parametrize(
        ("path", "own"),
        [
            ("_executor_metadata.*", "_executor_metadata"),
            ("_executor_metadata.tables", "_executor_metadata"),
            ("main._executor_metadata", "_executor_metadata"),
            ("MAIN._Executor_Metadata.tables", "_executor_metadata"),
            ("_executor_metadata.*", "main._executor_metadata"),
            ("spark_catalog.own.*", "hive_metastore.own"),
        ],
    )
    def test_it_is_refused(self, path: str, own: str) -> None:
        with pytest.raises(SourceError, match="the executor's own tables, which is never a source"):
            source(path, {}, own).discover_tables(9)

    def test_one_of_that_name_in_another_catalog_is_not(self) -> None:
        answers = {"SHOW TABLES IN `other`.`_executor_metadata`": shown("t")}
        assert source("other._executor_metadata.*", answers).discover_tables(9).datasets


class Reader:
    """Stands for a session; writes down what is read."""

    def __init__(self) -> None:
        self.asked: List[Any] = []
        self.read = self

    def option(self, key: str, value: Any) -> Reader:
        self.asked.append((key, value))
        return self

    def table(self, name: str) -> str:
        self.asked.append(name)
        return "data"


class TestReading:
    """ "read_table = spark.table(quoted name)" """

    @pytest.mark.parametrize(
        ("more", "asked"),
        [({}, []), ({EXTENDED: described("id"), **VERSION}, [("versionAsOf", 7)])],
    )
    def test_a_table_is_read_by_its_full_name(self, more: Dict[str, Answer], asked: List[Any]) -> None:
        one = source("sales.orders", {TABLE: [], **more})
        (dataset,) = one.discover_tables(1).datasets
        reader = Reader()
        assert one.read_table(reader, dataset) == "data"
        assert reader.asked == [*asked, "`main`.`sales`.`orders`"]

    def test_a_name_that_needs_backticks(self) -> None:
        one = source("`my main`.sales.`a``.b`", {"DESCRIBE TABLE `my main`.`sales`.`a``.b`": []})
        (dataset,) = one.discover_tables(1).datasets
        reader = Reader()
        one.read_table(reader, dataset)
        assert (dataset.name, reader.asked) == ("a`.b", ["`my main`.`sales`.`a``.b`"])
