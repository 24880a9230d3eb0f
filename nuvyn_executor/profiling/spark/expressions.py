"""Spark SQL that turns a cell into its class, its extremes and its hash. Nothing runs here.

Columns of one kind share these expressions: their cells come one after another, ``position`` names the
column of each, and arrays of constants hold what the plan of that column wants. So the code that Spark
compiles is small, whatever the number of columns. The expressions are SQL texts, because a call through py4j
takes as long as a thousand cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.model import DAY_MICROS, FARTHEST_DAY
from nuvyn_executor.profiling.null_markers import PLACEHOLDERS, WHITE
from nuvyn_executor.profiling.spark import cells
from nuvyn_executor.profiling.spark.cells import index_of
from nuvyn_executor.profiling.spark.predicates import (
    after_steps,
    failing,
    literal,
    matches,
    rewritten,
    stages,
)
from nuvyn_executor.profiling.spark.rules import broken_rules
from nuvyn_executor.profiling.value_patterns import (
    BROKEN_TEXT,
    DATE_SENTINELS,
    DATES,
    MAYBE_BROKEN,
    MOMENTS,
    NUMBER_SENTINELS,
    NUMBERS,
    PLAIN_TEXT,
    Expected,
    merged,
)
from nuvyn_executor.quality.checks.registry import FORMS
from nuvyn_executor.quality.declared import Of
from nuvyn_executor.quality.tallies import Shape
from nuvyn_executor.reading.frame import family

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan
    from nuvyn_executor.quality.checks.check import Form
    from nuvyn_executor.quality.checks.predicates import Predicate, Step

TEXT = "string"
MOMENT = "moment"  # microseconds since 1970 UTC
HASH = "hash"  # of a row, which is never missing
LONGEST_PLACEHOLDER = max(len(word) for word in PLACEHOLDERS)
MAY_BE_BROKEN = tuple(map(index_of, (Shape.TEXT, *(form.shape for form in FORMS if form.ascii_pattern))))
# Not judged: values that are no text originally; of them only missing and different ones are counted.
NUMBER_WANTED, MOMENT_WANTED, MONTH_FIRST, NOT_JUDGED = (1 << bit for bit in range(4))
WITH_VALUE = (Expected.NUMBER, Expected.MOMENT)
WANTED = {form.shape: 1 << bit for bit, form in enumerate(FORMS, 4)}
"""A bit for each shape that a column distinguishes; the bits above are below them."""
_BETWEEN = "\x1f"  # words of one text
DOUBLE_DIGITS = 15  # decimals of so many digits are different as doubles, too
# Sentinels lie beyond these moments, in every time zone, so that only moments beyond them are compared.
_USUAL_MICROS = (-2_208_816_000_000_000, 253_402_128_000_000_000)  # 1900-01-03, 9999-12-30


def is_text(plan: ColumnPlan) -> bool:
    """Whether a column's values are texts that are classified."""
    return plan.declared_type in (None, "string")


def is_moment(plan: ColumnPlan) -> bool:
    """Whether a column holds dates or times, by its declared type or by its expectation."""
    if is_text(plan):
        return plan.expected == Expected.MOMENT
    return family(str(plan.declared_type)) == "moment"


def kind_of(plan: ColumnPlan) -> str:
    """Return the kind of a column's cells: :data:`TEXT`, :data:`MOMENT`, or a numeric type of Spark SQL.

    Columns of one kind are counted together. Different values of a column are different as this kind, too.
    """
    declared = str(plan.declared_type)
    if is_text(plan) or family(declared) not in ("number", "moment"):
        return TEXT
    if family(declared) == "moment":
        return MOMENT
    if declared in ("float", "double"):
        return "double"
    if not declared.startswith("decimal"):
        return "bigint"
    digits = int(declared[len("decimal(") :].split(",", maxsplit=1)[0])
    return "double" if digits <= DOUBLE_DIGITS else declared


