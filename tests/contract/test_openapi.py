"""`contract/openapi`: whole, without a dead part, and true of the cases and of the receiver."""

from __future__ import annotations

import copy
import json
from http.client import HTTPConnection
from typing import Any, Dict, Iterator, List
from urllib.parse import urlsplit

import jsonschema
import pytest

from contract import corpus
from contract.patterns import references as variables
from contract.patterns import resolve
from contract.receiver import Receiver
from tests.contract.described import JSON, OPENAPI, Description, references
from tests.waiting import LONGEST

DATABRICKS, PLATFORM = Description("databricks"), Description("platform")
DOCUMENTS = {"databricks": DATABRICKS, "platform": PLATFORM}
NOT_THERE = "endpoint/unknown"  # the case of a path that nobody has
CASES = [case for case in corpus.cases() if case["id"] != NOT_THERE]
TRANSMISSIONS = corpus.transmissions()
POST = ("POST", "/api/metadata")

TEXT = {"type": "string", "minLength": 1}
CONTENT = {
    "type": "object",
    "required": [JSON],
    "additionalProperties": False,
    "properties": {
        JSON: {
            "type": "object",
            "required": ["schema"],
            "additionalProperties": False,
            "properties": {"schema": {"type": "object"}},
        }
    },
}
PARAMETER = {
    "type": "object",
    "required": ["name", "in", "schema"],
    "additionalProperties": False,
    "properties": {
        "name": TEXT,
        "in": {"enum": ["query", "header", "path"]},
        "description": TEXT,
        "required": {"type": "boolean"},
        "schema": {"type": "object"},
    },
}
RESPONSE = {
    "type": "object",
    "required": ["description", "content"],
    "additionalProperties": False,
    "properties": {
        "description": TEXT,
        "content": CONTENT,
        "headers": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["description", "schema"],
                "additionalProperties": False,
                "properties": {"description": TEXT, "schema": {"type": "object"}},
            },
        },
    },
}
OPERATION = {
    "type": "object",
    "required": ["operationId", "summary", "responses"],
    "additionalProperties": False,
    "properties": {
        "operationId": {"type": "string", "pattern": "^[a-z][A-Za-z]+$"},
        "tags": {"type": "array", "items": TEXT},
        "summary": TEXT,
        "parameters": {"type": "array", "items": PARAMETER},
        "requestBody": {
            "type": "object",
            "required": ["content"],
            "additionalProperties": False,
            "properties": {"required": {"type": "boolean"}, "content": CONTENT},
        },
        "responses": {
            "type": "object",
            "required": ["200"],
            "additionalProperties": False,
            "patternProperties": {"^([1-5]([0-9]{2}|XX)|default)$": RESPONSE},
        },
    },
}
DOCUMENT = {
    "type": "object",
    "required": ["openapi", "info", "servers", "security", "paths", "components"],
    "additionalProperties": False,
    "properties": {
        "openapi": {"const": "3.1.0"},
        "info": {"type": "object", "required": ["title", "version", "summary", "description"]},
        "servers": {"type": "array", "items": {"type": "object", "required": ["url", "variables"]}},
        "security": {"type": "array", "items": {"type": "object"}},
        "tags": {"type": "array", "items": {"type": "object", "required": ["name", "description"]}},
        "paths": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {
                "^/api/[a-z0-9./{}-]+$": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"get": OPERATION, "post": OPERATION},
                }
            },
        },
        "components": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "securitySchemes": {"type": "object"},
                "parameters": {"type": "object", "additionalProperties": PARAMETER},
                "responses": {"type": "object", "additionalProperties": RESPONSE},
                "schemas": {"type": "object"},
            },
        },
    },
}


