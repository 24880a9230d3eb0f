# ruff: noqa: E501, S608, ISC004, DTZ001  statements, made of the test's own values
"""Real PostgreSQL, MariaDB and SQLite as sources: every job, the same scores as files, rights, and what fails."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from nuvyn_executor.discovery import formats
from nuvyn_executor.errors import ExecutorError, SourceAccessDenied, SourceError, SourceNotFound
from nuvyn_executor.schema.tables import COLUMNS, EXECUTOR_RUNS, LOGS, SOURCES, TABLES
from nuvyn_executor.sources.database import DatabaseAccess, DatabaseSource
from tests.installation import Installation, delta_installation

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from fake_databricks.storage_servers.databases import DatabaseServer

pytestmark = [pytest.mark.process, pytest.mark.spark]

ROOT = Path(__file__).resolve().parents[2]
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
    mariadb_server.execute(*MARIADB, *inserts("shop."))
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
    return delta_installation(tmp_path_factory.mktemp(schema), schema)


def access_of(server: DatabaseServer, **more: Any) -> DatabaseAccess:
    return DatabaseAccess(**{"user": server.user, "password": server.password, "retry_seconds": 0, **more})


def path_of(server: DatabaseServer, rest: str = "") -> str:
    return f"{server.scheme}://{server.host}:{server.port}/{server.database}{rest}"


class TestJobs:
    """All jobs, on each of the three."""

    def test_the_whole_pipeline_reads_each_table(self, place: Place, installation: Installation) -> None:
        run = installation.run("full_pipeline", place.path, **place.environ)

        assert run.exit_code == 0, run.log
        details = run.details["metadata_extraction"]
        assert sorted(table["name"].split(" ")[0] for table in details["details"]["tables"]) == NAMES
        assert details["files_found"] == len(NAMES)
        assert {table["name"]: table["rows"] for table in details["details"]["tables"]}["customers"] == ROWS
        previews = run.details["data_reading"]["sample_data"]
        assert previews["orders"]["preview"].splitlines()[:2] == [
            "number,customer,amount",
            previews_first(place),
        ]
        assert all(len(entry["preview"].encode()) <= 2048 for entry in previews.values())

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

    @pytest.mark.parametrize(
        "job", ["schema_validation", "metadata_extraction", "data_reading", "quality_assessment"]
    )
    def test_each_job_alone(self, place: Place, installation: Installation, job: str) -> None:
        run = installation.run(job, place.path, **place.environ)

        assert run.exit_code == 0, run.log
        assert not run.details.get("unreadable")

    def test_one_table_alone(self, place: Place, installation: Installation) -> None:
        name = "customers" if place.kind == "sqlite" else "shop.customers"
        path = f"{place.path.partition('?')[0]}?table={name}"
        run = installation.run("metadata_extraction", path, **place.environ)

        assert run.names("tables") == ["customers"], run.log

    def test_a_table_that_is_dropped_is_gone_afterwards(
        self, place: Place, installation: Installation
    ) -> None:
        if place.kind != "sqlite":
            pytest.skip("once is enough, and the servers' tables serve other tests")
        file = place.path[len("sqlite:///") :].replace("%20", " ")
        connection = sqlite3.connect(file)
        connection.executescript("CREATE TABLE short_lived (a); INSERT INTO short_lived VALUES (1)")
        installation.run("metadata_extraction", place.path)
        connection.executescript("DROP TABLE short_lived")
        connection.close()
        installation.run("metadata_extraction", place.path)

        removed = {
            row["table_name"]: row["removed_at"]
            for row in installation.rows(TABLES)
            if not row["file_path"].startswith("/")
        }
        assert removed["short_lived"] is not None
        assert removed["orders"] is None


def previews_first(place: Place) -> str:
    return "1,1,10.5" if place.kind == "sqlite" else "1,1,10.50"


class TestScores:
    """The six scores of the same data are the same, wherever it lies."""

    def test_they_are_those_of_parquet_or_csv(
        self, place: Place, installation: Installation, spark: SparkSession, tmp_path: Path
    ) -> None:
        frame = spark.createDataFrame(CUSTOMERS)
        source_type = "csv" if place.kind == "sqlite" else "parquet"
        if source_type == "csv":
            lines = [",".join("" if value is None else str(value) for value in row) for row in CUSTOMERS]
            (tmp_path / "customers.csv").write_text(
                "\n".join([",".join(Customer._fields), *lines, ""]), encoding="utf-8"
            )
        else:
            frame.selectExpr("cast(id as int) id", *Customer._fields[1:]).coalesce(1).write.parquet(
                str(tmp_path / "customers")
            )
        run = installation.run("quality_assessment", tmp_path, source_type)
        name = "customers" if place.kind == "sqlite" else "shop.customers"
        path = f"{place.path.partition('?')[0]}?table={name}"
        other = installation.run("quality_assessment", path, **place.environ)

        assert scores(other.document) == scores(run.document)


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

    def test_a_read_only_role_is_enough_and_what_it_may_not_read_is_named(
        self, postgres: Place, postgres_server: DatabaseServer, spark: SparkSession
    ) -> None:
        del postgres
        postgres_server.execute(
            "DROP SCHEMA IF EXISTS least CASCADE",
            "CREATE SCHEMA least",
            "CREATE TABLE least.open (id INTEGER PRIMARY KEY)",
            "INSERT INTO least.open VALUES (1), (2)",
            "CREATE ROLE auditor LOGIN PASSWORD 'reads-only'",
            "GRANT USAGE ON SCHEMA least TO auditor",
            "GRANT SELECT ON ALL TABLES IN SCHEMA least TO auditor",
            "CREATE TABLE least.shut (id INTEGER)",
        )
        access = access_of(postgres_server, user="auditor", password="reads-only")
        source = DatabaseSource(path_of(postgres_server, "#least"), access, lambda: spark)
        found = source.discover_tables(10)

        assert [dataset.path for dataset in found.datasets] == ["least.open"]
        assert [one.name for one in found.unreadable] == ["least.shut"]
        assert source.read_table(spark, found.datasets[0]).count() == 2

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

    def refused(self, path: str, access: DatabaseAccess, spark: SparkSession) -> ExecutorError:
        with pytest.raises(ExecutorError) as caught:
            DatabaseSource(path, access, lambda: spark).discover_tables(10)
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
        error = self.refused(path, access_of(server, retry_seconds=1.5), spark)

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
            "CREATE VIEW slow.sleeps AS SELECT pg_sleep(30)::text AS n",
        )
        access = access_of(postgres_server, timeout_seconds=1)
        source = DatabaseSource(path_of(postgres_server, "#slow"), access, lambda: spark)
        (dataset,) = source.discover_tables(10).datasets
        with pytest.raises(Exception, match="failed") as caught:
            source.read_table(spark, dataset).collect()

        assert "EXECUTOR_DATABASE_TIMEOUT_SECONDS" in source.explained(dataset, caught.value).remedy

    def test_a_file_that_is_not_there_or_no_database(self, spark: SparkSession, tmp_path: Path) -> None:
        error = self.refused(f"sqlite:///{tmp_path}/none.db", DatabaseAccess(retry_seconds=0), spark)
        assert isinstance(error, SourceNotFound)
        (tmp_path / "text.db").write_text("This is no database, whatever its name says. " * 99)
        error = self.refused(f"sqlite:///{tmp_path}/text.db", DatabaseAccess(retry_seconds=0), spark)
        assert "no intact SQLite database" in error.message


class TestCommand:
    """The command, in a process of its own; no secret is anywhere."""

    def test_a_password_in_the_path_is_nowhere_to_be_seen(
        self, postgres: Place, postgres_server: DatabaseServer, spark: SparkSession, tmp_path: Path
    ) -> None:
        del postgres
        postgres_server.execute(
            f"CREATE ROLE canary LOGIN PASSWORD '{CANARY}'",
            "GRANT USAGE ON SCHEMA shop TO canary",
            "GRANT SELECT ON ALL TABLES IN SCHEMA shop TO canary",
        )
        server = f"{postgres_server.host}:{postgres_server.port}/{postgres_server.database}"
        done = subprocess.run(
            [sys.executable, "-m", "nuvyn_executor", "full_pipeline",
             f"jdbc:postgresql://{server}?user=canary&password={CANARY}#shop"],
            cwd=ROOT,
            env={
                **os.environ,
                "EXECUTOR_WAREHOUSE_DIR": str(tmp_path),
                "EXECUTOR_SCHEMA_NAME": "canary_runs",
                "EXECUTOR_LOG_LEVEL": "DEBUG",
            },
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )  # fmt: skip

        assert done.returncode == 0, done.stderr[-3000:]
        assert CANARY not in done.stdout + done.stderr
        assert len(done.stdout.splitlines()) == 1
        for table in (SOURCES, TABLES, COLUMNS, EXECUTOR_RUNS, LOGS):
            (folder,) = [path for path in tmp_path.rglob(table.name) if (path / "_delta_log").is_dir()]
            rows = spark.read.format("delta").load(str(folder)).collect()
            assert rows
            assert CANARY not in str(rows)
