"""What a failure of the cluster's own access means: one sentence, and what to do.

The texts of Spark, Java and ``dbutils`` are read and never shown: they are long, and may hold settings.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Optional, Tuple, Type

from nuvyn_executor.errors import SourceAccessDenied, SourceError, SourceNotFound
from nuvyn_executor.sources.store_address import StoreAddress, StoreKind, container_word
from nuvyn_executor.sources.store_credentials import WANTED
from nuvyn_executor.spark.conditions import failure_of

OWN_ACCESS = "with the cluster's own access"
_NO_CONTAINER = re.compile(
    r"NoSuchBucket|UnknownStoreException|Bucket \S+ does not exist|ContainerNotFound|FilesystemNotFound"
    r"|The specified (?:bucket|container|filesystem) does not exist"
)
_NOTHING = re.compile(
    r"FileNotFoundException|PATH_NOT_FOUND|Path does not exist|No such file or directory|PathNotFound"
)
_STACK = re.compile(r"^\s+(?:at |\.\.\. \d+ more).*$", re.MULTILINE)


class _Meaning(NamedTuple):
    """What words of a failure mean.

    Attributes:
        pattern: the words.
        kind: the class of the error.
        reason: a clause.
        remedy: a sentence; ``{attach}`` and ``{rights}`` are those of the kind of store.
    """

    pattern: str
    kind: Type[SourceError]
    reason: str
    remedy: str


_MEANINGS: Tuple[_Meaning, ...] = (
    _Meaning(
        r"UNAUTHORIZED_ACCESS|INSUFFICIENT_PERMISSIONS|INSUFFICIENT_PRIVILEGES|NO_PARENT_EXTERNAL_LOCATION"
        r"|EXTERNAL_LOCATION_DOES_NOT_EXIST|PERMISSION_DENIED|READ[ _]FILES|UnauthorizedAccessException",
        SourceAccessDenied,
        "Unity Catalog does not let this user read it",
        "Have READ FILES granted on an external location that covers the path, or set {wanted}.",
    ),
    _Meaning(
        r"NoAuthWithAWS|No AWS Credentials|Unable to load (?:AWS )?credentials|NoAwsCredentials"
        r"|Failure to initialize configuration|Error getting access token from metadata|KeyProviderException",
        SourceAccessDenied,
        "the cluster has no credentials for it",
        "{attach}, or set {wanted}.",
    ),
    _Meaning(
        r"InvalidAccessKeyId|SignatureDoesNotMatch|AuthenticationFailed|ExpiredToken|InvalidToken"
        r"|TokenRefreshRequired|InvalidAuthenticationInfo",
        SourceAccessDenied,
        "the store does not accept the credentials of the cluster",
        "Correct the keys in the cluster's Spark settings, or remove them; {attach_else}.",
    ),
    _Meaning(
        r"PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint|Status Code: 301",
        SourceError,
        "its bucket is in another region than the one that the cluster asks",
        "Set spark.hadoop.fs.s3a.endpoint.region of the cluster to the region of the bucket.",
    ),
    _Meaning(
        r"AccessDenied|AccessControlException|Forbidden|\b403\b|AuthorizationPermissionMismatch"
        r"|AuthorizationFailure|\b401\b|Unauthorized",
        SourceAccessDenied,
        "the credentials of the cluster do not allow it",
        "Grant them {rights}, or set {wanted}.",
    ),
    _Meaning(
        r"UnknownHost|Name or service not known|nodename nor servname|Temporary failure in name resolution",
        SourceError,
        "there is no host of the name that the cluster asks",
        "Check the path, the endpoint in the cluster's Spark settings, and its network.",
    ),
    _Meaning(
        r"Connection refused|ConnectException|timed? ?out|TimeoutException|Unable to execute HTTP request"
        r"|No route to host|Connection reset",
        SourceError,
        "the store does not answer the cluster",
        "Check the endpoint in the cluster's Spark settings, and its network.",
    ),
    _Meaning(
        r"No FileSystem for scheme|UnsupportedFileSystem|ClassNotFoundException",
        SourceError,
        "the cluster's Spark has no way to such a store",
        "Install the extra cloud, or mount the store (/dbfs/mnt/...).",
    ),
)
_ATTACH = {
    StoreKind.S3: "Attach an instance profile to the cluster, or use an external location of Unity Catalog",
    StoreKind.AZURE: "Use an external location of Unity Catalog, or set the account's access in the "
    "cluster's Spark settings",
    StoreKind.GCS: "Attach a service account to the cluster, or use an external location of Unity Catalog",
}
_RIGHTS = {
    StoreKind.S3: "s3:ListBucket on the bucket and s3:GetObject on its objects",
    StoreKind.AZURE: "the role Storage Blob Data Reader",
    StoreKind.GCS: "storage.objects.list and storage.objects.get",
}


def is_nothing(error: Exception) -> bool:
    """Whether a failure says that nothing lies at the path, in a bucket or container that is there."""
    text = _text_of(error)
    return _NO_CONTAINER.search(text) is None and _NOTHING.search(text) is not None


def is_answer(error: Exception) -> bool:
    """Whether a failure says something of the store, so that another way would not help."""
    return (
        is_nothing(error) or _NO_CONTAINER.search(_text_of(error)) is not None or _meaning(error) is not None
    )


def cluster_error(error: Exception, address: StoreAddress, done: str = "read", why: str = "") -> SourceError:
    """Return the error of this package that says why the cluster's own access failed.

    Args:
        error: what Spark, Java or ``dbutils`` raised.
        address: what was asked for.
        done: what was attempted: ``listed`` or ``read``.
        why: a clause with the reason, where the error itself does not say it.
    """
    if _NO_CONTAINER.search(_text_of(error)):
        name = f"{container_word(address.kind)} {address.container}"
        return SourceNotFound(f"The {name} does not exist.", "Check its name.")
    meaning = _meaning(error)
    kind, remedy = SourceError, "Check the path; EXECUTOR_LOG_LEVEL=DEBUG shows more."
    reason = why or f"Spark failed ({type(error).__name__})"
    if meaning is not None:
        kind, reason, remedy = meaning.kind, meaning.reason, meaning.remedy
    attach = _ATTACH[address.kind]
    words = {
        "attach": attach,
        "attach_else": attach[0].lower() + attach[1:],
        "rights": _RIGHTS[address.kind],
        "wanted": WANTED[address.kind],
    }
    url = address.url_of(address.key)
    return kind(f"{url} cannot be {done} {OWN_ACCESS}: {reason}.", remedy.format(**words))


def _meaning(error: Exception) -> Optional[_Meaning]:
    text = _text_of(error)
    return next((one for one in _MEANINGS if re.search(one.pattern, text)), None)


def _text_of(error: Exception) -> str:
    """Return the words of an error, its names among them, without the lines of Java's stack."""
    failure = failure_of(error)
    return _STACK.sub("", " ".join((*failure.conditions, failure.text)))
