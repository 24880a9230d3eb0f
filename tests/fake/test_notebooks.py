"""Notebook tasks in real processes, on a server without Spark."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Callable

import pytest

from fake_databricks.clusters.warehouse import WAREHOUSE_ID
from tests.fake.test_engine_environment import wheel
from tests.fake.test_notebook_files import HEADER, jupyter

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fake.conftest import Client

pytestmark = pytest.mark.process
CELL = "\n# COMMAND ----------\n"


def put(client: Client, path: str, *cells: str) -> str:
    """Import a notebook in the source format; return its path."""
    return put_bytes(client, path, (HEADER + CELL.join(cells)).encode(), "SOURCE")


def put_bytes(client: Client, path: str, content: bytes, form: str) -> str:
    encoded = base64.b64encode(content).decode()
    client.post(
        "/api/2.0/workspace/import",
        path=path,
        format=form,
        language="PYTHON",
        content=encoded,
        overwrite=True,
    )
    return path


def create(client: Client, path: str, **settings: Any) -> int:
    """Create a tasks job with one notebook; return its id."""
    task = {
        "task_key": "n",
        "existing_cluster_id": client.cluster_id,
        "notebook_task": {"notebook_path": path, **settings.pop("task", {})},
    }
    return int(client.post("/api/2.2/jobs/create", name="j", tasks=[task], **settings)["job_id"])


def output(client: Client, job_id: int, **body: Any) -> Any:
    """Run a tasks job with one task; return the output of the task."""
    return client.output(client.run(job_id, **body)["tasks"][-1]["run_id"])


class TestCells:
    """Cells run in order in one namespace in the run's fresh process"""

    def test_cells_and_magics(self, client: Client) -> None:
        put(client, "/Shared/other", "y = dbutils.widgets.get('w')", "def f():\n    return 1 / 0")
        path = put(
            client,
            "/Shared/main",
            "x = 1",
            "# MAGIC %md\n# MAGIC # A title",
            '# MAGIC %run ./other $w="hey"',
            "# MAGIC %sh\n# MAGIC echo shell",
            "import asyncio\nevent = asyncio.Event()",
            "event.set()\nawait event.wait()\nawait asyncio.sleep(0, 'awaited')",
            "%load_ext autoreload\n%autoreload 2\nx, y",
            "import os; print(os.getcwd())",
            "f()",
        )
        done = output(client, create(client, path))
        assert done["logs"].splitlines()[:4] == ["shell", "'awaited'", "(1, 'hey')", "/Workspace/Shared"]
        assert done["error"] == "ZeroDivisionError: division by zero"
        assert '<command-9>", line 1' in done["error_trace"]
        assert '<command-2 of /Shared/other>", line 2, in f' in done["error_trace"]
        assert done["metadata"]["state"]["state_message"] == "Workload failed, see run output for details"
        assert done["notebook_output"] == {"truncated": False}

    @pytest.mark.parametrize(
        ("cell", "error"),
        [
            ("# MAGIC %scala\n# MAGIC val x = 1", "NotImplementedError: The magic %scala is not available"),
            ("def f(:", "SyntaxError: invalid syntax"),
            ("# MAGIC %run ./none", "Notebook not found: Shared/none. Notebooks can be specified"),
            ("# MAGIC %sh -e\n# MAGIC exit 3", "returned non-zero exit status 3."),
        ],
    )
    def test_the_cell_of_an_error_is_named(self, client: Client, cell: str, error: str) -> None:
        done = output(client, create(client, put(client, "/Shared/n", "1", cell)))
        assert error in done["error"]
        first = next(line for line in done["error_trace"].splitlines() if line.startswith("  File"))
        assert first.startswith('  File "<command-2>", line 1')

    def test_jupyter_runs_and_exit_is_its_result(self, client: Client) -> None:
        cells = jupyter(("markdown", "# t"), ("code", "x = 5"), ("code", "dbutils.notebook.exit(x + 1)"))
        for path, form in (("/Shared/j", "JUPYTER"), ("/Shared/k.ipynb", "AUTO")):
            job = create(client, put_bytes(client, path, cells, form))
            assert output(client, job)["notebook_output"] == {"result": "6", "truncated": False}

    def test_a_run_is_exported_with_what_it_has_shown(self, client: Client) -> None:
        cells = jupyter(("markdown", "# t"), ("code", "print(5 * 5)"), ("code", "displayHTML('<b>x</b>')"))
        run = client.run(create(client, put_bytes(client, "/Shared/e.ipynb", cells, "AUTO")))
        address = f"/api/2.2/jobs/runs/export?run_id={run['tasks'][0]['run_id']}&views_to_export=ALL"
        (view,) = client.get(address)["views"]
        assert (view["name"], view["type"]) == ("e", "NOTEBOOK")
        assert "<code>%md\n# t</code>" in view["content"]
        assert "<pre>25\n" in view["content"]
        assert 'srcdoc="&lt;b&gt;x&lt;/b&gt;"' in view["content"]

    def test_what_was_imported_as_source_is_a_notebook(self, client: Client) -> None:
        put_bytes(client, "/Shared/s.py", b"dbutils.notebook.exit('source')", "SOURCE")
        put_bytes(client, "/Shared/f.py", b"dbutils.notebook.exit('file')", "RAW")
        assert output(client, create(client, "/Shared/s"))["notebook_output"]["result"] == "source"
        assert "Unable to access" in output(client, create(client, "/Shared/f"))["error"]

    def test_a_flat_job_takes_a_notebook(self, client: Client) -> None:
        put(client, "/Shared/n", "dbutils.notebook.exit('done')")
        job_id = client.post(
            "/api/2.1/jobs/create",
            name="flat",
            existing_cluster_id=client.cluster_id,
            notebook_task={"notebook_path": "/Shared/n"},
        )["job_id"]
        run = client.run(job_id)
        assert run["state"]["result_state"] == "SUCCESS"
        assert client.output(run["run_id"])["notebook_output"]["result"] == "done"


