"""A full disk: what cannot be stored is refused in one sentence, and leaves nothing half written."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.clusters.node_types import LOCAL
from fake_databricks.full_disk import REMEDY, is_full, sentence
from fake_databricks.jobs.lifecycle import Result
from fake_databricks.jobs.model import Overrides
from fake_databricks.jobs.runs import RunFilter
from fake_databricks.request.call import Reply
from fake_databricks.server import FakeDatabricks, Options
from fake_databricks.workspace import DEFAULT_CLUSTER_ID
from tests.fake.calls import answer
from tests.fake.conftest import Client
from tests.fake.doubles import ended
from tests.fake.jobs import flat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fake.conftest import Quiet

LIMIT = 1_000_000
SETTINGS = {"spark_version": "15.4.x-scala2.12", "cluster_name": "mine"}
ACCESS = {"group_name": "users", "permission_level": "CAN_MANAGE"}


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
        uploads, tree = quiet.workspace.uploads, quiet.workspace.volumes
        token = uploads.begin("/x", is_overwriting=True)
        uploads.put(token, "/x", 1, bytes(700_000))
        with small_files(), pytest.raises(OSError, match="too large"):
            uploads.put(token, "/x", 2, bytes(2 * LIMIT))
        assert self.left(quiet) == ["1"]
        uploads.put(token, "/x", 2, bytes(700_000))
        with small_files(), pytest.raises(OSError, match="too large"):
            uploads.complete(token, "/x", [1, 2], tree, "/whole")
        assert self.left(quiet) == ["1", "2"]
        uploads.complete(token, "/x", [1, 2], tree, "/whole")
        assert (self.left(quiet), (tree.root / "whole").stat().st_size) == (["whole"], 1_400_000)

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


HERE = DEFAULT_CLUSTER_ID
PERSON = "/api/2.0/preview/scim/v2/Users"
CHANGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("POST /api/2.1/jobs/create", {**flat(), "name": "new"}),
    ("POST /api/2.1/jobs/update", {"job_id": "{job}", "new_settings": {"name": "other"}}),
    ("POST /api/2.1/jobs/reset", {"job_id": "{job}", "new_settings": {**flat(), "name": "other"}}),
    ("POST /api/2.1/jobs/delete", {"job_id": "{job}"}),
    ("POST /api/2.1/jobs/run-now", {"job_id": "{job}", "idempotency_token": "again"}),
    ("POST /api/2.1/jobs/runs/submit", flat()),
    ("POST /api/2.1/jobs/runs/delete", {"run_id": "{run}"}),
    ("PATCH /api/2.0/permissions/jobs/{job}", {"access_control_list": [ACCESS]}),
    ("POST /api/2.1/clusters/create", SETTINGS),
    ("POST /api/2.1/clusters/edit", {**SETTINGS, "cluster_id": HERE, "num_workers": 3}),
    ("POST /api/2.1/clusters/resize", {"cluster_id": HERE, "num_workers": 3}),
    ("POST /api/2.1/clusters/pin", {"cluster_id": HERE}),
    ("POST /api/2.1/clusters/change-owner", {"cluster_id": "{ended}", "owner_username": "x@y"}),
    ("POST /api/2.1/clusters/permanent-delete", {"cluster_id": "{ended}"}),
    ("POST /api/2.0/libraries/install", {"cluster_id": HERE, "libraries": [{"pypi": {"package": "q"}}]}),
    ("POST /api/2.0/libraries/uninstall", {"cluster_id": HERE, "libraries": [{"pypi": {"package": "p"}}]}),
    ("PATCH /api/2.0/permissions/clusters/{ended}", {"access_control_list": [ACCESS]}),
    ("POST /api/2.0/policies/clusters/create", {"name": "new"}),
    ("POST /api/2.0/policies/clusters/edit", {"policy_id": "{policy}", "name": "other"}),
    ("POST /api/2.0/policies/clusters/delete", {"policy_id": "{policy}"}),
    ("POST /api/2.0/instance-pools/create", {"instance_pool_name": "new", "node_type_id": LOCAL}),
    (
        "POST /api/2.0/instance-pools/edit",
        {"instance_pool_id": "{pool}", "instance_pool_name": "n", "node_type_id": LOCAL},
    ),
    ("POST /api/2.0/instance-pools/delete", {"instance_pool_id": "{pool}"}),
    ("POST /api/2.0/secrets/scopes/create", {"scope": "new"}),
    ("POST /api/2.0/secrets/scopes/delete", {"scope": "s"}),
    ("POST /api/2.0/secrets/put", {"scope": "s", "key": "k", "string_value": "other"}),
    ("POST /api/2.0/secrets/delete", {"scope": "s", "key": "k"}),
    ("POST /api/2.0/secrets/acls/put", {"scope": "s", "principal": "x", "permission": "READ"}),
    ("POST /api/2.0/secrets/acls/delete", {"scope": "s", "principal": "users"}),
    ("POST /api/2.0/token/create", {"comment": "new"}),
    ("POST /api/2.0/token/delete", {"token_id": "{token}"}),
    ("PATCH /api/2.0/token/{token}", {"token": {"comment": "other"}, "update_mask": "comment"}),
    (f"POST {PERSON}", {"userName": "new@x"}),
    (f"PATCH {PERSON}/{{person}}", {"Operations": [{"op": "add", "path": "displayName", "value": "n"}]}),
    (f"DELETE {PERSON}/{{person}}", {}),
    ("POST /api/2.0/workspace/import", {"path": "/Shared/new", "content": "", "language": "PYTHON"}),
)
"""Every kind of change that is stored; ``{...}`` is the id of what a workspace has."""
VIEWS = (
    "/api/2.1/jobs/list?expand_tasks=true",
    "/api/2.1/jobs/runs/list?expand_tasks=true",
    "/api/2.0/permissions/jobs/{job}",
    "/api/2.1/clusters/list",
    "/api/2.1/clusters/list?filter_by.is_pinned=true",
    "/api/2.0/libraries/all-cluster-statuses",
    "/api/2.0/permissions/clusters/{ended}",
    "/api/2.0/policies/clusters/list",
    "/api/2.0/instance-pools/list",
    "/api/2.0/secrets/scopes/list",
    "/api/2.0/secrets/get?scope=s&key=k",
    "/api/2.0/secrets/acls/list?scope=s",
    "/api/2.0/token/list",
    PERSON,
    "/api/2.0/preview/scim/v2/Groups",
    "/api/2.0/workspace/list?path=/Shared",
)


class TestEveryChange:
    """Nothing changes in memory before the store has taken it: a refused request has changed nothing."""

    @pytest.fixture
    def ids(self, quiet: Quiet) -> dict[str, Any]:
        """The ids of one thing of each kind."""

        def made(request: str, body: dict[str, Any]) -> Any:
            reply = answer(quiet, request, body)
            return json.loads(reply.body) if isinstance(reply, Reply) else reply

        found = {
            "job": made("POST /api/2.1/jobs/create", flat())["job_id"],
            "ended": made("POST /api/2.1/clusters/create", SETTINGS)["cluster_id"],
            "policy": made("POST /api/2.0/policies/clusters/create", {"name": "p"})["policy_id"],
            "pool": made(
                "POST /api/2.0/instance-pools/create", {"instance_pool_name": "p", "node_type_id": LOCAL}
            )["instance_pool_id"],
            "token": made("POST /api/2.0/token/create", {"comment": "t"})["token_info"]["token_id"],
            "person": made(f"POST {PERSON}", {"userName": "a@b"})["id"],
        }
        made("POST /api/2.0/secrets/scopes/create", {"scope": "s", "initial_manage_principal": "users"})
        made("POST /api/2.0/secrets/put", {"scope": "s", "key": "k", "string_value": "value"})
        library = {"cluster_id": HERE, "libraries": [{"pypi": {"package": "p"}}]}
        made("POST /api/2.0/libraries/install", library)
        made("POST /api/2.0/workspace/import", {"path": "/Shared/old", "content": "", "language": "PYTHON"})
        found["run"] = made("POST /api/2.1/jobs/run-now", {"job_id": found["job"]})["run_id"]
        quiet.clock.work()
        made("POST /api/2.1/clusters/delete", {"cluster_id": found["ended"]})
        quiet.clock.work()
        return found

    @staticmethod
    def seen(quiet: Quiet, ids: dict[str, Any]) -> list[str]:
        shown = []
        for path in VIEWS:
            reply = answer(quiet, f"GET {path.format(**ids)}")
            shown.append(str(reply.body if isinstance(reply, Reply) else reply))
        events = "POST /api/2.1/clusters/events"
        return [*shown, str(answer(quiet, events, {"cluster_id": HERE}))]

    @pytest.mark.parametrize(("request_line", "body"), CHANGES, ids=lambda item: str(item)[:60])
    def test_a_refused_change_is_none(
        self,
        quiet: Quiet,
        ids: dict[str, Any],
        monkeypatch: pytest.MonkeyPatch,
        request_line: str,
        body: dict[str, Any],
    ) -> None:
        def refuse(*_: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        given = {
            name: ids.get(value.strip("{}"), value) if isinstance(value, str) else value
            for name, value in body.items()
        }
        before = self.seen(quiet, ids)
        for name in ("put", "delete"):
            monkeypatch.setattr(quiet.storage, name, refuse)
        with pytest.raises(OSError, match="No space left"):
            answer(quiet, request_line.format(**ids), given)
        quiet.clock.work()
        assert self.seen(quiet, ids) == before

    def test_a_file_can_be_deleted_and_its_place_used_again(
        self, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """ "free some space there": a refusal would say so, and not let one."""

        def refuse(*_: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        imported = {"path": "/Shared/x", "content": "", "language": "PYTHON"}
        answer(quiet, "POST /api/2.0/workspace/import", imported)
        with monkeypatch.context() as full:
            full.setattr(quiet.storage, "delete", refuse)
            assert answer(quiet, "POST /api/2.0/workspace/delete", {"path": "/Shared/x"}) == {}
        assert answer(quiet, "GET /api/2.0/workspace/list?path=/Shared") == {}
        answer(quiet, "POST /api/2.0/workspace/import", {**imported, "format": "RAW"})
        kind = answer(quiet, "GET /api/2.0/workspace/get-status?path=/Shared/x")
        assert isinstance(kind, dict)
        assert kind["object_type"] == "FILE"

    @pytest.mark.parametrize("is_there", [False, True])
    def test_an_object_whose_content_does_not_fit_is_as_it_was(
        self, quiet: Quiet, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
    ) -> None:
        def refuse(*_: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        if is_there:
            imported = {"path": "/Shared/x", "content": "", "language": "PYTHON"}
            answer(quiet, "POST /api/2.0/workspace/import", imported)
        before = answer(quiet, "GET /api/2.0/workspace/list?path=/Shared")
        with monkeypatch.context() as full:
            full.setattr(quiet.workspace.objects.tree, "write", refuse)
            body = {"path": "/Shared/x", "content": "", "format": "RAW", "overwrite": True}
            with pytest.raises(OSError, match="No space left"):
                answer(quiet, "POST /api/2.0/workspace/import", body)
        assert answer(quiet, "GET /api/2.0/workspace/list?path=/Shared") == before
        stored = [key for key, _ in quiet.storage.all("1", "object") if key == "/Shared/x"]
        assert stored == (["/Shared/x"] if is_there else [])

    def test_a_cluster_that_starts_again_installs_its_libraries(
        self, quiet: Quiet, ids: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        assert ids
        monkeypatch.setattr(quiet.storage, "put", refuse)
        answer(quiet, "POST /api/2.1/clusters/restart", {"cluster_id": HERE})
        quiet.clock.work()
        shown = answer(quiet, f"GET /api/2.0/libraries/cluster-status?cluster_id={HERE}")
        assert isinstance(shown, dict)
        assert [item["status"] for item in shown["library_statuses"]] == ["INSTALLED"]
