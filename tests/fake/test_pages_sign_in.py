"""Who may see the pages: a person with a token, and no page of another site."""

from __future__ import annotations

import secrets
from typing import Iterator

import pytest

from fake_databricks.ui.sessions import MAX_CREDENTIALS, MAX_SESSIONS, Sessions, cookie, cookie_name, key_of
from fake_databricks.web.pages.routes import PAGES
from tests.fake.browsing import Browser
from tests.fake.conftest import Client

ADDRESSES = [page.path.replace("*", "1") for page in PAGES]


@pytest.fixture(name="browser")
def _browser(client: Client) -> Browser:
    return Browser(client)


class TestSigningIn:
    """Signed in by the token (a link printed at start)"""

    def test_the_link_sets_a_cookie_and_leads_to_the_address_without_the_token(
        self, browser: Browser
    ) -> None:
        answer = browser.get(f"/?token={browser.client.token}&o=7", **{"Sec-Fetch-Site": "none"}).answer
        assert (answer.status, answer.headers["location"]) == (303, "/?o=7")
        assert browser.client.token not in answer.headers["set-cookie"]
        assert answer.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")

    def test_without_a_cookie_each_page_asks_for_the_token(self, browser: Browser) -> None:
        for address in ADDRESSES:
            seen = browser.get(address)
            assert seen.status == 401
            (form,) = seen.page.all("form")
            assert (form.attributes["method"], form.attributes["action"]) == ("post", "/sign-in")
            assert [item.attributes["type"] for item in seen.page.all("input")] == ["hidden", "password"]

    def test_the_form_leads_to_the_page_that_was_asked_for(self, browser: Browser) -> None:
        target = browser.get("/runs?show=active").page.having("data-next")[0].attributes["value"]
        answer = browser.post("/sign-in", {"token": browser.client.token, "next": target}).answer
        assert (answer.status, answer.headers["location"]) == (303, "/runs?show=active")
        browser.cookie = answer.headers["set-cookie"].partition(";")[0]
        assert browser.get("/runs?show=active").status == 200

    def test_the_query_stays_where_the_token_counts_no_more(self, browser: Browser) -> None:
        made = browser.client.post("/api/2.0/token/create", comment="x")
        other = Browser(Client(browser.client.url, made["token_value"], "")).sign_in()
        browser.client.post("/api/2.0/token/delete", token_id=made["token_info"]["token_id"])
        seen = other.get("/files/dbfs?path=%2F%C3%A4")
        target = "/files/dbfs?path=%2F%C3%A4"
        assert (seen.status, seen.page.having("data-next")[0].attributes["value"]) == (403, target)

    def test_a_name_in_the_address_stays_too(self, browser: Browser) -> None:
        seen = browser.get("/clusters/%C3%A4%20b:c")
        assert seen.page.having("data-next")[0].attributes["value"] == "/clusters/%C3%A4%20b%3Ac"

    @pytest.mark.parametrize(
        "target", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y", "", "jobs"]
    )
    def test_it_leads_to_no_other_site(self, browser: Browser, target: str) -> None:
        answer = browser.post("/sign-in", {"token": browser.client.token, "next": target}).answer
        assert (answer.status, answer.headers["location"]) == (303, "/")

    def test_a_token_that_is_not_accepted_is_refused_with_the_remedy(self, browser: Browser) -> None:
        seen = browser.post("/sign-in", {"token": "<b>x", "next": "/jobs"})
        assert (seen.status, "set-cookie" in seen.answer.headers) == (403, False)
        assert "--any-token" in seen.text
        assert seen.page.having("data-next")[0].attributes["value"] == "/jobs"
        assert browser.get("/?token=nonsense", **{"Sec-Fetch-Site": "none"}).status == 403

    def test_signing_out_ends_it(self, browser: Browser) -> None:
        browser.sign_in()
        answer = browser.post("/sign-out", {}).answer
        assert (answer.status, "Max-Age=0" in answer.headers["set-cookie"]) == (303, True)
        assert browser.get("/").status == 401

    def test_a_token_that_was_deleted_shows_nothing_any_more(self, browser: Browser) -> None:
        made = browser.client.post("/api/2.0/token/create", comment="x")
        other = Browser(Client(browser.client.url, made["token_value"], "")).sign_in()
        assert other.get("/").status == 200
        browser.client.post("/api/2.0/token/delete", token_id=made["token_info"]["token_id"])
        assert other.get("/").status == 403

    def test_a_page_shows_the_workspace_of_its_token_alone(self, browser: Browser) -> None:
        browser.client.flat_job("print('x')", name="mine alone")
        other = Browser(Client(browser.client.url, "dapi-of-the-other-browser", "")).sign_in()
        assert "mine alone" in browser.sign_in().get("/jobs").text
        assert "mine alone" not in other.get("/jobs").text
        other.client.send("POST", "/_fake/reset")


