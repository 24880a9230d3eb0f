"""What to sign requests to an object store with, from the environment's variables.

The order in each cloud is that of its own command line: what the path bears, then keys, then a profile or
service principal, then the identity of the machine; where there is none of them, requests are not signed,
which is all that a public bucket needs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, Mapping, Optional, Tuple
from urllib.parse import urlsplit

from nuvyn_executor.errors import ConfigError
from nuvyn_executor.sources.aws_profile import read_profile
from nuvyn_executor.sources.store_address import EMULATOR_ACCOUNT, StoreAddress, StoreKind, account_of

Settings = Mapping[str, str]
HasIdentity = Callable[[StoreKind, Settings], bool]
Pairs = Tuple[Tuple[str, object], ...]

CONNECTION_STRING = "AZURE_STORAGE_CONNECTION_STRING"
_DEFAULT_REGION = "us-east-1"
# The key of every emulator, as its documentation prints it: no secret.
_EMULATOR_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_EMULATOR_ENDPOINT = f"http://127.0.0.1:10000/{EMULATOR_ACCOUNT}"
# Variables of a container's or a pod's identity; the library reads them by itself.
_POD_IDENTITY = (
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
_CONTAINER = "the identity of this container (AWS_CONTAINER_CREDENTIALS_*, AWS_WEB_IDENTITY_TOKEN_FILE)"
_INSTANCE = "the role of this instance"
_MANAGED = "the managed identity of this machine"
_SERVICE = "the service account of this machine"
_IDENTITIES = (_CONTAINER, _INSTANCE, _MANAGED, _SERVICE)
WANTED = {
    StoreKind.S3: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE)",
    StoreKind.AZURE: f"{CONNECTION_STRING} (or AZURE_STORAGE_ACCOUNT_KEY, or AZURE_STORAGE_SAS_TOKEN)",
    StoreKind.GCS: "GOOGLE_APPLICATION_CREDENTIALS",
}
"""The variables to set where a store wants credentials and there are none."""


@dataclass(frozen=True)
class StoreAccess:
    """How a store is asked: plain data, which pickles.

    Attributes:
        options: of the library's store, but for fixed credentials.
        credential: fixed credentials; they replace whatever the environment of a process says.
        origin: where the credentials come from, for a sentence; ``""`` where requests are not signed.
        endpoint: the server that is asked, without a secret.
        account: Azure's account, once it is known.
    """

    options: Pairs = field(repr=False)
    credential: Pairs = field(default=(), repr=False)
    origin: str = ""
    endpoint: str = ""
    account: str = ""

    @property
    def is_chosen(self) -> bool:
        """Whether somebody chose it: it is in a path or variables, and no identity that the machine has."""
        return bool(self.origin) and self.origin not in _IDENTITIES

    @property
    def secrets(self) -> Tuple[str, ...]:
        """The values that must not be shown."""
        shown = ("endpoint", "region", "bucket", "account_name", "client_id", "tenant_id")
        pairs = [*self.credential, *self.options]
        return tuple(value for name, value in pairs if isinstance(value, str) and name not in shown)


def find_access(address: StoreAddress, settings: Settings, has_identity: HasIdentity) -> StoreAccess:
    """Find what to sign requests with, and which server to ask.

    Args:
        address: the store.
        settings: environment variables by name, secrets from the secret scope among them.
        has_identity: whether the machine answers with an identity of its own in a cloud.

    Raises:
        ConfigError: a variable is malformed, or half of a credential is missing.
    """
    settings = {name: value.strip() for name, value in settings.items() if value and value.strip()}
    if address.kind is StoreKind.S3:
        return _s3(address, settings, has_identity)
    if address.kind is StoreKind.AZURE:
        return _azure(address, settings, has_identity)
    return _gcs(settings, has_identity)


def _s3(address: StoreAddress, settings: Settings, has_identity: HasIdentity) -> StoreAccess:
    _check_pair(settings, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    profile = read_profile(settings)
    region = (
        address.region
        or settings.get("AWS_REGION")
        or settings.get("AWS_DEFAULT_REGION")
        or profile.get("region")
        or ""
    )
    servers = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    given = [(name, settings[name]) for name in servers if name in settings]
    own = (*given, ("endpoint_url of AWS_PROFILE", profile.get("endpoint_url") or ""))
    endpoint, is_virtual = _url(*own[0]), False
    if not endpoint:
        # A bucket with dots has no certificate of its own host name.
        is_virtual = "." not in address.container
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        host = f"s3.{region or _DEFAULT_REGION}.{domain}"
        endpoint = f"https://{address.container}.{host}" if is_virtual else f"https://{host}"
    options: Dict[str, object] = {
        "endpoint": endpoint,
        "region": region or _DEFAULT_REGION,
        "virtual_hosted_style_request": is_virtual,
        "skip_signature": False,
    }
    credential: Pairs = ()
    if "AWS_ACCESS_KEY_ID" in settings:
        origin = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        credential = _aws_keys(settings, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    elif "aws_access_key_id" in profile:
        origin = f"AWS_PROFILE ({profile['name']})"
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        credential = _aws_keys(profile, *names)
    elif any(name in settings for name in _POD_IDENTITY):
        origin = _CONTAINER
    elif has_identity(StoreKind.S3, settings):
        origin = _INSTANCE
        if "AWS_EC2_METADATA_SERVICE_ENDPOINT" in settings:
            options["metadata_endpoint"] = settings["AWS_EC2_METADATA_SERVICE_ENDPOINT"]
    else:
        origin = ""
        options["skip_signature"] = True
    return StoreAccess(_pairs(options), credential, origin, endpoint)


def _aws_keys(values: Mapping[str, str], key: str, secret: str, token: str) -> Pairs:
    return (
        ("access_key_id", values[key]),
        ("secret_access_key", values[secret]),
        ("token", values.get(token)),
        ("expires_at", None),
    )


def _azure(address: StoreAddress, settings: Settings, has_identity: HasIdentity) -> StoreAccess:
    connection = _connection(settings.get(CONNECTION_STRING))
    named = settings.get("AZURE_STORAGE_ACCOUNT_NAME") or settings.get("AZURE_STORAGE_ACCOUNT") or ""
    account = address.account or connection.get("AccountName", "") or named
    if not account:
        raise ConfigError(
            f"{address.root} names no storage account.",
            "Write abfss://container@account.dfs.core.windows.net/..., or set AZURE_STORAGE_ACCOUNT_NAME.",
        )
    if connection.get("AccountName", account) != account:
        connection = {}
    endpoint = _azure_endpoint(address, account, connection)
    options: Dict[str, object] = {
        "account_name": account,
        "endpoint": endpoint,
        "use_emulator": False,
        "skip_signature": False,
    }
    credential, origin = _azure_keys(address, account, connection, settings, named)
    if not credential:
        origin = _azure_identity(options, settings, has_identity)
    if not origin:
        options["skip_signature"] = True
    return StoreAccess(_pairs(options), credential, origin, endpoint, account)


def _azure_endpoint(address: StoreAddress, account: str, connection: Mapping[str, str]) -> str:
    """Return the blob endpoint: what the path names, then the connection string, then the cloud's own."""
    own = address.endpoint or connection.get("BlobEndpoint", "")
    if own:
        return own.rstrip("/")
    if account == EMULATOR_ACCOUNT:
        return _EMULATOR_ENDPOINT
    suffix = connection.get("EndpointSuffix", "core.windows.net")
    host = address.host or f"{account}.blob.{suffix}"
    return "https://" + host.replace(".dfs.", ".blob.", 1)


