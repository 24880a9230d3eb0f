"""Testcontainers for real: an engine of our own, an image of Azurite, and the fixture that finds both."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fake_databricks.storage_servers import azure
from fake_databricks.storage_servers.program import StartFailed
from tests.storage.docker_engine import BRIDGE, docker_engine, import_azurite, reason_for_none

docker = pytest.importorskip("docker", reason="Testcontainers is not installed")

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import time

from fake_databricks.storage_servers import azure
from testcontainers.community.azurite import AzuriteContainer


def wait_until_it_answers(server):
    # Testcontainers waits for the published port, which answers before Azurite does.
    end = time.monotonic() + 120
    while True:
        try:
            return azure.answers(server)
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)


def test_the_fixture_is_a_container(azure_server):
    azure_server.create_container("from-the-fixture")
    azure_server.put("from-the-fixture", "a.txt", b"hello")
    assert azure_server.get("from-the-fixture", "a.txt") == b"hello"


def test_its_own_container_beside_it(azure_server):
    with AzuriteContainer() as container:
        other = azure.KIND.connect(container.get_connection_string())
        assert other.endpoint != azure_server.endpoint
        wait_until_it_answers(other)
        other.create_container("from-its-own")
        other.put("from-its-own", "b.txt", b"bye")
        assert other.get("from-its-own", "b.txt") == b"bye"
"""


def processes_of(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes()
        except OSError:
            continue
        if str(folder).encode() in words:
            found.append(words.decode(errors="replace"))
    return found


class TestTestcontainers:
    """The issue: "Testcontainers really runs in CI"."""

    @pytest.mark.timeout(300)
    def test_a_container_serves_the_fixture_and_nothing_is_left(self, tmp_path: Path) -> None:
        reason = reason_for_none() or azure.KIND.missing()
        if reason:
            pytest.skip(f"no Docker engine: {reason}")
        try:
            with docker_engine() as address:
                folder = Path(address.partition("://")[2]).parent
                client = docker.DockerClient(address)
                import_azurite(client, tmp_path)
                printed = self.run_pytest(tmp_path, address)
                left = client.containers.list(all=True)
                client.close()
        except StartFailed as error:  # the kernel or the sandbox refuses what an engine needs
            pytest.skip(f"no Docker engine: {error}")

        assert "2 passed" in printed, printed
        assert f"azure=Testcontainers {azure.IMAGE}" in printed
        assert left == []
        assert not folder.exists()
        assert not Path("/sys/class/net", BRIDGE).exists()
        assert processes_of(folder) == []

    def run_pytest(self, folder: Path, address: str) -> str:
        """Run the tests in a session of their own, which finds the engine as any session does."""
        (folder / "test_it.py").write_text(TESTS)
        environment = {
            **os.environ,
            "DOCKER_HOST": address,
            "TESTCONTAINERS_RYUK_DISABLED": "true",
            # Where this machine is a container itself, Testcontainers would look for another host.
            "TESTCONTAINERS_HOST_OVERRIDE": "127.0.0.1",
            "TESTCONTAINERS_CONNECTION_MODE": "docker_host",
        }
        environment.pop(azure.KIND.variable, None)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(folder),
            str(folder),
        ]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr
