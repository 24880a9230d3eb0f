"""Data contracts as texts: what is understood, what is unknown, what is broken."""

from __future__ import annotations

import builtins
from typing import Any, List

import pytest

from nuvyn_executor.contracts.parser import DataContract, parse_contract
from nuvyn_executor.contracts.yaml_nodes import MOST_BYTES, BrokenContract
from nuvyn_executor.quality.declared import ColumnTerms, Kind, Limit, Metric, Of, TableTerms

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: x\nname: shop\nversion: 1.2.0\nstatus: active\n"


# What stands before and after a part, so that a case is one line.
AROUND = {
    "table": ("schema: [{name: t, ", "}]"),
    "rule": ("schema: [{name: t, quality: [{", "}]}]"),
    "column": ("schema: [{name: t, properties: [{name: c, ", "}]}]"),
    "options": ("schema: [{name: t, properties: [{name: c, logicalType: ", "}]}]"),
    "sla": ("schema: [{name: t}]\nslaProperties: [{property: latency, ", "}]"),
    "own": ("customProperties: [{property: ", "}]"),
}


def parsed(body: str, head: str = HEAD) -> DataContract:
    return parse_contract((head + body).encode(), "shop.odcs.yaml")


def around(part: str) -> str:
    """Return a text of which only a part is written: ``table| propertys: []``."""
    name, bar, rest = part.partition("| ")
    return f"{AROUND[name][0]}{rest}{AROUND[name][1]}" if bar else part


def table(body: str) -> TableTerms:
    (one,) = parsed(body).tables
    return one


def column(body: str) -> ColumnTerms:
    """Return the terms of one property; ``body`` is what stands beside its name, indented by eight."""
    (one,) = table(f"schema:\n  - name: t\n    properties:\n      - name: c\n{body}").columns
    return one


def notes(body: str) -> List[str]:
    return [one.text for one in parsed(body).notes]


# Examples of the same form as the standard's own, each named after its page.
EXAMPLES = {
    "schema: complete schema": """
schema:
  - id: tbl_obj
    name: tbl
    logicalType: object
    physicalType: table
    physicalName: tbl_1
    tags: ['finance']
    dataGranularityDescription: by day
    properties:
      - id: ref_prop
        name: ref_dt
        logicalType: date
        physicalType: date
        description: null
        partitioned: true
        partitionKeyPosition: 1
        criticalDataElement: false
        tags: []
        classification: public
        transformSourceObjects: [a, b]
        transformLogic: select 1
        transformDescription: words
        examples: [2022-10-03]
      - name: rcvr_id
        primaryKey: true
        primaryKeyPosition: 1
        physicalType: varchar(18)
        required: false
        encryptedName: enc_rcvr_id
        relationships: [{to: receivers.id, type: foreignKey}]
        authoritativeDefinitions: [{url: 'https://example.org', type: businessDefinition}]
""",
    "quality: library": """
schema:
  - name: orders
    properties:
      - name: order_id
        quality:
          - {id: no_nulls, type: library, metric: nullValues, mustBe: 0, unit: rows, dimension: completeness}
          - {metric: missingValues, arguments: {missingValues: [null, '', 'N/A']}, mustBeLessThan: 100}
          - {metric: invalidValues, arguments: {validValues: [pounds, kg]}, mustBeLessThan: 5, unit: rows}
          - {metric: duplicateValues, mustBeLessThan: 1, unit: percent, severity: error}
    quality:
      - {metric: rowCount, mustBeBetween: [100, 120], scheduler: cron, schedule: 0 20 * * *}
      - {metric: duplicateValues, mustBe: 0, arguments: {properties: [tenant_id, order_id]}}
""",
    "quality: a pattern beside its arguments": """
schema:
  - name: t
    properties:
      - name: iban
        quality:
        - metric: invalidValues
          mustBe: 0
          arguments:
          pattern: '^[A-Z]{2}[0-9]{2}[A-Z0-9]{4}[0-9]{7}([A-Z0-9]?){0,16}$'
""",
    "quality: rules of v3.0": """
schema:
  - name: t
    properties:
      - name: unit
        quality:
          - {type: library, rule: duplicateCount, mustBeLessThan: 10, name: few, unit: rows}
          - {rule: validValues, validValues: [pounds]}
    quality:
      - {rule: rowCount, mustBeBetween: [100, 120], name: Verify row count range}
""",
    "service level: table": """
schema:
  - {name: tab1, properties: [{name: txn_ref_dt, logicalType: date}]}
slaProperties:
  - {property: latency, value: 4, unit: d, element: tab1.txn_ref_dt}
  - {property: generalAvailability, value: 2022-05-12T09:30:10-08:00, description: words}
  - {property: retention, value: 3, unit: y, element: tab1.txn_ref_dt}
  - {property: frequency, value: 1, valueExt: 1, unit: d, element: tab1.txn_ref_dt}
  - {property: timeOfAvailability, value: 09:00-08:00, element: tab1.txn_ref_dt, driver: regulatory}
""",
    "all other sections": """
domain: seller
dataProduct: my quantum
tenant: Climate
description: {purpose: words, limitations: words, usage: words}
servers: [{server: my-postgres, type: postgres, host: localhost, port: 5432, database: d, schema: s}]
price: {priceAmount: 9.95, priceCurrency: USD, priceUnit: megabyte}
team: {name: t, members: [{username: a, role: Owner}]}
roles: [{role: r, access: read}]
support: [{channel: '#help', url: 'https://example.org'}]
tags: [a]
contractCreatedTs: 2024-09-17T11:58:08Z
customProperties: [{property: refRulesetName, value: gcsc.ruleset.name}]
""",
}


