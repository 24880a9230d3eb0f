"""One HTTP connection. Accepts UTF-8 in addresses, and answers in a sentence what is no HTTP request."""

from __future__ import annotations

import re

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from contract.receiver.answers import refusal
from contract.receiver.app import as_response

UNREADABLE = (
    "this is no HTTP request that can be read: a path and its query have no spaces and no control characters "
    "(%20 is a space), a header is one line, and the length of the body is a number"
)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class Protocol(H11Protocol):
    """One connection."""

    def data_received(self, data: bytes) -> None:
        """Read bytes."""
        super().data_received(self._with_ascii_target(data))

    def _with_ascii_target(self, data: bytes) -> bytes:
        """Return bytes with those of a request target that are not ASCII as %C3%84: so curl sends them."""
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
        answer = as_response(refusal(400, "invalid_request", UNREADABLE).answer)
        lines = [b"HTTP/1.1 400 Bad Request", *(b": ".join(pair) for pair in answer.raw_headers)]
        self.transport.write(b"\r\n".join([*lines, b"connection: close", b"", bytes(answer.body)]))
        self.transport.close()
