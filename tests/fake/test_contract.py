from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any, Callable

import pytest

from contract import corpus
from contract.verify import Player, in_order
from tests.contract.described import Description
from tests.contract.go_programs import built, needs_go

if TYPE_CHECKING:
    from pathlib import Path

    from contract.verdicts import Verdict
    from tests.fake.conftest import Client

pytestmark = [pytest.mark.process, pytest.mark.jvm, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def client(spark_server: Callable[[], Client]) -> Client:
    return spark_server()


@pytest.fixture(scope="module")
def verdicts(client: Client) -> list[Verdict]:
    """All cases of the corpus, played once."""
    variables = {"token": client.token, "cluster_id": client.cluster_id, "refused_token": "dapi-refused"}
    player = Player(client.url, {**corpus.default_variables(), **variables})
    return [player.play(case) for case in in_order(corpus.cases())]


@needs_go
@pytest.mark.skipif("NUVYN_EVERY_RUNNER" not in os.environ, reason="NUVYN_EVERY_RUNNER plays all cases again")
class TestTheRunnerInGo:
    """Issue: "A runner in another language as proof": green against the fake too."""

    def test_every_case_passes(self, spark_server: Callable[[], Client], tmp_path: Path) -> None:
        client = spark_server()
        words = {
            "cases": str(corpus.CASES),
            "url": client.url,
            "token": client.token,
            "refused-token": "dapi-refused",
        }
        command = [str(built("runner", tmp_path)), *(f"-{name}={value}" for name, value in words.items())]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)

        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert f"{len(corpus.cases())} passed, 0 failed, 0 not asked" in ended.stdout


@pytest.fixture
def exchanges(client: Client, verdicts: list[Verdict]) -> list[dict[str, Any]]:
    """What was asked and answered then, as the journal has it; of a long body it keeps the size alone."""
    assert verdicts
    found = client.get("/_fake/journal")["entries"]
    return [each for each in found if each["is_known"] and not isinstance(each["response"], str)]


class TestTheContract:
    """Issue: "Done when: the runner is green against the fake"."""

    def test_every_case_of_the_corpus_is_answered_as_documented(self, verdicts: list[Verdict]) -> None:
        assert [verdict for verdict in verdicts if verdict.differences or verdict.not_asked] == []
        assert len(verdicts) >= 173

    def test_every_answer_is_as_openapi_describes_it(self, exchanges: list[dict[str, Any]]) -> None:
        databricks = Description("databricks")
        calls = [(each["method"], each["path"]) for each in exchanges]
        wrong = [
            (each["method"], each["path"], complaint)
            for each in exchanges
            for complaint in databricks.answer_complaints(
                each["method"], each["path"], each["status"], each["response"]
            )
        ]

        assert wrong == []
        seen = [databricks.operation(*call) for call in calls]
        assert [operation for operation in databricks.operations().values() if operation not in seen] == []