@pytest.fixture(name="two")
def _two(client: Client) -> Iterator[tuple[Browser, Client]]:
    """A browser that has signed in to two workspaces, the client's and then another one; and its client."""
    other = Client(client.url, f"dapi{secrets.token_hex(16)}", client.cluster_id)
    for item, name in ((client, "of the first"), (other, "of the second")):
        item.flat_job("print(1)", name=name)
    browser = Browser(client).sign_in()
    browser.client = other
    browser.sign_in()
    browser.client = client
    yield browser, other
    other.send("POST", "/_fake/reset")


def rows(browser: Browser) -> list[list[str]]:
    """Return the workspaces of the page: id, jobs, and whether it is current."""
    found = [item for item in browser.get("/workspaces").page.all("tr") if item.is_in("tbody")]
    return [[item.text.split()[place] for place in (0, 4, 1)] for item in found]


def id_of(client: Client) -> str:
    run_id = client.post(
        "/api/2.1/jobs/run-now", job_id=client.get("/api/2.1/jobs/list")["jobs"][0]["job_id"]
    )
    address = client.get(f"/api/2.1/jobs/runs/get?run_id={run_id['run_id']}")["run_page_url"]
    return str(address.partition("?o=")[2].partition("#")[0])


class TestWorkspaces:
    """a list of workspaces: those whose tokens this browser signed in with"""

    def test_they_are_listed_and_the_last_one_is_current(self, two: tuple[Browser, Client]) -> None:
        browser, other = two
        first, second = id_of(browser.client), id_of(other)
        expected = [[first, "1", "Switch"], [second, "1", "current"]]
        assert rows(browser) == sorted(expected)
        assert "of the second" in browser.get("/jobs").text

    def test_switching_leads_to_its_first_page(self, two: tuple[Browser, Client]) -> None:
        browser, _ = two
        first = id_of(browser.client)
        answer = browser.post("/workspaces", {"action": "switch", "workspace": first}).answer
        assert (answer.status, answer.headers["location"]) == (303, "/")
        text = browser.get("/jobs").text
        assert ("of the first" in text, "of the second" in text) == (True, False)

    def test_the_address_of_a_run_leads_to_its_workspace(self, two: tuple[Browser, Client]) -> None:
        browser, _ = two
        first = id_of(browser.client)
        answer = browser.get(f"/?o={first}&x=%2F").answer
        assert (answer.status, answer.headers["location"]) == (303, f"/?o={first}&x=%2F")
        assert f"workspace {first}" in browser.get(answer.headers["location"]).text
        answer = browser.get(f"/jobs/12345?o={first}&x=%2F").answer
        assert (answer.status, answer.headers["location"]) == (303, "/jobs/12345?x=%2F")
        assert browser.get("/?o=").status == 200

    @pytest.mark.parametrize("path", ["/", "/jobs/12345/runs/98765"])
    def test_one_that_this_browser_has_no_token_of_is_asked_for(
        self, two: tuple[Browser, Client], path: str
    ) -> None:
        """The same numbers are other runs in other workspaces: a link must not lead to one of them."""
        browser, _ = two
        third = Client(browser.client.url, f"dapi{secrets.token_hex(16)}", browser.client.cluster_id)
        third.flat_job("print(1)", name="of the third")
        wanted = id_of(third)
        seen = browser.get(f"{path}?o={wanted}")
        assert (seen.status, f"The address names the workspace {wanted}," in seen.text) == (403, True)
        target = seen.page.having("data-next")[0].attributes["value"]
        assert target == f"{path}?o={wanted}"
        signed = browser.post("/sign-in", {"token": third.token, "next": target}).answer
        browser.cookie = signed.headers["set-cookie"].partition(";")[0]
        seen = browser.get(signed.headers["location"])
        if path != "/":
            assert (seen.status, seen.answer.headers["location"]) == (303, path)
            seen = browser.get(path)
        assert "of the third" in seen.text

    def test_signing_out_of_one_leaves_the_other(self, two: tuple[Browser, Client]) -> None:
        browser, other = two
        first, second = id_of(browser.client), id_of(other)
        answer = browser.post("/workspaces", {"action": "sign-out", "workspace": second}).answer
        assert (answer.status, answer.headers["location"]) == (303, "/workspaces")
        assert rows(browser) == [[first, "1", "current"]]
        assert browser.post("/workspaces", {"action": "switch", "workspace": second}).status == 404
        browser.post("/workspaces", {"action": "sign-out", "workspace": first})
        assert browser.get("/workspaces").status == 401

    def test_the_button_of_each_page_signs_out_of_all(self, two: tuple[Browser, Client]) -> None:
        browser, _ = two
        browser.post("/sign-out", {})
        assert browser.get("/workspaces").status == 401

    def test_the_workspace_of_another_browser_is_not_shown(self, two: tuple[Browser, Client]) -> None:
        browser, other = two
        alone = Browser(browser.client).sign_in()
        second = id_of(other)
        assert [row[0] for row in rows(alone)] == [id_of(browser.client)]
        for action in ("switch", "sign-out"):
            assert alone.post("/workspaces", {"action": action, "workspace": second}).status == 404
        assert len(rows(browser)) == 2

    def test_two_tokens_of_one_workspace_are_one(self, browser: Browser) -> None:
        browser.sign_in()
        client = browser.client
        made = client.post("/api/2.0/token/create", comment="x")
        browser.client = Client(client.url, made["token_value"], "")
        browser.sign_in()
        (row,) = rows(browser)
        client.post("/api/2.0/token/delete", token_id=made["token_info"]["token_id"])
        assert browser.get("/").status == 403
        assert rows(browser) == [row]  # by the token that is still there
        browser.client = client

    def test_a_form_of_a_page_from_before_changes_nothing(self, two: tuple[Browser, Client]) -> None:
        """Runs of two workspaces have the same numbers."""
        browser, _ = two
        first = id_of(browser.client)
        fields = {
            item.attributes["name"]: item.attributes["value"]
            for item in browser.get("/faults").page.all("input")
            if item.attributes["name"] == "o"
        }
        browser.post("/workspaces", {"action": "switch", "workspace": first})
        seen = browser.post("/faults", {"action": "on", "name": "slow", **fields})
        assert (seen.status, "Load the page again" in seen.text) == (400, True)
        assert browser.client.get("/_fake/faults") == {"faults": []}

    def test_a_key_from_before_counts_no_more(self, browser: Browser) -> None:
        before = browser.sign_in().cookie
        browser.sign_in()
        assert browser.get("/").status == 200
        assert browser.get("/", Cookie=before).status == 401

    @pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site", "Origin": "null"}, {"Cookie": ""}])
    def test_nobody_else_may_switch(self, two: tuple[Browser, Client], headers: dict[str, str]) -> None:
        browser, _ = two
        before = rows(browser)
        asked = {"action": "switch", "workspace": id_of(browser.client)}
        assert browser.post("/workspaces", asked, **headers).status in (401, 403)
        assert rows(browser) == before

    @pytest.mark.parametrize("fields", [{}, {"action": "switch"}, {"action": "switch", "workspace": "<b>"}])
    def test_a_wrong_form_is_refused(self, browser: Browser, fields: dict[str, str]) -> None:
        assert browser.sign_in().post("/workspaces", fields).status == 404


