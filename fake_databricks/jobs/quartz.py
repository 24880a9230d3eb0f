"""Quartz cron expressions: which moments one names. Pure.

Six or seven fields: second, minute, hour, day of the month, month, day of the week (1 is Sunday), year. One
of the two days is ``?``. With ``L``, ``W`` and ``#``, lists, ranges (also ``FRI-MON``) and steps.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Callable, Iterator, Mapping, Sequence

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_FIRST_YEAR, _LAST_YEAR = 1970, 2099
_FIELDS = (6, 7)
_FROM_END = re.compile(r"L(?:-(\d{1,2}))?(W)?")
_NEAREST = re.compile(r"(\d{1,2})W")
_LAST_OF = re.compile(r"(\w{1,3})L")
_NTH = re.compile(r"(\w{1,3})#([1-5])")
_SATURDAY, _SUNDAY = 5, 6  # as date.weekday counts
DayRule = Callable[[int, int], "set[int]"]
"""From a year and a month to days of that month."""


class CronError(ValueError):
    """An expression is no Quartz cron expression; the message says why."""


@dataclass(frozen=True)
class Cron:
    """The moments of an expression.

    Attributes:
        text: the expression.
        seconds: of a minute, ascending; so are ``minutes`` and ``hours``.
        minutes: of an hour.
        hours: of a day.
        months: of a year.
        years: all that it names.
        day_rules: the days are those of any of them.
    """

    text: str
    seconds: Sequence[int]
    minutes: Sequence[int]
    hours: Sequence[int]
    months: Sequence[int]
    years: Sequence[int]
    day_rules: tuple[DayRule, ...]

    def next_after(self, after: int, zone: ZoneInfo) -> int | None:
        """Return the first moment after another one, both in ms since 1970; None where there is none.

        A time that the clocks of the zone skip is skipped; of one that they show twice the first counts.
        """
        # Local times before this one are no later moments: of a time shown twice the first counts.
        start = datetime.fromtimestamp(after // 1000, timezone.utc).astimezone(zone).replace(tzinfo=None)
        for day in self._days(start.date()):
            for moment in self._times(day, start):
                found = moment.replace(tzinfo=zone).astimezone(timezone.utc)
                if found.astimezone(zone).replace(tzinfo=None) != moment:
                    continue
                milliseconds = int(found.timestamp()) * 1000
                if milliseconds > after:
                    return milliseconds
        return None

    def _days(self, start: date) -> Iterator[date]:
        for year in self.years:
            if year < start.year:
                continue
            for month in self.months:
                if (year, month) < (start.year, start.month):
                    continue
                days = set().union(*(rule(year, month) for rule in self.day_rules))
                for day in sorted(days):
                    if date(year, month, day) >= start:
                        yield date(year, month, day)

    def _times(self, day: date, start: datetime) -> Iterator[datetime]:
        is_first = day == start.date()
        for hour in self.hours:
            if is_first and hour < start.hour:
                continue
            for minute in self.minutes:
                if is_first and (hour, minute) < (start.hour, start.minute):
                    continue
                for second in self.seconds:
                    yield datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001  local time


def parse(text: str) -> Cron:
    """Return the moments of an expression.

    Raises:
        CronError: it is none.
    """
    fields = text.upper().split()
    if len(fields) not in _FIELDS:
        raise CronError(f"it has {len(fields)} fields, not 6 or 7")
    second, minute, hour, day, month, weekday = fields[:6]
    if (day == "?") == (weekday == "?"):
        raise CronError("exactly one of the day of the month and the day of the week must be '?'")
    year = fields[6] if len(fields) == _FIELDS[1] else "*"
    rules = _day_rules(day) if weekday == "?" else _weekday_rules(weekday)
    return Cron(
        text,
        _numbers(second, 0, 59),
        _numbers(minute, 0, 59),
        _numbers(hour, 0, 23),
        _numbers(month, 1, 12, _MONTHS),
        _numbers(year, _FIRST_YEAR, _LAST_YEAR),
        tuple(rules),
    )


def _numbers(field: str, low: int, high: int, names: Mapping[str, int] | None = None) -> list[int]:
    """Return the numbers of a field without ``L``, ``W`` and ``#``, ascending."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step_text = part.partition("/")
        step = _number(step_text, 1, high, {}) if slash else 1
        if span in ("*", ""):
            if span == "" and not slash:
                raise CronError(f"'{field}' has an empty part")
            first, last = low, high
        elif "-" in span:
            first, last = (_number(item, low, high, names or {}) for item in span.split("-", 1))
        else:
            first = _number(span, low, high, names or {})
            last = high if slash else first
        size = high - low + 1
        reach = (last - first) % size if last < first else last - first
        found.update(low + (first - low + offset) % size for offset in range(0, reach + 1, step))
    return sorted(found)


def _number(text: str, low: int, high: int, names: Mapping[str, int]) -> int:
    number = names.get(text, -1)
    if text.isascii() and text.isdigit() and len(text) <= 4:  # noqa: PLR2004  a year is the longest
        number = int(text)
    if not low <= number <= high:
        raise CronError(f"'{text}' is not between {low} and {high}")
    return number


def _day_rules(field: str) -> Iterator[DayRule]:
    for part in field.split(","):
        from_end, nearest = _FROM_END.fullmatch(part), _NEAREST.fullmatch(part)
        if from_end:
            yield _counted_from_end(int(from_end[1] or 0), is_workday=bool(from_end[2]))
        elif nearest:
            yield _nearest_workday(_number(nearest[1], 1, 31, {}))
        else:
            yield _listed(_numbers(part, 1, 31))


def _weekday_rules(field: str) -> Iterator[DayRule]:
    for part in field.split(","):
        last, nth = _LAST_OF.fullmatch(part), _NTH.fullmatch(part)
        if part == "L":
            yield _on_weekdays([7])
        elif last:
            yield _nth_weekday(_number(last[1], 1, 7, _DAYS), -1)
        elif nth:
            yield _nth_weekday(_number(nth[1], 1, 7, _DAYS), int(nth[2]) - 1)
        else:
            yield _on_weekdays(_numbers(part, 1, 7, _DAYS))


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _listed(days: Sequence[int]) -> DayRule:
    return lambda year, month: {day for day in days if day <= _length(year, month)}


def _counted_from_end(offset: int, *, is_workday: bool) -> DayRule:
    def rule(year: int, month: int) -> set[int]:
        day = _length(year, month) - offset
        if day < 1:
            return set()
        return {_workday(year, month, day)} if is_workday else {day}

    return rule


def _nearest_workday(day: int) -> DayRule:
    return lambda year, month: {_workday(year, month, day)} if day <= _length(year, month) else set()


def _workday(year: int, month: int, day: int) -> int:
    """Return the day from Monday to Friday that is nearest to another one, in the same month."""
    weekday = date(year, month, day).weekday()
    if weekday == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == _SUNDAY:
        return day + 1 if day < _length(year, month) else day - 2
    return day


def _of_weekday(year: int, month: int, weekday: int) -> list[int]:
    """Return the days of a month that are a day of the week; 1 is Sunday."""
    first = date(year, month, 1).isoweekday() % 7 + 1
    return list(range(1 + (weekday - first) % 7, _length(year, month) + 1, 7))


def _on_weekdays(weekdays: Sequence[int]) -> DayRule:
    return lambda year, month: {day for weekday in weekdays for day in _of_weekday(year, month, weekday)}


def _nth_weekday(weekday: int, index: int) -> DayRule:
    return lambda year, month: set(_of_weekday(year, month, weekday)[index:][:1])
