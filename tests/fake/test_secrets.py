from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from fake_databricks.storage import Cipher, StateError, Storage
from fake_databricks.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fake.conftest import Client, Quiet

VALUE = "your-secure-api-key"


class TestShortValues:
    """Issue: "secrets of one to three letters garble logs (mask as the service, note the rest)"."""

    def test_they_are_not_masked_and_the_journal_says_so_by_name(self, client: Client) -> None:
        client.post("/api/2.0/secrets/scopes/create", scope="s", initial_manage_principal="users")
        client.post("/api/2.0/secrets/put", scope="s", key="one", string_value="1")
        client.post("/api/2.0/secrets/put", scope="s", key="four", string_value="2222")
        run = client.run(client.flat_job("print(dbutils.secrets.get('s', 'one'), 'of 1 or', 2222)"))
        assert client.output(run["run_id"])["logs"] == "1 of 1 or [REDACTED]"
        noted = {
            (entry["method"], note)
            for entry in client.get("/_fake/journal")["entries"]
            for note in entry["notes"]
        }
        said = "The secret s/one is not masked in outputs: it has fewer than 4 characters."
        assert noted == {("POST", said), ("GET", said)}


class TestSecretsOverHttp:
    """Using Databricks Secrets (Recommended)"""

    def test_the_guides_two_calls_answer_with_nothing(self, client: Client) -> None:
        scope = {"scope": "nuvyn-executor", "initial_manage_principal": "users"}
        secret = {"scope": "nuvyn-executor", "key": "api-key", "string_value": VALUE}
        assert client.post("/api/2.0/secrets/scopes/create", **scope) == {}
        assert client.post("/api/2.0/secrets/put", **secret) == {}
        got = client.get("/api/2.0/secrets/get?scope=nuvyn-executor&key=api-key")
        assert base64.b64decode(got["value"]).decode() == VALUE

    def test_a_cluster_gets_the_value_and_the_output_does_not(self, client: Client) -> None:
        client.post("/api/2.0/secrets/scopes/create", scope="s")
        client.post("/api/2.0/secrets/put", scope="s", key="k", string_value=VALUE)
        cluster = {"spark_version": "15.4.x-scala2.12", "spark_env_vars": {"KEY": "{{secrets/s/k}}"}}
        created = client.post("/api/2.1/clusters/create", **cluster)["cluster_id"]
        source = "import os; print(len(os.environ['KEY']), os.environ['KEY'])"
        run = client.run(client.flat_job(source, existing_cluster_id=created))
        assert client.output(run["run_id"])["logs"] == "19 [REDACTED]"

    def test_a_reference_to_nothing_fails_the_run(self, client: Client) -> None:
        cluster = {"spark_version": "15.4.x-scala2.12", "spark_env_vars": {"KEY": "{{secrets/s/none}}"}}
        created = client.post("/api/2.1/clusters/create", **cluster)["cluster_id"]
        run = client.run(client.flat_job("pass", existing_cluster_id=created))
        assert "s" in run["state"]["state_message"]
        assert run["state"]["result_state"] == "FAILED"

    def test_access_lists(self, client: Client) -> None:
        client.post("/api/2.0/secrets/scopes/create", scope="s", initial_manage_principal="users")
        client.post("/api/2.0/secrets/acls/put", scope="s", principal="p", permission="READ")
        assert client.get("/api/2.0/secrets/acls/get?scope=s&principal=p")["permission"] == "READ"
        client.post("/api/2.0/secrets/acls/delete", scope="s", principal="p")
        assert client.get("/api/2.0/secrets/acls/list?scope=s") == {
            "items": [{"principal": "users", "permission": "MANAGE"}]
        }

    def test_a_value_is_never_in_the_journal(self, client: Client) -> None:
        client.post("/api/2.0/secrets/scopes/create", scope="s")
        client.post("/api/2.0/secrets/put", scope="s", key="k", string_value=VALUE)
        client.get("/api/2.0/secrets/get?scope=s&key=k")
        content = client.send("GET", "/_fake/journal").content
        assert VALUE.encode() not in content
        assert base64.b64encode(VALUE.encode()) not in content
        assert client.token.encode() not in content


class TestSecretsAtRest:
    """Secrets (encrypted, key beside it with mode 600 or from `FAKE_DATABRICKS_KEY`)"""

    def test_no_file_holds_the_value(self, quiet: Quiet) -> None:
        quiet.workspace.secrets.create_scope("s", "users")
        quiet.workspace.secrets.put("s", "k", VALUE.encode())
        files = [file for file in quiet.storage.folder.rglob("*") if file.is_file()]
        assert files
        assert not [file for file in files if VALUE.encode() in file.read_bytes()]

    def test_the_key_lies_beside_it_for_its_owner_alone(self, quiet: Quiet) -> None:
        mode = (quiet.storage.folder / "secrets.key").stat().st_mode & 0o777
        assert mode == 0o600

    def test_the_value_outlives_a_restart(self, quiet: Quiet) -> None:
        quiet.workspace.secrets.create_scope("s", "users")
        quiet.workspace.secrets.put("s", "k", VALUE.encode())
        assert Workspace("1", quiet.surroundings).secrets.get("S", "k") == VALUE.encode()

    def test_a_key_from_the_environment_is_used_and_not_written(self, tmp_path: Path) -> None:
        key = "0" * 42 + "A="
        storage = Storage(tmp_path, {"FAKE_DATABRICKS_KEY": key})
        encrypted = storage.cipher.encrypt(b"x")
        storage.close()
        assert not (tmp_path / "secrets.key").exists()
        assert Cipher(key.encode()).decrypt(encrypted) == b"x"

    def test_another_key_is_refused_with_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(StateError, match="FAKE_DATABRICKS_KEY"):
            Storage(tmp_path, {"FAKE_DATABRICKS_KEY": "short"})

    def test_no_document_is_stored_as_it_is(self, tmp_path: Path) -> None:
        storage = Storage(tmp_path, {})
        storage.put("w", "job", 1, {"parameters": [f"postgresql://user:{VALUE}@host"]})
        stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
        assert VALUE.encode() not in stored
        assert storage.get("w", "job", 1) == {"parameters": [f"postgresql://user:{VALUE}@host"]}
        storage.close()
        other = Storage(tmp_path, {"FAKE_DATABRICKS_KEY": "0" * 42 + "A="})
        with pytest.raises(StateError, match="another key"):
            other.get("w", "job", 1)
        other.close()

    def test_documents_of_before_are_read(self, tmp_path: Path) -> None:
        storage = Storage(tmp_path, {})
        with closing(sqlite3.connect(tmp_path / "state.sqlite")) as database:
            database.execute("INSERT INTO documents VALUES ('w', 'job', '1', '{\"name\": \"käse\"}')")
            database.commit()
        assert storage.get("w", "job", 1) == {"name": "käse"}
        assert dict(storage.all("w", "job")) == {"1": {"name": "käse"}}
        storage.close()

    def test_one_folder_serves_one_server(self, tmp_path: Path) -> None:
        first = Storage(tmp_path, {})
        with pytest.raises(StateError, match="Another server"):
            Storage(tmp_path, {})
        first.close()
