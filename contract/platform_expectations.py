"""What a platform does with ``POST /api/metadata``: who demands it, and how it is tried.

``must``: the guide, or the delivery that the design builds on it, breaks without it. ``should``: nothing is
lost without it, but somebody has to look for the reason longer.
"""

from __future__ import annotations

import gzip
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple
from urllib.parse import quote

from contract import VERSION, corpus
from contract.exchange import Answer, connect, read_answer, send
from contract.patterns import Difference, compare, shown
from contract.payload_shape import ROW_SHAPES

SCHEMA_VERSION = VERSION.rpartition(".")[0]
PATH = "/api/metadata"
PAGE_OF_COLUMNS = 10_000
PIECES = 20
FIRST_OF_TWICE = 2_000_000_000
IDS: Mapping[str, str] = {"sources": "source_id", "tables": "table_id", "columns": "column_id"}
NO_SUCH_CALL = (404, 405, 501)
HUGE = 10**12
CONFIRMED = {"status": "received", "record_count": {"$type": "integer", "$min": 0}}
ODD_NAMES = (
    "O'Brien; DROP TABLE tables; --",
    'a "quoted" name',
    "naïve 表 🚀",
    "\u202eright to left",
    "line\nbreak\tand tab",
    "__proto__",
    "${jndi:ldap://x}",
    "%s%n{}",
    "",
    "x" * 1000,
)
_VALUES: Mapping[str, Any] = {"string": "text", "integer": 1, "number": 0.5, "object": {}}
Body = Dict[str, Any]
Found = Iterator[Difference]


@dataclass(frozen=True)
class Platform:
    """The platform that is asked.

    Attributes:
        url: what ``NUVYN_API_ENDPOINT`` would be.
        key: a key that it accepts.
        other_key: a key of another tenant; empty when there is none.
        tenant: whose key ``key`` is; the bodies have it as ``tenant_id``.
        play: a text that makes the ids of this play its own.
        columns: how many columns the largest table has.
        slow_seconds: how long the slow body takes.
        timeout: seconds that the platform may be silent.
        deliveries: the path that lists each stored body.
        pause: waits for some seconds.

    """

    url: str
    key: str
    other_key: str
    tenant: str
    play: str
    columns: int = 100_000
    slow_seconds: float = 3.0
    timeout: float = 60.0
    deliveries: str = "/_receiver/deliveries"
    pause: Callable[[float], None] = time.sleep

    def headers(self, name: str, **other: str) -> Dict[str, str]:
        """Return the headers of a body; ``name`` becomes its ``Idempotency-Key``."""
        return {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.key}",
            "Idempotency-Key": f"{self.play}-{name}",
            **{key.replace("_", "-"): value for key, value in other.items()},
        }

    def post(self, body: Any, headers: Mapping[str, str]) -> Answer:
        """Send a body; a text as it stands, all else as JSON."""
        content = {"text": body} if isinstance(body, str) else {"body": body}
        request = {"method": "POST", "path": PATH, "headers": headers, "client": "bare", **content}
        return send(self.url, request, self.timeout)

    def get(self, path: str) -> Answer:
        """Ask what has come, of the tenant of this play."""
        headers = {"Authorization": f"Bearer {self.key}"}
        asked = f"{path}?tenant_id={quote(self.tenant, safe='')}"
        request = {"method": "GET", "path": asked, "headers": headers, "client": "bare"}
        return send(self.url, request, self.timeout)

    def body(self, columns: Sequence[str] = ("id",), first: int = 1, **more: Any) -> Body:
        """Build a body with one source, one table and some columns."""
        ids = {
            "tenant_id": self.tenant,
            "source_id": f"{self.play}-source",
            "table_id": f"{self.play}-table",
        }
        names = [
            {"column_id": f"{self.play}-{number}", "column_name": name, "ordinal_position": number}
            for number, name in enumerate(columns, first)
        ]
        metadata = {
            "sources": [_row("sources", ids)],
            "tables": [_row("tables", ids)],
            "columns": [_row("columns", {**ids, **name}) for name in names],
        }
        return {
            "job_id": "job_0123456789ab",
            "tenant_id": self.tenant,
            "metadata": metadata,
            "quality_metrics": {},
            **more,
        }


class NotTriedError(Exception):
    """The platform has not what an expectation needs; the words say what."""


class Expectation(NamedTuple):
    """What is expected, who says so, and what tries it.

    ``check`` yields where the platform departs; ``requires`` names an attribute that it needs.
    """

    name: str
    demand: str
    source: str
    description: str
    check: Callable[[Platform], Found]
    requires: str = ""


