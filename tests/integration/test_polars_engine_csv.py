"""The native engine reads CSV as Spark does, to the last count."""

from __future__ import annotations

import gzip
import random
import re
from typing import TYPE_CHECKING, Any, List, Optional, Sequence

import pytest

from nuvyn_executor.profiling.polars.parts import NotNative

pytest.importorskip("polars")
from tests.polars_ways import assert_both_ways_agree, datasets_of, ugly_table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.spark

CSV_FILES = {
    "short_and_long": b"id,name,amount\n1,a,2\n2,b\n3\n4,d,5,6\n5,e,6,7,8\n6,,\n,,\n7,g,8",
    "quotes": b'id,name,amount\n1,"a, b",2\n2,"say ""hi""",3\n3,"",4\n4,,5\n5,"x",\n6,"x"\n7,"x",1,"y"\n""""'
    b',"""",""""""\n8,5" pipe,6\n9,a"b"c,1\n',
    "crlf": b"id,name\r\n1,a\r\n\r\n2,\r\n3,c\r\n",
    "cr": b"id,name\r1,a\r2,b\r\r3,c\r",
    "mark": "\ufeffid,name\n1,\u00e9\n2,\u65e5\n".encode(),
    "blank_lines": b"\n  \nid,name\n1,a\n\n   \n2,b\n \t\n3,c\n\n",
    "control_characters": b"id,name\n1,a word\n\x01\n2,b\x01\n\x1f \x02\n3,\x01\n"
    + 99 * b"4,several words\n",
    "tabs": b"id\tname\tamount\n1\ta\t2\n\t\t\n\tb\t3\n2\t\t\n\t\t4\n",
    "one_column": b'name\na\n\nb\n \nc d\n""\n"x"\n',
    "no_header": b"1,a,2024-01-01\n2,b,2024-01-02\n3,c,2024-01-03\n4,d\n",
    "latin": "id;name\n1;Gro\u00df\n2;\u00e9t\u00e9\n3;x\n".encode("iso-8859-1"),
    "windows": "id;name\n1;\u201equote\u201c\n2;5 \u20ac\n3;x\n".encode("cp1252"),
    "single_quotes": b"id;name;more\n1;'a;b';x\n2;'it''s';y\n3;'';z\n4;;w\n5;'k';'l'\n",
    "header_only": b"id,name\n",
    "spaces": b'id,name\n 1 , a \n2,\tb\n3," c "\n4,  \n',
}


class TestTexts:
    """Texts in CSV, each shape, expected and not."""

    @pytest.mark.parametrize(("delimiter", "varied"), [(",", True), (";", False), ("\t", False)])
    def test_csv(self, spark: Any, tmp_path: Path, delimiter: str, varied: bool) -> None:  # noqa: FBT001
        table = ugly_table(25, varied=varied)
        rows = (delimiter.join(quoted(value, delimiter) for value in row) for row in zip(*table.values()))
        lines = [delimiter.join(table), *rows]
        (tmp_path / "ugly.csv").write_text("\n".join(lines), encoding="utf-8", newline="")
        (dataset,) = datasets_of(tmp_path)
        assert dataset.dialect is not None
        assert dataset.dialect.delimiter == delimiter
        assert_both_ways_agree(spark, tmp_path, dataset)


def quoted(value: Optional[str], delimiter: str) -> str:
    if value is None:
        return ""
    if value == "" or delimiter in value or '"' in value or value[0] == " ":
        return '"' + value.replace('"', '""') + '"'
    return value


class TestCsvFiles:
    """Files as people write them: short rows, long rows, quotes, line ends, marks, encodings."""

    @pytest.mark.parametrize("name", CSV_FILES)
    def test_a_file(self, spark: Any, tmp_path: Path, name: str) -> None:
        (tmp_path / f"{name}.csv").write_bytes(CSV_FILES[name])
        (dataset,) = datasets_of(tmp_path)
        assert_both_ways_agree(spark, tmp_path, dataset, slices=(1, 2, 5))

    def test_gzip(self, spark: Any, tmp_path: Path) -> None:
        (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(CSV_FILES["short_and_long"]))
        (dataset,) = datasets_of(tmp_path)
        assert_both_ways_agree(spark, tmp_path, dataset)

    def test_folders_say_values(self, spark: Any, tmp_path: Path) -> None:
        for year in (2023, 2024):
            folder = tmp_path / "sales" / f"year={year}"
            folder.mkdir(parents=True)
            (folder / "a.csv").write_bytes(CSV_FILES["short_and_long"])
        (dataset,) = datasets_of(tmp_path)
        assert dataset.partition_columns == ("year",)
        assert_both_ways_agree(spark, tmp_path, dataset)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (b'id,name\n1,"a"b\n2,c\n', "a quoted value that goes on after its quote"),
            (b"id,name\n1,a\n2,\xff\xc3\n" + 50 * "3,\u00e9\n".encode(), "not in UTF-8 throughout"),
        ],
    )
    def test_what_only_spark_can_tell(self, spark: Any, tmp_path: Path, text: bytes, reason: str) -> None:
        (tmp_path / "odd.csv").write_bytes(text)
        (dataset,) = datasets_of(tmp_path)
        with pytest.raises(NotNative, match=reason):
            assert_both_ways_agree(spark, tmp_path, dataset)


