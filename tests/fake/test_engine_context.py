"""A context keeps its state from command to command; magics do what they do in a notebook."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import pytest

from fake_databricks.engine.inside.cells import statements
from fake_databricks.engine.inside.magics import Magic, parse_magics
from fake_databricks.engine.local import LocalCluster
from fake_databricks.engine.ports import LOG_LIMIT, ClusterPlan, Places
from tests.waiting import LONGEST, takes_less_than, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fake_databricks.engine.context import ReplContext, ReplProcess


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("contexts")


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[LocalCluster]:
    places = Places(*(str(folder / name) for name in ("dbfs", "volumes", "workspace")))
    Path(places.dbfs).mkdir()
    (Path(places.dbfs) / "x.txt").write_text("hey\n", encoding="utf-8")
    plan = ClusterPlan("w", "c", {}, {}, places, lambda: ("hush",))
    made = LocalCluster(plan, None, folder / "clusters")
    yield made
    made.close()


@pytest.fixture(scope="module")
def context(cluster: LocalCluster) -> ReplContext:
    return cluster.open_context("python")


@pytest.fixture
def seconds_to_cancel(folder: Path) -> Callable[[ReplContext, str], float]:
    """A function that cancels a command when it has written ``/dbfs/begun``, and returns the seconds."""
    begun = folder / "dbfs" / "begun"

    def cancel(context: ReplContext, command: str) -> float:
        begun.unlink(missing_ok=True)
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(context.execute, command)
            until(begun.exists)
            begin = time.monotonic()
            context.cancel()
            assert result.result().cancelled
            return time.monotonic() - begin

    return cancel


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process may take long to react: on a busy machine it was ended instead, with its state."""
    monkeypatch.setattr("fake_databricks.engine.context.INTERRUPT_SECONDS", LONGEST)


SLOW = "open('/dbfs/begun', 'w').close(); time.sleep(600)"