def _row(section: str, values: Mapping[str, Any]) -> Body:
    return {
        name: values.get(name, None if kind.endswith("?") else _VALUES[kind])
        for name, kind in ROW_SHAPES[section].items()
    }


def _rows(body: Body) -> int:
    return sum(len(rows) for rows in body["metadata"].values())


def _confirmed(answer: Answer, where: str = "") -> Found:
    """Yield how an answer is no confirmation: 200 with the guide's JSON."""
    if answer.status != 200:  # noqa: PLR2004  HTTP's own
        yield Difference(f"{where}status", "200", f"{answer.status} with {shown(answer.text)}")
    elif answer.body is None:
        yield Difference(f"{where}$", "a JSON document", shown(answer.text))
    else:
        yield from compare(CONFIRMED, answer.body, {})[0]


def _refused(answer: Answer, *statuses: int) -> Found:
    if answer.status not in statuses:
        wanted = " or ".join(map(str, statuses))
        yield Difference("status", wanted, f"{answer.status} with {shown(answer.text)}")


def _well_formed(platform: Platform) -> Found:
    yield from _confirmed(platform.post(platform.body(), platform.headers("well-formed")))


def _guides_own(platform: Platform) -> Found:
    documented = corpus.transmissions()["request"]["request"]["body"]
    yield from _confirmed(
        platform.post({**documented, "tenant_id": platform.tenant}, platform.headers("guide"))
    )


def _without_key(platform: Platform) -> Found:
    headers = platform.headers("no-idempotency-key")
    del headers["Idempotency-Key"]
    yield from _confirmed(platform.post(platform.body(), headers))


def _counted(platform: Platform) -> Found:
    body = platform.body(("a", "b", "c"))
    answer = platform.post(body, platform.headers("counted"))
    yield from compare({"record_count": _rows(body)}, answer.body, {})[0]


def _pages(platform: Platform) -> Found:
    for number in (1, 2, 3):
        body = platform.body((f"column {number}",), number, page={"number": number, "of": 3})
        yield from _confirmed(platform.post(body, platform.headers(f"page-{number}")), f"page {number} ")


def _many_columns(platform: Platform) -> Found:
    pages = range(0, platform.columns, PAGE_OF_COLUMNS)
    for number, first in enumerate(pages, 1):
        last = min(first + PAGE_OF_COLUMNS, platform.columns)
        names = [f"column_{place}" for place in range(first, last)]
        body = platform.body(names, first + 1, page={"number": number, "of": len(pages)})
        answer = platform.post(body, platform.headers(f"many-{number}"))
        yield from _confirmed(answer, f"page {number} ")
        if answer.status != 200:  # noqa: PLR2004  the other pages would say the same
            return


def _of_source(
    platform: Platform, name: str, tables: Sequence[str], version: int, base: Optional[int]
) -> Body:
    """Build a body of one source and some of its tables."""
    ids = {"tenant_id": platform.tenant, "source_id": f"{platform.play}-{name}"}
    source = _row("sources", {**ids, "metadata_version": version})
    rows = [
        _row("tables", {**ids, "table_id": f"{platform.play}-{name}-{one}", "table_name": one})
        for one in tables
    ]
    metadata = {"sources": [{**source, "base_version": base}], "tables": rows, "columns": []}
    return {**platform.body(), "metadata": metadata, "schema_version": SCHEMA_VERSION}


def _delta(platform: Platform) -> Found:
    whole = _of_source(platform, "delta", ("a", "b"), 1, None)
    yield from _confirmed(platform.post(whole, platform.headers("delta-1")), "all tables: ")
    changed = _of_source(platform, "delta", ("a",), 2, 1)
    yield from _confirmed(platform.post(changed, platform.headers("delta-2")), "the table that changed: ")
    known = _known_tables(platform)
    wanted = f"{platform.play}-delta-b"
    if known is not None and wanted not in known:
        yield Difference("$.metadata.tables", f"{wanted}, which has not changed", shown(known))


def _known_tables(platform: Platform) -> Optional[List[Any]]:
    """Return the ids of tables; None where the platform has no call that shows them: it is not needed."""
    answer = platform.get(PATH)
    try:
        return [row["table_id"] for row in answer.body["metadata"]["tables"]]
    except (KeyError, TypeError):
        return None


def _missing_base(platform: Platform) -> Found:
    body = _of_source(platform, "missing-base", ("a",), 8, 7)
    answer = platform.post(body, platform.headers("missing-base"))
    if answer.status == 409:  # noqa: PLR2004  HTTP's own
        yield from compare({"error": {"code": "missing_base"}}, answer.body, {})[0]
    else:
        yield from _confirmed(answer, "409, or ")


