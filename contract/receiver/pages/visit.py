"""What a view gets: the state, what the person may see of it, and what the request asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Mapping
from urllib.parse import urlencode

from contract.receiver.answers import refusal
from contract.receiver.paging import no_token, read_token

if TYPE_CHECKING:
    from contract.receiver.faults import FaultQueue
    from contract.receiver.keys import Grant
    from contract.receiver.listing import After
    from contract.receiver.refusals import Refusals
    from contract.receiver.store import Store

MAX_DIGITS = 18


@dataclass(frozen=True)
class Visit:
    """A request for a page.

    Attributes:
        store: what came.
        faults: what waits to go wrong.
        refusals: what was not taken.
        grant: what the key of the person may see.
        query: the parameters of the query, the last of each name.
        now: the present, ISO 8601.
        form: the fields of a form that was sent.
    """

    store: Store
    faults: FaultQueue
    refusals: Refusals
    grant: Grant
    query: Mapping[str, str]
    now: Callable[[], str]
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def tenant(self) -> str:
        """The tenant that is asked for.

        Raises:
            Refused: 400 where none is, 403 for one that the key does not speak for.
        """
        tenant = self.named("tenant_id")
        self.grant.check(tenant)
        return tenant

    def named(self, name: str) -> str:
        """Return a parameter.

        Raises:
            Refused: 400, it is missing.
        """
        if not self.query.get(name):
            raise refusal(
                400, "missing_parameter", f"The address lacks {name}: follow a link of these pages."
            )
        return self.query[name]

    @property
    def after(self) -> After:
        """The place after which the part of a list begins that is asked for.

        Raises:
            Refused: 400, the token is none.
        """
        token = self.query.get("page_token")
        if not token:
            return None
        place = read_token(token)
        is_place = isinstance(place, list) and len(place) == 2  # noqa: PLR2004  field and key
        if not is_place or not isinstance(place[0], (str, int, float)) or not isinstance(place[1], str):
            raise no_token()
        if not isinstance(place[0], str) and not -(2**63) <= place[0] < 2**63:  # what SQLite holds
            raise no_token()
        return place[0], place[1]

    @property
    def before(self) -> int | None:
        """The number below which a list goes on."""
        return whole_number(self.query.get("before", ""))


def whole_number(text: str) -> int | None:
    """Return the number that a text is; ``None`` where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def address(path: str, **names: object) -> str:
    """Return the address of a page."""
    return f"{path}?{urlencode({name: str(value) for name, value in names.items()})}"
