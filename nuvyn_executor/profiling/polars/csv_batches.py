"""Reads the rows of CSV files; those of small files together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterator, Optional, Sequence

from nuvyn_executor.profiling.polars.batch import Batch
from nuvyn_executor.profiling.polars.constants import constants_of_rows, no_texts
from nuvyn_executor.profiling.polars.csv_lines import Lines
from nuvyn_executor.profiling.polars.joined_files import Body, joined_blocks
from nuvyn_executor.profiling.polars.text_blocks import blocks
from nuvyn_executor.reading.skipped_lines import without_skipped

if TYPE_CHECKING:
    from nuvyn_executor.model import CsvDialect
    from nuvyn_executor.profiling.polars.csv_lines import Read
    from nuvyn_executor.profiling.polars.parts import Piece, Reading

_BLANK = re.compile(rb"[\x00-\x20]*\n?\Z")


def batches(pieces: Sequence[Piece], reading: Reading) -> Iterator[Batch]:
    """Read the lines that begin in the pieces' shares of their files; small files together.

    Raises:
        NotNative: Polars would not read the same as Spark.
        OSError: a file cannot be read.
        PolarsError: Polars cannot read the file.
    """
    dialect = reading.dialect
    assert dialect is not None
    if not pieces:
        return
    width = len(reading.fields)
    skipped = reading.skipped
    lines = Lines(dialect.separator, dialect.quote, width, "" if skipped is None else skipped.comment)
    for block in joined_blocks(_bodies(pieces, dialect, reading)):
        for read in lines.read(block):
            yield _batch(read, reading)


def _bodies(pieces: Sequence[Piece], dialect: CsvDialect, reading: Reading) -> Iterator[Body]:
    for piece in pieces:
        header_to_come = dialect.header and piece.index == 0
        for block in blocks(piece, dialect.encoding, storage=reading.storage, bounds=reading.bounds):
            body = _without_first_line(block) if header_to_come else block
            header_to_come = header_to_come and body is None
            if body and reading.skipped is not None:
                # As Spark does: of a file that begins with a title, that is the first line.
                body = without_skipped(body.decode("utf-8"), reading.skipped, headers=True).encode("utf-8")
            if body:
                yield Body(body, piece.constants)


def _batch(read: Read, reading: Reading) -> Batch:
    rows = len(read.frame)
    fields = zip(reading.fields, read.frame.get_columns())
    columns = [(index, values) for index, values in fields if index is not None]
    columns.extend((index, no_texts(rows)) for index in reading.missing)
    columns.extend(constants_of_rows(read.folders, read.folder, rows, reading))
    return Batch(rows, columns, read.is_corrupt)


def _without_first_line(block: bytes) -> Optional[bytes]:
    """Remove the first line that is not blank; ``None`` if all lines are blank."""
    at = 0
    while at < len(block):
        end = block.find(b"\n", at) + 1 or len(block)
        if not _BLANK.match(block[at:end]):
            return block[end:]
        at = end
    return None
