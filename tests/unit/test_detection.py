"""What a file is, whatever it is called."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import json
import zipfile
from typing import TYPE_CHECKING, Optional

import pytest

from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.detection import Detection, detect_format, misleading_extension
from nuvyn_executor.discovery.file_head import FileHead
from tests.discovering import AVRO, AVRO_SCHEMA, ORC, avro, case_id, workbook

if TYPE_CHECKING:
    from nuvyn_executor.model import FileFormat

PARQUET = b"PAR1" + b"\x15\x04\x15\x00\x00\x01" * 10 + b"PAR1"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
CSV = b"id,name\n1,Anna\n2,Bob\n"


def archive(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        for name in names:
            zipped.writestr(name, "x")
    return stream.getvalue()


def detect(name: str, content: bytes, head: int = 65536) -> Detection:
    return detect_format(name, FileHead(content[:head], len(content) <= head), io.BytesIO(content))


class TestCosts:
    """An estate has a million files, and the driver looks at each."""

    @pytest.mark.parametrize(
        "content", [PARQUET, ORC, workbook(), OLE], ids=["parquet", "orc", "xlsx", "xls"]
    )
    def test_nobody_guesses_how_a_binary_file_would_be_encoded(
        self, content: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def guess(*_: object, **_more: object) -> None:
            raise AssertionError("it takes ten milliseconds")

        monkeypatch.setattr("nuvyn_executor.discovery.file_head.detect_encoding", guess)
        name = "x.xls" if content == OLE else "x"
        assert detect(name, content).format is not None


class TestDetection:
    """ "`source_type` `auto` detects by magic bytes, then extension, then content" """

    @pytest.mark.parametrize(
        ("name", "content", "found"),
        [
            ("x.parquet", PARQUET, formats.PARQUET),
            ("x.csv", PARQUET, formats.PARQUET),
            ("x", PARQUET, formats.PARQUET),
            ("x.xlsx", workbook(), formats.EXCEL),
            ("x.xlsm", workbook(), formats.EXCEL),
            ("x.xls", workbook(), formats.EXCEL),
            ("x.csv", workbook(), formats.EXCEL),
            ("x.xls", OLE, formats.EXCEL),
            ("x.csv", CSV, formats.CSV),
            ("X.CSV", CSV, formats.CSV),
            ("x.tsv", b"a\tb\n1\t2\n", formats.CSV),
            ("x.txt", CSV, formats.CSV),
            ("x.txt", b"anna\nbob\n", formats.CSV),
            ("x.csv", b"Dear reader,\nthis is prose\n", formats.CSV),
            ("x.dat", b"a|b|c\n1|2|3\n", formats.CSV),
            ("x", CSV, formats.CSV),
            ("x.csv", "näme;é\n1;2\n".encode("iso-8859-1"), formats.CSV),
            ("x.csv", CSV.decode().encode("utf-16"), formats.CSV),
            ("x.csv", CSV.decode().encode("utf-16-le"), formats.CSV),
            ("x.csv.gz", gzip.compress(CSV), formats.CSV),
            ("x.gz", gzip.compress(CSV), formats.CSV),
            ("x.json.gz", gzip.compress(b'{"a":1}\n'), formats.JSON),
            ("x.json", b'{"a":1}\n', formats.JSON),
            ("x.jsonl", b'{"a":1}\n{"a":2}\n', formats.JSON),
            ("x.ndjson", b'broken\n{"a":2}\n', formats.JSON),
            ("x.json", codecs.BOM_UTF8 + b'{"a":1}\n', formats.JSON),
            ("x.json", b'{"a":', formats.JSON),
            ("x", b'{"a":1}\n', formats.JSON),
            ("x.txt", b'[{"a":1},\n{"a":2}]', formats.JSON),
            ("x.orc", ORC, formats.ORC),
            ("x", ORC, formats.ORC),
            ("x.csv", ORC, formats.ORC),
            ("x.avro", AVRO, formats.AVRO),
            ("x", AVRO, formats.AVRO),
            ("x.avro", avro(AVRO_SCHEMA), formats.AVRO),
            ("x.csv", b"ORC,ELF\n1,2\n", formats.CSV),
            ("x.csv", b"PAR1,b\n1,2\n", formats.CSV),
            ("x.csv", b"BZh,b\n1,2\n", formats.CSV),
        ],
        ids=case_id,
    )
    def test_a_file_is_what_its_bytes_say_then_its_name_then_its_lines(
        self, name: str, content: bytes, found: FileFormat
    ) -> None:
        assert detect(name, content) == Detection(found)

    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            ("x.csv", b"", "is empty"),
            ("x.csv", b"\n \n", "is empty: it holds nothing but blanks"),
            ("x.csv", codecs.BOM_UTF8, "is empty: it holds nothing but blanks"),
            ("x.csv", b"%PDF-1.4 ...", "is a PDF document"),
            ("x.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "is a PNG image"),
            ("x.csv", b"BZh91AY&SY\x00\x01\x02\x03", "is compressed with bzip2 but is not called .bz2"),
            ("x.csv", codecs.BOM_UTF32_LE + "a,b".encode("utf-32-le"), "is text in UTF-32"),
            ("x.dat", archive("a.csv"), "is a zip archive"),
            ("x.zip", archive("__MACOSX/a.csv"), "is a zip archive without a visible file"),
            ("x.zip", archive(), "is an empty zip archive"),
            ("x.zip", CSV, "is called .zip but is no zip archive"),
            ("x", b"\x28\xb5\x2f\xfd\x00\x01", "is compressed with zstd but is not called .zst"),
            ("x.xz", b"\xfd7zXZ\x00\x01", "is compressed with xz more than once"),
            ("x.tar.gz", gzip.compress(b"x"), "is a tar archive, which is not read"),
            ("x.docx", archive("word/document.xml"), "is a Word document"),
            ("x.xlsb", archive("xl/workbook.bin"), "is a binary workbook (.xlsb)"),
            ("x.ods", archive("mimetype", "content.xml"), "is an OpenDocument file"),
            ("x.doc", OLE, "is an old Office document"),
            ("x.bin", bytes(range(256)), "is binary, of no kind that is known"),
            ("x.md", b"a,b\nc,d\n", "is called .md: no data"),
            ("x.csv", b"<!DOCTYPE html><html>log in</html>", "is a web page (HTML)"),
            ("x.dat", b"<?xml version='1.0'?><a/>", "is XML, which is not profiled"),
            ("x.txt", b"Dear reader,\nthis is prose.\n", "is text without columns"),
            ("x.json", b"a,b\n1,2\n", "is called .json but holds no JSON object or array"),
            ("x.json", '{"a":1}'.encode("utf-16"), "is JSON in UTF-16"),
            ("x.csv.gz", CSV, "is called .gz but is not compressed"),
            (
                "x.csv",
                gzip.compress(CSV),
                "is gzip but is not called .gz, so Spark would not inflate it",
            ),
            ("x.csv.gz", gzip.compress(gzip.compress(CSV)), "is compressed more than once"),
            ("x.csv.gz.gz", gzip.compress(gzip.compress(CSV)), "is compressed more than once"),
            ("x.csv.gz", gzip.compress(bz2.compress(CSV)), "is compressed more than once"),
            ("x.csv.gz", gzip.compress(PARQUET), "is a gzip of a file in parquet format"),
            ("x.avro.gz", gzip.compress(AVRO), "is a gzip of a file in avro format"),
        ],
        ids=case_id,
    )
    def test_what_cannot_be_read_is_named_for_what_it_seems_to_be(
        self, name: str, content: bytes, reason: str
    ) -> None:
        found = detect(name, content)
        assert (found.format, found.reason) == (None, reason)
        assert found.remedy

    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            ("x.parquet", b"not at all", "is called .parquet but is text without columns"),
            ("x.parquet", bytes(range(256)), "is called .parquet but does not begin like one: it is damaged"),
            ("x.parquet", PARQUET[:-4], "is a Parquet file that is cut short: its end is missing"),
            ("x.parquet", b"PAR1", None),
            ("x.orc", b"ORC,ELF\n1,2\n", "is an ORC file that is cut short: its end is missing"),
            ("x.orc", ORC[:-1], "is an ORC file that is cut short: its end is missing"),
            ("x", ORC[:-9], "is an ORC file that is cut short: its end is missing"),
            ("x.orc", b"junk" + ORC, "is called .orc but does not begin like one: it is damaged"),
            ("x.avro", AVRO[:-1], "is an Avro file that is cut short: its end is missing"),
            ("x.avro", AVRO[:60], "is an Avro file that is cut short: its end is missing"),
            ("x.avro", AVRO[1:], "is called .avro but does not begin like one: it is damaged"),
            ("x.xlsx", OLE, "is a workbook with a password, or an old .xls"),
            ("x.xlsx", b"not at all", "is called .xlsx but is text without columns"),
            ("x.xlsx", bytes(range(256)), "is called a workbook but does not begin like one: it is damaged"),
            ("x.xls", b"<html><table><tr><td>1</td></tr></table>", "is called .xls but is a web page (HTML)"),
            (
                "x.xls",
                b'<?xml version="1.0"?><Workbook/>',
                "is called .xls but is XML, which is not profiled",
            ),
            ("x.parquet", b"PARE" + PARQUET[4:-4] + b"PARE", "is an encrypted Parquet file"),
            ("x.xlsx", workbook()[:1500], "is a damaged workbook (File is not a zip file)"),
            ("x.csv.gz", gzip.compress(CSV)[:-9], "is a gzip file that is cut short"),
            (
                "x.csv.gz",
                gzip.compress(CSV) + b"garbage",
                "is a gzip file with other bytes behind its end",
            ),
        ],
        ids=case_id,
    )
    def test_a_corrupt_file_is_called_so(self, name: str, content: bytes, reason: Optional[str]) -> None:
        if reason is not None:
            found = detect(name, content)
            assert (found.format, found.reason) == (None, reason)
            assert found.remedy
            assert found.is_damaged

    def test_a_gzip_file_may_be_padded_with_zeros(self) -> None:
        """As gunzip and Python's gzip take it; it was called cut short."""
        assert detect("x.csv.gz", gzip.compress(CSV) + bytes(512)) == Detection(formats.CSV)

    @pytest.mark.parametrize("name", ["x.xlsx", "x.xls", "x.parquet", "x.orc", "x.avro"])
    @pytest.mark.parametrize(
        ("content", "kind"), [(CSV, formats.CSV), (b'{"a": 1}\n{"a": 2}\n', formats.JSON)]
    )
    def test_a_text_is_read_as_what_it_is_whatever_its_name(
        self, name: str, content: bytes, kind: FileFormat
    ) -> None:
        """Issue: "CSV called .xlsx"."""
        assert detect(name, content).format == kind
        assert misleading_extension(name, kind) == name[1:]

    def test_lines_of_json_are_no_csv(self) -> None:
        assert detect("x.csv", b'{"a": 1}\n{"a": 2}\n').format == formats.JSON
        assert detect("x.csv", b'{"a": 1},x\n{"a": 2},y\n').format == formats.CSV

    def test_a_gzip_that_does_not_inflate_is_damaged(self) -> None:
        packed = bytearray(gzip.compress(CSV * 50))
        packed[12:20] = b"\xff" * 8
        assert "is a damaged gzip file" in detect("x.csv.gz", bytes(packed)).reason

    def test_a_large_workbook_is_known_by_the_directory_at_its_end(self) -> None:
        content = workbook()
        assert detect("x", content, head=64).format is formats.EXCEL
        assert detect_format("x.xlsx", FileHead(content[:4000])).format is formats.EXCEL

    def test_the_head_of_a_large_json_document_is_enough(self) -> None:
        content = json.dumps([{"a": n, "text": "x" * 50} for n in range(500)], indent=1).encode()
        for cut in range(900, 1100):
            assert detect("x", content, head=cut).format is formats.JSON

    def test_text_of_no_certain_form_may_be_claimed_by_the_caller(self) -> None:
        assert detect("x.txt", b"Dear reader,\nthis is prose.\n").is_text
        assert not detect("x.bin", bytes(range(256))).is_text

    @pytest.mark.parametrize("content", [ORC, AVRO], ids=["orc", "avro"])
    def test_the_end_of_a_large_file_is_looked_at_where_it_lies(self, content: bytes) -> None:
        long = content[:-20] + bytes(200_000) + content[-20:]
        assert detect("x", long).format is not None
        assert detect("x", long[:-1]).is_damaged

    def test_a_header_that_is_longer_than_the_head_is_no_damage(self) -> None:
        long = avro(AVRO_SCHEMA.replace("id", "x" * 100_000), (3, b"\x02\x04\x06"))
        assert detect("x", long) == Detection(formats.AVRO)

    def test_without_the_file_the_head_decides(self) -> None:
        assert detect_format("x.csv", FileHead(PARQUET[:20])).format is formats.PARQUET
