"""Pages of a list whose items come and go while a client reads it. Pure.

A token holds the place of an item in the order of the list, and not how many items are before it: a client
that deletes what a page has shown finds the others on the pages that follow, each of them once.
"""

from __future__ import annotations

import base64
import json
import operator
from dataclasses import dataclass
from typing import Any, Callable, Generic, Iterable, Sequence, TypeVar

from fake_databricks.errors import InvalidParameter, MalformedRequest
from fake_databricks.request.documents import read_document

T = TypeVar("T")
Place = tuple[Any, ...]
AFTER, BEFORE = "after.", "before."


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        items: what it shows.
        tokens: ``next_page_token`` and ``prev_page_token``, where there are such pages.
    """

    items: list[T]
    tokens: dict[str, str]


@dataclass(frozen=True)
class Order(Generic[T]):
    """The order of a list.

    Attributes:
        name: of the list; a token of another list is refused.
        place: the place of an item: texts and numbers, which no other item has alike.
        is_descending: whether the item with the largest place is the first.
    """

    name: str
    place: Callable[[T], Place]
    is_descending: bool = False

    def count_until(self, items: Sequence[T], wanted: Place, *, with_it: bool) -> int:
        """Return how many items come before a place; with the one at the place if there is one."""
        places = [self.place(item) for item in items]
        beyond = operator.gt if self.is_descending else operator.lt
        return sum(beyond(place, wanted) or (with_it and place == wanted) for place in places)


def page_of(items: Iterable[T], order: Order[T], size: int, token: str = "", start: int = 0) -> Page[T]:
    """Return a page of a list.

    Args:
        items: the whole list.
        order: its order.
        size: how many items a page has.
        token: of the page, as an earlier answer has named it; empty is the first.
        start: how many items are left out where there is no token.

    Raises:
        InvalidParameter: no answer of this list can have named the token.
    """
    ordered = sorted(items, key=order.place, reverse=order.is_descending)
    end = start + size
    if token:
        kind, wanted = _read(token, order.name)
        try:
            count = order.count_until(ordered, wanted, with_it=kind == AFTER)
        except TypeError:  # of the same list in another order
            raise _invalid(token) from None
        start, end = (count, count + size) if kind == AFTER else (max(0, count - size), count)
    shown, tokens = ordered[start:end], {}
    if shown and end < len(ordered):
        tokens["next_page_token"] = _token(AFTER, order.name, order.place(shown[-1]))
    if shown and start:
        tokens["prev_page_token"] = _token(BEFORE, order.name, order.place(shown[0]))
    return Page(shown, tokens)


def _token(kind: str, name: str, place: Place) -> str:
    return kind + base64.urlsafe_b64encode(json.dumps([name, *place]).encode()).decode().rstrip("=")


def _read(token: str, name: str) -> tuple[str, Place]:
    kind = AFTER if token.startswith(AFTER) else BEFORE
    text = token.removeprefix(kind)
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        found = read_document(content) if text != token else None
    except (ValueError, MalformedRequest):  # also for a text that is not ASCII
        found = None
    if not isinstance(found, list) or found[:1] != [name]:
        raise _invalid(token)
    return kind, tuple(found[1:])


def _invalid(token: str) -> InvalidParameter:
    return InvalidParameter(f"Invalid page token: {token[:60]}.")
