"""What a failed request to an object store means: one sentence without a secret, and what to set.

The library's own texts are read and never shown: they hold URLs with signatures, and the server's answer
repeats the request.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Tuple, Type
from urllib.parse import urlsplit

from nuvyn_executor.errors import SourceAccessDenied, SourceError, SourceNotFound
from nuvyn_executor.sources.store_address import StoreAddress, StoreKind, container_word
from nuvyn_executor.sources.store_credentials import WANTED, StoreAccess

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
# Azure's word for a signature that has ended is the one for a wrong signature; only its details differ.
_EXPIRED_TEXT = re.compile(r"Signature not valid in the specified (?:time|key expiry time) frame")
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken")
_WRONG = (
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "AuthenticationFailed",
    "AuthorizationFailure",
    "InvalidAuthenticationInfo",
    "InvalidSecurity",
)
_NO_CONTAINER = ("NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted")
_OTHER_REGION = ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException")
# The requests that the library makes to have an identity are to other servers than the store.
_IDENTITY = re.compile(
    r"169\.254\.169\.254|metadata|token request|oauth2|security-credentials|AssumeRole", re.IGNORECASE
)
_RESET = "connection reset"
_CAUSES = (
    ("dns error", re.compile(r"dns error")),
    ("certificate", re.compile(r"certificate|InvalidContentType|CertificateError|UnknownIssuer")),
    ("connection refused", re.compile(r"ConnectionRefused|Connection refused")),
    (_RESET, re.compile(r"ConnectionReset|reset by peer|IncompleteMessage|body error|Body")),
    ("no answer in time", re.compile(r"TimedOut|timed out|kind: Timeout")),
)
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONFLICT, _SERVER_ERROR = 400, 401, 403, 404, 409, 500
_PRECONDITION, _RANGE = 412, 416
_TOO_BUSY = (429, 503)


class Failure(NamedTuple):
    """What the library says of a failed request.

    Attributes:
        status: of the server's answer; 0 when there was none.
        code: the server's own word for it, ``""`` when it gave none.
        cause: why there was no answer, in a few words.
        is_identity: the request was one for the credentials.
    """

    status: int
    code: str
    cause: str = ""
    is_identity: bool = False

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Read a failure of the library's."""
        text = str(error)
        found = _STATUS.search(text)
        status = int(found.group(1)) if found else 0
        named = _CODE.search(text)
        code = named.group(1) if named else ""
        if "incorrectly configured region" in text:
            code = "PermanentRedirect"
        elif _EXPIRED_TEXT.search(text):
            code = "ExpiredToken"
        if "StartTooLarge" in text:  # a server answered with nothing, and the library saw it
            status = _RANGE
        cause = next((word for word, pattern in _CAUSES if pattern.search(text)), "")
        return cls(status, code, cause, _IDENTITY.search(text) is not None)

    @property
    def is_denied(self) -> bool:
        """Whether the store refused the request."""
        return self.status in (_UNAUTHORIZED, _FORBIDDEN)

    @property
    def is_behind_end(self) -> bool:
        """Whether the range that was asked for begins at the end of the object, or behind it."""
        return self.status == _RANGE

    @property
    def is_broken(self) -> bool:
        """Whether the connection ended within an answer, which the library does not always repeat."""
        return not self.status and self.cause == _RESET

    @property
    def is_changed(self) -> bool:
        """Whether the object is another one than the request named."""
        return self.status == _PRECONDITION


def source_error(
    error: BaseException, address: StoreAddress, access: StoreAccess, done: str = "read"
) -> SourceError:
    """Return the error of this package that says why a request failed.

    Args:
        error: the library's.
        address: where the request went.
        access: what it was signed with.
        done: what was attempted: ``listed`` or ``read``.
    """
    failure = Failure.of(error)
    if failure.code in _NO_CONTAINER:
        name = f"{container_word(address.kind)} {address.container}"
        account = f" in the account {access.account}" if access.account else ""
        return SourceNotFound(f"The {name} does not exist{account}.", "Check its name.")
    kind, reason, remedy = _explained(failure, address, access)
    return kind(f"{address.url_of(address.key)} cannot be {done}: {reason}.", remedy)


