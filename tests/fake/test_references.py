from __future__ import annotations

import pytest

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs.lifecycle import Life, Result, State
from fake_databricks.jobs.model import Overrides, Repair, Run, TaskRun
from fake_databricks.jobs.references import resolve, values_of
from fake_databricks.jobs.settings import parse_settings

PYTHON = {"existing_cluster_id": "c", "spark_python_task": {"python_file": "dbfs:/p.py"}}
SETTINGS = parse_settings(
    {
        "name": "nightly",
        "tasks": [{"task_key": "load", **PYTHON}, {"task_key": "scan", **PYTHON}],
        "parameters": [{"name": "day", "default": "today"}, {"name": "depth", "default": "1"}],
    }
)
WORKSPACE = {"id": "42", "url": "http://localhost:1"}


@pytest.fixture
def run() -> Run:
    """Run 7 of job 5, whose task load has ended and whose task scan is in its second attempt."""
    done = State(Life.TERMINATED, Result.SUCCESS)
    overrides = Overrides(job_parameters={"day": "monday"})
    made = Run(7, 5, 3, "nightly", SETTINGS, overrides, State(Life.RUNNING), 1_700_000_000_123, "u")
    made.task_runs = [
        TaskRun(8, "load", 0, done),
        TaskRun(9, "scan", 0, State(Life.TERMINATED, Result.FAILED)),
        TaskRun(10, "scan", 1, State(Life.RUNNING)),
    ]
    return made


class TestValues:
    """dynamic value references: {{job.id}}, {{task.name}}, {{job.parameters.[name]}}, ..."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("{{job.id}}", "5"),
            ("{{job.name}}", "nightly"),
            ("{{job.run_id}}", "7"),
            ("{{job.repair_count}}", "0"),
            ("{{job.start_time.iso_date}}", "2023-11-14"),
            ("{{job.start_time.iso_datetime}}", "2023-11-14T22:13:20.123000"),
            ("{{job.start_time.timestamp_ms}}", "1700000000123"),
            ("{{job.trigger.type}}", "one_time"),
            ("{{job.parameters.day}}", "monday"),
            ("{{job.parameters.depth}}", "1"),
            ("{{task.name}}", "scan"),
            ("{{task.run_id}}", "10"),
            ("{{task.execution_count}}", "2"),
            ("{{tasks.load.result_state}}", "success"),
            ("{{tasks.load.run_id}}", "8"),
            ("{{tasks.scan.result_state}}", ""),
            ("{{workspace.id}}", "42"),
            ("{{workspace.url}}", "http://localhost:1"),
            ("{{job_id}} {{run_id}} {{parent_run_id}}", "5 10 7"),
            ("{{task_key}} {{task_retry_count}}", "scan 1"),
            ("{{start_date}} {{start_time}}", "2023-11-14 1700000000123"),
            ("{{ job.id }}", "5"),
            ("no reference", "no reference"),
            ("{job.id} {{ 1x }}", "{job.id} {{ 1x }}"),
        ],
    )
    def test_each_reference_has_its_value(self, run: Run, text: str, expected: str) -> None:
        assert resolve(text, values_of(run, run.task_runs[2], WORKSPACE)) == expected

    @pytest.mark.parametrize("name", ["tasks.load.values.x", "job.parameters.none", "nonsense"])
    def test_a_reference_without_a_value_is_refused_by_name(self, run: Run, name: str) -> None:
        with pytest.raises(InvalidParameter) as caught:
            resolve(f"--x={{{{{name}}}}}", values_of(run, run.task_runs[2], WORKSPACE))
        assert caught.value.message == f"The reference {{{{{name}}}}} has no value in this run."

    def test_the_original_run_is_no_repair(self, run: Run) -> None:
        ended = State(Life.TERMINATED, Result.FAILED)
        run.repairs = [Repair(7, "ORIGINAL", 1, 2, ended, (8, 9)), Repair(11, "REPAIR", 3, 0, ended, (10,))]
        assert resolve("{{job.repair_count}}", values_of(run, run.task_runs[2], WORKSPACE)) == "1"
