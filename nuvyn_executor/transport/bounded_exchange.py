"""One request and its answer over HTTP, within a time that holds whatever the other side does.

The time-outs of requests count from one byte to the next: a server that sends a byte every two seconds holds
them for ever, and looking up a name has no time-out at all. So the exchange runs in a thread of its own. When
the time is over its sockets are shut, which ends it, and it may not open another.

What an answer holds is not believed either: redirects are not looked into, a body is read up to a size, and a
packed one is unpacked up to that size. requests is imported here only, when something is sent.
"""

from __future__ import annotations

import socket
import threading
import zlib
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Callable, List, Mapping, Sequence, Tuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import requests

_PACKED = ("gzip", "x-gzip", "deflate")


class Cause(Enum):
    """Why there is no answer."""

    TIME = "it did not end in its time"
    LINE = "the connection, or what came over it"
    CERTIFICATE = "the other side's certificate is not trusted"
    AUTHORITIES = "the file of trusted authorities cannot be used"
    PROXY = "the address of the proxy cannot be used"
    ADDRESS = "the address of the other side cannot be used"


class NoAnswer(Exception):  # noqa: N818  what happened, in a word
    """There is no answer.

    Args:
        cause: why; ``TIME`` and ``LINE`` may pass.
        words: those of the library that failed. They may hold a secret.
    """

    def __init__(self, cause: Cause, words: str) -> None:
        super().__init__(words)
        self.cause = cause
        self.words = words


@dataclass(frozen=True)
class Reply:
    """What the other side answered.

    Attributes:
        status: 100 to 999.
        headers: by their names, in any case.
        text: the body, unpacked; cut where it is longer than was asked for, and words in brackets where it
            cannot be unpacked.
    """

    status: int
    headers: Mapping[str, str]
    text: str


def new_session() -> requests.Session:
    """Return a session, which knows the proxies and authorities of the environment."""
    import requests  # noqa: PLC0415  most runs send nothing

    return requests.Session()


def exchange(  # noqa: PLR0913  each is a part of the request, or bounds it
    session: requests.Session,
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    auth: Callable[[requests.PreparedRequest], requests.PreparedRequest],
    *,
    timeout: float,
    at_most: float,
    largest: int,
) -> Reply:
    """Send a POST and read the answer. Redirects are not followed.

    Args:
        session: knows proxies and authorities.
        url: where to.
        content: the body.
        headers: besides those that HTTP needs.
        auth: sets the header with the key.
        timeout: seconds that it waits to connect, and again for each part of the answer.
        at_most: seconds for all of it.
        largest: bytes that are read of the body.

    Raises:
        NoAnswer: there is none, or it cannot be read.
    """
    import requests  # noqa: PLC0415  as above

    request = requests.Request("POST", url, data=content, headers=dict(headers), auth=auth)
    line = _Line()
    outcome: List[Tuple[Any, Any]] = []

    def run() -> None:
        try:
            outcome.append((_exchanged(session, request, line, timeout, largest), None))
        except Exception as error:  # noqa: BLE001  whatever the other side made of it, it is no answer
            outcome.append((None, error))

    thread = threading.Thread(target=run, name="exchange", daemon=True)
    try:
        thread.start()
        thread.join(at_most)
        ended = outcome[:1]  # before it is cut: what comes then is the end of a cut line
    finally:
        line.cut()
    if not ended:
        raise NoAnswer(Cause.TIME, f"timed out: no complete answer within {at_most:g} s")
    reply, error = ended[0]
    if error is not None:
        cause = _cause(error, session, url)
        words = f"{type(error).__name__}: {error}" if cause is Cause.LINE else str(error)
        raise NoAnswer(cause, words)
    assert isinstance(reply, Reply)
    return reply


