# ruff: noqa: N818  the names are Databricks' own codes
"""The requests that the fake refuses, in the words of Databricks.

::

    ApiError                        everything that ends as an answer with a status and a code
      Unauthenticated               401  no credential
      InvalidToken                  403  a credential that is not accepted
      MalformedRequest              400  MALFORMED_REQUEST: the body is not what the call reads
      InvalidParameter              400  INVALID_PARAMETER_VALUE: a field is missing, wrong or not honoured
      InvalidState                  400  INVALID_STATE: right request, wrong moment
      AlreadyExists                 400  RESOURCE_ALREADY_EXISTS
      BadRequest                    400  BAD_REQUEST
      NotEmpty                      400  DIRECTORY_NOT_EMPTY
      BlockTooLarge                 400  MAX_BLOCK_SIZE_EXCEEDED
      ReadTooLarge                  400  MAX_READ_SIZE_EXCEEDED
      LimitExceeded                 400  RESOURCE_LIMIT_EXCEEDED
      PermissionDenied              403  PERMISSION_DENIED: refused by a store, or asked by a web page
      DoesNotExist                  404  RESOURCE_DOES_NOT_EXIST
      NotFound                      404  NOT_FOUND, the newer services' word
      EndpointNotFound              404  ENDPOINT_NOT_FOUND: no such call
      Conflict                      409  ALREADY_EXISTS, the Files API's word
      ChangedMeanwhile              409  ABORTED: another request or a program has changed the same files
      RangeNotSatisfiable           416  RANGE_NOT_SATISFIABLE: no byte of the file is in the range
      TemporarilyUnavailable        503  TEMPORARILY_UNAVAILABLE: a store does not answer, or the server ends
      DiskFull                      507  RESOURCE_EXHAUSTED: what was sent could not be stored
      PrincipalRefused                   SCIM's own envelope, with ``schemas`` and ``detail``
        PrincipalInvalid          400
        PrincipalNotFound           404
        PrincipalExists             409
      CommandRefused                500  the API 1.2's own envelope, ``{"error": "Name: text"}``

The envelope is ``{"error_code": ..., "message": ...}``; the two about credentials have a number there.
"""

from __future__ import annotations

from typing import Any, ClassVar, Mapping


class ApiError(Exception):
    """A refusal with an HTTP status and a code; ``web/app.py`` turns it into an answer.

    Attributes:
        status: HTTP status.
        error_code: Databricks' code.
        message: what a person reads.
        details: error details as in ``google.rpc``, mostly none.
    """

    status: ClassVar[int] = 500
    error_code: ClassVar[Any] = "INTERNAL_ERROR"

    def __init__(self, message: str, details: tuple[Mapping[str, Any], ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def envelope(self) -> dict[str, Any]:
        """Return the body of the answer."""
        body: dict[str, Any] = {"error_code": self.error_code, "message": self.message}
        if self.details:
            body["details"] = [dict(detail) for detail in self.details]
        return body


class Unauthenticated(ApiError):
    """There is no credential, or one of an unknown kind."""

    status = 401
    error_code = 401


class InvalidToken(ApiError):
    """The server does not accept this credential."""

    status = 403
    error_code = 403


class MalformedRequest(ApiError):
    """The request cannot be read."""

    status = 400
    error_code = "MALFORMED_REQUEST"


class InvalidParameter(ApiError):
    """A field is missing, has a wrong type or value, or is not honoured here."""

    status = 400
    error_code = "INVALID_PARAMETER_VALUE"


class InvalidState(ApiError):
    """The object exists, but its state does not allow this."""

    status = 400
    error_code = "INVALID_STATE"


class AlreadyExists(ApiError):
    """There is already an object with this name."""

    status = 400
    error_code = "RESOURCE_ALREADY_EXISTS"


class BadRequest(ApiError):
    """The request makes no sense."""

    status = 400
    error_code = "BAD_REQUEST"


class NotEmpty(ApiError):
    """The folder of the workspace is not empty."""

    status = 400
    error_code = "DIRECTORY_NOT_EMPTY"


class BlockTooLarge(ApiError):
    """A DBFS block is larger than 1 MB."""

    status = 400
    error_code = "MAX_BLOCK_SIZE_EXCEEDED"


class ReadTooLarge(ApiError):
    """A DBFS read asks for more than 1 MB."""

    status = 400
    error_code = "MAX_READ_SIZE_EXCEEDED"


class LimitExceeded(ApiError):
    """A documented limit of the service is reached."""

    status = 400
    error_code = "RESOURCE_LIMIT_EXCEEDED"


class PermissionDenied(ApiError):
    """A store behind a mount refuses the credentials, or the request comes from a web page."""

    status = 403
    error_code = "PERMISSION_DENIED"


class TemporarilyUnavailable(ApiError):
    """A store behind a mount does not answer, or this server is ending."""

    status = 503
    error_code = "TEMPORARILY_UNAVAILABLE"


class DoesNotExist(ApiError):
    """The object does not exist."""

    status = 404
    error_code = "RESOURCE_DOES_NOT_EXIST"


class NotFound(ApiError):
    """The object does not exist; the code of the newer services."""

    status = 404
    error_code = "NOT_FOUND"


class EndpointNotFound(ApiError):
    """There is no such call."""

    status = 404
    error_code = "ENDPOINT_NOT_FOUND"


class Conflict(ApiError):
    """There is already a file at this path; the code of the Files API."""

    status = 409
    error_code = "ALREADY_EXISTS"


class ChangedMeanwhile(ApiError):
    """While the request was working on files, something else has changed them."""

    status = 409
    error_code = "ABORTED"


class RangeNotSatisfiable(ApiError):
    """No byte of the file is in the range that is asked for."""

    status = 416
    error_code = "RANGE_NOT_SATISFIABLE"


class DiskFull(ApiError):
    """The disk of this server has no space for what the request would store."""

    status = 507
    error_code = "RESOURCE_EXHAUSTED"


class PrincipalRefused(ApiError):
    """A refusal of SCIM, in its own envelope.

    Attributes:
        scim_type: the ``scimType`` of RFC 7644; empty for none.
    """

    scim_type = ""

    def envelope(self) -> dict[str, Any]:
        """Return the body as SCIM has it; the SDKs read ``detail``."""
        schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"]
        kind = {"scimType": self.scim_type} if self.scim_type else {}
        return {"schemas": schemas, "detail": self.message, "status": str(self.status), **kind}


class PrincipalInvalid(PrincipalRefused):
    """The request has a field or a parameter that is wrong, or is no JSON."""

    status = 400
    error_code = "INVALID_PARAMETER_VALUE"

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.message)
        self.scim_type = "invalidSyntax" if isinstance(error, MalformedRequest) else "invalidValue"


class PrincipalNotFound(PrincipalRefused):
    """There is no such user, group or service principal."""

    status = 404
    error_code = "RESOURCE_DOES_NOT_EXIST"


class PrincipalExists(PrincipalRefused):
    """There is another of that name."""

    status = 409
    error_code = "RESOURCE_ALREADY_EXISTS"
    scim_type = "uniqueness"


class CommandRefused(ApiError):
    """A refusal of the API 1.2, in its own envelope."""

    def envelope(self) -> dict[str, Any]:
        """Return ``{"error": "Name: text"}``."""
        return {"error": self.message}
