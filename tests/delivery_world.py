"""A simulated world: the metadata tables, executors that come and go, a network that fails, the platform.

Of the executor the extractor, the transmitter, the pages and the HTTP client are the real ones, and of the
platform's side the receiver is. Simulated are the client's files, the time, the line between the two, and
when a process stops, dies or goes on. A history is a list of values, so hypothesis can make and shrink it.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum
from functools import lru_cache
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Deque,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)
from unittest import mock

from contract.receiver.answers import Answer, Refused
from contract.receiver.intake import check_headers, check_shape, read_body
from contract.receiver.store import Store
from nuvyn_executor.config import ConfigManager
from nuvyn_executor.discovery.formats import CSV
from nuvyn_executor.errors import TransmissionError
from nuvyn_executor.metadata import extractor, table_rows
from nuvyn_executor.metadata.extractor import ExtractionLimits, MetadataExtractor
from nuvyn_executor.model import Dataset, Discovery, FileEntry, JobRequest, JobType
from nuvyn_executor.redaction import Secret
from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES
from nuvyn_executor.schema.validator import SchemaValidator
from nuvyn_executor.source_runs import assessed
from nuvyn_executor.store.memory import MemoryMetadataStore
from nuvyn_executor.transport import api_client
from nuvyn_executor.transport.api_client import APIClient
from nuvyn_executor.transport.bounded_exchange import Cause, NoAnswer, Reply
from nuvyn_executor.transport.payload import RowCleaner, encode
from nuvyn_executor.transport.transmitter import Client, Transmitter
from tests.both_sides import Rows, by_key
from tests.installation import LineScanner
from tests.stepped_process import SteppedProcess

if TYPE_CHECKING:
    from nuvyn_executor.store.base import MetadataStore

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
ENDPOINT = "http://127.0.0.1:9"
KEY = "nv-key-of-the-world"
SMALL_PAGES, LARGE_PAGES = "0.004", "5"
TENANTS_OF_PATHS: Mapping[str, Tuple[str, ...]] = {"/data/a": ("one", "two"), "/data/b": ("one",)}
PLACES: Sequence[Tuple[str, str]] = [
    (tenant, path) for path, tenants in TENANTS_OF_PATHS.items() for tenant in tenants
]
"""Each tenant's path, which is a source."""
NAMES = ("t0", "t1", "t2")


class Weather(Enum):
    """What happens to a request on its way."""

    FINE = "it is answered"
    UNREACHED = "it does not arrive"
    ANSWER_LOST = "it is stored, and the answer is lost"
    TWICE = "it arrives twice"
    COPIED = "it is answered, and arrives a second time later"
    LATE = "it arrives later, when nobody waits"
    BUSY = "the platform says 503"
    LOGIN = "it is stored, and a proxy answers with the page of a login"


class Kind(Enum):
    """What a process does."""

    EXTRACTION = "metadata_extraction"
    TRANSMISSION = "api_transmission"
    PIPELINE = "full_pipeline"


@dataclass(frozen=True)
class Start:
    """A process begins; it makes so many calls (``None``: all), then it stands still, or dies."""

    kind: Kind
    place: int
    calls: Optional[int] = None
    dies: bool = False
    weather: Tuple[Weather, ...] = ()
    small_pages: bool = True

    def happen(self, world: World) -> None:
        """Begin it."""
        world.start(self)


@dataclass(frozen=True)
class GoOn:
    """A process that stands still makes some more calls."""

    which: int
    calls: Optional[int] = None
    dies: bool = False
    weather: Tuple[Weather, ...] = ()

    def happen(self, world: World) -> None:
        """Let it go on."""
        world.go_on(self)


@dataclass(frozen=True)
class Edit:
    """The client writes a table anew, or removes it (no rows)."""

    place: int
    name: str
    rows: int
    columns: int

    def happen(self, world: World) -> None:
        """Change the client's files."""
        world.edit(PLACES[self.place][1], self.name, self.rows, self.columns)


@dataclass(frozen=True)
class Arrive:
    """A request that was on its way arrives."""

    which: int

    def happen(self, world: World) -> None:
        """Let it arrive."""
        world.arrive(self.which)


@dataclass(frozen=True)
class Jump:
    """The clock jumps."""

    seconds: int

    def happen(self, world: World) -> None:
        """Move the clock."""
        world.now += timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class Calm:
    """For a while nothing goes wrong: what has begun ends, and what is pending is sent."""

    def happen(self, world: World) -> None:
        """Let it end, and compare the two sides."""
        world.settle()


