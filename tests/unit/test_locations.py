"""How a path is spelled: by the caller, by Python, by Spark."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Tuple

import pytest

from nuvyn_executor.sources.locations import (
    is_hidden,
    python_path,
    scheme_of,
    spark_url,
    split_glob,
    under_root,
)


class TestSpelling:
    """ "Paths `/dbfs/...`, `dbfs:/...`, `/Volumes/...`, `file:/...`, plain ones." """

    @pytest.mark.parametrize(
        ("said", "opened"),
        [
            ("/dbfs/mnt/data/", "/dbfs/mnt/data"),
            ("dbfs:/mnt/data/", "/dbfs/mnt/data"),
            ("dbfs:///mnt/data", "/dbfs/mnt/data"),
            ("DBFS:/mnt/data", "/dbfs/mnt/data"),
            ("dbfs:/Volumes/main/default/sales", "/Volumes/main/default/sales"),
            ("/Volumes/main/default/sales/", "/Volumes/main/default/sales"),
            ("file:/data/x.csv", "/data/x.csv"),
            ("file:///data/x.csv", "/data/x.csv"),
            ("file://localhost/data/x.csv", "/data/x.csv"),
            ("/data/x.csv", "/data/x.csv"),
        ],
    )
    def test_every_spelling_leads_to_the_path_that_python_opens(self, said: str, opened: str) -> None:
        assert python_path(said) == opened

    def test_a_relative_path_starts_at_the_working_folder(self, tmp_path: Path) -> None:
        assert python_path("x.csv") == str(Path.cwd() / "x.csv")
        assert python_path(str(tmp_path / "a" / ".." / "b")) == str(tmp_path / "b")

    def test_percent_escapes_of_a_file_url_are_decoded_unless_the_name_has_them(self, tmp_path: Path) -> None:
        (tmp_path / "a b.csv").touch()
        (tmp_path / "c%20d.csv").touch()
        assert python_path(f"file://{tmp_path}/a%20b.csv") == f"{tmp_path}/a b.csv"
        assert python_path(f"file://{tmp_path}/c%20d.csv") == f"{tmp_path}/c%20d.csv"

    @pytest.mark.parametrize(
        ("opened", "for_spark"),
        [
            ("/dbfs/mnt/x.csv", "dbfs:/mnt/x.csv"),
            ("/Volumes/main/default/x.csv", "/Volumes/main/default/x.csv"),
            ("/Workspace/x.csv", "file:///Workspace/x.csv"),
            ("/dbfs/mnt/a[1].csv", "dbfs:/mnt/a\\[1\\].csv"),
        ],
    )
    def test_on_databricks_spark_gets_the_spelling_of_databricks(self, opened: str, for_spark: str) -> None:
        assert spark_url(opened, on_databricks=True) == for_spark

    @pytest.mark.parametrize(
        ("opened", "for_spark"),
        [
            ("/dbfs/mnt/x.csv", "file:///dbfs/mnt/x.csv"),
            ("/d/a b.csv", "file:///d/a b.csv"),
            ("/d/100%.csv", "file:///d/100%.csv"),
            ("/d/a#b,c.csv", "file:///d/a#b,c.csv"),
            ("/d/日本.csv", "file:///d/日本.csv"),
            ("/d/a[1]{2}*?.csv", "file:///d/a\\[1\\]\\{2\\}\\*\\?.csv"),
            ("/d/a\\b.csv", "file:///d/a\\\\b.csv"),
        ],
    )
    def test_only_what_a_hadoop_glob_would_interpret_is_escaped(self, opened: str, for_spark: str) -> None:
        assert spark_url(opened, on_databricks=False) == for_spark

    @pytest.mark.parametrize(
        ("path", "roots", "opened"),
        [
            ("/dbfs/mnt/x.csv", {"/dbfs": "/data/dbfs"}, "/data/dbfs/mnt/x.csv"),
            ("/dbfs", {"/dbfs": "/data/dbfs/"}, "/data/dbfs"),
            ("/dbfs/x", {"/Volumes": "/data/volumes"}, "/dbfs/x"),
            ("/dbfsx/y", {"/dbfs": "/data"}, "/dbfsx/y"),
            ("/Volumes/main/d/v", {"/dbfs": "/a", "/Volumes": "/b"}, "/b/main/d/v"),
            ("/other/dbfs/x", {"/dbfs": "/a"}, "/other/dbfs/x"),
            ("/dbfs/x", {}, "/dbfs/x"),
        ],
    )
    def test_off_databricks_other_folders_stand_for_its_roots(
        self, path: str, roots: Dict[str, str], opened: str
    ) -> None:
        assert under_root(path, roots) == opened

    @pytest.mark.parametrize(
        ("path", "scheme"),
        [
            ("/data/x.csv", ""),
            ("x.csv", ""),
            ("dbfs:/x", "dbfs"),
            ("S3A://bucket/x", "s3a"),
            ("jdbc:postgresql://h/d", "jdbc"),
            ("1a:b", ""),
            (":x", ""),
            ("", ""),
        ],
    )
    def test_a_scheme_stands_before_the_first_colon(self, path: str, scheme: str) -> None:
        assert scheme_of(path) == scheme


class TestPatterns:
    """A file, a folder with all below it, or a glob."""

    @pytest.mark.parametrize(
        ("path", "base", "patterns"),
        [
            ("/no/such", "/no/such", ()),
            ("/no/*.csv", "/no", ("*.csv",)),
            ("/no/a?/b/[cd].csv", "/no", ("a?", "b", "[cd].csv")),
            ("/no/**/x", "/no", ("**", "x")),
            ("/*", "/", ("*",)),
            ("/no//*/", "/no/", ("*",)),
        ],
    )
    def test_a_path_is_cut_at_its_first_wildcard(
        self, path: str, base: str, patterns: Tuple[str, ...]
    ) -> None:
        assert split_glob(path) == (base, patterns)

    def test_a_path_that_exists_is_no_pattern(self, tmp_path: Path) -> None:
        (tmp_path / "a[1]*.csv").touch()
        assert split_glob(f"{tmp_path}/a[1]*.csv") == (f"{tmp_path}/a[1]*.csv", ())

    @pytest.mark.parametrize(
        ("name", "hidden"),
        [
            ("x.csv", False),
            (".x.csv", True),
            ("_x.csv", True),
            ("_SUCCESS", True),
            ("_year=2024", False),
            (".year=2024", True),
            ("x.csv._COPYING_", True),
            ("x_.csv", False),
        ],
    )
    def test_what_spark_overlooks_is_hidden(self, name: str, *, hidden: bool) -> None:
        assert is_hidden(name) is hidden
