"""A text in ODCS v3 becomes the terms of its tables, with notes of what is unknown or not checked."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.contracts.keys import (
    FRESHNESS,
    HOURS,
    KEYS,
    KINDS,
    LIST,
    LOGICAL_TYPES,
    NUMBER,
    OBJECT,
    OWN_PLACES,
    STRING_CHECKS,
    TEXT,
    TRUTH,
    Own,
    nearest,
)
from nuvyn_executor.contracts.patterns import format_pattern, is_day_first, micros_of
from nuvyn_executor.contracts.quality_rules import expectations_of, missing_words, pattern_of
from nuvyn_executor.contracts.yaml_nodes import BrokenContract, Node, read_yaml
from nuvyn_executor.quality.declared import (
    ColumnTerms,
    Expectation,
    Kind,
    Metric,
    Note,
    Of,
    Rule,
    TableTerms,
    folded,
)
from nuvyn_executor.quality.dimensions import DIMENSIONS

_LEVEL_NAMES = ("Excellent", "Good", "Fair")
_BOUNDS = {
    "minimum": Kind.AT_LEAST,
    "maximum": Kind.AT_MOST,
    "exclusiveMinimum": Kind.ABOVE,
    "exclusiveMaximum": Kind.BELOW,
}
_MOMENTS = ("date", "timestamp")
_NUMBERS = ("number", "integer")
_TIME = r"\A[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?\z"
_MINIMUM_HOURS = 1 / 3600


@dataclass(frozen=True)
class DataContract:
    """What was read of one file.

    Attributes:
        file: its name.
        title: what sentences call it: ``orders v1.2.0``.
        tables: the terms of its tables.
        excluded: names of tables that are left out.
        notes: what is unknown.
    """

    file: str
    title: str
    tables: Tuple[TableTerms, ...]
    excluded: Tuple[TableTerms, ...] = ()
    notes: Tuple[Note, ...] = ()


@dataclass(frozen=True)
class _Form:
    """What a ``format`` says: the kind of value, an example of a moment, whether the day stands first."""

    check: str = ""
    example: str = ""
    day_first: Optional[bool] = None


def parse_contract(data: bytes, file: str) -> DataContract:
    """Read a data contract.

    Args:
        data: its text, UTF-8.
        file: its name, for sentences.

    Raises:
        BrokenContract: it is no YAML, no contract of ODCS v3, or a value is of the wrong kind.
    """
    return Reading(file).contract(read_yaml(data))


class Reading:
    """One contract while it is read: its nodes are looked into, and what is unknown is noted.

    Args:
        file: the name of its file.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._notes: List[Note] = []
        self._not_checked: List[str] = []

    # -- looking into nodes ----------------------------------------------------------------------------

    def check_keys(self, node: Node, what: str, place: str) -> None:
        """Note the keys that the standard does not have; check that known ones have values of their kind."""
        fields = self.fields(node, place or "the contract")
        for key, value in fields.items():
            where = f"{place}, {key}" if place else key
            if key not in KEYS[what]:
                self._unknown(where, value.line, nearest(key, sorted(KEYS[what])), "key")
                continue
            kind = KINDS.get(key, "")
            if value.value is not None and kind and not _is_of(value, kind):
                raise BrokenContract(f"{where} must be {kind}", value.line, f"Write {kind} there.")
        custom = fields.get("customProperties")
        for own in self.list_of(node, "customProperties", place) if custom is not None else []:
            self._check_own(own, what, place)

    def _check_own(self, node: Node, what: str, place: str) -> None:
        self.check_keys(
            node, "customProperties", f"{place}, customProperties" if place else "customProperties"
        )
        name = self.text(node, "property")
        if not name.lower().startswith("nuvyn"):
            return
        where = f"{place}, {name}" if place else name
        if name not in OWN_PLACES:
            self._unknown(where, node.line, nearest(name, list(OWN_PLACES)), "property")
        elif what not in OWN_PLACES[name]:
            places = " or ".join(f"the {one}" for one in OWN_PLACES[name])
            self._note(f"{where} (line {node.line}) has no effect there - write it in {places}")

    def fields(self, node: Node, place: str) -> Mapping[str, Node]:
        """Return the keys of an object."""
        if not isinstance(node.value, dict):
            raise BrokenContract(f"{place} must be an object", node.line, "Write keys with values there.")
        return node.value

    def child(self, node: Node, key: str) -> Optional[Node]:
        """Return a value; ``None`` where there is none, or it is null."""
        assert isinstance(node.value, dict)
        found = node.value.get(key)
        return None if found is None or found.value is None else found

    def list_of(self, node: Node, key: str, place: str) -> List[Node]:
        """Return the objects of a list; none where there is none."""
        found = self.child(node, key)
        if found is None:
            return []
        where = f"{place}, {key}" if place else key
        if not isinstance(found.value, list):
            raise BrokenContract(f"{where} must be a list", found.line, "Begin each entry with a dash.")
        for one in found.value:
            self.fields(one, f"each entry of {where}")
        return found.value

    def scalars(self, node: Node, key: str) -> List[Node]:
        """Return the values of a list of plain values."""
        found = self.child(node, key)
        if found is None:
            return []
        values = found.value if isinstance(found.value, list) else [found]
        for one in values:
            if isinstance(one.value, (dict, list)):
                raise BrokenContract(f"{key} must be a list of plain values", one.line, "Write them there.")
        return values

    def texts(self, node: Node, key: str) -> Tuple[str, ...]:
        """Return the texts of a list."""
        return tuple(one.text for one in self.scalars(node, key))

    def numbers(self, node: Node, key: str) -> Tuple[float, ...]:
        """Return the number of a key, or the numbers of its list; none where one of them is no number."""
        found = self.scalars(node, key)
        return tuple(_number(one) for one in found) if all(_is_of(one, NUMBER) for one in found) else ()

    def text(self, node: Node, key: str) -> str:
        """Return a text; ``""`` where there is none."""
        found = self.child(node, key)
        return "" if found is None else found.text.strip()

    def is_true(self, node: Node, key: str) -> bool:
        """Return a truth value; false where there is none."""
        found = self.child(node, key)
        return found is not None and found.value is True

    def line(self, node: Node, key: str) -> int:
        """Return the line of a key's value."""
        found = self.child(node, key)
        return node.line if found is None else found.line

    def own(self, node: Node, name: str) -> Optional[Node]:
        """Return the value of one of our custom properties."""
        for one in self.list_of(node, "customProperties", ""):
            if self.text(one, "property") == name:
                return self.child(one, "value")
        return None

    def is_own_true(self, node: Node, name: str, place: str) -> bool:
        """Return a truth value of one of our custom properties."""
        found = self.own(node, name)
        if found is not None and not isinstance(found.value, bool):
            where = f"{place}, {name}" if place else name
            raise BrokenContract(f"{where} must be true or false", found.line, "Write value: true.")
        return found is not None and found.value is True

    # -- notes -----------------------------------------------------------------------------------------

    def not_checked(self, clause: str, reason: str) -> None:
        """Note what is declared and not checked."""
        self._not_checked.append(f"{clause}: {reason}")

    def unknown_word(self, node: Node, key: str, word: str, known: Sequence[str], place: str) -> None:
        """Note a word that the standard does not have."""
        where = f"{place}, {key} {word!r}"
        self._unknown(where, self.line(node, key), nearest(word, list(known)), "word")

    def _unknown(self, where: str, line: int, near: Optional[str], what: str) -> None:
        remedy = f"did you mean {near}?" if near else "see docs/data-contracts.md for those that are known"
        self._note(f"{where} (line {line}) is no known {what}, and has no effect - {remedy}")

    def _note(self, text: str) -> None:
        self._notes.append(Note(self._file, text))

    # -- the parts of a contract -----------------------------------------------------------------------

    def contract(self, root: Node) -> DataContract:
        """Return what a whole text declares."""
        self.fields(root, "a data contract")
        kind, standard = self.text(root, "kind"), self.text(root, "apiVersion")
        if kind != "DataContract":
            shown = f"kind is {kind}" if kind else "kind is missing"
            raise BrokenContract(shown, self.line(root, "kind"), "Write kind: DataContract.")
        if not standard.lower().lstrip("v").startswith("3."):
            shown = f"apiVersion is {standard}" if standard else "apiVersion is missing"
            raise BrokenContract(
                f"{shown}, and v3 of the standard (ODCS) is read",
                self.line(root, "apiVersion"),
                "Write apiVersion: v3.1.0, and the keys of that version.",
            )
        self.check_keys(root, "contract", "")
        for key in ("id", "version", "status"):
            if not self.text(root, key):
                self._note(f"{key} is missing, which the standard requires - add it")
        version = self.text(root, "version")
        stem = self._file.rsplit("/", 1)[-1].split(".odcs.", 1)[0]
        name = self.text(root, "name") or stem or self.text(root, "id")
        title = f"{name} v{version.lstrip('v')}" if version else name
        weights = self._shares(root, Own.WEIGHTS, DIMENSIONS)
        levels = self._shares(root, Own.LEVELS, _LEVEL_NAMES)
        self._check_weights(root, weights, levels)
        shared = TableTerms(
            title, self.text(root, "id"), version, self._file,
            is_archive=self.is_own_true(root, Own.ARCHIVE, ""), weights=weights, levels=levels,
        )  # fmt: skip
        schemas = self.list_of(root, "schema", "")
        found = [self._table(node, shared) for node in schemas]
        self._check_elements(root, [terms for terms, _ in found])
        tables = [self._with_service_level(root, terms, alone=len(schemas) == 1) for terms, _ in found]
        return DataContract(
            self._file,
            title,
            tuple(terms for terms, (_, left_out) in zip(tables, found) if not left_out),
            tuple(terms for terms, (_, left_out) in zip(tables, found) if left_out),
            tuple(dict.fromkeys(self._notes)),
        )

    def _table(self, node: Node, shared: TableTerms) -> Tuple[TableTerms, bool]:
        name = self.text(node, "name")
        if not name:
            raise BrokenContract(
                "an entry of schema has no name", node.line, "Add name: and the table's name."
            )
        place = f"schema {name}"
        self.check_keys(node, "schema", place)
        self._not_checked = []
        expectations = expectations_of(self, node, place)
        columns: List[ColumnTerms] = []
        key: List[Tuple[float, int, str]] = []
        self._columns(node, place, "", columns, key)
        ordered = tuple(column for _, _, column in sorted(key))
        if len(ordered) > 1:
            expectations.append(
                Expectation(f"{place}, primaryKey ({', '.join(ordered)})", Metric.DUPLICATES, columns=ordered)
            )
        terms = replace(
            shared,
            name=name,
            physical_name=self.text(node, "physicalName"),
            columns=tuple(_with_key(one, ordered, place) for one in columns),
            expectations=tuple(expectations),
            key=ordered,
            is_archive=shared.is_archive or self.is_own_true(node, Own.ARCHIVE, place),
            not_checked=tuple(self._not_checked),
        )
        return terms, self.is_own_true(node, Own.EXCLUDE, place)

    def _columns(
        self,
        node: Node,
        place: str,
        prefix: str,
        columns: List[ColumnTerms],
        key: List[Tuple[float, int, str]],
    ) -> None:
        """Add the terms of the properties of a schema, or of an object, whose names get its name before."""
        for one in self.list_of(node, "properties", place):
            name = self.text(one, "name")
            if not name:
                raise BrokenContract(
                    f"a property of {place} has no name", one.line, "Add name: and the column's name."
                )
            own = f"{place}, property {name}" if not prefix else f"{place}.{name}"
            self.check_keys(one, "property", own)
            physical = self.text(one, "physicalName")
            full, full_physical = prefix + name, (prefix + physical if physical else "")
            if self.text(one, "logicalType") == "object" and self.child(one, "properties") is not None:
                self._columns(one, own, f"{physical or name}.", columns, key)
                continue
            terms = self._column(one, full, full_physical, own)
            if any(folded(terms.name) == folded(other.name) for other in columns):
                raise BrokenContract(f"{own} stands there twice", one.line, "Remove one of them.")
            columns.append(terms)
            if self.is_true(one, "primaryKey"):
                position = self.child(one, "primaryKeyPosition")
                number = _number(position) if position is not None else -1.0
                key.append((number if number > 0 else math.inf, len(key), full))

    def _column(self, node: Node, name: str, physical: str, place: str) -> ColumnTerms:
        logical = self.text(node, "logicalType")
        if logical and logical not in LOGICAL_TYPES:
            self.unknown_word(node, "logicalType", logical, LOGICAL_TYPES, place)
            logical = ""
        found: List[Expectation] = []
        if self._required(node, place):
            found.append(Expectation(f"{place}, required", Metric.MISSING))
        if self.is_true(node, "unique"):
            found.append(Expectation(f"{place}, unique", Metric.DUPLICATES))
        if logical:
            found.append(Expectation(f"{place}, logicalType {logical}", Metric.TYPE))
        if logical == "integer":
            whole = Rule(Kind.WHOLE, Of.NUMBER)
            found.append(Expectation(f"{place}, logicalType integer", Metric.INVALID, rule=whole))
        options = self.child(node, "logicalTypeOptions")
        form = _Form()
        if options is not None:
            form = self._options(options, logical, f"{place}, logicalTypeOptions", found)
        elif logical == "time":
            found.append(
                Expectation(f"{place}, logicalType time", Metric.INVALID, rule=Rule(Kind.PATTERN, text=_TIME))
            )
        found.extend(expectations_of(self, node, place, logical_type=logical))
        assert isinstance(node.value, dict)
        is_no_key = any(self.child(node, key) is not None and not self.is_true(node, key)
                        for key in ("primaryKey", "unique"))  # fmt: skip
        return ColumnTerms(
            name, physical, logical, form.check, form.example, form.day_first,
            missing_words(self, node, place),
            False if is_no_key and not self.is_true(node, "primaryKey") else None,
            self.is_own_true(node, Own.EXCLUDE, place), tuple(found),
        )  # fmt: skip

    def _required(self, node: Node, place: str) -> bool:
        found = self.child(node, "required")
        if found is not None and not isinstance(found.value, bool):
            raise BrokenContract(
                f"{place}, required must be true or false", found.line, "Write true or false."
            )
        return found is not None and found.value is True

    def _options(self, options: Node, logical: str, place: str, found: List[Expectation]) -> _Form:
        """Add what ``logicalTypeOptions`` expect; return what their format says."""
        self.check_keys(options, "logicalTypeOptions", place)
        of = Of.MOMENT if logical in _MOMENTS else Of.NUMBER
        for key, value in self.fields(options, place).items():
            clause = f"{place}.{key}"
            if value.value is None or key not in KEYS["logicalTypeOptions"] or key == "format":
                continue
            if key in _BOUNDS:
                if logical == "time":
                    self.not_checked(clause, "bounds of times are not compared")
                    continue
                found.append(
                    Expectation(
                        clause,
                        Metric.INVALID,
                        rule=Rule(_BOUNDS[key], of, number=self._bound(value, of, clause)),
                    )
                )
            elif key == "multipleOf":
                if _number(value) <= 0:
                    raise BrokenContract(f"{clause} must be above 0", value.line, "Write a number above 0.")
                rule = Rule(Kind.MULTIPLE_OF, Of.NUMBER, number=_number(value))
                found.append(Expectation(clause, Metric.INVALID, rule=rule))
            elif key in ("minLength", "maxLength"):
                kind = Kind.MIN_LENGTH if key == "minLength" else Kind.MAX_LENGTH
                rule = Rule(kind, number=_number(value))
                found.append(Expectation(clause, Metric.INVALID, rule=rule))
            elif key == "pattern":
                found.extend(pattern_of(self, value.text, clause))
            elif key not in ("timezone", "defaultTimezone"):
                self.not_checked(clause, "what arrays and objects hold is not checked")
        format_ = self.text(options, "format")
        return self._format(format_, logical, f"{place}.format", found) if format_ else _Form()

    def _bound(self, value: Node, of: str, clause: str) -> float:
        if of == Of.NUMBER:
            if not _is_of(value, NUMBER):
                raise BrokenContract(f"{clause} must be a number", value.line, "Write a number.")
            return _number(value)
        try:
            return float(micros_of(value.text))
        except ValueError:
            raise BrokenContract(
                f"{clause} must be a date or a time",
                value.line,
                "Write it as 2024-01-31 or 2024-01-31T10:00:00Z.",
            ) from None

    def _format(self, format_: str, logical: str, clause: str, found: List[Expectation]) -> _Form:
        if logical in (*_MOMENTS, "time"):
            written = format_pattern(format_)
            if written is None:
                self.not_checked(f"{clause} {format_}", "quarters, weeks and eras are not read")
                return _Form()
            rule = Rule(Kind.PATTERN, text=written[0])
            found.append(Expectation(f"{clause} {format_}", Metric.INVALID, rule=rule))
            return _Form(example=written[1], day_first=is_day_first(format_))
        if logical in _NUMBERS:
            bits = _bits(format_)
            if bits is None:
                self.not_checked(
                    f"{clause} {format_}", "formats of whole numbers are i8 to i64 and u8 to u64"
                )
                return _Form()
            for kind, bound in zip((Kind.AT_LEAST, Kind.AT_MOST), bits):
                found.append(
                    Expectation(
                        f"{clause} {format_}", Metric.INVALID, rule=Rule(kind, Of.NUMBER, number=bound)
                    )
                )
            return _Form()
        if format_ not in STRING_CHECKS:
            self.not_checked(f"{clause} {format_}", f"formats of texts are {', '.join(STRING_CHECKS)}")
            return _Form()
        found.append(Expectation(f"{clause} {format_}", Metric.CHECK))
        return _Form(check=STRING_CHECKS[format_])

    def _with_service_level(self, root: Node, terms: TableTerms, *, alone: bool) -> TableTerms:
        """Return the terms of a table with how fresh it has to be."""
        for number, node in enumerate(self.list_of(root, "slaProperties", ""), 1):
            self.check_keys(node, "slaProperties", f"slaProperties {number}")
            name = self.text(node, "property")
            clause = f"slaProperties {self.text(node, 'id') or name or number}"
            elements = self.text(node, "element") or self.text(root, "slaDefaultElement")
            columns = [
                column
                for one in elements.split(",")
                for column in _columns_of(one, terms, alone=alone or not elements)
            ]
            if not columns:
                continue
            if name.lower() not in FRESHNESS:
                terms = replace(terms, not_checked=(*terms.not_checked, f"{clause}: {name} is not measured"))
                continue
            hours = self._hours(node, clause)
            if terms.fresh_hours is None or hours < terms.fresh_hours:
                column = next(filter(None, columns), "")
                terms = replace(
                    terms, fresh_hours=hours, fresh_clause=clause, written=column or terms.written
                )
        return terms

    def _check_elements(self, root: Node, tables: Sequence[TableTerms]) -> None:
        """Note the elements that name no column of the contract."""
        for number, node in enumerate(self.list_of(root, "slaProperties", ""), 1):
            elements = self.text(node, "element")
            for element in elements.split(",") if elements and tables else []:
                if not any(_columns_of(element, one, alone=len(tables) == 1) for one in tables):
                    line = self.line(node, "element")
                    self._note(
                        f"slaProperties {number}, element {element.strip()} (line {line}) "
                        "is no column of a schema, and has no effect - write it as schema.property"
                    )

    def _hours(self, node: Node, clause: str) -> float:
        value, unit = self.child(node, "value"), self.text(node, "unit").lower() or "d"
        try:
            number = float("" if value is None else value.text)
        except ValueError:
            number = math.nan
        if not number > 0:
            raise BrokenContract(
                f"{clause}: value must be a number above 0",
                self.line(node, "value"),
                "Write value: 4, unit: d.",
            )
        if unit not in HOURS:
            raise BrokenContract(
                f"{clause}: {unit!r} is no unit of time", self.line(node, "unit"), "Write h, d, w or y."
            )
        return max(_MINIMUM_HOURS, number * HOURS[unit])

    def _shares(self, root: Node, name: str, known: Sequence[str]) -> Dict[str, float]:
        node = self.own(root, name)
        if node is None:
            return {}
        found: Dict[str, float] = {}
        by_lower_case = {one.lower(): one for one in known}
        for key, value in self.fields(node, name).items():
            if key.lower() not in by_lower_case:
                self._unknown(f"{name}, {key}", value.line, nearest(key, list(known)), "key")
            elif not _is_of(value, NUMBER) or not _number(value) >= 0:
                raise BrokenContract(f"{name}, {key} must be a number above 0", value.line, "Write a number.")
            else:
                found[by_lower_case[key.lower()]] = _number(value)
        return found

    def _check_weights(self, root: Node, weights: Mapping[str, float], levels: Mapping[str, float]) -> None:
        node = self.own(root, Own.WEIGHTS)
        if node is not None and not all(weight > 0 for weight in weights.values()):
            raise BrokenContract(
                f"each of {Own.WEIGHTS} must be above 0", node.line, "Write a number above 0."
            )
        cuts = [{"Excellent": 90.0, "Good": 75.0, "Fair": 50.0, **levels}[name] for name in _LEVEL_NAMES]
        node = self.own(root, Own.LEVELS)
        if node is not None and not 100 >= cuts[0] > cuts[1] > cuts[2] >= 0:  # noqa: PLR2004  a score
            raise BrokenContract(
                f"{Own.LEVELS} must fall from Excellent to Fair, between 100 and 0", node.line,
                "Write for example {Excellent: 95, Good: 80, Fair: 60}.",
            )  # fmt: skip