@dataclass(frozen=True)
class Changed:
    """The parts of a world that a mutant replaces, to show that the world would notice.

    Attributes:
        store: what a process sees of the metadata tables.
        client: what the transmitter sends with; it is given the process's store too.
        receiver: the platform's own tables.
    """

    store: Callable[[Any], Any] = lambda store: store
    client: Callable[[Client, Any], Client] = lambda client, _: client
    receiver: Callable[[], Store] = Store


class Request(NamedTuple):
    """A request as it left the executor."""

    key: str
    body: Mapping[str, Any]
    text: str


class Unequal(AssertionError):  # noqa: N818  what happened, in a word
    """The two sides differ, or something was lost or counted twice."""


@dataclass
class World:
    """Plays a history; :meth:`finish` checks where it led.

    Args:
        store: the metadata tables, empty.
        changed: what a mutant replaces.
    """

    store: Any = field(default_factory=MemoryMetadataStore)
    changed: Changed = Changed()

    def __post_init__(self) -> None:
        """Begin at noon with two tables at each path."""
        SchemaValidator(self.store).validate()
        self.now = NOON
        self._disk = {path: {"t0": (1, 2), "t1": (2, 1)} for path in TENANTS_OF_PATHS}
        self._platform = self.changed.receiver()
        self._standing: List[SteppedProcess] = []
        self._weather: Deque[Weather] = deque()
        self._sent: List[Request] = []
        self._on_the_way: List[Request] = []
        self._different: Set[Tuple[str, str]] = set()
        self._arrived: Set[int] = set()
        self._jobs = 0
        self._extracted: Set[Tuple[str, str]] = set()
        self._half_extracted: Set[str] = set()

    def play(self, history: Sequence[Any]) -> None:
        """Let everything happen, and check the end."""
        with _quiet():
            try:
                for event in history:
                    event.happen(self)
                self.finish()
            finally:
                self._end_all()
                self._platform.close()

    def clock(self) -> datetime:
        """Return the present; no two are alike."""
        self.now += timedelta(milliseconds=1)
        return self.now

    def edit(self, path: str, name: str, rows: int, columns: int) -> None:
        """Write a table, or remove it; the last one stays."""
        tables = self._disk[path]
        if rows:
            tables[name] = (rows, columns)
        elif len(tables) > 1:
            tables.pop(name, None)

    def start(self, event: Start) -> None:
        """Begin a process."""
        tenant, path = PLACES[event.place]
        self._jobs += 1
        job_id = f"job_{self._jobs:012x}"
        sends = event.kind is not Kind.EXTRACTION
        extracts = event.kind is not Kind.TRANSMISSION

        def program(process: SteppedProcess) -> None:
            if extracts:
                self._extract(process, job_id, tenant, path)
            if sends:
                pages = SMALL_PAGES if event.small_pages else LARGE_PAGES
                self._transmit(process, job_id, tenant if extracts else None, pages)

        process = SteppedProcess(program)
        self._advance(process, event)
        if not process.ended:
            self._standing.append(process)

    def go_on(self, event: GoOn) -> None:
        """Let a process go on, if one stands still."""
        if self._standing:
            process = self._standing[event.which % len(self._standing)]
            self._advance(process, event)
            if process.ended:
                self._standing.remove(process)

    def arrive(self, which: int) -> None:
        """Let a request arrive for which nobody waits, if there is one."""
        if self._on_the_way:
            self._take(self._on_the_way.pop(which % len(self._on_the_way)))

    def settle(self) -> None:
        """Let all processes end undisturbed, and what is on its way arrive; send; compare the two sides.

        Raises:
            Unequal: they differ.
        """
        while self._standing:
            self.go_on(GoOn(0))
        while self._on_the_way:
            self.arrive(0)
        self.start(Start(Kind.TRANSMISSION, 0))
        self._compare()

    def finish(self) -> None:
        """Extract all once more, undisturbed; compare the two sides, and with the files.

        Raises:
            Unequal: they differ, or something was lost or counted twice.
        """
        self.settle()
        for place in sorted(self._extracted):
            self.start(Start(Kind.PIPELINE, PLACES.index(place)))
        self._compare()
        self._compare_with_the_files()
        before = self._theirs()
        for request in reversed(self._sent):  # the network brings each once more, the last first
            self._take(request)
        if self._theirs() != before:
            raise Unequal("requests that came once more have changed what the platform has")
        stored = len(self._platform.received())
        if stored > len(self._different):
            raise Unequal(f"{stored} bodies were stored, and {len(self._different)} different ones were sent")

    def post(self, versions: Mapping[str, int], request: Request) -> Reply:
        """Bring a request to the platform, in the weather of the moment, and an answer back."""
        same_of_each_job = request.text.replace(request.body["job_id"], "")
        self._different.add((str(sorted(versions.items())), same_of_each_job))
        self._sent.append(request)
        weather = self._weather.popleft() if self._weather else Weather.FINE
        if weather is Weather.UNREACHED:
            raise NoAnswer(Cause.LINE, "no route")
        if weather is Weather.LATE:
            self._on_the_way.append(request)
            raise NoAnswer(Cause.TIME, "no answer in time")
        if weather is Weather.BUSY:
            return Reply(503, {}, '{"error": "busy"}')
        answer = self._take(request)
        if weather is Weather.ANSWER_LOST:
            raise NoAnswer(Cause.LINE, "the connection was closed")
        if weather is Weather.LOGIN:
            return Reply(200, {"Content-Type": "text/html"}, "<html>Log in</html>")
        if weather is Weather.TWICE:
            answer = self._take(request)
        if weather is Weather.COPIED:
            self._on_the_way.append(request)
        return Reply(answer.status, answer.headers, json.dumps(answer.body))

    def _take(self, request: Request) -> Answer:
        """Do what the receiver does with a request, without a socket."""
        try:
            count = self._platform.accept(request.body, request.text, {}, request.key, str(self.clock()))
        except Refused as refused:
            return refused.answer
        return Answer(200, {"status": "received", "record_count": count}, {"Accept-Encoding": "gzip"})

    def _advance(self, process: SteppedProcess, event: Any) -> None:
        self._weather = deque(event.weather)
        process.advance(event.calls, dies=event.dies)
        self._weather.clear()

    def _extract(self, process: SteppedProcess, job_id: str, tenant: str, path: str) -> None:
        self._extracted.add((tenant, path))
        store = self.changed.store(_SteppedStore(self.store, process))
        scans = MetadataExtractor(_SCANNER, store, self.clock, ExtractionLimits(100, full_scan=True), str)
        discovery = _discovery(path, tuple(sorted(self._disk[path].items())))
        request = JobRequest(JobType.METADATA_EXTRACTION, path, tenant_id=tenant)
        place: Any = _Place(path)
        self._half_extracted.add(table_rows.source_id(tenant, path))
        profile = scans.profile(place, request, discovery)
        scans.record(profile, assessed([profile]), tenant, job_id)
        self._half_extracted.discard(table_rows.source_id(tenant, path))

    def _transmit(self, process: SteppedProcess, job_id: str, tenant: Optional[str], pages: str) -> None:
        store = _SteppedStore(self.store, process)
        seen = self.changed.store(store)
        pauses: List[float] = []
        line: Any = _Line(self, process, store)  # in the place of a session
        client = APIClient(
            ENDPOINT,
            Secret(KEY),
            retry_seconds=0.3,
            session=line,
            clock=lambda: sum(pauses),
            sleep=pauses.append,
            uniform=lambda: 0.5,
        )
        transmitter = Transmitter(seen, self.changed.client(client, seen), _settings(pages), self.clock)
        try:
            transmitter.transmit(job_id, tenant)
        except TransmissionError:
            return  # it stays pending

    def _compare(self) -> None:
        """Compare the sources whose last extraction went to its end: of others a part may be stored."""
        for tenant, theirs in self._theirs().items():
            ours = as_sent(self.store, tenant)
            if self._whole(ours) != self._whole(theirs):
                raise Unequal(f"of {tenant} the tables hold\n{ours}\nand the platform has\n{theirs}")
        for row in self.store.rows(SOURCES):
            if (row["metadata_version"] or 0) > (row["transmitted_version"] or 0):
                raise Unequal(f"{row['source_path']} of {row['tenant_id']} is pending")

    def _theirs(self) -> Dict[str, Rows]:
        tenants = sorted({row["tenant_id"] for row in self.store.rows(SOURCES)})
        return {tenant: by_key(self._platform.state_of(tenant)["metadata"]) for tenant in tenants}

    def _whole(self, rows: Rows) -> Rows:
        return {key: row for key, row in rows.items() if row["source_id"] not in self._half_extracted}

    def _compare_with_the_files(self) -> None:
        theirs = self._theirs()
        for tenant, path in self._extracted:
            source = table_rows.source_id(tenant, path)
            known = [
                (row["table_name"], (row["row_count"], row["column_count"]))
                for (section, _), row in theirs[tenant].items()
                if section == TABLES.name and row["source_id"] == source and row["removed_at"] is None
            ]
            if sorted(known) != sorted(self._disk[path].items()):
                raise Unequal(f"at {path} of {tenant} lie {self._disk[path]}, the platform has {known}")

    def _end_all(self) -> None:
        for process in self._standing:
            if not process.ended:
                process.advance(0, dies=True)
        self._standing.clear()


