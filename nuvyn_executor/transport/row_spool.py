"""The rows of one tenant as they are sent, in a temporary file, so that memory does not grow with them.

How many pages there are is known before the first one is sent, and all are of one state of the tables.
"""

from __future__ import annotations

import hashlib
from tempfile import SpooledTemporaryFile
from typing import (
    TYPE_CHECKING,
    Any,
    Collection,
    Dict,
    Iterator,
    List,
    Mapping,
    Sequence,
    Tuple,
)

from nuvyn_executor.schema.tables import COLUMNS, OF_EACH_RUN, TABLES
from nuvyn_executor.transport.confirmed_tables import Content
from nuvyn_executor.transport.payload import QualitySummary, RowCleaner, encode

if TYPE_CHECKING:
    from nuvyn_executor.schema.tables import Table
    from nuvyn_executor.store.base import MetadataStore, Row

# The order of rows. That of columns begins as that of tables: the columns of a table stand together.
_SECTIONS: Tuple[Tuple[Table, Tuple[str, ...]], ...] = (
    (TABLES, ("source_id", "table_id")),
    (COLUMNS, ("source_id", "table_id", "ordinal_position", "column_id")),
)
_HASH_BYTES = 12
_IN_MEMORY = 1_000_000  # a file is only made of more


class RowSpool:
    """The rows of ``tables`` and ``columns`` of some sources, as JSON, in the order in which they are sent.

    Close it at the end (``contextlib.closing``): the file goes then. It has no name, so it also goes with the
    process.

    Args:
        store: where they are read.
        clean: makes JSON values of them.
        source_ids: whose they are.
    """

    def __init__(self, store: MetadataStore, clean: RowCleaner, source_ids: Collection[str]) -> None:
        self._file: Any = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  closed by close()
        self._numbers: Dict[Tuple[str, str], int] = {}
        self._contents: List[Content] = []
        self._summary = QualitySummary()
        self._clean = clean
        try:
            for table, order in _SECTIONS:
                named = [one.name for one in table.sent_columns(send_samples=clean.send_samples)]
                rows = store.iter_rows(table, {"source_id": list(source_ids)}, named, order)
                self._add_all(table, rows)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    def quality_metrics(self) -> Dict[str, Any]:
        """Return the scores over all tables."""
        scores: Dict[str, Any] = self._clean.value(self._summary.scores())
        return scores

    def contents(self) -> Dict[str, Dict[str, Content]]:
        """Return the hashes of each table, by source and table."""
        found: Dict[str, Dict[str, Content]] = {}
        for (source, table), number in self._numbers.items():
            found.setdefault(source, {})[table] = self._contents[number]
        return found

    def lines(self, known: Mapping[str, Mapping[str, Content]]) -> Iterator[Tuple[str, bytes]]:
        """Yield what has changed: the name of the section and a row of it, encoded.

        The columns of a table come when one of them has changed, its row also when only that has.

        Args:
            known: the tables that the platform has, by source and table.
        """
        without: Dict[bytes, List[bool]] = {
            TABLES.name.encode(): [False] * len(self._contents),
            COLUMNS.name.encode(): [False] * len(self._contents),
        }
        for (source, table), number in self._numbers.items():
            before, now = known.get(source, {}).get(table), self._contents[number]
            without[TABLES.name.encode()][number] = before == now
            without[COLUMNS.name.encode()][number] = before is not None and before.columns == now.columns
        self._file.seek(0)
        for line in self._file:
            section, number_text, row = line[:-1].split(b" ", 2)
            if not without[section][int(number_text)]:
                yield section.decode(), row

    def _add_all(self, table: Table, rows: Iterator[Row]) -> None:
        """Write the rows of a section, and set the hashes of their tables."""
        name = table.name.encode()
        current, digest = -1, _new_hash()
        for row in rows:
            cleaned = self._clean.row(table, row)
            encoded = encode(cleaned)
            number = self._number(str(row["source_id"]), str(row["table_id"]))
            if number != current:
                self._set(table, current, digest)
                current, digest = number, _new_hash()
            if table is TABLES:
                self._summary.add(row)
                digest.update(encode(_of_the_table(cleaned)))
            else:
                digest.update(encoded + b"\n")
            self._file.write(b"%b %d %b\n" % (name, number, encoded))
        self._set(table, current, digest)

    def _number(self, source: str, table: str) -> int:
        number = self._numbers.setdefault((source, table), len(self._contents))
        if number == len(self._contents):
            self._contents.append(Content("", ""))
        return number

    def _set(self, table: Table, number: int, digest: Any) -> None:
        if number >= 0:
            field = "row" if table is TABLES else "columns"
            self._contents[number] = self._contents[number]._replace(**{field: digest.hexdigest()})


def _new_hash() -> Any:
    return hashlib.blake2b(digest_size=_HASH_BYTES)


def _of_the_table(row: Mapping[str, Any]) -> Dict[str, Any]:
    """Return a row of ``tables`` without what it says of the last run."""
    kept = dict(row)
    for path in OF_EACH_RUN:
        kept = _without(kept, path)
    return kept


def _without(value: Mapping[str, Any], path: Sequence[str]) -> Dict[str, Any]:
    first, *rest = path
    if not rest:
        return {key: entry for key, entry in value.items() if key != first}
    inner = value.get(first)
    return {**value, first: _without(inner, rest)} if isinstance(inner, dict) else dict(value)
