"""Tokens that are made in a workspace, over HTTP: they open it until they are deleted or expire."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from fake_databricks.server import FakeDatabricks, Options
from fake_databricks.workspace import DEFAULT_CLUSTER_ID, Workspace
from tests.fake.calls import refusal, view
from tests.fake.conftest import Client

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fake.conftest import Quiet


class TestTokens:
    """`token/*` (create, list, delete): a created token works as the same workspace, a deleted one no more"""

    def test_a_created_token_opens_the_workspace_until_it_is_deleted(self, client: Client) -> None:
        client.post("/api/2.0/secrets/scopes/create", scope="s")
        made = client.post("/api/2.0/token/create", comment="c", lifetime_seconds=60, scopes=["all-apis"])
        info = made["token_info"]
        other = dataclasses.replace(client, token=made["token_value"])
        assert other.get("/api/2.0/secrets/scopes/list") == client.get("/api/2.0/secrets/scopes/list")
        assert other.get("/api/2.0/token/list") == {"token_infos": [info]}
        assert (info["expiry_time"] - info["creation_time"], info["scopes"]) == (60_000, ["all-apis"])
        client.post("/api/2.0/token/delete", token_id=info["token_id"])
        assert other.refused("GET", "/api/2.0/secrets/scopes/list")[0] == 403
        assert client.get("/api/2.0/token/list") == {}
        again = client.refused("POST", "/api/2.0/token/delete", token_id=info["token_id"])
        assert again[:2] == (404, "RESOURCE_DOES_NOT_EXIST")

    def test_no_journal_has_a_token(self, client: Client) -> None:
        value = client.post("/api/2.0/token/create")["token_value"]
        begun = client.post("/api/2.0/fs/files/Volumes/a/b/c/d?action=initiate-upload")["multipart_upload"]
        client.post("/api/2.0/fs/create-upload-part-urls", path="/Volumes/a/b/c/d", **begun)
        journal = client.send("GET", "/_fake/journal").content.decode()
        assert "token/create" in journal
        assert value not in journal
        assert client.token not in journal

    def test_a_token_of_an_erased_workspace_opens_no_other(self, client: Client) -> None:
        other = dataclasses.replace(client, token=client.post("/api/2.0/token/create")["token_value"])
        client.post("/_fake/reset")
        assert other.refused("GET", "/api/2.0/token/list")[0] == 403

    def test_it_survives_a_restart_and_works_beside_the_only_tokens(self, tmp_path: Path) -> None:
        options = Options(port=0, state=tmp_path, tokens=("dapi-one",), has_spark=False)
        with FakeDatabricks(options) as fake:
            first = Client(fake.url, fake.token, fake.cluster_id)
            first.post("/api/2.0/secrets/scopes/create", scope="s")
            kept, gone = (first.post("/api/2.0/token/create") for _ in range(2))
            first.post("/api/2.0/token/delete", token_id=gone["token_info"]["token_id"])
        with FakeDatabricks(options) as fake:
            again = Client(fake.url, kept["token_value"], fake.cluster_id)
            assert again.get("/api/2.0/secrets/scopes/list")["scopes"][0]["name"] == "s"
            refused = dataclasses.replace(again, token=gone["token_value"])
            assert refused.send("GET", "/api/2.0/secrets/scopes/list").status == 403

    def test_it_ends_with_its_time(self, quiet: Quiet) -> None:
        value = str(view(quiet, "POST /api/2.0/token/create", {"lifetime_seconds": 10})["token_value"])
        issued = quiet.surroundings.issued
        assert (issued.owner(value), issued.is_valid(value)) == ("1", True)
        quiet.clock.move(10_000)
        assert not issued.is_valid(value)
        assert view(quiet, "GET /api/2.0/token/list") == {}

    def test_programs_have_the_token_of_the_workspace_again_once_it_is_used(self, quiet: Quiet) -> None:
        value = quiet.workspace.tokens.create("", None, ())[0]
        again = Workspace("1", quiet.surroundings)  # after a restart
        for token, seen in ((value, value), ("dapi-own", "dapi-own"), (value, "dapi-own")):
            again.open(token, "http://127.0.0.1:1")
            assert again.clusters.environment(DEFAULT_CLUSTER_ID)["DATABRICKS_TOKEN"] == seen

    def test_its_comment_and_scopes_can_be_changed(self, quiet: Quiet) -> None:
        made = view(quiet, "POST /api/2.0/token/create", {"comment": "c"})["token_info"]["token_id"]
        change = {"token": {"comment": "d", "scopes": ["jobs"]}, "update_mask": "comment,scopes"}
        changed = view(quiet, f"PATCH /api/2.0/token/{made}", change)
        assert (changed["comment"], changed["scopes"]) == ("d", ["jobs"])
        assert refusal(quiet, "PATCH /api/2.0/token/none", change)[:2] == (404, "NOT_FOUND")
        wrong = {"update_mask": "expiry_time"}
        assert "only comment and scopes" in refusal(quiet, f"PATCH /api/2.0/token/{made}", wrong)[2]

    def test_a_bad_request_is_refused(self, quiet: Quiet) -> None:
        for body, message in (
            ({"lifetime_seconds": 0}, "must be from 1 to"),
            ({"lifetime_seconds": 10**9}, "must be from 1 to"),
            ({"autoscope_enabled": True}, "'autoscope_enabled' is not supported"),
        ):
            assert message in refusal(quiet, "POST /api/2.0/token/create", body)[2]
