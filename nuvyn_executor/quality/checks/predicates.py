"""The words that predicates are built from: what a pattern cannot say of a text, as data. Pure.

A predicate rewrites a text in some steps and tests the result. It is evaluated only for texts that match the
pattern of its form, so that a step may rely on the pattern: a sum of digits gets digits.

The methods here define what each word means. The two engines compile the same data:
``profiling/spark/predicates.py`` to SQL and ``profiling/polars/predicates.py`` to expressions. A new word
needs a case in both; ``tests/integration/test_checks_on_engines.py`` holds the three equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Pattern, Tuple, Union

A_TO_Z = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NUMBERS_OF_LETTERS = tuple(str(number) for number in range(10, 36))


@dataclass(frozen=True)
class Without:
    """Removes every one of some characters."""

    characters: str

    def apply(self, text: str) -> str:
        """Return the text without them."""
        return text.translate({ord(character): None for character in self.characters})


@dataclass(frozen=True)
class Rotated:
    """Moves the first ``count`` characters to the end."""

    count: int

    def apply(self, text: str) -> str:
        """Return the rotated text."""
        return text[self.count :] + text[: self.count]


@dataclass(frozen=True)
class LettersAsNumbers:
    """Replaces A by 10, B by 11, ..., Z by 35, as in ISO 7064."""

    def apply(self, text: str) -> str:
        """Return the text with numbers in place of capital letters."""
        return text.translate(dict(zip(map(ord, A_TO_Z), NUMBERS_OF_LETTERS)))


@dataclass(frozen=True)
class Replaced:
    """Replaces whatever matches a pattern.

    Attributes:
        pattern: in the common subset of the engines' regular expressions.
        by: the new text; ``{1}`` is the first group of the match.
    """

    pattern: str
    by: str

    def apply(self, text: str) -> str:
        """Return the text after all replacements."""
        return self._pattern.sub(self._template, text)

    @cached_property
    def _pattern(self) -> Pattern[str]:
        return re.compile(self.pattern, re.ASCII)

    @cached_property
    def _template(self) -> str:
        return self.template("\\g<{}>")

    def template(self, group: str) -> str:
        """Return the new text in the words of an engine; ``group`` is how that refers to a group ``{}``."""
        return re.sub(r"{(\d)}", lambda match: group.format(match.group(1)), self.by)


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class MonthNumbers:
    """Replaces the name of the month, which begins at the sixth character: ``2024-Jan-31``."""

    def apply(self, text: str) -> str:
        """Return the text with a number of two digits in place of three letters."""
        return f"{text[:5]}{MONTHS.index(text[5:8].lower()) + 1:02}{text[8:]}"


@dataclass(frozen=True)
class TwentyFourHours:
    """Replaces ``AM`` and ``PM``; the hour stands from the twelfth character: ``2024-01-31 10:00PM``."""

    def apply(self, text: str) -> str:
        """Return the text with hours from 0 to 23; without a mark, unchanged."""
        if "M" not in text:
            return text
        hour = int(text[11:13]) % 12 + (12 if "PM" in text else 0)
        return f"{text[:11]}{hour:02}{text[13:]}".replace("AM", "").replace("PM", "")


@dataclass(frozen=True)
class OneOf:
    """The text is one of some values."""

    values: Tuple[str, ...]

    def holds(self, text: str) -> bool:
        """Whether it is."""
        return text in self.values


@dataclass(frozen=True)
class Matches:
    """The whole text matches a pattern, in the common subset of the engines' regular expressions."""

    pattern: str

    def holds(self, text: str) -> bool:
        """Whether it does."""
        return re.fullmatch(self.pattern, text, re.ASCII) is not None


@dataclass(frozen=True)
class Remainder:
    """The text, read as one whole number, leaves a certain remainder.

    Attributes:
        modulus: what it is divided by, at most 9,999.
        remainder: what is left.
        longest: digits of the longest number that the form's pattern and the steps allow.
    """

    modulus: int
    remainder: int
    longest: int

    def holds(self, text: str) -> bool:
        """Whether it does."""
        return int(text) % self.modulus == self.remainder


@dataclass(frozen=True)
class DigitSum:
    """What the digits count adds up to a multiple of a number.

    Attributes:
        values: what a digit counts. From the right, the digit ``d`` at place ``i`` counts
            ``values[i % len(values)][d]``. A zero counts 0 at each place.
        modulus: the number.
        longest: digits of the longest text that the form's pattern and the steps allow.
    """

    values: Tuple[str, ...]
    modulus: int
    longest: int

    def holds(self, text: str) -> bool:
        """Whether it is a multiple."""
        total = sum(
            int(self.values[place % len(self.values)][int(digit)])
            for place, digit in enumerate(reversed(text))
        )
        return total % self.modulus == 0


Step = Union[Without, Rotated, LettersAsNumbers, Replaced, MonthNumbers, TwentyFourHours]
Test = Union[OneOf, Matches, Remainder, DigitSum]


@dataclass(frozen=True)
class Predicate:
    """Rewrites a text in some steps, and tests the result."""

    test: Test
    steps: Tuple[Step, ...] = ()

    def holds(self, text: str) -> bool:
        """Whether a text satisfies it."""
        for step in self.steps:
            text = step.apply(text)
        return self.test.holds(text)
