from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.errors import InvalidParameter
from fake_databricks.files.trees import Dbfs, Tree
from tests.fake.calls import refusal
from tests.fake.calls import view as called

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fake.conftest import Client, Quiet


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


class TestDbfs:
    """DBFS (the trio of handles and multipart put too)"""

    def test_a_file_in_one_call_is_read_back(self, client: Client) -> None:
        client.post("/api/2.0/dbfs/put", path="/a/b.txt", contents=encoded(b"hello"))
        read = client.get("/api/2.0/dbfs/read?path=dbfs:/a/b.txt&offset=1&length=3")
        assert (read["bytes_read"], base64.b64decode(read["data"])) == (3, b"ell")

    def test_blocks_of_a_handle_make_a_file(self, client: Client) -> None:
        handle = client.post("/api/2.0/dbfs/create", path="/big")["handle"]
        for block in (b"x" * 1_048_576, b"y"):
            client.post("/api/2.0/dbfs/add-block", handle=handle, data=encoded(block))
        client.post("/api/2.0/dbfs/close", handle=handle)
        assert client.get("/api/2.0/dbfs/get-status?path=/big")["file_size"] == 1_048_577
        assert client.refused("POST", "/api/2.0/dbfs/close", handle=handle)[0] == 404

    def test_more_than_a_block_is_refused(self, client: Client) -> None:
        content = encoded(b"x" * 1_048_577)
        body = {"path": "/a", "contents": content}
        assert client.refused("POST", "/api/2.0/dbfs/put", **body)[1] == "MAX_BLOCK_SIZE_EXCEEDED"

    def test_a_form_is_read_to_the_byte(self, client: Client) -> None:
        content = bytes(range(256)) + b"\r\n\r\n"
        body = (
            b'--q\r\nContent-Disposition: form-data; name="path"\r\n\r\n/f\r\n'
            b'--q\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n--q--\r\n"
        )
        headers = {"Content-Type": "multipart/form-data; boundary=q"}
        assert client.send("POST", "/api/2.0/dbfs/put", body, headers).status == 200
        assert base64.b64decode(client.get("/api/2.0/dbfs/read?path=/f")["data"]) == content

    def test_what_is_there_is_not_overwritten_unasked(self, client: Client) -> None:
        client.post("/api/2.0/dbfs/put", path="/a", contents="")
        assert client.refused("POST", "/api/2.0/dbfs/put", path="/a")[1] == "RESOURCE_ALREADY_EXISTS"
        client.post("/api/2.0/dbfs/put", path="/a", contents=encoded(b"2"), overwrite=True)

    def test_move_list_and_delete(self, client: Client) -> None:
        client.post("/api/2.0/dbfs/mkdirs", path="/d")
        client.post("/api/2.0/dbfs/put", path="/d/a", contents="")
        client.post("/api/2.0/dbfs/move", source_path="/d/a", destination_path="/e/b")
        assert client.get("/api/2.0/dbfs/list?path=/d") == {}
        assert [file["path"] for file in client.get("/api/2.0/dbfs/list?path=/e")["files"]] == ["/e/b"]
        assert client.refused("POST", "/api/2.0/dbfs/delete", path="/e")[0] == 400
        client.post("/api/2.0/dbfs/delete", path="/e", recursive=True)
        assert client.refused("GET", "/api/2.0/dbfs/get-status?path=/e")[1] == "RESOURCE_DOES_NOT_EXIST"

    def test_a_path_cannot_leave_the_file_system(self, tmp_path: Path) -> None:
        tree = Tree(tmp_path / "root")
        (tmp_path / "outside").write_text("secret")
        (tmp_path / "root" / "link").symlink_to(tmp_path)
        assert tree.locate("/../../outside") == tmp_path / "root" / "outside"
        with pytest.raises(InvalidParameter):
            tree.locate("/link/outside")


