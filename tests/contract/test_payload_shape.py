"""`contract/schemas/transmission.request.json` says of a body what `contract/payload_shape.py` says."""

from __future__ import annotations

import copy
import json
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from jsonschema import Draft202012Validator

from contract import corpus, payload_shape
from contract.payload_shape import MOST_SHOWN, OPTIONAL, ROW_SHAPES, find_problems

SCHEMA = corpus.read_json(corpus.SCHEMAS / "transmission.request.json")
INTEGER = {"minimum": -(2**63), "maximum": 2**63 - 1}
VALUES: Dict[str, Any] = {"string": "text", "integer": 1, "number": 0.5, "object": {}}
OTHERS: Tuple[Any, ...] = (None, True, 5, -(2**63), 2**63, 0.5, "", "text", [], {}, [1], {"a": 1})


def described(kind: str) -> Dict[str, Any]:
    """Return the schema of a type in the words of the shape."""
    name = kind.rstrip("?").replace("non-empty ", "")
    return {
        "type": [name, "null"] if kind.endswith("?") else name,
        **(INTEGER if name == "integer" else {}),
        **({"minLength": 1} if kind.startswith("non-empty") else {}),
    }


def row_schema(section: str) -> Dict[str, Any]:
    shape = ROW_SHAPES[section]
    return {
        "type": "object",
        "required": list(shape),
        "properties": {key: described(kind) for key, kind in {**shape, **OPTIONAL[section]}.items()},
    }


def body() -> Dict[str, Any]:
    """Return a body with two rows in each section, of a page."""
    row = {
        section: {key: None if kind.endswith("?") else VALUES[kind] for key, kind in shape.items()}
        for section, shape in ROW_SHAPES.items()
    }
    row["sources"]["base_version"] = 1
    metadata = {section: [one, copy.deepcopy(one)] for section, one in row.items()}
    return {
        "job_id": "j",
        "tenant_id": "text",
        "metadata": metadata,
        "quality_metrics": {},
        "schema_version": "1.2",
        "page": {"number": 1, "of": 2},
    }


def places(value: Any, path: Tuple[Any, ...] = ()) -> Iterator[Tuple[Any, ...]]:
    """Yield the path of each value in a value."""
    entries: List[Tuple[Any, Any]] = []
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value))
    for key, entry in entries:
        yield (*path, key)
        yield from places(entry, (*path, key))


def mutants() -> Iterator[Tuple[str, Any]]:
    """Yield bodies without a value, and with another one in its place."""
    for path in places(body()):
        for index in range(-1, len(OTHERS)):
            changed = body()
            *parents, last = path
            around: Any = changed
            for key in parents:
                around = around[key]
            if index < 0:
                del around[last]
            else:
                around[last] = OTHERS[index]
            yield f"{'.'.join(map(str, path))}: {'gone' if index < 0 else OTHERS[index]!r}", changed


def is_across_fields(problems: List[Dict[str, str]]) -> bool:
    """Whether a schema cannot say it: a row's tenant is the body's, and a page's number is in its count."""
    return all(one["wanted"] in ("the body's tenant_id", "number from 1 to of") for one in problems)


class TestProblems:
    def test_what_they_show_of_a_value_is_short(self) -> None:
        changed = body()
        changed["metadata"]["sources"][0]["tenant_id"] = "t" * 1_000_000
        (problem,) = find_problems(changed)
        assert len(problem["got"]) <= MOST_SHOWN


class TestTheSchema:
    """The schema is as strict as the receiver: the same required keys and types."""

    @pytest.mark.parametrize("section", list(ROW_SHAPES))
    def test_its_rows_are_those_of_the_shape(self, section: str) -> None:
        found = SCHEMA["properties"]["metadata"]["properties"][section]
        assert found == {"type": "array", "items": row_schema(section)}

    def test_its_other_keys_are_those_of_the_shape(self) -> None:
        top = payload_shape._TOP  # noqa: SLF001  the table that both are made of
        assert SCHEMA["required"] == list(top)
        for key in ("job_id", "tenant_id", "quality_metrics"):
            assert SCHEMA["properties"][key] == described(top[key])
        assert SCHEMA["properties"]["metadata"]["required"] == list(ROW_SHAPES)

    def test_both_say_the_same_of_bodies_with_one_fault(self) -> None:
        validator = Draft202012Validator(SCHEMA)
        count = 0
        for name, changed in mutants():
            problems = list(find_problems(changed))
            if problems and is_across_fields(problems):
                continue
            count += 1
            assert validator.is_valid(changed) == (not problems), (name, problems)
        assert count > 500
        assert validator.is_valid(json.loads(json.dumps(body())))
