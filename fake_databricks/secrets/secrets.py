"""The secrets of a workspace: scopes, values, access lists; and how values are hidden in outputs."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping, TypeVar

from fake_databricks.errors import AlreadyExists, DoesNotExist, InvalidParameter, LimitExceeded
from fake_databricks.redaction import Redactor

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.storage import Storage

T = TypeVar("T")
MAX_VALUE_BYTES = 128 * 1024
MAX_SECRETS = 1000
MAX_SCOPES = 1000
PERMISSIONS = ("READ", "WRITE", "MANAGE")
_NAME = re.compile(r"[A-Za-z0-9\-_.@]{1,128}")
_REFERENCE = re.compile(r"\{\{\s*secrets/([^/{}]+)/([^/{}]+?)\s*\}\}")


@dataclass(frozen=True)
class _Scope:
    name: str
    acl: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, tuple[str, int]] = field(
        default_factory=dict
    )  # key -> encrypted value, time of change


class Secrets:
    """Scopes and their secrets; values are encrypted in memory and on disk."""

    def __init__(self, workspace_id: str, storage: Storage, clock: Clock) -> None:
        self._workspace_id = workspace_id
        self._storage = storage
        self._clock = clock
        self._lock = threading.RLock()
        self._scopes: dict[str, _Scope] = {}
        self._others: list[Callable[[], Iterable[str]]] = []
        for key, document in storage.all(workspace_id, "scope"):
            values = {name: (encrypted, when) for name, (encrypted, when) in document["values"].items()}
            self._scopes[key] = _Scope(document["name"], document["acl"], values)

    def create_scope(self, name: str, manager: str) -> None:
        """Create a scope; ``manager`` is the principal that may manage it."""
        with self._lock:
            _check_name("scope", name)
            if name.lower() in self._scopes:
                raise AlreadyExists(f"Scope {name} already exists!")
            if len(self._scopes) >= MAX_SCOPES:
                raise LimitExceeded(f"The limit of {MAX_SCOPES} secret scopes has been reached.")
            self._save(_Scope(name, {manager: "MANAGE"}))

    def delete_scope(self, name: str) -> None:
        """Delete a scope and its secrets."""
        with self._lock:
            scope = self._scope(name)
            self._storage.delete(self._workspace_id, "scope", scope.name.lower())
            del self._scopes[scope.name.lower()]

    def scopes(self) -> list[str]:
        """Return the names of all scopes, sorted."""
        with self._lock:
            return sorted(scope.name for scope in self._scopes.values())

    def put(self, scope_name: str, key: str, value: bytes) -> None:
        """Store a secret value; a former value is replaced."""
        _check_name("key", key)
        if len(value) > MAX_VALUE_BYTES:
            raise InvalidParameter(f"The secret value must have at most {MAX_VALUE_BYTES} bytes.")
        with self._lock:
            scope = self._scope(scope_name)
            if key not in scope.values and len(scope.values) >= MAX_SECRETS:
                raise LimitExceeded(f"The limit of {MAX_SECRETS} secrets in a scope has been reached.")
            stored = (self._storage.cipher.encrypt(value), self._clock.now())
            self._save(replace(scope, values={**scope.values, key: stored}))

    def get(self, scope_name: str, key: str) -> bytes:
        """Return a secret value."""
        with self._lock:
            scope = self._scope(scope_name)
            if key not in scope.values:
                raise DoesNotExist(f"Secret does not exist with scope: {scope.name} and key: {key}")
            return self._storage.cipher.decrypt(scope.values[key][0])

    def delete(self, scope_name: str, key: str) -> None:
        """Delete a secret."""
        with self._lock:
            scope = self._scope(scope_name)
            if key not in scope.values:
                raise DoesNotExist(f"Secret does not exist with scope: {scope.name} and key: {key}")
            self._save(replace(scope, values=_without(scope.values, key)))

    def keys(self, scope_name: str) -> list[tuple[str, int]]:
        """Return each key of a scope with the time of its last change."""
        with self._lock:
            return sorted((key, when) for key, (_, when) in self._scope(scope_name).values.items())

    def put_acl(self, scope_name: str, principal: str, permission: str) -> None:
        """Grant a principal a permission on a scope; it is shown and not enforced."""
        if permission not in PERMISSIONS:
            raise InvalidParameter(f"Invalid permission {permission!r}: one of {', '.join(PERMISSIONS)}.")
        with self._lock:
            scope = self._scope(scope_name)
            self._save(replace(scope, acl={**scope.acl, principal: permission}))

    def acl(self, scope_name: str) -> dict[str, str]:
        """Return the permission of each principal."""
        with self._lock:
            return dict(self._scope(scope_name).acl)

    def delete_acl(self, scope_name: str, principal: str) -> None:
        """Remove a principal's permission."""
        with self._lock:
            scope = self._scope(scope_name)
            if principal not in scope.acl:
                raise DoesNotExist(f"ACL does not exist for principal {principal} on scope {scope.name}")
            self._save(replace(scope, acl=_without(scope.acl, principal)))

    def resolve(self, text: str) -> str:
        """Return a text with each ``{{secrets/scope/key}}`` replaced, as in ``spark_env_vars``.

        Raises:
            DoesNotExist: there is no such scope or secret.
            InvalidParameter: the secret is no text that a setting or a variable can have.
        """
        return _REFERENCE.sub(lambda match: self._text(match.group(1), match.group(2)), text)

    def _text(self, scope_name: str, key: str) -> str:
        value = self.get(scope_name, key)
        try:
            if b"\0" not in value:
                return value.decode()
        except UnicodeDecodeError:
            pass
        raise InvalidParameter(
            f"The secret {scope_name}/{key} is not text in UTF-8 without null characters, as settings and "
            "variables of a cluster are: store it as string_value, or read it with dbutils.secrets.getBytes."
        )

    def also_hide(self, values: Callable[[], Iterable[str]]) -> None:
        """Count the values that a function returns as secret values in outputs."""
        self._others.append(values)

    def values(self) -> tuple[str, ...]:
        """Return every secret value that is text, the longest first, to hide them in outputs."""
        with self._lock:
            encrypted = [value for scope in self._scopes.values() for value, _ in scope.values.values()]
        values = {self._storage.cipher.decrypt(value).decode(errors="ignore") for value in encrypted}
        values.update(value for others in self._others for value in others())
        return tuple(sorted((value for value in values if value.strip()), key=len, reverse=True))

    def redact(self, content: Any) -> Any:
        """Return a text or JSON value with every secret value replaced by ``[REDACTED]``."""
        return Redactor(self.values()).clean(content)

    def _scope(self, name: str) -> _Scope:
        try:
            return self._scopes[name.lower()]
        except KeyError:
            raise DoesNotExist(f"Scope {name} does not exist!") from None

    def _save(self, scope: _Scope) -> None:
        """Store a scope, and only then have it in memory: what cannot be stored changes nothing."""
        document = {"name": scope.name, "acl": scope.acl, "values": scope.values}
        self._storage.put(self._workspace_id, "scope", scope.name.lower(), document)
        self._scopes[scope.name.lower()] = scope


def _without(items: Mapping[str, T], key: str) -> dict[str, T]:
    return {name: value for name, value in items.items() if name != key}


def _check_name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidParameter(
            f"Invalid {what} name {name!r}: 1 to 128 letters, digits, '-', '_', '@' and '.'."
        )