class TestWidgets:
    """values from `base_parameters`, `notebook_params` of run-now, and job parameters (which win)"""

    CELLS = (
        "for name in 'abcd':\n    dbutils.widgets.text(name, 'default')",
        "dbutils.widgets.dropdown('e', '1', ['1', '2'])",
        "import json",
        "dbutils.notebook.exit(json.dumps([dbutils.widgets.getAll(), dbutils.widgets.get('x')]))",
    )

    def test_job_parameters_win_over_those_of_run_now_and_of_the_task(self, client: Client) -> None:
        base = {"a": "base", "b": "base", "c": "{{job.id}}", "x": "undefined"}
        job_id = create(client, put(client, "/Shared/n", *self.CELLS), task={"base_parameters": base})
        done = output(client, job_id, notebook_params={"b": "run-now"})
        assert done["notebook_output"]["result"] == (
            f'[{{"a": "base", "b": "run-now", "c": "{job_id}", "x": "undefined", "d": "default", "e": "1"}}, '
            '"undefined"]'
        )
        assert done["metadata"]["task"]["notebook_task"]["base_parameters"]["b"] == "run-now"
        client.post(
            "/api/2.2/jobs/update",
            job_id=job_id,
            new_settings={"parameters": [{"name": "a", "default": "job"}]},
        )
        assert '"a": "job"' in output(client, job_id)["notebook_output"]["result"]


class TestWorkflows:
    """`dbutils.notebook.run(path, timeout, args)` returns the exit value of a child notebook"""

    def test_a_child_has_its_own_namespace_and_returns_its_value(self, client: Client) -> None:
        put(
            client,
            "/Shared/child",
            "assert 'x' not in dir()",
            "dbutils.notebook.exit(dbutils.widgets.get('a'))",
        )
        put(client, "/Shared/bad", "raise ValueError('no')")
        put(client, "/Shared/slow", "import time; time.sleep(60)")
        path = put(
            client,
            "/Shared/parent",
            "x = dbutils.notebook.run('./child', 60, {'a': 7})",
            "errors = []",
            "for name, limit in (('bad', 0), ('slow', 0.4), ('none', 0)):\n"
            "    try:\n        dbutils.notebook.run(name, limit)\n"
            "    except Exception as error:\n        errors.append(str(error))",
            "dbutils.notebook.exit([x, errors])",
        )
        result = output(client, create(client, path))["notebook_output"]["result"]
        assert result.startswith("['7', [")
        for words in ("FAILED: ValueError: no", "TIMEDOUT", "Notebook not found: Shared/none."):
            assert words in result

    @pytest.mark.parametrize("extra", [0, 1])
    def test_a_task_value_has_at_most_a_hundred_levels(self, client: Client, extra: int) -> None:
        source = (
            f"value = {{}}\nfor _ in range({99 + extra}): value = [value]\n"
            "dbutils.jobs.taskValues.set('v', value)"
        )
        run = client.run(client.tasks_job({"task_key": "a", "source": source}))
        error = client.output(run["tasks"][0]["run_id"]).get("error", "")
        said = "ValueError: The value of 'v' is nested too deeply: at most 100 levels are read"
        assert error == (said if extra else "")

    def test_task_values_reach_later_tasks_and_their_parameters(self, client: Client) -> None:
        first = client.program("/first.py", "dbutils.jobs.taskValues.set('v', {'a': [1]})")
        put(
            client,
            "/Shared/n",
            "v = dbutils.jobs.taskValues.get('a', 'v')",
            "w = dbutils.jobs.taskValues.get('a', 'none', default=2)",
            "dbutils.notebook.exit([v, w, dbutils.widgets.get('p')])",
        )
        cluster = {"existing_cluster_id": client.cluster_id}
        notebook = {"notebook_path": "/Shared/n", "base_parameters": {"p": "{{tasks.a.values.v}}"}}
        tasks = [
            {"task_key": "a", "spark_python_task": {"python_file": first}, **cluster},
            {"task_key": "b", "notebook_task": notebook, "depends_on": [{"task_key": "a"}], **cluster},
        ]
        job_id = client.post("/api/2.2/jobs/create", tasks=tasks)["job_id"]
        result = output(client, job_id)["notebook_output"]["result"]
        assert result == "[{'a': [1]}, 2, '{\"a\": [1]}']"


