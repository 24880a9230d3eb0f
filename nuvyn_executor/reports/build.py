"""Makes a report of stored rows. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import AbstractSet, Any, Dict, FrozenSet, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from nuvyn_executor.quality.checks.registry import FORMS
from nuvyn_executor.quality.dimensions import DIMENSIONS
from nuvyn_executor.quality.tallies import Shape
from nuvyn_executor.reports.contents import (
    UNKNOWN,
    Change,
    Column,
    Distribution,
    Finding,
    Measured,
    Method,
    Report,
    Scores,
    Source,
    Table,
)
from nuvyn_executor.reports.history import Place, changes, comparable, order_of, points
from nuvyn_executor.reports.results import (
    RunResult,
    counts,
    mapping,
    number,
    numbers,
    objects,
    parsed,
    run_result,
    text_of,
    whole,
)

Row = Mapping[str, Any]

MISSING = ("nulls", "nans", "blanks", "placeholders")
_MOST_RUNS_OF_A_TREND = 12
_FORMS = {
    **{form.shape: form.written[3:] if form.written.startswith("as ") else form.written for form in FORMS},
    Shape.TYPED: "typed",
    Shape.TEXT: "text",
    Shape.PADDED: "blanks around",
}
_REASONS = {
    "stand_in": "stand-in",
    "infinite": "infinite",
    "far_out": "far outlier",
    "broken_text": "broken characters",
}
_SPELLED = {",": "comma", ";": "semicolon", "\t": "tab", " ": "blank", '"': "double"}
_NOT_ALONE = (
    "No stored run has read this source alone: the points of findings are of the overall score of all "
    "sources of that run. Run quality_assessment for this source to have its own scores."
)
_NOT_TOGETHER = (
    "No run has read all of these sources together, so there is no score of the whole: each source has its "
    "own, and points are those of its source."
)
_CLASSES = (
    ("number", ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal", "long", "short")),
    ("text", ("string", "varchar", "char")),
    ("moment", ("date", "timestamp")),
    ("boolean", ("boolean",)),
)


@dataclass(frozen=True)
class StoredRows:
    """Rows of four of the five tables.

    Attributes:
        sources: of the sources that the report is about.
        tables, columns: of these, those that are gone included.
        runs: of the jobs that score, the newest first; those over other sources count for nothing.
        shows_values: whether cell values are among them.
    """

    sources: Sequence[Row]
    tables: Sequence[Row]
    columns: Sequence[Row]
    runs: Sequence[Row]
    shows_values: bool = False


@dataclass(frozen=True)
class _Stored:
    """The rows of a report in order, and the runs that scored its sources, the newest first."""

    sources: Sequence[Row]
    tables: Sequence[Row]
    gone_tables: Sequence[Row]
    columns: Mapping[str, Sequence[Row]]
    runs: Sequence[RunResult]

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(str(row["source_id"]) for row in self.sources)

    def runs_over(self, source_id: str) -> List[RunResult]:
        """Return the runs over one source alone; where there is none, those over several with it."""
        alone = [run for run in self.runs if run.sources == {source_id}]
        return alone or [run for run in self.runs if source_id in run.sources]

    def table(self, run: RunResult, name: str) -> Optional[Row]:
        """Return the table that a run's result names; ``None`` where it is not of the report, or is gone."""
        of_run = [row for row in self.tables if row["source_id"] in run.sources]
        same = [row for row in of_run if name == row["table_name"]]
        found = same or [row for row in of_run if name in self.names_of(row)]
        return found[0] if found else None

    def names_of(self, table: Row) -> Tuple[str, ...]:
        """Return a table's names in results: those of several sources may write the source's before it."""
        source = next(row for row in self.sources if row["source_id"] == table["source_id"])
        prefixes = (str(source.get("source_name")), str(source.get("source_path")).rstrip("/"))
        return (str(table["table_name"]), *(f"{prefix}/{table['table_name']}" for prefix in prefixes))


