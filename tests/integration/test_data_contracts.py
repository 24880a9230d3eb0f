"""Data with a data contract: what both engines count, and what is found."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, List

import pytest

from contract.corpus import result_differences
from nuvyn_executor import contract as command
from nuvyn_executor.contracts.patterns import matches
from nuvyn_executor.profiling.null_markers import WHITE, is_missing
from nuvyn_executor.profiling.scan_state import pack_state, unpack_state
from nuvyn_executor.quality.dimensions import Dimension
from nuvyn_executor.schema.tables import COLUMNS, EXECUTOR_RUNS, TABLES
from tests.contracted import HEAD, by_both_engines, scanned
from tests.installation import Installation, spark_installation

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan

pytest.importorskip("polars")
pytestmark = pytest.mark.spark

SHOP = Path(__file__).resolve().parents[2] / "examples" / "data"
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "data-contracts.md").read_text(encoding="utf-8")


def example(kind: str) -> str:
    """Return the example of the page in a language."""
    (found,) = re.findall(rf"```{kind}\n(.*?)```", PAGE.split("## Where")[0], flags=re.DOTALL)
    return str(found)


def write(folder: Path, csv: str, contract: str, name: str = "t") -> None:
    (folder / f"{name}.csv").write_text(csv, encoding="utf-8")
    (folder / f"{name}.odcs.yaml").write_text(HEAD + contract, encoding="utf-8")


def of_column(properties: str) -> str:
    return f"schema:\n  - name: t\n    properties:\n{properties}"


class TestTheExampleOfThePage:
    """each violated one is a finding that quotes the contract's own name for it."""

    def test_its_findings_are_those_of_the_page(self, spark: Any, folder: Path) -> None:
        (folder / "orders.csv").write_text(example("csv"))
        (folder / "orders.odcs.yaml").write_text(example("yaml"))
        found = by_both_engines(spark, folder)
        assert [*found.texts, *found.information] == example("text").splitlines()
        scores = {key.value: score for key, score in found.assessment.scores.items()}
        assert scores["uniqueness"] == 75
        assert scores["completeness"] == round(100 * 23 / 24, 2)
        assert found.assessment.provenance.weights["validity"] == 2
        assert [one.name for one in found.profiles[0].scan.columns] == [
            "order_id", "customer_id", "status", "amount", "updated_at", "channel",
        ]  # fmt: skip
        assert found.discovery.skipped == ()


VALUES = [
    "", " ", "n/a", "-", "0", "1", "-1", "5", "7", "10", "1.5", "2.5", "3,14", "1e3", "007", "+44123",
    "999999", "abc", "ABC", " AB ", "AB", "a b", "ünïcode", "日本", "😀",
    "x" * 1001, "a.b", "a\\b", "a|b",
    "A1", "a[b]", "$", "2024-01-31", "2024-02-30", "31/01/2024", "2024-01-31T10:00:00Z",
    "2024-01-31 10:00:00", "1999-12-31", "a@b.org", "nobody", "true", "NO", "DE", "2019-05-05",
    "123456789012345678", "12345678901234567890", "1.234,56", "1,234", "$1,101.50", "1 €", "5%", "(1.00)",
    "1.00-", "31 Jan 2024", "26.11.2026 00:00", "20261101", "1700000000", "NA", "Null", "\u00a0",
    "\u00a0AB\u00a0",
]  # fmt: skip
RULES = {
    "pattern": "logicalType: string, logicalTypeOptions: {pattern: '^[A-Z]{2}$'}",
    "part": "logicalType: string, logicalTypeOptions: {pattern: '[^\\s.]\\d|\\w{3}'}",
    "special": "logicalType: string, logicalTypeOptions: {pattern: '^[a\\[\\]&&~-]+|\\$|\\u65e5.$'}",
    "lengths": "logicalType: string, logicalTypeOptions: {minLength: 2, maxLength: 5}",
    "range": "logicalType: number, logicalTypeOptions: {minimum: 0, exclusiveMaximum: 10}",
    "whole": "logicalType: integer, logicalTypeOptions: {multipleOf: 5, format: i8}",
    "days": "logicalType: date, logicalTypeOptions: {minimum: 2020-01-01, maximum: 2024-01-31}",
    "forms": "logicalType: date, logicalTypeOptions: {format: yyyy-MM-dd}",
    "moments": "logicalType: timestamp, logicalTypeOptions: {exclusiveMinimum: 2024-01-31}",
    "listed": "quality: [{metric: invalidValues, arguments: {validValues: [NO, DE, 1, 2024-01-31, 😀]}}]",
    "numbers": "logicalType: number, quality: [{rule: validValues, validValues: [1, 1.5, 1000]}]",
    "mails": "logicalType: string, logicalTypeOptions: {format: email, pattern: 'b'}",
    "words": "quality: [{metric: missingValues, arguments: {missingValues: [null, '', AB, '0']}}]",
    "truths": "logicalType: boolean",
    "times": "logicalType: time, logicalTypeOptions: {format: 'HH:mm'}",
    "few": "quality: [{metric: invalidValues, arguments: {pattern: '^a'}, mustBeLessThan: 90}]",
}


