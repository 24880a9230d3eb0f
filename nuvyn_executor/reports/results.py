"""What the row of a run says about scores: its own fields, and its result, which is JSON. Pure.

Results of older versions lack keys, and a row of another program may hold anything: what cannot be read is as
if it were not there.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.model import JobType, RunStatus
from nuvyn_executor.reports.contents import UNKNOWN, LeftOut, Scores

SCORING_JOBS = (JobType.FULL_PIPELINE, JobType.QUALITY_ASSESSMENT, JobType.METADATA_EXTRACTION)
"""The jobs whose results have scores."""
_GREATEST = int(sys.float_info.max)
_HIGHEST_SCORE = 100


@dataclass(frozen=True)
class TableResult:
    """A table in a result, or those of one name, which lie in several folders.

    Attributes:
        columns: their names, with their types where the result has them.
        number: of the tables; of several the rows are all rows, and score and columns are not known.
    """

    rows: Optional[int]
    overall: Optional[float]
    columns: Mapping[str, Optional[str]]
    number: int = 1


@dataclass(frozen=True)
class RunResult:
    """A run that has scores.

    Attributes:
        sources: ids of the sources that it read.
        findings: as the result has them.
        has_findings: whether it says what was found; else that is not known.
        is_assessed: whether all six dimensions are there.
        provenance: as the result has it.
    """

    run_id: str
    job: str
    at: datetime
    status: str
    executor_version: str
    sources: FrozenSet[str]
    scores: Scores
    findings: Tuple[Mapping[str, Any], ...]
    has_findings: bool
    is_assessed: bool
    tables: Mapping[str, TableResult]
    left_out: Tuple[LeftOut, ...]
    is_truncated: bool
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def table(self, names: Sequence[str]) -> Optional[TableResult]:
        """Return a table by the first of its names that is there."""
        return next((self.tables[name] for name in names if name in self.tables), None)


@dataclass(frozen=True)
class Failure:
    """A run that has failed; what it stored until then may have scores all the same."""

    run_id: str
    job: str
    at: datetime
    sources: FrozenSet[str]
    reason: Optional[str]


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> List[Mapping[str, Any]]:
    """Return the JSON objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def parsed(text: Any) -> Mapping[str, Any]:
    """Return the JSON object of a text, or an empty one."""
    try:
        return mapping(json.loads(text)) if isinstance(text, str) else {}
    except (ValueError, RecursionError):  # no JSON, or deeper than Python reads it
        return {}


def number(value: Any) -> Optional[float]:
    """Return a finite number, or ``None`` for anything else. JSON's may be larger than any double.

    Nothing that a report shows is negative.
    """
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value <= _GREATEST else None


def score(value: Any) -> Optional[float]:
    """Return a score, or points of one: 0 to 100, or ``None`` for anything else."""
    found = number(value)
    return found if found is not None and found <= _HIGHEST_SCORE else None


def level_of(overall: Optional[float], stored: Any) -> str:
    """Return the name of the level of a score; without a score there is none."""
    return UNKNOWN if overall is None else text_of(stored) or UNKNOWN


