"""Truth values: true, false, yes, no, y, n, on or off."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import Check, Form
from nuvyn_executor.quality.tallies import Shape

CHECK = Check(
    name="boolean",
    plural="true or false",
    forms=(Form(Shape.BOOLEAN, "as true/false or yes/no", r"(?i:true|false|yes|no|y|n|on|off)", 1, 5),),
    anywhere=True,
    has_data_type=True,
)
