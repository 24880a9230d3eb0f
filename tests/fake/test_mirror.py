"""A folder and a store that both change: what wins, and what is left alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from fake_databricks.errors import DoesNotExist, PermissionDenied
from fake_databricks.files.mirror import Mirror
from fake_databricks.files.object_stores import StoredObject

if TYPE_CHECKING:
    from pathlib import Path

WHEN = datetime(2026, 1, 2, tzinfo=timezone.utc)


@dataclass
class Shelf:
    """A store in memory."""

    content: dict[str, bytes] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    is_read_only: bool = False

    def set(self, name: str, content: bytes) -> str:
        self.content[name] = content
        self.versions[name] = self.versions.get(name, 0) + 1
        return str(self.versions[name])

    def objects(self) -> dict[str, StoredObject]:
        self.calls.append("list")
        return {
            name: StoredObject(str(self.versions[name]), len(content), WHEN)
            for name, content in self.content.items()
        }

    def fetch(self, name: str, target: Path) -> None:
        self.calls.append(f"fetch {name}")
        if self.content[name] == b"vanishes":
            raise DoesNotExist("gone")
        target.write_bytes(self.content[name])

    def put(self, name: str, file: Path) -> str:
        self.calls.append(f"put {name}")
        if self.is_read_only:
            raise PermissionDenied("no")
        return self.set(name, file.read_bytes())

    def delete(self, name: str) -> None:
        self.calls.append(f"delete {name}")
        if self.is_read_only:
            raise PermissionDenied("no")
        del self.content[name]


@dataclass
class Pair:
    shelf: Shelf
    folder: Path
    mirror: Mirror

    def files(self) -> dict[str, bytes]:
        return {
            file.relative_to(self.folder).as_posix(): file.read_bytes()
            for file in self.folder.rglob("*")
            if file.is_file()
        }


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """A store with two objects, fetched."""
    shelf = Shelf()
    shelf.set("a", b"1")
    shelf.set("d/b", b"2")
    mirror = Mirror(tmp_path / "folder", shelf, tmp_path / "scratch", {})
    assert mirror.fetch()
    shelf.calls.clear()
    return Pair(shelf, tmp_path / "folder", mirror)


class TestFetch:
    def test_only_what_has_changed_is_fetched(self, pair: Pair) -> None:
        assert not pair.mirror.fetch()
        pair.shelf.set("a", b"3")
        assert pair.mirror.fetch()
        assert pair.shelf.calls == ["list", "list", "fetch a"]
        assert pair.files() == {"a": b"3", "d/b": b"2"}

    def test_a_file_has_the_time_of_its_object(self, pair: Pair) -> None:
        assert (pair.folder / "a").stat().st_mtime == WHEN.timestamp()

    def test_what_is_deleted_in_the_store_is_removed_with_its_folder(self, pair: Pair) -> None:
        del pair.shelf.content["d/b"]
        pair.mirror.fetch()
        assert [child.name for child in pair.folder.iterdir()] == ["a"]

    def test_an_object_that_vanishes_meanwhile_is_left_out(self, pair: Pair) -> None:
        pair.shelf.set("c", b"vanishes")
        pair.mirror.fetch()
        assert "c" not in pair.files()

    def test_an_object_takes_the_place_of_a_folder_and_of_a_file(self, pair: Pair) -> None:
        del pair.shelf.content["d/b"]
        pair.shelf.set("d", b"a file now")
        del pair.shelf.content["a"]
        pair.shelf.set("a/x", b"a folder now")
        pair.mirror.fetch()
        assert pair.files() == {"d": b"a file now", "a/x": b"a folder now"}

    def test_a_folder_that_is_lost_is_filled_again(self, pair: Pair) -> None:
        for file in pair.files():
            (pair.folder / file).unlink()
        (pair.folder / "d").rmdir()
        pair.folder.rmdir()
        assert not pair.mirror.upload()
        pair.mirror.fetch()
        assert pair.files() == {"a": b"1", "d/b": b"2"}


class TestUpload:
    def test_without_a_change_the_store_is_not_asked(self, pair: Pair) -> None:
        assert not pair.mirror.upload()
        assert pair.shelf.calls == []

    def test_new_changed_and_removed_files_go_to_the_store(self, pair: Pair) -> None:
        (pair.folder / "a").write_bytes(b"changed")
        (pair.folder / "d" / "b").unlink()
        (pair.folder / "new").mkdir()
        (pair.folder / "new" / "c").write_bytes(b"")
        assert pair.mirror.upload()
        assert pair.shelf.content == {"a": b"changed", "new/c": b""}
        assert not pair.mirror.upload()

    def test_what_is_not_whole_stays_here(self, pair: Pair) -> None:
        (pair.folder / "_temporary").mkdir()
        (pair.folder / "_temporary" / "part").write_bytes(b"x")
        (pair.folder / "link").symlink_to(pair.folder / "a")
        assert not pair.mirror.upload()

    @pytest.mark.parametrize("here", [b"ours", None])
    def test_the_store_wins_where_both_have_changed(self, pair: Pair, here: bytes | None) -> None:
        (pair.folder / "a").unlink()
        if here is not None:
            (pair.folder / "a").write_bytes(here)
        pair.shelf.set("a", b"theirs")
        pair.mirror.upload()
        assert pair.files()["a"] == pair.shelf.content["a"] == b"theirs"

    def test_the_store_wins_where_both_have_a_new_file(self, pair: Pair) -> None:
        (pair.folder / "n").write_bytes(b"ours")
        pair.shelf.set("n", b"theirs")
        pair.mirror.upload()
        assert pair.files()["n"] == pair.shelf.content["n"] == b"theirs"

    def test_the_store_wins_where_it_has_deleted(self, pair: Pair) -> None:
        (pair.folder / "a").write_bytes(b"ours")
        del pair.shelf.content["a"]
        pair.mirror.upload()
        assert "a" not in pair.files()
        assert "a" not in pair.shelf.content

    def test_a_fetch_between_leaves_what_a_program_has_done(self, pair: Pair) -> None:
        (pair.folder / "a").write_bytes(b"ours")
        (pair.folder / "d" / "b").unlink()
        (pair.folder / "n").write_bytes(b"new")
        pair.mirror.fetch()
        assert pair.files() == {"a": b"ours", "n": b"new"}

    def test_a_store_that_refuses_is_asked_again(self, pair: Pair) -> None:
        pair.shelf.is_read_only = True
        (pair.folder / "n").write_bytes(b"new")
        with pytest.raises(PermissionDenied):
            pair.mirror.upload()
        pair.shelf.is_read_only = False
        pair.mirror.upload()
        assert pair.shelf.content["n"] == b"new"
