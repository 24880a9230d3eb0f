"""``argv`` (and ``NUVYN_JOB_PAYLOAD``) -> :class:`JobRequest`. Pure."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Callable, Sequence, Tuple

from nuvyn_executor.discovery import formats
from nuvyn_executor.errors import UsageError
from nuvyn_executor.model import JobRequest, JobType, RequestedSource, SourceType
from nuvyn_executor.source_list import SOURCE_TYPES, VARIABLE, is_unicode, parse_payload, split_paths

JOB_TYPES = tuple(job_type.value for job_type in JobType)
_NAMES = ("job_type", "data_source_path", "source_type", "tenant_id")
_MOST = len(_NAMES)
_CALL = "<job_type> [data_source_path] [source_type] [tenant_id]"


def parse_parameters(
    argv: Sequence[str], payload: str = "", exists: Callable[[str], bool] = lambda _: False
) -> JobRequest:
    """Read the parameters of a job: ``<job_type> [data_source_path] [source_type] [tenant_id]``.

    Args:
        argv: the parameters alone, without the program's name.
        payload: the value of ``NUVYN_JOB_PAYLOAD``: sources for a job whose parameters name no path.
        exists: whether a file or folder exists at a path; a path with commas may be a list of paths.

    Returns:
        The request; ``source_type`` is ``auto`` and ``tenant_id`` is ``default`` where they are missing or
        empty. A job that needs no source ignores a path: the guide's own backend sends ``schema_validation``
        with and without one.

    Raises:
        UsageError: a parameter, or the payload, is wrong. One sentence names it, and there is a remedy.
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
    for what, value in zip(_NAMES, argv):
        if not is_unicode(value):
            raise UsageError(f"{what} is not UTF-8.", "Write it in UTF-8; rename files whose names are not.")
    name, path, source_type, tenant_id = [*argv, "", "", ""][:4]
    job_type = JobType(_known(name, JOB_TYPES, "job type"))
    request = JobRequest(
        job_type=job_type,
        source_type=formats.source_type_named(
            _known(source_type or SourceType.AUTO.value, SOURCE_TYPES, "source type")
        ),
        tenant_id=tenant_id.strip() or "default",
    )
    if not job_type.needs_source:
        return request
    if path.strip():
        note = f"The parameters name a path: {VARIABLE} is not used"
        return _with_path(request, path.strip(), exists, (note,) if payload.strip() else ())
    if payload.strip():
        return _with_payload(request, payload)
    raise UsageError(
        f"{job_type.value} needs a data source path.",
        f"Call: {job_type.value} <data_source_path> [source_type] [tenant_id], "
        f"for example: {job_type.value} /Volumes/main/default/sales_data/ parquet client-123.",
    )


def _with_path(
    request: JobRequest, path: str, exists: Callable[[str], bool], notes: Tuple[str, ...]
) -> JobRequest:
    paths = split_paths(path, exists)
    sources = tuple(RequestedSource(one, request.source_type) for one in paths) if len(paths) > 1 else ()
    return replace(request, data_source_path=path, sources=sources, notes=notes)


def _with_payload(request: JobRequest, payload: str) -> JobRequest:
    workflow_id, sources = parse_payload(payload, request.source_type)
    count = f"{len(sources)} source{'s' if len(sources) > 1 else ''}"
    workflow = f" for workflow {workflow_id}" if workflow_id else ""
    return replace(
        request,
        data_source_path=",".join(one.path for one in sources),
        source_type=sources[0].source_type if len(sources) == 1 else request.source_type,
        sources=sources if len(sources) > 1 else (),
        notes=(f"{VARIABLE} names {count}{workflow}",),
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
