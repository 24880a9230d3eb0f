"""``nuvyn-contract verify-executor -- COMMAND``: hold an executor's command line against the contract.

Each job is called with parameters of the guide: the exit code, one JSON document on stdout, its shape, and
log lines on stderr are compared. A platform of its own (:mod:`~contract.receiver`) takes what the jobs send.
At the end :mod:`~contract.executor_expectations` compares that, and the rows that ``--tables`` prints.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shlex
import subprocess
import sys
import tempfile
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Sequence, Tuple, Union

from contract import VERSION, corpus
from contract.exchange import send
from contract.executor_expectations import (
    CSV,
    EXPECTATIONS,
    PLACE,
    RESULTS,
    SENDING,
    TENANT,
    Call,
    Effects,
    Expectation,
    calls,
    look,
)
from contract.option_types import seconds
from contract.patterns import NOTHING, Difference, compare, shown
from contract.playing import add_report_options, fits, play_out
from contract.receiver import Receiver
from contract.reports import Play
from contract.verdicts import Verdict

NO_RECEIVER = "starlette and uvicorn are not installed: no platform takes what it sends"


def differences(
    call: Call, command: Sequence[str], folder: str, timeout: float, environment: Mapping[str, str]
) -> Tuple[Tuple[Difference, ...], Any]:
    """Make a call; return where its outputs are not as documented, and its result (None when it is none)."""
    arguments = [each.replace(PLACE, folder) for each in call.arguments]
    try:
        done = subprocess.run(  # noqa: S603  what the caller asked for
            [*command, *arguments], capture_output=True, timeout=timeout, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        return (Difference("command", f"an end within {timeout} s", NOTHING),), None
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    found: List[Difference] = []
    if done.returncode not in call.exit_codes:
        wanted = " or ".join(map(str, call.exit_codes))
        found.append(Difference("exit code", wanted, f"{done.returncode} with {shown(err[-200:])}"))
    try:
        result = json.loads(out)
    except ValueError:
        return (*found, Difference("stdout", "one JSON document", shown(out))), None
    is_job = call.exit_codes == (0,)
    found += _shape(call.arguments[0] if is_job else "", result)
    if is_job and not found:
        found += compare(RESULTS[call.arguments[0]], result, {})[0]
    if is_job and not any(re.match(corpus.logs()["pattern"], line) for line in err.splitlines()):
        found.append(Difference("stderr", "log lines as the guide has them", shown(err)))
    if call.mentions and call.mentions not in out + err:
        found.append(Difference("message", f"a word of {call.mentions}", shown(out)))
    return tuple(found), result if is_job and done.returncode == 0 else None


def _shape(job: str, result: Any) -> Iterator[Difference]:
    sentences = corpus.result_differences(job, result) if job else corpus.failure_differences(result)
    for sentence in sentences:
        place, _, rest = sentence.partition(": wanted ")
        wanted, _, got = rest.rpartition(", got ")
        yield Difference(place, wanted, got)


def read_tables(command: str, timeout: float) -> Tuple[Any, str]:
    """Return the rows that a command prints, by table; or None and why there are none."""
    try:
        done = subprocess.run(  # noqa: S603  what the caller asked for
            shlex.split(command), capture_output=True, timeout=timeout, check=True
        )
        tables = json.loads(done.stdout)
    except subprocess.CalledProcessError as error:
        return (
            None,
            f"--tables ended with {error.returncode}: {error.stderr.decode('utf-8', 'replace')[-300:]}",
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return None, f"--tables printed no JSON: {error}"
    is_right = isinstance(tables, dict) and all(
        isinstance(rows, list) and all(isinstance(row, dict) for row in rows) for rows in tables.values()
    )
    return (
        (tables, "") if is_right else (None, "--tables printed no object with a list of rows for each table")
    )


def _arguments(argv: Sequence[str], program: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=program, description="Call an executor, and name what is not as documented."
    )
    parser.add_argument(
        "--only", action="append", default=[], help="calls and effects whose name fits, such as 'refused/*'"
    )
    parser.add_argument("--timeout", type=seconds, default=300.0, help="seconds that a call may take")
    parser.add_argument(
        "--tables", metavar="COMMAND", help="prints the rows of the executor's tables: a JSON object of lists"
    )
    parser.add_argument("--strict", action="store_true", help="a should that is not met fails too")
    parser.add_argument("--list", action="store_true", help="print the calls and expectations, make none")
    parser.add_argument(
        "command", nargs="*", metavar="-- COMMAND", help="the executor and its first arguments"
    )
    add_report_options(parser)
    options = parser.parse_args(argv)
    names = [*(each.name for each in calls()), *(each.name for each in EXPECTATIONS)]
    options.chosen = [name for name in names if fits(name, options.only)]
    if not options.chosen:
        parser.error(f"no call fits {', '.join(options.only)}; --list shows them")
    if not options.list and not options.command:
        parser.error("-- COMMAND says which executor to call, such as: -- nuvyn-executor")
    return options


class _Trial:
    """One executor that is called, and the platform to which it sends."""

    def __init__(self, options: argparse.Namespace, folder: str) -> None:
        self._options, self._folder = options, folder
        self._effects = Effects()
        self._environment: Dict[str, str] = dict(os.environ)

    def verdicts(self) -> Iterable[Verdict]:
        """Make the chosen calls, then compare what they have led to."""
        key = f"nv-{secrets.token_hex(16)}"
        try:
            receiver = Receiver(key)
        except ImportError:
            yield from self._calls(can_send=False)
        else:
            with receiver:
                self._environment.update(NUVYN_API_ENDPOINT=receiver.url, NUVYN_API_KEY=key)
                yield from self._calls(can_send=True)
                self._effects.bodies = [
                    (each.idempotency_key, each.body, each.record_count) for each in receiver.received
                ]
                self._effects.refusals = [each for each in receiver.statuses if each != HTTPStatus.OK]
                shown_state = send(receiver.url, _asked(key)).body
                self._effects.state = (shown_state or {}).get("metadata", {})
        yield from self._looks()

    def _calls(self, *, can_send: bool) -> Iterable[Verdict]:
        for call in calls():
            if call.name not in self._options.chosen:
                continue
            if (
                call.arguments[:1]
                and call.arguments[0] in SENDING
                and call.exit_codes == (0,)
                and not can_send
            ):
                yield Verdict(call.name, not_asked=NO_RECEIVER)
                continue
            start = time.monotonic()
            options = self._options
            found, result = differences(
                call, options.command, self._folder, options.timeout, self._environment
            )
            if result is not None:
                self._effects.results[call.name] = result
            is_advice = call.demand == "should" and not options.strict
            yield Verdict(call.name, found, "", is_advice, time.monotonic() - start)

    def _looks(self) -> Iterable[Verdict]:
        chosen = [each for each in EXPECTATIONS if each.name in self._options.chosen]
        if self._options.tables and any(each.name.startswith("tables/") for each in chosen):
            found, why = read_tables(self._options.tables, self._options.timeout)
            self._effects.tables, self._effects.why_no_tables = found, why
        for each in chosen:
            differences_found, why = look(each, self._effects)
            is_advice = each.demand == "should" and not self._options.strict
            yield Verdict(each.name, differences_found, why, is_advice)


def _asked(key: str) -> Dict[str, Any]:
    return {
        "method": "GET",
        "path": f"/api/metadata?tenant_id={TENANT}",
        "headers": {"Authorization": f"Bearer {key}"},
        "client": "bare",
    }


def main(argv: Sequence[str], program: str = "python -m contract verify-executor") -> int:
    """Run the command line; return its exit code."""
    options = _arguments(argv, program)
    described: List[Union[Call, Expectation]] = [*calls(), *EXPECTATIONS]
    descriptions = {each.name: f"{each.demand} ({each.source}): {each.description}" for each in described}
    if options.list:
        words = {each.name: " ".join(each.arguments) for each in calls()}
        sys.stdout.writelines(
            f"{name}: {descriptions[name]}{f' [{words[name]}]' if words.get(name) else ''}\n"
            for name in options.chosen
        )
        return 0
    play = Play(program, VERSION, " ".join(options.command), descriptions=descriptions)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "customers.csv").write_text(CSV, encoding="utf-8")
        return play_out(play, _Trial(options, folder).verdicts(), options)
