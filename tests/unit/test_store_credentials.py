"""What requests to an object store are signed with."""

from __future__ import annotations

import http.server
import json
import pickle
import threading
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping

import pytest

from nuvyn_executor.errors import ConfigError
from nuvyn_executor.sources.instance_identity import has_identity
from nuvyn_executor.sources.store_address import StoreKind, parse_store_address
from nuvyn_executor.sources.store_credentials import StoreAccess, find_access

if TYPE_CHECKING:
    from pathlib import Path

S3, AZURE, GCS = "s3://bucket/a", "abfss://cont@acct.dfs.core.windows.net/a", "gs://bucket/a"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "secret-env"}
CONNECTION = (
    "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=a2V5LWNvbg==;EndpointSuffix=core.windows.net"
)
PRINCIPAL = {"AZURE_TENANT_ID": "ten", "AZURE_CLIENT_ID": "cli", "AZURE_CLIENT_SECRET": "secret-sp"}


def access(path: str, settings: Mapping[str, str], *, identity: bool = False) -> StoreAccess:
    address = parse_store_address(path)
    assert address is not None
    return find_access(address, settings, lambda _kind, _settings: identity)


def options(found: StoreAccess) -> Dict[str, Any]:
    return dict(found.options)


def credential(found: StoreAccess) -> Dict[str, Any]:
    return {name: value for name, value in found.credential if value is not None}


