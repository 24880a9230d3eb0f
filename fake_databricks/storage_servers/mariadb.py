"""MariaDB, from Debian's packages or as the machine has it."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

from fake_databricks.storage_servers import containers
from fake_databricks.storage_servers.cache import not_installed
from fake_databricks.storage_servers.databases import (
    DATABASE,
    USER,
    DatabaseServer,
    first_bytes,
    installed_folder,
    library_path,
    parse_url,
)
from fake_databricks.storage_servers.finding import Kind
from fake_databricks.storage_servers.program import Program, Spec, free_port, readable_copy, running

IMAGE = "mariadb:latest"
PORT = 3306
HANDSHAKE = 10
# No durability: the data lives as long as the tests.
SETTINGS = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=16M",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--character-set-server=utf8mb4",
)


def answers(server: DatabaseServer) -> bool:
    """Return whether the server sends its handshake; raise ``OSError`` while nothing listens."""
    received = first_bytes(
        server.host, server.port, b"", 5
    )  # the packet's length and number, then the protocol
    return len(received) > 4 and received[4] == HANDSHAKE  # noqa: PLR2004  as the comment says


def _root() -> Path:
    """Return the root folder of the server's programs: ours, else the machine's."""
    ours = installed_folder("mariadb")
    return ours if (ours / "usr" / "sbin" / "mariadbd").exists() else Path("/")


def _missing() -> str | None:
    return None if (_root() / "usr" / "sbin" / "mariadbd").exists() else not_installed("MariaDB")


def _connect(address: str) -> DatabaseServer:
    return parse_url(address, "mysql", "mariadb", PORT)


@contextmanager
def _contain() -> Iterator[DatabaseServer]:
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415  optional, and slow to import

    password = secrets.token_hex(8)
    container = DockerContainer(IMAGE).with_exposed_ports(PORT)
    container.with_envs(MARIADB_ROOT_PASSWORD=password, MARIADB_DATABASE=DATABASE)

    def build(host: str, port: int) -> DatabaseServer:
        return DatabaseServer("mysql", "mariadb", host, port, "root", password, DATABASE)

    # The server that the image runs to set itself up listens on no port.
    with containers.started(container, PORT, build, answers) as server:
        yield server


def _build(folder: Path) -> tuple[Spec, Any]:
    root = _root()
    if root != Path("/"):
        root = readable_copy(folder, root)
    password = secrets.token_hex(8)
    server = DatabaseServer("mysql", "mariadb", "127.0.0.1", free_port(), USER, password, DATABASE)
    # Run before connections are accepted. An anonymous user would hide the other users of 127.0.0.1.
    (folder / "start.sql").write_text(
        f"CREATE DATABASE IF NOT EXISTS {DATABASE};\n"
        "DROP USER IF EXISTS ''@'localhost';\n"
        f"CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{password}';\n"
        f"GRANT ALL PRIVILEGES ON *.* TO {USER}@'%' WITH GRANT OPTION;\n",
        encoding="ascii",
    )
    place = (f"--basedir={root}/usr", f"--datadir={folder}/data", f"--lc-messages-dir={root}/usr/share/mysql")
    install = (f"{root}/usr/bin/mariadb-install-db", "--no-defaults", *place[:2], "--skip-test-db")
    program = (
        f"{root}/usr/sbin/mariadbd",
        "--no-defaults",
        *place,
        *SETTINGS,
        "--bind-address=127.0.0.1",
        f"--port={server.port}",
        f"--socket={folder}/socket",
        f"--pid-file={folder}/pid",
        f"--plugin-dir={folder}",
        f"--init-file={folder}/start.sql",
    )

    def ready(_: Program) -> DatabaseServer | None:
        return server if answers(server) else None

    spec = Spec(program, (install,), unprivileged=True, environment=library_path(root))
    return spec, ready


@contextmanager
def _launch() -> Iterator[DatabaseServer]:
    with running("mariadb", _build) as server:
        yield server


KIND = Kind("mariadb", "NUVYN_TEST_MARIADB_URL", IMAGE, "MariaDB", _missing, _connect, _contain, _launch)
