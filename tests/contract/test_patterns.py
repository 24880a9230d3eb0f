"""What a pattern wants, and how a difference is named."""

from __future__ import annotations

import json
from typing import Any, List

import pytest

from contract import corpus
from contract.matching import same_shape
from contract.patterns import UnknownVariableError, captures, compare, references, resolve


def named(pattern: Any, actual: Any, **variables: Any) -> List[str]:
    return [str(difference) for difference in compare(pattern, actual, variables)[0]]


class TestPlainPatterns:
    """An object wants at least its keys; a list its elements; anything else its equal."""

    def test_more_keys_are_allowed(self) -> None:
        assert named({"a": 1}, {"a": 1, "b": 2}) == []

    def test_a_missing_key_is_named_with_what_was_wanted(self) -> None:
        assert named({"state": {"result_state": "SUCCESS"}}, {"state": {}}) == [
            '$.state.result_state: wanted "SUCCESS", got nothing'
        ]

    def test_another_value_is_named_by_its_path(self) -> None:
        assert named({"runs": [{"run_id": 1}, {"run_id": 2}]}, {"runs": [{"run_id": 1}, {"run_id": 3}]}) == [
            "$.runs[1].run_id: wanted 2, got 3"
        ]

    def test_a_list_has_as_many_elements(self) -> None:
        assert named([1, 2], [1]) == ["$: wanted 2 elements, got 1 elements"]

    @pytest.mark.parametrize(
        ("wanted", "got"), [(1, True), (0, False), (True, 1), ("1", 1), (None, False), ({}, [])]
    )
    def test_values_of_different_types_are_different(self, wanted: Any, got: Any) -> None:
        assert len(named(wanted, got)) == 1

    def test_whole_numbers_equal_themselves_with_a_point(self) -> None:
        assert named(85, 85.0) == []

    def test_all_differences_are_named(self) -> None:
        assert len(named({"a": 1, "b": 2, "c": 3}, {"a": 0, "c": 0})) == 3

    def test_a_long_value_is_cut(self) -> None:
        (difference,) = named({"logs": "short"}, {"logs": "x" * 5000})

        assert len(difference) < 400
        assert "(5002 characters)" in difference


class TestPlaceholders:
    """Typed placeholders for what may vary."""

    @pytest.mark.parametrize(
        ("pattern", "good", "bad"),
        [
            ({"$type": "integer"}, 5, True),
            ({"$type": "integer"}, 5, 5.5),
            ({"$type": "number"}, 5.5, "5.5"),
            ({"$type": "string"}, "", None),
            ({"$type": "boolean"}, False, 0),
            ({"$type": "object"}, {}, []),
            ({"$type": "null"}, None, 0),
            ({"$match": "^a+$"}, "aa", "ab"),
            ({"$match": "5"}, "5", 5),
            ({"$no_match": "key"}, "masked", "a key"),
            ({"$no_match": "key"}, "", None),
            ({"$one_of": ["a", 1]}, 1, True),
            ({"$min": 1}, 1, 0),
            ({"$min_length": 1}, "x", ""),
            ({"$items": {"$type": "integer"}}, [], ["x"]),
            ({"$min_items": 1}, [1], []),
            ({"$contains": {"a": 1}}, [{"a": 0}, {"a": 1, "b": 2}], [{"a": 0}]),
            ({"$exact": {"a": 1}}, {"a": 1}, {"a": 1, "b": 2}),
            ({"$exact": {}}, {}, {"job_id": 1}),
            ({"a": {"$absent": True}}, {}, {"a": None}),
            ({"a": {"$optional": True, "$type": "integer"}}, {}, {"a": "x"}),
            ({"$type": "integer", "$min": 3}, 3, 2),
        ],
    )
    def test_a_demand_is_met_or_not(self, pattern: Any, good: Any, bad: Any) -> None:
        assert named(pattern, good) == []
        assert len(named(pattern, bad)) >= 1

    def test_a_key_too_many_is_named(self) -> None:
        assert named({"$exact": {"id": "a"}}, {"id": "a", "status": "Queued"}) == [
            '$.status: wanted nothing, got "Queued"'
        ]

    def test_a_misspelt_placeholder_is_an_error_of_the_case(self) -> None:
        with pytest.raises(ValueError, match=r"\$tpye"):
            named({"$tpye": "integer"}, 1)


