"""The handlers of DBFS, the Files API and the Workspace API, without a socket: answers and refusals."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.errors import InvalidParameter
from fake_databricks.files.trees import Tree, Trees, workspace_path
from fake_databricks.request.call import Reply
from tests.fake.calls import answer, refusal, view

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fake.conftest import Quiet

INVALID, MALFORMED = "INVALID_PARAMETER_VALUE", "MALFORMED_REQUEST"
ABSENT, TAKEN = "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"
FILE, FOLDER = "/api/2.0/fs/files/Volumes/m/d/v/a", "/api/2.0/fs/directories/Volumes/m/d/v"
CONTENT = b"content"
BASE64 = base64.b64encode(CONTENT).decode()


@pytest.fixture
def filled(quiet: Quiet) -> Quiet:
    """A workspace with the file a in DBFS, in a volume and in the workspace's tree."""
    quiet.workspace.dbfs.put("/d/a", CONTENT, overwrite=True)
    quiet.workspace.volumes.write("/m/d/v/a", CONTENT)
    quiet.workspace.objects.import_("/Shared/a", CONTENT, {"format": "AUTO"})
    return quiet


class TestDbfs:
    """DBFS (put, create, add-block, close, get-status, list, read, mkdirs, move, delete)"""

    @pytest.mark.parametrize(
        ("request_line", "body", "expected"),
        [
            ("POST /api/2.0/dbfs/put", {"path": "/new", "contents": BASE64}, {}),
            ("POST /api/2.0/dbfs/put", {"path": "dbfs:/d/a", "contents": "", "overwrite": True}, {}),
            ("POST /api/2.0/dbfs/create", {"path": "/new"}, {"handle": 1}),
            ("GET /api/2.0/dbfs/get-status?path=/d", {}, {"path": "/d", "is_dir": True, "file_size": 0}),
            ("GET /api/2.0/dbfs/get-status?path=dbfs:/d/a", {}, {"path": "/d/a", "file_size": 7}),
            ("GET /api/2.0/dbfs/read?path=/d/a", {}, {"bytes_read": 7, "data": BASE64}),
            ("GET /api/2.0/dbfs/read?path=/d/a&offset=7", {}, {"bytes_read": 0, "data": ""}),
            ("POST /api/2.0/dbfs/mkdirs", {"path": "/x/y"}, {}),
            ("POST /api/2.0/dbfs/move", {"source_path": "/d", "destination_path": "/e"}, {}),
            ("POST /api/2.0/dbfs/delete", {"path": "/none"}, {}),
            ("POST /api/2.0/dbfs/delete", {"path": "/d", "recursive": True}, {}),
        ],
    )
    def test_a_good_request_is_answered(
        self, filled: Quiet, request_line: str, body: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        assert expected.items() <= view(filled, request_line, body).items()

    def test_contents_may_be_without_padding(self, filled: Quiet) -> None:
        view(filled, "POST /api/2.0/dbfs/put", {"path": "/x", "contents": "YQ"})
        handle = view(filled, "POST /api/2.0/dbfs/create", {"path": "/y"})["handle"]
        view(filled, "POST /api/2.0/dbfs/add-block", {"handle": handle, "data": "YmI"})
        view(filled, "POST /api/2.0/dbfs/close", {"handle": handle})
        read = [view(filled, f"GET /api/2.0/dbfs/read?path={path}")["data"] for path in ("/x", "/y")]
        assert read == ["YQ==", "YmI="]
        body = {"path": "/Shared/p", "content": "YQ", "format": "AUTO"}
        assert view(filled, "POST /api/2.0/workspace/import", body) == {}
        assert view(filled, "GET /api/2.0/workspace/export?path=/Shared/p")["content"] == "YQ=="

    @pytest.mark.parametrize(
        ("request_line", "body", "code", "message"),
        [
            ("POST /api/2.0/dbfs/put", {"contents": ""}, INVALID, "Missing required field: path"),
            ("POST /api/2.0/dbfs/put", {"path": "x", "contents": ""}, INVALID, "Path must be absolute: x"),
            ("POST /api/2.0/dbfs/put", {"path": "/x", "contents": "!"}, MALFORMED, "contents is not base64."),
            ("POST /api/2.0/dbfs/put", {"path": "/d/a", "contents": ""}, TAKEN, "already exists"),
            ("POST /api/2.0/dbfs/put", {"path": "/d/a/b", "contents": ""}, TAKEN, "A file already exists"),
            (
                "POST /api/2.0/dbfs/put",
                {"path": "/x", "contents": base64.b64encode(bytes(1024 * 1024 + 1)).decode()},
                "MAX_BLOCK_SIZE_EXCEEDED",
                "contents must have at most 1048576 bytes",
            ),
            ("POST /api/2.0/dbfs/add-block", {"handle": 7}, ABSENT, "No stream with handle 7 does exist."),
            ("POST /api/2.0/dbfs/close", {"handle": 7}, ABSENT, "No stream with handle 7 does exist."),
            ("GET /api/2.0/dbfs/list?path=/none", {}, ABSENT, "No file or directory exists on path /none."),
            ("GET /api/2.0/dbfs/list?path=/Volumes/m", {}, INVALID, "use the Files API for volumes"),
            ("GET /api/2.0/dbfs/read?path=/d", {}, INVALID, "Cannot read a directory: /d"),
            ("GET /api/2.0/dbfs/read?path=/d/a&offset=-1", {}, INVALID, "must not be negative"),
            (
                "GET /api/2.0/dbfs/read?path=/d/a&length=1048577",
                {},
                "MAX_READ_SIZE_EXCEEDED",
                "At most 1048576",
            ),
            (
                "POST /api/2.0/dbfs/move",
                {"source_path": "/p.py", "destination_path": "/d/a"},
                TAKEN,
                "already exists at the input path dbfs:/d/a.",
            ),
            ("POST /api/2.0/dbfs/delete", {"path": "dbfs:/"}, INVALID, "The root cannot be deleted."),
            ("POST /api/2.0/dbfs/delete", {"path": "/d"}, "BAD_REQUEST", "Directory is not empty."),
        ],
    )
    def test_a_bad_request_is_refused_with_a_sentence(
        self, filled: Quiet, request_line: str, body: dict[str, Any], code: str, message: str
    ) -> None:
        _, refused, said = refusal(filled, request_line, body)
        assert refused == code
        assert message in said


class TestFiles:
    """Files (`/api/2.0/fs`)"""

    @pytest.mark.parametrize(
        ("request_line", "body", "status", "content"),
        [
            (f"PUT {FILE}?overwrite=true", b"new", 204, b""),
            (f"GET {FILE}", b"", 200, CONTENT),
            (f"HEAD {FILE}", b"", 200, b""),
            (f"DELETE {FILE}", b"", 204, b""),
            (f"PUT {FOLDER}/new", b"", 204, b""),
            (f"HEAD {FOLDER}", b"", 200, b""),
            ("PUT /api/2.0/fs/files/Workspace/Shared/new", b"new", 204, b""),
            ("GET /api/2.0/fs/files/Workspace/Shared/a", b"", 200, CONTENT),
        ],
    )
    def test_a_good_request_is_answered(
        self, filled: Quiet, request_line: str, body: bytes, status: int, content: bytes
    ) -> None:
        reply = answer(filled, request_line, body)
        assert isinstance(reply, Reply)
        assert (reply.status, reply.body) == (status, content)

    def test_a_download_url_leads_to_the_file(self, filled: Quiet) -> None:
        target = f"/api/2.0/fs/create-download-url?path={FILE[len('/api/2.0/fs/files') :]}&expire_time=x"
        given = view(filled, f"POST {target}")
        assert given["url"] == f"http://127.0.0.1:1{FILE}"
        assert given["headers"] == [{"name": "Authorization", "value": "Bearer token"}]
        missing = "POST /api/2.0/fs/create-download-url?path=/Volumes/none/x/y/z"
        assert refusal(filled, missing)[:2] == (404, "NOT_FOUND")

    def test_a_folder_is_listed_in_pages(self, filled: Quiet) -> None:
        filled.workspace.volumes.write("/m/d/v/b", b"")
        first = view(filled, f"GET {FOLDER}?page_size=1")
        second = view(filled, f"GET {FOLDER}?page_size=1&page_token={first['next_page_token']}")
        assert [page["contents"][0]["path"] for page in (first, second)] == [
            "/Volumes/m/d/v/a",
            "/Volumes/m/d/v/b",
        ]
        assert "next_page_token" not in second

    @pytest.mark.parametrize(
        ("request_line", "status", "code", "message"),
        [
            (f"PUT {FILE}", 409, "ALREADY_EXISTS", "The file being created already exists: /Volumes/m/d/v/a"),
            ("PUT /api/2.0/fs/files/Volumes/m/d/v", 409, "ALREADY_EXISTS", "/Volumes/m/d/v is a directory."),
            ("PUT /api/2.0/fs/files/Volumes/m/d/x.csv", 400, INVALID, "/Volumes/catalog/schema/volume/file"),
            (
                "POST /api/2.0/fs/files/Volumes/m/x.csv?action=initiate-upload",
                400,
                INVALID,
                "Invalid path: /Volumes/m/x.csv. A file is in a Volume",
            ),
            ("PUT /api/2.0/fs/files/Volumes/m/d/v/../x", 400, INVALID, "Invalid path: /Volumes/m/d/x."),
            (f"PUT {FOLDER}/a/b", 409, "ALREADY_EXISTS", "A file already exists at the input path"),
            ("PUT /api/2.0/fs/files/tmp/x", 400, INVALID, "Only /Volumes and /Workspace are supported."),
            (f"PUT {FILE}?part_number=1&session_token=x", 404, "NOT_FOUND", "upload session does not exist"),
            (f"POST {FILE}?action=nonsense&session_token=x", 400, INVALID, "Field 'action' must be"),
            (f"POST {FILE}?action=initiate-upload", 409, "ALREADY_EXISTS", "already exists"),
            (f"POST {FILE}?action=complete-upload", 400, INVALID, "Missing required field: session_token"),
            (f"GET {FILE}b", 404, "NOT_FOUND", "The file being accessed is not found: /Volumes/m/d/v/ab"),
            ("GET /api/2.0/fs/files/Volumes/m/d/v", 404, "NOT_FOUND", "The file being accessed is not found"),
            (f"GET {FOLDER}/none", 404, "NOT_FOUND", "The directory being accessed is not found"),
            (f"GET {FOLDER}?page_size=1001", 400, INVALID, "page_size must be between 0 and 1000."),
            (f"GET {FOLDER}?page_token=x", 400, INVALID, "Invalid page token: x."),
            (f"DELETE {FOLDER}", 400, "BAD_REQUEST", "The directory is not empty: /Volumes/m/d/v"),
        ],
    )
    def test_a_bad_request_is_refused_with_a_sentence(
        self, filled: Quiet, request_line: str, status: int, code: str, message: str
    ) -> None:
        refused_status, refused, said = refusal(filled, request_line)
        assert (refused_status, refused) == (status, code)
        assert message in said

    def test_an_upload_without_a_part_is_refused(self, filled: Quiet) -> None:
        begun = view(filled, f"POST {FILE}?action=initiate-upload&overwrite=true")
        token = begun["multipart_upload"]["session_token"]
        request = f"POST {FILE}?action=complete-upload&session_token={token}"
        assert refusal(filled, request)[2] == "Missing parts of the upload: all."
        assert (
            refusal(filled, request, {"parts": [{"part_number": 2}]})[2] == "Missing parts of the upload: 2."
        )


class TestWorkspace:
    """Workspace (import, export, list, mkdirs, delete, get-status)"""

    @pytest.mark.parametrize(
        ("request_line", "body", "expected"),
        [
            ("POST /api/2.0/workspace/import", {"path": "/Shared/n.py", "content": BASE64}, {}),
            ("POST /api/2.0/workspace/import", {"path": "/Shared/n", "format": "JUPYTER", "content": ""}, {}),
            ("POST /api/2.0/workspace-files/import-file/Shared/n", {}, {}),
            ("GET /api/2.0/workspace/export?path=/Shared/a", {}, {"content": BASE64, "file_type": "txt"}),
            (
                "GET /api/2.0/workspace/get-status?path=/Workspace/Shared/a",
                {},
                {"path": "/Shared/a", "object_type": "FILE", "size": 7},
            ),
            ("GET /api/2.0/workspace/get-status?path=/Shared", {}, {"object_type": "DIRECTORY"}),
            ("POST /api/2.0/workspace/mkdirs", {"path": "/Shared/x/y"}, {}),
            ("POST /api/2.0/workspace/delete", {"path": "/Shared", "recursive": True}, {}),
        ],
    )
    def test_a_good_request_is_answered(
        self, filled: Quiet, request_line: str, body: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        assert expected.items() <= view(filled, request_line, body).items()

    @pytest.mark.parametrize(
        ("request_line", "body", "code", "message"),
        [
            ("POST /api/2.0/workspace/import", {"path": "x.py"}, INVALID, "is not an absolute path."),
            (
                "POST /api/2.0/workspace/import",
                {"path": "/Shared/n"},
                INVALID,
                "Field 'language' is required",
            ),
            (
                "POST /api/2.0/workspace/import",
                {"path": "/Shared/n", "format": "DBC"},
                INVALID,
                "Field 'format' 'DBC' is not supported",
            ),
            (
                "POST /api/2.0/workspace/import",
                {"path": "/Shared/n.py", "content": "!"},
                MALFORMED,
                "content is not base64.",
            ),
            ("GET /api/2.0/workspace/export?path=/none", {}, ABSENT, "Path (/none) doesn't exist."),
            (
                "GET /api/2.0/workspace/export?path=/Shared",
                {},
                INVALID,
                "is a directory and cannot be exported.",
            ),
            (
                "GET /api/2.0/workspace/export?path=/Shared/a&format=HTML",
                {},
                INVALID,
                "Field 'format' 'HTML' is not supported: one of SOURCE, AUTO, RAW.",
            ),
            ("GET /api/2.0/workspace/list?path=/none", {}, ABSENT, "Path (/none) doesn't exist."),
            ("POST /api/2.0/workspace/mkdirs", {"path": "/Shared/a/b"}, TAKEN, "A file already exists"),
            ("POST /api/2.0/workspace/delete", {"path": "/Shared"}, "DIRECTORY_NOT_EMPTY", "is not empty"),
        ],
    )
    def test_a_bad_request_is_refused_with_a_sentence(
        self, filled: Quiet, request_line: str, body: dict[str, Any], code: str, message: str
    ) -> None:
        _, refused, said = refusal(filled, request_line, body)
        assert refused == code
        assert message in said

    def test_a_list_leaves_out_notebooks_that_are_older(self, filled: Quiet) -> None:
        view(filled, "POST /api/2.0/workspace/import", {"path": "/Shared/n.py", "content": BASE64})
        for after, names in ((0, ["/Shared/a", "/Shared/n.py"]), (2**50, ["/Shared/a"])):
            query = f"GET /api/2.0/workspace/list?path=/Shared&notebooks_modified_after={after}"
            assert [item["path"] for item in view(filled, query)["objects"]] == names

    @pytest.mark.parametrize(
        "request_line",
        ["GET /repos", "POST /repos", "GET /repos/1", "PATCH /repos/1", "DELETE /repos/1"],
    )
    def test_repos_are_refused_with_the_reason(self, filled: Quiet, request_line: str) -> None:
        method, _, path = request_line.partition(" ")
        _, code, said = refusal(filled, f"{method} /api/2.0{path}")
        assert code == INVALID
        assert "no Git repository is cloned here; upload its files" in said


class TestPaths:
    """`dbfs:/` and `/dbfs/`, `/Volumes/`, `/Workspace/` paths"""

    @pytest.mark.parametrize(
        ("path", "place"),
        [
            ("dbfs:/x/p.py", "dbfs/x/p.py"),
            ("/dbfs/x/p.py", "dbfs/x/p.py"),
            ("/Volumes/m/d/v/p.py", "volumes/m/d/v/p.py"),
            ("dbfs:/Volumes/m/d/v/p.py", "volumes/m/d/v/p.py"),
            ("/Workspace/Shared/p.py", "objects/Shared/p.py"),
            ("/Shared/p.py", "objects/Shared/p.py"),
            ("dbfs:/../../p.py", "dbfs/p.py"),
        ],
    )
    def test_each_form_leads_to_its_tree(self, tmp_path: Path, path: str, place: str) -> None:
        trees = Trees(*(Tree(tmp_path / name) for name in ("dbfs", "volumes", "objects")))
        assert trees.locate(path) == tmp_path / place

    def test_a_local_file_is_itself_and_another_store_is_refused(self, tmp_path: Path) -> None:
        trees = Trees(*(Tree(tmp_path / name) for name in ("dbfs", "volumes", "objects")))
        assert str(trees.locate("file:/home/p.py")) == "/home/p.py"
        with pytest.raises(InvalidParameter, match=r"Cannot read s3://b/p.py: only dbfs:/"):
            trees.locate("s3://b/p.py")

    @pytest.mark.parametrize(
        ("path", "plain"),
        [
            ("/Workspace", "/"),
            ("/Workspace/a", "/a"),
            ("/a/../b/", "/b"),
            ("//a", "/a"),
            ("/Workspaces", "/Workspaces"),
        ],
    )
    def test_the_workspaces_prefix_may_be_left_out(self, path: str, plain: str) -> None:
        assert workspace_path(path) == plain
