"""The pages of the local Databricks in a browser: a run watched to its end, a fault seen, nothing foreign."""

from __future__ import annotations

import binascii
import sys
from typing import TYPE_CHECKING, Iterator

import pytest

if sys.version_info < (3, 10):  # noqa: UP036  the executor's suite runs on older ones too
    pytest.skip("fake_databricks needs Python 3.10", allow_module_level=True)
pytest.importorskip("starlette", reason="fake-databricks is not installed")
pytest.importorskip("cryptography", reason="fake-databricks is not installed")  # the receiver needs none

from fake_databricks.server import FakeDatabricks, Options
from nuvyn_executor.reports.page import framed, html
from tests.browser.browsing import Opened, opened
from tests.fake.conftest import Client
from tests.fake.png import DRAWS_PNG, png_of
from tests.fake.test_notebooks import create, put
from tests.report_rows import shop

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
ACTS = """
<!DOCTYPE html><title>Drawn</title><h1>Drawn by a program</h1><ul></ul>
<script>
const made = (tag, fields) => Object.assign(document.createElement(tag), fields);
const tell = (text) => document.querySelector("ul").append(made("li", {textContent: text}));
const attempt = (name, action) => {
  try { Promise.resolve(action()).then(() => tell(name + ": done"), () => tell(name + ": refused")); }
  catch (error) { tell(name + ": refused"); }
};
attempt("title", () => { parent.document.title = "taken"; });
attempt("cookie", () => document.cookie);
attempt("storage", () => localStorage.length);
attempt("top", () => { top.location = "/states"; });
attempt("page", () => fetch("/jobs"));
attempt("api", () => fetch("/api/2.1/jobs/list", {headers: {Authorization: "Bearer TOKEN"}}));
attempt("network", () => fetch("https://other.example/"));
attempt("window", () => { if (!open("/states")) throw new Error("none"); });
const form = made("form", {method: "post", action: "/faults"});
form.innerHTML = "<input name=action value=on><input name=name value=output-500>";
document.body.append(form);
form.submit();
document.body.append(made("iframe", {src: "/jobs"}));
document.body.append(made("img", {src: "/static/icon.svg", onerror: () => tell("image: refused")}));
</script>
"""
REFUSED = ("api", "cookie", "image", "network", "page", "storage", "title", "top", "window")
LOOKS = (("dark", 1280), ("light", 360))
"""The schemes and the widths in which a page is looked at."""
COLORS = """() => [
  Object.fromEntries([...document.querySelectorAll(".legend li")].map(
    (item) => [item.className, getComputedStyle(item, "::before").backgroundColor])),
  Object.fromEntries([...document.querySelectorAll(".timeline rect")].map(
    (bar) => [bar.getAttribute("class"), getComputedStyle(bar).fill])),
]"""
"""The colors that are shown: of the legend, and of the bars, by kind."""
IS_OUTLINED = """(element) => {
  const style = getComputedStyle(element), back = getComputedStyle(document.body).backgroundColor;
  const color = element.namespaceURI.endsWith("svg") ? style.stroke : style.borderTopColor;
  return color !== "none" && color !== back && (style.stroke !== "none" || style.borderTopStyle === "solid");
}"""
STATE = "#summary [role=status] .state"


@pytest.fixture(scope="module", name="client")
def _client() -> Iterator[Client]:
    with FakeDatabricks(Options(port=0, has_spark=False)) as fake:
        client = Client(fake.url, fake.token, fake.cluster_id)
        client.run(client.tasks_job(*TASKS, name="<script>document.title = 'taken'</script>"))
        client.wait_for(f"/api/2.0/clusters/get?cluster_id={client.cluster_id}", "state", "RUNNING")
        finished(client, "displayHTML('<b>drawn</b>')\nprint('written')")
        client.send("DELETE", "/_fake/journal")  # of the calls that waited for the run
        client.post("/api/2.0/secrets/scopes/create", scope="s", initial_manage_principal="users")
        client.post("/api/2.0/secrets/put", scope="s", key="k", string_value="a secret value")
        yield client


