"""One Python process for each run: starts it, reads its output, ends it, and says how it ended."""

from __future__ import annotations

import json
import os
import secrets
import signal
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fake_databricks.engine import process_tree
from fake_databricks.engine.inside.nesting import MAX_REPORT, depth_of
from fake_databricks.engine.log_tail import LogTail
from fake_databricks.engine.ports import TaskExit

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from fake_databricks.engine.ports import TaskSpec
    from fake_databricks.redaction import Redactor

CHUNK = 65536
DRAIN_SECONDS = 0.2
"""How long the output of child processes that outlive the program is still read."""
EARLY = ("PYTHON", "LD_")
"""Variables that an interpreter reads when it starts: a running process cannot take them on."""


@dataclass(frozen=True)
class TaskOrder:
    """What a started process gets on its stdin, as one line of JSON (read by ``inside/run.py``)."""

    file: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    report: str
    notebook: str
    widgets: Mapping[str, str]
    installed: tuple[str, ...]
    task_values: Mapping[str, Mapping[str, Any]]


class Starter:
    """An interpreter that waits for its order; its processes and Spark jobs carry its ``mark``."""

    def __init__(self, python: Path, env: Mapping[str, str], *, preload: bool) -> None:
        self.mark = secrets.token_hex(8)
        command = [str(python), "-m", "_fakebricks.run", *(["--preload"] if preload else [])]
        self.process = process_tree.start(command, {**env, process_tree.MARK: self.mark}, "/")

    def order(self, order: TaskOrder) -> None:
        """Send the order; where the process is dead already, its exit shows that."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
            self.process.stdin.flush()  # not closed: a closed stdin ends the process
        except (BrokenPipeError, ValueError):  # ValueError: closed, because it was ended meanwhile
            return

    def dismiss(self) -> None:
        """End a process that has no order."""
        process_tree.kill(self.process, self.mark)
        if self.process.stdout:
            self.process.stdout.close()


class TaskProcess:
    """A running task (the ``TaskHandle`` of a cluster).

    Args:
        spec: what to run.
        starter: the process that runs it.
        scratch: a folder for the process's report.
        env: the complete environment of the program.
        redactor: masks the secrets of the workspace.
        end_jobs: ends the Spark jobs of a mark.
        ended: called when everything has ended.
    """

    def __init__(  # noqa: PLR0913, PLR0917  the parts of a running process, in one place
        self,
        spec: TaskSpec,
        starter: Starter,
        scratch: Path,
        env: Mapping[str, str],
        redactor: Redactor,
        end_jobs: Callable[[str], object],
        ended: Callable[[TaskProcess], None],
    ) -> None:
        self.mark = starter.mark
        self._process: subprocess.Popen[bytes] = starter.process
        self._redactor = redactor
        self._log = LogTail(redactor)
        self._end_jobs = end_jobs
        self._ended = ended
        self._report = scratch / "report.json"
        self._lock = threading.Lock()
        self._is_cancelled = False
        self._over = threading.Event()
        self._exit: TaskExit | None = None
        self.used_spark = True
        self.scratch = scratch
        full = {**env, process_tree.MARK: self.mark}
        self._order = TaskOrder(
            spec.python_file,
            spec.argv,
            full,
            spec.cwd,
            str(self._report),
            spec.notebook,
            spec.widgets,
            spec.packages,
            spec.task_values,
        )
        self._starter = starter
        self._name = f"run-{spec.run_id}"
        self._reader = threading.Thread(target=self._listen, name=f"{self._name}-output", daemon=True)

    def log_first(self, text: str) -> None:
        """Put a text before the output of the task."""
        self._log.feed(text.encode())

    def start(self) -> None:
        """Send the order, and begin to read the output."""
        self._starter.order(self._order)
        self._reader.start()
        threading.Thread(target=self._attend, name=self._name, daemon=True).start()

    def wait(self) -> TaskExit:
        """Block until the task and all its processes have ended."""
        self._over.wait()
        assert self._exit is not None
        return self._exit

    def logs_so_far(self) -> str:
        """Return the end of what it has written until now."""
        with self._lock:
            return self._log.text_so_far()

    def cancel(self) -> None:
        """End it in the background."""
        threading.Thread(target=self._end, daemon=True).start()

    def _end(self) -> None:
        with self._lock:
            if self._is_cancelled or self._process.poll() is not None:
                return
            self._is_cancelled = True
        # The jobs first: a program that waits for one would see SIGTERM only when the job is over.
        self._end_jobs(self.mark)
        process_tree.terminate(self._process, self.mark)

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while True:
            try:
                chunk = os.read(stream.fileno(), CHUNK)
            except (OSError, ValueError):
                return
            if not chunk:
                return
            with self._lock:
                self._log.feed(chunk)

    def _attend(self) -> None:
        self._process.wait()
        self._reader.join(DRAIN_SECONDS)
        # Nothing that the program started is left; a killed process may have left Spark jobs that go on.
        process_tree.kill(self._process, self.mark)
        self._end_jobs(self.mark)
        self._reader.join(DRAIN_SECONDS)
        if self._process.stdout and not self._reader.is_alive():
            self._process.stdout.close()
        self._exit = self._read_exit()
        self._ended(self)
        self._over.set()

    def _read_exit(self) -> TaskExit:
        code = self._process.returncode
        report = self._read_report()
        self.used_spark = report.get("used_spark", True)  # a process without a report may have used it
        with self._lock:
            logs, truncated = self._log.text(), self._log.truncated
        if (code != 0 or self._is_cancelled) and not report.get("error"):
            report["error"] = self._sentence(code)
        clean = self._redactor.clean
        return TaskExit(
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            logs=logs,
            logs_truncated=truncated,
            error=clean(report.get("error")),
            error_trace=clean(report.get("error_trace")),
            notebook_result=clean(report.get("notebook_result")),
            cancelled=self._is_cancelled,
            task_values=clean(report.get("task_values", {})),
            displays=clean(report.get("displays", [])),
        )

    def _read_report(self) -> dict[str, Any]:
        try:
            report = json.loads(self._report.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError, RecursionError):
            return {}  # it was ended before it could write one, or has written something else there
        is_report = isinstance(report, dict) and depth_of(report) <= MAX_REPORT
        return report if is_report else {}

    def _sentence(self, code: int) -> str:
        if self._is_cancelled:
            return "Run cancelled."
        if code >= 0:
            return f"The Python process exited with exit code {code}."
        name, meaning = signal.Signals(-code).name, signal.strsignal(-code)
        sentence = f"The Python process exited with exit code {128 - code} ({name}: {meaning})."
        if -code == signal.SIGKILL:
            sentence += " This may have been caused by an OOM error. Check your command's memory usage."
        return sentence


class EndedTask:
    """A task that ended before its process could start: pip could not install what it needs."""

    def __init__(self, output: str, error: str) -> None:
        self._exit = TaskExit(1, None, output, False, error, output, None, False)  # noqa: FBT003  fields in order

    def wait(self) -> TaskExit:
        """Return how it ended."""
        return self._exit

    def logs_so_far(self) -> str:
        """Return what pip has written."""
        return self._exit.logs

    def cancel(self) -> None:
        """Do nothing: it has ended."""


def fits_running_interpreter(env: Mapping[str, str], base: Mapping[str, str]) -> bool:
    """Whether a process that was started with ``base`` can take on ``env``."""
    return all(value == base.get(name) for name, value in env.items() if name.startswith(EARLY))
