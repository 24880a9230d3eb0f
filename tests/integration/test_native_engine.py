"""The native engine counts what Spark counts, to the last count, on every dataset that the suite has."""

from __future__ import annotations

import gzip
import random
import re
from dataclasses import replace
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import pytest

from nuvyn_executor.metadata.discovery import discover
from nuvyn_executor.model import Dataset, FileFormat, SourceType
from nuvyn_executor.profiling import profiler
from nuvyn_executor.profiling.counts import Counts, total
from nuvyn_executor.profiling.frames import open_frame
from nuvyn_executor.profiling.native import job
from nuvyn_executor.profiling.native.parts import NotNative, Piece, Reading, constants_of, parts_of
from nuvyn_executor.profiling.sketch import RSD
from nuvyn_executor.sources.filesystem import FileSystemSource

pytest.importorskip("polars")
from nuvyn_executor.profiling.native.kernel import count_part

pytestmark = pytest.mark.spark

NOW = int(datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()) * 1_000_000
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "data"


def datasets_of(root: Path) -> List[Dataset]:
    source = FileSystemSource(str(root), on_databricks=False)
    found = discover(source, SourceType.AUTO, 1000).datasets
    return [one for one in found if one.format in (FileFormat.CSV, FileFormat.PARQUET)]


def reading_of(dataset: Dataset, plan: Any, *, keeps_states: bool = True) -> Reading:
    return Reading(dataset.format, plan, NOW, dataset.dialect, keeps_states)


def assert_both_ways_agree(spark: Any, root: Path, dataset: Dataset, slices: Sequence[int] = (1, 3)) -> None:
    """Count in Spark's own way and natively, whole and in slices, and compare."""
    source = FileSystemSource(str(root), on_databricks=False)
    frame = open_frame(spark, source, dataset)
    profile = profiler.scan(frame, dataset.name, NOW, None)
    reason = job.supports(dataset, profile.plan)
    if reason is not None:
        raise NotNative(reason)
    for number in slices:
        pieces = [
            Piece(
                entry.path,
                entry.size_bytes,
                index,
                1 if entry.path.endswith(".gz") else number,
                constants_of(dataset, entry.path),
            )
            for entry in dataset.files
            for index in range(1 if entry.path.endswith(".gz") else number)
        ]
        counts = total(count_part([piece], reading_of(dataset, profile.plan)) for piece in pieces)
        assert_same(profile, counts)


def assert_same(profile: profiler.Profile, counts: Counts) -> None:
    tally = profile.scan.tally
    for plan, one, other in zip(profile.plan.columns, tally.columns, counts.tally.columns):
        assert other == one, plan
    assert counts.tally == tally
    for column, facts, span in zip(profile.columns, profile.scan.columns, counts.spans):
        plan = column.plan
        shown = [profiler._shown(value, plan, facts.data_type) for value in (span.minimum, span.maximum)]  # noqa: SLF001  how metadata writes it
        assert shown == [column.minimum, column.maximum], plan
        assert (span.length_min, span.length_max) == (column.length_min, column.length_max), plan
        assert span.distinct is not None
        assert facts.distinct is not None
        mine = span.distinct.estimate()
        if profile.plan.exact_distinct:
            assert mine == facts.distinct, plan
        else:
            tolerance = 4 * (mine.rsd + facts.distinct.rsd) * facts.distinct.count
            assert abs(mine.count - facts.distinct.count) <= tolerance, plan
    if profile.plan.exact_distinct:
        assert counts.distinct_rows is not None
        assert profile.scan.distinct_rows is not None
        different = counts.distinct_rows.estimate().count + counts.tally.corrupt_rows
        assert min(different, counts.tally.rows) == profile.scan.distinct_rows.count


class TestExamples:
    def test_every_dataset_of_the_examples(self, spark: Any) -> None:
        refused = {}
        for dataset in datasets_of(EXAMPLES):
            if dataset.name == "broken":
                continue
            try:
                assert_both_ways_agree(spark, EXAMPLES, dataset)
            except NotNative as reason:
                refused[dataset.name] = str(reason)
        assert refused == {"suppliers_utf16": "a value of it may be several lines"}


