"""What pages draw and write, without a server: columns, arrows, bars, commands, figures, colours."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_databricks.jobs.lifecycle import TERMINAL, TRANSITIONS, Life
from fake_databricks.jobs.model import Overrides
from fake_databricks.request.call import Controls
from fake_databricks.ui.rendering import duration, moment, size, visible
from fake_databricks.ui.site import STATIC
from fake_databricks.web.faults import FaultTable
from fake_databricks.web.journal import Journal
from fake_databricks.web.pages.curl import command
from fake_databricks.web.pages.drawing import HEIGHT, WIDTH, Box, draw
from fake_databricks.web.pages.layers import places
from fake_databricks.web.pages.routes import DISPLAY, PAGES, PICTURE
from fake_databricks.web.pages.state_page import picture
from fake_databricks.web.pages.timeline import LENGTH, bars, phases
from fake_databricks.web.pages.visit import Visit
from fake_databricks.workspace import DEFAULT_CLUSTER_ID
from tests.fake.png import TEXT

if TYPE_CHECKING:
    from fake_databricks.engine.ports import Display
    from tests.fake.conftest import Quiet

TABLE: Display = {"kind": "table", "schema": [["n", "bigint"]], "data": [[1], [None]], "truncated": False}
EDGES = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=12)


class TestPlaces:
    """tasks with attempts as a graph"""

    def test_a_box_stands_after_all_that_lead_to_it(self) -> None:
        found = places(["a", "b", "c", "d"], [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d")])
        assert found == {"a": (0, 0), "b": (1, 0), "c": (1, 1), "d": (2, 0)}

    @given(EDGES)
    def test_no_two_boxes_share_a_place_whatever_leads_where(self, edges: list[tuple[str, str]]) -> None:
        found = places("abcdef", edges)
        assert len(set(found.values())) == 6
        drawn = draw([Box(name, name) for name in "abcdef"], edges)
        for box in drawn["boxes"]:
            assert 0 <= box["x"] <= drawn["width"] - WIDTH
            assert 0 <= box["y"] <= drawn["height"] - HEIGHT

    def test_nothing_is_an_empty_drawing(self) -> None:
        assert draw([], [])["boxes"] == []

    def test_a_long_name_is_cut_and_stands_whole_in_its_title(self) -> None:
        (box,) = draw([Box("x", "n" * 100)], [])["boxes"]
        assert (len(box["label"]), box["title"]) == (22, "n" * 100)


class TestTheStates:
    """the state machine's picture drawn from its table"""

    def test_every_transition_is_an_arrow(self) -> None:
        drawn = picture(Life.RUNNING)
        active = [set(events.items()) for life, events in TRANSITIONS.items() if life not in TERMINAL]
        common = set.intersection(*active)
        steps = sum(len(events) for events in TRANSITIONS.values())
        assert len(drawn["paths"]) == steps - (len(active) - 1) * len(common)
        assert [box["label"] for box in drawn["boxes"] if box["tone"] == "here"] == ["RUNNING"]

    def test_what_has_ended_stands_last(self) -> None:
        left = {box["label"]: box["x"] for box in picture()["boxes"]}
        ends = {left[life.value] for life in TERMINAL}
        assert len(ends) == 1
        assert ends.pop() > max(left[life.value] for life in TRANSITIONS if life not in TERMINAL)


class TestTimeline:
    """a run with its states as a time line"""

    def test_phases_follow_each_other_to_the_end(self) -> None:
        found = phases([("waiting", 10), ("setup", 15), ("running", 0), ("cleanup", 0)], 40, 99)
        assert [(item["name"], item["begin"], item["length"], item["is_open"]) for item in found] == [
            ("waiting", 10, 5, False),
            ("setup", 15, 25, False),
        ]

    def test_the_last_one_goes_on_until_now(self) -> None:
        (_, last) = phases([("waiting", 10), ("running", 20)], 0, 70)
        assert (last["length"], last["is_open"]) == (50, True)
        assert phases([("waiting", 0)], 0, 5) == []
        assert phases([("waiting", 9)], 0, 5)[0]["length"] == 0  # the clock was moved back

    def test_rows_share_one_scale(self) -> None:
        first, second = phases([("a", 100)], 200, 0), phases([("a", 150), ("b", 175)], 200, 0)
        assert [[(bar["x"], bar["width"]) for bar in row] for row in bars([first, second, []])] == [
            [(0, LENGTH)],
            [(500, 250), (750, 250)],
            [],
        ]


