"""OAuth for machines: a client id and its secret get an access token for an hour (RFC 6749, section 4.4)."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Iterable, Mapping
from urllib.parse import parse_qsl, unquote_plus

from fake_databricks.errors import InvalidToken
from fake_databricks.request.call import Reply
from fake_databricks.request.values import from_base64
from fake_databricks.storage import StateError

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.storage import Cipher

SECRET_PREFIX = "dose"  # noqa: S105  how the OAuth secrets of Databricks begin
ACCESS_TOKEN_PREFIX = "oauth-"  # noqa: S105  tells an access token from one that a person has made
SECONDS = 3600
SCOPE = "all-apis"
_NARROWING = ("assume_group", "authorization_details")
_FORM = "application/x-www-form-urlencoded"


class OAuthError(Exception):
    """A refusal in the form of RFC 6749, section 5.2.

    Attributes:
        code: ``invalid_client`` and the like.
        description: what a person reads.
    """

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description

    def reply(self, *, is_basic: bool = False) -> Reply:
        """Return the answer; 401 names the way to authenticate that the client has used."""
        is_unknown_client = self.code == "invalid_client"
        headers = (
            {"WWW-Authenticate": 'Basic realm="fake_databricks"'} if is_unknown_client and is_basic else {}
        )
        body = {"error": self.code, "error_description": self.description}
        return _json(body, 401 if is_unknown_client else 400, headers)


class OAuthClients:
    """The clients that get access tokens, and their tokens.

    A token is an encrypted note of its client and its end, so nothing has to be stored. With a state folder
    it is good after a restart.

    Args:
        named: the secrets of the named clients.
        cipher: encrypts the tokens.
        clock: the time.
        is_open: whether every client gets a token whose secret begins as Databricks' do.
        any_secret: whether every secret will do then.
    """

    def __init__(
        self,
        named: Mapping[str, str],
        cipher: Cipher,
        clock: Clock,
        *,
        is_open: bool,
        any_secret: bool = False,
    ) -> None:
        self._named = dict(named)
        self._cipher = cipher
        self._clock = clock
        self._is_open = is_open
        self._any_secret = any_secret

    def admits(self, client_id: str, secret: str) -> bool:
        """Whether a client with this secret gets a token."""
        if not client_id or not secret:
            return False
        if client_id in self._named:
            return hmac.compare_digest(self._named[client_id].encode(), secret.encode())
        return self._is_open and (self._any_secret or secret.startswith(SECRET_PREFIX))

    @property
    def why_not_admitted(self) -> str:
        """The refusal of a client; the remedy is in it where the secret could be another."""
        if not self._is_open or self._any_secret:
            return "Client authentication failed."
        return (
            f"Client authentication failed: use a secret that begins with '{SECRET_PREFIX}', or start the "
            "server with --oauth-client ID=SECRET."
        )

    def issue(self, client_id: str) -> str:
        """Return a new access token of a client."""
        note = {"oauth_client": client_id, "end": self._clock.now() + SECONDS * 1000}
        return ACCESS_TOKEN_PREFIX + self._cipher.encrypt(json.dumps(note).encode())

    def client_of(self, token: str) -> str | None:
        """Return the client of an access token; None for any other token.

        Raises:
            InvalidToken: the token has expired.
        """
        if not token.startswith(ACCESS_TOKEN_PREFIX):
            return None
        try:
            note = json.loads(self._cipher.decrypt(token[len(ACCESS_TOKEN_PREFIX) :]))
            client_id, end = str(note["oauth_client"]), int(note["end"])
        except (StateError, ValueError, LookupError, TypeError):  # another server's, or made up
            return None
        if not self._is_open and client_id not in self._named:
            return None
        if self._clock.now() >= end:
            raise InvalidToken("Invalid access token: it has expired, ask /oidc/v1/token for another.")
        return client_id


def answer_token_request(clients: OAuthClients, headers: Mapping[str, str], body: bytes) -> Reply:
    """Answer ``POST /oidc/v1/token``."""
    kind, _, credential = headers.get("authorization", "").strip().partition(" ")
    is_basic = kind.lower() == "basic"
    try:
        form = _read_form(headers, body)
        _check_grant(form)
        pairs = _basic_pairs(credential.strip(), form) if is_basic else [_form_pair(form)]
        client_id = _admitted(clients, pairs)
    except OAuthError as error:
        return error.reply(is_basic=is_basic)
    token = clients.issue(client_id)
    return _json(
        {"access_token": token, "token_type": "Bearer", "expires_in": SECONDS, "scope": SCOPE}, 200, {}
    )


def _admitted(clients: OAuthClients, pairs: Iterable[tuple[str, str]]) -> str:
    for name, secret in pairs:
        if clients.admits(name, secret):
            return name
    raise OAuthError("invalid_client", clients.why_not_admitted)


def _read_form(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise OAuthError("invalid_request", f"The body must be a form: Content-Type: {_FORM}.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        raise OAuthError("invalid_request", "The form is not text in UTF-8.") from None
    form = {name: value for name, value in pairs if value}  # RFC 6749: an empty one counts as absent
    repeated = sorted({name for name in form if [key for key, _ in pairs].count(name) > 1})
    if repeated:
        raise OAuthError("invalid_request", f"A parameter is there more than once: {', '.join(repeated)}.")
    return form


def _check_grant(form: Mapping[str, str]) -> None:
    grant = form.get("grant_type")
    if grant is None:
        raise OAuthError("invalid_request", "The parameter grant_type is missing.")
    if grant != "client_credentials":
        raise OAuthError("unsupported_grant_type", "The only grant_type here is client_credentials.")
    if set(form.get("scope", SCOPE).split()) != {SCOPE}:
        raise OAuthError("invalid_scope", f"The only scope here is {SCOPE}.")
    narrowing = [name for name in _NARROWING if name in form]
    if narrowing:
        raise OAuthError("invalid_request", f"The parameter {narrowing[0]} is not supported here.")


def _form_pair(form: Mapping[str, str]) -> tuple[str, str]:
    return form.get("client_id", ""), form.get("client_secret", "")


def _basic_pairs(credential: str, form: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return id and secret as RFC 6749 encodes them (section 2.3.1), and as many clients send them."""
    if "client_secret" in form:
        raise OAuthError("invalid_request", "A client authenticates in one way: by Basic or by the form.")
    try:
        name, _, secret = from_base64(credential).decode().partition(":")
    except ValueError:  # no base64, or no text
        return []
    return [(unquote_plus(name), unquote_plus(secret)), (name, secret)]


def _json(document: Mapping[str, object], status: int, headers: Mapping[str, str]) -> Reply:
    kinds = {
        "Content-Type": "application/json; charset=utf-8",
        "Cache-Control": "no-store",
        "Pragma": "no-cache",
    }
    return Reply(status, json.dumps(document).encode(), {**kinds, **headers})
