"""The conf of a cluster's sessions, from its ``spark_conf``.

On Databricks each cluster has a SparkContext, which makes Hadoop's setting ``NAME`` of ``spark.hadoop.NAME``.
Here the clusters of a server share one, so each session gets these settings itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

HADOOP = "spark.hadoop."
S3A = f"{HADOOP}fs.s3a."
SCHEMES = ("s3a", "s3", "s3n")
"""All of them are ``s3a`` on Databricks."""
FILE_SYSTEM = "fakedatabricks.AddedFileSystem"
IMPLEMENTATION = "org.apache.hadoop.fs.s3a.S3AFileSystem"


def hadoop_settings(conf: Mapping[str, str]) -> dict[str, str]:
    """Return Hadoop's settings of a ``spark_conf``, by Hadoop's own names."""
    return {name[len(HADOOP) :]: value for name, value in conf.items() if name.startswith(HADOOP)}


def names_s3(conf: Mapping[str, str]) -> bool:
    """Whether a ``spark_conf`` says how S3 is reached: only then a cluster has ``s3a://``."""
    return any(name.startswith(S3A) for name in conf)


def session_conf(conf: Mapping[str, str], s3a_jars: Sequence[Path]) -> dict[str, str]:
    """Return what the sessions of a cluster begin with.

    Args:
        conf: its ``spark_conf``.
        s3a_jars: the jars of ``s3a://``, where it is to have that.
    """
    found = {**conf, **hadoop_settings(conf)}
    if s3a_jars:
        found["fake.added.jars"] = os.pathsep.join(map(str, s3a_jars))
        found["fake.added.impl"] = IMPLEMENTATION
        for scheme in SCHEMES:
            found[f"fs.{scheme}.impl"] = FILE_SYSTEM
            # Hadoop's cache knows buckets alone, and another cluster may have other keys for the same one.
            found[f"fs.{scheme}.impl.disable.cache"] = "true"
    return found
