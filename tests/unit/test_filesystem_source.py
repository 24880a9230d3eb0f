"""From a path to files: spelling, listing, reading ranges, and what the factory refuses."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, List

import pytest

from nuvyn_executor.discovery.formats import SOURCE_TYPES
from nuvyn_executor.errors import (
    DatasetUnreadable,
    ExecutorError,
    SourceAccessDenied,
    SourceError,
    SourceNotFound,
)
from nuvyn_executor.model import FileEntry, SourceType
from nuvyn_executor.sources.base import TableSource
from nuvyn_executor.sources.factory import DataSourceFactory, masked_location
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from nuvyn_executor.sources.base import DataSource

MANY = 1_000_000
NOBODY = 65534


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("id\n1\n")


def source(root: object) -> FileSystemSource:
    return FileSystemSource(str(root), on_databricks=False)


def names(root: object) -> List[str]:
    return [entry.name for entry in source(root).survey(MANY).files]


@pytest.fixture
def stranger() -> Iterator[Path]:
    """A folder in which this process owns nothing: root becomes nobody, others use the file modes."""
    root = Path(tempfile.mkdtemp(prefix="nuvyn-"))
    root.chmod(0o755)
    yield root
    if os.geteuid() == NOBODY and os.getuid() == 0:
        os.seteuid(0)
    for folder, _, _ in os.walk(root):
        Path(folder).chmod(0o755)
    shutil.rmtree(root)


def become_stranger() -> None:
    if os.geteuid() == 0:
        os.seteuid(NOBODY)


class TestForSpark:
    """ "Paths `/dbfs/...`, `dbfs:/...`, `/Volumes/...`, `file:/...`, plain ones." """

    def test_a_delta_table_is_named_as_it_is_because_its_reader_expands_no_globs(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "a[1]" / "_delta_log").mkdir(parents=True)
        (tmp_path / "b[1]").mkdir()
        assert source(tmp_path).spark_path(str(tmp_path / "a[1]")) == f"file://{tmp_path}/a[1]"
        assert source(tmp_path).spark_path(str(tmp_path / "b[1]")) == f"file://{tmp_path}/b\\[1\\]"

    def test_it_is_a_data_source(self, tmp_path: Path) -> None:
        port: DataSource = FileSystemSource(str(tmp_path), on_databricks=False)
        assert port.location == str(tmp_path)


class TestListing:
    """ "folders, single files, globs, nested folders; hidden and `_` files skipped." """

    def test_a_single_file_is_named_by_its_name(self, tmp_path: Path) -> None:
        write(tmp_path, "x.csv")
        (entry,) = source(tmp_path / "x.csv").survey(MANY).files
        assert (entry.name, entry.path, entry.size_bytes) == ("x.csv", str(tmp_path / "x.csv"), 5)
        assert entry.modified_at.tzinfo is not None

    def test_a_folder_is_listed_with_all_below_it_in_the_order_of_full_names(self, tmp_path: Path) -> None:
        write(tmp_path, "b.csv", "a/z.csv", "a/b/c.csv", "a-b.csv", "a.csv")
        found = names(tmp_path)
        assert found == ["a-b.csv", "a.csv", "a/b/c.csv", "a/z.csv", "b.csv"]
        assert found == sorted(found)

    def test_hidden_and_underscored_names_are_skipped(self, tmp_path: Path) -> None:
        write(tmp_path, ".a.csv", "_SUCCESS", ".git/x.csv", "_tmp/x.csv", "x.csv._COPYING_", "b.csv")
        assert names(tmp_path) == ["b.csv"]

    def test_a_partition_whose_key_begins_with_an_underscore_is_seen_as_spark_sees_it(
        self, tmp_path: Path
    ) -> None:
        write(tmp_path, "_year=2024/x.csv")
        assert names(tmp_path) == ["_year=2024/x.csv"]

    @pytest.mark.parametrize(
        ("pattern", "found"),
        [
            ("*.csv", ["a.csv", "b1.csv"]),
            ("b?.csv", ["b1.csv"]),
            ("[ab].csv", ["a.csv"]),
            ("*/*.csv", ["n/c.csv"]),
            ("**/*.csv", ["a.csv", "b1.csv", "n/c.csv", "n/m/d.csv"]),
            ("**", ["a.csv", "b1.csv", "n/c.csv", "n/m/d.csv", "x.json"]),
            ("n*", ["n/c.csv", "n/m/d.csv"]),
            ("**/m", ["n/m/d.csv"]),
            ("n/**/d.csv", ["m/d.csv"]),
        ],
    )
    def test_a_glob_finds_what_a_shell_finds_and_folders_with_all_below(
        self, tmp_path: Path, pattern: str, found: List[str]
    ) -> None:
        write(tmp_path, "a.csv", "b1.csv", "n/c.csv", "n/m/d.csv", "x.json", ".h.csv", "_h/a.csv")
        assert names(tmp_path / pattern) == found

    def test_a_name_with_brackets_that_exists_is_no_glob(self, tmp_path: Path) -> None:
        write(tmp_path, "a[1].csv", "a1.csv", "d[2]/x.csv")
        assert names(tmp_path / "a[1].csv") == ["a[1].csv"]
        assert names(tmp_path / "d[2]") == ["x.csv"]

    def test_the_limit_keeps_the_first_names_and_says_that_there_are_more(self, tmp_path: Path) -> None:
        write(tmp_path, "c.csv", "a/1.csv", "a/2.csv", "b.csv")
        listing = source(tmp_path).survey(3)
        entries, more = listing.files, listing.truncated
        assert ([entry.name for entry in entries], more) == (["a/1.csv", "a/2.csv", "b.csv"], True)
        assert source(tmp_path).survey(4).truncated is False

    def test_an_empty_folder_is_an_empty_listing_and_no_error(self, tmp_path: Path) -> None:
        listing = source(tmp_path).survey(MANY)
        assert (listing.files, listing.problems, listing.truncated) == ((), (), False)

    def test_a_delta_folder_is_recognised_and_its_log_is_not_listed(self, tmp_path: Path) -> None:
        write(tmp_path, "t/_delta_log/00000000000000000000.json", "t/part-0.parquet", "x.csv")
        listing = source(tmp_path).survey(MANY)
        assert listing.delta_folders == ("t",)
        assert [entry.name for entry in listing.files] == ["t/part-0.parquet", "x.csv"]
        assert source(tmp_path / "t").survey(MANY).delta_folders == ("",)
        assert source(tmp_path / "*.csv").survey(MANY).delta_folders == ()
        assert source(tmp_path / "*").survey(MANY).delta_folders == ("t",)

    def test_links_that_lead_back_end_and_a_folder_is_listed_once(self, tmp_path: Path) -> None:
        write(tmp_path, "a/x.csv")
        (tmp_path / "a" / "up").symlink_to(tmp_path)
        (tmp_path / "a" / "self").symlink_to("self")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        listing = source(tmp_path).survey(MANY)
        assert [entry.name for entry in listing.files] == ["a/x.csv"]
        assert [problem.name for problem in listing.problems] == ["a/self"]

    def test_links_out_of_the_folder_are_followed_only_if_the_setting_says_so(self, tmp_path: Path) -> None:
        """ "links that leave the source's root are skipped by name unless `EXECUTOR_FOLLOW_LINKS=true`" """
        write(tmp_path, "outside/x.csv", "inside/own/y.csv")
        folder = tmp_path / "inside"
        (folder / "link").symlink_to(tmp_path / "outside")
        (folder / "passwd.csv").symlink_to("/etc/passwd")
        (folder / "up").symlink_to("..")
        (folder / "z.csv").symlink_to("own/y.csv")
        (tmp_path / "also").symlink_to("inside")

        listing = source(folder).survey(MANY)
        followed = FileSystemSource(str(folder), on_databricks=False, follow_links=True).survey(MANY)

        assert [entry.name for entry in listing.files] == ["own/y.csv", "z.csv"]
        assert {(one.name, one.is_failure) for one in listing.problems} == {
            ("link", False),
            ("passwd.csv", False),
            ("up", False),
        }
        assert {one.reason for one in listing.problems} == {"is a link that leads out of the source's folder"}
        assert names(tmp_path / "also") == ["own/y.csv", "z.csv"]
        assert {"link/x.csv", "passwd.csv"} < {entry.name for entry in followed.files}
        assert followed.problems == ()

    def test_the_mark_of_an_open_workbook_is_no_file(self, tmp_path: Path) -> None:
        write(tmp_path, "a.xlsx", "~$a.xlsx")
        assert names(tmp_path) == ["a.xlsx"]

    def test_what_cannot_be_looked_at_is_a_problem_and_the_rest_is_listed(self, tmp_path: Path) -> None:
        write(tmp_path, "good.csv")
        (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere")
        os.mkfifo(tmp_path / "pipe.csv")
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.csv")).write_text("x")
        listing = source(tmp_path).survey(MANY)
        assert [entry.name for entry in listing.files] == ["good.csv"]
        assert {problem.name: problem.reason for problem in listing.problems} == {
            "bad\\udcff.csv": "has a name that is not UTF-8",
            "gone.csv": "has vanished, or is a link that leads nowhere",
            "pipe.csv": "is no regular file (a pipe, socket or device)",
        }

    def test_a_folder_that_may_not_be_listed_is_a_problem_and_the_rest_is_listed(
        self, stranger: Path
    ) -> None:
        write(stranger, "good.csv", "locked/x.csv")
        (stranger / "locked").chmod(0)
        become_stranger()
        listing = source(stranger).survey(MANY)
        assert [entry.name for entry in listing.files] == ["good.csv"]
        assert [problem.name for problem in listing.problems] == ["locked"]
        assert "Permission denied" in listing.problems[0].reason

    def test_a_tree_deeper_than_pythons_stack_is_listed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        depth = 1200
        monkeypatch.chdir(tmp_path)
        for _ in range(depth):
            Path("d").mkdir()
            os.chdir("d")
        Path("x.csv").touch()
        found = names(tmp_path)
        for _ in range(depth):  # by hand: shutil.rmtree is what such a tree breaks
            for below in Path().iterdir():
                below.unlink() if below.is_file() else below.rmdir()
            os.chdir("..")
        assert found == ["d/" * depth + "x.csv"]


class TestErrors:
    """ "a path that does not exist, one that may not be read: one clear sentence that names the thing and the
    remedy."
    """

    @pytest.mark.parametrize("missing", ["nothing", "x.csv/below", "*.parquet", "no/*.csv", "nul\0byte"])
    def test_a_path_without_anything_is_not_found(self, tmp_path: Path, missing: str) -> None:
        write(tmp_path, "x.csv")
        with pytest.raises(SourceNotFound) as caught:
            source(tmp_path / missing).survey(MANY)
        assert missing in caught.value.message
        assert caught.value.remedy

    def test_a_tilde_is_explained(self) -> None:
        with pytest.raises(SourceNotFound, match="~ is not expanded"):
            source("~/data-that-is-not-there").survey(MANY)

    @pytest.mark.parametrize("path", ["/mnt/orders", "/mnt/orders/", "/mnt/orders/x.csv"])
    def test_a_path_of_dbfs_without_its_scheme_is_explained(self, tmp_path: Path, path: str) -> None:
        """Spark on Databricks takes `/mnt/orders` for DBFS; files that Python opens lie on the machine."""
        write(tmp_path, "mnt/orders/x.csv")
        here = FileSystemSource(path, on_databricks=False, roots={"/dbfs": str(tmp_path)})
        with pytest.raises(SourceNotFound) as caught:
            here.survey(MANY)
        assert caught.value.remedy == f"DBFS has this path: name it dbfs:{path.rstrip('/')}."

    def test_a_file_that_may_not_be_read_is_denied(self, stranger: Path) -> None:
        write(stranger, "x.csv")
        (stranger / "x.csv").chmod(0)
        become_stranger()
        with pytest.raises(SourceAccessDenied, match=r"may not be read\. Grant"):
            source(stranger / "x.csv").survey(MANY)

    def test_a_folder_that_may_not_be_listed_is_denied(self, stranger: Path) -> None:
        write(stranger, "d/x.csv")
        (stranger / "d").chmod(0)
        become_stranger()
        with pytest.raises(SourceAccessDenied):
            source(stranger / "d").survey(MANY)

    def test_a_hidden_file_named_outright_is_refused_because_spark_would_not_read_it(
        self, tmp_path: Path
    ) -> None:
        write(tmp_path, "_x.csv")
        with pytest.raises(SourceError, match="is hidden"):
            source(tmp_path / "_x.csv").survey(MANY)

    def test_something_that_is_neither_file_nor_folder_is_refused(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(tmp_path / "s"))
            with pytest.raises(SourceError, match="neither a file nor a folder"):
                source(tmp_path / "s").survey(MANY)


class TestReadRange:
    """ "a file that vanishes meanwhile: one clear sentence." """

    def test_it_reads_up_to_the_length_from_the_offset(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_bytes(b"0123456789")
        (entry,) = source(tmp_path).survey(MANY).files
        assert source(tmp_path).read_range(entry, 2, 3) == b"234"
        assert source(tmp_path).read_range(entry, 8, 100) == b"89"
        assert source(tmp_path).read_range(entry, 50, 1) == b""

    def test_a_file_that_vanished_is_named(self, tmp_path: Path) -> None:
        write(tmp_path, "x.csv")
        (entry,) = source(tmp_path).survey(MANY).files
        Path(entry.path).unlink()
        with pytest.raises(DatasetUnreadable, match=r"x\.csv has vanished"):
            source(tmp_path).read_range(entry, 0, 1)

    def test_a_file_that_may_not_be_read_is_named(self, stranger: Path) -> None:
        write(stranger, "x.csv")
        (entry,) = source(stranger).survey(MANY).files
        (stranger / "x.csv").chmod(0)
        become_stranger()
        with pytest.raises(DatasetUnreadable, match=r"x\.csv may not be read"):
            source(stranger).read_range(entry, 0, 1)

    def test_any_other_failure_is_named_too(self, tmp_path: Path) -> None:
        (tmp_path / "d").mkdir()
        found = (tmp_path / "d").stat()
        entry = FileEntry(str(tmp_path / "d"), "d", found.st_size, source(tmp_path).survey(1) and None)  # type: ignore[arg-type]
        with pytest.raises(DatasetUnreadable, match="d cannot be read: Is a directory"):
            source(tmp_path).read_range(entry, 0, 1)


class TestFactory:
    """ "(S3, Azure, databases: a later issue; keep `DataSourceFactory` ready for them.)" """

    factory = DataSourceFactory(on_databricks=False)

    @pytest.mark.parametrize("source_type", SOURCE_TYPES)
    def test_a_plain_path_is_files_whatever_the_type_says(
        self, tmp_path: Path, source_type: SourceType
    ) -> None:
        write(tmp_path, "x.csv")
        found = self.factory.create(str(tmp_path), source_type)
        assert not isinstance(found, TableSource)
        assert len(found.survey(MANY).files) == 1

    def test_a_colon_alone_makes_no_scheme(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        write(tmp_path, "a:b.csv")
        found = self.factory.create("a:b.csv", SourceType.AUTO)
        assert not isinstance(found, TableSource)
        assert len(found.survey(MANY).files) == 1

    @pytest.mark.parametrize(
        ("path", "shown"),
        [
            ("s3://bucket/x", "s3://bucket/x"),
            ("abfss://cont@acc.dfs.core.windows.net/x", "abfss://cont@acc.dfs.core.windows.net/x"),
            (
                "wasbs://cont@acc.blob.core.windows.net/x?sv=1&sig=hush",
                "wasbs://cont@acc.blob.core.windows.net/x?***",
            ),
            (
                "https://acc.blob.core.windows.net/c/x?sv=1&sig=hush",
                "https://acc.blob.core.windows.net/c/x?***",
            ),
        ],
    )
    def test_an_object_store_is_shown_without_its_signature(self, path: str, shown: str) -> None:
        hidden: List[str] = []
        variables = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "hushhush"}
        factory = DataSourceFactory(on_databricks=False, variables=variables, hide=hidden.extend)

        assert factory.create(path, SourceType.AUTO).location == shown == masked_location(path)
        assert any("hush" in one for one in hidden) == (shown.startswith("s3") or "***" in shown)

    @pytest.mark.parametrize(
        ("path", "shown"),
        [
            ("s3a://AKIA:hush@bucket/x", "s3a://***@bucket/x"),
            ("https://joe:hush@acc.blob.core.windows.net/c", "https://***@acc.blob.core.windows.net/c"),
            ("jdbc:postgresql://joe:hush@db/x?password=hush", "jdbc:postgresql://***@db/x?***"),
            ("jdbc:sqlserver://db:1433;user=joe;password=hush", "jdbc:sqlserver://db:1433;***"),
            ("jdbc:oracle:thin:joe/hush@db:1521/x", "jdbc:oracle:thin:***@db:1521/x"),
            ("ftp://joe:hush@host/x#hush", "ftp://***@host/x?***"),
        ],
    )
    def test_what_no_source_reads_is_refused_by_name_without_its_secrets(self, path: str, shown: str) -> None:
        assert masked_location(path) == shown
        with pytest.raises(SourceError) as caught:
            self.factory.create(path, SourceType.AUTO)
        assert shown in caught.value.message
        assert path.partition(":")[0] + ":" in caught.value.message
        assert "hush" not in str(caught.value)
        assert caught.value.remedy

    @pytest.mark.parametrize(
        "path", ["https://x]/y", "s3://b]/x", "gs://b]x/y", "https://ex\u2100mple.com/x"]
    )
    def test_a_url_that_is_malformed_is_refused_with_a_sentence(self, path: str) -> None:
        with contextlib.suppress(ExecutorError):
            DataSourceFactory(on_databricks=False).create(path, SourceType.AUTO)
        assert masked_location(path) == path
