"""The pages that lead a reader to the code name files that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, List

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATH = re.compile(r"`((?:[a-z_.]+/)*[A-Za-z_.]+(?:/|\.(?:py|md|json|yaml|toml)))`")
MOST_FILES = 5


def recipes() -> Dict[str, List[str]]:
    """Return the paths that each recipe of CONTRIBUTING names, by the recipe's title."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    part = text.split("## Ten usual changes\n", 1)[1].split("\n## ", 1)[0]
    titled = (recipe.split("\n", 1) for recipe in part.split("\n### ")[1:])
    return {title: PATH.findall(steps) for title, steps in titled}


class TestRecipes:
    """`CONTRIBUTING` has a recipe for each of the ten usual changes with the files it touches."""

    def test_there_are_ten(self) -> None:
        assert len(recipes()) == 10

    @pytest.mark.parametrize("title", list(recipes()))
    def test_each_names_files_that_exist_and_few_of_them(self, title: str) -> None:
        paths = [path for path in recipes()[title] if "/" in path]

        assert [path for path in paths if not (ROOT / path).exists()] == []
        assert 1 < len(paths) <= MOST_FILES


class TestArchitecture:
    """`docs/architecture.md`: the rooms with their one sentence, made to be read first."""

    def test_each_path_exists(self) -> None:
        paths = PATH.findall((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))
        inside = [path for path in paths if "/" in path]

        assert [
            path
            for path in inside
            if not ((ROOT / path).exists() or (ROOT / "nuvyn_executor" / path).exists())
        ] == []

    @pytest.mark.parametrize("package", ["nuvyn_executor", "fake_databricks"])
    def test_each_folder_of_a_package_has_its_sentence(self, package: str) -> None:
        page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
        folders = [path.parent.name for path in sorted((ROOT / package).glob("*/__init__.py"))]

        assert [name for name in folders if f"| `{package}/{name}/` |" not in page] == []

    @pytest.mark.parametrize("package", ["nuvyn_executor", "fake_databricks"])
    def test_each_folder_has_a_docstring_that_is_a_map(self, package: str) -> None:
        for path in sorted((ROOT / package).glob("*/__init__.py")):
            text = path.read_text(encoding="utf-8")
            modules = {child.stem for child in path.parent.glob("*.py")} - {"__init__"}

            assert [name for name in sorted(modules) if f"{name}" not in text] == [], path
