from __future__ import annotations

from typing import Any, Mapping

import pytest

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs.fields import FLAT_ONLY, JOB_FIELDS, RUN_PARAMETERS, TASK_FIELDS, TASK_TYPE_FIELDS
from fake_databricks.jobs.settings import Dialect, parse_settings
from fake_databricks.jobs.task_types import LISTED, NAMED, TASK_TYPES, arguments
from fake_databricks.request.values import READERS, Field

FLAT = {"existing_cluster_id": "c", "spark_python_task": {"python_file": "dbfs:/x.py"}}
WHEEL = {"package_name": "p", "entry_point": "main"}
ON_A_CLUSTER = ("spark_python_task", "python_wheel_task", "notebook_task")
NEEDED: Mapping[str, Mapping[str, Any]] = {
    "spark_python_task": {"python_file": "dbfs:/x.py"},
    "python_wheel_task": WHEEL,
    "notebook_task": {"notebook_path": "/x"},
    "sql_task": {"warehouse_id": "w", "file": {"path": "/x.sql"}},
    "run_job_task": {"job_id": 1},
    "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"},
    "for_each_task": {"inputs": "[1]", "task": {"task_key": "b", **FLAT}},
}
"""What a task of each type cannot be without."""
FOREIGN = [
    (kind, name)
    for kind in TASK_TYPES
    for name in (*LISTED, *NAMED, "unknown")
    if name not in TASK_TYPE_FIELDS[kind]
]
"""Parameters that types do not have."""


