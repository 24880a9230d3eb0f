"""A browser for tests of pages: Chromium, driven by Playwright; and axe, for accessibility."""

from __future__ import annotations

import importlib.util
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional, Union
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from tools.install_browser import find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Request

_OPTIONS = (
    "--no-sandbox",  # its tests may run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-prefers-reduced-motion",
    # No name of a network is found. Playwright's own way to stop requests takes 10 ms for each.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_HEIGHT = 900
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


@lru_cache(maxsize=1)
def _axe() -> str:
    package = importlib.util.find_spec("axe_playwright_python")
    assert package is not None
    assert package.submodule_search_locations
    return (Path(package.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")


class Window:
    """A window of a browser, for one page after another: to make one takes 0.3 s.

    Args:
        browser: that runs.
        script: whether scripts run.
    """

    def __init__(self, browser: Browser, *, script: bool) -> None:
        self.context = browser.new_context(java_script_enabled=script)
        self.page = self.context.new_page()
        self.session = self.context.new_cdp_session(self.page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.has_axe = False

    def clear(self) -> None:
        """Leave nothing of the page: neither what runs nor what it has stored."""
        self.page.goto("about:blank")
        self.context.clear_cookies()
        everything = {"origin": "*", "storageTypes": "all"}
        self.session.send("Storage.clearDataForOrigin", everything)


_FREE: WeakKeyDictionary[Browser, dict[bool, list[Window]]] = WeakKeyDictionary()
"""The windows of each browser that nobody uses now, by whether scripts run."""


class Opened:
    """A page of a file or of a server, in a window of its own. Each request to another place is an error.

    Attributes:
        page: Playwright's page.
        requests: addresses of other places that the page asked for; names are not found.
        errors: what the page wrote to its console, errors of its script included.
    """

    def __init__(self, window: Window, place: Union[Path, str]) -> None:
        self.page = window.page
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._own = urlsplit(place if isinstance(place, str) else place.as_uri())
        self._window = window
        self._listeners: dict[str, Callable[[Any], None]] = {
            "console": lambda message: self.errors.append(message.text),
            "pageerror": lambda error: self.errors.append(str(error)),
            "request": self._note,
            "requestfailed": self._forget,
        }
        for event, listener in self._listeners.items():
            self.page.on(event, listener)
        self.page.goto(self._own.geturl())

    def stop(self) -> None:
        """Listen no more."""
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)

    def _note(self, request: Request) -> None:
        """Note a request to another place."""
        asked = urlsplit(request.url)
        is_of_server = self._own.scheme != "file" and asked[:2] == self._own[:2]
        is_inside = asked.scheme in ("about", "data", "blob")
        if not (is_of_server or is_inside or asked[:4] == self._own[:4]):
            self.requests.append(request.url)

    def _forget(self, request: Request) -> None:
        """Take back a request that the policy of the page has stopped: it was not sent."""
        if request.failure == "csp" and request.url in self.requests:
            self.requests.remove(request.url)

    def turn(self, scheme: str, width: int) -> None:
        """Show the page in another scheme and width."""
        turn(self.page, scheme, width)

    def follow(self, leads: Locator) -> None:
        """Click a link or a button that leads to another page, and wait until that page is there.

        A click alone does not wait: what is looked at next may be the page before, or half a page.

        Raises:
            TimeoutError: Playwright's, when no other page comes.
        """
        with self.page.expect_navigation():
            leads.click()

    def violations(self) -> list[str]:
        """Return what axe finds: the rule, and the first element that breaks it."""
        # As a debugger runs it, not as an element of the page: the page's policy would refuse that.
        if not self._window.has_axe:
            self._window.has_axe = True
            self.page.evaluate(_axe())
            # The pages that come after this one have it: to send half a megabyte to each takes 0.1 s.
            self.page.add_init_script(f"if (window === top) {{\n{_axe()}\n}}")
        found = self.page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)"
        )
        return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found]

    def seconds_of_work(self) -> float:
        """Return how much time of a processor the page has taken so far, however busy the machine is."""
        self.page.screenshot()  # it is drawn
        metrics = self._window.session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    def spoken(self, role: str) -> list[str]:
        """Return the names of all elements of a role as a screen reader has them, in the order of the page.

        They include what is in a closed shadow root, which neither a locator nor a script can read.
        """
        nodes = self._window.session.send("Accessibility.getFullAXTree")["nodes"]
        return [
            node.get("name", {}).get("value", "")
            for node in nodes
            if not node["ignored"] and node["role"]["value"] == role
        ]

    def cells(self, table: str, column: int) -> list[str]:
        """Return the first line of each cell of a column of a table, row by row, of rows that are shown."""
        rows = self.page.locator(f"{table} tbody tr:visible")
        return [
            text.strip().split("\n")[0]
            for text in rows.locator(f":scope > :nth-child({column})").all_inner_texts()
        ]


def turn(page: Page, scheme: str, width: int) -> None:
    """Show a page in a scheme and a width."""
    scheme = "dark" if scheme == "dark" else "light"
    page.emulate_media(media="screen", color_scheme=scheme, forced_colors="none")
    page.set_viewport_size({"width": width, "height": _HEIGHT})


@contextmanager
def opened(  # noqa: PLR0913  what a page is opened with
    browser: Browser,
    place: Union[Path, str],
    *,
    width: int = 1280,
    scheme: str = "light",
    script: bool = True,
    is_new: bool = False,
) -> Iterator[Opened]:
    """Open a page.

    Args:
        browser: that runs.
        place: a file, or the address of a page of a server.
        width: of the window, in pixels.
        scheme: ``light`` or ``dark``.
        script: whether scripts run.
        is_new: whether no other page was in the window before.
    """
    free = _FREE.setdefault(browser, {True: [], False: []})[script]
    window = free.pop() if free and not is_new else Window(browser, script=script)
    is_clear = False
    try:
        turn(window.page, scheme, width)
        seen = Opened(window, place)
        yield seen
        seen.stop()
        window.clear()
        is_clear = True
    finally:
        if is_clear:
            free.append(window)
        else:  # after a failure nobody knows what is in it
            window.context.close()
