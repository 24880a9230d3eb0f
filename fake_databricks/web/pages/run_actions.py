"""What a person starts and ends: a run of a job, with the parameters of the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs.model import Overrides
from fake_databricks.ui.page import Elsewhere

if TYPE_CHECKING:
    from fake_databricks.web.pages.visit import Visit


def change(visit: Visit) -> dict[str, Any]:
    """Start a run or cancel one; then show it.

    Raises:
        InvalidParameter: the form has no such action.
        DoesNotExist: there is no such job or run.
        Elsewhere: it is done.
    """
    workspace, action = visit.workspace, visit.form.get("action", "")
    if action == "run-now":
        job = workspace.jobs.get(visit.form_number("job_id"))
        run = workspace.scheduler.run_now(job, Overrides(), "", workspace.user)
    elif action == "cancel":
        run, _ = workspace.runs.get(visit.form_number("run_id"))
        workspace.scheduler.cancel(run.run_id)
    else:
        raise InvalidParameter("The form must say run-now or cancel.")
    raise Elsewhere(f"/jobs/{run.job_id}/runs/{run.run_id}")
