"""Which answer of the platform confirms that it has the metadata. Pure.

The guide's answer does: 2xx with a JSON object whose ``status`` is ``received`` and whose ``record_count`` is
a whole number; more keys may stand beside them. Nothing else does. A page of a login,
``{"status": "failed"}``, an empty body or one that cannot be read may come from a proxy, or from a platform
that lost what it was sent. What is not confirmed stays pending and is sent again under the same
``Idempotency-Key``, so a platform that has it already stores nothing twice.
"""

from __future__ import annotations

import json
import math
from typing import Any, Dict, List, Optional

CONFIRMED = '{"status": "received", "record_count": N}'
"""The answer that confirms, for sentences."""
DEEPEST = 100
"""Levels of a JSON value that is read; a deeper one is treated as a text that is no JSON."""


def confirmed_body(text: str) -> Optional[Dict[str, Any]]:
    """Return the object that a 2xx answer carries, if it confirms; else ``None``."""
    parsed = parsed_json(text)
    if not isinstance(parsed, dict) or parsed.get("status") != "received":
        return None
    count = parsed.get("record_count")
    return parsed if type(count) is int and count >= 0 else None


def parsed_json(text: str) -> Any:
    """Return the value of a JSON text as it can be stored, printed and sent; ``None`` where it is no JSON.

    Numbers that JSON does not have count as no JSON. Halves of surrogate pairs become question marks.
    """
    try:
        parsed = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if _is_deeper_than(parsed, DEEPEST):
            return None
        return json.loads(json.dumps(parsed, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else float(_refuse(text))


def _is_deeper_than(value: Any, levels: int) -> bool:
    # Level by level: what is too deep for recursion is what this looks for.
    level: List[Any] = [value]
    for _ in range(levels):
        lists = (
            one.values() if isinstance(one, dict) else one for one in level if isinstance(one, (dict, list))
        )
        level = [entry for entries in lists for entry in entries]
    return any(isinstance(one, (dict, list)) for one in level)
