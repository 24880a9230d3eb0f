"""Where the servers' programs are installed."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "NUVYN_TEST_SERVERS_DIR"
INSTALL = "python -m fake_databricks.storage_servers.install"
CHECKOUT = Path(__file__).resolve().parents[2]


def servers_folder() -> Path:
    """Return the servers' folder: in a checkout its ``.cache/servers``, else one in the user's cache."""
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE]).resolve()
    if (CHECKOUT / "pyproject.toml").exists():
        return CHECKOUT / ".cache" / "servers"
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "fake-databricks" / "servers"


def not_installed(name: str) -> str:
    """Return the sentence that a server is not installed, with the command that does it."""
    return f"{name} is not installed (run: {INSTALL})"
