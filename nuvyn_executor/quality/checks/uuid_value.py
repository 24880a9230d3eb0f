"""UUIDs (RFC 9562), with dashes."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import Check, Form

CHECK = Check(
    name="uuid",
    plural="valid UUIDs",
    forms=(Form("uuid", "as UUIDs", r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", 36, 36, "-"),),
    anywhere=True,
)
