"""Which Spark settings of a cluster name an access, where Python has no access to Java."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Dict

import pytest

from nuvyn_executor.sources.cluster_settings import names_access
from nuvyn_executor.sources.store_address import parse_store_address

AZURE = "abfss://cont@acct.dfs.core.windows.net/a"


def connect(settings: Dict[str, str]) -> Any:
    """Return a session as that of Spark Connect: it has settings, and no Java."""
    return SimpleNamespace(conf=SimpleNamespace(get=settings.get))


def is_named(path: str, spark: Any) -> bool:
    address = parse_store_address(path)
    assert address is not None
    return names_access(address.whole, spark)


class TestNamesAccess:
    @pytest.mark.parametrize(
        ("path", "name", "value"),
        [
            ("s3://bucket/a", "fs.s3a.access.key", "k"),
            ("s3://bucket/a", "fs.s3a.bucket.bucket.access.key", "k"),
            ("s3://bucket/a", "fs.s3a.bucket.bucket.endpoint", "minio.example.com"),
            (AZURE, "fs.azure.account.key.acct.dfs.core.windows.net", "k"),
            (AZURE, "fs.azure.account.auth.type.acct.dfs.core.windows.net", "OAuth"),
            (AZURE, "fs.azure.sas.cont.acct.blob.core.windows.net", "sas"),
            ("gs://bucket/a", "google.cloud.auth.service.account.enable", "true"),
        ],
    )
    def test_a_key_or_a_server_for_the_store(self, path: str, name: str, value: str) -> None:
        assert is_named(path, connect({f"spark.hadoop.{name}": value}))
        assert not is_named(path, connect({f"spark.hadoop.{name}": " "}))

    def test_those_of_another_store_and_amazon_s_own_server_are_none(self) -> None:
        assert not is_named("s3://bucket/a", connect({"spark.hadoop.fs.s3a.bucket.other.access.key": "k"}))
        assert not is_named(
            "s3://b/a", connect({"spark.hadoop.fs.s3a.endpoint": "s3.us-east-1.amazonaws.com"})
        )
        assert not is_named(AZURE, connect({"spark.hadoop.fs.azure.account.key.x.dfs.core.windows.net": "k"}))

    def test_a_session_that_tells_no_settings_names_none(self) -> None:
        def refuse(*_: object) -> None:
            raise RuntimeError("CONFIG_NOT_AVAILABLE")

        assert not is_named("s3://bucket/a", SimpleNamespace(conf=SimpleNamespace(get=refuse)))
