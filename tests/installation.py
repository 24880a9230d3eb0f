"""An installation of the executor for a test: jobs go in, documents, log lines and rows come out."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, ContextManager, Dict, Iterator, List, Mapping, Optional

from nuvyn_executor import bootstrap
from nuvyn_executor.config import ConfigManager
from nuvyn_executor.discovery.formats import source_type_named
from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.job_manager import JobManager
from nuvyn_executor.jobs import Services
from nuvyn_executor.log import configure_logging
from nuvyn_executor.metadata.extractor import ExtractionLimits, MetadataExtractor
from nuvyn_executor.model import JobRequest, JobType, RunStatus
from nuvyn_executor.process_identity import this_driver
from nuvyn_executor.profiling.counts import Counts, Span
from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan
from nuvyn_executor.profiling.profiler import ColumnProfile, DatasetProfile
from nuvyn_executor.profiling.scan_state import ScanState, Snapshot
from nuvyn_executor.quality.tallies import ColumnFacts, ColumnTally, DatasetTally, Distinct, Scan, Shape
from nuvyn_executor.redaction import Redactor
from nuvyn_executor.schema.tables import TABLES
from nuvyn_executor.schema.validator import SchemaValidator
from nuvyn_executor.sources.factory import DataSourceFactory
from nuvyn_executor.store.memory import MemoryMetadataStore
from nuvyn_executor.transport.api_client import APIClient
from nuvyn_executor.transport.transmitter import Transmitter

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from nuvyn_executor.log import LogStream
    from nuvyn_executor.metadata.extractor import DatasetScanner, Progress
    from nuvyn_executor.model import Dataset
    from nuvyn_executor.process_identity import Driver
    from nuvyn_executor.reading.previews import RowPreviews
    from nuvyn_executor.schema.tables import Table
    from nuvyn_executor.sources.base import DataSource
    from nuvyn_executor.store.base import MetadataStore

Manager = Callable[[Mapping[str, str], "LogStream"], ContextManager[JobManager]]
DAMAGE = "damaged beyond repair"


@dataclass(frozen=True)
class Run:
    """What one job left: the document for stdout, the exit code, the log."""

    job_id: str
    document: Mapping[str, Any]
    exit_code: int
    status: RunStatus
    log: str

    @property
    def details(self) -> Mapping[str, Any]:
        """What the guide's keys do not hold."""
        details: Mapping[str, Any] = self.document["details"]
        return details

    @property
    def error(self) -> Mapping[str, Any]:
        """Why it failed."""
        error: Mapping[str, Any] = self.document["error"]
        return error

    def names(self, what: str) -> List[str]:
        """Name the entries of a list of details: ``tables``, ``unreadable`` or ``skipped``."""
        return [entry["name"] for entry in self.details[what]]


class Installation:
    """Runs jobs, one after the other, on one set of tables.

    Args:
        store: the tables, to look into them.
        manager: puts the executor together, as :func:`bootstrap.manager` does.
        environ: variables of every run.
    """

    def __init__(self, store: MetadataStore, manager: Manager, environ: Mapping[str, str]) -> None:
        self.store = store
        self.manager = manager
        self.environ = dict(environ)

    def run(
        self,
        job_type: str,
        path: object = None,
        source_type: str = "auto",
        tenant: str = "default",
        **environ: str,
    ) -> Run:
        """Run a job; ``environ`` holds more variables for it alone."""
        request = JobRequest(
            JobType(job_type), None if path is None else str(path), source_type_named(source_type), tenant
        )
        return self.run_request(request, **environ)

    def run_request(self, request: JobRequest, **environ: str) -> Run:
        """Run the job of a request, which may name several sources."""
        stream = io.StringIO()
        with self.manager({**self.environ, **environ}, stream) as manager:
            report = manager.execute(manager.create_job(request))
        return Run(report.job.job_id, report.document, report.exit_code, report.status, stream.getvalue())

    def rows(self, table: Table, **where: Any) -> List[Dict[str, Any]]:
        """Return rows of a table."""
        return self.store.rows(table, where)


def delta_installation(warehouse: Path, schema: str) -> Installation:
    """Install on Delta, in the session that runs: the executor as it is put together for use."""
    from pyspark.sql import SparkSession  # noqa: PLC0415  as above

    from nuvyn_executor.store.delta import DeltaMetadataStore  # noqa: PLC0415  tests without Spark go without

    environ = {"EXECUTOR_WAREHOUSE_DIR": str(warehouse), "EXECUTOR_SCHEMA_NAME": schema}
    # Not getActiveSession: that is the session of one thread of the JVM, which may have ended.
    store = DeltaMetadataStore(SparkSession.builder.getOrCreate(), schema, warehouse)
    return Installation(store, bootstrap.manager, environ)


