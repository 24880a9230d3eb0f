"""The page of what the receiver has refused: what it says, to whom, and what it never keeps."""

from __future__ import annotations

import gzip
import json
import socket
import sys
from typing import Any, Iterator, List
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import pytest

if sys.version_info < (3, 10):
    pytest.skip("the pages need Python 3.10", allow_module_level=True)
pytest.importorskip("jinja2", reason="fake-databricks is not installed")
pytest.importorskip("cryptography", reason="fake-databricks is not installed")

from contract.receiver import MAX_BODY_BYTES, Fault, Receiver
from contract.receiver.refusals import MOST_OF_A_KEY, MOST_OF_A_TEXT
from tests.contract.platform_bodies import HOSTILE, body, column, shop, source, table
from tests.contract.test_receiver_pages import ALL, BOTH, KEYS, ONE, OTHER, Person, links
from tests.waiting import LONGEST, until

SECRET = "4111-1111-1111-1111"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(name="receiver")
def _receiver() -> Iterator[Receiver]:
    with Receiver(keys=KEYS, now=lambda: "2026-03-04T05:06:07.890Z") as receiver:
        yield receiver


def post(
    receiver: Receiver,
    key: str,
    document: Any,
    *,
    path: str = "/api/metadata",
    method: str = "POST",
    **headers: str,
) -> int:
    """Send a body, JSON unless it is bytes; return the status of the answer, 0 for none."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    own = {"Authorization": f"Bearer {key}"} if key else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(receiver.url + path, content, {**own, **JSON, **named}, method=method)
    try:
        with urlopen(request, timeout=LONGEST) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except OSError:
        return 0


def wrong(tenant: str) -> Any:
    """Return a body whose only table has a text in the place of its number of rows, and a cell value."""
    of = source(tenant, "/data/shop", 1)
    named = table(of, "orders", row_count=SECRET)
    return body(tenant, "job_1", [of], [named], [column(named, "card", 1, sample_value=SECRET)])


def refused(receiver: Receiver, key: str = ALL, tenant: str = "") -> List[List[str]]:
    """Return the rows of the page as this key sees them: status, tenant, what was said, bytes."""
    query = f"?tenant_id={quote(tenant, safe='')}" if tenant else ""
    page = Person(receiver, key).sign_in().get(f"/refused{query}").page
    (rows,) = page.all("tbody")
    cells = [item for item in page.all("th", "td") if item.parent and item.parent.parent is rows]
    texts = [" ".join(item.text.split()) for item in cells]
    return [texts[place + 1 : place + 5] for place in range(0, len(texts) - 4, 5)]


class TestWhatIsShown:
    """A developer who asks "why is my tenant not there?" finds the answer that the receiver gave."""

    @pytest.mark.parametrize(
        ("document", "headers", "row"),
        [
            (b"no json", {}, ["400", "one", "the body is no JSON: Expecting value", "7"]),
            (b"no gzip", {"Content_Encoding": "gzip"}, ["400", "one", "the body is no gzip: Error", "7"]),
            (
                b"x",
                {"Content_Type": "text/csv"},
                ["415", "one", "wanted application/json, got text/csv", "1"],
            ),
            (b"x", {"Content_Encoding": "br"}, ["415", "one", "wanted Content-Encoding gzip or none", "1"]),
            ({}, {}, ["422", "one", "job_id: wanted non-empty string, got nothing", "2"]),
            (
                wrong("one"),
                {},
                ["422", "one", "metadata.tables[0].row_count: wanted integer?, got string", ""],
            ),
            (shop("one")[1], {}, ["409", "one", "of 1 sources the version that these rows build on", ""]),
            (
                body("a/b & <c>", "j"),
                {},
                ["403", "a/b & <c>", "this API key may not speak for the tenant", ""],
            ),
        ],
        ids=["json", "gzip", "media type", "encoding", "empty", "shape", "base", "tenant"],
    )
    def test_a_refused_body_with_status_tenant_sentence_and_size(
        self, receiver: Receiver, document: Any, headers: Any, row: List[str]
    ) -> None:
        assert post(receiver, ONE, document, **headers) == int(row[0])
        ((status, tenant, said, size),) = refused(receiver, ONE)
        assert [status, tenant] == row[:2]
        assert said.startswith(row[2])
        assert size == (row[3] or f"{len(json.dumps(document)):,}")

    def test_too_large_by_its_length_and_by_what_it_unpacks_to(self, receiver: Receiver) -> None:
        packed = gzip.compress(b" " * (MAX_BODY_BYTES + 1))
        assert post(receiver, ONE, packed, Content_Encoding="gzip") == 413
        assert post(receiver, ONE, b" " * (MAX_BODY_BYTES + 1)) in (413, 0)  # 0: it was still sending
        declared, unpacked = refused(receiver, ONE)
        assert declared[0] == unpacked[0] == "413"
        assert declared[3] == f"{MAX_BODY_BYTES + 1:,}"
        assert "after unpacking" in unpacked[2]

    def test_the_newest_first_with_its_time(self, receiver: Receiver) -> None:
        for key, document in ((ONE, {}), (ONE, b"no json"), (OTHER, {})):
            post(receiver, key, document)
        assert [row[:2] for row in refused(receiver)] == [
            ["422", "a/b & <c>"],
            ["400", "one"],
            ["422", "one"],
        ]
        assert "2026-03-04 05:06:07" in Person(receiver, ALL).sign_in().get("/refused").text

    def test_another_address_or_method_is_named(self, receiver: Receiver) -> None:
        assert post(receiver, ONE, {}, path="/api/api/metadata") == 404
        assert post(receiver, ONE, {}, method="PUT") == 405
        put, posted = refused(receiver, ONE)
        assert put[2] == "/api/metadata takes GET, POST, not PUT"
        assert posted[2].startswith("there is no /api/api/metadata here")

    def test_faults_that_were_asked_for_are_said_to_be_that(self, receiver: Receiver) -> None:
        faults = [
            Fault(status=503, body=SECRET),
            Fault(drop=True, store_first=True),
            Fault(cut_after=3),
            Fault(delay_seconds=0.01),
        ]
        for fault in faults:
            receiver.fail_next(fault)
            post(receiver, ONE, body("one", "job_1"))
        receiver.fail_next(Fault(delay_seconds=0.01))
        post(receiver, ONE, {})
        rows = refused(receiver, ONE)
        assert [(row[:2], row[2].replace("a fault that was asked for", "fault")) for row in rows] == [
            (
                ["422", "one"],
                "job_id: wanted non-empty string, got nothing; fault: takes the body as usual, waits 0.01 s",
            ),
            (
                ["200", "one"],
                "fault: takes the body as usual, closes the connection after 3 bytes of the answer",
            ),
            (["none", "one"], "fault: takes the body as usual, closes the connection without an answer"),
            (["503", "one"], "fault: answers 503"),
        ]

    def test_a_body_that_ended_too_early(self, receiver: Receiver) -> None:
        port = urlsplit(receiver.url).port or 0
        with socket.create_connection(("127.0.0.1", port), timeout=LONGEST) as line:
            head = f"POST /api/metadata HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ONE}\r\n"
            more = "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
            line.sendall((head + more + '{"tenant_id"').encode())
        until(lambda: len(refused(receiver, ONE)) == 1)
        assert refused(receiver, ONE) == [
            ["400", "one", "the connection ended before the whole body had come", "1,000"]
        ]

    def test_an_address_with_a_slash_too_many_leads_to_the_right_one(self, receiver: Receiver) -> None:
        assert post(receiver, ONE, {}, path="/api/metadata/") == 307
        assert refused(receiver, ONE) == [["307", "one", f"{receiver.url}/api/metadata", "2"]]

    def test_what_was_stored_and_what_is_no_body_is_not_there(self, receiver: Receiver) -> None:
        person = Person(receiver, ALL).sign_in()
        assert post(receiver, ONE, body("one", "job_1")) == 200
        assert post(receiver, ONE, b"[]", path="/_receiver/faults") == 422
        assert person.get("/tenant").status == 400
        assert person.post("/faults", {"action": "nothing"}).status == 422
        assert person.post("/sign-in", {"key": "wrong"}).status == 403
        assert refused(receiver) == []
        assert "Nothing was refused" in person.get("/refused").text

    def test_it_is_reached_from_the_first_page_and_from_the_tenant(self, receiver: Receiver) -> None:
        post(receiver, ONE, {})
        post(receiver, OTHER, {})
        person = Person(receiver, ALL).sign_in()
        first = person.get("/")
        assert "Requests that were refused: 2." in first.text
        assert "/refused" in links(first, "/refused")
        (target, *_) = links(person.get("/tenant?tenant_id=one"), "/refused?")
        assert [row[1] for row in refused(receiver, ALL, "one")] == ["one"]
        assert "1 refused" in " ".join(person.get("/tenant?tenant_id=one").text.split())
        assert person.get(target).status == 200

    def test_more_come_in_parts(self, receiver: Receiver) -> None:
        for number in range(120):
            post(receiver, ONE, {"job_id": number})
        person = Person(receiver, ONE).sign_in()
        first = person.get("/refused")
        assert first.source.count("<tr>") == 101
        assert person.follow(first, "More requests").source.count("<tr>") == 21


class TestWhoSeesIt:
    """A key shows its tenants alone, also of what was refused."""

    def test_a_tenants_key_sees_what_is_of_its_tenant_alone(self, receiver: Receiver) -> None:
        post(receiver, ONE, {})
        post(receiver, OTHER, {})
        post(receiver, ALL, {})
        post(receiver, ALL, wrong("one"))
        post(receiver, BOTH, wrong("one"))
        post(receiver, BOTH, {})
        assert [row[1] for row in refused(receiver)] == [
            "a/b & <c>, one",
            "one",
            "one",
            "-",
            "a/b & <c>",
            "one",
        ]
        assert [row[1] for row in refused(receiver, ONE)] == ["one", "one", "one"]
        assert [row[1] for row in refused(receiver, OTHER)] == ["a/b & <c>"]
        assert len(refused(receiver, BOTH)) == 5

    def test_a_key_shows_nothing_to_the_tenant_that_its_body_names(self, receiver: Receiver) -> None:
        """A request without the right key cannot write on another tenant's page."""
        assert post(receiver, OTHER, body("one", "job_1")) == 403
        assert post(receiver, OTHER, wrong("one")) == 422
        assert refused(receiver, ONE) == []
        assert len(refused(receiver, OTHER)) == 2

    def test_the_list_of_a_tenant_has_what_came_with_the_key_of_another(self, receiver: Receiver) -> None:
        assert post(receiver, OTHER, body("one", "job_1")) == 403
        assert [row[0] for row in refused(receiver, ALL, "one")] == ["403"]
        assert [row[0] for row in refused(receiver, BOTH, "one")] == ["403"]
        assert refused(receiver, ONE, "one") == []

    @pytest.mark.parametrize("key", ["", "nv-unknown"])
    def test_without_a_known_key_a_person_of_every_tenant_alone_sees_it(
        self, receiver: Receiver, key: str
    ) -> None:
        assert post(receiver, key, body("one", "job_1")) in (401, 403)
        assert refused(receiver, ONE) == []
        assert "no key that is known here" in Person(receiver, ONE).sign_in().get("/refused").text
        ((status, tenant, said, size),) = refused(receiver)
        assert (status in ("401", "403"), tenant, size) == (True, "-", "285")
        assert said in (
            "wanted the header Authorization: Bearer <api-key>",
            "this API key is not known here",
        )

    def test_without_a_known_key_nothing_of_the_request_is_shown(self, receiver: Receiver) -> None:
        post(receiver, "", {"tenant_id": "mark-1"}, path="/mark-2", method="POST", X_Mark="mark-3")
        post(receiver, "mark-4", {}, method="MARK")
        post(receiver, "", {}, path="/?mark-5", Origin="http://mark-6")
        seen = Person(receiver, ALL).sign_in().get("/refused")
        assert len(refused(receiver)) == 3
        assert "mark" not in seen.source.lower()

    def test_another_tenant_in_the_address_is_refused(self, receiver: Receiver) -> None:
        assert Person(receiver, ONE).sign_in().get("/refused?tenant_id=two").status == 403


