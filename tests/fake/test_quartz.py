"""Quartz cron expressions: the moments that they name, in time zones."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from fake_databricks.jobs.quartz import CronError, parse


def moments(text: str, start: str, count: int, zone: str = "UTC") -> list[str]:
    """The first moments of an expression after a local time; each as it is in UTC."""
    after = int(datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
    cron, found = parse(text), []
    for _ in range(count):
        following = cron.next_after(after, ZoneInfo(zone))
        if following is None:
            break
        after = following
        found.append(datetime.fromtimestamp(after / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S"))
    return found


class TestMoments:
    """Quartz cron (... with L, W, #; time zones with zoneinfo, DST)"""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("0 0 12 * * ?", ["2026-01-01 12:00:00", "2026-01-02 12:00:00"]),
            ("0 15 10 ? * 6L", ["2026-01-30 10:15:00", "2026-02-27 10:15:00"]),
            ("0 15 10 ? * FRI#3", ["2026-01-16 10:15:00", "2026-02-20 10:15:00"]),
            ("0 0 0 ? * MON#5", ["2026-03-30 00:00:00", "2026-06-29 00:00:00"]),
            ("0 15 10 L * ?", ["2026-01-31 10:15:00", "2026-02-28 10:15:00"]),
            ("0 15 10 L-2 * ?", ["2026-01-29 10:15:00", "2026-02-26 10:15:00"]),
            ("0 0 0 LW * ?", ["2026-01-30 00:00:00", "2026-02-27 00:00:00"]),
            ("0 0 0 15W * ?", ["2026-01-15 00:00:00", "2026-02-16 00:00:00"]),
            ("0 0 0 1W 2,8 ?", ["2026-02-02 00:00:00", "2026-08-03 00:00:00"]),
            ("0 0 0 31W 1,2,5 ?", ["2026-01-30 00:00:00", "2026-05-29 00:00:00"]),
            ("0 0 0 29 2 ?", ["2028-02-29 00:00:00", "2032-02-29 00:00:00"]),
            ("0 0 9-17/4 ? * MON-FRI", ["2026-01-01 09:00:00", "2026-01-01 13:00:00"]),
            ("0 0 0 ? * SAT-MON", ["2026-01-03 00:00:00", "2026-01-04 00:00:00"]),
            ("0 0 22-2/2 1 1 ?", ["2026-01-01 02:00:00", "2026-01-01 22:00:00"]),
            ("*/30 * * * * ?", ["2026-01-01 00:00:30", "2026-01-01 00:01:00"]),
            ("0 11 11 11 11 ? 2027", ["2027-11-11 11:11:00"]),
            ("0 0 0 ? jan l", ["2026-01-03 00:00:00", "2026-01-10 00:00:00"]),
            ("0 0/20 0 1 * ?", ["2026-01-01 00:20:00", "2026-01-01 00:40:00"]),
            ("0 0 0 30 2 ?", []),
        ],
    )
    def test_the_next_two(self, text: str, expected: list[str]) -> None:
        assert moments(text, "2026-01-01 00:00:00", 2) == expected

    @pytest.mark.parametrize(
        ("text", "start", "expected"),
        [
            ("0 0 8 * * ?", "2026-03-28 09:00:00", ["2026-03-29 06:00:00", "2026-03-30 06:00:00"]),
            ("0 30 2 * * ?", "2026-03-28 03:00:00", ["2026-03-30 00:30:00", "2026-03-31 00:30:00"]),
            ("0 30 2 * * ?", "2026-10-24 03:00:00", ["2026-10-25 00:30:00", "2026-10-26 01:30:00"]),
            ("0 0 * * * ?", "2026-10-25 01:30:00", ["2026-10-25 00:00:00", "2026-10-25 02:00:00"]),
        ],
    )
    def test_clocks_that_go_forward_and_back(self, text: str, start: str, expected: list[str]) -> None:
        assert moments(text, start, 2, "Europe/Berlin") == expected

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "0 0 12 * *",
            "0 30 2,7 * * *",
            "0 0 12 ? * ?",
            "60 0 12 * * ?",
            "0 0 24 * * ?",
            "0 0 12 32 * ?",
            "0 0 12 0 * ?",
            "0 0 12 * 13 ?",
            "0 0 12 ? * 8",
            "0 0 12 ? * MON#6",
            "0 0 12 ? * XYZ",
            "0 0 12 40W * ?",
            "0 0 12 * * ? 1969",
            "0 0 12,,13 * * ?",
            "0 0 */0 * * ?",
            "0 0 12 * * ? * *",
            "0 0 ² * * ?",
        ],
    )
    def test_what_is_no_expression_is_refused(self, text: str) -> None:
        with pytest.raises(CronError):
            parse(text)
