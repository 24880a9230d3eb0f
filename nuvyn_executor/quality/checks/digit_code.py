"""Codes of digits that are no numbers: 000123, +440000000152, and 19 digits or more."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import Check, Form
from nuvyn_executor.quality.tallies import Shape

CHECK = Check(
    name="code",
    plural="codes of digits",
    forms=(Form(Shape.CODE, "as codes such as 000123", r"0[0-9]+|\+[0-9]+|[0-9]{19,}", 2, lacks="."),),
    other_shapes=(Shape.INTEGER,),
    anywhere=True,
)
