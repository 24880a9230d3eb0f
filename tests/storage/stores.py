"""Each object store with what a test does to it: the same words for all of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Dict, List

from nuvyn_executor.sources.object_source import ObjectStoreSource
from nuvyn_executor.sources.object_store import storage_at
from nuvyn_executor.sources.store_address import parse_store_address

if TYPE_CHECKING:
    from nuvyn_executor.model import Listing

MANY = 1_000_000


@dataclass
class Store:
    """A bucket or container of its own.

    Attributes:
        root: its URL in the form that entries have.
        environment: the variables that lead to it.
        write: of a key and its content.
        paths: other spellings of the root that lead to the same.
    """

    kind: str
    root: str
    environment: Dict[str, str]
    write: Callable[[str, bytes], None]
    paths: List[str] = field(default_factory=list)

    def put(self, *keys: str) -> None:
        for key in keys:
            self.write(key, b"id\n1\n")

    def source(self, key: str = "") -> ObjectStoreSource[Any]:
        return source_at(self.root + key, self.environment)

    def survey(self, key: str = "", limit: int = MANY) -> Listing:
        return self.source(key).survey(limit)

    def names(self, key: str = "") -> List[str]:
        return [entry.name for entry in self.survey(key).files]


def source_at(path: str, environment: Dict[str, str], retry_seconds: float = 10) -> ObjectStoreSource[Any]:
    address = parse_store_address(path)
    assert address is not None
    storage = storage_at(address, environment, retry_seconds, lambda _kind, _settings: False)
    return ObjectStoreSource(storage, address.key, path)


def store_of(kind: str, request: Any) -> Store:
    name = f"b{uuid.uuid4().hex[:12]}"
    if kind == "azure":
        azure = request.getfixturevalue("azure_server")
        azure.create_container(name)
        return Store(
            kind,
            f"wasb://{name}@{azure.account}/",
            azure.environment(),
            lambda key, content: azure.put(name, key, content),
            [
                f"{azure.endpoint}/{name}/",
                f"abfss://{name}@{azure.account}.dfs.core.windows.net/",
                f"wasbs://{name}@{azure.account}.blob.core.windows.net/",
                f"abfss://{name}/",
            ],
        )
    s3 = request.getfixturevalue("s3_server")
    s3.create_bucket(name)

    # Google's protocol is the same for what is tried here; but no key of its emulator opens what is private.
    def write(key: str, content: bytes) -> None:
        s3.put(name, key, content, acl="public-read" if kind == "gcs" else "private")

    if kind == "gcs":
        return Store(kind, f"gs://{name}/", {"STORAGE_EMULATOR_HOST": s3.endpoint}, write)
    return Store(
        kind,
        f"s3://{name}/",
        s3.environment(),
        write,
        [f"s3a://{name}/", f"https://{name}.s3.amazonaws.com/"],
    )
