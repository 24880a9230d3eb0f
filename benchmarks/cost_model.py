"""How long a full pipeline takes, and what memory its driver needs, by what its parts cost. Pure.

Each part of the work costs Python in the driver, Java in the driver, and tasks on the workers. A phase takes
as long as the slowest of what limits it: the driver's Python runs one thing at a time; the datasets that are
read at the same time each wait for Java and for storage; the tasks share the slots of the workers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Mapping, Sequence, Tuple

from nuvyn_executor.profiling.polars.parts import ADDING_BYTES, PART_BYTES, PARTS_A_SLOT

PYTHON = "Python in the driver"
WAITING = "waiting for Java and storage"
TASKS = "tasks on the workers"
SMALL = "small"


@dataclass(frozen=True)
class Spent:
    """Seconds of one part of the work.

    Attributes:
        python: of the driver's Python process, which runs one thread at a time.
        java: of the driver's Java, while which the Python thread of that dataset waits.
        tasks: of the slots of the workers.
    """

    python: float = 0.0
    java: float = 0.0
    tasks: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        """Return both together."""
        return Spent(self.python + other.python, self.java + other.java, self.tasks + other.tasks)

    def __mul__(self, times: float) -> Spent:
        """Return so many of it."""
        return Spent(self.python * times, self.java * times, self.tasks * times)

    @property
    def total(self) -> float:
        """All seconds of processors."""
        return self.python + self.java + self.tasks


NOTHING = Spent()


@dataclass(frozen=True)
class UnitCosts:
    """What one of each costs; all are measured by :mod:`benchmarks.costs`.

    Attributes:
        run: a run, whatever it reads: its row, the checks of the five tables.
        listed_file: a file in the listing.
        looked_file: the beginning and the end of a file, which show its kind.
        grouped_table: a dataset that discovery makes of files.
        opened_table: its sample, and what is planned by that.
        opened_column: a column of that.
        opened_file: a footer of that.
        small_table: a table that the driver opens, plans and counts, as it has up to 100,000 rows.
        small_column: a column of that.
        small_byte: a byte of that.
        task_bytes: a byte of a file that a task counts, by :attr:`Estate.kind`.
        started_task: a task, before it counts.
        started_job: the Spark job of a table that tasks count.
        returned_column: what a task returns of a column, read and added to that of the others.
        recorded_table: a row of ``tables``, scored and written to Delta; a transaction apart.
        recorded_column: a row of ``columns``, as above.
        sent_table: a row of ``tables``, read from Delta, hashed and posted.
        sent_column: a row of ``columns``, as above.
        file_bytes: memory of the driver's Python that a listed file needs until the end.
        table_bytes: that a scanned table needs until its rows are written.
        column_bytes: that a column of it needs.
        returned_bytes: that what a task returns of a column needs while it is added.
        fixed_bytes: that it needs before the first file.
    """

    run: Spent = NOTHING
    listed_file: Spent = NOTHING
    looked_file: Spent = NOTHING
    grouped_table: Spent = NOTHING
    opened_table: Spent = NOTHING
    opened_column: Spent = NOTHING
    opened_file: Spent = NOTHING
    small_table: Spent = NOTHING
    small_column: Spent = NOTHING
    small_byte: Spent = NOTHING
    started_task: Spent = NOTHING
    started_job: Spent = NOTHING
    returned_column: Spent = NOTHING
    recorded_table: Spent = NOTHING
    recorded_column: Spent = NOTHING
    sent_table: Spent = NOTHING
    sent_column: Spent = NOTHING
    file_bytes: float = 0.0
    table_bytes: float = 0.0
    column_bytes: float = 0.0
    returned_bytes: float = 0.0
    fixed_bytes: float = 0.0
    task_bytes: Mapping[str, Spent] = field(default_factory=dict)

    def times(self) -> Mapping[str, Spent]:
        """Return the costs in seconds, by name."""
        found = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in found if isinstance(value, Spent)}


@dataclass(frozen=True)
class Estate:
    """What is read, and where.

    Attributes:
        tables: datasets.
        files: of all tables together.
        size_bytes: of all files together.
        columns: of each table.
        workers: machines that run tasks.
        slots: tasks of one worker at the same time.
        at_once: datasets that are scanned at the same time (``EXECUTOR_DATASETS_AT_ONCE``).
        kind: what they hold, a key of :attr:`UnitCosts.task_bytes`; :data:`SMALL`: so few rows each that the
            driver counts them.
        request: seconds until storage answers a request; 0 on a local disk.
        readers: files whose beginnings are read at the same time.
        footers: files of one dataset whose footers are read at the same time.
    """

    tables: int = 0
    files: int = 0
    size_bytes: int = 0
    columns: int = 0
    workers: int = 1
    slots: int = 8
    at_once: int = 4
    kind: str = "parquet"
    request: float = 0.0
    readers: int = 32
    footers: int = 8

    @property
    def all_slots(self) -> int:
        """Tasks that run at the same time."""
        return self.workers * self.slots

    @property
    def parts(self) -> int:
        """Tasks that count one table; none where the driver counts it."""
        if self.kind == SMALL or not self.tables:
            return 0
        size = self.size_bytes // self.tables
        part = max(PART_BYTES, math.isqrt(size * self.columns * ADDING_BYTES))
        return max(1, min(math.ceil(size / part), self.all_slots * PARTS_A_SLOT))


@dataclass(frozen=True)
class Work:
    """A kind of work of a phase.

    Attributes:
        name: what is done.
        spent: the seconds of processors.
        requests: seconds of waiting for storage, one request after the other.
    """

    name: str
    spent: Spent
    requests: float = 0.0


@dataclass(frozen=True)
class Phase:
    """Work that goes on side by side; the next phase begins when all of it has ended.

    Attributes:
        name: what it is.
        works: what is done in it.
        at_once: how many threads of the driver wait for Java and storage at the same time.
        slots: how many tasks run at the same time.
    """

    name: str
    works: Tuple[Work, ...]
    at_once: int = 1
    slots: int = 1

    @property
    def limits(self) -> Mapping[str, float]:
        """The seconds that each of the limits alone would take."""
        waiting = sum(one.spent.java + one.requests for one in self.works)
        return {
            PYTHON: self.serial,
            WAITING: waiting / self.at_once,
            TASKS: sum(one.spent.tasks for one in self.works) / self.slots,
        }

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return max(self.limits.values())

    @property
    def serial(self) -> float:
        """The seconds that are one after the other whatever the cluster has: the driver's Python."""
        return sum(one.spent.python for one in self.works)

    @property
    def limit(self) -> str:
        """What it waits for."""
        limits = self.limits
        return max(limits, key=lambda name: limits[name])

    @property
    def largest(self) -> str:
        """The work that takes most of what it waits for."""
        of_limit = {
            PYTHON: lambda one: one.spent.python,
            WAITING: lambda one: one.spent.java + one.requests,
            TASKS: lambda one: one.spent.tasks,
        }[self.limit]
        return max(self.works, key=of_limit).name


