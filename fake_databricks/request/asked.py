"""A request as it came over HTTP, before anybody knows what it asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping


@dataclass(frozen=True)
class HttpRequest:
    """A request.

    Attributes:
        method: HTTP method.
        path: path without query, decoded.
        query: the text after ``?``.
        headers: the headers by lower-case name.
        body: the bytes of the body.
        url: the server, as the client asks it.
        notes: what the journal says about the request besides the answer.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    url: str = ""
    notes: list[str] = field(default_factory=list)
