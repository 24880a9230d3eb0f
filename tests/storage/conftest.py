"""The storage servers are made for Python 3.10 and later, as all of fake_databricks."""

from __future__ import annotations

import sys

import pytest

if sys.version_info < (3, 10):  # noqa: UP036  the executor's suite runs on older ones too
    pytest.skip("fake_databricks needs Python 3.10", allow_module_level=True)
