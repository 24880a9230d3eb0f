"""Writes the quality report of what the tables hold: ``python -m nuvyn_executor.report PATH -o report.html``.

It reads the five tables and nothing else, so that it also works for what ran last month. Nothing is sent.
In a notebook :func:`quality_report` returns the same report.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Mapping, Optional, Sequence

from nuvyn_executor import bootstrap
from nuvyn_executor.errors import ExecutorError, UsageError
from nuvyn_executor.interrupts import ended_by_interrupt, stopped
from nuvyn_executor.output import write_stdout, write_utf8
from nuvyn_executor.reports.files import report_file, report_of, write_report
from nuvyn_executor.reports.page import framed

_DESCRIPTION = """\
Write the quality report of a source, of a tenant, or of all sources, as one HTML file. It is made from the
five metadata tables alone.
"""
_STDOUT = "-"


class QualityReport:
    """A quality report. A notebook shows it as the last of a cell, or by ``displayHTML(report.html)``.

    Attributes:
        html: the whole file.
    """

    def __init__(self, html: str) -> None:
        self.html = html

    def __repr__(self) -> str:
        return f"<QualityReport of {len(self.html):,} characters: displayHTML(report.html) shows it>"

    def _repr_html_(self) -> str:
        """Return the report in a frame of its own, for Jupyter."""
        return framed(self.html)

    def save(self, path: str) -> None:
        """Write it to a file.

        Raises:
            ExecutorError: the file cannot be written.
        """
        write_report(path, self.html)


def quality_report(
    path: Optional[str] = None, tenant: Optional[str] = None, environ: Optional[Mapping[str, str]] = None
) -> QualityReport:
    """Return the quality report of stored sources.

    Args:
        path: of the source, or of several with commas, as a job named it; without it, all sources.
        tenant: whose sources; without it, those of all.
        environ: environment variables; ``os.environ`` by default.

    Raises:
        ExecutorError: nothing is stored of them, or the tables cannot be read.
    """
    with bootstrap.stored_metadata(environ) as (store, settings):
        shows_values = settings.send_samples
        return QualityReport(report_of(store, path, tenant, bootstrap.now(), shows_values=shows_values))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Write a report to a file.

    Args:
        argv: parameters without the program's name; ``sys.argv[1:]`` by default.

    Returns:
        0 on success, 1 where nothing could be written; wrong parameters end the program with 2.
    """
    parser = argparse.ArgumentParser("python -m nuvyn_executor.report", description=_DESCRIPTION)
    parser.add_argument(
        "path",
        metavar="PATH",
        nargs="?",
        help="the source, or several with commas, as a job named it; without it, all sources",
    )
    parser.add_argument("--tenant", metavar="T", help="whose sources; without it, those of all tenants")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default="report.html",
        help="where to write it (report.html); - is stdout",
    )
    given = parser.parse_args(argv)
    write_utf8()
    try:
        _check_names(given.path, given.tenant)
        if given.output != _STDOUT:
            _check_place(given.output)  # before Spark starts, which takes seconds
        if sys.stderr.isatty():
            print("Reading the stored tables ...", file=sys.stderr)  # noqa: T201  Spark starts, which takes seconds
        made = quality_report(given.path, given.tenant)
        if given.output == _STDOUT:
            write_stdout(made.html, "Name a file with -o.")
            return 0
        made.save(given.output)
    except ExecutorError as error:
        print(error, file=sys.stderr)  # noqa: T201  one sentence for a person
        return error.exit_code
    print(f"Written: {given.output}", file=sys.stderr)  # noqa: T201  as above
    return 0


def _check_names(path: Optional[str], tenant: Optional[str]) -> None:
    """Refuse what a script gives where its variable is empty: it means one source, and not all."""
    for name, value in (("PATH", path), ("--tenant", tenant)):
        if value is not None and not value.strip():
            raise UsageError(f"{name} is empty.", "Name one, or leave it out for all that is stored.")


def _check_place(path: str) -> None:
    file = report_file(path)
    if path.endswith("/") and not os.path.isdir(file):  # noqa: PTH112  as below
        raise UsageError(f"{path} is the name of a folder.", "Name a file with -o.")
    if not os.path.isdir(file.parent):  # noqa: PTH112  Path.is_dir fails where a name is too long
        raise UsageError(f"The folder of {path} is not there.", "Make it, or name another file with -o.")
    if os.path.isdir(file):  # noqa: PTH112  as above
        raise UsageError(f"{file} is a folder.", "Name a file in it with -o.")


if __name__ == "__main__":
    with ended_by_interrupt(stopped):
        sys.exit(main())
