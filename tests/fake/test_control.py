from __future__ import annotations

import json
import time
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.fake.conftest import Client

JOB = {"existing_cluster_id": "c", "spark_python_task": {"python_file": "dbfs:/x.py"}}


class TestFaults:
    """Faults, journal, transitions, reset are data, set over HTTP, from any language."""

    def fault(self, client: Client, **fields: Any) -> None:
        client.post("/_fake/faults", **fields)

    def test_a_request_fails_as_the_rule_says_and_then_no_more(self, client: Client) -> None:
        headers = {"Retry-After": "1"}
        body = {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slow down"}
        self.fault(client, pattern="GET /api/2.1/jobs/*", status_code=429, body=body, headers=headers)
        answer = client.send("GET", "/api/2.1/jobs/list")
        assert (answer.status, answer.headers["retry-after"], answer.body) == (429, "1", body)
        assert client.send("GET", "/api/2.1/jobs/list").status == 200

    def test_some_are_answered_first_and_some_fail_then(self, client: Client) -> None:
        self.fault(client, pattern="GET /api/2.1/jobs/list", status_code=500, offset=1, times=2)
        statuses = [client.send("GET", "/api/2.1/jobs/list").status for _ in range(4)]
        assert statuses == [200, 500, 500, 200]

    def test_after_the_handler_the_effect_is_kept_and_the_answer_lost(self, client: Client) -> None:
        self.fault(client, pattern="POST /api/2.1/jobs/create", status_code=503, after_handler=True)
        assert client.send("POST", "/api/2.1/jobs/create", json.dumps(JOB).encode()).status == 503
        assert len(client.get("/api/2.1/jobs/list")["jobs"]) == 1

    def test_before_the_handler_nothing_has_happened(self, client: Client) -> None:
        self.fault(client, pattern="* /api/2.1/jobs/create", status_code=503)
        client.send("POST", "/api/2.1/jobs/create", json.dumps(JOB).encode())
        assert client.get("/api/2.1/jobs/list") == {"has_more": False}

    def test_a_connection_can_be_cut(self, client: Client) -> None:
        self.fault(client, pattern="GET /api/2.1/jobs/list", reset_connection=True)
        with pytest.raises((HTTPException, ConnectionError)):
            client.send("GET", "/api/2.1/jobs/list")

    def test_an_answer_can_be_late_and_true(self, client: Client) -> None:
        self.fault(client, pattern="GET /api/2.1/jobs/list", delay_ms=200)
        begin = time.monotonic()
        assert client.send("GET", "/api/2.1/jobs/list").status == 200
        assert time.monotonic() - begin >= 0.2

    def test_rules_are_listed_with_their_count_and_taken_away_by_name(self, client: Client) -> None:
        self.fault(client, name="one", pattern="/api/*", status_code=500, times=0)
        client.send("GET", "/api/2.1/jobs/list")
        listed = client.get("/_fake/faults")["faults"]
        assert [(fault["name"], fault["seen"]) for fault in listed] == [("one", 1)]
        client.send("DELETE", "/_fake/faults?name=one")
        assert client.send("GET", "/api/2.1/jobs/list").status == 200

    def test_a_rule_that_says_nothing_is_refused(self, client: Client) -> None:
        assert client.refused("POST", "/_fake/faults", pattern="/x")[0] == 400
        assert client.refused("POST", "/_fake/faults", pattern="/x", satus_code=500)[0] == 400

    def test_a_fault_of_one_workspace_does_not_touch_another(self, client: Client) -> None:
        self.fault(client, pattern="/api/*", status_code=500, times=0)
        other = {"Authorization": "Bearer dapi-untouched-by-the-fault"}
        assert client.send("GET", "/api/2.1/jobs/list", headers=other).status == 200


class TestJournal:
    """Unknown routes answer as Databricks does and are recorded."""

    def test_each_exchange_is_there_in_order(self, client: Client) -> None:
        client.post("/api/2.1/jobs/create", **JOB)
        client.get("/api/2.1/jobs/list", limit=1)
        entries = client.get("/_fake/journal")["entries"]
        assert [(entry["method"], entry["path"], entry["status"]) for entry in entries] == [
            ("POST", "/api/2.1/jobs/create", 200),
            ("GET", "/api/2.1/jobs/list", 200),
        ]
        assert entries[0]["request"] == JOB
        assert entries[1]["request"] == {"limit": 1}

    def test_an_unknown_call_is_marked(self, client: Client) -> None:
        client.send("POST", "/api/2.0/pipelines", b"{}")
        entry = client.get("/_fake/journal?path=/pipelines")["entries"][0]
        assert (entry["is_known"], entry["status"]) == (False, 404)

    def test_a_fault_is_named(self, client: Client) -> None:
        client.post("/_fake/faults", name="mine", pattern="/api/*", status_code=500)
        client.send("GET", "/api/2.1/jobs/list")
        assert client.get("/_fake/journal")["entries"][0]["fault"] == "mine"

    def test_can_be_cleared(self, client: Client) -> None:
        client.get("/api/2.1/jobs/list")
        client.send("DELETE", "/_fake/journal")
        assert client.get("/_fake/journal") == {"entries": []}


class TestReset:
    """reset between tests: everything of the workspace is gone, numbers begin anew"""

    def test_the_next_request_finds_a_new_workspace(self, client: Client) -> None:
        first = client.flat_job("pass")
        client.post("/_fake/reset")
        assert client.get("/api/2.1/jobs/list") == {"has_more": False}
        assert client.get("/api/2.0/dbfs/list?path=/") == {}
        assert client.flat_job("pass") == first

    def test_it_says_what_it_is(self, client: Client) -> None:
        assert client.get("/_fake")["server"] == "fake_databricks"
