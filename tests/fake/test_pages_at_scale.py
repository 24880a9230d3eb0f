"""Pages of a workspace with much in it: what is cut, what is on the next page, what is searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fake.browsing import Browser

if TYPE_CHECKING:
    from tests.fake.conftest import Client

CONDITION = {"task_key": "c", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}
ERROR = "raise ValueError('begin ' + 'y' * 5000 + ' end')"


@pytest.fixture(name="browser")
def _browser(client: Client) -> Browser:
    return Browser(client).sign_in()


def job(client: Client, name: str, **task: Any) -> int:
    return int(client.post("/api/2.2/jobs/create", name=name, tasks=[{**CONDITION, **task}])["job_id"])


def names(browser: Browser, address: str) -> list[str]:
    """Return what the second cell of each row of a page has, without what stands small beside it."""
    rows = [item for item in browser.get(address).page.all("bdi") if item.is_in("tbody")]
    return [row.text for row in rows]


class TestJobs:
    """500 jobs: each can be found"""

    def test_all_are_on_one_page_or_the_next(self, client: Client, browser: Browser) -> None:
        made = [f"job {number:03}" for number in range(130)]
        for name in made:
            job(client, name)
        first = browser.get("/jobs").page
        assert "130 jobs." in first.text
        (older,) = [item.attributes["href"] for item in first.all("a") if item.text == "Older jobs"]
        assert [*names(browser, "/jobs"), *names(browser, older)] == made[::-1]

    def test_a_part_of_the_name_finds_them_in_any_case_on_all_pages(
        self, client: Client, browser: Browser
    ) -> None:
        for number in range(120):
            job(client, f"Nightly & daily {number:03}")
        job(client, "other")
        first = browser.get("/jobs?name=nightly+%26").page
        assert "120 jobs." in first.text
        (older,) = [item.attributes["href"] for item in first.all("a") if item.text == "Older jobs"]
        assert names(browser, older) == [f"Nightly & daily {number:03}" for number in range(19, -1, -1)]
        assert "There is no job." in browser.get("/jobs?name=none").text


class TestRuns:
    """3,000 runs: those that failed, and those of a name, are found"""

    def test_by_name_and_by_how_they_ended(self, client: Client, browser: Browser) -> None:
        good, bad = job(client, "good"), client.flat_job("1 / 0", name="bad")
        for job_id in (good, bad, good):
            client.run(job_id)
        assert names(browser, "/runs") == ["good", "bad", "good"]
        assert names(browser, "/runs?show=failed") == ["bad"]
        assert names(browser, "/runs?name=GOO") == ["good", "good"]
        assert names(browser, "/runs?show=failed&name=good") == []
        assert names(browser, "/runs?show=active") == []

    def test_the_next_page_keeps_what_is_searched(self, client: Client, browser: Browser) -> None:
        job_id = job(client, "a <b>")
        for _ in range(52):
            client.run(job_id)
        first = browser.get("/runs?name=a+%3Cb&show=all").page
        (older,) = [item.attributes["href"] for item in first.all("a") if item.text == "Older runs"]
        assert len(names(browser, older)) == 2


class TestLongTexts:
    def test_the_summary_has_the_begin_of_an_error_and_the_attempt_all_of_it(
        self, client: Client, browser: Browser
    ) -> None:
        run = client.run(client.flat_job(ERROR))
        page = browser.get(f"/jobs/{run['job_id']}/runs/{run['run_id']}").page
        summary = page.one("summary").text
        assert "ValueError: begin yyy" in summary
        assert len(summary) < 2000
        assert "yyy end" in page.one(f"attempt-{run['run_id']}").text

    def test_a_list_has_the_begin_of_a_name(self, client: Client, browser: Browser) -> None:
        client.run(job(client, "n" * 4000))
        for address in ("/", "/jobs", "/runs"):
            (name,) = names(browser, address)[:1]
            assert (name[:10], len(name) < 300) == ("n" * 10, True)

    def test_the_journal_has_the_begin_of_a_path_and_the_exchange_all_of_it(
        self, client: Client, browser: Browser
    ) -> None:
        client.send("DELETE", "/_fake/journal")
        client.send("GET", f"/api/2.1/jobs/list?name={'n' * 6000}")
        assert "n" * 200 in browser.get("/journal").text
        assert "n" * 400 not in browser.get("/journal").text
        assert "n" * 6000 in browser.get("/journal/1").text


class TestWhatIsGone:
    """a link to a row that is gone"""

    @pytest.mark.parametrize("address", ["/jobs/1", "/jobs/1/runs/2", "/clusters/x", "/commands/x"])
    def test_is_said_to_be_gone_from_this_workspace(self, browser: Browser, address: str) -> None:
        whose = browser.get("/jobs").page.all("header")[0].text.split()[1:3]
        seen = browser.get(address)
        assert (seen.status, seen.page.all("h1")[0].text) == (404, "Not found")
        assert seen.page.all("header")[0].text.split()[1:3] == whose
