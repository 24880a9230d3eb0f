# ruff: noqa: E501, S608, ISC004, DTZ001  statements, made of the test's own values
"""Real PostgreSQL, MariaDB and SQLite as sources: every job, the same scores as files, rights, and what fails."""

from __future__ import annotations

import datetime as dt
import functools
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Callable, List, NamedTuple

import pytest

from nuvyn_executor.discovery import formats
from nuvyn_executor.errors import ExecutorError, SourceAccessDenied, SourceError, SourceNotFound
from nuvyn_executor.schema.tables import COLUMNS, TABLES
from nuvyn_executor.sources.database import DatabaseAccess, DatabaseSource
from tests.installation import Installation, Run, spark_installation

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from fake_databricks.storage_servers.databases import DatabaseServer

pytestmark = [pytest.mark.process, pytest.mark.spark]

CANARY = "c4nary-Pa55-w0rd"
ROWS = 60
ENTITIES = ("table", "view")


class Customer(NamedTuple):
    """A row of ``customers``."""

    id: int
    name: str | None
    email: str
    born: dt.date
    score: float
    updated_at: dt.datetime


CUSTOMERS = [
    Customer(
        number,
        None if number % 10 == 0 else f"Name {number % 7}",
        "no address" if number % 15 == 0 else f"someone{number}@example.com",
        dt.date(1990, 1, 1) + dt.timedelta(days=97 * number),
        number / 4,
        dt.datetime(2026, 1, 1, 10, 30) + dt.timedelta(hours=number),
    )
    for number in range(1, ROWS + 1)
]


def literal(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, (int, float)) else "'" + str(value).replace("'", "''") + "'"


def inserts(prefix: str) -> list[str]:
    values = ", ".join("(" + ", ".join(map(literal, row)) + ")" for row in CUSTOMERS)
    return [
        f"INSERT INTO {prefix}customers VALUES {values}",
        f"INSERT INTO {prefix}orders VALUES (1, 1, 10.50), (2, 1, 20.00), (3, 2, 7.25)",
        f"INSERT INTO {prefix}order_lines VALUES (1, 1, 'a'), (1, 2, 'b'), (2, 1, 'a')",
    ]


POSTGRES = [
    "DROP SCHEMA IF EXISTS shop CASCADE",
    "CREATE SCHEMA shop",
    "CREATE TABLE shop.customers (id INTEGER PRIMARY KEY, name TEXT, email VARCHAR(80), born DATE,"
    " score DOUBLE PRECISION, updated_at TIMESTAMP)",
    "CREATE TABLE shop.orders (number INTEGER PRIMARY KEY, customer INTEGER REFERENCES shop.customers (id),"
    " amount NUMERIC(10, 2))",
    "CREATE TABLE shop.order_lines (order_number INTEGER, position INTEGER, article TEXT,"
    " PRIMARY KEY (order_number, position))",
    "CREATE VIEW shop.big_orders AS SELECT * FROM shop.orders WHERE amount > 8",
    'CREATE TABLE shop."odd ""name"" ü" ("a column" INTEGER, "Ä.b" TEXT, tags TEXT[], data JSONB, id UUID)',
    'INSERT INTO shop."odd ""name"" ü" VALUES (1, \'x\', \'{a,b}\', \'{"k": 1}\', gen_random_uuid())',
    "CREATE TABLE shop.blank (id INTEGER)",
    "COMMENT ON TABLE shop.customers IS 'All who ever bought'",
    "COMMENT ON COLUMN shop.customers.email IS 'How we reach them'",
]
MARIADB = [
    "DROP DATABASE IF EXISTS shop",
    "CREATE DATABASE shop",
    "CREATE TABLE shop.customers (id INTEGER PRIMARY KEY, name TEXT, email VARCHAR(80) COMMENT 'How we reach them',"
    " born DATE, score DOUBLE, updated_at DATETIME) COMMENT 'All who ever bought'",
    "CREATE TABLE shop.orders (number INTEGER PRIMARY KEY, customer INTEGER, amount NUMERIC(10, 2),"
    " FOREIGN KEY (customer) REFERENCES shop.customers (id))",
    "CREATE TABLE shop.order_lines (order_number INTEGER, position INTEGER, article TEXT,"
    " PRIMARY KEY (order_number, position))",
    "CREATE VIEW shop.big_orders AS SELECT * FROM shop.orders WHERE amount > 8",
    "CREATE TABLE shop.`odd ``name`` ü` (`a column` INTEGER, `Ä.b` TEXT)",
    "INSERT INTO shop.`odd ``name`` ü` VALUES (1, 'x')",
    "CREATE TABLE shop.blank (id INTEGER)",
]
SQLITE = [
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email VARCHAR(80), born DATE, score REAL,"
    " updated_at TIMESTAMP)",
    "CREATE TABLE orders (number INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers (id), amount NUMERIC)",
    "CREATE TABLE order_lines (order_number INTEGER, position INTEGER, article TEXT,"
    " PRIMARY KEY (order_number, position))",
    "CREATE VIEW big_orders AS SELECT * FROM orders WHERE amount > 8",
    'CREATE TABLE "odd ""name"" ü" ("a column" INTEGER, "Ä.b", mixed INTEGER, raw BLOB)',
    "INSERT INTO \"odd \"\"name\"\" ü\" VALUES (1, 'x', 'seven', x'00ff'), (2, 3, 8, x'01')",
    "CREATE TABLE blank (id INTEGER)",
]
NAMES = ["big_orders", "blank", "customers", "odd", "order_lines", "orders"]


