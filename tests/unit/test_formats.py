"""The table of formats, and what follows from it."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.formats import FORMATS, SOURCE_TYPES, TABLE, source_type_named, table_name_of
from nuvyn_executor.model import FileFormat, SourceType
from nuvyn_executor.reading.readers import OPENERS
from nuvyn_executor.reading.typed_frames import TABLES

ROOT = Path(__file__).resolve().parents[2]


class TestTheTable:
    """ "A format is one entry" and one opener; all that lists formats follows from the entries."""

    def test_each_format_has_one_opener(self) -> None:
        assert set(OPENERS) == {*FORMATS, TABLE}

    def test_formats_that_declare_types_are_those_that_become_tables(self) -> None:
        assert set(TABLES) == {one for one in (*FORMATS, TABLE) if one.declares_types}

    def test_polars_counts_the_formats_that_it_has_batches_of(self) -> None:
        kernel = pytest.importorskip("nuvyn_executor.profiling.polars.kernel")
        assert set(kernel.BATCHES) == {one for one in FORMATS if one.is_counted_by_polars}

    def test_each_format_is_a_source_type_and_three_name_no_format(self) -> None:
        assert {one.format for one in SOURCE_TYPES if one.format} == set(FORMATS)
        assert [one.value for one in SOURCE_TYPES if one.format is None] == ["auto", "azure_blob", "aws_s3"]
        assert source_type_named("auto") is SourceType.AUTO
        assert source_type_named("orc") == SourceType("orc", formats.ORC)

    def test_no_two_share_a_name_an_extension_or_a_magic_number(self) -> None:
        for values in (
            [one.value for one in FORMATS],
            [extension for one in FORMATS for extension in one.extensions],
            [one.magic for one in FORMATS if one.magic],
        ):
            assert len(set(values)) == len(values)

    @pytest.mark.parametrize("one", FORMATS, ids=lambda one: one.value)
    def test_an_entry_is_whole(self, one: FileFormat) -> None:
        assert one.noun.startswith(("a ", "an "))
        assert all(extension == extension.lower() for extension in one.extensions)
        assert one.extensions or one.has_log
        assert not (one.is_text and one.declares_types)
        assert one.is_text or not (one.has_dialect or one.may_be_document)

    @pytest.mark.parametrize("one", FORMATS, ids=lambda one: one.value)
    def test_an_entry_is_the_same_in_a_task(self, one: FileFormat) -> None:
        assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301  what was written here
        assert hash(pickle.loads(pickle.dumps(one))) == hash(one)  # noqa: S301  as above

    @pytest.mark.parametrize("one", FORMATS, ids=lambda one: one.value)
    def test_each_is_documented(self, one: FileFormat) -> None:
        for page in ("README.md", "docs/jobs.md"):
            assert one.value in (ROOT / page).read_text(encoding="utf-8").lower()


class TestNames:
    """ "Dataset.name = file stem without .csv.gz etc." """

    @pytest.mark.parametrize(
        ("name", "stem"),
        [
            ("a/b/sales.csv", "sales"),
            ("sales.CSV.gz", "sales"),
            ("sales.2024.json", "sales.2024"),
            ("part-0.snappy.parquet", "part-0"),
            ("part-0.gz.parquet", "part-0"),
            ("part-0.zlib.orc", "part-0"),
            ("sales.avro", "sales"),
            ("v1.2", "v1.2"),
            ("x.dat", "x"),
            (".csv", ".csv"),
        ],
    )
    def test_only_endings_that_name_a_format_are_left_out(self, name: str, stem: str) -> None:
        assert table_name_of(name) == stem
