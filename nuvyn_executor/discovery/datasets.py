"""Find the datasets of a source. Only the beginnings of files are read."""

from __future__ import annotations

import io
import threading
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from itertools import chain, count
from typing import (
    TYPE_CHECKING,
    BinaryIO,
    Callable,
    Deque,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
    TypeVar,
    cast,
)

from nuvyn_executor.bounds import SHEETS
from nuvyn_executor.contracts.matching import is_contract_name
from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.csv_lines import TAIL_BYTES, CsvTable, table_of
from nuvyn_executor.discovery.detection import Detection, detect_format, misleading_extension
from nuvyn_executor.discovery.dialects import detect_dialect
from nuvyn_executor.discovery.doubts import doubts_of
from nuvyn_executor.discovery.file_forms import Form, form_of
from nuvyn_executor.discovery.file_head import FileHead, read_head
from nuvyn_executor.discovery.file_layouts import FirstFile, Fit, Written, fit_rows
from nuvyn_executor.discovery.formats import table_name_of
from nuvyn_executor.discovery.grouping import FileGroup, FileGroups, numbered, split_folder
from nuvyn_executor.discovery.json_layout import JsonLayout, layout_of
from nuvyn_executor.discovery.partition_folders import without_value
from nuvyn_executor.discovery.workbook import filled_sheets, sheet_names, unsaved_formulas
from nuvyn_executor.errors import EngineError, SourceError, WronglyNamed
from nuvyn_executor.model import (
    Dataset,
    Discovery,
    FileEntry,
    FileFormat,
    FileLayout,
    Listing,
    Skipped,
    SkippedLines,
    SourceType,
)
from nuvyn_executor.sources.base import TableSource
from nuvyn_executor.sources.entry_stream import open_entry

if TYPE_CHECKING:
    from nuvyn_executor.sources.base import DataSource, Source

# Object stores answer in tens of milliseconds: two questions to each of a million files are an hour's work.
_READERS = 32
# Workbooks are read whole, so that fewer of them are in memory at the same time.
_BUILDERS = 8
# So many files go to a thread at once, for handing one over costs more than reading it ...
_BLOCK = 4
# ... and for each thread one block is read ahead: heads of 64 KB that wait must not fill the memory.
# Of so many files the last lines are read, which costs a request each.
_MOST_TAILS = 1_000
_NOTHING = FileHead(b"")
_SAVE = "Open it in Excel and save it."
_NAME_IT = "Rename the folder: __HIVE_DEFAULT_PARTITION__ stands for no value."
_Item = TypeVar("_Item")
_Found = TypeVar("_Found")


def discover(source: Source, source_type: SourceType, max_files: int) -> Discovery:
    """Find the datasets of a source.

    A Delta table, a Hive-partitioned tree, the part files of a folder and many numbered files of one form are
    one dataset each; so is every other file, and every sheet of a workbook that is not empty. Only the
    beginnings of files are read; workbooks are read whole. Files that are no dataset are in ``skipped``, with
    the reason; data contracts (``orders.odcs.yaml``) are in ``contract_files``.

    Args:
        source: where to look.
        source_type: which format to look for, or all of them.
        max_files: list no more than these.

    Raises:
        SourceError: the source as a whole cannot be used; a single file never raises.
    """
    if isinstance(source, TableSource):
        return source.discover_tables(max_files)
    listing = source.survey(max_files)
    contracts = tuple(entry for entry in listing.files if is_contract_name(entry.plain_name))
    others = tuple(entry for entry in listing.files if not is_contract_name(entry.plain_name))
    search = _Search(source, replace(listing, files=others), source_type.format)
    search.run()
    return Discovery(
        files=listing.files,
        datasets=_named_apart(sorted(search.datasets, key=lambda dataset: (dataset.folder, dataset.path))),
        skipped=tuple(sorted((*listing.problems, *search.skipped), key=lambda skipped: skipped.name)),
        truncated=listing.truncated,
        wanted=source_type.format,
        root=listing.root,
        contract_files=contracts,
    )


