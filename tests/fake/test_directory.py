"""Users, groups and service principals over SCIM."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Mapping

import pytest

from fake_databricks.errors import ApiError, InvalidParameter
from fake_databricks.identity.scim_changes import changed
from fake_databricks.identity.scim_filters import matches
from fake_databricks.request.call import Reply
from fake_databricks.workspace import Workspace
from tests.fake.calls import answer, refusal

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet

ROOT = "/api/2.0/preview/scim/v2"


def scim(quiet: Quiet, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    reply = answer(quiet, f"{method} {ROOT}{path}", body or {})
    assert isinstance(reply, Reply)
    return json.loads(reply.body or b"null")


def names(found: Any, key: str = "userName") -> list[str]:
    return [item[key] for item in found.get("Resources", [])]


class TestPrincipals:
    """SCIM users and groups (read, create)"""

    def test_a_workspace_has_its_user_and_two_groups(self, quiet: Quiet) -> None:
        own = scim(quiet, "GET", "/Me")
        assert (own["userName"], own["id"]) == (quiet.workspace.user, "1")
        assert [item["display"] for item in own["groups"]] == ["users", "admins"]
        assert names(scim(quiet, "GET", "/Groups"), "displayName") == ["users", "admins"]
        assert refusal(quiet, f"DELETE {ROOT}/Users/1")[2].endswith("cannot be deleted.")

    def test_a_user_is_created_found_changed_and_deleted(self, quiet: Quiet) -> None:
        body = {"userName": "a@x", "displayName": "A", "groups": [{"value": "2"}]}
        made = scim(quiet, "POST", "/Users", body)
        assert (made["active"], made["emails"][0]["value"]) == (True, "a@x")
        assert [item["display"] for item in made["groups"]] == ["users", "admins"]
        number = made["id"]
        assert names(scim(quiet, "GET", "/Users?filter=userName+eq+%22a@x%22")) == ["a@x"]
        replaced = scim(quiet, "PUT", f"/Users/{number}", {"userName": "b@x", "groups": []})
        assert (replaced["userName"], replaced.get("displayName")) == ("b@x", None)
        patch = {"Operations": [{"op": "replace", "path": "active", "value": False}]}
        assert scim(quiet, "PATCH", f"/Users/{number}", patch)["active"] is False
        again = Workspace("1", quiet.surroundings).directory.get("Users", number)
        assert (again["userName"], again["active"]) == ("b@x", False)
        scim(quiet, "DELETE", f"/Users/{number}")
        refused = refusal(quiet, f"GET {ROOT}/Users/{number}")
        assert refused == (404, "RESOURCE_DOES_NOT_EXIST", f"User with id {number} not found.")

    def test_a_group_has_members_that_exist(self, quiet: Quiet) -> None:
        user = scim(quiet, "POST", "/Users", {"userName": "a@x"})["id"]
        made = scim(quiet, "POST", "/Groups", {"displayName": "g", "members": [{"value": user}]})
        assert made["members"] == [{"value": user, "display": "a@x", "$ref": f"Users/{user}"}]
        assert [item["display"] for item in scim(quiet, "GET", f"/Users/{user}")["groups"]] == ["users", "g"]
        gone = {"Operations": [{"op": "remove", "path": f'members[value eq "{user}"]'}]}
        assert scim(quiet, "PATCH", f"/Groups/{made['id']}", gone)["members"] == []
        added = {"Operations": [{"op": "add", "path": "members", "value": [{"value": user}]}]}
        assert len(scim(quiet, "PATCH", f"/Groups/{made['id']}", added)["members"]) == 1
        scim(quiet, "DELETE", f"/Users/{user}")
        assert scim(quiet, "GET", f"/Groups/{made['id']}")["members"] == []
        body = {"displayName": "h", "members": [{"value": "none"}]}
        assert refusal(quiet, f"POST {ROOT}/Groups", body)[2] == "Principal with id none not found."

    def test_a_service_principal_has_an_application_id(self, quiet: Quiet) -> None:
        made = scim(quiet, "POST", "/ServicePrincipals", {"displayName": "s"})
        assert len(made["applicationId"]) == 36
        assert scim(quiet, "GET", f"/ServicePrincipals/{made['id']}") == made

    def test_a_list_has_pages_an_order_and_the_attributes_that_are_asked_for(self, quiet: Quiet) -> None:
        for name in ("c@x", "b@x"):
            scim(quiet, "POST", "/Users", {"userName": name})
        query = "/Users?sortBy=userName&sortOrder=descending&startIndex=2&count=1&attributes=userName"
        found = scim(quiet, "GET", query)
        assert (found["totalResults"], found["itemsPerPage"], names(found)) == (3, 1, ["c@x"])
        assert set(found["Resources"][0]) == {"id", "schemas", "userName"}
        assert "emails" not in scim(quiet, "GET", "/Me?excludedAttributes=emails")
        assert "Resources" not in scim(quiet, "GET", "/Users?startIndex=4")

    @pytest.mark.parametrize(
        ("request_line", "body", "status", "message"),
        [
            ("POST /Users", {}, 400, "Missing required field: userName"),
            ("POST /Groups", {}, 400, "Missing required field: displayName"),
            ("POST /Groups", {"displayName": "users"}, 409, "Group with displayName users already exists."),
            ("POST /Users", {"userName": "a", "groups": [{"value": "x"}]}, 404, "Group with id x not found."),
            ("PUT /Users/none", {"userName": "a"}, 404, "User with id none not found."),
            ("GET /Users?startIndex=0", {}, 400, "startIndex must be at least 1"),
            ("GET /Users/1?filter=x", {}, 400, "Field 'filter' is for lists"),
            ("GET /Users?sortOrder=up", {}, 400, "sortOrder must be one of ascending, descending"),
        ],
    )
    def test_a_bad_request_is_refused(
        self, quiet: Quiet, request_line: str, body: dict[str, Any], status: int, message: str
    ) -> None:
        method, _, path = request_line.partition(" ")
        refused = refusal(quiet, f"{method} {ROOT}{path}", body)
        assert refused[0] == status
        assert message in refused[2]


USER = {
    "userName": "Ann@x",
    "active": True,
    "name": {"givenName": "Ann"},
    "emails": [{"value": "ann@x"}, {"value": "a@y"}],
}


class TestAnswers:
    """SCIM has its own form of errors, also for what is wrong in the request; a list keeps its order."""

    @pytest.mark.parametrize(
        ("request_line", "body", "status"),
        [
            ("POST /Users", b"{}", 400),
            ("POST /Users", b"{", 400),
            ("POST /Groups", b'{"displayName": "g", "members": "x"}', 400),
            ("GET /Users?filter=x", b"", 400),
            ("GET /Users?startIndex=x", b"", 400),
            ("PATCH /Users/1", b'{"Operations": [{"op": "x"}]}', 400),
            ("DELETE /Groups/1", b"", 400),
            ("GET /Groups/none", b"", 404),
            ("POST /Groups", b'{"displayName": "users"}', 409),
        ],
    )
    def test_a_refusal_is_one_of_scim(
        self, quiet: Quiet, request_line: str, body: bytes, status: int
    ) -> None:
        method, _, path = request_line.partition(" ")
        with pytest.raises(ApiError) as caught:
            answer(quiet, f"{method} {ROOT}{path}", body)
        envelope = caught.value.envelope()
        assert (caught.value.status, envelope["status"]) == (status, str(status))
        assert envelope["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert envelope["detail"] == caught.value.message
        wanted = {400: "invalidSyntax" if body == b"{" else "invalidValue", 409: "uniqueness"}
        assert envelope.get("scimType") == wanted.get(status)

    def test_a_list_has_the_same_order_after_a_restart(self, quiet: Quiet) -> None:
        for number in range(9):
            scim(quiet, "POST", "/Users", {"userName": f"{number}@x"})
            scim(quiet, "POST", "/Groups", {"displayName": f"g{number}"})
        again = Workspace("1", quiet.surroundings).directory
        for kind, key in (("Users", "userName"), ("Groups", "displayName")):
            before = names(scim(quiet, "GET", f"/{kind}"), key)
            assert [item[key] for item in again.list(kind)] == before
            assert before[-9:] == sorted(before[-9:])


class TestFilters:
    """SCIM users and groups (read)"""

    @pytest.mark.parametrize(
        ("text", "is_match"),
        [
            ("", True),
            ('userName eq "ann@x"', True),
            ("userName eq 'ANN@x'", True),
            ('username ne "ann@x"', False),
            ('name.givenName sw "an"', True),
            ('emails.value co "@y"', True),
            ("emails co @z", False),
            ("displayName pr", False),
            ("active eq true", True),
            ('userName eq "b" or userName eq "ann@x"', True),
            ('userName eq "b" or userName eq "ann@x" and active eq false', False),
        ],
    )
    def test_a_filter_admits(self, *, text: str, is_match: bool) -> None:
        assert matches(USER, text) is is_match

    @pytest.mark.parametrize(
        "text", ["userName", "userName is x", 'a eq "b" and', "a eq", '(a eq "b")', 'a eq "b" c']
    )
    def test_another_form_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidParameter, match="is not understood"):
            matches(USER, text)


class TestPatches:
    """SCIM: add, replace and remove"""

    @pytest.mark.parametrize(
        ("operation", "expected"),
        [
            (
                {"op": "add", "path": "roles", "value": [{"value": "b"}]},
                {"roles": [{"value": "a"}, {"value": "b"}]},
            ),
            ({"op": "Add", "path": "roles", "value": {"value": "a"}}, {"roles": [{"value": "a"}]}),
            ({"op": "remove", "path": "roles"}, {}),
            ({"op": "remove", "path": "roles", "value": [{"value": "a"}]}, {"roles": []}),
            ({"op": "replace", "value": {"roles": []}}, {"roles": []}),
            (
                {"op": "replace", "path": "name.givenName", "value": "A"},
                {"roles": [{"value": "a"}], "name": {"givenName": "A"}},
            ),
        ],
    )
    def test_each_operation(self, operation: dict[str, Any], expected: dict[str, Any]) -> None:
        assert changed({"roles": [{"value": "a"}]}, [operation], ["roles", "name"]) == expected

    @pytest.mark.parametrize(
        "operation", [{}, {"op": "move"}, {"op": "add", "path": "x[y]"}, {"op": "add", "path": "other"}, "x"]
    )
    def test_another_is_refused(self, operation: Any) -> None:
        with pytest.raises(InvalidParameter):
            changed({}, [operation], ["roles"])
