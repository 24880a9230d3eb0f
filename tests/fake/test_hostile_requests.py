"""Wrong and hostile requests over HTTP: refused in Databricks' envelope, and nothing else happens."""

from __future__ import annotations

import base64
import errno
import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from fake_databricks.errors import MalformedRequest
from fake_databricks.files.api import wanted_range
from fake_databricks.request.documents import MAX_DEPTH, read_document
from tests.fake.jobs import flat

if TYPE_CHECKING:
    from pathlib import Path

    from fake_databricks.server import FakeDatabricks
    from tests.fake.conftest import Client, Quiet

HALF = "\ud800"
TASK = {"existing_cluster_id": "c", "spark_python_task": {"python_file": "dbfs:/p.py"}}
JOBS = (
    {**TASK, "name": HALF},
    {**TASK, "spark_python_task": {"python_file": "dbfs:/p.py", "parameters": [HALF]}},
    {**TASK, "tags": {HALF: "x"}},
    {**TASK, "later": {"a": [["x\udfff"]]}},
)


def root_of(server: FakeDatabricks, client: Client) -> Path:
    """The folder of a client's DBFS."""
    client.get("/api/2.0/dbfs/list?path=/")
    return server.registry.tenant(client.token).workspace.dbfs.tree.root


class TestTwoAtOnce:
    """every wrong input is 4xx in Databricks' envelope, never 500"""

    def test_files_that_something_else_changes_meanwhile(
        self, server: FakeDatabricks, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client.post("/api/2.0/dbfs/mkdirs", path="/a")
        dbfs = server.registry.tenant(client.token).workspace.dbfs

        def remove(_path: str) -> None:
            raise IsADirectoryError(errno.EISDIR, "as a program can have made one", "/a")

        monkeypatch.setattr(dbfs.tree, "remove", remove)
        status, code, message = client.refused("POST", "/api/2.0/dbfs/delete", path="/a", recursive=True)
        assert (status, code) == (409, "ABORTED")
        assert message.endswith("at the same time: try again.")

    def test_a_library_of_a_cluster_that_is_gone_is_no_error(self, quiet: Quiet) -> None:
        clusters = quiet.workspace.clusters
        record = clusters.create({"cluster_name": "short", "spark_version": "15.4.x-scala2.12"})
        quiet.clock.work()
        clusters.install_in_background(record.cluster_id, {"pypi": {"package": "x"}})
        clusters.remove(record.cluster_id)
        quiet.clock.work()
        assert record.cluster_id not in {each.cluster_id for each in clusters.list()}


class TestSurrogates:
    r"""A lone surrogate poisons a workspace (`"\ud800"` in a parameter ...). Refuse at the door."""

    @pytest.mark.parametrize("job", JOBS)
    def test_half_of_a_pair_is_refused_wherever_it_is(self, client: Client, job: dict[str, Any]) -> None:
        assert client.refused("POST", "/api/2.1/jobs/create", **job)[:2] == (400, "MALFORMED_REQUEST")
        assert client.get("/api/2.1/jobs/list") == {"has_more": False}
        assert client.get("/_fake/journal")["entries"]

    def test_so_is_one_in_bytes_in_a_query_and_in_a_form(self, client: Client) -> None:
        raw = b'{"scope": "\xed\xa0\x80"}'
        assert client.send("POST", "/api/2.0/secrets/scopes/create", raw).status == 400
        assert client.send("GET", "/api/2.1/jobs/list?name=%ED%A0%80").status == 400
        assert client.send("GET", "/api/2.1/jobs/list?" + quote('{"name": "\\ud800"}')).status == 400
        form = b'--x\r\nContent-Disposition: form-data; name="\xff\xfe"\r\n\r\na\r\n--x--\r\n'
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        assert client.send("POST", "/api/2.0/dbfs/put", form, kind).status == 400
        assert client.send("PUT", "/api/2.0/fs/files/Volumes/a/b/c/%ff", b"x").status == 400

    def test_a_whole_pair_is_a_character(self) -> None:
        assert read_document(b'"\\ud83d\\ude00"') == "\U0001f600"

    def test_what_a_program_prints_and_raises_breaks_no_list(self, client: Client) -> None:
        source = (
            "import sys\nsys.stdout.buffer.write(b'\\xff\\xfe')\n"
            "raise RuntimeError('half \\ud800 of a pair')\n"
        )
        run = client.run(client.flat_job(source))
        assert run["state"]["result_state"] == "FAILED"
        assert client.output(run["run_id"])["error"].startswith("RuntimeError: half ")
        assert client.get("/api/2.1/jobs/runs/list")["runs"]

    def test_a_store_that_refuses_leaves_memory_as_it_was(
        self, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """nothing changes in memory before the store has taken it"""
        workspace = quiet.workspace
        workspace.secrets.create_scope("s", "users")

        def refuse(*_: Any) -> None:
            raise OSError("the disk is full")

        monkeypatch.setattr(quiet.storage, "put", refuse)
        monkeypatch.setattr(quiet.storage, "delete", refuse)
        clusters = len(workspace.clusters.list())
        for change in (
            lambda: workspace.jobs.create(flat(), "2.1", "u"),
            lambda: workspace.secrets.create_scope("t", "users"),
            lambda: workspace.secrets.put("s", "k", b"v"),
            lambda: workspace.secrets.put_acl("s", "me", "READ"),
            lambda: workspace.secrets.delete_acl("s", "users"),
            lambda: workspace.secrets.delete_scope("s"),
            lambda: workspace.clusters.create({"spark_version": "15.4.x-scala2.12"}),
        ):
            with pytest.raises(OSError, match="the disk is full"):
                change()
        assert workspace.jobs.list() == []
        assert (workspace.secrets.scopes(), workspace.secrets.keys("s")) == (["s"], [])
        assert workspace.secrets.acl("s") == {"users": "MANAGE"}
        assert len(workspace.clusters.list()) == clusters


class TestFilesOfPrograms:
    """The same for file names that are no UTF-8, symlink loops, a FIFO in DBFS"""

    @pytest.fixture
    def root(self, server: FakeDatabricks, client: Client) -> Path:
        root = root_of(server, client)
        folder = root / "odd"
        folder.mkdir()
        (folder / "a.csv").write_bytes(b"x")
        (folder / "loop").symlink_to("loop")
        (folder / "out").symlink_to("/etc")
        (folder / "nowhere").symlink_to("none")
        os.mkfifo(folder / "pipe")
        (root / os.fsdecode(b"odd/b\xff.csv")).write_bytes(b"y")
        return root

    def test_a_folder_with_all_of_them_is_listed(self, client: Client, root: Path) -> None:
        listed = client.get("/api/2.0/dbfs/list?path=/odd")["files"]
        assert [item["path"] for item in listed] == ["/odd/a.csv", "/odd/b\ufffd.csv"]
        assert root.exists()

    @pytest.mark.parametrize("name", ["loop", "out", "nowhere", "pipe", "loop/x"])
    def test_none_of_them_can_be_read_and_nothing_waits(self, client: Client, root: Path, name: str) -> None:
        for call in ("get-status", "list", "read"):
            answer = client.send("GET", f"/api/2.0/dbfs/{call}?path=/odd/{name}")
            assert answer.status in (400, 404), answer.content
        assert (root / "odd" / "a.csv").exists()

    def test_a_folder_with_only_such_content_is_not_empty(self, client: Client, root: Path) -> None:
        (root / "odd" / "a.csv").unlink()
        assert client.refused("POST", "/api/2.0/dbfs/delete", path="/odd")[1] == "BAD_REQUEST"
        client.post("/api/2.0/dbfs/delete", path="/odd", recursive=True)
        assert not (root / "odd").exists()

    def test_a_pipe_can_be_replaced_and_removed(self, client: Client, root: Path) -> None:
        client.post("/api/2.0/dbfs/put", path="/odd/pipe", contents="eA==", overwrite=True)
        assert (root / "odd" / "pipe").read_bytes() == b"x"
        os.mkfifo(root / "odd" / "second")
        client.post("/api/2.0/dbfs/delete", path="/odd/second")
        assert not (root / "odd" / "second").exists()

    def test_the_workspaces_own_tree_is_listed_too(self, server: FakeDatabricks, client: Client) -> None:
        client.post("/api/2.0/workspace/mkdirs", path="/Shared/odd")
        tree = server.registry.tenant(client.token).workspace.objects.tree
        (tree.root / os.fsdecode(b"Shared/odd/\xff.py")).write_bytes(b"")
        os.mkfifo(tree.root / "Shared/odd/pipe")
        listed = client.get("/api/2.0/workspace/list?path=/Shared/odd")["objects"]
        assert [item["path"] for item in listed] == ["/Shared/odd/\ufffd.py"]


class TestFiles:
    """Every wrong input is 4xx in Databricks' envelope, never 500"""

    @pytest.mark.parametrize("name", ["x" * 256, "\u00e4" * 128, "a/" * 2100 + "b"])
    def test_a_name_or_path_that_no_disk_takes(self, client: Client, name: str) -> None:
        for call in ("put", "mkdirs", "create", "delete", "get-status", "list", "read"):
            method = "GET" if call in ("get-status", "list", "read") else "POST"
            status, code, _ = client.refused(method, f"/api/2.0/dbfs/{call}", path=f"/{name}")
            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
        target = "/api/2.0/fs/files/Volumes/a/b/c/" + quote(name)
        assert client.send("PUT", target, b"x").status == 400

    def test_a_name_of_255_bytes_is_written_and_nothing_else_left(
        self, server: FakeDatabricks, client: Client
    ) -> None:
        client.post("/api/2.0/dbfs/put", path="/long/" + "x" * 255, contents="eA==")
        assert os.listdir(root_of(server, client) / "long") == ["x" * 255]  # noqa: PTH208  names alone

    @pytest.mark.parametrize("offset", [2**62, 2**63 - 1])
    def test_an_offset_beyond_the_end_reads_nothing(self, client: Client, offset: int) -> None:
        client.post("/api/2.0/dbfs/put", path="/f", contents="eA==", overwrite=True)
        assert client.get(f"/api/2.0/dbfs/read?path=/f&offset={offset}") == {"bytes_read": 0, "data": ""}

    @pytest.mark.parametrize("offset", [2**63, 10**30, -1])
    def test_an_offset_that_is_none_is_refused(self, client: Client, offset: int) -> None:
        client.post("/api/2.0/dbfs/put", path="/f", contents="eA==", overwrite=True)
        assert client.refused("GET", "/api/2.0/dbfs/read", path="/f", offset=offset)[0] == 400

    @pytest.mark.parametrize(
        ("source", "target"), [("/a", "/a/b"), ("/a", "/a/b/c"), ("/", "/b"), ("dbfs:/a", "/a/./b")]
    )
    def test_a_folder_does_not_move_into_itself(self, client: Client, source: str, target: str) -> None:
        client.post("/api/2.0/dbfs/mkdirs", path="/a/b")
        said = client.refused("POST", "/api/2.0/dbfs/move", source_path=source, destination_path=target)
        assert said[:2] == (400, "INVALID_PARAMETER_VALUE")
        assert client.get("/api/2.0/dbfs/get-status?path=/a/b")["is_dir"]

    @pytest.mark.parametrize(
        "content", ["%", "\u00e4\u00e4\u00e4\u00e4", "eA=", "e", "eA===", "e A=", "=eA="]
    )
    def test_bad_base64(self, client: Client, content: str) -> None:
        client.post("/api/2.0/secrets/scopes/create", scope="s", initial_manage_principal="users")
        assert client.refused("POST", "/api/2.0/dbfs/put", path="/f", contents=content)[0] == 400
        assert client.refused("POST", "/api/2.0/workspace/import", path="/f", content=content)[0] == 400
        secret = {"scope": "s", "key": "k", "bytes_value": content}
        assert client.refused("POST", "/api/2.0/secrets/put", **secret)[0] == 400

    def test_bad_base64_in_the_credential(self, client: Client) -> None:
        answer = client.send("GET", "/api/2.1/jobs/list", headers={"Authorization": "Basic \xe4\xe4\xe4\xe4"})
        assert answer.status == 401

    @pytest.mark.parametrize("path", ["fs/directories/Volumes", "jobs/list", "jobs/runs/list"])
    @pytest.mark.parametrize("number", ["\u00b2", "\u0661", "1" * 5000, "-1", " 1", "1_0"])
    def test_a_page_token_that_nobody_made(self, client: Client, path: str, number: str) -> None:
        client.send("PUT", "/api/2.0/fs/directories/Volumes/a/b/c")
        prefix = {"jobs/list": "jobs-", "jobs/runs/list": "before-"}.get(path, "")
        where = f"2.0/{path}/a/b/c" if path.startswith("fs") else f"2.1/{path}"
        answer = client.send("GET", f"/api/{where}?page_token={quote(prefix + number)}")
        assert (answer.status, answer.body["error_code"]) == (400, "INVALID_PARAMETER_VALUE")

    def test_an_upload_in_parts_does_not_end_at_a_folder_or_below_a_file(self, client: Client) -> None:
        for path in ("folder", "file/below"):
            base = f"/api/2.0/fs/files/Volumes/a/b/c/{path}"
            begun = client.post(f"{base}?action=initiate-upload&overwrite=true")
            token = begun["multipart_upload"]["session_token"]
            client.send("PUT", f"{base}?session_token={token}&part_number=1", b"x")
            client.send("PUT", "/api/2.0/fs/directories/Volumes/a/b/c/folder")
            client.send("PUT", "/api/2.0/fs/files/Volumes/a/b/c/file", b"x")
            body = json.dumps({"parts": [{"part_number": 1}]}).encode()
            answer = client.send("POST", f"{base}?action=complete-upload&session_token={token}", body)
            assert 400 <= answer.status < 500, answer.content


class TestRange:
    """`Range` forms (`bytes=-5` gives the wrong bytes with 206; 416 and ignoring as RFC 9110)"""

    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            ("bytes=0-4", range(5)),
            ("bytes=5-", range(5, 10)),
            ("bytes=-5", range(5, 10)),
            ("bytes=-50", range(10)),
            ("bytes=8-99", range(8, 10)),
            ("Bytes=9-9", range(9, 10)),
            ("bytes=0-" + "9" * 5000, range(10)),
            ("bytes=10-", range(10, 10)),
            ("bytes=-0", range(10, 10)),
            ("bytes=" + "9" * 5000 + "-", range(10**18, 10**18)),
            ("", None),
            ("bytes=", None),
            ("bytes=-", None),
            ("bytes=5-2", None),
            ("bytes=0-1,3-4", None),
            ("bytes=a-b", None),
            ("bytes=\u00b2-", None),
            ("lines=0-1", None),
            ("0-4", None),
        ],
    )
    def test_each_form(self, header: str, expected: range | None) -> None:
        assert wanted_range(header, 10) == expected

    def test_over_http(self, client: Client) -> None:
        target = "/api/2.0/fs/files/Volumes/a/b/c/digits"
        client.send("PUT", target, b"0123456789")
        last = client.send("GET", target, headers={"Range": "bytes=-5"})
        assert (last.status, last.content, last.headers["content-range"]) == (206, b"56789", "bytes 5-9/10")
        beyond = client.send("GET", target, headers={"Range": "bytes=10-"})
        assert (beyond.status, beyond.headers["content-range"]) == (416, "bytes */10")
        assert beyond.body["error_code"] == "RANGE_NOT_SATISFIABLE"
        several = client.send("GET", target, headers={"Range": "bytes=0-1,4-5"})
        assert (several.status, several.content) == (200, b"0123456789")

    def test_of_a_file_that_has_changed_all_is_wanted(self, client: Client) -> None:
        target = "/api/2.0/fs/files/Volumes/a/b/c/digits"
        client.send("PUT", target, b"0123456789")
        mark = client.send("HEAD", target).headers["etag"]
        for known, status in ((mark, 206), ('"other"', 200)):
            headers = {"Range": "bytes=0-1", "If-Range": known}
            assert client.send("GET", target, headers=headers).status == status


