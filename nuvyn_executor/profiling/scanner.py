"""The scanner that the executor uses: decides what to count, and has the fastest engine that can count it."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Tuple

from nuvyn_executor.errors import DatasetUnreadable, ExecutorError
from nuvyn_executor.metadata.records import Surveyed
from nuvyn_executor.model import FileFormat, epoch_micros
from nuvyn_executor.profiling import spark_counts
from nuvyn_executor.profiling.frames import open_frame
from nuvyn_executor.profiling.native import job as native
from nuvyn_executor.profiling.native.parts import NotNative
from nuvyn_executor.profiling.profiler import plan_scan, profile

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.model import Dataset
    from nuvyn_executor.profiling.counts import Counts
    from nuvyn_executor.profiling.frame import Frame
    from nuvyn_executor.profiling.plan import ScanPlan
    from nuvyn_executor.sources.base import DataSource

logger = logging.getLogger(__name__)

# What a Spark failure says, and what that means to the person who reads it.
_MEANINGS = (
    (
        r"FileNotFoundException|PATH_NOT_FOUND|does not exist|FILE_NOT_EXIST",
        "a file vanished while it was read",
        "Run the job again when nothing is writing there.",
    ),
    (
        r"AccessControlException|Permission denied|AccessDenied|403 Forbidden",
        "it may not be read",
        "Give the cluster's user the right to read it.",
    ),
    (
        r"is not a Parquet file|CANNOT_READ_FOOTER|corrupt(?:ed)? (?:footer|file)|read footer|apache\.thrift",
        "it is no intact Parquet file",
        "Write it again, or remove it.",
    ),
    (
        r"EOFException|not in gzip format|incorrect data check|ZLIB|Unexpected end of",
        "it ends too early or is not intact",
        "Upload it again.",
    ),
    (
        r"CANNOT_MERGE|FAILED_MERGE|SchemaColumnConvertNotSupported|PARQUET_COLUMN_DATA_TYPE_MISMATCH",
        "its files have types that do not fit together",
        "Convert the files to one schema, or put them in folders of their own.",
    ),
    (
        r"Illegal Parquet type|Parquet type not (?:yet )?supported|PARQUET_TYPE_(?:ILLEGAL|NOT_)",
        "it has a column of a type that Spark does not read, such as nanoseconds, a time of day or a UUID",
        "Write that column as microseconds or as text.",
    ),
    (
        r"DELTA_\w+|DeltaAnalysisException|_delta_log",
        "its Delta log cannot be read",
        "Check the table with DESCRIBE HISTORY.",
    ),
    (
        r"COLUMN_ALREADY_EXISTS|AMBIGUOUS_REFERENCE|duplicate column",
        "two of its fields differ in nothing but upper and lower case",
        "Rename one of them.",
    ),
    (r"OutOfMemoryError|GC overhead", "it does not fit into memory", "Give the driver more memory."),
)


class SparkScanner:
    """Scans datasets with a Spark session, which it never stops.

    Args:
        spark: the session.
        engine: ``auto`` counts with Polars inside Spark's tasks where that is possible, ``spark`` never.
    """

    def __init__(self, spark: Any, engine: str = "auto") -> None:
        self._spark = spark
        self._tries_native = engine == "auto"

    def scan(self, source: DataSource, dataset: Dataset, now: datetime) -> Surveyed:
        """Read a dataset and count.

        Raises:
            DatasetUnreadable: it could not be read, with the reason in one sentence.
        """
        modified = max((entry.modified_at for entry in dataset.files), default=None)
        try:
            frame = open_frame(self._spark, source, dataset)
            plan = plan_scan(frame, dataset.name)
            counts, engine = self._count(dataset, frame, plan, epoch_micros(now))
        except ExecutorError:
            raise
        except Exception as error:
            raise unreadable(dataset.label, error) from error
        found = profile(plan, counts, dataset.name, epoch_micros(modified) if modified else None)
        files, size_bytes = len(dataset.files), dataset.size_bytes
        if dataset.format is FileFormat.DELTA:
            files, size_bytes = _current_files(self._spark, source, dataset)
        return Surveyed(dataset, found, files, size_bytes, frame.details, engine)

    def _count(self, dataset: Dataset, frame: Frame, plan: ScanPlan, now_micros: int) -> Tuple[Counts, str]:
        if self._tries_native:
            try:
                return native.count(self._spark, dataset, plan, now_micros), native.ENGINE
            except NotNative as reason:
                logger.debug("%s is counted by Spark: %s", dataset.name, reason)
                self._tries_native = not reason.everywhere
        return spark_counts.count(frame, plan, now_micros), spark_counts.ENGINE


def _current_files(spark: Any, source: DataSource, dataset: Dataset) -> Any:
    """Count the files of a Delta table's current version: a folder also holds those of older ones."""
    path = source.spark_path(dataset.path).replace("`", "``")
    row = spark.sql(f"DESCRIBE DETAIL delta.`{path}`").select("numFiles", "sizeInBytes").collect()[0]
    return int(row["numFiles"]), int(row["sizeInBytes"])


def unreadable(name: str, error: Exception) -> DatasetUnreadable:
    """Say in a sentence what a failure of Spark means for the file or dataset that it happened on."""
    text = f"{type(error).__name__}: {error}"
    for pattern, meaning, remedy in _MEANINGS:
        if re.search(pattern, text):
            return DatasetUnreadable(f"{name} could not be read: {meaning}.", remedy)
    first = _last_cause(str(error)) or type(error).__name__
    return DatasetUnreadable(
        f"{name} could not be read: {first[:300]}", "Check the file; EXECUTOR_LOG_LEVEL=DEBUG shows more."
    )


def _last_cause(text: str) -> str:
    """Find the line that says most: the innermost cause of a Java trace, else the first line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    # py4j's first line says which call failed ("calling o415.parquet"), its second why
    told = [line.lstrip(": ") for line in lines if not line.startswith("An error occurred while calling")]
    return causes[-1][len("Caused by: ") :] if causes else next(iter(told), "")
