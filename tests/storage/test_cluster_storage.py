"""The cluster's own access to a store: listed and read with what Spark and ``dbutils`` have."""

from __future__ import annotations

import http.server
import logging
import sys
import threading
import time
import urllib.request
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Dict, Iterator, List

import pytest

pytest.importorskip("obstore")
from fake_databricks.engine.inside import dbutils as fake_dbutils
from fake_databricks.engine.runtime import own_runtime
from fake_databricks.engine.s3a_jars import s3a_jars
from nuvyn_executor.errors import DatasetUnreadable, SourceAccessDenied, SourceError, SourceNotFound
from nuvyn_executor.model import SourceType
from nuvyn_executor.sources.base import OnlySpark
from nuvyn_executor.sources.binary_files import BinaryFiles
from nuvyn_executor.sources.cluster_settings import names_access
from nuvyn_executor.sources.cluster_source import LibraryOrClusterSource
from nuvyn_executor.sources.cluster_storage import ClusterStorage
from nuvyn_executor.sources.cluster_ways import ClusterPaths, ClusterWay
from nuvyn_executor.sources.dbutils_files import DbutilsFiles
from nuvyn_executor.sources.factory import DataSourceFactory
from nuvyn_executor.sources.hadoop_files import HadoopFiles
from nuvyn_executor.sources.object_source import ObjectStoreSource
from nuvyn_executor.sources.object_store import storage_at
from nuvyn_executor.sources.spooled import SpooledSource
from nuvyn_executor.sources.store_address import StoreAddress, parse_store_address
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from fake_databricks.storage_servers.s3 import S3Server

pytestmark = [pytest.mark.spark, pytest.mark.timeout(600)]

WAYS = ("dbutils", "hadoop", "binary")
ODD = ["a#b.csv", "b c.csv", "c:d.csv", "[e].csv", "p%25.csv", "q?.csv", "x+y.csv", "ü.csv"]
NO_IDENTITY = {"AWS_EC2_METADATA_DISABLED": "true"}


def hadoop_conf(spark: SparkSession) -> Any:
    context: Any = spark.sparkContext
    return context._jsc.hadoopConfiguration()  # noqa: SLF001  nothing public leads there


class Cluster:
    """The shared session as that of a cluster: its settings know ``s3a://``, and Python has no keys."""

    def __init__(self, spark: SparkSession, server: S3Server) -> None:
        self.spark = spark
        self.server = server
        self._conf = hadoop_conf(spark)

    @contextmanager
    def having(self, **settings: str) -> Iterator[None]:
        """Let Hadoop have other settings of ``s3a://`` for a while."""
        before = {name: self._conf.get(f"fs.s3a.{name}") for name in settings}
        self._set(settings)
        try:
            yield
        finally:
            self._set(before)

    def _set(self, settings: Any) -> None:
        for name, value in settings.items():
            if value is None:
                self._conf.unset(f"fs.s3a.{name}")
            else:
                self._conf.set(f"fs.s3a.{name}", value)


@pytest.fixture(name="cluster", scope="module")
def _cluster(spark: SparkSession, s3_server: S3Server) -> Iterator[Cluster]:
    jvm: Any = spark._jvm  # noqa: SLF001  nothing public leads there
    conf = hadoop_conf(spark)
    jars = s3a_jars(own_runtime().java().parents[1], own_runtime().spark_home())
    urls = spark.sparkContext._gateway.new_array(jvm.java.net.URL, len(jars))  # noqa: SLF001  as above
    for index, jar in enumerate(jars):
        urls[index] = jvm.java.io.File(str(jar)).toURI().toURL()
    before = conf.getClassLoader()
    # In local mode the tasks that read have this very object, so they find the classes too.
    conf.setClassLoader(jvm.java.net.URLClassLoader(urls, before))
    made = Cluster(spark, s3_server)
    settings = {
        "endpoint": s3_server.endpoint,
        "access.key": s3_server.access_key,
        "secret.key": s3_server.secret_key,
        "path.style.access": "true",
        "connection.ssl.enabled": "false",
        "impl.disable.cache": "true",
        "attempts.maximum": "1",
        "retry.limit": "1",
    }
    with made.having(**settings):
        yield made
    conf.setClassLoader(before)


