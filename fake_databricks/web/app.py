"""The HTTP server as an ASGI application: authenticate, find the handler, write the answer, record both."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Awaitable, Callable, Mapping, MutableMapping
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from fake_databricks.errors import (
    ApiError,
    ChangedMeanwhile,
    DiskFull,
    EndpointNotFound,
    InvalidParameter,
    MalformedRequest,
    PermissionDenied,
    TemporarilyUnavailable,
    Unauthenticated,
)
from fake_databricks.full_disk import is_full, sentence
from fake_databricks.redaction import MASK
from fake_databricks.request.asked import HttpRequest
from fake_databricks.request.call import Call, Reply, Route
from fake_databricks.request.documents import read_document
from fake_databricks.request.values import from_base64
from fake_databricks.web import discovery, routes
from fake_databricks.web.journal import MAX_BODY, hide_secrets
from fake_databricks.web.oauth import OAuthError, answer_token_request
from fake_databricks.web.pages.site import WorkspaceSite
from fake_databricks.web.parameters import notes_of

if TYPE_CHECKING:
    from fake_databricks.web.callers import Callers
    from fake_databricks.web.faults import Fault
    from fake_databricks.web.tenants import Registry, Tenant

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
LOGGER = logging.getLogger("fake_databricks")
JSON = "application/json; charset=utf-8"
WITHOUT_BODY = (204, 304)
"""Statuses of answers that have no body, also where a fault has one for them."""
MOST_WAITING = 1000
"""How many calls may wait at once (``Route.is_waiting``), each in a thread of its own."""
CHANGED = frozenset({errno.ENOENT, errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY})
"""What a call that has looked before it works on files gets where something else works on them too."""
CHANGED_SENTENCE = "Another request or a program has changed these files at the same time: try again."
_NOT_IN_PATHS = str.maketrans({"%": "%25", "?": "%3F", "#": "%23"})
"""What a path that is decoded may have, and would be read as something else where a query follows it."""
PAGE = (
    '<!DOCTYPE html><html lang="en"><title>fake_databricks</title>'
    "<p>A local Databricks. Ask /api/2.1/jobs/list, or open this address in a browser.</p></html>"
)
"""What a client that does not ask for HTML finds at ``/``; browsers get the pages."""


class App:
    """Answers every request of a server.

    Args:
        registry: finds the workspace of a token.
        callers: whose requests are answered.
    """

    def __init__(self, registry: Registry, callers: Callers) -> None:
        self._registry = registry
        self._callers = callers
        self._site = WorkspaceSite(registry)
        self._waiting = ThreadPoolExecutor(MOST_WAITING, "fake-databricks-waiting")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI event."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        incoming = Request(scope, receive)
        try:
            body = await incoming.body()
        except ClientDisconnect:
            return
        query = scope.get("query_string", b"").decode("latin-1")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        objection = self._callers.objection(headers, scope["path"])
        if objection:
            await _response(_refusal(PermissionDenied(objection)), scope["method"])(scope, receive, send)
            return
        if not _is_utf8(unquote_to_bytes(scope.get("raw_path") or b"")):
            refusal = InvalidParameter("The path of the request is not text in UTF-8.")
            await _response(_refusal(refusal), scope["method"])(scope, receive, send)
            return
        asked = dict(headers)
        url = f"{scope.get('scheme', 'http')}://{asked['host']}"
        request = HttpRequest(scope["method"], _path(scope["path"]), query, asked, body, url)
        try:
            reply = await self._answer(request)
        except asyncio.CancelledError:  # the server ends, and waits no longer for its requests
            reply = _refusal(TemporarilyUnavailable("This server is ending."))
        if reply is None:
            _cut(send)
            return
        await _response(reply, request.method)(scope, receive, send)

    async def _answer(self, request: HttpRequest) -> Reply | None:
        if self._site.is_asked(request):
            return await run_in_threadpool(self._site.answer, request)
        open_answer = self._open_answer(request)
        if open_answer is not None:
            return open_answer
        try:
            token = self._authenticate(request.headers)
        except ApiError as error:
            return _refusal(error)
        tenant = self._registry.known(token)
        if tenant is None:
            try:
                tenant = await run_in_threadpool(self._registry.tenant, token)
            except Exception as error:  # noqa: BLE001  it becomes the answer
                return _refusal(_unforeseen(error, request))
        started = time.time_ns() // 1_000_000
        is_control = request.path.startswith("/_fake")
        fault = None if is_control else tenant.faults.take(request.method, request.path)
        reply, is_known = await self._with_fault(request, token, tenant, fault)
        if not is_control:
            _record(tenant, request, reply, fault, started, is_known=is_known)
        return reply

    def _open_answer(self, request: HttpRequest) -> Reply | None:
        """Return the answer to a call that needs no token; None for every other call."""
        is_read = request.method in ("GET", "HEAD")
        if is_read and request.path == "/":
            return Reply(200, PAGE.encode(), {"Content-Type": "text/html; charset=utf-8"})
        if is_read and request.path == discovery.CONFIG:
            return _json(discovery.databricks_config(request.url, self._registry.only_workspace_id))
        if is_read and request.path == discovery.AUTHORIZATION_SERVER:
            return _json(discovery.authorization_server(request.url))
        if is_read and request.path == discovery.AUTHORIZE:
            refusal = "Nobody signs in here: use a token, or a client id and its secret."
            return OAuthError("unsupported_response_type", refusal).reply()
        if request.method == "POST" and request.path == discovery.TOKEN:
            return answer_token_request(self._registry.oauth, request.headers, request.body)
        return None

    async def _with_fault(
        self, request: HttpRequest, token: str, tenant: Tenant, fault: Fault | None
    ) -> tuple[Reply | None, bool]:
        if fault is None:
            return await self._dispatch(request, token, tenant)
        real_answer: tuple[Reply, bool] | None = None
        is_plain_delay = not fault.status and not fault.is_reset
        if fault.is_after or is_plain_delay:
            real_answer = await self._dispatch(request, token, tenant)
        if fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1000)
        if fault.is_reset:
            return None, True
        if is_plain_delay:
            assert real_answer is not None
            return real_answer
        return _json(dict(fault.body), fault.status, fault.headers), True

    async def _dispatch(self, request: HttpRequest, token: str, tenant: Tenant) -> tuple[Reply, bool]:
        found = _route(request)
        if found is None:
            shown = "/" + request.path.lstrip("/").partition("/")[2].partition("/")[2]
            return _refusal(EndpointNotFound(f"No API found for '{request.method} {shown}'")), False
        route, version, rest = found
        call = Call(
            tenant.workspace,
            self._registry.controls(token, tenant),
            version,
            request.headers,
            request.query,
            request.body,
            rest,
            notes=request.notes,
        )
        try:
            answer = await self._handle(route, call)
        except ApiError as error:
            return _refusal(error), True
        except Exception as error:  # noqa: BLE001  it becomes the answer
            if isinstance(error, OSError) and error.errno in CHANGED and route.is_slow:
                return _refusal(ChangedMeanwhile(CHANGED_SENTENCE)), True
            return _refusal(_unforeseen(error, request, str(tenant.workspace.folder))), True
        request.notes.extend(notes_of(route, call))
        reply = answer if isinstance(answer, Reply) else _json(answer)
        headers = {"X-Databricks-Org-Id": tenant.workspace.workspace_id, **reply.headers}
        return Reply(reply.status, reply.body, headers), True

    async def _handle(self, route: Route, call: Call) -> Reply | dict[str, Any]:
        """Call a handler where it holds up no other call: the threads for files are few."""
        if route.is_waiting:
            return await asyncio.get_running_loop().run_in_executor(self._waiting, route.handler, call)
        return await run_in_threadpool(route.handler, call) if route.is_slow else route.handler(call)

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
        return self._registry.admitted(token)


def _unforeseen(error: Exception, request: HttpRequest, folder: str = "") -> ApiError:
    """Return the refusal for an error that no handler foresees: a full disk, or a fault of this server."""
    if is_full(error):
        return DiskFull(sentence(error, folder))
    LOGGER.error("%s %s failed", request.method, request.path, exc_info=error)
    return ApiError(f"Internal error of fake_databricks: {type(error).__name__}: {error}")


def _route(request: HttpRequest) -> tuple[Route, str, str] | None:
    if request.path.startswith("/_fake"):
        control = routes.find_control(request.method, request.path.rstrip("/"))
        return None if control is None else (control, "", "")
    parts = request.path.split("/", 3)  # "", "api", version, rest
    if len(parts) < 4 or parts[1] != "api":  # noqa: PLR2004  the four parts of the line above
        return None
    found = routes.find(request.method, parts[2], "/" + parts[3])
    return None if found is None else (found[0], parts[2], found[1])


def _path(path: str) -> str:
    """Return the path of a request target, which may be a whole URL, as a proxy receives it."""
    if path.startswith(("http://", "https://")):
        return urlsplit(path).path or "/"
    return path


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _basic_token(credential: str) -> str:
    """Return the token of ``token:<token>``; any other user has no workspace here."""
    try:
        user, _, password = from_base64(credential).decode().partition(":")
    except ValueError:  # no base64, or no text
        return ""
    return password if user == "token" else ""


def _json(document: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    # a text with half of a surrogate pair that a program has made is escaped, as JSON may
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace")
    return Reply(status, body, {"Content-Type": JSON, **(headers or {})})


def _refusal(error: ApiError) -> Reply:
    headers = {"X-Databricks-Reason-Phrase": error.message} if isinstance(error.error_code, int) else {}
    return _json(error.envelope(), error.status, headers)


def _response(reply: Reply, method: str) -> Response:
    headers = {"Server": "databricks", **reply.headers}
    is_empty = reply.status in WITHOUT_BODY
    if method == "HEAD" and not is_empty:
        headers.setdefault("Content-Length", str(len(reply.body)))
    response = Response(b"" if is_empty or method == "HEAD" else reply.body, reply.status, headers)
    if reply.status == 204:  # noqa: PLR2004  No Content has no length
        del response.headers["content-length"]
    return response


def _cut(send: Send) -> None:
    """Cut the connection, as a network fault does; uvicorn's request cycle holds the transport."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("A fault cuts this connection.")
    transport.abort()