def _azure_keys(
    address: StoreAddress, account: str, connection: Mapping[str, str], settings: Settings, named: str
) -> Tuple[Pairs, str]:
    """Return a key or a signature, and where it comes from."""
    key, sas, origin = "", "", ""
    own = settings if named in ("", account) else {}
    if address.sas:
        sas, origin = address.sas, "the signature in the path"
    elif connection:
        key, sas = connection.get("AccountKey", ""), connection.get("SharedAccessSignature", "")
        origin = CONNECTION_STRING
    elif own.get("AZURE_STORAGE_ACCOUNT_KEY") or own.get("AZURE_STORAGE_KEY"):
        key = own.get("AZURE_STORAGE_ACCOUNT_KEY") or own["AZURE_STORAGE_KEY"]
        origin = "AZURE_STORAGE_ACCOUNT_KEY"
    elif own.get("AZURE_STORAGE_SAS_TOKEN"):
        sas, origin = own["AZURE_STORAGE_SAS_TOKEN"], "AZURE_STORAGE_SAS_TOKEN"
    elif account == EMULATOR_ACCOUNT:
        key, origin = _EMULATOR_KEY, "the emulator's own key"
    if key:
        return (("access_key", key), ("expires_at", None)), origin
    if sas:
        return (("sas_token", sas.lstrip("?")), ("expires_at", None)), origin
    return (), ""


def _azure_identity(options: Dict[str, object], settings: Settings, has_identity: HasIdentity) -> str:
    """Add a service principal or a managed identity to the options, and return which it is."""
    tenant, client, secret, token_file = (
        settings.get(name)
        for name in (
            "AZURE_TENANT_ID",
            "AZURE_CLIENT_ID",
            "AZURE_CLIENT_SECRET",
            "AZURE_FEDERATED_TOKEN_FILE",
        )
    )
    if secret or (tenant and client):
        for name, value in (("AZURE_TENANT_ID", tenant), ("AZURE_CLIENT_ID", client)):
            if not value:
                raise _missing(name, "AZURE_CLIENT_SECRET")
        if not (secret or token_file):
            raise _missing("AZURE_CLIENT_SECRET", "AZURE_TENANT_ID and AZURE_CLIENT_ID")
        options.update(tenant_id=tenant, client_id=client)
        if settings.get("AZURE_AUTHORITY_HOST"):
            options["authority_host"] = settings["AZURE_AUTHORITY_HOST"]
        if secret:
            options["client_secret"] = secret
            return "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
        options["federated_token_file"] = token_file
        return "AZURE_FEDERATED_TOKEN_FILE"
    if not has_identity(StoreKind.AZURE, settings):
        return ""
    if client:
        options["client_id"] = client
    return _MANAGED


