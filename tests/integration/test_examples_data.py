from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Tuple

import pytest

from examples import tables
from examples.make_data import DATA, DEFECTS, defects, legacy_text, text_files
from nuvyn_executor.schema.tables import COLUMNS, TABLES
from tests.installation import spark_installation

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PLANTED: List[Dict[str, Any]] = json.loads((DATA / DEFECTS).read_text(encoding="utf-8"))
NO_TABLES = {"broken.parquet", "notes.pdf"}
TABLE_NAMES = sorted({one["table"] for one in PLANTED} - NO_TABLES)

# A kind of defect, and the counter of ``columns.details`` that has to show it.
COUNTERS = {
    "missing": "missing",
    "placeholder": "placeholders",
    "not a number (NaN)": "nans",
    "invalid e-mail": "invalid",
    "impossible date": "invalid",
    "not a number": "invalid",
    "sentinel": "suspects",
    "infinity": "suspects",
    "mojibake": "suspects",
    "future": "future",
    "padded": "padded",
}
FORMS = {"written 31.12.1990": "date_dot", "written 31/12/1990": "date_slash", "written 3.5": "decimal_point"}
WRONG_ORDER = ("updated before created", "shipped before ordered")
# A line of JSON that is no record has no value in any column; one of CSV with a field too many has them all.
LINES_WITHOUT_VALUES = {"order_items": 3}

Place = Tuple[str, str, str]


@dataclass(frozen=True)
class Found:
    """What one run of quality_assessment left behind."""

    document: Mapping[str, Any]
    tables: Mapping[str, Mapping[str, Any]]
    columns: Mapping[Tuple[str, str], Mapping[str, Any]]

    def counters(self, table: str) -> Dict[Place, int]:
        """All counters of a table's columns that are not 0."""
        return {
            (table, column, name): count
            for (owner, column), row in self.columns.items()
            if owner == table
            for name, count in _counters(row["details"]).items()
            if count
        }


