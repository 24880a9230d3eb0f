"""Every page: its address, its view and its template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fake_databricks.web.pages import (
    cluster_pages,
    fault_page,
    file_pages,
    job_pages,
    journal_pages,
    overview,
    run_list,
    run_page,
    secret_page,
    state_page,
)

if TYPE_CHECKING:
    from fake_databricks.web.pages.visit import View


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        path: its address; ``*`` is any one part.
        template: the name of its template.
        view: returns its values.
        title: stands in its head, unless the view has a better one.
        is_shown: whether it is in the list of pages.
    """

    path: str
    template: str
    view: View
    title: str
    is_shown: bool = False

    def match(self, path: str) -> tuple[str, ...] | None:
        """Return what stands in place of each ``*``; None for another address."""
        wanted, given = self.path.split("/"), path.split("/")
        if len(wanted) != len(given) or not all(
            part in ("*", found) for part, found in zip(wanted, given, strict=True)
        ):
            return None
        return tuple(found for part, found in zip(wanted, given, strict=True) if part == "*")


PAGES = (
    Page("/", "overview", overview.view, "Overview", is_shown=True),
    Page("/jobs", "jobs", job_pages.view, "Jobs", is_shown=True),
    Page("/jobs/*", "job", job_pages.view_one, "Job"),
    Page("/jobs/*/runs/*", "run", run_page.view, "Run"),
    Page("/runs", "runs", run_list.view, "Runs", is_shown=True),
    Page("/clusters", "clusters", cluster_pages.view, "Clusters", is_shown=True),
    Page("/clusters/*", "cluster", cluster_pages.view_one, "Cluster"),
    Page("/files", "trees", file_pages.view, "Files", is_shown=True),
    Page("/files/*", "files", file_pages.view_one, "Files"),
    Page("/secrets", "secrets", secret_page.view, "Secrets", is_shown=True),
    Page("/journal", "journal", journal_pages.view, "Journal", is_shown=True),
    Page("/journal/*", "exchange", journal_pages.view_one, "Exchange"),
    Page("/faults", "faults", fault_page.view, "Faults", is_shown=True),
    Page("/states", "states", state_page.view, "States", is_shown=True),
)
ACTIONS = {"/faults": fault_page.change}
"""What a form changes, by its address."""


def find(path: str) -> tuple[Page, tuple[str, ...]] | None:
    """Return the page of an address, and what stands in place of each ``*``."""
    for page in PAGES:
        names = page.match(path)
        if names is not None:
            return page, names
    return None
