"""What speaks against the way in which a text file is read, as findings say it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

from nuvyn_executor.discovery.csv_layout import complete_lines, lines_of, splits_alike
from nuvyn_executor.discovery.dialects import is_value

if TYPE_CHECKING:
    from nuvyn_executor.discovery.file_head import FileHead
    from nuvyn_executor.model import CsvDialect


def doubts_of(head: FileHead, dialect: CsvDialect) -> Iterator[str]:
    """Return clauses with a remedy, which go after the name of the table.

    Args:
        head: the beginning of the file.
        dialect: how it is read.
    """
    if not head.encoding.is_sure:
        yield f"its text is read as {head.encoding.java}, which is a guess - write it in UTF-8"
    mark = "" if dialect.delimiter else splits_alike(head.text, whole=head.is_whole)
    if mark and not _are_values(head):
        yield (
            f"it is read as one column of text, and {mark!r} splits each of its rows alike - "
            "give each column a name in the first line"
        )


def _are_values(head: FileHead) -> bool:
    """Whether each line below the first is a number, a moment or the like, which has marks of its own."""
    lines = lines_of(complete_lines(head.text, whole=head.is_whole))
    return all(is_value(line) for line in [one for one in lines if one.strip()][1:])