def _gzip(platform: Platform) -> Found:
    announced = platform.post(platform.body(), platform.headers("gzip-1")).headers.get("accept-encoding", "")
    if "gzip" not in announced.lower():
        return
    content = gzip.compress(json.dumps(platform.body()).encode(), mtime=0)
    headers = platform.headers("gzip-2", Content_Encoding="gzip", Content_Length=str(len(content)))
    connection, path = connect(platform.url, PATH, platform.timeout)
    try:
        connection.request("POST", path, content, headers)
        yield from _confirmed(read_answer(connection))
    finally:
        connection.close()


def _same_key(platform: Platform) -> Found:
    answers = [platform.post(platform.body(), platform.headers("same")) for _ in range(2)]
    yield from _same_answers(answers)


def _stored_once(platform: Platform) -> Found:
    """Post twice, then read: each row is there once."""
    body = platform.body(("twice",), FIRST_OF_TWICE)
    for _ in range(2):
        yield from _confirmed(platform.post(body, platform.headers("stored-once")))
    answer = _readable(platform, PATH)
    metadata = answer.body.get("metadata") if isinstance(answer.body, dict) else None
    for section, row_id in IDS.items():
        (posted,) = body["metadata"][section]
        rows = metadata.get(section) if isinstance(metadata, dict) else None
        shown_rows = [row.get(row_id) for row in rows if isinstance(row, dict)] if rows else []
        times = shown_rows.count(posted[row_id])
        if times != 1:
            yield Difference(f"$.metadata.{section}", f"{posted[row_id]} once", f"{times} times")


def _delivered_once(platform: Platform) -> Found:
    """Post twice, then read the list of deliveries: the key is there once."""
    headers = platform.headers("delivered-once")
    for _ in range(2):
        yield from _confirmed(platform.post(platform.body(), headers))
    answer = _readable(platform, platform.deliveries)
    listed = answer.body.get("deliveries") if isinstance(answer.body, dict) else None
    keys = [each.get("idempotency_key") for each in listed if isinstance(each, dict)] if listed else []
    times = keys.count(headers["Idempotency-Key"])
    if times != 1:
        yield Difference("$.deliveries", f"{headers['Idempotency-Key']} once", f"{times} times")


def _readable(platform: Platform, path: str) -> Answer:
    """Return the answer to a GET; a platform without this call is not held to it."""
    answer = platform.get(path)
    if answer.status in NO_SUCH_CALL:
        raise NotTriedError(f"GET {path} is answered by {answer.status}: what was stored cannot be read")
    return answer


def _same_key_at_once(platform: Platform) -> Found:
    with ThreadPoolExecutor(4) as threads:
        tries = [
            threads.submit(platform.post, platform.body(), platform.headers("at-once")) for _ in range(4)
        ]
        answers = [each.result() for each in tries]
    yield from _same_answers(answers)


def _same_answers(answers: Sequence[Answer]) -> Found:
    for answer in answers:
        yield from _confirmed(answer)
    first, *others = answers
    for other in others:
        if other.body != first.body:
            yield Difference("$", f"the first answer again, {shown(first.body)}", shown(other.body))


def _no_key(platform: Platform) -> Found:
    headers = platform.headers("no-key")
    del headers["Authorization"]
    yield from _refused(platform.post(platform.body(), headers), 401, 403)


def _wrong_key(platform: Platform) -> Found:
    headers = platform.headers("wrong-key", Authorization="Bearer nobody-has-this-key")
    yield from _refused(platform.post(platform.body(), headers), 401, 403)


def _other_tenants_key(platform: Platform) -> Found:
    headers = platform.headers("other-tenant", Authorization=f"Bearer {platform.other_key}")
    yield from _refused(platform.post(platform.body(), headers), 401, 403, 404)


def _odd_names(platform: Platform) -> Found:
    body = platform.body(ODD_NAMES)
    body["metadata"]["tables"][0]["table_name"] = ODD_NAMES[0]
    yield from _confirmed(platform.post(body, platform.headers("odd-names")))


def _extra_fields(platform: Platform) -> Found:
    """Try each place alone, so that the difference says which one is refused."""
    spoilt: List[Tuple[str, Body]] = [(place, platform.body()) for place in ("body", "metadata", "row")]
    for place, body in spoilt:
        around = {"body": body, "metadata": body["metadata"], "row": body["metadata"]["tables"][0]}[place]
        around["of_a_later_version"] = {"any": ["thing", 1]}
        answer = platform.post(body, platform.headers(f"extra-{place}"))
        yield from _confirmed(answer, f"a new key in {place}: ")


def _no_json(platform: Platform) -> Found:
    for number, text in enumerate(('{"job_id": ', "<xml/>", "")):
        yield from _refused(platform.post(text, platform.headers(f"no-json-{number}")), 400, 411, 415, 422)


