r"""The rows of CSV files, as Spark's PERMISSIVE mode reads them.

Polars tells rows that are too long, but not those that are too short. In a block without quotes a row whose
last field has a value is not too short. Where some have none the delimiters are counted: with as many as its
rows should have, and no row too long, every row is right.
Where the number is wrong, or quotes occur, lines are told apart one by one: right, wrong number of fields, or
neither to be told, which is Spark's to read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterator, Optional

import polars as pl

from nuvyn_executor.profiling.native.batch import Batch
from nuvyn_executor.profiling.native.constants import constant_columns
from nuvyn_executor.profiling.native.csv_blocks import blocks
from nuvyn_executor.profiling.native.parts import NotNative

if TYPE_CHECKING:
    from nuvyn_executor.profiling.native.parts import Piece, Reading

_BLANK = re.compile(rb"[\x00-\x20]*\n?\Z")


def batches(piece: Piece, reading: Reading) -> Iterator[Batch]:
    """Read the lines that begin in the piece's share of a file.

    Raises:
        NotNative: Polars would read something else than Spark.
        OSError: the file cannot be read.
    """
    dialect = reading.dialect
    assert dialect is not None
    width = len(reading.plan.columns) - len(piece.constants)
    lines = _Lines(dialect.delimiter, dialect.quote, width)
    header_to_come = dialect.header and piece.index == 0
    try:
        for block in blocks(piece, dialect.encoding):
            body = _without_first_line(block) if header_to_come else block
            header_to_come = header_to_come and body is None
            if body:
                yield from _with_constants(lines.batches(body), piece, reading)
    except pl.exceptions.PolarsError as error:
        raise NotNative(f"Polars does not read it ({error})") from error


def _with_constants(read: Iterator[Batch], piece: Piece, reading: Reading) -> Iterator[Batch]:
    for batch in read:
        columns = [*batch.columns, *constant_columns(piece, reading, batch.rows)]
        yield Batch(batch.rows, columns, batch.is_corrupt)


def _without_first_line(block: bytes) -> Optional[bytes]:
    """Leave out the first line that is not blank; ``None`` when all are."""
    at = 0
    while at < len(block):
        end = block.find(b"\n", at) + 1 or len(block)
        if not _BLANK.match(block[at:end]):
            return block[end:]
        at = end
    return None


@dataclass(frozen=True)
class _Lines:
    """Turns blocks of lines into batches.

    Attributes:
        width: fields of a right row.
    """

    delimiter: str
    quote: str
    width: int

    def batches(self, block: bytes) -> Iterator[Batch]:
        read = self._all_right(block)
        if read is not None:
            yield _batch(read)
            return
        lines = pl.DataFrame({"block": [block.decode("utf-8")]}).select(
            line=pl.col("block").str.split("\n").explode()
        )
        line = pl.col("line")
        lines = lines.filter(~line.str.contains(r"\A[\x00-\x20]*\z"))
        begins_quoted = line.str.contains(rf"(?:\A|{self._delimiter}){self._quote}")
        told = lines.with_columns(quoted=begins_quoted)
        for is_quoted, part in ((False, told.filter(~pl.col("quoted"))), (True, told.filter("quoted"))):
            if len(part):
                yield from self._told(part["line"], is_quoted=is_quoted)

    def _all_right(self, block: bytes) -> Optional[pl.DataFrame]:
        """Read a block of which every line is a right row; ``None`` when that is not sure."""
        delimiter = self.delimiter.encode()
        starts_blank = delimiter <= b" " and (block.startswith(delimiter) or b"\n" + delimiter in block)
        if self.width == 1 or starts_blank or self.quote.encode() in block:
            return None
        try:
            read = self._read(block, is_quoted=False)
        except pl.exceptions.PolarsError:
            return None
        if read.get_column(read.columns[-1]).null_count() == 0:
            return read
        return read if block.count(delimiter) == len(read) * (self.width - 1) else None

    def _told(self, lines: pl.Series, *, is_quoted: bool) -> Iterator[Batch]:
        """Tell lines with the right number of fields from others; either all have quoted fields or none."""
        delimiter, quote = self._delimiter, self._quote
        field = rf"[^{delimiter}]*"
        if is_quoted:
            field = rf"(?:[^{delimiter}{quote}]*|{quote}(?:[^{quote}]|{quote}{quote})*{quote})"
            if not lines.str.contains(rf"\A{field}(?:{delimiter}{field})*\z").all():
                raise NotNative("it has a quoted value that goes on after its quote, or does not end")
            right = lines.str.contains(rf"\A{field}(?:{delimiter}{field}){{{self.width - 1}}}\z")
        else:
            right = lines.str.count_matches(self.delimiter, literal=True) == self.width - 1
        for is_right, part in ((True, lines.filter(right)), (False, lines.filter(~right))):
            if len(part):
                text = part.str.join("\n")[0] + "\n"
                read = self._read(text.encode("utf-8"), is_quoted=is_quoted, ragged=not is_right)
                if len(read) != len(part):
                    raise NotNative("Polars does not see as many lines as it has")
                yield _batch(read, is_corrupt=not is_right)

    @property
    def _delimiter(self) -> str:
        return rf"\x{ord(self.delimiter):02x}"

    @property
    def _quote(self) -> str:
        return rf"\x{ord(self.quote):02x}"

    def _read(self, block: bytes, *, is_quoted: bool, ragged: bool = False) -> pl.DataFrame:
        """Read lines; of those that are too long what is too much is left out, where ``ragged`` allows it."""
        # The first line says to Polars how many fields there are.
        first = self.delimiter * (self.width - 1) or "1"
        read = pl.read_csv(
            first.encode() + b"\n" + block if ragged else block,
            has_header=False,
            separator=self.delimiter,
            quote_char=self.quote if is_quoted else None,
            schema={f"c{index}": pl.String for index in range(self.width)},
            truncate_ragged_lines=ragged,
        )
        read = read.slice(1) if ragged else read
        # To Spark a quoted empty text is NULL too: it is what stands for NULL.
        return read.select(pl.when(pl.all() != "").then(pl.all())) if is_quoted else read


def _batch(read: pl.DataFrame, *, is_corrupt: bool = False) -> Batch:
    return Batch(len(read), enumerate(read.get_columns()), is_corrupt)
