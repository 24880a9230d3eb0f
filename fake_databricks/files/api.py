"""``/api/2.0/fs``: files and folders of volumes and of the workspace."""

from __future__ import annotations

import json
import posixpath
import re
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fake_databricks.engine.inside.path_table import VOLUMES, WORKSPACE
from fake_databricks.errors import (
    AlreadyExists,
    BadRequest,
    Conflict,
    InvalidParameter,
    NotFound,
    RangeNotSatisfiable,
)
from fake_databricks.request.call import Call, Reply, Route
from fake_databricks.request.pages import Order, page_of
from fake_databricks.request.values import read_integer, read_object

if TYPE_CHECKING:
    from fake_databricks.files.trees import Entry, Tree

MAX_PAGE = 1000
MAX_PART_URLS = 100
ACTIONS = ("initiate-upload", "complete-upload", "abort-upload")
MAX_DIGITS = 18
VOLUME_PARTS = 3
"""The names of a Volume: catalog, schema, volume."""
_RANGE = re.compile(r"bytes=[ \t]*([0-9]*)-([0-9]*)", re.IGNORECASE)
NO_CONTENT = Reply(204)
BY_PATH: Order[Entry] = Order("directory", lambda entry: (entry.path,))


def upload(call: Call) -> Reply:
    """Write a file, or one part of an upload."""
    parameters = call.query_parameters
    if parameters.has("part_number") or parameters.has("session_token"):
        mark = call.workspace.uploads.put(
            parameters.text("session_token"), _shown(call), parameters.integer("part_number"), call.body
        )
        return Reply(200, b"", {"ETag": mark})
    tree, path = _tree_and_path(call)
    entry = tree.entry(path)
    if entry is not None and entry.is_folder:
        raise Conflict(f"The path {_shown(call)} is a directory.")
    _check_volume(call, path)
    is_new = not parameters.boolean("overwrite")
    if entry is not None and is_new:
        raise Conflict(f"The file being created already exists: {_shown(call)}")
    try:
        tree.write(path, call.body, is_new=is_new)
    except AlreadyExists as error:
        raise Conflict(error.message) from None
    call.workspace.mounts.after_writing(_shown(call))
    return NO_CONTENT


def upload_in_parts(call: Call) -> dict[str, Any]:
    """Begin, complete or abort an upload in parts."""
    tree, path = _tree_and_path(call)
    uploads, parameters = call.workspace.uploads, call.query_parameters
    action = parameters.text("action", "")
    if action not in ACTIONS:
        raise InvalidParameter(f"Field 'action' must be {', '.join(ACTIONS[:-1])} or {ACTIONS[-1]}.")
    if action == "initiate-upload":
        _check_volume(call, path)
        if tree.entry(path) is not None and not parameters.boolean("overwrite"):
            raise Conflict(f"The file being created already exists: {_shown(call)}")
        token = uploads.begin(_shown(call), is_overwriting=parameters.boolean("overwrite"))
        return {"multipart_upload": {"session_token": token}}
    token = parameters.text("session_token")
    if action == "complete-upload":
        parts = [read_object("parts", part) for part in call.parameters.list("parts")]
        numbers = [read_integer("part_number", part.get("part_number")) for part in parts]
        try:
            uploads.complete(token, _shown(call), numbers, tree, path)
        except AlreadyExists as error:
            raise Conflict(error.message) from None
        call.workspace.mounts.after_writing(_shown(call))
    else:
        uploads.abort(token, _shown(call))
    return {}


def part_urls(call: Call) -> dict[str, Any]:
    """Return where the parts of an upload are sent: to this server."""
    parameters = call.parameters
    path, token = parameters.text("path"), parameters.text("session_token")
    first = parameters.integer("start_part_number", 1)
    count = min(parameters.integer("count", 1), MAX_PART_URLS)
    if first < 1 or count < 1:
        raise InvalidParameter("start_part_number and count must be at least 1.")
    call.workspace.uploads.check(token, path)
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


