"""What failed requests mean, from the texts that the library was seen to raise."""

from __future__ import annotations

from typing import Dict

import pytest

from nuvyn_executor.errors import ExecutorError, SourceAccessDenied, SourceError, SourceNotFound
from nuvyn_executor.sources.store_address import parse_store_address
from nuvyn_executor.sources.store_credentials import find_access
from nuvyn_executor.sources.store_failures import source_error

SECRET = "sv%3D1%26sig%3Dhidden"
KEYS = {"AWS_ACCESS_KEY_ID": "hidden-key", "AWS_SECRET_ACCESS_KEY": "hidden-secret"}
S3, AZURE = "s3://bucket/a", "abfss://cont@acct.dfs.core.windows.net/a"


def answered(status: int, code: str = "", detail: str = "") -> Exception:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{detail} {SECRET}</Message></Error>'
    return RuntimeError(
        f"Generic S3 error: Error performing GET https://host/a?{SECRET} in 1ms - Server returned non-2xx "
        f"status code: {status} Something: {body if code else ''}\n\nDebug source:\nGeneric {{ {SECRET} }}"
    )


def unanswered(debug: str) -> Exception:
    return RuntimeError(
        f"Generic S3 error: Error performing GET https://host/a?{SECRET} in 3s, after 5 retries, "
        f"max_retries: 10, retry_timeout: 3s  - HTTP error: error sending request\n\nDebug source:\n{debug}"
    )


def explained(
    error: Exception, path: str, settings: Dict[str, str], *, identity: bool = False
) -> ExecutorError:
    address = parse_store_address(path)
    assert address is not None
    access = find_access(address, settings, lambda _kind, _settings: identity)
    return source_error(error, address, access, "listed")


REGION = "this normally indicates an incorrectly configured region"
SIGNED = {S3: KEYS, AZURE: {"AZURE_STORAGE_SAS_TOKEN": "sv=1&sig=hidden"}}


class TestRefusals:
    """Issue 13: "one sentence that names the source without its secret and the variable to set"."""

    @pytest.mark.parametrize(
        ("path", "error", "kind", "sentence", "remedy"),
        [
            (
                S3,
                answered(403, "InvalidAccessKeyId"),
                SourceAccessDenied,
                "does not accept",
                "Correct AWS_ACCESS",
            ),
            (
                S3,
                answered(403, "SignatureDoesNotMatch"),
                SourceAccessDenied,
                "does not accept",
                "Correct AWS_",
            ),
            (S3, answered(400, "ExpiredToken"), SourceAccessDenied, "has expired", "Renew AWS_ACCESS_KEY_ID"),
            (S3, answered(400), SourceAccessDenied, "status 400", "whether AWS_ACCESS_KEY_ID"),
            (S3, answered(403, "AccessDenied"), SourceAccessDenied, "may not do that", "s3:ListBucket"),
            (S3, answered(403), SourceAccessDenied, "may not do that", "s3:GetObject"),
            (
                S3,
                answered(403, "RequestTimeTooSkewed"),
                SourceAccessDenied,
                "clock",
                "Set the machine's clock",
            ),
            (
                S3,
                answered(404, "NoSuchBucket"),
                SourceNotFound,
                "The bucket bucket does not exist",
                "Check its",
            ),
            (S3, answered(400, "AuthorizationHeaderMalformed"), SourceError, "region", "AWS_DEFAULT_REGION"),
            (
                S3,
                RuntimeError("redirect without LOCATION: " + REGION),
                SourceError,
                "region",
                "AWS_DEFAULT_REGION",
            ),
            (S3, answered(503, "SlowDown"), SourceError, "too busy", "EXECUTOR_SOURCE_RETRY_SECONDS"),
            (S3, answered(429), SourceError, "too busy", "EXECUTOR_SOURCE_RETRY_SECONDS"),
            (S3, answered(500, "InternalError"), SourceError, "failed with status 500", "again later"),
            (
                AZURE,
                answered(403, "AuthenticationFailed"),
                SourceAccessDenied,
                "does not accept",
                "SAS_TOKEN",
            ),
            (
                AZURE,
                answered(403, "AuthenticationFailed", "Signature not valid in the specified time frame"),
                SourceAccessDenied,
                "AZURE_STORAGE_SAS_TOKEN has expired",
                "Renew AZURE_STORAGE_SAS_TOKEN",
            ),
            (
                AZURE,
                answered(403, "AuthorizationPermissionMismatch"),
                SourceAccessDenied,
                "may not do that",
                "Storage Blob Data Reader",
            ),
            (
                AZURE,
                answered(404, "ContainerNotFound"),
                SourceNotFound,
                "in the account acct",
                "Check its name",
            ),
            (AZURE, answered(503, "ServerBusy"), SourceError, "too busy", "EXECUTOR_SOURCE_RETRY_SECONDS"),
        ],
    )
    def test_an_answer(self, path: str, error: Exception, kind: type, sentence: str, remedy: str) -> None:
        found = explained(error, path, SIGNED[path])

        assert type(found) is kind
        assert sentence in found.message
        assert remedy in found.remedy
        assert "hidden" not in str(found)
        assert "\n" not in str(found)

    @pytest.mark.parametrize(
        ("path", "error", "variable"),
        [
            (S3, answered(403, "AccessDenied"), "AWS_ACCESS_KEY_ID"),
            (AZURE, answered(404, "ResourceNotFound"), "AZURE_STORAGE_CONNECTION_STRING"),
            (AZURE, answered(409, "PublicAccessNotPermitted"), "AZURE_STORAGE_CONNECTION_STRING"),
            (AZURE, answered(401, "NoAuthenticationInformation"), "AZURE_STORAGE_CONNECTION_STRING"),
            ("gs://bucket/a", answered(401), "GOOGLE_APPLICATION_CREDENTIALS"),
        ],
    )
    def test_without_credentials_the_variable_to_set_is_named(
        self, path: str, error: Exception, variable: str
    ) -> None:
        found = explained(error, path, {})

        assert isinstance(found, SourceAccessDenied)
        assert "no credentials are set" in found.message
        assert variable in found.remedy


class TestNoAnswer:
    @pytest.mark.parametrize(
        ("debug", "sentence"),
        [
            ('ConnectError("dns error", Custom { kind: Uncategorized })', "no host is called"),
            ("Os { code: 111, kind: ConnectionRefused }", "does not answer (connection refused)"),
            ("InvalidMessage(InvalidContentType)", "TLS"),
            ("kind: Request, source: TimedOut", "does not answer (no answer in time)"),
            ("hyper::Error(IncompleteMessage)", "does not answer (connection reset)"),
            ("", "could not be asked"),
        ],
    )
    def test_what_happened_is_said(self, debug: str, sentence: str) -> None:
        found = explained(unanswered(debug), S3, {**KEYS, "AWS_ENDPOINT_URL": "http://store.example:9000"})

        assert type(found) is SourceError
        assert sentence in found.message
        assert "store.example:9000" in found.message
        assert "AWS_ENDPOINT_URL" in found.remedy
        assert "hidden" not in str(found)

    def test_an_identity_that_does_not_answer_is_no_failure_of_the_store(self) -> None:
        error = RuntimeError(
            "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 1s"
        )

        found = explained(error, S3, {}, identity=True)

        assert isinstance(found, SourceAccessDenied)
        assert "the role of this instance could not be used" in found.message
        assert "AWS_ACCESS_KEY_ID" in found.remedy
