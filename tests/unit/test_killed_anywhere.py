"""A job that is killed at any call, on tables in memory; ``tests/e2e`` has true kills, on Delta."""

from __future__ import annotations

import json
import os
import random
import threading
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, List, Mapping
from urllib.request import Request, urlopen

import pytest

pytest.importorskip("starlette", reason="fake-databricks is not installed: its receiver takes what is sent")

from contract.receiver import Receiver
from nuvyn_executor import audit, job_manager
from nuvyn_executor.process_identity import Driver, this_driver
from nuvyn_executor.schema.tables import COLUMNS, EXECUTOR_RUNS, LOGS, REQUIRED_TABLES, SOURCES, TABLES
from nuvyn_executor.store.memory import MemoryMetadataStore
from nuvyn_executor.transport import api_client, bounded_exchange
from tests.both_sides import by_key
from tests.delivery_world import as_sent
from tests.installation import LineScanner, memory_installation
from tests.kill_points import CallCounter
from tests.stepped_process import Killed
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from pathlib import Path

POINTS = int(os.environ.get("KILLED_CALLS", "100"))
KEY = "nv-key-0123456789"
NO_MORE = 2**22 + 1
"""The id of a process that there cannot be."""
_STARTED = count(1)


class _Process:
    """A process that runs jobs and may be killed: from then on none of its calls has an effect."""

    def __init__(self, store: MemoryMetadataStore, url: str, kill_at: int = 0) -> None:
        self.counter = CallCounter(kill_at, self._kill)
        self._gone = False
        self._records: List[Any] = []
        driver = Driver(this_driver().machine, NO_MORE, next(_STARTED))
        self._site = memory_installation(
            _Calling(LineScanner(), self), store=_Calling(store, self), driver=driver
        )
        self._environ = {"NUVYN_API_ENDPOINT": url, "NUVYN_API_KEY": KEY, "EXECUTOR_MAX_PAYLOAD_MB": "0.003"}

    def run(self, folder: Path, tenant: str) -> bool:
        """Run ``full_pipeline``; return whether it came to its end."""
        process = self

        class Record(audit.RunRecord):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments)
                process._records.append(self)

        def exchange(*arguments: Any, **options: Any) -> Any:
            self.call()
            reply = real_exchange(*arguments, **options)
            self.call()  # the platform has it, and the answer has come
            return reply

        real_exchange = bounded_exchange.exchange
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(job_manager, "RunRecord", Record)
            patch.setattr(api_client, "exchange", exchange)
            patch.setattr(audit, "SHOWN_AFTER", timedelta(0))
            try:
                run = self._site.run("full_pipeline", folder, "csv", tenant, **self._environ)
            except Killed:
                return False
            finally:
                for record in self._records:  # the threads of a process end with it
                    record._over.set()  # noqa: SLF001  there is no other way to end them
                    record._heartbeat.join()  # noqa: SLF001  as above
        assert run.exit_code == 0, run.document
        return True

    def call(self) -> None:
        """Count a call; of a process that is gone it does not come through."""
        self.counter.count()
        if self._gone:
            raise RuntimeError("gone") if threading.current_thread().name == "heartbeat" else Killed

    def _kill(self) -> None:
        self._gone = True


class _Calling:
    """Passes each call through a process."""

    def __init__(self, inner: Any, process: _Process) -> None:
        self._inner, self._process = inner, process

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def called(*arguments: Any, **options: Any) -> Any:
            self._process.call()
            return found(*arguments, **options)

        return called


def known_of(url: str, tenant: str) -> Mapping[str, Any]:
    """Return what the platform knows of a tenant."""
    request = Request(f"{url}/api/metadata?tenant_id={tenant}", headers={"Authorization": f"Bearer {KEY}"})
    with urlopen(request, timeout=LONGEST) as answer:
        state: Mapping[str, Any] = json.load(answer)
    return state


def edit(folder: Path) -> None:
    """Change, add and remove a table."""
    (folder / "a.csv").write_text("id,term\n1,one\n2,two\n3,three\n")
    (folder / "b.csv").unlink(missing_ok=True)
    (folder / "d.csv").write_text("id\n1\n")


class TestKilledAtAnyCall:
    """Kill -9 at 100 seeded points of `full_pipeline`: rows lost or doubled 0, runs left `Running` 0."""

    def test_the_next_run_repairs_all(self, folder: Path) -> None:
        texts = {path.name: path.read_text() for path in folder.iterdir()}
        dice = random.Random(16)  # noqa: S311  the points are the same each time
        with Receiver(KEY) as receiver:
            wholes = self.calls_of_two_runs(folder, receiver.url)
            for number in range(POINTS):
                for path in folder.iterdir():
                    path.unlink()
                for name, text in texts.items():
                    (folder / name).write_text(text)
                run = dice.randrange(2)
                point = dice.randint(1, wholes[run])
                self.kill(folder, receiver.url, f"client-{number}", run, point)

    @staticmethod
    def calls_of_two_runs(folder: Path, url: str) -> List[int]:
        """Return how many calls a first and a second run make."""
        store = MemoryMetadataStore()
        first = _Process(store, url)
        assert first.run(folder, "client")
        edit(folder)
        second = _Process(store, url)
        assert second.run(folder, "client")
        return [first.counter.calls, second.counter.calls]

    @staticmethod
    def kill(folder: Path, url: str, tenant: str, run: int, point: int) -> None:
        """Kill the first or the second run at a call, let one run follow, and check everything."""
        store = MemoryMetadataStore()
        if run:
            assert _Process(store, url).run(folder, tenant)
            edit(folder)
        _Process(store, url, kill_at=point).run(folder, tenant)
        assert _Process(store, url).run(folder, tenant)
        where = f"run {run}, call {point}"
        files = {path.stem: len(path.read_text().splitlines()) - 1 for path in folder.iterdir()}
        check(store, files, where)
        assert by_key(known_of(url, tenant)["metadata"]) == as_sent(store, tenant), where


def check(store: Any, files: Mapping[str, int], where: str) -> None:
    """Check that no row is lost, doubled, pending or left ``Running``."""
    for table in REQUIRED_TABLES:
        rows = store.rows(table)
        assert len({row[table.key] for row in rows}) == len(rows), (where, table.name)
    present = {row["table_name"]: row["row_count"] for row in store.rows(TABLES) if not row["removed_at"]}
    assert present == files, where
    (source,) = store.rows(SOURCES)
    assert source["metadata_version"] == source["transmitted_version"], where
    statuses = [row["status"] for row in store.rows(EXECUTOR_RUNS)]
    assert "Running" not in statuses, where
    assert statuses.count("Success") >= 1, where
    ids = {row["table_id"] for row in store.rows(TABLES)}
    assert {row["table_id"] for row in store.rows(COLUMNS)} == ids, where
    runs = {row["run_id"] for row in store.rows(EXECUTOR_RUNS)}
    assert {row["run_id"] for row in store.rows(LOGS)} <= runs, where