class TestTheStandardsForms:
    """an Open Data Contract (ODCS v3 [...]); the standard's own examples as tests."""

    @pytest.mark.parametrize("name", EXAMPLES)
    def test_nothing_of_it_is_unknown(self, name: str) -> None:
        assert notes(EXAMPLES[name]) == []

    def test_version_3_0_is_read_too(self) -> None:
        assert parsed("", HEAD.replace("v3.1.0", "v3.0.2")).tables == ()
        assert parsed("", HEAD.replace("v3.1.0", "3.0.0")).tables == ()

    def test_the_contract_is_called_by_its_name_and_version(self) -> None:
        assert table(EXAMPLES["quality: library"]).contract == "shop v1.2.0"

    def test_the_metrics_have_their_counts_and_limits(self) -> None:
        one = table(EXAMPLES["quality: library"])
        of_column = [(each.metric, str(each.limit)) for each in one.columns[0].expectations]
        assert of_column == [
            (Metric.NULLS, "mustBe 0"),
            (Metric.MISSING, "mustBeLessThan 100"),
            (Metric.INVALID, "mustBeLessThan 5"),
            (Metric.DUPLICATES, "mustBeLessThan 1 percent"),
        ]
        assert [(each.metric, each.columns) for each in one.expectations] == [
            (Metric.ROWS, ()),
            (Metric.DUPLICATES, ("tenant_id", "order_id")),
        ]

    def test_a_rule_of_v3_0_without_operator_allows_nothing(self) -> None:
        few, valid = table(EXAMPLES["quality: rules of v3.0"]).columns[0].expectations
        assert (few.clause, few.limit) == (
            "schema t, property unit, quality few (duplicateValues)",
            Limit("mustBeLessThan", (10.0,)),
        )
        assert valid.limit == Limit()
        assert valid.rule is not None
        assert valid.rule.texts == ("pounds",)

    def test_the_pattern_beside_its_arguments_counts(self) -> None:
        (one,) = table(EXAMPLES["quality: a pattern beside its arguments"]).columns[0].expectations
        assert one.rule is not None
        assert one.rule.kind == Kind.PATTERN

    def test_the_shortest_freshness_counts_and_the_rest_is_not_checked(self) -> None:
        one = table(EXAMPLES["service level: table"])
        assert (one.fresh_hours, one.written, one.fresh_clause) == (
            24,
            "txn_ref_dt",
            "slaProperties frequency",
        )
        assert [text.split(":")[0] for text in one.not_checked] == [
            "slaProperties generalAvailability",
            "slaProperties retention",
            "slaProperties timeOfAvailability",
        ]


