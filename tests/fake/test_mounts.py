"""A mount point or a Volume is a bucket or container: in programs, over REST, after a restart."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, Callable, Iterator, Mapping
from urllib.parse import quote

import pytest

from fake_databricks.__main__ import main
from fake_databricks.server import FakeDatabricks, Options, RefusedOptions
from fake_databricks.storage_servers.azure import RefusedCall
from tests.fake.conftest import ROOT, Client
from tests.fake.guide_programs import run_script, variables
from tests.waiting import LONGEST, until

if TYPE_CHECKING:
    from pathlib import Path

    from fake_databricks.storage_servers.azure import AzureServer
    from fake_databricks.storage_servers.s3 import S3Server

pytest.importorskip("obstore")
pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]
POINT = "/mnt/client-data"


@dataclasses.dataclass
class Bucket:
    """A bucket or container of a test, with a folder ``raw`` that is mounted."""

    server: Any
    name: str
    source: str
    configs: Mapping[str, str]

    def put(self, path: str, content: bytes) -> None:
        self.server.put(self.name, f"raw/{path}", content)

    def get(self, path: str) -> bytes | None:
        if hasattr(self.server, "account"):
            try:
                return bytes(self.server.get(self.name, f"raw/{path}"))
            except RefusedCall:
                return None
        with closing(self.server.client()) as client:
            try:
                return bytes(client.get_object(Bucket=self.name, Key=f"raw/{path}")["Body"].read())
            except client.exceptions.NoSuchKey:
                return None

    def delete(self, path: str) -> None:
        if hasattr(self.server, "account"):
            self.server.call("DELETE", f"{self.name}/raw/{path}")
            return
        with closing(self.server.client()) as client:
            client.delete_object(Bucket=self.name, Key=f"raw/{path}")


def azure_bucket(server: AzureServer) -> Bucket:
    name = f"c{secrets.token_hex(6)}"
    server.create_container(name)
    source = f"wasbs://{name}@clientaccount.blob.core.windows.net/raw"
    return Bucket(server, name, source, server.environment())


def s3_bucket(server: S3Server) -> Bucket:
    name = f"b{secrets.token_hex(6)}"
    server.create_bucket(name)
    configs = {
        "fs.s3a.endpoint": server.endpoint,
        "fs.s3a.access.key": "testing",
        "fs.s3a.secret.key": "a-secret-key-of-s3",
    }
    return Bucket(server, name, f"s3a://{name}/raw/", configs)


@pytest.fixture(params=["azure", "s3"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    """A bucket of each kind of store."""
    server = request.getfixturevalue(f"{request.param}_server")
    return azure_bucket(server) if request.param == "azure" else s3_bucket(server)


@pytest.fixture
def mounted(client: Client, bucket: Bucket) -> Bucket:
    bucket.put("a.csv", b"id\n1\n")
    bucket.put("2026/käse #1.csv", b"id\n2\n")
    mount(client, bucket)
    return bucket


def mount(client: Client, bucket: Bucket, point: str = POINT) -> None:
    client.post("/_fake/mounts", source=bucket.source, mount_point=point, extra_configs=dict(bucket.configs))


def names(client: Client, path: str = POINT) -> list[str]:
    return [entry["path"] for entry in client.get(f"/api/2.0/dbfs/list?path={path}").get("files", [])]


def read(client: Client, path: str) -> bytes:
    return base64.b64decode(client.get(f"/api/2.0/dbfs/read?path={quote(path)}")["data"])


def run(client: Client, source: str) -> Any:
    """Run a program; return its output with the state of its run."""
    ended = client.run(client.flat_job(source))
    return {**client.output(ended["run_id"]), "result_state": ended["state"]["result_state"]}


class TestRest:
    """the guide's `/dbfs/mnt/client-data/` is that storage, over the DBFS REST calls"""

    @pytest.mark.usefixtures("mounted")
    def test_objects_are_files(self, client: Client) -> None:
        assert names(client) == [f"{POINT}/2026", f"{POINT}/a.csv"]
        assert read(client, f"{POINT}/2026/käse #1.csv") == b"id\n2\n"
        status = client.get(f"/api/2.0/dbfs/get-status?path={POINT}/a.csv")
        assert status["file_size"] == 5
        assert abs(status["modification_time"] / 1000 - time.time()) < 60

    def test_a_change_in_the_storage_is_seen_after_a_second(self, client: Client, mounted: Bucket) -> None:
        assert read(client, f"{POINT}/a.csv") == b"id\n1\n"
        mounted.put("a.csv", b"id\n7\n")
        mounted.put("b.csv", b"")
        mounted.delete("2026/käse #1.csv")
        time.sleep(1.1)
        assert names(client) == [f"{POINT}/a.csv", f"{POINT}/b.csv"]
        assert read(client, f"{POINT}/a.csv") == b"id\n7\n"

    def test_what_is_written_goes_to_the_storage(self, client: Client, mounted: Bucket) -> None:
        encoded = base64.b64encode(b"put").decode()
        client.post("/api/2.0/dbfs/put", path=f"{POINT}/put.txt", contents=encoded)
        handle = client.post("/api/2.0/dbfs/create", path=f"dbfs:{POINT}/d/blocks.txt")["handle"]
        client.post("/api/2.0/dbfs/add-block", handle=handle, data=encoded)
        client.post("/api/2.0/dbfs/close", handle=handle)
        client.post("/api/2.0/dbfs/move", source_path=f"{POINT}/a.csv", destination_path=f"{POINT}/moved.csv")
        client.post("/api/2.0/dbfs/delete", path=f"{POINT}/2026", recursive=True)
        assert mounted.get("put.txt") == mounted.get("d/blocks.txt") == b"put"
        assert (mounted.get("a.csv"), mounted.get("moved.csv")) == (None, b"id\n1\n")
        assert mounted.get("2026/käse #1.csv") is None

    def test_a_lost_folder_deletes_no_object(self, client: Client, mounted: Bucket) -> None:
        client.post("/api/2.0/dbfs/delete", path="/mnt", recursive=True)
        time.sleep(1.1)
        assert read(client, f"{POINT}/a.csv") == b"id\n1\n"
        assert mounted.get("a.csv") == b"id\n1\n"

    def test_the_mount_can_be_removed_and_the_objects_stay(self, client: Client, mounted: Bucket) -> None:
        assert client.get("/_fake/mounts")["mounts"] == [
            {"mount_point": POINT, "source": mounted.source.rstrip("/"), "encryption_type": ""}
        ]
        assert (
            client.send("DELETE", "/_fake/mounts", json.dumps({"mount_point": POINT}).encode()).status == 200
        )
        assert client.get("/_fake/mounts")["mounts"] == []
        assert client.refused("GET", f"/api/2.0/dbfs/list?path={POINT}")[0] == 404
        assert mounted.get("a.csv") == b"id\n1\n"


