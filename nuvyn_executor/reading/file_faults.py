"""Why Spark could not read a dataset, by what its files say of themselves; else by Spark's own words."""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from nuvyn_executor.discovery import formats
from nuvyn_executor.errors import DatasetUnreadable, ExecutorError, FilesDisagree
from nuvyn_executor.model import Skipped
from nuvyn_executor.reading.delta_faults import asks_for_log, fault_of_delta, fault_of_features
from nuvyn_executor.reading.failures import TYPES_DIFFER, TYPES_DIFFER_WORDS, unreadable
from nuvyn_executor.reading.parquet_faults import Fault, fault_of
from nuvyn_executor.reading.parquet_footer import footer_of
from nuvyn_executor.reading.spark_files import Path, leaves, load
from nuvyn_executor.spark.conditions import failure_of

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry
    from nuvyn_executor.sources.base import DataSource

logger = logging.getLogger(__name__)

_READERS = 8
_MOST_FILES = 1_000

Types = Dict[Path, str]


def explained(spark: Any, source: DataSource, dataset: Dataset, error: Exception) -> ExecutorError:
    """Return the error that explains why Spark could not read a dataset of files.

    Args:
        spark: the session.
        source: where it lies.
        dataset: what was read.
        error: what Spark raised.
    """
    has_typed_files = dataset.format.declares_types and not dataset.format.has_log
    if has_typed_files and failure_of(error).means(TYPES_DIFFER, TYPES_DIFFER_WORDS):
        unlike = _unlike(spark, source, dataset)
        if unlike:
            return FilesDisagree(unlike)
    fault: Optional[Fault] = None
    if dataset.format.has_log:
        names = [entry.name.rpartition("/")[2] for entry in dataset.files]
        said = failure_of(error).text
        fault = fault_of_delta(said, names)
        if fault is None and asks_for_log(said):
            fault = fault_of_features(_features(spark, source.spark_path(dataset.path)))
    elif dataset.format == formats.PARQUET and len(dataset.files) == 1:
        fault = _fault(source, dataset.files[0])
    if fault is None:
        return unreadable(dataset.label, error)
    return DatasetUnreadable(f"{dataset.label} could not be read: {fault.meaning}.", fault.remedy)


def _fault(source: DataSource, entry: FileEntry) -> Optional[Fault]:
    try:
        footer = footer_of(lambda at, length: source.read_range(entry, at, length), entry.size_bytes)
    except (ValueError, ExecutorError):
        return None
    return fault_of(footer)


def _features(spark: Any, path: str) -> List[str]:
    """Return the features for readers that the log of a Delta table has ever named."""
    schema = "protocol STRUCT<readerFeatures: ARRAY<STRING>>"
    try:
        log = spark.read.schema(schema).json(f"{path}/_delta_log/*.json")
        rows = log.selectExpr("explode(protocol.readerFeatures) AS name").distinct().limit(100).collect()
    except Exception as error:  # noqa: BLE001  a log that cannot be read is reported as such
        logger.debug("The log of %s is not read: %s", path, error)
        return []
    return [str(row["name"]) for row in rows]


def _unlike(spark: Any, source: DataSource, dataset: Dataset) -> Dict[str, Skipped]:
    """Return the files with a column of another type than most files have, by their paths, with the reason.

    Of as many files for one type as for another, those that come first are taken.
    """
    files = dataset.files[:_MOST_FILES]

    def types_of(entry: FileEntry) -> Types:
        reader = spark.read.format(dataset.format.value)  # of one file, without the columns of folders
        try:
            return dict(leaves(load(spark, reader, source, dataset, [entry]).schema))
        except Exception:  # noqa: BLE001  whoever reads the file reports that
            return {}

    with ThreadPoolExecutor(_READERS) as pool:
        types = list(pool.map(types_of, files))
    usual = _usual(types)
    found: Dict[str, Skipped] = {}
    for entry, own in zip(files, types):
        other = next((path for path, kind in own.items() if kind != usual[path][0]), None)
        if other is not None:
            kind, count, of = usual[other]
            odd, held = f"its column {'.'.join(other)} is {own[other]}", f"{count} of the {of} files"
            found[entry.path] = Skipped(
                entry.name,
                f"{entry.name} is left out: {odd}, and {kind} in {held} that have it.",
                f"Write that column as {kind} there too, or put the file into a folder of its own.",
                is_failure=True,
            )
    return found


def _usual(types: List[Types]) -> Dict[Path, Tuple[str, int, int]]:
    """Return of each column the type that most files have, how many have it, and how many have the column."""
    counts: Dict[Path, Counter[str]] = {}
    for one in types:
        for path, kind in one.items():
            counts.setdefault(path, Counter())[kind] += 1
    return {path: (*kinds.most_common(1)[0], sum(kinds.values())) for path, kinds in counts.items()}
