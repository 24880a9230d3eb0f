"""Print the rows of Delta tables in a folder as one JSON document, without Spark.

``python -m examples.delta_tables FOLDER`` is what ``nuvyn-contract verify-executor --tables`` may call.
FOLDER holds a folder for each table. The transaction log says which Parquet files are a table;
polars reads them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Sequence
from urllib.parse import unquote

LOG = "_delta_log"


class UnreadableTableError(ValueError):
    """A table has what this reader does not know; the message says what."""


def live_files(table: Path) -> List[Path]:
    """Return the Parquet files of the newest version of a table.

    Raises:
        UnreadableTableError: the log does not begin at version 0, or files have deletion vectors.

    """
    commits = sorted(path for path in (table / LOG).glob("*.json") if path.stem.isdigit())
    if not commits or int(commits[0].stem) != 0:
        raise UnreadableTableError(f"{table}: its log does not begin at version 0")
    files: Dict[str, bool] = {}
    for commit in commits:
        for line in commit.read_text(encoding="utf-8").splitlines():
            action = json.loads(line)
            if "remove" in action:
                files.pop(action["remove"]["path"], None)
            if "add" in action:
                if action["add"].get("deletionVector"):
                    raise UnreadableTableError(f"{table}: it has deletion vectors; print its rows with Spark")
                files[action["add"]["path"]] = True
    return [table / unquote(path) for path in files]


def rows_of(table: Path) -> List[Dict[str, Any]]:
    """Return the rows of a table."""
    import polars as pl  # noqa: PLC0415  what only lists files needs none

    files = live_files(table)
    if not files:
        return []
    return pl.concat([pl.read_parquet(path) for path in files], how="diagonal_relaxed").to_dicts()


def main(argv: Sequence[str]) -> int:
    """Print the tables of a folder; return the exit code."""
    if len(argv) != 1:
        sys.stderr.write("usage: python -m examples.delta_tables FOLDER\n")
        return 2
    tables = sorted(path.parent for path in Path(argv[0]).glob(f"*/{LOG}"))
    if not tables:
        sys.stderr.write(f"{argv[0]}: no Delta table lies there: name the folder above the tables\n")
        return 2
    try:
        found = {table.name: rows_of(table) for table in tables}
    except ImportError:
        sys.stderr.write("polars is not installed: it reads the Parquet files of Delta tables\n")
        return 2
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    json.dump(found, sys.stdout, default=str)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