@pytest.mark.process
class TestAPythonContext:
    """Reference, section 6: "Value of the last expression appears as text data"."""

    def test_state_is_kept_and_the_last_expression_is_the_result(self, context: ReplContext) -> None:
        assert context.execute("a = 1").data == ""
        assert context.execute("a + 1").data == "2"
        assert context.execute("print('x')\na").data == "x\n1"

    def test_an_exception_is_a_result_with_one_line_and_a_traceback(self, context: ReplContext) -> None:
        result = context.execute("def f():\n    return 1 / 0\nf()")
        assert (result.kind, result.summary) == ("error", "ZeroDivisionError: division by zero")
        assert "    return 1 / 0\n" in result.cause
        assert result.cause.count("  File ") == 2

    def test_a_context_outlives_exit_and_begins_anew_when_its_process_is_gone(
        self, context: ReplContext
    ) -> None:
        context.execute("kept = 1")
        assert context.execute("exit(3)").summary == "SystemExit: 3"
        assert context.execute("kept").data == "1"
        assert context.execute("import os; os._exit(1)").kind == "error"
        assert context.execute("kept").summary == "NameError: name 'kept' is not defined"

    @pytest.mark.parametrize(
        "source", ["sys.stdout.close()", "sys.stdout = None", "sys.stderr = 1", "sys.stderr.close()"]
    )
    def test_a_command_that_closes_its_output_loses_no_variables(
        self, context: ReplContext, source: str
    ) -> None:
        """Its process ended with an error: "The Python kernel is unresponsive"."""
        context.execute("import sys\nkept = 1\nbefore = sys.stdout, sys.stderr")
        assert context.execute(source).kind == "text"
        assert context.execute("kept").data == "1"
        context.execute("import os\nsys.stdout, sys.stderr = (open(os.dup(n), 'w') for n in (1, 2))")
        assert context.execute("print('again')").data == "again"

    def test_of_a_long_output_the_end_is_kept(self, context: ReplContext) -> None:
        """Issue: "The server's memory [...]: bounded"."""
        note = "*** WARNING: skipped 1000000 bytes of output ***\n"
        size = LOG_LIMIT + 1_000_000
        printed = context.execute(f"print('x' * {size - 5} + 'tail')").data
        shell = context.execute(f"%sh head -c {size - 5} /dev/zero | tr '\\0' x; echo tail").data
        for shown in (printed, shell):
            assert isinstance(shown, str)
            assert (shown.startswith(note), shown.endswith("xtail"), len(shown)) == (
                True,
                True,
                LOG_LIMIT + 48,
            )
        result = context.execute("'y' * 6_000_000").data
        assert isinstance(result, str)
        assert result.endswith("y\n*** WARNING: skipped 1000002 characters ***")

    def test_secrets_are_masked(self, context: ReplContext) -> None:
        assert context.execute("print('hush'); 'hush'").data == "[REDACTED]\n'[REDACTED]'"

    @pytest.mark.usefixtures("patient")
    def test_a_cancel_interrupts_and_keeps_the_state(
        self, context: ReplContext, seconds_to_cancel: Callable[[ReplContext, str], float]
    ) -> None:
        context.execute("import time; kept = 2")
        takes_less_than(2, lambda: seconds_to_cancel(context, SLOW))
        assert context.execute("kept").data == "2"

    @pytest.mark.parametrize("command", ["import time; time.sleep(600)", "%sh sleep 600"])
    def test_a_cancel_before_the_command_begins_counts(self, context: ReplContext, command: str) -> None:
        """Files of mounts are fetched first, and a command that has just begun had forgotten it."""
        context.cancel("one")
        assert context.execute(command, command_id="one").cancelled
        assert context.execute("1", command_id="two").data == "1"

    def test_one_after_its_end_does_not_hit_the_next(self, context: ReplContext, folder: Path) -> None:
        begun, go_on = folder / "dbfs" / "begun", folder / "dbfs" / "go_on"
        begun.unlink(missing_ok=True)
        go_on.unlink(missing_ok=True)
        wait = "import os, time\nwhile not os.path.exists('/dbfs/go_on'): time.sleep(0.01)"
        assert context.execute("1", command_id="one").data == "1"
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(context.execute, f"open('/dbfs/begun', 'w').close()\n{wait}\n2", None, "two")
            until(begun.exists)
            context.cancel("one")
            go_on.touch()
            assert (result.result().data, result.result().cancelled) == ("2", False)

    def test_a_cancel_while_the_process_is_being_started_counts(
        self, cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        context = cluster.open_context("python")
        open_process = context._open_process  # noqa: SLF001  the moment of its start

        def cancel_and_open() -> ReplProcess:
            context.cancel()
            return open_process()

        monkeypatch.setattr(context, "_open_process", cancel_and_open)
        assert context.execute("import time; time.sleep(600)").cancelled
        assert context.execute("1").data == "1"

    @pytest.mark.usefixtures("patient")
    def test_a_cancel_interrupts_below_a_server_that_a_shell_started_in_the_background(
        self, cluster: LocalCluster, seconds_to_cancel: Callable[[ReplContext, str], float]
    ) -> None:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # what `fake-databricks &` inherits
        try:
            context = cluster.open_context("python")
            context.execute("import time; kept = 2")
        finally:
            signal.signal(signal.SIGINT, before)
        seconds_to_cancel(context, SLOW)
        assert context.execute("kept").data == "2"

    def test_a_language_that_is_not_there_is_refused_by_name(self, context: ReplContext) -> None:
        assert "scala" in context.execute("1", "scala").summary


@pytest.mark.process
class TestWithoutSpark:
    def test_sql_and_a_python_command_that_needs_spark_are_refused_with_a_sentence(
        self, context: ReplContext
    ) -> None:
        refusal = "RuntimeError: This needs Spark; this server runs without it"
        assert context.execute("SELECT 1", "sql").summary == refusal
        assert context.execute("spark.range(1)").summary == refusal
        assert context.execute("2").data == "2"


@pytest.mark.process
class TestMagics:
    def test_a_shell_command_sees_the_workspaces_paths(self, context: ReplContext) -> None:
        assert context.execute("%sh cat /dbfs/x.txt; echo done; exit 3").data == "hey\ndone"

    def test_a_shell_command_fails_only_when_it_is_asked_to(self, context: ReplContext) -> None:
        assert context.execute("%sh -e\nfalse\necho x").summary == "Command exited with code 1"

    def test_a_shell_command_is_cancelled_with_all_its_processes(
        self, context: ReplContext, seconds_to_cancel: Callable[[ReplContext, str], float]
    ) -> None:
        command = "%sh touch /dbfs/begun; sleep 600 | cat"
        takes_less_than(2, lambda: seconds_to_cancel(context, command))

    def test_pip_runs_and_the_rest_of_the_cell_too(self, context: ReplContext) -> None:
        data = context.execute("%pip --version\nprint('after')").data
        assert str(data).startswith("pip ")
        assert str(data).endswith("\nafter")

    def test_a_failing_pip_is_an_error_with_pips_words(self, context: ReplContext) -> None:
        result = context.execute("%pip install --no-index no-such-package")
        assert result.kind == "error"
        assert result.summary.startswith("ERROR: Could not find a version")


class TestParsing:
    @pytest.mark.parametrize(
        ("source", "parts"),
        [
            ("1 + 1", [Magic("python", "1 + 1")]),
            ("%pip install x", [Magic("pip", "install x")]),
            ("%pip install x\nimport x", [Magic("pip", "install x"), Magic("python", "\nimport x")]),
            ("%sql\nSELECT 1", [Magic("sql", "\nSELECT 1")]),
            ("%sh ls\npwd", [Magic("sh", "ls\npwd")]),
            ("x = '''\n%sh\n'''", [Magic("python", "x = '''\n%sh\n'''")]),
        ],
    )
    def test_a_cell_is_its_magics_and_its_code(self, source: str, parts: list[Magic]) -> None:
        assert parse_magics(source, "python") == parts

    def test_statements_are_split_outside_of_quotes_and_comments(self) -> None:
        source = 'select \';\' ; select "a\\";b" -- c;d\n; /* e;f */ select `g;h`;'
        assert statements(source) == ["select ';'", 'select "a\\";b" -- c;d', "/* e;f */ select `g;h`"]
