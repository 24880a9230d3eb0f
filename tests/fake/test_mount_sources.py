"""What a source and its extra configs mean, as Databricks' documentation writes them."""

from __future__ import annotations

import sys
from typing import Any, Mapping

import pytest

from fake_databricks.errors import InvalidParameter
from fake_databricks.files.mount_sources import EMULATOR_KEY, access_of, parse_source
from fake_databricks.files.mounts import plain_point
from fake_databricks.files.object_stores import ObjectStore

BLOB = "wasbs://raw@acc.blob.core.windows.net/2026/"
KEY = "a2V5"
KEYED = {"access_key": KEY, "expires_at": None}
REAL = f"DefaultEndpointsProtocol=https;AccountName=acc;AccountKey={KEY};EndpointSuffix=core.windows.net"


def access(source: str, configs: Mapping[str, str], environment: Mapping[str, str] | None = None) -> Any:
    parsed, of_url = parse_source(source)
    return access_of(parsed, {**of_url, **configs}, environment or {})


class TestSources:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("s3a://b/p/q/", ("S3", "b", "p/q", "", "s3a://b/p/q")),
            ("s3://b", ("S3", "b", "", "", "s3://b")),
            (BLOB, ("Azure", "raw", "2026", "acc", BLOB.rstrip("/"))),
            (
                "abfss://raw@acc.dfs.core.windows.net/",
                ("Azure", "raw", "", "acc", "abfss://raw@acc.dfs.core.windows.net"),
            ),
            ("s3a://K:s%2Fe@b/p", ("S3", "b", "p", "", "s3a://b/p")),
        ],
    )
    def test_each_form(self, text: str, parts: tuple[str, ...]) -> None:
        found = parse_source(text)[0]
        assert (found.kind, found.container, found.prefix, found.account, found.shown) == parts

    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("/mnt/x/", "/mnt/x"),
            ("dbfs:/mnt/x", "/mnt/x"),
            ("/dbfs/mnt/x", "/mnt/x"),
            ("/Volumes/c/s/v/", "/Volumes/c/s/v"),
        ],
    )
    def test_each_form_of_a_mount_point(self, text: str, plain: str) -> None:
        assert plain_point(text) == plain

    @pytest.mark.parametrize("text", ["/mnt/../x", "/", "mnt/x", "/dbfs/", "/mnt//x"])
    def test_no_mount_point(self, text: str) -> None:
        with pytest.raises(InvalidParameter, match="Invalid mount point"):
            plain_point(text)


class TestAccess:
    def test_keys_of_the_url(self) -> None:
        found = access("s3a://K:s%2Fe@b", {})
        assert found.credential["secret_access_key"] == "s/e"
        assert found.secrets() == ("s/e",)
        assert "s/e" not in repr(found)

    def test_a_token_of_the_environment_does_not_belong_to_other_keys(self) -> None:
        environment = {
            "AWS_ACCESS_KEY_ID": "E",
            "AWS_SECRET_ACCESS_KEY": "e",
            "AWS_SESSION_TOKEN": "t",
            "AWS_ENDPOINT_URL": "http://moto",
        }
        found = access("s3a://b", {"fs.s3a.access.key": "K", "fs.s3a.secret.key": "k"}, environment)
        assert (found.credential["access_key_id"], found.credential["token"]) == ("K", None)
        assert found.endpoint == "http://moto"
        assert access("s3a://b", {}, environment).credential["token"] == "t"

    def test_nothing_is_signed_without_keys(self) -> None:
        assert access("s3a://b", {}).credential == {}
        assert access(BLOB, {}).credential == {}

    def test_hadoops_endpoint_may_have_no_scheme(self) -> None:
        plain = {"fs.s3a.endpoint": "h:9000", "fs.s3a.connection.ssl.enabled": "false"}
        assert access("s3a://b", plain).endpoint == "http://h:9000"
        assert access("s3a://b", {"fs.s3a.endpoint": "h"}).endpoint == "https://h"

    @pytest.mark.parametrize(
        ("configs", "credential"),
        [
            ({"fs.azure.account.key.acc.blob.core.windows.net": KEY}, KEYED),
            ({"fs.azure.account.key.acc.dfs.core.windows.net": KEY}, KEYED),
            (
                {"fs.azure.sas.raw.acc.blob.core.windows.net": "?sv=1"},
                {"sas_token": "sv=1", "expires_at": None},
            ),
            ({"AZURE_STORAGE_CONNECTION_STRING": REAL}, KEYED),
            ({"AZURE_STORAGE_ACCOUNT_KEY": KEY}, KEYED),
            ({"AZURE_STORAGE_SAS_TOKEN": "sv=1"}, {"sas_token": "sv=1", "expires_at": None}),
        ],
    )
    def test_keys_and_signatures_of_azure(
        self, configs: Mapping[str, str], credential: Mapping[str, Any]
    ) -> None:
        found = access(BLOB, configs)
        assert (found.credential, found.options) == (credential, {"account_name": "acc"})

    def test_a_service_principal(self) -> None:
        head = "fs.azure.account.oauth2.client"
        found = access(
            "abfss://raw@acc.dfs.core.windows.net",
            {
                "fs.azure.account.auth.type": "OAuth",
                f"{head}.id": "i",
                f"{head}.secret": "s",
                f"{head}.endpoint": "https://login.microsoftonline.com/t/oauth2/token",
            },
        )
        assert found.principal == {"client_id": "i", "client_secret": "s", "tenant_id": "t"}
        assert found.secrets() == ("s",)

    def test_an_emulator_serves_every_account(self) -> None:
        found = access(BLOB, {"AZURE_STORAGE_CONNECTION_STRING": "UseDevelopmentStorage=true"})
        assert found.options == {
            "account_name": "devstoreaccount1",
            "endpoint": "http://127.0.0.1:10000/devstoreaccount1",
        }
        assert found.credential["access_key"] == EMULATOR_KEY

    def test_a_connection_string_of_another_account_is_refused(self) -> None:
        with pytest.raises(InvalidParameter, match=r"is in the account other, and AZURE_.* is of acc\."):
            access(BLOB.replace("@acc", "@other"), {"AZURE_STORAGE_CONNECTION_STRING": REAL})


class TestTheLibrary:
    def test_without_it_one_sentence_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "obstore", None)
        with pytest.raises(InvalidParameter) as refused:
            ObjectStore(parse_source("s3a://b")[0], access("s3a://b", {}))
        assert str(refused.value) == (
            "Mounting storage needs the package obstore: pip install 'fake-databricks[mounts]'."
        )

    def test_a_key_that_is_none_is_refused_without_showing_it(self) -> None:
        pytest.importorskip("obstore")
        configs = {"fs.azure.account.key.acc.blob.core.windows.net": "no-base64!"}
        with pytest.raises(Exception, match="refuses these credentials") as refused:
            ObjectStore(parse_source(BLOB)[0], access(BLOB, configs)).check()
        assert "no-base64!" not in str(refused.value)
