"""Requests that Schemathesis makes of a description, right and wrong ones, held to what is described."""

from __future__ import annotations

from typing import Any, Callable, Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import one_of

from tests.contract.described import OPENAPI

schemathesis = pytest.importorskip("schemathesis", reason="Schemathesis is not installed")
CHECKS = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")


def described_by(name: str) -> Any:
    """Return what ``contract/openapi/NAME.yaml`` describes."""
    return schemathesis.openapi.from_path(OPENAPI / f"{name}.yaml")


def modes_of(operation: Any) -> Sequence[Any]:
    """Return the modes in which requests can be made: those of a call without input have nothing wrong."""
    modes = schemathesis.GenerationMode
    has_input = operation.body or operation.query or operation.headers or operation.path_parameters
    return (modes.POSITIVE, modes.NEGATIVE) if has_input else (modes.POSITIVE,)


def try_call(
    operation: Any, url: str, key: str, examples: int, is_status_described: Callable[[Any], bool]
) -> None:
    """Ask a call with made requests: no failure, no other status, no other body."""
    checks = [getattr(schemathesis.checks, name) for name in CHECKS]

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes_of(operation))))
    def try_it(case: Any) -> None:
        answer = case.call(base_url=url, headers={"Authorization": f"Bearer {key}"})
        assert is_status_described(answer), answer.text
        case.validate_response(answer, checks=checks)

    try_it()
