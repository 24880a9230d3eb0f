"""Stands between the socket and the application: plays faults, keeps web pages out, notes each answer."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Awaitable, Callable, List, MutableMapping, Optional
from urllib.parse import urlsplit

from contract.receiver.answers import Answer, Refused, refusal
from contract.receiver.app import METADATA_PATH, as_response

if TYPE_CHECKING:
    from contract.receiver.faults import Fault, FaultQueue
    from contract.receiver.keys import Grant, Keys

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Note = Callable[[str, str, Optional[int]], None]


class Faulty:
    """An ASGI application around another.

    Args:
        app: what answers as usual.
        faults: what goes wrong.
        keys: whose faults they are.
        note: called for each request with method, path and status; ``None`` for a closed connection.
    """

    def __init__(self, app: App, faults: FaultQueue, keys: Keys, note: Note) -> None:
        self._app, self._faults, self._keys, self._note = app, faults, keys, note

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method, path = scope["method"], scope["path"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if is_of_a_foreign_page(headers):
            refused = refusal(
                403, "foreign_page", "a web page of another site may not use this server"
            ).answer
            self._note(method, path, refused.status)
            await as_response(refused)(scope, receive, send)
            return
        fault = None
        if method == "POST" and path == METADATA_PATH:
            fault = self._faults.take(self._grant(headers))
        if fault is None:

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._note(method, path, message["status"])
                await send(message)

            await self._app(scope, receive, noting)
            return
        usual = await self._usual(scope, receive) if fault.asks_the_platform else None
        if usual is None:
            await _drain(receive)
        answer = fault.answer(usual)
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        self._note(method, path, answer.status if answer else None)
        if answer is None:
            _transport(send).abort()  # the client sees a reset, as from a machine that went down
        else:
            await _send_faulty(answer, fault, send)

    def _grant(self, headers: MutableMapping[str, str]) -> Optional[Grant]:
        try:
            return self._keys.grant_of(headers.get("authorization", ""))
        except Refused:
            return None

    async def _usual(self, scope: Message, receive: Receive) -> Answer:
        messages: List[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        content = b"".join(message.get("body", b"") for message in messages[1:])
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in messages[0]["headers"]}
        return Answer(messages[0]["status"], json.loads(content or b"null"), headers)


def is_of_a_foreign_page(headers: MutableMapping[str, str]) -> bool:
    """Whether a web browser sends this for a page that did not come from here: it names it in ``Origin``."""
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    except ValueError:
        return True


async def _drain(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body"):
            return


async def _send_faulty(answer: Answer, fault: Fault, send: Send) -> None:
    response = as_response(answer)
    content = bytes(response.body)
    shown = content if fault.cut_after < 0 else content[: fault.cut_after]
    await send({"type": "http.response.start", "status": answer.status, "headers": response.raw_headers})
    if fault.pause_seconds:
        for index in range(len(shown)):
            await asyncio.sleep(fault.pause_seconds)
            await send({"type": "http.response.body", "body": shown[index : index + 1], "more_body": True})
    elif shown:
        await send({"type": "http.response.body", "body": shown, "more_body": True})
    if len(shown) < len(content):
        _transport(send).close()  # what was sent still arrives
        return
    await send({"type": "http.response.body", "body": b""})


def _transport(send: Send) -> Any:
    """Return the connection; uvicorn's request cycle holds it."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("A fault closes this connection.")
    return transport
