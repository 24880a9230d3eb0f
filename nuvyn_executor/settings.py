"""The table of all settings, and the values that come of it. Pure.

``docs/configuration.md`` shows :data:`SETTINGS`, and a test holds the two equal.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Callable, Optional, Tuple
from urllib.parse import urlsplit

from nuvyn_executor.redaction import Secret

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
ENGINES = ("auto", "spark")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_BYTES_PER_MB = 1_000_000


# A parser takes the text, stripped and not empty, and raises ValueError with what it wants instead.


def _text(text: str) -> str:
    return text


def _secret(text: str) -> Secret:
    return Secret(text)


def _header_secret(text: str) -> Secret:
    # it becomes a header: a line break would start another one, and requests repeats bad ones in its error
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("printable ASCII characters without blanks")
    return Secret(text)


def _url(text: str) -> str:
    wanted = "a URL such as https://platform.example.com, without user, password, query or fragment"
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  reading it checks it
    except ValueError as error:
        raise ValueError(wanted) from error
    plain = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    if not plain or re.search(r"[\s?#]", text):
        raise ValueError(wanted)
    return text.rstrip("/")


def _workspace_url(text: str) -> str:
    # Databricks' own tools show and take the bare host, too
    return _url(text if "://" in text else f"https://{text}")


def _level(text: str) -> str:
    if text.upper() not in _LEVELS:
        raise ValueError(f"one of {', '.join(_LEVELS)}")
    return text.upper()


def _schema_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*){0,2}", text, re.ASCII):
        raise ValueError("one to three identifiers joined by dots, such as main._executor_metadata")
    return text


def _boolean(text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise ValueError("true or false")
    return text.lower() in _TRUE


def _engine(text: str) -> str:
    if text.lower() not in ENGINES:
        raise ValueError(" or ".join(ENGINES))
    return text.lower()


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) < 1:
        raise ValueError("a whole number of at least 1")
    return int(text)


def _number(text: str, wanted: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise ValueError(wanted) from error
    if not math.isfinite(number) or number < 0:
        raise ValueError(wanted)
    return number


def _positive(text: str) -> float:
    number = _number(text, "a number above 0")
    if number == 0:
        raise ValueError("a number above 0")
    return number


def _not_negative(text: str) -> float:
    return _number(text, "a number of at least 0")


@dataclass(frozen=True)
class Setting:
    """One row of the table of settings.

    Attributes:
        name: the environment variable.
        attribute: its name in :class:`Settings`.
        parse: text to value; raises ``ValueError`` that says what it wants.
        default: the value's text when the variable is unset; ``None`` means that there is none.
        doc: what it is for, in one sentence (Markdown).
        scope_key: its key in the secret scope, where it may come from there.
    """

    name: str
    attribute: str
    parse: Callable[[str], Any]
    default: Optional[str]
    doc: str
    scope_key: Optional[str] = None

    @property
    def is_secret(self) -> bool:
        """Whether its value is a :class:`Secret`."""
        return self.parse in (_secret, _header_secret)


SETTINGS: Tuple[Setting, ...] = (
    Setting(
        "DATABRICKS_WORKSPACE_URL",
        "workspace_url",
        _workspace_url,
        None,
        "The workspace's URL, or its bare host name. It is checked; no job needs it yet.",
    ),
    Setting(
        "NUVYN_API_ENDPOINT",
        "api_endpoint",
        _url,
        None,
        "The platform's URL; `/api/metadata` is appended unless it ends so. Without it, nothing is sent.",
        "api-endpoint",
    ),
    Setting(
        "NUVYN_API_KEY",
        "api_key",
        _header_secret,
        None,
        "The key that the platform knows this workspace by, sent as `Authorization: Bearer`.",
        "api-key",
    ),
    Setting(
        "AZURE_STORAGE_CONNECTION_STRING",
        "azure_storage_connection_string",
        _secret,
        None,
        "For data in Azure Blob Storage.",
        "azure-storage-connection-string",
    ),
    Setting(
        "AWS_ACCESS_KEY_ID",
        "aws_access_key_id",
        _secret,
        None,
        "For data in Amazon S3, with `AWS_SECRET_ACCESS_KEY`.",
        "aws-access-key-id",
    ),
    Setting(
        "AWS_SECRET_ACCESS_KEY",
        "aws_secret_access_key",
        _secret,
        None,
        "For data in Amazon S3, with `AWS_ACCESS_KEY_ID`.",
        "aws-secret-access-key",
    ),
    Setting(
        "EXECUTOR_LOG_LEVEL",
        "log_level",
        _level,
        "INFO",
        "The least level that is logged: `DEBUG`, `INFO`, `WARNING` or `ERROR`.",
    ),
    Setting(
        "EXECUTOR_SCHEMA_NAME",
        "schema_name",
        _schema_name,
        "_executor_metadata",
        "The schema of the five tables; it may name a catalog: `main._executor_metadata`.",
    ),
    Setting(
        "EXECUTOR_MAX_FILES_PER_JOB",
        "max_files_per_job",
        _count,
        "10000",
        "Files that one job looks at; when there are more, `details` says `truncated`.",
    ),
    Setting(
        "EXECUTOR_ENGINE",
        "engine",
        _engine,
        "auto",
        "What counts: `auto` is Polars (extra `fast`) inside Spark's tasks where it can be, `spark` never.",
    ),
    Setting(
        "EXECUTOR_FULL_SCAN",
        "full_scan",
        _boolean,
        "false",
        "Whether all is read again, also what is as it was when it was last counted: `true` or `false`.",
    ),
    Setting(
        "EXECUTOR_TIME_BUDGET_SECONDS",
        "time_budget_seconds",
        _positive,
        None,
        "Seconds that the scans of one job share; then `details` says `sampled`, and the next run goes on.",
    ),
    Setting(
        "EXECUTOR_SAMPLE_ROWS",
        "sample_rows",
        _count,
        None,
        "About so many rows of each table are counted, the same on every run; `details` says `sampled`.",
    ),
    Setting(
        "EXECUTOR_MAX_PREVIEW_FILES",
        "max_preview_files",
        _count,
        "100",
        "Files of which `data_reading` shows the first 2 KB; the others are counted.",
    ),
    Setting(
        "EXECUTOR_MAX_PAYLOAD_MB",
        "max_payload_mb",
        _positive,
        "5",
        "Megabytes (1,000,000 bytes) of one request to the platform; more is sent in pages.",
    ),
    Setting(
        "EXECUTOR_SEND_SAMPLES",
        "send_samples",
        _boolean,
        "false",
        "Whether cell values (samples, minima, maxima) are sent to the platform: `true` or `false`.",
    ),
    Setting(
        "EXECUTOR_API_TIMEOUT_SECONDS",
        "api_timeout_seconds",
        _positive,
        "30",
        "Seconds that one attempt waits for the platform to connect, and again for it to answer.",
    ),
    Setting(
        "EXECUTOR_API_RETRY_SECONDS",
        "api_retry_seconds",
        _not_negative,
        "120",
        "Seconds that all attempts to send one request may take together; 0 means one attempt.",
    ),
    Setting(
        "EXECUTOR_WAREHOUSE_DIR",
        "warehouse_dir",
        _text,
        "~/.nuvyn-executor/warehouse",
        "Where the five tables lie when the executor makes its own Spark session (off Databricks).",
    ),
    Setting(
        "EXECUTOR_DELTA_JARS",
        "delta_jars",
        _text,
        None,
        "Delta's jars (a folder, or paths with commas) for a Spark session of its own; else fetched once.",
    ),
    Setting(
        "EXECUTOR_DRIVER_MEMORY",
        "driver_memory",
        _text,
        "2g",
        "Memory of a Spark session of its own, as Spark writes it (`2g`).",
    ),
    Setting(
        "EXECUTOR_JAVA_OPTIONS",
        "java_options",
        _text,
        None,
        "More options for the Java of a Spark session of its own, such as `-XX:TieredStopAtLevel=1`.",
    ),
    Setting(
        "EXECUTOR_SECRET_SCOPE",
        "secret_scope",
        _text,
        "nuvyn-executor",
        "The Databricks secret scope that secrets are looked up in.",
    ),
)


@dataclass(frozen=True)
class Settings:
    """What the executor was told, checked. One attribute for each row of :data:`SETTINGS`.

    ``None`` means: not set, and without a default.
    """

    workspace_url: Optional[str]
    api_endpoint: Optional[str]
    api_key: Optional[Secret]
    azure_storage_connection_string: Optional[Secret]
    aws_access_key_id: Optional[Secret]
    aws_secret_access_key: Optional[Secret]
    log_level: str
    schema_name: str
    max_files_per_job: int
    engine: str
    full_scan: bool
    time_budget_seconds: Optional[float]
    sample_rows: Optional[int]
    max_preview_files: int
    max_payload_mb: float
    send_samples: bool
    api_timeout_seconds: float
    api_retry_seconds: float
    warehouse_dir: str
    delta_jars: Optional[str]
    driver_memory: str
    java_options: Optional[str]
    secret_scope: str

    @property
    def max_payload_bytes(self) -> int:
        """``max_payload_mb`` in bytes."""
        return max(1, int(self.max_payload_mb * _BYTES_PER_MB))

    def secrets(self) -> Tuple[str, ...]:
        """Return the configured secrets in plain text: what a :class:`Redactor` wants to know."""
        values = (getattr(self, setting.attribute) for setting in SETTINGS)
        return tuple(value.reveal() for value in values if isinstance(value, Secret))
