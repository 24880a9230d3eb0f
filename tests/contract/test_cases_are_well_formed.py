"""The corpus itself: its form, its references, its examples against its own schemas and patterns."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from typing import Any, Dict, Iterator, List, Tuple

import jsonschema
import pytest

from contract import corpus
from contract.patterns import captures, compare, references, resolve
from contract.verify import UnorderedCasesError, in_order

CASES = corpus.cases()
FILES = sorted(corpus.CASES.rglob("*.json"))
DOCUMENTED = [case for case in CASES if "documented" in case]


def identity(case: Dict[str, Any]) -> str:
    return str(case["id"])


def validator(name: str) -> Any:
    schema = corpus.read_json(corpus.SCHEMAS / f"{name}.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def complaints(name: str, value: Any) -> List[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(value)]


def guide_variables(case: Dict[str, Any]) -> Dict[str, Any]:
    return {"token": "t", **case.get("guide_values", {})}


class TestEveryFile:
    """`case.schema.json` describes a case."""

    @staticmethod
    def schema() -> Any:
        return jsonschema.Draft202012Validator(corpus.read_json(corpus.ROOT / "case.schema.json"))

    @pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(corpus.CASES)))
    def test_conforms_to_the_schema_of_cases(self, path: Any) -> None:
        found = [
            f"{error.json_path}: {error.message}"
            for error in self.schema().iter_errors(corpus.read_json(path))
        ]

        assert found == []

    @pytest.mark.parametrize(
        ("spoil", "why"),
        [
            (lambda case: case.pop("source"), "a case says who says so"),
            (lambda case: case["response"].pop("status"), "an answer has a status"),
            (lambda case: case["response"]["body"]["job_id"].update({"$typo": 1}), "placeholders are known"),
            (lambda case: case.update(extra=1), "a case has no unknown keys"),
            (lambda case: case["guide"].pop("sha256"), "a fence is named with its hash"),
            (lambda case: case["request"].update(text="{}"), "a body is JSON or text, not both"),
            (lambda case: case.update(source="databricks"), "what Databricks says has a reference"),
        ],
    )
    def test_the_schema_refuses_a_case_that_is_wrong(self, spoil: Any, why: str) -> None:
        story = copy.deepcopy(corpus.read_json(corpus.CASES / "jobs" / "create.json"))
        spoil(story["cases"][0])

        assert not self.schema().is_valid(story), why

    def test_every_file_of_exchanges_is_played(self) -> None:
        stories = [path for path in FILES if corpus.read_json(path)["kind"] == "story"]

        assert {path.parent.name for path in stories} == set(corpus.EXCHANGE_FAMILIES)


class TestReferences:
    """Captured ids flow from one exchange to the next."""

    def test_no_two_cases_share_an_id(self) -> None:
        ids = [case["id"] for case in CASES]
        ids += [document["id"] for document in map(corpus.read_json, FILES) if "id" in document]

        assert [name for name, count in Counter(ids).items() if count > 1] == []

    def test_cases_can_be_put_in_order(self) -> None:
        assert len(in_order(CASES)) == len(CASES)

    def test_a_circle_is_named(self) -> None:
        circle = [{"id": "a", "needs": ["b"]}, {"id": "b", "needs": ["a"]}]

        with pytest.raises(UnorderedCasesError, match="a needs b needs a"):
            in_order(circle)

    @pytest.mark.parametrize("case", CASES, ids=identity)
    def test_every_variable_comes_from_a_case_that_is_needed(self, case: Dict[str, Any]) -> None:
        given = set(corpus.read_json(corpus.CASES / "variables.json")["variables"])
        before = in_order(CASES, [re.sub(r"([\[*?])", r"[\1]", case["id"])])[:-1]
        known = given.union(*(captures(each["response"]["body"]) for each in before))
        used = references(case["request"]) + references(case["response"])

        assert [name for name in used if name not in known] == []

    def test_a_variable_is_captured_once(self) -> None:
        names = [name for case in CASES for name in captures(case["response"]["body"])]

        assert [name for name, count in Counter(names).items() if count > 1] == []


class TestDocumentedAnswers:
    """Every request and response of the guide."""

    @pytest.mark.parametrize("case", DOCUMENTED, ids=identity)
    def test_the_guides_own_answer_meets_the_pattern(self, case: Dict[str, Any]) -> None:
        wanted = case["response"]["body"]
        values = {**guide_variables(case), **dict(stated(wanted, case["documented"]))}

        differences, _ = compare(wanted, case["documented"], values)

        assert differences == []

    @pytest.mark.parametrize("case", [case for case in DOCUMENTED if "schemas" in case], ids=identity)
    def test_the_guides_own_answer_conforms_to_its_schema(self, case: Dict[str, Any]) -> None:
        assert complaints(case["schemas"]["response"], case["documented"]) == []

    @pytest.mark.parametrize("case", [c for c in CASES if "request" in c.get("schemas", {})], ids=identity)
    def test_a_request_conforms_to_its_schema(self, case: Dict[str, Any]) -> None:
        numbers = {name: 1 for name in references(case["request"]) if name.endswith(("job_id", "run_id"))}
        texts = {name: "x" for name in references(case["request"]) if name not in numbers}

        body = resolve(case["request"]["body"], {**texts, **numbers})

        assert complaints(case["schemas"]["request"], body) == []

    @pytest.mark.parametrize("case", [case for case in CASES if case["source"] == "guide"], ids=identity)
    def test_an_exchange_of_the_guide_names_its_schemas(self, case: Dict[str, Any]) -> None:
        names = case["schemas"].values()

        assert [name for name in names if not (corpus.SCHEMAS / f"{name}.json").is_file()] == []

    def test_every_error_is_in_databricks_envelope(self) -> None:
        errors = [case for case in CASES if "error_code" in case["response"]["body"]]
        codes = [case["response"]["body"]["error_code"] for case in errors]
        listed = [code for each in codes for code in (each["$one_of"] if isinstance(each, dict) else [each])]

        for code in listed:
            assert complaints("error.response", {"error_code": code, "message": "text"}) == []
        assert len(errors) >= 30


def stated(pattern: Any, documented: Any) -> Iterator[Tuple[str, Any]]:
    """What the guide writes where the pattern refers to a variable."""
    if isinstance(pattern, dict) and "$ref" in pattern:
        yield pattern["$ref"], documented
    elif isinstance(pattern, dict) and isinstance(documented, dict):
        for key in pattern:
            yield from stated(pattern[key], documented.get(key))


class TestResults:
    """The six outputs."""

    @pytest.mark.parametrize("job_type", corpus.JOB_TYPES)
    def test_the_documented_output_conforms_to_its_schema(self, job_type: str) -> None:
        assert complaints(f"result.{job_type}", corpus.documented_output(job_type)) == []

    @pytest.mark.parametrize("job_type", corpus.JOB_TYPES)
    def test_the_documented_output_has_its_own_shape(self, job_type: str) -> None:
        output = corpus.documented_output(job_type)

        assert corpus.result_differences(job_type, output) == []
        assert corpus.result_differences(job_type, {**output, "details": {}}) == []
        assert corpus.result_differences(job_type, {**output, "more": 1}) != []

    @pytest.mark.parametrize("job_type", corpus.JOB_TYPES)
    def test_schema_and_shape_agree_on_a_missing_key(self, job_type: str) -> None:
        output = corpus.documented_output(job_type)
        output.pop(next(iter(output)))

        assert complaints(f"result.{job_type}", output) != []
        assert corpus.result_differences(job_type, output) != []

    @pytest.mark.parametrize("job_type", corpus.JOB_TYPES)
    def test_where_null_is_allowed_the_schema_allows_it_too(self, job_type: str) -> None:
        output = corpus.documented_output(job_type)
        for path in corpus.load_results()[job_type]["shape"]["nullable"]:
            *parents, last = path.split(".")[1:]
            place = output
            for parent in parents:
                place = place[parent]
            place[last] = None

        assert complaints(f"result.{job_type}", output) == []
        assert corpus.result_differences(job_type, output) == []

    def test_alternatives_of_the_pipeline_conform_to_its_schema(self) -> None:
        for path, others in corpus.load_results()["full_pipeline"]["shape"]["alternatives"].items():
            for other in others:
                output = {**corpus.documented_output("full_pipeline"), path[2:]: other}

                assert complaints("result.full_pipeline", output) == []
                assert corpus.result_differences("full_pipeline", output) == []

    def test_the_failure_conforms_to_its_schema(self) -> None:
        documented = corpus.failure()["documented"]

        assert complaints("result.failure", documented) == []
        assert corpus.failure_differences(documented) == []


class TestTheRest:
    """The log lines, the POST to the platform and its answers, states."""

    def test_log_lines_have_the_pattern_and_conform_to_the_schema(self) -> None:
        logs = corpus.logs()
        assert len(corpus.log_lines()) == 3
        for entry in logs["lines"]:
            found = re.match(logs["pattern"], entry["line"])
            assert found is not None
            assert found.groupdict() == {key: entry[key] for key in found.groupdict()}
            assert complaints("log_line", entry["line"]) == []

    def test_the_post_and_its_answer_conform_to_their_schemas(self) -> None:
        cases = corpus.transmissions()

        assert complaints("transmission.request", cases["request"]["request"]["body"]) == []
        assert complaints("transmission.response", cases["received"]["response"]["body"]) == []
        assert list(cases["request"]["request"]["body"]) == cases["request"]["body_keys"]

    def test_the_result_of_a_transmission_carries_the_platforms_answer(self) -> None:
        answer = corpus.transmissions()["received"]["response"]

        output = corpus.documented_output("api_transmission")

        assert output["api_response"] == answer["body"]
        assert output["status_code"] == answer["status"]

    def test_every_documented_job_type_and_source_type_is_a_state(self) -> None:
        states = corpus.states()
        assert tuple(states["job_type"]) == corpus.JOB_TYPES
        assert list(corpus.parameters()["job_types"]) == states["job_type"]
        assert states["required_table"] == corpus.documented_output("schema_validation")["tables_found"]
        assert states["log_level"] == [row["level"] for row in corpus.logs()["levels"]]
        assert states["result_state"] == ["SUCCESS", "FAILED", "CANCELLED", "TIMEDOUT"]

    def test_queries_name_their_columns_in_the_order_of_the_sql(self) -> None:
        for query in corpus.audit_queries().values():
            selected = query["sql"].split("FROM")[0].replace("SELECT", "").split(",")

            assert [column["name"] for column in query["columns"]] == [
                s.strip().split(".")[-1] for s in selected
            ]

    def test_required_variables_are_those_of_the_guide(self) -> None:
        environment = corpus.environment()
        required = [entry["name"] for entry in environment["variables"] if entry["required"]]

        assert required == ["DATABRICKS_WORKSPACE_URL", "NUVYN_API_ENDPOINT", "NUVYN_API_KEY"]
        assert environment["secrets"]["keys"] == {"NUVYN_API_KEY": "api-key"}

    def test_every_schema_is_a_schema(self) -> None:
        names = sorted(path.stem for path in corpus.SCHEMAS.glob("*.json"))

        assert all(json.dumps(validator(name).schema) for name in names)
        assert len(names) == 31
