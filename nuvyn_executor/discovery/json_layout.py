"""Whether a text is JSON, and how its documents lie in it. Pure."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import Any, Iterator, NamedTuple, Optional, Sequence, Tuple

_BEGINNING = re.compile(r'\A\s*(?:\{\s*["}]|\[\s*(?:[\[{"\]]|-?\d|true|false|null))')
_LINES = 20
_LINES_ENDINGS = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
_SEVERAL = 2  # objects of an array show that it is a table
_TABLES = ("data", "features", "records", "results", "rows", "value", "values")
# What stands beside the rows of an answer, and says nothing of them.
_ASIDE = re.compile(
    r"[@_$]?(?:meta\w*|\w*count|total\w*|next\w*|prev\w*|page\w*|per_?page|limit|offset|cursor|status|code|ok"
    r"|success|errors?|messages?|version|type|kind|schema|links?|crs|bbox|time_?stamp|generated\w*|number\w*|size"
    r"|took|query|request\w*|has_?more|odata\S*|@\S*)",
    re.IGNORECASE,
)
_BLANK = " \t\r\n\ufeff"


class JsonLayout(NamedTuple):
    """How the documents of a JSON file lie in it.

    Attributes:
        multiline: a document may be several lines, so the file is read as a whole.
        records_at: the key of the one document, whose array has the rows; ``""`` where documents follow each
            other without being a line each; ``None`` where a line is a document, or the file an array.
    """

    multiline: bool = False
    records_at: Optional[str] = None


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


def is_lines_of_json(text: str, *, whole: bool) -> bool:
    """Whether each of the first lines is a JSON object: then a text is no CSV, whatever its name says."""
    lines = [line for line in text.split("\n") if line.strip(_BLANK)]
    if len(lines) > 1 and not whole:
        lines.pop()  # cut
    return bool(lines) and all(isinstance(_parse(line.strip(_BLANK)), dict) for line in lines[:_LINES])


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


def layout_of(text: str, name: str, *, whole: bool) -> JsonLayout:
    """Find how the documents of a file lie in it.

    Args:
        text: its beginning.
        name: its name: of ``.jsonl``, ``.ndjson`` and these with ``.gz`` each line is a document.
        whole: the text is the entire file.
    """
    multiline = is_one_document(text, whole=whole)
    start = text.lstrip(_BLANK)
    if not start.startswith("{") or name.lower().endswith(_LINES_ENDINGS):
        return JsonLayout(multiline)
    lines = [line for line in start.split("\n") if line.strip()]
    if not multiline and len(lines) > 1 and _parse(lines[0]) is not None:
        return JsonLayout(multiline=False)
    try:
        value, end = json.JSONDecoder().raw_decode(start)
    except (ValueError, RecursionError):
        key = _open_array(start)
        return JsonLayout(multiline) if key is None else JsonLayout(multiline=True, records_at=key)
    if start[end:].strip(_BLANK):
        follows = start[end:].strip(_BLANK + ",").startswith("{")
        return JsonLayout(multiline=True, records_at="") if follows else JsonLayout(multiline)
    key = _wrapped(value)
    return JsonLayout(multiline) if key is None else JsonLayout(multiline=True, records_at=key)


def array_at(text: str, key: str) -> Optional[int]:
    """Return where the array of a key of the one document begins, behind its bracket."""
    return next((at for name, at in _pairs(text) if name == key and text[at] == "["), -1) + 1 or None


def _wrapped(value: Any) -> Optional[str]:
    """Return the key of the one array of objects in a document."""
    arrays = [
        name
        for name, held in value.items()
        if isinstance(held, list) and held and all(isinstance(one, dict) for one in held)
    ]
    if len(arrays) != 1:
        return None
    (name,) = arrays
    others = [one for one in value if one != name]
    return name if _is_table(name, len(value[name]), others) else None


def _open_array(text: str) -> Optional[str]:
    """Return the key of the array of objects in which a document is cut."""
    pairs = list(_pairs(text))
    if not pairs or text[pairs[-1][1]] != "[":
        return None
    name, at = pairs[-1]
    found = len(list(islice(_objects(text, at), _SEVERAL)))
    return name if _is_table(name, found, [one for one, _ in pairs[:-1]]) else None


def _is_table(name: str, objects: int, others: Sequence[str]) -> bool:
    """Whether an array is the table, and not a list in a record.

    Args:
        name: its key.
        objects: how many it has.
        others: the other keys of the document.
    """
    if name.lower() in _TABLES:
        return objects > 0 and not any(one.lower() == "id" for one in others)
    return objects >= _SEVERAL and all(map(_ASIDE.fullmatch, others))


def _objects(text: str, bracket: int) -> Iterator[Any]:
    """Return the first objects of an array, up to what is no object or cannot be parsed."""
    decoder = json.JSONDecoder()
    at = _next(text, bracket + 1)
    try:
        while True:
            value, at = decoder.raw_decode(text, at)
            if not isinstance(value, dict):
                return
            yield value
            at = _next(text, at)
            if text[at : at + 1] != ",":
                return
            at = _next(text, at + 1)
    except (ValueError, RecursionError):
        return


def _pairs(text: str) -> Iterator[Tuple[str, int]]:
    """Return the keys of the one document, and where their values begin, as far as it can be parsed."""
    decoder = json.JSONDecoder()
    at = _next(text, 0)
    try:
        while at < len(text) and text[at] in "{,":
            name, at = decoder.raw_decode(text, _next(text, at + 1))
            at = _next(text, at)
            if text[at : at + 1] != ":" or not isinstance(name, str):
                return
            at = _next(text, at + 1)
            if at >= len(text):
                return
            yield name, at
            at = _next(text, decoder.raw_decode(text, at)[1])
    except (ValueError, RecursionError):
        return


def _next(text: str, at: int) -> int:
    """Return the place of the next character that is no blank."""
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at
