"""What came, in SQLite: every body, and its rows by tenant. One transaction for each body."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

from contract.payload_shape import ROW_SHAPES
from contract.receiver.answers import missing_base
from contract.receiver.merge import (
    SECTIONS,
    Announced,
    Row,
    TableVersion,
    Versions,
    announced_versions,
    bases,
    missing_pages,
    newest,
    rows_of,
    table_history,
)
from contract.receiver.reading import pages_of, quality_of, rows_where, versions_of

if TYPE_CHECKING:
    from pathlib import Path

_FORMAT = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, idempotency_key TEXT,
    job_id TEXT NOT NULL, received_at TEXT NOT NULL, page INTEGER, pages INTEGER,
    record_count INTEGER NOT NULL, quality TEXT NOT NULL, headers TEXT NOT NULL,
    body TEXT NOT NULL, UNIQUE (tenant, idempotency_key));
CREATE TABLE IF NOT EXISTS carried (
    tenant TEXT NOT NULL, job_id TEXT NOT NULL, delivery INTEGER NOT NULL,
    PRIMARY KEY (tenant, job_id, delivery)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions (
    tenant TEXT NOT NULL, delivery INTEGER NOT NULL, source_id TEXT NOT NULL, created_at TEXT NOT NULL,
    number INTEGER NOT NULL, PRIMARY KEY (tenant, delivery, source_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rows (
    tenant TEXT NOT NULL, delivery INTEGER NOT NULL, section TEXT NOT NULL, source_id TEXT NOT NULL,
    table_id TEXT NOT NULL, row_id TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS rows_of_table ON rows (tenant, table_id);
CREATE INDEX IF NOT EXISTS rows_by_key ON rows (tenant, section, row_id);
CREATE INDEX IF NOT EXISTS versions_of_source ON versions (tenant, source_id);
"""


class StateError(Exception):
    """The file is no state of a receiver, or is not readable; the message says which."""


@dataclass(frozen=True)
class Received:
    """One body that was accepted and stored.

    Attributes:
        number: 1, 2, ... in the order in which they came.
        received_at: when, ISO 8601, UTC.
        headers: the request's headers with lower-case names, the key masked.
        body: the JSON object.
        tenant_id: of the body.
        idempotency_key: of the headers, ``None`` where there was none.
    """

    number: int
    received_at: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    tenant_id: str
    idempotency_key: Optional[str]

    @property
    def record_count(self) -> int:
        """Rows of sources, tables and columns."""
        return count_rows(self.body)


def count_rows(body: Mapping[str, Any]) -> int:
    """Return the rows of sources, tables and columns of a body."""
    return sum(len(body["metadata"][section]) for section in ROW_SHAPES)


