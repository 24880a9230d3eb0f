"""What must not change a count: the order of the rows, their partitions, the files that they lie in.

``tests/property/test_quality_laws.py`` has the laws of the scores over a model; here they are held by the two
engines, over real files and by a real Spark. Spark's numbers of different values are final, so they are
compared between whole datasets and left out where parts are added; the native engine's states add too.
"""

from __future__ import annotations

import csv
import io
import math
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Sequence, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import Dataset, FileFormat, SourceType
from nuvyn_executor.profiling.counts import Counts, total
from nuvyn_executor.profiling.polars import job, parts
from nuvyn_executor.profiling.polars.parts import Piece, Reading
from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.profiling.sketch import KEPT, RSD
from nuvyn_executor.profiling.spark import engine as spark_engine
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.profiling.plan import ScanPlan
    from nuvyn_executor.reading.frame import Frame

pytest.importorskip("polars", reason="Polars is not installed for this Python")
import polars as pl

from nuvyn_executor.profiling.polars.kernel import count_part

pytestmark = pytest.mark.spark

NOW = int(datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()) * 1_000_000
FORMATS = (formats.PARQUET, formats.CSV)
FEW = settings(max_examples=3)
SCHEMA: Dict[str, Any] = {
    "id": pl.Int64, "amount": pl.Decimal(9, 2), "ratio": pl.Float64, "flag": pl.Boolean, "email": pl.String,
    "code": pl.String, "word": pl.String, "created_at": pl.Datetime("us", "UTC"),
    "updated_at": pl.Datetime("us", "UTC"),
}  # fmt: skip
Row = Tuple[Any, ...]
Rows = Sequence[Row]


def rows_by_chance(count: int) -> List[Row]:
    """Rows with all that is counted: missing in every way, odd, wrong, padded, late, repeated."""
    chance = random.Random(20_260_101)  # noqa: S311  data, no secret
    start = datetime(2025, 1, 1, tzinfo=timezone.utc)
    words = ("a word", " padded", "", "n/a", "two words", "-", "b", "bro\x07ken")
    odd = (math.nan, math.inf, -999.0, 0.0, -0.0)
    rows: List[Row] = []
    for i in range(count):
        created = start + timedelta(hours=chance.randrange(24 * 500))
        row: Row = (
            i,
            Decimal(chance.randrange(10_000)) / 100,
            chance.choice(odd) if i % 9 == 0 else chance.random(),
            chance.random() < 0.9,
            f"user{chance.randrange(99)}@example.org" if i % 11 else "no address",
            f"{chance.randrange(10**6):06d}",
            chance.choice(words),
            created,
            created + timedelta(hours=chance.randrange(-2, 50)),
        )
        rows.append(tuple(None if chance.random() < 0.04 else value for value in row))
    return [*rows, *rows[:20]]


ROWS = rows_by_chance(400)


# -- the same rows, laid out otherwise -------------------------------------------------------------------