def cell_of(i: int, plan: ColumnPlan, *, content: bool) -> str:
    """Return a column's cell as the type of its kind.

    Values that are not classified are only counted as NULL or not, and hashed.

    Args:
        i: the column's position in the DataFrame.
        plan: its plan.
        content: whether the content of opaque values matters, or only whether they are NULL.
    """
    kind, name = kind_of(plan), f"c{i}"
    if kind == MOMENT:
        return (
            _date_micros(name) if plan.declared_type == "date" else f"unix_micros(CAST({name} AS TIMESTAMP))"
        )
    if kind != TEXT:
        return f"CAST({name} AS {kind})"
    if is_text(plan):
        return name
    return content_of(i, plan) if content else f"IF({name} IS NULL, NULL, '')"


def row_hash(plans: Sequence[ColumnPlan]) -> str:
    """Return the hash of the hashes of a row's columns: these are never NULL, and NULLs would be skipped."""
    return f"xxhash64({', '.join(f'xxhash64({content_of(i, plan)})' for i, plan in enumerate(plans))})"


def key_hash(places: Sequence[int], plans: Sequence[ColumnPlan]) -> str:
    """Return the hash of the values of some columns together; NULL where one of them is NULL."""
    is_null = " OR ".join(f"c{i} IS NULL" for i in places)
    hashes = ", ".join(f"xxhash64({content_of(i, plans[i])})" for i in places)
    return f"IF({is_null}, NULL, xxhash64({hashes}))"


def order_of(earlier: int, later: int) -> str:
    """Compare two columns of :func:`moments`.

    The result is ``after`` if the first lies after the second, blank if not, NULL if one of them is missing.
    """
    first, second = f"c{earlier}_micros", f"c{later}_micros"
    return f"CASE WHEN {first} > {second} THEN 'after' WHEN {first} <= {second} THEN '' END"


def moments(columns: Mapping[int, ColumnPlan]) -> List[List[str]]:
    """Return the successive projections that add ``c0_micros`` and so on for columns of moments."""
    texts = {i: plan for i, plan in columns.items() if is_text(plan)}
    typed = [
        f"{cell_of(i, plan, content=False)} AS c{i}_micros" for i, plan in columns.items() if i not in texts
    ]
    trimmed = [f"{_trimmed(f'c{i}')} AS c{i}_text" for i in texts]
    shapes = [
        f"{_shape(f'c{i}_text', str(wanted(plan)), [plan], '0')} AS c{i}_shape" for i, plan in texts.items()
    ]
    plain = {i: _plain(f"c{i}_text", f"c{i}_shape", str(wanted(plan)), [plan]) for i, plan in texts.items()}
    steps = [
        [f"{some[number]} AS c{i}_text_plain{number}" for i, some in plain.items() if number < len(some)]
        for number in range(max(map(len, plain.values()), default=0))
    ]
    micros = [f"{_text_micros(_last(f'c{i}_text', plain[i]), f'c{i}_shape')} AS c{i}_micros" for i in texts]
    return [typed + trimmed, shapes, *steps, micros] if texts else [typed]


def wanted(plan: ColumnPlan) -> int:
    """Return the bits for what a text column's plan wants."""
    if not is_text(plan):
        return NOT_JUDGED
    bits = sum(bit for shape, bit in WANTED.items() if merged(shape, plan.expected) in plan.shapes)
    bits += NUMBER_WANTED if plan.expected == Expected.NUMBER else 0
    bits += 0 if plan.day_first else MONTH_FIRST
    return bits + (MOMENT_WANTED if plan.expected == Expected.MOMENT else 0)


@dataclass(frozen=True)
class Levels:
    """How cells are classified: successive projections of ``position`` and ``cell``.

    Attributes:
        projections: the columns that each adds. The last one has ``class``, and perhaps ``number`` and
            ``whole``.
        extremes: which of ``number`` and ``whole`` it has. Their least and greatest values are wanted.
    """

    projections: Tuple[Tuple[str, ...], ...]
    extremes: Tuple[str, ...]


