r"""Regular expressions and formats of a contract, in the common subset of the engines' languages. Pure.

A contract writes ECMA-262. Java, Rust and Python differ from it, and from each other, in what ``\d``, ``\w``,
``\s``, ``.`` and ``$`` mean, and in what is special inside of brackets; so these are written out.
"""

from __future__ import annotations

import re
import warnings
from datetime import datetime, timedelta, timezone
from typing import List, Mapping, Optional, Tuple

from nuvyn_executor.quality.declared import LONGEST_MATCHED

_CLASSES: Mapping[str, str] = {"d": "0-9", "w": "0-9A-Za-z_", "s": r" \t\n\x0b\x0c\r\u00a0\u2028\u2029\ufeff"}
_ANY = r"[^\n\r\u2028\u2029]"
_OUTSIDE: Mapping[str, str] = {".": _ANY, "^": r"\A", "$": r"\z"}
_SAME = frozenset("tnrf")  # escapes with one meaning everywhere
_CODES: Mapping[str, int] = {"x": 2, "u": 4}
_INSIDE = frozenset("[&~|")  # inside of brackets, they are special in Java or Rust


class NotTranslated(ValueError):  # noqa: N818  what happened
    """A pattern that cannot be written for all engines. The text is a clause."""


def common_pattern(pattern: str) -> str:
    """Return a pattern of ECMA-262 as all engines understand it; a part of the text has to match.

    Raises:
        NotTranslated: it is no regular expression, or uses what not all engines have.
    """
    written = _translated(pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(_python(written), re.ASCII)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise NotTranslated(f"is no regular expression that is understood ({error})") from None
    return written


def matches(pattern: str, text: str) -> bool:
    """Whether a part of a text matches what :func:`common_pattern` returned. The reference for the engines.

    A longer text than :data:`~nuvyn_executor.quality.declared.LONGEST_MATCHED` never does.
    """
    return len(text) <= LONGEST_MATCHED and re.search(_python(pattern), text, re.ASCII) is not None


def _python(pattern: str) -> str:
    return re.sub(r"\\(.)", lambda found: r"\Z" if found.group(1) == "z" else found.group(), pattern)


def _translated(pattern: str) -> str:
    out: List[str] = []
    position, in_class = 0, False
    while position < len(pattern):
        one = pattern[position]
        position += 1
        if one == "\\":
            written, position = _escape(pattern, position, in_class=in_class)
            out.append(written)
        elif in_class:
            in_class = one != "]"
            out.append(f"\\{one}" if one in _INSIDE else one)
        elif one == "[":
            in_class = True
            negated = pattern[position : position + 1] == "^"
            position += negated
            if pattern[position : position + 1] == "]":
                raise NotTranslated("has empty brackets")
            out.append("[^" if negated else "[")
        elif one == "(" and pattern[position : position + 1] == "?":
            if not re.match(r"\?(?::|=|!|<=|<!)", pattern[position:]):
                raise NotTranslated("has a group that not all engines know")
            out.append(one)
        else:
            out.append(_OUTSIDE.get(one, one))
    return "".join(out)


def _escape(pattern: str, position: int, *, in_class: bool) -> Tuple[str, int]:
    """Return how an escape is written, and where it ends."""
    one = pattern[position : position + 1]
    if not one:
        raise NotTranslated("ends with a backslash")
    if one.lower() in _CLASSES and one.isascii():
        inside = _CLASSES[one.lower()]
        if one.isupper() and in_class:
            raise NotTranslated(f"has \\{one} inside of brackets")
        return (inside if in_class else f"[{'^' if one.isupper() else ''}{inside}]"), position + 1
    if one in _CODES:
        digits = pattern[position + 1 : position + 1 + _CODES[one]]
        if not re.fullmatch(f"[0-9A-Fa-f]{{{_CODES[one]}}}", digits):
            raise NotTranslated(f"has \\{one} without its digits")
        return _character(chr(int(digits, 16))), position + 1 + len(digits)
    if one in _SAME:
        return f"\\{one}", position + 1
    if one.isalnum():
        raise NotTranslated(f"has \\{one}, which not all engines know")
    return _character(one), position + 1


def _character(one: str) -> str:
    """Return a character that is not special."""
    return f"\\{one}" if one in "\\^$.|?*+()[]{}-&~#" else one


# -- formats of dates and times ---------------------------------------------------------------------------

_LETTERS: Mapping[str, str] = {
    "y": "[0-9]{4}", "u": "[0-9]{4}", "M": "[0-9]{1,2}", "d": "[0-9]{1,2}", "H": "[0-9]{1,2}",
    "h": "[0-9]{1,2}", "m": "[0-9]{1,2}", "s": "[0-9]{1,2}", "S": "[0-9]{1,9}", "a": "(?:[AaPp][Mm])",
    "Z": "(?:Z|[+-][0-9]{2}:?[0-9]{2})", "X": "(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)",
    "x": "[+-][0-9]{2}(?::?[0-9]{2})?",
}  # fmt: skip
_NAMES: Mapping[str, Tuple[str, str]] = {
    "MMM": ("[A-Za-z]{3}", "Jan"), "MMMM": ("[A-Za-z]{3,9}", "January"), "E": ("[A-Za-z]{3}", "Wed"),
    "EE": ("[A-Za-z]{3}", "Wed"), "EEE": ("[A-Za-z]{3}", "Wed"), "EEEE": ("[A-Za-z]{6,9}", "Wednesday"),
}  # fmt: skip
"""English names of months and days; whether there is such a month is found where a moment is parsed."""
_EXAMPLE: Mapping[str, str] = {
    "y": "2024", "u": "2024", "M": "01", "d": "31", "H": "10", "h": "10", "m": "20", "s": "30", "S": "123",
    "a": "AM", "Z": "Z", "X": "Z", "x": "+00:00",
}  # fmt: skip
_ISO_LETTERS = str.maketrans("YD", "yd")  # "YYYY-MM-DD", as many write it


def format_pattern(format_: str) -> Optional[Tuple[str, str]]:
    """Return the pattern of a Java format of dates and times, and an example of it.

    Returns:
        ``None`` for a format with quarters, weeks, eras and the like.
    """
    if "YYYY" in format_ and "DD" in format_:
        format_ = format_.translate(_ISO_LETTERS)
    pattern, example = [r"\A"], []
    for found in re.finditer(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']", format_):
        run, letter = found.group(), found.group(2)
        if letter is None or letter == "T":
            literal = run if found.group(1) is None else found.group(1).replace("''", "'") or "'"
            pattern.append("".join(map(_character, literal)))
            example.append(literal)
            continue
        if run in _NAMES:
            pattern.append(_NAMES[run][0])
            example.append(_NAMES[run][1])
            continue
        if letter not in _LETTERS or (letter == "M" and len(run) > 2):  # noqa: PLR2004  MMMMM is a letter
            return None
        pattern.append(_digits(letter, len(run)))
        short = _EXAMPLE[letter][-2:] if letter in "yu" and len(run) == 2 else _EXAMPLE[letter]  # noqa: PLR2004  yy
        example.append(short)
    return "".join((*pattern, r"\z")), "".join(example)


def _digits(letter: str, length: int) -> str:
    if letter in "yu":
        return "[0-9]{2}" if length == 2 else "[0-9]{4}"  # noqa: PLR2004  yy
    return f"[0-9]{{{length}}}" if letter in "MdHhms" and length > 1 else _LETTERS[letter]


def is_day_first(format_: str) -> Optional[bool]:
    """Whether the day stands before the month; ``None`` where the year comes first, or one is missing."""
    order = [
        letter for letter in dict.fromkeys(format_.replace("D", "d").replace("Y", "y")) if letter in "yMd"
    ]
    return None if order[:1] == ["y"] or not {"M", "d"} <= {*order} else order.index("d") < order.index("M")


def micros_of(text: str) -> int:
    """Return an ISO 8601 moment as microseconds since 1970 UTC; without a zone it is UTC.

    Raises:
        ValueError: it is none.
    """
    found = re.fullmatch(
        r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2})(?::([0-9]{2}))?(?:[.]([0-9]{1,9}))?"
        r"(Z|[+-][0-9]{2}:?[0-9]{2})?)?",
        text.strip(),
        re.ASCII,
    )
    if found is None:
        raise ValueError("no moment")
    day, time, seconds, fraction, zone = found.groups()
    text = f"{day} {time or '00:00'}:{seconds or '00'} +0000"
    moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")
    micros = (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)
    micros += int(f"{fraction or '0':0<6}"[:6])
    if zone and zone != "Z":
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        micros -= (-1 if zone[0] == "-" else 1) * minutes * 60_000_000
    return micros
