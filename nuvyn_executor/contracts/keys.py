"""The keys of the Open Data Contract Standard (v3.0 and v3.1), and the properties that are our own. Pure."""

from __future__ import annotations

import difflib
from typing import Final, FrozenSet, Mapping, Optional, Sequence, Tuple

TEXT, NUMBER, TRUTH, LIST, OBJECT, ANY = "a text", "a number", "true or false", "a list", "an object", ""


def _words(text: str) -> FrozenSet[str]:
    return frozenset(text.split())


_ELEMENT = "id name physicalName physicalType description businessName authoritativeDefinitions tags"
_QUALITY = (
    "id authoritativeDefinitions businessImpact customProperties description dimension method name schedule "
    "scheduler severity tags type unit metric rule arguments query engine implementation validValues pattern "
    "mustBe mustNotBe mustBeGreaterThan mustBeGreaterOrEqualTo mustBeLessThan mustBeLessOrEqualTo "
    "mustBeBetween mustNotBeBetween"
)

KEYS: Mapping[str, FrozenSet[str]] = {
    "contract": _words(
        "version kind apiVersion id name tenant tags status servers dataProduct description domain schema "
        "support price team roles slaDefaultElement slaProperties authoritativeDefinitions customProperties "
        "contractCreatedTs"
    ),
    "schema": _words(
        f"{_ELEMENT} logicalType dataGranularityDescription properties relationships quality customProperties"
    ),
    "property": _words(
        f"{_ELEMENT} primaryKey primaryKeyPosition logicalType logicalTypeOptions required unique "
        "partitioned partitionKeyPosition classification encryptedName transformSourceObjects transformLogic "
        "transformDescription examples criticalDataElement relationships quality customProperties properties "
        "items"
    ),
    "logicalTypeOptions": _words(
        "format pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf "
        "timezone defaultTimezone minItems maxItems uniqueItems minProperties maxProperties required"
    ),
    "quality": _words(_QUALITY),
    "arguments": _words("missingValues validValues pattern properties"),
    "slaProperties": _words("id property value valueExt unit element driver description scheduler schedule"),
    "customProperties": _words("id property value description"),
}
"""The keys of each kind of object; objects of other kinds (servers, team, price) are not looked into."""

KINDS: Mapping[str, str] = {
    **dict.fromkeys(("id", "name", "physicalName", "version", "apiVersion", "kind", "status"), TEXT),
    **dict.fromkeys(("logicalType", "format", "pattern", "metric", "rule", "type", "unit", "element"), TEXT),
    **dict.fromkeys(("property", "slaDefaultElement"), TEXT),
    **dict.fromkeys(("primaryKey", "unique", "criticalDataElement", "partitioned"), TRUTH),
    **dict.fromkeys(("minLength", "maxLength", "multipleOf", "primaryKeyPosition"), NUMBER),
    **dict.fromkeys(("schema", "properties", "quality", "slaProperties", "customProperties"), LIST),
    **dict.fromkeys(("validValues", "missingValues"), LIST),
    **dict.fromkeys(("logicalTypeOptions", "arguments"), OBJECT),
}
"""What a value has to be, where a key that is used has only one kind."""

LOGICAL_TYPES = ("string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean")
QUALITY_TYPES = ("library", "text", "sql", "custom")
STRING_CHECKS: Mapping[str, str] = {
    "email": "email",
    "uuid": "uuid",
    "uri": "url",
    "ipv4": "ip_address",
    "ipv6": "ip_address",
}
"""Formats of texts -> the kind of value that is checked."""
METRICS: Mapping[str, str] = {
    "nullValues": "nullValues",
    "missingValues": "missingValues",
    "invalidValues": "invalidValues",
    "duplicateValues": "duplicateValues",
    "rowCount": "rowCount",
    # v3.0 names rules by examples only; these are the ones that it and its tools use.
    "nullCheck": "nullValues",
    "nullCount": "nullValues",
    "missingCount": "missingValues",
    "validValues": "invalidValues",
    "invalidCount": "invalidValues",
    "duplicateCount": "duplicateValues",
    "duplicates": "duplicateValues",
    "unique": "duplicateValues",
    "uniqueCheck": "duplicateValues",
}
"""Names of metrics and of rules -> the metric."""
OPERATORS = tuple(sorted(key for key in KEYS["quality"] if key.startswith("must")))
UNITS = ("rows", "percent")
FRESHNESS = ("latency", "ly", "freshness", "frequency", "fy")
HOURS: Mapping[str, float] = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1 / 3600),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 1 / 60),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 1.0),
    **dict.fromkeys(("d", "day", "days"), 24.0),
    **dict.fromkeys(("w", "wk", "week", "weeks"), 7 * 24.0),
    **dict.fromkeys(("mo", "month", "months"), 30 * 24.0),
    **dict.fromkeys(("y", "yr", "year", "years"), 365 * 24.0),
}
"""Hours of each unit of time."""


class Own:
    """Our own ``customProperties``, for what the standard has no word."""

    EXCLUDE: Final = "nuvynExclude"
    ARCHIVE: Final = "nuvynArchive"
    WEIGHTS: Final = "nuvynWeights"
    LEVELS: Final = "nuvynLevels"


OWN_PLACES: Mapping[str, Tuple[str, ...]] = {
    Own.EXCLUDE: ("schema", "property"),
    Own.ARCHIVE: ("contract", "schema"),
    Own.WEIGHTS: ("contract",),
    Own.LEVELS: ("contract",),
}
"""Where each of our properties may stand."""


def nearest(word: str, known: Sequence[str]) -> Optional[str]:
    """Return the known word that is most like another one; ``None`` where none is."""
    by_lower_case = {one.lower(): one for one in known}
    near = difflib.get_close_matches(word.lower(), list(by_lower_case), n=1, cutoff=0.6)
    return by_lower_case[near[0]] if near else None