def levels(kind: str, plans: Sequence[Optional[ColumnPlan]], now_micros: int) -> Levels:
    """Return how the cells of a kind are classified.

    Args:
        kind: see :func:`kind_of`.
        plans: by position; ``None`` for cells that belong to no column.
        now_micros: the present, microseconds since 1970 UTC.
    """
    if kind == HASH:
        return Levels(((_typed_class("FALSE", []),),), ())
    future = _future(plans, now_micros)
    if kind == MOMENT:
        flags = [
            _flag(_stand_in_moment("cell", plans), cells.STAND_IN),
            _flag(future.format("cell"), cells.FUTURE),
            *(_flag(*one) for one in broken_rules(plans, (Of.MOMENT,), "cell")),
        ]
        return Levels(((_typed_class("FALSE", flags), "cell AS whole"),), ("whole",))
    if kind != TEXT:
        nan = "isnan(number)" if kind == "double" else "FALSE"
        flags = [_odd_number(plans), *(_flag(*one) for one in broken_rules(plans, (Of.NUMBER,)))]
        # Doubles do not hold every whole number beyond 2^53.
        exact = ("cell AS whole",) if kind == "bigint" else ()
        ends = ("whole",) if exact else ("number",)
        return Levels((("CAST(cell AS DOUBLE) AS number", *exact), (_typed_class(nan, flags),)), ends)
    return _text_levels(plans, future)


def _text_levels(plans: Sequence[Optional[ColumnPlan]], future: str) -> Levels:
    real = [plan for plan in plans if plan is not None]
    with_numbers = any(plan.expected == Expected.NUMBER for plan in real)
    with_moments = any(is_moment(plan) for plan in real)
    bits = _constants([NOT_JUDGED if plan is None else wanted(plan) for plan in plans])
    has_value = f"(wanted & {NUMBER_WANTED | MOMENT_WANTED}) != 0"
    predicates = _predicates(real)
    padded = f"(marks & {cells.PADDED}) != 0" if predicates else "padded"
    broken = (
        f"({padded} OR shape IN {_in(MAY_BE_BROKEN)}) AND NOT cell RLIKE {literal(PLAIN_TEXT)}"
        f" AND cell RLIKE {literal(MAYBE_BROKEN)} AND cell RLIKE {literal(BROKEN_TEXT)}"
    )
    is_plain = f"(wanted & {NUMBER_WANTED | MOMENT_WANTED | NOT_JUDGED}) = 0"
    flags = [_flag(padded, cells.PADDED), _flag(f"{is_plain} AND {broken}", cells.BROKEN_TEXT)]
    if with_numbers:
        flags.append(f"IF((wanted & {NUMBER_WANTED}) != 0, {_odd_number(plans)}, 0)")
    if with_moments:
        is_moment_wanted = f"(wanted & {MOMENT_WANTED}) != 0"
        flags.append(_flag(f"{is_moment_wanted} AND {_stand_in_moment('whole', plans)}", cells.STAND_IN))
        flags.append(_flag(f"{is_moment_wanted} AND whole IS NULL", cells.INVALID))
        flags.append(_flag(f"{is_moment_wanted} AND {future.format('whole')}", cells.FUTURE))
    if predicates:
        flags.append(_flag(f"(marks & {cells.INVALID}) != 0", cells.INVALID))
    flags += _broken_in_texts(plans, with_numbers=with_numbers, with_moments=with_moments)
    plain = _plain("text", "shape", "wanted", [one for one in real if one.expected in WITH_VALUE])
    last = _last("text", plain)
    length = f"IF({has_value} OR shape >= {cells.NULL}, NULL, CAST(octet_length(cell) AS BIGINT))"
    if with_moments:
        length = f"IF((wanted & {MOMENT_WANTED}) != 0, {_text_micros(last, 'shape')}, {length})"
    numbers = (f"IF((wanted & {NUMBER_WANTED}) != 0, {_text_number(last)}, NULL) AS number",)
    if with_numbers:
        is_whole = f"(wanted & {NUMBER_WANTED}) != 0 AND shape = {index_of(Shape.INTEGER)}"
        length = f"IF({is_whole}, try_cast(text AS BIGINT), {length})"
    return Levels(
        (
            (f"{bits}[position] AS wanted", f"{_trimmed('cell')} AS text"),
            (
                f"{_shape('text', 'wanted', plans, 'position')} AS shape",
                "octet_length(text) != octet_length(cell) AS padded",
            ),
            *((f"{one} AS text_plain{number}",) for number, one in enumerate(plain)),
            (f"{length} AS whole", *(numbers if with_numbers else ()), *_rewritten(predicates)),
            *_marks(predicates),
            (f"shape + IF(shape >= {cells.NULL}, 0, {_sum(flags)}) AS class",),
        ),
        ("number", "whole") if with_numbers else ("whole",),
    )