class Place(NamedTuple):
    """A database with the tables above; ``environ`` holds its user and password."""

    kind: str
    path: str
    environ: dict[str, str]


def login(server: DatabaseServer) -> dict[str, str]:
    return {"EXECUTOR_DATABASE_USER": server.user, "EXECUTOR_DATABASE_PASSWORD": server.password}


@pytest.fixture(scope="module")
def postgres(postgres_server: DatabaseServer) -> Place:
    postgres_server.execute(*POSTGRES, *inserts("shop."), "ANALYZE")
    server = f"{postgres_server.host}:{postgres_server.port}/{postgres_server.database}"
    return Place("postgresql", f"postgresql://{server}?schema=shop", login(postgres_server))


@pytest.fixture(scope="module")
def mariadb(mariadb_server: DatabaseServer) -> Place:
    # Without it the server counts its rows when it likes, and may count one that is being inserted twice.
    analyze = "ANALYZE TABLE shop.customers"
    mariadb_server.execute(*MARIADB, *inserts("shop."), analyze)
    return Place("mysql", f"mysql://{mariadb_server.host}:{mariadb_server.port}/shop", login(mariadb_server))


@pytest.fixture(scope="module")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Place:
    file = tmp_path_factory.mktemp("sqlite") / "shop 1.db"
    connection = sqlite3.connect(file)
    connection.executescript(";\n".join([*SQLITE, *inserts("")]))
    connection.close()
    return Place("sqlite", f"sqlite:///{file}".replace(" ", "%20"), {})


