"""A Docker engine of our own for one test: Debian's dockerd, and images built from this machine's files.

Nothing is pulled. The engine has its own data folder and socket and sets no firewall rules; its network
bridge is removed again.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import struct
import subprocess
import tarfile
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterator

from fake_databricks.storage_servers import azure, containers
from fake_databricks.storage_servers.cache import servers_folder
from fake_databricks.storage_servers.databases import library_path
from fake_databricks.storage_servers.program import Program, Spec, StartFailed, running, runs_as_root
from tests.waiting import LONGEST

if TYPE_CHECKING:
    import docker

BRIDGE = "docker0"
DRIVERS = ("overlay2", "vfs")
"""The second one works on every file system, but copies the whole image for each container."""
# In this order, with their places in the image. The image has no shell: its program is a file that node runs.
NODE_IN_IMAGE = "usr/local/bin/node"
AZURITE_IN_IMAGE = "opt/azurite"
PROGRAM_IN_IMAGE = "usr/local/bin/azurite-blob"
AZURITE_PROGRAM = (
    f"#!/{NODE_IN_IMAGE}\nrequire('/{AZURITE_IN_IMAGE}/node_modules/azurite/dist/src/blob/main.js')\n"
)
_LIBRARY = re.compile(r"(/\S+) \(0x")
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCBRDELBR = 0x8913, 0x8914, 0x89A1
INTERFACE_IS_UP = 1


def reason_for_none() -> str | None:
    """Return why no engine can be started here, or ``None`` where one can be tried."""
    if not runs_as_root():
        return "a Docker engine needs root"
    if engine_folder() is None:
        return "no dockerd is installed"
    if Path("/sys/class/net", BRIDGE).exists():
        return f"another Docker engine is here: the network bridge {BRIDGE} exists"
    return None


def engine_folder() -> Path | None:
    """Return the root folder of the engine's programs: ours, else the machine's."""
    roots = (servers_folder() / "docker", Path("/"))
    return next((root for root in roots if (root / "usr" / "sbin" / "dockerd").exists()), None)


@contextmanager
def docker_engine() -> Iterator[str]:
    """Run an engine and return its address for ``DOCKER_HOST``.

    Raises:
        StartFailed: the kernel or a sandbox refuses what an engine needs.
    """
    with ExitStack() as stack:
        stack.callback(remove_bridge, BRIDGE)
        for driver in DRIVERS:
            try:
                address = stack.enter_context(running("docker", partial(_build, driver), LONGEST))
                break
            except StartFailed:
                if driver == DRIVERS[-1]:
                    raise
        yield address


def _build(driver: str, folder: Path) -> tuple[Spec, Callable[[Program], str | None]]:
    root = engine_folder()
    assert root is not None
    address = f"unix://{folder}/engine.sock"
    command = (
        f"{root}/usr/sbin/dockerd",
        "--iptables=false",
        "--ip6tables=false",
        f"--storage-driver={driver}",
        f"--data-root={folder}/data",
        f"--exec-root={folder}/exec",
        f"--pidfile={folder}/engine.pid",
        f"--host={address}",
    )
    places = [str(root / place) for place in ("usr/sbin", "usr/bin", "sbin")]
    environment = {"PATH": os.pathsep.join([*places, os.environ["PATH"]])}
    if root != Path("/"):
        environment.update(library_path(root))
    return Spec(
        command, environment=environment
    ), lambda _: address if containers.engine_answers(address) else None


def remove_bridge(name: str) -> None:
    """Remove a network bridge, as ``ip link delete`` does; a bridge that is not there is no error."""
    padded = name.encode().ljust(16, b"\0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control, suppress(OSError):
        answer = fcntl.ioctl(control, SIOCGIFFLAGS, padded + bytes(16))
        (flags,) = struct.unpack_from("h", answer, 16)
        fcntl.ioctl(control, SIOCSIFFLAGS, padded + struct.pack("h14x", flags & ~INTERFACE_IS_UP))
        fcntl.ioctl(control, SIOCBRDELBR, padded)


def import_azurite(client: docker.DockerClient, folder: Path) -> None:
    """Build the image that Testcontainers expects, from the installed Node.js and Azurite."""
    archive = folder / "azurite.tar"
    node = azure.node_program()
    with tarfile.open(archive, "w") as tar:
        tar.dereference = True
        tar.add(node, NODE_IN_IMAGE)
        for library in libraries(node):
            tar.add(library, str(library).lstrip("/"))
        tar.dereference = False
        tar.add(azure.azurite_program().parents[5], AZURITE_IN_IMAGE, filter=_without_sources)
        program = folder / "azurite-blob"
        program.write_text(AZURITE_PROGRAM, encoding="ascii")
        program.chmod(0o755)
        tar.add(program, PROGRAM_IN_IMAGE)
    repository, _, tag = azure.IMAGE.rpartition(":")
    default = '["azurite-blob", "--blobHost", "0.0.0.0", "--location", "/data", "--skipApiVersionCheck"]'
    client.api.import_image_from_file(
        str(archive), repository, tag, [f"CMD {default}", "ENV PATH=/usr/local/bin"]
    )
    archive.unlink()


def _without_sources(item: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out what only a compiler or a debugger reads: half of the files."""
    return None if item.name.endswith((".ts", ".map", ".md", ".mts", ".cts")) else item


def libraries(program: Path) -> list[Path]:
    """Return the shared libraries of a program, with the loader."""
    ldd = shutil.which("ldd")
    assert ldd is not None
    listed = subprocess.run([ldd, str(program)], capture_output=True, text=True, check=True).stdout
    return [Path(found) for found in _LIBRARY.findall(listed)]
