"""`nuvyn-contract verify-platform`: right platforms pass, and each fault of a platform is noticed."""

from __future__ import annotations

import json
import time
from typing import Any, Callable, ContextManager, Dict, List, Tuple

import pytest

from contract import corpus
from contract.__main__ import main
from contract.platform_expectations import EXPECTATIONS, Platform, try_expectation
from contract.receiver import Receiver

KEY = "the-key-of-this-platform"
QUICK = ["--columns", "300", "--slow-seconds", "0.02", "--timeout", "10", "--report", "json"]
Reply = Tuple[int, Any]
Script = Callable[[str, str, str], Reply]
Serving = Callable[[Script], ContextManager[Any]]


def asked(capsys: pytest.CaptureFixture[str], url: str, *more: str) -> Tuple[int, Dict[str, Any]]:
    """Return the exit code, and the cases of the report by name."""
    code = main(["verify-platform", "--url", url, "--key", KEY, *QUICK, *more])
    cases = json.loads(capsys.readouterr().out)["cases"]
    return code, {case["id"].partition("/")[2]: case for case in cases}


def confirmed(text: str) -> Reply:
    rows = json.loads(text)["metadata"]
    return 200, {"status": "received", "record_count": sum(map(len, rows.values()))}


class TestTheReceiver:
    """Issue: "what a `POST /api/metadata` must take": the reference takes all of it."""

    def test_meets_every_expectation(self, capsys: pytest.CaptureFixture[str]) -> None:
        with Receiver(KEY) as receiver:
            code, cases = asked(capsys, receiver.url)

        missed = {name: case["differences"] for name, case in cases.items() if case["differences"]}
        assert missed == {}
        assert code == 0
        assert [name for name, case in cases.items() if "why" in case] == ["other_tenants_key"]

    def test_takes_a_hundred_thousand_columns_in_pages(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Issue: "100,000 columns in pages"."""
        began = time.process_time()  # both sides are in this process; other programs do not count
        with Receiver(KEY) as receiver:
            code, cases = asked(capsys, receiver.url, "--only", "many_columns", "--columns", "100000")

        assert (code, cases["many_columns"]["differences"]) == (0, [])
        assert time.process_time() - began < 60

    def test_each_expectation_says_who_demands_it(self) -> None:
        """Issue: "Each expectation says whether the guide or the design says so (must / should)"."""
        assert {each.demand for each in EXPECTATIONS} == {"must", "should"}
        assert {each.source for each in EXPECTATIONS} == {"guide", "design"}

    def test_the_page_lists_them(self) -> None:
        page = (corpus.ROOT.parent / "docs" / "contract.md").read_text(encoding="utf-8")
        rows = [
            f"| `{each.name}` | {each.demand} | {each.source} | {each.description} |" for each in EXPECTATIONS
        ]

        assert [row for row in rows if row not in page] == []

    def test_they_can_be_listed(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify-platform", "--list", "--only", "wrong_key"]) == 0
        assert capsys.readouterr().out == "platform/wrong_key: must (guide): A wrong key is refused.\n"


# What a platform with one fault answers, and to which texts; to all others it is right.
FAULTS: Dict[str, Tuple[Callable[[str], bool], Reply]] = {
    "500 for no JSON": (lambda text: not is_json(text), (500, {"error": "oh"})),
    "no words": (lambda text: not is_json(text), (400, {})),
    "no pages": (lambda text: '"page"' in text, (422, {"error": "page is not known"})),
    "no new keys": (lambda text: "of_a_later_version" in text, (422, {"error": "not known"})),
    "plain names": (lambda text: "🚀" in text, (400, {"error": "only letters"})),
    "empty bodies refused": (lambda text: '"sources": []' in text, (422, {"error": "nothing there"})),
    "201": (lambda _text: True, (201, {"status": "received", "record_count": 3})),
    "number as text": (lambda _text: True, (200, {"status": "received", "record_count": "3"})),
    "other word": (lambda _text: True, (200, {"status": "ok", "record_count": 3})),
    "login page": (lambda _text: True, (200, "<html>log in</html>")),
    "few columns": (lambda text: len(text) > 20_000, (413, {"error": "too large"})),
    "no deltas": (lambda text: '"base_version": 1' in text, (422, {"error": "not all tables"})),
    "bare conflict": (lambda text: '"base_version": 7' in text, (409, {"error": "conflict"})),
    "takes every key": (lambda _text: False, (200, {})),
}


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def wrong(fault: str) -> Script:
    """A platform with one fault; it takes every key."""

    def script(method: str, path: str, text: str) -> Reply:
        del method, path
        fits, reply = FAULTS[fault]
        if fits(text):
            return reply
        return confirmed(text) if is_json(text) else (400, {"error": "no JSON"})

    return script


def counting() -> Script:
    """A platform that stores the same body as often as it comes."""
    texts: List[str] = []

    def script(method: str, path: str, text: str) -> Reply:
        del method, path
        texts.append(text)
        return 200, {"status": "received", "record_count": len(texts)}

    return script


def showing(body: Any) -> Script:
    """A platform that shows this; ``["twice"]``: each body as often as it came."""
    posted: List[Any] = []

    def script(method: str, path: str, text: str) -> Reply:
        del path
        if method == "POST":
            posted.append(json.loads(text))
            return confirmed(text)
        if body != ["twice"]:
            return 200, body
        rows = {
            section: [row for each in posted for row in each["metadata"][section]]
            for section in ("sources", "tables", "columns")
        }
        play = posted[0]["metadata"]["sources"][0]["source_id"][: -len("-source")]
        return 200, {"metadata": rows, "deliveries": [{"idempotency_key": f"{play}-delivered-once"}] * 2}

    return script


class TestAWrongPlatform:
    """A platform that departs is named by the expectation that it does not meet."""

    @pytest.mark.parametrize(
        ("fault", "expectation"),
        [
            ("no pages", "pages"),
            ("no new keys", "extra_fields"),
            ("plain names", "odd_names"),
            ("empty bodies refused", "guide"),
            ("201", "well_formed"),
            ("number as text", "well_formed"),
            ("other word", "well_formed"),
            ("login page", "well_formed"),
            ("few columns", "many_columns"),
            ("500 for no JSON", "no_json"),
            ("takes every key", "wrong_key"),
            ("takes every key", "no_key"),
        ],
    )
    def test_fails_by_name(
        self, serving: Serving, capsys: pytest.CaptureFixture[str], fault: str, expectation: str
    ) -> None:
        with serving(wrong(fault)) as server:
            code, cases = asked(capsys, server.url, "--only", expectation)

        assert (code, cases[expectation]["outcome"]) == (1, "failed")

    @pytest.mark.parametrize(
        ("fault", "expectation"), [("no deltas", "delta"), ("bare conflict", "missing_base")]
    )
    def test_a_delta_that_is_not_taken_is_advice(
        self, serving: Serving, capsys: pytest.CaptureFixture[str], fault: str, expectation: str
    ) -> None:
        """Issue: "a delta of what changed since the confirmed version"."""
        with serving(wrong(fault)) as server:
            code, cases = asked(capsys, server.url, "--only", expectation)

        assert (code, cases[expectation]["outcome"]) == (0, "advice")

    def test_a_platform_that_forgets_what_does_not_come_again_is_named(
        self, serving: Serving, capsys: pytest.CaptureFixture[str]
    ) -> None:
        last: List[Any] = []

        def forgetful(method: str, path: str, text: str) -> Reply:
            del path
            if method == "GET":
                return 200, last[-1]
            last.append(json.loads(text))
            return confirmed(text)

        with serving(forgetful) as server:
            _, cases = asked(capsys, server.url, "--only", "delta")

        assert cases["delta"]["outcome"] == "advice"
        assert "which has not changed" in cases["delta"]["differences"][0]["wanted"]

    def test_one_that_says_gzip_and_does_not_take_it_is_named(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with Receiver(KEY) as receiver:
            receiver.answer_next(415, {"error": "plain bodies only"}, store_first=False)
            refused, cases = asked(capsys, receiver.url, "--only", "gzip")
            assert (refused, cases["gzip"]["outcome"]) == (0, "passed")  # it has not said so
            said = {"Accept-Encoding": "gzip"}
            receiver.answer_next(200, {"status": "received", "record_count": 3}, headers=said)
            receiver.answer_next(415, {"error": "plain bodies only"})
            _, cases = asked(capsys, receiver.url, "--only", "gzip")

        assert cases["gzip"]["outcome"] == "advice"

    def test_the_same_key_that_is_counted_twice_is_named(
        self, serving: Serving, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Issue: "the same key twice (stored once)"."""
        with serving(counting()) as server:
            code, cases = asked(capsys, server.url, "--only", "same_key")

        assert code == 1
        assert "the first answer again" in cases["same_key"]["differences"][0]["wanted"]

    @pytest.mark.parametrize(
        ("name", "body", "got"),
        [
            ("stored_once", {"metadata": {"sources": [], "tables": [], "columns": []}}, "0 times"),
            ("delivered_once", {"deliveries": []}, "0 times"),
            ("delivered_once", ["twice"], "2 times"),
            ("stored_once", ["twice"], "2 times"),
            ("stored_once", {"metadata": None}, "0 times"),
        ],
    )
    def test_what_is_stored_twice_or_not_at_all_is_seen_by_reading(
        self, serving: Serving, capsys: pytest.CaptureFixture[str], name: str, body: Any, got: str
    ) -> None:
        """Issue: "the same key twice (stored once)": read, and not only answered alike."""
        with serving(showing(body)) as server:
            code, cases = asked(capsys, server.url, "--only", name)

        assert (code, cases[name]["differences"][0]["got"]) == (1, got)

    @pytest.mark.parametrize("name", ["stored_once", "delivered_once"])
    def test_a_platform_that_shows_nothing_is_not_held_to_it(
        self, serving: Serving, capsys: pytest.CaptureFixture[str], name: str
    ) -> None:
        def script(method: str, path: str, text: str) -> Reply:
            del path
            return (405, {}) if method == "GET" else confirmed(text)

        with serving(script) as server:
            code, cases = asked(capsys, server.url, "--only", name)

        assert (code, cases[name]["outcome"]) == (0, "not asked")
        assert "405: what was stored cannot be read" in cases[name]["why"]

    def test_a_should_is_advice_and_fails_only_when_it_is_asked_for(
        self, serving: Serving, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with serving(wrong("no words")) as server:
            calm, cases = asked(capsys, server.url, "--only", "refusal_says_why")
            strict, _ = asked(capsys, server.url, "--only", "refusal_says_why", "--strict")

        assert (calm, cases["refusal_says_why"]["outcome"], strict) == (0, "advice", 1)

    def test_the_key_of_another_tenant_is_tried_when_there_is_one(
        self, serving: Serving, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with serving(wrong("takes every key")) as server:
            code, _ = asked(
                capsys, server.url, "--only", "other_tenants_key", "--other-key", "key-of-somebody-else"
            )

            assert code == 1
            assert "Bearer key-of-somebody-else" in {
                headers["Authorization"] for _, headers, _ in server.seen
            }

    def test_a_platform_that_is_not_there_cannot_be_asked(
        self, serving: Serving, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with serving(wrong("other word")) as server:
            url = server.url

        code = main(["verify-platform", "--url", url, "--key", KEY, "--only", "guide"])
        out, err = capsys.readouterr()
        assert (code, out) == (2, "")
        assert err.startswith(f"{url} does not answer: ")
        assert "refused" in err

    def test_one_that_ends_meanwhile_is_a_difference(self, serving: Serving) -> None:
        with serving(wrong("other word")) as server:
            platform = Platform(server.url, KEY, "", "acme", "play")
        (guide,) = (each for each in EXPECTATIONS if each.name == "guide")
        (found,), why = try_expectation(guide, platform)

        assert (found.wanted, why) == ("an answer", "")
        assert "ConnectionRefusedError" in found.got
