"""The sentences that tell the reader what limits the figures of a report. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Optional, Sequence

from nuvyn_executor.quality.dimensions import DIMENSIONS

if TYPE_CHECKING:
    from nuvyn_executor.reports.contents import Table
    from nuvyn_executor.reports.results import RunResult
    from nuvyn_executor.reports.stored_rows import Stored

_NOT_ALONE = (
    "No stored run has read this source alone: the points of findings are of the overall score of all "
    "sources of that run. Run quality_assessment for this source to have its own scores."
)
_NOT_TOGETHER = (
    "No run has read all of these sources together, so there is no score of the whole: each source has its "
    "own, and points are those of its source."
)


def notices_of(
    stored: Stored, run: Optional[RunResult], tables: Sequence[Table], runs: Sequence[RunResult]
) -> Iterable[str]:
    """Return the sentences that tell the reader what limits the figures."""
    failure = stored.last_failure
    if failure is not None and all(failure.at > run.at for run in stored.runs):
        what = f"The last run ({failure.job} {failure.run_id} of {failure.at.date()}) failed"
        if stored.runs:
            what += ", and the scores here are from before it"
        yield f"{what}: {failure.reason}" if failure.reason else f"{what}."
    about_scores = _notice_of_scores(stored, run, tables, runs)
    if about_scores:
        yield about_scores
    written = {str(row["last_run_id"]) for row in stored.sources if row.get("last_run_id")}
    later = sorted(written - {one.run_id for one in runs})
    if later and tables and run is not None and run.is_assessed:
        yield (
            f"The tables below were written by a later run ({', '.join(later)}); the scores and findings of "
            f"the whole are those of {run.run_id} of {run.at.date()}."
        )
    sampled = sum(table.measured.is_sampled for table in tables)
    if sampled:
        yield f"{sampled} of {len(tables)} tables were sampled: not all of their rows were counted."
    if any(one.is_truncated for one in runs) or any(table.measured.is_truncated for table in tables):
        yield "EXECUTOR_MAX_FILES_PER_JOB cut the listing of files: some tables may be missing."
    versions = {table.measured.formula_version for table in tables} - {None}
    if len(versions) > 1:
        listed = ", ".join(sorted(str(one) for one in versions))
        yield f"Scores of these tables come from formula versions {listed}, which do not compare."


def _notice_of_scores(
    stored: Stored, run: Optional[RunResult], tables: Sequence[Table], runs: Sequence[RunResult]
) -> Optional[str]:
    """Return what the reader has to know of the score of the whole, and of the points of findings."""
    if not tables:
        read_none = run is not None and not run.tables
        first = "Nothing is stored of tables here. Run metadata_extraction or quality_assessment first."
        return "The last run found no tables." if read_none else first
    if not runs:
        return (
            "No stored run has scores of the whole, so findings have no points. "
            "Run quality_assessment for them."
        )
    if run is None:
        return _NOT_ALONE if len(stored.sources) == 1 else _NOT_TOGETHER
    if not run.has_findings and set(DIMENSIONS) <= set(run.scores.dimensions):
        return (
            "The findings of the whole, with the points that each costs, are not stored here: what is "
            "recommended for each table stands in their place."
        )
    if not run.is_assessed:
        return (
            "The last run was a metadata_extraction, which stores of the whole only the overall score and "
            "completeness. Run quality_assessment for all six dimensions and for findings with their points."
        )
    return None
