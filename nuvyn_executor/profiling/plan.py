"""Decides before a scan what it will count, from names, declared types and a deterministic sample. Pure.

Expectations that are fixed before the scan keep the counters additive and the scores monotone
(``docs/quality.md``). If they were decided from the scanned data, one more bad value could *raise* a score.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.model import DAY_MICROS
from nuvyn_executor.profiling import column_names, suspects
from nuvyn_executor.profiling.commonest import Commonest
from nuvyn_executor.profiling.conventions import are_identifiers, forms_for, is_day_first
from nuvyn_executor.profiling.histogram import least_dropped
from nuvyn_executor.profiling.null_markers import WHITE, is_missing, placeholders_that_are_values
from nuvyn_executor.profiling.value_patterns import (
    DATE_SENTINELS,
    NUMBERS,
    Expected,
    merged,
    plain_of,
)
from nuvyn_executor.quality.checks import country_code, digit_code
from nuvyn_executor.quality.checks.registry import CHECKS, FORMS, check_of, fingerprint
from nuvyn_executor.quality.declared import Rule
from nuvyn_executor.quality.tallies import Shape, Suspect
from nuvyn_executor.reading.frame import SAMPLE_CHARACTERS, family

if TYPE_CHECKING:
    from nuvyn_executor.quality.checks.check import Form

MAJORITY = 0.9  # of the sampled values, that makes an expectation
NAMED_MAJORITY = 0.5  # the same, where the column's name suggests the expectation
CODE_SHARE = 0.01  # of codes (007) among numbers, that makes all of them codes
FEWEST_ROWS = 10  # different ones, from which a sample may say that a column is no key
FENCE_MIN_VALUES = 30
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d):(\d\d))?", re.ASCII)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_SENTINEL_YEARS = {day[:4] for day in DATE_SENTINELS}
FENCE_FACTOR = 3.0  # Tukey's "far out"
FENCE_MAX_OUTSIDE = 0.01  # a larger share outside is a long tail, whose values are true


@dataclass(frozen=True)
class ColumnPlan:
    """What to count in one column.

    Attributes:
        name: the name in metadata.
        declared_type: Spark SQL type, where the format declares one; ``None`` for text that is classified.
        expected: what the values should be: the name of a check, or a constant of
            :class:`~nuvyn_executor.profiling.value_patterns.Expected`.
        shapes: the shapes that are counted apart; all others count as text. Each one costs time, so these are
            the ones that pass the check and those in the sample.
        day_first: whether ``03/04/2024`` is the third of April.
        fences: values outside are far out; ``None`` if the sample does not allow to set fences.
        says_when_written: the column holds dates or times at which rows were written.
        may_lie_ahead: those moments may be plans, which lie in the future.
        bounds_period: the column holds ends of periods: 9999-12-31 is an open end.
        is_key: the name is that of the dataset's primary key.
        not_key: for a column that has such a name and is no key: how many sampled values repeat another one,
            of how many.
        sample: one present value, or its beginning.
        values: placeholders that are values in this column: ``NA`` among codes of countries.
        null_markers: the texts that stand for no value, where the user says so; else ``None``.
        suspect_examples: by reason, a sampled value that can hardly be true, masked.
        rules: what a data contract declares of each value; those that break it are counted.
        is_unique: a data contract declares that no value repeats.
        dropped_bits: how many bits the histogram of the sample drops, with which that of the column begins;
            ``None``: neither that nor the commonest values are counted.
        may_be_few: the sample does not have too many different texts for these to be counted one by one.
    """

    name: str
    declared_type: Optional[str] = None
    expected: str = Expected.TEXT
    shapes: Tuple[str, ...] = ()
    day_first: bool = True
    fences: Optional[Tuple[float, float]] = None
    says_when_written: bool = False
    may_lie_ahead: bool = False
    bounds_period: bool = False
    is_key: bool = False
    not_key: Optional[Tuple[int, int]] = None
    sample: Optional[str] = None
    values: Tuple[str, ...] = ()
    null_markers: Optional[Tuple[str, ...]] = None
    suspect_examples: Mapping[str, str] = field(default_factory=dict)
    rules: Tuple[Rule, ...] = ()
    is_unique: bool = False
    dropped_bits: Optional[int] = 0
    may_be_few: bool = True


@dataclass(frozen=True)
class ScanPlan:
    """What to count in one dataset.

    Attributes:
        columns: one plan a column, in order.
        pairs: positions of two columns of moments, where the first should not lie after the second.
        exact_distinct: the dataset is small enough to count different values exactly.
        distinct: whether different values and rows are counted at all.
        null_markers: the texts that stand for no value in all columns, where the user says so; else ``None``.
        keys: positions of columns whose values together should not repeat.
        terms: the fingerprint of the data contract that it was made with; ``""`` without one.
    """

    columns: Tuple[ColumnPlan, ...]
    pairs: Tuple[Tuple[int, int], ...] = ()
    exact_distinct: bool = True
    distinct: bool = True
    null_markers: Optional[Tuple[str, ...]] = None
    keys: Tuple[Tuple[int, ...], ...] = ()
    terms: str = ""

    def to_json(self) -> Dict[str, Any]:
        """Return the plan as JSON values, with a fingerprint of the checks that it was made with."""
        return {**asdict(self), "checks": fingerprint()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ScanPlan:
        """Read what :meth:`to_json` wrote.

        Raises:
            ValueError: the plan was made with other checks, so that its counts would not add to new ones.
        """
        if value["checks"] != fingerprint():
            raise ValueError("the plan was made with other checks than those of this version")
        columns = tuple(ColumnPlan(**_with_tuples(one)) for one in value["columns"])
        pairs = tuple((earlier, later) for earlier, later in value["pairs"])
        markers = value["null_markers"]
        return cls(
            columns,
            pairs,
            value["exact_distinct"],
            value["distinct"],
            None if markers is None else tuple(markers),
            keys=tuple(map(tuple, value["keys"])),
            terms=value["terms"],
        )


def _with_tuples(values: Mapping[str, Any]) -> Dict[str, Any]:
    found = {name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}
    return {**found, "rules": tuple(map(Rule.from_json, found["rules"]))}


def plan_text_column(  # noqa: PLR0913  what is known of a column
    name: str,
    dataset_name: str,
    values: Sequence[Optional[str]],
    *,
    fences: bool,
    null_markers: Optional[Tuple[str, ...]] = None,
    declared: Optional[str] = None,
) -> ColumnPlan:
    """Plan a column that arrives as text.

    Args:
        name: the column's name.
        dataset_name: the dataset's name, which its primary key may be named after.
        values: sampled values.
        fences: whether the sample represents the whole dataset, so that fences may be set.
        null_markers: the texts that stand for no value, where the user says so.
        declared: what a data contract says that the values should be; ``None``: the sample says it.
    """
    texts = [value.strip(WHITE) for value in values if value is not None and value.strip(WHITE)]
    kept = () if null_markers is not None else placeholders_that_are_values(texts)
    present = [value for value in values if value is not None and not is_missing(value, kept, null_markers)]
    trimmed = [value.strip(WHITE) for value in present]
    forms = forms_for("date" if declared == Expected.MOMENT else name, trimmed)
    found = forms.shapes_of(trimmed)
    counts = Counter(found)
    expected = declared or _expected(name, trimmed, counts)
    if declared is None and expected == Expected.NUMBER and are_identifiers(trimmed, found):
        expected = Expected.TEXT
    numbers = [float(plain_of(value, shape)) for value, shape in zip(trimmed, found) if shape in NUMBERS]
    if expected == country_code.CHECK.name and null_markers is None:
        kept = tuple(sorted({*kept, "NA"}))  # Namibia
    plan = ColumnPlan(
        name=name,
        expected=expected,
        shapes=_counted_shapes(expected, counts, forms.forms),
        day_first=is_day_first(trimmed, found),
        fences=_fences(numbers) if fences and expected == Expected.NUMBER else None,
        is_key=column_names.is_key(name, dataset_name),
        sample=present[0][:SAMPLE_CHARACTERS] if present else None,
        values=kept,
        null_markers=null_markers,
        **_moments_of(name, is_moment=expected == Expected.MOMENT),
    )
    plan = replace(
        plan,
        dropped_bits=least_dropped(_measures(plan, present, trimmed, found)),
        may_be_few=Commonest.of(Counter(present)).counts is not None,
    )
    return replace(plan, suspect_examples=suspects.examples(_text_suspects(plan, trimmed, found)))


def plan_typed_column(
    name: str, dataset_name: str, declared_type: str, values: Sequence[object], *, fences: bool
) -> ColumnPlan:
    """Plan a column whose format declares a type other than text.

    Args:
        name: the column's name.
        dataset_name: the dataset's name, which its primary key may be named after.
        declared_type: Spark SQL type.
        values: sampled values; of moments the texts that Spark writes, which no type of Python holds all.
        fences: whether the sample represents the whole dataset, so that fences may be set.
    """
    kind = family(declared_type)
    # NaN, which alone differs from itself, is no value.
    present = [value for value in values if value is not None and value == value]  # noqa: PLR0124
    numbers = [float(value) for value in present] if kind == "number" else []  # type: ignore[arg-type]  # Spark's numbers
    plan = ColumnPlan(
        name=name,
        declared_type=declared_type,
        expected=Expected.OPAQUE if kind == "opaque" else Expected.TYPED,
        fences=_fences(numbers) if fences and kind == "number" else None,
        is_key=column_names.is_key(name, dataset_name),
        sample=str(present[0])[:SAMPLE_CHARACTERS] if present and kind != "opaque" else None,
        **_moments_of(name, is_moment=kind == "moment"),
    )
    moments = map(_micros_of, map(str, present)) if kind == "moment" else ()
    measures = numbers or (micros for micros in moments if micros is not None)
    plan = replace(plan, dropped_bits=least_dropped(measures))
    found: Iterator[Tuple[Optional[str], object]] = iter(())
    if kind == "number":
        found = ((suspects.of_number(number, plan.fences), value) for number, value in zip(numbers, present))
    elif kind == "moment":
        found = ((_day_suspect(plan, str(value)), value) for value in present)
    return replace(plan, suspect_examples=suspects.examples(found))


def ordered_pairs(plans: Sequence[ColumnPlan]) -> Tuple[Tuple[int, int], ...]:
    """Find columns where one moment should not lie after the other."""
    moments = {
        plan.name: index
        for index, plan in enumerate(plans)
        if plan.expected == Expected.MOMENT or plan.declared_type in ("date", "timestamp", "timestamp_ntz")
    }
    return column_names.ordered_pairs(moments)


def without_false_keys(
    plans: Sequence[ColumnPlan], sample: Sequence[Sequence[object]]
) -> Tuple[ColumnPlan, ...]:
    """Return the plans without keys that were chosen by name and are none, as the sample shows.

    That is so where less than half of the values differ, copies of whole rows left out: a time series has
    many rows for each ``id``. It is decided before the scan: more repeated values never raise a score.

    Args:
        plans: one a column.
        sample: the sampled values of each column.
    """
    return tuple(
        plan if reason is None else replace(plan, is_key=False, not_key=reason)
        for plan, reason in (
            (plan, _not_key(index, sample) if plan.is_key else None) for index, plan in enumerate(plans)
        )
    )


def _moments_of(name: str, *, is_moment: bool) -> Dict[str, Any]:
    """Return what the name of a column of moments says about them."""
    is_written = is_moment and column_names.says_when_written(name)
    return {
        "says_when_written": is_written,
        "may_lie_ahead": is_written and column_names.may_lie_ahead(name),
        "bounds_period": is_moment and column_names.bounds_period(name),
    }


def _measures(
    plan: ColumnPlan, present: Sequence[str], trimmed: Sequence[str], shapes: Sequence[str]
) -> Iterator[float]:
    """Return what the histogram of a column counts, of its sampled texts: numbers, moments, or lengths."""
    if plan.expected not in (Expected.NUMBER, Expected.MOMENT):
        yield from (len(text.encode("utf-8", "surrogatepass")) for text in present)
        return
    for text, shape in zip(trimmed, shapes):
        plain = plain_of(text, shape, day_first=plan.day_first)
        if plan.expected == Expected.NUMBER and shape in NUMBERS:
            yield float(plain)
        elif plan.expected == Expected.MOMENT:
            micros = _micros_of(plain)
            if micros is not None:
                yield micros


@lru_cache(maxsize=4096)  # the moments of a sample share days
def _day_of(text: str) -> Optional[date]:
    """Return the day of a text like ``2024-01-31``; ``None`` where there is none, or in no year to 9999."""
    with suppress(ValueError):
        return date.fromisoformat(text)
    return None


def _micros_of(moment: str) -> Optional[float]:
    """Return a moment in microseconds since 1970, in whole seconds: near enough to choose buckets."""
    found = _MOMENT.match(moment)
    day = None if found is None else _day_of(found.group(1))
    if day is None or found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    days = day.toordinal() - _EPOCH_DAY
    return float(days * DAY_MICROS + (hours * 3600 + minutes * 60 + seconds) * 1_000_000)


def _day_suspect(plan: ColumnPlan, moment: str) -> Optional[str]:
    """Return why a moment of a declared type can hardly be true."""
    text = moment[:10]
    day = _day_of(text) if text in DATE_SENTINELS else None
    return None if day is None else suspects.of_day(day, bounds_period=plan.bounds_period)


def _text_suspects(
    plan: ColumnPlan, trimmed: Sequence[str], shapes: Sequence[str]
) -> Iterator[Tuple[Optional[str], object]]:
    """Return why each sampled text can hardly be true, and the text."""
    for text, shape in zip(trimmed, shapes):
        if plan.expected == Expected.NUMBER:
            number = float(plain_of(text, shape)) if shape in NUMBERS else 0.0
            yield suspects.of_number(number, plan.fences), text
        elif plan.expected == Expected.MOMENT:
            if plan.bounds_period or not any(year in text for year in _SENTINEL_YEARS):
                continue
            if plain_of(text, shape, day_first=plan.day_first)[:10] in DATE_SENTINELS:
                yield Suspect.STAND_IN, text
        else:
            yield suspects.of_text(text), text


def _not_key(index: int, sample: Sequence[Sequence[object]]) -> Optional[Tuple[int, int]]:
    """Return how many values of a column repeat another one, of how many; ``None`` where it may be a key."""
    present = [str(value) for value in sample[index] if value is not None]
    if 2 * len(set(present)) >= len(present):
        return None
    rows = {tuple(map(str, row)) for row in zip(*sample) if row[index] is not None}
    different = {row[index] for row in rows}
    is_other = len(rows) >= FEWEST_ROWS and 2 * len(different) < len(rows)
    return (len(present) - len(set(present)), len(present)) if is_other else None


def _expected(name: str, present: Sequence[str], counts: Mapping[str, int]) -> str:
    """Decide what a column of texts should hold.

    Args:
        name: the column's name.
        present: the sampled values, trimmed.
        counts: how many of them have which shape, among the shapes that are looked for in every column.
    """
    if not present:
        return Expected.TEXT
    found = _suggested_by(name, present, counts) or _common(counts) or _recognised(present, counts)
    return found or Expected.TEXT


def _suggested_by(name: str, present: Sequence[str], counts: Mapping[str, int]) -> Optional[str]:
    """Find a check that the column's name suggests, and whose pattern half of the values match.

    The pattern alone decides, so that invalid values are found even where they are many.
    """
    for check in CHECKS:
        if check.is_suggested_by(name) and (
            _share(counts, *check.shapes) >= NAMED_MAJORITY
            if check.anywhere
            else _most(check.matches, present, NAMED_MAJORITY)
        ):
            return check.name
    return None


def _common(counts: Mapping[str, int]) -> Optional[str]:
    """Find a check of which nearly all values have a shape, among checks that are looked for everywhere."""
    if _share(counts, Shape.CODE) >= CODE_SHARE and _share(counts, *digit_code.CHECK.shapes) >= MAJORITY:
        return Expected.CODE
    common = (check for check in CHECKS if check.anywhere and _share(counts, *check.shapes) >= MAJORITY)
    return next((check.name for check in common), None)


def _recognised(present: Sequence[str], counts: Mapping[str, int]) -> Optional[str]:
    """Find a check that nearly all values pass, among those that no other values pass by chance."""
    if _share(counts, Shape.TEXT) < MAJORITY:
        return None
    for check in CHECKS:
        if check.alone and _most(check.accepts_alone, present, MAJORITY):
            return check.name
    return None


def _share(counts: Mapping[str, int], *shapes: str) -> float:
    return sum(counts.get(shape, 0) for shape in shapes) / sum(counts.values())


def _most(holds: Callable[[str], bool], values: Sequence[str], share: float) -> bool:
    """Whether something holds for a share of the values; stops where too many have failed."""
    most_failures = len(values) - math.ceil(share * len(values) - 1e-9)
    failures = (value for value in values if not holds(value))
    return next(itertools.islice(failures, most_failures, None), None) is None


def _counted_shapes(expected: str, counts: Mapping[str, int], forms: Sequence[Form]) -> Tuple[str, ...]:
    """Return the shapes to count apart: those in the sample, and those that pass as they are written."""
    check = check_of(expected)
    if check is not None and not check.anywhere:
        return check.shapes
    passing = () if check is None else check.shapes
    plain = (form.shape for form in forms if form.shape in passing and not (form.steps or form.micros))
    wanted = {merged(shape, expected) for shape in (*plain, *counts)} - {Shape.TEXT}
    if expected != Expected.BOOLEAN:
        wanted.discard(Shape.BOOLEAN)
    return tuple(form.shape for form in FORMS if form.shape in wanted)


def _fences(numbers: Sequence[float]) -> Optional[Tuple[float, float]]:
    """Return Tukey's outer fences of a sample, or ``None``.

    Source: J. W. Tukey, Exploratory Data Analysis (1977): beyond 3 interquartile ranges is "far out". There
    are no fences for few values, for a distribution without width, and for one with a long tail.
    """
    values = sorted(number for number in numbers if number == number and abs(number) != float("inf"))  # noqa: PLR0124  NaN
    if len(values) < FENCE_MIN_VALUES:
        return None
    lower, upper = values[len(values) // 4], values[(3 * len(values)) // 4]
    reach = FENCE_FACTOR * (upper - lower)
    low, high = lower - reach, upper + reach
    outside = sum(1 for value in values if not low <= value <= high)
    return None if reach == 0 or outside > FENCE_MAX_OUTSIDE * len(values) else (low, high)
