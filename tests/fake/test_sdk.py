from __future__ import annotations

import dataclasses
import io
import logging
from typing import TYPE_CHECKING, Any, Iterator, Mapping

import pytest

pytest.importorskip("databricks.sdk", reason="the SDK drives the fake where it is installed")

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    InvalidParameterValue,
    NotFound,
    OperationFailed,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
    TooManyRequests,
)
from databricks.sdk.service import compute, jobs, workspace
from databricks.sdk.service.compute import (
    Language,
    Library,
    PythonPyPiLibrary,
    State,
    UpdateClusterResource,
)
from databricks.sdk.service.iam import AccessControlRequest, ComplexValue, PermissionLevel
from databricks.sdk.service.jobs import (
    JobSettings,
    RunLifeCycleState,
    RunResultState,
    SparkPythonTask,
    SubmitTask,
    Task,
    TaskDependency,
)
from databricks.sdk.service.workspace import ImportFormat

from fake_databricks.jobs.fields import (
    CONTINUOUS_FIELDS,
    ENVIRONMENT_SPEC,
    JOB_FIELDS,
    PERIODIC_FIELDS,
    RUN_PARAMETERS,
    SCHEDULE_FIELDS,
    TASK_FIELDS,
    TASK_TYPE_FIELDS,
    TRIGGER_FIELDS,
)

if TYPE_CHECKING:
    from fake_databricks.request.values import Field
    from tests.fake.conftest import Client

ECHO = b"import sys\nprint('parameters', *sys.argv[1:])\n"


@pytest.fixture
def sdk(client: Client, caplog: pytest.LogCaptureFixture) -> Iterator[WorkspaceClient]:
    """The SDK on a workspace of its own; a warning in its log fails the test."""
    yield WorkspaceClient(host=client.url, token=client.token)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == []


@pytest.fixture
def program(sdk: WorkspaceClient) -> str:
    sdk.dbfs.upload("/echo.py", io.BytesIO(ECHO), overwrite=True)
    return "dbfs:/echo.py"


def task(client: Client, program: str, key: str, *before: str, parameters: list[str] | None = None) -> Task:
    return Task(
        task_key=key,
        existing_cluster_id=client.cluster_id,
        depends_on=[TaskDependency(other) for other in before],
        spark_python_task=SparkPythonTask(program, parameters=parameters or [key]),
    )