class TestPip:
    """`%pip install` (for the run's own environment, at the start, as Databricks restarts Python)"""

    def test_a_package_is_there_for_the_run_alone(self, client: Client, tmp_path: Path) -> None:
        file = wheel(tmp_path, "only_here", "NAME = 'only_here'")
        put_bytes(client, f"/Shared/{file.name}", file.read_bytes(), "RAW")
        put_bytes(client, "/Shared/requirements.txt", b"./" + file.name.encode(), "RAW")
        path = put(
            client,
            "/Shared/n",
            "# MAGIC %pip install --no-index -r requirements.txt",
            "import only_here, importlib.util",
            "dbutils.notebook.exit(only_here.NAME)",
        )
        done = output(client, create(client, path))
        assert done["notebook_output"].get("result") == "only_here", done
        assert "Successfully installed only-here" in done["logs"]
        other = put(client, "/Shared/o", "import only_here")
        assert output(client, create(client, other))["error"].startswith("ModuleNotFoundError")

    def test_a_package_that_is_not_there_fails_the_run(self, client: Client) -> None:
        path = put(client, "/Shared/n", "# MAGIC %pip install /Workspace/Shared/none.whl")
        done = output(client, create(client, path))
        assert done["error"].startswith("%pip has failed: ERROR: ")


class TestMissing:
    """The notebook missing = run ends INTERNAL_ERROR/FAILED as Databricks"""

    def test_a_missing_notebook_is_named(self, client: Client) -> None:
        run = client.run(create(client, "/Shared/none"))
        state = run["tasks"][0]["state"]
        assert (state["life_cycle_state"], state["result_state"]) == ("INTERNAL_ERROR", "FAILED")
        assert state["state_message"].startswith('Unable to access the notebook "/Shared/none". Either it')

    @pytest.mark.parametrize(
        ("task", "words"),
        [
            ({"notebook_path": "n"}, "Only absolute paths"),
            ({}, "Missing required field: notebook_task.notebook_path"),
            ({"notebook_path": "/n", "source": "GIT"}, "'notebook_task.source' is not supported"),
            ({"notebook_path": "/n", "warehouse_id": "w"}, "'notebook_task.warehouse_id' is not supported"),
            ({"notebook_path": "/n", "base_parameters": {"a": []}}, "base_parameters.a"),
        ],
    )
    def test_what_is_wrong_is_refused_at_create(
        self, client: Client, task: dict[str, Any], words: str
    ) -> None:
        tasks = [{"task_key": "n", "existing_cluster_id": client.cluster_id, "notebook_task": task}]
        assert words in client.refused("POST", "/api/2.2/jobs/create", tasks=tasks)[2]

    def test_a_scala_notebook_is_refused_by_name(self, client: Client) -> None:
        put_bytes(client, "/Shared/s.scala", b"// Databricks notebook source\nval x = 1", "SOURCE")
        run = client.run(create(client, "/Shared/s"))
        assert "is in the language scala" in run["tasks"][0]["state"]["state_message"]


@pytest.mark.jvm
@pytest.mark.timeout(600)
class TestSpark:
    """`%sql` (result as a DataFrame `_sqldf`, shown in the output); a notebook with `spark`"""

    def test_sql_is_a_frame_and_is_shown(self, spark_server: Callable[[], Client]) -> None:
        client = spark_server()
        put(client, "/Shared/child", "dbutils.notebook.exit(spark.range(3).count())")
        path = put(
            client,
            "/Shared/n",
            "spark.range(5).createOrReplaceTempView('v')",
            "# MAGIC %sql\n# MAGIC CREATE OR REPLACE TEMPORARY VIEW w AS SELECT id FROM v WHERE id > 2;\n"
            "# MAGIC SELECT sum(id) AS total FROM w",
            "display(_sqldf)\nchild = dbutils.notebook.run('./child', 60)",
            "dbutils.widgets.text('go', '')\nif dbutils.widgets.get('go'):\n"
            "    dbutils.notebook.exit(f'{_sqldf.first().total} {child}')",
            "# MAGIC %sql\n# MAGIC SELECT * FROM no_such_table",
        )
        job_id = create(client, path)
        done = output(client, job_id, notebook_params={"go": "x"})
        assert done["notebook_output"].get("result") == "7 3", done
        assert done["logs"].count("|total|") == 2
        failed = output(client, job_id)
        put_bytes(client, "/Shared/q.sql", b"SELECT :a || '{{b}}' AS total", "RAW")
        body = {"warehouse_id": WAREHOUSE_ID, "file": {"path": "/Shared/q.sql"}}
        sql = {"task_key": "q", "sql_task": {**body, "parameters": {"a": "x", "b": "y"}}}
        logs = output(client, client.post("/api/2.2/jobs/create", tasks=[sql])["job_id"])["logs"]
        assert "|xy   |" in logs
        assert "[TABLE_OR_VIEW_NOT_FOUND]" in failed["error"]
        assert '<command-5>", line 1' in failed["error_trace"]
