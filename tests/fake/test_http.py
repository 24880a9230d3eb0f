from __future__ import annotations

import base64
import json
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest

from fake_databricks.server import Options, RefusedOptions
from fake_databricks.web.protocol import BY_HTTPS
from tests.waiting import LONGEST, PAUSE, takes_less_than, until

if TYPE_CHECKING:
    from tests.fake.conftest import Client

ECHO = "import sys\nprint('parameters', *sys.argv[1:])\n"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class TestHowRequestsArrive:
    """GET with a JSON body, any Content-Type, absolute-form request lines, ids as strings"""

    @pytest.mark.parametrize(
        "kind", ["", "text/json", "application/x-www-form-urlencoded", "application/json"]
    )
    def test_the_content_type_is_not_looked_at(self, client: Client, kind: str) -> None:
        body = json.dumps({"scope": f"s{len(kind)}", "initial_manage_principal": "users"}).encode()
        assert client.send("POST", "/api/2.0/secrets/scopes/create", body, {"Content-Type": kind}).body == {}

    def test_a_get_may_have_its_parameters_in_the_body(self, client: Client) -> None:
        job_id = client.flat_job(ECHO)
        answer = client.send("GET", "/api/2.1/jobs/get", json.dumps({"job_id": job_id}).encode(), FORM)
        assert answer.body["job_id"] == job_id

    def test_the_request_line_may_carry_the_whole_url(self, client: Client) -> None:
        assert client.send("GET", f"{client.url}/api/2.1/jobs/list?limit=1").status == 200

    def test_an_id_may_be_text(self, client: Client) -> None:
        job_id = client.flat_job(ECHO)
        run_id = client.post("/api/2.0/jobs/run-now", job_id=str(job_id))["run_id"]
        assert client.get("/api/2.0/jobs/runs/get", run_id=str(run_id))["run_id"] == run_id

    def test_an_empty_query_parameter_counts_as_absent(self, client: Client) -> None:
        assert client.get("/api/2.2/jobs/list?page_token=&expand_tasks=False") == {"has_more": False}

    def test_a_number_may_be_text_and_a_field_that_nobody_knows_is_ignored(self, client: Client) -> None:
        job_id = client.flat_job(ECHO, timeout_seconds="3600", include_user_names=True)
        settings = client.get(f"/api/2.1/jobs/get?job_id={job_id}")["settings"]
        assert settings["timeout_seconds"] == 3600


