"""`examples/go/platform`: a platform in another language, held by `nuvyn-contract verify-platform`."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Iterator

import pytest

from contract.__main__ import main
from tests.contract.go_programs import built, needs_go

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.process, needs_go]
KEY = "nv-of-the-go-platform"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("platform", tmp_path_factory.mktemp("go"))


@pytest.fixture
def url(program: Path) -> Iterator[str]:
    command = [str(program), "-listen", "127.0.0.1:0", "-tenant", "client-123"]
    with subprocess.Popen(
        command, env={**os.environ, "NUVYN_API_KEY": KEY}, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        said = process.stderr.readline()
        assert said.endswith("/api/metadata\n")
        yield said[said.index("http://") : -len("/api/metadata\n")]
        process.terminate()


class TestAStrangersPlatform:
    """Issue: "lets a stranger hold his own backend against it in five minutes"."""

    def test_it_meets_what_must_be_met_and_what_should(
        self, url: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = ["--url", url, "--key", KEY, "--tenant", "client-123", "--other-key", "another"]
        quick = ["--columns", "30000", "--slow-seconds", "0.02", "--strict", "--report", "json"]
        code = main(["verify-platform", *words, *quick])
        cases = json.loads(capsys.readouterr().out)["cases"]

        failed = [case for case in cases if case["outcome"] == "failed"]
        others = [case["id"] for case in cases if case["outcome"] == "not asked"]
        assert (code, failed, others) == (0, [], ["platform/delivered_once"])

    def test_without_a_key_it_says_so(self, program: Path) -> None:
        environ = {name: value for name, value in os.environ.items() if name != "NUVYN_API_KEY"}
        ended = subprocess.run([str(program)], env=environ, capture_output=True, text=True, check=False)

        assert (ended.returncode, "NUVYN_API_KEY is not set" in ended.stderr) == (1, True)
