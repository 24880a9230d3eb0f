"""When a job starts by itself: ``schedule``, ``trigger.periodic``, ``continuous`` of its settings. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Mapping
from zoneinfo import ZoneInfo

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs import quartz
from fake_databricks.jobs.fields import CONTINUOUS_FIELDS, PERIODIC_FIELDS, SCHEDULE_FIELDS, TRIGGER_FIELDS
from fake_databricks.request.values import read_fields

if TYPE_CHECKING:
    from fake_databricks.jobs.quartz import Cron

UNITS = {"HOURS": 3_600_000, "DAYS": 86_400_000, "WEEKS": 604_800_000}
SHORTEST = 10_000
"""The shortest time between two runs of a schedule, in ms, as on Databricks."""
STATUSES = ("PAUSED", "UNPAUSED")
MAX_INTERVAL = 10_000
WRONG_CRON = (
    "Invalid quartz_cron_expression: {text}. Databricks uses Quartz cron syntax, which is different from the "
    "standard cron syntax. See http://www.quartz-scheduler.org/documentation/quartz-2.1.x/tutorials/"
    "crontrigger.html for more details. Here {why}."
)
NEVER = "no day and time to come fits it: based on the configured schedule, the job will never start"


@dataclass(frozen=True)
class Schedule:
    """When runs start: at the moments of a cron expression, after equal times, or after each other.

    Attributes:
        cron: the expression, as text; empty for equal times.
        zone: the time zone of the expression.
        interval: the time between two runs, in ms.
        is_continuous: whether a run starts when the one before it has ended.
    """

    cron: str = ""
    zone: str = "UTC"
    interval: int = 0
    is_continuous: bool = False

    def next_after(self, moment: int) -> int | None:
        """Return when the next run starts, in ms since 1970; None for never.

        Args:
            moment: when the last one started, or when the schedule was made.
        """
        if self.interval:
            return moment + self.interval
        return _cron(self.cron).next_after(moment, ZoneInfo(self.zone))


def read_schedule(read: dict[str, Any]) -> Schedule | None:
    """Return when the clock starts a job; None where it does not, or is paused.

    Args:
        read: the settings of a job; ``schedule`` and ``trigger`` get their defaults.

    Raises:
        InvalidParameter: a value is wrong, or not honoured here.
    """
    given = [name for name in ("schedule", "trigger", "continuous") if read.get(name) is not None]
    if len(given) > 1:
        raise InvalidParameter(f"Only one of {', '.join(given)} may be given.")
    if "schedule" in given:
        document = read["schedule"] = _checked(read_fields(read["schedule"], SCHEDULE_FIELDS, "schedule."))
        schedule = _of_cron(document)
    elif "trigger" in given:
        document = read["trigger"] = _checked(read_fields(read["trigger"], TRIGGER_FIELDS, "trigger."))
        if "periodic" not in document:
            if document["pause_status"] == "UNPAUSED":
                raise InvalidParameter("Missing required field: trigger.periodic")
            return None  # another one, which is paused
        schedule = _periodic(document)
    elif given:
        document = read["continuous"] = _checked(
            read_fields(read["continuous"], CONTINUOUS_FIELDS, "continuous.")
        )
        if document.get("task_retry_mode", "NEVER") != "NEVER":
            raise InvalidParameter(
                "Field 'continuous.task_retry_mode' is not supported but for NEVER; "
                "set max_retries of the tasks."
            )
        schedule = Schedule(is_continuous=True)
    else:
        return None
    return None if document["pause_status"] == "PAUSED" else schedule


def check_it_starts(schedule: Schedule | None, now: int) -> None:
    """Refuse a schedule without a time to come, such as one for 30 February: Quartz takes no such trigger.

    Stored jobs are not checked: the times of theirs may have passed meanwhile.

    Raises:
        InvalidParameter: it would never start a run.
    """
    if schedule is not None and not schedule.is_continuous and schedule.next_after(now) is None:
        raise InvalidParameter(WRONG_CRON.format(text=schedule.cron, why=NEVER))


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    if document.setdefault("pause_status", "UNPAUSED") not in STATUSES:
        raise InvalidParameter(f"pause_status must be one of {', '.join(STATUSES)}.")
    if document["pause_status"] == "UNPAUSED":
        others = sorted(set(TRIGGER_FIELDS) & set(document) - {"periodic", "pause_status"})
        if others:
            raise InvalidParameter(
                f"Field 'trigger.{others[0]}' is not supported: no event starts a run here; "
                "set pause_status to PAUSED."
            )
    return document


def _of_cron(document: Mapping[str, Any]) -> Schedule:
    for name in ("quartz_cron_expression", "timezone_id"):
        if not document.get(name):
            raise InvalidParameter(f"Missing required field: schedule.{name}")
    text, zone = document["quartz_cron_expression"], document["timezone_id"]
    try:
        _cron(text)
    except quartz.CronError as error:
        raise InvalidParameter(WRONG_CRON.format(text=text, why=error)) from None
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise InvalidParameter(
            f"Invalid timezone_id: {zone}. Give the name of a time zone, such as UTC or Europe/Berlin."
        ) from None
    return Schedule(text, zone)


@lru_cache(maxsize=256)
def _cron(text: str) -> Cron:
    return quartz.parse(text)


def _periodic(document: Mapping[str, Any]) -> Schedule:
    read = read_fields(document["periodic"], PERIODIC_FIELDS, "trigger.periodic.")
    interval, unit = read.get("interval"), read.get("unit")
    if interval is None or not 1 <= interval <= MAX_INTERVAL:
        raise InvalidParameter(f"trigger.periodic.interval must be between 1 and {MAX_INTERVAL}.")
    if unit not in UNITS:
        raise InvalidParameter(f"trigger.periodic.unit must be one of {', '.join(UNITS)}.")
    return Schedule(interval=interval * UNITS[unit])
