"""The pages of a workspace, over HTTP: what each shows, and what none may have."""

from __future__ import annotations

import itertools
import json
import os
import re
import secrets
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any, Callable, Iterator
from urllib.parse import urljoin, urlsplit

import pytest

from fake_databricks.jobs.lifecycle import TRANSITIONS, Event
from fake_databricks.ui.site import STATIC
from fake_databricks.web.pages.fault_page import READY
from fake_databricks.web.pages.routes import PAGES
from tests.fake.browsing import Browser, Seen
from tests.fake.conftest import Client
from tests.fake.png import DRAWS_PNG, PNG, TEXT
from tests.fake.test_commands import guide
from tests.fake.test_notebooks import create, put
from tests.waiting import LONGEST, PAUSE

if TYPE_CHECKING:
    from fake_databricks.server import FakeDatabricks

HOSTILE = "</td></script><script>alert(1)</script>\"'&amp; {{7*7}} \u202eRTL\u200f\nnew line \x1b[31m"
SECRET = "pa'ss\"wörd\\1"
PROGRAM = f"""
import sys
secret = bytes.fromhex("{SECRET.encode().hex()}").decode()
print({HOSTILE!r}, secret, *sys.argv[1:])
raise ValueError({HOSTILE!r} + secret)
"""
EXCHANGES = 40
SLOW = """
import os, time
print("it has begun", flush=True)
while not os.path.exists("/dbfs/go"):
    time.sleep(0.01)
print("it goes on")
"""


DISPLAYS, PICTURES = "/displays/", "/pictures/"
"""What programs have drawn, which is no page."""
DRAWN = (DISPLAYS, PICTURES)


def crawl(browser: Browser) -> dict[str, Seen]:
    """Open the first page and all that links and frames of pages lead to, but no more than some exchanges."""
    seen: dict[str, Seen] = {}
    todo = ["/"]
    while todo:
        address = todo.pop(0)
        if address in seen or (
            address.startswith("/journal")
            and sum(other.startswith("/journal") for other in seen) >= EXCHANGES
        ):
            continue
        seen[address] = browser.get(address)
        if address.startswith(DRAWN):
            continue
        found = [item.attributes["href"] for item in seen[address].page.all("a")]
        found += [item.attributes["src"] for item in seen[address].page.all("iframe", "img")]
        todo += [urljoin(address, href).partition("#")[0] for href in found]
    return seen


@pytest.fixture(scope="module", name="workspace")
def _workspace(server: FakeDatabricks) -> Iterator[Client]:
    """A workspace in which everything has a hostile name, and a secret is in everything."""
    client = Client(server.url, f"dapi{secrets.token_hex(16)}", server.cluster_id)
    client.post("/api/2.0/secrets/scopes/create", scope="the-scope", initial_manage_principal="users")
    client.post("/api/2.0/secrets/put", scope="the-scope", key="the-key", string_value=SECRET)
    flat = client.flat_job(PROGRAM, HOSTILE, SECRET, name=HOSTILE, tags={HOSTILE: SECRET})
    client.run(flat)
    client.run(flat, python_params=["override", "<script>"])
    source = "import json; print(1)"
    client.run(
        client.tasks_job(
            {"task_key": "first", "source": source},
            {"task_key": "left", "source": PROGRAM, "depends_on": [{"task_key": "first"}], "max_retries": 1},
            {"task_key": "right", "source": source, "depends_on": [{"task_key": "first"}]},
            {
                "task_key": "last",
                "source": source,
                "depends_on": [{"task_key": "left"}, {"task_key": "right"}],
            },
            name=f"tasks {HOSTILE}",
            parameters=[{"name": "p", "default": HOSTILE}],
        )
    )
    client.run(create(client, put(client, "/Shared/notebook", f"displayHTML({HOSTILE!r})")))
    client.wait_for(f"/api/2.0/clusters/get?cluster_id={client.cluster_id}", "state", "RUNNING")
    guide(client, f"displayHTML({HOSTILE!r} + bytes.fromhex('{SECRET.encode().hex()}').decode())")
    guide(client, DRAWS_PNG.format(TEXT) + "display(picture)")
    client.program('/folder/<i>text</i> \u202e".txt', f"{HOSTILE} {SECRET}")
    client.send("PUT", "/api/2.0/fs/files/Volumes/a/b/c/none.bin?overwrite=true", b"\0\xff")
    client.send("GET", "/api/2.1/<script>/%3Cb%3E?x=<script>", b"", {"X-Note": "<script>", "X-Secret": "x"})
    client.post("/_fake/faults", name=HOSTILE, pattern="GET /<script>*", status_code=500)
    cluster = {"spark_version": "15.4.x-scala2.12", "node_type_id": "local.2", "num_workers": 0}
    made = client.post("/api/2.0/clusters/create", cluster_name=HOSTILE, **cluster)["cluster_id"]
    client.wait_for(f"/api/2.0/clusters/get?cluster_id={made}", "state", "RUNNING")
    client.post("/api/2.0/clusters/delete", cluster_id=made)
    yield client
    client.send("POST", "/_fake/reset")


