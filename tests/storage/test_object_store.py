"""What an object store lists and reads: S3 by moto, Azure by Azurite, and Google's protocol by moto."""

from __future__ import annotations

import logging
import multiprocessing
import pickle
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, List

import pytest

from nuvyn_executor.errors import DatasetUnreadable, SourceError, SourceNotFound
from nuvyn_executor.model import FileEntry
from nuvyn_executor.sources.filesystem import FileSystemSource

pytest.importorskip("obstore")
from tests.storage.stores import MANY, Store, source_at, store_of

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.sources.object_store import ObjectStorage

pytestmark = pytest.mark.process
TREE = (
    "a/b.csv",
    "a/c.csv",
    "a-b.csv",
    "d/e/f.csv",
    "d/e/g.json",
    "d/h.csv",
    "year=2024/month=1/p.parquet",
    "_year=2024/p.csv",
    "z z.csv",
    "日本/é ü.csv",
    "100%/%41.csv",
)
HIDDEN = ("_hidden.csv", ".hidden.csv", "d/_temporary/x.csv", ".git/x.csv", "d/y._COPYING_")


@pytest.fixture(params=["s3", "azure", "gcs"])
def store(request: pytest.FixtureRequest) -> Store:
    return store_of(request.param, request)


@pytest.fixture
def folder(tmp_path: Path, store: Store) -> Path:
    """A local folder with the same tree as the store."""
    for name in (*TREE, *HIDDEN):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"id\n1\n")
    store.put(*TREE, *HIDDEN)
    return tmp_path


class TestListing:
    """Issue 13: "Listing and ranged reads of S3, Azure Blob/ADLS and Google Cloud Storage"."""

    @pytest.mark.parametrize("asked", ["", "d", "d/", "a", "d/e", "year=2024"])
    def test_a_folder_lists_as_the_same_folder_of_a_file_system_does(
        self, store: Store, folder: Path, asked: str
    ) -> None:
        local = FileSystemSource(str(folder / asked), on_databricks=False).survey(MANY)
        found = store.survey(asked)

        assert [entry.name for entry in found.files] == [entry.name for entry in local.files]
        assert found.root == (store.root + asked).rstrip("/")
        assert not found.truncated
        assert not found.problems

    @pytest.mark.parametrize(
        "pattern",
        ["*.csv", "*/*.csv", "d/**", "**/*.csv", "d/?/[fg].*", "**/e/*", "?/b.csv", "a*", "d/**/g.json"],
    )
    def test_a_glob_matches_as_in_a_file_system(self, store: Store, folder: Path, pattern: str) -> None:
        local = FileSystemSource(str(folder / pattern), on_databricks=False).survey(MANY)
        found = store.survey(pattern)

        assert [entry.name for entry in found.files] == [entry.name for entry in local.files]

    def test_an_entry_has_what_the_store_says(self, store: Store) -> None:
        store.write("a/b.csv", b"id\n12345\n")

        (entry,) = store.survey("a").files

        assert (entry.path, entry.name, entry.size_bytes) == (f"{store.root}a/b.csv", "b.csv", 9)
        assert abs(entry.modified_at - datetime.now(timezone.utc)) < timedelta(minutes=5)
        assert entry.etag

    def test_one_object_is_a_single_file(self, store: Store) -> None:
        store.put("a/b.csv", "a/b.csv.bak", "a/b.csvx/c")

        found = store.survey("a/b.csv")

        assert found.is_single_file
        assert [(entry.name, entry.path) for entry in found.files] == [("b.csv", f"{store.root}a/b.csv")]
        assert found.root == f"{store.root}a"

    @pytest.mark.parametrize("name", ["a[1].csv", "what?.csv", "star*.csv", "a[1]/b.csv"])
    def test_a_name_with_wildcards_that_is_there_is_no_pattern(self, store: Store, name: str) -> None:
        store.put(name, "a1.csv", "whatx.csv", "a1/b.csv")

        found = store.survey(name.partition("/")[0])

        assert [entry.path for entry in found.files] == [store.root + name]

    @pytest.mark.parametrize("asked", ["nothing", "a/b", "*.json", "a/b.csv/c"])
    def test_nothing_there_is_said(self, store: Store, asked: str) -> None:
        store.put("a/b.csv")

        with pytest.raises(SourceNotFound, match=r"Nothing (lies at|matches)"):
            store.survey(asked)

    def test_an_empty_bucket_is_an_empty_listing(self, store: Store) -> None:
        assert store.survey().files == ()

    def test_a_hidden_object_named_exactly_is_refused(self, store: Store) -> None:
        store.put("a/_b.csv")

        with pytest.raises(SourceError, match="is hidden"):
            store.survey("a/_b.csv")

    def test_more_than_the_limit_is_truncated_at_the_first_by_name(self, store: Store) -> None:
        store.put(*(f"a/{number}.csv" for number in range(7)), "a/_hidden")

        found = store.survey("a", limit=3)

        assert [entry.name for entry in found.files] == ["0.csv", "1.csv", "2.csv"]
        assert found.truncated
        assert not store.survey("a", limit=7).truncated

    def test_delta_tables_are_seen_by_their_log(self, store: Store, tmp_path: Path) -> None:
        names = (
            "t/_delta_log/0.json",
            "t/part-0.parquet",
            "t/year=1/p.parquet",
            "u/x.csv",
            "n/m/_delta_log/0",
        )
        store.put(*names)
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("x")
        for asked in ("", "t", "*/*.parquet", "n/*"):
            local = FileSystemSource(str(tmp_path / asked), on_databricks=False).survey(MANY)
            assert store.survey(asked).delta_folders == local.delta_folders, asked

    def test_a_delta_table_is_named_to_spark_without_escapes(self, store: Store) -> None:
        store.put("t[1]/_delta_log/0.json", "t[1]/p.parquet", "u[1]/p.parquet")
        source = store.source()
        source.survey(MANY)

        assert source.spark_path(f"{store.root}t[1]").endswith("/t[1]")
        assert source.spark_path(f"{store.root}u[1]").endswith("/u\\[1\\]")

    def test_other_spellings_lead_to_the_same(self, store: Store) -> None:
        store.put("a/b c.csv")
        for path in store.paths:
            found = source_at(f"{path}a", store.environment).survey(MANY)
            assert [entry.path for entry in found.files] == [f"{store.root}a/b c.csv"], path


