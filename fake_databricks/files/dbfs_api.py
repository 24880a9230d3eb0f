"""``/api/2.0/dbfs``: whole files, blocks with handles, multipart."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from fake_databricks.errors import BlockTooLarge, InvalidParameter, MalformedRequest
from fake_databricks.files.trees import MAX_BLOCK_BYTES, Entry
from fake_databricks.request.call import Call, Route

DEFAULT_READ_BYTES = 512 * 1024


def put(call: Call) -> dict[str, Any]:
    """Write a file, from base64 or from a form."""
    asked = call.parameters
    if call.files:
        content = next(iter(call.files.values()))
    else:
        content = decode(asked.text("contents", ""), "contents")
        if len(content) > MAX_BLOCK_BYTES:
            raise BlockTooLarge(
                f"contents must have at most {MAX_BLOCK_BYTES} bytes; use create and add-block."
            )
    call.workspace.dbfs.put(asked.text("path"), content, overwrite=asked.boolean("overwrite"))
    return {}


def create(call: Call) -> dict[str, Any]:
    """Open a file for blocks."""
    asked = call.parameters
    return {"handle": call.workspace.dbfs.create(asked.text("path"), overwrite=asked.boolean("overwrite"))}


def add_block(call: Call) -> dict[str, Any]:
    """Append a block."""
    asked = call.parameters
    call.workspace.dbfs.add_block(asked.integer("handle"), decode(asked.text("data", ""), "data"))
    return {}


def close(call: Call) -> dict[str, Any]:
    """Close a handle."""
    call.workspace.dbfs.close(call.parameters.integer("handle"))
    return {}


def get_status(call: Call) -> dict[str, Any]:
    """Return what lies at a path."""
    return entry_view(call.workspace.dbfs.status(call.parameters.text("path")))


def list_(call: Call) -> dict[str, Any]:
    """Return what lies in a folder."""
    entries = call.workspace.dbfs.list(call.parameters.text("path"))
    return {"files": [entry_view(entry) for entry in entries]} if entries else {}


def read(call: Call) -> dict[str, Any]:
    """Return a part of a file."""
    asked = call.parameters
    length = asked.integer("length", 0) or DEFAULT_READ_BYTES
    content = call.workspace.dbfs.read(asked.text("path"), asked.integer("offset", 0), length)
    return {"bytes_read": len(content), "data": base64.b64encode(content).decode()}


def mkdirs(call: Call) -> dict[str, Any]:
    """Make a folder."""
    call.workspace.dbfs.make_folder(call.parameters.text("path"))
    return {}


def move(call: Call) -> dict[str, Any]:
    """Move a file or a folder."""
    asked = call.parameters
    call.workspace.dbfs.move(asked.text("source_path"), asked.text("destination_path"))
    return {}


def delete(call: Call) -> dict[str, Any]:
    """Remove."""
    asked = call.parameters
    if asked.text("path") in ("/", "dbfs:/"):
        raise InvalidParameter("The root cannot be deleted.")
    call.workspace.dbfs.delete(asked.text("path"), recursive=asked.boolean("recursive"))
    return {}


def decode(text: str, name: str) -> bytes:
    """Bytes from base64."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise MalformedRequest(f"{name} is not base64.") from None


def entry_view(entry: Entry) -> dict[str, Any]:
    """Return a file or a folder."""
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
    Route("GET", "/dbfs/get-status", get_status),
    Route("GET", "/dbfs/list", list_, is_slow=True),
    Route("GET", "/dbfs/read", read, is_slow=True),
    Route("POST", "/dbfs/mkdirs", mkdirs),
    Route("POST", "/dbfs/move", move, is_slow=True),
    Route("POST", "/dbfs/delete", delete, is_slow=True),
)
