"""As ``test_scan_oracle.py``: CSV, data whose different values are estimated, and Delta."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any, List, Sequence

import pytest

from tests.oracles import (
    ENGINES,
    ROWS,
    Column,
    Table,
    assert_scan_agrees,
    by_duckdb,
    by_polars,
    leaves,
    parquet_relation,
    scanned,
)

if TYPE_CHECKING:
    from pathlib import Path

duckdb = pytest.importorskip("duckdb")
pl = pytest.importorskip("polars")

pytestmark = pytest.mark.spark

CSV_COLUMNS = ("number", "share", "word", "note", "mail", "day", "at", "nothing")


def csv_rows(count: int) -> List[List[str]]:
    """Rows of cells as they stand in a file, quotes included."""
    chance = random.Random(3)  # noqa: S311  data, no secret
    cells = [
        [*(str(n) for n in range(-50, 950)), "", "n/a", "NULL"],
        [*(f"{n / 8}" for n in range(600)), "", "-"],
        ["red", "green", "blue", "", '""', " ", '" "', "NA", "None", " padded ", '"a, b"',
         '"say ""hi"""', "日本語", "é"],
        [*(f"note {n}" for n in range(300)), "?", "--", "#N/A", "nan"],
        [*(f"user{n}@example.org" for n in range(200)), ""],
        [*(f"2024-{m:02d}-{d:02d}" for m in range(1, 13) for d in range(1, 29)), "", "null"],
        [*(f"2023-05-{d:02d} 10:{m:02d}:00" for d in range(1, 29) for m in range(60)), ""],
        [""],
    ]  # fmt: skip
    return [[chance.choice(column) for column in cells] for _ in range(count)]


def csv_text(rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\n") -> str:
    return end.join(delimiter.join(row) for row in [CSV_COLUMNS, *rows]) + end


def csv_relation(path: Path, delimiter: str = ",") -> str:
    """The file as texts; nothing is NULL, in quotes or not."""
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in CSV_COLUMNS)
    return (
        f"read_csv('{path}', header=true, auto_detect=false, delim='{delimiter}', quote='\"', escape='\"', "
        f"nullstr='', columns={{{columns}}})"
    )


def with_values(relation: str, table: Table) -> Table:
    """Add the smallest and the largest of what DuckDB understands in texts, and drop those texts' lengths."""
    columns = dict(table.columns)
    for name, value in (
        ("number", "try_cast(number AS DOUBLE)"),
        ("share", "try_cast(share AS DOUBLE)"),
        ("day", "epoch(try_cast(day AS DATE))::BIGINT"),
        ("at", 'epoch(try_cast("at" AS TIMESTAMP))::BIGINT'),
    ):
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE texts AS FROM {relation}")  # or the file is read as values
            low, high = connection.execute(f"SELECT min({value}), max({value}) FROM texts").fetchone()  # noqa: S608  the test's own
        columns[name] = replace(columns[name], minimum=low, maximum=high, length_min=None, length_max=None)
    return replace(table, columns=columns)


class TestCsv:
    @pytest.mark.parametrize(("delimiter", "end"), [(",", "\r\n"), (";", "\n"), ("\t", "\n")])
    def test_a_file(self, spark: Any, folder: Path, delimiter: str, end: str) -> None:
        path = folder / "things.csv"
        rows = csv_rows(ROWS)
        path.write_bytes(csv_text([*rows, *rows[:99]], delimiter, end).encode())
        kinds = dict.fromkeys(CSV_COLUMNS, "text")
        relation = csv_relation(path, delimiter)
        table = by_duckdb(relation, leaves(kinds))
        frame = pl.read_csv(path, separator=delimiter, infer_schema=False, null_values=[""])
        assert by_polars(frame, leaves(kinds)) == table
        expected = with_values(relation, table)
        assert_scan_agrees(spark, path, expected)

    def test_a_header_alone(self, spark: Any, folder: Path) -> None:
        path = folder / "things.csv"
        path.write_text(csv_text([]), encoding="utf-8")
        expected = by_duckdb(csv_relation(path), leaves(dict.fromkeys(CSV_COLUMNS, "text")))
        assert_scan_agrees(spark, path, expected)

    def test_quoted_line_ends(self, spark: Any, folder: Path) -> None:
        path = folder / "things.csv"
        rows = csv_rows(500)
        for row in rows[::7]:
            row[3] = '"two\nlines"'
        path.write_text(csv_text(rows), encoding="utf-8")
        relation = csv_relation(path)
        expected = with_values(relation, by_duckdb(relation, leaves(dict.fromkeys(CSV_COLUMNS, "text"))))
        assert_scan_agrees(spark, path, expected, native=False)


# -- what is approximate ---------------------------------------------------------------------------------


MANY = 150_000


