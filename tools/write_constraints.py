r"""Write the pinned versions of one or several Python versions into a constraints file, on standard output.

Reads what pip would install, one report a Python::

    python3.13 -m pip install --dry-run --ignore-installed --report report-3.13.json \
        '.[local,arrow,excel,cloud,docs,dev]' './fake_databricks[servers]'
    python tools/write_constraints.py report-3.9.json report-3.13.json > constraints.txt

Before Python 3.10 leave out ``./fake_databricks``.
Where versions differ between Pythons, each line says from which Python to which one it holds. The version of
the last Python holds for later ones too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

OURS = ("nuvyn-executor-script", "fake-databricks")
Python = Tuple[int, ...]
Run = Tuple[int, int, str]  # index of the first and of the last Python with this version


def read_report(path: Path) -> Tuple[Python, Dict[str, str]]:
    """Read a report of pip: its Python, and each distribution's version but ours."""
    report = json.loads(path.read_text(encoding="utf-8"))
    python = tuple(int(part) for part in report["environment"]["python_version"].split("."))
    names = (item["metadata"] for item in report["install"])
    return python, {item["name"]: item["version"] for item in names if item["name"] not in OURS}


def runs_of(versions: Sequence[Optional[str]]) -> List[Run]:
    """Group neighbours of one version; ``None`` (not installed there) joins its left neighbour."""
    runs: List[Run] = []
    for index, version in enumerate(versions):
        if version is None:
            continue
        if runs and runs[-1][2] == version:
            runs[-1] = (runs[-1][0], index, version)
        else:
            runs.append((index, index, version))
    return runs


def lines_of(name: str, versions: Sequence[Optional[str]], pythons: Sequence[Python]) -> List[str]:
    """Return the lines of one distribution: its pins, with the markers that they need."""
    runs = runs_of(versions)
    lines = []
    for place, (first, _, version) in enumerate(runs):
        after = runs[place + 1][0] if place + 1 < len(runs) else None
        bounds = [(">=", first if place else 0), ("<", after)]
        marks = [f"python_version {sign} '{_dotted(pythons[at])}'" for sign, at in bounds if at]
        lines.append(f"{name}=={version}" + (f"; {' and '.join(marks)}" if marks else ""))
    return lines


def _dotted(python: Python) -> str:
    return ".".join(str(part) for part in python)


def main(paths: Sequence[str]) -> None:
    """Print the constraints."""
    reports = sorted((read_report(Path(path)) for path in paths), key=lambda report: report[0])
    pythons = [python for python, _ in reports]
    print(f"# Written by tools/write_constraints.py for Python {', '.join(map(_dotted, pythons))}.")
    for name in sorted({name for _, pins in reports for name in pins}, key=str.lower):
        print("\n".join(lines_of(name, [pins.get(name) for _, pins in reports], pythons)))


if __name__ == "__main__":
    main(sys.argv[1:])
