"""Requests at the same time on the same few names: none of them is a failure of the server."""

from __future__ import annotations

import json
import random
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from fake_databricks.clusters.warehouse import WAREHOUSE_ID
from fake_databricks.server import FakeDatabricks, Options
from tests.fake.conftest import Client

if TYPE_CHECKING:
    import pytest

NAMES = ("/a", "/a/b", "/a/b/c", "/d")
THREADS, REQUESTS = 4, 150


def requests_of(chance: random.Random) -> tuple[tuple[str, str, dict[str, Any] | bytes | None], ...]:
    """Return one request of each kind, on names that others use too."""
    name, other = chance.choice(NAMES), chance.choice(NAMES)
    volume, deep = f"/api/2.0/fs/files/Volumes/x/y/z{name}", chance.random() < 0.7
    return (
        ("POST", "/api/2.0/dbfs/put", {"path": name, "contents": "eA==", "overwrite": True}),
        ("POST", "/api/2.0/dbfs/mkdirs", {"path": name}),
        ("POST", "/api/2.0/dbfs/move", {"source_path": name, "destination_path": other}),
        ("POST", "/api/2.0/dbfs/delete", {"path": name, "recursive": deep}),
        ("GET", f"/api/2.0/dbfs/list?path={name}", None),
        ("GET", f"/api/2.0/dbfs/read?path={name}", None),
        ("PUT", f"{volume}?overwrite=true", b"x"),
        ("GET", volume, None),
        ("DELETE", volume, None),
        ("DELETE", volume.replace("files", "directories", 1), None),
        ("POST", "/api/2.0/workspace/mkdirs", {"path": name}),
        ("POST", "/api/2.0/workspace/import", {"path": name, "content": "eA==", "format": "AUTO"}),
        ("POST", "/api/2.0/workspace/delete", {"path": name, "recursive": deep}),
        ("GET", f"/api/2.0/workspace/list?path={name}", None),
        ("POST", "/api/2.0/secrets/scopes/create", {"scope": name.strip("/").replace("/", "-")}),
        ("POST", "/api/2.0/secrets/scopes/delete", {"scope": other.strip("/").replace("/", "-")}),
    )


class TestTheSameNames:
    """Every wrong input is 4xx in Databricks' envelope, never 500"""

    def test_no_request_fails_because_of_another(self, server: FakeDatabricks) -> None:
        token = f"dapi{secrets.token_hex(16)}"

        def ask(seed: int) -> list[tuple[str, str, int, bytes]]:
            chance = random.Random(seed)  # noqa: S311  no secret
            client = Client(server.url, token, server.cluster_id)
            failed = []
            for _ in range(REQUESTS):
                method, path, body = chance.choice(requests_of(chance))
                content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
                answer = client.send(method, path, content if method != "GET" else b"")
                if answer.status >= 500:
                    failed.append((method, path, answer.status, answer.content[:200]))
            return failed

        with ThreadPoolExecutor(THREADS) as pool:
            assert [failure for failures in pool.map(ask, range(THREADS)) for failure in failures] == []
        client = Client(server.url, token, server.cluster_id)
        for path in ("/api/2.0/dbfs/list?path=/", "/api/2.0/workspace/list?path=/", "/_fake/journal"):
            assert client.send("GET", path).status == 200
        client.post("/_fake/reset")


class TestManyThatWait:
    """Answers that hang: forty statements that waited took all threads, and calls on files waited too."""

    def test_a_call_on_files_does_not_wait_behind_statements(
        self, server: FakeDatabricks, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client.get("/api/2.1/jobs/list")
        statements = server.registry.tenant(client.token).workspace.statements
        arrived, may_end = threading.Semaphore(0), threading.Event()

        def wait(*_: Any) -> None:
            arrived.release()
            may_end.wait(20)

        monkeypatch.setattr(statements, "wait", wait)
        monkeypatch.setattr(statements, "_run", lambda *_: None)
        body = {"statement": "SELECT 1", "warehouse_id": WAREHOUSE_ID, "wait_timeout": "50s"}
        with ThreadPoolExecutor(45) as pool:
            waiting = [pool.submit(client.post, "/api/2.0/sql/statements", **body) for _ in range(45)]
            has_all = [arrived.acquire(timeout=5) for _ in waiting]
            status = client.send("GET", "/api/2.0/dbfs/list?path=/").status
            still = sum(not each.done() for each in waiting)
            may_end.set()
            states = {each.result()["status"]["state"] for each in waiting}
        assert (all(has_all), status, still, states) == (True, 200, 45, {"PENDING"})

    def test_a_server_that_ends_answers_those_that_wait(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each request that waited was a traceback in the log, and a connection that was cut."""
        server = FakeDatabricks(Options(port=0, has_spark=False)).__enter__()
        client = Client(server.url, server.token, server.cluster_id)
        client.get("/api/2.1/jobs/list")
        statements = server.registry.tenant(client.token).workspace.statements
        has_begun, may_end = threading.Event(), threading.Event()

        def wait(*_: Any) -> None:
            has_begun.set()
            may_end.wait(20)

        monkeypatch.setattr(statements, "wait", wait)
        monkeypatch.setattr(statements, "_run", lambda *_: None)
        body = {"statement": "SELECT 1", "warehouse_id": WAREHOUSE_ID, "wait_timeout": "50s"}
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(client.send, "POST", "/api/2.0/sql/statements", json.dumps(body).encode())
            assert has_begun.wait(10)
            server.__exit__(None, None, None)
            may_end.set()
            answer = sent.result()
        assert (answer.status, answer.body["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
