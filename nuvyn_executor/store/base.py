"""The port to the metadata tables. Implementations: :mod:`.delta` (the real one) and :mod:`.memory`.

``tests/integration/test_store_behaviour.py`` states the behaviour once and runs it over both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Protocol, Sequence

if TYPE_CHECKING:
    from nuvyn_executor.schema.tables import Column, Table

Row = Mapping[str, Any]


class MetadataStore(Protocol):
    """The five metadata tables. Several processes may write to them at once."""

    @property
    def schema_name(self) -> str:
        """The schema, as SQL names it: ``_executor_metadata`` or ``main._executor_metadata``."""
        ...

    def schema_exists(self) -> bool:
        """Whether the schema is there."""
        ...

    def create_schema(self) -> None:
        """Create the schema; no error when it is there."""
        ...

    def describe(self, table: str) -> Optional[Dict[str, str]]:
        """Return the columns of a table and their SQL types, or ``None`` when there is no such table."""
        ...

    def create_table(self, table: Table) -> None:
        """Create a table; no error when another process just did."""
        ...

    def add_columns(self, table: str, columns: Sequence[Column]) -> None:
        """Add columns; rows already there have NULL in them."""
        ...

    def append(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows as they are."""
        ...

    def upsert(
        self,
        table: Table,
        rows: Sequence[Row],
        *,
        insert_only: Sequence[str] = (),
        increment: Optional[str] = None,
    ) -> None:
        """Insert rows, or update those with the same key, in one transaction, or many in several.

        Columns that a row does not name are unchanged by an update and NULL in an insert. Those in
        ``insert_only`` are written by an insert only (``created_at``). The number ``increment``, which rows
        do not name, is 1 in an insert and one more in an update (NULL counts as 0).
        """
        ...

    def update(self, table: Table, where: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Set ``values`` in the rows whose columns equal ``where`` (``None`` means: is NULL)."""
        ...

    def rows(
        self,
        table: Table,
        where: Optional[Mapping[str, Any]] = None,
        columns: Optional[Sequence[str]] = None,
    ) -> List[Dict[str, Any]]:
        """Return the rows whose columns equal ``where``; without it, all rows.

        Args:
            table: the table to read.
            where: a value for each column that matters, or a list of values of which any one will do.
            columns: the columns to read; without it, all.
        """
        ...

    def iter_rows(
        self, table: Table, where: Mapping[str, Any], columns: Sequence[str], order: Sequence[str]
    ) -> Iterator[Dict[str, Any]]:
        """Read rows one after another, so that all of them are never in memory together.

        They are those of the moment of the call, whatever is written meanwhile.

        Args:
            table: the table to read.
            where: as for :meth:`rows`.
            columns: the columns to read.
            order: the columns to sort by, NULL first; texts by their code points.
        """
        ...