# What may stand beside a plain part file: each is a whole file of its own, header and all.
PARTS = (
    b"id,name,amount\n1,a,2.5\n2,b,3\n",
    b"id,name,amount\n3,c,4\n4,d,5",
    "\ufeffid,name,amount\n5,\u00e9,6\n".encode(),
    b"id,name,amount\r\n6,f,7\r\n7,g,8",
    b"id,name,amount\r8,h,9\r9,i,1\r",
    b"other,names,here\n10,j,2\n",
    b"id,name,amount,more\n11,k,3\n",
    b"id,name,amount\n",
    b"id,name,amount",
    b"\n \nid,name,amount\n\n12,l,4\n  \n13,m,5\n\n",
    b"id,name,amount\n14,n,\n15,,\n,,\n",
)
SPOILING = (
    b"id,name,amount\n16,o\n17\n18,p,6,7\n",
    b'id,name,amount\n19,"q, r",7\n20,"",8\n21,"s",9\n22,"t","u","v"\n',
    b'id,"name",amount\n23,w,1\n',
    b'id,name,amount\n24,5" x,1\n',
)


class TestManyFiles:
    """What is read together is counted as what is read file by file."""

    @pytest.mark.parametrize("spoiling", [(), SPOILING])
    def test_parts_of_a_folder(self, spark: Any, tmp_path: Path, spoiling: Sequence[bytes]) -> None:
        for number, data in enumerate([*PARTS, *spoiling] * 5):
            (tmp_path / f"part-{number:05d}.csv").write_bytes(data)
        (dataset,) = datasets_of(tmp_path)
        assert len(dataset.files) == 5 * len([*PARTS, *spoiling])
        assert_both_ways_agree(spark, tmp_path, dataset)

    @pytest.mark.parametrize("spoiling", [(), SPOILING])
    def test_folders_say_values(self, spark: Any, tmp_path: Path, spoiling: Sequence[bytes]) -> None:
        names = ("2023", "2024", "__HIVE_DEFAULT_PARTITION__")
        for number, data in enumerate([*PARTS, *spoiling] * 2):
            folder = tmp_path / "sales" / f"year={names[number % 3]}" / f"city=K%C3%B6ln {number % 4}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.csv").write_bytes(data)
        (dataset,) = datasets_of(tmp_path)
        assert dataset.partition_columns == ("year", "city")
        assert_both_ways_agree(spark, tmp_path, dataset, slices=(1,))


class TestAnyText:
    """Lines that nobody would write, but for those whose quotes only Spark can tell."""

    def test_random_lines(self, spark: Any, tmp_path: Path) -> None:
        chance = random.Random(11)  # noqa: S311  data, no secret
        lines: List[str] = []
        while len(lines) < 4000:
            cells = [
                "".join(chance.choices(ALPHABET, k=chance.randrange(5))) for _ in range(chance.choice(WIDTHS))
            ]
            line = ",".join(f'"{cell}"' if chance.random() < 0.2 else cell for cell in cells)
            if CLEAN.fullmatch(line):
                lines.append(line)
        text = "number,word,moment\n" + 2000 * "12,ab,2024-01-01\n" + "\n".join(lines)
        (tmp_path / "any.csv").write_text(text, encoding="utf-8", newline="")
        (dataset,) = datasets_of(tmp_path)
        assert_both_ways_agree(spark, tmp_path, dataset, slices=(1, 7))


ALPHABET = 'ab19 0-.,,"\t\x0b\x0c\x1f\x01\xa0\x85\u2028\ufeffé日'
WIDTHS = (1, 2, 3, 3, 3, 3, 4, 5)
# Quoted values end where their field ends; a value that does not begin with a quote may hold any.
CLEAN = re.compile(r'(?:(?:[^",]*|"(?:[^"]|"")*")(?:,|$))+|(?:(?:[^",][^,]*)?(?:,|$))+')
