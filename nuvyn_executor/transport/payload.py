"""The bodies that are sent to the platform, made of rows of the metadata tables. Pure.

A body has the four keys of the guide: ``job_id``, ``tenant_id``, ``metadata`` (``sources``, ``tables``,
``columns``) and ``quality_metrics``. A body that is too large is split into pages. Each page is such a body
with ``page: {"number": 1, "of": 3}`` beside the four keys.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor import wire
from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES

if TYPE_CHECKING:
    from nuvyn_executor.schema.details import Key
    from nuvyn_executor.schema.tables import Table
    from nuvyn_executor.store.base import Row

_SECTIONS: Tuple[Tuple[Table, Tuple[str, ...]], ...] = (
    # table, which is also the key in the body, and the order of its rows
    (SOURCES, ("source_id",)),
    (TABLES, ("source_id", "table_id")),
    (COLUMNS, ("source_id", "table_id", "ordinal_position", "column_id")),
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
    """The rows to send for one tenant.

    Attributes:
        tenant_id: the tenant.
        sources: rows of ``sources``.
        tables: rows of ``tables``, removed ones included: ``removed_at`` informs the platform of a removal.
        columns: rows of ``columns``, likewise.
        quality_metrics: scores over all of it; :func:`summarize_quality` makes them of rows of ``tables``.
    """

    tenant_id: str
    sources: Sequence[Row]
    tables: Sequence[Row]
    columns: Sequence[Row]
    quality_metrics: Mapping[str, Any]


def encode(body: Any) -> bytes:
    """Return a JSON value as UTF-8 without blanks; the same value always gives the same bytes.

    Raises:
        ValueError: it holds NaN or an infinity, for which JSON has no text.
    """
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def summarize_quality(tables: Sequence[Row]) -> Dict[str, Optional[float]]:
    """Return the average scores of tables, weighted by their rows, with two decimals.

    A dimension for which no table has a score is ``None``. Removed tables do not count; a table without rows
    has no scores.
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

    Of rows and of their JSON objects only what :mod:`nuvyn_executor.schema.tables` marks as sent is taken.
    Columns with keys become JSON objects; times are ISO 8601 in UTC; what JSON has no number for is null.
    Sources come before their tables, tables before their columns.

    Args:
        job_id: the job that sends.
        metadata: what to send.
        max_bytes: size of an encoded body. A page is larger only where one row alone does not fit.
        send_samples: whether columns and keys that hold cell values are sent, too.
        redact: applied to every text.
    """
    clean = _Cleaner(send_samples, redact)
    quality_metrics = clean.value(dict(metadata.quality_metrics))

    def body(rows: Sequence[Tuple[str, Row]], page: Optional[Tuple[int, int]] = None) -> Dict[str, Any]:
        sections: Dict[str, List[Row]] = {table.name: [] for table, _ in _SECTIONS}
        for name, row in rows:
            sections[name].append(row)
        return wire.transmission_body(job_id, metadata.tenant_id, sections, quality_metrics, page)

    unsorted = {
        SOURCES.name: metadata.sources, TABLES.name: metadata.tables, COLUMNS.name: metadata.columns
    }  # fmt: skip
    rows = [
        (table.name, clean.row(table, row))
        for table, order in _SECTIONS
        for row in sorted(unsorted[table.name], key=partial(_place, order))
    ]
    whole = body(rows)
    if len(encode(whole)) <= max_bytes:
        return [whole]
    longest_number = (len(rows), len(rows))
    free = max_bytes - len(encode(body([], longest_number)))
    groups = _split(rows, free)
    if len(groups) <= 1:
        return [whole]
    return [body(group, (number, len(groups))) for number, group in enumerate(groups, start=1)]


def idempotency_key(tenant_id: str, versions: Mapping[str, int], page: Mapping[str, Any]) -> str:
    """Return a key for what a request carries, so that the platform stores it once however often it arrives.

    The key depends on the tenant, the versions (``source_id`` to ``metadata_version``) and the page's
    content. It does not depend on the job: when an answer was lost, the next run sends the same key. It
    depends on the content, because another limit cuts the same versions into other pages.

    Returns:
        64 hex digits.
    """
    content = wire.without_job(page)
    return hashlib.sha256(encode([tenant_id, sorted(versions.items()), content])).hexdigest()


def _place(order: Tuple[str, ...], row: Row) -> Tuple[Any, ...]:
    # None sorts first, and is never compared with a value of another type.
    return tuple((row.get(name) is not None, row.get(name)) for name in order)


def _split(rows: Sequence[Tuple[str, Row]], max_bytes: int) -> List[List[Tuple[str, Row]]]:
    """Cut rows into groups of at most ``max_bytes`` encoded bytes, each of at least one row."""
    groups: List[List[Tuple[str, Row]]] = []
    free = 0
    for name, row in rows:
        size = len(encode(row)) + 1  # its comma
        if not groups or size > free:
            groups.append([])
            free = max_bytes
        groups[-1].append((name, row))
        free -= size
    return groups


@dataclass(frozen=True)
class _Cleaner:
    """Turns rows into JSON values, of what may be sent alone."""

    send_samples: bool
    redact: Optional[Callable[[str], str]]

    def row(self, table: Table, row: Row) -> Dict[str, Any]:
        return {
            column.name: self._object(row.get(column.name), column.keys)
            if column.keys
            else self.value(row.get(column.name))
            for column in table.sent_columns(send_samples=self.send_samples)
        }

    def _object(self, text: Any, keys: Sequence[Key]) -> Optional[Dict[str, Any]]:
        # Only an object of known keys was written by this package. Any other text is not sent.
        try:
            parsed = json.loads(text) if isinstance(text, str) else text
        except ValueError:
            return None
        if not isinstance(parsed, Mapping):
            return None
        sent = {key.name for key in keys if key.sent.is_allowed(send_samples=self.send_samples)}
        return {self._text(key): self.value(entry) for key, entry in parsed.items() if key in sent}

    def value(self, value: Any) -> Any:
        """Return a value as JSON can hold it."""
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
        # A file name that is not UTF-8 has lone surrogates in Python, and UTF-8 cannot encode them.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return self.redact(text) if self.redact else text


def _iso(moment: date) -> str:
    if not isinstance(moment, datetime):
        return moment.isoformat()
    utc = moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)
    return utc.replace(tzinfo=None).isoformat() + "Z"