def spark_installation(warehouse: Path, schema: str) -> Installation:
    """Install with scans in the session that runs and the tables in memory; all else as it is put together.

    For tests of what is read. The five tables in Delta cost a small job a hundred times what it costs itself;
    ``test_store_behaviour.py`` holds both stores to the same.
    """
    environ = {"EXECUTOR_WAREHOUSE_DIR": str(warehouse), "EXECUTOR_SCHEMA_NAME": schema}
    store = MemoryMetadataStore(schema)
    return Installation(store, partial(bootstrap.manager, store=store), environ)


def memory_installation(  # noqa: PLR0913, PLR0917  the parts that are replaced
    scanner: DatasetScanner,
    previews: Optional[RowPreviews] = None,
    open_source: Optional[Callable[[JobRequest], DataSource]] = None,
    store: Optional[MetadataStore] = None,
    driver: Optional[Driver] = None,
    progress: Optional[Progress] = None,
) -> Installation:
    """Install with tables in memory: all that is not Delta is the real thing, but what is given."""
    store = store or MemoryMetadataStore()
    factory = DataSourceFactory(on_databricks=False)

    def source_of(request: JobRequest) -> Any:
        return factory.create(str(request.data_source_path), request.source_type)

    @contextmanager
    def manager(environ: Mapping[str, str], stream: LogStream) -> Iterator[JobManager]:
        settings = ConfigManager(environ).load()
        redact = Redactor(settings.secrets())
        log_buffer = configure_logging(settings.log_level, redact, stream)
        client = (
            APIClient(settings.api_endpoint, settings.api_key, retry_seconds=settings.api_retry_seconds)
            if settings.api_endpoint is not None and settings.api_key is not None
            else None
        )
        services = Services(
            store=store,
            validator=SchemaValidator(store),
            extractor=MetadataExtractor(
                scanner,
                store,
                bootstrap.now,
                ExtractionLimits(
                    settings.max_files_per_job,
                    settings.time_budget_seconds,
                    settings.full_scan,
                    settings.datasets_at_once,
                ),
                redact,
                progress=progress,
            ),
            row_previews=previews or NoRows(),
            open_source=open_source or source_of,
            transmitter=Transmitter(store, client, settings, bootstrap.now, redact),
            max_preview_files=settings.max_preview_files,
            clock=bootstrap.now,
            sources_at_once=settings.sources_at_once,
            write_report=bootstrap.report_writer(store, settings, {}),
        )
        yield JobManager(services, log_buffer, redact.redact_json, driver or this_driver())

    return Installation(store, manager, {"EXECUTOR_WAREHOUSE_DIR": "/nowhere"})


def tables(site: Installation) -> Dict[str, Dict[str, Any]]:
    """Return the rows of ``tables`` by name; of no name two."""
    rows = site.rows(TABLES)
    by_name = {row["table_name"]: row for row in rows}
    assert len(by_name) == len(rows)
    return by_name


class NoRows:
    """Previews no binary file: for sources that hold none."""

    def first_rows(self, *_: object) -> Any:
        """Refuse."""
        raise AssertionError("no file of this source is binary")


class LineScanner:
    """Counts lines and commas: enough of a scanner where Spark is not the point. Damage can be planted."""

    def scan(
        self,
        source: DataSource,
        dataset: Dataset,
        now: datetime,
        state: Optional[ScanState] = None,
        seconds: Optional[float] = None,
    ) -> DatasetProfile:
        """Count a dataset of UTF-8 CSV files with headers, anew each time."""
        del now, state, seconds
        texts = [source.read_range(entry, 0, entry.size_bytes).decode() for entry in dataset.files]
        if any(DAMAGE in text for text in texts):
            raise DatasetUnreadable(f"{dataset.name} could not be read: it is damaged.", "Upload it again.")
        header = texts[0].splitlines()[0].split(",")
        values = [line.split(",") for text in texts for line in text.splitlines()[1:]]
        tallies = tuple(ColumnTally(rows=len(values), shapes={Shape.TEXT: len(values)}) for _ in header)
        facts = tuple(
            ColumnFacts(name, "string", "text", distinct=Distinct(len({row[i] for row in values})))
            for i, name in enumerate(header)
        )
        plans = tuple(
            ColumnPlan(name, sample=values[0][i] if values else None) for i, name in enumerate(header)
        )
        tally = DatasetTally(len(values), tallies)
        counts = Counts(tally, tuple(Span() for _ in plans))
        return DatasetProfile(
            dataset,
            Scan(dataset.name, tally, facts, Distinct(len(values))),
            tuple(ColumnProfile() for _ in plans),
            ScanState.of(Snapshot(dataset), ScanPlan(plans), counts, "python", {"delimiter": ","}),
            file_count=len(dataset.files),
            size_bytes=dataset.size_bytes,
            rows_read=len(values),
        )
