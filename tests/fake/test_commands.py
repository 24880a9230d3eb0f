from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.errors import CommandRefused
from fake_databricks.workspace import DEFAULT_CLUSTER_ID

if TYPE_CHECKING:
    from tests.fake.conftest import Client, Quiet

OVER = ("Finished", "Error", "Cancelled")


def guide(client: Client, text: str) -> Any:
    body = {"language": "python", "clusterId": client.cluster_id, "command": text}
    sent = client.post("/api/2.0/commands/execute", **body)
    assert sent["status"] == "Queued"
    path = f"/api/2.0/commands/status?clusterId={client.cluster_id}&commandId={sent['id']}"
    return client.wait_for(path, "status", *OVER)


class Real:
    """A context of the API 1.2."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.base = {"clusterId": client.cluster_id, "language": "python"}
        self.context = client.post("/api/1.2/contexts/create", **self.base)["id"]

    def send(self, text: str) -> str:
        body = {**self.base, "contextId": self.context, "command": text}
        return str(self.client.post("/api/1.2/commands/execute", **body)["id"])

    def path(self, command_id: str) -> str:
        cluster_id = self.client.cluster_id
        return (
            f"/api/1.2/commands/status?clusterId={cluster_id}&contextId={self.context}&commandId={command_id}"
        )

    def wait(self, command_id: str, *states: str) -> Any:
        return self.client.wait_for(self.path(command_id), "status", *(states or OVER))


class TestHowManyAreKept:
    """Issue: "The server's memory [...]: bounded"."""

    def test_the_oldest_ended_commands_are_forgotten(
        self, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("fake_databricks.commands.commands.KEEP_COMMANDS", 2)
        commands = quiet.workspace.commands
        sent = []
        for text in ("1", "2", "3"):
            sent.append(commands.execute(DEFAULT_CLUSTER_ID, "", "python", text).command_id)
            quiet.clock.work()
        with pytest.raises(CommandRefused, match=f"no command with id {sent[0]}"):
            commands.status(DEFAULT_CLUSTER_ID, sent[0])
        assert [commands.status(DEFAULT_CLUSTER_ID, key).data for key in sent[1:]] == [
            "python: 2",
            "python: 3",
        ]


class TestGuidesPath:
    """Use the Databricks Commands API to install the package"""

    def test_a_command_needs_no_context_and_shares_one(self, client: Client) -> None:
        guide(client, "x = 20")
        finished = guide(client, "print(x + 1)")
        assert (finished["status"], finished["results"]["resultType"]) == ("Finished", "text")
        assert finished["results"]["data"].strip() == "21"

    def test_a_failing_installation_is_an_error_with_pips_words(self, client: Client) -> None:
        failed = guide(client, "%pip install --no-index nuvyn-no-such-distribution")
        assert failed["status"] == "Error"
        assert failed["results"]["resultType"] == "error"
        assert failed["results"]["data"].startswith("ERROR: Could not find a version that satisfies")

    def test_a_get_with_a_body_answers_too(self, client: Client) -> None:
        body = {"language": "python", "clusterId": client.cluster_id, "command": "1"}
        sent = client.post("/api/2.0/commands/execute", **body)
        asked = {"clusterId": client.cluster_id, "commandId": sent["id"]}
        assert client.get("/api/2.0/commands/status", **asked)["id"] == sent["id"]

    def test_a_failing_program_is_an_error_with_its_traceback(self, client: Client) -> None:
        assert "ZeroDivisionError" in guide(client, "1 / 0")["results"]["data"]

    def test_a_shell_command(self, client: Client) -> None:
        assert guide(client, "%sh echo hello")["results"]["data"].strip() == "hello"


class TestRealPath:
    """contexts and commands under `/api/1.2` (real): execute, status, cancel"""

    def test_an_exception_is_finished_with_summary_and_cause(self, client: Client) -> None:
        real = Real(client)
        results = real.wait(real.send("1 / 0"))
        assert results["status"] == "Finished"
        assert results["results"]["resultType"] == "error"
        assert "ZeroDivisionError" in results["results"]["summary"]
        assert results["results"]["cause"].startswith("Traceback")

    def test_results_are_null_until_it_has_ended(self, client: Client) -> None:
        real = Real(client)
        command = real.send("import time; time.sleep(600)")
        assert client.get(real.path(command))["results"] is None
        real.wait(command, "Running")
        base = {"clusterId": client.cluster_id, "contextId": real.context, "commandId": command}
        client.post("/api/1.2/commands/cancel", **base)
        assert real.wait(command)["status"] == "Cancelled"

    def test_commands_of_one_context_run_one_after_the_other(self, client: Client) -> None:
        real = Real(client)
        ids = [real.send(f"print({number})") for number in range(5)]
        data = [real.wait(command)["results"]["data"].strip() for command in ids]
        assert data == ["0", "1", "2", "3", "4"]

    def test_a_destroyed_context_is_gone(self, client: Client) -> None:
        real = Real(client)
        base = {"clusterId": client.cluster_id, "contextId": real.context}
        client.wait_for(
            f"/api/1.2/contexts/status?clusterId={client.cluster_id}&contextId={real.context}",
            "status",
            "Running",
        )
        client.post("/api/1.2/contexts/destroy", **base)
        status, _, message = client.refused("GET", "/api/1.2/contexts/status", **base)
        assert (status, message.partition(":")[0]) == (500, "ContextNotFound")

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"language": "python", "command": "1"}, "requirement failed: missing contextId"),
            ({"language": "python", "command": "1", "contextId": "0"}, "ContextNotFound"),
        ],
    )
    def test_a_context_is_required(self, client: Client, body: dict[str, str], text: str) -> None:
        body = {**body, "clusterId": client.cluster_id}
        status, _, message = client.refused("POST", "/api/1.2/commands/execute", **body)
        assert status == 500
        assert text in message

    def test_a_cluster_that_does_not_run_takes_no_context(self, client: Client) -> None:
        client.wait_for(f"/api/2.0/clusters/get?cluster_id={client.cluster_id}", "state", "RUNNING")
        client.post("/api/2.0/clusters/delete", cluster_id=client.cluster_id)
        client.wait_for(f"/api/2.0/clusters/get?cluster_id={client.cluster_id}", "state", "TERMINATED")
        body = {"clusterId": client.cluster_id, "language": "python"}
        message = client.refused("POST", "/api/1.2/contexts/create", **body)[2]
        assert message.startswith("ClusterNotReadyException: Cluster")
