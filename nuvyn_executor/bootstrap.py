"""The composition root: creates the executor with its adapters; :mod:`.sources.factory` chooses sources."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

from nuvyn_executor.config import ConfigManager, databricks_secrets, secret_scope
from nuvyn_executor.errors import ConfigError
from nuvyn_executor.job_manager import JobManager
from nuvyn_executor.jobs import Services
from nuvyn_executor.log import configure_logging
from nuvyn_executor.metadata.contract_files import DataContracts
from nuvyn_executor.metadata.extractor import ExtractionLimits, MetadataExtractor, scan_all
from nuvyn_executor.model import SourceType
from nuvyn_executor.process_identity import this_driver
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.first_rows import SparkRowPreviews
from nuvyn_executor.redaction import Redactor
from nuvyn_executor.reports.files import report_of_run, write_report
from nuvyn_executor.schema.validator import SchemaValidator
from nuvyn_executor.sources.database import DatabaseAccess
from nuvyn_executor.sources.factory import DataSourceFactory
from nuvyn_executor.sources.locations import python_path, under_root
from nuvyn_executor.sources.spool_folder import SpoolPlace
from nuvyn_executor.spark.derived_sessions import small_session
from nuvyn_executor.spark.running_tasks import running_tasks
from nuvyn_executor.spark.session import (
    build_local_session,
    find_session,
    has_file_system,
    runs_on_this_machine,
    stop_session,
)
from nuvyn_executor.store.delta import DeltaMetadataStore
from nuvyn_executor.transport.api_client import APIClient
from nuvyn_executor.transport.transmitter import Transmitter

if TYPE_CHECKING:
    from nuvyn_executor.log import LogStream
    from nuvyn_executor.metadata.extractor import Progress
    from nuvyn_executor.model import JobRequest
    from nuvyn_executor.quality.tallies import Scan
    from nuvyn_executor.settings import Settings
    from nuvyn_executor.store.base import MetadataStore

RUNTIME = "DATABRICKS_RUNTIME_VERSION"
"""Set in every process on a Databricks cluster."""


@contextmanager
def manager(
    environ: Optional[Mapping[str, str]] = None,
    stream: Optional[LogStream] = None,
    progress: Optional[Progress] = None,
    store: Optional[MetadataStore] = None,
) -> Iterator[JobManager]:
    """Create the executor with its adapters; stop what was started for it at the end.

    On Databricks the running Spark session is used and stays; elsewhere a local one is started.

    Args:
        environ: environment variables; ``os.environ`` by default.
        stream: where log lines go; stderr by default.
        progress: is told how far the scans are.
        store: the five tables; by default those in Delta that the settings name.

    Raises:
        ConfigError: an environment variable is malformed.
        EngineError: there is no Spark, no Delta or no Java.
    """
    environ = os.environ if environ is None else environ
    settings = ConfigManager(environ, databricks_secrets(secret_scope(environ))).load()
    redact = Redactor(settings.secrets())
    log_buffer = configure_logging(settings.log_level, redact, stream)
    on_databricks = bool(environ.get(RUNTIME))
    if not on_databricks and "." in settings.schema_name:
        raise ConfigError(
            f"EXECUTOR_SCHEMA_NAME is {settings.schema_name}, and only Databricks has catalogs.",
            f"Name the schema alone: {settings.schema_name.rpartition('.')[2]}.",
        )
    spark, is_ours = _session(settings, on_databricks=on_databricks)
    try:
        if progress is not None:
            progress.watch(partial(running_tasks, spark))
        if store is None:
            store = _delta_store(spark, settings, on_databricks=on_databricks)
        factory = _factory(settings, environ, spark, redact)

        def open_source(request: JobRequest) -> Any:
            source = factory.create(str(request.data_source_path), request.source_type)
            redact.add(getattr(source, "secrets", ()))
            return source

        services = Services(
            store=store,
            validator=SchemaValidator(store),
            extractor=MetadataExtractor(
                SparkScanner(
                    spark,
                    settings.engine,
                    settings.sample_rows,
                    null_markers=settings.null_markers,
                    bounds=settings.bounds,
                ),
                store,
                now,
                ExtractionLimits(
                    settings.max_files_per_job,
                    settings.time_budget_seconds,
                    settings.full_scan,
                    settings.datasets_at_once,
                ),
                redact,
                contracts=_data_contracts(settings, factory),
                progress=progress,
            ),
            row_previews=SparkRowPreviews(spark),
            open_source=open_source,
            transmitter=Transmitter(store, _client(settings, redact), settings, now, redact),
            max_preview_files=settings.max_preview_files,
            clock=now,
            sources_at_once=settings.sources_at_once,
            write_report=report_writer(store, settings, {} if on_databricks else _roots(settings)),
        )
        yield JobManager(services, log_buffer, redact.redact_json, this_driver())
    finally:
        if is_ours:
            stop_session(spark)


@contextmanager
def stored_metadata(
    environ: Optional[Mapping[str, str]] = None,
) -> Iterator[Tuple[MetadataStore, Settings]]:
    """Open the five tables to read them; nothing is created.

    Args:
        environ: environment variables; ``os.environ`` by default.

    Returns:
        The tables, and the settings.

    Raises:
        ConfigError: an environment variable is malformed.
        EngineError: there is no Spark, no Delta or no Java.
    """
    environ = os.environ if environ is None else environ
    settings = ConfigManager(environ, databricks_secrets(secret_scope(environ))).load()
    on_databricks = bool(environ.get(RUNTIME))
    spark, is_ours = _session(settings, on_databricks=on_databricks)
    try:
        yield _delta_store(spark, settings, on_databricks=on_databricks), settings
    finally:
        if is_ours:
            stop_session(spark)


@contextmanager
def scanned(
    path: str, source_type: SourceType, environ: Optional[Mapping[str, str]] = None
) -> Iterator[Tuple[str, List[Scan]]]:
    """Scan the tables at a path, without a data contract and without the metadata tables.

    Args:
        path: as of a job.
        source_type: what it holds.
        environ: environment variables; ``os.environ`` by default.

    Returns:
        The path, secrets masked, and the scan of each table that could be read.

    Raises:
        ExecutorError: nothing could be read; or as :func:`manager`.
    """
    environ = os.environ if environ is None else environ
    settings = ConfigManager(environ, databricks_secrets(secret_scope(environ))).load()
    redact = Redactor(settings.secrets())
    spark, is_ours = _session(settings, on_databricks=bool(environ.get(RUNTIME)))
    try:
        source = _factory(settings, environ, spark, redact).create(path, source_type)
        redact.add(getattr(source, "secrets", ()))
        yield (
            redact(source.location),
            scan_all(SparkScanner(spark, settings.engine), source, source_type, now()),
        )
    finally:
        if is_ours:
            stop_session(spark)


def _delta_store(spark: Any, settings: Settings, *, on_databricks: bool) -> DeltaMetadataStore:
    location = None if on_databricks else Path(settings.warehouse_dir).absolute()
    return DeltaMetadataStore(small_session(spark), settings.schema_name, location)


def _factory(
    settings: Settings, environ: Mapping[str, str], spark: Any, redact: Redactor
) -> DataSourceFactory:
    on_databricks = bool(environ.get(RUNTIME))
    roots = {} if on_databricks else _roots(settings)
    return DataSourceFactory(
        on_databricks=on_databricks,
        variables={**environ, **settings.secret_variables()},
        retry_seconds=settings.source_retry_seconds,
        hide=redact.add,
        spark_reads=lambda scheme: has_file_system(spark, scheme),
        session=lambda: spark,
        database=_database_access(settings),
        own_schema=settings.schema_name,
        roots=roots,
        follow_links=settings.follow_links,
        bounds=settings.bounds,
        spool=SpoolPlace(_spool_dir(settings, roots), lambda: runs_on_this_machine(spark)),
    )


def report_writer(
    store: MetadataStore, settings: Settings, roots: Mapping[str, str]
) -> Optional[Callable[[Mapping[str, Any]], Optional[str]]]:
    """Return what writes the report of a run, by its row; it returns where, or ``None`` without scores."""
    path = settings.report_path
    if path is None:
        return None

    def write(run: Mapping[str, Any]) -> Optional[str]:
        page = report_of_run(store, run, now(), shows_values=settings.send_samples)
        if page is None:
            return None
        write_report(path, page, roots)
        return path

    return write


def now() -> datetime:
    """Return the present, UTC."""
    return datetime.now(timezone.utc)


def _data_contracts(settings: Settings, factory: DataSourceFactory) -> DataContracts:
    path = settings.data_contract
    return DataContracts(None if path is None else lambda: factory.create_files(path, SourceType.AUTO))


def _database_access(settings: Settings) -> DatabaseAccess:
    password = settings.database_password
    return DatabaseAccess(
        user=settings.database_user or "",
        password="" if password is None else password.reveal(),
        connections=settings.database_connections,
        retry_seconds=settings.source_retry_seconds,
        timeout_seconds=settings.database_timeout_seconds,
    )


def _roots(settings: Settings) -> Dict[str, str]:
    """Return the folders that stand for Databricks' roots on this machine."""
    roots = {"/dbfs": settings.dbfs_root, "/Volumes": settings.volumes_root}
    return {root: str(Path(folder).expanduser()) for root, folder in roots.items() if folder}


def _spool_dir(settings: Settings, roots: Mapping[str, str]) -> Optional[Path]:
    """Return the folder for copies of files, as Python's ``open`` takes it."""
    if settings.spool_dir is None:
        return None
    return Path(under_root(python_path(settings.spool_dir), roots))


def _client(settings: Settings, redact: Redactor) -> Optional[APIClient]:
    if settings.api_endpoint is None or settings.api_key is None:
        return None
    return APIClient(
        settings.api_endpoint,
        settings.api_key,
        timeout=settings.api_timeout_seconds,
        retry_seconds=settings.api_retry_seconds,
        redact=redact,
    )


def _session(settings: Settings, *, on_databricks: bool) -> Tuple[Any, bool]:
    """Find the running session, or make a local one; say whether it is ours to stop."""
    running = find_session(on_databricks=on_databricks)
    if running is not None:
        return running, False
    session = build_local_session(
        Path(settings.warehouse_dir).absolute(),
        driver_memory=settings.driver_memory,
        java_options=settings.java_options,
        delta_jars=settings.delta_jars,
    )
    return session, True
