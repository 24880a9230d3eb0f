"""Every field of a job that Databricks knows, and how it is treated here. Data.

``honoured``: it changes what happens. ``recorded``: it is stored and shown, because nothing here can act on
it (no mail is sent). ``refused``: the request is answered with status 400, the field and the reason, because
a run that ignored the field would not be the run that was asked for. Fields that Databricks does not know are
ignored, as on Databricks.
"""

from __future__ import annotations

from typing import Any, Mapping

from fake_databricks.clusters import libraries
from fake_databricks.jobs.new_clusters import notes_of_new_clusters
from fake_databricks.request.values import Field, all_unknown_fields, unknown_fields


def _refused(kind: str, why: str) -> Field:
    return Field(kind, "refused", why)


def _recorded(kind: str, parts: Mapping[str, Field] | None = None, each: Field | None = None) -> Field:
    return Field(kind, "recorded", each=each, parts=parts)


def _many(*kinds: str) -> Field:
    """Return a list whose elements are of the second kind, and so on."""
    kind, *inner = kinds
    return Field(kind, each=_many(*inner) if inner else None)


LEVELS = {
    "CAN_VIEW": "Can view",
    "CAN_MANAGE_RUN": "Can manage run",
    "IS_OWNER": "Is owner",
    "CAN_MANAGE": "Can manage",
}
"""The permission levels of jobs, and what each is called."""
_MOMENTS = (
    "on_start",
    "on_success",
    "on_failure",
    "on_duration_warning_threshold_exceeded",
    "on_streaming_backlog_exceeded",
    "on_maintenance_start",
    "on_maintenance_complete",
)
_EMAILS = {
    **{moment: _many("list", "text") for moment in _MOMENTS},
    "no_alert_for_skipped_runs": Field("boolean"),
}
_WEBHOOK = Field("object", parts={"id": Field("text")})
_WEBHOOKS = {moment: Field("list", each=_WEBHOOK) for moment in _MOMENTS}
_NOTIFICATIONS = {
    name: Field("boolean")
    for name in ("alert_on_last_attempt", "no_alert_for_canceled_runs", "no_alert_for_skipped_runs")
}
_HEALTH = {"rules": _many("list", "object")}
_PRINCIPALS = {name: Field("text") for name in ("user_name", "group_name", "service_principal_name")}
_ACCESS = Field("object", parts={**_PRINCIPALS, "permission_level": Field("text")})


_NOT_EXECUTED = (
    "this kind of task is not executed here; use notebook_task, spark_python_task or python_wheel_task"
)
_NO_VARIABLES = "name the variables in spark_env_vars of the cluster"

_NO_SERVERLESS = "there is no serverless compute here; name a cluster and its libraries"

JOB_FIELDS: Mapping[str, Field] = {
    "name": Field("text"),
    "tasks": Field("list"),
    "job_clusters": Field("list"),
    "parameters": Field("list"),
    "environments": Field("list"),
    "timeout_seconds": Field("integer"),
    "max_concurrent_runs": Field("integer"),
    "queue": Field("object", parts={"enabled": Field("boolean")}),
    "access_control_list": Field("list", each=_ACCESS),
    "description": _recorded("text"),
    "tags": _recorded("object", each=Field("text")),
    "email_notifications": _recorded("object", _EMAILS),
    "webhook_notifications": _recorded("object", _WEBHOOKS),
    "notification_settings": _recorded("object", _NOTIFICATIONS),
    "health": _recorded("object", _HEALTH),
    "run_as": _recorded("object", _PRINCIPALS),
    "format": _recorded("text"),
    "edit_mode": _recorded("text"),
    "deployment": _recorded("object"),
    "budget_policy_id": _recorded("text"),
    "usage_policy_id": _recorded("text"),
    "performance_target": _recorded("text"),
    "schedule": Field("object"),
    "trigger": Field("object"),
    "continuous": Field("object"),
    "git_source": _refused("object", "no repository is cloned for a job here; upload the file"),
    "triggers": _refused("list", "name one trigger, in schedule or trigger"),
    "environment_variables": _refused("list", _NO_VARIABLES),
    "parent_path": _recorded("text"),
    "duration_target": _recorded("text"),
}

