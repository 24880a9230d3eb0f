"""Schemathesis on every call that `contract/openapi/databricks.yaml` describes; it needs Python 3.11."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.described import Description
from tests.contract.schemathesis_calls import described_by, try_call

if TYPE_CHECKING:
    from tests.fake.conftest import Client

OPERATIONS = sorted(Description("databricks").operations())
STATUSES = {200, 400, 401, 403, 404}
EXAMPLES = 12
"""For each call and mode: all of them together then take half a minute."""
COMMANDS = ("/api/1.2/", "/api/2.0/commands/")
"""What refuses with 500, in an envelope without ``error_code``."""


@pytest.fixture(scope="module")
def described() -> Any:
    return described_by("databricks")


class TestEveryCall:
    """Schemathesis [...] runs in the tests: no 500, no undocumented status, no schema violation"""

    @pytest.mark.parametrize(("method", "path"), OPERATIONS)
    def test_no_failure_no_other_status_and_no_other_body(
        self, client: Client, described: Any, method: str, path: str
    ) -> None:
        def is_status_described(answer: Any) -> bool:
            refused_command = answer.status_code == 500 and path.startswith(COMMANDS)
            return answer.status_code in STATUSES or (refused_command and "error_code" not in answer.json())

        try_call(described[path][method], client.url, client.token, EXAMPLES, is_status_described)