class TestFolderMarkers:
    """Empty objects that clients write for folders are no files."""

    def test_a_marker_with_a_slash_at_its_end(self, store: Store) -> None:
        for key in ("a/", "a/empty/", "a/b/", "a/b/c/"):
            store.write(key, b"")
        store.put("a/b/x.csv")
        store.write("a/file", b"")

        assert store.names("a") == ["b/x.csv", "file"]
        if store.kind != "azure":  # whose listings leave out the marker of the folder itself
            assert store.names("a/empty") == []
            assert store.names("a/empty/") == []

    def test_a_marker_of_hadoop(self, store: Store) -> None:
        store.write("a/b_$folder$", b"")
        store.put("a/b/x.csv")

        assert store.names("a") == ["b/x.csv"]

    def test_a_blob_that_is_marked_as_a_folder(self, request: pytest.FixtureRequest) -> None:
        store = store_of("azure", request)
        azure = request.getfixturevalue("azure_server")
        container = store.root.partition("@")[0].partition("//")[2]
        for name in ("a", "a/empty", "a/b"):
            headers = {"x-ms-blob-type": "BlockBlob", "x-ms-meta-hdi_isfolder": "true"}
            azure.call("PUT", f"{container}/{name}", headers=headers)
        store.put("a/b/x.csv")

        assert store.names("a") == ["b/x.csv"]
        assert store.names() == ["a/b/x.csv"]


