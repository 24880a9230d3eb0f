"""The client and the reference receiver over a real socket, each holding the other to the contract."""

from __future__ import annotations

import http.client
import json
import logging
import socket
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple
from urllib.parse import urlsplit

import pytest
import requests

from contract.payload_shape import ROW_SHAPES
from contract.receiver import MAX_BODY_BYTES, Receiver
from nuvyn_executor import wire
from nuvyn_executor.errors import TransmissionRejected, TransmissionUnavailable
from nuvyn_executor.redaction import Secret
from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES
from nuvyn_executor.store.memory import MemoryMetadataStore
from nuvyn_executor.transport.api_client import APIClient
from nuvyn_executor.transport.pages import Envelope, Pages
from nuvyn_executor.transport.payload import RowCleaner, encode, idempotency_key
from nuvyn_executor.transport.row_spool import RowSpool
from tests.waiting import LONGEST

KEY = "nv-key-0123456789"
SOURCE = {
    **dict.fromkeys(SOURCES.column_types()),
    "source_id": "s1",
    "tenant_id": "client-123",
    "source_name": "data",
    "source_path": "/data",
    "source_type": "csv",
    "files_found": 5,
    "total_size_bytes": 1_048_576,
    "metadata_version": 1,
}
TABLE = {
    **dict.fromkeys(TABLES.column_types()),
    "table_id": "t1",
    "source_id": "s1",
    "tenant_id": "client-123",
    "table_name": "orders",
    "file_format": "csv",
    "row_count": 3,
    "column_count": 25,
}
COLUMN = {
    **dict.fromkeys(COLUMNS.column_types()),
    "table_id": "t1",
    "source_id": "s1",
    "tenant_id": "client-123",
    "column_name": "amount",
    "data_type": "double",
    "sample_value": "12.50",
}


def bodies(max_bytes: int = 5_000_000) -> List[Dict[str, Any]]:
    columns = [{**COLUMN, "column_id": f"c{n}", "ordinal_position": n} for n in range(1, 26)]
    store, clean = MemoryMetadataStore(), RowCleaner()
    for table, rows in ((TABLES, [TABLE]), (COLUMNS, columns)):
        store.create_table(table)
        store.append(table, rows)
    head = ("sources", encode(wire.sent_source(clean.row(SOURCES, SOURCE), None)))
    envelope = Envelope("job_abc123def456", "client-123", {"s1": 1}, {"overall_score": 85, "validity": None})
    with closing(RowSpool(store, clean, ["s1"])) as spool:
        pages = Pages(envelope, lambda: iter([head, *spool.lines({})]), max_bytes)
        return [json.loads(page.content) for page in pages]


def key_of(body: Mapping[str, Any]) -> str:
    return idempotency_key("client-123", {"s1": 1}, encode(wire.without_job(body)))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(KEY) as running:
        yield running


@dataclass
class Sender:
    """A client whose pauses take no time."""

    client: APIClient
    pauses: List[float]

    def send(self, body: Mapping[str, Any], key: str = "key-1") -> Tuple[int, Any]:
        confirmation = self.client.send(body, key)
        return confirmation.status_code, confirmation.body


def make_sender(session: requests.Session, url: str, key: str = KEY, **options: Any) -> Sender:
    pauses: List[float] = []
    client = APIClient(
        url,
        Secret(key),
        session=session,
        clock=lambda: sum(pauses),
        sleep=pauses.append,
        uniform=lambda: 0.5,
        **{"timeout": 10.0, **options},
    )
    return Sender(client, pauses)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        yield opened


@pytest.fixture
def sender(session: requests.Session, receiver: Receiver) -> Sender:
    return make_sender(session, receiver.url)


