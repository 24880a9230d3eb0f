"""A receiver that listens on a socket, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from datetime import datetime, timezone
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Callable, List, Mapping, Optional, Sequence, Tuple
from urllib.parse import quote

from contract.receiver.faults import Fault, FaultQueue
from contract.receiver.keys import EVERY_TENANT, Keys
from contract.receiver.refusals import Refusals
from contract.receiver.store import Received, Store

if TYPE_CHECKING:
    from pathlib import Path

_BACKLOG = 2048
_EVERY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104  compared, not bound
NO_ADDRESS = (OSError, OverflowError, TypeError, UnicodeError)
"""What Python raises where it cannot listen: also for a port beyond 65535 and a host that is no text."""
_UNNOTED = "/health", "/_receiver"


def utc_now() -> str:
    """Return the present, ISO 8601."""
    return datetime.now(timezone.utc).replace(tzinfo=None).isoformat() + "Z"


def can_have_pages() -> bool:
    """Whether what the pages for a browser need is there."""
    return sys.version_info >= (3, 10) and all(map(find_spec, ("jinja2", "fake_databricks")))


class Receiver:
    """A platform that takes metadata. A context manager; serves from the start.

    Args:
        api_key: a key that may speak for every tenant.
        host: where it listens.
        port: 0 takes a free one.
        state: the file that keeps what came; by default only in memory.
        keys: pairs of a tenant and a key that may speak for that tenant alone.
        log: write a line for each request to stderr.
        step: as of :class:`~contract.receiver.store.Store`.
        now: the present, ISO 8601.

    Attributes:
        url: where it listens: what ``NUVYN_API_ENDPOINT`` wants.
        has_pages: whether it shows pages to a browser at the same address.
        statuses: the status of each answer, in order, ``None`` for a dropped connection; without those of
            ``/health`` and ``/_receiver``.

    Raises:
        StateError: the file is none of a receiver.
        OSError: the port is taken, or the address is none of this machine.
    """

    def __init__(  # noqa: PLR0913  each is an option of the command
        self,
        api_key: Optional[str] = None,
        host: str = "127.0.0.1",
        port: int = 0,
        state: Optional[Path] = None,
        *,
        keys: Sequence[Tuple[str, str]] = (),
        log: bool = False,
        step: Callable[[], None] = lambda: None,
        now: Callable[[], str] = utc_now,
    ) -> None:
        # imported here: what is pure, and the store, work without a web framework
        from contract.receiver.app import build_app  # noqa: PLC0415
        from contract.receiver.faulty import Faulty  # noqa: PLC0415

        known = Keys([*([(EVERY_TENANT, api_key)] if api_key else []), *keys])
        self._log = log
        self._faults = FaultQueue()
        refusals = Refusals(now)
        self.statuses: List[Optional[int]] = []
        self._store = Store(state, step)
        try:
            self._socket = _listen(host, port)
        except (OSError, OverflowError):
            self._store.close()
            raise
        asked = "127.0.0.1" if host in _EVERY_ADDRESS else host
        shown = f"[{asked}]" if ":" in asked else asked
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        calls: Any = build_app(self._store, known, self._faults, now)
        self.has_pages = can_have_pages()
        if self.has_pages:
            from contract.receiver.pages.middleware import WithPages  # noqa: PLC0415  as above
            from contract.receiver.pages.site import ReceiverSite  # noqa: PLC0415  as above

            calls = WithPages(calls, ReceiverSite(self._store, known, self._faults, refusals, now))
        app = Faulty(calls, self._faults, refusals, known, self._note)
        self._started = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(app),), daemon=True)
        self._thread.start()
        self._started.wait(30)

    def __enter__(self) -> Receiver:  # noqa: PYI034  Python 3.8 has no Self
        """Serve already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self.close()

    def close(self) -> None:
        """Stop serving and free the port and the file."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._socket.close()
        self._store.close()

    @property
    def received(self) -> List[Received]:
        """The bodies that were stored, in order."""
        return self._store.received()

    def answer_next(  # noqa: PLR0913  one fault, said in one line of a test
        self,
        status: int = 503,
        body: Any = None,
        headers: Optional[Mapping[str, str]] = None,
        times: int = 1,
        *,
        drop_connection: bool = False,
        store_first: bool = False,
    ) -> None:
        """Script the answer to the next POSTs of metadata, instead of checking them.

        Args:
            status: the status to answer.
            body: the JSON body; by default an error that says that it was scripted.
            headers: more headers (``Retry-After``, ``Location``).
            times: how many POSTs get it.
            drop_connection: close the connection instead of answering.
            store_first: take the body as usual and then lose the answer: a retry must not store it twice.
        """
        fault = Fault(status, body, dict(headers or {}), store_first=store_first, drop=drop_connection)
        self.fail_next(fault, times)

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """Let the next POSTs of metadata fail."""
        self._faults.add(fault, times)

    def _note(self, method: str, path: str, status: Optional[int]) -> None:
        if not path.startswith(_UNNOTED):
            self.statuses.append(status)
        if self._log:
            sys.stderr.write(f"{utc_now()} {method} {quote(path)} {status or 'closed'}\n")

    async def _serve(self, app: Any) -> None:
        import uvicorn  # noqa: PLC0415  as above

        from contract.receiver.protocol import Protocol  # noqa: PLC0415  as above

        stop = self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()

        class Server(uvicorn.Server):
            """Wait for an event to stop, not for a look every 0.1 s; stop at once if nobody is connected."""

            async def main_loop(self) -> None:
                await stop.wait()

            async def shutdown(self, sockets: Optional[List[socket.socket]] = None) -> None:
                for connection in list(self.server_state.connections):
                    connection.shutdown()
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                if self.server_state.connections:
                    await super().shutdown(sockets)
                for server in self.servers:
                    server.close()

        config = uvicorn.Config(
            app,
            http=Protocol,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        self._started.set()
        await Server(config).serve(sockets=[self._socket])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay (40 ms an answer) off only where the protocol is named
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except NO_ADDRESS:
        listening.close()
        raise
    return listening
