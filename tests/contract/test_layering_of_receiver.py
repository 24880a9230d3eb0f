"""The arrows inside `contract/receiver`, read from the syntax tree, and what may be imported at all."""

from __future__ import annotations

import sys
from typing import List

from tests.test_layering import Module, modules_of

PACKAGE = "contract.receiver"
# The highest first: a module imports those below its own floor.
FLOORS = (
    {"__main__"},
    {"command"},
    {"server"},
    {"faulty", "pages", "protocol"},
    {"app"},
    {"store", "faults", "refusals", "intake", "listing"},
    {"reading", "paging"},
    {"merge", "keys"},
    {"answers"},
)
FLOOR_OF = {place: floor for floor, places in enumerate(FLOORS) for place in places}
MODULES = modules_of("contract/receiver")


def place_of(name: str) -> str:
    return name.removeprefix(PACKAGE).lstrip(".").partition(".")[0]


def imported(module: Module) -> List[str]:
    return [item.name for item in module.imports if not item.types_only]


class TestArrows:
    """Arrows one way; what is pure and the store need the standard library alone."""

    def test_each_module_has_its_floor(self) -> None:
        assert {place_of(module.name) for module in MODULES} - {""} == set(FLOOR_OF)

    def test_no_module_imports_its_own_floor_or_a_higher_one(self) -> None:
        wrong = [
            f"{module.name} -> {name}"
            for module in MODULES
            for name in imported(module)
            if name.startswith(PACKAGE) and place_of(module.name)
            if place_of(name) != place_of(module.name) or place_of(name) != "pages"  # a folder
            if FLOOR_OF[place_of(name)] <= FLOOR_OF[place_of(module.name)]
        ]
        assert wrong == []

    def test_other_packages_are_the_web_framework_behind_its_doors_and_the_shape(self) -> None:
        strangers = {
            (place_of(module.name), name.split(".")[0])
            for module in MODULES
            for name in imported(module)
            if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(PACKAGE)
            if not name.startswith("contract.payload_shape")
        }
        assert strangers == {
            ("app", "starlette"),
            ("server", "uvicorn"),
            ("protocol", "h11"),
            ("protocol", "uvicorn"),
            ("pages", "starlette"),
            ("pages", "fake_databricks"),  # what pages share
            ("pages", "nuvyn_executor"),  # the report, where it is installed
        }

    def test_one_module_imports_the_executor(self) -> None:
        doors = {
            module.name
            for module in modules_of("contract")
            for name in imported(module)
            if name.split(".")[0] == "nuvyn_executor"
        }
        assert doors == {"contract.receiver.pages.quality_report"}

    def test_of_fake_databricks_what_pages_share_and_a_request(self) -> None:
        used = {
            ".".join(name.split(".")[:2])
            for module in modules_of("contract")
            for name in imported(module)
            if name.split(".")[0] == "fake_databricks"
        }
        assert used == {"fake_databricks.ui", "fake_databricks.request"}
