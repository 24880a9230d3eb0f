"""A dataset that is ready to be counted: its columns, a sample, and its rows as a Spark DataFrame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

if TYPE_CHECKING:
    from nuvyn_executor.model import FileEntry

Texts = Callable[[], Iterator[Sequence[Optional[str]]]]
"""Reads rows: a text or ``None`` for each column."""

SAMPLE_CHARACTERS = 4096  # of a sampled value: far more than is shown, and than a secret has
DOUBTS = "doubts"
"""The key of :attr:`Frame.details` that says what speaks against the way in which it was read."""
SMALL_ROWS = 100_000  # up to here different values are counted exactly
_GRAINS = 1_073_741_789  # a prime: the last bits of the same hash choose the registers of different values


@dataclass(frozen=True)
class Frame:
    """A dataset that is ready to be counted.

    Attributes:
        opened: returns the DataFrame of all files, or of the files in its argument, with columns ``c0`` ...
            and perhaps :attr:`corrupt`. It is not called when Polars counts.
        names: what metadata calls the columns; may repeat, may hold anything.
        types: declared Spark SQL type of each column, ``None`` for text to be understood.
        sample: some values of each column.
        sample_represents: the sample represents the whole dataset, and not only its beginning.
        is_small: it is small enough to count different values exactly.
        rows: how many rows it has, or about how many.
        rows_known: :attr:`rows` is exact.
        declared_rows: how many rows its files say that they have; ``None`` where they do not say.
        is_columnar: a column can be read without the others.
        corrupt: name of the column of records that did not parse.
        details: how it was read, for ``tables.details``.
        texts: reads all rows in this process, a text or ``None`` for each column; ``None`` where only Spark
            or its tasks read them.
    """

    opened: Callable[..., Any]
    names: Tuple[str, ...]
    types: Tuple[Optional[str], ...]
    sample: List[List[Any]]
    sample_represents: bool
    is_small: bool
    rows: int = 0
    rows_known: bool = False
    declared_rows: Optional[int] = None
    is_columnar: bool = False
    corrupt: Optional[str] = None
    details: Dict[str, Any] = field(default_factory=dict)
    texts: Optional[Texts] = None

    @cached_property
    def data(self) -> Any:
        """The DataFrame."""
        return self.opened()

    def of(self, files: Optional[Sequence[FileEntry]], share: float = 1.0) -> Frame:
        """Return the frame of some files (``None``: of all), or of a share of their rows.

        Rows are chosen by a hash of their values. So the same rows are chosen whatever their order and their
        files, and of equal rows all or none: copies stay copies.

        Args:
            files: some of the dataset's; only where rows are those of the files.
            share: which part of the rows, above 0; 1 is all of them.
        """

        def chosen() -> Any:
            data = self.opened() if files is None else self.opened(files)
            return data if share >= 1 else data.where(_is_chosen(data, share))

        return replace(self, opened=chosen)


def _is_chosen(data: Any, share: float) -> Any:
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    # Spark does not hash maps.
    hashed = f.xxhash64(
        *[f.to_json(name) if "map<" in data_type else f.col(name) for name, data_type in data.dtypes]
    )
    grain = (hashed % _GRAINS + _GRAINS) % _GRAINS  # functions.pmod came with Spark 3.4
    return grain < max(1, round(share * _GRAINS))


def sample_columns(rows: Sequence[Any], count: int) -> List[List[Any]]:
    """Turn sampled rows into columns; a row that is too short has None at its end."""
    return [[row[i] if i < len(row) else None for row in rows] for i in range(count)]


def family(declared_type: str) -> str:
    """Group Spark SQL types: ``number``, ``moment``, ``boolean``, ``string`` or ``opaque``."""
    base = declared_type.split("(", maxsplit=1)[0]
    if base in ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal"):
        return "number"
    if base in ("date", "timestamp", "timestamp_ntz"):
        return "moment"
    return base if base in ("boolean", "string") else "opaque"
