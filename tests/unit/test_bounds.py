"""How large data may be, and what is said beyond it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nuvyn_executor.bounds import (
    COLUMNS,
    MB,
    OBJECT_LEVELS,
    SHEET_CELLS,
    SHEETS,
    VALUE_CHARACTERS,
    WORKBOOK,
    ZIP_DIRECTORY,
    Bounds,
)
from nuvyn_executor.config import ConfigManager
from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.profiling.bad_files import MOST_BAD_FILES
from nuvyn_executor.reading.chunks import MOST_BYTES
from nuvyn_executor.reading.columns_by_name import MOST_NAMED
from nuvyn_executor.reading.frame import SAMPLE_CHARACTERS
from nuvyn_executor.reading.previews import PREVIEW_BYTES
from nuvyn_executor.reading.sampling import SAMPLE_ROWS
from nuvyn_executor.reading.typed_frames import MOST_COMPARED
from nuvyn_executor.settings import SETTINGS


class TestUnpacked:
    """Issue: "Every decompressor has a bound (`EXECUTOR_MAX_UNPACKED_MB`, ratio and total)" """

    @pytest.mark.parametrize(
        ("packed", "unpacked"),
        [(1, 256 * MB), (2 * MB, 400 * MB), (10_000 * MB, 100_000 * MB)],
    )
    def test_a_file_may_hold_much_but_not_more(self, packed: int, unpacked: int) -> None:
        bounds = Bounds()
        assert bounds.unpacked_of(packed) == unpacked
        bounds.require_unpacked("a.zst", packed, unpacked)
        with pytest.raises(DatasetUnreadable):
            bounds.require_unpacked("a.zst", packed, unpacked + 1)

    def test_each_bound_is_said_with_its_setting(self) -> None:
        with pytest.raises(DatasetUnreadable) as caught:
            Bounds(unpacked_bytes=1500).require_unpacked("a.zst", 1000, 1501)
        assert caught.value.message == "a.zst holds more than 0.0015 MB when it is unpacked."
        assert "EXECUTOR_MAX_UNPACKED_MB" in caught.value.remedy
        with pytest.raises(DatasetUnreadable) as caught:
            Bounds(unpacked_always=10).require_unpacked("a.zst", 1, 201)
        assert caught.value.message.startswith("a.zst holds more than 200 times its size")
        assert "EXECUTOR_MAX_UNPACKED_RATIO" in caught.value.remedy

    def test_the_settings_are_the_bounds(self) -> None:
        environ = {
            "EXECUTOR_MAX_UNPACKED_MB": "0.5",
            "EXECUTOR_MAX_UNPACKED_RATIO": "7",
            "EXECUTOR_MAX_RECORD_MB": "2",
        }
        assert ConfigManager(environ).load().bounds == Bounds(500_000, 7.0, 2 * MB)
        assert ConfigManager({}).load().bounds == Bounds()


class TestPage:
    """Issue: "each bound stands in one table of the docs with what happens beyond it." """

    @pytest.mark.parametrize(
        "bound",
        [
            f"{Bounds().unpacked_bytes // MB:,} MB, `EXECUTOR_MAX_UNPACKED_MB`",
            f"{Bounds().unpacked_ratio:g} times, `EXECUTOR_MAX_UNPACKED_RATIO`",
            f"{Bounds().unpacked_always // MB} MB are always allowed",
            f"{Bounds().record_bytes // MB} MB, `EXECUTOR_MAX_RECORD_MB`",
            f"{Bounds().array_bytes // MB} MB, four times `EXECUTOR_MAX_RECORD_MB`",
            f"{VALUE_CHARACTERS // 10**6} million characters",
            f"{WORKBOOK // MB:,} MB, or `EXECUTOR_MAX_UNPACKED_MB`",
            f"{SHEET_CELLS // 10**6} million, empty ones too",
            f"columns of a table | {COLUMNS:,},",
            f"as columns | {OBJECT_LEVELS} levels |",
            f"sheets of a workbook | {SHEETS:,} |",
            f"{ZIP_DIRECTORY // MB} MB, some",
            f"{MOST_BYTES >> 20} MiB",
            f"first {MOST_BAD_FILES} that are tried",
            f"{MOST_NAMED} are named; {MOST_COMPARED:,} files are compared",
            f"{SAMPLE_CHARACTERS:,} characters",
            f"{SAMPLE_ROWS:,} rows",
            f"{PREVIEW_BYTES // 1024} KB",
            *(
                f"{float(one.default):,.0f}{unit}, `{one.name}`"
                for one in SETTINGS
                for unit in [{"max_files_per_job": "", "max_payload_mb": " MB"}.get(one.attribute)]
                if unit is not None and one.default is not None
            ),
        ],
    )
    def test_has_each_bound_of_the_code(self, bound: str) -> None:
        page = Path(__file__).resolve().parents[2] / "docs" / "bounds.md"
        rows = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
        assert any(bound in row for row in rows)
