"""Notebooks as files: recognised, found, and split into cells (no process here)."""

from __future__ import annotations

import json
from typing import Callable

import pytest

from fake_databricks.engine.inside.notebooks import (
    NotebookError,
    find,
    is_notebook,
    language_of,
    pip_lines,
    read_cells,
    resolve,
    run_arguments,
)

HEADER = "# Databricks notebook source\n"
SOURCE = f"""{HEADER}# DBTITLE 1,First
x = 1

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT 1

# COMMAND ----------

# MAGIC %md
# MAGIC
# MAGIC text
"""


def jupyter(*cells: tuple[str, object], **metadata: object) -> bytes:
    made = [{"cell_type": kind, "source": source} for kind, source in cells]
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4}).encode()


def reader(**files: str) -> Callable[[str], bytes | None]:
    return lambda path: files[path].encode() if path in files else None


class TestSourceFormat:
    """source-format `.py` notebooks (`# Databricks notebook source`, `# COMMAND`, `# MAGIC`)"""

    def test_cells_are_split_and_the_marks_are_gone(self) -> None:
        texts = [cell.text for cell in read_cells("/n.py", SOURCE.encode())]
        assert texts == ["x = 1\n", "%sql\nSELECT 1\n", "%md\n\ntext\n"]

    @pytest.mark.parametrize(
        ("path", "content", "language"),
        [
            ("/n.sql", b"-- Databricks notebook source\nSELECT 1", "sql"),
            ("/n.scala", b"// Databricks notebook source\nval x = 1", "scala"),
            ("/n", b"x = 1", "python"),
            ("/n.r", b"# Databricks notebook source\nx <- 1", "r"),
            ("/n.ipynb", jupyter(("code", "x <- 1"), kernelspec={"language": "R"}), "r"),
        ],
    )
    def test_the_language_is_that_of_its_comments_or_of_its_kernel(
        self, path: str, content: bytes, language: str
    ) -> None:
        assert language_of(path, content) == language

    def test_a_file_without_the_header_is_no_notebook(self) -> None:
        files = {"/a.py": HEADER, "/b.py": "x = 1", "/c": "x = 1", "/d.ipynb": "{}", "/e.csv": "a,b"}
        found = [path for path, content in files.items() if is_notebook(path, content.encode())]
        assert found == ["/a.py", "/c", "/d.ipynb"]


class TestJupyter:
    """and `.ipynb`"""

    def test_code_is_a_cell_and_markdown_only_counts(self) -> None:
        content = jupyter(("markdown", ["# a"]), ("code", ["x = 1\n", "x"]))
        assert [(cell.number, cell.text) for cell in read_cells("/n.ipynb", content)] == [
            (1, "%md\n# a"),
            (2, "x = 1\nx"),
        ]

    @pytest.mark.parametrize(
        "content",
        [b"{", b"[]", b'{"cells": 1}', b'{"cells": [1]}', b"{}", b"[" * 100_000, b'{"cells": ' * 100_000],
    )
    def test_what_is_none_is_said_so(self, content: bytes) -> None:
        with pytest.raises(NotebookError, match="no notebook of Jupyter"):
            read_cells("/n.ipynb", content)

    def test_bytes_that_are_no_text_are_said_so(self) -> None:
        with pytest.raises(NotebookError, match="no text in UTF-8"):
            read_cells("/n", b"\xff\xfe")


class TestPaths:
    """`%run ./other`, `dbutils.notebook.run(path, ...)`"""

    @pytest.mark.parametrize(
        ("reference", "expected"),
        [
            ("./b", "/x/b"),
            ("../b", "/b"),
            ("/y/b", "/y/b"),
            ("/Workspace/y/b", "/y/b"),
            ('"./b c"', "/x/b c"),
        ],
    )
    def test_a_path_is_relative_to_the_notebook_that_names_it(self, reference: str, expected: str) -> None:
        assert resolve(reference, "/x/a") == expected

    def test_the_extension_of_the_file_need_not_be_named(self) -> None:
        assert find("/x/b", reader(**{"/x/b.py": HEADER})) == ("/x/b.py", HEADER.encode())
        assert find("/x/b", reader(**{"/x/b.py": "x = 1"})) is None

    def test_run_has_a_path_and_widgets(self) -> None:
        assert run_arguments('./b $a="x y" $b=1') == ("./b", {"a": "x y", "b": "1"})
        with pytest.raises(NotebookError, match="needs the path"):
            run_arguments(" ")

    def test_pip_lines_of_included_notebooks_are_found_once(self) -> None:
        files = {"/a": "%run ./b", "/b.py": f"{HEADER}# MAGIC %pip install x\n# COMMAND ----------\n%run ./a"}
        assert list(pip_lines("/a", files["/a"].encode(), reader(**files))) == ["install x"]