def _named_apart(datasets: Sequence[Dataset]) -> Tuple[Dataset, ...]:
    """Return datasets of which no two in one folder have one name.

    A file that is called like a Delta table or a sheet beside it gets its whole name; of others that would
    have one name the second and following ones get a number.
    """
    named = Counter((one.folder, one.name) for one in datasets)
    taken: Set[Tuple[str, str]] = set()
    found: List[Dataset] = []
    for one in datasets:
        is_file = one.sheet is None and [entry.path for entry in one.files] == [one.path]
        is_shared = named[one.folder, one.name] > 1
        wanted = split_folder(one.files[0].name)[1] if is_shared and is_file else one.name
        names = chain([wanted], (f"{wanted}_{number}" for number in count(2)))
        name = next(name for name in names if (one.folder, name) not in taken)
        taken.add((one.folder, name))
        found.append(replace(one, name=name))
    return tuple(found)


class _Look(NamedTuple):
    """What the beginning of a file shows.

    Attributes:
        head: the beginning; ``None`` when it could not be read.
        form: of a file that may be a table with others, which others.
        table: of CSV with lines that are no rows, what is without them.
    """

    head: Optional[FileHead]
    detection: Detection
    form: Optional[Form] = None
    table: Optional[CsvTable] = None


class _Layout(NamedTuple):
    """How a text file is written: of CSV, the first of its dataset; of JSON, how its documents lie in it."""

    first: Optional[FirstFile] = None
    json: Optional[JsonLayout] = None
    fit: Optional[Fit] = None
    doubts: Tuple[str, ...] = ()