@pytest.fixture(scope="module", name="every_answer")
def _every_answer(workspace: Client) -> dict[str, Seen]:
    return crawl(Browser(workspace).sign_in())


@pytest.fixture(scope="module", name="every_page")
def _every_page(every_answer: dict[str, Seen]) -> dict[str, Seen]:
    return {address: seen for address, seen in every_answer.items() if not address.startswith(DRAWN)}


@pytest.fixture(name="browser")
def _browser(client: Client) -> Browser:
    return Browser(client).sign_in()


def wait_for(browser: Browser, address: str, is_so: Callable[[Seen], bool]) -> Seen:
    end = time.monotonic() + LONGEST
    while True:
        seen = browser.get(address)
        if is_so(seen):
            return seen
        assert time.monotonic() < end, seen.text
        time.sleep(PAUSE)


class TestEveryPage:
    """every page works without script; accessible; CSP without `unsafe-inline`, no network"""

    def test_every_link_of_a_page_leads_to_a_page(self, every_answer: dict[str, Seen]) -> None:
        assert {address: seen.status for address, seen in every_answer.items() if seen.status != 200} == {}
        paths = [urlsplit(address).path for address in every_answer]
        assert [page.path for page in PAGES if not any(page.match(path) is not None for path in paths)] == []

    def test_the_policy_has_no_exception(self, every_page: dict[str, Seen]) -> None:
        for seen in every_page.values():
            headers = seen.answer.headers
            policy = headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert policy.partition("frame-ancestors 'none'")[2] in ("", "; frame-src 'self'")
            assert headers["x-frame-options"] == "DENY"
            assert headers["content-type"] == "text/html; charset=utf-8"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"

    def test_no_page_has_a_script_or_a_style_in_it(self, every_page: dict[str, Seen]) -> None:
        for seen in every_page.values():
            page = seen.page
            assert [(item.attributes, item.text) for item in page.all("script")] == [
                ({"src": "/static/pages.js", "defer": ""}, "")
            ]
            assert page.all("style", "frame", "object", "embed", "portal", "base") == []
            assert [item for item in page.all("img") if not item.attributes["src"].startswith(PICTURES)] == []
            names = {name for item in page.elements for name in item.attributes}
            assert [name for name in names if name in ("style", "srcdoc") or name.startswith("on")] == []

    def test_the_only_frames_are_sandboxed_and_of_no_origin(self, every_answer: dict[str, Seen]) -> None:
        """HTML of a user's program must not be able to act on the page or the API"""
        framed = []
        for address, seen in every_answer.items():
            if address.startswith(DISPLAYS):
                policy = seen.answer.headers["content-security-policy"]
                assert policy.startswith("sandbox allow-scripts; default-src 'none';")
                assert policy.endswith("form-action 'none'; base-uri 'none'; frame-ancestors 'self'")
                assert not {"connect-src", "frame-src", "worker-src", "*"} & set(
                    policy.replace(";", " ").split()
                )
                continue
            if address.startswith(PICTURES):
                continue
            frames = seen.page.all("iframe")
            allowed = "frame-src 'self'" in seen.answer.headers["content-security-policy"]
            assert allowed or frames == []
            assert all(item.attributes.keys() == {"src", "sandbox", "title"} for item in frames)
            assert all(item.attributes["sandbox"] == "allow-scripts" for item in frames)
            framed += [item.attributes["src"] for item in frames]
        assert sorted(framed) == sorted(path for path in every_answer if path.startswith(DISPLAYS))
        assert len(framed) == 2

    def test_the_only_pictures_are_pngs_of_this_server(self, every_answer: dict[str, Seen]) -> None:
        drawn = [
            item.attributes["src"]
            for address, seen in every_answer.items()
            if not address.startswith(DRAWN)
            for item in seen.page.all("img")
        ]
        assert drawn == [path for path in every_answer if path.startswith(PICTURES)]
        (answer,) = [every_answer[path].answer for path in drawn]
        assert (answer.headers["content-type"], answer.content) == ("image/png", PNG)
        policies = {seen.answer.headers["content-security-policy"] for seen in every_answer.values()}
        assert {part.strip() for policy in policies for part in policy.split(";") if "img-src" in part} == {
            "img-src 'self'",
            "img-src data:",  # in the frames of what programs draw
        }

    def test_no_address_is_of_another_server(self, every_page: dict[str, Seen]) -> None:
        for seen in every_page.values():
            for name in ("href", "src", "action"):
                found = [item.attributes[name] for item in seen.page.having(name)]
                assert [address for address in found if not re.match(r"/(?!/)|#", address)] == []

    def test_what_a_page_loads_is_there(self, browser: Browser) -> None:
        for file in STATIC.iterdir():
            answer = browser.get(f"/static/{file.name}", Accept="*/*").answer
            assert (answer.status, answer.content) == (200, file.read_bytes())
            assert "url(" not in file.read_text("utf-8")
        assert browser.get("/static/nothing.js").status == 404

    def test_landmarks_and_headings(self, every_page: dict[str, Seen]) -> None:
        for seen in every_page.values():
            page = seen.page
            assert page.all("html")[0].attributes["lang"] == "en"
            for tag in ("main", "header", "nav", "h1", "title"):
                assert len([item for item in page.all(tag) if not item.is_in("svg")]) == 1
            levels = [int(item.tag[1]) for item in page.all(*(f"h{level}" for level in range(1, 7)))]
            assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
            (skip,) = [item for item in page.having("class") if item.attributes["class"] == "skip"]
            assert page.one(skip.attributes["href"][1:]).tag == "main"

    def test_tables_have_captions_and_heads(self, every_page: dict[str, Seen]) -> None:
        for seen in every_page.values():
            page = seen.page
            captions = [item for item in page.all("caption") if item.text.strip()]
            assert len(captions) == len(page.all("table"))
            assert all(item.attributes.get("scope") in ("col", "row") for item in page.all("th"))

    def test_fields_and_buttons_have_names(self, every_page: dict[str, Seen]) -> None:
        for seen in every_page.values():
            page = seen.page
            labels = {item.attributes["for"] for item in page.all("label")}
            fields = [item for item in page.all("input", "select") if item.attributes.get("type") != "hidden"]
            assert {item.attributes["id"] for item in fields} <= labels
            assert all(
                item.text.strip() for item in page.all("button", "a", "summary") if not item.is_in("svg")
            )
            assert all(item.attributes["aria-label"] for item in page.all("svg", "nav"))

    def test_each_id_is_there_once_and_each_fragment_leads_to_one(self, every_page: dict[str, Seen]) -> None:
        for seen in every_page.values():
            ids = [item.attributes["id"] for item in seen.page.having("id")]
            assert sorted(ids) == sorted(set(ids))
            inside = [item.attributes["href"] for item in seen.page.all("a")]
            assert {address[1:] for address in inside if address.startswith("#")} <= set(ids)


