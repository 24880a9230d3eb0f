"""Files of the kinds that public corpora hold, with the rows and columns that a careful reader finds in them.

The kinds and their numbers are those of csv-spectrum, JSONTestSuite and parquet-testing, and of bug reports
of other tools; the contents are made here.
"""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Dict, Mapping, Sequence, Tuple

import pytest

pl = pytest.importorskip("polars")


@dataclass(frozen=True)
class Sample:
    """A dataset as bytes, and what is known of it.

    Attributes:
        files: the content of each file by its name; together they are one table.
        rows: rows, those that cannot be read included.
        columns: their names; ``None`` where only their number is known.
        count: how many columns there are.
        corrupt: rows that cannot be read.
    """

    files: Mapping[str, bytes]
    rows: int
    columns: Tuple[str, ...] = ()
    count: int = 0
    corrupt: int = 0

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self.count or len(self.columns)


def _csv(text: str, rows: int, columns: str, encoding: str = "utf-8", name: str = "t.csv") -> Sample:
    return Sample({name: text.encode(encoding)}, rows, tuple(columns.split()))


def _json(text: str, rows: int, columns: str = "a", corrupt: int = 0, name: str = "t.json") -> Sample:
    return Sample({name: text.encode()}, rows, tuple(columns.split()), corrupt=corrupt)


def _lines(*rows: Sequence[object], delimiter: str = ",", end: str = "\n") -> str:
    return "".join(delimiter.join(map(str, row)) + end for row in rows)


