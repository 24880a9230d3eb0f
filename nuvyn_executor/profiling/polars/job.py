"""Spreads the files of a dataset over Spark's tasks, and adds their counts.

A plain Python function on a range of numbers runs in each task. That needs neither RDDs nor PyArrow, so it
works on Connect and wherever Python functions run.
"""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Sequence, Tuple, Union

from nuvyn_executor.bounds import Bounds
from nuvyn_executor.discovery.partition_folders import values_of
from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.profiling.counts import total
from nuvyn_executor.profiling.polars.answers import answered, counts_of, failed, refusal
from nuvyn_executor.profiling.polars.parts import NotNative, Piece, Reading, parts_of
from nuvyn_executor.profiling.value_patterns import Expected
from nuvyn_executor.reading.frame import family
from nuvyn_executor.sources.base import OnlySpark
from nuvyn_executor.spark.python_functions import python_function

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileFormat
    from nuvyn_executor.profiling.counts import Counts
    from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan
    from nuvyn_executor.reading.frame import Texts
    from nuvyn_executor.sources.base import Storage

ENGINE = "polars"
FILES_A_TASK = 1024
_BOUNDS = Bounds()
# Encodings in which a line feed is one byte, and that Java and Python read alike.
_ENCODINGS = ("UTF-8", "ISO-8859-1", "windows-1252")
_KEEPS_NUMBERS = "spark.sql.json.enableExactStringParsing"
_UTC = ("UTC", "Etc/UTC", "GMT", "Z", "+00:00")
_Part = Tuple[Tuple[Piece, ...], Reading]
_PLAIN = ("tinyint", "smallint", "int", "bigint", "float", "double", "boolean", "string", "binary", "date")


def supports(dataset: Dataset, plan: ScanPlan, time_zone: str = "UTC") -> Optional[str]:
    """Return why Polars cannot count a dataset, as a clause; ``None`` if it may be able to.

    Args:
        dataset: the dataset.
        plan: what to count in it.
        time_zone: the time zone of the Spark session.
    """
    if not dataset.format.is_counted_by_polars:
        return f"its format is {dataset.format.value}"
    reason = _unfit_plan(plan, time_zone)
    if reason is not None:
        return reason
    reasons = [reason for one in plan.columns for reason in _unfit(one, dataset.format)]
    if reasons:
        return reasons[0]
    if dataset.format.may_be_document:
        return _unfit_documents(dataset, plan)
    return _unreadable_dialect(dataset) if dataset.format.has_dialect else None


def count(  # noqa: PLR0913  two of them are switches
    spark: Any,
    dataset: Dataset,
    plan: ScanPlan,
    now_micros: int,
    *,
    small_here: bool = True,
    keeps_states: bool = False,
    storage: Union[Storage, OnlySpark, None] = None,
    bounds: Bounds = _BOUNDS,
) -> Counts:
    """Count a dataset with Polars in Spark's tasks: the same counters as :func:`profiler.scan`'s.

    The counts of different values are states that add: exact with ``plan.exact_distinct``, else estimates
    with a relative standard deviation of 1.6 %. Of a dataset that is one task's work they are plain numbers.
    Without ``plan.distinct`` there are none.

    Args:
        spark: the session; only the public DataFrame API is used.
        dataset: files of one kind; their paths must be those of the tasks' machines too.
        plan: what to count, as :func:`profiler.plan_scan` decides it from the dataset's frame.
        now_micros: the present, microseconds since 1970 UTC; later moments are in the future.
        small_here: count a dataset that is one task's work in this process, if Polars is installed here. That
            saves a Spark job.
        keeps_states: the counts are to be added to others, so that states are needed even of a small dataset.
        storage: what reads the files, also in the tasks; ``None`` where all machines see them as files.
        bounds: how large texts may be; beyond them Spark's turn comes.

    Raises:
        DatasetUnreadable: the storage could not read a file; Spark would not see that it has changed.
        NotNative: Spark has to count the dataset. The text is a clause with the reason: Polars or this
            package is not installed in the tasks, a file cannot be opened there, or Spark would read it
            otherwise.
    """
    if isinstance(storage, OnlySpark):
        raise NotNative(storage.reason)
    alike = dataset.by_layout()
    reasons = [supports(one, plan, str(spark.conf.get("spark.sql.session.timeZone"))) for one in alike]
    reason = next((one for one in reasons if one is not None), None)
    if reason is not None:
        raise NotNative(reason)
    if not dataset.files:
        raise NotNative("it has no files")
    # All hashes of exact counts may be larger than the data: a small dataset is counted in one task.
    is_one = (
        plan.exact_distinct and not keeps_states and len(dataset.files) <= FILES_A_TASK and len(alike) == 1
    )
    keeps = dataset.format.may_be_document and keeps_numbers(spark)
    parts: List[_Part] = []
    for one in alike:
        pieces = _pieces(one)
        reading = Reading.of(
            one,
            plan,
            now_micros,
            keeps_states=not is_one,
            storage=storage,
            bounds=bounds,
            keeps_numbers=keeps,
        )
        several = [pieces] if is_one else parts_of(pieces, slots_of(spark), len(plan.columns))
        parts.extend((some, reading) for some in several)
    if len(parts) == 1 and small_here and importlib.util.find_spec("polars") is not None:
        return _counted(answer(*parts[0]), parts[0][0])
    counted = _collected(spark, parts)
    try:
        return total(counted)
    except ValueError as error:  # another version of Polars, or another processor, has other hashes
        raise NotNative(f"its tasks do not count alike ({error})", everywhere=True) from error


