"""The command: ``argv`` in, exit code out. stdout is the result, one JSON document; stderr is the log."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import ExitStack, nullcontext
from traceback import format_exception
from typing import TYPE_CHECKING, Any, Callable, ContextManager, List, Optional, Sequence

from nuvyn_executor import __version__, wire
from nuvyn_executor.errors import ExecutorError, Interrupted, UsageError
from nuvyn_executor.interrupts import ended_by_interrupt
from nuvyn_executor.model import JobType
from nuvyn_executor.output import write_stdout, write_utf8
from nuvyn_executor.parameters import JOB_TYPES, parse_parameters
from nuvyn_executor.progress import progress_line
from nuvyn_executor.redaction import Redactor
from nuvyn_executor.settings import SETTINGS
from nuvyn_executor.source_list import SOURCE_TYPES
from nuvyn_executor.source_list import VARIABLE as PAYLOAD
from nuvyn_executor.sources.locations import python_path
from nuvyn_executor.spark import java_process
from nuvyn_executor.terminal import show_scores

if TYPE_CHECKING:
    from nuvyn_executor.job_manager import Job, JobManager
    from nuvyn_executor.model import JobRequest

_JOBS = {
    "schema_validation": "check the five metadata tables, create what is missing",
    "metadata_extraction": "list a source, read each dataset once, store its metadata",
    "data_reading": "show the beginning of each file",
    "quality_assessment": "score a source in six dimensions, with reasons",
    "api_transmission": "send stored metadata to the platform",
    "full_pipeline": "all of these in order",
}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one job.

    Args:
        argv: parameters without the program's name. Without them they are those of this program, which
            Ctrl-C then ends.

    Returns:
        0 on success (also when some files could not be read, which ``details`` names), 1 when the job
        failed, 2 when the parameters are wrong.
    """
    parameters = list(sys.argv[1:] if argv is None else argv)
    write_utf8()
    if any(word in ("-h", "--help") for word in parameters):
        print(help_text())  # noqa: T201  stdout is where a command answers
        return 0
    if "--version" in parameters:
        print(f"nuvyn-executor {__version__}")  # noqa: T201  as above
        return 0
    try:
        request = parse_parameters(parameters, os.environ.get(PAYLOAD, ""), _exists)
    except UsageError as error:
        redact = _redactor()  # a path in the place of another parameter may hold a secret
        print(redact(f"{error.message} {error.remedy}"), file=sys.stderr)  # noqa: T201  there is no log before a job
        document = wire.failure(None, _job_type(parameters), error)
        return _Answer().give(redact.redact_json(document), error.exit_code)
    return _Call(request).run(is_program=argv is None)


