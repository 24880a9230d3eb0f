"""What is different between the last two runs over the same sources, and what is gone since. Pure."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, AbstractSet, Dict, FrozenSet, Iterable, List, Mapping, Optional, Set, Tuple

from nuvyn_executor.reports.contents import Change
from nuvyn_executor.reports.history import Place, changes, comparable, order_of
from nuvyn_executor.reports.results import RunResult, moment
from nuvyn_executor.reports.stored_rows import Stored, only

if TYPE_CHECKING:
    from datetime import datetime


def changes_of(stored: Stored) -> Tuple[Tuple[Change, ...], Optional[Tuple[datetime, datetime]]]:
    """Return what is different between the last two runs over the same sources, and when these were."""
    over: Dict[FrozenSet[str], List[RunResult]] = defaultdict(list)
    for run in stored.runs:
        over[run.sources].append(run)
    pairs = {sources: pair for sources, pair in ((one, comparable(over[one])) for one in over) if pair}
    compared: Dict[FrozenSet[str], Set[str]] = defaultdict(set)  # whose changes a pair tells
    since: Dict[str, datetime] = {}
    for source_id in map(str, (row["source_id"] for row in stored.sources)):
        with_it = [one for one in pairs if source_id in one]
        if with_it:
            newest = max(with_it, key=lambda one: (pairs[one][1].at, -len(one)))
            compared[newest].add(source_id)
            since[source_id] = pairs[newest][0].at
    found: List[Change] = []
    for sources, told in compared.items():
        before, after = pairs[sources]
        known = {name for run in over[sources] if run.at < before.at for name in run.tables}
        different = changes(before, after, partial(_place, stored, after), known)
        found.extend(one for one in different if one.source_id in told or sources == told)
    found.extend(
        _gone(stored, since, {(one.source_id, one.table) for one in found if one.kind == "gone table"})
    )
    times = [(before.at, after.at) for before, after in map(pairs.__getitem__, compared)]
    return tuple(sorted(found, key=order_of)), max(times, key=itemgetter(1), default=None)


def _place(stored: Stored, run: RunResult, name: str) -> Place:
    rows = stored.tables_named(run, name)
    if len(rows) != 1:
        return Place(only(run.sources), name, None)
    (row,) = rows
    return Place(str(row["source_id"]), str(row["table_name"]), str(row["table_id"]))


def _gone(
    stored: Stored, since: Mapping[str, datetime], known: AbstractSet[Tuple[str, str]]
) -> Iterable[Change]:
    """Return the tables that are gone by their rows, since the older of the runs that are compared.

    Args:
        stored: the rows.
        since: when that run of a source was; a source without one has all of them.
        known: source and name of tables that are gone by the results of runs.
    """
    for row in stored.gone_tables:
        source_id, at = str(row["source_id"]), moment(row.get("removed_at"))
        is_news = at is None or source_id not in since or at >= since[source_id]
        if is_news and not any(
            (one, name) in known for name in stored.names_of(row) for one in (source_id, "")
        ):
            yield Change(
                "gone table", source_id, str(row["table_name"]), None, after=f"{at:%Y-%m-%d}" if at else ""
            )
