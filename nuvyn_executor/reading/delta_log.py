"""Read from the log of a Delta table which rows of its data files are deleted, with Spark.

Delta says which files a version has, but not which deletion vectors. So the log is read: the newest
checkpoint and the commits after it. https://github.com/delta-io/delta/blob/master/PROTOCOL.md#delta-log-entries
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Tuple
from urllib.parse import unquote

from nuvyn_executor.reading.deletion_vectors import vector_of

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry
    from nuvyn_executor.sources.base import DataSource

_LOG, _SIDECARS = "_delta_log", "_sidecars"
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10})|\.[0-9a-f-]{36})?\.(?:json|parquet)")
_ACTIONS = (
    "add STRUCT<path: STRING, deletionVector: STRUCT<storageType: STRING, pathOrInlineDv: STRING, "
    "offset: INT, sizeInBytes: INT, cardinality: BIGINT>>, sidecar STRUCT<path: STRING>"
)
_NUMBER = "substring(_metadata.file_name, 1, 20)"  # of the version, in 20 digits


def with_deletion_vectors(spark: Any, source: DataSource, dataset: Dataset) -> Tuple[FileEntry, ...]:
    """Return the data files of a Delta table in ``dataset.version`` with their deletion vectors.

    Args:
        spark: the session.
        source: where the table lies.
        dataset: its files are the data files of that version; the names of no two are the same.

    Raises:
        ValueError: the log is not understood, or a vector lies outside of the table.
        Exception: what Spark raises where it cannot read the log.
    """
    assert dataset.version is not None
    log = source.spark_path(f"{dataset.path}/{_LOG}")
    vectors = {
        _name(row["path"]): vector_of(dataset.path, row["vector"].asDict())
        for row in _files_with_vectors(spark, log, dataset.version)
    }
    return tuple(
        replace(entry, deleted=vectors.get(_name(entry.path)) or vectors.get(unquote(_name(entry.path))))
        for entry in dataset.files
    )


def files_to_read(names: Sequence[str], version: int) -> Tuple[List[str], List[str]]:
    """Choose the files of a log that hold a version.

    Args:
        names: of all files of the log.
        version: the number of the version.

    Returns:
        The files of the newest checkpoint that is whole, if there is one, and the commits after it.

    Raises:
        ValueError: a commit is not there.
    """
    checkpoints: Dict[Tuple[int, int, str], List[str]] = {}
    for found in filter(None, map(_CHECKPOINT.fullmatch, names)):
        number, part, parts = int(found.group(1)), found.group(2), int(found.group(3) or 1)
        if number <= version:
            checkpoints.setdefault((number, parts, "" if part else found.group()), []).append(found.group())
    whole = [(number, files) for (number, parts, _), files in checkpoints.items() if len(files) == parts]
    first, checkpoint = max(whole, default=(-1, []))
    commits = {int(found.group(1)): found.group() for found in filter(None, map(_COMMIT.fullmatch, names))}
    try:
        return sorted(checkpoint), [commits[number] for number in range(first + 1, version + 1)]
    except KeyError as error:
        raise ValueError(f"its log has no version {error}") from error


def _files_with_vectors(spark: Any, log: str, version: int) -> List[Any]:
    """Return the path and the deletion vector of each data file whose last entry in the log has one."""
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    listed = spark.read.format("binaryFile").load(log).select("path").collect()
    checkpoint, commits = files_to_read([_name(row["path"]) for row in listed], version)
    actions = _actions(spark, log, [*checkpoint, *commits])
    if checkpoint:
        sidecars = actions.where("sidecar IS NOT NULL").select("sidecar").distinct().collect()
        more = [f"{_SIDECARS}/{_name(row['sidecar'])}" for row in sidecars]
        if more:
            entries = _actions(spark, log, more).withColumn("number", f.lit(checkpoint[0][:20]))
            actions = actions.unionByName(entries)
    last = f.max(f.struct("number", "vector")).alias("last")
    newest = actions.where("path IS NOT NULL").groupBy("path").agg(last)
    return list(newest.selectExpr("path", "last.vector AS vector").where("vector IS NOT NULL").collect())


def _actions(spark: Any, log: str, names: Sequence[str]) -> Any:
    """Return what files of a log add: the number of the version, a path, and a vector; or a sidecar."""
    frames = []
    for kind in ("json", "parquet"):
        some = [f"{log}/{name}" for name in names if name.endswith(f".{kind}")]
        if some:
            frames.append(spark.read.schema(_ACTIONS).format(kind).load(some))
    return reduce(
        lambda one, other: one.unionByName(other),
        [
            frame.selectExpr(
                f"{_NUMBER} AS number",
                "add.path AS path",
                "add.deletionVector AS vector",
                "sidecar.path AS sidecar",
            )
            for frame in frames
        ],
    )


def _name(path: str) -> str:
    return path.rpartition("/")[2]