@dataclass
class Bucket:
    """A bucket of its own, and the ways of the cluster to it."""

    cluster: Cluster
    address: StoreAddress

    def put(self, *keys: str, content: bytes = b"id\n1\n") -> None:
        for key in keys:
            self.cluster.server.put(self.address.container, key, content)

    def way(self, name: str) -> ClusterWay:
        paths, spark = ClusterPaths(self.address), self.cluster.spark
        if name == "dbutils":
            return DbutilsFiles(paths, fake_dbutils.Files())
        return HadoopFiles(paths, spark) if name == "hadoop" else BinaryFiles(paths, spark)

    def storage(self, *ways: str) -> ClusterStorage:
        named = [self.way(name) for name in ways]
        return ClusterStorage(self.address, named, named)

    def source(self, way: str, key: str = "") -> ObjectStoreSource[ClusterStorage]:
        return ObjectStoreSource(self.storage(way), key, self.address.url_of(key))

    def names(self, way: str, key: str = "") -> List[str]:
        return [entry.name for entry in self.source(way, key).survey(1000).files]

    def by_library_or_cluster(self, key: str, **variables: str) -> LibraryOrClusterSource:
        """Open a path as on a cluster whose settings name neither keys nor a server."""
        environ = {**NO_IDENTITY, **variables}
        storage = storage_at(self.address, environ, 20)
        library = SpooledSource(
            ObjectStoreSource(storage, key, self.address.url_of(key)), on_databricks=True, spark_reads=True
        )
        own = self.storage("hadoop")
        by_cluster = SpooledSource(
            ObjectStoreSource(own, key, library.location), on_databricks=True, spark_reads=True
        )
        origin = storage.access.origin if storage.access.is_chosen else ""
        return LibraryOrClusterSource(library, lambda: (by_cluster, own), origin, lambda: False)

    def opened(self, key: str = "", **variables: str) -> Any:
        """Open a path as the executor does on this cluster, where no credentials are set."""
        factory = DataSourceFactory(
            on_databricks=True,
            variables={**NO_IDENTITY, **variables},
            retry_seconds=20,
            spark_reads=lambda _: True,
            session=lambda: self.cluster.spark,
        )
        return factory.create(self.address.url_of(key), SourceType.AUTO)


@pytest.fixture(name="bucket")
def _bucket(cluster: Cluster) -> Bucket:
    name = f"b{uuid.uuid4().hex[:12]}"
    cluster.server.create_bucket(name)
    return Bucket(cluster, address_of(name))


def address_of(name: str) -> StoreAddress:
    address = parse_store_address(f"s3://{name}/")
    assert address is not None
    return address


class Refusing(http.server.ThreadingHTTPServer):
    """A server of S3 that refuses every request, as Amazon does without a signature."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refusal)
        self.asked = 0

    @property
    def variables(self) -> Dict[str, str]:
        return {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server_address[1]}"}


class _Refusal(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Refusing)
        server.asked += 1
        body = b"<Error><Code>AccessDenied</Code></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  the base class names it

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def refusing() -> Iterator[Refusing]:
    with Refusing() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


class Log(logging.Handler):
    """What the source writes; directly, because a job of this process may have cut off the root logger."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += f"{record.getMessage()}\n"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    handler, logger = Log(), logging.getLogger("nuvyn_executor.sources.cluster_source")
    monkeypatch.setattr(logger, "level", logging.INFO)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@contextmanager
def keys_checked(server: S3Server) -> Iterator[None]:
    """Let moto check keys: it knows none."""
    reset_auth(server, "0")
    try:
        yield
    finally:
        reset_auth(server, "inf")