@pytest.fixture(scope="module", name="report")
def _report(client: Client) -> str:
    """A program that defines the report, and an object that draws itself as the executor's does."""
    page = html(shop().report(shows_values=True))
    for name, text in (("report", page), ("framed", framed(page))):
        client.program(f"/{name}.html", text)
    return (
        "report = open('/dbfs/report.html').read()\n"
        "class Report:\n    def _repr_html_(self):\n        return open('/dbfs/framed.html').read()"
    )


def finished(client: Client, source: str) -> str:
    """Run a command to its end; return its id."""
    asked = {"clusterId": client.cluster_id, "language": "python"}
    sent = client.post("/api/2.0/commands/execute", command=source, **asked)["id"]
    path = f"/api/2.0/commands/status?clusterId={client.cluster_id}&commandId={sent}"
    assert client.wait_for(path, "status", "Finished", "Error")["status"] == "Finished"
    return str(sent)


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
        "/workspaces",
    )
    for address in (*kinds, *more, "/journal/0"):
        seen.page.goto(client.url + address)
        yield address
    seen.page.goto(f"{client.url}/commands")
    seen.follow(seen.page.locator("tbody a[href^='/commands/']").last)
    yield "/commands/*"


class TestEveryPage:
    """each page opened; axe-core without violations; no request leaves the page"""

    def test_can_be_read_by_all(self, browser: Browser, client: Client) -> None:
        with opened(browser, link(client)) as seen:
            for address in pages(seen, client):
                for scheme, width in LOOKS:
                    seen.turn(scheme, width)
                    assert seen.violations() == [], (address, scheme, width)
                    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width, address
                assert seen.page.title() != "taken"
            assert seen.requests == []
            assert [text for text in seen.errors if "404" not in text] == []  # of /journal/0

    def test_the_form_for_the_token(self, browser: Browser, client: Client) -> None:
        with opened(browser, f"{client.url}/jobs") as seen:
            for scheme, width in LOOKS:
                seen.turn(scheme, width)
                assert seen.violations() == [], scheme
            seen.page.get_by_label("Token").fill(client.token)
            seen.follow(seen.page.get_by_role("button", name="Sign in"))
            seen.page.wait_for_url(f"{client.url}/jobs")
            assert seen.page.get_by_role("heading", level=1).inner_text() == "Jobs"