def _cause(error: Exception, session: requests.Session, url: str) -> Cause:
    from requests import exceptions  # noqa: PLC0415  as above

    if isinstance(error, exceptions.SSLError):
        return Cause.CERTIFICATE if "CERTIFICATE_VERIFY_FAILED" in str(error) else Cause.LINE
    if isinstance(error, OSError) and "CA certificate bundle" in str(error):  # it has no class of its own
        return Cause.AUTHORITIES
    if isinstance(error, ValueError) and _is_about_the_proxy(error, session, url):
        return Cause.PROXY
    unusable = (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema)
    return Cause.ADDRESS if isinstance(error, unusable) else Cause.LINE


def _is_about_the_proxy(error: Exception, session: requests.Session, url: str) -> bool:
    """Whether an address that cannot be used is that of the proxy: errors do not say which one it is."""
    from requests import exceptions, utils  # noqa: PLC0415  as above

    options = session.merge_environment_settings(url, {}, None, None, None)
    proxy = utils.select_proxy(url, options["proxies"])
    if not proxy:
        return False
    unread = not is_url(proxy if "://" in proxy else f"http://{proxy}")
    return unread or isinstance(error, (exceptions.InvalidProxyURL, exceptions.InvalidSchema))


def is_url(text: str, schemes: Sequence[str] = ()) -> bool:
    """Whether a text is a URL with a host, of one of these schemes; of any where none is named."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  reading it checks it
    except ValueError:
        return False
    return (not schemes or parts.scheme in schemes) and bool(parts.hostname)


class _Line:
    """The sockets of one exchange."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_cut = False
        self._sockets: List[socket.socket] = []

    def add(self, connected: Any) -> None:
        """Remember a socket; raise when the exchange is over."""
        with self._lock:
            if self._is_cut:
                connected.close()
                raise ConnectionAbortedError("the time was over before the connection was there")
            # A copy: TLS takes the socket over, and the connection closes it. To shut one shuts both.
            self._sockets.append(connected.dup())

    def cut(self) -> None:
        """Shut all sockets. A read that waits on one of them ends."""
        with self._lock:
            self._is_cut = True
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
            self._sockets.clear()


def _exchanged(
    session: requests.Session, request: requests.Request, line: _Line, timeout: float, largest: int
) -> Reply:
    prepared = session.prepare_request(request)
    options: Any = session.merge_environment_settings(prepared.url, {}, True, True, None)  # noqa: FBT003  as it has them
    # Not through the session: that looks into redirects, and reads all of their bodies.
    adapter = _adapter(line)
    try:
        with adapter.send(prepared, timeout=timeout, **options) as response:
            content = response.raw.read(largest, decode_content=False)
            encoding = response.headers.get("Content-Encoding", "")
            return Reply(response.status_code, response.headers, _unpacked(content, encoding, largest))
    finally:
        adapter.close()


def _adapter(line: _Line) -> requests.adapters.HTTPAdapter:
    """Return an adapter whose connections add their sockets to a line."""
    from requests.adapters import HTTPAdapter  # noqa: PLC0415  most runs send nothing
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool  # noqa: PLC0415  as above

    def watched(pool: Any) -> Any:
        class Connection(pool.ConnectionCls):  # type: ignore[misc]  # its class is a value
            def _new_conn(self) -> Any:
                connected = super()._new_conn()
                line.add(connected)
                return connected

        return type(pool.__name__, (pool,), {"ConnectionCls": Connection})

    pools = {"http": watched(HTTPConnectionPool), "https": watched(HTTPSConnectionPool)}

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, **options)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
            manager = super().proxy_manager_for(proxy, **options)
            manager.pool_classes_by_scheme = pools
            return manager

    return Adapter()


def _unpacked(content: bytes, encoding: str, largest: int) -> str:
    name = encoding.strip().lower()
    if name in _PACKED:
        try:
            # 47: zlib finds out whether it is gzip or deflate
            content = zlib.decompressobj(47).decompress(content, largest)
        except zlib.error:
            return f"(a body that says it is {name} and cannot be unpacked)"
    elif name not in ("", "identity"):
        return f"(a body in an encoding that was not asked for: {name[:40]})"
    return content.decode("utf-8", "replace")
