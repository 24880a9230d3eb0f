# ruff: noqa: RUF001  texts in other scripts
"""Texts in the encodings of the last century."""

from __future__ import annotations

import pytest

from nuvyn_executor.discovery.doubts import doubts_of
from nuvyn_executor.discovery.file_head import FileHead
from nuvyn_executor.discovery.legacy_encodings import guess_encoding
from nuvyn_executor.discovery.text_encoding import detect_encoding
from nuvyn_executor.model import CsvDialect

pytest.importorskip("charset_normalizer")
JAPANESE = "氏名,都市,金額\n田中太郎,東京,100\n鈴木花子,大阪,200\n佐藤次郎,名古屋,300\n"
RUSSIAN = "имя,город,сумма\nИван Петров,Москва,100\nАнна Иванова,Санкт-Петербург,200\nОльга,Казань,300\n"
GERMAN = "name,stadt,betrag\nMüller,Köln,100\nJäger,Düsseldorf,200\nGröße,Zürich,300\n"
POLISH = "imię,miasto,kwota\nŁukasz,Łódź,100\nMałgorzata,Kraków,200\nZbigniew Wójcik,Gdańsk,300\n"
FRENCH = "nom,ville\nÉlodie,Besançon\nFrançois,Orléans\nHélène,Nîmes\n"
SPANISH = "nombre,ciudad\nJosé Muñoz,Córdoba\nMaría,¿Málaga?\nÁngel,A Coruña\n"
GREEK = "όνομα,πόλη,ποσό\nΓιώργος,Αθήνα,100\nΜαρία,Θεσσαλονίκη,200\n"

TEXTS = [
    ("windows-31j", "cp932", JAPANESE),
    ("EUC-JP", "euc_jp", JAPANESE),
    ("GB18030", "gbk", "姓名,城市,金额\n张三,北京,100\n李四,上海,200\n王五,广州,300\n"),
    ("Big5", "big5", "姓名,城市,金額\n張三,臺北,100\n李四,高雄,200\n王五,台中,300\n"),
    ("x-windows-949", "euc_kr", "이름,도시,금액\n김철수,서울,100\n이영희,부산,200\n박민수,대구,300\n"),
    ("windows-1251", "cp1251", RUSSIAN),
    ("KOI8-R", "koi8_r", RUSSIAN),
    ("IBM866", "cp866", RUSSIAN),
    ("windows-1253", "cp1253", GREEK),
    ("windows-1255", "cp1255", "שם,עיר,סכום\nדוד כהן,תל אביב,100\nשרה לוי,ירושלים,200\n"),
    ("windows-1256", "cp1256", "اسم,مدينة,مبلغ\nمحمد علي,القاهرة,100\nفاطمة,بيروت,200\n"),
    ("ISO-8859-1", "cp1252", GERMAN),
    ("ISO-8859-1", "cp1252", GERMAN.upper()),
    ("ISO-8859-1", "cp1252", FRENCH),
    ("ISO-8859-1", "cp1252", SPANISH),
    ("ISO-8859-1", "cp1252", "price,qty\n1,Köln\n"),
    ("ISO-8859-1", "cp1252", "betrag,n\n1\xa0200,50\n2\xa0300,60\n" * 9),
    ("ISO-8859-1", "cp1252", "a§b§c\n1§2§3\n"),
    ("ISO-8859-1", "cp1252", "size,brand\n5µF,Foo®\n"),
    ("windows-1252", "cp1252", "note\nIt’s “fine” – really…\nDon’t\n5 €\n"),
    ("IBM850", "cp850", GERMAN),
    ("IBM850", "cp850", FRENCH),
    ("x-MacRoman", "mac_roman", GERMAN),
    ("windows-1250", "cp1250", POLISH),
    ("ISO-8859-2", "iso8859_2", POLISH),
    ("windows-1254", "cp1254", "isim,şehir,tutar\nAyşe Yılmaz,İstanbul,100\nMehmet Öztürk,Diyarbakır,200\n"),
]