class TestColumns:
    """primary keys, required, unique, logical types and formats, valid values, ranges, patterns."""

    def test_a_key_of_one_column(self) -> None:
        one = column("        primaryKey: true\n")
        assert one.is_key
        assert [each.metric for each in one.expectations] == [Metric.MISSING, Metric.DUPLICATES]

    def test_a_key_of_two_columns_is_in_the_order_of_its_positions(self) -> None:
        one = table(
            "schema:\n  - name: t\n    properties:\n"
            "      - {name: b, primaryKey: true, primaryKeyPosition: 2}\n"
            "      - {name: a, primaryKey: true, primaryKeyPosition: 1}\n      - {name: id}\n"
        )
        assert one.key == ("a", "b")
        assert [each.is_key for each in one.columns] == [False, False, False]
        assert [(each.clause, each.columns) for each in one.expectations] == [
            ("schema t, primaryKey (a, b)", ("a", "b"))
        ]

    def test_what_a_key_says_is_not_said_twice(self) -> None:
        one = column("        primaryKey: true\n        required: true\n        unique: true\n")
        assert [each.clause.rpartition(", ")[2] for each in one.expectations] == ["primaryKey"] * 2

    @pytest.mark.parametrize("key", ["primaryKey", "unique"])
    def test_false_says_that_it_is_no_key(self, key: str) -> None:
        assert column(f"        {key}: false\n").is_key is False
        assert column("        required: false\n").is_key is None

    @pytest.mark.parametrize(
        ("options", "kind", "of", "number"),
        [
            ("number, logicalTypeOptions: {minimum: 1}", Kind.AT_LEAST, Of.NUMBER, 1.0),
            ("number, logicalTypeOptions: {maximum: 1.5}", Kind.AT_MOST, Of.NUMBER, 1.5),
            ("integer, logicalTypeOptions: {exclusiveMinimum: 0}", Kind.ABOVE, Of.NUMBER, 0.0),
            ("number, logicalTypeOptions: {exclusiveMaximum: 0}", Kind.BELOW, Of.NUMBER, 0.0),
            ("number, logicalTypeOptions: {multipleOf: 5}", Kind.MULTIPLE_OF, Of.NUMBER, 5.0),
            ("date, logicalTypeOptions: {minimum: 1970-01-02}", Kind.AT_LEAST, Of.MOMENT, 86_400e6),
            (
                "timestamp, logicalTypeOptions: {maximum: '1970-01-01T01:00:00+01:00'}",
                Kind.AT_MOST,
                Of.MOMENT,
                0,
            ),
            ("string, logicalTypeOptions: {minLength: 2}", Kind.MIN_LENGTH, Of.TEXT, 2.0),
            ("string, logicalTypeOptions: {maxLength: 3}", Kind.MAX_LENGTH, Of.TEXT, 3.0),
            ("integer, logicalTypeOptions: {format: u8}", Kind.AT_MOST, Of.NUMBER, 255.0),
        ],
    )
    def test_options_are_rules(self, options: str, kind: str, of: str, number: float) -> None:
        (one,) = table(f"schema: [{{name: t, properties: [{{name: c, logicalType: {options}}}]}}]").columns
        rule = one.expectations[-1].rule
        assert rule is not None
        assert (rule.kind, rule.of, rule.number) == (kind, of, number)

    def test_no_and_yes_stay_the_words_that_they_are(self) -> None:
        one = column("        quality: [{rule: validValues, validValues: [NO, yes, 1, true]}]\n")
        rule = one.expectations[0].rule
        assert rule is not None
        assert rule.texts == ("NO", "yes", "1", "true", "True", "TRUE")
        assert rule.numbers == (1.0,)

    def test_fields_of_an_object_have_dotted_names(self) -> None:
        one = column("        logicalType: object\n        properties: [{name: city, required: true}]\n")
        assert (one.name, one.expectations[0].clause) == ("c.city", "schema t, property c.city, required")

    @pytest.mark.parametrize(
        ("rule", "reason"),
        [
            ("{type: sql, query: select 1, mustBe: 0}", "SQL is not run"),
            ("{type: custom, engine: soda, implementation: x}", "the rules of soda are not run"),
            ("{type: text, description: x}", "it is a text for people"),
            ("{metric: invalidValues, mustBe: 0}", "neither arguments.validValues nor arguments.pattern"),
            (r"{metric: invalidValues, arguments: {pattern: '\bx'}}", "not all engines know"),
        ],
    )
    def test_what_is_not_run_is_named(self, rule: str, reason: str) -> None:
        body = f"schema: [{{name: t, properties: [{{name: c, quality: [{rule}]}}]}}]"
        (text,) = table(body).not_checked
        assert text.startswith("schema t, property c, quality 1")
        assert reason in text


