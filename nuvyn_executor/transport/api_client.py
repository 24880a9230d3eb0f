"""The HTTP client of the platform: one POST, repeated while that may help, for a limited time.

requests is imported here only, when a client is made. The loop is our own because urllib3's ``Retry`` has
neither full jitter nor a limit over all attempts.
"""

from __future__ import annotations

import json
import logging
import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional, Union
from urllib.parse import urljoin, urlsplit

from nuvyn_executor import __version__
from nuvyn_executor.errors import TransmissionRejected, TransmissionUnavailable
from nuvyn_executor.redaction import Redactor, Secret
from nuvyn_executor.transport.payload import encode

if TYPE_CHECKING:
    import requests

PATH = "/api/metadata"

_LOGGER = logging.getLogger(__name__)
_RETRIED = frozenset({408, 425, 429})
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_READ_BYTES = 65_536  # of an answer; a confirmation is shorter
_SHOWN_CHARACTERS = 500
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_MESSAGE_KEYS = ("message", "error", "detail")


@dataclass(frozen=True)
class Confirmation:
    """The answer of a platform that accepted the metadata.

    Attributes:
        status_code: 2xx.
        body: the JSON object that it sent, secrets masked. For another text it is ``{"text": ...}`` with the
            first 500 characters, for no text ``{}``.
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


class _Bearer:
    """Sets the header with the key. It is an ``auth`` because a ``.netrc`` would replace a plain header."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key.reveal()}"
        return request


class APIClient:
    """Sends metadata to the platform.

    Args:
        endpoint: the platform's URL (``NUVYN_API_ENDPOINT``), with or without ``/api/metadata`` at its end.
        api_key: sent as ``Authorization: Bearer``; never logged, and never sent to another host.
        timeout: seconds that an attempt waits to connect, and again for each part of the answer.
        retry_seconds: seconds that all attempts of one :meth:`send` may take together, pauses included; an
            attempt that began in time may last until its time-out. 0 means one attempt.
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
        import requests  # noqa: PLC0415  most runs send nothing

        self._requests = requests
        self._session = session or requests.Session()
        self.url = metadata_url(endpoint)
        self._key = api_key
        self._timeout = timeout
        self._retry_seconds = retry_seconds
        mask_key = Redactor([api_key.reveal()])
        self._redact: Callable[[str], str] = (lambda text: mask_key(redact(text))) if redact else mask_key
        self._redact_json = mask_key.redact_json
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
            TransmissionRejected: the platform refused it (4xx) or redirected it (3xx); it is not repeated.
            TransmissionUnavailable: 408, 425, 429, 5xx or no answer until the time was over.
        """
        data = body if isinstance(body, bytes) else encode(body)
        deadline = self._clock() + self._retry_seconds
        attempt, timeout = 1, self._timeout
        while True:
            answer = self._attempt(data, idempotency_key, timeout)
            if answer.status and answer.status not in _RETRIED and answer.status < 500:  # noqa: PLR2004  5xx
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
            attempt, timeout = attempt + 1, min(self._timeout, max(left - pause, 0.1))

    def _attempt(self, data: bytes, idempotency_key: str, timeout: float) -> _Answer:
        errors = self._requests.exceptions
        try:
            with self._session.post(
                self.url,
                data=data,
                headers={
                    "Content-Type": "application/json",
                    "Idempotency-Key": idempotency_key,
                    "User-Agent": f"nuvyn-executor/{__version__}",
                },
                auth=_Bearer(self._key),
                timeout=timeout,
                allow_redirects=False,
                verify=True,
                stream=True,
            ) as response:
                return self._read(response)
        except errors.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise TransmissionUnavailable(
                    f"The certificate of {self.url} is not trusted: {self._cut(str(error))}",
                    "Name the authority that signed it in REQUESTS_CA_BUNDLE.",
                ) from None
            return _Answer(0, str(error))
        except (errors.ConnectionError, errors.Timeout, errors.ChunkedEncodingError) as error:
            return _Answer(0, f"{type(error).__name__}: {error}")
        except errors.RequestException as error:  # an impossible URL, an answer that cannot be decoded
            # "from None": the cause holds the request, and the request holds the key
            raise TransmissionRejected(
                f"{self.url} could not be asked: {self._cut(str(error))}", "Check NUVYN_API_ENDPOINT."
            ) from None

    def _read(self, response: requests.Response) -> _Answer:
        content = b""
        for chunk in response.iter_content(8192):
            content += chunk
            if len(content) >= _READ_BYTES:
                break
        return _Answer(
            response.status_code,
            content[:_READ_BYTES].decode("utf-8", "replace"),
            _seconds(response.headers.get("Retry-After", ""), self._wall_clock()),
            urljoin(self.url, response.headers["Location"]) if "Location" in response.headers else "",
        )

    def _judge(self, answer: _Answer) -> Confirmation:
        """Return a confirmation; raise for a refusal or a redirect."""
        if 200 <= answer.status < 300:  # noqa: PLR2004  2xx
            return Confirmation(answer.status, self._confirmed(answer.text))
        if answer.status < 400:  # noqa: PLR2004  3xx
            where = self._cut(answer.location) or "an address that it did not name"
            raise TransmissionRejected(
                f"{self.url} answered {answer.status} and points to {where}; "
                "this is not followed, because the API key would go along.",
                f"If that is the platform, set NUVYN_API_ENDPOINT to {where}.",
            )
        raise TransmissionRejected(
            f"The platform refused the metadata: {self._describe(answer)}.",
            _REMEDIES.get(answer.status, _REMEDY),
        )

    def _confirmed(self, text: str) -> Mapping[str, Any]:
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        if isinstance(parsed, dict):
            return dict(self._redact_json(parsed))
        return {"text": self._cut(text)} if text.strip() else {}

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


def _words(text: str) -> str:
    """Return the platform's sentence from the JSON of an error; other text is returned unchanged."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
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
