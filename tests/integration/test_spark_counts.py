"""The reads that Spark's way of counting makes: few, and of a shape that Spark compiles."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Sequence

import pytest

from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.discovery.formats import source_type_named
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.commonest import Commonest
from nuvyn_executor.profiling.counts import total
from nuvyn_executor.profiling.histogram import Histogram
from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.profiling.sketch import KEPT
from nuvyn_executor.profiling.spark import cells, expressions
from nuvyn_executor.profiling.spark import engine as spark_engine
from nuvyn_executor.profiling.spark.cells import Cell
from nuvyn_executor.profiling.spark.reads import ALONE_FROM, reads_of
from nuvyn_executor.quality.checks.registry import SHAPES
from nuvyn_executor.quality.tallies import Distinct
from nuvyn_executor.reading import readers, spark_files
from nuvyn_executor.reading.frame import Frame, sample_columns
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.spark

NOW = 1_700_000_000_000_000
COLUMNS = range(60)
SOME = (*COLUMNS[:10], *COLUMNS[-10:])
"""Where each text column costs a read of its own."""
COMPILED_BYTECODES = 8000  # of a method that Java compiles


@pytest.fixture(
    name="frame", scope="module", params=[(0, COLUMNS), (ALONE_FROM, SOME)], ids=["few rows", "many"]
)
def _frame(spark: Any, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Frame:
    """Parquet of numbers, texts and moments, in which some of each are missing.

    Of how many rows there are said to be depends how it is read, and nothing else.
    """
    kinds = (
        "IF(id % 7 = {i} % 7, NULL, id * {i})",
        "IF(id % 5 = 0, ' n/a ', concat('Word ', id % 11))",
        "timestamp_seconds(id * {i})",
        "CAST(id % {i} AS STRING)",
        "IF(id % 3 = 0, DOUBLE('NaN'), id / 3)",
    )
    rows, numbers = request.param
    values = (kinds[i % len(kinds)].format(i=i) for i in numbers)
    columns = [f"{value} AS c{place}" for place, value in enumerate(values)]
    path = str(tmp_path_factory.mktemp("wide") / "wide.parquet")
    spark.range(0, 500, 1, 2).selectExpr(*columns).write.parquet(path)
    data = spark.read.parquet(path)
    return Frame(
        opened=lambda: data,
        names=tuple(f"column {place}" for place in range(len(numbers))),
        types=tuple(kind for _, kind in data.dtypes),
        sample=sample_columns([tuple(row) for row in data.limit(100).collect()], len(numbers)),
        sample_represents=True,
        is_small=False,
        rows=rows,
        is_columnar=True,
    )


def _where(frame: Frame, condition: str) -> Frame:
    return replace(frame, opened=lambda: frame.data.where(condition))


@pytest.fixture(name="_not_adaptive")
def _without_adaptive_plans(spark: Any) -> Iterator[None]:
    """Adaptive plans hide what is compiled until they have run."""
    before = spark.conf.get("spark.sql.adaptive.enabled")
    spark.conf.set("spark.sql.adaptive.enabled", "false")
    yield
    spark.conf.set("spark.sql.adaptive.enabled", before)


def executed(asked: Any) -> Any:
    return asked._jdf.queryExecution().executedPlan()  # noqa: SLF001  Spark's own word for it


class TestTheReadsOfColumnarData:
    """Issue: "a light scan (<= 100 buffer fields a chunk, ...) and a separate distinct scan"."""

    def test_columns_of_one_kind_are_together_and_no_read_has_too_many(self, frame: Frame) -> None:
        plan = plan_scan(frame, "wide")
        reads = reads_of(frame, plan)
        assert sorted(i for read in reads for i in read.columns) == list(range(len(frame.names)))
        assert [read.columns for read in reads if read.rows] == [()]
        for read in reads:
            assert {expressions.kind_of(plan.columns[i]) for i in read.columns} <= {read.kind}

    def test_of_many_rows_each_text_column_is_read_alone(self, frame: Frame) -> None:
        """What its plan wants is constant then; few different values are grouped before that."""
        plan = plan_scan(frame, "wide")
        texts = [i for i, one in enumerate(plan.columns) if expressions.kind_of(one) == expressions.TEXT]
        reads = reads_of(frame, plan)
        found = [read.columns for read in reads if read.kind == expressions.TEXT]
        by_value = [read.columns for read in reads if read.by_value]
        if frame.rows:
            assert found == [(i,) for i in texts]
            assert 0 < len(by_value) < len(texts)
        else:
            assert (found, by_value) == ([tuple(texts)], [])

    @pytest.mark.parametrize("distinct", [False, True])
    @pytest.mark.usefixtures("_not_adaptive")
    def test_spark_compiles_the_reads_as_a_whole(self, frame: Frame, distinct: bool) -> None:  # noqa: FBT001
        plan = replace(plan_scan(frame, "wide"), distinct=distinct)
        for read in reads_of(frame, plan):
            shown = executed(spark_engine.asked_of(frame, plan, read, NOW)).toString()
            assert "*(1) HashAggregate" in shown
            assert ("*(1) Generate" in shown) == (len(read.columns) > 1)
            assert "SortAggregate" not in shown
            # The first aggregate is the last in the plan; later ones, of groups, collect registers.
            assert "ObjectHashAggregate" not in shown[shown.rindex("HashAggregate") - len("Object") :]

    @pytest.mark.parametrize("distinct", [False, True])
    @pytest.mark.usefixtures("_not_adaptive")
    def test_the_methods_that_spark_makes_are_short_enough_for_java(
        self,
        spark: Any,
        frame: Frame,
        distinct: bool,  # noqa: FBT001
    ) -> None:
        plan = replace(plan_scan(frame, "wide"), distinct=distinct)
        debug = spark._jvm.org.apache.spark.sql.execution.debug  # noqa: SLF001  Spark's own measure
        for read in reads_of(frame, plan):
            stages = debug.package.codegenStringSeq(executed(spark_engine.asked_of(frame, plan, read, NOW)))
            assert stages.size() > 0
            for stage in range(stages.size()):
                size = stages.apply(stage)._3().maxMethodCodeSize()  # noqa: SLF001  Scala's third of three
                assert size <= COMPILED_BYTECODES, read

    def test_the_counts_are_those_of_a_single_read(self, frame: Frame) -> None:
        plan = replace(plan_scan(frame, "wide"), exact_distinct=True)
        apart = spark_engine.count(frame, plan, NOW)
        single = spark_engine.count(replace(frame, is_columnar=False), plan, NOW)
        assert apart.final() == single.final()

    def test_the_counts_of_parts_add_up_to_those_of_the_whole(self, frame: Frame) -> None:
        """Issue: "appended files are read alone and their tallies added"."""
        plan = plan_scan(frame, "wide")
        conditions = ("coalesce(c0 % 3, 0) = 1", "coalesce(c0 % 3, 0) != 1", "FALSE")
        parts = [spark_engine.count(_where(frame, rows), plan, NOW) for rows in conditions]
        whole = spark_engine.count(frame, plan, NOW)
        assert whole.adds
        assert total(parts) == whole == total(parts[::-1])

    def test_without_different_values_everything_else_is_the_same(self, frame: Frame) -> None:
        plan = plan_scan(frame, "wide")
        light = spark_engine.count(frame, replace(plan, distinct=False), NOW)
        full = spark_engine.count(frame, plan, NOW)
        assert light.tally == full.tally
        assert [replace(span, distinct=None) for span in full.spans] == list(light.spans)
        assert light.distinct_rows is None

    def test_estimates_are_near_what_is_counted_exactly(self, frame: Frame) -> None:
        plan = plan_scan(frame, "wide")
        exact = spark_engine.count(frame, replace(plan, exact_distinct=True), NOW)
        near = spark_engine.count(frame, plan, NOW)
        assert not plan.exact_distinct
        assert near.tally == exact.tally
        estimates = [*(span.distinct for span in near.spans), near.distinct_rows]
        truths = [*(span.distinct for span in exact.spans), exact.distinct_rows]
        for estimate, truth in zip(estimates, truths):
            assert estimate is not None
            assert truth is not None
            right = truth.estimate()
            assert right.rsd == 0
            assert abs(estimate.estimate().count - right.count) <= 4 * estimate.estimate().rsd * right.count


class TestReadsWithChecks:
    """Predicates are compiled, too, and make no method too long."""

    CHECKED: Mapping[str, str] = {
        "phone": "concat('+4416329609', 10 + id % 90)",
        "card_number": "IF(id % 3 = 0, '4111111111111111', '4111 1111 1111 1112')",
        "iban": "IF(id % 3 = 0, 'DE44500105175407324931', 'DE44500105175407324932')",
        "client_ip": "IF(id % 3 = 0, '192.0.2.1', '2001:db8::1')",
        "country": "IF(id % 3 = 0, 'DE', 'FRA')",
        "currency": "IF(id % 3 = 0, 'EUR', 'XXY')",
    }
    OTHERS: Mapping[str, str] = {
        "word": "concat('word ', id)",
        "number": "CAST(id / 3 AS STRING)",
        "updated_at": "concat('2024-01-', 10 + id % 20)",
        "flag": "IF(id % 2 = 0, 'true', 'false')",
        "email": "concat('user', id, '@example.org')",
        "uuid": "uuid()",
        "url": "concat('https://example.org/', id)",
    }
    TABLES: Sequence[Sequence[str]] = (
        (*CHECKED, *OTHERS),
        (*CHECKED, "word"),
        ("number", "updated_at", "word", "country"),
        ("number", "updated_at", "word", "currency", "client_ip"),
        ("number", "updated_at", "phone", "email"),
        ("word", "uuid", "url", "email", "flag", "country", "currency", "client_ip", "phone"),
    )

    @pytest.mark.parametrize("names", TABLES, ids="-".join)
    @pytest.mark.usefixtures("_not_adaptive")
    def test_the_methods_are_short_enough_for_java(
        self, spark: Any, tmp_path: Path, names: Sequence[str]
    ) -> None:
        values = {**self.CHECKED, **self.OTHERS}
        path = str(tmp_path / "checked.parquet")
        made = spark.range(0, 500, 1, 2).selectExpr(
            *(f"{values[name]} AS c{i}" for i, name in enumerate(names))
        )
        made.write.parquet(path)
        data = spark.read.parquet(path)
        sample = sample_columns([tuple(row) for row in data.limit(100).collect()], len(names))
        types = ("string",) * len(names)
        frame = Frame(lambda: data, tuple(names), types, sample, sample_represents=True, is_small=False)
        frame = replace(frame, is_columnar=True)
        plan = plan_scan(frame, "checked")
        assert [one.expected for one in plan.columns if one.name == "country"] in ([], ["country_code"])
        debug = spark._jvm.org.apache.spark.sql.execution.debug  # noqa: SLF001  Spark's own measure
        reads = [read for read in reads_of(frame, plan) if read.columns]
        assert sorted(i for read in reads for i in read.columns) == list(range(len(names)))
        sizes = {}
        for read in reads:
            shown = executed(spark_engine.asked_of(frame, replace(plan, distinct=False), read, NOW))
            assert "*(1) HashAggregate" in shown.toString()
            stages = debug.package.codegenStringSeq(shown)
            sizes[read.columns] = max(stages.apply(i)._3().maxMethodCodeSize() for i in range(stages.size()))  # noqa: SLF001  as above
        assert max(sizes.values()) <= COMPILED_BYTECODES, sizes


class TestFewValues:
    @pytest.fixture(name="words")
    def _words(self, spark: Any, tmp_path: Path) -> Frame:
        """Parquet of a text column whose first rows repeat themselves, and no others."""
        path = str(tmp_path / "words.parquet")
        word = "concat(' ', IF(id < 1000, id % 3, id)) AS c0"
        spark.range(0, 2 * KEPT, 1, 1).selectExpr(word).write.parquet(path)
        data = spark.read.parquet(path)
        sample = sample_columns([tuple(row) for row in data.limit(1000).collect()], 1)
        few = Frame(lambda: data, ("word",), ("string",), sample, sample_represents=False, is_small=False)
        return replace(few, rows=ALONE_FROM, is_columnar=True)

    def test_they_are_counted_exactly(self, words: Frame) -> None:
        frame = _where(words, "length(c0) < 4")
        plan = plan_scan(frame, "words")
        assert [read.by_value for read in reads_of(frame, plan)] == [False, True]
        (span,) = spark_engine.count(frame, plan, NOW).spans
        assert span.distinct is not None
        assert span.distinct.estimate() == Distinct(3)

    def test_what_was_not_sampled_is_not_thought_few(self, words: Frame) -> None:
        frame = replace(words, types=("array<string>",), sample=[[None] * 1000])
        reads = reads_of(frame, plan_scan(frame, "words"))
        assert [(read.columns, read.by_value) for read in reads[1:]] == [((0,), False)]

    def test_they_are_many_after_all(self, words: Frame) -> None:
        plan = plan_scan(words, "words")
        assert reads_of(words, plan)[1].by_value
        guessed = spark_engine.count(words, plan, NOW)
        assert guessed == spark_engine.count(replace(words, rows=0), plan, NOW)
        (span,) = guessed.spans
        assert span.distinct is not None
        right, found = 2 * KEPT - 1000 + 3, span.distinct.estimate()
        assert abs(found.count - right) <= 4 * found.rsd * right


@pytest.fixture(name="mixed", scope="module")
def _mixed(spark: Any) -> Frame:
    numbers = "CASE id WHEN 0 THEN -0D WHEN 1 THEN DOUBLE('-Infinity') WHEN 2 THEN 5E-324D WHEN 3"
    kinds = {
        "amount": f"{numbers} THEN DOUBLE('NaN') ELSE exp(id / 40D) * IF(id % 9 = 0, -1, 1) END",
        "whole": "IF(id % 4 = 0, NULL, id * id * id * 1000)",
        "status": "IF(id % 7 = 0, ' n/a ', concat('state ', id % 5))",
        "is_paid": "id % 3 = 0",
        "comment": "repeat('x', CAST(id % 90 AS INT))",
        "paid_at": "timestamp_micros(id * 86400123456)",
        "price": "CAST(CAST(id / 4 AS DECIMAL(20, 2)) AS STRING)",
    }
    data = spark.range(0, 900, 1, 2).selectExpr(*(f"{one} AS c{i}" for i, one in enumerate(kinds.values())))
    rows = [tuple(row) for row in data.collect()]
    return Frame(
        opened=lambda: data,
        names=tuple(kinds),
        types=tuple(None if name == "price" else kind for name, (_, kind) in zip(kinds, data.dtypes)),
        sample=sample_columns(rows[:200], len(kinds)),
        sample_represents=True,
        is_small=True,
        details={"rows": rows},
    )


class TestDistributions:
    """They come out of the reads that count different values exactly; else they are not measured."""

    def test_they_are_those_of_the_values_one_by_one(self, mixed: Frame) -> None:
        plan = plan_scan(mixed, "mixed")
        spans = dict(zip(mixed.names, spark_engine.count(mixed, plan, NOW).spans))
        rows = mixed.details["rows"]

        def of(place: int, numbers: Sequence[float]) -> Histogram:
            return Histogram(plan.columns[place].dropped_bits or 0) + Histogram.of_numbers(numbers)

        states = [row[2] for row in rows if "n/a" not in row[2]]
        assert spans["amount"].histogram == of(0, [row[0] for row in rows])
        assert spans["whole"].histogram == of(1, [float(row[1]) for row in rows if row[1] is not None])
        assert spans["status"].histogram == of(2, [float(len(one)) for one in states])
        assert spans["comment"].histogram == of(4, [float(len(row[4])) for row in rows if row[4]])
        assert spans["paid_at"].histogram == of(5, [i * 86_400_123_456.0 for i in range(len(rows))])
        assert spans["price"].histogram == of(6, [float(row[6]) for row in rows])
        assert spans["is_paid"].histogram is None
        assert {name: one.commonest for name, one in spans.items() if one.commonest is not None} == {
            "status": Commonest(Counter(states)),
            "is_paid": Commonest({"true": 300, "false": 600}),
            "comment": Commonest(None),
        }

    def test_of_many_rows_nothing_is_measured_rather_than_something_wrong(self, mixed: Frame) -> None:
        plan = replace(plan_scan(mixed, "mixed"), exact_distinct=False)
        for span in spark_engine.count(mixed, plan, NOW).spans:
            assert span.histogram is None
            assert span.commonest in (None, Commonest(None))

    def test_too_many_buckets_are_not_brought_to_the_driver(
        self, mixed: Frame, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plan = plan_scan(mixed, "mixed")
        full = spark_engine.count(mixed, plan, NOW)
        monkeypatch.setattr(spark_engine, "MOST_GROUPS", 100)
        few = spark_engine.count(mixed, plan, NOW)
        assert few.tally == full.tally
        assert any(span.histogram is None for span in few.spans[:1])

    @pytest.mark.usefixtures("_not_adaptive")
    def test_the_methods_are_short_enough_for_java(self, spark: Any, mixed: Frame) -> None:
        plan = plan_scan(mixed, "mixed")
        debug = spark._jvm.org.apache.spark.sql.execution.debug  # noqa: SLF001  Spark's own measure
        sizes = {}
        for read in reads_of(mixed, plan):
            stages = debug.package.codegenStringSeq(executed(spark_engine.asked_of(mixed, plan, read, NOW)))
            sizes[read] = max(stages.apply(i)._3().maxMethodCodeSize() for i in range(stages.size()))  # noqa: SLF001  as above
        assert max(sizes.values()) <= COMPILED_BYTECODES, sizes


class TestCells:
    """A class is one number; what it says is what went into it."""

    @pytest.mark.parametrize("shape", SHAPES)
    def test_a_shape_with_flags(self, shape: str) -> None:
        number = cells.index_of(shape) + cells.PADDED + cells.FUTURE
        assert Cell.of(number) == Cell(shape, padded=True, future=True)

    @pytest.mark.parametrize("reason", [cells.NULL, cells.NAN, cells.BLANK, cells.PLACEHOLDER])
    def test_no_value(self, reason: int) -> None:
        assert Cell.of(reason) == Cell(None, missing=reason)


class TestManyFiles:
    """Issue: "Many small files of one shape are one job"; "with per-file failures still named"."""

    @pytest.mark.parametrize("other", ["", "notes.txt"])
    def test_a_folder_of_many_files_is_read_as_one_and_nothing_else_is(
        self, spark: Any, tmp_path: Path, other: str
    ) -> None:
        folder = tmp_path / "a folder, 100% odd"
        folder.mkdir()
        for i in range(spark_files.MANY_FILES + 1):
            (folder / f"part-{i:03d}.csv").write_text(f"id,word\n{i},one\n{i + 1000},two\n")
        if other:
            (folder / other).write_text("not,one\nof,them\n")
        source = FileSystemSource(str(folder), on_databricks=False)
        dataset = max(
            discover(source, source_type_named("csv"), 1000).datasets, key=lambda one: len(one.files)
        )
        profile = SparkScanner(spark, "spark").scan(source, dataset, datetime.now(timezone.utc))
        tally = profile.scan.tally
        assert (tally.rows, tally.corrupt_rows) == (2 * (spark_files.MANY_FILES + 1), 0)
        assert profile.state.engine == "spark"

    def test_so_is_a_tree_of_partitions(self, spark: Any, tmp_path: Path) -> None:
        days = spark_files.MANY_FILES + 1
        for i in range(days):
            day = tmp_path / "tree" / f"day=a%20{i % 5}" / f"hour={i:02d}"
            day.mkdir(parents=True)
            (day / "part-0.csv").write_text(f"id,word\n{i},one\n")
        source = FileSystemSource(str(tmp_path / "tree"), on_databricks=False)
        (dataset,) = discover(source, source_type_named("csv"), 1000).datasets
        frame = readers.open_frame(spark, source, dataset)
        assert frame.names == ("id", "word", "day", "hour")
        assert frame.data.groupBy("c2").count().orderBy("c2").collect()[0] == ("a 0", days // 5)
        some = frame.of(dataset.files[:3]).data
        assert (some.count(), len(some.inputFiles())) == (3, 3)

    @pytest.mark.parametrize("engine", ["auto", "spark"])
    @pytest.mark.parametrize("kind", ["csv", "json"])
    def test_what_folders_say_is_text_among_texts(
        self, spark: Any, tmp_path: Path, kind: str, engine: str
    ) -> None:
        """Issue: "on CSV and JSON one fused pass over strings"; one more a type would parse all once more."""
        for i in range(6):
            day = tmp_path / "tree" / f"year=202{i % 2}" / f"day=2024-01-0{i + 1}" / f"code=00{i}"
            day.mkdir(parents=True)
            (day / f"part-0.{kind}").write_text("id\n1\n2\n" if kind == "csv" else '{"id": 1}\n{"id": 2}\n')
        source = FileSystemSource(str(tmp_path / "tree"), on_databricks=False)
        (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
        frame = readers.open_frame(spark, source, dataset)
        assert len(reads_of(frame, plan_scan(frame, "tree"))) == 1
        found = SparkScanner(spark, engine).scan(source, dataset, datetime.now(timezone.utc))
        assert [(one.name, one.data_type) for one in found.scan.columns] == [
            ("id", "bigint"), ("year", "bigint"), ("day", "date"), ("code", "string"),
        ]  # fmt: skip
        assert [one.distinct.count for one in found.scan.columns if one.distinct] == [2, 2, 6, 6]
        assert (found.columns[2].minimum, found.columns[1].maximum) == ("2024-01-01", 2021)