class TestOwnProperties:
    """tables and columns to leave out, "this is an archive", weights and levels."""

    def test_each_is_understood(self) -> None:
        found = parsed(
            "schema:\n  - name: t\n    properties:\n"
            "      - {name: c, customProperties: [{property: nuvynExclude, value: true}]}\n"
            "  - {name: old, customProperties: [{property: nuvynArchive, value: true}]}\n"
            "  - {name: out, customProperties: [{property: nuvynExclude, value: true}]}\n"
            "customProperties:\n  - {property: nuvynWeights, value: {accuracy: 3}}\n"
            "  - {property: nuvynLevels, value: {excellent: 95}}\n"
        )
        assert found.notes == ()
        assert [one.name for one in found.excluded] == ["out"]
        one, old = found.tables
        assert one.columns[0].is_excluded
        assert (one.is_archive, old.is_archive) == (False, True)
        assert (one.weights, one.levels) == ({"accuracy": 3.0}, {"Excellent": 95.0})

    @pytest.mark.parametrize(
        ("custom", "text"),
        [
            ("nuvynWeight, value: {}", "nuvynWeight (line 7) is no known property"),
            (
                "nuvynExclude, value: true",
                "nuvynExclude (line 7) has no effect there - write it in the schema",
            ),
            ("nuvynWeights, value: {acuracy: 1}", "nuvynWeights, acuracy (line 7) is no known key"),
        ],
    )
    def test_a_wrong_one_is_named(self, custom: str, text: str) -> None:
        (found,) = notes(around(f"own| {custom}"))
        assert found.startswith(text)


LAUGHS = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (one, one, b",".join([b"*%c" % (one - 1)] * 9)) for one in range(98, 106)
)
"""Nine values, nine times nine, and so on: a short text that is a very large one."""


class TestUnknown:
    """an unknown key is named."""

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ("shema: []", "shema (line 7) is no known key, and has no effect - did you mean schema?"),
            ("table| propertys: []", "schema t, propertys (line 7) is no known key"),
            ("column| requird: true", "did you mean required?"),
            ("options| strng",
             "schema t, property c, logicalType 'strng' (line 7) is no known word, and has no effect"),
            ("column| logicalTypeOptions: {minimun: 1}", "did you mean minimum?"),
            ("rule| metric: rowCont, mustBe: 1", "did you mean rowCount?"),
            ("rule| metric: rowCount, mustBeLess: 1", "did you mean mustBe"),
            ("rule| metric: rowCount, mustBe: 1, unit: bananas", "unit 'bananas'"),
            ("xyz: 1", "see docs/data-contracts.md for those that are known"),
            ("sla| value: 1, elment: t.x", "did you mean element?"),
            ("sla| value: 1, element: u.x",
             "slaProperties 1, element u.x (line 8) is no column of a schema"),
        ],
    )  # fmt: skip
    def test_it_is_named_once_with_its_line_and_the_nearest(self, body: str, text: str) -> None:
        (found,) = notes(around(body))
        assert text in found

    def test_what_the_standard_requires_is_missed(self) -> None:
        found = parsed("", "apiVersion: v3.0.0\nkind: DataContract\n")
        assert [one.text.split()[0] for one in found.notes] == ["id", "version", "status"]


