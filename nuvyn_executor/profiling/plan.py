"""Decides before a scan what it will count, from names, declared types and a deterministic sample. Pure.

Expectations that are fixed before the scan keep the counters additive and the scores monotone
(``docs/quality.md``). If they were decided from the scanned data, one more bad value could *raise* a score.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.profiling.value_patterns import (
    DATES,
    NUMBERS,
    WHITE,
    Expected,
    is_missing,
    merged,
    shape_of,
)
from nuvyn_executor.quality.checks import digit_code
from nuvyn_executor.quality.checks.check import words_of
from nuvyn_executor.quality.checks.registry import ANYWHERE, CHECKS, check_of, fingerprint
from nuvyn_executor.quality.declared import Rule
from nuvyn_executor.quality.tallies import Shape
from nuvyn_executor.reading.frame import SAMPLE_CHARACTERS, family

MAJORITY = 0.9  # of the sampled values, that makes an expectation
NAMED_MAJORITY = 0.5  # the same, where the column's name suggests the expectation
CODE_SHARE = 0.01  # of codes (007) among numbers, that makes all of them codes
FENCE_MIN_VALUES = 30
FENCE_FACTOR = 3.0  # Tukey's "far out"
FENCE_MAX_OUTSIDE = 0.01  # a larger share outside is a long tail, whose values are true

_WRITTEN = re.compile(
    r"(?:^|_)(?:updated|modified|created|inserted|ingested|ingest|loaded|load|event|changed|synced)(?:_|$)|_ts$|^ts$"
)
_EARLIER = re.compile(r"(?:^|_)(created|start|started|begin|opened|ordered|order)(?:_|$)")
_LATER = {
    "created": ("updated", "modified", "changed"),
    "start": ("end",),
    "started": ("ended", "finished", "completed"),
    "begin": ("end",),
    "opened": ("closed",),
    "ordered": ("shipped", "delivered"),
    "order": ("ship", "shipped", "delivery", "delivered"),
}


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
        is_key: the name is that of the dataset's primary key.
        sample: one present value, or its beginning.
        rules: what a data contract declares of each value; those that break it are counted.
        is_unique: a data contract declares that no value repeats.
    """

    name: str
    declared_type: Optional[str] = None
    expected: str = Expected.TEXT
    shapes: Tuple[str, ...] = ()
    day_first: bool = True
    fences: Optional[Tuple[float, float]] = None
    says_when_written: bool = False
    is_key: bool = False
    sample: Optional[str] = None
    rules: Tuple[Rule, ...] = ()
    is_unique: bool = False


@dataclass(frozen=True)
class ScanPlan:
    """What to count in one dataset.

    Attributes:
        columns: one plan a column, in order.
        pairs: positions of two columns of moments, where the first should not lie after the second.
        exact_distinct: the dataset is small enough to count different values exactly.
        distinct: whether different values and rows are counted at all.
        keys: positions of columns whose values together should not repeat.
        terms: the fingerprint of the data contract that it was made with; ``""`` without one.
    """

    columns: Tuple[ColumnPlan, ...]
    pairs: Tuple[Tuple[int, int], ...] = ()
    exact_distinct: bool = True
    distinct: bool = True
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
        columns = tuple(
            ColumnPlan(
                **{
                    **one,
                    "shapes": tuple(one["shapes"]),
                    "fences": None if one["fences"] is None else tuple(one["fences"]),
                    "rules": tuple(map(Rule.from_json, one["rules"])),
                }
            )
            for one in value["columns"]
        )
        pairs = tuple((earlier, later) for earlier, later in value["pairs"])
        keys = tuple(map(tuple, value["keys"]))
        return cls(columns, pairs, value["exact_distinct"], value["distinct"], keys, value["terms"])


def plan_text_column(
    name: str,
    dataset_name: str,
    values: Sequence[Optional[str]],
    *,
    fences: bool,
    declared: Optional[str] = None,
) -> ColumnPlan:
    """Plan a column that arrives as text.

    Args:
        name: the column's name.
        dataset_name: the dataset's name, which its primary key may be named after.
        values: sampled values.
        fences: whether the sample represents the whole dataset, so that fences may be set.
        declared: what a data contract says that the values should be; ``None``: the sample says it.
    """
    present = [value for value in values if value is not None and not is_missing(value)]
    trimmed = [value.strip(WHITE) for value in present]
    found = [shape_of(value) for value in trimmed]
    counts = Counter(found)
    expected = declared or _expected(name, trimmed, counts)
    numbers = [_number(value) for value, shape in zip(trimmed, found) if shape in NUMBERS]
    dates = [value for value, shape in zip(trimmed, found) if shape in DATES[1:]]
    return ColumnPlan(
        name=name,
        expected=expected,
        shapes=_counted_shapes(expected, counts),
        day_first=_day_first(dates),
        fences=_fences(numbers) if fences and expected == Expected.NUMBER else None,
        says_when_written=expected == Expected.MOMENT and says_when_written(name),
        is_key=is_key(name, dataset_name),
        sample=present[0][:SAMPLE_CHARACTERS] if present else None,
    )


