"""The pages of the receiver, over HTTP: what each shows, to whom, and what none may have."""

from __future__ import annotations

import sqlite3
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Dict, Iterator, List
from urllib.error import HTTPError
from urllib.parse import quote, urlencode

import pytest

if sys.version_info < (3, 10):
    pytest.skip("the pages need Python 3.10", allow_module_level=True)
pytest.importorskip("jinja2", reason="fake-databricks is not installed")
pytest.importorskip("cryptography", reason="fake-databricks is not installed")

from contract.receiver import Fault, Receiver
from contract.receiver.pages import quality_report
from contract.receiver.pages.fault_page import READY
from contract.receiver.pages.routes import PAGES
from contract.receiver.paging import page_token
from nuvyn_executor.reports.page import policy
from tests.contract.platform_bodies import HOSTILE, body, column, hostile, post, shop, source, table
from tests.fake.browsing import Browser
from tests.fake.conftest import Client

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fake.browsing import Seen

ALL, ONE, OTHER, BOTH = "nv-key of/all", "nv-one", "nv-other", "nv-both"
KEYS = [("*", ALL), ("one", ONE), ("a/b & <c>", OTHER), ("one", BOTH), ("a/b & <c>", BOTH)]


class Person(Browser):
    """A person's browser at a receiver."""

    def __init__(self, receiver: Receiver, key: str) -> None:
        super().__init__(Client(receiver.url, key, ""))

    def sign_in(self) -> Person:
        answer = self.get(f"/?key={quote(self.client.token, safe='')}", **{"Sec-Fetch-Site": "none"}).answer
        assert answer.status == 303, answer.content
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return self

    def follow(self, seen: Seen, words: str) -> Seen:
        """Follow the link with these words."""
        (target, *_) = [
            link.attributes["href"] for link in seen.page.all("a") if " ".join(link.text.split()) == words
        ]
        return self.get(target)


@pytest.fixture(scope="module", name="receiver")
def _receiver() -> Iterator[Receiver]:
    with Receiver(keys=KEYS) as receiver:
        for number, document in enumerate([*shop("one"), body("a/b & <c>", "job_1"), hostile(HOSTILE)]):
            post(receiver.url, ALL, document, str(number))
        yield receiver


@pytest.fixture(name="empty")
def _empty() -> Iterator[Receiver]:
    with Receiver(keys=KEYS) as receiver:
        yield receiver


@pytest.fixture(scope="module", name="person")
def _person(receiver: Receiver) -> Person:
    return Person(receiver, ALL).sign_in()


def links(seen: Seen, start: str) -> List[str]:
    """Return the links of a page that begin so, in their order."""
    found = [link.attributes["href"] for link in seen.page.all("a")]
    return [target for target in found if target.startswith(start)]


def delivered(receiver: Receiver, key: str, tenant: str = "one") -> int:
    """Post a body; return the status of the answer."""
    try:
        post(receiver.url, key, body(tenant, "job_1"))
    except HTTPError as error:
        return error.code
    return 200


def on(person: Person) -> List[List[str]]:
    """Return the faults that are on: number, what happens, whose keys, bodies left."""
    page = person.get("/faults").page
    (body_of_table, *_) = page.all("tbody")
    cells = [item for item in page.all("th", "td") if item.parent and item.parent.parent is body_of_table]
    texts = [item.text.strip() for item in cells]
    rows = [texts[place : place + 6] for place in range(0, len(texts), 6)]
    return [[*row[:2], *row[3:5]] for row in rows if len(row) == 6]


def every_page(person: Person, tenant: str) -> Dict[str, Seen]:
    """Open each page by the links that lead to it, but the report."""
    found = {"/": person.get("/")}
    address = f"/tenant?{urlencode({'tenant_id': tenant})}"
    assert address in links(found["/"], "/tenant")
    found["/tenant"] = person.get(address)
    for before, place in (("/tenant", "/source"), ("/source", "/table"), ("/table", "/column")):
        found[place] = person.get(links(found[before], f"{place}?")[-1])
    found["/deliveries"] = person.get(links(found["/tenant"], "/deliveries")[0])
    return found


