"""Reads the rows of CSV files; those of small files together.

A call of Polars costs some milliseconds, however small its input is: one by one, 20,000 files would take
minutes. As every line is a record, the lines of several files are read as those of one file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterator, List, NamedTuple, Optional, Sequence

import polars as pl

from nuvyn_executor.profiling.polars.batch import Batch
from nuvyn_executor.profiling.polars.constants import constant_columns
from nuvyn_executor.profiling.polars.csv_blocks import BLOCK_BYTES, blocks
from nuvyn_executor.profiling.polars.csv_lines import Block, Lines
from nuvyn_executor.reading.skipped_lines import without_skipped

if TYPE_CHECKING:
    from nuvyn_executor.discovery.partition_folders import Values
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
    for bodies in _gathered(_bodies(pieces, dialect, reading)):
        for read in lines.read(_joined(bodies)):
            yield _batch(read, reading)


class _Body(NamedTuple):
    """Whole lines of a file, without its header."""

    block: bytes
    constants: Values


def _bodies(pieces: Sequence[Piece], dialect: CsvDialect, reading: Reading) -> Iterator[_Body]:
    for piece in pieces:
        header_to_come = dialect.header and piece.index == 0
        for block in blocks(piece, dialect.encoding, storage=reading.storage, bounds=reading.bounds):
            body = _without_first_line(block) if header_to_come else block
            header_to_come = header_to_come and body is None
            if body and reading.skipped is not None:
                # As Spark does: of a file that begins with a title, that is the first line.
                body = without_skipped(body.decode("utf-8"), reading.skipped, headers=True).encode("utf-8")
            if body:
                yield _Body(body, piece.constants)


def _gathered(bodies: Iterator[_Body]) -> Iterator[List[_Body]]:
    """Gather small blocks until they are as large as one block."""
    gathered: List[_Body] = []
    size = 0
    for body in bodies:
        if gathered and size + len(body.block) > BLOCK_BYTES:
            yield gathered
            gathered, size = [], 0
        gathered.append(body)
        size += len(body.block)
        if size >= BLOCK_BYTES:
            yield gathered
            gathered, size = [], 0
    if gathered:
        yield gathered


def _joined(bodies: Sequence[_Body]) -> Block:
    if len(bodies) == 1:
        return Block(bodies[0].block, [bodies[0].constants])
    ended = [one.block if one.block.endswith(b"\n") else one.block + b"\n" for one in bodies]
    if all(one.constants == bodies[0].constants for one in bodies):
        return Block(b"".join(ended), [bodies[0].constants])
    lines = [block.count(b"\n") for block in ended]
    return Block(b"".join(ended), [one.constants for one in bodies], lines)


def _batch(read: Read, reading: Reading) -> Batch:
    rows = len(read.frame)
    fields = zip(reading.fields, read.frame.get_columns())
    columns = [(index, values) for index, values in fields if index is not None]
    columns.extend((index, _nothing(rows)) for index in reading.missing)
    for index, values in constant_columns(read.folders, reading):
        columns.append(
            (index, values.new_from_index(0, rows) if read.folder is None else values.gather(read.folder))
        )
    return Batch(rows, columns, read.is_corrupt)


def _nothing(rows: int) -> pl.Series:
    nulls: pl.Series = pl.Series([None], dtype=pl.String).new_from_index(0, rows)
    return nulls


def _without_first_line(block: bytes) -> Optional[bytes]:
    """Remove the first line that is not blank; ``None`` if all lines are blank."""
    at = 0
    while at < len(block):
        end = block.find(b"\n", at) + 1 or len(block)
        if not _BLANK.match(block[at:end]):
            return block[end:]
        at = end
    return None
