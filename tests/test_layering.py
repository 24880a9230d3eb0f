"""The arrows of the design, read from the syntax tree: what a module may import, by where it stands.

The rules speak of places, not of files: a module that is added tomorrow falls under them today.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Set, Tuple

import pytest
from graphlib import TopologicalSorter

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "nuvyn_executor"

# The floors of the executor, top first; each names the rooms on it: folders, and modules beside the folders.
# A module imports its own room and those on floors below. An import for the type checker alone is no arrow,
# because it is not there when the program runs. A room that no floor names fails the test: add it.
FLOORS: Tuple[Tuple[str, ...], ...] = (
    ("__main__",),
    ("cli", "contract", "report"),
    ("bootstrap",),
    ("job_manager",),
    ("jobs",),
    ("source_runs",),
    ("metadata", "transport", "audit", "reports"),
    ("profiling", "parameters"),
    ("reading", "source_list"),
    ("discovery",),
    ("sources", "store", "config"),
    ("spark",),
    ("schema", "wire", "settings", "contracts", "terminal"),
    ("quality", "redaction", "dbutils", "progress", "interrupts", "output"),
    ("model", "bounds", "concurrency", "log", "process_identity"),
    ("errors",),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
PURE = re.compile(
    r"(contracts|quality|model|bounds|errors|parameters|source_list|wire"
    r"|discovery\.(formats|avro_header|file_head|text_encoding|legacy_encodings)"
    r"|discovery\.(csv_layout|csv_lines|dialects|doubts|preamble)|reports(?!\.(stored|files)$))(\..*)?"
)
ADAPTER = re.compile(r"(store|sources|transport)\.(?!base$|factory$|locations$|entry_stream$).*")
SPARK_USERS = re.compile(
    r"(store\.delta\w*|profiling\..*|reading\..*|discovery\..*|metadata\..*|sources\..*|spark\..*|concurrency)"
)
# A cluster sees this package under another name, by a link: its modules name each other relatively.
LINKED = "fake_databricks.engine.inside"
# Libraries that stand behind one door each.
ONE_DOOR = (
    {"obstore"},
    {"requests"},
    {"openpyxl", "python_calamine"},
    {"charset_normalizer"},
    {"yaml"},
    {"rich"},
)
# Of these the pure modules may import some: they only compute.
COMPUTING = ("charset_normalizer", "yaml")


class Import(NamedTuple):
    """One imported name: a module, or something in one; and whether only a type checker sees it."""

    name: str
    types_only: bool


class Module(NamedTuple):
    """A source file, by its dotted name."""

    name: str
    path: Path
    imports: Tuple[Import, ...]

    @property
    def place(self) -> str:
        """The name without the package: ``store.delta``."""
        return self.name.partition(".")[2]


def imports_of(tree: ast.AST, package: str = "", *, types_only: bool = False) -> Iterator[Import]:
    """Every import of a tree, in functions too; ``from a import b`` counts as ``a.b``.

    ``package`` is where the tree lies: relative imports hide the arrows, so only one package may have them.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, types_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= (package == LINKED), f"{package}, line {node.lineno}: a relative import"
            origin = ".".join(filter(None, (package if node.level else "", node.module)))
            yield from (Import(f"{origin}.{alias.name}", types_only) for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for child in node.body:
                yield from imports_of(ast.Module([child], []), package, types_only=True)
            for child in node.orelse:
                yield from imports_of(ast.Module([child], []), package, types_only=types_only)
        else:
            yield from imports_of(node, package, types_only=types_only)


def modules_of(package: str) -> List[Module]:
    """The modules of a package of this repository; none when it is not there (yet)."""
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        package_name = name if parts[-1] == "__init__" else name.rpartition(".")[0]
        found.append(Module(name, path, tuple(imports_of(tree, package_name))))
    return found


MODULES = modules_of(PACKAGE)
NAMES = {module.name for module in MODULES}


def target_of(name: str) -> str:
    """The module of ours that an imported name leads to: ``a``, when ``a.b`` is a name in it."""
    return name if name in NAMES else name.rpartition(".")[0]


def ours(module: Module) -> Iterator[Import]:
    """What a module imports of its own package, as modules."""
    for item in module.imports:
        if item.name.split(".")[0] == PACKAGE:
            yield Import(target_of(item.name), item.types_only)


def room_of(place: str) -> str:
    """Return the room of a module, by its name without the package: ``store`` of ``store.delta``."""
    return place.split(".", maxsplit=1)[0]


def arrows() -> Iterator[Tuple[Module, str]]:
    """Return each module with each place that it imports when it runs; the package itself has no place."""
    for module in MODULES:
        for item in ours(module):
            target = item.name.partition(".")[2]
            if target and module.place and not item.types_only:
                yield module, target


def doors_to(libraries: Set[str]) -> List[str]:
    """The modules that import one of these libraries when they run."""
    return [
        module.name
        for module in MODULES
        if any(item.name.split(".")[0] in libraries and not item.types_only for item in module.imports)
    ]


class TestArrows:
    """Design, section 2: "Arrows run one way." """

    def test_each_room_has_its_floor(self) -> None:
        rooms = {room_of(module.place) for module in MODULES if module.place}

        assert rooms == set(FLOOR_OF)

    def test_a_module_imports_its_own_room_and_those_on_floors_below(self) -> None:
        upward = [
            f"{module.name} -> {target}"
            for module, target in arrows()
            if room_of(module.place) != room_of(target)
            and FLOOR_OF[room_of(module.place)] >= FLOOR_OF[room_of(target)]
        ]

        assert upward == []

    def test_no_module_imports_itself_through_others(self) -> None:
        graph: Dict[str, Set[str]] = {module.place: set() for module in MODULES}
        for module, target in arrows():
            graph[module.place] |= {target} - {module.place}

        assert len(graph) <= len(
            list(TopologicalSorter(graph).static_order())
        )  # else: CycleError names the circle

    def test_pure_modules_import_the_standard_library_and_each_other(self) -> None:
        impure = [
            f"{module.name} -> {item.name}"
            for module in MODULES
            if PURE.fullmatch(module.place)
            for item in module.imports
            if not item.types_only and not is_standard(item.name) and not is_pure(item.name)
            if item.name.split(".")[0] not in COMPUTING
        ]

        assert impure == []

    @pytest.mark.parametrize(("here", "there"), [(PACKAGE, "fake_databricks"), ("fake_databricks", PACKAGE)])
    def test_the_executor_and_the_fake_never_import_each_other(self, here: str, there: str) -> None:
        meetings = [
            f"{module.name} -> {item.name}"
            for module in modules_of(here)
            for item in module.imports
            if item.name.split(".")[0] in (there, "executor")
        ]

        assert meetings == []


def is_standard(name: str) -> bool:
    """Whether an imported name comes with Python."""
    return name.split(".", maxsplit=1)[0] in sys.stdlib_module_names


def is_pure(name: str) -> bool:
    """Whether an imported name is of a pure module, or the package's own (its version)."""
    package, _, _ = name.partition(".")
    place = target_of(name).partition(".")[2]
    return package == PACKAGE and (not place or PURE.fullmatch(place) is not None)


class TestAdapters:
    """Design, section 2: "Adapters are named in `bootstrap.py` only." """

    def test_adapters_are_named_by_bootstrap_and_their_own_package(self) -> None:
        strangers = [
            f"{module.name} -> {item.name}"
            for module in MODULES
            for item in ours(module)
            if ADAPTER.fullmatch(item.name.partition(".")[2])
            and not item.types_only
            and module.place != "bootstrap"
            and module.place.split(".")[0] != item.name.split(".")[1]
        ]

        assert strangers == []

    def test_spark_is_imported_by_the_store_the_profiler_the_readers_and_the_session(self) -> None:
        strangers = [
            module.name
            for module in MODULES
            for item in module.imports
            if item.name.split(".")[0] in {"pyspark", "delta", "py4j"}
            and not SPARK_USERS.fullmatch(module.place)
            and not (item.types_only and module.place == "bootstrap")
        ]

        assert strangers == []

    @pytest.mark.parametrize("libraries", ONE_DOOR, ids=lambda libraries: "-".join(sorted(libraries)))
    def test_each_library_stands_behind_one_door(self, libraries: Set[str]) -> None:
        assert len(doors_to(libraries)) <= 1, doors_to(libraries)


class TestNamesAndSyntax:
    """Design, section 2: "No module beside a `main.py` bears a standard-library name"."""

    def test_no_module_bears_a_standard_library_name(self) -> None:
        stems = {part for module in [*MODULES, *modules_of("executor")] for part in module.name.split(".")}

        assert set() == {
            stem for stem in stems if stem in sys.stdlib_module_names and not stem.startswith("__")
        }

    @pytest.mark.parametrize("module", [*MODULES, *modules_of("executor")], ids=lambda module: module.name)
    def test_every_module_is_written_in_python_3_8(self, module: Module) -> None:
        source = module.path.read_text(encoding="utf-8")

        assert ast.parse(source, filename=str(module.path), feature_version=(3, 8)) is not None


class TestTheReaderOfImports:
    """The rules above are worth what :func:`imports_of` sees."""

    def test_imports_in_functions_and_for_types_are_seen(self) -> None:
        tree = ast.parse(
            "import a.b\n"
            "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from c import D\n"
            "def f():\n    if x:\n        import e\n"
        )

        found = {item.name: item.types_only for item in imports_of(tree)}

        assert found == {"a.b": False, "typing.TYPE_CHECKING": False, "c.D": True, "e": False}

    def test_the_package_was_found(self) -> None:
        assert {"nuvyn_executor", "nuvyn_executor.model", "nuvyn_executor.store.base"} <= NAMES
