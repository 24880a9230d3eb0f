"""The two example datasets that Spark writes: a Hive-partitioned Parquet tree and a Delta table."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, List

from nuvyn_executor.spark.session import build_local_session

if TYPE_CHECKING:
    from examples.planting import Row

_ORDER = (
    "order_id BIGINT, customer_id BIGINT, status STRING, amount DOUBLE, "
    "ordered_at TIMESTAMP, shipped_at TIMESTAMP"
)
_STOCK = "stock_id BIGINT, sku STRING, warehouse STRING, quantity INT, updated_at TIMESTAMP"
_PARTS = 2


def write_orders(into: Path, rows: List[Row]) -> None:
    """Write ``year=2024/month=01/part-00000.parquet`` and so on: two files a month."""
    shutil.rmtree(into, ignore_errors=True)
    for month in range(1, 7):
        of_month = [row for row in rows if row["ordered_at"].month == month]
        folder = into / "year=2024" / f"month={month:02d}"
        folder.mkdir(parents=True)
        for part in range(_PARTS):
            _write_parquet(folder / f"part-{part:05d}.parquet", of_month[part::_PARTS])


def write_stock(into: Path, rows: List[Row]) -> None:
    """Write a Delta table and update it, so that a file that is no part of it any more lies in its folder."""
    shutil.rmtree(into, ignore_errors=True)
    late, early = rows[200:], rows[:200]
    for some in (early, [{**row, "quantity": -1} for row in late]):
        _frame(some, _STOCK).coalesce(1).write.format("delta").mode("append").save(str(into))
    from delta.tables import DeltaTable  # noqa: PLC0415  needs the session

    table = DeltaTable.forPath(_spark(), str(into)).alias("old")
    corrected = _frame(late, _STOCK).coalesce(1).alias("new")
    table.merge(corrected, "old.stock_id = new.stock_id").whenMatchedUpdateAll().execute()
    for checksum in into.rglob(".*.crc"):  # of Hadoop's local file system, nobody else's
        checksum.unlink()


def _write_parquet(path: Path, rows: List[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _frame(rows, _ORDER).coalesce(1).write.mode("overwrite").parquet(folder)
        (written,) = Path(folder).glob("part-*.parquet")
        shutil.copyfile(written, path)


def _frame(rows: List[Row], schema: str) -> Any:
    return _spark().createDataFrame([tuple(row.values()) for row in rows], schema)


def _spark() -> Any:
    return build_local_session(
        Path(tempfile.gettempdir()) / "nuvyn-example-warehouse", app_name="example-data"
    )