class TestWhatIsShown:
    """Issue 18.3: "tenants, sources, tables, columns, scores, history, what arrived and when, confirmed"."""

    def test_all_pages_are_reached_by_links(self, person: Person) -> None:
        seen = every_page(person, "one")
        seen["/report"] = person.get(links(seen["/tenant"], "/report")[0])
        seen["/faults"] = person.get(links(seen["/"], "/faults")[0])
        seen["/refused"] = person.get(links(seen["/"], "/refused")[0])
        assert set(seen) == {page.path for page in PAGES}
        assert {one.status for one in seen.values()} == {200}

    def test_tenants_with_their_scores_and_arrivals(self, person: Person) -> None:
        rows = [row.text.split() for row in person.get("/").page.all("tr")]
        (one,) = [row for row in rows if row[0] == "one"]
        assert one[:3] == ["one", "88.50", "3"]

    def test_a_tenant_with_its_sources_and_which_version_is_confirmed(self, person: Person) -> None:
        seen = person.get("/tenant?tenant_id=one")
        rows = {row.text.split()[0]: row.text for row in seen.page.all("tr")}
        assert rows["/data/shop"].split()[:4] == ["/data/shop", "csv", "2", "2"]
        assert "pages are missing" in rows["/data/flights"]
        assert "2 sources 3 tables 4 columns 3 bodies" in " ".join(seen.text.split())
        assert "of its 2 pages 1 missing" in seen.text

    def test_a_source_with_its_tables_and_versions(self, person: Person) -> None:
        seen = person.follow(person.get("/tenant?tenant_id=one"), "/data/shop")
        first = [row.text.split()[0] for row in seen.page.all("tr")]
        assert first == ["Table", "customers", "orders", "Version", "2", "1"]
        assert "Version 2 is confirmed" in seen.text
        assert "requested_path" in seen.text

    def test_a_table_with_its_columns_and_history(self, person: Person) -> None:
        source_page = person.follow(person.get("/tenant?tenant_id=one"), "/data/shop")
        seen = person.follow(source_page, "orders")
        assert [row.text.split()[1] for row in seen.page.all("tr") if "string" in row.text] == ["id", "email"]
        history = [row.text.split() for row in seen.page.all("tr") if "job_00000000000" in row.text]
        assert [(row[0], row[3:6]) for row in history] == [
            ("2", ["job_000000000002", "94.50", "1,200"]),
            ("1", ["job_000000000001", "90.00", "1,000"]),
        ]

    def test_what_arrived_the_newest_first(self, person: Person) -> None:
        rows = person.get("/deliveries?tenant_id=one").page.all("tr")[1:]
        assert [row.text.split()[3] for row in rows] == [f"job_00000000000{n}" for n in (3, 2, 1)]
        assert "1 of 2" in rows[0].text

    def test_what_arrived_names_its_sources_and_leads_to_them(self, person: Person) -> None:
        seen = person.follow(person.get("/tenant?tenant_id=one"), "3 bodies")
        assert "/data/shop : 2" in seen.text
        assert "/data/shop" in person.follow(seen, "/data/shop").page.all("h1")[0].text

    def test_lists_have_the_begin_of_a_long_name_and_its_page_all_of_it(self, empty: Receiver) -> None:
        of = source("one", "/data/" + "s" * 900, 1)
        long = table(of, "t" * 900)
        post(empty.url, ALL, body("one", "job_1", [of], [long], [column(long, "c" * 900, 1)]))
        person = Person(empty, ALL).sign_in()
        pages = every_page(person, "one")
        for page, letter in (("/tenant", "s"), ("/source", "t"), ("/table", "c")):
            rows = [item.text for item in pages[page].page.all("bdi") if item.is_in("tbody")]
            (name,) = [row for row in rows if letter * 100 in row]
            assert len(name) < 200, page
        assert "c" * 900 in pages["/column"].text

    def test_an_empty_store(self, empty: Receiver) -> None:
        person = Person(empty, ALL).sign_in()
        assert "Nothing has come yet." in person.get("/").text
        assert "No source has come." in person.get("/tenant?tenant_id=nobody").text
        assert person.get("/report?tenant_id=nobody").status == 404

    def test_faults_wait_and_pages_do_not_meet_them(self, empty: Receiver) -> None:
        empty.fail_next(Fault(status=503), times=3)
        person = Person(empty, ALL).sign_in()
        assert "3 of the next bodies meet a fault" in person.get("/").text
        assert "None: the next body is answered as usual." not in person.get("/").text

    def test_a_state_that_cannot_be_read_is_a_sentence(self, tmp_path: Path) -> None:
        with Receiver(ALL, state=tmp_path / "platform.db") as receiver:
            person = Person(receiver, ALL).sign_in()
            with closing(sqlite3.connect(tmp_path / "platform.db")) as other:
                other.execute("DROP TABLE deliveries")
                other.commit()
            seen = person.get("/")
        assert (seen.status, "The state cannot be read now: no such table" in seen.text) == (503, True)

    @pytest.mark.parametrize(
        ("target", "status"),
        [
            ("/tenant", 400),
            ("/source?tenant_id=one", 400),
            ("/source?tenant_id=one&source_id=none", 404),
            ("/table?tenant_id=one&table_id=none", 404),
            ("/column?tenant_id=one&column_id=%00", 404),
            ("/tenant?tenant_id=one&page_token=x", 400),
            ("/tenant?tenant_id=one&page_token=WzEsICJhIl0=", 400),  # a number where names stand
            ("/tenant?tenant_id=one&page_token=W251bGwsICJhIl0=", 400),
            ("/deliveries?tenant_id=one&before=x", 200),
        ],
    )
    def test_wrong_addresses_are_refused_with_a_sentence(
        self, person: Person, target: str, status: int
    ) -> None:
        seen = person.get(target)
        assert seen.status == status
        assert len(seen.page.all("h1")) == 1

    @pytest.mark.parametrize("place", [10**30, -(10**30), float("nan"), float("inf")])
    def test_a_place_beyond_every_number_is_none(self, person: Person, place: float) -> None:
        table = links(every_page(person, "one")["/source"], "/table")[-1]
        assert person.get(f"{table}&page_token={page_token([place, 'x'])}").status == 400


