"""How the client answers the odd answers of a platform."""

from __future__ import annotations

import json
import logging
from email.utils import formatdate
from typing import Any, Callable, Iterator, List, Tuple

import pytest
import requests
import responses

from nuvyn_executor.errors import TransmissionRejected, TransmissionUnavailable
from nuvyn_executor.redaction import Secret
from nuvyn_executor.transport.api_client import APIClient, metadata_url

KEY = "nv-key-0123456789"
ENDPOINT = "https://platform.example.com"
URL = f"{ENDPOINT}/api/metadata"
BODY = {"job_id": "job_abc123def456", "tenant_id": "t", "metadata": {}, "quality_metrics": {}}
NOW = 1_700_000_000.0
RECEIVED = {"status": "received", "record_count": 0}


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: List[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def platform() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def client(time: Time) -> Iterator[APIClient]:
    with requests.Session() as session:
        yield make_client(session, time)


def make_client(
    session: requests.Session, time: Time, *, endpoint: str = ENDPOINT, **options: Any
) -> APIClient:
    options = {"uniform": lambda: 1.0, "retry_seconds": 120.0, **options}
    return APIClient(
        endpoint,
        Secret(KEY),
        session=session,
        clock=time.clock,
        sleep=time.sleep,
        wall_clock=lambda: NOW,
        **options,
    )


class TestRequest:
    """POST https://your-platform-api/api/metadata; Headers: Content-Type, Authorization: Bearer <api-key>."""

    def test_it_has_the_headers_of_the_guide_and_an_idempotency_key(
        self, platform: responses.RequestsMock, client: APIClient
    ) -> None:
        platform.post(URL, json=RECEIVED)
        client.send(BODY, "key-1")
        request = platform.calls[0].request
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert request.headers["Idempotency-Key"] == "key-1"
        assert request.headers["User-Agent"] == "nuvyn-executor/1.0.0"
        assert json.loads(request.body or "") == BODY

    def test_bytes_are_sent_as_they_are(self, platform: responses.RequestsMock, client: APIClient) -> None:
        platform.post(URL, json=RECEIVED)
        client.send(b'{"a": 1}', "key-1")
        assert platform.calls[0].request.body == b'{"a": 1}'

    @pytest.mark.parametrize(
        ("endpoint", "url"),
        [
            ("https://p.example.com", "https://p.example.com/api/metadata"),
            ("https://p.example.com/", "https://p.example.com/api/metadata"),
            ("https://p.example.com/base", "https://p.example.com/base/api/metadata"),
            ("https://p.example.com/api/metadata", "https://p.example.com/api/metadata"),
            ("https://p.example.com/api/metadata/", "https://p.example.com/api/metadata"),
        ],
    )
    def test_the_path_is_appended_once(self, endpoint: str, url: str) -> None:
        assert metadata_url(endpoint) == url

    def test_a_netrc_does_not_replace_the_key(
        self,
        platform: responses.RequestsMock,
        client: APIClient,
        tmp_path: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine platform.example.com login anna password hers\n", encoding="utf-8")
        monkeypatch.setenv("NETRC", str(netrc))
        platform.post(URL, json=RECEIVED)
        client.send(BODY, "key-1")
        assert platform.calls[0].request.headers["Authorization"] == f"Bearer {KEY}"

    def test_a_key_in_clear_to_another_machine_is_warned_of(
        self, time: Time, caplog: pytest.LogCaptureFixture
    ) -> None:
        with requests.Session() as session:
            make_client(session, time, endpoint="http://127.0.0.1:8080")
            assert not caplog.records
            make_client(session, time, endpoint="http://platform.example.com")
        assert "not encrypted" in caplog.text


class TestConfirmation:
    """A 200 whose body says failure or is a login page: say what counts as a confirmation (the guide's
    `{"status": "received", "record_count"}`), keep the rest pending."""

    @pytest.mark.parametrize("status", [200, 201, 202])
    def test_the_guides_answer_confirms_and_is_kept(
        self, platform: responses.RequestsMock, client: APIClient, status: int
    ) -> None:
        platform.post(URL, json={**RECEIVED, "id": 5, "echo": KEY}, status=status)
        confirmation = client.send(BODY, "key-1")
        assert confirmation.status_code == status
        assert confirmation.body == {**RECEIVED, "id": 5, "echo": "[REDACTED]"}

    @pytest.mark.parametrize(
        ("status", "text", "shown"),
        [
            (201, '{"id": 5}', '201 {"id": 5}'),
            (202, "queued\n for later", "202 queued for later"),
            (200, "[1, 2]", "200 [1, 2]"),
            (204, "", "204"),
            (200, f"you are {KEY}", "200 you are [REDACTED]"),
            (200, '{"status": "failed", "error": {"message": "disk full"}}', "200 disk full"),
        ],
    )
    def test_any_other_2xx_does_not_and_is_not_repeated(
        self, platform: responses.RequestsMock, client: APIClient, status: int, text: str, shown: str
    ) -> None:
        platform.post(URL, body=text, status=status)
        with pytest.raises(TransmissionRejected) as caught:
            client.send(BODY, "key-1")
        assert f"answered {shown}, and that does not confirm" in caught.value.message
        assert "NUVYN_API_ENDPOINT" in caught.value.remedy
        assert len(platform.calls) == 1

    def test_a_long_answer_is_cut(self, platform: responses.RequestsMock, client: APIClient) -> None:
        platform.post(URL, body="x" * 1_000_000)
        with pytest.raises(TransmissionRejected) as caught:
            client.send(BODY, "key-1")
        assert len(caught.value.message) < 700


class TestRefusal:
    """Other 4xx are logged with the platform's words, not repeated in this run, and stay pending."""

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422])
    def test_it_is_not_repeated(
        self, platform: responses.RequestsMock, client: APIClient, time: Time, status: int
    ) -> None:
        platform.post(URL, json={"error": {"code": "x", "message": "the tenant is unknown"}}, status=status)
        with pytest.raises(TransmissionRejected, match=f"{status} the tenant is unknown") as caught:
            client.send(BODY, "key-1")
        assert len(platform.calls) == 1
        assert time.pauses == []
        assert caught.value.remedy

    @pytest.mark.parametrize(
        ("status", "remedy"),
        [(401, "NUVYN_API_KEY"), (404, "NUVYN_API_ENDPOINT"), (413, "EXECUTOR_MAX_PAYLOAD_MB")],
    )
    def test_the_remedy_names_what_to_correct(
        self, platform: responses.RequestsMock, client: APIClient, status: int, remedy: str
    ) -> None:
        platform.post(URL, status=status)
        with pytest.raises(TransmissionRejected) as caught:
            client.send(BODY, "key-1")
        assert remedy in caught.value.remedy

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('{"detail": "no such tenant"}', "no such tenant"),
            ('{"error": "no such tenant"}', "no such tenant"),
            ("<h1>Bad\n request</h1>", "<h1>Bad request</h1>"),
            ('{"code": 7}', '{"code": 7}'),
        ],
    )
    def test_the_platforms_words_are_told(
        self, platform: responses.RequestsMock, client: APIClient, text: str, words: str
    ) -> None:
        platform.post(URL, body=text, status=400)
        with pytest.raises(TransmissionRejected) as caught:
            client.send(BODY, "key-1")
        assert f"400 {words}." in caught.value.message

    def test_its_words_are_masked_and_cut(self, platform: responses.RequestsMock, client: APIClient) -> None:
        platform.post(URL, body=f"{'x' * 490} {KEY} {'y' * 1_000}", status=400)
        with pytest.raises(TransmissionRejected) as caught:
            client.send(BODY, "key-1")
        assert "nv-key" not in str(caught.value)
        assert len(caught.value.message) < 600

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed_because_the_key_would_go_along(
        self, platform: responses.RequestsMock, client: APIClient, status: int
    ) -> None:
        platform.post(URL, status=status, headers={"Location": "https://evil.example.com/?sig=abc"})
        with pytest.raises(TransmissionRejected) as caught:
            client.send(BODY, "key-1")
        assert len(platform.calls) == 1
        assert "set NUVYN_API_ENDPOINT to https://evil.example.com/?sig=[REDACTED]" in caught.value.remedy

    def test_a_relative_redirect_is_told_whole(
        self, platform: responses.RequestsMock, client: APIClient
    ) -> None:
        platform.post(URL, status=308, headers={"Location": "/v2/api/metadata"})
        with pytest.raises(TransmissionRejected, match=r"https://platform\.example\.com/v2/api/metadata"):
            client.send(BODY, "key-1")


