"""Makes the data that the scan is measured on: the same rows at every call, in ``.cache/benchmarks``.

``python -m benchmarks.data 5000000`` makes Parquet, CSV and lines of JSON of 20 columns and so many rows,
``... wide`` Parquet of 500 columns and 20,000 rows.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Iterator, List

import polars as pl

FOLDER = Path(__file__).resolve().parent.parent / ".cache" / "benchmarks"
SEED = 20_240_131
ROWS_A_FILE = 1_250_000
ROWS_A_GROUP = 250_000
WIDE_COLUMNS, WIDE_ROWS = 500, 20_000
ROWS_A_SMALL_FILE = 20
SMALL_COLUMNS = ("id", "quantity", "price", "email", "status", "code", "created_at", "active")

_DAY_SECONDS = 86_400
_SECONDS = "%Y-%m-%d %H:%M:%S"
_START = 1_577_836_800  # 2020-01-01
_WORDS = (
    "delivered late but complete", "left at the door", "customer was not at home", "returned to sender",
    "the parcel was damaged", "signed by a neighbour", "address unknown", "paid on delivery",
)  # fmt: skip


def table(first: int, rows: int) -> pl.DataFrame:
    """Make rows of the table, from a number on: 20 columns as a shop has them."""
    number = pl.int_range(first, first + rows, dtype=pl.UInt64)

    def chance(column: int, below: int) -> pl.Expr:
        chosen: pl.Expr = (number.hash(SEED + column) % below).cast(pl.Int64)
        return chosen

    def sometimes(column: int, percent: int, value: pl.Expr) -> pl.Expr:
        return pl.when(chance(100 + column, 100) >= percent).then(value)

    def moment(seconds: pl.Expr) -> pl.Expr:
        return ((seconds + _START) * 1_000_000).cast(pl.Datetime("us", "UTC"))

    def cents(column: int, scale: int) -> pl.Expr:
        whole: pl.Expr = (chance(column, 10**5) + 99).cast(pl.Decimal(18, 0))
        decimal: pl.Expr = whole / (10**scale)
        return decimal

    def digits(column: int) -> pl.Expr:
        return (chance(column, 10**15) + 10**15).cast(pl.String)

    countries = pl.lit(["DE", "FR", "NL", "PL", "US", "GB"])
    created = chance(0, 4 * 365 * _DAY_SECONDS)
    words = [
        pl.lit(list(_WORDS)).list.get(chance(column, len(_WORDS)).cast(pl.UInt32)) for column in (1, 2, 3)
    ]
    return pl.select(
        id=number.cast(pl.Int64),
        quantity=chance(4, 50).cast(pl.Int32),
        stock=sometimes(5, 2, chance(5, 100_000).cast(pl.Int32)),
        serial=chance(6, 10**12),
        price=cents(8, 2).cast(pl.Decimal(12, 2)),
        discount=cents(9, 3).cast(pl.Decimal(9, 3)),
        weight=chance(10, 10**6) / 1000.0,
        ratio=(chance(11, 1000) / 1000.0).cast(pl.Float32),
        active=chance(12, 10) > 0,
        email=pl.format("user{}@example{}.org", chance(13, 10**7), chance(14, 40)),
        status=pl.lit(["open", "paid", "sent", "closed", "returned"]).list.get(chance(15, 5).cast(pl.UInt32)),
        country=sometimes(16, 3, countries.list.get(chance(16, 6).cast(pl.UInt32))),
        code=pl.format("{}-{}", chance(17, 900) + 100, chance(18, 90_000) + 10_000),
        comment=sometimes(19, 20, pl.format("{}, {}, {}", *words)).str.replace_all(", ", " / "),
        product=pl.format("Product {}", chance(20, 5000)),
        zip=sometimes(21, 5, (chance(21, 90_000) + 10_000).cast(pl.String)),
        token=pl.format(
            "{}-{}-4{}-a{}-{}",
            digits(22).str.slice(1, 8), digits(23).str.slice(1, 4), digits(24).str.slice(1, 3),
            digits(25).str.slice(1, 3), digits(26).str.slice(1, 12),
        ),
        created_at=moment(created),
        updated_at=moment(created + chance(27, 30 * _DAY_SECONDS)),
        order_date=moment(created).cast(pl.Date),
    )  # fmt: skip


def wide() -> pl.DataFrame:
    """Make the wide table: numbers, decimals and words in turn."""
    number = pl.int_range(0, WIDE_ROWS, dtype=pl.UInt64)
    columns: List[pl.Expr] = []
    for index in range(WIDE_COLUMNS):
        chance = (number.hash(SEED + index) % 5000).cast(pl.Int64)
        kinds = (chance, chance / 7.0, pl.format("word {}", chance), chance.cast(pl.Int32))
        columns.append(kinds[index % len(kinds)].alias(f"column_{index}"))
    return pl.select(columns)


def nested(first: int, rows: int) -> pl.DataFrame:
    """Make rows of orders: three plain columns, and three of arrays, one of them of structs."""
    number = pl.col("id").cast(pl.UInt64)
    plain = table(first, rows).select("id", "email", "created_at")
    places = plain.select(pl.int_ranges(0, number.hash(SEED) % 4).alias("place"), "id").explode("place")
    some = (number + pl.col("place").cast(pl.UInt64) * 7919).hash(SEED) % 500
    items = (
        places.drop_nulls()
        .group_by("id", maintain_order=True)
        .agg(
            tags=pl.format("tag {}", some),
            amounts=some.cast(pl.Float64) / 8,
            items=pl.struct(
                pl.format("sku-{}", some * 13).alias("sku"),
                (some % 5).cast(pl.Int32).alias("quantity"),
                (some.cast(pl.Int64) / 100).round(2).cast(pl.Decimal(9, 2)).alias("price"),
            ),
        )
    )
    return plain.join(items, on="id", how="left")


def parquet(rows: int) -> Path:
    """Return the folder of Parquet files with so many rows; make it if it is not there."""
    return _made(FOLDER / f"parquet_{rows}", _parquet_files(rows))


def nested_parquet(rows: int) -> Path:
    """Return the folder of Parquet files with so many rows with arrays; make it if it is not there."""
    return _made(FOLDER / f"nested_{rows}", _nested_files(rows))


def csv(rows: int) -> Path:
    """Return the folder of CSV files with so many rows; make it if it is not there."""
    return _made(FOLDER / f"csv_{rows}", _csv_files(rows))


def json_lines(rows: int) -> Path:
    """Return the folder of files of JSON lines with so many rows; make it if it is not there."""
    return _made(FOLDER / f"json_{rows}", _json_files(rows))


def wide_parquet() -> Path:
    """Return the folder with the wide table; make it if it is not there."""
    return _made(FOLDER / "wide", _wide_file())


def small_csv(files: int) -> Path:
    """Return the folder of so many CSV files of 20 rows and 8 columns; make it if it is not there."""
    return _made(FOLDER / f"small_csv_{files}", _small_files(files))


def small_csv_in_one(files: int) -> Path:
    """Return the folder with the rows of :func:`small_csv` in one file; make it if it is not there."""
    return _made(FOLDER / f"small_csv_{files}_in_one", _small_files_in_one(files))


def _made(folder: Path, files: Iterator[Path]) -> Path:
    if not folder.is_dir():
        making = folder.with_name(folder.name + ".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        for _ in files:
            pass
        making.rename(folder)
    return folder


def _slices(rows: int) -> Iterator[pl.DataFrame]:
    for first in range(0, rows, ROWS_A_FILE):
        yield table(first, min(ROWS_A_FILE, rows - first))


def _parquet_files(rows: int) -> Iterator[Path]:
    for index, frame in enumerate(_slices(rows)):
        path = FOLDER / f"parquet_{rows}.making" / f"part-{index:03d}.parquet"
        frame.write_parquet(path, compression="snappy", row_group_size=ROWS_A_GROUP)
        yield path


def _nested_files(rows: int) -> Iterator[Path]:
    for index, first in enumerate(range(0, rows, ROWS_A_FILE)):
        path = FOLDER / f"nested_{rows}.making" / f"part-{index:03d}.parquet"
        frame = nested(first, min(ROWS_A_FILE, rows - first))
        frame.write_parquet(path, compression="snappy", row_group_size=ROWS_A_GROUP)
        yield path


def _csv_files(rows: int) -> Iterator[Path]:
    for index, frame in enumerate(_slices(rows)):
        path = FOLDER / f"csv_{rows}.making" / f"part-{index:03d}.csv"
        frame.write_csv(path, datetime_format=_SECONDS)
        yield path


def _json_files(rows: int) -> Iterator[Path]:
    moments = pl.col(pl.Datetime).dt.strftime(_SECONDS)
    for index, frame in enumerate(_slices(rows)):
        path = FOLDER / f"json_{rows}.making" / f"part-{index:03d}.jsonl"
        numbers = pl.col(pl.Decimal, pl.Float32).cast(pl.Float64)
        frame.with_columns(moments, numbers, pl.col("order_date").cast(pl.String)).write_ndjson(path)
        yield path


def _wide_file() -> Iterator[Path]:
    path = FOLDER / "wide.making" / "part-000.parquet"
    wide().write_parquet(path, compression="snappy")
    yield path


def _small_files(files: int) -> Iterator[Path]:
    at_once = 1000  # files for which rows are made together
    for first in range(0, files, at_once):
        some = min(at_once, files - first)
        rows = table(first * ROWS_A_SMALL_FILE, some * ROWS_A_SMALL_FILE).select(SMALL_COLUMNS)
        for index in range(some):
            path = FOLDER / f"small_csv_{files}.making" / f"part-{first + index:06d}.csv"
            part = rows.slice(index * ROWS_A_SMALL_FILE, ROWS_A_SMALL_FILE)
            part.write_csv(path, datetime_format=_SECONDS)
            yield path


def _small_files_in_one(files: int) -> Iterator[Path]:
    path = FOLDER / f"small_csv_{files}_in_one.making" / "part-000.csv"
    table(0, files * ROWS_A_SMALL_FILE).select(SMALL_COLUMNS).write_csv(path, datetime_format=_SECONDS)
    yield path


def main(arguments: List[str]) -> None:
    """Make what is named: numbers of rows, or ``wide``."""
    for argument in arguments:
        of_rows = (parquet, csv, json_lines, nested_parquet)
        made = [wide_parquet()] if argument == "wide" else [make(int(argument)) for make in of_rows]
        for folder in made:
            size = sum(path.stat().st_size for path in folder.iterdir())
            print(f"{folder.name}: {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
