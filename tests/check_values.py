"""Values of the forms of checks, made by hypothesis: valid ones, and invalid ones that look like them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Iterator, List

from hypothesis import strategies as st

from nuvyn_executor.quality.checks.predicates import OneOf
from nuvyn_executor.quality.checks.registry import FORMS

WITH_PREDICATES = [form for form in FORMS if form.predicate is not None]


@lru_cache(maxsize=None)  # a strategy of a long pattern takes longer to make than a hundred of its texts
def values_of(form: Any) -> st.SearchStrategy[str]:
    """Texts that match the pattern of a form; half of them satisfy its predicate, where that can be had."""
    # Older versions of hypothesis make no other characters for patterns of ASCII.
    flags = re.ASCII if form.pattern.isascii() else 0
    written = st.from_regex(re.compile(form.pattern, flags), fullmatch=True)
    if form.predicate is None:
        return written
    test = form.predicate.test
    if isinstance(test, OneOf):
        return st.one_of(written, st.sampled_from([one for one in test.values if form.matches(one)]))
    return st.one_of(written, written.map(lambda text: sound(form, text)))


@lru_cache(maxsize=None)  # as above
def matching_values_of(form: Any) -> st.SearchStrategy[str]:
    """Those that the form itself takes: a pattern may allow more characters."""
    return values_of(form).filter(form.matches)


def sound(form: Any, text: str) -> str:
    """Change a text by a digit or two, so that it satisfies its form's predicate; else leave it."""
    return next((one for one in [text, *_near(text)] if form.accepts(one)), text)


def _near(text: str) -> Iterator[str]:
    yield from (f"{text[:-1]}{last}" for last in range(10))
    yield from (f"{text[:2]}{digits:02d}{text[4:]}" for digits in range(100))


def examples_of(form: Any) -> List[str]:
    """Some texts that are always among the tested: edges of length, and what hypothesis rarely makes."""
    return {
        "payment_card": ["4111111111111111", "4222222222222", "6304000000000000000", "3782-822463-10005"],
        "iban": [
            "NO9386011117947", "MT84 MALT 0110 0001 2345 MTLC AST0 01S", "RU0204452560040702810412345678901",
            "LC14BOSL123456789012345678901234", "LC00ZZZZZZZZZZZZZZZZZZZZZZZZZZZZ",
        ],
        "ip_address": ["::", "1:2:3:4:5:6:7::", "::255.255.255.255", "1.2.3.256", "1:2:3:4:5:6:7:8:9"],
    }.get(form.shape, [])  # fmt: skip
