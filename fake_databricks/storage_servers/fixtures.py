"""The storage servers as fixtures of a session, and their line in pytest's header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

import pytest

from fake_databricks.storage_servers import azure, mariadb, postgres, s3
from fake_databricks.storage_servers.finding import server_or_skip

if TYPE_CHECKING:
    from fake_databricks.storage_servers.azure import AzureServer
    from fake_databricks.storage_servers.databases import DatabaseServer
    from fake_databricks.storage_servers.s3 import S3Server

KINDS = (s3.KIND, azure.KIND, postgres.KIND, mariadb.KIND)


def pytest_report_header() -> str:
    """Name the way by which each server is found."""
    return f"storage servers: {', '.join(kind.described() for kind in KINDS)}"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """Return an S3 server (moto)."""
    with server_or_skip(s3.KIND) as server:
        yield server


@pytest.fixture(scope="session")
def azure_server() -> Iterator[AzureServer]:
    """Return a server of Azure Blob Storage (Azurite)."""
    with server_or_skip(azure.KIND) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[DatabaseServer]:
    """Return a PostgreSQL server."""
    with server_or_skip(postgres.KIND) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[DatabaseServer]:
    """Return a MariaDB server."""
    with server_or_skip(mariadb.KIND) as server:
        yield server
