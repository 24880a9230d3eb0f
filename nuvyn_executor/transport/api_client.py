"""The HTTP client of the platform: one POST, repeated while that may help, for a limited time.

The loop is our own because urllib3's ``Retry`` has neither full jitter nor a limit over all attempts.
"""

from __future__ import annotations

import gzip
import logging
import random
import time
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, Tuple, Type, Union
from urllib.parse import urljoin, urlsplit

from nuvyn_executor import __version__, wire
from nuvyn_executor.errors import (
    MissingBase,
    TransmissionError,
    TransmissionRejected,
    TransmissionUnavailable,
)
from nuvyn_executor.redaction import Redactor, Secret
from nuvyn_executor.transport.bounded_exchange import Cause, NoAnswer, exchange, is_url, new_session
from nuvyn_executor.transport.confirmation import CONFIRMED, confirmed_body, parsed_json
from nuvyn_executor.transport.payload import encode

if TYPE_CHECKING:
    import requests

    from nuvyn_executor.transport.bounded_exchange import Reply

PATH = "/api/metadata"

_LOGGER = logging.getLogger(__name__)
_RETRIED = frozenset({408, 425, 429})
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_READ_BYTES = 65_536  # of an answer; a confirmation is shorter
_SHOWN_CHARACTERS = 500
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CONFLICT = 409
_UNSUPPORTED = 415
_PACKED_HEADER = {"Content-Encoding": "gzip"}
_MESSAGE_KEYS = ("message", "error", "detail")


@dataclass(frozen=True)
class Confirmation:
    """The answer of a platform that confirmed that it has the metadata.

    Attributes:
        status_code: 2xx.
        body: the JSON object that it sent, secrets masked: ``status``, ``record_count``, and what it added.
    """

    status_code: int
    body: Mapping[str, Any]


@dataclass(frozen=True)
class _Answer:
    """The result of one attempt: an answer, or no answer (``status`` is 0 and ``text`` says why)."""

    status: int
    text: str
    retry_after: Optional[float] = None
    location: str = ""
    takes: Optional[str] = None
    """Which encodings of a request's body it says it takes (RFC 9110, 12.5.3)."""


