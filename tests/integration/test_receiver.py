"""The reference of the platform's side, over real HTTP: keys, state and history, faults on demand."""

from __future__ import annotations

import gzip
import http.client
import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence
from urllib.parse import quote, urlsplit

import pytest

from contract.receiver import Receiver
from contract.receiver.command import main
from contract.receiver.keys import checked_key, parse_key
from contract.receiver.server import can_have_pages
from contract.receiver.store import StateError, Store
from tests.waiting import LONGEST

ROOT = Path(__file__).resolve().parents[2]
ALL, ONE, OTHER = "nv-key-of-all", "nv-key-of-one", "nv-key-of-other"
KEYS = [("*", ALL), ("one", ONE), ("other", OTHER)]
STATE, HISTORY = "/api/metadata?tenant_id={}", "/api/metadata/{}/tables/{}/history"
FAULTS, DELIVERIES = "/_receiver/faults", "/_receiver/deliveries"


class Answered(NamedTuple):
    status: int
    headers: Any
    body: Any


def body_of(tenant: str, version: int = 1, rows: int = 3) -> Dict[str, Any]:
    of_source: Dict[str, Any] = {"source_id": "s", "tenant_id": tenant}
    source = {
        **of_source,
        "source_name": "data",
        "source_path": "/data",
        "source_type": "csv",
        "files_found": 1,
        "total_size_bytes": 1,
        "metadata_version": version,
    }
    table = {
        **of_source,
        "table_id": "t",
        "table_name": "orders",
        "file_format": "csv",
        "row_count": rows,
        "column_count": 1,
        "overall_score": 90.5,
        "details": {},
        "removed_at": None,
    }
    column = {
        **of_source,
        "table_id": "t",
        "column_id": "c",
        "column_name": "amount",
        "ordinal_position": 1,
        "data_type": "double",
        "details": None,
        "removed_at": None,
    }
    return {
        "job_id": f"job-{version}",
        "tenant_id": tenant,
        "metadata": {"sources": [source], "tables": [table], "columns": [column]},
        "quality_metrics": {"overall_score": 90.5},
    }


def ask(  # noqa: PLR0913, PLR0917  the parts of a request
    url: str,
    method: str,
    path: str,
    key: Optional[str] = ALL,
    document: Any = None,
    content: bytes = b"",
    **headers: str,
) -> Answered:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=LONGEST)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if key is not None:
        given["Authorization"] = f"Bearer {key}"
    if document is not None:
        given.setdefault("Content-Type", "application/json")
        content = content or json.dumps(document).encode()
    try:
        connection.request(method, path, content or None, given)
        answer = connection.getresponse()
        read = answer.read()
    finally:
        connection.close()
    return Answered(answer.status, answer.headers, json.loads(read) if read else None)


