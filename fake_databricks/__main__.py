"""``python -m fake_databricks``: start a local Databricks and print how to reach it."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import Sequence
from urllib.parse import quote

from fake_databricks.clusters.runtimes import spark_asked_for, versions_with
from fake_databricks.engine.backends import sources
from fake_databricks.engine.inside.path_table import VOLUMES
from fake_databricks.engine.runtime import own_runtime, runtimes_folder
from fake_databricks.engine.runtime_install import NotInstalled, install
from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs.runs import KEEP_RUNS
from fake_databricks.server import FakeDatabricks, Options, RefusedOptions
from fake_databricks.storage import StateError
from fake_databricks.workspace import DEFAULT_CLUSTER_ID

INSTALL = "install-runtime"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments and arguments[0] == INSTALL:
        return _install_runtime(arguments[1:])
    try:
        fake = FakeDatabricks(_options(arguments))
    except (RefusedOptions, StateError, OSError) as error:
        sys.stderr.write(f"fake-databricks: {error}\n")
        return 2
    fake.run(lambda: _print_access(fake))
    return 0


def _options(argv: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="fake-databricks",
        description="A local Databricks; a run really runs.",
        epilog=f"fake-databricks {INSTALL} 17 installs the Spark of Databricks 17 for its clusters.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to bind to (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="0 picks a free one (default: %(default)s)")
    parser.add_argument("--state", type=Path, metavar="DIR", help="store everything here, for the next start")
    parser.add_argument(
        "--token", action="append", default=[], help="the only token allowed; may be given several times"
    )
    parser.add_argument(
        "--any-token", action="store_true", help="allow every token, not only those that begin with dapi"
    )
    parser.add_argument(
        "--oauth-client",
        action="append",
        default=[],
        metavar="ID=SECRET",
        help="a client that gets access tokens from /oidc/v1/token; may be given several times",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name under which clients reach the server; may be given several times",
    )
    parser.add_argument("--cluster-id", default=DEFAULT_CLUSTER_ID, help="default: %(default)s")
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="URL=FOLDER",
        help="install this folder when pip is asked for that git+https URL",
    )
    parser.add_argument(
        "--mount",
        action="append",
        default=[],
        metavar="POINT=SOURCE",
        help="mount a bucket or container: /mnt/client-data=s3a://bucket/path or =wasbs://container@account"
        ".blob.core.windows.net/path; endpoint and credentials: AWS_... or AZURE_STORAGE_CONNECTION_STRING",
    )
    parser.add_argument(
        "--volume",
        action="append",
        default=[],
        metavar="VOLUME=SOURCE",
        help="the location of a Volume: /Volumes/catalog/schema/name=s3a://bucket/path",
    )
    parser.add_argument(
        "--keep-runs",
        type=int,
        default=KEEP_RUNS,
        metavar="N",
        help="ended runs that each workspace keeps; older ones are deleted (default: %(default)s)",
    )
    parser.add_argument("--tls", action="store_true", help="https, with a certificate of an own authority")
    parser.add_argument("--no-spark", action="store_true", help="plain Python tasks, no JVM")
    chosen = parser.parse_args(argv)
    pairs = []
    for text in chosen.source:
        url, mark, folder = text.rpartition("=")
        if not mark or not Path(folder).is_dir():
            parser.error(f"--source {text}: expected URL=FOLDER, with a folder that exists")
        pairs.append((url, Path(folder).resolve()))
    mounts = [_mount(parser, "--mount", text) for text in chosen.mount]
    mounts += [_mount(parser, "--volume", text) for text in chosen.volume]
    return Options(
        chosen.host,
        chosen.port,
        chosen.state,
        tuple(chosen.token),
        chosen.cluster_id,
        has_spark=not chosen.no_spark,
        sources=sources(pairs),
        mounts=tuple(mounts),
        any_token=chosen.any_token,
        allowed_hosts=tuple(chosen.allowed_host),
        keep_runs=chosen.keep_runs,
        oauth_clients=tuple(_client(text) for text in chosen.oauth_client),
        tls=chosen.tls,
    )


def _install_runtime(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog=f"fake-databricks {INSTALL}",
        description="Install the Python, Spark and Delta of a Databricks version, for clusters that name it.",
    )
    parser.add_argument("version", help="the version, as 17, 17.3 or 17.3.x-scala2.13")
    parser.add_argument(
        "--python", type=Path, metavar="PATH", help="the Python to make it with (default: one that is found)"
    )
    chosen = parser.parse_args(arguments)
    try:
        spark = spark_asked_for(chosen.version)
        if spark == own_runtime().minor:
            return _say(
                f"Databricks {chosen.version} has Spark {spark}, as this server: nothing is to install."
            )
        made = install(spark, runtimes_folder(), python=chosen.python, environ=os.environ)
    except (InvalidParameter, NotInstalled, OSError) as error:
        sys.stderr.write(f"fake-databricks: {error}\n")
        return 1
    content, versions = made.content, versions_with(spark)
    whose = versions[0] if len(versions) == 1 else f"{versions[-1]} to {versions[0]}"
    return _say(
        f"Spark {content['spark']} with Delta {content['delta']} on Python {content['python_version']}"
        f" {'is installed' if made.is_new else 'was installed already'} in {made.home}:"
        f" clusters of Databricks {whose} have it."
    )


def _say(sentence: str) -> int:
    sys.stdout.write(sentence + "\n")
    return 0


def _client(text: str) -> tuple[str, str]:
    name, _, secret = text.partition("=")
    return name, secret


def _mount(parser: argparse.ArgumentParser, option: str, text: str) -> tuple[str, str]:
    point, mark, source = text.partition("=")
    is_volume = point.startswith(f"{VOLUMES}/")
    if not mark or is_volume != (option == "--volume"):
        form = "/Volumes/catalog/schema/name=SOURCE" if option == "--volume" else "/mnt/name=SOURCE"
        parser.error(f"{option} {point}: expected {form}")
    return point, source


def _print_access(fake: FakeDatabricks) -> None:
    lines = [
        f"fake_databricks listens at {fake.url}",
        f"token      {fake.token}",
        f"cluster    {fake.cluster_id}",
        "",
        f"export DATABRICKS_HOST={fake.url}",
        f"export DATABRICKS_TOKEN={fake.token}",
        f"export DATABRICKS_CLUSTER_ID={fake.cluster_id}",
    ]
    if fake.certificates:
        lines += ["", f"authority  {fake.certificates.authority}", ""]
        variables = fake.certificates.variables().items()
        lines += [f"export {name}={shlex.quote(value)}" for name, value in variables]
    lines += ["", f"pages      {fake.url}/?token={quote(fake.token, safe='')}"]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
