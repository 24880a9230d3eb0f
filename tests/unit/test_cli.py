"""The command without a cluster: what needs no Spark, and how a task ends."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Iterator, List

import pytest

from contract.corpus import failure_differences
from nuvyn_executor import __version__, cli
from nuvyn_executor.parameters import JOB_TYPES
from nuvyn_executor.settings import SETTINGS


class TestMain:
    """stdout carries one JSON document in every case; exit code 2 for bad parameters."""

    def test_help_names_job_types_settings_and_exit_codes(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["--help"]) == 0
        shown = capsys.readouterr().out
        for word in (*JOB_TYPES, *(setting.name for setting in SETTINGS), "exit codes"):
            assert word in shown

    def test_version_is_the_packages(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["--version"]) == 0
        assert capsys.readouterr().out == f"nuvyn-executor {__version__}\n"

    @pytest.mark.parametrize(
        "argv", [[], ["nonsense"], ["metadata_extraction"], ["data_reading", "/x", "parq"]]
    )
    def test_wrong_parameters_exit_with_2_and_say_why(
        self, argv: List[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.main(argv) == 2
        captured = capsys.readouterr()
        document = json.loads(captured.out)
        assert failure_differences(document) == []
        assert document["error"]["type"] == "UsageError"
        assert document["error"]["message"] in captured.err

    @pytest.mark.parametrize(
        "argv",
        [
            ["jdbc:postgresql://h/db?user=u&password=hunter22"],
            ["metadata_extraction", "/x", "https://a.blob.core.windows.net/c?sig=hunter22"],
            ["metadata_extraction", "/x", "csv", "t", "s3://key:hunter22@bucket/x"],
            ["metadata_extraction", "/x", "the key is c4nary-of-the-platform"],
        ],
    )
    def test_a_secret_in_a_wrong_parameter_is_not_repeated(
        self, argv: List[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A path in the place of the job type was repeated as it was, on both streams."""
        monkeypatch.setenv("NUVYN_API_KEY", "c4nary-of-the-platform")
        assert cli.main(argv) == 2
        captured = capsys.readouterr()
        assert json.loads(captured.out)["error"]["type"] == "UsageError"
        for secret in ("hunter22", "c4nary"):
            assert secret not in captured.out + captured.err

    @pytest.mark.parametrize("name", ["DATA_READING", " data_reading"])
    def test_the_job_type_of_a_failure_is_the_one_that_was_understood(
        self, name: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.main([name]) == 2
        assert json.loads(capsys.readouterr().out)["job_type"] == "data_reading"

    def test_a_malformed_setting_is_named_with_its_remedy(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EXECUTOR_SEND_SAMPLES", "perhaps")
        assert cli.main(["schema_validation"]) == 1
        document = json.loads(capsys.readouterr().out)
        assert "EXECUTOR_SEND_SAMPLES must be true or false" in document["error"]["message"]


class TestOneDocument:
    """One JSON document on stdout, always: when the JVM is killed there are two (`spark.stop()` raises after
    the answer was printed)."""

    @pytest.mark.parametrize("exit_code", [0, 1])
    def test_what_fails_after_the_result_adds_no_second_one(
        self, exit_code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NUVYN_API_KEY", "nv-key-0123456789")

        @contextmanager
        def manager(**_: Any) -> Iterator[Any]:
            report = SimpleNamespace(document={"validation_status": "valid"}, exit_code=exit_code)
            yield SimpleNamespace(create_job=lambda request: request, execute=lambda _: report)
            raise ConnectionRefusedError("nv-key-0123456789 refused")

        monkeypatch.setattr("nuvyn_executor.bootstrap.manager", manager)
        assert cli.main(["schema_validation"]) == exit_code
        captured = capsys.readouterr()
        assert json.loads(captured.out) == {"validation_status": "valid"}
        assert "After the result: ConnectionRefusedError('[REDACTED] refused')" in captured.err

    def test_a_java_that_ended_before_the_job_began_is_named(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Py4JNetworkError(Exception):
            pass

        def manager(**_: Any) -> Any:
            raise Py4JNetworkError("Answer from Java side is empty")

        monkeypatch.setattr("nuvyn_executor.bootstrap.manager", manager)
        assert cli.main(["schema_validation"]) == 1
        document = json.loads(capsys.readouterr().out)
        assert failure_differences(document) == []
        assert document["error"]["type"] == "EngineError"
        assert "most often for lack of memory" in document["error"]["message"]


class TestTask:
    """`"notebook_output": {"result": "Schema validation completed successfully", "truncated": false}`."""

    @pytest.mark.parametrize(
        ("job_type", "sentence"),
        [
            ("schema_validation", "Schema validation completed successfully"),
            ("metadata_extraction", "Metadata extraction completed successfully"),
            ("api_transmission", "API transmission completed successfully"),
            (
                "Schema_Validation ",
                "Schema validation completed successfully",
            ),  # as parameters are understood
        ],
    )
    def test_a_success_hands_the_guides_sentence_to_the_notebook(
        self, job_type: str, sentence: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said: List[str] = []
        dbutils = SimpleNamespace(notebook=SimpleNamespace(exit=said.append))
        monkeypatch.setattr(sys, "argv", ["main.py", job_type])
        monkeypatch.setattr(cli, "main", lambda: 0)  # the job itself is tested on Spark
        cli.run_as_task(dbutils)
        assert said == [sentence]

    def test_without_a_notebook_success_just_returns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["main.py", "--version"])
        cli.run_as_task()
        assert sys.argv[1] == "--version"

    def test_a_failure_exits_with_its_code(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["main.py", "nonsense"])
        with pytest.raises(SystemExit) as raised:
            cli.run_as_task()
        assert raised.value.code == 2
