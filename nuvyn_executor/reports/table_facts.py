"""What the rows of a table and of its columns say, for a report. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.quality.checks.registry import FORMS
from nuvyn_executor.quality.dimensions import DIMENSIONS
from nuvyn_executor.quality.tallies import Shape
from nuvyn_executor.reports.contents import Column, Distribution, Finding, Measured, Scores, Table
from nuvyn_executor.reports.history import runs_of_a_trend
from nuvyn_executor.reports.results import (
    counts,
    level_of,
    mapping,
    moment,
    number,
    objects,
    parsed,
    score,
    text_of,
    whole,
)

if TYPE_CHECKING:
    from nuvyn_executor.reports.stored_rows import Row, Stored

MISSING = ("nulls", "nans", "blanks", "placeholders")
_FORMS = {
    **{form.shape: form.written[3:] if form.written.startswith("as ") else form.written for form in FORMS},
    Shape.TYPED: "typed",
    Shape.TEXT: "text",
    Shape.PADDED: "blanks around",
}
_REASONS = {
    "stand_in": "stand-in",
    "infinite": "infinite number",
    "far_out": "far outlier",
    "broken_text": "broken text",
}
_SPELLED = {",": "comma", ";": "semicolon", "\t": "tab", " ": "blank", '"': "double"}
_CLASSES = (
    ("number", ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal", "long", "short")),
    ("text", ("string", "varchar", "char")),
    ("moment", ("date", "timestamp")),
    ("boolean", ("boolean",)),
)


def table_of(row: Row, index: int, stored: Stored, findings: Sequence[Finding]) -> Table:
    """Return what the row of a table, its columns and the runs over it say.

    Args:
        row: of ``tables``.
        index: the place among the tables of the report.
        stored: all rows.
        findings: of this table.
    """
    details = parsed(row.get("details"))
    scanned = whole(details.get("rows_scanned"))
    over = [run for run in stored.runs if row["source_id"] in run.sources]
    seen = [run.table(stored.names_of(row)) for run in runs_of_a_trend(over)]
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
        last_modified=moment(row.get("last_modified")),
        timeliness_source=text_of(details.get("timeliness_source")),
        comment=text_of(details.get("comment")),
        columns=tuple(_column(one, rows) for one in columns),
        findings=tuple(findings),
        read_as=_read_as(details),
        measured=_measured(details),
    )


def _scores(row: Row, details: Mapping[str, Any]) -> Scores:
    overall = score(row.get("overall_score"))
    return Scores(
        overall=overall,
        level=level_of(overall, row.get("quality_level")),
        dimensions={name: score(row.get(name)) for name in DIMENSIONS},
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
        completeness=score(row.get("completeness")),
        validity=score(row.get("validity")),
        uniqueness=score(row.get("uniqueness")),
        present=None if rows is None or missing is None else max(0, rows - missing),
        missing=_ways_of(missing, counts(details)),
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


def _ways_of(missing: Optional[int], details: Mapping[str, int]) -> Dict[str, int]:
    """Return how many cells are missing in which way; a row of an older version says only how many."""
    ways = {key: details[key] for key in MISSING if key in details} or {"missing": missing or 0}
    return {key: one for key, one in ways.items() if one}


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
