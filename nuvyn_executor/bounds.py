"""How large data may be: every bound of the executor, with what it says beyond it. Pure.

``docs/bounds.md`` has the same bounds as a table, with what happens beyond each.
"""

from __future__ import annotations

from dataclasses import dataclass

from nuvyn_executor.errors import DatasetUnreadable

MB = 1_000_000
WORKBOOK = 1_000 * MB
"""The parts of a workbook when they are unpacked. A sheet needs about three times its part in memory."""
SHEETS = 1_000
SHEET_CELLS = 50_000_000
"""Cells between the first and the last one of a sheet, empty ones too: each needs 32 bytes of memory."""
VALUE_CHARACTERS = 64_000_000
"""Of one CSV value of several lines. Java takes two bytes for each at once, in each task."""
ARRAY_FACTOR = 4
"""So many records one JSON array may be: Spark reads it as a whole, but piece by piece."""
COLUMNS = 20_000
"""Columns of a table. Each is counted by itself: so many take a minute."""
OBJECT_LEVELS = 100
"""Objects in objects of JSON whose fields are columns; what is deeper is one column of text."""
ZIP_DIRECTORY = 16 * MB
"""The directory of a zip archive, which is in memory as a whole: some 150,000 members."""


@dataclass(frozen=True)
class Bounds:
    """The bounds of what is unpacked and of single records; those with a setting, and what goes with them.

    Attributes:
        unpacked_bytes: what one packed file may hold.
        unpacked_ratio: how many times its own size it may hold.
        record_bytes: one record that has to be in memory as a whole.
        unpacked_always: what any packed file may hold, whatever its size; the ratio counts beyond.
    """

    unpacked_bytes: int = 100_000 * MB
    unpacked_ratio: float = 200.0
    record_bytes: int = 64 * MB
    unpacked_always: int = 256 * MB

    @property
    def array_bytes(self) -> int:
        """What a JSON file that is one array may hold."""
        return ARRAY_FACTOR * self.record_bytes

    def unpacked_of(self, packed_bytes: int) -> int:
        """Return how many bytes a file of so many may hold."""
        return min(self.unpacked_bytes, max(self.unpacked_always, int(self.unpacked_ratio * packed_bytes)))

    def require_unpacked(self, name: str, packed_bytes: int, unpacked_bytes: int) -> None:
        """Make sure that a packed file may hold so many bytes.

        Args:
            name: of the file.
            packed_bytes: how long it is.
            unpacked_bytes: how many bytes of its content are known.

        Raises:
            DatasetUnreadable: it may not.
        """
        if unpacked_bytes <= self.unpacked_of(packed_bytes):
            return
        if unpacked_bytes > self.unpacked_bytes:
            raise DatasetUnreadable(
                f"{name} holds more than {self.unpacked_bytes / MB:,g} MB when it is unpacked.",
                "Raise EXECUTOR_MAX_UNPACKED_MB if it is data, or write it as several files.",
            )
        raise DatasetUnreadable(
            f"{name} holds more than {self.unpacked_ratio:,g} times its size when it is unpacked, "
            "as files do that are made to fill disks.",
            "Raise EXECUTOR_MAX_UNPACKED_RATIO if it is data, or unpack it.",
        )

    def require_workbook(self, name: str, packed_bytes: int, unpacked_bytes: int) -> None:
        """Make sure that a workbook's parts may have so many bytes together. Arguments as above.

        Raises:
            DatasetUnreadable: they may not.
        """
        self.require_unpacked(name, packed_bytes, unpacked_bytes)
        if unpacked_bytes > WORKBOOK:
            raise DatasetUnreadable(
                f"{name} is a workbook of more than {WORKBOOK // MB:,} MB when it is unpacked.",
                "Save its sheets as CSV, or as several workbooks.",
            )

    def too_long(self, name: str) -> DatasetUnreadable:
        """Return the error of a file with a record that is too long."""
        return DatasetUnreadable(
            f"{name} has a record of more than {self.record_bytes / MB:,g} MB, such as a line that does not "
            "end.",
            "Check that its lines end and its quotes are closed; if it is data, raise EXECUTOR_MAX_RECORD_MB "
            "and the memory of Spark (EXECUTOR_DRIVER_MEMORY).",
        )

    def require_document(self, name: str, size_bytes: int, *, is_array: bool) -> None:
        """Make sure that a JSON file that is read as a whole may have so many bytes.

        Args:
            name: of the file.
            size_bytes: of its content.
            is_array: it is one array, whose elements are read one by one.

        Raises:
            DatasetUnreadable: it may not.
        """
        most = self.array_bytes if is_array else self.record_bytes
        if size_bytes > most:
            raise DatasetUnreadable(
                f"{name} is JSON of more than {most / MB:,g} MB that has to be read as a whole.",
                "Write it as one object a line; or raise EXECUTOR_MAX_RECORD_MB and the memory of Spark "
                "(EXECUTOR_DRIVER_MEMORY).",
            )
