"""Which key may speak for which tenant. Pure."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Dict, FrozenSet, Iterable, Set, Tuple

from contract.receiver.answers import refusal

EVERY_TENANT = "*"
"""In place of a tenant: the key may speak for every tenant."""


@dataclass(frozen=True)
class Grant:
    """What a known key may do.

    Attributes:
        tenants: those that it may speak for; with :data:`EVERY_TENANT` among them, all.
    """

    tenants: FrozenSet[str]

    @property
    def is_for_all(self) -> bool:
        """Whether the key may speak for every tenant."""
        return EVERY_TENANT in self.tenants

    def speaks_for(self, tenant: str) -> bool:
        """Whether the key may speak for a tenant."""
        return self.is_for_all or tenant in self.tenants

    def check(self, tenant: str) -> None:
        """Refuse what is of another tenant.

        Raises:
            Refused: 403.
        """
        if not self.speaks_for(tenant):
            raise refusal(
                403,
                "forbidden",
                f"this API key may not speak for the tenant {tenant[:100]!r}: use the key of that tenant",
            )


class Keys:
    """The keys that are known.

    Args:
        pairs: tenant and key; a key may be there for several tenants, a tenant may have several keys.
    """

    def __init__(self, pairs: Iterable[Tuple[str, str]]) -> None:
        granted: Dict[str, Set[str]] = {}
        for tenant, key in pairs:
            granted.setdefault(key, set()).add(tenant)
        self._grants = {key.encode(): Grant(frozenset(tenants)) for key, tenants in granted.items()}

    def grant_of(self, authorization: str) -> Grant:
        """Return what the key in the header ``Authorization`` (its bytes as latin-1) may do.

        Raises:
            Refused: 401 without a key, 403 for one that is not known.
        """
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise refusal(401, "unauthorized", "wanted the header Authorization: Bearer <api-key>")
        return self._grant(key.strip().encode("latin-1", "replace"))

    def grant_of_key(self, key: str) -> Grant:
        """Return what a key may do.

        Raises:
            Refused: 403, it is not known.
        """
        return self._grant(key.encode(errors="replace"))

    def _grant(self, given: bytes) -> Grant:
        found = [grant for known, grant in self._grants.items() if hmac.compare_digest(known, given)]
        if not found:
            raise refusal(403, "forbidden", "this API key is not known here")
        return found[0]


def parse_key(text: str) -> Tuple[str, str]:
    """Read ``TENANT=KEY``.

    Raises:
        ValueError: a part is missing, or the key is none.
    """
    tenant, mark, key = text.partition("=")
    if not mark or not tenant or not key.strip():
        raise ValueError("expected TENANT=KEY, or *=KEY for every tenant")
    return tenant, checked_key(key)


def checked_key(text: str) -> str:
    """Return a key without the blanks around it, which a header does not have either.

    Raises:
        ValueError: no header could have it.
    """
    key = text.strip()
    if not key or not key.isprintable():  # half of a surrogate pair is not printable
        raise ValueError("a key is text of one line")
    return key