def reset_auth(server: S3Server, count: str) -> None:
    request = urllib.request.Request(
        f"{server.endpoint}/moto-api/reset-auth",
        count.encode(),
        {"Content-Type": "text/plain"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=LONGEST) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("way", WAYS)
class TestListing:
    """List through what the cluster has: `dbutils.fs` where there is one, else Spark's `binaryFile`."""

    def test_names_with_characters_that_mean_something_elsewhere(self, bucket: Bucket, way: str) -> None:
        bucket.put(*(f"shop/{name}" for name in ODD), "shopping/no.csv", "no.csv")

        listing = bucket.source(way, "shop").survey(1000)

        assert [entry.name for entry in listing.files] == sorted(ODD)
        assert {entry.size_bytes for entry in listing.files} == {5}
        assert listing.files[0].path == bucket.address.url_of(f"shop/{min(ODD)}")
        assert abs(listing.files[0].modified_at.timestamp() - time.time()) < 600

    def test_folders_below_a_delta_table_and_what_is_hidden(self, bucket: Bucket, way: str) -> None:
        bucket.put("s/t/_delta_log/00000000000000000000.json", "s/t/part-0.parquet", "s/a/b/c.csv")
        bucket.put("s/_hidden/x.csv", "s/.hidden", "s/_DEFECTS.json")

        listing = bucket.source(way, "s").survey(1000)

        assert [entry.name for entry in listing.files] == ["a/b/c.csv", "t/part-0.parquet"]
        assert listing.delta_folders == ("t",)

    def test_a_delta_table_itself_and_a_whole_bucket(self, bucket: Bucket, way: str) -> None:
        bucket.put("t/_delta_log/00000000000000000000.json", "t/part-0.parquet")

        assert bucket.source(way, "t").survey(1000).delta_folders == ("",)
        assert bucket.source(way).survey(1000).delta_folders == ("t",)
        assert bucket.names(way) == ["t/part-0.parquet"]

    def test_a_single_object_and_a_pattern(self, bucket: Bucket, way: str) -> None:
        bucket.put("shop/a b.csv", "shop/c.csv", "shop/d.json")

        listing = bucket.source(way, "shop/a b.csv").survey(1000)

        assert listing.is_single_file
        assert [entry.name for entry in listing.files] == ["a b.csv"]
        assert bucket.names(way, "shop/*.csv") == ["a b.csv", "c.csv"]

    def test_nothing_at_a_path_and_an_empty_bucket(self, bucket: Bucket, way: str) -> None:
        assert bucket.names(way) == []
        with pytest.raises(SourceNotFound, match="Nothing lies at"):
            bucket.names(way, "shop")

    def test_a_bucket_that_is_not_there(self, bucket: Bucket, way: str) -> None:
        absent = Bucket(bucket.cluster, address_of(f"absent-{uuid.uuid4().hex[:8]}"))

        for key in ("", "shop"):
            with pytest.raises(SourceNotFound, match=r"The bucket absent-\w+ does not exist"):
                absent.names(way, key)

    def test_keys_that_the_store_does_not_know(self, bucket: Bucket, way: str) -> None:
        bucket.put("shop/a.csv")

        with keys_checked(bucket.cluster.server), pytest.raises(SourceAccessDenied) as caught:
            bucket.names(way, "shop")

        # binaryFile asks by HEAD, whose answer has no code: wrong keys are like keys without the right there
        assert "credentials of the cluster" in caught.value.message
        assert ("instance profile" if way != "binary" else "s3:GetObject") in caught.value.remedy
        assert "at org." not in str(caught.value)


class TestReading:
    """Read through what the cluster has"""

    @pytest.mark.parametrize("way", ["hadoop", "binary"])
    def test_ranges(self, bucket: Bucket, way: str) -> None:
        bucket.put("s/p%25 #.bin", content=bytes(range(256)))
        storage, url = bucket.storage(way), bucket.address.url_of("s/p%25 #.bin")

        assert storage.read(url, 0, 4) == bytes(range(4))
        assert storage.read(url, 200, 1000) == bytes(range(200, 256))
        assert storage.read(url, 256, 10) == storage.read(url, 300, 10) == storage.read(url, 0, 0) == b""

    def test_an_empty_object_and_one_that_has_vanished(self, bucket: Bucket) -> None:
        bucket.put("empty", content=b"")

        for way in ("hadoop", "binary"):
            assert bucket.storage(way).read(bucket.address.url_of("empty"), 0, 10) == b""
            with pytest.raises(DatasetUnreadable, match="x has vanished"):
                bucket.storage(way).read(bucket.address.url_of("x"), 0, 10)

    def test_without_java_of_a_large_object_the_beginning_of_a_text_is_read(self, bucket: Bucket) -> None:
        bucket.put("large.csv", content="aä".encode() * 100)
        bucket.put("large.bin", content=b"\xff\x00" * 100)
        paths = ClusterPaths(bucket.address)
        small = BinaryFiles(paths, bucket.cluster.spark, most_bytes=100)
        hadoop = HadoopFiles(paths, SimpleNamespace())  # as of Spark Connect: it has no _jsparkSession
        storage = ClusterStorage(bucket.address, [], [hadoop, small, bucket.way("dbutils")])

        assert storage.read(bucket.address.url_of("large.csv"), 0, 5) == "aäa".encode()[:5].rstrip(b"\xc3")
        for name, offset in (("large.csv", 5), ("large.bin", 0)):
            with pytest.raises(DatasetUnreadable, match="no access to Java; binaryFile reads no object"):
                storage.read(bucket.address.url_of(name), offset, 5)

    def test_where_java_is_out_of_reach_the_next_way_reads(self, bucket: Bucket) -> None:
        bucket.put("a.csv")
        ways = [HadoopFiles(ClusterPaths(bucket.address), SimpleNamespace()), bucket.way("binary")]

        assert ClusterStorage(bucket.address, ways, ways).read(bucket.address.url_of("a.csv"), 0, 2) == b"id"


class TestNoAnswer:
    def test_a_server_that_does_not_answer(self, bucket: Bucket) -> None:
        with bucket.cluster.having(endpoint="http://127.0.0.1:9"), pytest.raises(SourceError) as caught:
            bucket.names("hadoop", "shop")

        assert "does not answer the cluster" in caught.value.message


class TestWhenItIsChosen:
    """Where no credentials are set and the library is refused, list and read through what the cluster has."""

    def test_where_the_settings_of_the_cluster_name_an_access_the_library_is_not_asked(
        self, bucket: Bucket, refusing: Refusing, log: Log
    ) -> None:
        bucket.put("shop/a.csv")

        source = bucket.opened("shop", **refusing.variables)

        assert [entry.name for entry in source.survey(10).files] == ["a.csv"]
        assert refusing.asked == 0
        assert f"{bucket.address.root}shop is listed by Hadoop's file system and read by Spark" in log.text
        assert "testing" not in log.text

    def test_where_the_library_is_refused(self, bucket: Bucket, refusing: Refusing, log: Log) -> None:
        bucket.put("shop/a.csv", "shop/b.xlsx", content=b"PK")
        source = bucket.by_library_or_cluster("shop", **refusing.variables)

        files = source.survey(10).files

        assert [entry.name for entry in files] == ["a.csv", "b.xlsx"]
        assert refusing.asked
        assert "it is not public, and no credentials are set (AccessDenied)" in log.text
        assert isinstance(source.storage, OnlySpark)
        assert source.read_range(files[0], 0, 2) == b"PK"
        assert source.spark_paths(files[:1]) == [f"s3a://{bucket.address.container}/shop/a.csv"]
        assert Path(source.local_path(files[1])).read_bytes() == b"PK"
        assert isinstance(source.storage, OnlySpark)
        source.release()

    def test_where_the_library_may_list_it_stays(self, bucket: Bucket, log: Log) -> None:
        bucket.put("shop/a.csv")
        variables = bucket.cluster.server.environment()

        source = bucket.opened("shop", **variables)

        assert [entry.name for entry in source.survey(10).files] == ["a.csv"]
        assert not isinstance(source.storage, OnlySpark)
        assert "the cluster's own access" not in log.text

    def test_keys_that_are_set_and_refused_are_the_error_to_show(
        self, bucket: Bucket, refusing: Refusing
    ) -> None:
        bucket.put("shop/a.csv")
        keys = {"AWS_ACCESS_KEY_ID": "wrong", "AWS_SECRET_ACCESS_KEY": "wrong"}

        with pytest.raises(SourceAccessDenied, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY may not"):
            bucket.opened("shop", **refusing.variables, **keys).survey(10)

    def test_where_the_library_is_not_installed_keys_are_not_used(
        self, bucket: Bucket, log: Log, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bucket.put("shop/a.csv")
        monkeypatch.setitem(sys.modules, "obstore", None)
        keys = bucket.cluster.server.environment()

        for variables, words in (
            ({}, "not installed\n"),
            (keys, "obstore is not installed, so AWS_ACCESS_KEY"),
        ):
            source = bucket.by_library_or_cluster("shop", **variables)
            assert [entry.name for entry in source.survey(10).files] == ["a.csv"]
            assert words in log.text
            log.text = ""

    def test_without_the_library_a_refusal_of_the_cluster_names_the_extra(
        self, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "obstore", None)
        source = bucket.by_library_or_cluster("shop")

        with keys_checked(bucket.cluster.server), pytest.raises(SourceAccessDenied) as caught:
            source.survey(10)

        assert "cannot be listed: the package obstore is not installed; with the cluster's" in str(
            caught.value
        )
        assert caught.value.remedy.endswith("Variables need the extra cloud.")

    def test_when_both_ways_fail_the_sentence_has_both_reasons(
        self, bucket: Bucket, refusing: Refusing
    ) -> None:
        source = bucket.by_library_or_cluster("shop", **refusing.variables)

        with keys_checked(bucket.cluster.server), pytest.raises(SourceAccessDenied) as caught:
            source.survey(10)

        assert caught.value.message == (
            f"{bucket.address.root}shop cannot be listed: it is not public, and no credentials are set "
            "(AccessDenied); with the cluster's own access: the store does not accept the credentials of the "
            "cluster."
        )

    @pytest.mark.parametrize(
        ("settings", "named"),
        [
            ({}, "nothing"),
            ({"access.key": "a"}, "an access"),
            ({"endpoint": "s3.eu-west-1.amazonaws.com"}, "nothing"),
            ({"endpoint": "https://minio.example.com:9000"}, "an access"),
        ],
    )
    def test_which_settings_name_an_access(
        self, bucket: Bucket, settings: Dict[str, str], named: str
    ) -> None:
        nothing: Dict[str, Any] = {"access.key": None, "endpoint": None}
        with bucket.cluster.having(**{**nothing, **settings}):
            is_named = names_access(bucket.address, bucket.cluster.spark)

        assert is_named == (named == "an access")
