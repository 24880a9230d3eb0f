"""Dates and times, as programs and as people write them.

Whether a date is a day of the calendar is found where it is parsed. Each form is rewritten to ISO 8601 first.
"""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import NAMED, Check, Form
from nuvyn_executor.quality.checks.predicates import MONTHS, MonthNumbers, Replaced, TwentyFourHours
from nuvyn_executor.quality.tallies import Shape

_DAY = "[0-9]{4}(?:-[0-9]{2}){2}"
_TIME = "[0-9]{2}(?::[0-9]{2}){2}"
_SECOND = 1_000_000

# -- the parts of a moment as people write it -----------------------------------------------------------

_FRACTION = "(?:[.,][0-9]{1,9})?"
_HALF = " ?[AaPp][.]?[Mm][.]?"  # AM or PM
_OFFSET = "[+-][0-9]{2}(?::?[0-9]{2})?"
_ZONE = f"(?: ?(?:Z|UTC|GMT|{_OFFSET}))?"
_CLOCK = f"[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}{_FRACTION})?(?:{_HALF})?{_ZONE}"
# A time that Shape.TIMESTAMP does not have: without seconds, of one digit, with a comma, AM, or another zone.
_LOOSE_CLOCK = "|".join(
    (
        f"[0-9]{{1,2}}:[0-9]{{2}}(?:{_HALF})?{_ZONE}",
        f"[0-9]{{1,2}}:[0-9]{{2}}:[0-9]{{2}}{_FRACTION}{_HALF}{_ZONE}",
        f"[0-9](?::[0-9]{{2}}){{2}}{_FRACTION}{_ZONE}",
        f"{_TIME},[0-9]{{1,9}}{_ZONE}",
        f"{_TIME}(?:[.][0-9]{{1,9}})?(?: (?:Z|UTC|GMT|{_OFFSET})|UTC|GMT|[+-][0-9]{{2}}(?:[0-9]{{2}})?)",
    )
)
_ONE_OR_TWO = "[0-9]{1,2}"
_NUMERIC = f"{_ONE_OR_TWO}[-/.]{_ONE_OR_TWO}[-/.](?:[0-9]{{4}}|[0-9]{{2}})"
_OTHER_YEAR_FIRST = f"[0-9]{{4}}(?:[/.]{_ONE_OR_TWO}[/.]{_ONE_OR_TWO}|-[0-9]-{_ONE_OR_TWO}|-[0-9]{{2}}-[0-9])"
_WEEKDAY = "(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}[.]?,? )?"
_MONTH = f"(?i:{'|'.join(MONTHS)})"
_NAMED_DAY = (
    f"{_WEEKDAY}(?:{_ONE_OR_TWO}(?:st|nd|rd|th)?[-/. ]{{1,2}}{_MONTH}[a-zA-Z]{{0,6}}[-/., ]{{1,2}}"
    "(?:[0-9]{4}|[0-9]{2})"
    f"|{_MONTH}[a-zA-Z]{{0,6}}[.]?[- ]{_ONE_OR_TWO}(?:st|nd|rd|th)?(?:,? |-)[0-9]{{4}})"
)

# -- what rewrites it -----------------------------------------------------------------------------------

_YEAR_LAST = (
    Replaced("^([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})", "{3}-{2}-{1}"),
    Replaced(
        r"^([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-6][0-9])(T|\b)", "20{3}-{2}-{1}{4}"
    ),  # as POSIX reads two digits
    Replaced(r"^([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([7-9][0-9])(T|\b)", "19{3}-{2}-{1}{4}"),
)
_YEAR_FIRST = (Replaced("^([0-9]{4})[/.]([0-9]{1,2})[/.]", "{1}-{2}-"),)
_NAMES = (
    Replaced(f"^{_WEEKDAY}", ""),
    # Thu Nov 26 10:00:00 UTC 2026, as Unix writes it
    Replaced(f"^({_MONTH}) {{1,2}}([0-9]{{1,2}}) ([0-9:]+)( UTC| GMT)? ([0-9]{{4}})$", "{1} {2} {5} {3}{4}"),
    Replaced(f"^({_MONTH})[a-zA-Z]*[.]?[- ]([0-9]{{1,2}})[a-z]*(?:,? |-)([0-9]{{4}})", "{2}-{1}-{3}"),
    Replaced(f"^([0-9]{{1,2}})[a-z]*[-/. ]+({_MONTH})[a-zA-Z]*[-/., ]+", "{1}-{2}-"),
    Replaced(r"^([0-9]{1,2})-([a-zA-Z]{3})-([0-9]{4})", "{3}-{2}-{1}"),
    Replaced(r"^([0-9]{1,2})-([a-zA-Z]{3})-([0-6][0-9])(T|\b)", "20{3}-{2}-{1}{4}"),
    Replaced(r"^([0-9]{1,2})-([a-zA-Z]{3})-([7-9][0-9])(T|\b)", "19{3}-{2}-{1}{4}"),
    MonthNumbers(),
)
_TWO_DIGITS = Replaced(r"([- ])([0-9])\b", "{1}0{2}")
_TIMES = (
    Replaced("^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})[T:, ]+", "{1} "),
    _TWO_DIGITS,
    Replaced(",", "."),
    Replaced(" ?[Aa][.]?[Mm][.]?", "AM"),
    Replaced(" ?[Pp][.]?[Mm][.]?", "PM"),
    TwentyFourHours(),
    Replaced(" ?(?:Z|UTC|GMT)$", "Z"),
    Replaced("(:[0-9.]+) ?([+-][0-9]{2})$", "{1}{2}:00"),
    Replaced("(:[0-9.]+) ?([+-][0-9]{2}):?([0-9]{2})$", "{1}{2}:{3}"),
    Replaced("^(.{16})($|[Z+-])", "{1}:00{2}"),
)

