"""One table for the names of paths, in Python and in Spark."""

from __future__ import annotations

import pytest

from fake_databricks.engine.inside.path_table import python_path, spark_path, tree_of

SAME = [
    ("dbfs:/a/b", "/dbfs/a/b"),
    ("dbfs:/", "/dbfs/"),
    ("dbfs:/Volumes/c/s/v/x", "/Volumes/c/s/v/x"),
    ("dbfs:/Workspace/Shared", "/Workspace/Shared"),
    ("file:/mnt/a", "/mnt/a"),
]


class TestSpelling:
    """Issue: "`dbfs:/x`, `/dbfs/x`, `/Volumes/...` and `/Workspace/...`"."""

    @pytest.mark.parametrize(("spark", "python"), SAME)
    def test_a_path_of_spark_is_one_of_python_and_back(self, spark: str, python: str) -> None:
        assert python_path(spark) == python
        assert spark_path(python) == spark

    @pytest.mark.parametrize(
        ("spark", "python"),
        [
            ("/a", "/dbfs/a"),
            ("/dbfs/a", "/dbfs/dbfs/a"),
            ("/Volumes/a", "/Volumes/a"),
            ("/Volumes", "/Volumes"),
            ("/VolumesOther", "/dbfs/VolumesOther"),
            ("dbfs:a", "/dbfs/a"),
            ("dbfs:///a", "/dbfs/a"),
            ("file:///dbfs/a", "/dbfs/a"),
        ],
    )
    def test_a_path_without_scheme_is_one_of_dbfs_but_for_the_other_trees(
        self, spark: str, python: str
    ) -> None:
        assert python_path(spark) == python

    @pytest.mark.parametrize(
        ("path", "tree"),
        [
            ("/dbfs", "/dbfs"),
            ("/dbfs/a", "/dbfs"),
            ("/Volumes/a", "/Volumes"),
            ("/Workspace", "/Workspace"),
            ("/dbfsx", ""),
            ("/a/dbfs", ""),
            ("/", ""),
        ],
    )
    def test_a_tree_is_found_by_whole_names(self, path: str, tree: str) -> None:
        assert tree_of(path) == tree

    def test_the_root_of_dbfs_is_shown_with_its_scheme(self) -> None:
        assert spark_path("/dbfs") == "dbfs:/"
