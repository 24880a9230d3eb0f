"""A server is found by a variable, in a container, or as a process; else the test is skipped or fails."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import pytest

from fake_databricks.storage_servers import azure, containers, fixtures, mariadb, postgres, s3
from fake_databricks.storage_servers.finding import Kind, ServerUnavailable, open_server

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def labelled(label: str) -> Iterator[str]:
    yield label


@pytest.fixture
def kind() -> Kind:
    return Kind(
        "s3",
        "NUVYN_TEST_OF_THE_TEST",
        "some/image:latest",
        "moto",
        lambda: None,
        lambda address: f"connected to {address}",
        lambda: labelled("contained"),
        lambda: labelled("launched"),
    )


class TestTheOrder:
    """The issue: "an endpoint given by a variable; Testcontainers where a Docker engine answers; ..."."""

    def test_a_variable_comes_first(self, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(kind.variable, "http://there")
        monkeypatch.setattr(containers, "has_image", lambda _: True)

        with open_server(kind) as server:
            assert server == "connected to http://there"
        assert kind.described() == "s3=NUVYN_TEST_OF_THE_TEST"

    def test_then_a_container(self, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(containers, "has_image", lambda _: True)

        with open_server(kind) as server:
            assert server == "contained"
        assert kind.described() == "s3=Testcontainers some/image:latest"

    def test_then_a_local_process(self, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(containers, "has_image", lambda _: False)

        with open_server(kind) as server:
            assert server == "launched"
        assert kind.described() == "s3=moto process"

    def test_an_engine_that_does_not_answer_has_no_image(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")

        assert not containers.has_image("some/image:latest")

    def test_where_there_is_none_all_three_are_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NUVYN_TEST_SERVERS_DIR", str(tmp_path))
        monkeypatch.delenv(azure.KIND.variable, raising=False)
        monkeypatch.setattr(containers, "has_image", lambda _: False)

        with (
            pytest.raises(
                ServerUnavailable, match=r"CONNECTION_STRING is not set, .*azurite:latest, .*not installed"
            ),
            open_server(azure.KIND),
        ):
            pass


class TestAddresses:
    def test_s3(self) -> None:
        server = s3.KIND.connect("http://key:s%2Fcret@127.0.0.1:9000/")

        assert (server.endpoint, server.access_key, server.secret_key) == (
            "http://127.0.0.1:9000",
            "key",
            "s/cret",
        )
        assert "s/cret" not in repr(server)

    def test_azure(self) -> None:
        there = azure.AzureServer("http://127.0.0.1:9/account", "account", "a2V5")

        assert azure.KIND.connect(there.connection_string) == there
        assert "a2V5" not in repr(there)

    @pytest.mark.parametrize("kind", [postgres.KIND, mariadb.KIND], ids=lambda kind: str(kind.name))
    def test_databases(self, kind: Kind) -> None:
        scheme = "postgresql" if kind is postgres.KIND else "mysql"
        server = kind.connect(f"{scheme}://me:p%40ss@127.0.0.1:99/data")

        assert (server.host, server.port, server.user, server.password) == ("127.0.0.1", 99, "me", "p@ss")
        assert server.url == f"{scheme}://me:p%40ss@127.0.0.1:99/data"
        assert "p@ss" not in repr(server) + server.jdbc_url


@pytest.mark.process
class TestInPytest:
    """The issue: "fails in CI (`CI=true`) and is skipped by name elsewhere"."""

    def run(self, folder: Path, **environment: str) -> str:
        (folder / "test_it.py").write_text("def test_it(azure_server):\n    raise AssertionError\n")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-rs",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(folder),
            str(folder),
        ]
        variables = {
            **os.environ,
            "NUVYN_TEST_SERVERS_DIR": str(folder / "nothing"),
            "DOCKER_HOST": f"unix://{folder}/nobody.sock",
            "CI": "",
            **environment,
        }
        variables.pop(azure.KIND.variable, None)
        return subprocess.run(
            command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False
        ).stdout

    def test_the_header_names_how_each_server_is_found(self, tmp_path: Path) -> None:
        printed = self.run(tmp_path, NUVYN_TEST_S3_ENDPOINT="http://127.0.0.1:1")

        assert "storage servers: s3=NUVYN_TEST_S3_ENDPOINT, azure=none, postgres=" in printed

    def test_a_test_without_its_server_is_skipped_by_name(self, tmp_path: Path) -> None:
        printed = self.run(tmp_path)

        assert "1 skipped" in printed
        assert "no server for azure: NUVYN_TEST_AZURE_CONNECTION_STRING is not set" in printed

    def test_it_fails_in_ci(self, tmp_path: Path) -> None:
        printed = self.run(tmp_path, CI="true")

        assert "1 error" in printed
        assert "no server for azure: NUVYN_TEST_AZURE_CONNECTION_STRING is not set" in printed


def test_each_kind_has_a_fixture_of_its_name() -> None:
    assert [f"{kind.name}_server" for kind in fixtures.KINDS] == [
        name for name in vars(fixtures) if name.endswith("_server")
    ]