class TestWhatIsKept:
    """Bounded in memory; no key, no body."""

    def test_neither_a_key_nor_a_value_of_a_body(self, receiver: Receiver) -> None:
        for key, document in ((ONE, wrong("one")), ("nv-unknown", wrong("one")), (ONE, SECRET.encode())):
            post(receiver, key, document, Cookie="nv-cookie", Idempotency_Key="key-1")
        source_of_page = Person(receiver, ALL).sign_in().get("/refused").source
        for secret in (SECRET, ONE, "nv-unknown", "nv-cookie"):
            assert secret not in source_of_page

    def test_each_key_has_so_many_and_displaces_no_others(self, receiver: Receiver) -> None:
        post(receiver, ONE, {})
        for _ in range(MOST_OF_A_KEY + 5):
            post(receiver, "", {})
            post(receiver, OTHER, {})
        assert len(refused(receiver, ONE)) == 1
        person = Person(receiver, ALL).sign_in()
        assert f"Requests that were refused: {2 * MOST_OF_A_KEY + 1}." in person.get("/").text

    def test_long_texts_are_cut(self, receiver: Receiver) -> None:
        long = "t" * 100_000
        post(receiver, ALL, {**wrong("one"), "tenant_id": long})
        post(receiver, ALL, {}, path="/" + "p" * 5000)
        post(receiver, ALL, b"x", Content_Type="c" * 5000)
        person = Person(receiver, ALL).sign_in()
        assert all(len(text) <= MOST_OF_A_TEXT for row in refused(receiver) for text in row)
        assert len(person.get("/refused").source) < 10_000

    def test_hostile_texts_are_text(self, receiver: Receiver) -> None:
        post(receiver, ALL, {**wrong("one"), "tenant_id": HOSTILE, "job_id": 1})
        post(receiver, ALL, {}, path="/" + quote(HOSTILE))
        seen = Person(receiver, ALL).sign_in().get("/refused")
        assert "<script>document" not in seen.source
        assert seen.text.count("<script>document.title='taken'</script>") == 2
        assert "\x00" not in seen.source
