"""What a source of a mount names (``s3a://bucket/path``), and the credentials for it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import Any, Mapping
from urllib.parse import SplitResult, unquote, urlsplit

from fake_databricks.errors import InvalidParameter

S3, AZURE = "S3", "Azure"
KINDS = {"s3": S3, "s3a": S3, "s3n": S3, "wasb": AZURE, "wasbs": AZURE, "abfs": AZURE, "abfss": AZURE}
FORMS = "s3a://bucket/path, wasbs://container@account.blob.core.windows.net/path or abfss://..."
CONNECTION_STRING = "AZURE_STORAGE_CONNECTION_STRING"
EMULATOR = "devstoreaccount1"
# The key of every emulator, as its documentation prints it: no secret.
EMULATOR_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
EMULATOR_STRING = (
    f"AccountName={EMULATOR};AccountKey={EMULATOR_KEY};BlobEndpoint=http://127.0.0.1:10000/{EMULATOR}"
)
WANTED = {
    S3: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or fs.s3a.access.key and fs.s3a.secret.key)",
    AZURE: f"{CONNECTION_STRING} (or fs.azure.account.key.<account>.blob.core.windows.net)",
}
"""What to set where a store wants other credentials."""


@dataclass(frozen=True)
class Source:
    """A bucket or container, and the path in it.

    Attributes:
        kind: ``S3`` or ``Azure``.
        container: the name of the bucket or container.
        prefix: the path below which the objects are; empty for all objects.
        account: the storage account of Azure; empty for S3.
        shown: the source without credentials.
    """

    kind: str
    container: str
    prefix: str
    account: str
    shown: str


@dataclass(frozen=True)
class Access:
    """How a store is asked.

    Attributes:
        options: settings of the store without a secret (endpoint, region, account).
        credential: fixed credentials as the library takes them; empty where requests are not signed.
        principal: client id, secret and tenant of a service principal of Azure.
        endpoint: the server that is asked; empty for the cloud's own.
    """

    options: Mapping[str, Any]
    credential: Mapping[str, Any] = field(default_factory=dict, repr=False)
    principal: Mapping[str, str] = field(default_factory=dict, repr=False)
    endpoint: str = ""

    def secrets(self) -> tuple[str, ...]:
        """Return the values that no output may show."""
        fields = ("secret_access_key", "token", "access_key", "sas_token", "client_secret")
        values = {**self.credential, **self.principal}
        return tuple(str(values[name]) for name in fields if values.get(name))


def parse_source(text: str) -> tuple[Source, dict[str, str]]:
    """Return a source, and the credentials that its URL has (``s3a://KEY:SECRET@bucket``).

    Raises:
        InvalidParameter: it is no source of a known kind.
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        raise InvalidParameter(f"The source of a mount must be {FORMS}.") from None
    kind = KINDS.get(parts.scheme.lower())
    if kind is None:
        raise InvalidParameter(f"Unsupported source of a mount: {parts.scheme or 'no'} scheme; use {FORMS}.")
    prefix = posixpath.normpath("/" + parts.path.lstrip("/")).strip("/")
    user, mark, host = parts.netloc.rpartition("@")
    if kind == AZURE:
        return _azure_source(parts, user, host, prefix), {}
    if not host:
        raise InvalidParameter("The source of a mount names no bucket: s3a://bucket/path is its form.")
    key, _, secret = user.partition(":")
    configs = {"fs.s3a.access.key": unquote(key), "fs.s3a.secret.key": unquote(secret)} if mark else {}
    return Source(S3, host, prefix, "", _shown(parts, host, prefix)), configs


def _azure_source(parts: SplitResult, container: str, host: str, prefix: str) -> Source:
    if not container or not host or ":" in container:
        raise InvalidParameter(
            "The source of a mount names no container and account: "
            "wasbs://container@account.blob.core.windows.net/path is its form."
        )
    return Source(
        AZURE, container, prefix, host.partition(".")[0], _shown(parts, f"{container}@{host}", prefix)
    )


def _shown(parts: SplitResult, place: str, prefix: str) -> str:
    return f"{parts.scheme}://{place}" + (f"/{prefix}" if prefix else "")


def access_of(source: Source, configs: Mapping[str, str], environment: Mapping[str, str]) -> Access:
    """Return how a source is asked.

    Args:
        source: the source.
        configs: the extra configs of the mount: Hadoop's names (``fs.s3a.access.key``), or the variables'.
        environment: the variables of the server; the extra configs take precedence.

    Raises:
        InvalidParameter: the variables are of another account, or are not what they should be.
    """
    values = {**environment, **configs}
    return _s3_access(values) if source.kind == S3 else _azure_access(source, values)


def _first(values: Mapping[str, str], *names: str) -> str:
    return next((values[name] for name in names if values.get(name)), "")


def _s3_access(values: Mapping[str, str]) -> Access:
    endpoint = _first(values, "fs.s3a.endpoint", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    if endpoint and "://" not in endpoint:
        is_plain = values.get("fs.s3a.connection.ssl.enabled", "").lower() == "false"
        endpoint = f"{'http' if is_plain else 'https'}://{endpoint}"
    region = _first(values, "fs.s3a.endpoint.region", "AWS_REGION", "AWS_DEFAULT_REGION") or "us-east-1"
    options = {"region": region, **({"endpoint": endpoint} if endpoint else {})}
    # Keys and their token come from one place: a token of the environment does not belong to other keys.
    if values.get("fs.s3a.access.key"):
        names = ("fs.s3a.access.key", "fs.s3a.secret.key", "fs.s3a.session.token")
    else:
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    key, secret, token = (values.get(name, "") for name in names)
    if not key or not secret:
        return Access(options, endpoint=endpoint)
    credential = {
        "access_key_id": key,
        "secret_access_key": secret,
        "token": token or None,
        "expires_at": None,
    }
    return Access(options, credential, endpoint=endpoint)


def _azure_access(source: Source, values: Mapping[str, str]) -> Access:
    string = connection_parts(values.get(CONNECTION_STRING, ""))
    endpoint = string.get("BlobEndpoint", "").rstrip("/")
    account = string.get("AccountName", "")
    is_elsewhere = bool(endpoint) and ".core." not in (urlsplit(endpoint).hostname or "")
    if account and not is_elsewhere and account != source.account:
        raise InvalidParameter(
            f"{source.shown} is in the account {source.account}, and {CONNECTION_STRING} is of {account}."
        )
    # An emulator has one account; a source of any account is led to it.
    options = {"account_name": account if account and is_elsewhere else source.account}
    if endpoint:
        options["endpoint"] = endpoint
    key, sas = _azure_config(source, values)
    key = key or ("" if sas else string.get("AccountKey", ""))
    sas = sas or string.get("SharedAccessSignature", "")
    principal = _principal(values)
    if not key and not sas and not principal:
        key = values.get("AZURE_STORAGE_ACCOUNT_KEY", "")
        sas = values.get("AZURE_STORAGE_SAS_TOKEN", "")
    if key:
        return Access(options, {"access_key": key, "expires_at": None}, endpoint=endpoint)
    if sas:
        return Access(options, {"sas_token": sas.lstrip("?"), "expires_at": None}, endpoint=endpoint)
    return Access(options, principal=principal, endpoint=endpoint)


def _azure_config(source: Source, values: Mapping[str, str]) -> tuple[str, str]:
    """Return the account's key and the SAS of Hadoop's settings for this account and container."""
    hosts = [f"{source.account}.{service}.core.windows.net" for service in ("blob", "dfs")]
    keys = [f"fs.azure.account.key.{host}" for host in hosts]
    signatures = [f"fs.azure.sas.{source.container}.{host}" for host in hosts]
    fixed = [f"fs.azure.sas.fixed.token.{host}" for host in hosts]
    return _first(values, *keys), _first(values, *signatures, *fixed)


def _principal(values: Mapping[str, str]) -> dict[str, str]:
    """Return the service principal of Hadoop's OAuth settings, or of the variables."""
    named = {
        name: value for name, value in values.items() if name.startswith("fs.azure.account.oauth2.client.")
    }

    def setting(what: str) -> str:
        head = f"fs.azure.account.oauth2.client.{what}"
        return next(
            (value for name, value in named.items() if name == head or name.startswith(head + ".")), ""
        )

    tenant = urlsplit(setting("endpoint")).path.strip("/").partition("/")[0]
    found = {
        "client_id": setting("id") or values.get("AZURE_CLIENT_ID", ""),
        "client_secret": setting("secret") or values.get("AZURE_CLIENT_SECRET", ""),
        "tenant_id": tenant or values.get("AZURE_TENANT_ID", ""),
    }
    return found if all(found.values()) else {}


def connection_parts(text: str) -> dict[str, str]:
    """Return the fields of a connection string; ``UseDevelopmentStorage=true`` is the emulator."""
    if "usedevelopmentstorage=true" in text.lower():
        text = EMULATOR_STRING
    parts = dict(part.strip().split("=", 1) for part in text.split(";") if "=" in part)
    return {"AccountName": _account_of(parts.get("BlobEndpoint", "")), **parts}


def _account_of(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    return host.partition(".")[0] if ".core." in host else parts.path.strip("/").partition("/")[0]
