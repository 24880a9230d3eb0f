"""Spark sessions made from a running one: they share its catalog and differ in settings.

The running session is the cluster's, so its settings stay as they are.
"""

from __future__ import annotations

import logging
import os
from typing import Any, Optional, Tuple

from nuvyn_executor.spark.conditions import failure_of

logger = logging.getLogger(__name__)

TIME_ZONE = "spark.sql.session.timeZone"
NANOS_AS_LONG = "spark.sql.legacy.parquet.nanosAsLong"
CASE_TWINS = ("COLUMN_ALREADY_EXISTS", "AMBIGUOUS_REFERENCE")
"""What Spark calls it when names differ in nothing but upper and lower case."""
CASE_TWINS_WORDS = r"COLUMN_ALREADY_EXISTS|AMBIGUOUS_REFERENCE|duplicate (?:column|field)"
"""What it says where that has no name."""
_REMEDIES: Tuple[Tuple[Tuple[str, ...], str, str, str], ...] = (
    (CASE_TWINS, CASE_TWINS_WORDS, "spark.sql.caseSensitive", "true"),
    # Spark 4 reads texts in a few encodings of Unicode and in Latin-1, unless it is told to take Java's.
    (("INVALID_PARAMETER_VALUE.CHARSET",), "", "spark.sql.legacy.javaCharsets", "true"),
    # Moments as pandas writes them; Spark knows microseconds.
    ((), r"TIMESTAMP\(NANOS", NANOS_AS_LONG, "true"),
    # The slower reader of single rows knows more encodings, and decimals as bytes. Spark 4 has a null pointer
    # there. It has no message, so a server of Connect cannot send it: then nothing follows Spark's sentence.
    (
        ("FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH", "PARQUET_COLUMN_DATA_TYPE_MISMATCH"),
        (
            r"SchemaColumnConvertNotSupported|PARQUET_COLUMN_DATA_TYPE_MISMATCH|Unsupported encoding"
            r"|FAILED_READ_FILE[^\0]*NullPointerException|\[FAILED_READ_FILE\.NO_HINT\].*\Z"
        ),
        "spark.sql.parquet.enableVectorizedReader",
        "false",
    ),
)
"""Spark's names of an error, a pattern of its words, and the setting with which Spark does not raise it."""
_FOR_FEW_ROWS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.leafNodeDefaultParallelism": "1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.ui.explainMode": "simple",
    # What is merged is a literal, the same however often it is evaluated.
    "spark.databricks.delta.merge.materializeSource": "none",
}


def small_session(spark: Any) -> Any:
    """Make a session for statements on a few rows; return ``spark`` itself where none can be made.

    Spark compiles each statement to Java and spreads it over tasks, which pays for millions of rows. For the
    few rows of the metadata tables it costs more than it saves: interpreted, a merge takes 1.2 s and not 1.6,
    the first one 2.3 s and not 3.9. On Spark Connect a session costs the server, so there is none for this;
    guarded clusters make none.
    """
    try:
        session = spark.newSession()
        for name, value in _FOR_FEW_ROWS.items():
            session.conf.set(name, value)
        if hasattr(spark.catalog, "currentCatalog"):  # came with Spark 3.4
            session.catalog.setCurrentCatalog(spark.catalog.currentCatalog())
    except Exception as error:  # noqa: BLE001  what a guarded cluster raises is py4j's or its own
        logger.debug("No session of our own for the metadata tables: %s", error)
        return spark
    return session


def session_without(spark: Any, error: Exception) -> Optional[Any]:
    """Make a session whose settings avoid an error of Spark; ``None`` where there can be none.

    Args:
        spark: the session that raised the error.
        error: the error.
    """
    failure = failure_of(error)
    new = [one[2:] for one in _REMEDIES if failure.means(*one[:2]) and not _has(spark, *one[2:])]
    if not new:
        return None
    try:
        session = _another(spark)
        session.conf.set(TIME_ZONE, spark.conf.get(TIME_ZONE))
        for _, _, name, value in _REMEDIES:
            if _has(spark, name, value):
                session.conf.set(name, value)
        for name, value in new:
            session.conf.set(name, value)
    except Exception as reason:  # noqa: BLE001  a guarded cluster and serverless compute may refuse one
        logger.debug("There is no other Spark session: %s", reason)
        return None
    return session


def _another(spark: Any) -> Any:
    """Make a second session: Spark Connect has no ``newSession``, and a clone of a session since Spark 4.1.

    Before that, a client can open one more session with the server that ``SPARK_REMOTE`` names.
    """
    for name in ("newSession", "cloneSession"):
        if hasattr(spark, name):
            return getattr(spark, name)()
    if not os.environ.get("SPARK_REMOTE"):
        raise NotImplementedError("this client of Spark Connect opens no second session")
    from pyspark.sql import SparkSession  # noqa: PLC0415  the module works without pyspark

    return SparkSession.builder.create()


def is_set(spark: Any, name: str) -> bool:
    """Whether a setting of a session is ``true``."""
    return _has(spark, name, "true")


def _has(spark: Any, name: str, value: str) -> bool:
    default = "false" if value == "true" else "true"  # Spark takes no other text for one
    return str(spark.conf.get(name, default)).lower() == value
