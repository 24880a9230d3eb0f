"""Bodies in gzip, over real HTTP."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

from contract import corpus
from contract.receiver import Receiver
from nuvyn_executor.errors import TransmissionRejected
from nuvyn_executor.redaction import Secret
from nuvyn_executor.transport.api_client import APIClient
from nuvyn_executor.transport.payload import encode

KEY = "nv-key-0123456789"
BODY: Dict[str, Any] = corpus.transmissions()["request"]["request"]["body"]


@pytest.fixture(name="receiver")
def _receiver() -> Iterator[Receiver]:
    with Receiver(KEY) as receiver:
        yield receiver


def client(url: str) -> APIClient:
    return APIClient(url, Secret(KEY), retry_seconds=0)


def body(number: int) -> Dict[str, Any]:
    return {**BODY, "page": {"number": number, "of": 9}}


def encodings(receiver: Receiver) -> List[Optional[str]]:
    return [received.headers.get("content-encoding") for received in receiver.received]


class TestCompressedBodies:
    """Compressed (`Content-Encoding: gzip`) when the platform said that it takes it."""

    def test_once_an_answer_has_said_so(self, receiver: Receiver) -> None:
        sender = client(receiver.url)
        for number in (1, 2, 3):
            assert sender.send(body(number), f"k{number}").status_code == 200
        assert encodings(receiver) == [None, "gzip", "gzip"]
        assert [received.body for received in receiver.received] == [body(1), body(2), body(3)]

    def test_a_refusal_says_so_too(self, receiver: Receiver) -> None:
        sender = client(receiver.url)
        receiver.answer_next(400, headers={"Accept-Encoding": "br, gzip;q=0.5"})
        with pytest.raises(TransmissionRejected):
            sender.send(body(1), "k1")
        sender.send(body(2), "k2")
        assert encodings(receiver) == ["gzip"]

    @pytest.mark.parametrize("said", ["identity", "gzip;q=0", "br, gzip; q=0.00", "*", ""])
    def test_other_answers_end_it(self, receiver: Receiver, said: str) -> None:
        sender = client(receiver.url)
        sender.send(body(1), "k1")
        receiver.answer_next(400, headers={"Accept-Encoding": said})
        with pytest.raises(TransmissionRejected):
            sender.send(body(2), "k2")
        sender.send(body(3), "k3")
        assert encodings(receiver) == [None, None]

    def test_one_that_refuses_it_gets_the_same_as_it_is_and_none_again(self, receiver: Receiver) -> None:
        sender = client(receiver.url)
        sender.send(body(1), "k1")
        receiver.answer_next(415, headers={"Accept-Encoding": "gzip"})
        for number in (2, 3):
            assert sender.send(body(number), f"k{number}").status_code == 200
        assert receiver.statuses == [200, 415, 200, 200]
        assert encodings(receiver) == [None, None, None]
        assert [received.idempotency_key for received in receiver.received] == ["k1", "k2", "k3"]

    def test_one_that_refuses_both_has_refused_it(self, receiver: Receiver) -> None:
        sender = client(receiver.url)
        sender.send(body(1), "k1")
        receiver.answer_next(415, times=2)
        with pytest.raises(TransmissionRejected, match="415"):
            sender.send(body(2), "k2")
        assert receiver.statuses == [200, 415, 415]

    def test_the_same_body_has_the_same_bytes_under_the_same_key(self) -> None:
        came: List[Tuple[str, bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                came.append((self.headers["Idempotency-Key"], content))
                answer = json.dumps({"status": "received", "record_count": 0}).encode()
                self.send_response(200)
                self.send_header("Accept-Encoding", "gzip")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            sender = client(f"http://127.0.0.1:{server.server_port}")
            for _ in range(3):
                sender.send(body(1), "k")
            server.shutdown()
            thread.join()
        plain, first, second = came
        assert first == second
        assert gzip.decompress(first[1]) == plain[1] == encode(body(1))
        assert first[1][4:8] == bytes(4)  # the moment of packing
        assert plain[0] == first[0] == "k"
