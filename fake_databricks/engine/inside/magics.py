"""The magics of a command or a notebook cell, such as ``%sql``: split a text into parts. Pure.

The server splits commands of contexts with it, a notebook's process its cells.
"""

from __future__ import annotations

from typing import NamedTuple

WITHOUT_EFFECT = ("%matplotlib", "%load_ext", "%autoreload")
"""Magics of one line that change what an editor does, and no run."""


class Magic(NamedTuple):
    """A part of a command: its language or tool, and its text."""

    kind: str
    text: str


def parse_magics(source: str, language: str) -> list[Magic]:
    """Split a command: a magic of one line is a part; any other takes all that follows it."""
    parts: list[Magic] = []
    rest: list[str] = []
    lines = source.splitlines(keepends=True)
    for number, line in enumerate(lines):
        word, _, tail = line.strip().partition(" ")
        if word in {"%pip", "!pip"}:
            parts.append(Magic("pip", tail))
            rest.append("\n")
        elif word in WITHOUT_EFFECT:
            rest.append("\n")
        elif word.startswith("%") and word[1:2].isalpha() and not "".join(rest).strip():
            whole = tail + "\n" + "".join(lines[number + 1 :])
            return [*parts, Magic(word[1:], whole)]
        else:
            rest.append(line)
    text = "".join(rest)
    return [*parts, Magic(language, text)] if text.strip() or not parts else parts
