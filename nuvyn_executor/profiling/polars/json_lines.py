r"""Turns lines of JSON into rows: one object a line, whose values are texts, numbers, booleans or null.

Polars' own reader of JSON does not say how a number was written. So each line is cut at its commas and
colons, as the first line has them. A line that is ``{"``, then keys and values with these commas and colons
between them, then ``}`` is that object and no other, if each key and each value is one by itself, and that is
looked at. A line that is written otherwise goes through Python's parser, which refuses more than Spark's.
What both refuse, Spark has to read.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import polars as pl

from nuvyn_executor.profiling.polars.constants import no_texts
from nuvyn_executor.profiling.polars.json_grammar import (
    CHARACTER,
    DOUBLES,
    LAST_ZEROS,
    SURE_DIGITS,
    Grammar,
    require_shortest,
)
from nuvyn_executor.profiling.polars.parts import NotNative

LONGEST_LINE = 4 * 1024 * 1024
"""Bytes. Versions of Spark differ in how long a text in JSON may be: 20,000,000 characters, or more."""

_IS_PLAIN = rf"\A{CHARACTER}*\z"
_IS_KEY = re.compile(rf"{CHARACTER}*\Z")
_OPEN = '{"'
_IS_CUT = "is cut"  # no name of a part
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
        grammar: how values are written that are read as Spark reads them.
    """

    keys: Sequence[str]
    grammar: Grammar = DOUBLES

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
        keys = [key for key, _ in self.grammar.parsed(first)]  # may refuse: then nothing else is done in vain
        written = self._written_like(first)
        cells, is_cut = self._cut_alike(lines["line"], keys, written)
        if is_cut.any():
            alike = lines.filter(is_cut)
            held = dict(zip(keys, self._read(cells if len(alike) == len(lines) else cells.filter(is_cut))))
            yield Read(len(alike), self._ordered(held, len(alike)), _folder_of(alike))
            lines = lines.filter(~is_cut)
        pairs, is_cut = self._cut_apart(lines["line"], written)
        if is_cut.any():
            yield self._unlike(lines.filter(is_cut), pairs)
            lines = lines.filter(~is_cut)
        if len(lines):
            yield self._one_by_one(lines)

    def _unlike(self, lines: pl.DataFrame, pairs: pl.DataFrame) -> Read:
        """Return the rows of lines with any keys in any order."""
        (values,) = self._read(pairs.select("value"))
        wanted = pairs.select("key", "row", at=pl.int_range(pl.len(), dtype=pl.UInt32))
        groups = wanted.filter(pl.col("key").is_in([*self.keys])).group_by("key").agg("row", "at")
        held: Dict[str, pl.Series] = {}
        for key, rows, places in zip(groups["key"], groups["row"], groups["at"]):
            if rows.n_unique() < len(rows):
                raise _repeated(key)
            where: pl.Series = pl.Series([None], dtype=pl.UInt32).new_from_index(0, len(lines))
            held[key] = values.gather(where.scatter(rows, places))
        return Read(len(lines), self._ordered(held, len(lines)), _folder_of(lines))

    @property
    def _is_value(self) -> str:
        return rf"\A{self.grammar.value}\z"

    def _ordered(self, held: Mapping[str, pl.Series], rows: int) -> List[pl.Series]:
        nothing = no_texts(rows)
        return [held.get(key, nothing) for key in self.keys]

    def _one_by_one(self, lines: pl.DataFrame) -> Read:
        """Return the rows of lines that Python's parser reads."""
        columns: List[List[Optional[str]]] = [[] for _ in self.keys]
        for line in lines["line"]:
            pairs = self.grammar.parsed(line)
            held = dict(pairs)
            _require_once([key for key, _ in pairs])
            for key, values in zip(self.keys, columns):
                values.append(held.get(key))
        _require_plain([text for values in columns for text in values if text is not None])
        series = [pl.Series(values, dtype=pl.String) for values in columns]
        return Read(len(lines), series, _folder_of(lines))

    def _cut_alike(
        self, lines: pl.Series, keys: Sequence[str], written: _Written
    ) -> Tuple[pl.DataFrame, pl.Series]:
        """Cut lines that have certain keys in a certain order.

        Returns:
            The value of each key as it is written, and which lines are so: in others the values are any.
        """
        _require_once(keys)
        if not keys or not all(map(_IS_KEY.match, keys)):
            return pl.DataFrame(), pl.Series([False]).new_from_index(0, len(lines))
        parts = lines.str.splitn(f'{written.comma}"', len(keys)).struct.unnest()
        beginnings = [f'{"" if index else _OPEN}{key}"{written.colon}' for index, key in enumerate(keys)]
        cells = [pl.col(name) for name in parts.columns]
        begin = [cell.str.starts_with(beginning) for cell, beginning in zip(cells, beginnings)]
        end = cells[-1].str.ends_with("}")
        cells[-1] = cells[-1].str.strip_suffix("}")
        values = parts.select(
            *(cell.str.strip_prefix(beginning) for cell, beginning in zip(cells, beginnings)),
            pl.all_horizontal(*begin, end).alias(_IS_CUT),
        )
        *names, _ = values.columns
        is_cut = values.select(
            pl.all_horizontal(_IS_CUT, pl.col(names).str.contains(self._is_value))
        ).to_series()
        return values.select(names), is_cut.fill_null(value=False)

    def _cut_apart(self, lines: pl.Series, written: _Written) -> Tuple[pl.DataFrame, pl.Series]:
        """Cut lines that have any keys.

        Returns:
            Row, key and value of each pair, and which lines are so; the rows are those lines.
        """
        is_cut = lines.str.starts_with(_OPEN) & lines.str.ends_with("}")
        pairs = _pairs_of(lines.filter(is_cut), written)
        is_right = pairs["value"].str.contains(self._is_value) & pairs["key"].str.contains(_IS_PLAIN)
        wrong = pairs["row"].filter(~is_right.fill_null(value=False)).unique()
        if len(wrong):
            rows = pl.int_range(len(lines), dtype=pl.UInt32, eager=True)
            is_cut &= ~rows.is_in(rows.filter(is_cut).gather(wrong).to_list())
            pairs = _pairs_of(lines.filter(is_cut), written)
        return pairs, is_cut

    def _read(self, values: pl.DataFrame) -> List[pl.Series]:
        """Return what columns of values of JSON say; null for null.

        Raises:
            NotNative: Spark would read one of them otherwise, or might.
        """
        if self.grammar.has_doubles:
            values = _with_doubles(values)
        every = pl.all()
        inner = every.str.strip_prefix('"').str.strip_suffix('"')
        read = values.select(pl.when(every != "null").then(inner)).get_columns()
        for index, has_escaped in enumerate(_any(values, every.str.contains("\\", literal=True))):
            if has_escaped:
                read[index] = _unescaped(values.to_series(index), read[index])
        return read

    def _written_like(self, line: str) -> _Written:
        found = self.grammar.beginning.match(line)
        if found is None:
            return _Written(",", ":")
        return _Written(found.group(2) or ",", ":" + found.group(1))