class TestSdk:
    """`databricks-sdk` (newest) drives upload, secrets, clusters, jobs with `tasks[]`, run_now(...).result(),
    outputs, command execution without a warning or an error"""

    def test_who_and_where(self, sdk: WorkspaceClient) -> None:
        assert sdk.current_user.me().user_name
        assert sdk.get_workspace_id() > 0

    def test_jobs_with_tasks_run_to_their_result(
        self, sdk: WorkspaceClient, client: Client, program: str
    ) -> None:
        job = sdk.jobs.create(
            name="n",
            tasks=[task(client, program, "a"), task(client, program, "b", "a", parameters=["x", "y"])],
        )
        assert job.job_id
        run = sdk.jobs.run_now(job.job_id).result()
        assert run.state
        assert run.state.result_state is RunResultState.SUCCESS
        assert run.tasks
        outputs = {item.task_key: sdk.jobs.get_run_output(item.run_id or 0).logs for item in run.tasks}
        assert outputs == {"a": "parameters a\n", "b": "parameters x y\n"}
        assert [item.run_id for item in sdk.jobs.list_runs(job_id=job.job_id)] == [run.run_id]
        sdk.jobs.update(job.job_id, new_settings=JobSettings(timeout_seconds=100))
        settings = sdk.jobs.get(job.job_id).settings
        assert settings
        assert settings.timeout_seconds == 100
        sdk.jobs.delete(job.job_id)
        assert list(sdk.jobs.list()) == []

    def test_all_of_many_tasks_are_there(self, sdk: WorkspaceClient, client: Client) -> None:
        """The SDK follows next_page_token: "Large arrays in the results will be paginated"."""
        is_one = jobs.ConditionTask(left="1", op=jobs.ConditionTaskOp.EQUAL_TO, right="1")
        many = [Task(task_key=f"t{index}", condition_task=is_one) for index in range(210)]
        job_id = sdk.jobs.create(name="many", tasks=many).job_id or 0
        run = sdk.jobs.run_now(job_id).result()
        settings = sdk.jobs.get(job_id).settings
        assert settings
        expected = [task.task_key for task in many]
        (listed,) = sdk.jobs.list_runs(job_id=job_id, expand_tasks=True)
        for shown in (run.tasks, listed.tasks):
            assert [task.task_key for task in shown or []] == expected
        assert [task.task_key for task in settings.tasks or []] == expected
        asked = [entry["path"] for entry in client.get("/_fake/journal")["entries"]]
        assert any("runs/get?" in path and "page_token=elements-200" in path for path in asked)

    def test_a_failed_run_raises_in_the_waiter(self, sdk: WorkspaceClient, client: Client) -> None:
        sdk.dbfs.upload("/bad.py", io.BytesIO(b"raise RuntimeError('no')"))
        job = sdk.jobs.create(tasks=[task(client, "dbfs:/bad.py", "a")])
        waiter = sdk.jobs.run_now(job.job_id or 0)
        with pytest.raises(OperationFailed, match="Task a failed with message: Workload failed"):
            waiter.result()
        failed = (sdk.jobs.get_run(waiter.run_id).tasks or [])[0]
        assert sdk.jobs.get_run_output(failed.run_id or 0).error == "RuntimeError: no"

    def test_submit_and_cancel(self, sdk: WorkspaceClient, client: Client) -> None:
        sdk.dbfs.upload("/slow.py", io.BytesIO(b"import time; time.sleep(600)"))
        slow = SubmitTask(
            task_key="a",
            existing_cluster_id=client.cluster_id,
            spark_python_task=SparkPythonTask("dbfs:/slow.py"),
        )
        waiter = sdk.jobs.submit(run_name="s", tasks=[slow])
        run = sdk.jobs.cancel_run_and_wait(waiter.run_id)
        assert run.state
        assert run.state.life_cycle_state is RunLifeCycleState.TERMINATED
        assert run.state.result_state is RunResultState.CANCELED

    def test_repair(self, sdk: WorkspaceClient, client: Client, program: str) -> None:
        job = sdk.jobs.create(tasks=[task(client, program, "a")])
        run = sdk.jobs.run_now(job.job_id or 0).result()
        repaired = sdk.jobs.repair_run(run.run_id or 0, rerun_tasks=["a"]).result()
        assert [item.attempt_number for item in repaired.tasks or []] == [0, 1]

    def test_conditions_loops_notebooks_and_other_jobs(self, sdk: WorkspaceClient) -> None:
        source = b"# Databricks notebook source\ndbutils.notebook.exit(dbutils.widgets.get('x'))"
        sdk.workspace.upload(
            "/Shared/n", io.BytesIO(source), format=ImportFormat.SOURCE, language=workspace.Language.PYTHON
        )

        def notebook(x: str) -> jobs.NotebookTask:
            return jobs.NotebookTask("/Shared/n", base_parameters={"x": x})

        other = sdk.jobs.create(tasks=[Task(task_key="n", notebook_task=notebook("inner"))]).job_id
        nested = Task(task_key="one", notebook_task=notebook("{{input}}"))
        only_if = [TaskDependency("if", outcome="true")]
        job = sdk.jobs.create(
            tasks=[
                Task(
                    task_key="if",
                    condition_task=jobs.ConditionTask(jobs.ConditionTaskOp.EQUAL_TO, "1", "1"),
                ),
                Task(task_key="loop", depends_on=only_if, for_each_task=jobs.ForEachTask('["a"]', nested, 2)),
                Task(task_key="other", depends_on=only_if, run_job_task=jobs.RunJobTask(other or 0)),
            ]
        )
        run = sdk.jobs.run_now(job.job_id or 0).result()
        numbers = {item.task_key: item.run_id or 0 for item in run.tasks or []}
        iterations = sdk.jobs.get_run(numbers["loop"]).iterations or []
        child = sdk.jobs.get_run_output(numbers["other"]).run_job_output
        assert child
        tasks = [*iterations, *(sdk.jobs.get_run(child.run_id or 0).tasks or [])]
        outputs = [sdk.jobs.get_run_output(item.run_id or 0).notebook_output for item in tasks]
        assert [item.result for item in outputs if item] == ["a", "inner"]

    def test_files_of_all_kinds(self, sdk: WorkspaceClient) -> None:
        sdk.dbfs.mkdirs("/d")
        sdk.dbfs.upload("/d/f", io.BytesIO(b"x" * 1_500_000))
        assert sdk.dbfs.download("/d/f").read() == b"x" * 1_500_000
        assert [item.path for item in sdk.dbfs.list("/d")] == ["/d/f"]
        sdk.files.create_directory("/Volumes/m/d/v")
        sdk.files.upload("/Volumes/m/d/v/f", io.BytesIO(b"hello"))
        contents = sdk.files.download("/Volumes/m/d/v/f").contents
        assert contents
        assert contents.read() == b"hello"
        sdk.workspace.upload("/Shared/f.py", io.BytesIO(ECHO), format=ImportFormat.AUTO)
        assert sdk.workspace.download("/Shared/f.py").read() == ECHO

    def test_a_file_of_60_megabytes(self, sdk: WorkspaceClient) -> None:
        sdk.files.upload("/Volumes/m/d/v/big", io.BytesIO(bytes(60_000_000)), overwrite=True)
        assert sdk.files.get_metadata("/Volumes/m/d/v/big").content_length == 60_000_000
        sdk.files.delete("/Volumes/m/d/v/big")

    def test_secrets(self, sdk: WorkspaceClient) -> None:
        sdk.secrets.create_scope("s", initial_manage_principal="users")
        sdk.secrets.put_secret("s", "k", string_value="a value")
        assert sdk.dbutils.secrets.get("s", "k") == "a value"
        assert [item.key for item in sdk.secrets.list_secrets("s")] == ["k"]

    def test_dbutils_fs(self, sdk: WorkspaceClient) -> None:
        sdk.dbutils.fs.put("dbfs:/x.txt", "content", overwrite=True)
        assert sdk.dbutils.fs.head("dbfs:/x.txt") == "content"
        assert [item.name for item in sdk.dbutils.fs.ls("dbfs:/")] == ["x.txt"]

    def test_clusters(self, sdk: WorkspaceClient) -> None:
        version = sdk.clusters.select_spark_version(long_term_support=True)
        smallest = sdk.clusters.select_node_type(local_disk=True)
        assert (version, smallest) == ("16.4.x-scala2.12", "m5d.large")
        made = sdk.clusters.create(
            spark_version=version,
            node_type_id=smallest,
            num_workers=0,
            cluster_name="c",
        ).result()
        assert made.state is State.RUNNING
        assert made.cluster_id
        sdk.clusters.ensure_cluster_is_running(made.cluster_id)
        sdk.clusters.delete(made.cluster_id).result()
        assert [event.type for event in sdk.clusters.events(made.cluster_id)]
        sdk.clusters.permanent_delete(made.cluster_id)

    def test_commands(self, sdk: WorkspaceClient, client: Client) -> None:
        commands, where, python = sdk.command_execution, client.cluster_id, Language.PYTHON
        context = commands.create(cluster_id=where, language=python).result()
        waiter = commands.execute(
            cluster_id=where, context_id=context.id, language=python, command="print(1 + 2)"
        )
        results = waiter.result().results
        assert results
        assert str(results.data).strip() == "3"
        sdk.command_execution.destroy(client.cluster_id, context.id or "")

    def test_libraries(self, sdk: WorkspaceClient, client: Client) -> None:
        sdk.clusters.ensure_cluster_is_running(client.cluster_id)
        library = Library(pypi=PythonPyPiLibrary("pip", repo="http://127.0.0.1:9/none"))
        sdk.libraries.install(client.cluster_id, [library])
        status = next(iter(sdk.libraries.cluster_status(client.cluster_id)))
        assert status.library == library

    @pytest.mark.parametrize(
        ("wish", "name"),
        [
            ({"min_memory_gb": 16}, "r5.large"),
            ({"min_memory_gb": 16, "min_cores": 4, "category": "General Purpose"}, "e2-standard-4"),
            ({"local_disk": True, "local_disk_min_size": 1000, "gb_per_core": 7}, "i3en.large"),
            ({"min_gpus": 1}, "g4dn.xlarge"),
            ({"graviton": True, "min_cores": 8}, "m6gd.2xlarge"),
            ({"fleet": "r-fleet"}, "r-fleet.xlarge"),
        ],
    )
    def test_node_types_are_chosen_by_size(
        self, sdk: WorkspaceClient, wish: dict[str, Any], name: str
    ) -> None:
        assert sdk.clusters.select_node_type(**wish) == name

    def test_policies_pools_and_changes_of_a_cluster(self, sdk: WorkspaceClient, client: Client) -> None:
        pool = sdk.instance_pools.create("p", "m5d.large").instance_pool_id
        assert [item.instance_pool_id for item in sdk.instance_pools.list()] == [pool]
        policy = sdk.cluster_policies.create(name="p", definition='{"num_workers": {"type": "range"}}')
        assert sdk.cluster_policies.get(policy.policy_id or "").name == "p"
        changed = UpdateClusterResource(cluster_name="changed")
        sdk.clusters.ensure_cluster_is_running(client.cluster_id)
        sdk.clusters.update(client.cluster_id, "cluster_name", cluster=changed).result()
        sdk.clusters.resize(client.cluster_id, num_workers=2).result()
        shown = sdk.clusters.get(client.cluster_id)
        assert (shown.cluster_name, shown.num_workers) == ("changed", 2)

    def test_users_groups_and_tokens(self, sdk: WorkspaceClient) -> None:
        user = sdk.users_v2.create(user_name="a@x")
        group = sdk.groups_v2.create(display_name="g", members=[ComplexValue(value=user.id)])
        assert [item.display_name for item in sdk.groups_v2.list(filter='displayName eq "g"')] == ["g"]
        sdk.groups_v2.delete(group.id or "")
        with pytest.raises(NotFound, match=f"Group with id {group.id} not found"):
            sdk.groups_v2.get(group.id or "")
        made = sdk.tokens.create(comment="c", lifetime_seconds=100)
        other = WorkspaceClient(host=sdk.config.host, token=made.token_value)
        assert other.get_workspace_id() == sdk.get_workspace_id()

    def test_permissions_of_clusters_and_directories(self, sdk: WorkspaceClient, client: Client) -> None:
        asked = AccessControlRequest(group_name="users", permission_level=PermissionLevel.CAN_MANAGE)
        sdk.workspace.mkdirs("/Shared/bundle")
        directory = sdk.workspace.get_status("/Shared/bundle").object_id
        for kind, number in (("clusters", client.cluster_id), ("directories", str(directory))):
            sdk.permissions.update(kind, number, access_control_list=[asked])
            listed = sdk.permissions.get(kind, number).access_control_list or []
            assert [item.group_name for item in listed] == [None, "users", "admins"]

    def test_permissions(self, sdk: WorkspaceClient, client: Client, program: str) -> None:
        job = sdk.jobs.create(tasks=[task(client, program, "a")])
        assert sdk.permissions.get("jobs", str(job.job_id)).access_control_list


