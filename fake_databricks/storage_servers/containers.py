"""Containers by Testcontainers, where a Docker engine answers and has the image; nothing is pulled."""

from __future__ import annotations

import importlib.util
import os
import socket
import time
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Callable, Iterator, TypeVar
from urllib.parse import quote, urlsplit

from fake_databricks.storage_servers.program import LOG_CHARACTERS, POLL_SECONDS, START_SECONDS, StartFailed

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

Server = TypeVar("Server")

DEFAULT_ENGINE = "unix:///var/run/docker.sock"
PROBE_SECONDS = 2.0
OK = 200


class _EngineConnection(HTTPConnection):
    """A connection to the engine of ``DOCKER_HOST``, by its socket file or by TCP."""

    def __init__(self, address: str) -> None:
        self.engine = urlsplit(address)
        super().__init__(self.engine.hostname or "localhost", self.engine.port or 2375, timeout=PROBE_SECONDS)

    def connect(self) -> None:
        if self.engine.scheme != "unix":
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PROBE_SECONDS)
        self.sock.connect(self.engine.path)


def has_image(image: str) -> bool:
    """Return whether Testcontainers is installed and the Docker engine answers and has the image."""
    if importlib.util.find_spec("testcontainers") is None:
        return False
    return _answers(os.environ.get("DOCKER_HOST") or DEFAULT_ENGINE, f"/images/{quote(image)}/json")


def engine_answers(address: str) -> bool:
    """Return whether a Docker engine answers at an address as ``DOCKER_HOST`` has it."""
    return _answers(address, "/_ping")


def _answers(address: str, path: str) -> bool:
    """Return whether the engine's answer to a GET is 200; what is no engine does not answer."""
    if urlsplit(address).scheme not in ("unix", "tcp", "http") or not hasattr(socket, "AF_UNIX"):
        return False
    connection = _EngineConnection(address)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def started(
    container: DockerContainer,
    port: int,
    build: Callable[[str, int], Server],
    answers: Callable[[Server], bool],
) -> Iterator[Server]:
    """Start a container and wait until its server answers.

    Ryuk, which removes the containers of a killed session, is used where the engine has its image.

    Args:
        container: not started yet; its port must be exposed.
        port: the server's port in the container.
        build: returns the server for the host and the port where that port is published.
        answers: whether the server answers; an ``OSError`` counts as no.

    Raises:
        StartFailed: the server did not answer in time.
    """
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415  optional, and slow to import

    if not has_image(testcontainers_config.ryuk_image):
        testcontainers_config.ryuk_disabled = True
    with container:
        server = build(container.get_container_host_ip(), int(container.get_exposed_port(port)))
        end = time.monotonic() + START_SECONDS
        while True:
            with suppress(OSError, HTTPException):
                if answers(server):
                    break
            if time.monotonic() > end:
                log = b"".join(container.get_logs()).decode(errors="replace")
                raise StartFailed(
                    f"{container.image} did not answer. The end of its log:\n{log[-LOG_CHARACTERS:]}"
                )
            time.sleep(POLL_SECONDS)
        yield server
