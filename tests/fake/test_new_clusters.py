"""New clusters of jobs and runs: refused when they are saved, with what a cluster would be refused for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.jobs.fields import notes_of
from tests.fake.calls import refusal, view
from tests.fake.jobs import finish, flat, states, task, tasks

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet

VERSION = "15.4.x-scala2.12"
INVALID = (400, "INVALID_PARAMETER_VALUE")
CREATE = "POST /api/2.1/jobs/create"


def with_cluster(form: str, cluster: Any) -> dict[str, Any]:
    """Settings with a new cluster: of a flat job, of a task, or shared."""
    if form == "flat":
        return flat(existing_cluster_id=None, new_cluster=cluster)
    if form == "task":
        return tasks(task("a", existing_cluster_id=None, new_cluster=cluster))
    shared = [{"job_cluster_key": "k", "new_cluster": cluster}]
    return tasks(task("a", existing_cluster_id=None, job_cluster_key="k"), job_clusters=shared)


class TestRefusals:
    """unknown `spark_version`, `node_type_id`, `policy_id` ... are refused as the service would"""

    @pytest.mark.parametrize("form", ["flat", "task", "shared"])
    @pytest.mark.parametrize(
        ("cluster", "message"),
        [
            ({"spark_version": "99.x"}, "Invalid spark version 99.x."),
            ({"num_workers": 1}, "Missing required field: spark_version"),
            ({"spark_version": VERSION, "node_type_id": "m5.x"}, "Node type m5.x is not supported."),
            ({"spark_version": VERSION, "policy_id": "p"}, "Can't find a cluster policy with id: p."),
            ({"spark_version": VERSION, "instance_pool_id": "p"}, "Can't find an instance pool with id: p."),
            ({"spark_version": VERSION, "init_scripts": [{}]}, "Field 'init_scripts' is not supported"),
        ],
    )
    def test_a_cluster_that_cannot_be_is_refused(
        self, quiet: Quiet, form: str, cluster: dict[str, Any], message: str
    ) -> None:
        document = with_cluster(form, cluster)
        for request, body in ((CREATE, document), ("POST /api/2.1/jobs/runs/submit", document)):
            *kind, said = refusal(quiet, request, body)
            assert tuple(kind) == INVALID
            assert said.startswith(f"Cluster validation error: {message}")

    def test_a_change_of_a_job_is_checked_too(self, quiet: Quiet) -> None:
        job_id = view(quiet, CREATE, flat())["job_id"]
        settings = with_cluster("shared", {"spark_version": "99.x"})
        body = {"job_id": job_id, "new_settings": settings}
        assert "validation error" in refusal(quiet, "POST /api/2.1/jobs/reset", body)[2]
        body["job_id"] = view(quiet, CREATE, tasks())["job_id"]
        assert "validation error" in refusal(quiet, "POST /api/2.1/jobs/update", body)[2]

    def test_a_serverless_shared_cluster_is_refused_by_name(self, quiet: Quiet) -> None:
        body = tasks(task("a"), job_clusters=[{"job_cluster_key": "k", "serverless_compute_id": "s"}])
        assert "'job_clusters.serverless_compute_id' is not supported" in refusal(quiet, CREATE, body)[2]

    def test_a_field_of_a_new_cluster_that_is_not_known_is_noted(self) -> None:
        document = with_cluster("shared", {"spark_version": VERSION, "num_worker": 1})
        where = "job_clusters.new_cluster."
        assert notes_of(document) == [
            f"Field '{where}num_worker' is not known; was '{where}num_workers' meant?"
        ]


class TestRuns:
    """`fixed` values applied to clusters that name the policy"""

    def policy(self, quiet: Quiet, **more: Any) -> str:
        rules = {
            "spark_version": {"type": "fixed", "value": VERSION},
            "cluster_type": {"type": "fixed", "value": "job"},
            "spark_env_vars.A": {"type": "fixed", "value": "1"},
        }
        body = {"name": "p", "definition": json.dumps(rules), **more}
        return quiet.workspace.policies.create(body, "u").policy_id

    def test_a_run_has_the_cluster_and_the_libraries_of_its_policy(self, quiet: Quiet) -> None:
        policy = self.policy(quiet, libraries=[{"pypi": {"package": "x"}}])
        clusters = quiet.workspace.clusters
        original = clusters.create

        def create(*args: Any, **named: Any) -> Any:
            record = original(*args, **named)
            quiet.clock.spawned.pop()()  # the cluster starts; its libraries are installed in the background
            return record

        clusters.create = create  # type: ignore[method-assign]
        finish(quiet, with_cluster("task", {"policy_id": policy}))
        made = quiet.clusters[-1]
        assert made.plan.environment["A"] == "1"
        assert "install x" in made.installed
        assert len(made.tasks) == 1

    def test_a_policy_that_is_gone_ends_the_run(self, quiet: Quiet) -> None:
        policy = self.policy(quiet)
        job = quiet.workspace.jobs.create(with_cluster("task", {"policy_id": policy}), "2.1", "u")
        quiet.workspace.policies.delete(policy)
        run_id = view(quiet, "POST /api/2.1/jobs/run-now", {"job_id": job.job_id})["run_id"]
        quiet.clock.work()
        run = quiet.workspace.runs.live(run_id)
        assert states(run) == {"a": ("INTERNAL_ERROR", "FAILED")}
        assert run.task_runs[0].state.message.endswith(
            f"Cause: RESOURCE_DOES_NOT_EXIST: Can't find a cluster policy with id: {policy}."
        )
