"""Faults of a server, made by operators over the corpus and a recording of right answers. Pure."""

from __future__ import annotations

import copy
import json
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple, Union

from contract.verify import value_at

Key = Union[str, int]
Place = Tuple[Key, ...]
Case = Mapping[str, Any]


class Reply(NamedTuple):
    """One answer of a server, before it is written to the socket."""

    status: int
    content_type: str
    content: str


class Mutant(NamedTuple):
    """A fault: its name, the case whose answers it changes, and these answers."""

    name: str
    case_id: str
    replies: Sequence[Reply]


def right(recorded: Mapping[str, Any]) -> Reply:
    """Return a recorded answer as it was."""
    return Reply(recorded["status"], recorded["content_type"], json.dumps(recorded["body"]))


def mutants(case: Case, recorded: Sequence[Mapping[str, Any]]) -> Iterator[Tuple[str, Mutant]]:
    """Return every fault of a case, with the name of its operator."""
    before, last = [right(each) for each in recorded[:-1]], recorded[-1]
    for operator, change in ANSWERS.items():
        for reply in change(case, right(last)):
            yield operator, Mutant(f"{operator}: {case['id']}", case["id"], [*before, reply])
    for place, pattern in sorted(_places(case, last["body"]), key=repr):
        value = _at(last["body"], place)
        for operator, spoil in VALUES.items():
            for wrong in spoil(pattern, place, value):
                body = _with(last["body"], place, wrong)
                name = f"{operator}: {case['id']} {'.'.join(map(str, place))} {wrong!r:.60}"
                yield (
                    operator,
                    Mutant(
                        name,
                        case["id"],
                        [*before, Reply(last["status"], last["content_type"], json.dumps(body))],
                    ),
                )
    for operator, sequence in SEQUENCES.items():
        for bodies in sequence(case, last["body"]):
            replies = [Reply(last["status"], last["content_type"], json.dumps(body)) for body in bodies]
            yield operator, Mutant(f"{operator}: {case['id']}", case["id"], replies)


# Whole answers.


def _other_status(case: Case, reply: Reply) -> List[Reply]:
    wanted = case["response"]["status"]
    return [
        reply._replace(status=status)
        for status in (200, 201, 202, 400, 401, 404, 500)
        if status not in (wanted if isinstance(wanted, list) else [wanted])
    ]


def _empty_object(case: Case, reply: Reply) -> List[Reply]:
    demands = [
        pattern
        for pattern in _members(case["response"]["body"]).values()
        if not (isinstance(pattern, dict) and (pattern.get("$absent") or pattern.get("$optional")))
    ]
    return [reply._replace(content="{}")] if demands else []


def _nested(case: Case, reply: Reply) -> List[Reply]:
    if case["response"]["body"] == {"$type": "object"}:  # no word about what is in it
        return []
    return [reply._replace(content=f'{{"{key}": {reply.content}}}') for key in ("data", "result", "response")]


def _contents(*contents: Callable[[str], str]) -> Callable[[Case, Reply], List[Reply]]:
    return lambda _case, reply: [reply._replace(content=content(reply.content)) for content in contents]


ANSWERS: Mapping[str, Callable[[Case, Reply], List[Reply]]] = {
    "wrong status": _other_status,
    "wrong content type": lambda _case, reply: [
        reply._replace(content_type=kind) for kind in ("text/html", "text/plain; charset=utf-8", "")
    ],
    "extra nesting": _nested,
    "a list around it": _contents(lambda text: f"[{text}]"),
    "JSON in a string": _contents(json.dumps),
    "no JSON": _contents(
        lambda _text: "",
        lambda _text: "<html></html>",
        lambda text: text[:-1],
        lambda text: text + ",",
        lambda text: text.replace('"', "'") if '"' in text else "{'a': 1}",
    ),
    "not a number in JSON": _contents(
        lambda text: '{"extra": NaN, ' + text[1:] if len(text) > 2 else '{"extra": NaN}'
    ),
    "a key twice": _contents(
        lambda text: '{"extra": 1, "extra": 2, ' + text[1:] if len(text) > 2 else '{"a": 1, "a": 2}'
    ),
    "empty object": _empty_object,
}


# Values at a place that the case speaks of. REMOVED stands for no value.

REMOVED = type("Removed", (), {"__repr__": lambda _self: "removed"})()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_optional(pattern: Any) -> bool:
    return isinstance(pattern, dict) and bool(pattern.get("$optional"))


def _is_exact(pattern: Any) -> bool:
    """Whether the case says which value it is, and not only of which kind."""
    return not isinstance(pattern, dict) or bool({"$ref", "$one_of", "$match"} & set(pattern))


def _missing(pattern: Any, place: Place, value: Any) -> List[Any]:
    del value
    return [REMOVED] if isinstance(place[-1], str) and not _is_optional(pattern) else []


def _wrong_type(pattern: Any, place: Place, value: Any) -> List[Any]:
    del pattern, place
    if isinstance(value, bool):
        return [str(value).lower(), int(value)]
    if _is_number(value):
        return [str(value), bool(value)]
    if isinstance(value, str):
        return [7, [value]]
    return [json.dumps(value), {} if isinstance(value, list) else []]


def _wrong_case(pattern: Any, place: Place, value: Any) -> List[Any]:
    del place
    if not isinstance(value, str) or not _is_exact(pattern) or not value.replace("_", "").isalpha():
        return []
    return [other for other in (value.lower(), value.upper(), value.capitalize()) if other != value]


