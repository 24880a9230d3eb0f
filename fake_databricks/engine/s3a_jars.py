"""The jars of ``s3a://``, which a Databricks cluster has built in and the public Spark lacks.

They are fetched when the first cluster needs them, once for a machine. hadoop-aws names a bundle of all of
Amazon's clients, 280 MB; these few of them, 7 MB, are what it uses.
"""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

from fake_databricks.engine.local_spark import LocalSparkError
from fake_databricks.engine.local_spark.delta_jars import cache_folder
from fake_databricks.engine.local_spark.maven import fetch_jars

if TYPE_CHECKING:
    from pathlib import Path

AMAZON_OF_HADOOP = {"3.3.4": "1.12.262"}
"""The version of Amazon's clients that each hadoop-aws was made with."""
CLIENTS = ("aws-java-sdk-core", "aws-java-sdk-s3", "aws-java-sdk-sts", "aws-java-sdk-kms", "jmespath-java")
METADATA_STORE = "aws-java-sdk-dynamodb"  # hadoop-aws 3.3 names its classes, and uses none
OF_SPARK = (
    *("com.amazonaws:aws-java-sdk-bundle", "org.wildfly.openssl:wildfly-openssl", "joda-time:joda-time"),
    *("software.amazon.ion:ion-java", "commons-codec:commons-codec", "commons-logging:commons-logging"),
    *("org.apache.httpcomponents:httpclient", "org.apache.httpcomponents:httpcore"),
    *(f"com.fasterxml.jackson.core:jackson-{part}" for part in ("core", "databind", "annotations")),
    "com.fasterxml.jackson.dataformat:jackson-dataformat-cbor",
)
"""What these would bring, and Spark has itself or nothing here uses."""
REMEDY = "Connect to the network once, or leave spark.hadoop.fs.s3a.* out of the cluster's spark_conf."


def hadoop_version(spark_home: Path) -> str:
    """Return the version of the Hadoop that a Spark brings; raise LocalSparkError where it is not known."""
    found = next((spark_home / "jars").glob("hadoop-client-api-*.jar"), None)
    version = "" if found is None else found.stem.rpartition("-")[2]
    if version not in AMAZON_OF_HADOOP:
        raise LocalSparkError(
            f"No jars of s3a:// are known for the Hadoop of this Spark ({version or 'none'}).",
            f"Use a cluster whose Spark has Hadoop {', '.join(AMAZON_OF_HADOOP)}.",
        )
    return version


def s3a_jars(java_home: Path, spark_home: Path) -> tuple[Path, ...]:
    """Return the jars, fetched from Maven Central if need be; raise LocalSparkError where that fails.

    Args:
        java_home: a Java that the server's own Spark runs on, which fetches them.
        spark_home: the folder of the Spark that they are for.
    """
    hadoop = hadoop_version(spark_home)
    amazon = AMAZON_OF_HADOOP[hadoop]
    names = [f"com.amazonaws:{name}:{amazon}" for name in (*CLIENTS, METADATA_STORE)]
    return fetch_jars(
        cache_folder(os.environ) / "jars" / f"s3a-{hadoop}",
        [f"org.apache.hadoop:hadoop-aws:{hadoop}", *names],
        java_home,
        _jars_in,
        excluded=OF_SPARK,
        what="The jars of s3a://",
        remedy=REMEDY,
    )


def _jars_in(folder: Path) -> tuple[Path, ...]:
    """Return all jars of a folder, if all that are needed are there and whole."""
    jars = tuple(sorted(folder.resolve().glob("*.jar")))
    names = " ".join(jar.name for jar in jars)
    is_whole = all(f"{name}-" in names for name in ("hadoop-aws", *CLIENTS)) and all(
        map(zipfile.is_zipfile, jars)
    )
    return jars if is_whole else ()
