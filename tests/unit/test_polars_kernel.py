"""Quick ways to count come to the same as slow ones."""

from __future__ import annotations

import random
import re
from typing import List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nuvyn_executor.profiling.null_markers import WHITE, is_missing
from nuvyn_executor.profiling.plan import ColumnPlan
from nuvyn_executor.profiling.polars.patterns import patterns_of
from nuvyn_executor.profiling.sketch import KEPT, Final, Sketch
from nuvyn_executor.profiling.value_patterns import (
    BROKEN_TEXT,
    counted_shape_of,
    merged,
)
from nuvyn_executor.quality.checks.registry import ANYWHERE, CHECKS, FORMS
from nuvyn_executor.quality.tallies import Distinct, Shape
from tests.check_values import values_of
from tests.how_many import at_most

pl = pytest.importorskip("polars")
from nuvyn_executor.profiling.polars.hashes import Sink, hash_name, multiplier  # noqa: E402  Polars may not be there

COMMON = [form.shape for form in ANYWHERE]
PLANS = [
    ColumnPlan("c", expected=expected, shapes=tuple(one for one in COMMON if merged(one, expected) == one))
    for expected in ("text", *(check.name for check in CHECKS if check.anywhere))
] + [ColumnPlan("c", expected=check.name, shapes=check.shapes) for check in CHECKS if not check.anywhere]
likely = st.one_of(
    *(values_of(form) for form in FORMS),
    st.text(alphabet="ab1@.:/-, \té\x07\ufffdÃ\u0081nul", max_size=12),
    st.sampled_from(["n/a", "NULL", "-", " ", "", "http://u@h.org", "\u017f"]),
)


class TestPatterns:
    @given(st.lists(likely, min_size=1, max_size=30))
    @settings(max_examples=at_most(60))
    def test_quick_patterns_say_what_the_slow_way_says(self, texts: List[str]) -> None:
        series = pl.Series("text", texts)
        for plan in PLANS:
            patterns = patterns_of(plan)
            plain = (~series.str.contains(patterns.special)).to_list()
            quick = {one.shape: series.str.contains(one.quick).to_list() for one in patterns.shapes}
            for i, text in enumerate(texts):
                found = [shape for shape, matches in quick.items() if matches[i]]
                found += [Shape.TEXT] if plain[i] else []
                assert len(found) <= 1, text
                if found:
                    assert text == text.strip(WHITE)
                    # Namibia: in a column of countries a code comes before a placeholder.
                    assert not is_missing(text) or (text, found[0]) == ("NA", "country_alpha2")
                    assert not re.search(BROKEN_TEXT, text)
                    assert counted_shape_of(text, plan.expected, plan.shapes) == found[0], text


class TestSink:
    """Batches in Polars come to the registers that the definition gives."""

    @pytest.mark.parametrize("count", [0, 5, KEPT, KEPT + 1, 3 * KEPT, 60_000])
    @pytest.mark.parametrize("exact", [False, True])
    def test_same_state_as_the_sketch_of_all(self, count: int, exact: bool) -> None:  # noqa: FBT001
        chance = random.Random(count)  # noqa: S311  data, no secret
        hashes = [chance.getrandbits(64) for _ in range(count)]
        sink = Sink(exact=exact)
        for start in range(0, 2 * count, 7_000):
            sink.add(pl.Series((hashes * 2)[start : start + 7_000], dtype=pl.UInt64))
        whole = Sketch.of("h", hashes, exact=exact)
        assert sink.state("h", keeps=True) == whole
        assert sink.state("h", keeps=False) == Final(whole.estimate())

    def test_estimates_of_real_hashes(self) -> None:
        for values in (pl.Series(range(50_000)), pl.Series([f"user{i}" for i in range(50_000)])):
            sink = Sink(exact=False)
            sink.add(values.hash())
            assert abs(sink.state("h", keeps=False).estimate().count - 50_000) < 4 * 0.0163 * 50_000

    def test_few_are_counted(self) -> None:
        sink = Sink(exact=False)
        sink.add(pl.Series([i % 7 for i in range(100_000)]).hash())
        assert sink.state("h", keeps=False).estimate() == Distinct(7)

    def test_names_and_factors(self) -> None:
        assert hash_name().startswith(f"polars-{pl.__version__}-")
        factors = [multiplier(index) for index in range(1000)]
        assert len(set(factors)) == 1000
        assert all(factor % 2 and factor < 2**64 for factor in factors)
