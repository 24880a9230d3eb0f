"""Guess the encoding of a text that is neither UTF-8 nor UTF-16. Pure.

Text in Latin letters has single bytes above 127 among ASCII; other scripts have runs of them. For the first,
the encodings of Latin letters are compared: the right one gives letters, and no capital inside a word. For
the second, ``charset-normalizer`` judges, which comes with ``requests`` (2.26 and later).
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

_LATIN: Tuple[Tuple[str, str], ...] = (
    ("windows-1252", "cp1252"),
    ("windows-1250", "cp1250"),
    ("ISO-8859-2", "iso8859_2"),
    ("windows-1254", "cp1254"),
    ("IBM850", "cp850"),
    ("x-MacRoman", "mac_roman"),
)
_OTHERS: Dict[str, str] = {
    "cp932": "windows-31j",
    "euc_jp": "EUC-JP",
    "gb18030": "GB18030",
    "big5": "Big5",
    "cp949": "x-windows-949",
    "cp1251": "windows-1251",
    "koi8_r": "KOI8-R",
    "cp866": "IBM866",
    "cp1253": "windows-1253",
    "cp1255": "windows-1255",
    "cp1256": "windows-1256",
    "cp874": "x-windows-874",
}
LEGACY: Tuple[Tuple[str, str], ...] = (*_LATIN, *((java, codec) for codec, java in _OTHERS.items()))
"""The Java name and Python's of each encoding that may be guessed."""

_SAMPLE_BYTES = 8192
_FEW_BYTES = 6  # say little
_RUN = re.compile(rb"[\x80-\xff]+")
_MOSTLY = 0.7
_MANY_LETTERS = 0.9
_SURE_COHERENCE = 0.3  # of the words with those of a language, as charset-normalizer measures it
_MOST_CHAOS, _MORE_CHAOS = 0.1, 0.3
_WITH_C1 = ("cp850", "mac_roman")
_CLEARLY = 0.05
_ANYWHERE = "\u2019\xa6\xa7"  # an apostrophe; delimiters
_MARKS = frozenset(
    "\u201c\u201d\u2018\u201e\u201a\xab\xbb\u2039\u203a\u2013\u2014\u2026\xa1\xbf\xba\xaa\xa0\u2122\xae\xb0"
)
_MULTIBYTE = ("cp932", "euc_jp", "gb18030", "big5", "cp949")
_WORD = re.compile(r"[^\W\d_]+|[\x80-\x9f]|[^\s\w\x00-\x7f]")


class Guess(NamedTuple):
    """An encoding that is likely.

    Attributes:
        java: its Java name.
        codec: Python's name.
        is_sure: nothing speaks against it.
    """

    java: str
    codec: str
    is_sure: bool


def guess_encoding(head: bytes) -> Optional[Guess]:
    """Guess the encoding of the beginning of a text; ``None`` where no guess is better than ISO-8859-1.

    Args:
        head: bytes that are not UTF-8.
    """
    sample = _telling_lines(head)
    runs = [len(run) for run in _RUN.findall(sample)]
    if not runs:
        return None
    is_latin = sum(1 for length in runs if length == 1) >= _MOSTLY * len(runs)
    found = None if is_latin else _other_script(sample)
    if found is None:
        found = _latin(sample)
        if found is None or (found.java == _LATIN[0][0] and is_latin):
            return found
        found = found._replace(is_sure=found.is_sure and is_latin)
    least = 3 * _FEW_BYTES if found.codec in _MULTIBYTE else _FEW_BYTES
    return found._replace(is_sure=found.is_sure and sum(runs) >= least)


def _telling_lines(head: bytes) -> bytes:
    """Return the lines that are not ASCII, up to some kilobytes. A last line that is cut is left out."""
    lines = head.split(b"\n")
    whole = lines[:-1] if len(lines) > 1 else lines
    sample = b""
    for line in whole:
        if not line.isascii():
            sample += line[:_SAMPLE_BYTES] + b"\n"
            if len(sample) >= _SAMPLE_BYTES:
                break
    return sample


def _latin(sample: bytes) -> Optional[Guess]:
    """Choose the encoding that gives most letters where letters belong; of equal ones by their words."""
    shares: Dict[str, float] = {}
    for java, codec in _LATIN:
        if codec in _WITH_C1 and not any(byte in sample for byte in range(0x80, 0xA0)):
            continue  # where their usual letters are
        try:
            shares[java] = _letters(sample.decode(codec))
        except UnicodeDecodeError:
            continue
    most = max(shares.values(), default=0.0)
    if not most:
        return None
    codecs = {java: codec for java, codec in _LATIN if shares.get(java) == most}
    java, codec = next(iter(codecs.items()))
    if len(codecs) > 1:
        coherence = {one.encoding: one.coherence for one in _matches(sample, [*codecs.values()])}
        least = coherence.get(codec, 0.0) + _CLEARLY
        better = [one for one in codecs.items() if codec in coherence and coherence.get(one[1], 0.0) >= least]
        java, codec = max(better, key=lambda one: coherence[one[1]], default=(java, codec))
    return Guess(java, codec, most >= _MANY_LETTERS)


def _letters(text: str) -> float:
    """Return the share of characters beyond ASCII that are where such characters belong.

    A letter belongs into a word that has no capital after a small letter. A symbol belongs between words;
    marks such as quotes may touch one.
    """
    good = total = 0
    for found in _WORD.finditer(text):
        word = found.group()
        beyond = sum(char > "\x7f" for char in word)
        total += beyond
        if word[0].isalpha():
            is_steady = word[0] == "\xb5" or word.isupper() or word[1:].islower() or len(word) == 1
            is_in_number = (
                text[found.start() - 1 : found.start()].isdigit() and text[found.end() :][:1].isdigit()
            )
            good += beyond if is_steady and not is_in_number else 0
            continue
        touches = [text[at : at + 1].isalpha() for at in (found.start() - 1, found.end()) if at >= 0]
        may_touch = word in _ANYWHERE or (word in _MARKS and not all(touches))
        good += word >= "\xa0" and (may_touch or not any(touches))
    return good / total if total else 0.0


def _other_script(sample: bytes) -> Optional[Guess]:
    def likelihood(match: Any) -> float:
        words = _SURE_COHERENCE if match.encoding in _MULTIBYTE else match.coherence
        return float(words - match.chaos)

    matches = [
        one
        for chaos in (_MOST_CHAOS, _MORE_CHAOS)  # a long or repeated sample has more
        for one in _matches(sample, [*_OTHERS], chaos)
        if one.encoding in _OTHERS
    ]
    if not matches:
        return None
    best = max(matches, key=likelihood)
    is_sure = best.encoding in _MULTIBYTE or best.coherence >= _SURE_COHERENCE
    return Guess(_OTHERS[best.encoding], best.encoding, is_sure)


def _matches(sample: bytes, codecs: List[str], chaos: float = _MOST_CHAOS) -> List[Any]:
    try:
        from charset_normalizer import from_bytes  # noqa: PLC0415  older versions of requests do not bring it
    except ImportError:
        return []
    return list(from_bytes(sample, cp_isolation=codecs, threshold=chaos))
