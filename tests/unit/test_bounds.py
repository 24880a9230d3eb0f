"""How large data may be, and what is said beyond it."""

from __future__ import annotations

import pytest

from nuvyn_executor.bounds import MB, Bounds
from nuvyn_executor.config import ConfigManager
from nuvyn_executor.errors import DatasetUnreadable


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
