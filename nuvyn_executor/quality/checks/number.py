"""Numbers, whole or with decimals, as programs and as people write them.

``1,234`` is more than a thousand in a column of decimal points, and more than one in a column of decimal
commas; ``1.234`` is the other way round. Which of both a column is, its sample says
(:mod:`nuvyn_executor.profiling.conventions`). Forms of both are never looked for in one column.
"""

from __future__ import annotations

from typing import Dict, Mapping, Tuple

from nuvyn_executor.quality.checks.check import COMMA, POINT, Check, Form
from nuvyn_executor.quality.checks.predicates import Replaced, Without
from nuvyn_executor.quality.tallies import Shape

LONGEST = 100  # bytes of a number as people write it
LARGEST_BIGINT = "9223372036854775807"


def _of_19_digits() -> str:
    """Return a pattern of the numbers of 19 digits that a bigint holds."""
    smaller = [
        f"{LARGEST_BIGINT[:place]}[{0 if place else 1}-{int(digit) - 1}][0-9]{{{18 - place}}}"
        for place, digit in enumerate(LARGEST_BIGINT)
        if digit > "0"
    ]
    return "|".join((*smaller, LARGEST_BIGINT))


BIGINT_OF_19_DIGITS = _of_19_digits()

_ASCII = {"minus": "-", "blanks": " ", "apart": " '", "signs": "$", "letters": "kr"}
_UNICODE = {
    "minus": "\u2212-",
    "blanks": " \u00a0\u202f",
    "apart": " '\u2019\u00a0\u2007\u2009\u202f",
    "signs": "$\u20ac\u00a3\u00a5\u20b9\u20a9\u20ba\u20b4\u20bd\u20aa\u20ab\u20a6\u20b1",
    "letters": "kr|z\u0142",
}
_CODES = (
    "USD|EUR|GBP|JPY|CNY|CHF|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|TRY|INR|BRL|MXN|ZAR|SGD|HKD|KRW|ILS"
    "|RUB|UAH"
)
_POINTS, _COMMAS = (".", ","), (",", ".")
"""The mark before decimals, and the one that may stand between thousands."""


def _patterns(marks: Tuple[str, str], characters: Mapping[str, str]) -> Dict[str, str]:
    """Return the pattern of each shape.

    Args:
        marks: see :data:`_POINTS`.
        characters: which are used: ``minus``, ``blanks`` beside a currency or a percent sign, what stands
            ``apart`` thousands beside the other mark, ``signs`` of currencies and ``letters`` for them.
    """
    mark, other = marks
    minus, blanks, apart = (characters[name] for name in ("minus", "blanks", "apart"))
    grouped = f"[1-9][0-9]{{0,2}}(?:[{other}{apart}][0-9]{{3}}){{1,6}}"
    if mark == ".":
        grouped += "|[1-9][0-9]?(?:,[0-9]{2}){1,5},[0-9]{3}"  # as in India: 12,34,567
    fraction = f"(?:[{mark}][0-9]{{0,20}})?"
    number = f"(?:[0-9]{{1,21}}|{grouped}){fraction}"
    # Of three decimals, a currency has none; 5.- is what Switzerland writes for 5.00.
    amount = f"(?:[0-9]{{1,21}}|{grouped})(?:[{mark}](?:[0-9]{{1,2}}|[0-9]{{4,20}}|-))?"
    money = f"(?:[A-Z]{{0,2}}[{characters['signs']}]|{characters['letters']}|{_CODES})"
    blank, sign, some_sign = f"[{blanks}]?", f"[+{minus}]?", f"[+{minus}]"
    return {
        Shape.GROUPED: f"{sign}(?:{grouped}){fraction}",
        Shape.MONEY: (
            f"{money}{blank}{amount}|{some_sign}{money}{blank}{amount}|{money}{blank}{some_sign}{amount}"
            f"|{sign}{amount}{blank}{money}|{money}{blank}(?:[0-9]{{1,21}}|{grouped})-"
            f"|[(]{money}{blank}{amount}[)]|[(]{amount}{blank}{money}[)]|{money}{blank}[(]{amount}[)]"
        ),
        Shape.PERCENT: f"{sign}{number}{blank}%|[(]{number}{blank}%[)]",
        Shape.NEGATIVE: "|".join(
            (f"[(]{number}[)]", f"{number}-", *(f"{one}[0-9]{{1,21}}{fraction}" for one in minus[:-1]))
        ),
    }


