"""Fetch Delta's jars into the cache, once (``make install`` calls it): no network after that."""

from __future__ import annotations

import sys

from nuvyn_executor.errors import ExecutorError
from nuvyn_executor.spark.session import fetch_jars, find_java

if __name__ == "__main__":
    try:
        jars = fetch_jars()
    except ExecutorError as error:
        sys.exit(str(error))
    print(f"Java {find_java()}; Delta: {', '.join(jar.name for jar in jars)}")
