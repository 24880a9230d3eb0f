"""The native engine reads lines of JSON as Spark does, or leaves them to it."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import random
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("polars")
from nuvyn_executor.bounds import Bounds
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan
from nuvyn_executor.profiling.polars import job
from nuvyn_executor.profiling.polars.json_batches import batches
from nuvyn_executor.profiling.polars.parts import NotNative, Piece, Reading
from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource
from nuvyn_executor.sources.unpacked import UnpackedSource
from tests.how_many import at_most
from tests.polars_ways import NOW, assert_both_ways_agree, datasets_of, ugly_table
from tests.scans import NOW as MOMENT
from tests.scans import ROWS, rows_of, scan

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.profiling.profiler import DatasetProfile

pytestmark = pytest.mark.spark

EXAMPLES = int(os.environ.get("JSON_FILES", "15"))
FEW = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Lines that begin a file, so that it is found to be JSON whatever follows.
PLAIN = b'{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n{"a":3,"b":"z"}\n'

OBJECTS_ONLY = b'{"o":{"p":1}}\n' * 20_000  # more than a sample sees

# What both engines read alike.
ALIKE: Dict[str, bytes] = {
    "numbers_as_texts": b'{"a":"1","b":"007"}\n{"a":2,"b":"1.10"}\n{"a":"1e3","b":"-0"}\n'
    b'{"a":"NaN","b":"NaN"}\n{"a":"-Infinity","b":"9223372036854775808"}\n',
    "missing_and_null": PLAIN
    + b'{"a":4}\n{"b":null,"a":5}\n{"b":"w"}\n{}\n{"a":null,"b":null}\n{"a":null}\n',
    "null_as_text": b'{"a":"null","b":null}\n{"a":null,"b":"null"}\n{"a":"","b":" "}\n',
    "other_orders": b'{"a":1,"b":"x","c":2}\n{"c":3,"b":"y","a":4}\n{"b":"z","a":5,"c":6}\n',
    "unknown_keys": PLAIN * 4000 + b'{"z":9,"a":7,"A":8,"b":"late"}\n' + PLAIN * 4000,
    "large_whole": b'{"a":9223372036854775808,"b":"x"}\n{"a":-18446744073709551617,"b":"y"}\n'
    b'{"a":123456789012345678901234567890123456789012345678901234567890,"b":"z"}\n{"a":0,"b":""}\n',
    "mixed_numbers": b'{"a":1,"b":2.5}\n{"a":1.0,"b":3}\n{"a":-0.001,"b":9999999.9}\n{"a":0.0,"b":-0.0}\n'
    b'{"a":191.15800000000002,"b":0.0012345678901234567}\n{"a":0.30000000000000004,"b":1234567.1234567}\n',
    "booleans_and_texts": b'{"a":true,"b":"true"}\n{"a":"false","b":false}\n'
    b'{"a":1,"b":"no"}\n{"a":null,"b":true}\n',
    "escapes": rb'{"a":"\"q\" \\ \/ \b\f\n\r\t","b":"\u00e9\u65E5\ud83d\ude00"}' + b"\n"
    rb'{"a":"a\\","b":"\\\""}' + b"\n" + rb'{"a":"\u0041","b":"x,\"y\":1"}' + b"\n" + PLAIN,
    "zero_character": rb'{"a":"\u0000","b":"x\u0000y"}'
    b"\n"
    rb'{"a":"\u001f","b":"\u0007"}'
    b"\n" + PLAIN,
    "escaped_keys": rb'{"\u0061":1,"b":"x"}' + b"\n" + PLAIN + rb'{"a":7,"\u0062":"w"}' + b"\n",
    "commas_and_quotes": b'{"a":"x,","b":"y"}\n{"a":",","b":"{"}\n{"a":":","b":"}"}\n{"a":"","b":",b:"}\n'
    b'{"a":"x, ","b":"y: "}\n{"a":"[1]","b":"{}"}\n',
    "spaces": b'{"a": 1, "b": "x"}\n{"a":2,"b":"y"}\n{ "a" : 3 , "b" : "z" }\n'
    b' \t{"a": 4,"b": "w"} \t\n{"a":\t5}\n',
    "mark": "\ufeff".encode() + PLAIN + '{"a":4,"b":"\u00e9\u65e5"}\n'.encode(),
    "crlf": PLAIN.replace(b"\n", b"\r\n"),
    "line_ends_of_all_kinds": PLAIN
    + PLAIN.replace(b"\n", b"\r")
    + PLAIN.replace(b"\n", b"\r\n")
    + b"\r\r\n"
    + PLAIN,
    "blank_lines": b"\n  \n" + PLAIN + b"\n\t\n \r\n" + PLAIN + b"\n\n",
    "no_last_line_end": PLAIN + b'{"a":4,"b":"w"}',
    "late_key": PLAIN * 1000 + b'{"a":1,"b":"x","late":"here"}\n' * 3,
    "separators_of_unicode": '{"a":"x\u2028y\u2029\u0085","b":"\u00a0"}\n'.encode() + PLAIN,
    "one_key": b'{"only":1}\n{"only":"x"}\n{"only":null}\n{}\n',
    "empty_key": b'{"":1,"b":"x"}\n{"":2,"b":"y"}\n',
    "odd_keys": '{"a b":1,"\u00e9":2,"x:y":3,"p,q":4}\n{"a b":5,"\u00e9":6,"x:y":7,"p,q":8}\n'.encode(),
    "an_object_in_it": b'{"a":{"x":1},"b":"w"}\n' * 5,
    "an_array_in_it": b'{"a":[1,2],"b":"w"}\n' * 5,
    "an_empty_object_in_it": b'{"a":{},"b":"w"}\n' * 5,
    "a_late_array": PLAIN * 5000 + b'{"a":[1],"b":"w"}\n' + PLAIN * 5000,
    "a_late_object": PLAIN * 5000 + b'{"a":{"x":1},"b":"w"}\n' + PLAIN * 5000,
    "an_unknown_object": PLAIN * 5000 + b'{"a":1,"z":{"x":1}}\n' + PLAIN * 5000,
    "an_unknown_key_with_a_point_in_an_array": PLAIN + b'{"a":[{"x.y":1}],"b":"w"}\n',
    "objects_in_objects": b'{"id":1,"o":{"p":"x","q":{"r":2.5,"s":"t"}},"end":true}\n'
    * 3
    + b'{"id":2,"o":null,"end":false}\n{"id":3,"o":{},"end":null}\n{"id":4,"o":{"q":null,"p":null}}\n'
    b'{"id":5,"o":{"q":{"s":"u"}}}\n{"o":{"p":"y","q":{"s":"v","r":3}},"id":6}\n{"id":7}\n'
    b'{ "id": 8, "o" : { "p" : "z" } , "end": true }\n{"id":9,"o":{"p":"x,","q":{}},"end":"}}"}\n'
    b'{"id":10,"o":{"unknown":{"q":1},"p":"\\u0061"}}\n{"o":null}\n',
    "an_object_of_one_key": b'{"o":{"p":1},"b":"x"}\n{"o":{"p":2},"b":"y"}\n'
    b'{"b":"z","o":{"p":3}}\n{"b":null}\n{"o":null}\n',
    "arrays": b'{"id":1,"list":["p","q,\\"r"],"b":[1,2.5,-3,0.0,null,true]}\n'
    b'{"id":2,"list":[],"b":[[1],[[]]]}\n{"id":3,"list":null,"b":[]}\n'
    b'{"id":4,"list":"no list","b":5}\n{"id":5,"list":["\\\\","\\n"]}\n'
    b'{"id":6,"b":[",\\"list\\":"],"list":["]"]}\n',
    "arrays_with_blanks": b'{"id": 1, "list": ["p", "q, r"], "b": [1, 2.5]}\n' * 3
    + b'{"id": 2, "list": [ ], "b": [\t[ 1 ] , [{ } ] ]}\n{"id":3, "list":["p" ,"q"]}\n',
    "arrays_with_escapes": rb'{"id":1,"list":["\u00e9\u65E5\ud83d\ude00","\/","\"q\" \\ \b\f\n\r\t"]}'
    + '\n{"id":2,"list":["é日","\U0001f600"]}\n'.encode()
    + rb'{"id":3,"list":["\u0000\u001f\u007f"],"\u0069":0}'
    + b"\n",
    "arrays_of_objects": b'{"id":1,"list":[{"sku":"x","n":1},{"sku":"y","n":2.5}]}\n'
    * 3
    + b'{"id":2,"list":[{"sku":null,"n":[1,2]},{}]}\n{"id":3,"list":[{"k":1,"k":2}]}\n'
    b'{"id":4,"list":[{"a":{"b":{"c":{"d":[[[[5]]]]}}}}]}\n{"id":5,"list":[{"a" : {"b": [ 1 ]} }]}\n',
    "zeros_in_arrays": b'{"id":1,"list":[1.10,0.50,100.00]}\n{"id":2,"list":[1.1, 191.15800000000002]}\n' * 3,
    "values_of_all_kinds": b'{"a":1,"b":[1]}\n{"a":"x","b":2}\n{"a":[],"b":"y"}\n{"a":null,"b":null}\n' * 5,
    "a_number_where_others_are_objects": b'{"o":{"p":1}}\n' * 5 + b'{"o":5}\n{"o":"x"}\n{"o":[{"p":1}]}\n',
    "quote_before_a_colon": rb'{"a\":":1,"b":2}' + b"\n" + rb'{"a\":":"\":","b":2}' + b"\n",
}

# What only Spark reads, and why.
REFUSED: Dict[str, Tuple[bytes, str]] = {
    "broken_in_the_middle": (PLAIN + b'{"a":4,"b":\n' + PLAIN, "no JSON object by itself"),
    "cut_at_the_end": (PLAIN + b'{"a":4,"b":"w', "no JSON object by itself"),
    "garbage_after": (PLAIN + b'{"a":4,"b":"w"} x\n', "no JSON object by itself"),
    "two_on_a_line": (PLAIN + b'{"a":4,"b":"w"}{"a":5,"b":"v"}\n', "no JSON object by itself"),
    "two_with_a_comma": (PLAIN + b'{"a":4,"b":"w"},{"a":5,"b":"v"}\n', "no JSON object by itself"),
    "an_array": (PLAIN + b'[{"a":4,"b":"w"},{"a":5,"b":"v"}]\n', "no JSON object by itself"),
    "a_number": (PLAIN + b"5\n", "no JSON object by itself"),
    "a_text": (PLAIN + b'"a"\n', "no JSON object by itself"),
    "single_quotes": (PLAIN + b"{'a':4,'b':'w'}\n", "no JSON object by itself"),
    "control_character": (PLAIN + b'{"a":4,"b":"w\x01"}\n', "no JSON object by itself"),
    "tab_in_a_text": (PLAIN + b'{"a":4,"b":"w\tv"}\n', "no JSON object by itself"),
    "leading_zero": (PLAIN + b'{"a":04,"b":"w"}\n', "no JSON object by itself"),
    "plus": (PLAIN + b'{"a":+4,"b":"w"}\n', "no JSON object by itself"),
    "comment": (PLAIN + b'{"a":4,"b":"w"}//x\n', "no JSON object by itself"),
    "trailing_comma": (PLAIN + b'{"a":4,"b":"w",}\n', "no JSON object by itself"),
    "wrong_escape": (PLAIN + rb'{"a":4,"b":"\x"}' + b"\n", "no JSON object by itself"),
    "no_colon": (PLAIN + b'a":4}\n', "no JSON object by itself"),
    "second_mark": (PLAIN + '\ufeff{"a":4,"b":"w"}\n'.encode(), "no JSON object by itself"),
    "duplicate_keys": (PLAIN + b'{"a":4,"b":"w","a":5}\n', "the key 'a' more than once"),
    "duplicate_keys_throughout": (b'{"a":4,"b":"w","a":5}\n' * 9, "the key 'a' more than once"),
    "duplicate_keys_escaped": (PLAIN + rb'{"a":4,"\u0061":"w"}' + b"\n", "the key 'a' more than once"),
    "nan": (PLAIN + b'{"a":NaN,"b":"w"}\n', "it has NaN where"),
    "infinity": (PLAIN + b'{"a":-Infinity,"b":"w"}\n', "it has -Infinity where"),
    "nan_in_quotes": (PLAIN + rb'{"a":4,"b":"\"NaN\""}' + b"\n", "NaN or Infinity in quotes"),
    "half_a_character": (PLAIN + rb'{"a":4,"b":"\ud83d"}' + b"\n", "a lone surrogate"),
    "halves_turned": (PLAIN + rb'{"a":4, "b":"\ude00\ud83d"}' + b"\n", "a lone surrogate"),
    "a_key_with_a_point": (b'{"a.x":1,"b":"w"}\n' * 5, "a key with a point"),
    "a_late_key_with_a_point": (PLAIN + b'{"a.x":1,"b":"w"}\n', "'a' is no object in one of"),
    "a_key_with_a_point_in_an_object": (b'{"o":{"a.x":1},"b":"w"}\n' * 5, "a key with a point"),
    "a_number_for_an_object": (OBJECTS_ONLY + b'{"o":5}\n' + OBJECTS_ONLY, "'o' is no object in one of"),
    "an_array_for_an_object": (
        OBJECTS_ONLY + b'{"o":[{"p":1}]}\n' + OBJECTS_ONLY,
        "'o' is no object in one of",
    ),
    "duplicate_keys_in_an_object": (PLAIN + b'{"o":{"p":1,"p":2}}\n', "the key 'p' more than once"),
    "duplicate_objects": (PLAIN + b'{"o":{"p":1},"o":{"q":2}}\n', "the key 'o' more than once"),
    "nan_in_an_array": (PLAIN + b'{"a":[NaN],"b":"w"}\n', "it has NaN where"),
    "broken_array": (PLAIN + b'{"a":[1,],"b":"w"}\n', "no JSON object by itself"),
    "open_array": (PLAIN + b'{"a":[1,"b":"w"}\n', "no JSON object by itself"),
    "open_object": (PLAIN + b'{"o":{"p":1,"b":"w"}\n', "no JSON object by itself"),
    "no_utf8": (PLAIN * 50 + b'{"a":4,"b":"\xff"}\n', "not in UTF-8 throughout"),
    "zero_bytes": (PLAIN * 50 + b'{"a":4,"b":"\0"}\n', "zero bytes"),
    "cr": (PLAIN.replace(b"\n", b"\r"), "not a line each"),
    "no_keys": (b"{}\n{}\n{ }\n", "it has no columns"),
    "one_document": (b'[\n{"a":1,"b":"x"},\n{"a":2,"b":"y"}\n]\n', "not a line each"),
    "documents_over_lines": (b'{\n"a":1\n}\n{\n"a":2\n}\n', "not a line each"),
    "rows_in_an_object": (b'{"data":[{"a":1},{"a":2}]}\n', "not a line each"),
}


# Numbers that a Spark reads as they are written, or writes as Java writes doubles; and what is there then.
DOUBLES: Dict[str, Optional[str]] = {
    "1.10": "1.1",
    "-5.00": "-5.0",
    "0.00": "0.0",
    "-0.000": "-0.0",
    "1234567.2500": "1234567.25",
    "0.0010": "0.001",
    "0.300000000000000040": "0.30000000000000004",
    "1e3": None,
    "-1.50E-7": None,
    "-0": None,
    "0.1000000000000000055511151231257827": None,
    "0.10000000000000001": None,
    "0.0001": None,
    "10000000.5": None,
    "1e400": None,
}
"""``None``: Spark reads them, as this engine does not know which text Java writes."""


def save(folder: Path, data: bytes, name: str = "file.json") -> None:
    (folder / name).write_bytes(data)


def agree(spark: Any, folder: Path, slices: Tuple[int, ...] = (1, 3)) -> None:
    (dataset,) = datasets_of(folder)
    assert_both_ways_agree(spark, folder, dataset, slices)
    if not dataset.partition_columns:
        assert natively(folder, spark) == by_spark(folder, spark)


def natively(folder: Path, spark: Any) -> List[Tuple[Optional[str], ...]]:
    """Return the rows as the native engine reads them, sorted.

    Raises:
        NotNative: it leaves them to Spark.
    """
    (dataset,) = datasets_of(folder)
    frame = open_frame(spark, FileSystemSource(str(folder), on_databricks=False), dataset)
    plan = plan_scan(frame, dataset.name)
    reason = job.supports(dataset, plan)
    if reason is not None:
        raise NotNative(reason)
    pieces = [Piece(entry.path, entry.size_bytes) for entry in dataset.files]
    rows: List[Tuple[Optional[str], ...]] = []
    reading = Reading.of(dataset, plan, NOW, keeps_numbers=job.keeps_numbers(spark))
    for batch in batches(pieces, reading):
        columns = dict(batch.columns)
        rows.extend(zip(*(columns[index].to_list() for index in range(len(plan.columns)))))
    return sorted(rows, key=repr)


def by_spark(folder: Path, spark: Any) -> List[Tuple[Optional[str], ...]]:
    """Return the rows as Spark reads them, sorted; a record that did not parse is no row that either has."""
    (dataset,) = datasets_of(folder)
    frame = open_frame(spark, FileSystemSource(str(folder), on_databricks=False), dataset)
    rows = [("a broken record",) if row[-1] is not None else tuple(row[:-1]) for row in frame.data.collect()]
    return sorted(rows, key=repr)


def payload(found: DatasetProfile) -> Any:
    """What a scan says, but for what counted and for hashes."""
    return found.columns, found.scan, found.file_count, found.size_bytes, found.rows_read


class TestLines:
    """Lines as people and programs write them; what is read alike is counted by either engine."""

    @pytest.mark.parametrize("name", ALIKE)
    def test_a_file_is_counted_alike(self, spark: Any, folder: Path, name: str) -> None:
        save(folder, ALIKE[name])
        agree(spark, folder, (1, 2, 5))

    @pytest.mark.parametrize("name", REFUSED)
    def test_what_only_spark_reads(self, spark: Any, folder: Path, name: str) -> None:
        data, reason = REFUSED[name]
        save(folder, data)
        with pytest.raises(NotNative, match=reason):
            natively(folder, spark)

    @pytest.mark.parametrize("number", DOUBLES)
    def test_numbers_that_not_every_spark_leaves(self, spark: Any, folder: Path, number: str) -> None:
        save(folder, PLAIN + f'{{"a":{number},"b":"w"}}\n{{ "a":{number},"b":"w"}}\n'.encode())
        keeps = job.keeps_numbers(spark)
        assert keeps == (int(spark.version.split(".")[0]) >= 4)
        if DOUBLES[number] is None and not keeps:
            with pytest.raises(NotNative, match="does not leave as it is written"):
                natively(folder, spark)
            return
        agree(spark, folder)
        assert (number if keeps else DOUBLES[number], "w") in natively(folder, spark)

    def test_a_setting_of_spark_4_says_whether_numbers_stay(self, spark: Any, folder: Path) -> None:
        if not job.keeps_numbers(spark):
            assert spark.version.startswith("3.")  # it has no such setting
            return
        save(folder, PLAIN + b'{"a":1.10,"b":"w"}\n')
        spark.conf.set(job._KEEPS_NUMBERS, "false")  # noqa: SLF001  Spark's own name of it
        try:
            agree(spark, folder)
            assert ("1.1", "w") in natively(folder, spark)
        finally:
            spark.conf.unset(job._KEEPS_NUMBERS)  # noqa: SLF001  as above

    @pytest.mark.parametrize("text", ["[1e3]", "[-0]", "[10000000.5]", '["\\ud83d"]'])
    def test_arrays_that_not_every_spark_leaves(self, spark: Any, folder: Path, text: str) -> None:
        save(folder, PLAIN + f'{{"a":{text},"b":"w"}}\n{{ "a":{text},"b":"w"}}\n'.encode())
        if not job.keeps_numbers(spark):
            with pytest.raises(NotNative, match=r"does not leave as it is written|a lone surrogate"):
                natively(folder, spark)
            return
        agree(spark, folder)
        assert (text, "w") in natively(folder, spark)

    def test_numbers_in_packed_files(self, spark: Any, folder: Path) -> None:
        data = PLAIN + b'{"a":1.10,"b":"w"}\n{ "a":5.00,"b":"v"}\n'
        save(folder, gzip.compress(data), "file.json.gz")
        agree(spark, folder)

    def test_a_number_of_too_many_digits_is_for_spark(self, spark: Any, folder: Path) -> None:
        save(folder, PLAIN + b'{"a":' + b"9" * 1001 + b',"b":"w"}\n')
        with pytest.raises(NotNative, match="does not leave as it is written: 999"):
            natively(folder, spark)

    def test_texts_that_look_like_something(self, spark: Any, folder: Path) -> None:
        table = ugly_table(6, varied=True)
        rows = [dict(zip(table, row)) for row in zip(*table.values())]
        lines = [json.dumps(row, ensure_ascii=index % 2 == 0) for index, row in enumerate(rows)]
        save(folder, "\n".join(lines).encode())
        agree(spark, folder, (1, 4))

    def test_values_of_every_kind_in_one_column(self, spark: Any, folder: Path) -> None:
        chance = random.Random(7)  # noqa: S311  data, no secret
        values = [
            1,
            2.5,
            -0.125,
            "1",
            "1.0",
            True,
            False,
            "true",
            None,
            "",
            "word",
            "2024-01-01",
            10**30,
            "n/a",
        ]
        rows = [{"id": i, "anything": chance.choice(values)} for i in range(3000)]
        save(folder, "\n".join(map(json.dumps, rows)).encode())
        agree(spark, folder)

    def test_keys_that_are_missing_or_in_other_orders(self, spark: Any, folder: Path) -> None:
        chance = random.Random(8)  # noqa: S311  data, no secret
        lines = []
        for i in range(4000):
            row = {
                "id": i,
                "word": f"w{i % 7}",
                "price": i / 8,
                "day": f"2024-01-{1 + i % 28:02}",
                "flag": i % 3 == 0,
            }
            pairs = [pair for pair in row.items() if chance.random() < 0.8]
            chance.shuffle(pairs)
            lines.append(json.dumps(dict(pairs), separators=(",", ":")))
        save(folder, "\n".join(lines).encode())
        agree(spark, folder)


class TestFiles:
    """Several files, folders that say values, compressed files, files that are empty."""

    def test_files_with_different_keys(self, spark: Any, folder: Path) -> None:
        save(folder, PLAIN, "part-1.json")
        save(folder, b'{"b":"v","c":1.5}\n{"c":2}\n', "part-2.json")
        save(folder, b"", "part-3.json")
        save(folder, b'{"c":"x","a":"9"}', "part-4.json")
        agree(spark, folder)

    def test_folders_say_values(self, spark: Any, folder: Path) -> None:
        for number, year in enumerate(("2023", "2024", "__HIVE_DEFAULT_PARTITION__")):
            part = folder / "sales" / f"year={year}" / f"city=K%C3%B6ln {number}"
            part.mkdir(parents=True)
            save(part, b"\n" + PLAIN * (number + 1) + b'{ "a": 5 }\n\n{"b":"u"}\n')
        (dataset,) = datasets_of(folder)
        assert dataset.partition_columns == ("year", "city")
        assert_both_ways_agree(spark, folder, dataset)

    def test_a_folder_says_a_key(self, spark: Any, folder: Path) -> None:
        part = folder / "sales" / "A=5"
        part.mkdir(parents=True)
        save(part, PLAIN)
        with pytest.raises(NotNative, match="differ in capitals only"):
            agree(spark, folder)

    def test_many_small_files(self, spark: Any, folder: Path) -> None:
        for number in range(150):
            save(folder, PLAIN + b'{"b":"%d"}' % number, f"part-{number:05d}.json")
        agree(spark, folder, (1,))

    def test_gzip(self, spark: Any, folder: Path) -> None:
        save(folder, gzip.compress(PLAIN * 100), "packed.json.gz")
        agree(spark, folder)

    def test_other_packed_files(self, spark: Any, folder: Path) -> None:
        save(folder, bz2.compress(PLAIN * 100), "packed.jsonl.bz2")
        with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
            archive.writestr("member.jsonl", PLAIN * 50 + ALIKE["spaces"])
        source = UnpackedSource(FileSystemSource(str(folder), on_databricks=False), on_databricks=False)
        for dataset in discover(source, SourceType.AUTO, 1000).datasets:
            found, other = (
                SparkScanner(spark, one).scan(source, dataset, MOMENT) for one in ("auto", "spark")
            )
            assert (found.state.engine, other.state.engine) == ("polars", "spark"), dataset.name
            assert payload(found) == payload(other)
            assert rows_of(found) >= 150

    @pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
    def test_wide_characters_are_for_no_engine(self, folder: Path, codec: str) -> None:
        save(folder, PLAIN.decode().encode(codec))
        source = FileSystemSource(str(folder), on_databricks=False)
        found = discover(source, SourceType.AUTO, 1000)
        assert not found.datasets
        assert [one.reason.startswith("is JSON in UTF-16") for one in found.skipped] == [True]

    def test_a_long_line(self, spark: Any, folder: Path) -> None:
        save(folder, PLAIN + b'{"a":4,"b":"%s"}\n' % (b"x" * 3_000_000) + PLAIN)
        agree(spark, folder)

    def test_a_line_that_is_too_long(self, spark: Any, folder: Path) -> None:
        save(folder, PLAIN + b'{"a":4,"b":"%s"}\n' % (b"x" * 5_000_000) + PLAIN)
        with pytest.raises(NotNative, match="a line that is too long"):
            agree(spark, folder)

    def test_more_blocks_than_one(self, spark: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("nuvyn_executor.profiling.polars.joined_files.BLOCK_BYTES", 1000)
        monkeypatch.setattr(
            "nuvyn_executor.profiling.polars.text_blocks.blocks.__defaults__", (1000, None, Bounds())
        )
        save(folder, PLAIN * 500 + ALIKE["spaces"] * 20 + ALIKE["missing_and_null"] * 20)
        agree(spark, folder, (1, 7))

    def test_partly_other_layouts_are_for_spark(self, spark: Any, folder: Path) -> None:
        save(folder, PLAIN, "part-1.json")
        save(folder, b'[\n{"a":7,"b":"q"},\n{"a":8,"b":"r"}\n]', "part-2.json")
        (dataset,) = datasets_of(folder)
        assert len(dataset.by_layout()) > 1
        found, other = scan(spark, folder), scan(spark, folder, engine="spark")
        assert (found.state.read_by, rows_of(found)) == ("spark", 5)
        assert payload(found) == payload(other)


class TestScans:
    """The whole way: what counted is named, and what is refused is read by Spark all the same."""

    @pytest.mark.parametrize(("engine", "used"), [("auto", "polars"), ("spark", "spark")])
    def test_a_scan_says_what_counted(self, spark: Any, folder: Path, engine: str, used: str) -> None:
        save(folder, PLAIN * 10)
        found = scan(spark, folder, engine=engine)
        assert (found.state.engine, rows_of(found)) == (used, 30)
        assert [one.maximum for one in found.columns] == [3, None]
        assert scan(spark, folder, found, engine=engine).rows_read == 0

    @pytest.mark.parametrize(
        "name", ["broken_in_the_middle", "a_number_for_an_object", "nan", "half_a_character"]
    )
    def test_what_is_refused_is_read_by_spark(self, spark: Any, folder: Path, name: str) -> None:
        save(folder, REFUSED[name][0])
        found, other = scan(spark, folder), scan(spark, folder, engine="spark")
        assert (found.state.read_by, other.state.read_by) == ("spark", "spark")
        assert (found.state.engine, other.state.engine) == ("polars", "spark")
        assert payload(found) == payload(other)

    def test_keys_that_differ_in_case(self, spark: Any, folder: Path) -> None:
        save(folder, b'{"a":1,"A":2}\n{"a":3,"A":4}\n' * 5)
        found, other = scan(spark, folder), scan(spark, folder, engine="spark")
        assert (found.state.read_by, other.state.read_by) == ("spark", "spark")
        assert (found.state.engine, other.state.engine) == ("polars", "spark")
        assert payload(found) == payload(other)
        assert [one.maximum for one in found.columns] == [3, 4]

    def test_the_payloads_are_the_same(self, spark: Any, folder: Path) -> None:
        alike = [data for data in ALIKE.values() if data.lstrip().startswith(b'{"a":') and b'"A"' not in data]
        save(folder, b"\n".join(alike))
        found, other = scan(spark, folder), scan(spark, folder, engine="spark")
        assert (found.state.engine, other.state.engine) == ("polars", "spark")
        assert payload(found) == payload(other)

    def test_of_new_files_these_alone_are_read(self, spark: Any, folder: Path) -> None:
        for name, first, rows in (("part-1", 0, ROWS), ("part-2", ROWS, 10), ("part-3", ROWS - 5, 1000)):
            lines = (
                f'{{"id":{i},"word":"w{i % 7}","filler":"{"x" * 60}"}}\n' for i in range(first, first + rows)
            )
            (folder / f"{name}.json").write_text("".join(lines))
        whole = scan(spark, folder)
        new = (folder / "part-3.json").rename(folder.parent / "part-3.json")
        before = scan(spark, folder)
        new.rename(folder / "part-3.json")
        after = scan(spark, folder, before)
        assert (after.state.engine, after.rows_read, rows_of(after)) == ("polars", 1000, ROWS + 1010)
        assert after.scan == whole.scan


class TestSupports:
    @pytest.mark.parametrize("other", [{"multiline": True}, {"records_at": ""}, {"records_at": "data"}])
    def test_only_lines_are_counted(self, folder: Path, other: Dict[str, Any]) -> None:
        save(folder, PLAIN)
        (dataset,) = datasets_of(folder)
        plan = ScanPlan((ColumnPlan("a"),))
        assert job.supports(dataset, plan) is None
        assert job.supports(replace(dataset, **other), plan) == "its documents are not a line each"


# -- random lines ------------------------------------------------------------------------------------------


TEXTS = st.text(st.sampled_from('ab0,:"\\/{}[] \t\n\x00\x7f\u00e9\u2028\ud7ff\U0001f600'), max_size=6)
WHOLE = st.integers(-(10**20), 10**20).filter(bool)
DECIMALS = st.builds(
    lambda number, sign: number * sign, st.floats(0.001, 9999999, exclude_max=True), st.sampled_from((1, -1))
)
SCALARS = st.one_of(TEXTS, WHOLE, DECIMALS, st.booleans(), st.none())
RECORDS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(("a", "b", "c", "d,", "\u00e9")), SCALARS),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)
# What is no plain value, or is written in no plain way.
DOUBTFUL = st.sampled_from(
    [
        "1.10", "1e3", "-0", "-0.0", "0.0001", "12345678.5", "NaN", "Infinity", "[1]", "{}", '{"a":1}', "01",
        "+1", ".5", "1.", "tru", "nul", "'x'", "x", '"', '"\\ud800"', '"\\udc00\\ud800"', '"\\u12"', '"\\x"',
        '"\t"', "", '"a"b', "1 2", '"NaN"', '"\\"NaN\\""', '"\\"x\\""', '"\\/"', "9" * 400, "0.1" + "0" * 30,
        "[1.10]", "[ 1 ,2]", '["\\/"]', '["\\ud800"]', "[-0]", "[1e3]", '[{"a" : 1.5}]', "[NaN]", '["x]',
        "1E400", "-1", "1e-7", '"\\u0000"', "\ufeff1", "\u00a01",
    ]
)  # fmt: skip
BLANKS = st.sampled_from(["", "", "", " ", "\t", "  "])
PAIRS = st.lists(
    st.tuples(
        st.sampled_from(['"a"', '"b"', '"c"', '"d"', '"A"', '"\\u0062"'] * 5 + ["a", "'a'", '"a', ""]),
        st.one_of(*[SCALARS.map(json.dumps)] * 3, DOUBTFUL),
    ),
    max_size=3,
)
ENDS = st.sampled_from(["}"] * 15 + ["} ", "", "}}", "},", "} x", "}{}", "]"])


def line_of(pairs: Sequence[Tuple[str, str]], before: str, after: str, end: str) -> str:
    return "{" + f"{before},{after}".join(f"{key}{before}:{after}{value}" for key, value in pairs) + end


LINES = st.lists(
    st.one_of(st.just('{"a":1,"b":"x"}'), st.builds(line_of, PAIRS, BLANKS, BLANKS, ENDS)),
    min_size=1,
    max_size=3,
)


NESTED = st.recursive(
    SCALARS,
    lambda one: st.one_of(
        st.lists(one, max_size=3), st.dictionaries(st.sampled_from(("a", "d,", "\u00e9")), one, max_size=3)
    ),
    max_leaves=6,
)
LEAVES = st.one_of(SCALARS, st.lists(NESTED, max_size=3))
OBJECTS = st.one_of(st.none(), st.dictionaries(st.sampled_from(("p", "q", "z")), LEAVES))
TREES = st.lists(
    st.tuples(
        st.fixed_dictionaries({}, optional={"a": LEAVES, "o": OBJECTS, "b": LEAVES}),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


class TestRandomLines:
    """Any records are read alike; any lines are read alike or left to Spark."""

    @settings(FEW, max_examples=at_most(EXAMPLES))
    @given(RECORDS)
    def test_records(self, spark: Any, tmp_path_factory: pytest.TempPathFactory, records: Any) -> None:
        lines = [
            json.dumps(record, ensure_ascii=is_ascii, separators=(",", ":") if is_dense else None)
            for record, is_ascii, is_dense in records
        ]
        folder = tmp_path_factory.mktemp("records")
        save(folder, PLAIN + "\n".join(lines).encode())
        assert natively(folder, spark) == by_spark(folder, spark)

    @settings(FEW, max_examples=at_most(EXAMPLES))
    @given(TREES)
    def test_records_with_arrays_and_objects(
        self, spark: Any, tmp_path_factory: pytest.TempPathFactory, records: Any
    ) -> None:
        lines = [
            json.dumps(record, ensure_ascii=is_ascii, separators=(",", ":") if is_dense else None)
            for record, is_ascii, is_dense in records
        ]
        folder = tmp_path_factory.mktemp("trees")
        save(folder, b'{"a":1,"o":{"p":1,"q":"x"}}\n' * 3 + "\n".join(lines).encode())
        assert natively(folder, spark) == by_spark(folder, spark)

    @settings(FEW, max_examples=at_most(EXAMPLES))
    @given(LINES)
    def test_lines(self, spark: Any, tmp_path_factory: pytest.TempPathFactory, lines: List[str]) -> None:
        folder = tmp_path_factory.mktemp("lines")
        save(folder, PLAIN + "\n".join(lines).encode() + b"\n" + PLAIN)
        try:
            found = natively(folder, spark)
        except NotNative:
            return
        assert found == by_spark(folder, spark)