class TestHostileValues:
    """Every value is escaped (job names, logs, parameters, tenants, file names with `<script>`, ...)"""

    def test_they_are_text(self, every_page: dict[str, Seen]) -> None:
        whole = HOSTILE.split("\n", maxsplit=1)[0]
        shown = [address for address, seen in every_page.items() if whole in seen.page.all("html")[0].text]
        for kind in ("/", "/jobs", "/jobs/12345", "/runs", "/jobs/12345/runs/98765", "/faults", "/clusters"):
            assert kind in shown
        assert len([address for address in shown if address.startswith("/clusters/")]) == 1
        assert [address for address in shown if address.startswith("/journal/")] != []
        assert len([address for address in shown if address.startswith("/files/dbfs?path=")]) == 1

    def test_templates_are_not_filled_twice(self, every_page: dict[str, Seen]) -> None:
        assert [address for address, seen in every_page.items() if "&amp; 49 " in seen.text] == []

    def test_control_characters_are_pictures(self, every_page: dict[str, Seen]) -> None:
        for seen in every_page.values():
            assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f]", seen.source) == []
        assert "␛[31m" in every_page["/jobs/12345/runs/98765"].text

    def test_no_secret_is_in_any_page(
        self, every_page: dict[str, Seen], every_answer: dict[str, Seen]
    ) -> None:
        written = {SECRET, json.dumps(SECRET)[1:-1], json.dumps(SECRET, ensure_ascii=False)[1:-1]}
        written |= {SECRET.replace("'", "'\"'\"'"), SECRET.replace('"', "").replace("'", "")}
        for seen in (seen for address, seen in every_answer.items() if address.startswith(DISPLAYS)):
            assert "wörd" not in seen.source
            assert HOSTILE.encode() == seen.answer.content.replace(b"[REDACTED]", b"")
        for address, seen in every_page.items():
            text = seen.page.all("html")[0].text
            assert [form for form in written if form in text] == [], address
            assert "wörd" not in text, address
        assert "[REDACTED]" in every_page["/jobs/12345/runs/98765"].text
        assert "the-key" in every_page["/secrets"].text
        exchanges = [seen.text for address, seen in every_page.items() if address.startswith("/journal/")]
        puts = [text for text in exchanges if "/api/2.0/dbfs/put" in text]
        assert [text for text in puts if text.count("[REDACTED]") == 4] != []  # header, body, command twice


