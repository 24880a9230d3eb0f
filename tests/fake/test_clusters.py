from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.waiting import until

if TYPE_CHECKING:
    from tests.fake.conftest import Client, Quiet

CLUSTER = {"spark_version": "15.4.x-scala2.12", "cluster_name": "mine"}


class TestClusters:
    """Clusters (create, get, list, start, restart, delete, edit, events, list-node-types, spark-versions)"""

    def ready(self, client: Client, cluster_id: str, state: str = "RUNNING") -> None:
        client.wait_for(f"/api/2.1/clusters/get?cluster_id={cluster_id}", "state", state)

    @pytest.mark.parametrize("value", ["AAEC", "//79"])
    def test_a_secret_that_is_no_text_is_named(self, client: Client, value: str) -> None:
        client.post("/api/2.0/secrets/scopes/create", scope="s")
        client.post("/api/2.0/secrets/put", scope="s", key="k", bytes_value=value)
        settings = {**CLUSTER, "spark_env_vars": {"X": "{{secrets/s/k}}"}}
        cluster_id = client.post("/api/2.1/clusters/create", **settings)["cluster_id"]
        self.ready(client, cluster_id, "ERROR")
        shown = client.get(f"/api/2.1/clusters/get?cluster_id={cluster_id}")
        assert shown["state_message"].startswith(
            "The secret s/k is not text in UTF-8 without null characters"
        )

    def test_goes_through_its_life(self, client: Client) -> None:
        cluster_id = client.post("/api/2.1/clusters/create", **CLUSTER)["cluster_id"]
        self.ready(client, cluster_id)
        status, code, message = client.refused("POST", "/api/2.1/clusters/start", cluster_id=cluster_id)
        assert (status, code) == (400, "INVALID_STATE")
        assert message == f"Cluster {cluster_id} is in unexpected state Running."
        client.post("/api/2.1/clusters/restart", cluster_id=cluster_id)
        self.ready(client, cluster_id)
        client.post("/api/2.1/clusters/delete", cluster_id=cluster_id)
        self.ready(client, cluster_id, "TERMINATED")
        shown = client.get(f"/api/2.1/clusters/get?cluster_id={cluster_id}")
        assert shown["termination_reason"]["code"] == "USER_REQUEST"
        client.post("/api/2.1/clusters/start", cluster_id=cluster_id)
        self.ready(client, cluster_id)
        kinds = [
            event["type"]
            for event in client.post("/api/2.1/clusters/events", cluster_id=cluster_id)["events"]
        ]
        assert (kinds[-1], kinds[0]) == ("CREATING", "RUNNING")
        client.post("/api/2.1/clusters/permanent-delete", cluster_id=cluster_id)
        assert client.refused("GET", f"/api/2.1/clusters/get?cluster_id={cluster_id}") == (
            400,
            "INVALID_PARAMETER_VALUE",
            f"Cluster {cluster_id} does not exist",
        )

    def test_an_edit_of_its_variables_counts_for_the_next_run(self, client: Client) -> None:
        self.ready(client, client.cluster_id)
        edited = {**CLUSTER, "cluster_id": client.cluster_id, "spark_env_vars": {"X": "edited"}}
        client.post("/api/2.0/clusters/edit", **edited)
        run = client.run(client.flat_job("import os; print(os.environ['X'])"))
        assert client.output(run["run_id"])["logs"] == "edited"

    def test_a_run_starts_a_terminated_cluster(self, client: Client) -> None:
        self.ready(client, client.cluster_id)
        client.post("/api/2.0/clusters/delete", cluster_id=client.cluster_id)
        self.ready(client, client.cluster_id, "TERMINATED")
        assert client.run(client.flat_job("pass"))["state"]["result_state"] == "SUCCESS"

    def test_pin_and_unpin(self, client: Client) -> None:
        for call in ("pin", "unpin"):
            assert client.post(f"/api/2.0/clusters/{call}", cluster_id=client.cluster_id) == {}

    def test_lists_that_clients_choose_from(self, client: Client) -> None:
        assert client.get("/api/2.1/clusters/spark-versions")["versions"][0]["key"].startswith("19.x")
        types = client.get("/api/2.1/clusters/list-node-types")["node_types"]
        assert types[0]["node_instance_type"]["local_disks"]
        assert client.get("/api/2.1/clusters/list-zones")["default_zone"]
        assert client.get("/api/2.0/policies/clusters/list") == {"policies": []}

    def test_what_is_not_honoured_is_refused_by_name(self, client: Client) -> None:
        body = {**CLUSTER, "init_scripts": [{"dbfs": {"destination": "dbfs:/x.sh"}}]}
        assert "'init_scripts'" in client.refused("POST", "/api/2.1/clusters/create", **body)[2]


class TestLibraries:
    """Libraries (install, uninstall, status)"""

    def test_a_package_is_installed_and_importable(self, client: Client) -> None:
        path = "/Workspace/Shared/none.txt"
        library = {"requirements": path}
        client.post("/api/2.0/workspace/import", path=path, format="AUTO", content="")
        client.post("/api/2.0/libraries/install", cluster_id=client.cluster_id, libraries=[library])
        status = f"/api/2.0/libraries/cluster-status?cluster_id={client.cluster_id}"

        def shown() -> str:
            return str(client.get(status)["library_statuses"][0]["status"])

        until(lambda: shown() not in ("PENDING", "INSTALLING"))
        assert shown() == "INSTALLED"
        assert client.get("/api/2.0/libraries/all-cluster-statuses")["statuses"]
        client.post("/api/2.0/libraries/uninstall", cluster_id=client.cluster_id, libraries=[library])
        assert shown() == "UNINSTALL_ON_RESTART"

    def test_a_failing_one_says_why(self, quiet: Quiet) -> None:
        library = {"pypi": {"package": "no-such"}}
        quiet.workspace.clusters.install_in_background("0123-456789-abcdef01", library)
        quiet.clock.work()
        status = next(iter(quiet.workspace.clusters.get("0123-456789-abcdef01").libraries.values()))
        assert (status["status"], status["messages"]) == (
            "FAILED",
            ["ERROR: No matching distribution found"],
        )

    def test_they_come_back_after_a_restart_but_for_those_that_were_uninstalled(self, quiet: Quiet) -> None:
        cluster_id = "0123-456789-abcdef01"
        for package in ("stays", "goes"):
            quiet.workspace.clusters.install_in_background(cluster_id, {"pypi": {"package": package}})
        quiet.clock.work()
        quiet.workspace.clusters.set_library(
            cluster_id, {"pypi": {"package": "goes"}}, "UNINSTALL_ON_RESTART"
        )
        quiet.workspace.restart_cluster(cluster_id)
        quiet.clock.work()
        assert quiet.clusters[-1].installed == ["install stays"]
        assert len(quiet.workspace.clusters.get(cluster_id).libraries) == 1

    def test_a_jar_is_refused_by_name(self, client: Client) -> None:
        body = {"cluster_id": client.cluster_id, "libraries": [{"jar": "dbfs:/x.jar"}]}
        assert "'libraries.jar'" in client.refused("POST", "/api/2.0/libraries/install", **body)[2]