class TestReport:
    """Issue 18.3: "the quality report of a tenant by the same code"."""

    def test_it_is_made_of_what_has_come(self, person: Person) -> None:
        text = person.get("/report?tenant_id=one").source
        for words in (
            "Data quality report",
            "orders",
            "customers",
            "flights",
            "7 values are no e-mail addresses",
        ):
            assert words in text

    def test_of_a_source_it_has_the_scores_that_were_sent_and_its_history(self, person: Person) -> None:
        source_page = person.follow(person.get("/tenant?tenant_id=one"), "/data/shop")
        text = person.follow(source_page, "Quality report of this source").source
        assert "91.25" in text
        assert "86.00" in text
        assert "Scores over time" in text
        assert "1,000" in text
        assert "1,200" in text
        assert "flights" not in text

    def test_its_policy_is_its_own(self, person: Person) -> None:
        headers = person.get("/report?tenant_id=one").answer.headers
        assert headers["content-security-policy"] == f"{policy()}; frame-ancestors 'none'"
        assert "unsafe" not in headers["content-security-policy"]

    def test_rows_that_have_only_what_they_must(self, empty: Receiver) -> None:
        of = {"tenant_id": "one", "source_id": "s"}
        least = {
            "sources": [
                {**of, "source_name": "", "source_path": "", "source_type": "", "files_found": 0,
                 "total_size_bytes": 0, "metadata_version": 0}
            ],
            "tables": [
                {**of, "table_id": "t", "table_name": "", "file_format": "", "row_count": None,
                 "column_count": None, "overall_score": None, "details": None, "removed_at": None}
            ],
            "columns": [
                {**of, "table_id": "t", "column_id": "c", "column_name": "", "ordinal_position": 0,
                 "data_type": "", "details": None, "removed_at": None}
            ],
        }  # fmt: skip
        post(empty.url, ALL, {"job_id": "j", "tenant_id": "one", "metadata": least, "quality_metrics": {}})
        person = Person(empty, ALL).sign_in()
        seen = [*every_page(person, "one").values(), person.get("/report?tenant_id=one")]
        assert {one.status for one in seen} == {200}

    def test_more_than_it_can_show_is_refused(self, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(quality_report, "MOST_COLUMNS", 3)
        seen = person.get("/report?tenant_id=one")
        assert (seen.status, "these are 4" in seen.text) == (413, True)

    def test_without_the_executor_it_says_what_is_missing(
        self, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "nuvyn_executor.reports", None)
        seen = person.get("/report?tenant_id=one")
        assert (seen.status, "nuvyn-executor" in seen.text) == (501, True)


class TestKeys:
    """Issue 18.3: a tenant's key shows only that tenant."""

    def test_a_key_shows_its_tenant_alone(self, receiver: Receiver) -> None:
        person = Person(receiver, ONE).sign_in()
        first = [row.text.split()[0] for row in person.get("/").page.all("tr")]
        assert first == ["Tenant", "one"]
        for page in PAGES:
            if page.path in ("/", "/faults"):  # they have no tenant in their addresses
                continue
            seen = person.get(
                f"{page.path}?tenant_id={quote('a/b & <c>')}&source_id=x&table_id=x&column_id=x"
            )
            assert (page.path, seen.status) == (page.path, 403)
            assert "use the key of that tenant" in seen.text

    def test_a_key_of_two_shows_both(self, receiver: Receiver) -> None:
        person = Person(receiver, BOTH).sign_in()
        assert [row.text.split()[0] for row in person.get("/").page.all("tr")] == ["Tenant", "a/b", "one"]
        assert person.follow(person.get("/"), "a/b & <c>").status == 200

    def test_a_tenant_of_which_nothing_has_come_is_shown(self, empty: Receiver) -> None:
        assert Person(empty, ONE).sign_in().follow(Person(empty, ONE).sign_in().get("/"), "one").status == 200

    def test_the_link_leads_to_the_address_without_the_key(self, receiver: Receiver) -> None:
        person = Person(receiver, ALL)
        answer = person.get(f"/?key={quote(ALL, safe='')}", **{"Sec-Fetch-Site": "none"}).answer
        assert (answer.status, answer.headers["location"]) == (303, "/")
        assert answer.headers["set-cookie"].startswith("nuvyn_receiver_")
        assert answer.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")
        assert ALL not in answer.headers["set-cookie"]

    def test_without_a_cookie_each_page_asks_for_the_key(self, receiver: Receiver) -> None:
        for page in PAGES:
            seen = Person(receiver, ALL).get(page.path)
            assert seen.status == 401
            assert [item.attributes["type"] for item in seen.page.all("input")] == ["hidden", "password"]

    def test_the_form_leads_to_the_page_that_was_asked_for(self, receiver: Receiver) -> None:
        person = Person(receiver, ALL)
        target = f"/tenant?tenant_id={quote('a/b & <c>')}"
        shown = person.get(target).page.having("data-next")[0].attributes["value"]
        answer = person.post("/sign-in", {"key": ALL, "next": shown}).answer
        person.cookie = answer.headers["set-cookie"].partition(";")[0]
        seen = person.get(answer.headers["location"])
        assert (seen.status, "a/b & <c>" in seen.text) == (200, True)

    @pytest.mark.parametrize("key", ["", "unknown", "<script>", "\x00", "ключ"])
    def test_another_key_is_refused(self, receiver: Receiver, key: str) -> None:
        seen = Person(receiver, ALL).post("/sign-in", {"key": key})
        assert (seen.status, "set-cookie" in seen.answer.headers) == (403, False)
        assert "this API key is not known here" in seen.text

    def test_signing_out_ends_it(self, receiver: Receiver) -> None:
        person = Person(receiver, ALL).sign_in()
        assert person.post("/sign-out", {}).status == 303
        assert person.get("/").status == 401

    def test_a_cookie_is_no_key_of_the_api(self, receiver: Receiver) -> None:
        person = Person(receiver, ALL).sign_in()
        assert person.get("/api/metadata?tenant_id=one").status == 401


class TestFaults:
    """A key switches in a browser the faults that it may switch by `/_receiver/faults`, and no others."""

    def test_one_that_stands_ready_is_switched_on_and_met_and_off(self, empty: Receiver) -> None:
        person = Person(empty, ALL).sign_in()
        answer = person.post("/faults", {"action": "on", "name": "unavailable"}).answer
        assert (answer.status, answer.headers["location"]) == (303, "/faults")
        assert (delivered(empty, ONE), on(person)) == (503, [["1", "answers 503", "all keys", "1"]])
        person.post("/faults", {"action": "off", "number": "1"})
        assert (delivered(empty, ONE), on(person)) == (200, [])

    @pytest.mark.parametrize("name", READY)
    def test_each_that_stands_ready_is_one_of_the_api(self, empty: Receiver, name: str) -> None:
        person = Person(empty, ALL).sign_in()
        assert person.post("/faults", {"action": "on", "name": name}).status == 303
        by_page = person.client.get("/_receiver/faults")
        person.client.send("DELETE", "/_receiver/faults")
        person.client.post("/_receiver/faults", **READY[name])
        assert by_page == person.client.get("/_receiver/faults")
        assert len(by_page["faults"]) == READY[name].get("times", 1)

    def test_a_form_of_another_keys_page_changes_nothing(self, empty: Receiver) -> None:
        """Two windows share a cookie: one signs in with another key, the other still shows its forms."""
        first, second = Person(empty, ONE).sign_in(), Person(empty, OTHER).sign_in()
        for person in (first, second):
            person.post("/faults", {"action": "on", "name": "busy"})
        page = first.get("/faults").page
        fields = [item for item in page.all("input") if item.attributes.get("type") == "hidden"]
        forms = [form for form in page.all("form") if form.attributes["action"] == "/faults"]
        assert len(forms) == len(READY) + 3
        for form in forms:
            own = [item.attributes for item in fields if form.holds(item)]
            seen = second.post("/faults", {item["name"]: item["value"] for item in own} | {"status": "500"})
            assert seen.status == 422
            assert "with another key" in seen.text
        assert len(on(second)) == 1

    def test_they_are_met_in_order_and_the_bodies_left_are_counted(self, empty: Receiver) -> None:
        person = Person(empty, ALL).sign_in()
        for fields in ({"status": "429", "retry_after": "7", "times": "2"}, {"status": "500"}):
            person.post("/faults", {"action": "add", **fields})
        rows = [
            ["1", "answers 429 with Retry-After: 7", "all keys", "2"],
            ["2", "answers 500", "all keys", "1"],
        ]
        assert on(person) == rows
        assert (delivered(empty, ALL), on(person)[0][-1]) == (429, "1")
        assert "2 of the next bodies meet a fault" in person.get("/").text
        assert [delivered(empty, ALL) for _ in range(3)] == [429, 500, 200]

    def test_one_of_ones_own(self, empty: Receiver) -> None:
        person = Person(empty, ALL).sign_in()
        fields = {"status": " 503 ", "message": "no <b>", "delay_seconds": "0.25", "pause_seconds": "0"}
        more = {"cut_after": "3", "times": "", "store_first": "1", "retry_after": "", "x": "y"}
        assert person.post("/faults", {"action": "add", **fields, **more}).status == 303
        (added,) = person.client.get("/_receiver/faults")["faults"]
        assert added == {
            "status": 503,
            "body": {"error": {"code": "scripted", "message": "no <b>"}},
            "headers": {},
            "store_first": True,
            "drop": False,
            "delay_seconds": 0.25,
            "cut_after": 3,
            "pause_seconds": 0,
        }
        assert on(person)[0][1] == (
            "takes the body as usual, waits 0.25 s, answers 503, "
            "closes the connection after 3 bytes of the answer"
        )
        person.post("/faults", {"action": "all-off"})
        assert person.client.get("/_receiver/faults") == {"faults": []}

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"action": "on", "name": "nothing"},
            {"action": "off"},
            {"action": "off", "number": "x"},
            {"action": "add"},
            {"action": "add", "status": "999"},
            {"action": "add", "status": "5.5"},
            {"action": "add", "status": "<script>"},
            {"action": "add", "drop": "1", "times": "0"},
            {"action": "add", "drop": "1", "delay_seconds": "nan"},
            {"action": "add", "status": "503", "retry_after": "1\r\nX: y"},
        ],
    )
    def test_a_wrong_one_is_refused_with_a_sentence(self, empty: Receiver, fields: Dict[str, str]) -> None:
        empty.fail_next(Fault(status=503))
        person = Person(empty, ALL).sign_in()
        seen = person.post("/faults", fields)
        assert (seen.status, len(seen.page.all("h1"))) == (422, 1)
        assert on(person) == [["1", "answers 503", "all keys", "1"]]

    def test_a_key_sees_and_switches_those_of_its_tenants_alone(self, empty: Receiver) -> None:
        one, other, everybody = (Person(empty, key).sign_in() for key in (ONE, OTHER, ALL))
        one.post("/faults", {"action": "on", "name": "refused"})
        assert (on(one), on(other)) == ([["1", "answers 400", "one", "1"]], [])
        for fields in ({"action": "off", "number": "1"}, {"action": "all-off"}):
            assert other.post("/faults", fields).status == 303
        assert on(everybody) == on(one) == [["1", "answers 400", "one", "1"]]
        assert delivered(empty, OTHER, "a/b & <c>") == 200
        assert delivered(empty, ONE) == 400
        everybody.post("/faults", {"action": "on", "name": "refused"})
        assert on(one) == []
        assert "None: the next body is answered as usual." in one.get("/").text

    def test_hostile_values_are_text(self, empty: Receiver) -> None:
        client = Client(empty.url, OTHER, "")
        client.post("/_receiver/faults", status=503, headers={"Retry-After": HOSTILE[:30]}, body=HOSTILE)
        seen = Person(empty, ALL).sign_in().get("/faults")
        assert [script.attributes.get("src") for script in seen.page.all("script")] == ["/static/pages.js"]
        assert "<script>document" not in seen.source
        assert "<script>document.title='taken'</script>" in seen.text
        assert "a/b & <c>" in seen.text

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
            {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
            {"Sec-Fetch-Site": "", "Origin": ""},
            {"Cookie": ""},
        ],
    )
    def test_nobody_else_may(self, empty: Receiver, headers: Dict[str, str]) -> None:
        person = Person(empty, ALL).sign_in()
        assert person.post("/faults", {"action": "on", "name": "busy"}, **headers).status in (401, 403)
        assert on(person) == []