def build_report(rows: StoredRows, made_at: datetime) -> Report:
    """Make a report of rows, of one source or several; ``made_at`` is the present, UTC."""
    sources = rows.sources
    stored = _stored(rows)
    whole_run = _run_of_the_whole(stored)
    several = len(sources) > 1
    each = {str(row["source_id"]): _newest(stored.runs_over(str(row["source_id"]))) for row in sources}
    findings = _findings(stored, [whole_run] if whole_run else each.values())
    by_table: Dict[str, List[Finding]] = defaultdict(list)
    for one in findings:
        if one.table_id is not None:
            by_table[one.table_id].append(one)
    shown = tuple(
        _table(row, index, stored, by_table[str(row["table_id"])])
        for index, row in enumerate(stored.tables, 1)
    )
    different, compared = _changes(stored)
    runs_shown = [whole_run] if whole_run else [run for run in each.values() if run is not None]
    return Report(
        title=_title(sources),
        made_at=made_at,
        sources=tuple(_source(row, stored, each[str(row["source_id"])]) for row in sources),
        scores=_scores_of_the_whole(whole_run, shown, several=several),
        findings=findings,
        are_points_of_each_source=several and whole_run is None,
        tables=shown,
        history=points([run for run in stored.runs if run.sources == stored.ids]),
        changes=different,
        compared=compared,
        left_out=tuple(
            dict.fromkeys(one for run in runs_shown if run.sources <= stored.ids for one in run.left_out)
        ),
        notices=tuple(_notices(stored, whole_run, shown, runs_shown)),
        method=_method(whole_run, shown),
        shows_values=rows.shows_values,
    )


def _stored(rows: StoredRows) -> _Stored:
    ids = {row["source_id"] for row in rows.sources}
    results = [one for one in map(run_result, rows.runs) if one is not None and one.sources & ids]
    by_table: Dict[str, List[Row]] = defaultdict(list)
    for row in rows.columns:
        if row.get("removed_at") is None:
            by_table[str(row["table_id"])].append(row)
    for some in by_table.values():
        some.sort(key=lambda row: row.get("ordinal_position") or 0)
    order = [row["source_id"] for row in rows.sources]
    ordered = sorted(rows.tables, key=lambda row: (order.index(row["source_id"]), str(row["table_name"])))
    return _Stored(
        rows.sources,
        [row for row in ordered if row.get("removed_at") is None],
        [row for row in ordered if row.get("removed_at") is not None],
        by_table,
        results,
    )


def _title(sources: Sequence[Row]) -> str:
    if len(sources) == 1:
        return str(sources[0].get("source_path") or sources[0].get("source_name") or "")
    tenants = sorted({str(row["tenant_id"]) for row in sources})
    return f"{len(sources)} sources of {', '.join(tenants)}"


def _newest(runs: Sequence[RunResult]) -> Optional[RunResult]:
    """Return the newest run with all dimensions, or the newest with an overall score."""
    scored = [run for run in runs if run.scores.overall is not None or run.findings]
    return next((run for run in scored if run.is_assessed), scored[0] if scored else None)


def _run_of_the_whole(stored: _Stored) -> Optional[RunResult]:
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


def _source(row: Row, stored: _Stored, run: Optional[RunResult]) -> Source:
    source_id = str(row["source_id"])
    trend = [one.scores.overall for one in reversed(stored.runs_over(source_id)[:_MOST_RUNS_OF_A_TREND])]
    alone = run is not None and run.sources == {source_id}
    return Source(
        source_id=source_id,
        tenant=str(row.get("tenant_id") or ""),
        path=str(row.get("source_path") or ""),
        source_type=str(row.get("source_type") or ""),
        files=whole(row.get("files_found")),
        size_bytes=whole(row.get("total_size_bytes")),
        updated_at=_moment(row.get("updated_at")),
        scores=run.scores if run is not None and alone else Scores(),
        trend=tuple(trend) if alone else (),
    )


def _findings(stored: _Stored, runs: Iterable[Optional[RunResult]]) -> Tuple[Finding, ...]:
    """Return the findings of runs, or, where a table has none of them, what its details recommend."""
    assessed = {run.run_id: run for run in runs if run is not None and run.is_assessed}.values()
    found = [
        each
        for run in assessed
        for each in (_finding(one, run, stored) for one in run.findings)
        if each.table_id is not None or run.sources <= stored.ids  # else it may be of another source
    ]
    covered = {source for run in assessed for source in run.sources}
    for row in stored.tables:
        if row["source_id"] not in covered:
            found.extend(_recommended(row))
    return tuple(sorted(found, key=_rank))


def _rank(one: Finding) -> Tuple[bool, bool, float]:
    """Put notes last, and first what concerns no dimension: it says whether scores can be trusted."""
    return one.is_note, one.dimension is not None, -(one.points_lost or 0.0)


