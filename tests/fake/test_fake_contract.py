from __future__ import annotations

from typing import TYPE_CHECKING, Callable

import pytest

from contract import corpus
from contract.verify import Player, in_order

if TYPE_CHECKING:
    from tests.fake.conftest import Client

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]


class TestTheContract:
    """Issue: "Done when: the runner is green against the fake"."""

    def test_every_case_of_the_corpus_is_answered_as_documented(
        self, spark_server: Callable[[], Client]
    ) -> None:
        client = spark_server()
        given = {"token": client.token, "cluster_id": client.cluster_id, "refused_token": "dapi-refused"}
        player = Player(client.url, {**corpus.default_variables(), **given})

        verdicts = [player.play(case) for case in in_order(corpus.cases())]

        assert [verdict for verdict in verdicts if verdict.differences or verdict.not_asked] == []
        assert len(verdicts) >= 173
