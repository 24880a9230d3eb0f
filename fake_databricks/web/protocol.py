"""One HTTP connection. Accepts UTF-8 in addresses, and answers in a sentence what is no HTTP request."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from fake_databricks.errors import MalformedRequest

if TYPE_CHECKING:
    import asyncio

LOGGER = logging.getLogger("fake_databricks")
TLS_HANDSHAKE = b"\x16\x03"
BY_HTTPS = (
    "A client asks this server by https: begin its address (DATABRICKS_HOST) with http://, or start the "
    "server with --tls."
)
UNREADABLE = (
    "This is no HTTP request that can be read. A path and its query have no spaces and no control characters "
    "(%20 is a space); a header is one line; the length of the body is a number."
)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class Protocol(H11Protocol):
    """One connection."""

    _has_begun = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin."""
        self._is_encrypted = transport.get_extra_info("sslcontext") is not None
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Read bytes. A client that speaks TLS understands no answer, so the log has the remedy."""
        if not self._has_begun and not self._is_encrypted and data.startswith(TLS_HANDSHAKE):
            LOGGER.warning(BY_HTTPS)
            self.transport.close()
            return
        self._has_begun = True
        super().data_received(self._with_ascii_target(data))

    def _with_ascii_target(self, data: bytes) -> bytes:
        """Return bytes with those of a request target that are not ASCII as %C3%84.

        curl sends an address as it was typed, and servers such as nginx, Envoy and Jetty take it.
        """
        if data.isascii() or self.conn.their_state not in (h11.IDLE, h11.DONE):
            return data
        begun = self.conn.trailing_data[0]
        if b"\n" in begun:  # the line is whole already
            return data
        line, end, rest = data.partition(b"\n")
        method, space, target = (b"", b"", line) if b" " in begun else line.partition(b" ")
        target = _NOT_ASCII.sub(lambda byte: b"%%%02X" % byte.group()[0], target)
        return b"".join((method, space, target, end, rest))

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  uvicorn's words say less
        """Answer what is no request, and end."""
        body = json.dumps(MalformedRequest(UNREADABLE).envelope()).encode()
        head = (
            "HTTP/1.1 400 Bad Request\r\n"
            "Content-Type: application/json; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Server: databricks\r\n"
            "Connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
