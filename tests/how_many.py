"""How many examples a property is tried on."""

from __future__ import annotations

import os

MOST = int(os.environ.get("MOST_EXAMPLES", "1000000"))
"""``MOST_EXAMPLES`` limits all of them: whether code runs on a Python shows after a few."""


def at_most(wanted: int) -> int:
    """Return the number of examples that a test wants, or the limit."""
    return min(wanted, MOST)
