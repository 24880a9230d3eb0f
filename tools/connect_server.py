"""Run a Spark Connect server with Delta on this machine until standard input ends, for tests and for a look.

Prints its address, ``sc://127.0.0.1:15002``, when it answers. Any Python with the packages of the extra
``local4`` starts it; a client needs ``pyspark-client`` alone::

    SPARK_REMOTE=sc://127.0.0.1:15002 nuvyn-executor quality_assessment ./data csv default
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

PLUGIN = "org.apache.spark.sql.connect.SparkConnectPlugin"


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def main() -> None:
    """Start the server, print its address, and wait for the end of standard input."""
    port = free_port()
    os.environ.pop("SPARK_REMOTE", None)  # else this Python would be a client, too
    settings = {"spark.plugins": PLUGIN, "spark.connect.grpc.binding.port": str(port)}
    named = " ".join(f"--conf {name}={value}" for name, value in settings.items())
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"{named} pyspark-shell"
    from nuvyn_executor.spark.session import build_local_session, stop_session  # noqa: PLC0415  after SPARK_REMOTE

    with TemporaryDirectory(prefix="nuvyn-connect-") as warehouse:
        java_options = os.environ.get("EXECUTOR_JAVA_OPTIONS")
        session = build_local_session(Path(warehouse), java_options=java_options, app_name="nuvyn-connect")
        print(f"sc://127.0.0.1:{port}", flush=True)
        sys.stdin.read()
        stop_session(session)


if __name__ == "__main__":
    main()
