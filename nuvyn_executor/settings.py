"""Every setting of the executor, one row each. Pure.

Each attribute of :class:`Settings` is a row: the variable's name, its kind with its bounds, its default, its
documentation, and its key in the secret scope. :data:`SETTINGS` holds the same rows as a tuple; the command's
help is made of it, and a test holds ``docs/configuration.md`` equal to it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, fields
from typing import Any, Callable, Dict, Optional, Tuple
from urllib.parse import urlsplit

from nuvyn_executor.bounds import MB, Bounds
from nuvyn_executor.redaction import Secret

_DAY = 86_400  # seconds; a clock of the system cannot wait for 1e20
_LARGE = 1e12  # of megabytes: so many bytes are a whole number of 64 bits
_JAVA_INT = 2**31 - 1  # Spark and drivers of databases take no more
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")

Kind = Callable[[str], Any]
"""Parses a text that is stripped and not empty; raises ``ValueError`` that says which texts are allowed."""


def _text(text: str) -> str:
    return text


def _secret(text: str) -> Secret:
    return Secret(text)


def _header_secret(text: str) -> Secret:
    # It becomes a header. A line break would begin another one, and requests shows bad headers in its error.
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
    # Databricks' own tools also show and accept the bare host.
    return _url(text if "://" in text else f"https://{text}")


def _schema_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*){0,2}", text, re.ASCII):
        raise ValueError("one to three identifiers joined by dots, such as main._executor_metadata")
    return text


def _boolean(text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise ValueError("true or false")
    return text.lower() in _TRUE


def _null_markers(text: str) -> Tuple[str, ...]:
    words = (word.strip() for word in text.split(","))
    return tuple(dict.fromkeys((*filter(None, words), r"\N")))  # as Hive, MySQL and PostgreSQL export NULL


def _one_of(*words: str) -> Kind:
    by_lower_case = {word.lower(): word for word in words}

    def parse(text: str) -> str:
        if text.lower() not in by_lower_case:
            raise ValueError(f"one of {', '.join(words)}")
        return by_lower_case[text.lower()]

    return parse


def _whole_number(*, at_least: int, at_most: int = 999_999_999_999) -> Kind:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not at_least <= int(text) <= at_most:
            raise ValueError(f"a whole number of at least {at_least} and at most {at_most}")
        return int(text)

    return parse


def _number(*, at_least: float = 0.0, above: Optional[float] = None, at_most: float = math.inf) -> Kind:
    wanted = f"a number of at least {at_least:g}" if above is None else f"a number above {above:g}"
    wanted += "" if at_most == math.inf else f" and at most {at_most:g}"

    def parse(text: str) -> float:
        if not re.fullmatch(r"[0-9.eE+-]+", text):  # Python takes more: digits of all scripts, and 1_000
            raise ValueError(wanted)
        try:
            number = float(text)
        except ValueError as error:
            raise ValueError(wanted) from error
        if not math.isfinite(number) or not at_least <= number <= at_most:
            raise ValueError(wanted)
        if above is not None and number <= above:
            raise ValueError(wanted)
        return number

    return parse


@dataclass(frozen=True)
class Setting:
    """One row of the table of settings.

    Attributes:
        attribute: its name in :class:`Settings`.
        name: the environment variable.
        parse: text to value; raises ``ValueError`` that says which texts are allowed.
        default: the value's text when the variable is unset; ``None`` where there is no default.
        doc: its meaning, in one sentence (Markdown).
        scope_key: its key in the secret scope, where it may come from there.
    """

    attribute: str
    name: str
    parse: Kind
    default: Optional[str]
    doc: str
    scope_key: Optional[str] = None

    @property
    def is_secret(self) -> bool:
        """Whether its value is a :class:`Secret`."""
        return self.parse in (_secret, _header_secret)


def _row(
    name: str, parse: Kind, default: Optional[str], doc: str, scope_key: Optional[str] = None
) -> Dict[str, Any]:
    return {"name": name, "parse": parse, "default": default, "doc": doc, "scope_key": scope_key}


@dataclass(frozen=True)
class Settings:
    """The settings of a run, checked. ``None`` means: not set, and without a default."""

    # fmt: off
    workspace_url: Optional[str] = field(metadata=_row(
        "DATABRICKS_WORKSPACE_URL", _workspace_url, None,
        "The workspace's URL, or its bare host name. It is checked; no job needs it yet."))
    api_endpoint: Optional[str] = field(metadata=_row(
        "NUVYN_API_ENDPOINT", _url, None,
        "The platform's URL; `/api/metadata` is appended unless it ends so. Without it, nothing is sent.",
        "api-endpoint"))
    api_key: Optional[Secret] = field(metadata=_row(
        "NUVYN_API_KEY", _header_secret, None,
        "The key that the platform knows this workspace by, sent as `Authorization: Bearer`.",
        "api-key"))
    azure_storage_connection_string: Optional[Secret] = field(metadata=_row(
        "AZURE_STORAGE_CONNECTION_STRING", _secret, None,
        "For data in Azure Blob Storage.",
        "azure-storage-connection-string"))
    aws_access_key_id: Optional[Secret] = field(metadata=_row(
        "AWS_ACCESS_KEY_ID", _secret, None,
        "For data in Amazon S3, with `AWS_SECRET_ACCESS_KEY`.",
        "aws-access-key-id"))
    aws_secret_access_key: Optional[Secret] = field(metadata=_row(
        "AWS_SECRET_ACCESS_KEY", _secret, None,
        "For data in Amazon S3, with `AWS_ACCESS_KEY_ID`.",
        "aws-secret-access-key"))
    aws_session_token: Optional[Secret] = field(metadata=_row(
        "AWS_SESSION_TOKEN", _secret, None,
        "For data in Amazon S3, where the keys are temporary.",
        "aws-session-token"))
    azure_storage_account_key: Optional[Secret] = field(metadata=_row(
        "AZURE_STORAGE_ACCOUNT_KEY", _secret, None,
        "For data in Azure Blob Storage, in place of the connection string.",
        "azure-storage-account-key"))
    azure_storage_sas_token: Optional[Secret] = field(metadata=_row(
        "AZURE_STORAGE_SAS_TOKEN", _secret, None,
        "For data in Azure Blob Storage: a shared access signature.",
        "azure-storage-sas-token"))
    azure_client_secret: Optional[Secret] = field(metadata=_row(
        "AZURE_CLIENT_SECRET", _secret, None,
        "For data in Azure: a service principal's, with `AZURE_TENANT_ID` and `AZURE_CLIENT_ID`.",
        "azure-client-secret"))
    source_retry_seconds: float = field(metadata=_row(
        "EXECUTOR_SOURCE_RETRY_SECONDS", _number(), "60",
        "Seconds that a request to a source may be repeated while that may help; 0 means one attempt."))
    database_user: Optional[str] = field(metadata=_row(
        "EXECUTOR_DATABASE_USER", _text, None,
        "For data in a database: the user, where the path names none.",
        "database-user"))
    database_password: Optional[Secret] = field(metadata=_row(
        "EXECUTOR_DATABASE_PASSWORD", _secret, None,
        "For data in a database: the password, where the path names none.",
        "database-password"))
    database_connections: int = field(metadata=_row(
        "EXECUTOR_DATABASE_CONNECTIONS", _whole_number(at_least=1, at_most=10_000), "4",
        "Connections that read one table of a database at one time."))
    database_timeout_seconds: int = field(metadata=_row(
        "EXECUTOR_DATABASE_TIMEOUT_SECONDS", _whole_number(at_least=1, at_most=_JAVA_INT), "3600",
        "Seconds that one statement on a database may take."))
    job_payload: Optional[str] = field(metadata=_row(
        "NUVYN_JOB_PAYLOAD", _text, None,
        "JSON that names the sources of a run whose parameters name no path."))
    datasets_at_once: int = field(metadata=_row(
        "EXECUTOR_DATASETS_AT_ONCE", _whole_number(at_least=1), "4",
        "Datasets of one source that are scanned at the same time, where nothing is copied for that."))
    sources_at_once: int = field(metadata=_row(
        "EXECUTOR_SOURCES_AT_ONCE", _whole_number(at_least=1), "2",
        "Sources of one run that are read at the same time, where it has several."))
    dbfs_root: Optional[str] = field(metadata=_row(
        "EXECUTOR_DBFS_ROOT", _text, None,
        "Off Databricks, the folder that `/dbfs/` and `dbfs:/` mean; unset, paths are taken as they are."))
    volumes_root: Optional[str] = field(metadata=_row(
        "EXECUTOR_VOLUMES_ROOT", _text, None,
        "Off Databricks, the folder that `/Volumes/` means; unset, paths are taken as they are."))
    spool_dir: Optional[str] = field(metadata=_row(
        "EXECUTOR_SPOOL_DIR", _text, None,
        "Folder for copies of files that Spark cannot read where they lie; unset, the machine's (`TMPDIR`)."))
    log_level: str = field(metadata=_row(
        "EXECUTOR_LOG_LEVEL", _one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO",
        "The lowest level that is logged: `DEBUG`, `INFO`, `WARNING` or `ERROR`."))
    schema_name: str = field(metadata=_row(
        "EXECUTOR_SCHEMA_NAME", _schema_name, "_executor_metadata",
        "The schema of the five tables; it may name a catalog: `main._executor_metadata`."))
    max_files_per_job: int = field(metadata=_row(
        "EXECUTOR_MAX_FILES_PER_JOB", _whole_number(at_least=1), "10000",
        "Files that one job looks at; when there are more, `details` says `truncated`."))
    engine: str = field(metadata=_row(
        "EXECUTOR_ENGINE", _one_of("auto", "spark"), "auto",
        "What counts: `auto` is Polars inside Spark's tasks where it can be, `spark` never."))
    full_scan: bool = field(metadata=_row(
        "EXECUTOR_FULL_SCAN", _boolean, "false",
        "Whether files are read again that have not changed since they were counted: `true` or `false`."))
    time_budget_seconds: Optional[float] = field(metadata=_row(
        "EXECUTOR_TIME_BUDGET_SECONDS", _number(above=0), None,
        "Seconds that the scans of one job share; then `details` says `sampled`, and the next run goes on."))
    sample_rows: Optional[int] = field(metadata=_row(
        "EXECUTOR_SAMPLE_ROWS", _whole_number(at_least=1), None,
        "About so many rows of each table are counted, the same on every run; `details` says `sampled`."))
    null_markers: Optional[Tuple[str, ...]] = field(metadata=_row(
        "EXECUTOR_NULL_MARKERS", _null_markers, None,
        "Texts that stand for no value, with commas, exactly so written: `NA,unknown,-1`. They replace all "
        "[placeholders](quality.md#what-is-fixed-before-the-scan) but `\\N`."))
    follow_links: bool = field(metadata=_row(
        "EXECUTOR_FOLLOW_LINKS", _boolean, "false",
        "Whether symbolic links are followed that lead out of the source's folder: `true` or `false`."))
    data_contract: Optional[str] = field(metadata=_row(
        "EXECUTOR_DATA_CONTRACT", _text, None,
        "A data contract (ODCS v3) that says what the data should be, or a folder of them."))
    max_unpacked_mb: float = field(metadata=_row(
        "EXECUTOR_MAX_UNPACKED_MB", _number(above=0, at_most=_LARGE), "100000",
        "Megabytes that one compressed file, archive or workbook may hold; beyond, it is unreadable."))
    max_unpacked_ratio: float = field(metadata=_row(
        "EXECUTOR_MAX_UNPACKED_RATIO", _number(above=0, at_most=_LARGE), "200",
        "How many times its size a compressed file may hold (256 MB are always allowed)."))
    max_record_mb: float = field(metadata=_row(
        "EXECUTOR_MAX_RECORD_MB", _number(above=0, at_most=_LARGE), "64",
        "Megabytes of one line of text, or of JSON that is read as a whole; of a JSON array four times."))
    max_preview_files: int = field(metadata=_row(
        "EXECUTOR_MAX_PREVIEW_FILES", _whole_number(at_least=1), "100",
        "Files of which `data_reading` shows the first 2 KB; the others are counted."))
    max_payload_mb: float = field(metadata=_row(
        "EXECUTOR_MAX_PAYLOAD_MB", _number(above=0, at_most=_LARGE), "5",
        "Megabytes (1,000,000 bytes) of one request to the platform; more is sent in pages."))
    send_samples: bool = field(metadata=_row(
        "EXECUTOR_SEND_SAMPLES", _boolean, "false",
        "Whether cell values (samples, minima, maxima) are sent to the platform: `true` or `false`."))
    full_transmission: bool = field(metadata=_row(
        "EXECUTOR_FULL_TRANSMISSION", _boolean, "false",
        "Whether all tables are sent again, also those that the platform has confirmed: `true` or `false`."))
    report_path: Optional[str] = field(metadata=_row(
        "EXECUTOR_REPORT_PATH", _text, None,
        "The file that jobs which score write [a quality report](report.md) to; unset, none is written."))
    api_timeout_seconds: float = field(metadata=_row(
        "EXECUTOR_API_TIMEOUT_SECONDS", _number(above=0, at_most=_DAY), "30",
        "Seconds that one attempt waits to connect, and again for the answer; it ends after twice that."))
    api_retry_seconds: float = field(metadata=_row(
        "EXECUTOR_API_RETRY_SECONDS", _number(at_least=0, at_most=_DAY), "120",
        "Seconds that all attempts to send one request may take together; 0 means one attempt."))
    warehouse_dir: str = field(metadata=_row(
        "EXECUTOR_WAREHOUSE_DIR", _text, "~/.nuvyn-executor/warehouse",
        "Folder of the five tables when the executor makes its own Spark session (off Databricks)."))
    delta_jars: Optional[str] = field(metadata=_row(
        "EXECUTOR_DELTA_JARS", _text, None,
        "Delta's jars (a folder, or paths with commas) for a Spark session of its own; else fetched once."))
    driver_memory: str = field(metadata=_row(
        "EXECUTOR_DRIVER_MEMORY", _text, "2g",
        "Memory of a Spark session of its own, as Spark writes it (`2g`)."))
    java_options: Optional[str] = field(metadata=_row(
        "EXECUTOR_JAVA_OPTIONS", _text, None,
        "More options for the Java of a Spark session of its own, such as `-XX:TieredStopAtLevel=1`."))
    secret_scope: str = field(metadata=_row(
        "EXECUTOR_SECRET_SCOPE", _text, "nuvyn-executor",
        "The Databricks secret scope that secrets are looked up in."))
    # fmt: on

    @property
    def max_payload_bytes(self) -> int:
        """``max_payload_mb`` in bytes."""
        return max(1, int(self.max_payload_mb * MB))

    @property
    def bounds(self) -> Bounds:
        """How large data may be."""
        unpacked, record = (max(1, int(mb * MB)) for mb in (self.max_unpacked_mb, self.max_record_mb))
        return Bounds(unpacked, self.max_unpacked_ratio, record)

    def secret_variables(self) -> Dict[str, str]:
        """Return the configured secrets in plain text, by the name of their variable."""
        values = {setting.name: getattr(self, setting.attribute) for setting in SETTINGS}
        return {name: value.reveal() for name, value in values.items() if isinstance(value, Secret)}

    def secrets(self) -> Tuple[str, ...]:
        """Return the configured secrets in plain text, for a :class:`Redactor`."""
        return tuple(self.secret_variables().values())


SETTINGS: Tuple[Setting, ...] = tuple(Setting(one.name, **one.metadata) for one in fields(Settings))
"""The rows of :class:`Settings`, in order."""