def _connection(text: Optional[str]) -> Dict[str, str]:
    """Read a connection string; nothing of it stands in an error.

    Raises:
        ConfigError: it does not have the form of one, or has neither key nor signature.
    """
    if not text:
        return {}
    parts = [part.partition("=") for part in text.split(";") if part.strip()]
    found = {name.strip(): value.strip() for name, _, value in parts}
    if found.get("UseDevelopmentStorage", "").lower() == "true":
        return {
            "AccountName": EMULATOR_ACCOUNT,
            "AccountKey": _EMULATOR_KEY,
            "BlobEndpoint": found.get("BlobEndpoint", _EMULATOR_ENDPOINT),
        }
    _url(f"BlobEndpoint of {CONNECTION_STRING}", found.get("BlobEndpoint", ""))
    if "BlobEndpoint" in found and "AccountName" not in found:
        url = urlsplit(found["BlobEndpoint"])
        found["AccountName"] = account_of(url.hostname or "") or url.path.strip("/").partition("/")[0]
    if not found.get("AccountName"):
        raise ConfigError(
            f"{CONNECTION_STRING} is no connection string: it names no account.",
            "Copy it from the storage account's page 'Access keys' in the Azure portal, in quotes.",
        )
    if not (found.get("AccountKey") or found.get("SharedAccessSignature")):
        raise ConfigError(
            f"{CONNECTION_STRING} has neither AccountKey nor SharedAccessSignature.",
            "Copy it whole, in quotes: a shell ends an unquoted value at the first semicolon.",
        )
    return found


def _gcs(settings: Settings, has_identity: HasIdentity) -> StoreAccess:
    emulator = settings.get("STORAGE_EMULATOR_HOST", "").rstrip("/")
    if emulator:
        endpoint = emulator if "://" in emulator else f"http://{emulator}"
        endpoint = _url("STORAGE_EMULATOR_HOST", endpoint)
        key = {"gcs_base_url": endpoint, "disable_oauth": True}
        nothing = dict.fromkeys(("client_email", "private_key", "private_key_id"), "")
        options: Dict[str, object] = {"service_account_key": json.dumps({**key, **nothing})}
        return StoreAccess(_pairs(options), (), "STORAGE_EMULATOR_HOST", endpoint)
    endpoint = "https://storage.googleapis.com"
    named = settings.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        return StoreAccess(_pairs(_google_key(named)), (), "GOOGLE_APPLICATION_CREDENTIALS", endpoint)
    if has_identity(StoreKind.GCS, settings):
        return StoreAccess((), (), _SERVICE, endpoint)
    return StoreAccess((("skip_signature", True),), (), "", endpoint)


def _google_key(path: str) -> Dict[str, object]:
    """Read the file of a service account, which need not be on the machines of the tasks.

    Raises:
        ConfigError: it cannot be read, or is no such file.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        kind = json.loads(text)["type"]
    except OSError as error:
        raise ConfigError(
            f"GOOGLE_APPLICATION_CREDENTIALS names {path}, which cannot be read: {error.strerror}.",
            "Name the JSON file of a service account.",
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"GOOGLE_APPLICATION_CREDENTIALS names {path}, which is no credentials file.",
            "Name the JSON file of a service account.",
        ) from error
    return {"service_account_key": text} if kind == "service_account" else {"application_credentials": path}


def _url(name: str, text: str) -> str:
    """Return the URL of a server without slashes at its end; ``""`` for none.

    Raises:
        ConfigError: it is no such URL: the library would end the program.
    """
    try:
        parts = urlsplit(text)
        is_url = bool(parts.scheme in ("http", "https") and parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_url = False
    if text and (not is_url or not text.isascii() or len(text.split()) > 1):
        raise ConfigError(f"{name} is no URL of a server.", "Write it as https://storage.example.com:9000.")
    return text.rstrip("/")


def _check_pair(settings: Settings, first: str, second: str) -> None:
    for one, other in ((first, second), (second, first)):
        if one in settings and other not in settings:
            raise _missing(other, one)


def _missing(name: str, other: str) -> ConfigError:
    return ConfigError(f"{other} is set and {name} is not.", f"Set {name} too, or unset {other}.")


def _pairs(options: Mapping[str, object]) -> Pairs:
    return tuple(sorted(options.items(), key=lambda pair: pair[0]))