CHECK = Check(
    name="moment",
    plural="valid dates or times",
    forms=(
        Form(Shape.DATE_ISO, "as 2024-01-31", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", 10, 10, "-"),
        Form(
            Shape.TIMESTAMP,
            "as 2024-01-31T10:00:00Z",
            f"{_DAY}[T ]{_TIME}(?:[.][0-9]{{1,9}})?(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?",
            19,
            35,
            ":",
        ),
        *(
            Form(
                shape,
                f"as 31{mark}01{mark}2024",
                f"[0-9]{{1,2}}{pattern}[0-9]{{1,2}}{pattern}[0-9]{{4}}",
                8,
                10,
                mark,
                steps=(_YEAR_LAST[0], _TWO_DIGITS),
                is_day_first=True,
            )
            for shape, mark, pattern in (
                (Shape.DATE_SLASH, "/", "/"),
                (Shape.DATE_DOT, ".", "[.]"),
                (Shape.DATE_DASH, "-", "-"),
            )
        ),
        Form(
            Shape.DATE_SHORT,
            "as 31/01/24",
            "(?:0[1-9]|[12][0-9]|3[01])(?:-(?:0[1-9]|[12][0-9]|3[01])-|[.](?:0[1-9]|[12][0-9]|3[01])[.])[0-9]{2}"
            "|(?:0?[1-9]|[12][0-9]|3[01])/(?:0?[1-9]|[12][0-9]|3[01])/[0-9]{2}",
            6,
            8,
            steps=(*_YEAR_LAST, _TWO_DIGITS),
            is_day_first=True,
        ),
        Form(
            Shape.DATE_YEAR_FIRST,
            "as 2024/01/31",
            _OTHER_YEAR_FIRST,
            8,
            10,
            steps=(*_YEAR_FIRST, _TWO_DIGITS),
        ),
        Form(Shape.DATE_NAMED, "as 31 Jan 2024", _NAMED_DAY, 9, 40, steps=(*_NAMES, _TWO_DIGITS)),
        Form(
            Shape.TIMESTAMP_YEAR_FIRST,
            "as 2024/01/31 10:00",
            f"{_OTHER_YEAR_FIRST}[T ]{_CLOCK}|{_DAY}[T ](?:{_LOOSE_CLOCK})",
            13,
            50,
            ":",
            steps=(*_YEAR_FIRST, *_TIMES),
        ),
        Form(
            Shape.TIMESTAMP_YEAR_LAST,
            "as 31/01/2024 10:00",
            f"{_NUMERIC}(?:,? |T){_CLOCK}",
            11,
            50,
            ":",
            steps=(*_YEAR_LAST, *_TIMES),
            is_day_first=True,
        ),
        Form(
            Shape.TIMESTAMP_NAMED,
            "as 31 Jan 2024 10:00",
            f"{_NAMED_DAY}(?:,? |T|:){_CLOCK}"
            f"|{_WEEKDAY}{_MONTH} {{1,2}}{_ONE_OR_TWO} {_TIME}(?: UTC| GMT)? [0-9]{{4}}",
            14,
            80,
            ":",
            steps=(*_NAMES, *_TIMES),
        ),
        Form(
            Shape.DATE_COMPACT,
            "as 20240131",
            "(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])",
            8,
            8,
            steps=(Replaced("^([0-9]{4})([0-9]{2})([0-9]{2})$", "{1}-{2}-{3}"),),
            convention=NAMED,
        ),
        *(
            Form(
                shape,
                f"as {example}",
                f"(?:19|20)[0-9]{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]){separator}"
                "(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]Z?",
                14,
                16,
                steps=(
                    Replaced(
                        "^([0-9]{4})([0-9]{2})([0-9]{2})[T ]?([0-9]{2})([0-9]{2})([0-9]{2})",
                        "{1}-{2}-{3} {4}:{5}:{6}",
                    ),
                ),
                convention=convention,
            )
            for shape, example, separator, convention in (
                (Shape.TIMESTAMP_BASIC, "20240131T100000Z", "[T ]", ""),
                (Shape.TIMESTAMP_COMPACT, "20240131100000", "", NAMED),
            )
        ),
        *(
            Form(f"epoch_{unit}", f"in {unit} since 1970", pattern, 9, 20, micros=micros, convention=NAMED)
            for unit, pattern, micros in (
                ("seconds", "(?:[1-9][0-9]{8}|[1-4][0-9]{9})(?:[.][0-9]{1,9})?", _SECOND),
                ("milliseconds", "[1-9][0-9]{11}|[1-4][0-9]{12}", _SECOND // 1000),
                ("microseconds", "[1-9][0-9]{14}|[1-4][0-9]{15}", 1),
            )
        ),
    ),
    anywhere=True,
    has_data_type=True,
)
