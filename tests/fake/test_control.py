from __future__ import annotations

import dataclasses
import json
import time
from http.client import HTTPConnection, HTTPException
from threading import Thread
from typing import TYPE_CHECKING, Any, Mapping
from urllib.parse import urlsplit

import pytest

from fake_databricks.web.journal import Journal
from fake_databricks.web.tenants import Registry
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from fake_databricks.web.tenants import Tenant
    from tests.fake.conftest import Client, Quiet

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

    @pytest.mark.parametrize("status", [204, 304])
    def test_a_status_without_a_body_has_none(self, client: Client, status: int) -> None:
        self.fault(client, pattern="GET /api/2.1/jobs/list", status_code=status, body={"a": 1}, times=2)
        connection = HTTPConnection(urlsplit(client.url).netloc, timeout=LONGEST)
        for expected in (status, status, 200):  # on one connection
            connection.request(
                "GET", "/api/2.1/jobs/list", headers={"Authorization": f"Bearer {client.token}"}
            )
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (expected, expected == 200)
        connection.close()

    def test_a_rule_without_a_name_gets_one(self, client: Client) -> None:
        made = client.post("/_fake/faults", name="", pattern="/x", status_code=503)
        assert made["name"].startswith("fault-")

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


class TestJournalsSize:
    """Issue: "The server's memory [...]: bounded"."""

    def add(self, journal: Journal, size: int, headers: Mapping[str, str] | None = None) -> None:
        journal.add(
            time=0,
            method="GET",
            path="/",
            headers=headers or {},
            request=b"x" * size,
            status=200,
            response=None,
        )

    def test_its_bodies_have_a_limit_in_bytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("fake_databricks.web.journal.MAX_BYTES", 100)
        journal = Journal()
        for size in (40, 40, 40, 10):
            self.add(journal, size)
        assert [entry.number for entry in journal.entries()] == [2, 3, 4]
        journal.clear()
        self.add(journal, 99)
        assert journal.count() == 1

    def test_headers_count_among_the_bytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """huge inputs: five thousand requests with a header of 60 kB were 300 MB that nobody counted"""
        monkeypatch.setattr("fake_databricks.web.journal.MAX_BYTES", 200)
        journal = Journal()
        for _ in range(4):
            self.add(journal, 1, {"x-large": "y" * 80})
        assert [entry.number for entry in journal.entries()] == [3, 4]

    def test_its_entries_have_a_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("fake_databricks.web.journal.MAX_ENTRIES", 2)
        journal = Journal()
        for _ in range(4):
            self.add(journal, 1)
        assert [entry.number for entry in journal.entries()] == [3, 4]


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

    def test_a_parameter_that_the_call_does_not_know_is_named(self, client: Client) -> None:
        client.get("/api/2.1/clusters/list?filter_by.is_pinned=true&page_sze=1")
        client.post("/api/2.0/dbfs/mkdirs", path="/x", recursive=True)
        client.post("/api/2.1/jobs/create", nam="x")
        client.send("PUT", "/api/2.0/fs/files/Volumes/a/b/c/d?overwrit=true", b"{}")
        assert [entry["notes"] for entry in client.get("/_fake/journal")["entries"]] == [
            ["Field 'page_sze' is not known; was 'page_size' meant?"],
            ["Field 'recursive' is not known."],
            ["Field 'nam' is not known; was 'name' meant?"],
            ["Field 'overwrit' is not known; was 'overwrite' meant?"],
        ]

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

    def test_a_request_during_a_reset_finds_a_whole_new_workspace(self, quiet: Quiet) -> None:
        found: list[Tenant] = []
        begun: list[Thread] = []

        def ask(_workspace_id: str) -> None:
            begun.append(Thread(target=lambda: found.append(registry.tenant("dapi-x"))))
            begun[0].start()
            begun[0].join(0.2)  # long enough to make a workspace, if nothing held it back

        registry = Registry(dataclasses.replace(quiet.surroundings, on_erase=ask))
        before = registry.tenant("dapi-x")
        registry.reset("dapi-x")
        begun[0].join()
        assert found[0] is not before
        assert found[0].workspace.dbfs.list("/") == []
        registry.close()

    def test_it_says_what_it_is(self, client: Client) -> None:
        assert client.get("/_fake")["server"] == "fake_databricks"

    def test_it_says_what_it_uses(self, client: Client) -> None:
        """Issue: "The server's memory after 500 runs, its state folder's growth: [...] shown at `/_fake`"."""
        job = client.flat_job("pass")
        client.run(job)
        shown = client.get("/_fake")
        assert (shown["jobs"], shown["runs"]) == (1, {"active": 0, "ended": 1, "kept_at_most": 1000})
        assert shown["journal_entries"] >= 3
        sizes = shown["bytes"]
        assert 10**7 < sizes["server_memory"] < 10**10
        assert sizes["state_of_all_workspaces"] > 4096
        client.program("/large.py", "#" * 100_000)
        grown = client.get("/_fake")["bytes"]["files_of_this_workspace"]
        assert grown - sizes["files_of_this_workspace"] == 100_000
