"""Issue 14.5: "The corpora's facts (rows and columns of each file, as numbers) are a table in the tests"."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, List, Tuple

import pytest

from tests.corpora import CORPORA, Sample
from tests.discovering import write
from tests.scans import scan

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.profiling.profiler import DatasetProfile

pytestmark = pytest.mark.spark

SAMPLES: List[Tuple[str, Sample]] = [
    (f"{corpus}: {name}", sample) for corpus, samples in CORPORA.items() for name, sample in samples.items()
]


def counted(profile: DatasetProfile) -> Any:
    """What both engines have to agree on: of different values their number, not their state."""
    counts = profile.state.counts
    different = [None if one.distinct is None else one.distinct.count for one in profile.scan.columns]
    spans = tuple(replace(span, distinct=None) for span in counts.spans)
    return counts.tally, spans, different, profile.scan.distinct_rows


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=[name for name, _ in SAMPLES])
def test_rows_and_columns_are_those_of_a_careful_reader_by_either_engine(
    spark: Any, tmp_path: Path, name: str, sample: Sample
) -> None:
    """Issue 14.5: "an engine difference test (`spark` against `auto`) runs over all inputs of this issue"."""
    write(tmp_path, dict(sample.files))

    found = [scan(spark, tmp_path)]
    if found[0].state.engine == "polars":
        found.append(scan(spark, tmp_path, engine="spark"))

    for profile in found:
        engine = profile.state.engine
        tally = profile.scan.tally
        facts = (profile.rows, len(profile.scan.columns), tally.corrupt_rows)
        assert facts == (sample.rows, sample.width, sample.corrupt), (name, engine)
        if sample.columns:
            assert tuple(one.name for one in profile.scan.columns) == sample.columns, (name, engine)
    assert counted(found[0]) == counted(found[-1]), name
