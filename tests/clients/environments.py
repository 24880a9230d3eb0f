"""An environment for each client, in a folder of its own: how it is installed, and its program started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Mapping

if TYPE_CHECKING:
    from tests.clients.catalog import Client

HERE = Path(__file__).resolve().parent
MAX_REASON = 300
MAX_INSTALL_SECONDS = 1800


class Unavailable(Exception):  # noqa: N818  it says what happened
    """A client cannot be tried on this machine; the message says why."""


def prepare(client: Client, home: Path) -> list[str]:
    """Install a client unless it is installed; return the command that starts its program.

    Raises:
        Unavailable: its toolchain or a package cannot be had.
    """
    make, tools, _ = _KINDS[client.kind]
    for tool in tools:
        if shutil.which(tool) is None:
            raise Unavailable(f"there is no {tool} on this machine")
    stamp = home / ".installed"
    recipe = "\n".join((client.kind, client.package, client.version, *client.more, sys.version))
    recipe += "".join(path.read_text("utf-8") for path in sorted((HERE / client.name).glob("*")))
    if not stamp.is_file() or stamp.read_text("utf-8") != recipe:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        make(client, home)
        stamp.write_text(recipe, "utf-8")
    return _KINDS[client.kind][2](client, home)


def _pip(client: Client, home: Path) -> None:
    run_step([sys.executable, "-m", "venv", str(home)])
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run_step([*pip, f"{client.package}=={client.version}", *client.more])


def _pip_command(client: Client, home: Path) -> list[str]:
    return [str(home / "bin" / "python"), str(HERE / client.program)]


def _npm(client: Client, home: Path) -> None:
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(home)]
    run_step([*npm, f"{client.package}@{client.version}"])


def _npm_command(client: Client, home: Path) -> list[str]:
    copy = home / client.program  # Node.js looks for packages beside the program
    shutil.copyfile(HERE / client.program, copy)
    return ["node", str(copy)]


def _maven(client: Client, home: Path) -> None:
    pom = HERE / client.name / "pom.xml"
    mvn = ["mvn", "--batch-mode", "--quiet", f"-Dmaven.repo.local={home / 'repository'}", "-f", str(pom)]
    run_step([*mvn, "dependency:build-classpath", f"-Dmdep.outputFile={home / 'classpath'}"])


def _maven_command(client: Client, home: Path) -> list[str]:
    return ["java", "-cp", (home / "classpath").read_text("utf-8").strip(), str(HERE / client.program)]


def _go_variables(home: Path) -> Mapping[str, str]:
    return {
        "GOMODCACHE": str(home.parent / "go" / "modules"),
        "GOCACHE": str(home.parent / "go" / "built"),
        "GOFLAGS": "-modcacherw -buildvcs=false",  # files that can be removed, without asking git
        "GOBIN": str(home),
    }


def _go(client: Client, home: Path) -> None:
    folder = HERE / client.name
    run_step(["go", "build", "-o", str(home / "trial"), "."], folder, _go_variables(home))


def _go_program(client: Client, home: Path) -> list[str]:
    del client
    return [str(home / "trial")]


def _go_command(client: Client, home: Path) -> None:
    run_step(["go", "install", f"{client.package}@{client.version}"], home, _go_variables(home))


def _go_command_driver(client: Client, home: Path) -> list[str]:
    return [sys.executable, str(HERE / client.program), str(home / client.package.rpartition("/")[2])]


_Make = Callable[["Client", Path], None]
_Command = Callable[["Client", Path], "list[str]"]
_KINDS: Mapping[str, tuple[_Make, tuple[str, ...], _Command]] = {
    "pip": (_pip, (), _pip_command),
    "npm": (_npm, ("node", "npm"), _npm_command),
    "maven": (_maven, ("java", "keytool", "mvn"), _maven_command),
    "go": (_go, ("go",), _go_program),
    "go_command": (_go_command, ("go",), _go_command_driver),
}


def run_step(command: list[str], folder: Path = HERE, variables: Mapping[str, str] | None = None) -> None:
    """Run a step of an installation.

    Raises:
        Unavailable: it failed; the message has the end of what it printed.
    """
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(variables or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=MAX_INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{command[0]} did not end in {MAX_INSTALL_SECONDS} s") from None
    if done.returncode:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        raise Unavailable(f"{Path(command[0]).name} says: {' '.join(lines[-2:])}"[:MAX_REASON])
