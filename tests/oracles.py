"""DuckDB and Polars count what a scan counts, in words of their own; and what holds a scan to them."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple

import pytest

from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path

duckdb = pytest.importorskip("duckdb")
pl = pytest.importorskip("polars")

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
ENGINES = ("spark", "auto")
# docs/quality.md
SAYS_NOTHING = (
    *(
        "#n/a",
        "#null!",
        "(null)",
        "-",
        "--",
        ".",
        "<na>",
        "?",
        "n.a.",
        "n/a",
        "na",
        "nan",
        "nil",
        "none",
        "null",
    ),
    "\\n",
)
WHITE = (
    " \t\r\n\x0b\x0c\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\u200b\u2060\ufeff"
)
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
    """What the product counts; ``native``: Polars reads the files, where it may."""
    profile = scanned(spark, root, engine)
    assert profile.state.engine == ("polars" if engine == "auto" else "spark")
    assert profile.state.read_by == ("polars" if native and engine == "auto" else "spark")
    scan = profile.scan
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


def assert_oracles_agree(spark: Any, root: Path, kinds: Mapping[str, str], *, native: bool = True) -> None:
    """Hold the scan of a folder of Parquet, by either engine, to both oracles."""
    expected = by_duckdb(parquet_relation(root), leaves(kinds))
    frame = pl.concat([pl.read_parquet(path, glob=False) for path in sorted(root.glob("*.parquet"))])
    assert by_polars(frame, leaves(kinds)) == expected
    assert_scan_agrees(spark, root, expected, native=native)


def assert_scan_agrees(spark: Any, root: Path, expected: Table, *, native: bool = True) -> None:
    """Hold a scan, by either engine, to what is expected."""
    for engine in ENGINES:
        assert by_scan(spark, root, engine, native=native) == expected, engine


def some(values: Sequence[Any], seed: int, missing: float = 0.05) -> List[Any]:
    """So many values by chance, some of them missing."""
    chance = random.Random(seed)  # noqa: S311  data, no secret
    return [None if chance.random() < missing else chance.choice(values) for _ in range(ROWS)]