class TestOtherSites:
    """same protection against foreign pages as the API"""

    def test_another_site_cannot_load_a_page(self, browser: Browser) -> None:
        browser.sign_in()
        for site in ("cross-site", "same-site"):
            for more in (
                {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
                {"Sec-Fetch-Dest": "iframe"},
            ):
                seen = browser.get("/jobs", **{"Sec-Fetch-Site": site, **more})
                assert (seen.status, "may not load it" in seen.text) == (403, True)

    def test_a_link_on_another_site_leads_to_the_page(self, browser: Browser) -> None:
        seen = browser.get("/runs", **{"Sec-Fetch-Site": "cross-site"})  # a strict cookie is not sent
        (again,) = [item for item in seen.page.all("meta") if "http-equiv" in item.attributes]
        assert again.attributes == {"http-equiv": "refresh", "content": "0"}
        assert browser.get("/runs").page.having("http-equiv") == []

    def test_another_site_cannot_sign_a_person_in(self, browser: Browser) -> None:
        seen = browser.get(f"/?token={browser.client.token}", **{"Sec-Fetch-Site": "cross-site"})
        assert (seen.status, "set-cookie" in seen.answer.headers) == (401, False)
        assert seen.page.having("http-equiv") == []  # the page does not ask for the same address again

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
            {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
            {"Sec-Fetch-Site": "cross-site", "Origin": ""},
            {"Sec-Fetch-Site": "", "Origin": ""},
            {"Host": "evil.example"},
        ],
    )
    def test_another_site_cannot_send_a_form(self, browser: Browser, headers: dict[str, str]) -> None:
        browser.sign_in()
        answer = browser.post("/faults", {"action": "on", "name": "slow"}, **headers).answer
        assert answer.status == 403
        assert browser.client.get("/_fake/faults") == {"faults": []}

    def test_a_browser_that_sends_an_origin_alone_may(self, browser: Browser) -> None:
        answer = browser.sign_in().post("/faults", {"action": "all-off"}, **{"Sec-Fetch-Site": ""}).answer
        assert answer.status == 303