class TestDocuments:
    """nesting of 3,000; accepted though the schema forbids"""

    @pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 3_000, 200_000])
    def test_a_body_that_lies_too_deep(self, client: Client, depth: int) -> None:
        body = b'{"tags": ' + b"[" * depth + b"]" * depth + b"}"
        answer = client.send("POST", "/api/2.1/jobs/create", body)
        assert (answer.status, answer.body["error_code"]) == (400, "MALFORMED_REQUEST")
        assert client.get("/_fake/journal")["entries"]

    @pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 5000])
    def test_a_number_that_json_does_not_have(self, text: str) -> None:
        with pytest.raises(MalformedRequest):
            read_document(text)

    @pytest.mark.parametrize("scope", [0, 1.5, True, ["s"], {"a": 1}])
    def test_a_scope_is_text(self, client: Client, scope: object) -> None:
        body = {"scope": scope, "initial_manage_principal": "users"}
        assert client.refused("POST", "/api/2.0/secrets/scopes/create", **body)[0] == 400

    @pytest.mark.parametrize("token", [0, 5, True, ["a"], {}])
    def test_a_token_is_text(self, client: Client, token: object) -> None:
        job_id = client.flat_job("pass")
        assert (
            client.refused("POST", "/api/2.1/jobs/run-now", job_id=job_id, idempotency_token=token)[0] == 400
        )
        assert client.refused("GET", "/api/2.1/jobs/list", page_token=token)[0] == 400

    @pytest.mark.parametrize("value", [{}, [], True])
    def test_a_secret_value_is_text(self, client: Client, value: object) -> None:
        client.post("/api/2.0/secrets/scopes/create", scope="s", initial_manage_principal="users")
        for name in ("string_value", "bytes_value"):
            assert (
                client.refused("POST", "/api/2.0/secrets/put", scope="s", key="k", **{name: value})[0] == 400
            )

    def test_a_command_that_is_no_text(self, client: Client) -> None:
        form = (
            b'--x\r\nContent-Disposition: form-data; name="clusterId"\r\n\r\n'
            + client.cluster_id.encode()
            + b'\r\n--x\r\nContent-Disposition: form-data; name="command"; filename="c"\r\n\r\n'
            + b"\xff\xfe\r\n--x--\r\n"
        )
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        assert client.send("POST", "/api/2.0/commands/execute", form, kind).status == 400