def present_in(plan: ColumnPlan) -> List[str]:
    """Return the values that are there in a column, trimmed."""
    return [value.strip(WHITE) for value in VALUES if not is_missing(value, plan.values)]


class TestBothEnginesCountTheSame:
    """The counting is in both engines."""

    @pytest.mark.parametrize("repeated", [1, 60])
    def test_of_texts(self, spark: Any, folder: Path, repeated: int) -> None:
        names = list(RULES)
        lines = [",".join(f'"{value}"' for _ in names) for value in VALUES * repeated]
        properties = "".join(f"      - {{name: {name}, {rule}}}\n" for name, rule in RULES.items())
        write(folder, "\n".join([",".join(names), *lines]) + "\n", of_column(properties))
        (profile,) = by_both_engines(spark, folder).profiles
        columns = dict(zip(names, profile.scan.tally.columns))
        present = present_in(profile.plans[names.index("pattern")])
        (rule,) = profile.plans[0].rules
        broken = [value for value in present if not matches(rule.text, value)]
        assert columns["pattern"].violations == (repeated * len(broken),)
        present = present_in(profile.plans[names.index("lengths")])
        assert columns["lengths"].violations == (
            repeated * sum(len(value) < 2 for value in present),
            repeated * sum(len(value) > 5 for value in present),
        )
        listed, present = (
            {"NO", "DE", "1", "2024-01-31", "😀"},
            present_in(profile.plans[names.index("listed")]),
        )
        assert columns["listed"].violations == (repeated * sum(one not in listed for one in present),)
        assert all(one.unmet >= one.invalid for one in columns.values() if one.violations)

    def test_of_typed_columns(self, spark: Any, folder: Path) -> None:
        data = spark.range(0, 200, 1, 2).selectExpr(
            "id", "CAST(id AS INT) AS small", "CAST(id AS DOUBLE) / 4 AS part",
            "IF(id = 7, CAST('NaN' AS FLOAT), CAST(id AS FLOAT)) AS real",
            "CAST(id AS DECIMAL(10,2)) / 3 AS price", "CAST(id AS DECIMAL(30,0)) AS wide",
            "date_add(DATE'2024-01-01', CAST(id AS INT)) AS day",
            "CAST(1704067200 + id * 3600 AS TIMESTAMP) AS moment",
            "IF(id % 3 = 0, NULL, concat('C', id)) AS code", "id % 2 = 0 AS flag",
        )  # fmt: skip
        data.write.parquet(str(folder / "t"))
        number = "logicalType: number, logicalTypeOptions: {minimum: 3, exclusiveMaximum: 40, multipleOf: 2}"
        rules = {
            **dict.fromkeys(("id", "small", "part", "real", "price", "wide"), number),
            "day": "logicalType: date, logicalTypeOptions: {minimum: 2024-02-01, format: dd.MM.yyyy}",
            "moment": "logicalType: timestamp, logicalTypeOptions: {maximum: '2024-01-03T00:00:00Z'}",
            "code": "required: true, unique: true, logicalTypeOptions: {pattern: '^C[0-9]$'}",
            "flag": "logicalType: string",
        }
        properties = "".join(f"      - {{name: {name}, {rule}}}\n" for name, rule in rules.items())
        (folder / "t.odcs.yaml").write_text(HEAD + of_column(properties))
        found = by_both_engines(spark, folder)
        columns = dict(zip(rules, found.profiles[0].scan.tally.columns))
        assert columns["id"].violations == (3, 160, 100)
        assert columns["id"].unmet == 200 - len(range(4, 40, 2))
        assert columns["moment"].violations == (200 - 49,)
        assert columns["day"].violations == (31,)
        # no format of a typed column, and a column of another type in each value
        assert not any("format" in text for text in (*found.texts, *found.information))
        (text,) = [one for one in found.texts if one.startswith("t.flag")]
        assert "200 of 200 values are of another type, against contract shop v1.0.0: schema t" in text

    def test_a_pattern_that_polars_does_not_know_is_counted_by_spark(self, spark: Any, folder: Path) -> None:
        body = of_column("      - {name: a, logicalTypeOptions: {pattern: '^(?!X).(?<=[ab])$'}}\n")
        write(folder, "a,b\na,1\nX,2\nb,3\nc,4\n", body)
        (profile,) = scanned(spark, folder).profiles
        assert profile.state.engine == "spark"
        assert profile.scan.tally.columns[0].violations == (2,)

    def test_words_that_mean_nothing_are_those_of_the_contract(self, spark: Any, folder: Path) -> None:
        words = "[null, '', none at all, '0']"
        rule = f"[{{metric: missingValues, arguments: {{missingValues: {words}}}, mustBeLessThan: 9}}]"
        body = of_column(f"      - {{name: a, logicalType: number, quality: {rule}}}\n")
        write(folder, "a,b\n1,1\nnone at all,2\n0,3\n-,4\n ,5\n,6\nn/a,7\n8,8\n", body)
        found = by_both_engines(spark, folder)
        tally = found.profiles[0].scan.tally.columns[0]
        assert (tally.missing, tally.invalid) == (4, 2)
        against = [one.split(",")[0] for one in found.texts if "contract" in one]
        assert against == ["t.a: 2 of 4 values are of another type"]

    def test_codes_are_numbers_where_the_contract_says_so(self, spark: Any, folder: Path) -> None:
        body = of_column("      - {name: a, logicalType: integer}\n      - {name: b, logicalType: string}\n")
        write(folder, "a,b,c\n007,1,007\n008,2,008\n", body + "      - {name: c}\n")
        found = by_both_engines(spark, folder)
        assert [one.data_type for one in found.profiles[0].scan.columns] == ["bigint", "string", "string"]
        assert found.texts == []

    def test_of_keys_of_two_columns(self, spark: Any, folder: Path) -> None:
        lines = [f"{i // 3},{i % 3 if i % 10 else ''},{i}" for i in range(300)]
        lines += ["1,1,1", "1,1,2", "2,,3"]
        key = "schema:\n  - name: t\n    properties:\n" + "".join(
            f"      - {{name: {name}, primaryKey: true, primaryKeyPosition: {place}}}\n"
            for place, name in ((2, "b"), (1, "a"))
        )
        write(folder, "a,b,c\n" + "\n".join(lines) + "\n", key + "      - name: c\n")
        found = by_both_engines(spark, folder)
        (profile,) = found.profiles
        assert profile.scan.tally.key_rows == (272,)
        (text,) = [one for one in found.texts if "repeat" in one]
        assert text.startswith("t: 2 of 272 rows repeat the key of another one, against contract shop v1.0.0")
        assert "schema t, primaryKey (a, b)" in text
        assert found.assessment.scores[Dimension.UNIQUENESS] == round(100 * 270 / 272, 2)

    def test_of_parts_with_states_that_add(self, spark: Any, folder: Path) -> None:
        write(
            folder,
            "a,b\n" + "".join(f"{i},{i % 1000}\n" for i in range(120_000)),
            of_column(
                "      - {name: a, primaryKey: true}\n"
                "      - {name: b, primaryKey: true, logicalTypeOptions: {maxLength: 2}}\n"
            ),
        )
        first = scanned(spark, folder).profiles[0]
        assert first.scan.tally.columns[1].violations == (108_000,)
        assert first.scan.tally.key_rows == (120_000,)
        state = unpack_state(pack_state(first.state))
        assert state is not None
        assert state.counts == first.state.counts
        assert state.plan == first.state.plan


