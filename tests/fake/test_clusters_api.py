"""The handlers of clusters and libraries, without a socket: what they answer, and what they refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.clusters import api
from fake_databricks.clusters.libraries import check_library, pip_arguments
from fake_databricks.clusters.record import MAX_EVENTS, ClusterRecord
from fake_databricks.errors import InvalidParameter
from tests.fake.calls import call_of, refusal, view
from tests.fake.jobs import flat

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet

HERE = "0123-456789-abcdef01"
INVALID, STATE = (400, "INVALID_PARAMETER_VALUE"), (400, "INVALID_STATE")
EVENT_TYPES = {"CREATING", "STARTING", "RESTARTING", "RUNNING", "TERMINATING", "EDITED", "PINNED", "UNPINNED"}
SETTINGS = {"spark_version": "15.4.x-scala2.12", "cluster_name": "mine"}
LIBRARY = {"pypi": {"package": "requests"}}


class TestClusters:
    """Clusters (create, get, list, start, restart, delete, edit, events, list-node-types, spark-versions)"""

    @pytest.mark.parametrize(
        ("request_line", "body", "expected"),
        [
            (
                f"GET /api/2.1/clusters/get?cluster_id={HERE}",
                {},
                {"state": "RUNNING", "cluster_name": "fake"},
            ),
            ("POST /api/2.1/clusters/restart", {"cluster_id": HERE}, {}),
            ("POST /api/2.1/clusters/delete", {"cluster_id": HERE}, {}),
            ("POST /api/2.1/clusters/permanent-delete", {"cluster_id": HERE}, {}),
            ("POST /api/2.1/clusters/edit", {"cluster_id": HERE, **SETTINGS}, {}),
            ("POST /api/2.1/clusters/pin", {"cluster_id": HERE}, {}),
            ("POST /api/2.1/clusters/events", {"cluster_id": HERE, "limit": 1}, {"total_count": 2}),
            ("GET /api/2.0/policies/clusters/list", {}, {"policies": []}),
            ("POST /api/2.0/libraries/install", {"cluster_id": HERE, "libraries": [LIBRARY]}, {}),
            ("POST /api/2.0/libraries/uninstall", {"cluster_id": HERE, "libraries": [LIBRARY]}, {}),
            (f"GET /api/2.0/libraries/cluster-status?cluster_id={HERE}", {}, {"cluster_id": HERE}),
            ("GET /api/2.0/libraries/all-cluster-statuses", {}, {"statuses": [{"cluster_id": HERE}]}),
        ],
    )
    def test_a_good_request_is_answered(
        self, quiet: Quiet, request_line: str, body: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        assert expected.items() <= view(quiet, request_line, body).items()

    @pytest.mark.parametrize(
        ("request_line", "body", "kind", "message"),
        [
            ("POST /api/2.1/clusters/create", {}, INVALID, "Missing required field: spark_version"),
            (
                "POST /api/2.1/clusters/create",
                {**SETTINGS, "docker_image": {"url": "x"}},
                INVALID,
                "Field 'docker_image' is not supported: no container is started here.",
            ),
            (
                "POST /api/2.1/clusters/create",
                {**SETTINGS, "spark_conf": []},
                INVALID,
                "Field 'spark_conf' must be an object, got [].",
            ),
            (
                "POST /api/2.1/clusters/create",
                {"spark_version": "15.4.x-scala2.11"},
                INVALID,
                "Invalid spark version 15.4.x-scala2.11.",
            ),
            (
                "POST /api/2.1/clusters/create",
                {**SETTINGS, "node_type_id": "m5d.larg"},
                INVALID,
                "Node type m5d.larg is not supported. Was m5d.large",
            ),
            (
                "POST /api/2.1/clusters/create",
                {**SETTINGS, "driver_node_type_id": "x"},
                INVALID,
                "Node type x is not supported. clusters/list-node-types",
            ),
            (
                "POST /api/2.1/clusters/create",
                {**SETTINGS, "num_workers": -1},
                INVALID,
                "must not be negative",
            ),
            (
                "POST /api/2.1/clusters/create",
                {**SETTINGS, "autoscale": {"min_workers": 2, "max_workers": 1}},
                INVALID,
                "autoscale needs 0 <= min_workers <= max_workers, got 2 and 1.",
            ),
            (
                "POST /api/2.1/clusters/create",
                {**SETTINGS, "autotermination_minutes": 5},
                INVALID,
                "must be 0, or between 10 and 10000, got 5.",
            ),
            *(
                ("POST /api/2.1/clusters/create", {**SETTINGS, **more}, INVALID, said)
                for more, said in (
                    ({"spark_env_vars": {"A=B": "x"}}, "'spark_env_vars' has a variable 'A=B': a name"),
                    ({"spark_env_vars": {"": "x"}}, "'spark_env_vars' has a variable '': a name"),
                    ({"spark_env_vars": {"A": "x\0"}}, "'spark_env_vars.A' must not have a null character."),
                    ({"cluster_name": "x\0"}, "'cluster_name' must not have a null character."),
                )
            ),
            (
                "POST /api/2.1/clusters/create",
                {**SETTINGS, "data_security_mode": "SINGLE"},
                INVALID,
                "Field 'data_security_mode' must be one of DATA_SECURITY_MODE_AUTO, ",
            ),
            (
                "POST /api/2.1/clusters/create",
                {**SETTINGS, "aws_attributes": {"availability": "NEVER"}},
                INVALID,
                "Field 'aws_attributes.availability' must be one of SPOT, ON_DEMAND, ",
            ),
            (
                "POST /api/2.1/clusters/create",
                {**SETTINGS, "azure_attributes": {"spot_bid_max_price": "much"}},
                INVALID,
                "Field 'azure_attributes.spot_bid_max_price' must be a number, got 'much'.",
            ),
            ("GET /api/2.1/clusters/get", {}, INVALID, "Missing required field: cluster_id"),
            ("GET /api/2.1/clusters/get?cluster_id=x", {}, INVALID, "Cluster x does not exist"),
            ("POST /api/2.1/clusters/start", {"cluster_id": HERE}, STATE, "in unexpected state Running."),
            ("POST /api/2.1/clusters/edit", {"cluster_id": HERE}, INVALID, "Missing required field"),
            (
                "POST /api/2.1/clusters/events",
                {"cluster_id": HERE, "limit": 501},
                INVALID,
                "limit must be between 1 and 500",
            ),
            (
                "POST /api/2.0/libraries/install",
                {"cluster_id": HERE},
                INVALID,
                "Missing required field: libraries",
            ),
            (
                "POST /api/2.0/libraries/install",
                {"cluster_id": HERE, "libraries": [{"jar": "dbfs:/x.jar"}]},
                INVALID,
                "Field 'libraries.jar' is not supported",
            ),
            ("POST /api/2.0/libraries/uninstall", {"cluster_id": "x"}, INVALID, "Cluster x does not exist"),
        ],
    )
    def test_a_bad_request_is_refused_with_a_sentence(
        self, quiet: Quiet, request_line: str, body: dict[str, Any], kind: tuple[int, str], message: str
    ) -> None:
        status, code, said = refusal(quiet, request_line, body)
        assert (status, code) == kind
        assert message in said

    def test_a_terminated_cluster_cannot_be_restarted(self, quiet: Quiet) -> None:
        view(quiet, "POST /api/2.1/clusters/delete", {"cluster_id": HERE})
        quiet.clock.work()
        message = refusal(quiet, "POST /api/2.1/clusters/restart", {"cluster_id": HERE})[2]
        assert message == f"Cluster {HERE} is in unexpected state Terminated."


class TestChanges:
    """`clusters/update`, `resize`, `change-owner`"""

    def shown(self, quiet: Quiet, cluster_id: str = HERE) -> dict[str, Any]:
        quiet.clock.work()
        return view(quiet, f"GET /api/2.1/clusters/get?cluster_id={cluster_id}")

    def test_update_changes_what_the_mask_names(self, quiet: Quiet) -> None:
        made = view(
            quiet,
            "POST /api/2.1/clusters/create",
            {
                **SETTINGS,
                "num_workers": 1,
                "custom_tags": {"a": "b"},
                "autoscale": {"min_workers": 1, "max_workers": 2},
            },
        )["cluster_id"]
        quiet.clock.work()
        change = {"cluster_name": "other", "num_workers": 9, "autoscale": {"max_workers": 5}}
        mask = "cluster_name,custom_tags,autoscale.max_workers"
        body = {"cluster_id": made, "update_mask": mask, "cluster": change}
        view(quiet, "POST /api/2.1/clusters/update", body)
        shown = self.shown(quiet, made)
        assert (shown["cluster_name"], shown["num_workers"], shown["state"]) == ("other", 1, "RUNNING")
        assert shown["autoscale"] == {"min_workers": 1, "max_workers": 5}
        assert "custom_tags" not in shown
        body = {"cluster_id": made, "update_mask": "*", "cluster": SETTINGS}
        view(quiet, "POST /api/2.1/clusters/update", body)
        assert self.shown(quiet, made)["spec"] == SETTINGS

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({}, "Missing required field: update_mask"),
            ({"update_mask": "name"}, "The update_mask names 'name', which is no field of a cluster."),
            ({"update_mask": "autoscale.workers"}, "The update_mask names 'autoscale.workers'"),
            ({"update_mask": "spark_version"}, "Missing required field: spark_version"),
            ({"update_mask": "node_type_id", "cluster": {"node_type_id": "x"}}, "Node type x is not"),
        ],
    )
    def test_an_update_that_makes_no_sense_is_refused(
        self, quiet: Quiet, body: dict[str, Any], message: str
    ) -> None:
        assert message in refusal(quiet, "POST /api/2.1/clusters/update", {"cluster_id": HERE, **body})[2]

    def test_resize_records_the_size_of_a_running_cluster(self, quiet: Quiet) -> None:
        resize = "POST /api/2.1/clusters/resize"
        view(quiet, resize, {"cluster_id": HERE, "num_workers": 3})
        assert self.shown(quiet)["num_workers"] == 3
        view(quiet, resize, {"cluster_id": HERE, "autoscale": {"min_workers": 1, "max_workers": 2}})
        shown = self.shown(quiet)
        assert shown["autoscale"]["max_workers"] == 2
        assert "num_workers" not in shown["spec"]
        events = view(quiet, "POST /api/2.1/clusters/events", {"cluster_id": HERE})["events"]
        assert events[0]["type"] == "RESIZING"
        assert "Exactly one of num_workers and autoscale" in refusal(quiet, resize, {"cluster_id": HERE})[2]
        quiet.workspace.terminate_cluster(HERE)
        quiet.clock.work()
        assert refusal(quiet, resize, {"cluster_id": HERE, "num_workers": 3})[:2] == STATE

    def test_a_terminated_cluster_gets_another_owner(self, quiet: Quiet) -> None:
        body = {"cluster_id": HERE, "owner_username": "other@x"}
        assert refusal(quiet, "POST /api/2.1/clusters/change-owner", body)[:2] == STATE
        quiet.workspace.terminate_cluster(HERE)
        quiet.clock.work()
        view(quiet, "POST /api/2.1/clusters/change-owner", body)
        assert self.shown(quiet)["creator_user_name"] == "other@x"

    def test_a_cluster_of_a_run_cannot_be_changed(self, quiet: Quiet) -> None:
        made = quiet.workspace.clusters.create(SETTINGS, is_job_cluster=True).cluster_id
        body = {**SETTINGS, "cluster_id": made}
        assert "was made for a run" in refusal(quiet, "POST /api/2.1/clusters/edit", body)[2]

    def test_a_clone_installs_the_libraries_of_its_source(self, quiet: Quiet) -> None:
        view(quiet, "POST /api/2.0/libraries/install", {"cluster_id": HERE, "libraries": [LIBRARY]})
        body = {**SETTINGS, "clone_from": {"source_cluster_id": HERE}}
        made = view(quiet, "POST /api/2.1/clusters/create", body)["cluster_id"]
        quiet.clock.work()
        shown = view(quiet, f"GET /api/2.0/libraries/cluster-status?cluster_id={made}")
        assert [item["library"] for item in shown["library_statuses"]] == [LIBRARY]

    def test_a_cluster_for_a_single_user_is_the_callers(self, quiet: Quiet) -> None:
        assert self.shown(quiet)["single_user_name"] == quiet.workspace.user

    def test_settings_of_spark_may_be_numbers_and_booleans(self, quiet: Quiet) -> None:
        body = {**SETTINGS, "spark_conf": {"spark.speculation": True, "spark.task.cpus": 2}}
        made = view(quiet, "POST /api/2.1/clusters/create", body)["cluster_id"]
        assert self.shown(quiet, made)["spark_conf"] == {"spark.speculation": "true", "spark.task.cpus": "2"}

    def test_a_restart_names_who_asked_for_it(self, quiet: Quiet) -> None:
        view(quiet, "POST /api/2.1/clusters/restart", {"cluster_id": HERE, "restart_user": "me"})
        events = view(quiet, "POST /api/2.1/clusters/events", {"cluster_id": HERE})["events"]
        assert events[0]["details"] == {"user": "me"}

    def test_a_field_that_no_cluster_has_is_noted(self, quiet: Quiet) -> None:
        body = {**SETTINGS, "node_typ_id": "x", "aws_attributes": {"zone": "y"}}
        content = json.dumps(body).encode()
        call = call_of(quiet, "/api/2.1/clusters/create", content)
        api.create(call)
        assert call.notes == [
            "Field 'node_typ_id' is not known; was 'node_type_id' meant?",
            "Field 'aws_attributes.zone' is not known; was 'aws_attributes.zone_id' meant?",
        ]


class TestEvents:
    """Event `TERMINATED` is none of Databricks'"""

    def test_a_cluster_that_has_ended_has_databricks_events_alone(self, quiet: Quiet) -> None:
        for call in ("delete", "start", "restart", "pin", "unpin", "edit"):
            view(quiet, f"POST /api/2.1/clusters/{call}", {"cluster_id": HERE, **SETTINGS})
            quiet.clock.work()
        view(quiet, "POST /api/2.1/clusters/delete", {"cluster_id": HERE})
        quiet.clock.work()
        shown = view(quiet, "POST /api/2.1/clusters/events", {"cluster_id": HERE})["events"]
        assert shown[0]["type"] == "TERMINATING"
        assert {event["type"] for event in shown} <= EVENT_TYPES

    def test_events_are_filtered_by_time_and_paged_by_token(self, quiet: Quiet) -> None:
        start = quiet.clock.now()
        for _ in range(3):
            quiet.clock.move(10)
            quiet.workspace.clusters.get(HERE).add_event(quiet.clock.now(), "PINNED", {})
        events = "POST /api/2.1/clusters/events"
        body = {"cluster_id": HERE, "start_time": start + 10, "end_time": start + 20, "page_size": 1}
        first = view(quiet, events, body)
        assert (first["total_count"], first["events"][0]["timestamp"]) == (2, start + 20)
        second = view(quiet, events, {**body, "page_token": first["next_page_token"]})
        assert (second["events"][0]["timestamp"], "next_page_token" in second) == (start + 10, False)
        assert "order must be one of" in refusal(quiet, events, {"cluster_id": HERE, "order": "UP"})[2]


