"""The arrows inside fake_databricks, read from the syntax tree: which folder may import which."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import Iterator

from tests.test_layering import Module, modules_of

PACKAGE = "fake_databricks"
# Every folder and every module beside the folders, the highest floor first. A module imports its own folder
# and lower floors; folders of one floor do not import each other. An import for the type checker alone is no
# arrow, because it is not there when the program runs.
FLOORS = (
    {"__main__", "pytest_plugin", "pytest_entry"},
    {"storage_servers"},
    {"server"},
    {"web"},
    {"ui", "workspace"},
    {"jobs", "commands", "sql"},
    {"clusters", "files", "identity", "permissions", "secrets"},
    {"request", "engine"},
    {"storage", "certificates", "clock", "errors", "redaction", "scratch", "transitions"},
    {"full_disk"},
)
FLOOR_OF = {place: number for number, places in enumerate(FLOORS) for place in places}
BUILD = f"{PACKAGE}.build_backend"  # what builds the wheel is not in it
MODULES = [module for module in modules_of(PACKAGE) if not module.name.startswith(BUILD)]
NAMES = {module.name for module in MODULES}


def place_of(name: str) -> str:
    """The folder of a module, or the module itself if it lies beside the folders; empty for the package."""
    return name.removeprefix(PACKAGE).lstrip(".").partition(".")[0]


def arrows(module: Module) -> Iterator[str]:
    """The modules of the package that a module imports when it runs."""
    for item in module.imports:
        if item.name.split(".")[0] == PACKAGE and not item.types_only:
            yield item.name if item.name in NAMES else item.name.rpartition(".")[0]


class TestFloors:
    """web -> families -> engine -> {storage, clock, errors} (design, section 2)"""

    def test_every_place_has_a_floor(self) -> None:
        assert {place_of(name) for name in NAMES} - set(FLOOR_OF) == {""}

    def test_no_module_imports_its_own_floor_or_a_higher_one(self) -> None:
        wrong = [
            f"{module.name} -> {target}"
            for module in MODULES
            for target in arrows(module)
            if place_of(target) not in ("", place_of(module.name))
            and FLOOR_OF[place_of(target)] <= FLOOR_OF[place_of(module.name)]
        ]
        assert wrong == []

    def test_no_folder_imports_itself_through_others(self) -> None:
        graph: dict[str, set[str]] = {}
        for module in MODULES:
            place = place_of(module.name)
            graph.setdefault(place, set()).update({place_of(target) for target in arrows(module)} - {place})
        assert set(TopologicalSorter(graph).static_order()) == set(graph)  # else CycleError names the circle

    def test_no_module_imports_itself_through_others(self) -> None:
        graph = {module.name: set(arrows(module)) - {module.name} for module in MODULES}
        assert set(graph) <= set(TopologicalSorter(graph).static_order())  # else CycleError names the circle

    def test_only_web_imports_the_rest_side_of_a_family(self) -> None:
        importers = {
            place_of(module.name)
            for module in MODULES
            for target in arrows(module)
            if target.endswith("api") and place_of(target) != place_of(module.name)
        }
        assert importers == {"web"}

    def test_the_reader_of_imports_sees_this_package(self) -> None:
        routes = next(module for module in MODULES if module.name == f"{PACKAGE}.web.routes")
        assert f"{PACKAGE}.jobs.api" in set(arrows(routes))
