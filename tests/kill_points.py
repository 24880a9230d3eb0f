"""The calls of a job to the outside, counted; at the n-th of them something happens to the process."""

from __future__ import annotations

import functools
import threading
from contextlib import ExitStack, contextmanager
from typing import Any, Callable, Iterator, List, Sequence, Tuple
from unittest import mock

Place = Tuple[Any, str]
"""An object, a class or a module, and the name of its function."""


class CallCounter:
    """Counts calls; what is to happen at the n-th happens there.

    Args:
        at: the number of that call, from 1; 0 is none.
        happen: called before that call is made, in its thread.
    """

    def __init__(self, at: int, happen: Callable[[], None]) -> None:
        self.calls = 0
        self._at = at
        self._happen = happen
        self._lock = threading.Lock()

    def count(self) -> None:
        """Count one call."""
        with self._lock:
            self.calls += 1
            reached = self.calls == self._at
        if reached:
            self._happen()

    @contextmanager
    def watching(self, places: Sequence[Place]) -> Iterator[None]:
        """Count the calls of these functions, for the length of a ``with``."""
        with ExitStack() as stack:
            for owner, name in places:
                counted = self._counted(getattr(owner, name))
                stack.enter_context(mock.patch.object(owner, name, counted))
            yield

    def _counted(self, function: Any) -> Any:
        @functools.wraps(function)
        def counted(*arguments: Any, **options: Any) -> Any:
            self.count()
            return function(*arguments, **options)

        return counted


STORE_CALLS: List[str] = [
    "schema_exists", "create_schema", "describe", "create_table", "add_columns", "append", "upsert", "update",
    "rows",
    "iter_rows",
]  # fmt: skip
"""The functions of a store."""