class TestPrograms:
    """in plain Python"""

    def test_a_run_reads_and_writes_the_storage(self, client: Client, mounted: Bucket) -> None:
        mounted.put("late.csv", b"just now")
        source = (
            "import os\n"
            f"print(sorted(os.listdir('/dbfs{POINT}')), open('/dbfs{POINT}/late.csv').read())\n"
            f"os.makedirs('/dbfs{POINT}/out')\n"
            f"open('/dbfs{POINT}/out/new.txt', 'w').write('from a run')\n"
            f"os.remove('/dbfs{POINT}/a.csv')"
        )
        ended = run(client, source)
        assert ended["logs"] == "['2026', 'a.csv', 'late.csv'] just now"
        assert mounted.get("out/new.txt") == b"from a run"
        assert mounted.get("a.csv") is None

    def test_where_both_have_changed_the_storage_wins(self, client: Client, mounted: Bucket) -> None:
        source = (
            "import time\n"
            f"open('/dbfs{POINT}/a.csv', 'w').write('the program')\n"
            "open('/dbfs/written', 'w').close()\n"
            "while True:\n"
            "    try:\n        open('/dbfs/go'); break\n"
            "    except FileNotFoundError:\n        time.sleep(0.02)\n"
        )
        run_id = client.post("/api/2.1/jobs/run-now", job_id=client.flat_job(source))["run_id"]
        until(lambda: "/written" in names(client, "/"))
        mounted.put("a.csv", b"the storage")
        client.program("/go", "")
        client.wait(run_id)
        assert mounted.get("a.csv") == b"the storage"
        assert read(client, f"{POINT}/a.csv") == b"the storage"

    def test_the_program_itself_may_be_in_the_storage(self, client: Client, mounted: Bucket) -> None:
        mounted.put("program.py", b"print('from the storage')")
        job_id = client.post(
            "/api/2.1/jobs/create",
            name="j",
            existing_cluster_id=client.cluster_id,
            spark_python_task={"python_file": f"dbfs:{POINT}/program.py"},
        )["job_id"]
        assert client.output(client.run(job_id)["run_id"])["logs"] == "from the storage"

    def test_a_command_reads_and_writes_the_storage(self, client: Client, mounted: Bucket) -> None:
        text = f"open('/dbfs{POINT}/c.txt', 'w').write(open('/dbfs{POINT}/a.csv').read() + '2')"
        sent = client.post(
            "/api/2.0/commands/execute", language="python", clusterId=client.cluster_id, command=text
        )
        path = f"/api/2.0/commands/status?clusterId={client.cluster_id}&commandId={sent['id']}"
        client.wait_for(path, "status", "Finished")
        assert mounted.get("c.txt") == b"id\n1\n2"


