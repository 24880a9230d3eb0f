"""A cluster's Python: a virtual environment, made in 3 ms, into which pip really installs.

The packages of a Databricks runtime (pyspark, requests and the like) come from the server's environment, or
that of an installed runtime, by links. Whatever else is installed there, above all the executor, is not
visible.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fake_databricks.engine import process_tree
from fake_databricks.engine.ports import PipResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fake_databricks.engine.runtime import Runtime

INSIDE = Path(__file__).parent / "inside"
RUNTIME = (
    *("pyspark", "delta-spark", "py4j", "requests", "numpy", "pandas", "pyarrow", "databricks-sdk"),
    *("pip", "setuptools", "wheel"),
    "polars",  # no cluster has it: here it is, so that the executor, which requires it, installs offline
)
"""What a cluster has before anything is installed; what the runtime itself does not have is left out."""
START_LINE = (
    "import os; 'FAKE_DATABRICKS_PLACES' in os.environ"
    " and __import__('_fakebricks.startup').startup.install_once()"
)
GUIDE_URL = "git+https://github.com/nuvyn-bldr/executor-script.git"
NOT_COPIED = ("*.egg-info", "__pycache__", "build", "dist", "node_modules", "venv", ".*")
PASSED_ON = re.compile(
    r"PIP_\w+|\w+_proxy|\w+_PROXY|LD_LIBRARY_PATH|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|HOME|TZ|TMPDIR"
)
"""The server's environment variables that the processes of a cluster see."""
_EXTRAS = re.compile(r"(?:\[[\w.,\s-]*\])")


@dataclass(frozen=True)
class PipSource:
    """A URL that pip is asked for, and the checkout on this machine that is installed in its place.

    ``dbfs_files`` are files of the checkout, by the DBFS path at which they lie once the package is
    installed.
    """

    url: str
    checkout: Path
    dbfs_files: Mapping[str, str] = field(default_factory=dict)

    def matches(self, requirement: str) -> bool:
        """Whether a requirement names the URL, at whatever revision, with or without extras."""
        wanted = re.escape(self.url.removesuffix(".git"))
        return (
            re.fullmatch(
                rf"(?:[\w.-]+\s*{_EXTRAS.pattern}?\s*@\s*)?{wanted}(?:\.git)?/?(?:@[^#]*)?(?:#.*)?",
                requirement,
            )
            is not None
        )


def guide_source(checkout: Path) -> PipSource:
    """The guide's git URL, mapped to a checkout of this project."""
    return PipSource(
        GUIDE_URL,
        checkout,
        {"/executor/main.py": "executor/main.py", "/executor/__init__.py": "executor/__init__.py"},
    )


def copy_checkout(source: PipSource, into: Path) -> None:
    """Copy a checkout for pip, because setuptools writes ``build`` and ``*.egg-info`` into what it builds."""
    ignore = shutil.ignore_patterns(*NOT_COPIED)
    # Links stay links: copytree would look for the targets of relative ones in the working folder.
    shutil.copytree(source.checkout, into, ignore=ignore, symlinks=True)


def closure(names: Sequence[str], runtime: Runtime) -> dict[str, importlib.metadata.Distribution]:
    """Return the distributions among ``names`` that a runtime has, and those that they need."""
    found: dict[str, importlib.metadata.Distribution] = {}
    open_names = list(names)
    while open_names:
        name = re.sub(r"[-_.]+", "-", open_names.pop()).lower()
        if name in found:
            continue
        distribution = runtime.distribution(name)
        if distribution is None:
            continue
        found[name] = distribution
        for need in found[name].requires or ():
            requirement, _, marker = need.partition(";")
            if "extra" not in marker:
                open_names.append(re.split(r"[\s<>=!~\[(]", requirement, maxsplit=1)[0])
    return found


def top_level(distribution: importlib.metadata.Distribution) -> Iterator[Path]:
    """Return the entries of site-packages that belong to a distribution."""
    record = distribution.read_text("RECORD")
    # As text: ``distribution.files`` makes a path of each of its thousands of lines, which takes 50 ms.
    files = record.splitlines() if record else [str(file) for file in distribution.files or ()]
    for first in dict.fromkeys(line.partition(",")[0].strip('"').partition("/")[0] for line in files):
        if first not in {"..", "__pycache__"}:
            yield Path(str(distribution.locate_file(first)))


def build_runtime(folder: Path, runtime: Runtime) -> Path:
    """Return the folder with what every cluster of a runtime has; the first cluster of a server makes it."""
    if folder.exists():
        return folder
    part = Path(tempfile.mkdtemp(prefix="runtime", dir=folder.parent))
    for distribution in closure(RUNTIME, runtime).values():
        for entry in top_level(distribution):
            link = part / entry.name
            if entry.exists() and not link.exists():
                link.symlink_to(entry)
    (part / "_fakebricks").symlink_to(INSIDE)
    (part / "dbruntime").symlink_to(INSIDE.parent / "dbruntime")
    try:
        part.rename(folder)
    except OSError:
        if not folder.exists():  # else another cluster that starts now was faster, and its folder is as good
            raise
        shutil.rmtree(part)
    return folder


