"""Every fence of the guide has a case, or a reason why it is none."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

from contract import corpus
from contract.exchange import FORM
from contract.guide import Fence, fences
from contract.patterns import resolve

MANIFEST = corpus.read_json(corpus.ROOT / "guide_manifest.json")
FENCES = MANIFEST["fences"]
DOCUMENTS = [corpus.read_json(path) for path in sorted(corpus.CASES.rglob("*.json"))]
BY_ID: Dict[str, Any] = {case["id"]: case for case in corpus.cases()}
BY_ID.update({document["id"]: document for document in DOCUMENTS if "id" in document})
GUIDE = os.environ.get("NUVYN_GUIDE")


def places(value: Any) -> Iterator[Tuple[int, str]]:
    """Number and hash of every fence that a case names, at any depth."""
    if isinstance(value, dict):
        if "fence" in value:
            yield value["fence"], value["sha256"]
        for item in value.values():
            yield from places(item)
    elif isinstance(value, list):
        for item in value:
            yield from places(item)


def number(fence: Dict[str, Any]) -> str:
    return f"{fence['fence']}-{fence['language']}"


class TestManifest:
    """`test_guide_is_covered` fails when a fence of the guide has no case."""

    @pytest.mark.parametrize("fence", FENCES, ids=number)
    def test_a_fence_has_a_case_or_a_reason(self, fence: Dict[str, Any]) -> None:
        assert bool(fence.get("cases")) != bool(fence.get("no_exchange")), fence["section"]

    @pytest.mark.parametrize("fence", [fence for fence in FENCES if "cases" in fence], ids=number)
    def test_the_cases_of_a_fence_say_so_themselves(self, fence: Dict[str, Any]) -> None:
        for case_id in fence["cases"]:
            assert (fence["fence"], fence["sha256"]) in set(places(BY_ID[case_id])), case_id

    def test_no_case_names_a_fence_that_the_guide_does_not_have(self) -> None:
        known = {(fence["fence"], fence["sha256"]) for fence in FENCES}

        assert set(places(DOCUMENTS)) - known == set()

    def test_every_case_of_a_fence_is_in_the_manifest(self) -> None:
        listed = {(case_id, fence["fence"]) for fence in FENCES for case_id in fence.get("cases", ())}
        stated = {(case_id, place[0]) for case_id, case in BY_ID.items() for place in places(case)}

        assert stated == listed

    def test_fences_are_numbered_without_a_gap(self) -> None:
        assert [fence["fence"] for fence in FENCES] == list(range(1, len(FENCES) + 1))

    def test_only_the_two_programs_are_pending(self) -> None:
        assert [fence["fence"] for fence in FENCES if "pending" in fence] == [57, 58]


@pytest.mark.skipif(GUIDE is None, reason="NUVYN_GUIDE names no guide to compare with")
class TestDrift:
    """No example is typed twice: the cases say what the guide says."""

    @staticmethod
    def guide() -> List[Fence]:
        return fences(Path(GUIDE or "").read_text(encoding="utf-8"))

    def test_the_manifest_is_the_guides(self) -> None:
        found = [(each.number, each.section, each.language, each.sha256) for each in self.guide()]

        assert [(f["fence"], f["section"], f["language"], f["sha256"]) for f in FENCES] == found

    def test_documented_answers_are_the_guides(self) -> None:
        text = {each.number: each.text for each in self.guide()}
        for case in BY_ID.values():
            if "documented" in case and case["source"] == "guide":
                place = case["guide"].get("answer", case["guide"])

                assert json.loads(text[place["fence"]]) == case["documented"], case["id"]

    def test_requests_are_the_guides(self) -> None:
        text = {each.number: each.text for each in self.guide()}
        compared = set()
        for case in corpus.cases():
            sent = curl(text[case["guide"]["fence"]]) if case["source"] == "guide" else None
            if sent is not None:
                values = {"token": "<databricks-token>", **case.get("guide_values", {})}

                assert as_curl(resolve(case["request"], values)) == sent, case["id"]
                compared.add(case["guide"]["fence"])
        assert compared == {each for each in text if text[each].startswith("curl ")}

    def test_queries_commands_and_log_lines_are_the_guides(self) -> None:
        text = {each.number: each.text.rstrip("\n") for each in self.guide()}
        for query in corpus.audit_queries().values():
            assert query["sql"] == text[query["guide"]["fence"]]
        for result in corpus.load_results().values():
            assert result["usage"]["command"] == text[result["usage"]["fence"]]
        assert "\n".join(corpus.log_lines()) == text[corpus.logs()["guide"]["fence"]]


def curl(fence: str) -> Optional[Dict[str, Any]]:
    """What a curl command of the guide sends; None for a fence that is not one curl command."""
    if not fence.startswith("curl "):
        return None
    words = shlex.split(fence.replace("\\\n", " "))[1:]
    sent: Dict[str, Any] = {"headers": {}, "body": None}
    while words:
        word = words.pop(0)
        if word == "-X":
            sent["method"] = words.pop(0)
        elif word == "-H":
            name, value = words.pop(0).split(": ", 1)
            sent["headers"][name] = value.replace("<token>", "<databricks-token>")
        elif word == "-d":
            sent["body"] = json.loads(re.sub(r":(<\w+>)", r':"\1"', words.pop(0)))
        else:
            sent["path"] = re.sub(r"^https://<[\w-]+>", "", word)
    return sent


def as_curl(request: Dict[str, Any]) -> Dict[str, Any]:
    """Our request, in the same terms."""
    assert request["client"] == "curl"
    return {key: request.get(key) for key in ("headers", "body", "method", "path")}


class TestFences:
    """Section and hash of each fence."""

    GUIDE = "# T\n\n## 1 **A** `b`\n```bash\n# no heading\n```\n### C\n```\nx\n```\n## D\n```json\n{}\n```\n"

    def test_a_fence_has_the_headings_above_it(self) -> None:
        assert [each.section for each in fences(self.GUIDE)] == ["1 A b", "1 A b > C", "D"]

    def test_a_fence_has_language_and_text(self) -> None:
        found = [(each.number, each.language, each.text) for each in fences(self.GUIDE)]

        assert found == [(1, "bash", "# no heading\n"), (2, "text", "x\n"), (3, "json", "{}\n")]

    def test_curl_adds_a_form_content_type_when_the_guide_sends_none(self) -> None:
        without = [
            c["id"]
            for c in corpus.cases()
            if "body" in c["request"] and "Content-Type" not in c["request"]["headers"]
        ]

        assert FORM == "application/x-www-form-urlencoded"
        assert {"commands/quick_reference", "jobs/update/timeout", "secrets/put", "runs/get"} <= set(without)
