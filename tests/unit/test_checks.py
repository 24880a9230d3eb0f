"""Every check by examples, and what all of them have in common."""

from __future__ import annotations

import ipaddress
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nuvyn_executor.profiling.null_markers import PLACEHOLDERS, WHITE
from nuvyn_executor.profiling.plan import ColumnPlan, plan_text_column
from nuvyn_executor.profiling.spark.expressions import TEXT, levels
from nuvyn_executor.quality import checks
from nuvyn_executor.quality.checks import moment, registry
from nuvyn_executor.quality.checks.check import COMMA, NAMED
from nuvyn_executor.quality.checks.predicates import DigitSum, Remainder
from nuvyn_executor.quality.checks.registry import CHECKS, FORMS, SHAPES, check_of, fingerprint, semantic_type
from tests.check_values import WITH_PREDICATES, examples_of, matching_values_of, values_of
from tests.how_many import at_most

if TYPE_CHECKING:
    from nuvyn_executor.quality.checks.check import Check, Form

QUALITY = Path(__file__).resolve().parents[2] / "docs" / "quality.md"

# For each check: values that pass, values that have its form and fail, and values of another form.
EXAMPLES: Dict[str, Tuple[Tuple[str, ...], Tuple[str, ...], Tuple[str, ...]]] = {
    "number": (
        (
            "0", "-7", "+5", "3.5", "1e5", "3,14", "1,234", "1.234,56", "1 234.25", "1'101.25", "$1,101.50",
            "1 \u20ac", "1%", "(1.00)", "1.00-", "-1234567890123456789", "9223372036854775807", "12,34,567.8",
        ),
        (),
        ("007", "twelve", "1,2,3", "9223372036854775808", "1 2", "555 1234", "$", "%", "()", "1--", "A1$"),
    ),
    "code": (
        ("000123", "+440000000152", "9223372036854775808", "12345678901234567890"),
        (),
        ("123", "12a", "1234567890123456789", "+5"),
    ),
    "moment": (
        (
            "2024-01-31", "31/01/2024", "1.2.2024", "2024-01-31T10:00:00Z", "2024-1-31", "26.11.2026 00:00",
            "11/26/2026 12:00 AM", "2026/11/26 00:00:00", "2026-11-26T10:00:00-0500", "26-Nov-26",
            "2026-11-26 10:00:00 UTC", "26-11-26", "20261101", "1700000000", "1700000000000", "Nov 26, 2026",
            "Thu, 26 Nov 2026 10:00:00 +0000", "26/Nov/2026:10:00:00 +0000", "26th November 2026",
        ),
        (),
        ("10:00", "2024", "2024-01", "32/32/24", "1.2.3", "20261301", "26 Nob 2026", "12345678"),
    ),
    "boolean": (("true", "No", "Y", "off"), (), ("1", "t", "ja")),
    "email": (("a.b+c@example.org",), (), ("a@b", "a b@c.de", "example.org")),
    "uuid": (("550e8400-e29b-41d4-a716-446655440000",), (), ("550e8400e29b41d4a716446655440000",)),
    "url": (("https://example.org/a?b=c", "sftp://x"), (), ("www.example.org", "mailto:a@b.org")),
    "phone_number": (
        ("+441632960961", "+4416329", "+123456789012345"),
        (),
        ("441632960961", "+0441632960961", "+44 1632 960961", "+1234567890123456", "01632 960961"),
    ),
    "payment_card": (
        (
            "4111111111111111", "4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005",
            "3782 822463 10005", "30569309025904", "4222222222222", "6011000990139424", "2223003122003222",
        ),
        ("4111111111111112", "4111 1111 1111 1121", "378282246310006"),
        ("9111111111111111", "411111111111", "4111  1111 1111 1111", "411111******1111"),
    ),
    "iban": (
        (
            "DE44500105175407324931", "GB29 NWBK 6016 1331 9268 19", "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S", "FR1420041010050500013M02606",
        ),
        ("DE44500105175407324932", "GB29 NWBK 6016 1331 9268 91", "NO9386011117949"),
        (
            "DE4450010517540732493", "de44500105175407324931", "ZZ44500105175407324931",
            "DE44 50010 517540732493",
        ),
    ),
    "ip_address": (
        (
            "192.0.2.1", "0.0.0.1", "255.255.255.255", "2001:db8::1", "::", "::1", "1:2:3:4:5:6:7:8",
            "::ffff:192.0.2.1", "FE80::1", "1:2:3:4:5:6:7::",
        ),
        ("192.0.2.256", "192.0.02.1", "2001:db8:::1", "1:2:3", "1::2::3", "1:2:3:4:5:6:7:8:9", "::1.2.3.256"),
        ("192.0.2", "192.0.2.1/24", "fe80::1%eth0", "2001:db8::g", "1.2.3.4.5", "fe80:12345::"),
    ),
    "country_code": (("DE", "NLD", "GB", "NAM", "NA"), ("XX", "UK", "GER"), ("de", "Germany", "D", "276")),
    "currency_code": (("EUR", "USD", "XAU", "DEM"), ("EUX", "BTC"), ("eur", "\u20ac", "EURO", "NAN", "978")),
}  # fmt: skip