def refused_request(address: StoreAddress) -> SourceError:
    """Return the error for settings of which the library can make no request."""
    word, server = container_word(address.kind), _ENDPOINT_FROM[address.kind]
    return SourceError(
        f"{address.root} cannot be read: no request can be made of its name and settings.",
        f"Check the name of the {word}, {server}, and that no credential has a line break.",
    )


def _explained(
    failure: Failure, address: StoreAddress, access: StoreAccess
) -> Tuple[Type[SourceError], str, str]:
    """Return the class of the error, its reason and its remedy."""
    if failure.code in _OTHER_REGION:
        reason = "its bucket is in another region than the one that was asked"
        return SourceError, reason, "Set AWS_DEFAULT_REGION to the region of the bucket."
    if not failure.status:
        return _unanswered(failure, address, access)
    code = f" ({failure.code})" if failure.code else ""
    if failure.status in _TOO_BUSY:
        reason = f"the store was too busy all the time{code}"
        return SourceError, reason, "Run the job again later, or raise EXECUTOR_SOURCE_RETRY_SECONDS."
    if failure.status >= _SERVER_ERROR:
        reason = f"the store failed with status {failure.status}{code}"
        return SourceError, reason, "Run the job again later."
    if failure.code == "RequestTimeTooSkewed":
        return SourceAccessDenied, f"the clock of this machine is wrong{code}", "Set the machine's clock."
    return _refused(failure, address, access, code)


def _refused(
    failure: Failure, address: StoreAddress, access: StoreAccess, code: str
) -> Tuple[Type[SourceError], str, str]:
    """Explain an answer that says no."""
    wanted = WANTED[address.kind]
    if not access.origin and (failure.is_denied or failure.status in (_NOT_FOUND, _CONFLICT)):
        reason = f"it is not public, and no credentials are set{code}"
        return SourceAccessDenied, reason, f"Set {wanted}."
    if failure.code in _EXPIRED:
        return SourceAccessDenied, f"{access.origin} has expired{code}", f"Renew {access.origin}."
    if failure.code in _WRONG:
        reason = f"the store does not accept {access.origin}{code}"
        return SourceAccessDenied, reason, f"Correct {access.origin}."
    if failure.is_denied:
        reason = f"{access.origin} may not do that{code}"
        return SourceAccessDenied, reason, f"Grant {_rights(address.kind)}."
    if failure.status == _BAD_REQUEST and not failure.code:  # as S3 answers HEAD, which has no text
        reason = "the store does not accept the request (status 400)"
        return SourceAccessDenied, reason, f"Check whether {access.origin or wanted} has expired."
    return SourceError, f"the store answers with status {failure.status}{code}", "Check the path."


def _unanswered(
    failure: Failure, address: StoreAddress, access: StoreAccess
) -> Tuple[Type[SourceError], str, str]:
    """Explain a request that got no answer."""
    if failure.is_identity and access.origin and not access.credential:
        reason = f"{access.origin} could not be used"
        return SourceAccessDenied, reason, f"Check it, or set {WANTED[address.kind]}."
    server = urlsplit(access.endpoint).netloc
    check = f"Check {_ENDPOINT_FROM[address.kind]} and this machine's network."
    if failure.cause == "dns error":
        return SourceError, f"no host is called {server}", check
    if failure.cause == "certificate":
        return SourceError, f"{server} does not speak TLS that this machine trusts", check
    if failure.cause:
        return SourceError, f"{server} does not answer ({failure.cause})", check
    return SourceError, f"{server} could not be asked", check


_ENDPOINT_FROM = {
    StoreKind.S3: "AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_DEFAULT_REGION",
    StoreKind.AZURE: "the account's name, AZURE_STORAGE_CONNECTION_STRING",
    StoreKind.GCS: "STORAGE_EMULATOR_HOST",
}


def _rights(kind: StoreKind) -> str:
    if kind is StoreKind.S3:
        return "s3:ListBucket on the bucket and s3:GetObject on its objects"
    if kind is StoreKind.AZURE:
        return "it the role Storage Blob Data Reader, or a signature with read and list (sp=rl)"
    return "it storage.objects.list and storage.objects.get"