@dataclass(frozen=True)
class Prediction:
    """What a run of an estate takes.

    Attributes:
        phases: one after the other.
        memory: bytes of the driver's Python process.
    """

    phases: Tuple[Phase, ...]
    memory: float

    @property
    def seconds(self) -> float:
        """How long the run takes."""
        return sum(one.seconds for one in self.phases)

    @property
    def serial(self) -> float:
        """How much of that the driver's Python takes by itself; no worker shortens it."""
        return sum(one.serial for one in self.phases)

    @property
    def processors(self) -> float:
        """Seconds of all processors together: what a run takes on one core."""
        return sum(work.spent.total for one in self.phases for work in one.works)

    @property
    def bottleneck(self) -> Phase:
        """The phase that takes longest."""
        return max(self.phases, key=lambda one: one.seconds)


def predict(costs: UnitCosts, estate: Estate) -> Prediction:
    """Return what a full pipeline over an estate takes: each phase, and the memory of the driver."""
    files, tables, columns = estate.files, estate.tables, estate.tables * estate.columns
    parts = tables * estate.parts
    ask = estate.request
    footers = Work("read footers", costs.opened_file * files, 2 * ask * files / estate.footers)
    scanning: Tuple[Work, ...]
    if estate.kind == SMALL:
        small = costs.small_table * tables + costs.small_column * columns
        rows = costs.small_byte * estate.size_bytes
        scanning = (footers, Work("open, plan and count", small + rows, 2 * ask * files))
    else:
        scanning = (
            footers,
            Work("open and plan", costs.opened_table * tables + costs.opened_column * columns),
            Work("count", costs.task_bytes[estate.kind] * estate.size_bytes + Spent(tasks=2 * ask * files)),
            Work("start tasks", costs.started_task * parts + costs.started_job * tables),
            Work("add what tasks return", costs.returned_column * (parts * estate.columns)),
        )
    side_by_side = max(1, min(estate.at_once, tables))
    # Of a table with few parts, some slots have nothing to do.
    slots = max(1, min(estate.all_slots, side_by_side * estate.parts)) if estate.parts else 1
    phases = (
        Phase("begin and end the run", (Work("the run's own rows", costs.run),)),
        Phase("list", (Work("list", costs.listed_file * files, ask * math.ceil(files / 1000)),)),
        Phase(
            "discover",
            (
                Work("look at files", costs.looked_file * files, 2 * ask * files),
                Work("group files", costs.grouped_table * tables),
            ),
            at_once=estate.readers,
        ),
        Phase("scan", scanning, side_by_side, slots),
        _rows("record", costs.recorded_table * tables, costs.recorded_column * columns),
        _rows("send", costs.sent_table * tables, costs.sent_column * columns),
    )
    memory = (
        costs.fixed_bytes
        + costs.file_bytes * files
        + costs.table_bytes * tables
        + costs.column_bytes * columns
        + costs.returned_bytes * side_by_side * estate.parts * estate.columns
    )
    return Prediction(phases, memory)


def _rows(name: str, of_tables: Spent, of_columns: Spent) -> Phase:
    return Phase(name, (Work(f"{name} tables", of_tables), Work(f"{name} columns", of_columns)))


def slope(costs: Sequence[Spent], sizes: Sequence[int]) -> Spent:
    """Return what one more costs, by what some and many cost; never less than nothing."""
    (few, many), (least, most) = costs, sizes
    times = 1 / (most - least)
    return Spent(*(max(0.0, (b - a) * times) for a, b in zip(_parts(few), _parts(many))))


def without(whole: Spent, part: Spent) -> Spent:
    """Return what is left of a cost; never less than nothing."""
    return Spent(*(max(0.0, a - b) for a, b in zip(_parts(whole), _parts(part))))


def _parts(spent: Spent) -> Tuple[float, float, float]:
    return spent.python, spent.java, spent.tasks
