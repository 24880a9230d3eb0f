"""What ``display`` and ``displayHTML`` show: over the API, on the pages, and nothing that acts on either."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any, Callable

import pytest

from fake_databricks.engine.inside import displays
from tests.fake.browsing import Browser
from tests.fake.test_commands import Real, guide
from tests.fake.test_notebooks import create, put

if TYPE_CHECKING:
    from tests.fake.conftest import Client

HOSTILE = "<h1>Drawn</h1><script>parent.document.title = 'taken'</script>"
DRAWS_ITSELF = """
class Chart:
    def _repr_html_(self):
        return "<svg>chart</svg>"
"""
SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; font-src data:; media-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


@pytest.fixture(name="browser")
def _browser(client: Client) -> Browser:
    return Browser(client).sign_in()


class TestOfValues:
    """`display(x)`: an object with `_repr_html_`, a DataFrame as a table as Databricks shows it"""

    def test_a_pandas_frame_is_a_table_without_its_index(self) -> None:
        pd = pytest.importorskip("pandas", reason="pandas is not installed")
        frame = pd.DataFrame({"a": [1, 2], "b": [0.5, None], "c": ["x", None], "d": [True, False]})
        assert displays.display_of(frame) == {
            "kind": "table",
            "schema": [["a", "bigint"], ["b", "double"], ["c", "string"], ["d", "boolean"]],
            "data": [[1, 0.5, "x", True], [2, None, None, False]],
            "truncated": False,
        }
        long = displays.display_of(pd.DataFrame({"a": range(displays.ROWS + 1)}))
        assert long is not None
        assert (len(long["data"]), long["truncated"]) == (displays.ROWS, True)

    def test_an_object_draws_itself(self) -> None:
        class Chart:
            def _repr_html_(self) -> str:
                return "<b>"

        class Silent:
            def _repr_html_(self) -> None:
                return None

        assert displays.display_of(Chart()) == {"kind": "html", "data": "<b>"}
        for value in (Silent(), Chart, "<b>", 1, None):
            assert displays.display_of(value) is None

    def test_a_table_is_printed_as_spark_does(self) -> None:
        shown = {
            "kind": "table",
            "schema": [["id", "bigint"], ["name", "string"]],
            "data": [[1, "a long one"], [None, True]],
            "truncated": True,
        }
        assert displays.text_of(shown).splitlines() == [
            "+----+----------+",
            "|id  |name      |",
            "+----+----------+",
            "|1   |a long one|",
            "|NULL|true      |",
            "+----+----------+",
            "only showing top 2 rows",
        ]

    def test_what_a_page_cannot_hold_is_said(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(displays, "MAX_CHARACTERS", 10)
        monkeypatch.setattr(displays, "MAX_DISPLAYS", 2)
        some = displays.Displays()
        some.shown += [{"kind": "html", "data": text} for text in ("x" * 6, "y" * 5, "z", "w")]
        assert [item["data"] for item in some.take()] == ["x" * 6, "z"]
        assert some.take() == []
        said = capsys.readouterr().out.splitlines()
        assert [line.partition(" is not")[0] for line in said] == [
            "*** WARNING: html of 5 characters",
            "*** WARNING: html of 1 characters",
        ]


@pytest.mark.process
class TestCommands:
    """`/api/1.2/commands/status` as Databricks: HTML comes as text, a table as rows with a schema"""

    def test_the_api_has_html_as_text(self, client: Client) -> None:
        real = Real(client)
        for source, data in (
            (f"displayHTML({HOSTILE!r})", HOSTILE),
            (f"print('first'); displayHTML('<b>1</b>')\n{DRAWS_ITSELF}\ndisplay(Chart())", None),
            (f"{DRAWS_ITSELF}\nChart()", "<svg>chart</svg>"),
            ("display('only text')", "only text"),
        ):
            results = real.wait(real.send(source))["results"]
            assert results == {
                "resultType": "text",
                "data": data or "first\n<b>1</b>\n<svg>chart</svg>",
            }
        assert guide(client, "displayHTML('<b>2</b>')")["results"]["data"] == "<b>2</b>"

    def test_the_api_has_a_table_as_rows(self, client: Client, browser: Browser) -> None:
        real = Real(client)
        source = """
