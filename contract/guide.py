"""The guide's fences: section, number, language, hash. To notice when the guide and the cases drift apart.

The guide itself need not be at hand; ``contract/guide_manifest.json`` holds what it said.
"""

from __future__ import annotations

import hashlib
import re
from typing import List, NamedTuple, Optional, Tuple

_HEADING = re.compile(r"^(#{1,6}) (.*)$")
_OPENING = re.compile(r"^```(\w*)\s*$")


class Fence(NamedTuple):
    """A fenced block: its number from 1, where it stands, its language (``text`` when none), its text."""

    number: int
    section: str
    language: str
    text: str

    @property
    def sha256(self) -> str:
        """Hash of the text: lines joined by LF, one at the end, in UTF-8."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


def plain(heading: str) -> str:
    """Strip a heading of emoji and markup.

    >>> plain("1. **Schema Validation** (`schema_validation`)")
    '1. Schema Validation (schema_validation)'
    """
    return re.sub(r"[^\x00-\x7f]+|[*`]", "", heading).strip()


def fences(markdown: str) -> List[Fence]:
    """List the fenced blocks of a document, each with the headings above it (the title left out)."""
    found: List[Fence] = []
    headings: List[Tuple[int, str]] = []
    language = ""
    block: Optional[List[str]] = None
    for line in markdown.splitlines():
        heading, opening = _HEADING.match(line), _OPENING.match(line)
        if block is not None:
            if line.strip() == "```":
                section = " > ".join(text for depth, text in headings if depth > 1)
                found.append(Fence(len(found) + 1, section, language, "\n".join(block) + "\n"))
                block = None
            else:
                block.append(line)
        elif opening:
            language, block = opening.group(1) or "text", []
        elif heading:
            depth = len(heading.group(1))
            headings = [(above, text) for above, text in headings if above < depth]
            headings.append((depth, plain(heading.group(2))))
    return found