class TestRun:
    """a run watched to its end"""

    def test_is_watched_to_its_end_with_a_script_and_without(self, browser: Browser, client: Client) -> None:
        client.send("POST", "/api/2.0/dbfs/delete", b'{"path": "/go"}')
        job_id = client.flat_job(SLOW)
        run_id = client.post("/api/2.1/jobs/run-now", job_id=job_id)["run_id"]
        address = f"{client.url}/jobs/{job_id}/runs/{run_id}"
        with opened(browser, link(client)) as one, opened(browser, link(client), script=False) as other:
            for seen in (one, other):
                seen.page.goto(address)
                seen.page.get_by_text("it has begun").wait_for()
                assert seen.page.locator(STATE).inner_text() == "RUNNING"
            client.program("/go", "x")
            for seen in (one, other):
                seen.page.locator(STATE, has_text="SUCCESS").wait_for()
                assert "<script>" in seen.page.get_by_label(f"Logs of {run_id}").inner_text()
                assert seen.page.title() != "taken"
                assert seen.requests == []

    def test_an_output_with_the_focus_goes_on_and_keeps_it(self, browser: Browser, client: Client) -> None:
        """logs as they come: also for who has clicked on them, or scrolls them by the keyboard"""
        client.send("POST", "/api/2.0/dbfs/delete", b'{"path": "/go"}')
        job_id = client.flat_job(SLOW)
        run_id = client.post("/api/2.1/jobs/run-now", job_id=job_id)["run_id"]
        with opened(browser, link(client)) as seen:
            seen.page.goto(f"{client.url}/jobs/{job_id}/runs/{run_id}")
            output = seen.page.locator("pre", has_text="it has begun")
            output.focus()
            client.program("/go", "x")
            seen.page.locator("pre:focus", has_text="<script>").wait_for()
            seen.page.locator(STATE, has_text="SUCCESS").wait_for()
            seen.page.locator("body[data-live='']").wait_for(state="attached")

    def test_what_is_selected_stays_until_it_is_not_and_then_the_end_comes(
        self, browser: Browser, client: Client
    ) -> None:
        client.send("POST", "/api/2.0/dbfs/delete", b'{"path": "/go"}')
        job_id = client.flat_job(SLOW)
        run_id = client.post("/api/2.1/jobs/run-now", job_id=job_id)["run_id"]
        with opened(browser, link(client)) as seen:
            seen.page.goto(f"{client.url}/jobs/{job_id}/runs/{run_id}")
            seen.page.locator("pre", has_text="it has begun").click(click_count=3)
            client.program("/go", "x")
            seen.page.locator(STATE, has_text="SUCCESS").wait_for()
            assert "it has begun" in seen.page.evaluate("getSelection().toString()")
            seen.page.evaluate("getSelection().removeAllRanges()")
            seen.page.locator("pre", has_text="<script>").wait_for()

    def test_one_that_is_deleted_is_said_to_be_gone(self, browser: Browser, client: Client) -> None:
        other = Client(client.url, "dapi-whose-runs-go", client.cluster_id)
        job_id = other.flat_job(SLOW)
        run_id = other.post("/api/2.1/jobs/run-now", job_id=job_id)["run_id"]
        with opened(browser, link(other)) as seen:
            seen.page.goto(f"{client.url}/jobs/{job_id}/runs/{run_id}")
            seen.page.get_by_text("it has begun").wait_for()
            other.post("/_fake/reset")
            seen.page.get_by_text(f"Run {run_id} does not exist.").wait_for()

    def test_run_page_url_leads_to_it(self, browser: Browser, client: Client) -> None:
        run = client.run(client.flat_job("print(1)"))
        fragment = run["run_page_url"].removeprefix(f"{client.url}/?o=").partition("#")[2]
        address = f"{client.url}/jobs/{run['job_id']}/runs/{run['run_id']}"
        with opened(browser, link(client, f"#{fragment}")) as seen:
            seen.page.wait_for_url(address)
            assert seen.page.url == address
        with opened(browser, run["run_page_url"]) as seen:  # the form comes first
            seen.page.get_by_label("Token").fill(client.token)
            seen.follow(seen.page.get_by_role("button", name="Sign in"))
            seen.page.wait_for_url(address)

    def test_the_one_of_another_workspace_asks_for_its_token(self, browser: Browser, client: Client) -> None:
        other = Client(client.url, "dapi-of-the-other-run", client.cluster_id)
        run = other.run(other.flat_job("print('of the other')"))
        with opened(browser, link(client)) as seen:
            seen.page.goto(run["run_page_url"])
            seen.page.get_by_text("this browser has not signed in with its token").wait_for()
            assert seen.violations() == []
            seen.page.get_by_label("Token").fill(other.token)
            seen.follow(seen.page.get_by_role("button", name="Sign in"))
            seen.page.wait_for_url(f"{client.url}/jobs/{run['job_id']}/runs/{run['run_id']}")
            seen.page.get_by_text("of the other").first.wait_for()


def command_page(client: Client, source: str) -> str:
    """Run a command; return the address of its page."""
    return f"/commands/{finished(client, source)}"