def download_url(call: Call) -> dict[str, Any]:
    """Return where a file is fetched from: this server; it does not expire."""
    call.rest = call.parameters.text("path")
    _file(call)
    credential = [{"name": "Authorization", "value": call.headers["authorization"]}]
    return {"url": f"{call.workspace.url}/api/2.0/fs/files{quote(_shown(call))}", "headers": credential}


def download(call: Call) -> Reply:
    """Return a file, or a range of it."""
    tree, path = _tree_and_path(call)
    entry = _file(call)
    content = tree.locate(path).read_bytes()
    headers = _headers(entry)
    wanted = call.headers.get("range", "")
    if call.headers.get("if-range", headers["ETag"]) not in (headers["ETag"], headers["Last-Modified"]):
        wanted = ""  # the file has changed: all of it is wanted
    part = wanted_range(wanted, len(content))
    if part is None:
        return Reply(200, content, headers)
    if not part:
        refusal = RangeNotSatisfiable(
            f"The range {wanted[:60]} is beyond the {len(content)} bytes of the file."
        )
        body = json.dumps(refusal.envelope()).encode()
        kind = {"Content-Type": "application/json", "Content-Range": f"bytes */{len(content)}"}
        return Reply(refusal.status, body, kind)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(content)}"
    return Reply(206, content[part.start : part.stop], headers)


def wanted_range(header: str, size: int) -> range | None:
    """Return the bytes that a ``Range`` asks for, as RFC 9110 has it.

    None is the whole file: there is no such header, it has another unit or form, or several ranges. An empty
    range cannot be satisfied.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        if not last:
            return None
        length = _number(last)
        return range(max(0, size - length), size) if size or not length else None
    start, end = _number(first), _number(last) if last else size - 1
    if last and end < start:
        return None
    return range(start, max(start, min(end + 1, size)))


def _number(digits: str) -> int:
    significant = digits.lstrip("0")
    return int(significant or 0) if len(significant) <= MAX_DIGITS else 10**MAX_DIGITS


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
    try:
        tree.make_folder(path)
    except AlreadyExists as error:
        raise Conflict(error.message) from None
    return NO_CONTENT


def list_folder(call: Call) -> dict[str, Any]:
    """Return the content of a folder."""
    tree, path = _tree_and_path(call)
    _folder(call)
    parameters = call.query_parameters
    size = parameters.integer("page_size", MAX_PAGE)
    if not 0 <= size <= MAX_PAGE:
        raise InvalidParameter(f"page_size must be between 0 and {MAX_PAGE}.")
    page = page_of(tree.children(path), BY_PATH, size or MAX_PAGE, parameters.text("page_token", ""))
    view: dict[str, Any] = {"contents": [_entry_view(call, entry) for entry in page.items]}
    if "next_page_token" in page.tokens:
        view["next_page_token"] = page.tokens["next_page_token"]
    return view


def folder_head(call: Call) -> Reply:
    """Return whether a folder exists."""
    _folder(call)
    return Reply(200)


def delete_folder(call: Call) -> Reply:
    """Delete an empty folder."""
    tree, path = _tree_and_path(call)
    _folder(call)
    if not tree.is_empty(path):
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


def _check_volume(call: Call, path: str) -> None:
    """Refuse a file outside of every Volume: there is none at ``/Volumes/catalog/schema/file``."""
    shown = posixpath.normpath(_shown(call))
    if shown.startswith(f"{VOLUMES}/") and path.count("/") < VOLUME_PARTS + 1:
        raise InvalidParameter(
            f"Invalid path: {shown}. A file is in a Volume: {VOLUMES}/catalog/schema/volume/file."
        )


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
    Route("POST", "/fs/create-download-url", download_url, is_slow=True),
    Route("GET", "/fs/files/*", download, is_slow=True),
    Route("HEAD", "/fs/files/*", file_head, is_slow=True),
    Route("DELETE", "/fs/files/*", delete_file, is_slow=True),
    Route("PUT", "/fs/directories/*", make_folder, is_slow=True),
    Route("GET", "/fs/directories/*", list_folder, is_slow=True),
    Route("HEAD", "/fs/directories/*", folder_head, is_slow=True),
    Route("DELETE", "/fs/directories/*", delete_folder, is_slow=True),
)
