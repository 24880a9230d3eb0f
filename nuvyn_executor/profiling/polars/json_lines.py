r"""Turns lines of JSON into rows: one object a line.

Polars' own reader of JSON does not say how a value was written. So each line is cut at what is between the
values of another line: ``{"a":``, ``,"b":``, ``}``. A line that is these parts with a value between each two
of them is that object and no other, if each value is one by itself, and that is looked at. Lines that are
written otherwise than the first ones are cut at their commas and colons, and at last go through Python's
parser, which refuses more than Spark's. What all refuse, Spark has to read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import (
    Any,
    Dict,
    FrozenSet,
    Generator,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

import polars as pl

from nuvyn_executor.profiling.polars.constants import no_texts
from nuvyn_executor.profiling.polars.json_grammar import (
    BLANKS_OUTSIDE,
    CHARACTER,
    DOUBLES,
    LAST_ZEROS,
    SURE_DIGITS,
    Cell,
    Grammar,
    repeated,
    require_shortest,
)
from nuvyn_executor.profiling.polars.parts import NotNative

LONGEST_LINE = 4 * 1024 * 1024
"""Bytes. Versions of Spark differ in how long a text in JSON may be: 20,000,000 characters, or more."""

_IS_PLAIN = rf"\A{CHARACTER}*\z"
_OPEN = '{"'
_FORMS = 32  # of lines in one block that are cut
_FEWEST = 1 / 64  # of lines, for which cutting goes on
_MOST_CUTS = 256  # of a line, one after the other: each copies the rest of the line
_BLANK = r"\A[ \t]*\z"
_NESTED = r"\A[\[{]"
_NO_NUMBER = r'\A[\[{"]'
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


class _Form(NamedTuple):
    """How a line is written: its values, and what comes after the last one."""

    cells: List[Cell]
    after: str

    @property
    def comma(self) -> str:
        """What is between a value and the next key, if all pairs are written as the first two."""
        return ", " if len(self.cells) > 1 and self.cells[1].before.startswith(", ") else ","

    @property
    def colon(self) -> str:
        """What is between a key and its value, if all pairs are written as the first one."""
        return ": " if self.cells and self.cells[0].before.endswith(" ") else ":"


@dataclass(frozen=True)
class JsonLines:
    """Turns lines of JSON into rows.

    Attributes:
        keys: the wanted keys; of a value in objects, their keys before its own, with points between them.
            Others are left out, as Spark does.
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
        first = self._form_of(lines)  # may refuse: then nothing else is done in vain
        lines = yield from self._alike(lines, first)
        if len(lines):
            pairs, is_cut = self._cut_apart(lines["line"], first)
            if is_cut.any():
                yield self._unlike(lines.filter(is_cut), pairs)
                lines = lines.filter(~is_cut)
        for _ in range(_FORMS):
            before = len(lines)
            if before:
                lines = yield from self._alike(lines, self._form_of(lines))
            if before - len(lines) < before * _FEWEST:
                break
        if len(lines):
            yield self._one_by_one(lines)

    @cached_property
    def _opened(self) -> FrozenSet[str]:
        """Names of the objects in which wanted values are."""
        return frozenset(key[:place] for key in self.keys for place, one in enumerate(key) if one == ".")

    def _form_of(self, lines: pl.DataFrame) -> _Form:
        return _Form(*self.grammar.cells_of(lines["line"][0], self._opened))

    def _alike(self, lines: pl.DataFrame, form: _Form) -> Generator[Read, None, pl.DataFrame]:
        """Yield the rows of lines of a form, and return the other lines."""
        cells, is_cut = self._cut_alike(lines["line"], form)
        if not is_cut.any():
            return lines
        alike = lines.filter(is_cut)
        if form.cells and len(alike) < len(lines):
            cells = cells.filter(is_cut)
        read = self._read(cells) if form.cells else []
        held = dict(zip((cell.name for cell in form.cells), read))
        yield Read(len(alike), self._ordered(held, len(alike)), _folder_of(alike))
        return lines.filter(~is_cut)

    def _unlike(self, lines: pl.DataFrame, pairs: pl.DataFrame) -> Read:
        """Return the rows of lines with any keys in any order."""
        (values,) = self._read(pairs.select("value"))
        wanted = pairs.select("key", "row", at=pl.int_range(pl.len(), dtype=pl.UInt32))
        groups = wanted.filter(pl.col("key").is_in([*self.keys])).group_by("key").agg("row", "at")
        held: Dict[str, pl.Series] = {}
        for key, rows, places in zip(groups["key"], groups["row"], groups["at"]):
            if rows.n_unique() < len(rows):
                raise repeated(key)
            where: pl.Series = pl.Series([None], dtype=pl.UInt32).new_from_index(0, len(lines))
            held[key] = values.gather(where.scatter(rows, places))
        return Read(len(lines), self._ordered(held, len(lines)), _folder_of(lines))

    @cached_property
    def _is_scalar(self) -> str:
        return rf"\A{self.grammar.scalar}\z"

    @cached_property
    def _is_same(self) -> str:
        return rf"\A{self.grammar.same}\z"

    @cached_property
    def _is_value(self) -> str:
        return rf"\A{self.grammar.value}\z"

    def _ordered(self, held: Mapping[str, pl.Series], rows: int) -> List[pl.Series]:
        nothing = no_texts(rows)
        return [held.get(key, nothing) for key in self.keys]

    def _one_by_one(self, lines: pl.DataFrame) -> Read:
        """Return the rows of lines that Python's parser reads."""
        columns: List[List[Optional[str]]] = [[] for _ in self.keys]
        for line in lines["line"]:
            cells, _ = self.grammar.cells_of(line, self._opened)
            held = {cell.name: cell.text for cell in cells}
            for key, values in zip(self.keys, columns):
                values.append(self.grammar.read(held.get(key, "null")))
        _require_plain([text for values in columns for text in values if text is not None])
        series = [pl.Series(values, dtype=pl.String) for values in columns]
        return Read(len(lines), series, _folder_of(lines))

    def _cut_alike(self, lines: pl.Series, form: _Form) -> Tuple[pl.DataFrame, pl.Series]:
        """Cut lines that are written in a form.

        Returns:
            The values, named by their places, and which lines are so: in others the values are any.
        """
        if not form.cells:
            return pl.DataFrame(), lines == form.after
        values = _values_of(lines, form)
        if values is None:
            return pl.DataFrame(), pl.Series([False]).new_from_index(0, len(lines))
        last = values.columns[-1]
        conditions = [self._is_like(pl.col(name), cell) for name, cell in zip(values.columns, form.cells)]
        values = values.with_columns(pl.col(last).str.strip_suffix(form.after))
        is_framed = lines.str.starts_with(form.cells[0].before) & lines.str.ends_with(form.after)
        is_cut = is_framed & values.select(pl.all_horizontal(conditions)).to_series()
        return values, is_cut.fill_null(value=False)

    def _is_like(self, value: pl.Expr, cell: Cell) -> pl.Expr:
        """Return whether a value is one by itself, and as plain as that of another line."""
        if cell.name in self._opened:
            return value == "null"
        is_plain = cell.text[0] not in "[{"
        return value.str.contains(self._is_scalar if is_plain else self._is_value)

    def _cut_apart(self, lines: pl.Series, form: _Form) -> Tuple[pl.DataFrame, pl.Series]:
        """Cut lines that have any keys, and neither arrays nor objects.

        Returns:
            Row, key and value of each pair, and which lines are so; the rows are those lines.
        """
        is_cut = lines.str.starts_with(_OPEN) & lines.str.ends_with("}")
        pairs = _pairs_of(lines.filter(is_cut), form)
        key, value = pl.col("key"), pl.col("value")
        is_key = key.str.contains(_IS_PLAIN) & ~key.str.contains(".", literal=True)
        is_wanted = ~key.is_in([*self._opened]) | (value == "null")
        is_right = pairs.select(is_key & is_wanted & value.str.contains(self._is_scalar)).to_series()
        wrong = pairs["row"].filter(~is_right.fill_null(value=False)).unique()
        if len(wrong):
            rows = pl.int_range(len(lines), dtype=pl.UInt32, eager=True)
            is_cut &= ~rows.is_in(rows.filter(is_cut).gather(wrong).to_list())
            pairs = _pairs_of(lines.filter(is_cut), form)
        return pairs, is_cut

    def _read(self, values: pl.DataFrame) -> List[pl.Series]:
        """Return what columns of values of JSON say; null for null.

        Raises:
            NotNative: Spark would read one of them otherwise, or might.
        """
        every = pl.all()
        if self.grammar.has_doubles:
            is_nested = _any(values, every.str.contains(_NESTED))
            values = values.with_columns(
                self._written_anew(values[name])
                for name, has_nested in zip(values.columns, is_nested)
                if has_nested
            )
            values = _with_doubles(values)
        inner = every.str.strip_prefix('"').str.strip_suffix('"')
        read = values.select(pl.when(every != "null").then(inner)).get_columns()
        has_escapes = _any(values, every.str.contains("\\", literal=True) & every.str.starts_with('"'))
        for index, has_escaped in enumerate(has_escapes):
            if has_escaped:
                read[index] = _unescaped(values.to_series(index), read[index])
        return read

    def _written_anew(self, values: pl.Series) -> pl.Series:
        """Return values of JSON with arrays and objects as Spark writes them."""
        is_other = values.str.contains(_NESTED) & ~values.str.contains(self._is_same)
        if not is_other.any():
            return values
        without_blanks = values.filter(is_other).str.replace_all(BLANKS_OUTSIDE, "${1}")
        is_odd = ~without_blanks.str.contains(self._is_same)
        found = [self.grammar.nested(text) for text in without_blanks.filter(is_odd)]
        _require_plain(found)
        return _with_others(values, is_other, _with_others(without_blanks, is_odd, found))


