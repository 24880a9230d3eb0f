from __future__ import annotations

import base64
import socket
import ssl
import stat
import uuid
from datetime import datetime, timedelta, timezone
from http.client import HTTPSConnection
from typing import TYPE_CHECKING, Iterator
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from fake_databricks.certificates import CertificateError, Certificates, cache_folder, certificates_for
from fake_databricks.pytest_plugin import DatabricksWorkspace
from fake_databricks.server import FakeDatabricks, Options, RefusedOptions

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 26, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def make(folder: Path, *names: str, now: datetime = NOW, **environment: str) -> Certificates:
    return certificates_for(names, folder / "tls", now, environment)


def names_in(path: Path) -> set[str]:
    extension = x509.load_pem_x509_certificate(path.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    return {str(name.value) for name in extension.value}


class TestFiles:
    """the server makes (once, in a cache or state folder, readable for the owner alone) a small authority and
    a server certificate"""

    def test_they_are_made_once(self, tmp_path: Path) -> None:
        first = make(tmp_path)
        before = [path.read_bytes() for path in (first.authority, first.certificate, first.key)]
        second = make(tmp_path, now=NOW + 300 * 24 * HOUR)
        assert second == first
        assert [path.read_bytes() for path in (first.authority, first.certificate, first.key)] == before

    def test_they_are_readable_for_the_owner_alone(self, tmp_path: Path) -> None:
        folder = make(tmp_path).key.parent
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
        assert set(modes.values()) == {0o600}
        assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)} == {0o700}

    def test_the_key_of_the_authority_is_nowhere(self, tmp_path: Path) -> None:
        files = make(tmp_path)
        with_key = [path.name for path in files.key.parent.iterdir() if b"PRIVATE KEY" in path.read_bytes()]
        assert with_key == ["server-key.pem"]
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
        assert certificate.public_key() != authority.public_key()

    def test_the_names_are_those_of_loopback_and_the_servers(self, tmp_path: Path) -> None:
        files = make(tmp_path, "fake", "10.0.0.5", "localhost")
        assert names_in(files.certificate) == {"localhost", "127.0.0.1", "::1", "fake", "10.0.0.5"}
        assert make(tmp_path, "10.0.0.5", "fake").key == files.key
        assert make(tmp_path, "other").key != files.key

    def test_a_name_that_is_no_ascii_has_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(CertificateError, match="xn--"):
            make(tmp_path, "bücher")

    @pytest.mark.parametrize(("later", "is_new"), [(357 * 24, False), (359 * 24, True), (9000, True)])
    def test_an_expired_certificate_is_made_anew(self, tmp_path: Path, later: int, *, is_new: bool) -> None:
        before = make(tmp_path).certificate.read_bytes()
        assert (make(tmp_path, now=NOW + later * HOUR).certificate.read_bytes() != before) == is_new

    @pytest.mark.parametrize("name", ["authority", "certificate", "key"])
    @pytest.mark.parametrize(
        "content", [b"", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----", None]
    )
    def test_a_broken_file_is_made_anew(self, tmp_path: Path, name: str, content: bytes | None) -> None:
        broken: Path = getattr(make(tmp_path), name)
        if content is None:
            broken.unlink()
        else:
            broken.write_bytes(content)
        files = make(tmp_path)
        ssl.create_default_context(cafile=files.authority).load_cert_chain(files.certificate, files.key)

    def test_a_folder_that_cannot_be_written_has_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "tls").write_text("a file")
        with pytest.raises(CertificateError, match="cannot be written"):
            make(tmp_path)

    def test_the_bundle_has_the_public_authorities_too_and_does_not_grow(self, tmp_path: Path) -> None:
        public = make(tmp_path / "of another server").authority
        files = make(tmp_path, SSL_CERT_FILE=str(public))
        assert files.bundle.read_bytes() == public.read_bytes() + files.authority.read_bytes()
        assert make(tmp_path, REQUESTS_CA_BUNDLE=str(files.bundle)).bundle == files.bundle
        assert files.bundle.read_bytes().count(b"BEGIN CERTIFICATE") == 2
        assert make(tmp_path).bundle.read_bytes().count(b"BEGIN CERTIFICATE") > 50

    def test_the_cache_of_the_user_is_the_place(self) -> None:
        assert str(cache_folder({"XDG_CACHE_HOME": "/c"})) == "/c/fake-databricks/tls"
        assert str(cache_folder({})).endswith("/.cache/fake-databricks/tls")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeDatabricks]:
    state = tmp_path_factory.mktemp("state")
    with FakeDatabricks(
        Options(port=0, has_spark=False, state=state, tls=True, allowed_hosts=("fake",))
    ) as fake:
        yield fake