class TestRefusals:
    """Databricks' error envelope, codes, statuses and wording"""

    def test_without_a_credential_401(self, client: Client) -> None:
        answer = client.send("GET", "/api/2.1/jobs/list", headers={"Authorization": ""})
        assert (answer.status, answer.body["error_code"]) == (401, 401)

    @pytest.mark.parametrize(("user", "status"), [("token", 200), ("somebody", 401)])
    def test_a_token_may_come_as_a_password_and_no_other_password(
        self, client: Client, user: str, status: int
    ) -> None:
        credential = base64.b64encode(f"{user}:{client.token}".encode()).decode()
        headers = {"Authorization": f"Basic {credential}"}
        assert client.send("GET", "/api/2.1/jobs/list", headers=headers).status == status

    def test_what_is_no_json_object_is_malformed(self, client: Client) -> None:
        for content in (b"{", b"[]", b'"x"'):
            answer = client.send("POST", "/api/2.1/jobs/create", content)
            assert (answer.status, answer.body["error_code"]) == (400, "MALFORMED_REQUEST")

    def test_an_unknown_call_is_named(self, client: Client) -> None:
        assert client.refused("POST", "/api/2.1/jobs/nonsense") == (
            404,
            "ENDPOINT_NOT_FOUND",
            "No API found for 'POST /jobs/nonsense'",
        )

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    def test_a_known_path_with_another_method_is_an_unknown_call(self, client: Client, method: str) -> None:
        assert client.refused(method, "/api/2.1/jobs/create")[1] == "ENDPOINT_NOT_FOUND"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("git_source", {"git_url": "https://example.org/x", "git_provider": "gitHub"}),
            ("pipeline_task", {"pipeline_id": "x"}),
        ],
    )
    def test_what_is_not_honoured_is_refused_by_its_name(
        self, client: Client, field: str, value: object
    ) -> None:
        body = {
            "existing_cluster_id": client.cluster_id,
            "spark_python_task": {"python_file": "dbfs:/x.py"},
            field: value,
        }
        status, code, message = client.refused("POST", "/api/2.1/jobs/create", **body)
        assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
        assert f"'{field}' is not supported" in message

    def test_a_paused_schedule_is_recorded(self, client: Client) -> None:
        schedule = {
            "quartz_cron_expression": "0 0 * * * ?",
            "timezone_id": "UTC",
            "pause_status": "PAUSED",
        }
        job_id = client.flat_job(ECHO, schedule=schedule)
        assert client.get(f"/api/2.1/jobs/get?job_id={job_id}")["settings"]["schedule"] == schedule

    def test_tasks_in_a_circle_are_refused(self, client: Client) -> None:
        tasks = [
            {
                "task_key": key,
                "existing_cluster_id": "c",
                "depends_on": [{"task_key": other}],
                "spark_python_task": {"python_file": "dbfs:/x.py"},
            }
            for key, other in (("a", "b"), ("b", "a"))
        ]
        assert "circle" in client.refused("POST", "/api/2.1/jobs/create", tasks=tasks)[2]

    def test_a_library_that_pip_cannot_install_is_refused(self, client: Client) -> None:
        body = {
            "existing_cluster_id": client.cluster_id,
            "spark_python_task": {"python_file": "dbfs:/x.py"},
            "libraries": [{"maven": {"coordinates": "a:b:1"}}],
        }
        assert "'libraries.maven'" in client.refused("POST", "/api/2.1/jobs/create", **body)[2]

    def test_parameters_of_more_than_10000_bytes_are_refused(self, client: Client) -> None:
        job_id = client.flat_job(ECHO)
        body = {"job_id": job_id, "python_params": ["x" * 10_000]}
        assert client.refused("POST", "/api/2.1/jobs/run-now", **body)[1] == "INVALID_PARAMETER_VALUE"

    def test_another_host_than_loopback_needs_a_token(self) -> None:
        with pytest.raises(RefusedOptions, match="--token"):
            Options(host="0.0.0.0").check()  # noqa: S104  it is refused
        Options(host="0.0.0.0", tokens=("t",)).check()  # noqa: S104  it is not bound here


def sent(client: Client, *parts: bytes) -> bytes:
    """Send bytes, each part when the server has read the one before; return all that it answers."""
    place = urlsplit(client.url)
    with socket.create_connection((place.hostname or "", place.port or 0), LONGEST) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number, part in enumerate(parts):
            if number:
                time.sleep(PAUSE)
            connection.sendall(part)
        with connection.makefile("rb") as answers:
            return answers.read()  # until the server ends it