class TestRuns:
    """a run: its states as a time line, parameters, tasks, logs as they come, output, error and trace"""

    def test_a_run_moves_on(self, browser: Browser) -> None:
        job_id = browser.client.flat_job(SLOW, "--one", name="slow")
        run_id = browser.client.post("/api/2.1/jobs/run-now", job_id=job_id)["run_id"]
        address = f"/jobs/{job_id}/runs/{run_id}"
        seen = wait_for(browser, address, lambda found: "it has begun" in found.text)
        assert seen.page.one("summary").text.split()[0] == "RUNNING"
        assert "it goes on" not in seen.text
        (again,) = [item for item in seen.page.all("meta") if item.is_in("noscript")]
        assert again.attributes == {"http-equiv": "refresh", "content": "2"}
        assert seen.page.all("body")[0].attributes["data-live"] == "1000"
        assert "so far" in seen.page.one("time").text or "so far" in seen.page.one("summary").text
        assert "RUNNING" in browser.get("/").page.one(f"job/{job_id}/run/{run_id}").text

        browser.client.program("/go", "x")
        browser.client.wait(run_id)
        seen = browser.get(address)
        assert "it has begun it goes on" in seen.text
        assert seen.page.one("summary").text.split()[0] == "SUCCESS"
        assert seen.page.all("noscript") == []
        assert "data-live" not in seen.page.all("body")[0].attributes
        assert '"--one"' in seen.text
        assert browser.get("/runs?show=active").page.all("tbody")[0].text.strip() == "There is no run."

    def test_nothing_runs_between_a_run_and_its_repair(self, browser: Browser) -> None:
        client = browser.client
        run = client.run(client.flat_job("print(1)"))
        client.post("/_fake/clock", advance_seconds=7200)
        client.post("/api/2.1/jobs/runs/repair", run_id=run["run_id"], rerun_tasks=["a_job"])
        client.wait(run["run_id"])
        link = f"/jobs/{run['job_id']}/runs/{run['run_id']}"
        summary = browser.get(link).page.one("summary").text
        assert summary.count("Running") == 2
        assert " h " not in summary
        assert " h " not in browser.get("/runs").page.one(f"job/{run['job_id']}/run/{run['run_id']}").text

    def test_the_address_that_the_api_names_leads_to_it(self, browser: Browser) -> None:
        run = browser.client.run(browser.client.flat_job("print(1)"))
        address, _, fragment = run["run_page_url"].partition("#")
        assert address.startswith(f"{browser.client.url}/?o=")
        row = browser.get(address.removeprefix(browser.client.url)).page.one(fragment)
        assert row.tag == "tr"
        link = f"/jobs/{run['job_id']}/runs/{run['run_id']}"
        assert f'href="{link}"' in browser.get("/").source
        assert browser.get(link).status == 200

    def test_what_has_failed_has_error_and_trace(self, every_page: dict[str, Seen]) -> None:
        (address,) = [path for path in every_page if re.fullmatch(r"/jobs/12346/runs/\d+", path)]
        page = every_page[address].page
        blocks = {item.attributes["aria-label"].partition(" of ")[0] for item in page.all("pre")}
        assert {"Error", "Trace", "Logs"} <= blocks
        assert page.one("summary").text.count("ValueError: ") == 2  # one of each attempt
        attempts = [item for item in page.all("section") if item.attributes.get("class") == "attempt"]
        states = [item.text.split()[:3] for item in attempts]
        assert [words for words in states if words[0] == "left" and "attempt" in words] != []
        assert sum(words[0] == "left" for words in states) == 2

    def test_the_graph_has_each_task_and_what_it_waits_for(self, every_page: dict[str, Seen]) -> None:
        (address,) = [path for path in every_page if re.fullmatch(r"/jobs/12346/runs/\d+", path)]
        page = every_page[address].page
        graph = [item for item in page.elements if item.is_in("section") and item.is_in("svg")]
        titles = [item.text for item in graph if item.tag == "title"]
        assert "first: SUCCESS" in titles
        assert "left: FAILED, 2 attempts" in titles
        assert "last: UPSTREAM_FAILED" in titles
        links = [item.attributes["href"] for item in graph if item.tag == "a"]
        assert all(page.one(href[1:]).attributes["class"] == "attempt" for href in links)
        assert len(links) == 4

    def test_the_number_of_an_attempt_leads_to_its_run(self, browser: Browser) -> None:
        job_id = browser.client.tasks_job({"task_key": "a", "source": "1"})
        run = browser.client.run(job_id)
        attempt = run["tasks"][0]["run_id"]
        answer = browser.get(f"/jobs/1/runs/{attempt}").answer
        assert answer.headers["location"] == f"/jobs/{job_id}/runs/{run['run_id']}#attempt-{attempt}"
        assert browser.get(answer.headers["location"].partition("#")[0]).page.one(f"attempt-{attempt}")

    def test_iterations_of_a_loop_are_below_it(self, browser: Browser) -> None:
        path = browser.client.program("/each.py", "import sys; print('got', sys.argv[1])")
        inner = {
            "task_key": "inner",
            "existing_cluster_id": browser.client.cluster_id,
            "spark_python_task": {"python_file": path, "parameters": ["{{input}}"]},
        }
        loop = {"task_key": "loop", "for_each_task": {"inputs": '["x", "y"]', "task": inner}}
        job_id = browser.client.post("/api/2.2/jobs/create", name="loop", tasks=[loop])["job_id"]
        run = browser.client.run(job_id)
        text = browser.get(f"/jobs/{job_id}/runs/{run['run_id']}").text
        assert "got x" in text
        assert "got y" in text

    def test_of_many_attempts_those_that_failed_are_shown(self, browser: Browser) -> None:
        condition = {"left": "1", "right": "1", "op": "EQUAL_TO"}
        fine = [{"task_key": f"c{number}", "condition_task": condition} for number in range(101)]
        wrong = [
            {"task_key": f"t{number}", "condition_task": {**condition, "left": "x", "op": "GREATER_THAN"}}
            for number in range(4)
        ]
        job_id = browser.client.post("/api/2.2/jobs/create", name="x", tasks=[*fine, *wrong])["job_id"]
        run = browser.client.run(job_id)
        seen = browser.get(f"/jobs/{job_id}/runs/{run['run_id']}")
        assert "5 attempts are not shown" in seen.text
        attempts = [item.text.split()[0] for item in seen.page.all("h3")]
        assert {"t0", "t1", "t2", "t3", "c95"} <= set(attempts)
        assert attempts.count("c96") == 1  # its parameters alone
        ids = {item.attributes["id"] for item in seen.page.having("id")}
        links = {item.attributes["href"] for item in seen.page.all("a")}
        assert {link[1:] for link in links if link.startswith("#")} <= ids

    def test_a_long_output_is_cut_and_says_so(self, browser: Browser) -> None:
        job_id = browser.client.flat_job("print('x' * 300_000 + 'end')")
        run = browser.client.run(job_id)
        seen = browser.get(f"/jobs/{job_id}/runs/{run['run_id']}")
        assert "characters before it are left out" in seen.text
        assert len(seen.source) < 250_000
        assert "xend" in seen.text

    @pytest.mark.parametrize(
        "address", ["/jobs/1/runs/1", "/jobs/x", "/clusters/none", "/journal/9", "/files/x"]
    )
    def test_what_is_not_there_is_said(self, browser: Browser, address: str) -> None:
        seen = browser.get(address)
        assert seen.status in (400, 404)
        assert len(seen.page.all("main")[0].text.split()) > 4


