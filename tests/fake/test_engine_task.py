"""A run is a real process: what it prints, how it ends, what it sees (no Spark here)."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fake_databricks.engine.driver import Driver
from fake_databricks.engine.local import LocalCluster
from fake_databricks.engine.ports import ClusterPlan, Places, TaskExit, TaskSpec
from fake_databricks.engine.process_tree import members
from fake_databricks.engine.task import TaskProcess
from tests.waiting import takes_less_than, until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.process
LIMIT = 2.0  # seconds that a process tree may live on after a cancel


@dataclasses.dataclass(frozen=True)
class Rig:
    """A cluster on a driver that was never started: what needs no Spark must not wait for it."""

    cluster: LocalCluster
    places: Places
    folder: Path

    def spec(self, source: str, **changes: object) -> TaskSpec:
        path = Path(self.places.dbfs) / "program.py"
        path.write_text(source, encoding="utf-8")
        env = {"DATABRICKS_RUNTIME_VERSION": "15.4"}
        spec = TaskSpec(1, str(path), (), env, str(self.folder / "cwd"))
        return dataclasses.replace(spec, **changes)  # type: ignore[arg-type]  # a test names real fields

    def start(self, source: str, **changes: object) -> TaskProcess:
        task = self.cluster.start_task(self.spec(source, **changes))
        assert isinstance(task, TaskProcess)
        return task

    def run(self, source: str, **changes: object) -> TaskExit:
        return self.start(source, **changes).wait()


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("cluster")
    places = Places(*(str(folder / name) for name in ("dbfs", "volumes", "workspace")))
    for root in (places.dbfs, places.volumes, places.workspace_files):
        Path(root).mkdir()
    driver = Driver(folder / "home")
    plan = ClusterPlan("w", "c", {}, {}, places, lambda: ("hush",))
    cluster = LocalCluster(plan, driver, folder / "clusters")
    yield Rig(cluster, places, folder)
    cluster.close()
    driver.close()


@pytest.fixture(scope="module")
def rig_without_spark(rig: Rig) -> Iterator[Rig]:
    plan = ClusterPlan("w", "c", {}, {}, rig.places, lambda: ("hush",))
    cluster = LocalCluster(plan, None, rig.folder / "clusters-without-spark")
    yield dataclasses.replace(rig, cluster=cluster)
    cluster.close()


class TestHowAProgramEnds:
    """Guide: "`SUCCESS` - Job completed successfully (exit code 0)"."""

    @pytest.mark.parametrize(
        "source", ["print('x')", "import sys; sys.exit(0)", "import sys; sys.exit()", ""]
    )
    def test_an_exit_code_of_zero_is_no_error(self, rig: Rig, source: str) -> None:
        ended = rig.run(source)
        assert (ended.exit_code, ended.signal, ended.error, ended.error_trace) == (0, None, None, None)

    def test_an_exit_code_is_told_as_it_was(self, rig: Rig) -> None:
        ended = rig.run("import sys\nprint('before')\nsys.exit(3)")
        assert (ended.exit_code, ended.error, ended.logs) == (3, "SystemExit: 3", "before\n")

    def test_an_uncaught_exception_is_the_error_with_the_programs_own_traceback(self, rig: Rig) -> None:
        ended = rig.run("def f():\n    raise RuntimeError('intentional failure')\nf()")
        assert ended.exit_code == 1
        assert ended.error == "RuntimeError: intentional failure"
        assert ended.error_trace is not None
        assert ended.logs == ended.error_trace
        assert ended.error_trace.count("  File ") == 2

    def test_paths_in_a_traceback_are_those_of_the_cluster(self, rig: Rig) -> None:
        """Issue: "paths in tracebacks as `/dbfs/...`"."""
        (Path(rig.places.dbfs) / "lib.py").write_text("def f():\n    return 1 / 0\n", encoding="utf-8")
        ended = rig.run("import sys\nsys.path.append('/dbfs')\nimport lib\nlib.f()")
        assert ended.error_trace is not None
        assert ended.logs == ended.error_trace
        assert ended.error_trace.splitlines()[1:3] == [
            '  File "/dbfs/program.py", line 4, in <module>',
            "    lib.f()",
        ]
        assert '  File "/dbfs/lib.py", line 2, in f\n    return 1 / 0\n' in ended.error_trace
        syntax = rig.run("x = (")
        assert '  File "/dbfs/program.py", line 1\n' in syntax.logs

    def test_a_hook_of_the_program_prints_its_own(self, rig: Rig) -> None:
        ended = rig.run("import sys\nsys.excepthook = lambda *_: print('mine')\n1 / 0")
        assert (ended.logs, ended.error) == ("mine\n", "ZeroDivisionError: division by zero")

    def test_a_syntax_error_is_the_error(self, rig: Rig) -> None:
        ended = rig.run("def f(:")
        assert (ended.exit_code, ended.error) == (1, "SyntaxError: invalid syntax")

    def test_a_package_that_was_not_installed_is_not_there(self, rig: Rig) -> None:
        assert (
            rig.run("import nuvyn_executor").error == "ModuleNotFoundError: No module named 'nuvyn_executor'"
        )

    def test_a_killed_process_is_told_by_its_signal(self, rig: Rig) -> None:
        ended = rig.run("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
        assert (ended.exit_code, ended.signal) == (None, signal.SIGKILL)
        assert ended.error is not None
        assert "exit code 137 (SIGKILL: Killed)" in ended.error

    def test_a_program_that_leaves_without_a_word_is_told_by_its_exit_code(self, rig: Rig) -> None:
        ended = rig.run("import os\nos._exit(7)")
        assert (ended.exit_code, ended.error) == (7, "The Python process exited with exit code 7.")

    @pytest.mark.parametrize("count", [400, 900, 100_000])
    def test_a_report_that_is_nested_too_deeply_is_none(self, rig: Rig, count: int) -> None:
        """The program spoils its own report: the task ends all the same."""
        ended = rig.run(
            "from _fakebricks.run_context import RunContext\n"
            f"value = []\nfor _ in range({count}): value = [value]\n"
            "RunContext.new_values['v'] = value\nprint('ended')"
        )
        assert ended.logs.startswith("ended\n")
        assert ended.task_values == {}

    def test_memory_that_is_not_there_is_an_error_like_any_other(self, rig: Rig) -> None:
        ended = rig.run(
            "import resource\nresource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9))\nx = bytes(2 * 10**9)"
        )
        assert (ended.exit_code, ended.error) == (1, "MemoryError")

    def test_notebook_exit_ends_the_program_well_with_a_result(self, rig: Rig) -> None:
        ended = rig.run(
            "try:\n    dbutils.notebook.exit('done')\nexcept Exception:\n    pass\nprint('not reached')"
        )
        assert (ended.exit_code, ended.notebook_result, ended.logs) == (0, "done", "")


class TestWithoutSpark:
    """`--no-spark`: plain Python tasks, no JVM."""

    @pytest.mark.parametrize(
        "source",
        [
            "spark.range(1)",
            "from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate()",
            "from pyspark import SparkContext\nSparkContext.getOrCreate()",
        ],
    )
    def test_a_program_that_asks_for_spark_is_refused_with_a_sentence(
        self, rig_without_spark: Rig, source: str
    ) -> None:
        ended = rig_without_spark.run(source)
        assert ended.error == "RuntimeError: This needs Spark; this server runs without it"

    def test_there_is_no_active_session(self, rig_without_spark: Rig) -> None:
        source = "from pyspark.sql import SparkSession\nprint(SparkSession.getActiveSession())"
        assert rig_without_spark.run(source).logs == "None\n"

    def test_other_programs_run_as_on_any_cluster(self, rig_without_spark: Rig) -> None:
        ended = rig_without_spark.run(
            "print('hush')\nopen('/dbfs/x', 'w').close()\ndbutils.notebook.exit('y')"
        )
        assert (ended.exit_code, ended.logs, ended.notebook_result) == (0, "[REDACTED]\n", "y")
        assert (Path(rig_without_spark.places.dbfs) / "x").exists()


class TestWhatAProgramSees:
    def test_its_arguments_its_folder_and_its_environment_are_the_tasks(self, rig: Rig) -> None:
        source = "import os, sys\nprint(sys.argv[1:], os.getcwd(), os.environ['DATABRICKS_RUNTIME_VERSION'])"
        assert rig.run(source, argv=("a", "b c")).logs == f"['a', 'b c'] {rig.folder / 'cwd'} 15.4\n"

    def test_the_servers_own_environment_is_not_its(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SERVER_SECRET", "x")
        assert rig.run("import os\nprint(os.environ.get('SERVER_SECRET'))").logs == "None\n"

    def test_an_early_variable_reaches_the_interpreter(self, rig: Rig) -> None:
        assert (
            rig.run(
                "print(hash('x') == hash('x'), __import__('sys').flags.hash_randomization)",
                env={"PYTHONHASHSEED": "0"},
            ).logs
            == "True 0\n"
        )

    def test_nothing_of_a_run_is_left_for_the_next(self, rig: Rig) -> None:
        rig.run("import builtins, os\nbuiltins.left = 1\nos.environ['LEFT'] = '1'")
        assert (
            rig.run("import builtins, os\nprint(hasattr(builtins, 'left'), 'LEFT' in os.environ)").logs
            == "False False\n"
        )

    def test_both_streams_are_in_the_logs_in_their_order(self, rig: Rig) -> None:
        source = "import sys\nfor n in range(3):\n    print('out', n)\n    print('err', n, file=sys.stderr)"
        assert rig.run(source).logs.split("\n")[:4] == ["out 0", "err 0", "out 1", "err 1"]

    def test_a_secret_is_masked_in_every_output(self, rig: Rig) -> None:
        source = (
            "import sys\nsys.stdout.write('hu')\nsys.stdout.flush()\nprint('sh')\nraise ValueError('hush')"
        )
        ended = rig.run(source)
        assert "hush" not in f"{ended}"
        assert ended.error == "ValueError: [REDACTED]"
        assert ended.logs.startswith("[REDACTED]\n")

    @pytest.mark.parametrize(
        "way", ["dbutils", "from pyspark.dbutils import DBUtils; dbutils = DBUtils(None); dbutils"]
    )
    def test_dbutils_reads_and_writes_dbfs(self, rig: Rig, way: str) -> None:
        start = way.rpartition("; ")[0]
        source = f"{start}\ndbutils.fs.put('dbfs:/d/x.txt', 'hey', True)\nprint(dbutils.fs.head('/d/x.txt'), dbutils.fs.ls('dbfs:/d')[0].path)"  # noqa: E501  one program
        assert rig.run(source).logs == "Wrote 3 bytes.\nhey dbfs:/d/x.txt\n"

    def test_a_widget_has_its_default(self, rig: Rig) -> None:
        source = "dbutils.widgets.text('a', 'default')\nprint(dbutils.widgets.get('a'), dbutils.widgets.getAll())\ndbutils.widgets.get('b')"  # noqa: E501  one program
        ended = rig.run(source)
        assert ended.logs.startswith("default {'a': 'default'}\n")
        assert ended.error == "_fakebricks.dbutils.InputWidgetNotDefined: No input widget named b is defined"

    def test_what_dbutils_has_not_is_refused_by_name(self, rig: Rig) -> None:
        assert rig.run("dbutils.data").error == "NotImplementedError: dbutils.data is not emulated"


PATHS = {
    "open": "open('/dbfs/p/a.txt').read()",
    "the name of an open file": "open('/dbfs/p/a.txt').name",
    "pathlib": "__import__('pathlib').Path('/dbfs/p/a.txt').read_text()",
    "listdir": "__import__('os').listdir('/dbfs/p')",
    "scandir": "[e.path for e in __import__('os').scandir('/dbfs/p')]",
    "walk": "list(__import__('os').walk('/dbfs/p'))",
    "glob": "__import__('glob').glob('/dbfs/p/**/*.txt', recursive=True)",
    "rglob": "[str(p) for p in __import__('pathlib').Path('/dbfs/p').rglob('*.txt')]",
    "exists": "[__import__('os').path.exists(p) for p in ('/dbfs/p', '/dbfs/no', '/Volumes', '/Workspace')]",
    "getsize": "__import__('os').path.getsize('/dbfs/p/a.txt')",
    "realpath": "__import__('os').path.realpath('/dbfs/p/../p')",
    "subprocess": "__import__('subprocess').check_output(['cat', '/dbfs/p/a.txt'])",
    "shell": "__import__('subprocess').check_output('cat /dbfs/p/*.txt', shell=True)",
    "child Python": "__import__('subprocess').check_output([__import__('sys').executable, '-c', \"print(open('/db' + 'fs/p/a.txt').read(), end='')\"])",  # noqa: E501  one program
}
FOUND = {
    "open": "hey",
    "the name of an open file": "/dbfs/p/a.txt",
    "pathlib": "hey",
    "listdir": "['a.txt']",
    "scandir": "['/dbfs/p/a.txt']",
    "walk": "[('/dbfs/p', [], ['a.txt'])]",
    "glob": "['/dbfs/p/a.txt']",
    "rglob": "['/dbfs/p/a.txt']",
    "exists": "[True, False, True, True]",
    "getsize": "3",
    "realpath": "/dbfs/p",
    "subprocess": "b'hey'",
    "shell": "b'hey'",
    "child Python": "b'hey'",
}


class TestPathsInPlainPython:
    """Issue: "`/dbfs/`, `/Volumes/`, `/Workspace/` paths, both in Spark and in plain Python `open`"."""

    def test_each_way_to_a_file_finds_it(self, rig: Rig) -> None:
        folder = Path(rig.places.dbfs) / "p"
        folder.mkdir(exist_ok=True)
        (folder / "a.txt").write_text("hey", encoding="utf-8")
        source = "\n".join(f"print({expression})" for expression in PATHS.values())
        assert dict(zip(PATHS, rig.run(source).logs.splitlines(), strict=False)) == FOUND
        (folder / "a.txt").unlink()

    def test_what_is_written_lies_in_the_workspaces_folders(self, rig: Rig) -> None:
        source = "import os, shutil\nos.makedirs('/Volumes/c/s/v')\nopen('/Volumes/c/s/v/x', 'w').write('1')\nshutil.copytree('/Volumes/c', '/Workspace/c')\nshutil.rmtree('/Volumes/c')"  # noqa: E501  one program
        assert rig.run(source).exit_code == 0
        assert (Path(rig.places.workspace_files) / "c/s/v/x").read_text(encoding="utf-8") == "1"
        assert not (Path(rig.places.volumes) / "c").exists()

    def test_an_error_bears_the_name_that_the_program_used(self, rig: Rig) -> None:
        ended = rig.run("open('/dbfs/no/such')")
        assert ended.error == "FileNotFoundError: [Errno 2] No such file or directory: '/dbfs/no/such'"
        assert ended.error_trace is not None
        assert ended.error_trace.count("  File ") == 1

    def test_a_module_is_imported_from_the_workspace(self, rig: Rig) -> None:
        (Path(rig.places.workspace_files) / "lent.py").write_text("x = 5\n", encoding="utf-8")
        assert rig.run("import sys\nsys.path.append('/Workspace')\nimport lent\nprint(lent.x)").logs == "5\n"


class TestAClusterThatIsClosed:
    """What starts while a cluster is being closed ends with it."""

    @pytest.fixture
    def closing(self, rig: Rig, tmp_path: Path) -> LocalCluster:
        return self.cluster_of(rig, tmp_path)

    @staticmethod
    def cluster_of(rig: Rig, tmp_path: Path) -> LocalCluster:
        return LocalCluster(ClusterPlan("w", "c", {}, {}, rig.places, tuple), None, tmp_path / "clusters")

    def test_a_task_is_refused(self, rig: Rig, closing: LocalCluster) -> None:
        closing.close()
        with pytest.raises(RuntimeError, match="Cluster c is closed"):
            closing.start_task(rig.spec(""))

    def test_a_task_whose_folder_is_gone_leaves_no_process(
        self, rig: Rig, closing: LocalCluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        marks: list[str] = []

        def fail(mark: str, _folder: Path) -> str:
            marks.append(mark)
            raise FileNotFoundError

        monkeypatch.setattr(closing, "_write_session_plan", fail)
        with pytest.raises(FileNotFoundError):
            closing.start_task(rig.spec(""))
        assert members(marks[0]) == set()
        closing.close()

    def test_a_task_that_had_passed_the_check_is_ended(
        self, rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (rig.folder / "cwd").mkdir(exist_ok=True)

        def end() -> float:
            closing = self.cluster_of(rig, tmp_path)

            def close(_mark: str, _folder: Path) -> str:
                closing.close()
                return ""

            monkeypatch.setattr(closing, "_write_session_plan", close)
            task = closing.start_task(rig.spec("import time\ntime.sleep(600)"))
            begin = time.monotonic()
            assert isinstance(task, TaskProcess)
            assert task.wait().cancelled
            taken = time.monotonic() - begin
            assert members(task.mark) == set()
            return taken

        takes_less_than(LIMIT, end)

    def test_a_context_answers_that_it_is_closed(self, closing: LocalCluster) -> None:
        closing.close()
        assert closing.open_context("python").execute("1").summary == "The context is closed"


class TestItsEnd:
    """Issue: "cancel (process tree and its Spark jobs end within 2 s)"."""

    STUBBORN = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "print('up')\nopen('/dbfs/up', 'w').close()\ntime.sleep(600)\n"
    )

    def test_a_cancelled_task_and_all_its_processes_are_gone_in_time(self, rig: Rig) -> None:
        up = Path(rig.places.dbfs) / "up"

        def cancel() -> float:
            up.unlink(missing_ok=True)
            task = rig.start(self.STUBBORN)
            until(up.exists)
            begin = time.monotonic()
            task.cancel()
            ended = task.wait()
            taken = time.monotonic() - begin
            assert (ended.cancelled, ended.logs, ended.error) == (True, "up\n", "Run cancelled.")
            assert members(task.mark) == set()
            return taken

        takes_less_than(LIMIT, cancel)

    def test_what_a_program_leaves_behind_ends_with_it(self, rig: Rig) -> None:
        task = rig.start("import subprocess\nsubprocess.Popen(['sleep', '60'], start_new_session=True)")
        assert task.wait().exit_code == 0
        assert members(task.mark) == set()

    def test_a_cancel_after_the_end_changes_nothing(self, rig: Rig) -> None:
        task = rig.start("print('x')")
        ended = task.wait()
        task.cancel()
        assert task.wait() == ended
        assert not ended.cancelled

    def test_twenty_at_once_all_tell_the_truth(self, rig: Rig) -> None:
        specs = [
            rig.spec("import sys\nprint(sys.argv[1])\nsys.exit(int(sys.argv[1]))", argv=(str(n),))
            for n in range(20)
        ]
        tasks = [rig.cluster.start_task(spec) for spec in specs]
        assert [(each.wait().exit_code, each.wait().logs) for each in tasks] == [
            (n, f"{n}\n") for n in range(20)
        ]

    def test_a_task_dies_with_a_server_that_was_killed(self, tmp_path: Path) -> None:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        mark = server.stdout.readline().strip()
        assert members(mark)
        server.kill()
        server.communicate()
        until(lambda: members(mark) == set())


SERVER = """
import sys, time
from pathlib import Path
from fake_databricks.engine.local import LocalCluster
from fake_databricks.engine.ports import ClusterPlan, Places, TaskSpec

folder = Path(sys.argv[1])
places = Places(*(str(folder / name) for name in ("dbfs", "volumes", "workspace")))
cluster = LocalCluster(ClusterPlan("w", "c", {}, {}, places, tuple), None, folder / "clusters")
program = folder / "program.py"
program.write_text("open('up', 'w').close(); import time; time.sleep(600)")
task = cluster.start_task(TaskSpec(1, str(program), (), {}, str(folder)))
while not (folder / "up").exists():
    time.sleep(0.01)
print(task.mark, flush=True)
task.wait()
"""
