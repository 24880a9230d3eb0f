"""Try the clients of ``fake_databricks``: ``make test-clients``, or ``python -m tests.clients [NAME ...]``.

Each client is installed once, into ``.cache/clients/NAME``, and then drives a server: a secret, two programs,
two jobs, and two runs, one of which fails. What it has done is looked up at the server. A client that cannot
be installed here is skipped, by its name and with the reason.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Iterator, Mapping

from fake_databricks.pytest_plugin import DatabricksWorkspace
from fake_databricks.server import FakeDatabricks, Options
from tests.clients.catalog import CLIENTS, WAYS, Client, Way
from tests.clients.environments import HERE, Unavailable, prepare

ROOT = HERE.parents[1]
TRUST_STORE = "fake.p12"
PASSED_ON = ("PATH", "LANG", "TMPDIR", "JAVA_HOME")
SECRET = "open sesame"
MAX_SECONDS = 300
SERVERS = {"http": Options(port=0), "https": Options(port=0, tls=True), "443": Options(port=443, tls=True)}


class TrialFailed(Exception):  # noqa: N818  it says what happened
    """A client did not do what it should have done; the message says what."""


class Servers:
    """The servers of all trials, each started when the first client asks for it."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._running: dict[str, FakeDatabricks] = {}

    def get(self, name: str) -> FakeDatabricks:
        """Return a server.

        Raises:
            Unavailable: its port cannot be had.
        """
        if name not in self._running:
            options = SERVERS[name]
            chosen = Options(
                port=options.port, tls=options.tls, has_spark=False, state=self._folder / name, sources=()
            )
            try:
                server = FakeDatabricks(chosen)
            except OSError as error:
                raise Unavailable(f"port {options.port} cannot be had ({error.strerror})") from None
            self._running[name] = self._stack.enter_context(server)
        return self._running[name]


