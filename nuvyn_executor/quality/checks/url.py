"""Web addresses with their scheme: http, https, ftp or sftp."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import Check, Form

CHECK = Check(
    name="url",
    plural="valid URLs",
    forms=(
        Form(
            "url",
            "as URLs",
            r"(?i:https?|s?ftp)://[^\s]+",
            7,
            holds="://",
            ascii_pattern=r"(?i:https?|s?ftp)://[!-~]+",
        ),
    ),
    anywhere=True,
)
