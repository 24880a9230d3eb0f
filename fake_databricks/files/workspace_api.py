"""``/api/2.0/workspace``: notebooks and files of the workspace's own tree."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from fake_databricks.errors import InvalidParameter
from fake_databricks.request.call import Call, Reply, Route
from fake_databricks.request.values import read_bytes

if TYPE_CHECKING:
    from fake_databricks.files.workspace_objects import ObjectInfo

MAX_CONTENT_BYTES = 10 * 1024 * 1024
EXPORTED = ("SOURCE", "AUTO", "RAW")


def import_(call: Call) -> dict[str, Any]:
    """Write an object, from base64 or from a form."""
    parameters = call.parameters
    content = next(iter(call.files.values()), None)
    if content is None:
        content = read_bytes("content", parameters.text("content", ""))
    if len(content) > MAX_CONTENT_BYTES:
        raise InvalidParameter(f"content must have at most {MAX_CONTENT_BYTES} bytes.")
    options = {
        "format": parameters.text("format", "SOURCE"),
        "language": parameters.text("language", ""),
        "overwrite": parameters.boolean("overwrite"),
    }
    call.workspace.objects.import_(parameters.text("path"), content, options)
    return {}


def import_file(call: Call) -> dict[str, Any]:
    """Write a plain file whose content is the body of the request."""
    options = {"format": "AUTO", "overwrite": call.query_parameters.boolean("overwrite")}
    call.workspace.objects.import_("/" + call.rest.lstrip("/"), call.body, options)
    return {}


def export(call: Call) -> Reply | dict[str, Any]:
    """Return the content of an object."""
    parameters = call.parameters
    wanted = parameters.text("format", "SOURCE")
    if wanted not in EXPORTED:
        raise InvalidParameter(f"Field 'format' {wanted!r} is not supported: one of {', '.join(EXPORTED)}.")
    content, extension = call.workspace.objects.export(parameters.text("path"))
    if parameters.boolean("direct_download"):
        return Reply(200, content, {"Content-Type": "application/octet-stream"})
    return {"content": base64.b64encode(content).decode(), "file_type": extension}


def list_(call: Call) -> dict[str, Any]:
    """Return the content of a folder; of its notebooks those that were changed after a time."""
    after = call.parameters.integer("notebooks_modified_after", 0)
    found = [
        info
        for info in call.workspace.objects.list(call.parameters.text("path"))
        if info.object_type != "NOTEBOOK" or info.modified > after
    ]
    return {"objects": [object_view(info) for info in found]} if found else {}


def get_status(call: Call) -> dict[str, Any]:
    """Return the object at a path."""
    return object_view(call.workspace.objects.status(call.parameters.text("path")))


def mkdirs(call: Call) -> dict[str, Any]:
    """Create a folder and its parents."""
    call.workspace.objects.make_folder(call.parameters.text("path"))
    return {}


def delete(call: Call) -> dict[str, Any]:
    """Delete an object."""
    parameters = call.parameters
    gone = call.workspace.objects.delete(parameters.text("path"), recursive=parameters.boolean("recursive"))
    for kind in ("directories", "notebooks", "files"):
        for object_id in gone:
            call.workspace.permissions.forget(f"/{kind}/{object_id}")
    return {}


def object_view(info: ObjectInfo) -> dict[str, Any]:
    """Return an object as ``ObjectInfo``."""
    view: dict[str, Any] = {
        "path": info.path,
        "object_type": info.object_type,
        "object_id": info.object_id,
        "resource_id": str(info.object_id),
    }
    if info.object_type != "DIRECTORY":
        view.update(created_at=info.created, modified_at=info.modified, size=info.size)
    if info.language:
        view["language"] = info.language
    return view


ROUTES = (
    Route("POST", "/workspace/import", import_, is_slow=True),
    Route("POST", "/workspace-files/import-file/*", import_file, is_slow=True),
    Route("GET", "/workspace/export", export, is_slow=True),
    Route("GET", "/workspace/list", list_, is_slow=True),
    Route("GET", "/workspace/get-status", get_status, is_slow=True),
    Route("POST", "/workspace/mkdirs", mkdirs, is_slow=True),
    Route("POST", "/workspace/delete", delete, is_slow=True),
)
