"""Group files into tables: parts, partitioned trees, many numbered files; all others one each. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import (
    TYPE_CHECKING,
    Dict,
    FrozenSet,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from nuvyn_executor.discovery.formats import table_name_of
from nuvyn_executor.discovery.partition_folders import unescaped

if TYPE_CHECKING:
    from nuvyn_executor.discovery.file_forms import Form
    from nuvyn_executor.model import FileEntry, FileFormat

FEW = 64
"""Up to so many numbered files are a table each, since each may have a meaning of its own. Of more, nobody
looks at each, and a Spark job for each would take minutes."""

_PARTITION = re.compile(r"^([^=]+)=(.*)$")
# Spark: part-00000-<uuid>-c000.snappy.parquet, part-r-00000; Hive: 000000_0, 000000_0_copy_1
_PART = re.compile(r"^(?:part-(?:[rm]-)?\d+|\d{6}_\d+(?:_copy_\d+)?)(?![^.\-_])")
# train-00001-of-00010.csv
_SHARD = re.compile(r"^(.*?)[-_.]?\d{4,6}-of-\d{4,6}(?![^.\-_])")
_ARCHIVE = ".zip"
_NUMBER = re.compile(r"[0-9]+")
_BEFORE_NUMBERS = " -_.([#"  # orders_2024_00001, report (7)


@dataclass(frozen=True)
class FileGroup:
    """Files of one format that are one table together.

    Attributes:
        name: the table's name.
        folder: where the table lies inside the source.
        root: the folder that is the table, relative to the source; ``None`` for a table that is a file.
        partitions: names of Hive partition columns, outermost first.
        model: the file whose layout all are read by; of text, one that shows how they are encoded.
    """

    name: str
    folder: str
    root: Optional[str]
    format: FileFormat
    entries: Tuple[FileEntry, ...]
    model: FileEntry
    partitions: Tuple[str, ...] = ()


class _Key(NamedTuple):
    """What the files of one table share.

    Attributes:
        where: the folder; of a table that is one file, the name of the file.
        series: the prefix of shards; of numbered files the name without numbers, and the form.
    """

    where: str
    kind: str
    format: FileFormat
    partitions: Tuple[str, ...] = ()
    series: str = ""


class FileGroups:
    """Groups the files of a source into tables.

    Part files of one folder and format are one table, named after the folder; so is a tree of ``key=value``
    folders, named after the folder above them. More than 64 files of one folder, format and form whose names
    differ only in their numbers are one table, named by what comes before the number (``orders_2024_00001``:
    ``orders``), or after the folder where nothing does. A workbook is never part of another. Tables of one
    folder that would have one name get their format added (``events_csv``), files their whole name
    (``events.csv``).

    Args:
        source_name: the last part of the source's path: the name of what lies at its top.
        single: the source is one file, and so is the table.
    """

    def __init__(self, source_name: str, *, single: bool = False) -> None:
        self._source_name = source_name
        self._single = single
        self._members: Dict[_Key, List[FileEntry]] = {}
        self._models: Dict[_Key, FileEntry] = {}

    def add(self, entry: FileEntry, file_format: FileFormat, form: Optional[Form] = None) -> FileEntry:
        """Add a file; files come in the order of their names.

        Args:
            entry: the file.
            file_format: its format.
            form: of a file that :func:`numbered` names, which others may be a table with it.

        Returns:
            The file whose layout its table is read by, as far as the files show that were added; the file
            itself where it may be that one.
        """
        key = _key(entry, file_format, form, single=self._single)
        entries = self._members.setdefault(key, [])
        entries.append(entry)
        if key.kind != "numbered":
            return entries[0]
        # As long as they are few, each may be a table of its own.
        may_decide = len(entries) <= FEW
        if form is not None and not form.is_ascii and key not in self._models:
            self._models[key] = entry
            may_decide = True
        return entry if may_decide else self._models.get(key, entries[0])

    def tables(self) -> List[FileGroup]:
        """Return the tables of all files, by folder and name."""
        shards = Counter((key.where, key.format) for key in self._members if key.kind == "shards")
        groups: List[FileGroup] = []
        for key, entries in self._members.items():
            if key.kind != "numbered":
                groups.append(_group(key, entries, self._source_name, shards))
            elif len(entries) <= FEW:
                groups.extend(_file(entry, key.format) for entry in entries)
        groups.extend(self._numbered())
        return sorted(_rename(groups), key=lambda group: (group.folder, group.name, group.entries[0].name))

    def _numbered(self) -> Iterator[FileGroup]:
        """Return the tables of numbered files.

        Of several tables of one name, that with the first number has it.
        So a table keeps its name, and with it its id, when files with later numbers are added.
        """
        many = [
            (key, entries)
            for key, entries in self._members.items()
            if key.kind == "numbered" and len(entries) > FEW
        ]
        taken: Counter[Tuple[str, str, FileFormat]] = Counter()
        for key, entries in sorted(many, key=lambda one: min(map(_numbers, one[1]))):
            parent, last = split_folder(key.where)
            own = _folder_name(last or self._source_name, entries[0])
            first = split_folder(entries[0].name)[1]
            stem = _NUMBER.split(first, maxsplit=1)[0].rstrip(_BEFORE_NUMBERS) or own
            taken[(key.where, stem, key.format)] += 1
            again = taken[(key.where, stem, key.format)]
            yield FileGroup(
                name=stem if again == 1 else f"{stem}_{again}",
                folder=parent if stem == own else key.where,
                root=key.where,
                format=key.format,
                entries=tuple(entries),
                model=self._models.get(key, entries[0]),
            )


def numbered(names: Sequence[str]) -> FrozenSet[str]:
    """Return the names of files that may be one table with others: more than 64 that differ in numbers only.

    Args:
        names: of files, relative to the source.
    """
    alike = [_without_numbers(name) for name in names]
    counts = Counter(alike)
    many = (name for name, one in zip(names, alike) if counts[one] > FEW)
    return frozenset(name for name in many if _place(name) is None)


def split_folder(name: str) -> Tuple[str, str]:
    """Split a relative path into its folder (``""`` at the top) and its last part."""
    folder, _, last = name.rpartition("/")
    return folder, last


def _key(entry: FileEntry, file_format: FileFormat, form: Optional[Form], *, single: bool) -> _Key:
    """Return the key of the table that a file belongs to."""
    if single or file_format.has_sheets:
        return _Key(entry.name, "file", file_format)
    place = _place(entry.name)
    if place is not None:
        where, kind, partitions, prefix = place
        return _Key(where, kind, file_format, partitions, prefix)
    if form is not None:
        folder = split_folder(entry.name)[0]
        return _Key(folder, "numbered", file_format, series=f"{_without_numbers(entry.name)}\0{form.text}")
    return _Key(entry.name, "file", file_format)


def _place(name: str) -> Optional[Tuple[str, str, Tuple[str, ...], str]]:
    """Read a name: the folder, the kind of table, its partitions, and the prefix of shards."""
    folder, last = split_folder(name)
    levels = folder.split("/") if folder else []
    matches = [_PARTITION.match(level) for level in levels]
    first = next((index for index, match in enumerate(matches) if match), None)
    if first is not None:
        keys = tuple(unescaped(match.group(1)) for match in matches[first:] if match)
        return "/".join(levels[:first]), "tree", keys, ""
    if _PART.match(last):
        return folder, "parts", (), ""
    shard = _SHARD.match(last)
    return (folder, "shards", (), shard.group(1)) if shard else None


def _group(
    key: _Key, entries: List[FileEntry], source_name: str, shards: Counter[Tuple[str, FileFormat]]
) -> FileGroup:
    if key.kind == "file":
        return _file(entries[0], key.format)
    folder, last = split_folder(key.where)
    name = _folder_name(last or source_name, entries[0])
    if key.kind == "shards" and key.series and shards[(key.where, key.format)] > 1:
        # train-... and test-... lie side by side: two tables inside this folder
        return FileGroup(key.series, key.where, key.where, key.format, tuple(entries), entries[0])
    return FileGroup(name, folder, key.where, key.format, tuple(entries), entries[0], key.partitions)


def _file(entry: FileEntry, file_format: FileFormat) -> FileGroup:
    folder = split_folder(entry.name)[0]
    return FileGroup(table_name_of(entry.plain_name), folder, None, file_format, (entry,), entry)


def _folder_name(last: str, entry: FileEntry) -> str:
    """Return the name of a table that is a folder: that of an archive without its end."""
    is_archive = entry.is_packed and last.lower().endswith(_ARCHIVE)
    return last[: -len(_ARCHIVE)] or last if is_archive else last


def _without_numbers(name: str) -> str:
    folder, last = split_folder(name)
    return f"{folder}/{_NUMBER.sub('0', last)}"


def _numbers(entry: FileEntry) -> Tuple[int, ...]:
    return tuple(map(int, _NUMBER.findall(split_folder(entry.name)[1])))


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
