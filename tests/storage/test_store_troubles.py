"""A store that fails in every way: what is repeated, how long it takes, and what is said of it."""

from __future__ import annotations

import http.server
import socket
import struct
import threading
import time
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from nuvyn_executor.errors import DatasetUnreadable, SourceAccessDenied, SourceError, SourceNotFound
from nuvyn_executor.model import FileEntry

pytest.importorskip("obstore")
from tests.storage.stores import MANY, source_at, store_of
from tests.waiting import takes_less_than

pytestmark = pytest.mark.process
RETRY = 10.0
IN_VAIN = 1.5  # where nothing helps, all of the time is waited
PAGE = (
    '<?xml version="1.0"?><ListBucketResult><Name>b</Name><KeyCount>1</KeyCount>'
    "<IsTruncated>false</IsTruncated>"
    "<Contents><Key>a/x.csv</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
    "<ETag>&quot;e&quot;</ETag><Size>3</Size></Contents></ListBucketResult>"
)
Answer = Tuple[int, str]


class Server(http.server.ThreadingHTTPServer):
    """Answers each request with the next of its plan, and every later one with the last."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.plan: List[Any] = []
        self.asked = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        step = server.plan[min(server.asked, len(server.plan) - 1)]
        server.asked += 1
        if step == "hang":
            time.sleep(30)
        elif step == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            self.rfile.close()
        elif step == "broken":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"<?xml")
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        else:
            self._answer(*step)

    do_HEAD = do_GET  # noqa: N815  the base class names it

    def _answer(self, status: int, text: str) -> None:
        body = (
            text if text.startswith("<") else f"<Error><Code>{text}</Code><Message>secret</Message></Error>"
        )
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"e"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def environment(endpoint: str) -> Dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "key-secret",
        "AWS_SECRET_ACCESS_KEY": "very-secret",
    }


def listing(server: Server, *plan: Any, seconds: float = RETRY) -> List[str]:
    server.plan = [*plan]
    source = source_at("s3://b/a/", environment(server.endpoint), seconds)
    return [entry.name for entry in source.survey(MANY).files]


def refused(server: Server, *plan: Any) -> SourceError:
    with pytest.raises(SourceError) as error:
        listing(server, *plan, seconds=IN_VAIN)
    assert "secret" not in str(error.value)
    return error.value


class TestRepeating:
    """Issue 13: "retried within `EXECUTOR_SOURCE_RETRY_SECONDS` where it helps"."""

    @pytest.mark.parametrize(
        "step", [(503, "SlowDown"), (429, "TooManyRequests"), (500, "InternalError"), "reset"]
    )
    def test_what_passes_is_waited_for(self, server: Server, step: Any) -> None:
        assert listing(server, step, step, (200, PAGE)) == ["x.csv"]

    def test_an_answer_that_breaks_off_is_asked_for_again(self, server: Server) -> None:
        assert listing(server, "broken", "broken", (200, PAGE)) == ["x.csv"]

    @pytest.mark.parametrize(
        ("step", "sentence"),
        [
            ((503, "SlowDown"), "too busy"),
            ((429, "TooManyRequests"), "too busy"),
            ("reset", "does not answer"),
            ("hang", "does not answer (no answer in time)"),
            ("broken", "does not answer"),
        ],
    )
    def test_what_does_not_pass_ends(self, server: Server, step: Any, sentence: str) -> None:
        def ask() -> float:
            started = time.monotonic()
            error = refused(server, step)
            assert sentence in error.message
            return time.monotonic() - started

        takes_less_than(3 * IN_VAIN + 2, ask)

    @pytest.mark.parametrize("answer", [(403, "AccessDenied"), (404, "NoSuchBucket"), (400, "ExpiredToken")])
    def test_what_repeating_does_not_help_is_not_repeated(self, server: Server, answer: Answer) -> None:
        refused(server, answer)

        assert server.asked == 1

    def test_without_time_there_is_one_attempt(self, server: Server) -> None:
        server.plan = [(503, "SlowDown")]
        with pytest.raises(SourceError, match="too busy"):
            source_at("s3://b/a/", environment(server.endpoint), 0).survey(MANY)
        assert server.asked == 1

    def test_a_read_is_repeated_too(self, server: Server) -> None:
        server.plan = ["hang"]
        source = source_at("s3://b/a/", environment(server.endpoint), 4.0)
        entry = FileEntry("s3://b/a/x.csv", "x.csv", 3, datetime.now(timezone.utc), '"e"')

        with pytest.raises(DatasetUnreadable, match="no answer in time") as error:
            source.read_range(entry, 0, 3)
        assert "secret" not in str(error.value)
        assert server.asked > 1


class TestNobodyThere:
    @pytest.mark.parametrize(
        ("endpoint", "sentence"),
        [
            ("http://127.0.0.1:1", "127.0.0.1:1 does not answer (connection refused)"),
            ("http://no-such-host.invalid", "no host is called no-such-host.invalid"),
        ],
    )
    def test_the_server_is_named(self, endpoint: str, sentence: str) -> None:
        with pytest.raises(SourceError) as error:
            source_at("s3://b/a/", environment(endpoint), 1).survey(MANY)
        assert sentence in error.value.message

    def test_a_server_without_tls_is_named(self, server: Server) -> None:
        with pytest.raises(SourceError, match="does not speak TLS"):
            source_at("s3://b/a/", environment(server.endpoint.replace("http:", "https:")), 1).survey(MANY)


class TestRealRefusals:
    """The same from the servers themselves."""

    def test_a_bucket_that_is_not_there(self, s3_server: Any, azure_server: Any) -> None:
        with pytest.raises(SourceNotFound, match="The bucket nowhere does not exist"):
            source_at("s3://nowhere/a", s3_server.environment()).survey(MANY)
        with pytest.raises(SourceNotFound, match="The container nowhere does not exist in the account"):
            source_at("abfss://nowhere/a", azure_server.environment()).survey(MANY)

    def test_a_wrong_key_of_azure(self, request: pytest.FixtureRequest) -> None:
        store = store_of("azure", request)
        text = store.environment["AZURE_STORAGE_CONNECTION_STRING"].replace("Eby8", "AAAA")

        with pytest.raises(SourceAccessDenied, match="does not accept AZURE_STORAGE_CONNECTION_STRING"):
            source_at(f"{store.root}a", {"AZURE_STORAGE_CONNECTION_STRING": text}).survey(MANY)

    def test_signatures_of_azure(self, request: pytest.FixtureRequest, azure_server: Any) -> None:
        store = store_of("azure", request)
        store.put("a/b.csv")
        path = f"{store.paths[0]}a?{{}}"
        good, read_only, old = (
            azure_server.sas_token("rl"),
            azure_server.sas_token("r"),
            azure_server.sas_token("rl", "2020-01-01T00:00:00Z"),
        )

        assert [one.name for one in source_at(path.format(good), {}).survey(MANY).files] == ["b.csv"]
        for signature in (read_only, old):
            with pytest.raises(SourceAccessDenied) as error:
                source_at(path.format(signature), {}).survey(MANY)
            assert "the signature in the path" in str(error.value)
            assert "sig=" not in str(error.value)

    def test_permission_to_read_but_not_to_list(
        self, request: pytest.FixtureRequest, azure_server: Any
    ) -> None:
        store = store_of("azure", request)
        store.put("a/b.csv")
        source = source_at(f"{store.paths[0]}a/b.csv?{azure_server.sas_token('r')}", {})

        (entry,) = source.survey(MANY).files

        assert source.read_range(entry, 0, 2) == b"id"

    def test_a_public_bucket_is_read_unsigned(self, s3_server: Any, request: pytest.FixtureRequest) -> None:
        store = store_of("s3", request)
        bucket = store.root[5:-1]
        s3_server.put(bucket, "a.csv", b"id\n", acl="public-read")
        s3_server.put(bucket, "b.csv", b"id\n")
        source = source_at(f"{store.root}a.csv", {"AWS_ENDPOINT_URL": s3_server.endpoint})

        (entry,) = source.survey(MANY).files
        assert source.read_range(entry, 0, 2) == b"id"
        private = FileEntry(f"{store.root}b.csv", "b.csv", 3, entry.modified_at)
        with pytest.raises(DatasetUnreadable, match="no credentials are set") as error:
            source.read_range(private, 0, 2)
        assert "AWS_ACCESS_KEY_ID" in error.value.remedy