def expected_of(name: str, *values: str) -> str:
    return plan_text_column(name, "t", values, fences=True).expected


class TestExamples:
    def test_each_check_has_examples(self) -> None:
        assert set(EXAMPLES) == {check.name for check in CHECKS}

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
    def test_it_accepts_its_values_and_no_others(self, check: Check) -> None:
        passing, failing, others = EXAMPLES[check.name]
        assert [text for text in passing if not check.accepts(text)] == []
        assert [text for text in failing if check.accepts(text) or not check.matches(text)] == []
        assert [text for text in others if check.matches(text)] == []

    @given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
    @settings(max_examples=at_most(200))
    def test_addresses_are_those_of_the_standard_library(self, address: Any) -> None:
        check = check_of("ip_address")
        assert check is not None
        assert all(check.accepts(text) for text in (str(address), address.exploded))

    @given(st.text(alphabet="0123:af.", min_size=2, max_size=24))
    @settings(max_examples=at_most(300))
    @pytest.mark.skipif(sys.version_info < (3, 10), reason="older ones take 192.0.02.1 for an address")
    def test_and_no_others_are(self, text: str) -> None:
        check = check_of("ip_address")
        assert check is not None
        try:
            ipaddress.ip_address(text)
            is_address = True
        except ValueError:
            is_address = False
        assert check.accepts(text) == is_address


