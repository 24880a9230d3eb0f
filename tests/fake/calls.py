"""Calls without a socket: from a request line to the handler of its route, on a quiet workspace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Mapping

import pytest

from fake_databricks.errors import ApiError
from fake_databricks.request.call import Call, Controls, Reply
from fake_databricks.web import routes
from fake_databricks.web.faults import FaultTable
from fake_databricks.web.journal import Journal

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet

TOKEN = {"authorization": "Bearer token"}


def call_of(quiet: Quiet, target: str, content: bytes = b"", headers: Mapping[str, str] = TOKEN) -> Call:
    """The call of ``/api/<version>/<rest>?<query>``, without a route."""
    path, _, query = target.partition("?")
    controls = Controls(FaultTable(), Journal(), lambda: None)
    return Call(quiet.workspace, controls, path.split("/")[2], headers, query, content)


def answer(quiet: Quiet, request: str, body: Mapping[str, Any] | bytes = b"") -> Reply | dict[str, Any]:
    """What the handler of ``GET /api/2.1/...`` returns; ``body`` is a JSON object or bytes."""
    method, _, target = request.partition(" ")
    _, _, version, rest = target.partition("?")[0].split("/", 3)
    found = routes.find(method, version, f"/{rest}")
    assert found is not None, request
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    call = call_of(quiet, target, content)
    call.rest = found[1]
    return found[0].handler(call)


def view(quiet: Quiet, request: str, body: Mapping[str, Any] | bytes = b"") -> dict[str, Any]:
    """The answer of a handler that returns a JSON object."""
    answered = answer(quiet, request, body)
    assert isinstance(answered, dict)
    return answered


def refusal(quiet: Quiet, request: str, body: Mapping[str, Any] | bytes = b"") -> tuple[int, Any, str]:
    """Status, code and message of a request that is refused."""
    with pytest.raises(ApiError) as caught:
        answer(quiet, request, body)
    return caught.value.status, caught.value.error_code, caught.value.message