class TestOtherFormats:
    """Typed and text columns, whatever the files are."""

    def test_json_with_objects(self, spark: Any, folder: Path) -> None:
        rows = [{"id": i, "address": {"city": "Oslo" if i else None, "zip": f"{i:04}"}} for i in range(5)]
        (folder / "t.json").write_text("\n".join(map(json.dumps, rows)))
        body = (
            "      - name: address\n        logicalType: object\n        properties:\n"
            "          - {name: city, required: true}\n"
            "          - {name: zip, logicalType: string, logicalTypeOptions: {pattern: '^000[0-3]$'}}\n"
            "      - {name: id, logicalType: integer}\n"
        )
        (folder / "t.odcs.yaml").write_text(HEAD + of_column(body))
        found = scanned(spark, folder)
        assert [text.split(",")[0] for text in found.texts] == [
            "t.address.zip: 1 of 5 values break it",
            "t.address.city: 1 of 5 values are missing",
        ]
        assert found.information == []

    def test_delta_and_workbooks(self, spark: Any, folder: Path) -> None:
        spark.range(5).selectExpr("id", "CAST(id AS STRING) AS code").write.format("delta").save(
            str(folder / "t")
        )
        (folder / "book.xlsx").write_bytes((SHOP / "products.xlsx").read_bytes())
        body = of_column("      - {name: id, logicalTypeOptions: {maximum: 3}, logicalType: integer}\n")
        (folder / "c.odcs.yaml").write_text(
            HEAD + body + "      - {name: code, logicalType: integer}\n  - {name: Prices, properties: []}\n"
        )
        found = scanned(spark, folder)
        terms = {one.dataset.name: one.scan.terms for one in found.profiles}
        prices, table = terms["book.Prices"], terms["t"]
        assert prices is not None
        assert table is not None
        assert [text.split(",")[0] for text in found.texts if text.startswith("t.")] == [
            "t.id: 1 of 5 values break it"
        ]
        (own,) = [one for one in found.profiles if one.dataset.name == "t"]
        assert own.scan.columns[1].expected == "number"

    @pytest.mark.parametrize(("form", "latest"), [("dd/MM/yyyy", "2026-02-01"), ("MM/dd/yyyy", "2026-01-02")])
    def test_the_format_says_which_is_the_day(self, spark: Any, folder: Path, form: str, latest: str) -> None:
        body = of_column(
            f"      - {{name: day, logicalType: date, logicalTypeOptions: {{format: {form}}}}}\n"
        )
        write(folder, "day,x\n01/02/2026,1\n01/01/2026,2\n", body + "      - {name: x}\n")
        found = by_both_engines(spark, folder)
        assert found.texts == []
        assert found.profiles[0].columns[0].maximum == latest

    def test_an_empty_table_has_its_rows_counted(self, spark: Any, folder: Path) -> None:
        write(folder, "id,x\n", "schema: [{name: t, quality: [{metric: rowCount, mustBeGreaterThan: 0}]}]\n")
        found = scanned(spark, folder)
        assert any(text.startswith("t: there are 0 rows, against contract shop") for text in found.texts)