class TestHandles:
    """Files that are written block by block, and clients that do not close them."""

    def test_a_handle_that_stays_open_holds_no_descriptor_of_the_server(self, quiet: Quiet) -> None:
        """A thousand of them were all that a process may have: no request was answered any more."""
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  names alone
        dbfs = quiet.workspace.dbfs
        handles = [dbfs.create(f"/many/{number}", overwrite=False) for number in range(50)]
        for handle in handles:
            dbfs.add_block(handle, b"x")
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208  names alone

    def test_a_reader_sees_no_half_of_a_file_and_neither_does_a_later_server(self, quiet: Quiet) -> None:
        dbfs = quiet.workspace.dbfs
        handle = dbfs.create("/half", overwrite=False)
        dbfs.add_block(handle, b"half")
        assert dbfs.status("/half").size == 0
        assert Dbfs(Tree(dbfs.tree.root)).status("/half").size == 0

    def test_two_clients_that_write_the_same_file_do_not_mix_it(self, quiet: Quiet) -> None:
        dbfs = quiet.workspace.dbfs
        first, second = (dbfs.create("/same", overwrite=True) for _ in range(2))
        for block in (b"1", b"2"):
            dbfs.add_block(first, b"a" + block)
            dbfs.add_block(second, b"b" + block)
        dbfs.close(second)
        assert dbfs.read("/same", 0, 9) == b"b1b2"
        dbfs.close(first)
        assert dbfs.read("/same", 0, 9) == b"a1a2"

    def test_what_was_deleted_meanwhile_is_there_again_once_it_is_closed(self, quiet: Quiet) -> None:
        dbfs = quiet.workspace.dbfs
        handle = dbfs.create("/deep/er/file", overwrite=False)
        dbfs.add_block(handle, b"x")
        dbfs.delete("/deep", recursive=True)
        dbfs.close(handle)
        assert dbfs.read("/deep/er/file", 0, 9) == b"x"


class TestRoots:
    """A root is not deleted, however it is written: `dbfs:///`, `//` or `/x/..` took all files with it."""

    @pytest.mark.parametrize("path", ["/", "dbfs:/", "//", "/.", "dbfs:///", "dbfs://", "/x/..", "dbfs:/./"])
    def test_that_of_dbfs(self, quiet: Quiet, path: str) -> None:
        body = {"path": path, "recursive": True}
        refused = refusal(quiet, "POST /api/2.0/dbfs/delete", body)
        assert refused == (400, "INVALID_PARAMETER_VALUE", "The root cannot be deleted.")
        assert called(quiet, "GET /api/2.0/dbfs/get-status?path=/p.py")["file_size"] == 4

    @pytest.mark.parametrize("path", ["/", "/Workspace", "/Workspace/", "//", "/Shared/.."])
    def test_that_of_the_workspace(self, quiet: Quiet, path: str) -> None:
        refused = refusal(quiet, "POST /api/2.0/workspace/delete", {"path": path, "recursive": True})
        assert refused == (400, "INVALID_PARAMETER_VALUE", "The root cannot be deleted.")
        assert len(called(quiet, "GET /api/2.0/workspace/list?path=/")["objects"]) == 3


