"""Write the diagrams of the docs again, from the tables that programs use: Mermaid, between two marks.

``python tools/draw_diagrams.py`` writes them all. The states of runs, clusters, contexts, commands and SQL
statements come from the transitions of the local Databricks, what a client may see and the order of calls
from the cases of the contract.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import AbstractSet, Any, Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # when this file is run as a program

from contract import corpus  # noqa: E402  after the line above
from contract.verify import in_order  # noqa: E402
from fake_databricks.clusters import lifecycle as clusters  # noqa: E402
from fake_databricks.commands import lifecycle as commands  # noqa: E402
from fake_databricks.jobs import lifecycle as runs  # noqa: E402
from fake_databricks.sql import lifecycle as statements  # noqa: E402

Case = Mapping[str, Any]
LAST_OF_THE_LOOP = "runs/get_output"
RUN, COMMAND = "$.state.life_cycle_state", "$.status"
MERMAID = "```mermaid\n{}\n```"


def transitions(
    table: Mapping[Any, Mapping[Any, Any]], first: AbstractSet[Any], last: AbstractSet[Any]
) -> str:
    """Draw every transition of a table, and say what the events are.

    Args:
        table: for each state, the events that can happen in it and the states to which they lead.
        first: the states in which something begins.
        last: the states in which it may stay.
    """
    lines = [f"    [*] --> {state.value}" for state in table if state in first]
    for state, events in table.items():
        lines += [f"    {state.value} --> {target.value}: {event.name}" for event, target in events.items()]
    lines += [f"    {state.value} --> [*]" for state in table if state in last]
    kind = type(next(event for events in table.values() for event in events))
    meanings = ["| event | what has happened |", "|---|---|"]
    meanings += [f"| `{event.name}` | {event.value} |" for event in kind]
    return f"{_states(lines)}\n\n" + "\n".join(meanings)


def states_seen(path: str) -> str:
    """Draw what a client may see one after the other, at a path that the cases poll."""
    polls = [case["poll"] for case in corpus.cases() if case.get("poll", {}).get("path") == path]
    order, until = next((poll["order"], poll["until"]) for poll in polls if "order" in poll)
    lines = [f"    [*] --> {order[0]}"]
    for place, state in enumerate(order):
        lines += [f"    {state} --> {later}" for later in (*order[place + 1 :], *until)]
    return _states([*lines, *(f"    {state} --> [*]" for state in until)])


def guides_loop() -> str:
    """Draw the requests and answers from the installation to the output of a run, as the cases stand."""
    chain = [case for case in in_order(corpus.cases(), [LAST_OF_THE_LOOP]) if _is_of_the_loop(case)]
    lines = ["    participant B as Your backend", "    participant D as Databricks"]
    for case in chain:
        lines += _exchange(case)
    return _sequence(lines)


def delivery() -> str:
    """Draw the POST to the platform, and what each answer leads to."""
    cases = corpus.transmissions()
    asked = cases["request"]["request"]
    lines = [
        "    participant E as Executor",
        "    participant P as Your platform",
        f"    E->>P: {asked['method']} {asked['path']}",
    ]
    ends: dict[str, list[str]] = {}
    answered = {name: case for name, case in cases.items() if "response" in case}
    for name, case in sorted(answered.items(), key=lambda item: not item[1]["outcome"]["stored"]):
        ends.setdefault(_led_to(case["outcome"]), []).append(f"{case['response']['status']} {name}")
    for number, (end, statuses) in enumerate(ends.items()):
        lines.append(f"    {'else' if number else 'alt'} {', '.join(statuses)}")
        lines += ["    P-->>E: the answer", f"    Note over E: {end}"]
    return _sequence([*lines, "    end"])


DIAGRAMS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "docs/fake-runs.md": {
        "run-states": lambda: transitions(runs.TRANSITIONS, runs.INITIAL, runs.TERMINAL),
        "context-states": lambda: transitions(
            commands.CONTEXT_TRANSITIONS, commands.CONTEXT_INITIAL, commands.CONTEXT_TERMINAL
        ),
        "command-states": lambda: transitions(commands.TRANSITIONS, commands.INITIAL, commands.TERMINAL),
        "statement-states": lambda: transitions(
            statements.TRANSITIONS, statements.INITIAL, statements.TERMINAL
        ),
    },
    "docs/fake.md": {
        "cluster-states": lambda: transitions(clusters.TRANSITIONS, clusters.INITIAL, clusters.TERMINAL)
    },
    "docs/contract.md": {
        "guides-loop": guides_loop,
        "command-seen": lambda: states_seen(COMMAND),
        "run-seen": lambda: states_seen(RUN),
    },
    "docs/platform.md": {"delivery": delivery},
}


def _states(lines: Sequence[str]) -> str:
    return MERMAID.format("\n".join(["stateDiagram-v2", *lines]))


def _sequence(lines: Sequence[str]) -> str:
    return MERMAID.format("\n".join(["sequenceDiagram", *lines]))


def _is_of_the_loop(case: Case) -> bool:
    """Whether the guide's first way shows it: the installation is asked for once."""
    return not case["id"].startswith(("setup/", "commands/install_again", "commands/quick_reference"))


def _exchange(case: Case) -> Iterator[str]:
    asked, poll = case["request"], case.get("poll")
    body = asked.get("body", {})
    keys = ", ".join(body) if isinstance(body, dict) else ""
    path = asked["path"].partition("?")[0]
    if poll:
        yield f"    loop until {poll['path'].rpartition('.')[2]} is {', '.join(poll['until'])}"
    yield f"    B->>D: {asked['method']} {path}{f' ({keys})' if keys else ''}"
    wanted = case["response"]["body"]
    brought = ", ".join(key for key in wanted if not key.startswith("$"))
    yield f"    D-->>B: {case['response']['status']} ({brought})"
    if poll:
        yield "    end"


def _led_to(outcome: Mapping[str, Any]) -> str:
    if outcome["stored"]:
        return "confirmed, the confirmation is stored"
    again = "sent again in this run" if outcome["retried"] else "not sent again in this run"
    return f"{again}, pending for the next run"


def with_diagrams(page: str, text: str) -> str:
    """Return the text of a page with its diagrams new."""
    for name, draw in DIAGRAMS[page].items():
        begin, end = f"<!-- diagram {name}: begin -->", f"<!-- diagram {name}: end -->"
        marks = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        found = marks.search(text)
        if not found:
            raise ValueError(f"{page} has no marks {begin} and {end}")
        text = f"{text[: found.start()]}{begin}\n{draw()}\n{end}{text[found.end() :]}"
    return text


def main() -> int:
    """Write all pages."""
    for page in DIAGRAMS:
        place = ROOT / page
        place.write_text(with_diagrams(page, place.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
