"""Writes a data contract (ODCS v3) of what was found at a path: ``python -m nuvyn_executor.contract PATH``.

It is a start for a person, and no job: nothing is stored or sent. The data meet the contract that is written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

from nuvyn_executor import bootstrap
from nuvyn_executor.contracts.suggestion import suggested
from nuvyn_executor.contracts.yaml_nodes import BrokenContract, write_yaml
from nuvyn_executor.discovery import formats
from nuvyn_executor.errors import ExecutorError
from nuvyn_executor.interrupts import ended_by_interrupt, stopped
from nuvyn_executor.output import write_stdout, write_utf8
from nuvyn_executor.source_list import SOURCE_TYPES

_DESCRIPTION = """\
Write a data contract (Open Data Contract Standard, v3) of what is found at PATH: tables, columns, types,
keys, formats, and which columns are complete. Correct it, add what the data cannot say, and put it beside
the data.
"""
_HEAD = """\
# A data contract of what was found. Correct it, and add what the data cannot say: valid values, ranges,
# freshness. Its keys are those of the Open Data Contract Standard (ODCS), v3.
"""


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Write a contract to stdout, or to a file.

    Args:
        argv: parameters without the program's name; ``sys.argv[1:]`` by default.

    Returns:
        0 on success, 1 where nothing could be written; wrong parameters end the program with 2.
    """
    parser = argparse.ArgumentParser("python -m nuvyn_executor.contract", description=_DESCRIPTION)
    parser.add_argument(
        "path", metavar="PATH", help="a file, a folder, a table: what data_source_path may be"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write it there, and not to stdout")
    parser.add_argument("--type", default="auto", choices=SOURCE_TYPES, help="what the path holds (auto)")
    given = parser.parse_args(argv)
    write_utf8()
    try:
        text = _contract_of(given.path, given.type, given.output)
        if given.output is None:
            write_stdout(text, "Name a file with -o.")
        else:
            with Path(given.output).open("x", encoding="utf-8") as stream:
                stream.write(text)
    except ExecutorError as error:
        return _failed(str(error))
    except BrokenContract as error:
        return _failed(f"{error.message}. {error.remedy}")
    except OSError as error:
        return _failed(f"{given.output} cannot be written: {error.strerror or error}. Name another file.")
    return 0


def _contract_of(path: str, source_type: str, output: Optional[str]) -> str:
    write_yaml({})  # says at once that PyYAML is missing
    if output is not None and Path(output).exists():
        raise ExecutorError(f"{output} is there already.", "Name another file, or remove it.")
    if sys.stderr.isatty():
        print("Reading the data ...", file=sys.stderr)  # noqa: T201  that may take minutes
    with bootstrap.scanned(path, formats.source_type_named(source_type)) as (location, scans):
        title = location.rstrip("/").rsplit("/", 1)[-1].partition(".")[0] or "data"
        return _HEAD + write_yaml(suggested(title, location, scans))


def _failed(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201  one sentence for a person
    return 1


if __name__ == "__main__":
    with ended_by_interrupt(stopped):
        sys.exit(main())
