"""Leave out the lines of CSV files that are no rows: from texts, and from Spark's DataFrames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Sequence, Tuple

from nuvyn_executor.reading.csv_records import parse_values

if TYPE_CHECKING:
    from nuvyn_executor.model import CsvDialect, SkippedLines

_UNIT = "\x1f"


def without_skipped(text: str, skipped: Optional[SkippedLines], *, headers: bool = False) -> str:
    """Return a text, which begins where a line does, without the lines that are no rows.

    Comments in the middle of a file remain, as they are known by their number of fields.

    Args:
        text: the text.
        skipped: the lines; ``None``: there are none.
        headers: leave out records that name columns, too.
    """
    if skipped is None:
        return text
    lines = skipped.lines | skipped.headers if headers else skipped.lines
    end = "\n" if "\n" in text else "\r"
    return end.join(line for line in text.split(end) if line.rstrip("\r") not in lines)


def rows_only(
    data: Any, fields: Sequence[str], corrupt: str, dialect: CsvDialect, skipped: SkippedLines
) -> Any:
    """Return the rows of a DataFrame of CSV that are none of the lines.

    A line that has not as many fields as a row is known by its text, which Spark puts aside. Any other is
    known by its fields, blanks around them left out.

    Args:
        data: what Spark read, with a text for each field.
        fields: the columns that are fields.
        corrupt: the column of the records that did not parse.
        dialect: how the files are written.
        skipped: the lines.
    """
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    texts = sorted({*skipped.lines, *skipped.headers})
    records = sorted(
        {record for text in texts for record in [_fields(text, dialect)] if len(record) == len(fields)}
    )
    is_none = f.coalesce(f.col(corrupt).isin(texts), f.lit(False))  # noqa: FBT003  a literal of Spark
    if skipped.comment:
        is_comment = f.col(corrupt).startswith(skipped.comment)
        is_none = is_none | f.coalesce(is_comment, f.lit(False))  # noqa: FBT003  as above
    if records:
        first = f.trim(f.coalesce(fields[0], f.lit("")))  # compared alone, since most rows end there
        whole = f.concat_ws(_UNIT, *(f.trim(f.coalesce(name, f.lit(""))) for name in fields))
        is_none = is_none | (
            first.isin(sorted({one[0] for one in records})) & whole.isin(list(map(_UNIT.join, records)))
        )
    return data.where(~is_none)


def _fields(text: str, dialect: CsvDialect) -> Tuple[str, ...]:
    """Return the fields of a line without blanks around them."""
    record = next(parse_values(text, dialect.separator, dialect.quote, dialect.escape), [])
    return tuple((value or "").strip(" ") for value in record)
