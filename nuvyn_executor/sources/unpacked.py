"""The files of another source, with those that are compressed or in zip archives as plain files.

Listing a source reads the directories of its archives. Looking at a file unpacks its beginning. When a
dataset is read, its packed files are unpacked into a temporary folder, several at a time; everything that
reads plain files then reads those. Who asked for copies releases them. What has not changed since the last
run is not unpacked.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple, Union

from nuvyn_executor.bounds import Bounds
from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.model import FileEntry, Listing, Skipped
from nuvyn_executor.sources.base import OnlySpark
from nuvyn_executor.sources.compression import codec_of, content_name, explained, open_content
from nuvyn_executor.sources.entry_stream import open_entry
from nuvyn_executor.sources.locations import spark_url
from nuvyn_executor.sources.spool_folder import SpoolPlace
from nuvyn_executor.sources.zip_archive import (
    SUFFIX,
    Directory,
    Member,
    open_member,
    read_directory,
    require_bounded_document,
)

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset
    from nuvyn_executor.sources.base import DataSource, Storage
    from nuvyn_executor.sources.spool_folder import SpoolFolder

logger = logging.getLogger(__name__)

_BOUNDS = Bounds()
_AT_ONCE = 8  # files
_DIRECTORIES = 64  # archives whose directories are read, before it is asked whether the limit is reached
_HEAD_BYTES = 128 * 1024  # of one read, where only a beginning is wanted
_BLOCK_BYTES = 4 * 1024 * 1024  # of one read, where all is wanted
_WRITE_BYTES = 1024 * 1024


class _Packed(NamedTuple):
    """Where a packed file is.

    Attributes:
        entry: the file of the other source that holds it.
        member: its place in that archive; ``None`` where the file is compressed as a whole.
    """

    entry: FileEntry
    member: Optional[Member]

    @property
    def what(self) -> str:
        """What it is, for sentences."""
        codec = codec_of(self.entry.name)
        return (
            f"{codec.name} file" if self.member is None and codec is not None else "member of a zip archive"
        )


@dataclass(frozen=True)
class UnpackedStorage:
    """Reads copies where they are, and other files from their storage; plain data, which travels to tasks.

    Attributes:
        storage: the storage of the other files.
        folder: where the copies are.
    """

    storage: Storage
    folder: str

    def read(self, path: str, offset: int, length: int, etag: str = "") -> bytes:
        """Read up to ``length`` bytes of a file, from ``offset``.

        Raises:
            DatasetUnreadable: the file has vanished or changed, may not be read, or the storage failed.
            OSError: a copy cannot be read.
        """
        if path.startswith(self.folder):
            return _read(path, offset, length)
        return self.storage.read(path, offset, length, etag)


class UnpackedSource:
    """A source whose compressed files and archives are shown as the files that they hold.

    A file whose name ends in ``.bz2``, ``.xz``, ``.zst``, ``.zstd`` stays one file. An archive (``.zip``) is
    a folder. Archives that cannot be opened, and documents that are archives (a workbook), stay as they are.

    Args:
        source: the other source.
        on_databricks: how Spark wants paths spelled.
        place: where copies go.
        bounds: what a packed file may hold.
    """

    def __init__(
        self,
        source: DataSource,
        *,
        on_databricks: bool,
        place: Optional[SpoolPlace] = None,
        bounds: Bounds = _BOUNDS,
    ) -> None:
        self._source = source
        self._on_databricks = on_databricks
        self._place = place or SpoolPlace()
        self._bounds = bounds
        self._root = ""
        self._packed: Dict[str, _Packed] = {}
        self._lock = threading.Lock()
        self._folder: Optional[SpoolFolder] = None
        self._copies: Dict[str, FileEntry] = {}
        self._targets: Set[str] = set()
        self._bounded: Set[str] = set()

    @property
    def location(self) -> str:
        """The path as the caller named it, secrets masked."""
        return self._source.location

    @property
    def storage(self) -> Union[Storage, OnlySpark, None]:
        """What reads ranges of the files, also in tasks; ``None`` where all machines see them as files."""
        storage = self._source.storage
        with self._lock:
            if storage is None or isinstance(storage, OnlySpark) or self._folder is None:
                return storage
            return UnpackedStorage(storage, f"{self._folder.path}/")

    @property
    def allows_scans_at_once(self) -> bool:
        """Whether nothing here is packed, and the other source allows it."""
        return not self._packed and self._source.allows_scans_at_once

    def survey(self, limit: int) -> Listing:
        """List the visible files; those in archives, too, whose directories are read for that.

        Args:
            limit: how many files at most, members of archives counted one by one; the first by name.

        Raises:
            SourceNotFound: nothing lies at the path.
            SourceAccessDenied: it may not be listed.
        """
        listing = self._source.survey(limit)
        self._root = listing.root
        self._packed = {}
        tables = tuple(f"{folder}/" if folder else "" for folder in listing.delta_folders)
        files: List[FileEntry] = []
        problems: List[Skipped] = list(listing.problems)
        is_single_file = listing.is_single_file
        truncated = listing.truncated
        for entry, directory in self._directories(listing.files, tables):
            if len(files) > limit:
                truncated = True
                break
            if entry.name.startswith(tables):
                files.append(entry)
            elif directory.members or directory.problems:
                is_single_file = False
                problems.extend(directory.problems)
                files.extend(self._member(entry, member) for member in directory.members)
            else:
                files.append(self._stream(entry))
        files.sort(key=lambda entry: entry.name)
        truncated = truncated or len(files) > limit
        return replace(
            listing,
            files=tuple(files[:limit]),
            problems=tuple(problems),
            truncated=truncated,
            is_single_file=is_single_file,
        )

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes of the content of a file, from ``offset``.

        Of a packed file that was not copied everything before is unpacked for that.

        Raises:
            DatasetUnreadable: the file has vanished, may not be read, is damaged, or the storage failed.
            WronglyNamed: it is not compressed as its name says.
        """
        if self._is_copy(entry.path):
            return _read(entry.path, offset, length)
        if not entry.is_packed:
            return self._source.read_range(entry, offset, length)
        packed = self._packed[entry.path]
        parts: List[bytes] = []
        with explained(entry.name, packed.what):
            stream = self._open(entry, _HEAD_BYTES)
            position = 0
            while position < offset + length:
                block = stream.read(min(_WRITE_BYTES, offset + length - position))
                if not block:
                    break
                parts.append(block[max(0, offset - position) :])
                position += len(block)
        return b"".join(parts)

    def unpacked(self, dataset: Dataset) -> Dataset:
        """Return a dataset as it is read: with copies of its packed files, and the sizes of their content.

        Where folders' names hold values, all files are copied, so that they are below one folder.

        Raises:
            DatasetUnreadable: a file is damaged, or too large for the disk, or tasks would not see its copy.
        """
        if not any(entry.is_packed for entry in dataset.files):
            return dataset
        if not dataset.format.has_sheets:
            self._place.require_tasks(dataset.label, "unpacked")
        is_tree = bool(dataset.partition_columns)
        copies = self._copied([entry for entry in dataset.files if entry.is_packed or is_tree])
        files = tuple(copies.get(entry.path, entry) for entry in dataset.files)
        below = dataset.path[len(self._root) :].lstrip("/")
        path = f"{self._home()}/{below}".rstrip("/") if is_tree else files[0].path
        return replace(dataset, path=path, files=files)

    def spark_path(self, path: str) -> str:
        """Return the path (of a file or folder of this source, or of a copy) as Spark's readers want it."""
        if self._is_copy(path):
            return spark_url(path, on_databricks=self._on_databricks)
        return self._source.spark_path(path)

    def spark_paths(self, files: Sequence[FileEntry]) -> List[str]:
        """Return the paths of some files, or of their copies, as Spark's readers want them.

        Raises:
            DatasetUnreadable: one of them cannot be brought to where Spark reads it.
        """
        packed = [entry for entry in files if entry.is_packed]
        if packed:
            self._place.require_tasks(packed[0].name, "unpacked")
        copies = self._copied(packed)
        here = [copies.get(entry.path, entry) for entry in files]
        others = iter(self._source.spark_paths([entry for entry in here if not self._is_copy(entry.path)]))
        return [self.spark_path(entry.path) if self._is_copy(entry.path) else next(others) for entry in here]

    def local_path(self, entry: FileEntry) -> str:
        """Return the path of a file, or of a copy of it, as Python's ``open`` takes it.

        Raises:
            DatasetUnreadable: it cannot be copied, or is a workbook that is too large when it is unpacked.
        """
        if self._is_copy(entry.path):
            path = entry.path
        elif entry.is_packed:
            path = self._copied([entry])[entry.path].path
        else:
            path = self._source.local_path(entry)
        if path not in self._bounded:  # copies of objects have a new path each time
            require_bounded_document(path, entry.name, self._bounds)
            self._bounded.add(path)
        return path

    def fetched_by(self, *, spark: bool) -> Optional[str]:
        """Return how objects of a store were fetched: what is unpacked was read by copies."""
        fetched = self._source.fetched_by(spark=spark)
        with self._lock:
            return "copies" if fetched is not None and self._folder is not None else fetched

    def release(self) -> None:
        """Remove the copies that were made of files."""
        with self._lock:
            folder, self._folder = self._folder, None
            self._copies, self._targets = {}, set()
        if folder is not None:
            folder.remove()
        self._source.release()

    def _directories(
        self, files: Sequence[FileEntry], tables: Tuple[str, ...]
    ) -> Iterator[Tuple[FileEntry, Directory]]:
        """Return each file with its directory, which is empty for what is no archive."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for first in range(0, len(files), _DIRECTORIES):
                some = files[first : first + _DIRECTORIES]
                archives = [one for one in some if _is_archive(one) and not one.name.startswith(tables)]
                found = dict(zip((one.path for one in archives), pool.map(self._directory, archives)))
                yield from ((one, found.get(one.path, Directory())) for one in some)

    def _directory(self, entry: FileEntry) -> Directory:
        try:
            with open_entry(self._source, entry) as stream:
                directory = read_directory(stream, entry.name)
            # Of all members together, for those of a bomb may be one and the same place.
            content = sum(member.content_bytes for member in directory.members)
            self._bounds.require_unpacked(entry.name, entry.size_bytes, content)
        except DatasetUnreadable as error:
            return Directory(problems=(Skipped(entry.name, error.message, error.remedy, is_failure=True),))
        except Exception as error:  # noqa: BLE001  it is looked at as a file, and then the reason is found
            logger.debug("%s is not opened: %s", entry.name, error)
            return Directory()
        return directory

    def _member(self, archive: FileEntry, member: Member) -> FileEntry:
        moment = min(member.modified_at or archive.modified_at, archive.modified_at)
        path, name = f"{archive.path}/{member.name}", f"{archive.name}/{member.name}"
        self._packed[path] = _Packed(archive, member)
        return FileEntry(path, name, member.packed_bytes, moment, f"{member.crc:08x}", content_name(name))

    def _stream(self, entry: FileEntry) -> FileEntry:
        if codec_of(entry.name) is None or _is_archive(entry, in_stream=True):
            return entry
        self._packed[entry.path] = _Packed(entry, None)
        return replace(entry, content_name=content_name(entry.name))

    def _open(self, entry: FileEntry, block_bytes: int) -> IO[bytes]:
        """Open the content of a packed file."""
        holder, member = self._packed[entry.path]
        size = holder.size_bytes if member is None else member.packed_bytes
        raw = open_entry(self._source, holder, max(1024, min(block_bytes, size + 1024)))
        return open_content(raw if member is None else open_member(raw, member), entry.name)

    def _is_copy(self, path: str) -> bool:
        with self._lock:
            return self._folder is not None and path.startswith(f"{self._folder.path}/")

    def _home(self) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = self._place.make()
            return self._folder.path

    def _copied(self, files: Sequence[FileEntry]) -> Dict[str, FileEntry]:
        """Copy files that are not here yet; return all copies by the paths of the files."""
        missing = [entry for entry in files if entry.path not in self._copies]
        if not missing:
            return self._copies
        home = self._home()
        least = sum(map(self._least_bytes, missing))
        reserve = self._place.reserve(home, least, [entry.name for entry in missing])
        stored = sum(entry.size_bytes for entry in missing)
        logger.info("📦 Unpacking %d files, %.1f MB, of %s", len(missing), stored / 1e6, self.location)
        targets = [self._target(home, entry) for entry in missing]
        has_failed = threading.Event()

        def copy(entry: FileEntry, target: Path) -> Optional[FileEntry]:
            if has_failed.is_set():
                return None
            try:
                return self._copy(entry, target, home, reserve)
            except BaseException:
                has_failed.set()
                raise

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for entry, made in zip(missing, pool.map(copy, missing, targets)):
                if made is not None:
                    self._copies[entry.path] = made
        return self._copies

    def _least_bytes(self, entry: FileEntry) -> int:
        """Return how many bytes a copy has at least, as far as that is known before."""
        if not entry.is_packed:
            return entry.size_bytes
        member = self._packed[entry.path].member
        return 0 if member is None else member.content_bytes

    def _target(self, home: Path, entry: FileEntry) -> Path:
        """Return where the copy of a file goes: a place for each, with the folders that the file is in."""
        folder, slash, last = entry.plain_name.rpartition("/")
        name, number = entry.plain_name, 1
        while name in self._targets:  # a.csv.zst, a.csv.bz2
            number += 1
            name = f"{folder}{slash}{number}-{last}"
        self._targets.add(name)
        return home / name

    def _copy(self, entry: FileEntry, target: Path, home: Path, reserve: int) -> FileEntry:
        size = 0
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as copy:
                for block in self._blocks(entry):
                    self._place.check(home, reserve, entry.name)
                    size += copy.write(block)
                    if entry.is_packed:
                        self._bounds.require_unpacked(entry.name, entry.size_bytes, size)
        except OSError as error:
            raise DatasetUnreadable(
                f"{entry.name} cannot be unpacked to the local disk: {error.strerror or error}.",
                "Set EXECUTOR_SPOOL_DIR to a folder that this job may write to.",
            ) from error
        except DatasetUnreadable:
            target.unlink()  # what is there of it takes room
            raise
        return replace(entry, path=str(target), size_bytes=size, etag="", content_name="")

    def _blocks(self, entry: FileEntry) -> Iterator[bytes]:
        if not entry.is_packed:
            for offset in range(0, entry.size_bytes, _BLOCK_BYTES):
                length = min(_BLOCK_BYTES, entry.size_bytes - offset)
                yield self._source.read_range(entry, offset, length)
            return
        with explained(entry.name, self._packed[entry.path].what):
            stream = self._open(entry, _BLOCK_BYTES)
        while True:
            with explained(entry.name, self._packed[entry.path].what):
                block = stream.read(_WRITE_BYTES)
            if not block:
                return
            yield block


def _is_archive(entry: FileEntry, *, in_stream: bool = False) -> bool:
    """Whether a file is called an archive; or, compressed, what it holds."""
    name = content_name(entry.name) if in_stream else entry.name
    return name.lower().endswith((SUFFIX, ".tar") if in_stream else SUFFIX)


def _read(path: str, offset: int, length: int) -> bytes:
    with Path(path).open("rb") as stream:
        stream.seek(offset)
        return stream.read(length)