TASK_FIELDS: Mapping[str, Field] = {
    "task_key": Field("text"),
    "depends_on": Field("list"),
    "run_if": Field("text"),
    "disabled": Field("boolean"),
    "existing_cluster_id": Field("text"),
    "new_cluster": Field("object"),
    "job_cluster_key": Field("text"),
    "environment_key": Field("text"),
    "spark_python_task": Field("object"),
    "python_wheel_task": Field("object"),
    "notebook_task": Field("object"),
    "run_job_task": Field("object"),
    "condition_task": Field("object"),
    "for_each_task": Field("object"),
    "sql_task": Field("object"),
    "libraries": Field("list"),
    "timeout_seconds": Field("integer"),
    "max_retries": Field("integer"),
    "min_retry_interval_millis": Field("integer"),
    "retry_on_timeout": Field("boolean"),
    "description": _recorded("text"),
    "email_notifications": _recorded("object", _EMAILS),
    "webhook_notifications": _recorded("object", _WEBHOOKS),
    "notification_settings": _recorded("object", _NOTIFICATIONS),
    "health": _recorded("object", _HEALTH),
    "disable_auto_optimization": _recorded("boolean"),
    "spark_jar_task": _refused("object", _NOT_EXECUTED),
    "spark_submit_task": _refused("object", _NOT_EXECUTED),
    "pipeline_task": _refused("object", _NOT_EXECUTED),
    "dbt_task": _refused("object", _NOT_EXECUTED),
    "clean_rooms_notebook_task": _refused("object", _NOT_EXECUTED),
    "dashboard_task": _refused("object", _NOT_EXECUTED),
    "power_bi_task": _refused("object", _NOT_EXECUTED),
    "gen_ai_compute_task": _refused("object", _NOT_EXECUTED),
    "ai_runtime_task": _refused("object", _NOT_EXECUTED),
    "ai_function_task": _refused("object", _NOT_EXECUTED),
    "alert_task": _refused("object", _NOT_EXECUTED),
    "dbt_cloud_task": _refused("object", _NOT_EXECUTED),
    "dbt_platform_task": _refused("object", _NOT_EXECUTED),
    "python_operator_task": _refused("object", _NOT_EXECUTED),
    "compute": _refused("object", "there is no compute with accelerators here; leave it out"),
    "environment_variables_key": _refused("text", _NO_VARIABLES),
}

TASK_TYPE_FIELDS: Mapping[str, Mapping[str, Field]] = {
    "spark_python_task": {
        "python_file": Field("text"),
        "parameters": Field("list"),
        "source": Field("text"),
    },
    "python_wheel_task": {
        "package_name": Field("text"),
        "entry_point": Field("text"),
        "parameters": Field("list"),
        "named_parameters": Field("object"),
    },
    "notebook_task": {
        "notebook_path": Field("text"),
        "base_parameters": Field("object"),
        "source": Field("text"),
        "warehouse_id": _refused("text", "there are no SQL warehouses here; name a cluster"),
    },
    "run_job_task": {
        "job_id": Field("integer"),
        "job_parameters": Field("object"),
        "notebook_params": Field("object"),
        "python_params": Field("list"),
        "python_named_params": Field("object"),
        "jar_params": _refused("list", _NOT_EXECUTED),
        "spark_submit_params": _refused("list", _NOT_EXECUTED),
        "dbt_commands": _refused("list", _NOT_EXECUTED),
        "sql_params": Field("object"),
        "pipeline_params": _refused("object", _NOT_EXECUTED),
    },
    "sql_task": {
        "warehouse_id": Field("text"),
        "file": Field("object", parts={"path": Field("text"), "source": Field("text")}),
        "parameters": Field("object"),
        "query": _refused("object", "no queries are saved here; name a file"),
        "alert": _refused("object", "there are no alerts here"),
        "dashboard": _refused("object", "there are no dashboards here"),
    },
    "condition_task": {"op": Field("text"), "left": Field("text"), "right": Field("text")},
    "for_each_task": {
        "inputs": Field("text"),
        "concurrency": Field("integer"),
        "task": Field("object"),
    },
}

