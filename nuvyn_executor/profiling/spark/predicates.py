"""Patterns and predicates of checks as Spark SQL. Nothing runs here.

The SQL consists of functions that Spark compiles. Functions with lambdas (``aggregate``, ``transform``) are
not used: one of them keeps a whole read from being compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, List

from nuvyn_executor.quality.checks.predicates import (
    A_TO_Z,
    Matches,
    OneOf,
    Remainder,
    Rotated,
    Without,
)

if TYPE_CHECKING:
    from nuvyn_executor.quality.checks.predicates import DigitSum, Predicate, Step

_DIGITS = "0123456789"
_BIGINT_DIGITS = 18


def rewritten(text: str, predicate: Predicate) -> str:
    """Return a text after the steps of a predicate."""
    for step in predicate.steps:
        text = _after(step, text)
    return text


def tested(text: str, predicate: Predicate) -> str:
    """Return the test of a text that was rewritten."""
    test = predicate.test
    if isinstance(test, OneOf):
        return f"{text} IN ({', '.join(map(literal, test.values))})"
    if isinstance(test, Matches):
        return matches(text, test.pattern)
    if isinstance(test, Remainder):
        return _remainder(test, text)
    return _digit_sum(test, text)


def matches(text: str, pattern: str) -> str:
    r"""Return whether a whole text matches a pattern.

    Groups are repeated possessively: otherwise Java recurses once for each repetition, and a long text ends
    its process.
    """
    whole = rf"\A(?:{pattern.replace(')+', ')++')})\z"
    return f"{text} RLIKE {literal(whole)}"


def literal(text: str) -> str:
    """Return a text as an SQL literal in which no character is special."""
    return "'" + "".join(f"\\u{ord(character):04x}" for character in text) + "'"


def _after(step: Step, text: str) -> str:
    if isinstance(step, Without):
        return f"translate({text}, {literal(step.characters)}, '')"
    if isinstance(step, Rotated):
        return f"concat(substr({text}, {step.count + 1}), substr({text}, 1, {step.count}))"
    # The first digit is put before the letter, and the letter becomes the second: A is 10, K is 20, U is 30.
    for letters, digit in (("A-J", 1), ("K-T", 2), ("U-Z", 3)):
        text = f"regexp_replace({text}, {literal(f'([{letters}])')}, {literal(f'{digit}$1')})"
    last_digits = "".join(str(number % 10) for number in range(len(A_TO_Z)))
    return f"translate({text}, {literal(A_TO_Z)}, {literal(last_digits)})"


def _remainder(test: Remainder, digits: str) -> str:
    """Divide a number of any length, in parts that fit a bigint."""
    parts = -(-test.longest // _BIGINT_DIGITS)
    padded = f"lpad({digits}, {parts * _BIGINT_DIGITS}, '0')"
    terms: List[str] = []
    for part in range(parts):
        number = f"CAST(substr({padded}, {part * _BIGINT_DIGITS + 1}, {_BIGINT_DIGITS}) AS BIGINT)"
        weight = pow(10, (parts - 1 - part) * _BIGINT_DIGITS, test.modulus)
        terms.append(f"{number} % {test.modulus} * {weight}")
    is_left = f"({' + '.join(terms)}) % {test.modulus} = {test.remainder}"
    return f"length({digits}) <= {test.longest} AND {is_left}"


def _digit_sum(test: DigitSum, digits: str) -> str:
    """Add what the digits count; zeros before them count nothing."""
    padded = f"lpad({digits}, {test.longest}, '0')"
    terms: List[str] = []
    for place in range(test.longest):
        values = test.values[place % len(test.values)]
        code = f"ascii(substr({padded}, {test.longest - place}, 1))"  # that of 0 is 48
        terms.append(
            f"{code} - 48" if values == _DIGITS else f"ascii(substr('{values}', {code} - 47, 1)) - 48"
        )
    is_multiple = f"({' + '.join(terms)}) % {test.modulus} = 0"
    return f"length({digits}) <= {test.longest} AND {is_multiple}"
