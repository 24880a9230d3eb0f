"""A predicate is stated once; Python, Spark and Polars agree for which texts it holds."""

from __future__ import annotations

from typing import Any, Dict, List, Set, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nuvyn_executor.profiling.spark import predicates
from tests.check_values import WITH_PREDICATES, examples_of, values_of

pl = pytest.importorskip("polars")
from nuvyn_executor.profiling.polars.predicates import satisfying  # noqa: E402  Polars may not be there

pytestmark = pytest.mark.spark


def generated() -> Dict[str, List[str]]:
    """Return texts for each form, in which half or so pass."""
    found: Dict[str, Set[str]] = {form.shape: set(examples_of(form)) for form in WITH_PREDICATES}

    @given(st.tuples(*(st.lists(values_of(form), max_size=10) for form in WITH_PREDICATES)))
    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    def generate(lists: Tuple[List[str], ...]) -> None:
        for form, texts in zip(WITH_PREDICATES, lists):
            found[form.shape].update(texts)

    generate()
    return {shape: sorted(texts) for shape, texts in found.items()}


def test_the_three_engines_agree(spark: Any) -> None:
    texts = generated()
    rows = [(shape, text) for shape, some in texts.items() for text in some]
    data = spark.createDataFrame(rows, "shape STRING, text STRING")
    matches, rewritten, holds = [], [], []
    for form in WITH_PREDICATES:
        assert form.predicate is not None
        matches.append(f"WHEN '{form.shape}' THEN {predicates.matches('text', form.pattern)}")
        rewritten.append(f"WHEN '{form.shape}' THEN {predicates.rewritten('text', form.predicate)}")
        holds.append(f"WHEN '{form.shape}' THEN {predicates.tested('rewritten', form.predicate)}")
    data = data.selectExpr("*", f"CASE shape {' '.join(rewritten)} END AS rewritten")
    answers = {"matches": matches, "holds": holds}
    columns = [f"CASE shape {' '.join(branches)} END AS {name}" for name, branches in answers.items()]
    found = data.selectExpr("shape", "text", *columns).collect()
    by_spark = {(row["shape"], row["text"]): row["holds"] for row in found}
    assert all(row["matches"] for row in found)
    for form in WITH_PREDICATES:
        assert form.predicate is not None
        some = texts[form.shape]
        by_python = [form.predicate.holds(text) for text in some]
        by_polars = satisfying(pl.Series("text", some, dtype=pl.String), form.predicate).to_list()
        assert by_polars == by_python
        assert [by_spark[form.shape, text] for text in some] == by_python
        assert {True, False} == set(by_python), form.shape
