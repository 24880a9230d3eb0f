"""The users, groups and service principals of a workspace."""

from __future__ import annotations

import secrets as randomness
import threading
import uuid
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from fake_databricks.errors import InvalidParameter, PrincipalExists, PrincipalNotFound
from fake_databricks.identity.principals import ADMINS, CORE, GROUP_IDS, KINDS, USERS, PrincipalKind
from fake_databricks.identity.scim_changes import changed
from fake_databricks.request.values import read_fields

if TYPE_CHECKING:
    from fake_databricks.storage import Storage

KIND = "principal"
COMPUTED = ("id", "groups", "schemas")


class Directory:
    """Every principal of a workspace, in memory and in the storage; its user and two groups always exist."""

    def __init__(self, workspace_id: str, storage: Storage, user: str) -> None:
        self._workspace_id = workspace_id
        self._storage = storage
        self._lock = threading.RLock()
        self._own_id = workspace_id
        self._built_in = {f"Users/{workspace_id}", *(f"Groups/{number}" for number in GROUP_IDS.values())}
        self._documents: dict[str, dict[str, Any]] = {
            f"Users/{workspace_id}": {
                "userName": user,
                "displayName": user.partition("@")[0],
                "name": {"givenName": "Fake", "familyName": "User"},
                "active": True,
                "emails": [{"type": "work", "value": user, "primary": True}],
                "entitlements": [{"value": "workspace-access"}, {"value": "allow-cluster-create"}],
            },
            f"Groups/{GROUP_IDS[USERS]}": {"displayName": USERS},
            f"Groups/{GROUP_IDS[ADMINS]}": {
                "displayName": ADMINS,
                "members": [{"value": workspace_id, "display": user}],
            },
            **dict(storage.all(workspace_id, KIND)),
        }

    def own(self) -> dict[str, Any]:
        """Return the user of the workspace."""
        return self.get("Users", self._own_id)

    def get(self, kind: str, number: str) -> dict[str, Any]:
        """Return a principal as it is shown.

        Raises:
            PrincipalNotFound: there is none with this id.
        """
        with self._lock:
            document = self._stored(kind, number)
            view = {"schemas": [f"{CORE}:{KINDS[kind].schema}"], "id": number, **document}
            groups = self._groups_of(kind, number)
            if groups:
                view["groups"] = groups
            if number == GROUP_IDS[USERS] and kind == "Groups":
                view["members"] = [self._member(other) for other in self._ids("Users")]
            return view

    def list(self, kind: str) -> list[dict[str, Any]]:
        """Return all principals of a kind in the order of their creation, those that always exist first."""
        with self._lock:
            return [self.get(kind, number) for number in self._ids(kind)]

    def create(self, kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Add a principal."""
        with self._lock:
            number = self._next_id()
            self._replace(kind, number, document)
            return self.get(kind, number)

    def replace(self, kind: str, number: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Replace all that a request can set of a principal."""
        with self._lock:
            self._stored(kind, number)
            self._replace(kind, number, document)
            return self.get(kind, number)

    def patch(self, kind: str, number: str, operations: Sequence[Any]) -> dict[str, Any]:
        """Change some attributes of a principal."""
        with self._lock:
            before = {**self._stored(kind, number), "groups": self._groups_of(kind, number)}
            self._replace(kind, number, changed(before, operations, list(KINDS[kind].fields)))
            return self.get(kind, number)

    def delete(self, kind: str, number: str) -> None:
        """Remove a principal, from all groups too."""
        key = f"{kind}/{number}"
        with self._lock:
            name = self._stored(kind, number).get(KINDS[kind].key)
            if key in self._built_in:
                raise InvalidParameter(f"{name} is a part of every workspace and cannot be deleted.")
            for group in self._ids("Groups"):
                self._set_member(group, number, is_member=False)
            self._storage.delete(self._workspace_id, KIND, key)
            del self._documents[key]

    def _replace(self, kind: str, number: str, document: Mapping[str, Any]) -> None:
        read = self._read(KINDS[kind], number, document)
        groups = [item.get("value", "") for item in read.pop("groups", [])]
        for group in groups:
            self._stored("Groups", group)
        self._save(f"{kind}/{number}", read)
        if "groups" in document:
            for group in self._ids("Groups"):
                if group != GROUP_IDS[USERS]:
                    self._set_member(group, number, is_member=group in groups)

    def _read(self, kind: PrincipalKind, number: str, document: Mapping[str, Any]) -> dict[str, Any]:
        known = {name: value for name, value in document.items() if name in kind.fields}
        read = read_fields(known, kind.fields)
        if kind.key == "applicationId":
            read.setdefault(kind.key, str(uuid.uuid4()))
        if not read.get(kind.key):
            raise InvalidParameter(f"Missing required field: {kind.key}")
        for other in self._ids(kind.name):
            if other != number and self._stored(kind.name, other).get(kind.key) == read[kind.key]:
                raise PrincipalExists(f"{kind.schema} with {kind.key} {read[kind.key]} already exists.")
        if kind.name == "Users":
            read.setdefault("active", True)
            read.setdefault("emails", [{"type": "work", "value": read["userName"], "primary": True}])
        if "members" in read:
            read["members"] = [self._member(item.get("value", "")) for item in read["members"]]
        return {name: value for name, value in read.items() if name == "groups" or name not in COMPUTED}

    def _member(self, number: str) -> dict[str, Any]:
        """Return the entry of a group for one principal.

        Raises:
            PrincipalNotFound: there is none with this id.
        """
        for kind in KINDS.values():
            document = self._documents.get(f"{kind.name}/{number}")
            if document is not None:
                display = document.get("displayName") or document[kind.key]
                return {"value": number, "display": display, "$ref": f"{kind.name}/{number}"}
        raise PrincipalNotFound(f"Principal with id {number[:60]} not found.")

    def _groups_of(self, kind: str, number: str) -> Sequence[dict[str, Any]]:
        everybody = [GROUP_IDS[USERS]] if kind != "Groups" else []
        having = [
            group
            for group in self._ids("Groups")
            if any(item["value"] == number for item in self._stored("Groups", group).get("members", []))
        ]
        return [
            {
                "display": self._stored("Groups", group)["displayName"],
                "type": "direct",
                "value": group,
                "$ref": f"Groups/{group}",
            }
            for group in (*everybody, *having)
        ]

    def _set_member(self, group: str, number: str, *, is_member: bool) -> None:
        document = self._stored("Groups", group)
        before = document.get("members", [])
        others = [item for item in before if item["value"] != number]
        after = [*others, self._member(number)] if is_member else others
        if len(after) != len(before):
            self._save(f"Groups/{group}", {**document, "members": after})

    def _stored(self, kind: str, number: str) -> dict[str, Any]:
        try:
            return self._documents[f"{kind}/{number}"]
        except KeyError:
            raise PrincipalNotFound(f"{KINDS[kind].schema} with id {number[:60]} not found.") from None

    def _ids(self, kind: str) -> tuple[str, ...]:
        keys = [key for key in self._documents if key.startswith(f"{kind}/")]
        keys.sort(key=lambda key: (key not in self._built_in, int(key.partition("/")[2])))
        return tuple(key.partition("/")[2] for key in keys)

    def _next_id(self) -> str:
        """Return an id that is larger than all others, so that ids show the order of creation."""
        own = (key.partition("/")[2] for key in self._documents if key not in self._built_in)
        return str(max((int(number) for number in own), default=10**14) + 1 + randomness.randbelow(10**9))

    def _save(self, key: str, document: dict[str, Any]) -> None:
        """Store a principal, and only then have it in memory."""
        self._storage.put(self._workspace_id, KIND, key, document)
        self._documents[key] = document
