"""SQL statements with inline results; on a workspace without time, and on Spark."""

from __future__ import annotations

import errno
import json
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, Callable

import pytest

from fake_databricks.clusters.warehouse import WAREHOUSE_ID
from fake_databricks.engine.inside.statement import MARK
from fake_databricks.engine.ports import CommandResult
from tests.fake.calls import refusal
from tests.fake.calls import view as called
from tests.fake.doubles import ScriptedContext
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from tests.fake.conftest import Client, Quiet

RESULT = CommandResult("table", [["1", None]], (("n", "bigint"), ("d", "decimal(3,1)")))
NOT_FOUND = {"message": "[TABLE_OR_VIEW_NOT_FOUND] no_such_table", "sql_state": "42P01"}


def execute(quiet: Quiet, statement: str = "SELECT 1", **more: Any) -> Any:
    body = {"statement": statement, "warehouse_id": WAREHOUSE_ID, "wait_timeout": "0s", **more}
    return called(quiet, "POST /api/2.0/sql/statements", body)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands of statements, each of which has the same result, or fails where it says so."""
    commands: list[str] = []

    def run(self: ScriptedContext, source: str, *more: str | None) -> CommandResult:
        del self, more
        commands.append(source)
        if "no_such_table" in source:
            return CommandResult("error", summary=f"StatementFailed: {MARK}{json.dumps(NOT_FOUND)}")
        return RESULT

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
            "sql_state": "42P01",
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

    def test_what_is_no_call_of_a_statement_is_none(self, quiet: Quiet, sent: list[str]) -> None:
        number = execute(quiet)["statement_id"]
        for rest in (number, f"{number}/stop", ""):
            status, code, _ = refusal(quiet, f"POST /api/2.0/sql/statements/{rest}")
            assert (status, code) == (404, "ENDPOINT_NOT_FOUND")
        assert sent == []

    def test_a_warehouse_that_cannot_be_stored_leaves_no_statement(
        self, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """ "what a full disk does": the refused statement stayed, PENDING for ever"""

        def refuse(*_: Any) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(quiet.storage, "put", refuse)
        with pytest.raises(OSError, match="No space left"):
            execute(quiet)
        assert quiet.workspace.statements.list() == ()

    def test_results_that_are_too_large_together_are_forgotten_the_oldest_first(
        self, quiet: Quiet, sent: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("fake_databricks.sql.statements.MOST_CHARACTERS", 2)
        numbers = [execute(quiet)["statement_id"] for _ in range(3)]
        quiet.clock.work()
        assert len(sent) == 3
        assert "was not found" in refusal(quiet, f"GET /api/2.0/sql/statements/{numbers[0]}")[2]
        for number in numbers[1:]:
            assert called(quiet, f"GET /api/2.0/sql/statements/{number}")["result"]["row_count"] == 1

    def test_ten_run_at_once_and_the_others_are_pending(
        self, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Sixty at once were sixty processes with a Spark session each."""
        begun, may_end = threading.Semaphore(0), threading.Event()

        def run(self: ScriptedContext, source: str, *more: str | None) -> CommandResult:
            del self, source, more
            begun.release()
            may_end.wait(LONGEST)
            return RESULT

        monkeypatch.setattr(ScriptedContext, "execute", run)
        made = [execute(quiet)["statement_id"] for _ in range(12)]
        while len(quiet.clock.spawned) > 12:
            quiet.clock.spawned.pop(0)()  # the warehouse starts
        threads = [threading.Thread(target=work) for work in quiet.clock.spawned]
        quiet.clock.spawned.clear()
        for thread in threads:
            thread.start()
        assert all(begun.acquire(timeout=LONGEST) for _ in range(10))

        def states() -> Counter[str]:
            shown = (called(quiet, f"GET /api/2.0/sql/statements/{number}") for number in made)
            return Counter(item["status"]["state"] for item in shown)

        seen = states()
        may_end.set()
        for thread in threads:
            thread.join(LONGEST)
        assert (seen, states()) == ({"RUNNING": 10, "PENDING": 2}, {"SUCCEEDED": 12})

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
        status = ask("SELECT * FROM none")["status"]
        assert status["error"]["message"].startswith("[TABLE_OR_VIEW_NOT_FOUND] The table or view `none`")
        assert "UnresolvedRelation" not in status["error"]["message"]
        assert status["sql_state"] == "42P01"
        refused = ask("SELECT :p", parameters=[{"name": "p", "value": "x", "type": "INT"}])["status"]
        assert refused["error"]["message"] == "Parameter p is no INT: x"
        large = ask("SELECT repeat('\u00e4', 1000) FROM range(10000)")
        assert (large["status"]["state"], large["result"]["row_count"]) == ("SUCCEEDED", 10_000)
        too_large = ask("SELECT repeat('\u00e4', 1000) FROM range(20000)", row_limit=20_000)["status"]
        assert too_large["error"]["message"].startswith("Inline byte limit exceeded. Statements executed")