class Kind:
    def __init__(self, name): self.name, self.dataType = name, self
    def simpleString(self): return "bigint"
class Frame:
    schema = None
    def __init__(self, rows): self.rows, self.schema = rows, type("S", (), {"fields": [Kind("n")]})
    def limit(self, count): return Frame(self.rows[:count])
    def collect(self): return self.rows
print("said")
display(Frame([(1,)]))
display(Frame([(2,)] * 1001))
"""
        command = real.send(source)
        results = real.wait(command)["results"]
        assert (results["resultType"], results["data"]) == ("table", [[2]] * 1000)
        assert results["schema"] == [{"name": "n", "type": '"bigint"', "metadata": "{}"}]
        assert (results["truncated"], results["isJsonSchema"]) == (True, True)
        page = browser.get(f"/commands/{command}").page
        assert page.all("pre")[1].text.split() == ["said"]
        captions = [item.text for item in page.all("caption")]
        assert captions == ["1 of 1 rows", "100 of 1000 rows; there are more"]

    def test_the_page_draws_all_of_it(self, client: Client, browser: Browser) -> None:
        real = Real(client)
        command = real.send(f"print('said')\ndisplayHTML({HOSTILE!r})\ndisplayHTML('<b>2</b>')\n1 / 0")
        real.wait(command)
        assert "2 drawn" in browser.get("/commands").text
        page = browser.get(f"/commands/{command}").page
        assert "ZeroDivisionError: division by zero" in page.one("output").text
        assert [item.attributes for item in page.all("iframe")] == [
            {
                "src": f"/displays/command/{command}/{number}",
                "sandbox": "allow-scripts",
                "title": f"HTML {number} of this command",
            }
            for number in (1, 2)
        ]
        assert browser.get(f"/displays/command/{command}/1").source == HOSTILE

    def test_what_was_printed_is_there_once(self, client: Client, browser: Browser) -> None:
        real = Real(client)
        command = real.send(f"print('said')\ndisplayHTML({HOSTILE!r})\n7")
        real.wait(command)
        page = browser.get(f"/commands/{command}").page
        (block,) = [item for item in page.all("pre") if item.attributes["aria-label"].startswith("Output")]
        assert block.text.split() == ["said", "7"]


@pytest.mark.process
class TestNotebooks:
    """in a notebook task: drawn on the page of the run"""

    def test_the_page_of_the_run_draws_it(self, client: Client, browser: Browser) -> None:
        cells = (f"displayHTML({HOSTILE!r})", f"{DRAWS_ITSELF}\nChart()", "1 / 0")
        run = client.run(create(client, put(client, "/Shared/n", *cells)))
        attempt = run["tasks"][0]["run_id"]
        logs = client.output(attempt)["logs"].splitlines()
        assert logs[:2] == [
            f"HTML of {len(HOSTILE)} characters: the page of the run shows it",
            "HTML of 16 characters: the page of the run shows it",
        ]
        page = browser.get(f"/jobs/{run['job_id']}/runs/{run['run_id']}").page
        addresses = [item.attributes["src"] for item in page.all("iframe")]
        assert addresses == [f"/displays/attempt/{attempt}/{number}" for number in (1, 2)]
        assert [browser.get(address).source for address in addresses] == [HOSTILE, "<svg>chart</svg>"]
        assert "ZeroDivisionError" in page.text

    def test_a_program_prints_it(self, client: Client) -> None:
        """Databricks draws nothing of a Python file."""
        run = client.run(client.flat_job("displayHTML('<b>1</b>')\ndisplay(2)"))
        assert client.output(run["run_id"])["logs"].split() == ["<b>1</b>", "2"]


@pytest.mark.process
class TestProtection:
    """HTML of a user's program must not be able to act on the page or the API"""

    @pytest.fixture(name="address")
    def _address(self, client: Client) -> str:
        real = Real(client)
        command = real.send(f"displayHTML({HOSTILE!r})")
        real.wait(command)
        return f"/displays/command/{command}/1"

    def test_it_is_of_no_origin_and_loads_nothing(self, browser: Browser, address: str) -> None:
        headers = browser.get(address, **{"Sec-Fetch-Dest": "iframe"}).answer.headers
        assert headers["content-security-policy"] == SANDBOX
        assert headers["x-frame-options"] == "SAMEORIGIN"
        assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert "cross-origin-opener-policy" not in headers

    def test_nobody_else_gets_it(self, browser: Browser, address: str) -> None:
        for site in ("cross-site", "same-site"):
            asked = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": "iframe"}
            assert browser.get(address, **asked).status == 403
        assert browser.get(address, Cookie="").status == 401
        other = Browser(type(browser.client)(browser.client.url, f"dapi{secrets.token_hex(9)}", "")).sign_in()
        assert other.get(address).status == 404
        other.client.send("POST", "/_fake/reset")

    def test_what_it_asks_of_a_page_or_of_the_api_is_refused(self, browser: Browser) -> None:
        """A sandboxed frame is of the origin ``null``, and cross-site to this server."""
        asked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe", "Origin": "null"}
        for target in ("/", "/jobs", f"/?token={browser.client.token}"):
            assert browser.get(target, **asked).status == 403
        assert browser.post("/faults", {"action": "all-off"}, **asked).status == 403
        headers = {"Origin": "null", "Authorization": f"Bearer {browser.client.token}"}
        assert browser.client.send("GET", "/api/2.1/jobs/list", headers=headers).status == 403

    def test_secrets_are_hidden_also_as_html_writes_them(self, client: Client, browser: Browser) -> None:
        secret = "pa'ss<w\"örd>&1"
        client.post("/api/2.0/secrets/scopes/create", scope="s", initial_manage_principal="users")
        client.post("/api/2.0/secrets/put", scope="s", key="k", string_value=secret)
        real = Real(client)
        source = (
            f"import html\nsecret = bytes.fromhex('{secret.encode().hex()}').decode()\n"
            "for quote in (True, False):\n    displayHTML('<p>' + html.escape(secret, quote) + secret)"
        )
        command = real.send(source)
        answer = real.wait(command)["results"]["data"]
        drawn = [browser.get(f"/displays/command/{command}/{number}").source for number in (1, 2)]
        for text in (answer, *drawn):
            assert "rd" not in text.replace("[REDACTED]", "")
            assert "[REDACTED]" in text

    @pytest.mark.parametrize(
        "address",
        ["/displays/command/none/1", "/displays/attempt/1/1", "/displays/attempt/x/1", "/displays/x/1/1"],
    )
    def test_what_is_not_there_is_said(self, browser: Browser, address: str) -> None:
        assert browser.get(address).status == 404


