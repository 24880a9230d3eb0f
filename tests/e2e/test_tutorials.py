"""The tutorials of `docs/tutorials`, followed; that of the cluster: `tests/fake/test_guide.py`."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, List

import pytest

from tests.tutorials import ROOT, Reader, blocks_of, free_port, not_printed

if TYPE_CHECKING:
    from pathlib import Path

TUTORIALS = sorted(
    path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs" / "tutorials").glob("*.md")
)
FOLLOWED = {
    "tutorials/add-a-check.md",
    "tutorials/first-run.md",
    "tutorials/hold-your-backend.md",
    "tutorials/install-on-a-cluster.md",
    "tutorials/read-your-scores.md",
}
WITH_BASH = pytest.mark.skipif(shutil.which("bash") is None, reason="the pages are written for bash")


class TestPages:
    """Issue: "tutorials that are executed by the tests"."""

    def test_each_is_followed_by_a_test(self) -> None:
        assert set(TUTORIALS) == FOLLOWED

    @pytest.mark.parametrize("page", TUTORIALS)
    def test_each_has_commands_that_show_something(self, page: str) -> None:
        blocks = blocks_of((ROOT / "docs" / page).read_text(encoding="utf-8"))
        run = [block for block in blocks if block.language == "bash" and not block.reason]

        assert run
        assert [block for block in blocks if block.language == "text"]
        assert {block.language for block in blocks} <= {"bash", "text", "python", "csv", "diff", "console"}


class TestFollowing:
    """What a page shows is found in what was printed, in order."""

    def test_other_lines_may_come_between(self) -> None:
        assert not_printed(["a", "c"], ["a", "b", "c"]) is None

    def test_dots_stand_for_anything(self) -> None:
        assert not_printed(["... passed in ... s"], ["12 passed in 0.1 s"]) is None

    @pytest.mark.parametrize("shown", [["b", "a"], ["a", "a"], ["A"]])
    def test_what_was_not_printed_there_is_named(self, shown: List[str]) -> None:
        assert not_printed(shown, ["a", "b"]) in shown

    @WITH_BASH
    def test_a_command_that_fails_fails_the_page(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "page.md").write_text("```bash\ntrue\nfalse\n```\n")
        monkeypatch.setattr("tests.tutorials.ROOT", tmp_path)

        with pytest.raises(AssertionError, match="a command has failed:\ntrue"):
            Reader(tmp_path / "reader").follow("page.md")


@WITH_BASH
@pytest.mark.process
class TestTutorials:
    """The pages, from the first command to the last."""

    @pytest.mark.jvm  # the only one here: a first run is a run of the executor on Spark
    def test_the_first_run_and_its_scores(self, tmp_path: Path) -> None:
        reader = Reader(tmp_path)
        reader.follow("tutorials/first-run.md")
        reader.follow("tutorials/read-your-scores.md")

    @pytest.mark.skipif(sys.version_info < (3, 10), reason="fake_databricks needs Python 3.10")
    def test_a_backend_against_the_local_databricks(self, tmp_path: Path) -> None:
        Reader(tmp_path).follow(
            "tutorials/hold-your-backend.md",
            {"--port 8080": f"--port {(port := free_port())}", ":8080": f":{port}"},
        )

    def test_a_check_is_added(self, tmp_path: Path) -> None:
        Reader(tmp_path).follow("tutorials/add-a-check.md")
