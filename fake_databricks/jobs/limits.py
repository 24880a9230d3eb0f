"""The documented limits of a job's settings that concern a request alone. Pure.

They are asked of what a client sends, and not of what an older version has stored.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Iterator, Mapping

from fake_databricks.clusters.libraries import check_package
from fake_databricks.errors import InvalidParameter

MOST: Mapping[str, int] = {"tags": 25, "job_clusters": 100}
"""How many of them a job may have."""
MOST_WEBHOOKS = 3
"""How many a job may have for one moment."""
MOST_DESCRIPTION = 27_700
"""How many characters a description may have."""


def check_limits(document: Mapping[str, Any]) -> None:
    """Refuse settings with too many of something, or with a parameter twice.

    Raises:
        InvalidParameter: the message names the field and its limit.
    """
    for name, most in MOST.items():
        if len(document.get(name, ())) > most:
            raise InvalidParameter(f"{name} must have at most {most} entries, it has {len(document[name])}.")
    for moment, webhooks in document.get("webhook_notifications", {}).items():
        if isinstance(webhooks, list) and len(webhooks) > MOST_WEBHOOKS:
            raise InvalidParameter(
                f"webhook_notifications.{moment} must have at most {MOST_WEBHOOKS} entries, "
                f"it has {len(webhooks)}."
            )
    if len(document.get("description", "")) > MOST_DESCRIPTION:
        raise InvalidParameter(f"description must have at most {MOST_DESCRIPTION} characters.")
    for task in _tasks(document):
        if task.get("max_retries", 0) < -1:
            raise InvalidParameter(f"max_retries must be at least -1, got {task['max_retries']}.")
        for library in task.get("libraries", ()):
            check_package(library)
    counts = Counter(str(item["name"]) for item in document.get("parameters", ()))
    repeated = sorted(name for name, count in counts.items() if count > 1)
    if repeated:
        raise InvalidParameter(f"Found duplicate parameter: {', '.join(repeated)}.")


def _tasks(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Return the document, each of its tasks, and what loops run: each may have the fields of a task."""
    yield document
    for task in document.get("tasks", ()):
        yield from _tasks(task)
    if "for_each_task" in document:
        yield from _tasks(document["for_each_task"]["task"])
