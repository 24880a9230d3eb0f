from __future__ import annotations

import base64
import json
import secrets
import uuid
from typing import TYPE_CHECKING, Any, Callable, Iterator
from urllib.parse import quote, urlencode

import pytest

from fake_databricks.errors import InvalidToken
from fake_databricks.server import FakeDatabricks, Options, RefusedOptions
from fake_databricks.storage import Cipher
from fake_databricks.web.oauth import OAuthClients
from tests.fake.conftest import Client
from tests.fake.doubles import ManualClock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fake.conftest import Answer

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": ""}
GRANT = {"grant_type": "client_credentials", "scope": "all-apis"}
NAMED = ("4f2b-robot", "s3cret: with+signs%")


@pytest.fixture(scope="module")
def named() -> Iterator[Client]:
    """A server that knows one client, asked without a token."""
    with FakeDatabricks(Options(port=0, has_spark=False, oauth_clients=(NAMED,))) as fake:
        yield Client(fake.url, fake.token, fake.cluster_id)


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {**FORM, "Authorization": f"Basic {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"}


def ask(client: Client, headers: dict[str, str] = FORM, /, **parameters: str) -> Answer:
    return client.send("POST", "/oidc/v1/token", urlencode({**GRANT, **parameters}).encode(), headers)


def with_token(client: Client, token: str) -> Client:
    return Client(client.url, token, client.cluster_id)


class TestToken:
    """OAuth machine-to-machine (`/oidc/v1/token`, client id and secret as options) since new workspaces use
    it"""

    @pytest.mark.parametrize(
        "sent",
        [
            lambda client: ask(client, basic(*NAMED)),
            lambda client: ask(client, basic(*(quote(part, safe="") for part in NAMED))),
            lambda client: ask(client, client_id=NAMED[0], client_secret=NAMED[1]),
        ],
        ids=["Basic", "Basic, encoded as in RFC 6749", "form"],
    )
    def test_a_client_gets_a_token_for_an_hour(self, named: Client, sent: Callable[[Client], Answer]) -> None:
        answer = sent(named)
        token = answer.body["access_token"]
        assert answer.body == {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "all-apis",
        }
        assert answer.headers["cache-control"] == "no-store"
        assert with_token(named, token).get("/api/2.1/jobs/list") == {"has_more": False}

    def test_each_token_of_a_client_names_the_same_workspace(self, client: Client) -> None:
        mine, other = (str(uuid.uuid4()) for _ in range(2))
        tokens = [ask(client, basic(name, "dose-1")).body["access_token"] for name in (mine, mine, other)]
        first, second, foreign = (with_token(client, token) for token in tokens)
        first.post("/api/2.0/secrets/scopes/create", scope="s", initial_manage_principal="users")
        assert tokens[0] != tokens[1]
        assert [scope["name"] for scope in second.get("/api/2.0/secrets/scopes/list")["scopes"]] == ["s"]
        assert foreign.get("/api/2.0/secrets/scopes/list") == {}
        for each in (first, foreign):
            each.post("/_fake/reset")

    def test_a_program_has_a_token_that_does_not_expire(self, client: Client) -> None:
        """A `DATABRICKS_TOKEN` that works: an access token would end before a long run does."""
        token = ask(client, basic(str(uuid.uuid4()), "dose-1")).body["access_token"]
        robot = with_token(client, token)
        source = (
            "import os, urllib.request\n"
            "url, token = os.environ['DATABRICKS_HOST'], os.environ['DATABRICKS_TOKEN']\n"
            "asked = urllib.request.Request(f'{url}/api/2.1/jobs/list')\n"
            "asked.add_header('Authorization', f'Bearer {token}')\n"
            "print(len(token), token, urllib.request.urlopen(asked).status)\n"
        )
        run = robot.run(robot.flat_job(source))
        assert robot.output(run["run_id"])["logs"] == "36 [REDACTED] 200"
        robot.post("/_fake/reset")

    def test_with_a_state_folder_a_token_is_good_after_a_restart(self, tmp_path: Path) -> None:
        options = Options(port=0, has_spark=False, state=tmp_path, oauth_clients=(NAMED,))
        with FakeDatabricks(options) as fake:
            first = Client(fake.url, fake.token, fake.cluster_id)
            token = ask(first, basic(*NAMED)).body["access_token"]
            with_token(first, token).post("/api/2.0/secrets/scopes/create", scope="s")
        with FakeDatabricks(options) as fake:
            second = Client(fake.url, token, fake.cluster_id)
            assert second.get("/api/2.0/secrets/scopes/list")["scopes"][0]["name"] == "s"

    def test_a_secret_is_in_no_journal(self, client: Client) -> None:
        assert "dose-1" not in json.dumps(client.get("/_fake/journal"))


