"""Dates and times. Whether a date is a day of the calendar is found where it is parsed."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import Check, Form
from nuvyn_executor.quality.tallies import Shape

_DAY = "[0-9]{4}(?:-[0-9]{2}){2}"
_TIME = "[0-9]{2}(?::[0-9]{2}){2}"

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
        Form(Shape.DATE_SLASH, "as 31/01/2024", r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", 8, 10, "/"),
        Form(Shape.DATE_DOT, "as 31.01.2024", r"[0-9]{1,2}[.][0-9]{1,2}[.][0-9]{4}", 8, 10, "."),
    ),
    anywhere=True,
    has_data_type=True,
)
