r"""What one line of JSON may say: an object of texts, numbers, booleans and nulls.

Spark 4 leaves numbers as they are written. Spark 3 reads those with a point or an exponent as doubles and
writes these as texts: ``1.10`` becomes ``1.1``, ``1e3`` becomes ``1000.0``. Of these, only such are taken as
become the same but for zeros at their end.

The patterns are the same to Python and to Rust.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, List, Pattern, Tuple

from nuvyn_executor.profiling.polars.parts import NotNative

CHARACTER = r'[^"\\\x00-\x1f]'
"""A character of a text that is not escaped."""
_TEXT = rf'"{CHARACTER}*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{{4}}){CHARACTER}*)*"'

_DIGITS = 17  # of a number with a point: a double has no more
SURE_DIGITS = 15
"""So many digits are the same in a double as they are written."""
_PLACES = 7  # before the point: from 10^7 on, Java writes an exponent
_WHOLE = r"0|-?[1-9][0-9]{0,99}"
_ZEROS = "0{0,40}"  # after the last digit that counts
_SMALL = rf"0\.(?:0|0{{0,2}}[1-9](?:[0-9]{{0,{_DIGITS - 2}}}[1-9])?){_ZEROS}"  # below 0.001, too
_LARGE = "|".join(
    rf"[1-9][0-9]{{{places - 1}}}\.(?:0|[0-9]{{0,{_DIGITS - 1 - places}}}[1-9]){_ZEROS}"
    for places in range(1, _PLACES + 1)
)
LAST_ZEROS = r"(\.[0-9]+?)0+$"
"""Zeros at the end of a number with a point; one digit stays, which is the group."""
_LAST_ZEROS = re.compile(LAST_ZEROS)


@dataclass(frozen=True)
class Grammar:
    """How values are written that Spark reads as they are here.

    Attributes:
        number: the pattern of numbers.
        has_doubles: numbers with a point become doubles, and these become texts.
    """

    number: str
    has_doubles: bool

    @property
    def value(self) -> str:
        """The pattern of a value."""
        return rf"(?:{_TEXT}|{self.number}|true|false|null)"

    @cached_property
    def beginning(self) -> Pattern[str]:
        """The beginning of a line: the space after its first colon, and its first comma with a space."""
        return re.compile(rf'\{{"{CHARACTER}*":( ?){self.value}(?:(, ?)")?')

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

    def parsed(self, line: str) -> List[Tuple[str, Any]]:
        """Parse a line by itself: the pairs of its object, repeated ones too; values are texts or ``None``.

        Raises:
            NotNative: it is no object of texts, numbers, booleans and nulls, or Spark reads it otherwise.
        """
        try:
            value = self._decoder.decode(line)
        except (ValueError, RecursionError) as error:
            raise NotNative("it has a line that is no JSON object by itself") from error
        if not isinstance(value, _Pairs):
            raise NotNative("it has a line that is no JSON object by itself")
        pairs: List[Tuple[str, Any]] = []
        for key, held in value:
            if isinstance(held, list):
                raise NotNative("its objects have arrays or objects in them")
            pairs.append((key, ("true" if held else "false") if isinstance(held, bool) else held))
        return pairs

    def _number(self, text: str) -> str:
        if self._is_number.match(text) is None:
            raise _unlike(text)
        if not self.has_doubles or "." not in text:
            return text
        stripped = _LAST_ZEROS.sub(r"\1", text)
        require_shortest(stripped)
        return stripped


EXACT = Grammar(r"-?(?:0|[1-9][0-9]{0,99})(?:\.[0-9]{1,99})?(?:[eE][+-]?[0-9]{1,3})?", has_doubles=False)
"""Of a Spark that leaves numbers as they are written."""
DOUBLES = Grammar(rf"(?:{_WHOLE}|-?(?:{_SMALL}|{_LARGE}))", has_doubles=True)
"""Of a Spark that reads numbers with a point as doubles. In this range, Python writes them as Java does."""


class _Pairs(List[Tuple[str, Any]]):
    """An object: its pairs, repeated ones too."""


def require_shortest(text: str) -> None:
    """Make sure that no shorter number than this one is the same double: Java would write that.

    Raises:
        NotNative: there is one.
    """
    if repr(float(text)) != text:
        raise _unlike(text)


def _unlike(text: str) -> NotNative:
    return NotNative(f"it has a number that Spark does not leave as it is written: {text[:40]}")


def _refuse_word(text: str) -> str:
    raise NotNative(f"it has {text} where JSON has a value")
