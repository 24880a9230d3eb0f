"""``/api/2.0/fs``: files and folders of volumes and of the workspace."""

from __future__ import annotations

import posixpath
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fake_databricks.engine.inside.path_table import VOLUMES, WORKSPACE
from fake_databricks.errors import BadRequest, Conflict, InvalidParameter, NotFound
from fake_databricks.request.call import Call, Reply, Route
from fake_databricks.request.values import read_integer, read_object

if TYPE_CHECKING:
    from fake_databricks.files.trees import Entry, Tree

MAX_PAGE = 1000
MAX_PART_URLS = 100
NO_CONTENT = Reply(204)


def upload(call: Call) -> Reply:
    """Write a file, or one part of an upload."""
    parameters = call.query_parameters
    if parameters.has("part_number"):
        mark = call.workspace.uploads.put(
            parameters.text("session_token"), _shown(call), parameters.integer("part_number"), call.body
        )
        return Reply(200, b"", {"ETag": mark})
    tree, path = _tree_and_path(call)
    entry = tree.entry(path)
    if entry is not None and entry.is_folder:
        raise Conflict(f"The path {_shown(call)} is a directory.")
    if entry is not None and not parameters.boolean("overwrite"):
        raise Conflict(f"The file being created already exists: {_shown(call)}")
    tree.write(path, call.body)
    call.workspace.mounts.after_writing(_shown(call))
    return NO_CONTENT


def upload_in_parts(call: Call) -> dict[str, Any]:
    """Begin, complete or abort an upload in parts."""
    tree, path = _tree_and_path(call)
    uploads, parameters = call.workspace.uploads, call.query_parameters
    action = parameters.text("action", "")
    if action == "initiate-upload":
        if tree.entry(path) is not None and not parameters.boolean("overwrite"):
            raise Conflict(f"The file being created already exists: {_shown(call)}")
        token = uploads.begin(_shown(call), is_overwriting=parameters.boolean("overwrite"))
        return {"multipart_upload": {"session_token": token}}
    token = parameters.text("session_token")
    if action == "complete-upload":
        parts = [read_object("parts", part) for part in call.parameters.list("parts")]
        numbers = [read_integer("part_number", part.get("part_number")) for part in parts]
        uploads.complete(token, _shown(call), numbers, tree.locate(path))
        call.workspace.mounts.after_writing(_shown(call))
    elif action == "abort-upload":
        uploads.abort(token, _shown(call))
    else:
        raise InvalidParameter("Field 'action' must be initiate-upload, complete-upload or abort-upload.")
    return {}


def part_urls(call: Call) -> dict[str, Any]:
    """Return where the parts of an upload are sent: to this server."""
    parameters = call.parameters
    path, token = parameters.text("path"), parameters.text("session_token")
    first = parameters.integer("start_part_number", 1)
    count = min(parameters.integer("count", 1), MAX_PART_URLS)
    credential = [{"name": "Authorization", "value": call.headers["authorization"]}]
    target = f"{call.workspace.url}/api/2.0/fs/files{quote(path)}"
    return {
        "upload_part_urls": [
            {
                "part_number": number,
                "url": f"{target}?upload_type=multipart&session_token={token}&part_number={number}",
                "headers": credential,
            }
            for number in range(first, first + count)
        ]
    }


