"""``fake-databricks install-runtime``: real Pythons and a real pip, on an index of two tiny packages."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Mapping

import pytest

from fake_databricks.__main__ import main
from fake_databricks.engine import runtime_install
from fake_databricks.engine.runtime import DESCRIPTION, installed_runtime
from fake_databricks.engine.runtime_install import (
    PINS,
    NotInstalled,
    Pins,
    find_python,
    install,
    pythons_of,
    run,
    version_of,
)
from tools.runtimes import BY_NAME, ROOT

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
TINY = Pins((OWN,), "4.0.1", "4.0.1", ())
JARS = ROOT / ".cache" / "jars" / TINY.delta
EMPTY: Mapping[str, str] = {"PATH": "/nowhere", "HOME": "/nowhere"}


def tiny_wheel(folder: Path, name: str, version: str, *files: str) -> None:
    """Write a wheel with files that are nearly empty."""
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for file in files:
            wheel.writestr(file, "\n")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip installs from, instead of a network."""
    folder = tmp_path / "index"
    folder.mkdir()
    tiny_wheel(folder, "pyspark", TINY.spark, "pyspark/__init__.py", "pyspark/jars/scala-library-2.13.16.jar")
    tiny_wheel(folder, "delta_spark", TINY.delta, "delta/__init__.py")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(runtime_install, "PINS", {"4.0": TINY})
    return folder


@pytest.mark.process
class TestInstall:
    """Issue 17: `fake-databricks install-runtime 17`; idempotent, and a killed install is made anew"""

    @pytest.mark.skipif(not JARS.is_dir(), reason=f"Delta {TINY.delta} is not there (make install-pythons)")
    def test_installs_once_and_anew_what_was_killed(
        self, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        del index
        folder = tmp_path / "runtimes"
        monkeypatch.setenv("FAKE_DATABRICKS_RUNTIMES", str(folder))
        killed = folder / "spark-4.0"
        (killed / "bin").mkdir(parents=True)
        (killed / "half").touch()
        assert main(["install-runtime", "17", "--python", sys.executable]) == 0
        assert capsys.readouterr().out == (
            f"Spark 4.0.1 with Delta 4.0.1 on Python {OWN} is installed in {killed}:"
            " clusters of Databricks 17.0 to 17.3 have it.\n"
        )
        found = installed_runtime(folder, "4.0")
        assert found is not None
        assert (found.spark, found.python_version, (killed / "half").exists()) == ("4.0.1", OWN, False)
        jars = " ".join(jar.name for jar in found.jars or ())
        assert (TINY.delta in jars, "delta-storage-" in jars) == (True, True)
        distribution = found.distribution("delta-spark")
        assert distribution is not None
        assert distribution.version == TINY.delta
        written = (killed / DESCRIPTION).stat().st_mtime_ns
        assert main(["install-runtime", "17.3"]) == 0
        assert "was installed already" in capsys.readouterr().out
        assert (killed / DESCRIPTION).stat().st_mtime_ns == written

    def test_what_a_program_says_when_it_fails_is_the_reason(self) -> None:
        with pytest.raises(NotInstalled, match=r"^no such package$"):
            run([sys.executable, "-c", "import sys; sys.exit('no such package')"])


class TestRefusals:
    """One sentence says what is missing"""

    def test_no_python(self, tmp_path: Path) -> None:
        with pytest.raises(NotInstalled) as refused:
            install("4.0", tmp_path, environ={**os.environ, **EMPTY})
        assert str(refused.value) == (
            "Spark 4.0 needs Python 3.12, 3.11, 3.10 or 3.13 with the modules venv and ensurepip. There is"
            " none on PATH and none of pyenv or uv. Install one, or name one with --python."
        )
        assert not (tmp_path / "spark-4.0").exists()

    def test_a_python_that_does_not_fit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(PINS, "4.0", Pins(("3.6", "3.7"), "4.0.1", "4.0.1", ()))
        with pytest.raises(NotInstalled, match=rf"is Python {OWN}; Spark 4\.0 needs Python 3\.6 or 3\.7\."):
            install("4.0", tmp_path, python=Path(sys.executable), environ=os.environ)
        with pytest.raises(NotInstalled, match="is no Python with"):
            install("4.0", tmp_path, python=tmp_path / "gone", environ=os.environ)

    def test_no_java(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        monkeypatch.delenv("JAVA_HOME", raising=False)
        with pytest.raises(NotInstalled, match=r"Spark 4\.0\.1 needs Java 17 or 21"):
            install("4.0", tmp_path, environ=os.environ)

    @pytest.mark.parametrize(
        ("version", "code", "said"),
        [
            ("15.4", 0, "Databricks 15.4 has Spark 3.5, as this server: nothing is to install.\n"),
            (
                "9.1",
                1,
                "fake-databricks: Spark 3.1 cannot be installed here; these can: Spark 3.4, 4.0, 4.2.\n",
            ),
            ("99", 1, "fake-databricks: There is no Databricks 99; these are known: 19, 18.2, "),
        ],
    )
    def test_versions_for_which_nothing_is_to_do(
        self, version: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["install-runtime", version]) == code
        printed = capsys.readouterr()
        assert (printed.out or printed.err).startswith(said)


class TestPythons:
    """Any Python on the machine that this Spark accepts, the best first"""

    def test_this_one_is_found_on_path_and_in_pyenv(self, tmp_path: Path) -> None:
        on_path = {"PATH": str(Path(sys.executable).parent), "HOME": str(tmp_path)}
        assert find_python((OWN,), on_path) is not None
        pyenv = tmp_path / ".pyenv" / "versions" / f"{OWN}.99" / "bin"
        pyenv.mkdir(parents=True)
        (pyenv / "python").symlink_to(sys.executable)
        environ = {"PATH": "/nowhere", "HOME": str(tmp_path)}
        assert list(pythons_of(OWN, environ)) == [pyenv / "python"]
        assert find_python(("3.6", OWN), environ) == pyenv / "python"

    def test_one_that_makes_no_environments_is_none(self, tmp_path: Path) -> None:
        broken = tmp_path / "python3"
        broken.write_text("#!/bin/sh\nexit 1\n")
        broken.chmod(0o755)
        assert version_of(broken) == ""
        assert version_of(tmp_path / "gone") == ""
        assert version_of(Path(sys.executable)) == (OWN if importlib.util.find_spec("ensurepip") else "")

    @pytest.mark.parametrize("spark", PINS)
    def test_what_is_pinned_is_what_the_executor_is_tested_on(self, spark: str) -> None:
        tried = BY_NAME[f"spark-{spark}"]
        assert (PINS[spark].spark, PINS[spark].delta) == (tried.spark, tried.delta)


class TestHelp:
    """The command line says what it takes"""

    @pytest.mark.parametrize(
        ("arguments", "shown"), [((), "install-runtime 17"), (("install-runtime",), "--python PATH")]
    )
    def test_it_is_in_the_help(self, arguments: tuple[str, ...], shown: str) -> None:
        command = [sys.executable, "-m", "fake_databricks", *arguments, "--help"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        assert shown in done.stdout
