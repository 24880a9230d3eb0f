r"""Turns lines of JSON into rows: one object a line, whose values are texts, numbers, booleans or null.

Polars' own reader of JSON does not say how a number was written. So each line is cut at its commas and
colons, as the first line has them. A line that is ``{"``, then keys and values with these commas and colons
between them, then ``}`` is that object and no other, if each key and each value is one by itself, and that is
looked at. A line that is written otherwise goes through Python's parser, which refuses more than Spark's.
What both refuse, Spark has to read.

Spark 3 reads numbers with a point or an exponent as doubles and writes these as texts: ``1.10`` becomes
``1.1``, ``1e3`` becomes ``1000.0``. Spark 4 leaves them as they are. So only those are taken here that both
return as they are written.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import polars as pl

from nuvyn_executor.profiling.polars.parts import NotNative

LONGEST_LINE = 4 * 1024 * 1024
"""Bytes. Versions of Spark differ in how long a text in JSON may be: 20,000,000 characters, or more."""

# These patterns are the same to Python and to Rust.
_CHARACTER = r'[^"\\\x00-\x1f]'
_TEXT = rf'"{_CHARACTER}*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{{4}}){_CHARACTER}*)*"'
_WHOLE = r"0|-?[1-9][0-9]{0,99}"
_DIGITS = 17  # of a number with a point: a double has no more
_SURE_DIGITS = 15  # a double has them as they are written
_PLACES = 7  # before the point: from 10^7 on, Java writes an exponent
_SMALL = rf"0\.(?:0|0{{0,2}}[1-9](?:[0-9]{{0,{_DIGITS - 2}}}[1-9])?)"  # below 0.001, too
_LARGE = "|".join(
    rf"[1-9][0-9]{{{places - 1}}}\.(?:0|[0-9]{{0,{_DIGITS - 1 - places}}}[1-9])"
    for places in range(1, _PLACES + 1)
)
_NUMBER = rf"{_WHOLE}|-?(?:{_SMALL}|{_LARGE})"
_VALUE = rf"(?:{_TEXT}|{_NUMBER}|true|false|null)"
_IS_VALUE = rf"\A{_VALUE}\z"
_IS_KEY = rf"\A{_CHARACTER}*\z"
_IS_NUMBER = re.compile(rf"(?:{_NUMBER})\Z")
_BEGINNING = re.compile(rf'\{{"{_CHARACTER}*":( ?){_VALUE}(?:(, ?)")?')
_BLANK = r"\A[ \t]*\z"
# Spark quotes these words where they are no texts, and the quotes are taken away from all that have them.
_QUOTED_WORDS = frozenset(('"NaN"', '"Infinity"', '"-Infinity"'))


class Read(NamedTuple):
    """Rows that were read from lines.

    Attributes:
        rows: how many.
        columns: the values of each wanted key, in the order of the keys.
        folder: the position of each row's folder; ``None`` if there is one folder.
    """

    rows: int
    columns: List[pl.Series]
    folder: Optional[pl.Series]


class _Written(NamedTuple):
    """How objects are written: what is between their pairs, and between key and value."""

    comma: str
    colon: str


@dataclass(frozen=True)
class JsonLines:
    """Turns lines of JSON into rows.

    Attributes:
        keys: the wanted keys. Others are left out, as Spark does.
    """

    keys: Sequence[str]

    def read(self, block: bytes, folder: Optional[pl.Series] = None) -> Iterator[Read]:
        """Read a block of lines.

        Args:
            block: the lines, in UTF-8.
            folder: the position of each line's folder; ``None`` if there is one folder.

        Raises:
            NotNative: it has a line that Spark would read otherwise, or might.
        """
        lines = pl.DataFrame({"line": block.decode("utf-8").split("\n")}, {"line": pl.String})
        if folder is not None:
            lines = lines.head(len(folder)).with_columns(folder=folder)
        lines = lines.filter(~pl.col("line").str.contains(_BLANK))
        if not len(lines):
            return
        if _largest(lines["line"].str.len_bytes()) > LONGEST_LINE:
            raise NotNative("it has a line that is too long")
        first = str(lines["line"][0])
        _parsed(first)  # of files with arrays or objects in their objects no more has to be read
        written = _written_like(first)
        cells = _cells_of(lines["line"], written)
        is_odd = _are_odd(lines["line"], cells)
        if is_odd.any():
            if not is_odd.all():
                plain = lines.filter(~is_odd)
                yield self._cut(plain, _cells_of(plain["line"], written))
            yield self._one_by_one(lines.filter(is_odd))
        else:
            yield self._cut(lines, cells)

    def _cut(self, lines: pl.DataFrame, cells: pl.DataFrame) -> Read:
        """Return the rows of lines that were cut at their commas and colons."""
        count = len(lines)
        _require_shortest(cells["value"])
        values = _read(cells["value"])
        held = _columns_alike(cells, values, count)
        if held is None:
            held = self._columns_unlike(cells, values, count)
        nothing: pl.Series = pl.Series([None], dtype=pl.String).new_from_index(0, count)
        return Read(count, [held.get(key, nothing) for key in self.keys], _folder_of(lines))

    def _columns_unlike(self, cells: pl.DataFrame, values: pl.Series, count: int) -> Dict[str, pl.Series]:
        """Return the columns of objects that do not all have the same keys in the same order."""
        wanted = cells.select("key", "row", at=pl.int_range(pl.len(), dtype=pl.UInt32))
        groups = wanted.filter(pl.col("key").is_in([*self.keys])).group_by("key").agg("row", "at")
        columns: Dict[str, pl.Series] = {}
        for key, rows, places in zip(groups["key"], groups["row"], groups["at"]):
            if rows.n_unique() < len(rows):
                raise _repeated(key)
            where: pl.Series = pl.Series([None], dtype=pl.UInt32).new_from_index(0, count)
            columns[key] = values.gather(where.scatter(rows, places))
        return columns

    def _one_by_one(self, lines: pl.DataFrame) -> Read:
        """Return the rows of lines that Python's parser reads."""
        columns: List[List[Optional[str]]] = [[] for _ in self.keys]
        for line in lines["line"]:
            pairs = _parsed(line)
            held = dict(pairs)
            _require_once([key for key, _ in pairs])
            for key, values in zip(self.keys, columns):
                values.append(held.get(key))
        _require_plain([text for values in columns for text in values if text is not None])
        series = [pl.Series(values, dtype=pl.String) for values in columns]
        return Read(len(lines), series, _folder_of(lines))


