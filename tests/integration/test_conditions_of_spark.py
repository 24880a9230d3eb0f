"""Real failures of the Spark that runs: their names are the same in every version, and on Connect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Tuple
from uuid import uuid4

import pytest

from nuvyn_executor.concurrency import at_once
from nuvyn_executor.reading.failures import unreadable
from nuvyn_executor.spark.conditions import failure_of
from nuvyn_executor.spark.session import find_session

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.spark

Action = Callable[[Any], Any]
FAILURES: Tuple[Tuple[str, Action], ...] = (
    ("PATH_NOT_FOUND", lambda spark: spark.read.text("/no/such/folder").collect()),
    ("TABLE_OR_VIEW_NOT_FOUND", lambda spark: spark.sql("SELECT * FROM no_such_table").collect()),
    ("PARSE_SYNTAX_ERROR", lambda spark: spark.sql("SELEC 1").collect()),
)


def failure(action: Callable[[], Any]) -> Exception:
    with pytest.raises(Exception) as raised:  # noqa: PT011  each version has classes of its own
        action()
    assert isinstance(raised.value, Exception)
    return raised.value


class TestNames:
    """Issue: "errors by their conditions and not their texts"."""

    @pytest.mark.parametrize(("name", "action"), FAILURES, ids=[name for name, _ in FAILURES])
    def test_what_spark_foresees_has_its_name(self, spark: Any, name: str, action: Action) -> None:
        assert failure_of(failure(lambda: action(spark))).is_named(name)

    def test_a_table_that_is_there_already_has_delta_s_name(self, spark: Any, tmp_path: Path) -> None:
        table = f"delta.`{tmp_path / uuid4().hex}`"
        spark.sql(f"CREATE TABLE {table} (a INT) USING DELTA")
        error = failure(lambda: spark.sql(f"CREATE TABLE {table} (a INT) USING DELTA"))
        assert failure_of(error).is_named("DELTA_TABLE_ALREADY_EXISTS", "TABLE_OR_VIEW_ALREADY_EXISTS")

    def test_what_has_no_name_is_told_by_its_causes(self, spark: Any, tmp_path: Path) -> None:
        (tmp_path / "a.parquet").write_bytes(b"PAR1" + b"x" * 100 + b"PAR1")
        error = failure(lambda: spark.read.schema("a INT").parquet(str(tmp_path)).collect())
        assert unreadable("a.parquet", error).message == (
            "a.parquet could not be read: it is no intact Parquet file."
        )


class TestQuiet:
    """Issue: "with a pyspark warning about tags on stderr: mend it"."""

    def test_threads_work_without_a_warning(self, spark: Any, recwarn: pytest.WarningsRecorder) -> None:
        counts = at_once(*(lambda n=n: spark.range(n).count() for n in (1, 2, 3)))
        assert counts == [1, 2, 3]
        assert [str(one.message) for one in recwarn if "ags" in str(one.message)] == []

    def test_pyspark_writes_no_error_to_stderr_by_itself(
        self, spark: Any, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert find_session(on_databricks=False) is not None
        failure(lambda: spark.sql("SELECT * FROM no_such_table").collect())
        assert "no_such_table" not in capfd.readouterr().err