class TestErrorsAsTheSdkReadsThem:
    """The SDK maps error_code first, then HTTP status"""

    def test_each_has_its_class(self, sdk: WorkspaceClient, client: Client, program: str) -> None:
        job = sdk.jobs.create(tasks=[task(client, program, "a")])
        run = sdk.jobs.run_now(job.job_id or 0).result()
        sdk.secrets.create_scope("s")
        for kind, call in (
            (ResourceDoesNotExist, lambda: sdk.jobs.get(1)),
            (ResourceDoesNotExist, lambda: sdk.jobs.get_run(1)),
            (ResourceDoesNotExist, lambda: sdk.clusters.get("none")),
            (ResourceDoesNotExist, lambda: sdk.dbfs.get_status("/none")),
            (InvalidParameterValue, lambda: sdk.jobs.get_run_output(run.run_id or 0)),
            (NotFound, lambda: sdk.files.get_metadata("/Volumes/m/d/v/none")),
            (ResourceAlreadyExists, lambda: sdk.secrets.create_scope("s")),
        ):
            with pytest.raises(kind):
                call()

    def test_a_rate_limit_is_waited_out(self, sdk: WorkspaceClient, client: Client) -> None:
        body = {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slow down"}
        fault = {"pattern": "GET /api/2.2/jobs/list", "status_code": 429, "body": body}
        client.post("/_fake/faults", **fault, headers={"Retry-After": "0"})
        assert list(sdk.jobs.list()) == []
        assert issubclass(TooManyRequests, Exception)

    def test_a_fault_of_permission_is_one(self, sdk: WorkspaceClient, client: Client) -> None:
        body = {"error_code": "PERMISSION_DENIED", "message": "no"}
        client.post("/_fake/faults", pattern="GET /api/2.2/jobs/get", status_code=403, body=body)
        with pytest.raises(PermissionDenied):
            sdk.jobs.get(1)


class TestFieldsOfTheSdk:
    """every field of the Jobs API that the newest SDK's dataclasses know is honoured, recorded, or refused by
    name; a test walks the SDK's own types and fails for one that parity does not list"""

    @pytest.mark.parametrize(
        ("known", "fields"),
        [
            (jobs.JobSettings, JOB_FIELDS),
            (jobs.Task, TASK_FIELDS),
            (jobs.SubmitTask, TASK_FIELDS),
            (jobs.SparkPythonTask, TASK_TYPE_FIELDS["spark_python_task"]),
            (jobs.PythonWheelTask, TASK_TYPE_FIELDS["python_wheel_task"]),
            (jobs.NotebookTask, TASK_TYPE_FIELDS["notebook_task"]),
            (jobs.RunJobTask, TASK_TYPE_FIELDS["run_job_task"]),
            (jobs.ConditionTask, TASK_TYPE_FIELDS["condition_task"]),
            (jobs.ForEachTask, TASK_TYPE_FIELDS["for_each_task"]),
            (jobs.SqlTask, TASK_TYPE_FIELDS["sql_task"]),
            (jobs.CronSchedule, SCHEDULE_FIELDS),
            (jobs.TriggerSettings, TRIGGER_FIELDS),
            (jobs.Continuous, CONTINUOUS_FIELDS),
            (jobs.PeriodicTriggerConfiguration, PERIODIC_FIELDS),
            (compute.Environment, ENVIRONMENT_SPEC),
            (jobs.RunParameters, RUN_PARAMETERS),
        ],
    )
    def test_each_has_a_fate(self, known: type, fields: Mapping[str, Field]) -> None:
        assert {item.name for item in dataclasses.fields(known)} - set(fields) == set()
