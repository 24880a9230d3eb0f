"""International bank account numbers (ISO 13616)."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import Check, Form
from nuvyn_executor.quality.checks.predicates import LettersAsNumbers, Predicate, Remainder, Rotated, Without

# The countries by the length of their IBANs: SWIFT's IBAN registry, as of 2025.
_COUNTRIES = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}


def _pattern(length: int, countries: str) -> str:
    """Return the pattern of IBANs of one length; a blank may stand before each group of four."""
    fours, rest = divmod(length - 4, 4)
    end = rf" ?[0-9A-Z]{{{rest}}}" if rest else ""
    return rf"(?:{countries.replace(' ', '|')})[0-9]{{2}}(?: ?[0-9A-Z]{{4}}){{{fours}}}{end}"


_PATTERN = "|".join(_pattern(length, countries) for length, countries in _COUNTRIES.items())
# ISO 7064, MOD 97-10: country and check digits go to the end, and letters become numbers.
_MOD_97 = Remainder(97, 1, longest=64)

CHECK = Check(
    name="iban",
    plural="valid IBANs",
    forms=(
        Form(
            "iban",
            "as IBANs",
            _PATTERN,
            min(_COUNTRIES),
            max(_COUNTRIES) + max(_COUNTRIES) // 4,
            predicate=Predicate(_MOD_97, steps=(Without(" "), Rotated(4), LettersAsNumbers())),
        ),
    ),
    names=("iban", "iban_number", "iban_code"),
    alone=_PATTERN,
)
