"""The pages of a receiver, each for what the key of the person may see."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Callable

from contract.receiver.answers import Refused
from contract.receiver.pages.routes import ACTIONS, PAGES, REPORT
from contract.receiver.pages.visit import Visit
from fake_databricks.request.call import Reply
from fake_databricks.ui.page import NotAdmitted
from fake_databricks.ui.site import HTML, Look, Site

if TYPE_CHECKING:
    from contract.receiver.faults import FaultQueue
    from contract.receiver.keys import Keys
    from contract.receiver.refusals import Refusals
    from contract.receiver.store import Store
    from fake_databricks.ui.site import Asked

LOOK = Look(
    name="nuvyn_receiver",
    credential="key",
    about="These pages show what has come of the tenants of one API key. "
    "The server has printed a link with a key at its start.",
    pages=PAGES,
    actions=frozenset(ACTIONS),
    package="contract.receiver.pages",
    calls=("/api/", "/_receiver/", "/health"),
)
_MOST_NAMES = 60


class ReceiverSite(Site):
    """The pages of a receiver.

    Args:
        store: what came.
        keys: who may see what.
        faults: what waits to go wrong.
        refusals: what was not taken.
        now: the present, ISO 8601.
    """

    def __init__(
        self, store: Store, keys: Keys, faults: FaultQueue, refusals: Refusals, now: Callable[[], str]
    ) -> None:
        super().__init__(LOOK)
        self._store, self._keys, self._faults = store, keys, faults
        self._refusals, self._now = refusals, now

    def _admitted(self, credential: str) -> str:
        try:
            self._keys.grant_of_key(credential)
        except Refused as refused:
            raise NotAdmitted(_sentence(refused)) from None
        return credential

    def _answer(self, asked: Asked) -> Reply:
        grant = self._keys.grant_of_key(asked.credential)
        visit = Visit(
            self._store, self._faults, self._refusals, grant, asked.query, self._now, asked.form or {}
        )
        view = asked.page.view if asked.form is None else ACTIONS[asked.path]
        values = view(visit)
        if asked.page is REPORT:
            return Reply(200, values["html"], {**HTML, "Content-Security-Policy": values["policy"]})
        return self._written(asked.page, values, asked.credential)

    def _whose(self, credential: str) -> str:
        grant = self._keys.grant_of_key(credential)
        whose = "every tenant" if grant.is_for_all else ", ".join(sorted(grant.tenants))
        return whose[:_MOST_NAMES]

    def _refusal(self, error: Exception) -> tuple[int, str] | None:
        if isinstance(error, Refused):
            return error.answer.status, _sentence(error)
        if isinstance(error, sqlite3.Error):  # a full disk, a file that another program holds
            return 503, f"The state cannot be read now: {error}."
        return None


def _sentence(refused: Refused) -> str:
    return str(refused.answer.body["error"]["message"])