class _Bearer:
    """Sets the header with the key. It is an ``auth`` because a ``.netrc`` would replace a plain header."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key.reveal()}"
        return request


class APIClient:
    """Sends metadata to the platform.

    Bodies are compressed once an answer of the platform has said ``Accept-Encoding: gzip`` (RFC 9110,
    12.5.3), until it refuses one with 415.

    Args:
        endpoint: the platform's URL (``NUVYN_API_ENDPOINT``), with or without ``/api/metadata`` at its end.
        api_key: sent as ``Authorization: Bearer``; never logged, and never sent to another host.
        timeout: seconds that an attempt waits to connect, and again for each part of the answer. It ends
            after twice that time, whatever came.
        retry_seconds: seconds that all attempts of one :meth:`send` may take together, pauses included. The
            first attempt has its time in any case; 0 means that it is the only one.
        session: a ``requests.Session``; by default a new one.
        redact: masks the platform's answer before it is logged or stored; the key is always masked.
        clock: seconds, rising.
        sleep: waits that many seconds.
        uniform: a random number from [0, 1): which part of a pause is waited.
        wall_clock: seconds since 1970, for a ``Retry-After`` that is a date.
    """

    def __init__(  # noqa: PLR0913  clocks and randomness are parameters
        self,
        endpoint: str,
        api_key: Secret,
        *,
        timeout: float = 30.0,
        retry_seconds: float = 120.0,
        session: Optional[requests.Session] = None,
        redact: Optional[Callable[[str], str]] = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Callable[[], float] = random.random,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._session = session or new_session()
        self.url = metadata_url(endpoint)
        self._key = api_key
        self._timeout = timeout
        self._retry_seconds = retry_seconds
        mask_key = Redactor([api_key.reveal()])
        self._redact: Callable[[str], str] = (lambda text: mask_key(redact(text))) if redact else mask_key
        self._redact_json = mask_key.redact_json
        self._compresses, self._has_refused_gzip = False, False
        self._clock, self._sleep, self._uniform, self._wall_clock = clock, sleep, uniform, wall_clock
        parts = urlsplit(self.url)
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            _LOGGER.warning("%s is not encrypted: the API key can be read on the way; use https://", self.url)

    def send(self, body: Union[bytes, Mapping[str, Any]], idempotency_key: str) -> Confirmation:
        """Post one body; repeat it while the platform does not answer or asks to try later.

        Args:
            body: JSON, encoded or not.
            idempotency_key: the same for every attempt, so that the platform stores the body once.

        Raises:
            TransmissionRejected: the platform refused it (4xx), redirected it (3xx) or did not confirm it
                (2xx); it is not repeated.
            MissingBase: it refused it, because it does not have what the body builds on.
            TransmissionUnavailable: 408, 425, 429, 5xx or no answer until the time was over.
        """
        data = body if isinstance(body, bytes) else encode(body)
        deadline = self._clock() + self._retry_seconds
        attempt, timeout, at_most = 1, self._timeout, 2 * self._timeout
        while True:
            answer = self._attempt(data, idempotency_key, timeout, at_most)
            if 200 <= answer.status < 500 and answer.status not in _RETRIED:  # noqa: PLR2004  not 1xx, not 5xx
                return self._judge(answer)
            pause = max(self._backoff(attempt), answer.retry_after or 0.0)
            left = deadline - self._clock()
            if pause >= left:
                raise self._gave_up(answer, attempt)
            _LOGGER.warning(
                "The platform did not take the metadata (%s); attempt %d follows in %.1f s",
                self._describe(answer),
                attempt + 1,
                pause,
            )
            self._sleep(pause)
            left = max(left - pause, 0.1)
            attempt, timeout, at_most = attempt + 1, min(self._timeout, left), min(2 * self._timeout, left)

    def _attempt(self, data: bytes, idempotency_key: str, timeout: float, at_most: float) -> _Answer:
        """Send a body, compressed where the platform takes that; plain again when it refuses it so."""
        if self._compresses:
            answer = self._asked(_packed(data), idempotency_key, timeout, at_most, _PACKED_HEADER)
            if answer.status != _UNSUPPORTED:
                return self._noted(answer)
            _LOGGER.debug("The platform refused a compressed body; it is sent as it is")
            self._compresses, self._has_refused_gzip = False, True
        return self._noted(self._asked(data, idempotency_key, timeout, at_most, {}))

    def _noted(self, answer: _Answer) -> _Answer:
        """Remember whether the platform says that it takes compressed bodies."""
        if answer.takes is not None:
            self._compresses = not self._has_refused_gzip and _names_gzip(answer.takes)
        return answer

    def _asked(
        self, data: bytes, idempotency_key: str, timeout: float, at_most: float, more: Mapping[str, str]
    ) -> _Answer:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key,
            "User-Agent": f"nuvyn-executor/{__version__}",
            "Accept-Encoding": "identity",
            "Connection": "close",
            **more,
        }
        try:
            reply = exchange(
                self._session,
                self.url,
                data,
                headers,
                _Bearer(self._key),
                timeout=timeout,
                at_most=at_most,
                largest=_READ_BYTES,
            )
        except NoAnswer as error:
            if error.cause not in _HOPELESS:
                return _Answer(0, error.words)
            kind, sentence, remedy = _HOPELESS[error.cause]
            # "from None": the cause holds the request, and the request holds the key
            raise kind(f"{sentence.format(self.url)}: {self._cut(error.words)}", remedy) from None
        return self._answer_of(reply)

    def _answer_of(self, reply: Reply) -> _Answer:
        location = reply.headers.get("Location", "")
        with suppress(ValueError):  # it is shown as it is
            location = location and urljoin(self.url, location)
        return _Answer(
            reply.status,
            reply.text,
            _seconds(reply.headers.get("Retry-After", ""), self._wall_clock()),
            location,
            reply.headers.get("Accept-Encoding"),
        )

    def _judge(self, answer: _Answer) -> Confirmation:
        """Return a confirmation; raise for an answer without one, for a refusal or a redirect."""
        if answer.status < 300:  # noqa: PLR2004  2xx
            body = confirmed_body(answer.text)
            if body is not None:
                return Confirmation(answer.status, dict(self._redact_json(body)))
            raise TransmissionRejected(
                f"{self.url} answered {self._describe(answer) if answer.text.strip() else answer.status}, "
                "and that does not confirm the metadata.",
                f"A platform confirms with {CONFIRMED}. Check that NUVYN_API_ENDPOINT is the platform's API, "
                "and no page of a login or a proxy; then see the platform's own log.",
            )
        if answer.status < 400 and is_url(answer.location, ("http", "https")):  # noqa: PLR2004  3xx
            where = self._cut(answer.location)
            raise TransmissionRejected(
                f"{self.url} answered {answer.status} and points to {where}; "
                "this is not followed, because the API key would go along.",
                f"If that is the platform, set NUVYN_API_ENDPOINT to {where}.",
            )
        if answer.status < 400:  # noqa: PLR2004  3xx
            where = f"points to {self._cut(answer.location)}, which is no URL" if answer.location else ""
            raise TransmissionRejected(
                f"{self.url} answered {answer.status} and {where or 'names no other address'}.",
                "Check NUVYN_API_ENDPOINT, and what stands between here and the platform, such as a proxy.",
            )
        sentence = f"The platform refused the metadata: {self._describe(answer)}."
        lacking = wire.missing_base(parsed_json(answer.text)) if answer.status == _CONFLICT else None
        if lacking is not None:
            raise MissingBase(sentence, _REMEDY, source_ids=lacking)
        raise TransmissionRejected(sentence, _REMEDIES.get(answer.status, _REMEDY))

    def _backoff(self, attempt: int) -> float:
        """Return full jitter: a random part of a pause that doubles, so that many executors spread out."""
        doubled = _FIRST_PAUSE_SECONDS * 2.0 ** min(attempt - 1, 16)
        return self._uniform() * min(_LONGEST_PAUSE_SECONDS, doubled)

    def _gave_up(self, answer: _Answer, attempts: int) -> TransmissionUnavailable:
        asked = f"; it asks to wait {answer.retry_after:.0f} s" if answer.retry_after else ""
        return TransmissionUnavailable(
            f"The platform at {self.url} did not take the metadata in {attempts} "
            f"attempt{'s' if attempts > 1 else ''} ({self._describe(answer)}{asked}).",
            "What is pending stays pending: run api_transmission again later, "
            "or raise EXECUTOR_API_RETRY_SECONDS.",
        )

    def _describe(self, answer: _Answer) -> str:
        words = self._cut(_words(answer.text))
        return f"{answer.status} {words}".strip() if answer.status else words

    def _cut(self, text: str) -> str:
        # Masked before it is cut: half a secret is not recognized.
        shown = " ".join(self._redact(text).split())
        return shown if len(shown) <= _SHOWN_CHARACTERS else shown[: _SHOWN_CHARACTERS - 1] + "…"


_HOPELESS: Dict[Cause, Tuple[Type[TransmissionError], str, str]] = {
    # what another attempt would meet again: the error, its sentence, its remedy
    Cause.CERTIFICATE: (
        TransmissionUnavailable,
        "The certificate of {} is not trusted",
        "Name the authority that signed it in REQUESTS_CA_BUNDLE.",
    ),
    Cause.AUTHORITIES: (
        TransmissionUnavailable,
        "The certificate of {} could not be checked",
        "Correct REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE), or unset it.",
    ),
    Cause.PROXY: (
        TransmissionUnavailable,
        "The proxy for {} could not be used",
        "Correct HTTPS_PROXY (HTTP_PROXY, ALL_PROXY): a URL such as http://proxy.example.com:3128, or none.",
    ),
    Cause.ADDRESS: (TransmissionRejected, "{} could not be asked", "Check NUVYN_API_ENDPOINT."),
}
_REMEDY = "Correct what the platform's answer names; then run api_transmission again."
_REMEDIES = {
    401: "Check NUVYN_API_KEY, or api-key in the secret scope.",
    403: "Check that NUVYN_API_KEY may send metadata for this tenant.",
    404: "Check NUVYN_API_ENDPOINT: the platform has no /api/metadata there.",
    413: "Lower EXECUTOR_MAX_PAYLOAD_MB.",
}


def metadata_url(endpoint: str) -> str:
    """Return the URL for metadata: the endpoint and ``/api/metadata``, which is not appended twice."""
    base = endpoint.rstrip("/")
    return base if base.endswith(PATH) else base + PATH


def _packed(data: bytes) -> bytes:
    """Compress a body; the same one gives the same bytes."""
    return gzip.compress(data, 6, mtime=0)


def _names_gzip(accepted: str) -> bool:
    """Whether an ``Accept-Encoding`` names gzip, and not with the weight 0."""
    for entry in accepted.lower().split(","):
        name, _, weight = entry.replace(" ", "").partition(";q=")
        if name in ("gzip", "x-gzip"):
            return weight.strip("0.") != "" or not weight
    return False


def _words(text: str) -> str:
    """Return the platform's sentence from the JSON of an error; other text is returned unchanged."""
    parsed = parsed_json(text)
    while isinstance(parsed, dict):
        parsed = next((parsed[key] for key in _MESSAGE_KEYS if key in parsed), None)
    return parsed if isinstance(parsed, str) else text


def _seconds(text: str, now: float) -> Optional[float]:
    """Read ``Retry-After``: whole seconds, or a date (RFC 9110, 10.2.3); ``None`` when it is neither."""
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