class TestForeignPages:
    """The protection against pages of other sites is that of the pages of fake_databricks."""

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
            {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
            {"Sec-Fetch-Site": "cross-site", "Origin": ""},
        ],
    )
    def test_no_form_of_another_site(self, receiver: Receiver, headers: Dict[str, str]) -> None:
        person = Person(receiver, ALL)
        assert person.post("/sign-in", {"key": ALL}, **headers).status == 403

    def test_no_part_of_another_site(self, person: Person) -> None:
        for mode, target in (("no-cors", "image"), ("navigate", "iframe")):
            headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": target}
            assert person.get("/", **headers).status == 403

    def test_a_link_of_another_site_signs_nobody_in(self, receiver: Receiver) -> None:
        seen = Person(receiver, ALL).get(f"/?key={quote(ALL, safe='')}", **{"Sec-Fetch-Site": "cross-site"})
        assert (seen.status, "set-cookie" in seen.answer.headers) == (401, False)

    def test_every_answer_has_the_policy(self, person: Person) -> None:
        for target in ("/", "/tenant", "/faults", "/static/pages.css", "/report?tenant_id=one"):
            headers = person.get(target).answer.headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"


class TestHostileNames:
    """every value escaped: tenants, paths, tables, columns, jobs, levels, times with `<script>`"""

    def test_nothing_of_them_is_markup(self, person: Person) -> None:
        for one in every_page(person, HOSTILE).values():
            assert one.status == 200
            assert [script.attributes.get("src") for script in one.page.all("script")] == ["/static/pages.js"]
            assert "<script>document" not in one.source
            assert "\x00" not in one.source
            assert "<script>document.title='taken'</script>" in one.page.text

    def test_nor_in_the_report(self, person: Person) -> None:
        seen = person.get(f"/report?tenant_id={quote(HOSTILE)}")
        assert seen.status == 200
        assert "<script>document" not in seen.source
        assert "It shows cell values" in seen.source  # the client has sent some


