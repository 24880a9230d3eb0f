"""The fields of JSON documents, in the order in which they first appear. Pure."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.bounds import OBJECT_LEVELS

SCALAR, OBJECT, ARRAY = "scalar", "object", "array"
_ELEMENTS = 1000  # of an array are looked at: their fields are no columns


@dataclass(frozen=True)
class JsonField:
    """A field of JSON documents.

    Attributes:
        name: its name.
        kind: ``object``, ``array``, or ``scalar``: any other value, or values of several kinds.
        children: fields of the object, or of the first objects in the array; empty for an array of other
            values.
    """

    name: str
    kind: str
    children: Tuple[JsonField, ...] = ()


class Repeating(Dict[str, Any]):
    """An object that has a key more than once; it holds the last value of each, as Spark does.

    Attributes:
        keys_again: the keys that it has more than once.
    """

    keys_again: Tuple[str, ...] = ()


class Seen:
    """The kinds and fields of all values that were seen at one place of documents.

    Attributes:
        again: in how many objects here each key stands more than once.
    """

    def __init__(self) -> None:
        self.again: Counter[str] = Counter()
        self.kinds: Dict[str, None] = {}
        self.fields: Dict[str, Seen] = {}
        self.element: Optional[Seen] = None

    def see(self, value: Any, level: int = 0) -> None:
        """Add a value; null is of no kind. Of objects in objects beyond a level the whole is a value."""
        if level >= OBJECT_LEVELS and isinstance(value, (Mapping, list)):
            self.kinds[SCALAR] = None
        elif isinstance(value, Mapping):
            self.kinds[OBJECT] = None
            if isinstance(value, Repeating):
                self.again.update(value.keys_again)
            for name, below in value.items():
                self.fields.setdefault(name, Seen()).see(below, level + 1)
        elif isinstance(value, list):
            self.kinds[ARRAY] = None
            self.element = self.element or Seen()
            for below in value[:_ELEMENTS]:
                self.element.see(below, level + 1)
        elif value is not None:
            self.kinds[SCALAR] = None

    def children(self) -> Tuple[JsonField, ...]:
        """Return the fields of all objects seen here together, in order of first appearance.

        An object without any field in any document is a scalar: it has no columns.
        """
        return tuple(shape.field(name) for name, shape in self.fields.items())

    def repeated(self) -> Dict[str, int]:
        """Return the paths of keys that objects have more than once, and how many objects do."""
        found = dict(self.again)
        below = [*self.fields.items(), *([] if self.element is None else [("", self.element)])]
        for name, one in below:
            found.update({f"{name}.{key}".lstrip("."): count for key, count in one.repeated().items()})
        return found

    def field(self, name: str) -> JsonField:
        """Return the field of this place: of its one kind, or a scalar where there were several."""
        kind = next(iter(self.kinds)) if len(self.kinds) == 1 else SCALAR
        if kind == OBJECT and self.fields:
            return JsonField(name, OBJECT, self.children())
        if kind == ARRAY:
            assert self.element is not None
            only_objects = list(self.element.kinds) == [OBJECT]
            return JsonField(name, ARRAY, self.element.children() if only_objects else ())
        return JsonField(name, SCALAR)


def shortened(document: Mapping[str, Any], longest: int, level: int = 0) -> Dict[str, Any]:
    """Cut the texts of a document to so many characters; an array becomes its JSON, as text, and is cut.

    So does an object beyond :data:`~nuvyn_executor.bounds.OBJECT_LEVELS`.
    """
    return {name: _shortened(value, longest, level + 1) for name, value in document.items()}


def _shortened(value: Any, longest: int, level: int) -> Any:
    if isinstance(value, Mapping) and level < OBJECT_LEVELS:
        return shortened(value, longest, level)
    if isinstance(value, list):
        value = value[:longest]  # each element is one character at least
    if isinstance(value, (Mapping, list)):
        value = text_of(value)
    return value[:longest] if isinstance(value, str) else value


def text_of(value: Any) -> str:
    """Return a value as JSON; a mark of it where it is nested too deep for that."""
    try:
        return json.dumps(value)
    except RecursionError:
        return "[...]" if isinstance(value, list) else "{...}"


def parse_lines(text: str) -> Iterator[Optional[Any]]:
    """Parse one value a line; ``None`` for a line that does not parse. Blank lines are left out."""
    for line in text.split("\n"):
        if line.strip():
            yield _parse(line)


def parse_documents(text: str) -> Tuple[List[Any], bool]:
    """Parse a text of one document or several. Its end may be cut.

    Returns:
        The elements of an array, or the documents; and whether the text was parsed to its end.
    """
    position = _skip(text, 0)
    in_array = text[position : position + 1] == "["
    if in_array:
        position = _skip(text, position + 1)
    values: List[Any] = []
    while position < len(text):
        if in_array and text[position] == "]":
            return values, not text[position + 1 :].strip()
        try:
            value, position = _DECODER.raw_decode(text, position)
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
        return _DECODER.decode(line)
    except (ValueError, RecursionError):
        return None


def _object(pairs: Sequence[Tuple[str, Any]]) -> Dict[str, Any]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    counts = Counter(name for name, _ in pairs)
    repeating = Repeating(value)
    repeating.keys_again = tuple(name for name, count in counts.items() if count > 1)
    return repeating


_DECODER = json.JSONDecoder(object_pairs_hook=_object)