class TestBroken:
    """A broken contract is one clear sentence (file, line, what to do)."""

    @pytest.mark.parametrize(
        ("body", "line", "message"),
        [
            ("schema: {}", 7, "schema must be a list"),
            ("schema: [x]", 7, "each entry of schema must be an object"),
            ("schema:\n  - description: d", 8, "an entry of schema has no name"),
            ("schema:\n  - name: t\n    properties:\n      - required: true", 10, "a property of schema t"),
            ("column| required: maybe", 7, "required must be true or false"),
            ("column| unique: 1", 7, "unique must be true or false"),
            (
                f"column| logicalTypeOptions: {{minimum: 1{'0' * 400}}}",
                7,
                "it has a number that is too large",
            ),
            (
                f"column| quality: [{{metric: nullValues, mustBe: -1{'0' * 400}}}]",
                7,
                "it has a number that is too large",
            ),
            ("table| properties: [{name: c}, {name: C}]", 7, "property C stands there twice"),
            ("schema: []\nschema: []", 8, "schema stands there twice"),
            ("options| number, logicalTypeOptions: {minimum: x}", 7,
             "minimum must be a number"),
            ("options| date, logicalTypeOptions: {minimum: x}", 7,
             "minimum must be a date or a time"),
            ("rule| metric: rowCount, mustBe: x", 7, "mustBe must be a number"),
            ("rule| metric: rowCount, mustBeBetween: 5", 7, "a list of two numbers"),
            ("rule| metric: rowCount, mustBe: 1, mustNotBe: 2", 7, "has mustBe and mustNotBe"),
            ("rule| mustBe: 1", 7, "has no metric"),
            ("sla| value: soon", 8, "value must be a number above 0"),
            ("sla| value: 1, unit: x", 8, "'x' is no unit of time"),
            ("own| nuvynArchive, value: 3", 7, "nuvynArchive must be true or false"),
            ("own| nuvynWeights, value: {accuracy: 0}", 7, "above 0"),
            ("own| nuvynLevels, value: {Good: 95}", 7, "must fall from Excellent to Fair"),
            ("a: [b\nc: d", 8, "it is no YAML"),
            ("a: *nothing", 7, "it is no YAML"),
        ],
    )  # fmt: skip
    def test_it_says_what_and_where(self, body: str, line: int, message: str) -> None:
        with pytest.raises(BrokenContract, match=message.replace("(", r"\(")) as caught:
            parsed(around(body))
        assert caught.value.line == line
        assert caught.value.remedy

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (b"", "it is empty"),
            (b"just words", "a data contract must be an object"),
            (b"apiVersion: v3.0.0\nkind: Table\n", "kind is Table"),
            (b"kind: DataContract\n", "apiVersion is missing"),
            (b"kind: DataContract\napiVersion: v2.2.2\n", "apiVersion is v2.2.2, and v3 of the standard"),
            (b"datasetDomain: x\napiVersion: v2.2.2\n", "kind is missing"),
            (b"name: \xff\n", "it is not UTF-8"),
            (b"a: " + b"x" * MOST_BYTES, "it is larger than"),
            (b"a: " + b"[" * 100 + b"]" * 100, "too many values"),
            (LAUGHS, "too many values"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )  # fmt: skip
    def test_what_is_no_contract(self, text: bytes, message: str) -> None:
        with pytest.raises(BrokenContract, match=message):
            parse_contract(text, "x.odcs.yaml")

    def test_without_pyyaml_it_says_how_to_install_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = builtins.__import__

        def importing(name: str, *args: Any, **kwargs: Any) -> Any:
            if name == "yaml":
                raise ImportError(name)
            return real(name, *args, **kwargs)

        monkeypatch.setattr(builtins, "__import__", importing)
        with pytest.raises(BrokenContract, match="PyYAML is not installed") as caught:
            parsed("")
        assert "pip install 'nuvyn-executor-script[contracts]'" in caught.value.remedy


class TestLimits:
    """mustBe, mustBeLessThan, mustBeBetween ..., unit percent/rows."""

    @pytest.mark.parametrize(
        ("operator", "numbers", "met"),
        [
            ("mustBe", (2,), [2]),
            ("mustNotBe", (2,), [0, 1, 3, 4]),
            ("mustBeGreaterThan", (2,), [3, 4]),
            ("mustBeGreaterOrEqualTo", (2,), [2, 3, 4]),
            ("mustBeLessThan", (2,), [0, 1]),
            ("mustBeLessOrEqualTo", (2,), [0, 1, 2]),
            ("mustBeBetween", (1, 3), [1, 2, 3]),
            ("mustNotBeBetween", (1, 3), [0, 4]),
        ],
    )
    def test_operators(self, operator: str, numbers: Any, met: List[int]) -> None:
        limit = Limit(operator, numbers)
        assert [count for count in range(5) if limit.is_met(count, 100)] == met
        percent = Limit(operator, numbers, is_percent=True)
        assert [count for count in range(5) if percent.is_met(10 * count, 1000)] == met

    @pytest.mark.parametrize(
        ("limit", "allows"),
        [
            (Limit(), True),
            (Limit("mustBeLessThan", (1.0,)), True),
            (Limit("mustBeLessOrEqualTo", (0.0,), is_percent=True), True),
            (Limit("mustBeLessThan", (5.0,)), False),
            (Limit("mustBeLessThan", (1.0,), is_percent=True), False),
            (Limit("mustBeGreaterThan", (1.0,)), False),
        ],
    )
    def test_whether_not_a_single_one_is_allowed(self, limit: Limit, allows: object) -> None:
        assert limit.allows_none is allows