def _finding(one: Mapping[str, Any], run: RunResult, stored: _Stored) -> Finding:
    table, column = text_of(one.get("table")), text_of(one.get("column"))
    what, remedy = _what_and_remedy(str(one.get("text") or ""), table, column)
    row = None if table is None else stored.table(run, table)
    return Finding(
        source_id=_only(run.sources) if row is None else str(row["source_id"]),
        table=table if row is None else str(row["table_name"]),
        column=column,
        table_id=None if row is None else str(row["table_id"]),
        dimension=text_of(one.get("dimension")),
        count=whole(one.get("count")),
        of=whole(one.get("of")),
        points_lost=number(one.get("points_lost")),
        what=what,
        remedy=remedy,
        is_note=one.get("level") is not None,
    )


def _recommended(row: Row) -> List[Finding]:
    table = str(row["table_name"])
    texts = mapping(parsed(row.get("details"))).get("recommendations")
    found = []
    for text in texts if isinstance(texts, list) else []:
        place, separator, _ = str(text).partition(": ")
        if not separator or not (place == table or place.startswith(f"{table}.")):
            continue  # "maintain current standards", "4 more findings are listed in details"
        column = place[len(table) + 1 :] or None
        what, remedy = _what_and_remedy(str(text), table, column)
        found.append(
            Finding(
                str(row["source_id"]),
                table,
                column,
                str(row["table_id"]),
                None,
                None,
                None,
                None,
                what,
                remedy,
            )
        )
    return found


def _what_and_remedy(text: str, table: Optional[str], column: Optional[str]) -> Tuple[str, str]:
    """Take a recommendation apart: ``place: what - remedy``."""
    places = ([f"{table}.{column}: "] if column else []) + [f"{table}: "]
    place = next((one for one in places if text.startswith(one)), "")
    what, separator, remedy = text[len(place) :].rpartition(" - ")
    return (what, remedy) if separator else (remedy, "")


def _table(row: Row, index: int, stored: _Stored, findings: Sequence[Finding]) -> Table:
    details = parsed(row.get("details"))
    scanned = whole(details.get("rows_scanned"))
    over = [run for run in stored.runs if row["source_id"] in run.sources]
    seen = [run.table(stored.names_of(row)) for run in reversed(over[:_MOST_RUNS_OF_A_TREND])]
    columns = stored.columns.get(str(row["table_id"]), ())
    rows = scanned if scanned is not None else whole(row.get("row_count"))
    return Table(
        table_id=str(row["table_id"]),
        anchor=f"t{index}",
        source_id=str(row["source_id"]),
        name=str(row["table_name"]),
        folder=str(row.get("schema_name") or ""),
        path=str(row.get("file_path") or ""),
        file_format=str(row.get("file_format") or ""),
        files=whole(row.get("file_count")),
        size_bytes=whole(row.get("size_bytes")),
        rows=whole(row.get("row_count")),
        corrupt_rows=whole(details.get("corrupt_rows")) or 0,
        duplicate_rows=whole(details.get("duplicate_rows")),
        scores=_scores(row, details),
        trend=tuple(None if one is None else one.overall for one in seen),
        last_modified=_moment(row.get("last_modified")),
        timeliness_source=text_of(details.get("timeliness_source")),
        comment=text_of(details.get("comment")),
        columns=tuple(_column(one, rows) for one in columns),
        findings=tuple(findings),
        read_as=_read_as(details),
        measured=_measured(details),
    )


def _scores(row: Row, details: Mapping[str, Any]) -> Scores:
    return Scores(
        overall=number(row.get("overall_score")),
        level=text_of(row.get("quality_level")) or UNKNOWN,
        dimensions={name: number(row.get(name)) for name in DIMENSIONS},
        checked=counts(details.get("checked")),
    )


def _measured(details: Mapping[str, Any]) -> Measured:
    contract = mapping(details.get("data_contract"))
    named = [text_of(contract.get(key)) for key in ("id", "version")]
    return Measured(
        engine=text_of(details.get("engine")),
        read_by=text_of(details.get("read_by")),
        rows_scanned=whole(details.get("rows_scanned")),
        rows_read=whole(details.get("rows_read")),
        is_sampled=details.get("sampled") is True,
        is_truncated=details.get("truncated") is True,
        is_approximate=details.get("approximate") is True,
        rsd=number(details.get("rsd")),
        formula_version=text_of(mapping(details.get("provenance")).get("formula_version")),
        contract=" ".join(one for one in named if one) or None,
    )


