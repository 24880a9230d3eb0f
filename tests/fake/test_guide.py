from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import pytest

from tests.contract.go_programs import built, needs_go
from tests.fake.guide_programs import SCRIPT, run_script, variables
from tests.tutorials import Reader

if TYPE_CHECKING:
    from tests.fake.conftest import Client

pytestmark = [pytest.mark.process, pytest.mark.jvm, pytest.mark.timeout(600)]
ROOT = Path(__file__).resolve().parents[2]
SERVICE = ROOT / "examples" / "databricks_executor_service.py"
SCRIPT_IN_THE_GUIDE = "8c6ce8a9a1e4724cfbebac88a5aa906a4d21e0d39a9669c5d8109b8ce7f8d5af"
SERVICE_IN_THE_GUIDE = "bbfceb95ff13c42c539f3a1df03f7498e1d869cebaef45301b74ecff5557d011"
CUSTOMERS = b"customer_id,name,country\n1,Ada,GB\n2,Grace,US\n3,Emmy,DE\n"


class TestTheExamplesAreTheGuides:
    """`examples/onboard_client.sh` and `examples/databricks_executor_service.py`, written to the guide"""

    def test_the_script_is_the_guides_but_for_its_configuration(self) -> None:
        text = re.sub(r'"\$\{[A-Z_]+:-([^}]*)\}"', r'"\1"', SCRIPT.read_text("utf-8"))
        assert hashlib.sha256(text.encode()).hexdigest() == SCRIPT_IN_THE_GUIDE

    def test_the_class_is_the_guides_with_a_head_and_an_end(self) -> None:
        text = SERVICE.read_text("utf-8")
        begin = text.index("# backend/services/")
        body = text[begin : text.index("\n\nif __name__")]
        assert hashlib.sha256(body.encode()).hexdigest() == SERVICE_IN_THE_GUIDE


@pytest.fixture(scope="module")
def guide_client(spark_server: Callable[[], Client]) -> Client:
    """A workspace with the guide's data in it."""
    client = spark_server()
    contents = base64.b64encode(CUSTOMERS).decode()
    client.post("/api/2.0/dbfs/put", path="/mnt/client-data/customers.csv", contents=contents)
    return client


@pytest.mark.skipif(shutil.which("jq") is None, reason="the guide's script needs curl and jq")
class TestTheGuidesScript:
    """Complete Backend Integration Example"""

    def test_ends_well(self, guide_client: Client, tmp_path: Path) -> None:
        ended = run_script(variables(guide_client), tmp_path)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        for line in (
            "Step 1 Complete: Executor installed",
            "Schema validation status: SUCCESS",
            "Metadata extraction result: SUCCESS",
            "Client onboarding completed successfully!",
        ):
            assert line in ended.stdout


@needs_go
class TestABackendInGo:
    """Issue: "a 60-line backend in that language which passes against the fake"."""

    def test_onboards_a_client(self, guide_client: Client, tmp_path: Path) -> None:
        program = built("backend", tmp_path)
        ended = subprocess.run(
            [str(program)], env=variables(guide_client), capture_output=True, text=True, check=False
        )

        assert (ended.returncode, ended.stderr) == (0, "")
        assert '"validation_status": "valid"' in ended.stdout
        assert '"files_found": 1' in ended.stdout

    def test_a_run_that_fails_ends_with_its_log_and_its_state(
        self, guide_client: Client, tmp_path: Path
    ) -> None:
        nowhere = {**variables(guide_client), "DATA_SOURCE_PATH": "/dbfs/mnt/no-such-folder/"}
        program = built("backend", tmp_path)
        ended = subprocess.run([str(program)], env=nowhere, capture_output=True, text=True, check=False)

        assert ended.returncode == 1
        assert "no-such-folder" in ended.stderr
        assert "Metadata-Extraction-client-abc-123 ended FAILED" in ended.stderr


class TestTheGuidesService:
    """Your Backend Service Implementation"""

    def test_onboards_a_client(self, guide_client: Client) -> None:
        ended = subprocess.run(
            [sys.executable, str(SERVICE)],
            env=variables(guide_client),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "Schema validation result: SUCCESS" in ended.stdout
        assert "Metadata extraction completed successfully!" in ended.stdout
        assert '"files_found\\": 1' in ended.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="the page is written for bash")
@pytest.mark.skipif(shutil.which("curl") is None, reason="the page uses curl")
class TestTheTutorial:
    """Issue: "tutorials that are executed by the tests (...; install on a cluster; ...)"."""

    def test_of_the_cluster_is_followed(self, guide_client: Client, tmp_path: Path) -> None:
        instead = {
            "http://127.0.0.1:8080": guide_client.url,
            "dapi-tutorial": guide_client.token,
            "0123-456789-abcdef01": guide_client.cluster_id,
        }
        Reader(tmp_path).follow("tutorials/install-on-a-cluster.md", instead, starts=False)
