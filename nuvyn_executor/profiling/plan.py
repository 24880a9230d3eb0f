"""What a scan will look for, decided before it: from names, declared types and a deterministic sample. Pure.

Frozen expectations keep the counters additive and the scores monotone (``docs/quality.md``): a threshold that
were judged on the scanned data itself would let one more bad value *raise* a score.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.profiling.value_patterns import (
    ALLOWED,
    DATES,
    MOMENTS,
    NUMBERS,
    PATTERNS,
    WHITE,
    Expected,
    is_missing,
    merged,
    shape_of,
)
from nuvyn_executor.quality.tallies import Shape

SAMPLE_CHARACTERS = 4096  # of a sampled value: far more than is shown, and than a secret has
MAJORITY = 0.9  # of the sampled values that make an expectation
CODE_SHARE = 0.01  # of 007s among numbers that makes them codes
FENCE_MIN_VALUES = 30
FENCE_FACTOR = 3.0  # Tukey's "far out"
FENCE_MAX_OUTSIDE = 0.01  # more than that outside: the distribution has a long tail, and its values are true

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
        name: as metadata calls it.
        declared_type: Spark SQL type where the format declares one; ``None`` for text to be understood.
        expected: what its values should be.
        shapes: the lexical classes that are told apart; all others count as text. Each one costs, so these
            are what the expectation allows and what the sample holds.
        day_first: whether ``03/04/2024`` is the third of April.
        fences: values outside are far out; ``None`` when none could be set.
        says_when_written: a date or time that tells how fresh a row is.
        is_key: named as the dataset's primary key.
        sample: one present value, or its beginning.
    """

    name: str
    declared_type: Optional[str] = None
    expected: Expected = Expected.TEXT
    shapes: Tuple[Shape, ...] = ()
    day_first: bool = True
    fences: Optional[Tuple[float, float]] = None
    says_when_written: bool = False
    is_key: bool = False
    sample: Optional[str] = None


