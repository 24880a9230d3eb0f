"""Assembles the Markdown pages of the site from files of the repository."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import Callable, Mapping

from tools.docs_site import drawings, reference

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
REPOSITORY = "https://github.com/nuvyn-bldr/executor-script"
FROM_ELSEWHERE: Mapping[str, str] = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "contract/README.md": "contract-cases.md",
    "contract/CHANGELOG.md": "contract-changelog.md",
    "examples/go/README.md": "examples-in-go.md",
}
"""Pages of other folders, and what they are called in the site."""

_LINK = re.compile(r"(?<=\]\()(?!https?:|#|mailto:)([^)#\s]+)")
_FENCED = re.compile(r"^(`{3,}).*?^\1`*$", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"^<!-- .* -->$", re.MULTILINE)
_MARK = re.compile(r"^<!-- generated: (\S+) -->$", re.MULTILINE)


def sources() -> dict[str, str]:
    """Return the pages: where each is in the repository, and where in the site."""
    own = {
        path.relative_to(ROOT).as_posix(): path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")
    }
    return {**own, **FROM_ELSEWHERE}


def assemble(folder: Path) -> None:
    """Write all pages, pictures and other files of the site into a folder."""
    shutil.copytree(DOCS, folder, ignore=shutil.ignore_patterns("*.md", "*.toml"))
    site = sources()
    for place, name in site.items():
        text = (ROOT / place).read_text(encoding="utf-8")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(text, place, site), encoding="utf-8")


def page(text: str, place: str, site: Mapping[str, str]) -> str:
    """Return the text of a page as the site has it.

    Args:
        text: as it is in the repository.
        place: its path there.
        site: the paths of all pages there, and in the site.
    """

    def lead(link: re.Match[str]) -> str:
        return _target(link.group(), place, site)

    text = _MARK.sub(lambda mark: reference.GENERATED[mark.group(1)](), text)
    text = _outside_of_blocks(text, lambda part: _COMMENT.sub("", _LINK.sub(lead, part)))
    return drawings.with_pictures(text)


def marks(text: str) -> list[str]:
    """Return the names of what is generated at the marks of a page."""
    return _MARK.findall(text)


def _outside_of_blocks(text: str, change: Callable[[str], str]) -> str:
    parts, end = [], 0
    for block in _FENCED.finditer(text):
        parts += [change(text[end : block.start()]), block.group()]
        end = block.end()
    return "".join([*parts, change(text[end:])])


def _target(link: str, place: str, site: Mapping[str, str]) -> str:
    """Return where a link leads: to a page or file of the site, else to the repository."""
    found = os.path.normpath(PurePosixPath(place).parent / link)
    folder = PurePosixPath(site[place]).parent
    if found in site:
        return os.path.relpath(site[found], folder)
    if found.startswith("docs/"):
        return os.path.relpath(found[len("docs/") :], folder)
    kind = "tree" if (ROOT / found).is_dir() else "blob"
    return f"{REPOSITORY}/{kind}/main/{found}" if (ROOT / found).exists() else link
