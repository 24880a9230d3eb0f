"""What the header of an Avro file says."""

from __future__ import annotations

import pytest

from nuvyn_executor.discovery.avro_header import MAGIC, AvroHeader, parse_header
from tests.discovering import AVRO, AVRO_SCHEMA, avro


class TestHeader:
    """Apache Avro 1.11, "Object Container Files"."""

    def test_schema_sync_and_the_first_block(self) -> None:
        header = parse_header(AVRO)
        size = len(AVRO) - (1 + 1 + 3 + 16)
        assert header == AvroHeader(AVRO_SCHEMA, bytes(range(200, 216)), size, 3, 21)

    def test_metadata_may_come_in_blocks_of_known_size(self) -> None:
        entries = b"\x16avro.schema\x04{}"
        # -1 as a number, then the bytes of the entries, then the entries
        data = MAGIC + b"\x01" + bytes([2 * len(entries)]) + entries + b"\x00" + b"s" * 16
        assert parse_header(data) == AvroHeader("{}", b"s" * 16, len(data), 0, 0)

    @pytest.mark.parametrize(
        ("blocks", "extra", "rows"),
        [
            ([], 0, (0, True)),
            ([(3, b"\x02\x04\x06")], 0, (3, True)),
            ([(3, b"\x02\x04\x06")] * 4, 0, (12, False)),
            ([(100, b"\x02" * 100)], 200, (267, False)),
        ],
    )
    def test_rows_are_estimated_from_the_first_block_and_exact_where_it_is_the_only_one(
        self, blocks: list[tuple[int, bytes]], extra: int, rows: tuple[int, bool]
    ) -> None:
        content = avro(AVRO_SCHEMA, *blocks)
        assert parse_header(content).rows_of(len(content) + extra) == rows

    def test_rows_of_a_file_whose_first_block_was_not_read_are_not_known(self) -> None:
        header = parse_header(AVRO)
        assert parse_header(AVRO[: header.size]).rows_of(len(AVRO)) == (0, False)

    @pytest.mark.parametrize("cut", range(4, 100, 7))
    def test_a_header_that_does_not_end_is_an_error(self, cut: int) -> None:
        with pytest.raises(ValueError, match="does not end"):
            parse_header(AVRO[:cut])

    @pytest.mark.parametrize("data", [b"", b"Obj", b"PAR1", b"Obj\x02" + AVRO[4:]])
    def test_another_beginning_is_an_error(self, data: bytes) -> None:
        with pytest.raises(ValueError, match="does not begin"):
            parse_header(data)

    @pytest.mark.parametrize("junk", [b"\xff" * 50, b"\x02\x01", b"\x02\xff\xff\xff\xff\x0f"])
    def test_junk_after_the_magic_is_an_error_and_ends(self, junk: bytes) -> None:
        with pytest.raises(ValueError, match="does not end"):
            parse_header(MAGIC + junk)
