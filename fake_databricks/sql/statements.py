"""The SQL statements of a workspace, each in a session of its own on the one warehouse."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from fake_databricks.clusters.clusters import ClusterUnavailable
from fake_databricks.clusters.warehouse import WAREHOUSE, WAREHOUSE_ID
from fake_databricks.engine.inside.statement import MARK
from fake_databricks.errors import DoesNotExist

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.clusters.clusters import Clusters
    from fake_databricks.engine.ports import CommandResult, Context

MOST_STATEMENTS = 100
ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELED"})


@dataclass
class Statement:
    """One statement.

    Attributes:
        statement_id: its id.
        state: PENDING, RUNNING, SUCCEEDED, FAILED or CANCELED.
        error: why it has failed.
        columns: pairs of a name and a Spark type, once it has succeeded.
        rows: its rows, as text.
        truncated: whether there are more rows.
        context: the REPL that runs it.
        text: the statement.
    """

    statement_id: str
    state: str = "PENDING"
    error: str = ""
    columns: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    truncated: bool = False
    context: Context | None = None
    text: str = ""


class Statements:
    """Runs statements in the background; the newest hundred stay until the server ends."""

    def __init__(self, clusters: Clusters, clock: Clock) -> None:
        self._clusters = clusters
        self._clock = clock
        self._changed = threading.Condition()
        self._statements: dict[str, Statement] = {}

    def execute(self, request: Mapping[str, Any]) -> Statement:
        """Start a statement.

        Args:
            request: ``statement``, ``parameters``, ``schema`` and ``row_limit``.
        """
        made = Statement(str(uuid.uuid4()), text=str(request.get("statement", "")))
        with self._changed:
            self._statements[made.statement_id] = made
            ended = [key for key, item in self._statements.items() if item.state in ENDED]
            for key in ended[: max(0, len(self._statements) - MOST_STATEMENTS)]:
                del self._statements[key]
        self._start_warehouse()
        self._clock.spawn(lambda: self._run(made, json.dumps(request)))
        return made

    def get(self, statement_id: str) -> Statement:
        """Return a statement.

        Raises:
            DoesNotExist: there is none of that id.
        """
        with self._changed:
            try:
                return self._statements[statement_id]
            except KeyError:
                raise DoesNotExist(f"The statement {statement_id} was not found.") from None

    def list(self) -> Sequence[Statement]:
        """Return the statements that are there, the newest first."""
        with self._changed:
            return tuple(reversed(self._statements.values()))

    def wait(self, statement: Statement, seconds: float) -> None:
        """Wait until a statement has ended, or so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: statement.state in ENDED, seconds)

    def cancel(self, statement: Statement) -> None:
        """End a statement; one that has ended stays as it is."""
        with self._changed:
            if statement.state in ENDED:
                return
            context = statement.context
            self._end(statement, "CANCELED")
        if context is not None:
            context.cancel()

    def close(self) -> None:
        """End every statement."""
        for statement in list(self._statements.values()):
            self.cancel(statement)

    def _start_warehouse(self) -> None:
        with self._changed:
            if not self._clusters.exists(WAREHOUSE_ID):
                self._clusters.create(WAREHOUSE, WAREHOUSE_ID, is_serverless=True)

    def _run(self, statement: Statement, request: str) -> None:
        try:
            context = self._clusters.running(WAREHOUSE_ID).open_context("python")
        except ClusterUnavailable as error:
            self._fail(statement, str(error))
            return
        try:
            with self._changed:
                if statement.state in ENDED:  # it was cancelled before it began
                    return
                statement.state, statement.context = "RUNNING", context
            result = context.execute(f"from _fakebricks import statement\nstatement.run({request!r})")
            self._take(statement, result)
        except Exception as error:  # noqa: BLE001  any error is the outcome of the statement
            self._fail(statement, str(error))
        finally:
            context.close()

    def _take(self, statement: Statement, result: CommandResult) -> None:
        if result.kind == "error":
            self._fail(statement, result.summary)
            return
        content = json.loads(str(result.data).rpartition(MARK)[2])
        with self._changed:
            if statement.state not in ENDED:
                statement.columns = [(name, kind) for name, kind in content["columns"]]
                statement.rows, statement.truncated = content["rows"], content["truncated"]
                self._end(statement, "SUCCEEDED")

    def _fail(self, statement: Statement, message: str) -> None:
        with self._changed:
            if statement.state not in ENDED:
                statement.error = message
                self._end(statement, "FAILED")

    def _end(self, statement: Statement, state: str) -> None:
        statement.state, statement.context = state, None
        self._changed.notify_all()