# The twelve files of csv-spectrum, and their siblings.
CSV: Dict[str, Sample] = {
    "simple": _csv("a,b,c\n1,2,3\n", 1, "a b c"),
    "simple with CRLF": _csv("a,b,c\r\n1,2,3\r\n", 1, "a b c"),
    "comma in quotes": _csv('first,last,street\nAnn,Berg,"12 Any Road, Oslo"\n', 1, "first last street"),
    "empty values": _csv('a,b,c\n1,"",""\n2,3,4\n', 2, "a b c"),
    "empty values with CRLF": _csv('a,b,c\r\n1,"",""\r\n2,3,4\r\n', 2, "a b c"),
    "quotes in quotes": _csv('a,b\n1,"say ""so"" now"\n3,4\n', 2, "a b"),
    "JSON in a cell": _csv('key,val\n1,"{""kind"": ""point"", ""at"": [1.0, 2.0]}"\n', 1, "key val"),
    "numbers after a point": _csv("x,y\n-0.44,51.5\n2.35,48.85\n", 2, "x y"),
    "line ends in quotes": _csv('a,b,c\n1,2,3\n"Two\nlines",5,6\n7,8,9\n', 3, "a b c"),
    "line ends in quotes with CRLF": _csv('a,b,c\r\n1,2,3\r\n"Two\r\nlines",5,6\r\n7,8,9\r\n', 3, "a b c"),
    "quotes and line ends": _csv('a,b\n1,"so \n""it"" \nis"\n3,4\n', 2, "a b"),
    "UTF-8": _csv("a,b,c\n1,2,3\n4,5,\u02a4\n", 2, "a b c"),
    "a byte order mark": _csv("\ufeffid,name\n1,Ann\n", 1, "id name"),
    "no end of the last line": _csv("id,name\n1,Ann\n2,Bob", 2, "id name"),
    "old Mac line ends": _csv("id,name\r1,Ann\r2,Bob\r", 2, "id name"),
    "blank lines between": _csv("id,name\n\n1,Ann\n\n2,Bob\n\n", 2, "id name"),
    "a header alone": _csv("id,name,city\n", 0, "id name city"),
    "a tab": _csv("id\tname\n1\tAnn\n", 1, "id name", name="t.tsv"),
    "semicolons": _csv("id;name;city\n1;Ann;Oslo\n2;Bob;Rom\n", 2, "id name city"),
    "semicolons and decimal commas": _csv("id;price\n1;3,50\n2;4,25\n", 2, "id price"),
    "pipes": _csv("id|name\n1|Ann\n2|Bob\n", 2, "id name"),
    "two pipes": _csv("id||name\n1||Ann\n2||Bob\n", 2, "id name"),
    "Hive's separator": _csv("id\x01name\n1\x01Ann\n2\x01Bob\n", 2, "id name"),
    "colons": _csv("id:name:city\n1:Ann:Oslo\n2:Bob:Rom\n", 2, "id name city"),
    "a trailing delimiter": _csv("id,name,\n1,Ann,\n2,Bob,\n", 2, "id name"),
    "quoted names": Sample({"t.csv": b'"id","full name"\n"1","Ann"\n'}, 1, ("id", "full name")),
    "a name twice": Sample({"t.csv": b"id,x,x\n1,2,3\n"}, 1, count=3),
    "names of blanks": Sample({"t.csv": b"id, ,\n1,2,3\n4,5,6\n"}, 2, count=3),
    "UTF-16": _csv("id,name\n1,Zo\u00eb\n", 1, "id name", "utf-16"),
    "Windows-1252": _csv("id,name\n1,Zo\u00eb\n2,Ren\u00e9\n", 2, "id name", "cp1252"),
    "gzip": Sample({"t.csv.gz": gzip.compress(b"id,name\n1,Ann\n2,Bob\n")}, 2, ("id", "name")),
    "parts in another order": Sample(
        {"part-0.csv": b"price,qty\n1.5,10\n2.5,20\n", "part-1.csv": b"qty,price\n30,3.5\n40,4.5\n"},
        4,
        ("price", "qty"),
    ),
    "three hundred columns": Sample(
        {"t.csv": _lines([f"c{i}" for i in range(300)], range(300)).encode()}, 1, count=300
    ),
    "Excel's sep line": _csv("sep=;\nid;name\n1;Ann\n2;Bob\n", 2, "id name"),
    "a title and a blank line": _csv(
        "Sales of 2024\n\nid,name,price\n1,Ann,2\n2,Bob,3\n", 2, "id name price"
    ),
    "comments": _csv("# made by a program\n# version 2\nid,name\n1,Ann\n2,Bob\n", 2, "id name"),
    "a total at the end": _csv(
        "id,name,price\n" + _lines(*((i, f"n{i}", i) for i in range(50))) + "Total,,1225\n",
        50,
        "id name price",
    ),
    "a note at the end": _csv("id;name\n1;Ann\n2;Bob\n(2 rows affected)\n", 2, "id name"),
    "units below the names": _csv(
        "time,speed\ns,m/s\n" + _lines(*((i, i * 2.5) for i in range(9))), 9, "time speed"
    ),
    "backslashes before quotes": _csv('id,name\n1,"Ann \\"A\\" Berg"\n2,"Bob, \\"B\\""\n', 2, "id name"),
    "backslashes that are data": _csv('id,path\n1,"C:\\"\n2,"D:\\data\\"\n', 2, "id path"),
    "a table of Markdown": _csv(
        "| id | name |\n|----|------|\n| 1 | Ann |\n| 2 | Bob |\n", 2, "id name", name="t.csv"
    ),
    "null markers": _csv("id,name\n1,\\N\n2,n/a\n3,Ann Berg\n", 3, "id name"),
    "numbers as people write them": _csv('id;price\n1;"1.234,56"\n2;"7,5"\n', 2, "id price"),
    "Shift-JIS": _csv(
        "id,\u540d\u524d\n1,\u7530\u4e2d\u592a\u90ce\n2,\u9234\u6728\u82b1\u5b50\n",
        2,
        "id \u540d\u524d",
        "shift_jis",
    ),
    "one NUL": _csv("id,name\n1,A\x00nn\n2,Bob\n", 2, "id name"),
    "a long cell": _csv(_lines(("id", "note"), (1, "x" * 200_000), (2, "y")), 2, "id note"),
}

