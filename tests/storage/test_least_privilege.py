# ruff: noqa: S608  statements, made of the test's own values
"""The rights that docs/sources.md asks for, taken from the page: the servers grant those, and no more."""

from __future__ import annotations

import dataclasses
import fnmatch
import json
import re
import uuid
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Iterator
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pg8000.exceptions
import pymysql
import pytest

from fake_databricks.storage_servers import s3
from fake_databricks.storage_servers.azure import RefusedCall
from fake_databricks.storage_servers.finding import VARIABLE, server_or_skip
from nuvyn_executor.errors import SourceAccessDenied
from tests.installation import Installation, Run, spark_installation
from tests.storage.stores import MANY, source_at, store_of
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from fake_databricks.storage_servers.azure import AzureServer
    from fake_databricks.storage_servers.databases import DatabaseServer
    from fake_databricks.storage_servers.s3 import S3Server

pytest.importorskip("boto3")
pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
CUSTOMERS = b"customer_id,name,country\n1,Ada,GB\n2,Grace,US\n3,Emmy,DE\n"
PASSWORD = "reads-and-no-more"
BUCKET = "client-data"  # as in the policy


def block(language: str, beginning: str) -> str:
    """Return the first code block of the page after some words."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE[PAGE.index(beginning) :], re.DOTALL)
    assert found is not None
    return found[1]


def grants(database: str) -> list[str]:
    """Return the statements of the page for a kind of database, with a password in place of its dots."""
    parts = re.split(r"^-- (.+)\n", block("sql", "## Databases"), flags=re.MULTILINE)
    statements = dict(zip(parts[1::2], parts[2::2], strict=True))[database]
    assert "'...'" in statements
    return [one.strip() for one in statements.replace("'...'", f"'{PASSWORD}'").split(";") if one.strip()]


@pytest.fixture
def installation(spark: SparkSession, tmp_path: Path) -> Installation:
    del spark
    return spark_installation(tmp_path / "warehouse", f"p{uuid.uuid4().hex[:8]}")


def whole(run: Run, *unreadable: str) -> list[str]:
    """Return the names of the tables of a pipeline, whose steps have read all but some."""
    assert run.exit_code == 0, run.log
    extraction = run.details["metadata_extraction"]["details"]
    assert [one["name"] for one in extraction["unreadable"]] == [*unreadable]
    assert run.document["data_reading"]["files_read"] == len(extraction["tables"])
    return [str(one["name"]) for one in extraction["tables"]]


def ask_moto(server: S3Server, path: str, body: bytes | None = None) -> str:
    """Call moto's own API, beside S3's."""
    headers = {"Content-Type": "text/plain"}  # urllib's own is that of a form, whose body moto finds empty
    request = Request(f"{server.endpoint}/moto-api/{path}", body, headers)
    with urlopen(request, timeout=LONGEST) as answer:
        return str(answer.read().decode())


@pytest.fixture(scope="module")
def auditor() -> Iterator[S3Server]:
    """Return an S3 server that checks rights, and the keys of a user with the page's policy."""
    import boto3  # noqa: PLC0415  slow to import

    if s3.KIND.way() == VARIABLE:
        pytest.skip("rights are switched on for a whole server, and this one is not ours")
    with server_or_skip(s3.KIND) as server:
        server.create_bucket(BUCKET)
        for key in ("shop/customers.csv", "shop/2026/customers.csv", "payroll/customers.csv"):
            server.put(BUCKET, key, CUSTOMERS)
        iam = boto3.client(
            "iam",
            endpoint_url=server.endpoint,
            aws_access_key_id=server.access_key,
            aws_secret_access_key=server.secret_key,
            region_name=server.region,
        )
        with closing(iam):
            iam.create_user(UserName="auditor")
            policy = block("json", "## Least privilege")
            iam.put_user_policy(UserName="auditor", PolicyName="reads", PolicyDocument=policy)
            made = iam.create_access_key(UserName="auditor")["AccessKey"]
        ask_moto(server, "reset-auth", b"0")  # so many calls are still allowed to everybody
        yield dataclasses.replace(server, access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])