class TestAddressesAsTheyAreTyped:
    """`curl '.../workspace/list?path=/Users/d\u00e9j\u00e0'` sends UTF-8, and servers take it"""

    NAME = "d\u00e9j\u00e0-\u6f22"

    def ask(self, client: Client, target: str, *, end: bool = True) -> bytes:
        head = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {client.token}\r\n"
        return f"{head}{'Connection: close' if end else 'X-Note: none'}\r\n\r\n".encode()

    @pytest.fixture
    def target(self, client: Client) -> str:
        client.post("/api/2.0/workspace/mkdirs", path=f"/Shared/{self.NAME}")
        client.send("PUT", f"/api/2.0/fs/files/Volumes/a/b/c/{quote(self.NAME)}", b"content")
        return f"/api/2.0/workspace/get-status?path=/Shared/{self.NAME}"

    def test_in_a_query(self, client: Client, target: str) -> None:
        _, _, body = sent(client, self.ask(client, target)).partition(b"\r\n\r\n")
        assert json.loads(body)["path"] == f"/Shared/{self.NAME}"

    @pytest.mark.usefixtures("target")
    def test_in_a_path(self, client: Client) -> None:
        answer = sent(client, self.ask(client, f"/api/2.0/fs/files/Volumes/a/b/c/{self.NAME}"))
        assert answer.endswith(b"\r\n\r\ncontent")

    def test_in_the_second_request_of_a_connection_and_in_pieces(self, client: Client, target: str) -> None:
        first, second = self.ask(client, target, end=False), self.ask(client, target)
        for cut in (second.index(b"\xc3") + 1, second.index(b" ") + 1, 2, second.index(b"\r\n") + 2):
            answers = sent(client, first, second[:cut], second[cut:])
            assert answers.count(f'"path":"/Shared/{self.NAME}"'.encode()) == 2, (cut, answers)

    def test_a_body_is_left_as_it_is(self, client: Client) -> None:
        body = json.dumps({"path": f"/Shared/{self.NAME}"}, ensure_ascii=False).encode()
        head = (
            "POST /api/2.0/workspace/mkdirs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Authorization: Bearer {client.token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        assert b" 200 OK" in sent(client, head.encode() + body)
        assert client.get("/api/2.0/workspace/list?path=/Shared")["objects"][0]["path"].endswith(self.NAME)

    def test_bytes_that_are_no_utf_8_are_named(self, client: Client) -> None:
        line = self.ask(client, "/api/2.0/fs/files/X").replace(b"/X", b"/\xe9")
        assert b"The path of the request is not text in UTF-8." in sent(client, line)


class TestWhatIsNoRequest:
    """Every wrong input is 4xx in Databricks' envelope: also what no handler sees"""

    @pytest.mark.parametrize(
        "line",
        [
            "GET /api/2.0/dbfs/list?path=/a b HTTP/1.1\r\nHost: localhost\r\n",
            "POST /api/2.0/dbfs/put HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n",
            "GET / HTTP/1.1\r\nHost: localhost\r\nno header\r\n",
            "nonsense\r\n",
        ],
    )
    def test_it_is_answered_in_the_form_of_errors(self, client: Client, line: str) -> None:
        head, _, body = sent(client, f"{line}\r\n".encode()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        said = json.loads(body)
        assert (said["error_code"], "%20 is a space" in said["message"]) == ("MALFORMED_REQUEST", True)
        assert client.send("GET", "/api/2.1/jobs/list").status == 200

    def test_a_client_that_speaks_tls_is_told_of_in_the_log(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
        assert sent(client, hello) == b""
        assert [record.getMessage() for record in caplog.records] == [BY_HTTPS]


class TestWorkspaces:
    """Each token has a workspace of its own"""

    def test_jobs_of_one_token_are_not_seen_by_another(self, client: Client) -> None:
        job_id = client.flat_job(ECHO)
        other = {"Authorization": "Bearer dapi-another-of-this-test"}
        assert client.send("GET", f"/api/2.1/jobs/get?job_id={job_id}", headers=other).status == 400
        client.send("POST", "/_fake/reset", headers=other)

    def test_the_guides_cluster_is_there_from_the_start(self, client: Client) -> None:
        clusters = client.get("/api/2.0/clusters/list")["clusters"]
        assert [cluster["cluster_id"] for cluster in clusters] == ["0123-456789-abcdef01"]

    def test_the_number_of_the_workspace_is_in_a_header(self, client: Client) -> None:
        answer = client.send("GET", "/api/2.0/preview/scim/v2/Me")
        assert answer.headers["x-databricks-org-id"] == answer.body["id"]


class TestJobsOverHttp:
    """POST /api/2.1/jobs/create, list, update, reset, delete"""

    def test_a_flat_job_shows_its_task_at_the_top_and_in_tasks(self, client: Client) -> None:
        job_id = client.flat_job(ECHO, "one")
        old = client.get(f"/api/2.0/jobs/get?job_id={job_id}")["settings"]
        new = client.get(f"/api/2.1/jobs/get?job_id={job_id}")["settings"]
        assert (old["format"], old["spark_python_task"]["parameters"]) == ("SINGLE_TASK", ["one"])
        assert (new["format"], new["tasks"][0]["spark_python_task"]["parameters"]) == ("MULTI_TASK", ["one"])

    def test_a_list_pages_by_token_and_by_offset(self, client: Client) -> None:
        ids = [client.flat_job(ECHO) for _ in range(3)]
        first = client.get("/api/2.1/jobs/list?limit=2")
        second = client.get(f"/api/2.1/jobs/list?limit=2&page_token={first['next_page_token']}")
        by_offset = client.get("/api/2.1/jobs/list?limit=2&offset=2")
        listed = [job["job_id"] for job in first["jobs"] + second["jobs"]]
        assert listed == list(reversed(ids))
        assert by_offset["jobs"] == second["jobs"]
        assert "next_page_token" not in second

    def test_tasks_are_merged_by_their_key(self, client: Client) -> None:
        job_id = client.tasks_job({"task_key": "a", "source": ECHO}, {"task_key": "b", "source": ECHO})
        changed = {
            "task_key": "b",
            "existing_cluster_id": client.cluster_id,
            "spark_python_task": {"python_file": "dbfs:/other.py"},
        }
        client.post("/api/2.2/jobs/update", job_id=job_id, new_settings={"tasks": [changed]})
        client.post("/api/2.2/jobs/update", job_id=job_id, fields_to_remove=["tasks/a"])
        tasks = client.get(f"/api/2.2/jobs/get?job_id={job_id}")["settings"]["tasks"]
        assert [(task["task_key"], task["spark_python_task"]["python_file"]) for task in tasks] == [
            ("b", "dbfs:/other.py")
        ]

    def test_permissions_name_the_owner_and_can_be_changed(self, client: Client) -> None:
        job_id = client.flat_job(ECHO)
        entry = {"group_name": "users", "permission_level": "CAN_VIEW"}
        body = json.dumps({"access_control_list": [entry]}).encode()
        assert client.send("PATCH", f"/api/2.0/permissions/jobs/{job_id}", body).status == 200
        listed = client.get(f"/api/2.0/permissions/jobs/{job_id}")["access_control_list"]
        levels = [item["all_permissions"][0]["permission_level"] for item in listed]
        assert levels == ["IS_OWNER", "CAN_VIEW", "CAN_MANAGE"]
        assert client.get(f"/api/2.0/permissions/jobs/{job_id}/permissionLevels")["permission_levels"]
        path = f"/api/2.0/permissions/jobs/{job_id}"
        refused = client.refused("PUT", path, access_control_list=[entry])
        assert refused[2] == "The job must have exactly one owner."
        owner = {"user_name": "somebody", "permission_level": "IS_OWNER"}
        replaced = json.dumps({"access_control_list": [owner]}).encode()
        answer = client.send("PUT", path, replaced)
        assert [item.get("user_name") for item in answer.body["access_control_list"]] == ["somebody", None]

    def test_reset_replaces_all_settings(self, client: Client) -> None:
        job_id = client.flat_job(ECHO, timeout_seconds=5)
        settings = client.get(f"/api/2.0/jobs/get?job_id={job_id}")["settings"]
        kept = {key: settings[key] for key in ("existing_cluster_id", "spark_python_task")}
        client.post("/api/2.1/jobs/reset", job_id=job_id, new_settings={"name": "new", **kept})
        now = client.get(f"/api/2.0/jobs/get?job_id={job_id}")["settings"]
        assert (now["name"], now["timeout_seconds"]) == ("new", 0)

    def test_a_deleted_job_is_gone(self, client: Client) -> None:
        job_id = client.flat_job(ECHO)
        client.post("/api/2.1/jobs/delete", job_id=job_id)
        expected = (400, "INVALID_PARAMETER_VALUE", f"Job {job_id} does not exist.")
        assert client.refused("GET", f"/api/2.1/jobs/get?job_id={job_id}") == expected


class TestRunsOverHttp:
    """A run is real: one fresh Python process with the task's argv"""

    def test_a_program_gets_its_parameters_and_its_output_is_kept(self, client: Client) -> None:
        run = client.run(client.flat_job(ECHO, "a", "b"))
        output = client.output(run["run_id"])
        assert output["logs"] == "parameters a b"
        assert output["metadata"]["task"]["spark_python_task"]["parameters"] == ["a", "b"]

    def test_a_traceback_is_the_error_and_the_output_is_kept(self, client: Client) -> None:
        run = client.run(client.flat_job("print('before')\nraise RuntimeError('intentional failure')\n"))
        output = client.output(run["run_id"])
        assert run["state"]["state_message"] == "Job failed with exit code 1"
        assert output["error"] == "RuntimeError: intentional failure"
        assert output["error_trace"].startswith("Traceback")
        assert output["logs"].startswith("before")

    def test_a_syntax_error_fails(self, client: Client) -> None:
        run = client.run(client.flat_job("def\n"))
        assert run["state"]["result_state"] == "FAILED"
        assert "SyntaxError" in client.output(run["run_id"])["logs"]

    def test_the_environment_is_a_runtimes(self, client: Client) -> None:
        source = (
            "import os\nprint(os.environ['DATABRICKS_RUNTIME_VERSION'], os.environ['DB_CLUSTER_ID'])\n"
            "print(os.environ['DATABRICKS_HOST'])\n"
        )
        logs = client.output(client.run(client.flat_job(source))["run_id"])["logs"]
        assert logs.splitlines() == [f"15.4 {client.cluster_id}", client.url]

    def test_the_token_in_the_environment_works(self, client: Client) -> None:
        source = (
            "import os, urllib.request as u\n"
            "r = u.Request(os.environ['DATABRICKS_HOST'] + '/api/2.1/jobs/list',\n"
            "              headers={'Authorization': 'Bearer ' + os.environ['DATABRICKS_TOKEN']})\n"
            "print(u.urlopen(r).status)\n"
        )
        assert client.output(client.run(client.flat_job(source))["run_id"])["logs"] == "200"

    def test_cancel_ends_the_process_and_what_it_started(self, client: Client) -> None:
        source = (
            "import subprocess, sys, time\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
            "print(child.pid, flush=True)\ntime.sleep(600)\n"
        )
        job_id = client.flat_job(source)

        def cancel() -> float:
            run_id = client.post("/api/2.1/jobs/run-now", job_id=job_id)["run_id"]
            path = f"/api/2.1/jobs/runs/get?run_id={run_id}"
            until(lambda: client.get(path)["state"]["state_message"] == "In run")
            begin = time.monotonic()
            client.post("/api/2.1/jobs/runs/cancel", run_id=run_id)
            state = client.wait(run_id)["state"]
            assert (state["life_cycle_state"], state["result_state"]) == ("TERMINATED", "CANCELLED")
            return time.monotonic() - begin

        takes_less_than(2, cancel)

    def test_the_output_of_a_parent_is_refused_and_of_its_task_given(self, client: Client) -> None:
        run = client.run(client.tasks_job({"task_key": "a", "source": ECHO, "parameters": ["x"]}))
        message = client.refused("GET", f"/api/2.1/jobs/runs/get-output?run_id={run['run_id']}")[2]
        assert message.startswith("Retrieving the output of runs with multiple tasks is not supported.")
        assert client.output(run["tasks"][0]["run_id"])["logs"] == "parameters x\n"

    def test_a_submitted_run_has_a_job_that_is_not_listed(self, client: Client) -> None:
        path = client.program("/submitted.py", ECHO)
        task = {
            "task_key": "a",
            "existing_cluster_id": client.cluster_id,
            "spark_python_task": {"python_file": path},
        }
        run_id = client.post("/api/2.1/jobs/runs/submit", run_name="once", tasks=[task])["run_id"]
        run = client.wait(run_id)
        assert (run["run_type"], run["run_name"]) == ("SUBMIT_RUN", "once")
        assert client.get("/api/2.1/jobs/list") == {"has_more": False}

    def test_cancel_all_ends_every_run_of_a_job(self, client: Client) -> None:
        job_id = client.flat_job("import time; time.sleep(600)", max_concurrent_runs=3)
        ids = [client.post("/api/2.1/jobs/run-now", job_id=job_id)["run_id"] for _ in range(3)]
        client.post("/api/2.1/jobs/runs/cancel-all", job_id=job_id)
        results = {client.wait(run_id)["state"]["result_state"] for run_id in ids}
        assert results == {"CANCELLED"}

    def test_a_repair_over_http_has_a_number_and_a_history(self, client: Client) -> None:
        run = client.run(client.tasks_job({"task_key": "a", "source": "raise SystemExit(1)"}))
        body = {"run_id": run["run_id"], "rerun_all_failed_tasks": True}
        assert client.post("/api/2.1/jobs/runs/repair", **body)["repair_id"]
        client.wait(run["run_id"])
        path = f"/api/2.1/jobs/runs/get?run_id={run['run_id']}&include_history=true"
        assert [item["type"] for item in client.get(path)["repair_history"]] == ["ORIGINAL", "REPAIR"]

    def test_a_python_run_cannot_be_exported(self, client: Client) -> None:
        run = client.run(client.flat_job(ECHO))
        answer = client.refused("GET", f"/api/2.1/jobs/runs/export?run_id={run['run_id']}")
        assert answer[:2] == (400, "INVALID_PARAMETER_VALUE")

    def test_a_deleted_run_is_gone_and_an_active_one_stays(self, client: Client) -> None:
        run_id = client.run(client.flat_job(ECHO))["run_id"]
        client.post("/api/2.1/jobs/runs/delete", run_id=run_id)
        assert client.refused("GET", f"/api/2.1/jobs/runs/get?run_id={run_id}")[0] == 400

    def test_twenty_runs_at_once_all_tell_the_truth(self, client: Client) -> None:
        job_id = client.flat_job("import sys; sys.exit(int(sys.argv[1]))", "0", max_concurrent_runs=20)
        runs = {
            client.post("/api/2.1/jobs/run-now", job_id=job_id, python_params=[str(number % 3)])["run_id"]: (
                number % 3
            )
            for number in range(20)
        }
        for run_id, code in runs.items():
            message = f"Job failed with exit code {code}" if code else ""
            assert client.wait(run_id)["state"]["state_message"] == message


class TestExitCodes:
    """`sys.exit(256)` is a failure"""

    @pytest.mark.parametrize("code", ["256", "-256", "2**64", "0.0", "[]", "''", "True", "[1]"])
    def test_what_is_not_zero_fails(self, client: Client, code: str) -> None:
        run = client.run(client.flat_job(f"import sys\nsys.exit({code})\n"))
        assert run["state"]["result_state"] == "FAILED"
        assert run["state"]["state_message"] == "Job failed with exit code 1"

    @pytest.mark.parametrize("code", ["0", "None", "False", ""])
    def test_zero_is_a_success(self, client: Client, code: str) -> None:
        run = client.run(client.flat_job(f"import sys\nsys.exit({code})\n"))
        assert run["state"]["result_state"] == "SUCCESS"


class TestOwnToken:
    """the run's own token is masked"""

    def test_in_logs_and_errors(self, client: Client) -> None:
        source = (
            "import os\nprint('token', os.environ['DATABRICKS_TOKEN'])\n"
            "raise RuntimeError(os.environ['DATABRICKS_TOKEN'])\n"
        )
        output = client.output(client.run(client.flat_job(source))["run_id"])
        assert client.token not in json.dumps(output)
        assert output["logs"].startswith("token [REDACTED]")
        assert output["error"] == "RuntimeError: [REDACTED]"