class TestJournal:
    """the journal (each exchange with a `curl` that repeats it, the token replaced by $DATABRICKS_TOKEN)"""

    @pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/api/2.0/secrets/scopes/create", {"scope": "a'b", "initial_manage_principal": "users"}),
            ("POST", "/api/2.0/dbfs/put", {"path": '/o\'x "y" $HOME\n\tü', "contents": "eA=="}),
            ("GET", "/api/2.0/dbfs/list?path=/%5Bx%5D&a={b}", {}),
            ("GET", "/api/2.0/fs/files/Volumes/a/b/c/100%25%20%3F%23%C3%BC", {}),
            ("GET", "/api/2.0/fs/files/Volumes/a/b/./%2e%2e/c", {}),
            ("POST", "/api/2.0/dbfs/put", b"@/etc/passwd"),
            ("PUT", "/api/2.0/fs/files/Volumes/a/b/c/d?overwrite=true", b"PK\x03\x04\0 %d 'x' \\n\r\n\xff1"),
        ],
    )
    def test_the_command_repeats_the_request(
        self, browser: Browser, method: str, path: str, body: dict[str, Any] | bytes
    ) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        browser.client.send(method, path, content if body else b"", {"Content-Type": "application/json"})
        page = browser.get("/journal/1").page
        (command,) = [
            item for item in page.all("pre") if item.attributes["aria-label"].startswith("A command")
        ]
        assert browser.client.token not in command.text
        variables = {"DATABRICKS_HOST": browser.client.url, "DATABRICKS_TOKEN": browser.client.token}
        ran = subprocess.run(
            ["/bin/bash", "-c", f"curl() {{ command curl --silent --noproxy '*' \"$@\"; }}\n{command.text}"],
            env={**os.environ, **variables},
            capture_output=True,
            check=True,
        )
        once, again = browser.client.get("/_fake/journal")["entries"]
        same = ("method", "path", "request", "is_known")
        assert [again[name] for name in same] == [once[name] for name in same]
        assert json.loads(ran.stdout or "null") == again["response"]

    def test_it_can_be_searched_and_goes_on(self, browser: Browser) -> None:
        for number in range(102):
            browser.client.send("GET", f"/api/2.0/dbfs/list?path=/{number}")
        browser.client.send("POST", "/api/2.1/jobs/list")
        page = browser.get("/journal").page
        assert len(page.all("tbody")[0].text.split("/api/")) == 101
        (older,) = [item for item in page.all("a") if item.text == "Older exchanges"]
        rest = browser.get(older.attributes["href"]).page
        assert len(rest.all("tbody")[0].text.split("/api/")) == 4
        found = browser.get("/journal?method=POST&path=jobs").page
        assert len(found.all("tbody")[0].text.split("/api/")) == 2
        assert "There is no such call." in found.text


