"""Stands between the socket and the application: plays faults, keeps web pages out, notes each answer."""

from __future__ import annotations

import asyncio
import json
from typing import (
    TYPE_CHECKING,
    Any,
    Awaitable,
    Callable,
    List,
    Mapping,
    MutableMapping,
    Optional,
    Protocol,
    Sequence,
    Tuple,
)
from urllib.parse import urlsplit

from contract.receiver.answers import Answer, Refused, refusal
from contract.receiver.app import METADATA_PATH, as_response

if TYPE_CHECKING:
    from contract.receiver.faults import Fault, FaultQueue
    from contract.receiver.keys import Grant, Keys
    from contract.receiver.refusals import Refusals

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Note = Callable[[str, str, Optional[int]], None]
CONTROL = "/_receiver/"
TAKEN = range(200, 300)
MAX_DIGITS = 18


class Refuse(Protocol):
    """Notes that a request is refused."""

    def __call__(self, status: Optional[int], said: str, more: str = "") -> None:
        """Note the status and the sentence of the answer, and what happened besides."""


class Faulty:
    """An ASGI application around another.

    Args:
        app: what answers as usual.
        faults: what goes wrong.
        refusals: gets each request that is not taken.
        keys: whose faults and refusals they are.
        note: called for each request with method, path and status; ``None`` for a closed connection.
    """

    def __init__(self, app: App, faults: FaultQueue, refusals: Refusals, keys: Keys, note: Note) -> None:
        self._app, self._faults, self._refusals = app, faults, refusals
        self._keys, self._note = keys, note

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = _Sent(scope, receive)
        grant, objection = self._grant(request.headers)

        def refuse(status: Optional[int], said: str, more: str = "") -> None:
            if request.is_noted:  # of a request without a known key no word is shown to anybody
                said = "; ".join(filter(None, (objection or said, more)))
                self._refusals.note(grant, status, said, request.size, request.tenant)

        if is_of_a_foreign_page(request.headers):
            answer = refusal(403, "foreign_page", "a web page of another site may not use this server").answer
            refuse(answer.status, said_in(answer.body))
            self._note(request.method, request.path, answer.status)
            await as_response(answer)(scope, receive, send)
            return
        is_body = request.method == "POST" and request.path == METADATA_PATH
        fault = self._faults.take(grant) if is_body else None
        if fault is None:
            await self._pass_on(request, send, refuse)
        else:
            await self._fail(request, send, fault, refuse)

    async def _pass_on(self, request: _Sent, send: Send, refuse: Refuse) -> None:
        answer: List[Message] = []

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(request.method, request.path, message["status"])
                answer.append(message)
            elif answer[0]["status"] not in TAKEN:
                answer.append(message)
                if not message.get("more_body"):
                    usual = _read(answer)
                    refuse(usual.status, said_in(usual.body) or usual.headers.get("location", ""))
            await send(message)

        await self._app(request.scope, request.receive, noting)

    async def _fail(self, request: _Sent, send: Send, fault: Fault, refuse: Refuse) -> None:
        usual = await self._usual(request) if fault.asks_the_platform else None
        if usual is None:
            await _drain(request.receive)
        answer = fault.answer(usual)
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        status = answer.status if answer else None
        said = said_in(usual.body) if usual and usual.status not in TAKEN else ""
        if said or fault.loses_the_answer:
            refuse(status, said, f"a fault that was asked for: {fault.does}")
        self._note(request.method, request.path, status)
        if answer is None:
            _transport(send).abort()  # the client sees a reset, as from a machine that went down
        else:
            await _send_faulty(answer, fault, send)

    def _grant(self, headers: Mapping[str, str]) -> Tuple[Optional[Grant], str]:
        """Return what the key of a request may do, or why there is no such key."""
        try:
            return self._keys.grant_of(headers.get("authorization", "")), ""
        except Refused as refused:
            return None, said_in(refused.answer.body)

    async def _usual(self, request: _Sent) -> Answer:
        messages: List[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(request.scope, request.receive, keep)
        return _read(messages)


class _Sent:
    """A request, and what may be noted of it: no header, and of its body the tenant and the size."""

    def __init__(self, scope: Message, receive: Receive) -> None:
        self.scope, self._receive, self._received = scope, receive, 0
        self.method, self.path = scope["method"], scope["path"]
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self._state = scope.setdefault("state", {})

    async def receive(self) -> Message:
        """Return the next part of the body."""
        message = await self._receive()
        self._received += len(message.get("body", b""))
        return message

    @property
    def is_noted(self) -> bool:
        """Whether it was sent to store something; forms of pages and what controls the receiver are not."""
        reads = self.method in ("GET", "HEAD", "OPTIONS")
        return not (reads or self.path.startswith(CONTROL) or self._state.get("is_of_a_page"))

    @property
    def size(self) -> int:
        """The bytes of the body: as many as were read, or as its header says where it was not read."""
        declared = self.headers.get("content-length", "")
        is_number = declared.isascii() and declared.isdigit() and len(declared) <= MAX_DIGITS
        return max(self._received, int(declared) if is_number else 0)

    @property
    def tenant(self) -> str:
        """The tenant that the body names, as far as it was read."""
        return str(self._state.get("tenant", ""))


def said_in(body: Any) -> str:
    """Return the sentence of a refusal."""
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("message", "")) if isinstance(error, dict) else ""


def _read(messages: Sequence[Message]) -> Answer:
    """Return the answer of which these are the parts; what is no JSON counts as no body."""
    content = b"".join(message.get("body", b"") for message in messages[1:])
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in messages[0]["headers"]}
    is_json = headers.get("content-type") == "application/json"
    return Answer(messages[0]["status"], json.loads(content) if is_json else None, headers)


def is_of_a_foreign_page(headers: Mapping[str, str]) -> bool:
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
