"""The new clusters that a job or a run describes: checked when it is saved or submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, Mapping

from fake_databricks.clusters.fields import CLUSTER_FIELDS
from fake_databricks.errors import ApiError, InvalidParameter
from fake_databricks.request.values import all_unknown_fields, read_object

if TYPE_CHECKING:
    from fake_databricks.clusters.rules import ClusterRules

NEW_CLUSTER = "new_cluster"


def check_new_clusters(document: Mapping[str, Any], rules: ClusterRules) -> None:
    """Refuse settings with a new cluster that could not be created.

    Raises:
        InvalidParameter: in the words of the service, with what is wrong about the cluster.
    """
    for _, cluster in _new_clusters(document):
        try:
            rules.read(read_object(NEW_CLUSTER, cluster), is_job_cluster=True)
        except ApiError as error:
            raise InvalidParameter(f"Cluster validation error: {error.message}") from None


def notes_of_new_clusters(document: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each field of a new cluster that Databricks does not know."""
    return [
        note
        for where, cluster in _new_clusters(document)
        for note in all_unknown_fields(cluster, CLUSTER_FIELDS, f"{where}{NEW_CLUSTER}.")
    ]


def _new_clusters(document: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Return each new cluster: of the job, of its tasks, and of its shared clusters."""
    if not isinstance(document, dict):
        return
    if document.get(NEW_CLUSTER) is not None:
        yield where, document[NEW_CLUSTER]
    for name in ("tasks", "job_clusters"):
        items = document.get(name)
        for item in items if isinstance(items, list) else []:
            yield from _new_clusters(item, f"{name}.")
