"""Datasets of one source are scanned at the same time, within a bound, to the same rows and log."""

from __future__ import annotations

import re
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Iterator, List

import pytest

from nuvyn_executor.concurrency import in_order
from nuvyn_executor.schema.tables import COLUMNS, TABLES
from tests.installation import DAMAGE, LineScanner, memory_installation
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from pathlib import Path

TIMES = ("last_refreshed", "last_run_id", "last_modified", "scan_state")


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "eight"
    folder.mkdir()
    for name in "abcdefgh":
        (folder / f"{name}.csv").write_text(f"id,word_{name}\n1,one\n2,two\n")
    return folder


class Watched(LineScanner):
    """Notes how many scans run at the same time; each waits for ``together`` of them."""

    def __init__(self, together: int) -> None:
        self.barrier = threading.Barrier(together)
        self.running: List[str] = []
        self.most = 0
        self.seconds: List[float] = []
        self._lock = threading.Lock()

    def scan(self, source: Any, dataset: Any, now: Any, state: Any = None, seconds: Any = None) -> Any:
        with self._lock:
            self.running.append(dataset.name)
            self.most = max(self.most, len(self.running))
            self.seconds.append(seconds)
        try:
            self.barrier.wait(LONGEST)
            return super().scan(source, dataset, now, state, seconds)
        finally:
            with self._lock:
                self.running.remove(dataset.name)


class TestBound:
    """Issue: "datasets are discovered and scanned side by side within a bound"."""

    @pytest.mark.parametrize("limit", [1, 2, 4])
    def test_as_many_as_the_setting_says_and_no_more(self, folder: Path, limit: int) -> None:
        scanner = Watched(limit)
        run = memory_installation(scanner).run(
            "metadata_extraction", folder, EXECUTOR_DATASETS_AT_ONCE=str(limit)
        )
        assert run.exit_code == 0, run.log
        assert scanner.most == limit

    def test_those_that_run_share_the_time(self, folder: Path) -> None:
        scanner = Watched(4)
        # so many seconds that those which pass meanwhile do not show
        memory_installation(scanner).run("metadata_extraction", folder, EXECUTOR_TIME_BUDGET_SECONDS="100000")
        assert sorted(round(one / 1000) for one in scanner.seconds[:4]) == [50, 57, 67, 80]
        assert all(one <= 100_000 for one in scanner.seconds)

    def test_where_files_are_unpacked_one_after_the_other(self, folder: Path) -> None:
        """The end of a scan removes the copies, so those of another would be gone, too."""
        with zipfile.ZipFile(folder / "more.zip", "w") as archive:
            archive.writestr("one.csv", "id\n1\n")
        scanner = Watched(1)
        run = memory_installation(scanner).run("metadata_extraction", folder)
        assert run.exit_code == 0, run.log
        assert scanner.most == 1


class TestResult:
    def test_rows_and_log_are_those_of_one_after_the_other(self, folder: Path) -> None:
        (folder / "c.csv").write_text(f"id,word\n1,{DAMAGE}\n")
        sites = {limit: memory_installation(LineScanner()) for limit in ("1", "4")}
        runs = {
            limit: site.run("metadata_extraction", folder, EXECUTOR_DATASETS_AT_ONCE=limit)
            for limit, site in sites.items()
        }
        assert [runs["4"].names(what) for what in ("tables", "unreadable")] == [
            runs["1"].names(what) for what in ("tables", "unreadable")
        ]
        for table in (TABLES, COLUMNS):
            one, four = (
                [
                    re.sub(
                        '"assessed_at_micros": \\d+',
                        "",
                        str({key: row[key] for key in row if key not in TIMES}),
                    )
                    for row in sites[limit].rows(table)
                ]
                for limit in ("1", "4")
            )
            assert one == four
        numbered = [line.split("📊 ")[1].split(":")[0] for line in runs["4"].log.splitlines() if "📊" in line]
        assert numbered == [f"{number}/8 {name}" for number, name in enumerate("abcdefgh", 1) if name != "c"]

    def test_an_unforeseen_error_ends_the_job_and_begins_no_more(self, folder: Path) -> None:
        begun: List[str] = []

        class Failing(LineScanner):
            def scan(self, _source: Any, dataset: Any, *_more: Any) -> Any:
                begun.append(dataset.name)
                raise ZeroDivisionError(dataset.name)

        run = memory_installation(Failing()).run("metadata_extraction", folder, EXECUTOR_DATASETS_AT_ONCE="2")
        assert run.exit_code == 1
        assert run.error["message"].count("a") > 0
        assert len(begun) < 8


class TestInOrder:
    def test_what_ends_first_waits_for_its_turn(self) -> None:
        second = threading.Event()

        def first() -> int:
            assert second.wait(LONGEST)
            return 1

        def other() -> int:
            second.set()
            return 2

        assert list(in_order([first, other], 2)) == [1, 2]

    def test_with_a_limit_of_one_each_begins_when_the_one_before_was_taken(self) -> None:
        begun: List[int] = []
        results = in_order([partial(begun.append, number) for number in range(3)], 1)
        assert begun == []
        next(results)
        assert begun == [0]

    def test_what_has_not_begun_is_not_begun_when_the_caller_stops(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun: List[int] = []
        hold = threading.Event()

        class Pool(ThreadPoolExecutor):
            def shutdown(self, *how: Any, **named: Any) -> None:
                hold.set()  # the caller has stopped, and what has begun is waited for now
                super().shutdown(*how, **named)

        def action(number: int) -> int:
            begun.append(number)
            if number:
                assert hold.wait(LONGEST)
            return number

        monkeypatch.setattr("nuvyn_executor.concurrency.ThreadPoolExecutor", Pool)
        results: Iterator[int] = in_order([partial(action, number) for number in range(9)], 2)
        assert next(results) == 0
        results.close()  # type: ignore[attr-defined]
        assert len(begun) <= 3

    def test_none_are_none(self) -> None:
        assert list(in_order([], 4)) == []
