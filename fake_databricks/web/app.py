"""The HTTP door, as an ASGI application: authenticates, dispatches, renders, notes."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Awaitable, Callable, Mapping, MutableMapping
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from fake_databricks.errors import ApiError, EndpointNotFound, InvalidToken, Unauthenticated
from fake_databricks.redaction import MASK
from fake_databricks.request.call import Call, Reply, Route
from fake_databricks.web import routes
from fake_databricks.web.journal import MAX_BODY, hidden

if TYPE_CHECKING:
    from fake_databricks.web.faults import Fault
    from fake_databricks.web.tenants import Registry, Tenant

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
LOGGER = logging.getLogger("fake_databricks")
JSON = "application/json; charset=utf-8"
WELL_KNOWN = "/.well-known/databricks-config"
PAGE = "<!DOCTYPE html><title>fake_databricks</title><p>A local Databricks. Ask /api/2.1/jobs/list.</p>"


@dataclass(frozen=True)
class _Asked:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class App:
    """Answers every request of a server."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI event."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        query = scope.get("query_string", b"").decode("latin-1")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        asked = _Asked(scope["method"], _path(scope["path"]), query, headers, body)
        reply = await self._answer(asked)
        if reply is None:
            _cut(send)
            return
        await _response(reply, asked.method)(scope, receive, send)

    async def _answer(self, asked: _Asked) -> Reply | None:
        if asked.path == WELL_KNOWN:
            return _json({})
        if asked.path in ("/", "/index.html"):
            return Reply(200, PAGE.encode(), {"Content-Type": "text/html; charset=utf-8"})
        try:
            token = self._authenticate(asked.headers)
        except ApiError as error:
            return _refusal(error)
        tenant = self._registry.tenant(token)
        started = time.time_ns() // 1_000_000
        is_control = asked.path.startswith("/_fake")
        fault = None if is_control else tenant.faults.take(asked.method, asked.path)
        reply, is_known = await self._with_fault(asked, token, tenant, fault)
        if not is_control:
            _note(tenant, asked, reply, fault, started, is_known=is_known)
        return reply

    async def _with_fault(
        self, asked: _Asked, token: str, tenant: Tenant, fault: Fault | None
    ) -> tuple[Reply | None, bool]:
        if fault is None:
            return await self._dispatch(asked, token, tenant)
        true_answer: tuple[Reply, bool] | None = None
        is_plain_delay = not fault.status and not fault.is_reset
        if fault.is_after or is_plain_delay:
            true_answer = await self._dispatch(asked, token, tenant)
        if fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1000)
        if fault.is_reset:
            return None, True
        if is_plain_delay:
            assert true_answer is not None
            return true_answer
        return _json(dict(fault.body), fault.status, fault.headers), True

    async def _dispatch(self, asked: _Asked, token: str, tenant: Tenant) -> tuple[Reply, bool]:
        found = _route(asked)
        if found is None:
            shown = "/" + asked.path.lstrip("/").partition("/")[2].partition("/")[2]
            return _refusal(EndpointNotFound(f"No API found for '{asked.method} {shown}'")), False
        route, version, path, rest = found
        call = Call(
            tenant.workspace,
            self._registry.controls(token),
            asked.method,
            path,
            version,
            asked.headers,
            asked.query,
            asked.body,
            rest,
        )
        try:
            answer = await run_in_threadpool(route.handler, call) if route.is_slow else route.handler(call)
        except ApiError as error:
            return _refusal(error), True
        except Exception as error:
            LOGGER.exception("%s %s failed", asked.method, asked.path)
            refusal = ApiError(f"Internal error of fake_databricks: {type(error).__name__}: {error}")
            return _refusal(refusal), True
        reply = answer if isinstance(answer, Reply) else _json(answer)
        headers = {"X-Databricks-Org-Id": tenant.workspace.workspace_id, **reply.headers}
        return Reply(reply.status, reply.body, headers), True

    def _authenticate(self, headers: Mapping[str, str]) -> str:
        kind, _, credential = headers.get("authorization", "").strip().partition(" ")
        token = credential.strip()
        if kind.lower() == "basic" and token:
            token = _basic_token(token)
        elif kind.lower() != "bearer":
            token = ""
        if not token:
            raise Unauthenticated(
                f"Credential was not sent or was of an unsupported type for this API. [ReqId: {uuid.uuid4()}]"
            )
        if not self._registry.admits(token):
            raise InvalidToken("Invalid access token.")
        return token


def _route(asked: _Asked) -> tuple[Route, str, str, str] | None:
    if asked.path.startswith("/_fake"):
        control = routes.find_control(asked.method, asked.path.rstrip("/"))
        return None if control is None else (control, "", asked.path, "")
    parts = asked.path.split("/", 3)  # "", "api", version, rest
    if len(parts) < 4 or parts[1] != "api":  # noqa: PLR2004  the four parts of the line above
        return None
    path = "/" + parts[3]
    found = routes.find(asked.method, parts[2], path)
    return None if found is None else (found[0], parts[2], path, found[1])


def _path(path: str) -> str:
    """Return the path of a target that may be absolute, as a proxy gets it."""
    if path.startswith(("http://", "https://")):
        return urlsplit(path).path or "/"
    return path


def _basic_token(credential: str) -> str:
    """Return the token of ``token:<token>``; anything else is a password, which has no workspace here."""
    try:
        user, _, password = base64.b64decode(credential, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password if user == "token" else ""


def _json(document: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, body, {"Content-Type": JSON, **(headers or {})})


def _refusal(error: ApiError) -> Reply:
    headers = {"X-Databricks-Reason-Phrase": error.message} if isinstance(error.error_code, int) else {}
    return _json(error.envelope(), error.status, headers)


def _response(reply: Reply, method: str) -> Response:
    headers = {"Server": "databricks", **reply.headers}
    body = b"" if method == "HEAD" else reply.body
    if method == "HEAD":
        headers.setdefault("Content-Length", str(len(reply.body)))
    response = Response(body, reply.status, headers)
    if reply.status == 204:  # noqa: PLR2004  No Content: there is no length to tell
        del response.headers["content-length"]
    return response


def _cut(send: Send) -> None:
    """Cut the connection, as a reset does; the server's own cycle holds it."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("A fault cuts this connection.")
    transport.abort()


def _note(  # noqa: PLR0913  an entry's fields
    tenant: Tenant, asked: _Asked, reply: Reply | None, fault: Fault | None, started: int, *, is_known: bool
) -> None:
    is_secret = "/secrets/" in asked.path
    headers = dict(asked.headers)
    if "authorization" in headers:
        headers["authorization"] = headers["authorization"].partition(" ")[0] + f" {MASK}"
    tenant.journal.note(
        time=started,
        method=asked.method,
        path=asked.path + (f"?{asked.query}" if asked.query else ""),
        headers=headers,
        request=_noted(asked.body, is_secret=is_secret),
        status=0 if reply is None else reply.status,
        response=None if reply is None else _noted(reply.body, is_secret=is_secret),
        fault="" if fault is None else fault.name,
        is_known=is_known,
    )


def _noted(body: bytes, *, is_secret: bool) -> bytes | str:
    """Return a body for the journal: as it came, or a note of its size where it is long."""
    if is_secret:
        try:
            return json.dumps(hidden(json.loads(body), is_secret_call=True)).encode() if body else b""
        except ValueError:
            return MASK
    return body if len(body) <= MAX_BODY else f"[{len(body)} bytes]"


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