def _with_key(one: ColumnTerms, key: Sequence[str], place: str) -> ColumnTerms:
    """Return the terms of a column with those of the primary key, where it is one, or a part of one."""
    if not key:
        return one
    if one.name not in key:
        return replace(one, is_key=False)
    clause = f"{place}, property {one.name}, primaryKey"
    more = [Expectation(clause, Metric.MISSING)]
    if len(key) == 1:
        more.append(Expectation(clause, Metric.DUPLICATES))
    own = [expectation for expectation in one.expectations if not _is_said(expectation, more)]
    return replace(one, is_key=len(key) == 1, expectations=(*more, *own))


def _is_said(one: Expectation, others: Sequence[Expectation]) -> bool:
    """Whether others expect the same: one bad cell is one finding."""
    return any((one.metric, one.limit, one.rule) == (two.metric, two.limit, two.rule) for two in others)


def _columns_of(element: str, terms: TableTerms, *, alone: bool) -> Tuple[str, ...]:
    """Return the column of a table that an element names; ``""`` for the table as a whole.

    Args:
        element: ``orders.updated_at``, ``orders`` or, where the contract has one table, ``updated_at``.
        terms: the table.
        alone: it is the only one.
    """
    tables = {folded(name) for name in (terms.name, terms.physical_name) if name}
    table, _, column = element.strip().rpartition(".")
    if folded(element) in tables:
        return ("",)
    if folded(table) in tables or folded(table.rpartition(".")[2]) in tables:
        return (column.strip(),)
    own = {name for one in terms.columns for name in one.names}
    return (element.strip(),) if alone and (not element.strip() or folded(element) in own) else ()


def _bits(format_: str) -> Optional[Tuple[float, float]]:
    bits = {"8": 8, "16": 16, "32": 32, "64": 64}.get(format_[1:])
    if bits is None or format_[:1] not in ("i", "u"):
        return None
    if format_[0] == "u":
        return 0.0, float(2**bits - 1)
    return -float(2 ** (bits - 1)), float(2 ** (bits - 1) - 1)


def _number(node: Node) -> float:
    return float(node.value)  # type: ignore[arg-type]  # its kind was seen


def _is_of(node: Node, kind: str) -> bool:
    value: Any = node.value
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return {
        TEXT: not isinstance(value, (dict, list)),
        NUMBER: is_number,
        TRUTH: isinstance(value, bool),
        LIST: isinstance(value, list),
        OBJECT: isinstance(value, dict),
    }[kind]
