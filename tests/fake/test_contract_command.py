"""`nuvyn-contract verify --dialect databricks` against the local Databricks, as against a real workspace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from contract.__main__ import main

if TYPE_CHECKING:
    from tests.fake.conftest import Client

pytestmark = [pytest.mark.process]


class TestDialectDatabricks:
    """Issue: "so that it can be pointed at one; what it leaves behind [...] is removed at the end"."""

    def test_it_passes_and_leaves_nothing(self, client: Client, capsys: pytest.CaptureFixture[str]) -> None:
        words = ["--url", client.url, "--token", client.token, "--refused-token", "refused-token"]
        code = main(["verify", *words, "--dialect", "databricks", "--report", "json"])
        printed = capsys.readouterr()
        report = json.loads(printed.out)

        assert [case for case in report["cases"] if case["differences"]] == []
        assert (code, report["passed"] > 60, report["not_asked"] > 90, printed.err) == (0, True, True, "")
        assert client.get("/api/2.2/jobs/list").get("jobs", []) == []
        assert client.get("/api/2.0/secrets/scopes/list").get("scopes", []) == []
        names = [each["path"] for each in client.get("/api/2.0/dbfs/list?path=/").get("files", [])]
        assert [name for name in names if "nuvyn-contract" in name] == []
