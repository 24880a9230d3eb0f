"""The platform's side of ``POST /api/metadata``: a real HTTP server that checks what it is sent.

It needs nothing but Python 3.8. Run it (``python -m contract.receiver --api-key KEY``), or use it in a test::

    with Receiver(api_key="key") as receiver:
        ...  # something posts to receiver.url
        assert receiver.received[0].tenant_id == "client-123"

=======  ===========================================================================================
200      ``{"status": "received", "record_count": N}``: N rows of sources, tables and columns
400 411  the body is no JSON, or has no length
401 403  no ``Authorization: Bearer``, or another key
404 405  another path than ``/api/metadata`` and ``/health``, or another method
413 415  more than 64 MB, or another content type than ``application/json``
422      the body's shape: each problem with ``path``, ``wanted`` and ``got``
=======  ===========================================================================================

The same ``Idempotency-Key`` of the same tenant gets the same answer and is stored once. A failure answers
``{"error": {"code", "message"}}``.
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
import re
import signal
import socket
import struct
import sys
import threading
from collections import deque
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Deque, Dict, List, Mapping, Optional, Sequence, Tuple

from contract.payload_shape import ROW_SHAPES, find_problems

METADATA_PATH = "/api/metadata"
HEALTH_PATH = "/health"
MAX_BODY_BYTES = 64_000_000
MAX_PROBLEMS = 20


@dataclass(frozen=True)
class Received:
    """One body that was accepted and stored.

    Attributes:
        headers: the request's headers with lower-case names, the key masked.
        body: the JSON object.
        tenant_id: of the body.
        idempotency_key: of the headers, ``None`` where there was none.
    """

    headers: Mapping[str, str]
    body: Mapping[str, Any]
    tenant_id: str
    idempotency_key: Optional[str]

    @property
    def record_count(self) -> int:
        """Rows of sources, tables and columns."""
        return sum(len(self.body["metadata"][section]) for section in ROW_SHAPES)


@dataclass(frozen=True)
class Answer:
    """Status and JSON body of an answer, and headers beside the usual ones."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Fault:
    answer: Optional[Answer]  # None: close the connection without a word
    store_first: bool


def failure(status: int, code: str, message: str, **more: Any) -> Answer:
    """Build the answer to a request that is refused."""
    return Answer(status, {"error": {"code": code, "message": message, **more}})