@pytest.mark.parametrize(("java", "codec", "text"), TEXTS, ids=range(len(TEXTS)))
def test_a_text_is_read_as_it_was_written(java: str, codec: str, text: str) -> None:
    """ "Shift-JIS, GBK, cp1251, cp850, EUC-KR are called ISO-8859-1 and give mojibake column names" """
    head = FileHead(text.encode(codec), is_all=True)
    assert (head.encoding.java, head.encoding.is_sure) == (java, True)
    assert head.text == text
    assert list(doubts_of(head, CsvDialect())) == []


@pytest.mark.parametrize("text", ["имя,n\nИван,1\n", "ｺｰﾄﾞ,ﾅﾏｴ\n1,ﾀﾅｶ\n2,ｽｽﾞｷ\n"])
def test_a_doubtful_guess_is_a_finding_with_the_encoding_named(text: str) -> None:
    """ "a doubtful guess is a finding with the encoding named" """
    head = FileHead(text.encode("cp1251" if text.isprintable() or "и" in text else "cp932"), is_all=True)
    (doubt,) = doubts_of(head, CsvDialect())
    assert doubt == f"its text is read as {head.encoding.java}, which is a guess - write it in UTF-8"


@pytest.mark.parametrize("head", [b"", b"a,b\n", b"\x80", b"\xff\xfe\xfd", b"\x81\x8d\x8f\x90\x9d" * 9])
def test_any_bytes_have_an_encoding(head: bytes) -> None:
    guess_encoding(head)
    assert isinstance(FileHead(head, is_all=True).text, str)
    assert detect_encoding(head).codec


SMALL = [
    ("iso8859_9", "ad,şehir\nAyşe Yılmaz,İstanbul\nMehmet Çelik,Diyarbakır\n"),
    ("iso8859_9", "ad,şehir\nAyşe,İzmir\n"),
    ("iso8859_2", "név,város\nKovács Győző,Győr\nTóth Ödön,Pécs\nNagy Fűzfa,Szűcs\n"),
    ("iso8859_2", "jméno,město\nJiří Dvořák,Plzeň\nLukáš Novák,Děčín\nŽaneta,Brno\n"),
    ("iso8859_2", "jméno,město\nJiří Dvořák,Plzeň\n"),
    ("iso8859_2", "imię,miasto\nŁukasz,Gdańsk\nZofia,Łódź\n"),
    ("cp1250", "jméno,město\nJiří Dvořák,Plzeň\nLukáš Novák,Děčín\n"),
    ("cp1250", "ime,grad\nIvan Horvatić,Čakovec\nŠime,Ždrelac\n"),
    ("latin-1", "nom,ville\nHélène,Orléans\nIrène,Besançon\n"),
    ("latin-1", "nome,cidade\nJoão,São Paulo\nAção,Camões\n"),
    ("latin-1", "name,city\nJosé,Málaga\nBjörn,Göteborg\nFrançois,Nîmes\nPeña,Coruña\nSøren,Århus\n"),
    ("latin-1", "nafn,borg\nÞórður,Reykjavík\nGuðrún,Akureyri\nÆgir,Höfn\n"),
    ("latin-1", "nome,citta\nNicolò,Forlì\nPerché,Cantù\n"),
    ("gbk", "姓名,城市\n"),
    ("gbk", "编号,价格,数量\n"),
    ("gbk", "客户名称,订单日期,金额\n1,2,3\n"),
    ("euc_kr", "이름,도시\n"),
    ("euc_kr", "고객번호,주문일자,금액\n"),
    ("big5", "編號,價格,數量\n張三,台北\n"),
    ("cp932", "氏名,都市\n"),
    ("cp932", "ユーザー,メール\n"),
    ("euc_jp", "氏名,都市\n田中太郎,東京\nさとう,大阪\n"),
]


@pytest.mark.parametrize(("codec", "text"), SMALL, ids=range(len(SMALL)))
def test_few_words_show_their_language(codec: str, text: str) -> None:
    assert FileHead(text.encode(codec), is_all=True).text == text


def test_letters_of_two_languages_are_a_doubt() -> None:
    head = FileHead("név,város\nTóth Győző,Győr\n".encode("iso8859_2"), is_all=True)
    assert (head.encoding.java, head.encoding.is_sure) == ("ISO-8859-1", False)
