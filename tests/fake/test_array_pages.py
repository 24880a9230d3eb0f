"""Large arrays of jobs and runs: API 2.2 has 100 elements of each in an answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.fake.calls import refusal, view
from tests.fake.jobs import finish, flat, start, task, tasks

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet


def pages(quiet: Quiet, request: str) -> list[dict[str, Any]]:
    """All pages, as a client reads them that follows ``next_page_token``."""
    found = [view(quiet, request)]
    while "next_page_token" in found[-1]:
        found.append(view(quiet, f"{request}&page_token={found[-1]['next_page_token']}"))
    return found


def keys(page: dict[str, Any]) -> list[str]:
    return [item["task_key"] for item in page["tasks"]]


def large(number: int) -> dict[str, Any]:
    return tasks(
        *(task(f"t{index:04}") for index in range(number)),
        parameters=[{"name": f"p{index}", "default": ""} for index in range(103)],
    )


class TestRuns:
    """The first 100 elements of tasks, job_clusters, job_parameters and repair_history, then the next."""

    def test_all_tasks_come_once_and_arrays_without_more_are_empty(self, quiet: Quiet) -> None:
        run = start(quiet, large(250), "2.2")
        found = pages(quiet, f"GET /api/2.2/jobs/runs/get?run_id={run.run_id}&include_history=true")

        assert [len(page["tasks"]) for page in found] == [100, 100, 50]
        assert [key for page in found for key in keys(page)] == [f"t{index:04}" for index in range(250)]
        assert [len(page["job_parameters"]) for page in found] == [100, 3, 0]
        assert [len(page["repair_history"]) for page in found] == [1, 0, 0]
        assert {page["run_name"] for page in found} == {"tasks"}
        assert [page.get("has_more", False) for page in found] == [True, True, False]

    @pytest.mark.parametrize("number", [1, 100])
    def test_what_fits_is_one_page_without_a_token(self, quiet: Quiet, number: int) -> None:
        """An empty token on the last page sends Databricks' SDK into a loop without end."""
        run = start(quiet, tasks(*(task(f"t{index}") for index in range(number))), "2.2")
        shown = view(quiet, f"GET /api/2.2/jobs/runs/get?run_id={run.run_id}&page_token=")

        assert len(shown["tasks"]) == number
        assert not {"next_page_token", "has_more"} & set(shown)

    def test_resolved_values_are_those_of_their_task(self, quiet: Quiet) -> None:
        run = start(quiet, large(150), "2.2")
        quiet.clock.work()
        request = f"GET /api/2.2/jobs/runs/get?run_id={run.run_id}&include_resolved_values=true"
        last = pages(quiet, request)[-1]["tasks"][-1]

        assert last["resolved_values"] == {"spark_python_task": {"parameters": ["t0149"]}}

    def test_iterations_of_a_loop_come_in_pages(self, quiet: Quiet) -> None:
        inputs = json.dumps(list(range(120)))
        each = {"task_key": "loop", "for_each_task": {"inputs": inputs, "concurrency": 50, "task": task("n")}}
        run = finish(quiet, tasks(each))
        loop = run.latest()["loop"].run_id
        found = pages(quiet, f"GET /api/2.2/jobs/runs/get?run_id={loop}")

        assert [len(page["iterations"]) for page in found] == [100, 20]

    @pytest.mark.parametrize("version", ["2.0", "2.1"])
    def test_before_2_2_one_answer_has_everything(self, quiet: Quiet, version: str) -> None:
        run = start(quiet, large(150), "2.2")

        assert len(view(quiet, f"GET /api/{version}/jobs/runs/get?run_id={run.run_id}")["tasks"]) == 150

    def test_a_list_shows_the_first_hundred_and_that_there_is_more(self, quiet: Quiet) -> None:
        """Note that in API 2.2, only the first 100 elements will be shown."""
        start(quiet, flat(), "2.2")
        start(quiet, large(150), "2.2")
        listed = view(quiet, "GET /api/2.2/jobs/runs/list?expand_tasks=true")

        many, one = listed["runs"]
        assert (len(many["tasks"]), many["has_more"]) == (100, True)
        assert (len(one["tasks"]), "has_more" in one) == (1, False)
        assert listed["has_more"] is False
        assert "has_more" not in view(quiet, "GET /api/2.2/jobs/runs/list")["runs"][1]


class TestJobs:
    """The first 100 elements of tasks, job_clusters, environments and parameters, then the next."""

    def test_all_settings_come_once(self, quiet: Quiet) -> None:
        job = quiet.workspace.jobs.create(large(250), "2.2", "u")
        found = pages(quiet, f"GET /api/2.2/jobs/get?job_id={job.job_id}")

        assert [len(page["settings"]["tasks"]) for page in found] == [100, 100, 50]
        assert [len(page["settings"]["parameters"]) for page in found] == [100, 3, 0]
        assert {page["settings"]["name"] for page in found} == {"tasks"}
        assert len(view(quiet, f"GET /api/2.1/jobs/get?job_id={job.job_id}")["settings"]["tasks"]) == 250
        assert len(job.settings.tasks) == len(job.settings.document["tasks"]) == 250

    def test_a_list_shows_the_first_hundred_and_that_there_is_more(self, quiet: Quiet) -> None:
        quiet.workspace.jobs.create(large(150), "2.2", "u")
        (shown,) = view(quiet, "GET /api/2.2/jobs/list?expand_tasks=true")["jobs"]

        assert (len(shown["settings"]["tasks"]), shown["has_more"]) == (100, True)


@pytest.mark.parametrize(
    "token", ["x", "elements-", "elements-7", "elements--100", "100", "elements-\u0661\u0660\u0660"]
)
def test_a_token_that_no_answer_had_is_refused(quiet: Quiet, token: str) -> None:
    run = start(quiet, flat(), "2.2")
    for place in (f"jobs/runs/get?run_id={run.run_id}", f"jobs/get?job_id={run.job_id}"):
        _, _, message = refusal(quiet, f"GET /api/2.2/{place}&page_token={token}")
        assert message.startswith("Invalid page token: ")
