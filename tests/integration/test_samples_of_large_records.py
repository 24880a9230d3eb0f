"""Records, headers and names larger than what is usually read of a file are scanned as any others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict, List, Optional

import pytest

from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.reading import chunks
from tests.oracles import ENGINES, scanned

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.spark


def types_of(profile: Any) -> Dict[str, str]:
    return {one.name: one.data_type for one in profile.scan.columns}


def counts_of(profile: Any) -> Dict[str, int]:
    tally = profile.scan.tally
    return {"rows": tally.rows, "corrupt": tally.corrupt_rows, "columns": len(tally.columns)}


def counts(rows: int, columns: int, corrupt: int = 0) -> Dict[str, int]:
    return {"rows": rows, "corrupt": corrupt, "columns": columns}


def write_lines(path: Path, documents: List[Dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(one) + "\n" for one in documents))


class TestJson:
    """Issue: "values of a megabyte"; no ordinary document is refused for its size."""

    @pytest.mark.parametrize("size", [150_000, 1_000_000, 5_000_000])
    def test_long_lines(self, spark: Any, folder: Path, size: int) -> None:
        write_lines(folder / "a.jsonl", [{"id": n, "text": "x" * size, "n": 1.5} for n in range(5)])
        found = scanned(spark, folder, "auto")
        assert counts_of(found) == counts(5, 3)
        assert types_of(found) == {"id": "bigint", "text": "string", "n": "double"}
        assert found.columns[1].length_max == size

    @pytest.mark.parametrize("indent", [None, 1])
    def test_a_long_document(self, spark: Any, folder: Path, indent: Optional[int]) -> None:
        features = [{"type": "Feature", "properties": {"id": n, "filler": "x" * 60}} for n in range(8000)]
        document = {"type": "FeatureCollection", "features": features, "bounds": {"west": 1.5}}
        (folder / "a.json").write_text(json.dumps(document, indent=indent))
        found = scanned(spark, folder, "auto")
        assert counts_of(found) == counts(8000, 3)  # the one array of objects is the table
        assert types_of(found) == {
            "type": "string",
            "properties.id": "bigint",
            "properties.filler": "string",
        }

    @pytest.mark.parametrize(
        ("name", "text", "rows"), [("a.jsonl", "{}\n" * 7, 7), ("a.json", "[]", 0), ("a.json", "[{}, {}]", 2)]
    )
    def test_documents_without_fields(
        self, spark: Any, folder: Path, name: str, text: str, rows: int
    ) -> None:
        (folder / name).write_text(text)
        found = scanned(spark, folder, "auto")
        assert counts_of(found) == counts(rows, 0)
        assert found.scan.distinct_rows is None

    def test_documents_without_fields_among_broken_ones(self, spark: Any, folder: Path) -> None:
        (folder / "a.jsonl").write_text('{}\n{"a":\n{}\n')
        assert counts_of(scanned(spark, folder, "auto")) == counts(3, 0, corrupt=1)

    def test_documents_without_fields_in_folders_with_values(self, spark: Any, folder: Path) -> None:
        for year in (2023, 2024):
            (folder / f"year={year}").mkdir()
            (folder / f"year={year}" / "a.jsonl").write_text("{}\n{}\nbroken\n")
        found = scanned(spark, folder, "auto")
        assert counts_of(found) == counts(6, 1, corrupt=2)
        assert types_of(found) == {"year": "bigint"}

    def test_a_document_without_end_is_refused_in_a_sentence(
        self, spark: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chunks, "MOST_BYTES", 1024 * 1024)
        (folder / "a.json").write_text(json.dumps({"features": ["x" * 100] * 20_000}))
        with pytest.raises(DatasetUnreadable) as caught:
            scanned(spark, folder, "auto")
        assert str(caught.value) == (
            "a.json has no whole JSON object in its first 1 MiB. Write it as smaller objects, one a line."
        )

    @pytest.mark.parametrize("names", [["__corrupt_record"], ["__CORRUPT_record", "__corrupt_record_"]])
    def test_a_field_called_as_the_column_of_broken_records(
        self, spark: Any, folder: Path, names: List[str]
    ) -> None:
        documents = [{"id": n, **{name: f"{name}{n}" for name in names}} for n in range(4)]
        write_lines(folder / "a.jsonl", documents)
        with (folder / "a.jsonl").open("a") as file:
            file.write("broken\n")
        found = scanned(spark, folder, "auto")
        assert counts_of(found) == counts(5, 1 + len(names), corrupt=1)
        assert [one.name for one in found.scan.columns] == ["id", *names]
        assert [one.distinct.count for one in found.scan.columns] == [4] * (1 + len(names))


class TestCsv:
    """Issue: "values of a megabyte, names of 300 characters, hundreds of columns"."""

    @pytest.mark.parametrize("engine", ENGINES)
    @pytest.mark.parametrize(("value", "kind"), [("a word", "string"), ("12345", "bigint")])
    def test_a_long_header(self, spark: Any, folder: Path, engine: str, value: str, kind: str) -> None:
        names = [f"c{n:03}_{'n' * 295}" for n in range(500)]
        row = ",".join([value] * 500) + "\n"
        (folder / "a.csv").write_text(",".join(names) + "\n" + row * 100)
        assert (folder / "a.csv").stat().st_size > 3 * chunks.CHUNK_BYTES
        found = scanned(spark, folder, engine)
        assert counts_of(found) == counts(100, 500)
        assert types_of(found) == dict.fromkeys(names, kind)

    @pytest.mark.parametrize("engine", ENGINES)
    def test_names_of_300_characters(self, spark: Any, folder: Path, engine: str) -> None:
        names = [f"column {n} {'of ' * 95}" + "words" for n in range(3)]
        (folder / "a.csv").write_text(",".join(names) + "\n" + "one,two words,three\n" * 9)
        found = scanned(spark, folder, engine)
        assert counts_of(found) == counts(9, 3)
        assert types_of(found) == dict.fromkeys(names, "string")

    @pytest.mark.parametrize("engine", ENGINES)
    def test_values_of_a_megabyte(self, spark: Any, folder: Path, engine: str) -> None:
        (folder / "a.csv").write_text("id,text,n\n" + "".join(f"{n},{'x' * 10**6},1.5\n" for n in range(8)))
        found = scanned(spark, folder, engine)
        assert counts_of(found) == counts(8, 3)
        assert types_of(found) == {"id": "bigint", "text": "string", "n": "double"}
        assert found.columns[1].length_max == 10**6

    @pytest.mark.parametrize("engine", ENGINES)
    def test_folders_called_as_the_columns_that_spark_reads(
        self, spark: Any, folder: Path, engine: str
    ) -> None:
        for n in (1, 2):
            below = folder / f"__C0={n}" / f"__corrupt_record={n + 5}"
            below.mkdir(parents=True)
            (below / "a.csv").write_text("__corrupt_record,__c0\n1.5,x\n2.5,y\n")
        found = scanned(spark, folder, engine)
        assert counts_of(found) == counts(4, 4)
        assert [(one.name, one.data_type) for one in found.scan.columns] == [
            ("__corrupt_record", "double"),
            ("__c0", "string"),
            ("__C0", "bigint"),
            ("__corrupt_record", "bigint"),
        ]
