"""The platform's side of ``POST /api/metadata``: a server that checks what it is sent, merges and keeps it.

Run it (``nuvyn-contract receiver`` or ``python -m contract.receiver``), or use it in a test::

    with Receiver(api_key="key") as receiver:
        ...  # something posts to receiver.url
        assert receiver.received[0].tenant_id == "client-123"

``intake.py`` reads a request, ``merge.py`` makes one state of pages and versions, ``store.py`` keeps all in
SQLite, ``keys.py`` says which key speaks for which tenant, ``faults.py`` which request fails, ``paging.py``
which part of a list is wanted. ``refusals.py`` keeps what was refused. ``reading.py`` and ``listing.py`` read
rows and lists. These need the standard library alone. ``app.py`` has the calls, ``faulty.py`` plays the
faults, ``pages`` is for browsers, ``server.py`` listens, ``protocol.py`` reads one connection, and
``command.py`` and ``__main__.py`` are the command. ``answers.py`` has the value that all return.
``docs/platform.md`` says what a platform may rely on.
"""

from contract.receiver.command import main
from contract.receiver.faults import Fault
from contract.receiver.intake import MAX_BODY_BYTES
from contract.receiver.server import Receiver
from contract.receiver.store import Received

__all__ = ["MAX_BODY_BYTES", "Fault", "Received", "Receiver", "main"]
