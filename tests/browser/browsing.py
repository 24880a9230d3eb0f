"""A browser for tests of pages: Chromium, driven by Playwright; and axe, for accessibility."""

from __future__ import annotations

import importlib.util
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, Optional, Union
from urllib.parse import urlsplit

from tools.install_browser import find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_OPTIONS = (
    "--no-sandbox",  # its tests may run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-prefers-reduced-motion",
)
_PACKAGES = ("playwright", "axe_playwright_python")


def missing() -> Optional[str]:
    """Return a sentence for what is not installed; ``None`` where everything is."""
    for package in _PACKAGES:
        if importlib.util.find_spec(package) is None:
            return f"the package {package} is not installed (make install)"
    return None if find_browser() else "Chromium was not found (make install-browser)"


@contextmanager
def running() -> Iterator[Browser]:
    """Start the browser, and stop it."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  not on every Python

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=[*_OPTIONS])
        try:
            yield browser
        finally:
            browser.close()


class Opened:
    """A page of a file or of a server, in a window of its own. Each request to another place is an error.

    Attributes:
        page: Playwright's page.
        requests: addresses that the page asked for; they were not answered.
        errors: what the page wrote to its console, errors of its script included.
    """

    def __init__(self, page: Page, place: Union[Path, str]) -> None:
        self.page = page
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._own = place if isinstance(place, str) else place.as_uri()
        page.on("console", lambda message: self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.route("**/*", self._answer)
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(self._own)

    def _answer(self, route: Any) -> None:
        asked, own = urlsplit(route.request.url), urlsplit(self._own)
        is_of_server = own.scheme != "file" and asked[:2] == own[:2]
        if is_of_server or asked[:4] == own[:4]:
            route.continue_()
        else:
            self.requests.append(route.request.url)
            route.abort()

    def violations(self) -> list[str]:
        """Return what axe finds: the rule, and the first element that breaks it."""
        package = importlib.util.find_spec("axe_playwright_python")
        assert package is not None
        assert package.submodule_search_locations
        axe = Path(package.submodule_search_locations[0]) / "axe.min.js"
        # As a debugger runs it, not as an element of the page: the page's policy would refuse that.
        self.page.evaluate(axe.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found]

    def seconds_of_work(self) -> float:
        """Return how much time of a processor the page has taken so far, however busy the machine is."""
        self.page.screenshot()  # it is drawn
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    def cells(self, table: str, column: int) -> list[str]:
        """Return the first line of each cell of a column of a table, row by row, of rows that are shown."""
        rows = self.page.locator(f"{table} tbody tr:visible")
        return [
            text.strip().split("\n")[0]
            for text in rows.locator(f":scope > :nth-child({column})").all_inner_texts()
        ]


@contextmanager
def opened(
    browser: Browser,
    place: Union[Path, str],
    *,
    width: int = 1280,
    scheme: str = "light",
    script: bool = True,
) -> Iterator[Opened]:
    """Open a page.

    Args:
        browser: that runs.
        place: a file, or the address of a page of a server.
        width: of the window, in pixels.
        scheme: ``light`` or ``dark``.
        script: whether scripts run.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
    )
    try:
        yield Opened(context.new_page(), place)
    finally:
        context.close()
