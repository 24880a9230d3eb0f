"""``/api/2.x/jobs``: create, get, list, update, reset and delete a job; the permissions of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs.array_pages import page_of_arrays, start_of
from fake_databricks.jobs.fields import LEVELS, notes_of
from fake_databricks.jobs.owners import check_owner, with_owner
from fake_databricks.jobs.settings import Dialect
from fake_databricks.permissions import access_lists
from fake_databricks.request.call import Call, Parameters, Route
from fake_databricks.request.pages import Order, page_of
from fake_databricks.request.values import read_integer, read_texts

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Job

JOBS_VERSIONS = ("2.0", "2.1", "2.2")
MAX_PAGE = 100
MAX_OFFSET = 1000
DEFAULT_PAGE = 20
NEWEST_FIRST: Order[Job] = Order("jobs", lambda job: (job.job_id,), is_descending=True)


def create(call: Call) -> dict[str, Any]:
    """Create a job."""
    call.notes.extend(notes_of(call.document))
    job = call.workspace.jobs.create(call.document, call.version, call.workspace.user)
    return {"job_id": job.job_id}


def get(call: Call) -> dict[str, Any]:
    """Return one job."""
    start = start_of(call)
    call.parameters.boolean("include_trigger_state")  # no job has one
    view = job_view(call.workspace.jobs.get(call.parameters.integer("job_id")), call.version)
    settings, more = page_of_arrays(view["settings"], call.version, start)
    return {**view, "settings": settings, **more}


def list_(call: Call) -> dict[str, Any]:
    """Return jobs, the newest first."""
    parameters = call.parameters
    jobs = call.workspace.jobs.list(parameters.text("name", ""))
    expand = parameters.boolean("expand_tasks")
    if call.version == "2.0":
        return {"jobs": [job_view(job, "2.0") for job in jobs]} if jobs else {}
    limit = page_limit(parameters, MAX_PAGE, DEFAULT_PAGE, least=1)
    page = page_of(jobs, NEWEST_FIRST, limit, parameters.text("page_token", ""), _offset(parameters))
    shown = [_listed(job, call.version, expand=expand) for job in page.items]
    return {
        **({"jobs": shown} if shown else {}),
        "has_more": "next_page_token" in page.tokens,
        **page.tokens,
    }


def update(call: Call) -> dict[str, Any]:
    """Change some settings of a job."""
    parameters = call.parameters
    document = parameters.object("new_settings")
    call.notes.extend(notes_of(document))
    job = call.workspace.jobs.update(
        parameters.integer("job_id"),
        document,
        read_texts("fields_to_remove", parameters.list("fields_to_remove")),
        call.version,
    )
    call.workspace.scheduler.retime(job)
    return {}


def reset(call: Call) -> dict[str, Any]:
    """Replace all settings of a job."""
    parameters = call.parameters
    document = parameters.object("new_settings", required=True)
    call.notes.extend(notes_of(document))
    job = call.workspace.jobs.reset(parameters.integer("job_id"), document, call.version)
    call.workspace.scheduler.retime(job)
    return {}


def delete(call: Call) -> dict[str, Any]:
    """Delete a job and cancel its active runs."""
    call.workspace.delete_job(call.parameters.integer("job_id"))
    return {}


def get_permissions(call: Call) -> dict[str, Any]:
    """Return who may do what with a job."""
    return _permissions(call.workspace.jobs.get(_job_id(call)))


def permission_levels(call: Call) -> dict[str, Any]:
    """Return the permission levels of jobs."""
    call.workspace.jobs.get(_job_id(call))
    return access_lists.levels_view(LEVELS)


def set_permissions(call: Call) -> dict[str, Any]:
    """Replace the permissions of a job."""
    listed = _access_list(call)
    check_owner(listed)
    return _permissions(call.workspace.jobs.set_acl(_job_id(call), listed))


def change_permissions(call: Call) -> dict[str, Any]:
    """Replace the permissions of the named principals only."""
    job = call.workspace.jobs.get(_job_id(call))
    listed = access_lists.merged(with_owner(job.acl, job.creator), _access_list(call))
    check_owner(listed)
    return _permissions(call.workspace.jobs.set_acl(job.job_id, listed))


def page_limit(parameters: Parameters, largest: int, default: int, least: int = 0) -> int:
    """Return ``limit``, which may be ``least``; 0 is the largest."""
    limit = parameters.integer("limit", default)
    if not least <= limit <= largest:
        raise InvalidParameter(f"limit must be between {least} and {largest}, got {limit}.")
    return limit or largest


def job_view(job: Job, version: str, *, expand: bool = True) -> dict[str, Any]:
    """Return a job as jobs/get shows it."""
    is_flat = job.settings.dialect is Dialect.FLAT
    document: dict[str, Any] = {
        "email_notifications": {},
        "webhook_notifications": {},
        **job.settings.document,
        "format": "SINGLE_TASK" if is_flat and version == "2.0" else "MULTI_TASK",
    }
    document.pop("access_control_list", None)
    if is_flat and version != "2.0":
        task = job.settings.tasks[0]
        document["tasks"] = [{**task.document, "email_notifications": {}}]
    if not expand:
        document.pop("tasks", None)
        document.pop("job_clusters", None)
    return {
        "job_id": job.job_id,
        "creator_user_name": job.creator,
        "run_as_user_name": job.creator,
        "created_time": job.created_time,
        "settings": document,
    }


def _listed(job: Job, version: str, *, expand: bool) -> dict[str, Any]:
    view = job_view(job, version, expand=expand)
    settings, more = page_of_arrays(view["settings"], version)
    return {**view, "settings": settings, **({"has_more": True} if more else {})}


def _offset(parameters: Parameters) -> int:
    offset = parameters.integer("offset", 0)
    if offset < 0:
        raise InvalidParameter("offset must not be negative.")
    if offset > MAX_OFFSET:
        raise InvalidParameter(
            f"The supplied offset {offset} has exceeded the value of {MAX_OFFSET} allowed for this parameter."
            "Please use the page_token parameter to paginate"
        )
    return offset


def _job_id(call: Call) -> int:
    number = call.rest.partition("/")[0]
    if not (number.isascii() and number.isdigit()):
        raise InvalidParameter(f"{number} is not a job id.")
    return read_integer("job_id", number)


def _access_list(call: Call) -> list[dict[str, Any]]:
    return access_lists.read_access_list(call.parameters.list(access_lists.NAME), LEVELS)


def _permissions(job: Job) -> dict[str, Any]:
    listed = [access_lists.entry_view(item) for item in with_owner(job.acl, job.creator)]
    listed.append(access_lists.inherited_view("admins", "CAN_MANAGE", "/jobs/"))
    return access_lists.view(f"/jobs/{job.job_id}", "job", listed)


def _permission_route(call: Call) -> dict[str, Any]:
    return permission_levels(call) if call.rest.endswith("/permissionLevels") else get_permissions(call)


ROUTES = (
    Route("POST", "/jobs/create", create, JOBS_VERSIONS),
    Route("GET", "/jobs/get", get, JOBS_VERSIONS),
    Route("GET", "/jobs/list", list_, JOBS_VERSIONS),
    Route("POST", "/jobs/update", update, JOBS_VERSIONS),
    Route("POST", "/jobs/reset", reset, JOBS_VERSIONS),
    Route("POST", "/jobs/delete", delete, JOBS_VERSIONS),
    Route("GET", "/permissions/jobs/*", _permission_route),
    Route("PUT", "/permissions/jobs/*", set_permissions),
    Route("PATCH", "/permissions/jobs/*", change_permissions),
)
