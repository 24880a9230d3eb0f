"""The end of a program's output, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from fake_databricks.engine.log_tail import LogTail
from fake_databricks.engine.ports import TaskSpec
from fake_databricks.engine.task import EndedTask
from fake_databricks.files.mounted_cluster import MountedTask
from fake_databricks.redaction import Redactor
from tests.fake.doubles import ScriptedTask

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet

SECRET = "s3cr3t-väl\nue"


def tail(*chunks: bytes, secrets: tuple[str, ...] = (SECRET,), limit: int = 1000) -> LogTail:
    kept = LogTail(Redactor(secrets), limit)
    for chunk in chunks:
        kept.feed(chunk)
    return kept


class TestRedaction:
    """Issue: "Secret values are `[REDACTED]` in all outputs", also across the borders of chunks."""

    @given(st.integers(0, 40), st.integers(0, 40))
    def test_a_secret_is_masked_wherever_the_output_was_cut(self, first: int, second: int) -> None:
        data = f"before {SECRET} after".encode()
        cuts = sorted((first, second))
        kept = tail(data[: cuts[0]], data[cuts[0] : cuts[1]], data[cuts[1] :])
        assert kept.text() == "before [REDACTED] after"

    @given(st.integers(0, 30))
    def test_half_a_secret_is_not_shown_while_the_program_goes_on(self, cut: int) -> None:
        data = f"before {SECRET} after".encode()
        shown = tail(data[:cut]).text_so_far()
        assert "before [REDACTED] after".startswith(shown)

    @given(st.integers(1, 60), st.integers(0, 30))
    def test_no_part_of_a_secret_is_left_where_the_begin_was_dropped(self, limit: int, size: int) -> None:
        secret = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        kept = tail(
            *(bytes([byte]) for byte in (secret * 3 + "." * size).encode()), secrets=(secret,), limit=limit
        )
        assert not set(kept.text().replace("[REDACTED]", "")) & set(secret) - set("REDACTED")


class TestTheLastFiveMegabytes:
    """Databricks: "the last 5 MB of stdout and stderr"; `logs_truncated`."""

    def test_the_end_is_kept_and_the_cut_is_told(self) -> None:
        kept = tail(*(b"%09d\n" % number for number in range(300)), limit=1000)
        assert kept.text() == "".join(f"{number:09d}\n" for number in range(200, 300))
        assert kept.truncated

    def test_what_fits_is_whole(self) -> None:
        kept = tail(b"x" * 1000, limit=1000)
        assert kept.text() == "x" * 1000
        assert not kept.truncated

    def test_a_letter_is_never_cut_in_two(self) -> None:
        assert tail("ä".encode() * 600, limit=999).text() == "ä" * 499


class TestWhileItRuns:
    """logs as they come"""

    def test_half_a_character_waits_for_its_end(self) -> None:
        assert tail("a ü".encode()[:-1]).text_so_far() == "a "

    def test_a_task_that_pip_ended_has_said_what_pip_said(self) -> None:
        assert EndedTask("pip said no\n", "no").logs_so_far() == "pip said no\n"

    def test_mounts_that_could_not_be_fetched_stand_first(self, quiet: Quiet) -> None:
        spec = TaskSpec(1, "/p.py", ("x",), {}, "/")
        task = MountedTask(ScriptedTask(spec), quiet.workspace.mounts, ["The store is away."])
        assert task.logs_so_far() == "fake_databricks: The store is away.\nbegan x\n"
