"""The cluster policies of a workspace: what is stored of them."""

from __future__ import annotations

import dataclasses
import secrets as randomness
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Mapping

from fake_databricks.clusters.fields import POLICY_FIELDS
from fake_databricks.clusters.libraries import check_package
from fake_databricks.clusters.policy_rules import read_definition
from fake_databricks.errors import DoesNotExist, InvalidParameter
from fake_databricks.request.values import read_fields

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.storage import Storage

KIND = "cluster_policy"


@dataclass(frozen=True)
class Policy:
    """One cluster policy.

    Attributes:
        policy_id: its id, sixteen hexadecimal digits.
        name: its name, which no other has.
        definition: its rules, as JSON.
        created_at_timestamp: when it was created, in ms.
        creator_user_name: who created it.
        description: what people read.
        max_clusters_per_user: how many clusters may have it; None is any number.
        libraries: what a cluster that has it installs.
    """

    policy_id: str
    name: str
    definition: str
    created_at_timestamp: int
    creator_user_name: str
    description: str = ""
    max_clusters_per_user: int | None = None
    libraries: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def rules(self) -> dict[str, dict[str, Any]]:
        """Return the rules of the definition."""
        return read_definition(self.definition)

    def check_number(self, number: int) -> None:
        """Refuse one more cluster where as many have the policy as may.

        Raises:
            InvalidParameter: there are enough.
        """
        if self.max_clusters_per_user is not None and number >= self.max_clusters_per_user:
            raise InvalidParameter(
                f"The cluster policy {self.policy_id} allows {self.max_clusters_per_user} clusters for each "
                "user, and as many have it: delete one."
            )


class Policies:
    """Every cluster policy of a workspace, in memory and in the storage."""

    def __init__(self, workspace_id: str, storage: Storage, clock: Clock) -> None:
        self._workspace_id = workspace_id
        self._storage = storage
        self._clock = clock
        self._lock = threading.Lock()
        self._policies = {key: Policy(**document) for key, document in storage.all(workspace_id, KIND)}

    def create(self, document: Mapping[str, Any], creator: str) -> Policy:
        """Save a new policy."""
        settings = _settings(document)
        with self._lock:
            self._check_name(settings["name"], "")
            policy = Policy(
                policy_id=randomness.token_hex(8).upper(),
                created_at_timestamp=self._clock.now(),
                creator_user_name=creator,
                **settings,
            )
            self._save(policy)
        return policy

    def edit(self, policy_id: str, document: Mapping[str, Any]) -> None:
        """Replace what a request can set of a policy; clusters that have it stay as they are."""
        settings = _settings(document)
        with self._lock:
            before = self.get(policy_id)
            self._check_name(settings["name"], policy_id)
            self._save(
                Policy(
                    policy_id=policy_id,
                    created_at_timestamp=before.created_at_timestamp,
                    creator_user_name=before.creator_user_name,
                    **settings,
                )
            )

    def get(self, policy_id: str) -> Policy:
        """Return a policy.

        Raises:
            DoesNotExist: there is none with this id.
        """
        try:
            return self._policies[policy_id]
        except KeyError:
            raise DoesNotExist(f"Can't find a cluster policy with id: {policy_id}.") from None

    def list(self) -> list[Policy]:
        """Return all policies, the oldest first."""
        return sorted(
            self._policies.values(), key=lambda policy: (policy.created_at_timestamp, policy.policy_id)
        )

    def delete(self, policy_id: str) -> None:
        """Delete a policy; clusters that have it stay as they are."""
        with self._lock:
            self.get(policy_id)
            self._storage.delete(self._workspace_id, KIND, policy_id)
            del self._policies[policy_id]

    def _check_name(self, name: str, policy_id: str) -> None:
        if any(other.name == name and other.policy_id != policy_id for other in self._policies.values()):
            raise InvalidParameter(f"A cluster policy with the name '{name}' exists already.")

    def _save(self, policy: Policy) -> None:
        """Store a policy, and only then have it in memory."""
        self._storage.put(self._workspace_id, KIND, policy.policy_id, dataclasses.asdict(policy))
        self._policies[policy.policy_id] = policy


def _settings(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a request sets of a policy, in its types; a field that is left out has no value."""
    read = read_fields({name: value for name, value in document.items() if value != ""}, POLICY_FIELDS)
    if not read.get("name"):
        raise InvalidParameter("Missing required field: name")
    limit = read.get("max_clusters_per_user")
    if limit is not None and limit < 1:
        raise InvalidParameter("max_clusters_per_user must be at least 1.")
    read_definition(read.setdefault("definition", "{}"))
    for library in read.get("libraries", []):
        check_package(library)
    return {name: read[name] for name in POLICY_FIELDS if name in read}
