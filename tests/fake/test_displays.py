"""What ``display`` and ``displayHTML`` show: over the API, on the pages, and nothing that acts on either."""

from __future__ import annotations

import binascii
import re
import secrets
from typing import TYPE_CHECKING, Any, Callable

import pytest

from fake_databricks.engine.inside import displays, pictures
from tests.fake.browsing import Browser
from tests.fake.png import DRAWS_PNG, PNG, TEXT, URL, chunk, png_of
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
STAND_IN = """
class Figure:
    def savefig(self, file, **how): file.write(PNG)
    figure = property(lambda self: self)
Figure.__module__ = "matplotlib.figure"
class Manager:
    def __init__(self): self.canvas, self.figure = self, Figure()
class Gcf:
    figs = []
    get_all_fig_managers = staticmethod(lambda: Gcf.figs)
    destroy_all = staticmethod(lambda: Gcf.figs.clear())
def subplots():
    Gcf.figs.append(Manager())
    return Gcf.figs[-1].figure
"""
SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; font-src data:; media-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


NO_PNG = {
    "empty": b"",
    "text": HOSTILE.encode(),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "a signature alone": pictures.SIGNATURE,
    "a signature and a page": pictures.SIGNATURE + HOSTILE.encode(),
    "cut": PNG[:-1],
    "cut before the end": PNG[:-12],
    "more after the end": PNG + HOSTILE.encode(),
    "another byte": PNG.replace(b"tEXt", b"tEXu"),
    "a length beyond the end": PNG.replace(b"\x00\x00\x00\x00tEXt", b"\xff\xff\xff\xfftEXt"),
    "no head": pictures.SIGNATURE + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
}


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