def _wrong_shape(platform: Platform) -> Found:
    body = platform.body()
    del body["tenant_id"]
    yield from _refused(platform.post(body, platform.headers("wrong-shape")), 400, 403, 422)


def _refusal_says_why(platform: Platform) -> Found:
    answer = platform.post("{", platform.headers("says-why"))
    if not isinstance(answer.body, dict) or "error" not in answer.body:
        yield Difference("$.error", "words that help who reads the executor's log", shown(answer.text))


def _too_large(platform: Platform) -> Found:
    connection, path = connect(platform.url, PATH, platform.timeout)
    try:
        connection.putrequest("POST", path)
        for name, value in {**platform.headers("huge"), "Content-Length": str(HUGE)}.items():
            connection.putheader(name, value)
        connection.endheaders(b'{"job_id": "')
        yield from _refused(read_answer(connection), 413)
    finally:
        connection.close()


def _slow(platform: Platform) -> Found:
    content = json.dumps(platform.body()).encode()
    size = len(content) // PIECES + 1
    connection, path = connect(platform.url, PATH, platform.timeout)
    try:
        connection.putrequest("POST", path)
        for name, value in {**platform.headers("slow"), "Content-Length": str(len(content))}.items():
            connection.putheader(name, value)
        connection.endheaders()
        for start in range(0, len(content), size):
            connection.send(content[start : start + size])
            platform.pause(platform.slow_seconds / PIECES)
        yield from _confirmed(read_answer(connection))
    finally:
        connection.close()


EXPECTATIONS: Sequence[Expectation] = (
    Expectation("guide", "must", "guide", "The guide's own body is confirmed.", _guides_own),
    Expectation("well_formed", "must", "guide", "A body with rows is confirmed by 200.", _well_formed),
    Expectation("record_count", "should", "design", "record_count counts the rows that came.", _counted),
    Expectation(
        "no_idempotency_key", "must", "guide", "The guide names no Idempotency-Key: not needed.", _without_key
    ),
    Expectation("pages", "must", "design", "Each page of a body is confirmed by itself.", _pages),
    Expectation("delta", "should", "design", "Tables that do not come again are still there.", _delta),
    Expectation(
        "missing_base", "should", "design", "A delta without its base: 409, or taken.", _missing_base
    ),
    Expectation("gzip", "should", "design", "Who says that it takes gzip takes it.", _gzip),
    Expectation("many_columns", "must", "design", "100,000 columns come in pages.", _many_columns),
    Expectation("same_key", "must", "design", "The same Idempotency-Key: the same answer again.", _same_key),
    Expectation("stored_once", "must", "design", "Read back, what came twice is there once.", _stored_once),
    Expectation(
        "delivered_once", "must", "design", "In the list of deliveries it is there once.", _delivered_once
    ),
    Expectation(
        "same_key_at_once", "should", "design", "So are four attempts at the same time.", _same_key_at_once
    ),
    Expectation("no_key", "must", "guide", "Without a Bearer key nothing is taken.", _no_key),
    Expectation("wrong_key", "must", "guide", "A wrong key is refused.", _wrong_key),
    Expectation(
        "other_tenants_key",
        "must",
        "design",
        "The key of another tenant is refused.",
        _other_tenants_key,
        "other_key",
    ),
    Expectation("odd_names", "must", "design", "Names are any text: quotes, emoji, lines.", _odd_names),
    Expectation("extra_fields", "must", "design", "Keys of a later version do not break it.", _extra_fields),
    Expectation("no_json", "must", "design", "A body that is no JSON is refused, not a 5xx.", _no_json),
    Expectation("wrong_shape", "should", "design", "A body without tenant_id is refused.", _wrong_shape),
    Expectation("refusal_says_why", "should", "design", "A refusal has words in error.", _refusal_says_why),
    Expectation("too_large", "should", "design", "A body without end is 413 before it came.", _too_large),
    Expectation("slow", "must", "design", "A body that comes slowly is taken.", _slow),
)


def try_expectation(expectation: Expectation, platform: Platform) -> Tuple[Tuple[Difference, ...], str]:
    """Try an expectation; a platform that does not answer is a difference.

    Returns:
        the differences, and why it could not be tried (empty when it was).

    """
    if expectation.requires and not getattr(platform, expectation.requires):
        return (), f"no --{expectation.requires.replace('_', '-')} was given"
    try:
        return tuple(expectation.check(platform)), ""
    except NotTriedError as reason:
        return (), str(reason)
    except (OSError, HTTPException) as error:
        return (Difference("request", "an answer", f"{type(error).__name__}: {error}"),), ""
