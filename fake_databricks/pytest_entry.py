"""The entry point of the pytest plugin: the plugin for pytest 7 and later, nothing for older ones.

pytest loads the entry points of all installed packages at its start, so an error here would stop it.
"""

from __future__ import annotations

import pytest

OLDEST_PYTEST = 7
pytest_plugins = (
    ["fake_databricks.pytest_plugin"] if int(pytest.__version__.split(".")[0]) >= OLDEST_PYTEST else []
)