def _values_of(lines: pl.Series, form: _Form) -> Optional[pl.DataFrame]:
    """Cut lines before each value; the last one has what comes after it.

    Returns:
        A column for each value: null, or any text, in lines that are not of the form. ``None`` where cutting
        would take longer than parsing.
    """
    first, *others = (cell.before for cell in form.cells)
    comma = f'{form.comma}"'
    if all(before.startswith(comma) for before in others):  # then once for all is faster
        parts = lines.str.splitn(comma, len(form.cells)).struct.unnest()
        beginnings = [first, *(before[len(comma) :] for before in others)]
        return parts.select(
            pl.when(pl.col(name).str.starts_with(beginning)).then(pl.col(name).str.strip_prefix(beginning))
            for name, beginning in zip(parts.columns, beginnings)
        )
    if len(others) > _MOST_CUTS:
        return None
    values: Dict[str, pl.Series] = {}
    rest = lines.str.strip_prefix(first)
    for place, before in enumerate(others):
        values[str(place)], rest = rest.str.splitn(before, 2).struct.unnest().get_columns()
    return pl.DataFrame({**values, str(len(others)): rest})


def _pairs_of(lines: pl.Series, form: _Form) -> pl.DataFrame:
    """Return row, key and value of each pair in framed lines, if all are cut where pairs end."""
    cut = lines.str.strip_prefix(_OPEN).str.strip_suffix("}").str.split(f'{form.comma}"')
    rows = pl.int_range(len(lines), dtype=pl.UInt32, eager=True)
    cells = pl.DataFrame({"row": rows, "cell": cut}).explode("cell")
    both = cells["cell"].str.splitn(f'"{form.colon}', 2).struct.unnest()
    return pl.DataFrame({"row": cells["row"], "key": both.to_series(0), "value": both.to_series(1)})


def _with_doubles(values: pl.DataFrame) -> pl.DataFrame:
    """Return values of JSON in which numbers with a point are written as Java writes doubles.

    Raises:
        NotNative: one is longer than its double.
    """
    every = pl.all()
    has_point = every.str.contains(".", literal=True)
    is_long = (every.str.len_bytes() > SURE_DIGITS + 1) & ~every.str.contains(_NO_NUMBER)
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
    is_escaped = values.str.contains("\\", literal=True) & values.str.starts_with('"')
    found = json.loads(f"[{','.join(values.filter(is_escaped))}]")
    _require_plain(found)
    return _with_others(read, is_escaped, found)


def _with_others(values: pl.Series, is_other: pl.Series, others: Union[pl.Series, List[str]]) -> pl.Series:
    """Return values, some of them replaced."""
    # Those after all values, and each at its place.
    place = pl.int_range(len(values), dtype=pl.UInt32, eager=True)
    among = is_other.cast(pl.UInt32).cum_sum() + (len(values) - 1)
    return pl.concat([values, pl.Series(values.name, others, dtype=pl.String)]).gather(
        among.cast(pl.UInt32).zip_with(is_other, place)
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