def _forms(marks: Tuple[str, str]) -> Tuple[Form, ...]:
    """Return the forms of one convention."""
    mark, other = marks
    convention, suffix = (POINT, "") if marks == _POINTS else (COMMA, "_comma")
    written = {
        Shape.GROUPED: f"as 1{other}234{mark}50",
        Shape.MONEY: f"as amounts of money such as $1{mark}50",
        Shape.PERCENT: "as percentages",
        Shape.NEGATIVE: f"as (1{mark}50)",
    }
    steps = (
        Replaced("\u2212", "-"),
        Replaced("[^0-9.,()+-]", ""),
        Replaced("[.,]-", ""),
        Without(other),
        *((Replaced(",", "."),) if mark == "," else ()),
        Replaced("^[(](.*)[)]$", "-{1}"),
        Replaced("^(.*)-$", "-{1}"),
    )
    plain, all_of = _patterns(marks, _ASCII), _patterns(marks, _UNICODE)
    return tuple(
        Form(
            f"{shape}{suffix}",
            written[shape],
            pattern,
            2,
            LONGEST,
            ascii_pattern=plain[shape],
            steps=steps,
            convention=convention,
        )
        for shape, pattern in all_of.items()
    )


INTEGER = Form(
    Shape.INTEGER,
    "as whole numbers",
    rf"-?(?:0|[1-9][0-9]{{0,17}}|{BIGINT_OF_19_DIGITS})|-9223372036854775808|\+(?:0|[1-9][0-9]{{0,5}})",
    1,
    20,
    lacks=".",
)
DECIMAL = Form(
    Shape.DECIMAL,
    "as plain numbers",
    r"[+-]?(?:[0-9]+[.][0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]{1,3})?|[+-]?[0-9]+[eE][+-]?[0-9]{1,3}"
    r"|[+-]?(?i:infinity|inf)",
    2,
    convention=POINT,
)
# Three decimals would be a thousand where points are the mark.
DECIMAL_COMMA = Form(
    Shape.DECIMAL_COMMA,
    "as 3,14",
    r"[+-]?[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})",
    3,
    holds=",",
    steps=(Replaced(",", "."),),
)
THREE_DECIMALS = Form(
    Shape.THREE_DECIMALS,
    "as 3,142",
    r"[+-]?[0-9]+,[0-9]{3}",
    5,
    holds=",",
    steps=(Replaced(",", "."),),
    convention=COMMA,
)

# Three decimals would be a thousand where commas are the mark, unless there are too many digits before them.
DECIMAL_POINT = Form(
    Shape.DECIMAL_POINT,
    "as 3.14",
    r"[+-]?(?:[0-9]+[.](?:[0-9]{0,2}|[0-9]{4,})|[.][0-9]+|(?:0[0-9]*|[0-9]{4,})[.][0-9]{3})",
    2,
    holds=".",
    convention=COMMA,
)

CHECK = Check(
    name="number",
    plural="numbers",
    forms=(
        INTEGER,
        DECIMAL,
        DECIMAL_COMMA,
        *_forms(_POINTS),
        THREE_DECIMALS,
        DECIMAL_POINT,
        *_forms(_COMMAS),
    ),
    # Codes parse as numbers. That they are written otherwise is a matter of consistency.
    other_shapes=(Shape.CODE,),
    anywhere=True,
    has_data_type=True,
)