def _other_value(pattern: Any, place: Place, value: Any) -> List[Any]:
    del place
    if not _is_exact(pattern) or value is None:
        return []
    if isinstance(value, bool):
        return [not value]
    if _is_number(value):
        return [value + 1_000_001, 0] if value else [1_000_001]
    return ["something else", "" if value else " "] if isinstance(value, str) else []


def _wrong_list(pattern: Any, place: Place, value: Any) -> List[Any]:
    del place
    if not isinstance(value, list) or not isinstance(pattern, list):
        return []
    swapped = [value[::-1]] if len(value) > 1 and pattern != pattern[::-1] else []
    return [value[:-1], [*value, *(value[-1:] or [{}])], *swapped]


VALUES: Mapping[str, Callable[[Any, Place, Any], List[Any]]] = {
    "missing key": _missing,
    "null": lambda _pattern, _place, value: [None] if value is not None else [],
    "wrong type": _wrong_type,
    "wrong case of a word": _wrong_case,
    "other value": _other_value,
    "deeper": lambda _pattern, _place, value: [{"value": value}],
    "wrong list": _wrong_list,
    "fraction": lambda _pattern, _place, value: [value + 0.5] if _is_number(value) else [],
    "negative number": lambda _pattern, _place, value: [-value - 1] if _is_number(value) else [],
    "seconds instead of milliseconds": lambda _pattern, place, value: (
        [value // 1000] if _is_number(value) and str(place[-1]).endswith("_time") else []
    ),
}


# What a server tells while a client waits.


def _states(case: Case) -> List[str]:
    meanwhile = case["poll"].get("meanwhile", {}) if "poll" in case else {}
    pattern = value_at(meanwhile, case["poll"]["path"]) if meanwhile else None
    return list(pattern["$one_of"]) if isinstance(pattern, dict) else []


def _place_of_state(case: Case) -> Place:
    return tuple(case["poll"]["path"].split(".")[1:])


def _active(case: Case, body: Any, state: str) -> Any:
    """Return an answer of an earlier moment: it has the state, and no result yet."""
    changed = _with(body, _place_of_state(case), state)
    for place in (("state", "result_state"), ("results",)):
        if _has(changed, place):
            changed = _with(changed, place, REMOVED)
    return changed


def _backwards(case: Case, body: Any) -> Iterator[List[Any]]:
    states = _states(case)
    for earlier, later in (("PENDING", "RUNNING"), ("Queued", "Running"), ("RUNNING", "TERMINATING")):
        if {earlier, later} <= set(states):
            yield [_active(case, body, later), _active(case, body, earlier), body]


def _unknown_state(case: Case, body: Any) -> Iterator[List[Any]]:
    for state in (*_states(case)[:1], "Doing"):
        if _states(case):
            wrong = state.swapcase() if state != "Doing" else state
            yield [_active(case, body, wrong), body]


def _never_ends(case: Case, body: Any) -> Iterator[List[Any]]:
    for state in _states(case):
        yield [_active(case, body, state)]


def _early_result(case: Case, body: Any) -> Iterator[List[Any]]:
    for state in _states(case):
        if _has(body, ("state", "result_state")) and state in ("PENDING", "RUNNING"):
            yield [_with(body, _place_of_state(case), state), body]


def _no_state_on_the_way(case: Case, body: Any) -> Iterator[List[Any]]:
    if _states(case):
        yield [_with(_active(case, body, "RUNNING"), _place_of_state(case), REMOVED), body]


SEQUENCES: Mapping[str, Callable[[Case, Any], Iterator[List[Any]]]] = {
    "wrong order of states": _backwards,
    "unknown state on the way": _unknown_state,
    "never ends": _never_ends,
    "result before the end": _early_result,
    "no state on the way": _no_state_on_the_way,
}
OPERATORS = (*ANSWERS, *VALUES, *SEQUENCES)


# Where things lie.


def _members(pattern: Any) -> Mapping[str, Any]:
    """Return what a pattern of an object says of its keys."""
    if not isinstance(pattern, dict):
        return {}
    if "$exact" in pattern:
        return _members(pattern["$exact"])
    return {} if any(key.startswith("$") for key in pattern) else pattern


def _places(case: Case, body: Any) -> Iterator[Tuple[Place, Any]]:
    """Return where the case speaks of the answer, with the pattern; also what the guide's own answer has."""
    stated = dict(_stated(case["response"]["body"], body, ()))
    documented = dict(_stated(case.get("documented", {}), body, ()))
    for place in documented:
        stated.setdefault(place, {"$type": "documented"})
    yield from stated.items()


def _stated(pattern: Any, value: Any, place: Place) -> Iterator[Tuple[Place, Any]]:
    inner: Dict[Key, Any] = {}
    if isinstance(pattern, list):
        inner = dict(enumerate(pattern))
    elif isinstance(pattern, dict):
        items = pattern.get("$items")
        if items and isinstance(value, list):
            inner.update(dict.fromkeys(range(len(value)), items))
        else:
            inner.update(_members(pattern))
    for key, below in inner.items():
        if _has(value, (key,)) and not (isinstance(below, dict) and below.get("$absent")):
            yield (*place, key), below
            yield from _stated(below, value[key], (*place, key))


def _has(value: Any, place: Place) -> bool:
    for key in place:
        is_there = (
            key in value if isinstance(value, dict) else isinstance(value, list) and key in range(len(value))
        )
        if not is_there:
            return False
        value = value[key]
    return True


def _at(value: Any, place: Place) -> Any:
    for key in place:
        value = value[key]
    return value


def _with(value: Any, place: Place, new: Any) -> Any:
    changed = copy.deepcopy(value)
    *above, last = place
    around = _at(changed, tuple(above))
    if new is REMOVED:
        around.pop(last, None)
    else:
        around[last] = new
    return changed
