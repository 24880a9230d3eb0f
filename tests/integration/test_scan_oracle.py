"""A scan's counts are those of DuckDB and of Polars, asked in words of their own, on the same files.

Issue: "every count agrees with an independent oracle (DuckDB and Polars in the dev environment) on the same
files, exactly where exact, within the stated error where approximate".
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple

import pytest

from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.metadata.discovery import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path

duckdb = pytest.importorskip("duckdb")
pl = pytest.importorskip("polars")

pytestmark = pytest.mark.spark

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
ENGINES = ("spark", "auto")
SAYS_NOTHING = ("#n/a", "-", "--", "?", "n/a", "na", "nan", "none", "null")  # docs/quality.md
WHITE = " \t\r\n\x0b\x0c"
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  what the oracles count from has no zone
ROWS = 3000


@dataclass(frozen=True)
class Column:
    """What is known of a column; minimum and maximum are floats, or moments in microseconds since 1970."""

    nulls: int
    nans: int = 0
    blanks: int = 0
    placeholders: int = 0
    minimum: Any = None
    maximum: Any = None
    length_min: Optional[int] = None
    length_max: Optional[int] = None
    distinct: int = 0


@dataclass(frozen=True)
class Table:
    """What is known of a dataset; ``different`` are rows."""

    rows: int
    different: int
    columns: Mapping[str, Column]


@dataclass(frozen=True)
class Leaf:
    """A column to ask for: its name, where it is in DuckDB's words, and what it holds."""

    name: str
    expression: str
    kind: str


# -- the three who count ---------------------------------------------------------------------------------