class TestTheApi:
    """The API stays what it is for programs; pages are not in it."""

    @pytest.mark.parametrize("path", [page.path for page in PAGES])
    def test_the_address_of_a_page_is_no_call(self, receiver: Receiver, path: str) -> None:
        client = Client(receiver.url, ALL, "")
        answer = client.send("GET", path, b"", {"Accept": "application/json"})
        assert (answer.status, answer.body["error"]["code"]) == (404, "not_found")

    def test_an_address_without_a_page_is_said_to_a_browser(self, person: Person) -> None:
        seen = person.get("/nonsense")
        assert (seen.status, "There is no page at /nonsense here." in seen.text) == (404, True)
        assert person.get("/tenant/?tenant=x").answer.headers["location"] == "/tenant?tenant=x"

    def test_a_browser_gets_json_where_the_api_is(self, person: Person) -> None:
        assert person.get("/health").answer.body == {"status": "ok"}

    def test_a_head_has_no_body(self, person: Person) -> None:
        headers = {"Accept": "text/html", "Authorization": "", "Cookie": person.cookie}
        answer = person.client.send("HEAD", "/", headers=headers)
        assert (answer.status, answer.content) == (200, b"")
        assert int(answer.headers["content-length"]) > 1000


class TestManyColumns:
    """Works with 100,000 columns in the store: pages by limit and token."""

    def test_lists_come_in_parts(self, empty: Receiver) -> None:
        of = source("one", "/wide", 1)
        tables = [table(of, f"t{number:05}", column_count=400) for number in range(250)]
        for start in range(0, 250, 50):
            columns = [
                column(each, f"c{place}", place)
                for each in tables[start : start + 50]
                for place in range(1, 401)
            ]
            page = {"number": start // 50 + 1, "of": 5}
            post(empty.url, ALL, body("one", "job_1", [of], tables[start : start + 50], columns, page=page))
        person = Person(empty, ALL).sign_in()
        began = time.process_time()  # not spent by other programs; the receiver runs in this process
        seen = person.get("/tenant?tenant_id=one")
        assert "1 sources 250 tables 100000 columns" in " ".join(seen.text.split())
        names = []
        seen = person.follow(seen, "/wide")
        while True:
            names += [row.text.split()[0] for row in seen.page.all("tr") if row.text.split()[0][0] == "t"]
            if "More tables" not in seen.text:
                break
            seen = person.follow(seen, "More tables")
        assert names == [each["table_name"] for each in tables]
        places = []
        seen = person.follow(seen, "t00249")
        while True:
            places += [int(row.text.split()[0]) for row in seen.page.all("tr") if "string" in row.text]
            if "More columns" not in seen.text:
                break
            seen = person.follow(seen, "More columns")
        assert places == list(range(1, 401))
        assert person.get("/report?tenant_id=one").status == 413
        assert time.process_time() - began < 15
