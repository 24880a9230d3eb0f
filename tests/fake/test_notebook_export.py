"""``runs/export``: the notebook of a run as a page."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from fake_databricks.engine.inside.notebooks import HEADER
from tests.fake.calls import refusal, view
from tests.fake.doubles import ended
from tests.fake.jobs import finish, flat, start, task, tasks
from tests.fake.png import TEXT, URL

if TYPE_CHECKING:
    from fake_databricks.engine.ports import Display
    from fake_databricks.jobs.model import Run
    from tests.fake.conftest import Quiet

SOURCE = f"# {HEADER}\nprint('<b>')\n# COMMAND ----------\n# MAGIC %md\n# MAGIC # A title\n"
PATH = "/Shared/reports/daily.v1"
INVALID = "INVALID_PARAMETER_VALUE"


def put(quiet: Quiet, source: str = SOURCE) -> None:
    content = base64.b64encode(source.encode()).decode()
    view(quiet, "POST /api/2.0/workspace/mkdirs", {"path": "/Shared/reports"})
    body = {"path": PATH, "content": content, "language": "PYTHON", "format": "SOURCE", "overwrite": True}
    view(quiet, "POST /api/2.0/workspace/import", body)


def notebook(key: str = "n") -> dict[str, Any]:
    document = task(key)
    del document["spark_python_task"]
    return {**document, "notebook_task": {"notebook_path": PATH}}


def export(quiet: Quiet, run_id: int, views: str = "CODE") -> dict[str, Any]:
    return view(quiet, f"GET /api/2.1/jobs/runs/export?run_id={run_id}&views_to_export={views}")


def model_of(page: str) -> Any:
    """The notebook as clients of Databricks find it in a page."""
    found = re.search(r"__DATABRICKS_NOTEBOOK_MODEL = '([^']+)'", page)
    assert found
    return json.loads(unquote(base64.b64decode(found[1]).decode()))


class TestExport:
    """`runs/export?run_id&views_to_export=CODE|DASHBOARDS|ALL` -> `views[{content, name, type}]`"""

    @pytest.fixture
    def run(self, quiet: Quiet) -> Run:
        put(quiet)
        return finish(quiet, tasks(notebook(), task("program")))

    @pytest.mark.parametrize("views", ["CODE", "ALL", ""])
    def test_a_notebook_is_a_page_with_its_cells(self, quiet: Quiet, run: Run, views: str) -> None:
        (found,) = export(quiet, run.task_runs[0].run_id, views)["views"]
        assert (found["name"], found["type"]) == ("daily.v1", "NOTEBOOK")
        assert "<pre><code>print(&#x27;&lt;b&gt;&#x27;)\n</code></pre>" in found["content"]
        model = model_of(found["content"])
        assert (model["name"], model["language"]) == ("daily.v1", "python")
        commands = [(item["position"], item["command"]) for item in model["commands"]]
        assert commands == [(1.0, "print('<b>')"), (2.0, "%md\n# A title")]

    def test_there_are_no_dashboards(self, quiet: Quiet, run: Run) -> None:
        assert export(quiet, run.task_runs[0].run_id, "DASHBOARDS") == {}

    def test_it_is_the_notebook_that_ran(self, quiet: Quiet, run: Run) -> None:
        put(quiet, f"# {HEADER}\nchanged\n")
        assert "changed" not in export(quiet, run.task_runs[0].run_id)["views"][0]["content"]
        view(quiet, "POST /api/2.0/workspace/delete", {"path": PATH})
        assert "print" in export(quiet, run.task_runs[0].run_id)["views"][0]["content"]

    def test_a_flat_job_is_exported_by_the_number_of_its_run(self, quiet: Quiet) -> None:
        put(quiet)
        document = {**flat(), "notebook_task": {"notebook_path": PATH}}
        del document["spark_python_task"]
        assert "print" in export(quiet, finish(quiet, document).run_id)["views"][0]["content"]

    def test_what_it_has_shown_is_on_the_page(self, quiet: Quiet) -> None:
        put(quiet)
        shown: list[Display] = [
            {"kind": "table", "schema": [["a<", "string"]], "data": [["<x>"], [None]], "truncated": False},
            {"kind": "html", "data": '<p class="q">'},
            {"kind": "image", "data": TEXT},
            {"kind": "image", "data": "bm8gUE5H"},
        ]
        failed = dataclasses.replace(ended(1, "printed <i>\n"), displays=shown, notebook_result="r<")
        run = start(quiet, tasks(notebook()))
        quiet.cluster.outcomes[""] = [failed]
        quiet.clock.work()
        page = export(quiet, run.task_runs[0].run_id)["views"][0]["content"]
        for part in (
            "<pre>printed &lt;i&gt;\n</pre>",
            "<table><tr><th>a&lt;</th></tr><tr><td>&lt;x&gt;</td></tr><tr><td>null</td></tr></table>",
            '<iframe sandbox="" srcdoc="&lt;p class=&quot;q&quot;&gt;"></iframe>',
            f'<img alt="" src="{URL}">',
            "no PNG",
            "<pre>r&lt;</pre>",
            "RuntimeError: as planned</pre>",
        ):
            assert part in page
        assert "bm8gUE5H" not in page

    def test_secrets_of_the_source_are_masked(self, quiet: Quiet) -> None:
        quiet.workspace.secrets.create_scope("s", "users")
        quiet.workspace.secrets.put("s", "k", b"secret-word")
        put(quiet, f"# {HEADER}\nprint('secret-word')\n")
        run = finish(quiet, tasks(notebook()))
        page = export(quiet, run.task_runs[0].run_id)["views"][0]["content"]
        assert "secret-word" not in page
        assert model_of(page)["commands"][0]["command"] == "print('[REDACTED]')"

    def test_what_has_no_view_is_refused(self, quiet: Quiet, run: Run) -> None:
        waiting = start(quiet, tasks(notebook()))
        for run_id, views, words in (
            (run.run_id, "CODE", "Exporting runs with multiple tasks is not supported."),
            (run.task_runs[1].run_id, "CODE", "cannot be exported: only notebook tasks have views."),
            (waiting.task_runs[0].run_id, "CODE", "cannot be exported: its notebook has not begun."),
            (
                run.task_runs[0].run_id,
                "PAGES",
                "views_to_export must be one of CODE, DASHBOARDS, ALL, got 'PAGES'",
            ),
            (7, "CODE", "Run 7 does not exist."),
        ):
            request = f"GET /api/2.1/jobs/runs/export?run_id={run_id}&views_to_export={views}"
            status, code, message = refusal(quiet, request)
            assert (status, code, words in message) == (400, INVALID, True), message

    def test_it_goes_with_its_run(self, quiet: Quiet, run: Run) -> None:
        quiet.workspace.runs.delete(run.run_id)
        assert quiet.workspace.runs.notebook(run.task_runs[0].run_id) is None
