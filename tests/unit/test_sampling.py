"""A sample of text datasets: always the same rows, whole lines, nulls apart from empty texts."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, Dict, List, Optional

import pytest

from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.metadata.chunks import CHUNK_BYTES, sampled_files
from nuvyn_executor.metadata.csv_records import parse_values
from nuvyn_executor.metadata.discovery import discover
from nuvyn_executor.metadata.json_sample import JsonField, parse_documents, schema_of
from nuvyn_executor.metadata.sampling import (
    SAMPLE_ROWS,
    CsvSample,
    JsonSample,
    sample_csv,
    sample_json,
)
from nuvyn_executor.model import SourceType
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path


def csv_of(root: Path) -> CsvSample:
    source = FileSystemSource(str(root), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
    return sample_csv(source, dataset)


def json_of(root: Path) -> JsonSample:
    source = FileSystemSource(str(root), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
    return sample_json(source, dataset)


class TestRecords:
    """ "None for empty unquoted fields" """

    @pytest.mark.parametrize(
        ("text", "records"),
        [
            ('a,,"",b\n', [["a", None, "", "b"]]),
            ("a,\n", [["a", None]]),
            ("a,", [["a", None]]),
            (",\n", [[None, None]]),
            ('"x,y","say ""hi"""\r\nz,w', [["x,y", 'say "hi"'], ["z", "w"]]),
            ('"x\ny",1\n2,3\n', [["x\ny", "1"], ["2", "3"]]),
            ('"open,1\n2,3\n', [['"open', "1"], ["2", "3"]]),
            ('5" pipe,1\n', [['5" pipe', "1"]]),
            ('"a"b,1\n', [["ab", "1"]]),
            ("\n\na\n\nb\n", [["a"], ["b"]]),
            ("a\rb\r", [["a"], ["b"]]),
            ('""\n', [[""]]),
            ("", []),
        ],
    )
    def test_fields_are_what_a_reader_sees(self, text: str, records: List[List[Optional[str]]]) -> None:
        assert list(parse_values(text, ",", '"')) == records

    def test_any_delimiter_and_quote_will_do(self) -> None:
        assert list(parse_values("'a|b'|c\n", "|", "'")) == [["a|b", "c"]]