def _broken_in_texts(
    plans: Sequence[Optional[ColumnPlan]], *, with_numbers: bool, with_moments: bool
) -> List[str]:
    of = [Of.TEXT]
    if with_numbers:
        of.append(Of.NUMBER)
    if with_moments:
        of.append(Of.MOMENT)
    moment = f"IF((wanted & {MOMENT_WANTED}) != 0, whole, NULL)"
    return [_flag(*one) for one in broken_rules(plans, of, moment)]


def _predicates(plans: Sequence[ColumnPlan]) -> Mapping[int, Predicate]:
    """Return the predicates of the forms that some columns tell apart, by the index of the shape."""
    shapes = {shape for plan in plans for shape in plan.shapes}
    return {index_of(form.shape): form.predicate for form in FORMS if form.predicate and form.shape in shapes}


def _rewritten(predicates: Mapping[int, Predicate]) -> Tuple[str, ...]:
    """Return the column of rewritten texts. It is never NULL: code without tests for NULL is shorter."""
    if not predicates:
        return ()
    texts = {index: rewritten("text", one) for index, one in predicates.items()}
    branches = (f"WHEN {index} THEN {text}" for index, text in texts.items() if text != "text")
    return (f"coalesce({_case('shape', branches, 'text')}, '') AS rewritten",)


def _marks(predicates: Mapping[int, Predicate]) -> Tuple[Tuple[str, ...], ...]:
    """Return the projection that tests the rewritten texts. Its column ``marks`` has the flags known so far.

    Spark makes a method of its own of the next projection only if that uses each of its columns twice: so it
    does with ``marks``, in place of ``padded``. One method for both would be too long for Java to compile.
    """
    if not predicates:
        return ()
    fails = failing("rewritten", predicates)
    return ((f"IF(padded, {cells.PADDED}, 0) + IF({fails}, {cells.INVALID}, 0) AS marks",),)


def _case(of: str, branches: Iterable[str], otherwise: str) -> str:
    together = " ".join(branches)
    return f"CASE {of} {together} ELSE {otherwise} END" if together else otherwise


def _typed_class(nan: str, flags: Sequence[str]) -> str:
    present = f"{index_of(Shape.TYPED)} + {_sum(flags)}"
    return f"CASE WHEN cell IS NULL THEN {cells.NULL} WHEN {nan} THEN {cells.NAN} ELSE {present} END AS class"


def _flag(condition: str, flag: int) -> str:
    return f"IF({condition}, {flag}, 0)"


def _sum(flags: Sequence[str]) -> str:
    """Return the sum of expressions for flags. No cell gets the same flag of two of them."""
    return " + ".join(flags) or "0"


def _future(plans: Sequence[Optional[ColumnPlan]], now_micros: int) -> str:
    """Return the condition for moments in the future, in columns that say when a row was written."""
    never = (1 << 63) - 1
    limits = [
        now_micros + DAY_MICROS if plan is not None and plan.says_when_written else never for plan in plans
    ]
    return f"{{}} > {_constants([f'{limit}L' for limit in limits])}[position]"


def _stand_in_moment(micros: str, plans: Sequence[Optional[ColumnPlan]]) -> str:
    """Return the condition for days that stand for no moment, but for open ends of periods."""
    usual = f"{micros} BETWEEN {_USUAL_MICROS[0]}L AND {_USUAL_MICROS[1]}L"
    days = ", ".join(f"DATE'{day}'" for day in DATE_SENTINELS)
    found = f"NOT {usual} AND CAST(timestamp_micros({micros}) AS DATE) IN ({days})"
    bounds = [plan is not None and plan.bounds_period for plan in plans]
    return f"{found} AND NOT {_constants(bounds)}[position]" if any(bounds) else found


def _odd_number(plans: Sequence[Optional[ColumnPlan]]) -> str:
    """Return the flag of numbers that can hardly be true, else 0."""
    stand_ins = ", ".join(_double(float(one)) for one in NUMBER_SENTINELS)
    branches = f"WHEN number IN ({stand_ins}) THEN {cells.STAND_IN}"
    infinite = ", ".join(map(_double, (float("inf"), float("-inf"))))
    branches += f" WHEN number IN ({infinite}) THEN {cells.INFINITE}"
    fences = [None if plan is None else plan.fences for plan in plans]
    if any(fences):
        low, high = (
            _constants([_double(None if fence is None else fence[end]) for fence in fences]) for end in (0, 1)
        )
        outside = f"number < {low}[position] OR number > {high}[position]"
        branches += f" WHEN {outside} THEN {cells.FAR_OUT}"
    return f"CASE {branches} ELSE 0 END"


