"""Runs on the warm JVM: sessions and catalogs of their own, and the end of their jobs."""

from __future__ import annotations

import itertools
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fake_databricks.engine.driver import Driver
from fake_databricks.engine.inside import supervisor
from fake_databricks.engine.local import LocalCluster
from fake_databricks.engine.ports import ClusterPlan, Places, TaskExit, TaskSpec
from fake_databricks.engine.rehearsal import REHEARSAL
from fake_databricks.engine.task import TaskProcess
from tests.waiting import LONGEST, takes_less_than, until

if TYPE_CHECKING:
    from collections.abc import Iterator


NUMBERS = itertools.count()
pytestmark = [pytest.mark.process, pytest.mark.jvm]


@dataclass(frozen=True)
class Workspace:
    """A workspace with one cluster."""

    name: str
    places: Places
    cluster: LocalCluster
    folder: Path

    def start(self, source: str) -> TaskProcess:
        program = self.folder / f"program-{next(NUMBERS)}.py"
        program.write_text(source, encoding="utf-8")
        task = self.cluster.start_task(TaskSpec(1, str(program), (), {}, str(self.folder / "cwd")))
        assert isinstance(task, TaskProcess)
        return task

    def run(self, source: str) -> TaskExit:
        return self.start(source).wait()

    def out(self, source: str) -> str:
        ended = self.run(source)
        assert ended.exit_code == 0, ended.logs
        return ended.logs.strip()


