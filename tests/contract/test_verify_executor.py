"""`nuvyn-contract verify-executor`, with a stand-in, and with our executor where it needs no Spark."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple, Union

import pytest

from contract import corpus
from contract.__main__ import main
from contract.executor_expectations import EXPECTATIONS, Call, Expectation, calls

pytestmark = [pytest.mark.process]

# A small executor that keeps its tables in a JSON file; FAULT is where it misbehaves.
STAND_IN = """
import json, os, pathlib, sys, urllib.request
from contract import corpus
from contract.executor_expectations import COLUMNS, RESULTS, ROWS
from contract.payload_shape import ROW_SHAPES

fault, job, rest = sys.argv[1], (sys.argv + [""])[2], sys.argv[3:]
state = pathlib.Path(os.environ["STAND_IN"])
names = corpus.documented_output("schema_validation")["tables_found"]
tables = json.loads(state.read_text()) if state.exists() else {name: [] for name in names}
values = {"string": "text", "integer": 1, "number": 0.5, "object": {}}


def row(section, **given):
    shape = ROW_SHAPES[section].items()
    return {name: given.get(name, None if kind.endswith("?") else values[kind]) for name, kind in shape}


def put(result, wanted):
    for key, value in wanted.items():
        result[key] = put(dict(result[key]), value) if isinstance(value, dict) else value
    return result


def run(status, message=None):
    number = f"job_{len(tables['executor_runs']):012x}"
    ended = None if fault == "run without end" else "2026-01-01T00:00:01Z"
    tables["executor_runs"].append({"run_id": number, "executor_version": "1", "run_mode": job,
        "status": status, "started_at": "2026-01-01T00:00:00Z", "finished_at": ended,
        "error_message": message})
    tables["logs"].append({"run_id": "somebody" if fault == "log of nobody" else number, "log_level": "INFO",
        "log_timestamp": "2026-01-01T00:00:00Z", "log_message": "text"})
    if fault == "no audit":
        tables["executor_runs"].clear()
    if fault == "four tables":
        tables.pop("sources", None)
    state.write_text(json.dumps(tables))


def extract():
    ids = {"tenant_id": "contract", "source_id": "s", "table_id": "t"}
    count = 4 if fault == "wrong row count" else len(ROWS)
    kept = {
        "sources": [row("sources", **ids, source_type="csv", files_found=1)],
        "tables": [row("tables", **ids, row_count=count, column_count=len(COLUMNS))],
        "columns": [row("columns", **ids, column_id=f"c{number}", column_name=name, ordinal_position=number)
            for number, name in enumerate(COLUMNS, 1)],
    }
    tables.update(kept)
    if fault == "rows twice":
        tables["columns"] += kept["columns"]


def send():
    metadata = {section: list(tables.get(section, [])) for section in ROW_SHAPES}
    if fault == "a column is lost":
        metadata["columns"].pop()
    if fault == "wrong shape":
        metadata["tables"][0].pop("file_format")
    body = {"job_id": "job_0", "tenant_id": "contract", "metadata": metadata, "quality_metrics": {}}
    headers = {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["NUVYN_API_KEY"]}
    if fault != "no idempotency key":
        headers["Idempotency-Key"] = f"key-{job}"
    if fault == "wrong key":
        headers["Authorization"] = "Bearer nobody"
    if fault == "sends nothing":
        return 5
    url = os.environ["NUVYN_API_ENDPOINT"] + "/api/metadata"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["record_count"] + (fault == "wrong record count")
    except OSError:
        return 5


if rest and "no-such" in rest[0]:
    print(json.dumps({**corpus.failure()["documented"], "job_type": job, "error": {
        "type": "SourceNotFound", "message": "Nothing lies at " + rest[0], "remedy": "Check it."}}))
    run("Failed", None if fault == "failure without words" else "Nothing lies there")
    sys.exit(0 if fault == "exit code" else 1)
if job in ("metadata_extraction", "full_pipeline"):
    extract()
result = put(corpus.documented_output(job), RESULTS[job])
if job in ("api_transmission", "full_pipeline"):
    count = send()
    if job == "api_transmission":
        result["api_response"]["record_count"] = count
run("Success")
if fault == "wrong count" and job == "metadata_extraction":
    result["files_found"] = 2
if fault == "missing key":
    result.pop(list(result)[-1])
if fault == "noise":
    print("starting")
if fault != "no log":
    print(corpus.log_lines()[0], file=sys.stderr)
print(json.dumps(result))
if fault == "two documents":
    print(json.dumps(result))
