"""The pages of the receiver in a browser: each for everybody, by links and keyboard, with hostile names."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Iterator
from urllib.error import HTTPError

import pytest

if sys.version_info < (3, 10):  # noqa: UP036  the executor's suite runs on older ones too
    pytest.skip("the pages need Python 3.10", allow_module_level=True)
pytest.importorskip("jinja2", reason="fake-databricks is not installed")
pytest.importorskip("cryptography", reason="fake-databricks is not installed")

from contract.receiver import Receiver
from tests.browser.browsing import Opened, opened
from tests.contract.platform_bodies import HOSTILE, hostile, post, shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser

KEY, TENANT = "nv-key", "client-123"
PLACES = {name: place for place, name in enumerate(sorted((TENANT, HOSTILE)))}


@pytest.fixture(scope="module", name="url")
def _url() -> Iterator[str]:
    with Receiver(KEY) as receiver:
        for document in (*shop(TENANT), hostile(HOSTILE)):
            post(receiver.url, KEY, document)
        for tenant in (TENANT, HOSTILE):
            with pytest.raises(HTTPError, match="422"):
                post(receiver.url, KEY, {"tenant_id": tenant})
        yield receiver.url


def pages(seen: Opened, tenant: str) -> Iterator[str]:
    """Follow the links from the first page down to a column of a tenant, then to what arrived or not."""
    yield "/"
    for start, place in (("/tenant?", PLACES[tenant]), ("/source?", -1), ("/table?", -1), ("/column?", -1)):
        seen.follow(seen.page.locator(f"tbody a[href^='{start}']").nth(place))
        yield start
    seen.follow(seen.page.locator("a[href^='/tenant?']"))
    seen.follow(seen.page.locator("a[href^='/deliveries?']"))
    yield "/deliveries"
    seen.follow(seen.page.get_by_role("link", name="refused", exact=True))
    yield "/refused"


class TestEveryPage:
    """axe without violations; no request leaves the page; hostile names stay text"""

    @pytest.mark.parametrize(
        ("tenant", "scheme", "width"),
        [(TENANT, "dark", 1280), (HOSTILE, "light", 360)],
        ids=["dark", "narrow and hostile"],
    )
    def test_can_be_read_by_all(
        self, browser: Browser, url: str, tenant: str, scheme: str, width: int
    ) -> None:
        with opened(browser, f"{url}/?key={KEY}", scheme=scheme, width=width) as seen:
            for address in pages(seen, tenant):
                assert seen.violations() == [], address
                assert seen.page.evaluate("document.documentElement.scrollWidth") <= width, address
                assert seen.page.title() != "taken"
            assert (seen.requests, seen.errors) == ([], [])

    def test_a_script_is_not_needed(self, browser: Browser, url: str) -> None:
        with opened(browser, f"{url}/?key={KEY}", script=False) as seen:
            assert len(list(pages(seen, TENANT))) == 7


class TestNarrow:
    """At 400 % zoom, 320 pixels: a cell has lines of words, not of three characters."""

    def test_an_id_and_a_sentence_are_not_squeezed(self, browser: Browser, url: str) -> None:
        with opened(browser, f"{url}/?key={KEY}", width=320) as seen:
            for address, cell, lines in (("/deliveries", "td > code", 2), ("/refused", "td.text", 3)):
                seen.page.goto(f"{url}{address}?tenant_id={TENANT}")
                box = seen.page.locator(cell).first.bounding_box()
                assert box is not None
                assert box["height"] < (lines + 1) * 20, address


class TestFaults:
    """a fault switched on, met by a body, and switched off"""

    @pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 360)])
    def test_is_switched_on_met_and_off(self, browser: Browser, url: str, scheme: str, width: int) -> None:
        (sent, *_) = shop(TENANT)
        with opened(browser, f"{url}/?key={KEY}", scheme=scheme, width=width) as seen:
            seen.follow(seen.page.get_by_role("navigation", name="Pages").get_by_role("link", name="Faults"))
            seen.follow(seen.page.get_by_role("button", name="Switch unavailable on"))
            seen.page.get_by_role("button", name="Switch all off").wait_for()
            assert seen.cells("#on table", 5) == ["2"]
            assert seen.violations() == []
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
            with pytest.raises(HTTPError, match="503"):
                post(url, KEY, sent)
            seen.page.reload()
            assert seen.cells("#on table", 5) == ["1"]
            seen.follow(seen.page.locator("#on").get_by_role("button", name="Switch fault"))
            seen.page.get_by_text("None: the next body is answered as usual.").wait_for()
            post(url, KEY, sent)
            assert (seen.requests, seen.errors) == ([], [])

    def test_one_of_ones_own_without_a_script(self, browser: Browser, url: str) -> None:
        with opened(browser, f"{url}/?key={KEY}", script=False) as seen:
            seen.page.goto(f"{url}/faults")
            seen.page.get_by_label("Status of the answer").fill("418")
            seen.page.get_by_label("How many bodies meet it").fill("3")
            seen.follow(seen.page.get_by_role("button", name="Switch on", exact=True))
            assert seen.cells("#on table", 2) == ["answers 418"]
            seen.follow(seen.page.get_by_role("button", name="Switch all off"))
            assert seen.page.get_by_text("None: the next body is answered as usual.").is_visible()


class TestReport:
    """the quality report of a tenant"""

    def test_it_works_under_its_policy(self, browser: Browser, url: str) -> None:
        with opened(browser, f"{url}/?key={KEY}") as seen:
            seen.follow(seen.page.get_by_role("link", name=TENANT))
            seen.follow(seen.page.get_by_role("link", name="Quality report"))
            seen.page.get_by_label("Search tables and columns").fill("customers")  # its script runs
            assert seen.cells("#table-list", 1) == ["customers"]
            assert seen.violations() == []
            seen.page.go_back()
            assert seen.page.get_by_role("heading", level=1).inner_text() == TENANT
            assert (seen.requests, seen.errors) == ([], [])


class TestSigningIn:
    """a sign-in for each key, by keyboard alone"""

    def test_by_keyboard_to_the_page_that_was_asked_for_and_out(self, browser: Browser, url: str) -> None:
        with opened(browser, f"{url}/deliveries?tenant_id={TENANT}") as seen:
            assert seen.violations() == []
            seen.page.get_by_label("Key").focus()
            seen.page.keyboard.type(KEY)
            seen.page.keyboard.press("Enter")
            seen.page.get_by_role("heading", name="What has arrived").wait_for()
            seen.page.keyboard.press("Tab")
            seen.page.keyboard.press("Enter")
            assert seen.page.evaluate("document.activeElement.id") == "content"
            seen.follow(seen.page.get_by_role("button", name="Sign out"))
            seen.page.get_by_label("Key").wait_for()
