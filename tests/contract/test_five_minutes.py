"""The commands of `docs/contract.md`, as a stranger copies them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Dict, Iterator, List

import pytest

from tests.contract.go_programs import ROOT, environment, needs_go
from tests.tutorials import COMMANDS, blocks_of, free_port, write_commands

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.process]
PAGE = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
START = PAGE.split("## Five minutes\n", 1)[1].split("\n## ", 1)[0]
BLOCKS: List[str] = [block.text for block in blocks_of(START)]


def block(word: str) -> str:
    """Return the block of the page that has a word."""
    (found,) = [each for each in BLOCKS if word in each]
    return found


@pytest.fixture(name="shell")
def _shell(tmp_path: Path) -> Dict[str, str]:
    """The environment of a shell in which the commands are those of this checkout."""
    return {**environment(), **write_commands(tmp_path), "PYTHONPATH": str(ROOT)}


@needs_go
class TestFiveMinutes:
    """Issue: "`docs/contract.md` lets a stranger hold his own backend against it in five minutes"."""

    @pytest.fixture
    def url(self, shell: Dict[str, str]) -> Iterator[str]:
        """Start what the page starts in the first shell; it says when it listens."""
        place = f"127.0.0.1:{free_port()}"
        text = block("platform/main.go").replace("127.0.0.1:9000", place)
        with subprocess.Popen(
            ["/bin/bash", "-ec", text],
            cwd=ROOT,
            env=shell,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stderr
            assert place in process.stderr.readline()
            yield f"http://{place}"
            os.killpg(process.pid, signal.SIGTERM)

    def test_the_platform_is_held_as_the_page_says(self, shell: Dict[str, str], url: str) -> None:
        text = block("verify-platform").replace("http://127.0.0.1:9000", url).rstrip()
        quick = f"{text} --slow-seconds 0.1 --columns 20000"
        done = subprocess.run(
            ["/bin/bash", "-ec", quick], cwd=ROOT, env=shell, capture_output=True, text=True, check=False
        )

        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[-1].endswith(" passed, 0 failed, 2 not asked")


class TestThePage:
    """The page's commands and files exist."""

    def test_each_command_has_its_options(self, shell: Dict[str, str]) -> None:
        lines = [line for each in BLOCKS for line in each.splitlines() if line.startswith(tuple(COMMANDS))]
        for line in lines:
            command, *words = line.split()
            sub = words[:1] if command == "nuvyn-contract" else []
            done = subprocess.run(
                [command, *sub, "--help"], env=shell, capture_output=True, text=True, check=True
            )

            assert [word for word in words if word.startswith("--") and word not in done.stdout] == [], line

    def test_each_file_is_there(self) -> None:
        names = re.findall(r"\b(?:examples|contract)/[\w./]+\.\w+", "\n".join(BLOCKS))

        assert [name for name in names if not (ROOT / name).is_file()] == []
        assert len(names) >= 3
