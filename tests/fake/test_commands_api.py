"""The handlers of contexts and commands, without a socket: what they answer, and what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fake.calls import refusal, view

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet

HERE = "0123-456789-abcdef01"
BASE: dict[str, Any] = {"clusterId": HERE, "language": "python"}


def context_of(quiet: Quiet) -> str:
    made = view(quiet, "POST /api/1.2/contexts/create", BASE)["id"]
    quiet.clock.work()
    return str(made)


class TestContexts:
    """contexts and commands under `/api/1.2` (real)"""

    def test_a_context_is_pending_then_running_then_gone(self, quiet: Quiet) -> None:
        context = view(quiet, "POST /api/1.2/contexts/create", BASE)["id"]
        body = {"clusterId": HERE, "contextId": context}
        seen = [view(quiet, "GET /api/1.2/contexts/status", body)["status"]]
        quiet.clock.work()
        seen.append(view(quiet, "GET /api/1.2/contexts/status", body)["status"])
        assert seen == ["Pending", "Running"]
        assert view(quiet, "POST /api/1.2/contexts/destroy", body) == {"id": context}
        assert refusal(quiet, "GET /api/1.2/contexts/status", body)[2].startswith("ContextNotFound")

    @pytest.mark.parametrize(
        ("request_line", "body", "status", "message"),
        [
            (
                "POST /api/1.2/contexts/create",
                {"language": "python"},
                400,
                "Missing required field: clusterId",
            ),
            ("POST /api/1.2/contexts/create", {"clusterId": HERE}, 400, "Missing required field: language"),
            ("POST /api/1.2/contexts/create", {**BASE, "language": "scala"}, 500, "IllegalArgumentException"),
            ("POST /api/1.2/contexts/create", {**BASE, "clusterId": "x"}, 500, "ClusterNotFoundException"),
            ("POST /api/1.2/commands/execute", {**BASE, "command": "1"}, 500, "missing contextId"),
            (
                "POST /api/1.2/commands/execute",
                {**BASE, "contextId": "0", "command": "1"},
                500,
                "ContextNotFound",
            ),
            ("POST /api/2.0/commands/execute", BASE, 400, "Missing required field: command"),
            ("GET /api/2.0/commands/status", {"clusterId": HERE, "commandId": "x"}, 500, "RuntimeException"),
            (
                "POST /api/1.2/commands/cancel",
                {"clusterId": HERE, "commandId": "x"},
                500,
                "no command with id",
            ),
        ],
    )
    def test_a_bad_request_is_refused_with_a_sentence(
        self, quiet: Quiet, request_line: str, body: dict[str, Any], status: int, message: str
    ) -> None:
        refused, _, said = refusal(quiet, request_line, body)
        assert refused == status
        assert message in said


class TestCommands:
    """the guide's path needs no context and says Error; Databricks' path says Finished"""

    @pytest.mark.parametrize(
        ("text", "status", "results"),
        [
            ("1", "Finished", {"resultType": "text", "data": "python: 1"}),
            (
                "raise",
                "Error",
                {"resultType": "error", "data": "Traceback\nRuntimeError: planned"},
            ),
        ],
    )
    def test_on_the_guides_path(self, quiet: Quiet, text: str, status: str, results: dict[str, Any]) -> None:
        sent = view(quiet, "POST /api/2.0/commands/execute", {**BASE, "command": text})
        assert sent["status"] == "Queued"
        quiet.clock.work()
        body = {"clusterId": HERE, "commandId": sent["id"]}
        expected = {"id": sent["id"], "status": status, "results": results}
        assert view(quiet, "GET /api/2.0/commands/status", body) == expected

    @pytest.mark.parametrize(
        ("text", "results"),
        [
            ("1", {"resultType": "text", "data": "python: 1"}),
            (
                "raise",
                {
                    "resultType": "error",
                    "summary": "RuntimeError: planned",
                    "cause": "Traceback\nRuntimeError: planned",
                },
            ),
        ],
    )
    def test_on_databricks_path(self, quiet: Quiet, text: str, results: dict[str, Any]) -> None:
        body = {**BASE, "contextId": context_of(quiet), "command": text}
        sent = view(quiet, "POST /api/1.2/commands/execute", body)
        asked = {**body, "commandId": sent["id"]}
        assert view(quiet, "GET /api/1.2/commands/status", asked)["results"] is None
        quiet.clock.work()
        expected = {"id": sent["id"], "status": "Finished", "results": results}
        assert view(quiet, "GET /api/1.2/commands/status", asked) == expected

    def test_a_cancelled_command_in_the_queue_never_runs(self, quiet: Quiet) -> None:
        sent = view(quiet, "POST /api/2.0/commands/execute", {**BASE, "command": "1"})
        body = {"clusterId": HERE, "commandId": sent["id"]}
        assert view(quiet, "POST /api/2.0/commands/cancel", body) == {"id": sent["id"]}
        quiet.clock.work()
        assert view(quiet, "GET /api/2.0/commands/status", body) == {"id": sent["id"], "status": "Cancelled"}
