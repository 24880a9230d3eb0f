"""The names and the words of Spark's failures, as each version of pyspark has them."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path
from typing import Iterator, Optional, Tuple

import pytest

from nuvyn_executor.spark.conditions import failure_of

ROOT = Path(__file__).resolve().parents[2]
TRACE = """org.apache.spark.SparkException: Job aborted
\tat org.apache.spark.sql.delta.Some(thing.scala:1)
Caused by: org.apache.spark.SparkException: [FAILED_READ_FILE.NO_HINT] Error while reading file a.parquet.
\tat x.y(z.java:1)
Caused by: java.lang.RuntimeException: a.parquet is not a Parquet file"""


class Of35(Exception):  # noqa: N818  a version
    """As Spark 3.4 and 3.5 raise it."""

    def __init__(self, condition: Optional[str], message: str, trace: str = "") -> None:
        super().__init__(message)
        self.condition = condition
        self.stackTrace = trace

    def getErrorClass(self) -> Optional[str]:  # noqa: N802  pyspark's name
        return self.condition


class Of40(Exception):  # noqa: N818  a version
    """As Spark 4 raises it: the older method warns."""

    def __init__(self, condition: Optional[str], message: str, trace: str = "") -> None:
        super().__init__(message)
        self.condition = condition
        self._stackTrace = trace

    def getCondition(self) -> Optional[str]:  # noqa: N802  pyspark's name
        return self.condition

    def getErrorClass(self) -> Optional[str]:  # noqa: N802  pyspark's name
        warnings.warn("Deprecated in 4.0.0, use getCondition instead.", FutureWarning, stacklevel=2)
        return self.condition


class OfConnect(Of40):
    """As Spark Connect raises it: its message has no causes."""

    def __init__(self, condition: Optional[str], message: str, trace: str = "") -> None:
        super().__init__(condition, message)
        self._stacktrace = trace


class OfDeadJava(Of40):
    """An error that can no longer ask Java for its name."""

    def getCondition(self) -> Optional[str]:  # noqa: N802  pyspark's name
        raise ConnectionRefusedError(111, "Connection refused")


class TestConditions:
    """Issue: "errors by their conditions and not their texts"."""

    @pytest.mark.parametrize("kind", [Of35, Of40, OfConnect])
    def test_the_name_is_asked_in_the_way_of_the_version(self, kind: type) -> None:
        failure = failure_of(kind("PATH_NOT_FOUND", "It is not there."))

        assert failure.conditions == ("PATH_NOT_FOUND",)
        assert failure.is_named("PATH_NOT_FOUND")
        assert not failure.is_named("PATH")

    @pytest.mark.parametrize("kind", [Of35, Of40, OfConnect])
    def test_causes_have_names_and_words_too(self, kind: type) -> None:
        failure = failure_of(kind(None, "Job aborted", TRACE))

        assert failure.conditions == ("FAILED_READ_FILE.NO_HINT",)
        assert failure.is_named("FAILED_READ_FILE")
        assert failure.text.splitlines()[0] == f"{kind.__name__}: Job aborted"
        assert failure.text.endswith("a.parquet is not a Parquet file")
        assert "at org.apache" not in failure.text

    def test_of_an_error_without_a_method_the_name_stands_before_its_text(self) -> None:
        said = "An error occurred while calling o4.sql.\n: java.lang.Error: [DELTA_CONCURRENT_APPEND] Files"
        assert failure_of(RuntimeError(said)).is_named("DELTA_CONCURRENT*")

    @pytest.mark.parametrize(
        "said", ["the folder /data/[PERMISSION_DENIED] x", "it says '[PATH_NOT_FOUND] '", "[lower_case] x"]
    )
    def test_a_text_in_brackets_elsewhere_is_no_name(self, said: str) -> None:
        assert failure_of(RuntimeError(said)).conditions == ()

    def test_java_that_has_ended_is_asked_in_vain(self) -> None:
        failure = failure_of(OfDeadJava("PATH_NOT_FOUND", "[TABLE_OR_VIEW_NOT_FOUND] There is none."))
        assert failure.conditions == ("TABLE_OR_VIEW_NOT_FOUND",)

    def test_names_or_words_decide(self) -> None:
        failure = failure_of(Of40("PATH_NOT_FOUND", "It is not there."))

        assert failure.means(("PATH_NOT_FOUND",), "")
        assert failure.means((), "not there")
        assert not failure.means((), "")
        assert not failure.means(("UNRESOLVED_COLUMN",), "elsewhere")


# Attributes that Spark Connect does not have, and the functions that may use them, ready to be refused.
BEHIND_CONNECT = {"_jvm", "_jsc", "_jdf", "_jsparkSession", "sparkContext", "_sc", "rdd", "cache", "persist"}
READY = {
    ("profiling/polars/job.py", "slots_of"),
    ("sources/hadoop_files.py", "_java_of"),
    ("spark/packages.py", "_output_as_errors"),
    ("spark/packages.py", "_scala_version"),
    ("spark/running_tasks.py", "running_tasks"),
    ("spark/session.py", "has_file_system"),
    ("spark/session.py", "runs_on_this_machine"),
}


def uses() -> Iterator[Tuple[str, str, bool]]:
    """Each use of such an attribute: the module, the function, and whether an ``except`` stands around it."""
    package = ROOT / "nuvyn_executor"
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not any(name in text for name in BEHIND_CONNECT):
            continue
        tree = ast.parse(text)
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            tried = {
                id(inner) for one in ast.walk(function) if isinstance(one, ast.Try) for inner in _body(one)
            }
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and node.attr in BEHIND_CONNECT and not _is_own(node):
                    yield str(path.relative_to(package)), function.name, id(node) in tried


def _is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def _body(node: ast.Try) -> Iterator[ast.AST]:
    for statement in node.body:
        yield from ast.walk(statement)


class TestConnect:
    """Issue: "no `_jvm`, no `SparkContext`"; serverless: "no caching, no RDD, no global views"."""

    def test_what_connect_lacks_is_used_only_where_its_refusal_is_awaited(self) -> None:
        found = list(uses())

        assert {(module, function) for module, function, _ in found} == READY
        assert [one for one in found if not one[2]] == []

    def test_no_spark_context_no_global_view_and_no_cached_table(self) -> None:
        absent = {
            "SparkContext",
            "createGlobalTempView",
            "createOrReplaceGlobalTempView",
            "cacheTable",
            "broadcast",
        }
        names = set()
        for path in (ROOT / "nuvyn_executor").rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if not any(name in text for name in absent):
                continue
            for node in ast.walk(ast.parse(text)):
                kinds = (("attr", ast.Attribute), ("id", ast.Name), ("name", ast.alias))
                names |= {getattr(node, field) for field, kind in kinds if isinstance(node, kind)}

        assert names & absent == set()

    def test_python_functions_are_made_in_one_place(self) -> None:
        """There it is decided how values come to Python: Spark's default differs by version and session."""
        makers = {
            str(path.relative_to(ROOT))
            for path in (ROOT / "nuvyn_executor").rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if (isinstance(node, ast.Attribute) and node.attr == "udf")
            or (isinstance(node, ast.alias) and node.name == "udf")
        }
        assert makers == {"nuvyn_executor/spark/python_functions.py"}
