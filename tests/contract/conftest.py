"""A small server that answers from a script."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Callable, ContextManager, Dict, Iterator, List, Tuple

import pytest

Reply = Tuple[int, Any]
Script = Callable[[str, str, str], Reply]


class ScriptedServer:
    """Answers (method, path, body text) by a function; remembers what arrived."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.seen: List[Tuple[str, Dict[str, str], str]] = []
        self.url = ""

    def handler(self) -> type:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                server.seen.append((self.requestline, dict(self.headers), text))
                status, body = server.script(self.command, self.path, text)
                payload = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = answer  # noqa: N815  names that http.server wants

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's name
                del format, args

        return Handler


@contextmanager
def _serving(script: Script) -> Iterator[ScriptedServer]:
    scripted = ScriptedServer(script)
    server = ThreadingHTTPServer(("127.0.0.1", 0), scripted.handler())
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield scripted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def serving() -> Callable[[Script], ContextManager[ScriptedServer]]:
    """Serve a script for the length of a ``with``."""
    return _serving
