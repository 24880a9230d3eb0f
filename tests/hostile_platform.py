"""A server on a socket that answers each request with the bytes that a test says, as slowly as it says."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Iterable, List, Optional, Tuple

from tests.waiting import LONGEST

Part = Tuple[float, bytes]
"""Seconds to wait, and what is sent then."""


class HostilePlatform:
    """Answers with parts; after the last it closes the connection.

    Args:
        parts: made anew for each request; they may be endless.
        reads: whether the request is read before the first part.
    """

    def __init__(self, *parts: Part, forever: Optional[Part] = None, reads: bool = True) -> None:
        self._parts, self._forever, self._reads = parts, forever, reads
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: List[threading.Thread] = []
        self.requests: List[bytes] = []
        self.ended = threading.Event()
        """Set when the client has left a connection, or it was answered whole."""

    @property
    def url(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> HostilePlatform:  # noqa: PYI034  Self came with Python 3.11
        """Listen."""
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(LONGEST)

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]  # a method
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._start(self._answer, connection)

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if self._reads:
                self.requests.append(_request(connection))
            for pause, content in self._all_parts():
                if self._over.wait(pause):
                    return
                connection.sendall(content)
        self.ended.set()

    def _all_parts(self) -> Iterable[Part]:
        yield from self._parts
        while self._forever is not None:
            yield self._forever


def _request(connection: socket.socket) -> bytes:
    content = b""
    while b"\r\n\r\n" not in content:
        content += connection.recv(65_536) or b"\r\n\r\n"
    head, _, body = content.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        received = connection.recv(65_536)
        if not received:
            break
        body += received
    return head + b"\r\n\r\n" + body


def answer(status: str, body: bytes = b"", *headers: str) -> Part:
    """Return a whole answer, which comes at once."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return 0.0, "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
