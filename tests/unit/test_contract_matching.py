"""Which data contract applies to which table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Optional

import pytest

from nuvyn_executor.contracts.matching import FoundContract, is_contract_name, matched
from nuvyn_executor.contracts.parser import parse_contract
from nuvyn_executor.discovery import formats
from nuvyn_executor.model import EPOCH, Dataset, FileEntry
from tests.contracted import HEAD, discovered

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.contracts.matching import Matched


def dataset(name: str, folder: str = "", sheet: Optional[str] = None) -> Dataset:
    file = f"{folder}/{name}.csv".lstrip("/")
    entry = FileEntry(f"/data/{file}", file, 1, EPOCH)
    return Dataset(name, folder, entry.path, formats.CSV, (entry,), sheet=sheet)


def found(schema: str, file: str = "c.odcs.yaml", *, is_configured: bool = False) -> FoundContract:
    contract = parse_contract(f"{HEAD}schema: [{schema}]\n".encode(), file)
    return FoundContract(contract, file.rpartition("/")[0], is_configured)


def applied(result: Matched) -> Dict[str, Optional[str]]:
    return {one.name: None if one.terms is None else one.terms.file for one in result.datasets}


class TestNames:
    """matched by table name (ODCS `schema[].name`, `physicalName`)."""

    @pytest.mark.parametrize(
        ("schema", "table"),
        [
            ("{name: orders}", dataset("orders")),
            ("{name: Orders}", dataset("ORDERS")),
            ("{name: x, physicalName: orders}", dataset("orders")),
            ("{name: x, physicalName: sales.orders}", dataset("orders", "sales")),
            ("{name: main.sales.orders}", dataset("orders")),
            ("{name: orders.csv}", dataset("orders")),
            ("{name: Sheet1}", dataset("book.Sheet1", sheet="Sheet1")),
        ],
    )
    def test_they_are_those_of_the_table(self, schema: str, table: Dataset) -> None:
        assert applied(matched([table], [found(schema)])) == {table.name: "c.odcs.yaml"}

    def test_the_file_may_be_called_after_the_table(self) -> None:
        assert applied(matched([dataset("t")], [found("{name: x}", "t.odcs.yaml")])) == {"t": "t.odcs.yaml"}
        several = found("{name: x}, {name: y}", "t.odcs.yaml")
        assert applied(matched([dataset("t")], [several])) == {"t": None}

    def test_other_names_are_other_tables(self) -> None:
        result = matched([dataset("orders_2")], [found("{name: orders}")])
        assert applied(result) == {"orders_2": None}
        (note,) = result.notes
        assert note.text.startswith("schema orders of data contract shop v1.0.0 is no table that was found")

    def test_a_file_is_one_by_its_name(self) -> None:
        names = ["a.odcs.yaml", "b/A.ODCS.YML", "odcs.yaml", "a.odcs.yaml.csv", "a.yaml"]
        assert [is_contract_name(name) for name in names] == [True, True, False, False, False]


class TestSeveral:
    """Of several, the configured one applies, then one in the table's own folder, then the first by name."""

    def test_the_configured_one_comes_first(self) -> None:
        own, beside = found("{name: t}", "z.yaml", is_configured=True), found("{name: t}", "a.odcs.yaml")
        result = matched([dataset("t")], [own, beside])
        assert applied(result) == {"t": "z.yaml"}
        assert [(one.where, one.text) for one in result.notes] == [
            (
                "t",
                "a.odcs.yaml declares it, too, and z.yaml applies - leave it in one of these data contracts",
            )
        ]

    def test_the_one_in_the_same_folder_comes_next(self) -> None:
        contracts = [found("{name: t}", "a/c.odcs.yaml"), found("{name: t}", "b/c.odcs.yaml")]
        result = matched([dataset("t", "a"), dataset("t", "b")], contracts)
        assert [one.terms and one.terms.file for one in result.datasets] == ["a/c.odcs.yaml", "b/c.odcs.yaml"]

    def test_of_a_folder_of_contracts_those_of_other_sources_say_nothing(self) -> None:
        other = found("{name: u, propertys: []}", "u.yaml", is_configured=True)
        result = matched([dataset("t")], [other])
        third = found("{name: v}", "v.yaml", is_configured=True)
        assert matched([dataset("t")], [other, third]).notes == ()
        assert applied(result) == {"t": None}
        (note,) = result.notes
        assert note.is_info
        assert note.text.endswith("declares none of the tables that were found - check its names")


class TestBesideTheData:
    """found as `*.odcs.yaml` beside the data."""

    def test_in_the_folder_or_below_it_is_no_dataset_and_is_not_skipped(self, tmp_path: Path) -> None:
        (tmp_path / "deep").mkdir()
        (tmp_path / "t.csv").write_text("a,b\n1,2\n")
        (tmp_path / "deep" / "c.odcs.yaml").write_text(HEAD + "schema: [{name: t}]\n")
        discovery = discovered(tmp_path)
        assert [one.name for one in discovery.datasets] == ["t"]
        assert discovery.skipped == ()
        assert discovery.datasets[0].terms is not None

    @pytest.mark.parametrize("path", ["t.csv", "*.csv"])
    def test_for_a_file_and_a_pattern_in_their_folder(self, tmp_path: Path, path: str) -> None:
        (tmp_path / "t.csv").write_text("a,b\n1,2\n")
        (tmp_path / "c.odcs.yaml").write_text(HEAD + "schema: [{name: t}]\n")
        (one,) = discovered(tmp_path / path).datasets
        assert one.terms is not None

    def test_hidden_ones_and_links_are_not_looked_at(self, tmp_path: Path) -> None:
        outside = tmp_path / "outside.yaml"
        outside.write_text(HEAD + "schema: [{name: t}]\n")
        folder = tmp_path / "data"
        folder.mkdir()
        (folder / "t.csv").write_text("a,b\n1,2\n")
        (folder / "_c.odcs.yaml").write_text(outside.read_text())
        (folder / "c.odcs.yaml").symlink_to(outside)
        for path in (folder, folder / "t.csv"):
            assert [one.terms for one in discovered(path).datasets] == [None]

    def test_other_yaml_is_named_as_before(self, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_text("a,b\n1,2\n")
        (tmp_path / "c.yaml").write_text(HEAD + "schema: [{name: t}]\n")
        discovery = discovered(tmp_path)
        assert [one.name for one in discovery.skipped] == ["c.yaml"]
        assert discovery.datasets[0].terms is None
