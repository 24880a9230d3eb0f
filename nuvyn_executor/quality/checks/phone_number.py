"""Phone numbers as ITU-T E.164 writes them: +, the country's code, at most 15 digits, no blanks."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import Check, Form

CHECK = Check(
    name="phone_number",
    plural="phone numbers as E.164 writes them (+441632960961)",
    forms=(Form("phone_number", "as +441632960961", r"\+[1-9][0-9]{6,14}", 8, 16, "+"),),
    names=(
        "phone", "phone_number", "phone_no", "telephone", "telephone_number", "tel", "mobile",
        "mobile_number", "cell", "cell_number", "fax", "fax_number", "msisdn",
    ),
)  # fmt: skip
