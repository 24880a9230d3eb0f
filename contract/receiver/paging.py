"""Which part of the state is wanted: ``limit`` and ``page_token``, as Databricks names them. Pure."""

from __future__ import annotations

import base64
import json
from typing import Mapping, Optional, Tuple

from contract.receiver.answers import refusal
from contract.receiver.merge import SECTIONS

MAX_LIMIT = 10_000
Place = Tuple[str, str]
"""A section and the key of a row in it."""


def asked_part(parameters: Mapping[str, str]) -> Tuple[Optional[int], Optional[Place]]:
    """Return the most rows that are wanted, ``None`` for all, and the row after which they begin.

    Raises:
        Refused: 400.
    """
    limit, token = parameters.get("limit"), parameters.get("page_token")
    if limit is None and not token:
        return None, None
    if limit is not None and not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= MAX_LIMIT):
        raise refusal(400, "invalid_limit", f"limit: wanted a whole number from 1 to {MAX_LIMIT}")
    return int(limit or MAX_LIMIT), _place(token) if token else None


def page_token(place: Place) -> str:
    """Return the token of the part that begins after a row."""
    return base64.urlsafe_b64encode(json.dumps(list(place)).encode()).decode()


def _place(token: str) -> Place:
    try:
        section, key = json.loads(base64.b64decode(token.encode(), b"-_", validate=True))
        str(key).encode()  # half of a surrogate pair is no key
    except (ValueError, TypeError, RecursionError):
        section = key = None
    if not isinstance(section, str) or not isinstance(key, str) or section not in SECTIONS:
        raise refusal(400, "invalid_page_token", "page_token: wanted the next_page_token of an answer")
    return section, key
