"""The pages of the local Databricks in a browser: a run watched to its end, a fault seen, nothing foreign."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Iterator

import pytest

if sys.version_info < (3, 10):  # noqa: UP036  the executor's suite runs on older ones too
    pytest.skip("fake_databricks needs Python 3.10", allow_module_level=True)
pytest.importorskip("starlette", reason="fake-databricks is not installed")
pytest.importorskip("cryptography", reason="fake-databricks is not installed")  # the receiver needs none

from fake_databricks.server import FakeDatabricks, Options
from tests.browser.browsing import Opened, opened
from tests.fake.conftest import Client

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.process

TASKS = (
    {"task_key": "read", "source": "print('read')"},
    {"task_key": "check", "source": "1 / 0", "depends_on": [{"task_key": "read"}], "max_retries": 1},
    {"task_key": "send", "source": "print('sent')", "depends_on": [{"task_key": "read"}]},
    {"task_key": "report", "source": "1", "depends_on": [{"task_key": "check"}, {"task_key": "send"}]},
)
SLOW = """
import os, time
print("it has begun", flush=True)
while not os.path.exists("/dbfs/go"):
    time.sleep(0.01)
print("<script>document.title = 'taken'</script>")
"""
STATE = "#summary [role=status] .state"


@pytest.fixture(scope="module", name="client")
def _client() -> Iterator[Client]:
    with FakeDatabricks(Options(port=0, has_spark=False)) as fake:
        client = Client(fake.url, fake.token, fake.cluster_id)
        client.run(client.tasks_job(*TASKS, name="<script>document.title = 'taken'</script>"))
        client.send("DELETE", "/_fake/journal")  # of the calls that waited for the run
        client.post("/api/2.0/secrets/scopes/create", scope="s", initial_manage_principal="users")
        client.post("/api/2.0/secrets/put", scope="s", key="k", string_value="a secret value")
        yield client


def link(client: Client, fragment: str = "") -> str:
    return f"{client.url}/?token={client.token}{fragment}"


def pages(seen: Opened, client: Client) -> Iterator[str]:
    """Open one page of each kind, one after the other."""
    first = client.get("/_fake/journal")["entries"][0]["number"]
    (run,) = client.get("/api/2.2/jobs/runs/list?limit=1")["runs"]
    runs = f"/jobs/{run['job_id']}"
    kinds = ("/", "/jobs", runs, f"{runs}/runs/{run['run_id']}", "/runs", "/clusters", "/secrets", "/journal")
    more = (
        f"/clusters/{client.cluster_id}",
        "/commands",
        "/files",
        "/files/dbfs",
        f"/journal/{first}",
        "/faults",
        "/states",
    )
    for address in (*kinds, *more, "/journal/0"):
        seen.page.goto(client.url + address)
        yield address


class TestEveryPage:
    """each page opened; axe-core without violations; no request leaves the page"""

    @pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 360)])
    def test_can_be_read_by_all(self, browser: Browser, client: Client, scheme: str, width: int) -> None:
        with opened(browser, link(client), scheme=scheme, width=width) as seen:
            for address in pages(seen, client):
                assert seen.violations() == [], address
                assert seen.page.evaluate("document.documentElement.scrollWidth") <= width, address
                assert seen.page.title() != "taken"
            assert seen.requests == []
            assert [text for text in seen.errors if "404" not in text] == []  # of /journal/0

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_the_form_for_the_token(self, browser: Browser, client: Client, scheme: str) -> None:
        with opened(browser, f"{client.url}/jobs", scheme=scheme) as seen:
            assert seen.violations() == []
            seen.page.get_by_label("Token").fill(client.token)
            seen.page.get_by_role("button", name="Sign in").click()
            seen.page.wait_for_url(f"{client.url}/jobs")
            assert seen.page.get_by_role("heading", level=1).inner_text() == "Jobs"


class TestRun:
    """a run watched to its end"""

    @pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
    def test_is_watched_to_its_end(self, browser: Browser, client: Client, script: bool) -> None:  # noqa: FBT001
        client.send("POST", "/api/2.0/dbfs/delete", b'{"path": "/go"}')
        job_id = client.flat_job(SLOW)
        run_id = client.post("/api/2.1/jobs/run-now", job_id=job_id)["run_id"]
        address = f"{client.url}/jobs/{job_id}/runs/{run_id}"
        with opened(browser, link(client), script=script) as seen:
            seen.page.goto(address)
            seen.page.get_by_text("it has begun").wait_for()
            assert seen.page.locator(STATE).inner_text() == "RUNNING"
            client.program("/go", "x")
            seen.page.locator(STATE, has_text="SUCCESS").wait_for()
            assert "<script>" in seen.page.get_by_label(f"Logs of {run_id}").inner_text()
            assert seen.page.title() != "taken"
            assert seen.requests == []

    def test_run_page_url_leads_to_it(self, browser: Browser, client: Client) -> None:
        run = client.run(client.flat_job("print(1)"))
        fragment = run["run_page_url"].removeprefix(f"{client.url}/?o=").partition("#")[2]
        address = f"{client.url}/jobs/{run['job_id']}/runs/{run['run_id']}"
        with opened(browser, link(client, f"#{fragment}")) as seen:
            seen.page.wait_for_url(address)
            assert seen.page.url == address
        with opened(browser, run["run_page_url"]) as seen:  # the form comes first
            seen.page.get_by_label("Token").fill(client.token)
            seen.page.get_by_role("button", name="Sign in").click()
            seen.page.wait_for_url(address)


class TestButtons:
    """buttons "run now" and "cancel" """

    def test_a_run_is_started_and_cancelled(self, browser: Browser, client: Client) -> None:
        client.send("POST", "/api/2.0/dbfs/delete", b'{"path": "/go"}')
        with opened(browser, link(client)) as seen:
            seen.page.goto(f"{client.url}/jobs/{client.flat_job(SLOW)}")
            seen.page.get_by_role("button", name="Run now").click()
            seen.page.get_by_text("it has begun").wait_for()
            assert seen.violations() == []
            seen.page.get_by_role("button", name="Cancel this run").click()
            seen.page.locator(STATE, has_text="CANCELLED").wait_for()
            seen.page.get_by_role("button", name="Run the job again").wait_for()


class TestFaults:
    """a fault switched on and seen"""

    def test_is_switched_on_seen_and_off(self, browser: Browser, client: Client) -> None:
        with opened(browser, link(client)) as seen:
            seen.page.goto(f"{client.url}/faults")
            seen.page.get_by_role("button", name="Switch output-500 on").click()
            seen.page.get_by_role("button", name="Switch all off").wait_for()
            assert client.send("GET", "/api/2.1/jobs/runs/get-output?run_id=1").status == 500
            seen.page.goto(f"{client.url}/journal")
            assert "output-500" in seen.page.locator("tbody tr").first.inner_text()
            seen.page.goto(f"{client.url}/faults")
            seen.page.get_by_role("button", name="Switch all off").click()
            seen.page.get_by_text("No rule is on").wait_for()
            assert client.send("GET", "/api/2.1/jobs/runs/get-output?run_id=1").status == 400


class TestKeyboard:
    """keyboard and screen reader"""

    def test_the_first_stop_leads_to_the_content(self, browser: Browser, client: Client) -> None:
        with opened(browser, link(client)) as seen:
            seen.page.keyboard.press("Tab")
            seen.page.keyboard.press("Enter")
            assert seen.page.evaluate("document.activeElement.id") == "content"
