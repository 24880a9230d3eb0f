"""Delta tables in a folder, read without Spark."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict, List

import pytest

from examples.delta_tables import main

if TYPE_CHECKING:
    from pathlib import Path

pl = pytest.importorskip("polars", reason="polars is not installed: it reads Parquet")


def table(folder: Path, *commits: List[Dict[str, Any]]) -> Path:
    """Make a table whose log has these commits."""
    log = folder / "runs" / "_delta_log"
    log.mkdir(parents=True)
    for number, actions in enumerate(commits):
        (log / f"{number:020}.json").write_text("\n".join(map(json.dumps, actions)), encoding="utf-8")
    for number in (1, 2):
        pl.DataFrame({"run_id": [f"job {number}"]}).write_parquet(folder / "runs" / f"a b{number}.parquet")
    return folder


def add(number: int, **more: Any) -> Dict[str, Any]:
    return {"add": {"path": f"a%20b{number}.parquet", **more}}


class TestDeltaTables:
    """`docs/contract.md`: "For Delta tables in a local folder there is one"."""

    def test_the_rows_are_those_of_the_newest_version(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        table(tmp_path, [{"protocol": {}}, add(1)], [{"remove": {"path": "a%20b1.parquet"}}, add(2)])

        assert main([str(tmp_path)]) == 0
        assert json.loads(capsys.readouterr().out) == {"runs": [{"run_id": "job 2"}]}

    def test_an_empty_table_has_no_rows(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        table(tmp_path, [{"protocol": {}}])

        assert main([str(tmp_path)]) == 0
        assert json.loads(capsys.readouterr().out) == {"runs": []}

    def test_what_it_cannot_read_is_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        table(tmp_path, [add(1, deletionVector={"storageType": "u"})])

        assert main([str(tmp_path)]) == 2
        assert "it has deletion vectors; print its rows with Spark" in capsys.readouterr().err

    def test_a_log_without_its_begin_is_named(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        table(tmp_path, [add(1)], [add(2)])
        (tmp_path / "runs" / "_delta_log" / f"{0:020}.json").unlink()

        assert main([str(tmp_path)]) == 2
        assert "does not begin at version 0" in capsys.readouterr().err

    def test_a_folder_without_tables_is_named(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main([str(tmp_path)]) == 2
        assert "no Delta table lies there" in capsys.readouterr().err
