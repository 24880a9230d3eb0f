"""One browser for all tests of pages; without one they are skipped by name, in CI they fail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Iterator

import pytest

from tests.browser.browsing import missing, running
from tools.install_browser import can_install

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# Not of the session: while Playwright runs, no other test of the process can run a loop of asyncio.
@pytest.fixture(scope="package", name="browser")
def _browser() -> Iterator[Browser]:
    lack = missing()
    if lack is not None and os.environ.get("CI") == "true" and can_install():
        pytest.fail(f"There is no browser for the tests of pages, and CI can have one: {lack}")
    if lack is not None:
        pytest.skip(f"There is no browser for the tests of pages: {lack}")
    with running() as browser:
        yield browser