class _Search:
    """One search. Its lists are complete after :meth:`run`."""

    def __init__(self, source: DataSource, listing: Listing, wanted: Optional[FileFormat]) -> None:
        self._source = source
        self._listing = listing
        self._wanted = wanted
        self._name = listing.root.rstrip("/").rsplit("/", 1)[-1] or "root"
        self._numbered = numbered([entry.name for entry in listing.files])
        self._layouts: Dict[str, _Layout] = {}
        self._others: Dict[str, Written] = {}
        self._documents: Dict[str, JsonLayout] = {}
        self._unfit: Set[str] = set()
        self._by_place: Set[str] = set()
        self._tables: Dict[str, CsvTable] = {}
        self._copying = threading.Lock()
        self.datasets: List[Dataset] = []
        self.skipped: List[Skipped] = []

    def run(self) -> None:
        """Find Delta tables, look at all other files, group them."""
        others = self._take_delta_tables()
        groups = FileGroups(self._name, single=self._listing.is_single_file)
        for entry, (head, detection, form, table) in zip(
            others, _in_parallel(self._look_at, others, _READERS)
        ):
            file_format = self._accept(entry, detection)
            if file_format is None or head is None:
                continue
            if table is not None:
                self._tables[entry.name] = table._replace(head=_NOTHING)
            # Now, while the head is there: it is read once, and all heads would fill the memory.
            model = groups.add(entry, file_format, form)
            if model is entry:
                self._layouts[entry.name] = _layout_of(entry.plain_name, file_format, head, table)
            elif form is None:
                self._compare(entry, head, self._layouts[model.name])
        for datasets, skipped in _in_parallel(self._build, groups.tables(), _BUILDERS):
            self.datasets.extend(datasets)
            self.skipped.extend(skipped)

    def _take_delta_tables(self) -> List[FileEntry]:
        inside: Dict[str, List[FileEntry]] = {folder: [] for folder in self._listing.delta_folders}
        others: List[FileEntry] = []
        for entry in self._listing.files:
            owner = next((folder for folder in _folders_above(entry.name) if folder in inside), None)
            (others if owner is None else inside[owner]).append(entry)
        for relative, entries in inside.items():
            folder, name = split_folder(relative)
            name = name or self._name
            if self._wanted not in (None, formats.DELTA):
                self.skipped.append(
                    _unwanted(relative or name, formats.DELTA, self._wanted, "is a Delta table")
                )
                continue
            # A deletion vector is a file of the table but holds no rows.
            files = tuple(entry for entry in entries if entry.name.endswith(".parquet"))
            path = self._absolute(relative)
            table = Dataset(name, folder, path, formats.DELTA, files, as_of=self._listing.as_of)
            self.datasets.append(table)
        return others

    def _look_at(self, entry: FileEntry) -> _Look:
        """Read the beginning of a file, and of no file more than once."""
        try:
            head = read_head(self._source, entry)
            detection = self._detect(entry, head)
            found = self._format(detection)
            tail = self._tail(entry, head) if found is not None and found.has_dialect else ""
        except WronglyNamed as error:
            return _Look(None, Detection(None, error.reason, error.remedy))
        except SourceError as error:
            return _Look(None, Detection(None, error.message, error.remedy, is_damaged=True))
        table = None if found is None or not found.has_dialect else table_of(head, tail)
        head = head if table is None else table.head
        if found is None or entry.name not in self._numbered:
            return _Look(head, detection, table=table)
        return _Look(head, detection, form_of(entry.plain_name, found, head), table)

    def _tail(self, entry: FileEntry, head: FileHead) -> str:
        """Return the last lines of a file that is longer than its head; ``""`` where they cost too much."""
        is_costly = entry.is_packed or head.is_gzip or len(self._listing.files) > _MOST_TAILS
        if head.is_whole or is_costly or head.encoding.is_wide:
            return ""
        start = entry.size_bytes - TAIL_BYTES
        text = head.text_of(self._source.read_range(entry, start, TAIL_BYTES))
        return text[text.find("\n") + 1 :] if "\n" in text else ""

    def _detect(self, entry: FileEntry, head: FileHead) -> Detection:
        if entry.is_packed and not head.is_all:
            # Its end would be all of it. Whoever reads it finds out whether that is there.
            return detect_format(entry.plain_name, head, is_unpacked=entry.plain_name != entry.name)
        with io.BytesIO(head.raw) if head.is_all else open_entry(self._source, entry) as stream:
            is_unpacked = entry.plain_name != entry.name
            return detect_format(entry.plain_name, head, cast("BinaryIO", stream), is_unpacked=is_unpacked)

    def _compare(self, entry: FileEntry, head: FileHead, model: _Layout) -> None:
        """Record how a file is written, where that is not how the first file of its dataset is."""
        if model.json is not None:
            layout = layout_of(head.text, entry.plain_name, whole=head.is_whole)
            if layout != model.json:
                self._documents[entry.name] = layout
        if model.first is None:
            return
        found = model.first.other(head, entry.plain_name)
        if found is not None:
            self._others[entry.name] = found
            if model.first.is_by_place(found, head):
                self._by_place.add(entry.name)
        elif fit_rows(head, model.first.dialect, self._names_of(entry)) != model.fit:
            self._unfit.add(entry.name)

    def _names_of(self, entry: FileEntry) -> Tuple[str, ...]:
        """Return the names of a file's columns that stand in two rows; empty where one row has them."""
        return self._tables[entry.name].names if entry.name in self._tables else ()

    def _format(self, detection: Detection) -> Optional[FileFormat]:
        if detection.format is None and detection.is_text and self._wanted == formats.CSV:
            return formats.CSV
        return detection.format

    def _accept(self, entry: FileEntry, detection: Detection) -> Optional[FileFormat]:
        """Return the format to read a file in, or record why it is left out."""
        found = self._format(detection)
        if found is None:
            self.skipped.append(
                Skipped(entry.name, detection.reason, detection.remedy, is_failure=detection.is_damaged)
            )
            return None
        if self._wanted not in (None, found):
            self.skipped.append(_unwanted(entry.name, found, self._wanted, f"is {found.value}"))
            return None
        if not found.has_sheets and ":" in split_folder(entry.name)[1]:
            self.skipped.append(
                Skipped(
                    entry.name, "has a colon in its name, which Spark's file systems refuse", "Rename it."
                )
            )
            return None
        empty = None if found.has_sheets or self._listing.is_single_file else without_value(entry.name)
        if empty is not None:
            why = f"its folder names no value of a partition column ({empty})"
            reason = f"{entry.name} could not be read: {why}."
            self.skipped.append(Skipped(entry.name, reason, _NAME_IT, is_failure=True))
            return None
        return found

    def _build(self, group: FileGroup) -> Tuple[List[Dataset], List[Skipped]]:
        if group.format.has_sheets:
            return self._sheets(group)
        path = group.entries[0].path if group.root is None else self._absolute(group.root)
        layout = self._layouts[group.model.name]
        dataset = Dataset(
            name=group.name,
            folder=group.folder,
            path=path,
            format=group.format,
            files=group.entries,
            dialect=None if layout.first is None else layout.first.dialect,
            multiline=layout.json is not None and layout.json.multiline,
            records_at=None if layout.json is None else layout.json.records_at,
            partition_columns=group.partitions,
            layouts=self._layouts_of(group),
            doubts=(*layout.doubts, *self._doubts_of(group)),
            skipped=self._skipped_of(group),
        )
        is_fit = not any(entry.name in self._unfit for entry in group.entries)
        return [_fitted(dataset, layout.fit) if is_fit else dataset], []

    def _layouts_of(self, group: FileGroup) -> Tuple[FileLayout, ...]:
        """Return how the files of a table are written; nothing where all are written alike."""
        first, own = self._layouts[group.model.name].first, self._layouts[group.model.name].json
        if own is not None and any(entry.name in self._documents for entry in group.entries):
            alike: Dict[JsonLayout, List[str]] = {own: []}
            for entry in group.entries:
                alike.setdefault(self._documents.get(entry.name, own), []).append(entry.name)
            return tuple(FileLayout(None, (), frozenset(names), *how) for how, names in alike.items())
        if first is None or not any(entry.name in self._others for entry in group.entries):
            return ()
        files: Dict[Written, List[str]] = {first.written: []}
        for entry in group.entries:
            files.setdefault(self._others.get(entry.name, first.written), []).append(entry.name)
        return tuple(FileLayout(*written, frozenset(names)) for written, names in files.items())

    def _doubts_of(self, group: FileGroup) -> Iterator[str]:
        """Return what speaks against the way in which the files of a table are read together."""
        nameless = [entry.name for entry in group.entries if entry.name in self._by_place]
        if nameless:
            yield (
                f"{nameless[0]} is read by place, since its first line has no name of the other files - "
                "write the names of the columns into each file"
            )

    def _skipped_of(self, group: FileGroup) -> Optional[SkippedLines]:
        """Return the lines of a table's files that are no rows; ``None`` where there are none."""
        found = [self._tables[entry.name].skipped for entry in group.entries if entry.name in self._tables]
        skipped = sum(found, SkippedLines())
        return None if skipped == SkippedLines() else skipped

    def _sheets(self, group: FileGroup) -> Tuple[List[Dataset], List[Skipped]]:
        (entry,) = group.entries
        stem = table_name_of(entry.plain_name)
        # Copies are removed all at once, so of those that are copied one is read at a time.
        is_copied = entry.is_packed or self._source.storage is not None
        with self._copying if is_copied else nullcontext():
            try:
                path = self._source.local_path(entry)
                count, unsaved = len(sheet_names(path)), unsaved_formulas(path)
                filled = filled_sheets(path, SHEETS)
            except (SourceError, EngineError) as error:
                return [], [Skipped(entry.name, error.message, error.remedy, is_failure=True)]
            finally:
                if is_copied:
                    self._source.release()
        skipped = [
            Skipped(
                entry.name,
                f"has {count:,} sheets, of which the first {SHEETS:,} are read",
                "Save the others in another workbook.",
                is_failure=True,
            )
        ]
        skipped = skipped if count > SHEETS else []
        if not filled and unsaved:
            return [], [Skipped(entry.name, "holds formulas without saved results only", _SAVE)]
        if not filled:
            return [], [Skipped(entry.name, "is empty: no sheet has a filled cell", "Remove it, or fill it.")]
        # Of two workbooks of one stem (a.xls, a.xlsx) the grouping has made two names.
        name = group.name or stem
        return [
            Dataset(
                f"{name}.{sheet}",
                group.folder,
                entry.path,
                group.format,
                group.entries,
                sheet=sheet,
                doubts=_doubts_of_sheet(unsaved.get(sheet, 0)),
            )
            for sheet in filled
        ], skipped

    def _absolute(self, relative: str) -> str:
        return f"{self._listing.root.rstrip('/')}/{relative}".rstrip("/") or "/"