class TestTransmission:
    """POST https://your-platform-api/api/metadata ... Success (200): Store confirmation."""

    def test_what_the_payload_builds_is_what_the_platform_takes(
        self, sender: Sender, receiver: Receiver
    ) -> None:
        (body,) = bodies()
        assert sender.send(body) == (200, {"status": "received", "record_count": 27})
        (received,) = receiver.received
        assert received.body == body
        assert received.tenant_id == "client-123"
        assert received.idempotency_key == "key-1"
        assert received.headers["content-type"] == "application/json"

    def test_pages_arrive_whole_and_in_order(self, sender: Sender, receiver: Receiver) -> None:
        sent = bodies(max_bytes=4_000)
        for page in sent:
            sender.send(page, key_of(page))
        assert len(sent) > 2
        assert [received.body for received in receiver.received] == sent
        assert sum(received.record_count for received in receiver.received) == 27

    def test_the_platform_keeps_no_key_and_no_sample(self, sender: Sender, receiver: Receiver) -> None:
        sender.send(bodies()[0])
        assert KEY not in repr(receiver.received)
        assert "12.50" not in repr(receiver.received)

    def test_an_endpoint_with_the_path_works_too(self, session: requests.Session, receiver: Receiver) -> None:
        assert make_sender(session, f"{receiver.url}/api/metadata/").send(bodies()[0])[0] == 200