class TestForms:
    """What the engines rely on."""

    def test_names_are_unique(self) -> None:
        assert len({check.name for check in CHECKS}) == len(CHECKS)
        assert len(set(SHAPES)) == len(SHAPES)
        assert not {check.name for check in CHECKS} & {"typed", "text", "opaque"}

    def test_each_module_of_the_package_is_in_the_table(self) -> None:
        names = {path.stem for path in Path(checks.__file__).parent.glob("*.py")}
        imported = {name for name in names if hasattr(getattr(registry, name, None), "CHECK")}
        assert names - imported == {"__init__", "check", "predicates", "registry"}
        assert {getattr(registry, name).CHECK.name for name in imported} == {check.name for check in CHECKS}

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: form.shape)
    def test_no_placeholder_has_a_form(self, form: Form) -> None:
        """Spark asks for forms before placeholders, Polars after them."""
        words = [change(word) for word in PLACEHOLDERS for change in (str, str.upper, str.title)]
        found = [word for word in words if re.fullmatch(form.pattern, word)]
        assert found == (["NA"] if form.shape == "country_alpha2" else [])  # where it is a value

    def test_the_longest_text_that_looks_like_an_ip_address_is_tested(self) -> None:
        text = "ffff:" * 8 + "ffff.255.255.255"
        (form,) = (one for one in FORMS if one.shape == "ip_address")
        assert re.fullmatch(form.pattern, text)
        assert form.longest == len(text)

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: form.shape)
    @given(data=st.data())
    @settings(max_examples=at_most(30))
    def test_what_is_tested_before_the_pattern_holds_of_every_value(self, form: Form, data: Any) -> None:
        text = data.draw(values_of(form))
        assert form.shortest <= len(text.encode())
        assert form.longest is None or len(text.encode()) <= form.longest
        assert form.holds in text
        assert not form.lacks or form.lacks not in text
        assert form.ascii_pattern or text == text.strip(WHITE)
        assert form.matches(text)
        assert form.ascii_pattern or text.isascii()

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: form.shape)
    @given(data=st.data())
    @settings(max_examples=at_most(30))
    def test_forms_of_one_column_do_not_overlap(self, form: Form, data: Any) -> None:
        """But for URLs, some of which look like e-mail addresses, and which come first."""
        check = next(one for one in CHECKS if form in one.forms)
        text = data.draw(matching_values_of(form))
        by_convention = {COMMA: registry.WITH_COMMAS, NAMED: registry.OF_MOMENTS}
        common = by_convention.get(form.convention, registry.ANYWHERE)
        together = common if check.anywhere else check.forms
        found = [one.shape for one in together if one.matches(text)]
        assert found in ([form.shape], ["url", "email"])

    @pytest.mark.parametrize("form", [form for form in FORMS if form.steps], ids=lambda form: form.shape)
    @given(data=st.data())
    @settings(max_examples=at_most(60))
    def test_steps_end_in_a_number_or_a_moment(self, form: Form, data: Any) -> None:
        plain = form.plain(data.draw(values_of(form)))
        number = r"[+-]?[0-9]+[.]?[0-9]*"
        iso = r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2}([.]\d{1,9})?(Z|[+-]\d{2}:\d{2})?)?"
        assert re.fullmatch(iso if form in moment.CHECK.forms else number, plain, re.ASCII)

    @pytest.mark.parametrize("form", WITH_PREDICATES, ids=lambda form: form.shape)
    @given(data=st.data())
    @settings(max_examples=at_most(30))
    def test_sums_and_remainders_reach_the_longest_value(self, form: Form, data: Any) -> None:
        """What is longer would be cut on the engines."""
        assert form.predicate is not None
        test = form.predicate.test
        for text in (*examples_of(form), data.draw(values_of(form))):
            for step in form.predicate.steps:
                text = step.apply(text)  # noqa: PLW2901  rewritten step by step
            assert not isinstance(test, (DigitSum, Remainder)) or len(text) <= test.longest

    def test_digits_before_a_sum_count_nothing(self) -> None:
        tests = [form.predicate.test for form in FORMS if form.predicate]
        assert {values[0] for one in tests if isinstance(one, DigitSum) for values in one.values} == {"0"}
        assert all(one.modulus < 10_000 for one in tests if isinstance(one, Remainder))