# Texts that look like something, nearly look like something, or say nothing.
UGLY: Sequence[Optional[str]] = (
    None, "", " ", "\t", "NA", "n/a", " null ", "-", "--", "?", "#N/A", "NaN", "None", "none of it", "nulls",
    "0", "-0", "7", "-7", "+7", "007", "00", "-999", " -999 ", "999999", "999999.0", "123456789012345678",
    "1234567890123456789", "3.5", "-.5", "5.", ".", "1e5", "1E-300", "1e999", "-1e999", "1e3456", "3,14",
    "1,234", "0.1", "-999,0", "+440000000152", "9" * 30, "1" * 400,
    "2024-02-29", "2023-02-29", "2024-13-01", "0000-01-01", "0001-01-01", "9999-12-31", "1900-01-01",
    " 1900-01-01", "31/12/2024", "12/31/2024", "1/2/2024", "31/02/2024", "1.2.2024", "1.2.20245",
    "2024-01-31T10:00:00Z", "2024-01-31 10:00:00", "2024-01-31T10:00:00", "2024-01-31 10:00:00.1234567",
    "2024-01-31 10:00:00.5", "2024-01-31 10:00:00.123+02:00", "2024-01-31 10:00:00-18:00",
    "2024-01-31 10:00:00+18:01", "2024-01-31 10:00:00+02:60", "2024-01-31 23:59:60", "2024-01-31 24:00:00",
    "2024-02-30T10:00:00", "2024-01-31T25:00:00Z", "9999-12-31 23:59:59.999999999", "0001-01-01 00:00:00",
    "1582-10-10 00:00:00", "1969-12-31 23:59:59.999999", "2027-01-01 00:00:00", "2026-01-01T23:59:59Z",
    "2026-01-02 00:00:00", "2026-01-02 00:00:00.000001",
    "true", "TRUE", "NO", "yes ", "fal\u017fe", "ye\u017f",
    "a@example.org", "A.B-c+d@ex-ample.co.uk", "a@b", "a b@c.de", "a@b.c,d", "\u00e9@x.org", "a@\u00e9.org",
    "a@b..c", "a@@b.c", "x:y@z.org", "http://u@h.org", "http://x.org/a b", "https://x.org/a", "HTTPS://X",
    "sftp://x", "ftp:/x", "http\u017f://x.org", "http://x.org/\u00e9", "http://x.org/\u00c3\u00bc",
    "550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000",
    "550e8400e29b41d4a716446655440000",
    " padded", "padded\t", "\u00a0nbsp\u00a0", "\u3000wide", "\u65e5\u672c", "\u00e9", "\ufffd",
    "bro\x07ken", "\u00c3\u00bc", "\u00c2\u00a0", "\u0085", "x" * 5000, "\\A", "$", "'", "a|b", "\U0001f600",
)  # fmt: skip
USUAL = {
    "number": ("12", "-3", "4711"),
    "decimal": ("12.5", "-3.25", "1e2"),
    "comma": ("12,5", "3,25", "4,75"),
    "created_at": ("2024-05-06", "2025-07-08", "2023-01-02"),
    "updated_at": ("2024-05-06 07:08:09", "2025-07-08 01:02:03", "2023-01-02 00:00:00"),
    "zoned_ts": ("2024-05-06T07:08:09Z", "2025-07-08T01:02:03.5+01:00", "2023-01-02T00:00:00Z"),
    "american": ("12/31/2024", "01/02/2024", "3/4/2023"),
    "german": ("31.12.2024", "1.2.2024", "03.04.2023"),
    "boolean": ("true", "false", "yes"),
    "code": ("01067", "007", "10115"),
    "email": ("x@example.org", "y@example.org", "zz@example.com"),
    "uuid": ("123e4567-e89b-12d3-a456-426614174000",) * 3,
    "url": ("https://example.org/", "http://example.org/a", "https://example.org/b?c=d"),
    "text": ("word", "two words", "three of them"),
    "id": ("1", "2", "3"),
}


