"""Tasks that run no program: conditions, loops, and runs of other jobs. Pure."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Callable, Mapping

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs.lifecycle import Event, Life, Result
from fake_databricks.jobs.model import Overrides
from fake_databricks.jobs.outcomes import Outcome
from fake_databricks.jobs.references import as_text, resolve, resolve_known
from fake_databricks.jobs.task_types import read_inputs

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Run
    from fake_databricks.jobs.settings import Task

MOST_ERRORS = 3
_TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "EQUAL_TO": lambda left, right: left == right,
    "NOT_EQUAL": lambda left, right: left != right,
}
_NUMBERS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "GREATER_THAN": lambda left, right: left > right,
    "GREATER_THAN_OR_EQUAL": lambda left, right: left >= right,
    "LESS_THAN": lambda left, right: left < right,
    "LESS_THAN_OR_EQUAL": lambda left, right: left <= right,
}
_OF_ITS_TASK = ("task.", "task_key", "task_retry_count", "run_id")
"""How references begin that mean the iteration, and not the task with the loop."""


def operands(body: Mapping[str, Any], values: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a condition compares in this run.

    Raises:
        InvalidParameter: a reference has no value.
    """
    return tuple(resolve(body[name], values) for name in ("left", "right"))


def outcome_of_condition(body: Mapping[str, Any], values: Mapping[str, str]) -> str:
    """Return ``true`` or ``false``: what a condition is in this run.

    Raises:
        InvalidParameter: a reference has no value, or an operand that is compared as a number is none.
    """
    left, right = operands(body, values)
    compare = _TEXTS.get(body["op"])
    if compare is not None:
        return str(compare(left, right)).lower()
    return str(_NUMBERS[body["op"]](_number(left, body), _number(right, body))).lower()


def _number(text: str, body: Mapping[str, Any]) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise InvalidParameter(f"The operand '{text}' of {body['op']} is not a number.")
    return number


def iterations(run: Run, task: Task, values: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of the run whose tasks are the iterations of a loop.

    Raises:
        InvalidParameter: the inputs are no JSON array, or a reference in them has no value.
    """
    items = read_inputs(resolve(task.body["inputs"], values))
    nested = task.body["task"]
    shared = {name: value for name, value in values.items() if not name.startswith(_OF_ITS_TASK)}
    documents = []
    for number, item in enumerate(items):
        named = {f"input.{key}": as_text(value) for key, value in item.items()} if _is_object(item) else {}
        document = _expanded(nested, {**shared, "input": as_text(item), **named})
        documents.append({**document, "task_key": f"{nested['task_key'][:90]}_{number}"})
    settings = run.settings.document
    inherited = {
        name: settings[name] for name in ("job_clusters", "environments", "parameters") if name in settings
    }
    return {"name": run.settings.name, **inherited, "tasks": documents}


def _is_object(item: Any) -> bool:
    return isinstance(item, dict)


def _expanded(part: Any, values: Mapping[str, str]) -> Any:
    if isinstance(part, str):
        return resolve_known(part, values)
    if isinstance(part, dict):
        return {key: _expanded(item, values) for key, item in part.items()}
    return [_expanded(item, values) for item in part] if isinstance(part, list) else part


def overrides_of(body: Mapping[str, Any], values: Mapping[str, str]) -> Overrides:
    """Return the parameters with which a task runs another job.

    Raises:
        InvalidParameter: a reference has no value.
    """

    def named(name: str) -> dict[str, str]:
        return {key: resolve(text, values) for key, text in body.get(name, {}).items()}

    python = (
        tuple(resolve(text, values) for text in body["python_params"]) if "python_params" in body else None
    )
    return Overrides(
        python_params=python,
        python_named_params=named("python_named_params") or None,
        job_parameters=named("job_parameters"),
        notebook_params=named("notebook_params"),
        sql_params=named("sql_params"),
    )


def stats_of(run: Run) -> dict[str, Any]:
    """Return ``stats`` of a loop, from the run of its iterations; only the newest attempts count."""
    states = [task_run.state for task_run in run.latest().values()]
    ended = [state for state in states if state.is_terminal]
    active = len(states) - len(ended) - sum(state.life is Life.BLOCKED for state in states)
    failed = [state for state in ended if state.result is not Result.SUCCESS]
    errors = Counter(state.message for state in failed).most_common(MOST_ERRORS)
    return {
        "task_run_stats": {
            "total_iterations": len(states),
            "scheduled_iterations": active + len(ended),
            "active_iterations": active,
            "completed_iterations": len(ended),
            "succeeded_iterations": len(ended) - len(failed),
            "failed_iterations": len(failed),
        },
        "error_message_stats": [{"error_message": message, "count": count} for message, count in errors],
    }


def of_child(child: Run) -> Outcome:
    """Return how a task ends whose other run, or whose iterations, have ended."""
    assert child.state.result is not None
    result = child.state.result
    if result in (Result.SUCCESS, Result.SUCCESS_WITH_FAILURES) and not child.is_nested:
        return Outcome(Event.END, Result.SUCCESS)
    if result is Result.SUCCESS:
        return Outcome(Event.END, Result.SUCCESS)
    if child.is_nested:
        counts = stats_of(child)["task_run_stats"]
        message = f"{counts['failed_iterations']} of {counts['total_iterations']} iterations did not succeed."
    else:
        message = f"Job run {child.run_id} did not succeed: {child.state.message or result.value}"
    kept = result if result in (Result.CANCELED, Result.TIMEDOUT) else Result.FAILED
    return Outcome(Event.END, kept, message)
