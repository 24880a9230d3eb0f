"""Servers of object stores, as processes; a test without its server is skipped by name."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from email.utils import formatdate
from http.client import HTTPConnection
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, Optional
from urllib.parse import quote, urlencode, urlsplit

import pytest

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True)
class S3Server:
    """moto."""

    endpoint: str

    def environment(self) -> Dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def create_bucket(self, name: str) -> None:
        self.call("PUT", f"/{name}")

    def put(self, bucket: str, key: str, content: bytes, acl: str = "private") -> None:
        self.call("PUT", f"/{bucket}/{quote(key)}", content, acl)

    def call(self, method: str, path: str, content: bytes = b"", acl: str = "private") -> bytes:
        # moto checks no signature, but tells nothing that is not signed to whom it belongs
        headers = {
            "Authorization": "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/aws4_request, "
            "SignedHeaders=host, Signature=0",
            "Content-Length": str(len(content)),
            "x-amz-acl": acl,
        }
        return _call(self.endpoint, method, path, content, headers)


@dataclass(frozen=True)
class AzureServer:
    """Azurite."""

    endpoint: str
    account: str = ACCOUNT
    key: str = KEY

    @property
    def connection_string(self) -> str:
        return f"AccountName={self.account};AccountKey={self.key};BlobEndpoint={self.endpoint};"

    def environment(self) -> Dict[str, str]:
        return {"AZURE_STORAGE_CONNECTION_STRING": self.connection_string}

    def create_container(self, name: str) -> None:
        self.call("PUT", name, {"restype": "container"})

    def put(self, container: str, path: str, content: bytes, **headers: str) -> None:
        sent = {
            "x-ms-blob-type": "BlockBlob",
            **{name.replace("_", "-"): one for name, one in headers.items()},
        }
        self.call("PUT", f"{container}/{path}", {}, content, sent)

    def call(
        self,
        method: str,
        path: str,
        query: Optional[Mapping[str, str]] = None,
        content: bytes = b"",
        headers: Optional[Mapping[str, str]] = None,
    ) -> bytes:
        """Send a request that is signed with the account's key."""
        query = query or {}
        target = f"/{self.account}/{quote(path)}"
        sent = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02", **(headers or {})}
        lines = [method, "", "", str(len(content) or ""), *[""] * 8]
        lines += [f"{name.lower()}:{value}" for name, value in sorted(sent.items())]
        lines += [f"/{self.account}{target}", *(f"{name}:{query[name]}" for name in sorted(query))]
        sent["Authorization"] = f"SharedKey {self.account}:{self.signature(lines)}"
        sent["Content-Length"] = str(len(content))
        full = f"{target}?{urlencode(query)}" if query else target
        return _call(self.endpoint, method, full, content, sent)

    def signed(self, permissions: str, expires: str = "2090-01-01T00:00:00Z") -> str:
        """Return a shared access signature of the account."""
        version = "2021-12-02"
        fields = [self.account, permissions, "b", "sco", "", expires, "", "http,https", version, "", ""]
        return urlencode(
            {
                "sv": version,
                "ss": "b",
                "srt": "sco",
                "sp": permissions,
                "se": expires,
                "spr": "http,https",
                "sig": self.signature(fields),
            }
        )

    def signature(self, lines: List[str]) -> str:
        digest = hmac.new(base64.b64decode(self.key), "\n".join(lines).encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()


def _call(endpoint: str, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> bytes:
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=60)
    try:
        connection.request(method, path, content, dict(headers))
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    assert answer.status < 400, f"{method} {path}: {answer.status} {body!r}"
    return body


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    program = shutil.which("moto_server", path=os.pathsep.join([str(Path(sys.executable).parent)]))
    program = os.environ.get("TEST_MOTO_SERVER") or program
    if program is None:
        pytest.skip("no S3 server: moto is not installed")
    log = tmp_path_factory.mktemp("moto") / "log"
    command = [program, "-H", "127.0.0.1", "-p", "0"]
    for port in _running(command, log, r"Running on http://127\.0\.0\.1:(\d+)"):
        yield S3Server(f"http://127.0.0.1:{port}")


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureServer]:
    program = os.environ.get("TEST_AZURITE") or shutil.which("azurite-blob")
    if program is None:
        pytest.skip("no Azure server: Azurite is not installed")
    log = tmp_path_factory.mktemp("azurite") / "log"
    command = [program, "--inMemoryPersistence", "--blobHost", "127.0.0.1", "--blobPort", "0"]
    command += ["--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    for port in _running(command, log, r"successfully listens on http://127\.0\.0\.1:(\d+)"):
        yield AzureServer(f"http://127.0.0.1:{port}/{ACCOUNT}")


def _running(command: List[str], log: Path, listens: str) -> Iterator[str]:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        for _ in range(600):
            found = re.search(listens, log.read_text(errors="replace"))
            if found:
                break
            time.sleep(0.1)
        assert found, log.read_text(errors="replace")
        yield found.group(1)
    finally:
        process.terminate()
        process.wait()