def ugly_table(repeats: int, *, varied: bool) -> Dict[str, List[Optional[str]]]:
    """Columns of which something is expected, with everything else in each of them once."""
    table: Dict[str, List[Optional[str]]] = {}
    for number, (name, usual) in enumerate(USUAL.items()):
        plain = [usual[i % len(usual)] for i in range(repeats * len(UGLY))]
        if varied and name in ("number", "id", "text", "email", "url"):
            plain = [varied_one(name, i) for i in range(len(plain))]
        values = [*plain, *UGLY]
        random.Random(number).shuffle(values)  # noqa: S311  data, no secret
        table[name] = values
    return table


def varied_one(name: str, i: int) -> str:
    return {"text": f"word {i}", "email": f"user{i}@example.org", "url": f"https://x.org/{i}"}.get(
        name, str(i)
    )


class TestTexts:
    """Texts in Parquet may hold anything; each shape, expected and not."""

    @pytest.mark.parametrize(("repeats", "varied"), [(15, False), (30, True)])
    def test_parquet(self, spark: Any, tmp_path: Path, repeats: int, varied: bool) -> None:  # noqa: FBT001
        table = ugly_table(repeats, varied=varied)
        rows = [*zip(*table.values())]
        schema = ", ".join(f"{name} STRING" for name in table)
        spark.createDataFrame(rows, schema).coalesce(1).write.parquet(str(tmp_path / "ugly"))
        (dataset,) = datasets_of(tmp_path)
        assert_both_ways_agree(spark, tmp_path, dataset)

    @pytest.mark.parametrize(("delimiter", "varied"), [(",", True), (";", False), ("\t", False)])
    def test_csv(self, spark: Any, tmp_path: Path, delimiter: str, varied: bool) -> None:  # noqa: FBT001
        table = ugly_table(25, varied=varied)
        rows = (delimiter.join(quoted(value, delimiter) for value in row) for row in zip(*table.values()))
        lines = [delimiter.join(table), *rows]
        (tmp_path / "ugly.csv").write_text("\n".join(lines), encoding="utf-8", newline="")
        (dataset,) = datasets_of(tmp_path)
        assert dataset.dialect is not None
        assert dataset.dialect.delimiter == delimiter
        assert_both_ways_agree(spark, tmp_path, dataset)


def quoted(value: Optional[str], delimiter: str) -> str:
    if value is None:
        return ""
    if value == "" or delimiter in value or '"' in value or value[0] == " ":
        return '"' + value.replace('"', '""') + '"'
    return value


