"""No secret of any source is in anything that the command writes, starts or sends: a canary for each."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Sequence, Set
from urllib.parse import parse_qs, quote

import pytest

from contract.receiver import Receiver
from fake_databricks.storage_servers import azure
from nuvyn_executor.schema.tables import EXECUTOR_RUNS, LOGS, REQUIRED_TABLES, Table
from tests.canaries import Canaries, Watch
from tests.waiting import until

if TYPE_CHECKING:
    from fake_databricks.storage_servers.azure import AzureServer
    from fake_databricks.storage_servers.databases import DatabaseServer
    from fake_databricks.storage_servers.s3 import S3Server

pytest.importorskip("obstore")
pytestmark = [pytest.mark.process, pytest.mark.jvm, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "data"
# Each with characters that URLs, JSON and base64 write in another way.
S3 = {
    "AWS_ACCESS_KEY_ID": "C4NARYKEYID/00+17",
    "AWS_SECRET_ACCESS_KEY": "c4nary/S3+secret=Kq%41zz",
    "AWS_SESSION_TOKEN": "c4nary/S3+token==Wx%42yy",
}
IN_THE_PATH, IN_A_VARIABLE, API_KEY = (
    "c4nary/Pg+path=&%43 xx",
    "c4nary/My+variable=&%44",
    "c4nary/api+key=%45qq",
)
STOCK = "stock/part-00000-00609cca-e92b-4b6a-812c-f407efa1f560-c000.snappy.parquet"


@pytest.fixture(scope="module")
def azurite() -> Iterator[AzureServer]:
    """Azurite with a key of its own: the one that everybody knows is in our programs, too."""
    missing = azure.KIND.missing()
    if missing:
        pytest.skip(f"Azurite cannot be started here: {missing}")
    with azure.launch(key=base64.b64encode(b"c4nary of the account of Azurite").decode()) as server:
        yield server


@dataclass(frozen=True)
class Sources:
    """A source of each kind with data in it: the paths, the variables, and the secrets in both."""

    s3: str
    azure: str
    signed: str
    postgres: str
    mariadb: str
    environ: Mapping[str, str]
    secrets: Mapping[str, str]

    @property
    def paths(self) -> list[str]:
        return [self.s3, self.azure, self.signed, self.postgres, self.mariadb]


@pytest.fixture(scope="module")
def sources(
    s3_server: S3Server,
    azurite: AzureServer,
    postgres_server: DatabaseServer,
    mariadb_server: DatabaseServer,
) -> Sources:
    name = f"c{uuid.uuid4().hex[:12]}"
    s3_server.create_bucket(name)
    azurite.create_container(name)
    # What Polars counts in Spark's tasks, what Spark reads from a copy, and what nobody can read.
    csv, returns, stock, broken = (
        b"customer_id,name\n1,Ada\n2,Grace\n",
        *((EXAMPLES / file).read_bytes() for file in ("returns.json", STOCK, "broken.parquet")),
    )
    for file, content in {"customers.csv": csv, "returns.json": returns, "broken.parquet": broken}.items():
        s3_server.put(name, f"shop/{file}", content)
    azurite.put(name, "shop/returns.json", returns)
    azurite.put(name, "signed/stock.parquet", stock)
    if postgres_server.execute("SELECT 1 FROM pg_roles WHERE rolname = 'canary'"):
        postgres_server.execute("DROP OWNED BY canary", "DROP ROLE canary")
    postgres_server.execute(
        "DROP SCHEMA IF EXISTS canaries CASCADE",
        "CREATE SCHEMA canaries",
        "CREATE TABLE canaries.sales (id INTEGER PRIMARY KEY, amount NUMERIC(8, 2))",
        "INSERT INTO canaries.sales VALUES (1, 2.50), (2, 3.75)",
        f"CREATE ROLE canary LOGIN PASSWORD '{IN_THE_PATH}'",
        "GRANT USAGE ON SCHEMA canaries TO canary",
        "GRANT SELECT ON ALL TABLES IN SCHEMA canaries TO canary",
    )
    mariadb_server.execute(
        "CREATE OR REPLACE DATABASE canaries",
        "CREATE TABLE canaries.sales (id INTEGER PRIMARY KEY, amount NUMERIC(8, 2))",
        "INSERT INTO canaries.sales VALUES (1, 2.50), (2, 3.75)",
        f"CREATE OR REPLACE USER canary IDENTIFIED BY '{IN_A_VARIABLE}'",
        "GRANT SELECT ON canaries.* TO canary",
    )
    signature = azurite.sas_token("rl")
    postgres = f"{postgres_server.host}:{postgres_server.port}/{postgres_server.database}"
    environ = {
        "AWS_ENDPOINT_URL": s3_server.endpoint,
        **S3,
        "AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string,
        "EXECUTOR_DATABASE_USER": "canary",
        "EXECUTOR_DATABASE_PASSWORD": IN_A_VARIABLE,
    }
    secrets = {
        **S3,
        "the account's key": azurite.key,
        "the signature": parse_qs(signature)["sig"][0],
        "the password in the path": IN_THE_PATH,
        "the password in the variable": IN_A_VARIABLE,
    }
    return Sources(
        f"s3://{name}/shop",
        f"abfss://{name}@{azurite.account}.dfs.core.windows.net/shop",
        f"{azurite.endpoint}/{name}/signed?{signature}",
        f"postgresql://canary:{quote(IN_THE_PATH, safe='')}@{postgres}?schema=canaries",
        f"mysql://{mariadb_server.host}:{mariadb_server.port}/canaries",
        environ,
        secrets,
    )


@dataclass(frozen=True)
class Ended:
    """What a run left, but for its files."""

    exit_code: int
    document: Any
    log: str
    programs: set[str]
    bodies: Sequence[Any]


def run(
    folder: Path,
    canaries: Canaries,
    arguments: Sequence[str],
    environ: Mapping[str, str],
    tables: Sequence[Table] = REQUIRED_TABLES,
) -> Ended:
    """Run the command, and look for canaries in all that it writes, starts and sends.

    ``tables`` are those of the five that have rows afterwards.
    """
    temporary, conf, events = (folder / name for name in ("tmp", "conf", "events"))
    for one in (temporary, conf, events):
        one.mkdir()
    # Spark writes into its event log what its pages show: plans, tasks, settings, errors.
    conf.joinpath("spark-defaults.conf").write_text(
        f"spark.eventLog.enabled true\nspark.eventLog.dir {events.as_uri()}\n"
    )
    with Receiver(API_KEY, state=folder / "platform.db") as platform, Watch(canaries, temporary) as watch:
        process = subprocess.Popen(
            [sys.executable, "-m", "nuvyn_executor", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                **environ,
                "EXECUTOR_WAREHOUSE_DIR": str(folder / "warehouse"),
                "EXECUTOR_SCHEMA_NAME": "canaries",
                "EXECUTOR_LOG_LEVEL": "DEBUG",
                "EXECUTOR_SOURCE_RETRY_SECONDS": "20",
                "NUVYN_API_ENDPOINT": platform.url,
                "NUVYN_API_KEY": API_KEY,
                "SPARK_CONF_DIR": str(conf),
                "SPARK_LOCAL_DIRS": str(temporary),
                "TMPDIR": str(temporary),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        watch.except_pid = process.pid  # its parameters are the user's
        output, log = process.communicate(timeout=240)
        bodies = [received.body for received in platform.received]
    canaries.look("stdout", output)
    canaries.look("stderr", log)
    canaries.look("the payload", bodies)
    canaries.look("the payload, as JSON", json.dumps(bodies))
    canaries.look_into(folder)
    canaries.look_into_tables(folder / "warehouse", [table.name for table in tables])
    (events_file,) = events.iterdir()
    assert "SparkListenerSQLExecutionStart" in events_file.read_text(encoding="utf-8")
    return Ended(process.returncode, json.loads(output), log, watch.programs, bodies)


def statuses(ended: Ended) -> list[str]:
    extraction = ended.document["details"]["metadata_extraction"]
    return [one["status"] for one in extraction["details"]["sources"]]


class TestTheSearch:
    """The search itself finds what is there."""

    SECRET = "c4nary/of+the search=&%50"

    @pytest.mark.parametrize(
        "text",
        [
            SECRET,
            "postgresql://user:" + quote(SECRET, safe="") + "@host",
            json.dumps({"password": SECRET}),
            base64.b64encode(f"u:{SECRET}:1".encode()).decode(),
            base64.b64encode(f"us:{SECRET}:1".encode()).decode(),
            base64.b64encode(f"use:{SECRET}:1".encode()).decode(),
        ],
    )
    def test_it_knows_every_spelling(self, text: str, tmp_path: Path) -> None:
        canaries = Canaries({"the password": self.SECRET})
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "file").write_text(f"something {text} else")
        canaries.look("a text", text)
        assert canaries.look_into(tmp_path) == 1

        assert {one.partition(", after")[0] for one in canaries.found} == {
            "the password in a text",
            "the password in folder/file",
        }

    def test_it_sees_command_lines_and_files_that_go_away(self, tmp_path: Path) -> None:
        code = "import os, sys\nopen('gone', 'w').write(sys.argv[1])\nsys.stdin.read()\nos.remove('gone')"
        wanted = {"the password in a command line", "the password in the temporary file gone"}
        canaries = Canaries({"the password": self.SECRET})

        def found() -> Set[str]:
            return {one.partition(", after")[0] for one in list(canaries.found)}

        command = [sys.executable, "-c", code, self.SECRET]
        with (
            Watch(canaries, tmp_path),
            subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE) as process,
        ):
            until(lambda: found() >= wanted)
            process.communicate()

        assert process.returncode == 0
        assert not (tmp_path / "gone").exists()
        assert found() == wanted


class TestNoSecretIsShown:
    """Secrets, SAS tokens and passwords never reach a log, a result, a table or a payload."""

    def test_of_sources_that_can_be_read(self, sources: Sources, tmp_path: Path) -> None:
        canaries = Canaries({**sources.secrets, "the platform's key": API_KEY})
        ended = run(tmp_path, canaries, ["full_pipeline", ",".join(sources.paths)], sources.environ)

        assert ended.exit_code == 0, ended.log
        assert "\n".join(sorted(canaries.found)) == ""
        assert statuses(ended) == ["Partial", *["Success"] * 4]  # S3 has a damaged file
        assert ended.bodies
        assert {"java"} <= ended.programs
        assert "DEBUG" in ended.log

    def test_of_sources_that_refuse_it(self, sources: Sources, tmp_path: Path) -> None:
        wrong = {
            "the account's key": base64.b64encode(b"c4nary of a key that is wrong").decode(),
            "the signature": base64.b64encode(b"c4nary of a signature").decode(),
            "the password in the path": "c4nary/wrong+in=&%46 path",
            "the password in the variable": "c4nary/wrong+in=&%47variable",
            "the password in a parameter": "c4nary/wrong+in=%48parameter",
        }
        signed = re.sub(r"sig=[^&]+", f"sig={quote(wrong['the signature'], safe='')}", sources.signed)
        place = sources.postgres.partition("@")[2].partition("?")[0]
        parameter = quote(wrong["the password in a parameter"], safe="")
        paths = [
            f"{sources.s3.rpartition('/')[0]}-not-there/shop",
            sources.azure,
            signed,
            f"postgresql://canary:{quote(wrong['the password in the path'], safe='')}@{place}",
            sources.mariadb,
            f"jdbc:postgresql://{place}?user=canary&password={parameter}",
        ]
        connection = sources.environ["AZURE_STORAGE_CONNECTION_STRING"]
        environ = {
            **sources.environ,
            "AZURE_STORAGE_CONNECTION_STRING": connection.replace(
                sources.secrets["the account's key"], wrong["the account's key"]
            ),
            "EXECUTOR_DATABASE_PASSWORD": wrong["the password in the variable"],
            "EXECUTOR_JAVA_OPTIONS": f"{os.environ['EXECUTOR_JAVA_OPTIONS']} -verbose:gc",
            "NUVYN_JOB_PAYLOAD": json.dumps({"sources": [{"data_source_path": path} for path in paths]}),
        }
        canaries = Canaries({**sources.secrets, **{f"{name} (wrong)": one for name, one in wrong.items()}})
        ended = run(tmp_path, canaries, ["full_pipeline"], environ, (EXECUTOR_RUNS, LOGS))

        assert ended.exit_code == 1, ended.log
        assert "\n".join(sorted(canaries.found)) == ""
        assert statuses(ended) == ["Failed"] * 6
        assert not ended.bodies
        assert "GC" in ended.log  # what Java itself writes is in stderr, and stdout is the result alone
