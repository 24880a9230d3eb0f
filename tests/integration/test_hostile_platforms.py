"""Answers that no platform should give, from a real socket: each ends in its time, and as a sentence."""

from __future__ import annotations

import gzip
import json
import time
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Tuple

import pytest
import requests

from contract import corpus
from nuvyn_executor.config import ConfigManager
from nuvyn_executor.errors import TransmissionError, TransmissionRejected, TransmissionUnavailable
from nuvyn_executor.redaction import Redactor, Secret
from nuvyn_executor.schema.tables import SOURCES
from nuvyn_executor.schema.validator import SchemaValidator
from nuvyn_executor.store.memory import MemoryMetadataStore
from nuvyn_executor.transport.api_client import APIClient, Confirmation
from nuvyn_executor.transport.transmitter import Transmitter
from tests.hostile_platform import HostilePlatform, Part, answer
from tests.waiting import LONGEST, takes_less_than

KEY = "nv-key-0123456789"
RECEIVED = b'{"status": "received", "record_count": 3}'
DEEP = b'{"status": "received", "record_count": 3, "x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
PATIENCE = 5.0
"""Seconds that nothing here may take, with time-outs of a fifth of a second; the other side never ends."""


@pytest.fixture(name="session")
def _session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def send(session: requests.Session, url: str, **options: Any) -> Confirmation:
    options = {"timeout": 30.0, "retry_seconds": 0, **options}
    return APIClient(url, Secret(KEY), session=session, **options).send({"a": 1}, "key-1")