class TestDbutils:
    """by `dbutils.fs.mount(source, mount_point, extra_configs={...})` inside a program"""

    def test_mounts_lists_and_unmounts(self, client: Client, bucket: Bucket) -> None:
        bucket.put("a.csv", b"id\n1\n")
        source = (
            f"print(dbutils.fs.mount(source={bucket.source!r}, mount_point={POINT!r},"
            f" extra_configs={dict(bucket.configs)!r}))\n"
            f"print([f.name for f in dbutils.fs.ls('dbfs:{POINT}')], dbutils.fs.head('{POINT}/a.csv'))\n"
            f"dbutils.fs.put('{POINT}/b.txt', 'x')\n"
            "print(dbutils.fs.refreshMounts(), dbutils.fs.mounts())\n"
            f"print(dbutils.fs.unmount({POINT!r}), dbutils.fs.mounts())\n"
        )
        ended = run(client, source)
        assert ended["result_state"] == "SUCCESS", ended
        shown = bucket.source.rstrip("/")
        assert ended["logs"].splitlines() == [
            "True",
            "['a.csv'] id",
            "1",
            "",
            "Wrote 1 bytes.",
            f"True [MountInfo(mountPoint='{POINT}', source='{shown}', encryptionType='')]",
            f"{POINT} has been unmounted.",
            "True []",
        ]
        assert bucket.get("b.txt") == b"x"

    def test_an_occupied_mount_point_is_refused(self, client: Client, mounted: Bucket) -> None:
        source = f"dbutils.fs.mount({mounted.source!r}, {POINT!r}, extra_configs={dict(mounted.configs)!r})"
        assert run(client, source)["error"] == (
            "_fakebricks.dbutils.ExecutionError: java.rmi.RemoteException: "
            f"Directory already mounted: {POINT}"
        )

    def test_updateMount_leads_to_another_source(self, client: Client, mounted: Bucket) -> None:  # noqa: N802  Databricks' name
        mounted.put("deeper/only.csv", b"1")
        deeper = mounted.source.rstrip("/") + "/deeper"
        run(client, f"dbutils.fs.updateMount({deeper!r}, {POINT!r}, extra_configs={dict(mounted.configs)!r})")
        assert names(client) == [f"{POINT}/only.csv"]


