"""Scans of data with a data contract beside it, by each engine."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional

from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.metadata.contract_files import DataContracts
from nuvyn_executor.model import Discovery, SourceType, epoch_micros
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.quality.assessment import Assessment, assess
from nuvyn_executor.quality.dimensions import Policy
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.profiling.profiler import DatasetProfile
    from nuvyn_executor.profiling.scan_state import ScanState

NOW = datetime(2026, 12, 1, tzinfo=timezone.utc)
HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: x\nname: shop\nversion: 1.0.0\nstatus: active\n"


class Contracted(NamedTuple):
    """What the scans of a folder found."""

    discovery: Discovery
    profiles: List[DatasetProfile]
    assessment: Assessment

    @property
    def texts(self) -> List[str]:
        """The findings that are faults."""
        return [one.text for one in self.assessment.findings if one.level is None]

    @property
    def information(self) -> List[str]:
        """The findings that are none."""
        return [one.text for one in self.assessment.findings if one.level == "info"]


def discovered(path: Path) -> Discovery:
    source = FileSystemSource(str(path), on_databricks=False)
    return DataContracts().applied(source, discover(source, SourceType.AUTO, 1000))


def scanned(spark: Any, path: Path, engine: str = "auto", state: Optional[ScanState] = None) -> Contracted:
    source = FileSystemSource(str(path), on_databricks=False)
    discovery = discovered(path)
    scanner = SparkScanner(spark, engine)
    profiles = [scanner.scan(source, one, NOW, state) for one in discovery.datasets]
    assessment = assess([one.scan for one in profiles], Policy(), epoch_micros(NOW), discovery.notes)
    return Contracted(discovery, profiles, assessment)


def by_both_engines(spark: Any, path: Path) -> Contracted:
    """Scan with Polars and with Spark, which have to count the same."""
    found = scanned(spark, path)
    assert {one.state.engine for one in found.profiles} == {"polars"}
    other = scanned(spark, path, "spark")
    for one, two in zip(found.profiles, other.profiles):
        for plan, mine, its in zip(
            one.state.plan.columns, one.state.counts.tally.columns, two.state.counts.tally.columns
        ):
            assert mine == its, plan
        assert one.state.counts.tally == two.state.counts.tally
    assert found.assessment == other.assessment
    return found
