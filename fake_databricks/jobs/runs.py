"""The runs of a workspace: stored, found and listed. What happens to a run is decided in ``scheduler.py``."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Collection, ContextManager, Mapping, Sequence

from fake_databricks.errors import InvalidParameter, InvalidState
from fake_databricks.full_disk import is_full, sentence
from fake_databricks.jobs.model import Output, Run, TaskRun
from fake_databricks.jobs.run_store import RunStore

if TYPE_CHECKING:
    from fake_databricks.jobs.lifecycle import Result
    from fake_databricks.storage import Numbers, Storage

FIRST_RUN_ID = 98765  # the guide's first run
DELETED = "deleted_run_token"
"""The kind of document that holds the idempotency token of a run that a client has deleted."""
NOTEBOOK = "notebook of an attempt"
KEEP_RUNS = 1000
"""How many ended runs are kept, unless the server was told otherwise."""


@dataclass(frozen=True)
class RunFilter:
    """Which runs a list contains.

    Attributes:
        job_id: runs of this job only; None is every job.
        active_only: only runs that have not ended.
        completed_only: only runs that have ended.
        run_type: ``JOB_RUN`` or ``SUBMIT_RUN``; empty is both.
        start_from: only runs created at this time (ms) or later; 0 is no limit.
        start_to: only runs created at this time (ms) or earlier; 0 is no limit.
        before: only runs with a smaller run id; 0 is no limit.
        name: only runs whose name has this part, in upper or lower case.
        without: only runs that have ended with another result than these; empty is no limit.
    """

    job_id: int | None = None
    active_only: bool = False
    completed_only: bool = False
    run_type: str = ""
    start_from: int = 0
    start_to: int = 0
    before: int = 0
    name: str = ""
    without: Collection[Result] = ()

    def admits(self, run: Run) -> bool:
        """Whether a run belongs to the list."""
        kind = "SUBMIT_RUN" if run.is_submitted else "JOB_RUN"
        return (
            not run.is_nested
            and self.job_id in (None, run.job_id)
            and not (self.active_only and not run.is_active)
            and not (self.completed_only and run.is_active)
            and self.run_type in ("", kind)
            and run.created >= self.start_from
            and (not self.start_to or run.created <= self.start_to)
            and (not self.before or run.run_id < self.before)
            and self.name.lower() in run.name.lower()
            and not (self.without and (run.is_active or run.state.result in self.without))
        )


class Runs:
    """Every run of a workspace, in memory and in the storage.

    One lock protects all runs and everything in them. ``get`` and ``list`` are for readers: they return
    copies, so a reader sees a run before a change or after it, never during it. The scheduler alone changes
    runs: it holds the lock with ``locked`` and works on the runs that ``live`` and ``active`` return.

    Of the runs that have ended, the ``keep`` that ended last are kept; the others are deleted, with their
    outputs and idempotency tokens.
    """

    def __init__(
        self,
        workspace_id: str,
        storage: Storage,
        numbers: Numbers,
        redact: Callable[[Any], Any],
        keep: int = KEEP_RUNS,
    ) -> None:
        self._workspace_id = workspace_id
        self._storage = storage
        self._numbers = numbers
        self._redact = redact
        self.keep = keep
        self._lock = threading.RLock()
        self._runs: dict[int, Run] = {}
        self._run_ids_of_jobs: dict[int, list[int]] = {}
        self._owners: dict[int, int] = {}  # id of an attempt -> id of its run
        self._tokens: dict[str, int | None] = {}  # token -> id of its run, None once it is deleted
        self._active: set[int] = set()
        self._lost_outputs: dict[int, Output] = {}  # in the place of what a full disk did not take
        self._ended: dict[int, None] = {}  # run ids in the order in which the runs ended
        self._tokens.update((token, None) for token, _ in storage.all(workspace_id, DELETED))
        self._store = RunStore(workspace_id, storage)
        stored = self._store.load()
        for run in sorted(stored, key=lambda run: run.run_id):
            self._index(run, run.task_runs)
        for run in sorted(stored, key=lambda run: run.end_time):
            self._note_end(run)
        self._forget_oldest()

    def get(self, run_id: int) -> tuple[Run, TaskRun | None]:
        """Return a run, together with the attempt if the number is an attempt's.

        The first attempt of a flat job has the number of its run: that number is the run.

        Raises:
            InvalidParameter: there is no run and no attempt of that number.
        """
        with self._lock:
            run = _copy(self.live(run_id))
        attempt = None if run.run_id == run_id else run.attempt(run_id)
        return run, attempt

    def list(self, wanted: RunFilter, offset: int = 0, limit: int | None = None) -> list[Run]:
        """Return runs, the newest first: at most ``limit``, after the first ``offset``."""
        found: list[Run] = []
        with self._lock:
            for run_id in reversed(self._candidates(wanted)):
                run = self._runs[run_id]
                if not wanted.admits(run):
                    continue
                if offset:
                    offset -= 1
                elif limit is not None and len(found) >= limit:
                    break
                else:
                    found.append(_copy(run))
        return found

    def output(self, run_id: int) -> Output:
        """Return the output of an attempt; empty while it runs."""
        if run_id in self._lost_outputs:
            return self._lost_outputs[run_id]
        document = self._storage.get(self._workspace_id, "output", run_id)
        return Output(**document) if document else Output()

    def delete(self, run_id: int) -> None:
        """Delete a run that has ended, and its outputs.

        Raises:
            InvalidState: the run has not ended.
        """
        with self._lock:
            run = self.live(run_id)
            if run.is_active:
                raise InvalidState(f"Run {run_id} is active and cannot be deleted; cancel it first.")
            if run.idempotency_token:
                self._storage.put(self._workspace_id, DELETED, run.idempotency_token, {})
            self._remove(run)
            if run.idempotency_token:
                self._tokens[run.idempotency_token] = None

    def locked(self) -> ContextManager[Any]:
        """Hold the lock of all runs: ``with runs.locked(): ...``; for the scheduler only."""
        return self._lock

    def live(self, run_id: int) -> Run:
        """Return a run itself and not a copy, also by the number of one of its attempts.

        Raises:
            InvalidParameter: there is no run and no attempt of that number.
        """
        run = self._runs.get(run_id) or self._runs.get(self._owners.get(run_id, 0))
        if run is None:
            raise InvalidParameter(f"Run {run_id} does not exist.")
        return run

    def active(self, job_id: int | None = None) -> Sequence[Run]:
        """Return the active runs themselves, not copies, of one job or of all, the newest first."""
        runs = (self._runs[run_id] for run_id in sorted(self._active, reverse=True))
        return [run for run in runs if job_id in (None, run.job_id)]

    def of_token(self, token: str) -> Run | None:
        """Return the run that a request with this idempotency token has made; None for a new or empty token.

        Raises:
            InvalidParameter: that run was deleted.
        """
        if not token or token not in self._tokens:
            return None
        run_id = self._tokens[token]
        if run_id is None:
            raise InvalidParameter("The run of this idempotency_token was deleted.")
        return self._runs[run_id]

    def save(self, run: Run) -> None:
        """Store a run that is new or has changed; what cannot be stored is no run, but an old one goes on.

        Raises:
            OSError: the disk is full, and the run is new.
        """
        changed = [task_run for task_run in run.task_runs if task_run.is_changed]
        self._store.save(run, changed, is_new=run.run_id not in self._runs)
        self._index(run, changed)
        self._note_end(run)
        self._forget_oldest()

    def counts(self) -> tuple[int, int]:
        """Return how many runs are active and how many have ended."""
        with self._lock:
            return len(self._active), len(self._ended)

    def save_output(self, run_id: int, output: Output) -> None:
        """Store the output of an attempt, without secret values."""
        document = self._redact(dataclasses.asdict(output))
        try:
            self._storage.put(self._workspace_id, "output", run_id, document)
        except OSError as error:
            if not is_full(error):
                raise
            said = f"The output of this run could not be stored. {sentence(error)}"
            self._lost_outputs[run_id] = Output(logs=said, error=said)

    def save_notebook(self, run_id: int, path: str, source: str) -> None:
        """Store the notebook that an attempt runs, without secret values."""
        document = self._redact({"path": path, "source": source})
        self._storage.record(self._workspace_id, NOTEBOOK, run_id, document)

    def notebook(self, run_id: int) -> Mapping[str, str] | None:
        """Return ``path`` and ``source`` of the notebook that an attempt has run; None if it has run none."""
        found: Mapping[str, str] | None = self._storage.get(self._workspace_id, NOTEBOOK, run_id)
        return found

    def next_run_id(self) -> int:
        """Return a number for a run, an attempt or a repair."""
        return self._numbers.take("run", FIRST_RUN_ID)

    def next_number_in_job(self, job_id: int) -> int:
        """Return 1 for the first run of a job, 2 for the second, and so on."""
        return self._numbers.take(f"run of {job_id}")

    def _candidates(self, wanted: RunFilter) -> Sequence[int]:
        """Return ids in ascending order; all wanted runs are among them."""
        if wanted.active_only:
            return sorted(self._active)
        if wanted.job_id is not None:
            return self._run_ids_of_jobs.get(wanted.job_id, ())
        return tuple(self._runs)

    def _remove(self, run: Run) -> None:
        self._store.delete(run)
        del self._runs[run.run_id]
        self._ended.pop(run.run_id, None)
        of_job = self._run_ids_of_jobs[run.job_id]
        of_job.remove(run.run_id)
        if not of_job:
            del self._run_ids_of_jobs[run.job_id]
        for task_run in run.task_runs:
            child = self._runs.get(task_run.child_run_id)
            if child is not None and child.is_nested:
                self._remove(child)
            self._owners.pop(task_run.run_id, None)
            self._lost_outputs.pop(task_run.run_id, None)
            for kind in ("output", NOTEBOOK):
                self._storage.delete(self._workspace_id, kind, task_run.run_id)

    def _note_end(self, run: Run) -> None:
        if run.is_active:
            self._ended.pop(run.run_id, None)  # it was repaired
        elif not run.is_nested:  # that goes with the run of its loop
            self._ended.setdefault(run.run_id)

    def _forget_oldest(self) -> None:
        with contextlib.suppress(OSError):  # a full disk may refuse a deletion, too; the next run tries again
            while len(self._ended) > self.keep:
                run = self._runs[next(iter(self._ended))]
                self._remove(run)
                self._tokens.pop(run.idempotency_token, None)

    def _index(self, run: Run, changed: Sequence[TaskRun]) -> None:
        if run.run_id not in self._runs:
            self._runs[run.run_id] = run
            self._run_ids_of_jobs.setdefault(run.job_id, []).append(run.run_id)
        (self._active.add if run.is_active else self._active.discard)(run.run_id)
        for task_run in changed:
            self._owners[task_run.run_id] = run.run_id
        if run.idempotency_token:
            self._tokens[run.idempotency_token] = run.run_id


def _copy(run: Run) -> Run:
    """Return a run that later changes do not reach; settings, states and repairs are frozen."""
    copied = copy.copy(run)
    copied.task_runs = [copy.copy(task_run) for task_run in run.task_runs]
    copied.repairs = list(run.repairs)
    copied.earlier_settings = list(run.earlier_settings)
    return copied