SCHEDULE_FIELDS: Mapping[str, Field] = {
    "quartz_cron_expression": Field("text"),
    "timezone_id": Field("text"),
    "pause_status": Field("text"),
    "sql_condition": _refused("object", "there are no SQL warehouses here; leave it out"),
}

TRIGGER_FIELDS: Mapping[str, Field] = {
    "periodic": Field("object"),
    "pause_status": Field("text"),
    "file_arrival": _recorded("object"),
    "table_update": _recorded("object"),
    "job_completion": _recorded("object"),
    "model": _recorded("object"),
    "sql_condition": _recorded("object"),
}
"""``trigger``: what is recorded is refused unless it is paused."""

CONTINUOUS_FIELDS: Mapping[str, Field] = {
    "pause_status": Field("text"),
    "task_retry_mode": Field("text"),
    "maintenance_window": _refused("object", "there is no maintenance here; leave it out"),
}

PERIODIC_FIELDS: Mapping[str, Field] = {"interval": Field("integer"), "unit": Field("text")}

ENVIRONMENT_SPEC: Mapping[str, Field] = {
    "dependencies": Field("list"),
    "client": _recorded("text"),
    "environment_version": _recorded("text"),
    "base_environment": _refused("text", "there are no base environments here; name the dependencies"),
    "project_environment": _refused("text", "there are no base environments here; name the dependencies"),
    "java_dependencies": _refused("list", "only Python packages are installed here"),
}

JOB_CLUSTER_FIELDS: Mapping[str, Field] = {
    "job_cluster_key": Field("text"),
    "new_cluster": Field("object"),
    "serverless_compute": _refused("object", _NO_SERVERLESS),
    "serverless_compute_id": _refused("text", _NO_SERVERLESS),
}

FLAT_ONLY = (
    "existing_cluster_id",
    "new_cluster",
    "spark_python_task",
    "python_wheel_task",
    "notebook_task",
    "libraries",
    "max_retries",
    "min_retry_interval_millis",
    "retry_on_timeout",
)

RUN_PARAMETERS: Mapping[str, Field] = {
    "python_params": Field("list"),
    "python_named_params": Field("object"),
    "notebook_params": Field("object"),
    "sql_params": Field("object"),
    "job_parameters": Field("object"),
    "jar_params": _refused("list", _NOT_EXECUTED),
    "spark_submit_params": _refused("list", _NOT_EXECUTED),
    "dbt_commands": _refused("list", _NOT_EXECUTED),
    "pipeline_params": _refused("object", _NOT_EXECUTED),
}

RUN_TARGETS: Mapping[str, Field] = {
    "performance_target": _refused("text", _NO_SERVERLESS),
    "duration_target": _refused("text", _NO_SERVERLESS),
}

NOT_SETTINGS = ("run_name", "idempotency_token")
"""What runs/submit has besides the settings of a job."""


def notes_of(document: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each field of a job, its tasks and clusters that Databricks does not know."""
    top = {
        **JOB_FIELDS,
        **{name: TASK_FIELDS[name] for name in FLAT_ONLY},
        **dict.fromkeys(NOT_SETTINGS, Field("text")),
    }
    notes = all_unknown_fields(document, top) + _notes_of_types(document)
    tasks = document.get("tasks")
    for task in tasks if isinstance(tasks, list) else []:
        if isinstance(task, dict):
            notes += all_unknown_fields(task, TASK_FIELDS, "tasks.") + _notes_of_types(task)
    return notes + notes_of_new_clusters(document)


def _notes_of_types(document: Mapping[str, Any]) -> list[str]:
    return libraries.notes_of(document) + [
        note
        for kind, fields in TASK_TYPE_FIELDS.items()
        if isinstance(document.get(kind), dict)
        for note in unknown_fields(document[kind], fields, f"{kind}.")
    ]


RUN_IF = (
    "ALL_SUCCESS",
    "ALL_DONE",
    "NONE_FAILED",
    "AT_LEAST_ONE_SUCCESS",
    "ALL_FAILED",
    "AT_LEAST_ONE_FAILED",
)
