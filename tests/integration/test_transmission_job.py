"""``api_transmission`` and the last step of ``full_pipeline``, over real HTTP to the reference receiver."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any, Dict, Iterator

import pytest

from contract.corpus import failure_differences, result_differences
from contract.receiver import Receiver
from nuvyn_executor.model import RunStatus
from nuvyn_executor.schema.tables import EXECUTOR_RUNS, LOGS, SOURCES
from tests.installation import Installation, LineScanner, memory_installation

if TYPE_CHECKING:
    from pathlib import Path

KEY = "nv-key-0123456789"


@pytest.fixture(name="receiver")
def _receiver() -> Iterator[Receiver]:
    with Receiver(KEY) as receiver:
        yield receiver


@pytest.fixture(name="site")
def _site() -> Installation:
    return memory_installation(LineScanner())


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("id,word\n1,geheimes wort\n2,zwei\n")
    return tmp_path


def platform(receiver: Receiver, **more: str) -> Dict[str, str]:
    return {
        "NUVYN_API_ENDPOINT": receiver.url,
        "NUVYN_API_KEY": KEY,
        "EXECUTOR_API_RETRY_SECONDS": "0",
        **more,
    }


def pending(site: Installation) -> Dict[str, bool]:
    return {
        row["tenant_id"]: row["metadata_version"] > (row["transmitted_version"] or 0)
        for row in site.rows(SOURCES)
    }


class TestWhatArrives:
    """`POST {NUVYN_API_ENDPOINT}/api/metadata` with the guide's headers and body."""

    def test_a_full_pipeline_sends_what_it_learned_and_stores_the_confirmation(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        run = site.run("full_pipeline", folder, tenant="client-123", **platform(receiver))
        assert (run.exit_code, run.status) == (0, RunStatus.SUCCESS)
        assert result_differences("full_pipeline", run.document) == []
        assert run.document["api_transmission"] == {"status": "success"}
        (received,) = receiver.received
        body = received.body
        assert (body["job_id"], body["tenant_id"]) == (run.job_id, "client-123")
        assert {key: len(rows) for key, rows in body["metadata"].items()} == {
            "sources": 1,
            "tables": 2,
            "columns": 4,
        }
        assert body["quality_metrics"]["overall_score"] == run.document["quality_assessment"]["overall_score"]
        (source,) = site.rows(SOURCES)
        assert json.loads(source["confirmation"]) == {"status": "received", "record_count": 7}
        assert source["transmitted_version"] == source["metadata_version"] == 1
        assert source["transmitted_at"] is not None

    def test_a_later_transmission_has_the_guides_result(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("metadata_extraction", folder)
        run = site.run("api_transmission", **platform(receiver))
        assert result_differences("api_transmission", run.document) == []
        assert run.document["api_response"] == {"status": "received", "record_count": 7}
        assert run.document["status_code"] == 200

    def test_when_nothing_is_pending_nothing_is_sent(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        run = site.run("api_transmission", **platform(receiver))
        assert (run.exit_code, run.document["transmission_status"]) == (0, "success")
        assert run.document["api_response"]["record_count"] == 0
        assert result_differences("api_transmission", run.document) == []
        assert receiver.statuses == [200]

    def test_a_second_extraction_is_pending_again_and_tells_of_removals(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        (folder / "b.csv").unlink()
        site.run("full_pipeline", folder, **platform(receiver))
        tables = {row["table_name"]: row for row in receiver.received[1].body["metadata"]["tables"]}
        assert {name: row["removed_at"] is None for name, row in tables.items()} == {"b": False}
        assert receiver.received[0].idempotency_key != receiver.received[1].idempotency_key

    def test_cell_values_stay(self, site: Installation, receiver: Receiver, folder: Path) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        body = json.dumps(receiver.received[0].body, ensure_ascii=False)
        assert "geheimes wort" not in body
        assert "sample_value" not in body

    def test_cell_values_are_sent_when_the_operator_says_so(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("full_pipeline", folder, **platform(receiver, EXECUTOR_SEND_SAMPLES="true"))
        columns = receiver.received[0].body["metadata"]["columns"]
        assert [row["sample_value"] for row in columns] == ["1", "geheimes wort"] * 2

    def test_a_large_body_goes_in_pages(self, site: Installation, receiver: Receiver, folder: Path) -> None:
        site.run("metadata_extraction", folder)
        run = site.run("api_transmission", **platform(receiver, EXECUTOR_MAX_PAYLOAD_MB="0.001"))
        assert len(receiver.received) > 1
        pages = [received.body["page"] for received in receiver.received]
        assert pages == [{"number": n, "of": len(pages)} for n in range(1, len(pages) + 1)]
        assert run.document["api_response"] == {"status": "received", "record_count": 7}
        assert run.details["tenants"] == [
            {
                "tenant_id": "default",
                "sources": 1,
                "requests": len(pages),
                "tables_sent": 2,
                "tables_unchanged": 0,
            }
        ]
        assert pending(site) == {"default": False}

    def test_each_tenant_gets_a_request_of_its_own(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        for tenant in ("t2", "t1"):
            site.run("metadata_extraction", folder, tenant=tenant)
        run = site.run("api_transmission", **platform(receiver))
        assert [received.tenant_id for received in receiver.received] == ["t1", "t2"]
        assert run.document["api_response"] == {"status": "received", "record_count": 14}

    def test_a_full_pipeline_sends_its_own_tenant_only(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("metadata_extraction", folder, tenant="t1")
        site.run("full_pipeline", folder, tenant="t2", **platform(receiver))
        assert pending(site) == {"t1": True, "t2": False}

    def test_the_key_is_in_no_log_line_table_or_result(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        run = site.run("full_pipeline", folder, **platform(receiver, EXECUTOR_LOG_LEVEL="DEBUG"))
        refused = site.run("full_pipeline", folder, **{**platform(receiver), "NUVYN_API_KEY": f"{KEY}-other"})
        assert refused.exit_code == 1
        rows = [row for table in (SOURCES, EXECUTOR_RUNS, LOGS) for row in site.rows(table)]
        assert KEY not in str([run, refused, rows, [received.body for received in receiver.received]])


class TestWhatDoesNot:
    """The platform may be down: what was learned is in Delta before it is sent, and stays pending."""

    @pytest.mark.parametrize(("status", "kind"), [(400, "Rejected"), (503, "Unavailable")])
    def test_a_job_that_is_not_taken_fails_and_the_next_run_sends(
        self, site: Installation, receiver: Receiver, folder: Path, status: int, kind: str
    ) -> None:
        site.run("metadata_extraction", folder)
        receiver.answer_next(status, {"error": {"code": "x", "message": "come back tomorrow"}})
        run = site.run("api_transmission", **platform(receiver))
        assert (run.exit_code, run.error["type"]) == (1, f"Transmission{kind}")
        assert failure_differences(run.document) == []
        assert "come back tomorrow" in run.log
        assert pending(site) == {"default": True}
        assert [row["status"] for row in site.rows(EXECUTOR_RUNS)] == ["Success", "Failed"]
        run = site.run("api_transmission", **platform(receiver))
        assert (run.exit_code, run.document["api_response"]["record_count"]) == (0, 7)
        assert receiver.statuses == [status, 200]
        assert pending(site) == {"default": False}

    def test_a_platform_that_is_away_fails_the_pipelines_last_step_only(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        receiver.answer_next(503)
        run = site.run("full_pipeline", folder, **platform(receiver))
        assert (run.exit_code, run.status) == (1, RunStatus.FAILED)
        assert result_differences("full_pipeline", run.document) == []
        step = run.document["api_transmission"]
        assert (step["status"], step["error"]["type"]) == ("failed", "TransmissionUnavailable")
        assert run.document["quality_assessment"]["overall_score"] is not None
        assert pending(site) == {"default": True}

    def test_a_port_where_nobody_listens_is_named(self, site: Installation, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}"
        site.run("metadata_extraction", folder)
        run = site.run(
            "api_transmission", NUVYN_API_ENDPOINT=url, NUVYN_API_KEY=KEY, EXECUTOR_API_RETRY_SECONDS="0"
        )
        assert (run.exit_code, run.error["type"]) == (1, "TransmissionUnavailable")
        assert url in run.error["message"]
        assert pending(site) == {"default": True}

    def test_a_tenant_that_is_refused_does_not_stop_the_others(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        for tenant in ("t1", "t2"):
            site.run("metadata_extraction", folder, tenant=tenant)
        receiver.answer_next(400)
        run = site.run("api_transmission", **platform(receiver))
        assert run.exit_code == 1
        assert run.error["message"].startswith("1 of 2 tenants could not be sent; the first, t1:")
        assert pending(site) == {"t1": True, "t2": False}

    def test_a_body_whose_answer_was_lost_is_stored_once(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("metadata_extraction", folder)
        receiver.answer_next(drop_connection=True, store_first=True)
        assert site.run("api_transmission", **platform(receiver)).exit_code == 1
        assert site.run("api_transmission", **platform(receiver)).exit_code == 0
        assert len(receiver.received) == 1
        assert pending(site) == {"default": False}

    @pytest.mark.parametrize("missing", ["NUVYN_API_ENDPOINT", "NUVYN_API_KEY"])
    def test_without_endpoint_or_key_the_job_fails(
        self, site: Installation, receiver: Receiver, folder: Path, missing: str
    ) -> None:
        site.run("metadata_extraction", folder)
        environ: Dict[str, Any] = {**platform(receiver), missing: ""}
        run = site.run("api_transmission", **environ)
        assert (run.exit_code, run.error["type"]) == (1, "ConfigError")
        assert run.error["message"].startswith(f"{missing} is not set")
        assert receiver.statuses == []
        assert pending(site) == {"default": True}

    def test_without_endpoint_a_full_pipeline_skips_with_a_warning(
        self, site: Installation, folder: Path
    ) -> None:
        run = site.run("full_pipeline", folder)
        assert (run.exit_code, run.status) == (0, RunStatus.SUCCESS)
        assert result_differences("full_pipeline", run.document) == []
        assert run.document["api_transmission"]["status"] == "skipped"
        assert "WARNING - ⚠️ Skipped api_transmission: NUVYN_API_ENDPOINT is not set" in run.log
