"""The clients that are tried, as data: what is installed for each, how its program is started, and the ways.

``docs/fake-clients.md`` shows the same names, versions and ways; a test compares them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping


@dataclass(frozen=True)
class Way:
    """How a client reaches a server and who it is.

    Attributes:
        server: ``http``, ``https``, or ``443`` for https at the port of that number.
        is_oauth: whether it has a client id and a secret, not a token.
    """

    server: str
    is_oauth: bool = False


HTTP, HTTPS, PORT_443 = Way("http"), Way("https"), Way("443")
OAUTH_HTTP, OAUTH_HTTPS, OAUTH_443 = (Way(server, is_oauth=True) for server in ("http", "https", "443"))
WAYS: Mapping[Way, str] = {
    HTTP: "http",
    HTTPS: "https",
    PORT_443: "https at port 443",
    OAUTH_HTTP: "OAuth",
    OAUTH_HTTPS: "OAuth by https",
    OAUTH_443: "OAuth by https at port 443",
}


@dataclass(frozen=True)
class Client:
    """One client.

    Attributes:
        name: of its program and its folder.
        title: what people call it.
        package: what is installed, as its registry calls it.
        version: of that package.
        kind: how it is installed: ``pip``, ``npm``, ``maven``, ``go`` or ``go_command``.
        program: the file in this folder that drives it.
        ways: how it is tried.
        more: further packages with their versions.
        says_nothing: whether a warning of the client would be in its standard error, which has to be empty.
    """

    name: str
    title: str
    package: str
    version: str
    kind: str
    program: str
    ways: tuple[Way, ...]
    more: tuple[str, ...] = ()
    says_nothing: bool = False


CLIENTS = (
    Client(
        "python_sdk",
        "SDK for Python",
        "databricks-sdk",
        "0.162.0",
        "pip",
        "python_sdk.py",
        (HTTP, HTTPS, OAUTH_HTTP, OAUTH_HTTPS),
        says_nothing=True,
    ),
    Client(
        "go_sdk",
        "SDK for Go",
        "github.com/databricks/databricks-sdk-go",
        "v0.175.0",
        "go",
        "go_sdk/main.go",
        (HTTP, HTTPS, OAUTH_HTTP, OAUTH_HTTPS),
        says_nothing=True,
    ),
    Client(
        "java_sdk",
        "SDK for Java",
        "com.databricks:databricks-sdk-java",
        "0.141.0",
        "maven",
        "java_sdk/Trial.java",
        (HTTP, HTTPS, OAUTH_HTTP, OAUTH_HTTPS),
    ),
    Client(
        "javascript_sdk",
        "SDK for JavaScript",
        "@databricks/sdk-experimental",
        "0.17.0",
        "npm",
        "javascript_sdk.mjs",
        (HTTP, HTTPS, OAUTH_HTTPS),
        says_nothing=True,
    ),
    Client(
        "go_cli",
        "CLI",
        "github.com/databricks/cli",
        "v1.13.0",
        "go_command",
        "go_cli.py",
        (HTTP, HTTPS, OAUTH_HTTP, OAUTH_HTTPS),
    ),
    Client("legacy_cli", "legacy CLI", "databricks-cli", "0.18.0", "pip", "legacy_cli.py", (HTTP, PORT_443)),
    Client(
        "airflow_provider",
        "Airflow's provider",
        "apache-airflow-providers-databricks",
        "7.23.0",
        "pip",
        "airflow_provider.py",
        (HTTP, HTTPS, OAUTH_443),
        more=("apache-airflow==3.3.2",),
    ),
    Client(
        "dagster_resource",
        "Dagster",
        "dagster-databricks",
        "0.29.27",
        "pip",
        "dagster_resource.py",
        (HTTP, HTTPS, OAUTH_HTTP),
        more=("dagster==1.13.27",),
    ),
    Client(
        "prefect_tasks",
        "Prefect",
        "prefect-databricks",
        "0.4.2",
        "pip",
        "prefect_tasks.py",
        (HTTPS, OAUTH_HTTPS),
        more=("prefect==3.9.1",),
    ),
)
