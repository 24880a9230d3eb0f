"""How paths name object stores."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from nuvyn_executor.errors import SourceError
from nuvyn_executor.sources.store_address import StoreAddress, StoreKind, parse_store_address

SAS = "sv=2024-11-04&ss=b&srt=co&sp=rl&se=2030-01-01T00:00:00Z&sig=abc%2Bdef%3D"
BLOB, DFS = "acct.blob.core.windows.net", "acct.dfs.core.windows.net"

S3_FORMS: Dict[str, Dict[str, Any]] = {
    "s3://bucket": {},
    "s3://bucket/": {},
    "s3://bucket/a/b.csv": {"key": "a/b.csv"},
    "S3A://bucket/a/": {"key": "a/"},
    "s3n://bucket/a": {"key": "a"},
    "s3://my.bucket-1/a": {"container": "my.bucket-1", "key": "a"},
    "https://bucket.s3.amazonaws.com/a/b.csv": {"key": "a/b.csv"},
    "https://bucket.s3.eu-west-1.amazonaws.com/a": {"key": "a", "region": "eu-west-1"},
    "https://bucket.s3.eu-west-1.amazonaws.com": {"region": "eu-west-1"},
    "https://bucket.s3-us-west-2.amazonaws.com/a": {"key": "a", "region": "us-west-2"},
    "https://bucket.s3.dualstack.ap-southeast-2.amazonaws.com/a": {"key": "a", "region": "ap-southeast-2"},
    "https://bucket.s3-accelerate.amazonaws.com/a": {"key": "a"},
    "https://bucket.s3.cn-north-1.amazonaws.com.cn/a": {"key": "a", "region": "cn-north-1"},
    "https://bucket.s3.us-gov-west-1.amazonaws.com/a": {"key": "a", "region": "us-gov-west-1"},
    "https://bucket.s3-fips.us-gov-west-1.amazonaws.com/a": {"key": "a", "region": "us-gov-west-1"},
    "https://my.s3.bucket.s3.eu-west-1.amazonaws.com/a": {
        "container": "my.s3.bucket",
        "key": "a",
        "region": "eu-west-1",
    },
    "https://s3.eu-west-1.amazonaws.com/bucket/a/b": {"key": "a/b", "region": "eu-west-1"},
    "https://s3-eu-west-1.amazonaws.com/bucket/a": {"key": "a", "region": "eu-west-1"},
    "https://s3.dualstack.eu-west-1.amazonaws.com/bucket/a": {"key": "a", "region": "eu-west-1"},
    "https://s3.amazonaws.com/bucket/a%20b/%E6%97%A5.csv": {"key": "a b/日.csv"},
    "HTTPS://Bucket.S3.eu-west-1.amazonaws.com/A": {"key": "A", "region": "eu-west-1"},
}
AZURE_FORMS: Dict[str, Dict[str, Any]] = {
    f"abfss://cont@{DFS}/a/b.csv": {"key": "a/b.csv", "host": DFS},
    f"abfs://cont@{DFS}": {"host": DFS},
    f"wasbs://cont@{BLOB}/a": {"key": "a", "host": BLOB},
    f"wasb://cont@{BLOB.upper()}/A": {"key": "A", "host": BLOB},
    f"abfss://cont@{DFS}/a?{SAS}": {"key": "a", "host": DFS, "sas": SAS},
    "abfss://cont@acct.dfs.core.chinacloudapi.cn/a": {"key": "a", "host": "acct.dfs.core.chinacloudapi.cn"},
    "wasbs://cont@acct.blob.core.usgovcloudapi.net/a": {
        "key": "a",
        "host": "acct.blob.core.usgovcloudapi.net",
    },
    "abfss://cont/a/b": {"key": "a/b", "account": ""},
    "az://cont/a": {"key": "a", "account": ""},
    "wasb://cont@devstoreaccount1/a": {"key": "a", "account": "devstoreaccount1"},
    "abfss://cont@devstoreaccount1.dfs.core.windows.net/a": {"key": "a", "account": "devstoreaccount1"},
    f"https://{BLOB}/cont/a/b%20c.csv": {"key": "a/b c.csv", "host": BLOB},
    f"https://{BLOB}/cont": {"host": BLOB},
    f"https://{BLOB}/cont/a?{SAS}": {"key": "a", "host": BLOB, "sas": SAS},
    f"https://{DFS}:443/cont/a": {"key": "a", "host": DFS},
    "https://acct.z12.blob.storage.azure.net/cont/a": {"key": "a", "host": "acct.z12.blob.storage.azure.net"},
    "https://acct.blob.core.cloudapi.de/cont/a": {"key": "a", "host": "acct.blob.core.cloudapi.de"},
    "http://127.0.0.1:10000/devstoreaccount1/cont/a/b": {
        "key": "a/b",
        "account": "devstoreaccount1",
        "endpoint": "http://127.0.0.1:10000/devstoreaccount1",
    },
    f"http://azurite:10000/devstoreaccount1/cont/?{SAS}": {
        "account": "devstoreaccount1",
        "endpoint": "http://azurite:10000/devstoreaccount1",
        "sas": SAS,
    },
}
GCS_FORMS: Dict[str, Dict[str, Any]] = {
    "gs://bucket/a/b.csv": {"key": "a/b.csv"},
    "gcs://bucket": {},
    "https://storage.googleapis.com/bucket/a%20b": {"key": "a b"},
    "https://storage.cloud.google.com/bucket/a": {"key": "a"},
    "https://bucket.storage.googleapis.com/a/b": {"key": "a/b"},
}
ODD_KEYS = (
    "a b/c.csv",
    "100%/%41.csv",
    "日本/é ü.csv",
    "a/*.csv",
    "a/[0-9]?/**/x.csv",
    "a#b/c&d=e+f.csv",
    "a//b.csv",
    "a/../b.csv",
    " /trailing ",
    "a/year=2024/part-0.parquet",
)


class TestForms:
    """Issue 13: "`s3://`, `s3a://`, `s3n://`, `https://bucket.s3.region.amazonaws.com/...` and path style;
    `abfss://`, `wasbs://`, `https://account.blob.core.windows.net/container/path[?SAS]`".
    """

    @pytest.mark.parametrize("path", S3_FORMS)
    def test_s3(self, path: str) -> None:
        expected = {"container": "bucket", **S3_FORMS[path]}

        assert parse_store_address(path) == StoreAddress(StoreKind.S3, **expected)

    @pytest.mark.parametrize("path", AZURE_FORMS)
    def test_azure(self, path: str) -> None:
        expected = {"container": "cont", "account": "acct", **AZURE_FORMS[path]}

        assert parse_store_address(path) == StoreAddress(StoreKind.AZURE, **expected)

    @pytest.mark.parametrize("path", GCS_FORMS)
    def test_google(self, path: str) -> None:
        assert parse_store_address(path) == StoreAddress(StoreKind.GCS, "bucket", **GCS_FORMS[path])

    @pytest.mark.parametrize(
        "path",
        [
            "/data/x.csv",
            "x.csv",
            "dbfs:/mnt/x",
            "file:///x",
            "s3:/bucket/x",
            "jdbc:postgresql://host/db",
            "https://example.org/bucket/x.csv",
            "https://evil.example/?x=.s3.amazonaws.com",
            "https://bucket.s3.amazonaws.com.evil.example/a",
            "https://acct.blob.core.windows.net.evil.example/cont/a",
            "https://user:pw@acct.blob.core.windows.net/cont/a",
            "hdfs://namenode/x",
            "",
        ],
    )
    def test_other_paths_name_no_store(self, path: str) -> None:
        assert parse_store_address(path) is None

    @pytest.mark.parametrize(
        "path", ["s3://", "s3:///key", "abfss://@acct.dfs.core.windows.net/x", f"https://{BLOB}/", "gs://"]
    )
    def test_a_store_without_a_bucket_is_refused(self, path: str) -> None:
        with pytest.raises(SourceError, match=r"names no (bucket|container)"):
            parse_store_address(path)

    def test_a_query_that_is_no_signature_is_refused_without_being_shown(self) -> None:
        with pytest.raises(SourceError, match="no shared access signature") as refused:
            parse_store_address(f"https://{BLOB}/cont/a?token=hidden")
        assert "hidden" not in str(refused.value)

    def test_a_signed_url_of_s3_is_refused_without_its_signature(self) -> None:
        with pytest.raises(SourceError, match="signed URLs") as refused:
            parse_store_address("https://bucket.s3.eu-west-1.amazonaws.com/a?X-Amz-Signature=hidden")
        assert "hidden" not in str(refused.value)
        assert "s3://bucket/a" in str(refused.value)


class TestUrls:
    """What `FileEntry.path` holds."""

    @pytest.mark.parametrize("key", ODD_KEYS)
    @pytest.mark.parametrize(
        "root",
        [
            "s3://bucket/",
            "gs://bucket/",
            f"abfss://cont@{DFS}/",
            f"wasbs://cont@{BLOB}/",
            "wasb://cont@devstoreaccount1/",
        ],
    )
    def test_a_key_comes_back_from_its_url(self, root: str, key: str) -> None:
        address = parse_store_address(root)
        assert address is not None

        url = address.url_of(key)
        again = parse_store_address(url)

        assert again is not None
        assert (again.root, again.key) == (root, key)
        assert address.key_of(url) == key

    @pytest.mark.parametrize(
        ("path", "root"),
        [
            (f"https://{BLOB}/cont/a?{SAS}", f"wasbs://cont@{BLOB}/"),
            (f"https://{DFS}/cont/a?{SAS}", f"abfss://cont@{DFS}/"),
            (f"http://127.0.0.1:1/devstoreaccount1/cont/a?{SAS}", "wasb://cont@devstoreaccount1/"),
            ("https://bucket.s3.eu-west-1.amazonaws.com/a", "s3://bucket/"),
            ("s3a://bucket/a", "s3://bucket/"),
        ],
    )
    def test_one_form_stands_for_all_and_carries_no_secret(self, path: str, root: str) -> None:
        address = parse_store_address(path)

        assert address is not None
        assert address.root == root
        assert "sig=" not in repr(address) + address.url_of(address.key)
        assert address.whole.sas == ""

    def test_spark_has_names_of_its_own(self) -> None:
        forms = {"s3://b/k": "s3a://b/k", "gs://b/k": "gs://b/k", f"abfss://c@{DFS}/k": f"abfss://c@{DFS}/k"}
        for path, spark in forms.items():
            address = parse_store_address(path)
            assert address is not None
            assert address.spark_url_of(address.key) == spark

    def test_a_url_that_spark_wrote_leads_to_the_same_key(self) -> None:
        address = StoreAddress(StoreKind.S3, "bucket")

        assert address.key_of("s3a://bucket/a b/c.parquet") == "a b/c.parquet"

    def test_a_url_of_another_container_is_no_key(self) -> None:
        with pytest.raises(ValueError, match="does not hold"):
            StoreAddress(StoreKind.S3, "bucket").key_of("s3://other/a")
