"""Verdicts as text, JSON, JUnit's XML or one HTML page. Pure: each report is a text."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Dict, Mapping, Sequence
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from contract.verdicts import Verdict

OUTCOMES = ("passed", "failed", "advice", "not asked")
_WORD = {"failed": "FAILED"}
_SHORTEST_SECRET = 8
# XML 1.0 has no way to write these, not even as references.
_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #ddd;padding:.35rem .6rem;text-align:left;vertical-align:top}
code{overflow-wrap:anywhere}.passed{color:#17692f}.failed{color:#a40e26;font-weight:bold}
.advice{color:#8a5a00}.not-asked{color:#666}
"""


@dataclass(frozen=True)
class Play:
    """Whom the verdicts are about.

    Attributes:
        suite: the command that played.
        version: of the contract.
        url: the server.
        dialect: which cases were asked.
        descriptions: what each case demands, by its id.
        secret: a text that no report shows.

    """

    suite: str
    version: str
    url: str
    dialect: str = ""
    descriptions: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""


def counts(verdicts: Sequence[Verdict]) -> Dict[str, int]:
    """Return how many cases had each outcome, in the order of ``OUTCOMES``."""
    outcomes = [verdict.outcome for verdict in verdicts]
    return {outcome: outcomes.count(outcome) for outcome in OUTCOMES}


def without_secret(text: str, secret: str) -> str:
    """Mask the secret in a text. A secret of a few characters stands in too many words to be masked."""
    return text.replace(secret, "[REDACTED]") if len(secret) >= _SHORTEST_SECRET else text


def text_lines(verdict: Verdict) -> str:
    """Return the line of a verdict, and one for each of its differences."""
    word = _WORD.get(verdict.outcome, verdict.outcome)
    if verdict.not_asked:
        return f"{word:<10} {verdict.case_id}: {verdict.not_asked}\n"
    return f"{word:<10} {verdict.case_id}\n" + "".join(f"           {each}\n" for each in verdict.differences)


def text_summary(verdicts: Sequence[Verdict]) -> str:
    """Return the last line: how many passed and failed."""
    found = counts(verdicts)
    more = [f", {found[outcome]} {outcome}" for outcome in ("advice", "not asked") if found[outcome]]
    return f"{found['passed']} passed, {found['failed']} failed{''.join(more)}\n"


def as_text(play: Play, verdicts: Sequence[Verdict]) -> str:
    """Return a line for each case and each difference, then the summary."""
    text = "".join(map(text_lines, verdicts)) + text_summary(verdicts)
    return without_secret(text, play.secret)


def as_json(play: Play, verdicts: Sequence[Verdict]) -> str:
    """Return one JSON document."""
    document = {
        "suite": play.suite,
        "contract_version": play.version,
        "url": play.url,
        **({"dialect": play.dialect} if play.dialect else {}),
        **{outcome.replace(" ", "_"): number for outcome, number in counts(verdicts).items()},
        "cases": [
            {
                "id": verdict.case_id,
                "description": play.descriptions.get(verdict.case_id, ""),
                "outcome": verdict.outcome,
                "seconds": round(verdict.seconds, 3),
                "differences": [difference._asdict() for difference in verdict.differences],
                **({"why": verdict.not_asked} if verdict.not_asked else {}),
            }
            for verdict in verdicts
        ],
    }
    return without_secret(json.dumps(document, ensure_ascii=False, indent=2), play.secret) + "\n"


def as_junit(play: Play, verdicts: Sequence[Verdict]) -> str:
    """Return the XML that CI systems read: one ``testcase`` for each case, its folder as ``classname``."""
    found = counts(verdicts)
    numbers = {
        "name": play.suite,
        "tests": str(len(verdicts)),
        "failures": str(found["failed"]),
        "errors": "0",
        "skipped": str(found["not asked"]),
        "time": f"{sum(verdict.seconds for verdict in verdicts):.3f}",
    }
    suites = ET.Element("testsuites", numbers)
    suite = ET.SubElement(suites, "testsuite", numbers)
    for verdict in verdicts:
        folder, _, name = verdict.case_id.rpartition("/")
        place = {"classname": ".".join(filter(None, [play.suite, folder.replace("/", ".")])), "name": name}
        case = ET.SubElement(suite, "testcase", {**place, "time": f"{verdict.seconds:.3f}"})
        said = [_xml_text(without_secret(str(each), play.secret)) for each in verdict.differences]
        if verdict.not_asked:
            ET.SubElement(case, "skipped", {"message": _xml_text(verdict.not_asked)})
        elif verdict.outcome == "failed":
            ET.SubElement(case, "failure", {"message": said[0]}).text = "\n".join(said)
        elif said:
            ET.SubElement(case, "system-out").text = "\n".join(said)
    document = ET.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}\n'


def as_html(play: Play, verdicts: Sequence[Verdict]) -> str:
    """Return one page that needs no other file: the failed cases first."""
    order = {outcome: place for place, outcome in enumerate(("failed", "advice", "passed", "not asked"))}
    rows = "".join(_row(play, each) for each in sorted(verdicts, key=lambda each: order[each.outcome]))
    summary = html.escape(text_summary(verdicts).strip())
    about = html.escape(" · ".join(filter(None, [play.url, play.dialect, f"contract {play.version}"])))
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{summary}</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>{html.escape(play.suite)}: {summary}</h1><p>{about}</p>\n"
        "<table><thead><tr><th>outcome</th><th>case</th><th>demand</th><th>seconds</th></tr></thead>\n"
        f"<tbody>\n{rows}</tbody></table></body></html>\n"
    )


def _row(play: Play, verdict: Verdict) -> str:
    said = [verdict.not_asked] if verdict.not_asked else [str(each) for each in verdict.differences]
    details = "".join(f"<br><code>{html.escape(without_secret(each, play.secret))}</code>" for each in said)
    demand = html.escape(play.descriptions.get(verdict.case_id, ""))
    return (
        f'<tr><td class="{verdict.outcome.replace(" ", "-")}">{verdict.outcome}</td>'
        f"<td>{html.escape(verdict.case_id)}</td><td>{demand}{details}</td><td>{verdict.seconds:.2f}</td></tr>\n"
    )


def _xml_text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


REPORTS: Mapping[str, Callable[[Play, Sequence[Verdict]], str]] = {
    "text": as_text,
    "json": as_json,
    "junit": as_junit,
    "html": as_html,
}