def _record(  # noqa: PLR0913  the fields of an entry
    tenant: Tenant,
    request: HttpRequest,
    reply: Reply | None,
    fault: Fault | None,
    started: int,
    *,
    is_known: bool,
) -> None:
    is_secret = "/secrets/" in request.path or request.path.endswith("/token/create")
    headers = dict(request.headers)
    answered = None if reply is None else reply.body
    if "authorization" in headers:
        kind, _, credential = headers["authorization"].partition(" ")
        headers["authorization"] = f"{kind} {MASK}"
        if answered and credential:  # an answer may say with which credential a part is sent
            answered = answered.replace(credential.encode(errors="replace"), MASK.encode())
    tenant.journal.add(
        time=started,
        method=request.method,
        path=request.path.translate(_NOT_IN_PATHS) + (f"?{request.query}" if request.query else ""),
        headers=headers,
        request=_body_for_journal(request.body, is_secret=is_secret),
        status=0 if reply is None else reply.status,
        response=None if answered is None else _body_for_journal(answered, is_secret=is_secret),
        fault="" if fault is None else fault.name,
        is_known=is_known,
        notes=tuple(request.notes),
    )


def _body_for_journal(body: bytes, *, is_secret: bool) -> bytes | str:
    """Return a body for the journal; a long one is replaced by a note of its size."""
    if is_secret:
        try:
            return (
                json.dumps(hide_secrets(read_document(body), is_secret_call=True)).encode() if body else b""
            )
        except MalformedRequest:
            return MASK
    return body if len(body) <= MAX_BODY else f"[{len(body)} bytes]"


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
