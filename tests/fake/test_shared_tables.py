"""The tables of a workspace in two JVMs: what is carried from one catalog to the other, without a JVM."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from fake_databricks.engine.catalog import Name, listed, registrations
from fake_databricks.engine.shared_tables import SharedTables

if TYPE_CHECKING:
    from pathlib import Path

T: Name = ("table", "default", "t")


@dataclass
class Catalog:
    """A catalog in memory; a statement is the name that it registers and a location."""

    key: str
    held: dict[Name, str] = field(default_factory=dict)
    calls: list[object] = field(default_factory=list)
    refuses: bool = False

    def entries(self) -> dict[Name, str]:
        order = ("database", "table", "view")
        return dict(sorted(self.held.items(), key=lambda item: order.index(item[0][0])))

    def add(self, statement: str) -> None:
        if self.refuses:  # as Spark, which names it in its log
            return
        *name, _ = statement.split()
        self.held[tuple(name)] = statement
        self.calls.append(statement)

    def remove(self, name: Name) -> None:
        del self.held[name]
        self.calls.append(name)

    def make(self, *names: Name, location: str = "here") -> None:
        """Register, as a program does."""
        self.held.update({name: f"{' '.join(name)} {location}" for name in names})


@dataclass
class Pair:
    """Two catalogs that were aligned once."""

    old: Catalog = field(default_factory=lambda: Catalog("old"))
    new: Catalog = field(default_factory=lambda: Catalog("new"))
    shared: SharedTables = field(default_factory=SharedTables)

    def align(self) -> None:
        self.shared.align([self.old, self.new])

    @property
    def is_same(self) -> bool:
        return self.old.held == self.new.held


@pytest.fixture
def pair() -> Pair:
    made = Pair()
    made.align()
    return made


class TestSharedTables:
    """Issue 17: "one server can run both"; a table of one Spark is there for the other"""

    def test_what_one_makes_the_other_has_databases_first(self, pair: Pair) -> None:
        pair.old.make(("view", "d", "v"), ("table", "d", "t"), ("database", "d"))
        pair.align()
        assert pair.is_same
        assert [str(call).split()[0] for call in pair.new.calls] == ["database", "table", "view"]

    def test_both_may_have_made_something(self, pair: Pair) -> None:
        pair.old.make(T)
        pair.new.make(("table", "default", "u"))
        pair.align()
        assert pair.is_same
        assert len(pair.old.held) == 2

    def test_what_one_drops_the_other_forgets_and_the_database_last(self, pair: Pair) -> None:
        pair.old.make(("database", "d"), ("table", "d", "t"))
        pair.align()
        pair.new.held.clear()
        pair.align()
        assert pair.old.held == pair.new.held == {}
        assert pair.old.calls == [("table", "d", "t"), ("database", "d")]

    def test_a_table_that_has_another_location_now_is_registered_anew(self, pair: Pair) -> None:
        pair.old.make(T)
        pair.align()
        pair.old.make(T, location="there")
        pair.align()
        assert pair.is_same
        assert pair.new.held[T].endswith("there")

    def test_nothing_is_done_where_nothing_has_changed(self, pair: Pair) -> None:
        pair.old.make(T)
        pair.align()
        before = list(pair.new.calls)
        pair.align()
        assert (pair.new.calls, pair.old.calls) == (before, [])

    def test_a_catalog_that_is_new_takes_nothing_away(self) -> None:
        pair = Pair()
        pair.old.make(T)
        pair.new.make(T, location="written in another way")
        pair.align()
        assert (pair.old.calls, pair.new.calls) == ([], [])

    def test_a_jvm_that_was_started_again_has_dropped_nothing(self, pair: Pair) -> None:
        pair.old.make(T)
        pair.align()
        again = Catalog("new after its end")
        pair.shared.align([pair.old, again])
        assert again.held == pair.old.held
        assert T in pair.old.held

    def test_what_the_other_cannot_register_is_not_dropped_for_that(self, pair: Pair) -> None:
        pair.old.make(T)
        pair.new.refuses = True
        pair.align()
        pair.align()
        assert T in pair.old.held

    def test_one_catalog_alone_is_not_even_read(self) -> None:
        alone = Catalog("alone", {("unknown", "kind"): ""})
        with pytest.raises(ValueError, match="not in tuple"):
            alone.entries()
        SharedTables().align([alone])


class TestStatements:
    """The list of a workspace's tables, for a second JVM and for a later server"""

    def test_a_managed_table_is_one_again(self) -> None:
        table = {"database": "d", "table": "t", "provider": "delta", "location": "dbfs:/x"}
        content = {"databases": {}, "tables": [{**table, "is_managed": True}], "views": []}
        assert listed(content)["table", "d", "t"] == (
            "--managed\td\tt\nCREATE TABLE IF NOT EXISTS `d`.`t` USING delta LOCATION 'dbfs:/x'"
        )

    def test_the_list_of_an_older_server_is_read(self, tmp_path: Path) -> None:
        file = tmp_path / "list.json"
        file.write_text(
            '{"databases": {"d": "dbfs:/d"}, "views": [{"database": "d", "view": "v", "text": "SELECT 1"}],'
            ' "tables": [{"database": "d", "table": "t", "provider": "DELTA", "location": "dbfs:/x"}]}'
        )
        assert list(registrations(str(tmp_path), file)) == [
            "CREATE DATABASE IF NOT EXISTS `d` LOCATION 'dbfs:/d'",
            "CREATE TABLE IF NOT EXISTS `d`.`t` USING DELTA LOCATION 'dbfs:/x'",
            "CREATE VIEW IF NOT EXISTS `d`.`v` AS SELECT 1",
        ]