class TestWhatIsLeftOut:
    """tables and columns to leave out, "this is an archive"."""

    def test_a_table_and_a_column(self, spark: Any, folder: Path) -> None:
        (folder / "scratch.csv").write_text("a\n1\n")
        out = "customProperties: [{property: nuvynExclude, value: true}]"
        properties = f"[{{name: id}}, {{name: secret, {out}}}]"
        body = f"schema:\n  - {{name: scratch, {out}}}\n  - {{name: t, properties: {properties}}}\n"
        write(folder, "id,secret\n1,hunter2\n2,\n", body)
        found = by_both_engines(spark, folder)
        assert [one.dataset.name for one in found.profiles] == ["t"]
        assert [(one.name, one.reason) for one in found.discovery.skipped] == [
            ("scratch.csv", "is left out by the data contract shop v1.0.0 (t.odcs.yaml)")
        ]
        (profile,) = found.profiles
        assert [one.name for one in profile.scan.columns] == ["id"]
        assert found.assessment.scores[Dimension.COMPLETENESS] == 100
        assert "hunter2" not in str(profile.state.plan)

    def test_an_archive_has_no_age(self, spark: Any, folder: Path) -> None:
        body = "schema:\n  - {name: t, customProperties: [{property: nuvynArchive, value: true}]}\n"
        write(folder, "id,updated_at\n1,2001-01-01\n2,2001-01-02\n", body)
        found = scanned(spark, folder)
        assert found.assessment.scores[Dimension.TIMELINESS] is None
        assert found.texts == []


