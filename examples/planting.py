"""Tables of made-up rows, and defects planted in them one by one, so that their numbers are known. Pure.

No row bears two defects: what is counted of one kind is not hidden by another.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, TypeVar

Row = Dict[str, Any]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Defect:
    """So many defects of one kind in one place.

    Attributes:
        table: the dataset, as ``_executor_metadata.tables`` names it.
        column: the column, or ``None`` where whole rows are concerned.
        kind: what is wrong.
        count: how often.
        of: in how many rows of the table.
    """

    table: str
    column: Optional[str]
    kind: str
    count: int
    of: int


class Dice:
    """Chance with a seed. Only ``random()`` is used, which Python promises to keep in all versions."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  example data, no secret

    def below(self, limit: int) -> int:
        """Return a whole number from 0 up to, not including, ``limit``."""
        return int(self._random.random() * limit)

    def one_of(self, items: Sequence[Item]) -> Item:
        """Pick one item."""
        return items[self.below(len(items))]

    def some_of(self, items: Sequence[Item], count: int) -> List[Item]:
        """Pick ``count`` different items."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(count)]


class Bed:
    """A table in the making.

    Args:
        table: its name.
        rows: sound rows; changed in place.
        dice: decides which rows get a defect.
    """

    def __init__(self, table: str, rows: List[Row], dice: Dice) -> None:
        self.table = table
        self.rows = rows
        self._dice = dice
        self._sound = list(range(len(rows)))
        self._planted: List[Defect] = []

    def plant(
        self, column: Optional[str], kind: str, count: int, spoil: Callable[[Row, int], Optional[Row]]
    ) -> None:
        """Spoil ``count`` sound rows.

        Args:
            column: where; ``None`` for a defect of the row.
            kind: what it is called.
            count: how many rows.
            spoil: takes a row and the number of the defect, from 0, and changes the row in place.
        """
        for number, index in enumerate(self._take(count)):
            spoil(self.rows[index], number)
        self._planted.append(Defect(self.table, column, kind, count, 0))

    def put(self, column: str, kind: str, values: Sequence[Any], count: int) -> None:
        """Spoil ``count`` rows by one of ``values`` each, in turn."""

        def spoil(row: Row, number: int) -> None:
            row[column] = values[number % len(values)]

        self.plant(column, kind, count, spoil)

    def pad(self, column: str, count: int) -> None:
        """Put blanks around ``count`` values."""

        def spoil(row: Row, number: int) -> None:
            row[column] = (f" {row[column]}", f"{row[column]}  ", f" {row[column]} ")[number % 3]

        self.plant(column, "padded", count, spoil)

    def repeat_rows(self, count: int, key: str) -> None:
        """Append copies of ``count`` sound rows, each of which repeats its key, too."""
        self.rows.extend(dict(self.rows[index]) for index in self._take(count))
        self._planted.append(Defect(self.table, None, "duplicate row", count, 0))
        self._planted.append(Defect(self.table, key, "duplicate key", count, 0))

    def repeat_keys(self, key: str, count: int) -> None:
        """Replace the keys of ``count`` sound rows by that of another sound row."""
        spoiled, owners = self._take(count), self._take(count)
        for index, owner in zip(spoiled, owners):
            self.rows[index][key] = self.rows[owner][key]
        self._planted.append(Defect(self.table, key, "duplicate key", count, 0))

    def defects(self, extra_rows: int = 0) -> List[Defect]:
        """List what was planted, counts of the same place and kind added.

        Args:
            extra_rows: rows of the table that are not in :attr:`rows`: lines that are no records.
        """
        summed: Dict[Any, int] = {}
        for one in self._planted:
            place = (one.column, one.kind)
            summed[place] = summed.get(place, 0) + one.count
        of = len(self.rows) + extra_rows
        return [Defect(self.table, column, kind, count, of) for (column, kind), count in summed.items()]

    def _take(self, count: int) -> List[int]:
        taken = self._dice.some_of(self._sound, count)
        self._sound = [index for index in self._sound if index not in set(taken)]
        return taken