class TestViews:
    """Pages compute nothing anew: views give plain values, in which every secret is found"""

    def test_values_are_plain(self, quiet: Quiet) -> None:
        workspace = quiet.workspace
        tasks = {"python_file": "dbfs:/p.py", "parameters": ["a"]}
        cluster = {"existing_cluster_id": DEFAULT_CLUSTER_ID, "spark_python_task": tasks}
        job = workspace.jobs.create({"name": "x", **cluster, "tags": {"a": "b"}}, "2.1", "me")
        run = workspace.scheduler.run_now(job, Overrides(python_params=("b",)), "", "me")
        quiet.clock.work()
        workspace.secrets.create_scope("s", "users")
        workspace.secrets.put("s", "k", b"value")
        sent = workspace.commands.execute(DEFAULT_CLUSTER_ID, "", "python", "1")
        quiet.clock.work()
        sent.displays = [{"kind": "html", "data": "<b>"}, {"kind": "image", "data": TEXT}, TABLE]
        journal, faults = Journal(), FaultTable()
        exchange = {"time": 1, "method": "GET", "path": "/x", "headers": {"a": "b"}, "notes": ("n",)}
        journal.add(**exchange, request=b'{"a": 1}', status=200, response=b"x")
        faults.add({"pattern": "/x", "status_code": 500})
        places = {
            "job": (str(job.job_id),),
            "run": (str(job.job_id), str(run.run_id)),
            "cluster": (DEFAULT_CLUSTER_ID,),
            "files": ("dbfs",),
            "exchange": ("1",),
            "command": (sent.command_id,),
        }
        for page in PAGES:
            controls = Controls(faults, journal, lambda: None)
            drawn = {DISPLAY: "1", PICTURE: "2"}.get(page)
            names = ("command", sent.command_id, drawn) if drawn else places.get(page.template, ())
            values = page.view(Visit(workspace, controls, names))
            assert is_plain(values), page.path