class TestFreshness:
    """freshness (slaProperties: latency/freshness/frequency with unit and element)."""

    @pytest.mark.parametrize(
        ("value", "unit", "score"), [(11, "d", 100), (5, "d", 50), (2.5, "d", 12.5), (240, "h", 100)]
    )
    def test_it_is_full_up_to_the_declared_age_and_then_halves(
        self, spark: Any, folder: Path, value: float, unit: str, score: float
    ) -> None:
        sla = f"slaProperties: [{{property: freshness, value: {value}, unit: {unit}, element: t.seen}}]\n"
        properties = "[{name: id}, {name: seen, logicalType: date}, {name: updated_at}]"
        body = f"schema: [{{name: t, properties: {properties}}}]\n"
        write(folder, "id,seen,updated_at\n1,2026-11-21,2026-11-30\n2,2026-11-20,2026-11-30\n", body + sla)
        found = scanned(spark, folder)
        assert found.assessment.scores[Dimension.TIMELINESS] == score
        late = [text for text in found.texts if "slaProperties" in text]
        assert len(late) == (score < 100)
        if late:
            assert late[0].startswith("t.seen: the newest of 2 moments is 10 days ago, against contract shop")
            assert ": slaProperties freshness, " in late[0]

    def test_a_column_that_is_not_there_is_named(self, spark: Any, folder: Path) -> None:
        body = "schema: [{name: t, properties: [{name: id}, {name: seen}]}]\n"
        write(folder, "id\n1\n", body + "slaProperties: [{property: latency, value: 1, element: t.seen}]\n")
        found = scanned(spark, folder)
        reason = "slaProperties latency: there is no column seen of dates or times"
        assert f"t: not checked: {reason}" in found.information
        assert any(one.startswith("t.seen: the column is not there, against contract") for one in found.texts)
        assert found.assessment.scores[Dimension.COMPLETENESS] == 50