class TestSettings:
    """how a job was created decides how it answers"""

    def test_a_task_at_the_top_is_flat_and_tasks_are_tasks(self) -> None:
        tasks = {"tasks": [{"task_key": "a", **FLAT}]}
        assert [parse_settings(item).dialect for item in (FLAT, tasks)] == [Dialect.FLAT, Dialect.TASKS]

    def test_settings_are_the_same_after_they_were_shown(self) -> None:
        document = {"tasks": [{"task_key": "a", **FLAT}], "parameters": [{"name": "p", "default": "1"}]}
        read = parse_settings(document)
        assert parse_settings(read.document) == read

    def test_only_the_newest_version_queues_by_itself(self) -> None:
        document = {"tasks": [{"task_key": "a", **FLAT}]}
        queues = {version: parse_settings(document, version).is_queueing for version in ("2.0", "2.1", "2.2")}
        assert queues == {"2.0": False, "2.1": False, "2.2": True}

    @pytest.mark.parametrize("value", [[], {"a": 1}, 5, "x", False])
    @pytest.mark.parametrize(("kind", "name"), FOREIGN)
    def test_what_a_type_does_not_have_is_left_alone(self, kind: str, name: str, value: Any) -> None:
        """Issue: "no 500": parameters of another type of task may be anything."""
        cluster = {"existing_cluster_id": "c"} if kind in ON_A_CLUSTER else {}
        document = {"task_key": "a", **cluster, kind: {**NEEDED[kind], name: value}}
        (task,) = parse_settings({"tasks": [document]}).tasks
        assert task.body[name] == value
        assert arguments(kind, task.body) == ()

    @pytest.mark.parametrize(
        ("document", "words"),
        [
            ({**FLAT, "name": "x" * 4097}, "4096 bytes"),
            ({**FLAT, "max_concurrent_runs": 1001}, "max_concurrent_runs"),
            ({**FLAT, "timeout_seconds": -1}, "timeout_seconds"),
            ({**FLAT, "timeout_seconds": True}, "integer"),
            ({**FLAT, "new_cluster": {"spark_version": "x"}}, "Only one of"),
            ({**FLAT, "job_clusters": [{"job_cluster_key": "k", "new_cluster": {}}]}, "Shared job cluster"),
            ({"existing_cluster_id": "c"}, "exactly one of spark_python_task"),
            ({"tasks": [{"task_key": "a b", **FLAT}]}, "task_key"),
            ({"tasks": [{"task_key": "a", **FLAT}] * 2}, "duplicate"),
            (
                {"tasks": [{"task_key": "a", "depends_on": [{"task_key": "z"}], **FLAT}]},
                "unknown task: z",
            ),
            ({"tasks": [{"task_key": "a", "run_if": "NEVER", **FLAT}]}, "run_if"),
            (
                {"tasks": [{"task_key": f"t{number}", **FLAT} for number in range(101)]},
                "API 2.2 and above",
            ),
        ],
    )
    def test_what_is_wrong_is_named(self, document: dict[str, object], words: str) -> None:
        with pytest.raises(InvalidParameter, match=words):
            parse_settings(document)

    @pytest.mark.parametrize(
        ("task", "parameters"),
        [
            ({"spark_python_task": {"python_file": "dbfs:/x.py"}}, ()),
            ({"spark_python_task": {"python_file": "dbfs:/x.py", "parameters": ["a", 1]}}, ("a", "1")),
            ({"python_wheel_task": {**WHEEL, "parameters": ["a"]}}, ("a",)),
            ({"python_wheel_task": {**WHEEL, "named_parameters": {"a": "1", "b": 2}}}, ("--a=1", "--b=2")),
        ],
    )
    def test_the_parameters_of_a_task_are_its_arguments(
        self, task: dict[str, Any], parameters: tuple[str, ...]
    ) -> None:
        settings = parse_settings({"existing_cluster_id": "c", **task})
        assert settings.tasks[0].parameters == parameters

    @pytest.mark.parametrize(
        ("document", "words"),
        [
            ({"spark_python_task": {}}, "Missing required field: spark_python_task.python_file"),
            (
                {"python_wheel_task": {"package_name": "p"}},
                "Missing required field: python_wheel_task.entry_point",
            ),
            ({"spark_python_task": {"python_file": "x", "source": "GIT"}}, "no repository is cloned"),
            (
                {"python_wheel_task": {**WHEEL, "parameters": ["a"], "named_parameters": {"b": "c"}}},
                "Only one of parameters and named_parameters",
            ),
        ],
    )
    def test_a_task_that_cannot_be_run_is_refused(self, document: dict[str, Any], words: str) -> None:
        with pytest.raises(InvalidParameter, match=words):
            parse_settings({"existing_cluster_id": "c", **document})

    @pytest.mark.parametrize(
        ("name", "key"), [("a", "a"), ("Nightly scan, all", "Nightly_scan__all"), ("x" * 200, "x" * 100)]
    )
    def test_the_task_key_of_a_flat_job_is_made_from_its_name(self, name: str, key: str) -> None:
        assert parse_settings({**FLAT, "name": name}).tasks[0].key == key

    def test_a_timeout_of_a_flat_job_is_on_its_task_and_of_a_tasks_job_on_the_run(self) -> None:
        flat = parse_settings({**FLAT, "timeout_seconds": 5})
        tasks = parse_settings({"tasks": [{"task_key": "a", **FLAT}], "timeout_seconds": 5})
        timeouts = [(job.timeout_seconds, job.tasks[0].timeout_seconds) for job in (flat, tasks)]
        assert timeouts == [(0, 5), (5, 0)]

    def test_tasks_share_a_cluster_by_its_key(self) -> None:
        shared = {"job_cluster_key": "k", "new_cluster": {"spark_version": "15.4.x-scala2.12"}}
        task = {"job_cluster_key": "k", "spark_python_task": FLAT["spark_python_task"]}
        tasks = [{"task_key": key, **task} for key in "ab"]
        settings = parse_settings({"tasks": tasks, "job_clusters": [shared]})
        assert [(item.cluster_key, item.new_cluster) for item in settings.tasks] == [
            ("k", shared["new_cluster"])
        ] * 2
        with pytest.raises(InvalidParameter, match="unknown job_cluster_key 'k'"):
            parse_settings({"tasks": tasks})


class TestTables:
    """every field of a job that Databricks knows has a type and a treatment"""

    FIELDS = tuple(
        pytest.param(field, id=name)
        for table in (JOB_FIELDS, TASK_FIELDS, RUN_PARAMETERS, *TASK_TYPE_FIELDS.values())
        for name, field in table.items()
    )

    @pytest.mark.parametrize("field", FIELDS)
    def test_a_field_has_a_known_type_and_a_reason_exactly_when_it_is_refused(self, field: Field) -> None:
        assert field.kind in READERS
        assert field.fate in ("honoured", "recorded", "refused")
        assert bool(field.why) == (field.fate == "refused")

    def test_a_task_type_that_is_run_has_fields_and_every_other_is_refused(self) -> None:
        assert set(TASK_TYPE_FIELDS) == set(TASK_TYPES)
        others = [name for name in TASK_FIELDS if name.endswith("_task") and name not in TASK_TYPES]
        assert {TASK_FIELDS[name].fate for name in others} == {"refused"}

    def test_the_fields_of_a_flat_job_are_fields_of_its_task(self) -> None:
        assert set(FLAT_ONLY) <= set(TASK_FIELDS)