def main() -> int:
    """Try the named clients, or all; print a table; return 1 if one has failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients")
    parser.add_argument("names", nargs="*", metavar="NAME", help="; ".join(client.name for client in CLIENTS))
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache" / "clients", metavar="FOLDER")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.names) - {client.name for client in CLIENTS})
    if unknown:
        parser.error(f"there is no client {unknown[0]}")
    results: list[tuple[Client, str]] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clients-")))
        servers = Servers(folder, stack)
        for client in CLIENTS:
            if not chosen.names or client.name in chosen.names:
                results.append((client, _try(client, chosen.cache.resolve() / client.name, servers)))
                print(*_row(*results[-1]), flush=True)  # the table comes at the end, progress at once
    print()
    for row in (("client", "version", "result"), *(_row(*result) for result in results)):
        print(f"{row[0]:<20}{row[1]:<10}{row[2]}")
    counts = [sum(text.startswith(word) for _, text in results) for word in ("ok", "failed", "skipped")]
    print("\n{} passed, {} failed, {} skipped".format(*counts))
    return 1 if counts[1] else 0


def _row(client: Client, result: str) -> tuple[str, str, str]:
    return client.title, client.version.lstrip("v"), result


def _try(client: Client, home: Path, servers: Servers) -> str:
    """Return ``ok``, ``skipped`` or ``failed``, with what was tried or why not."""
    started = time.monotonic()
    try:
        command = prepare(client, home)
    except Unavailable as error:
        return f"skipped: {error}"
    installed = time.monotonic()
    tried, skipped = [], []
    for way in client.ways:
        try:
            _try_way(client, way, command, home, servers.get(way.server))
        except Unavailable as error:
            skipped.append(f"{WAYS[way]} is skipped: {error}")
        except TrialFailed as error:
            return f"failed: {WAYS[way]}: {error}"
        else:
            tried.append(WAYS[way])
    took = f"{installed - started:.0f} s to install, {time.monotonic() - installed:.0f} s to try"
    return "; ".join([f"ok: {', '.join(tried)} ({took})" if tried else "skipped", *skipped])


def _try_way(client: Client, way: Way, command: list[str], home: Path, server: FakeDatabricks) -> None:
    authority = str(server.certificates.authority) if server.certificates else ""
    workspace = DatabricksWorkspace(server.url, "", server.cluster_id, authority)
    if way.is_oauth:
        client_id, secret = str(uuid.uuid4()), f"dose{secrets.token_hex(16)}"
        credentials = {"DATABRICKS_CLIENT_ID": client_id, "DATABRICKS_CLIENT_SECRET": secret}
        workspace.token = server.registry.oauth.issue(client_id)
    else:
        workspace.token = f"dapi{secrets.token_hex(16)}"
        credentials = {"DATABRICKS_TOKEN": workspace.token}
    programs = [str(HERE / "programs" / name) for name in ("greet.py", "fail.py")]
    with tempfile.TemporaryDirectory(prefix=client.name) as folder:
        environment = {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            **credentials,
            **_trust(server, client, Path(folder)),
            "HOME": folder,  # no settings of the person who runs this
            "CLIENT_HOME": str(home),
            "DATABRICKS_HOST": server.url,
            "DATABRICKS_CLUSTER_ID": server.cluster_id,
            "SECRET": SECRET,
        }
        _run([*command, *programs, client.name], environment, Path(folder), client)
    _look(workspace, client.name)
    workspace.request("POST", "/_fake/reset", {})


def _run(command: list[str], environment: Mapping[str, str], folder: Path, client: Client) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=MAX_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TrialFailed(f"it did not end in {MAX_SECONDS} s") from None
    if done.returncode or (client.says_nothing and done.stderr):
        print(done.stdout, done.stderr, sep="", file=sys.stderr)
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        what = f"exit code {done.returncode}" if done.returncode else "a warning"
        raise TrialFailed(f"{what}: {(lines or ['nothing was printed'])[-1][:200]}")


def _trust(server: FakeDatabricks, client: Client, folder: Path) -> dict[str, str]:
    """Return the variables with which a client trusts the certificate of a server."""
    if server.certificates is None:
        return {}
    if client.kind != "maven":
        return server.certificates.variables()
    password = "changeit"
    store = ["-keystore", str(folder / TRUST_STORE), "-storepass", password]
    authority = str(server.certificates.authority)
    command = ["keytool", "-importcert", "-noprompt", "-alias", "fake", "-file", authority, *store]
    subprocess.run(command, check=True, capture_output=True)
    properties = {"trustStore": folder / TRUST_STORE, "trustStorePassword": password}
    options = " ".join(f"-Djavax.net.ssl.{name}={value}" for name, value in properties.items())
    return {"JDK_JAVA_OPTIONS": options}


def _look(workspace: DatabricksWorkspace, name: str) -> None:
    """Look up at the server what a client has done.

    Raises:
        TrialFailed: the secret or a run is missing, or has another result.
    """
    keys = workspace.request("GET", "/api/2.0/secrets/list?scope=clients").get("secrets", [])
    if [key["key"] for key in keys] != ["password"]:
        raise TrialFailed(f"the secret is missing at the server: {keys}")
    ends = sorted(_ends(workspace))
    wanted = [
        ("FAILED", "ValueError: no such customer"),
        ("SUCCESS", f"hello {name}, the secret has {len(SECRET)} letters"),
    ]
    if ends != wanted:
        raise TrialFailed(f"the runs at the server are {ends}")


def _ends(workspace: DatabricksWorkspace) -> Iterator[tuple[str, str]]:
    """Return the result of each run, with its error or its output."""
    for run in workspace.request("GET", "/api/2.1/jobs/runs/list?expand_tasks=true").get("runs", []):
        for task in run["tasks"]:
            path = f"/api/2.1/jobs/runs/get-output?run_id={task['run_id']}"
            output = workspace.request("GET", path)
            yield run["state"].get("result_state", ""), output.get("error") or output["logs"].strip()


if __name__ == "__main__":
    sys.exit(main())