class TestDisplays:
    """`display` and `displayHTML` draw; what they draw cannot act on the page or the API"""

    def test_html_of_a_program_cannot_act(self, browser: Browser, client: Client) -> None:
        client.program("/acts.html", ACTS.replace("TOKEN", client.token))
        address = command_page(client, "displayHTML(open('/dbfs/acts.html').read())")
        with opened(browser, link(client)) as seen:
            seen.page.goto(client.url + address)
            inside = seen.page.frame_locator("iframe")
            assert inside.get_by_role("heading").inner_text() == "Drawn by a program"
            for name in REFUSED:
                inside.get_by_text(f"{name}: refused").wait_for()
            assert sorted(inside.get_by_role("listitem").all_inner_texts()) == [
                f"{name}: refused" for name in REFUSED
            ]
            assert inside.frame_locator("iframe").get_by_role("heading", name="Jobs").count() == 0
            assert (seen.page.url, seen.page.title()) == (
                client.url + address,
                f"Command {address.rpartition('/')[2]} · fake_databricks",
            )
            assert seen.requests == []
            assert client.get("/_fake/faults") == {"faults": []}
            assert seen.violations() == []

    def test_in_a_window_of_its_own_it_is_of_no_origin_either(self, browser: Browser, client: Client) -> None:
        script = "<p>begun</p><script>document.write(origin); document.write(document.cookie)</script>"
        address = command_page(client, f"displayHTML({script!r})")
        with opened(browser, link(client)) as seen:
            seen.page.goto(client.url + address)
            seen.follow(seen.page.get_by_role("link", name="Open display 1 alone"))
            seen.page.get_by_text("begun").wait_for()
            assert seen.page.locator("body").inner_text().split() == ["begun", "null"]
            # In the frame before, and in the window: each is the error of its script.
            assert ["'cookie'" in text and "sandboxed" in text for text in seen.errors] == [True, True]

    def test_the_quality_report_works(self, browser: Browser, client: Client, report: str) -> None:
        address = command_page(client, f"{report}\ndisplayHTML(report)\ndisplay(Report())")
        for scheme, width in LOOKS:
            with opened(browser, link(client), scheme=scheme, width=width) as seen:
                seen.page.goto(client.url + address)
                frames = seen.page.locator("iframe")
                assert frames.count() == 2
                for inside in (
                    frames.nth(0).content_frame,
                    frames.nth(1).content_frame.frame_locator("iframe"),
                ):
                    inside.get_by_label("Search tables and columns").fill("ORD")
                    assert inside.locator("#table-list tbody tr:visible").count() == 1
                assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
                assert (seen.requests, seen.errors) == ([], [])

    def test_a_picture_is_drawn_under_the_policy_of_the_page(self, browser: Browser, client: Client) -> None:
        wide = binascii.b2a_base64(png_of(2000, 1), newline=False).decode()
        address = command_page(client, DRAWS_PNG.format(wide) + "display(picture)")
        for scheme, width in LOOKS:
            with opened(browser, link(client), scheme=scheme, width=width) as seen:
                seen.page.goto(client.url + address)
                drawn = seen.page.get_by_role("img", name="Picture 1 of this command, 2000 by 1 pixels")
                assert drawn.evaluate("image => image.decode().then(() => image.naturalWidth)") == 2000
                assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
                assert (seen.violations(), seen.requests, seen.errors) == ([], [], [])

    def test_a_notebook(self, browser: Browser, client: Client) -> None:
        run = client.run(create(client, put(client, "/Shared/n", "displayHTML('<h1>Of a notebook</h1>')")))
        with opened(browser, link(client)) as seen:
            seen.page.goto(f"{client.url}/jobs/{run['job_id']}/runs/{run['run_id']}")
            inside = seen.page.frame_locator("iframe")
            assert inside.get_by_role("heading").inner_text() == "Of a notebook"
            assert (seen.violations(), seen.requests, seen.errors) == ([], [], [])


class TestButtons:
    """buttons "run now" and "cancel" """

    def test_a_run_is_started_and_cancelled(self, browser: Browser, client: Client) -> None:
        client.send("POST", "/api/2.0/dbfs/delete", b'{"path": "/go"}')
        with opened(browser, link(client)) as seen:
            seen.page.goto(f"{client.url}/jobs/{client.flat_job(SLOW)}")
            seen.follow(seen.page.get_by_role("button", name="Run now"))
            seen.page.get_by_text("it has begun").wait_for()
            assert seen.violations() == []
            seen.follow(seen.page.get_by_role("button", name="Cancel this run"))
            seen.page.locator(STATE, has_text="CANCELLED").wait_for()
            seen.page.get_by_role("button", name="Run the job again").wait_for()


