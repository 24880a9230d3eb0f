"""One version of all that integrators build on."""

from __future__ import annotations

import re

import yaml

from contract import VERSION, corpus
from nuvyn_executor import wire


class TestVersion:
    """Issue: "`case.schema.json`, cases and OpenAPI are versioned together; a changelog for integrators"."""

    def test_the_schema_of_cases_has_it(self) -> None:
        assert corpus.read_json(corpus.ROOT / "case.schema.json")["$comment"] == f"version {VERSION}"

    def test_each_openapi_document_has_it(self) -> None:
        documents = sorted((corpus.ROOT / "openapi").glob("*.yaml"))
        versions = [yaml.safe_load(path.read_text(encoding="utf-8"))["info"]["version"] for path in documents]

        assert versions == [VERSION] * 2

    def test_what_is_sent_to_a_platform_says_it(self) -> None:
        """Issue: "`schema_version`"; the third number changes when words alone change."""
        assert VERSION.rpartition(".")[0] == wire.PAYLOAD_VERSION

    def test_the_changelog_for_integrators_begins_with_it(self) -> None:
        text = (corpus.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

        assert re.findall(r"^## (.+)$", text, re.MULTILINE)[0] == VERSION
