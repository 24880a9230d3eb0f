"""Leave out the lines of CSV files that are no rows: from texts, and from Spark's DataFrames."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, List, Optional, Pattern, Sequence, Tuple

from nuvyn_executor.reading.csv_records import parse_values

if TYPE_CHECKING:
    from nuvyn_executor.model import CsvDialect, SkippedLines

_UNIT = "\x1f"


@lru_cache(maxsize=16)
def pattern_of(skipped: SkippedLines) -> Optional[Pattern[str]]:
    r"""Return what matches the lines, each with what ends it (``\n`` or ``\r\n`` or ``\r``).

    Comments in the middle of a file are not among them, as they are known by their number of fields.
    """
    if not skipped.lines:
        return None
    lines = "|".join(map(re.escape, sorted(skipped.lines, key=len, reverse=True)))
    return re.compile(rf"(?:(?<=[\r\n])|\A)(?:{lines})(?:\r\n|\r|\n|\Z)")


def without_skipped(text: str, skipped: Optional[SkippedLines]) -> str:
    """Return a text, which begins where a line does, without the lines that are no rows."""
    pattern = None if skipped is None else pattern_of(skipped)
    return text if pattern is None else pattern.sub("", text)


def rows_only(
    data: Any, fields: Sequence[str], corrupt: str, dialect: CsvDialect, skipped: SkippedLines
) -> Any:
    """Return the rows of a DataFrame of CSV that are none of the lines.

    A line that has not as many fields as a row is known by its text, which Spark puts aside. Any other is
    known by its fields.

    Args:
        data: what Spark read, with a text for each field.
        fields: the columns that are fields.
        corrupt: the column of the records that did not parse.
        dialect: how the files are written.
        skipped: the lines.
    """
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    texts = sorted({*skipped.lines, *skipped.headers})
    records = {_key(text, dialect, len(fields)) for text in texts}
    first = f.trim(f.coalesce(fields[0], f.lit("")))
    key = f.concat_ws(_UNIT, *(f.trim(f.coalesce(name, f.lit(""))) for name in fields))
    is_same = first.isin(sorted({one[0] for one in records})) & key.isin(
        [_UNIT.join(one) for one in sorted(records)]
    )
    is_text = f.coalesce(f.col(corrupt).isin(texts), f.lit(False))  # noqa: FBT003  a literal of Spark
    if skipped.comment:
        is_text = is_text | f.coalesce(f.col(corrupt).startswith(skipped.comment), f.lit(False))  # noqa: FBT003  as above
    return data.where(~(is_text | is_same))


def _key(text: str, dialect: CsvDialect, width: int) -> Tuple[str, ...]:
    """Return the fields of a line as many as a row has, without blanks around them."""
    record = next(parse_values(text, dialect.separator, dialect.quote, dialect.escape), [])
    values: List[str] = [(value or "").strip(" ") for value in record[:width]]
    return (*values, *[""] * (width - len(values)))