class TestCsv:
    """ "deterministic sample of text datasets for freezing types" """

    def test_a_small_file_is_sampled_whole(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text('id,name,note\n1,Anna,\n2,,""\n')
        assert csv_of(tmp_path) == CsvSample(
            ("id", "name", "note"), [["1", "Anna", None], ["2", None, ""]], whole=True
        )

    def test_columns_without_names_are_named_as_spark_names_them(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text(",id,id\n0,1,2\n1,3,4\n")
        assert csv_of(tmp_path).column_names == ("_c0", "id", "id")
        (tmp_path / "x.csv").write_text("1;2\n3;4\n")
        assert csv_of(tmp_path) == CsvSample(("_c0", "_c1"), [["1", "2"], ["3", "4"]], whole=True)

    def test_a_byte_order_mark_is_no_part_of_a_name(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbf\xef\xbb\xbfid,n\n1,2\n")
        assert csv_of(tmp_path).column_names == ("id", "n")

    @pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-16-le", "iso-8859-1"])
    def test_every_encoding_is_decoded(self, tmp_path: Path, codec: str) -> None:
        (tmp_path / "x.csv").write_bytes("id;näme\r\n1;é\r\n2;ü\r\n".encode(codec))
        assert csv_of(tmp_path) == CsvSample(("id", "näme"), [["1", "é"], ["2", "ü"]], whole=True)

    def test_gzip_is_inflated(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"id,n\n1,2\n"))
        assert csv_of(tmp_path) == CsvSample(("id", "n"), [["1", "2"]], whole=True)

    def test_a_value_of_several_lines_stays_one_value(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text('id,n\n1,"a\nb"\n2,c\n')
        assert csv_of(tmp_path).rows == [["1", "a\nb"], ["2", "c"]]

    def test_a_stray_quote_spoils_its_line_only(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text('id,n\n1,"open\n2,b\n3,c\n')
        assert csv_of(tmp_path).rows == [["1", '"open'], ["2", "b"], ["3", "c"]]

    def test_a_large_file_gives_lines_of_its_beginning_middle_and_end(self, tmp_path: Path) -> None:
        lines = [f"{n},é{n:06d}" for n in range(100_000)]
        content = ("id,name\n" + "\n".join(lines) + "\n").encode()
        (tmp_path / "x.csv").write_bytes(content)
        assert len(content) > 3 * CHUNK_BYTES
        found = csv_of(tmp_path)
        sampled = [f"{row[0]},{row[1]}" for row in found.rows]
        assert set(sampled) <= set(lines)
        assert len(sampled) == len(set(sampled)) <= SAMPLE_ROWS
        assert sampled[0] == lines[0]
        assert any(40_000 < int(str(row[0])) < 60_000 for row in found.rows)
        assert any(int(str(row[0])) > 92_000 for row in found.rows)
        assert not found.whole
        assert found == csv_of(tmp_path)

    def test_the_very_last_line_of_a_large_file_is_reached_when_lines_are_few(self, tmp_path: Path) -> None:
        lines = [f"{n},{'x' * 1000}" for n in range(1000)]
        (tmp_path / "x.csv").write_text("id,n\n" + "\n".join(lines))
        assert csv_of(tmp_path).rows[-1][0] == "999"

    def test_a_row_too_many_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(SAMPLE_ROWS)))
        assert (len(csv_of(tmp_path).rows), csv_of(tmp_path).whole) == (SAMPLE_ROWS, True)
        (tmp_path / "x.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(SAMPLE_ROWS + 1)))
        assert (len(csv_of(tmp_path).rows), csv_of(tmp_path).whole) == (SAMPLE_ROWS, False)

    def test_the_header_is_left_out_of_every_file_that_has_it(self, tmp_path: Path) -> None:
        for number, content in enumerate(["id,n\n1,a\n", "id,n\n2,b\n", "3,c\n4,d\n"]):
            (tmp_path / f"part-{number}.csv").write_text(content)
        assert csv_of(tmp_path).rows == [["1", "a"], ["2", "b"], ["3", "c"], ["4", "d"]]

    def test_of_many_files_a_few_are_read_the_first_and_the_last_among_them(self, tmp_path: Path) -> None:
        for number in range(12):
            (tmp_path / f"part-{number:02d}.csv").write_text(f"id\n{number}\n")
        found = csv_of(tmp_path)
        assert [row[0] for row in found.rows] == ["0", "2", "5", "8", "11"]
        assert not found.whole

    def test_a_header_alone_is_a_table_without_rows(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text("id,name\n")
        assert csv_of(tmp_path) == CsvSample(("id", "name"), [], whole=True)

    def test_a_file_that_vanished_is_an_error_of_that_dataset(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text("id\n1\n")
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        (dataset,) = discover(source, SourceType.AUTO, 10).datasets
        (tmp_path / "x.csv").unlink()
        with pytest.raises(DatasetUnreadable):
            sample_csv(source, dataset)
        assert sampled_files(dataset.files) == list(dataset.files)


class TestJsonShape:
    """ "fields in order of first appearance over the sample; conflicts -> scalar text" """

    def test_objects_nest_and_arrays_of_objects_have_their_fields(self) -> None:
        documents: List[Dict[str, Any]] = [
            {"id": 1, "at": {"city": "Rome"}, "tags": ["a"], "lines": [{"n": 1}, {"price": 2.5}]},
            {"late": None, "at": {"zip": "00100"}, "id": None, "lines": []},
        ]
        assert schema_of(documents) == (
            JsonField("id", "scalar"),
            JsonField("at", "object", (JsonField("city", "scalar"), JsonField("zip", "scalar"))),
            JsonField("tags", "array"),
            JsonField("lines", "array", (JsonField("n", "scalar"), JsonField("price", "scalar"))),
            JsonField("late", "scalar"),
        )

    @pytest.mark.parametrize("other", [1, "x", True, [1], [{"b": 1}]])
    def test_what_is_of_several_kinds_is_a_scalar(self, other: object) -> None:
        assert schema_of([{"a": {"b": 1}}, {"a": other}]) == (JsonField("a", "scalar"),)

    def test_null_is_of_no_kind(self) -> None:
        assert schema_of([{"a": None}, {"a": {"b": 1}}]) == (
            JsonField("a", "object", (JsonField("b", "scalar"),)),
        )

    def test_an_object_without_fields_has_no_columns(self) -> None:
        assert schema_of([{"a": {}}]) == (JsonField("a", "scalar"),)

    def test_an_array_of_objects_and_others_has_no_fields(self) -> None:
        assert schema_of([{"a": [{"b": 1}, 2]}]) == (JsonField("a", "array"),)


class TestJson:
    """ "`json` (lines and one document)" """

    def test_lines_are_documents_and_broken_ones_are_counted(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text('{"a":1}\nbroken\n\n{"b":"x"}\n5\n{"a":')
        found = json_of(tmp_path)
        assert found.rows == [{"a": 1}, {"b": "x"}]
        assert (found.failed, found.whole) == (3, True)
        assert [field.name for field in found.schema] == ["a", "b"]

    @pytest.mark.parametrize(
        ("text", "rows"),
        [
            ('[\n{"a":1},\n{"a":2}\n]\n', [{"a": 1}, {"a": 2}]),
            ('[{"a":1},{"a":2}]', [{"a": 1}, {"a": 2}]),
            ('{\n "a": 1\n}\n', [{"a": 1}]),
            ("[\n]\n", []),
        ],
    )
    def test_a_document_is_its_objects(self, tmp_path: Path, text: str, rows: List[object]) -> None:
        (tmp_path / "x.json").write_text(text)
        assert json_of(tmp_path).rows == rows
        assert json_of(tmp_path).whole
        assert json_of(tmp_path).failed == 0

    def test_a_document_that_breaks_off_counts_as_failed_once(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text('[\n{"a":1},\n{"a":\n')
        assert (json_of(tmp_path).rows, json_of(tmp_path).failed) == ([{"a": 1}], 1)

    def test_of_a_large_document_the_elements_at_its_beginning_are_taken(self, tmp_path: Path) -> None:
        documents = [{"id": n, "text": "x" * 100} for n in range(10_000)]
        (tmp_path / "x.json").write_text(json.dumps(documents, indent=1))
        found = json_of(tmp_path)
        assert 1000 < len(found.rows) < 10_000
        assert found.rows == documents[: len(found.rows)]
        assert (found.failed, found.whole) == (0, False)

    def test_fields_that_appear_only_at_the_end_of_a_large_file_are_seen(self, tmp_path: Path) -> None:
        lines = [json.dumps({"id": n, "text": "x" * 100}) for n in range(10_000)]
        (tmp_path / "x.jsonl").write_text("\n".join([*lines, '{"late": true}\n']))
        found = json_of(tmp_path)
        assert [field.name for field in found.schema] == ["id", "text", "late"]
        assert (found.failed, found.whole) == (0, False)

    def test_gzip_and_a_byte_order_mark_are_taken_off(self, tmp_path: Path) -> None:
        (tmp_path / "x.json.gz").write_bytes(gzip.compress(b'\xef\xbb\xbf{"a":1}\n{"a":2}\n'))
        assert json_of(tmp_path).rows == [{"a": 1}, {"a": 2}]

    def test_documents_one_after_another_are_parsed_too(self) -> None:
        assert parse_documents('{"a":\n1}\n{"a":\n2}') == ([{"a": 1}, {"a": 2}], True)

    def test_nothing_that_json_can_say_ends_the_sample(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text(
            '{"a":1}\n{"a":' + "9" * 6000 + '}\n{"a":NaN}\n' + "[" * 100_000 + '\n{"a":2}\n'
        )
        found = json_of(tmp_path)
        assert (found.rows[0], found.rows[-1]) == ({"a": 1}, {"a": 2})
