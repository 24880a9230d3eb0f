"""Whether a text is JSON, and whether it is one document or one document a line. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

_BEGINNING = re.compile(r'\A\s*(?:\{\s*["}]|\[\s*(?:[\[{"\]]|-?\d|true|false|null))')
_LINES = 20


def looks_like_json(text: str, *, whole: bool) -> bool:
    """Whether the content of a text is JSON: it begins with an object or an array, and it parses.

    Args:
        text: the beginning of a file.
        whole: it is the entire file; else only the part before the cut has to be well-formed.
    """
    if not _BEGINNING.match(text):
        return False
    stripped = text.lstrip()
    try:
        json.JSONDecoder().raw_decode(stripped)
    except json.JSONDecodeError as error:
        # A value that the cut left open fails at its very end, or at the quote that opens its last string.
        at_end = error.pos >= len(stripped.rstrip()) - 1 or error.msg.startswith("Unterminated")
        return not whole and at_end
    except (ValueError, RecursionError):  # a number of thousands of digits; arrays in arrays without end
        return True
    return True


def begins_like_json(text: str) -> bool:
    """Whether one of the first lines begins an object or an array."""
    return any(line.lstrip().startswith(("{", "[")) for line in text.lstrip().splitlines()[:_LINES])


def is_one_document(text: str, *, whole: bool) -> bool:
    """Whether a JSON text is one document over several lines, and not one document a line.

    A text that begins with an array is a document, unless that array ends on its line and more lines follow.
    In other texts: where a third of the first lines or more are objects, the text is JSON Lines; in a
    document hardly one line is an object.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) > 1 and not whole:
        lines.pop()  # cut
    lines = lines[:_LINES]
    if not lines or (len(lines) == 1 and not lines[0].lstrip().startswith("[")):
        return False
    if lines[0].lstrip().startswith("["):
        return len(lines) == 1 or not isinstance(_parse(lines[0]), list)
    complete = sum(isinstance(_parse(line), dict) for line in lines)
    return complete * 3 < len(lines)


def _parse(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
