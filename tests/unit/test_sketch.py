"""Different things are counted alike however they are cut into parts."""

from __future__ import annotations

import json
import random
from typing import List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nuvyn_executor.profiling.sketch import (
    KEPT,
    RANKED_BITS,
    REGISTERS,
    RSD,
    Final,
    Sketch,
    greater_of,
    merged,
    registers_of,
    state_from_json,
)
from nuvyn_executor.quality.tallies import Distinct
from tests.how_many import at_most


def random_hashes(seed: int, count: int) -> List[int]:
    chance = random.Random(seed)  # noqa: S311  data, no secret
    return [chance.getrandbits(64) for _ in range(count)]


def _folded(registers: bytes, few: int) -> bytes:
    folded = bytearray(few)
    for index, rank in enumerate(registers):
        folded[index % few] = max(folded[index % few], rank)
    return bytes(folded)


hashes = st.one_of(
    st.lists(st.integers(0, 2**64 - 1), max_size=20),
    st.builds(random_hashes, st.integers(0, 9), st.sampled_from((10, KEPT, KEPT + 1, 3 * KEPT))),
)


class TestSets:
    """A state is that of the set of hashes that came in, and of nothing else."""

    @given(hashes, hashes, hashes, st.booleans())
    @settings(max_examples=at_most(40))
    def test_parts_add_up_to_the_whole(self, a: List[int], b: List[int], c: List[int], exact: bool) -> None:  # noqa: FBT001
        one, two, three = (Sketch.of("h", part, exact=exact) for part in (a, b, c))
        whole = Sketch.of("h", [*a, *b, *c], exact=exact)
        assert one.merge(two).merge(three) == one.merge(two.merge(three)) == whole
        assert three.merge(one).merge(two) == whole
        assert whole.merge(one) == whole.merge(whole) == whole

    @given(st.lists(hashes, min_size=3, max_size=3), st.sampled_from((16, 1024)))
    @settings(max_examples=at_most(40))
    def test_of_unlike_numbers_of_registers_the_fewest_are_left(
        self, parts: List[List[int]], few: int
    ) -> None:
        narrow = Sketch("h", registers=_folded(registers_of(parts[0]), few))
        one, two = (Sketch.of("h", part) for part in parts[1:])
        whole = Sketch("h", registers=_folded(registers_of([one for part in parts for one in part]), few))
        assert narrow.merge(one).merge(two) == two.merge(narrow).merge(one) == one.merge(two).merge(narrow)
        assert narrow.merge(one).merge(two) == whole
        assert whole.estimate().rsd == pytest.approx(1.04 / few**0.5)

    @given(st.integers(0, 99), st.sampled_from((16, 1024, REGISTERS)))
    @settings(max_examples=at_most(40))
    def test_of_two_registers_the_higher_rank_is_left(self, seed: int, count: int) -> None:
        chance = random.Random(seed)  # noqa: S311  data, no secret
        one, other = (bytes(chance.randint(0, RANKED_BITS + 1) for _ in range(count)) for _ in range(2))
        assert greater_of(one, other) == bytes(map(max, one, other))
        assert greater_of(one, bytes(count)) == greater_of(one, one) == one

    @given(hashes, st.booleans())
    @settings(max_examples=at_most(20))
    def test_json_keeps_it(self, some: List[int], exact: bool) -> None:  # noqa: FBT001
        state = Sketch.of("h", some, exact=exact)
        assert state_from_json(json.loads(json.dumps(state.to_json()))) == state

    def test_exact_only_if_both_are(self) -> None:
        some = random_hashes(1, KEPT)
        both = Sketch.of("h", some, exact=True).merge(Sketch.of("h", random_hashes(2, 1)))
        assert both == Sketch.of("h", some + random_hashes(2, 1))
        assert both.estimate().rsd == RSD

    def test_hashes_of_two_functions_do_not_merge(self) -> None:
        with pytest.raises(ValueError, match="of a and of b do not merge"):
            Sketch.of("a", [1]).merge(Sketch.of("b", [1]))


class TestEstimates:
    @given(st.lists(st.integers(0, 2**64 - 1)))
    def test_few_are_exact(self, some: List[int]) -> None:
        assert Sketch.of("h", some).estimate() == Distinct(len(set(some)), 0.0)

    def test_exact_mode_counts_any_number(self) -> None:
        assert Sketch.of("h", random_hashes(3, 50_000), exact=True).estimate() == Distinct(50_000, 0.0)

    @pytest.mark.parametrize("count", [KEPT + 1, 5_000, 10_000, 20_000, 100_000])
    def test_many_are_within_four_standard_deviations(self, count: int) -> None:
        for seed in range(5):
            estimate = Sketch.of("h", random_hashes(seed, count)).estimate()
            assert estimate.rsd == RSD
            assert abs(estimate.count - count) <= 4 * RSD * count

    def test_the_error_is_the_stated_one(self) -> None:
        count = 8_000
        errors = [
            Sketch.of("h", random_hashes(seed, count)).estimate().count / count - 1 for seed in range(60)
        ]
        assert abs(sum(errors)) / 60 < RSD / 2  # no bias to speak of
        assert sum(error * error for error in errors) / 60 < (1.3 * RSD) ** 2


class TestFinal:
    def test_a_final_number_adds_to_nothing_but_nothing(self) -> None:
        final = Final(Distinct(7, 0.05))
        assert merged(None, final) == merged(final, None) == final
        assert state_from_json(json.loads(json.dumps(final.to_json()))) == final
        for other in (final, Sketch.of("h", [1])):
            for pair in ((final, other), (other, final)):
                with pytest.raises(ValueError, match=r"does not merge|do not merge"):
                    merged(*pair)

    def test_nothing_and_nothing_is_nothing(self) -> None:
        assert merged(None, None) is None
        assert state_from_json(None) is None
