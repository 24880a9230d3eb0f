"""The command in the JVM of the test that starts it, killed at a call: ``python -m tests.killed_program N``.

``N`` is the number of the call before which the process is killed; with 0 it comes to its end, and the last
line of stderr says how many calls it made. A JVM of its own would cost each kill eight seconds.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from typing import Any, Dict, List

from nuvyn_executor import audit, cli
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.store.delta import DeltaMetadataStore
from nuvyn_executor.transport import api_client
from tests.kill_points import STORE_CALLS, CallCounter, Place


def gateway_of(spark: Any) -> Dict[str, str]:
    """Return the variables that lead a process to the JVM of a session."""
    gateway = spark.sparkContext._gateway.gateway_parameters  # noqa: SLF001  pyspark has no other way
    return {"PYSPARK_GATEWAY_PORT": str(gateway.port), "PYSPARK_GATEWAY_SECRET": gateway.auth_token}


def attach() -> Any:
    """Return a session in the JVM that ``PYSPARK_GATEWAY_PORT`` and ``_SECRET`` name."""
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415  --help of no program needs it
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415  as above
    from pyspark.sql import SparkSession  # noqa: PLC0415  as above

    gateway = launch_gateway()
    java = gateway.jvm.org.apache.spark
    context = java.api.java.JavaSparkContext(java.SparkContext.getOrCreate())
    conf = SparkConf(_jvm=gateway.jvm, _jconf=context.getConf())
    return SparkSession(SparkContext(gateway=gateway, jsc=context, conf=conf))


def places() -> List[Place]:
    """Return the calls of the store, of Spark and of the network."""
    from pyspark.sql import DataFrame, SparkSession  # noqa: PLC0415  as above

    return [
        *((DeltaMetadataStore, name) for name in STORE_CALLS),
        *((SparkSession, name) for name in ("sql", "table", "range")),
        (DataFrame, "collect"),
        (SparkScanner, "scan"),
        (api_client, "exchange"),
    ]


def main(kill_at: int, argv: List[str]) -> int:
    """Run the command until it is killed."""
    attach()
    audit.SHOWN_AFTER = timedelta(0)  # a killed run leaves a row that says Running
    counter = CallCounter(kill_at, lambda: os.kill(os.getpid(), signal.SIGKILL))
    with counter.watching(places()):
        code = cli.main(argv)
    sys.stderr.write(f"{counter.calls}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
