"""SQL statements with inline results; on a workspace without time, and on Spark."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable

import pytest

from fake_databricks.clusters.warehouse import WAREHOUSE_ID
from fake_databricks.engine.inside.statement import MARK
from fake_databricks.engine.ports import CommandResult
from tests.fake.calls import refusal
from tests.fake.calls import view as called
from tests.fake.doubles import ScriptedContext

if TYPE_CHECKING:
    from tests.fake.conftest import Client, Quiet

RESULT = {"columns": [["n", "bigint"], ["d", "decimal(3,1)"]], "rows": [["1", None]], "truncated": False}


def execute(quiet: Quiet, statement: str = "SELECT 1", **more: Any) -> Any:
    body = {"statement": statement, "warehouse_id": WAREHOUSE_ID, "wait_timeout": "0s", **more}
    return called(quiet, "POST /api/2.0/sql/statements", body)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands of statements, each of which has the same result, or fails where it says so."""
    commands: list[str] = []

    def run(self: ScriptedContext, source: str, language: str | None = None) -> CommandResult:
        del self, language
        commands.append(source)
        if "no_such_table" in source:
            return CommandResult("error", summary="[TABLE_OR_VIEW_NOT_FOUND] no_such_table")
        return CommandResult("text", f"printed\n{MARK}{json.dumps(RESULT)}\n")

    monkeypatch.setattr(ScriptedContext, "execute", run)
    return commands


class TestStatements:
    """`/api/2.0/sql/statements` (execute, get, cancel; inline JSON_ARRAY results)"""

    def test_rows_are_texts_in_one_chunk(self, quiet: Quiet, sent: list[str]) -> None:
        parameters = [{"name": "p", "value": "x", "type": "STRING"}]
        made = execute(quiet, "SELECT :p", parameters=parameters, schema="s")
        assert made["status"] == {"state": "PENDING"}
        quiet.clock.work()
        number = made["statement_id"]
        done = called(quiet, f"GET /api/2.0/sql/statements/{number}")
        assert done["status"] == {"state": "SUCCEEDED"}
        assert done["result"]["data_array"] == [["1", None]]
        columns = done["manifest"]["schema"]["columns"]
        assert [(item["type_name"], item["type_text"]) for item in columns] == [
            ("LONG", "BIGINT"),
            ("DECIMAL", "DECIMAL(3,1)"),
        ]
        chunk = called(quiet, f"GET /api/2.0/sql/statements/{number}/result/chunks/0")
        assert chunk == done["result"]
        assert '"schema": "`s`"' in sent[0]
        (warehouse,) = called(quiet, "GET /api/2.0/sql/warehouses")["warehouses"]
        assert called(quiet, f"GET /api/2.0/sql/warehouses/{warehouse['id']}") == warehouse
        assert len(called(quiet, "GET /api/2.1/clusters/list")["clusters"]) == 1

    def test_a_failure_has_its_message(self, quiet: Quiet, sent: list[str]) -> None:
        number = execute(quiet, "SELECT * FROM no_such_table")["statement_id"]
        quiet.clock.work()
        assert sent
        assert called(quiet, f"GET /api/2.0/sql/statements/{number}")["status"] == {
            "state": "FAILED",
            "error": {"error_code": "BAD_REQUEST", "message": "[TABLE_OR_VIEW_NOT_FOUND] no_such_table"},
        }

    def test_a_cancel_ends_it(self, quiet: Quiet, sent: list[str]) -> None:
        number = execute(quiet)["statement_id"]
        called(quiet, f"POST /api/2.0/sql/statements/{number}/cancel")
        quiet.clock.work()
        assert called(quiet, f"GET /api/2.0/sql/statements/{number}")["status"] == {"state": "CANCELED"}
        assert sent == []

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"statement": ""}, "Missing required field: statement"),
            ({"warehouse_id": "w"}, "SQL warehouse w does not exist: the one here is"),
            ({"disposition": "EXTERNAL_LINKS"}, "'disposition' 'EXTERNAL_LINKS' is not supported"),
            ({"format": "CSV"}, "'format' 'CSV' is not supported"),
            ({"catalog": "main"}, "'catalog' 'main' is not supported"),
            ({"byte_limit": 1}, "'byte_limit' is not supported"),
            ({"row_limit": 0}, "row_limit must be between"),
            ({"wait_timeout": "3s"}, "wait_timeout must be 0s, or between 5s and 50s"),
            ({"schema": "a`b"}, "Invalid schema"),
            ({"parameters": [{"value": "1"}]}, "Missing required field: parameters.name"),
        ],
    )
    def test_what_is_wrong_is_named(self, quiet: Quiet, body: dict[str, Any], words: str) -> None:
        request = {"statement": "SELECT 1", "warehouse_id": WAREHOUSE_ID, **body}
        assert words in refusal(quiet, "POST /api/2.0/sql/statements", request)[2]

    def test_what_is_not_there_is_said_so(self, quiet: Quiet) -> None:
        assert "x was not found" in refusal(quiet, "GET /api/2.0/sql/statements/x")[2]
        assert "w does not exist" in refusal(quiet, "GET /api/2.0/sql/warehouses/w")[2]


@pytest.mark.process
@pytest.mark.jvm
@pytest.mark.timeout(600)
class TestSpark:
    """on the same Spark"""

    def test_values_of_all_types_are_texts(self, spark_server: Callable[[], Client]) -> None:
        client = spark_server()

        def ask(statement: str, **more: Any) -> Any:
            body = {"statement": statement, "warehouse_id": WAREHOUSE_ID, "wait_timeout": "50s", **more}
            return client.post("/api/2.0/sql/statements", **body)

        assert ask("CREATE TABLE t AS SELECT 1 AS n")["status"]["state"] == "SUCCEEDED"
        done = ask(
            "SELECT n, :p + 1 AS n, true, TIMESTAMP'2026-01-02 03:04:05', array(1), CAST(NULL AS STRING), "
            "DATE'2026-01-02', 1.5 FROM t",
            parameters=[{"name": "p", "value": "41", "type": "INT"}],
        )
        assert done["result"]["data_array"] == [
            ["1", "42", "true", "2026-01-02T03:04:05.000Z", "[1]", None, "2026-01-02", "1.5"]
        ], done
        more = ask("SELECT id FROM range(10)", row_limit=2)
        assert (more["manifest"]["truncated"], more["result"]["row_count"]) == (True, 2)
        assert "[TABLE_OR_VIEW_NOT_FOUND]" in ask("SELECT * FROM none")["status"]["error"]["message"]
