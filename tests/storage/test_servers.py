"""Each storage server is a real one: a client writes and reads, and wrong credentials are refused."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import obstore
import pg8000.exceptions
import pymysql
import pytest
from obstore.exceptions import BaseError
from obstore.store import AzureStore, S3Store

from fake_databricks.storage_servers import postgres, s3
from fake_databricks.storage_servers.azure import RefusedCall
from fake_databricks.storage_servers.finding import open_server

if TYPE_CHECKING:
    from fake_databricks.storage_servers.azure import AzureServer
    from fake_databricks.storage_servers.databases import DatabaseServer
    from fake_databricks.storage_servers.s3 import S3Server

pytestmark = pytest.mark.process


def names(store: Any, prefix: str) -> list[str]:
    return sorted(entry["path"] for page in obstore.list(store, prefix) for entry in page)


class TestS3:
    def store(self, server: S3Server, bucket: str) -> S3Store:
        return S3Store(
            bucket,
            endpoint=server.endpoint,
            access_key_id=server.access_key,
            secret_access_key=server.secret_key,
            region=server.region,
            client_options={"allow_http": True},
        )

    def test_objects_are_written_listed_and_read_by_ranges(self, s3_server: S3Server) -> None:
        s3_server.create_bucket("round-trip")
        store = self.store(s3_server, "round-trip")

        for number in range(50):
            obstore.put(store, f"many/part-{number:02}.csv", b"0123456789")

        assert names(store, "many/") == [f"many/part-{number:02}.csv" for number in range(50)]
        assert bytes(obstore.get_range(store, "many/part-07.csv", start=3, length=4)) == b"3456"

    def test_boto3_is_led_there_by_the_environment(
        self, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        boto3 = pytest.importorskip("boto3")
        for name, value in s3_server.environment().items():
            monkeypatch.setenv(name, value)
        client = boto3.client("s3")

        client.create_bucket(Bucket="by-environment")
        client.put_object(Bucket="by-environment", Key="a.txt", Body=b"hello")

        assert client.get_object(Bucket="by-environment", Key="a.txt")["Body"].read() == b"hello"
        client.close()

    def test_a_missing_bucket_is_refused(self, s3_server: S3Server) -> None:
        with pytest.raises((BaseError, FileNotFoundError), match="NoSuchBucket"):
            obstore.put(self.store(s3_server, "never-created"), "a.txt", b"", max_concurrency=1)


class TestAzure:
    def store(self, server: AzureServer, container: str) -> AzureStore:
        return AzureStore(
            container,
            account_name=server.account,
            account_key=server.key,
            endpoint=server.endpoint,
            client_options={"allow_http": True},
        )

    def test_blobs_are_written_listed_and_read_by_ranges(self, azure_server: AzureServer) -> None:
        azure_server.create_container("round-trip")
        store = self.store(azure_server, "round-trip")

        azure_server.put("round-trip", "folder/käse 1.csv", b"0123456789")
        obstore.put(store, "folder/b.csv", b"abc")

        assert names(store, "folder/") == ["folder/b.csv", "folder/käse 1.csv"]
        assert bytes(obstore.get_range(store, "folder/käse 1.csv", start=3, length=4)) == b"3456"
        assert azure_server.get("round-trip", "folder/b.csv") == b"abc"

    def test_a_wrong_key_is_refused(self, azure_server: AzureServer) -> None:
        stranger = dataclasses.replace(azure_server, key="d3Jvbmc=")

        with pytest.raises(RefusedCall, match=r"(?s)403 .*AuthorizationFailure"):
            stranger.create_container("never-created")


class TestDatabases:
    @pytest.fixture(params=["postgres_server", "mariadb_server"])
    def database(self, request: pytest.FixtureRequest) -> DatabaseServer:
        server: DatabaseServer = request.getfixturevalue(request.param)
        return server

    def test_rows_are_written_and_read(self, database: DatabaseServer) -> None:
        rows = database.execute(
            "DROP TABLE IF EXISTS people",
            "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(20))",
            "INSERT INTO people VALUES (1, 'Zoë'), (2, NULL)",
            "SELECT id, name FROM people ORDER BY id",
        )

        assert rows == [(1, "Zoë"), (2, None)]

    def test_a_wrong_password_is_refused(self, database: DatabaseServer) -> None:
        with pytest.raises(
            (pg8000.exceptions.DatabaseError, pymysql.err.OperationalError), match=r"28P01|1045"
        ):
            database.as_user(database.user, "wrong").execute("SELECT 1")

    def test_another_user_reads_only_what_is_granted(self, database: DatabaseServer) -> None:
        is_postgres = database.scheme == "postgresql"
        database.execute(
            "DROP TABLE IF EXISTS secret_rows",
            "CREATE TABLE secret_rows (id INTEGER)",
            "CREATE USER reader PASSWORD 'reads'"
            if is_postgres
            else "CREATE USER reader IDENTIFIED BY 'reads'",
            "CREATE TABLE granted_rows (id INTEGER)",
            f"GRANT SELECT ON {'' if is_postgres else database.database + '.'}granted_rows TO reader",
        )
        reader = database.as_user("reader", "reads")

        assert reader.execute("SELECT * FROM granted_rows") == []
        with pytest.raises(
            (pg8000.exceptions.DatabaseError, pymysql.err.OperationalError), match=r"42501|1142"
        ):
            reader.execute("SELECT * FROM secret_rows")


class TestTwoAtOnce:
    @pytest.mark.parametrize("kind", [s3.KIND, postgres.KIND], ids=lambda kind: str(kind.name))
    def test_two_servers_of_one_kind_run_side_by_side(self, kind: Any) -> None:
        if kind.way() != "process":
            pytest.skip(f"{kind.name} is not a local process here")
        with open_server(kind) as one, open_server(kind) as other:
            assert one != other
            assert all(module_answers(kind, server) for server in (one, other))


def module_answers(kind: Any, server: Any) -> bool:
    return s3.answers(server) if kind is s3.KIND else postgres.answers(server)
