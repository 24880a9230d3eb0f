"""Writes the rows of a run in ``executor_runs`` and ``logs``, and closes the rows of runs that died."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional

from nuvyn_executor.concurrency import at_once
from nuvyn_executor.model import RunStatus
from nuvyn_executor.process_identity import Liveness
from nuvyn_executor.schema.tables import EXECUTOR_RUNS, LOGS
from nuvyn_executor.spark import java_process

if TYPE_CHECKING:
    from nuvyn_executor.log import LogBuffer
    from nuvyn_executor.process_identity import Driver
    from nuvyn_executor.store.base import MetadataStore

logger = logging.getLogger(__name__)

SHOWN_AFTER = timedelta(seconds=5)
"""A run that has lasted so long is shown as ``Running``. A shorter one adds its row once, when it ends:
changing a row of a Delta table costs three times what adding one does."""
HEARTBEAT = timedelta(seconds=60)
SILENCE = timedelta(minutes=30)
"""A run on another machine without a heartbeat for so long is dead: it missed 30 of them."""


class RunRecord:
    """The rows of one run: shown while it lasts, closed when it ends.

    Args:
        store: where the tables are.
        log_buffer: the log lines of this process that are not stored yet.
        driver: this process, as ``executor_runs.driver`` names it.
        clock: the present, UTC.
        row: what is known of the run when it begins: ``run_id``, ``run_mode``, ``started_at``, ...
    """

    def __init__(
        self,
        store: MetadataStore,
        log_buffer: LogBuffer,
        driver: Driver,
        clock: Callable[[], datetime],
        row: Mapping[str, Any],
    ) -> None:
        self._store = store
        self._log_buffer = log_buffer
        self._driver = driver
        self._clock = clock
        self._row: Dict[str, Any] = {**row, "driver": str(driver)}
        self._is_shown = False
        self._showing = threading.Lock()
        self._lines = 0
        self._storing = threading.Lock()
        self._over = threading.Event()
        self._heartbeat: Optional[threading.Thread] = None

    def open(self) -> None:
        """Begin the record. In the background dead runs are closed, and the run is shown if it lasts."""
        self._heartbeat = threading.Thread(target=self._run_in_background, name="heartbeat", daemon=True)
        self._heartbeat.start()

    def close(self, status: RunStatus, error_message: Optional[str], result: str) -> None:
        """Write the run's end and its log lines; what cannot be written is reported on stderr."""
        now = self._clock()
        end = {
            "status": status.value,
            "error_message": error_message,
            "finished_at": now,
            "heartbeat_at": now,
            "result": result,
        }
        with self._showing:  # a row that is being added is there when its end is written
            self._over.set()
        if self._log_buffer.dropped:
            logger.warning(
                "%d log lines were too many to store; stderr has them all", self._log_buffer.dropped
            )
        at_once(lambda: self._write_end(end), self._store_last_lines)
        if self._heartbeat is not None:
            self._heartbeat.join()
        self._store_last_lines()  # those logged meanwhile

    def _write_end(self, end: Mapping[str, Any]) -> None:
        try:
            if self._is_shown:
                self._store.update(EXECUTOR_RUNS, {"run_id": self._row["run_id"]}, end)
            else:
                self._store.append(EXECUTOR_RUNS, [{**self._row, **end}])
        except Exception:
            logger.exception("The end of %s could not be recorded", self._row["run_id"])

    def _store_last_lines(self) -> None:
        try:
            self._store_lines()
        except Exception:
            logger.exception("The log lines of %s could not be stored", self._row["run_id"])

    def _store_lines(self) -> None:
        job_id = self._row["run_id"]
        with self._storing:
            lines = self._log_buffer.take()
            rows = [
                {
                    "log_id": f"{job_id}-{number:06d}",
                    "run_id": job_id,
                    "log_level": line.level,
                    "logger": line.logger,
                    "log_message": line.message,
                    "log_timestamp": line.logged_at,
                }
                for number, line in enumerate(lines, self._lines)
            ]
            try:
                self._store.append(LOGS, rows)
            except Exception:
                self._log_buffer.give_back(lines)
                raise
            self._lines += len(rows)

    def _run_in_background(self) -> None:
        _attempt(
            lambda: close_dead_runs(self._store, self._driver, self._clock()), "Dead runs were not closed"
        )
        pause = SHOWN_AFTER
        while not self._over.wait(pause.total_seconds()):
            _attempt(self._beat, "A heartbeat could not be written")
            pause = HEARTBEAT

    def _beat(self) -> None:
        """Record that the run is alive, and store its log lines: they remain when the driver is killed."""
        with self._showing:
            if self._over.is_set():
                return
            now = self._clock()
            if self._is_shown:
                self._store.update(EXECUTOR_RUNS, {"run_id": self._row["run_id"]}, {"heartbeat_at": now})
            else:
                row = {**self._row, "status": RunStatus.RUNNING.value, "heartbeat_at": now}
                self._store.append(EXECUTOR_RUNS, [row])
                self._is_shown = True
        self._store_lines()


def close_dead_runs(store: MetadataStore, driver: Driver, now: datetime) -> None:
    """Close the runs that a dead driver left ``Running`` as ``Failed``; runs that may be alive stay."""
    for row in store.rows(EXECUTOR_RUNS, {"status": RunStatus.RUNNING.value}):
        if not _is_dead(row, driver, now):
            continue
        message = "The driver that ran this job ended without finishing it."
        logger.warning("Closed run %s, left Running by a driver that is gone", row["run_id"])
        store.update(
            EXECUTOR_RUNS,
            {"run_id": row["run_id"], "status": RunStatus.RUNNING.value},
            {"status": RunStatus.FAILED.value, "error_message": message, "finished_at": now},
        )


def _is_dead(row: Mapping[str, object], driver: Driver, now: datetime) -> bool:
    liveness = driver.liveness_of(str(row.get("driver") or ""))
    if liveness is not Liveness.UNKNOWN:
        return liveness is Liveness.DEAD
    signs_of_life: List[datetime] = [
        at for at in (row.get("heartbeat_at"), row.get("started_at")) if isinstance(at, datetime)
    ]
    return not signs_of_life or now - max(signs_of_life) > SILENCE


def _attempt(action: Callable[[], None], failed: str) -> None:
    try:
        action()
    except Exception as error:  # the next heartbeat or the next run does it again
        logger.warning("%s: %s", failed, java_process.said(error))
        logger.debug("%s", failed, exc_info=error)
