"""A server: storage, backend, workspaces and the HTTP application, put together on a socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import signal
import socket
import threading
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import uvicorn

from fake_databricks.certificates import CertificateError, Certificates, cache_folder, certificates_for
from fake_databricks.clock import SystemClock
from fake_databricks.engine.backends import open_backend, sources
from fake_databricks.engine.runtime import runtimes_folder
from fake_databricks.errors import ApiError
from fake_databricks.files.mounts import check_source
from fake_databricks.jobs.runs import KEEP_RUNS
from fake_databricks.scratch import Scratch
from fake_databricks.storage import Storage
from fake_databricks.web.app import App
from fake_databricks.web.callers import Callers, host_of, is_loopback
from fake_databricks.web.protocol import Protocol
from fake_databricks.web.tenants import Registry
from fake_databricks.workspace import DEFAULT_CLUSTER_ID, Surroundings

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from fake_databricks.engine.environment import PipSource

BACKLOG = 2048
FAREWELL_SECONDS = 0.2
NO_ADDRESS = (OSError, OverflowError, TypeError, UnicodeError)
"""What a socket raises for an address that it cannot have."""
_TOKEN = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_CLUSTER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  compared, not bound


class RefusedOptions(Exception):  # noqa: N818  it says what happened
    """The options would be unsafe, or cannot work; the message says why."""


@dataclass(frozen=True)
class Options:
    """How a server is started.

    Attributes:
        host: the address to bind to.
        port: the port; 0 picks a free one.
        state: the folder that stores everything; with None nothing outlives the server.
        tokens: the only tokens allowed; empty allows all that begin with ``dapi``, each with a workspace.
        cluster_id: the cluster that every workspace has from the start.
        has_spark: whether clusters have Spark; without it the server starts at once.
        sources: the git URLs that pip installs from folders of this machine.
        mounts: pairs of a mount point (or Volume) and the source that every workspace has there; endpoints
            and credentials are in the variables of this process.
        any_token: whether every token is allowed.
        allowed_hosts: further names under which clients reach the server.
        keep_runs: how many ended runs each workspace keeps.
        oauth_clients: pairs of the id and the secret of a client that gets access tokens. Where there are
            some, or tokens, no other client gets one.
        tls: whether the server is asked by https, with a certificate of its own authority.
        runtimes: the folder of the runtimes that ``install-runtime`` has installed.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    state: Path | None = None
    tokens: tuple[str, ...] = ()
    cluster_id: str = DEFAULT_CLUSTER_ID
    has_spark: bool = True
    sources: tuple[PipSource, ...] = field(default_factory=sources)
    mounts: tuple[tuple[str, str], ...] = ()
    any_token: bool = False
    allowed_hosts: tuple[str, ...] = ()
    keep_runs: int = KEEP_RUNS
    oauth_clients: tuple[tuple[str, str], ...] = ()
    tls: bool = False
    runtimes: Path = field(default_factory=runtimes_folder)

    def check(self) -> None:
        """Refuse options that let others run programs on this machine, and mounts that do not work.

        Raises:
            RefusedOptions: another host than loopback without a token, options that exclude each other, what
                is no token, cluster id or host name, or a mount that does not work.
        """
        if self.tokens and self.any_token:
            raise RefusedOptions("--token and --any-token exclude each other: leave one out.")
        if self.keep_runs < 1:
            raise RefusedOptions(f"--keep-runs {self.keep_runs}: expected 1 or more.")
        self._check_names()
        self._check_oauth_clients()
        if not self.tokens and not self.oauth_clients and not is_loopback(self.host):
            raise RefusedOptions(
                f"Binding to {self.host} lets others run programs here: name the allowed token with --token, "
                "or the allowed client with --oauth-client."
            )
        for point, source in self.mounts:
            try:
                check_source(point, source, os.environ)
            except ApiError as error:
                raise RefusedOptions(error.message) from None

    def _check_names(self) -> None:
        for number, token in enumerate(self.tokens, 1):
            if not _TOKEN.fullmatch(token):  # it is not shown
                raise RefusedOptions(f"--token, the {number}.: expected ASCII, without blanks around it.")
        if not _CLUSTER_ID.fullmatch(self.cluster_id):
            raise RefusedOptions(
                f"--cluster-id {self.cluster_id!r}: expected a letter or digit, then such, '-', '_' or '.'."
            )
        for name in self.allowed_hosts:
            if not name or host_of(name) != name.lower():
                raise RefusedOptions(f"--allowed-host {name}: expected a name or an address, without a port.")

    def _check_oauth_clients(self) -> None:
        if self.oauth_clients and self.any_token:
            raise RefusedOptions("--oauth-client and --any-token exclude each other: leave one out.")
        names = [name for name, _ in self.oauth_clients]
        for name, secret in self.oauth_clients:
            if not name or not secret:
                raise RefusedOptions(f"--oauth-client {name or '='}: expected ID=SECRET.")
            if names.count(name) > 1:
                raise RefusedOptions(f"--oauth-client {name}: this client is there twice.")