class TestS3:
    """S3, for one prefix of one bucket: the page's policy, with the rights of moto switched on."""

    def test_the_whole_pipeline_needs_no_more(self, auditor: S3Server, installation: Installation) -> None:
        run = installation.run("full_pipeline", f"s3://{BUCKET}/shop", **auditor.environment())

        assert whole(run) == ["customers", "customers"]

    @pytest.mark.parametrize(
        "call",
        [
            lambda client: client.put_object(Bucket=BUCKET, Key="shop/new.csv", Body=b""),
            lambda client: client.delete_object(Bucket=BUCKET, Key="shop/customers.csv"),
            lambda client: client.get_object(Bucket=BUCKET, Key="payroll/customers.csv"),
            lambda client: client.list_objects_v2(Bucket="another-bucket"),
        ],
        ids=["write", "delete", "another prefix", "another bucket"],
    )
    def test_anything_else_is_denied(self, auditor: S3Server, call: Callable[[Any], object]) -> None:
        with closing(auditor.client()) as client, pytest.raises(client.exceptions.ClientError) as caught:
            call(client)

        assert caught.value.response["Error"]["Code"] == "AccessDenied"

    def test_another_prefix_is_one_sentence(self, auditor: S3Server) -> None:
        source = source_at(f"s3://{BUCKET}/payroll/customers.csv", auditor.environment())

        with pytest.raises(SourceAccessDenied, match="s3:GetObject") as caught:
            source.storage.find("payroll/customers.csv")
        assert auditor.secret_key not in str(caught.value)

    def test_a_wrong_secret_is_refused(self, auditor: S3Server) -> None:
        wrong = {**auditor.environment(), "AWS_SECRET_ACCESS_KEY": "not-the-secret"}

        with pytest.raises(SourceAccessDenied, match="SignatureDoesNotMatch"):
            source_at(f"s3://{BUCKET}/shop", wrong).survey(MANY)

    @pytest.mark.parametrize("path", ["shop", "shop/", "shop/customers.csv", "shop/2026"])
    def test_each_listing_has_a_prefix_that_the_policy_names(self, auditor: S3Server, path: str) -> None:
        """Moto ignores conditions: the prefixes that it was asked for are compared here, as AWS would."""
        (condition,) = [
            statement["Condition"]["StringLike"]["s3:prefix"]
            for statement in json.loads(block("json", "## Least privilege"))["Statement"]
            if "Condition" in statement
        ]
        ask_moto(auditor, "recorder/reset-recording", b"")
        ask_moto(auditor, "recorder/start-recording", b"")
        found = source_at(f"s3://{BUCKET}/{path}", auditor.environment()).survey(MANY)
        ask_moto(auditor, "recorder/stop-recording", b"")
        urls = [
            urlsplit(json.loads(line)["url"])
            for line in ask_moto(auditor, "recorder/download-recording").splitlines()
        ]

        prefixes = [parse_qs(url.query)["prefix"][0] for url in urls if "prefix=" in url.query]
        keys = [url.path.removeprefix(f"/{BUCKET}/") for url in urls if not url.query]
        assert found.files
        assert prefixes or found.is_single_file
        assert all(any(fnmatch.fnmatchcase(one, pattern) for pattern in condition) for one in prefixes)
        assert all(f"{one}/".startswith("shop/") for one in keys)