class TestApproximate:
    """Beyond 100,000 rows different values are estimated, with an error that is stated."""

    def check(self, spark: Any, root: Path, exact: Table) -> None:
        for engine in ENGINES:
            scan = scanned(spark, root, engine).scan
            assert scan.tally.rows == exact.rows
            for facts, tally in zip(scan.columns, scan.tally.columns):
                column = exact.columns[facts.name]
                assert tally.nulls == column.nulls
                assert (tally.nans, tally.blanks, tally.placeholders) == (
                    column.nans, column.blanks, column.placeholders,
                )  # fmt: skip
                assert 0 <= facts.distinct.rsd <= 0.05
                assert (
                    abs(facts.distinct.count - column.distinct) <= 4 * facts.distinct.rsd * column.distinct
                ), facts
            different = scan.distinct_rows
            assert 0 < different.rsd <= 0.05
            assert abs(different.count - exact.different) <= 4 * different.rsd * exact.different

    def test_parquet(self, spark: Any, folder: Path) -> None:
        with duckdb.connect() as connection:
            connection.execute(
                "COPY (SELECT i % 120000 AS id, i % 1000 AS few, "  # noqa: S608  the test's own
                "'user' || (i * 7919 % 70001) || '@x.org' AS mail, "
                "CASE WHEN i % 10 = 0 THEN NULL WHEN i % 77 = 0 THEN 'n/a' ELSE 'w' || (i % 4) END AS word, "
                "CASE WHEN i % 5 = 0 THEN 'NaN'::DOUBLE ELSE (i % 30011) / 3 END AS ratio "
                f"FROM range({MANY}) t(i)) TO '{folder}/a.parquet' (FORMAT parquet)"
            )
        kinds = {"id": "number", "few": "number", "mail": "text", "word": "text", "ratio": "float"}
        exact = by_duckdb(parquet_relation(folder), leaves(kinds))
        self.check(spark, folder, exact)

    def test_csv(self, spark: Any, folder: Path) -> None:
        path = folder / "things.csv"
        rows = csv_rows(MANY - 20_000)
        path.write_text(csv_text([*rows, *rows[:20_000]]), encoding="utf-8")
        assert path.stat().st_size > 8 * 2**20
        exact = by_duckdb(csv_relation(path), leaves(dict.fromkeys(CSV_COLUMNS, "text")))
        self.check(spark, path, exact)


# -- Delta -----------------------------------------------------------------------------------------------


class TestDelta:
    """Which rows of its files a Delta table still has, and how its columns are called, only its log says."""

    def expected(self, spark: Any, folder: Path, columns: Sequence[str]) -> Table:
        """What Spark's own SQL counts, one plain question a column."""
        table = f"delta.`{folder}`"

        def ask(sql: str) -> Any:
            return spark.sql(sql).collect()[0]

        found = {}
        for name in columns:
            c = "`" + name.replace("`", "``") + "`"
            row = ask(
                f"SELECT count(*) - count({c}) AS nulls, count(DISTINCT {c}) AS different, "  # noqa: S608  the test's own
                f"CAST(min({c}) AS DOUBLE) AS low, CAST(max({c}) AS DOUBLE) AS high FROM {table}"
            )
            found[name] = Column(
                row["nulls"], minimum=row["low"], maximum=row["high"], distinct=row["different"]
            )
        rows = ask(f"SELECT count(*) AS n FROM {table}")["n"]  # noqa: S608  the test's own
        different = ask(f"SELECT count(*) AS n FROM (SELECT DISTINCT * FROM {table})")["n"]  # noqa: S608  the test's own
        return Table(rows, different, found)

    def test_deletion_vectors_and_column_mapping(self, spark: Any, tmp_path: Path) -> None:
        folder = tmp_path / "orders"
        spark.sql(
            f"CREATE TABLE delta.`{folder}` (id BIGINT, `odd, name` INT, price DECIMAL(38,18), gone INT) "
            "USING delta TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', "
            "'delta.columnMapping.mode' = 'name', "
            "'delta.minReaderVersion' = '3', 'delta.minWriterVersion' = '7')"
        )
        made = "id, IF(id % 9 = 0, NULL, CAST(id % 50 AS INT)), CAST(id AS DECIMAL(38,18)) / 8, 1"
        spark.sql(f"INSERT INTO delta.`{folder}` SELECT {made} FROM range(0, 2000, 1, 1)")  # noqa: S608  the test's own
        spark.sql(f"DELETE FROM delta.`{folder}` WHERE id % 7 = 3")  # noqa: S608  as above
        spark.sql(f"ALTER TABLE delta.`{folder}` DROP COLUMN gone")
        spark.sql(f"ALTER TABLE delta.`{folder}` RENAME COLUMN price TO `the price`")
        spark.sql(f"UPDATE delta.`{folder}` SET `odd, name` = -1 WHERE id < 30")  # noqa: S608  as above
        assert list(folder.glob("*.bin")), "there is no deletion vector"
        expected = self.expected(spark, folder, ["id", "odd, name", "the price"])
        assert expected.rows < 2000
        assert_scan_agrees(spark, folder, expected, native=False)
