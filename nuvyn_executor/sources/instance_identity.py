"""Whether the machine has an identity of its own in a cloud, asked of the cloud's metadata server.

The server of all three clouds has a link-local address. Elsewhere nothing answers there, so a short time-out
decides; on a machine of the cloud without an identity it answers that there is none.
"""

from __future__ import annotations

import http.client
from typing import Dict, Mapping, Optional, Tuple
from urllib.parse import urlsplit

from nuvyn_executor.sources.store_address import StoreKind

_TIMEOUT = 1.0
_LINK_LOCAL = "http://169.254.169.254"
_OK = 200


def has_identity(kind: StoreKind, settings: Mapping[str, str]) -> bool:
    """Whether requests to a store can be signed with what the machine's own identity gives.

    Args:
        kind: the cloud.
        settings: environment variables; those that move or switch off the metadata server are heeded.
    """
    if kind is StoreKind.S3:
        return _has_instance_role(settings)
    if kind is StoreKind.AZURE:
        return _has_managed_identity(settings)
    host = settings.get("GCE_METADATA_HOST") or settings.get("METADATA_HOST") or "metadata.google.internal"
    path = "/computeMetadata/v1/instance/service-accounts/default/email"
    return bool(_answer("GET", f"http://{host}", path, {"Metadata-Flavor": "Google"}))


def _has_instance_role(settings: Mapping[str, str]) -> bool:
    if settings.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return False
    server = settings.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or _LINK_LOCAL
    token = _answer("PUT", server, "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    if not token:
        return False
    headers = {"X-aws-ec2-metadata-token": token}
    return bool(_answer("GET", server, "/latest/meta-data/iam/security-credentials/", headers))


def _has_managed_identity(settings: Mapping[str, str]) -> bool:
    if settings.get("IDENTITY_ENDPOINT") and settings.get("IDENTITY_HEADER"):
        return True  # of App Service, Functions and Container Apps
    server = settings.get("AZURE_MSI_ENDPOINT") or f"{_LINK_LOCAL}/metadata/identity/oauth2/token"
    query = "?api-version=2018-02-01&resource=https%3A%2F%2Fstorage.azure.com%2F"
    if settings.get("AZURE_CLIENT_ID"):
        query += f"&client_id={settings['AZURE_CLIENT_ID']}"
    return bool(_answer("GET", server, query, {"Metadata": "true"}))


def _answer(method: str, server: str, path: str, headers: Dict[str, str]) -> Optional[str]:
    """Return the text of a good answer, without a proxy and without waiting long; else ``None``."""
    host, prefix = _host_of(server)
    connection = http.client.HTTPConnection(host, timeout=_TIMEOUT)
    try:
        connection.request(method, prefix + path, headers=headers)
        reply = connection.getresponse()
        text = reply.read(1 << 16).decode("latin-1").strip()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return text if reply.status == _OK else None


def _host_of(server: str) -> Tuple[str, str]:
    parts = urlsplit(server)
    return parts.netloc, parts.path.rstrip("/")
