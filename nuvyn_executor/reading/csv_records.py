"""CSV records in which an empty field is not the same as a quoted empty one, unlike in ``csv``. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Iterator, List, Optional, Pattern

from nuvyn_executor.discovery.csv_layout import NO_DELIMITER

Record = List[Optional[str]]


def parse_values(
    text: str, delimiter: str, quote: str, escape: str = "", *, is_cut: bool = False
) -> Iterator[Record]:
    r"""Parse records; an empty field is ``None``, a quoted empty one is ``""``.

    A doubled quote inside quotes is one quote. A quote that opens a field and is never closed is an ordinary
    character. Records end at ``\n``, ``\r\n`` or ``\r``; blank lines are left out, as Spark leaves them out.

    Args:
        text: records, the first of them from its beginning.
        delimiter: what separates fields, one character or several.
        quote: what encloses them, one character.
        escape: what stands before a quote inside quotes, or before itself there; ``""`` for a doubled quote.
        is_cut: more of the text follows, which is not here. A record that does not end here is left out, and
            so is everything after a quote that is not closed.
    """
    if len(delimiter) > 1:
        text, delimiter = text.replace(delimiter, NO_DELIMITER), NO_DELIMITER
    record: Record = []
    position, end = 0, len(text)
    pattern = _field_pattern(delimiter, quote, escape)
    while position < end:
        found = pattern.match(text, position)
        assert found is not None  # every alternative of the pattern may be empty
        quoted, plain, stop = found.group("quoted"), found.group("plain"), found.group("stop")
        position = found.end()
        is_open = quoted is None and plain.startswith(quote)
        if is_cut and (is_open or (position == end and stop in ("", delimiter))):
            return
        if quoted is not None:
            record.append(_unescaped(quoted, quote, escape) + (found.group("after") or ""))
        else:
            record.append(plain or None)
        if stop == delimiter:
            if position == end:
                record.append(None)
            else:
                continue
        if record != [None]:
            yield record
        record = []
    if record:
        yield record


def _unescaped(quoted: str, quote: str, escape: str) -> str:
    if not escape or escape not in quoted:
        return quoted.replace(quote * 2, quote)
    pair = re.compile(rf"{re.escape(escape)}([{re.escape(escape + quote)}])|{re.escape(quote)}{{2}}")
    return pair.sub(lambda found: found.group(1) or quote, quoted)


@lru_cache(maxsize=64)
def _field_pattern(delimiter: str, quote: str, escape: str) -> Pattern[str]:
    d, q = re.escape(delimiter), re.escape(quote)
    inside = rf"(?:[^{q}{re.escape(escape)}]|{re.escape(escape)}[\s\S])" if escape else rf"[^{q}]"
    return re.compile(
        rf"(?:{q}(?P<quoted>{inside}*(?:{q}{q}{inside}*)*){q}(?P<after>[^{d}\r\n]*)|(?P<plain>[^{d}\r\n]*))"
        rf"(?P<stop>{d}|\r\n|\n|\r|\Z)"
    )