def plan_typed_column(  # noqa: PLR0913  as above
    name: str,
    dataset_name: str,
    declared_type: str,
    values: Sequence[object],
    *,
    fences: bool,
    declared: Optional[str] = None,
) -> ColumnPlan:
    """Plan a column whose format declares its type; ``values`` are sampled Python values."""
    if declared_type == "string":
        texts = [None if value is None else str(value) for value in values]
        plan = plan_text_column(name, dataset_name, texts, fences=fences, declared=declared)
        return ColumnPlan(**{**plan.__dict__, "declared_type": declared_type})
    kind = family(declared_type)
    numbers = [float(value) for value in values if value is not None] if kind == "number" else []  # type: ignore[arg-type]  # Spark's numbers
    present = [value for value in values if value is not None]
    return ColumnPlan(
        name=name,
        declared_type=declared_type,
        expected=Expected.OPAQUE if kind == "opaque" else Expected.TYPED,
        fences=_fences(numbers) if fences and kind == "number" else None,
        says_when_written=kind == "moment" and says_when_written(name),
        is_key=is_key(name, dataset_name),
        sample=str(present[0])[:SAMPLE_CHARACTERS] if present and kind != "opaque" else None,
    )


def is_key(name: str, dataset_name: str) -> bool:
    """Whether a name is that of the primary key: ``id``, ``uuid``, ``customer_id`` of ``customers``."""
    word = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
    table = re.sub(r"[^a-z0-9]+", "_", dataset_name.rsplit(".", maxsplit=1)[-1].lower()).strip("_")
    stems = {table, re.sub(r"ies$", "y", table), re.sub(r"s$", "", table), re.sub(r"es$", "", table)}
    return word in {"id", "uuid", "guid", "pk"} or word in {
        f"{stem}_{end}" for stem in stems for end in ("id", "key", "uuid")
    }


def says_when_written(name: str) -> bool:
    """Whether a column's name says that it holds when a row was written: ``updated_at``, ``ingest_ts``."""
    return bool(_WRITTEN.search(words_of(name)))


def ordered_pairs(plans: Sequence[ColumnPlan]) -> Tuple[Tuple[int, int], ...]:
    """Find columns where one moment should not lie after the other: ``created_at`` and ``updated_at``."""
    moments = {
        words_of(plan.name): index
        for index, plan in enumerate(plans)
        if plan.expected == Expected.MOMENT or plan.declared_type in ("date", "timestamp", "timestamp_ntz")
    }
    pairs: List[Tuple[int, int]] = []
    for name, index in moments.items():
        match = _EARLIER.search(name)
        if match is None:
            continue
        for later in _LATER[match.group(1)]:
            partner = moments.get(name[: match.start(1)] + later + name[match.end(1) :])
            if partner is not None:
                pairs.append((index, partner))
    return tuple(pairs)


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


def _counted_shapes(expected: str, counts: Mapping[str, int]) -> Tuple[str, ...]:
    """Return the shapes to count apart: those that pass the check, and those in the sample."""
    check = check_of(expected)
    if check is not None and not check.anywhere:
        return check.shapes
    passing = () if check is None else check.shapes
    wanted = {merged(shape, expected) for shape in (*passing, *counts)} - {Shape.TEXT}
    if expected != Expected.BOOLEAN:
        wanted.discard(Shape.BOOLEAN)
    return tuple(form.shape for form in ANYWHERE if form.shape in wanted)


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _day_first(dates: Sequence[str]) -> bool:
    """Whether ``03/04`` is the third of April: unless there is a ``04/13`` and no ``13/04``."""
    parts = [re.split(r"[/.]", date) for date in dates]
    return any(int(day) > 12 for day, _, _ in parts) or not any(int(month) > 12 for _, month, _ in parts)  # noqa: PLR2004  months


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
