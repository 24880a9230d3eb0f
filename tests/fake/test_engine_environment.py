"""pip really installs into a cluster's environment, and the guide's URL is a checkout on this machine."""

from __future__ import annotations

import zipfile
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fake_databricks.engine.environment import PipSource, guide_source
from fake_databricks.engine.local import LocalCluster
from fake_databricks.engine.ports import ClusterPlan, Places, TaskSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fake.conftest import Client

GUIDE_URL = "git+https://github.com/nuvyn-bldr/executor-script.git@main"
PROJECT = """
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"
[project]
name = "nuvyn-executor-script"
version = "1.0.0"
dependencies = ["requests>=2.25"]
[project.optional-dependencies]
cloud = ["lonely>=1"]
[project.scripts]
nuvyn-executor = "executor.main:main"
[tool.setuptools]
packages = ["executor"]
"""

SLOW_BACKEND = """
import pathlib, shutil, time
here = pathlib.Path(__file__).parent
def build_wheel(folder, settings=None, metadata=None):
    (here / "begun").touch()
    while not (here / "go").exists():
        time.sleep(0.01)
    return pathlib.Path(shutil.copy(here / "slow-1.0-py3-none-any.whl", folder)).name
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the name and version of the real one, and nothing else of it."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (folder / "executor").mkdir()
    (folder / "executor" / "__init__.py").write_text("", encoding="utf-8")
    (folder / "executor" / "main.py").write_text("def main():\n    print('main')\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder = tmp_path_factory.mktemp("places")
    found = Places(*(str(folder / name) for name in ("dbfs", "volumes", "workspace")))
    for root in (found.dbfs, found.volumes, found.workspace_files):
        Path(root).mkdir()
    return found


@pytest.fixture
def cluster(places: Places, checkout: Path, tmp_path: Path) -> Iterator[LocalCluster]:
    plan = ClusterPlan("w", "c", {}, {}, places, tuple)
    made = LocalCluster(plan, None, tmp_path / "clusters", (guide_source(checkout),))
    yield made
    made.close()


def logs(cluster: LocalCluster, places: Places, source: str) -> str:
    program = Path(places.dbfs) / "program.py"
    program.write_text(source, encoding="utf-8")
    spec = TaskSpec(1, str(program), (), {}, places.dbfs)
    return cluster.start_task(spec).wait().logs


def wheel(folder: Path, name: str, body: str) -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", body)
        archive.writestr(
            f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return path


@pytest.mark.process
class TestPip:
    """Guide: `"data": "Successfully installed nuvyn-executor-script-1.0.0"`."""

    def test_the_guides_url_is_installed_from_the_checkout(
        self, cluster: LocalCluster, places: Places, checkout: Path
    ) -> None:
        before = sorted(checkout.rglob("*"))
        result = cluster.pip(["install", GUIDE_URL])
        assert result.ok, result.output
        assert result.output.rstrip().splitlines()[-1] == "Successfully installed nuvyn-executor-script-1.0.0"
        assert f"Collecting {GUIDE_URL}\n" in result.output
        assert "checkout" not in result.output
        assert (Path(places.dbfs) / "executor" / "main.py").exists()
        assert sorted(checkout.rglob("*")) == before
        assert logs(cluster, places, "import executor.main; executor.main.main()") == "main\n"
        again = cluster.pip(["install", GUIDE_URL])
        assert again.output.rstrip().splitlines()[-1] == "Successfully installed nuvyn-executor-script-1.0.0"

    def test_an_extra_of_it_is_installed_too(
        self, cluster: LocalCluster, places: Places, tmp_path: Path
    ) -> None:
        wheel(tmp_path, "lonely", "x = 1")
        wanted = f"nuvyn-executor-script[cloud] @ {GUIDE_URL}"
        result = cluster.pip(["install", "--no-index", "--find-links", str(tmp_path), wanted])
        assert result.ok, result.output
        assert logs(cluster, places, "import executor, lonely; print(lonely.x)") == "1\n"

    def test_the_command_of_a_package_is_on_the_path_of_a_shell(self, cluster: LocalCluster) -> None:
        assert cluster.pip(["install", GUIDE_URL]).ok
        context = cluster.open_context("python")
        assert context.execute("%sh nuvyn-executor").data == "main"

    def test_what_one_cluster_installs_another_does_not_have(
        self, cluster: LocalCluster, places: Places, tmp_path: Path
    ) -> None:
        assert cluster.pip(["install", "--no-index", str(wheel(tmp_path, "lonely", "x = 1"))]).ok
        assert logs(cluster, places, "import lonely; print(lonely.x)") == "1\n"
        other = LocalCluster(ClusterPlan("w", "d", {}, {}, places, tuple), None, tmp_path / "clusters")
        assert "No module named 'lonely'" in logs(other, places, "import lonely")
        other.close()

    def test_a_restart_forgets_what_was_installed(self, client: Client, tmp_path: Path) -> None:
        path = f"/api/2.0/clusters/get?cluster_id={client.cluster_id}"
        install = f"%pip install --no-index {wheel(tmp_path, 'lonely', 'x = 1')}"
        client.wait_for(path, "state", "RUNNING")
        body = {"language": "python", "clusterId": client.cluster_id, "command": install}
        sent = client.post("/api/2.0/commands/execute", **body)["id"]
        query = f"clusterId={client.cluster_id}&commandId={sent}"
        client.wait_for(f"/api/2.0/commands/status?{query}", "status", "Finished")
        job = client.flat_job("import lonely; print(lonely.x)")
        assert client.output(client.run(job)["run_id"])["logs"] == "1"
        client.post("/api/2.0/clusters/restart", cluster_id=client.cluster_id)
        client.wait_for(path, "state", "RUNNING")
        assert "No module named 'lonely'" in client.output(client.run(job)["run_id"])["error"]

    def test_a_run_waits_for_a_pip_that_works_on_its_cluster(
        self, cluster: LocalCluster, places: Places, tmp_path: Path
    ) -> None:
        """A job started while `%pip install` replaces a package must not find half of it."""
        wheel(tmp_path, "slow", "word = 'whole'")
        (tmp_path / "backend.py").write_text(SLOW_BACKEND, encoding="utf-8")
        project = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
        (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
        with ThreadPoolExecutor() as pool:
            pip = pool.submit(cluster.pip, ["install", "--no-build-isolation", str(tmp_path)])
            while not (tmp_path / "begun").exists():
                assert not pip.done(), pip.result().output
            run = pool.submit(logs, cluster, places, "import slow; print(slow.word)")
            wait([run], timeout=0.2)
            assert not run.done()
            (tmp_path / "go").touch()
            assert pip.result().ok
            assert run.result() == "whole\n"

    def test_a_failing_install_keeps_pips_words(self, cluster: LocalCluster) -> None:
        result = cluster.pip(["install", "--no-index", "no-such-package"])
        assert not result.ok
        assert result.error.startswith(
            "ERROR: Could not find a version that satisfies the requirement no-such-package"
        )

    def test_what_a_databricks_runtime_has_is_there(self, cluster: LocalCluster, places: Places) -> None:
        assert logs(cluster, places, "import pyspark, requests; print(pyspark.__version__[:3])") == "3.5\n"
        assert (
            "Requirement already satisfied: requests"
            in cluster.pip(["install", "--no-index", "requests"]).output
        )


class TestTheTableOfUrls:
    @pytest.mark.parametrize(
        "requirement",
        [
            GUIDE_URL,
            "git+https://github.com/nuvyn-bldr/executor-script.git",
            "git+https://github.com/nuvyn-bldr/executor-script@v1.0.0",
            "git+https://github.com/nuvyn-bldr/executor-script.git@main#egg=nuvyn",
            "nuvyn-executor-script @ git+https://github.com/nuvyn-bldr/executor-script.git@main",
            "nuvyn-executor-script[cloud, excel] @ git+https://github.com/nuvyn-bldr/executor-script.git@main",
        ],
    )
    def test_the_guides_url_is_known_at_every_revision(self, requirement: str) -> None:
        assert guide_source(Path("x")).matches(requirement)

    @pytest.mark.parametrize(
        "requirement", ["requests", "git+https://github.com/nuvyn-bldr/executor-script-2.git"]
    )
    def test_another_requirement_is_not_taken_for_it(self, requirement: str) -> None:
        assert not PipSource("git+https://github.com/nuvyn-bldr/executor-script.git", Path("x")).matches(
            requirement
        )
