"""From the document of a request to the settings of a cluster: types, policy, pools, names that exist."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Mapping

from fake_databricks.clusters import policy_rules
from fake_databricks.clusters.fields import CLUSTER_FIELDS
from fake_databricks.clusters.node_types import check_node_type
from fake_databricks.clusters.runtimes import runtime_of
from fake_databricks.errors import InvalidParameter
from fake_databricks.request.values import read_fields

if TYPE_CHECKING:
    from fake_databricks.clusters.instance_pools import InstancePools
    from fake_databricks.clusters.policies import Policies, Policy

_VARIABLE = re.compile(r"[^=\0]+")
AUTOTERMINATION = (10, 10_000)
NODES = {"node_type_id": "instance_pool_id", "driver_node_type_id": "driver_instance_pool_id"}


@dataclass(frozen=True)
class ClusterSettings:
    """What a cluster gets.

    Attributes:
        requested: what the request says, in its types.
        effective: the same with what its policy and its pools add.
        policy: its policy, or None.
    """

    requested: dict[str, Any]
    effective: dict[str, Any]
    policy: Policy | None


class ClusterRules:
    """What every cluster of a workspace has to obey.

    Args:
        policies: the policies that a cluster may name.
        pools: the instance pools that it may name.
        user: whose a cluster for a single user is, if it names nobody.
        can_run: whether a Spark, ``4.0``, is on this machine.
    """

    def __init__(
        self,
        policies: Policies,
        pools: InstancePools,
        user: str,
        can_run: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._policies = policies
        self._pools = pools
        self._user = user
        self._can_run = can_run

    def read(self, document: Mapping[str, Any], *, is_job_cluster: bool = False) -> ClusterSettings:
        """Return the settings that a document describes; fields that are not known are left out.

        Raises:
            InvalidParameter: a field is missing, wrong, or not honoured here, or the policy forbids it.
            DoesNotExist: the policy or a pool does not exist.
        """
        requested = _read(document)
        settings, policy = requested, None
        if "policy_id" in requested:
            policy = self._policies.get(requested["policy_id"])
            settings = _read(
                policy_rules.apply(
                    policy.rules,
                    requested,
                    cluster_type="job" if is_job_cluster else "all-purpose",
                    has_defaults=requested.get("apply_policy_default_values", False),
                    can_run=self._can_run,
                )
            )
        effective = {key: value for key, value in settings.items() if key != "apply_policy_default_values"}
        if "spark_version" not in effective:
            raise InvalidParameter("Missing required field: spark_version")
        effective["spark_version"] = runtime_of(effective["spark_version"], self._can_run)
        if effective.get("data_security_mode") == "SINGLE_USER":
            effective.setdefault("single_user_name", self._user)
        self._place(effective)
        _check_numbers(effective)
        _check_variables(effective)
        return ClusterSettings(requested, effective, policy)

    def _place(self, settings: dict[str, Any]) -> None:
        """Set the node types of pools, and check the others."""
        for node, pool in NODES.items():
            if node in settings and "instance_pool_id" in settings:
                raise InvalidParameter(
                    f"The field '{node}' cannot be supplied when an instance pool ID is provided."
                )
            if pool in settings:
                settings[node] = self._pools.get(settings[pool])["node_type_id"]
            elif node in settings:
                check_node_type(settings[node])
        if "node_type_id" in settings:
            settings.setdefault("driver_node_type_id", settings["node_type_id"])


def _read(document: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in document.items() if name in CLUSTER_FIELDS and value != ""}
    for name, field in CLUSTER_FIELDS.items():
        if field.fate == "refused" and not given.get(name):
            given.pop(name, None)
    return read_fields(given, CLUSTER_FIELDS)


def _check_numbers(settings: Mapping[str, Any]) -> None:
    if settings.get("num_workers", 0) < 0:
        raise InvalidParameter(f"num_workers must not be negative, got {settings['num_workers']}.")
    scale = settings.get("autoscale", {})
    smallest, largest = scale.get("min_workers", 0), scale.get("max_workers", 0)
    if scale and not 0 <= smallest <= largest:
        raise InvalidParameter(
            f"autoscale needs 0 <= min_workers <= max_workers, got {smallest} and {largest}."
        )
    minutes, (low, high) = settings.get("autotermination_minutes", 0), AUTOTERMINATION
    if minutes and not low <= minutes <= high:
        raise InvalidParameter(
            f"autotermination_minutes must be 0, or between {low} and {high}, got {minutes}."
        )


def _check_variables(settings: Mapping[str, Any]) -> None:
    """Refuse what no program can be started with."""
    for name, value in settings.get("spark_env_vars", {}).items():
        if not _VARIABLE.fullmatch(name):
            raise InvalidParameter(
                f"Field 'spark_env_vars' has a variable {name[:60]!r}: a name is not empty and has no '='."
            )
        if "\0" in value:
            raise InvalidParameter(f"Field 'spark_env_vars.{name}' must not have a null character.")
    if "\0" in settings.get("cluster_name", ""):
        raise InvalidParameter("Field 'cluster_name' must not have a null character.")