class TestTypes:
    """What Parquet declares, in every width, with the values that are odd in it."""

    SCHEMA = (
        "id BIGINT, tiny TINYINT, small SMALLINT, whole INT, single FLOAT, price DOUBLE, narrow "
        "DECIMAL(9,2), wide DECIMAL(38,10), flag BOOLEAN, born DATE, created_at TIMESTAMP, "
        "updated_at TIMESTAMP, local TIMESTAMP_NTZ, blob BINARY, word STRING, "
        "inner STRUCT<a: INT, deep: STRUCT<b: STRING, `c.d`: DOUBLE>>"
    )

    def rows(self) -> List[Any]:
        chance = random.Random(7)  # noqa: S311  data, no secret
        odd_numbers = (0.0, -0.0, float("nan"), float("inf"), float("-inf"), -999.0, 999999.0, 1e300)
        rows: List[Any] = []
        for i in range(400):
            moment = datetime(2020 + i % 8, 1 + i % 12, 1 + i % 28, i % 24, i % 60, 5, i, tzinfo=timezone.utc)
            earlier = moment if i % 5 else datetime(1999, 1, 1, tzinfo=timezone.utc)
            number = odd_numbers[i % 40] if i % 40 < len(odd_numbers) else chance.random() * 100
            row = [
                i // 2, i % 100, i % 300, chance.choice([-999, 5, 7, 999999]), number, number,
                Decimal(i) / 100, Decimal("999999.0000000001") if i % 90 == 0 else Decimal(i) / 7,
                i % 3 == 0, date(1900, 1, 1) if i % 50 == 0 else date(2000 + i % 20, 2, 3),
                moment, earlier, moment.replace(tzinfo=None), bytes([i % 5, 255]),
                chance.choice(["a", " b", "", "n/a", "c\x01"]),
                None if i % 9 == 0 else (i, None if i % 4 == 0 else (f"t{i}", i / 2)),
            ]  # fmt: skip
            rows.append(tuple(None if chance.random() < 0.05 else value for value in row))
        rows.append((None,) * 16)
        return rows

    @pytest.mark.parametrize("kind", ["INT96", "TIMESTAMP_MICROS", "TIMESTAMP_MILLIS"])
    def test_every_type(self, spark: Any, tmp_path: Path, kind: str) -> None:
        option = "spark.sql.parquet.outputTimestampType"
        before = spark.conf.get(option)
        spark.conf.set(option, kind)
        try:
            frame = spark.createDataFrame(self.rows(), self.SCHEMA)
            frame.repartition(3).write.parquet(str(tmp_path / "typed"))
        finally:
            spark.conf.set(option, before)
        (dataset,) = datasets_of(tmp_path)
        assert_both_ways_agree(spark, tmp_path, dataset)

    def test_moments_beyond_nanoseconds(self, spark: Any, tmp_path: Path) -> None:
        far = spark.sql(
            "SELECT timestamp'9999-12-31 23:59:59.999999' AS event_ts, date'9999-12-31' AS day "
            "UNION ALL SELECT timestamp'2262-04-12 00:00:00', date'1700-01-01'"
        )
        far.coalesce(1).write.parquet(str(tmp_path / "far"))
        (dataset,) = datasets_of(tmp_path)
        assert_both_ways_agree(spark, tmp_path, dataset)

    def test_a_column_that_came_later_and_partitions(self, spark: Any, tmp_path: Path) -> None:
        root = tmp_path / "parted"
        first = spark.range(50).selectExpr("id", "id % 3 AS year", "'x y' AS word", "date'2024-01-02' AS day")
        first.write.partitionBy("year", "word", "day").parquet(str(root))
        later = spark.range(20).selectExpr(
            "id", "id * 1.5D AS more", "9 AS year", "CAST(null AS STRING) AS word"
        )
        later = later.selectExpr("*", "date'2024-01-03' AS day")
        later.write.mode("append").partitionBy("year", "word", "day").parquet(str(root))
        (dataset,) = datasets_of(tmp_path)
        assert dataset.partition_columns == ("year", "word", "day")
        assert_both_ways_agree(spark, tmp_path, dataset, slices=(1,))

    def test_arrays_are_for_spark(self, spark: Any, tmp_path: Path) -> None:
        spark.sql("SELECT array(1, 2) AS many, 1 AS one").write.parquet(str(tmp_path / "arrays"))
        (dataset,) = datasets_of(tmp_path)
        with pytest.raises(NotNative, match="column many is of type array<int>"):
            assert_both_ways_agree(spark, tmp_path, dataset)

    def test_many_rows_in_many_row_groups(self, spark: Any, tmp_path: Path) -> None:
        made = spark.range(0, 150_000, 1, 2).selectExpr(
            "id", "id % 1000 AS few", "concat('user', id % 70000, '@x.org') AS email", "uuid() AS token",
            "CASE WHEN id % 10 = 0 THEN NULL WHEN id % 77 = 0 THEN 'n/a' "
            "ELSE concat('w', id % 4) END AS word",
        )  # fmt: skip
        made.write.option("parquet.block.size", 512 * 1024).parquet(str(tmp_path / "many"))
        (dataset,) = datasets_of(tmp_path)
        assert_both_ways_agree(spark, tmp_path, dataset, slices=(1, 4))


