"""What an executor's command line does: who demands it, where the guide says so, and how it is looked at.

First come the calls. Then what they have led to is compared: what came to the platform, and the rows of the
five tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from contract import corpus
from contract.patterns import NOTHING, Difference, compare, shown
from contract.payload_shape import find_problems

PLACE = "{folder}"
TENANT = "contract"
COLUMNS = ("customer_id", "name", "country")
ROWS = (("1", "Ada", "GB"), ("2", "Grace", "US"), ("3", "Emmy", "DE"))
CSV = "\n".join(map(",".join, (COLUMNS, *ROWS))) + "\n"
AUDIT = "Monitoring and Logging > Audit Trail in _executor_metadata"
POST = "Detailed Job Execution Flow > API Transmission Job Flow"
STEPS: Mapping[str, str] = {
    "schema_validation": "1. **Schema Validation**",
    "metadata_extraction": "2. **Metadata Extraction**",
    "data_reading": "3. **Data Reading**",
    "quality_assessment": "4. **Quality Assessment**",
    "api_transmission": "5. **API Transmission**",
    "full_pipeline": "6. **Full Pipeline**",
}
# What the result of each job says about the small CSV file, beside its shape.
RESULTS: Mapping[str, Any] = {
    "schema_validation": {"schema_name": "_executor_metadata", "tables_missing": []},
    "metadata_extraction": {
        "source_type": "csv",
        "files_found": 1,
        "total_size_bytes": len(CSV.encode()),
        "schema_info": {"tables": 1, "columns": len(COLUMNS)},
    },
    "data_reading": {"files_found": 1, "connection_status": "success"},
    "quality_assessment": {"quality_metrics": {"completeness": 100}},
    "api_transmission": {
        "transmission_status": "success",
        "api_response": {"status": "received"},
        "status_code": 200,
    },
    "full_pipeline": {
        "schema_validation": {"status": "valid"},
        "metadata_extraction": {"files_found": 1},
        "data_reading": {"files_read": 1},
        "api_transmission": {"status": "success"},
    },
}
READING = ("data_reading", "metadata_extraction", "quality_assessment")
SENDING = ("api_transmission", "full_pipeline")
Rows = List[Dict[str, Any]]
Found = Iterator[Difference]


class Call(NamedTuple):
    """One call: its name, the parameters, the exit codes that are right, and what its output mentions."""

    name: str
    arguments: Sequence[str]
    exit_codes: Sequence[int]
    description: str
    mentions: str = ""
    demand: str = "must"
    source: str = "guide"


def calls() -> List[Call]:
    """Return what is called, in this order; ``{folder}`` is a folder with one small CSV file."""
    refused = [
        Call(
            f"refused/{number}",
            each["arguments"],
            (each["exit_code"],),
            each["why"],
            each.get("suggests", ""),
            source="design",
        )
        for number, each in enumerate(corpus.parameters()["refused"], 1)
    ]
    no_source = ("metadata_extraction", f"{PLACE}/no-such-folder", "csv", TENANT)
    parameters = {
        job: () if job in ("schema_validation", "api_transmission") else (PLACE, "csv", TENANT)
        for job in STEPS
    }
    order = ("schema_validation", *READING, *SENDING)
    return [
        *refused,
        Call(
            "failed/no_source",
            no_source,
            (1, 3, 4, 5),
            "Nothing lies at the path: the exit code is not 0.",
            "no-such-folder",
            source="guide: Error Handling > Error 2: Job Execution Failed",
        ),
        *(
            Call(
                f"jobs/{job}",
                (job, *parameters[job]),
                (0,),
                "The result has the guide's shape, and what it counts.",
                source=f"guide: Job Types and Usage > {STEPS[job]}".replace("**", ""),
            )
            for job in order
        ),
    ]


@dataclass
class Effects:
    """What the calls have led to.

    Attributes:
        results: the result of each call that was made and gave one, by the call's name.
        bodies: what came to the platform, in order: ``(idempotency key, body, rows that it had)``.
        refusals: the status of each answer of the platform that was not 200.
        state: what the platform then shows of the tenant; None when nothing was sent.
        tables: the rows of the executor's tables; None when nobody read them.
        why_no_tables: why nobody did.

    """

    results: Dict[str, Any] = field(default_factory=dict)
    bodies: List[Tuple[Optional[str], Any, int]] = field(default_factory=list)
    refusals: Sequence[Optional[int]] = ()
    state: Mapping[str, Rows] = field(default_factory=dict)
    tables: Optional[Mapping[str, Rows]] = None
    why_no_tables: str = "no --tables was given: a command that prints the rows"


class Expectation(NamedTuple):
    """What is expected of the effects, who says so, and what looks; ``after`` are the jobs that it needs."""

    name: str
    demand: str
    source: str
    description: str
    check: Callable[[Effects], Found]
    after: Sequence[str] = ()


def _arrives(effects: Effects) -> Found:
    if not effects.bodies:
        yield Difference("POST /api/metadata", "at least one body of the job", NOTHING)


def _shape(effects: Effects) -> Found:
    for status in effects.refusals:
        yield Difference(
            "POST /api/metadata", "a body that the platform takes", f"one that it refuses: {status}"
        )
    for number, (_, body, _) in enumerate(effects.bodies, 1):
        for problem in find_problems(body):
            yield Difference(f"body {number}: {problem['path']}", problem["wanted"], problem["got"])


def _keys(effects: Effects) -> Found:
    for number, (key, _, _) in enumerate(effects.bodies, 1):
        if not key:
            yield Difference(f"body {number}: header.Idempotency-Key", "a key", NOTHING)


def _counted(effects: Effects) -> Found:
    said = [effects.results[f"jobs/{job}"] for job in SENDING if f"jobs/{job}" in effects.results]
    counted = [each.get("api_response", {}).get("record_count") for each in said if "api_response" in each]
    came = [rows for _, _, rows in effects.bodies]
    for count in counted:
        if not any(count == sum(came[:end]) for end in range(len(came) + 1)):
            yield Difference(
                "$.api_response.record_count", f"the rows that came first, of {came}", shown(count)
            )


def _rows_sent(effects: Effects) -> Found:
    yield from _rows_of(effects.state)


def _rows_kept(effects: Effects) -> Found:
    tables = effects.tables or {}
    yield from _rows_of(
        {name: [row for row in tables.get(name, []) if row.get("tenant_id") == TENANT] for name in _COUNTS}
    )


_COUNTS: Mapping[str, Tuple[str, Mapping[str, Any]]] = {
    "sources": ("source_id", {"source_type": "csv", "files_found": 1}),
    "tables": ("table_id", {"row_count": len(ROWS), "column_count": len(COLUMNS)}),
    "columns": ("column_id", {}),
}


def _rows_of(state: Mapping[str, Rows]) -> Found:
    """Compare the rows of the CSV file: one source, one table, three columns, none of them twice."""
    for section, (row_id, wanted) in _COUNTS.items():
        rows = state.get(section, [])
        number = len(COLUMNS) if section == "columns" else 1
        ids = {row.get(row_id) for row in rows}
        if len(rows) != number or len(ids) != number:
            yield Difference(
                section, f"{number} rows with a {row_id} of their own", f"{len(rows)} with {len(ids)}"
            )
        for row in rows:
            for each in compare(wanted, row, {})[0]:
                yield Difference(f"{section}{each.path[1:]}", each.wanted, each.got)
    names = sorted(
        (row.get("ordinal_position") or 0, str(row.get("column_name"))) for row in state.get("columns", [])
    )
    if [name for _, name in names] != list(COLUMNS):
        yield Difference("columns.column_name", shown(COLUMNS), shown([name for _, name in names]))


def _five_tables(effects: Effects) -> Found:
    for name in corpus.documented_output("schema_validation")["tables_found"]:
        if not isinstance((effects.tables or {}).get(name), list):
            yield Difference(name, "a table", NOTHING)


def _audit(effects: Effects) -> Found:
    runs, logs = (effects.tables or {}).get("executor_runs", []), (effects.tables or {}).get("logs", [])
    for query, rows in (("execution_history", runs), ("logs", logs)):
        for column in corpus.audit_queries()[query]["columns"]:
            is_here = query != "logs" or column["name"] != "run_mode"
            if is_here and not column["nullable"] and any(row.get(column["name"]) is None for row in rows):
                yield Difference(f"{query}.{column['name']}", "a value in each row", "a row without one")
    modes = {row.get("run_mode") for row in runs if row.get("status") == "Success"}
    for name in effects.results:
        job = name.partition("/")[2]
        if job not in modes:
            yield Difference(
                "executor_runs",
                f"a row with run_mode {job} and status Success",
                shown(sorted(map(str, modes))),
            )
    known = {row.get("run_id") for row in runs}
    strangers = [row.get("run_id") for row in logs if row.get("run_id") not in known]
    if strangers or not logs:
        yield Difference(
            "logs.run_id", "the run_id of a row of executor_runs", shown(strangers[:1] or NOTHING)
        )


def _ended(effects: Effects) -> Found:
    for row in (effects.tables or {}).get("executor_runs", []):
        if row.get("finished_at") is None:
            yield Difference("executor_runs.finished_at", "the end of each run", shown(row.get("run_id")))


def _failed_run(effects: Effects) -> Found:
    runs = (effects.tables or {}).get("executor_runs", [])
    if not any(row.get("error_message") and row.get("status") != "Success" for row in runs):
        yield Difference("executor_runs.error_message", "the words of the call without a source", NOTHING)


EXPECTATIONS: Sequence[Expectation] = (
    Expectation(
        "payload/arrives", "must", f"guide: {POST}", "The platform is sent the metadata.", _arrives, SENDING
    ),
    Expectation(
        "payload/shape", "must", f"guide: {POST}", "Each body has the documented shape.", _shape, SENDING
    ),
    Expectation(
        "payload/rows",
        "must",
        f"guide: {POST}",
        "The platform knows the source, its table and columns.",
        _rows_sent,
        SENDING,
    ),
    Expectation(
        "payload/counted",
        "must",
        f"guide: Job Types and Usage > {STEPS['api_transmission']}".replace("**", ""),
        "The job's record_count is that of the rows that came.",
        _counted,
        SENDING,
    ),
    Expectation("payload/keys", "should", "design", "Each body has an Idempotency-Key.", _keys, SENDING),
    Expectation(
        "tables/five",
        "must",
        f"guide: Job Types and Usage > {STEPS['schema_validation']}".replace("**", ""),
        "The five tables are there.",
        _five_tables,
    ),
    Expectation(
        "tables/rows",
        "must",
        "guide: Detailed Job Execution Flow > Metadata Extraction Job Flow",
        "The source, its table and columns are kept once.",
        _rows_kept,
        ("metadata_extraction", "full_pipeline"),
    ),
    Expectation(
        "tables/audit", "must", f"guide: {AUDIT}", "The two queries find each run and its log.", _audit
    ),
    Expectation("tables/ended", "should", "design", "No run is left without its end.", _ended),
    Expectation("tables/failed_run", "should", "design", "A run that failed says why.", _failed_run),
)


def look(expectation: Expectation, effects: Effects) -> Tuple[Tuple[Difference, ...], str]:
    """Compare the effects; return the differences, and why it was not tried (empty when it was)."""
    if expectation.name.startswith("tables/") and effects.tables is None:
        return (), effects.why_no_tables
    if expectation.after and not any(f"jobs/{job}" in effects.results for job in expectation.after):
        return (), f"no job gave a result that leads to it: {', '.join(expectation.after)}"
    return tuple(expectation.check(effects)), ""
