"""Find the format of a file: by magic bytes first, then by its extension, then by its content."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Optional, Tuple

from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.csv_layout import WEAK, complete_lines, detect_layout
from nuvyn_executor.discovery.csv_lines import table_of
from nuvyn_executor.discovery.json_layout import begins_like_json, is_lines_of_json, looks_like_json
from nuvyn_executor.discovery.packed_kinds import refused_archive, refused_compression
from nuvyn_executor.discovery.text_kinds import is_fixed_width, is_log, is_named_log, is_xml
from nuvyn_executor.errors import SourceError
from nuvyn_executor.sources.locations import is_hidden

if TYPE_CHECKING:
    from nuvyn_executor.discovery.file_head import FileHead
    from nuvyn_executor.model import FileFormat


@dataclass(frozen=True)
class Detection:
    """The format of a file, or why it cannot be read.

    Attributes:
        format: ``None`` when the file cannot be read.
        reason: then, what the file seems to be; it continues a sentence that begins with the file's name
            ("is a PDF document").
        remedy: then, what to do about it.
        is_text: the file is text of no certain form. It is read as CSV where the caller asks for CSV.
        is_damaged: the file is of a known kind, and is damaged, protected, or cannot be reached.
    """

    format: Optional[FileFormat]
    reason: str = ""
    remedy: str = ""
    is_text: bool = False
    is_damaged: bool = False


def _damaged(reason: str) -> Detection:
    return Detection(None, reason, "Write or copy the file again.", is_damaged=True)


_CONVERT = f"Convert it to {formats.format_names('or')}, or leave it out."

_MAGIC: Tuple[Tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"RIFF", "an audio or video file"),
    (b"ARROW1", "an Arrow file"),
    (b"FEA1", "a Feather file"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x80\x04\x95", "a Python pickle"),
    (b"\x7fELF", "a program"),
    (b"\xff\xfe\x00\x00", "text in UTF-32"),
    (b"\x00\x00\xfe\xff", "text in UTF-32"),
)
_ENCRYPTED_PARQUET = b"PARE"
_DECRYPT = "Write it without encryption, or leave it out."
_SAVE = "Open it in Excel and save it as .xlsx; if it is a table as text, rename it to .csv."
_TWICE = ("is compressed more than once", "Compress it once.")
_TEXT_NAME = ".txt"  # what a text is called whose name says nothing
_SOME_ZIP = ("is a zip archive", "Unpack it, or call it .zip.")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_XLS = ".xls"
_XLSX = tuple(one for one in formats.EXCEL.extensions if one != _XLS)
_XML = (".xml", ".xsd", ".svg")
_TAIL_BYTES = 16
# Text whose lines may have the same number of commas by chance: it is no table.
_FOREIGN = (
    *(".md", ".rst", ".html", ".htm", ".xml", ".xsd", ".svg", ".py", ".ipynb", ".r", ".sql", ".scala"),
    *(".js", ".css", ".sh", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties", ".tex", ".eml"),
)


def detect_format(
    name: str, head: FileHead, stream: Optional[BinaryIO] = None, *, is_unpacked: bool = False
) -> Detection:
    """Find the format of a file.

    Args:
        name: its name, with extension.
        head: its beginning.
        stream: the file, for the end of a Parquet file or the directory of a zip; ``None``: the head decides.
        is_unpacked: the file is what a compressed one holds.

    Raises:
        SourceError: the stream cannot be read.
    """
    if not head.raw:
        return Detection(None, "is empty", "Remove it, or write it again.")
    lower = name.lower()
    archive = refused_archive(lower, head.raw)
    if archive is not None:
        return Detection(None, *archive)
    if is_unpacked and _is_compressed(lower, head):
        return Detection(None, *_TWICE)
    if head.is_gzip:
        return _detect_gzip(lower, head)
    if lower.endswith(".gz"):
        return Detection(None, "is called .gz but is not compressed", "Rename it without .gz.")
    return _detect_binary(lower, head, stream) or _detect_text(lower, head)


def _detect_gzip(lower: str, head: FileHead) -> Detection:
    if not lower.endswith(".gz"):
        return Detection(None, "is gzip but is not called .gz, so Spark would not inflate it", "Rename it.")
    try:
        content = head.content
    except ValueError as error:
        return _damaged(f"is a damaged gzip file ({error})")
    if head.is_all and not content.is_all and len(content.raw) < head.limit:
        what = "with other bytes behind its end" if head.has_other_end else "that is cut short"
        return _damaged(f"is a gzip file {what}")
    if content.is_gzip:
        return Detection(None, *_TWICE)
    inner = detect_format(lower[: -len(".gz")], content, is_unpacked=True)
    if inner.format is not None and not inner.format.is_text:
        return Detection(
            None, f"is a gzip of a file in {inner.format.value} format", "Unpack it with gunzip."
        )
    return inner


def _is_compressed(lower: str, head: FileHead) -> bool:
    """Whether a file is compressed, and its name does not say so."""
    if head.is_gzip:
        return not lower.endswith(".gz")
    return refused_compression(lower, head.raw, binary=head.is_binary) is not None


def _detect_binary(lower: str, head: FileHead, stream: Optional[BinaryIO]) -> Optional[Detection]:
    """Find a binary format by the first bytes, or what is wrong with the file; ``None`` for a text."""
    if head.raw.startswith(_ZIP):
        return _detect_zip(lower, head.raw, stream)
    if head.raw.startswith(_OLE):
        return _detect_ole(lower)
    if head.raw.startswith(_ENCRYPTED_PARQUET) and (
        lower.endswith(formats.PARQUET.extensions) or head.is_binary
    ):
        return Detection(None, "is an encrypted Parquet file", _DECRYPT, is_damaged=True)
    for one in formats.FORMATS:
        if one.magic and head.raw.startswith(one.magic):
            ends_well = _ends_well(one, head, stream)
            # A text may begin with the letters of a magic number ("ORC,ELF"): only the rest decides.
            if ends_well or lower.endswith(one.extensions) or head.is_binary:
                what = f"is {one.noun} that is cut short: its end is missing"
                return _damaged(what) if ends_well is False else Detection(one)
    what = next((what for magic, what in _MAGIC if head.raw.startswith(magic)), "")
    if what and (head.is_binary or not head.raw[:3].isalnum()):
        return Detection(None, f"is {what}", _CONVERT)
    compressed = refused_compression(lower, head.raw, binary=head.is_binary)
    refused = None if compressed is None else Detection(None, *compressed)
    return refused or _belied_name(lower, head, binary=head.is_binary)


def _ends_well(one: FileFormat, head: FileHead, stream: Optional[BinaryIO]) -> Optional[bool]:
    """Whether a file has the end that its format demands; ``None`` when its end cannot be seen."""
    if head.is_all:
        return one.ends_well(head.raw, head.raw[-_TAIL_BYTES:])
    if stream is None:
        return None
    stream.seek(-min(_TAIL_BYTES, len(head.raw)), 2)
    return one.ends_well(head.raw, stream.read(_TAIL_BYTES))


def _belied_name(lower: str, head: FileHead, *, binary: bool) -> Optional[Detection]:
    """Return what is wrong with a file that is binary, or what a text is that is called a binary format."""
    claimed = belied_extension(lower)
    if claimed and not binary:
        found = _detect_text(_TEXT_NAME, head)
        if found.format is not None:
            return found
        remedy = _SAVE if claimed in formats.EXCEL.extensions else found.remedy
        return replace(
            found, reason=f"is called {claimed} but {found.reason}", remedy=remedy, is_damaged=True
        )
    for one in formats.FORMATS:
        if one.magic and lower.endswith(one.extensions):
            return _damaged(f"is called {one.extensions[0]} but does not begin like one: it is damaged")
    if lower.endswith(formats.EXCEL.extensions):
        return _damaged("is called a workbook but does not begin like one: it is damaged")
    return Detection(None, "is binary, of no kind that is known", _CONVERT) if binary else None


def belied_extension(lower: str) -> str:
    """Return the end of a name that promises a format that is no text; nothing of other names."""
    promised = (end for one in formats.FORMATS if not one.is_text for end in one.extensions)
    return next((end for end in promised if lower.endswith(end)), "")


def misleading_extension(name: str, found: FileFormat) -> str:
    """Return the end of a name that promises another format than a file has; nothing of other names."""
    promised = ((one, end) for one in formats.FORMATS for end in one.extensions if one != found)
    return next((end for _, end in promised if name.lower().endswith(end)), "")


def _detect_zip(lower: str, head: bytes, stream: Optional[BinaryIO]) -> Detection:
    if stream is None:
        # Its directory is at its end. Whoever opens the workbook finds out.
        found = b"xl/workbook.xml" in head or lower.endswith(formats.EXCEL.extensions)
        return Detection(formats.EXCEL) if found else Detection(None, *_SOME_ZIP)
    try:
        with zipfile.ZipFile(stream) as archive:
            inside = set(archive.namelist())
    except SourceError:
        raise
    except Exception as error:  # noqa: BLE001  zipfile has no list of what it raises
        what = "workbook" if lower.endswith(formats.EXCEL.extensions) else "zip archive"
        return _damaged(f"is a damaged {what} ({error})")
    if "xl/workbook.xml" in inside:
        return Detection(formats.EXCEL)
    kinds = {
        "xl/workbook.bin": "a binary workbook (.xlsb)",
        "word/document.xml": "a Word document",
        "ppt/presentation.xml": "a PowerPoint document",
        "content.xml": "an OpenDocument file",
        "META-INF/MANIFEST.MF": "a Java archive",
    }
    what = next((kinds[part] for part in kinds if part in inside), "")
    if not any(map(_is_visible, inside)):
        return Detection(None, "is a zip archive without a visible file", "Remove it, or write it again.")
    return Detection(None, f"is {what}", _CONVERT) if what else Detection(None, *_SOME_ZIP)


def _is_visible(member: str) -> bool:
    return not member.endswith("/") and not any(map(is_hidden, member.split("/")))


def _detect_ole(lower: str) -> Detection:
    if lower.endswith(_XLS):
        return Detection(formats.EXCEL)
    if lower.endswith(_XLSX):
        what = "is a workbook with a password, or an old .xls"
        return Detection(None, what, "Save it without a password as .xlsx.", is_damaged=True)
    return Detection(None, "is an old Office document", _CONVERT)


def _detect_text(lower: str, head: FileHead) -> Detection:
    encoding, text, whole = head.encoding, head.text, head.is_all
    refused = _no_data(lower, text)
    if refused is not None:
        return refused
    if lower.endswith(formats.CSV.extensions) and not is_lines_of_json(text, whole=whole):
        return Detection(formats.CSV)
    if lower.endswith(formats.JSON.extensions) or looks_like_json(text, whole=whole):
        if encoding.is_wide:
            return Detection(None, f"is JSON in {encoding.java}", "Write it in UTF-8, as JSON should be.")
        return Detection(formats.JSON)
    if not is_log(text, whole=whole) and _is_table(lower, head):
        return Detection(formats.CSV)
    reason, remedy = _other_text(lower, text, whole=whole)
    return Detection(None, reason, remedy, is_text=True)


def _other_text(lower: str, text: str, *, whole: bool) -> Tuple[str, str]:
    """Return what a text is that is no table, and what to do about it."""
    if is_named_log(lower) or is_log(text, whole=whole):
        return "is a log, which is not profiled", "Write its values as csv or json, or leave it out."
    if is_fixed_width(text, whole=whole):
        return (
            "is text of fixed width, which is not profiled",
            "Write it with a delimiter, as csv, or leave it out.",
        )
    return "is text without columns", "If it is a table, call it .csv or name source type csv."


def _no_data(lower: str, text: str) -> Optional[Detection]:
    """Return why a text is no data, judged by its beginning and its name."""
    if not text.strip("\ufeff \t\r\n"):
        return Detection(None, "is empty: it holds nothing but blanks", "Remove it, or write it again.")
    start = text.lstrip()[:100].lower()
    if start.startswith(("<!doctype html", "<html")):
        return Detection(None, "is a web page (HTML)", _CONVERT)
    is_other = lower.endswith((*formats.CSV.extensions, *_FOREIGN)) and not lower.endswith(_XML)
    if start.startswith(("<?xml", "<!doctype")) or (is_xml(text) and not is_other):
        return Detection(None, "is XML, which is not profiled", _CONVERT)
    if lower.endswith(_FOREIGN):
        return Detection(None, f"is called .{lower.rsplit('.', 1)[-1]}: no data", _CONVERT, is_text=True)
    if lower.endswith(formats.JSON.extensions) and not begins_like_json(text):
        return Detection(
            None,
            "is called .json but holds no JSON object or array",
            "Rename it, or write it again.",
            is_text=True,
        )
    return None


def _is_table(lower: str, head: FileHead) -> bool:
    """Whether several lines have the same number of fields. In a .txt file one word a line is enough."""
    table = table_of(head)
    head = head if table is None else table.head
    text, whole = head.text, head.is_whole
    layout = detect_layout(text, whole=whole, delimiter=head.delimiter)
    if len(layout.records) < 2:  # noqa: PLR2004  one line shows no columns
        return False
    if layout.width > 1:
        if layout.delimiter in WEAK:  # any text has it
            return False
        return layout.consistency >= 0.9  # noqa: PLR2004  prose has a comma in many lines, not in all
    lines = [line for line in complete_lines(text, whole=whole).splitlines() if line.strip()]
    return lower.endswith(".txt") and all(len(line.split()) == 1 for line in lines)
