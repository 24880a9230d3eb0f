r"""What one line of JSON may say, and how Spark reads its values as texts.

Spark 4 leaves numbers, arrays and objects as they are written. Spark 3 reads numbers with a point or an
exponent as doubles and writes these as texts: ``1.10`` becomes ``1.1``, ``1e3`` becomes ``1000.0``. Of these,
only such are taken as become the same but for zeros at their end. Arrays and objects it writes anew, without
blanks.

The patterns are the same to Python and to Rust.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import AbstractSet, Any, List, Match, NamedTuple, Optional, Pattern, Tuple

from nuvyn_executor.profiling.polars.parts import NotNative

CHARACTER = r'[^"\\\x00-\x1f]'
"""A character of a text that is not escaped."""
_TEXT = rf'"{CHARACTER}*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{{4}}){CHARACTER}*)*"'
_BEYOND = "\U00010000-\U0010ffff"  # characters that Jackson writes as two escapes, where it writes bytes
_SAME = rf'[^"\\\x00-\x1f{_BEYOND}]'
_SAME_TEXT = rf'"{_SAME}*(?:\\["\\bfnrt]{_SAME}*)*"'  # written anew it is the same
_BLANKS = r"[ \t]*"

_DIGITS = 17  # of a number with a point: a double has no more
SURE_DIGITS = 15
"""So many digits are the same in a double as they are written."""
_PLACES = 7  # before the point: from 10^7 on, Java writes an exponent
_WHOLE = r"0|-?[1-9][0-9]{0,99}"
_ZEROS = "0{0,40}"  # after the last digit that counts
LAST_ZEROS = r"(\.[0-9]+?)0+$"
"""Zeros at the end of a number with a point; one digit stays, which is the group."""
_LAST_ZEROS = re.compile(LAST_ZEROS)
_DEPTH = 2  # of arrays and objects that patterns see: an array of objects


BLANKS_OUTSIDE = rf"({_TEXT})|[ \t]+"
"""Blanks between the parts of a value; or a text, which is the group."""


def _decimal(digits: int, zeros: str) -> str:
    """Return the pattern of numbers with a point that Java does not write with an exponent."""
    small = rf"0\.(?:0|0{{0,2}}[1-9](?:[0-9]{{0,{digits - 2}}}[1-9])?){zeros}"  # from 0.001 on
    large = "|".join(
        rf"[1-9][0-9]{{{places - 1}}}\.(?:0|[0-9]{{0,{digits - 1 - places}}}[1-9]){zeros}"
        for places in range(1, _PLACES + 1)
    )
    return rf"-?(?:{small}|{large})"


def _nested(text: str, number: str, blanks: str) -> str:
    """Return the pattern of arrays and objects."""
    scalar = rf"{text}|{number}|true|false|null"
    value, nested = rf"(?:{scalar})", ""
    for _ in range(_DEPTH):
        array = rf"\[{blanks}(?:{value}{blanks}(?:,{blanks}{value}{blanks})*)?\]"
        pair = rf"{text}{blanks}:{blanks}{value}{blanks}"
        nested = rf"{array}|\{{{blanks}(?:{pair}(?:,{blanks}{pair})*)?\}}"
        value = rf"(?:{scalar}|{nested})"
    return nested


class Cell(NamedTuple):
    """A value in a line.

    Attributes:
        name: its key, after those of the objects around it, with points between them.
        before: what is between the value before it and this one.
        text: the value as it is written.
    """

    name: str
    before: str
    text: str


@dataclass(frozen=True)
class Grammar:
    """How values are written that Spark reads as they are here.

    Attributes:
        number: the pattern of numbers.
        has_doubles: numbers with a point become doubles, and these become texts; arrays are written anew.
    """

    number: str
    has_doubles: bool

    @property
    def scalar(self) -> str:
        """The pattern of a text, a number, a boolean or null."""
        return rf"(?:{_TEXT}|{self.number}|true|false|null)"

    @property
    def value(self) -> str:
        """The pattern of a value. Of arrays and objects only those that are not nested deeply."""
        return rf"(?:{self.scalar}|{_nested(_TEXT, rf'(?:{_EXACT})', _BLANKS)})"

    @property
    def same(self) -> str:
        """The pattern of arrays and objects that Spark reads as they are written, among those it may not."""
        number = rf"(?:{_WHOLE}|{_decimal(SURE_DIGITS, zeros='')})"
        return rf"(?:{_nested(_SAME_TEXT, number, blanks='')})"

    @cached_property
    def _is_number(self) -> Pattern[str]:
        return re.compile(rf"(?:{self.number})\Z")

    @cached_property
    def _decoder(self) -> json.JSONDecoder:
        return json.JSONDecoder(
            object_pairs_hook=_Pairs,
            parse_float=self._number,
            parse_int=self._number,
            parse_constant=_refuse_word,
        )

    def cells_of(self, line: str, opened: AbstractSet[str]) -> Tuple[List[Cell], str]:
        """Take a line apart.

        Args:
            line: the line.
            opened: names of objects whose values are cells; other objects are a cell each.

        Returns:
            The cells, and what comes after the last one.

        Raises:
            NotNative: it is no object, or Spark reads it otherwise, or may do so.
        """
        try:
            return _Line(line, opened, self._decoder).taken_apart()
        except (ValueError, IndexError, RecursionError, StopIteration) as error:
            raise NotNative("it has a line that is no JSON object by itself") from error

    def read(self, text: str) -> Optional[str]:
        """Return what Spark reads of a value.

        Args:
            text: the value as it is written, without blanks around it.

        Raises:
            NotNative: Spark reads it otherwise, or may do so.
        """
        if text[0] in "[{":
            return self.nested(text)
        value = self._decoder.decode(text)
        if isinstance(value, bool):
            return text
        return value if value is None else str(value)

    def nested(self, text: str) -> str:
        """Return what Spark reads of an array or an object.

        Raises:
            NotNative: it has a number that Spark writes otherwise.
        """
        value = self._decoder.decode(text)
        return _anew(value) if self.has_doubles else text

    def _number(self, text: str) -> _Number:
        if self._is_number.match(text) is None:
            raise _unlike(text)
        if not self.has_doubles or "." not in text:
            return _Number(text)
        stripped = _LAST_ZEROS.sub(r"\1", text)
        require_shortest(stripped)
        return _Number(stripped)


_EXACT = r"-?(?:0|[1-9][0-9]{0,99})(?:\.[0-9]{1,99})?(?:[eE][+-]?[0-9]{1,3})?"
EXACT = Grammar(_EXACT, has_doubles=False)
"""Of a Spark that leaves numbers as they are written."""
DOUBLES = Grammar(rf"(?:{_WHOLE}|{_decimal(_DIGITS, _ZEROS)})", has_doubles=True)
"""Of a Spark that reads numbers with a point as doubles. In this range, Python writes them as Java does."""


class _Number(str):
    """A number as Spark writes it."""

    __slots__ = ()


class _Pairs(List[Tuple[str, Any]]):
    """An object: its pairs, repeated ones too."""


class _Line:
    """Takes one line apart.

    Args:
        line: the line.
        opened: names of objects whose values are cells.
        decoder: reads one value.
    """

    def __init__(self, line: str, opened: AbstractSet[str], decoder: json.JSONDecoder) -> None:
        self._line = line
        self._opened = opened
        self._decoder = decoder
        self._cells: List[Cell] = []
        self._end = 0  # of the last cell

    def taken_apart(self) -> Tuple[List[Cell], str]:
        """Return the cells, and what comes after the last one.

        Raises:
            ValueError, IndexError, StopIteration: it is no object.
            NotNative: Spark reads it otherwise, or may do so.
        """
        end = self._object(self._past(0, "{"), "")
        if self._skipped(end) < len(self._line):
            raise ValueError(end)
        return self._cells, self._line[self._end :]

    def _object(self, place: int, parents: str) -> int:
        """Read an object from behind its brace on; return where it ends."""
        place = self._skipped(place)
        if self._line[place] == "}":
            return place + 1
        keys = set()
        while True:
            key, place = self._decoder.raw_decode(self._line, self._past(place, '"') - 1)
            if key in keys:
                raise repeated(key)
            if "." in key:
                raise NotNative(f"it has a key with a point: {key[:40]!r}")
            keys.add(key)
            place = self._value(self._skipped(self._past(place, ":")), parents + key)
            place = self._skipped(place)
            if self._line[place] == "}":
                return place + 1
            place = self._past(place, ",")

    def _value(self, place: int, name: str) -> int:
        is_opened = name in self._opened
        if is_opened and self._line[place] == "{":
            return self._object(place + 1, f"{name}.")
        _, end = self._decoder.raw_decode(self._line, place)
        text = self._line[place:end]
        if is_opened and text != "null":
            raise NotNative(f"{name[:40]!r} is no object in one of its lines")
        self._cells.append(Cell(name, self._line[self._end : place], text))
        self._end = end
        return end

    def _skipped(self, place: int) -> int:
        while self._line[place : place + 1] in (" ", "\t"):
            place += 1
        return place

    def _past(self, place: int, wanted: str) -> int:
        """Return the place behind a character, before which there may be blanks."""
        place = self._skipped(place)
        if self._line[place] != wanted:
            raise ValueError(place)
        return place + 1


def require_shortest(text: str) -> None:
    """Make sure that no shorter number than this one is the same double: Java would write that.

    Raises:
        NotNative: there is one.
    """
    if repr(float(text)) != text:
        raise _unlike(text)


def repeated(key: str) -> NotNative:
    """Return the refusal of an object that has a key more than once."""
    return NotNative(f"it has the key {key[:40]!r} more than once in one object")


_SHORT = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_ESCAPES = str.maketrans({**{chr(code): f"\\u{code:04X}" for code in range(32)}, **_SHORT})


_IS_BEYOND = re.compile(f"[{_BEYOND}]")


def _escapes(found: Match[str]) -> str:
    """Return a character as two escapes: the halves that UTF-16 has for it."""
    code = ord(found.group()) - 0x10000
    return f"\\u{0xD800 + (code >> 10):04X}\\u{0xDC00 + (code & 0x3FF):04X}"


def _anew(value: Any) -> str:
    """Write a value as Jackson does, which Spark writes JSON with."""
    if isinstance(value, _Number):
        return value
    if isinstance(value, str):
        return f'"{_IS_BEYOND.sub(_escapes, value.translate(_ESCAPES))}"'
    if isinstance(value, _Pairs):
        return "{" + ",".join(f"{_anew(key)}:{_anew(one)}" for key, one in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_anew, value)) + "]"
    return {None: "null", True: "true", False: "false"}[value]


def _unlike(text: str) -> NotNative:
    return NotNative(f"it has a number that Spark does not leave as it is written: {text[:40]}")


def _refuse_word(text: str) -> str:
    raise NotNative(f"it has {text} where JSON has a value")
