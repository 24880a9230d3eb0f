"""The archive of Java's classes is made in the background, when the machine is idle."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from fake_databricks.engine.idle_archive import IDLE_LOAD, IdleArchive
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAKE = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('made')"
WAIT = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('begun'); sys.stdin.read()"
SECONDS = 20


def archive_of(path: Path, program: str, loads: Iterator[float]) -> IdleArchive:
    return IdleArchive(lambda: path, lambda: next(loads), (sys.executable, "-c", program, str(path)), 0.01)


def await_file(path: Path) -> str:
    until(lambda: path.exists() and path.read_text())
    return path.read_text()


class TestIdleArchive:
    """Issue: "the archive makes itself in the background when the machine is idle"."""

    def test_it_waits_until_the_load_is_low(self, tmp_path: Path) -> None:
        seen: list[float] = []

        def loads() -> Iterator[float]:
            for load in (2.0, IDLE_LOAD + 0.01, IDLE_LOAD):
                seen.append(load)
                yield load

        archive = archive_of(tmp_path / "a", MAKE, loads())
        archive.start()
        assert await_file(tmp_path / "a") == "made"
        archive.close()
        assert seen == [2.0, IDLE_LOAD + 0.01, IDLE_LOAD]

    def test_one_that_is_there_is_not_made_again(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("old")
        archive = archive_of(tmp_path / "a", MAKE, iter(()))
        archive.start()
        archive.close()
        assert (tmp_path / "a").read_text() == "old"

    def test_the_end_of_the_server_ends_it(self, tmp_path: Path) -> None:
        archive = archive_of(tmp_path / "a", WAIT, iter((0.0,)))
        archive.start()
        assert await_file(tmp_path / "a") == "begun"
        archive.close()
        assert "idle-archive" not in {thread.name for thread in threading.enumerate()}
