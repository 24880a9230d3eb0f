"""What pages of the reference take from the code when the site is built: Markdown, by its mark's name."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Sequence

from contract import corpus
from fake_databricks.errors import ApiError
from nuvyn_executor.errors import ExecutorError

ROOT = Path(__file__).resolve().parents[2]
COMMANDS: Mapping[str, Sequence[str]] = {
    "nuvyn-executor": ["nuvyn_executor"],
    "python -m nuvyn_executor.report": ["nuvyn_executor.report"],
    "python -m nuvyn_executor.contract": ["nuvyn_executor.contract"],
    "fake-databricks": ["fake_databricks"],
    "fake-databricks install-runtime": ["fake_databricks", "install-runtime"],
    "nuvyn-contract": ["contract"],
    "nuvyn-contract verify": ["contract", "verify"],
    "nuvyn-contract verify-platform": ["contract", "verify-platform"],
    "nuvyn-contract verify-executor": ["contract", "verify-executor"],
    "nuvyn-contract receiver": ["contract", "receiver"],
}
"""Each command, and the module with the words that call it."""


def commands() -> str:
    """Return the help of each command, below its name."""
    with ThreadPoolExecutor(2) as pool:
        texts = pool.map(_help, COMMANDS.values())
        return "\n\n".join(f"## {name}\n\n```text\n{text}\n```" for name, text in zip(COMMANDS, texts))


def _help(words: Sequence[str]) -> str:
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", *words, "--help"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603  our own
    return done.stdout.rstrip()


def cases() -> str:
    """Return a table of the documented exchanges for each family."""
    families: dict[str, list[Mapping[str, Any]]] = {}
    for case in corpus.cases():
        families.setdefault(case["id"].partition("/")[0], []).append(case)
    head = ["| case | request | answer | what it says |", "|---|---|---|---|"]
    return "\n\n".join(
        "\n".join([f"## {family}", "", *head, *map(_case, rows)]) for family, rows in families.items()
    )


def _case(case: Mapping[str, Any]) -> str:
    request, response = case["request"], case["response"]
    path = request["path"].partition("?")[0]
    words = str(case.get("description", "")).replace("|", "\\|").replace("\n", " ")
    return f"| `{case['id']}` | `{request['method']} {path}` | {response['status']} | {words} |"


def executor_errors() -> str:
    """Return the errors of the executor, each below the one that it is a kind of."""
    head = ["| error | a kind of | exit code | meaning |", "|---|---|---|---|"]
    rows = [
        f"| `{kind.__name__}` | `{kind.__mro__[1].__name__}` | {kind.exit_code} | {_first(kind)} |"
        for kind in _below(ExecutorError)
    ]
    return "\n".join([*head, *rows])


def refusals() -> str:
    """Return the refusals of the local Databricks with status and code."""
    head = ["| error | status | code | meaning |", "|---|---|---|---|"]
    rows = [
        f"| `{kind.__name__}` | {kind.status} | `{kind.error_code}` | {_first(kind)} |"
        for kind in _below(ApiError)
    ]
    return "\n".join([*head, *rows])


def _below(root: type[Any]) -> Iterator[type[Any]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _below(kind)


def _first(kind: type[Any]) -> str:
    paragraph = (kind.__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(paragraph.replace("``", "`").replace("|", "\\|").split())


GENERATED: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "cases": cases,
    "executor-errors": executor_errors,
    "refusals": refusals,
}
