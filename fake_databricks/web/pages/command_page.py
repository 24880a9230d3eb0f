"""What runs outside of jobs: execution contexts, their commands, and SQL statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.web.pages.displays import COMMAND, display_views

if TYPE_CHECKING:
    from fake_databricks.commands.commands import Command
    from fake_databricks.web.pages.visit import Visit

MOST = 100
MAX_TEXT = 2000
MAX_SAID = 200_000
TONES = {
    "Running": "busy",
    "Queued": "busy",
    "Pending": "busy",
    "Cancelling": "busy",
    "RUNNING": "busy",
    "PENDING": "busy",
    "Finished": "good",
    "SUCCEEDED": "good",
    "Error": "bad",
    "FAILED": "bad",
}
BUSY = frozenset(name for name, tone in TONES.items() if tone == "busy")


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the page."""
    workspace = visit.workspace
    commands, statements = workspace.commands.list(), workspace.statements.list()
    shown = [
        {
            "id": item.command_id,
            "context_id": item.context_id,
            "text": item.text[:MAX_TEXT],
            "state": item.status.value,
            "tone": _tone(item),
            "said": _said(item)[:MAX_TEXT],
            "displays": len(item.displays),
        }
        for item in commands[:MOST]
    ]
    asked = [
        {
            "id": item.statement_id,
            "text": item.text[:MAX_TEXT],
            "state": item.state.value,
            "tone": TONES.get(item.state.value, "plain"),
            "rows": len(item.rows),
            "said": item.error[:MAX_TEXT],
        }
        for item in statements[:MOST]
    ]
    states = [*(item.status.value for item in commands), *(item.state.value for item in statements)]
    return {
        "contexts": [
            {
                "id": context_id,
                "cluster_id": cluster_id,
                "language": language,
                "state": state,
                "tone": "good" if state == "Running" else TONES.get(state, "plain"),
            }
            for context_id, cluster_id, language, state in workspace.commands.contexts()[:MOST]
        ],
        "commands": shown,
        "statements": asked,
        "is_live": any(state in BUSY for state in states),
    }


def view_one(visit: Visit) -> dict[str, Any]:
    """Return the values of one command."""
    command = visit.workspace.commands.find(visit.names[0])
    said = _said(command)
    return {
        "title": f"Command {command.command_id}",
        "id": command.command_id,
        "cluster_id": command.cluster_id,
        "context_id": command.context_id,
        "text": command.text,
        "state": command.status.value,
        "tone": _tone(command),
        "is_live": command.status.value in BUSY,
        "result": command.kind or "",
        "said": said[:MAX_SAID],
        "left_out": max(0, len(said) - MAX_SAID),
        "cause": (command.cause or "")[:MAX_SAID] if command.kind == "error" else "",
        "displays": display_views(command.displays, COMMAND, command.command_id),
    }


def _tone(command: Command) -> str:
    return "bad" if command.kind == "error" else TONES.get(command.status.value, "plain")


def _said(command: Command) -> str:
    """Return the error, or what was printed and the last value, without the HTML that the page draws."""
    if command.summary or not isinstance(command.data, str):
        return command.summary or command.printed
    text = command.data
    for item in command.displays:
        if item["kind"] == "html" and "notebook" not in item:
            text = text.replace(str(item["data"]).rstrip("\n"), "", 1)
    return text.rstrip("\n")