class TestList:
    """`clusters/list` ignores `filter_by`, `page_size`, `sort_by` and shows all (a script that deletes what
    it filtered would hit every cluster)."""

    @pytest.fixture(autouse=True)
    def clusters(self, quiet: Quiet) -> None:
        """Three clusters beside the first, `fake`: b (policy p), a (pinned, terminated), c (of a job)."""
        made = quiet.workspace.clusters
        policy = quiet.workspace.policies.create({"name": "p"}, "u")
        made.create({**SETTINGS, "cluster_name": "b", "policy_id": policy.policy_id})
        pinned = made.create({**SETTINGS, "cluster_name": "a"}).cluster_id
        made.pin(pinned, is_pinned=True)
        made.create({**SETTINGS, "cluster_name": "c"}, is_job_cluster=True)
        quiet.clock.work()
        quiet.workspace.terminate_cluster(pinned)
        quiet.clock.work()

    def names(self, quiet: Quiet, query: str, body: dict[str, Any] | None = None) -> str:
        query = query.replace("policy_id=p", f"policy_id={quiet.workspace.policies.list()[0].policy_id}")
        listed = view(quiet, f"GET /api/2.1/clusters/list?{query}", body or {})
        return " ".join(item["cluster_name"] for item in listed.get("clusters", []))

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("", "b c fake a"),
            ("filter_by.cluster_states=RUNNING", "b c fake"),
            ("filter_by.cluster_states=TERMINATED&filter_by.cluster_states=ERROR", "a"),
            ("filter_by.cluster_states=UNKNOWN", ""),
            ("filter_by.cluster_sources=JOB", "c"),
            ("filter_by.cluster_sources=API&filter_by.cluster_states=RUNNING", "b fake"),
            ("filter_by.is_pinned=true", "a"),
            ("filter_by.is_pinned=false", "b c fake"),
            ("filter_by.policy_id=p", "b"),
            ("filter_by.policy_id=other", ""),
            ("sort_by.field=CLUSTER_NAME", "a b c fake"),
            ("sort_by.field=CLUSTER_NAME&sort_by.direction=DESC", "fake c b a"),
            ("sort_by.direction=DESC", "a fake c b"),
            ("page_size=2", "b c"),
            ("page_size=0", "b c fake a"),
            ("can_use_client=JOBS", "b c fake a"),
        ],
    )
    def test_filters_and_orders(self, quiet: Quiet, query: str, names: str) -> None:
        assert self.names(quiet, query) == names

    def test_an_object_in_the_body_is_read_too(self, quiet: Quiet) -> None:
        body = {"filter_by": {"cluster_states": ["TERMINATED"]}, "sort_by": {"direction": "ASC"}}
        assert self.names(quiet, "", body) == "a"

    def test_pages_by_token(self, quiet: Quiet) -> None:
        query = "sort_by.field=CLUSTER_NAME&page_size=3"
        first = view(quiet, f"GET /api/2.1/clusters/list?{query}")
        assert self.names(quiet, query) == "a b c"
        assert "prev_page_token" not in first
        query += "&page_token=" + first["next_page_token"]
        assert self.names(quiet, query) == "fake"
        assert set(view(quiet, f"GET /api/2.1/clusters/list?{query}")) == {"clusters", "prev_page_token"}

    def test_a_page_has_20_clusters_and_version_2_0_has_all(self, quiet: Quiet) -> None:
        for number in range(20):
            quiet.workspace.clusters.create({**SETTINGS, "cluster_name": str(number)})
        sizes = [len(view(quiet, f"GET /api/{v}/clusters/list")["clusters"]) for v in ("2.0", "2.1")]
        assert sizes == [24, 20]

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ("filter_by.cluster_states=RUNING", "filter_by.cluster_states must be one of RUNNING, "),
            ("filter_by.cluster_sources=x", "filter_by.cluster_sources must be one of UI, JOB, "),
            ("filter_by.is_pinned=x", "'is_pinned' must be true or false"),
            ("filter_by.cluster_state=RUNNING", "was 'filter_by.cluster_states' meant?"),
            ("filter_by=RUNNING", "Field 'filter_by' must be an object"),
            ("sort_by.field=STATE", "sort_by.field must be one of DEFAULT, CLUSTER_NAME, got 'STATE'."),
            ("sort_by.direction=UP", "sort_by.direction must be one of ASC, DESC, got 'UP'."),
            ("sort_by.name=x", "Field 'sort_by.name' is not known"),
            ("page_size=101", "page_size must be between 0 and 100, got 101."),
            ("page_size=-1", "page_size must be between 0 and 100, got -1."),
            ("page_token=jobs-1", "Invalid page token: jobs-1."),
            ("page_token=clusters-%C2%B2", "Invalid page token: clusters-²."),
        ],
    )
    def test_what_is_not_understood_is_refused(self, quiet: Quiet, query: str, message: str) -> None:
        *kind, said = refusal(quiet, f"GET /api/2.1/clusters/list?{query}")
        assert tuple(kind) == INVALID
        assert message in said


