"""E-mail addresses."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import Check, Form

CHECK = Check(
    name="email",
    plural="valid e-mail addresses",
    forms=(
        Form(
            "email",
            "as e-mail addresses",
            r"[^@\s,;]+@[^@\s,;.]+(?:[.][^@\s,;.]+)+",
            5,
            holds="@",
            # Without a colon, so that no URL is among them.
            ascii_pattern=r"[!-+\--9<-?A-~]+@[!-+\-/-9<-?A-~]+(?:[.][!-+\-/-9<-?A-~]+)+",
        ),
    ),
    names=("email", "e_mail", "email_address", "e_mail_address"),
    anywhere=True,
)