"""


def called(
    capsys: pytest.CaptureFixture[str], only: str, *command: str, options: Sequence[str] = ()
) -> Tuple[int, List[Dict[str, Any]]]:
    chosen = [word for each in only.split() for word in ("--only", each)]
    code = main(["verify-executor", *chosen, *options, "--report", "json", "--", *command])
    cases: List[Dict[str, Any]] = json.loads(capsys.readouterr().out)["cases"]
    return code, cases


class TestVerifyExecutor:
    """Issue: "any implementation's command line by its outputs, exit codes, log lines"."""

    @pytest.fixture
    def stand_in(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> List[str]:
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
        monkeypatch.setenv("STAND_IN", str(tmp_path / "tables.json"))
        place = tmp_path / "executor.py"
        place.write_text(STAND_IN, encoding="utf-8")
        return [sys.executable, str(place)]

    @pytest.fixture
    def tables(self, tmp_path: Path) -> List[str]:
        """Return the option that prints the stand-in's tables."""
        return ["--tables", f"cat {tmp_path / 'tables.json'}"]

    def test_a_right_executor_passes(
        self, stand_in: List[str], tables: List[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, cases = called(capsys, "jobs/* failed/* payload/* tables/*", *stand_in, "none", options=tables)

        assert (code, [case for case in cases if case["outcome"] != "passed"]) == (0, [])
        assert {case["id"] for case in cases} >= {f"jobs/{job}" for job in corpus.JOB_TYPES}

    def test_without_a_way_to_read_them_tables_are_not_held(
        self, stand_in: List[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, cases = called(capsys, "jobs/schema_validation tables/*", *stand_in, "none")

        assert (code, {case["outcome"] for case in cases[1:]}) == (0, {"not asked"})
        assert "no --tables was given" in cases[-1]["why"]

    @pytest.mark.parametrize(
        ("command", "says"),
        [
            ("false", "--tables ended with 1"),
            ("echo no", "printed no JSON"),
            ("echo []", "printed no object"),
        ],
    )
    def test_a_way_that_does_not_read_them_is_named(
        self, stand_in: List[str], capsys: pytest.CaptureFixture[str], command: str, says: str
    ) -> None:
        options = ["--tables", command]
        _, cases = called(capsys, "jobs/schema_validation tables/five", *stand_in, "none", options=options)

        assert says in cases[-1]["why"]

    @pytest.mark.parametrize(
        ("fault", "name"),
        [
            ("wrong count", "jobs/metadata_extraction"),
            ("sends nothing", "payload/arrives"),
            ("wrong shape", "payload/shape"),
            ("wrong key", "payload/shape"),
            ("a column is lost", "payload/rows"),
            ("wrong row count", "payload/rows"),
            ("wrong record count", "payload/counted"),
            ("no idempotency key", "payload/keys"),
            ("four tables", "tables/five"),
            ("rows twice", "tables/rows"),
            ("no audit", "tables/audit"),
            ("log of nobody", "tables/audit"),
            ("run without end", "tables/ended"),
            ("failure without words", "tables/failed_run"),
        ],
    )
    def test_a_fault_of_what_it_leads_to_is_named(
        self,
        stand_in: List[str],
        tables: List[str],
        capsys: pytest.CaptureFixture[str],
        fault: str,
        name: str,
    ) -> None:
        """Issue: "tables and payload"."""
        calls = "failed/* jobs/metadata_extraction jobs/api_transmission"
        code, cases = called(capsys, f"{calls} {name}", *stand_in, fault, options=[*tables, "--strict"])

        assert (code, name in [case["id"] for case in cases if case["outcome"] == "failed"]) == (1, True)

    def test_each_expectation_says_who_demands_it(self) -> None:
        """Issue: "Each expectation says whether the guide or the design says so (must / should)"."""
        described: List[Union[Call, Expectation]] = [*calls(), *EXPECTATIONS]

        assert {each.demand for each in described} == {"must", "should"}
        assert [
            each.name
            for each in described
            if each.demand == "must" and "guide: " not in each.source and not each.name.startswith("refused/")
        ] == []

    def test_the_page_lists_them(self) -> None:
        page = (corpus.ROOT.parent / "docs" / "contract.md").read_text(encoding="utf-8")
        rows = [
            f"| `{each.name}` | {each.demand} | {each.source} | {each.description} |" for each in EXPECTATIONS
        ]

        assert [row for row in rows if row not in page] == []

    @pytest.mark.parametrize(
        ("fault", "only", "place"),
        [
            ("missing key", "jobs/data_reading", "$."),
            ("noise", "jobs/schema_validation", "stdout"),
            ("two documents", "jobs/schema_validation", "stdout"),
            ("no log", "jobs/schema_validation", "stderr"),
            ("exit code", "failed/no_source", "exit code"),
        ],
    )
    def test_a_fault_is_named(
        self, stand_in: List[str], capsys: pytest.CaptureFixture[str], fault: str, only: str, place: str
    ) -> None:
        code, (case,) = called(capsys, only, *stand_in, fault)

        assert (code, case["differences"][0]["path"].startswith(place)) == (1, True)

    def test_our_executor_refuses_as_documented(
        self, stand_in: List[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        del stand_in
        code, cases = called(capsys, "refused/[12]", sys.executable, "-m", "nuvyn_executor")

        assert (code, [case["differences"] for case in cases]) == (0, [[], []])

    def test_a_command_that_is_not_there_is_two(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify-executor", "--only", "refused/1", "--", "/no/such/executor"]) == 2
        assert "/no/such/executor" in capsys.readouterr().err
