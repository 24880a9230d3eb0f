"""A REPL on a cluster: Python and SQL in one lasting process, and the magics of a notebook cell."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import shlex
import signal
import threading
import time
from typing import TYPE_CHECKING, Any, Literal

from fake_databricks.engine import process_tree
from fake_databricks.engine.inside.magics import Magic, parse_magics
from fake_databricks.engine.log_tail import LogTail
from fake_databricks.engine.ports import CommandResult, own_pictures
from fake_databricks.redaction import Redactor

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping, Sequence

    from fake_databricks.engine.ports import Display, PipResult

CHUNK = 65536
LANGUAGES = {"python", "sql"}
PYTHON = "PYSPARK_PYTHON"
"""The variable with the cluster's interpreter."""
SHELL = (
    "import subprocess, sys; from _fakebricks import supervisor; supervisor.watch();"
    " sys.exit(subprocess.run(['bash', '-c', sys.argv[1]]).returncode)"
)
"""Runs a shell command through the cluster's Python, which puts real paths into it."""
INTERRUPT_SECONDS = 1.2
"""How long an interrupted command may take to end; then its process is ended."""


class ReplProcess:
    """The process of a context, and the pipes to it."""

    def __init__(self, env: Mapping[str, str], cwd: str, mark: str) -> None:
        command_read, self._commands = os.pipe()
        self._results, result_write = os.pipe()
        self.mark = mark
        self.process = process_tree.start(
            [env[PYTHON], "-m", "_fakebricks.repl", str(command_read), str(result_write)],
            {**env, process_tree.MARK: mark},
            cwd,
            pass_fds=(command_read, result_write),
        )
        os.close(command_read)
        os.close(result_write)
        assert self.process.stdout is not None
        self._output = self.process.stdout.fileno()
        os.set_blocking(self._output, False)

    def ask(self, source: str, language: str, printed: LogTail) -> dict[str, Any] | None:
        """Return a command's result, or None if the process ended meanwhile; feed what is printed."""
        try:
            os.write(self._commands, json.dumps({"source": source, "language": language}).encode() + b"\n")
        except BrokenPipeError:
            self._take_all(printed)
            return None
        answer = bytearray()
        while not answer.endswith(b"\n"):
            ready = select.select([self._output, self._results], [], [])[0]
            if self._output in ready:
                printed.feed(self._take())
            if self._results in ready:
                chunk = os.read(self._results, CHUNK)
                if not chunk:
                    self._take_all(printed)
                    return None
                answer += chunk
            if self.process.poll() is not None and not ready:
                break
        self._take_all(printed)
        result: dict[str, Any] = json.loads(answer)
        return result

    def _take(self) -> bytes:
        try:
            chunk = os.read(self._output, CHUNK)
        except BlockingIOError:
            return b""
        if not chunk:
            time.sleep(0.005)  # the program closed its output: only the result is still to come
        return chunk

    def _take_all(self, printed: LogTail) -> None:
        while chunk := self._take():
            printed.feed(chunk)

    def interrupt(self) -> None:
        """Send SIGINT, as Ctrl-C does."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)

    def end(self) -> None:
        """End the process and all that it started."""
        process_tree.kill(self.process, self.mark)
        if self.process.stdout and not self.process.stdout.closed:
            self.process.stdout.close()
            os.close(self._commands)
            os.close(self._results)


class ReplContext:
    """A context (the ``Context`` of the port); commands run one at a time, in the order in which they come.

    Args:
        language: the language of commands that name none.
        process_env: returns the environment and the working folder of a process with a given mark.
        pip: runs pip in the cluster's environment.
        cancel_jobs: ends the running Spark jobs of a mark.
        redact: returns the secret values that no result may show.
        before: called before each command.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what it needs of its cluster
        self,
        language: str,
        process_env: Callable[[str], tuple[Mapping[str, str], str]],
        pip: Callable[[Sequence[str]], PipResult],
        cancel_jobs: Callable[[str], object],
        redact: Callable[[], Sequence[str]],
        before: Callable[[], object] = lambda: None,
    ) -> None:
        self._language = language
        self._before = before
        self._process_env = process_env
        self._pip = pip
        self._cancel_jobs = cancel_jobs
        self._redact = redact
        self._turn = threading.Lock()
        self._repl: ReplProcess | None = None
        self._asked: ReplProcess | None = None
        self._number = 0
        self._shell: tuple[subprocess.Popen[bytes], str] | None = None
        self._cancelled = threading.Event()
        self._command_id: str | None = None  # of the command that runs
        self._cancelled_early: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False

    def execute(self, source: str, language: str | None = None, command_id: str = "") -> CommandResult:
        """Run one command; return the result of its last part, with what all parts printed."""
        with self._turn:
            if self._closed:
                return CommandResult("error", summary="The context is closed", cause="The context is closed")
            self._begin(command_id)
            try:
                return self._executed(source, language or self._language)
            finally:
                with self._lock:
                    self._command_id = None

    def _begin(self, command_id: str) -> None:
        with self._lock:
            self._command_id = command_id
            self._cancelled.clear()
            if self._closed or command_id in self._cancelled_early:
                self._cancelled.set()
            self._cancelled_early.discard(command_id)

    def _executed(self, source: str, language: str) -> CommandResult:
        self._before()
        outputs: list[str] = []
        shown: list[Display] = []
        result = CommandResult("text")
        for part in parse_magics(source, language):
            result = self._part(part)
            shown += result.displays
            if result.kind == "text":
                outputs.append(str(result.data))
            else:
                break
        if result.kind == "text":
            text = "\n".join(text.rstrip("\n") for text in outputs if text)
            kind: Literal["image", "text"] = "image" if own_pictures(shown) else "text"
            result = dataclasses.replace(result, kind=kind, data=text)
        return redacted(dataclasses.replace(result, displays=shown), Redactor(self._redact()))

    def _part(self, part: Magic) -> CommandResult:
        if part.kind == "pip":
            return self._run_pip(part.text)
        if part.kind == "sh":
            return self._run_shell(part.text)
        if part.kind in {"md", "md-sandbox"}:
            return CommandResult("text")
        if part.kind not in LANGUAGES:
            summary = f"Language {part.kind} is not available on this cluster: python and sql are"
            return CommandResult("error", summary=summary, cause=summary)
        return self._run_repl(part.text, part.kind)

    def _run_pip(self, line: str) -> CommandResult:
        try:
            result = self._pip(shlex.split(line))
        except ValueError as error:
            return CommandResult("error", summary=f"ERROR: {error}", cause=str(error))
        if result.ok:
            return CommandResult("text", result.output)
        return CommandResult("error", data=result.output, summary=result.error, cause=result.output)

    def _run_shell(self, text: str) -> CommandResult:
        first, _, rest = text.partition("\n")
        strict = first.strip() == "-e"
        script = rest if strict else text
        mark = os.urandom(8).hex()
        env, cwd = self._process_env(mark)
        command = [env[PYTHON], "-c", SHELL, ("set -e\n" if strict else "") + script]
        process = process_tree.start(command, {**env, process_tree.MARK: mark}, cwd)
        self._shell = (process, mark)
        if self._cancelled.is_set():  # while the process was being started
            process_tree.kill(process, mark)
        assert process.stdout is not None
        tail = LogTail(Redactor(self._redact()))
        with process.stdout as stream:
            while chunk := os.read(stream.fileno(), CHUNK):
                tail.feed(chunk)
        process_tree.kill(process, mark)
        output = tail.shown()
        self._shell = None
        if self._cancelled.is_set():
            return CommandResult(
                "error", data=output, summary="Cancelled", cause="Command cancelled", cancelled=True
            )
        if strict and process.returncode:
            summary = f"Command exited with code {process.returncode}"
            return CommandResult("error", data=output, summary=summary, cause=output)
        return CommandResult("text", output)

    def _run_repl(self, source: str, language: str) -> CommandResult:
        repl = self._repl
        if repl is None:
            self._repl = repl = self._open_process()
        self._number += 1
        self._asked = repl
        if self._cancelled.is_set():  # while the process was being started
            self._asked = None
            if self._closed:
                self._end_process()
            return CommandResult(
                "error", summary="Command cancelled", cause="Command cancelled", cancelled=True
            )
        tail = LogTail(Redactor(self._redact()))
        try:
            answer = repl.ask(source, language, tail)
        finally:
            self._asked = None
        printed = tail.shown()
        cancelled = self._cancelled.is_set()
        if answer is None:
            self._end_process()
            summary = "Command cancelled" if cancelled else "Fatal error: The Python kernel is unresponsive."
            return CommandResult(
                "error", data=printed, summary=summary, cause=printed or summary, cancelled=cancelled
            )
        return result_of(answer, printed, cancelled=cancelled)

    def cancel(self, command_id: str = "") -> None:
        """Interrupt a command; end its process only if it does not react."""
        with self._lock:
            if command_id and command_id != self._command_id:
                self._cancelled_early.add(command_id)
                return
            self._cancelled.set()
            shell, repl, number = self._shell, self._asked, self._number
        if shell:
            process_tree.kill(*shell)
        if repl is None:  # an interrupt of an idle process would hit the next command
            return
        # Not in the process: at an interrupt, pyspark would use the very connection that waits for the job.
        self._cancel_jobs(repl.mark)
        if self._works_on(repl, number):
            repl.interrupt()
        end = time.monotonic() + INTERRUPT_SECONDS
        while self._works_on(repl, number):
            if time.monotonic() > end:
                process_tree.kill(repl.process, repl.mark)
                self._cancel_jobs(repl.mark)
                return
            time.sleep(0.01)

    def _works_on(self, repl: ReplProcess, number: int) -> bool:
        """Whether a process still works on the command of this number."""
        return self._asked is repl and self._number == number

    def close(self) -> None:
        """End the process of the context."""
        self._closed = True
        self.cancel()
        # The thread of the command may still read from the process. But pip is not cancelled: wait no longer.
        has_turn = self._turn.acquire(timeout=INTERRUPT_SECONDS)
        self._end_process()
        if has_turn:
            self._turn.release()

    def _open_process(self) -> ReplProcess:
        mark = os.urandom(
            8
        ).hex()  # a new one for each process: its end also ends Spark jobs that start later
        return ReplProcess(*self._process_env(mark), mark)

    def _end_process(self) -> None:
        with self._lock:  # once, whichever of two threads comes first
            repl, self._repl = self._repl, None
        if repl:
            repl.end()


def result_of(answer: Mapping[str, Any], printed: str, *, cancelled: bool) -> CommandResult:
    """Return the result of a command from the answer of its process and what it has printed."""
    displays = answer["displays"]
    if answer["kind"] == "text":
        return CommandResult("text", printed + answer["data"], displays=displays)
    if answer["kind"] == "table":
        schema = tuple((name, kind) for name, kind in answer["schema"])
        is_cut = answer["truncated"]
        return CommandResult(
            "table", answer["data"], schema, truncated=is_cut, displays=displays, printed=printed
        )
    return CommandResult(
        "error",
        printed,
        summary=answer["summary"],
        cause=printed + answer["cause"],
        cancelled=cancelled or answer["cancelled"],
        displays=displays,
    )


def redacted(result: CommandResult, redactor: Redactor) -> CommandResult:
    """Return the result without secrets."""
    return dataclasses.replace(
        result,
        data=redactor.clean(result.data),
        summary=redactor.clean(result.summary),
        cause=redactor.clean(result.cause),
        displays=redactor.clean(result.displays),
        printed=redactor.clean(result.printed),
    )
