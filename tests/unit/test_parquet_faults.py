"""Why a Parquet file that is intact cannot be read, by its footer."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from nuvyn_executor.reading.parquet_faults import fault_of
from nuvyn_executor.reading.parquet_footer import Footer, footer_of
from tests.parquet_files import (
    BINARY,
    DECIMAL,
    DOUBLE,
    FIXED,
    FLOAT16,
    INT32,
    INT64,
    TIME,
    UNKNOWN,
    UUID,
    VARIANT,
    Column,
    ids,
    parquet,
    text,
)


def footer(*columns: Column) -> Footer:
    content = parquet(*columns)
    return footer_of(lambda at, length: content[at : at + length], len(content))


def meaning(*columns: Column) -> Optional[str]:
    found = fault_of(footer(*columns))
    return None if found is None else found.meaning


def odd(kind: int, value: bytes, **more: Any) -> Column:
    return Column("odd", kind, [value] * 5, **more)


class TestFaults:
    """Issue: "Parquet types that this Spark does not know are not "no intact file ... remove it"" """

    @pytest.mark.parametrize(
        ("column", "kind"),
        [
            (odd(INT32, b"\0" * 4, logical=(TIME, [])), "TIME"),
            (odd(INT32, b"\0" * 4, converted=7), "TIME_MILLIS"),
            (odd(INT64, b"\0" * 8, converted=8), "TIME_MICROS"),
            (odd(FIXED, b"\0" * 2, logical=(FLOAT16, []), length=2), "FLOAT16"),
            (odd(FIXED, b"\0" * 16, logical=(UUID, []), length=16), "UUID"),
            (odd(FIXED, b"\0" * 12, converted=21, length=12), "INTERVAL"),
            (odd(BINARY, text(b"x"), logical=(VARIANT, [])), "VARIANT"),
            (odd(BINARY, text(b"x"), logical=(17, [])), "GEOMETRY"),
            (odd(BINARY, text(b"x"), logical=(30, [])), "logical type 30"),
            (odd(BINARY, text(b"x"), converted=5, digits=(2, 60)), "DECIMAL of 60 digits"),
            (odd(DOUBLE, b"\0" * 8, logical=(DECIMAL, []), digits=(2, 9)), "DECIMAL in DOUBLE"),
        ],
    )
    def test_name_the_column_and_its_type(self, column: Column, kind: str) -> None:
        found = fault_of(footer(ids(), column))
        assert found is not None
        assert found.meaning == f"its column odd ({kind}) is of a Parquet type that this Spark does not read"
        assert "remove" not in found.remedy
        assert "the file itself is intact" in found.remedy

    def test_several_columns_are_counted(self) -> None:
        columns = [Column(f"t{i}", INT32, [b"\0" * 4] * 5, converted=7) for i in range(5)]
        assert meaning(*columns) == (
            "its columns t0 (TIME_MILLIS), t1 (TIME_MILLIS), t2 (TIME_MILLIS) and 2 more are of a Parquet "
            "type that this Spark does not read"
        )

    @pytest.mark.parametrize(("codec", "name"), [(3, "LZO"), (4, "BROTLI"), (12, "codec 12")])
    def test_name_the_codec(self, codec: int, name: str) -> None:
        assert meaning(ids(), odd(BINARY, text(b"x"), codec=codec)) == (
            f"it is compressed with {name}, which this Spark cannot unpack"
        )

    def test_name_the_encoding(self) -> None:
        assert meaning(ids(), odd(DOUBLE, b"\0" * 8, encoding=9)) == (
            "its column odd (BYTE_STREAM_SPLIT) is of a Parquet encoding that this Spark does not read"
        )

    def test_name_what_is_there_twice(self) -> None:
        assert meaning(ids(), ids()) == "it has several columns of the name id"

    @pytest.mark.parametrize(
        "column",
        [
            odd(BINARY, text(b"x"), converted=0),
            odd(INT32, b"\0" * 4, logical=(UNKNOWN, [])),
            odd(INT64, b"\0" * 8, converted=14),
            odd(BINARY, text(b"x"), converted=5, digits=(2, 30)),
            *(odd(BINARY, text(b"x"), codec=codec) for codec in (1, 2, 5, 6, 7)),
        ],
    )
    def test_usual_files_have_none(self, column: Column) -> None:
        assert meaning(ids(), column) is None
