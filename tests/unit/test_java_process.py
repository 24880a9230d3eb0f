"""Which errors say that Spark's Java process has ended."""

from __future__ import annotations

import socket
from typing import Any, Dict

import pytest

from nuvyn_executor.errors import DatasetUnreadable, EngineError, TransmissionUnavailable
from nuvyn_executor.spark.java_process import answers, named, said


class Py4JError(Exception):
    """As py4j's."""


class Py4JNetworkError(Py4JError):
    """As py4j's."""


class Py4JJavaError(Py4JError):
    """As py4j's."""


def caught(error: Exception, module: str = "") -> Exception:
    """Return an error as it is caught; ``module``: raised in a function of that module."""
    place: Dict[str, Any] = {"__name__": module or "elsewhere"}
    exec("def fail(error): raise error", place)  # noqa: S102  a function of that module
    try:
        place["fail"](error)
    except Exception as raised:  # noqa: BLE001  it is what is asked for
        return raised
    raise AssertionError


def following(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


class TestNamed:
    """A dead JVM is named as such ("Spark's Java process ended; most often memory"), with the remedy."""

    @pytest.mark.parametrize(
        "error",
        [
            Py4JNetworkError("Answer from Java side is empty"),
            Py4JNetworkError("anything"),
            Py4JError("An error occurred while calling o42.parquet"),
            Py4JError("An error occurred while trying to connect to the Java server (127.0.0.1:41234)"),
            caught(ConnectionRefusedError(111, "Connection refused"), "py4j.clientserver"),
            caught(ConnectionResetError(104, "Connection reset by peer"), "py4j.java_gateway"),
            following(DatasetUnreadable("t could not be read."), Py4JNetworkError("x")),
        ],
        ids=repr,
    )
    def test_a_call_that_java_did_not_answer_is_named(self, error: Exception) -> None:
        explained = named(error)
        assert isinstance(explained, EngineError)
        assert "Java process ended" in explained.message
        assert "memory" in explained.message
        assert "EXECUTOR_DRIVER_MEMORY" in explained.remedy

    @pytest.mark.parametrize(
        "error",
        [
            ValueError("x"),
            Py4JJavaError("An error occurred while calling o42.parquet"),
            Py4JError("An error occurred while calling o42.parquet. Trace:\njava.lang.Exception"),
            Py4JError("org.apache.x does not exist in the JVM"),
            caught(ConnectionRefusedError(111, "Connection refused")),
            caught(ConnectionResetError(104, "reset"), "botocore.httpsession"),
            TransmissionUnavailable("The platform did not answer."),
        ],
        ids=repr,
    )
    def test_any_other_error_stays(self, error: Exception) -> None:
        assert named(error) is error

    def test_a_name_that_was_looked_up_when_java_ended_is_named(self) -> None:
        error = Py4JError("org.apache.spark.sql.functions.from_json does not exist in the JVM")
        assert isinstance(named(error, java_answers=lambda: False), EngineError)
        assert named(error, java_answers=lambda: True) is error

    def test_java_is_asked_only_where_the_error_leaves_it_open(self) -> None:
        def ask() -> bool:
            raise AssertionError("asked")

        error = ValueError("x")
        assert named(error, ask) is error
        assert isinstance(named(Py4JNetworkError("x"), ask), EngineError)

    def test_py4j_itself_raises_such_an_error_where_nobody_listens(self) -> None:
        clientserver = pytest.importorskip(
            "py4j.clientserver", reason="py4j is not installed for this Python"
        )
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            server = clientserver.ClientServer(
                java_parameters=clientserver.JavaParameters(port=port, eager_load=False),
                python_parameters=clientserver.PythonParameters(port=0, eager_load=False),
            )
            try:
                with pytest.raises(Exception) as raised:  # noqa: PT011  py4j has several
                    server.jvm.java.lang.System.nanoTime()
                assert not answers(server)
            finally:
                server.shutdown()
        assert isinstance(named(raised.value), EngineError)


def test_an_error_is_said_without_the_stack_of_java() -> None:
    """A heartbeat that fails is a line of the log, not a hundred."""
    text = "An error occurred while calling o361.append.\n: org.apache.spark.SparkException: Job 17 cancelled"
    stack = (
        "\n\tat org.apache.spark.scheduler.DAGScheduler.runJob(DAGScheduler.scala:995)\n\tat x.Y.z(Y.java:1)"
    )

    assert said(Py4JJavaError(text + stack)) == text
    assert said(ValueError("no stack")) == "no stack"
