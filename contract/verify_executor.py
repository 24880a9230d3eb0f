"""``nuvyn-contract verify-executor -- COMMAND``: hold an executor's command line against the contract.

Each case calls COMMAND with parameters of the guide: the exit code, one JSON document on stdout, its shape,
and log lines on stderr are compared. ``api_transmission`` and ``full_pipeline`` need a platform: they are not
called.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Iterable, List, NamedTuple, Sequence, Tuple

from contract import VERSION, corpus
from contract.interruption import terminated_like_interrupted
from contract.patterns import NOTHING, Difference, shown
from contract.reports import Play
from contract.verdicts import Verdict
from contract.verify import INTERRUPTED, add_report_options, exit_code, write_while_playing

CSV = "customer_id,name,country\n1,Ada,GB\n2,Grace,US\n3,Emmy,DE\n"
PLACE = "{folder}"
READING = ("data_reading", "metadata_extraction", "quality_assessment")


class Call(NamedTuple):
    """One call: its name, the parameters, the exit codes that are right, and what its output mentions."""

    name: str
    arguments: Sequence[str]
    exit_codes: Sequence[int]
    description: str
    mentions: str = ""


def calls() -> List[Call]:
    """Return what is called; ``{folder}`` in parameters is a folder with one small CSV file."""
    refused = [
        Call(
            f"refused/{number}",
            each["arguments"],
            (each["exit_code"],),
            each["why"],
            each.get("suggests", ""),
        )
        for number, each in enumerate(corpus.parameters()["refused"], 1)
    ]
    no_source = ("metadata_extraction", f"{PLACE}/no-such-folder", "csv", "contract")
    return [
        *refused,
        Call("failed/no_source", no_source, (1, 3, 4, 5), "nothing lies at the path", "no-such-folder"),
        Call("jobs/schema_validation", ("schema_validation",), (0,), "the result has the guide's shape"),
        *(
            Call(f"jobs/{job}", (job, PLACE, "csv", "contract"), (0,), "the result has the guide's shape")
            for job in READING
        ),
    ]


def differences(call: Call, command: Sequence[str], folder: str, timeout: float) -> Tuple[Difference, ...]:
    """Make a call; return where its outputs are not as documented."""
    arguments = [each.replace(PLACE, folder) for each in call.arguments]
    try:
        done = subprocess.run(  # noqa: S603  what the caller asked for
            [*command, *arguments], capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return (Difference("command", f"an end within {timeout} s", NOTHING),)
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    found: List[Difference] = []
    if done.returncode not in call.exit_codes:
        wanted = " or ".join(map(str, call.exit_codes))
        found.append(Difference("exit code", wanted, f"{done.returncode} with {shown(err[-200:])}"))
    try:
        result = json.loads(out)
    except ValueError:
        return (*found, Difference("stdout", "one JSON document", shown(out)))
    is_job = call.exit_codes == (0,)
    sentences = (
        corpus.result_differences(call.arguments[0], result) if is_job else corpus.failure_differences(result)
    )
    for sentence in sentences:
        place, _, rest = sentence.partition(": wanted ")
        wanted, _, got = rest.rpartition(", got ")
        found.append(Difference(place, wanted, got))
    if is_job and not any(re.match(corpus.logs()["pattern"], line) for line in err.splitlines()):
        found.append(Difference("stderr", "log lines as the guide has them", shown(err)))
    if call.mentions and call.mentions not in out + err:
        found.append(Difference("message", f"a word of {call.mentions}", shown(out)))
    return tuple(found)


def main(argv: Sequence[str], program: str = "python -m contract verify-executor") -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(
        prog=program, description="Call an executor, and name what is not as documented."
    )
    parser.add_argument(
        "--only", action="append", default=[], help="calls whose name fits, such as 'refused/*'"
    )
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds that a call may take")
    parser.add_argument("--list", action="store_true", help="print the calls, make none")
    parser.add_argument(
        "command", nargs="*", metavar="-- COMMAND", help="the executor and its first arguments"
    )
    add_report_options(parser)
    options = parser.parse_args(argv)
    chosen = [
        each
        for each in calls()
        if not options.only or any(fnmatchcase(each.name, pattern) for pattern in options.only)
    ]
    if not chosen:
        parser.error(f"no call fits {', '.join(options.only)}; --list shows them")
    if options.list:
        sys.stdout.writelines(
            f"{each.name}: {' '.join(each.arguments)}: {each.description}\n" for each in chosen
        )
        return 0
    if not options.command:
        parser.error("-- COMMAND says which executor to call, such as: -- nuvyn-executor")
    play = Play(
        program,
        VERSION,
        " ".join(options.command),
        descriptions={each.name: each.description for each in chosen},
    )
    with tempfile.TemporaryDirectory() as folder, terminated_like_interrupted():
        (Path(folder) / "customers.csv").write_text(CSV, encoding="utf-8")

        def verdicts() -> Iterable[Verdict]:
            for each in chosen:
                start = time.monotonic()
                found = differences(each, options.command, folder, options.timeout)
                yield Verdict(each.name, found, seconds=time.monotonic() - start)

        try:
            seen, was_interrupted = write_while_playing(play, verdicts(), options.report, options.output)
        except OSError as error:
            sys.stderr.write(f"It cannot be done: {error}.\n")
            return 2
    return INTERRUPTED if was_interrupted else exit_code(seen)
