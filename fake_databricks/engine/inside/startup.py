"""Makes a Python process one of a cluster's; runs before any program, in child processes too.

The environment variable FAKE_DATABRICKS_PLACES holds the folders of the workspace's files (JSON). The file
that FAKE_DATABRICKS_PLAN names says how to reach Spark.
"""

from __future__ import annotations

import json
import os
import sys
from typing import ClassVar

from .import_hook import PLACES, PLAN, AfterImport


class Installed:
    """What was installed in this process, so that nothing is installed twice."""

    after: AfterImport | None = None
    names: ClassVar[set[str]] = set()


def install_once() -> None:
    """Install the workspace's files and Spark, each where the environment says where it is."""
    if Installed.after is None:
        Installed.after = AfterImport()
        sys.meta_path.insert(0, Installed.after)
    places = os.environ.get(PLACES)
    if places and PLACES not in Installed.names:
        from . import paths  # noqa: PLC0415  only a process that has such files needs it

        Installed.names.add(PLACES)
        paths.install(paths.Mapping(json.loads(places)), Installed.after)
    if os.environ.get(PLAN) and PLAN not in Installed.names:
        from . import dbutils, names, spark  # noqa: PLC0415  as above

        Installed.names.add(PLAN)
        spark.install(Installed.after)
        dbutils.install(Installed.after)
        names.install(Installed.after)
