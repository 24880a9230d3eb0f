"""The saved jobs of a workspace."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs.limits import check_limits
from fake_databricks.jobs.model import LATEST, Job
from fake_databricks.jobs.new_clusters import check_new_clusters
from fake_databricks.jobs.owners import check_owner, with_owner
from fake_databricks.jobs.schedules import check_it_starts
from fake_databricks.jobs.settings import Settings, parse_settings
from fake_databricks.request.values import read_object, read_text

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.clusters.rules import ClusterRules
    from fake_databricks.storage import Numbers, Storage

KEYS = {"tasks": "task_key", "job_clusters": "job_cluster_key"}
FIRST_JOB_ID = 12345  # the guide's first job


class Jobs:
    """Every saved job of a workspace, in memory and in the storage.

    Attributes:
        on_change: called with the number of a job that is new, has other settings, or is gone.
    """

    def __init__(
        self, workspace_id: str, storage: Storage, clock: Clock, numbers: Numbers, rules: ClusterRules
    ) -> None:
        self._workspace_id = workspace_id
        self._rules = rules
        self._storage = storage
        self._clock = clock
        self._numbers = numbers
        self._lock = threading.RLock()
        self.on_change: Callable[[int], None] = lambda _: None
        stored = (Job.from_document(document) for _, document in storage.all(workspace_id, "job"))
        self._jobs: dict[int, Job] = {job.job_id: job for job in sorted(stored, key=lambda job: job.job_id)}

    def create(self, document: Mapping[str, Any], version: str, creator: str) -> Job:
        """Save a new job."""
        settings = parse_settings(document, version)
        self.check(settings)
        check_it_starts(settings.schedule, self._clock.now())
        acl = tuple(settings.document.get("access_control_list", ()))
        check_owner(with_owner(acl, creator))
        job = Job(self.next_job_id(), settings, self._clock.now(), creator, acl)
        with self._lock:
            self._save(job)
        self.on_change(job.job_id)
        return job

    def check(self, settings: Settings) -> None:
        """Refuse settings beyond a limit, or with a new cluster that could not be created."""
        check_limits(settings.document)
        check_new_clusters(settings.document, self._rules)

    def next_job_id(self) -> int:
        """Return the number of the next job; a submitted run takes one too."""
        return self._numbers.take("job", FIRST_JOB_ID)

    def get(self, job_id: int) -> Job:
        """Return a job.

        Raises:
            InvalidParameter: there is none of that number.
        """
        with self._lock:
            try:
                return self._jobs[job_id]
            except KeyError:
                raise InvalidParameter(f"Job {job_id} does not exist.") from None

    def find(self, job_id: int) -> Job | None:
        """Return a job, or None."""
        with self._lock:
            return self._jobs.get(job_id)

    def list(self, name: str = "") -> list[Job]:
        """Return the jobs, the newest first; ``name`` selects those of that name, in upper or lower case."""
        with self._lock:
            jobs = list(reversed(self._jobs.values()))
        return [job for job in jobs if job.settings.name.lower() == name.lower()] if name else jobs

    def reset(self, job_id: int, document: Mapping[str, Any], version: str) -> Job:
        """Replace a job's settings; ``run_as`` stays if the new settings leave it out."""
        job = self.get(job_id)
        if "run_as" in job.settings.document and "run_as" not in document:
            document = {**document, "run_as": job.settings.document["run_as"]}
        return self._change(job, parse_settings(document, version))

    def update(self, job_id: int, new: Mapping[str, Any], removed: Sequence[str], version: str) -> Job:
        """Replace some settings; ``tasks`` and ``job_clusters`` are merged by their keys."""
        job = self.get(job_id)
        document = _without(dict(job.settings.document), removed)
        for name, value in new.items():
            if value is None:  # as absent, everywhere
                continue
            key = KEYS.get(name)
            document[name] = _merged(document.get(name, []), value, key) if key else value
        settings = parse_settings(document, version if "queue" in document else LATEST)
        if "queue" not in document:
            settings = dataclasses.replace(settings, is_queueing=job.settings.is_queueing)
        return self._change(job, settings)

    def delete(self, job_id: int) -> None:
        """Delete a job; its runs stay."""
        self.get(job_id)
        with self._lock:
            self._storage.delete(self._workspace_id, "job", job_id)
            del self._jobs[job_id]
        self.on_change(job_id)

    def set_acl(self, job_id: int, acl: Sequence[Mapping[str, Any]]) -> Job:
        """Replace the access rights of a job; they are shown and not enforced."""
        job = dataclasses.replace(self.get(job_id), acl=tuple(acl))
        with self._lock:
            self._save(job)
        return job

    def _change(self, job: Job, settings: Settings) -> Job:
        self.check(settings)
        if settings.schedule != job.settings.schedule:
            check_it_starts(settings.schedule, self._clock.now())
        changed = dataclasses.replace(job, settings=settings)
        with self._lock:
            self._save(changed)
        self.on_change(job.job_id)
        return changed

    def _save(self, job: Job) -> None:
        """Store a job, and only then have it in memory: what cannot be stored changes nothing."""
        self._storage.put(self._workspace_id, "job", job.job_id, job.to_document())
        self._jobs[job.job_id] = job


def _merged(old: Any, new: Any, key: str) -> list[Any]:
    if not isinstance(new, list):
        raise InvalidParameter("Fields 'tasks' and 'job_clusters' must be lists.")
    merged = {item[key]: item for item in old}
    for item in new:
        document = read_object(key, item)
        merged[read_text(key, document.get(key))] = document
    return list(merged.values())


def _without(document: dict[str, Any], removed: Sequence[str]) -> dict[str, Any]:
    for path in removed:
        name, _, key = path.partition("/")
        if key:
            if name in KEYS:
                document[name] = [item for item in document.get(name, []) if item.get(KEYS[name]) != key]
        else:
            document.pop(name, None)
    return document