class TestOddNames:
    def test_names_that_the_library_refuses_are_named_and_the_others_are_read(self, store: Store) -> None:
        store.put("A/x.csv", "a/b.csv", "b//c.csv", "c/d.csv", "z.csv")

        found = store.survey()

        assert [entry.name for entry in found.files] == ["A/x.csv", "a/b.csv", "c/d.csv", "z.csv"]
        (problem,) = found.problems
        assert problem.name == "b//"
        assert problem.is_failure
        assert "others in b may be missing" in problem.reason

    def test_a_path_of_such_a_name_is_refused(self, store: Store) -> None:
        with pytest.raises(SourceError, match="a level that is empty"):
            store.survey("a//b")

    @pytest.mark.parametrize("name", [" a .csv", "a#b&c=d+e.csv", "a%2Fb.csv", "~.csv", '"q".csv', "a:b.csv"])
    def test_other_odd_names_are_read(self, store: Store, name: str) -> None:
        store.write(f"x/{name}", b"content")
        source = store.source("x")

        (entry,) = source.survey(MANY).files

        assert entry.name == name
        assert source.read_range(entry, 0, 100) == b"content"


class TestReading:
    def test_a_range_is_read_and_no_more(self, store: Store) -> None:
        store.write("a.bin", bytes(range(256)))
        source = store.source("a.bin")
        (entry,) = source.survey(MANY).files

        assert source.read_range(entry, 10, 5) == bytes(range(10, 15))
        assert source.read_range(entry, 250, 100) == bytes(range(250, 256))
        assert source.read_range(entry, 256, 1) == b""
        assert source.read_range(entry, 1000, 5) == b""
        assert source.read_range(entry, 0, 0) == b""

    def test_an_empty_object_has_no_bytes(self, store: Store) -> None:
        store.write("a.bin", b"")
        source = store.source("a.bin")
        (entry,) = source.survey(MANY).files

        assert source.read_range(entry, 0, 10) == b""

    def test_an_object_that_changed_is_said(self, store: Store) -> None:
        store.write("a.csv", b"id\n1\n")
        source = store.source()
        (entry,) = source.survey(MANY).files
        store.write("a.csv", b"id\n2\n")

        with pytest.raises(DatasetUnreadable, match=r"a\.csv has changed since it was listed"):
            source.read_range(entry, 0, 10)

    def test_an_object_that_vanished_is_said(self, store: Store) -> None:
        source = store.source()
        gone = FileEntry(f"{store.root}a.csv", "a.csv", 5, datetime.now(timezone.utc))

        with pytest.raises(DatasetUnreadable, match=r"a\.csv has vanished since it was listed"):
            source.read_range(gone, 0, 10)

    def test_a_storage_travels_to_another_process(self, store: Store) -> None:
        store.write("a.csv", b"id\n1\n")
        storage = store.source().storage
        assert storage.read(f"{store.root}a.csv", 0, 2) == b"id"

        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(_read, (pickle.dumps(storage), f"{store.root}a.csv")) == b"id\n1\n"

    def test_a_secret_is_in_no_repr(self, store: Store) -> None:
        storage = store.source().storage

        assert storage.access.secrets or store.kind == "gcs"
        assert not any(secret in repr(storage) for secret in storage.access.secrets if secret != "testing")
        assert "access_key" not in repr(storage)


def _read(pickled: bytes, path: str) -> bytes:
    storage: ObjectStorage = pickle.loads(pickled)  # noqa: S301  made by the test
    return storage.read(path, 0, 100)


class TestManyObjects:
    """Issue 13: "100,000 objects under one prefix listed in <= 30 s against moto with progress"."""

    def test_progress_is_logged(
        self,
        request: pytest.FixtureRequest,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        store = store_of("s3", request)
        store.put(*(f"many/{number:03}.csv" for number in range(25)))
        monkeypatch.setattr("nuvyn_executor.sources.object_source._PROGRESS", 10)

        with caplog.at_level(logging.INFO, "nuvyn_executor"):
            started = time.monotonic()
            assert len(store.names("many")) == 25
            assert time.monotonic() - started < 30

        lines: List[Any] = [record.getMessage() for record in caplog.records]
        assert lines == [f"📁 Listed {n} objects of {store.root}many so far" for n in (10, 20)]
