"""Which part of a list is wanted: ``limit`` and ``page_token``, as Databricks names them. Pure."""

from __future__ import annotations

import base64
import json
from typing import Any, Mapping, Optional, Sequence, Tuple, Union

from contract.receiver.answers import Refused, refusal
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


def page_token(place: Sequence[Union[str, int, float]]) -> str:
    """Return the token of the part that begins after a row."""
    return base64.urlsafe_b64encode(json.dumps(list(place)).encode()).decode()


def read_token(token: str) -> Any:
    """Return what stands in a token.

    Raises:
        Refused: 400, nobody has made it.
    """
    try:
        place = json.loads(base64.b64decode(token.encode(), b"-_", validate=True))
        json.dumps(place, ensure_ascii=False).encode()  # half of a surrogate pair is no key
    except (ValueError, TypeError, RecursionError):
        raise no_token() from None
    return place


def no_token() -> Refused:
    """Build the refusal of a token that nobody has made."""
    return refusal(400, "invalid_page_token", "page_token: wanted the next_page_token of an answer")


def _place(token: str) -> Place:
    try:
        section, key = read_token(token)
    except (ValueError, TypeError):
        raise no_token() from None
    if not isinstance(section, str) or not isinstance(key, str) or section not in SECTIONS:
        raise no_token()
    return section, key
