"""``python -m benchmarks``: all of it; ``python -m benchmarks server`` or ``... profiler`` one part of it."""

from __future__ import annotations

import argparse

from benchmarks import profiler, server


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures; takes some minutes.")
    commands = parser.add_subparsers(dest="what", metavar="server | profiler")
    commands.add_parser("server", help="the local Databricks: requests, runs, the first job")
    profiler.add_options(
        commands.add_parser("profiler", help="scans of Parquet and CSV, against Spark's own read")
    )
    options = parser.parse_args()
    if options.what != "profiler":
        server.main()
    if options.what is None:
        print()
        options = parser.parse_args(["profiler"])
    if options.what == "profiler":
        profiler.main(options.rows, options.rounds, others=options.others)


if __name__ == "__main__":
    main()