@pytest.fixture(scope="module", params=["postgres", "mariadb", "sqlite_file"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def installation(place: Place, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    del spark
    schema = f"databases_{place.kind}"
    return spark_installation(tmp_path_factory.mktemp(schema), schema)


@pytest.fixture(scope="module")
def local_installation(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation for what is no place of the above."""
    del spark
    return spark_installation(tmp_path_factory.mktemp("local"), "databases_local")


@pytest.fixture(scope="module")
def pipeline(place: Place, installation: Installation) -> Run:
    """The full pipeline over the tables above, once for all tests that look at what it did."""
    return installation.run("full_pipeline", place.path, **place.environ)


def one_table(place: Place) -> str:
    """Return the path of the table ``customers``."""
    name = "customers" if place.kind == "sqlite" else "shop.customers"
    return f"{place.path.partition('?')[0]}?table={name}"


def access_of(server: DatabaseServer, **more: Any) -> DatabaseAccess:
    return DatabaseAccess(**{"user": server.user, "password": server.password, "retry_seconds": 0, **more})


def path_of(server: DatabaseServer, rest: str = "") -> str:
    return f"{server.scheme}://{server.host}:{server.port}/{server.database}{rest}"


class TestJobs:
    """All jobs, on each of the three; and by itself each that reads a source in its own way."""

    def test_the_whole_pipeline_reads_each_table(self, place: Place, pipeline: Run) -> None:
        assert pipeline.exit_code == 0, pipeline.log
        details = pipeline.details["metadata_extraction"]
        assert sorted(table["name"].split(" ")[0] for table in details["details"]["tables"]) == NAMES
        assert details["files_found"] == len(NAMES)
        assert {table["name"]: table["rows"] for table in details["details"]["tables"]}["customers"] == ROWS
        previews = pipeline.details["data_reading"]["sample_data"]
        assert previews["orders"]["preview"].splitlines()[:2] == [
            "number,customer,amount",
            previews_first(place),
        ]
        assert all(len(entry["preview"].encode()) <= 2048 for entry in previews.values())

    @pytest.mark.usefixtures("pipeline")
    def test_what_the_catalogue_says_is_in_the_tables(self, place: Place, installation: Installation) -> None:
        tables = {row["table_name"]: row for row in installation.rows(TABLES)}
        told = {name: json.loads(row["details"]) for name, row in tables.items()}
        assert told["big_orders"]["kind"] == "view"
        assert told["customers"]["kind"] == "table"
        assert told["customers"]["primary_key"] == ["id"]
        assert told["order_lines"]["primary_key"] == ["order_number", "position"]
        prefix = "" if place.kind == "sqlite" else "shop."
        assert told["orders"]["foreign_keys"] == [
            {"columns": ["customer"], "table": f"{prefix}customers", "references": ["id"]}
        ]
        assert tables["customers"]["file_path"] == f"{prefix}customers"
        assert tables["customers"]["file_count"] == 0
        if place.kind != "sqlite":
            assert told["customers"]["comment"] == "All who ever bought"
            assert told["customers"]["estimated_rows"] == ROWS
            assert tables["customers"]["size_bytes"] > 0
        columns = {(row["table_id"], row["column_name"]): row for row in installation.rows(COLUMNS)}
        lines = tables["order_lines"]["table_id"]
        assert columns[lines, "order_number"]["is_primary_key"]
        assert columns[lines, "position"]["is_primary_key"]
        assert not columns[lines, "article"]["is_primary_key"]
        assert columns[tables["orders"]["table_id"], "number"]["is_primary_key"]
        reference = json.loads(columns[tables["orders"]["table_id"], "customer"]["details"])["references"]
        assert reference == f"{prefix}customers.id"

    def test_data_reading_alone(self, place: Place, installation: Installation) -> None:
        run = installation.run("data_reading", place.path, **place.environ)

        assert run.exit_code == 0, run.log
        assert sorted(name.split(" ")[0] for name in run.document["sample_data"]) == NAMES
        assert not run.details["unreadable"]

    def test_a_table_that_is_dropped_is_gone_afterwards(
        self, local_installation: Installation, tmp_path: Path
    ) -> None:
        """Of SQLite; once is enough, and the servers' tables serve other tests."""
        path = f"sqlite:///{tmp_path}/dropped.db"
        with closing(sqlite3.connect(tmp_path / "dropped.db")) as connection:
            connection.executescript("CREATE TABLE lasting (a); CREATE TABLE short_lived (a)")
            local_installation.run("metadata_extraction", path)
            before = removed(local_installation)
            connection.executescript("DROP TABLE short_lived")
        local_installation.run("metadata_extraction", path)
        after = removed(local_installation)

        assert (before["lasting"], before["short_lived"]) == (None, None)
        assert after["lasting"] is None
        assert after["short_lived"] is not None

    def test_a_view_of_a_table_that_was_dropped_stops_no_other_table(
        self, local_installation: Installation, tmp_path: Path
    ) -> None:
        """SQLite cannot name the columns of such a view, and refused the statement that lists all columns."""
        with closing(sqlite3.connect(tmp_path / "views.db")) as connection:
            connection.executescript(
                "CREATE TABLE good (id INTEGER PRIMARY KEY); INSERT INTO good VALUES (1), (2);"
                "CREATE TABLE old (a); CREATE VIEW newer AS SELECT a FROM old; DROP TABLE old;"
            )
        run = local_installation.run("metadata_extraction", f"sqlite:///{tmp_path}/views.db")

        assert run.exit_code == 0, run.log
        assert [(table["name"], table["rows"]) for table in run.details["tables"]] == [("good", 2)]
        assert run.details["unreadable"] == [
            {
                "name": "newer",
                "reason": "is a view of what is not there any more",
                "remedy": "Drop it, or create again what it selects from.",
            }
        ]


def removed(installation: Installation) -> dict[str, Any]:
    return {row["table_name"]: row["removed_at"] for row in installation.rows(TABLES)}


def previews_first(place: Place) -> str:
    return "1,1,10.5" if place.kind == "sqlite" else "1,1,10.50"


@pytest.fixture(scope="module")
def local_scores(
    spark: SparkSession, local_installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Any]:
    """Return a function: the scores of the same customers in files of a format, which are read once."""
    folder = tmp_path_factory.mktemp("files")

    @functools.lru_cache
    def read(source_type: str) -> Any:
        if source_type == "csv":
            lines = [",".join("" if value is None else str(value) for value in row) for row in CUSTOMERS]
            text = "\n".join([",".join(Customer._fields), *lines, ""])
            (folder / "customers.csv").write_text(text, encoding="utf-8")
        else:
            frame = spark.createDataFrame(CUSTOMERS).selectExpr("cast(id as int) id", *Customer._fields[1:])
            frame.coalesce(1).write.parquet(str(folder / "customers"))
        path = folder / ("customers.csv" if source_type == "csv" else "customers")
        return scores(local_installation.run("quality_assessment", path, source_type).document)

    return read


class TestScores:
    """The six scores of the same data are the same, wherever it lies."""

    def test_one_table_alone_has_those_of_parquet_or_csv(
        self, place: Place, installation: Installation, local_scores: Callable[[str], Any]
    ) -> None:
        run = installation.run("quality_assessment", one_table(place), **place.environ)

        assert [one["name"] for one in run.details["datasets"]] == ["customers"]
        assert scores(run.document) == local_scores("csv" if place.kind == "sqlite" else "parquet")

    def test_the_pipeline_has_the_same(
        self, place: Place, pipeline: Run, local_scores: Callable[[str], Any]
    ) -> None:
        (found,) = [
            one
            for one in pipeline.details["quality_assessment"]["details"]["datasets"]
            if one["name"] == "customers"
        ]

        assert scores({"details": {"datasets": [found]}}) == local_scores(
            "csv" if place.kind == "sqlite" else "parquet"
        )


def scores(document: Any) -> Any:
    (dataset,) = document["details"]["datasets"]
    # The age of rows is measured from each run.
    return {
        name: round(value, 2 if name == "timeliness" else 12)
        for name, value in dataset["quality_metrics"].items()
    }


class TestReading:
    """In parallel, read only, by a key."""

    def test_a_large_table_is_read_by_several_connections(
        self, postgres_server: DatabaseServer, mariadb_server: DatabaseServer, spark: SparkSession
    ) -> None:
        postgres_server.execute(
            "DROP TABLE IF EXISTS many",
            "CREATE TABLE many AS SELECT n::bigint AS id, 'x' || n AS word FROM generate_series(1, 120000) n",
            "ALTER TABLE many ADD PRIMARY KEY (id)",
            "ANALYZE many",
        )
        mariadb_server.execute(
            "DROP TABLE IF EXISTS many",
            "CREATE TABLE many (id BIGINT PRIMARY KEY, day DATE)",
            "INSERT INTO many SELECT seq, '2026-01-01' FROM seq_1_to_120000",
            "ANALYZE TABLE many",
        )
        for server in (postgres_server, mariadb_server):
            source = DatabaseSource(
                path_of(server, "?table=many"), access_of(server, connections=3), lambda: spark
            )
            (dataset,) = source.discover_tables(10).datasets
            data = source.read_table(spark, dataset)

            assert data.rdd.getNumPartitions() == 3
            assert data.count() == 120_000
            assert {row.id for row in data.select("id").collect()} == set(range(1, 120_001))

    def test_nothing_is_written_even_by_a_view_that_would(
        self, postgres_server: DatabaseServer, spark: SparkSession
    ) -> None:
        postgres_server.execute(
            "DROP SCHEMA IF EXISTS sly CASCADE",
            "CREATE SCHEMA sly",
            "CREATE SEQUENCE sly.counter",
            "CREATE VIEW sly.writes AS SELECT nextval('sly.counter') AS n",
        )
        source = DatabaseSource(path_of(postgres_server, "#sly"), access_of(postgres_server), lambda: spark)
        (dataset,) = source.discover_tables(10).datasets
        data = source.read_table(spark, dataset)

        with pytest.raises(Exception, match="failed") as caught:
            data.collect()
        assert "in the database itself" in source.explained(dataset, caught.value).remedy
        assert postgres_server.execute("SELECT is_called FROM sly.counter") == [(False,)]

    def test_several_kinds_of_values_in_a_column_of_sqlite(
        self, sqlite_file: Place, spark: SparkSession
    ) -> None:
        source = DatabaseSource(sqlite_file.path, DatabaseAccess(), lambda: spark)
        (dataset,) = [one for one in source.discover_tables(10).datasets if one.name.startswith("odd")]
        data = source.read_table(spark, dataset)

        assert data.dtypes == [
            ("a column", "bigint"), ("Ä.b", "string"), ("mixed", "string"), ("raw", "binary"),
        ]  # fmt: skip
        assert [tuple(row)[1:3] for row in data.collect()] == [("x", "seven"), ("3", "8")]
        assert dataset.format is formats.TABLE


class TestFailures:
    """One sentence, without a secret, that names the variable to set."""

    @pytest.fixture(params=["postgres_server", "mariadb_server"])
    def server(self, request: pytest.FixtureRequest) -> DatabaseServer:
        found: DatabaseServer = request.getfixturevalue(request.param)
        return found

    def refused(self, path: str, access: DatabaseAccess, spark: SparkSession, **clock: Any) -> ExecutorError:
        with pytest.raises(ExecutorError) as caught:
            DatabaseSource(path, access, lambda: spark, **clock).discover_tables(10)
        assert CANARY not in f"{caught.value!r} {caught.value} {caught.value.__cause__}"
        return caught.value

    def test_a_wrong_password(self, server: DatabaseServer, spark: SparkSession) -> None:
        error = self.refused(path_of(server), access_of(server, password=CANARY), spark)

        assert isinstance(error, SourceAccessDenied)
        assert "EXECUTOR_DATABASE_PASSWORD" in error.remedy

    def test_an_unknown_database(self, server: DatabaseServer, spark: SparkSession) -> None:
        error = self.refused(path_of(server) + "nope", access_of(server), spark)

        assert isinstance(error, SourceNotFound)

    def test_an_unknown_table(self, server: DatabaseServer, spark: SparkSession) -> None:
        error = self.refused(path_of(server, "?table=nowhere.nothing"), access_of(server), spark)

        assert isinstance(error, SourceNotFound)
        assert "has no table of this name" in error.message

    def test_a_server_that_is_not_there_is_asked_again(
        self, server: DatabaseServer, spark: SparkSession, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        path = f"{server.scheme}://u:{CANARY}@127.0.0.1:1/x"
        pauses: List[float] = []
        access = access_of(server, retry_seconds=1.5)
        error = self.refused(path, access, spark, clock=lambda: sum(pauses), sleep=pauses.append)

        assert type(error) is SourceError
        assert error.message.endswith("cannot be read: the server does not answer.")
        assert "EXECUTOR_SOURCE_RETRY_SECONDS" in error.remedy
        assert "asking again" in caplog.text

    def test_no_host_of_that_name(self, server: DatabaseServer, spark: SparkSession) -> None:
        error = self.refused(f"{server.scheme}://nowhere.invalid/x", access_of(server), spark)

        assert "cannot be read" in error.message

    def test_too_many_connections(self, postgres_server: DatabaseServer, spark: SparkSession) -> None:
        postgres_server.execute("CREATE ROLE narrow LOGIN PASSWORD 'narrow-one' CONNECTION LIMIT 0")
        access = access_of(postgres_server, user="narrow", password="narrow-one")
        error = self.refused(path_of(postgres_server), access, spark)

        assert "EXECUTOR_DATABASE_CONNECTIONS" in error.remedy

    def test_a_statement_that_takes_too_long(
        self, postgres_server: DatabaseServer, spark: SparkSession
    ) -> None:
        postgres_server.execute(
            "DROP SCHEMA IF EXISTS slow CASCADE",
            "CREATE SCHEMA slow",
            "CREATE VIEW slow.sleeps AS SELECT pg_sleep(240)::text AS n",
        )
        path = path_of(postgres_server, "#slow")
        (dataset,) = (
            DatabaseSource(path, access_of(postgres_server), lambda: spark).discover_tables(10).datasets
        )
        source = DatabaseSource(path, access_of(postgres_server, timeout_seconds=1), lambda: spark)
        with pytest.raises(Exception, match="failed") as caught:
            source.read_table(spark, dataset).collect()

        assert "EXECUTOR_DATABASE_TIMEOUT_SECONDS" in source.explained(dataset, caught.value).remedy

    def test_a_file_that_is_not_there_or_no_database(self, spark: SparkSession, tmp_path: Path) -> None:
        error = self.refused(f"sqlite:///{tmp_path}/none.db", DatabaseAccess(retry_seconds=0), spark)
        assert isinstance(error, SourceNotFound)
        (tmp_path / "text.db").write_text("This is no database, whatever its name says. " * 99)
        error = self.refused(f"sqlite:///{tmp_path}/text.db", DatabaseAccess(retry_seconds=0), spark)
        assert "no intact SQLite database" in error.message