def _pairs_of(lines: pl.Series, written: _Written) -> pl.DataFrame:
    """Return row, key and value of each pair in framed lines, if all are cut where pairs end."""
    cut = lines.str.strip_prefix(_OPEN).str.strip_suffix("}").str.split(f'{written.comma}"')
    rows = pl.int_range(len(lines), dtype=pl.UInt32, eager=True)
    cells = pl.DataFrame({"row": rows, "cell": cut}).explode("cell")
    both = cells["cell"].str.splitn(f'"{written.colon}', 2).struct.unnest()
    return pl.DataFrame({"row": cells["row"], "key": both.to_series(0), "value": both.to_series(1)})


def _with_doubles(values: pl.DataFrame) -> pl.DataFrame:
    """Return values of JSON in which numbers with a point are written as Java writes doubles.

    Raises:
        NotNative: one is longer than its double.
    """
    every = pl.all()
    has_point = every.str.contains(".", literal=True)
    is_long = (every.str.len_bytes() > SURE_DIGITS + 1) & ~every.str.starts_with('"')
    zeros = _any(values, every.str.ends_with("0") & has_point)  # a text ends with a quote
    long = _any(values, is_long & has_point)
    for name, has_zeros, has_long in zip(values.columns, zeros, long):
        if has_zeros:
            values = values.with_columns(pl.col(name).str.replace(LAST_ZEROS, "${1}"))
        if has_long:
            for text in values.select(pl.col(name)).filter(is_long & has_point).to_series():
                require_shortest(text)
    return values


def _any(values: pl.DataFrame, condition: Any) -> Sequence[bool]:
    """Return of each column whether a condition holds for any of its values."""
    return values.select(condition.any()).row(0)


def _unescaped(values: pl.Series, read: pl.Series) -> pl.Series:
    is_escaped = values.str.contains("\\", literal=True)
    found = json.loads(f"[{','.join(values.filter(is_escaped))}]")
    _require_plain(found)
    # Those after the others, and each at its place.
    place = pl.int_range(len(values), dtype=pl.UInt32, eager=True)
    among = is_escaped.cast(pl.UInt32).cum_sum() + (len(values) - 1)
    return pl.concat([read, pl.Series(read.name, found, dtype=pl.String)]).gather(
        among.cast(pl.UInt32).zip_with(is_escaped, place)
    )


def _require_plain(texts: Sequence[str]) -> None:
    """Make sure that texts are read by Spark as they are.

    Raises:
        NotNative: one has a lone surrogate, or is a word in quotes that Spark's way takes for a number.
    """
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotNative("it has a text with a lone surrogate") from error
    if not _QUOTED_WORDS.isdisjoint(texts):
        raise NotNative("it has a text that is NaN or Infinity in quotes")


def _folder_of(lines: pl.DataFrame) -> Optional[pl.Series]:
    return lines["folder"] if "folder" in lines.columns else None


def _largest(numbers: pl.Series) -> int:
    largest: Any = numbers.max()
    return int(largest)


def _require_once(keys: Sequence[str]) -> None:
    if len({*keys}) < len(keys):
        raise _repeated(Counter(keys).most_common(1)[0][0])


def _repeated(key: str) -> NotNative:
    return NotNative(f"it has the key {key[:40]!r} more than once in one object")
