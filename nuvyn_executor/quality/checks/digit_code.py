"""Codes of digits that are no numbers: 000123, +440000000152, and more digits than a bigint holds."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import Check, Form
from nuvyn_executor.quality.checks.number import LARGEST_BIGINT
from nuvyn_executor.quality.tallies import Shape

# Of 19 digits, the numbers above 9223372036854775807.
_ABOVE_BIGINT = "|".join(
    f"{LARGEST_BIGINT[:place]}[{int(digit) + 1}-9][0-9]{{{len(LARGEST_BIGINT) - place - 1}}}"
    for place, digit in enumerate(LARGEST_BIGINT)
    if digit < "9"
)

CHECK = Check(
    name="code",
    plural="codes of digits",
    forms=(
        Form(
            Shape.CODE,
            "as codes such as 000123",
            rf"0[0-9]+|\+(?:0[0-9]+|[1-9][0-9]{{6,}})|{_ABOVE_BIGINT}|[1-9][0-9]{{19,}}",
            2,
            lacks=".",
        ),
    ),
    other_shapes=(Shape.INTEGER,),
    anywhere=True,
)
