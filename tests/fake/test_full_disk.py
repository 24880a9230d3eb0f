"""A full disk: what cannot be stored is refused in one sentence, and leaves nothing half written."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.full_disk import REMEDY, is_full, sentence
from fake_databricks.jobs.lifecycle import Result
from fake_databricks.jobs.model import Overrides
from fake_databricks.jobs.runs import RunFilter
from fake_databricks.server import FakeDatabricks, Options
from tests.fake.conftest import Client
from tests.fake.doubles import ended
from tests.fake.jobs import flat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fake.conftest import Quiet

LIMIT = 1_000_000


@contextlib.contextmanager
def small_files() -> Iterator[None]:
    """Let every file end at 1 MB: the write that goes beyond fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def full_database(quiet: Quiet) -> Iterator[None]:
    """Let the database grow no more: SQLite then says what it says on a full disk."""
    database = quiet.storage._database  # noqa: SLF001  SQLite's own limit
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")
    with contextlib.suppress(OSError):
        for number in range(1000):  # use up what is free in its pages
            quiet.storage.put("filler", "x", number, "x" * 200)
    try:
        yield
    finally:
        database.execute("PRAGMA max_page_count = 1000000")


class TestSentence:
    """Issue: "a full disk leaves no `.partial` and says so"."""

    def test_it_has_the_place_and_the_remedy(self) -> None:
        error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/state/x")
        assert sentence(error) == (
            "The disk of this server is full at /state/x (No space left on device): "
            "free some space there, or start the server with --state on another disk."
        )

    def test_other_errors_are_not_taken_for_it(self) -> None:
        assert not is_full(PermissionError(errno.EACCES, "x"))
        assert not is_full(sqlite3.OperationalError("database is locked"))
        assert not is_full(ValueError("full"))

    def test_a_real_device_says_so(self) -> None:
        with pytest.raises(OSError, match="No space left") as caught, open("/dev/full", "wb", 0) as file:  # noqa: PTH123  unbuffered
            file.write(b"x")
        assert is_full(caught.value)


class TestFiles:
    """ENOSPC on uploads."""

    def left(self, quiet: Quiet) -> list[str]:
        return sorted(
            path.name for path in quiet.workspace.folder.rglob("*") if path.is_file() and path.name != "p.py"
        )

    def test_a_file_that_does_not_fit_leaves_the_old_one_and_nothing_else(self, quiet: Quiet) -> None:
        quiet.workspace.dbfs.put("/x", b"old", overwrite=True)
        with small_files(), pytest.raises(OSError, match="too large") as caught:
            quiet.workspace.dbfs.put("/x", bytes(2 * LIMIT), overwrite=True)
        assert is_full(caught.value)
        assert self.left(quiet) == ["x"]
        assert quiet.workspace.dbfs.read("/x", 0, 10) == b"old"

    def test_a_block_that_does_not_fit_can_be_sent_again(self, quiet: Quiet) -> None:
        dbfs = quiet.workspace.dbfs
        handle = dbfs.create("/x", overwrite=True)
        dbfs.add_block(handle, b"a" * 600_000)
        with small_files(), pytest.raises(OSError, match="too large"):
            dbfs.add_block(handle, b"b" * 600_000)
        dbfs.add_block(handle, b"c" * 600_000)
        dbfs.close(handle)
        assert dbfs.status("/x").size == 1_200_000
        assert dbfs.read("/x", 599_999, 2) == b"ac"

    def test_neither_a_part_nor_the_whole_of_an_upload_is_left(self, quiet: Quiet) -> None:
        uploads, target = quiet.workspace.uploads, quiet.workspace.volumes.root / "whole"
        token = uploads.begin("/x", is_overwriting=True)
        uploads.put(token, "/x", 1, bytes(700_000))
        with small_files(), pytest.raises(OSError, match="too large"):
            uploads.put(token, "/x", 2, bytes(2 * LIMIT))
        assert self.left(quiet) == ["1"]
        uploads.put(token, "/x", 2, bytes(700_000))
        with small_files(), pytest.raises(OSError, match="too large"):
            uploads.complete(token, "/x", [1, 2], target)
        assert self.left(quiet) == ["1", "2"]
        uploads.complete(token, "/x", [1, 2], target)
        assert (self.left(quiet), target.stat().st_size) == (["whole"], 1_400_000)

    def test_the_answer_is_one_sentence(self) -> None:
        path = "/api/2.0/fs/files/Volumes/a/b/c/x"
        # a server of its own: the database of the shared one may have reached the limit
        with FakeDatabricks(Options(port=0, has_spark=False)) as fake:
            client = Client(fake.url, fake.token, fake.cluster_id)
            client.get("/api/2.1/jobs/list")
            with small_files():
                answer = client.send("PUT", path, bytes(2 * LIMIT))
            assert client.send("GET", path).status == 404
        assert (answer.status, answer.body["error_code"]) == (507, "RESOURCE_EXHAUSTED")
        assert answer.body["message"].startswith("The disk of this server is full at ")
        assert answer.body["message"].endswith(f"{REMEDY}.")


