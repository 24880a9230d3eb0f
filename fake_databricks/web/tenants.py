"""The workspaces of a server: one for each token, created at its first request."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field

from fake_databricks.errors import ApiError, InvalidToken
from fake_databricks.request.call import Controls
from fake_databricks.storage import StateError
from fake_databricks.web.faults import FaultTable
from fake_databricks.web.journal import Journal
from fake_databricks.web.oauth import OAuthClients
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
        any_token: whether every token is accepted, and every OAuth client.
        clients: pairs of the id and the secret of an OAuth client.

    Attributes:
        url: the address of the server.
        oauth: gives access tokens to OAuth clients.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        tokens: tuple[str, ...] = (),
        *,
        any_token: bool = False,
        clients: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.url = ""
        self.oauth = OAuthClients(
            dict(clients),
            surroundings.storage.cipher,
            surroundings.clock,
            is_open=not tokens and not clients,
            any_secret=any_token,
        )
        self._token_of_client: dict[str, str] = {}
        self._client_of_token: dict[str, str] = {}
        self._surroundings = surroundings
        self._tokens = frozenset(tokens)
        self._has_clients = bool(clients)
        self._any_token = any_token
        self._lock = threading.Lock()
        self._by_token: dict[str, Tenant] = {}
        self._by_id = {
            workspace_id: Tenant(_stored(workspace_id, surroundings))
            for workspace_id in surroundings.storage.workspaces()
        }

    def admits(self, token: str) -> bool:
        """Whether a token is accepted."""
        if self._surroundings.issued.owner(token) is not None:
            return self._surroundings.issued.is_valid(token)
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

    def admitted(self, credential: str) -> str:
        """Return the token that stands for the workspace of a credential.

        It is the credential itself. For an access token of OAuth it is one that does not expire: the programs
        of runs get it.

        Raises:
            InvalidToken: the credential is not accepted.
        """
        if credential in self._client_of_token:
            return credential
        client_id = self.oauth.client_of(credential)
        if client_id is not None:
            return self._token_of(client_id)
        if not self.admits(credential):
            raise InvalidToken(self.why_not_admitted)
        return credential

    def _token_of(self, client_id: str) -> str:
        with self._lock:
            token = self._token_of_client.setdefault(client_id, f"{TOKEN_PREFIX}{secrets.token_hex(16)}")
            self._client_of_token[token] = client_id
        return token

    @property
    def only_workspace_id(self) -> str:
        """The workspace of every client, if there is only one; else empty."""
        return workspace_id_of(*self._tokens) if len(self._tokens) == 1 and not self._has_clients else ""

    def _workspace_id(self, token: str) -> str:
        issued = self._surroundings.issued.owner(token)
        if issued is not None:
            return issued
        client_id = self._client_of_token.get(token)
        # No token can be the same text: NUL is in no header.
        return workspace_id_of(token if client_id is None else f"oauth\0{client_id}")

    def tenant(self, token: str) -> Tenant:
        """Return the workspace of an accepted token; it may have to be made, or to wait for a reset."""
        with self._lock:
            known = self._by_token.get(token)
            if known is not None:
                return known
            workspace_id = self._workspace_id(token)
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
            tenant = self._by_id.pop(self._workspace_id(token), None)
            for known in [key for key, value in self._by_token.items() if value is tenant]:
                del self._by_token[known]
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
