"""The documentation site in a browser: it needs nothing from elsewhere, and fits a phone."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Iterator

import pytest

pytest.importorskip("zensical", reason="zensical is not installed (make install)")
pytest.importorskip("starlette", reason="fake-databricks is not installed")

from tests.browser.browsing import opened
from tests.waiting import until
from tools.docs_site import reference
from tools.docs_site.__main__ import build

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = ("index.html", "contract.html", "fake.html", "tutorials/first-run.html")
WIDTHS = (1280, 390)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture(scope="module", name="site")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:  # what is generated takes longest, and is looked at elsewhere
        patch.setattr(reference, "GENERATED", dict.fromkeys(reference.GENERATED, str))
        assert build(folder) == []
    handler = partial(_Quiet, directory=str(folder / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class TestSite:
    @pytest.mark.parametrize("width", WIDTHS)
    def test_no_page_asks_another_host_and_each_fits(self, browser: Browser, site: str, width: int) -> None:
        with ExitStack() as windows:
            shown = {page: windows.enter_context(opened(browser, site + page, width=width)) for page in PAGES}
            for page, seen in shown.items():
                seen.page.wait_for_load_state("networkidle")  # half a second, for all at once
                beyond = seen.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

                assert (seen.requests, seen.errors) == ([], []), page
                assert beyond <= 0, page
                assert seen.violations() == [], page

    def test_a_word_is_found(self, browser: Browser, site: str) -> None:
        with opened(browser, site) as seen:
            seen.page.wait_for_load_state("networkidle")
            seen.page.keyboard.press("Control+k")
            until(lambda: seen.spoken("combobox") == ["Search"])
            seen.page.keyboard.insert_text("idempotency")  # at once: a part of the word has other results
            until(lambda: seen.spoken("option")[:1] == ["Idempotency"])
            seen.page.keyboard.press("Enter")

            seen.page.wait_for_url(f"{site}platform.html?h=idempotency#idempotency")
            # Chromium notes that the place in the page goes before the focus of the field for a search.
            errors = [text for text in seen.errors if not text.startswith("Autofocus processing was blocked")]
            assert (seen.requests, errors) == ([], [])
