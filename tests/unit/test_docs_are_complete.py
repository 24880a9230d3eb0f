"""The documents name everything that the code has: tables, columns, job types, result keys, errors."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Iterator, List, Tuple, Type

import pytest

import nuvyn_executor
from nuvyn_executor.errors import ExecutorError
from nuvyn_executor.model import JobType, RunStatus
from nuvyn_executor.reports.page import html
from nuvyn_executor.schema.details import COLUMN_DETAILS, CONNECTION_DETAILS, TABLE_DETAILS
from nuvyn_executor.schema.tables import REQUIRED_TABLES, Table
from nuvyn_executor.source_list import SOURCE_TYPES
from tests.example_report import example

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """Return what stands below a heading of the second level."""
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    found = [part for part in parts if part.split("\n", 1)[0].strip() == title]
    assert len(found) == 1, f"{len(found)} sections are called {title!r}"
    return found[0]


class TestMetadataTables:
    """Validates 5 required tables: `sources`, `tables`, `columns`, `executor_runs`, `logs`."""

    @pytest.mark.parametrize("table", REQUIRED_TABLES, ids=lambda table: table.name)
    def test_each_table_is_documented_as_the_schema_has_it(self, table: Table) -> None:
        lines = section(page("metadata.md"), f"`{table.name}`").splitlines()
        assert [line for line in lines if line.startswith("| `")] == [
            f"| `{column.name}` | {column.data_type} | {column.sent.value} | {column.comment} |"
            for column in table.columns
        ]
        assert f"{table.comment[0].upper()}{table.comment[1:]}. Key: `{table.key}`." in lines

    def test_each_key_of_details_is_documented_as_the_schema_has_it(self) -> None:
        lines = section(page("metadata.md"), "What is in `details`").splitlines()
        keys = [*TABLE_DETAILS, *COLUMN_DETAILS, *CONNECTION_DETAILS]
        assert [line for line in lines if line.startswith("| `")] == [
            f"| `{key.name}` | {key.sent.value} | {key.comment} |" for key in keys
        ]

    def test_no_table_is_documented_that_is_not_there(self) -> None:
        titles = re.findall(r"^## `(\w+)`$", page("metadata.md"), flags=re.MULTILINE)
        assert titles == [table.name for table in REQUIRED_TABLES]

    @pytest.mark.parametrize("status", list(RunStatus))
    def test_each_status_of_a_run_is_explained(self, status: RunStatus) -> None:
        assert f"\n- `{status.value}`: " in page("metadata.md")


def keys_of_results() -> Iterator[Tuple[str, str]]:
    """Read each job's result keys from where they are spelled; the shared ones belong to three jobs."""
    tree = ast.parse((ROOT / "nuvyn_executor" / "wire.py").read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for job_type in JobType:
        for name in (job_type.value, "_findings", "_skipped"):
            called = any(
                isinstance(node, ast.Name) and node.id == "_findings"
                for node in ast.walk(functions[job_type.value])
            )
            if name == job_type.value or called:
                yield from ((job_type.value, key) for key in _keys(functions[name]))


def _keys(function: ast.FunctionDef) -> List[str]:
    return [
        str(key.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    ]


class TestJobs:
    """The executor script supports 6 job types."""

    @pytest.mark.parametrize("job_type", list(JobType))
    def test_each_job_type_has_its_section(self, job_type: JobType) -> None:
        assert section(page("jobs.md"), f"`{job_type.value}`")

    @pytest.mark.skipif(not README.is_file(), reason="README.md is not written yet")
    @pytest.mark.parametrize("job_type", list(JobType))
    def test_the_readme_names_each_job_type(self, job_type: JobType) -> None:
        assert f"`{job_type.value}`" in README.read_text(encoding="utf-8")

    def test_each_key_of_a_result_is_documented_with_its_job(self) -> None:
        keys = list(keys_of_results())
        shared = section(page("jobs.md"), "What all jobs share")
        missing = [
            f"{job}: {key}"
            for job, key in keys
            if f"`{key}`" not in section(page("jobs.md"), f"`{job}`") and f"`{key}`" not in shared
        ]
        assert len(keys) > 50  # the reading of wire.py works
        assert missing == []

    @pytest.mark.parametrize("name", SOURCE_TYPES)
    def test_each_source_type_is_documented(self, name: str) -> None:
        assert f"`{name}`" in section(page("jobs.md"), "What all jobs share")

    def test_each_exit_code_is_documented(self) -> None:
        shared = section(page("jobs.md"), "What all jobs share")
        assert re.findall(r"^\| `(\d)` \|", shared, flags=re.MULTILINE) == ["0", "1", "2"]


def errors(root: Type[ExecutorError] = ExecutorError) -> Iterator[Type[ExecutorError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from errors(kind)


class TestOperations:
    """Common Errors and Solutions."""

    @pytest.mark.parametrize("kind", list(errors()), ids=lambda kind: kind.__name__)
    def test_each_error_has_its_remedy(self, kind: Type[ExecutorError]) -> None:
        table = section(page("operations.md"), "Errors and remedies")
        assert f"| `{kind.__name__}` |" in table


class TestChangelog:
    """Executor Script Version: 1.0.0."""

    def test_the_newest_release_is_the_version_of_the_package(self) -> None:
        text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        headings = re.findall(r"^## \[(.+?)\]", text, flags=re.MULTILINE)
        assert headings[:2] == ["Unreleased", nuvyn_executor.__version__]


def leads_somewhere(page_of_link: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    found = page_of_link.parent / name if name else page_of_link
    if not anchor or not found.is_file():
        return found.exists()
    headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return anchor in [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)]+)\)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not leads_somewhere(path, target)] == []


class TestExampleReports:
    """Issue: "The report of the demo's flights and shop ships as an example".

    Where this fails, `make demo` and `python -m tools.ship_reports` write them anew.
    """

    @pytest.mark.parametrize("name", ["flights", "shop"])
    @pytest.mark.parametrize("part", ["style", "script"])
    def test_they_look_and_act_as_a_report_of_today(self, name: str, part: str) -> None:
        find = re.compile(rf"<{part}>(.*?)</{part}>", re.DOTALL).findall
        shipped = (ROOT / f"docs/examples/report-{name}.html").read_text(encoding="utf-8")

        assert find(shipped)
        assert find(shipped) == find(html(example()))

    @pytest.mark.parametrize("name", ["flights", "shop"])
    def test_they_name_no_folder_of_the_machine_that_made_them(self, name: str) -> None:
        shipped = (ROOT / f"docs/examples/report-{name}.html").read_text(encoding="utf-8")
        paths = re.findall(
            r"(?<=[>\s])/\w+(?:/[\w.-]+)+", shipped.partition("</style>")[2].partition("<script>")[0]
        )

        assert paths
        assert [path for path in paths if not path.startswith("/Volumes/")] == []
        assert "/.cache/" not in shipped