class TestRefusals:
    """Errors as Databricks': one sentence"""

    def refusal(self, client: Client, **body: Any) -> tuple[int, Any, str]:
        return client.refused("POST", "/_fake/mounts", **body)

    def test_a_bucket_that_is_not_there(self, client: Client, bucket: Bucket) -> None:
        source = bucket.source.replace(bucket.name, "not-there")
        status, code, said = self.refusal(
            client, source=source, mount_point=POINT, extra_configs=dict(bucket.configs)
        )
        assert (status, code) == (404, "RESOURCE_DOES_NOT_EXIST")
        assert "not-there" in said
        assert "does not exist" in said
        assert "\n" not in said
        assert client.get("/_fake/mounts")["mounts"] == []

    def test_wrong_credentials(self, client: Client, azure_server: AzureServer) -> None:
        bucket = azure_bucket(azure_server)
        wrong = base64.b64encode(b"a wrong key that nobody may see").decode()
        configs = {**bucket.configs, "fs.azure.account.key.clientaccount.blob.core.windows.net": wrong}
        status, code, said = self.refusal(
            client, source=bucket.source, mount_point=POINT, extra_configs=configs
        )
        assert (status, code) == (403, "PERMISSION_DENIED")
        assert "refuses these credentials (AuthorizationFailure)" in said
        assert wrong not in said

    def test_a_store_that_does_not_answer(self, client: Client) -> None:
        configs = {"fs.s3a.endpoint": "http://127.0.0.1:1"}
        status, code, said = self.refusal(
            client, source="s3a://bucket", mount_point=POINT, extra_configs=configs
        )
        assert (status, code) == (503, "TEMPORARILY_UNAVAILABLE")
        assert said == "s3a://bucket at http://127.0.0.1:1 cannot be reached (GenericError)."

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ({"source": "gs://b"}, "Unsupported source of a mount: gs scheme"),
            ({"source": "s3a:///x"}, "names no bucket"),
            ({"source": "wasbs://account.blob.core.windows.net/x"}, "names no container and account"),
            ({"source": "s3a://b", "mount_point": "mnt"}, "Invalid mount point mnt"),
            ({"source": "s3a://b", "mount_point": "/"}, "Invalid mount point /"),
            ({"source": "s3a://b", "mount_point": "/Volumes/c/s"}, "Invalid Volume /Volumes/c/s"),
            ({"source": "s3a://b", "mount_point": "/full"}, "there are files already"),
        ],
    )
    def test_what_makes_no_sense(self, client: Client, body: Mapping[str, str], said: str) -> None:
        client.program("/full/x", "")
        status, _, message = self.refusal(client, **{"mount_point": POINT, **body})
        assert status == 400
        assert said in message

    @pytest.mark.usefixtures("mounted")
    def test_mounts_do_not_nest(self, client: Client) -> None:
        for point in (f"{POINT}/deeper", "/mnt"):
            said = self.refusal(client, source="s3a://b", mount_point=point)[2]
            assert said == f"Cannot mount at {point}: {POINT} is mounted, and mounts cannot nest."

    def test_a_run_whose_files_are_refused_has_failed(
        self, client: Client, azure_server: AzureServer
    ) -> None:
        bucket = azure_bucket(azure_server)
        bucket.put("a.csv", b"1")
        string = f"BlobEndpoint={azure_server.endpoint};SharedAccessSignature={azure_server.sas_token('rl')}"
        configs = {"AZURE_STORAGE_CONNECTION_STRING": string}
        client.post("/_fake/mounts", source=bucket.source, mount_point=POINT, extra_configs=configs)
        ended = run(client, f"open('/dbfs{POINT}/new.txt', 'w').write(open('/dbfs{POINT}/a.csv').read())")
        assert ended["result_state"] == "FAILED"
        assert "refuses these credentials" in ended["error"]
        assert bucket.get("new.txt") is None


