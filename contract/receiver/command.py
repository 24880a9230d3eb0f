"""The command: options, what it prints, and when it ends."""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import signal
import sys
import threading
from pathlib import Path
from typing import Callable, List, Mapping, Optional, Sequence, Tuple
from urllib.parse import quote

from contract.receiver.keys import EVERY_TENANT, checked_key, parse_key
from contract.receiver.server import NO_ADDRESS, Receiver
from contract.receiver.store import StateError

KILL_AT = "RECEIVER_KILL_AT"
"""For tests: at which step of the store the process kills itself (kill -9), counted from 1."""


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Serve until interrupted; the first line of stdout is the URL. Return the exit code."""
    parser = _parser()
    options = parser.parse_args(argv)
    keys = _keys(parser, options.key, options.api_key)
    if not keys:
        keys = [(EVERY_TENANT, f"nv-{secrets.token_hex(16)}")]
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with Receiver(
            None, options.host, options.port, options.state, keys=keys, log=True, step=_killer(os.environ)
        ) as receiver:
            sys.stdout.write(_access(receiver, keys[0]))
            sys.stdout.flush()
            stop.wait()
    except StateError as error:
        sys.stderr.write(f"receiver: {error}\n")
        return 2
    except NO_ADDRESS as error:
        where = f"{options.host}, port {options.port}"
        sys.stderr.write(f"receiver: cannot listen at {where} ({error}): name another --host or --port\n")
        return 2
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nuvyn-contract receiver",
        description="The platform's side of POST /api/metadata: takes what the executor sends, and keeps it.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--state", type=Path, metavar="FILE", help="SQLite file that keeps what comes")
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="TENANT=KEY",
        help="a key and the tenant that it speaks for; may be given several times; *=KEY: every tenant",
    )
    parser.add_argument(
        "--api-key",
        default=os.environ.get("RECEIVER_API_KEY"),
        metavar="KEY",
        help="as --key '*=KEY'; or RECEIVER_API_KEY. Without any key, a new one is made and printed",
    )
    return parser


def _keys(
    parser: argparse.ArgumentParser, texts: Sequence[str], api_key: Optional[str]
) -> List[Tuple[str, str]]:
    keys = []
    for number, text in enumerate(texts, 1):
        try:
            keys.append(parse_key(text))
        except ValueError as error:  # the text may be a key: it is not shown
            parser.error(f"--key, the {number}.: {error}")
    if api_key:
        try:
            keys.append((EVERY_TENANT, checked_key(api_key)))
        except ValueError as error:
            parser.error(f"--api-key, or RECEIVER_API_KEY: {error}")
    return keys


def _access(receiver: Receiver, key: Tuple[str, str]) -> str:
    url = receiver.url
    tenant = "every tenant" if key[0] == EVERY_TENANT else f"the tenant {key[0]}"
    asked = "TENANT" if key[0] == EVERY_TENANT else quote(key[0], safe="")
    return f"""{url}

takes metadata of {tenant}; for the executor:
export NUVYN_API_ENDPOINT={url}
export NUVYN_API_KEY={shlex.quote(key[1])}

what has come:
curl -H "Authorization: Bearer $NUVYN_API_KEY" "$NUVYN_API_ENDPOINT/api/metadata?tenant_id={asked}"
{_link(receiver, key[1])}"""


def _link(receiver: Receiver, key: str) -> str:
    return f"or in a browser:\n{receiver.url}/?key={quote(key, safe='')}\n" if receiver.has_pages else ""


def _killer(environ: Mapping[str, str]) -> Callable[[], None]:
    """Return the function that ends this process at a step, where a test asks for it."""
    if not environ.get(KILL_AT, "").isdecimal():
        return lambda: None
    left = [int(environ[KILL_AT])]

    def step() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return step
