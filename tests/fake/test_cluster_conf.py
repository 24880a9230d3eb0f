"""What the sessions of a cluster begin with."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from fake_databricks.engine.cluster_conf import names_s3, session_conf
from fake_databricks.engine.environment import build_runtime
from fake_databricks.engine.runtime import own_runtime
from tests.waiting import LONGEST

if TYPE_CHECKING:
    import pytest

S3 = {"spark.hadoop.fs.s3a.endpoint": "http://127.0.0.1:1", "spark.sql.shuffle.partitions": "3"}


class TestSessionConf:
    """On Databricks `spark.hadoop.NAME` of a cluster's `spark_conf` is Hadoop's setting NAME"""

    def test_hadoop_s_settings_have_both_names(self) -> None:
        found = session_conf({"spark.hadoop.my.name": "x", "spark.y": "z"}, ())

        assert found == {"spark.hadoop.my.name": "x", "my.name": "x", "spark.y": "z"}

    def test_a_cluster_that_names_s3_has_a_file_system_of_the_jars(self) -> None:
        found = session_conf(S3, (Path("/jars/a.jar"), Path("/jars/b.jar")))

        assert names_s3(S3)
        assert found["fs.s3a.endpoint"] == "http://127.0.0.1:1"
        assert found["fs.s3.impl"] == found["fs.s3a.impl"] == "fakedatabricks.AddedFileSystem"
        assert found["fs.s3a.impl.disable.cache"] == "true"
        assert found["fake.added.jars"] == "/jars/a.jar:/jars/b.jar"

    def test_other_clusters_have_none(self) -> None:
        assert not names_s3({"spark.hadoop.fs.azure.account.key.a": "k"})
        assert "fs.s3a.impl" not in session_conf({"spark.y": "z"}, ())


class TestRuntime:
    def test_clusters_that_start_at_once_share_one_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        both = threading.Barrier(2)
        rename = Path.rename

        def together(path: Path, target: Path) -> Path:
            both.wait(LONGEST)
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", together)
        made: list[Path] = []
        threads = [
            threading.Thread(target=lambda: made.append(build_runtime(tmp_path / "runtime", own_runtime())))
            for _ in "ab"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert made == [tmp_path / "runtime"] * 2
        assert [path.name for path in tmp_path.iterdir()] == ["runtime"]
