"""What runs outside of jobs: execution contexts, their commands, and SQL statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fake_databricks.web.pages.visit import Visit

MOST = 100
MAX_TEXT = 2000
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
            "state": item.status,
            "tone": "bad" if item.kind == "error" else TONES.get(item.status, "plain"),
            "said": (item.summary or (item.data if isinstance(item.data, str) else ""))[:MAX_TEXT],
        }
        for item in commands[:MOST]
    ]
    asked = [
        {
            "id": item.statement_id,
            "text": item.text[:MAX_TEXT],
            "state": item.state,
            "tone": TONES.get(item.state, "plain"),
            "rows": len(item.rows),
            "said": item.error[:MAX_TEXT],
        }
        for item in statements[:MOST]
    ]
    states = [*(item.status for item in commands), *(item.state for item in statements)]
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
