"""A zip archive whose members are read one by one, each from its own place in the file.

The directory is read with ``zipfile``. Members are not: ``zipfile`` lets one thread read at a time, and reads
the directory again for each reader.
"""

from __future__ import annotations

import bz2
import io
import logging
import lzma
import re
import stat
import struct
import zipfile
import zlib
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import (
    IO,
    TYPE_CHECKING,
    BinaryIO,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Set,
    Tuple,
    cast,
)

from nuvyn_executor.bounds import MB, ZIP_DIRECTORY
from nuvyn_executor.errors import DatasetUnreadable, SourceError
from nuvyn_executor.model import Skipped
from nuvyn_executor.sources.compression import open_zstd
from nuvyn_executor.sources.locations import is_hidden

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from nuvyn_executor.bounds import Bounds

logger = logging.getLogger(__name__)

SUFFIX = ".zip"
_NESTED = (SUFFIX, ".tar", ".tgz", ".tbz2", ".txz", ".7z", ".rar", ".jar")
_PACKED_ARCHIVE = re.compile(r"\.(?:zip|tar)\.\w{2,4}$")
# A document that is a zip by itself has all members of one of these sets, a program a manifest and classes.
# A zip of tables may have one of these files, too.
_DOCUMENTS = (
    {"xl/workbook.xml"},
    {"xl/workbook.bin"},
    {"word/document.xml"},
    {"ppt/presentation.xml"},
    {"mimetype", "content.xml"},
    {"mimetype", "META-INF/container.xml"},
)
_MANIFEST, _CLASS = "META-INF/MANIFEST.MF", ".class"
_DELTA_LOG = re.compile(r"(?:^|(?<=/))(_delta_log)/")
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_END, _END_64 = struct.Struct("<12xL"), struct.Struct("<40xQ")  # how long the directory is
_LONGEST_END, _IN_ZIP64 = (1 << 16) + 128, 0xFFFFFFFF
_TIME_FIELD = 0x5455  # of the moment in UTC; the directory itself has a local time of an unknown zone
_ENCRYPTED, _UTF_8, _ENDS_BY_MARKER = 0x1, 0x800, 0x2  # flags
_CHUNK = 1 << 16
_COUNTED = 1 << 20  # bytes of one read, where they are only counted
_MEMBER = b"PK\x03\x04"


class Member(NamedTuple):
    """A file in an archive.

    Attributes:
        name: its path in the archive.
        method: the number of the way it is compressed.
        flags: as the directory has them.
        offset: where its header begins.
        packed_bytes: how long it is in the archive.
        content_bytes: how long it says to be when it is unpacked.
        crc: the checksum of its content.
        modified_at: when it was changed, UTC; ``None`` where the archive does not know.
    """

    name: str
    method: int
    flags: int
    offset: int
    packed_bytes: int
    content_bytes: int
    crc: int
    modified_at: Optional[datetime]


class Directory(NamedTuple):
    """What an archive holds.

    Attributes:
        members: the visible files that can be read.
        problems: other files, with the reason.
        is_document: the archive is a document that is to be opened as a whole, such as a workbook.
    """

    members: Tuple[Member, ...] = ()
    problems: Tuple[Skipped, ...] = ()
    is_document: bool = False


def read_directory(stream: BinaryIO, archive: str) -> Directory:
    """Read the directory of an archive.

    Folders and hidden members are left out. Of members of one name the last one is read.

    Args:
        stream: the archive.
        archive: its name, for the names of problems.

    Raises:
        DatasetUnreadable: it has too many members.
        Exception: what ``zipfile`` raises for a damaged archive, and what the stream raises.
    """
    if _directory_bytes(stream) > ZIP_DIRECTORY:
        raise DatasetUnreadable(
            f"{archive} has a directory of more than {ZIP_DIRECTORY // MB} MB, so too many members.",
            "Write several archives, or unpack it.",
        )
    with zipfile.ZipFile(stream) as opened:
        infos = opened.infolist()
    if _is_document({info.filename for info in infos}):
        return Directory(is_document=True)
    members: Dict[str, Member] = {}
    problems: List[Skipped] = []

    def skip(name: str, reason: str, remedy: str, *, is_failure: bool = True) -> None:
        shown = name if name.isprintable() else name.encode("unicode_escape").decode("ascii")
        problems.append(Skipped(f"{archive}/{shown}", reason, remedy, is_failure=is_failure))

    tables = _delta_folders(map(_name_of, infos))
    for table in sorted(tables):
        skip(table.rstrip("/") or ".", "is a Delta table in an archive, which is not read", "Unpack it.")
    for info in infos:
        name = _name_of(info)
        is_hidden_one = any(map(is_hidden, name.split("/"))) and not _leads_out(name)
        if not name or name.endswith("/") or is_hidden_one or name.startswith(tuple(tables)):
            continue
        refusal = _refusal(info, name)
        if refusal is not None:
            reason, remedy, is_failure = refusal
            skip(name, reason, remedy, is_failure=is_failure)
            continue
        if name in members:
            skip(name, "is in its archive twice; the last one is read", "Remove one.", is_failure=False)
        members[name] = _member_of(info, name)
    return Directory(tuple(members.values()), tuple(problems))


