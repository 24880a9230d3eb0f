"""What is installed: names, version, requirements, the command's doors, and the alias ``executor``."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Iterator

import pytest

import nuvyn_executor

ROOT = Path(__file__).resolve().parents[2]
DISTRIBUTION = "nuvyn-executor-script"


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run this Python with arguments, away from the variables of this test."""
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, cwd=cwd, check=False)


class TestDistribution:
    """Guide: "Successfully installed nuvyn-executor-script-1.0.0"."""

    def test_the_distribution_bears_the_guide_s_name_and_version(self) -> None:
        assert importlib.metadata.version(DISTRIBUTION) == nuvyn_executor.__version__ == "1.0.0"

    def test_requests_and_polars_are_all_that_it_requires(self) -> None:
        required = importlib.metadata.requires(DISTRIBUTION) or []

        assert [
            re.split(r"[^\w-]", text)[0] for text in required if "extra ==" not in text.replace("'", '"')
        ] == ["requests", "polars"]

    def test_it_has_the_extras_of_the_issue(self) -> None:
        extras = importlib.metadata.metadata(DISTRIBUTION).get_all("Provides-Extra")

        formats, runtimes = {"excel", "cloud", "contracts"}, {"local", "local4", "connect", "arrow"}
        assert {*formats, *runtimes, "docs", "terminal", "dev"} == set(extras or [])

    def test_the_command_leads_to_the_cli(self) -> None:
        scripts = [
            entry.value
            for entry in importlib.metadata.distribution(DISTRIBUTION).entry_points
            if (entry.group, entry.name) == ("console_scripts", "nuvyn-executor")
        ]

        assert scripts == ["nuvyn_executor.cli:main"]

    def test_every_folder_with_modules_is_a_package_that_is_found(self) -> None:
        folders = {path.parent for path in (ROOT / "nuvyn_executor").rglob("*.py")}

        assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []

    @pytest.mark.parametrize(
        ("name", "spark", "delta"),
        [
            ("constraints.txt", "3.5.9", "3.3.3"),
            ("constraints-py38.txt", "3.5.9", "3.3.3"),
            ("constraints-spark34.txt", "3.4.3", "2.4.0"),
            ("constraints-spark40.txt", "4.0.1", "4.0.1"),
            ("constraints-spark42.txt", "4.2.0", "4.4.0"),
        ],
    )
    def test_every_pin_is_exact_and_names_no_host(self, name: str, spark: str, delta: str) -> None:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        pins = [line for line in lines if not line.startswith("#")]

        assert [
            line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.]+(; python_version .+)?", line)
        ] == []
        assert {f"pyspark=={spark}", f"delta-spark=={delta}"} <= set(pins)


OLDEST_SETUPTOOLS = 64