class TestFaults:
    """fault rules to switch on and off"""

    def test_one_that_stands_ready_is_switched_on_and_seen_and_off(self, browser: Browser) -> None:
        answer = browser.post("/faults", {"action": "on", "name": "output-500"}).answer
        assert (answer.status, answer.headers["location"]) == (303, "/faults")
        assert browser.client.send("GET", "/api/2.1/jobs/runs/get-output?run_id=1").status == 500
        seen = browser.get("/faults")
        assert "output-500 GET /api/*/jobs/runs/get-output answers 500 always 1" in seen.text
        assert "output-500" in browser.get("/journal").text
        browser.post("/faults", {"action": "off", "name": "output-500"})
        assert browser.client.send("GET", "/api/2.1/jobs/runs/get-output?run_id=1").status == 400

    @pytest.mark.parametrize("rule", READY.values(), ids=[str(rule["name"]) for rule in READY.values()])
    def test_each_that_stands_ready_is_one(self, browser: Browser, rule: dict[str, Any]) -> None:
        browser.post("/faults", {"action": "on", "name": str(rule["name"])})
        (added,) = browser.client.get("/_fake/faults")["faults"]
        assert {name: added[name] for name in rule} == {**rule, "pattern": rule["pattern"]}

    def test_one_of_ones_own(self, browser: Browser) -> None:
        fields = {"pattern": "GET /api/*", "status_code": "503", "times": "3", "offset": "", "delay_ms": " "}
        more = {"after_handler": "1", "message": "no", "retry_after": "7", "name": ""}
        assert browser.post("/faults", {"action": "add", **fields, **more}).status == 303
        (added,) = browser.client.get("/_fake/faults")["faults"]
        assert (added["status_code"], added["times"], added["after_handler"]) == (503, 3, True)
        assert (added["body"], added["headers"]) == (
            {"error_code": "FAULT", "message": "no"},
            {"Retry-After": "7"},
        )
        browser.post("/faults", {"action": "all-off"})
        assert browser.client.get("/_fake/faults") == {"faults": []}

    @pytest.mark.parametrize(
        "fields",
        [
            {"action": "add", "pattern": "x", "status_code": "503"},
            {"action": "on", "name": "nothing"},
            {"action": "off", "name": ""},
            {},
        ],
    )
    def test_a_wrong_one_is_said(self, browser: Browser, fields: dict[str, str]) -> None:
        browser.client.post("/_fake/faults", name="stays", pattern="/x", status_code=500)
        assert browser.post("/faults", fields).status == 400
        assert [fault["name"] for fault in browser.client.get("/_fake/faults")["faults"]] == ["stays"]