def schemas_in(node: Any) -> Iterator[Any]:
    """Every schema of an operation, a component or an answer."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "schema":
                yield value
            else:
                yield from schemas_in(value)
    elif isinstance(node, list):
        for each in node:
            yield from schemas_in(each)


def statuses(case: Dict[str, Any]) -> List[int]:
    said = case["response"]["status"]
    return said if isinstance(said, list) else [said]


def identity(case: Dict[str, Any]) -> str:
    return str(case["id"])


@pytest.mark.parametrize("name", list(DOCUMENTS))
class TestDocuments:
    """OpenAPI 3.1, with bodies by `$ref` to `contract/schemas`"""

    def test_has_the_form_of_openapi(self, name: str) -> None:
        found = jsonschema.Draft202012Validator(DOCUMENT).iter_errors(DOCUMENTS[name].whole)

        assert [f"{error.json_path}: {error.message}" for error in found] == []

    @pytest.mark.parametrize(
        ("spoil", "why"),
        [
            (lambda operation: operation.pop("operationId"), "a generator names its function by it"),
            (lambda operation: operation["responses"].pop("200"), "it can succeed"),
            (lambda operation: operation["responses"]["200"].pop("description"), "OpenAPI demands it"),
            (lambda operation: operation.update(respones={}), "keys are known"),
            (lambda operation: operation["responses"].update({"20": {}}), "a status has three digits"),
        ],
    )
    def test_the_form_refuses_what_is_wrong(self, name: str, spoil: Any, why: str) -> None:
        document = copy.deepcopy(DOCUMENTS[name].whole)
        spoil(next(iter(next(iter(document["paths"].values())).values())))

        assert not jsonschema.Draft202012Validator(DOCUMENT).is_valid(document), why

    def test_each_schema_is_one(self, name: str) -> None:
        document = DOCUMENTS[name].whole
        schemas = [*schemas_in(document["paths"]), *document["components"]["schemas"].values()]

        for schema in schemas:
            jsonschema.Draft202012Validator.check_schema(schema)
        assert schemas

    def test_no_two_operations_share_an_id(self, name: str) -> None:
        ids = [operation["operationId"] for operation in DOCUMENTS[name].operations().values()]

        assert sorted(set(ids)) == sorted(ids)

    def test_every_component_is_used(self, name: str) -> None:
        written = DOCUMENTS[name].written
        components = written["components"].items()
        ours = {f"#/components/{kind}/{key}" for kind, parts in components for key in parts}
        used = {f"#/components/securitySchemes/{key}" for each in written["security"] for key in each}

        assert ours == used | {reference for reference in references(written) if reference[0] == "#"}

    def test_every_tag_is_explained_and_used(self, name: str) -> None:
        explained = {tag["name"] for tag in DOCUMENTS[name].written.get("tags", ())}
        operations = DOCUMENTS[name].operations().values()

        assert explained == {tag for operation in operations for tag in operation.get("tags", ())}


class TestSchemas:
    """No body typed twice"""

    def test_every_body_of_the_contract_is_named_by_one_of_the_documents(self) -> None:
        named = {reference for each in DOCUMENTS.values() for reference in references(each.written)}
        bodies = {
            path.name for path in corpus.SCHEMAS.glob("*.json") if path.stem.endswith(("request", "response"))
        }
        # "nothing" is one body with three names
        nothing = {"secrets_put.response.json", "secrets_scopes_create.response.json"}

        assert bodies - {reference.rpartition("/")[2] for reference in named} == nothing
        assert all((OPENAPI / reference).is_file() for reference in named if reference[0] != "#")


class TestDatabricks:
    """Every path of the cases is described, and their bodies keep to it"""

    @pytest.mark.parametrize("case", CASES, ids=identity)
    def test_the_call_and_its_statuses_are_described(self, case: Dict[str, Any]) -> None:
        request = case["request"]
        target = resolve(request["path"], dict.fromkeys(variables(request["path"]), "1"))
        operation = DATABRICKS.operation(request["method"], target)

        assert operation is not None
        for status in statuses(case):
            assert str(status) in operation["responses"] or status >= 400

    @pytest.mark.parametrize("case", [case for case in CASES if 200 in statuses(case)], ids=identity)
    def test_a_request_that_succeeds_is_as_described(self, case: Dict[str, Any]) -> None:
        request = case["request"]
        numbers = {name: 1 for name in variables(request) if name.endswith(("job_id", "run_id"))}
        given = {**dict.fromkeys(variables(request), "x"), **numbers}

        target, body = resolve(request["path"], given), resolve(request.get("body"), given)

        assert DATABRICKS.request_complaints(request["method"], target, body) == []

    @pytest.mark.parametrize("case", [case for case in CASES if "documented" in case], ids=identity)
    def test_the_guides_own_answer_is_as_described(self, case: Dict[str, Any]) -> None:
        request, answer = case["request"], case["documented"]

        assert DATABRICKS.answer_complaints(request["method"], request["path"], 200, answer) == []

    @pytest.mark.parametrize("case", [case for case in CASES if "schemas" in case], ids=identity)
    def test_case_and_description_name_the_same_schemas(self, case: Dict[str, Any]) -> None:
        operation = DATABRICKS.operation(case["request"]["method"], case["request"]["path"])
        assert operation is not None
        described = {
            "request": operation["requestBody"],
            "response": operation["responses"]["200"],
        }

        for kind, name in case["schemas"].items():
            schema = described[kind]["content"][JSON]["schema"]
            assert schema == corpus.read_json(corpus.SCHEMAS / f"{name}.json")

    def test_there_is_nothing_that_no_case_asks(self) -> None:
        requests = [case["request"] for case in CASES]
        asked = [DATABRICKS.operation(each["method"], each["path"]) for each in requests]

        assert [call for call, operation in DATABRICKS.operations().items() if operation not in asked] == []

    def test_a_wrong_request_is_seen(self) -> None:
        no_cluster = {"name": "n", "spark_python_task": {"python_file": "dbfs:/a.py"}}
        assert DATABRICKS.request_complaints("POST", "/api/2.1/jobs/create", no_cluster) != []
        assert DATABRICKS.request_complaints("POST", "/api/2.1/jobs/create", None) == ["there is no body"]
        assert DATABRICKS.request_complaints("GET", "/api/2.1/jobs/list?limits=1", None) != []
        assert DATABRICKS.request_complaints("POST", "/api/2.1/jobs/nonsense", {}) != []


class TestPlatform:
    """The POST of metadata that the platform must accept, and its answers"""

    def test_the_documented_request_is_as_described(self) -> None:
        request = TRANSMISSIONS["request"]["request"]

        assert (request["method"], request["path"]) == POST
        assert PLATFORM.request_complaints(*POST, request["body"]) == []
        assert PLATFORM.request_complaints(*POST, {**request["body"], "tenant_id": ""}) != []

    @pytest.mark.parametrize("name", [name for name, case in TRANSMISSIONS.items() if "response" in case])
    def test_every_documented_answer_is_as_described(self, name: str) -> None:
        answer = TRANSMISSIONS[name]["response"]

        assert PLATFORM.answer_complaints(*POST, answer["status"], answer["body"]) == []

    @pytest.mark.parametrize("name", [name for name, case in TRANSMISSIONS.items() if "response" in case])
    def test_what_is_repeated_is_described_as_later(self, name: str) -> None:
        case = TRANSMISSIONS[name]
        status = str(case["response"]["status"])
        responses = PLATFORM.written["paths"][POST[1]]["post"]["responses"]
        said = responses[status if status in responses else f"{status[0]}XX"]

        assert (said == {"$ref": "#/components/responses/Later"}) is case["outcome"]["retried"]

    @pytest.mark.parametrize(
        ("status", "headers", "change"),
        [
            (200, {}, {}),
            (401, {"Authorization": ""}, {}),
            (403, {"Authorization": "Bearer another"}, {}),
            (415, {"Content-Type": "text/plain"}, {}),
            (422, {}, {"tenant_id": 7}),
        ],
    )
    def test_the_receiver_answers_as_described(
        self, status: int, headers: Dict[str, str], change: Dict[str, Any]
    ) -> None:
        body = {**TRANSMISSIONS["request"]["request"]["body"], **change}
        given = {"Authorization": "Bearer key", "Content-Type": JSON, **headers}
        with Receiver(api_key="key") as receiver:
            connection = HTTPConnection(urlsplit(receiver.url).netloc, timeout=LONGEST)
            connection.request(*POST, json.dumps(body).encode(), given)
            response = connection.getresponse()
            answered = (response.status, json.loads(response.read()))
            connection.close()

        assert answered[0] == status
        assert PLATFORM.answer_complaints(*POST, *answered) == []