def _directory_bytes(stream: BinaryIO) -> int:
    """Return how long the directory of an archive says to be; 0 where there is none."""
    end = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, end - _LONGEST_END))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + _END.size:
        return 0
    (size,) = _END.unpack_from(tail, at)
    at = tail.rfind(b"PK\x06\x06", 0, at)
    if size < _IN_ZIP64 or at < 0 or len(tail) < at + _END_64.size:
        return int(size)
    return int(_END_64.unpack_from(tail, at)[0])


def open_member(archive: IO[bytes], member: Member, *, is_checked: bool = True) -> io.BufferedReader:
    """Open the content of a member; at its end its length and its checksum are compared.

    The stream raises ``EOFError`` when the archive ends too early, and ``ValueError`` or the error of a
    library when the member is damaged.

    Args:
        archive: the archive, at any position.
        member: which member.
        is_checked: compare them; else there may be more than the directory says.

    Raises:
        EOFError: the archive ends before the member.
        ValueError: there is no member at its place.
        ImportError: it is compressed with zstd, and nothing that reads that is installed.
    """
    archive.seek(member.offset)
    header = archive.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size:
        raise EOFError
    magic, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
    if magic != _MEMBER:
        raise ValueError("it is not where the directory says")
    archive.read(name_bytes + extra_bytes)
    packed: IO[bytes] = io.BufferedReader(_Part(archive, member.packed_bytes), _CHUNK)
    content = _METHODS[member.method](packed, member)
    if not is_checked:
        return io.BufferedReader(cast("io.RawIOBase", content), _CHUNK)
    return io.BufferedReader(_Checked(content, member), _CHUNK)


def require_bounded_document(path: str, name: str, bounds: Bounds) -> None:
    """Make sure that a workbook does not unpack to more than the bounds, whatever its directory says.

    Each part is unpacked for that, and not stored. What is no zip archive, or is damaged, is left to whoever
    reads it.

    Args:
        path: the workbook, as ``open`` takes it.
        name: its name.
        bounds: the bounds.

    Raises:
        DatasetUnreadable: it does.
    """
    try:
        with Path(path).open("rb") as stream:
            if stream.read(len(_MEMBER)) != _MEMBER:
                return
            packed_bytes = stream.seek(0, io.SEEK_END)
            with zipfile.ZipFile(stream) as opened:
                infos = opened.infolist()
            bounds.require_workbook(name, packed_bytes, sum(info.file_size for info in infos))
            size = 0
            for info in infos:
                if info.compress_type not in _METHODS or info.flag_bits & _ENCRYPTED:
                    continue
                # A directory may say less than there is: what comes is counted, up to the bound.
                content = open_member(stream, _member_of(info, info.filename), is_checked=False)
                while block := content.read(_COUNTED):
                    size += len(block)
                    bounds.require_workbook(name, packed_bytes, size)
    except SourceError:
        raise
    except Exception as error:  # noqa: BLE001  libraries raise what they like at damaged files
        logger.debug("%s is not counted: %s", name, error)


class _Part(io.RawIOBase):
    """So many bytes of a stream, from where it stands."""

    def __init__(self, stream: IO[bytes], length: int) -> None:
        super().__init__()
        self._stream = stream
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._stream.read(min(len(view), self._left))
        if not data and self._left and len(view):
            raise EOFError
        view[: len(data)] = data
        self._left -= len(data)
        return len(data)


class _Inflated(io.RawIOBase):
    """The content of a deflated stream without a header, as zip has it."""

    def __init__(self, packed: IO[bytes]) -> None:
        super().__init__()
        self._packed = packed
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        while len(view) and not self._inflater.eof:
            packed = self._inflater.unconsumed_tail or self._packed.read(_CHUNK)
            data = self._inflater.decompress(packed, len(view))
            if data:
                view[: len(data)] = data
                return len(data)
            if not packed and not self._inflater.eof:
                raise EOFError
        return 0


class _Checked(io.RawIOBase):
    """The content of a member, compared with what the directory says of it."""

    def __init__(self, content: IO[bytes], member: Member) -> None:
        super().__init__()
        self._content = content
        self._member = member
        self._length = self._crc = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._content.read(len(view))
        self._length += len(data)
        self._crc = zlib.crc32(data, self._crc)
        if self._length > self._member.content_bytes:
            raise ValueError("it is longer than the directory says")
        if not data and len(view):
            if self._length < self._member.content_bytes:
                raise EOFError
            if self._crc != self._member.crc:
                raise ValueError("its checksum is another one")
        view[: len(data)] = data
        return len(data)