def scanned(spark: Any, root: Path, engine: str) -> Any:
    """The one dataset below a path, after its scan."""
    source = FileSystemSource(str(root), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
    return SparkScanner(spark, engine=engine).scan(source, dataset, NOW)


def by_scan(spark: Any, root: Path, engine: str, *, native: bool = True) -> Table:
    """What the product counts; ``native``: with Polars, where it may."""
    surveyed = scanned(spark, root, engine)
    assert surveyed.engine == ("polars" if native and engine == "auto" else "spark")
    profile, scan = surveyed.profile, surveyed.profile.scan
    columns: Dict[str, Column] = {}
    for facts, tally, one in zip(scan.columns, scan.tally.columns, profile.columns):
        assert facts.distinct.rsd == 0
        assert facts.name not in columns
        columns[facts.name] = Column(
            nulls=tally.nulls,
            nans=tally.nans,
            blanks=tally.blanks,
            placeholders=tally.placeholders,
            minimum=comparable(one.minimum),
            maximum=comparable(one.maximum),
            length_min=one.length_min,
            length_max=one.length_max,
            distinct=facts.distinct.count,
        )
    assert scan.distinct_rows.rsd == 0
    return Table(scan.tally.rows, scan.distinct_rows.count, columns)


def comparable(shown: Any) -> Any:
    """A minimum or maximum as it is shown: to a float, or to whole seconds since 1970."""
    if shown is None or isinstance(shown, (int, float)):
        return None if shown is None else float(shown)
    if shown in ("Infinity", "-Infinity"):
        return float(shown)
    moment = datetime.fromisoformat(shown.rstrip("Z"))
    return (moment - EPOCH) // timedelta(seconds=1)


def by_duckdb(relation: str, leaves: Sequence[Leaf]) -> Table:
    """What DuckDB counts in a relation of its SQL."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")

        def ask(sql: str) -> Tuple[Any, ...]:
            return tuple(connection.execute(sql).fetchone())

        (rows,) = ask(f"SELECT count(*) FROM {relation}")  # noqa: S608  the test's own
        (different,) = ask(f"SELECT count(*) FROM (SELECT DISTINCT * FROM {relation})")  # noqa: S608  as above
        columns = {
            leaf.name: Column(*ask(f"SELECT {', '.join(duckdb_counters(leaf))} FROM {relation}"))  # noqa: S608  as above
            for leaf in leaves
        }
    return Table(rows, different, columns)


def duckdb_counters(leaf: Leaf) -> List[str]:
    x, kind = leaf.expression, leaf.kind
    trimmed = "trim({}, concat({}))".format(x, ", ".join(f"chr({ord(one)})" for one in WHITE))
    nothing = ", ".join(f"'{word}'" for word in SAYS_NOTHING)
    present = {
        "float": f"{x} IS NOT NULL AND NOT isnan({x})",
        "text": f"lower({trimmed}) NOT IN ('', {nothing})",
    }.get(kind, f"{x} IS NOT NULL")
    shown = {
        "float": f"{x}::DOUBLE",
        "number": f"{x}::DOUBLE",
        "moment": f"floor(epoch_us({x}) / 1000000)::BIGINT",
        "date": f"(epoch_us({x}) // 1000000)::BIGINT",
    }.get(kind, "NULL")
    length = f"strlen({x})" if kind == "text" else "NULL"
    return [
        f"count(*) - count({x})",
        f"count(*) FILTER (isnan({x}))" if kind == "float" else "0",
        f"count(*) FILTER ({trimmed} = '')" if kind == "text" else "0",
        f"count(*) FILTER (lower({trimmed}) IN ({nothing}))" if kind == "text" else "0",
        f"min({shown}) FILTER ({present})",
        f"max({shown}) FILTER ({present})",
        f"min({length}) FILTER ({present})",
        f"max({length}) FILTER ({present})",
        f"count(DISTINCT {x}) FILTER ({present})",
    ]


def by_polars(frame: Any, leaves: Sequence[Leaf]) -> Table:
    """What Polars counts in a frame."""
    columns = {}
    for leaf in leaves:
        columns[leaf.name] = polars_counters(frame.get_column(leaf.name), leaf.kind)
    return Table(frame.height, frame.unique().height, columns)


def polars_counters(values: Any, kind: str) -> Column:
    nulls, values = values.null_count(), values.drop_nulls()
    column = Column(nulls)
    if kind == "float":
        nan = values.is_nan()
        column, values = replace(column, nans=nan.sum()), values.filter(~nan)
    if kind == "text":
        words = values.str.strip_chars(WHITE).str.to_lowercase()
        nothing = words.is_in(SAYS_NOTHING)
        column = replace(column, blanks=(words == "").sum(), placeholders=nothing.sum())
        values = values.filter(~nothing & (words != ""))
        lengths = values.str.len_bytes()
        column = replace(column, length_min=lengths.min(), length_max=lengths.max())
    if kind in ("number", "float"):
        column = replace(column, minimum=as_float(values.min()), maximum=as_float(values.max()))
    if kind in ("moment", "date"):
        seconds = values.cast(pl.Datetime("us")).dt.epoch("us") // 1_000_000
        column = replace(column, minimum=seconds.min(), maximum=seconds.max())
    return replace(column, distinct=values.n_unique())


def as_float(value: Any) -> Optional[float]:
    return None if value is None else float(value)


def leaves(kinds: Mapping[str, str]) -> List[Leaf]:
    """Columns of no struct."""
    return [Leaf(name, '"' + name.replace('"', '""') + '"', kind) for name, kind in kinds.items()]


def parquet_relation(root: Path) -> str:
    return f"read_parquet('{root}/*.parquet', hive_partitioning=false)"


def agree(spark: Any, root: Path, kinds: Mapping[str, str], *, native: bool = True) -> None:
    """Hold the scan of a folder of Parquet, by either engine, to both oracles."""
    expected = by_duckdb(parquet_relation(root), leaves(kinds))
    frame = pl.concat([pl.read_parquet(path, glob=False) for path in sorted(root.glob("*.parquet"))])
    assert by_polars(frame, leaves(kinds)) == expected
    held(spark, root, expected, native=native)


def held(spark: Any, root: Path, expected: Table, *, native: bool = True) -> None:
    """Hold a scan, by either engine, to what is expected."""
    for engine in ENGINES:
        assert by_scan(spark, root, engine, native=native) == expected, engine


# -- Parquet ---------------------------------------------------------------------------------------------


def some(values: Sequence[Any], seed: int, missing: float = 0.05) -> List[Any]:
    """So many values by chance, some of them missing."""
    chance = random.Random(seed)  # noqa: S311  data, no secret
    return [None if chance.random() < missing else chance.choice(values) for _ in range(ROWS)]


WORDS = (
    "word", "two words", " padded ", "", " ", "\t\r\n", "NA", "n/a", " NULL ", "None", "-", "--", "?", "#N/A",
    "nan", "nano", "- -", "\u00a0", "日本語", "é", "e\u0301", "😀", "x" * 4000, "O'Brien", '"', "\\",
    "a\x00b", "İstanbul", "ß",
)  # fmt: skip
FLOATS = (0.0, -0.0, 1.5, -2.25, math.nan, math.inf, -math.inf, 1e308, 5e-324, 0.1)
MOMENTS = tuple(
    datetime(*parts)  # noqa: DTZ001  without a zone on purpose
    for parts in (
        (1969, 12, 31, 23, 59, 59, 999999), (1970, 1, 1), (2024, 2, 29, 12, 30, 15, 1), (1900, 1, 1),
        (2025, 12, 31, 23, 59, 59), (2099, 1, 1), (9999, 12, 31, 23, 59, 59),
    )
)  # fmt: skip
DAYS = (date(1583, 1, 1), date(1900, 1, 1), date(2024, 1, 31), date(9999, 12, 31))
KINDS: Mapping[str, str] = {
    "number": "number", "tiny": "number", "small": "number", "whole": "number", "single": "float",
    "double_value": "float", "cents": "number", "precise": "number", "huge": "number", "flag": "boolean",
    "born": "date", "moment": "moment", "zoned": "moment", "blob": "binary", "word": "text",
    "nothing": "text", "no_number": "number",
}  # fmt: skip


def typed_frame() -> Any:
    top = Decimal(10**37)
    tens = [
        Decimal(10) ** -18,
        Decimal("-12345678901234567890.123456789012345678"),
        Decimal(0),
        Decimal("1.5"),
    ]
    return pl.DataFrame(
        {
            "number": pl.Series(some([2**63 - 1, -(2**63), 0, 1, 2**53 + 1], 1), dtype=pl.Int64),
            "tiny": pl.Series(some(range(-128, 128), 2), dtype=pl.Int8),
            "small": pl.Series(some(range(-300, 300), 3), dtype=pl.Int16),
            "whole": pl.Series(some(range(2000), 4), dtype=pl.Int32),
            "single": pl.Series(some(FLOATS, 5), dtype=pl.Float32),
            "double_value": pl.Series(some(FLOATS, 6), dtype=pl.Float64),
            "cents": pl.Series(some([Decimal(n) / 100 for n in range(500)], 7), dtype=pl.Decimal(9, 2)),
            "precise": pl.Series(some(tens, 8), dtype=pl.Decimal(38, 18)),
            "huge": pl.Series(some([3 * top, -top, top], 9), dtype=pl.Decimal(38, 0)),
            "flag": pl.Series(some([True, False], 10), dtype=pl.Boolean),
            "born": pl.Series(some(DAYS, 11)),
            "moment": pl.Series(some(MOMENTS, 12), dtype=pl.Datetime("us")),
            "zoned": pl.Series(some(MOMENTS, 13), dtype=pl.Datetime("us")).dt.replace_time_zone("UTC"),
            "blob": pl.Series(some([b"", b"\x00", b"\xff\xfe", b"a"], 14), dtype=pl.Binary),
            "word": pl.Series(some(WORDS, 15), dtype=pl.String),
            "nothing": pl.Series([None] * ROWS, dtype=pl.String),
            "no_number": pl.Series([None] * ROWS, dtype=pl.Int64),
        }
    )  # fmt: skip


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "things"
    folder.mkdir()
    return folder


class TestParquetOfPolars:
    @pytest.mark.parametrize(
        "options",
        [{"compression": "snappy"}, {"statistics": False, "compression": "zstd", "row_group_size": 700}],
        ids=["statistics", "no_statistics"],
    )
    def test_every_type(self, spark: Any, folder: Path, options: Dict[str, Any]) -> None:
        typed_frame().write_parquet(folder / "a.parquet", **options)
        agree(spark, folder, KINDS)

    def test_rows_that_repeat(self, spark: Any, folder: Path) -> None:
        chosen = typed_frame().select("tiny", "flag", "double_value", "word").head(500)
        pl.concat([chosen, chosen, chosen.head(7)]).write_parquet(folder / "a.parquet")
        agree(spark, folder, {name: KINDS[name] for name in chosen.columns})

    def test_several_files(self, spark: Any, folder: Path) -> None:
        frame = typed_frame()
        for number in range(3):
            frame.slice(number * 1000, 1000).write_parquet(folder / f"part-{number}.parquet")
        agree(spark, folder, KINDS)

    def test_no_rows(self, spark: Any, folder: Path) -> None:
        typed_frame().head(0).write_parquet(folder / "a.parquet")
        agree(spark, folder, KINDS)

    def test_one_file_has_no_rows(self, spark: Any, folder: Path) -> None:
        typed_frame().head(0).write_parquet(folder / "part-0.parquet")
        typed_frame().write_parquet(folder / "part-1.parquet")
        agree(spark, folder, KINDS)

    def test_numbers_without_sign(self, spark: Any, folder: Path) -> None:
        widths = {pl.UInt8: 8, pl.UInt16: 16, pl.UInt32: 32}
        frame = pl.DataFrame(
            {
                f"n{bits}": pl.Series(some([0, 1, 2**bits - 1, 2 ** (bits - 1)], bits), dtype=dtype)
                for dtype, bits in widths.items()
            }
        )
        frame.write_parquet(folder / "a.parquet")
        agree(spark, folder, dict.fromkeys(frame.columns, "number"))

    def test_units_of_time(self, spark: Any, folder: Path) -> None:
        whole = [one for one in MOMENTS if one.microsecond == 0]
        frame = pl.DataFrame(
            {
                "ms": pl.Series(some(whole, 1), dtype=pl.Datetime("ms")),
                "us": pl.Series(some(MOMENTS, 2), dtype=pl.Datetime("us")),
            }
        )
        frame.write_parquet(folder / "a.parquet")
        agree(spark, folder, {"ms": "moment", "us": "moment"})

    def test_categories(self, spark: Any, folder: Path) -> None:
        words = pl.Series("word", some(["a", "b", "n/a", ""], 1), dtype=pl.Categorical)
        pl.DataFrame([words]).write_parquet(folder / "a.parquet")
        expected = by_duckdb(parquet_relation(folder), leaves({"word": "text"}))
        held(spark, folder, expected)


class TestParquetOfDuckDB:
    """DuckDB has writers of its own: dictionaries, pages and nested values as Spark would not write them."""

    def write(self, folder: Path, select: str, options: str = "") -> None:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"COPY ({select}) TO '{folder}/a.parquet' (FORMAT parquet{options})")

    @pytest.mark.parametrize(
        ("options", "left_out"),
        [("", ()), (", ROW_GROUP_SIZE 2048, COMPRESSION zstd", ()), (", PARQUET_VERSION v2", ("ratio",))],
        ids=["usual", "groups", "v2"],
    )
    def test_dictionaries(self, spark: Any, folder: Path, options: str, left_out: Sequence[str]) -> None:
        kinds = {
            "id": "number", "few": "number", "word": "text", "tiny": "number", "share": "number",
            "ratio": "float", "day": "date", "at": "moment", "zoned": "moment", "blob": "binary",
            "even": "boolean", "nothing": "text",
        }  # fmt: skip
        for name in left_out:
            del kinds[name]
        self.write(
            folder,
            f"SELECT {', '.join(leaf.expression for leaf in leaves(kinds))} FROM ("  # noqa: S608  the test's own
            "SELECT i AS id, i % 7 AS few, 'word ' || (i % 5) AS word, (i % 3)::TINYINT AS tiny, "
            "CASE WHEN i % 4 > 0 THEN (i % 100)::DECIMAL(18, 4) / 3 END AS share, "
            "CASE WHEN i % 9 = 0 THEN 'NaN'::DOUBLE WHEN i % 9 = 1 THEN '-inf' ELSE i / 7 END AS ratio, "
            "DATE '2024-01-01' + (i % 50)::INT AS day, "
            "TIMESTAMP '1960-01-01 00:00:00.5' + to_hours(i) AS at, "
            "(TIMESTAMP '2020-01-01' + to_minutes(i))::TIMESTAMPTZ AS zoned, 'x'::BLOB AS blob, "
            "i % 2 = 0 AS even, NULL::VARCHAR AS nothing FROM range(5000) t(i))",
            options,
        )
        agree(spark, folder, kinds)

    def test_nested_lists(self, spark: Any, folder: Path) -> None:
        self.write(
            folder,
            "SELECT i % 10 AS n, "
            "CASE WHEN i % 3 = 0 THEN NULL WHEN i % 3 = 1 THEN [] ELSE [i % 4, NULL] END AS many, "
            "[[i % 2], [], NULL] AS nested, MAP {'k': i % 6} AS lookup, "
            "[{'a': i % 3, 'b': NULL::INT}] AS records "
            "FROM range(2000) t(i)",
        )
        kinds = {"n": "number", "many": "list", "nested": "list", "lookup": "list", "records": "list"}
        expected = by_duckdb(parquet_relation(folder), leaves(kinds))
        held(spark, folder, expected, native=False)

    def test_structs(self, spark: Any, folder: Path) -> None:
        self.write(
            folder,
            "SELECT CASE WHEN i % 5 > 0 THEN {'a': i % 9, 'deep': "
            "CASE WHEN i % 2 = 0 THEN {'b c': 'v' || i, 'd': i / 2} END} END AS s, "
            "i % 3 AS n FROM range(2000) t(i)",
        )
        inside = [
            Leaf("s.a", "s.a", "number"), Leaf("s.deep.b c", 's.deep."b c"', "text"),
            Leaf("s.deep.d", "s.deep.d", "float"), Leaf("n", "n", "number"),
        ]  # fmt: skip
        flat = f'(SELECT s.a, s.deep."b c", s.deep.d, n FROM {parquet_relation(folder)})'  # noqa: S608  the test's own
        expected = replace(
            by_duckdb(parquet_relation(folder), inside), different=by_duckdb(flat, []).different
        )
        held(spark, folder, expected)

    def test_other_types(self, spark: Any, folder: Path) -> None:
        kinds = {
            "unsigned": "number", "huge": "number", "seconds": "moment", "millis": "moment", "word": "text",
            "document": "text", "fraction": "number", "single": "float",
        }  # fmt: skip
        self.write(
            folder,
            "SELECT i::UBIGINT + 18446744073709551000 AS unsigned, i::HUGEINT AS huge, "
            "TIMESTAMP_S '2024-01-01 00:00:00' + to_days((i % 9)::INT) AS seconds, "
            "(TIMESTAMP '2024-01-01' + to_days((i % 9)::INT))::TIMESTAMP_MS AS millis, "
            "(['a','b'])[1 + i % 2]::ENUM('a', 'b') AS word, to_json({'a': i % 3}) AS document, "
            "i::DECIMAL(38, 18) / 7 AS fraction, i::FLOAT / 3 AS single FROM range(300) t(i)",
        )
        # Spark's type of 64 bits without a sign is decimal(20,0)
        held(spark, folder, by_duckdb(parquet_relation(folder), leaves(kinds)), native=False)


ODD_NAMES = (
    "a.b", "a b", " leading", "trailing ", "`", "a`b``c", '"', "'", "\\", "$", "%", "a\nb", "a\tb", "😀",
    "日本語", "é", "e\u0301", "n" * 300, "c0", "c0_nulls", "c1_trimmed", "row_hash", "rows",
    "__corrupt_record", "select", "1", "-", "a,b", "a;b", "{a}", "(a)", "a=b", "#", "?",
    "[x]", "..", ".", "a..b", "a.b.", "_metadata", "null", "x:y", "x/y",
)  # fmt: skip


class TestOldDates:
    def test_days_before_the_gregorian_calendar_are_read_as_they_were_written(
        self, spark: Any, folder: Path
    ) -> None:
        days = [date(1, 1, 1), date(1500, 2, 28), None, date(2024, 2, 29)]
        pl.DataFrame({"day": days}).write_parquet(folder / "a.parquet")
        for engine in ENGINES:
            profile = scanned(spark, folder, engine).profile
            assert (profile.columns[0].minimum, profile.columns[0].maximum) == ("0001-01-01", "2024-02-29")
            assert profile.scan.tally.columns[0].nulls == 1


class TestOddNames:
    def test_all_at_once(self, spark: Any, folder: Path) -> None:
        frame = pl.DataFrame({name: some(range(n + 2), n) for n, name in enumerate(ODD_NAMES)})
        frame.write_parquet(folder / "a.parquet")
        agree(spark, folder, dict.fromkeys(ODD_NAMES, "number"))

    def test_no_name(self, spark: Any, folder: Path) -> None:
        frame = pl.DataFrame({"": some(range(9), 1), "n": range(ROWS)})
        frame.write_parquet(folder / "a.parquet")
        held(spark, folder, by_polars(frame, leaves({"": "number", "n": "number"})))  # DuckDB wants a name

    def test_names_that_polars_takes_for_patterns(self, spark: Any, folder: Path) -> None:
        frame = pl.DataFrame({"^b$": [1, None, 3], "b": [1, 2, 3], "*": [None, None, 1]})
        frame.write_parquet(folder / "a.parquet")
        for engine in ENGINES:
            tally = scanned(spark, folder, engine).profile.scan.tally
            assert [column.nulls for column in tally.columns] == [1, 0, 2]

    def test_a_field_and_a_column_of_one_name(self, spark: Any, folder: Path) -> None:
        frame = pl.DataFrame({"a": [{"b": i % 5} for i in range(50)], "a.b": [i % 3 for i in range(50)]})
        frame.write_parquet(folder / "a.parquet")
        for engine in ENGINES:
            scan = scanned(spark, folder, engine).profile.scan
            assert [(one.name, one.distinct.count) for one in scan.columns] == [("a.b", 5), ("a.b", 3)]

    def test_twins_but_for_case_are_refused_in_a_sentence(self, spark: Any, folder: Path) -> None:
        pl.DataFrame({"Name": ["a"], "name": ["b"]}).write_parquet(folder / "a.parquet")
        for engine in ENGINES:
            with pytest.raises(DatasetUnreadable, match="differ in nothing but upper and lower case"):
                scanned(spark, folder, engine)

    def test_twins_where_spark_tells_them_apart(self, spark: Any, folder: Path) -> None:
        frame = pl.DataFrame({"Name": some(["a", "b"], 1), "name": some(["c", "n/a", "d"], 2)})
        frame.write_parquet(folder / "a.parquet")
        expected = by_polars(frame, leaves({"Name": "text", "name": "text"}))
        spark.conf.set("spark.sql.caseSensitive", "true")
        try:
            counted = [by_scan(spark, folder, engine) for engine in ENGINES]
        finally:
            spark.conf.unset("spark.sql.caseSensitive")
        assert counted == [expected] * len(ENGINES)


# -- CSV -------------------------------------------------------------------------------------------------


CSV_COLUMNS = ("number", "share", "word", "note", "mail", "day", "at", "nothing")


def csv_rows(count: int) -> List[List[str]]:
    """Rows of cells as they stand in a file, quotes included."""
    chance = random.Random(3)  # noqa: S311  data, no secret
    cells = [
        [*(str(n) for n in range(-50, 950)), "", "n/a", "NULL"],
        [*(f"{n / 8}" for n in range(600)), "", "-"],
        ["red", "green", "blue", "", '""', " ", '" "', "NA", "none", " padded ", '"a, b"',
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
        held(spark, path, expected)

    def test_a_header_alone(self, spark: Any, folder: Path) -> None:
        path = folder / "things.csv"
        path.write_text(csv_text([]), encoding="utf-8")
        expected = by_duckdb(csv_relation(path), leaves(dict.fromkeys(CSV_COLUMNS, "text")))
        held(spark, path, expected)

    def test_quoted_line_ends(self, spark: Any, folder: Path) -> None:
        path = folder / "things.csv"
        rows = csv_rows(500)
        for row in rows[::7]:
            row[3] = '"two\nlines"'
        path.write_text(csv_text(rows), encoding="utf-8")
        relation = csv_relation(path)
        expected = with_values(relation, by_duckdb(relation, leaves(dict.fromkeys(CSV_COLUMNS, "text"))))
        held(spark, path, expected, native=False)


# -- what is approximate ---------------------------------------------------------------------------------


MANY = 150_000


class TestApproximate:
    """Beyond 100,000 rows different values are estimated, with an error that is stated."""

    def check(self, spark: Any, root: Path, exact: Table) -> None:
        for engine in ENGINES:
            scan = scanned(spark, root, engine).profile.scan
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
        held(spark, folder, expected, native=False)
