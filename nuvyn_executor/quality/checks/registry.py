"""All checks, and what is looked up in them. Pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Optional, Tuple

from nuvyn_executor.quality.checks import (
    boolean,
    country_code,
    currency_code,
    digit_code,
    email_address,
    iban,
    ip_address,
    moment,
    number,
    payment_card,
    phone_number,
    url,
    uuid_value,
)
from nuvyn_executor.quality.checks.check import COMMA, POINT
from nuvyn_executor.quality.tallies import Shape

if TYPE_CHECKING:
    from nuvyn_executor.quality.checks.check import Check, Form

# Where forms overlap, the first one that matches decides: a URL may look like an e-mail address.
CHECKS: Tuple[Check, ...] = (
    number.CHECK,
    digit_code.CHECK,
    moment.CHECK,
    boolean.CHECK,
    uuid_value.CHECK,
    url.CHECK,
    email_address.CHECK,
    phone_number.CHECK,
    payment_card.CHECK,
    iban.CHECK,
    ip_address.CHECK,
    country_code.CHECK,
    currency_code.CHECK,
)
FORMS: Tuple[Form, ...] = tuple(form for check in CHECKS for form in check.forms)
_COMMON = tuple(form for check in CHECKS if check.anywhere for form in check.forms)
ANYWHERE: Tuple[Form, ...] = tuple(form for form in _COMMON if form.convention in ("", POINT))
"""The forms that are looked for in every column of text, but for those of another convention."""
WITH_COMMAS: Tuple[Form, ...] = tuple(form for form in _COMMON if form.convention in ("", COMMA))
"""The forms that are looked for in place of those in a column whose decimals follow a comma."""
OF_MOMENTS: Tuple[Form, ...] = tuple(
    form for form in _COMMON if form not in (*number.CHECK.forms, *digit_code.CHECK.forms)
)
"""The same for a column whose name says that it holds moments: digits are no numbers there."""
SHAPES: Tuple[str, ...] = (Shape.TYPED, *(form.shape for form in FORMS), Shape.TEXT, Shape.PADDED)
"""All shapes that a value can be counted as."""

_BY_NAME = {check.name: check for check in CHECKS}
_BY_SHAPE = {form.shape: form for form in FORMS}


def check_of(expected: str) -> Optional[Check]:
    """Return the check of what a column expects; ``None`` for types and free text, which have none."""
    return _BY_NAME.get(expected)


def form_of(shape: str) -> Optional[Form]:
    """Return the form that a shape names; ``None`` for ``typed``, ``text`` and ``padded``."""
    return _BY_SHAPE.get(shape)


def semantic_type(expected: str) -> Optional[str]:
    """Return the kind of value that a column holds, where its data type does not already say it."""
    check = check_of(expected)
    return None if check is None or check.has_data_type else check.name


def fingerprint() -> str:
    """Return a short text that changes with every change to a check: counts by other checks do not add."""
    return hashlib.blake2b(repr(CHECKS).encode(), digest_size=8).hexdigest()
