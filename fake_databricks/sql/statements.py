"""The SQL statements of a workspace, each in a session of its own on the one warehouse."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Mapping, Sequence, cast

from fake_databricks.clusters.warehouse import WAREHOUSE, WAREHOUSE_ID
from fake_databricks.engine.inside.statement import MARK
from fake_databricks.errors import DoesNotExist
from fake_databricks.sql.lifecycle import TERMINAL, TRANSITIONS, Event, State
from fake_databricks.transitions import after

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.clusters.clusters import Clusters
    from fake_databricks.engine.ports import CommandResult, Context

MOST_STATEMENTS = 100
MOST_CHARACTERS = 200_000_000
"""How much the results of all statements may have together; then the oldest are forgotten."""
MOST_AT_ONCE = 10
"""How many statements run at the same time, each in a process of its own; the others are PENDING."""


@dataclass
class Statement:
    """One statement.

    Attributes:
        statement_id: its id.
        state: where it is between its arrival and its end.
        error: why it has failed.
        sql_state: the SQLSTATE of the error, if Spark has one.
        columns: pairs of a name and a Spark type, once it has succeeded.
        rows: its rows, as text.
        truncated: whether there are more rows.
        characters: how long its cells are together.
        context: the REPL that runs it.
        text: the statement.
    """

    statement_id: str
    state: State = State.PENDING
    error: str = ""
    sql_state: str | None = None
    columns: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    truncated: bool = False
    characters: int = 0
    context: Context | None = None
    text: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.state in TERMINAL

    def apply(self, event: Event) -> None:
        """Change the state.

        Raises:
            IllegalTransition: this cannot happen to a statement of this state.
        """
        self.state = after(TRANSITIONS, self.state, event)


class Statements:
    """Runs statements in the background; the newest hundred stay until the server ends."""

    def __init__(self, clusters: Clusters, clock: Clock) -> None:
        self._clusters = clusters
        self._clock = clock
        self._changed = threading.Condition()
        self._places = threading.Semaphore(MOST_AT_ONCE)
        self._statements: dict[str, Statement] = {}

    def execute(self, request: Mapping[str, Any]) -> Statement:
        """Start a statement.

        Args:
            request: ``statement``, ``parameters``, ``schema`` and ``row_limit``.
        """
        self._start_warehouse()
        made = Statement(str(uuid.uuid4()), text=str(request.get("statement", "")))
        with self._changed:
            self._statements[made.statement_id] = made
            self._forget_oldest()
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
            self._changed.wait_for(lambda: statement.is_over, seconds)

    def cancel(self, statement: Statement) -> None:
        """End a statement; one that has ended stays as it is."""
        with self._changed:
            if statement.is_over:
                return
            context = statement.context
            self._end(statement, Event.CANCEL)
        if context is not None:
            context.close()  # a cancel would have no effect on a session that has not begun its command

    def close(self) -> None:
        """End every statement."""
        for statement in self.list():
            self.cancel(statement)

    def _start_warehouse(self) -> None:
        with self._changed:
            if not self._clusters.exists(WAREHOUSE_ID):
                self._clusters.create(WAREHOUSE, WAREHOUSE_ID, is_serverless=True)

    def _run(self, statement: Statement, request: str) -> None:
        with self._places:
            context: Context | None = None
            try:
                context = self._clusters.running(WAREHOUSE_ID).open_context("python")
                with self._changed:
                    if statement.is_over:  # it was cancelled before it began
                        return
                    statement.apply(Event.START)
                    statement.context = context
                result = context.execute(f"from _fakebricks import statement\nstatement.run({request!r})")
                self._take(statement, result)
            except Exception as error:  # noqa: BLE001  any error is the outcome of the statement
                self._fail(statement, str(error))
            finally:
                if context is not None:
                    context.close()

    def _take(self, statement: Statement, result: CommandResult) -> None:
        if result.kind == "table":
            with self._changed:
                if not statement.is_over:
                    statement.columns = [(name, kind) for name, kind in result.schema]
                    statement.rows = cast("list[list[str | None]]", result.data)
                    statement.truncated = result.truncated
                    statement.characters = sum(len(cell or "") for row in statement.rows for cell in row)
                    self._end(statement, Event.FINISH)
                    self._forget_oldest(statement)
            return
        summary = result.summary or "The statement has shown no result."
        _, mark, error = summary.partition(MARK)
        said: dict[str, Any] = json.loads(error) if mark else {"message": summary, "sql_state": None}
        self._fail(statement, said["message"], said["sql_state"])

    def _fail(self, statement: Statement, message: str, sql_state: str | None = None) -> None:
        with self._changed:
            if not statement.is_over:
                statement.error, statement.sql_state = message, sql_state
                self._end(statement, Event.FAIL)

    def _end(self, statement: Statement, event: Event) -> None:
        statement.apply(event)
        statement.context = None
        self._changed.notify_all()

    def _forget_oldest(self, but: Statement | None = None) -> None:
        """Forget the oldest that have ended, where there are too many or their results are too large."""
        characters = sum(item.characters for item in self._statements.values())
        for item in [item for item in self._statements.values() if item.is_over and item is not but]:
            if len(self._statements) <= MOST_STATEMENTS and characters <= MOST_CHARACTERS:
                return
            del self._statements[item.statement_id]
            characters -= item.characters
