"""Reads a site that was built: dead links and anchors, and requests to other hosts."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Iterator
from urllib.parse import unquote, urlsplit

_LOADS = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("source", "srcset")}
_LOADING_LINKS = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload"}


class _Page(HTMLParser):
    """What a page links to, what it loads, and which anchors it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value is not None}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        self.loads += [value for name, value in values.items() if (tag, name) in _LOADS]
        if tag == "link" and _LOADING_LINKS & set(values.get("rel", "").split()):
            self.loads.append(values.get("href", ""))


def problems(site: Path) -> list[str]:
    """Return what is wrong: a line for each dead link and each request to another host."""
    read = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    return [
        f"{path.relative_to(site)}: {problem}"
        for path, page in read.items()
        if "examples" not in path.relative_to(site).parts  # reports, which have tests of their own
        for problem in (*_dead(site, path, page, read), *_foreign(page), *_missing(site, path, page))
    ]


def _dead(site: Path, path: Path, page: _Page, read: dict[Path, _Page]) -> Iterator[str]:
    for link in page.links:
        target, anchor = _place(site, path, link)
        if target is None:
            continue
        if not target.is_file():
            yield f"dead link {link}"
        elif target in read and anchor not in read[target].anchors:
            yield f"dead anchor {link}"


def _missing(site: Path, path: Path, page: _Page) -> Iterator[str]:
    for load in page.loads:
        target, _ = _place(site, path, load)
        if target is not None and not target.is_file():
            yield f"missing file {load}"


def _foreign(page: _Page) -> Iterator[str]:
    yield from (f"request to another host: {load}" for load in page.loads if urlsplit(load).netloc)


def _place(site: Path, path: Path, link: str) -> tuple[Path | None, str]:
    """Return the file and the anchor that a link means; no file where it leads out of the site."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None, ""
    start = site if parts.path.startswith("/") else path.parent
    target = Path(start, unquote(parts.path).lstrip("/")).resolve() if parts.path else path
    return (target / "index.html" if target.is_dir() else target), unquote(parts.fragment)