def keeps_numbers(spark: Any) -> bool:
    """Whether Spark leaves numbers in JSON as they are written, where they are read as texts.

    The setting that says so came with Spark 4. Spark 3, which does not know it, writes doubles anew.
    """
    try:
        return str(spark.conf.get(_KEEPS_NUMBERS)) == "true"
    except Exception:  # noqa: BLE001  a setting that is not known; errors of Spark and Connect have no common class
        return False


def count_here(spark: Any, plan: ScanPlan, now_micros: int, rows: Texts) -> Counts:
    """Count rows that only this process reads: the same counters as :func:`count`'s, as plain numbers.

    Args:
        spark: the session.
        plan: what to count; no column has a declared type.
        now_micros: the present, microseconds since 1970 UTC; later moments are in the future.
        rows: reads them.

    Raises:
        DatasetUnreadable: they cannot be read.
        NotNative: Spark has to count them.
    """
    reason = _unfit_plan(plan, str(spark.conf.get("spark.sql.session.timeZone")))
    if reason is not None:
        raise NotNative(reason)
    try:
        from nuvyn_executor.profiling.polars.kernel import count_texts  # noqa: PLC0415  Polars may not be there
    except ImportError as error:
        raise NotNative(f"Polars is not installed ({error})") from error
    try:
        return count_texts(rows(), plan, now_micros)
    except (NotNative, DatasetUnreadable):
        raise
    except Exception as error:  # there is another way to count
        raise NotNative(f"it could not be counted ({type(error).__name__}: {error})") from error


def _pieces(dataset: Dataset) -> Tuple[Piece, ...]:
    return tuple(
        Piece(
            entry.path,
            entry.size_bytes,
            constants=values_of(dataset, entry.path),
            etag=entry.etag,
            deleted=entry.deleted,
        )
        for entry in dataset.files
    )


def is_utc(time_zone: str) -> bool:
    """Whether a time zone of Spark is UTC."""
    return time_zone in _UTC


def slots_of(spark: Any) -> int:
    """Return how many tasks run at the same time. On Connect, where that is unknown, it is a guess."""
    try:
        return max(1, int(spark.sparkContext.defaultParallelism))
    except Exception:  # noqa: BLE001  whatever Connect raises where there is no context
        return max(1, os.cpu_count() or 1)


def _collected(spark: Any, parts: Sequence[_Part]) -> List[Counts]:
    in_task = python_function(_task(parts), "string")
    answers = spark.range(0, len(parts), 1, len(parts)).select("id", in_task("id").alias("answer"))
    try:
        rows = answers.collect()
    except Exception as error:
        raise failed(error) from error
    return [_counted(row["answer"], parts[row["id"]][0]) for row in rows]


def _counted(text: str, pieces: Sequence[Piece] = ()) -> Counts:
    """Return the counts of an answer.

    Raises:
        DatasetUnreadable: the storage could not read a file.
        NotNative: Polars could not count them. Where a task cannot open a file that this process opens, no
            task will open another file there, as on clusters whose tasks run without the user's rights.
    """
    value = json.loads(text)
    closed = value.get("closed")
    if closed is not None and _opening_fails(pieces[closed]) is None:
        raise NotNative(f"the tasks cannot open files that the driver opens ({value['how']})", of_source=True)
    return counts_of(value)


