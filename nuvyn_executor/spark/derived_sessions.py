"""Spark sessions that read what the usual one refuses; that is the cluster's, and is left as it is."""

from __future__ import annotations

import logging
import re
from typing import Any, Optional, Tuple

logger = logging.getLogger(__name__)

TIME_ZONE = "spark.sql.session.timeZone"
NANOS_AS_LONG = "spark.sql.legacy.parquet.nanosAsLong"
CASE_TWINS = r"COLUMN_ALREADY_EXISTS|AMBIGUOUS_REFERENCE|duplicate (?:column|field)"
"""What Spark says of names that differ in nothing but upper and lower case."""
_REMEDIES: Tuple[Tuple[str, str], ...] = (
    (CASE_TWINS, "spark.sql.caseSensitive"),
    # Moments as pandas writes them; Spark knows microseconds.
    (r"TIMESTAMP\(NANOS", NANOS_AS_LONG),
)
"""What Spark says, and the setting with which it does not."""


def is_set(spark: Any, name: str) -> bool:
    """Whether a setting of a session is ``true``."""
    return str(spark.conf.get(name, "false")).lower() == "true"


def session_without(spark: Any, error: Exception) -> Optional[Any]:
    """Make a session that does not refuse what this one did; ``None`` where there can be none.

    Args:
        spark: the session that refused; keeps its settings.
        error: what it raised.
    """
    text = f"{type(error).__name__}: {error}"
    names = [name for pattern, name in _REMEDIES if re.search(pattern, text) and not is_set(spark, name)]
    if not names:
        return None
    try:
        session = spark.newSession()
        session.conf.set(TIME_ZONE, spark.conf.get(TIME_ZONE))
        for name in (*names, *(name for _, name in _REMEDIES if is_set(spark, name))):
            session.conf.set(name, "true")
    except Exception as reason:  # noqa: BLE001  Spark Connect makes none before Spark 4
        logger.debug("There is no other Spark session: %s", reason)
        return None
    return session