class _Answer:
    """The one JSON document that a call prints, whatever happens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.is_given = False
        self.exit_code = 0

    def give(self, document: object, exit_code: int) -> int:
        """Print a document if none was printed yet; return the exit code of the call."""
        with self._lock:
            if not self.is_given:
                self.is_given, self.exit_code = True, exit_code
                sys.stderr.flush()
                try:
                    write_stdout(wire.dump(document) + "\n", "A job has stored it in executor_runs.result.")
                except ExecutorError as error:
                    print(error, file=sys.stderr)  # noqa: T201  the log may be closed
                    self.exit_code = error.exit_code
            return self.exit_code


class _Call:
    """One run of one job by this command."""

    def __init__(self, request: JobRequest) -> None:
        self._request = request
        self._answer = _Answer()
        self._line = progress_line(sys.stderr)
        self._job: Optional[Job] = None

    def run(self, *, is_program: bool) -> int:
        """Run it; as the program of this process, Ctrl-C ends the process."""
        from nuvyn_executor import bootstrap  # noqa: PLC0415  not needed for --help and for wrong parameters

        if not is_program or os.environ.get(bootstrap.RUNTIME):  # Databricks interrupts in its own way
            return self._run(bootstrap.manager)
        with ended_by_interrupt(self._interrupted):
            return self._run(bootstrap.manager)

    def _run(self, manager_of: Callable[..., ContextManager[JobManager]]) -> int:
        line, is_done = self._line, False
        try:
            with ExitStack() as stack:
                with nullcontext() if line is None else line.waiting("Spark starts"):
                    manager = stack.enter_context(manager_of(stream=line, progress=line))
                try:
                    self._job = manager.create_job(self._request)
                    report = manager.execute(self._job)
                finally:
                    if line is not None:
                        line.close()
                self._answer.give(report.document, report.exit_code)
                is_done = True
                show_scores(report.document, sys.stderr)
        except Exception as error:  # noqa: BLE001  whatever happens, stdout carries one JSON document
            if line is not None:
                line.close()
            if not self._answer.is_given:
                return self._failed_to_start(java_process.named(error))
            if is_done:  # else Ctrl-C has ended it
                print(f"After the result: {_redactor()(repr(error))}", file=sys.stderr)  # noqa: T201  the log is closed
        return self._answer.exit_code

    def _failed_to_start(self, error: Exception) -> int:
        """Answer when the executor could not be created: there may be neither log nor settings yet."""
        redact = _redactor()
        is_expected = isinstance(error, ExecutorError)
        text = (
            str(error) if is_expected else "".join(format_exception(type(error), error, error.__traceback__))
        )
        print(redact(text), file=sys.stderr)  # noqa: T201  there may be no log yet
        document = redact.redact_json(wire.failure(None, self._request.job_type, error))
        return self._answer.give(document, getattr(error, "exit_code", 1))

    def _interrupted(self) -> int:
        """Answer when a person has pressed Ctrl-C."""
        if self._line is not None:
            self._line.close()
        error = Interrupted("Ctrl-C has ended the job.", "Run it again; what it has stored stays.")
        if not self._answer.is_given:
            print(error, file=sys.stderr)  # noqa: T201  the log is closed
        job_id = None if self._job is None else self._job.job_id
        return self._answer.give(wire.failure(job_id, self._request.job_type, error), error.exit_code)


def run_as_task(dbutils: Any = None) -> None:
    """Run the job that ``sys.argv`` names, as the program of a process.

    On success it returns, because Databricks has reported tasks that end with ``sys.exit(0)`` as failed.

    Args:
        dbutils: the program's ``dbutils``, where it has one as notebooks do. Then the run's
            ``notebook_output`` is the guide's sentence, ``Schema validation completed successfully``.
    """
    exit_code = main()
    if exit_code:
        sys.exit(exit_code)
    job_type = _job_type(sys.argv[1:])
    if job_type is not None and dbutils is not None:
        words = job_type.value.replace("_", " ").replace("api", "API")
        dbutils.notebook.exit(f"{words[0].upper()}{words[1:]} completed successfully")


def _redactor() -> Redactor:
    """Mask the secrets of the environment: there may be no settings yet, or no more."""
    return Redactor(os.environ.get(setting.name, "") for setting in SETTINGS if setting.is_secret)


def help_text() -> str:
    """Return how to call the command."""
    lines: List[str] = [
        "usage: nuvyn-executor <job_type> [data_source_path] [source_type] [tenant_id]",
        "",
        "Reads a client's data in its place, writes its metadata to five Delta tables",
        "(_executor_metadata) and posts it to the Nuvyn platform.",
        "stdout carries the result as one line of JSON, stderr the log; a terminal also shows how far",
        "the scans are and, where the Python package rich is installed, a table of the scores.",
        "",
        "job types:",
        *[f"  {name:<20} {_JOBS[name]}" for name in JOB_TYPES],
        "",
        "parameters:",
        "  data_source_path     folder, file or glob: /Volumes/..., dbfs:/..., /dbfs/..., plain paths,",
        "                       s3://..., abfss://..., gs://...; a database: postgresql://..., mysql://...;",
        "                       tables: catalog.schema.table; several with commas between them",
        f"  source_type          {', '.join(SOURCE_TYPES)}; default auto",
        "  tenant_id            default default",
        "",
        "environment:",
        *[f"  {one.name:<34} {one.doc.replace('`', '')}" for one in SETTINGS],
        "",
        "exit codes:",
        "  0    success; files that could not be read are named in details",
        "  1    the job failed; stdout says why and what to do",
        "  2    the parameters are wrong",
        "  130  Ctrl-C has ended the job",
        "",
        "  -h, --help           this text",
        "  --version            the version",
    ]
    return "\n".join(lines)


def _exists(path: str) -> bool:
    return os.path.lexists(python_path(path))


def _job_type(parameters: Sequence[str]) -> Optional[JobType]:
    name = parameters[0].strip().lower() if parameters else ""
    return JobType(name) if name in JOB_TYPES else None
