"""Both ways to count, side by side, and the texts that they are tried on."""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import pytest

from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.discovery.partition_folders import values_of
from nuvyn_executor.model import Dataset, SourceType
from nuvyn_executor.profiling.counts import Counts, total
from nuvyn_executor.profiling.distributions import commonest_of, distribution_of
from nuvyn_executor.profiling.polars import job
from nuvyn_executor.profiling.polars.parts import NotNative, Piece, Reading
from nuvyn_executor.profiling.profiler import json_extreme
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource
from tests.scans import Counted, count_frame

pytest.importorskip("polars")
import polars as pl

from nuvyn_executor.profiling.polars.kernel import count_part

NOW = int(datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()) * 1_000_000
EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "data"


@contextmanager
def moments_written_as(spark: Any, kind: str) -> Iterator[None]:
    """Let Spark write moments to Parquet as ``INT96``, ``TIMESTAMP_MICROS`` or ``TIMESTAMP_MILLIS``."""
    option = "spark.sql.parquet.outputTimestampType"
    before = spark.conf.get(option)
    spark.conf.set(option, kind)
    try:
        yield
    finally:
        spark.conf.set(option, before)


@contextmanager
def read_by_polars_since(version: Tuple[int, int], kind: str) -> Iterator[None]:
    """Expect that older versions of Polars leave moments of a kind to Spark, and say why; others read them.

    Args:
        version: the first version that reads ``INT96`` with the range of Spark.
        kind: what :func:`moments_written_as` takes.
    """
    own = tuple(int(part) for part in pl.__version__.split(".")[:2])
    if kind != "INT96" or own >= version:
        yield
        return
    with pytest.raises(
        NotNative, match="this version of Polars does not read timestamps of 96 bits as Spark"
    ):
        yield


def datasets_of(root: Path) -> List[Dataset]:
    source = FileSystemSource(str(root), on_databricks=False)
    found = discover(source, SourceType.AUTO, 1000).datasets
    return [one for one in found if one.format in (formats.CSV, formats.JSON, formats.PARQUET)]


def reading_of(
    dataset: Dataset, plan: Any, *, keeps_states: bool = True, keeps_numbers: bool = False
) -> Reading:
    return Reading.of(dataset, plan, NOW, keeps_states=keeps_states, keeps_numbers=keeps_numbers)


def assert_both_ways_agree(spark: Any, root: Path, dataset: Dataset, slices: Sequence[int] = (1, 3)) -> None:
    """Count in Spark's own way and natively, in slices and all at once, and compare."""
    source = FileSystemSource(str(root), on_databricks=False)
    frame = open_frame(spark, source, dataset)
    profile = count_frame(frame, dataset.name, NOW)
    reason = job.supports(dataset, profile.plan)
    if reason is not None:
        raise NotNative(reason)
    keeps = dataset.format is formats.JSON and job.keeps_numbers(spark)
    for number in slices:
        tasks = [
            (_pieces(part, number), reading_of(part, profile.plan, keeps_numbers=keeps))
            for part in dataset.by_layout()
        ]
        assert_same(profile, total(count_part([one], how) for pieces, how in tasks for one in pieces))
        if any(len(pieces) > 1 for pieces, _ in tasks):
            assert_same(profile, total(count_part(pieces, how) for pieces, how in tasks))


def _pieces(dataset: Dataset, number: int) -> List[Piece]:
    return [
        Piece(
            entry.path,
            entry.size_bytes,
            index,
            1 if entry.path.endswith(".gz") else number,
            values_of(dataset, entry.path),
        )
        for entry in dataset.files
        for index in range(1 if entry.path.endswith(".gz") else number)
    ]


def assert_same(profile: Counted, counts: Counts) -> None:
    tally = profile.scan.tally
    for plan, one, other in zip(profile.plan.columns, tally.columns, counts.tally.columns):
        assert other == one, plan
    assert counts.tally == tally
    columns = zip(profile.plan.columns, profile.columns, profile.scan.columns, counts.spans)
    for plan, column, facts, span in columns:
        shown = [json_extreme(value, plan, facts.data_type) for value in (span.minimum, span.maximum)]
        assert shown == [column.minimum, column.maximum], plan
        assert (span.length_min, span.length_max) == (column.length_min, column.length_max), plan
        assert span.distinct is not None
        assert facts.distinct is not None
        mine = span.distinct.estimate()
        if profile.plan.exact_distinct:
            assert mine == facts.distinct, plan
            as_json = partial(json_extreme, plan=plan, data_type=facts.data_type)
            assert distribution_of(plan, span, as_json) == column.distribution, plan
            assert commonest_of(plan, span, as_json) == column.commonest, plan
        else:
            tolerance = 4 * (mine.rsd + facts.distinct.rsd) * facts.distinct.count
            assert abs(mine.count - facts.distinct.count) <= tolerance, plan
    if profile.plan.exact_distinct:
        assert counts.distinct_rows is not None
        assert profile.scan.distinct_rows is not None
        different = counts.distinct_rows.estimate().count + counts.tally.corrupt_rows
        assert min(different, counts.tally.rows) == profile.scan.distinct_rows.count


# Texts that look like something, nearly look like something, or say nothing.
UGLY: Sequence[Optional[str]] = (
    None, "", " ", "\t", "NA", "n/a", " null ", "-", "--", "?", "#N/A", "NaN", "None", "none of it", "nulls",
    "\\N", "\\n", "\n", "<NA>", "NA>", "N.A.", "N.A", "NXA.", "(NULL)", "NULL)", "nil", "#NULL!", "#NULL",
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
    "XX", "de", "XXX", "NAM", "+4416329609", "+44163296096100001", "4111111111111112", "4111-1111-1111-1111",
    "4111 1111 1111 1112", "DE44500105175407324932", "DE44 5001 0517 5407 3249 31",
    " DE44500105175407324932 ", "FR1420041010050500013M02606", "FR1420041010050500013M02607", "1.2.3.4",
    "1.2.3.256", "1.2.3.4.5",
    "1::2::3", "fe80::1", "1:2:3:4:5:6:7:8:9", "00:1a:2b:3c:4d:5e", "\u0661\u0661", "\uff11.2.3.4",
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
    "phone": ("+441632960961", "+33199001234", "+12025550123"),
    "card_number": ("4111111111111111", "5555 5555 5555 4444", "3782-822463-10005"),
    "iban": ("DE44500105175407324931", "GB29 NWBK 6016 1331 9268 19", "MT84MALT011000012345MTLCAST001S"),
    "client_ip": ("192.0.2.1", "2001:db8::1", "::ffff:198.51.100.7"),
    "country": ("DE", "FR", "NLD"),
    "currency": ("EUR", "USD", "XAU"),
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