class TestRefusals:
    """errors as RFC 6749 (`invalid_client` 401, `unsupported_grant_type` 400)"""

    @pytest.mark.parametrize(
        ("headers", "parameters", "status", "code"),
        [
            (basic(NAMED[0], "wrong"), {}, 401, "invalid_client"),
            (basic("other", NAMED[1]), {}, 401, "invalid_client"),
            (basic("", ""), {}, 401, "invalid_client"),
            ({**FORM, "Authorization": "Basic !"}, {}, 401, "invalid_client"),
            ({**FORM, "Authorization": "Bearer dapi1"}, {}, 401, "invalid_client"),
            (FORM, {}, 401, "invalid_client"),
            (FORM, {"client_id": NAMED[0]}, 401, "invalid_client"),
            (basic(*NAMED), {"grant_type": "password"}, 400, "unsupported_grant_type"),
            (basic(*NAMED), {"grant_type": ""}, 400, "invalid_request"),
            (basic(*NAMED), {"client_id": NAMED[0], "client_secret": NAMED[1]}, 400, "invalid_request"),
            (basic(*NAMED), {"scope": "sql"}, 400, "invalid_scope"),
            (basic(*NAMED), {"assume_group": "1"}, 400, "invalid_request"),
            ({**basic(*NAMED), "Content-Type": "application/json"}, {}, 400, "invalid_request"),
        ],
    )
    def test_each_has_its_code(
        self, named: Client, headers: dict[str, str], parameters: dict[str, str], status: int, code: str
    ) -> None:
        answer = ask(named, headers, **parameters)
        assert (answer.status, answer.body["error"]) == (status, code)
        assert answer.body["error_description"]
        is_basic = headers["Authorization"].startswith("Basic") and status == 401
        assert answer.headers.get("www-authenticate", "").startswith("Basic") == is_basic

    @pytest.mark.parametrize(
        "content", [b"grant_type=client_credentials&grant_type=client_credentials", b"grant_type=%ff", b""]
    )
    def test_a_form_that_cannot_be_read_is_an_invalid_request(self, named: Client, content: bytes) -> None:
        answer = named.send("POST", "/oidc/v1/token", content, basic(*NAMED))
        assert (answer.status, answer.body["error"]) == (400, "invalid_request")

    def test_a_person_cannot_sign_in(self, named: Client) -> None:
        answer = named.send("GET", "/oidc/v1/authorize?response_type=code", headers={"Authorization": ""})
        assert (answer.status, answer.body["error"]) == (400, "unsupported_response_type")

    @pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
    def test_a_web_page_gets_none(self, named: Client, headers: dict[str, str]) -> None:
        """Nothing may weaken: a web page must not run code on a developer's machine."""
        answer = ask(named, {**basic(*NAMED), **headers})
        assert (answer.status, answer.body["error_code"]) == (403, "PERMISSION_DENIED")