class TestWhatIsReadAgain:
    """`scan_state` must be invalidated by a change of contract."""

    def test_only_a_change_of_what_is_counted_reads_again(self, spark: Any, folder: Path) -> None:
        body = of_column("      - {name: a, logicalTypeOptions: {maxLength: %d}}\n")
        write(folder, "a\n1\n22\n333\n", body % 2)
        first = scanned(spark, folder).profiles[0]
        again = scanned(spark, folder, state=first.state).profiles[0]
        assert (first.rows_read, again.rows_read) == (3, 0)
        contract = folder / "t.odcs.yaml"
        contract.write_text((HEAD + body % 2).replace("version: 1.0.0", "version: 1.0.1"))
        assert scanned(spark, folder, state=first.state).profiles[0].rows_read == 0
        contract.write_text(HEAD + body % 1)
        changed = scanned(spark, folder, state=first.state).profiles[0]
        assert (changed.rows_read, changed.scan.tally.columns[0].violations) == (3, (2,))
        contract.unlink()
        without = scanned(spark, folder, state=changed.state).profiles[0]
        assert (without.rows_read, without.scan.terms) == (3, None)


class TestWithoutADataContract:
    """Without a contract all is exactly as today."""

    def test_plan_and_tally_hold_nothing_of_it(self, spark: Any, folder: Path) -> None:
        (folder / "t.csv").write_text("id,country\n1,DE\n1,XX\n")
        found = by_both_engines(spark, folder)
        (profile,) = found.profiles
        plan = profile.state.plan
        assert (plan.keys, plan.terms) == ((), "")
        assert all((one.rules, one.is_unique) == ((), False) for one in plan.columns)
        assert all((one.violations, one.unmet) == ((), 0) for one in profile.scan.tally.columns)
        assert found.discovery.notes == ()
        assert found.information == []

    def test_a_contract_that_declares_nothing_changes_no_score(self, spark: Any, folder: Path) -> None:
        csv = "id,country,mail\n1,DE,a@b.org\n1,XX,c\n,FR,\n"
        (folder / "t.csv").write_text(csv)
        without = scanned(spark, folder).assessment
        write(folder, csv, "schema: [{name: t}]\n")
        found = scanned(spark, folder).assessment
        assert found == without


@pytest.fixture(name="site")
def _site(spark: Any, tmp_path: Path) -> Installation:
    del spark
    return spark_installation(tmp_path / "warehouse", f"_contracts_{abs(hash(str(tmp_path))) % 10**8}")


