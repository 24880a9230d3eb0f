"""Fetch Delta's jars into the cache, once (``make install`` calls it): Spark needs no network after that."""

from __future__ import annotations

import os
import sys

from pyspark import __version__

from nuvyn_executor.spark.local_spark import LocalSparkError
from nuvyn_executor.spark.local_spark.delta_jars import VARIABLE, delta_jars
from nuvyn_executor.spark.local_spark.java import require_java, supported_versions

if __name__ == "__main__":
    try:
        java_home = require_java(__version__, supported_versions(__version__))
        jars = delta_jars(os.environ.get(VARIABLE), java_home)
    except LocalSparkError as error:
        sys.exit(str(error))
    print(f"Java {java_home}; Delta: {', '.join(jar.name for jar in jars)}")
