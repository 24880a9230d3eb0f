"""The jars of ``s3a://``, which a Databricks cluster has built in and the public Spark lacks.

They are fetched when the first cluster needs them, once for a machine and a Hadoop. hadoop-aws names a bundle
of all of Amazon's clients, 280 MB or more; these few of them, 6 to 13 MB, are what it uses.
"""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from fake_databricks.engine.local_spark import LocalSparkError
from fake_databricks.engine.local_spark.delta_jars import cache_folder
from fake_databricks.engine.local_spark.maven import fetch_jars

if TYPE_CHECKING:
    from pathlib import Path


class Clients(NamedTuple):
    """Those of Amazon's clients that a hadoop-aws uses.

    Attributes:
        group: Maven's name of all of them.
        version: that of each of them.
        names: their own names.
        excluded: what these would bring, and Spark has itself or nothing here uses.
    """

    group: str
    version: str
    names: tuple[str, ...]
    excluded: tuple[str, ...]


_OF_SPARK = (
    *(
        "org.wildfly.openssl:wildfly-openssl",
        "commons-codec:commons-codec",
        "commons-logging:commons-logging",
    ),
    *("org.apache.httpcomponents:httpclient", "org.apache.httpcomponents:httpcore"),
)
FIRST = Clients(
    "com.amazonaws",
    "1.12.262",  # with which hadoop-aws 3.3.4 was made
    (
        *("aws-java-sdk-core", "aws-java-sdk-s3", "aws-java-sdk-sts", "aws-java-sdk-kms", "jmespath-java"),
        "aws-java-sdk-dynamodb",  # hadoop-aws names its classes, and uses none
    ),
    (
        *_OF_SPARK,
        *("com.amazonaws:aws-java-sdk-bundle", "joda-time:joda-time", "software.amazon.ion:ion-java"),
        *(f"com.fasterxml.jackson.core:jackson-{part}" for part in ("core", "databind", "annotations")),
        "com.fasterxml.jackson.dataformat:jackson-dataformat-cbor",
    ),
)
SECOND = Clients(
    "software.amazon.awssdk",
    "2.35.4",  # with which hadoop-aws 3.5.0 was made; later ones of one major version do what earlier ones do
    ("s3", "s3-transfer-manager", "sts"),
    (*_OF_SPARK, "software.amazon.awssdk:bundle", "io.netty:*", "org.slf4j:*"),
)
OF_HADOOP = {"3.3.4": FIRST, "3.4.1": SECOND, "3.5.0": SECOND}
"""By the version of Hadoop: Spark 3.4 and 3.5, 4.0, and 4.2 bring these."""
REMEDY = "Connect to the network once, or leave spark.hadoop.fs.s3a.* out of the cluster's spark_conf."


def hadoop_version(spark_home: Path) -> str:
    """Return the version of the Hadoop that a Spark brings; raise LocalSparkError where it is not known."""
    found = next((spark_home / "jars").glob("hadoop-client-api-*.jar"), None)
    version = "" if found is None else found.stem.rpartition("-")[2]
    if version not in OF_HADOOP:
        raise LocalSparkError(
            f"No jars of s3a:// are known for the Hadoop of this Spark ({version or 'none'}).",
            f"Use a cluster whose Spark has Hadoop {', '.join(OF_HADOOP)}.",
        )
    return version


def s3a_jars(java_home: Path, spark_home: Path) -> tuple[Path, ...]:
    """Return the jars, fetched from Maven Central if need be; raise LocalSparkError where that fails.

    Args:
        java_home: a Java that the server's own Spark runs on, which fetches them.
        spark_home: the folder of the Spark that they are for.
    """
    hadoop = hadoop_version(spark_home)
    clients = OF_HADOOP[hadoop]
    wanted = [
        ("org.apache.hadoop", "hadoop-aws", hadoop),
        *((clients.group, name, clients.version) for name in clients.names),
    ]
    names = {f"{group}_{name}-{version}.jar" for group, name, version in wanted}  # as Ivy writes them
    return fetch_jars(
        cache_folder(os.environ) / "jars" / f"s3a-{hadoop}",
        [":".join(one) for one in wanted],
        java_home,
        lambda folder: _jars_in(folder, names),
        excluded=clients.excluded,
        what="The jars of s3a://",
        remedy=REMEDY,
    )


def _jars_in(folder: Path, names: set[str]) -> tuple[Path, ...]:
    """Return all jars of a folder, if all that are needed are there and whole."""
    jars = tuple(sorted(folder.resolve().glob("*.jar")))
    is_whole = names <= {jar.name for jar in jars} and all(map(zipfile.is_zipfile, jars))
    return jars if is_whole else ()