class TestFaults:
    """a fault switched on and seen"""

    def test_is_switched_on_seen_and_off(self, browser: Browser, client: Client) -> None:
        with opened(browser, link(client)) as seen:
            seen.page.goto(f"{client.url}/faults")
            seen.follow(seen.page.get_by_role("button", name="Switch output-500 on"))
            seen.page.get_by_role("button", name="Switch all off").wait_for()
            assert client.send("GET", "/api/2.1/jobs/runs/get-output?run_id=1").status == 500
            seen.page.goto(f"{client.url}/journal")
            assert "output-500" in seen.page.locator("tbody tr").first.inner_text()
            seen.page.goto(f"{client.url}/faults")
            seen.follow(seen.page.get_by_role("button", name="Switch all off"))
            seen.page.get_by_text("No rule is on").wait_for()
            assert client.send("GET", "/api/2.1/jobs/runs/get-output?run_id=1").status == 400


class TestWorkspaces:
    """a list of workspaces, which says which is current, switches, signs out of one"""

    @pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
    def test_switched_to_and_signed_out_of(self, browser: Browser, client: Client, script: bool) -> None:  # noqa: FBT001
        with opened(browser, link(client), script=script) as seen:
            whose = seen.page.locator("header .quiet").inner_text()
            seen.page.goto(f"{client.url}/workspaces")
            seen.page.get_by_label("Token").fill("dapi-of-another-workspace")
            seen.follow(seen.page.get_by_role("button", name="Sign in"))
            other = seen.page.locator("header .quiet").inner_text()
            assert other != whose
            seen.follow(seen.page.locator("header .quiet a"))
            seen.follow(seen.page.get_by_role("button", name=f"Switch to {whose.split()[1]}"))
            assert seen.page.locator("header .quiet").inner_text() == whose
            seen.follow(seen.page.locator("header .quiet a"))
            seen.follow(seen.page.get_by_role("button", name=f"Sign out of {whose.split()[1]}"))
            assert seen.page.locator("header .quiet").inner_text() == other
            assert (seen.requests, seen.errors) == ([], [])


class TestForcedColors:
    """in the high contrast of the system: bars and their legend, the graph and the marks can be told apart"""

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_bars_have_the_colors_of_their_legend_and_all_has_a_line(
        self, browser: Browser, client: Client, scheme: str
    ) -> None:
        (run,) = client.get("/api/2.2/jobs/runs/list?limit=1")["runs"]
        with opened(browser, link(client), scheme=scheme) as seen:
            seen.page.emulate_media(forced_colors="active")
            seen.page.goto(f"{client.url}/jobs/{run['job_id']}/runs/{run['run_id']}")
            legend, bars = seen.page.evaluate(COLORS)
            assert len({*legend.values()}) == len(legend) == 4
            for kind, color in bars.items():
                assert color == legend[kind]
            for part in (".state", ".timeline rect", ".drawing .box rect"):
                assert seen.page.locator(part).first.evaluate(IS_OUTLINED), part
            seen.page.emulate_media(forced_colors="none")


class TestNarrow:
    """At 400 % zoom, 320 pixels: what is said of a table is read without moving it sideways."""

    def test_a_caption_is_as_wide_as_the_window(self, browser: Browser, client: Client) -> None:
        with opened(browser, link(client), width=320) as seen:
            for address in ("/faults", "/journal", "/states"):
                seen.page.goto(client.url + address)
                for caption in seen.page.locator("caption").all():
                    box = caption.bounding_box()
                    assert box is not None
                    assert box["x"] + box["width"] <= 320, (address, caption.inner_text())


class TestKeyboard:
    """keyboard and screen reader"""

    def test_the_first_stop_leads_to_the_content(self, browser: Browser, client: Client) -> None:
        with opened(browser, link(client)) as seen:
            seen.page.keyboard.press("Tab")
            seen.page.keyboard.press("Enter")
            assert seen.page.evaluate("document.activeElement.id") == "content"
