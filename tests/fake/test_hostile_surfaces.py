"""Mutated requests of clusters, policies, permissions, principals, tokens: refused, never a failure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from fake_databricks.errors import ApiError
from tests.fake.calls import answer
from tests.fake.test_described_calls import mutations

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet

HERE = "0123-456789-abcdef01"
DEFINITION = {"node_type_id": {"type": "fixed", "value": "m5.large"}}
CLUSTER = {
    "cluster_id": HERE,
    "cluster_name": "c",
    "spark_version": "15.4.x-scala2.12",
    "node_type_id": "m5.large",
    "num_workers": 1,
    "autoscale": {"min_workers": 1, "max_workers": 2},
    "autotermination_minutes": 10,
    "spark_conf": {"a": "b"},
    "aws_attributes": {"availability": "SPOT", "first_on_demand": 1},
    "azure_attributes": {"spot_bid_max_price": -1},
    "workload_type": {"clients": {"jobs": True}},
    "clone_from": {"source_cluster_id": HERE},
    "instance_pool_id": "",
}
LISTED = {"access_control_list": [{"user_name": "u", "permission_level": "CAN_MANAGE"}]}
USER = {"userName": "a@x", "emails": [{"value": "a"}], "groups": [{"value": "2"}], "name": {"givenName": "a"}}
SCIM = "/api/2.0/preview/scim/v2"
REQUESTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("POST /api/2.1/clusters/create", CLUSTER),
    ("POST /api/2.1/clusters/edit", CLUSTER),
    (
        "POST /api/2.1/clusters/update",
        {"cluster_id": HERE, "update_mask": "cluster_name", "cluster": CLUSTER},
    ),
    ("POST /api/2.1/clusters/resize", {"cluster_id": HERE, "num_workers": 1}),
    (
        "POST /api/2.1/clusters/resize",
        {"cluster_id": HERE, "autoscale": {"min_workers": 1, "max_workers": 2}},
    ),
    ("POST /api/2.1/clusters/change-owner", {"cluster_id": HERE, "owner_username": "u"}),
    ("POST /api/2.1/clusters/restart", {"cluster_id": HERE, "restart_user": "u"}),
    (
        "POST /api/2.1/clusters/events",
        {"cluster_id": HERE, "start_time": 1, "page_size": 1, "page_token": "events-1", "event_types": ["x"]},
    ),
    (
        "POST /api/2.0/policies/clusters/create",
        {"name": "p", "definition": json.dumps(DEFINITION), "libraries": [{"pypi": {"package": "x"}}]},
    ),
    ("GET /api/2.0/policies/clusters/list", {"sort_column": "POLICY_NAME", "sort_order": "ASC"}),
    (
        "POST /api/2.0/instance-pools/create",
        {"instance_pool_name": "p", "node_type_id": "m5.large", "max_capacity": 1, "custom_tags": {"a": "b"}},
    ),
    (f"PUT /api/2.0/permissions/clusters/{HERE}", LISTED),
    (f"PATCH /api/2.0/permissions/clusters/{HERE}", LISTED),
    (f"POST {SCIM}/Users", USER),
    (f"PUT {SCIM}/Users/1", USER),
    (f"PATCH {SCIM}/Users/1", {"Operations": [{"op": "add", "path": "emails", "value": [{"value": "a"}]}]}),
    (f"PATCH {SCIM}/Groups/2", {"Operations": [{"op": "remove", "path": 'members[value eq "1"]'}]}),
    (f"POST {SCIM}/Groups", {"displayName": "g", "members": [{"value": "1"}]}),
    (f"GET {SCIM}/Users", {"filter": 'userName eq "a"', "attributes": "a", "sortBy": "b", "startIndex": 1}),
    ("POST /api/2.0/token/create", {"comment": "c", "lifetime_seconds": 5, "scopes": ["a"]}),
    ("PATCH /api/2.0/token/x", {"update_mask": "comment", "token": {"comment": "c"}}),
    ("POST /api/2.0/fs/create-download-url", {"path": "/Volumes/a/b/c/d", "expire_time": "x"}),
    ("GET /api/2.0/workspace/list", {"path": "/", "notebooks_modified_after": 1}),
)


def try_(quiet: Quiet, request: str, content: bytes) -> None:
    try:
        answer(quiet, request, content)
    except ApiError as error:
        assert error.status < 500, (request, content)  # noqa: PT017  other errors are failures of the server


class TestMutations:
    """Every wrong input is 4xx in Databricks' envelope, never 500"""

    @pytest.mark.parametrize(("request_line", "body"), REQUESTS)
    def test_no_mutation_is_a_failure_of_the_server(
        self, quiet: Quiet, request_line: str, body: dict[str, Any]
    ) -> None:
        for changed in mutations(body):
            if isinstance(changed, dict):
                try_(quiet, request_line, json.dumps(changed).encode())
                if request_line.startswith("GET"):
                    query = urlencode(changed, doseq=True, errors="replace")
                    try_(quiet, f"{request_line}?{query}", b"")

    def test_no_mutation_of_a_policy_is_a_failure_when_a_cluster_has_it(self, quiet: Quiet) -> None:
        rules: dict[str, Any] = {
            "spark_version": {"type": "allowlist", "values": ["15.4.x-scala2.12"], "defaultValue": "x"},
            "autoscale.max_workers": {"type": "range", "maxValue": 2, "minValue": 1},
            "aws_attributes.zone_id.x": {"type": "fixed", "value": "a"},
            "ssh_public_keys.0": {"type": "regex", "pattern": "a", "isOptional": True},
        }
        for number, changed in enumerate(mutations(rules)):
            body = {"name": f"p{number}", "definition": json.dumps(changed)}
            try:
                policy = quiet.workspace.policies.create(body, "u").policy_id
            except ApiError:
                continue
            for more in ({}, {"apply_policy_default_values": True, "autoscale": {"max_workers": 2}}):
                cluster = {"policy_id": policy, "spark_version": "15.4.x-scala2.12", **more}
                try_(quiet, "POST /api/2.1/clusters/create", json.dumps(cluster).encode())
