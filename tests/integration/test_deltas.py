"""What is sent again and what is not, over real HTTP to the reference receiver."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Set

import pytest

from contract.corpus import result_differences
from contract.receiver import Receiver
from nuvyn_executor import wire
from nuvyn_executor.config import ConfigManager
from nuvyn_executor.redaction import Secret
from nuvyn_executor.schema.tables import SOURCES, TABLES
from nuvyn_executor.transport.api_client import APIClient
from nuvyn_executor.transport.transmitter import Transmitter
from tests.both_sides import at_the_platform, in_the_tables
from tests.installation import Installation, LineScanner, memory_installation

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.transport.api_client import Confirmation

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
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("a", "b", "c"):
        write(folder, name, "one")
    return folder


def write(folder: Path, name: str, word: str) -> None:
    """Write a file of three lines; the moment of its last change is always the same."""
    file = folder / f"{name}.csv"
    file.write_text(f"id,word\n1,{word}\n2,two\n" + "3,three\n" * len(word))
    os.utime(file, (2_000_000_000, 2_000_000_000))


def platform(receiver: Receiver, **more: str) -> Dict[str, str]:
    return {
        "NUVYN_API_ENDPOINT": receiver.url,
        "NUVYN_API_KEY": KEY,
        "EXECUTOR_API_RETRY_SECONDS": "0",
        **more,
    }


def sent(site: Installation, body: Mapping[str, Any], section: str = "tables") -> Set[str]:
    """Return the names of the tables of which something was sent."""
    names = {row["table_id"]: row["table_name"] for row in site.rows(TABLES)}
    return {names[row["table_id"]] for row in body["metadata"][section]}


def bases(body: Mapping[str, Any]) -> List[Any]:
    return [row["base_version"] for row in body["metadata"]["sources"]]


class TestDeltas:
    """Unchanged tables are not sent again: a delta of what changed since the confirmed version."""

    def test_only_the_table_that_changed_is_sent(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        write(folder, "b", "other")
        run = site.run("full_pipeline", folder, **platform(receiver))
        first, second = (received.body for received in receiver.received)
        assert (sent(site, first), sent(site, second), sent(site, second, "columns")) == (
            {"a", "b", "c"},
            {"b"},
            {"b"},
        )
        assert (bases(first), bases(second)) == ([None], [1])
        assert second["schema_version"] == wire.PAYLOAD_VERSION
        assert at_the_platform(receiver, KEY) == in_the_tables(site)
        assert result_differences("full_pipeline", run.document) == []
        (entry,) = run.details["api_transmission"]["details"]["tenants"]
        assert (entry["tables_sent"], entry["tables_unchanged"]) == (1, 2)
        assert "1 sources, 1 tables, 2 columns in 1 requests; 2 tables are unchanged" in run.log

    def test_the_scores_are_those_of_all_tables(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        write(folder, "b", "other")
        run = site.run("full_pipeline", folder, **platform(receiver))
        overall = run.document["quality_assessment"]["overall_score"]
        assert receiver.received[1].body["quality_metrics"]["overall_score"] == overall

    def test_when_nothing_changed_the_source_alone_is_sent(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        for _ in range(3):
            site.run("full_pipeline", folder, **platform(receiver))
        for received, base in zip(receiver.received[1:], (1, 2)):
            assert {name: len(rows) for name, rows in received.body["metadata"].items()} == {
                "sources": 1, "tables": 0, "columns": 0,
            }  # fmt: skip
            assert bases(received.body) == [base]
        assert at_the_platform(receiver, KEY) == in_the_tables(site)

    def test_a_table_of_which_the_row_alone_changed_goes_without_its_columns(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        """Timeliness sinks day by day; the columns stay as they are, and they are most of a body."""
        site.run("full_pipeline", folder, **platform(receiver))
        (row,) = site.rows(TABLES, table_name="a")
        site.run("metadata_extraction", folder)
        site.store.update(TABLES, {"table_id": row["table_id"]}, {"timeliness": 12.5})
        site.run("api_transmission", **platform(receiver))
        body = receiver.received[1].body
        assert (sent(site, body), sent(site, body, "columns"), bases(body)) == ({"a"}, set(), [1])
        assert at_the_platform(receiver, KEY) == in_the_tables(site)

    def test_a_removed_table_is_sent_once(self, site: Installation, receiver: Receiver, folder: Path) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        (folder / "c.csv").unlink()
        for _ in range(2):
            site.run("full_pipeline", folder, **platform(receiver))
        bodies = [received.body for received in receiver.received]
        assert [sent(site, body) for body in bodies] == [{"a", "b", "c"}, {"c"}, set()]
        assert at_the_platform(receiver, KEY) == in_the_tables(site)

    def test_what_a_setting_adds_is_sent(self, site: Installation, receiver: Receiver, folder: Path) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        site.run("full_pipeline", folder, **platform(receiver, EXECUTOR_SEND_SAMPLES="true"))
        body = receiver.received[1].body
        assert sent(site, body, "columns") == {"a", "b", "c"}
        assert all("sample_value" in row for row in body["metadata"]["columns"])

    def test_all_is_sent_on_demand_also_what_is_not_pending(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        """Issue: "with a full one on demand (`EXECUTOR_FULL_TRANSMISSION=true`)"."""
        site.run("full_pipeline", folder, **platform(receiver))
        for _ in range(2):
            run = site.run("api_transmission", **platform(receiver, EXECUTOR_FULL_TRANSMISSION="true"))
            assert run.exit_code == 0
        first, second, third = receiver.received
        assert third.body["metadata"] == second.body["metadata"] == first.body["metadata"]
        assert bases(second.body) == [None]
        # A platform that lost its rows may still know the keys.
        assert len({received.idempotency_key for received in receiver.received}) == 3
        write(folder, "b", "other")
        site.run("full_pipeline", folder, **platform(receiver))
        assert sent(site, receiver.received[3].body) == {"b"}

    def test_an_older_warehouse_has_no_base(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        for text in (None, "damaged", "AAAA"):
            site.store.update(SOURCES, {}, {"transmitted_tables": text})
            site.run("full_pipeline", folder, **platform(receiver))
            body = receiver.received[-1].body
            assert (sent(site, body), bases(body)) == ({"a", "b", "c"}, [None])

    def test_a_version_that_an_older_executor_sent_is_no_base(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        site.run("metadata_extraction", folder)
        site.store.update(SOURCES, {}, {"transmitted_version": 2})  # it leaves transmitted_tables as it is
        site.run("full_pipeline", folder, **platform(receiver))
        assert (sent(site, receiver.received[1].body), bases(receiver.received[1].body)) == (
            {"a", "b", "c"},
            [None],
        )

    def test_pages_of_a_delta(self, site: Installation, receiver: Receiver, folder: Path) -> None:
        small = platform(receiver, EXECUTOR_MAX_PAYLOAD_MB="0.002")
        site.run("full_pipeline", folder, **small)
        before = len(receiver.received)
        write(folder, "b", "other")
        site.run("full_pipeline", folder, **small)
        bodies = [received.body for received in receiver.received[before:]]
        assert set().union(*(sent(site, body) for body in bodies)) == {"b"}
        assert 1 < len(bodies) < before
        assert at_the_platform(receiver, KEY) == in_the_tables(site)


class TestWhatIsNotSure:
    """No record is lost: what a failed run has perhaps changed at the platform is sent again."""

    @pytest.mark.parametrize("fault", [{"drop_connection": True, "store_first": True}, {"status": 503}])
    def test_a_run_that_fails_leaves_the_others_as_they_are(
        self, site: Installation, receiver: Receiver, folder: Path, fault: Any
    ) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        write(folder, "b", "other")
        receiver.answer_next(**fault)
        assert site.run("full_pipeline", folder, **platform(receiver)).exit_code == 1
        assert site.run("api_transmission", **platform(receiver)).exit_code == 0
        assert sent(site, receiver.received[1].body) == {"b"}
        assert len(receiver.received) == 2  # of a lost answer the key is the same
        assert at_the_platform(receiver, KEY) == in_the_tables(site)

    def test_a_table_that_was_sent_in_vain_and_is_as_before_again(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        write(folder, "b", "other")
        receiver.answer_next(drop_connection=True, store_first=True)
        assert site.run("full_pipeline", folder, **platform(receiver)).exit_code == 1
        write(folder, "b", "one")
        assert site.run("full_pipeline", folder, **platform(receiver)).exit_code == 0
        assert sent(site, receiver.received[-1].body) == {"b"}
        assert at_the_platform(receiver, KEY) == in_the_tables(site)

    def test_two_runs_at_once_do_not_confirm_for_each_other(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        """Issue: "two runs at once, ...: in the end both sides are equal"."""
        site.run("full_pipeline", folder, **platform(receiver))
        write(folder, "b", "other")
        site.run("metadata_extraction", folder)

        def meanwhile() -> None:
            write(folder, "b", "one")
            site.run("metadata_extraction", folder)
            site.run("api_transmission", **platform(receiver))

        transmitter(site, receiver, meanwhile).transmit("job_000000000001", None)
        site.run("full_pipeline", folder, **platform(receiver))
        assert at_the_platform(receiver, KEY) == in_the_tables(site)
        (source,) = site.rows(SOURCES)
        assert source["transmitted_version"] == source["metadata_version"] == 4


class TestAPlatformWithoutTheBase:
    """Issue: "or when the platform answers that it misses the base"."""

    def test_gets_everything_in_the_same_run(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        write(folder, "b", "other")
        with Receiver(KEY) as restored:
            run = site.run("full_pipeline", folder, **platform(restored))
            assert run.exit_code == 0
            assert restored.statuses == [409, 200]
            (received,) = restored.received
            assert (sent(site, received.body), bases(received.body)) == ({"a", "b", "c"}, [None])
            assert at_the_platform(restored, KEY) == in_the_tables(site)
            assert "All of it is sent" in run.log
            (entry,) = run.details["api_transmission"]["details"]["tenants"]
            assert (entry["tables_sent"], entry["tables_unchanged"]) == (3, 0)

    @pytest.mark.parametrize("named", [{}, {"missing_base": []}, {"missing_base": "all"}])
    def test_may_name_no_source(
        self, site: Installation, receiver: Receiver, folder: Path, named: Dict[str, Any]
    ) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        receiver.answer_next(409, {"error": {"code": "missing_base", "message": "restored"}, **named})
        assert site.run("full_pipeline", folder, **platform(receiver)).exit_code == 0
        assert sent(site, receiver.received[1].body) == {"a", "b", "c"}

    def test_only_the_sources_that_it_names_are_sent_in_full(
        self, site: Installation, receiver: Receiver, folder: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "other"
        other.mkdir()
        write(other, "d", "one")
        for path in (folder, other):
            site.run("full_pipeline", path, **platform(receiver))
        for path in (folder, other):
            site.run("metadata_extraction", path)
        (row,) = site.rows(
            TABLES, table_name="d", source_id=site.rows(SOURCES, source_name="other")[0]["source_id"]
        )
        receiver.answer_next(
            409,
            {
                "error": {"code": "missing_base", "message": "lost"},
                "missing_base": [row["source_id"], "unknown"],
            },
        )
        assert site.run("api_transmission", **platform(receiver)).exit_code == 0
        body = receiver.received[-1].body
        assert {each["table_id"] for each in body["metadata"]["tables"]} == {row["table_id"]}
        assert {each["source_id"]: each["base_version"] for each in body["metadata"]["sources"]}[
            row["source_id"]
        ] is None
        assert sorted(map(str, bases(body))) == ["1", "None"]

    def test_a_second_refusal_is_one_as_any(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        write(folder, "b", "other")
        site.run("metadata_extraction", folder)
        receiver.answer_next(409, {"error": {"code": "missing_base", "message": "lost"}}, times=2)
        run = site.run("api_transmission", **platform(receiver))
        assert (run.exit_code, run.error["type"]) == (1, "TransmissionRejected")
        assert "409 lost" in run.error["message"]
        assert receiver.statuses == [200, 409, 409]
        assert site.run("api_transmission", **platform(receiver)).exit_code == 0
        assert sent(site, receiver.received[-1].body) == {"a", "b", "c"}

    def test_one_that_says_so_of_a_body_without_a_base_refuses_it(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        receiver.answer_next(409, {"error": {"code": "missing_base", "message": "lost"}})
        run = site.run("full_pipeline", folder, **platform(receiver))
        assert run.document["api_transmission"]["error"]["type"] == "TransmissionRejected"
        assert receiver.statuses == [409]

    def test_another_conflict_is_a_refusal(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        site.run("full_pipeline", folder, **platform(receiver))
        receiver.answer_next(409, {"error": {"code": "locked", "message": "later"}})
        assert site.run("full_pipeline", folder, **platform(receiver)).exit_code == 1
        assert receiver.statuses == [200, 409]


def transmitter(site: Installation, receiver: Receiver, meanwhile: Any) -> Transmitter:
    """Return one that does something else between its claim and its first request."""
    settings = ConfigManager(platform(receiver)).load()
    client = APIClient(receiver.url, Secret(KEY), retry_seconds=0)

    class Slow:
        def send(self, body: Any, idempotency_key: str) -> Confirmation:
            meanwhile()
            return client.send(body, idempotency_key)

    from nuvyn_executor.bootstrap import now  # noqa: PLC0415

    return Transmitter(site.store, Slow(), settings, now)


class TestAnUnforeseenError:
    """The other tenants are still sent."""

    def test_of_one_tenant_does_not_stop_the_others(
        self, site: Installation, receiver: Receiver, folder: Path
    ) -> None:
        for tenant in ("t1", "t2", "t3"):
            site.run("metadata_extraction", folder, tenant=tenant)
        site.store.update(SOURCES, {"tenant_id": "t2"}, {"files_found": object()})
        run = site.run("api_transmission", **platform(receiver))
        assert [received.tenant_id for received in receiver.received] == ["t1", "t3"]
        assert (run.exit_code, run.error["type"]) == (1, "TransmissionError")
        assert run.error["message"].startswith(
            "1 of 3 tenants could not be sent; the first, t2: Object of type"
        )
        assert "❌ Tenant t2 could not be sent. It stays pending." in run.log
        assert "Traceback" in run.log
