# ruff: noqa: E501  a table of cases
"""The forms in which a path names a database; what may be shown of it, and what reaches JDBC."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest

from nuvyn_executor.errors import ExecutorError, SourceError
from nuvyn_executor.model import SourceType
from nuvyn_executor.sources.database import DatabaseAccess, DatabaseSource
from nuvyn_executor.sources.database_address import (
    MYSQL,
    ORACLE,
    POSTGRESQL,
    SQLITE,
    SQLSERVER,
    is_database,
    parse_address,
)
from nuvyn_executor.sources.database_dialects import COLUMN_FIELDS, DIALECTS, REFERENCE_FIELDS, TABLE_FIELDS
from nuvyn_executor.sources.database_failures import explained
from nuvyn_executor.sources.factory import DataSourceFactory

# path, what may be shown, the URL for JDBC, schema, table
FORMS = [
    ("postgresql://h/d", "postgresql://h/d", "jdbc:postgresql://h:5432/d", "", ""),
    ("postgres://h:5433/d", "postgres://h:5433/d", "jdbc:postgresql://h:5433/d", "", ""),
    ("postgresql://h/d?schema=s", "postgresql://h/d?schema=s", "jdbc:postgresql://h:5432/d", "s", ""),
    ("postgresql://h/d?table=t", "postgresql://h/d?table=t", "jdbc:postgresql://h:5432/d", "", "t"),
    ("postgresql://h/d?table=s.t", "postgresql://h/d?table=s.t", "jdbc:postgresql://h:5432/d", "s", "t"),
    ("postgresql://h/d?schema=s&table=t", "postgresql://h/d?table=s.t", "jdbc:postgresql://h:5432/d", "s", "t"),
    ("postgresql://h/d#s.t", "postgresql://h/d?table=s.t", "jdbc:postgresql://h:5432/d", "s", "t"),
    ("postgresql://h/d#s", "postgresql://h/d?schema=s", "jdbc:postgresql://h:5432/d", "s", ""),
    ("postgresql://h/d#s.*", "postgresql://h/d?schema=s", "jdbc:postgresql://h:5432/d", "s", ""),
    ("postgresql://u:p%40ss@h/d", "postgresql://h/d", "jdbc:postgresql://h:5432/d", "", ""),
    ("postgresql://u:p@[::1]:5/d", "postgresql://[::1]:5/d", "jdbc:postgresql://[::1]:5/d", "", ""),
    ("jdbc:postgresql://h/d?user=u&password=p", "postgresql://h/d", "jdbc:postgresql://h:5432/d", "", ""),
    ("jdbc:postgresql://h/d?currentSchema=s", "postgresql://h/d?schema=s", "jdbc:postgresql://h:5432/d", "s", ""),
    ("mysql://h/d", "mysql://h/d", "jdbc:mysql://h:3306/d?permitMysqlScheme", "", ""),
    ("mariadb://h:1/d#t", "mariadb://h:1/d?table=t", "jdbc:mysql://h:1/d?permitMysqlScheme", "", "t"),
    ("jdbc:mariadb://u:p@h/d", "mariadb://h/d", "jdbc:mysql://h:3306/d?permitMysqlScheme", "", ""),
    ("sqlite:///a/b.db", "sqlite:///a/b.db", "jdbc:sqlite:/a/b.db", "", ""),
    ("sqlite:////a/b.db", "sqlite:///a/b.db", "jdbc:sqlite:/a/b.db", "", ""),
    ("sqlite:///a/b%20c.db#t.x", "sqlite:///a/b c.db?table=t.x", "jdbc:sqlite:/a/b c.db", "", "t.x"),
    ("jdbc:sqlite:/a/b.db?table=t", "sqlite:///a/b.db?table=t", "jdbc:sqlite:/a/b.db", "", "t"),
    ("sqlserver://u:p@h/d#dbo.t", "sqlserver://h/d?table=dbo.t", "jdbc:sqlserver://h:1433;databaseName={d}", "dbo", "t"),
    (
        "jdbc:sqlserver://h:1;databaseName=d;user=u;password={p;};encrypt=true",
        "sqlserver://h:1/d", "jdbc:sqlserver://h:1;databaseName={d}", "", "",
    ),
    ("oracle://u:p@h/svc", "oracle://h/svc", "jdbc:oracle:thin:@//h:1521/svc", "", ""),
    ("jdbc:oracle:thin:u/p@//h:1/svc", "oracle://h:1/svc", "jdbc:oracle:thin:@//h:1/svc", "", ""),
    ("jdbc:oracle:thin:@h:1:sid", "oracle://h:1/sid", "jdbc:oracle:thin:@//h:1/sid", "", ""),
]  # fmt: skip


class TestOraclesForm:
    def test_an_at_sign_in_a_parameter_is_no_end_of_a_login(self) -> None:
        """The end of the password was taken for the host, and an error named it."""
        found = parse_address("jdbc:oracle:thin:@//h:1521/x?user=u&password=P@ssw0rd")
        assert (found.host, found.database, found.user, found.password) == ("h", "x", "u", "P@ssw0rd")

    def test_a_question_mark_in_a_login_begins_no_parameters(self) -> None:
        found = parse_address("jdbc:oracle:thin:u/p?w@//h:1521/x")
        assert (found.host, found.database, found.user, found.password) == ("h", "x", "u", "p?w")


class TestForms:
    """Databases: `jdbc:...`, `postgresql://`, `mysql://`, `sqlite:///`, `sqlserver://` [...]"""

    @pytest.mark.parametrize(
        ("path", "shown", "url", "schema", "table"), FORMS, ids=[form[0] for form in FORMS]
    )
    def test_each_form_is_read(self, path: str, shown: str, url: str, schema: str, table: str) -> None:
        found = parse_address(path)

        assert is_database(path)
        assert (found.location, found.jdbc_url) == (shown, url)
        assert (found.schema, found.table) == (schema, table)

    @pytest.mark.parametrize(
        "path",
        [
            "postgresql://anna:s%40fe%2F@h/d",
            "postgresql://anna:s@fe#1@h/d",
            "jdbc:postgresql://h/d?user=anna&password=s@fe/",
            "jdbc:mysql://h/d?user=anna&password=s%40fe/",
            "jdbc:sqlserver://h;databaseName=d;user=anna;password={s@fe/}",
            "jdbc:oracle:thin:anna/s@fe/@//h:1/d",
        ],
    )
    def test_user_and_password_are_taken_out(self, path: str) -> None:
        found = parse_address(path)

        assert found.user == "anna"
        assert found.password.startswith("s@fe")
        assert "s@fe" not in f"{found!r} {found.location} {found.jdbc_url}"

    def test_other_parameters_are_the_drivers_but_not_those_that_change_what_is_read(self) -> None:
        found = parse_address("postgresql://h/d?sslmode=require&dbtable=x&Query=y&sslpassword=hush")

        assert found.options == (("sslmode", "require"), ("sslpassword", "hush"))
        assert DatabaseSource("postgresql://u:p@h/d?sslpassword=hush", DatabaseAccess(), object).secrets == (
            "p", "hush",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("path", "sentence"),
        [
            ("jdbc:db2://h/d", "A database of the kind db2 is not read."),
            ("postgresql:///d", "names no host"),
            ("postgresql://h", "names no database"),
            ("postgresql://u:hu/sh@h/d", "before its host"),
            ("postgresql://a,b/d", "several hosts"),
            ("sqlite://", "names no file"),
            ("sqlite:///:memory:", "names no file"),
            ("jdbc:oracle:thin:@(DESCRIPTION=hush)", "descriptor"),
        ],
    )
    def test_what_is_none_is_refused_without_its_secret(self, path: str, sentence: str) -> None:
        with pytest.raises(SourceError, match=sentence) as caught:
            parse_address(path)
        assert "hu" not in str(caught.value)

    @pytest.mark.parametrize(
        "path", ["/a/b.csv", "s3://b/k", "sqlite.csv", "mysql_dump.sql", "postgresql:x", ""]
    )
    def test_other_paths_are_no_databases(self, path: str) -> None:
        assert not is_database(path)

    def test_the_kinds(self) -> None:
        kinds = [parse_address(form[0]).kind for form in FORMS]
        assert set(kinds) == {POSTGRESQL, MYSQL, SQLITE, SQLSERVER, ORACLE} == set(DIALECTS)


class TestFactory:
    """`DataSourceFactory` leads to databases."""

    factory = DataSourceFactory(on_databricks=False, session=object)

    def test_a_database_is_opened_without_being_asked(self) -> None:
        source = self.factory.create("postgresql://u:p@h/d", SourceType.AUTO)

        assert isinstance(source, DatabaseSource)
        assert source.location == "postgresql://h/d"

    def test_a_format_of_files_is_refused(self) -> None:
        from nuvyn_executor.discovery.formats import source_type_named  # noqa: PLC0415  of this test alone

        with pytest.raises(SourceError, match="is a database, and no csv"):
            self.factory.create("postgresql://u:p@h/d", source_type_named("csv"))


class TestDialects:
    """Statements of the catalogue have the columns that are read, and names are quoted."""

    @pytest.mark.parametrize("kind", DIALECTS)
    def test_each_statement_has_its_columns(self, kind: str) -> None:
        one = DIALECTS[kind]
        for sql, names in (
            (one.tables, TABLE_FIELDS),
            (one.columns, COLUMN_FIELDS),
            (one.references, REFERENCE_FIELDS),
        ):
            text = one.statement(sql, "it's", "a\\b")
            assert all(f" f{index}" in text for index in range(len(names)))
            assert f" f{len(names)}" not in text
            assert "{" not in text
            assert "it's" not in text

    def test_names_are_quoted(self) -> None:
        assert DIALECTS[POSTGRESQL].qualified("a", 'b"c') == '"a"."b""c"'
        assert DIALECTS[MYSQL].qualified("", "b`c") == "`b``c`"
        assert DIALECTS[SQLSERVER].qualified("a", "b]c") == "[a].[b]]c]"


FAILURES = [
    ('PSQLException: FATAL: password authentication failed for user "u"', "EXECUTOR_DATABASE_PASSWORD"),
    ("SQLException: (conn=7) Access denied for user 'u'@'h' (using password: YES)", "EXECUTOR_DATABASE_PASSWORD"),
    ("SQLServerException: Login failed for user 'u'. ClientConnectionId:1", "EXECUTOR_DATABASE_PASSWORD"),
    ("SQLException: (conn=7) Access denied for user 'u'@'h' to database 'd'", "SELECT"),
    ("PSQLException: FATAL: sorry, too many clients already", "EXECUTOR_DATABASE_CONNECTIONS"),
    ("PSQLException: FATAL: the database system is starting up", "EXECUTOR_SOURCE_RETRY_SECONDS"),
    ("Socket fail to connect to h. Connection refused", "EXECUTOR_SOURCE_RETRY_SECONDS"),
    ("ERROR: canceling statement due to user request", "EXECUTOR_DATABASE_TIMEOUT_SECONDS"),
    ("ClassNotFoundException: org.postgresql.Driver", "EXECUTOR_DELTA_JARS"),
    ("something that nobody knows with hush in it", "EXECUTOR_LOG_LEVEL"),
]  # fmt: skip


class TestFailures:
    """One sentence that names the source without its secret, and the variable to set."""

    @pytest.mark.parametrize(("text", "named"), FAILURES)
    def test_the_remedy_names_what_to_set(self, text: str, named: str) -> None:
        found = explained(RuntimeError(text), "postgresql://h/d")

        assert isinstance(found, ExecutorError)
        assert named in found.remedy
        assert found.message.startswith("postgresql://h/d cannot be read: ")
        assert text not in str(found)


class _Session:
    """A Spark session whose reads fail some times with a text, and then return rows."""

    version = "3.5.9"

    def __init__(self, text: str, failures: int) -> None:
        self.text, self.failures = text, failures
        self.options_seen: Dict[str, str] = {}

    @property
    def read(self) -> _Session:
        return self

    def format(self, name: str) -> _Session:
        assert name == "jdbc"
        return self

    def options(self, **options: str) -> _Session:
        self.options_seen = options
        return self

    def option(self, name: str, value: str) -> _Session:
        self.options_seen[name] = value
        return self

    def load(self) -> _Session:
        if self.failures:
            self.failures -= 1
            raise RuntimeError(self.text)
        return self

    def collect(self) -> List[Any]:
        return []


class TestAskingAgain:
    """Retried within `EXECUTOR_SOURCE_RETRY_SECONDS` where it helps."""

    def discover(self, session: _Session, retry_seconds: float = 60) -> List[float]:
        seconds: List[float] = []
        access = DatabaseAccess("anna", "hush", retry_seconds=retry_seconds)
        DatabaseSource(
            "postgresql://h/d",
            access,
            lambda: session,
            clock=lambda: sum(seconds),
            sleep=seconds.append,
        ).discover_tables(10)
        return seconds

    def test_a_server_that_starts_is_asked_until_it_answers(self) -> None:
        session = _Session("FATAL: the database system is starting up", 4)

        assert self.discover(session) == [0.5, 1, 2, 4]
        assert session.options_seen["user"] == "anna"
        assert "hush" not in session.options_seen["url"]

    def test_after_some_time_it_is_given_up(self) -> None:
        with pytest.raises(SourceError, match="starting or ending"):
            self.discover(_Session("FATAL: the database system is starting up", 99), retry_seconds=10)

    def test_a_wrong_password_is_tried_once(self) -> None:
        session = _Session('FATAL: password authentication failed for user "anna"', 2)
        with pytest.raises(SourceError, match="user or the password"):
            self.discover(session)
        assert session.failures == 1