# Without them JSON has moments in milliseconds.
_MICROS = (
    r"map('timestampFormat', 'yyyy-MM-dd\'T\'HH:mm:ss.SSSSSSXXX', "
    r"'timestampNTZFormat', 'yyyy-MM-dd\'T\'HH:mm:ss.SSSSSS')"
)


def content_of(i: int, plan: ColumnPlan) -> str:
    """Return what is hashed of a column: the column, or its text where ``xxhash64`` refuses its type.

    Args:
        i: the column's position in the DataFrame.
        plan: its plan.
    """
    if plan.expected != Expected.OPAQUE:
        return f"CAST(c{i} AS STRING)" if plan.declared_type == "boolean" else f"c{i}"
    declared = str(plan.declared_type)
    if not declared.startswith(("array", "map", "struct")):
        return f"CAST(c{i} AS STRING)"
    # JSON has for a binary key where Java keeps it; as a value it has its bytes.
    value = f"map_entries(c{i})" if declared.startswith("map<binary,") else f"c{i}"
    return f"to_json({value}, {_MICROS})"


def _trimmed(text: str) -> str:
    """Remove white space at both ends. Most texts have none, as their first and last bytes show."""
    ends = " OR ".join(
        f"{text} LIKE {literal('%' + character)}" for character in WHITE if character.isascii()
    )
    # White space and control characters are below "!", and so is the empty text. Other blanks are not ASCII.
    may_have = f"{text} < '!' OR {ends} OR octet_length({text}) != char_length({text})"
    return f"IF({may_have}, trim(BOTH {literal(WHITE)} FROM {text}), {text})"


def _shape(text: str, bits: str, plans: Sequence[Optional[ColumnPlan]], position: str) -> str:
    """Return the shape of a trimmed text: that of the first pattern that matches.

    No placeholder matches a pattern, so that placeholders are tested last, and for most values never. What
    the user says stands for no value may match one, and is tested first.
    """
    real = [plan for plan in plans if plan is not None]
    together = 0
    for plan in real:
        together |= wanted(plan)
    branches = [f"WHEN {text} IS NULL THEN {cells.NULL}"]
    words = ", ".join(literal(word) for word in PLACEHOLDERS)
    is_placeholder = f"octet_length({text}) <= {LONGEST_PLACEHOLDER} AND lower({text}) IN ({words})"
    if any(plan.values for plan in real):
        values = [() if plan is None else plan.values for plan in plans]
        is_placeholder += f" AND NOT {_is_one_of(text, values, position)}"
    if any(plan.null_markers is not None for plan in real):
        markers = [() if plan is None else plan.null_markers or () for plan in plans]
        branches.append(f"WHEN {_is_one_of(text, markers, position)} THEN {cells.PLACEHOLDER}")
        has_own = _constants([plan is not None and plan.null_markers is not None for plan in plans])
        is_placeholder += f" AND NOT {has_own}[{position}]"
    for form in FORMS:
        if WANTED[form.shape] & together:
            is_of_form = f"{_fits(text, form)} AND {matches(text, form.pattern)}"
            is_wanted = f"({bits} & {WANTED[form.shape]}) != 0"
            branches.append(f"WHEN {is_wanted} AND {is_of_form} THEN {index_of(form.shape)}")
    branches.append(f"WHEN {text} = '' THEN {cells.BLANK} WHEN {is_placeholder} THEN {cells.PLACEHOLDER}")
    return f"CASE {' '.join(branches)} ELSE {index_of(Shape.TEXT)} END"


def _is_one_of(text: str, words: Sequence[Sequence[str]], position: str) -> str:
    """Return whether a text is one of the words at a position."""
    lists = [literal("".join(f"{_BETWEEN}{word}" for word in some) + _BETWEEN) for some in words]
    return f"instr({_constants(lists)}[{position}], concat('{_BETWEEN}', {text}, '{_BETWEEN}')) > 0"


