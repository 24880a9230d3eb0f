"""Writes a report as one HTML file: no request leaves it, and it works without a script. Pure.

The policy in its head allows its own style and script, by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, List

from nuvyn_executor.reports import (
    changes_list,
    findings_list,
    method,
    overview,
    table_list,
    table_sections,
)
from nuvyn_executor.reports.figures import moment
from nuvyn_executor.reports.markup import Markup, element, joined, name

if TYPE_CHECKING:
    from nuvyn_executor.reports.contents import Report

_STYLE, _SCRIPT = "report.css", "report.js"


@lru_cache(maxsize=2)
def _file(name: str) -> Markup:
    """Return the style sheet or the script, which lie beside this module."""
    return Markup((Path(__file__).resolve().parent / name).read_text(encoding="utf-8"))


def html(report: Report) -> str:
    """Return the whole file."""
    parts = [
        ("overview", "Overview", overview.section(report)),
        ("findings", "Findings", findings_list.section(report)),
        ("tables", "Tables", table_list.section(report)),
        ("changes", "Changes", changes_list.section(report)),
        ("method", "How it was measured", method.section(report)),
        ("details", "Table by table", table_sections.section(report)),
    ]
    shown = [(anchor, title, content) for anchor, title, content in parts if content]
    sections = [
        element(
            "section",
            element("h2", title, id=f"{anchor}-title"),
            content,
            id=anchor,
            class_="part",
            aria_labelledby=f"{anchor}-title",
        )
        for anchor, title, content in shown
    ]
    links = [element("li", element("a", title, href=f"#{anchor}")) for anchor, title, _ in shown]
    body = [
        element("a", "Skip to the content", href="#content", class_="skip"),
        _header(report),
        element("nav", element("ul", links), aria_label="Parts of the report"),
        element("main", sections, id="content"),
        _footer(report),
        element("script", _file(_SCRIPT)),
    ]
    return f"<!DOCTYPE html>\n{element('html', _head(report), element('body', body), lang='en')}\n"


def framed(page: str) -> str:
    """Return a file as part of another page, as a notebook shows it: neither changes the other."""
    # Not by element(): it shows control characters as signs, and a page has line feeds.
    attributes = 'title="Data quality report" sandbox="allow-scripts" width="100%" height="900"'
    return f'<iframe srcdoc="{escape(page)}" {attributes}></iframe>'


def policy() -> str:
    """Return the Content Security Policy of a report, which a server that serves it has to allow, too."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_hash_of(_file(_STYLE))}",
            f"script-src {_hash_of(_file(_SCRIPT))}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _head(report: Report) -> Markup:
    parts: List[Markup] = [
        element("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy()}">'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"Data quality: {report.title}"),
        element("style", _file(_STYLE)),
    ]
    return element("head", joined(parts))


def _hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _header(report: Report) -> Markup:
    tenants = sorted({one.tenant for one in report.sources})
    about = [
        (
            "Tenant" if len(tenants) == 1 else "Tenants",
            [[", " if place else None, name(one)] for place, one in enumerate(tenants)],
        ),
        ("Measured", moment(max((one.updated_at for one in report.sources if one.updated_at), default=None))),
        ("Report made", moment(report.made_at)),
    ]
    listed = [element("div", element("dt", term), element("dd", content)) for term, content in about]
    return element(
        "header",
        element("p", "Data quality report", class_="kicker"),
        element("h1", name(report.title)),
        element("dl", listed, class_="facts"),
    )


def _footer(report: Report) -> Markup:
    values = (
        "It shows cell values (EXECUTOR_SEND_SAMPLES=true): pass it on with care."
        if report.shows_values
        else "It holds no cell values: names, types, counts and scores only."
    )
    return element(
        "footer",
        element("p", "Made by the Nuvyn executor from its five metadata tables. ", values),
    )
