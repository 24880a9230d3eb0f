"""One connection: what is no HTTP request gets an answer that says why, in Databricks' form."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

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
    "This is no HTTP request that can be read. A path and its query are ASCII, with all other characters as "
    "%C3%84; a header is one line; the length of the body is a number."
)


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
        super().data_received(data)

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
