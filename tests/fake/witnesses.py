"""For each test that is the witness of a row of the parity table: the calls of those rows."""

from __future__ import annotations

from typing import Mapping

WITNESSES: Mapping[str, tuple[str, ...]] = {
    "test_http.py::TestRefusals::test_what_is_not_honoured_is_refused_by_its_name": ("POST /jobs/create",),
    "test_http.py::TestJobsOverHttp::test_a_flat_job_shows_its_task_at_the_top_and_in_tasks": (
        "GET /jobs/get",
    ),
    "test_http.py::TestJobsOverHttp::test_a_list_pages_by_token_and_by_offset": ("GET /jobs/list",),
    "test_http.py::TestJobsOverHttp::test_tasks_are_merged_by_their_key": ("POST /jobs/update",),
    "test_http.py::TestJobsOverHttp::test_reset_replaces_all_settings": ("POST /jobs/reset",),
    "test_http.py::TestJobsOverHttp::test_a_deleted_job_is_gone": ("POST /jobs/delete",),
    "test_http.py::TestJobsOverHttp::test_permissions_name_the_owner_and_can_be_changed": (
        "GET /permissions/jobs/*",
        "PUT /permissions/jobs/*",
        "PATCH /permissions/jobs/*",
    ),
    "test_runs.py::TestFlatJob::test_parameters_of_run_now_replace_the_jobs": ("POST /jobs/run-now",),
    "test_http.py::TestRunsOverHttp::test_a_submitted_run_has_a_job_that_is_not_listed": (
        "POST /jobs/runs/submit",
    ),
    "test_runs.py::TestFlatJob::test_ends_with_success_and_an_empty_message": ("GET /jobs/runs/get",),
    "test_http.py::TestRunsOverHttp::test_a_traceback_is_the_error_and_the_output_is_kept": (
        "GET /jobs/runs/get-output",
    ),
    "test_run_control.py::TestList::test_filters": ("GET /jobs/runs/list",),
    "test_http.py::TestRunsOverHttp::test_cancel_ends_the_process_and_what_it_started": (
        "POST /jobs/runs/cancel",
    ),
    "test_http.py::TestRunsOverHttp::test_cancel_all_ends_every_run_of_a_job": (
        "POST /jobs/runs/cancel-all",
    ),
    "test_http.py::TestRunsOverHttp::test_a_deleted_run_is_gone_and_an_active_one_stays": (
        "POST /jobs/runs/delete",
    ),
    "test_run_control.py::TestRepair::test_runs_the_failed_tasks_again": ("POST /jobs/runs/repair",),
    "test_notebook_export.py::TestExport::test_a_notebook_is_a_page_with_its_cells": (
        "GET /jobs/runs/export",
    ),
    "test_commands.py::TestRealPath::test_a_destroyed_context_is_gone": (
        "POST /contexts/create",
        "GET /contexts/status",
        "POST /contexts/destroy",
    ),
    "test_commands.py::TestGuidesPath::test_a_command_needs_no_context_and_shares_one": (
        "POST /commands/execute",
    ),
    "test_commands.py::TestRealPath::test_an_exception_is_finished_with_summary_and_cause": (
        "GET /commands/status",
    ),
    "test_commands.py::TestRealPath::test_results_are_null_until_it_has_ended": ("POST /commands/cancel",),
    "test_secrets.py::TestSecretsOverHttp::test_the_guides_two_calls_answer_with_nothing": (
        "POST /secrets/scopes/create",
        "POST /secrets/put",
        "GET /secrets/get",
    ),
    "test_parity.py::TestTheRest::test_a_scope": (
        "POST /secrets/scopes/delete",
        "GET /secrets/scopes/list",
        "POST /secrets/delete",
        "GET /secrets/list",
    ),
    "test_secrets.py::TestSecretsOverHttp::test_access_lists": (
        "POST /secrets/acls/put",
        "GET /secrets/acls/get",
        "GET /secrets/acls/list",
        "POST /secrets/acls/delete",
    ),
    "test_files.py::TestDbfs::test_a_form_is_read_to_the_byte": ("POST /dbfs/put",),
    "test_files.py::TestDbfs::test_blocks_of_a_handle_make_a_file": (
        "POST /dbfs/create",
        "POST /dbfs/add-block",
        "POST /dbfs/close",
        "GET /dbfs/get-status",
    ),
    "test_files.py::TestDbfs::test_move_list_and_delete": (
        "GET /dbfs/list",
        "POST /dbfs/mkdirs",
        "POST /dbfs/move",
        "POST /dbfs/delete",
    ),
    "test_files.py::TestDbfs::test_a_file_in_one_call_is_read_back": ("GET /dbfs/read",),
    "test_files.py::TestFilesApi::test_a_file_is_written_read_and_removed": (
        "PUT /fs/files/*",
        "GET /fs/files/*",
        "HEAD /fs/files/*",
        "DELETE /fs/files/*",
    ),
    "test_files.py::TestFilesApi::test_a_file_in_parts_is_put_together_in_order": (
        "POST /fs/files/*",
        "POST /fs/create-upload-part-urls",
    ),
    "test_files.py::TestFilesApi::test_folders": (
        "PUT /fs/directories/*",
        "GET /fs/directories/*",
        "HEAD /fs/directories/*",
        "DELETE /fs/directories/*",
    ),
    "test_files.py::TestWorkspaceApi::test_a_file_is_imported_listed_and_exported": (
        "POST /workspace/import",
        "GET /workspace/export",
        "GET /workspace/list",
        "GET /workspace/get-status",
    ),
    "test_files.py::TestWorkspaceApi::test_the_command_lines_way_of_uploading": (
        "POST /workspace-files/import-file/*",
    ),
    "test_files.py::TestWorkspaceApi::test_mkdirs_makes_those_on_the_way_and_delete_takes_all": (
        "POST /workspace/mkdirs",
        "POST /workspace/delete",
    ),
    "test_clusters.py::TestClusters::test_goes_through_its_life": (
        "POST /clusters/create",
        "GET /clusters/get",
        "POST /clusters/start",
        "POST /clusters/restart",
        "POST /clusters/delete",
        "POST /clusters/permanent-delete",
        "POST /clusters/events",
    ),
    "test_http.py::TestWorkspaces::test_the_guides_cluster_is_there_from_the_start": ("GET /clusters/list",),
    "test_clusters.py::TestClusters::test_an_edit_of_its_variables_counts_for_the_next_run": (
        "POST /clusters/edit",
    ),
    "test_clusters.py::TestClusters::test_pin_and_unpin": (
        "POST /clusters/pin",
        "POST /clusters/unpin",
    ),
    "test_clusters.py::TestClusters::test_lists_that_clients_choose_from": (
        "GET /clusters/spark-versions",
        "GET /clusters/list-node-types",
        "GET /clusters/list-zones",
        "GET /policies/clusters/list",
    ),
    "test_clusters.py::TestLibraries::test_a_package_is_installed_and_importable": (
        "POST /libraries/install",
        "POST /libraries/uninstall",
        "GET /libraries/cluster-status",
        "GET /libraries/all-cluster-statuses",
    ),
    "test_http.py::TestWorkspaces::test_the_number_of_the_workspace_is_in_a_header": (
        "GET /preview/scim/v2/Me",
    ),
    "test_control.py::TestReset::test_it_says_what_it_is": ("GET /_fake",),
    "test_control.py::TestFaults::test_some_are_answered_first_and_some_fail_then": ("POST /_fake/faults",),
    "test_control.py::TestFaults::test_rules_are_listed_with_their_count_and_taken_away_by_name": (
        "GET /_fake/faults",
        "DELETE /_fake/faults",
    ),
    "test_control.py::TestJournal::test_each_exchange_is_there_in_order": ("GET /_fake/journal",),
    "test_control.py::TestJournal::test_can_be_cleared": ("DELETE /_fake/journal",),
    "test_control.py::TestReset::test_the_next_request_finds_a_new_workspace": ("POST /_fake/reset",),
    "test_schedules.py::TestOverHttp::test_a_moved_clock_starts_the_runs_of_the_callers_workspace": (
        "GET /_fake/clock",
        "POST /_fake/clock",
        "DELETE /_fake/clock",
    ),
    "test_statements.py::TestStatements::test_rows_are_texts_in_one_chunk": (
        "POST /sql/statements",
        "GET /sql/statements/*",
        "GET /sql/warehouses",
        "GET /sql/warehouses/*",
    ),
    "test_statements.py::TestStatements::test_a_cancel_ends_it": ("POST /sql/statements/*",),
    "test_mounts.py::TestRest::test_the_mount_can_be_removed_and_the_objects_stay": (
        "GET /_fake/mounts",
        "DELETE /_fake/mounts",
    ),
    "test_mounts.py::TestDbutils::test_mounts_lists_and_unmounts": (
        "POST /_fake/mounts",
        "POST /_fake/mounts/refresh",
    ),
    "test_clusters_api.py::TestChanges::test_update_changes_what_the_mask_names": ("POST /clusters/update",),
    "test_clusters_api.py::TestChanges::test_resize_records_the_size_of_a_running_cluster": (
        "POST /clusters/resize",
    ),
    "test_clusters_api.py::TestChanges::test_a_terminated_cluster_gets_another_owner": (
        "POST /clusters/change-owner",
    ),
    "test_policies.py::TestCalls::test_a_policy_is_shown_changed_and_deleted": (
        "POST /policies/clusters/create",
        "GET /policies/clusters/get",
        "POST /policies/clusters/edit",
        "POST /policies/clusters/delete",
    ),
    "test_instance_pools.py::TestPools::test_a_pool_is_shown_changed_and_deleted": (
        "POST /instance-pools/create",
        "GET /instance-pools/get",
        "POST /instance-pools/edit",
        "POST /instance-pools/delete",
        "GET /instance-pools/list",
    ),
    "test_permissions.py::TestPermissions::test_a_cluster_is_its_creators_until_they_are_set": (
        "GET /permissions/*",
        "PUT /permissions/*",
        "PATCH /permissions/*",
    ),
    "test_tokens.py::TestTokens::test_a_created_token_opens_the_workspace_until_it_is_deleted": (
        "POST /token/create",
        "GET /token/list",
        "POST /token/delete",
    ),
    "test_directory.py::TestPrincipals::test_a_user_is_created_found_changed_and_deleted": tuple(
        f"{call} /preview/scim/v2/Users{rest}"
        for call, rest in (
            ("GET", ""),
            ("POST", ""),
            ("GET", "/*"),
            ("PUT", "/*"),
            ("PATCH", "/*"),
            ("DELETE", "/*"),
        )
    ),
    "test_directory.py::TestPrincipals::test_a_group_has_members_that_exist": tuple(
        f"{call} /preview/scim/v2/Groups{rest}"
        for call, rest in (
            ("GET", ""),
            ("POST", ""),
            ("GET", "/*"),
            ("PUT", "/*"),
            ("PATCH", "/*"),
            ("DELETE", "/*"),
        )
    ),
    "test_directory.py::TestPrincipals::test_a_service_principal_has_an_application_id": tuple(
        f"{call} /preview/scim/v2/ServicePrincipals{rest}"
        for call, rest in (
            ("GET", ""),
            ("POST", ""),
            ("GET", "/*"),
            ("PUT", "/*"),
            ("PATCH", "/*"),
            ("DELETE", "/*"),
        )
    ),
    "test_tokens.py::TestTokens::test_its_comment_and_scopes_can_be_changed": ("PATCH /token/*",),
    "test_files_api.py::TestFiles::test_a_download_url_leads_to_the_file": ("POST /fs/create-download-url",),
    "test_files_api.py::TestWorkspace::test_repos_are_refused_with_the_reason": (
        "GET /repos",
        "POST /repos",
        "GET /repos/*",
        "PATCH /repos/*",
        "DELETE /repos/*",
    ),
}