class TestJobs:
    """it reaches recommendations, `details.findings`, and `columns.details`; details of the run say which."""

    def test_the_documents_and_the_tables_have_it(self, site: Installation, folder: Path) -> None:
        (folder / "orders.csv").write_text(example("csv"))
        (folder / "orders.odcs.yaml").write_text(example("yaml"))
        run = site.run("quality_assessment", folder)
        assert run.exit_code == 0
        assert result_differences("quality_assessment", run.document) == []
        clause = "against contract orders v1.2.0: schema orders, property customer_id, required"
        assert any(clause in text for text in run.document["recommendations"])
        (finding,) = [one for one in run.details["findings"] if clause in one["text"]]
        assert (finding["column"], finding["dimension"], finding["count"], finding["of"]) == (
            "customer_id", "completeness", 1, 4,
        )  # fmt: skip
        assert [one["column"] for one in run.details["findings"] if one.get("level") == "info"] == ["channel"]
        applied = {"id": "shop-orders", "version": "1.2.0", "file": "orders.odcs.yaml", "schema": "orders"}
        assert run.details["datasets"][0]["data_contract"] == applied
        assert run.details["skipped"] == []
        (row,) = site.rows(TABLES)
        details = json.loads(row["details"])["data_contract"]
        assert {key: details[key] for key in applied} == applied
        assert details["undeclared_columns"] == ["channel"]
        assert details["expectations"][0]["is_met"] is False
        columns = {one["column_name"]: json.loads(one["details"]) for one in site.rows(COLUMNS)}
        assert columns["customer_id"]["data_contract"][0] == {
            "clause": "schema orders, property customer_id, required",
            "limit": "mustBe 0", "count": 1, "of": 4, "is_met": False,
        }  # fmt: skip
        assert columns["channel"]["data_contract"] is None
        assert "internal_note" not in columns

    def test_one_that_is_configured_applies_from_anywhere(
        self, site: Installation, folder: Path, tmp_path: Path
    ) -> None:
        (folder / "t.csv").write_text("id,v\n1,5\n1,6\n")
        contracts = tmp_path / "contracts"
        contracts.mkdir()
        (contracts / "a.odcs.yaml").write_text(HEAD + "schema: [{name: other}]\n")
        properties = "[{name: id, unique: false}, {name: v, unique: true}]"
        (contracts / "b.yaml").write_text(
            f"{HEAD}schema: [{{name: x, physicalName: T, properties: {properties}}}]\n"
        )
        (contracts / "ci.yaml").write_text("steps: []\n")
        run = site.run("metadata_extraction", folder, EXECUTOR_DATA_CONTRACT=str(contracts))
        assert run.exit_code == 0, run.log
        assert run.details["tables"][0]["data_contract"]["file"] == "b.yaml"
        (row,) = site.rows(TABLES)
        assert row["uniqueness"] == 100

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (None, "EXECUTOR_DATA_CONTRACT: "),
            (
                "kind: DataContract\napiVersion: v2.2.2\n",
                "EXECUTOR_DATA_CONTRACT: the data contract c.yaml, line 2 cannot be used: apiVersion is",
            ),
        ],
    )
    def test_one_that_is_configured_and_broken_fails_the_job(
        self, site: Installation, folder: Path, tmp_path: Path, text: Any, message: str
    ) -> None:
        (folder / "t.csv").write_text("id\n1\n")
        if text is not None:
            (tmp_path / "c.yaml").write_text(text)
        run = site.run("metadata_extraction", folder, EXECUTOR_DATA_CONTRACT=str(tmp_path / "c.yaml"))
        assert run.exit_code == 1
        assert run.error["type"] == "ConfigError"
        assert run.error["message"].startswith(message)
        assert run.error["remedy"]

    def test_one_beside_the_data_that_is_broken_is_a_finding(self, site: Installation, folder: Path) -> None:
        write(folder, "id\n1\n2\n", "schema: {}\n")
        run = site.run("quality_assessment", folder)
        assert run.exit_code == 0
        text = (
            "t.odcs.yaml: this data contract cannot be used and has no effect: line 7: "
            "schema must be a list - Write a list there."
        )
        assert run.details["findings"][0]["text"] == text
        assert run.document["recommendations"][0] == text
        assert "WARNING" in run.log
        assert site.rows(EXECUTOR_RUNS)[0]["status"] == "Success"


class TestTheCommand:
    """a command `python -m nuvyn_executor.contract PATH` writes a contract of what was found."""

    def test_what_it_writes_is_met_by_the_data(
        self, spark: Any, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "people.csv").write_text("id,day,code,ok\n1,2024-01-31,007,true\n2,2024-02-01,008,false\n")
        for name in ("customers.csv", "suppliers_utf16.csv", "returns.json", "products.xlsx"):
            (folder / name).write_bytes((SHOP / name).read_bytes())
        target = folder / "shop.odcs.yaml"
        assert command.main([str(folder), "-o", str(target)]) == 0, capsys.readouterr().err
        written = target.read_text(encoding="utf-8")
        assert "primaryKey: true" in written
        assert "format: yyyy-MM-dd" in written
        found = scanned(spark, folder)
        assert found.discovery.notes == ()
        assert all(one.scan.terms is not None for one in found.profiles)
        assert [text for text in (*found.texts, *found.information) if "contract" in text] == []

    def test_it_does_not_write_over_a_file(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "c.odcs.yaml").write_text("mine")
        assert command.main([str(folder), "-o", str(folder / "c.odcs.yaml")]) == 1
        assert capsys.readouterr().err.splitlines() == [
            f"{folder}/c.odcs.yaml is there already. Name another file, or remove it."
        ]

    def test_a_path_without_data_is_one_sentence(
        self, spark: Any, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        del spark
        assert command.main([str(folder / "nothing")]) == 1
        assert len(capsys.readouterr().err.splitlines()) == 1
