"""Send one request exactly as a case describes it, and take the answer. Standard library only.

``http.client`` and no more: a GET may have a body, a Content-Type may be missing, a request line may carry
the whole URL.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple
from urllib.parse import urlsplit

CURL_HEADERS = {"User-Agent": "curl/8.5.0", "Accept": "*/*"}
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: the HTTP status.
        headers: by lower-case name.
        text: the body as text.
        body: the body as JSON values; None when it is not JSON (``NaN`` is none), or has a key twice.

    """

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any


Send = Callable[[str, Mapping[str, Any]], Answer]


def send(base_url: str, request: Mapping[str, Any], timeout: float = 60.0) -> Answer:
    """Send a request and read the whole answer.

    Args:
        base_url: ``http://host:port`` or ``https://host``, a path in front of ``/api`` allowed.
        request: a case's request whose variables have been put in.
        timeout: seconds that the server may be silent.

    Raises:
        OSError: no connection, or no answer in time.
        http.client.HTTPException: the answer is no HTTP.

    """
    parts = urlsplit(base_url)
    connection, path = connect(base_url, request["path"], timeout)
    target = f"{parts.scheme}://{parts.netloc}{path}" if request.get("target") == "absolute" else path
    payload = _payload(request)
    try:
        connection.putrequest(request["method"], target, skip_accept_encoding=True)
        for name, value in _headers(request, payload).items():
            connection.putheader(name, value)
        connection.endheaders(payload)
        return read_answer(connection)
    finally:
        connection.close()


def connect(base_url: str, path: str, timeout: float) -> Tuple[HTTPConnection, str]:
    """Return a connection that is not yet open, and the path with what stands in front of ``/api``."""
    parts = urlsplit(base_url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=timeout), parts.path.rstrip("/") + path


def read_answer(connection: HTTPConnection) -> Answer:
    """Read the whole answer to what was sent.

    Raises:
        OSError: no connection any more, or no answer in time.
        http.client.HTTPException: the answer is no HTTP.

    """
    response = connection.getresponse()
    text = response.read().decode("utf-8", "replace")
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, text, _parsed(text))


def _payload(request: Mapping[str, Any]) -> Optional[bytes]:
    if "text" in request:
        return str(request["text"]).encode("utf-8")
    if "body" in request:
        return json.dumps(request["body"], ensure_ascii=False).encode("utf-8")
    return None


def _headers(request: Mapping[str, Any], payload: Optional[bytes]) -> Dict[str, str]:
    headers: Dict[str, str] = dict(request["headers"])
    if request["client"] == "curl":
        headers = {**CURL_HEADERS, **headers}
        if payload is not None:
            headers.setdefault("Content-Type", FORM)
    if payload is not None:
        headers["Content-Length"] = str(len(payload))
    return headers


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refused, object_pairs_hook=_unique)
    except ValueError:
        return None


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key stands there twice")
    return members
