"""Guess the encoding of a text that is neither UTF-8 nor UTF-16. Pure.

Text in Latin letters has single bytes above 127 among ASCII; other scripts have runs of them. For the first,
the encodings of Latin letters are compared: the right one gives letters, and no capital inside a word. For
the second, ``charset-normalizer`` judges, which comes with ``requests`` (2.26 and later).
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

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
# The letters beyond ASCII of languages: a text has those of one, or is in another encoding.
_USUAL_LETTERS = (
    *("àâæçéèêëîïôœùûüÿ", "äöüß", "áéíñóúü", "àèéìíîòóùú", "áâãàçéêíóôõúü", "åäöé", "æøåéóôò", "áéèëïóöü"),
    *("áéíóöőúüű", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "ąćęłńóśźż", "ăâîşţ", "čćđšž", "çğıöşüâîû"),
)
_DOUBTFUL_LETTERS = "õýþð"
_RARE_LETTERS = ("áðéíóúýþæö", "äõöüšž")
# Characters that are frequent, in names of columns above all.
_FREQUENT = {
    "cp949": (
        "이름도시번호주소전화날짜수량금액가격성별나코드상품고객회사부서제목내용등록생년월일시간지역국구분합계대한민서울"
        "김박최정강조윤장임의다는에을를은하고로기사어자인그리해아"
    ),
    "gb18030": (
        "名称编号日期时间数量金额价格单位姓性别年龄地址电话城市省区县类型状态备注说明客户产品订单公司部门商品代码销售总合计"
        "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发工能下过子说种面而方后多"
    ),
    "big5": (
        "名稱編號日期時間數量金額價格單位姓性別年齡地址電話城市省區縣類型狀態備註說明客戶產品訂單公司部門商品代碼銷售總合計"
        "的一是在不了有和人這中大為上個國我以要他時來用們生到作地於出就分對成會可主發工能下過子說種面而方後多"
    ),
}
_KANA = re.compile(r"[\u3040-\u30ff]")
_FREQUENT_JAPANESE = (
    "氏名都市番号住所電話日付数量金額価格性別年齢商品会社部署備考合計顧客注文県区町村東京大阪山田中"
)
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
    spoken = _of_language(sample, codecs) if len(codecs) > 1 else None
    if spoken is not None:
        return spoken
    if len(codecs) > 1:
        coherence = {one.encoding: one.coherence for one in _matches(sample, [*codecs.values()])}
        least = coherence.get(codec, 0.0) + _CLEARLY
        better = [one for one in codecs.items() if codec in coherence and coherence.get(one[1], 0.0) >= least]
        java, codec = max(better, key=lambda one: coherence[one[1]], default=(java, codec))
    return Guess(java, codec, most >= _MANY_LETTERS)


def _of_language(sample: bytes, codecs: Mapping[str, str]) -> Optional[Guess]:
    """Return the first encoding in which the letters are those of one language; ``None`` where there is none.

    It is not sure where the letters would be those of another language in another encoding: of a rare one, or
    of any where there is one of ``õ``, ``ý``, ``þ``, ``ð``.
    """
    letters = {
        java: {char.lower()[0] for char in sample.decode(codec) if char > "\x7f" and char.isalpha()}
        for java, codec in codecs.items()
    }
    usual, rare = (
        [java for java, found in letters.items() if any(found <= {*one, "i"} for one in alphabets)]
        for alphabets in (_USUAL_LETTERS, _RARE_LETTERS)
    )
    java = next(iter([*usual, *rare]), None)
    if java is None:
        return None
    first = next(iter(codecs))
    others = [one for one in usual if letters[one] != letters[java]]
    is_sure = first not in rare if java != first else not (others and letters[first] & {*_DOUBTFUL_LETTERS})
    return Guess(java, codecs[java], is_sure)


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
        is_multibyte = match.encoding in _MULTIBYTE
        words = _SURE_COHERENCE * (1 + _frequent(sample, match.encoding)) if is_multibyte else match.coherence
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


def _frequent(sample: bytes, codec: str) -> float:
    """Return the share of characters that are frequent in the language of an encoding."""
    letters = [char for char in sample.decode(codec, "replace") if char > "\x7f" and char.isalpha()]
    frequent = _FREQUENT.get(codec)
    known = sum(
        char in frequent if frequent else char in _FREQUENT_JAPANESE or _KANA.match(char) is not None
        for char in letters
    )
    return known / max(1, len(letters))


def _matches(sample: bytes, codecs: List[str], chaos: float = _MOST_CHAOS) -> List[Any]:
    try:
        from charset_normalizer import from_bytes  # noqa: PLC0415  older versions of requests do not bring it
    except ImportError:
        return []
    return list(from_bytes(sample, cp_isolation=codecs, threshold=chaos))
