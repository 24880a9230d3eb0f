"""What was sent and is not here: the last refused requests of each key, in memory. Without HTTP."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Callable, Deque, Dict, FrozenSet, List, Optional

if TYPE_CHECKING:
    from contract.receiver.keys import Grant

MOST_OF_A_KEY = 200
"""How many refusals are kept of each key, and of all requests without a known key together."""
MOST_OF_A_TEXT = 500


@dataclass(frozen=True)
class Refusal:
    """A request that was refused, or whose answer got lost on demand.

    Attributes:
        number: 1, 2, ... in the order in which they came.
        at: when it was answered, ISO 8601, UTC.
        status: of the answer; ``None`` where the connection was closed in place of one.
        tenant: which its body names, else whose key it was; empty where neither is known.
        said: the sentence of the answer.
        size: the bytes of its body, as far as they are known.
        seen_for: who speaks for all of these tenants may see it; without any, who speaks for every tenant.
    """

    number: int
    at: str
    status: Optional[int]
    tenant: str
    said: str
    size: int
    seen_for: FrozenSet[str]

    def is_seen_by(self, grant: Grant) -> bool:
        """Whether a key may see it."""
        return grant.is_for_all or bool(self.seen_for and self.seen_for <= grant.tenants)

    def is_about(self, tenant: str) -> bool:
        """Whether its body names a tenant, or its key is one of that tenant."""
        return tenant == self.tenant or tenant in self.seen_for


class Refusals:
    """The last refusals of each key. Those of one key displace none of another's.

    Args:
        now: the present, ISO 8601.
    """

    def __init__(self, now: Callable[[], str]) -> None:
        self._now = now
        self._of_key: Dict[Optional[FrozenSet[str]], Deque[Refusal]] = {}
        self._noted = 0
        self._lock = threading.Lock()

    def note(
        self, grant: Optional[Grant], status: Optional[int], said: str, size: int, tenant: str = ""
    ) -> None:
        """Keep a refusal.

        Args:
            grant: of the key of the request; ``None`` where it is not known.
            status: of the answer.
            said: why; of a request without a known key it holds no word of that request.
            size: the bytes of the body.
            tenant: which the body names. It counts where the key may speak for it: nobody writes on the
                page of another tenant.
        """
        of = frozenset() if grant is None else grant.tenants
        named = tenant or ("" if grant is None or grant.is_for_all else ", ".join(sorted(of)))
        texts = named[:MOST_OF_A_TEXT], said[:MOST_OF_A_TEXT]
        is_of_the_named = grant is not None and tenant == texts[0] != "" and grant.speaks_for(tenant)
        seen_for = frozenset({tenant}) if is_of_the_named else of
        with self._lock:
            self._noted += 1
            kept = self._of_key.setdefault(of if grant else None, deque(maxlen=MOST_OF_A_KEY))
            kept.append(Refusal(self._noted, self._now(), status, *texts, size, seen_for))

    def seen_by(self, grant: Grant, tenant: str = "") -> List[Refusal]:
        """Return what a key may see, the newest first: all of it, or that of one tenant."""
        with self._lock:
            kept = list(chain.from_iterable(self._of_key.values()))
        shown = [each for each in kept if each.is_seen_by(grant) and (not tenant or each.is_about(tenant))]
        return sorted(shown, key=lambda each: each.number, reverse=True)