CSV_FILES = {
    "short_and_long": b"id,name,amount\n1,a,2\n2,b\n3\n4,d,5,6\n5,e,6,7,8\n6,,\n,,\n7,g,8",
    "quotes": b'id,name,amount\n1,"a, b",2\n2,"say ""hi""",3\n3,"",4\n4,,5\n5,"x",\n6,"x"\n7,"x",1,"y"\n""""'
    b',"""",""""""\n8,5" pipe,6\n9,a"b"c,1\n',
    "crlf": b"id,name\r\n1,a\r\n\r\n2,\r\n3,c\r\n",
    "cr": b"id,name\r1,a\r2,b\r\r3,c\r",
    "mark": "\ufeffid,name\n1,\u00e9\n2,\u65e5\n".encode(),
    "blank_lines": b"\n  \nid,name\n1,a\n\n   \n2,b\n \t\n3,c\n\n",
    "control_characters": b"id,name\n1,a word\n\x01\n2,b\x01\n\x1f \x02\n3,\x01\n"
    + 99 * b"4,several words\n",
    "tabs": b"id\tname\tamount\n1\ta\t2\n\t\t\n\tb\t3\n2\t\t\n\t\t4\n",
    "one_column": b'name\na\n\nb\n \nc d\n""\n"x"\n',
    "no_header": b"1,a,2024-01-01\n2,b,2024-01-02\n3,c,2024-01-03\n4,d\n",
    "latin": "id;name\n1;Gro\u00df\n2;\u00e9t\u00e9\n3;x\n".encode("iso-8859-1"),
    "windows": "id;name\n1;\u201equote\u201c\n2;5 \u20ac\n3;x\n".encode("cp1252"),
    "single_quotes": b"id;name;more\n1;'a;b';x\n2;'it''s';y\n3;'';z\n4;;w\n5;'k';'l'\n",
    "header_only": b"id,name\n",
    "spaces": b'id,name\n 1 , a \n2,\tb\n3," c "\n4,  \n',
}


class TestCsvFiles:
    """Files as people write them: short rows, long rows, quotes, line ends, marks, encodings."""

    @pytest.mark.parametrize("name", CSV_FILES)
    def test_a_file(self, spark: Any, tmp_path: Path, name: str) -> None:
        (tmp_path / f"{name}.csv").write_bytes(CSV_FILES[name])
        (dataset,) = datasets_of(tmp_path)
        assert_both_ways_agree(spark, tmp_path, dataset, slices=(1, 2, 5))

    def test_gzip(self, spark: Any, tmp_path: Path) -> None:
        (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(CSV_FILES["short_and_long"]))
        (dataset,) = datasets_of(tmp_path)
        assert_both_ways_agree(spark, tmp_path, dataset)

    def test_folders_say_values(self, spark: Any, tmp_path: Path) -> None:
        for year in (2023, 2024):
            folder = tmp_path / "sales" / f"year={year}"
            folder.mkdir(parents=True)
            (folder / "a.csv").write_bytes(CSV_FILES["short_and_long"])
        (dataset,) = datasets_of(tmp_path)
        assert dataset.partition_columns == ("year",)
        assert_both_ways_agree(spark, tmp_path, dataset)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (b'id,name\n1,"a"b\n2,c\n', "a quoted value that goes on after its quote"),
            (b"id,name\n1,a\n2,\xff\xc3\n" + 50 * "3,\u00e9\n".encode(), "not in UTF-8 throughout"),
        ],
    )
    def test_what_only_spark_can_tell(self, spark: Any, tmp_path: Path, text: bytes, reason: str) -> None:
        (tmp_path / "odd.csv").write_bytes(text)
        (dataset,) = datasets_of(tmp_path)
        with pytest.raises(NotNative, match=reason):
            assert_both_ways_agree(spark, tmp_path, dataset)


