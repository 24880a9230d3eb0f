"""Numbers of payment cards (ISO/IEC 7812): 13 to 19 digits, the last one after Luhn's formula."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import Check, Form
from nuvyn_executor.quality.checks.predicates import DigitSum, Predicate, Without

# The first digit is 2 to 6: cards for payments. Blanks or dashes may stand between the groups.
_FOURS = r"[2-6][0-9]{3}(?:[ -]?[0-9]{4}){2}[ -]?(?:[0-9]{1,4}|[0-9]{4}[ -]?[0-9]{1,3})"
_AMEX_AND_DINERS = r"3[0-9]{3}[ -]?[0-9]{6}[ -]?[0-9]{4,5}"
# Each second digit from the right counts twice; of a sum of two digits, the digits are added.
_LUHN = DigitSum(("0123456789", "0246813579"), modulus=10, longest=19)

CHECK = Check(
    name="payment_card",
    plural="valid numbers of payment cards",
    forms=(
        Form(
            "payment_card",
            "as numbers of payment cards",
            f"{_FOURS}|{_AMEX_AND_DINERS}",
            13,
            23,
            predicate=Predicate(_LUHN, steps=(Without(" -"),)),
        ),
    ),
    names=(
        "credit_card", "credit_card_number", "creditcard", "debit_card", "debit_card_number", "payment_card",
        "payment_card_number", "card_number", "card_no", "cc_number", "pan",
    ),
)  # fmt: skip