ANSWERS: Tuple[Any, ...] = (
    *({"status": status} for status in (408, 425, 429, 500, 502, 503, 504, 599)),
    {"body": requests.exceptions.ReadTimeout("slow")},
    {"body": requests.exceptions.ConnectTimeout("far")},
    {"body": requests.exceptions.ConnectionError("refused")},
    {"body": requests.exceptions.ChunkedEncodingError("torn")},
    {"body": requests.exceptions.SSLError("UNEXPECTED_EOF_WHILE_READING")},
)


class TestRetries:
    """408, 425, 429, 5xx, time-outs and refused connections are retried with back-off and jitter."""

    @pytest.mark.parametrize("answer", ANSWERS, ids=str)
    def test_what_may_pass_is_repeated_with_the_same_key_and_body(
        self, platform: responses.RequestsMock, client: APIClient, answer: Any
    ) -> None:
        platform.post(URL, **answer)
        platform.post(URL, **answer)
        platform.post(URL, json=RECEIVED)
        assert client.send(BODY, "key-1").status_code == 200
        assert (
            len({(call.request.headers["Idempotency-Key"], call.request.body) for call in platform.calls})
            == 1
        )

    def test_pauses_double_up_to_half_a_minute(
        self, platform: responses.RequestsMock, client: APIClient, time: Time
    ) -> None:
        platform.post(URL, status=503)
        with pytest.raises(TransmissionUnavailable):
            client.send(BODY, "key-1")
        assert time.pauses == [0.5, 1, 2, 4, 8, 16, 30, 30]

    @pytest.mark.parametrize("drawn", [0.0, 0.25, 0.999])
    def test_any_part_of_a_pause_is_waited(
        self, platform: responses.RequestsMock, time: Time, drawn: float
    ) -> None:
        platform.post(URL, status=503)
        platform.post(URL, status=503)
        platform.post(URL, json=RECEIVED)
        with requests.Session() as session:
            make_client(session, time, uniform=lambda: drawn).send(BODY, "key-1")
        assert time.pauses == [0.5 * drawn, 1.0 * drawn]

    @pytest.mark.parametrize("text", ["7", formatdate(NOW + 7, usegmt=True)])
    def test_retry_after_is_waited_for_in_both_its_forms(
        self, platform: responses.RequestsMock, client: APIClient, time: Time, text: str
    ) -> None:
        platform.post(URL, status=429, headers={"Retry-After": text})
        platform.post(URL, json=RECEIVED)
        client.send(BODY, "key-1")
        assert time.pauses == [7]

    @pytest.mark.parametrize("text", ["0", "soon", "-5", formatdate(NOW - 60, usegmt=True), ""])
    def test_a_retry_after_that_says_nothing_leaves_the_back_off(
        self, platform: responses.RequestsMock, client: APIClient, time: Time, text: str
    ) -> None:
        platform.post(URL, status=503, headers={"Retry-After": text})
        platform.post(URL, json=RECEIVED)
        client.send(BODY, "key-1")
        assert time.pauses == [0.5]

    @pytest.mark.parametrize("text", ["3600", "9" * 400])
    def test_a_retry_after_beyond_the_bound_ends_it_at_once(
        self, platform: responses.RequestsMock, client: APIClient, time: Time, text: str
    ) -> None:
        platform.post(URL, status=503, headers={"Retry-After": text})
        with pytest.raises(TransmissionUnavailable, match="asks to wait"):
            client.send(BODY, "key-1")
        assert time.pauses == []

    def test_all_attempts_together_stay_within_the_bound(
        self, platform: responses.RequestsMock, time: Time
    ) -> None:
        platform.post(URL, status=503)
        with requests.Session() as session, pytest.raises(TransmissionUnavailable) as caught:
            make_client(session, time, retry_seconds=10.0).send(BODY, "key-1")
        assert sum(time.pauses) < 10
        assert "in 5 attempts (503)" in caught.value.message
        assert "stays pending" in caught.value.remedy

    def test_no_retry_means_one_attempt(self, platform: responses.RequestsMock, time: Time) -> None:
        platform.post(URL, status=503)
        with requests.Session() as session, pytest.raises(TransmissionUnavailable, match="in 1 attempt "):
            make_client(session, time, retry_seconds=0).send(BODY, "key-1")
        assert len(platform.calls) == 1

    def test_the_last_attempts_are_not_given_more_time_than_is_left(
        self, platform: responses.RequestsMock, time: Time
    ) -> None:
        platform.post(URL, status=503)
        with requests.Session() as session, pytest.raises(TransmissionUnavailable):
            make_client(session, time, retry_seconds=10.0, timeout=9.0).send(BODY, "key-1")
        assert [call.request.req_kwargs["timeout"] for call in platform.calls] == [9, 9, 8.5, 6.5, 2.5]  # type: ignore[attr-defined]  # responses adds it

    def test_each_repetition_is_logged_as_a_warning(
        self, platform: responses.RequestsMock, client: APIClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        platform.post(URL, status=503, body=f"busy with {KEY}")
        platform.post(URL, body=requests.exceptions.ConnectionError("refused"))
        platform.post(URL, json=RECEIVED)
        client.send(BODY, "key-1")
        mine = [record for record in caplog.records if record.name == "nuvyn_executor.transport.api_client"]
        assert [record.levelno for record in mine] == [logging.WARNING, logging.WARNING]
        assert "503 busy with [REDACTED]" in mine[0].getMessage()
        assert "ConnectionError: refused" in mine[1].getMessage()
        assert KEY not in caplog.text


class TestHopeless:
    """Each gets one clear sentence that names the thing and the remedy."""

    def test_an_untrusted_certificate_is_not_tried_again(
        self, platform: responses.RequestsMock, client: APIClient, time: Time
    ) -> None:
        platform.post(URL, body=requests.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"))
        with pytest.raises(TransmissionUnavailable, match="is not trusted") as caught:
            client.send(BODY, "key-1")
        assert time.pauses == []
        assert "REQUESTS_CA_BUNDLE" in caught.value.remedy

    def test_a_request_that_cannot_be_made_is_refused_and_its_cause_not_kept(
        self, platform: responses.RequestsMock, client: APIClient
    ) -> None:
        platform.post(URL, body=requests.exceptions.InvalidURL(f"bad, {KEY}"))
        with pytest.raises(TransmissionRejected) as caught:
            client.send(BODY, "key-1")
        assert KEY not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__

    def test_a_redactor_given_is_used_beside_the_key(
        self, platform: responses.RequestsMock, time: Time
    ) -> None:
        platform.post(URL, status=400, body=f"tenant blue, key {KEY}")
        redact: Callable[[str], str] = lambda text: text.replace("blue", "***")  # noqa: E731  typed here
        with requests.Session() as session, pytest.raises(TransmissionRejected) as caught:
            make_client(session, time, redact=redact).send(BODY, "key-1")
        assert "400 tenant ***, key [REDACTED]" in caught.value.message
