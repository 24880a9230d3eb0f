"""The calls over HTTP, with Starlette. Each returns an :class:`Answer` or raises a :class:`Refused`."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any, Awaitable, Callable, Optional

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from contract.receiver.answers import Answer, Refused, refusal
from contract.receiver.intake import MAX_BODY_BYTES, check_headers, check_shape, named_tenant, read_body
from contract.receiver.paging import asked_part, page_token

if TYPE_CHECKING:
    from contract.receiver.faults import FaultQueue
    from contract.receiver.keys import Grant, Keys
    from contract.receiver.store import Store

METADATA_PATH = "/api/metadata"
HEALTH_PATH = "/health"
FAULTS_PATH = "/_receiver/faults"
DELIVERIES_PATH = "/_receiver/deliveries"
HISTORY_PATH = METADATA_PATH + "/{tenant:path}/tables/{table}/history"
_MAX_FAULT_BYTES = 1_000_000
Endpoint = Callable[[Request], Awaitable[Response]]


def build_app(store: Store, keys: Keys, faults: FaultQueue, now: Callable[[], str]) -> Starlette:
    """Return the ASGI application.

    Args:
        store: what came.
        keys: who may speak.
        faults: filled by ``/_receiver/faults``; :mod:`.faulty` plays them.
        now: the present, ISO 8601.
    """
    calls = _Calls(store, keys, faults, now)
    return Starlette(
        routes=[
            Route(HEALTH_PATH, _answered(calls.health), methods=["GET"]),
            Route(METADATA_PATH, _answered(calls.metadata), methods=["GET", "POST"]),
            Route(HISTORY_PATH, _answered(calls.history), methods=["GET"]),
            Route(DELIVERIES_PATH, _answered(calls.deliveries), methods=["GET"]),
            Route(FAULTS_PATH, _answered(calls.faults), methods=["GET", "POST", "DELETE"]),
        ],
        exception_handlers={404: _not_found, 405: _other_method},
    )


def as_response(answer: Answer, *, is_head: bool = False) -> Response:
    """Return the HTTP response of an answer."""
    content = json.dumps(answer.body).encode()
    own = {name.lower(): value for name, value in answer.headers.items()}
    headers = {"content-type": "application/json", **own, "content-length": str(len(content))}
    if answer.status in (204, 304):
        content = b""
        del headers["content-length"]
    return Response(b"" if is_head else content, answer.status, headers)


class _Calls:
    """The endpoints of one receiver."""

    def __init__(self, store: Store, keys: Keys, faults: FaultQueue, now: Callable[[], str]) -> None:
        self._store, self._keys, self._faults, self._now = store, keys, faults, now

    async def health(self, _: Request) -> Answer:
        return Answer(200, {"status": "ok"})

    async def metadata(self, request: Request) -> Answer:
        grant = self._grant(request)
        if request.method == "POST":
            return await self._receive(request, grant)
        tenant = _asked_tenant(request, grant)
        if tenant is None:
            raise refusal(400, "missing_tenant", "wanted the tenant: /api/metadata?tenant_id=...")
        limit, after = asked_part(request.query_params)
        if limit is None:
            return Answer(200, await run_in_threadpool(self._store.state_of, tenant))
        state, last = await run_in_threadpool(self._store.part_of, tenant, limit, after)
        return Answer(200, {**state, **({"next_page_token": page_token(last)} if last else {})})

    async def _receive(self, request: Request, grant: Grant) -> Answer:
        check_headers(request.headers)
        content = await _content(request, MAX_BODY_BYTES)
        count = await run_in_threadpool(self._stored, request, grant, content)
        # RFC 9110, 12.5.3: a server that takes a compressed request says so in an answer.
        return Answer(200, {"status": "received", "record_count": count}, {"Accept-Encoding": "gzip"})

    def _stored(self, request: Request, grant: Grant, content: bytes) -> int:
        headers = dict(request.headers)
        body, text = read_body(headers, content)
        request.state.tenant = named_tenant(body)  # for the note of a refusal
        check_shape(body)
        grant.check(body["tenant_id"])
        key = headers.get("idempotency-key") or None
        kept = {**headers, "authorization": "Bearer [REDACTED]"}
        return self._store.accept(body, text, kept, key, self._now())

    async def history(self, request: Request) -> Answer:
        tenant, table = request.path_params["tenant"], request.path_params["table"]
        self._grant(request).check(tenant)
        found = await run_in_threadpool(self._store.history_of, tenant, table)
        if not found:
            raise refusal(
                404, "not_found", f"nothing has come of a table {table[:100]!r} of {tenant[:100]!r}"
            )
        versions = [
            {
                "metadata_version": each.version.number if each.version else None,
                "job_id": job,
                "received_at": received_at,
                "table": json.loads(each.table.text),
                "columns": [json.loads(row.text) for row in each.columns],
            }
            for each, job, received_at in found
        ]
        return Answer(200, {"tenant_id": tenant, "table_id": table, "versions": versions})

    async def deliveries(self, request: Request) -> Answer:
        grant = self._grant(request)
        tenant = _asked_tenant(request, grant)
        if tenant is None and not grant.is_for_all:
            raise refusal(400, "missing_tenant", f"wanted the tenant: {DELIVERIES_PATH}?tenant_id=...")
        found = await run_in_threadpool(self._store.received, tenant)
        shown = [
            {
                "number": each.number,
                "received_at": each.received_at,
                "tenant_id": each.tenant_id,
                "job_id": each.body["job_id"],
                "idempotency_key": each.idempotency_key,
                "page": each.body.get("page"),
                "record_count": each.record_count,
            }
            for each in found
        ]
        return Answer(200, {"deliveries": shown})

    async def faults(self, request: Request) -> Answer:
        grant = self._grant(request)
        if request.method == "DELETE":
            self._faults.clear(grant)
        elif request.method == "POST":
            content = await _content(request, _MAX_FAULT_BYTES)
            try:
                document = json.loads(content)
            except (ValueError, RecursionError):
                raise refusal(400, "invalid_json", "the body is no JSON") from None
            self._faults.ask(document, grant)
        return Answer(200, {"faults": self._faults.waiting(grant)})

    def _grant(self, request: Request) -> Grant:
        return self._keys.grant_of(request.headers.get("authorization", ""))


def _asked_tenant(request: Request, grant: Grant) -> Optional[str]:
    tenant = request.query_params.get("tenant_id") or None
    if tenant is not None:
        grant.check(tenant)
    return tenant


async def _content(request: Request, max_bytes: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > max_bytes:
            raise refusal(413, "too_large", f"wanted at most {max_bytes} bytes, got more")
        parts.append(part)
    return b"".join(parts)


def _answered(call: Callable[[Request], Awaitable[Answer]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            answer = await call(request)
        except Refused as refused:
            answer = refused.answer
        except ClientDisconnect:
            answer = refusal(400, "incomplete", "the connection ended before the whole body had come").answer
        except sqlite3.Error as error:  # a full disk, a file that another program holds
            answer = refusal(503, "storage", f"it could not be stored: {error}; send it again").answer
        return as_response(answer, is_head=request.method == "HEAD")

    return endpoint


async def _not_found(request: Request, _: Exception) -> Response:
    said = f"there is no {request.url.path[:200]} here: metadata is posted to {METADATA_PATH}"
    return as_response(refusal(404, "not_found", said).answer)


async def _other_method(request: Request, error: Any) -> Response:
    allowed = ", ".join(sorted({*error.headers.get("Allow", "").split(", ")} - {"HEAD"}))
    said = f"{request.url.path[:200]} takes {allowed}, not {request.method}"
    answer = refusal(405, "method_not_allowed", said).answer
    return as_response(Answer(answer.status, answer.body, {"Allow": allowed}))
