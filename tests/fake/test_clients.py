"""The table of clients, and what is said of a client that cannot be had; ``make test-clients`` tries them."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from tests.clients.catalog import CLIENTS, WAYS, Client
from tests.clients.environments import HERE, Unavailable, prepare, run_step

if TYPE_CHECKING:
    from pathlib import Path

ROOT = HERE.parents[1]
BY_NAME = {client.name: client for client in CLIENTS}


class TestTable:
    """`docs/fake.md` has a table of clients: how to point each at the server"""

    def test_it_is_that_of_the_trials(self) -> None:
        page = (ROOT / "docs" / "fake-clients.md").read_text("utf-8")
        table = page.partition("<!-- clients: begin -->")[2].partition("<!-- clients: end -->")[0]
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.strip().splitlines()[2:]]
        assert [row[:3] for row in rows] == [
            [
                client.title,
                f"`{client.package}` {client.version}",
                ", ".join(WAYS[way] for way in client.ways),
            ]
            for client in CLIENTS
        ]
        assert all(row[3] for row in rows)

    @pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
    def test_each_has_its_program(self, client: Client) -> None:
        assert (HERE / client.program).is_file()
        assert client.program.startswith(client.name)

    def test_versions_are_those_of_the_build_files(self) -> None:
        go = (HERE / "go_sdk" / "go.mod").read_text("utf-8")
        pom = (HERE / "java_sdk" / "pom.xml").read_text("utf-8")
        assert f"{BY_NAME['go_sdk'].package} {BY_NAME['go_sdk'].version}\n" in go
        (version,) = re.findall(r"databricks-sdk-java</artifactId>\s*<version>(.+)</version>", pom)
        assert version == BY_NAME["java_sdk"].version

    def test_every_client_of_the_issue_is_there(self) -> None:
        """the SDKs for Python, Go, Java, JavaScript, the Go CLI, the legacy CLI, Airflow, Dagster, Prefect"""
        assert list(BY_NAME) == [
            *("python_sdk", "go_sdk", "java_sdk", "javascript_sdk", "go_cli", "legacy_cli"),
            *("airflow_provider", "dagster_resource", "prefect_tasks"),
        ]


class TestSkipped:
    """skipped BY NAME with the reason when its toolchain or package cannot be had"""

    @pytest.mark.parametrize(
        ("name", "tool"),
        [("go_sdk", "go"), ("go_cli", "go"), ("java_sdk", "java"), ("javascript_sdk", "node")],
    )
    def test_a_missing_toolchain_is_named(
        self, name: str, tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(Unavailable, match=f"there is no {tool} on this machine"):
            prepare(BY_NAME[name], tmp_path / name)

    @pytest.mark.process
    def test_the_words_of_a_failed_installation_are_the_reason(self) -> None:
        program = "import sys; print('no such', 'version'); print(); print('of it'); sys.exit(1)"
        with pytest.raises(Unavailable, match=r"says: no such version of it$"):
            run_step([sys.executable, "-c", program])
