"""Patterns and predicates of checks as Spark SQL. Nothing runs here.

The SQL consists of functions that Spark compiles. Functions with lambdas (``aggregate``, ``transform``) are
not used: one of them keeps a whole read from being compiled.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, List, Mapping, Sequence, Tuple, Type

from nuvyn_executor.quality.checks.predicates import (
    A_TO_Z,
    MONTHS,
    DigitSum,
    LettersAsNumbers,
    Matches,
    MonthNumbers,
    OneOf,
    Remainder,
    Replaced,
    Rotated,
    TwentyFourHours,
    Without,
)

if TYPE_CHECKING:
    from nuvyn_executor.quality.checks.predicates import Predicate, Step, Test

_DIGITS = "0123456789"
_BIGINT_DIGITS = 18


def rewritten(text: str, predicate: Predicate) -> str:
    """Return a text after the steps of a predicate, in the form that :func:`failing` needs."""
    text = after_steps(text, predicate.steps)
    test = predicate.test
    if isinstance(test, Remainder):
        return f"lpad({text}, {_parts(test) * _BIGINT_DIGITS}, '0')"
    if isinstance(test, DigitSum):
        return _counted(test, f"lpad({text}, {test.longest}, '0')")
    return text


def after_steps(text: str, steps: Sequence[Step]) -> str:
    """Return a text after some steps."""
    for step in steps:
        text = _STEPS[type(step)](step, text)
    return text


def stages(steps: Sequence[Step]) -> Tuple[Tuple[Step, ...], ...]:
    """Divide steps, so that the text before one that repeats it is a column and no expression."""
    parts: List[List[Step]] = [[]]
    for step in steps:
        if isinstance(step, _REPEATING) and parts[-1]:
            parts.append([])
        parts[-1].append(step)
    return tuple(map(tuple, parts))


def failing(text: str, predicates: Mapping[int, Predicate]) -> str:
    """Return whether a rewritten text fails the predicate of its shape.

    What a pattern can test is one pattern for all shapes: code does not grow with their number.

    Args:
        text: what :func:`rewritten` returned, for the shape in the column ``shape``.
        predicates: the predicates, by the index of the shape. A text of another shape does not fail.
    """
    patterns = {index: _pattern(one.test) for index, one in predicates.items() if not is_long(one)}
    branches = [
        f"WHEN {index} THEN NOT {_sum(one.test, text)}" for index, one in predicates.items() if is_long(one)
    ]
    others = "FALSE"
    if patterns:
        either = "|".join(f"{index}=(?:{pattern})" for index, pattern in patterns.items())
        named = f"concat(CAST(shape AS STRING), '=', {text})"
        others = f"shape IN ({', '.join(map(str, patterns))}) AND NOT {matches(named, either)}"
    return f"CASE shape {' '.join(branches)} ELSE {others} END" if branches else others


def is_long(predicate: Predicate) -> bool:
    """Whether a predicate needs much code: 1,500 to 2,000 of the 8,000 bytecodes that Java compiles."""
    return isinstance(predicate.test, (Remainder, DigitSum))


def matches(text: str, pattern: str) -> str:
    r"""Return whether a whole text matches a pattern.

    Groups are repeated possessively: otherwise Java recurses once for each repetition, and a long text ends
    its process.
    """
    whole = rf"\A(?:{pattern.replace(')+', ')++')})\z"
    return f"{text} RLIKE {literal(whole)}"


def literal(text: str) -> str:
    """Return a text as an SQL literal in which no character is special."""
    units = text.encode("utf-16-be", "surrogatepass")  # as Java has them: two for an emoji
    return "'" + "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)) + "'"


def _without(step: Without, text: str) -> str:
    return f"translate({text}, {literal(step.characters)}, '')"


def _rotated(step: Rotated, text: str) -> str:
    return f"concat(substr({text}, {step.count + 1}), substr({text}, 1, {step.count}))"


def _letters_as_numbers(_: LettersAsNumbers, text: str) -> str:
    # The first digit is put before the letter, and the letter becomes the second: A is 10, K is 20, U is 30.
    for letters, digit in (("A-J", 1), ("K-T", 2), ("U-Z", 3)):
        text = f"regexp_replace({text}, {literal(f'([{letters}])')}, {literal(f'{digit}$1')})"
    last_digits = "".join(str(number % 10) for number in range(len(A_TO_Z)))
    return f"translate({text}, {literal(A_TO_Z)}, {literal(last_digits)})"


def _replaced(step: Replaced, text: str) -> str:
    if len(step.pattern) == len(step.by) == 1:
        return f"translate({text}, {literal(step.pattern)}, {literal(step.by)})"
    return f"regexp_replace({text}, {literal(step.pattern)}, {literal(step.template('${}'))})"


def _month_numbers(_: MonthNumbers, text: str) -> str:
    place = f"instr('{''.join(MONTHS)}', lower(substr({text}, 6, 3)))"
    number = f"lpad(CAST(({place} + 2) DIV 3 AS STRING), 2, '0')"
    return f"concat(substr({text}, 1, 5), {number}, substr({text}, 9))"


def _twenty_four_hours(_: TwentyFourHours, text: str) -> str:
    hour = f"(try_cast(substr({text}, 12, 2) AS INT) % 12 + IF({text} LIKE '%PM%', 12, 0))"
    rest = f"regexp_replace(substr({text}, 14), '[AP]M', '')"
    turned = f"concat(substr({text}, 1, 11), lpad(CAST({hour} AS STRING), 2, '0'), {rest})"
    return f"IF({text} LIKE '%M%', {turned}, {text})"


_STEPS: Mapping[Type[Any], Callable[[Any, str], str]] = {
    Without: _without,
    Rotated: _rotated,
    LettersAsNumbers: _letters_as_numbers,
    Replaced: _replaced,
    MonthNumbers: _month_numbers,
    TwentyFourHours: _twenty_four_hours,
}
_REPEATING = (MonthNumbers, TwentyFourHours)
"""Steps whose expression contains the text several times."""


def _pattern(test: Test) -> str:
    assert isinstance(test, (OneOf, Matches))
    return "|".join(map(re.escape, test.values)) if isinstance(test, OneOf) else test.pattern


def _sum(test: Test, text: str) -> str:
    assert isinstance(test, (Remainder, DigitSum))
    return f"({_remainder(test, text) if isinstance(test, Remainder) else _digit_sum(test, text)})"


def _parts(test: Remainder) -> int:
    return -(-test.longest // _BIGINT_DIGITS)


def _remainder(test: Remainder, digits: str) -> str:
    """Divide a number of any length, in parts that fit a bigint."""
    terms: List[str] = []
    for part in range(_parts(test)):
        number = f"CAST(substr({digits}, {part * _BIGINT_DIGITS + 1}, {_BIGINT_DIGITS}) AS BIGINT)"
        weight = pow(10, (_parts(test) - 1 - part) * _BIGINT_DIGITS, test.modulus)
        terms.append(f"{number} % {test.modulus} * {weight}")
    return f"({' + '.join(terms)}) % {test.modulus} = {test.remainder}"


def _counted(test: DigitSum, digits: str) -> str:
    """Return what each digit counts at the places of the first kind, then of the second, and so on."""
    copies = (
        digits if values == _DIGITS else f"translate({digits}, '{_DIGITS}', '{values}')"
        for values in test.values
    )
    return f"concat({', '.join(copies)})"


def _digit_sum(test: DigitSum, counted: str) -> str:
    """Add what the digits count."""
    terms: List[str] = []
    for place in range(test.longest):
        kind = place % len(test.values)
        digit = f"substr({counted}, {(kind + 1) * test.longest - place}, 1)"
        terms.append(f"instr('{_DIGITS}', {digit})")  # one more than the digit, in less code than a cast
    return f"({' + '.join(terms)} - {test.longest}) % {test.modulus} = 0"
