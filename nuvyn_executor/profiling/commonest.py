"""How often each text occurs in a column of few different texts. Counts add. Pure.

A column of more than :data:`FEW` different texts, or with a long one, has no such counts; nothing that is
added brings them back. So neither the order of merging nor the division into parts changes what is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional

FEW = 20
LONGEST_BYTES = 100
"""A longer text is no category."""


@dataclass(frozen=True)
class Commonest:
    """How often each text of a column occurs.

    Attributes:
        counts: by the text; ``None`` where there are too many texts, or one that is too long.
    """

    counts: Optional[Mapping[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, counts: Optional[Mapping[str, int]]) -> Commonest:
        """Return the counts of some texts, if these are few and short."""
        if counts is None or len(counts) > FEW or any(_is_long(text) for text in counts):
            return cls(None)
        return cls(counts)

    def __add__(self, other: Commonest) -> Commonest:
        """Return the counts of the texts of both."""
        if self.counts is None or other.counts is None:
            return Commonest(None)
        counts: Dict[str, int] = dict(self.counts)
        for text, count in other.counts.items():
            counts[text] = counts.get(text, 0) + count
        return Commonest.of(counts)

    def to_json(self) -> Dict[str, Any]:
        """Return it as JSON values."""
        return {"counts": None if self.counts is None else dict(self.counts)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Commonest:
        """Read what :meth:`to_json` wrote."""
        return cls(value["counts"])


def _is_long(text: str) -> bool:
    return len(text.encode("utf-8", "surrogatepass")) > LONGEST_BYTES
