"""A cluster without Spark: each task a plain Python process, each context a Python process with a loop.

For tests of the service itself, and for ``--no-spark``. Installed packages go to a folder on ``PYTHONPATH``.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from fake_databricks.engine.environment import copy_checkout, place_files
from fake_databricks.engine.ports import LOG_LIMIT, CommandResult, PipResult, TaskExit

if TYPE_CHECKING:
    from fake_databricks.clusters.clusters import ClusterPlan
    from fake_databricks.engine.environment import PipSource
    from fake_databricks.engine.ports import TaskSpec

_SHELL = (
    "import subprocess as _s\n"
    "print(_s.run(['/bin/bash', '-c', {text!r}], stdout=_s.PIPE, stderr=_s.STDOUT, text=True).stdout,"
    " end='')\n"
)
_LOOP = """
import ast, contextlib, io, json, sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    source, printed, kind, summary, cause = json.loads(line), io.StringIO(), "text", "", ""
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            tree = ast.parse(source)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "<command>", "exec"), names)
            value = None if last is None else eval(compile(ast.Expression(last.value), "<it>", "eval"), names)
            if value is not None:
                print(repr(value))
    except BaseException as error:
        kind, summary = "error", f"{type(error).__name__}: {error}"
        cause = traceback.format_exc()
    sys.__stdout__.write(json.dumps([kind, printed.getvalue(), summary, cause]) + "\\n")
    sys.__stdout__.flush()
"""


class PlainTask:
    """A running process."""

    def __init__(self, spec: TaskSpec, packages: Path) -> None:
        self._was_cancelled = False
        arguments = ["-c", spec.command] if spec.command is not None else [spec.python_file]
        self._process = subprocess.Popen(  # noqa: S603  running the user's program is the purpose
            [sys.executable, "-u", *arguments, *spec.argv],
            cwd=spec.cwd,
            env=_environment(spec.env, packages),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._output = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait(self) -> TaskExit:
        """Wait for the end of the process and of what it started."""
        code = self._process.wait()
        _end_group(self._process.pid)
        self._reader.join(1.0)
        text = bytes(self._output).decode(errors="replace")
        trace = text[text.rfind("Traceback (most recent call last)") :] if "Traceback (most" in text else None
        failed = code != 0
        last = trace.strip().splitlines()[-1] if trace else f"Exit code {code}"
        return TaskExit(
            exit_code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            logs=text[-LOG_LIMIT:],
            logs_truncated=len(text) > LOG_LIMIT,
            error=last if failed else None,
            error_trace=trace if failed else None,
            notebook_result=None,
            timed_out=False,
            cancelled=self._was_cancelled,
        )

    def cancel(self) -> None:
        """End the process and what it started."""
        self._was_cancelled = True
        _end_group(self._process.pid)

    def logs(self) -> str:
        """Return what was printed so far."""
        return bytes(self._output).decode(errors="replace")

    def _read(self) -> None:
        output = self._process.stdout
        assert output is not None
        with output:
            for chunk in iter(lambda: os.read(output.fileno(), 65536), b""):
                self._output += chunk


class PlainContext:
    """A Python process that reads one command after the other."""

    def __init__(self, environment: Mapping[str, str], pip: Callable[[Sequence[str]], PipResult]) -> None:
        self._environment = environment
        self._pip = pip
        self._was_cancelled = False
        self._process = self._open()

    def execute(self, source: str, language: str | None = None) -> CommandResult:
        """Run one command to its end; ``%pip`` and ``%sh`` are known."""
        if source.lstrip().startswith("%pip "):
            result = self._pip(shlex.split(source.strip()[len("%pip ") :]))
            kind: Any = "text" if result.ok else "error"
            return CommandResult(kind, result.output, summary=result.error, cause=result.error)
        if source.lstrip().startswith("%sh"):
            source = _SHELL.format(text=source.strip()[len("%sh") :])
        if language not in (None, "python"):
            return CommandResult("error", summary=f"{language} needs Spark; this server runs without it")
        if self._process.poll() is not None:
            self.close()
            self._process = self._open()
        self._was_cancelled = False
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(source) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            return CommandResult("error", summary="The Python process ended", cancelled=self._was_cancelled)
        kind, text, summary, cause = json.loads(line)
        return CommandResult(kind, data=text, summary=summary, cause=cause)

    def cancel(self) -> None:
        """End the running command; what it had defined is lost."""
        self._was_cancelled = True
        _end_group(self._process.pid)

    def close(self) -> None:
        """End the process."""
        _end_group(self._process.pid)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _open(self) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603  a fixed program
            [sys.executable, "-u", "-c", _LOOP],
            env=dict(self._environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


class PlainCluster:
    """A folder of installed packages and the processes that use it."""

    def __init__(self, plan: ClusterPlan, sources: Sequence[PipSource] = ()) -> None:
        self._sources = tuple(sources)
        self._plan = plan
        self._packages = plan.folder / "packages"
        self._packages.mkdir(parents=True, exist_ok=True)
        self._tasks: list[PlainTask] = []
        self._contexts: list[PlainContext] = []

    def start_task(self, spec: TaskSpec) -> PlainTask:
        """Start the process."""
        task = PlainTask(spec, self._packages)
        self._tasks.append(task)
        return task

    def pip(self, args: Sequence[str]) -> PipResult:
        """Really pip install, into the folder."""
        with tempfile.TemporaryDirectory(prefix="checkout") as scratch:
            return self._pip(args, Path(scratch))

    def _pip(self, args: Sequence[str], scratch: Path) -> PipResult:
        given = [self._mapped(argument, scratch / str(place)) for place, argument in enumerate(args)]
        used = [source for argument in args for source in self._sources if source.matches(argument)]
        target = ["--target", str(self._packages), "--upgrade"] if "install" in args else []
        ended = subprocess.run(  # noqa: S603  pip itself, with the user's arguments
            [sys.executable, "-m", "pip", "--disable-pip-version-check", *given, *target],
            env=_environment({}, self._packages),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if ended.returncode == 0:
            for source in used:
                place_files(source, self._plan.places.dbfs)
        return PipResult(ended.returncode == 0, ended.stdout)

    def _mapped(self, argument: str, copy: Path) -> str:
        source = next((source for source in self._sources if source.matches(argument)), None)
        if source is None:
            return argument
        copy_checkout(source, copy)
        return str(copy)

    def open_context(self, language: str) -> PlainContext:
        """Open a Python loop; other languages are refused when they are used."""
        del language
        context = PlainContext(_environment(self._plan.environment, self._packages), self.pip)
        self._contexts.append(context)
        return context

    def restart(self) -> None:
        """End all that runs."""
        self.close()

    def close(self) -> None:
        """End all that runs."""
        for task in self._tasks:
            task.cancel()
        for context in self._contexts:
            context.close()
        self._tasks.clear()
        self._contexts.clear()


def _environment(extra: Mapping[str, Any], packages: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONUTF8": "1", **extra, "PYTHONPATH": str(packages)}


def _end_group(process_group: int) -> None:
    try:
        os.killpg(process_group, signal.SIGKILL)
    except ProcessLookupError:
        return  # it has ended by itself
