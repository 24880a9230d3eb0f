"""Which paths name tables of a catalog, and which name files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

import pytest

from nuvyn_executor.discovery import formats
from nuvyn_executor.model import SourceType
from nuvyn_executor.sources.catalog import CatalogSource
from nuvyn_executor.sources.catalog_names import (
    FILE_ENDINGS,
    CatalogName,
    parse_catalog_name,
    quoted_name,
    shown_name,
)
from nuvyn_executor.sources.factory import DataSourceFactory
from nuvyn_executor.sources.unpacked import UnpackedSource

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class TestNames:
    """ "plain names, told apart from file paths" """

    @pytest.mark.parametrize(
        ("path", "parts", "everything"),
        [
            ("main.sales.orders", ("main", "sales", "orders"), False),
            ("sales.orders", ("sales", "orders"), False),
            ("sales.*", ("sales",), True),
            ("main.sales.*", ("main", "sales"), True),
            ("_x.y1", ("_x", "y1"), False),
            ("vertrieb.aufträge", ("vertrieb", "aufträge"), False),
            ("`my-catalog`.sales.`a.b`", ("my-catalog", "sales", "a.b"), False),
            ("`a``b`.`1 c`", ("a`b", "1 c"), False),
            ("sales.`csv`", ("sales", "csv"), False),
            ("sales.log", ("sales", "log"), False),
        ],
    )
    def test_a_name_of_tables(self, path: str, parts: Tuple[str, ...], everything: object) -> None:
        assert parse_catalog_name(path) == (parts, everything)

    @pytest.mark.parametrize(
        "path",
        [
            "",
            ".",
            "..",
            "orders",
            "*",
            "*.csv",
            "`orders`",
            "a.b.c.d",
            "a.b.c.*",
            "a.*.c",
            "sales/orders",
            "./sales.orders",
            "/sales.orders",
            "dbfs:/a.b",
            "s3://a.b/c",
            "jdbc:a.b",
            "a:b.c",
            "sales.csv",
            "sales.CSV",
            "sales.csv.gz",
            "v1.2",
            "my-data.part",
            "a b.c",
            "a..b",
            ".a.b",
            "a.b.",
            "~.a",
            "`a/b`.c",
            "`a.b",
        ],
    )
    def test_a_path_of_files(self, path: str) -> None:
        assert parse_catalog_name(path) is None

    def test_what_exists_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "sales.orders").mkdir()
        (tmp_path / "data.part").touch()
        assert parse_catalog_name("sales.orders") is None
        assert parse_catalog_name("data.part") is None
        assert parse_catalog_name("data.*") is None
        assert parse_catalog_name("sales.others") == CatalogName(("sales", "others"))

    def test_the_endings_of_all_formats_are_those_of_files(self) -> None:
        endings = {extension[1:] for one in formats.FORMATS for extension in one.extensions}
        assert endings <= FILE_ENDINGS

    def test_names_are_quoted_for_sql_and_shown_as_people_write_them(self) -> None:
        assert quoted_name(("main", "a`b", "c d")) == "`main`.`a``b`.`c d`"
        assert shown_name(("main", "a`b", "c.d")) == "main.`a``b`.`c.d`"

    def test_the_factory_needs_a_session_for_tables(self, tmp_path: Path) -> None:
        with_session = DataSourceFactory(on_databricks=False, session=lambda: None)
        without = DataSourceFactory(on_databricks=False)
        assert isinstance(with_session.create("sales.orders", SourceType.AUTO), CatalogSource)
        assert isinstance(with_session.create(str(tmp_path), SourceType.AUTO), UnpackedSource)
        assert isinstance(without.create("sales.orders", SourceType.AUTO), UnpackedSource)
