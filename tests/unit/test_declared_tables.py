"""What a catalogue declares of a table: its key, its size, how many tables there are, its previews."""

from __future__ import annotations

from typing import Any, Sequence, Tuple

import pytest

from nuvyn_executor.model import Dataset, DeclaredColumn, DeclaredTable, Discovery, FileFormat, Skipped
from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.profiling.scan_state import Snapshot
from nuvyn_executor.reading.frame import Frame
from nuvyn_executor.reading.previews import preview_files
from nuvyn_executor.sources.base import TableSource
from nuvyn_executor.sources.database import DatabaseAccess, DatabaseSource


def table(name: str, schema: str = "s", **more: Any) -> Dataset:
    return Dataset(name, schema, f"{schema}.{name}", FileFormat.TABLE, (), **more)


class TestKeys:
    """A declared primary key is the key of uniqueness."""

    FRAME = Frame(
        opened=lambda: None,
        names=("id", "number", "part"),
        types=("int", "int", "int"),
        sample=[[1], [1], [1]],
        sample_represents=True,
        is_small=True,
    )

    @pytest.mark.parametrize(
        ("declared", "found"),
        [
            ((), [True, False, False]),
            (("number",), [False, True, False]),
            (("id",), [True, False, False]),
            (("number", "part"), [False, False, False]),
        ],
    )
    def test_a_declared_key_wins_over_a_name(self, declared: Sequence[str], found: Sequence[bool]) -> None:
        assert [one.is_key for one in plan_scan(self.FRAME, "t", declared).columns] == found


class TestDiscovery:
    """`files_found` is the number of tables, their size is what the catalogue says."""

    def test_tables_are_counted_also_those_that_may_not_be_read(self) -> None:
        sized = table("a", declared=DeclaredTable(size_bytes=8192))
        found = Discovery((), (sized, table("b")), (Skipped("s.c", "may not be read", is_failure=True),))

        assert found.found == 3
        assert found.size_bytes == 8192

    def test_an_unknown_column_has_its_name_alone(self) -> None:
        declared = DeclaredTable(columns=(DeclaredColumn("a", "int", "the a"),))

        assert declared.column("a").comment == "the a"
        assert declared.column("b") == DeclaredColumn("b")

    def test_rows_of_a_table_are_never_read_file_by_file(self) -> None:
        assert not Snapshot(table("a")).is_divisible


class _Rows:
    def first_rows(
        self, source: object, dataset: Dataset, entry: object, limit: int
    ) -> Tuple[Sequence[str], Sequence[Sequence[Any]]]:
        assert isinstance(source, TableSource)
        assert entry is None
        return ["n"], [[dataset.name], [limit]]


class TestPreviews:
    """The first 50 rows of a table as CSV, under its name."""

    def test_tables_of_one_name_are_shown_with_their_schema(self) -> None:
        source = DatabaseSource("postgresql://h/d", DatabaseAccess(), object)
        discovery = Discovery((), (table("a", "r"), table("a", "s"), table("b")))
        shown, unread = preview_files(source, discovery, _Rows(), 10)

        assert [(one.name, one.text) for one in shown] == [
            ("r.a", "n\na\n50\n"),
            ("s.a", "n\na\n50\n"),
            ("b", "n\nb\n50\n"),
        ]
        assert unread == []