class TestAdmission:
    """Without options choose as for PATs ("tokens begin with dapi") and say it in docs"""

    def clients(self, **options: Any) -> OAuthClients:
        cipher = Cipher(base64.urlsafe_b64encode(bytes(32)))
        return OAuthClients(options.pop("named", {}), cipher, options.pop("clock", ManualClock()), **options)

    @pytest.mark.parametrize(
        ("options", "secret", "is_admitted"),
        [
            ({"is_open": True}, "dose1", True),
            ({"is_open": True}, "other", False),
            ({"is_open": False}, "dose1", False),
            ({"is_open": False, "named": {"id": "s"}}, "s", True),
            ({"is_open": False, "named": {"id": "s"}}, "dose1", False),
            ({"is_open": True, "any_secret": True}, "other", True),
            ({"is_open": True, "any_secret": True}, "", False),
        ],
    )
    def test_options_decide(self, options: dict[str, Any], secret: str, *, is_admitted: bool) -> None:
        assert self.clients(**options).admits("id", secret) == is_admitted

    def test_a_token_ends_after_an_hour(self) -> None:
        clock = ManualClock()
        clients = self.clients(is_open=True, clock=clock)
        token = clients.issue("id")
        clock.move(3_599_000)
        assert clients.client_of(token) == "id"
        clock.move(1_000)
        with pytest.raises(InvalidToken, match="expired"):
            clients.client_of(token)

    def test_a_token_of_another_server_is_none(self) -> None:
        other = OAuthClients({}, Cipher(base64.urlsafe_b64encode(b"x" * 32)), ManualClock(), is_open=True)
        assert self.clients(is_open=True).client_of(other.issue("id")) is None
        assert self.clients(is_open=True).client_of("dapi-a-token") is None

    def test_a_token_of_a_client_that_is_no_longer_named_is_none(self) -> None:
        before = self.clients(is_open=False, named={"id": "s"})
        assert self.clients(is_open=False, named={"other": "s"}).client_of(before.issue("id")) is None

    def test_a_named_client_closes_the_server_to_all_tokens_but_the_printed_one(self, named: Client) -> None:
        other = with_token(named, f"dapi{secrets.token_hex(16)}")
        assert other.send("GET", "/api/2.1/jobs/list").status == 403
        assert named.send("GET", "/api/2.1/jobs/list").status == 200

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (Options(any_token=True, oauth_clients=(NAMED,)), "exclude each other"),
            (Options(oauth_clients=(("a", "s"), ("a", "t"))), "twice"),
            (Options(oauth_clients=(("", "s"),)), "ID=SECRET"),
            (Options(oauth_clients=(("a", ""),)), "ID=SECRET"),
        ],
    )
    def test_options_that_make_no_sense_are_refused(self, options: Options, words: str) -> None:
        with pytest.raises(RefusedOptions, match=words):
            options.check()

    def test_a_named_client_is_enough_for_another_host(self) -> None:
        Options(host="0.0.0.0", oauth_clients=(NAMED,)).check()  # noqa: S104  it is not bound here


class TestDiscovery:
    """`/.well-known/databricks-config` complete enough that no Go client warns"""

    def test_it_says_what_the_host_is(self, client: Client) -> None:
        answer = client.send("GET", "/.well-known/databricks-config", headers={"Authorization": ""})
        assert answer.body == {
            "oidc_endpoint": f"{client.url}/oidc",
            "cloud": "AWS",
            "host_type": "WORKSPACE_HOST",
            "token_federation_default_oidc_audiences": [f"{client.url}/oidc/v1/token"],
        }

    def test_it_names_the_workspace_where_there_is_only_one(self) -> None:
        with FakeDatabricks(Options(port=0, has_spark=False, tokens=("dapi-only",))) as fake:
            only = Client(fake.url, fake.token, fake.cluster_id)
            said = only.get("/.well-known/databricks-config")
            headers = only.send("GET", "/api/2.0/preview/scim/v2/Me").headers
        assert said["workspace_id"] == headers["x-databricks-org-id"]
        assert uuid.UUID(said["account_id"])

    def test_its_addresses_are_those_that_the_client_asks(self, client: Client) -> None:
        port = client.url.rpartition(":")[2]
        answer = client.send("GET", "/.well-known/databricks-config", headers={"Host": f"localhost:{port}"})
        assert answer.body["oidc_endpoint"] == f"http://localhost:{port}/oidc"

    def test_the_place_of_tokens_is_found(self, client: Client) -> None:
        path = "/oidc/.well-known/oauth-authorization-server"
        said = client.send("GET", path, headers={"Authorization": ""}).body
        assert said["token_endpoint"] == f"{client.url}/oidc/v1/token"
        assert said["issuer"] == f"{client.url}/oidc"
        assert said["grant_types_supported"] == ["client_credentials"]


class TestSdk:
    """Unmodified `databricks-sdk` with client_id/client_secret works against it"""

    def test_it_signs_in(self, client: Client) -> None:
        sdk = pytest.importorskip("databricks.sdk")
        robot = sdk.WorkspaceClient(host=client.url, client_id=str(uuid.uuid4()), client_secret="dose-1")
        assert robot.config.auth_type == "oauth-m2m"
        robot.secrets.create_scope("s")
        assert [scope.name for scope in robot.secrets.list_scopes()] == ["s"]
        robot.api_client.do("POST", "/_fake/reset")

    def test_a_wrong_secret_is_told(self, client: Client) -> None:
        sdk = pytest.importorskip("databricks.sdk")
        with pytest.raises(ValueError, match=r"invalid_client: .*begins with 'dose'"):
            sdk.WorkspaceClient(host=client.url, client_id="a", client_secret="b").current_user.me()
