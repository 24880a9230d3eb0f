"""Lines of JSON are cut into the values that they say, or refused; Spark has no part in it."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

pl = pytest.importorskip("polars")
from nuvyn_executor.profiling.polars import json_lines  # noqa: E402  Polars may not be there
from nuvyn_executor.profiling.polars.json_grammar import DOUBLES, EXACT, Grammar  # noqa: E402  as above
from nuvyn_executor.profiling.polars.json_lines import JsonLines  # noqa: E402  as above
from nuvyn_executor.profiling.polars.parts import NotNative  # noqa: E402  as above

KEYS = ("a", "b", "é", "c,d")
Row = Tuple[Optional[str], ...]


def read(text: str, keys: Tuple[str, ...] = KEYS, grammar: Grammar = DOUBLES) -> List[Row]:
    rows: List[Row] = []
    for one in JsonLines(keys, grammar).read(text.encode("utf-8")):
        assert all(len(values) == one.rows for values in one.columns)
        rows.extend(zip(*(values.to_list() for values in one.columns)))
    return sorted(rows, key=repr)


def said(record: Dict[str, Any]) -> Row:
    """What a record says of each key, as text."""
    found = (record.get(key) for key in KEYS)
    return tuple(json.dumps(one) if isinstance(one, (bool, int, float)) else one for one in found)


VALUES = st.one_of(
    st.text(st.sampled_from('ab,:"\\/{} \t\n\x00\u00e9\u2028\U0001f600'), max_size=5),
    st.integers(-(10**30), 10**30),
    st.floats(0.001, 9_999_999, exclude_max=True),
    st.booleans(),
    st.none(),
)
RECORDS = st.lists(st.dictionaries(st.sampled_from((*KEYS, "other")), VALUES), min_size=1, max_size=30)
STYLES = st.sampled_from([(",", ":"), (", ", ": "), (" ,", ":"), (",", " : ")])


class TestRows:
    @given(RECORDS, STYLES, st.booleans())
    def test_rows_are_those_of_the_records(
        self,
        records: List[Dict[str, Any]],
        style: Tuple[str, str],
        is_ascii: bool,  # noqa: FBT001  drawn
    ) -> None:
        lines = [json.dumps(one, separators=style, ensure_ascii=is_ascii) for one in records]
        assert read("\n".join(lines)) == sorted(map(said, records), key=repr)

    @given(RECORDS)
    def test_ways_of_writing_may_change_from_line_to_line(self, records: List[Dict[str, Any]]) -> None:
        lines = [json.dumps(one, separators=(",", ":") if i % 3 else None) for i, one in enumerate(records)]
        assert read("\n \n".join(lines) + "\n\n") == sorted(map(said, records), key=repr)

    def test_only_odd_lines_are_parsed_one_by_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: List[str] = []
        cells_of = Grammar.cells_of  # counted, and called

        def recorded(grammar: Grammar, line: str, opened: Any) -> Any:
            seen.append(line)
            return cells_of(grammar, line, opened)

        monkeypatch.setattr(Grammar, "cells_of", recorded)
        plain = ['{"a":1,"b":"x"}', '{"b":"\\u00e9","a":2.5}', '{"a":null}', '{"other":true,"b":"{}"}']
        odd = ['{"b":"x,"}', '{"b":"x","a":"y,"}', '{ "a":1}', '{"a" :1}', '{"a":1} ', "{}", '{"\\u0061":1}']
        read("\n".join(plain * 50))
        assert seen == [plain[0]]
        seen.clear()
        assert len(read("\n".join([*plain, *odd]))) == len(plain) + len(odd)
        assert seen == [plain[0], *odd]

    def test_lines_of_several_forms_are_cut_and_not_parsed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: List[str] = []
        read_one = Grammar.read  # counted, and called

        def recorded(grammar: Grammar, text: str) -> Any:
            seen.append(text)
            return read_one(grammar, text)

        monkeypatch.setattr(Grammar, "read", recorded)
        forms = [
            '{"a":1}',
            '{"o":{"p":"x"},"a":[1, 2]}',
            '{"a":2,"o":null}',
            '{"o":{"q":5,"p":"y"}}',
            '{"a":"z"}',
        ]
        assert len(read("\n".join(forms * 200), ("a", "o.p", "o.q"))) == 1000
        assert seen == []

    @pytest.mark.parametrize("many", [3, 1000])
    def test_objects_of_few_and_of_many_keys(self, many: int) -> None:
        record = {"o": {f"k{i}": i for i in range(many)}, "a": "x"}
        keys = (*(f"o.k{i}" for i in range(many)), "a")
        assert read("\n".join([json.dumps(record)] * 3), keys) == [(*map(str, range(many)), "x")] * 3

    def test_folders_stay_with_their_lines(self) -> None:
        lines = ['{"a":0}', " ", '{ "a":1}', '{"a":2}', "", '{"a":3,"b":null}']
        folder = pl.Series(range(len(lines)), dtype=pl.UInt32)
        found: List[Tuple[int, str]] = []
        for one in JsonLines(("a",)).read("\n".join(lines).encode(), folder):
            assert one.folder is not None
            found.extend(zip(one.folder.to_list(), one.columns[0].to_list()))
        assert sorted(found) == [(0, "0"), (2, "1"), (3, "2"), (5, "3")]

    def test_no_lines_are_no_rows(self) -> None:
        assert read("") == read(" \n\t\n\n") == []


def lines_with(number: str) -> List[str]:
    return [f'{{"a":{number}}}', f'{{ "a":{number}}}', f'{{"a": {number}}}']


class TestNumbers:
    """Numbers that Java and JSON write alike, or of a Spark that leaves all as they are, and no others."""

    @pytest.mark.parametrize("grammar", [DOUBLES, EXACT], ids=["doubles", "exact"])
    @pytest.mark.parametrize(
        "number",
        ["0", "7", "-7", "9" * 100, "-" + "9" * 100, "0.0", "-0.0", "1.0", "10.0", "100.5", "0.001", "0.0012",
         "9999999.9", "1234567.1234567", "0.30000000000000004", "191.15800000000002", "-0.05", "1234567.0"],
    )  # fmt: skip
    def test_are_read_as_they_are_written(self, number: str, grammar: Grammar) -> None:
        for line in lines_with(number):
            assert read(line, ("a",), grammar) == [(number,)]

    @pytest.mark.parametrize(
        ("written", "double"),
        [("1.10", "1.1"), ("1.00", "1.0"), ("0.00", "0.0"), ("-0.00", "-0.0"), ("0.0010", "0.001"),
         ("100.50", "100.5"), ("-7.2500000", "-7.25"), ("1234567.0", "1234567.0"),
         ("0.30000000000000004000", "0.30000000000000004"), ("2.5" + "0" * 40, "2.5")],
    )  # fmt: skip
    def test_lose_the_zeros_that_a_double_has_not(self, written: str, double: str) -> None:
        for line in lines_with(written):
            assert read(line, ("a",)) == [(double,)]
            assert read(line + '\n{"a":"1.10"}\n{"a":10}', ("a",)) == sorted(
                [(double,), ("1.10",), ("10",)], key=repr
            )

    @pytest.mark.parametrize(
        "number",
        ["-0", "1.10", "1.00", "0.0001", "10000000.0", "12345678.5", "1e3", "1E+3", "-1.50e-7", "1e400",
         "0.10000000000000001", "0.1234567890123456789", "9" * 100 + "." + "9" * 99],
    )  # fmt: skip
    def test_are_any_where_spark_leaves_them(self, number: str) -> None:
        for line in lines_with(number):
            assert read(line, ("a",), EXACT) == [(number,)]

    @pytest.mark.parametrize(
        "number",
        ["-0", "1" + "0" * 100, "0.0001", "10000000.0", "12345678.5", "1e3", "1E3", "1.5e1", "1.50e1",
         "0.10000000000000001", "0.1234567890123456789", "123.45678901234567891", "1e400", "NaN",
         "Infinity", "-Infinity", "2.5" + "0" * 41],
    )  # fmt: skip
    def test_that_are_refused(self, number: str) -> None:
        for before in ('{"a":1}\n', '{"a":"x,"}\n', ""):
            for line in (f'{{"a":{number}}}', f'{{ "a":{number}}}', f'{{"other":{number}}}'):
                with pytest.raises(NotNative, match=r"as it is written|where JSON has a value"):
                    read(before + line, ("a",))

    @pytest.mark.parametrize("number", ["1" + "0" * 100, "1." + "0" * 100, "1e1000", "NaN", "-Infinity"])
    def test_that_no_spark_is_known_to_leave(self, number: str) -> None:
        for line in lines_with(number):
            with pytest.raises(NotNative, match=r"as it is written|where JSON has a value"):
                read('{"a":1}\n' + line, ("a",), EXACT)


class TestRefusals:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("x", "no JSON object"),
            ('"x"', "no JSON object"),
            ("[]", "no JSON object"),
            ('[{"a":1}]', "no JSON object"),
            ('{"a":1', "no JSON object"),
            ('"a":1}', "no JSON object"),
            ('a":1}', "no JSON object"),
            ('{a":1}', "no JSON object"),
            ('{"a":1}}', "no JSON object"),
            ('{"a":1},{"a":2}', "no JSON object"),
            ('{"a":1}{"a":2}', "no JSON object"),
            ('{"a":1,}', "no JSON object"),
            ('{"a":1,"b"}', "no JSON object"),
            ('{"a":1,"b":}', "no JSON object"),
            ('{"a"1}', "no JSON object"),
            ('{"a":01}', "no JSON object"),
            ('{"a":.5}', "no JSON object"),
            ('{"a":5.}', "no JSON object"),
            ('{"a":+5}', "no JSON object"),
            ('{"a":True}', "no JSON object"),
            ('{"a":"x"y"}', "no JSON object"),
            ('{"a":"x\\"}', "no JSON object"),
            ('{"a":"\\x"}', "no JSON object"),
            ('{"a":"\\u12"}', "no JSON object"),
            ('{"a":"\x01"}', "no JSON object"),
            ('{"a":"\t"}', "no JSON object"),
            ('{"a\t":"x"}', "no JSON object"),
            ("{'a':1}", "no JSON object"),
            ('\x0b{"a":1}', "no JSON object"),
            ("\x0b", "no JSON object"),
            ('\ufeff{"a":1}', "no JSON object"),
            ('\u00a0{"a":1}', "no JSON object"),
            ("[" * 100_000, "no JSON object"),
            ('{"a":[1}', "no JSON object"),
            ('{"a":[1e3]}', "does not leave as it is written: 1e3"),
            ('{"other":{"a":1e3}}', "does not leave as it is written: 1e3"),
            ('{"a.b":1}', "a key with a point"),
            ('x{"b":[1],"a":1}', "no JSON object"),
            ('{"b":[1],"a":1}x', "no JSON object"),
            ('{"a":1,"a":2}', "key 'a' more than once"),
            ('{"a":1, "a":2}', "key 'a' more than once"),
            ('{"b":1,"a":2,"a":2}', "key 'a' more than once"),
            ('{"a":1,"\\u0061":2}', "key 'a' more than once"),
            ('{"a":"\\ud800"}', "a lone surrogate"),
            ('{"a": "\\ude00\\ud83d"}', "a lone surrogate"),
            ('{"a":"\\"NaN\\""}', "in quotes"),
            ('{"a": "\\"-Infinity\\""}', "in quotes"),
        ],
    )
    def test_a_line(self, line: str, reason: str) -> None:
        for text in (line, '{"a":1,"b":"x"}\n' + line, line + '\n{"a":1,"b":"x"}'):
            with pytest.raises(NotNative, match=reason):
                read(text)

    @pytest.mark.parametrize(
        "line",
        [
            'x{"o":{"p":1},"a":[2]}',
            '{"o":{"p":1},"a":[2]}x',
            '{"o":{"p":1},"a":[2]',
            '{"o":{"p":1}},"a":[2]}',
            '{"o":{"p":1,"a":[2]}',
            '{"o":{"p":1},"a":[2}',
        ],
    )
    def test_a_line_that_is_nearly_as_the_first(self, line: str) -> None:
        first = '{"o":{"p":1},"a":[2]}'
        assert read(f"{first}\n{first}", ("o.p", "a")) == [("1", "[2]")] * 2
        with pytest.raises(NotNative, match="no JSON object"):
            read(f"{first}\n{line}", ("o.p", "a"))

    def test_a_line_that_is_too_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(json_lines, "LONGEST_LINE", 20)
        assert read('{"a":"12345678901"}')
        with pytest.raises(NotNative, match="too long"):
            read('{"a":1}\n{"a":"1234567890123"}')
