"""A dataset as a Spark DataFrame of positional columns ``c0``, ``c1``, ..., with a sample of its values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Sequence, Tuple

from nuvyn_executor.discovery import formats
from nuvyn_executor.reading.text_frames import open_csv, open_json, open_workbook
from nuvyn_executor.reading.typed_frames import TABLES, cells_of, open_typed, table_of

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry, FileFormat
    from nuvyn_executor.reading.frame import Frame
    from nuvyn_executor.sources.base import DataSource

OPENERS: Dict[FileFormat, Callable[[Any, DataSource, Dataset], Frame]] = {
    formats.CSV: open_csv,
    formats.JSON: open_json,
    formats.EXCEL: open_workbook,
    **dict.fromkeys(TABLES, open_typed),
}
"""How each format is opened; those that declare types by what is in :data:`.typed_frames.TABLES`."""


def open_frame(
    spark: Any, source: DataSource, dataset: Dataset, files: Optional[Sequence[FileEntry]] = None
) -> Frame:
    """Open a dataset. Reads a sample; the dataset itself is read when the frame is counted.

    Args:
        spark: the session.
        source: where it lies.
        dataset: what to open.
        files: only these of its files; ``None``: all of it. A Delta table's must be its rows.

    Raises:
        DatasetUnreadable: the dataset cannot be opened.
        Exception: what Spark raises for one that it cannot open.
    """
    if dataset.format.has_log:  # whose columns are the table's, whatever files hold
        return open_typed(spark, source, dataset, files)
    some = dataset if files is None else replace(dataset, files=tuple(files))
    return OPENERS[dataset.format](spark, source, some)


def columns_of(
    spark: Any, source: DataSource, dataset: Dataset
) -> Tuple[Tuple[str, ...], Tuple[Optional[str], ...]]:
    """Return the names and the types that :func:`open_frame` would; of declared ones without a sample.

    Raises:
        DatasetUnreadable: the dataset cannot be opened.
        Exception: what Spark raises for one that it cannot open.
    """
    if dataset.format.declares_types:
        cells = cells_of(spark, source, dataset, table_of(spark, source, dataset).data)
        return tuple(".".join(path) for path, _, _ in cells), tuple(data_type for _, data_type, _ in cells)
    frame = open_frame(spark, source, dataset)
    return frame.names, frame.types
