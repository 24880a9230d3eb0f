"""Read the log of a Delta table: one of its versions. Its folder holds the files of all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple
from urllib.parse import unquote

from nuvyn_executor.discovery.partition_folders import values_of
from nuvyn_executor.errors import DatasetUnreadable

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry

DELETION_VECTORS = "deletionVectors"
# Features that leave the rows of the data files as they are; most of them concern writers only.
# https://github.com/delta-io/delta/blob/master/PROTOCOL.md#valid-feature-names-in-table-features
_PLAIN_FEATURES = frozenset(
    (
        "allowColumnDefaults",
        "appendOnly",
        "changeDataFeed",
        "checkConstraints",
        "clustering",
        DELETION_VECTORS,
        "domainMetadata",
        "generatedColumns",
        "icebergCompatV1",
        "icebergCompatV2",
        "identityColumns",
        "inCommitTimestamp",
        "invariants",
        "rowTracking",
        "timestampNtz",
        "v2Checkpoint",
        "vacuumProtocolCheck",
    )
)
# Types whose values a folder's name holds in one way only: moments are in some time zone, numbers rounded.
_AS_WRITTEN = frozenset(("string", "boolean", "tinyint", "smallint", "int", "bigint", "date"))
_OLD_PROTOCOL, _WITH_FEATURES = 1, 3


@dataclass(frozen=True)
class DeltaTable:
    """One version of a table.

    Attributes:
        table_id: the table's id. Another table that replaced it in the same folder has another id.
        version: the version's number.
        files: how many data files it has.
        size_bytes: their bytes.
        schema: its columns and their types, as JSON.
        has_plain_files: its data files are Parquet whose columns have the table's names, or folders' names
            hold them, and nothing else decides what a row holds (no mapped columns).
        may_hide_rows: a file may hold rows that a deletion vector removes.
        partition_columns: those that the folders' names hold.
        data_files: the paths of its data files as Spark spells them; only of plain files, or of a version
            that the caller named.
    """

    table_id: str
    version: int
    files: int
    size_bytes: int
    schema: str
    has_plain_files: bool
    may_hide_rows: bool
    partition_columns: Tuple[str, ...] = ()
    data_files: Tuple[str, ...] = ()

    @property
    def stamp(self) -> str:
        """Table and version as a text. Where it is the same, the rows are the same."""
        return f"{self.table_id}@{self.version}"

    def as_files(self, dataset: Dataset) -> Optional[Dataset]:
        """Return the dataset of the data files; ``None`` when their rows are not those of the table.

        Args:
            dataset: its files are all that the table's folder holds.
        """
        if not self.has_plain_files:
            return None
        entries = self.entries_of(dataset)
        # A writer may choose other folders, or none: only the log has to name the values.
        files = replace(dataset, files=tuple(entries), partition_columns=self.partition_columns)
        return files if len(entries) == len(self.data_files) and _is_in_folders(files) else None

    def entries_of(self, dataset: Dataset) -> List[FileEntry]:
        """Return those of a dataset's files that are data files of this version."""
        by_name: Dict[str, List[FileEntry]] = {}
        for entry in dataset.files:
            by_name.setdefault(_name(entry.path), []).append(entry)
        found = [by_name.get(_name(path)) or by_name.get(_name(unquote(path))) for path in self.data_files]
        return [one[0] for one in found if one is not None and len(one) == 1]


