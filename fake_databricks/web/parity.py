"""What each call honours and refuses, and the test that shows it. Data; ``docs/fake.md`` shows it as a table.

``python -m fake_databricks.web.parity docs/fake.md`` writes the table anew between its two marks.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Mapping, Sequence

from fake_databricks.clusters.libraries import REFUSED as REFUSED_LIBRARIES
from fake_databricks.jobs.fields import JOB_FIELDS, RUN_PARAMETERS, TASK_FIELDS
from fake_databricks.web import faults
from fake_databricks.web.routes import CONTROL, ROUTES

if TYPE_CHECKING:
    from fake_databricks.request.values import Field

BEGIN, END = "<!-- parity: begin -->", "<!-- parity: end -->"


@dataclass(frozen=True)
class Row:
    """One call: what it honours, only records, refuses by name, and the test that shows it."""

    witness: str
    honoured: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def _by_fate(fate: str, *tables: Mapping[str, Field]) -> tuple[str, ...]:
    return tuple(sorted({name for table in tables for name, field in table.items() if field.fate == fate}))


_SETTINGS = {
    "honoured": (*_by_fate("honoured", JOB_FIELDS, TASK_FIELDS), "libraries of pypi, whl, requirements"),
    "recorded": (*_by_fate("recorded", JOB_FIELDS, TASK_FIELDS), "paused schedule, trigger, continuous"),
    "refused": (
        *_by_fate("refused", JOB_FIELDS, TASK_FIELDS),
        "source GIT",
        "depends_on.outcome",
        *(f"libraries.{kind}" for kind in REFUSED_LIBRARIES),
    ),
}
_CLUSTER = (
    "cluster_name",
    "spark_version (the Python and Spark are this machine's)",
    "spark_conf",
    "spark_env_vars",
)
_CLUSTER_REFUSED = ("docker_image", "init_scripts", "instance_pool_id")
_H, _R, _RC = "test_http.py::", "test_runs.py::", "test_run_control.py::"
_S, _F = "test_secrets.py::", "test_files.py::"
_C, _L = "test_commands.py::", "test_clusters.py::"
_K, _D = "test_control.py::", "test_sdk.py::TestSdk::"
_ACCESS = f"{_H}TestJobsOverHttp::test_permissions_name_the_owner_and_can_be_changed"
_SECRET = f"{_S}TestSecretsOverHttp::test_the_guides_two_calls_answer_with_nothing"
_ACLS = f"{_S}TestSecretsOverHttp::test_access_lists"
_TREE = f"{_F}TestDbfs::test_move_list_and_delete"
_BLOCKS = f"{_F}TestDbfs::test_blocks_of_a_handle_make_a_file"
_FILE = f"{_F}TestFilesApi::test_a_file_is_written_read_and_removed"
_FOLDER = f"{_F}TestFilesApi::test_folders"
_OBJECT = f"{_F}TestWorkspaceApi::test_a_file_is_imported_listed_and_exported"
_LIFE = f"{_L}TestClusters::test_goes_through_its_life"
_LISTS = f"{_L}TestClusters::test_lists_that_clients_choose_from"
_PACKAGE = f"{_L}TestLibraries::test_a_package_is_installed_and_importable"
_CONTEXT = f"{_C}TestRealPath::test_a_destroyed_context_is_gone"

PARITY: Mapping[tuple[str, str], Row] = {
    ("POST", "/jobs/create"): Row(
        f"{_H}TestRefusals::test_what_is_not_honoured_is_refused_by_its_name", **_SETTINGS
    ),
    ("GET", "/jobs/get"): Row(
        f"{_H}TestJobsOverHttp::test_a_flat_job_shows_its_task_at_the_top_and_in_tasks", ("job_id",)
    ),
    ("GET", "/jobs/list"): Row(
        f"{_H}TestJobsOverHttp::test_a_list_pages_by_token_and_by_offset",
        ("limit", "offset", "page_token", "name", "expand_tasks"),
    ),
    ("POST", "/jobs/update"): Row(
        f"{_H}TestJobsOverHttp::test_tasks_are_merged_by_their_key",
        ("job_id", "new_settings (as create)", "fields_to_remove"),
    ),
    ("POST", "/jobs/reset"): Row(
        f"{_H}TestJobsOverHttp::test_reset_replaces_all_settings", ("job_id", "new_settings (as create)")
    ),
    ("POST", "/jobs/delete"): Row(f"{_H}TestJobsOverHttp::test_a_deleted_job_is_gone", ("job_id",)),
    ("GET", "/permissions/jobs/*"): Row(_ACCESS),
    ("PUT", "/permissions/jobs/*"): Row(_ACCESS, recorded=("access_control_list (not enforced)",)),
    ("PATCH", "/permissions/jobs/*"): Row(_ACCESS, recorded=("access_control_list (not enforced)",)),
    ("POST", "/jobs/run-now"): Row(
        f"{_R}TestFlatJob::test_parameters_of_run_now_replace_the_jobs",
        ("job_id", "idempotency_token", "queue", "only", *_by_fate("honoured", RUN_PARAMETERS)),
        refused=_by_fate("refused", RUN_PARAMETERS),
    ),
    ("POST", "/jobs/runs/submit"): Row(
        f"{_H}TestRunsOverHttp::test_a_submitted_run_has_a_job_that_is_not_listed",
        ("run_name", "idempotency_token", "settings as in create"),
        refused=_SETTINGS["refused"],
    ),
    ("GET", "/jobs/runs/get"): Row(
        f"{_R}TestFlatJob::test_ends_with_success_and_an_empty_message", ("run_id", "include_history")
    ),
    ("GET", "/jobs/runs/get-output"): Row(
        f"{_H}TestRunsOverHttp::test_a_traceback_is_the_error_and_the_output_is_kept", ("run_id",)
    ),
    ("GET", "/jobs/runs/list"): Row(
        f"{_RC}TestList::test_filters",
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
    ("POST", "/jobs/runs/cancel"): Row(
        f"{_H}TestRunsOverHttp::test_cancel_ends_the_process_and_what_it_started", ("run_id",)
    ),
    ("POST", "/jobs/runs/cancel-all"): Row(
        f"{_H}TestRunsOverHttp::test_cancel_all_ends_every_run_of_a_job", ("job_id", "all_queued_runs")
    ),
    ("POST", "/jobs/runs/delete"): Row(
        f"{_H}TestRunsOverHttp::test_a_deleted_run_is_gone_and_an_active_one_stays", ("run_id",)
    ),
    ("POST", "/jobs/runs/repair"): Row(
        f"{_RC}TestRepair::test_runs_the_failed_tasks_again",
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
    ("GET", "/jobs/runs/export"): Row(
        f"{_H}TestRunsOverHttp::test_a_python_run_cannot_be_exported", refused=("every run: no notebooks",)
    ),
    ("POST", "/contexts/create"): Row(_CONTEXT, ("clusterId", "language"), refused=("scala, r",)),
    ("GET", "/contexts/status"): Row(_CONTEXT, ("clusterId", "contextId")),
    ("POST", "/contexts/destroy"): Row(_CONTEXT, ("clusterId", "contextId")),
    ("POST", "/commands/execute"): Row(
        f"{_C}TestGuidesPath::test_a_command_needs_no_context_and_shares_one",
        ("clusterId", "contextId", "language", "command with %pip, %sh, %sql, %python"),
    ),
    ("GET", "/commands/status"): Row(
        f"{_C}TestRealPath::test_an_exception_is_finished_with_summary_and_cause", ("clusterId", "commandId")
    ),
    ("POST", "/commands/cancel"): Row(
        f"{_C}TestRealPath::test_results_are_null_until_it_has_ended", ("clusterId", "commandId")
    ),
    ("POST", "/secrets/scopes/create"): Row(
        _SECRET, ("scope", "initial_manage_principal"), refused=("AZURE_KEYVAULT",)
    ),
    ("POST", "/secrets/scopes/delete"): Row("test_parity.py::TestTheRest::test_a_scope", ("scope",)),
    ("GET", "/secrets/scopes/list"): Row("test_parity.py::TestTheRest::test_a_scope"),
    ("POST", "/secrets/put"): Row(_SECRET, ("scope", "key", "string_value", "bytes_value")),
    ("GET", "/secrets/get"): Row(_SECRET, ("scope", "key")),
    ("POST", "/secrets/delete"): Row("test_parity.py::TestTheRest::test_a_scope", ("scope", "key")),
    ("GET", "/secrets/list"): Row("test_parity.py::TestTheRest::test_a_scope", ("scope",)),
    ("POST", "/secrets/acls/put"): Row(_ACLS, recorded=("scope, principal, permission (not enforced)",)),
    ("GET", "/secrets/acls/get"): Row(_ACLS, ("scope", "principal")),
    ("GET", "/secrets/acls/list"): Row(_ACLS, ("scope",)),
    ("POST", "/secrets/acls/delete"): Row(_ACLS, ("scope", "principal")),
    ("POST", "/dbfs/put"): Row(
        f"{_F}TestDbfs::test_a_form_is_read_to_the_byte", ("path", "contents", "overwrite", "a form's file")
    ),
    ("POST", "/dbfs/create"): Row(_BLOCKS, ("path", "overwrite")),
    ("POST", "/dbfs/add-block"): Row(_BLOCKS, ("handle", "data")),
    ("POST", "/dbfs/close"): Row(_BLOCKS, ("handle",)),
    ("GET", "/dbfs/get-status"): Row(_BLOCKS, ("path",)),
    ("GET", "/dbfs/list"): Row(_TREE, ("path",)),
    ("GET", "/dbfs/read"): Row(
        f"{_F}TestDbfs::test_a_file_in_one_call_is_read_back", ("path", "offset", "length")
    ),
    ("POST", "/dbfs/mkdirs"): Row(_TREE, ("path",)),
    ("POST", "/dbfs/move"): Row(_TREE, ("source_path", "destination_path")),
    ("POST", "/dbfs/delete"): Row(_TREE, ("path", "recursive")),
    ("PUT", "/fs/files/*"): Row(_FILE, ("overwrite",), refused=("paths but /Volumes and /Workspace",)),
    ("POST", "/fs/files/*"): Row(
        f"{_F}TestFilesApi::test_a_file_in_parts_is_put_together_in_order",
        ("action initiate-upload, complete-upload, abort-upload",),
    ),
    ("POST", "/fs/create-upload-part-urls"): Row(
        f"{_F}TestFilesApi::test_a_file_in_parts_is_put_together_in_order",
        ("path", "session_token", "start_part_number", "count"),
        recorded=("expire_time",),
    ),
    ("GET", "/fs/files/*"): Row(_FILE, ("Range",)),
    ("HEAD", "/fs/files/*"): Row(_FILE),
    ("DELETE", "/fs/files/*"): Row(_FILE),
    ("PUT", "/fs/directories/*"): Row(_FOLDER),
    ("GET", "/fs/directories/*"): Row(_FOLDER, ("page_size", "page_token")),
    ("HEAD", "/fs/directories/*"): Row(_FOLDER),
    ("DELETE", "/fs/directories/*"): Row(_FOLDER),
    ("POST", "/workspace/import"): Row(
        _OBJECT,
        ("path", "format SOURCE, AUTO, RAW, JUPYTER", "language", "content", "overwrite"),
        refused=("format HTML, DBC, R_MARKDOWN",),
    ),
    ("POST", "/workspace-files/import-file/*"): Row(
        f"{_F}TestWorkspaceApi::test_the_command_lines_way_of_uploading", ("overwrite",)
    ),
    ("GET", "/workspace/export"): Row(
        _OBJECT, ("path", "direct_download"), refused=("format HTML, JUPYTER, DBC",)
    ),
    ("GET", "/workspace/list"): Row(_OBJECT, ("path",)),
    ("GET", "/workspace/get-status"): Row(_OBJECT, ("path",)),
    ("POST", "/workspace/mkdirs"): Row(
        f"{_F}TestWorkspaceApi::test_mkdirs_makes_those_on_the_way_and_delete_takes_all", ("path",)
    ),
    ("POST", "/workspace/delete"): Row(
        f"{_F}TestWorkspaceApi::test_mkdirs_makes_those_on_the_way_and_delete_takes_all",
        ("path", "recursive"),
    ),
    ("POST", "/clusters/create"): Row(_LIFE, _CLUSTER, ("every other field",), _CLUSTER_REFUSED),
    ("GET", "/clusters/get"): Row(_LIFE, ("cluster_id",)),
    ("GET", "/clusters/list"): Row(f"{_H}TestWorkspaces::test_the_guides_cluster_is_there_from_the_start"),
    ("POST", "/clusters/start"): Row(_LIFE, ("cluster_id",)),
    ("POST", "/clusters/restart"): Row(_LIFE, ("cluster_id",)),
    ("POST", "/clusters/delete"): Row(_LIFE, ("cluster_id",)),
    ("POST", "/clusters/permanent-delete"): Row(_LIFE, ("cluster_id",)),
    ("POST", "/clusters/edit"): Row(
        f"{_L}TestClusters::test_an_edit_of_its_variables_counts_for_the_next_run",
        _CLUSTER,
        ("every other field",),
        _CLUSTER_REFUSED,
    ),
    ("POST", "/clusters/pin"): Row(
        f"{_L}TestClusters::test_pin_and_unpin", recorded=("cluster_id (nothing is cleaned away here)",)
    ),
    ("POST", "/clusters/unpin"): Row(f"{_L}TestClusters::test_pin_and_unpin", recorded=("cluster_id",)),
    ("POST", "/clusters/events"): Row(_LIFE, ("cluster_id", "order", "offset", "limit", "event_types")),
    ("GET", "/clusters/spark-versions"): Row(_LISTS),
    ("GET", "/clusters/list-node-types"): Row(_LISTS),
    ("GET", "/clusters/list-zones"): Row(_LISTS),
    ("GET", "/policies/clusters/list"): Row(_LISTS),
    ("POST", "/libraries/install"): Row(
        _PACKAGE,
        ("cluster_id", "libraries of pypi, whl, requirements"),
        refused=tuple(f"libraries.{kind}" for kind in REFUSED_LIBRARIES),
    ),
    ("POST", "/libraries/uninstall"): Row(_PACKAGE, ("cluster_id", "libraries (at the next restart)")),
    ("GET", "/libraries/cluster-status"): Row(_PACKAGE, ("cluster_id",)),
    ("GET", "/libraries/all-cluster-statuses"): Row(_PACKAGE),
    ("GET", "/preview/scim/v2/Me"): Row(
        f"{_H}TestWorkspaces::test_the_number_of_the_workspace_is_in_a_header"
    ),
    ("GET", "/_fake"): Row(f"{_K}TestReset::test_it_says_what_it_is"),
    ("POST", "/_fake/faults"): Row(
        f"{_K}TestFaults::test_some_are_answered_first_and_some_fail_then",
        faults.FIELDS,
        refused=("every other field",),
    ),
    ("GET", "/_fake/faults"): Row(
        f"{_K}TestFaults::test_rules_are_listed_with_their_count_and_taken_away_by_name"
    ),
    ("DELETE", "/_fake/faults"): Row(
        f"{_K}TestFaults::test_rules_are_listed_with_their_count_and_taken_away_by_name", ("name",)
    ),
    ("GET", "/_fake/journal"): Row(
        f"{_K}TestJournal::test_each_exchange_is_there_in_order", ("method", "path")
    ),
    ("DELETE", "/_fake/journal"): Row(f"{_K}TestJournal::test_can_be_cleared"),
    ("POST", "/_fake/reset"): Row(f"{_K}TestReset::test_the_next_request_finds_a_new_workspace"),
}


def table() -> str:
    """Return the table in Markdown, in the order of the routes."""
    lines = ["| call | honoured | recorded only | refused by name | witness |", "|---|---|---|---|---|"]
    for route in (*ROUTES, *CONTROL):
        row = PARITY[route.method, route.path]
        versions = "|".join(route.versions).replace("|", ", ")
        shown = route.path if route.path.startswith("/_fake") else f"/api/{{{versions}}}{route.path}"
        cells = (", ".join(names) for names in (row.honoured, row.recorded, row.refused))
        lines.append(f"| {route.method} {shown} | {' | '.join(cells)} | `{row.witness}` |")
    return "\n".join(lines)


def put_into(text: str) -> str:
    """Return a page with the table between its marks written anew."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


def main(argv: Sequence[str]) -> int:
    """Write the table into the named page."""
    page = Path(argv[0])
    page.write_text(put_into(page.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