class TestSecrets:
    """Credentials are hidden in logs, the journal, state files and REST answers"""

    def test_no_credential_is_shown_or_stored(
        self, azure_server: AzureServer, s3_server: S3Server, tmp_path: Path
    ) -> None:
        buckets = {"/mnt/azure": azure_bucket(azure_server), "/mnt/s3": s3_bucket(s3_server)}
        hidden = (azure_server.key, "a-secret-key-of-s3", "in-the-url")
        with FakeDatabricks(Options(port=0, has_spark=False, state=tmp_path / "state")) as fake:
            client = Client(fake.url, fake.token, fake.cluster_id)
            for point, bucket in buckets.items():
                bucket.put("a.csv", b"id\n1\n")
                mount(client, bucket, point)
            with_keys = buckets["/mnt/s3"].source.replace("s3a://", "s3a://testing:in-the-url@")
            configs = {"fs.s3a.endpoint": s3_server.endpoint}
            client.post("/_fake/mounts", source=with_keys, mount_point="/mnt/keys", extra_configs=configs)
            reversed_ones = [secret[::-1] for secret in hidden]
            source = f"print([text[::-1] for text in {reversed_ones!r}], dbutils.fs.mounts())"
            logs = run(client, source)["logs"]
            assert logs.startswith("['[REDACTED]', '[REDACTED]', '[REDACTED]'] [MountInfo(")
            said = [logs, client.send("GET", "/_fake/mounts").content.decode()]
            said.append(client.send("GET", "/_fake/journal").content.decode())
        stored = b"".join(file.read_bytes() for file in (tmp_path / "state").rglob("*") if file.is_file())
        for secret in hidden:
            assert secret not in "".join(said)
            assert secret.encode() not in stored

    def test_a_restart_finds_the_mounts_again(self, bucket: Bucket, tmp_path: Path) -> None:
        options = Options(port=0, has_spark=False, state=tmp_path / "state")
        bucket.put("a.csv", b"1")
        with FakeDatabricks(options) as fake:
            client = Client(fake.url, "dapi-a-token", fake.cluster_id)
            mount(client, bucket)
        bucket.put("b.csv", b"2")
        bucket.delete("a.csv")
        with FakeDatabricks(options) as fake:
            client = dataclasses.replace(client, url=fake.url)
            assert names(client) == [f"{POINT}/b.csv"]
            assert client.send("POST", "/_fake/reset").status == 200
            assert client.get("/_fake/mounts")["mounts"] == []
        assert bucket.get("b.csv") == b"2"


