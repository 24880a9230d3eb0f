"""Play the cases against a server and name each difference.

``nuvyn-contract verify --url URL --token TOKEN`` (or ``python -m contract.verify``) asks every exchange of
``contract/cases`` in the order of its needs, waits where a case says so, and prints one line for each case
and for each difference. What it created is removed at the end, also after Ctrl-C. Exit code 0: all as
documented; 1: differences; 2: it could not be asked; 130: interrupted.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from contract import VERSION, corpus
from contract.dialects import DIALECTS, choose
from contract.exchange import Answer, Send, send
from contract.leftovers import Leftovers
from contract.option_types import header_value, seconds, server_url
from contract.patterns import NOTHING, Difference, UnknownVariableError, compare, resolve, shown
from contract.playing import add_report_options, exit_code, fits, play_out
from contract.reports import Play, text_lines, text_summary
from contract.verdicts import Verdict

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
JSON = "application/json"


class UnorderedCasesError(ValueError):
    """Cases need each other in a circle, or one needs a case that does not exist."""


@dataclass
class Player:
    """Asks one server the cases, one after the other, and carries what answers bring to later requests.

    Attributes:
        url: the server.
        variables: what requests refer to; grows with each answer.
        send: how a request is sent.
        now: seconds of a clock that only goes forward.
        pause: waits for some seconds.
        at_most: seconds that a poll may take, whatever its case says.

    """

    url: str
    variables: Dict[str, Any]
    send: Send = send
    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    at_most: Optional[float] = None
    failed: Dict[str, str] = field(default_factory=dict)

    def play(self, case: Mapping[str, Any]) -> Verdict:
        """Ask one case. What it needs must have been played before."""
        start = self.now()
        return replace(self._verdict(case), seconds=self.now() - start)

    def _verdict(self, case: Mapping[str, Any]) -> Verdict:
        missing = [name for name in case.get("requires", ()) if name not in self.variables]
        if missing:
            return Verdict(case["id"], not_asked=f"no {missing[0]} was given")
        broken = [need for need in case.get("needs", ()) if need in self.failed]
        if broken:
            root = self.failed[broken[0]]
            differences = [Difference("request", "to be asked", f"{NOTHING}, because {root} failed")]
        else:
            root, differences = case["id"], self._ask(case)
        if differences:
            self.failed[case["id"]] = root
        return Verdict(case["id"], tuple(differences))

    def _ask(self, case: Mapping[str, Any]) -> List[Difference]:
        try:
            request = resolve(case["request"], self.variables)
            answer, differences = self._answer(case, request)
            if answer is None or differences:
                return differences
            differences, captured = _judge(case["response"], answer, self.variables)
        except UnknownVariableError as unknown:
            return [Difference("request", f"a value for {unknown}", NOTHING)]
        except (OSError, HTTPException) as error:
            return [Difference("request", "an answer", f"{type(error).__name__}: {error}")]
        if not differences:
            self.variables.update(captured)
        return differences

    def _answer(
        self, case: Mapping[str, Any], request: Mapping[str, Any]
    ) -> Tuple[Optional[Answer], List[Difference]]:
        poll = case.get("poll")
        answer = self.send(self.url, request)
        if poll is None:
            return answer, []
        seconds = poll["at_most_seconds"] if self.at_most is None else self.at_most
        end, pause, latest = self.now() + seconds, FIRST_PAUSE, -1
        while answer.status == case["response"]["status"]:
            state = value_at(answer.body, poll["path"])
            if state in poll["until"]:
                break
            differences = self._on_the_way(poll, state, latest, answer)
            if differences:
                return None, differences
            latest = max(latest, _place(poll, state))
            if self.now() >= end:
                wanted = f"one of {shown(poll['until'])} within {seconds} s"
                return None, [Difference(poll["path"], wanted, shown(state))]
            self.pause(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            answer = self.send(self.url, request)
        return answer, []

    def _on_the_way(
        self, poll: Mapping[str, Any], state: Any, latest: int, answer: Answer
    ) -> List[Difference]:
        """Compare an answer before the last one; ``latest`` is the place in the order that was reached."""
        differences: List[Difference] = []
        for pattern in (poll.get("meanwhile", {}), poll.get("by_state", {}).get(str(state), {})):
            differences += compare(pattern, answer.body, self.variables)[0]
        if 0 <= _place(poll, state) < latest:
            wanted = f"no way back from {poll['order'][latest]}"
            differences.append(Difference(poll["path"], wanted, shown(state)))
        return differences


def _place(poll: Mapping[str, Any], state: Any) -> int:
    """Return the place of a state in the order of its poll; -1 when it may come at any time."""
    order = poll.get("order", [])
    return order.index(state) if state in order else -1


def value_at(body: Any, path: str) -> Any:
    """Find the value at a simple JSON path (``$.state.life_cycle_state``); None where there is none."""
    for key in path.split(".")[1:]:
        body = body.get(key) if isinstance(body, dict) else None
    return body


def _judge(
    wanted: Mapping[str, Any], answer: Answer, variables: Mapping[str, Any]
) -> Tuple[List[Difference], Dict[str, Any]]:
    statuses = wanted["status"] if isinstance(wanted["status"], list) else [wanted["status"]]
    if answer.status not in statuses:
        allowed = " or ".join(map(str, statuses))
        return [Difference("status", allowed, f"{answer.status} with {shown(answer.text)}")], {}
    if answer.body is None:
        return [Difference("$", "a JSON document", shown(answer.text))], {}
    differences, captured = compare(wanted["body"], answer.body, variables)
    kind = answer.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != JSON:
        differences.append(Difference("header.Content-Type", JSON, kind or NOTHING))
    for name, pattern in wanted.get("headers", {}).items():
        actual = {name: answer.headers[name.lower()]} if name.lower() in answer.headers else {}
        found, _ = compare({name: pattern}, actual, variables)
        differences += [Difference(f"header{each.path[1:]}", each.wanted, each.got) for each in found]
    return differences, captured


def in_order(cases: Sequence[Mapping[str, Any]], only: Sequence[str] = ()) -> List[Mapping[str, Any]]:
    """Put cases after what they need, otherwise as they stand.

    Args:
        cases: all cases.
        only: shell patterns of ids; what the chosen cases need comes along. None: all.

    Raises:
        UnorderedCasesError: a circle, or a need that is no case.

    """
    by_id = {case["id"]: case for case in cases}
    ordered: Dict[str, Mapping[str, Any]] = {}

    def visit(case_id: str, above: Tuple[str, ...]) -> None:
        if case_id in ordered:
            return
        if case_id in above or case_id not in by_id:
            raise UnorderedCasesError(" needs ".join((*above, case_id)))
        for need in by_id[case_id].get("needs", ()):
            visit(need, (*above, case_id))
        ordered[case_id] = by_id[case_id]

    for case in cases:
        if fits(case["id"], only):
            visit(case["id"], ())
    return list(ordered.values())


def first_cluster(player: Player) -> Optional[str]:
    """Ask the server for a cluster; None when it names none."""
    request = {
        "method": "GET",
        "path": "/api/2.0/clusters/list",
        "headers": {"Authorization": f"Bearer {player.variables['token']}"},
        "client": "curl",
    }
    body = player.send(player.url, request).body
    clusters = body.get("clusters") if isinstance(body, dict) else None
    return str(clusters[0]["cluster_id"]) if clusters else None


def report(verdicts: Iterable[Verdict], write: Callable[[str], object]) -> int:
    """Write a line for each verdict and difference, then the summary; return the exit code."""
    seen: List[Verdict] = []
    for verdict in verdicts:
        seen.append(verdict)
        for line in text_lines(verdict).splitlines(keepends=True):
            write(line)
    write(text_summary(seen))
    return exit_code(seen)


def _arguments(argv: Sequence[str], program: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Play the documented exchanges against a server and name each difference.",
    )
    parser.add_argument("--url", type=server_url, help="the server, such as http://127.0.0.1:8080")
    parser.add_argument("--token", type=header_value, help="a Bearer token that the server accepts")
    parser.add_argument("--cluster-id", help="an existing cluster; else the first that the server lists")
    parser.add_argument(
        "--refused-token", type=header_value, help="a token that the server refuses, to ask for its 403"
    )
    parser.add_argument("--only", action="append", default=[], help="cases whose id fits, such as 'jobs/*'")
    parser.add_argument(
        "--dialect",
        choices=DIALECTS,
        default="guide",
        help="guide: all that the guide documents (default); databricks: what a real workspace answers",
    )
    parser.add_argument("--at-most", type=seconds, help="seconds that a run or command may take")
    parser.add_argument("--list", action="store_true", help="print the cases in their order, ask nothing")
    add_report_options(parser)
    arguments = parser.parse_args(argv)
    if not arguments.list and not (arguments.url and arguments.token):
        parser.error("--url and --token say which server to ask and as whom")
    return arguments


def main(argv: Sequence[str], program: str = "python -m contract.verify") -> int:
    """Run the command line; return its exit code."""
    arguments = _arguments(argv, program)
    chosen = in_order(corpus.cases(), arguments.only)
    if not chosen:
        sys.stderr.write(f"No case fits {', '.join(arguments.only)}; --list shows them.\n")
        return 2
    name = f"nuvyn-contract-{secrets.token_hex(4)}"
    choice = choose(chosen, arguments.dialect, name)
    if arguments.list:
        sys.stdout.writelines(f"{case['id']}: {case['description']}\n" for case in choice.asked)
        return 0
    given = {
        "token": arguments.token,
        "cluster_id": arguments.cluster_id,
        "refused_token": arguments.refused_token,
    }
    variables = {**corpus.default_variables(), **{name: value for name, value in given.items() if value}}
    folder = "" if arguments.dialect == "guide" else f"/{name}"
    leftovers = Leftovers(arguments.url, arguments.token, folder)
    player = Player(arguments.url, variables, leftovers.watch, at_most=arguments.at_most)
    try:
        cluster = arguments.cluster_id or first_cluster(player)
    except (OSError, HTTPException) as error:
        sys.stderr.write(f"{arguments.url} does not answer: {error}.\n")
        return 2
    if cluster:
        player.variables["cluster_id"] = cluster
    descriptions = {case["id"]: case["description"] for case in chosen}
    play = Play(
        "nuvyn-contract verify", VERSION, arguments.url, arguments.dialect, descriptions, arguments.token
    )

    def verdicts() -> Iterable[Verdict]:
        for case in chosen:
            if case["id"] in choice.left_out:
                yield Verdict(case["id"], not_asked=choice.left_out[case["id"]])
        yield from map(player.play, choice.asked)

    def finish() -> None:
        sys.stderr.writelines(f"not removed: {each}\n" for each in leftovers.remove())

    return play_out(play, verdicts(), arguments, finish)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
