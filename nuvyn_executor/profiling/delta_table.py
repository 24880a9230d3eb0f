"""What a Delta table says of its current version. Its folder also holds the files of older ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple
from urllib.parse import unquote

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
_OLD_PROTOCOL, _WITH_FEATURES = 1, 3


@dataclass(frozen=True)
class DeltaTable:
    """A version of a table.

    Attributes:
        version: the table's id and the version's number: the same text means the same rows.
        files: how many data files it has.
        size_bytes: their bytes.
        schema: its columns and their types, as JSON.
        has_plain_files: its data files are Parquet with the table's columns, by name, and nothing else
            says what a row holds (no partition folders, no mapped columns).
        may_hide_rows: a file may hold rows that a deletion vector takes away.
        data_files: the paths of its data files as Spark calls them; of plain files only.
    """

    version: str
    files: int
    size_bytes: int
    schema: str
    has_plain_files: bool
    may_hide_rows: bool
    data_files: Tuple[str, ...] = ()

    def entries(self, dataset: Dataset) -> Optional[Tuple[FileEntry, ...]]:
        """Find its data files among those of its folder; ``None`` when they are not all there, once each."""
        by_name: Dict[str, List[FileEntry]] = {}
        for entry in dataset.files:
            by_name.setdefault(_name(entry.path), []).append(entry)
        found = [by_name.get(_name(path)) or by_name.get(_name(unquote(path))) for path in self.data_files]
        entries = [one[0] for one in found if one is not None and len(one) == 1]
        return tuple(entries) if len(entries) == len(self.data_files) else None


def current_version(spark: Any, path: str) -> DeltaTable:
    """Ask a table for its current version; reads its log only.

    Args:
        spark: the session.
        path: the table's folder, as Spark takes it.
    """
    name = "delta.`" + path.replace("`", "``") + "`"
    detail = spark.sql(f"DESCRIBE DETAIL {name}").collect()[0].asDict()
    (last,) = spark.sql(f"DESCRIBE HISTORY {name} LIMIT 1").collect()
    table = spark.read.format("delta").load(path)
    features = frozenset(detail.get("tableFeatures") or ())
    reader = int(detail["minReaderVersion"])
    known = reader == _OLD_PROTOCOL or (reader == _WITH_FEATURES and "tableFeatures" in detail)
    plain = known and not detail["partitionColumns"] and not features - _PLAIN_FEATURES
    return DeltaTable(
        version=f"{detail['id']}@{last['version']}",
        files=int(detail["numFiles"]),
        size_bytes=int(detail["sizeInBytes"]),
        schema=table.schema.json(),
        has_plain_files=plain,
        may_hide_rows=DELETION_VECTORS in features,
        data_files=tuple(table.inputFiles()) if plain else (),
    )


def _name(path: str) -> str:
    return path.rpartition("/")[2]