class TestStartOptions:
    """by a start option, and by a Volume's location"""

    @pytest.fixture
    def started(
        self, azure_server: AzureServer, s3_server: S3Server
    ) -> Iterator[tuple[Client, Bucket, Bucket]]:
        azure, s3 = azure_bucket(azure_server), s3_bucket(s3_server)
        azure.put("a.csv", b"azure")
        s3.put("a.csv", b"s3")
        command = [sys.executable, "-m", "fake_databricks", "--port", "0", "--no-spark"]
        command += ["--mount", f"{POINT}={azure.source}", "--volume", f"/Volumes/c/s/v={s3.source}"]
        environment = {**os.environ, **azure_server.environment(), **s3_server.environment()}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        printed = [process.stdout.readline().strip() for _ in range(7)]
        values = dict(line[len("export ") :].split("=", 1) for line in printed if line.startswith("export "))
        client = Client(
            values["DATABRICKS_HOST"], values["DATABRICKS_TOKEN"], values["DATABRICKS_CLUSTER_ID"]
        )
        yield client, azure, s3
        process.send_signal(signal.SIGTERM)
        process.wait(LONGEST)
        process.stdout.close()

    def test_every_workspace_has_the_mount_and_the_volume(
        self, started: tuple[Client, Bucket, Bucket]
    ) -> None:
        first, azure, s3 = started
        for client in (first, dataclasses.replace(first, token="dapi-another")):
            assert names(client) == [f"{POINT}/a.csv"]
            listed = client.get("/api/2.0/fs/directories/Volumes/c/s/v")["contents"]
            assert [entry["path"] for entry in listed] == ["/Volumes/c/s/v/a.csv"]
            assert client.send("GET", "/api/2.0/fs/files/Volumes/c/s/v/a.csv").content == b"s3"
            both = f"open('/dbfs{POINT}/a.csv').read(), open('/Volumes/c/s/v/a.csv').read()"
            source = f"print({both}, dbutils.fs.mounts())"
            logs = run(client, source)["logs"]
            assert logs.startswith(f"azure s3 [MountInfo(mountPoint='{POINT}'")
            assert "/Volumes" not in logs
        assert first.send("PUT", "/api/2.0/fs/files/Volumes/c/s/v/new.csv", b"1").status == 204
        assert s3.get("new.csv") == b"1"
        assert first.send("DELETE", "/api/2.0/fs/files/Volumes/c/s/v/a.csv").status == 204
        assert s3.get("a.csv") is None
        assert azure.get("a.csv") == b"azure"

    def test_a_workspace_keeps_the_files_that_it_has_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3_server: S3Server
    ) -> None:
        bucket = s3_bucket(s3_server)
        for name, value in s3_server.environment().items():
            monkeypatch.setenv(name, value)
        options = Options(port=0, has_spark=False, state=tmp_path / "state")
        with FakeDatabricks(options) as fake:
            client = Client(fake.url, "dapi-a-token", fake.cluster_id)
            client.program(f"{POINT}/mine.py", "")
        with FakeDatabricks(dataclasses.replace(options, mounts=((POINT, bucket.source),))) as fake:
            client = dataclasses.replace(client, url=fake.url)
            assert names(client) == [f"{POINT}/mine.py"]
            assert client.get("/_fake/mounts")["mounts"] == []

    @pytest.mark.parametrize(
        ("option", "text"),
        [("--mount", "/mnt/x"), ("--mount", "/Volumes/c/s/v=s3a://b"), ("--volume", "/mnt/x=s3a://b")],
    )
    def test_another_form_of_the_option_is_refused(
        self, option: str, text: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit):
            main([option, text])
        assert f"{option} {text.partition('=')[0]}: expected" in capsys.readouterr().err

    def test_a_source_that_is_not_there_is_refused_at_the_start(
        self, azure_server: AzureServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in azure_server.environment().items():
            monkeypatch.setenv(name, value)
        source = "wasbs://nowhere@clientaccount.blob.core.windows.net"
        with pytest.raises(
            RefusedOptions, match=r"The container nowhere of wasbs://nowhere@.* does not exist"
        ):
            Options(mounts=((POINT, source),)).check()


@pytest.fixture(scope="module")
def at_a_client(spark_server: Callable[[], Client], azure_server: AzureServer) -> tuple[Client, Bucket]:
    """A workspace on Spark with the guide's data in Azurite."""
    bucket = azure_bucket(azure_server)
    bucket.put("customers.csv", b"customer_id,name,country\n1,Ada,GB\n2,Grace,US\n3,Emmy,DE\n")
    bucket.put("orders/2026.csv", b"order_id,amount\n1,3.5\n2,4.0\n")
    client = spark_server()
    mount(client, bucket)
    # The guide's service does not wait for its own installation.
    command = "%pip install git+https://github.com/nuvyn-bldr/executor-script.git@main"
    sent = client.post(
        "/api/2.0/commands/execute", language="python", clusterId=client.cluster_id, command=command
    )
    path = f"/api/2.0/commands/status?clusterId={client.cluster_id}&commandId={sent['id']}"
    client.wait_for(path, "status", "Finished")
    return client, bucket


@pytest.mark.jvm
@pytest.mark.timeout(600)
class TestTheGuide:
    """the guide's two programs run unchanged with the data in Azurite behind `/dbfs/mnt/client-data/`"""

    def test_spark_reads_and_writes_the_storage(self, at_a_client: tuple[Client, Bucket]) -> None:
        client, bucket = at_a_client
        source = (
            f"frame = spark.read.option('header', True).csv('dbfs:{POINT}/customers.csv')\n"
            f"frame.coalesce(1).write.json('{POINT}/out')\n"
            "print(frame.count())"
        )
        ended = run(client, source)
        assert (ended["result_state"], ended["logs"].splitlines()[-1]) == ("SUCCESS", "3")
        assert bucket.get("out/_SUCCESS") == b""
        written = [name for name in names(client, f"{POINT}/out") if name.endswith(".json")]
        assert b"Grace" in (bucket.get(written[0][len(POINT) + 1 :]) or b"")
        client.post("/api/2.0/dbfs/delete", path=f"{POINT}/out", recursive=True)
        assert bucket.get("out/_SUCCESS") is None

    @pytest.mark.skipif(shutil.which("jq") is None, reason="the guide's script needs curl and jq")
    def test_the_guides_script_onboards_a_client(
        self, at_a_client: tuple[Client, Bucket], tmp_path: Path
    ) -> None:
        client, _ = at_a_client
        ended = run_script(variables(client), tmp_path)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "Metadata extraction result: SUCCESS" in ended.stdout
        assert "Client onboarding completed successfully!" in ended.stdout
        assert '"files_found\\": 2' in ended.stdout

    def test_the_guides_service_onboards_a_client(self, at_a_client: tuple[Client, Bucket]) -> None:
        client, _ = at_a_client
        service = ROOT / "examples" / "databricks_executor_service.py"
        ended = subprocess.run(
            [sys.executable, str(service)],
            env=variables(client),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "Metadata extraction completed successfully!" in ended.stdout
        assert '"files_found\\": 2' in ended.stdout
