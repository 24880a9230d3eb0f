"""A sample of text datasets: always the same rows, whole lines, nulls apart from empty texts."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, List, Optional

import pytest

from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.model import SourceType
from nuvyn_executor.reading import chunks
from nuvyn_executor.reading.chunks import CHUNK_BYTES, sampled_files
from nuvyn_executor.reading.frame import SAMPLE_CHARACTERS
from nuvyn_executor.reading.sampling import (
    SAMPLE_ROWS,
    CsvSample,
    JsonSample,
    sample_csv,
    sample_json,
)
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.model import FileEntry


def csv_of(root: Path) -> CsvSample:
    source = FileSystemSource(str(root), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
    return sample_csv(source, dataset)


def json_of(root: Path) -> JsonSample:
    source = FileSystemSource(str(root), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
    return sample_json(source, dataset)


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

    def test_nothing_that_json_can_say_ends_the_sample(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text(
            '{"a":1}\n{"a":' + "9" * 6000 + '}\n{"a":NaN}\n' + "[" * 100_000 + '\n{"a":2}\n'
        )
        found = json_of(tmp_path)
        assert (found.rows[0], found.rows[-1]) == ({"a": 1}, {"a": 2})


class TestLargeRecords:
    """Issue: "values of a megabyte, names of 300 characters": what is larger than a piece is read whole."""

    def test_a_header_longer_than_a_piece_is_read_whole(self, tmp_path: Path) -> None:
        names = [f"{n}_{'n' * 110}" for n in range(2000)]
        rows = [[str(n)] * 2000 for n in range(100)]
        (tmp_path / "x.csv").write_text("".join(",".join(row) + "\n" for row in [names, *rows]))
        found = csv_of(tmp_path)
        assert found.column_names == tuple(names)
        assert len(found.rows) >= 10
        assert all(row in rows for row in found.rows)
        assert names not in found.rows

    def test_rows_longer_than_a_piece_are_sampled(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text("id,t,n\n" + "".join(f"{n},{'x' * 10**6},5\n" for n in range(8)))
        found = csv_of(tmp_path)
        assert found.rows[0] == ["0", "x" * SAMPLE_CHARACTERS, "5"]
        assert 3 <= len(found.rows) < 8
        assert not found.whole
        assert found.mean_length == pytest.approx(10**6, rel=0.01)

    def test_rows_of_several_lines_longer_than_a_piece_are_sampled(self, tmp_path: Path) -> None:
        text = "x\n" * 250_000
        (tmp_path / "x.csv").write_text('id,t,n\n0,"a\nb",1\n' + f'1,"{text}",5\n' * 9)
        assert [row[2] for row in csv_of(tmp_path).rows[:4]] == ["1", "5", "5", "5"]

    def test_in_gzip_and_utf_16_as_well(self, tmp_path: Path) -> None:
        content = "id,t,n\n" + f"1,{'x' * 500_000},5\n" * 3
        (tmp_path / "x.csv.gz").write_bytes(gzip.compress(content.encode()))
        assert [row[2] for row in csv_of(tmp_path).rows] == ["5"] * 3
        (tmp_path / "x.csv.gz").unlink()
        (tmp_path / "x.csv").write_bytes(content.encode("utf-16"))
        assert [row[2] for row in csv_of(tmp_path).rows] == ["5"] * 3

    def test_pieces_of_the_middle_and_the_end_are_kept_where_they_hold_rows(self, tmp_path: Path) -> None:
        lines = [f"{n},{'x' * 300_000}\n" for n in range(20)] + [f"{n},x\n" for n in range(20, 30)]
        (tmp_path / "x.csv").write_text("id,t\n" + "".join(lines))
        assert csv_of(tmp_path).rows[0][0] == "0"
        assert csv_of(tmp_path).rows[-1][0] == "29"

    @pytest.mark.parametrize("size", [150_000, 1_000_000, 5_000_000])
    def test_lines_of_json_longer_than_a_piece_are_sampled(self, tmp_path: Path, size: int) -> None:
        lines = [json.dumps({"id": n, "text": "x" * size}) + "\n" for n in range(5)]
        (tmp_path / "x.jsonl").write_text("".join(lines))
        found = json_of(tmp_path)
        assert found.rows[0] == {"id": 0, "text": "x" * SAMPLE_CHARACTERS}
        assert [field.name for field in found.schema] == ["id", "text"]
        assert found.failed == 0
        assert found.mean_length == pytest.approx(size, rel=0.01)

    @pytest.mark.parametrize("indent", [None, 1])
    def test_a_document_longer_than_a_piece_is_read_to_its_end(
        self, tmp_path: Path, indent: Optional[int]
    ) -> None:
        features = [[n, "x" * 60] for n in range(8000)]  # of objects it would be the table
        (tmp_path / "x.json").write_text(json.dumps({"features": features, "last": 5}, indent=indent))
        found = json_of(tmp_path)
        assert [(field.name, field.kind) for field in found.schema] == [
            ("features", "array"),
            ("last", "scalar"),
        ]
        assert found.rows == [{"features": json.dumps(features)[:SAMPLE_CHARACTERS], "last": 5}]
        assert (found.failed, found.whole) == (0, True)

    def test_a_short_last_line_does_not_hide_the_long_ones(self, tmp_path: Path) -> None:
        lines = [json.dumps({"id": n, "text": "x" * 500_000}) for n in range(3)]
        (tmp_path / "x.jsonl").write_text("\n".join([*lines, '{"end": true}', ""]))
        assert [field.name for field in json_of(tmp_path).schema][:2] == ["id", "text"]

    def test_objects_without_fields_are_documents(self, tmp_path: Path) -> None:
        (tmp_path / "x.jsonl").write_text("{}\n" * 3)
        assert json_of(tmp_path) == JsonSample((), [{}] * 3, 0, whole=True)

    @pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
    def test_a_document_without_end_is_refused_in_a_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setattr(chunks, "MOST_BYTES", 1024 * 1024)
        text = json.dumps({"id": 1, "text": ["x" * 100] * 20_000}, indent=1 if name == "x.json" else None)
        (tmp_path / name).write_text(text)
        with pytest.raises(
            DatasetUnreadable, match=rf"{name} has no whole JSON object in its first 1 MiB\."
        ) as caught:
            json_of(tmp_path)
        assert "one a line" in caught.value.remedy

    def test_a_file_with_a_document_stands_for_one_whose_document_has_no_end(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chunks, "MOST_BYTES", 1024 * 1024)
        (tmp_path / "part-0.jsonl").write_text(json.dumps({"id": 1, "text": "x" * 2_000_000}))
        (tmp_path / "part-1.jsonl").write_text('{"id": 1}\n')
        assert json_of(tmp_path).rows == [{"id": 1}]
        assert not json_of(tmp_path).whole

    @pytest.mark.parametrize("text", ['{"a":\n', "[1, 2]\n", '{"a": 1\n' * 3])
    def test_a_file_without_any_object_is_refused_in_a_sentence(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(DatasetUnreadable, match=r"x\.json holds no JSON object that can be parsed\."):
            json_of(tmp_path)

    def test_a_header_without_end_is_refused_in_a_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chunks, "MOST_BYTES", 1024 * 1024)
        (tmp_path / "x.csv").write_text("".join(f"name{n}," for n in range(300_000)))
        with pytest.raises(
            DatasetUnreadable, match=r"first line of x\.csv does not end in its first 1 MiB\."
        ):
            csv_of(tmp_path)

    def test_an_ordinary_file_is_not_read_again(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text("id,n\n" + f"1,{'x' * 1000}\n" * 1000)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        (dataset,) = discover(source, SourceType.AUTO, 10).datasets
        reads: List[int] = []

        class Counting(FileSystemSource):
            def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
                reads.append(length)
                return super().read_range(entry, offset, length)

        sample_csv(Counting(str(tmp_path), on_databricks=False), dataset)
        assert sum(reads) < 6 * CHUNK_BYTES