def answered(url: str, request: bytes, parts: int = 1) -> str:
    """Send bytes in so many parts; return the answer as text, its escapes as the characters they mean."""
    place = urlsplit(url)
    size = -(-len(request) // parts)
    with socket.create_connection((str(place.hostname), place.port or 0), timeout=LONGEST) as line:
        for start in range(0, len(request), size):
            line.sendall(request[start : start + size])
            time.sleep(0.005)
        content = part = line.recv(65536)
        while part and b"}" not in content:
            part = line.recv(65536)
            content += part
    return content.decode("unicode_escape")


def post(url: str, document: Any, key: Optional[str] = ALL, **headers: str) -> Answered:
    return ask(url, "POST", "/api/metadata", key, document, b"", **headers)


@pytest.fixture(scope="module", name="shared")
def _shared() -> Iterator[str]:
    with Receiver(keys=KEYS) as receiver:
        yield receiver.url


@pytest.fixture(name="url")
def _url() -> Iterator[str]:
    with Receiver(keys=KEYS) as receiver:
        yield receiver.url


class TestKeys:
    """Issue 16: "Bearer keys by tenant"."""

    def test_a_key_speaks_for_its_tenant_alone(self, shared: str) -> None:
        assert post(shared, body_of("one"), ONE).status == 200
        refused = post(shared, body_of("one"), OTHER)
        assert refused.status == 403
        assert refused.body["error"]["message"] == (
            "this API key may not speak for the tenant 'one': use the key of that tenant"
        )

    @pytest.mark.parametrize(
        "path", [STATE.format("one"), HISTORY.format("one", "t"), f"{DELIVERIES}?tenant_id=one"]
    )
    def test_it_reads_of_its_tenant_alone(self, shared: str, path: str) -> None:
        post(shared, body_of("one"), ONE)
        answered = [ask(shared, "GET", path, key).status for key in (ONE, ALL, OTHER, "unknown", None)]
        assert answered == [200, 200, 403, 403, 401]

    def test_only_a_key_for_all_sees_all_deliveries(self, shared: str) -> None:
        assert ask(shared, "GET", DELIVERIES, ONE).status == 400
        assert ask(shared, "GET", DELIVERIES, ALL).status == 200

    @pytest.mark.parametrize("text", ["", "key", "=key", "tenant=", "tenant= "])
    def test_a_pair_has_two_parts(self, text: str) -> None:
        with pytest.raises(ValueError, match="expected TENANT=KEY"):
            parse_key(text)

    @pytest.mark.parametrize("key", ["a\nb", "a\0", "\udcff"], ids=ascii)
    def test_what_no_header_can_have_is_no_key(self, capsys: pytest.CaptureFixture[str], key: str) -> None:
        for options in (["--key", f"one={key}"], ["--api-key", key]):
            with pytest.raises(SystemExit):
                main(options)
            assert capsys.readouterr().err.endswith("a key is text of one line\n")

    def test_blanks_around_a_key_do_not_belong_to_it(self) -> None:
        assert checked_key(" nv-1\r\n") == "nv-1"

    def test_a_key_may_end_as_base64_does(self) -> None:
        assert parse_key("one=a2V5==") == ("one", "a2V5==")

    def test_a_page_of_another_site_is_refused(self, shared: str) -> None:
        assert post(shared, body_of("one"), Origin="http://evil.example").status == 403
        assert post(shared, body_of("one"), Origin="null").status == 403
        assert post(shared, body_of("one"), Origin=shared).status == 200


class TestStateAndHistory:
    """`GET /api/metadata?tenant_id=` and `/api/metadata/{tenant}/tables/{table}/history` for programs"""

    def test_the_state_has_the_form_of_what_is_sent(self, url: str) -> None:
        post(url, body_of("one"))
        post(url, body_of("one", 2, rows=4))
        state = ask(url, "GET", STATE.format("one"), ONE).body
        sent = body_of("one", 2, rows=4)
        assert state == {
            "tenant_id": "one",
            "metadata": sent["metadata"],
            "quality_metrics": sent["quality_metrics"],
            "last_job": {"job_id": "job-2", "pages": 1, "missing_pages": []},
        }

    def test_a_tenant_of_which_nothing_came_is_empty(self, url: str) -> None:
        state = ask(url, "GET", STATE.format("one"), ONE).body
        assert state["metadata"] == {"sources": [], "tables": [], "columns": []}
        assert state["last_job"] is None

    def test_the_history_has_each_version(self, url: str) -> None:
        for version in (1, 2, 3):
            post(url, body_of("one", version, rows=version * 10))
        document = ask(url, "GET", HISTORY.format("one", "t"), ONE).body
        assert [
            (each["metadata_version"], each["job_id"], each["table"]["row_count"], len(each["columns"]))
            for each in document["versions"]
        ] == [(1, "job-1", 10, 1), (2, "job-2", 20, 1), (3, "job-3", 30, 1)]

    @pytest.mark.parametrize("tenant", ["a/b", "ä ö", "..", "x%2Fy", "a?b#c", "🦆", "t/tables/t/history"])
    def test_odd_names_of_tenants_are_names(self, url: str, tenant: str) -> None:
        assert post(url, body_of(tenant)).status == 200
        name = quote(tenant, safe="")
        assert ask(url, "GET", STATE.format(name)).body["tenant_id"] == tenant
        assert ask(url, "GET", HISTORY.format(name, "t")).body["tenant_id"] == tenant

    @pytest.mark.parametrize("parts", [1, 12])
    def test_utf_8_in_an_address_is_taken_as_curl_sends_it(self, url: str, parts: int) -> None:
        assert post(url, body_of("wörter")).status == 200
        head = f"GET {STATE.format('wörter')} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ALL}\r\n\r\n"
        assert '"tenant_id": "wörter"' in answered(url, head.encode(), parts)

    def test_what_is_no_request_is_answered_in_a_sentence(self, url: str) -> None:
        text = answered(url, b"GET /api/metadata?tenant_id=a b HTTP/1.1\r\nHost: x\r\n\r\n")
        assert text.startswith("HTTP/1.1 400 ")
        assert "%20 is a space" in text

    def test_an_unknown_table_and_a_missing_tenant_are_named(self, url: str) -> None:
        post(url, body_of("one"))
        unknown = ask(url, "GET", HISTORY.format("one", "nothing"))
        assert (unknown.status, unknown.body["error"]["code"]) == (404, "not_found")
        assert ask(url, "GET", "/api/metadata").body["error"]["code"] == "missing_tenant"


def many(tenant: str, tables: int, version: int = 1) -> Dict[str, Any]:
    """Return a body of some tables with a column each."""
    body = body_of(tenant, version)
    ids = [f"t{number:03}" for number in range(tables)]
    (table,), (column,) = body["metadata"]["tables"][:1], body["metadata"]["columns"][:1]
    body["metadata"]["tables"] = [{**table, "table_id": one} for one in ids]
    body["metadata"]["columns"] = [{**column, "table_id": one, "column_id": f"c-{one}"} for one in ids]
    return body


class TestParts:
    """Issue: "`GET /api/metadata?tenant_id=` ... for programs", in parts, as 100,000 columns need it."""

    @staticmethod
    def parts(url: str, limit: int) -> List[Any]:
        found, token = [], ""
        while True:
            path = f"{STATE.format('one')}&limit={limit}" + (f"&page_token={quote(token)}" if token else "")
            answer = ask(url, "GET", path, key=ONE)
            assert answer.status == 200
            found.append(answer.body)
            token = answer.body.get("next_page_token", "")
            if not token:
                return found

    @pytest.mark.parametrize("limit", [1, 2, 5, 20, 21, 22, 100])
    def test_the_parts_are_the_whole(self, url: str, limit: int) -> None:
        post(url, many("one", 10))
        post(url, many("one", 4, version=2))
        post(url, many("other", 3))
        whole = ask(url, "GET", STATE.format("one"), key=ONE).body
        parts = self.parts(url, limit)
        for section, rows in whole["metadata"].items():
            assert [row for part in parts for row in part["metadata"][section]] == rows
        assert len(parts) == -(-21 // limit)
        counts = [sum(map(len, part["metadata"].values())) for part in parts]
        assert counts[:-1] == [limit] * (len(parts) - 1)
        assert all(
            {**part, "metadata": 0, "next_page_token": 0} == {**whole, "metadata": 0, "next_page_token": 0}
            for part in parts
        )
        assert "next_page_token" not in whole

    def test_a_row_that_comes_meanwhile_disturbs_nothing(self, url: str) -> None:
        post(url, many("one", 3))
        first = ask(url, "GET", f"{STATE.format('one')}&limit=3", key=ONE).body
        post(url, many("one", 4, version=2))
        rest = ask(url, "GET", f"{STATE.format('one')}&page_token={quote(first['next_page_token'])}", key=ONE)
        assert [row["table_id"] for row in rest.body["metadata"]["tables"]] == ["t002", "t003"]

    def test_a_tenant_of_which_nothing_came_has_one_part(self, url: str) -> None:
        (part,) = self.parts(url, 5)
        assert part["metadata"] == {"sources": [], "tables": [], "columns": []}

    @pytest.mark.parametrize("limit", ["0", "-1", "x", "10001", "1e3", "99999999999999999999", ""])
    def test_a_limit_that_is_none_is_refused(self, shared: str, limit: str) -> None:
        answer = ask(shared, "GET", f"{STATE.format('one')}&limit={limit}", key=ONE)
        assert (answer.status, answer.body["error"]["code"]) == (400, "invalid_limit")

    @pytest.mark.parametrize(
        "token", ["x", "bnVsbA==", "WyJ4IiwieSJd", "WyJ0YWJsZXMiLDFd", "WyJ0YWJsZXMiLCAiXHVkODAwIl0="]
    )
    def test_a_token_that_is_none_is_refused(self, shared: str, token: str) -> None:
        answer = ask(shared, "GET", f"{STATE.format('one')}&limit=5&page_token={quote(token)}", key=ONE)
        assert (answer.status, answer.body["error"]["code"]) == (400, "invalid_page_token")


class TestMissingBase:
    """Issue: "or when the platform answers that it misses the base"."""

    @staticmethod
    def delta(version: int, base: Optional[int], created_at: Optional[str] = None) -> Dict[str, Any]:
        body = body_of("one", version)
        body["metadata"]["sources"][0].update(base_version=base, created_at=created_at)
        return body

    def test_what_has_come_is_a_base(self, url: str) -> None:
        for version, base in ((3, None), (4, 3), (9, 4), (10, 3)):
            assert post(url, self.delta(version, base)).status == 200

    @pytest.mark.parametrize(("base", "created_at"), [(4, None), (3, "2026-01-01T00:00:00Z"), (2**62, None)])
    def test_what_has_not_come_is_named_and_nothing_is_stored(
        self, url: str, base: int, created_at: Optional[str]
    ) -> None:
        post(url, self.delta(3, None))
        answer = post(url, self.delta(base + 1, base, created_at))
        assert answer.status == 409
        assert answer.body["error"]["code"] == "missing_base"
        assert answer.body["missing_base"] == ["s"]
        assert len(ask(url, "GET", DELIVERIES, key=ALL).body["deliveries"]) == 1
        assert post(url, self.delta(base + 1, None, created_at)).status == 200

    def test_a_version_of_which_pages_are_missing_is_none(self, url: str) -> None:
        first = {**self.delta(3, None), "page": {"number": 1, "of": 2}}
        post(url, first)
        assert post(url, self.delta(4, 3)).status == 409
        post(url, {**first, "page": {"number": 2, "of": 2}})
        assert post(url, self.delta(4, 3)).status == 200

    def test_another_tenants_is_none(self, url: str) -> None:
        post(url, {**body_of("other", 3)})
        assert post(url, self.delta(4, 3)).status == 409

    def test_a_body_that_came_is_answered_as_the_first_time(self, url: str) -> None:
        post(url, self.delta(3, None))
        for _ in range(2):
            assert post(url, self.delta(4, 3), Idempotency_Key="k").status == 200

    def test_a_base_that_is_no_number_is_refused(self, url: str) -> None:
        body = self.delta(4, None)
        body["metadata"]["sources"][0]["base_version"] = "3"
        answer = post(url, body)
        assert (answer.status, answer.body["error"]["problems"][0]["path"]) == (
            422,
            "metadata.sources[0].base_version",
        )


class TestBodies:
    """Issue 16: compressed (`Content-Encoding: gzip`) when the platform said that it takes it"""

    def test_it_says_that_it_takes_gzip_and_takes_it(self, url: str) -> None:
        assert post(url, body_of("one")).headers["Accept-Encoding"] == "gzip"
        packed = gzip.compress(json.dumps(body_of("one", 2)).encode())
        headers = {"Content_Type": "application/json", "Content_Encoding": "gzip"}
        assert ask(url, "POST", "/api/metadata", content=packed, **headers).status == 200
        assert len(ask(url, "GET", HISTORY.format("one", "t")).body["versions"]) == 2

    @pytest.mark.parametrize(
        ("content", "encoding", "status"),
        [
            (b"nothing", "gzip", 400),
            (gzip.compress(b"{}")[:-3], "gzip", 400),
            (gzip.compress(bytes(70_000_000), 1), "gzip", 413),
            (b"{}", "br", 415),
            (b"[" * 200_000, "", 400),
            (b'{"a": 1e999}', "", 400),
            (b'{"a": "\\ud800"}', "", 400),
        ],
        ids=["no gzip", "half of it", "a bomb", "another", "deep", "infinite", "half a character"],
    )
    def test_what_is_none_is_refused(self, shared: str, content: bytes, encoding: str, status: int) -> None:
        headers = {"Content_Type": "application/json", "Content_Encoding": encoding}
        answered = ask(shared, "POST", "/api/metadata", content=content, **headers)
        assert answered.status == status
        assert answered.body["error"]["message"]


class TestAtOnce:
    """At least once, with a stable key: what comes twice at once is there once, half a body is not there."""

    def test_one_key_at_once_is_stored_once(self, url: str) -> None:
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(post, url, body_of("one"), ONE, Idempotency_Key="k") for _ in range(24)]
            answers = {str(each.result().body) for each in asked}
        assert answers == {"{'status': 'received', 'record_count': 3}"}
        assert len(ask(url, "GET", DELIVERIES).body["deliveries"]) == 1

    def test_half_a_body_is_not_stored(self, url: str) -> None:
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as sender:
            head = f"POST /api/metadata HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ALL}\r\n"
            sender.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 999\r\n\r\n{{".encode())
        assert post(url, body_of("one")).status == 200
        assert len(ask(url, "GET", DELIVERIES).body["deliveries"]) == 1

    def test_a_body_of_100_000_columns_is_taken_whole(self, url: str) -> None:
        body = body_of("one")
        column = body["metadata"]["columns"][0]
        body["metadata"]["columns"] = [{**column, "column_id": f"c{n:06}"} for n in range(100_000)]
        assert post(url, body).body["record_count"] == 100_002
        ((version),) = ask(url, "GET", HISTORY.format("one", "t")).body["versions"]
        assert version["columns"] == body["metadata"]["columns"]


class TestFaultsOnDemand:
    """Issue 16: "faults on demand over HTTP (status, delay, drop the answer after storing, [...])"."""

    @staticmethod
    def ask_for(url: str, key: str = ALL, **fault: Any) -> None:
        answered = ask(url, "POST", FAULTS, key, fault)
        assert answered.status == 200, answered.body

    def count(self, url: str) -> int:
        return len(ask(url, "GET", DELIVERIES).body["deliveries"])

    def test_a_status_with_headers_and_a_body(self, url: str) -> None:
        self.ask_for(url, status=429, headers={"Retry-After": "7"}, body={"error": "busy"})
        answered = post(url, body_of("one"))
        assert (answered.status, answered.headers["Retry-After"]) == (429, "7")
        assert answered.body == {"error": "busy"}
        assert self.count(url) == 0
        assert post(url, body_of("one")).status == 200

    def test_several_times(self, url: str) -> None:
        self.ask_for(url, status=503, times=2)
        assert [post(url, body_of("one")).status for _ in range(3)] == [503, 503, 200]

    def test_the_answer_is_dropped_after_storing(self, url: str) -> None:
        self.ask_for(url, drop=True, store_first=True)
        with pytest.raises(ConnectionError):
            post(url, body_of("one"), Idempotency_Key="k")
        assert self.count(url) == 1
        again = post(url, body_of("one"), Idempotency_Key="k")
        assert (again.body["record_count"], self.count(url)) == (3, 1)

    def test_the_connection_is_dropped_before(self, url: str) -> None:
        self.ask_for(url, drop=True)
        with pytest.raises(ConnectionError):
            post(url, body_of("one"))
        assert self.count(url) == 0

    def test_the_body_of_the_answer_is_cut(self, url: str) -> None:
        self.ask_for(url, cut_after=5)
        with pytest.raises(http.client.IncompleteRead) as caught:
            post(url, body_of("one"))
        assert caught.value.partial == b'{"sta'
        assert self.count(url) == 1

    @pytest.mark.parametrize(
        ("fault", "seconds"), [({"delay_seconds": 0.2}, 0.2), ({"pause_seconds": 0.005}, 0.2)], ids=str
    )
    def test_the_answer_is_late_or_slow(self, url: str, fault: Any, seconds: float) -> None:
        self.ask_for(url, **fault)
        begin = time.monotonic()
        assert post(url, body_of("one")).body == {"status": "received", "record_count": 3}
        assert time.monotonic() - begin >= seconds

    def test_they_are_listed_and_forgotten(self, url: str) -> None:
        self.ask_for(url, status=500)
        assert ask(url, "GET", FAULTS).body["faults"][0]["status"] == 500
        assert ask(url, "DELETE", FAULTS).body == {"faults": []}
        assert post(url, body_of("one")).status == 200

    def test_those_of_a_tenants_key_meet_that_key_alone(self, url: str) -> None:
        self.ask_for(url, ONE, status=500)
        assert ask(url, "GET", FAULTS, OTHER).body == {"faults": []}
        assert post(url, body_of("other"), OTHER).status == 200
        assert post(url, body_of("one"), ONE).status == 500

    def test_its_headers_are_in_the_place_of_the_usual_ones(self, url: str) -> None:
        ask(url, "POST", FAULTS, ALL, {"status": 503, "headers": {"content-type": "text/plain"}})
        assert post(url, body_of("one")).headers.get_all("Content-Type") == ["text/plain"]

    @pytest.mark.parametrize(
        ("fault", "message"),
        [
            ([], "a fault is a JSON object"),
            ({}, "a fault needs status, drop"),
            ({"state": 1}, "'state' is no field of a fault"),
            ({"status": "503"}, "status is a whole number"),
            ({"status": True}, "status is a whole number"),
            ({"status": 99}, "status is between 200 and 599"),
            ({"status": 503, "times": 0}, "times is between 1 and"),
            ({"delay_seconds": -1}, "delay_seconds and pause_seconds are between"),
            ({"delay_seconds": float("nan")}, "delay_seconds and pause_seconds are between"),
            ({"status": 503, "headers": {"A": "b\r\nC: d"}}, "headers have letters"),
            ({"status": 503, "headers": {"A": " b"}}, "headers have letters"),
            ({"status": 503, "headers": {"A": "b "}}, "headers have letters"),
            ({"status": 503, "headers": {"content-length": "3"}}, "content-length and transfer-encoding are"),
            (
                {"status": 503, "headers": {"Transfer-Encoding": "chunked"}},
                "transfer-encoding are the server",
            ),
        ],
    )
    def test_what_is_no_fault_is_named(self, shared: str, fault: Any, message: str) -> None:
        answered = ask(shared, "POST", FAULTS, ALL, fault)
        assert answered.status == 422
        assert message in answered.body["error"]["message"]


class TestStateFile:
    """Issue 16: "what came is kept in SQLite (WAL)"."""

    def test_the_next_start_has_it(self, tmp_path: Path) -> None:
        file = tmp_path / "platform.db"
        with Receiver(keys=KEYS, state=file) as receiver:
            post(receiver.url, body_of("one"), Idempotency_Key="k")
            with sqlite3.connect(file) as other:
                assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            other.close()
        with Receiver(keys=KEYS, state=file) as receiver:
            post(receiver.url, body_of("one"), Idempotency_Key="k")
            assert len(receiver.received) == 1
            assert ask(receiver.url, "GET", HISTORY.format("one", "t")).status == 200
        assert ONE not in file.read_bytes().decode("latin-1")

    @pytest.mark.parametrize("at", range(3, 8))
    def test_what_cannot_be_stored_is_not_confirmed_and_leaves_nothing(self, at: int) -> None:
        steps = iter(range(1, 1000))

        def fill_the_disk() -> None:
            if next(steps) == at:
                raise sqlite3.OperationalError("database or disk is full")

        with Receiver(keys=KEYS, step=fill_the_disk) as receiver:
            refused = post(receiver.url, body_of("one"), Idempotency_Key="k")
            assert (refused.status, refused.body["error"]["code"]) == (503, "storage")
            assert "disk is full" in refused.body["error"]["message"]
            state = ask(receiver.url, "GET", STATE.format("one")).body
            assert (state["last_job"], state["metadata"]["tables"]) == (None, [])
            assert post(receiver.url, body_of("one"), Idempotency_Key="k").status == 200
            assert len(receiver.received) == 1

    def test_another_file_is_refused(self, tmp_path: Path) -> None:
        text, other = tmp_path / "text", tmp_path / "other.db"
        text.write_text("no database" * 100)
        with sqlite3.connect(other) as database:
            database.execute("CREATE TABLE x (y)")
        database.close()
        for file, words in ((text, "no state of a receiver"), (other, "another program")):
            with pytest.raises(StateError, match=words):
                Store(file)
        with pytest.raises(StateError, match="a folder that exists"):
            Store(tmp_path / "nowhere" / "file")

    def test_the_command_says_so_in_one_sentence(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--state", str(tmp_path / "nowhere" / "file")]) == 2
        assert capsys.readouterr().err.startswith("receiver: ")

    @pytest.mark.process
    def test_so_is_a_host_that_is_no_text(self) -> None:
        command = [sys.executable, "-m", "contract.receiver", "--host", "\udcff"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False)
        assert done.returncode == 2
        assert done.stderr.startswith("receiver: cannot listen at \\udcff, port 0 ")

    @pytest.mark.parametrize("options", [["--port", "65536"], ["--host", "192.0.2.1"]], ids=str)
    def test_an_address_that_is_none_is_named(
        self, options: List[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(options) == 2
        shown = capsys.readouterr().err
        assert shown.startswith("receiver: cannot listen at ")
        assert options[1] in shown
        assert "name another --host or --port" in shown

    def test_at_every_address_the_url_is_one_to_ask(self) -> None:
        with Receiver(keys=KEYS, host="0.0.0.0") as receiver:  # noqa: S104  for the blink of an eye
            assert receiver.url.startswith("http://127.0.0.1:")
            assert ask(receiver.url, "GET", "/health", None).body == {"status": "ok"}

    def test_a_key_without_a_tenant_is_refused_and_not_shown(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit):
            main(["--key", "nv-secret"])
        shown = capsys.readouterr().err
        assert "expected TENANT=KEY" in shown
        assert "nv-secret" not in shown


class Process:
    """The command as a process of its own."""

    def __init__(
        self, file: Path, kill_at: int = 0, options: Sequence[str] = ("--key", f"one={ONE}")
    ) -> None:
        command = [sys.executable, "-m", "contract.receiver", "--state", str(file), *options]
        environ = {"RECEIVER_KILL_AT": str(kill_at)} if kill_at else {}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def end(self) -> str:
        self.process.terminate()
        assert self.process.stdout is not None
        with self.process.stdout as printed:
            text = printed.read()
        self.process.wait(LONGEST)
        return text


@pytest.mark.process
class TestKilled:
    """Issue 16: survives `kill -9` between any two writes"""

    OF_THE_START = 2
    OF_A_POST = 6
    """Steps: before each of four writes, before the commit, after it."""

    def test_at_each_step_what_was_confirmed_is_there_once(self, tmp_path: Path) -> None:
        file = tmp_path / "platform.db"
        with Receiver(keys=KEYS, state=file) as receiver:
            assert post(receiver.url, body_of("one", 1, rows=1), ONE, Idempotency_Key="key-1").status == 200
        for step in range(1, self.OF_A_POST + 1):
            server = Process(file, self.OF_THE_START + step)
            self.check(server.url, 1)
            with pytest.raises((ConnectionError, http.client.HTTPException)):
                post(server.url, body_of("one", 2, rows=2), ONE, Idempotency_Key="key-2")
            assert server.process.wait(LONGEST) == -signal.SIGKILL
            server.end()
        server = Process(file)
        self.check(server.url, 2)  # the last kill was after the commit
        again = post(server.url, body_of("one", 2, rows=2), ONE, Idempotency_Key="key-2")
        assert again.body == {"status": "received", "record_count": 3}
        self.check(server.url, 2)
        server.end()

    @staticmethod
    def check(url: str, versions: int) -> None:
        """Check that so many versions are there, each whole and once."""
        wanted = list(range(1, versions + 1))
        deliveries = ask(url, "GET", f"{DELIVERIES}?tenant_id=one", ONE).body["deliveries"]
        history = ask(url, "GET", HISTORY.format("one", "t"), ONE).body["versions"]
        state = ask(url, "GET", STATE.format("one"), ONE).body
        assert [each["idempotency_key"] for each in deliveries] == [f"key-{version}" for version in wanted]
        assert [(each["metadata_version"], each["table"]["row_count"]) for each in history] == [
            (version, version) for version in wanted
        ]
        assert [len(rows) for rows in state["metadata"].values()] == [1, 1, 1]
        assert state["last_job"] == {"job_id": f"job-{versions}", "pages": 1, "missing_pages": []}

    def test_it_prints_what_to_copy(self, tmp_path: Path) -> None:
        server = Process(tmp_path / "platform.db")
        printed = server.end()
        assert f"export NUVYN_API_ENDPOINT={server.url}\nexport NUVYN_API_KEY={ONE}\n" in printed
        assert (f"in a browser:\n{server.url}/?key={ONE}\n" in printed) == can_have_pages()
        assert server.process.returncode == 0

    def test_what_it_prints_can_be_pasted_whatever_a_tenant_is_called(self, tmp_path: Path) -> None:
        tenant, key = 'wörter & "$HOME" `id`', "nv $HOME'key"
        server = Process(tmp_path / "platform.db", options=("--key", f"{tenant}={key}"))
        assert post(server.url, body_of(tenant), key).status == 200
        script = "\n".join(
            line for line in server.end().splitlines() if line.startswith(("export ", "curl "))
        )
        shown = subprocess.run(
            ["/bin/bash", "-c", f"curl() {{ printf '%s\\n' \"$@\"; }}\n{script}"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.splitlines()
        assert shown == [
            "-H",
            f"Authorization: Bearer {key}",
            f"{server.url}/api/metadata?tenant_id={quote(tenant, safe='')}",
        ]

    def test_without_a_key_it_makes_one(self, tmp_path: Path) -> None:
        server = Process(tmp_path / "platform.db", options=())
        assert server.process.stdout is not None
        lines = iter(server.process.stdout.readline, "")
        key = next(line for line in lines if "NUVYN_API_KEY=" in line).strip().partition("=")[2]
        assert post(server.url, body_of("one"), key).status == 200
        assert post(server.url, body_of("one"), "another").status == 403
        server.end()