class TestState:
    """ENOSPC on what the server stores of jobs, secrets and runs."""

    def test_what_is_new_is_refused_and_nothing_of_it_is_there(self, quiet: Quiet) -> None:
        workspace = quiet.workspace
        job = workspace.jobs.create(flat(description="x" * 8000), "2.1", "u")
        workspace.secrets.create_scope("s", "users")
        with full_database(quiet):
            for create in (
                lambda: workspace.jobs.create(flat(description="x" * 8000), "2.1", "u"),
                lambda: workspace.secrets.put("s", "k", b"x" * 8000),
                lambda: workspace.scheduler.run_now(job, Overrides(), "", "u"),
                lambda: workspace.clusters.create(
                    {"cluster_name": "x" * 8000, "spark_version": "15.4.x-scala2.12"}
                ),
            ):
                with pytest.raises(OSError, match="No space left") as caught:
                    create()
                assert REMEDY in sentence(caught.value)
        assert [item.job_id for item in workspace.jobs.list()] == [job.job_id]
        assert workspace.runs.list(RunFilter()) == []
        assert len(workspace.clusters.list()) == 1
        assert workspace.secrets.values() == ()

    def test_a_run_goes_on_to_its_end_and_says_that_its_output_is_lost(
        self, quiet: Quiet, caplog: pytest.LogCaptureFixture
    ) -> None:
        workspace = quiet.workspace
        job = workspace.jobs.create(flat(), "2.1", "u")
        run = workspace.scheduler.run_now(job, Overrides(), "", "u")
        quiet.cluster.outcomes["ok"] = [ended(0, "x" * 50_000)]
        with full_database(quiet):
            quiet.clock.work()
        assert run.state.result is Result.SUCCESS
        output = workspace.runs.output(run.run_id)
        assert output.error == output.logs
        assert output.logs.startswith(
            "The output of this run could not be stored. The disk of this server is full"
        )
        assert all(REMEDY in record.getMessage() for record in caplog.records)
        again = workspace.scheduler.run_now(job, Overrides(), "", "u")
        quiet.clock.work()
        assert workspace.runs.output(again.run_id).error is None

    def test_a_program_that_cannot_be_prepared_says_why(self, quiet: Quiet, monkeypatch: Any) -> None:
        def full(_spec: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/scratch/plan")

        monkeypatch.setattr(quiet.cluster, "start_task", full)
        job = quiet.workspace.jobs.create(flat(), "2.1", "u")
        run = quiet.workspace.scheduler.run_now(job, Overrides(), "", "u")
        quiet.clock.work()
        assert run.state.result is Result.FAILED
        assert run.state.message.startswith("The disk of this server is full at /scratch/plan")
