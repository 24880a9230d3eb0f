"""What a data contract declares of a table, as far as counting and scoring depend on it. Pure.

:mod:`nuvyn_executor.contracts` reads contracts and makes these values of them. The engines count what breaks
a :class:`Rule`; :mod:`.expectations` compares the counts with what is declared.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final, Mapping, Optional, Tuple

MOST_RULES = 8
"""Rules of one column that are counted: each has a bit of the class that Spark sorts cells into."""

LONGEST_MATCHED = 1_000
"""Characters of the longest text that can match a pattern: Java recurses for each repetition of a group."""


class Of:
    """What a rule is about."""

    TEXT: Final = "text"  # the text, without blanks around it
    NUMBER: Final = "number"
    MOMENT: Final = "moment"  # microseconds since 1970 UTC


class Kind:
    """What a value has to be. A present value that is not breaks the rule."""

    PATTERN: Final = "pattern"  # a part of the text matches
    MIN_LENGTH: Final = "min_length"  # in characters
    MAX_LENGTH: Final = "max_length"
    ONE_OF: Final = "one_of"
    AT_LEAST: Final = "at_least"
    AT_MOST: Final = "at_most"
    ABOVE: Final = "above"
    BELOW: Final = "below"
    WHOLE: Final = "whole"
    MULTIPLE_OF: Final = "multiple_of"


@dataclass(frozen=True)
class Rule:
    """What one present value must satisfy.

    Attributes:
        kind: a constant of :class:`Kind`.
        of: a constant of :class:`Of`; values that are no number, or no moment, do not break such a rule.
        text: the pattern, in the common subset of the engines' regular expressions.
        number: the length, the bound (of moments in microseconds since 1970 UTC), or the divisor.
        texts: the values of a list.
        numbers: those of them that are numbers, or moments.
        allows_none: no value may break it. Otherwise some may, and ``unmet`` does not count them.
    """

    kind: str
    of: str = Of.TEXT
    text: str = ""
    number: float = 0.0
    texts: Tuple[str, ...] = ()
    numbers: Tuple[float, ...] = ()
    allows_none: bool = True

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Rule:
        """Read what ``dataclasses.asdict`` made of a rule."""
        return cls(**{**value, "texts": tuple(value["texts"]), "numbers": tuple(value["numbers"])})


@dataclass(frozen=True)
class Limit:
    """How large a count may be.

    Attributes:
        operator: an operator of the standard: ``mustBe``, ``mustBeLessThan``, ...
        numbers: what it compares with: one number, or two.
        is_percent: the count is compared as a percentage of its whole.
    """

    operator: str = "mustBe"
    numbers: Tuple[float, ...] = (0.0,)
    is_percent: bool = False

    def is_met(self, count: float, of: int) -> bool:
        """Whether a count of a whole is allowed; a percentage of nothing is 0."""
        value = (100.0 * count / of if of else 0.0) if self.is_percent else count
        first, last = self.numbers[0], self.numbers[-1]
        return {
            "mustBe": value == first,
            "mustNotBe": value != first,
            "mustBeGreaterThan": value > first,
            "mustBeGreaterOrEqualTo": value >= first,
            "mustBeLessThan": value < first,
            "mustBeLessOrEqualTo": value <= first,
            "mustBeBetween": first <= value <= last,
            "mustNotBeBetween": not first <= value <= last,
        }[self.operator]

    @property
    def allows_none(self) -> bool:
        """Whether not a single one is allowed, so that each one is a defect."""
        return not self.is_met(1, 1_000_000_000) and self.is_met(0, 1_000_000_000)

    def __str__(self) -> str:
        """Return it as the contract has it: ``mustBeLessThan 5 percent``."""
        numbers = ", ".join(f"{number:g}" for number in self.numbers)
        shown = f"[{numbers}]" if len(self.numbers) > 1 else numbers
        return f"{self.operator} {shown}{' percent' if self.is_percent else ''}"


NONE_ALLOWED = Limit()


class Metric:
    """What is counted of a column, or of a table."""

    MISSING: Final = "missing"  # null, NaN, blank, placeholder
    NULLS: Final = "nulls"
    INVALID: Final = "invalid"  # values that break the rule
    DUPLICATES: Final = "duplicates"
    ROWS: Final = "rows"
    TYPE: Final = "type"  # values that are not of the logical type; all, where the column has another one
    CHECK: Final = "check"  # values that are not of the kind that is expected


@dataclass(frozen=True)
class Expectation:
    """A declaration of a contract that can be counted.

    Attributes:
        clause: the contract's own name of it: ``schema orders, property customer_id, required``.
        metric: a constant of :class:`Metric`.
        limit: how large the count may be.
        rule: of ``INVALID``, what a value must satisfy.
        columns: of ``DUPLICATES`` of a table, the columns.
    """

    clause: str
    metric: str
    limit: Limit = NONE_ALLOWED
    rule: Optional[Rule] = None
    columns: Tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnTerms:
    """What a contract declares of a column.

    Attributes:
        name: the property's name.
        physical_name: the name in the data, where the contract has one.
        logical_type: ``string``, ``date``, ...; ``""`` where none is declared.
        check: the kind of value that ``format`` names (``email``); ``""`` for none.
        example: a moment in the declared format; ``""`` where none is declared.
        day_first: whether ``03/04/2024`` is the third of April; ``None`` where nothing says so.
        missing_words: the texts that stand for no value; ``None`` where none are declared.
        is_key: whether it is the primary key; ``None`` where nothing is declared, and for a part of a key.
        is_excluded: it is left out.
        expectations: what is counted.
    """

    name: str
    physical_name: str = ""
    logical_type: str = ""
    check: str = ""
    example: str = ""
    day_first: Optional[bool] = None
    missing_words: Optional[Tuple[str, ...]] = None
    is_key: Optional[bool] = None
    is_excluded: bool = False
    expectations: Tuple[Expectation, ...] = ()

    @property
    def names(self) -> Tuple[str, ...]:
        """The names that the data may have for it, in lower case."""
        return tuple(folded(name) for name in (self.physical_name, self.name) if name)


@dataclass(frozen=True)
class TableTerms:
    """What a contract declares of a table.

    Attributes:
        contract: what sentences call the contract: ``orders v1.2.0``.
        contract_id: its ``id``.
        version: its ``version``.
        file: the name of its file.
        name: the name of the schema's object.
        physical_name: the name of the table in the data, where the contract has one.
        columns: its properties; those of objects with dotted names.
        expectations: what is counted of the table.
        key: the columns of its primary key, in order; empty where none is declared.
        written: the column that says when a row was written; ``""`` where none is declared.
        fresh_hours: how old the newest moment may be; ``None`` where nothing says so.
        fresh_clause: the contract's own name of that.
        is_archive: its age is not assessed.
        weights: of the dimensions, where they are declared.
        levels: lowest overall score of each level, where they are declared.
        not_checked: what the contract declares and is not checked, with the reason.
    """

    contract: str
    contract_id: str = ""
    version: str = ""
    file: str = ""
    name: str = ""
    physical_name: str = ""
    columns: Tuple[ColumnTerms, ...] = ()
    expectations: Tuple[Expectation, ...] = ()
    key: Tuple[str, ...] = ()
    written: str = ""
    fresh_hours: Optional[float] = None
    fresh_clause: str = ""
    is_archive: bool = False
    weights: Mapping[str, float] = field(default_factory=dict)
    levels: Mapping[str, float] = field(default_factory=dict)
    not_checked: Tuple[str, ...] = ()

    def column(self, name: str) -> Optional[ColumnTerms]:
        """Return what is declared of a column of the data; ``None`` where nothing is."""
        own = folded(name)
        by_place = (one for place in (0, 1) for one in self.columns if own in one.names[place : place + 1])
        return next(by_place, None)

    @property
    def fingerprint(self) -> str:
        """A short text that changes with what is counted."""
        counted = (self.columns, self.expectations, self.key, self.written)
        return hashlib.blake2b(repr(counted).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Note:
    """Something about a contract that is no count: a key that is unknown, a rule that is not checked.

    Attributes:
        where: the file of the contract, or the table.
        text: a clause with a remedy.
        is_info: it is no fault.
    """

    where: str
    text: str
    is_info: bool = False


def folded(name: str) -> str:
    """Return a name as names are compared: without blanks around it, in lower case."""
    return name.strip().lower()
