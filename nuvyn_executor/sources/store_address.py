"""How a path names an object store: S3, Azure Blob Storage and ADLS, Google Cloud Storage. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Optional, Tuple
from urllib.parse import unquote

from nuvyn_executor.errors import SourceError

EMULATOR_ACCOUNT = "devstoreaccount1"
"""The account of Azurite and of its forerunners; no real account has this name."""

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/]*)(?:/(?P<rest>.*))?\Z", re.DOTALL
)
_AZURE_SCHEMES = ("abfs", "abfss", "wasb", "wasbs", "az")
_AZURE_CLOUDS = (
    "core.windows.net",
    "core.chinacloudapi.cn",
    "core.usgovcloudapi.net",
    "core.cloudapi.de",
    "storage.azure.net",
    "fabric.microsoft.com",
)
_AZURE_HOST = re.compile(
    rf"(?P<account>[a-z0-9-]+)(?:\.[a-z0-9]+)?\.(?:blob|dfs)\.(?:{'|'.join(map(re.escape, _AZURE_CLOUDS))})"
)
_S3_HOST = re.compile(r"(?:(?P<bucket>.+)\.)?s3(?P<more>(?:[.-][a-z0-9-]+)*)\.amazonaws\.com(?:\.cn)?")
# What Hadoop's globber takes for a pattern unless a backslash stands before it.
_GLOB_CHARACTERS = re.compile(r"[\\\[\]{}*?]")
_S3_REGION = re.compile(r"\b[a-z]{2}-(?:[a-z]+-)+\d+")
# A shared access signature behind a path that is no http URL: nothing else there begins a query.
_TRAILING_SAS = re.compile(r"\?(?P<sas>[^?/]*\bsig=[^?/]*)\Z")


class StoreKind(str, Enum):
    """The cloud whose protocol a store uses."""

    S3 = "s3"
    AZURE = "azure"
    GCS = "gcs"


@dataclass(frozen=True)
class StoreAddress:
    """A place in an object store.

    Attributes:
        container: the bucket, or Azure's container.
        key: the name of an object, of a folder, or a pattern; ``""`` for everything.
        account: Azure's account; ``""`` when the path leaves it to the environment.
        host: Azure's host of that account as the path names it; ``""`` when it does not.
        endpoint: the server to ask, where the path names one that is not the cloud's own (Azurite).
        region: of S3, where the path names it.
        sas: Azure's shared access signature, where the path bears one.
    """

    kind: StoreKind
    container: str
    key: str = ""
    account: str = ""
    host: str = ""
    endpoint: str = ""
    region: str = ""
    sas: str = field(default="", repr=False)

    @property
    def root(self) -> str:
        """The URL of the whole bucket or container, with a slash at its end and without a secret."""
        if self.kind is StoreKind.S3:
            return f"s3://{self.container}/"
        if self.kind is StoreKind.GCS:
            return f"gs://{self.container}/"
        if self.endpoint or not self.host:
            return f"wasb://{self.container}@{self.account}/"
        scheme = "abfss" if ".dfs." in self.host else "wasbs"
        return f"{scheme}://{self.container}@{self.host}/"

    def url_of(self, key: str) -> str:
        """Return the URL of an object; nothing is escaped in it, and it carries no secret."""
        return self.root + key

    def key_of(self, url: str) -> str:
        """Return the key of an object of this container by its URL, in whatever form it is written.

        Raises:
            ValueError: the URL is of another container.
        """
        if url.startswith(self.root):
            return url[len(self.root) :]
        named = parse_store_address(url)
        if named is None or (named.kind, named.container) != (self.kind, self.container):
            raise ValueError(f"{self.root} does not hold what was asked for")
        return named.key

    def spark_url_of(self, key: str, *, literal: bool = False) -> str:
        """Return the URL of an object or folder as Spark's readers want it.

        Args:
            key: of the object or folder.
            literal: the reader expands no globs (Delta's does not), so nothing is escaped.
        """
        spelled = key if literal else _GLOB_CHARACTERS.sub(lambda found: "\\" + found.group(), key)
        return f"s3a://{self.container}/{spelled}" if self.kind is StoreKind.S3 else self.url_of(spelled)

    @property
    def whole(self) -> StoreAddress:
        """The address of the whole bucket or container, without a signature."""
        return replace(self, key="", sas="")


def parse_store_address(path: str) -> Optional[StoreAddress]:
    """Read the address of an object store from a path; ``None`` when the path names none.

    Percent escapes are decoded in ``http`` and ``https`` URLs alone; elsewhere a key is written as it is.

    Raises:
        SourceError: the path names a store, but no bucket or container, or has keys or a query in it.
    """
    found = _URL.match(path)
    if found is None:
        return None
    scheme, authority, rest = (
        found.group("scheme").lower(),
        found.group("authority"),
        found.group("rest") or "",
    )
    address: Optional[StoreAddress] = None
    if scheme in ("s3", "s3a", "s3n"):
        address = StoreAddress(StoreKind.S3, authority, rest)
    elif scheme in ("gs", "gcs"):
        address = StoreAddress(StoreKind.GCS, authority, rest)
    elif scheme in _AZURE_SCHEMES:
        address = _azure_uri(authority, rest)
    elif scheme in ("http", "https"):
        address = _web_url(scheme, authority, rest)
    if scheme in ("s3", "s3a", "s3n", "gs") and "@" in authority:
        raise SourceError(
            f"{scheme}://***@{authority.rpartition('@')[2]}/{rest} has keys in it: such paths are not read.",
            "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and name the path without them.",
        )
    if address is not None and not address.container:
        raise SourceError(
            f"{path.partition('?')[0]} names no {container_word(address.kind)}.",
            "Name it, as in s3://bucket/folder/ or abfss://container@account.dfs.core.windows.net/folder/.",
        )
    return address


def container_word(kind: StoreKind) -> str:
    """Return the word for the place that holds the objects: container or bucket."""
    return "container" if kind is StoreKind.AZURE else "bucket"


def account_of(host: str) -> str:
    """Return the account that a host of Azure's clouds belongs to; ``""`` for any other host."""
    found = _AZURE_HOST.fullmatch(host.lower())
    return found.group("account") if found else ""


def _azure_uri(authority: str, rest: str) -> StoreAddress:
    """Read ``container@account.host/key``, or ``container/key`` without an account."""
    signed = _TRAILING_SAS.search(rest)
    key = rest[: signed.start()] if signed else rest
    container, _, host = authority.partition("@")
    host = host.lower()
    return StoreAddress(
        StoreKind.AZURE,
        container,
        key,
        account=host.partition(".")[0],
        host=host if "." in host and not host.startswith(EMULATOR_ACCOUNT) else "",
        sas=signed.group("sas") if signed else "",
    )


def _web_url(scheme: str, authority: str, rest: str) -> Optional[StoreAddress]:
    path, _, query = rest.partition("?")
    host, _, port = authority.lower().partition(":")
    first, second = _split(unquote(path))
    if first == EMULATOR_ACCOUNT:
        container, key = _split(second)
        endpoint = f"{scheme}://{authority}/{first}"
        return StoreAddress(
            StoreKind.AZURE, container, key, account=first, endpoint=endpoint, sas=_sas(query, authority)
        )
    if port not in ("", "443", "80"):
        return None
    if account_of(host):
        sas = _sas(query, host)
        return StoreAddress(StoreKind.AZURE, first, second, account=account_of(host), host=host, sas=sas)
    address: Optional[StoreAddress] = None
    s3 = _S3_HOST.fullmatch(host)
    if s3 is not None:
        region = _S3_REGION.search(s3.group("more"))
        bucket, key = (s3.group("bucket"), unquote(path)) if s3.group("bucket") else (first, second)
        address = StoreAddress(StoreKind.S3, bucket, key, region=region.group() if region else "")
    elif host in ("storage.googleapis.com", "storage.cloud.google.com"):
        address = StoreAddress(StoreKind.GCS, first, second)
    elif host.endswith(".storage.googleapis.com"):
        address = StoreAddress(StoreKind.GCS, host[: -len(".storage.googleapis.com")], unquote(path))
    if address is not None and query:
        raise SourceError(
            f"https://{host}/{path} has a query, and signed URLs of single requests are not read.",
            f"Name {address.url_of(address.key)} and set the store's credentials.",
        )
    return address


def _split(path: str) -> Tuple[str, str]:
    first, _, rest = path.partition("/")
    return first, rest


def _sas(query: str, host: str) -> str:
    """Return a query that is a shared access signature."""
    if query and not re.search(r"(?:\A|&)sig=", query):
        raise SourceError(
            f"A URL of {host} has a query that is no shared access signature.",
            "Remove what follows the question mark, or write a question mark of a name as %3F.",
        )
    return query