DRIPS: Dict[str, Tuple[Tuple[Part, ...], Part]] = {
    "headers": ((), (0.02, b"H")),
    "one header after another": (((0.0, b"HTTP/1.1 200 OK\r\n"),), (0.02, b"A: b\r\n")),
    "100 Continue": ((), (0.0, b"HTTP/1.1 100 Continue\r\n\r\n")),
    "body": (((0.0, b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"),), (0.02, b"x")),
    "body without a length": (((0.0, b"HTTP/1.1 200 OK\r\n\r\n"),), (0.02, b"x")),
    "chunks": (((0.0, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),), (0.02, b"1\r\nx\r\n")),
    "the body of a redirect": (
        ((0.0, b"HTTP/1.1 307 Go\r\nLocation: /x\r\nContent-Length: 9000\r\n\r\n"),),
        (0.02, b"x"),
    ),
}


class TestBounded:
    """A platform that sends one byte every 2 s held `timeout=3, retry=8` for 74 s. Connect, headers, body,
    all attempts: each within its documented bound, whatever the other side does."""

    @pytest.mark.parametrize("name", DRIPS)
    def test_one_attempt_ends_after_twice_its_timeout(self, session: requests.Session, name: str) -> None:
        parts, forever = DRIPS[name]

        def attempt() -> float:
            begin = time.monotonic()
            with HostilePlatform(*parts, forever=forever) as platform:
                with pytest.raises(TransmissionUnavailable, match=r"no complete answer within 0\.4 s"):
                    send(session, platform.url, timeout=0.2)
                assert platform.ended.wait(LONGEST), "the connection is shut: nothing goes on behind it"
            taken = time.monotonic() - begin
            assert taken > 0.3
            return taken

        takes_less_than(PATIENCE, attempt)

    def test_all_attempts_end_within_the_time_for_them(self, session: requests.Session) -> None:
        def attempts() -> float:
            begin = time.monotonic()
            with HostilePlatform(forever=(0.02, b"H")) as platform:
                with pytest.raises(TransmissionUnavailable, match=r"in \d+ attempts"):
                    send(session, platform.url, timeout=0.2, retry_seconds=2.0, uniform=lambda: 0.1)
                assert len(platform.requests) > 1
            return time.monotonic() - begin

        takes_less_than(PATIENCE, attempts)

    def test_a_handshake_of_tls_that_drips_is_left(self, session: requests.Session) -> None:
        def attempt() -> float:
            begin = time.monotonic()
            # the beginning of a record of 16 KB, of which a byte comes now and then
            with HostilePlatform(
                (0.0, b"\x16\x03\x03\x40\x00\x02"), forever=(0.02, b"\0"), reads=False
            ) as platform:
                with pytest.raises(TransmissionUnavailable, match="timed out"):
                    send(session, platform.url.replace("http:", "https:"), timeout=0.2)
                assert platform.ended.wait(LONGEST)
            return time.monotonic() - begin

        takes_less_than(PATIENCE, attempt)

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_a_proxy_that_drips_is_left(self, session: requests.Session, scheme: str) -> None:
        def attempt() -> float:
            begin = time.monotonic()
            with HostilePlatform(forever=(0.02, b"H")) as proxy:
                session.proxies = {"http": proxy.url, "https": proxy.url}
                with pytest.raises(TransmissionUnavailable, match="no complete answer"):
                    send(session, f"{scheme}://platform.example.com", timeout=0.2)
                assert proxy.ended.wait(LONGEST)
            return time.monotonic() - begin

        takes_less_than(PATIENCE, attempt)

    def test_a_platform_that_reads_nothing_is_left(self, session: requests.Session) -> None:
        def attempt() -> float:
            begin = time.monotonic()
            with HostilePlatform((600.0, b""), reads=False) as platform:
                client = APIClient(platform.url, Secret(KEY), session=session, timeout=0.2, retry_seconds=0)
                with pytest.raises(TransmissionUnavailable):
                    client.send(b"x" * 20_000_000, "key-1")
            return time.monotonic() - begin

        takes_less_than(PATIENCE, attempt)

    def test_a_name_that_is_looked_up_for_ever_is_left(
        self, session: requests.Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import threading  # noqa: PLC0415  of this test alone

        end = threading.Event()
        monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: end.wait(LONGEST) and [])
        try:
            with pytest.raises(TransmissionUnavailable, match="no complete answer"):
                send(session, "http://platform.example.com", timeout=0.1)
        finally:
            end.set()

    def test_an_endless_body_is_read_up_to_a_size(self, session: requests.Session) -> None:
        with HostilePlatform((0.0, b"HTTP/1.1 200 OK\r\n\r\n"), forever=(0.0, b"x" * 65_536)) as platform:
            with pytest.raises(TransmissionRejected, match="does not confirm"):
                send(session, platform.url)
            assert platform.ended.wait(LONGEST)


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content)


BOMB = gzipped(b"x" * 50_000_000)
GZIP = "Content-Encoding: gzip"
SENTENCES: Dict[str, Tuple[Part, str]] = {
    # the answer, and what the message or the remedy says
    "redirect, broken": (answer("302 Found", b"", "Location: http://[::1"), "which is no URL"),
    "redirect, no port": (answer("307 Go", b"", "Location: http://h:port/"), "which is no URL"),
    "redirect, no scheme of HTTP": (answer("301 Go", b"", "Location: javascript:x"), "which is no URL"),
    "redirect, no location": (answer("302 Found"), "answered 302 and names no other address"),
    "redirect, bytes": (answer("302 Found", b"", "Location: http://\xff\xfe/"), "points to"),
    "not modified": (answer("304 Not Modified"), "answered 304 and names no other address"),
    "300": (answer("300 Choose"), "answered 300 and names no other address"),
    "103 and no more": ((0.0, b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"), "(103)"),
    "101": ((0.0, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "(101"),
    "deep JSON, 200": (answer("200 OK", DEEP), "does not confirm"),
    "deep JSON, 400": (answer("400 Bad", DEEP), "The platform refused the metadata: 400 {"),
    "deep JSON, 503": (answer("503 Busy", DEEP), "(503 {"),
    "damaged gzip, 200": (answer("200 OK", b"\x1f\x8b no gzip", GZIP), "gzip and cannot be unpacked"),
    "damaged gzip, 400": (answer("400 Bad", b"no gzip", GZIP), "400 (a body that says it is gzip"),
    "gzip that ends early": (answer("200 OK", gzipped(RECEIVED)[:20], GZIP), "does not confirm"),
    "gzip bomb, 200": (answer("200 OK", BOMB, GZIP), "does not confirm"),
    "gzip bomb, 400": (answer("400 Bad", BOMB, GZIP), "400 xxx"),
    "gzip in gzip": (answer("200 OK", gzipped(BOMB), "Content-Encoding: gzip, gzip"), "gzip, gzip"),
    "brotli": (answer("200 OK", b"abc", "Content-Encoding: br"), "not asked for: br"),
    "login page": (answer("200 OK", b"<html><title>Sign in</title>"), "Sign in</title>, and that does not"),
    "failure in a 200": (answer("200 OK", b'{"status": "failed", "message": "disk full"}'), "200 disk full"),
    "an error in a 200": (answer("200 OK", b'{"error": "no such tenant"}'), "200 no such tenant"),
    "no record_count": (answer("200 OK", b'{"status": "received"}'), "does not confirm"),
    "a count that is none": (
        answer("200 OK", b'{"status": "received", "record_count": true}'),
        "does not confirm",
    ),
    "a count below nought": (
        answer("200 OK", b'{"status": "received", "record_count": -1}'),
        "does not confirm",
    ),
    "NaN": (answer("200 OK", b'{"status": "received", "record_count": 3, "x": NaN}'), "does not confirm"),
    "infinite": (
        answer("200 OK", b'{"status": "received", "record_count": 3, "x": 1e999}'),
        "does not confirm",
    ),
    "nothing": (answer("204 No Content"), "answered 204, and that does not confirm"),
    "202": (answer("202 Accepted", b"queued"), "202 queued, and that does not confirm"),
    "no HTTP": ((0.0, b"SSH-2.0-OpenSSH_9.6\r\n"), "did not take the metadata in 1 attempt"),
    "nothing at all": ((0.0, b""), "did not take the metadata in 1 attempt"),
    "a length that is none": ((0.0, b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"), ""),
    "two lengths": ((0.0, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), ""),
    "cut": ((0.0, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + RECEIVED[:20]), ""),
    "a line of 100 KB": ((0.0, b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100_000 + b"\r\n\r\n"), "1 attempt"),
    "a thousand headers": ((0.0, b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1_000 + b"\r\n"), "1 attempt"),
    "a status of four digits": ((0.0, b"HTTP/1.1 2000 OK\r\n\r\n"), "1 attempt"),
    "half a surrogate pair, 400": (answer("400 Bad", b'{"error": "a \\ud800 b"}'), "400 a ? b"),
}


class TestEveryAnswerIsASentence:
    """Every answer ends as a sentence, and the other tenants are still sent."""

    @pytest.mark.parametrize("name", SENTENCES)
    def test_what_no_platform_should_answer_ends_as_a_sentence(
        self, session: requests.Session, name: str
    ) -> None:
        part, words = SENTENCES[name]
        with HostilePlatform(part) as platform, pytest.raises(TransmissionError) as caught:
            send(session, platform.url)
        assert words in str(caught.value)
        assert caught.value.message
        assert caught.value.remedy
        assert len(str(caught.value)) < 1_500
        str(caught.value).encode("utf-8")  # it is printed, stored and sent

    @pytest.mark.parametrize(
        "body",
        [
            RECEIVED,
            b'{"status": "received", "record_count": 0, "id": 5, "note": "\\ud800"}',
            b"  " + RECEIVED,
        ],
    )
    @pytest.mark.parametrize("encoding", ["", "gzip"])
    def test_the_guides_answer_confirms_and_more_keys_may_stand_beside_it(
        self, session: requests.Session, body: bytes, encoding: str
    ) -> None:
        part = answer("201 Created", gzipped(body), GZIP) if encoding else answer("201 Created", body)
        with HostilePlatform(part) as platform:
            confirmation = send(session, platform.url)
        assert confirmation.status_code == 201
        assert confirmation.body["status"] == "received"
        json.dumps(confirmation.body, ensure_ascii=False).encode("utf-8")

    def test_answers_of_the_contract_hold(self, session: requests.Session) -> None:
        for case in corpus.transmissions().values():
            if "response" not in case:
                continue
            said, outcome = case["response"], case["outcome"]
            headers = [f"{name}: {value}" for name, value in said["headers"].items()]
            with HostilePlatform(
                answer(f"{said['status']} X", json.dumps(said["body"]).encode(), *headers)
            ) as platform:
                if outcome["transmission_status"] == "success":
                    assert send(session, platform.url).body == said["body"]
                    continue
                kind = TransmissionUnavailable if outcome["retried"] else TransmissionRejected
                with pytest.raises(kind):
                    send(session, platform.url)


class TestSurroundings:
    """`REQUESTS_CA_BUNDLE=/nope.pem`, `HTTPS_PROXY=::::`, [...] blame the wrong variable."""

    @pytest.mark.parametrize(
        ("variable", "value", "named"),
        [
            ("REQUESTS_CA_BUNDLE", "/nope.pem", "REQUESTS_CA_BUNDLE"),
            ("HTTPS_PROXY", "::::", "HTTPS_PROXY"),
            ("HTTPS_PROXY", "http://", "HTTPS_PROXY"),
            ("HTTPS_PROXY", "http://[::1", "HTTPS_PROXY"),
            ("HTTPS_PROXY", "http://proxy:port", "HTTPS_PROXY"),
        ],
    )
    def test_the_variable_that_is_wrong_is_named(
        self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, named: str
    ) -> None:
        for name in (
            "REQUESTS_CA_BUNDLE",
            "CURL_CA_BUNDLE",
            "HTTPS_PROXY",
            "https_proxy",
            "ALL_PROXY",
            "all_proxy",
        ):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv(variable, value)
        with requests.Session() as session, pytest.raises(TransmissionError) as caught:
            send(session, "https://127.0.0.1:9")
        assert named in caught.value.remedy
        assert "NUVYN_API_ENDPOINT" not in caught.value.remedy

    @pytest.mark.parametrize("host", ["a..b", "x" * 70 + ".example.com"])
    def test_a_host_that_cannot_be_is_blamed_on_the_endpoint(
        self, session: requests.Session, host: str
    ) -> None:
        with pytest.raises(TransmissionError) as caught:
            send(session, f"http://{host}")
        assert host in str(caught.value)


class TestOtherTenants:
    """Every answer ends as a sentence, and the other tenants are still sent."""

    def test_a_tenant_that_is_not_confirmed_stays_pending_and_the_next_is_sent(
        self, session: requests.Session
    ) -> None:
        store = MemoryMetadataStore()
        SchemaValidator(store).validate()
        rows: List[Dict[str, Any]] = [
            {"source_id": f"s-{tenant}", "tenant_id": tenant, "metadata_version": 1} for tenant in ("a", "b")
        ]
        store.append(SOURCES, [{**dict.fromkeys(SOURCES.column_types()), **row} for row in rows])
        settings = ConfigManager({"NUVYN_API_ENDPOINT": "http://127.0.0.1:9", "NUVYN_API_KEY": KEY}).load()
        with HostilePlatform(answer("200 OK", RECEIVED)) as good, HostilePlatform(
            answer("302 Found", b"", "Location: http://[::1")
        ) as bad:

            class ByTenant:
                def send(self, body: Any, idempotency_key: str) -> Confirmation:
                    url = bad.url if json.loads(body)["tenant_id"] == "a" else good.url
                    return APIClient(url, Secret(KEY), session=session, retry_seconds=0).send(
                        body, idempotency_key
                    )

            with pytest.raises(TransmissionRejected, match="1 of 2 tenants could not be sent; the first, a:"):
                Transmitter(store, ByTenant(), settings, lambda: NOW, Redactor()).transmit("job_1", None)
        versions = {row["tenant_id"]: row["transmitted_version"] for row in store.rows(SOURCES)}
        assert versions == {"a": None, "b": 1}