class TestButtons:
    """run now and cancel, with the same protection as the fault switches"""

    def test_a_run_is_started_with_the_parameters_of_the_job(self, browser: Browser) -> None:
        job_id = browser.client.flat_job("import sys; print(sys.argv[1:])", "--one", name="started by hand")
        (form,) = [item for item in browser.get(f"/jobs/{job_id}").page.all("form") if item.text == "Run now"]
        assert (form.attributes["method"], form.attributes["action"]) == ("post", "/runs")
        answer = browser.post("/runs", {"action": "run-now", "job_id": str(job_id)}).answer
        assert answer.status == 303
        seen = wait_for(browser, answer.headers["location"], lambda found: "SUCCESS" in found.text)
        assert "['--one']" in seen.text
        assert "Run the job again" in seen.text
        assert "Cancel this run" not in seen.text

    def test_a_run_is_cancelled(self, browser: Browser) -> None:
        job_id = browser.client.flat_job("import time; time.sleep(600)")
        run_id = browser.client.post("/api/2.1/jobs/run-now", job_id=job_id)["run_id"]
        address = f"/jobs/{job_id}/runs/{run_id}"
        assert "Cancel this run" in browser.get(address).text
        answer = browser.post("/runs", {"action": "cancel", "run_id": str(run_id)}).answer
        assert (answer.status, answer.headers["location"]) == (303, address)
        wait_for(browser, address, lambda found: "CANCELLED" in found.text)

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({"action": "run-now", "job_id": "1"}, 400),
            ({"action": "run-now", "job_id": "<b>"}, 404),
            ({"action": "cancel", "run_id": "1"}, 400),
            ({"action": "cancel"}, 404),
            ({"action": "delete", "run_id": "1"}, 400),
            ({}, 400),
        ],
    )
    def test_a_wrong_form_is_refused(self, browser: Browser, fields: dict[str, str], status: int) -> None:
        assert browser.post("/runs", fields).status == status

    @pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site", "Origin": "null"}, {"Cookie": ""}])
    def test_nobody_else_may(self, browser: Browser, headers: dict[str, str]) -> None:
        job_id = browser.client.flat_job("print(1)")
        status = browser.post("/runs", {"action": "run-now", "job_id": str(job_id)}, **headers).status
        assert status in (401, 403)
        assert "runs" not in browser.client.get(f"/api/2.1/jobs/runs/list?job_id={job_id}")


