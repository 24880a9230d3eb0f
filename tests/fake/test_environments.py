"""Serverless tasks: a fresh environment with what `environments` names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fake.calls import refusal
from tests.fake.calls import view as called
from tests.fake.jobs import finish, states, tasks, view
from tests.fake.test_engine_environment import wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fake.conftest import Client, Quiet

pytestmark = pytest.mark.usefixtures("prompt")


def environment(*dependencies: str, **spec: Any) -> dict[str, Any]:
    return {"environment_key": "e", "spec": {"client": "2", "dependencies": list(dependencies), **spec}}


def task(**more: Any) -> dict[str, Any]:
    return {
        "task_key": "a",
        "environment_key": "e",
        "spark_python_task": {"python_file": "dbfs:/p.py", "parameters": ["a"]},
        **more,
    }


class TestEnvironment:
    """`environment_key` with job `environments` (serverless: a fresh environment with its `dependencies`)"""

    def test_pip_installs_the_dependencies_in_an_environment_that_is_not_listed(self, quiet: Quiet) -> None:
        quiet.workspace.volumes.write("/a/b/c/x.whl", b"")
        place = quiet.workspace.volumes.locate("/a/b/c/x.whl")
        documents = environment("requests==2 ", "/Volumes/a/b/c/x.whl  # mine", "--index-url http://x")
        run = finish(quiet, tasks(task(), environments=[documents]))
        assert states(run) == {"a": ("TERMINATED", "SUCCESS")}
        made = quiet.clusters[1]
        assert made.installed == [f"install requests==2 {place} --index-url http://x"]
        assert made.tasks[0].spec.env["IS_SERVERLESS"] == "TRUE"
        assert made.is_closed
        assert "cluster_instance" not in view(run)["tasks"][0]
        assert len(called(quiet, "GET /api/2.1/clusters/list")["clusters"]) == 1

    def test_each_task_has_an_environment_of_its_own(self, quiet: Quiet) -> None:
        finish(quiet, tasks(task(), task(task_key="b"), environments=[environment("x")]))
        assert [item.installed for item in quiet.clusters[1:]] == [["install x"]] * 2

    def test_what_pip_cannot_install_fails_the_task(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task(), environments=[environment("no-such")]))
        assert "could not be installed: ERROR: No matching distribution" in run.state.message

    def test_a_notebook_without_a_cluster_is_serverless(self, quiet: Quiet) -> None:
        quiet.workspace.objects.import_("/Shared/n", b"1", {"language": "PYTHON"})
        run = finish(quiet, tasks({"task_key": "a", "notebook_task": {"notebook_path": "/Shared/n"}}))
        assert states(run) == {"a": ("TERMINATED", "SUCCESS")}
        assert quiet.clusters[1].tasks[0].spec.notebook == "/Shared/n"

    @pytest.mark.process
    def test_a_program_imports_a_dependency(self, client: Client, tmp_path: Path) -> None:
        file = wheel(tmp_path, "serverless_only", "NAME = 'here'")
        program = client.program("/p.py", "import serverless_only; print(serverless_only.NAME)")
        python = {"spark_python_task": {"python_file": program}}
        documents = [environment(f"--no-index {file}")]
        body = {"tasks": [{"task_key": "a", "environment_key": "e", **python}], "environments": documents}
        run = client.run(client.post("/api/2.2/jobs/create", **body)["job_id"])
        assert client.output(run["tasks"][0]["run_id"])["logs"] == "here\n"


class TestRefusals:
    """each field is honoured, recorded and shown, or refused by name"""

    @pytest.mark.parametrize(
        ("document", "words"),
        [
            (tasks(task()), "Task 'a' names the unknown environment_key 'e'."),
            (tasks(task(existing_cluster_id="c"), environments=[environment()]), "Only one of existing"),
            (
                tasks(task(libraries=[{"pypi": {"package": "x"}}]), environments=[environment()]),
                "'libraries' is not supported for the serverless task 'a'",
            ),
            (
                tasks(task(), environments=[environment(base_environment="x")]),
                "'environments.spec.base_environment' is not supported",
            ),
            (tasks(task(), environments=[environment("'x")]), "No closing quotation"),
            (tasks(task(), environments=[{"spec": {}}]), "environments.environment_key"),
            (tasks(task(), environments=[environment()] * 11), "at most 10"),
        ],
    )
    def test_what_is_wrong_is_named(self, quiet: Quiet, document: dict[str, Any], words: str) -> None:
        assert words in refusal(quiet, "POST /api/2.1/jobs/create", document)[2]