class FakeDatabricks:
    """A running server; ``with FakeDatabricks(Options(port=0)) as fake: fake.url, fake.token``.

    Attributes:
        url: where it listens.
        token: a token that works.
        cluster_id: the cluster that is there from the start.
        certificates: the files of TLS; None without it.
    """

    def __init__(self, options: Options) -> None:
        options.check()
        self.options = options
        self.certificates = _certificates(options) if options.tls else None
        self._socket = _listen(options.host, options.port)
        port = self._socket.getsockname()[1]
        shown = "127.0.0.1" if options.host in EVERY_ADDRESS else options.host
        scheme = "https" if self.certificates else "http"
        self.url = f"{scheme}://{f'[{shown}]' if ':' in shown else shown}:{port}"
        self.token = options.tokens[0] if options.tokens else f"dapi{secrets.token_hex(16)}"
        self.cluster_id = options.cluster_id
        self._scratch = Scratch()
        scratch = self._scratch.folder
        state = options.state
        with contextlib.ExitStack() as undo:  # a state that cannot be read leaves nothing behind
            undo.callback(self._release)
            self._storage = Storage(scratch / "state" if state is None else state)
            undo.callback(self._storage.close)
            self._backend = open_backend(
                scratch, state, options.sources, options.runtimes, has_spark=options.has_spark
            )
            self.registry = self._open_workspaces((scratch if state is None else state) / "workspaces")
            undo.pop_all()
        self.registry.url = self.url
        config = uvicorn.Config(
            App(self.registry, Callers(options.host, tuple(name.lower() for name in options.allowed_hosts))),
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
            http=Protocol,
            ws="none",
            lifespan="off",
            ssl_certfile=self.certificates.certificate if self.certificates else None,
            ssl_keyfile=self.certificates.key if self.certificates else None,
        )
        self._server = _Server(config)
        self._thread: threading.Thread | None = None

    def _open_workspaces(self, folder: Path) -> Registry:
        options, backend = self.options, self._backend
        surroundings = Surroundings(
            self._storage,
            SystemClock(),
            backend.make,
            folder,
            options.cluster_id,
            backend.forget,
            options.mounts,
            dict(os.environ),
            options.keep_runs,
            self.certificates.variables() if self.certificates else {},
            can_run=backend.can_run,
        )
        # With named clients alone, the only token is the one that the start prints.
        tokens = options.tokens or ((self.token,) if options.oauth_clients else ())
        return Registry(surroundings, tokens, any_token=options.any_token, clients=options.oauth_clients)

    def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Serve until a signal, then end every child process; the JVM starts behind the open socket."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_end)  # uvicorn raises it again; close() must follow
        started()
        self._backend.start()
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self.close()

    def __enter__(self) -> Self:
        """Serve in a thread."""
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="fake-databricks", daemon=True
        )
        self._thread.start()
        self._backend.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        self.close()

    def _ask_to_end(self, *_: object) -> None:
        self._server.should_exit = True

    def close(self) -> None:
        """End every process and remove the scratch folder."""
        self.registry.close()
        self._backend.close()
        self._storage.close()
        self._release()

    def _release(self) -> None:
        self._socket.close()
        self._scratch.remove()


class _Server(uvicorn.Server):
    """A server whose end does not wait until its TLS clients have said goodbye."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        cut = asyncio.get_running_loop().call_later(FAREWELL_SECONDS, self._cut_closing)
        await super().shutdown(sockets)
        cut.cancel()
        self._cut_closing()
        await asyncio.sleep(0)

    def _cut_closing(self) -> None:
        for connection in list(self.server_state.connections):
            if connection.transport.is_closing():
                connection.transport.abort()


def _certificates(options: Options) -> Certificates:
    own = [] if options.host in EVERY_ADDRESS else [options.host.lower()]
    names = [*own, *(name.lower() for name in options.allowed_hosts)]
    folder = cache_folder(os.environ) if options.state is None else options.state / "tls"
    try:
        return certificates_for(names, folder, datetime.now(timezone.utc), os.environ)
    except CertificateError as error:
        raise RefusedOptions(str(error)) from error


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay (40 ms an answer) off only where the protocol is named
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except NO_ADDRESS as error:
        listening.close()
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise RefusedOptions(
            f"This server cannot listen at {host!r}, port {port} ({why}): name another --host or --port; "
            "--port 0 is a free one."
        ) from error
    return listening
