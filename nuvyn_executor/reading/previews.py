"""Previews for ``data_reading``: the beginning of each file, 2 KB at most."""

from __future__ import annotations

import csv
import io
import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterable, Iterator, List, Optional, Protocol, Sequence, Tuple

from nuvyn_executor.discovery.file_head import read_head
from nuvyn_executor.discovery.text_encoding import decode, encoding_named
from nuvyn_executor.errors import DatasetUnreadable, ExecutorError, SourceError
from nuvyn_executor.model import Skipped
from nuvyn_executor.sources.base import TableSource

if TYPE_CHECKING:
    from nuvyn_executor.discovery.file_head import FileHead
    from nuvyn_executor.model import Dataset, Discovery, FileEntry
    from nuvyn_executor.sources.base import Source

logger = logging.getLogger(__name__)

PREVIEW_BYTES = 2048
PREVIEW_ROWS = 50
_HEAD_BYTES = 4 * PREVIEW_BYTES


@dataclass(frozen=True)
class Preview:
    """The beginning of one file, as text."""

    name: str
    size_bytes: int
    text: str


class RowPreviews(Protocol):
    """Reads the first rows of a file that is no text."""

    def first_rows(
        self, source: Source, dataset: Dataset, entry: Optional[FileEntry], limit: int
    ) -> Tuple[Sequence[str], Iterable[Sequence[Any]]]:
        """Return column names and up to ``limit`` rows of a file; of a table where there is no file.

        Raises:
            DatasetUnreadable: the file cannot be read.
        """
        ...


def preview_files(
    source: Source, discovery: Discovery, rows: RowPreviews, limit: int
) -> Tuple[List[Preview], List[Skipped]]:
    """Preview up to ``limit`` files of known formats, in order.

    Returns:
        The previews, and the files that could not be read.

    Raises:
        SourceError: not one file could be read.
    """
    shown: List[Preview] = []
    unread = list(discovery.unreadable)
    for name, size_bytes, dataset, entry in _readable(discovery):
        if len(shown) == limit:
            break
        try:
            shown.append(Preview(name, size_bytes, _preview(source, dataset, entry, rows)))
        except ExecutorError as error:
            unread.append(Skipped(name, error.message, error.remedy, is_failure=True))
            logger.warning("Could not read %s: %s", name, error.message)
    if not shown and unread:
        raise SourceError(
            f"None of the files at {source.location} could be read; "
            f"the first, {unread[0].name}: {unread[0].reason}",
            unread[0].remedy,
        )
    return shown, unread


def _readable(discovery: Discovery) -> Iterator[Tuple[str, int, Dataset, Optional[FileEntry]]]:
    """List what has a preview: each file once. A Delta table has one: its files may be of older versions."""
    seen = set()
    tables = Counter(dataset.name for dataset in discovery.datasets if dataset.format.is_table)
    for dataset in discovery.datasets:
        if dataset.format.is_table:
            name = dataset.name if tables[dataset.name] == 1 else dataset.path
            yield name, dataset.size_bytes, dataset, None
            continue
        if dataset.format.has_log and dataset.files:
            name = f"{dataset.folder}/{dataset.name}".lstrip("/")
            yield name, dataset.size_bytes, dataset, dataset.files[0]
            continue
        for entry in dataset.files:
            if entry.path not in seen:
                seen.add(entry.path)
                yield entry.name, entry.size_bytes, dataset, entry


def _preview(source: Source, dataset: Dataset, entry: Optional[FileEntry], rows: RowPreviews) -> str:
    if dataset.format.is_text and entry is not None and not isinstance(source, TableSource):
        own = (layout.dialect for layout in dataset.layouts if entry.name in layout.files)
        dialect = next(own, dataset.dialect)
        encoding = None if dialect is None else dialect.encoding
        try:
            return text_preview(read_head(source, entry, _HEAD_BYTES), encoding)
        except ValueError as error:
            raise DatasetUnreadable(
                f"{entry.name} cannot be decoded: {error}", "Deliver it again."
            ) from error
    names, records = rows.first_rows(source, dataset, entry, PREVIEW_ROWS)
    return rows_as_csv(names, records)


def text_preview(head: FileHead, encoding: Optional[str] = None) -> str:
    """Return the first 2 KB of a text, cut at a character and not inside one.

    gzip is inflated before it is measured, and a byte order mark is left out. U+FFFD stands only for bytes
    that are damaged in the file, never for the cut.

    Args:
        head: the beginning of the file, 2 KB or more of it where there is more.
        encoding: a Java charset name, as in :class:`~nuvyn_executor.model.CsvDialect`; ``None``: detected.

    Raises:
        ValueError: gzip that does not inflate.
    """
    known = encoding_named(encoding) if encoding else head.encoding
    return decode(head.data[:PREVIEW_BYTES], known)


def rows_as_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Write rows as CSV: as many whole ones as fit into 2 KB, or the beginning of a longer first row."""
    text = ""
    for row in ([*names], *rows):
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(["" if value is None else value for value in row])
        if len((text + line.getvalue()).encode()) > PREVIEW_BYTES:
            return text or line.getvalue().encode()[:PREVIEW_BYTES].decode("utf-8", "ignore")
        text += line.getvalue()
    return text
