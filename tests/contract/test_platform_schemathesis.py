"""Schemathesis on every call that `contract/openapi/platform.yaml` describes; it needs Python 3.11."""

from __future__ import annotations

import http.client
import json
from typing import Any, Iterator
from urllib.parse import urlsplit

import pytest

from contract import corpus
from contract.receiver import Receiver
from tests.contract.described import Description
from tests.contract.schemathesis_calls import described_by, try_call
from tests.waiting import LONGEST

OPERATIONS = sorted(Description("platform").operations())
STATUSES = {200, 400, 401, 403, 404, 409, 413, 415, 422}
EXAMPLES = 25
"""For each call and mode: all of them together then take some seconds."""
KEY = "nv-key"


@pytest.fixture(scope="module")
def described() -> Any:
    return described_by("platform")


@pytest.fixture(scope="module", name="url")
def _url() -> Iterator[str]:
    with Receiver(KEY) as receiver:
        yield receiver.url


class TestEveryCall:
    """Its OpenAPI is `contract/openapi/platform.yaml`, held by schemathesis"""

    @pytest.mark.parametrize(("method", "path"), OPERATIONS)
    def test_no_failure_no_other_status_and_no_other_body(
        self, url: str, described: Any, method: str, path: str
    ) -> None:
        try_call(described[path][method], url, KEY, EXAMPLES, lambda answer: answer.status_code in STATUSES)

    def test_what_has_come_is_shown_as_described(self, url: str) -> None:
        platform = Description("platform")
        of_table = {"source_id": "s", "tenant_id": "t", "table_id": "x"}
        body = corpus.transmissions()["request"]["request"]["body"]
        source = {
            "source_id": "s", "tenant_id": "t", "source_name": "n", "source_path": "/n", "source_type": "csv",
            "files_found": 1, "total_size_bytes": 1, "metadata_version": 1,
        }  # fmt: skip
        table = {
            **of_table, "table_name": "n", "file_format": "csv", "row_count": 1, "column_count": 0,
            "overall_score": None, "details": None, "removed_at": None,
        }  # fmt: skip
        whole = {
            **body,
            "tenant_id": "t",
            "metadata": {"sources": [source], "tables": [table], "columns": []},
        }
        template = "/api/metadata/{tenant}/tables/{table}/history"

        answers = [
            ("POST", "/api/metadata", ask(url, "POST", "/api/metadata", json.dumps(whole))),
            ("GET", "/api/metadata", ask(url, "GET", "/api/metadata?tenant_id=t")),
            ("GET", "/api/metadata", ask(url, "GET", "/api/metadata?tenant_id=t&limit=1")),
            ("GET", template, ask(url, "GET", "/api/metadata/t/tables/x/history")),
        ]

        assert "next_page_token" in answers[2][2][1]
        for method, path, (status, answered) in answers:
            assert status == 200
            assert platform.answer_complaints(method, path, status, answered) == []

    def test_a_delta_without_its_base_is_answered_as_described(self, url: str) -> None:
        body = corpus.transmissions()["request"]["request"]["body"]
        source = {
            "source_id": "u", "tenant_id": "t", "source_name": "n", "source_path": "/n", "source_type": "csv",
            "files_found": 1, "total_size_bytes": 1, "metadata_version": 3, "base_version": 2,
        }  # fmt: skip
        metadata = {"sources": [source], "tables": [], "columns": []}
        text = json.dumps({**body, "tenant_id": "t", "metadata": metadata})
        status, answered = ask(url, "POST", "/api/metadata", text)
        assert (status, answered["missing_base"]) == (409, ["u"])
        complaints = Description("platform").answer_complaints("POST", "/api/metadata", status, answered)
        assert complaints == []


def ask(url: str, method: str, path: str, body: str = "") -> Any:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=LONGEST)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found