class TestS3:
    """Issue 13: "`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_DEFAULT_REGION`,
    `AWS_ENDPOINT_URL(_S3)`, `AWS_PROFILE`, else the instance's own identity; public buckets unsigned".
    """

    def test_keys_of_the_environment(self) -> None:
        found = access(S3, {**KEYS, "AWS_SESSION_TOKEN": "token", "AWS_DEFAULT_REGION": "eu-west-1"})

        assert credential(found) == {
            "access_key_id": "AKIDENV",
            "secret_access_key": "secret-env",
            "token": "token",
        }
        assert options(found)["region"] == "eu-west-1"
        assert found.origin == "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

    @pytest.mark.parametrize("half", KEYS)
    def test_half_a_key_names_the_other_half(self, half: str) -> None:
        other = next(name for name in KEYS if name != half)

        with pytest.raises(ConfigError, match=f"{half} is set and {other} is not") as refused:
            access(S3, {half: KEYS[half]})
        assert KEYS[half] not in str(refused.value)

    @pytest.mark.parametrize(
        ("path", "settings", "endpoint", "is_virtual"),
        [
            (S3, {}, "https://bucket.s3.us-east-1.amazonaws.com", True),
            (S3, {"AWS_REGION": "eu-west-1"}, "https://bucket.s3.eu-west-1.amazonaws.com", True),
            (
                "https://bucket.s3.eu-west-1.amazonaws.com/a",
                {"AWS_REGION": "us-west-2"},
                "https://bucket.s3.eu-west-1.amazonaws.com",
                True,
            ),
            (
                "https://s3.cn-north-1.amazonaws.com.cn/bucket/a",
                {},
                "https://bucket.s3.cn-north-1.amazonaws.com.cn",
                True,
            ),
            ("s3://with.dots/a", {}, "https://s3.us-east-1.amazonaws.com", False),
            (S3, {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000/"}, "http://127.0.0.1:5000", False),
            (
                S3,
                {"AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_S3": "http://b:2"},
                "http://b:2",
                False,
            ),
        ],
    )
    def test_the_server_that_is_asked(
        self, path: str, settings: Dict[str, str], endpoint: str, *, is_virtual: bool
    ) -> None:
        found = access(path, settings)

        assert found.endpoint == options(found)["endpoint"] == endpoint
        assert options(found)["virtual_hosted_style_request"] is is_virtual

    def test_a_profile_is_read_from_its_files(self, tmp_path: Path) -> None:
        self.write(
            tmp_path,
            credentials="[work]\naws_access_key_id = AKIDFILE\naws_secret_access_key = sec%ret\n",
            config="[profile work]\nregion = eu-north-1\nendpoint_url = http://minio:9000\n",
        )
        found = access(S3, {"AWS_PROFILE": "work", "HOME": str(tmp_path)})

        assert credential(found) == {"access_key_id": "AKIDFILE", "secret_access_key": "sec%ret"}
        assert (options(found)["region"], found.endpoint) == ("eu-north-1", "http://minio:9000")
        assert found.origin == "AWS_PROFILE (work)"

    def test_the_default_profile_needs_no_name_and_keys_of_the_environment_come_first(
        self, tmp_path: Path
    ) -> None:
        self.write(
            tmp_path, credentials="[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = s\n"
        )

        assert credential(access(S3, {"HOME": str(tmp_path)}))["access_key_id"] == "AKIDFILE"
        assert credential(access(S3, {"HOME": str(tmp_path), **KEYS}))["access_key_id"] == "AKIDENV"

    @pytest.mark.parametrize(
        ("files", "sentence"),
        [
            ({}, "AWS_PROFILE names work, and neither"),
            ({"config": "[profile work]\nrole_arn = arn:x\n"}, "issued for each session"),
            ({"credentials": "[work]\naws_access_key_id = AKIDFILE\n"}, "only one of"),
            ({"credentials": "no section\n"}, "not written as AWS's tools write it"),
        ],
    )
    def test_a_profile_that_gives_no_keys_is_named(
        self, tmp_path: Path, files: Dict[str, str], sentence: str
    ) -> None:
        self.write(tmp_path, **files)

        with pytest.raises(ConfigError, match=sentence) as refused:
            access(S3, {"AWS_PROFILE": "work", "HOME": str(tmp_path)})
        assert "AKIDFILE" not in str(refused.value)

    def test_else_the_instance_signs_and_else_nobody(self) -> None:
        assert access(S3, {}, identity=True).origin == "the role of this instance"
        unsigned = access(S3, {})
        assert (unsigned.origin, options(unsigned)["skip_signature"]) == ("", True)

    def test_a_pod_has_an_identity_without_being_asked(self) -> None:
        assert "container" in access(S3, {"AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}).origin

    @staticmethod
    def write(home: Path, **files: str) -> None:
        (home / ".aws").mkdir()
        for name, text in files.items():
            (home / ".aws" / name).write_text(text)


class TestAzure:
    """Issue 13: "`AZURE_STORAGE_CONNECTION_STRING` (with `BlobEndpoint`, `SharedAccessSignature` and
    Azurite's short form), `AZURE_STORAGE_ACCOUNT_NAME`/`_KEY`, `AZURE_STORAGE_SAS_TOKEN`, service
    principal, managed identity".
    """

    def test_a_connection_string_has_key_and_endpoint(self) -> None:
        found = access(AZURE, {"AZURE_STORAGE_CONNECTION_STRING": CONNECTION})

        assert credential(found) == {"access_key": "a2V5LWNvbg=="}
        assert found.endpoint == "https://acct.blob.core.windows.net"
        assert found.origin == "AZURE_STORAGE_CONNECTION_STRING"

    def test_a_connection_string_of_a_signature_names_its_account_by_the_endpoint(self) -> None:
        text = "BlobEndpoint=https://acct.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=s%3D"
        found = access("abfss://cont/a", {"AZURE_STORAGE_CONNECTION_STRING": text})

        assert credential(found) == {"sas_token": "sv=1&sig=s%3D"}
        assert (found.account, found.endpoint) == ("acct", "https://acct.blob.core.windows.net")

    def test_the_emulator_by_its_short_form(self) -> None:
        found = access("abfss://cont/a", {"AZURE_STORAGE_CONNECTION_STRING": "UseDevelopmentStorage=true"})

        assert (found.account, found.endpoint) == (
            "devstoreaccount1",
            "http://127.0.0.1:10000/devstoreaccount1",
        )

    @pytest.mark.parametrize(
        "path",
        [
            "abfss://cont@devstoreaccount1.dfs.core.windows.net/a",
            "wasb://cont@devstoreaccount1/a",
            "http://127.0.0.1:10000/devstoreaccount1/cont/a",
        ],
    )
    def test_the_emulators_account_never_leads_to_the_cloud(self, path: str) -> None:
        found = access(path, {})

        assert found.endpoint == "http://127.0.0.1:10000/devstoreaccount1"
        assert "access_key" in credential(found)

    def test_the_endpoint_of_a_connection_string_holds_for_its_account(self) -> None:
        text = "AccountName=devstoreaccount1;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:40123/devstoreaccount1"
        settings = {"AZURE_STORAGE_CONNECTION_STRING": text}

        mine = access("wasbs://cont@devstoreaccount1.blob.core.windows.net/a", settings)
        other = access(AZURE, settings)

        assert mine.endpoint == "http://127.0.0.1:40123/devstoreaccount1"
        assert (other.endpoint, other.origin) == ("https://acct.blob.core.windows.net", "")

    def test_a_signature_in_the_path_comes_first(self) -> None:
        found = access(f"{AZURE}?sv=1&sig=path", {"AZURE_STORAGE_CONNECTION_STRING": CONNECTION})

        assert credential(found) == {"sas_token": "sv=1&sig=path"}

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ({"AZURE_STORAGE_ACCOUNT_KEY": "k"}, {"access_key": "k"}),
            (
                {"AZURE_STORAGE_ACCOUNT_NAME": "acct", "AZURE_STORAGE_ACCOUNT_KEY": "k"},
                {"access_key": "k"},
            ),
            ({"AZURE_STORAGE_ACCOUNT_NAME": "other", "AZURE_STORAGE_ACCOUNT_KEY": "k"}, {}),
            ({"AZURE_STORAGE_SAS_TOKEN": "?sv=1&sig=s"}, {"sas_token": "sv=1&sig=s"}),
        ],
    )
    def test_a_key_or_a_signature_of_the_account(
        self, settings: Dict[str, str], expected: Dict[str, str]
    ) -> None:
        assert credential(access(AZURE, settings)) == expected

    def test_a_service_principal(self) -> None:
        found = access(AZURE, PRINCIPAL)

        assert {name: options(found)[name] for name in ("tenant_id", "client_id", "client_secret")} == {
            "tenant_id": "ten",
            "client_id": "cli",
            "client_secret": "secret-sp",
        }
        assert "secret-sp" in found.secrets

    @pytest.mark.parametrize("left_out", PRINCIPAL)
    def test_a_part_of_a_service_principal_names_what_is_missing(self, left_out: str) -> None:
        settings = {name: value for name, value in PRINCIPAL.items() if name != left_out}

        with pytest.raises(ConfigError, match=f"{left_out} is not"):
            access(AZURE, settings)

    def test_else_the_machine_signs_and_else_nobody(self) -> None:
        found = access(AZURE, {"AZURE_CLIENT_ID": "user-assigned"}, identity=True)
        assert found.origin == "the managed identity of this machine"
        assert options(found)["client_id"] == "user-assigned"
        assert options(access(AZURE, {}))["skip_signature"] is True

    @pytest.mark.parametrize(
        "text", ["hidden", "AccountKey=hidden", "AccountName=acct", "DefaultEndpointsProtocol=https"]
    )
    def test_a_connection_string_that_is_none_is_not_shown(self, text: str) -> None:
        with pytest.raises(ConfigError, match="AZURE_STORAGE_CONNECTION_STRING") as refused:
            access(AZURE, {"AZURE_STORAGE_CONNECTION_STRING": text})
        assert "hidden" not in str(refused.value)

    def test_a_path_without_an_account_wants_one(self) -> None:
        with pytest.raises(ConfigError, match="names no storage account"):
            access("abfss://cont/a", {})
        assert access("abfss://cont/a", {"AZURE_STORAGE_ACCOUNT_NAME": "acct"}).account == "acct"


class TestGoogle:
    def test_the_file_of_a_service_account_travels_as_text(self, tmp_path: Path) -> None:
        file = tmp_path / "key.json"
        file.write_text(json.dumps({"type": "service_account", "private_key": "hidden"}))
        found = access(GCS, {"GOOGLE_APPLICATION_CREDENTIALS": str(file)})

        assert json.loads(options(found)["service_account_key"])["private_key"] == "hidden"
        assert "hidden" not in repr(found)

    @pytest.mark.parametrize("text", ["", "{}", "[]", "hidden"])
    def test_a_file_that_is_no_credential_is_named(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "key.json"
        file.write_text(text)

        with pytest.raises(
            ConfigError, match=r"GOOGLE_APPLICATION_CREDENTIALS names .*, which is no"
        ) as refused:
            access(GCS, {"GOOGLE_APPLICATION_CREDENTIALS": str(file)})
        assert "hidden" not in str(refused.value)

    def test_a_file_that_is_not_there_is_named(self) -> None:
        with pytest.raises(ConfigError, match="cannot be read"):
            access(GCS, {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere.json"})

    def test_else_the_machine_signs_and_else_nobody(self) -> None:
        assert "service account" in access(GCS, {}, identity=True).origin
        assert options(access(GCS, {}))["skip_signature"] is True


class TestUrls:
    """`AWS_ENDPOINT_URL=localhost:9000`: the library panics, which is no Exception, and ended the program."""

    @pytest.mark.parametrize(
        "url", ["localhost:9000", "minio", "http://", "http://[x", "http://x:99999", "http://a b", "ftp://x"]
    )
    @pytest.mark.parametrize(
        ("path", "variable", "form"),
        [
            ("s3://b/x", "AWS_ENDPOINT_URL", "{}"),
            ("s3://b/x", "AWS_ENDPOINT_URL_S3", "{}"),
            (
                "wasbs://c@a.blob.core.windows.net/x",
                "AZURE_STORAGE_CONNECTION_STRING",
                "AccountKey=a2V5;BlobEndpoint={}",
            ),
        ],
    )
    def test_what_is_none_is_named(self, path: str, variable: str, form: str, url: str) -> None:
        with pytest.raises(ConfigError, match=variable):
            access(path, {variable: form.format(url)})

    def test_the_emulator_of_google_needs_no_scheme(self) -> None:
        found = access("gs://b/x", {"STORAGE_EMULATOR_HOST": "localhost:9000"})
        assert found.endpoint == "http://localhost:9000"
        with pytest.raises(ConfigError, match="STORAGE_EMULATOR_HOST"):
            access("gs://b/x", {"STORAGE_EMULATOR_HOST": "localhost:port"})


class TestNothingIsShown:
    """Issue 13: "No secret of any source in stdout, stderr, tables, payload"."""

    @pytest.mark.parametrize(
        ("path", "settings"),
        [
            (S3, {**KEYS, "AWS_SESSION_TOKEN": "secret-token"}),
            (f"{AZURE}?sv=1&sig=secret-sas", {}),
            (AZURE, {"AZURE_STORAGE_ACCOUNT_KEY": "secret-key"}),
            (AZURE, PRINCIPAL),
        ],
    )
    def test_a_secret_is_in_no_repr_but_travels(self, path: str, settings: Dict[str, str]) -> None:
        found = access(path, settings)

        assert "secret-" not in repr(found)
        assert any("secret-" in one for one in found.secrets)
        assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301  made here
        assert hash(found) is not None


class _Metadata(http.server.BaseHTTPRequestHandler):
    """A metadata server with or without an identity."""

    has_role = True

    def do_GET(self) -> None:
        is_token = self.path == "/latest/api/token"
        is_good = is_token or self.has_role
        body = b"token" if is_token else b"role"
        self.send_response(200 if is_good else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def metadata() -> Iterator[List[Any]]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Metadata)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield [f"http://127.0.0.1:{server.server_address[1]}"]
    server.shutdown()
    thread.join()
    server.server_close()
    _Metadata.has_role = True


class TestIdentityOfTheMachine:
    @pytest.mark.parametrize("has_role", [True, False])
    def test_an_instance_says_whether_it_has_a_role(self, metadata: List[str], *, has_role: bool) -> None:
        _Metadata.has_role = has_role
        settings = {
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata[0],
            "AZURE_MSI_ENDPOINT": metadata[0],
            "GCE_METADATA_HOST": metadata[0].partition("//")[2],
        }

        assert [has_identity(kind, settings) for kind in StoreKind] == [has_role] * 3

    def test_where_nothing_answers_there_is_none(self) -> None:
        nowhere = "http://127.0.0.1:1"
        settings = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": nowhere, "AZURE_MSI_ENDPOINT": nowhere}

        assert not has_identity(StoreKind.S3, settings)
        assert not has_identity(StoreKind.AZURE, settings)

    def test_it_may_be_switched_off(self, metadata: List[str]) -> None:
        settings = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata[0], "AWS_EC2_METADATA_DISABLED": "true"}

        assert not has_identity(StoreKind.S3, settings)