class TestParts:
    """Uploads in parts: a part that was named twice was there twice, and part 0 and -1 were parts."""

    base = "/api/2.0/fs/files/Volumes/a/b/c/parts"

    def begin(self, client: Client, *parts: bytes) -> str:
        begun = client.post(f"{self.base}?action=initiate-upload&overwrite=true")
        token = str(begun["multipart_upload"]["session_token"])
        for number, part in enumerate(parts, 1):
            where = f"{self.base}?session_token={token}&part_number={number}"
            assert client.send("PUT", where, part).status == 200
        return token

    @pytest.mark.parametrize("numbers", [[1, 1], [1, 2, 1], [0, 1], [-1], ["x"], [None], []])
    def test_parts_that_are_no_whole_are_refused(self, client: Client, numbers: list[Any]) -> None:
        token = self.begin(client, b"1", b"2")
        parts = [{"part_number": number} for number in numbers]
        path = f"{self.base}?action=complete-upload&session_token={token}"
        refused = client.refused("POST", path, parts=parts)
        assert refused[:2] == (400, "INVALID_PARAMETER_VALUE")
        assert client.send("GET", self.base).status == 404
        client.post(path, parts=[{"part_number": 2}, {"part_number": 1}])
        assert client.send("GET", self.base).content == b"12"

    @pytest.mark.parametrize("number", ["0", "-1", ""])
    def test_a_number_that_is_none_is_no_part_and_no_file(self, client: Client, number: str) -> None:
        token = self.begin(client)
        answer = client.send("PUT", f"{self.base}?session_token={token}&part_number={number}", b"x")
        assert (answer.status, answer.body["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert client.send("GET", self.base).status == 404

    def test_the_addresses_of_parts_are_those_of_an_upload(self, client: Client) -> None:
        asked = {"path": "/Volumes/a/b/c/parts", "session_token": self.begin(client)}
        urls = "/api/2.0/fs/create-upload-part-urls"
        for wrong in ({"start_part_number": 0}, {"count": 0}, {"count": -1}):
            assert client.refused("POST", urls, **asked, **wrong)[:2] == (400, "INVALID_PARAMETER_VALUE")
        for other in ({"session_token": "none"}, {"path": "/Volumes/a/b/c/other"}):
            assert client.refused("POST", urls, **{**asked, **other})[:2] == (404, "NOT_FOUND")
        found = client.post(urls, **asked, start_part_number=9, count=2)["upload_part_urls"]
        assert [item["part_number"] for item in found] == [9, 10]

    def test_an_action_that_is_none_is_named(self, client: Client) -> None:
        for query in ("", "?action=finish"):
            refused = client.refused("POST", f"{self.base}{query}")
            assert refused[2].startswith("Field 'action' must be")


class TestVolumesOverDbfs:
    """Files called /Volumes in DBFS, which `dbfs:/Volumes/...` could never reach again."""

    @pytest.mark.parametrize(
        "path", ["/Volumes", "/Volumes/", "//Volumes/x", "dbfs://Volumes/x", "/a/../Volumes/x"]
    )
    def test_no_spelling_leads_there(self, quiet: Quiet, path: str) -> None:
        for call in ("put", "mkdirs", "create", "delete"):
            refused = refusal(quiet, f"POST /api/2.0/dbfs/{call}", {"path": path})
            assert refused[:2] == (400, "INVALID_PARAMETER_VALUE")
            assert refused[2].startswith("No operations allowed on this path")
        assert [item["path"] for item in called(quiet, "GET /api/2.0/dbfs/list?path=/")["files"]] == ["/p.py"]


class TestFilesApi:
    """Files (`/api/2.0/fs`)"""

    FILE = "/api/2.0/fs/files/Volumes/main/default/v/a%20b.txt"

    def test_a_file_is_written_read_and_removed(self, client: Client) -> None:
        assert client.send("PUT", self.FILE, b"\x00hello").status == 204
        head = client.send("HEAD", self.FILE)
        assert (head.status, head.headers["content-length"], head.content) == (200, "6", b"")
        assert "last-modified" in head.headers
        assert client.send("GET", self.FILE).content == b"\x00hello"
        ranged = client.send("GET", self.FILE, headers={"Range": "bytes=1-2"})
        assert (ranged.status, ranged.content) == (206, b"he")
        assert client.send("DELETE", self.FILE).status == 204
        assert client.send("GET", self.FILE).status == 404

    def test_what_is_there_is_not_overwritten_unasked(self, client: Client) -> None:
        client.send("PUT", self.FILE, b"1")
        answer = client.send("PUT", self.FILE, b"2")
        assert (answer.status, answer.body["error_code"]) == (409, "ALREADY_EXISTS")
        assert client.send("PUT", self.FILE + "?overwrite=true", b"2").status == 204

    def test_folders(self, client: Client) -> None:
        folder = "/api/2.0/fs/directories/Volumes/main/default/v"
        for _ in range(2):
            assert client.send("PUT", folder).status == 204
        client.send("PUT", self.FILE, b"1")
        assert client.get(folder)["contents"][0]["path"] == "/Volumes/main/default/v/a b.txt"
        refused = client.send("DELETE", folder)
        assert refused.status == 400
        assert refused.body["details"][0]["reason"] == "FILES_API_DIRECTORY_IS_NOT_EMPTY"
        client.send("DELETE", self.FILE)
        assert client.send("DELETE", folder).status == 204
        assert client.send("HEAD", folder).status == 404

    def test_a_file_in_parts_is_put_together_in_order(self, client: Client) -> None:
        begun = client.post(self.FILE + "?action=initiate-upload&overwrite=true")
        token = begun["multipart_upload"]["session_token"]
        path = "/Volumes/main/default/v/a b.txt"
        urls = client.post(
            "/api/2.0/fs/create-upload-part-urls",
            path=path,
            session_token=token,
            start_part_number=1,
            count=2,
        )
        for part in reversed(urls["upload_part_urls"]):
            content = b"part%d" % part["part_number"]
            headers = {header["name"]: header["value"] for header in part["headers"]}
            assert client.send("PUT", part["url"], content, headers).status == 200
        done = f"{self.FILE}?action=complete-upload&session_token={token}"
        client.post(done, parts=[{"part_number": 2}, {"part_number": 1}])
        assert client.send("GET", self.FILE).content == b"part1part2"

    def test_an_aborted_upload_leaves_nothing(self, client: Client) -> None:
        begun = client.post(self.FILE + "?action=initiate-upload")
        token = begun["multipart_upload"]["session_token"]
        client.post(f"{self.FILE}?action=abort-upload&session_token={token}")
        assert client.send("GET", self.FILE).status == 404
        assert client.send("POST", f"{self.FILE}?action=abort-upload&session_token={token}").status == 404

    def test_a_path_that_is_no_volume_is_refused(self, client: Client) -> None:
        assert client.send("PUT", "/api/2.0/fs/files/tmp/x", b"").status == 400

    def test_a_volume_is_not_reached_through_dbfs(self, client: Client) -> None:
        assert client.refused("GET", "/api/2.0/dbfs/list?path=/Volumes/main")[0] == 400


class TestWorkspaceApi:
    """Workspace (import, export, list, mkdirs, delete, get-status)"""

    def test_a_file_is_imported_listed_and_exported(self, client: Client) -> None:
        body: dict[str, Any] = {"path": "/Shared/x.py", "format": "AUTO", "content": encoded(b"print(1)")}
        client.post("/api/2.0/workspace/import", **body)
        status = client.get("/api/2.0/workspace/get-status?path=/Workspace/Shared/x.py")
        assert (status["path"], status["object_type"]) == ("/Shared/x.py", "FILE")
        listed = client.get("/api/2.0/workspace/list?path=/Shared")["objects"]
        assert [item["object_id"] for item in listed] == [status["object_id"]]
        exported = client.get("/api/2.0/workspace/export?path=/Shared/x.py")
        assert base64.b64decode(exported["content"]) == b"print(1)"

    def test_a_source_is_a_notebook_with_a_language(self, client: Client) -> None:
        body = {"path": "/Shared/n", "language": "PYTHON", "content": encoded(b"1")}
        client.post("/api/2.0/workspace/import", **body)
        status = client.get("/api/2.0/workspace/get-status?path=/Shared/n")
        assert (status["object_type"], status["language"]) == ("NOTEBOOK", "PYTHON")

    def test_refusals_are_worded_as_there(self, client: Client) -> None:
        content = {"format": "AUTO", "content": ""}
        client.post("/api/2.0/workspace/import", path="/Shared/x", **content)
        assert client.refused("POST", "/api/2.0/workspace/import", path="/Shared/x", **content) == (
            400,
            "RESOURCE_ALREADY_EXISTS",
            "Path (/Shared/x) already exists.",
        )
        assert client.refused("POST", "/api/2.0/workspace/import", path="/No/x", **content) == (
            404,
            "RESOURCE_DOES_NOT_EXIST",
            "The parent folder (/No) does not exist.",
        )
        assert client.refused("POST", "/api/2.0/workspace/delete", path="/Shared") == (
            400,
            "DIRECTORY_NOT_EMPTY",
            "Folder (/Shared) is not empty",
        )

    def test_mkdirs_makes_those_on_the_way_and_delete_takes_all(self, client: Client) -> None:
        client.post("/api/2.0/workspace/mkdirs", path="/Shared/a/b")
        client.post("/api/2.0/workspace/delete", path="/Shared/a", recursive=True)
        assert client.refused("GET", "/api/2.0/workspace/list?path=/Shared/a")[0] == 404

    def test_the_command_lines_way_of_uploading(self, client: Client) -> None:
        path = "/api/2.0/workspace-files/import-file/Shared/y.txt?overwrite=true"
        assert client.send("POST", path, b"content").status == 200
        exported = client.send("GET", "/api/2.0/workspace/export?path=/Shared/y.txt&direct_download=true")
        assert exported.content == b"content"


class TestPathsOfPrograms:
    """`dbfs:/` and `/dbfs/`, `/Volumes/`, `/Workspace/` paths"""

    @pytest.mark.parametrize(
        "path", ["dbfs:/p.py", "/dbfs/p.py", "/Volumes/m/d/v/p.py", "/Workspace/Shared/p.py"]
    )
    def test_a_program_may_lie_in_each(self, client: Client, path: str) -> None:
        content = b"print('ran')"
        client.post("/api/2.0/dbfs/put", path="/p.py", contents=encoded(content))
        client.send("PUT", "/api/2.0/fs/files/Volumes/m/d/v/p.py", content)
        shared = {"path": "/Shared/p.py", "format": "AUTO", "content": encoded(content)}
        client.post("/api/2.0/workspace/import", **shared)
        task = {"python_file": path}
        body = json.loads(json.dumps({"existing_cluster_id": client.cluster_id, "spark_python_task": task}))
        job_id = client.post("/api/2.1/jobs/create", **body)["job_id"]
        assert client.output(client.run(job_id)["run_id"])["logs"] == "ran"