def _read_as(details: Mapping[str, Any]) -> Tuple[Tuple[str, str], ...]:
    pairs = [
        (key, value) for key, value in mapping(details.get("read_as")).items() if value not in (None, "")
    ]
    sheet, partitions = text_of(details.get("sheet")), details.get("partition_columns")
    if sheet:
        pairs.append(("sheet", sheet))
    if isinstance(partitions, list) and partitions:
        pairs.append(("partition columns", ", ".join(map(str, partitions))))
    return tuple((key.replace("_", " "), _plain(value)) for key, value in pairs)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _SPELLED.get(value, value) if isinstance(value, str) else str(value)


def _column(row: Row, rows: Optional[int]) -> Column:
    details = parsed(row.get("details"))
    missing = whole(row.get("null_count"))
    shapes = sorted(counts(details.get("shapes")).items(), key=lambda item: (-item[1], item[0]))
    shortest, longest = whole(details.get("length_min")), whole(details.get("length_max"))
    data_type = str(row.get("data_type") or "")
    return Column(
        name=str(row["column_name"]),
        data_type=data_type,
        type_class=_type_class(data_type),
        kind=text_of(details.get("semantic_type")),
        comment=text_of(details.get("comment")),
        is_key=row.get("is_primary_key") is True,
        completeness=number(row.get("completeness")),
        validity=number(row.get("validity")),
        uniqueness=number(row.get("uniqueness")),
        present=None if rows is None or missing is None else max(0, rows - missing),
        missing={key: one for key, one in counts(details).items() if key in MISSING and one},
        distinct=whole(row.get("distinct_count")),
        is_approximate=row.get("distinct_is_approximate") is True,
        checked=whole(details.get("checked")) or 0,
        invalid=whole(details.get("invalid")) or 0,
        suspects=whole(details.get("suspects")) or 0,
        reasons={_REASONS.get(key, key): one for key, one in counts(details.get("suspect_reasons")).items()},
        forms=tuple((_FORMS.get(shape, shape), count) for shape, count in shapes),
        lengths=None if shortest is None or longest is None else (shortest, longest),
        values=_values(row, details),
        expectations=tuple(
            (f"{one.get('clause')}: {one.get('limit')}", _true_or_false(one.get("is_met")))
            for one in objects(details.get("data_contract"))
        ),
        distribution=_distribution(details),
        commonest=tuple(_commonest(details.get("commonest"))),
    )


def _distribution(details: Mapping[str, Any]) -> Optional[Distribution]:
    """Return how values are distributed; ``None`` where that was not measured, or not by this version."""
    stored = mapping(details.get("distribution"))
    of, bins = text_of(stored.get("of")), stored.get("bins")
    if of is None or not isinstance(bins, list) or not bins:
        return None
    quantiles = details.get("quantiles") or stored.get("quantiles")
    return Distribution(
        of=of,
        count=whole(stored.get("count")) or 0,
        bins=tuple(whole(one) or 0 for one in bins),
        error=number(stored.get("error")) or 0.0,
        # A moment that Python has no year for is null.
        quantiles=tuple(map(str, quantiles)) if isinstance(quantiles, list) and None not in quantiles else (),
    )