class Store:
    """The bodies that came. Safe to use from several threads.

    Args:
        file: where they are kept; ``None`` keeps them in memory.
        step: called before each write, before the commit and after it; a test kills the process there.

    Raises:
        StateError: the file is none of a receiver.
    """

    def __init__(self, file: Optional[Path] = None, step: Callable[[], None] = lambda: None) -> None:
        self._step = step
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(
                str(file) if file else ":memory:", timeout=10, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise StateError(
                f"{file} cannot be opened ({error}): name a file in a folder that exists"
            ) from None
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise StateError(f"{file} is no state of a receiver ({error}): name another file") from None
        except StateError:
            self._db.close()
            raise

    def _prepare(self) -> None:
        # WAL: other programs may read while one writes. FULL: what was confirmed outlives a power failure.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        with self._transaction() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if version != _FORMAT and (version or tables):
                raise StateError("The state is of another program or another version: name another file")
            for statement in filter(str.strip, _TABLES.split(";")):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {_FORMAT}")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def accept(
        self,
        body: Mapping[str, Any],
        text: str,
        headers: Mapping[str, str],
        key: Optional[str],
        received_at: str,
    ) -> int:
        """Store a body, unless this tenant has sent this key before; return the rows of what is stored.

        Args:
            body: of the documented shape.
            text: the same as JSON.
            headers: of the request, without the credential.
            key: the idempotency key, if there is one.
            received_at: the present.

        Raises:
            Refused: 409, its rows build on a version that has not come.
        """
        tenant, job = body["tenant_id"], body["job_id"]
        with self._transaction() as db:
            stored = db.execute(
                "SELECT number, record_count FROM deliveries WHERE tenant = ? AND idempotency_key = ?",
                (tenant, key),
            ).fetchone()
            if stored:
                self._write("INSERT OR IGNORE INTO carried VALUES (?, ?, ?)", [(tenant, job, stored[0])])
                return int(stored[1])
            lacking = [
                source for source, base in bases(body).items() if not self._holds(tenant, source, base)
            ]
            if lacking:
                raise missing_base(lacking)
            page = body.get("page") or {}
            count = count_rows(body)
            number = self._write(
                "INSERT INTO deliveries VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (tenant, key, job, received_at, page.get("number"), page.get("of"), count,
                     json.dumps(body["quality_metrics"]), json.dumps(dict(headers)), text)
                ],
            )  # fmt: skip
            self._write("INSERT INTO carried VALUES (?, ?, ?)", [(tenant, job, number)])
            self._write(
                "INSERT INTO versions VALUES (?, ?, ?, ?, ?)",
                [(tenant, number, source, *version) for source, version in announced_versions(body).items()],
            )
            self._write(
                "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (tenant, row.delivery, row.section, row.source_id, row.table_id, row.row_id, row.text)
                    for row in rows_of(number, body)
                ],
            )
            return count

    def _holds(self, tenant: str, source: str, base: Announced) -> bool:
        """Whether that version of a source has come, or a later one, with all pages of its job."""
        jobs = self._db.execute(
            "SELECT DISTINCT carried.job_id FROM versions JOIN carried USING (tenant, delivery) "
            "WHERE tenant = ? AND source_id = ? AND created_at = ? AND number >= ?",
            (tenant, source, *base),
        ).fetchall()
        return any(not missing_pages(pages_of(self._db, tenant, job))[1] for (job,) in jobs)

    def received(self, tenant: Optional[str] = None) -> List[Received]:
        """Return what was stored, of one tenant or of all, in order."""
        with self._lock:
            rows = self._db.execute(
                "SELECT number, received_at, headers, body, tenant, idempotency_key FROM deliveries "
                "WHERE ? IS NULL OR tenant = ? ORDER BY number",
                (tenant, tenant),
            ).fetchall()
        return [
            Received(number, at, json.loads(headers), json.loads(body), of, key)
            for number, at, headers, body, of, key in rows
        ]

    def state_of(self, tenant: str) -> Dict[str, Any]:
        """Return what is known of a tenant: all pages merged, each row in its newest version."""
        with self._lock:
            return self._state(tenant, rows_where(self._db, "", (tenant,)))

    def part_of(
        self, tenant: str, limit: int, after: Optional[Tuple[str, str]]
    ) -> Tuple[Dict[str, Any], Optional[Tuple[str, str]]]:
        """Return a part of the same: at most ``limit`` rows, in the order of the sections and of their keys.

        Args:
            tenant: whose.
            limit: the most rows.
            after: section and key of the last row of the part before.

        Returns:
            The state with those rows, and section and key of the last one where there are more.
        """
        with self._lock:
            rows, last = self._part(tenant, limit, after)
            return self._state(tenant, rows), last

    def _versions(self, tenant: str) -> Versions:
        return versions_of(self._db, tenant)

    def _state(self, tenant: str, rows: List[Row]) -> Dict[str, Any]:
        versions = self._versions(tenant)
        last = self._db.execute(
            "SELECT job_id FROM deliveries WHERE tenant = ? ORDER BY number DESC LIMIT 1", (tenant,)
        ).fetchone()
        pages = pages_of(self._db, tenant, last[0] if last else "")
        metadata: Dict[str, List[Any]] = {section: [] for section in ROW_SHAPES}
        for row in newest(rows, versions):
            metadata[row.section].append(json.loads(row.text))
        total, missing = missing_pages(pages)
        return {
            "tenant_id": tenant,
            "metadata": metadata,
            "quality_metrics": quality_of(self._db, tenant, versions),
            "last_job": {"job_id": last[0], "pages": total, "missing_pages": missing} if last else None,
        }

    def _part(
        self, tenant: str, limit: int, after: Optional[Tuple[str, str]]
    ) -> Tuple[List[Row], Optional[Tuple[str, str]]]:
        """Return all versions of so many rows, and the last of them where there are more."""
        sections = list(SECTIONS)
        section_before, above = after or (sections[0], None)
        found: List[Row] = []
        last: Optional[Tuple[str, str]] = after
        for section in sections[sections.index(section_before) :]:
            keys = [
                key
                for (key,) in self._db.execute(
                    "SELECT DISTINCT row_id FROM rows WHERE tenant = ? AND section = ? "
                    "AND (? IS NULL OR row_id > ?) ORDER BY row_id LIMIT ?",
                    (tenant, section, above, above, limit + 1),
                )
            ]
            if keys[:limit]:
                last = section, keys[:limit][-1]
                terms = "AND section = ? AND (? IS NULL OR row_id > ?) AND row_id <= ?"
                found += rows_where(self._db, terms, (tenant, section, above, above, last[1]))
            if len(keys) > limit:
                return found, last
            limit, above = limit - len(keys), None
        return found, None

    def history_of(self, tenant: str, table: str) -> List[Tuple[TableVersion, str, str]]:
        """Return each version of a table, its job and when it came; empty for an unknown table."""
        with self._lock:
            rows = rows_where(self._db, "AND table_id = ?", (tenant, table))
            versions = self._versions(tenant)
            came = {
                number: (job, at)
                for number, job, at in self._db.execute(
                    "SELECT number, job_id, received_at FROM deliveries WHERE tenant = ?", (tenant,)
                )
            }
        return [(each, *came[each.table.delivery]) for each in table_history(rows, versions)]

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Return the state for reading; no one writes until the block ends."""
        with self._lock:
            yield self._db

    def _write(self, sql: str, values: List[Tuple[Any, ...]]) -> int:
        self._step()
        if len(values) == 1:
            return int(self._db.execute(sql, values[0]).lastrowid or 0)
        self._db.executemany(sql, values)
        return 0

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._step()
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._step()
