"""The model of costs at scale: time and memory of a run, from the costs of single things."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.cost_model import (
    NOTHING,
    PYTHON,
    SMALL,
    TASKS,
    WAITING,
    Estate,
    Phase,
    Prediction,
    Spent,
    UnitCosts,
    Work,
    predict,
    slope,
    without,
)

some = st.floats(0, 0.1)
spent = st.builds(Spent, some, some, some)
kinds = ("parquet", "csv")
unit_costs = st.builds(
    UnitCosts,
    **{name: spent for name, value in UnitCosts().times().items()},
    **dict.fromkeys(("file_bytes", "table_bytes", "column_bytes", "returned_bytes"), st.floats(0, 1e5)),
    fixed_bytes=st.floats(0, 1e8),
    task_bytes=st.fixed_dictionaries(dict.fromkeys(kinds, st.builds(Spent, tasks=st.floats(0, 1e-6)))),
)
estates = st.builds(
    Estate,
    tables=st.integers(1, 1000),
    files=st.integers(1, 10**5),
    size_bytes=st.integers(1, 10**12),
    columns=st.integers(1, 100),
    workers=st.integers(1, 64),
    slots=st.integers(1, 16),
    at_once=st.integers(1, 32),
    kind=st.sampled_from((*kinds, SMALL)),
    request=st.floats(0, 0.1),
)


class TestPredictions:
    @given(unit_costs, estates)
    def test_a_run_takes_its_phases_one_after_the_other(self, costs: UnitCosts, estate: Estate) -> None:
        found = predict(costs, estate)
        assert found.seconds == pytest.approx(sum(one.seconds for one in found.phases))
        assert found.bottleneck.seconds == max(one.seconds for one in found.phases)
        assert found.serial <= found.seconds * (1 + 1e-9)

    @given(unit_costs)
    def test_an_estate_of_nothing_costs_the_fixed_part(self, costs: UnitCosts) -> None:
        found = predict(costs, Estate())
        run = costs.run
        assert found.seconds == max(run.python, run.java, run.tasks)
        assert found.memory == costs.fixed_bytes

    @given(unit_costs, estates, st.sampled_from(("tables", "files", "size_bytes", "columns")))
    def test_more_work_is_not_faster_and_needs_no_less_memory(
        self, costs: UnitCosts, estate: Estate, what: str
    ) -> None:
        # More tables of the same bytes may be fewer tasks: their bytes grow with them.
        grown = {what: getattr(estate, what) * 2}
        if what == "tables":
            grown["size_bytes"] = estate.size_bytes * 2
        if what == "columns":  # of wide tables, parts are larger
            costs = replace(costs, started_task=NOTHING)
        less, more = predict(costs, estate), predict(costs, replace(estate, **grown))
        assert more.processors >= less.processors * (1 - 1e-9)
        assert more.memory >= less.memory * (1 - 1e-9)
        if what == "files":
            assert more.seconds >= less.seconds * (1 - 1e-9)

    @given(unit_costs, estates)
    def test_more_workers_count_the_bytes_no_slower(self, costs: UnitCosts, estate: Estate) -> None:
        costs = replace(costs, started_task=NOTHING, returned_column=NOTHING)
        few, many = predict(costs, estate), predict(costs, replace(estate, workers=estate.workers * 2))
        assert many.seconds <= few.seconds * (1 + 1e-9)

    def test_where_tables_are_divided_further_the_driver_has_more_to_add(self) -> None:
        costs = UnitCosts(returned_column=Spent(python=1e-3), task_bytes={"parquet": NOTHING})
        estate = Estate(tables=10, files=10, size_bytes=10**12, columns=20)
        few, many = predict(costs, estate), predict(costs, replace(estate, workers=64))
        assert many.seconds > 20 * few.seconds
        assert (many.bottleneck.limit, many.bottleneck.largest) == (PYTHON, "add what tasks return")

    def test_storage_that_answers_slowly_is_waited_for_by_several_threads(self) -> None:
        estate = Estate(tables=1, files=8000, kind=SMALL, request=0.03)
        (discovered,) = [one for one in predict(UnitCosts(), estate).phases if one.name == "discover"]
        assert discovered.seconds == pytest.approx(2 * 8000 * 0.03 / 32)
        assert discovered.limit == WAITING


class TestEstates:
    @pytest.mark.parametrize(
        ("size_bytes", "workers", "parts"),
        [(1, 1, 1), (400 * 2**20, 1, 24), (40 * 2**20, 64, 10), (10**9, 64, 56)],
    )
    def test_a_table_is_as_many_tasks_as_its_bytes_and_the_slots_allow(
        self, size_bytes: int, workers: int, parts: int
    ) -> None:
        assert Estate(tables=1, files=1, size_bytes=size_bytes, columns=20, workers=workers).parts == parts

    def test_a_small_table_is_none(self) -> None:
        assert Estate(tables=1, files=1, size_bytes=10**9, kind=SMALL).parts == 0


class TestPhases:
    def test_a_phase_waits_for_the_slowest_limit_and_the_largest_work_of_it(self) -> None:
        works = (Work("plan", Spent(python=3, java=8)), Work("count", Spent(python=1, tasks=90)))
        phase = Phase("scan", works, at_once=4, slots=10)
        assert phase.limits == {PYTHON: 4, WAITING: 2, TASKS: 9}
        assert (phase.seconds, phase.limit, phase.largest, phase.serial) == (9, TASKS, "count", 4)

    def test_the_bottleneck_is_the_largest_phase(self) -> None:
        phases = tuple(Phase(name, (Work(name, Spent(python=n)),)) for n, name in enumerate("abc"))
        assert Prediction(phases, 0).bottleneck.name == "c"


class TestSpent:
    def test_one_more_costs_the_difference(self) -> None:
        assert slope((Spent(1, 2, 3), Spent(3, 2, 1)), (10, 20)) == Spent(0.2, 0, 0)

    def test_noise_makes_no_cost_negative(self) -> None:
        assert without(Spent(1, 2, 3), Spent(2, 1, 0)) == Spent(0, 1, 3)
