"""Pages of lists while a client, or another one, changes them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_databricks.errors import InvalidParameter
from fake_databricks.request.pages import Order, Page, page_of
from tests.fake.calls import refusal, view
from tests.fake.jobs import flat

if TYPE_CHECKING:
    from tests.fake.conftest import Client, Quiet


def place(item: int) -> tuple[Any, ...]:
    return (f"n{item:03}", item)


ORDERS = (Order("n", place), Order("n", place, is_descending=True))


class TestPages:
    """wrong pagination (page_token, limit, offset, has_more)"""

    @given(st.sampled_from(ORDERS), st.sets(st.integers(0, 60)), st.integers(1, 7), st.data())
    def test_each_item_that_stays_is_seen_once_whatever_comes_and_goes(
        self, order: Order[int], first: set[int], size: int, data: st.DataObject
    ) -> None:
        here, kept, token = set(first), set(first), ""
        seen: list[int] = []
        while True:
            page = page_of(here, order, size, token)
            seen += page.items
            if "next_page_token" not in page.tokens:
                break
            token = page.tokens["next_page_token"]
            gone = data.draw(st.sets(st.integers(0, 60), max_size=5))
            here = (here - gone) | data.draw(st.sets(st.integers(0, 60), max_size=5))
            kept -= gone
        assert len(seen) == len(set(seen))
        assert kept <= set(seen)

    @given(st.sampled_from(ORDERS), st.integers(1, 30), st.integers(1, 7))
    def test_the_pages_before_are_the_same(self, order: Order[int], count: int, size: int) -> None:
        pages: list[Page[int]] = []
        token = ""
        while not pages or token:
            page = page_of(range(count), order, size, token)
            pages.append(page)
            token = page.tokens.get("next_page_token", "")
        for before, page in itertools.pairwise(pages):
            assert page_of(range(count), order, size, page.tokens["prev_page_token"]).items == before.items

    @pytest.mark.parametrize(
        "token",
        [
            *("1", "after.", "after.1", "after.MQ", "after.e30", "after.\u00b2", "before.WzFd"),
            *("after." + "W" * 999, "after.WyJuIiwgMV0", "before.WyJuIiwgW11d"),
        ],
    )
    def test_a_token_that_no_answer_had_is_refused(self, token: str) -> None:
        with pytest.raises(InvalidParameter, match=r"^Invalid page token: "):
            page_of(range(9), ORDERS[0], 2, token)


class TestOverHttp:
    """Loops that clean up, `for job in w.jobs.list(): w.jobs.delete(job.job_id)`, left every second page."""

    def test_jobs_that_are_deleted_while_they_are_listed(self, quiet: Quiet) -> None:
        made = [quiet.workspace.jobs.create(flat(), "2.1", "u").job_id for _ in range(9)]
        seen: list[Any] = []
        token = ""
        while True:
            page = view(quiet, f"GET /api/2.1/jobs/list?limit=2&page_token={token}")
            for job in page["jobs"]:
                view(quiet, "POST /api/2.1/jobs/delete", {"job_id": job["job_id"]})
                seen.append(job["job_id"])
            quiet.workspace.jobs.create(flat(), "2.1", "u")  # another client
            if not page["has_more"]:
                break
            token = page["next_page_token"]
        assert seen == made[::-1]

    def test_clusters_that_are_deleted_while_they_are_listed(self, quiet: Quiet) -> None:
        settings = {"spark_version": "15.4.x-scala2.12", "cluster_name": "n"}
        for _ in range(6):
            quiet.workspace.clusters.create(settings)
        quiet.clock.work()
        for order in ("ASC", "DESC"):
            before = {record.cluster_id for record in quiet.workspace.clusters.list()}
            seen: list[Any] = []
            token = ""
            while True:
                query = f"sort_by.direction={order}&page_size=2&page_token={token}"
                page = view(quiet, f"GET /api/2.1/clusters/list?{query}")
                for cluster in page["clusters"][:1]:
                    view(
                        quiet,
                        "POST /api/2.1/clusters/permanent-delete",
                        {"cluster_id": cluster["cluster_id"]},
                    )
                seen += [cluster["cluster_id"] for cluster in page["clusters"]]
                token = page.get("next_page_token", "")
                if not token:
                    break
            assert (len(seen), set(seen)) == (len(before), before)

    def test_files_that_are_deleted_while_they_are_listed(self, client: Client) -> None:
        names = ["a", "b", "d", "e", "\u00e4", "\u00fc'\"%&+ #.csv"]
        for name in names:
            quiet_name = "".join(f"%{byte:02x}" for byte in name.encode())
            client.send("PUT", f"/api/2.0/fs/files/Volumes/m/s/v/{quiet_name}", b"x")
        seen: list[Any] = []
        token = ""
        while True:
            page = client.get(f"/api/2.0/fs/directories/Volumes/m/s/v?page_size=2&page_token={token}")
            for item in page["contents"]:
                quoted = "".join(f"%{byte:02x}" for byte in item["name"].encode())
                assert client.send("DELETE", f"/api/2.0/fs/files/Volumes/m/s/v/{quoted}").status == 204
                seen.append(item["name"])
            token = page.get("next_page_token", "")
            if not token:
                break
        assert seen == sorted(names)

    def test_a_token_of_another_list_is_refused(self, quiet: Quiet) -> None:
        for _ in range(3):
            quiet.workspace.jobs.create(flat(), "2.1", "u")
            quiet.workspace.clusters.create({"spark_version": "15.4.x-scala2.12"})
        of_jobs = view(quiet, "GET /api/2.1/jobs/list?limit=1")["next_page_token"]
        of_clusters = view(quiet, "GET /api/2.1/clusters/list?page_size=1&sort_by.field=CLUSTER_NAME")
        for request in (
            f"GET /api/2.1/jobs/list?page_token={of_clusters['next_page_token']}",
            f"GET /api/2.1/clusters/list?page_token={of_jobs}",
            f"GET /api/2.1/clusters/list?page_token={of_clusters['next_page_token']}",
        ):
            assert refusal(quiet, request)[1] == "INVALID_PARAMETER_VALUE"