def current_version(spark: Any, path: str) -> DeltaTable:
    """Read the current version of a table from its log.

    Args:
        spark: the session.
        path: the table's folder, as Spark takes it.
    """
    name = "delta.`" + path.replace("`", "``") + "`"
    (last,) = spark.sql(f"DESCRIBE HISTORY {name} LIMIT 1").collect()
    table = of_version(spark, path, int(last["version"]))
    detail = spark.sql(f"DESCRIBE DETAIL {name}").collect()[0].asDict()
    features = frozenset(detail.get("tableFeatures") or ())
    reader = int(detail["minReaderVersion"])
    known = reader == _OLD_PROTOCOL or (reader == _WITH_FEATURES and "tableFeatures" in detail)
    partitions = tuple(detail["partitionColumns"])
    types = {table.schema[name].dataType.simpleString() for name in partitions}
    plain = known and types <= _AS_WRITTEN and not features - _PLAIN_FEATURES
    return DeltaTable(
        table_id=str(detail["id"]),
        version=int(last["version"]),
        files=int(detail["numFiles"]),
        size_bytes=int(detail["sizeInBytes"]),
        schema=table.schema.json(),
        has_plain_files=plain,
        may_hide_rows=DELETION_VECTORS in features,
        partition_columns=partitions,
        data_files=tuple(table.inputFiles()) if plain else (),
    )


def named_version(spark: Any, path: str, dataset: Dataset) -> DeltaTable:
    """Read the version of a table that the caller named (``dataset.as_of``).

    Raises:
        DatasetUnreadable: there is no such version.
    """
    name = "delta.`" + path.replace("`", "``") + "`"
    number = version_as_of(spark, path, dataset)
    table = of_version(spark, path, number)
    detail = spark.sql(f"DESCRIBE DETAIL {name}").collect()[0]
    return DeltaTable(
        table_id=str(detail["id"]),
        version=number,
        files=len(table.inputFiles()),
        size_bytes=0,
        schema=table.schema.json(),
        # What else the log says (features, partitions) is said of the current version only.
        has_plain_files=False,
        may_hide_rows=False,
        data_files=tuple(table.inputFiles()),
    )


def version_as_of(spark: Any, path: str, dataset: Dataset) -> int:
    """Return the number of the version that the caller named.

    A moment (of the session's time zone) means the newest version that is not younger. One after the last
    change has none, as in Delta itself.

    Raises:
        DatasetUnreadable: there is no such version.
    """
    name = "delta.`" + path.replace("`", "``") + "`"
    rows = (
        spark.sql(f"DESCRIBE HISTORY {name}")
        .selectExpr("version", "unix_micros(timestamp) AS micros")
        .collect()
    )
    versions = sorted((int(row["version"]), int(row["micros"])) for row in rows)
    if dataset.as_of.startswith("v"):
        wanted = int(dataset.as_of[1:])
        found = [version for version, _ in versions if version == wanted]
    else:
        moment = _micros_of(spark, dataset.as_of)
        is_known = moment is not None and moment <= versions[-1][1]
        found = [version for version, micros in versions if is_known and micros <= (moment or 0)]
    if not found:
        first, last = versions[0][0], versions[-1][0]
        raise DatasetUnreadable(
            f"{dataset.name} has no version @{dataset.as_of}: its versions are {first} to {last}.",
            "See DESCRIBE HISTORY for their moments; leave the version out for the newest.",
        )
    return found[-1]


def _micros_of(spark: Any, digits: str) -> Optional[int]:
    """Return the microseconds of ``20260101`` or ``20260101123000000``; ``None`` where it is no moment."""
    year, month, day, rest = digits[:4], digits[4:6], digits[6:8], digits[8:].ljust(9, "0")
    text = f"{year}-{month}-{day} {rest[:2]}:{rest[2:4]}:{rest[4:6]}.{rest[6:]}"
    # CAST fails where ANSI mode is on, as it is in Spark 4.
    (row,) = spark.sql(f"SELECT unix_micros(try_cast('{text}' AS TIMESTAMP)) AS micros").collect()
    return None if row["micros"] is None else int(row["micros"])


def of_version(spark: Any, path: str, version: Optional[int]) -> Any:
    """Return a table in one version, even where others write to it at the same time.

    Without a version each query of the DataFrame would read the newest one.
    """
    reader = spark.read.format("delta")
    return (reader if version is None else reader.option("versionAsOf", version)).load(path)


def _is_in_folders(dataset: Dataset) -> bool:
    try:
        for entry in dataset.files:
            values_of(dataset, entry.path)
    except KeyError:
        return False
    return True


def _name(path: str) -> str:
    return path.rpartition("/")[2]