class TestAddressesWithoutAPage:
    """unknown pages: a page for browsers, JSON for clients of the API"""

    @pytest.mark.parametrize(
        "address", ["/nonsense", "/runs/5", "//jobs", "/jobs/1/runs", "/index.html", "/%3Cb%3E", "/static/"]
    )
    def test_a_browser_finds_a_page_that_says_so(self, browser: Browser, address: str) -> None:
        for _ in range(2):
            seen = browser.get(address)
            assert (seen.status, "There is no page at /" in seen.text) == (404, True)
            assert "Content-Security-Policy".lower() in seen.answer.headers
            assert "<b>" not in seen.source
            browser.sign_in()
        assert len(seen.page.all("nav")) == 1

    def test_where_only_a_form_leads_a_browser_is_led_on(self, browser: Browser) -> None:
        browser.sign_in()
        for address in ("/sign-in", "/sign-out"):
            answer = browser.get(address).answer
            assert (answer.status, answer.headers["location"], "set-cookie" in answer.headers) == (
                303,
                "/",
                False,
            )
        assert browser.get("/").status == 200

    def test_a_long_one_is_cut(self, browser: Browser) -> None:
        assert "x..." in browser.get("/" + "x" * 9000).text

    @pytest.mark.parametrize(
        ("address", "target"),
        [
            ("/jobs/", "/jobs"),
            ("/runs/?show=active", "/runs?show=active"),
            ("/journal/7/", "/journal/7"),
            ("/clusters/%2F%2Fevil.example/", ""),
            ("//evil.example/", ""),
            ("/clusters/%C3%A4/", "/clusters/%C3%A4"),
        ],
    )
    def test_a_slash_at_the_end_is_left_out(self, browser: Browser, address: str, target: str) -> None:
        answer = browser.get(address).answer
        assert (answer.status, answer.headers.get("location", "")) == (303 if target else 404, target)

    @pytest.mark.parametrize("address", ["/api/2.1/jobs/list", "/_fake", "/oidc/v1/x", "/.well-known/x"])
    def test_calls_stay_calls(self, browser: Browser, address: str) -> None:
        assert browser.get(address).answer.body["error_code"] == 401

    def test_a_client_that_takes_html_too_gets_an_error_of_the_api(self, client: Client) -> None:
        """As Java's does: `text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2`"""
        answer = client.send(
            "GET", "//api/2.1/jobs/list", headers={"Accept": "text/html, *; q=.2, */*; q=.2"}
        )
        assert (answer.status, answer.body["error_code"]) == (404, "ENDPOINT_NOT_FOUND")

    @pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
    def test_the_first_page_is_read_alone(self, browser: Browser, method: str) -> None:
        answer = browser.client.send(method, "/", b"{}")
        assert (answer.status, answer.body["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


class TestTheApi:
    """`/` (a browser's GET that accepts text/html); every other request stays what it was"""

    def test_a_client_finds_at_the_root_what_it_did(self, client: Client) -> None:
        answer = client.send("GET", "/", headers={"Authorization": "", "Accept": "*/*"})
        assert (answer.status, b"/api/2.1/jobs/list" in answer.content) == (200, True)

    @pytest.mark.parametrize(("method", "kind"), [("GET", ""), ("POST", "application/json")])
    def test_the_address_of_a_page_is_no_call(self, client: Client, method: str, kind: str) -> None:
        answer = client.send(method, "/faults", b"{}", {"Accept": "application/json", "Content-Type": kind})
        assert (answer.status, answer.body["error_code"]) == (404, "ENDPOINT_NOT_FOUND")

    def test_pages_leave_no_trace_in_the_journal(self, browser: Browser) -> None:
        browser.sign_in().get("/jobs")
        assert browser.client.get("/_fake/journal") == {"entries": []}

    def test_a_head_has_no_body(self, browser: Browser) -> None:
        browser.sign_in()
        headers = {"Accept": "text/html", "Authorization": "", "Cookie": browser.cookie}
        answer = browser.client.send("HEAD", "/jobs", headers=headers)
        assert (answer.status, answer.content) == (200, b"")
        assert int(answer.headers["content-length"]) > 1000


class TestCookies:
    """a cookie HttpOnly, SameSite=Strict"""

    def test_each_port_has_its_own(self) -> None:
        assert cookie_name("fake_databricks", {"host": "localhost:8080"}) == "fake_databricks_8080"
        assert (
            cookie_name("fake_databricks", {"host": "[::1]"})
            == cookie_name("fake_databricks", {"host": "fake"})
            == "fake_databricks"
        )

    def test_it_is_found_among_others(self) -> None:
        sent = {"host": "x:1", "cookie": 'a="b; fake_databricks_2=no; fake_databricks_1=k_-=; z'}
        assert key_of("fake_databricks", sent) == "k_-="
        assert key_of("fake_databricks", {"host": "x:1"}) == ""

    def test_over_tls_it_is_sent_over_tls_alone(self) -> None:
        assert cookie("fake_databricks", {"host": "x:1"}, "k", is_https=True).endswith("; Secure")

    def test_of_many_credentials_the_oldest_is_forgotten(self) -> None:
        sessions = Sessions()
        key = ""
        for number in range(MAX_CREDENTIALS + 1):
            key = sessions.open(f"t{number}", key)
        assert (sessions.credentials(key)[0], sessions.current(key)) == ("t1", f"t{MAX_CREDENTIALS}")
        sessions.choose(key, "t3")
        sessions.choose(key, "t0")
        assert sessions.current(key) == "t3"

    def test_the_oldest_is_forgotten(self) -> None:
        sessions = Sessions()
        keys = [sessions.open(f"t{number}") for number in range(MAX_SESSIONS + 1)]
        assert (sessions.current(keys[0]), sessions.current(keys[1]), len(set(keys))) == ("", "t1", len(keys))
