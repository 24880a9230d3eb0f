"""``/_fake/mounts``: the private calls behind ``dbutils.fs.mount`` and its like."""

from __future__ import annotations

from typing import Any

from fake_databricks.errors import TemporarilyUnavailable
from fake_databricks.request.call import Call, Route
from fake_databricks.request.values import read_text


def create(call: Call) -> dict[str, Any]:
    """Mount a source; no answer has its credentials."""
    parameters = call.parameters
    configs = {name: read_text(name, value) for name, value in parameters.object("extra_configs").items()}
    call.workspace.mounts.mount(parameters.text("mount_point"), parameters.text("source"), configs)
    return {}


def list_(call: Call) -> dict[str, Any]:
    """Return every mount."""
    return {
        "mounts": [
            {"mount_point": point, "source": source, "encryption_type": ""}
            for point, source in call.workspace.mounts.table()
        ]
    }


def delete(call: Call) -> dict[str, Any]:
    """Remove a mount; the objects stay."""
    call.workspace.mounts.unmount(call.parameters.text("mount_point"))
    return {}


def refresh(call: Call) -> dict[str, Any]:
    """Upload what programs have written, and fetch what has changed."""
    mounts = call.workspace.mounts
    sentences = [*mounts.upload(), *mounts.fetch()]
    if sentences:
        raise TemporarilyUnavailable(sentences[0])
    return {}


ROUTES = (
    Route("POST", "/_fake/mounts", create, is_slow=True),
    Route("GET", "/_fake/mounts", list_),
    Route("DELETE", "/_fake/mounts", delete, is_slow=True),
    Route("POST", "/_fake/mounts/refresh", refresh, is_slow=True),
)
