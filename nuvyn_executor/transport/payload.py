"""What is sent to the platform, made of rows of the metadata tables: rows as JSON values, scores, keys. Pure.

A body has the four keys of the guide: ``job_id``, ``tenant_id``, ``metadata`` (``sources``, ``tables``,
``columns``) and ``quality_metrics``; beside them ``schema_version``, the version of the contract. A body that
is too large is split into pages. Each page is such a body with ``page: {"number": 1, "of": 3}`` besides.
"""

from __future__ import annotations

import hashlib
import json
import math
from array import array
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Collection,
    Dict,
    Iterable,
    List,
    Mapping,
    Optional,
    Tuple,
)

from nuvyn_executor.quality.dimensions import DIMENSIONS

if TYPE_CHECKING:
    from nuvyn_executor.schema.tables import Table
    from nuvyn_executor.store.base import Row

Sent = List[Tuple[str, Optional[Collection[str]]]]
"""Names of the columns of a table that are sent, and of those that hold objects, the keys that are."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_SCORES = ("overall_score", *DIMENSIONS)


def encode(body: Any) -> bytes:
    """Return a JSON value as UTF-8 without blanks; the same value always gives the same bytes.

    Raises:
        ValueError: it holds NaN or an infinity, for which JSON has no text.
    """
    return _ENCODER.encode(body).encode("utf-8")


def encode_object(values: Mapping[str, bytes]) -> bytes:
    """Return a JSON object of values that are encoded already, as :func:`encode` would."""
    return b"{" + b",".join(encode(key) + b":" + value for key, value in values.items()) + b"}"


def encode_array(values: Iterable[bytes]) -> bytes:
    """Return a JSON array of values that are encoded already."""
    return b"[" + b",".join(values) + b"]"


class QualitySummary:
    """The average scores of tables, weighted by their rows, with two decimals.

    A dimension for which no table has a score is ``None``. Removed tables do not count; a table without rows
    has no scores.
    """

    def __init__(self) -> None:
        # All products, not their sum: fsum does not depend on the order.
        self._products = {score: array("d") for score in _SCORES}
        self._weights = dict.fromkeys(_SCORES, 0)

    def add(self, row: Row) -> None:
        """Count a row of ``tables``."""
        if row.get("removed_at") is not None:
            return
        weight = int(row.get("row_count") or 0)
        for score in _SCORES:
            if row.get(score) is not None:
                self._products[score].append(float(row[score]) * weight)
                self._weights[score] += weight

    def scores(self) -> Dict[str, Optional[float]]:
        """Return the averages."""
        return {
            score: round(math.fsum(self._products[score]) / weight, 2) if weight else None
            for score, weight in self._weights.items()
        }


def idempotency_key(
    tenant_id: str, versions: Mapping[str, int], content: bytes, only_of_job: Optional[str] = None
) -> str:
    """Return a key for what a request carries, so that the platform stores it once however often it arrives.

    The key depends on the tenant, the versions (``source_id`` to ``metadata_version``) and the page's
    content. It does not depend on the job: when an answer was lost, the next run sends the same key. It
    depends on the content, because another limit cuts the same versions into other pages, and because a
    platform without the base of a delta is sent other content.

    Args:
        tenant_id: of the body.
        versions: of its sources.
        content: the body without ``job_id``, encoded.
        only_of_job: the job, where all is sent on demand: a platform that lost its rows may still know keys.

    Returns:
        64 hex digits.
    """
    parts = [encode(tenant_id), encode(sorted(versions.items())), content]
    parts += [] if only_of_job is None else [encode(only_of_job)]
    return hashlib.sha256(encode_array(parts)).hexdigest()


@dataclass(frozen=True)
class RowCleaner:
    """Turns rows into JSON values, of what may be sent alone.

    Of rows and of their JSON objects only what :mod:`nuvyn_executor.schema.tables` marks as sent is taken.
    Columns with keys become JSON objects; times are ISO 8601 in UTC; what JSON has no number for is null.

    Attributes:
        send_samples: whether columns and keys that hold cell values are sent, too.
        redact: applied to every text.
    """

    send_samples: bool = False
    redact: Optional[Callable[[str], str]] = None
    _sent: Dict[str, Sent] = field(default_factory=dict, compare=False, repr=False)

    def row(self, table: Table, row: Row) -> Dict[str, Any]:
        """Return a row of a table as it is sent."""
        if table.name not in self._sent:
            self._sent[table.name] = self._columns(table)
        return {
            name: self.value(row.get(name)) if keys is None else self._object(row.get(name), keys)
            for name, keys in self._sent[table.name]
        }

    def _columns(self, table: Table) -> Sent:
        """Return the columns of a table that are sent; of a JSON object, its keys that are."""
        columns = table.sent_columns(send_samples=self.send_samples)
        allowed = [
            frozenset(key.name for key in one.keys if key.sent.is_allowed(send_samples=self.send_samples))
            for one in columns
        ]
        return [(one.name, keys if one.keys else None) for one, keys in zip(columns, allowed)]

    def _object(self, text: Any, keys: Collection[str]) -> Optional[Dict[str, Any]]:
        # Only an object of known keys was written by this package. Any other text is not sent.
        try:
            parsed = json.loads(text) if isinstance(text, str) else text
        except ValueError:
            return None
        if not isinstance(parsed, dict):
            return None
        return {self._text(key): self.value(entry) for key, entry in parsed.items() if key in keys}

    def value(self, value: Any) -> Any:
        """Return a value as JSON can hold it."""
        if value is None or isinstance(value, int):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, (float, Decimal)):
            return float(value) if math.isfinite(value) else None
        if isinstance(value, dict):
            return {self._text(str(key)): self.value(entry) for key, entry in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(entry) for entry in value]
        return _iso(value) if isinstance(value, (date, datetime)) else value

    def _text(self, text: str) -> str:
        # A file name that is not UTF-8 has lone surrogates in Python, and UTF-8 cannot encode them.
        if not text.isascii():
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return self.redact(text) if self.redact else text


def _iso(moment: date) -> str:
    if not isinstance(moment, datetime):
        return moment.isoformat()
    utc = moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)
    return utc.replace(tzinfo=None).isoformat() + "Z"
