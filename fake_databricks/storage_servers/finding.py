"""Where a storage server comes from: a variable, Testcontainers, or a local process.

This module imports little: every session of pytest prints its header line.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Callable, ContextManager, Iterator, Mapping

import pytest

from fake_databricks.storage_servers import containers

VARIABLE, CONTAINER, PROCESS = "variable", "Testcontainers", "process"


class ServerUnavailable(Exception):  # noqa: N818  it says what happened
    """A server that cannot be had on this machine, with the reason and the remedy."""


@dataclass(frozen=True)
class Kind:
    """One kind of server and the three ways to get one.

    Attributes:
        name: as in pytest's header.
        variable: the environment variable with the address of a server that runs already.
        image: the container image that Testcontainers starts, where the Docker engine has it.
        process: what a local process is called.
        missing: returns why no local process can be started, or ``None`` where one can.
        connect: returns the server at the address of the variable.
        contain: starts the server in a container.
        launch: starts the server as a local process.
    """

    name: str
    variable: str
    image: str
    process: str
    missing: Callable[[], str | None]
    connect: Callable[[str], Any]
    contain: Callable[[], ContextManager[Any]]
    launch: Callable[[], ContextManager[Any]]

    def way(self, environment: Mapping[str, str] = os.environ) -> str | None:
        """Return how the server is found: the first of the three ways that works here, or ``None``."""
        if environment.get(self.variable):
            return VARIABLE
        if containers.has_image(self.image):
            return CONTAINER
        return PROCESS if self.missing() is None else None

    def described(self) -> str:
        """Return the server's part of pytest's header."""
        words = {
            VARIABLE: self.variable,
            CONTAINER: f"{CONTAINER} {self.image}",
            PROCESS: f"{self.process} process",
        }
        return f"{self.name}={words.get(self.way() or '', 'none')}"


@contextmanager
def open_server(kind: Kind) -> Iterator[Any]:
    """Start or find a server; what was started is ended with the block.

    Raises:
        ServerUnavailable: none of the three ways works here.
    """
    way = kind.way()
    with ExitStack() as stack:
        if way == VARIABLE:
            yield kind.connect(os.environ[kind.variable])
        elif way == CONTAINER:
            yield stack.enter_context(kind.contain())
        elif way == PROCESS:
            yield stack.enter_context(kind.launch())
        else:
            raise ServerUnavailable(
                f"no server for {kind.name}: {kind.variable} is not set, no Docker engine has {kind.image}, "
                f"and {kind.missing()}"
            )


@contextmanager
def server_or_skip(kind: Kind) -> Iterator[Any]:
    """Open a server for a fixture; where there is none, skip the test, or fail it where ``CI=true``."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(open_server(kind))
        except ServerUnavailable as reason:
            if os.environ.get("CI", "").lower() == "true":
                pytest.fail(str(reason), pytrace=False)
            pytest.skip(str(reason))
        yield server