class TestPictures:
    """`display(x)`: a matplotlib figure, an object with `_repr_png_`, as a picture"""

    def test_an_object_draws_itself(self) -> None:
        class Picture:
            def __init__(self, drawn: object) -> None:
                self.drawn = drawn

            def _repr_png_(self) -> object:
                return self.drawn

        for drawn in (PNG, bytearray(PNG), (PNG, {"width": 2})):
            assert displays.display_of(Picture(drawn)) == {"kind": "image", "data": TEXT}
        assert displays.display_of(Picture(None)) is None
        for wrong in ("text", 1, (), object()):
            with pytest.raises(pictures.NoPicture, match=f"^{pictures.NO_PNG}$"):
                displays.display_of(Picture(wrong))

    def test_html_comes_first_then_png_then_svg(self) -> None:
        methods: dict[str, Any] = {
            "_repr_html_": lambda _: "<b>",
            "_repr_png_": lambda _: PNG,
            "_repr_svg_": lambda _: "<svg/>",
        }
        seen = []
        while methods:
            seen.append(displays.display_of(type("Drawn", (), methods)()))
            del methods[next(iter(methods))]
        assert seen == [
            {"kind": "html", "data": "<b>"},
            {"kind": "image", "data": TEXT},
            {"kind": "html", "data": "<svg/>"},
        ]

    def test_figures_of_matplotlib_and_what_stands_in_them(self) -> None:
        """Matplotlib is none of this server's packages: it is known by the module of a type."""

        class Figure:
            def savefig(self, file: Any, **how: str) -> None:
                assert how == {"format": "png", "bbox_inches": "tight"}
                file.write(PNG)

        class Axes:
            figure = Figure()

        class Other:
            figure = Figure()

        Figure.__module__, Axes.__module__ = "matplotlib.figure", "matplotlib.axes._axes"
        own = type("Own", (Figure,), {})
        for value in (Figure(), Axes(), own()):
            assert displays.display_of(value) == {"kind": "image", "data": TEXT}
        assert displays.display_of(Other()) is None
        Axes.figure = None  # type: ignore[assignment]  # it was removed from its figure
        assert displays.display_of(Axes()) is None

    @pytest.mark.parametrize("name", NO_PNG)
    def test_what_is_no_png_is_said(self, name: str) -> None:
        with pytest.raises(pictures.NoPicture, match=f"^{pictures.NO_PNG}$"):
            pictures.size_of(NO_PNG[name])

    def test_the_size_is_bounded(self) -> None:
        assert pictures.size_of(png_of(7, 3)) == (7, 3)
        assert pictures.size_of(png_of(50_000, 1_000)) == (50_000, 1_000)
        most = png_of(padding=pictures.MAX_BYTES - len(PNG))
        assert (len(most), pictures.size_of(most)) == (3_000_000, (2, 1))
        for png, sentence in (
            (
                png_of(50_000, 1_001),
                "A picture of 50000 by 1001 pixels is not drawn; the most are 50,000,000.",
            ),
            (png_of(0, 5), "A picture of 0 by 5 pixels is not drawn; the most are 50,000,000."),
            (most + b"x", "A picture of 3,000,001 bytes is not drawn; the most are 3,000,000."),
        ):
            with pytest.raises(pictures.NoPicture, match=f"^{re.escape(sentence)}$"):
                pictures.size_of(png)

    def test_in_an_output_it_is_one_line(self) -> None:
        assert displays.text_of({"kind": "image", "data": TEXT}) == "Picture of 2 by 1 pixels"


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

    def test_the_api_has_pictures_as_data_urls(self, client: Client) -> None:
        real = Real(client)
        one = {"resultType": "image", "fileName": URL}
        for source, results in (
            (DRAWS_PNG.format(TEXT) + "display(picture)", one),
            ("print('said'); displayHTML('<b>'); picture", one),
            ("display(picture); picture", {"resultType": "images", "fileNames": [URL, URL]}),
            ("display(Picture(b'GIF89a'))", {"resultType": "text", "data": pictures.NO_PNG}),
            ("Picture(b'GIF89a')", {"resultType": "text", "data": pictures.NO_PNG}),
        ):
            answered = real.wait(real.send(source))["results"]
            assert {
                key: value.strip() if key == "data" else value for key, value in answered.items()
            } == results
        assert guide(client, DRAWS_PNG.format(TEXT) + "display(picture)")["results"] == one

    def test_pip_beside_a_picture_is_run(self, client: Client) -> None:
        real = Real(client)
        results = real.wait(real.send(DRAWS_PNG.format(TEXT) + "display(picture)\n%pip --version"))["results"]
        assert results == {"resultType": "image", "fileName": URL}
        page = Browser(client).sign_in().get("/commands").text
        assert "pip " in page

    def test_the_page_draws_pictures(self, client: Client, browser: Browser) -> None:
        real = Real(client)
        command = real.send(DRAWS_PNG.format(TEXT) + "print('said'); display(picture); displayHTML('<b>')")
        real.wait(command)
        seen = browser.get(f"/commands/{command}")
        (drawn,) = seen.page.all("img")
        assert drawn.attributes == {
            "src": f"/pictures/command/{command}/1",
            "width": "2",
            "height": "1",
            "alt": "Picture 1 of this command, 2 by 1 pixels",
        }
        assert "img-src 'self';" in seen.answer.headers["content-security-policy"]
        assert "unsafe-inline" not in seen.answer.headers["content-security-policy"]
        (block,) = [
            item for item in seen.page.all("pre") if item.attributes["aria-label"].startswith("Output")
        ]
        assert block.text.split() == ["said"]
        for accept in ("image/avif,image/webp,image/*,*/*;q=0.8", "text/html"):
            answer = browser.get(drawn.attributes["src"], Accept=accept, **{"Sec-Fetch-Dest": "image"}).answer
            assert (answer.status, answer.content) == (200, PNG)
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"

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

    def test_the_page_of_the_run_draws_pictures(self, client: Client, browser: Browser) -> None:
        cells = (f"{DRAWS_PNG.format(TEXT)}display(picture)", "picture", "Picture(b'GIF89a')")
        run = client.run(create(client, put(client, "/Shared/n", *cells)))
        attempt = run["tasks"][0]["run_id"]
        assert client.output(attempt)["logs"].splitlines() == [
            "Picture of 2 by 1 pixels: the page of the run shows it",
            "Picture of 2 by 1 pixels: the page of the run shows it",
            pictures.NO_PNG,
        ]
        page = browser.get(f"/jobs/{run['job_id']}/runs/{run['run_id']}").page
        addresses = [item.attributes["src"] for item in page.all("img")]
        assert addresses == [f"/pictures/attempt/{attempt}/{number}" for number in (1, 2)]
        assert [browser.get(address).answer.content for address in addresses] == [PNG, PNG]

    def test_what_child_notebooks_show_is_marked_with_their_paths(
        self, client: Client, browser: Browser
    ) -> None:
        """What a notebook started with `dbutils.notebook.run` shows is on the page of the run"""
        put(client, "/Shared/grandchild", "displayHTML('<b>4</b>')")
        put(client, "/Shared/child", "displayHTML('<b>2</b>')", "dbutils.notebook.run('./grandchild', 60)")
        put(client, "/Shared/fails", f"{DRAWS_PNG.format(TEXT)}display(picture)", "1 / 0")
        cells = (
            "displayHTML('<b>1</b>')\ndbutils.notebook.run('./child', 60)\ndisplayHTML('<b>5</b>')",
            "try:\n    dbutils.notebook.run('./fails', 60)\nexcept Exception: pass",
        )
        run = client.run(create(client, put(client, "/Shared/parent", *cells)))
        attempt = run["tasks"][0]["run_id"]
        page = browser.get(f"/jobs/{run['job_id']}/runs/{run['run_id']}").page
        drawn = [
            item
            for item in page.all("iframe", "img", "p")
            if item.text.startswith("Shown by ") or "src" in item.attributes
        ]
        assert [item.text or item.attributes["src"] for item in drawn] == [
            f"/displays/attempt/{attempt}/1",
            "Shown by the notebook /Shared/child",
            f"/displays/attempt/{attempt}/2",
            "Shown by the notebook /Shared/grandchild",
            f"/displays/attempt/{attempt}/3",
            f"/displays/attempt/{attempt}/4",
            "Shown by the notebook /Shared/fails",
            f"/pictures/attempt/{attempt}/5",
        ]
        sources = [browser.get(f"/displays/attempt/{attempt}/{number}").source for number in range(1, 5)]
        assert sources == ["<b>1</b>", "<b>2</b>", "<b>4</b>", "<b>5</b>"]

    def test_what_a_child_shows_is_no_result_of_a_command(self, client: Client, browser: Browser) -> None:
        put(client, "/Shared/draws", f"{DRAWS_PNG.format(TEXT)}display(picture)", "displayHTML('<b>2</b>')")
        real = Real(client)
        command = real.send("dbutils.notebook.run('/Shared/draws', 60)")
        results = real.wait(command)["results"]
        assert results["resultType"] == "text"
        assert "<b>2</b>" not in results["data"]
        assert browser.get(f"/commands/{command}").text.count("Shown by the notebook /Shared/draws") == 2

    def test_figures_that_are_shown_or_left_open(self, client: Client) -> None:
        """ "Databricks shows it at the end of the cell": a figure that is not shown, and each one once.

        A stand-in for matplotlib's two modules that the backend uses; the real one is no dependency.
        """
        parts = {
            "__init__.py": "",
            "_pylab_helpers.py": STAND_IN,
            "backends/__init__.py": "",
            "backends/backend_agg.py": "class FigureCanvasAgg: pass\n",
        }
        writes = f"""
import base64, importlib, os, pathlib, sys, tempfile
place = pathlib.Path(tempfile.mkdtemp())
for name, text in {parts!r}.items():
    file = place / "matplotlib" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
sys.path.insert(0, str(place))
import matplotlib._pylab_helpers as helpers
helpers.PNG = base64.b64decode({TEXT!r})
backend = importlib.import_module(os.environ["MPLBACKEND"].removeprefix("module://"))
backend.FigureCanvas.__name__
"""
        real = Real(client)
        assert real.wait(real.send(writes))["results"]["data"] == "'FigureCanvasAgg'"
        two = {"resultType": "images", "fileNames": [URL, URL]}
        opened = "one, other = helpers.subplots(), helpers.subplots()\n"
        for code in ("backend.show()", "backend.show(block=True)", "", "other", "display(one)", "value = 1"):
            assert real.wait(real.send(opened + code))["results"] == two, code
        for code in ("backend.show()", "value"):
            assert real.wait(real.send(code))["results"]["resultType"] == "text"
        assert real.wait(real.send(f"{opened}1 / 0"))["results"]["resultType"] == "error"
        assert real.wait(real.send("value"))["results"] == {"resultType": "text", "data": "1"}

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

    def test_a_program_that_says_it_has_a_picture_draws_nothing(
        self, client: Client, browser: Browser
    ) -> None:
        real = Real(client)
        source = "from _fakebricks import displays\nfor data in ({!r}, {!r}):\n"
        source += "    displays.SHOWN.shown.append({{'kind': 'image', 'data': data}})"
        page_in_base64 = binascii.b2a_base64(HOSTILE.encode(), newline=False).decode()
        command = real.send(source.format("'><script>alert(1)</script>", page_in_base64))
        assert real.wait(command)["results"] == {"resultType": "images", "fileNames": []}
        page = browser.get(f"/commands/{command}").page
        assert page.all("img") == []
        assert [item.text for item in page.all("p") if "Display " in item.text] == [
            f"Display {number}: {pictures.NO_PNG}" for number in (1, 2)
        ]
        refused = browser.get(f"/pictures/command/{command}/1")
        assert refused.status == 404
        assert pictures.NO_PNG in refused.text

    @pytest.mark.parametrize(
        "address",
        [
            f"/{kind}/{rest}"
            for kind in ("displays", "pictures")
            for rest in ("command/none/1", "attempt/1/1", "attempt/x/1", "x/1/1")
        ],
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
            first = heads.index("id bigint")  # below the states over time, which are a table, too
            assert heads[first : first + 2] == ["id bigint", "text string"]
            assert len([text for text in captions if re.fullmatch(r"\d+ of \d+ rows", text)]) == tables
