"""Cluster policies: their rules, applied to settings, and their calls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.clusters.policy_rules import apply, read_definition
from fake_databricks.errors import InvalidParameter
from fake_databricks.workspace import Workspace
from tests.fake.calls import refusal, view

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet

HERE = "0123-456789-abcdef01"
VERSION = "15.4.x-scala2.12"
CREATE, CLUSTER = "POST /api/2.0/policies/clusters/create", "POST /api/2.1/clusters/create"
INVALID, MISSING = (400, "INVALID_PARAMETER_VALUE"), (404, "RESOURCE_DOES_NOT_EXIST")


def applied(rules: dict[str, Any], settings: dict[str, Any], **options: Any) -> dict[str, Any]:
    chosen = {"cluster_type": "all-purpose", "has_defaults": False, **options}
    return apply(read_definition(json.dumps(rules)), settings, **chosen)


class TestRules:
    """`policies/clusters` (create, get, list; `fixed` values applied)"""

    @pytest.mark.parametrize(
        ("path", "rule", "settings", "expected"),
        [
            ("node_type_id", {"type": "fixed", "value": "m5.large"}, {}, {"node_type_id": "m5.large"}),
            (
                "spark_conf.spark.speculation",
                {"type": "fixed", "value": True},
                {"spark_conf": {"a": "b"}},
                {"spark_conf": {"a": "b", "spark.speculation": "true"}},
            ),
            (
                "autoscale.max_workers",
                {"type": "fixed", "value": 3},
                {},
                {"autoscale": {"max_workers": 3}},
            ),
            (
                "init_scripts.0.dbfs.destination",
                {"type": "fixed", "value": "dbfs:/x"},
                {},
                {"init_scripts": [{"dbfs": {"destination": "dbfs:/x"}}]},
            ),
            ("custom_tags.t", {"type": "unlimited", "isOptional": True}, {}, {}),
            ("num_workers", {"type": "range", "maxValue": 2}, {"num_workers": 2}, {"num_workers": 2}),
            (
                "spark_version",
                {"type": "fixed", "value": "auto:latest-lts"},
                {},
                {"spark_version": "auto:latest-lts"},
            ),
            (
                "spark_version",
                {"type": "allowlist", "values": ["auto:latest-lts"]},
                {"spark_version": "17.3.x-scala2.13"},
                {"spark_version": "17.3.x-scala2.13"},
            ),
            ("cluster_type", {"type": "fixed", "value": "all-purpose"}, {}, {}),
            ("dbus_per_hour", {"type": "range", "maxValue": 1}, {}, {}),
        ],
    )
    def test_a_value_is_fixed_or_admitted(
        self, path: str, rule: dict[str, Any], settings: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        assert applied({path: rule}, settings) == expected

    def test_default_values_are_used_when_the_request_asks_for_them(self) -> None:
        rules = {"num_workers": {"type": "range", "maxValue": 9, "defaultValue": 2}}
        assert applied(rules, {}, has_defaults=True) == {"num_workers": 2}
        with pytest.raises(InvalidParameter, match="num_workers, the value must be present"):
            applied(rules, {})

    @pytest.mark.parametrize(
        ("path", "rule", "settings", "message"),
        [
            (
                "node_type_id",
                {"type": "fixed", "value": "m5.large"},
                {"node_type_id": "i3.xlarge"},
                'Validation failed for node_type_id, the value must be m5.large (is "i3.xlarge")',
            ),
            (
                "num_workers",
                {"type": "range", "minValue": 1, "maxValue": 2},
                {"num_workers": 9},
                'from 1 to 2 (is "9")',
            ),
            ("cluster_name", {"type": "regex", "pattern": "a.*"}, {"cluster_name": "b"}, "a match of a.*"),
            ("cluster_name", {"type": "blocklist", "values": ["b"]}, {"cluster_name": "b"}, "none of b"),
            ("cluster_name", {"type": "allowlist", "values": ["a"]}, {}, "must be present"),
            ("policy_id", {"type": "forbidden"}, {"policy_id": "b"}, "must be absent"),
            ("cluster_type", {"type": "fixed", "value": "job"}, {}, 'must be job (is "all-purpose")'),
        ],
    )
    def test_a_contradiction_is_refused(
        self, path: str, rule: dict[str, Any], settings: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(InvalidParameter) as caught:
            applied({path: rule}, settings)
        assert message in caught.value.message

    @pytest.mark.parametrize(
        ("definition", "message"),
        [
            ("{", "is not JSON"),
            ("[]", "must be a JSON object"),
            ("[" * 100_000, "is nested too deeply"),
            ('{"a": ' * 100_000, "is nested too deeply"),
            ('{"node_typ_id": {"type": "fixed", "value": 1}}', "was 'node_type_id' meant?"),
            ('{"node_type_id": {"type": "fix"}}', "must have a type: one of fixed, "),
            ('{"node_type_id": {"type": []}}', "must have a type: one of fixed, "),
            ('{"node_type_id": 1}', "must have a type: one of fixed, "),
            ('{"node_type_id": {"type": "fixed"}}', "must have 'value'"),
            ('{"node_type_id": {"type": "allowlist", "values": 1}}', "must be a list"),
            ('{"node_type_id": {"type": "regex", "pattern": "("}}', "is no regular expression"),
            ('{"num_workers": {"type": "range", "maxValue": "9"}}', "must be numbers"),
            ('{"init_scripts.*.s3": {"type": "forbidden"}}', "'*' is not supported here"),
        ],
    )
    def test_a_definition_that_nobody_can_follow_is_refused(self, definition: str, message: str) -> None:
        with pytest.raises(InvalidParameter) as caught:
            read_definition(definition)
        assert message in caught.value.message


class TestCalls:
    """`policies/clusters` (create, get, edit, delete, list); unknown `policy_id` is refused"""

    def policy(self, quiet: Quiet, definition: dict[str, Any], **more: Any) -> str:
        body = {"name": "p", "definition": json.dumps(definition), **more}
        return str(view(quiet, CREATE, body)["policy_id"])

    def test_a_policy_is_shown_changed_and_deleted(self, quiet: Quiet) -> None:
        made = self.policy(quiet, {}, description="d", max_clusters_per_user=3)
        shown = view(quiet, f"GET /api/2.0/policies/clusters/get?policy_id={made}")
        assert (shown["name"], shown["description"], shown["definition"]) == ("p", "d", "{}")
        edit = {"policy_id": made, "name": "q", "definition": '{"kind": {"type": "forbidden"}}'}
        view(quiet, "POST /api/2.0/policies/clusters/edit", edit)
        (listed,) = view(quiet, "GET /api/2.0/policies/clusters/list")["policies"]
        assert (listed["name"], listed.get("description")) == ("q", None)
        assert Workspace("1", quiet.surroundings).policies.get(made).name == "q"  # also after a restart
        view(quiet, "POST /api/2.0/policies/clusters/delete", {"policy_id": made})
        assert refusal(quiet, f"GET /api/2.0/policies/clusters/get?policy_id={made}") == (
            *MISSING,
            f"Can't find a cluster policy with id: {made}.",
        )

    def test_lists_are_in_the_order_that_is_asked_for(self, quiet: Quiet) -> None:
        for name in ("b", "a", "c"):
            quiet.clock.move(1)
            view(quiet, CREATE, {"name": name})
        for query, names in (
            ("", "cab"),
            ("sort_column=POLICY_NAME", "abc"),
            ("sort_column=POLICY_CREATION_TIME&sort_order=ASC", "bac"),
        ):
            listed = view(quiet, f"GET /api/2.0/policies/clusters/list?{query}")["policies"]
            assert "".join(item["name"] for item in listed) == names
        assert refusal(quiet, "GET /api/2.0/policies/clusters/list?sort_order=UP")[:2] == INVALID

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({}, "Missing required field: name"),
            ({"name": "p", "max_clusters_per_user": 0}, "must be at least 1"),
            ({"name": "p", "policy_family_id": "f"}, "'policy_family_id' is not supported"),
            ({"name": "p", "libraries": [{"jar": "x"}]}, "'libraries.jar' is not supported"),
            ({"name": "taken"}, "with the name 'taken' exists already"),
        ],
    )
    def test_a_bad_policy_is_refused(self, quiet: Quiet, body: dict[str, Any], message: str) -> None:
        view(quiet, CREATE, {"name": "taken"})
        *kind, said = refusal(quiet, CREATE, body)
        assert tuple(kind) == INVALID
        assert message in said

    def test_a_cluster_gets_what_its_policy_fixes_and_shows_what_was_asked(self, quiet: Quiet) -> None:
        rules = {
            "spark_env_vars.A": {"type": "fixed", "value": "1"},
            "spark_version": {"type": "fixed", "value": VERSION},
        }
        library = {"pypi": {"package": "x"}}
        policy = self.policy(quiet, rules, libraries=[library])
        made = view(quiet, CLUSTER, {"policy_id": policy})["cluster_id"]
        quiet.clock.work()
        shown = view(quiet, f"GET /api/2.1/clusters/get?cluster_id={made}")
        assert (shown["spark_version"], shown["spark_env_vars"]) == (VERSION, {"A": "1"})
        assert shown["spec"] == {"policy_id": policy}
        assert quiet.clusters[-1].plan.environment["A"] == "1"
        statuses = view(quiet, f"GET /api/2.0/libraries/cluster-status?cluster_id={made}")
        assert [item["status"] for item in statuses["library_statuses"]] == ["INSTALLED"]

    def test_a_policy_limits_its_clusters(self, quiet: Quiet) -> None:
        policy = self.policy(quiet, {}, max_clusters_per_user=1)
        body = {"policy_id": policy, "spark_version": VERSION}
        view(quiet, CLUSTER, body)
        assert "allows 1 clusters for each user" in refusal(quiet, CLUSTER, body)[2]

    def test_what_a_policy_adds_is_refused_like_the_rest(self, quiet: Quiet) -> None:
        rules = {"init_scripts.0.dbfs.destination": {"type": "fixed", "value": "dbfs:/x"}}
        body = {"policy_id": self.policy(quiet, rules), "spark_version": VERSION}
        assert "Field 'init_scripts' is not supported" in refusal(quiet, CLUSTER, body)[2]

    def test_an_unknown_policy_is_refused(self, quiet: Quiet) -> None:
        body = {"policy_id": "none", "spark_version": VERSION}
        assert refusal(quiet, CLUSTER, body) == (*MISSING, "Can't find a cluster policy with id: none.")
        assert refusal(quiet, "POST /api/2.1/clusters/edit", {**body, "cluster_id": HERE})[:2] == MISSING
