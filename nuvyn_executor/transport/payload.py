"""What is sent to the platform: the guide's body, made of rows of the metadata tables. Pure.

A body has the four keys of the guide: ``job_id``, ``tenant_id``, ``metadata`` (``sources``, ``tables``,
``columns``) and ``quality_metrics``. A body that is too large goes in pages, each of them such a body, with
``page: {"number": 1, "of": 3}`` beside the four keys.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES, Table

Row = Mapping[str, Any]

_SECTIONS: Tuple[Tuple[str, Table, Tuple[str, ...]], ...] = (
    # key in the body, table, order of its rows
    ("sources", SOURCES, ("source_id",)),
    ("tables", TABLES, ("source_id", "table_id")),
    ("columns", COLUMNS, ("source_id", "table_id", "ordinal_position", "column_id")),
)
# This workspace's own bookkeeping: which of its runs wrote a row, and what the platform had when.
_BOOKKEEPING = frozenset(
    {"transmitted_version", "transmitted_at", "confirmation", "last_run_id", "scan_state"}
)
_JSON_COLUMNS = frozenset({"details", "connection_details"})
_CELL_COLUMNS = frozenset({"sample_value"})
# Keys of details whose entries are, or may be, values of the client's cells.
_CELL_KEY = re.compile(
    r"(?:minimum|maximum|min|max|mode|median|values?|quantiles?|fences?)(?:_values?)?|(?:top|samples?|examples?|previews?)(?:_.*)?",
    re.IGNORECASE,
)
_SCORES = (
    "overall_score",
    "completeness",
    "accuracy",
    "consistency",
    "timeliness",
    "validity",
    "uniqueness",
)


@dataclass(frozen=True)
class TenantMetadata:
    """What there is to send for one tenant.

    Attributes:
        tenant_id: whose it is.
        sources: rows of ``sources``.
        tables: rows of ``tables``, removed ones included: ``removed_at`` tells the platform of a removal.
        columns: rows of ``columns``, likewise.
        quality_metrics: scores over all of it; :func:`summarize_quality` makes them of rows of ``tables``.
    """

    tenant_id: str
    sources: Sequence[Row]
    tables: Sequence[Row]
    columns: Sequence[Row]
    quality_metrics: Mapping[str, Any]


def encode(body: Any) -> bytes:
    """Write a JSON value as UTF-8 without blanks; the same value always gives the same bytes.

    Raises:
        ValueError: it holds NaN or an infinity, which JSON has not.
    """
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def summarize_quality(tables: Sequence[Row]) -> Dict[str, Optional[float]]:
    """Average the scores of tables, each weighted by its rows; two decimals.

    A dimension that no table has a score for is ``None``; so is everything when nothing was assessed. Removed
    tables do not count. A table of no rows has no scores.
    """
    present = [row for row in tables if row.get("removed_at") is None]
    return {score: _weighted_mean(present, score) for score in _SCORES}


def _weighted_mean(rows: Sequence[Row], score: str) -> Optional[float]:
    pairs = [
        (float(row[score]), int(row.get("row_count") or 0)) for row in rows if row.get(score) is not None
    ]
    weight = sum(count for _, count in pairs)
    return round(math.fsum(value * count for value, count in pairs) / weight, 2) if weight else None


def build_pages(
    job_id: str,
    metadata: TenantMetadata,
    *,
    max_bytes: int,
    send_samples: bool = False,
    redact: Optional[Callable[[str], str]] = None,
) -> List[Dict[str, Any]]:
    """Build the bodies of the requests that carry one tenant's metadata, in the order to send them in.

    Rows keep the names of their table's columns, without bookkeeping; ``details`` and ``connection_details``
    are JSON objects; times are ISO 8601 in UTC; what JSON has no number for is null. Sources come before
    their tables, tables before their columns.

    Args:
        job_id: the job that sends.
        metadata: what to send.
        max_bytes: size of an encoded body. A page is larger only where one row alone does not fit.
        send_samples: whether cell values go along: ``sample_value``, and minima, samples, ... in details.
        redact: applied to every text.
    """
    clean = _Cleaner(send_samples, redact)
    body: Dict[str, Any] = {
        "job_id": job_id,
        "tenant_id": metadata.tenant_id,
        "metadata": {key: [] for key, _, _ in _SECTIONS},
        "quality_metrics": clean.value(dict(metadata.quality_metrics)),
    }
    given = {"sources": metadata.sources, "tables": metadata.tables, "columns": metadata.columns}
    rows = [
        (key, clean.row(table, row))
        for key, table, order in _SECTIONS
        for row in sorted(given[key], key=partial(_place, order))
    ]
    whole = _fill(body, rows)
    if len(encode(whole)) <= max_bytes:
        return [whole]
    highest = {"number": len(rows), "of": len(rows)}
    room = max_bytes - len(encode({**body, "page": highest}))
    groups = _split(rows, room)
    if len(groups) <= 1:
        return [whole]
    return [
        {**_fill(body, group), "page": {"number": number, "of": len(groups)}}
        for number, group in enumerate(groups, start=1)
    ]


def idempotency_key(tenant_id: str, versions: Mapping[str, int], page: Mapping[str, Any]) -> str:
    """Name what a request carries, so that the platform stores it once however often it arrives.

    The key depends on the tenant, the versions (``source_id`` to ``metadata_version``) and the page's
    content; not on the job, so that the next run, after an answer that got lost, sends under the same key.
    It depends on the content beside the versions because other limits make other pages of the same versions.

    Returns:
        64 hex digits.
    """
    content = {key: value for key, value in page.items() if key != "job_id"}
    return hashlib.sha256(encode([tenant_id, sorted(versions.items()), content])).hexdigest()


def _place(order: Tuple[str, ...], row: Row) -> Tuple[Any, ...]:
    # None sorts before everything, and never meets a value of another type
    return tuple((row.get(name) is not None, row.get(name)) for name in order)


def _fill(body: Mapping[str, Any], rows: Sequence[Tuple[str, Row]]) -> Dict[str, Any]:
    sections: Dict[str, List[Row]] = {key: [] for key, _, _ in _SECTIONS}
    for key, row in rows:
        sections[key].append(row)
    return {**body, "metadata": sections}


def _split(rows: Sequence[Tuple[str, Row]], room: int) -> List[List[Tuple[str, Row]]]:
    """Cut rows into groups of at most ``room`` encoded bytes, each of at least one row."""
    groups: List[List[Tuple[str, Row]]] = []
    free = 0
    for key, row in rows:
        size = len(encode(row)) + 1  # its comma
        if not groups or size > free:
            groups.append([])
            free = room
        groups[-1].append((key, row))
        free -= size
    return groups


@dataclass(frozen=True)
class _Cleaner:
    """Makes JSON of rows, and leaves out what must not leave."""

    send_samples: bool
    redact: Optional[Callable[[str], str]]

    def row(self, table: Table, row: Row) -> Dict[str, Any]:
        withheld = _BOOKKEEPING if self.send_samples else _BOOKKEEPING | _CELL_COLUMNS
        return {
            column.name: self._cell(column.name, row.get(column.name))
            for column in table.columns
            if column.name not in withheld
        }

    def _cell(self, name: str, value: Any) -> Any:
        if name in _JSON_COLUMNS:
            return self._json_object(value)
        return self.value(value)

    def _json_object(self, text: Any) -> Optional[Dict[str, Any]]:
        # what is no JSON object was not written by this package: nobody knows what stands in it, so it stays
        try:
            parsed = json.loads(text) if isinstance(text, str) else text
        except ValueError:
            return None
        return self.value(self._without_cells(parsed)) if isinstance(parsed, Mapping) else None

    def _without_cells(self, value: Any) -> Any:
        if self.send_samples:
            return value
        if isinstance(value, Mapping):
            return {
                key: self._without_cells(entry)
                for key, entry in value.items()
                if not _CELL_KEY.fullmatch(str(key))
            }
        if isinstance(value, (list, tuple)):
            return [self._without_cells(entry) for entry in value]
        return value

    def value(self, value: Any) -> Any:
        """Turn a value into what JSON can say."""
        if isinstance(value, Mapping):
            return {self._text(str(key)): self.value(entry) for key, entry in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(entry) for entry in value]
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Decimal):
            value = float(value)
        if isinstance(value, float) and not math.isfinite(value):
            return None
        return _iso(value) if isinstance(value, (date, datetime)) else value

    def _text(self, text: str) -> str:
        # a file name that is not UTF-8 reaches Python with lone surrogates, which no UTF-8 can carry
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return self.redact(text) if self.redact else text


def _iso(moment: date) -> str:
    if not isinstance(moment, datetime):
        return moment.isoformat()
    utc = moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)
    return utc.replace(tzinfo=None).isoformat() + "Z"
