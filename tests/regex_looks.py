"""How often a backtracking matcher looks at each character of a text: a count, and no clock.

``re`` does not say what a match costs. So this plays the same tree that ``re`` compiles, by the same rules
(leftmost start, greedy or lazy, backtracking, look-around, groups), and counts. ``re`` itself skips starts
that cannot match and does several looks at once, so it is never slower than this by more than a constant
factor. That the play is the same is tested too: both find the same matches.

A pattern is linear when no character is looked at more often in a longer text of the same kind.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional, Pattern, Sequence, Tuple

# The parser of ``re``, which has no public name.
_PARSER: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

_IGNORECASE = 2
Then = Callable[[int], Optional[int]]
"""What follows a node: takes the place behind it, returns the end of the whole match."""
Node = Callable[[int, Then], Optional[int]]


class Looks:
    """Plays a pattern over a text.

    Args:
        pattern: a compiled pattern, which matches no empty text.
        text: the text.

    Attributes:
        matches: begin and end of each match, from left to right.
        counts: for each character how often it was looked at; the last entry stands for the end of the text.
    """

    def __init__(self, pattern: Pattern[str], text: str) -> None:
        self._text = text
        self._ignore_case = bool(pattern.flags & _IGNORECASE)
        self._groups: Dict[int, Tuple[int, int]] = {}
        self._known: Dict[Tuple[int, str], bool] = {}
        self.counts: List[int] = [0] * (len(text) + 1)
        self.matches: List[Tuple[int, int]] = []
        whole = self._sequence(list(_PARSER.parse(pattern.pattern, pattern.flags)))
        at = 0
        with _deep_recursion():
            while at <= len(text):
                self._groups.clear()
                end = whole(at, lambda place: place)
                if end is not None:
                    self.matches.append((at, end))
                at = at + 1 if end is None else end

    @property
    def most(self) -> int:
        """How often the character was looked at that was looked at most often."""
        return max(self.counts)

    def _sequence(self, items: Sequence[Any]) -> Node:
        nodes = [self._node(name, argument) for name, argument in items]

        def play(number: int, at: int, then: Then) -> Optional[int]:
            if number == len(nodes):
                return then(at)
            return nodes[number](at, lambda place: play(number + 1, place, then))

        return lambda at, then: play(0, at, then)

    def _node(self, name: Any, argument: Any) -> Node:  # noqa: PLR0911  one for each kind of node
        kind = str(name)
        if kind in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            accepts = self._character(name, argument)
            return lambda at, then: then(at + 1) if accepts(at) else None
        if kind in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = argument
            if len(inner) == 1 and str(inner[0][0]) in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
                return self._characters(
                    least, int(most), self._character(*inner[0]), lazy=kind == "MIN_REPEAT"
                )
            return self._repeat(least, int(most), self._sequence(list(inner)), lazy=kind == "MIN_REPEAT")
        if kind == "BRANCH":
            ways = [self._sequence(list(way)) for way in argument[1]]
            return lambda at, then: next(
                (end for end in (way(at, then) for way in ways) if end is not None), None
            )
        if kind == "SUBPATTERN":
            return self._group(argument[0], self._sequence(list(argument[3])))
        if kind == "GROUPREF":
            return self._repeated_group(argument)
        if kind in ("ASSERT", "ASSERT_NOT"):
            return self._look_around(argument[0], argument[1], wanted=kind == "ASSERT")
        assert kind == "AT", f"{kind} is not played yet"
        holds = self._place(str(argument))
        return lambda at, then: then(at) if holds(at) else None

    def _character(self, name: Any, argument: Any) -> Callable[[int], bool]:
        key = id(argument)

        def accepts(at: int) -> bool:
            self.counts[at] += 1
            if at == len(self._text):
                return False
            character = self._text[at]
            if (key, character) not in self._known:
                self._known[key, character] = self._is_accepted(str(name), argument, character)
            return self._known[key, character]

        return accepts

    def _is_accepted(self, kind: str, argument: Any, character: str) -> bool:
        if kind == "ANY":
            return character != "\n"
        spellings = {character, character.lower(), character.upper()} if self._ignore_case else {character}
        codes = {ord(one) for one in spellings if len(one) == 1}
        if kind == "LITERAL":
            return argument in codes
        if kind == "NOT_LITERAL":
            return argument not in codes
        entries = [(str(name), value) for name, value in argument]
        inside = any(
            value in codes
            if name == "LITERAL"
            else any(value[0] <= code <= value[1] for code in codes)
            if name == "RANGE"
            else name == "CATEGORY" and _CATEGORIES[str(value)](character)
            for name, value in entries
        )
        return inside != (entries[0][0] == "NEGATE")

    def _characters(self, least: int, most: int, accepts: Callable[[int], bool], *, lazy: bool) -> Node:
        def play_greedy(at: int, then: Then) -> Optional[int]:
            end = at
            while end - at < most and accepts(end):
                end += 1
            while end - at >= least:
                found = then(end)
                if found is not None:
                    return found
                end -= 1
            return None

        def play_lazy(at: int, then: Then) -> Optional[int]:
            end = at
            while True:
                found = then(end) if end - at >= least else None
                if found is not None:
                    return found
                if end - at >= most or not accepts(end):
                    return None
                end += 1

        return play_lazy if lazy else play_greedy

    def _repeat(self, least: int, most: int, inner: Node, *, lazy: bool) -> Node:
        assert not lazy, "a lazy repetition of a group is not played yet"

        def play(at: int, times: int, then: Then) -> Optional[int]:
            if times < most:
                again = inner(at, lambda place: play(place, times + 1, then) if place > at else None)
                if again is not None:
                    return again
            return then(at) if times >= least else None

        return lambda at, then: play(at, 0, then)

    def _group(self, number: Optional[int], inner: Node) -> Node:
        if number is None:
            return inner

        def play(at: int, then: Then) -> Optional[int]:
            before = self._groups.get(number, (0, 0))

            def then_with_group(place: int) -> Optional[int]:
                self._groups[number] = (at, place)
                found = then(place)
                if found is None:
                    self._groups[number] = before
                return found

            return inner(at, then_with_group)

        return play

    def _repeated_group(self, number: int) -> Node:
        def play(at: int, then: Then) -> Optional[int]:
            begin, end = self._groups[number]
            for offset in range(end - begin):
                place = min(at + offset, len(self._text))
                self.counts[place] += 1
                if place == len(self._text) or self._text[place] != self._text[begin + offset]:
                    return None
            return then(at + end - begin)

        return play

    def _look_around(self, direction: int, items: Any, *, wanted: bool) -> Node:
        inner = self._sequence(list(items))
        width = items.getwidth()[1] if direction < 0 else 0

        def play(at: int, then: Then) -> Optional[int]:
            there = at >= width and inner(at - width, lambda place: place) is not None
            return then(at) if there == wanted else None

        return play

    def _place(self, name: str) -> Callable[[int], bool]:
        def is_boundary(at: int) -> bool:
            self.counts[at] += 1
            before, after = self._text[at - 1 : at], self._text[at : at + 1]
            return _is_word(before) != _is_word(after)

        def is_end(at: int) -> bool:
            self.counts[at] += 1
            return self._text[at:] in ("", "\n")

        return {"AT_BOUNDARY": is_boundary, "AT_END": is_end}[name]


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


_CATEGORIES: Dict[str, Callable[[str], bool]] = {
    "CATEGORY_WORD": _is_word,
    "CATEGORY_DIGIT": str.isdecimal,
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_NOT_SPACE": lambda character: not character.isspace(),
}


@contextmanager
def _deep_recursion() -> Iterator[None]:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
