"""What failures of the cluster's own access mean, from the texts of Spark, Java and Databricks."""

from __future__ import annotations

from typing import Type

import pytest

from nuvyn_executor.errors import SourceAccessDenied, SourceError, SourceNotFound
from nuvyn_executor.sources.cluster_failures import cluster_error, is_answer, is_nothing
from nuvyn_executor.sources.store_address import parse_store_address

JAVA = (
    "An error occurred while calling o42.ls.\n: {}\n\tat org.apache.hadoop.fs.s3a.AccessDenied.x(Y.java:403)"
)
S3, AZURE, GOOGLE = "s3://bucket/a", "abfss://cont@acct.dfs.core.windows.net/a", "gs://bucket/a"


class ClusterFailed(Exception):  # noqa: N818  any class of Spark's or py4j's
    """Stands for what a cluster raises."""


def explained(text: str, path: str = S3) -> SourceError:
    address = parse_store_address(path)
    assert address is not None
    return cluster_error(ClusterFailed(JAVA.format(text)), address, "listed")


class TestMeanings:
    """One sentence each that names the source and the remedy, never a Java stack."""

    @pytest.mark.parametrize(
        ("path", "text", "kind", "reason", "remedy"),
        [
            (
                S3,
                "NoAuthWithAWSException: No AWS Credentials provided by IAMInstanceCredentialsProvider",
                SourceAccessDenied,
                "the cluster has no credentials for it",
                "Attach an instance profile to the cluster",
            ),
            (
                S3,
                "java.nio.file.AccessDeniedException: Forbidden (Status Code: 403; Error Code: 403)",
                SourceAccessDenied,
                "the credentials of the cluster do not allow it",
                "s3:ListBucket",
            ),
            (
                S3,
                "PERMISSION_DENIED: User does not have READ FILES on External Location 'client'",
                SourceAccessDenied,
                "Unity Catalog does not let this user read it",
                "READ FILES granted on an external location",
            ),
            (
                S3,
                "org.apache.hadoop.fs.s3a.UnknownStoreException: `s3a://bucket/a': Error Code: NoSuchBucket",
                SourceNotFound,
                "The bucket bucket does not exist.",
                "Check its name",
            ),
            (
                S3,
                "org.apache.hadoop.fs.s3a.AWSRedirectException: PermanentRedirect; Status Code: 301",
                SourceError,
                "in another region",
                "spark.hadoop.fs.s3a.endpoint.region",
            ),
            (
                S3,
                "java.net.UnknownHostException: minio: Name or service not known",
                SourceError,
                "there is no host of the name",
                "the endpoint in the cluster's Spark settings",
            ),
            (
                AZURE,
                "Failure to initialize configuration for storage account acct: invalid fs.azure.account.key",
                SourceAccessDenied,
                "the cluster has no credentials for it",
                "Use an external location of Unity Catalog, or set the account's access",
            ),
            (
                AZURE,
                "Operation failed: not authorized, 403, HEAD, AuthorizationPermissionMismatch",
                SourceAccessDenied,
                "the credentials of the cluster do not allow it",
                "Storage Blob Data Reader",
            ),
            (
                GOOGLE,
                "java.io.IOException: Error getting access token from metadata server",
                SourceAccessDenied,
                "the cluster has no credentials for it",
                "Attach a service account to the cluster",
            ),
        ],
    )
    def test_each_is_one_sentence(
        self, path: str, text: str, kind: Type[SourceError], reason: str, remedy: str
    ) -> None:
        error = explained(text, path)

        assert type(error) is kind
        assert reason in error.message
        assert remedy in error.remedy
        assert "\n" not in str(error)
        assert "org.apache" not in str(error)
        assert is_answer(ClusterFailed(text))

    def test_what_is_not_known_names_its_class_alone_and_lets_the_next_way_try(self) -> None:
        error = explained("py4j.security.Py4JSecurityException: Path is not whitelisted: fs.s3a.secret.key=x")

        assert error.message == (
            f"{S3} cannot be listed with the cluster's own access: Spark failed (ClusterFailed)."
        )
        assert not is_answer(ClusterFailed(JAVA.format("py4j.security.Py4JSecurityException: no")))

    @pytest.mark.parametrize(
        ("text", "nothing"),
        [
            ("java.io.FileNotFoundException: No such file or directory s3a://bucket/a", "nothing"),
            ("[PATH_NOT_FOUND] Path does not exist: s3a://bucket/a.", "nothing"),
            ("java.io.FileNotFoundException: Bucket bucket does not exist", "no bucket"),
            ("java.nio.file.AccessDeniedException: s3a://bucket/a", "refused"),
        ],
    )
    def test_nothing_at_a_path_is_no_failure(self, text: str, nothing: str) -> None:
        assert is_nothing(ClusterFailed(text)) == (nothing == "nothing")
