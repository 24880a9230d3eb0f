"""The handlers of jobs and runs, without a socket: what they answer, and what they refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Mapping

import pytest

from fake_databricks.jobs.api import create
from fake_databricks.jobs.fields import RUN_PARAMETERS
from fake_databricks.jobs.lifecycle import Result
from fake_databricks.workspace import Workspace
from tests.fake.calls import call_of, refusal, view
from tests.fake.doubles import ended
from tests.fake.jobs import finish, flat, start, task, tasks

if TYPE_CHECKING:
    from tests.fake.conftest import Client, Quiet

JOB, RUN = 12345, 98765
INVALID = (400, "INVALID_PARAMETER_VALUE")


class TestJobs:
    """POST /api/2.1/jobs/create, get, list, update, reset, delete"""

    @pytest.mark.parametrize("version", ["2.0", "2.1", "2.2"])
    def test_a_job_is_created_in_every_version(self, quiet: Quiet, version: str) -> None:
        assert view(quiet, f"POST /api/{version}/jobs/create", flat()) == {"job_id": JOB}

    @pytest.mark.parametrize(
        ("request_line", "body", "expected"),
        [
            ("GET /api/2.1/jobs/get?job_id=12345", {}, {"job_id": JOB, "creator_user_name": "u"}),
            ("GET /api/2.1/jobs/get", {"job_id": "12345"}, {"job_id": JOB}),
            ("POST /api/2.1/jobs/update", {"job_id": JOB, "new_settings": {"name": "new"}}, {}),
            ("POST /api/2.1/jobs/update", {"job_id": JOB, "fields_to_remove": ["name"]}, {}),
            ("POST /api/2.1/jobs/reset", {"job_id": JOB, "new_settings": flat()}, {}),
            ("POST /api/2.1/jobs/delete", {"job_id": JOB}, {}),
            ("GET /api/2.1/jobs/list?limit=1", {}, {"has_more": False}),
            ("GET /api/2.1/jobs/list?name=FLAT", {}, {"has_more": False}),
            ("GET /api/2.0/permissions/jobs/12345", {}, {"object_id": "/jobs/12345", "object_type": "job"}),
        ],
    )
    def test_a_good_request_is_answered(
        self, quiet: Quiet, request_line: str, body: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        quiet.workspace.jobs.create(flat(), "2.1", "u")
        assert expected.items() <= view(quiet, request_line, body).items()

    @pytest.mark.parametrize(
        ("request_line", "body", "message"),
        [
            (
                "POST /api/2.1/jobs/create",
                {"existing_cluster_id": "c"},
                "A job without 'tasks' must have exactly one of spark_python_task, python_wheel_task",
            ),
            (
                "POST /api/2.1/jobs/create",
                {"tasks": [{"task_key": "a", "existing_cluster_id": "c"}]},
                "Task 'a' must have exactly one of spark_python_task, python_wheel_task",
            ),
            ("GET /api/2.1/jobs/get", {}, "Missing required field: job_id"),
            ("GET /api/2.1/jobs/get?job_id=x", {}, "Field 'job_id' must be an integer, got 'x'."),
            ("GET /api/2.1/jobs/get?job_id=1", {}, "Job 1 does not exist."),
            ("GET /api/2.1/jobs/list?limit=101", {}, "limit must be between 1 and 100, got 101."),
            ("GET /api/2.1/jobs/list?limit=0", {}, "limit must be between 1 and 100, got 0."),
            ("GET /api/2.1/jobs/list?offset=-1", {}, "offset must not be negative."),
            ("GET /api/2.1/jobs/list?offset=1001", {}, "The supplied offset 1001 has exceeded"),
            ("GET /api/2.1/jobs/list?page_token=x", {}, "Invalid page token: x."),
            ("GET /api/2.1/jobs/list?expand_tasks=maybe", {}, "Field 'expand_tasks' must be true or false"),
            ("POST /api/2.1/jobs/update", {"job_id": JOB, "new_settings": []}, "must be an object"),
            ("POST /api/2.1/jobs/update", {"job_id": JOB, "new_settings": {"tasks": 1}}, "must be lists"),
            ("POST /api/2.1/jobs/reset", {"job_id": JOB}, "Missing required field: new_settings"),
            ("POST /api/2.1/jobs/delete", {"job_id": 1}, "Job 1 does not exist."),
            ("GET /api/2.0/permissions/jobs/x", {}, "x is not a job id."),
            (
                "PUT /api/2.0/permissions/jobs/12345",
                {"access_control_list": [{"user_name": "a", "permission_level": "ALL"}]},
                "permission_level must be one of CAN_VIEW",
            ),
        ],
    )
    def test_a_bad_request_is_refused_with_a_sentence(
        self, quiet: Quiet, request_line: str, body: dict[str, Any], message: str
    ) -> None:
        quiet.workspace.jobs.create(flat(), "2.1", "u")
        *kind, said = refusal(quiet, request_line, body)
        assert tuple(kind) == INVALID
        assert message in said


class TestChanges:
    """nulls: `"timeout_seconds": null` of an update put the default in the place of the value"""

    def test_null_in_an_update_changes_nothing(self, quiet: Quiet) -> None:
        settings = {**flat(), "timeout_seconds": 60, "max_concurrent_runs": 3, "tags": {"a": "b"}}
        made = view(quiet, "POST /api/2.1/jobs/create", settings)
        names = ("timeout_seconds", "max_concurrent_runs", "tags", "tasks", "job_clusters", "name")
        new = {**dict.fromkeys(names), "description": "new"}
        view(quiet, "POST /api/2.1/jobs/update", {**made, "new_settings": new})
        shown = view(quiet, f"GET /api/2.1/jobs/get?job_id={made['job_id']}")["settings"]
        assert (shown["timeout_seconds"], shown["max_concurrent_runs"]) == (60, 3)
        assert (shown["tags"], shown["name"], shown["description"]) == ({"a": "b"}, "flat", "new")


class TestOwners:
    """`The job must have exactly one owner.` (400): a PUT without one was accepted, as nowhere else."""

    me: Mapping[str, str] = {"user_name": "u", "permission_level": "IS_OWNER"}
    other: Mapping[str, str] = {"user_name": "o", "permission_level": "IS_OWNER"}
    group: Mapping[str, str] = {"group_name": "users", "permission_level": "CAN_VIEW"}

    def shown(self, quiet: Quiet, request: str, *items: Mapping[str, str]) -> list[tuple[str, str]]:
        answer = view(quiet, f"{request} /api/2.0/permissions/jobs/12345", {"access_control_list": items})
        return [
            (
                item.get("user_name") or item["group_name"],
                item["all_permissions"][0]["permission_level"],
            )
            for item in answer["access_control_list"]
        ]

    @pytest.mark.parametrize(
        ("method", "items"),
        [
            ("PUT", []),
            ("PUT", [group]),
            ("PUT", [me, other]),
            ("PATCH", [other]),
            ("PUT", [{"group_name": "users", "permission_level": "IS_OWNER"}]),
        ],
    )
    def test_a_list_without_one_owner_is_refused(
        self, quiet: Quiet, method: str, items: list[Mapping[str, str]]
    ) -> None:
        quiet.workspace.jobs.create(flat(), "2.1", "u")
        before = self.shown(quiet, "GET")
        request = f"{method} /api/2.0/permissions/jobs/12345"
        refused = refusal(quiet, request, {"access_control_list": items})
        assert refused[:2] == INVALID
        assert refused[2] in ("The job must have exactly one owner.", "A group cannot own a job.")
        assert self.shown(quiet, "GET") == before

    def test_the_owner_is_the_creator_until_a_put_names_another(self, quiet: Quiet) -> None:
        quiet.workspace.jobs.create(flat(), "2.1", "u")
        admins = ("admins", "CAN_MANAGE")
        assert self.shown(quiet, "PATCH", self.group) == [("u", "IS_OWNER"), ("users", "CAN_VIEW"), admins]
        assert self.shown(quiet, "PUT", self.other) == [("o", "IS_OWNER"), admins]
        more = {"user_name": "u", "permission_level": "CAN_MANAGE"}
        assert self.shown(quiet, "PATCH", more) == [("o", "IS_OWNER"), ("u", "CAN_MANAGE"), admins]

    def test_a_new_job_has_one_owner(self, quiet: Quiet) -> None:
        two = {**flat(), "access_control_list": [self.me, self.other]}
        assert refusal(quiet, "POST /api/2.1/jobs/create", two)[2] == "The job must have exactly one owner."
        view(quiet, "POST /api/2.1/jobs/create", {**flat(), "access_control_list": [self.group]})
        assert self.shown(quiet, "GET")[0][1] == "IS_OWNER"


class TestLimits:
    """huge inputs: the documented limits of a job, which Databricks refuses beyond"""

    too_much: Mapping[str, tuple[dict[str, Any], str]] = {
        "tags": ({"tags": {str(number): "x" for number in range(26)}}, "tags must have at most 25"),
        "description": ({"description": "x" * 27_701}, "description must have at most 27700"),
        "job_clusters": (
            {
                "job_clusters": [
                    {"job_cluster_key": f"k{number}", "new_cluster": {"spark_version": "15.4.x-scala2.12"}}
                    for number in range(101)
                ]
            },
            "job_clusters must have at most 100",
        ),
        "webhooks": (
            {"webhook_notifications": {"on_failure": [{"id": str(number)} for number in range(4)]}},
            "webhook_notifications.on_failure must have at most 3",
        ),
        "max_retries": ({"tasks": [task("a", max_retries=-2)]}, "max_retries must be at least -1, got -2."),
        "iterations": (
            {
                "tasks": [
                    {
                        "task_key": "l",
                        "for_each_task": {"inputs": "[1]", "task": task("a", max_retries=-9)},
                    }
                ]
            },
            "max_retries must be at least -1, got -9.",
        ),
        "parameters": (
            {"parameters": [{"name": "a", "default": "1"}, {"name": "b"}, {"name": "a"}]},
            "Found duplicate parameter: a.",
        ),
    }

    @pytest.mark.parametrize("name", too_much)
    def test_each_is_refused_in_every_call(self, quiet: Quiet, name: str) -> None:
        fields, words = self.too_much[name]
        made = view(quiet, "POST /api/2.2/jobs/create", {"name": "j"})
        new = {"tasks": [task("a")], **fields}
        for path, body in (
            ("create", new),
            ("reset", {**made, "new_settings": new}),
            ("update", {**made, "new_settings": fields}),
            ("runs/submit", {key: value for key, value in new.items() if key != "job_clusters"}),
        ):
            if path == "runs/submit" and name == "job_clusters":
                continue
            refused = refusal(quiet, f"POST /api/2.2/jobs/{path}", body)
            assert refused[:2] == (400, "INVALID_PARAMETER_VALUE")
            assert words in refused[2]

    def test_a_job_that_an_older_version_has_stored_is_still_there(self, quiet: Quiet) -> None:
        made = view(quiet, "POST /api/2.2/jobs/create", {"name": "j"})["job_id"]
        stored = quiet.storage.get("1", "job", made)
        stored["settings"]["tags"] = {str(number): "x" for number in range(26)}
        quiet.storage.put("1", "job", made, stored)
        assert len(Workspace("1", quiet.surroundings).jobs.get(made).settings.document["tags"]) == 26

    @pytest.mark.parametrize("version", ["2.0", "2.1", "2.2"])
    def test_a_run_type_that_is_none_lists_nothing_by_mistake(self, quiet: Quiet, version: str) -> None:
        """A misspelt `run_type` was an empty list: "nothing is running"."""
        wrong = refusal(quiet, f"GET /api/{version}/jobs/runs/list?run_type=JOBRUN")
        assert wrong[2] == "run_type must be one of JOB_RUN, WORKFLOW_RUN, SUBMIT_RUN, got 'JOBRUN'."
        assert view(quiet, f"GET /api/{version}/jobs/runs/list?run_type=WORKFLOW_RUN") == {"has_more": False}


class TestRuns:
    """run-now, runs/submit, get, get-output, list, cancel, cancel-all, delete, repair, export"""

    @pytest.mark.parametrize(
        ("request_line", "body", "expected"),
        [
            ("POST /api/2.1/jobs/run-now", {"job_id": JOB}, {"run_id": RUN + 1, "number_in_job": 2}),
            ("POST /api/2.1/jobs/run-now", {"job_id": JOB, "queue": {"enabled": True}}, {"number_in_job": 2}),
            ("POST /api/2.1/jobs/runs/submit", flat(run_name="once"), {"run_id": RUN + 1}),
            ("GET /api/2.1/jobs/runs/get?run_id=98765", {}, {"run_id": RUN, "run_name": "flat"}),
            (
                "GET /api/2.1/jobs/runs/get-output?run_id=98765",
                {},
                {"logs": "ran ok", "logs_truncated": False},
            ),
            ("GET /api/2.1/jobs/runs/list?completed_only=true", {}, {"has_more": False}),
            ("GET /api/2.1/jobs/runs/list?active_only=true", {}, {"has_more": False}),
            ("POST /api/2.1/jobs/runs/cancel", {"run_id": RUN}, {}),
            ("POST /api/2.1/jobs/runs/cancel-all", {"job_id": JOB}, {}),
            ("POST /api/2.1/jobs/runs/cancel-all", {"all_queued_runs": True}, {}),
            ("POST /api/2.1/jobs/runs/delete", {"run_id": RUN}, {}),
            (
                "POST /api/2.1/jobs/runs/repair",
                {"run_id": RUN, "rerun_tasks": ["flat"]},
                {"repair_id": RUN + 2},
            ),
        ],
    )
    def test_a_good_request_is_answered(
        self, quiet: Quiet, request_line: str, body: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        finish(quiet, flat())
        assert expected.items() <= view(quiet, request_line, body).items()

    @pytest.mark.parametrize(
        ("request_line", "body", "message"),
        [
            ("POST /api/2.1/jobs/run-now", {}, "Missing required field: job_id"),
            ("POST /api/2.1/jobs/run-now", {"job_id": 1}, "Job 1 does not exist."),
            ("POST /api/2.1/jobs/run-now", {"job_id": JOB, "python_params": "x"}, "must be a list"),
            ("POST /api/2.1/jobs/run-now", {"job_id": JOB, "python_params": ["é"]}, "ASCII characters only"),
            ("POST /api/2.1/jobs/run-now", {"job_id": JOB, "python_params": ["x" * 10_000]}, "10000 bytes"),
            (
                "POST /api/2.1/jobs/run-now",
                {"job_id": JOB, "notebook_params": {"a": []}},
                "'notebook_params.a' must be a string",
            ),
            ("POST /api/2.1/jobs/run-now", {"job_id": JOB, "jar_params": ["a"]}, "'jar_params' is not"),
            ("POST /api/2.1/jobs/run-now", {"job_id": JOB, "python_params": {}}, "must be a list"),
            ("POST /api/2.1/jobs/run-now", {"job_id": JOB, "job_parameters": {"p": "1"}}, "no parameter p"),
            (
                "POST /api/2.1/jobs/run-now",
                {"job_id": JOB, "job_parameters": {"p": "1"}, "python_params": ["1"]},
                "job_parameters may not be given together with python_params.",
            ),
            ("POST /api/2.1/jobs/run-now", {"job_id": JOB, "idempotency_token": "t" * 65}, "64 characters"),
            (
                "POST /api/2.1/jobs/run-now",
                {"job_id": JOB, "only": ["none"]},
                "Unknown task in 'only': none.",
            ),
            ("POST /api/2.1/jobs/runs/submit", {}, "must have exactly one of spark_python_task"),
            ("GET /api/2.1/jobs/runs/get?run_id=1", {}, "Run 1 does not exist."),
            ("GET /api/2.1/jobs/runs/get?run_id=1&page_token=x", {}, "the first page has everything."),
            ("GET /api/2.1/jobs/get?job_id=1&page_token=x", {}, "the first page has everything."),
            ("GET /api/2.2/jobs/runs/get?run_id=1&page_token=x", {}, "Invalid page token: x."),
            ("GET /api/2.2/jobs/get?job_id=1&page_token=elements-7", {}, "Invalid page token: elements-7."),
            ("POST /api/2.1/jobs/run-now", {"job_id": JOB, "performance_target": "STANDARD"}, "serverless"),
            ("GET /api/2.1/jobs/runs/list?limit=26", {}, "limit must be between 0 and 25, got 26."),
            ("GET /api/2.0/jobs/runs/list?limit=1001", {}, "limit must be between 0 and 1000, got 1001."),
            ("GET /api/2.1/jobs/runs/list?offset=10001", {}, "offset must be between 0 and 10000"),
            ("GET /api/2.1/jobs/runs/list?page_token=after-1", {}, "Invalid page token: after-1."),
            ("GET /api/2.1/jobs/runs/list", {"active_only": True, "completed_only": True}, "Only one of"),
            ("POST /api/2.1/jobs/runs/cancel-all", {}, "Missing required field: job_id"),
            ("POST /api/2.1/jobs/runs/cancel-all", {"job_id": 1}, "Job 1 does not exist."),
            ("POST /api/2.1/jobs/runs/repair", {"run_id": RUN}, "There is no task to be run again."),
            ("POST /api/2.1/jobs/runs/repair", {"run_id": RUN, "rerun_tasks": ["x"]}, "Unknown task: x."),
            (
                "POST /api/2.1/jobs/runs/repair",
                {"run_id": RUN, "rerun_tasks": ["flat"], "rerun_all_failed_tasks": True},
                "Only one of rerun_tasks and rerun_all_failed_tasks may be given.",
            ),
            ("GET /api/2.1/jobs/runs/export?run_id=98765", {}, "only notebook tasks have views"),
        ],
    )
    def test_a_bad_request_is_refused_with_a_sentence(
        self, quiet: Quiet, request_line: str, body: dict[str, Any], message: str
    ) -> None:
        finish(quiet, flat())
        *kind, said = refusal(quiet, request_line, body)
        assert tuple(kind) == INVALID
        assert message in said

    @pytest.mark.parametrize("call", ["delete", "repair"])
    def test_an_active_run_is_in_the_wrong_state(self, quiet: Quiet, call: str) -> None:
        run = start(quiet, flat())
        body = {"run_id": run.run_id, "rerun_tasks": ["flat"]}
        status, code, message = refusal(quiet, f"POST /api/2.1/jobs/runs/{call}", body)
        assert (status, code) == (400, "INVALID_STATE")
        assert message.startswith(f"Run {run.run_id} is active and cannot be ")

    def test_a_list_pages_by_token(self, quiet: Quiet) -> None:
        ids = [finish(quiet, flat()).run_id for _ in range(3)]
        first = view(quiet, "GET /api/2.1/jobs/runs/list?limit=2")
        token = first["next_page_token"]
        second = view(quiet, f"GET /api/2.1/jobs/runs/list?limit=2&page_token={token}")
        assert [run["run_id"] for run in first["runs"] + second["runs"]] == ids[::-1]
        assert (first["has_more"], second["has_more"]) == (True, False)

    def test_a_repair_of_all_failed_tasks_takes_their_dependants_too(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["b"] = [ended(1)]
        run = finish(quiet, tasks(task("a"), task("b", "a"), task("c", "b"), task("d", "a")))
        body = {"run_id": run.run_id, "rerun_all_failed_tasks": True, "rerun_dependent_tasks": True}
        view(quiet, "POST /api/2.2/jobs/runs/repair", body)
        quiet.clock.work()
        assert [item.task_key for item in run.task_runs if item.attempt] == ["b", "c"]
        assert run.state.result is Result.SUCCESS

    def test_a_view_is_not_changed_by_what_happens_after_it(self, quiet: Quiet) -> None:
        run_id = start(quiet, flat()).run_id
        before, _ = quiet.workspace.runs.get(run_id)
        quiet.clock.work()
        after, _ = quiet.workspace.runs.get(run_id)
        assert (before.state.result, before.task_runs[0].state.result) == (None, None)
        assert (after.state.result, after.task_runs[0].state.result) == (Result.SUCCESS, Result.SUCCESS)


class TestResolvedValues:
    """`include_resolved_values=true` on runs/get: the parameters of the tasks, resolved"""

    def test_each_task_shows_what_its_program_got(self, quiet: Quiet) -> None:
        wheel = {"package_name": "p", "entry_point": "e"}
        document = tasks(
            task("file", parameter="{{task.name}}"),
            task(
                "named", spark_python_task=None, python_wheel_task={**wheel, "named_parameters": {"a": "b=c"}}
            ),
            task("positional", spark_python_task=None, python_wheel_task={**wheel, "parameters": ["x"]}),
        )
        run = finish(quiet, document)
        query = f"GET /api/2.2/jobs/runs/get?run_id={run.run_id}"
        assert all("resolved_values" not in item for item in view(quiet, query)["tasks"])
        shown = view(quiet, f"{query}&include_resolved_values=true")["tasks"]
        assert [item["resolved_values"] for item in shown] == [
            {"spark_python_task": {"parameters": ["file"]}},
            {"python_wheel_task": {"named_parameters": {"a": "b=c"}}},
            {"python_wheel_task": {"parameters": ["x"]}},
        ]
        attempt = f"GET /api/2.2/jobs/runs/get?run_id={shown[0]['run_id']}&include_resolved_values=true"
        assert view(quiet, attempt)["resolved_values"] == shown[0]["resolved_values"]
        again = Workspace("1", quiet.surroundings).runs.get(run.run_id)[0]
        assert list(again.task_runs[0].arguments or ()) == ["file"]

    def test_notebooks_conditions_and_other_jobs_show_what_they_got(self, quiet: Quiet) -> None:
        source = {"path": "/Shared/n", "format": "SOURCE", "language": "PYTHON", "content": "MQ=="}
        view(quiet, "POST /api/2.0/workspace/import", source)
        declared = [{"name": "p", "default": ""}]
        other = quiet.workspace.jobs.create(tasks(task("a"), parameters=declared), "2.2", "u")
        notebook = {"notebook_path": "/Shared/n", "base_parameters": {"a": "{{task.name}}"}}
        called = {"job_id": other.job_id, "job_parameters": {"p": "{{task.name}}"}}
        document = tasks(
            task("notebook", spark_python_task=None, notebook_task=notebook),
            {"task_key": "if", "condition_task": {"op": "EQUAL_TO", "left": "{{task.name}}", "right": "x"}},
            {"task_key": "job", "run_job_task": called},
        )
        run = finish(quiet, document)
        query = f"GET /api/2.2/jobs/runs/get?run_id={run.run_id}&include_resolved_values=true"
        assert [item.get("resolved_values") for item in view(quiet, query)["tasks"]] == [
            {"notebook_task": {"base_parameters": {"a": "notebook"}}},
            {"condition_task": {"left": "if", "right": "x"}},
            {"run_job_task": {"job_parameters": {"p": "job"}}},
        ]


class TestEmptyParameters:
    """Empty legacy parameter lists (`"jar_params": []`, `"notebook_params": {}`) are as absent"""

    AIRFLOW: ClassVar[dict[str, Any]] = {
        "jar_params": [],
        "notebook_params": {},
        "python_params": [],
        "spark_submit_params": [],
    }
    EVERY: ClassVar[dict[str, Any]] = {
        name: [] if field.kind == "list" else {} for name, field in RUN_PARAMETERS.items()
    }

    @pytest.mark.parametrize("sent", [AIRFLOW, EVERY])
    def test_a_job_runs_with_its_own_parameters(self, quiet: Quiet, sent: dict[str, Any]) -> None:
        job = quiet.workspace.jobs.create(tasks(task("a"), task("b", "a")), "2.1", "u")
        run_id = view(quiet, "POST /api/2.1/jobs/run-now", {"job_id": job.job_id, **sent})["run_id"]
        quiet.clock.work()
        shown = view(quiet, f"GET /api/2.1/jobs/runs/get?run_id={run_id}")
        assert "overriding_parameters" not in shown
        assert [item.spec.argv for item in quiet.cluster.tasks] == [("a",), ("b",)]

    def test_job_parameters_may_stand_beside_empty_lists(self, quiet: Quiet) -> None:
        document = tasks(
            task("a", parameter="{{job.parameters.p}}"), parameters=[{"name": "p", "default": "1"}]
        )
        job = quiet.workspace.jobs.create(document, "2.1", "u")
        body = {"job_id": job.job_id, "job_parameters": {"p": "2"}, **self.AIRFLOW}
        view(quiet, "POST /api/2.1/jobs/run-now", body)
        quiet.clock.work()
        assert [item.spec.argv for item in quiet.cluster.tasks] == [("2",)]

    def test_a_repair_with_empty_lists_keeps_what_the_run_has(self, quiet: Quiet) -> None:
        run = finish(quiet, flat(), python_params=("one",))
        body = {"run_id": run.run_id, "rerun_tasks": ["flat"], **self.EVERY}
        view(quiet, "POST /api/2.1/jobs/runs/repair", body)
        quiet.clock.work()
        assert [item.spec.argv for item in quiet.cluster.tasks] == [("one",), ("one",)]


class TestJobWithoutTasks:
    """A job without tasks can be created; `runs/*` and errors say "task", "job" rightly"""

    @pytest.mark.parametrize("document", [{}, {"name": "empty"}, {"name": "empty", "tasks": []}])
    @pytest.mark.parametrize("version", ["2.0", "2.1", "2.2"])
    def test_is_created_and_shown(self, quiet: Quiet, version: str, document: dict[str, Any]) -> None:
        job_id = view(quiet, f"POST /api/{version}/jobs/create", document)["job_id"]
        settings = view(quiet, f"GET /api/{version}/jobs/get?job_id={job_id}")["settings"]
        assert settings["name"] == document.get("name", "Untitled")
        assert (settings["format"], "tasks" in settings) == ("MULTI_TASK", False)
        assert view(quiet, f"GET /api/{version}/jobs/list?expand_tasks=true")["jobs"][0]["job_id"] == job_id

    def test_is_not_run(self, quiet: Quiet) -> None:
        view(quiet, "POST /api/2.1/jobs/create", {"name": "empty"})
        *kind, said = refusal(quiet, "POST /api/2.1/jobs/run-now", {"job_id": JOB})
        assert tuple(kind) == INVALID
        assert said == "Job 12345 has no task to run; add one with jobs/update or jobs/reset."
        assert view(quiet, "GET /api/2.1/jobs/runs/list") == {"has_more": False}

    def test_runs_once_it_has_a_task(self, quiet: Quiet) -> None:
        view(quiet, "POST /api/2.1/jobs/create", {"name": "empty"})
        new = {"job_id": JOB, "new_settings": {"tasks": [task("a")]}}
        view(quiet, "POST /api/2.1/jobs/update", new)
        run_id = view(quiet, "POST /api/2.1/jobs/run-now", {"job_id": JOB})["run_id"]
        quiet.clock.work()
        shown = view(quiet, f"GET /api/2.1/jobs/runs/get?run_id={run_id}")
        assert shown["state"]["result_state"] == "SUCCESS"

    def test_all_tasks_of_a_job_may_be_removed(self, quiet: Quiet) -> None:
        quiet.workspace.jobs.create(tasks(task("a"), task("b")), "2.1", "u")
        body = {"job_id": JOB, "fields_to_remove": ["tasks/a", "tasks/b"]}
        view(quiet, "POST /api/2.1/jobs/update", body)
        again = Workspace("1", quiet.surroundings)
        assert again.jobs.get(JOB).settings.tasks == ()


class TestNotes:
    """`{"taks": []}` names the unknown key as probable mistake in the journal"""

    @pytest.mark.parametrize(
        ("document", "notes"),
        [
            ({"taks": []}, ["Field 'taks' is not known; was 'tasks' meant?"]),
            ({"zzz": 1}, ["Field 'zzz' is not known."]),
            (
                tasks(task("a", max_retrys=1)),
                ["Field 'tasks.max_retrys' is not known; was 'tasks.max_retries' meant?"],
            ),
            (
                flat(spark_python_task={"python_file": "dbfs:/p.py", "sourc": ""}, timout_seconds=1),
                [
                    "Field 'timout_seconds' is not known; was 'timeout_seconds' meant?",
                    "Field 'spark_python_task.sourc' is not known; was 'spark_python_task.source' meant?",
                ],
            ),
            (
                tasks(
                    task("a", libraries=[{"pypi": {"package": "x", "index": "y"}}]),
                    queue={"enable": True},
                ),
                [
                    "Field 'queue.enable' is not known; was 'queue.enabled' meant?",
                    "Field 'libraries.pypi.index' is not known.",
                ],
            ),
            (flat(), []),
            (tasks(task("a"), parameters=[]), []),
        ],
    )
    def test_each_unknown_field_is_named(
        self, quiet: Quiet, document: dict[str, Any], notes: list[str]
    ) -> None:
        call = call_of(quiet, "/api/2.1/jobs/create", json.dumps(document).encode())
        create(call)
        assert call.notes == notes

    def test_the_journal_has_them(self, client: Client) -> None:
        client.post("/api/2.1/jobs/create", taks=[])
        client.get("/api/2.1/jobs/list")
        written = [entry["notes"] for entry in client.get("/_fake/journal")["entries"]]
        assert written == [["Field 'taks' is not known; was 'tasks' meant?"], []]