@dataclass(frozen=True)
class ScanPlan:
    """What to count in one dataset.

    Attributes:
        columns: one plan a column, in order.
        pairs: positions of columns where the first should not lie after the second.
        exact_distinct: the dataset is small enough to count different values exactly.
        distinct: count different values and rows at all.
    """

    columns: Tuple[ColumnPlan, ...]
    pairs: Tuple[Tuple[int, int], ...] = ()
    exact_distinct: bool = True
    distinct: bool = True

    def to_json(self) -> Dict[str, Any]:
        """Return the plan as JSON takes it."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ScanPlan:
        """Read what :meth:`to_json` wrote."""
        columns = tuple(
            ColumnPlan(
                **{
                    **one,
                    "expected": Expected(one["expected"]),
                    "shapes": tuple(Shape(shape) for shape in one["shapes"]),
                    "fences": None if one["fences"] is None else tuple(one["fences"]),
                }
            )
            for one in value["columns"]
        )
        pairs = tuple((earlier, later) for earlier, later in value["pairs"])
        return cls(columns, pairs, value["exact_distinct"], value["distinct"])


def plan_text_column(
    name: str, dataset_name: str, values: Sequence[Optional[str]], *, fences: bool
) -> ColumnPlan:
    """Plan a column that arrives as text.

    Args:
        name: the column's name.
        dataset_name: the dataset's name, for what its primary key would be called.
        values: sampled values.
        fences: whether the sample represents the whole, so that "far out" may be judged by it.
    """
    present = [value for value in values if value is not None and not is_missing(value)]
    counts = Counter(shape_of(value.strip(WHITE)) for value in present)
    expected = _expected(name, counts, len(present))
    numbers = [_number(value) for value in present if shape_of(value.strip(WHITE)) in NUMBERS]
    return ColumnPlan(
        name=name,
        expected=expected,
        shapes=_told_apart(expected, counts),
        day_first=_day_first(present),
        fences=_fences(numbers) if fences and expected is Expected.NUMBER else None,
        says_when_written=expected is Expected.MOMENT and says_when_written(name),
        is_key=is_key(name, dataset_name),
        sample=present[0][:SAMPLE_CHARACTERS] if present else None,
    )


def plan_typed_column(
    name: str, dataset_name: str, declared_type: str, values: Sequence[object], *, fences: bool
) -> ColumnPlan:
    """Plan a column whose format declares its type; ``values`` are sampled Python values."""
    if declared_type == "string":
        texts = [None if value is None else str(value) for value in values]
        plan = plan_text_column(name, dataset_name, texts, fences=fences)
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


def family(declared_type: str) -> str:
    """Group Spark SQL types: ``number``, ``moment``, ``boolean``, ``string`` or ``opaque``."""
    base = declared_type.split("(", maxsplit=1)[0]
    if base in ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal"):
        return "number"
    if base in ("date", "timestamp", "timestamp_ntz"):
        return "moment"
    return base if base in ("boolean", "string") else "opaque"


def is_key(name: str, dataset_name: str) -> bool:
    """Whether a column is named as the primary key: ``id``, ``uuid``, ``customer_id`` of ``customers``."""
    word = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
    table = re.sub(r"[^a-z0-9]+", "_", dataset_name.rsplit(".", maxsplit=1)[-1].lower()).strip("_")
    stems = {table, re.sub(r"ies$", "y", table), re.sub(r"s$", "", table), re.sub(r"es$", "", table)}
    return word in {"id", "uuid", "guid", "pk"} or word in {
        f"{stem}_{end}" for stem in stems for end in ("id", "key", "uuid")
    }


def says_when_written(name: str) -> bool:
    """Whether a date or time column is named for when its row was written: ``updated_at``, ``ingest_ts``."""
    return bool(_WRITTEN.search(_words(name)))


def ordered_pairs(plans: Sequence[ColumnPlan]) -> Tuple[Tuple[int, int], ...]:
    """Find columns where one moment should not lie after the other: ``created_at`` and ``updated_at``."""
    moments = {
        _words(plan.name): index
        for index, plan in enumerate(plans)
        if plan.expected is Expected.MOMENT or plan.declared_type in ("date", "timestamp", "timestamp_ntz")
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


def _words(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())


def _expected(name: str, counts: Mapping[Shape, int], present: int) -> Expected:
    def share(*shapes: Shape) -> float:
        return sum(counts.get(shape, 0) for shape in shapes) / present if present else 0.0

    if present == 0:
        return Expected.TEXT
    if share(Shape.CODE) >= CODE_SHARE and share(Shape.CODE, Shape.INTEGER) >= MAJORITY:
        return Expected.CODE
    for expected, shapes in (
        (Expected.NUMBER, (*NUMBERS, Shape.CODE)),
        (Expected.MOMENT, MOMENTS),
        (Expected.BOOLEAN, (Shape.BOOLEAN,)),
        (Expected.EMAIL, (Shape.EMAIL,)),
        (Expected.UUID, (Shape.UUID,)),
        (Expected.URL, (Shape.URL,)),
    ):
        if share(*shapes) >= MAJORITY:
            return expected
    named_email = re.search(r"(?:^|_)e_?mail(?:_address)?$", _words(name))
    return Expected.EMAIL if named_email and share(Shape.EMAIL) >= 0.5 else Expected.TEXT  # noqa: PLR2004  half of them


def _told_apart(expected: Expected, counts: Mapping[Shape, int]) -> Tuple[Shape, ...]:
    wanted = {merged(shape, expected) for shape in (*ALLOWED.get(expected, ()), *counts)} - {Shape.TEXT}
    if expected is not Expected.BOOLEAN:
        wanted.discard(Shape.BOOLEAN)
    return tuple(shape for shape, _ in PATTERNS if shape in wanted)


def _number(text: str) -> float:
    return float(text.strip(WHITE).replace(",", "."))


def _day_first(values: Sequence[str]) -> bool:
    """Read ``03/04`` as the third of April, unless a value says otherwise (``04/13``) and none ``13/04``."""
    parts = [
        re.split(r"[/.]", value.strip(WHITE)) for value in values if shape_of(value.strip(WHITE)) in DATES[1:]
    ]
    return any(int(day) > 12 for day, _, _ in parts) or not any(int(month) > 12 for _, month, _ in parts)  # noqa: PLR2004  months


def _fences(numbers: Sequence[float]) -> Optional[Tuple[float, float]]:
    """Tukey's outer fences of a sample, or ``None`` where they would not mean anything.

    Source: J. W. Tukey, Exploratory Data Analysis (1977): beyond 3 interquartile ranges is "far out". No
    fences for few values, for a distribution without width, and for one with a long tail.
    """
    values = sorted(number for number in numbers if number == number and abs(number) != float("inf"))  # noqa: PLR0124  NaN
    if len(values) < FENCE_MIN_VALUES:
        return None
    lower, upper = values[len(values) // 4], values[(3 * len(values)) // 4]
    reach = FENCE_FACTOR * (upper - lower)
    low, high = lower - reach, upper + reach
    outside = sum(1 for value in values if not low <= value <= high)
    return None if reach == 0 or outside > FENCE_MAX_OUTSIDE * len(values) else (low, high)
