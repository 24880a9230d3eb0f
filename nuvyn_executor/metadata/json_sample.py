"""The shape of JSON documents: fields in the order in which they first appear. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

SCALAR, OBJECT, ARRAY = "scalar", "object", "array"


@dataclass(frozen=True)
class JsonField:
    """A field of JSON documents.

    Attributes:
        name: its name.
        kind: ``object``, ``array``, or ``scalar``: any other value, and what is of several kinds.
        children: fields of the object, or of the objects that the array holds; empty for an array of others.
    """

    name: str
    kind: str
    children: Tuple[JsonField, ...] = ()


class _Shape:
    """What was seen at one place of the documents."""

    def __init__(self) -> None:
        self.kinds: Dict[str, None] = {}
        self.fields: Dict[str, _Shape] = {}
        self.element: Optional[_Shape] = None

    def see(self, value: Any) -> None:
        """Take one value into account; null says nothing."""
        if isinstance(value, Mapping):
            self.kinds[OBJECT] = None
            for name, below in value.items():
                self.fields.setdefault(name, _Shape()).see(below)
        elif isinstance(value, list):
            self.kinds[ARRAY] = None
            self.element = self.element or _Shape()
            for below in value:
                self.element.see(below)
        elif value is not None:
            self.kinds[SCALAR] = None

    def children(self) -> Tuple[JsonField, ...]:
        """Give the fields of the objects seen here."""
        return tuple(shape.field(name) for name, shape in self.fields.items())

    def field(self, name: str) -> JsonField:
        """Conclude: one kind, or text for several."""
        kind = next(iter(self.kinds)) if len(self.kinds) == 1 else SCALAR
        if kind == OBJECT and self.fields:
            return JsonField(name, OBJECT, self.children())
        if kind == ARRAY:
            assert self.element is not None
            only_objects = list(self.element.kinds) == [OBJECT]
            return JsonField(name, ARRAY, self.element.children() if only_objects else ())
        return JsonField(name, SCALAR)


def schema_of(documents: Iterable[Mapping[str, Any]]) -> Tuple[JsonField, ...]:
    """Give the fields of all documents together, in order of first appearance.

    An object without any field in any document is a scalar: there is nothing to make columns of.
    """
    shape = _Shape()
    for document in documents:
        shape.see(document)
    return shape.children()


def parse_lines(text: str) -> Iterator[Optional[Any]]:
    """Parse one value a line; ``None`` for a line that is none. Blank lines are left out."""
    for line in text.split("\n"):
        if line.strip():
            yield _parse(line)


def parse_documents(text: str) -> Tuple[List[Any], bool]:
    """Parse a text of one document or several, of which the end may be cut.

    Returns:
        The elements of an array, or the documents; and whether the text was parsed to its end.
    """
    decoder = json.JSONDecoder()
    position = _skip(text, 0)
    in_array = text[position : position + 1] == "["
    if in_array:
        position = _skip(text, position + 1)
    values: List[Any] = []
    while position < len(text):
        if in_array and text[position] == "]":
            return values, not text[position + 1 :].strip()
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return values, False
        values.append(value)
        position = _skip(text, position)
        if in_array and text[position : position + 1] == ",":
            position = _skip(text, position + 1)
    return values, not in_array


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n\ufeff":
        position += 1
    return position


def _parse(line: str) -> Optional[Any]:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
