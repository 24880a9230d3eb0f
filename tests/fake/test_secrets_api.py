"""The handlers of secrets, without a socket: what they answer, and what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fake.calls import refusal, view

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet

INVALID, MALFORMED = "INVALID_PARAMETER_VALUE", "MALFORMED_REQUEST"
ABSENT, TAKEN = "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"


@pytest.fixture
def scoped(quiet: Quiet) -> Quiet:
    """A workspace with the secret k of the scope s, whose value is v."""
    quiet.workspace.secrets.create_scope("s", "users")
    quiet.workspace.secrets.put("s", "k", b"v")
    return quiet


class TestSecrets:
    """Secrets: scopes, put, get, list, delete, ACLs."""

    @pytest.mark.parametrize(
        ("request_line", "body", "expected"),
        [
            ("POST /api/2.0/secrets/scopes/create", {"scope": "new"}, {}),
            ("POST /api/2.0/secrets/scopes/delete", {"scope": "S"}, {}),
            (
                "GET /api/2.0/secrets/scopes/list",
                {},
                {"scopes": [{"name": "s", "backend_type": "DATABRICKS"}]},
            ),
            ("POST /api/2.0/secrets/put", {"scope": "s", "key": "k", "string_value": ""}, {}),
            ("POST /api/2.0/secrets/put", {"scope": "s", "key": "n", "bytes_value": "dg=="}, {}),
            ("GET /api/2.0/secrets/get?scope=s&key=k", {}, {"key": "k", "value": "dg=="}),
            ("POST /api/2.0/secrets/delete", {"scope": "s", "key": "k"}, {}),
            (
                "GET /api/2.0/secrets/list?scope=s",
                {},
                {"secrets": [{"key": "k", "last_updated_timestamp": 1_600_000_000_000}]},
            ),
            ("POST /api/2.0/secrets/acls/put", {"scope": "s", "principal": "p", "permission": "READ"}, {}),
            (
                "GET /api/2.0/secrets/acls/get?scope=s&principal=users",
                {},
                {"principal": "users", "permission": "MANAGE"},
            ),
            (
                "GET /api/2.0/secrets/acls/list?scope=s",
                {},
                {"items": [{"principal": "users", "permission": "MANAGE"}]},
            ),
            ("POST /api/2.0/secrets/acls/delete", {"scope": "s", "principal": "users"}, {}),
        ],
    )
    def test_a_good_request_is_answered(
        self, scoped: Quiet, request_line: str, body: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        assert view(scoped, request_line, body) == expected

    @pytest.mark.parametrize(
        ("request_line", "body", "code", "message"),
        [
            ("POST /api/2.0/secrets/scopes/create", {}, INVALID, "Missing required field: scope"),
            ("POST /api/2.0/secrets/scopes/create", {"scope": "S"}, TAKEN, "Scope S already exists!"),
            ("POST /api/2.0/secrets/scopes/create", {"scope": "a b"}, INVALID, "Invalid scope name 'a b'"),
            (
                "POST /api/2.0/secrets/scopes/create",
                {"scope": "n", "initial_manage_principal": "me"},
                INVALID,
                'The only supported value of initial_manage_principal is "users".',
            ),
            (
                "POST /api/2.0/secrets/scopes/create",
                {"scope": "n", "scope_backend_type": "AZURE_KEYVAULT"},
                INVALID,
                "there is no Azure Key Vault here",
            ),
            (
                "POST /api/2.0/secrets/scopes/create",
                {"scope": "v", "backend_azure_keyvault": {"dns_name": "x"}},
                INVALID,
                "Field 'backend_azure_keyvault' is not supported",
            ),
            ("POST /api/2.0/secrets/scopes/delete", {"scope": "none"}, ABSENT, "Scope none does not exist!"),
            (
                "POST /api/2.0/secrets/put",
                {"scope": "s", "key": "k"},
                MALFORMED,
                "Exactly one of string_value",
            ),
            (
                "POST /api/2.0/secrets/put",
                {"scope": "s", "key": "k", "string_value": "a", "bytes_value": "dg=="},
                MALFORMED,
                "Exactly one of string_value",
            ),
            (
                "POST /api/2.0/secrets/put",
                {"scope": "s", "key": "k", "bytes_value": "!"},
                MALFORMED,
                "bytes_value is not base64.",
            ),
            (
                "POST /api/2.0/secrets/put",
                {"scope": "s", "key": "k", "string_value": "x" * (128 * 1024 + 1)},
                INVALID,
                "at most 131072 bytes",
            ),
            (
                "GET /api/2.0/secrets/get?scope=s&key=none",
                {},
                ABSENT,
                "Secret does not exist with scope: s and key: none",
            ),
            ("POST /api/2.0/secrets/delete", {"scope": "s", "key": "none"}, ABSENT, "Secret does not exist"),
            (
                "POST /api/2.0/secrets/acls/put",
                {"scope": "s", "principal": "p", "permission": "ALL"},
                INVALID,
                "Invalid permission 'ALL': one of READ, WRITE, MANAGE.",
            ),
            ("GET /api/2.0/secrets/acls/get?scope=s&principal=p", {}, ABSENT, "ACL does not exist"),
            (
                "POST /api/2.0/secrets/acls/delete",
                {"scope": "s", "principal": "p"},
                ABSENT,
                "ACL does not exist",
            ),
        ],
    )
    def test_a_bad_request_is_refused_with_a_sentence(
        self, scoped: Quiet, request_line: str, body: dict[str, Any], code: str, message: str
    ) -> None:
        _, refused, said = refusal(scoped, request_line, body)
        assert refused == code
        assert message in said
