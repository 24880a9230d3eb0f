"""Columns that folders' names hold."""

from __future__ import annotations

from typing import Tuple

import pytest

from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.partition_folders import Values, unescaped, values_of
from nuvyn_executor.model import Dataset


class TestValues:
    """A Hive-partitioned tree has a column for each level of `key=value` folders."""

    @pytest.mark.parametrize(
        ("columns", "path", "values"),
        [
            ((), "/d/x.csv", ()),
            (("year",), "/d/year=2024/x.csv", ("2024",)),
            (("year", "month"), "/d/year=2024/month=01/x.csv", ("2024", "01")),
            (("month", "year"), "/d/year=2024/month=01/x.csv", ("01", "2024")),
            (("city",), "/d/city=__HIVE_DEFAULT_PARTITION__/x.csv", (None,)),
            (("city",), "/d/city=/x.csv", ("",)),
            (("city",), "/d/city=a%3Db%2Fc/x.csv", ("a=b/c",)),
            (("a b",), "/d/a%20b=1=2/x.csv", ("1=2",)),
            (("k",), "/d/between/k=1/x=y.csv", ("1",)),
        ],
        ids=range(9),
    )
    def test_each_column_has_the_text_of_its_folder(
        self, columns: Tuple[str, ...], path: str, values: Values
    ) -> None:
        dataset = Dataset("d", "", "/d", formats.CSV, (), partition_columns=columns)
        assert values_of(dataset, path) == values

    def test_a_column_without_a_folder_is_an_error(self) -> None:
        dataset = Dataset("d", "", "/d", formats.CSV, (), partition_columns=("year",))
        with pytest.raises(KeyError):
            values_of(dataset, "/d/x.csv")

    @pytest.mark.parametrize(
        ("text", "plain"), [("a%20b", "a b"), ("%C3%A9", "Ã©"), ("5%", "5%"), ("%zz", "%zz")]
    )
    def test_each_escape_is_a_character(self, text: str, plain: str) -> None:
        assert unescaped(text) == plain
