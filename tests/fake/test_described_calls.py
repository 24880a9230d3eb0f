"""Mutated requests of every call that `contract/openapi/databricks.yaml` describes."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any, Iterator
from urllib.parse import urlencode

import pytest

from tests.contract.described import Description

if TYPE_CHECKING:
    from tests.fake.conftest import Answer, Client

DATABRICKS = Description("databricks")
HOSTILE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    2**31,
    2**70,
    "",
    "x",
    "\u00b2",
    "-1",
    "x" * 300,
    "a\x00b",
    "../..",
    "\u00e4",
    [],
    [None],
    [[None]],
    [{}],
    {},
    {"a": None},
    {"": []},
)
TASK = {
    "task_key": "a",
    "existing_cluster_id": "none",
    "spark_python_task": {"python_file": "dbfs:/p.py", "parameters": ["x"]},
    "depends_on": [],
    "libraries": [{"pypi": {"package": "x"}}],
    "max_retries": 0,
    "timeout_seconds": 0,
}
JOB = {
    "name": "n",
    "existing_cluster_id": "none",
    "spark_python_task": {"python_file": "dbfs:/p.py", "parameters": ["x"]},
    "timeout_seconds": 5,
    "max_concurrent_runs": 1,
    "max_retries": 0,
    "min_retry_interval_millis": 0,
    "retry_on_timeout": False,
    "email_notifications": {"on_start": ["a"], "on_success": ["a"], "on_failure": ["a"]},
    "webhook_notifications": {"on_success": [{"id": "w"}]},
    "access_control_list": [{"user_name": "u", "permission_level": "CAN_VIEW"}],
    "tags": {"a": "b"},
    "queue": {"enabled": True},
    "run_as": {"user_name": "u"},
}
TASKS_JOB = {
    "name": "t",
    "tasks": [TASK, {**TASK, "task_key": "b", "depends_on": [{"task_key": "a"}]}],
    "job_clusters": [{"job_cluster_key": "k", "new_cluster": {"spark_version": "15.4.x-scala2.12"}}],
    "parameters": [{"name": "p", "default": "d"}],
}
COMMAND = {"clusterId": "none", "contextId": "c", "language": "python", "command": "1"}
BODIES: dict[str, tuple[dict[str, Any], ...]] = {
    "/api/2.0/commands/execute": (COMMAND,),
    "/api/2.0/commands/status": ({"clusterId": "none", "commandId": "c"},),
    "/api/1.2/contexts/create": ({"clusterId": "none", "language": "python"},),
    "/api/1.2/contexts/status": ({"clusterId": "none", "contextId": "c"},),
    "/api/1.2/contexts/destroy": ({"clusterId": "none", "contextId": "c"},),
    "/api/1.2/commands/execute": (COMMAND,),
    "/api/1.2/commands/status": ({"clusterId": "none", "contextId": "c", "commandId": "c"},),
    "/api/1.2/commands/cancel": ({"clusterId": "none", "contextId": "c", "commandId": "c"},),
    "/api/2.1/jobs/create": (JOB, TASKS_JOB),
    "/api/2.1/jobs/update": (
        {"job_id": 12345, "new_settings": JOB, "fields_to_remove": ["tags", "tasks/a"]},
    ),
    "/api/2.1/jobs/reset": ({"job_id": 12345, "new_settings": TASKS_JOB},),
    "/api/2.1/jobs/delete": ({"job_id": 1},),
    "/api/2.1/jobs/get": ({"job_id": 12345},),
    "/api/2.1/jobs/list": ({"limit": 1, "offset": 0, "page_token": "", "name": "n", "expand_tasks": True},),
    "/api/2.1/jobs/run-now": (
        {"job_id": 12345, "python_params": ["x"], "idempotency_token": "t", "queue": {"enabled": True}},
        {"job_id": 12345, "job_parameters": {"p": "x"}, "only": ["a"]},
    ),
    "/api/2.1/jobs/runs/submit": ({**TASKS_JOB, "run_name": "r", "idempotency_token": "u"}, JOB),
    "/api/2.1/jobs/runs/get": ({"run_id": 98765, "include_history": True},),
    "/api/2.1/jobs/runs/get-output": ({"run_id": 98765},),
    "/api/2.1/jobs/runs/list": (
        {
            "job_id": 12345,
            "limit": 1,
            "offset": 0,
            "page_token": "",
            "active_only": True,
            "run_type": "JOB_RUN",
            "start_time_from": 0,
            "start_time_to": 0,
            "expand_tasks": True,
        },
    ),
    "/api/2.1/jobs/runs/cancel": ({"run_id": 98765},),
    "/api/2.0/secrets/scopes/create": ({"scope": "s", "initial_manage_principal": "users"},),
    "/api/2.0/secrets/scopes/delete": ({"scope": "gone"},),
    "/api/2.0/secrets/put": (
        {"scope": "s", "key": "k", "string_value": "v"},
        {"scope": "s", "key": "k", "bytes_value": "eA=="},
    ),
    "/api/2.0/secrets/get": ({"scope": "s", "key": "k"},),
    "/api/2.0/secrets/list": ({"scope": "s"},),
    "/api/2.0/secrets/delete": ({"scope": "s", "key": "gone"},),
    "/api/2.0/secrets/acls/list": ({"scope": "s"},),
    "/api/2.0/dbfs/put": ({"path": "/f", "contents": "eA==", "overwrite": True},),
}
LENIENT = re.compile(
    r"(''|None) is not of type|'-?\d+' is not of type 'integer'|: [-\d.e+]+ is not of type 'string'"
)
"""null and an empty text count as absent; a number may be text, and text a number, as clients send them."""
OPERATIONS = sorted(DATABRICKS.operations())


def mutations(document: Any) -> Iterator[Any]:
    """Return the document with another value in the place of each of its values."""
    yield from HOSTILE
    pairs: list[tuple[Any, Any]] = []
    if isinstance(document, dict):
        pairs = list(document.items())
    elif isinstance(document, list):
        pairs = list(enumerate(document))
    for key, value in pairs:
        for other in mutations(value):
            changed = copy.copy(document)
            changed[key] = other
            yield changed


def is_failure(answer: Answer) -> bool:
    """Whether the server itself has failed; the API 1.2 refuses with 500, in an envelope of its own."""
    return answer.status >= 500 and "error_code" in answer.body


class TestDescribedCalls:
    """never 500: no undocumented status, no schema violation; accepted though the schema forbids: refused"""

    @pytest.mark.parametrize(("method", "path"), OPERATIONS)
    def test_no_mutation_of_a_request_is_a_failure_of_the_server(
        self, client: Client, method: str, path: str
    ) -> None:
        client.post("/api/2.1/jobs/create", **JOB)
        client.post("/api/2.1/jobs/create", **TASKS_JOB)
        client.post("/api/2.0/secrets/scopes/create", scope="s", initial_manage_principal="users")
        complaints = []
        for body in BODIES.get(path, ({},)):
            for changed in mutations(body):
                if not isinstance(changed, dict):
                    continue
                sent = json.dumps(changed).encode()
                answer = client.send(method, path, sent)
                said = DATABRICKS.answer_complaints(method, path, answer.status, answer.body)
                if said or is_failure(answer):
                    complaints.append((answer.status, sent[:300], answer.content[:200], said))
                if method == "POST" and answer.status == 200:
                    wrong = [
                        each
                        for each in DATABRICKS.request_complaints(method, path, changed)
                        if not LENIENT.search(each)
                    ]
                    if wrong:
                        complaints.append((answer.status, sent[:300], b"accepted", wrong))
                if method == "GET":
                    query = client.send(method, f"{path}?{urlencode(changed, doseq=True)}")
                    if is_failure(query):
                        complaints.append((query.status, sent[:300], query.content[:200], []))
        assert not complaints, "\n".join(map(str, complaints))
        for listing in ("/api/2.1/jobs/list", "/api/2.1/jobs/runs/list", "/_fake/journal"):
            assert client.send("GET", listing).status == 200
