"""What the newest SDK can send: every call, every parameter and every field has a fate here."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import types
import typing
from typing import Any, Iterator, Mapping

import pytest

pytest.importorskip("databricks.sdk", reason="the SDK says what it can send")

from databricks.sdk.service import compute, files, iam, jobs, settings, workspace

from fake_databricks.clusters.fields import CLUSTER_FIELDS, POLICY_FIELDS, POOL_FIELDS
from fake_databricks.clusters.libraries import LIBRARY_FIELDS
from fake_databricks.clusters.listing import FILTERS, SORTS
from fake_databricks.identity.principals import KINDS
from fake_databricks.jobs.fields import JOB_CLUSTER_FIELDS, JOB_FIELDS, TASK_FIELDS
from fake_databricks.permissions.access_lists import ACCESS
from fake_databricks.request.values import Field
from fake_databricks.web import routes
from fake_databricks.web.parameters import unknown_parameters

APIS = (
    jobs.JobsAPI,
    compute.ClustersAPI,
    compute.LibrariesAPI,
    compute.InstancePoolsAPI,
    compute.ClusterPoliciesAPI,
    compute.CommandExecutionAPI,
    workspace.SecretsAPI,
    workspace.WorkspaceAPI,
    workspace.ReposAPI,
    files.DbfsAPI,
    files.FilesAPI,
    iam.PermissionsAPI,
    iam.CurrentUserAPI,
    iam.UsersV2API,
    iam.GroupsV2API,
    iam.ServicePrincipalsV2API,
    settings.TokensAPI,
)
WAITERS = ("_and_wait", "wait_")
"""Methods that call others again and again."""


@dataclasses.dataclass
class Recorder:
    """Stands in for the SDK's client of HTTP: it keeps what is sent, and answers with nothing."""

    sent: list[tuple[str, str, list[str]]] = dataclasses.field(default_factory=list)
    _cfg: Any = dataclasses.field(default_factory=lambda: types.SimpleNamespace(workspace_id=None))

    def do(self, method: str, path: str = "", **more: Any) -> dict[str, Any]:
        names = [*(more.get("query") or {}), *(more.get("body") or {})]
        self.sent.append((method, path, names))
        return {"id": "1", "cluster_id": "1", "run_id": 1}


SIMPLE: Mapping[Any, Any] = {Any: "/1", str: "/1", int: 1, float: 1.0, bool: True}


def sample(kind: Any, depth: int = 1) -> Any:
    """A value of a type, as small as it can be; at depth 0 what a type need not have is left out."""
    arguments = [item for item in typing.get_args(kind) if item is not type(None)]
    made: Any = types.SimpleNamespace(read=lambda: b"")  # a file
    if kind in SIMPLE:
        made = SIMPLE[kind]
    elif typing.get_origin(kind) is list:
        made = [sample(arguments[0], depth)]
    elif typing.get_origin(kind) is dict:
        made = {"a": sample(arguments[1], depth)}
    elif arguments:
        made = sample(arguments[0], depth)
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        made = next(iter(kind))
    elif isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        needed = [item.name for item in dataclasses.fields(kind) if item.default is dataclasses.MISSING]
        names = hints if depth > 0 else needed
        made = kind(**{name: sample(hints[name], depth - 1) for name in names})
    elif getattr(kind, "__name__", "") == "FieldMask":
        made = types.SimpleNamespace(ToJsonString=lambda: "comment")
    return made


def methods() -> list[Any]:
    return list(_methods())


def _methods() -> Iterator[Any]:
    for api in APIS:
        for name, function in inspect.getmembers(api, inspect.isfunction):
            if not name.startswith("_") and not any(waiter in name for waiter in WAITERS):
                yield pytest.param(api, function, id=f"{api.__name__}.{name}")


