"""The workspaces of a server: one for each token, created at its first request."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from fake_databricks.errors import ApiError
from fake_databricks.request.call import Controls
from fake_databricks.storage import StateError
from fake_databricks.web.faults import FaultTable
from fake_databricks.web.journal import Journal
from fake_databricks.workspace import Surroundings, Workspace, workspace_id_of

TOKEN_PREFIX = "dapi"  # noqa: S105  how the tokens of Databricks begin


@dataclass
class Tenant:
    """A workspace with its faults and its journal.

    Attributes:
        workspace: the workspace itself.
        faults: the faults of its requests.
        journal: its requests and their answers.
    """

    workspace: Workspace
    faults: FaultTable = field(default_factory=FaultTable)
    journal: Journal = field(default_factory=Journal)


class Registry:
    """Finds the workspace of a token.

    Args:
        surroundings: what all workspaces share.
        tokens: the only tokens that are accepted; empty accepts those that begin as Databricks' do.
        any_token: whether every token is accepted.
    """

    def __init__(
        self, surroundings: Surroundings, tokens: tuple[str, ...] = (), *, any_token: bool = False
    ) -> None:
        self.url = ""
        self._surroundings = surroundings
        self._tokens = frozenset(tokens)
        self._any_token = any_token
        self._lock = threading.Lock()
        self._by_token: dict[str, Tenant] = {}
        self._by_id = {
            workspace_id: Tenant(_stored(workspace_id, surroundings))
            for workspace_id in surroundings.storage.workspaces()
        }

    def admits(self, token: str) -> bool:
        """Whether a token is accepted."""
        if self._tokens:
            return token in self._tokens
        return bool(token) and (self._any_token or token.startswith(TOKEN_PREFIX))

    @property
    def why_not_admitted(self) -> str:
        """The refusal of a token; the remedy is in it where the token could be another."""
        if self._tokens:
            return "Invalid access token."
        return (
            f"Invalid access token: use one that begins with '{TOKEN_PREFIX}', or start the server with "
            "--token or --any-token."
        )

    def known(self, token: str) -> Tenant | None:
        """Return the workspace of a token that has been used before; None for another one."""
        return self._by_token.get(token)

    def tenant(self, token: str) -> Tenant:
        """Return the workspace of an accepted token; it may have to be made, or to wait for a reset."""
        with self._lock:
            known = self._by_token.get(token)
            if known is not None:
                return known
            workspace_id = workspace_id_of(token)
            tenant = self._by_id.get(workspace_id)
            if tenant is None:
                tenant = Tenant(Workspace(workspace_id, self._surroundings))
                self._by_id[workspace_id] = tenant
            tenant.workspace.open(token, self.url)
            self._by_token[token] = tenant
            return tenant

    def controls(self, token: str, tenant: Tenant) -> Controls:
        """Return what ``/_fake`` works on for a token."""
        return Controls(tenant.faults, tenant.journal, lambda: self.reset(token))

    def reset(self, token: str) -> None:
        """Erase the workspace of a token, with its faults and journal; the next one is made after that."""
        with self._lock:
            tenant = self._by_token.pop(token, None)
            self._by_id.pop(workspace_id_of(token), None)
            if tenant is not None:
                tenant.workspace.erase()

    def close(self) -> None:
        """End every process of every workspace."""
        with self._lock:
            tenants = list(self._by_id.values())
        for tenant in tenants:
            tenant.workspace.close()


def _stored(workspace_id: str, surroundings: Surroundings) -> Workspace:
    """Return a workspace as it was stored.

    Raises:
        StateError: what is stored has another form than that of this version.
    """
    try:
        return Workspace(workspace_id, surroundings)
    except (ApiError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise StateError(
            f"Workspace {workspace_id} in {surroundings.storage.folder} has another form than this version "
            f"stores ({type(error).__name__}: {error}): start the version that wrote it, or name another "
            "folder with --state."
        ) from error
