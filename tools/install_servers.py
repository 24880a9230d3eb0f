"""Install the storage servers of the tests into ``.cache/servers``, once (``make test`` calls it)."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    if sys.version_info < (3, 10):  # noqa: UP036  .venv may be made with an older one
        sys.exit(print("The storage servers need Python 3.10; their tests are skipped."))
    from fake_databricks.storage_servers.cache import servers_folder
    from fake_databricks.storage_servers.install import install_all

    install_all(servers_folder())
