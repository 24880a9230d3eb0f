"""``nuvyn-contract verify-platform --url URL --key KEY``: hold a platform against what the executor sends it.

Exit code 0: every ``must`` is met; 1: one is not (with ``--strict`` also a ``should``); 2: it could not be
asked.
"""

from __future__ import annotations

import argparse
import secrets
import socket
import sys
import time
from typing import Iterable, Sequence
from urllib.parse import urlsplit

from contract import VERSION
from contract.option_types import count, header_value, seconds, server_url
from contract.platform_expectations import EXPECTATIONS, Platform, try_expectation
from contract.playing import add_report_options, fits, play_out
from contract.reports import Play
from contract.verdicts import Verdict

FAMILY = "platform"


def _arguments(argv: Sequence[str], program: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Try what a platform does with POST /api/metadata, and name each difference.",
    )
    parser.add_argument("--url", type=server_url, help="the platform: what NUVYN_API_ENDPOINT would be")
    parser.add_argument("--key", type=header_value, help="an API key that it accepts")
    parser.add_argument("--tenant", help="the tenant of the key; else a new name of its own")
    parser.add_argument(
        "--other-key", type=header_value, default="", help="a key of another tenant, to ask for its refusal"
    )
    parser.add_argument("--only", action="append", default=[], help="expectations whose name fits")
    parser.add_argument(
        "--columns", type=count, default=100_000, help="of the largest table (default: 100000)"
    )
    parser.add_argument("--slow-seconds", type=seconds, default=3.0, help="how long the slow body takes")
    parser.add_argument(
        "--timeout", type=seconds, default=60.0, help="seconds that the platform may be silent"
    )
    parser.add_argument(
        "--deliveries",
        default=Platform.deliveries,
        metavar="PATH",
        help="a GET that lists each stored body (default: %(default)s); not tried where it is a 404",
    )
    parser.add_argument("--strict", action="store_true", help="a should that is not met fails too")
    parser.add_argument("--list", action="store_true", help="print the expectations, ask nothing")
    add_report_options(parser)
    arguments = parser.parse_args(argv)
    if not arguments.list and not (arguments.url and arguments.key):
        parser.error("--url and --key say which platform to ask and with which key")
    return arguments


def main(argv: Sequence[str], program: str = "python -m contract verify-platform") -> int:
    """Run the command line; return its exit code."""
    arguments = _arguments(argv, program)
    chosen = [each for each in EXPECTATIONS if fits(each.name, arguments.only)]
    if not chosen:
        sys.stderr.write(f"No expectation fits {', '.join(arguments.only)}; --list shows them.\n")
        return 2
    descriptions = {
        f"{FAMILY}/{each.name}": f"{each.demand} ({each.source}): {each.description}" for each in chosen
    }
    if arguments.list:
        sys.stdout.writelines(f"{name}: {says}\n" for name, says in descriptions.items())
        return 0
    try:
        _connect(arguments.url, arguments.timeout)
    except OSError as error:
        sys.stderr.write(f"{arguments.url} does not answer: {error}.\n")
        return 2
    own = f"nuvyn-contract-{secrets.token_hex(4)}"
    platform = Platform(
        url=arguments.url,
        key=arguments.key,
        other_key=arguments.other_key,
        tenant=arguments.tenant or own,
        play=own,
        columns=arguments.columns,
        slow_seconds=arguments.slow_seconds,
        timeout=arguments.timeout,
        deliveries=arguments.deliveries,
    )

    def verdicts() -> Iterable[Verdict]:
        for each in chosen:
            start = time.monotonic()
            found, why = try_expectation(each, platform)
            advice = each.demand == "should" and not arguments.strict
            yield Verdict(f"{FAMILY}/{each.name}", found, why, advice, time.monotonic() - start)

    play = Play(program, VERSION, arguments.url, descriptions=descriptions, secret=arguments.key)
    return play_out(play, verdicts(), arguments)


def _connect(url: str, timeout: float) -> None:
    """Raise an OSError where nothing listens."""
    address = urlsplit(url)
    port = address.port or (443 if address.scheme == "https" else 80)
    socket.create_connection((address.hostname or "", port), timeout).close()