def cut(rows: Rows, files: int) -> List[Rows]:
    return [rows[index * len(rows) // files : (index + 1) * len(rows) // files] for index in range(files)]


def shuffled(rows: Rows) -> Rows:
    return random.Random(3).sample(list(rows), len(rows))  # noqa: S311  an order, no secret


LAYOUTS: Mapping[str, Callable[[Rows], List[Rows]]] = {
    "backwards": lambda rows: [rows[::-1]],
    "three files, shuffled": lambda rows: cut(shuffled(rows), 3),
    "seventeen files": lambda rows: cut(rows, 17),
    "two files without rows": lambda rows: [[], rows, []],
    "nearly all in one file": lambda rows: [rows[:-3], *([row] for row in rows[-3:])],
}


def written(folder: Path, kind: FileFormat, files: Sequence[Rows]) -> Dataset:
    """Write a file for each of ``files``, and give the dataset that they are."""
    folder.mkdir()
    for index, rows in enumerate(files):
        path = folder / f"part-{index:03d}.{kind.value}"
        if kind is formats.PARQUET:
            pl.DataFrame(rows, schema=SCHEMA, orient="row").write_parquet(path, row_group_size=128)
        else:
            path.write_text(csv_text(rows), encoding="utf-8", newline="")
    (dataset,) = discover(source_of(folder), SourceType.AUTO, 1000).datasets
    assert len(dataset.files) == len(files)
    return dataset


def csv_text(rows: Rows) -> str:
    """Write rows as CSV; every fiftieth id has a line that is too short or too long."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SCHEMA)
    for row in rows:
        values = [value.isoformat() if isinstance(value, datetime) else value for value in row]
        if row[0] is not None and row[0] % 50 == 0:
            values = values[:4] if row[0] % 100 else [*values, "too much"]
        writer.writerow(values)
    return text.getvalue()


def source_of(folder: Path) -> FileSystemSource:
    return FileSystemSource(str(folder), on_databricks=False)


# -- who counts ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Whole:
    """The rows in one file, what is to be counted in them, and what both engines counted."""

    kind: FileFormat
    dataset: Dataset
    frame: Frame
    plan: ScanPlan
    by_spark: Counts
    natively: Counts


@pytest.fixture(scope="module", params=FORMATS, ids=lambda kind: str(kind.value))
def whole(request: Any, spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    kind, folder = request.param, tmp_path_factory.mktemp("laws") / "things"
    dataset = written(folder, kind, [ROWS])
    frame = open_frame(spark, source_of(folder), dataset)
    plan = plan_scan(frame, dataset.name)
    return Whole(
        kind,
        dataset,
        frame,
        plan,
        by_spark=spark_engine.count(frame, plan, NOW),
        natively=job.count(spark, dataset, plan, NOW),
    )


def with_data(frame: Frame, changed: Callable[[Any], Any]) -> Frame:
    """The frame over a DataFrame that is made from its own."""
    return replace(frame, opened=lambda: changed(frame.data))


def without_different(counts: Counts) -> Counts:
    spans = tuple(replace(span, distinct=None) for span in counts.spans)
    return Counts(counts.tally, spans)


def pieces_of(dataset: Dataset, of: int = 1) -> List[Piece]:
    return [Piece(entry.path, entry.size_bytes, index, of) for entry in dataset.files for index in range(of)]


def counted_here(dataset: Dataset, plan: ScanPlan, pieces: Sequence[Piece]) -> Counts:
    """Count natively with states that add."""
    return count_part(pieces, Reading.of(dataset, plan, NOW))


class TestTheRowsAreWorthCounting:
    def test_each_counter_has_something_to_count(self, whole: Whole) -> None:
        tally = whole.by_spark.tally
        for counter in ("nulls", "suspected", "invalid", "timestamps", "future"):
            assert sum(getattr(column, counter) for column in tally.columns) > 0, counter
        assert tally.pairs > tally.pair_violations > 0
        assert (tally.corrupt_rows > 0) == (whole.kind is formats.CSV)
        assert sum(column.placeholders for column in tally.columns) > 0

    def test_both_engines_count_the_same(self, whole: Whole) -> None:
        assert without_different(whole.natively) == without_different(whole.by_spark)


class TestFiles:
    """Counts do not depend on the order of the rows, nor on the files that they lie in."""

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_by_either_engine(self, spark: Any, tmp_path: Path, whole: Whole, layout: str) -> None:
        folder = tmp_path / "things"
        dataset = written(folder, whole.kind, LAYOUTS[layout](ROWS))
        frame = open_frame(spark, source_of(folder), dataset)
        assert spark_engine.count(frame, whole.plan, NOW) == whole.by_spark
        assert job.count(spark, dataset, whole.plan, NOW) == whole.natively

    @pytest.mark.parametrize("layout", ["backwards", "three files, shuffled"])
    def test_what_is_looked_for_is_the_same(
        self, spark: Any, tmp_path: Path, whole: Whole, layout: str
    ) -> None:
        """As long as the sample is all there is."""
        folder = tmp_path / "things"
        dataset = written(folder, whole.kind, LAYOUTS[layout](ROWS))
        plan = plan_scan(open_frame(spark, source_of(folder), dataset), dataset.name)
        assert without_samples(plan) == without_samples(whole.plan)


def without_samples(plan: ScanPlan) -> ScanPlan:
    """The plan without the values that were met first, which are for people."""
    return replace(plan, columns=tuple(replace(column, sample=None) for column in plan.columns))


PARTITIONS: Mapping[str, Callable[[Any], Any]] = {
    "five alike": lambda data: data.repartition(5),
    "most of them empty": lambda data: data.repartition(8, "c3"),  # a flag
    "sorted": lambda data: data.orderBy("c5", "c0"),
}


class TestPartitions:
    """Counts do not depend on how Spark has spread the rows."""

    @pytest.mark.parametrize("partitions", PARTITIONS)
    def test_exact(self, whole: Whole, partitions: str) -> None:
        frame = with_data(whole.frame, PARTITIONS[partitions])
        assert spark_engine.count(frame, whole.plan, NOW) == whole.by_spark

    def test_estimates(self, whole: Whole) -> None:
        columns = tuple(replace(column, is_key=False) for column in whole.plan.columns[:2])
        plan = replace(whole.plan, columns=columns, pairs=(), exact_distinct=False)
        before, after = (
            spark_engine.count(with_data(whole.frame, changed), plan, NOW)
            for changed in (lambda data: data.coalesce(1), PARTITIONS["most of them empty"])
        )
        assert after == before

    def test_the_native_engine_s_tasks(
        self, spark: Any, tmp_path: Path, whole: Whole, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dataset = written(tmp_path / "things", whole.kind, cut(shuffled(ROWS), 7))
        plan = replace(whole.plan, exact_distinct=False)
        monkeypatch.setattr(parts, "PART_BYTES", 1)
        counts = job.count(spark, dataset, plan, NOW, small_here=False)
        assert counts == counted_here(whole.dataset, plan, pieces_of(whole.dataset))


SEEDS = st.integers(0, 10**6)


def lots(chance: random.Random, number: int) -> List[Rows]:
    """Deal the rows out by chance."""
    dealt: Dict[int, List[Row]] = {index: [] for index in range(number)}
    for row in ROWS:
        dealt[chance.randrange(number)].append(row)
    return list(dealt.values())


class TestParts:
    """counts(A) + counts(B) == counts(A and B)."""

    @FEW
    @given(seed=SEEDS, files=st.just(2))
    def test_by_spark(
        self, spark: Any, tmp_path_factory: pytest.TempPathFactory, whole: Whole, seed: int, files: int
    ) -> None:
        counts = []
        for lot in lots(random.Random(seed), files):  # noqa: S311  a choice, no secret
            folder = tmp_path_factory.mktemp("parts") / "things"
            frame = open_frame(spark, source_of(folder), written(folder, whole.kind, [lot]))
            counts.append(without_different(spark_engine.count(frame, whole.plan, NOW)))
        assert total(counts) == without_different(whole.by_spark)

    @settings(FEW, max_examples=8)
    @given(seed=SEEDS, files=st.integers(1, 6), of=st.integers(1, 5))
    def test_natively_with_different_values(
        self, tmp_path_factory: pytest.TempPathFactory, whole: Whole, seed: int, files: int, of: int
    ) -> None:
        chance = random.Random(seed)  # noqa: S311  a choice, no secret
        folder = tmp_path_factory.mktemp("parts") / "things"
        pieces = pieces_of(written(folder, whole.kind, lots(chance, files)), of)
        chance.shuffle(pieces)
        added = total(counted_here(whole.dataset, whole.plan, [piece]) for piece in pieces)
        assert added == counted_here(whole.dataset, whole.plan, pieces_of(whole.dataset))

    def test_natively_with_more_different_values_than_are_kept(self, tmp_path: Path, whole: Whole) -> None:
        many = rows_by_chance(KEPT * 3)
        plan = replace(whole.plan, exact_distinct=False)
        dataset = written(tmp_path / "things", whole.kind, cut(many, 3))
        one, two, three = (counted_here(dataset, plan, [piece]) for piece in pieces_of(dataset))
        both = counted_here(dataset, plan, pieces_of(dataset))
        assert one + two + three == both == (three + one) + two
        different = both.spans[0].distinct
        assert different is not None
        assert (one + one).spans[0].distinct == one.spans[0].distinct
        expected = len({row[0] for row in many if row[0] is not None})
        assert abs(different.estimate().count - expected) < 4 * RSD * expected
