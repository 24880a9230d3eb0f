"""What became of each case: the value that runners return and reports show. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Tuple

if TYPE_CHECKING:
    from contract.patterns import Difference


@dataclass(frozen=True)
class Verdict:
    """What became of one case: no differences means that it passed.

    Attributes:
        case_id: which case.
        differences: where the answer is not as documented.
        not_asked: why the case was left out, else empty. Neither passed nor failed.
        is_advice: nothing but good practice asks for it: a difference is shown and does not fail.
        seconds: how long it took.

    """

    case_id: str
    differences: Tuple[Difference, ...] = ()
    not_asked: str = ""
    is_advice: bool = False
    seconds: float = field(default=0.0, compare=False)

    @property
    def outcome(self) -> str:
        """Return ``passed``, ``failed``, ``advice`` or ``not asked``."""
        if self.not_asked:
            return "not asked"
        if not self.differences:
            return "passed"
        return "advice" if self.is_advice else "failed"