@pytest.fixture(scope="module", name="wheel")
def _wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel of a copy of this checkout: setuptools writes into the folder that it builds."""
    # Not imported: setuptools refuses to be where something has imported Python's own distutils before.
    try:
        version = importlib.metadata.version("setuptools")
    except importlib.metadata.PackageNotFoundError:
        version = "0"
    if int(version.split(".")[0]) < OLDEST_SETUPTOOLS:
        pytest.skip(f"setuptools {version} cannot build it")
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "checkout", ignore=shutil.ignore_patterns(".*", "build", "*.egg-info"))
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder))
    done = run("-m", "pip", "wheel", *options, str(folder / "checkout"), cwd=folder)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        yield wheel


class TestWheel:
    """Issue: "`nuvyn-executor-script`: `nuvyn_executor`, `executor`, the command. Nothing else"."""

    @pytest.mark.process
    def test_it_holds_the_two_packages_and_nothing_else(self, wheel: zipfile.ZipFile) -> None:
        expected = {
            path.relative_to(ROOT).as_posix()
            for package in ("executor", "nuvyn_executor", "nuvyn_executor/spark/local_spark")
            for pattern in ("*.py", "py.typed", "*.properties", "*.css", "*.js")
            for path in (ROOT / package).rglob(pattern)
        }

        files = {name for name in wheel.namelist() if ".dist-info/" not in name}

        assert files == expected
        assert len(files) > 50

    @pytest.mark.process
    def test_its_one_entry_point_is_the_command(self, wheel: zipfile.ZipFile) -> None:
        (name,) = (name for name in wheel.namelist() if name.endswith("/entry_points.txt"))

        assert wheel.read(name).decode().split("\n") == [
            "[console_scripts]",
            "nuvyn-executor = nuvyn_executor.cli:main",
            "",
        ]

    @pytest.mark.process
    def test_its_copy_of_local_spark_is_that_of_the_checkout(self, wheel: zipfile.ZipFile) -> None:
        for path in (ROOT / "local_spark").glob("*.py"):
            assert wheel.read(f"nuvyn_executor/spark/local_spark/{path.name}") == path.read_bytes()


class TestAlias:
    """Guide: "Installs the `executor` Python module"."""

    def test_executor_is_nuvyn_executor(self) -> None:
        assert importlib.import_module("executor") is nuvyn_executor

    @pytest.mark.parametrize("name", ["errors", "model", "quality.tallies", "schema"])
    def test_a_module_of_it_is_the_same_module(self, name: str) -> None:
        alias = importlib.import_module(f"executor.{name}")
        real = importlib.import_module(f"nuvyn_executor.{name}")

        assert alias is real
        assert real.__spec__ is not None
        assert real.__spec__.name == f"nuvyn_executor.{name}"

    def test_an_unknown_module_is_not_found(self) -> None:
        with pytest.raises(ModuleNotFoundError, match=r"executor\.nothing"):
            importlib.import_module("executor.nothing")

    @pytest.mark.process
    def test_names_come_through_it_in_a_fresh_process(self) -> None:
        code = (
            "from executor.errors import UsageError; import executor.model; import nuvyn_executor.errors;"
            "print(UsageError is nuvyn_executor.errors.UsageError, executor.__version__)"
        )

        assert run("-c", code).stdout == "True 1.0.0\n"


class TestDoors:
    """Issue: "Also `python -m nuvyn_executor` and `executor/main.py`"."""

    @pytest.mark.process
    @pytest.mark.parametrize("door", [("-m", "nuvyn_executor"), ("-m", "executor"), ("executor/main.py",)])
    def test_each_door_says_the_version_and_returns(self, door: tuple[str, ...]) -> None:
        done = run(*door, "--version")

        assert (done.returncode, done.stdout.split()[-1:], done.stderr) == (0, ["1.0.0"], "")

    @pytest.mark.process
    def test_main_py_works_where_it_lies_alone(self, tmp_path: Path) -> None:
        shutil.copy(ROOT / "executor" / "main.py", tmp_path / "main.py")

        done = run("main.py", "--version", cwd=tmp_path)

        assert (done.returncode, done.stdout.split()[-1:]) == (0, ["1.0.0"])

    @pytest.mark.process
    @pytest.mark.parametrize("door", [("-m", "nuvyn_executor"), ("executor/main.py",)])
    def test_each_door_ends_with_the_exit_code_of_bad_parameters(self, door: tuple[str, ...]) -> None:
        assert run(*door, "no_such_job").returncode == 2

    @pytest.mark.process
    def test_success_returns_and_does_not_exit(self) -> None:
        """A Databricks task that ends with ``sys.exit(0)`` has been reported as failed."""
        code = (
            "import runpy, sys; sys.argv = ['main.py', '--version'];"
            "runpy.run_path('executor/main.py', run_name='__main__'); print('returned')"
        )

        assert run("-c", code).stdout.splitlines()[-1:] == ["returned"]

    @pytest.mark.process
    def test_the_doors_need_no_spark_until_a_job_does(self) -> None:
        code = (
            "import sys, nuvyn_executor.cli;"
            "print(sorted({'pyspark', 'requests', 'boto3', 'openpyxl', 'pandas'} & set(sys.modules)))"
        )

        assert run("-c", code).stdout == "[]\n"