class TestVariables:
    """Captured ids flow from one exchange to the next."""

    def test_a_capture_is_given_back(self) -> None:
        _, captured = compare({"job_id": {"$type": "integer", "$capture": "job"}}, {"job_id": 7}, {})

        assert captured == {"job": 7}

    def test_a_reference_wants_the_captured_value(self) -> None:
        assert named({"job_id": {"$ref": "job"}}, {"job_id": 8}, job=7) == ["$.job_id: wanted 7, got 8"]

    def test_a_variable_in_a_regular_expression_is_taken_literally(self) -> None:
        assert named({"$match": "^${name}$"}, "axb", name="a.b") != []
        assert named({"$match": "^${name}$"}, "a.b", name="a.b") == []

    def test_requests_take_values_with_their_types_and_text(self) -> None:
        template = {"job_id": {"$ref": "job"}, "key": "k-${job}", "list": [{"$ref": "job"}]}

        assert resolve(template, {"job": 7}) == {"job_id": 7, "key": "k-7", "list": [7]}

    def test_a_variable_without_a_value_is_named(self) -> None:
        with pytest.raises(UnknownVariableError, match="job"):
            resolve("${job}", {})

    def test_references_and_captures_are_found_at_any_depth(self) -> None:
        pattern = {"a": [{"$ref": "x"}, "${y}"], "b": {"$exact": {"c": {"$capture": "z"}}}}

        assert references(pattern) == ["x", "y"]
        assert captures(pattern) == ["z"]


class TestSameShape:
    """A result has exactly the guide's keys, in the guide's order, and at most one more: details."""

    def test_numbers_are_one_type_and_booleans_are_none(self) -> None:
        assert same_shape({"a": 85}, {"a": 87.86}) == []
        assert same_shape({"a": 85}, {"a": True}) == ["$.a: wanted number, got boolean True"]

    def test_order_is_part_of_the_shape(self) -> None:
        assert same_shape({"a": 1, "b": 2}, {"b": 2, "a": 1}) == [
            "$: wanted keys in the order ['a', 'b'], got ['b', 'a']"
        ]

    def test_details_may_follow_at_the_top_and_nowhere_else(self) -> None:
        assert same_shape({"a": {"b": 1}}, {"a": {"b": 1}, "details": {}}) == []
        assert same_shape({"a": {"b": 1}}, {"details": {}, "a": {"b": 1}}) != []
        assert same_shape({"a": {"b": 1}}, {"a": {"b": 1, "details": {}}}) == [
            "$.a.details: wanted nothing, got object"
        ]

    def test_null_is_allowed_only_where_stated(self) -> None:
        assert same_shape({"a": 1}, {"a": None}) == ["$.a: wanted number, got null None"]
        assert same_shape({"a": 1}, {"a": None}, nullable=["$.a"]) == []

    def test_elements_of_a_list_have_the_shape_of_some_example(self) -> None:
        assert same_shape(["a"], ["b", "c"]) == []
        assert same_shape(["a"], ["b", 1]) == ["$[1]: wanted string, got number 1"]
        assert same_shape(["a"], []) == []

    def test_a_map_has_keys_of_its_own(self) -> None:
        documented = {"files": {"a.csv": {"size": 1}}}

        assert same_shape(documented, {"files": {"b.csv": {"size": 2}}}, maps=["$.files"]) == []
        assert same_shape(documented, {"files": {"b.csv": {"size": "2"}}}, maps=["$.files"]) == [
            "$.files['b.csv'].size: wanted number, got string '2'"
        ]
        assert len(same_shape(documented, {"files": {"b.csv": {"size": 2}}})) == 2

    def test_an_alternative_is_as_good(self) -> None:
        documented, skipped = {"step": {"files": 5}}, {"step": {"status": "skipped"}}

        assert same_shape(documented, skipped) != []
        assert same_shape(documented, skipped, alternatives={"$.step": [{"status": "x"}]}) == []


class TestReadme:
    """`contract/README.md` is enough to write a runner in another language."""

    def test_every_placeholder_of_the_schema_is_explained(self) -> None:
        schema = corpus.read_json(corpus.ROOT / "case.schema.json")
        text = (corpus.ROOT / "README.md").read_text(encoding="utf-8")

        assert [
            name for name in schema["$defs"]["placeholder"]["properties"] if f"`{name}`" not in text
        ] == []

    def test_the_example_is_a_case(self) -> None:
        text = (corpus.ROOT / "README.md").read_text(encoding="utf-8")
        example = json.loads(text.split("```json\n")[1].split("```")[0])
        case = next(case for case in corpus.cases() if case["id"] == example["id"])

        same = ("description", "needs", "request", "response", "guide_values", "documented")
        assert {key: example[key] for key in same} == {key: case[key] for key in same}
