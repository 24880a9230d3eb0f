"""Reads the rows of files of JSON, an object a line; those of small files together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, Sequence

from nuvyn_executor.profiling.polars.batch import Batch, gathered
from nuvyn_executor.profiling.polars.constants import constants_of_rows
from nuvyn_executor.profiling.polars.joined_files import Body, joined_blocks
from nuvyn_executor.profiling.polars.json_grammar import DOUBLES, EXACT
from nuvyn_executor.profiling.polars.json_lines import JsonLines
from nuvyn_executor.profiling.polars.text_blocks import blocks

if TYPE_CHECKING:
    from nuvyn_executor.profiling.polars.parts import Piece, Reading


def batches(pieces: Sequence[Piece], reading: Reading) -> Iterator[Batch]:
    """Read the lines that begin in the pieces' shares of their files; small files together.

    Raises:
        NotNative: Polars would not read the same as Spark.
        OSError: a file cannot be read.
    """
    yield from gathered(_read(pieces, reading))


def _read(pieces: Sequence[Piece], reading: Reading) -> Iterator[Batch]:
    stored = reading.stored
    keys = [reading.plan.columns[index].name for index in stored]
    lines = JsonLines(keys, EXACT if reading.keeps_numbers else DOUBLES)
    for block in joined_blocks(_bodies(pieces, reading)):
        for read in lines.read(block.block, block.folder_of_lines()):
            columns = [*zip(stored, read.columns)]
            columns.extend(constants_of_rows(block.folders, read.folder, read.rows, reading))
            yield Batch(read.rows, columns)


def _bodies(pieces: Sequence[Piece], reading: Reading) -> Iterator[Body]:
    for piece in pieces:
        for block in blocks(piece, "UTF-8", storage=reading.storage, bounds=reading.bounds):
            if block:
                yield Body(block, piece.constants)
