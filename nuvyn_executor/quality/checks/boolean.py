"""Truth values, written as true, false, yes or no."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import Check, Form
from nuvyn_executor.quality.tallies import Shape

CHECK = Check(
    name="boolean",
    plural="true or false",
    forms=(Form(Shape.BOOLEAN, "as true/false", r"(?i:true|false|yes|no)", 2, 5),),
    anywhere=True,
    has_data_type=True,
)
