"""Every page: its address, its view and its template."""

from __future__ import annotations

from fake_databricks.ui.page import Page
from fake_databricks.web.pages import (
    cluster_pages,
    command_page,
    displays,
    fault_page,
    file_pages,
    job_pages,
    journal_pages,
    overview,
    run_actions,
    run_list,
    run_page,
    secret_page,
    state_page,
    workspace_page,
)

DISPLAY = Page("/displays/*/*/*", "", displays.view, "Display")
"""HTML of a program, without a template: a page shows it in a frame."""
PICTURE = Page("/pictures/*/*/*", "", displays.view_picture, "Picture", accepted=("text/html", "image/"))
"""A PNG of a program, for a page that shows it."""
PAGES = (
    Page("/", "overview", overview.view, "Overview", is_shown=True),
    Page("/jobs", "jobs", job_pages.view, "Jobs", is_shown=True),
    Page("/jobs/*", "job", job_pages.view_one, "Job"),
    Page("/jobs/*/runs/*", "run", run_page.view, "Run", has_frames=True),
    Page("/runs", "runs", run_list.view, "Runs", is_shown=True),
    Page("/clusters", "clusters", cluster_pages.view, "Clusters", is_shown=True),
    Page("/clusters/*", "cluster", cluster_pages.view_one, "Cluster"),
    Page("/commands", "commands", command_page.view, "Commands", is_shown=True),
    Page("/commands/*", "command", command_page.view_one, "Command", has_frames=True),
    Page("/files", "trees", file_pages.view, "Files", is_shown=True),
    Page("/files/*", "files", file_pages.view_one, "Files"),
    Page("/secrets", "secrets", secret_page.view, "Secrets", is_shown=True),
    Page("/journal", "journal", journal_pages.view, "Journal", is_shown=True),
    Page("/journal/*", "exchange", journal_pages.view_one, "Exchange"),
    Page("/faults", "faults", fault_page.view, "Faults", is_shown=True),
    Page("/states", "states", state_page.view, "States", is_shown=True),
    Page(workspace_page.ADDRESS, "workspaces", workspace_page.view, "Workspaces"),
    DISPLAY,
    PICTURE,
)
ACTIONS = {
    "/faults": fault_page.change,
    "/runs": run_actions.change,
    workspace_page.ADDRESS: workspace_page.change,
}
"""What a form changes, by its address."""
