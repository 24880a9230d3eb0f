"""``python -m benchmarks``: the usual parts; ``python -m benchmarks cluster`` or another name: that part."""

from __future__ import annotations

import argparse
from typing import Any, Mapping

from benchmarks import cluster, costs, files, growth, others, profiler, server, stores, where

PARTS: Mapping[str, Any] = {
    "server": server,
    "profiler": profiler,
    "files": files,
    "cluster": cluster,
    "growth": growth,
    "others": others,
    "where": where,
    "stores": stores,
    "costs": costs,
}
USUAL = ("server", "profiler")


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures; takes some minutes.")
    commands = parser.add_subparsers(dest="what", metavar=" | ".join(PARTS))
    for name, part in PARTS.items():
        part.add_options(commands.add_parser(name, help=part.HELP))
    named = parser.parse_args().what
    for number, name in enumerate([named] if named else USUAL):
        if number:
            print()
        options = vars(parser.parse_args() if named else parser.parse_args([name]))
        PARTS[options.pop("what")].main(**options)


if __name__ == "__main__":
    main()
