"""Takes the pictures of ``docs/images``: ``make pictures``. They show made-up data, the same each time."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nuvyn_executor.reports.page import html
from tests.browser.browsing import missing, opened, running
from tests.browser.page_pictures import take_pages, take_platform
from tests.example_report import example

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


class Picture(NamedTuple):
    """A picture: its name, the window, and the part of the page that is at its top."""

    name: str
    width: int
    height: int
    scheme: str = "light"
    part: str = ""


PICTURES = (
    Picture("report", 1280, 960),
    Picture("report-tables", 1280, 760, "light", "#tables"),
    Picture("report-changes", 1280, 900, "dark", "#changes"),
    Picture("report-columns", 1280, 760, "light", "#t1"),
    Picture("report-phone", 390, 844, "dark"),
)


def take(browser: Browser, picture: Picture, file: Path) -> None:
    """Take one picture of a file."""
    with opened(browser, file, width=picture.width, scheme=picture.scheme) as seen:
        seen.page.set_viewport_size({"width": picture.width, "height": picture.height})
        if picture.part:
            seen.page.locator(picture.part).evaluate("part => part.scrollIntoView()")
        seen.page.screenshot(path=IMAGES / f"{picture.name}.png")


def main() -> int:
    """Take all pictures; return the exit code."""
    lack = missing()
    if lack is not None:
        print(f"No pictures: {lack}", file=sys.stderr)  # noqa: T201  a program of the Makefile
        return 1
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running() as browser:
        file = Path(folder) / "report.html"
        file.write_text(html(example()), encoding="utf-8")
        for picture in PICTURES:
            take(browser, picture, file)
        pages = [*take_pages(browser, IMAGES), *take_platform(browser, IMAGES)]
    print(f"{len(PICTURES) + len(pages)} pictures are in {IMAGES}")  # noqa: T201  as above
    return 0


if __name__ == "__main__":
    sys.exit(main())
