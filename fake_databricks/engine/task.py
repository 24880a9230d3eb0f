"""One Python process a run: started, listened to, ended in time, and its end told as it was."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fake_databricks.engine import process_tree
from fake_databricks.engine.log_tail import LogTail, Redactor
from fake_databricks.engine.ports import TaskExit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from fake_databricks.engine.driver import SessionPlan
    from fake_databricks.engine.ports import TaskSpec

CHUNK = 65536
DRAIN_SECONDS = 0.2
"""How long the output of children that outlive the program is still taken."""
EARLY = ("PYTHON", "LD_")
"""Variables that an interpreter reads when it starts: a process that is up already cannot take them on."""


@dataclass(frozen=True)
class TaskOrder:
    """What a started process is told on its stdin, as one line of JSON (read by ``inside/run.py``)."""

    file: str
    command: str | None
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    report: str


class Starter:
    """An interpreter that waits for its order; its processes and Spark jobs bear its ``mark``."""

    def __init__(self, python: Path, env: Mapping[str, str], *, preload: bool) -> None:
        self.mark = secrets.token_hex(8)
        command = [str(python), "-m", "_fakebricks.run", *(["--preload"] if preload else [])]
        self.process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603  the cluster's own python
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**env, process_tree.MARK: self.mark},
            cwd="/",
            start_new_session=True,
        )

    def order(self, order: TaskOrder) -> None:
        """Return what to run; a process that is dead already is seen by its exit."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
            self.process.stdin.flush()  # never closed before: that would be the end of the process
        except BrokenPipeError:
            return

    def dismiss(self) -> None:
        """End it: there is nothing to run any more."""
        process_tree.kill(self.process, self.mark)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


class TaskProcess:
    """A running task (the TaskHandle of a cluster)."""

    def __init__(  # noqa: PLR0913, PLR0917  what a running process is made of, in one place
        self,
        spec: TaskSpec,
        starter: Starter,
        scratch: Path,
        env: Mapping[str, str],
        plan: SessionPlan,
        end_jobs: Callable[[str], object],
        ended: Callable[[TaskProcess], None],
    ) -> None:
        self.spec = spec
        self.mark = starter.mark
        self._process = starter.process
        self._redactor = Redactor(spec.redact)
        self._log = LogTail(self._redactor)
        self._end_jobs = end_jobs
        self._ended = ended
        self._report = scratch / "report.json"
        self._lock = threading.Lock()
        self._why: str | None = None
        self._over = threading.Event()
        self._exit: TaskExit | None = None
        self.used_spark = True
        self.scratch = scratch
        full = {**env, "FAKE_DATABRICKS_PLAN": str(write_plan(plan, scratch)), process_tree.MARK: self.mark}
        if spec.widgets:
            full["FAKE_DATABRICKS_WIDGETS"] = json.dumps(dict(spec.widgets))
        starter.order(
            TaskOrder(
                spec.python_file or "<command>", spec.command, spec.argv, full, spec.cwd, str(self._report)
            )
        )
        self._reader = threading.Thread(target=self._listen, name=f"run-{spec.run_id}-output", daemon=True)
        self._reader.start()
        self._keeper = threading.Thread(target=self._keep, name=f"run-{spec.run_id}", daemon=True)
        self._keeper.start()

    def wait(self) -> TaskExit:
        """Block until all is over."""
        self._over.wait()
        assert self._exit is not None
        return self._exit

    def cancel(self) -> None:
        """End it as cancelled, in the background."""
        threading.Thread(target=self._end, args=("cancelled",), daemon=True).start()

    def logs(self) -> str:
        """What was printed so far."""
        with self._lock:
            return self._log.text(final=self._over.is_set())

    def _end(self, why: str) -> None:
        with self._lock:
            if self._why is not None or self._process.poll() is not None:
                return
            self._why = why
        # The jobs first: a program that waits for one would see the polite signal only when that is over.
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

    def _keep(self) -> None:
        try:
            self._process.wait(self.spec.timeout_seconds or None)
        except subprocess.TimeoutExpired:
            self._end("timed out")
            self._process.wait()
        self._reader.join(DRAIN_SECONDS)
        # Children that the program left behind end with it, and so do the Spark jobs that they wait for.
        process_tree.kill(self._process, self.mark)
        self._end_jobs(self.mark)
        self._reader.join(DRAIN_SECONDS)
        if self._process.stdout and not self._reader.is_alive():
            self._process.stdout.close()
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):  # an order that was never read
                self._process.stdin.close()
        self._exit = self._read_exit()
        self._ended(self)
        self._over.set()

    def _read_exit(self) -> TaskExit:
        code = self._process.returncode
        report = self._read_report()
        self.used_spark = report.get("used_spark", True)  # one that could not report may have
        with self._lock:
            logs, truncated = self._log.text(final=True), self._log.truncated
        if (code != 0 or self._why) and not report.get("error"):
            report["error"] = self._sentence(code)
        clean = self._redactor.clean_or_none
        return TaskExit(
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            logs=logs,
            logs_truncated=truncated,
            error=clean(report.get("error")),
            error_trace=clean(report.get("error_trace")),
            notebook_result=clean(report.get("notebook_result")),
            timed_out=self._why == "timed out",
            cancelled=self._why == "cancelled",
        )

    def _read_report(self) -> dict[str, Any]:
        try:
            report: dict[str, Any] = json.loads(self._report.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}  # it was ended before it could write one
        return report

    def _sentence(self, code: int) -> str:
        if self._why == "timed out":
            return f"Timed out after {self.spec.timeout_seconds:g} seconds"
        if self._why == "cancelled":
            return "Run cancelled."
        if code >= 0:
            return f"The Python process exited with exit code {code}."
        name, meaning = signal.Signals(-code).name, signal.strsignal(-code)
        sentence = f"The Python process exited with exit code {128 - code} ({name}: {meaning})."
        if -code == signal.SIGKILL:
            sentence += " This may have been caused by an OOM error. Check your command's memory usage."
        return sentence


class Finished:
    """A task that ended before it could begin (its file is not there)."""

    def __init__(self, ended: TaskExit) -> None:
        self._exit = ended

    def wait(self) -> TaskExit:
        """At once."""
        return self._exit

    def cancel(self) -> None:
        """Nothing is left to cancel."""

    def logs(self) -> str:
        """What there is."""
        return self._exit.logs


def write_plan(plan: SessionPlan, folder: Path) -> Path:
    """Leave the way to Spark where a process of the cluster finds it (``inside/spark.py`` reads it)."""
    file = folder / "plan.json"
    file.write_text(json.dumps(asdict(plan)), encoding="utf-8")
    return file


def fits_running_interpreter(env: Mapping[str, str], base: Mapping[str, str]) -> bool:
    """Whether a process that is up with ``base`` may take on ``env``."""
    return all(value == base.get(name) for name, value in env.items() if name.startswith(EARLY))
