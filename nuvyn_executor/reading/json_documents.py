"""Take apart JSON files whose documents follow each other, or are the array of one document. Pure."""

from __future__ import annotations

import json
import re
from typing import Iterator, List, Optional

from nuvyn_executor.discovery.json_layout import array_at

_BLANKS = re.compile(r"[ \t\r\n\ufeff]*")
_NEXT = re.compile(r"(?<=[\n}])[ \t]*,?[ \t\r\n]*\{")


def documents_in(text: Optional[str], records_at: str) -> List[str]:
    """Return the text of each document of a file. What cannot be parsed is a text of its own.

    Args:
        text: the whole file.
        records_at: the key of the one document whose array has the rows; ``""``: documents follow each other.
    """
    if not text:
        return []
    if not records_at:
        return list(_after_each_other(text, 0, end=""))
    start = array_at(text, records_at)
    return [text] if start is None else list(_after_each_other(text, start, end="]"))


def _after_each_other(text: str, at: int, end: str) -> Iterator[str]:
    """Return documents with blanks, or commas, between them, up to a character or the end of the text."""
    decoder = json.JSONDecoder()
    while True:
        at = _behind_blanks(text, at)
        while text[at : at + 1] == ",":
            at = _behind_blanks(text, at + 1)
        if at >= len(text) or text[at] == end:
            return
        try:
            stop = decoder.raw_decode(text, at)[1]
        except (ValueError, RecursionError):
            # The next document begins with a brace behind a line's end, or behind another brace.
            following = _NEXT.search(text, at + 1)
            stop = len(text) if following is None else following.start()
        yield text[at:stop]
        at = stop


def _behind_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return at if found is None else found.end()
