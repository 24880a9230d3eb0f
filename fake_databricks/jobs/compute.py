"""What a task runs on: a cluster that exists, one made for it, or a fresh serverless environment. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Any, Mapping

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs.fields import ENVIRONMENT_SPEC, JOB_CLUSTER_FIELDS
from fake_databricks.jobs.task_types import CONTROL
from fake_databricks.request.values import read_fields, read_object, read_text, read_texts

MAX_ENVIRONMENTS = 10
CLUSTERS = ("existing_cluster_id", "new_cluster", "job_cluster_key")
SERVERLESS_TYPES = ("notebook_task", "sql_task")
"""The types that need no ``environment_key`` to run without a cluster."""
SERVERLESS: Mapping[str, Any] = {
    "cluster_name": "serverless",
    "spark_version": "auto:latest-lts",
    "spark_env_vars": {"IS_SERVERLESS": "TRUE"},
}


@dataclass(frozen=True)
class Shared:
    """What the tasks of a job may share.

    Attributes:
        clusters: the settings of new clusters, by ``job_cluster_key``.
        environments: what pip installs for serverless tasks, by ``environment_key``.
    """

    clusters: Mapping[str, Any] = field(default_factory=dict)
    environments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Compute:
    """What one task runs on.

    Attributes:
        cluster_id: the id of an existing cluster, or None.
        new_cluster: the settings of a cluster that is made for the run, or None.
        cluster_key: the key of a new cluster that several tasks share, or None.
        dependencies: what pip installs in the environment of a serverless task; None for every other one.
    """

    cluster_id: str | None = None
    new_cluster: Mapping[str, Any] | None = None
    cluster_key: str | None = None
    dependencies: tuple[str, ...] | None = None


def read_shared(read: dict[str, Any], *, is_flat: bool) -> Shared:
    """Return the clusters and environments of a job.

    Raises:
        InvalidParameter: a flat job has some, or one has a field that is wrong or not honoured here.
    """
    clusters = {}
    for item in read.get("job_clusters", []):
        document = read_fields(read_object("job_clusters", item), JOB_CLUSTER_FIELDS, "job_clusters.")
        clusters[read_text("job_cluster_key", document.get("job_cluster_key"))] = document.get("new_cluster")
    if clusters and is_flat:
        raise InvalidParameter("Shared job cluster feature is only supported in multi-task jobs.")
    environments = [read_object("environments", item) for item in read.get("environments", [])]
    if environments and is_flat:
        raise InvalidParameter("Field 'environments' is only supported in jobs with 'tasks'.")
    if len(environments) > MAX_ENVIRONMENTS:
        raise InvalidParameter(f"A job can have at most {MAX_ENVIRONMENTS} environments.")
    return Shared(clusters, dict(_environment(document) for document in environments))


def _environment(document: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    key = read_text("environments.environment_key", document.get("environment_key") or "")
    if not key:
        raise InvalidParameter("Missing required field: environments.environment_key")
    spec = read_fields(
        read_object("environments.spec", document.get("spec") or {}), ENVIRONMENT_SPEC, "environments.spec."
    )
    dependencies = read_texts("environments.spec.dependencies", spec.get("dependencies", []))
    for text in dependencies:
        try:
            shlex.split(text, comments=True)
        except ValueError as error:
            raise InvalidParameter(f"environments.spec.dependencies: {text}: {error}.") from None
    return key, dependencies


def choose(read: Mapping[str, Any], shared: Shared, key: str, kind: str, *, is_flat: bool) -> Compute:
    """Return what a task runs on.

    Raises:
        InvalidParameter: it names nothing, too much, or a key that the job does not have.
    """
    choices = [name for name in (*CLUSTERS, "environment_key") if read.get(name)]
    if kind in CONTROL:
        for name in (*choices, *(["libraries"] if read.get("libraries") else [])):
            raise InvalidParameter(f"Field '{name}' is not allowed for a {kind}: it runs on no cluster.")
        return Compute()
    if kind == "sql_task":
        for name in choices:
            raise InvalidParameter(f"Field '{name}' is not allowed for a sql_task: it runs on its warehouse.")
    if len(choices) > 1:
        raise InvalidParameter(f"Only one of {', '.join(choices)} may be specified.")
    if not choices and (is_flat or kind not in SERVERLESS_TYPES):
        raise InvalidParameter(
            "One of job_cluster_key, new_cluster, or existing_cluster_id must be specified."
        )
    if not choices or choices[0] == "environment_key":
        return Compute(new_cluster=SERVERLESS, dependencies=_dependencies(read, shared, key))
    if choices[0] == "job_cluster_key":
        wanted = read["job_cluster_key"]
        if wanted not in shared.clusters:
            raise InvalidParameter(f"Task '{key}' names the unknown job_cluster_key '{wanted}'.")
        return Compute(None, read_object("new_cluster", shared.clusters[wanted]), wanted)
    return Compute(read.get("existing_cluster_id"), read.get("new_cluster"))


def _dependencies(read: Mapping[str, Any], shared: Shared, key: str) -> tuple[str, ...]:
    if read.get("libraries"):
        raise InvalidParameter(
            f"Field 'libraries' is not supported for the serverless task '{key}'; "
            "name them in the dependencies of its environment."
        )
    wanted = read.get("environment_key")
    if not wanted:
        return ()
    if wanted not in shared.environments:
        raise InvalidParameter(f"Task '{key}' names the unknown environment_key '{wanted}'.")
    return shared.environments[wanted]
