"""Nothing outlives its run, its context or its server: whatever a program starts, and however it hides it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fake_databricks.engine import process_tree
from fake_databricks.engine.inside import supervisor
from fake_databricks.engine.local import LocalCluster
from fake_databricks.engine.ports import ClusterPlan, Places, TaskSpec
from fake_databricks.engine.task import TaskProcess
from tests.waiting import takes_less_than, until

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux has a child subreaper"),
]
DAEMON = """
import subprocess, sys
from pathlib import Path
note = Path({note!r})
# a daemon: its parent ends, it has a session of its own, and no variable of the run
command = "trap '' TERM; sleep 600 & echo $! > {note}.part; mv {note}.part {note}"
subprocess.Popen(["sh", "-c", command], start_new_session=True, env={{"PATH": "/usr/bin:/bin"}}).wait()
"""


def daemon(note: Path) -> str:
    """Return a program that starts a daemon and writes its pid."""
    return DAEMON.format(note=str(note))


def noted_pid(note: Path) -> int:
    """Wait until the pid is written."""
    until(note.exists)
    return int(note.read_text())


def is_alive(pid: int) -> bool:
    try:
        return not process_tree.is_zombie(Path(f"/proc/{pid}"))
    except OSError:
        return False


def await_end(pid: int) -> None:
    until(lambda: not is_alive(pid))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    folder = tmp_path_factory.mktemp("supervised")
    places = Places(*(str(folder / name) for name in ("dbfs", "volumes", "workspace")))
    Path(places.dbfs).mkdir()
    made = LocalCluster(ClusterPlan("w", "c", {}, {}, places, tuple), None, folder / "clusters")
    yield made
    made.close()


def start(cluster: LocalCluster, folder: Path, source: str) -> TaskProcess:
    program = folder / "program.py"
    program.write_text(source, encoding="utf-8")
    task = cluster.start_task(TaskSpec(1, str(program), (), {}, str(folder)))
    assert isinstance(task, TaskProcess)
    return task


WAYS_TO_END = {
    "it ends": "",
    "it fails": "1 / 0",
    "it leaves without a word": "import os; os._exit(3)",
    "it is killed": "import os; os.kill(os.getpid(), 9)",
    "its group is told to end": "import os, signal; os.killpg(0, signal.SIGTERM)",
}


class TestARun:
    """Issue: "Nothing outlives its run [...] children in their own sessions after a run's end"."""

    @pytest.mark.parametrize("way", WAYS_TO_END)
    def test_a_daemon_ends_with_it(self, cluster: LocalCluster, tmp_path: Path, way: str) -> None:
        task = start(cluster, tmp_path, daemon(tmp_path / "pid") + WAYS_TO_END[way])
        ended = task.wait()
        assert not is_alive(noted_pid(tmp_path / "pid"))
        signals = {"it is killed": signal.SIGKILL, "its group is told to end": signal.SIGTERM}
        codes = {"it ends": 0, "it fails": 1, "it leaves without a word": 3}
        assert (ended.exit_code, ended.signal) == (codes.get(way), signals.get(way))

    def test_a_daemon_ends_with_a_cancel_and_with_a_timeout(
        self, cluster: LocalCluster, tmp_path: Path
    ) -> None:
        """Both are a cancel of the task, and all is over within two seconds."""
        note = tmp_path / "pid"

        def cancel() -> float:
            note.unlink(missing_ok=True)
            task = start(cluster, tmp_path, daemon(note) + "import time; time.sleep(600)")
            pid = noted_pid(note)
            begin = time.monotonic()
            task.cancel()
            assert task.wait().cancelled
            taken = time.monotonic() - begin
            assert not is_alive(pid)
            return taken

        takes_less_than(2, cancel)

    def test_a_program_that_kills_what_watches_it_is_found_by_its_mark(
        self, cluster: LocalCluster, tmp_path: Path
    ) -> None:
        source = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\nos.kill(os.getppid(), 9)\n"
        task = start(cluster, tmp_path, source + "time.sleep(600)")
        ended = task.wait()
        await_end(int((tmp_path / "pid").read_text()))
        assert ended.signal == signal.SIGKILL

    def test_a_program_has_no_input(self, cluster: LocalCluster, tmp_path: Path) -> None:
        assert start(cluster, tmp_path, "import sys; print(repr(sys.stdin.read()))").wait().logs == "''\n"


class TestAContext:
    """The same for contexts and their commands."""

    def test_a_daemon_lives_as_long_as_the_context(self, cluster: LocalCluster, tmp_path: Path) -> None:
        context = cluster.open_context("python")
        assert context.execute(daemon(tmp_path / "pid")).kind == "text"
        pid = noted_pid(tmp_path / "pid")
        assert context.execute("1 + 1").data == "2"
        assert is_alive(pid)
        context.close()
        assert not is_alive(pid)

    def test_what_a_shell_command_left_ends_with_it(self, cluster: LocalCluster, tmp_path: Path) -> None:
        context = cluster.open_context("python")
        note = tmp_path / "pid"
        assert context.execute(f"%sh\nsetsid sleep 600 &\necho $! > {note}\necho done").data == "done"
        assert not is_alive(int(note.read_text()))
        context.close()

    def test_what_pip_left_ends_with_it(self, cluster: LocalCluster, tmp_path: Path) -> None:
        (tmp_path / "setup.py").write_text(
            # pip itself waits for all that holds its output
            daemon(tmp_path / "pid").replace("sleep 600", "sleep 600 > /dev/null 2>&1") + "1 / 0",
            encoding="utf-8",
        )
        result = cluster.pip(["install", "--no-build-isolation", "--no-deps", str(tmp_path)])
        assert not result.ok
        assert not is_alive(noted_pid(tmp_path / "pid"))


class TestACommand:
    """What watches the JVM and pip: a program before a command."""

    def start(self, *command: str, holds_input: bool = False) -> subprocess.Popen[bytes]:
        return process_tree.start(
            process_tree.watched(command, holds_input=holds_input), dict(os.environ), "/"
        )

    def finish(self, process: subprocess.Popen[bytes]) -> tuple[bytes, int]:
        assert process.stdout
        with process.stdout as stream:
            printed = stream.read()
        process_tree.kill(process)
        return printed, process.returncode

    def test_it_ends_as_the_command_did(self) -> None:
        assert self.finish(self.start("sh", "-c", "echo out; echo err >&2; exit 7")) == (b"out\nerr\n", 7)
        assert self.finish(self.start("sh", "-c", "kill -SEGV $$"))[1] == -signal.SIGSEGV
        assert self.finish(self.start("/no/such"))[1] == 127

    def test_its_input_is_empty_or_stays_open(self) -> None:
        assert self.finish(self.start("cat")) == (b"", 0)
        held = self.start("sh", "-c", "echo up; read x; echo not reached", holds_input=True)
        assert held.stdout
        assert held.stdout.readline() == b"up\n"
        assert held.poll() is None
        process_tree.kill(held)
        assert (held.stdout.read(), held.returncode) == (b"", -signal.SIGKILL)
        held.stdout.close()

    def test_a_command_that_closes_its_streams_is_watched_on(self) -> None:
        process = self.start(sys.executable, "-c", "import os; os.closerange(0, 9); os._exit(5)")
        assert self.finish(process)[1] == 5

    def test_it_ends_with_a_server_whose_child_holds_the_pipe(self) -> None:
        source = (
            "import os, subprocess, sys, time\n"
            "from fake_databricks.engine import process_tree\n"
            "command = process_tree.watched(['sh', '-c', 'echo $$; exec sleep 600'])\n"
            "program = process_tree.start(command, dict(os.environ), '/')\n"
            "child = os.fork()\n"
            "if not child:\n"
            "    time.sleep(600)\n"
            "print(child, program.stdout.readline().decode(), flush=True)\n"
            "time.sleep(600)\n"
        )
        server = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
        assert server.stdout
        child, program = (int(word) for word in server.stdout.readline().split())
        server.kill()
        server.wait()
        await_end(program)
        assert is_alive(child)
        os.kill(child, signal.SIGKILL)
        server.stdout.close()

    def test_a_hundred_processes_end_at_once(self) -> None:
        process = self.start(
            "sh", "-c", "for n in $(seq 100); do setsid sleep 600 & done; echo up; wait", holds_input=True
        )
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        below = supervisor.descendants(process.pid)
        assert len(below) > 50
        process_tree.kill(process)
        assert not any(is_alive(pid) for pid in below)
        process.stdout.close()