class Receiver:
    """A platform that takes metadata. A context manager; serves on threads of its own from the start.

    Args:
        api_key: the one key that it accepts.
        host: where it listens.
        port: 0 takes a free one.
        keep: folder in which each accepted body is kept as a file; by default only in memory.
        log: write a line for each request to stderr.

    Attributes:
        url: where it listens: what ``NUVYN_API_ENDPOINT`` wants.
        received: the bodies that were stored, in order.
        statuses: the status of each answer, in order, ``None`` for a dropped connection; without ``/health``.
    """

    def __init__(
        self,
        api_key: str,
        host: str = "127.0.0.1",
        port: int = 0,
        keep: Optional[Path] = None,
        *,
        log: bool = False,
    ) -> None:
        self._api_key = api_key
        self._keep = keep
        self._lock = threading.Lock()
        self._faults: Deque[_Fault] = deque()
        self._answers: Dict[Tuple[str, str], Answer] = {}
        self.received: List[Received] = []
        self.statuses: List[Optional[int]] = []
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
        self._server = _Server((host, port), self, log=log)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Receiver:  # noqa: PYI034  Python 3.8 has no Self
        """Serve already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self.close()

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer_next(  # noqa: PLR0913  one fault, said in one line of a test
        self,
        status: int = 503,
        body: Any = None,
        headers: Optional[Mapping[str, str]] = None,
        times: int = 1,
        *,
        drop_connection: bool = False,
        store_first: bool = False,
    ) -> None:
        """Script the answer to the next POSTs of metadata, instead of checking them.

        Args:
            status: the status to answer.
            body: the JSON body; by default an error that says that it was scripted.
            headers: more headers (``Retry-After``, ``Location``).
            times: how many POSTs get it.
            drop_connection: close the connection instead of answering.
            store_first: take the body as usual and then lose the answer: a retry must not store it twice.
        """
        said = body if body is not None else {"error": {"code": "scripted", "message": f"scripted {status}"}}
        answer = None if drop_connection else Answer(status, said, dict(headers or {}))
        self._faults.extend([_Fault(answer, store_first)] * times)

    def answer(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Optional[Answer]:
        """Answer one request; ``None`` means: close the connection. ``headers`` have lower-case names."""
        answer = self._routed(method, path.partition("?")[0], headers, content)
        if path != HEALTH_PATH:
            self.statuses.append(answer.status if answer else None)
        return answer

    def _routed(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Optional[Answer]:
        allowed = {HEALTH_PATH: "GET", METADATA_PATH: "POST"}.get(path)
        if allowed is None:
            return failure(
                404, "not_found", f"there is no {path} here: metadata is posted to {METADATA_PATH}"
            )
        if method != allowed:
            said = failure(405, "method_not_allowed", f"{path} takes {allowed}, not {method}")
            return Answer(said.status, said.body, {"Allow": allowed})
        if path == HEALTH_PATH:
            return Answer(200, {"status": "ok"})
        with self._lock:
            fault = self._faults.popleft() if self._faults else None
            if fault is None:
                return self._taken(headers, content)
            if fault.store_first:
                self._taken(headers, content)
            return fault.answer

    def _taken(self, headers: Mapping[str, str], content: bytes) -> Answer:
        refusal = self._unauthorized(headers.get("authorization", ""))
        if refusal:
            return refusal
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            return failure(
                415, "unsupported_media_type", f"wanted application/json, got {content_type or 'nothing'}"
            )
        try:
            body = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
        except ValueError as error:
            return failure(400, "invalid_json", f"the body is no JSON: {error}")
        problems = [problem for problem, _ in zip(find_problems(body), range(MAX_PROBLEMS))]
        if problems:
            first = "{path}: wanted {wanted}, got {got}".format(**problems[0])
            return failure(422, "invalid_body", first, problems=problems)
        return self._stored(headers, body)

    def _unauthorized(self, authorization: str) -> Optional[Answer]:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            return failure(401, "unauthorized", "wanted the header Authorization: Bearer <api-key>")
        if not hmac.compare_digest(key.strip().encode(), self._api_key.encode()):
            return failure(403, "forbidden", "this API key is not known here")
        return None

    def _stored(self, headers: Mapping[str, str], body: Dict[str, Any]) -> Answer:
        tenant, key = body["tenant_id"], headers.get("idempotency-key")
        if key and (tenant, key) in self._answers:
            return self._answers[tenant, key]
        shown = {
            name: value if name != "authorization" else "Bearer [REDACTED]" for name, value in headers.items()
        }
        received = Received(shown, body, tenant, key)
        if self._keep:
            self._write(received, self._keep)
        self.received.append(received)
        answer = Answer(200, {"status": "received", "record_count": received.record_count})
        if key:
            self._answers[tenant, key] = answer
        return answer

    def _write(self, received: Received, folder: Path) -> None:
        number = 1 + max((int(path.name[:6]) for path in folder.glob("[0-9]" * 6 + "-*.json")), default=0)
        tenant = re.sub(r"[^A-Za-z0-9._-]", "_", received.tenant_id)[:80]
        text = json.dumps(received.body, indent=2, ensure_ascii=False)
        partial = folder / f".{number:06d}.partial"
        partial.write_text(text, encoding="utf-8", errors="replace")
        partial.replace(folder / f"{number:06d}-{tenant}.json")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: Tuple[str, int], receiver: Receiver, *, log: bool) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.receiver = receiver
        self.log = log
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # a client that leaves in the middle is its own affair, and a test's stderr no place for a traceback
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "nuvyn-receiver"
    sys_version = ""
    timeout = 60
    server: _Server

    def _handle(self) -> None:
        length = self.headers.get("Content-Length", "" if self.command == "POST" else "0")
        content = b""
        if not length.isdecimal():
            answer: Optional[Answer] = failure(411, "length_required", "wanted the header Content-Length")
            self.close_connection = True
        elif int(length) > MAX_BODY_BYTES:
            answer = failure(413, "too_large", f"wanted at most {MAX_BODY_BYTES} bytes, got {length}")
            self.close_connection = True
        else:
            content = self.rfile.read(int(length))
            if len(content) < int(length):  # the other side left
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = self.server.receiver.answer(self.command, self.path, headers, content)
        if answer is None:
            self._drop()
        else:
            self._send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _handle  # noqa: N815  the base class calls them so

    def _send(self, answer: Answer) -> None:
        data = json.dumps(answer.body).encode()
        self.send_response(answer.status, _phrase(answer.status))
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _drop(self) -> None:
        # no lingering: the client sees a reset, as from a machine that went down
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class calls it so
        if self.server.log:
            sys.stderr.write(f"{self.log_date_time_string()} {format % args}\n")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Serve until interrupted; the first line of stdout is the URL."""
    parser = argparse.ArgumentParser(
        prog="python -m contract.receiver", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--api-key", default=os.environ.get("RECEIVER_API_KEY"), help="or RECEIVER_API_KEY")
    parser.add_argument("--keep", type=Path, help="folder for the accepted bodies")
    options = parser.parse_args(argv)
    if not options.api_key:
        parser.error("--api-key is missing: say which key this platform accepts")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Receiver(options.api_key, options.host, options.port, options.keep, log=True) as receiver:
        sys.stdout.write(f"{receiver.url}\n")
        sys.stdout.flush()
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