def _commonest(stored: Any) -> Iterable[Tuple[str, int]]:
    for pair in stored if isinstance(stored, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and whole(pair[1]) is not None:  # noqa: PLR2004  value and count
            yield str(pair[0]), int(pair[1])


def _values(row: Row, details: Mapping[str, Any]) -> Dict[str, str]:
    """Return the cell values of a row: it has none where they may not be shown."""
    named = {
        "sample": row.get("sample_value"),
        "minimum": details.get("minimum"),
        "maximum": details.get("maximum"),
        **{_REASONS.get(key, key): one for key, one in mapping(details.get("suspect_examples")).items()},
    }
    return {key: str(value) for key, value in named.items() if value is not None}


def _true_or_false(value: Any) -> Optional[bool]:
    return value if isinstance(value, bool) else None


def _type_class(data_type: str) -> str:
    plain = data_type.lower().partition("(")[0].strip()
    for name, types in _CLASSES:
        if plain in types or (name == "moment" and plain.startswith("timestamp")):
            return name
    return "other"


def _changes(stored: _Stored) -> Tuple[Tuple[Change, ...], Optional[Tuple[datetime, datetime]]]:
    """Return what is different between the last two runs over the same sources, and when these were."""
    over: Dict[FrozenSet[str], List[RunResult]] = defaultdict(list)
    for run in stored.runs:
        over[run.sources].append(run)
    pairs = {sources: pair for sources, pair in ((one, comparable(over[one])) for one in over) if pair}
    compared: Dict[FrozenSet[str], Set[str]] = defaultdict(set)  # whose changes a pair tells
    since: Dict[str, datetime] = {}
    for source_id in map(str, (row["source_id"] for row in stored.sources)):
        with_it = [one for one in pairs if source_id in one]
        if with_it:
            newest = max(with_it, key=lambda one: (pairs[one][1].at, -len(one)))
            compared[newest].add(source_id)
            since[source_id] = pairs[newest][0].at
    found: List[Change] = []
    for sources, told in compared.items():
        before, after = pairs[sources]
        known = {name for run in over[sources] if run.at < before.at for name in run.tables}
        different = changes(before, after, partial(_place, stored, after), known)
        found.extend(one for one in different if one.source_id in told or sources == told)
    found.extend(_gone(stored, since, {(one.source_id, one.table) for one in found if one.table_id is None}))
    times = [(before.at, after.at) for before, after in map(pairs.__getitem__, compared)]
    return tuple(sorted(found, key=order_of)), max(times, key=itemgetter(1), default=None)


def _place(stored: _Stored, run: RunResult, name: str) -> Place:
    row = stored.table(run, name)
    if row is None:
        return Place(_only(run.sources), name, None)
    return Place(str(row["source_id"]), str(row["table_name"]), str(row["table_id"]))


def _gone(
    stored: _Stored, since: Mapping[str, datetime], known: AbstractSet[Tuple[str, str]]
) -> Iterable[Change]:
    """Return the tables that are gone by their rows, since the older of the runs that are compared.

    Args:
        stored: the rows.
        since: when that run of a source was; a source without one has all of them.
        known: source and name of tables that are gone by the results of runs.
    """
    for row in stored.gone_tables:
        source_id, at = str(row["source_id"]), _moment(row.get("removed_at"))
        is_news = at is None or source_id not in since or at >= since[source_id]
        if is_news and not any(
            (one, name) in known for name in stored.names_of(row) for one in (source_id, "")
        ):
            yield Change(
                "gone table", source_id, str(row["table_name"]), None, after=f"{at:%Y-%m-%d}" if at else ""
            )


def _only(sources: AbstractSet[str]) -> str:
    """Return the source where there is only one; else nothing."""
    return next(iter(sources)) if len(sources) == 1 else ""


def _notices(
    stored: _Stored, run: Optional[RunResult], tables: Sequence[Table], runs: Sequence[RunResult]
) -> Iterable[str]:
    """Return the sentences that tell the reader what limits the figures."""
    about_scores = _notice_of_scores(stored, run, tables, runs)
    if about_scores:
        yield about_scores
    written = {str(row.get("last_run_id")) for row in stored.sources}
    ids = {one.run_id for one in runs}
    if runs and run is not None and run.is_assessed and not written <= ids:
        yield (
            f"The tables below were written by a later run ({', '.join(sorted(written - ids))}); the scores "
            f"and findings of the whole are those of {run.run_id}."
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
    stored: _Stored, run: Optional[RunResult], tables: Sequence[Table], runs: Sequence[RunResult]
) -> Optional[str]:
    """Return what the reader has to know of the score of the whole, and of the points of findings."""
    if not tables:
        return "Nothing is stored of tables here. Run metadata_extraction or quality_assessment first."
    if not runs:
        return (
            "No stored run has scores of the whole, so findings have no points. "
            "Run quality_assessment for them."
        )
    if run is None:
        return _NOT_ALONE if len(stored.sources) == 1 else _NOT_TOGETHER
    if not run.is_assessed and set(DIMENSIONS) <= set(run.scores.dimensions):
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
        levels=numbers(origin.get("levels")),
        thresholds=numbers(origin.get("thresholds")),
        grace_hours=number(origin.get("grace_hours")),
        half_life_days=number(origin.get("half_life_days")),
    )


def _moment(value: Any) -> Optional[datetime]:
    return value if isinstance(value, datetime) else None
