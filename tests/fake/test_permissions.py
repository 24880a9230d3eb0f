"""Permissions of clusters, policies, pools and workspace objects: shown, changed, kept, refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.workspace import Workspace
from tests.fake.calls import refusal, view

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet

HERE = "0123-456789-abcdef01"
INVALID, MISSING = (400, "INVALID_PARAMETER_VALUE"), (404, "RESOURCE_DOES_NOT_EXIST")


def names(shown: dict[str, Any]) -> dict[str, str]:
    """From each principal to its level."""
    return {
        item.get("user_name") or item.get("group_name"): item["all_permissions"][0]["permission_level"]
        for item in shown["access_control_list"]
    }


def directory(quiet: Quiet, path: str = "/Shared/bundle") -> str:
    view(quiet, "POST /api/2.0/workspace/mkdirs", {"path": path})
    return str(view(quiet, f"GET /api/2.0/workspace/get-status?path={path}")["object_id"])


class TestPermissions:
    """Permissions of clusters and directories (bundles with `permissions:` deploy)"""

    def test_a_cluster_is_its_creators_until_they_are_set(self, quiet: Quiet) -> None:
        path = f"/api/2.0/permissions/clusters/{HERE}"
        user = quiet.workspace.user
        shown = view(quiet, f"GET {path}")
        assert (shown["object_id"], shown["object_type"]) == (f"/clusters/{HERE}", "cluster")
        assert names(shown) == {user: "CAN_MANAGE", "admins": "CAN_MANAGE"}
        assert shown["access_control_list"][1]["all_permissions"][0]["inherited_from_object"] == [
            "/clusters/"
        ]
        listed = [{"group_name": "users", "permission_level": "CAN_RESTART"}]
        changed = view(quiet, f"PATCH {path}", {"access_control_list": listed})
        assert names(changed) == {user: "CAN_MANAGE", "users": "CAN_RESTART", "admins": "CAN_MANAGE"}
        listed = [{"user_name": "a@x", "permission_level": "CAN_ATTACH_TO"}]
        view(quiet, f"PUT {path}", {"access_control_list": listed})
        assert names(view(quiet, f"GET {path}")) == {"a@x": "CAN_ATTACH_TO", "admins": "CAN_MANAGE"}
        again = Workspace("1", quiet.surroundings).permissions.get(f"/clusters/{HERE}")
        assert again == listed

    def test_directories_notebooks_and_files_have_them(self, quiet: Quiet) -> None:
        found = directory(quiet)
        path = f"/api/2.0/permissions/directories/{found}"
        listed = [{"group_name": "users", "permission_level": "CAN_RUN"}]
        assert names(view(quiet, f"PUT {path}", {"access_control_list": listed}))["users"] == "CAN_RUN"
        levels = view(quiet, f"GET {path}/permissionLevels")["permission_levels"]
        assert [item["permission_level"] for item in levels] == [
            "CAN_READ",
            "CAN_RUN",
            "CAN_EDIT",
            "CAN_MANAGE",
        ]
        body = {"path": "/Shared/bundle/f", "format": "RAW", "content": "eA=="}
        view(quiet, "POST /api/2.0/workspace/import", body)
        file = view(quiet, "GET /api/2.0/workspace/get-status?path=/Shared/bundle/f")["object_id"]
        assert view(quiet, f"GET /api/2.0/permissions/files/{file}")["object_type"] == "file"
        assert refusal(quiet, f"GET /api/2.0/permissions/notebooks/{file}")[:2] == MISSING

    def test_they_are_gone_with_their_object(self, quiet: Quiet) -> None:
        found = directory(quiet)
        listed = [{"group_name": "users", "permission_level": "CAN_RUN"}]
        view(quiet, f"PUT /api/2.0/permissions/directories/{found}", {"access_control_list": listed})
        view(quiet, "POST /api/2.0/workspace/delete", {"path": "/Shared/bundle", "recursive": True})
        assert refusal(quiet, f"GET /api/2.0/permissions/directories/{found}")[:2] == MISSING
        assert quiet.workspace.permissions.get(f"/directories/{found}") is None

    def test_policies_pools_and_tokens_have_them(self, quiet: Quiet) -> None:
        policy = quiet.workspace.policies.create({"name": "p"}, "u").policy_id
        shown = view(quiet, f"GET /api/2.0/permissions/cluster-policies/{policy}")
        assert (shown["object_type"], names(shown)) == ("cluster-policy", {})
        pool = quiet.workspace.pools.create({"instance_pool_name": "p", "node_type_id": "m5.large"})
        assert (
            view(quiet, f"GET /api/2.0/permissions/instance-pools/{pool}")["object_type"] == "instance-pool"
        )
        assert view(quiet, "GET /api/2.0/permissions/authorization/tokens")["object_type"] == "tokens"

    @pytest.mark.parametrize(
        ("target", "kind", "message"),
        [
            ("clusters/none", INVALID, "Cluster none does not exist"),
            ("cluster-policies/none", MISSING, "Can't find a cluster policy with id: none."),
            ("instance-pools/none", MISSING, "Can't find an instance pool with id: none."),
            ("directories/0", MISSING, "there is no directory with this id"),
            ("authorization/passwords", MISSING, "only authorization/tokens does"),
            ("pipelines/x", INVALID, "Permissions of 'pipelines' are not supported"),
            ("sql/warehouses/x", INVALID, "Permissions of 'sql/warehouses' are not supported"),
            ("cluster/x", INVALID, "'cluster/x' names no object with permissions"),
            ("clusters", INVALID, "names no object with permissions"),
        ],
    )
    def test_what_is_not_there_is_refused(
        self, quiet: Quiet, target: str, kind: tuple[int, str], message: str
    ) -> None:
        for method in ("GET", "PUT", "PATCH"):
            *said, text = refusal(quiet, f"{method} /api/2.0/permissions/{target}")
            assert tuple(said) == kind
            assert message in text

    @pytest.mark.parametrize(
        ("item", "message"),
        [
            (
                {"user_name": "a", "permission_level": "CAN_RUN"},
                "permission_level must be one of CAN_ATTACH_TO",
            ),
            ({"permission_level": "CAN_MANAGE"}, "must have exactly one of user_name"),
            ({"user_name": "a", "group_name": "b", "permission_level": "CAN_MANAGE"}, "exactly one of"),
            ("a", "access_control_list[0]' must be an object"),
        ],
    )
    def test_a_list_that_grants_nothing_known_is_refused(self, quiet: Quiet, item: Any, message: str) -> None:
        body = {"access_control_list": [item]}
        assert message in refusal(quiet, f"PUT /api/2.0/permissions/clusters/{HERE}", body)[2]