def whole(value: Any) -> Optional[int]:
    """Return how many there are: a whole number of 64 bits, or ``None`` for anything else."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and 0 <= value < 2**63 else None


def text_of(value: Any) -> Optional[str]:
    """Return a text that is not empty, or ``None`` for anything else."""
    return value if isinstance(value, str) and value else None


def moment(value: Any) -> Optional[datetime]:
    """Return a moment, or ``None`` for anything else."""
    return value if isinstance(value, datetime) else None


def numbers(value: Any, read: Callable[[Any], Optional[float]] = number) -> Dict[str, float]:
    """Return the numbers of a JSON object."""
    found = ((key, read(one)) for key, one in mapping(value).items())
    return {key: one for key, one in found if one is not None}


def counts(value: Any) -> Dict[str, int]:
    """Return the whole numbers of a JSON object."""
    return {key: one for key, one in mapping(value).items() if whole(one) is not None}


def failure_of(row: Mapping[str, Any]) -> Optional[Failure]:
    """Return what a row of ``executor_runs`` says of a failure; ``None`` where the run has not failed."""
    at = row.get("started_at")
    if row.get("status") != RunStatus.FAILED.value or not isinstance(at, datetime):
        return None
    details = mapping(parsed(row.get("result")).get("details"))
    return Failure(
        run_id=str(row.get("run_id")),
        job=str(row.get("run_mode")),
        at=at,
        sources=_sources(row, details),
        reason=text_of(row.get("error_message")),
    )


def run_result(row: Mapping[str, Any]) -> Optional[RunResult]:
    """Return what a row of ``executor_runs`` says about scores; ``None`` where it has none.

    Of a full pipeline the assessment counts, and the extraction where it has no assessment.
    """
    at = row.get("started_at")
    done = row.get("status") in (RunStatus.SUCCESS.value, RunStatus.PARTIAL.value, RunStatus.FAILED.value)
    if not done or not isinstance(at, datetime):
        return None
    job = str(row.get("run_mode"))
    result = _scoring_part(job, parsed(row.get("result")))
    details = mapping(result.get("details"))
    metrics = mapping(result.get("quality_metrics"))
    if not details or "quality_metrics" not in result:
        return None
    is_assessed = "overall_score" in result
    overall = score(result.get("overall_score") if is_assessed else metrics.get("overall_score"))
    return RunResult(
        run_id=str(row.get("run_id")),
        job=job,
        at=at,
        status=str(row.get("status")),
        executor_version=str(row.get("executor_version") or ""),
        sources=_sources(row, details),
        scores=Scores(
            overall=overall,
            level=level_of(overall, result.get("quality_level")),
            dimensions={name: score(one) for name, one in metrics.items() if name != "overall_score"},
            checked=counts(details.get("checked")),
        ),
        findings=tuple(objects(details.get("findings"))),
        has_findings=isinstance(details.get("findings"), list),
        is_assessed=is_assessed,
        tables=_tables(details),
        left_out=(*_left_out(details, "unreadable"), *_left_out(details, "skipped")),
        is_truncated=details.get("truncated") is True,
        provenance=mapping(details.get("provenance")),
    )


def _scoring_part(job: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    if job != JobType.FULL_PIPELINE.value:
        return document
    steps = mapping(document.get("details"))
    names = (JobType.QUALITY_ASSESSMENT.value, JobType.METADATA_EXTRACTION.value)
    return next((mapping(steps[name]) for name in names if "quality_metrics" in mapping(steps.get(name))), {})


def _sources(row: Mapping[str, Any], details: Mapping[str, Any]) -> FrozenSet[str]:
    one = text_of(row.get("source_id"))
    if one is not None:
        return frozenset({one})
    several = objects(details.get("sources"))
    return frozenset(str(one.get("source_id")) for one in several if "error" not in one)


def _tables(details: Mapping[str, Any]) -> Dict[str, TableResult]:
    found: Dict[str, TableResult] = {}
    for one in objects(details.get("datasets")) or objects(details.get("tables")):
        name = one.get("name")
        if isinstance(name, str):
            table = _table(one)
            found[name] = _both(found[name], table) if name in found else table
    return found


def _table(one: Mapping[str, Any]) -> TableResult:
    return TableResult(
        rows=whole(one.get("rows")),
        overall=score(one.get("overall_score")),
        columns={
            str(column["name"]): text_of(column.get("data_type"))
            for column in objects(one.get("columns"))
            if isinstance(column.get("name"), str)
        },
    )


def _both(one: TableResult, other: TableResult) -> TableResult:
    """Return what tables of one name have in common: a result does not say which is in which folder."""
    rows = None if one.rows is None or other.rows is None else one.rows + other.rows
    return TableResult(rows, None, {}, one.number + other.number)


def _left_out(details: Mapping[str, Any], key: str) -> Tuple[LeftOut, ...]:
    return tuple(
        LeftOut(
            str(one.get("name")),
            str(one.get("reason") or ""),
            str(one.get("remedy") or ""),
            is_failure=key == "unreadable",
        )
        for one in objects(details.get(key))
    )
