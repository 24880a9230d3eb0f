"""Numbers, whole or with decimals."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import Check, Form
from nuvyn_executor.quality.tallies import Shape

# 19 digits and more do not fit a bigint: they are codes (see digit_code.py).
INTEGER = Form(Shape.INTEGER, "as whole numbers", r"-?(?:0|[1-9][0-9]{0,17})", 1, 19, lacks=".")
DECIMAL = Form(
    Shape.DECIMAL,
    "as plain numbers",
    r"[+-]?(?:[0-9]+[.][0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]{1,3})?|[+-]?[0-9]+[eE][+-]?[0-9]{1,3}",
    2,
)
DECIMAL_COMMA = Form(Shape.DECIMAL_COMMA, "as 3,14", r"[+-]?[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})", 3, holds=",")

CHECK = Check(
    name="number",
    plural="numbers",
    forms=(INTEGER, DECIMAL, DECIMAL_COMMA),
    # Codes parse as numbers. That they are written otherwise is a matter of consistency.
    other_shapes=(Shape.CODE,),
    anywhere=True,
    has_data_type=True,
)
