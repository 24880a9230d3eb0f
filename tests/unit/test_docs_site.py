"""The documentation site: built offline, without a warning, a dead link or a request to another host."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any, List

import pytest

pytest.importorskip("tomllib", reason="the site is built with Python 3.11 or later")
pytest.importorskip("zensical", reason="zensical is not installed (make install)")
pytest.importorskip("starlette", reason="fake-databricks is not installed")

from tools.docs_site import drawings, links, pages, reference
from tools.docs_site.__main__ import build, main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module", name="site")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    assert build(folder) == []
    return folder / "site"


def navigation(entries: List[Any]) -> List[str]:
    """Return the pages of the navigation, in order."""
    found: List[str] = []
    for entry in entries:
        (value,) = entry.values()
        found += navigation(value) if isinstance(value, list) else [value]
    return found


class TestSite:
    """Issue: "`make docs` builds it offline with no warning and no dead link"."""

    def test_each_page_is_there(self, site: Path) -> None:
        wanted = {name.replace(".md", ".html") for name in pages.sources().values()}

        assert {path.relative_to(site).as_posix() for path in site.rglob("*.html")} >= wanted

    def test_what_is_generated_is_there(self, site: Path) -> None:
        texts = {
            name: (site / f"reference/{name}.html").read_text("utf-8")
            for name in ("commands", "cases", "errors")
        }

        assert "usage: nuvyn-executor" in texts["commands"]
        assert "jobs/create/schema_validation" in texts["cases"]
        assert "TransmissionUnavailable" in texts["errors"]
        assert "RESOURCE_DOES_NOT_EXIST" in texts["errors"]

    def test_no_script_of_the_theme_asks_a_repository_for_its_stars(self, site: Path) -> None:
        assert 'data-md-component="source"' not in (site / "index.html").read_text("utf-8")

    def test_no_mark_and_no_table_is_left_as_it_was_written(self, site: Path) -> None:
        for path in site.rglob("*.html"):
            text = path.read_text("utf-8")

            assert "<!-- generated" not in text, path
            assert "<p>|" not in text, path
            assert not re.search(r"<th[^>]*></th>", text), path  # a screen reader says it before each cell

    def test_an_option_is_no_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit, match="0"):
            main(["--help"])
        assert "usage:" in capsys.readouterr().out
        assert list(tmp_path.iterdir()) == []

    def test_a_dead_link_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        real = pages.assemble

        def assemble(folder: Path) -> None:
            real(folder)
            (folder / "bounds.md").write_text("[x](nowhere.md) [y](quality.md#nowhere)")

        monkeypatch.setattr(pages, "assemble", assemble)
        monkeypatch.setattr(reference, "GENERATED", dict.fromkeys(reference.GENERATED, str))

        assert main([str(tmp_path)]) == 1
        assert len(re.findall("does not exist", capsys.readouterr().err)) >= 2


class TestNavigation:
    """Every page is in the navigation."""

    def test_it_has_each_page_once_and_no_other(self) -> None:
        read: Any = importlib.import_module("tomllib").loads
        entries = read((pages.DOCS / "zensical.toml").read_text("utf-8"))["project"]["nav"]
        found = [page for page in navigation(entries) if not page.startswith("https:")]

        assert sorted(found) == sorted(pages.sources().values())


class TestGenerated:
    """Issue: "reference generated from code"."""

    def test_each_is_taken_by_one_page(self) -> None:
        taken = [mark for path in pages.DOCS.rglob("*.md") for mark in pages.marks(path.read_text("utf-8"))]

        assert sorted(taken) == sorted(reference.GENERATED)


class TestPages:
    @pytest.mark.parametrize(
        ("place", "link", "target"),
        [
            ("docs/jobs.md", "sources.md", "sources.md"),
            ("docs/jobs.md", "../CONTRIBUTING.md", "contributing.md"),
            ("docs/tutorials/first-run.md", "../images/report.png", "../images/report.png"),
            ("CONTRIBUTING.md", "docs/jobs.md", "jobs.md"),
            ("docs/jobs.md", "../examples", f"{pages.REPOSITORY}/tree/main/examples"),
            ("docs/jobs.md", "../LICENSE", f"{pages.REPOSITORY}/blob/main/LICENSE"),
            ("docs/jobs.md", "../nothing.md", "../nothing.md"),
        ],
    )
    def test_links_lead_to_pages_of_the_site_or_to_the_repository(
        self, place: str, link: str, target: str
    ) -> None:
        shown = pages.page(f"[a]({link}#b) `[c]`\n\n```text\n[d]({link})\n```\n", place, pages.sources())

        assert shown == f"[a]({target}#b) `[c]`\n\n```text\n[d]({link})\n```\n"


class TestLinks:
    """What the reader of a built site names."""

    @pytest.mark.parametrize(
        ("html", "problem"),
        [
            ('<a href="b.html">', "dead link b.html"),
            ('<a href="#x">', "dead anchor #x"),
            ('<img src="x.png">', "missing file x.png"),
            ('<script src="https://example.org/x.js">', "request to another host: https://example.org/x.js"),
            (
                '<link rel="stylesheet" href="//example.org/x.css">',
                "request to another host: //example.org/x.css",
            ),
            (
                '<link rel="preconnect" href="https://example.org">',
                "request to another host: https://example.org",
            ),
        ],
    )
    def test_it_is_named(self, tmp_path: Path, html: str, problem: str) -> None:
        (tmp_path / "index.html").write_text(html)

        assert links.problems(tmp_path) == [f"index.html: {problem}"]

    def test_links_that_lead_somewhere_are_none(self, tmp_path: Path) -> None:
        (tmp_path / "index.html").write_text(
            '<p id="x"><a href="#x"><a href="index.html#x"><a href="https://a.b">'
        )

        assert links.problems(tmp_path) == []


class TestDrawings:
    @pytest.mark.parametrize("page", ["docs/contract.md", "docs/platform.md", "docs/fake-runs.md"])
    def test_each_diagram_is_drawn(self, page: str) -> None:
        text = (pages.ROOT / page).read_text("utf-8")
        drawn = drawings.with_pictures(text)

        assert "```mermaid" in text
        assert "```mermaid" not in drawn

    def test_each_message_and_each_field_is_in_the_picture(self) -> None:
        text = (pages.ROOT / "docs" / "contract.md").read_text("utf-8")
        (block,) = re.findall(r"```mermaid\n(sequenceDiagram.*?)```", text, re.DOTALL)
        shown = re.sub(r"<[^>]*>", " ", drawings.drawing(block))

        messages = " ".join(re.findall(r">>\w+: (.*)", block))
        assert len(messages) > 500
        assert set(re.findall(r"[\w/.]+", messages)) <= set(re.findall(r"[\w/.]+", shown))

    def test_what_it_does_not_know_is_refused(self) -> None:
        with pytest.raises(drawings.UnknownDiagramError, match="pie"):
            drawings.drawing("pie\n")
        with pytest.raises(drawings.UnknownDiagramError, match="activate A"):
            drawings.drawing("sequenceDiagram\nactivate A\n")
