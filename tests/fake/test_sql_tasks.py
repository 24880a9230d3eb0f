"""`sql_task` with a file: what is started, what is refused; on Spark in test_notebooks.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.clusters.warehouse import WAREHOUSE_ID
from fake_databricks.engine.inside.cells import with_parameters
from tests.fake.calls import refusal
from tests.fake.calls import view as called
from tests.fake.jobs import finish, states, tasks, view

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet

pytestmark = pytest.mark.usefixtures("prompt")


def sql(**more: Any) -> dict[str, Any]:
    body = {"warehouse_id": WAREHOUSE_ID, "file": {"path": "/Shared/q.sql"}, "parameters": {"a": "1"}, **more}
    return {"task_key": "q", "sql_task": body}


class TestSqlFile:
    """`sql_task` with a file or query"""

    def test_a_file_runs_with_its_parameters_on_the_warehouse(self, quiet: Quiet) -> None:
        quiet.workspace.objects.import_("/Shared/q.sql", b"SELECT :a", {"format": "RAW"})
        run = finish(quiet, tasks(sql()), sql_params={"b": "{{job.id}}"})
        assert states(run) == {"q": ("TERMINATED", "SUCCESS")}
        spec = quiet.clusters[1].tasks[0].spec
        assert (spec.notebook, spec.widgets) == ("/Shared/q.sql", {"a": "1", "b": str(run.job_id)})
        output = called(quiet, f"GET /api/2.1/jobs/runs/get-output?run_id={run.task_runs[0].run_id}")
        assert output["sql_output"]["query_output"]["warehouse_id"] == WAREHOUSE_ID
        assert view(run)["overriding_parameters"] == {"sql_params": {"b": "{{job.id}}"}}

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"file": {"path": "/Shared/none.sql"}}, "The SQL file /Shared/none.sql does not exist."),
            ({"warehouse_id": "w"}, "SQL warehouse w does not exist"),
        ],
    )
    def test_what_is_missing_fails_the_task(self, quiet: Quiet, more: dict[str, Any], words: str) -> None:
        assert words in finish(quiet, tasks(sql(**more))).state.message

    @pytest.mark.parametrize(
        ("task", "words"),
        [
            (sql(file={"path": "q.sql"}), "must be absolute and end with .sql"),
            (sql(file={"path": "/q.sql", "source": "GIT"}), "'sql_task.file.source' is not supported"),
            (sql(query={"query_id": "x"}), "'sql_task.query' is not supported"),
            ({**sql(), "existing_cluster_id": "c"}, "'existing_cluster_id' is not allowed for a sql_task"),
            ({"task_key": "q", "sql_task": {"file": {"path": "/q.sql"}}}, "field: sql_task.warehouse_id"),
        ],
    )
    def test_what_is_wrong_is_refused(self, quiet: Quiet, task: dict[str, Any], words: str) -> None:
        assert words in refusal(quiet, "POST /api/2.1/jobs/create", tasks(task))[2]


class TestParameters:
    """`parameters` of a file: `:name` and `{{name}}`"""

    def test_those_that_a_statement_names_are_passed_and_texts_replaced(self) -> None:
        text = "SELECT {{ a }}, :b, x::b2, {{other}}"
        assert with_parameters(text, {"a": "1", "b": "2", "b2": "3"}) == (
            "SELECT 1, :b, x::b2, {{other}}",
            {"b": "2"},
        )