def _cells_of(lines: pl.Series, written: _Written) -> pl.DataFrame:
    """Cut lines into cells: the row, the key and the value of each, as they are written."""
    cut = lines.str.strip_prefix('{"').str.strip_suffix("}").str.split(f'{written.comma}"')
    rows = pl.int_range(len(lines), dtype=pl.UInt32, eager=True)
    cells = pl.DataFrame({"row": rows, "cell": cut}).explode("cell")
    pairs = cells["cell"].str.splitn(f'"{written.colon}', 2).struct.unnest()
    return pl.DataFrame({"row": cells["row"], "key": pairs.to_series(0), "value": pairs.to_series(1)})


def _are_odd(lines: pl.Series, cells: pl.DataFrame) -> pl.Series:
    """Return which lines are no objects of these cells, as far as the patterns say."""
    is_right = cells["value"].str.contains(_IS_VALUE) & cells["key"].str.contains(_IS_KEY)
    wrong = cells["row"].filter(~is_right.fill_null(value=False)).unique()
    is_framed = lines.str.starts_with('{"') & lines.str.ends_with("}")
    rows = pl.int_range(len(lines), dtype=pl.UInt32, eager=True)
    return ~is_framed | rows.is_in(wrong.to_list())


def _columns_alike(cells: pl.DataFrame, values: pl.Series, count: int) -> Optional[Dict[str, pl.Series]]:
    """Return the columns of objects with the same keys in the same order; ``None`` where they differ."""
    width = len(cells) // count
    place = pl.int_range(len(cells), dtype=pl.UInt32, eager=True)
    first = cells["key"].head(width)
    if not (cells["row"] == place // width).all() or not (cells["key"] == first.gather(place % width)).all():
        return None
    keys = first.to_list()
    _require_once(keys)
    return {key: values.gather_every(width, index) for index, key in enumerate(keys)}


def _read(values: pl.Series) -> pl.Series:
    """Return what values of JSON say; null for null."""
    inner = values.str.strip_prefix('"').str.strip_suffix('"')
    texts = values.alias("value").to_frame().with_columns(text=inner)
    read = texts.select(pl.when(pl.col("value") != "null").then("text")).to_series()
    is_escaped = values.str.contains("\\", literal=True)
    if not is_escaped.any():
        return read
    written = values.filter(is_escaped).to_list()
    found = json.loads(f"[{','.join(written)}]")
    _require_plain(found)
    # Those after the others, and each at its place.
    place = pl.int_range(len(values), dtype=pl.UInt32, eager=True)
    among = is_escaped.cast(pl.UInt32).cum_sum() + (len(values) - 1)
    return pl.concat([read, pl.Series(read.name, found, dtype=pl.String)]).gather(
        among.cast(pl.UInt32).zip_with(is_escaped, place)
    )


def _require_shortest(values: pl.Series) -> None:
    """Make sure that no shorter number than one of these is the same double: Java would write that."""
    is_long = values.str.len_bytes() > _SURE_DIGITS + 1  # with the point
    is_number = ~values.str.starts_with('"') & values.str.contains(".", literal=True)
    for text in values.filter(is_long & is_number):
        _number(text)


def _require_plain(texts: Sequence[str]) -> None:
    """Make sure that texts are read by Spark as they are.

    Raises:
        NotNative: one is half a character, or a word in quotes that Spark's way takes for a number.
    """
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotNative("it has a text with half a character") from error
    if not _QUOTED_WORDS.isdisjoint(texts):
        raise NotNative("it has a text that is NaN or Infinity in quotes")


def _folder_of(lines: pl.DataFrame) -> Optional[pl.Series]:
    return lines["folder"] if "folder" in lines.columns else None


def _largest(numbers: pl.Series) -> int:
    largest: Any = numbers.max()
    return int(largest)


def _written_like(line: str) -> _Written:
    found = _BEGINNING.match(line)
    if found is None:
        return _Written(",", ":")
    return _Written(found.group(2) or ",", ":" + found.group(1))


def _parsed(line: str) -> List[Tuple[str, Optional[str]]]:
    """Parse a line: the pairs of its object.

    Raises:
        NotNative: it is no object of texts, numbers, booleans and nulls.
    """
    try:
        value = _DECODER.decode(line)
    except (ValueError, RecursionError) as error:
        raise NotNative("it has a line that is no JSON object by itself") from error
    if not isinstance(value, _Pairs):
        raise NotNative("it has a line that is no JSON object by itself")
    pairs: List[Tuple[str, Optional[str]]] = []
    for key, held in value:
        if isinstance(held, list):
            raise NotNative("its objects have arrays or objects in them")
        pairs.append((key, ("true" if held else "false") if isinstance(held, bool) else held))
    return pairs


class _Pairs(List[Tuple[str, Any]]):
    """An object: its pairs, repeated ones too."""


def _number(text: str) -> str:
    # In this range, Python writes doubles as Java does.
    if _IS_NUMBER.match(text) is None or ("." in text and repr(float(text)) != text):
        raise NotNative(f"it has a number that not every Spark leaves as it is written: {text[:40]}")
    return text


def _word(text: str) -> str:
    raise NotNative(f"it has {text} where JSON has a value")


def _require_once(keys: Sequence[str]) -> None:
    if len({*keys}) < len(keys):
        raise _repeated(Counter(keys).most_common(1)[0][0])


def _repeated(key: str) -> NotNative:
    return NotNative(f"it has the key {key[:40]!r} more than once in one object")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_float=_number, parse_int=_number, parse_constant=_word
)
