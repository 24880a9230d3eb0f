r"""Turns lines of CSV into rows, as Spark's PERMISSIVE mode reads them.

Polars refuses rows that are too long, but accepts rows that are too short. In a block without quotes, a row
whose last field has a value is not too short. Where some last fields are empty, delimiters are counted: if
there are as many as all rows should have, and no row is too long, every row is right.

Where that number is wrong, or quotes occur, each line is looked at: it has the right number of fields, or a
wrong one. If that cannot be decided for a line, Spark has to read the dataset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterator, NamedTuple, Optional, Sequence, Tuple

import polars as pl

from nuvyn_executor.profiling.polars.parts import NotNative

if TYPE_CHECKING:
    from nuvyn_executor.discovery.partition_folders import Values
    from nuvyn_executor.profiling.polars.joined_files import Block


class Read(NamedTuple):
    """Rows that were read from lines.

    Attributes:
        frame: the rows.
        is_corrupt: all of these lines have a wrong number of fields.
        folders: the partition columns' values, of one folder or of several.
        folder: the position in ``folders`` of each row; ``None`` if there is one folder.
    """

    frame: pl.DataFrame
    is_corrupt: bool
    folders: Sequence[Values]
    folder: Optional[pl.Series]


@dataclass(frozen=True)
class Lines:
    """Turns blocks of lines into rows.

    Attributes:
        delimiter: between fields.
        quote: around values.
        width: the number of fields of a right row.
        comment: what a line begins with that is no row unless it has as many fields; ``""``: nothing.
    """

    delimiter: str
    quote: str
    width: int
    comment: str = ""

    def read(self, block: Block) -> Iterator[Read]:
        """Read a block of lines."""
        folder = block.folder_of_lines()
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
        marked = lines.with_columns(quoted=begins_quoted)
        for is_quoted, part in ((False, marked.filter(~pl.col("quoted"))), (True, marked.filter("quoted"))):
            if len(part):
                for is_right, some in self._by_width(part, is_quoted=is_quoted):
                    frame = self._parsed(some["line"], is_quoted=is_quoted, ragged=not is_right)
                    yield Read(frame, not is_right, block.folders, some["folder"] if block.lines else None)

    def _all_right(self, block: bytes) -> Optional[pl.DataFrame]:
        """Read a block in which every line is a right row; ``None`` when that is not certain."""
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

    def _by_width(self, lines: pl.DataFrame, *, is_quoted: bool) -> Iterator[Tuple[bool, pl.DataFrame]]:
        """Separate lines with the right number of fields from others; all have quoted fields, or none."""
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
            if self.comment and not is_right:
                part = part.filter(~part["line"].str.starts_with(self.comment))  # noqa: PLW2901  the same lines
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
        """Read lines. With ``ragged``, fields that are too many are dropped; else they are an error."""
        # Polars takes the number of fields from the first line.
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
        # Spark reads a quoted empty text as NULL, too: that is its default text for NULL.
        return read.select(pl.when(pl.all() != "").then(pl.all())) if is_quoted else read
