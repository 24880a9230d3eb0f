"""Whether the Spark settings of a cluster name keys or a server for a store.

Then requests without a signature lead nowhere, or to a public bucket of the same name on another server.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Optional, Tuple
from urllib.parse import urlsplit

from nuvyn_executor.sources.cluster_ways import ClusterPaths, NotThisWay
from nuvyn_executor.sources.hadoop_files import HadoopFiles
from nuvyn_executor.sources.store_address import StoreKind

if TYPE_CHECKING:
    from nuvyn_executor.sources.store_address import StoreAddress

logger = logging.getLogger(__name__)

_AMAZON = ("amazonaws.com", "amazonaws.com.cn")


def names_access(address: StoreAddress, spark: Any) -> bool:
    """Return whether Hadoop's settings of a session name keys or a server for a store; values stay there.

    Args:
        address: the bucket or container.
        spark: the session.
    """
    hadoop = HadoopFiles(ClusterPaths(address), spark)

    def value(name: str) -> Optional[str]:
        try:
            return _text(hadoop.conf.get(name))
        except NotThisWay:
            return _of_session(spark, f"spark.hadoop.{name}")

    if any(value(name) for name in _names(address)):
        return True
    return address.kind is StoreKind.S3 and any(_is_own(value(name)) for name in _endpoints(address))


def _of_session(spark: Any, name: str) -> Optional[str]:
    """Return a setting of the session; ``None`` where it has none, or says none."""
    try:
        return _text(spark.conf.get(name, None))
    except Exception as error:  # noqa: BLE001  serverless compute refuses most names
        logger.debug("The setting %s is not told: %s", name, type(error).__name__)
        return None


def _text(value: Any) -> Optional[str]:
    return None if value is None else str(value).strip()


def _is_own(endpoint: Optional[str]) -> bool:
    """Whether an endpoint of S3 is another server than Amazon's."""
    host = (urlsplit(endpoint if "://" in endpoint else f"//{endpoint}").hostname or "") if endpoint else ""
    return bool(host) and not host.endswith(_AMAZON)


def _endpoints(address: StoreAddress) -> Tuple[str, ...]:
    return ("fs.s3a.endpoint", f"fs.s3a.bucket.{address.container}.endpoint")


def _names(address: StoreAddress) -> Tuple[str, ...]:
    """Return the names of settings that are there where a cluster has an access of its own."""
    if address.kind is StoreKind.S3:
        own = f"fs.s3a.bucket.{address.container}"
        return ("fs.s3a.access.key", f"{own}.access.key", "fs.s3a.stsAssumeRole.arn")
    if address.kind is StoreKind.GCS:
        return ("google.cloud.auth.service.account.enable", "fs.gs.auth.service.account.email")
    hosts = {f"{address.account}.{kind}.core.windows.net" for kind in ("dfs", "blob")} | {address.host}
    return tuple(
        name
        for host in sorted(hosts - {""})
        for name in (
            f"fs.azure.account.key.{host}",
            f"fs.azure.account.auth.type.{host}",
            f"fs.azure.sas.{address.container}.{host}",
        )
    )
