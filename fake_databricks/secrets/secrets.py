"""The secrets of a workspace: scopes, values, access lists; and the hiding of values in outputs."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fake_databricks.errors import AlreadyExists, DoesNotExist, InvalidParameter, LimitExceeded
from fake_databricks.redaction import Redactor

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.storage import Storage

MAX_VALUE_BYTES = 128 * 1024
MAX_SECRETS = 1000
MAX_SCOPES = 1000
PERMISSIONS = ("READ", "WRITE", "MANAGE")
_NAME = re.compile(r"[A-Za-z0-9\-_.@]{1,128}")
_REFERENCE = re.compile(r"\{\{\s*secrets/([^/{}]+)/([^/{}]+?)\s*\}\}")


@dataclass
class _Scope:
    name: str
    acl: dict[str, str] = field(default_factory=dict)
    values: dict[str, tuple[str, int]] = field(default_factory=dict)  # key -> sealed value, time


class Secrets:
    """Scopes and their secrets; values are sealed in memory and on disk alike."""

    def __init__(self, workspace_id: str, storage: Storage, clock: Clock) -> None:
        self._workspace_id = workspace_id
        self._storage = storage
        self._clock = clock
        self._lock = threading.RLock()
        self._scopes: dict[str, _Scope] = {}
        for key, document in storage.all(workspace_id, "scope"):
            values = {name: (sealed, when) for name, (sealed, when) in document["values"].items()}
            self._scopes[key] = _Scope(document["name"], document["acl"], values)

    def create_scope(self, name: str, manager: str) -> None:
        """Make a scope; ``manager`` is the principal that may manage it."""
        with self._lock:
            _check_name("scope", name)
            if name.lower() in self._scopes:
                raise AlreadyExists(f"Scope {name} already exists!")
            if len(self._scopes) >= MAX_SCOPES:
                raise LimitExceeded(f"The limit of {MAX_SCOPES} secret scopes has been reached.")
            self._scopes[name.lower()] = scope = _Scope(name, {manager: "MANAGE"})
            self._keep(scope)

    def delete_scope(self, name: str) -> None:
        """Forget a scope and all in it."""
        with self._lock:
            scope = self._scope(name)
            del self._scopes[scope.name.lower()]
            self._storage.delete(self._workspace_id, "scope", scope.name.lower())

    def scopes(self) -> list[str]:
        """Return the names of all scopes, in order."""
        with self._lock:
            return sorted(scope.name for scope in self._scopes.values())

    def put(self, scope_name: str, key: str, value: bytes) -> None:
        """Keep a value, in place of the one before."""
        _check_name("key", key)
        if len(value) > MAX_VALUE_BYTES:
            raise InvalidParameter(f"The secret value must have at most {MAX_VALUE_BYTES} bytes.")
        with self._lock:
            scope = self._scope(scope_name)
            if key not in scope.values and len(scope.values) >= MAX_SECRETS:
                raise LimitExceeded(f"The limit of {MAX_SECRETS} secrets in a scope has been reached.")
            scope.values[key] = (self._storage.cipher.seal(value), self._clock.now())
            self._keep(scope)

    def get(self, scope_name: str, key: str) -> bytes:
        """Return the value."""
        with self._lock:
            scope = self._scope(scope_name)
            if key not in scope.values:
                raise DoesNotExist(f"Secret does not exist with scope: {scope.name} and key: {key}")
            return self._storage.cipher.open(scope.values[key][0])

    def delete(self, scope_name: str, key: str) -> None:
        """Forget one value."""
        with self._lock:
            scope = self._scope(scope_name)
            if scope.values.pop(key, None) is None:
                raise DoesNotExist(f"Secret does not exist with scope: {scope.name} and key: {key}")
            self._keep(scope)

    def keys(self, scope_name: str) -> list[tuple[str, int]]:
        """Each key of a scope with the time it was last written."""
        with self._lock:
            return sorted((key, when) for key, (_, when) in self._scope(scope_name).values.items())

    def put_acl(self, scope_name: str, principal: str, permission: str) -> None:
        """Grant a principal a permission on a scope; kept and shown, not enforced."""
        if permission not in PERMISSIONS:
            raise InvalidParameter(f"Invalid permission {permission!r}: one of {', '.join(PERMISSIONS)}.")
        with self._lock:
            scope = self._scope(scope_name)
            scope.acl[principal] = permission
            self._keep(scope)

    def acl(self, scope_name: str) -> dict[str, str]:
        """Permission by principal."""
        with self._lock:
            return dict(self._scope(scope_name).acl)

    def delete_acl(self, scope_name: str, principal: str) -> None:
        """Take a principal's permission away."""
        with self._lock:
            scope = self._scope(scope_name)
            if scope.acl.pop(principal, None) is None:
                raise DoesNotExist(f"ACL does not exist for principal {principal} on scope {scope.name}")
            self._keep(scope)

    def resolve(self, text: str) -> str:
        """``{{secrets/scope/key}}`` replaced by the value, as in ``spark_env_vars``."""
        return _REFERENCE.sub(lambda match: self.get(match.group(1), match.group(2)).decode(), text)

    def values(self) -> tuple[str, ...]:
        """Every value that is text, the longest first, for the hiding of them."""
        with self._lock:
            sealed = [value for scope in self._scopes.values() for value, _ in scope.values.values()]
        opened = {self._storage.cipher.open(value).decode(errors="ignore") for value in sealed}
        return tuple(sorted((value for value in opened if value.strip()), key=len, reverse=True))

    def redact(self, content: Any) -> Any:
        """Text, or a JSON value, with every secret value replaced by ``[REDACTED]``."""
        return Redactor(self.values()).clean(content)

    def _scope(self, name: str) -> _Scope:
        try:
            return self._scopes[name.lower()]
        except KeyError:
            raise DoesNotExist(f"Scope {name} does not exist!") from None

    def _keep(self, scope: _Scope) -> None:
        document = {"name": scope.name, "acl": scope.acl, "values": scope.values}
        self._storage.put(self._workspace_id, "scope", scope.name.lower(), document)


def _check_name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidParameter(
            f"Invalid {what} name {name!r}: 1 to 128 letters, digits, '-', '_', '@' and '.'."
        )