def make_workspace(name: str, folder: Path, driver: Driver) -> Workspace:
    places = Places(*(str(folder / name / kind) for kind in ("dbfs", "volumes", "workspace")))
    for root in (places.dbfs, places.volumes, places.workspace_files):
        Path(root).mkdir(parents=True, exist_ok=True)
    plan = ClusterPlan(name, f"c-{name}", {"spark.my.conf": "cluster"}, {}, places, tuple)
    return Workspace(name, places, LocalCluster(plan, driver, folder / "clusters"), folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spark")


@pytest.fixture(scope="module")
def driver(folder: Path) -> Iterator[Driver]:
    made = Driver(folder / "home", warm_up=False)
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def workspaces(folder: Path, driver: Driver) -> Iterator[tuple[Workspace, Workspace]]:
    made = (make_workspace("alpha", folder, driver), make_workspace("beta", folder, driver))
    yield made
    for each in made:
        each.cluster.close()


@pytest.fixture
def alpha(workspaces: tuple[Workspace, Workspace]) -> Workspace:
    return workspaces[0]


@pytest.fixture
def beta(workspaces: tuple[Workspace, Workspace]) -> Workspace:
    return workspaces[1]


def running_jobs(driver: Driver) -> set[int]:
    """Return the ids of all Spark jobs that run now."""
    context = driver.wait_ready().gateway.jvm.org.apache.spark.SparkContext.getOrCreate()
    return set(context.statusTracker().getActiveJobIds())


def job_of(driver: Driver, before: set[int]) -> int:
    """Wait for a job that was not running before; return its id."""
    until(lambda: running_jobs(driver) - before)
    return min(running_jobs(driver) - before)


class TestRehearsal:
    """Issue: the warm-up does "a Delta table created, appended, updated, merged, read"."""

    def test_the_warm_up_does_all_of_it(self, driver: Driver) -> None:
        warm_up = driver.warm_up(driver.wait_ready())
        warm_up.join()
        assert warm_up.failure() == ""
        verbs = {statement.split()[0] for statement in REHEARSAL}
        assert {"CREATE", "INSERT", "SELECT", "UPDATE", "MERGE"} <= verbs


class TestWorkspaces:
    """Issue: "Workspace = its own catalog in that JVM"."""

    def test_two_workspaces_have_tables_of_one_name_and_rows_of_their_own(
        self, alpha: Workspace, beta: Workspace
    ) -> None:
        for each in (alpha, beta):
            each.out(
                "spark.sql('CREATE SCHEMA IF NOT EXISTS _executor_metadata')\n"
                f"spark.sql(\"CREATE TABLE _executor_metadata.logs AS SELECT '{each.name}' AS who\")"
            )
        for each in (alpha, beta):
            assert each.out("print(spark.table('_executor_metadata.logs').first().who)") == each.name

    def test_the_same_path_is_another_delta_table_in_another_workspace(
        self, alpha: Workspace, beta: Workspace
    ) -> None:
        for each in (alpha, beta):
            each.out(f"spark.sql(\"SELECT '{each.name}' AS who\").write.format('delta').save('dbfs:/same')")
        for path in ("dbfs:/same", "/dbfs/same", "/same", "file:/dbfs/same"):
            assert beta.out(f"print(spark.read.format('delta').load('{path}').first().who)") == "beta"

    def test_tables_lie_in_the_workspaces_own_dbfs(self, alpha: Workspace) -> None:
        where = "dbfs:/user/hive/warehouse/_executor_metadata.db/logs"
        assert (
            alpha.out("print(spark.sql('DESCRIBE DETAIL _executor_metadata.logs').first().location)") == where
        )
        assert (Path(alpha.places.dbfs) / where[6:] / "_delta_log").is_dir()


class TestSessions:
    """Issue: "`spark.stop()` in a program ends its own session, never the cluster"."""

    def test_a_run_shares_no_view_no_conf_and_no_hadoop_conf_with_the_next(self, alpha: Workspace) -> None:
        look = (
            "print([t.name for t in spark.catalog.listTables() if t.isTemporary],"
            " spark.conf.get('spark.own', None),"
            " spark._jsc.hadoopConfiguration().get('fs.own'), spark.conf.get('spark.my.conf'))"
        )
        make = (
            "spark.range(1).createOrReplaceTempView('mine')\nspark.conf.set('spark.own', '1')\n"
            "spark._jsc.hadoopConfiguration().set('fs.own', '1')\n"
        )
        assert alpha.out(make + look) == "['mine'] 1 1 cluster"
        assert alpha.out(look) == "[] None None cluster"

    def test_stop_ends_the_own_session_and_a_new_one_can_be_had(self, alpha: Workspace) -> None:
        source = (
            "from pyspark.sql import SparkSession\n"
            "s = SparkSession.builder.master('local[1]').appName('x').enableHiveSupport().getOrCreate()\n"
            "s.range(1).createOrReplaceTempView('v')\ns.stop()\n"
            "t = SparkSession.builder.config('spark.sql.shuffle.partitions', '3').getOrCreate()\n"
            "print(t.catalog.listTables(), t.range(3).count(), t.conf.get('spark.sql.shuffle.partitions'))\n"
            "t.stop()"
        )
        assert alpha.out(source) == "[] 3 3"
        assert alpha.out("print(spark.range(2).count())") == "2"

    def test_threads_of_a_program_work_for_its_workspace(self, beta: Workspace) -> None:
        source = (
            "from concurrent.futures import ThreadPoolExecutor\n"
            "ask = lambda n: spark.sql('SELECT who FROM _executor_metadata.logs').first().who\n"
            "print(set(ThreadPoolExecutor(3).map(ask, range(6))))"
        )
        assert beta.out(source) == "{'beta'}"

    def test_a_program_that_asks_for_no_spark_does_not_attach(self, alpha: Workspace) -> None:
        assert alpha.out("import pyspark\nprint(pyspark.SparkContext._active_spark_context)") == "None"


ACTIVE = (
    "SparkSession.getActiveSession().range(2).count()",
    "SparkSession.active().range(2).count()",
    "(col('a') > 1) is not None and lit(1) is not None and 2",
    "Window.partitionBy('a') and 2",
    "SparkContext.getOrCreate() and SparkSession.getActiveSession().range(2).count()",
)
IMPORTS = (
    "from pyspark import SparkContext\nfrom pyspark.sql import SparkSession, Window\n"
    "from pyspark.sql.functions import col, lit\n"
)


class TestActiveSession:
    """A session is active before the program asks: `SparkSession.getActiveSession()`,
    `SparkSession.active()` work at once in runs and contexts (attach lazily inside them)"""

    @pytest.mark.parametrize("asked", ACTIVE)
    def test_a_run_has_one_from_the_start(self, alpha: Workspace, asked: str) -> None:
        assert alpha.out(f"{IMPORTS}print({asked})") == "2"

    def test_it_is_the_session_of_the_name_spark_and_of_the_builder(self, alpha: Workspace) -> None:
        source = (
            f"{IMPORTS}active = SparkSession.getActiveSession()\n"
            "print(active is spark, active is SparkSession.builder.getOrCreate())\n"
            "print(active.conf.get('spark.my.conf'))"
        )
        assert alpha.out(source) == "True True\ncluster"

    def test_there_is_none_after_the_program_has_stopped_it(self, alpha: Workspace) -> None:
        source = f"{IMPORTS}SparkSession.active().stop()\nprint(SparkSession.getActiveSession())"
        assert alpha.out(source) == "None"

    @pytest.mark.parametrize("asked", ACTIVE)
    def test_a_context_has_one_from_the_start(self, alpha: Workspace, asked: str) -> None:
        context = alpha.cluster.open_context("python")
        try:
            assert context.execute(f"{IMPORTS}{asked}").data == "2"
        finally:
            context.close()

    def test_a_child_process_has_none_as_on_a_cluster(self, alpha: Workspace) -> None:
        asks = "from pyspark.sql import SparkSession; print(SparkSession.getActiveSession())"
        source = f"import subprocess, sys\nprint(subprocess.check_output([sys.executable, '-c', '{asks}']))"
        assert alpha.out(source) == "b'None\\n'"


class TestPathsInSpark:
    def test_every_way_to_name_a_file_finds_it(self, alpha: Workspace) -> None:
        (Path(alpha.places.dbfs) / "mnt").mkdir(exist_ok=True)
        (Path(alpha.places.dbfs) / "mnt" / "a.csv").write_text("id\n1\n2\n", encoding="utf-8")
        for path in ("dbfs:/mnt/a.csv", "dbfs:/mnt/", "/mnt/a.csv", "/dbfs/mnt/", "file:/dbfs/mnt/a.csv"):
            assert alpha.out(f"print(spark.read.option('header', True).csv('{path}').count())") == "2", path
        assert (
            alpha.out("print(spark.read.text('dbfs:/mnt/').selectExpr('input_file_name()').first()[0])")
            == "dbfs:/mnt/a.csv"
        )
        assert (
            alpha.out("print(spark.sparkContext.textFile('dbfs:/mnt/a.csv').collect())") == "['id', '1', '2']"
        )

    def test_volumes_and_workspace_are_written_in_spark_and_read_in_python(self, alpha: Workspace) -> None:
        source = (
            "import os\nfor root in ('/Volumes/c/s/v', '/Workspace/Shared/x'):\n"
            "    spark.range(1).coalesce(1).write.json(root)\n"
            "    print([open(f'{root}/{n}').read() for n in os.listdir(root) if n.endswith('.json')])"
        )
        assert alpha.out(source) == "['{\"id\":0}\\n']\n['{\"id\":0}\\n']"

    def test_a_python_function_on_the_executors_sees_them_too(self, alpha: Workspace) -> None:
        source = (
            "from pyspark.sql.functions import udf\n"
            "print(spark.range(1).select(udf(lambda n: open('/dbfs/mnt/a.csv').read())('id')).first()[0])"
        )
        assert alpha.out(source) == "id\n1\n2"

    def test_hadoops_own_functions_list_the_workspaces_files(self, alpha: Workspace) -> None:
        source = (
            "path = spark._jvm.org.apache.hadoop.fs.Path('dbfs:/mnt')\n"
            "found = path.getFileSystem(spark._jsc.hadoopConfiguration()).listStatus(path)\n"
            "print([each.getPath().toString() for each in found])"
        )
        assert alpha.out(source) == "['dbfs:/mnt/a.csv']"

    @pytest.mark.parametrize(("scheme", "name"), [("dbfs:", "one"), ("file:/dbfs", "two")])
    def test_a_commit_of_delta_never_replaces_one_that_another_jvm_has_written(
        self, alpha: Workspace, scheme: str, name: str
    ) -> None:
        source = f"""
import os
folder = "/dbfs/{name}/_delta_log"
os.makedirs(folder)
for name in ("0.json", "mine.tmp"):
    open(f"{{folder}}/{{name}}", "w").write(name)
path = spark._jvm.org.apache.hadoop.fs.Path
log = "{scheme}/{name}/_delta_log/"
files = path(log).getFileSystem(sc._jsc.hadoopConfiguration())
print([files.rename(path(log + "mine.tmp"), path(log + name)) for name in ("0.json", "1.json")])
print({{name: open(f"{{folder}}/{{name}}").read() for name in sorted(os.listdir(folder))}})
"""
        assert alpha.out(source).splitlines() == [
            "[False, True]",
            "{'0.json': '0.json', '1.json': 'mine.tmp'}",
        ]


class TestTheEndOfJobs:
    """Issue: "cancel (process tree and its Spark jobs end within 2 s)"."""

    SLOW = (
        "import time\nfrom pyspark.sql.functions import udf\n"
        "spark.range(2).select(udf(lambda n: time.sleep(600))('id')).collect()"
    )

    def test_a_cancelled_run_leaves_no_spark_job(self, alpha: Workspace, driver: Driver) -> None:
        def cancel() -> float:
            before = running_jobs(driver)
            task = alpha.start(self.SLOW)
            job = job_of(driver, before)
            begin = time.monotonic()
            task.cancel()
            assert task.wait().cancelled
            until(lambda: job not in running_jobs(driver))
            return time.monotonic() - begin

        takes_less_than(2.5, cancel)

    def test_the_jobs_of_other_runs_go_on(self, alpha: Workspace, driver: Driver) -> None:
        before = running_jobs(driver)
        one = alpha.start(self.SLOW)
        job = job_of(driver, before)
        other = alpha.start(self.SLOW)
        other_job = job_of(driver, before | {job})
        one.cancel()
        one.wait()
        until(lambda: job not in running_jobs(driver))
        assert other_job in running_jobs(driver)
        other.cancel()
        other.wait()

    def test_a_cancelled_command_ends_its_job_and_the_next_command_runs(
        self, alpha: Workspace, driver: Driver
    ) -> None:
        context = alpha.cluster.open_context("python")
        assert context.execute("spark.range(2).count()").data == "2"
        before = running_jobs(driver)
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(context.execute, self.SLOW)
            job_of(driver, before)
            begin = time.monotonic()
            context.cancel()
            assert slow.result().cancelled
        after = context.execute("spark.range(3).count()")
        assert after.data == "3", after
        assert time.monotonic() - begin < LONGEST, "it waited for the cancelled job's 600 s"
        context.close()


class TestSql:
    def test_a_select_is_a_table(self, beta: Workspace) -> None:
        context = beta.cluster.open_context("sql")
        result = context.execute("SELECT 1 AS n, 'beta' AS who, DATE'2024-01-02' AS d")
        assert (result.kind, result.data) == ("table", [[1, "beta", "2024-01-02"]])
        assert result.schema == (("n", "int"), ("who", "string"), ("d", "date"))
        assert context.execute("SELECT nope").summary.startswith(
            "pyspark.errors.exceptions.captured.AnalysisException: ["
        )
        context.close()


class TestADeadJvm:
    """Issue: "it is started again when it dies (the runs on it fail truthfully)"."""

    def test_runs_on_it_fail_and_the_next_one_finds_its_tables_on_a_new_one(
        self, alpha: Workspace, driver: Driver
    ) -> None:
        note = alpha.folder / "daemon"
        alpha.out(
            "def leave(_):\n"
            "    import subprocess\n"
            f"    command = 'sleep 600 & echo $! > {note}'\n"
            "    subprocess.Popen(['sh', '-c', command], start_new_session=True, env={}).wait()\n"
            "    return 1\n"
            "spark.sparkContext.parallelize([1], 1).map(leave).collect()"
        )
        before = running_jobs(driver)
        task = alpha.start(TestTheEndOfJobs.SLOW)
        job_of(driver, before)
        java, daemon = supervisor.descendants(driver.wait_ready().process.pid)[0], int(note.read_text())
        os.kill(daemon, 0)
        os.kill(java, signal.SIGKILL)
        ended = task.wait()
        # what a worker of Spark has started ends with the JVM, and so with the server
        until(lambda: not Path(f"/proc/{daemon}").exists())
        assert ended.exit_code != 0
        assert ended.error is not None
        assert alpha.out("print(spark.table('_executor_metadata.logs').first().who)") == "alpha"
        assert driver.starts == 2

    def test_tables_outside_of_the_warehouse_come_back_with_a_later_server(
        self, folder: Path, driver: Driver
    ) -> None:
        first = make_workspace("gamma", folder, driver)
        first.out("spark.sql(\"CREATE TABLE outside USING DELTA LOCATION 'dbfs:/out' AS SELECT 5 AS n\")")
        first.cluster.close()
        driver.wait_ready().warm.forget("gamma")
        later = make_workspace("gamma", folder, driver)
        assert later.out("print(spark.table('outside').first().n)") == "5"
        later.cluster.close()

    def test_a_managed_table_is_one_for_a_later_server_too(self, folder: Path, driver: Driver) -> None:
        first = make_workspace("delta", folder, driver)
        first.out("spark.sql('CREATE TABLE inside AS SELECT 6 AS n')")
        first.cluster.close()
        driver.wait_ready().warm.forget("delta")
        later = make_workspace("delta", folder, driver)
        place = Path(later.places.dbfs) / "user/hive/warehouse/inside"
        assert (later.out("print(spark.table('inside').first().n)"), place.is_dir()) == ("6", True)
        later.out("spark.sql('DROP TABLE inside')")
        assert not place.exists()
        later.cluster.close()