@pytest.fixture(scope="module")
def found(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Found:
    del spark
    site = spark_installation(tmp_path_factory.mktemp("examples"), "_executor_metadata_of_examples")
    run = site.run("quality_assessment", DATA)
    assert run.exit_code == 0, run.document
    by_id = {row["table_id"]: row for row in map(_unpacked, site.rows(TABLES))}
    return Found(
        document=run.document,
        tables={row["table_name"]: row for row in by_id.values()},
        columns={
            (by_id[row["table_id"]]["table_name"], row["column_name"]): row
            for row in map(_unpacked, site.rows(COLUMNS))
        },
    )


@pytest.mark.spark
class TestPlantedDefectsAreFound:
    """Tests: the planted defects of `examples/data` are found in their exact numbers."""

    def test_every_dataset_is_found_and_nothing_else(self, found: Found) -> None:
        assert sorted(found.tables) == TABLE_NAMES

    @pytest.mark.parametrize("table", TABLE_NAMES)
    def test_its_rows_are_all_counted(self, found: Found, table: str) -> None:
        assert {one["of"] for one in PLANTED if one["table"] == table} == {found.tables[table]["row_count"]}

    @pytest.mark.parametrize("table", TABLE_NAMES)
    def test_values_are_found_in_their_numbers_and_no_sound_value_is_accused(
        self, found: Found, table: str
    ) -> None:
        planted: Counter[Place] = Counter()
        for one in PLANTED:
            if one["table"] == table and one["kind"] in COUNTERS:
                planted[(table, one["column"], COUNTERS[one["kind"]])] += one["count"]
        for owner, column in found.columns:
            if owner == table:
                planted[(table, column, "missing")] += LINES_WITHOUT_VALUES.get(table, 0)
        assert found.counters(table) == {place: count for place, count in planted.items() if count}

    @pytest.mark.parametrize(
        "planted",
        [one for one in PLANTED if one["kind"] in FORMS],
        ids=lambda one: f"{one['column']} {one['kind']}",
    )
    def test_values_in_another_form_are_found(self, found: Found, planted: Mapping[str, Any]) -> None:
        shapes = found.columns[(planted["table"], planted["column"])]["details"]["shapes"]
        assert shapes[FORMS[planted["kind"]]] == planted["count"]

    @pytest.mark.parametrize(
        "planted",
        [one for one in PLANTED if one["kind"] == "duplicate key"],
        ids=lambda one: str(one["table"]),
    )
    def test_keys_that_repeat_another_are_found(self, found: Found, planted: Mapping[str, Any]) -> None:
        table, column = planted["table"], planted["column"]
        row = found.columns[(table, column)]
        present = found.tables[table]["row_count"] - row["null_count"]
        assert present - row["distinct_count"] == planted["count"]
        assert not row["is_primary_key"]

    @pytest.mark.parametrize("table", TABLE_NAMES)
    def test_rows_that_repeat_another_and_lines_that_are_no_records_are_found(
        self, found: Found, table: str
    ) -> None:
        planted = {
            one["kind"]: one["count"] for one in PLANTED if one["table"] == table and not one["column"]
        }
        details = found.tables[table]["details"]
        assert details["corrupt_rows"] == planted.get("not a record", 0)
        assert details["duplicate_rows"] == planted.get("duplicate row", 0)

    def test_ends_before_their_start_are_found(self, found: Found) -> None:
        named = {
            one["table"]: one["count"]
            for one in found.document["details"]["findings"]
            if one["column"] is None and one["dimension"] == "consistency"
        }
        assert named == {one["table"]: one["count"] for one in PLANTED if one["kind"] in WRONG_ORDER}

    def test_kinds_of_values_are_named(self, found: Found) -> None:
        kinds = {
            place: row["details"]["semantic_type"]
            for place, row in found.columns.items()
            if row["details"]["semantic_type"] not in (None, "code")
        }
        assert kinds == {
            ("customers", "email"): "email",
            ("customers", "phone"): "phone_number",
            ("customers", "country"): "country_code",
            ("products.Prices", "currency"): "currency_code",
            ("suppliers_utf16", "email"): "email",
        }

    def test_each_file_that_cannot_be_read_is_named(self, found: Found) -> None:
        details = found.document["details"]
        named = [one["name"] for one in (*details["unreadable"], *details["skipped"])]
        assert sorted(named) == sorted(NO_TABLES)


class TestTheDataIsMadeByItsScript:
    """`examples/data/` with the ugly formats (small, made by a script with a fixed seed)."""

    @pytest.mark.parametrize("name", sorted(text_files()))
    def test_a_text_file_is_what_the_script_writes(self, name: str) -> None:
        assert (DATA / name).read_bytes() == text_files()[name]

    def test_the_compressed_file_holds_what_the_script_writes(self) -> None:
        assert gzip.decompress((DATA / "legacy_latin1.csv.gz").read_bytes()) == legacy_text()

    @pytest.mark.spark
    @pytest.mark.parametrize("name", ["orders", "stock"])
    def test_the_typed_tables_hold_what_the_script_writes(self, spark: SparkSession, name: str) -> None:
        file_format = "delta" if name == "stock" else "parquet"
        bed = tables.stock() if name == "stock" else tables.orders()
        frame = spark.read.format(file_format).load(str(DATA / name)).select(*bed.rows[0])
        kept = sorted(repr(_local(tuple(row))) for row in frame.collect())
        assert kept == sorted(repr(_local(tuple(row.values()))) for row in bed.rows)

    def test_a_file_that_is_no_part_of_the_delta_table_any_more_lies_in_its_folder(self) -> None:
        assert len(list((DATA / "stock").glob("*.parquet"))) > len(_live_files())

    def test_it_is_small(self) -> None:
        assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 600_000

    def test_no_place_has_one_kind_twice(self) -> None:
        places = [(one.table, one.column, one.kind) for one in defects()]
        assert len(places) == len(set(places))


def _unpacked(row: Mapping[str, Any]) -> Dict[str, Any]:
    return {**row, "details": json.loads(row["details"])}


def _counters(details: Mapping[str, Any]) -> Dict[str, int]:
    counted = {name: details[name] for name in ("placeholders", "nans", "invalid", "suspects", "future")}
    return {
        **counted,
        "missing": details["nulls"] + details["blanks"],
        "padded": details["shapes"].get("padded", 0),
    }


def _live_files() -> List[str]:
    live: Dict[str, None] = {}
    for log in sorted((DATA / "stock" / "_delta_log").glob("*.json")):
        actions = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        for action in actions:
            if "remove" in action:
                live.pop(action["remove"]["path"], None)
        for action in actions:
            if "add" in action:
                live[action["add"]["path"]] = None
    return list(live)


def _local(row: Tuple[Any, ...]) -> Tuple[Any, ...]:
    """Spark hands moments over as naive local ones."""
    return tuple(value.astimezone() if hasattr(value, "astimezone") else value for value in row)
