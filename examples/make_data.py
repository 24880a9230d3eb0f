"""Write ``examples/data``: ``python -m examples.make_data [--into DIR]``. The same each time.

Text files are the same byte for byte; of compressed and binary ones the content is (how densely they are
packed is a matter of the library at hand), and a Delta table names its files by chance. What is wrong with
the data stands in ``_DEFECTS.json`` beside it: a name that begins with ``_`` is no data to the executor.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Sequence

from examples import tables
from examples.planting import Defect

if TYPE_CHECKING:
    from datetime import datetime

    from examples.planting import Bed

DATA = Path(__file__).resolve().parent / "data"
DEFECTS = "_DEFECTS.json"

_NOT_JSON = (
    '{"order_item_id": 601, "order_id": 50',
    "order_item_id=602;order_id=50301",
    '{"order_item_id": 603,,}',
)
_ZIP_TIME = (2025, 9, 30, 0, 0, 0)


def text_files() -> Dict[str, bytes]:
    """Build all files that are text, by name."""
    return {
        "customers.csv": _csv(tables.customers(), ",").encode(),
        "order_items.jsonl": _order_items().encode(),
        "suppliers_utf16.csv": b"\xff\xfe" + _suppliers().encode("utf-16-le"),
        "returns.json": (json.dumps(tables.returns().rows, ensure_ascii=False, indent=1) + "\n").encode(),
        "notes.pdf": b"%PDF-1.4\n% Minutes of the data meeting: who owns the customer table?\n%%EOF\n",
        "broken.parquet": b"PAR1" + bytes(range(256)),
        DEFECTS: _defects_document().encode(),
    }


def legacy_text() -> bytes:
    """Build what ``legacy_latin1.csv.gz`` holds: Latin-1, tabs, no header."""
    return _csv(tables.legacy(), "\t", header=False).encode("latin-1")


def defects() -> List[Defect]:
    """List everything that is wrong, table by table."""
    catalogue, prices = tables.products()
    return [
        *tables.customers().defects(),
        *tables.orders().defects(),
        *tables.order_items().defects(len(_NOT_JSON)),
        Defect(
            "order_items",
            None,
            "not a record",
            len(_NOT_JSON),
            len(tables.order_items().rows) + len(_NOT_JSON),
        ),
        *catalogue.defects(),
        *prices.defects(),
        *tables.suppliers().defects(),
        Defect("suppliers_utf16", None, "not a record", 2, len(tables.suppliers().rows)),
        *tables.legacy().defects(),
        *tables.stock().defects(),
        *tables.returns().defects(),
        Defect("broken.parquet", None, "corrupt file", 1, 1),
        Defect("notes.pdf", None, "unknown format", 1, 1),
    ]


def write(into: Path) -> None:
    """Write all files; Parquet and Delta are written by a local Spark session."""
    from examples.spark_files import write_orders, write_stock  # noqa: PLC0415  --help needs no Spark

    into.mkdir(parents=True, exist_ok=True)
    for name, content in text_files().items():
        (into / name).write_bytes(content)
    (into / "legacy_latin1.csv.gz").write_bytes(_gzipped(legacy_text()))
    (into / "products.xlsx").write_bytes(workbook())
    write_orders(into / "orders", tables.orders().rows)
    write_stock(into / "stock", tables.stock().rows)


def workbook() -> bytes:
    """Build ``products.xlsx``: the sheets Products and Prices."""
    from openpyxl import Workbook  # noqa: PLC0415  as above

    book = Workbook()
    book.remove(book.worksheets[0])
    for bed in tables.products():
        sheet = book.create_sheet(bed.table.split(".")[1])
        sheet.append(list(bed.rows[0]))
        for row in bed.rows:
            sheet.append(list(row.values()))
    packed = io.BytesIO()
    book.save(packed)
    return _without_clock(packed.getvalue(), _changed_at(book.properties.modified))


def _csv(bed: Bed, delimiter: str, *, header: bool = True) -> str:
    return _csv_text(
        [list(row.values()) for row in bed.rows], list(bed.rows[0]) if header else None, delimiter
    )


def _csv_text(rows: Sequence[Sequence[object]], header: Sequence[str] | None, delimiter: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    if header is not None:
        writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _suppliers() -> str:
    """Two lines get a field too many: a delimiter at the end of a company's line."""
    bed = tables.suppliers()
    rows = [list(row.values()) for row in bed.rows]
    for index in (40, 90):
        rows[index].append("surplus")
    return _csv_text(rows, list(bed.rows[0]), ";")


def _order_items() -> str:
    lines = [json.dumps(row, ensure_ascii=False) for row in tables.order_items().rows]
    for place, line in zip((100, 300, 500), _NOT_JSON):
        lines.insert(place, line)
    return "\n".join(lines) + "\n"


def _defects_document() -> str:
    listed = ",\n".join(json.dumps(asdict(one), ensure_ascii=False) for one in defects())
    return f"[\n{listed}\n]\n"


def _gzipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file:
        file.write(content)
    return packed.getvalue()


def _changed_at(moment: datetime) -> bytes:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}".encode()


def _without_clock(packed: bytes, now: bytes) -> bytes:
    """Return a workbook the same times whenever it is written."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(
        result, "w", zipfile.ZIP_DEFLATED
    ) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = content.replace(now, b"2025-09-30T00:00:00Z")
            new.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return result.getvalue()


def main() -> None:
    """Write where ``--into`` says."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.make_data", description="Write the example data."
    )
    parser.add_argument("--into", type=Path, default=DATA, help="folder to write to; default examples/data")
    into: Path = parser.parse_args().into
    write(into)
    files = [path for path in into.rglob("*") if path.is_file()]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files):,} bytes in {into}")


if __name__ == "__main__":
    main()