# Documents that parsers accept and refuse, after JSONTestSuite; lines of one object each.
JSON: Dict[str, Sample] = {
    "lines": _json('{"a":1}\n{"a":2}\n', 2),
    "an array": _json('[{"a":1},{"a":2},{"a":3}]', 3),
    "a pretty array": _json(json.dumps([{"a": 1}, {"a": 2}], indent=2), 2),
    "one object": _json('{"a":1,"b":[1,2]}', 1, "a b"),
    "documents one after another": _json('{"a":3}{"a":4}', 2),
    "pretty documents one after another": _json('{\n "a": 1\n}\n{\n "a": 2\n}\n', 2),
    "wrapped": _json('{"meta":{"n":2},"data":[{"a":1},{"a":2}]}', 2),
    "escapes": _json('{"a":"\\u0041\\n\\/\\ud83d\\ude00"}\n{"a":"x"}\n', 2),
    "big numbers": _json('{"a":123456789012345678901234567890}\n{"a":1e400}\n', 2),
    "small numbers": _json('{"a":-0}\n{"a":0e+1}\n{"a":1E-2}\n', 3),
    "null, true and false": _json('{"a":null}\n{"a":true}\n{"a":false}\n', 3),
    "an empty name": Sample({"t.json": b'{"":0}\n{"":1}\n'}, 2, count=1),
    "blanks around": _json(' \t{"a" : 1 } \r\n\t{"a":2}\n', 2),
    "nested": _json('{"a":{"b":{"c":[1]}}}\n{"a":{"b":{"c":[]}}}\n', 2, "a.b.c"),
    "other columns in each line": _json('{"a":1}\n{"b":2}\n', 2, "a b"),
    "a name twice in one object": _json('{"a":1,"a":2}\n{"a":3}\n', 2),
    "names that differ in case": _json('{"a":1,"A":2}\n{"a":3}\n', 2, "a A"),
    "not a number": _json('{"a":NaN}\n{"a":1}\n', 2),
    "GeoJSON": _json('{"type":"FeatureCollection","features":[{"id":1},{"id":2}]}', 2, "id"),
    "a truncated line": _json('{"a":1}\n{"a":2}\n{"a":', 3, corrupt=1),
    "a line of text": _json('{"a":1}\nnothing\n{"a":3}\n', 3, corrupt=1),
    "a trailing comma": _json('{"a":1}\n{"a":2,}\n{"a":3}\n', 3, corrupt=1),
    "a missing colon": _json('{"a":1}\n{"a" 2}\n{"a":3}\n', 3, corrupt=1),
    "a missing quote": _json('{"a":1}\n{"a":"x}\n{"a":3}\n', 3, corrupt=1),
}


def _parquet(frame: Any, **more: Any) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, **more)
    return buffer.getvalue()


def _typed(rows: int) -> Any:
    return pl.DataFrame(
        {
            "id": range(rows),
            "flag": [row % 2 == 0 for row in range(rows)],
            "tiny": pl.Series([row % 100 for row in range(rows)], dtype=pl.Int8),
            "ratio": [row / 7 for row in range(rows)],
            "single": pl.Series([row / 8 for row in range(rows)], dtype=pl.Float32),
            "price": [Decimal(row) / 4 for row in range(rows)],
            "day": [date(2024, 1, 1 + row % 28) for row in range(rows)],
            "at": [datetime(2024, 1, 1, row % 24) for row in range(rows)],  # noqa: DTZ001  as files hold it
            "name": [f"name {row}" for row in range(rows)],
            "blob": [bytes([row % 256]) for row in range(rows)],
            "nothing": pl.Series([None] * rows, dtype=pl.String),
        }
    )


# What parquet-testing tries: types, codecs, pages, nesting, and no values at all.
PARQUET: Dict[str, Sample] = {
    **{
        f"all types, {codec}": Sample({"t.parquet": _parquet(_typed(8), compression=codec)}, 8, count=11)
        for codec in ("uncompressed", "snappy", "gzip", "zstd", "lz4")
    },
    "no statistics": Sample({"t.parquet": _parquet(_typed(24), statistics=False)}, 24, count=11),
    "many row groups": Sample({"t.parquet": _parquet(_typed(200), row_group_size=7)}, 200, count=11),
    "no rows": Sample({"t.parquet": _parquet(_typed(0))}, 0, count=11),
    "lists": Sample(
        {"t.parquet": _parquet(pl.DataFrame({"id": [1, 2, 3], "list": [[1], [], None]}))}, 3, ("id", "list")
    ),
    "a struct": Sample(
        {"t.parquet": _parquet(pl.DataFrame({"s": [{"a": 1, "b": "x"}, {"a": None, "b": "y"}]}))},
        2,
        ("s.a", "s.b"),
    ),
    "nothing but nulls": Sample(
        {"t.parquet": _parquet(pl.DataFrame({"n": pl.Series([None] * 8, dtype=pl.Int64)}))}, 8, ("n",)
    ),
    "one NaN": Sample({"t.parquet": _parquet(pl.DataFrame({"x": [float("nan")]}))}, 1, ("x",)),
    "parts": Sample({f"part-{n}.parquet": _parquet(_typed(5)) for n in range(3)}, 15, count=11),
    "a name in upper case": Sample({"t.PARQUET": _parquet(_typed(3))}, 3, count=11),
}

CORPORA: Mapping[str, Mapping[str, Sample]] = {"csv": CSV, "json": JSON, "parquet": PARQUET}
