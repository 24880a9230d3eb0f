"""Numbers, moments and missing values as people write them, counted by both engines."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Tuple

import pytest

from tests.scans import scan

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.profiling.profiler import DatasetProfile

pl = pytest.importorskip("polars")
pytestmark = pytest.mark.spark

ROWS = 40


class Written(NamedTuple):
    """Values of a column, and what they mean."""

    values: List[str]
    data_type: str
    minimum: Any
    maximum: Any


def written(*values: str, data_type: str, minimum: Any, maximum: Any) -> Written:
    return Written([*values], data_type, minimum, maximum)


DAY, NEXT = "2026-11-26", "2026-11-27"
MIDNIGHT, EVENING = "2026-11-26T00:00:00Z", "2026-11-26T22:05:00Z"
COLUMNS: Dict[str, Written] = {
    "points": written("1,234", "12,345.50", "7", data_type="double", minimum=7.0, maximum=12345.5),
    "commas": written("1.234,56", "3,5", "1.234", data_type="double", minimum=3.5, maximum=1234.56),
    "three": written("0,123", "3,142", data_type="double", minimum=0.123, maximum=3.142),
    "blanks": written("1 234.25", "999", data_type="double", minimum=999.0, maximum=1234.25),
    "nbsp": written("1\xa0234,25", "9,5", data_type="double", minimum=9.5, maximum=1234.25),
    "swiss": written("1'101.25", "12", data_type="double", minimum=12.0, maximum=1101.25),
    "indian": written("12,34,567", "1,234", data_type="double", minimum=1234.0, maximum=1234567.0),
    "dollars": written("$1,101.50", "-$5", "($7)", data_type="double", minimum=-7.0, maximum=1101.5),
    "euros": written("1 €", "2,50 €", data_type="double", minimum=1.0, maximum=2.5),
    "codes": written("USD 12.00", "EUR 5", data_type="double", minimum=5.0, maximum=12.0),
    "minus": written("\u22125", "6.5", "Infinity", data_type="double", minimum=-5.0, maximum="Infinity"),
    "cents": written("CHF 5.-", "$(7.50)", data_type="double", minimum=-7.5, maximum=5.0),
    "unix": written(
        "Thu Nov 26 00:00:00 2026",
        "Thu Nov 26 22:05:00 UTC 2026",
        data_type="timestamp",
        minimum=MIDNIGHT,
        maximum=EVENING,
    ),
    "changed": written(
        "1700000000.25",
        "1700000060",
        data_type="timestamp",
        minimum="2023-11-14T22:13:20Z",
        maximum="2023-11-14T22:14:20Z",
    ),
    "percent": written("1%", "12.5 %", data_type="double", minimum=1.0, maximum=12.5),
    "accounts": written("(1.00)", "2.00-", "3.00", data_type="double", minimum=-2.0, maximum=3.0),
    "hashes": written(
        "-9223372036854775808",
        "9223372036854775807",
        "-1234567890123456789",
        data_type="bigint",
        minimum=-(2**63),
        maximum=2**63 - 1,
    ),
    "signed": written("+5", "-3", data_type="bigint", minimum=-3, maximum=5),
    "german": written(
        "26.11.2026 00:00", "26.11.2026 22:05", data_type="timestamp", minimum=MIDNIGHT, maximum=EVENING
    ),
    "american": written(
        "11/26/2026 12:00 AM", "11/26/2026 10:05 pm", data_type="timestamp", minimum=MIDNIGHT, maximum=EVENING
    ),
    "slashes": written(
        "2026/11/26 00:00:00", "2026/11/26 22:05", data_type="timestamp", minimum=MIDNIGHT, maximum=EVENING
    ),
    "offset": written(
        "2026-11-25T19:00:00-0500",
        "2026-11-26T22:05:00 UTC",
        data_type="timestamp",
        minimum=MIDNIGHT,
        maximum=EVENING,
    ),
    "minutes": written(
        "2026-11-26 00:00", "2026-11-26T22:05", data_type="timestamp", minimum=MIDNIGHT, maximum=EVENING
    ),
    "mail": written(
        "Thu, 26 Nov 2026 00:00:00 GMT",
        "26 Nov 2026 22:05:00 +0000",
        data_type="timestamp",
        minimum=MIDNIGHT,
        maximum=EVENING,
    ),
    "apache": written(
        "26/Nov/2026:00:00:00 +0000",
        "26/Nov/2026:22:05:00 +0000",
        data_type="timestamp",
        minimum=MIDNIGHT,
        maximum=EVENING,
    ),
    "short": written("26-11-26", "27-11-26", data_type="date", minimum=DAY, maximum=NEXT),
    "short_us": written("11/26/26", "11/27/26", data_type="date", minimum=DAY, maximum=NEXT),
    "last_century": written(
        "26/11/99", "1/2/70", data_type="date", minimum="1970-02-01", maximum="1999-11-26"
    ),
    "dashes": written("26-11-2026", "27-11-2026", data_type="date", minimum=DAY, maximum=NEXT),
    "year_first": written("2026/11/26", "2026/11/27", data_type="date", minimum=DAY, maximum=NEXT),
    "one_digit": written(
        "2026-1-5", "2026-1-6", data_type="date", minimum="2026-01-05", maximum="2026-01-06"
    ),
    "oracle": written("26-NOV-26", "27-NOV-26", data_type="date", minimum=DAY, maximum=NEXT),
    "english": written("Nov 26, 2026", "November 27, 2026", data_type="date", minimum=DAY, maximum=NEXT),
    "order_date": written("20261126", "20261127", data_type="date", minimum=DAY, maximum=NEXT),
    "created_at": written(
        "1700000000",
        "1700000060",
        data_type="timestamp",
        minimum="2023-11-14T22:13:20Z",
        maximum="2023-11-14T22:14:20Z",
    ),
    "event_time": written(
        "1700000000000",
        "1700000060500",
        data_type="timestamp",
        minimum="2023-11-14T22:13:20Z",
        maximum="2023-11-14T22:14:20Z",
    ),
    "loaded_ts": written(
        "20261126T000000Z", "20261126220500", data_type="timestamp", minimum=MIDNIGHT, maximum=EVENING
    ),
    "flag": written("Y", "N", data_type="boolean", minimum=None, maximum=None),
    "switch": written("on", "off", data_type="boolean", minimum=None, maximum=None),
}


def counted(profile: DatasetProfile) -> Any:
    """What engines have to agree on: all but the states of different values."""
    counts = profile.state.counts
    return counts.tally, tuple(replace(span, distinct=None) for span in counts.spans)


@pytest.fixture(scope="module", params=["csv", "parquet"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with all columns; each value of a column is there about as often as its others."""
    columns = {
        name: [one.values[row % len(one.values)] for row in range(ROWS)] for name, one in COLUMNS.items()
    }
    path: Path = tmp_path_factory.mktemp("written")
    if request.param == "parquet":
        pl.DataFrame(columns).write_parquet(path / "t.parquet")
    else:
        with (path / "t.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values()))
    return path


def expected(column: Written, folder: Path) -> Tuple[str, Any, Any]:
    """Return type and extremes. A declared text stays one, and its moments are shown with a time of day."""
    if (folder / "t.csv").exists():
        return column[1:]
    ends = (f"{one}T00:00:00Z" if column.data_type == "date" else one for one in column[2:])
    return ("string", *ends)  # type: ignore[return-value]  # two ends


class TestMeanings:
    """Issue 14.10: "Numbers and moments as people write them"."""

    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_types_and_extremes(self, spark: Any, folder: Path, engine: str) -> None:
        profile = scan(spark, folder, engine=engine)
        found = {
            facts.name: (facts.data_type, column.minimum, column.maximum)
            for facts, column in zip(profile.scan.columns, profile.columns)
        }
        assert found == {name: expected(one, folder) for name, one in COLUMNS.items()}
        tallies = dict(zip(COLUMNS, profile.scan.tally.columns))
        assert {name: one.invalid for name, one in tallies.items() if one.invalid} == {}
        assert {name: one.placeholders for name, one in tallies.items() if one.placeholders} == {}

    def test_the_engines_agree(self, spark: Any, folder: Path) -> None:
        by_polars, by_spark = (scan(spark, folder, engine=engine) for engine in ("auto", "spark"))
        assert (by_polars.state.engine, by_spark.state.engine) == ("polars", "spark")
        assert counted(by_polars) == counted(by_spark)


class TestMissing:
    """Issue 14.5: "Decide by the column"."""

    COLUMNS = (
        ("country", ["DE", "FR", "NA", "N/A"], 1),
        ("surname", ["Smith", "Null", "None", "Ng"], 0),
        ("n", ["1", "2", "NA", "None"], 2),
        ("note", ["good tea", "NULL", "cold milk", "\xa0\u3000"], 2),
        ("export", ["a b", "\\N", "c d", "(null)"], 2),
        ("strand", ["+", "-", "+", "-"], 0),
    )

    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_words_are_missing_where_they_stand_apart(self, spark: Any, tmp_path: Path, engine: str) -> None:
        self.write(tmp_path / "t.csv")
        tallies = scan(spark, tmp_path, engine=engine).scan.tally.columns
        assert [one.missing for one in tallies] == [10 * missing for _, _, missing in self.COLUMNS]
        assert [one.invalid for one in tallies] == [0] * len(self.COLUMNS)

    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_the_user_may_say_which(self, spark: Any, tmp_path: Path, engine: str) -> None:
        """Issue 14.5: "let the user say (`EXECUTOR_NULL_MARKERS`)"."""
        self.write(tmp_path / "t.csv")
        before = scan(spark, tmp_path, engine=engine)
        markers = ("NA", "1", "good tea")
        after = scan(spark, tmp_path, before, engine=engine, null_markers=markers)
        # N/A, None and the like are values now.
        assert [one.missing for one in after.scan.tally.columns] == [10, 0, 20, 20, 0, 0]
        assert after.rows_read == before.rows_read
        again = scan(spark, tmp_path, after, engine=engine, null_markers=markers)
        assert again.rows_read == 0

    def write(self, path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([name for name, _, _ in self.COLUMNS])
            writer.writerows([*zip(*(values for _, values, _ in self.COLUMNS))] * 10)


class TestSuspects:
    """Issue 14.12 and 14.13: an open end costs nothing, and each suspect has one reason."""

    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_in_text_and_typed_columns(self, spark: Any, tmp_path: Path, engine: str) -> None:
        rows = 400
        days = ["2024-05-06"] * (rows - 1) + ["9999-12-31"]
        numbers = [float(row % 100) for row in range(rows - 3)] + [-999.0, float("inf"), 1e6]
        texts = {
            "valid_to": days,
            "updated_at": days,
            "number": [str(number) for number in numbers[:-2]] + ["1e999", "1000000.5"],
            "note": ["plain text"] * (rows - 1) + ["bro\ufffdken"],
            "email": ["a@example.org"] * (rows - 1) + ["bro\ufffdken"],
        }
        pl.DataFrame(texts).with_columns(
            pl.Series("double", numbers),
            pl.Series("end_date", days).str.to_date(),
            birth=pl.Series(days).str.to_date(),
        ).write_parquet(tmp_path / "t.parquet")
        profile = scan(spark, tmp_path, engine=engine)
        tallies = {
            facts.name: tally for facts, tally in zip(profile.scan.columns, profile.scan.tally.columns)
        }
        all_three = {"stand_in": 1, "infinite": 1, "far_out": 1}
        assert {name: dict(tally.suspects) for name, tally in tallies.items() if tally.suspects} == {
            "updated_at": {"stand_in": 1},
            "number": all_three,
            "double": all_three,
            "note": {"broken_text": 1},
            "birth": {"stand_in": 1},
        }
        assert tallies["email"].invalid == 1
        assert (tallies["updated_at"].timestamps, tallies["updated_at"].future) == (rows - 1, 0)
