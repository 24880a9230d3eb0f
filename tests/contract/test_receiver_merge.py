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

    @settings(max_examples=60, derandomize=True, database=None, deadline=None)
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
