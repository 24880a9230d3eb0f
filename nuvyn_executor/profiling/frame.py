"""A dataset as Spark sees it, ready to be counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple


@dataclass(frozen=True)
class Frame:
    """A dataset, ready to be counted.

    Attributes:
        opened: makes the DataFrame, with columns ``c0`` ... and perhaps :attr:`corrupt`; another engine that
            counts needs none.
        names: what metadata calls the columns; may repeat, may hold anything.
        types: declared Spark SQL type of each column, ``None`` for text to be understood.
        sample: some values of each column.
        sample_represents: the sample stands for the whole dataset, not for its head alone.
        is_small: different values can be counted exactly.
        is_columnar: a column can be read without the others.
        corrupt: name of the column that holds records which did not parse.
        details: how it was read, for ``tables.details``.
    """

    opened: Callable[[], Any]
    names: Tuple[str, ...]
    types: Tuple[Optional[str], ...]
    sample: List[List[Any]]
    sample_represents: bool
    is_small: bool
    is_columnar: bool = False
    corrupt: Optional[str] = None
    details: Dict[str, Any] = field(default_factory=dict)

    @cached_property
    def data(self) -> Any:
        """The DataFrame."""
        return self.opened()


def sample_columns(rows: Sequence[Any], count: int) -> List[List[Any]]:
    """Turn sampled rows into columns; a row that is too short has None at its end."""
    return [[row[i] if i < len(row) else None for row in rows] for i in range(count)]
