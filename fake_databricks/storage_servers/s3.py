"""S3: moto's server."""

from __future__ import annotations

import importlib.util
import re
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Iterator
from urllib.parse import unquote, urlsplit

from fake_databricks.storage_servers import containers
from fake_databricks.storage_servers.finding import Kind
from fake_databricks.storage_servers.program import Program, Spec, running

if TYPE_CHECKING:
    from pathlib import Path

REGION = "us-east-1"
IMAGE = "motoserver/moto:latest"
PORT_IN_CONTAINER = 5000
_LISTENS = re.compile(r"Running on http://127\.0\.0\.1:(\d+)")
_MODULES = ("moto", "flask", "flask_cors", "boto3")
OK = 200


@dataclass(frozen=True)
class S3Server:
    """An S3 server and the credentials for it.

    Attributes:
        endpoint: its URL, for path-style requests.
        access_key: the access key's id.
        secret_key: the secret access key.
        region: any region works with moto.
    """

    endpoint: str
    access_key: str = "testing"
    secret_key: str = field(default="testing", repr=False)
    region: str = REGION

    def environment(self) -> dict[str, str]:
        """Return the variables that lead an S3 client to this server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
        }

    def client(self) -> Any:
        """Return a boto3 client; the caller closes it."""
        import boto3  # noqa: PLC0415  optional, and slow to import

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
        )

    def create_bucket(self, name: str) -> None:
        """Create a bucket."""
        with closing(self.client()) as client:
            client.create_bucket(Bucket=name)

    def put(self, bucket: str, key: str, content: bytes, *, acl: str = "private") -> None:
        """Write an object; ``acl="public-read"`` lets everybody read it."""
        with closing(self.client()) as client:
            client.put_object(Bucket=bucket, Key=key, Body=content, ACL=acl)


def answers(server: S3Server) -> bool:
    """Return whether moto answers; raise ``OSError`` while nothing listens."""
    connection = HTTPConnection(urlsplit(server.endpoint).netloc, timeout=5)
    try:
        connection.request("GET", "/moto-api/data.json")
        return connection.getresponse().status == OK
    finally:
        connection.close()


def _missing() -> str | None:
    missing = [name for name in _MODULES if importlib.util.find_spec(name) is None]
    return (
        f"the Python packages of moto's server are not installed ({', '.join(missing)})" if missing else None
    )


def _connect(address: str) -> S3Server:
    """Read ``http://key:secret@host:port``; special characters in both are percent-encoded."""
    parts = urlsplit(address)
    endpoint = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
    if parts.username is None:
        return S3Server(endpoint)
    return S3Server(endpoint, unquote(parts.username), unquote(parts.password or ""))


@contextmanager
def _contain() -> Iterator[S3Server]:
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415  optional, and slow to import

    container = DockerContainer(IMAGE).with_exposed_ports(PORT_IN_CONTAINER)
    with containers.started(
        container, PORT_IN_CONTAINER, lambda host, port: S3Server(f"http://{host}:{port}"), answers
    ) as server:
        yield server


def _build(_: Path) -> tuple[Spec, Any]:
    # Port 0: moto prints the port that it got, so no other process can take it before.
    command = (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0")
    environment = {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "MOTO_CALL_RESET_API": "true"}

    def ready(program: Program) -> S3Server | None:
        port = _LISTENS.search(program.log())
        if port is None:
            return None
        server = S3Server(f"http://127.0.0.1:{port[1]}")
        return server if answers(server) else None

    return Spec(command, environment=environment), ready


@contextmanager
def _launch() -> Iterator[S3Server]:
    with running("moto", _build) as server:
        yield server


KIND = Kind("s3", "NUVYN_TEST_S3_ENDPOINT", IMAGE, "moto", _missing, _connect, _contain, _launch)
