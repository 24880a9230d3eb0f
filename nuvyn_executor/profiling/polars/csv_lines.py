r"""Lines of CSV as rows, as Spark's PERMISSIVE mode reads them.

Polars tells rows that are too long, but not those that are too short. In a block without quotes a row whose
last field has a value is not too short. Where some have none the delimiters are counted: with as many as its
rows should have, and no row too long, every row is right.
Where the number is wrong, or quotes occur, lines are told apart one by one: right, wrong number of fields, or
neither to be told, which is Spark's to read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterator, NamedTuple, Optional, Sequence, Tuple

import polars as pl

from nuvyn_executor.profiling.polars.parts import NotNative

if TYPE_CHECKING:
    from nuvyn_executor.discovery.partition_folders import Values


class Block(NamedTuple):
    """Whole lines of one or of several files.

    Attributes:
        folders: the partition columns' values of each run of lines; one run, or the :attr:`lines` of each.
    """

    block: bytes
    folders: Sequence[Values]
    lines: Sequence[int] = ()


class Read(NamedTuple):
    """Lines as rows.

    Attributes:
        folders: the partition columns' values, in one folder or in several.
        folder: then, which of them is each row's.
    """

    frame: pl.DataFrame
    is_corrupt: bool
    folders: Sequence[Values]
    folder: Optional[pl.Series]


@dataclass(frozen=True)
class Lines:
    """Turns blocks of lines into rows.

    Attributes:
        width: fields of a right row.
    """

    delimiter: str
    quote: str
    width: int

    def read(self, block: Block) -> Iterator[Read]:
        """Read a block of lines."""
        folder = _folder_of_lines(block.lines)
        read = self._all_right(block.block)
        if read is not None and (folder is None or len(folder) == len(read)):
            yield Read(read, False, block.folders, folder)  # noqa: FBT003  a named tuple
            return
        lines = pl.DataFrame({"block": [block.block.decode("utf-8")]}).select(
            line=pl.col("block").str.split("\n").explode()
        )
        if folder is not None:
            lines = lines.head(len(folder)).with_columns(folder=folder)
        line = pl.col("line")
        lines = lines.filter(~line.str.contains(r"\A[\x00-\x20]*\z"))
        begins_quoted = line.str.contains(rf"(?:\A|{self._delimiter}){self._quote}")
        told = lines.with_columns(quoted=begins_quoted)
        for is_quoted, part in ((False, told.filter(~pl.col("quoted"))), (True, told.filter("quoted"))):
            if len(part):
                for is_right, some in self._told(part, is_quoted=is_quoted):
                    frame = self._parsed(some["line"], is_quoted=is_quoted, ragged=not is_right)
                    yield Read(frame, not is_right, block.folders, some["folder"] if block.lines else None)

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

    def _told(self, lines: pl.DataFrame, *, is_quoted: bool) -> Iterator[Tuple[bool, pl.DataFrame]]:
        """Tell lines with the right number of fields from others; either all have quoted fields or none."""
        delimiter, quote = self._delimiter, self._quote
        line = lines["line"]
        field = rf"[^{delimiter}]*"
        if is_quoted:
            field = rf"(?:[^{delimiter}{quote}]*|{quote}(?:[^{quote}]|{quote}{quote})*{quote})"
            if not line.str.contains(rf"\A{field}(?:{delimiter}{field})*\z").all():
                raise NotNative("it has a quoted value that goes on after its quote, or does not end")
            right = line.str.contains(rf"\A{field}(?:{delimiter}{field}){{{self.width - 1}}}\z")
        else:
            right = line.str.count_matches(self.delimiter, literal=True) == self.width - 1
        for is_right, part in ((True, lines.filter(right)), (False, lines.filter(~right))):
            if len(part):
                yield is_right, part

    def _parsed(self, lines: pl.Series, *, is_quoted: bool, ragged: bool) -> pl.DataFrame:
        text = lines.str.join("\n")[0] + "\n"
        read = self._read(text.encode("utf-8"), is_quoted=is_quoted, ragged=ragged)
        if len(read) != len(lines):
            raise NotNative("Polars does not see as many lines as it has")
        return read

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


def _folder_of_lines(lines: Sequence[int]) -> Optional[pl.Series]:
    """Say of each line which run it is of; ``None`` when there is but one."""
    if not lines:
        return None
    runs = pl.DataFrame({"run": range(len(lines)), "lines": [*lines]}, {"run": pl.UInt32, "lines": pl.UInt32})
    return runs.select(pl.col("run").repeat_by("lines").explode())["run"]