def _doubts_of_sheet(unsaved: int) -> Tuple[str, ...]:
    is_one = unsaved == 1
    what = (
        "1 formula has no saved result and is"
        if is_one
        else f"{unsaved:,} formulas have no saved result and are"
    )
    return (f"{what} read as empty - open it in Excel and save it",) if unsaved else ()


def _folders_above(name: str) -> Iterator[str]:
    while name:
        name = split_folder(name)[0]
        yield name


def _unwanted(name: str, found: FileFormat, wanted: Optional[FileFormat], what: str) -> Skipped:
    asked = "" if wanted is None else f", not {wanted.value}"
    return Skipped(name, f"{what}{asked}", f"Name source type {found.value} or auto.")


def _layout_of(
    name: str, file_format: FileFormat, head: FileHead, table: Optional[CsvTable] = None
) -> _Layout:
    claimed = misleading_extension(name, file_format)
    doubt = (
        f"its file is called {claimed} and is {file_format.noun} - rename it to {file_format.extensions[0]}"
    )
    misnamed = (doubt,) if claimed else ()
    if file_format.has_dialect:
        dialect = detect_dialect(head, name)
        fit = fit_rows(head, dialect, () if table is None else table.names)
        doubts = (*misnamed, *doubts_of(head, dialect), *(() if table is None else table.doubts))
        return _Layout(FirstFile(dialect, head), fit=fit, doubts=doubts)
    if file_format.may_be_document:
        plain = name[: -len(".gz")] if head.is_gzip else name
        return _Layout(json=layout_of(head.text, plain, whole=head.is_whole), doubts=misnamed)
    return _Layout(doubts=misnamed)


def _fitted(dataset: Dataset, fit: Optional[Fit]) -> Dataset:
    """Return a dataset whose rows fit its header; one whose files are written differently as it is."""
    if fit is None or dataset.layouts or dataset.dialect is None:
        return dataset
    names = frozenset(entry.name for entry in dataset.files)
    return replace(
        dataset,
        layouts=(FileLayout(dataset.dialect, fit.fields, names),),
        columns=fit.columns,
        doubts=(*dataset.doubts, *([fit.doubt] if fit.doubt else [])),
    )


def _in_parallel(
    function: Callable[[_Item], _Found], items: Sequence[_Item], threads: int
) -> Iterator[_Found]:
    """Map in order, by several threads that are some blocks of items ahead of the caller."""

    def found_of(block: Sequence[_Item]) -> List[_Found]:
        return [function(item) for item in block]

    size = min(_BLOCK, max(1, len(items) // (threads * 8)))
    waiting: Deque[Future[List[_Found]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(items), size):
            waiting.append(pool.submit(found_of, items[start : start + size]))
            if len(waiting) > threads:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
