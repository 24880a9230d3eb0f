"""Pages and versions become one state of a tenant, whatever the order in which they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

import pytest
from hypothesis import given, settings
from hypothesis.strategies import permutations, randoms

from contract.receiver.merge import missing_pages
from contract.receiver.store import Store

if TYPE_CHECKING:
    import random

TENANT = "client-123"


def source(version: int, created_at: str = "2026-01-01T00:00:00Z") -> Dict[str, Any]:
    return {"source_id": "s", "tenant_id": TENANT, "metadata_version": version, "created_at": created_at}


def table(name: str, rows: int) -> Dict[str, Any]:
    return {"table_id": name, "source_id": "s", "tenant_id": TENANT, "table_name": name, "row_count": rows}


def column(of: str, name: str, kind: str) -> Dict[str, Any]:
    return {
        "column_id": f"{of}.{name}",
        "table_id": of,
        "source_id": "s",
        "tenant_id": TENANT,
        "data_type": kind,
    }


def body(
    job: str,
    sources: Any = (),
    tables: Any = (),
    columns: Any = (),
    page: Optional[Tuple[int, int]] = None,
) -> Dict[str, Any]:
    whole: Dict[str, Any] = {
        "job_id": job,
        "tenant_id": TENANT,
        "metadata": {"sources": list(sources), "tables": list(tables), "columns": list(columns)},
        "quality_metrics": {},
    }
    return {**whole, "page": {"number": page[0], "of": page[1]}} if page else whole


FIRST = [
    body("j1", [source(1)], page=(1, 3)),
    body("j1", tables=[table("a", 10), table("b", 5)], page=(2, 3)),
    body("j1", columns=[column("a", "x", "int"), column("b", "y", "int")], page=(3, 3)),
]
SECOND = [
    body("j2", [source(2)], page=(1, 2)),
    body("j2", tables=[table("a", 20)], columns=[column("a", "x", "string")], page=(2, 2)),
]


def stored(bodies: List[Dict[str, Any]], keys: Optional[List[str]] = None) -> Store:
    store = Store()
    for index, each in enumerate(bodies):
        store.accept(each, "{}", {}, keys[index] if keys else None, f"t{index}")
    return store


def rows(store: Store, section: str, key: str) -> List[Any]:
    return [row[key] for row in store.state_of(TENANT)["metadata"][section]]


def history(store: Store, name: str) -> List[Any]:
    return [
        (each.version and each.version.number, each.table.text, [row.text for row in each.columns])
        for each, _, _ in store.history_of(TENANT, name)
    ]


class TestPages:
    """Issue 16: "shape, idempotency, pages merged"."""

    def test_pages_become_one_state(self) -> None:
        store = stored(FIRST)
        assert rows(store, "tables", "row_count") == [10, 5]
        assert rows(store, "columns", "data_type") == ["int", "int"]

    def test_a_newer_version_replaces_what_it_has_and_keeps_the_rest(self) -> None:
        store = stored([*FIRST, *SECOND])
        assert rows(store, "sources", "metadata_version") == [2]
        assert rows(store, "tables", "row_count") == [20, 5]
        assert rows(store, "columns", "data_type") == ["string", "int"]

    @settings(max_examples=60)
    @given(permutations([*FIRST, *SECOND]), randoms(use_true_random=False))
    def test_neither_order_nor_repetition_matters(self, order: Any, chosen: random.Random) -> None:
        wanted = stored([*FIRST, *SECOND])
        again = [*order, *(chosen.choice(order) for _ in range(3))]
        found = stored(again)
        assert found.state_of(TENANT)["metadata"] == wanted.state_of(TENANT)["metadata"]
        assert history(found, "a") == history(wanted, "a")
        assert history(found, "b") == history(wanted, "b")

    def test_a_page_that_an_earlier_job_has_brought_counts_for_the_next_job_too(self) -> None:
        resumed = [{**page, "job_id": "j9"} for page in FIRST]
        store = stored([*FIRST[:2], *resumed], ["k1", "k2", "k1", "k2", "k3"])
        assert len(store.received()) == 3
        assert store.state_of(TENANT)["last_job"] == {"job_id": "j9", "pages": 3, "missing_pages": []}
        ((version, _, columns),) = history(store, "a")
        assert (version, len(columns)) == (1, 1)

    def test_a_page_whose_source_has_not_come_is_shown_and_has_no_version(self) -> None:
        store = stored(FIRST[1:])
        assert rows(store, "tables", "row_count") == [10, 5]
        assert [version for version, _, _ in history(store, "a")] == [None]
        assert store.state_of(TENANT)["last_job"]["missing_pages"] == [1]

    def test_a_source_that_was_lost_and_begins_again_at_1_is_newer(self) -> None:
        anew = body("j3", [source(1, "2026-02-01T00:00:00Z")], [table("a", 30)])
        store = stored([*FIRST, *SECOND, anew])
        assert rows(store, "tables", "row_count") == [30, 5]
        assert [version for version, _, _ in history(store, "a")] == [1, 2, 1]

    @pytest.mark.parametrize(
        ("pages", "wanted"),
        [
            ([(None, None)], (1, [])),
            ([(1, 3), (3, 3)], (3, [2])),
            ([(1, 2), (1, 3)], (3, [2, 3])),
            ([(1, 2**62)], (2**62, list(range(2, 102)))),
        ],
    )
    def test_which_pages_are_missing(self, pages: Any, wanted: Any) -> None:
        assert missing_pages(pages) == wanted


JANUARY, FEBRUARY = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


class TestBeginningAgain:
    """Issue 16: the client has lost its tables, and a source begins at 1 again."""

    def test_under_a_clock_that_is_behind_it_is_newer_too(self) -> None:
        before = [body("j1", [source(1, FEBRUARY)], [table("a", 10)]), body("j2", [source(2, FEBRUARY)])]
        anew = body("j3", [source(1, JANUARY)], [table("a", 30)])
        store = stored([*before, anew])
        assert rows(store, "sources", "created_at") == [JANUARY]
        assert rows(store, "tables", "row_count") == [30]
        assert [row for _, row, _ in history(store, "a")][-1] == history(stored([anew]), "a")[0][1]

    @pytest.mark.parametrize(("first", "second"), [(JANUARY, FEBRUARY), (FEBRUARY, JANUARY)])
    def test_what_comes_late_of_the_lost_tables_is_older(self, first: str, second: str) -> None:
        lost = body("j1", [source(7, first)], [table("a", 10)])
        late = body("j2", [source(8, first)], [table("a", 20)])
        anew = body("j3", [source(1, second)], [table("a", 30)])
        store = stored([lost, anew, late, lost])
        assert rows(store, "tables", "row_count") == [30]
        assert [version for version, _, _ in history(store, "a")] == [7, 8, 1]

    def test_it_grows_from_there(self) -> None:
        bodies = [
            body("j1", [source(5, FEBRUARY)], [table("a", 10)]),
            body("j2", [source(1, JANUARY)], [table("a", 20)]),
            body("j3", [{**source(2, JANUARY), "base_version": 1}], [table("a", 30)]),
        ]
        assert rows(stored(bodies), "tables", "row_count") == [30]

    def test_a_page_of_both_has_the_newer_version(self) -> None:
        shared = body("j1", tables=[table("a", 10)], page=(2, 2))
        pages = [body("j1", [source(1, FEBRUARY)], page=(1, 2)), shared]
        anew = [body("j2", [source(1, JANUARY)], page=(1, 2)), {**shared, "job_id": "j2"}]
        store = stored([*pages, body("j9", [source(2, FEBRUARY)], [table("a", 90)]), *anew], list("abcdb"))
        assert rows(store, "tables", "row_count") == [10]


def scored(job: str, score: float, *sources: Any, page: Optional[Tuple[int, int]] = None) -> Dict[str, Any]:
    return {**body(job, sources, page=page), "quality_metrics": {"overall_score": score}}


class TestQuality:
    """`quality_metrics` of the state are those of the newest body, not of the last to arrive."""

    ONE, TWO = scored("j1", 70.0, source(1)), scored("j2", 80.0, source(2))
    OTHER = scored("j3", 90.0, {**source(1), "source_id": "other"})

    @pytest.mark.parametrize(
        ("bodies", "wanted"),
        [
            ([], {}),
            ([ONE, TWO], {"overall_score": 80.0}),
            ([TWO, ONE], {"overall_score": 80.0}),
            ([ONE, TWO, ONE, ONE], {"overall_score": 80.0}),
            ([TWO, OTHER], {"overall_score": 90.0}),
            ([OTHER, TWO], {"overall_score": 80.0}),
            ([TWO, OTHER, ONE], {"overall_score": 90.0}),
            ([TWO, scored("j4", 60.0, source(1, JANUARY[:-2] + "9Z"))], {"overall_score": 60.0}),
            ([TWO, scored("j4", 60.0)], {"overall_score": 60.0}),  # nothing says that it is late
        ],
    )
    def test_a_late_body_does_not_count(self, bodies: Any, wanted: Any) -> None:
        assert stored(bodies).state_of(TENANT)["quality_metrics"] == wanted

    def test_nor_does_a_late_page_without_its_source(self) -> None:
        late = {**body("j1", tables=[table("a", 1)], page=(2, 2)), "quality_metrics": {"overall_score": 1.0}}
        store = stored([scored("j1", 1.0, source(1), page=(1, 2)), self.TWO, late])
        assert store.state_of(TENANT)["quality_metrics"] == {"overall_score": 80.0}
        assert store.state_of(TENANT)["last_job"]["job_id"] == "j1"
