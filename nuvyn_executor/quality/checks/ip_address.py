"""IPv4 addresses (four numbers up to 255) and IPv6 addresses (RFC 4291), without masks and zones."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import Check, Form
from nuvyn_executor.quality.checks.predicates import Matches, Predicate

_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_V4 = rf"{_BYTE}(?:[.]{_BYTE}){{3}}"
_GROUP = "[0-9a-fA-F]{1,4}"


_SHORTENED_V6 = "|".join(
    [
        # "::" stands for one group or more, so that at most seven others are written.
        *(rf"(?:{_GROUP}:){{{before}}}(?::{_GROUP}){{1,{7 - before}}}" for before in range(1, 7)),
        rf"(?:{_GROUP}:){{1,7}}:",
        rf":(?::{_GROUP}){{1,7}}",
        "::",
    ]
)
_V6_WITH_V4 = "|".join(
    [
        rf"(?:{_GROUP}:){{6}}{_V4}",
        *(rf"(?:{_GROUP}:){{{before}}}(?::{_GROUP}){{1,{5 - before}}}:{_V4}" for before in range(1, 5)),
        rf"(?:{_GROUP}:){{1,5}}:{_V4}",
        rf":(?::{_GROUP}){{0,5}}:{_V4}",
    ]
)
_V6 = rf"(?:{_GROUP}:){{7}}{_GROUP}|{_SHORTENED_V6}|{_V6_WITH_V4}"
# What looks like an address, whatever its numbers are.
_LIKE_V4 = r"[0-9]{1,3}(?:[.][0-9]{1,3}){3}"
_LIKE_V6 = r"[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,8}(?:(?:[.][0-9]{1,3}){3})?"

CHECK = Check(
    name="ip_address",
    plural="valid IP addresses",
    forms=(
        Form(
            "ip_address",
            "as IP addresses",
            f"{_LIKE_V4}|{_LIKE_V6}",
            2,
            56,  # of what looks like one; an address has 45 at most
            predicate=Predicate(Matches(f"{_V4}|{_V6}")),
        ),
    ),
    names=("ip", "ip_address", "ip_addr", "ipaddress", "ipv4", "ipv6", "ipv4_address", "ipv6_address"),
    # Version numbers look like IPv4 addresses; nothing looks like IPv6 addresses.
    alone=_LIKE_V6,
)