def is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(type(key) is str and is_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(is_plain(item) for item in value)
    return value is None or type(value) in (str, int, bool, float)


class TestCommand:
    """each exchange with a `curl` that repeats it"""

    @given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")))
    def test_a_printable_body_is_one_word_of_a_shell(self, text: str) -> None:
        written = command("POST", "/x", {}, text.encode())
        if "$'" not in written and text:
            assert shlex.split(written.replace("\\\n", ""))[-1] == text

    def test_what_the_client_adds_by_itself_is_left_out(self) -> None:
        headers = {
            "host": "h",
            "authorization": "Bearer [REDACTED]",
            "accept": "*/*",
            "x-note": "it's",
            "x-empty": "",
            "sec-fetch-site": "none",
        }
        assert command("GET", "/a b?c=%20", headers, b"").splitlines() == [
            "curl -X GET \"$DATABRICKS_HOST\"'/a%20b?c=%20' \\",
            '  -H "Authorization: Bearer $DATABRICKS_TOKEN" \\',
            "  -H 'x-note: it'\"'\"'s' \\",
            "  -H 'x-empty;'",
        ]

    def test_a_body_that_is_gone_is_said(self) -> None:
        assert command("PUT", "/x", {}, "[20000 bytes]").startswith("# The journal does not have the body")

    def test_a_body_with_a_null_character_comes_from_a_pipe(self) -> None:
        written = command("PUT", "/x", {}, b"a\0'%1\\\n\xff")
        assert written.startswith("printf 'a\\000\\047%%1\\\\\\012\\377' | curl -X PUT ")
        assert written.endswith("--data-binary @-")

    @pytest.mark.process
    @pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
    @pytest.mark.parametrize("body", [b"--part\r\nfile: \0\r\n--part--", b"-\0", b"%s\\0\0007'\xff"])
    def test_a_shell_writes_that_body(self, shell: str, body: bytes) -> None:
        """The body of a form with a file begins with `--`, which printf takes for an option."""
        (writes, _, _) = command("POST", "/x", {}, body).partition(" | curl ")
        assert subprocess.run([shell, "-c", writes], stdout=subprocess.PIPE, check=False).stdout == body

    def test_a_body_that_begins_as_the_name_of_a_file_is_a_body(self) -> None:
        assert command("PUT", "/x", {}, b"@/etc/passwd").endswith("--data-raw @/etc/passwd")

    def test_a_secret_in_bytes_is_hidden(self) -> None:
        for body in (b"\xff pa'ss \0", b"\xff pa'ss"):
            written = command("PUT", "/x", {}, body, lambda text: text.replace("pa'ss", "[REDACTED]"))
            assert "[REDACTED]" in written.splitlines()[-1] + written.splitlines()[1]
            assert "ss" not in written

    def test_what_is_hidden_has_to_be_written_first(self) -> None:
        written = command("POST", "/x", {}, b'{"string_value": "[REDACTED]"}')
        assert written.startswith("# First write what was there in the place of [REDACTED].\ncurl ")

    def test_secrets_are_hidden_before_quotes_cut_them(self) -> None:
        body = b'{"a": "pa\\"ss", "b": 1}'
        written = command("POST", "/x", {}, body, lambda item: {"a": "[REDACTED]"} if "a" in item else item)
        assert written.endswith("""--data-raw '{"a": "[REDACTED]"}'""")

    def test_bytes_are_written_as_bash_reads_them(self) -> None:
        assert command("PUT", "/x", {}, b"\xff'\\\r\n").endswith("--data-raw $'\\377\\'\\\\\\r\\n'")


class TestFigures:
    """plain values, as a person reads them"""

    @pytest.mark.parametrize(
        ("milliseconds", "shown"),
        [(0, "0 ms"), (999, "999 ms"), (1500, "1.5 s"), (61_000, "1 min 01 s"), (7_260_000, "2 h 01 min")],
    )
    def test_durations(self, milliseconds: int, shown: str) -> None:
        assert duration(milliseconds) == shown

    @pytest.mark.parametrize(
        ("count", "shown"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 * 2**40, "5.0 TiB")]
    )
    def test_sizes(self, count: int, shown: str) -> None:
        assert size(count) == shown

    def test_times(self) -> None:
        assert moment(0) == "-"
        assert moment(1_767_225_600_007) == (
            '<time datetime="2026-01-01T00:00:00.007Z">2026-01-01 00:00:00.007</time>'
        )
        assert moment(10**18) == str(10**18)

    def test_control_characters(self) -> None:
        assert visible("a\tb\nc\x00\x1b\x7f\x85\ud800é") == "a\tb\nc␀␛␡\ufffd\ufffdé"
        assert visible(5) == 5


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


class TestColours:
    """contrast AA, light and dark"""

    @pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
    def test_text_stands_out(self, scheme: int) -> None:
        css = (STATIC / "pages.css").read_text("utf-8")
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", css.split(":root {")[scheme + 1]))
        pairs = [(name, name + "-back") for name in ("good", "bad", "warn", "busy", "plain")]
        pairs += [(text, back) for text in ("ink", "quiet", "link") for back in ("paper", "panel")]
        pairs += [
            (text, f"{tone}-back") for text in ("ink", "quiet") for tone in ("good", "bad", "warn", "busy")
        ]
        assert {pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5} == set()
        figures = [(f"bar-{name}", "paper") for name in ("waiting", "setup", "running", "cleanup")]
        assert {pair for pair in figures if contrast(colours[pair[0]], colours[pair[1]]) < 3} == set()
