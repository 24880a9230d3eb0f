"""Makes a report of stored rows. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.quality.dimensions import DIMENSIONS
from nuvyn_executor.reports.comparison import changes_of
from nuvyn_executor.reports.contents import UNKNOWN, Finding, Method, Report, Scores, Source, Table
from nuvyn_executor.reports.findings import findings_of
from nuvyn_executor.reports.history import points, runs_of_a_trend
from nuvyn_executor.reports.notices import notices_of
from nuvyn_executor.reports.results import RunResult, moment, number, numbers, score, text_of, whole
from nuvyn_executor.reports.stored_rows import Row, Stored, StoredRows, in_order
from nuvyn_executor.reports.table_facts import table_of

if TYPE_CHECKING:
    from datetime import datetime


def build_report(rows: StoredRows, made_at: datetime) -> Report:
    """Make a report of rows, of one source or several; ``made_at`` is the present, UTC."""
    sources = rows.sources
    stored = in_order(rows)
    over_all = [run for run in stored.runs if run.sources == stored.ids]
    whole_run = _run_of_the_whole(stored)
    several = len(sources) > 1
    each = {str(row["source_id"]): _newest(stored.runs_over(str(row["source_id"]))) for row in sources}
    findings = findings_of(stored, [whole_run] if whole_run else each.values())
    by_table: Dict[str, List[Finding]] = defaultdict(list)
    for one in findings:
        if one.table_id is not None:
            by_table[one.table_id].append(one)
    shown = tuple(
        table_of(row, index, stored, by_table[str(row["table_id"])])
        for index, row in enumerate(stored.tables, 1)
    )
    different, compared = changes_of(stored)
    runs_shown = [whole_run] if whole_run else [run for run in each.values() if run is not None]
    return Report(
        title=_title(sources),
        made_at=made_at,
        sources=tuple(_source(row, stored, each[str(row["source_id"])]) for row in sources),
        scores=_scores_of_the_whole(whole_run, shown, several=several),
        findings=findings,
        are_points_of_each_source=several and whole_run is None,
        tables=shown,
        trends=_trends(over_all),
        history=points(over_all),
        changes=different,
        compared=compared,
        left_out=tuple(
            dict.fromkeys(one for run in runs_shown if run.sources <= stored.ids for one in run.left_out)
        ),
        notices=tuple(notices_of(stored, whole_run, shown, runs_shown)),
        method=_method(whole_run, shown),
        shows_values=rows.shows_values,
    )


def _title(sources: Sequence[Row]) -> str:
    if len(sources) == 1:
        return str(sources[0].get("source_path") or sources[0].get("source_name") or "")
    tenants = sorted({str(row["tenant_id"]) for row in sources})
    return f"{len(sources)} sources of {', '.join(tenants)}"


def _newest(runs: Sequence[RunResult]) -> Optional[RunResult]:
    """Return the newest run with all dimensions, or the newest with an overall score.

    A run that found nothing to assess counts: the scores before it are those of other data.
    """
    scored = [run for run in runs if run.scores.overall is not None or run.is_assessed]
    return next((run for run in scored if run.is_assessed), scored[0] if scored else None)


def _run_of_the_whole(stored: Stored) -> Optional[RunResult]:
    """Return the newest run over exactly the sources of the report.

    Of several sources none is taken that is older than a later run over one of them.
    """
    run = _newest([run for run in stored.runs if run.sources == stored.ids])
    if run is None or len(stored.ids) == 1:
        return run
    later = [one for one in stored.runs if one.at > run.at and one.is_assessed]
    return None if later else run


def _scores_of_the_whole(run: Optional[RunResult], tables: Sequence[Table], *, several: bool) -> Scores:
    """Return the scores of the whole; those of a source with one table are the table's."""
    if run is not None:
        if run.scores.level != UNKNOWN or run.is_assessed:
            return run.scores
        levels = {table.scores.level for table in tables}
        return replace(run.scores, level=levels.pop()) if len(tables) == 1 else run.scores
    return tables[0].scores if len(tables) == 1 and not several else Scores()


def _trends(runs: Sequence[RunResult]) -> Mapping[str, Tuple[Optional[float], ...]]:
    """Return the scores of each dimension in the last runs, the oldest first.

    An extraction has completeness alone, and counts only where there is no assessment.
    """
    compared = runs_of_a_trend([run for run in runs if run.is_assessed] or runs)
    return {name: tuple(run.scores.dimensions.get(name) for run in compared) for name in DIMENSIONS}


def _source(row: Row, stored: Stored, run: Optional[RunResult]) -> Source:
    source_id = str(row["source_id"])
    trend = [one.scores.overall for one in runs_of_a_trend(stored.runs_over(source_id))]
    alone = run is not None and run.sources == {source_id}
    return Source(
        source_id=source_id,
        tenant=str(row.get("tenant_id") or ""),
        path=str(row.get("source_path") or ""),
        source_type=str(row.get("source_type") or ""),
        files=whole(row.get("files_found")),
        size_bytes=whole(row.get("total_size_bytes")),
        updated_at=moment(row.get("updated_at")),
        measured_at=run.at if run is not None and alone else moment(row.get("updated_at")),
        scores=run.scores if run is not None and alone else Scores(),
        trend=tuple(trend) if alone else (),
    )


def _method(run: Optional[RunResult], tables: Sequence[Table]) -> Method:
    if run is None:
        versions = sorted({one.measured.formula_version for one in tables if one.measured.formula_version})
        return Method(formula_version=", ".join(versions) or None)
    origin = run.provenance
    return Method(
        run_id=run.run_id,
        job=run.job,
        at=run.at,
        executor_version=run.executor_version or None,
        formula_version=text_of(origin.get("formula_version")),
        weights=numbers(origin.get("weights")),
        levels=numbers(origin.get("levels"), score),
        thresholds=numbers(origin.get("thresholds")),
        grace_hours=number(origin.get("grace_hours")),
        half_life_days=number(origin.get("half_life_days")),
    )
