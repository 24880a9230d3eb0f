"""The report of a made-up shop, for pictures: what three weeks of runs left in the tables."""

from __future__ import annotations

import bisect
import itertools
import json
import math
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Sequence

from nuvyn_executor.profiling.histogram import BINS
from tests.report_rows import (
    DIMENSIONS,
    NOW,
    Row,
    Stored,
    assessment,
    column_row,
    run_row,
    source_row,
    table_row,
)

if TYPE_CHECKING:
    from nuvyn_executor.reports.contents import Report

DATA = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
"""Tables, columns (counts as shares of rows or values), findings, and the overall score of each run."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SPREADS: Mapping[str, Callable[[float], float]] = {
    "even": lambda place: 1 + 0.06 * math.sin(40 * place),
    "rising": lambda place: 0.2 + place + 0.12 * math.sin(25 * place),
    "bell": lambda place: math.exp(-(((place - 0.42) / 0.2) ** 2)),
    "skewed": lambda place: place**0.6 * math.exp(-7 * place),
    "peak": lambda place: math.exp(-(((place - 0.55) / 0.06) ** 2)) + 0.02,
    "one": lambda _: 1.0,
}
"""How many values are at a place from the least to the greatest, up to a factor."""


def example() -> Report:
    """Return the report."""
    report: Report = example_rows().report()
    return report


def example_rows() -> Stored:
    """Return the rows that it is made of."""
    source = source_row(files_found=31, total_size_bytes=214_560_331, source_type="auto")
    stored = Stored(source)
    for table in DATA["tables"]:
        stored.tables.append(_table(source, table))
        stored.columns += [_column(stored.tables[-1], one, at) for at, one in enumerate(table["columns"], 1)]
    newest = DATA["overall"][0]
    for number, overall in enumerate(DATA["overall"]):
        result = assessment(stored.tables, stored.columns, _findings(), overall, checked=_checked())
        scores = [round(min(100.0, one - 0.9 * (newest - overall)), 2) for one in DATA["scores"]]
        result["quality_metrics"] = dict(zip(DIMENSIONS, scores))
        if number:
            _make_older(result, number)
        else:
            result["details"]["unreadable"] = [_unreadable()]
        at = NOW - timedelta(days=3 * number)
        stored.runs.append(run_row(source, result, run_id=f"job_{number:012x}", started_at=at))
    source["last_run_id"] = stored.runs[0]["run_id"]
    return stored


def _table(source: Row, one: Row) -> Row:
    details: Dict[str, Any] = {"corrupt_rows": 0, "duplicate_rows": 0}
    if one["file_format"] != "csv":
        details["read_as"] = {}
    return table_row(
        source,
        one["name"],
        one["overall"],
        one["rows"],
        file_format=one["file_format"],
        details=details,
        last_modified=NOW - timedelta(days=one["age"]),
        size_bytes=one["rows"] * 11 * len(one["columns"]),
        **dict(zip(DIMENSIONS, one["scores"])),
    )


def _column(table: Row, one: Row, position: int) -> Row:
    rows = table["row_count"]
    missing = _counts(one.get("missing", {}), rows)
    present = rows - sum(missing.values())
    suspects = _counts(one.get("suspects", {}), present)
    is_text, invalid = one["data_type"] == "string", one.get("invalid", 0.0)
    details = {
        **dict.fromkeys(("nulls", "blanks", "placeholders"), 0),
        **missing,
        "semantic_type": one.get("kind"),
        "checked": present,
        "invalid": round(invalid * present),
        "suspects": sum(suspects.values()),
        "suspect_reasons": suspects,
        "shapes": _counts(one["shapes"], present),
        "length_min": 2 if is_text else None,
        "length_max": 5 * len(one["name"]) if is_text else None,
        **_distribution(one, present),
    }
    return column_row(
        table,
        one["name"],
        position,
        one["data_type"],
        details=details,
        null_count=rows - present,
        distinct_count=max(1, round(one["distinct"] * present)),
        completeness=round(100 * present / rows, 2),
        validity=round(100 - 100 * invalid, 2),
        uniqueness=round(100 * one["distinct"], 2),
        is_primary_key=position == 1 and one["distinct"] == 1.0,
    )


def _distribution(one: Row, present: int) -> Row:
    """Return the shape that the column is said to have; cell values are not in this report."""
    spread = SPREADS.get(one.get("spread", ""))
    if spread is None:
        return {"distribution": None, "quantiles": None, "commonest": None}
    is_one = one["spread"] == "one"  # all are alike: one bar
    shares = [1.0] if is_one else [spread((place + 0.5) / BINS) for place in range(BINS)]
    bins = [round(present * share / sum(shares)) for share in shares]
    of = {"string": "lengths", "date": "moments", "timestamp": "moments"}.get(one["data_type"], "numbers")
    shape: Row = {"of": of, "count": sum(bins), "bins": bins, "error": 0.0625}
    if of == "lengths":
        longest = 5 * len(one["name"])
        shape["quantiles"] = [round(2 + (longest - 2) * _share_below(bins, part)) for part in QUANTILES]
    return {"distribution": shape, "quantiles": None, "commonest": None}


def _share_below(bins: Sequence[int], part: float) -> float:
    """Return the place below which a part of all values is, from 0 to 1."""
    below = list(itertools.accumulate(bins))
    return bisect.bisect_left(below, part * below[-1]) / len(bins)


def _counts(shares: Row, of: int) -> Dict[str, int]:
    return {key: round(share * of) for key, share in shares.items()}


def _findings() -> Sequence[Row]:
    places = [".".join(filter(None, (one["table"], one["column"]))) for one in DATA["findings"]]
    return [{**one, "text": f"{place}: {one['text']}"} for place, one in zip(places, DATA["findings"])]


def _checked() -> Dict[str, int]:
    cells = sum(one["rows"] * len(one["columns"]) for one in DATA["tables"])
    rows = sum(one["rows"] for one in DATA["tables"])
    return dict(zip(DIMENSIONS, (cells, cells - 90_211, cells - 64_700, rows, 4_871_002, rows)))


def _unreadable() -> Row:
    reason = "is a Parquet file that is cut short: its end is missing"
    return {"name": "orders/2026-02-28.parquet", "reason": reason, "remedy": "Write or copy the file again."}


def _make_older(result: Row, number: int) -> None:
    """Make the result of an earlier run of that of the last one."""
    datasets: List[Row] = json.loads(json.dumps(result["details"]["datasets"]))
    for at, one in enumerate(datasets):
        one["rows"] = round(one["rows"] * (1 - 0.004 * number * (at % 3)))
        one["overall_score"] = round(one["overall_score"] - 0.9 * number * (at % 2) - 0.11 * (at % 3), 2)
    customers, orders = datasets[0], datasets[1]
    customers["columns"] = [one for one in customers["columns"] if one["name"] != "country"]
    orders["columns"].append({"name": "coupon", "data_type": "string"})
    orders["columns"][4]["data_type"] = "double"
    result["details"]["datasets"] = [one for one in datasets if one["name"] != "payments"]
