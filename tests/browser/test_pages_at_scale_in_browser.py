"""The pages of the local Databricks with much in them, on paper, and while the server is away."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Sequence

import pytest

if sys.version_info < (3, 10):  # noqa: UP036  the executor's suite runs on older ones too
    pytest.skip("fake_databricks needs Python 3.10", allow_module_level=True)
pytest.importorskip("starlette", reason="fake-databricks is not installed")

from fake_databricks.server import FakeDatabricks, Options
from tests.browser.browsing import opened
from tests.fake.conftest import Client

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.process

LOOKS = (("light", 1280), ("dark", 400))
CONDITION = {"condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}
CHAIN: Sequence[Mapping[str, Any]] = [
    {"task_key": f"step_{number}", "depends_on": [{"task_key": f"step_{number - 1}"}] * (number > 0)}
    for number in range(30)
]
FAN: Sequence[Mapping[str, Any]] = [
    {"task_key": "first"},
    *({"task_key": f"task_{number}", "depends_on": [{"task_key": "first"}]} for number in range(40)),
]
WAITS = "import time\nprint('it has begun', flush=True)\ntime.sleep(600)"


@pytest.fixture(scope="module", name="client")
def _client() -> Iterator[Client]:
    with FakeDatabricks(Options(port=0, has_spark=False)) as fake:
        yield Client(fake.url, fake.token, fake.cluster_id)


def link(client: Client) -> str:
    return f"{client.url}/?token={client.token}"


def conditions(client: Client, name: str, tasks: Sequence[Mapping[str, Any]]) -> str:
    """Run a job of tasks that start no process; return the address of the run."""
    job = client.post("/api/2.2/jobs/create", name=name, tasks=[{**CONDITION, **task} for task in tasks])
    run = client.run(job["job_id"])
    return f"{client.url}/jobs/{run['job_id']}/runs/{run['run_id']}"


class TestGraph:
    """tasks as a graph: also of many tasks"""

    def test_a_long_chain_can_be_read(self, browser: Browser, client: Client) -> None:
        address = conditions(client, "chain", CHAIN)
        with opened(browser, link(client)) as seen:
            seen.page.goto(address)
            for scheme, width in LOOKS:
                seen.turn(scheme, width)
                for box in ("#graph .box >> nth=0", "#graph .box >> nth=29"):
                    found = seen.page.locator(box).bounding_box()
                    assert found
                    assert found["height"] > 20, (width, box, found)
                assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
            assert seen.violations() == []

    def test_the_first_task_of_many_is_at_the_top(self, browser: Browser, client: Client) -> None:
        address = conditions(client, "fan", FAN)
        with opened(browser, link(client)) as seen:
            seen.page.goto(address)
            drawing, first = (
                seen.page.locator(place).bounding_box() for place in ("#graph svg", "#graph .box >> nth=0")
            )
            assert drawing
            assert first
            assert drawing["height"] > 1000
            assert first["y"] - drawing["y"] < 200


class TestTimeLine:
    """its states as a time line: each attempt by name, and where it is on the page"""

    def test_labels_can_be_read_and_lead_to_the_attempts(self, browser: Browser, client: Client) -> None:
        long = {"task_key": "n" * 100, "depends_on": [{"task_key": "step_1"}]}
        address = conditions(client, "lines", [*CHAIN[:2], long])
        with opened(browser, link(client)) as seen:
            seen.page.goto(address)
            for scheme, width in LOOKS:
                seen.turn(scheme, width)
                label = seen.page.locator("#time").get_by_role("link", name="step_1")
                size = label.evaluate("link => parseFloat(getComputedStyle(link).fontSize)")
                found = label.bounding_box()
                assert found
                assert (size > 11, found["height"] > 11, found["x"] + found["width"] < width) == (True,) * 3
                bars = seen.page.locator("#time tbody svg").all()
                assert len(bars) == 4
                boxes = [box for bar in bars if (box := bar.bounding_box())]
                assert all(box["x"] + box["width"] <= width and box["width"] > width / 3.5 for box in boxes)
                for name in ("step_1", "n" * 100):
                    label = seen.page.locator("#time").get_by_role("link", name=name)
                    (right, underline) = label.evaluate(
                        "link => [link.firstChild.getBoundingClientRect().right, "
                        "getComputedStyle(link.firstChild).textDecorationLine]"
                    )
                    assert (right <= boxes[0]["x"], underline) == (True, "underline")
            seen.page.locator("#time").get_by_role("link", name="step_1").click()
            assert seen.page.locator("section:target").get_by_role("heading", name="step_1").count() == 1
            assert "running" in str(bars[2].get_attribute("aria-label"))


class TestNames:
    """500 jobs; names that are very long"""

    def test_a_long_name_leaves_the_state_on_the_page(self, browser: Browser, client: Client) -> None:
        conditions(client, "x" * 900, CHAIN[:1])
        conditions(client, "many words " * 80, CHAIN[:1])
        with opened(browser, link(client)) as seen:
            for address in ("/", "/runs", "/jobs"):
                seen.page.goto(client.url + address)
                for state in seen.page.locator("tbody .state").all():
                    found = state.bounding_box()
                    assert found
                    assert found["x"] + found["width"] <= 1280, (address, found)

    def test_jobs_are_searched_by_the_keyboard_alone(self, browser: Browser, client: Client) -> None:
        for number in range(105):
            client.post(
                "/api/2.2/jobs/create", name=f"nightly {number:03}", tasks=[{**CONDITION, **CHAIN[0]}]
            )
        with opened(browser, link(client)) as seen:
            seen.page.goto(f"{client.url}/jobs")
            seen.page.get_by_label("Name contains").focus()
            seen.page.keyboard.type("NIGHTLY 00")
            with seen.page.expect_navigation():
                seen.page.keyboard.press("Enter")
            assert seen.cells("main", 2) == [f"nightly {number:03}" for number in range(9, -1, -1)]
            assert seen.page.get_by_label("Name contains").input_value() == "NIGHTLY 00"
            assert (seen.violations(), seen.errors) == ([], [])


class TestPaper:
    """print to PDF, also of who has a dark screen"""

    def test_a_dark_screen_prints_dark_on_light_and_no_button(self, browser: Browser, client: Client) -> None:
        address = conditions(client, "paper", CHAIN)
        with opened(browser, link(client)) as seen:
            seen.page.goto(address)
            light = seen.page.evaluate("getComputedStyle(document.body).color")
            seen.turn("dark", 794)  # A4
            assert seen.page.evaluate("getComputedStyle(document.body).color") != light
            seen.page.emulate_media(media="print", color_scheme="dark")
            assert seen.page.evaluate("getComputedStyle(document.body).color") == light
            assert seen.page.locator("button:visible").count() == 0
            drawing = seen.page.locator("#graph svg").bounding_box()
            assert drawing
            assert drawing["x"] + drawing["width"] <= 794
            seen.page.emulate_media(media="screen")


class TestAServerThatIsAway:
    """live updates while the server is stopped and started again"""

    def test_a_live_page_says_so_and_goes_on(self, browser: Browser) -> None:
        with ExitStack() as servers:
            fake = servers.enter_context(FakeDatabricks(Options(port=0, has_spark=False)))
            client = Client(fake.url, fake.token, fake.cluster_id)
            job_id = client.flat_job(WAITS)
            run_id = client.post("/api/2.1/jobs/run-now", job_id=job_id)["run_id"]
            port = int(fake.url.rpartition(":")[2])
            with opened(browser, link(client)) as seen:
                seen.page.goto(f"{client.url}/jobs/{job_id}/runs/{run_id}")
                seen.page.get_by_text("it has begun").wait_for()
                assert seen.page.locator("#away").is_hidden()
                servers.close()
                seen.page.get_by_role("status").get_by_text("The server does not answer").wait_for()
                assert seen.violations() == []
                with FakeDatabricks(Options(port=port, has_spark=False)):
                    seen.page.get_by_role("heading", name="Sign in").wait_for()
