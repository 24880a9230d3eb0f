"""The cases as Python values: what tests, schemas and documents take their examples from.

Standard library only, Python 3.8 and later. Nothing here knows a server or the executor.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Tuple

from contract.matching import same_shape

ROOT = Path(__file__).resolve().parent
CASES = ROOT / "cases"
SCHEMAS = ROOT / "schemas"
JOB_TYPES: Tuple[str, ...] = (
    "schema_validation",
    "metadata_extraction",
    "data_reading",
    "quality_assessment",
    "api_transmission",
    "full_pipeline",
)
EXCHANGE_FAMILIES: Tuple[str, ...] = ("setup", "commands", "jobs", "secrets", "runs")


def read_json(path: Path) -> Any:
    """Read the JSON document in a file, keys in the file's order."""
    return json.loads(path.read_text(encoding="utf-8"))


def load_results() -> Dict[str, Dict[str, Any]]:
    """Return the case of each job type (``contract/cases/results``), by job type, in the guide's order."""
    return {job_type: read_json(CASES / "results" / f"{job_type}.json") for job_type in JOB_TYPES}


def documented_output(job_type: str) -> Dict[str, Any]:
    """Return the "Expected Output" of a job type, as the guide prints it.

    Raises:
        KeyError: the guide has no such job type.

    """
    output: Dict[str, Any] = load_results()[job_type]["documented"]
    return output


def failure() -> Dict[str, Any]:
    """Return the case of a failed job: what stdout carries then."""
    case: Dict[str, Any] = read_json(CASES / "results" / "failure.json")
    return case


def result_differences(job_type: str, actual: Any) -> List[str]:
    """Return how an actual result of a job departs from the documented shape; empty when it does not."""
    case = load_results()[job_type]
    return same_shape(case["documented"], actual, **shape_rules(case))


def failure_differences(actual: Any) -> List[str]:
    """Return how the JSON of a failed job departs from the agreed shape; empty when it does not."""
    case = failure()
    return same_shape(case["documented"], actual, **shape_rules(case))


def shape_rules(case: Dict[str, Any]) -> Dict[str, Any]:
    """Return what a result case allows beyond its example, as keyword arguments of ``same_shape``."""
    shape = case["shape"]
    return {
        "nullable": tuple(shape["nullable"]),
        "maps": tuple(shape["maps"]),
        "alternatives": shape["alternatives"],
        "additional": tuple(shape["additional"]),
    }


def parameters() -> Dict[str, Any]:
    """Return the table of parameters: each job's positional parameters, documented calls, refused calls."""
    case: Dict[str, Any] = read_json(CASES / "results" / "parameters.json")
    return case


def log_lines() -> List[str]:
    """Return the guide's log lines, verbatim."""
    return [entry["line"] for entry in logs()["lines"]]


def logs() -> Dict[str, Any]:
    """Return the case of the log format: pattern (a Python regular expression), lines, levels."""
    case: Dict[str, Any] = read_json(CASES / "logs.json")
    return case


def audit_queries() -> Dict[str, Dict[str, Any]]:
    """Return the two audit queries, ``execution_history`` and ``logs``, each with ``sql`` and ``columns``."""
    return {query["name"]: query for query in read_json(CASES / "audit.json")["queries"]}


def environment() -> Dict[str, Any]:
    """Return the case of the environment variables and of the secret scope that may hold them."""
    case: Dict[str, Any] = read_json(CASES / "environment.json")
    return case


def transmissions() -> Dict[str, Dict[str, Any]]:
    """Return the POST to the platform (``request``) and each of its answers, by name."""
    return {path.stem: read_json(path) for path in sorted((CASES / "transmission").glob("*.json"))}


def states() -> Dict[str, List[str]]:
    """Return the guide's words for states and levels: values of each table, by the table's name."""
    tables = read_json(CASES / "states.json")["tables"]
    return {table["name"]: [row["value"] for row in table["rows"]] for table in tables}


def cases() -> List[Dict[str, Any]]:
    """Return every REST exchange, files in the order of their paths, exchanges as they stand in the file."""
    found: List[Dict[str, Any]] = []
    for family in EXCHANGE_FAMILIES:
        for path in sorted((CASES / family).glob("*.json")):
            found.extend(read_json(path)["cases"])
    return found


def default_variables() -> Dict[str, Any]:
    """Return the variables that have a value before anyone gives one."""
    defaults: Dict[str, Any] = read_json(CASES / "variables.json")["defaults"]
    return defaults
