"""The tables of a workspace in several JVMs: what programs make or drop in one is made known to the others.

Each JVM has a catalog of its own in memory; the files of the tables are the same for all.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from fake_databricks.engine.catalog import Name


class OpenCatalog(Protocol):
    """The catalog of a workspace in one JVM."""

    @property
    def key(self) -> Hashable:
        """Which catalog it is; that of a JVM that was started again is another one."""
        ...

    def entries(self) -> Mapping[Name, str]:
        """Return the statement that registers each database, table and view; databases first."""
        ...

    def add(self, statement: str) -> None:
        """Register a database, table or view."""
        ...

    def remove(self, name: Name) -> None:
        """Forget one; its files stay."""
        ...


class SharedTables:
    """Remembers what each catalog held when it was last read: the difference is what programs changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[Hashable, Mapping[Name, str]] = {}

    def align(self, catalogs: Sequence[OpenCatalog]) -> None:
        """Make what programs have changed in one catalog hold in the others.

        In a catalog that is new here nothing has changed: its tables are added where they are missing.
        """
        if len(catalogs) < 2:  # noqa: PLR2004  one alone is aligned
            return
        with self._lock:
            now = {catalog.key: catalog.entries() for catalog in catalogs}
            for target in catalogs:
                for origin in catalogs:
                    if origin is not target:
                        before = self._seen.get(origin.key, {})
                        is_new = target.key not in self._seen
                        _carry(before, now[origin.key], target, now[target.key], is_new=is_new)
            self._seen.update({catalog.key: catalog.entries() for catalog in catalogs})


def _carry(
    before: Mapping[Name, str],
    found: Mapping[Name, str],
    target: OpenCatalog,
    there: Mapping[Name, str],
    *,
    is_new: bool,
) -> None:
    """Carry into a catalog what has changed in another one.

    Args:
        before: what that one held when it was last read.
        found: what it holds now.
        target: the catalog to change.
        there: what it holds.
        is_new: whether it is read for the first time: then it lacks also what has not changed.
    """
    dropped = {name for name in before if name not in found and name in there}
    moved = {name for name, text in found.items() if name in there and before.get(name, text) != text}
    for name in reversed(list(dict.fromkeys((*before, *found)))):  # a database after its tables
        if name in dropped or name in moved:
            target.remove(name)
    for name, text in found.items():
        if name in moved or (name not in there and (is_new or name not in before)):
            target.add(text)