@pytest.mark.jvm
@pytest.mark.process
@pytest.mark.timeout(600)
class TestSpark:
    """a Spark DataFrame as a table as Databricks shows it"""

    def test_in_a_command_and_in_a_notebook(self, spark_server: Callable[[], Client]) -> None:
        client = spark_server()
        browser = Browser(client).sign_in()
        frame = "spark.range(120).selectExpr('id', 'cast(id as string) AS text')"
        real = Real(client)
        command = real.send(f"display({frame})")
        results = real.wait(command)["results"]
        assert (results["resultType"], len(results["data"])) == ("table", 120)
        assert [item["type"] for item in results["schema"]] == ['"bigint"', '"string"']
        path = put(client, "/Shared/n", f"display({frame})", "# MAGIC %sql\n# MAGIC SELECT 7 AS seven")
        run = client.run(create(client, path))
        for address, tables in (
            (f"/commands/{command}", 1),
            (f"/jobs/{run['job_id']}/runs/{run['run_id']}", 2),
        ):
            page = browser.get(address).page
            captions: list[Any] = [item.text for item in page.all("caption")]
            assert [text for text in captions if "rows" in text][:1] == ["100 of 120 rows"]
            heads = [" ".join(item.text.split()) for item in page.all("th")]
            assert heads[:2] == ["id bigint", "text string"]
            assert len([text for text in captions if re.fullmatch(r"\d+ of \d+ rows", text)]) == tables
