"""Instance pools: recorded, shown, and checked by the clusters that name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.workspace import Workspace
from tests.fake.calls import refusal, view

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet

CREATE = "POST /api/2.0/instance-pools/create"
CLUSTER = "POST /api/2.1/clusters/create"
POOL = {"instance_pool_name": "p", "node_type_id": "m5d.large"}
INVALID, MISSING = (400, "INVALID_PARAMETER_VALUE"), (404, "RESOURCE_DOES_NOT_EXIST")


class TestPools:
    """instance pools (list, create, get: recorded)"""

    def test_a_pool_is_shown_changed_and_deleted(self, quiet: Quiet) -> None:
        made = view(quiet, CREATE, {**POOL, "max_capacity": 5, "custom_tags": {"a": "b"}})["instance_pool_id"]
        get = f"GET /api/2.0/instance-pools/get?instance_pool_id={made}"
        shown = view(quiet, get)
        assert (shown["max_capacity"], shown["custom_tags"], shown["state"]) == (5, {"a": "b"}, "ACTIVE")
        assert shown["stats"]["used_count"] == 0
        edit = {**POOL, "instance_pool_id": made, "instance_pool_name": "q", "min_idle_instances": 1}
        view(quiet, "POST /api/2.0/instance-pools/edit", edit)
        (listed,) = view(quiet, "GET /api/2.0/instance-pools/list")["instance_pools"]
        assert (listed["instance_pool_name"], listed["min_idle_instances"]) == ("q", 1)
        assert "max_capacity" not in listed
        assert Workspace("1", quiet.surroundings).pools.get(made)["instance_pool_name"] == "q"
        view(quiet, "POST /api/2.0/instance-pools/delete", {"instance_pool_id": made})
        assert refusal(quiet, get) == (*MISSING, f"Can't find an instance pool with id: {made}.")
        assert view(quiet, "GET /api/2.0/instance-pools/list") == {}

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({}, "Missing required field: instance_pool_name"),
            ({"instance_pool_name": "p"}, "Missing required field: node_type_id"),
            ({**POOL, "node_type_id": "m5.huge"}, "Node type m5.huge is not supported."),
            ({**POOL, "preloaded_spark_versions": ["1.x"]}, "Invalid spark version 1.x."),
            ({**POOL, "min_idle_instances": 2, "max_capacity": 1}, "from 0 to max_capacity"),
            ({**POOL, "idle_instance_autotermination_minutes": -1}, "between 0 and 10000"),
            ({**POOL, "preloaded_docker_images": [{}]}, "'preloaded_docker_images' is not supported"),
            ({**POOL, "instance_pool_name": "taken"}, "with the name 'taken' exists already"),
        ],
    )
    def test_a_bad_pool_is_refused(self, quiet: Quiet, body: dict[str, Any], message: str) -> None:
        view(quiet, CREATE, {**POOL, "instance_pool_name": "taken"})
        *kind, said = refusal(quiet, CREATE, body)
        assert tuple(kind) == INVALID
        assert message in said

    def test_the_node_type_of_a_pool_stays(self, quiet: Quiet) -> None:
        made = view(quiet, CREATE, POOL)["instance_pool_id"]
        edit = {**POOL, "instance_pool_id": made, "node_type_id": "m5d.xlarge"}
        assert "stays m5d.large" in refusal(quiet, "POST /api/2.0/instance-pools/edit", edit)[2]

    def test_a_cluster_has_the_node_type_of_its_pool(self, quiet: Quiet) -> None:
        pool = view(quiet, CREATE, POOL)["instance_pool_id"]
        body = {"spark_version": "15.4.x-scala2.12", "instance_pool_id": pool}
        made = view(quiet, CLUSTER, body)["cluster_id"]
        shown = view(quiet, f"GET /api/2.1/clusters/get?cluster_id={made}")
        assert (shown["node_type_id"], shown["driver_node_type_id"]) == ("m5d.large", "m5d.large")
        refused = refusal(quiet, CLUSTER, {**body, "node_type_id": "m5d.large"})
        assert "cannot be supplied when an instance pool ID is provided" in refused[2]
        assert refusal(quiet, CLUSTER, {**body, "instance_pool_id": "none"})[:2] == MISSING