def as_sent(store: MetadataStore, tenant: str) -> Rows:
    """Return what the tables hold of a tenant, as the platform should have it, by section and key."""
    where = {"tenant_id": tenant}
    sections = (SOURCES, TABLES, COLUMNS)
    return by_key(
        {
            table.name: [json.loads(encode(_CLEAN.row(table, row))) for row in store.rows(table, where)]
            for table in sections
        }
    )


class _SteppedStore:
    """What one process sees of the tables: each call is a step.

    ``versions`` are those of the sources that it read last, which are what it sends.
    """

    def __init__(self, store: Any, process: SteppedProcess) -> None:
        self._store = store
        self._process = process
        self.versions: Dict[str, int] = {}

    def rows(self, table: Any, *arguments: Any) -> List[Dict[str, Any]]:
        """Read."""
        found: List[Dict[str, Any]] = self._process.call(lambda: self._store.rows(table, *arguments))
        if table is SOURCES and all("metadata_version" in row for row in found):
            self.versions = {row["source_id"]: row["metadata_version"] for row in found}
        return found

    def iter_rows(self, table: Any, *arguments: Any) -> Iterator[Dict[str, Any]]:
        """Read one after another; the reading is one step."""
        found: Iterator[Dict[str, Any]] = self._process.call(lambda: self._store.iter_rows(table, *arguments))
        return found

    def upsert(self, table: Any, rows: Any, **options: Any) -> None:
        """Write."""
        if rows:
            self._process.call(lambda: self._store.upsert(table, rows, **options))

    def update(self, table: Any, where: Any, values: Any) -> None:
        """Write."""
        self._process.call(lambda: self._store.update(table, where, values))


