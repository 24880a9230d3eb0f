"""Find the encoding of a text and decode it. Its end may be cut inside a character. Pure."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple, Optional

from nuvyn_executor.discovery.legacy_encodings import LEGACY, guess_encoding


class TextEncoding(NamedTuple):
    """An encoding, with both of its names.

    Attributes:
        java: as Spark's ``encoding`` option takes it.
        codec: as Python takes it; it removes a byte order mark.
        is_sure: nothing speaks against it.
    """

    java: str
    codec: str
    is_sure: bool = True

    @property
    def is_wide(self) -> bool:
        """Whether a line feed is two bytes, so that a file cannot be cut at a byte 10."""
        return self.java.startswith("UTF-16")


UTF_8 = TextEncoding("UTF-8", "utf-8-sig")
_LATIN_1 = TextEncoding("ISO-8859-1", "iso-8859-1")
_WINDOWS = TextEncoding("windows-1252", "cp1252")
_UTF_16 = TextEncoding("UTF-16", "utf-16")
_UTF_16_LE = TextEncoding("UTF-16LE", "utf-16-le")
_UTF_16_BE = TextEncoding("UTF-16BE", "utf-16-be")
ENCODINGS = (
    UTF_8,
    _LATIN_1,
    _WINDOWS,
    _UTF_16,
    _UTF_16_LE,
    _UTF_16_BE,
    *(TextEncoding(java, codec) for java, codec in LEGACY),
)

_PROBE = 4096
# Without 1 and 1F, which are delimiters of text.
_CONTROL = re.compile(r"[\x00\x02-\x08\x0b\x0e-\x1a\x1c-\x1e]")
# In Latin text in UTF-16 nearly every other byte is zero; in other scripts those of blanks and digits are.
_MANY_ZEROS = 0.3
# At the other places few bytes are zero (U+0100, half of an emoji).
_FEW_ZEROS = 0.25
# One character in four may be damaged before a file counts as no UTF-8 at all.
_VALID_PER_INVALID = 3


def encoding_named(java: str) -> TextEncoding:
    """Find an encoding by its Java name. An unknown name is used as Python's name too."""
    return next((known for known in ENCODINGS if known.java == java), TextEncoding(java, java))


def detect_encoding(head: bytes, *, whole: bool = False) -> TextEncoding:
    """Find how a text is encoded.

    A byte order mark decides; then zero bytes in every other place (UTF-16); then whether it is UTF-8, a few
    damaged characters allowed; then what :mod:`.legacy_encodings` guesses. Latin text without bytes 80-9F
    (curly quotes, the euro sign) is called ``ISO-8859-1``.

    Args:
        head: the first bytes.
        whole: they are the entire file, so the last character is not cut.
    """
    if head.startswith(codecs.BOM_UTF8):
        return UTF_8
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _UTF_16
    wide = _wide_without_mark(head[:_PROBE])
    if wide is not None or _is_utf8(head, whole=whole):
        return wide or UTF_8
    guess = guess_encoding(head)
    if guess is not None and (guess.java != _WINDOWS.java or _has_c1_bytes(head)):
        return TextEncoding(*guess)
    return _LATIN_1 if guess is None else _LATIN_1._replace(is_sure=guess.is_sure)


def decode(head: bytes, encoding: TextEncoding, *, whole: bool = False) -> str:
    """Decode the beginning of a text.

    A character that is incomplete at its end is left out, a damaged one is U+FFFD.

    Args:
        head: the first bytes.
        encoding: how they are encoded.
        whole: they are the entire text, so an incomplete character at its end is a damaged one.
    """
    return codecs.getincrementaldecoder(encoding.codec)("replace").decode(head, final=whole)


def is_binary(text: str) -> bool:
    """Whether a decoded head is no text: more than one character in a hundred is a control character.

    A single one makes no text binary, unless it is one of ten characters.
    """
    probe = text[:_PROBE]
    found = len(_CONTROL.findall(probe))
    return found * 100 > len(probe) and (found > 1 or found * 10 > len(probe))


def _wide_without_mark(probe: bytes) -> Optional[TextEncoding]:
    pairs = len(probe) // 2
    if pairs < 2:  # noqa: PLR2004  two characters at least
        return None
    even, odd = probe[0 : pairs * 2 : 2].count(0) / pairs, probe[1 : pairs * 2 : 2].count(0) / pairs
    if odd >= _MANY_ZEROS and even <= odd * _FEW_ZEROS:
        return _UTF_16_LE
    if even >= _MANY_ZEROS and odd <= even * _FEW_ZEROS:
        return _UTF_16_BE
    return None


def _has_c1_bytes(head: bytes) -> bool:
    return any(byte in head for byte in range(0x80, 0xA0))


def _is_utf8(head: bytes, *, whole: bool) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")
    try:
        decoder().decode(head, final=whole)
    except UnicodeDecodeError:
        text = decoder("replace").decode(head)
        invalid = text.count("\ufffd")
        return sum(1 for char in text if char > "\x7f") - invalid > _VALID_PER_INVALID * invalid
    return True