class TestFaults:
    """CRLF in a fault's header"""

    @pytest.mark.parametrize(
        "fault",
        [
            {"headers": {"X": "a\r\nSet-Cookie: b"}},
            {"headers": {"X\r\nY": "a"}},
            {"headers": {"X": "a\nb"}},
            {"headers": {"": "a"}},
            {"headers": {"X": "\u20ac"}},
            {"headers": {"X": "a\x00"}},
            {"headers": {"X": " a"}},
            {"headers": {"X": "a\t"}},
            {"headers": {"Content-Length": "5"}},
            {"headers": {"transfer-encoding": "chunked"}},
            {"pattern": "GET /api/2.1/jobs/runs/get?run_id=7"},
            {"status_code": 99},
            {"status_code": 101},
            {"status_code": 1000},
            {"status_code": -1},
            {"delay_ms": -1},
            {"delay_ms": 2**62},
            {"times": -1},
            {"offset": -1},
        ],
    )
    def test_what_no_answer_can_have_is_refused(self, client: Client, fault: dict[str, Any]) -> None:
        body = {"pattern": "GET /api/2.1/jobs/list", "status_code": 503, **fault}
        assert client.refused("POST", "/_fake/faults", **body)[:2] == (400, "INVALID_PARAMETER_VALUE")
        assert client.get("/api/2.1/jobs/list") == {"has_more": False}


def test_base64_of_this_file_is_taken(client: Client) -> None:
    content = base64.b64encode(b"\x00\xff").decode()
    client.post("/api/2.0/dbfs/put", path="/bytes", contents=content)
    assert client.get("/api/2.0/dbfs/read?path=/bytes")["data"] == content