class TestJob:
    """The same over Spark's tasks."""

    def test_tasks_count_what_spark_counts(self, spark: Any, tmp_path: Path) -> None:
        table = ugly_table(3, varied=True)
        schema = ", ".join(f"{name} STRING" for name in table)
        frame = spark.createDataFrame([*zip(*table.values())], schema)
        frame.repartition(3).write.parquet(str(tmp_path / "ugly"))
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        profile = profiler.scan(open_frame(spark, source, dataset), dataset.name, NOW, None)
        for small_here in (True, False):
            assert_same(profile, job.count(spark, dataset, profile.plan, NOW, small_here=small_here))

    def test_parts_of_a_large_dataset_add(self, spark: Any, tmp_path: Path) -> None:
        lines = "".join(
            f"{i},user{i % 50_000}@example.org,2024-01-{i % 28 + 1:02d}\n" for i in range(300_000)
        )
        (tmp_path / "large.csv").write_text("id,email,created_at\n" + lines, encoding="utf-8")
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        profile = profiler.scan(open_frame(spark, source, dataset), dataset.name, NOW, None)
        assert not profile.plan.exact_distinct
        assert len(parts_of([Piece("", dataset.size_bytes)], job.slots_of(spark))) > 1
        assert_same(profile, job.count(spark, dataset, profile.plan, NOW))

    def test_without_different_values(self, spark: Any) -> None:
        (dataset,) = [one for one in datasets_of(EXAMPLES) if one.name == "customers"]
        source = FileSystemSource(str(EXAMPLES), on_databricks=False)
        plan = profiler.plan_scan(open_frame(spark, source, dataset), dataset.name)
        counted = job.count(spark, dataset, plan, NOW)
        without = job.count(spark, dataset, replace(plan, distinct=False), NOW)
        assert without.tally == counted.tally
        assert without.spans == tuple(replace(span, distinct=None) for span in counted.spans)
        assert without.distinct_rows is None

    def test_a_file_that_tasks_do_not_see(self, spark: Any, tmp_path: Path) -> None:
        (tmp_path / "gone.csv").write_bytes(CSV_FILES["crlf"])
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        plan = profiler.plan_scan(open_frame(spark, source, dataset), dataset.name)
        (tmp_path / "gone.csv").unlink()
        for small_here in (True, False):
            with pytest.raises(NotNative, match="a task cannot read a file"):
                job.count(spark, dataset, plan, NOW, small_here=small_here)

    def test_tasks_without_polars(self, spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def failing(_index: int) -> str:
            raise ModuleNotFoundError("No module named 'nuvyn_executor'")

        (tmp_path / "a.csv").write_bytes(CSV_FILES["crlf"])
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        plan = profiler.plan_scan(open_frame(spark, source, dataset), dataset.name)
        monkeypatch.setattr(job, "_task", lambda _parts, _reading: failing)
        with pytest.raises(NotNative, match="No module named 'nuvyn_executor'") as raised:
            job.count(spark, dataset, plan, NOW, small_here=False)
        assert raised.value.everywhere

    def test_estimates_are_mergeable_states(self, spark: Any, tmp_path: Path) -> None:
        spark.range(0, 120_000, 1, 1).write.parquet(str(tmp_path / "ids"))
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        plan = profiler.plan_scan(open_frame(spark, source, dataset), dataset.name)
        assert not plan.exact_distinct
        (span,) = count_part([Piece(dataset.files[0].path, 1)], reading_of(dataset, plan)).spans
        assert span.distinct is not None
        assert span.distinct.estimate().rsd == RSD
        assert abs(span.distinct.estimate().count - 120_000) < 4 * RSD * 120_000


class TestAnyText:
    """Lines that nobody would write, but for those whose quotes only Spark can tell."""

    def test_random_lines(self, spark: Any, tmp_path: Path) -> None:
        chance = random.Random(11)  # noqa: S311  data, no secret
        lines: List[str] = []
        while len(lines) < 4000:
            cells = [
                "".join(chance.choices(ALPHABET, k=chance.randrange(5))) for _ in range(chance.choice(WIDTHS))
            ]
            line = ",".join(f'"{cell}"' if chance.random() < 0.2 else cell for cell in cells)
            if CLEAN.fullmatch(line):
                lines.append(line)
        text = "number,word,moment\n" + 2000 * "12,ab,2024-01-01\n" + "\n".join(lines)
        (tmp_path / "any.csv").write_text(text, encoding="utf-8", newline="")
        (dataset,) = datasets_of(tmp_path)
        assert_both_ways_agree(spark, tmp_path, dataset, slices=(1, 7))


ALPHABET = 'ab19 0-.,,"\t\x0b\x0c\x1f\x01\xa0\x85\u2028\ufeffé日'
WIDTHS = (1, 2, 3, 3, 3, 3, 4, 5)
# Quoted values end where their field ends; a value that does not begin with a quote may hold any.
CLEAN = re.compile(r'(?:(?:[^",]*|"(?:[^"]|"")*")(?:,|$))+|(?:(?:[^",][^,]*)?(?:,|$))+')
