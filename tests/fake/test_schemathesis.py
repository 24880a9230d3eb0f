"""Schemathesis on every call that `contract/openapi/databricks.yaml` describes; it needs Python 3.11."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import one_of

from tests.contract.described import Description

schemathesis = pytest.importorskip("schemathesis", reason="Schemathesis is not installed")

if TYPE_CHECKING:
    from tests.fake.conftest import Client

FILE = Path(__file__).resolve().parents[2] / "contract" / "openapi" / "databricks.yaml"
OPERATIONS = sorted(Description("databricks").operations())
STATUSES = {200, 400, 401, 403, 404}
CHECKS = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
EXAMPLES = 12
"""For each call and mode: all of them together then take half a minute."""
COMMANDS = ("/api/1.2/", "/api/2.0/commands/")
"""What refuses with 500, in an envelope without ``error_code``."""


@pytest.fixture(scope="module")
def described() -> Any:
    return schemathesis.openapi.from_path(FILE)


class TestEveryCall:
    """Schemathesis [...] runs in the tests: no 500, no undocumented status, no schema violation"""

    @pytest.mark.parametrize(("method", "path"), OPERATIONS)
    def test_no_failure_no_other_status_and_no_other_body(
        self, client: Client, described: Any, method: str, path: str
    ) -> None:
        operation = described[path][method]
        checks = [getattr(schemathesis.checks, name) for name in CHECKS]

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes_of(operation))))
        def try_it(case: Any) -> None:
            answer = case.call(base_url=client.url, headers={"Authorization": f"Bearer {client.token}"})
            refused_command = answer.status_code == 500 and path.startswith(COMMANDS)
            assert answer.status_code in STATUSES or (refused_command and "error_code" not in answer.json())
            case.validate_response(answer, checks=checks)

        try_it()


def modes_of(operation: Any) -> tuple[Any, ...]:
    """Return the modes in which requests can be made: those of a call without input have nothing wrong."""
    modes = schemathesis.GenerationMode
    has_input = operation.body or operation.query
    return (modes.POSITIVE, modes.NEGATIVE) if has_input else (modes.POSITIVE,)
