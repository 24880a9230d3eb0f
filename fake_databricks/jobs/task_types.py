"""The types of tasks: what each needs, and the arguments that it gives its program. Pure."""

from __future__ import annotations

import json
from typing import Any, Callable, Mapping

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs.fields import TASK_TYPE_FIELDS
from fake_databricks.request.values import read_fields, read_text, read_texts

PROGRAMS = ("spark_python_task", "python_wheel_task", "notebook_task", "sql_task")
"""The types that run a program on a cluster."""
WITH_ARGUMENTS = ("spark_python_task", "python_wheel_task")
"""The types whose ``parameters`` are the arguments of the program."""
CONTROL = ("run_job_task", "condition_task", "for_each_task")
"""The types that run no program of their own, and need no cluster."""
TASK_TYPES = (*PROGRAMS, *CONTROL)
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "spark_python_task": ("python_file",),
    "python_wheel_task": ("package_name", "entry_point"),
    "notebook_task": ("notebook_path",),
    "sql_task": ("warehouse_id", "file"),
    "run_job_task": ("job_id",),
    "condition_task": ("op", "left", "right"),
    "for_each_task": ("inputs", "task"),
}
"""The fields without which a task of that type is refused."""
FILES = {"spark_python_task": "python_file", "notebook_task": "notebook_path"}
"""The field with the path of a type's file."""
NAMED = (
    "named_parameters",
    "base_parameters",
    "job_parameters",
    "notebook_params",
    "python_named_params",
    "sql_params",
)
"""The fields that are parameters by their names."""
LISTED = ("parameters", "python_params")
"""The fields that are parameters in their order."""
OPERATORS = (
    "EQUAL_TO",
    "NOT_EQUAL",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUAL",
    "LESS_THAN",
    "LESS_THAN_OR_EQUAL",
)
MAX_CONCURRENCY = 100
MAX_ITERATIONS = 5000
MAX_BASE_PARAMETERS_BYTES = 1024 * 1024


def read_task_type(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of a task type with each value in its type.

    Raises:
        InvalidParameter: a field is missing, wrong, or not honoured here.
    """
    read = _with_texts(kind, read_fields(body, TASK_TYPE_FIELDS[kind], f"{kind}."))
    for name in REQUIRED[kind]:
        if read.get(name) is None or (read[name] == "" and kind in PROGRAMS):
            raise InvalidParameter(f"Missing required field: {kind}.{name}")
    if read.get("source", "WORKSPACE") != "WORKSPACE":
        raise InvalidParameter(
            f"Field '{kind}.source' is not supported: no repository is cloned here; "
            "upload the file and leave it out."
        )
    check = _CHECKS.get(kind)
    if check is not None:
        check(read)
    return read


def _with_texts(kind: str, read: dict[str, Any]) -> dict[str, Any]:
    """Return the document with each parameter of its type as text; what the type has not stays as it is."""
    if kind == "sql_task":
        return {**read, "parameters": read_named("sql_task.parameters", read.get("parameters", {}))}
    known = TASK_TYPE_FIELDS[kind].keys() & read.keys()
    for name in known.intersection(LISTED):
        read[name] = list(read_texts(f"{kind}.{name}", read[name]))
    for name in known.intersection(NAMED):
        read[name] = read_named(f"{kind}.{name}", read[name])
    if kind == "python_wheel_task" and read.get("named_parameters") and read.get("parameters"):
        raise InvalidParameter("Only one of parameters and named_parameters may be given.")
    return read


def _check_notebook(read: Mapping[str, Any]) -> None:
    if not read["notebook_path"].startswith(("/", "{{")):
        raise InvalidParameter(
            f"Only absolute paths are allowed for notebook_task.notebook_path: {read['notebook_path']}"
        )
    size = sum(len(text.encode()) for pair in read.get("base_parameters", {}).items() for text in pair)
    if size > MAX_BASE_PARAMETERS_BYTES:
        raise InvalidParameter("notebook_task.base_parameters must have at most 1 MB.")


def _check_sql(read: Mapping[str, Any]) -> None:
    path = read["file"].get("path", "")
    if not path.startswith("/") or not path.endswith(".sql"):
        raise InvalidParameter(f"sql_task.file.path must be absolute and end with .sql: {path}")
    if read["file"].get("source", "WORKSPACE") != "WORKSPACE":
        raise InvalidParameter("Field 'sql_task.file.source' is not supported: upload the file.")


def _check_condition(read: Mapping[str, Any]) -> None:
    if read["op"] not in OPERATORS:
        raise InvalidParameter(f"condition_task.op must be one of {', '.join(OPERATORS)}.")


def _check_loop(read: Mapping[str, Any]) -> None:
    if not 1 <= read.get("concurrency", 1) <= MAX_CONCURRENCY:
        raise InvalidParameter(f"for_each_task.concurrency must be between 1 and {MAX_CONCURRENCY}.")
    for name in ("for_each_task", "depends_on"):
        if read["task"].get(name):
            raise InvalidParameter(f"Field 'for_each_task.task.{name}' is not allowed: one task is repeated.")


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "notebook_task": _check_notebook,
    "sql_task": _check_sql,
    "condition_task": _check_condition,
    "for_each_task": _check_loop,
}


def read_inputs(text: str) -> list[Any]:
    """Return the elements that a loop runs over.

    Raises:
        InvalidParameter: the text is no JSON array, or too long a one.
    """
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list):
        raise InvalidParameter(f"for_each_task.inputs must be a JSON array: {text[:100]}")
    if len(items) > MAX_ITERATIONS:
        raise InvalidParameter(f"for_each_task.inputs must have at most {MAX_ITERATIONS} elements.")
    return items


def read_named(name: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters by their names, each as text."""
    return {key: read_text(f"{name}.{key}", value) for key, value in values.items()}


def arguments(kind: str, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the arguments of a task's program."""
    if kind == "python_wheel_task" and body.get("named_parameters"):
        return keyword_arguments(body["named_parameters"])
    return tuple(body.get("parameters", ())) if kind in WITH_ARGUMENTS else ()


def keyword_arguments(named: Mapping[str, str]) -> tuple[str, ...]:
    """Return the arguments of a program for named parameters."""
    return tuple(f"--{name}={value}" for name, value in named.items())
