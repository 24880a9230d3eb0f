"""A server ends with its parent, leaves nothing behind and shows its log when it does not start."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from fake_databricks.storage_servers import program as programs
from fake_databricks.storage_servers.program import Program, Spec, StartFailed, running
from tests.waiting import until

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]
ENDLESS = "import os, time; print('pid', os.getpid(), os.getuid(), flush=True); time.sleep(600)"
PARENT = f"""
import time
from fake_databricks.storage_servers.program import Spec, running
def build(folder):
    spec = Spec(({sys.executable!r}, "-c", {ENDLESS!r}))
    return spec, lambda program: (str(folder), program.log().split()[1]) if "pid" in program.log() else None
with running("killed", build) as (folder, pid):
    print(folder, pid, flush=True)
    time.sleep(600)
"""


def python(code: str, **settings: Any) -> Callable[[Path], Any]:
    """Return what ``running`` runs: a Python program that is ready when it has printed ``pid``."""

    def ready(program: Program) -> Program | None:
        return program if "pid" in program.log() else None

    return lambda _: (Spec((sys.executable, "-c", code), **settings), ready)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


class TestTheEnd:
    def test_the_process_and_its_folder_are_gone_after_the_block(self) -> None:
        with running("ended", python(ENDLESS)) as program:
            pid = int(program.log().split()[1])
            assert not is_gone(pid)

        assert is_gone(pid)
        assert not program.folder.exists()

    def test_they_are_gone_after_the_parent_was_killed(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=environment
        ) as parent:
            assert parent.stdout is not None
            folder, pid = parent.stdout.readline().decode().split()
            parent.send_signal(signal.SIGKILL)

        until(lambda: is_gone(int(pid)))
        until(lambda: not Path(folder).exists())

    def test_a_process_that_ignores_its_stop_signal_is_killed(self) -> None:
        deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {ENDLESS}"

        with running("deaf", python(deaf)) as program:
            pid = int(program.log().split()[1])

        assert is_gone(pid)


class TestTheStart:
    def test_a_program_that_ends_shows_its_log(self) -> None:
        with (
            pytest.raises(StartFailed, match=r"(?s)broken ended\. The end of its log:.*the reason why"),
            running("broken", python("raise SystemExit('the reason why')")),
        ):
            pass

    def test_a_step_that_fails_shows_its_log(self) -> None:
        step = (sys.executable, "-c", "raise SystemExit('no space left')")
        with (
            pytest.raises(StartFailed, match="no space left"),
            running("broken", python(ENDLESS, steps=(step,))),
        ):
            pass

    def test_a_program_that_never_answers_is_named(self) -> None:
        with (
            pytest.raises(StartFailed, match=r"slow did not answer within 0\.5 s"),
            running("slow", python("import time; time.sleep(600)"), seconds=0.5),
        ):
            pass

    def test_a_port_that_was_taken_meanwhile_is_tried_again(self, tmp_path: Path) -> None:
        tried = tmp_path / "tried"
        code = (
            f"import pathlib; tried = pathlib.Path({str(tried)!r})\n"
            "if not tried.exists(): tried.touch(); raise SystemExit('Address already in use')\n" + ENDLESS
        )
        with running("taken", python(code)) as program:
            assert "in use" not in program.log()

    @pytest.mark.skipif(not programs.runs_as_root(), reason="only root can become another user")
    def test_an_unprivileged_program_of_root_runs_as_nobody(self) -> None:
        shell = ("/bin/sh", "-c", "echo pid $$ $(id -u); touch mine; sleep 600")

        def ready(program: Program) -> list[str] | None:
            return program.log().split() if "pid" in program.log() else None

        with running("nobody", lambda _: (Spec(shell, unprivileged=True), ready)) as words:
            assert int(words[2]) == pwd.getpwnam("nobody").pw_uid

    def test_programs_that_others_cannot_read_are_copied(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installed, folder = tmp_path / "private" / "installed", tmp_path / "folder"
        installed.mkdir(parents=True)
        folder.mkdir()
        (installed / "program").write_text("content")
        (tmp_path / "private").chmod(0o700)
        monkeypatch.setattr(programs, "runs_as_root", lambda: True)

        copy = programs.readable_copy(folder, installed)

        assert copy == folder / "installed"
        assert (copy / "program").read_text() == "content"