class TestAzure:
    """Azure: a shared access signature with the permissions `rl` (read, list)."""

    def test_the_whole_pipeline_needs_no_more(
        self, request: pytest.FixtureRequest, azure_server: AzureServer, installation: Installation
    ) -> None:
        store = store_of("azure", request)
        store.write("shop/customers.csv", CUSTOMERS)
        (permissions,) = re.findall(r"permissions `(\w+)` \(read, list\)", PAGE)
        signature = azure_server.sas_token(permissions)
        run = installation.run("full_pipeline", f"{store.paths[0]}shop?{signature}")

        assert whole(run) == ["customers"]
        for method in ("PUT", "DELETE"):
            request_to = Request(
                f"{store.paths[0]}shop/customers.csv?{signature}",
                b"" if method == "PUT" else None,
                {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2021-12-02"},
                method=method,
            )
            with pytest.raises(OSError, match="403"):
                urlopen(request_to, timeout=LONGEST)
        with pytest.raises(RefusedCall, match="404"):
            azure_server.get(store.root.partition("@")[0].partition("//")[2], "shop/new.csv")


class TestDatabases:
    """Rights. Reading is enough. A table that the user sees and may not read is named under `unreadable`."""

    def test_postgresql(self, postgres_server: DatabaseServer, installation: Installation) -> None:
        server = postgres_server
        if server.execute("SELECT 1 FROM pg_roles WHERE rolname = 'auditor'"):
            server.execute("DROP OWNED BY auditor", "DROP ROLE auditor")
        server.execute(
            "DROP SCHEMA IF EXISTS sales CASCADE",
            "CREATE SCHEMA sales",
            "CREATE TABLE sales.customers (id INTEGER PRIMARY KEY, name TEXT)",
            "INSERT INTO sales.customers VALUES (1, 'Ada'), (2, 'Grace')",
            "CREATE VIEW sales.first_names AS SELECT name FROM sales.customers",
            *grants("PostgreSQL"),
            "CREATE TABLE sales.salaries (id INTEGER)",  # after the grants, so not in them
        )
        place = f"postgresql://{server.host}:{server.port}/{server.database}?schema=sales"
        login = {"EXECUTOR_DATABASE_USER": "auditor", "EXECUTOR_DATABASE_PASSWORD": PASSWORD}
        run = installation.run("full_pipeline", place, **login)

        assert whole(run, "sales.salaries") == ["customers", "first_names"]
        for statement in [*writes("sales"), "SELECT * FROM sales.salaries"]:
            with pytest.raises(pg8000.exceptions.DatabaseError, match="42501"):
                server.as_user("auditor", PASSWORD).execute(statement)

    def test_mariadb(self, mariadb_server: DatabaseServer, installation: Installation) -> None:
        server = mariadb_server
        server.execute(
            "DROP USER IF EXISTS auditor",
            "DROP DATABASE IF EXISTS shop",
            "CREATE DATABASE shop",
            "CREATE TABLE shop.customers (id INTEGER PRIMARY KEY, name TEXT)",
            "INSERT INTO shop.customers VALUES (1, 'Ada'), (2, 'Grace')",
            "CREATE VIEW shop.first_names AS SELECT name FROM shop.customers",
            "CREATE OR REPLACE TABLE salaries (id INTEGER)",
            *grants("MySQL, MariaDB"),
        )
        run = installation.run(
            "full_pipeline",
            f"mysql://{server.host}:{server.port}",  # all databases that the user sees
            EXECUTOR_DATABASE_USER="auditor",
            EXECUTOR_DATABASE_PASSWORD=PASSWORD,
        )

        assert whole(run) == ["customers", "first_names"]
        user = dataclasses.replace(server, user="auditor", password=PASSWORD, database="shop")
        for statement in [*writes("shop"), f"SELECT * FROM {server.database}.salaries"]:
            with pytest.raises(pymysql.err.OperationalError, match="1142"):
                user.execute(statement)


def writes(schema: str) -> list[str]:
    return [
        f"INSERT INTO {schema}.customers VALUES (3, 'Emmy')",
        f"UPDATE {schema}.customers SET name = ''",
        f"DELETE FROM {schema}.customers",
        f"CREATE TABLE {schema}.made (id INTEGER)",
    ]
