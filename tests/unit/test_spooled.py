"""Local copies of objects: what is copied, what is fetched twice, and what is left behind."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.model import FileEntry, Listing
from nuvyn_executor.sources.spool_folder import SpoolFolder, SpoolPlace
from nuvyn_executor.sources.spooled import SpooledSource
from nuvyn_executor.sources.store_address import StoreAddress, parse_store_address

ROOT = Path(__file__).resolve().parents[2]
MOMENT = datetime(2026, 1, 2, tzinfo=timezone.utc)
HIDDEN = "t/_delta_log/0.json"


class Objects:
    """The storage and the source of a bucket in memory; it counts what is asked of it."""

    def __init__(self, **contents: bytes) -> None:
        self.contents = contents
        self.asked: List[Tuple[str, int]] = []
        self.fails_at = -1
        address = parse_store_address("s3://bucket/")
        assert address is not None
        self.address: StoreAddress = address
        self.location = "s3://bucket/"

    @property
    def storage(self) -> Any:
        return self

    def entry(self, key: str) -> FileEntry:
        return FileEntry(self.address.url_of(key), key, len(self.contents[key]), MOMENT)

    def survey(self, limit: int) -> Listing:
        del limit
        files = tuple(self.entry(key) for key in sorted(self.contents) if "/_" not in key)
        delta = ("t",) if HIDDEN in self.contents else ()
        return Listing("s3://bucket", files, delta_folders=delta)

    def list(self, folder: str) -> List[Dict[str, Any]]:
        return [
            {"path": key, "size": len(content), "last_modified": MOMENT, "e_tag": None}
            for key, content in sorted(self.contents.items())
            if key.startswith(f"{folder}/")
        ]

    def read(self, path: str, offset: int, length: int, etag: str = "") -> bytes:
        del etag
        self.asked.append((path, offset))
        if len(self.asked) - 1 == self.fails_at:
            raise DatasetUnreadable("it has changed since it was listed.", "Run the job again.")
        return self.contents[self.address.key_of(path)][offset : offset + length]

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        return self.read(entry.path, offset, length)


def spooled(objects: Objects, folder: Path) -> SpooledSource:
    source: Any = objects
    return SpooledSource(source, on_databricks=False, place=SpoolPlace(folder))


def left(folder: Path) -> List[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


class TestCopies:
    """Issue: "fetched by ranges into a bounded local spool, streamed, in parallel, removed again"."""

    def test_a_copy_is_made_once(self, tmp_path: Path) -> None:
        objects = Objects(a=b"content")
        source = spooled(objects, tmp_path)
        (entry,) = source.survey(10).files

        first, second = source.local_path(entry), source.spark_path(entry.path)

        assert Path(first).read_bytes() == b"content"
        assert second == f"file://{first}"
        assert len(objects.asked) == 1

    def test_of_a_delta_table_the_log_comes_too(self, tmp_path: Path) -> None:
        objects = Objects(**{"t/part-0": b"rows", HIDDEN: b"{}"})
        source = spooled(objects, tmp_path)
        source.survey(10)

        path = Path(source.spark_path("s3://bucket/t")[len("file://") :])

        assert sorted(one.name for one in path.rglob("*") if one.is_file()) == ["0.json", "part-0"]

    def test_nothing_is_left_after_a_release(self, tmp_path: Path) -> None:
        source = spooled(Objects(a=b"1", b=b"2"), tmp_path)
        source.spark_paths(source.survey(10).files)

        source.release()

        assert left(tmp_path) == []

    def test_a_copy_that_fails_leaves_no_part_of_it(self, tmp_path: Path) -> None:
        objects = Objects(a=b"content")
        objects.fails_at = 0
        source = spooled(objects, tmp_path)
        (entry,) = source.survey(10).files

        with pytest.raises(DatasetUnreadable, match="has changed"):
            source.local_path(entry)

        assert not [name for name in left(tmp_path) if name.endswith((".part", "/a"))]

    def test_a_name_that_leaves_the_folder_is_refused(self, tmp_path: Path) -> None:
        objects = Objects(**{"../outside": b"x"})
        source = spooled(objects, tmp_path / "spool")
        (tmp_path / "spool").mkdir()

        with pytest.raises(DatasetUnreadable, match="outside"):
            source.local_path(objects.entry("../outside"))

        assert not (tmp_path / "spool" / "outside").exists()
        assert not (tmp_path / "outside").exists()

    def test_a_disk_that_is_too_small_is_named(self, tmp_path: Path) -> None:
        objects: Any = Objects(a=b"content")
        place = SpoolPlace(tmp_path, free=lambda _: 3)
        source = SpooledSource(objects, on_databricks=False, place=place)

        with pytest.raises(DatasetUnreadable, match="local disk") as caught:
            source.spark_paths(source.survey(10).files)

        assert "TMPDIR" in caught.value.remedy


class TestStorage:
    """Issue: counted in at most 1.5 times the local time less the transfer: nothing is transferred twice."""

    def test_what_is_copied_is_not_fetched_again(self, tmp_path: Path) -> None:
        objects = Objects(a=b"content", b=b"other")
        source = spooled(objects, tmp_path)
        first, second = source.survey(10).files
        source.spark_paths([first])
        asked = len(objects.asked)

        storage = pickle.loads(pickle.dumps(source.storage))  # noqa: S301  as Spark carries it to a task

        assert storage.read(first.path, 1, 3) == b"ont"
        assert len(objects.asked) == asked
        assert storage.read(second.path, 0, 5) == b"other"

    def test_without_copies_it_is_the_store(self, tmp_path: Path) -> None:
        objects = Objects(a=b"content")

        assert spooled(objects, tmp_path).storage is objects.storage


class TestSpoolFolder:
    """Killed half-way: nothing lost, and nothing of the client's data left on the machine."""

    KILLED = (
        "import sys, time\nfrom pathlib import Path\n"
        "from nuvyn_executor.sources.spool_folder import SpoolFolder\n"
        "folder = SpoolFolder(Path(sys.argv[1]))\n(folder.path / 'rows').write_text('x')\n"
        "print('ready', flush=True)\ntime.sleep(60)\n"
    )

    def test_one_that_is_forgotten_is_removed_with_its_owner(self, tmp_path: Path) -> None:
        folder = SpoolFolder(tmp_path)
        (folder.path / "rows").write_text("x", encoding="utf-8")

        del folder

        assert left(tmp_path) == []

    @pytest.mark.process
    def test_that_of_a_killed_process_is_removed_by_the_next(self, tmp_path: Path) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", self.KILLED, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            beside = SpoolFolder(tmp_path)
            alive = [name for name in left(tmp_path) if name.endswith("rows")]
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

        after = SpoolFolder(tmp_path)

        assert len(alive) == 1
        assert [name for name in left(tmp_path) if name.endswith("rows")] == []
        assert beside.path.is_dir()
        beside.remove()
        after.remove()
        assert left(tmp_path) == []
