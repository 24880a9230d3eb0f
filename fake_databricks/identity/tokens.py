"""The tokens that were made in a workspace: stored as hashes, valid until they are deleted or expire."""

from __future__ import annotations

import dataclasses
import hashlib
import secrets as randomness
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from fake_databricks.errors import DoesNotExist, InvalidParameter, LimitExceeded, NotFound

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.storage import Storage

KIND = "token"
NEVER = -1
MAX_TOKENS = 600
MAX_SECONDS = 730 * 24 * 3600


@dataclass(frozen=True)
class Token:
    """One token.

    Attributes:
        token_id: the SHA-256 of its value, which is not stored.
        comment: what it is for.
        creation_time: when it was made, in ms.
        expiry_time: when it ends; -1 is never.
        scopes: shown, not enforced.
        is_revoked: whether it was deleted; it is remembered, because it must not open another workspace.
    """

    token_id: str
    comment: str
    creation_time: int
    expiry_time: int
    scopes: tuple[str, ...] = ()
    is_revoked: bool = False


class IssuedTokens:
    """Every token that a workspace of this server has made: which workspace, and whether it still works."""

    def __init__(self) -> None:
        self._owners: dict[str, Tokens] = {}

    def add(self, token_id: str, owner: Tokens) -> None:
        """Remember whose a token is."""
        self._owners[token_id] = owner

    def owner(self, value: str) -> str | None:
        """Return the id of the workspace that made a token; None for another token."""
        found = self._owners.get(token_id_of(value))
        return None if found is None else found.workspace_id

    def is_valid(self, value: str) -> bool:
        """Whether a token was made here, was not deleted and has not expired."""
        token_id = token_id_of(value)
        found = self._owners.get(token_id)
        return found is not None and found.is_valid(token_id)


class Tokens:
    """The tokens that were made in one workspace, in memory and in the storage."""

    def __init__(self, workspace_id: str, storage: Storage, clock: Clock, issued: IssuedTokens) -> None:
        self.workspace_id = workspace_id
        self._storage = storage
        self._clock = clock
        self._issued = issued
        self._lock = threading.Lock()
        self._tokens: dict[str, Token] = {}
        for key, document in storage.all(workspace_id, KIND):
            self._tokens[key] = Token(**{**document, "scopes": tuple(document["scopes"])})
            issued.add(key, self)

    def create(self, comment: str, lifetime_seconds: int | None, scopes: Sequence[str]) -> tuple[str, Token]:
        """Make a token; return its value, which is shown this once, and what is stored of it.

        Raises:
            InvalidParameter: the lifetime is none.
            LimitExceeded: there are as many as may be.
        """
        if lifetime_seconds is not None and not 0 < lifetime_seconds <= MAX_SECONDS:
            raise InvalidParameter(
                f"lifetime_seconds must be from 1 to {MAX_SECONDS} (two years), got {lifetime_seconds}."
            )
        now = self._clock.now()
        expiry = NEVER if lifetime_seconds is None else now + lifetime_seconds * 1000
        value = f"dapi{randomness.token_hex(16)}"
        token = Token(token_id_of(value), comment, now, expiry, tuple(scopes))
        with self._lock:
            if len(self.list()) >= MAX_TOKENS:
                raise LimitExceeded(f"The limit of {MAX_TOKENS} tokens has been reached: delete some.")
            self._save(token)
        self._issued.add(token.token_id, self)
        return value, token

    def list(self) -> list[Token]:
        """Return the tokens that work, the oldest first."""
        found = [token for token in self._tokens.values() if self.is_valid(token.token_id)]
        return sorted(found, key=lambda token: (token.creation_time, token.token_id))

    def update(self, token_id: str, changes: Mapping[str, Any]) -> Token:
        """Change the comment or the scopes of a token.

        Raises:
            NotFound: there is none with this id.
        """
        with self._lock:
            if not self.is_valid(token_id):
                raise NotFound(f"Token with id {token_id[:80]} does not exist.")
            token = dataclasses.replace(self._tokens[token_id], **changes)
            self._save(token)
        return token

    def delete(self, token_id: str) -> None:
        """Let a token work no more.

        Raises:
            DoesNotExist: there is none with this id.
        """
        with self._lock:
            if not self.is_valid(token_id):
                raise DoesNotExist(f"Token with id {token_id[:80]} does not exist.")
            self._save(dataclasses.replace(self._tokens[token_id], is_revoked=True))

    def is_valid(self, token_id: str) -> bool:
        """Whether a token works."""
        token = self._tokens.get(token_id)
        if token is None or token.is_revoked:
            return False
        return token.expiry_time == NEVER or self._clock.now() < token.expiry_time

    def forget(self) -> None:
        """Let no token work any more: the workspace is erased."""
        with self._lock:
            self._tokens.clear()

    def _save(self, token: Token) -> None:
        """Store a token, and only then have it in memory."""
        self._storage.put(self.workspace_id, KIND, token.token_id, dataclasses.asdict(token))
        self._tokens[token.token_id] = token


def token_id_of(value: str) -> str:
    """Return the id of a token: the hash of its value."""
    return hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()