@pytest.fixture
def workspace(secure: FakeDatabricks) -> Iterator[DatabricksWorkspace]:
    assert secure.certificates
    authority = str(secure.certificates.authority)
    made = DatabricksWorkspace(secure.url, f"dapi{uuid.uuid4().hex}", secure.cluster_id, authority)
    yield made
    made.request("POST", "/_fake/reset", {})


class TestServer:
    """TLS (`--tls`, a self-made authority whose file is printed) for clients that insist on https"""

    @pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "fake"])
    def test_it_is_who_it_says(self, secure: FakeDatabricks, name: str) -> None:
        assert secure.certificates
        context = ssl.create_default_context(cafile=secure.certificates.authority)
        context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default of Python 3.13
        place = ("127.0.0.1", int(secure.url.rpartition(":")[2]))
        connection = HTTPSConnection(*place, context=context)
        connection.sock = context.wrap_socket(socket.create_connection(place), server_hostname=name)
        connection.request("GET", "/.well-known/databricks-config", headers={"Host": f"{name}:1"})
        answer = connection.getresponse()
        assert (answer.status, b"https://" in answer.read()) == (200, True)
        connection.close()

    def test_a_client_that_does_not_trust_it_does_not_talk_to_it(self, secure: FakeDatabricks) -> None:
        connection = HTTPSConnection(urlsplit(secure.url).netloc, context=ssl.create_default_context())
        with pytest.raises(ssl.SSLCertVerificationError):
            connection.request("GET", "/")
        connection.close()

    def test_its_address_is_https(self, secure: FakeDatabricks) -> None:
        assert secure.url.startswith("https://127.0.0.1:")

    def test_programs_of_runs_reach_it(self, workspace: DatabricksWorkspace) -> None:
        """Runs inside the server (DATABRICKS_HOST of a run) must work over https too"""
        workspace.request("POST", "/api/2.0/secrets/scopes/create", {"scope": "s"})
        workspace.request(
            "POST", "/api/2.0/secrets/put", {"scope": "s", "key": "k", "string_value": "a secret"}
        )
        program = (
            "import os, requests\n"
            "url, token = os.environ['DATABRICKS_HOST'], os.environ['DATABRICKS_TOKEN']\n"
            "headers = {'Authorization': f'Bearer {token}'}\n"
            "answer = requests.get(f'{url}/api/2.1/jobs/list', headers=headers)\n"
            "print(url.split(':')[0], answer.status_code, len(dbutils.secrets.get('s', 'k')))\n"
        )
        run = workspace.run_job(program)
        assert run["output"].get("logs") == "https 200 8", run

    def test_a_program_may_trust_others(self, workspace: DatabricksWorkspace) -> None:
        cluster = {
            "spark_version": "15.4.x-scala2.12",
            "node_type_id": "i3.xlarge",
            "num_workers": 0,
            "spark_env_vars": {"SSL_CERT_FILE": "/mine.pem"},
        }
        run = workspace.run_job(
            "import os; print(os.environ['SSL_CERT_FILE'])", new_cluster=cluster, existing_cluster_id=None
        )
        assert run["output"]["logs"] == "/mine.pem"

    def test_the_sdk_signs_in_by_oauth(
        self, workspace: DatabricksWorkspace, secure: FakeDatabricks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Unmodified `databricks-sdk` with client_id/client_secret works against it, over http and https"""
        sdk = pytest.importorskip("databricks.sdk")
        assert secure.certificates
        for name, value in secure.certificates.variables().items():
            monkeypatch.setenv(name, value)
        robot = sdk.WorkspaceClient(host=workspace.url, client_id=str(uuid.uuid4()), client_secret="dose-1")
        robot.dbfs.put("/x", contents=base64.b64encode(b"hello").decode())
        assert [entry.path for entry in robot.dbfs.list("/")] == ["/x"]
        robot.api_client.do("POST", "/_fake/reset")


class TestOptions:
    """Bad input gets one clear sentence that names the thing and the remedy"""

    def test_a_name_without_a_certificate_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(RefusedOptions, match="xn--"):
            FakeDatabricks(
                Options(port=0, has_spark=False, state=tmp_path, tls=True, allowed_hosts=("bücher",))
            )
