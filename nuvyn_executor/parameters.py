"""``argv`` -> :class:`JobRequest`. Pure."""

from __future__ import annotations

import difflib
from typing import Sequence

from nuvyn_executor.discovery import formats
from nuvyn_executor.errors import UsageError
from nuvyn_executor.model import JobRequest, JobType, SourceType

JOB_TYPES = tuple(job_type.value for job_type in JobType)
SOURCE_TYPES = tuple(source_type.value for source_type in formats.SOURCE_TYPES)
_MOST = 4
_CALL = "<job_type> [data_source_path] [source_type] [tenant_id]"


def parse_parameters(argv: Sequence[str]) -> JobRequest:
    """Read the parameters of a job: ``<job_type> [data_source_path] [source_type] [tenant_id]``.

    Args:
        argv: the parameters alone, without the program's name.

    Returns:
        The request; ``source_type`` is ``auto`` and ``tenant_id`` is ``default`` where they are missing or
        empty. A job that needs no source ignores a path: the guide's own backend sends ``schema_validation``
        with and without one.

    Raises:
        UsageError: a parameter is wrong. One sentence names it, and there is a remedy.
    """
    if not argv:
        raise UsageError(
            "No job type was given.", f"Call: {_CALL}, where job_type is one of {_list(JOB_TYPES)}."
        )
    if len(argv) > _MOST:
        raise UsageError(
            f"{len(argv)} parameters were given, and at most {_MOST} are understood: "
            f"{argv[_MOST]!r} is one too many.",
            f"Call: {_CALL}; put a path with blanks in quotes.",
        )
    name, path, source_type, tenant_id = [*argv, "", "", ""][:4]
    job_type = JobType(_known(name, JOB_TYPES, "job type"))
    if job_type.needs_source and not path.strip():
        raise UsageError(
            f"{job_type.value} needs a data source path.",
            f"Call: {job_type.value} <data_source_path> [source_type] [tenant_id], "
            f"for example: {job_type.value} /Volumes/main/default/sales_data/ parquet client-123.",
        )
    return JobRequest(
        job_type=job_type,
        data_source_path=path.strip() or None if job_type.needs_source else None,
        source_type=formats.source_type_named(
            _known(source_type or SourceType.AUTO.value, SOURCE_TYPES, "source type")
        ),
        tenant_id=tenant_id.strip() or "default",
    )


def _known(value: str, known: Sequence[str], what: str) -> str:
    word = value.strip().lower()
    if word in known:
        return word
    near = difflib.get_close_matches(word.replace("-", "_").replace(" ", "_"), known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise UsageError(f"{value!r} is no {what}.", f"{hint}Known are {_list(known)}.")


def _list(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"
