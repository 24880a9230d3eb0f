"""Which files make up one table: part files, Hive-partitioned trees, all others by themselves. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Dict, List, Optional, Sequence, Tuple

from nuvyn_executor.metadata.formats import table_name_of
from nuvyn_executor.metadata.partition_folders import unescaped
from nuvyn_executor.model import FileEntry, FileFormat

_PARTITION = re.compile(r"^([^=]+)=(.*)$")
# Spark: part-00000-<uuid>-c000.snappy.parquet, part-r-00000; Hive: 000000_0, 000000_0_copy_1
_PART = re.compile(r"^(?:part-(?:[rm]-)?\d+|\d{6}_\d+(?:_copy_\d+)?)(?![^.\-_])")
# train-00001-of-00010.csv
_SHARD = re.compile(r"^(.*?)[-_.]?\d{4,6}-of-\d{4,6}(?![^.\-_])")


@dataclass(frozen=True)
class FileGroup:
    """Files of one format that are one table.

    Attributes:
        name: the table's name.
        folder: where the table lies inside the source.
        root: the folder that is the table, relative to the source; ``None`` for a table that is a file.
        partitions: names of Hive partition columns, outermost first.
    """

    name: str
    folder: str
    root: Optional[str]
    format: FileFormat
    entries: Tuple[FileEntry, ...]
    partitions: Tuple[str, ...] = ()


def group_files(
    found: Sequence[Tuple[FileEntry, FileFormat]], source_name: str, *, single: bool = False
) -> List[FileGroup]:
    """Group files into tables.

    Part files of one folder and format are one table, named after the folder; so is a tree of ``key=value``
    folders, named after the folder above them. A workbook is never part of another. Tables of one folder that
    would have one name get their format added (``events_csv``), files their whole name (``events.csv``).

    Args:
        found: files and their formats.
        source_name: the last part of the source's path: the name of what lies at its top.
        single: the source is one file, and so is the table.
    """
    members: Dict[Tuple[str, str, FileFormat, Tuple[str, ...], str], List[FileEntry]] = {}
    for entry, file_format in found:
        members.setdefault(_key(entry, file_format, single=single), []).append(entry)
    shards = Counter((key[0], key[2]) for key in members if key[1] == "shards")
    groups = [_group(key, entries, source_name, shards) for key, entries in members.items()]
    return sorted(_rename(groups), key=lambda group: (group.folder, group.name, group.entries[0].name))


def split_folder(name: str) -> Tuple[str, str]:
    """Split a relative path into its folder (``""`` at the top) and its last part."""
    folder, _, last = name.rpartition("/")
    return folder, last


def _key(
    entry: FileEntry, file_format: FileFormat, *, single: bool
) -> Tuple[str, str, FileFormat, Tuple[str, ...], str]:
    """Say where a file belongs: folder, kind of table, format, partition columns, prefix of its shards."""
    folder, last = split_folder(entry.name)
    if single or file_format is FileFormat.EXCEL:
        return entry.name, "file", file_format, (), ""
    levels = folder.split("/") if folder else []
    matches = [_PARTITION.match(level) for level in levels]
    first = next((index for index, match in enumerate(matches) if match), None)
    if first is not None:
        keys = tuple(unescaped(match.group(1)) for match in matches[first:] if match)
        return "/".join(levels[:first]), "tree", file_format, keys, ""
    if _PART.match(last):
        return folder, "parts", file_format, (), ""
    shard = _SHARD.match(last)
    if shard:
        return folder, "shards", file_format, (), shard.group(1)
    return entry.name, "file", file_format, (), ""


def _group(
    key: Tuple[str, str, FileFormat, Tuple[str, ...], str],
    entries: List[FileEntry],
    source_name: str,
    shards: Counter[Tuple[str, FileFormat]],
) -> FileGroup:
    where, kind, file_format, partitions, prefix = key
    folder, last = split_folder(where)
    if kind == "file":
        return FileGroup(table_name_of(last), folder, None, file_format, tuple(entries))
    name = last or source_name
    if kind == "shards" and prefix and shards[(where, file_format)] > 1:
        # train-... and test-... lie side by side: two tables inside this folder
        return FileGroup(prefix, where, where, file_format, tuple(entries))
    return FileGroup(name, folder, where, file_format, tuple(entries), partitions)


def _rename(groups: Sequence[FileGroup]) -> List[FileGroup]:
    """Make names unique inside each folder."""
    named = Counter((group.folder, group.name) for group in groups)
    renamed = [
        group if named[(group.folder, group.name)] == 1 else replace(group, name=_longer_name(group))
        for group in groups
    ]
    taken: Counter[Tuple[str, str]] = Counter()
    unique = []
    for group in renamed:
        taken[(group.folder, group.name)] += 1
        again = taken[(group.folder, group.name)]
        unique.append(group if again == 1 else replace(group, name=f"{group.name}_{again}"))
    return unique


def _longer_name(group: FileGroup) -> str:
    if group.root is None:
        return split_folder(group.entries[0].name)[1]
    return f"{group.name}_{group.format.value}"
