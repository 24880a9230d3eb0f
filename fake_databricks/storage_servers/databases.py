"""What PostgreSQL and MariaDB have in common: the fixture's value, and where they are installed."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from fake_databricks.storage_servers.cache import servers_folder

if TYPE_CHECKING:
    from pathlib import Path

USER = DATABASE = "nuvyn"


@dataclass(frozen=True)
class DatabaseServer:
    """A database server, with a user who may create databases and users.

    Attributes:
        scheme: of its URL, ``postgresql`` or ``mysql``.
        jdbc: of its JDBC URL, ``postgresql`` or ``mariadb``.
    """

    scheme: str
    jdbc: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str

    @property
    def url(self) -> str:
        """The URL with the user and the password."""
        secret = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"{self.scheme}://{secret}@{self.host}:{self.port}/{self.database}"

    @property
    def jdbc_url(self) -> str:
        """The URL for Spark's JDBC source; the user and the password are options beside it."""
        return f"jdbc:{self.jdbc}://{self.host}:{self.port}/{self.database}"

    def as_user(self, user: str, password: str) -> DatabaseServer:
        """Return the same server for another user."""
        return replace(self, user=user, password=password)

    def connect(self) -> Any:
        """Return a DB-API connection in autocommit mode; the caller closes it."""
        if self.scheme == "postgresql":
            import pg8000.dbapi  # noqa: PLC0415  optional

            connection = pg8000.dbapi.connect(
                self.user, self.host, self.database, self.port, self.password, timeout=60
            )
            connection.autocommit = True
            return connection
        import pymysql  # noqa: PLC0415  optional

        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            database=self.database,
            autocommit=True,
        )

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements on one connection and return the rows of the last one, if it has any."""
        connection = self.connect()
        try:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            connection.close()


def parse_url(address: str, scheme: str, jdbc: str, default_port: int) -> DatabaseServer:
    """Read ``scheme://user:password@host:port/database``."""
    parts = urlsplit(address)
    return DatabaseServer(
        scheme,
        jdbc,
        parts.hostname or "127.0.0.1",
        parts.port or default_port,
        unquote(parts.username or USER),
        unquote(parts.password or ""),
        parts.path.strip("/") or DATABASE,
    )


def installed_folder(name: str) -> Path:
    """Return the folder that Debian's packages of a server were unpacked in."""
    return servers_folder() / name


def library_path(installed: Path) -> dict[str, str]:
    """Return the variable that leads unpacked programs to their libraries."""
    folders = [*installed.glob("usr/lib/*-linux-gnu*"), *installed.glob("lib/*-linux-gnu*")]
    inherited = os.environ.get("LD_LIBRARY_PATH", "")
    return {"LD_LIBRARY_PATH": ":".join([*map(str, folders), *filter(None, [inherited])])}


def first_bytes(host: str, port: int, sent: bytes, count: int) -> bytes:
    """Return the first bytes that a server answers; raise ``OSError`` while it does not listen."""
    with socket.create_connection((host, port), timeout=5) as connection:
        connection.sendall(sent)
        received = b""
        while len(received) < count:
            more = connection.recv(count - len(received))
            if not more:
                break
            received += more
        return received
