"""The state folder: for its owner alone, and one sentence where it cannot be read."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fake_databricks.scratch import Scratch
from fake_databricks.server import FakeDatabricks, Options
from fake_databricks.storage import StateError, Storage
from fake_databricks.workspace import workspace_id_of

ROOT = Path(__file__).resolve().parents[2]


def write_document(folder: Path, kind: str, body: object) -> None:
    storage = Storage(folder, {})
    storage.put(workspace_id_of("dapi-x"), kind, "1", body)
    storage.close()


def break_header(folder: Path) -> None:
    write_document(folder, "job", {})
    (folder / "state.sqlite").write_bytes(b"this is no database" * 100)


def break_pages(folder: Path) -> None:
    write_document(folder, "job", {"x": "y" * 50_000})
    file = folder / "state.sqlite"
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xaa" * (len(content) - 4096)
    file.write_bytes(content)


def other_table(folder: Path) -> None:
    folder.mkdir()
    database = sqlite3.connect(folder / "state.sqlite")
    database.execute("CREATE TABLE documents (id TEXT)")
    database.close()


def break_document(folder: Path) -> None:
    write_document(folder, "job", {})
    database = sqlite3.connect(folder / "state.sqlite", isolation_level=None)
    database.execute("UPDATE documents SET body = 'no json'")
    database.close()


def break_cipher(folder: Path) -> None:
    write_document(folder, "job", {})
    database = sqlite3.connect(folder / "state.sqlite", isolation_level=None)
    database.execute("UPDATE documents SET body = substr(body, 1, 40)")
    database.close()


def break_key(folder: Path) -> None:
    write_document(folder, "job", {})
    (folder / "secrets.key").write_text("no key")


def be_a_file(folder: Path) -> None:
    folder.write_text("x")


def have_a_folder_for_a_file(folder: Path) -> None:
    (folder / "state.sqlite").mkdir(parents=True)


BROKEN = (
    break_header,
    break_pages,
    other_table,
    break_document,
    break_cipher,
    break_key,
    be_a_file,
    have_a_folder_for_a_file,
)


class TestBrokenState:
    """a broken state file is one sentence with the remedy; an old `--state` is refused by name"""

    @pytest.mark.parametrize("damage", BROKEN, ids=lambda damage: damage.__name__)
    def test_the_server_says_so_and_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: object
    ) -> None:
        assert callable(damage)
        state, scratch = tmp_path / "state", tmp_path / "scratch"
        scratch.mkdir()
        damage(state)
        monkeypatch.setattr(tempfile, "tempdir", str(scratch))
        with pytest.raises(StateError) as caught:
            FakeDatabricks(Options(port=0, has_spark=False, state=state))
        said = str(caught.value)
        assert "\n" not in said
        assert "--state" in said or "FAKE_DATABRICKS_KEY" in said or "secrets.key" in said
        assert list(scratch.iterdir()) == []

    @pytest.mark.parametrize("kind", ["job", "run", "scope", "cluster"])
    @pytest.mark.parametrize("body", [{}, [], None, "x", {"values": 1}])
    def test_a_document_of_another_version_is_named(self, tmp_path: Path, kind: str, body: object) -> None:
        write_document(tmp_path / "state", kind, body)
        with pytest.raises(StateError, match="has another form than this version stores"):
            FakeDatabricks(Options(port=0, has_spark=False, state=tmp_path / "state"))

    def test_the_command_ends_with_one_line(self, tmp_path: Path) -> None:
        break_header(tmp_path / "state")
        command = [sys.executable, "-m", "fake_databricks", "--no-spark", "--port", "0", "--state"]
        ended = subprocess.run(
            [*command, str(tmp_path / "state")], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
        assert "state.sqlite cannot be read" in ended.stderr

    def test_a_folder_can_be_opened_after_a_refusal(self, tmp_path: Path) -> None:
        break_header(tmp_path / "state")
        with pytest.raises(StateError):
            Storage(tmp_path / "state", {})
        (tmp_path / "state" / "state.sqlite").unlink()
        Storage(tmp_path / "state", {}).close()


class TestLeftovers:
    """Issue: "Nothing outlives its run or its server"; the state folder's growth is bounded."""

    def test_folders_of_runs_and_uploads_of_a_killed_server_are_removed(self, tmp_path: Path) -> None:
        state = tmp_path / "state"
        write_document(state, "number", 1)
        workspace = state / "workspaces" / workspace_id_of("dapi-x")
        for name in ("runs/98765", "uploads/abc", "dbfs.unfinished", "dbfs"):
            (workspace / name).mkdir(parents=True)
            (workspace / name / "file").write_text("x")
        with FakeDatabricks(Options(port=0, has_spark=False, state=state)):
            files = [str(path.relative_to(workspace)) for path in workspace.rglob("file")]
        assert files == ["dbfs/file"]

    def test_the_scratch_folder_of_a_killed_server_is_removed_by_the_next(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        (tmp_path / "fake-databricks-of-something-else").mkdir()
        running, killed = Scratch(), Scratch()
        (killed.folder / "x").mkdir()
        killed._lock.close()  # noqa: SLF001  as its end does
        later = Scratch()
        assert (running.folder.exists(), killed.folder.exists()) == (True, False)
        running.remove()
        later.remove()
        assert [path.name for path in tmp_path.iterdir()] == ["fake-databricks-of-something-else"]


class TestVersion:
    """Issue: "an old `--state` of an earlier version is migrated or refused by name"."""

    def set_format(self, folder: Path, number: int) -> None:
        database = sqlite3.connect(folder / "state.sqlite", isolation_level=None)
        database.execute(f"PRAGMA user_version = {number}")
        database.close()

    def test_a_newer_one_is_refused_by_its_number(self, tmp_path: Path) -> None:
        folder = tmp_path / "state"
        write_document(folder, "job", {})
        self.set_format(folder, 7)
        with pytest.raises(StateError) as caught:
            Storage(folder, {})
        assert str(caught.value) == (
            f"{folder / 'state.sqlite'} was written by a newer version of fake-databricks (its format is 7, "
            "this version reads up to 2): start that version, or name another folder with --state."
        )
        self.set_format(folder, 2)
        Storage(folder, {}).close()

    def test_that_of_version_1_0_is_migrated(self, tmp_path: Path) -> None:
        """It did not encrypt its documents, and had no number."""
        folder = tmp_path / "state"
        write_document(folder, "job", {})
        database = sqlite3.connect(folder / "state.sqlite", isolation_level=None)
        database.execute("UPDATE documents SET body = ?", ('{"password": "in plain text"}',))
        database.close()
        self.set_format(folder, 0)
        storage = Storage(folder, {})
        assert list(storage.all(workspace_id_of("dapi-x"), "job")) == [("1", {"password": "in plain text"})]
        storage.close()
        database = sqlite3.connect(folder / "state.sqlite")
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        body = database.execute("SELECT body FROM documents").fetchone()[0]
        assert "password" not in body
        database.close()


class TestOwner:
    """state files are for their owner alone"""

    def modes(self, folder: Path) -> set[int]:
        return {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (folder, *folder.iterdir())}

    def test_new_ones(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            storage = Storage(tmp_path / "state", {})
            storage.put("1", "job", "1", {})
            files = {path.name for path in (tmp_path / "state").iterdir()}
            assert files == {
                "server.lock",
                "secrets.key",
                "state.sqlite",
                "state.sqlite-shm",
                "state.sqlite-wal",
            }
            assert self.modes(tmp_path / "state") == {0}
            storage.close()
        finally:
            os.umask(before)

    def test_those_of_an_earlier_version(self, tmp_path: Path) -> None:
        folder = tmp_path / "state"
        write_document(folder, "job", {})
        for path in (folder, *folder.iterdir()):
            path.chmod(0o777)
        storage = Storage(folder, {})
        assert self.modes(folder) == {0}
        storage.close()