class TestRecords:
    """what is stored of a cluster"""

    def test_only_the_newest_events_stay(self) -> None:
        record = ClusterRecord("c", {})
        for number in range(MAX_EVENTS + 1):
            record.add_event(number, "PINNED", {})
        assert (len(record.events), record.events[0]["timestamp"]) == (MAX_EVENTS, 1)

    def test_a_field_of_an_older_version_is_left_out(self) -> None:
        stored = {"cluster_id": "c", "settings": {}, "last_state_time": 1}
        assert ClusterRecord.from_document(stored) == ClusterRecord("c", {})


class TestLibraries:
    """pypi, whl, requirements are honoured; jar, egg, maven and cran are refused by name"""

    @pytest.mark.parametrize(
        ("library", "arguments"),
        [
            ({"pypi": {"package": "a==1"}}, ["install", "a==1"]),
            ({"pypi": {"package": "a", "repo": "http://r"}}, ["install", "a", "--index-url", "http://r"]),
            ({"whl": "dbfs:/a.whl"}, ["install", "here:dbfs:/a.whl"]),
            ({"requirements": "/Workspace/r.txt"}, ["install", "-r", "here:/Workspace/r.txt"]),
        ],
    )
    def test_each_kind_has_its_arguments(self, library: dict[str, Any], arguments: list[str]) -> None:
        assert pip_arguments(library, lambda path: f"here:{path}") == arguments

    @pytest.mark.parametrize(
        "library",
        [
            {"pypi": {"package": "--help"}},
            {"pypi": {"package": " -r x"}},
            {"whl": "--version"},
            {"requirements": "-x"},
        ],
    )
    def test_an_option_of_pip_is_no_library(self, quiet: Quiet, library: dict[str, Any]) -> None:
        """It was INSTALLED: pip prints its help, and that is a success."""
        words = "is an option of pip, and no package."
        task = {**flat(), "libraries": [library]}
        for request, body in (
            ("POST /api/2.0/libraries/install", {"cluster_id": HERE, "libraries": [library]}),
            ("POST /api/2.0/policies/clusters/create", {"name": "p", "libraries": [library]}),
            ("POST /api/2.1/jobs/create", task),
            ("POST /api/2.1/jobs/runs/submit", task),
        ):
            assert refusal(quiet, request, body)[2].endswith(words)
        with pytest.raises(InvalidParameter, match="is an option of pip"):
            pip_arguments(library, str)
        check_library(library)  # an older version may have stored it: a server with it starts

    @pytest.mark.parametrize(
        "library", [{"pypi": {"package": "x\0"}}, {"pypi": {"package": "x", "repo": "\0"}}, {"whl": "/x\0"}]
    )
    def test_what_no_program_can_be_given_is_no_library(self, quiet: Quiet, library: dict[str, Any]) -> None:
        body = {"cluster_id": HERE, "libraries": [library]}
        said = refusal(quiet, "POST /api/2.0/libraries/install", body)[2]
        assert said.endswith("must not have a null character.")

    @pytest.mark.parametrize(
        ("library", "words"),
        [
            ({}, "exactly one of pypi, whl"),
            ({"pypi": {"package": "a"}, "whl": "b"}, "exactly one of"),
            ({"egg": "x"}, "'libraries.egg' is not supported"),
            ({"maven": {}}, "exactly one of"),
        ],
    )
    def test_another_kind_is_refused(self, library: dict[str, Any], words: str) -> None:
        with pytest.raises(InvalidParameter, match=words):
            check_library(library)
