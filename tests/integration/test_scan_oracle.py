"""A scan's counts are those of DuckDB and of Polars, asked in words of their own, on the same files.

Issue: "every count agrees with an independent oracle (DuckDB and Polars in the dev environment) on the same
files, exactly where exact, within the stated error where approximate".
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Dict, Mapping, Sequence

import pytest

from nuvyn_executor.errors import DatasetUnreadable
from tests.oracles import (
    ENGINES,
    ROWS,
    Leaf,
    assert_oracles_agree,
    assert_scan_agrees,
    by_duckdb,
    by_polars,
    by_scan,
    leaves,
    parquet_relation,
    scanned,
    some,
)

if TYPE_CHECKING:
    from pathlib import Path

duckdb = pytest.importorskip("duckdb")
pl = pytest.importorskip("polars")

pytestmark = pytest.mark.spark

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


class TestParquetOfPolars:
    @pytest.mark.parametrize(
        "options",
        [{"compression": "snappy"}, {"statistics": False, "compression": "zstd", "row_group_size": 700}],
        ids=["statistics", "no_statistics"],
    )
    def test_every_type(self, spark: Any, folder: Path, options: Dict[str, Any]) -> None:
        typed_frame().write_parquet(folder / "a.parquet", **options)
        assert_oracles_agree(spark, folder, KINDS)

    def test_rows_that_repeat(self, spark: Any, folder: Path) -> None:
        chosen = typed_frame().select("tiny", "flag", "double_value", "word").head(500)
        pl.concat([chosen, chosen, chosen.head(7)]).write_parquet(folder / "a.parquet")
        assert_oracles_agree(spark, folder, {name: KINDS[name] for name in chosen.columns})

    def test_several_files(self, spark: Any, folder: Path) -> None:
        frame = typed_frame()
        for number in range(3):
            frame.slice(number * 1000, 1000).write_parquet(folder / f"part-{number}.parquet")
        assert_oracles_agree(spark, folder, KINDS)

    def test_no_rows(self, spark: Any, folder: Path) -> None:
        typed_frame().head(0).write_parquet(folder / "a.parquet")
        assert_oracles_agree(spark, folder, KINDS)

    def test_one_file_has_no_rows(self, spark: Any, folder: Path) -> None:
        typed_frame().head(0).write_parquet(folder / "part-0.parquet")
        typed_frame().write_parquet(folder / "part-1.parquet")
        assert_oracles_agree(spark, folder, KINDS)

    def test_numbers_without_sign(self, spark: Any, folder: Path) -> None:
        widths = {pl.UInt8: 8, pl.UInt16: 16, pl.UInt32: 32}
        frame = pl.DataFrame(
            {
                f"n{bits}": pl.Series(some([0, 1, 2**bits - 1, 2 ** (bits - 1)], bits), dtype=dtype)
                for dtype, bits in widths.items()
            }
        )
        frame.write_parquet(folder / "a.parquet")
        assert_oracles_agree(spark, folder, dict.fromkeys(frame.columns, "number"))

    def test_units_of_time(self, spark: Any, folder: Path) -> None:
        whole = [one for one in MOMENTS if one.microsecond == 0]
        frame = pl.DataFrame(
            {
                "ms": pl.Series(some(whole, 1), dtype=pl.Datetime("ms")),
                "us": pl.Series(some(MOMENTS, 2), dtype=pl.Datetime("us")),
            }
        )
        frame.write_parquet(folder / "a.parquet")
        assert_oracles_agree(spark, folder, {"ms": "moment", "us": "moment"})

    def test_categories(self, spark: Any, folder: Path) -> None:
        words = pl.Series("word", some(["a", "b", "n/a", ""], 1), dtype=pl.Categorical)
        pl.DataFrame([words]).write_parquet(folder / "a.parquet")
        expected = by_duckdb(parquet_relation(folder), leaves({"word": "text"}))
        assert_scan_agrees(spark, folder, expected)


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
        assert_oracles_agree(spark, folder, kinds)

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
        assert_scan_agrees(spark, folder, expected)

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
        assert_scan_agrees(spark, folder, expected)

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
        assert_scan_agrees(spark, folder, by_duckdb(parquet_relation(folder), leaves(kinds)), native=False)


ODD_NAMES = (
    "a.b", "a b", " leading", "trailing ", "`", "a`b``c", '"', "'", "\\", "$", "%", "a\nb", "a\tb", "😀",
    "日本語", "é", "e\u0301", "n" * 300, "c0", "c0_nulls", "c1_trimmed", "row_hash", "rows",
    "__corrupt_record", "select", "1", "-", "a,b", "a;b", "{a}", "(a)", "a=b", "#", "?",
    "[x]", "..", ".", "a..b", "a.b.", "_metadata", "null", "x:y", "x/y",
)  # fmt: skip


class TestTypesThatSparkDoesNotRead:
    def test_the_sentence_names_the_cause_and_the_remedy(self, spark: Any, folder: Path) -> None:
        pl.DataFrame({"n": [1, 2]}).with_columns(at=pl.lit(0).cast(pl.Time)).write_parquet(
            folder / "a.parquet"
        )
        for engine in ENGINES:
            with pytest.raises(
                DatasetUnreadable, match=r"its column at .TIME.* is of a Parquet type"
            ) as caught:
                scanned(spark, folder, engine)
            assert "the file itself is intact" in caught.value.remedy


class TestOldDates:
    def test_days_before_the_gregorian_calendar_are_read_as_they_were_written(
        self, spark: Any, folder: Path
    ) -> None:
        days = [date(1, 1, 1), date(1500, 2, 28), None, date(2024, 2, 29)]
        pl.DataFrame({"day": days}).write_parquet(folder / "a.parquet")
        for engine in ENGINES:
            profile = scanned(spark, folder, engine)
            assert (profile.columns[0].minimum, profile.columns[0].maximum) == ("0001-01-01", "2024-02-29")
            assert profile.scan.tally.columns[0].nulls == 1


class TestOddNames:
    def test_all_at_once(self, spark: Any, folder: Path) -> None:
        frame = pl.DataFrame({name: some(range(n + 2), n) for n, name in enumerate(ODD_NAMES)})
        frame.write_parquet(folder / "a.parquet")
        assert_oracles_agree(spark, folder, dict.fromkeys(ODD_NAMES, "number"))

    def test_no_name(self, spark: Any, folder: Path) -> None:
        frame = pl.DataFrame({"": some(range(9), 1), "n": range(ROWS)})
        frame.write_parquet(folder / "a.parquet")
        assert_scan_agrees(
            spark, folder, by_polars(frame, leaves({"": "number", "n": "number"}))
        )  # DuckDB wants a name

    def test_names_that_polars_takes_for_patterns(self, spark: Any, folder: Path) -> None:
        frame = pl.DataFrame({"^b$": [1, None, 3], "b": [1, 2, 3], "*": [None, None, 1]})
        frame.write_parquet(folder / "a.parquet")
        for engine in ENGINES:
            tally = scanned(spark, folder, engine).scan.tally
            assert [column.nulls for column in tally.columns] == [1, 0, 2]

    def test_a_field_and_a_column_of_one_name(self, spark: Any, folder: Path) -> None:
        frame = pl.DataFrame({"a": [{"b": i % 5} for i in range(50)], "a.b": [i % 3 for i in range(50)]})
        frame.write_parquet(folder / "a.parquet")
        for engine in ENGINES:
            scan = scanned(spark, folder, engine).scan
            assert [(one.name, one.distinct.count) for one in scan.columns] == [("a.b", 5), ("a.b", 3)]

    def test_twins_but_for_case_are_two_columns(self, spark: Any, folder: Path) -> None:
        frame = pl.DataFrame({"Name": ["a", None], "name": ["b", "c"], "in": [{"x": 1, "X": 2}, None]})
        frame.write_parquet(folder / "a.parquet")
        for engine in ENGINES:
            found = scanned(spark, folder, engine)
            assert [one.name for one in found.scan.columns] == ["Name", "name", "in.x", "in.X"]
            assert [one.nulls for one in found.scan.tally.columns] == [1, 0, 1, 1]
        assert spark.conf.get("spark.sql.caseSensitive") == "false"

    def test_twins_in_json(self, spark: Any, folder: Path) -> None:
        (folder / "a.json").write_text('{"a": 1, "A": "x"}\n{"a": 2}\n')
        tally = scanned(spark, folder, "auto").scan.tally
        assert [one.nulls for one in tally.columns] == [0, 1]

    def test_twins_are_refused_in_a_sentence_where_there_is_but_one_session(
        self, spark: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_session(_: Any) -> Any:
            raise NotImplementedError("newSession() is not implemented.")

        monkeypatch.setattr(type(spark), "newSession", no_session)
        pl.DataFrame({"Name": ["a"], "name": ["b"]}).write_parquet(folder / "a.parquet")
        with pytest.raises(DatasetUnreadable, match="differ in nothing but upper and lower case"):
            scanned(spark, folder, "auto")

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
