"""PostgreSQL, from Debian's packages or as the machine has it."""

from __future__ import annotations

import secrets
import signal
import struct
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

IMAGE = "postgres:latest"
PORT = 5432
PROTOCOL_3 = 196608
# No durability: the data lives as long as the tests. No JIT: its library (LLVM, 100 MB) is not installed.
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "jit=off", "max_connections=100")


def binaries_in(root: Path) -> Path | None:
    """Return the folder of the newest server's programs under a root folder."""
    found = sorted(root.glob("usr/lib/postgresql/*/bin"), key=lambda path: int(path.parent.name))
    return found[-1] if found and (found[-1] / "initdb").exists() else None


def answers(server: DatabaseServer) -> bool:
    """Return whether the server asks for a password; raise ``OSError`` while nothing listens."""
    words = b"user\0" + server.user.encode() + b"\0database\0" + server.database.encode() + b"\0\0"
    message = struct.pack(">ii", len(words) + 8, PROTOCOL_3) + words
    return first_bytes(server.host, server.port, message, 1) == b"R"  # "E" while it starts


def _root() -> Path:
    """Return the root folder of the server's programs: ours, else the machine's."""
    ours = installed_folder("postgres")
    return ours if binaries_in(ours) else Path("/")


def _missing() -> str | None:
    return None if binaries_in(_root()) else not_installed("PostgreSQL")


def _connect(address: str) -> DatabaseServer:
    return parse_url(address, "postgresql", "postgresql", PORT)


@contextmanager
def _contain() -> Iterator[DatabaseServer]:
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415  optional, and slow to import

    password = secrets.token_hex(8)
    container = DockerContainer(IMAGE).with_exposed_ports(PORT)
    container.with_envs(POSTGRES_USER=USER, POSTGRES_PASSWORD=password, POSTGRES_DB=DATABASE)

    def build(host: str, port: int) -> DatabaseServer:
        return DatabaseServer("postgresql", "postgresql", host, port, USER, password, DATABASE)

    # The server that the image runs to set itself up listens on no port.
    with containers.started(container, PORT, build, answers) as server:
        yield server


def _build(folder: Path) -> tuple[Spec, Any]:
    root = _root()
    if root != Path("/"):
        root = readable_copy(folder, root)
    binaries = binaries_in(root)
    assert binaries is not None
    password = secrets.token_hex(8)
    server = DatabaseServer("postgresql", "postgresql", "127.0.0.1", free_port(), USER, password, DATABASE)
    (folder / "password").write_text(password, encoding="ascii")
    data = str(folder / "data")
    initdb = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
    steps = (
        (f"{binaries}/initdb", "-D", data, "-U", USER, f"--pwfile={folder}/password", *initdb),
        # The database is made while no server runs, by the server's single-user mode.
        (
            "/bin/sh",
            "-c",
            f'echo "CREATE DATABASE {DATABASE}" | "$0" --single -D "$1" postgres',
            f"{binaries}/postgres",
            data,
        ),
    )
    settings = (*SETTINGS, "listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={server.port}")
    program = (
        f"{binaries}/postgres",
        "-D",
        data,
        *(word for setting in settings for word in ("-c", setting)),
    )

    def ready(_: Program) -> DatabaseServer | None:
        return server if answers(server) else None

    spec = Spec(program, steps, unprivileged=True, stop_signal=signal.SIGQUIT, environment=library_path(root))
    return spec, ready


@contextmanager
def _launch() -> Iterator[DatabaseServer]:
    with running("postgres", _build) as server:
        yield server


KIND = Kind(
    "postgres",
    "NUVYN_TEST_POSTGRES_URL",
    IMAGE,
    "PostgreSQL",
    _missing,
    _connect,
    _contain,
    _launch,
)