class TestFaults:
    """Failure (4xx/5xx): Log error and retry."""

    def test_two_times_unavailable_and_then_stored_once(self, sender: Sender, receiver: Receiver) -> None:
        receiver.answer_next(503, times=2)
        assert sender.send(bodies()[0])[0] == 200
        assert receiver.statuses == [503, 503, 200]
        assert len(receiver.received) == 1
        assert sender.pauses == [0.25, 0.5]

    def test_a_dropped_connection_is_tried_again(self, sender: Sender, receiver: Receiver) -> None:
        receiver.answer_next(drop_connection=True, times=2)
        assert sender.send(bodies()[0])[0] == 200
        assert receiver.statuses == [None, None, 200]
        assert len(receiver.received) == 1

    @pytest.mark.parametrize("fault", [{"drop_connection": True}, {"status": 500}], ids=str)
    def test_an_answer_that_got_lost_does_not_store_twice(
        self, sender: Sender, receiver: Receiver, fault: Any
    ) -> None:
        receiver.answer_next(**fault, store_first=True)
        assert sender.send(bodies()[0]) == (200, {"status": "received", "record_count": 27})
        assert len(receiver.statuses) == 2
        assert len(receiver.received) == 1

    def test_the_next_run_does_not_store_twice_either(self, sender: Sender, receiver: Receiver) -> None:
        (body,) = bodies()
        for job in ("job_000000000001", "job_000000000002"):
            again = {**body, "job_id": job}
            sender.send(again, key_of(again))
        assert len(receiver.received) == 1

    def test_retry_after_is_honoured(self, sender: Sender, receiver: Receiver) -> None:
        receiver.answer_next(429, headers={"Retry-After": "17"})
        sender.send(bodies()[0])
        assert sender.pauses == [17]

    def test_it_gives_up_within_its_time_and_says_what_it_heard(
        self, session: requests.Session, receiver: Receiver
    ) -> None:
        receiver.answer_next(503, {"error": {"message": "closed for the night"}}, times=99)
        sender = make_sender(session, receiver.url, retry_seconds=5)
        with pytest.raises(TransmissionUnavailable, match="503 closed for the night"):
            sender.send(bodies()[0])
        assert sum(sender.pauses) < 5
        assert receiver.received == []

    def test_nobody_there_is_unavailable(self, session: requests.Session) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}"
            with pytest.raises(TransmissionUnavailable, match="ConnectionError"):
                make_sender(session, url, retry_seconds=2).send(bodies()[0])

    def test_a_platform_that_says_nothing_is_unavailable(self, session: requests.Session) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with pytest.raises(TransmissionUnavailable, match=r"[Tt]imed? ?out"):
                make_sender(session, url, timeout=0.2, retry_seconds=0).send(bodies()[0])

    def test_a_redirect_takes_the_key_nowhere(self, sender: Sender, receiver: Receiver) -> None:
        with Receiver(KEY) as elsewhere:
            receiver.answer_next(307, headers={"Location": f"{elsewhere.url}/api/metadata"})
            with pytest.raises(TransmissionRejected, match="is not followed"):
                sender.send(bodies()[0])
            assert elsewhere.statuses == []

    def test_a_wrong_key_is_refused_and_shown_nowhere(
        self, session: requests.Session, receiver: Receiver, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        receiver.answer_next(503)
        wrong = "nv-key-of-another"
        with pytest.raises(TransmissionRejected, match="403 this API key is not known here") as caught:
            make_sender(session, receiver.url, key=wrong).send(bodies()[0])
        assert receiver.statuses == [503, 403]
        assert wrong not in caplog.text + repr(caught.value)
        assert "NUVYN_API_KEY" in caught.value.remedy


def post(receiver: Receiver, content: Optional[bytes] = None, **headers: str) -> Tuple[int, Dict[str, Any]]:
    return ask(
        receiver,
        "POST",
        "/api/metadata",
        encode(bodies()[0]) if content is None else content,
        {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {KEY}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )


def ask(
    receiver: Receiver,
    method: str,
    path: str,
    content: bytes = b"",
    headers: Optional[Mapping[str, str]] = None,
) -> Tuple[int, Dict[str, Any]]:
    connection = http.client.HTTPConnection(urlsplit(receiver.url).netloc, timeout=LONGEST)
    try:
        connection.request(method, path, content, dict(headers or {}))
        answer = connection.getresponse()
        parsed = json.loads(answer.read())
    finally:
        connection.close()
    assert answer.headers["Content-Type"] == "application/json"
    assert isinstance(parsed, dict)
    return answer.status, parsed


class TestReceiver:
    """A real HTTP server that checks the Bearer key and the body's shape, and keeps what it got."""

    @pytest.mark.parametrize("authorization", ["", "Basic abc", "Bearer", "Bearer "])
    def test_no_key_is_401(self, receiver: Receiver, authorization: str) -> None:
        status, body = post(receiver, Authorization=authorization)
        assert (status, body["error"]["code"]) == (401, "unauthorized")

    def test_another_key_is_403(self, receiver: Receiver) -> None:
        status, body = post(receiver, Authorization=f"Bearer {KEY}x")
        assert (status, body["error"]["code"]) == (403, "forbidden")

    def test_another_content_type_is_415(self, receiver: Receiver) -> None:
        status, body = post(receiver, Content_Type="text/plain")
        assert (status, body["error"]["message"]) == (415, "wanted application/json, got text/plain")
        assert post(receiver, Content_Type="application/json; charset=utf-8")[0] == 200

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"a": NaN}'])
    def test_no_json_is_400(self, receiver: Receiver, content: bytes) -> None:
        assert post(receiver, content)[0] == 400

    def test_too_large_is_413_before_it_is_read(self, receiver: Receiver) -> None:
        assert post(receiver, b"", Content_Length=str(MAX_BODY_BYTES + 1))[0] == 413

    def test_a_body_in_chunks_is_taken(self, receiver: Receiver) -> None:
        connection = http.client.HTTPConnection(urlsplit(receiver.url).netloc, timeout=LONGEST)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
        parts = iter([encode(bodies()[0])[:100], encode(bodies()[0])[100:]])
        connection.request("POST", "/api/metadata", parts, headers, encode_chunked=True)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["record_count"]) == (200, 27)
        connection.close()

    def test_other_paths_and_methods_are_named(self, receiver: Receiver) -> None:
        assert ask(receiver, "POST", "/api/other")[0] == 404
        assert ask(receiver, "PUT", "/api/metadata")[0] == 405
        assert ask(receiver, "GET", "/health") == (200, {"status": "ok"})

    def test_nothing_that_was_refused_is_kept(self, receiver: Receiver) -> None:
        post(receiver, Authorization="")
        post(receiver, b"{}")
        assert receiver.received == []
        assert receiver.statuses == [401, 422]

    @pytest.mark.parametrize("key", ["job_id", "tenant_id", "metadata", "quality_metrics"])
    def test_each_of_the_four_keys_must_be_there(self, receiver: Receiver, key: str) -> None:
        body = {name: value for name, value in bodies()[0].items() if name != key}
        status, answer = post(receiver, encode(body))
        assert status == 422
        assert answer["error"]["problems"][0]["path"] == key
        assert answer["error"]["problems"][0]["got"] == "nothing"

    @pytest.mark.parametrize(
        ("section", "key"), [(section, key) for section, shape in ROW_SHAPES.items() for key in shape]
    )
    def test_a_row_without_what_it_must_have_is_refused_by_its_path(
        self, receiver: Receiver, section: str, key: str
    ) -> None:
        body = bodies()[0]
        del body["metadata"][section][0][key]
        status, answer = post(receiver, encode(body))
        problem = {
            "path": f"metadata.{section}[0].{key}",
            "wanted": ROW_SHAPES[section][key],
            "got": "nothing",
        }
        assert status == 422
        assert answer["error"]["problems"] == [problem]
        assert answer["error"]["message"].startswith(problem["path"])

    @pytest.mark.parametrize(
        ("change", "path", "got"),
        [
            ({"job_id": 5}, "job_id", "integer"),
            ({"metadata": []}, "metadata", "array"),
            ({"metadata": {"sources": [], "tables": []}}, "metadata.columns", "nothing"),
            ({"metadata": {"sources": [5], "tables": [], "columns": []}}, "metadata.sources[0]", "integer"),
            ({"quality_metrics": None}, "quality_metrics", "null"),
            ({"tenant_id": ""}, "tenant_id", "empty string"),
            ({"page": {"number": 2**64, "of": 2**64}}, "page.number", "integer of more than 64 bits"),
            ({"page": {"number": 3, "of": 2}}, "page", "3 of 2"),
            ({"page": {"number": 1}}, "page.of", "nothing"),
            ({"page": {"number": True, "of": 1}}, "page.number", "boolean"),
            ({"tenant_id": "other"}, "metadata.sources[0].tenant_id", "'client-123'"),
        ],
    )
    def test_another_shape_is_refused_by_its_path(
        self, receiver: Receiver, change: Dict[str, Any], path: str, got: str
    ) -> None:
        status, answer = post(receiver, encode({**bodies()[0], **change}))
        assert status == 422
        assert (answer["error"]["problems"][0]["path"], answer["error"]["problems"][0]["got"]) == (path, got)

    def test_a_body_that_is_no_object_is_refused(self, receiver: Receiver) -> None:
        status, answer = post(receiver, b"[]")
        assert status == 422
        assert answer["error"]["message"] == "the body: wanted object, got array"

    def test_without_an_idempotency_key_each_body_is_stored(self, receiver: Receiver) -> None:
        post(receiver)
        post(receiver)
        assert len(receiver.received) == 2

    def test_one_key_of_two_tenants_is_two_keys(self, receiver: Receiver) -> None:
        empty: Dict[str, Any] = {"metadata": {"sources": [], "tables": [], "columns": []}}
        for tenant in ("a", "b", "a"):
            post(receiver, encode({**bodies()[0], **empty, "tenant_id": tenant}), Idempotency_Key="k")
        assert [received.tenant_id for received in receiver.received] == ["a", "b"]

    def test_keys_that_are_not_known_are_welcome(self, receiver: Receiver) -> None:
        assert post(receiver, encode({**bodies()[0], "schema_version": 2}))[0] == 200
        assert receiver.received[0].body["schema_version"] == 2