class Environment:
    """The virtual environment of one cluster, in ``folder``, or that of one task on top of it.

    Args:
        folder: where it is made.
        runtime: its Python.
        packages: the folder with what every cluster of the runtime has.
        sources: the git URLs that pip installs from folders.
        below: the environment of the cluster, whose packages are visible in that of a task.
    """

    def __init__(
        self,
        folder: Path,
        runtime: Runtime,
        packages: Path,
        sources: Sequence[PipSource] = (),
        below: Environment | None = None,
    ) -> None:
        self.folder = folder
        self._runtime = runtime
        self._common = packages
        self._sources = tuple(sources)
        self.python = folder / "bin" / "python"
        make_venv(folder, runtime)
        self.packages = folder / "lib" / f"python{runtime.python_version}" / "site-packages"
        visible = f"{packages}\n{START_LINE}\n"
        if below is not None:
            visible = f"import site; site.addsitedir({str(below.packages)!r})\n"
        (self.packages / "zz_databricks_runtime.pth").write_text(visible, encoding="utf-8")

    def extend(self, folder: Path) -> Environment:
        """Return a new environment that sees what is installed here; here nothing of it is visible."""
        return Environment(folder, self._runtime, self._common, self._sources, below=self)

    def variables(self) -> dict[str, str]:
        """Return the environment variables of every process of the cluster."""
        passed = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
        return {
            **passed,
            "PATH": os.pathsep.join((str(self.folder / "bin"), os.environ.get("PATH", os.defpath))),
            "VIRTUAL_ENV": str(self.folder),
            "PYSPARK_PYTHON": str(self.python),
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8:backslashreplace",
            "LANG": "C.UTF-8",
        }

    def pip(self, args: Sequence[str], dbfs_root: str, cwd: Path) -> PipResult:
        """Run pip here; a mapped URL comes from its checkout, and its DBFS files are put in place."""
        with tempfile.TemporaryDirectory(prefix="checkout") as scratch:
            given, used = self._mapped(args, Path(scratch))
            result = self._run(given, cwd)
            output = result.output
            for copy, (requirement, _) in used.items():
                output = output.replace(f"Processing {copy}", f"Collecting {requirement}").replace(
                    copy, requirement
                )
        if result.ok and args and args[0] == "install":
            for _, source in used.values():
                place_files(source, dbfs_root)
        return PipResult(result.ok, output)

    def _mapped(
        self, args: Sequence[str], scratch: Path
    ) -> tuple[list[str], dict[str, tuple[str, PipSource]]]:
        given: list[str] = []
        used: dict[str, tuple[str, PipSource]] = {}
        for number, arg in enumerate(args):
            source = next((each for each in self._sources if each.matches(arg)), None)
            if source is None:
                given.append(arg)
                continue
            copy = scratch / str(number) / "source"
            copy_checkout(source, copy)
            used[str(copy)] = (arg, source)
            extras = _EXTRAS.search(arg.partition("@")[0])
            given.append(f"{copy}{extras[0] if extras else ''}")
        if used and builds_without_isolation(self._runtime):
            given.insert(1, "--no-build-isolation")
        return given, used

    def _run(self, args: Sequence[str], cwd: Path) -> PipResult:
        quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_ROOT_USER_ACTION": "ignore"}
        env = {**self.variables(), **quiet, "PYTHONPATH": bundled_pip(self._runtime)}
        process = process_tree.start(process_tree.watched([str(self.python), "-m", "pip", *args]), env, cwd)
        assert process.stdout is not None
        with process.stdout as stream:
            output = stream.read().decode(errors="replace")
        process_tree.kill(process)
        return PipResult(process.returncode == 0, output)


def place_files(source: PipSource, dbfs_root: str) -> None:
    """Put a source's files at their DBFS paths."""
    for path, file in source.dbfs_files.items():
        if (source.checkout / file).exists():
            place = Path(dbfs_root + path)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source.checkout / file, place)


def make_venv(folder: Path, runtime: Runtime) -> None:
    """Make a virtual environment without pip: 3 ms for the server's own Python, 0.1 s for another one."""
    if runtime.is_own:
        venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
        return
    command = [str(runtime.python), "-m", "venv", "--symlinks", "--without-pip", str(folder)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603  the Python of an installed runtime


def builds_without_isolation(runtime: Runtime) -> bool:
    """Whether setuptools can make a wheel by itself here: then a build needs no network."""
    found = runtime.distribution("setuptools")
    return found is not None and tuple(int(part) for part in re.findall(r"\d+", found.version)[:2]) >= (70, 1)


def bundled_pip(runtime: Runtime) -> str:
    """The PYTHONPATH that pip needs: none where it is installed, else Python's own bundled wheel."""
    if runtime.distribution("pip"):
        return ""
    bundled = importlib.util.find_spec("ensurepip")
    wheels = sorted(Path(str(bundled.origin)).parent.glob("_bundled/pip-*.whl")) if bundled else []
    return str(wheels[-1]) if wheels else ""
