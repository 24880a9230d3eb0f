"""``/api/2.0/dbfs``: whole files, blocks with handles, forms."""

from __future__ import annotations

import base64
from typing import Any

from fake_databricks.errors import BlockTooLarge
from fake_databricks.files.trees import MAX_BLOCK_BYTES, Entry
from fake_databricks.request.call import Call, Route
from fake_databricks.request.values import read_bytes

DEFAULT_READ_BYTES = 512 * 1024


def put(call: Call) -> dict[str, Any]:
    """Write a file, from base64 or from a form."""
    parameters = call.parameters
    if call.files:
        content = next(iter(call.files.values()))
    else:
        content = read_bytes("contents", parameters.text("contents", ""))
        if len(content) > MAX_BLOCK_BYTES:
            raise BlockTooLarge(
                f"contents must have at most {MAX_BLOCK_BYTES} bytes; use create and add-block."
            )
    path, mounts = parameters.text("path"), call.workspace.mounts
    mounts.before_reading(path)
    call.workspace.dbfs.put(path, content, overwrite=parameters.boolean("overwrite"))
    mounts.after_writing(path)
    return {}


def create(call: Call) -> dict[str, Any]:
    """Create a file that blocks are added to."""
    parameters = call.parameters
    path = parameters.text("path")
    call.workspace.mounts.before_reading(path)
    return {"handle": call.workspace.dbfs.create(path, overwrite=parameters.boolean("overwrite"))}


def add_block(call: Call) -> dict[str, Any]:
    """Append a block to an open file."""
    parameters = call.parameters
    call.workspace.dbfs.add_block(
        parameters.integer("handle"), read_bytes("data", parameters.text("data", ""))
    )
    return {}


def close(call: Call) -> dict[str, Any]:
    """Close an open file."""
    path = call.workspace.dbfs.close(call.parameters.integer("handle"))
    call.workspace.mounts.after_writing(path)
    return {}


def get_status(call: Call) -> dict[str, Any]:
    """Return the file or folder at a path."""
    path = call.parameters.text("path")
    call.workspace.mounts.before_reading(path)
    return entry_view(call.workspace.dbfs.status(path))


def list_(call: Call) -> dict[str, Any]:
    """Return the content of a folder."""
    path = call.parameters.text("path")
    call.workspace.mounts.before_reading(path)
    entries = call.workspace.dbfs.list(path)
    return {"files": [entry_view(entry) for entry in entries]} if entries else {}


def read(call: Call) -> dict[str, Any]:
    """Return a part of a file."""
    parameters = call.parameters
    length = parameters.integer("length", 0) or DEFAULT_READ_BYTES
    path = parameters.text("path")
    call.workspace.mounts.before_reading(path)
    content = call.workspace.dbfs.read(path, parameters.integer("offset", 0), length)
    return {"bytes_read": len(content), "data": base64.b64encode(content).decode()}


def mkdirs(call: Call) -> dict[str, Any]:
    """Create a folder and its parents."""
    call.workspace.dbfs.make_folder(call.parameters.text("path"))
    return {}


def move(call: Call) -> dict[str, Any]:
    """Move a file or a folder."""
    parameters = call.parameters
    source, target = parameters.text("source_path"), parameters.text("destination_path")
    mounts = call.workspace.mounts
    mounts.before_reading(source)
    mounts.before_reading(target)
    call.workspace.dbfs.move(source, target)
    mounts.after_writing(source, target)
    return {}


def delete(call: Call) -> dict[str, Any]:
    """Delete a file or a folder."""
    parameters = call.parameters
    path, mounts = parameters.text("path"), call.workspace.mounts
    mounts.before_reading(path)
    call.workspace.dbfs.delete(path, recursive=parameters.boolean("recursive"))
    mounts.after_writing(path)
    return {}


def entry_view(entry: Entry) -> dict[str, Any]:
    """Return a file or folder as DBFS shows it."""
    return {
        "path": entry.path,
        "is_dir": entry.is_folder,
        "file_size": entry.size,
        "modification_time": entry.modified,
    }


ROUTES = (
    Route("POST", "/dbfs/put", put, is_slow=True),
    Route("POST", "/dbfs/create", create, is_slow=True),
    Route("POST", "/dbfs/add-block", add_block, is_slow=True),
    Route("POST", "/dbfs/close", close, is_slow=True),
    Route("GET", "/dbfs/get-status", get_status, is_slow=True),
    Route("GET", "/dbfs/list", list_, is_slow=True),
    Route("GET", "/dbfs/read", read, is_slow=True),
    Route("POST", "/dbfs/mkdirs", mkdirs, is_slow=True),
    Route("POST", "/dbfs/move", move, is_slow=True),
    Route("POST", "/dbfs/delete", delete, is_slow=True),
)
