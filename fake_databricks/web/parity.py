"""What each call honours and refuses. Data; ``docs/fake.md`` shows it as a table.

``python -m fake_databricks.web.parity docs/fake.md`` writes that table again, between its two marks.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Mapping, Sequence

from fake_databricks.clusters.fields import (
    CREATE_FIELDS,
    EDIT_FIELDS,
    POLICY_FIELDS,
    POOL_EDITS,
    POOL_FIELDS,
)
from fake_databricks.clusters.libraries import REFUSED as REFUSED_LIBRARIES
from fake_databricks.clusters.listing import FILTERS, SORTS
from fake_databricks.identity.principals import KINDS, OF_LISTS
from fake_databricks.jobs.fields import ENVIRONMENT_SPEC, JOB_FIELDS, RUN_PARAMETERS, RUN_TARGETS, TASK_FIELDS
from fake_databricks.sql.api import FIELDS as STATEMENT_FIELDS
from fake_databricks.web import faults
from fake_databricks.web.routes import CONTROL, ROUTES

if TYPE_CHECKING:
    from fake_databricks.request.values import Field

BEGIN, END = "<!-- parity: begin -->", "<!-- parity: end -->"


@dataclass(frozen=True)
class Row:
    """One call: what it honours, only records, and refuses by name."""

    honoured: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def _by_fate(fate: str, *tables: Mapping[str, Field]) -> tuple[str, ...]:
    return tuple(sorted({name for table in tables for name, field in table.items() if field.fate == fate}))


_SETTINGS = {
    "honoured": (*_by_fate("honoured", JOB_FIELDS, TASK_FIELDS), "libraries of pypi, whl, requirements"),
    "recorded": (
        *_by_fate("recorded", JOB_FIELDS, TASK_FIELDS),
        "paused triggers of other kinds",
    ),
    "refused": (
        *_by_fate("refused", JOB_FIELDS, TASK_FIELDS),
        "source GIT",
        "trigger but periodic",
        "continuous.task_retry_mode ON_FAILURE",
        *(f"environments.spec.{name}" for name in _by_fate("refused", ENVIRONMENT_SPEC)),
        *(f"libraries.{kind}" for kind in REFUSED_LIBRARIES),
    ),
}


def _row(fields: Mapping[str, Field], *more: str) -> Row:
    """Return the row of a call whose parameters are these fields, and more that are honoured."""
    return Row(
        (*more, *_by_fate("honoured", fields)), _by_fate("recorded", fields), _by_fate("refused", fields)
    )


_SHOWN = ("attributes", "excludedAttributes")

_OF_ARRAYS = "2.2: of arrays of more than 100 elements"
PARITY: Mapping[tuple[str, str], Row] = {
    ("POST", "/jobs/create"): Row(**_SETTINGS),
    ("GET", "/jobs/get"): Row(
        ("job_id", "include_trigger_state (no job has one)", f"page_token ({_OF_ARRAYS})"),
    ),
    ("GET", "/jobs/list"): Row(
        ("limit", "offset", "page_token", "name", "expand_tasks"),
    ),
    ("POST", "/jobs/update"): Row(
        ("job_id", "new_settings (as create)", "fields_to_remove"),
    ),
    ("POST", "/jobs/reset"): Row(("job_id", "new_settings (as create)")),
    ("POST", "/jobs/delete"): Row(("job_id",)),
    ("GET", "/permissions/jobs/*"): Row(),
    ("PUT", "/permissions/jobs/*"): Row(recorded=("access_control_list (not enforced)",)),
    ("PATCH", "/permissions/jobs/*"): Row(recorded=("access_control_list (not enforced)",)),
    ("GET", "/permissions/*"): Row(
        ("clusters, cluster-policies, instance-pools, directories, notebooks, files, authorization/tokens",),
        refused=("every other kind of object",),
    ),
    ("PUT", "/permissions/*"): Row(recorded=("access_control_list (not enforced)",)),
    ("PATCH", "/permissions/*"): Row(recorded=("access_control_list (not enforced)",)),
    ("POST", "/jobs/run-now"): Row(
        ("job_id", "idempotency_token", "queue", "only", *_by_fate("honoured", RUN_PARAMETERS)),
        refused=_by_fate("refused", RUN_PARAMETERS, RUN_TARGETS),
    ),
    ("POST", "/jobs/runs/submit"): Row(
        ("run_name", "idempotency_token", *_SETTINGS["honoured"]),
        _SETTINGS["recorded"],
        _SETTINGS["refused"],
    ),
    ("GET", "/jobs/runs/get"): Row(
        ("run_id", "include_history", "include_resolved_values", f"page_token ({_OF_ARRAYS})"),
    ),
    ("GET", "/jobs/runs/get-output"): Row(("run_id",)),
    ("GET", "/jobs/runs/list"): Row(
        (
            "job_id",
            "active_only",
            "completed_only",
            "limit",
            "offset",
            "page_token",
            "run_type",
            "expand_tasks",
            "start_time_from",
            "start_time_to",
        ),
    ),
    ("POST", "/jobs/runs/cancel"): Row(("run_id",)),
    ("POST", "/jobs/runs/cancel-all"): Row(("job_id", "all_queued_runs")),
    ("POST", "/jobs/runs/delete"): Row(("run_id",)),
    ("POST", "/jobs/runs/repair"): Row(
        (
            "run_id",
            "rerun_tasks",
            "rerun_all_failed_tasks",
            "rerun_dependent_tasks",
            "latest_repair_id",
            *_by_fate("honoured", RUN_PARAMETERS),
        ),
        refused=_by_fate("refused", RUN_PARAMETERS, RUN_TARGETS),
    ),
    ("GET", "/jobs/runs/export"): Row(
        ("run_id", "views_to_export CODE, ALL"), refused=("runs of no notebook",)
    ),
    ("POST", "/contexts/create"): Row(("clusterId", "language"), refused=("scala, r",)),
    ("GET", "/contexts/status"): Row(("clusterId", "contextId")),
    ("POST", "/contexts/destroy"): Row(("clusterId", "contextId")),
    ("POST", "/commands/execute"): Row(
        ("clusterId", "contextId", "language", "command with %pip, %sh, %sql, %python"),
    ),
    ("GET", "/commands/status"): Row(
        ("clusterId", "commandId"), ("contextId (commandId names one command)",)
    ),
    ("POST", "/commands/cancel"): Row(("clusterId", "commandId"), ("contextId (as in status)",)),
    ("POST", "/secrets/scopes/create"): Row(
        ("scope", "initial_manage_principal", "scope_backend_type DATABRICKS"),
        refused=("AZURE_KEYVAULT", "backend_azure_keyvault"),
    ),
    ("POST", "/secrets/scopes/delete"): Row(("scope",)),
    ("GET", "/secrets/scopes/list"): Row(),
    ("POST", "/secrets/put"): Row(("scope", "key", "string_value", "bytes_value")),
    ("GET", "/secrets/get"): Row(("scope", "key")),
    ("POST", "/secrets/delete"): Row(("scope", "key")),
    ("GET", "/secrets/list"): Row(("scope",)),
    ("POST", "/secrets/acls/put"): Row(recorded=("scope", "principal", "permission (not enforced)")),
    ("GET", "/secrets/acls/get"): Row(("scope", "principal")),
    ("GET", "/secrets/acls/list"): Row(("scope",)),
    ("POST", "/secrets/acls/delete"): Row(("scope", "principal")),
    ("POST", "/dbfs/put"): Row(("path", "contents", "overwrite", "a form's file")),
    ("POST", "/dbfs/create"): Row(("path", "overwrite")),
    ("POST", "/dbfs/add-block"): Row(("handle", "data")),
    ("POST", "/dbfs/close"): Row(("handle",)),
    ("GET", "/dbfs/get-status"): Row(("path",)),
    ("GET", "/dbfs/list"): Row(("path",)),
    ("GET", "/dbfs/read"): Row(("path", "offset", "length")),
    ("POST", "/dbfs/mkdirs"): Row(("path",)),
    ("POST", "/dbfs/move"): Row(("source_path", "destination_path")),
    ("POST", "/dbfs/delete"): Row(("path", "recursive")),
    ("PUT", "/fs/files/*"): Row(
        ("overwrite", "part_number", "session_token", "upload_type"),
        refused=("paths but /Volumes/catalog/schema/volume/... and /Workspace",),
    ),
    ("POST", "/fs/files/*"): Row(
        (
            "action initiate-upload, complete-upload, abort-upload",
            "overwrite",
            "session_token",
            "upload_type",
            "parts",
        ),
    ),
    ("POST", "/fs/create-upload-part-urls"): Row(
        ("path", "session_token", "start_part_number", "count"),
        recorded=("expire_time",),
    ),
    ("POST", "/fs/create-download-url"): Row(("path",), ("expire_time",)),
    ("GET", "/fs/files/*"): Row(("Range",)),
    ("HEAD", "/fs/files/*"): Row(),
    ("DELETE", "/fs/files/*"): Row(),
    ("PUT", "/fs/directories/*"): Row(),
    ("GET", "/fs/directories/*"): Row(("page_size", "page_token")),
    ("HEAD", "/fs/directories/*"): Row(),
    ("DELETE", "/fs/directories/*"): Row(),
    ("POST", "/workspace/import"): Row(
        ("path", "format SOURCE, AUTO, RAW, JUPYTER", "language", "content", "overwrite"),
        refused=("format HTML, DBC, R_MARKDOWN",),
    ),
    ("POST", "/workspace-files/import-file/*"): Row(("overwrite",)),
    ("GET", "/workspace/export"): Row(
        ("path", "format SOURCE, AUTO, RAW", "direct_download"), refused=("format HTML, JUPYTER, DBC",)
    ),
    ("GET", "/workspace/list"): Row(("path", "notebooks_modified_after")),
    ("GET", "/workspace/get-status"): Row(("path",)),
    ("POST", "/workspace/mkdirs"): Row(("path",)),
    ("POST", "/workspace/delete"): Row(
        ("path", "recursive"),
    ),
    **{
        call: Row(refused=("every call: no repository is cloned here", *names))
        for call, names in {
            ("GET", "/repos"): ("path_prefix", "next_page_token"),
            ("POST", "/repos"): ("url", "provider", "git_credential_id", "path", "sparse_checkout"),
            ("GET", "/repos/*"): (),
            ("PATCH", "/repos/*"): (
                "branch",
                "dangerously_force_discard_all",
                "git_credential_id",
                "sparse_checkout",
                "tag",
            ),
            ("DELETE", "/repos/*"): (),
        }.items()
    },
    ("POST", "/clusters/create"): _row(CREATE_FIELDS),
    ("GET", "/clusters/get"): Row(("cluster_id",)),
    ("GET", "/clusters/list"): Row(
        (
            *(f"filter_by.{name}" for name in FILTERS),
            *(f"sort_by.{name}" for name in SORTS),
            "page_size",
            "page_token",
        ),
        ("can_use_client",),
        ("every other field of filter_by and sort_by",),
    ),
    ("POST", "/clusters/start"): Row(("cluster_id",)),
    ("POST", "/clusters/restart"): Row(("cluster_id",), ("restart_user (in the events)",)),
    ("POST", "/clusters/delete"): Row(("cluster_id",)),
    ("POST", "/clusters/permanent-delete"): Row(("cluster_id",)),
    ("POST", "/clusters/edit"): _row(EDIT_FIELDS),
    ("POST", "/clusters/update"): Row(("cluster_id", "update_mask", "cluster (as edit)")),
    ("POST", "/clusters/resize"): Row(("cluster_id",), ("num_workers", "autoscale")),
    ("POST", "/clusters/change-owner"): Row(("cluster_id", "owner_username")),
    ("POST", "/clusters/pin"): Row(recorded=("cluster_id (nothing is cleaned away here)",)),
    ("POST", "/clusters/unpin"): Row(recorded=("cluster_id",)),
    ("POST", "/clusters/events"): Row(
        (
            "cluster_id",
            "order",
            "offset",
            "limit",
            "page_size",
            "page_token",
            "event_types",
            "start_time",
            "end_time",
        )
    ),
    ("GET", "/clusters/spark-versions"): Row(),
    ("GET", "/clusters/list-node-types"): Row(),
    ("GET", "/clusters/list-zones"): Row(),
    ("POST", "/policies/clusters/create"): _row(POLICY_FIELDS),
    ("GET", "/policies/clusters/get"): Row(("policy_id",)),
    ("POST", "/policies/clusters/edit"): _row(POLICY_FIELDS, "policy_id"),
    ("POST", "/policies/clusters/delete"): Row(("policy_id",)),
    ("GET", "/policies/clusters/list"): Row(("sort_column", "sort_order")),
    ("POST", "/instance-pools/create"): _row(POOL_FIELDS),
    ("GET", "/instance-pools/get"): Row(("instance_pool_id",)),
    ("POST", "/instance-pools/edit"): _row(
        {name: POOL_FIELDS[name] for name in POOL_EDITS}, "instance_pool_id"
    ),
    ("POST", "/instance-pools/delete"): Row(("instance_pool_id",)),
    ("GET", "/instance-pools/list"): Row(),
    ("POST", "/libraries/install"): Row(
        ("cluster_id", "libraries of pypi, whl, requirements"),
        refused=tuple(f"libraries.{kind}" for kind in REFUSED_LIBRARIES),
    ),
    ("POST", "/libraries/uninstall"): Row(("cluster_id", "libraries (at the next restart)")),
    ("GET", "/libraries/cluster-status"): Row(("cluster_id",)),
    ("GET", "/libraries/all-cluster-statuses"): Row(),
    ("GET", "/preview/scim/v2/Me"): Row(_SHOWN),
    **{
        (method, f"/preview/scim/v2/{kind.name}{rest}"): row
        for kind in KINDS.values()
        for method, rest, row in (
            ("GET", "", Row((*_SHOWN, *OF_LISTS))),
            ("POST", "", _row(kind.fields)),
            ("GET", "/*", Row(_SHOWN, refused=OF_LISTS)),
            ("PUT", "/*", _row(kind.fields)),
            ("PATCH", "/*", Row(("Operations (add, replace, remove)",), ("schemas",))),
            ("DELETE", "/*", Row()),
        )
    },
    ("POST", "/token/create"): Row(
        ("lifetime_seconds",), ("comment", "scopes (not enforced)"), ("autoscope_enabled",)
    ),
    ("GET", "/token/list"): Row(),
    ("POST", "/token/delete"): Row(("token_id",)),
    ("PATCH", "/token/*"): Row(("update_mask",), ("token.comment", "token.scopes (not enforced)")),
    ("GET", "/sql/warehouses"): Row(),
    ("GET", "/sql/warehouses/*"): Row(),
    ("POST", "/sql/statements"): Row(
        _by_fate("honoured", STATEMENT_FIELDS),
        _by_fate("recorded", STATEMENT_FIELDS),
        (*_by_fate("refused", STATEMENT_FIELDS), "disposition EXTERNAL_LINKS", "format ARROW_STREAM, CSV"),
    ),
    ("GET", "/sql/statements/*"): Row(("statement_id, also with result/chunks/0",)),
    ("POST", "/sql/statements/*"): Row(("statement_id with cancel",)),
    ("GET", "/_fake"): Row(),
    ("POST", "/_fake/faults"): Row(
        faults.FIELDS,
        refused=("every other field",),
    ),
    ("GET", "/_fake/faults"): Row(),
    ("DELETE", "/_fake/faults"): Row(("name",)),
    ("GET", "/_fake/journal"): Row(("method", "path")),
    ("DELETE", "/_fake/journal"): Row(),
    ("GET", "/_fake/clock"): Row(),
    ("POST", "/_fake/clock"): Row(("now", "advance_seconds")),
    ("DELETE", "/_fake/clock"): Row(),
    ("POST", "/_fake/reset"): Row(),
    ("POST", "/_fake/mounts"): Row(("source (s3a, wasbs, abfss)", "mount_point", "extra_configs")),
    ("GET", "/_fake/mounts"): Row(),
    ("DELETE", "/_fake/mounts"): Row(("mount_point",)),
    ("POST", "/_fake/mounts/refresh"): Row(),
}


def table() -> str:
    """Return the table in Markdown, in the order of the routes."""
    lines = ["| call | honoured | recorded only | refused by name |", "|---|---|---|---|"]
    for route in (*ROUTES, *CONTROL):
        row = PARITY[route.method, route.path]
        versions = "|".join(route.versions).replace("|", ", ")
        shown = route.path if route.path.startswith("/_fake") else f"/api/{{{versions}}}{route.path}"
        cells = (", ".join(names) for names in (row.honoured, row.recorded, row.refused))
        lines.append(f"| {route.method} {shown} | {' | '.join(cells)} |")
    return "\n".join(lines)


def replace_table(text: str) -> str:
    """Return a page with a new table between its marks."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


def main(argv: Sequence[str]) -> int:
    """Write the table into the named page."""
    page = Path(argv[0])
    page.write_text(replace_table(page.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
