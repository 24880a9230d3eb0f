r"""Texts that stand for no value. Pure.

``\N`` or ``n/a`` always do. ``NA`` is a country among codes of two letters, and ``Null`` a surname among
names: words and signs of which a column has others of the same form are values there. The sample decides.
"""

from __future__ import annotations

from collections import Counter
from typing import Callable, Final, Iterator, List, Mapping, Optional, Sequence, Tuple

# White space of ASCII, then that of Unicode, and what has no width.
WHITE: Final = (
    " \t\r\n\x0b\x0c"
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
    "\u200b\u2060\ufeff"
)
"""What is cut at both ends of a text before it is understood."""
PLACEHOLDERS: Final = (
    *("#n/a", "#null!", "(null)", "-", "--", ".", "<na>", "?"),
    *("n.a.", "n/a", "na", "nan", "nil", "none", "null"),
    r"\n",  # \N, by which Hive, MySQL and PostgreSQL export NULL
)
"""Texts that stand for no value, in lower case."""

_SIGNS, _OTHER_SIGNS = ("-", "--", ".", "?"), frozenset("+*/=<>~!^")
_CASES: Sequence[Tuple[Callable[[str], bool], Callable[[str], str]]] = (
    (str.islower, str.lower),
    (str.isupper, str.upper),
    (str.istitle, str.title),
)
_LONGEST_SIGN = 2
_WRITTEN_BY_PROGRAMS = ("null", "NULL", "nan", "NAN")
_SHARE = 0.1  # of a column's values that have the form of a word
_DIFFERENT = (0.5, 100)  # share or number of different values, from which words are names


def is_missing(
    text: Optional[str], values: Sequence[str] = (), markers: Optional[Sequence[str]] = None
) -> bool:
    """Whether a text is no value: NULL, blank, or a placeholder such as ``n/a``.

    Args:
        text: the text, or ``None``.
        values: placeholders that are values in this column (:func:`placeholders_that_are_values`).
        markers: what the user says stands for no value, in place of the placeholders.
    """
    trimmed = "" if text is None else text.strip(WHITE)
    if not trimmed:
        return True
    if markers is not None:
        return trimmed in markers
    return trimmed.lower() in PLACEHOLDERS and trimmed not in values


def placeholders_that_are_values(texts: Sequence[str]) -> Tuple[str, ...]:
    """Return the placeholders that are values among these texts: ``NA`` among ``DE`` and ``FR``.

    A word has the form of others if these are of one word in the same case, too: ``None`` beside ``Some``.
    Where all have one length, it must have that; ``NA`` always needs others of two letters. ``null`` and
    ``nan`` are what programs write, so that they also have to be as rare as a name among names.

    Args:
        texts: trimmed texts of a column's sample, without blank ones.
    """
    counts = Counter(texts)
    others = {text: count for text, count in counts.items() if text.lower() not in PLACEHOLDERS}
    enough = _SHARE * sum(others.values())
    found: List[str] = []
    for is_case, in_case in _CASES:
        like = {text: count for text, count in others.items() if text.isalpha() and is_case(text)}
        if like and sum(like.values()) >= enough:
            found += _words_among(like, counts, in_case, enough)
    signs = sum(
        count for text, count in others.items() if set(text) <= _OTHER_SIGNS and len(text) <= _LONGEST_SIGN
    )
    if signs and signs >= enough:
        found += _SIGNS
    return tuple(found)


def _words_among(
    like: Mapping[str, int], counts: Mapping[str, int], in_case: Callable[[str], str], enough: float
) -> Iterator[str]:
    """Return the placeholders that are values beside words of the same case."""
    lengths = {len(text) for text in like}
    share, number = _DIFFERENT
    are_names = len(like) >= share * sum(like.values()) or len(like) >= number
    pairs = sum(count for text, count in like.items() if len(text) == len("na"))
    for placeholder in filter(str.isalpha, PLACEHOLDERS):
        word = in_case(placeholder)
        is_rare = are_names and counts.get(word, 0) <= max(like.values())
        if placeholder == "na":
            fits = pairs >= enough
        elif word in _WRITTEN_BY_PROGRAMS:
            fits = is_rare and (len(lengths) > 1 or {len(word)} == lengths)
        else:
            fits = len(lengths) > 1 or {len(word)} == lengths
        if fits:
            yield word
