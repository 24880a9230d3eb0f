from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fake_databricks.server import FakeDatabricks, Options, RefusedOptions
from fake_databricks.web.callers import Callers

if TYPE_CHECKING:
    from tests.fake.conftest import Client

LOOPBACK = Callers("127.0.0.1")
REFUSED_HOSTS = (
    "evil.example",
    "evil.example:8080",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.example#127.0.0.1",
    "user@127.0.0.1",
    "127.0.0.1, evil.example",
    "10.0.0.1:8080",
    "0.0.0.0",  # noqa: S104  nothing is bound
    "[fe80::1]",
    "[::1",
    "",
    " ",
)
ORIGINS = (
    "http://evil.example",
    "https://127.0.0.1.evil.example",
    "http://127.0.0.1:1",
    "http://localhost:8080",
    "null",
    "",
    "file://",
    "chrome-extension://abc",
)


def objection(callers: Callers, host: str, *more: tuple[str, str], target: str = "/api") -> str:
    return callers.objection([("host", host), *more], target)


class TestHost:
    """Host must be loopback, the bound address or `--allowed-host`"""

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1:8080",
            "127.1.2.3",
            "localhost",
            "LocalHost:1",
            "localhost.",
            "[::1]:8080",
            "[::ffff:127.0.0.1]",
        ],
    )
    def test_loopback_is_this_machine(self, host: str) -> None:
        assert objection(LOOPBACK, host) == ""

    @pytest.mark.parametrize("host", REFUSED_HOSTS)
    def test_every_other_host_is_refused(self, host: str) -> None:
        assert "--allowed-host" in objection(LOOPBACK, host)

    def test_the_bound_address_and_named_hosts_are_this_server(self) -> None:
        callers = Callers("10.0.0.5", ("fake",))
        assert [objection(callers, host) for host in ("10.0.0.5:80", "FAKE:8080")] == ["", ""]
        assert objection(callers, "10.0.0.6")

    @pytest.mark.parametrize("bound", ["0.0.0.0", "::"])  # noqa: S104  nothing is bound
    def test_at_every_address_any_address_is_the_servers_and_no_name_is(self, bound: str) -> None:
        assert objection(Callers(bound), "192.168.1.7:8080") == ""
        assert objection(Callers(bound), "evil.example")

    @pytest.mark.parametrize("headers", [[], [("host", "localhost"), ("host", "evil.example")]])
    def test_there_is_exactly_one(self, headers: list[tuple[str, str]]) -> None:
        assert "exactly one Host header" in LOOPBACK.objection(headers)

    def test_the_url_of_the_request_line_counts_as_well(self) -> None:
        assert objection(LOOPBACK, "localhost", target="http://evil.example/api/2.1/jobs/list")
        assert objection(LOOPBACK, "localhost", target="http://[::1/api")
        assert objection(LOOPBACK, "localhost", target="http://127.0.0.1:80/api") == ""


class TestOrigin:
    """a foreign `Origin` is refused"""

    @pytest.mark.parametrize("origin", ORIGINS)
    def test_another_origin_is_refused(self, origin: str) -> None:
        assert "Origin" in objection(LOOPBACK, "127.0.0.1:8080", ("origin", origin))

    @pytest.mark.parametrize(
        ("host", "origin"),
        [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("localhost", "http://LOCALHOST:80"),
            ("localhost:443", "https://localhost"),
        ],
    )
    def test_the_servers_own_is_answered(self, host: str, origin: str) -> None:
        assert objection(LOOPBACK, host, ("origin", origin)) == ""

    def test_one_foreign_of_two_is_enough(self) -> None:
        own = ("origin", "http://localhost")
        assert objection(LOOPBACK, "localhost", own, ("origin", "http://evil.example"))


class TestOverHttp:
    """A web page must not run code on a developer's machine"""

    @pytest.mark.parametrize(
        "headers",
        [{"Host": "evil.example:8080"}, {"Origin": "http://evil.example"}, {"Origin": "null"}],
    )
    @pytest.mark.parametrize("path", ["/", "/.well-known/databricks-config", "/api/2.1/jobs/list", "/_fake"])
    def test_the_refusal_is_databricks_envelope_on_every_path(
        self, client: Client, path: str, headers: dict[str, str]
    ) -> None:
        answer = client.send("GET", path, headers=headers)
        assert (answer.status, answer.body["error_code"]) == (403, "PERMISSION_DENIED")

    def test_nothing_happens(self, client: Client) -> None:
        body = json.dumps({"scope": "s", "initial_manage_principal": "users"}).encode()
        for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            assert client.send("POST", "/api/2.0/secrets/scopes/create", body, headers).status == 403
        assert client.get("/api/2.0/secrets/scopes/list") == {}
        assert len(client.get("/_fake/journal")["entries"]) == 1

    def test_a_preflight_is_refused(self, client: Client) -> None:
        answer = client.send("OPTIONS", "/api/2.0/dbfs/put", headers={"Origin": "http://evil.example"})
        assert (answer.status, "access-control-allow-origin" in answer.headers) == (403, False)


class TestTokens:
    """accepted only with `--any-token` or a token that begins as the guide's (`dapi`)"""

    @pytest.mark.parametrize("token", ["anything", "DAPI1", " x", "Bearer"])
    def test_another_token_has_no_workspace(self, client: Client, token: str) -> None:
        answer = client.send("GET", "/api/2.1/jobs/list", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status, answer.body["error_code"]) == (403, 403)
        assert "--any-token" in answer.body["message"]

    def test_one_that_begins_as_the_guides_has(self, client: Client) -> None:
        headers = {"Authorization": "Bearer dapi-of-this-test"}
        assert client.send("GET", "/api/2.1/jobs/list", headers=headers).status == 200
        client.send("POST", "/_fake/reset", headers=headers)

    @pytest.mark.parametrize(
        ("options", "status"), [(Options(any_token=True), 200), (Options(tokens=("mine",)), 403)]
    )
    def test_options_decide(self, options: Options, status: int) -> None:
        with FakeDatabricks(
            Options(port=0, has_spark=False, tokens=options.tokens, any_token=options.any_token)
        ) as fake:
            from tests.fake.conftest import Client as Sender  # noqa: PLC0415  else pytest collects it here

            sender = Sender(fake.url, "x", fake.cluster_id)
            assert sender.send("GET", "/api/2.1/jobs/list").status == status
            assert Sender(fake.url, fake.token, "").send("GET", "/api/2.1/jobs/list").status == 200


class TestOptions:
    """Unsafe options are refused, and say why"""

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (Options(tokens=("t",), any_token=True), "exclude each other"),
            (Options(host="0.0.0.0", any_token=True), "--token"),  # noqa: S104  it is refused
            (Options(allowed_hosts=("http://x",)), "without a port"),
            (Options(allowed_hosts=("x:80",)), "without a port"),
            (Options(allowed_hosts=("",)), "without a port"),
        ],
    )
    def test_they_are_refused(self, options: Options, words: str) -> None:
        with pytest.raises(RefusedOptions, match=words):
            options.check()

    def test_a_name_may_be_in_capitals(self) -> None:
        Options(allowed_hosts=("Fake", "10.0.0.1")).check()
