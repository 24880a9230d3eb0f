"""Notebooks as files: how one is recognised and found, and its cells. Pure.

The server asks it which file a task names and what ``%pip`` installs; the process of a run asks it for cells.
"""

from __future__ import annotations

import json
import posixpath
import shlex
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple

from .magics import parse_magics

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER = "Databricks notebook source"
COMMENTS = {"#": "python", "--": "sql", "//": "scala"}
"""What begins a comment in the source format of a language; R has that of Python."""
EXTENSIONS = ("", ".py", ".ipynb", ".sql", ".scala", ".r", ".R")
"""What may stand at the end of a notebook's file and not of its path, in the order of the search."""
LANGUAGES = {".sql": "sql", ".scala": "scala", ".r": "r", ".R": "r"}
RUNNABLE = ("python", "sql")


class NotebookError(Exception):
    """A file is no notebook that can be read; the message says why."""


class Cell(NamedTuple):
    """One cell: its place (1 is the first), its language if no magic names another, its text."""

    number: int
    language: str
    text: str


def is_notebook(path: str, content: bytes) -> bool:
    """Whether a file is a notebook: by its header, as JSON of Jupyter, or because it has no extension."""
    extension = posixpath.splitext(path)[1]
    return _comment_of(content) != "" or extension in (".ipynb", "")


def read_cells(path: str, content: bytes) -> list[Cell]:
    """Return the cells of a notebook.

    Raises:
        NotebookError: it is no text, or no notebook of Jupyter.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotebookError(f"The notebook {path} is no text in UTF-8.") from None
    extension = posixpath.splitext(path)[1]
    if extension == ".ipynb" or (text.lstrip().startswith("{") and not _comment_of(content)):
        return list(_jupyter(path, text))
    comment = _comment_of(content)
    language = LANGUAGES.get(extension) or COMMENTS.get(comment, "python")
    return list(_source(text, comment, language))


def language_of(path: str, content: bytes) -> str:
    """Return the language of a notebook, in lower case."""
    cells = read_cells(path, content)
    return cells[0].language if cells else "python"


def resolve(reference: str, here: str) -> str:
    """Return the path of a notebook that another one names.

    Args:
        reference: absolute, or relative to the folder of the other one.
        here: the path of the other one.
    """
    plain = reference.strip().strip("\"'")
    if plain.startswith("/Workspace/"):
        plain = plain[len("/Workspace") :]
    return posixpath.normpath(posixpath.join(posixpath.dirname(here) or "/", plain))


def find(path: str, read: Callable[[str], bytes | None]) -> tuple[str, bytes] | None:
    """Return the path with the extension that its file has, and the content; None where there is no notebook.

    Args:
        path: a path of the workspace.
        read: returns the content of the file at such a path, or None.
    """
    for extension in EXTENSIONS:
        content = read(path + extension)
        if content is not None and is_notebook(path + extension, content):
            return path + extension, content
    return None


def missing(path: str) -> str:
    """Return the sentence about a notebook that another one names and that does not exist."""
    return (
        f"Notebook not found: {path.lstrip('/')}. Notebooks can be specified via a relative path "
        "(./Notebook or ../folder/Notebook) or via an absolute path (/Abs/Path/to/Notebook). "
        "Make sure you are specifying the path correctly."
    )


def run_arguments(text: str) -> tuple[str, dict[str, str]]:
    """Return the path that a ``%run`` names, and the widgets that it sets: ``%run ./x $name="value"``."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError as error:
        raise NotebookError(f"%run {text.strip()}: {error}") from None
    if not words:
        raise NotebookError("%run needs the path of a notebook.")
    pairs = (word[1:].partition("=") for word in words[1:] if word.startswith("$"))
    return words[0], {name: value for name, _, value in pairs}


def pip_lines(path: str, content: bytes, read: Callable[[str], bytes | None]) -> Iterator[str]:
    """Return what each ``%pip`` of a notebook says, also of those that it includes with ``%run``."""
    seen: set[str] = set()
    yield from _pip_lines(path, content, read, seen)


def _pip_lines(
    path: str, content: bytes, read: Callable[[str], bytes | None], seen: set[str]
) -> Iterator[str]:
    seen.add(path)
    for cell in read_cells(path, content):
        for part in parse_magics(cell.text, cell.language):
            if part.kind == "pip":
                yield part.text.strip()
            elif part.kind == "run":
                found = find(resolve(run_arguments(part.text)[0], path), read)
                if found is not None and found[0] not in seen:
                    yield from _pip_lines(*found, read, seen)


def _comment_of(content: bytes) -> str:
    """Return what begins a comment in a notebook of the source format; empty for other content."""
    first = content.partition(b"\n")[0].decode("utf-8-sig", "replace").strip()
    return next((mark for mark in COMMENTS if first == f"{mark} {HEADER}"), "")


def _source(text: str, comment: str, language: str) -> Iterator[Cell]:
    lines = text.splitlines()
    if comment:
        lines = lines[1:]
    cells: list[list[str]] = [[]]
    for line in lines:
        if comment and line.startswith(f"{comment} COMMAND ---"):
            cells.append([])
        elif comment and line.startswith(f"{comment} DBTITLE "):
            continue
        elif comment and line.startswith(f"{comment} MAGIC"):
            cells[-1].append(line[len(f"{comment} MAGIC") :].removeprefix(" "))
        else:
            cells[-1].append(line)
    for number, cell in enumerate(cells, 1):
        yield Cell(number, language, "\n".join(cell).strip("\n") + "\n")


def _jupyter(path: str, text: str) -> Iterator[Cell]:
    try:
        document = json.loads(text)
        cells: list[Any] = document["cells"]
        metadata = document.get("metadata") or {}
        language = _language(metadata)
        for number, cell in enumerate(cells, 1):
            source = cell.get("source", "")
            joined = source if isinstance(source, str) else "".join(source)
            is_code = cell.get("cell_type") == "code"
            yield Cell(number, language, joined if is_code else f"%md\n{joined}")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise NotebookError(f"The notebook {path} is no notebook of Jupyter that can be read.") from None


def _language(metadata: dict[str, Any]) -> str:
    own = metadata.get("application/vnd.databricks.v1+notebook") or {}
    kernel, info = metadata.get("kernelspec") or {}, metadata.get("language_info") or {}
    return str(own.get("language") or info.get("name") or kernel.get("language") or "python").lower()