class TestCalls:
    """every field of the Jobs, Clusters, Libraries, Secrets, Files APIs that the newest SDK's dataclasses
    know is honoured, recorded, or refused by name ... Query parameters too"""

    @pytest.mark.parametrize(("api", "function"), methods())
    def test_each_call_is_there_and_knows_each_parameter(self, api: type, function: Any) -> None:
        hints = typing.get_type_hints(function)
        given = {name: sample(hints[name]) for name in list(inspect.signature(function).parameters)[1:]}
        recorder = Recorder()
        made = function(api(recorder), **given)
        if inspect.isgenerator(made):
            list(made)
        assert recorder.sent
        for method, path, names in recorder.sent:
            _, _, version, rest = path.split("/", 3)
            found = routes.find(method, version, f"/{rest}")
            assert found is not None, f"{method} {path} is no call here"
            assert unknown_parameters(method, found[0].path, names) == []


def text_fields(*names: str) -> Mapping[str, Field]:
    return dict.fromkeys(names, Field("text"))


CHECKED = (
    (jobs.JobSettings, JOB_FIELDS),
    (jobs.Task, TASK_FIELDS),
    (jobs.SubmitTask, TASK_FIELDS),
    (jobs.JobCluster, JOB_CLUSTER_FIELDS),
    (jobs.TaskDependency, text_fields("task_key", "outcome")),
    (jobs.JobParameterDefinition, text_fields("name", "default")),
    (jobs.JobAccessControlRequest, ACCESS),
    (compute.ClusterSpec, CLUSTER_FIELDS),
    (compute.ClusterAttributes, CLUSTER_FIELDS),
    (compute.UpdateClusterResource, CLUSTER_FIELDS),
    (compute.ClusterAccessControlRequest, ACCESS),
    (compute.Library, LIBRARY_FIELDS),
    (compute.ListClustersFilterBy, FILTERS),
    (compute.ListClustersSortBy, SORTS),
    (iam.AccessControlRequest, ACCESS),
)
NAMES = {"user_name": "userName", "display_name": "displayName", "external_id": "externalId"}


class TestFields:
    """a test walks the SDK's own types and fails for one that parity does not list"""

    @pytest.mark.parametrize(("known", "fields"), CHECKED)
    def test_each_has_a_fate(self, known: type, fields: Mapping[str, Field]) -> None:
        assert missing(known, fields) == []

    @pytest.mark.parametrize(
        ("create", "fields"),
        [
            (compute.InstancePoolsAPI.create, POOL_FIELDS),
            (compute.ClusterPoliciesAPI.create, POLICY_FIELDS),
        ],
    )
    def test_so_have_those_of_pools_and_policies(self, create: Any, fields: Mapping[str, Field]) -> None:
        hints = typing.get_type_hints(create)
        hints.pop("return")
        assert [name for name in hints if name not in fields] == []
        assert [item for name, hint in hints.items() for item in inner(hint, fields[name], name)] == []

    @pytest.mark.parametrize(
        ("known", "kind"),
        [(iam.User, "Users"), (iam.Group, "Groups"), (iam.ServicePrincipal, "ServicePrincipals")],
    )
    def test_so_have_those_of_principals(self, known: Any, kind: str) -> None:
        made = sample(known).as_dict()
        assert set(made) - set(KINDS[kind].fields) == set()


def missing(known: Any, fields: Mapping[str, Field], where: str = "") -> list[str]:
    """The fields of a type of the SDK, and of the types in it, that have no fate."""
    found = []
    for name, hint in typing.get_type_hints(known).items():
        if name not in fields:
            found.append(f"{where}{name}")
        elif fields[name].fate != "refused":
            found += inner(hint, fields[name], f"{where}{name}")
    return found


def inner(hint: Any, field: Field, where: str) -> list[str]:
    """The same for what a field holds; an object whose parts are not listed is recorded as it is."""
    arguments = [item for item in typing.get_args(hint) if item is not type(None)]
    if typing.get_origin(hint) is typing.Union or typing.get_origin(hint) is list:
        part = field.each if typing.get_origin(hint) is list else field
        return inner(arguments[0], part, where) if part is not None else []
    if dataclasses.is_dataclass(hint) and field.parts is not None:
        return missing(hint, field.parts, f"{where}.")
    return []
