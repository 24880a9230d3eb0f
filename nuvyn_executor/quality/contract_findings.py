"""The findings of a data contract, in the place of those that say the same without it. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from nuvyn_executor.model import number_of
from nuvyn_executor.quality.declared import Metric, folded
from nuvyn_executor.quality.dimensions import MICROS_PER_DAY, MICROS_PER_HOUR, Dimension, freshness
from nuvyn_executor.quality.expectations import (
    duplicates,
    missing_columns,
    outcomes,
    undeclared_columns,
)
from nuvyn_executor.quality.recommendations import INFO, Finding, ranked

if TYPE_CHECKING:
    from nuvyn_executor.quality.declared import Note, TableTerms
    from nuvyn_executor.quality.dimensions import Policy
    from nuvyn_executor.quality.expectations import Outcome
    from nuvyn_executor.quality.recommendations import Price
    from nuvyn_executor.quality.tallies import Scan

_DIMENSIONS: Dict[str, Optional[Dimension]] = {
    Metric.MISSING: Dimension.COMPLETENESS,
    Metric.NULLS: Dimension.COMPLETENESS,
    Metric.INVALID: Dimension.VALIDITY,
    Metric.TYPE: Dimension.VALIDITY,
    Metric.CHECK: Dimension.VALIDITY,
    Metric.DUPLICATES: Dimension.UNIQUENESS,
    Metric.ROWS: None,
}
_SAYS: Dict[str, str] = {
    Metric.MISSING: "{count} of {of} values are missing",
    Metric.NULLS: "{count} of {of} values are null",
    Metric.INVALID: "{count} of {of} values break it",
    Metric.TYPE: "{count} of {of} values are of another type",
    Metric.CHECK: "{count} of {of} values are written otherwise",
    Metric.DUPLICATES: "{count} of {of} values repeat another one",
    Metric.ROWS: "there are {count} rows",
}
_REMEDY = "correct the data at the source, or the data contract"
# What a finding without the contract says of the same values.
_SAME = {Metric.MISSING, Metric.TYPE, Metric.CHECK, Metric.DUPLICATES}
_HOURS_A_DAY = 24


def policy_of(scan: Scan, policy: Policy) -> Policy:
    """Return the policy of one table: with the weights, the levels and the pace that a contract declares.

    Data that is older than declared loses half of its timeliness with each such time that passes.
    """
    terms = scan.terms
    if terms is None:
        return policy
    changes: Dict[str, Any] = {}
    if terms.fresh_hours is not None:
        changes = {"grace_hours": terms.fresh_hours, "half_life_days": terms.fresh_hours / _HOURS_A_DAY}
    if terms.weights:
        changes["weights"] = {**policy.weights, **{Dimension(key): one for key, one in terms.weights.items()}}
    changes.update({name.lower(): cut for name, cut in terms.levels.items()})
    return replace(policy, **changes)


def policy_of_all(scans: Sequence[Scan], policy: Policy) -> Policy:
    """Return the policy of a source: with the weights and levels of its contracts, where these agree."""
    own = [policy_of(scan, policy) for scan in scans if scan.terms is not None]
    declared = [one for one in own if (one.weights, _cuts(one)) != (policy.weights, _cuts(policy))]
    if not declared or any(
        (one.weights, _cuts(one)) != (declared[0].weights, _cuts(declared[0])) for one in declared
    ):
        return policy
    first = declared[0]
    return replace(policy, weights=first.weights, excellent=first.excellent, good=first.good, fair=first.fair)


def _cuts(policy: Policy) -> Tuple[float, float, float]:
    return policy.excellent, policy.good, policy.fair


def with_contract(
    found: Sequence[Finding], scan: Scan, policy: Policy, now_micros: int, price: Price
) -> Tuple[Finding, ...]:
    """Return the findings of a table with those of its data contract, the most expensive first.

    One bad value is one finding: where the contract speaks of it, the finding without the contract is left
    out.
    """
    if scan.terms is None:
        return tuple(found)
    unmet = [one for one in outcomes(scan) if not one.is_met]
    late = list(_late(scan, policy, now_micros, price))
    said: Set[Tuple[Optional[str], Optional[Dimension]]] = {
        (one.column, _DIMENSIONS[one.expectation.metric]) for one in unmet if one.expectation.metric in _SAME
    }
    rows = scan.tally.rows
    kept = [
        one
        for one in found
        if (one.column, one.dimension) not in said
        and not (late and one.dimension is Dimension.TIMELINESS and one.count == one.of == rows)
    ]
    shares = {id(one.expectation): share for one, share in duplicates(scan)}
    own = [_finding(scan, one, shares.get(id(one.expectation), 1.0), price) for one in unmet]
    return ranked([*kept, *own, *late, *_not_there(scan, price), *_information(scan)])


def of_notes(notes: Sequence[Note]) -> Tuple[Finding, ...]:
    """Return the findings about contracts themselves: a key that is unknown, a table that is not there."""
    return tuple(
        Finding(one.where, None, None, 0, 0, 0.0, f"{one.where}: {one.text}", INFO if one.is_info else None)
        for one in notes
    )


def _clause(scan: Scan, clause: str) -> str:
    assert scan.terms is not None
    return f"contract {scan.terms.contract}: {clause}"


def _finding(scan: Scan, one: Outcome, share: float, price: Price) -> Finding:
    expectation = one.expectation
    dimension = _DIMENSIONS[expectation.metric]
    lost = (1.0 - share) * scan.tally.rows if expectation.metric == Metric.DUPLICATES else float(one.count)
    points = 0.0 if dimension is None else price(dimension, lost)
    place = scan.name if one.column is None else f"{scan.name}.{one.column}"
    count = f"at least {one.count}" if one.at_least else str(one.count)
    says = _SAYS[expectation.metric].format(count=count, of=one.of)
    if expectation.metric == Metric.DUPLICATES and one.column is None:
        says = f"{count} of {one.of} rows repeat the key of another one"
    if expectation.metric == Metric.ROWS and one.count == 1:
        says = "there is 1 row"
    is_plain = expectation.limit.allows_none and expectation.metric != Metric.ROWS
    limit = "" if is_plain else f", {expectation.limit}"
    text = f"{place}: {says}, against {_clause(scan, expectation.clause)}{limit} - {_REMEDY}"
    return Finding(scan.name, one.column, dimension, one.count, one.of, points, text)


def _not_there(scan: Scan, price: Price) -> Iterator[Finding]:
    rows = scan.tally.rows
    assert scan.terms is not None
    for one in missing_columns(scan):
        name = one.physical_name or one.name
        clause = _clause(scan, f"schema {scan.terms.name}, property {one.name}")
        text = f"{scan.name}.{name}: the column is not there, against {clause} - deliver it, or {_REMEDY}"
        lost = price(Dimension.COMPLETENESS, float(rows))
        yield Finding(scan.name, name, Dimension.COMPLETENESS, rows, rows, lost, text)


def _late(scan: Scan, policy: Policy, now_micros: int, price: Price) -> Iterator[Finding]:
    """Find data that is older than the contract allows."""
    terms, found = scan.terms, freshness(scan)
    if terms is None or terms.fresh_hours is None or found is None or found.latest_micros is None:
        return
    decay = found.decay(policy, now_micros)
    if decay >= 1.0:
        return
    rows, age = scan.tally.rows, now_micros - found.latest_micros
    what = (
        f"{scan.name}.{found.column}: the newest of {number_of(found.of_column, 'moment')}"
        if found.column
        else f"{scan.name}: the last change of its {number_of(rows, 'row')}"
    )
    allowed = _duration(round(terms.fresh_hours * MICROS_PER_HOUR))
    text = (
        f"{what} is {_duration(age)} ago, against {_clause(scan, terms.fresh_clause)}, {allowed} - "
        "load newer data, or correct the data contract"
    )
    lost = price(Dimension.TIMELINESS, (1.0 - decay) * rows)
    yield Finding(scan.name, found.column, Dimension.TIMELINESS, rows, rows, lost, text)


def _duration(micros: int) -> str:
    if micros >= 2 * MICROS_PER_DAY:
        return f"{micros // MICROS_PER_DAY} days"
    if micros >= MICROS_PER_HOUR:
        return number_of(f"{micros / MICROS_PER_HOUR:.3g}", "hour")
    return number_of(f"{micros / MICROS_PER_HOUR * 60:.3g}", "minute")


def _information(scan: Scan) -> Iterator[Finding]:
    """Find what is no fault: what is not checked, and columns that the contract does not have."""
    terms = scan.terms
    assert terms is not None
    texts: List[Tuple[Optional[str], str]] = [(None, f"not checked: {one}") for one in not_checked(scan)]
    texts.extend(
        (name, f"the column is not in the contract {terms.contract} - add it there, or leave it")
        for name in undeclared_columns(scan)
    )
    for column, text in texts:
        place = scan.name if column is None else f"{scan.name}.{column}"
        yield Finding(scan.name, column, None, 0, scan.tally.rows, 0.0, f"{place}: {text}", INFO)


def not_checked(scan: Scan) -> Tuple[str, ...]:
    """Return what a contract declares of a table and what was not checked, each with the reason."""
    if scan.terms is None:
        return ()
    dropped = (
        f"{one.expectation.clause}: {one.reason}"
        for one in outcomes(scan)
        if one.reason and not _is_of_type(scan, one)
    )
    return (*scan.terms.not_checked, *dropped, *_unknown_age(scan, scan.terms))


def _unknown_age(scan: Scan, terms: TableTerms) -> Iterator[str]:
    found = freshness(scan)
    if terms.fresh_clause and found is None:
        yield f"{terms.fresh_clause}: the age of the table is not assessed"
    elif terms.written and (found is None or found.source != "column"):
        yield f"{terms.fresh_clause}: there is no column {terms.written} of dates or times"


def _is_of_type(scan: Scan, one: Outcome) -> bool:
    """Whether the declared type of the column says it already: a date of Parquet has no format."""
    facts = next((facts for facts in scan.columns if facts.name == one.column), None)
    is_format = ".format " in one.expectation.clause
    return (
        facts is not None and is_format and facts.expected == "typed" and folded(facts.data_type) != "string"
    )
