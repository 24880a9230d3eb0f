"""Deletion vectors: which rows a data file of a Delta table has lost."""

from __future__ import annotations

import random
import struct
import zlib
from typing import Dict, Iterable, List, Set, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nuvyn_executor.model import DeletionVector
from nuvyn_executor.reading.deletion_vectors import (
    DeletedRows,
    decode_z85,
    read_deleted_rows,
    vector_of,
)

BLOCK = 65_536
MAGIC = 1681511377
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def z85(data: bytes) -> str:
    text = ""
    for (word,) in struct.iter_unpack(">I", data):
        text += "".join(DIGITS[word // 85**power % 85] for power in (4, 3, 2, 1, 0))
    return text


def runs_of(positions: List[int]) -> List[List[int]]:
    runs: List[List[int]] = []
    for position in positions:
        if runs and sum(runs[-1]) + 1 == position:
            runs[-1][1] += 1
        else:
            runs.append([position, 0])
    return runs


def serialized(rows: Iterable[int], *, with_runs: bool = False) -> bytes:
    """Write a bitmap as the two specifications say; in runs, or in lists and bits."""
    parts: Dict[int, Dict[int, List[int]]] = {}
    for row in sorted({*rows}):
        parts.setdefault(row >> 32, {}).setdefault(row >> 16 & 0xFFFF, []).append(row & 0xFFFF)
    data = struct.pack("<IQ", MAGIC, len(parts))
    for high, blocks in parts.items():
        count = len(blocks)
        if with_runs:  # every other container
            flags = sum(1 << index for index in range(0, count, 2))
            head = struct.pack("<I", 12347 | count - 1 << 16) + flags.to_bytes((count + 7) // 8, "little")
        else:
            head = struct.pack("<II", 12346, count)
        head += b"".join(struct.pack("<HH", key, len(held) - 1) for key, held in blocks.items())
        bodies = [
            body_of(held, is_runs=with_runs and not index % 2) for index, held in enumerate(blocks.values())
        ]
        if not with_runs or count >= 4:
            starts = [len(head) + 4 * count + sum(map(len, bodies[:index])) for index in range(count)]
            head += struct.pack(f"<{count}I", *starts)
        data += struct.pack("<I", high) + head + b"".join(bodies)
    return data


def body_of(held: List[int], *, is_runs: bool) -> bytes:
    if is_runs:
        runs = runs_of(held)
        return struct.pack("<H", len(runs)) + b"".join(struct.pack("<HH", *one) for one in runs)
    if len(held) <= 4096:
        return struct.pack(f"<{len(held)}H", *held)
    return sum(1 << position for position in held).to_bytes(BLOCK // 8, "little")


def rows_in(deleted: DeletedRows, rows: int, step: int = 50_000) -> Set[int]:
    found = set()
    for first in range(0, rows, step):
        some = deleted.among(first, min(step, rows - first))
        assert len(some) == min(step, rows - first)
        found |= {first + index for index, one in enumerate(some) if one}
    return found


class TestText:
    def test_the_example_of_the_specification(self) -> None:
        assert decode_z85("HelloWorld") == bytes([0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B])

    @given(st.binary(max_size=40).map(lambda data: data[: len(data) // 4 * 4]))
    def test_any_bytes(self, data: bytes) -> None:
        assert decode_z85(z85(data)) == data

    @pytest.mark.parametrize("text", ["abcd", "abcdef", "abc,d", "#####", "abcd\u00e9"])
    def test_what_is_no_such_text(self, text: str) -> None:
        with pytest.raises(ValueError, match="base85"):
            decode_z85(text)


# Every kind of container: few rows, many, runs, a whole block, none.
SHAPES: Tuple[Set[int], ...] = (
    set(),
    {0},
    {3, 4, 7, 11, 18, 29},
    {BLOCK - 1, BLOCK},
    set(range(BLOCK)),
    set(range(10, 70_000)),
    set(range(0, 2 * BLOCK, 3)),
    {*range(4096), *range(BLOCK, BLOCK + 4097), 5 * BLOCK + 7},
    {index * BLOCK + index for index in range(9)},
)


class TestRows:
    @pytest.mark.parametrize("rows", SHAPES, ids=len)
    @pytest.mark.parametrize("with_runs", [False, True])
    def test_every_kind_of_container(self, rows: Set[int], with_runs: bool) -> None:  # noqa: FBT001
        deleted = DeletedRows(serialized(rows, with_runs=with_runs))
        assert (deleted.count, rows_in(deleted, 10 * BLOCK)) == (len(rows), rows)
        assert deleted.is_within(max(rows, default=-1) + 1)
        assert not rows or not deleted.is_within(max(rows))

    @given(
        st.sets(st.integers(0, 4 * BLOCK) | st.integers(BLOCK - 3, BLOCK + 3), max_size=60),
        st.booleans(),
        st.integers(0, 4 * BLOCK),
        st.integers(0, BLOCK),
    )
    def test_any_rows_in_any_window(
        self,
        rows: Set[int],
        with_runs: bool,  # noqa: FBT001
        first: int,
        count: int,
    ) -> None:
        found = DeletedRows(serialized(rows, with_runs=with_runs)).among(first, count)
        assert len(found) == count
        assert {first + index for index, one in enumerate(found) if one} == {
            row for row in rows if first <= row < first + count
        }

    def test_rows_beyond_32_bits(self) -> None:
        deleted = DeletedRows(serialized({5, 2**32 + 5, 2**40}))
        assert [deleted.among(at, 1) for at in (5, 2**32 + 5, 2**40, 6)] == [b"\1", b"\1", b"\1", b"\0"]
        assert (deleted.is_within(2**40), deleted.is_within(2**40 + 1)) == (False, True)

    def test_what_is_damaged_is_a_value_error_and_no_other(self) -> None:
        """A checksum guards what lies in a file; the text in the log has none."""
        rows = {*range(100, 5000), *range(BLOCK, 2 * BLOCK, 2), 3 * BLOCK + 1}
        data = serialized(rows)
        chance = random.Random(3)  # noqa: S311  data, no secret
        assert all(cannot_be_read(data[:length]) for length in (0, 3, 11, 20, 40, len(data) - 1))
        assert cannot_be_read(data + b"\0")
        for _ in range(200):
            at = chance.randrange(12, 60)
            cannot_be_read(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])

    def test_another_magic_number(self) -> None:
        with pytest.raises(ValueError, match="written in another way"):
            DeletedRows(struct.pack("<IQ", MAGIC + 1, 0))


def cannot_be_read(data: bytes) -> bool:
    try:
        DeletedRows(data).among(0, 4 * BLOCK)
    except ValueError:
        return True
    return False


class TestStored:
    DATA = serialized({1, 2, 70_000})
    FILE = b"\1" + b"".join(
        struct.pack(">I", len(one)) + one + struct.pack(">I", zlib.crc32(one))
        for one in (serialized({9}), DATA)
    )
    VECTOR = DeletionVector(3, len(DATA), "/t/x.bin", len(FILE) - len(DATA) - 8)

    def read(self, path: str, offset: int, length: int) -> bytes:
        assert path == "/t/x.bin"
        return self.FILE[offset : offset + length]

    def test_in_a_file_of_several(self) -> None:
        assert rows_in(read_deleted_rows(self.VECTOR, 70_001, self.read), 70_001) == {1, 2, 70_000}

    def test_in_the_log_itself(self) -> None:
        text = z85(self.DATA + bytes(-len(self.DATA) % 4))
        vector = DeletionVector(3, len(self.DATA), inline=text)
        assert rows_in(read_deleted_rows(vector, 70_001, self.read), 70_001) == {1, 2, 70_000}

    def test_what_contradicts_the_log(self) -> None:
        size, at = len(self.DATA), self.VECTOR.offset
        with pytest.raises(ValueError, match="length"):
            read_deleted_rows(DeletionVector(3, size - 1, "/t/x.bin", at), 70_001, self.read)
        with pytest.raises(ValueError, match="too short"):
            read_deleted_rows(DeletionVector(3, size + 1, "/t/x.bin", at), 70_001, self.read)
        with pytest.raises(ValueError, match="3 rows, and the log says 4"):
            read_deleted_rows(DeletionVector(4, size, "/t/x.bin", at), 70_001, self.read)
        with pytest.raises(ValueError, match="not there"):
            read_deleted_rows(self.VECTOR, 70_000, self.read)
        with pytest.raises(ValueError, match="length"):
            read_deleted_rows(DeletionVector(3, size, inline=z85(bytes(size + 6))), 70_001, self.read)

    def test_a_wrong_checksum(self) -> None:
        damaged = bytearray(self.FILE)
        damaged[-6] ^= 1
        with pytest.raises(ValueError, match="checksum"):
            read_deleted_rows(self.VECTOR, 70_001, lambda _, at, length: bytes(damaged[at : at + length]))


class TestDescriptors:
    NAME = z85(bytes.fromhex("d2c639aa8816431aaaf6d3fe2512ff61"))

    def descriptor(self, kind: str, text: str) -> Dict[str, object]:
        return {
            "storageType": kind,
            "pathOrInlineDv": text,
            "offset": None,
            "sizeInBytes": 40,
            "cardinality": 6,
        }

    @pytest.mark.parametrize("prefix", ["", "ab"])
    def test_a_file_of_the_table(self, prefix: str) -> None:
        vector = vector_of("/lake/t", self.descriptor("u", prefix + self.NAME))
        folder = "/lake/t/ab" if prefix else "/lake/t"
        path = f"{folder}/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"
        assert vector == DeletionVector(6, 40, path)

    def test_in_the_log(self) -> None:
        assert vector_of("/lake/t", self.descriptor("i", "abc")) == DeletionVector(6, 40, inline="abc")

    @pytest.mark.parametrize(("kind", "text"), [("p", "s3://other/x.bin"), ("u", "short"), ("x", "?" * 20)])
    def test_what_is_elsewhere_or_unknown(self, kind: str, text: str) -> None:
        with pytest.raises(ValueError, match="outside"):
            vector_of("/lake/t", self.descriptor(kind, text))
