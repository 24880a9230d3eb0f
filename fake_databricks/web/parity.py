"""What each call honours and refuses. Data; ``docs/fake.md`` shows it as a table.

``python -m fake_databricks.web.parity docs/fake.md`` writes that table again, between its two marks.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Mapping, Sequence

from fake_databricks.clusters.api import REFUSED as REFUSED_SETTINGS
from fake_databricks.clusters.libraries import REFUSED as REFUSED_LIBRARIES
from fake_databricks.clusters.listing import FILTERS, SORTS
from fake_databricks.jobs.fields import ENVIRONMENT_SPEC, JOB_FIELDS, RUN_PARAMETERS, TASK_FIELDS
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
_CLUSTER = (
    "cluster_name",
    "spark_version (the Python and Spark are this machine's)",
    "spark_conf",
    "spark_env_vars",
)
_CLUSTER_REFUSED = tuple(REFUSED_SETTINGS)

PARITY: Mapping[tuple[str, str], Row] = {
    ("POST", "/jobs/create"): Row(**_SETTINGS),
    ("GET", "/jobs/get"): Row(("job_id",)),
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
    ("POST", "/jobs/run-now"): Row(
        ("job_id", "idempotency_token", "queue", "only", *_by_fate("honoured", RUN_PARAMETERS)),
        refused=_by_fate("refused", RUN_PARAMETERS),
    ),
    ("POST", "/jobs/runs/submit"): Row(
        ("run_name", "idempotency_token", "settings as in create"),
        refused=_SETTINGS["refused"],
    ),
    ("GET", "/jobs/runs/get"): Row(("run_id", "include_history")),
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
        refused=_by_fate("refused", RUN_PARAMETERS),
    ),
    ("GET", "/jobs/runs/export"): Row(refused=("every run",)),
    ("POST", "/contexts/create"): Row(("clusterId", "language"), refused=("scala, r",)),
    ("GET", "/contexts/status"): Row(("clusterId", "contextId")),
    ("POST", "/contexts/destroy"): Row(("clusterId", "contextId")),
    ("POST", "/commands/execute"): Row(
        ("clusterId", "contextId", "language", "command with %pip, %sh, %sql, %python"),
    ),
    ("GET", "/commands/status"): Row(("clusterId", "commandId")),
    ("POST", "/commands/cancel"): Row(("clusterId", "commandId")),
    ("POST", "/secrets/scopes/create"): Row(
        ("scope", "initial_manage_principal"), refused=("AZURE_KEYVAULT",)
    ),
    ("POST", "/secrets/scopes/delete"): Row(("scope",)),
    ("GET", "/secrets/scopes/list"): Row(),
    ("POST", "/secrets/put"): Row(("scope", "key", "string_value", "bytes_value")),
    ("GET", "/secrets/get"): Row(("scope", "key")),
    ("POST", "/secrets/delete"): Row(("scope", "key")),
    ("GET", "/secrets/list"): Row(("scope",)),
    ("POST", "/secrets/acls/put"): Row(recorded=("scope, principal, permission (not enforced)",)),
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
    ("PUT", "/fs/files/*"): Row(("overwrite",), refused=("paths but /Volumes and /Workspace",)),
    ("POST", "/fs/files/*"): Row(
        ("action initiate-upload, complete-upload, abort-upload",),
    ),
    ("POST", "/fs/create-upload-part-urls"): Row(
        ("path", "session_token", "start_part_number", "count"),
        recorded=("expire_time",),
    ),
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
    ("GET", "/workspace/export"): Row(("path", "direct_download"), refused=("format HTML, JUPYTER, DBC",)),
    ("GET", "/workspace/list"): Row(("path",)),
    ("GET", "/workspace/get-status"): Row(("path",)),
    ("POST", "/workspace/mkdirs"): Row(("path",)),
    ("POST", "/workspace/delete"): Row(
        ("path", "recursive"),
    ),
    ("POST", "/clusters/create"): Row(_CLUSTER, ("every other field",), _CLUSTER_REFUSED),
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
    ("POST", "/clusters/restart"): Row(("cluster_id",)),
    ("POST", "/clusters/delete"): Row(("cluster_id",)),
    ("POST", "/clusters/permanent-delete"): Row(("cluster_id",)),
    ("POST", "/clusters/edit"): Row(
        _CLUSTER,
        ("every other field",),
        _CLUSTER_REFUSED,
    ),
    ("POST", "/clusters/pin"): Row(recorded=("cluster_id (nothing is cleaned away here)",)),
    ("POST", "/clusters/unpin"): Row(recorded=("cluster_id",)),
    ("POST", "/clusters/events"): Row(("cluster_id", "order", "offset", "limit", "event_types")),
    ("GET", "/clusters/spark-versions"): Row(),
    ("GET", "/clusters/list-node-types"): Row(),
    ("GET", "/clusters/list-zones"): Row(),
    ("GET", "/policies/clusters/list"): Row(),
    ("POST", "/libraries/install"): Row(
        ("cluster_id", "libraries of pypi, whl, requirements"),
        refused=tuple(f"libraries.{kind}" for kind in REFUSED_LIBRARIES),
    ),
    ("POST", "/libraries/uninstall"): Row(("cluster_id", "libraries (at the next restart)")),
    ("GET", "/libraries/cluster-status"): Row(("cluster_id",)),
    ("GET", "/libraries/all-cluster-statuses"): Row(),
    ("GET", "/sql/warehouses"): Row(),
    ("GET", "/sql/warehouses/*"): Row(),
    ("POST", "/sql/statements"): Row(
        _by_fate("honoured", STATEMENT_FIELDS),
        _by_fate("recorded", STATEMENT_FIELDS),
        (*_by_fate("refused", STATEMENT_FIELDS), "disposition EXTERNAL_LINKS", "format ARROW_STREAM, CSV"),
    ),
    ("GET", "/sql/statements/*"): Row(("statement_id, also with result/chunks/0",)),
    ("POST", "/sql/statements/*"): Row(("statement_id with cancel",)),
    ("GET", "/preview/scim/v2/Me"): Row(),
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
