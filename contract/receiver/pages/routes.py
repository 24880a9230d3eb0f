"""Every page: its address, its template and its view."""

from __future__ import annotations

from contract.receiver.pages import fault_page, quality_report, views
from fake_databricks.ui.page import Page

REPORT = Page("/report", "", quality_report.view, "Quality report")
"""It is a document of its own, which the executor's code writes: it has no template here."""
PAGES = (
    Page("/", "overview", views.overview, "Tenants", is_shown=True),
    Page("/tenant", "tenant", views.tenant, "Tenant"),
    Page("/source", "source", views.source, "Source"),
    Page("/table", "table", views.table, "Table"),
    Page("/column", "column", views.column, "Column"),
    Page("/deliveries", "deliveries", views.deliveries, "What has arrived"),
    Page("/refused", "refused", views.refused, "Refused", is_shown=True),
    Page(fault_page.PATH, "faults", fault_page.view, "Faults", is_shown=True),
    REPORT,
)
ACTIONS = {fault_page.PATH: fault_page.change}
"""What a form changes, by its address."""
