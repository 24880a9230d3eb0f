"""The quality report in a browser: it sorts, is searched, can be read by all, and asks for nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nuvyn_executor.reports.page import framed, html
from tests.browser.browsing import opened
from tests.report_rows import DIMENSIONS, finding, large, one_table, run_row, shop

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.process

LIST = "#table-list"
TABLES = ["customers", "orders", "returns"]
SEARCHES: tuple[tuple[str, list[str]], ...] = (
    ("ORD", ["orders"]),
    ("iban", ["orders"]),
    ("customer_id", ["customers", "orders"]),
    ("good email", ["customers"]),
    ("nothing like it", []),
    ("", TABLES),
)
TEXT_SPACING = "line-height: 1.5; letter-spacing: 0.12em; word-spacing: 0.16em"
LINES = """cells => cells.map(cell => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return new Set(Array.from(range.getClientRects(), box => Math.round(box.top))).size;
})"""
NEAR_THE_TOP = """async one => {
    for (let frame = 0; frame < 10; frame++) await new Promise(requestAnimationFrame);
    return Math.abs(one.getBoundingClientRect().top) < 200;
}"""
"""Whether a heading stands there when the page has come to rest."""
OPENS_IN = 2.0  # seconds of a processor


@pytest.fixture(scope="module", name="report")
def _report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(html(shop().report(shows_values=True)), encoding="utf-8")
    return file


@pytest.fixture(scope="module", name="large_report")
def _large_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "large.html"
    file.write_text(html(large(runs=2).report()), encoding="utf-8")
    return file


class TestNetwork:
    """No request leaves the page."""

    def test_it_asks_for_nothing_and_reports_no_error(self, browser: Browser, report: Path) -> None:
        with opened(browser, report) as seen:
            seen.page.locator("#search").fill("customers")
            seen.page.locator(f"{LIST} tbody a").first.click()

            assert seen.requests == []
            assert seen.errors == []

    def test_what_another_page_asks_for_is_seen(self, browser: Browser, tmp_path: Path) -> None:
        """These tests would see a request: of a host, of a port of this machine, of a file."""
        (tmp_path / "other.js").write_text("1", encoding="utf-8")
        asked = ["https://example.com/x.png", "http://127.0.0.1:1/x.png", (tmp_path / "other.js").as_uri()]
        file = tmp_path / "asks.html"
        file.write_text("".join(f"<script src='{one}'></script>" for one in asked), encoding="utf-8")

        with opened(browser, file) as seen:
            assert sorted(seen.requests) == sorted(asked)

    def test_its_policy_stops_what_gets_in(self, browser: Browser, tmp_path: Path) -> None:
        page = html(shop().report())
        injected = "<img src='https://example.com/x.png'><script>document.title = 'taken'</script>"
        file = tmp_path / "injected.html"
        file.write_text(page.replace("<main", f"{injected}<main", 1), encoding="utf-8")

        with opened(browser, file) as seen:
            assert seen.requests == []
            assert seen.page.title() == "Data quality: /Volumes/main/raw/shop"


class TestAccess:
    """Axe-core without violations; light and dark, keyboard and screen reader."""

    def test_axe_finds_nothing_in_light_and_dark_and_on_a_phone(self, browser: Browser, report: Path) -> None:
        with opened(browser, report) as seen:
            for scheme, width in (("light", 1280), ("dark", 1280), ("light", 360)):
                seen.turn(scheme, width)
                assert seen.violations() == [], (scheme, width)

    def test_a_phone_scrolls_tables_and_not_the_page(self, browser: Browser, report: Path) -> None:
        with opened(browser, report, width=360) as seen:
            assert seen.page.evaluate("document.documentElement.scrollWidth") == 360

    def test_at_320_pixels_figures_are_whole_and_inside(self, browser: Browser, tmp_path: Path) -> None:
        """WCAG 1.4.10 and 1.4.12: reflow, also with the text spacing of a reader."""
        stored = shop()
        result = json.loads(stored.runs[0]["result"])
        result["details"]["checked"] = dict.fromkeys(DIMENSIONS, 9_876_543_210)
        stored.runs[0]["result"] = json.dumps(result)
        stored.tables[0]["row_count"] = 9_876_543_210
        file = tmp_path / "phone.html"
        file.write_text(html(stored.report()), encoding="utf-8")

        with opened(browser, file, width=320) as seen:
            for spacing in ("", TEXT_SPACING):
                seen.page.evaluate(f"document.body.style.cssText = '{spacing}'")
                assert seen.page.evaluate("document.documentElement.scrollWidth") == 320
                for box in (".cards > :first-child", ".cards > .wide"):
                    assert seen.page.locator(box).evaluate("one => one.scrollWidth <= one.clientWidth"), box
                cells = seen.page.locator(".dimensions td:last-child, .tiles dd")
                assert "9,876,543,210 cells" in cells.all_inner_texts()
                # A line for each word: no figure is broken.
                lines = cells.evaluate_all(LINES)
                assert max(lines) <= 2

    def test_forced_colours_keep_levels_and_scale(self, browser: Browser, report: Path) -> None:
        with opened(browser, report) as seen:
            seen.page.emulate_media(forced_colors="active", color_scheme="dark")
            style = "one => [getComputedStyle(one).borderTopStyle, getComputedStyle(one).fill]"

            assert seen.page.locator(".badge").first.evaluate(style)[0] == "solid"
            assert seen.page.locator(".scale .marker").evaluate(style)[1] == "rgb(255, 255, 255)"
            assert seen.page.locator(".scale .tick").first.evaluate(style)[1] == "rgb(255, 255, 255)"

    def test_the_first_key_leads_past_the_links(self, browser: Browser, report: Path) -> None:
        with opened(browser, report) as seen:
            seen.page.keyboard.press("Tab")
            assert seen.page.locator(":focus").inner_text() == "Skip to the content"
            seen.page.keyboard.press("Enter")

            seen.page.wait_for_url("**#content")

    def test_light_and_dark_differ(self, browser: Browser, report: Path) -> None:
        colours = set()
        for scheme in ("light", "dark"):
            with opened(browser, report, scheme=scheme) as seen:
                colours.add(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))

        assert len(colours) == 2


class TestSorting:
    """Tables as a sortable list."""

    def test_a_click_sorts_and_a_second_one_turns_it_round(self, browser: Browser, report: Path) -> None:
        with opened(browser, report) as seen:
            header = seen.page.locator(f"{LIST} th", has_text="Score")
            header.get_by_role("button").click()
            assert header.get_attribute("aria-sort") == "descending"
            assert seen.cells(LIST, 1) == ["orders", "customers", "returns"]

            header.get_by_role("button").click()
            assert header.get_attribute("aria-sort") == "ascending"
            assert seen.cells(LIST, 1) == ["returns", "customers", "orders"]

    def test_numbers_are_sorted_as_numbers_by_keyboard(self, browser: Browser, report: Path) -> None:
        with opened(browser, report) as seen:
            button = seen.page.locator(f"{LIST} th", has_text="Rows").get_by_role("button")
            button.focus()
            seen.page.keyboard.press("Enter")
            assert seen.cells(LIST, 1) == ["orders", "customers", "returns"]
            seen.page.keyboard.press("Space")
            assert seen.cells(LIST, 1) == ["returns", "customers", "orders"]

            assert seen.page.locator("[aria-sort]").count() == 1

    def test_findings_are_sorted_by_their_dimension(self, browser: Browser, report: Path) -> None:
        with opened(browser, report) as seen:
            seen.page.locator("table.findings th", has_text="Dimension").get_by_role("button").click()

            assert seen.cells("table.findings", 5) == ["Timeliness", "Validity", "Validity"]

    def test_names_are_sorted_as_texts_and_a_dash_is_last(self, browser: Browser, tmp_path: Path) -> None:
        stored = shop()
        for row, name in zip(stored.tables, ("orders_2024", "1e5", "orders"), strict=True):
            row["table_name"] = name
        stored.columns[0]["validity"] = None
        file = tmp_path / "names.html"
        file.write_text(html(stored.report()), encoding="utf-8")

        with opened(browser, file) as seen:
            seen.page.locator(f"{LIST} th", has_text="Table").get_by_role("button").click()
            assert seen.cells(LIST, 1) == ["1e5", "orders", "orders_2024"]
            for _ in range(2):
                header = seen.page.locator("#t3-columns th", has_text="Valid")
                header.get_by_role("button").click()
                assert seen.cells("#t3-columns", 5)[-1] == "\u2013"


class TestSearch:
    """Tables as a searchable list."""

    def test_tables_are_found_by_name_level_and_columns(self, browser: Browser, report: Path) -> None:
        with opened(browser, report) as seen:
            for words, found in SEARCHES:
                seen.page.get_by_label("Search tables and columns").fill(words)

                assert seen.cells(LIST, 1) == found
                assert seen.page.locator("section.table:visible").count() == len(found)
                status = f"{len(found)} of 3 tables" if words else "3 tables"
                assert seen.page.get_by_role("status").inner_text() == status

    def test_the_list_leads_to_a_table_and_back(self, browser: Browser, report: Path) -> None:
        with opened(browser, report) as seen:
            seen.page.locator(LIST).get_by_role("link", name="orders").click()
            heading = seen.page.get_by_role("heading", name="orders")
            assert heading.evaluate(NEAR_THE_TOP)
            seen.page.locator("section#t2").get_by_role("link", name="Back to the list").click()

            seen.page.wait_for_url("**#tables")

    def test_a_link_to_a_table_that_the_search_hides_leads_to_it(
        self, browser: Browser, report: Path
    ) -> None:
        with opened(browser, report) as seen:
            seen.page.locator("#search").fill("orders")
            seen.page.locator("table.findings").get_by_role("link", name="customers").first.click()

            assert seen.page.locator("section#t1").is_visible()
            assert seen.page.locator("#search").input_value() == ""


class TestWide:
    def test_a_long_type_does_not_push_the_rest_away(self, browser: Browser, tmp_path: Path) -> None:
        stored = shop()
        stored.columns[1]["data_type"] = f"struct<{','.join(f'field_{i}:string' for i in range(60))}>"
        file = tmp_path / "struct.html"
        file.write_text(html(stored.report()), encoding="utf-8")

        with opened(browser, file) as seen:
            assert seen.page.locator("#t1-columns").evaluate("one => one.scrollWidth") < 1900

    def test_long_names_do_not_push_the_rest_away(self, browser: Browser, tmp_path: Path) -> None:
        """On a screen they make a table scroll, on paper what is beyond its edge is lost."""
        long = "x" * 300
        stored = one_table(long, long, findings=[finding(long, long)])
        stored.tables[0]["details"] = json.dumps({"comment": long})
        stored.runs.insert(0, run_row(stored.sources[0], {}, -1, status="Failed", error_message=long))
        file = tmp_path / "names.html"
        file.write_text(html(stored.report()), encoding="utf-8")

        with opened(browser, file) as seen:
            for media in ("screen", "print"):
                seen.page.emulate_media(media=media)
                widths = seen.page.locator("html, table, .notices, section").evaluate_all(
                    "some => some.map(one => one.scrollWidth)"
                )
                assert max(widths) <= 1280, media


class TestWithoutScript:
    """It works without a script, on paper, and in a notebook."""

    def test_everything_is_there(self, browser: Browser, report: Path) -> None:
        with opened(browser, report, script=False) as seen:
            assert seen.cells(LIST, 1) == TABLES
            assert seen.page.locator("section.table:visible").count() == len(TABLES)
            assert seen.page.locator("#search").is_hidden()
            assert seen.page.get_by_role("button").count() == 0

    def test_paper_has_all_tables_and_no_links_to_parts(self, browser: Browser, report: Path) -> None:
        with opened(browser, report, scheme="dark") as seen:
            seen.page.emulate_media(media="print", color_scheme="dark")

            assert seen.page.get_by_role("navigation").count() == 0
            assert seen.page.locator("#search").is_hidden()
            assert (
                seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            )
            assert seen.page.pdf(format="A4").startswith(b"%PDF")

    def test_a_notebook_shows_it_in_a_frame(self, browser: Browser, report: Path, tmp_path: Path) -> None:
        notebook = tmp_path / "notebook.html"
        frame = framed(report.read_text(encoding="utf-8"))
        notebook.write_text(f"<!DOCTYPE html><title>Notebook</title>{frame}", encoding="utf-8")

        with opened(browser, notebook) as seen:
            inside = seen.page.frame_locator("iframe")
            inside.locator(f"{LIST} th", has_text="Score").get_by_role("button").click()
            assert inside.locator(f"{LIST} tbody th a").all_inner_texts() == [
                "orders",
                "customers",
                "returns",
            ]
            inside.locator(LIST).get_by_role("link", name="orders").click()
            heading = inside.get_by_role("heading", name="orders")
            assert heading.evaluate(NEAR_THE_TOP)
            assert seen.errors == []


class TestLarge:
    """500 tables and 5,000 columns stay usable (< 5 MB, opens in 2 s)."""

    def test_it_opens_sorts_and_is_searched_quickly(self, browser: Browser, large_report: Path) -> None:
        with opened(browser, large_report, is_new=True) as seen:
            to_open = seen.seconds_of_work()
            assert to_open < OPENS_IN

            seen.page.locator(f"{LIST} th", has_text="Score").get_by_role("button").click()
            seen.page.locator("#search").fill("table_123")
            assert seen.cells(LIST, 1) == ["table_123_of_orders"]
            assert seen.seconds_of_work() - to_open < OPENS_IN