def _task(parts: Sequence[_Part]) -> Callable[[int], str]:
    def task(index: int) -> str:
        # Spark gives a task one core; Polars reads this when it is imported.
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        return answer(*parts[index])

    return task


def answer(pieces: Sequence[Piece], reading: Reading) -> str:
    """Count a part, in a task. Return JSON of its :class:`Counts`, or of the ``reason`` why it cannot."""
    try:
        from nuvyn_executor.profiling.polars.kernel import count_part  # noqa: PLC0415  Polars is in tasks only
    except ImportError as error:
        return refusal(f"Polars is not there in the tasks ({error})", everywhere=True)
    try:
        return answered(lambda: count_part(pieces, reading))
    except OSError as error:
        return _unopened(pieces, reading, f"a task cannot read a file ({error})")


def _unopened(pieces: Sequence[Piece], reading: Reading, reason: str) -> str:
    """Refuse to count files; name the first that cannot be opened here, and how that fails."""
    failures = (_opening_fails(one) for one in pieces) if reading.storage is None else iter(())
    found = next(((index, how) for index, how in enumerate(failures) if how is not None), None)
    if found is None:
        return refusal(reason)
    return refusal(reason, closed=found[0], how=found[1])


def _opening_fails(piece: Piece) -> Optional[str]:
    """Return the name of the error that opening a file raises; ``None`` where it is opened."""
    try:
        with Path(piece.path).open("rb"):
            return None
    except OSError as error:
        return type(error).__name__


def _unfit_plan(plan: ScanPlan, time_zone: str) -> Optional[str]:
    """Return why Polars cannot count what a plan wants, whatever holds the rows."""
    if not plan.columns:
        return "it has no columns"
    if not is_utc(time_zone) and any(_needs_zone(one) for one in plan.columns):
        return f"the session's time zone is {time_zone}"
    return None


def _needs_zone(plan: ColumnPlan) -> bool:
    if plan.declared_type in (None, "string"):
        return plan.expected == Expected.MOMENT
    return family(str(plan.declared_type)) == "moment" and plan.declared_type != "timestamp"


def _unfit(plan: ColumnPlan, kind: FileFormat) -> List[str]:
    """Return why Polars cannot count a column; an empty list if it can."""
    reasons = []
    if kind.declares_types and _is_pattern(plan.name):
        reasons.append(f"column {plan.name[:40]} has a name that Polars takes for a pattern")
    if plan.declared_type is not None and not _is_plain(plan.declared_type):
        reasons.append(f"column {plan.name} is of type {plan.declared_type[:40]}")
    return reasons


def _is_pattern(name: str) -> bool:
    return "*" in name or ("^" in name and "$" in name)


def _is_plain(declared: str) -> bool:
    is_declared = declared in (*_PLAIN, "timestamp", "timestamp_ntz")
    return is_declared or declared.startswith(("decimal(", "array<", "map<"))


def _unreadable_dialect(dataset: Dataset) -> Optional[str]:
    dialect = dataset.dialect
    if dialect is None:
        return "its delimiter and encoding are unknown"
    is_ascii = dialect.delimiter.isascii() and dialect.quote.isascii()
    reasons = (
        (dialect.multiline, "a value of it may be several lines"),
        (dialect.encoding not in _ENCODINGS, f"its encoding is {dialect.encoding}"),
        (not is_ascii, "its delimiter or quote is no ASCII character"),
        (len(dialect.delimiter) > 1, "its delimiter is several characters"),
        (bool(dialect.escape), "a backslash stands before its quotes"),
        (dialect.trims, "blanks around its values do not belong to them"),
    )
    return next((reason for is_so, reason in reasons if is_so), None)


def _unfit_documents(dataset: Dataset, plan: ScanPlan) -> Optional[str]:
    """Return why Polars cannot count files of JSON; ``None`` if each line may be an object."""
    names = [one.name for one in plan.columns]
    reasons = (
        (dataset.multiline or dataset.records_at is not None, "its documents are not a line each"),
        (len({name.casefold() for name in names}) < len(names), "columns of it differ in capitals only"),
    )
    return next((reason for is_so, reason in reasons if is_so), None)