class _Line:
    """The line to the platform of one process; it stands in the place of the session of requests."""

    def __init__(self, world: World, process: SteppedProcess, store: _SteppedStore) -> None:
        self._world, self._process, self._store = world, process, store

    def post(self, content: bytes, headers: Mapping[str, str]) -> Reply:
        """Send a request."""
        lower = {name.lower(): value for name, value in headers.items()}
        check_headers(lower)
        body, text = read_body(lower, content)
        check_shape(body)
        request = Request(lower["idempotency-key"], body, text)
        reply: Reply = self._process.call(lambda: self._world.post(self._store.versions, request))
        return reply


def _exchange(
    session: Any, _: str, content: bytes, headers: Mapping[str, str], *__: Any, **___: Any
) -> Reply:
    reply: Reply = session.post(content, headers)
    return reply


def _one_after_another(*actions: Callable[[], Any]) -> List[Any]:
    return [action() for action in actions]


@contextmanager
def _quiet() -> Iterator[None]:
    """Replace the socket and the threads of the executor, and say nothing of failures that are meant."""
    logger = logging.getLogger("nuvyn_executor")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with mock.patch.object(api_client, "exchange", _exchange), mock.patch.multiple(
            extractor,
            at_once=_one_after_another,
            pack_state=lambda _: None,  # a full scan reads none, and none is sent
        ):
            yield
    finally:
        logger.setLevel(level)


@lru_cache(maxsize=None)
def _settings(megabytes: str) -> Any:
    return ConfigManager({
        "NUVYN_API_ENDPOINT": ENDPOINT, "NUVYN_API_KEY": KEY, "EXECUTOR_MAX_PAYLOAD_MB": megabytes
    }).load()  # fmt: skip


@dataclass(frozen=True)
class _Place:
    """A path of the client; its files are made when they are read."""

    location: str
    allows_scans_at_once: bool = False

    def read_range(self, entry: FileEntry, *_: int) -> bytes:
        """Return a file: its version names its rows and columns."""
        rows, columns = map(int, entry.etag.split("x"))
        header = ",".join(f"c{number}" for number in range(columns))
        return "\n".join([header, *(",".join([str(row)] * columns) for row in range(rows))]).encode()


class _RememberingScanner:
    """Scans what lies at a path of a simulated world; what was scanned before is remembered."""

    def __init__(self) -> None:
        self._scanner = LineScanner()
        self._known: Dict[Dataset, Any] = {}

    def scan(self, source: Any, dataset: Dataset, now: datetime, *_: Any) -> Any:
        """Count a table."""
        if dataset not in self._known:
            self._known[dataset] = self._scanner.scan(source, dataset, now)
        return self._known[dataset]


_CLEAN = RowCleaner()
_SCANNER = _RememberingScanner()


@lru_cache(maxsize=None)
def _discovery(path: str, tables: Tuple[Tuple[str, Tuple[int, int]], ...]) -> Discovery:
    files = tuple(
        FileEntry(f"{path}/{name}.csv", f"{name}.csv", rows * columns * 2, NOON, f"{rows}x{columns}")
        for name, (rows, columns) in tables
    )
    datasets = tuple(Dataset(name, "", entry.path, CSV, (entry,)) for (name, _), entry in zip(tables, files))
    return Discovery(files, datasets, wanted=CSV)
