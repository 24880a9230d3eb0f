"""Puts the pages before the calls: what a browser asks for is answered here, all else goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Awaitable, Callable, MutableMapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from fake_databricks.request.asked import HttpRequest

if TYPE_CHECKING:
    from fake_databricks.ui.site import Site

MAX_FORM_BYTES = 64_000
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class WithPages:
    """An ASGI application around another.

    Args:
        app: what answers programs.
        site: what answers browsers.
    """

    def __init__(self, app: App, site: Site) -> None:
        self._app, self._site = app, site

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope.get("query_string", b"").decode("latin-1")
        url = f"{scope.get('scheme', 'http')}://{headers.get('host', '')}"
        request = HttpRequest(scope["method"], scope["path"], query, headers, b"", url)
        if not self._site.is_asked(request):
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["is_of_a_page"] = True  # what it refuses is no body
        try:
            body = await _form(Request(scope, receive))
        except ClientDisconnect:
            return
        reply = await run_in_threadpool(self._site.answer, replace(request, body=body))
        is_head = request.method == "HEAD"
        more = {"Content-Length": str(len(reply.body))} if is_head else {}
        response = Response(b"" if is_head else reply.body, reply.status, {**reply.headers, **more})
        await response(scope, receive, send)


async def _form(request: Request) -> bytes:
    """Return the body of a form; what is larger than any of these pages sends counts as empty."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MAX_FORM_BYTES:
            return b""
    return content
