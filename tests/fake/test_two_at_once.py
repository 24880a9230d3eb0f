"""Requests at the same time on the same few names: none of them is a failure of the server."""

from __future__ import annotations

import base64
import json
import random
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fake_databricks.clusters.warehouse import WAREHOUSE_ID
from fake_databricks.server import FakeDatabricks, Options
from tests.fake.conftest import Client
from tests.waiting import LONGEST

NAMES = ("/a", "/a/b", "/a/b/c", "/d")
THREADS, REQUESTS = 4, 150


def requests_of(chance: random.Random) -> tuple[tuple[str, str, dict[str, Any] | bytes | None], ...]:
    """Return one request of each kind, on names that others use too."""
    name, other = chance.choice(NAMES), chance.choice(NAMES)
    volume, deep = f"/api/2.0/fs/files/Volumes/x/y/z/v{name}", chance.random() < 0.7
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


class TestOneOfMany:
    """Two clients at once: of those that create what may not exist, one succeeds; it may be their lock."""

    @pytest.mark.parametrize("kind", ["put", "create", "file", "parts"])
    def test_a_file_is_created_once(
        self, server: FakeDatabricks, client: Client, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        client.get("/api/2.0/dbfs/list?path=/")
        workspace = server.registry.tenant(client.token).workspace
        target = "/api/2.0/fs/files/Volumes/a/b/c/one"
        part = {"parts": [{"part_number": 1}]}
        requests: list[tuple[str, str, bytes]] = []
        for number in range(8):
            body = {"path": "/one", "contents": base64.b64encode(b"%d" % number).decode()}
            if kind == "parts":
                begun = client.post(f"{target}?action=initiate-upload")["multipart_upload"]
                query = f"session_token={begun['session_token']}"
                client.send("PUT", f"{target}?{query}&part_number=1", b"x")
                path = f"{target}?action=complete-upload&{query}"
                requests.append(("POST", path, json.dumps(part).encode()))
            elif kind == "file":
                requests.append(("PUT", target, b"%d" % number))
            else:
                requests.append(("POST", f"/api/2.0/dbfs/{kind}", json.dumps(body).encode()))
        has_looked = threading.Barrier(8, timeout=LONGEST)
        tree = workspace.volumes if kind in ("file", "parts") else workspace.dbfs.tree
        locate, waiting = tree.make_folder, threading.local()

        def make_folder(path: str) -> None:
            """All have seen that there is no such file, and none has written it."""
            if not getattr(waiting, "is_over", False):
                waiting.is_over = True
                has_looked.wait()
            locate(path)

        monkeypatch.setattr(tree, "make_folder", make_folder)
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda request: client.send(*request).status, requests))
        assert sorted(status < 300 for status in statuses) == [False] * 7 + [True], statuses
        assert {status for status in statuses if status >= 300} <= {400, 409}

    def test_of_files_that_are_moved_to_one_place_none_is_lost(
        self, server: FakeDatabricks, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(8):
            client.post("/api/2.0/dbfs/put", path=f"/from/{number}", contents="eA==")
        tree = server.registry.tenant(client.token).workspace.dbfs.tree
        has_looked = threading.Barrier(8, timeout=LONGEST)
        make_folder = tree.make_folder

        def make_and_wait(path: str) -> None:
            make_folder(path)
            has_looked.wait()

        monkeypatch.setattr(tree, "make_folder", make_and_wait)
        with ThreadPoolExecutor(8) as pool:
            bodies = [{"source_path": f"/from/{number}", "destination_path": "/to"} for number in range(8)]
            statuses = list(
                pool.map(
                    lambda body: client.send("POST", "/api/2.0/dbfs/move", json.dumps(body).encode()).status,
                    bodies,
                )
            )
        assert sorted(statuses) == [200] + [400] * 7
        assert len(client.get("/api/2.0/dbfs/list?path=/from")["files"]) == 7


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
            may_end.wait(LONGEST)

        monkeypatch.setattr(statements, "wait", wait)
        monkeypatch.setattr(statements, "_run", lambda *_: None)
        body = {"statement": "SELECT 1", "warehouse_id": WAREHOUSE_ID, "wait_timeout": "50s"}
        with ThreadPoolExecutor(45) as pool:
            waiting = [pool.submit(client.post, "/api/2.0/sql/statements", **body) for _ in range(45)]
            has_all = [arrived.acquire(timeout=LONGEST) for _ in waiting]
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
            may_end.wait(LONGEST)

        monkeypatch.setattr(statements, "wait", wait)
        monkeypatch.setattr(statements, "_run", lambda *_: None)
        body = {"statement": "SELECT 1", "warehouse_id": WAREHOUSE_ID, "wait_timeout": "50s"}
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(client.send, "POST", "/api/2.0/sql/statements", json.dumps(body).encode())
            assert has_begun.wait(LONGEST)
            server.__exit__(None, None, None)
            may_end.set()
            answer = sent.result()
        assert (answer.status, answer.body["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
