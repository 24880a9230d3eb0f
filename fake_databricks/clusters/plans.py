"""What a cluster starts with: its Spark settings, its variables and the file trees. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Mapping, Sequence

from fake_databricks.clusters.runtimes import SPARKS, version_of
from fake_databricks.engine.ports import ClusterPlan

if TYPE_CHECKING:
    from pathlib import Path

    from fake_databricks.clusters.record import ClusterRecord
    from fake_databricks.clusters.rules import ClusterRules
    from fake_databricks.engine.ports import Places

DEFAULT_RUNTIME = "15.4"


@dataclass(frozen=True)
class ClusterSurroundings:
    """What all clusters of a workspace share.

    Attributes:
        places: the file trees on this machine.
        resolve: replaces references to secrets in a text.
        redact: returns all secret values.
        seen: returns ``id``, ``url`` and ``token`` of the workspace as programs see them.
        locate: from a path of the workspace to one of this machine.
        rules: what every cluster has to obey.
        trust: the variables with which programs trust the server's certificate.
    """

    places: Places
    resolve: Callable[[str], str]
    redact: Callable[[], Sequence[str]]
    seen: Callable[[], Mapping[str, str]]
    locate: Callable[[str], Path]
    rules: ClusterRules
    trust: Mapping[str, str] = field(default_factory=dict)


def environment_of(record: ClusterRecord, surroundings: ClusterSurroundings) -> dict[str, str]:
    """Return the variables of programs: those of Databricks, then ``spark_env_vars`` with secrets."""
    seen = surroundings.seen()
    variables = record.settings.get("spark_env_vars") or {}
    return {
        "DATABRICKS_RUNTIME_VERSION": _version(record),
        "DATABRICKS_HOST": seen["url"],
        "DATABRICKS_TOKEN": seen["token"],
        "DB_CLUSTER_ID": record.cluster_id,
        "DB_CLUSTER_NAME": str(record.settings.get("cluster_name", "")),
        "DB_IS_DRIVER": "TRUE",
        "DB_IS_JOB_CLUSTER": str(record.is_job_cluster).upper(),
        **surroundings.trust,
        **{str(name): surroundings.resolve(str(value)) for name, value in variables.items()},
    }


def _version(record: ClusterRecord) -> str:
    return version_of(str(record.settings.get("spark_version") or DEFAULT_RUNTIME))


def plan_of(workspace_id: str, record: ClusterRecord, surroundings: ClusterSurroundings) -> ClusterPlan:
    """Return what the backend needs to start a cluster."""
    conf = record.settings.get("spark_conf") or {}
    version = _version(record)
    return ClusterPlan(
        workspace_id,
        record.cluster_id,
        {str(key): surroundings.resolve(str(value)) for key, value in conf.items()},
        environment_of(record, surroundings),
        surroundings.places,
        surroundings.redact,
        version,
        SPARKS.get(version, ""),
    )