def _plain(text: str, shape: str, bits: str, plans: Sequence[ColumnPlan]) -> Tuple[str, ...]:
    """Return successive columns, of which the last is the text in the plain way to write numbers and moments.

    They are called ``<text>_plain0`` and so on. Each uses the one before it several times: as one expression
    they would grow with the product of that.
    """
    together = 0
    for plan in plans:
        together |= wanted(plan)
    rewriting = [form for form in FORMS if form.steps and WANTED[form.shape] & together]
    parts = {form.shape: stages(form.steps) for form in rewriting}
    columns: List[str] = []
    before = text
    for number in range(max(map(len, parts.values()), default=0)):
        shapes: Dict[Tuple[Step, ...], List[str]] = {}
        for name in (name for name in parts if number < len(parts[name])):
            shapes.setdefault(parts[name][number], []).append(name)
        branches = (
            f"WHEN {shape} IN {_indexes(some)} THEN {after_steps(before, steps)}"
            for steps, some in shapes.items()
        )
        columns.append(_case("", branches, before))
        before = f"{text}_plain{number}"
    ordered = [form.shape for form in rewriting if form.is_day_first]
    if ordered and not all(plan.day_first for plan in plans):
        year, day, month = (f"substr({before}, {at}, {count})" for at, count in ((1, 5), (9, 2), (6, 2)))
        turned = f"concat({year}, {day}, '-', {month}, substr({before}, 11))"
        is_turned = f"({bits} & {MONTH_FIRST}) != 0 AND {shape} IN {_indexes(ordered)}"
        columns.append(f"IF({is_turned}, {turned}, {before})")
    return tuple(columns)


def _fits(text: str, form: Form) -> str:
    """Return the tests that are cheaper than the form's pattern."""
    length = f"octet_length({text})"
    fits = f"{length} >= {form.shortest}"
    if form.longest is not None:
        fits += f" AND {length} <= {form.longest}"
    if form.holds:
        fits += f" AND {text} LIKE {literal('%' + form.holds + '%')}"
    if form.lacks:
        fits += f" AND NOT {text} LIKE {literal('%' + form.lacks + '%')}"
    return fits


def _last(text: str, plain: Sequence[str]) -> str:
    """Return the name of the last column of :func:`_plain`."""
    return f"{text}_plain{len(plain) - 1}" if plain else text


def _text_number(plain: str) -> str:
    numbers = _indexes((*NUMBERS, Shape.CODE))
    return (
        f"CASE WHEN shape = {index_of(Shape.INTEGER)} THEN CAST(try_cast(text AS BIGINT) AS DOUBLE)"
        f" WHEN shape IN {numbers} THEN try_cast({plain} AS DOUBLE) END"
    )


def _text_micros(plain: str, shape: str) -> str:
    dates = _indexes(DATES)
    counted = {form.shape: form.micros for form in FORMS if form.micros}
    times = _indexes(one for one in MOMENTS if one not in (*DATES, *counted))
    branches = (
        f"WHEN {shape} IN {dates} THEN unix_date(try_cast({plain} AS DATE)) * {DAY_MICROS}L",
        f"WHEN {shape} IN {times} THEN unix_micros(try_cast({plain} AS TIMESTAMP))",
        *(
            f"WHEN {shape} = {index_of(one)}"
            f" THEN CAST(round(try_cast({plain} AS DOUBLE) * {micros}) AS BIGINT)"
            for one, micros in counted.items()
        ),
    )
    return f"CASE {' '.join(branches)} END"


def _date_micros(date: str) -> str:
    """Return a date's midnight in UTC, whatever the session's zone; dates too far away are clamped."""
    days = f"greatest({-FARTHEST_DAY}, least({FARTHEST_DAY}, unix_date({date})))"
    return f"IF({date} IS NULL, NULL, {days} * {DAY_MICROS}L)"


def _indexes(shapes: Iterable[str]) -> str:
    return _in([index_of(shape) for shape in shapes])


def _in(numbers: Sequence[int]) -> str:
    return f"({', '.join(str(number) for number in numbers)})"


def _constants(values: Sequence[object]) -> str:
    return f"array({', '.join(str(value) for value in values)})"


def _double(value: Optional[float]) -> str:
    return "CAST(NULL AS DOUBLE)" if value is None else f"CAST('{value!r}' AS DOUBLE)"