def _open_lzma(packed: IO[bytes], member: Member) -> IO[bytes]:
    """Open LZMA as zip has it: with a header of its own, which is turned into that of an .lzma file."""
    _, size = struct.unpack("<HH", packed.read(4))
    length = -1 if member.flags & _ENDS_BY_MARKER else member.content_bytes
    header = packed.read(size) + struct.pack("<q", length)
    return lzma.LZMAFile(io.BufferedReader(_Joined(header, packed)), format=lzma.FORMAT_ALONE)


class _Joined(io.RawIOBase):
    """Some bytes, and after them a stream."""

    def __init__(self, first: bytes, stream: IO[bytes]) -> None:
        super().__init__()
        self._first = first
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._first[: len(view)] or self._stream.read(len(view))
        self._first = self._first[len(view) :]
        view[: len(data)] = data
        return len(data)


_METHODS: Dict[int, Callable[[IO[bytes], Member], IO[bytes]]] = {
    zipfile.ZIP_STORED: lambda packed, _: packed,
    zipfile.ZIP_DEFLATED: lambda packed, _: io.BufferedReader(_Inflated(packed), _CHUNK),
    zipfile.ZIP_BZIP2: lambda packed, _: bz2.BZ2File(packed),
    zipfile.ZIP_LZMA: _open_lzma,
    93: lambda packed, _: open_zstd(packed),
}


def _member_of(info: zipfile.ZipInfo, name: str) -> Member:
    return Member(
        name,
        info.compress_type,
        info.flag_bits,
        info.header_offset,
        info.compress_size,
        info.file_size,
        info.CRC,
        _modified_at(info),
    )


def _refusal(info: zipfile.ZipInfo, name: str) -> Optional[Tuple[str, str, bool]]:
    """Return why a member is not read: the reason, the remedy, and whether it should have been read."""
    if _leads_out(name):
        return (
            "has a name that leads out of its archive",
            "Write the archive with plain names.",
            True,
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link in an archive, which is not followed", "Put the file itself there.", False
    if info.flag_bits & _ENCRYPTED:
        return "is protected by a password", "Write the archive without one.", True
    if info.compress_type not in _METHODS:
        what = getattr(zipfile, "compressor_names", {}).get(
            info.compress_type, f"method {info.compress_type}"
        )
        return f"is compressed in a way that is not read ({what})", "Write the archive with deflate.", True
    lower = name.lower()
    if lower.endswith(_NESTED) or _PACKED_ARCHIVE.search(lower):
        return "is an archive in an archive, which is not read", "Unpack the outer one.", False
    return None


def _is_document(names: Set[str]) -> bool:
    is_program = _MANIFEST in names and any(name.endswith(_CLASS) for name in names)
    return is_program or any(names.issuperset(one) for one in _DOCUMENTS)


def _delta_folders(names: Iterable[str]) -> Set[str]:
    """Return the folders that are Delta tables, each with a slash at its end; ``""`` for all of it."""
    return {name[: found.start(1)] for name in names for found in _DELTA_LOG.finditer(name)}


def _leads_out(name: str) -> bool:
    levels = name.rstrip("/").split("/")
    return any(level in ("", ".", "..") for level in levels) or re.match(r"[A-Za-z]:", name) is not None


def _name_of(info: zipfile.ZipInfo) -> str:
    """Return the name of a member.

    Without the flag for UTF-8 names are in cp437 by the standard, but many programs write UTF-8 all the same.
    """
    name = info.orig_filename.split("\0")[0]
    if not info.flag_bits & _UTF_8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    levels = name.replace("\\", "/").split("/")
    return "/".join(level for level in levels if level != ".")


def _modified_at(info: zipfile.ZipInfo) -> Optional[datetime]:
    for field, data in _extra_fields(info.extra):
        if field == _TIME_FIELD and len(data) >= 5 and data[0] & 1:  # noqa: PLR2004  a flag and four bytes
            return datetime.fromtimestamp(struct.unpack("<i", data[1:5])[0], timezone.utc)
    try:
        moment = datetime(*info.date_time, tzinfo=timezone.utc)
    except ValueError:
        return None
    # Programs that write no time write the first one that there is.
    return moment if moment.date() > datetime(1980, 1, 1, tzinfo=timezone.utc).date() else None


def _extra_fields(extra: bytes) -> Iterator[Tuple[int, bytes]]:
    while len(extra) >= 4:  # noqa: PLR2004  the header of a field
        field, length = struct.unpack("<HH", extra[:4])
        yield field, extra[4 : 4 + length]
        extra = extra[4 + length :]