def download(call: Call) -> Reply:
    """Return a file, or a range of it."""
    tree, path = _tree_and_path(call)
    entry = _file(call)
    content = tree.locate(path).read_bytes()
    headers = _headers(entry)
    parameters = call.headers.get("range", "")
    if parameters.startswith("bytes="):
        first, _, last = parameters[len("bytes=") :].partition("-")
        start, end = int(first or 0), min(int(last) if last else len(content) - 1, len(content) - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
        return Reply(206, content[start : end + 1], headers)
    return Reply(200, content, headers)


def file_head(call: Call) -> Reply:
    """Return the size and time of a file."""
    entry = _file(call)
    return Reply(200, b"", {**_headers(entry), "Content-Length": str(entry.size)})


def delete_file(call: Call) -> Reply:
    """Delete a file."""
    _file(call)
    tree, path = _tree_and_path(call)
    tree.remove(path)
    call.workspace.mounts.after_writing(_shown(call))
    return NO_CONTENT


def make_folder(call: Call) -> Reply:
    """Create a folder and its parents."""
    tree, path = _tree_and_path(call)
    tree.make_folder(path)
    return NO_CONTENT


def list_folder(call: Call) -> dict[str, Any]:
    """Return the content of a folder."""
    tree, path = _tree_and_path(call)
    _folder(call)
    parameters = call.query_parameters
    size = parameters.integer("page_size", MAX_PAGE)
    if not 0 <= size <= MAX_PAGE:
        raise InvalidParameter(f"page_size must be between 0 and {MAX_PAGE}.")
    token = parameters.text("page_token", "")
    if token and not token.isdigit():
        raise InvalidParameter(f"Invalid page token: {token}.")
    start = int(token or 0)
    entries = tree.children(path)
    page = entries[start : start + (size or MAX_PAGE)]
    view: dict[str, Any] = {"contents": [_entry_view(call, entry) for entry in page]}
    if start + len(page) < len(entries):
        view["next_page_token"] = str(start + len(page))
    return view


def folder_head(call: Call) -> Reply:
    """Return whether a folder exists."""
    _folder(call)
    return Reply(200)


def delete_folder(call: Call) -> Reply:
    """Delete an empty folder."""
    tree, path = _tree_and_path(call)
    _folder(call)
    if tree.children(path):
        reason = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "FILES_API_DIRECTORY_IS_NOT_EMPTY",
            "domain": "filesystem.databricks.com",
        }
        raise BadRequest(f"The directory is not empty: {_shown(call)}", (reason,))
    tree.remove(path)
    return NO_CONTENT


def _shown(call: Call) -> str:
    return "/" + call.rest.lstrip("/")


def _tree_and_path(call: Call) -> tuple[Tree, str]:
    path = posixpath.normpath(_shown(call))
    if path.startswith(f"{VOLUMES}/"):
        call.workspace.mounts.before_reading(path)
        return call.workspace.volumes, path[len(VOLUMES) :]
    if path.startswith(f"{WORKSPACE}/"):
        return call.workspace.objects.tree, path[len(WORKSPACE) :]
    raise InvalidParameter(f"Invalid path: {path}. Only /Volumes and /Workspace are supported.")


def _file(call: Call) -> Entry:
    tree, path = _tree_and_path(call)
    entry = tree.entry(path)
    if entry is None or entry.is_folder:
        raise NotFound(f"The file being accessed is not found: {_shown(call)}")
    return entry


def _folder(call: Call) -> None:
    tree, path = _tree_and_path(call)
    entry = tree.entry(path)
    if entry is None or not entry.is_folder:
        raise NotFound(f"The directory being accessed is not found: {_shown(call)}")


def _headers(entry: Entry) -> dict[str, str]:
    return {
        "Content-Type": "application/octet-stream",
        "Last-Modified": formatdate(entry.modified / 1000, usegmt=True),
        "Accept-Ranges": "bytes",
        "ETag": quote(f'"{entry.modified}-{entry.size}"', safe='"-'),
    }


def _entry_view(call: Call, entry: Entry) -> dict[str, Any]:
    name = posixpath.basename(entry.path)
    view: dict[str, Any] = {
        "path": posixpath.join(posixpath.normpath(_shown(call)), name),
        "name": name,
        "is_directory": entry.is_folder,
        "last_modified": entry.modified,
    }
    if not entry.is_folder:
        view["file_size"] = entry.size
    return view


ROUTES = (
    Route("PUT", "/fs/files/*", upload, is_slow=True),
    Route("POST", "/fs/files/*", upload_in_parts, is_slow=True),
    Route("POST", "/fs/create-upload-part-urls", part_urls),
    Route("GET", "/fs/files/*", download, is_slow=True),
    Route("HEAD", "/fs/files/*", file_head, is_slow=True),
    Route("DELETE", "/fs/files/*", delete_file, is_slow=True),
    Route("PUT", "/fs/directories/*", make_folder, is_slow=True),
    Route("GET", "/fs/directories/*", list_folder, is_slow=True),
    Route("HEAD", "/fs/directories/*", folder_head, is_slow=True),
    Route("DELETE", "/fs/directories/*", delete_folder, is_slow=True),
)
