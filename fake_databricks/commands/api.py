"""Commands: ``/api/2.0/commands`` in the guide's form, ``/api/1.2`` in Databricks' form."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from fake_databricks.commands.lifecycle import Status
from fake_databricks.engine.inside.pictures import NoPicture, png_in, text_of
from fake_databricks.engine.ports import own_pictures
from fake_databricks.errors import CommandRefused, MalformedRequest
from fake_databricks.request.call import Call, Route

if TYPE_CHECKING:
    from fake_databricks.commands.commands import Command

GUIDE = "2.0"
PNG_URL = "data:image/png;base64,"


def create_context(call: Call) -> dict[str, Any]:
    """Create a context."""
    parameters = call.parameters
    context_id = call.workspace.commands.create_context(
        parameters.text("clusterId"), parameters.text("language")
    )
    return {"id": context_id}


def context_status(call: Call) -> dict[str, Any]:
    """Return whether a context is ready."""
    parameters = call.parameters
    status = call.workspace.commands.context_status(
        parameters.text("clusterId"), parameters.text("contextId")
    )
    return {"id": parameters.text("contextId"), "status": status}


def destroy_context(call: Call) -> dict[str, Any]:
    """Destroy a context."""
    parameters = call.parameters
    call.workspace.commands.destroy_context(parameters.text("clusterId"), parameters.text("contextId"))
    return {"id": parameters.text("contextId")}


def execute(call: Call) -> dict[str, Any]:
    """Send a command; on the guide's path it needs no context, because each cluster has one of its own."""
    parameters = call.parameters
    context_id = parameters.text("contextId", "")
    if not context_id and call.version != GUIDE:
        raise CommandRefused("IllegalArgumentException: requirement failed: missing contextId")
    text = _source(call)
    command = call.workspace.commands.execute(
        parameters.text("clusterId"), context_id, parameters.text("language", "python"), text
    )
    return (
        {"id": command.command_id, "status": Status.QUEUED.value}
        if call.version == GUIDE
        else {"id": command.command_id}
    )


def _source(call: Call) -> str:
    if "command" not in call.files:
        return call.parameters.text("command")
    try:
        return call.files["command"].decode()
    except UnicodeDecodeError:
        raise MalformedRequest("The file 'command' is not text in UTF-8.") from None


def status(call: Call) -> dict[str, Any]:
    """Return the status of a command, and its result."""
    parameters = call.parameters
    command = call.workspace.commands.status(parameters.text("clusterId"), parameters.text("commandId"))
    is_guide = call.version == GUIDE
    shown = command.status
    if is_guide and command.kind == "error" and shown is Status.FINISHED:
        shown = Status.ERROR
    view: dict[str, Any] = {"id": command.command_id, "status": shown.value}
    if command.status in (Status.FINISHED, Status.ERROR):
        view["results"] = _guide_results(command) if is_guide else _results(command)
    elif not is_guide:
        view["results"] = None
    return view


def cancel(call: Call) -> dict[str, Any]:
    """Cancel a command."""
    parameters = call.parameters
    call.workspace.commands.cancel(parameters.text("clusterId"), parameters.text("commandId"))
    return {"id": parameters.text("commandId")}


def _guide_results(command: Command) -> dict[str, Any]:
    if command.kind != "error":
        return _results(command)
    summary = command.summary or ""
    return {
        "resultType": "error",
        "data": summary if summary.startswith("ERROR:") else command.cause or summary,
    }


def _results(command: Command) -> dict[str, Any]:
    if command.kind == "error":
        return {"resultType": "error", "summary": command.summary, "cause": command.cause or command.summary}
    if command.kind == "image":
        return _pictures(command)
    view: dict[str, Any] = {"resultType": command.kind, "data": command.data}
    if command.kind == "table":
        view.update(schema=command.schema, truncated=command.is_cut, isJsonSchema=True)
    return view


def _pictures(command: Command) -> dict[str, Any]:
    """Return the pictures in place of their files, as Databricks does with those that are not large."""
    files = []
    for item in own_pictures(command.displays):
        with contextlib.suppress(NoPicture):  # the process of a program may say what it wants
            files.append(PNG_URL + text_of(png_in(str(item["data"]))))
    if len(files) == 1:
        return {"resultType": "image", "fileName": files[0]}
    return {"resultType": "images", "fileNames": files}


BOTH = ("2.0", "1.2")
ROUTES = (
    Route("POST", "/contexts/create", create_context, BOTH),
    Route("GET", "/contexts/status", context_status, BOTH),
    Route("POST", "/contexts/destroy", destroy_context, BOTH),
    Route("POST", "/commands/execute", execute, BOTH),
    Route("GET", "/commands/status", status, BOTH),
    Route("POST", "/commands/cancel", cancel, BOTH),
)
