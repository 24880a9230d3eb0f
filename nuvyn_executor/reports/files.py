"""Makes the report of stored sources, and writes it to a file."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from contextlib import suppress
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Sequence

from nuvyn_executor.errors import ExecutorError, UsageError
from nuvyn_executor.reports.build import build_report
from nuvyn_executor.reports.page import html
from nuvyn_executor.reports.results import run_result
from nuvyn_executor.reports.stored import source_rows, stored_rows
from nuvyn_executor.source_list import split_paths
from nuvyn_executor.sources.factory import masked_location
from nuvyn_executor.sources.locations import python_path, scheme_of, under_root

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.store.base import MetadataStore, Row

_FILE_SCHEMES = ("", "dbfs", "file")
_MOST_NAMED = 5
_NONE_BESIDE = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP)
"""The file may be written, but none may be made beside it or take its place: a file that is mounted alone."""


def report_of(
    store: MetadataStore, path: Optional[str], tenant: Optional[str], made_at: datetime, *, shows_values: bool
) -> str:
    """Return the report of a source or several, of a tenant, or of all sources.

    Args:
        store: the five tables.
        path: of the source, or of several with commas, as a job named it; without it, all sources.
        tenant: whose sources; without it, those of all.
        made_at: the present, UTC.
        shows_values: whether cell values may be shown.

    Raises:
        ExecutorError: nothing is stored of them.
    """
    known = source_rows(store)
    if not known:
        raise ExecutorError(
            f"Nothing is stored in {store.schema_name} yet.",
            "Run metadata_extraction or quality_assessment first, or set EXECUTOR_SCHEMA_NAME "
            "(off Databricks, EXECUTOR_WAREHOUSE_DIR too) as that run had it.",
        )
    of_tenant = [row for row in known if tenant in (None, row["tenant_id"])]
    if not of_tenant:
        raise _nothing_of_tenant(tenant, known)
    found = of_tenant
    if path is not None:
        paths = split_paths(path, lambda one: bool(_rows_of(one, of_tenant)))
        by_path = {one: _rows_of(one, of_tenant) for one in paths}
        missing = [one for one in paths if not by_path[one]]
        if missing:
            raise _no_source(missing[0], tenant, known, of_tenant)
        meant = {row["source_id"] for rows in by_path.values() for row in rows}
        found = [row for row in of_tenant if row["source_id"] in meant]
    found.sort(key=lambda row: (str(row["tenant_id"]), str(row.get("source_path"))))
    return html(build_report(stored_rows(store, found, shows_values=shows_values), made_at))


def report_of_run(
    store: MetadataStore, run: Mapping[str, Any], made_at: datetime, *, shows_values: bool
) -> Optional[str]:
    """Return the report of the sources of a run, which need not be stored yet; ``None`` without scores."""
    result = run_result(run)
    read = frozenset() if result is None else result.sources
    found = [row for row in source_rows(store) if row["source_id"] in read]
    if not found:
        return None
    found.sort(key=lambda row: str(row.get("source_path")))
    rows = stored_rows(store, found, shows_values=shows_values, this_run=run)
    return html(build_report(rows, made_at))


def report_file(path: str, roots: Optional[Mapping[str, str]] = None) -> Path:
    """Return the file that a path names, as :func:`write_report` takes it.

    Raises:
        UsageError: the path is of a store.
    """
    if scheme_of(path) not in _FILE_SCHEMES and len(scheme_of(path)) > 1:
        raise UsageError(
            f"{masked_location(path)} is no place for a report.",
            "Name a file of a Volume, of DBFS or of a disk: /Volumes/main/default/reports/report.html.",
        )
    return Path(under_root(python_path(path), roots or {}))


def write_report(path: str, page: str, roots: Optional[Mapping[str, str]] = None) -> None:
    """Write a report, whole or not at all: the one before stays until then.

    Args:
        path: a file: a plain path, ``dbfs:/...``, ``/Volumes/...``.
        page: the report.
        roots: folders that stand for Databricks' roots on this machine.

    Raises:
        ExecutorError: the file cannot be written.
    """
    file = report_file(path, roots)
    try:
        _write(file, page)
    except (OSError, ValueError) as error:  # ValueError: no file can have such a name
        raise ExecutorError(
            f"{path} cannot be written: {getattr(error, 'strerror', None) or error}.",
            "Name a file in a folder that is there and may be written to.",
        ) from error


def _write(file: Path, page: str) -> None:
    if file.exists() and not file.is_file():  # a device or a pipe, which must stay what it is
        file.write_text(page, encoding="utf-8")
        return
    file = file.resolve()  # of a link the file, not the link
    part = file.with_name(f".report-{os.getpid()}-{threading.get_ident()}.part")  # two may write at once
    try:
        part.write_text(page, encoding="utf-8")
        if file.exists():
            with suppress(OSError):  # Volumes and DBFS have no modes
                shutil.copymode(file, part)
        part.replace(file)
    except OSError as error:
        if error.errno not in _NONE_BESIDE:
            raise
        file.write_text(page, encoding="utf-8")
    finally:
        with suppress(OSError):
            part.unlink()


def _rows_of(path: str, rows: Sequence[Row]) -> List[Row]:
    """Return the sources that a path means; one folder has several spellings."""
    meant = _spelling(path)
    return [row for row in rows if _spelling(str(row.get("source_path") or "")) == meant]


def _spelling(path: str) -> str:
    scheme = scheme_of(path)
    return (python_path(path) if scheme in _FILE_SCHEMES else masked_location(path)).rstrip("/")


def _nothing_of_tenant(tenant: Optional[str], known: Sequence[Row]) -> ExecutorError:
    tenants = sorted({str(row["tenant_id"]) for row in known})
    return ExecutorError(f"Nothing is stored of tenant {tenant}.", f"Stored are those of {_listed(tenants)}.")


def _no_source(
    path: str, tenant: Optional[str], known: Sequence[Row], of_tenant: Sequence[Row]
) -> ExecutorError:
    """Return the error that says what is stored instead."""
    meant = masked_location(path) if scheme_of(path) else path
    others = sorted({str(row["tenant_id"]) for row in _rows_of(path, known)})
    if others:
        return ExecutorError(
            f"No source {meant} of tenant {tenant} is stored.", f"It is one of {_listed(others)}."
        )
    paths = sorted(
        {str(row.get("source_path")) for row in of_tenant}, key=lambda one: (-_likeness(one, meant), one)
    )
    return ExecutorError(
        f"No source {meant} is stored.", f"Name it as a job named it; stored are {_listed(paths)}."
    )


def _likeness(one: str, other: str) -> float:
    """Return how alike two paths are, 0 to 1."""
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