class TestExpectations:
    """Issue: "costs must not grow where nothing suggests a check"."""

    @pytest.mark.parametrize(
        ("name", "check"),
        [
            ("phone", "phone_number"),
            ("billingPhone", "phone_number"),
            ("IBAN", "iban"),
            ("credit_card", "payment_card"),
            ("client_ip", "ip_address"),
            ("ship_country", "country_code"),
            ("currency", "currency_code"),
        ],
    )
    def test_a_name_and_half_of_the_values_suffice(self, name: str, check: str) -> None:
        passing, failing, others = EXAMPLES[check]
        assert expected_of(name, passing[0], others[0]) == check
        assert expected_of(name, passing[0], others[0], others[0]) != check
        assert expected_of(name, *failing, *passing) == check

    def test_many_invalid_values_do_not_hide_a_kind_that_the_name_suggests(self) -> None:
        assert expected_of("iban", *["DE44500105175407324932"] * 9, "DE44500105175407324931") == "iban"

    @pytest.mark.parametrize("check", ["iban", "ip_address"])
    def test_values_that_nothing_else_looks_like_need_no_name(self, check: str) -> None:
        value = {"iban": "DE44500105175407324931", "ip_address": "2001:db8::1"}[check]
        assert expected_of("x", *[value] * 9, "unknown") == check
        assert expected_of("x", *[value] * 8, "unknown", "other") == "text"

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            (("4111111111111111",) * 3, "number"),
            (("+441632960961",), "code"),
            (("DE", "FR"), "text"),
            (("EUR", "USD"), "text"),
            (("1.2.3.4", "10.0.0.1"), "text"),
            (("10:20:30", "11:30:00"), "text"),
            (("00:1a:2b:3c:4d:5e",), "text"),
        ],
    )
    def test_others_need_a_name(self, values: Tuple[str, ...], expected: str) -> None:
        assert expected_of("x", *values) == expected

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("country", ("Germany", "France", "Netherlands")),
            ("currency", ("euro", "dollar")),
            ("phone", ("01632 960961", "01632 960962")),
            ("company", ("DE", "FR")),
            ("card_number_id", ("4111111111111111",)),
            ("zip", ("12345",)),
        ],
    )
    def test_a_name_alone_suggests_nothing(self, name: str, values: Tuple[str, ...]) -> None:
        check = check_of(expected_of(name, *values))
        assert check is None or check.anywhere

    def test_only_the_forms_of_the_check_are_told_apart(self) -> None:
        plan = plan_text_column("iban", "t", ["DE44500105175407324931", "a@b.org", "7"], fences=True)
        assert (plan.expected, plan.shapes) == ("text", ("email",))
        plan = plan_text_column("iban", "t", ["DE44500105175407324931", "7"], fences=True)
        assert (plan.expected, plan.shapes) == ("iban", ("iban",))

    def test_no_column_without_such_an_expectation_tells_their_forms_apart(self) -> None:
        shapes = {form.shape for form in registry.ANYWHERE}
        for passing, failing, others in EXAMPLES.values():
            plan = plan_text_column("x", "t", [*passing, *failing, *others, "one", "two"], fences=True)
            check = check_of(plan.expected)
            assert (check is not None and not check.anywhere) or set(plan.shapes) <= shapes

    def test_spark_is_asked_for_no_predicate_where_no_column_has_one(self) -> None:
        text, phone = ColumnPlan("x"), ColumnPlan("x", expected="phone_number", shapes=("phone_number",))
        plain = levels(TEXT, [text, ColumnPlan("y", expected="email", shapes=("email",)), phone], 0)
        assert [len(projection) for projection in plain.projections] == [2, 2, 1, 1]
        iban = ColumnPlan("z", expected="iban", shapes=("iban",))
        assert [len(projection) for projection in levels(TEXT, [text, iban], 0).projections] == [
            2,
            2,
            2,
            1,
            1,
        ]

    def test_the_semantic_type_is_what_the_data_type_does_not_say(self) -> None:
        found = {
            name: semantic_type(name) for name in ("email", "uuid", "iban", "code", "number", "text", "typed")
        }
        assert found == {
            "email": "email", "uuid": "uuid", "iban": "iban", "code": "code",
            "number": None, "text": None, "typed": None,
        }  # fmt: skip


class TestFingerprint:
    def test_it_changes_with_a_check(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = fingerprint()
        assert before == fingerprint()
        iban = check_of("iban")
        assert iban is not None
        changed = replace(iban, forms=(replace(iban.forms[0], longest=99),))
        monkeypatch.setattr(registry, "CHECKS", (*CHECKS, changed))
        assert fingerprint() != before


class TestDocumentation:
    """Issue: "each one file and one line in the docs"."""

    def test_each_check_has_its_line(self) -> None:
        page = QUALITY.read_text(encoding="utf-8")
        table = page.split("## Kinds of values", 1)[1].split("\n## ", 1)[0]
        lines = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", table, flags=re.MULTILINE)
        assert [(name, tuple(re.findall(r"`(\w+)`", recognised))) for name, recognised in lines] == [
            (check.name, check.names) for check in CHECKS
        ]