class TestCommands:
    """pages for SQL statements and execution contexts (commands)"""

    def test_a_command_with_its_context_and_output(self, browser: Browser) -> None:
        client, of = browser.client, {"clusterId": browser.client.cluster_id, "language": "python"}
        client.wait_for(f"/api/2.0/clusters/get?cluster_id={client.cluster_id}", "state", "RUNNING")
        context = client.post("/api/1.2/contexts/create", **of)["id"]
        sent = {**of, "contextId": context}
        for source in ("print('<b>' * 2)", "1 / 0"):
            client.post("/api/1.2/commands/execute", command=source, **sent)
        page = wait_for(browser, "/commands", lambda found: found.text.count("Finished") == 2).page
        failed, done = [item.text for item in page.all("tr") if "Finished" in item.text]
        assert ("<b><b>" in done, "ZeroDivisionError" in failed) == (True, True)
        assert context in page.one("contexts").text

    def test_without_any_it_says_so(self, browser: Browser) -> None:
        text = browser.get("/commands").text
        for name in ("statement", "context", "command"):
            assert f"There is no {name}." in text


class TestTheRest:
    """files, secrets by scope and name only, clusters with state and packages, the state machine's picture"""

    def test_files(self, browser: Browser) -> None:
        browser.client.program("/a/b.txt", "the content")
        browser.client.send("PUT", "/api/2.0/fs/files/Volumes/m/n/o/x.bin", b"\0")
        browser.client.send("PUT", "/api/2.0/fs/files/Volumes/m/n/o/large.txt", b"x" * 100_001)
        assert "b.txt" in browser.get("/files/dbfs?path=/a").text
        assert "the content" in browser.get("/files/dbfs?path=/a/b.txt").text
        for name in ("x.bin", "large.txt"):
            assert "Only texts" in browser.get(f"/files/volumes?path=/m/n/o/{name}").text
        assert "Shared/" in browser.get("/files/workspace").text
        assert browser.get("/files/dbfs?path=/../../../etc/passwd").status == 404

    def test_a_cluster_and_its_packages(self, browser: Browser) -> None:
        client, library = browser.client, {"pypi": {"package": "no-such-package-anywhere==1 --no-index"}}
        client.wait_for(f"/api/2.0/clusters/get?cluster_id={client.cluster_id}", "state", "RUNNING")
        client.post("/api/2.0/libraries/install", cluster_id=client.cluster_id, libraries=[library])
        address = f"/clusters/{client.cluster_id}"
        seen = wait_for(browser, address, lambda found: "FAILED" in found.text)
        assert "no-such-package-anywhere" in seen.page.one("libraries").text
        assert "RUNNING" in seen.page.one("state").text
        (table,) = [
            item
            for item in browser.get(f"{address}?packages=1").page.all("table")
            if "What pip lists" in item.text
        ]
        assert "pip" in table.text

    def test_the_states_are_those_of_the_table(self, browser: Browser) -> None:
        page = browser.get("/states").page
        rows = [item for item in page.all("tr") if item.is_in("tbody")]
        assert len(rows) == len(TRANSITIONS)
        drawn = [item.text for item in page.all("text")]
        for life, events in TRANSITIONS.items():
            assert life.value in drawn
            (row,) = [item for item in rows if item.text.startswith(life.value)]
            assert all(target.value in row.text for target in events.values())
        assert all(event.value in page.text for event in Event)
