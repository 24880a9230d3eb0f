"""Earlier versions of a Delta table as sources of jobs."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from tests.installation import spark_installation

if TYPE_CHECKING:
    from pathlib import Path

    from tests.installation import Installation

pytestmark = pytest.mark.spark


@pytest.fixture(name="site")
def _site(spark: Any, folder: Path, tmp_path: Path) -> Installation:
    spark.range(3).coalesce(1).write.format("delta").save(str(folder))
    time.sleep(0.05)
    spark.range(3, 10).coalesce(1).write.format("delta").mode("append").save(str(folder))
    return spark_installation(tmp_path / "own", "travel_own")


class TestVersions:
    """ "reads that version; a version that is not there is one sentence" """

    def test_each_version_and_moment(self, spark: Any, site: Installation, folder: Path) -> None:
        moments = (
            spark.sql(f"DESCRIBE HISTORY delta.`{folder}`").selectExpr("unix_micros(timestamp)").collect()
        )
        first = datetime.fromtimestamp(moments[-1][0] / 1e6, timezone.utc)
        moment = f"{first:%Y%m%d%H%M%S}{first.microsecond // 1000:03}"
        found = {}
        for as_of in ("@v0", "@v1", f"@{moment}", "", "@v0"):
            run = site.run("metadata_extraction", f"{folder}{as_of}")
            assert run.exit_code == 0, run.log
            (table,) = run.details["tables"]
            found[as_of] = (table["name"], table["rows"], table["files"], table["size_bytes"] > 0)
        name = folder.name
        assert found == {
            "@v0": (name, 3, 1, True),
            "@v1": (name, 10, 2, True),
            f"@{moment}": (name, 3, 1, True),
            "": (name, 10, 2, True),
        }
        assert "as before, not read again" in run.log
        preview = site.run("data_reading", f"{folder}@v0").document["sample_data"][name]["preview"]
        assert sorted(preview.splitlines()) == ["0", "1", "2", "id"]
        for as_of in ("@v7", "@19990101", "@20991231", "@20261399"):
            run = site.run("metadata_extraction", f"{folder}{as_of}")
            assert run.exit_code == 1
            assert f"{name} has no version {as_of}: its versions are 0 to 1." in run.error["message"]
